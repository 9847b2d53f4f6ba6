//! The contract on IndexedDB, and what only that store has: versions, other
//! connections in the way, connections lost.

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use js_sys::Function;
use offline_mailbox::model::{ErrorCode, Value};
use offline_mailbox::platform::{now_ms, sleep_ms};
use offline_mailbox::store::{
    Batch, IndexedDbStore, Key, KeyRange, Outcome, Read, Scan, Space, Store, delete_database, identity_key,
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
// The sizes of the buffers behind all values of a table.
export function bufferSizes(database, table) {
  return new Promise((resolve) => {
    const request = database.transaction(table).objectStore(table).getAll();
    request.onsuccess = () => resolve(request.result.map((value) => value.buffer.byteLength).join());
  });
}
export function closeRaw(database) { database.close(); }
// WebKit lists a database whose creation was aborted, as version 0: there is nothing in it.
export function exists(name) {
  return indexedDB.databases().then((all) => all.some((each) => each.name === name && each.version > 0));
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
// What the platform itself takes for what a read and a commit of one record do.
async function rawDatabase() {
  await new Promise((done) => { indexedDB.deleteDatabase("raw-gauge").onsuccess = done; });
  return new Promise((done) => {
    const request = indexedDB.open("raw-gauge", 1);
    request.onupgradeneeded = () => ["core", "guards", "journal"].forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => done(request.result);
  });
}
export async function rawReads(times) {
  const database = await rawDatabase();
  const started = performance.now();
  for (let n = 0; n < times; n++) {
    await new Promise((done) => {
      const transaction = database.transaction(["core", "guards"], "readonly", { durability: "relaxed" });
      transaction.objectStore("guards").get("sequence");
      transaction.objectStore("guards").get(1);
      transaction.objectStore("core").get(new Uint8Array(4)).onsuccess = done;
    });
  }
  const took = performance.now() - started;
  database.close();
  return took;
}
export async function rawCommits(times) {
  const database = await rawDatabase();
  const started = performance.now();
  for (let n = 0; n < times; n++) {
    await new Promise((done) => {
      const transaction = database.transaction(["core", "guards", "journal"], "readwrite", { durability: "relaxed" });
      transaction.objectStore("guards").get("sequence");
      transaction.objectStore("guards").get(1).onsuccess = () => {
        transaction.objectStore("core").put(new Uint8Array(300), new Uint8Array(4));
        transaction.objectStore("guards").put(n, 1);
        transaction.objectStore("guards").put(n, "sequence");
        transaction.objectStore("journal").put(new Uint8Array(16), n);
        transaction.commit();
      };
      transaction.oncomplete = done;
    });
  }
  const took = performance.now() - started;
  database.close();
  indexedDB.deleteDatabase("raw-gauge");
  return took;
}
// Makes the next `times` opens throw; -1: the property `indexedDB` itself is taken away.
export function breakOpening(name, message, times) {
  if (times < 0) {
    // An own property in one engine, an inherited one in another.
    const own = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    Object.defineProperty(globalThis, "indexedDB", { configurable: true, value: undefined });
    return () => {
      delete globalThis.indexedDB;
      if (own) Object.defineProperty(globalThis, "indexedDB", own);
      return 0;
    };
  }
  const original = IDBFactory.prototype.open;
  let calls = 0;
  IDBFactory.prototype.open = function (...given) {
    calls += 1;
    if (calls <= times) throw new DOMException(message, name);
    return original.apply(this, given);
  };
  return () => { IDBFactory.prototype.open = original; return calls; };
}
export function hide(persisted) {
  globalThis.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
}
export function show() { globalThis.dispatchEvent(new Event("pageshow")); }
export function standStill(frozen) { document.dispatchEvent(new Event(frozen ? "freeze" : "resume")); }
export function hasLocks() { return !!navigator.locks; }
export function isPage() { return typeof document !== "undefined"; }
"#)]
extern "C" {
    #[wasm_bindgen(js_name = openRaw)]
    fn open_raw(name: &str, version: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = bufferSizes)]
    fn buffer_sizes(database: &JsValue, table: &str) -> js_sys::Promise;
    #[wasm_bindgen(js_name = closeRaw)]
    fn close_raw(database: &JsValue);
    fn exists(name: &str) -> js_sys::Promise;
    #[wasm_bindgen(js_name = closeAtNextTransaction)]
    fn close_at_next_transaction();
    #[wasm_bindgen(js_name = fillDisk)]
    fn fill_disk() -> Function;
    #[wasm_bindgen(js_name = loseAnswer)]
    fn lose_answer();
    #[wasm_bindgen(js_name = rawReads)]
    fn raw_reads(times: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = rawCommits)]
    fn raw_commits(times: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = breakOpening)]
    fn break_opening(name: &str, message: &str, times: i32) -> Function;
    fn hide(persisted: bool);
    fn show();
    #[wasm_bindgen(js_name = standStill)]
    fn stand_still(frozen: bool);
    #[wasm_bindgen(js_name = hasLocks)]
    fn has_locks() -> bool;
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
async fn a_new_version_that_came_while_the_page_stood_still_is_told_when_it_goes_on() {
    if !is_page() {
        return;
    }
    for frozen in [false, true] {
        let name = name("overtaken");
        let store = IndexedDbStore::open(&name).await.unwrap();
        store.commit(one("1")).await.unwrap();
        if frozen {
            stand_still(true)
        } else {
            hide(true)
        }
        // Its connection is closed: it hears of nothing.
        let raw = JsFuture::from(open_raw(&name, 2)).await.unwrap();
        if frozen {
            stand_still(false)
        } else {
            show()
        }
        for _ in 0..2 {
            assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::VersionChanged);
            assert_eq!(store.commit(one("2")).await.unwrap_err().code(), ErrorCode::VersionChanged);
        }
        close_raw(&raw);
        store.close().await;
        delete_database(&name).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_page_that_stands_still_hears_no_hints_and_hears_them_again_when_it_goes_on() {
    if !is_page() {
        return;
    }
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.clone();
    for frozen in [false, true] {
        let still = |still: bool| match (frozen, still) {
            (true, still) => stand_still(still),
            (false, true) => hide(true),
            (false, false) => show(),
        };
        still(true);
        // Opened after that, so that standing still is not its lot.
        let other = fresh.connect().await;
        let mut hints = store.changes();
        other.commit(one("1")).await.unwrap();
        sleep_ms(100).await;
        assert!(hints.changed().now_or_never().is_none());
        still(false);
        hints.changed().await;
        assert!(hints.changed().now_or_never().is_none());
        other.commit(one("2")).await.unwrap();
        hints.changed().await;
        other.close().await;
    }
    fresh.end().await;
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
async fn without_a_database_of_the_platform_it_is_unavailable() {
    for (exception, times) in [("", -1), ("SecurityError", 1)] {
        let restore = break_opening(exception, "not here", times);
        let error = IndexedDbStore::open(&name("unavailable")).await.err().unwrap();
        let deleted = delete_database(&name("unavailable")).await;
        let calls = restore.call0(&JsValue::UNDEFINED).unwrap().as_f64();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        // A refusal is not argued with.
        assert_eq!(calls, Some(if times < 0 { 0.0 } else { 1.0 }));
        if times < 0 {
            assert_eq!(deleted.unwrap_err().code(), ErrorCode::Unavailable);
        }
    }
}

#[wasm_bindgen_test]
async fn trouble_that_passes_is_waited_out_and_trouble_that_stays_is_told() {
    let words = "Internal error opening backing store for indexedDB.open.";
    let name = name("trouble");
    let restore = break_opening("UnknownError", words, 2);
    let store = IndexedDbStore::open(&name).await.unwrap();
    assert_eq!(restore.call0(&JsValue::UNDEFINED).unwrap().as_f64(), Some(3.0));
    store.commit(one("1")).await.unwrap();
    store.close().await;
    let restore = break_opening("UnknownError", words, 100);
    let error = IndexedDbStore::open(&name).await.err().unwrap();
    assert_eq!(restore.call0(&JsValue::UNDEFINED).unwrap().as_f64(), Some(4.0), "once and three more");
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.cause().unwrap().contains("backing store"));
    // And nothing was deleted to get out of it.
    let store = IndexedDbStore::open(&name).await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), b"1");
    store.close().await;
    delete_database(&name).await.unwrap();
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
async fn a_commit_whose_answer_is_lost_is_found_and_never_made_twice() {
    let fresh = Fresh::new(&IndexedDb).await;
    let store = fresh.store.as_ref();
    store.commit(one("0")).await.unwrap();
    lose_answer();
    let outcome = store.commit(Batch { id: [7; 16], guards: vec![(5, 0)], ..one("1") }).await.unwrap();
    assert_eq!(outcome, Outcome::Committed(2));
    let journal = store.journal(0, 9).await.unwrap();
    assert_eq!(journal.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [[0; 16], [7; 16]]);
    fresh.end().await;
}

