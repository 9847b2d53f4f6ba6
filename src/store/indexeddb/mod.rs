//! The store in IndexedDB: one database, a table per space, one transaction
//! per read and per commit. Here: the connection's life, retries, the
//! contract's face. Not here: the crate behind it (`tx.rs` alone sees that),
//! what values mean.
//!
//! The connection is opened lazily and dropped whenever the platform lost it
//! (or the page is frozen or put into the page cache); the next call opens it
//! again, three times at most. Nothing is ever deleted to recover. What a transaction does
//! runs to its end even if the caller stops waiting.

mod fault;
mod locks;
mod read;
mod schema;
mod signals;
mod tx;
mod write;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::lock::Mutex;

use self::fault::Fault;
use self::locks::Mode;
use self::signals::{Duties, Signals};
use self::tx::{Connection, Tx, Watch};
use super::{
    Batch, Begun, CommitId, Durability, Guard, Journal, Key, Outcome, Permit, Read, Revision, Sequence,
    Snapshot, Space, Store, identity_key,
};
use crate::model::{Error, ErrorCode, Result, Value, sorting};
use crate::platform::{now_ms, sleep_ms};
use crate::view::Hub;

/// The pauses before an attempt is repeated: a closed handle is reopened at
/// once, a storage process that died needs time.
const PAUSES_MS: [u32; 3] = [0, 100, 400];

/// A database of IndexedDB. Clones share one connection.
#[derive(Clone)]
pub struct IndexedDbStore {
    inner: Rc<Inner>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Closed,
    VersionChanged,
    Deleted,
}

struct Inner {
    name: String,
    /// The name of the lock and of the channel.
    shared_name: String,
    life: Cell<Life>,
    /// Whether it was open once, or is said to exist: then it is never created.
    must_exist: Cell<bool>,
    /// What was read or written under [`identity_key`].
    identity: RefCell<Option<Vec<u8>>>,
    current: RefCell<Option<Rc<Connection>>>,
    opening: Mutex<()>,
    signals: RefCell<Option<Signals>>,
    /// Until when, in milliseconds of the clock, to queue behind a starving writer.
    giving_way_until: Cell<i64>,
    hub: Hub,
}

impl IndexedDbStore {
    /// Opens the database of this name, creating it if there is none.
    ///
    /// Fails with `UNAVAILABLE` where IndexedDB is missing, forbidden or does
    /// not answer, `SCHEMA_TOO_NEW` when a newer version of this library wrote
    /// it (it is left alone), `BLOCKED` when another tab holds an older one
    /// open and does not let go.
    pub async fn open(name: &str) -> Result<IndexedDbStore> {
        IndexedDbStore::open_with(name, false).await
    }

    /// Opens the database of this name as [`IndexedDbStore::open`] does, but
    /// creates none: fails with `STORAGE_LOST` where there is none.
    pub async fn open_existing(name: &str) -> Result<IndexedDbStore> {
        IndexedDbStore::open_with(name, true).await
    }

    async fn open_with(name: &str, must_exist: bool) -> Result<IndexedDbStore> {
        let hub = Hub::default();
        let shared_name = format!("offline-mailbox:{name}");
        let inner = Rc::new(Inner {
            name: name.to_owned(),
            shared_name,
            life: Cell::new(Life::Open),
            must_exist: Cell::new(must_exist),
            identity: RefCell::default(),
            current: RefCell::default(),
            opening: Mutex::new(()),
            signals: RefCell::default(),
            giving_way_until: Cell::new(i64::MIN),
            hub,
        });
        let opening = inner.clone();
        detached(async move { opening.attempt(async |_| Ok(())).await }).await?;
        let (away, busy) = (Rc::downgrade(&inner), Rc::downgrade(&inner));
        let duties = Duties {
            put_away: Box::new(move || {
                if let Some(inner) = away.upgrade() {
                    // A page that stands still cannot let go when another version asks for it, and one
                    // with an open connection may not be kept in the page cache.
                    inner.let_go();
                }
            }),
            give_way: Box::new(move || {
                if let Some(inner) = busy.upgrade() {
                    inner.give_way();
                }
            }),
        };
        let signals = Signals::start(&inner.shared_name, &inner.hub, duties);
        inner.signals.replace(Some(signals));
        Ok(IndexedDbStore { inner })
    }
}

