//! One engine per database and realm, shared by the sessions on it: opened by
//! the first, its store closed with the last. Here: which store a backend's
//! name means. Not here: the registry that applications see (`backends.js`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared};
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::error;
use crate::backend::MailboxSet;
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{Error, ErrorCode, Result};
use crate::store::{self, IndexedDbStore, JsStore, MemoryStore, Store};

/// The mailboxes of a person in IndexedDB.
pub struct IndexedDbMailboxSet;

impl IndexedDbMailboxSet {
    /// Opens the database of this name, creating it, with an empty INBOX, if
    /// there is none and none is expected. Fails as [`IndexedDbStore::open`]
    /// and [`StoreMailboxSet::open`] do.
    pub async fn open(database: &str, options: EngineOptions) -> Result<Rc<StoreMailboxSet>> {
        let store = match options.expected_database_id {
            None => IndexedDbStore::open(database).await?,
            Some(_) => IndexedDbStore::open_existing(database).await?,
        };
        open_on(Rc::new(store), options).await
    }
}

async fn open_on(store: Rc<dyn Store>, options: EngineOptions) -> Result<Rc<StoreMailboxSet>> {
    let opened = StoreMailboxSet::open(store.clone(), options).await;
    if opened.is_err() {
        store.close().await;
    }
    opened
}

/// A backend's name and a database's.
pub(super) type Place = (String, String);
type Opening = Shared<LocalBoxFuture<'static, Result<Rc<StoreMailboxSet>>>>;

struct Engine {
    opening: Opening,
    leases: usize,
}

thread_local! {
    static ENGINES: RefCell<HashMap<Place, Engine>> = RefCell::default();
}

/// One session's share in an engine.
pub(super) struct Lease {
    place: Place,
    set: Rc<StoreMailboxSet>,
}

impl Lease {
    /// The engine.
    pub(super) fn set(&self) -> &Rc<StoreMailboxSet> {
        &self.set
    }

    /// Gives the share back; the last one closes the store.
    pub(super) async fn release(self) {
        if give_back(&self.place) {
            self.set.close().await;
        }
    }
}

/// Whether this was the last share.
fn give_back(place: &Place) -> bool {
    ENGINES.with(|engines| {
        let mut engines = engines.borrow_mut();
        let Some(engine) = engines.get_mut(place) else { return false };
        engine.leases = engine.leases.saturating_sub(1);
        let last = engine.leases == 0;
        if last {
            engines.remove(place);
        }
        last
    })
}

/// Opens a database, or shares it where it is open here already.
pub(super) async fn lease(options: EngineOptions, place: Place, factory: Option<Function>) -> Result<Lease> {
    let (set, shared) = loop {
        let (opening, ours) = ENGINES.with(|engines| {
            let mut engines = engines.borrow_mut();
            let ours = !engines.contains_key(&place);
            let engine = engines.entry(place.clone()).or_insert_with(|| Engine {
                opening: open(options.clone(), place.clone(), factory.clone()).boxed_local().shared(),
                leases: 0,
            });
            engine.leases += 1;
            (engine.opening.clone(), ours)
        });
        match opening.await {
            Ok(set) => break (set, !ours),
            Err(error) => {
                // A failure is shared by those who waited for it, and by nobody who comes later.
                give_back(&place);
                // But not what another alone expected to find.
                if ours || error.code() != ErrorCode::StorageLost {
                    return Err(error);
                }
            }
        }
    };
    let lease = Lease { place, set };
    let error = if options.expected_database_id.is_some_and(|expected| expected != lease.set.database_id()) {
        Error::new(ErrorCode::StorageLost, "another database is in the place of the one that is expected")
    } else if lease.set.owner() != options.owner {
        Error::invalid(format!("the database belongs to {:?}", lease.set.owner()))
    } else if shared && let Err(error) = lease.set.sequence().await {
        // Its storage is gone for good: deleted, or another version's.
        error
    } else {
        return Ok(lease);
    };
    lease.release().await;
    Err(error)
}

async fn open(
    options: EngineOptions,
    place: Place,
    factory: Option<Function>,
) -> Result<Rc<StoreMailboxSet>> {
    let (backend, database) = place;
    if let Some(factory) = factory {
        return open_on(Rc::new(JsStore::new(adapter(&factory).await?)?), options).await;
    }
    match backend.as_str() {
        "indexeddb" => IndexedDbMailboxSet::open(&database, options).await,
        "memory" => open_on(Rc::new(MemoryStore::new()), options).await,
        _ => Err(Error::new(ErrorCode::NotFound, format!("no backend is named {backend:?}"))),
    }
}

async fn adapter(factory: &Function) -> Result<JsValue> {
    let failed = |thrown: JsValue| error::from_js(&thrown, "the backend's factory");
    let made = factory.call0(&JsValue::UNDEFINED).map_err(failed)?;
    JsFuture::from(Promise::resolve(&made)).await.map_err(failed)
}

/// Deletes an IndexedDB database that no session of this realm has open.
pub(super) async fn delete(database: &str) -> Result<()> {
    let place = ("indexeddb".to_owned(), database.to_owned());
    if ENGINES.with(|engines| engines.borrow().contains_key(&place)) {
        return Err(Error::new(ErrorCode::Conflict, "a session of this page has the database open"));
    }
    store::delete_database(database).await
}
