//! The contract on IndexedDB, and what only that store has: versions, other
//! connections in the way, connections lost.

use std::rc::Rc;

use async_trait::async_trait;
use futures::StreamExt;
use js_sys::Function;
use offline_mailbox::model::{ErrorCode, Value};
use offline_mailbox::platform::now_ms;
use offline_mailbox::store::{
    Batch, IndexedDbStore, Key, KeyRange, Outcome, Read, Scan, Space, Store, delete_database,
};
use offline_mailbox::store_contract_tests;
use offline_mailbox::testing::store_contract::{Fresh, StoreHarness};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

pub struct IndexedDb;

#[async_trait(?Send)]
impl StoreHarness for IndexedDb {
    async fn open(&self, name: &str) -> Rc<dyn Store> {
        Rc::new(IndexedDbStore::open(name).await.unwrap())
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn delete(&self, name: &str) {
        delete_database(name).await.unwrap();
    }
}

store_contract_tests!(async wasm_bindgen_test, IndexedDb);

#[wasm_bindgen(inline_js = r#"
export function openRaw(name, version) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
export function closeRaw(database) { database.close(); }
export function exists(name) {
  return indexedDB.databases().then((all) => all.some((each) => each.name === name));
}
// Closes the connection behind the store's back, once, at the next transaction.
export function closeAtNextTransaction() {
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...given) {
    IDBDatabase.prototype.transaction = original;
    this.close();
    return original.apply(this, given);
  };
}
// Makes commits fail as a full disk does: an abort with that error.
export function fillDisk() {
  const commit = IDBTransaction.prototype.commit;
  const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "error");
  IDBTransaction.prototype.commit = function () { this.full = true; this.abort(); };
  Object.defineProperty(IDBTransaction.prototype, "error", {
    configurable: true,
    get() { return this.full ? new DOMException("no room", "QuotaExceededError") : error.get.call(this); },
  });
  return () => {
    IDBTransaction.prototype.commit = commit;
    Object.defineProperty(IDBTransaction.prototype, "error", error);
  };
}
// Loses the connection once a commit has been sent off: it lands, the answer does not come.
export function loseAnswer() {
  const commit = IDBTransaction.prototype.commit;
  IDBTransaction.prototype.commit = function () {
    IDBTransaction.prototype.commit = commit;
    const told = this.onabort;
    this.oncomplete = null;
    Object.defineProperty(this, "error", { get: () => new DOMException("Connection to Indexed Database server lost", "UnknownError") });
    this.addEventListener("complete", () => told(new Event("abort")));
    commit.call(this);
  };
}
export function hide(persisted) {
  globalThis.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
}
export function show() { globalThis.dispatchEvent(new Event("pageshow")); }
export function isPage() { return typeof document !== "undefined"; }
"#)]
extern "C" {
    #[wasm_bindgen(js_name = openRaw)]
    fn open_raw(name: &str, version: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = closeRaw)]
    fn close_raw(database: &JsValue);
    fn exists(name: &str) -> js_sys::Promise;
    #[wasm_bindgen(js_name = closeAtNextTransaction)]
    fn close_at_next_transaction();
    #[wasm_bindgen(js_name = fillDisk)]
    fn fill_disk() -> Function;
    #[wasm_bindgen(js_name = loseAnswer)]
    fn lose_answer();
    fn hide(persisted: bool);
    fn show();
    #[wasm_bindgen(js_name = isPage)]
    fn is_page() -> bool;
}

fn name(test: &str) -> String {
    format!("{test}-{}", now_ms())
}

fn one(text: &str) -> Batch {
    let key = Key::from_bytes(Space::Meta, b"key").unwrap();
    Batch { puts: vec![(key, Value::from(text.as_bytes().to_vec()))], ..Batch::default() }
}

async fn stored(store: &dyn Store) -> Option<Vec<u8>> {
    let key = Key::from_bytes(Space::Meta, b"key").unwrap();
    let snapshot = store.read(Read { keys: vec![key], ..Read::default() }).await.unwrap();
    snapshot.values[0].as_ref().map(Value::to_vec)
}

#[wasm_bindgen_test]
async fn a_newer_database_is_refused_and_left_alone() {
    let name = name("newer");
    let raw = JsFuture::from(open_raw(&name, 7)).await.unwrap();
    close_raw(&raw);
    let error = IndexedDbStore::open(&name).await.err().unwrap();
    assert_eq!(error.code(), ErrorCode::SchemaTooNew);
    let raw = JsFuture::from(open_raw(&name, 7)).await.unwrap();
    close_raw(&raw);
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_new_version_elsewhere_closes_and_says_so() {
    let name = name("version-change");
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(one("1")).await.unwrap();
    let mut hints = store.changes();
    // It opens at once: we do not stand in its way.
    let raw = JsFuture::from(open_raw(&name, 2)).await.unwrap();
    hints.changed().await;
    for _ in 0..2 {
        assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::VersionChanged);
        assert_eq!(store.commit(one("2")).await.unwrap_err().code(), ErrorCode::VersionChanged);
    }
    close_raw(&raw);
    store.close().await;
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_deletion_elsewhere_is_told_and_creates_nothing_anew() {
    let name = name("deleted");
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(one("1")).await.unwrap();
    delete_database(&name).await.unwrap();
    assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::StorageLost);
    assert_eq!(store.commit(one("2")).await.unwrap_err().code(), ErrorCode::StorageLost);
    assert!(!JsFuture::from(exists(&name)).await.unwrap().is_truthy());
    // A deletion of what is not there is none.
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_database_that_vanished_while_put_away_is_not_created_anew() {
    if !is_page() {
        return;
    }
    let name = name("vanished");
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(one("1")).await.unwrap();
    hide(true);
    // Its connection is closed: it hears of nothing.
    delete_database(&name).await.unwrap();
    assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::StorageLost);
    assert!(!JsFuture::from(exists(&name)).await.unwrap().is_truthy());
}