/// Deletes the database of this name; it is no error if there is none. Stores
/// that have it open let go of it and fail with `STORAGE_LOST` from then on.
///
/// Fails with `BLOCKED` when someone else holds it open and does not let go in
/// time (it is then deleted as soon as they do), `UNAVAILABLE` where IndexedDB
/// is missing or does not answer.
pub async fn delete_database(name: &str) -> Result<()> {
    let name = name.to_owned();
    detached(async move { tx::delete(&name).await.map_err(|fault| fault.error) }).await
}

/// Runs to the end whether or not the caller goes on waiting: a request that
/// nobody hears any more would abort its transaction.
async fn detached<T: 'static>(work: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    wasm_bindgen_futures::spawn_local(async move {
        let _ = sender.send(work.await);
    });
    receiver.await.unwrap_or_else(|_| Err(Error::internal("an answer of the database was lost")))
}

impl Inner {
    fn check_open(&self) -> Result<()> {
        match self.life.get() {
            Life::Open => Ok(()),
            Life::Closed => Err(Error::closed("the store is closed")),
            Life::VersionChanged => Err(Error::new(
                ErrorCode::VersionChanged,
                "another version of this library changed the database",
            )),
            Life::Deleted => Err(Error::new(ErrorCode::StorageLost, "the database was deleted")),
        }
    }

    /// Closes the connection; the next call opens another.
    fn let_go(&self) {
        let current = self.current.borrow_mut().take();
        if let Some(connection) = current {
            connection.close();
        }
    }

