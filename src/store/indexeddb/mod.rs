//! The store in IndexedDB: one database, a table per space, one transaction
//! per read and per commit. Here: the connection's life, retries, the
//! contract's face. Not here: the crate behind it (`tx.rs` alone sees that),
//! what values mean.
//!
//! The connection is opened lazily and dropped whenever the platform lost it
//! (or the page went into the page cache); the next call opens it again, three
//! times at most. Nothing is ever deleted to recover. What a transaction does
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
use self::tx::{Connection, Watch};
use super::{Batch, Journal, Outcome, Permit, Read, Sequence, Snapshot, Space, Store};
use crate::model::{Error, ErrorCode, Result};
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
    /// Whether it was open once: from then on it must exist.
    opened: Cell<bool>,
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
        let hub = Hub::default();
        let shared_name = format!("offline-mailbox:{name}");
        let inner = Rc::new(Inner {
            name: name.to_owned(),
            shared_name,
            life: Cell::new(Life::Open),
            opened: Cell::new(false),
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
                    // A page with an open connection cannot be kept in the page cache.
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
        let connection = Rc::new(tx::open(&self.name, self.opened.get(), self.watch()).await?);
        // Closed, or overtaken by a new version, while it opened.
        self.check_open()?;
        self.opened.set(true);
        self.current.replace(Some(connection.clone()));
        Ok(connection)
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

    fn announce(&self) {
        self.hub.notify();
        if let Some(signals) = self.signals.borrow().as_ref() {
            signals.announce();
        }
    }
}

#[async_trait(?Send)]
impl Store for IndexedDbStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        let inner = self.inner.clone();
        detached(async move {
            let mut tables: Vec<&str> = read
                .keys
                .iter()
                .map(|key| key.space())
                .chain(read.scans.iter().map(|scan| scan.range.from.space()))
                .map(Space::name)
                .collect();
            tables.push(schema::GUARDS);
            tables.sort_unstable();
            tables.dedup();
            inner
                .attempt(async |connection| {
                    let mut tx = connection.reading(&tables)?;
                    read::read(&mut tx, &read).await
                })
                .await
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        self.inner.check_open()?;
        let inner = self.inner.clone();
        detached(async move {
            let tables = write::tables(&batch);
            let _permit = if !batch.exclusive && inner.gives_way() {
                locks::acquire(&inner.shared_name, Mode::Shared).await
            } else {
                Permit::default()
            };
            let outcome = inner
                .attempt(async |connection| {
                    let tx = connection.writing(&tables, batch.durability)?;
                    write::commit(tx, &batch).await
                })
                .await?;
            if matches!(outcome, Outcome::Committed(_)) {
                inner.announce();
            }
            Ok(outcome)
        })
        .await
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