#[wasm_bindgen_test]
async fn one_who_does_not_let_go_is_reported() {
    let name = name("blocked");
    let raw = JsFuture::from(open_raw(&name, 1)).await.unwrap();
    let started = now_ms();
    assert_eq!(delete_database(&name).await.unwrap_err().code(), ErrorCode::Blocked);
    assert!(now_ms() - started < 10_000);
    close_raw(&raw);
    // The deletion went through once the other let go, so this is a new database.
    let store = IndexedDbStore::open(&name).await.unwrap();
    assert_eq!(stored(&store).await, None);
    store.close().await;
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_connection_closed_behind_our_back_is_opened_again() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    close_at_next_transaction();
    assert_eq!(store.commit(one("1")).await.unwrap(), Outcome::Committed(1));
    close_at_next_transaction();
    assert_eq!(stored(store).await.unwrap(), b"1");
    close_at_next_transaction();
    assert_eq!(store.journal(0, 9).await.unwrap().entries.len(), 1);
    fresh.end().await;
}

#[wasm_bindgen_test]
async fn a_full_disk_fails_the_commit_whole() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    store.commit(one("1")).await.unwrap();
    let restore = fill_disk();
    let error = store.commit(one("2")).await.unwrap_err();
    restore.call0(&JsValue::UNDEFINED).unwrap();
    assert_eq!(error.code(), ErrorCode::QuotaExceeded);
    assert!(!error.outcome_unknown());
    assert_eq!(stored(store).await.unwrap(), b"1");
    assert_eq!(store.commit(one("3")).await.unwrap(), Outcome::Committed(2));
    fresh.end().await;
}

#[wasm_bindgen_test]
async fn a_lost_answer_is_an_unknown_outcome_and_never_a_second_commit() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    lose_answer();
    let error = store.commit(Batch { id: [7; 16], ..one("1") }).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.outcome_unknown());
    let journal = store.journal(0, 9).await.unwrap();
    assert_eq!(journal.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [[7; 16]]);
    fresh.end().await;
}

#[wasm_bindgen_test]
async fn the_page_cache_closes_and_the_return_opens_and_hints() {
    if !is_page() {
        return;
    }
    let name = name("page-cache");
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(one("1")).await.unwrap();
    hide(true);
    // Nothing is open, so a raw connection of a deaf kind can be had and the version moved back.
    let raw = JsFuture::from(open_raw(&name, 1)).await.unwrap();
    close_raw(&raw);
    let mut hints = store.changes();
    show();
    hints.changed().await;
    assert_eq!(stored(&store).await.unwrap(), b"1");
    store.close().await;
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn large_values_stay_on_the_javascript_heap() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    let key = |n| Key::new(Space::Content).then_u32(n);
    let puts = vec![(key(1), Value::from(vec![1; 100])), (key(2), Value::from(vec![2; 100_000]))];
    store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
    let scan = Scan::all(KeyRange::prefix(Key::new(Space::Content)));
    let snapshot = store.read(Read { scans: vec![scan], ..Read::default() }).await.unwrap();
    let rows = &snapshot.scanned[0];
    assert!(rows[0].1.as_foreign().is_none());
    assert!(rows[1].1.as_foreign().is_some());
    assert_eq!(rows[1].1.to_vec(), vec![2; 100_000]);
    fresh.end().await;
}

/// Not a proof but a gauge: what one read and one commit cost, printed.
#[wasm_bindgen_test]
async fn what_a_read_and_a_commit_cost() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    let core = |n: u32| Key::new(Space::Core).then_u32(n);
    let page = |n: u32| (core(n), Value::from(vec![n as u8; 300]));
    store.commit(Batch { puts: (0..100).map(page).collect(), ..Batch::default() }).await.unwrap();
    const TIMES: u32 = 200;
    let mut lines = Vec::new();
    let mut note = |what: &str, started: i64| {
        lines.push(format!("{what}: {:.2} ms", (now_ms() - started) as f64 / f64::from(TIMES)));
    };
    let started = now_ms();
    for n in 0..TIMES {
        let read = Read { keys: vec![core(n % 100)], guards: vec![1], ..Read::default() };
        store.read(read).await.unwrap();
    }
    note("read of one record", started);
    let started = now_ms();
    for _ in 0..TIMES {
        let scan = Scan { reverse: true, max_rows: 10, ..Scan::all(KeyRange::prefix(Key::new(Space::Core))) };
        store.read(Read { scans: vec![scan], ..Read::default() }).await.unwrap();
    }
    note("reverse scan of ten", started);
    for exclusive in [false, true] {
        let started = now_ms();
        for n in 0..TIMES {
            let mut batch = Batch { exclusive, puts: vec![page(n % 100)], ..Batch::default() };
            batch.guards = vec![(if exclusive { 2 } else { 1 }, u64::from(n))];
            assert!(matches!(store.commit(batch).await.unwrap(), Outcome::Committed(_)));
        }
        note(if exclusive { "commit without the shared lock" } else { "commit" }, started);
    }
    // Concurrency must not lose anything either.
    let commits = futures::stream::iter(0..100u32)
        .map(|n| store.commit(Batch { puts: vec![page(n)], ..Batch::default() }))
        .buffer_unordered(8)
        .collect::<Vec<_>>()
        .await;
    assert!(commits.iter().all(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))));
    wasm_bindgen_test::console_log!("{}", lines.join("; "));
    fresh.end().await;
}