#[wasm_bindgen_test]
async fn what_must_exist_is_not_created() {
    let name = name("expected");
    let error = IndexedDbStore::open_existing(&name).await.err().unwrap();
    assert_eq!(error.code(), ErrorCode::StorageLost);
    assert!(!JsFuture::from(exists(&name)).await.unwrap().is_truthy());
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(one("1")).await.unwrap();
    store.close().await;
    let store = IndexedDbStore::open_existing(&name).await.unwrap();
    assert_eq!(stored(&store).await.unwrap(), b"1");
    store.close().await;
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn another_database_of_the_same_name_is_not_taken_for_the_old_one() {
    if !is_page() {
        return;
    }
    let identified = |text: &str| Batch {
        puts: vec![(identity_key(), Value::from(text.as_bytes().to_vec()))],
        ..Batch::default()
    };
    let name = name("replaced");
    let store = IndexedDbStore::open(&name).await.unwrap();
    store.commit(identified("the first")).await.unwrap();
    hide(true);
    // The same one is known again.
    store.commit(one("1")).await.unwrap();
    hide(true);
    delete_database(&name).await.unwrap();
    let other = IndexedDbStore::open(&name).await.unwrap();
    other.commit(identified("the second")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.commit(one("2")).await.unwrap_err().code(), ErrorCode::StorageLost);
        assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::StorageLost);
    }
    assert_eq!(stored(&other).await, None);
    other.close().await;
    delete_database(&name).await.unwrap();
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
    // Its listeners are gone: nothing is heard any more.
    while hints.changed().now_or_never().is_some() {}
    show();
    assert!(hints.changed().now_or_never().is_none());
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