    /// Lets go of this connection, unless another has taken its place.
    fn let_go_of(&self, connection: &Rc<Connection>) {
        if self.current.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, connection)) {
            self.let_go();
        }
    }

    fn watch(self: &Rc<Self>) -> Watch {
        let (changed, closed) = (Rc::downgrade(self), Rc::downgrade(self));
        Watch {
            version_change: Box::new(move |deleted| {
                if let Some(inner) = changed.upgrade()
                    && inner.life.get() == Life::Open
                {
                    inner.life.set(if deleted { Life::Deleted } else { Life::VersionChanged });
                    inner.let_go();
                    // Those who wait look, and learn it.
                    inner.hub.notify();
                }
            }),
            closed: Box::new(move || {
                if let Some(inner) = closed.upgrade() {
                    inner.let_go();
                    // Where it was deleted with the site's data, those who wait shall learn it now.
                    inner.hub.notify();
                }
            }),
        }
    }

    async fn connection(self: &Rc<Self>) -> Result<Rc<Connection>, Fault> {
        self.check_open()?;
        let current = self.current.borrow().clone();
        if let Some(connection) = current {
            return Ok(connection);
        }
        let _turn = self.opening.lock().await;
        let current = self.current.borrow().clone();
        if let Some(connection) = current {
            return Ok(connection);
        }
        self.check_open()?;
        let opened = match tx::open(&self.name, self.must_exist.get(), self.watch()).await {
            Ok(connection) => self.recognised(connection).await,
            Err(fault) => Err(fault),
        };
        // Closed, or overtaken by a new version, while it opened.
        self.check_open()?;
        let connection = Rc::new(opened.map_err(|fault| self.ended_by(fault))?);
        self.must_exist.set(true);
        self.current.replace(Some(connection.clone()));
        Ok(connection)
    }

    /// What opening failed with; where that is for good, nothing is tried any more.
    fn ended_by(&self, fault: Fault) -> Fault {
        let life = match fault.error.code() {
            ErrorCode::StorageLost => Life::Deleted,
            // It was open here: a newer version came while no connection was that would have been told.
            ErrorCode::SchemaTooNew if self.signals.borrow().is_some() => Life::VersionChanged,
            _ => return fault,
        };
        self.life.set(life);
        self.hub.notify();
        match (life, self.check_open()) {
            (Life::VersionChanged, Err(error)) => error.into(),
            _ => fault,
        }
    }

    /// The connection, if it is to the database that was open before: another
    /// tab may have made one anew under its name, and nothing known of the old
    /// one is true of that.
    async fn recognised(&self, connection: Connection) -> Result<Connection, Fault> {
        let known = self.identity.borrow().clone();
        let Some(known) = known else { return Ok(connection) };
        let key = identity_key();
        let mut tx = connection.reading(&[key.space().name(), schema::GUARDS])?;
        let found = read::read(&mut tx, &Read { keys: vec![key], ..Read::default() }).await?;
        if found.values.first().and_then(Option::as_ref).is_some_and(|found| found.to_vec() == known) {
            return Ok(connection);
        }
        Err(Error::new(ErrorCode::StorageLost, "another database is in the place of the one that was open")
            .into())
    }

    fn learn_identity(&self, key: &Key, value: &Value) {
        if *key == identity_key() {
            self.identity.replace(Some(value.to_vec()));
        }
    }

    /// Whether the commit of this name landed, as the step after `before` or not at all.
    async fn landed(self: &Rc<Self>, id: &CommitId, before: Sequence) -> Result<Option<Sequence>> {
        let journal = self
            .attempt(async |connection| {
                let mut tx = connection.reading(&[schema::GUARDS, schema::JOURNAL])?;
                read::journal(&mut tx, before, 1).await
            })
            .await?;
        if journal.truncated {
            return Err(Error::internal("the journal no longer tells whether a commit landed"));
        }
        Ok(journal.entries.first().filter(|entry| entry.id == *id).map(|entry| entry.sequence))
    }

    /// Commits, at first by a transaction in which all is queued already, where there is one; where the
    /// answer was lost and nothing landed, again, three times at most.
    async fn commit(self: &Rc<Self>, batch: &Batch, queued: Option<(Tx, Sequence)>) -> Result<Outcome> {
        let tables = write::tables(batch);
        let before = Cell::new(0);
        let queued = Cell::new(queued);
        let mut pauses = PAUSES_MS.iter();
        loop {
            let attempted = self
                .attempt(async |connection| {
                    if let Some((tx, sequence)) = queued.take() {
                        before.set(sequence);
                        return write::send_off(tx, batch, sequence).await;
                    }
                    let tx = connection.writing(&tables, batch.durability)?;
                    write::commit(tx, batch, &before).await
                })
                .await;
            let error = match attempted {
                Err(error) if error.outcome_unknown() => error,
                done => return done,
            };
            match self.landed(&batch.id, before.get()).await {
                Ok(Some(sequence)) => return Ok(Outcome::Committed(sequence)),
                Ok(None) => {}
                Err(_) => return Err(error),
            }
            match pauses.next() {
                Some(pause) => sleep_ms(*pause).await,
                None => return Err(error.without_unknown_outcome()),
            }
        }
    }

    /// Runs an attempt, again on a new connection where that may help.
    async fn attempt<T>(self: &Rc<Self>, run: impl AsyncFn(&Connection) -> Result<T, Fault>) -> Result<T> {
        let mut pauses = PAUSES_MS.iter();
        loop {
            let fault = match self.connection().await {
                Ok(connection) => match run(&connection).await {
                    Ok(done) => return Ok(done),
                    Err(fault) => {
                        if fault.reopen {
                            self.let_go_of(&connection);
                        }
                        fault
                    }
                },
                Err(fault) => fault,
            };
            if !fault.transient {
                return Err(fault.error);
            }
            // Where the store was closed meanwhile, that is the reason.
            self.check_open()?;
            match pauses.next() {
                Some(0) => {}
                Some(pause) => sleep_ms(*pause).await,
                None => return Err(fault.error),
            }
        }
    }

    fn give_way(&self) {
        self.giving_way_until.set(now_ms().saturating_add(i64::from(locks::PATIENCE_MS)));
    }

    fn gives_way(&self) -> bool {
        let left = self.giving_way_until.get().saturating_sub(now_ms());
        // More than was ever granted is left only when the clock was set back.
        (1..=i64::from(locks::PATIENCE_MS)).contains(&left)
    }

    /// Reads in a transaction over these tables; in one that writes, where its durability is named.
    async fn look(
        self: Rc<Self>,
        read: Read,
        tables: Vec<&'static str>,
        writes: Option<Durability>,
    ) -> Result<(Snapshot, Tx)> {
        let (snapshot, tx) = self
            .attempt(async |connection| {
                let mut tx = match writes {
                    Some(durability) => connection.writing(&tables, durability)?,
                    None => connection.reading(&tables)?,
                };
                Ok((read::read(&mut tx, &read).await?, tx))
            })
            .await?;
        for (key, value) in read.keys.iter().zip(&snapshot.values) {
            if let Some(value) = value {
                self.learn_identity(key, value);
            }
        }
        Ok((snapshot, tx))
    }

    /// A commit from the outside; tells of it where it landed.
    async fn land(self: Rc<Self>, batch: Batch, queued: Option<(Tx, Sequence)>) -> Result<Outcome> {
        let _permit = if queued.is_none() && !batch.exclusive && self.gives_way() {
            locks::acquire(&self.shared_name, Mode::Shared).await
        } else {
            Permit::default()
        };
        let outcome = self.commit(&batch, queued).await?;
        if matches!(outcome, Outcome::Committed(_)) {
            for (key, value) in &batch.puts {
                self.learn_identity(key, value);
            }
            self.announce();
        }
        Ok(outcome)
    }

    fn announce(&self) {
        self.hub.notify();
        if let Some(signals) = self.signals.borrow().as_ref() {
            signals.announce();
        }
    }
}

