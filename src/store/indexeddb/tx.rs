//! The only room that sees the `idb` crate: opening, deleting, one transaction.
//! Every known trap of crate and platform is answered here. Not here: what is
//! read and written, and when to try again.
//!
//! Requests are issued together and only the last is waited for: a transaction
//! serves them in order. No future of `idb` is ever dropped half-way (its
//! handlers would throw and abort the transaction): waiting is done by
//! handlers of our own, which are taken off before they are freed.
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::future::IntoFuture;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use idb::event::VersionChangeEvent;
use idb::request::{GetStoreRequest, OpenDatabaseRequest};
use idb::{CursorDirection, Database, DatabaseEvent, Event, Factory, KeyCursor, Query, Request, Transaction};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{DomException, IdbCursor, IdbDatabase, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use super::fault::Fault;
use super::schema;
use crate::model::{Error, ErrorCode};
use crate::platform::{Held, sleep_ms};
use crate::store::Durability;

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` with the transaction options, which neither `idb` nor stable `web-sys` offer.
    type Durable;
    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction_with_options(
        this: &Durable,
        names: &Array,
        mode: &str,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;
}

/// How long others may keep an open or a deletion waiting before we say so.
const BLOCKED_AFTER_MS: u32 = 3_000;

/// How long an open may take without any sign at all.
const OPEN_WITHIN_MS: u32 = 30_000;

impl From<idb::Error> for Fault {
    fn from(error: idb::Error) -> Self {
        use idb::Error as E;
        match &error {
            E::DomException(exception) => Fault::of(exception),
            E::IndexedDbNotFound(_) => {
                Error::new(ErrorCode::Unavailable, "this platform offers no IndexedDB").into()
            }
            E::IndexedDbOpenFailed(exception)
            | E::IndexedDbDeleteFailed(exception)
            | E::ObjectStoreCreateFailed(exception)
            | E::ObjectStoreNotFound(exception)
            | E::TransactionOpenFailed(exception)
            | E::GetFailed(exception)
            | E::GetAllKeysFailed(exception)
            | E::OpenCursorFailed(exception)
            | E::CursorAdvanceFailed(exception)
            | E::CursorKeyNotFound(exception)
            | E::KeyRangeCreateFailed(exception)
            | E::UpdateFailed(exception)
            | E::DeleteFailed(exception)
            | E::RequestResultNotFound(exception)
            | E::RequestErrorNotFound(exception) => Fault::of(exception),
            _ => {
                Error::internal("the database gave an unexpected answer").with_cause(error.to_string()).into()
            }
        }
    }
}

/// An open database.
pub(super) struct Connection {
    raw: IdbDatabase,
    // Holds the handlers; taken off `raw` before it goes.
    _handlers: Database,
    _held: Held,
}

/// What may happen to an open database.
pub(super) struct Watch {
    /// Another connection wants a new version, or (`true`) the database gone.
    pub(super) version_change: Box<dyn FnOnce(bool)>,
    /// The platform closed it.
    pub(super) closed: Box<dyn FnOnce()>,
}

impl Connection {
    fn new(database: Database, watch: Watch) -> Connection {
        let raw = IdbDatabase::from(database);
        let mut handlers = Database::from(raw.clone());
        let closing = raw.clone();
        handlers.on_version_change(move |event| {
            // At once: whoever asked is blocked until then.
            closing.close();
            let gone =
                Reflect::get(&event, &JsValue::from_str("newVersion")).is_ok_and(|version| version.is_null());
            (watch.version_change)(gone);
        });
        handlers.on_close(move |_| (watch.closed)());
        let held = Held::new(&raw);
        Connection { raw, _handlers: handlers, _held: held }
    }

    /// Closes it once its running transactions have ended; new ones fail.
    pub(super) fn close(&self) {
        self.raw.close();
    }

    /// A transaction that only reads.
    pub(super) fn reading(&self, tables: &[&str]) -> Result<Tx, Fault> {
        self.transaction(tables, "readonly", Durability::Relaxed)
    }

    /// A transaction that writes.
    pub(super) fn writing(&self, tables: &[&str], durability: Durability) -> Result<Tx, Fault> {
        self.transaction(tables, "readwrite", durability)
    }

    fn transaction(&self, tables: &[&str], mode: &str, durability: Durability) -> Result<Tx, Fault> {
        let names: Array = tables.iter().map(|name| JsValue::from_str(name)).collect();
        let options = Object::new();
        let durability = match durability {
            Durability::Relaxed => "relaxed",
            Durability::Strict => "strict",
        };
        Reflect::set(&options, &JsValue::from_str("durability"), &JsValue::from_str(durability))
            .map_err(|error| Fault::of(&error))?;
        let raw = self
            .raw
            .unchecked_ref::<Durable>()
            .transaction_with_options(&names, mode, &options)
            .map_err(|error| Fault::of(&error))?;
        Ok(Tx::new(raw, mode == "readwrite"))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.raw.set_onversionchange(None);
        self.raw.set_onclose(None);
        self.raw.close();
    }
}

/// Opens the database, creating or upgrading it. With `must_exist` a database
/// that is not there is not created but reported as `STORAGE_LOST`.
///
/// An open that takes too long is given up with `BLOCKED` or `UNAVAILABLE`;
/// should it succeed later, it is closed again.
pub(super) async fn open(name: &str, must_exist: bool, watch: Watch) -> Result<Connection, Fault> {
    let raw = IdbOpenDbRequest::from(Factory::new()?.open(name, Some(schema::VERSION))?);
    let held = Held::new(&raw);
    let mut request = OpenDatabaseRequest::from(raw);
    let refusal: Rc<RefCell<Option<Fault>>> = Rc::default();
    let refused = refusal.clone();
    request.on_upgrade_needed(move |event| {
        if let Err(fault) = upgrade(&event, must_exist) {
            refused.replace(Some(fault));
            // Nothing is kept of an upgrade that was aborted, nor of a database it created.
            if let Some(transaction) = event.target().ok().and_then(|request| request.transaction()) {
                let _ = transaction.abort();
            }
        }
    });
    let (say_blocked, blocked) = oneshot::channel();
    request.on_blocked(move |_| {
        let _ = say_blocked.send(());
    });
    let opening = request.into_future();
    let (answer, answered) = oneshot::channel();
    // On its own, so that it is driven to its end even when nobody waits any longer.
    wasm_bindgen_futures::spawn_local(async move {
        let opened = opening.await.map(|database| Connection::new(database, watch));
        drop(held);
        // An answer that comes too late drops, and thereby closes, the connection.
        let _ = answer.send(opened);
    });
    match within_patience(answered, blocked).await? {
        Ok(connection) => Ok(connection),
        Err(error) => Err(refusal.take().unwrap_or_else(|| error.into())),
    }
}

/// Runs inside the `upgradeneeded` event.
fn upgrade(event: &VersionChangeEvent, must_exist: bool) -> Result<(), Fault> {
    let old = event.old_version()?;
    if must_exist && old == 0 {
        return Err(Error::new(ErrorCode::StorageLost, "the database that was open before is gone").into());
    }
    let database = event.database()?;
    for table in schema::tables_since(old) {
        database.create_object_store(table, idb::ObjectStoreParams::new())?;
    }
    Ok(())
}

/// Deletes the database. `BLOCKED` when others hold it open for too long; the
/// platform then deletes it as soon as they let go.
pub(super) async fn delete(name: &str) -> Result<(), Fault> {
    let mut request = Factory::new()?.delete(name)?;
    let (say_blocked, blocked) = oneshot::channel();
    request.on_blocked(move |_| {
        let _ = say_blocked.send(());
    });
    let deleting = request.into_future();
    let (answer, answered) = oneshot::channel();
    wasm_bindgen_futures::spawn_local(async move {
        let _ = answer.send(deleting.await);
    });
    within_patience(answered, blocked).await?.map_err(Fault::from)
}

async fn within_patience<T>(
    answered: oneshot::Receiver<T>,
    blocked: oneshot::Receiver<()>,
) -> Result<T, Fault> {
    let patience = Box::pin(async {
        let silence = Box::pin(sleep_ms(OPEN_WITHIN_MS));
        match select(blocked, silence).await {
            Either::Left((Ok(()), _)) => {
                sleep_ms(BLOCKED_AFTER_MS).await;
                Error::new(ErrorCode::Blocked, "another tab holds the database open")
            }
            // The request ended unblocked; its answer is on the way.
            Either::Left((Err(_), silence)) => {
                silence.await;
                Error::new(ErrorCode::Unavailable, "the database does not answer")
            }
            Either::Right(_) => Error::new(ErrorCode::Unavailable, "the database does not answer"),
        }
    });
    match select(answered, patience).await {
        Either::Left((Ok(answer), _)) => Ok(answer),
        Either::Left((Err(_), _)) => Err(Error::internal("an answer of the database was lost").into()),
        Either::Right((error, _)) => Err(error.into()),
    }
}

/// A request that was issued; its result is there once [`Tx::settle`] has returned.
pub(super) struct Pending(IdbRequest);

impl Pending {
    /// The result; `undefined` where nothing was found.
    pub(super) fn result(&self) -> Result<JsValue, Fault> {
        self.0.result().map_err(|error| Fault::of(&error))
    }
}

/// Keys between two bounds; the upper one is outside.
pub(super) struct Bounds {
    pub(super) lower: JsValue,
    pub(super) lower_open: bool,
    pub(super) upper: Option<JsValue>,
}

impl Bounds {
    fn query(&self) -> Result<Query, Fault> {
        let range = match &self.upper {
            Some(upper) => idb::KeyRange::bound(&self.lower, upper, Some(self.lower_open), Some(true))?,
            None => idb::KeyRange::lower_bound(&self.lower, Some(self.lower_open))?,
        };
        Ok(range.into())
    }
}

/// One transaction. Dropped before it was committed, a writing one is undone.
pub(super) struct Tx {
    raw: IdbTransaction,
    idb: Transaction,
    ended: oneshot::Receiver<bool>,
    outcome: Option<bool>,
    writes: bool,
    /// While it writes and is not sent off: by itself it would commit the half of it.
    held: Option<Held>,
    last: Option<IdbRequest>,
}

impl Tx {
    fn new(raw: IdbTransaction, writes: bool) -> Tx {
        let mut idb = Transaction::from(raw.clone());
        // Listening from the first moment: a transaction that has ended never says so again.
        let (sender, ended) = oneshot::channel();
        let sender = Rc::new(RefCell::new(Some(sender)));
        let other = sender.clone();
        idb.on_complete(move |_| tell(&sender, true));
        idb.on_abort(move |_| tell(&other, false));
        let held = writes.then(|| Held::new(&raw));
        Tx { raw, idb, ended, outcome: None, writes, held, last: None }
    }

    fn issued(&mut self, request: IdbRequest) -> Pending {
        self.last = Some(request.clone());
        Pending(request)
    }

    /// Asks for one value.
    pub(super) fn get(&mut self, table: &str, key: JsValue) -> Result<Pending, Fault> {
        let request = self.idb.object_store(table)?.get(key)?;
        Ok(self.issued(request.into()))
    }

    /// Asks for values in key order; `limit` is at least 1.
    pub(super) fn get_all(
        &mut self,
        table: &str,
        bounds: &Bounds,
        limit: Option<u32>,
    ) -> Result<Pending, Fault> {
        let request = self.idb.object_store(table)?.get_all(Some(bounds.query()?), limit)?;
        Ok(self.issued(request.into()))
    }

    /// Asks for keys in order; `limit` is at least 1.
    pub(super) fn get_all_keys(
        &mut self,
        table: &str,
        bounds: &Bounds,
        limit: Option<u32>,
    ) -> Result<Pending, Fault> {
        let request = self.idb.object_store(table)?.get_all_keys(Some(bounds.query()?), limit)?;
        Ok(self.issued(request.into()))
    }

    /// The key that has `count - 1` others between it and the end of the
    /// bounds; `None` if there are fewer than `count`. Two steps, whatever the count.
    pub(super) async fn key_from_end(
        &mut self,
        table: &str,
        bounds: &Bounds,
        count: u32,
    ) -> Result<Option<JsValue>, Fault> {
        let request = self
            .idb
            .object_store(table)?
            .open_key_cursor(Some(bounds.query()?), Some(CursorDirection::Prev))?;
        let found = self.issued(request.into());
        self.settle().await?;
        if count > 1 && !found.result()?.is_null() {
            let cursor = KeyCursor::from(found.result()?.unchecked_into::<IdbCursor>());
            let request = cursor.advance(count - 1)?;
            self.issued(request.into());
            self.settle().await?;
        }
        let end = found.result()?;
        if end.is_null() {
            return Ok(None);
        }
        Ok(Some(KeyCursor::from(end.unchecked_into::<IdbCursor>()).key()?))
    }

    /// Writes a value; a failure shows at [`Tx::commit`].
    pub(super) fn put(&mut self, table: &str, key: &JsValue, value: &JsValue) -> Result<(), Fault> {
        // The request is let go unheard: waiting for each would double the time, and more.
        self.idb.object_store(table)?.put(value, Some(key))?;
        Ok(())
    }

    /// Deletes a key.
    pub(super) fn delete(&mut self, table: &str, key: JsValue) -> Result<(), Fault> {
        self.idb.object_store(table)?.delete(key)?;
        Ok(())
    }

    /// Deletes all keys within the bounds.
    pub(super) fn delete_range(&mut self, table: &str, bounds: &Bounds) -> Result<(), Fault> {
        self.idb.object_store(table)?.delete(bounds.query()?)?;
        Ok(())
    }

    /// Waits until everything asked for so far is there. Until it is awaited
    /// for something else the caller may go on asking in this transaction.
    pub(super) async fn settle(&mut self) -> Result<(), Fault> {
        let Some(raw) = self.last.take() else { return Ok(()) };
        let (sender, receiver) = oneshot::channel();
        let sender = Rc::new(RefCell::new(Some(sender)));
        let other = sender.clone();
        let mut request = GetStoreRequest::from(raw.clone());
        request.on_success(move |_| tell(&sender, true));
        request.on_error(move |_| tell(&other, false));
        let succeeded = match select(receiver, &mut self.ended).await {
            Either::Left((succeeded, _)) => succeeded.unwrap_or_default(),
            Either::Right((outcome, _)) => {
                self.outcome = Some(outcome.unwrap_or_default());
                false
            }
        };
        raw.set_onsuccess(None);
        raw.set_onerror(None);
        if succeeded { Ok(()) } else { Err(self.fault(raw.error().ok().flatten())) }
    }

    /// What the transaction died of, or else the request.
    fn fault(&self, request: Option<DomException>) -> Fault {
        match self.raw.error().or(request) {
            Some(exception) => Fault::of(&exception),
            None => Fault::unexplained_abort(),
        }
    }

    /// Sends everything off and waits until it has landed. Quota and disk
    /// errors come only here. `at_once` does not wait for the requests, which
    /// makes a small commit twice as fast; but Firefox then lands what is left
    /// of a transaction of which a request failed, unless it was the last.
    /// So only for what fails as a whole: values that the browser puts into
    /// the database's file itself, all of which it holds in memory until then.
    pub(super) async fn commit(mut self, at_once: bool) -> Result<(), Fault> {
        if at_once {
            // Where the method fails the transaction has ended already; where it is
            // missing it ends by itself. Either way the events tell.
            #[allow(deprecated)]
            let _ = self.raw.commit();
        }
        self.held = None;
        let committed = match self.outcome {
            Some(outcome) => outcome,
            None => (&mut self.ended).await.unwrap_or_default(),
        };
        self.outcome = Some(committed);
        if committed { Ok(()) } else { Err(self.fault(None).after_commit()) }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        self.raw.set_oncomplete(None);
        self.raw.set_onabort(None);
        if self.writes && self.outcome.is_none() {
            // It may have ended unheard; there is nothing to undo then.
            let _ = self.raw.abort();
        }
    }
}

fn tell(sender: &Rc<RefCell<Option<oneshot::Sender<bool>>>>, outcome: bool) {
    let sender = sender.borrow_mut().take();
    if let Some(sender) = sender {
        // One who stopped waiting needs no telling.
        let _ = sender.send(outcome);
    }
}