#[wasm_bindgen_test]
async fn a_stored_value_drags_no_larger_buffer_along() {
    let name = name("windows");
    let store = IndexedDbStore::open(&name).await.unwrap();
    let key = |n| Key::new(Space::Content).then_u32(n);
    let local = Value::from(vec![3; 200_000]);
    let puts = vec![(key(1), local.slice(7..50_000)), (key(2), local)];
    store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
    let snapshot = store.read(Read { keys: vec![key(2)], ..Read::default() }).await.unwrap();
    let foreign = snapshot.values[0].clone().unwrap();
    assert!(foreign.as_foreign().is_some());
    let puts = vec![(key(3), foreign.slice(0..10)), (key(4), foreign.slice(150_000..200_000))];
    store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
    store.close().await;
    let raw = JsFuture::from(open_raw(&name, 1)).await.unwrap();
    let sizes = JsFuture::from(buffer_sizes(&raw, "content")).await.unwrap().as_string().unwrap();
    close_raw(&raw);
    assert_eq!(sizes, "49993,200000,10,50000");
    delete_database(&name).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_slow_writer_gets_through_with_a_permit() {
    if !has_locks() {
        return;
    }
    let fresh = Fresh::new(&IndexedDb).await;
    let (slow, quick) = (fresh.store.clone(), fresh.connect().await);
    let revision = async |store: &dyn Store| {
        store.read(Read { guards: vec![1], ..Read::default() }).await.unwrap().revisions[0]
    };
    let attempt = async |store: &dyn Store, exclusive: bool, work_ms: u32| {
        let guards = vec![(1, revision(store).await)];
        sleep_ms(work_ms).await;
        let outcome = store.commit(Batch { guards, exclusive, ..one("") }).await.unwrap();
        matches!(outcome, Outcome::Committed(_))
    };
    let done = Cell::new(false);
    let without = Cell::new(0);
    let with = Cell::new(0);
    let pressing = async {
        while !done.get() {
            attempt(quick.as_ref(), false, 3).await;
        }
    };
    let working = async {
        for _ in 0..4 {
            without.set(without.get() + u32::from(attempt(slow.as_ref(), false, 80).await));
        }
        for _ in 0..4 {
            let _permit = slow.exclusive().await.unwrap();
            // One commit of the other may have been under way.
            let through = attempt(slow.as_ref(), true, 80).await || attempt(slow.as_ref(), true, 80).await;
            with.set(with.get() + u32::from(through));
        }
        done.set(true);
    };
    futures::join!(pressing, working);
    assert_eq!(without.get(), 0, "the test presses hard enough");
    assert_eq!(with.get(), 4);
    quick.close().await;
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
    let started = now_ms();
    for n in 0..TIMES {
        let batch = Batch { puts: vec![page(n % 100)], guards: vec![(1, u64::from(n))], ..Batch::default() };
        assert!(matches!(store.commit(batch).await.unwrap(), Outcome::Committed(_)));
    }
    note("commit of one record", started);
    let started = JsFuture::from(raw_reads(TIMES)).await.unwrap().as_f64().unwrap() / f64::from(TIMES);
    lines.push(format!("the same read in plain JavaScript: {started:.2} ms"));
    let started = JsFuture::from(raw_commits(TIMES)).await.unwrap().as_f64().unwrap() / f64::from(TIMES);
    lines.push(format!("the same writes in plain JavaScript: {started:.2} ms"));
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