/// A transaction that writes, and has so far read. It ends by itself as soon as nothing is asked of it any more.
struct BegunTx {
    tx: Tx,
    inner: Rc<Inner>,
    sequence: Sequence,
    /// The guards that were read, as they stand while it lasts.
    guards: Vec<(Guard, Revision)>,
    durability: Durability,
}

#[async_trait(?Send)]
impl Begun for BegunTx {
    async fn commit(self: Box<Self>, batch: Batch) -> Result<Outcome> {
        let BegunTx { mut tx, inner, sequence, guards, durability } = *self;
        inner.check_open()?;
        let stands =
            durability == batch.durability && batch.guards.iter().all(|guard| guards.contains(guard));
        // Where it has ended meanwhile, this is refused, and nothing of it is there.
        let queued = stands && write::queue(&mut tx, &batch, sequence).is_ok();
        let queued = queued.then_some((tx, sequence));
        detached(inner.land(batch, queued)).await
    }
}

#[async_trait(?Send)]
impl Store for IndexedDbStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        let mut tables: Vec<&'static str> = read
            .keys
            .iter()
            .map(|key| key.space())
            .chain(read.scans.iter().map(|scan| scan.range.from.space()))
            .map(Space::name)
            .collect();
        tables.push(schema::GUARDS);
        sorting::sort(&mut tables);
        tables.dedup();
        Ok(detached(self.inner.clone().look(read, tables, None)).await?.0)
    }

    async fn begin(&self, read: Read, durability: Durability) -> Result<(Snapshot, Option<Box<dyn Begun>>)> {
        if self.inner.gives_way() {
            return Ok((self.read(read).await?, None));
        }
        let guards = read.guards.clone();
        let looking = self.inner.clone().look(read, schema::tables_since(0), Some(durability));
        let (snapshot, tx) = detached(looking).await?;
        let guards = guards.into_iter().zip(snapshot.revisions.iter().copied()).collect();
        let inner = self.inner.clone();
        let begun: Box<dyn Begun> =
            Box::new(BegunTx { tx, inner, sequence: snapshot.sequence, guards, durability });
        Ok((snapshot, Some(begun)))
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        self.inner.check_open()?;
        detached(self.inner.clone().land(batch, None)).await
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        let inner = self.inner.clone();
        detached(async move {
            inner
                .attempt(async |connection| {
                    let mut tx = connection.reading(&[schema::GUARDS, schema::JOURNAL])?;
                    read::journal(&mut tx, after, max).await
                })
                .await
        })
        .await
    }

    fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    async fn exclusive(&self) -> Result<Permit> {
        self.inner.check_open()?;
        // Its other tasks give way as well.
        self.inner.give_way();
        if let Some(signals) = self.inner.signals.borrow().as_ref() {
            signals.ask_for_way();
        }
        Ok(locks::acquire(&self.inner.shared_name, Mode::Exclusive).await)
    }

    async fn close(&self) {
        if self.inner.life.get() == Life::Open {
            self.inner.life.set(Life::Closed);
        }
        self.inner.let_go();
        self.inner.signals.replace(None);
    }
}
