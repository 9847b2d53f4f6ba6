//! The contract on a store written in JavaScript (a sorted map), and what the
//! adapter makes of applications that fail or answer nonsense.

use std::rc::Rc;

use async_trait::async_trait;
use js_sys::Function;
use offline_mailbox::model::ErrorCode;
use offline_mailbox::store::{Batch, JsStore, Key, KeyRange, Read, Scan, Space, Store};
use offline_mailbox::store_contract_tests;
use offline_mailbox::testing::store_contract::StoreHarness;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(inline_js = r#"
const databases = new Map();
const text = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// Fifty lines, as the documentation promises. Hexadecimal text sorts as the bytes do.
export function connect(name) {
  if (!databases.has(name)) {
    databases.set(name, { rows: new Map(), guards: new Map(), journal: [], sequence: 0, listeners: new Set() });
  }
  const database = databases.get(name);
  const within = (from, to) => {
    const [low, high] = [text(from), text(to)];
    return [...database.rows.keys()].filter((key) => key >= low && key < high).sort();
  };
  return {
    async read({ keys, scans, guards }) {
      return {
        sequence: database.sequence,
        values: keys.map((key) => database.rows.get(text(key))?.[1]),
        scanned: scans.map(({ from, to, reverse, keysOnly, maxBytes, maxRows }) => {
          const found = within(from, to);
          if (reverse) found.reverse();
          const rows = [];
          let bytes = 0;
          for (const key of found.slice(0, maxRows)) {
            const [own, value] = database.rows.get(key);
            rows.push([own, keysOnly ? null : value]);
            bytes += value.length;
            if (!keysOnly && bytes >= maxBytes) break;
          }
          return rows;
        }),
        revisions: guards.map((guard) => database.guards.get(guard) ?? 0),
      };
    },
    // Not async: an adapter may answer at once.
    commit({ id, guards, deleteRanges, deletes, puts, note }) {
      const conflict = guards.filter(([guard, revision]) => (database.guards.get(guard) ?? 0) !== revision);
      if (conflict.length) return { conflict: conflict.map(([guard]) => guard) };
      for (const [guard, revision] of guards) database.guards.set(guard, revision + 1);
      for (const { from, to } of deleteRanges) for (const key of within(from, to)) database.rows.delete(key);
      for (const key of deletes) database.rows.delete(text(key));
      for (const [key, value] of puts) database.rows.set(text(key), [key, value]);
      database.sequence += 1;
      database.journal.push({ sequence: database.sequence, id, note });
      if (database.journal.length > 4096) database.journal.shift();
      for (const listener of database.listeners) listener();
      return { committed: database.sequence };
    },
    async journal(after, max) {
      const first = database.journal[0]?.sequence ?? database.sequence + 1;
      return {
        entries: database.journal.filter(({ sequence }) => sequence > after).slice(0, max),
        truncated: after + 1 < first && after < database.sequence,
      };
    },
    subscribe(changed) {
      database.listeners.add(changed);
      return () => database.listeners.delete(changed);
    },
    pollIntervalMs: 500,
    close() { this.closed = (this.closed ?? 0) + 1; },
  };
}
export function forget(name) {
  const listeners = databases.get(name).listeners.size;
  databases.delete(name);
  return listeners;
}
export function make(body) { return new Function(body)(); }
"#)]
extern "C" {
    fn connect(name: &str) -> JsValue;
    fn forget(name: &str) -> u32;
    fn make(body: &str) -> JsValue;
}

pub struct Adapter;

#[async_trait(?Send)]
impl StoreHarness for Adapter {
    async fn open(&self, name: &str) -> Rc<dyn Store> {
        Rc::new(JsStore::new(connect(name)).unwrap())
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn delete(&self, name: &str) {
        assert_eq!(forget(name), 0, "every subscription has ended");
    }
}

store_contract_tests!(async wasm_bindgen_test, Adapter);

#[wasm_bindgen_test]
async fn closing_reaches_the_application_once() {
    let object = connect("closing");
    let store = JsStore::new(object.clone()).unwrap();
    assert_eq!(store.poll_interval_ms(), 500);
    store.close().await;
    store.close().await;
    assert_eq!(js_sys::Reflect::get(&object, &"closed".into()).unwrap().as_f64(), Some(1.0));
    assert_eq!(forget("closing"), 0);
}

#[wasm_bindgen_test]
fn objects_of_the_wrong_shape_are_refused() {
    let whole = "read() {}, commit() {}, journal() {}";
    for body in [
        "return null".to_owned(),
        "return 5".to_owned(),
        "return { read() {}, commit() {} }".to_owned(),
        "return { read: 1, commit() {}, journal() {} }".to_owned(),
        format!("return {{ {whole}, close: 7 }}"),
        format!("return {{ {whole}, subscribe: {{}} }}"),
        format!("return {{ {whole}, pollIntervalMs: -1 }}"),
        format!("return {{ {whole}, pollIntervalMs: 'soon' }}"),
    ] {
        let error = JsStore::new(make(&body)).err().expect(&body);
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{body}");
    }
    assert!(JsStore::new(make(&format!("return {{ {whole} }}"))).is_ok());
}

fn answering(method: &str, answer: &str) -> JsStore {
    let body = format!("return {{ read() {{}}, commit() {{}}, journal() {{}}, {method}() {{ {answer} }} }}");
    JsStore::new(make(&body)).unwrap()
}

#[wasm_bindgen_test]
async fn nonsense_in_an_answer_is_an_error_never_a_panic() {
    let read = Read {
        keys: vec![Key::new(Space::Core)],
        scans: vec![Scan::all(KeyRange::prefix(Key::new(Space::Core)))],
        guards: vec![1],
    };
    let part = "sequence: 1, values: [null], revisions: [0]";
    for answer in [
        "".to_owned(),
        "return null".to_owned(),
        "return 3".to_owned(),
        "return Promise.resolve({})".to_owned(),
        "return { sequence: 1, values: [], scanned: [[]], revisions: [0] }".to_owned(),
        "return { sequence: -1, values: [null], scanned: [[]], revisions: [0] }".to_owned(),
        "return { sequence: 1.5, values: [null], scanned: [[]], revisions: [0] }".to_owned(),
        "return { sequence: 2 ** 60, values: [null], scanned: [[]], revisions: [0] }".to_owned(),
        "return { sequence: 1, values: ['text'], scanned: [[]], revisions: [0] }".to_owned(),
        "return { sequence: 1, values: [null], scanned: [[]], revisions: ['0'] }".to_owned(),
        format!("return {{ {part}, scanned: [7] }}"),
        format!("return {{ {part}, scanned: [[7]] }}"),
        format!("return {{ {part}, scanned: [[[]]] }}"),
        format!("return {{ {part}, scanned: [[[new Uint8Array(0), new Uint8Array(1)]]] }}"),
        format!("return {{ {part}, scanned: [[[new Uint8Array([9, 1]), new Uint8Array(1)]]] }}"),
        format!("return {{ {part}, scanned: [[[new Uint8Array(99).fill(1), new Uint8Array(1)]]] }}"),
        format!("return {{ {part}, scanned: [[[new Uint8Array([1, 1]), null]]] }}"),
        "return { get sequence() { throw new Error('no') }, values: [null], scanned: [[]], revisions: [0] }"
            .to_owned(),
    ] {
        let error = answering("read", &answer).read(read.clone()).await.expect_err(&answer);
        assert_eq!(error.code(), ErrorCode::Unavailable, "{answer}");
    }
    // The odd but right: a Buffer's like, views of another kind, buffers.
    let odd = "return { sequence: 1, values: [new DataView(new ArrayBuffer(3), 1)], revisions: [0],
        scanned: [[[new Uint8Array([1, 1]).buffer, new Uint16Array(2)]]] }";
    let snapshot = answering("read", odd).read(read).await.unwrap();
    assert_eq!(snapshot.values[0].as_ref().unwrap().len(), 2);
    assert_eq!(snapshot.scanned[0][0].1.len(), 4);
    for answer in [
        "",
        "return {}",
        "return { committed: 'yes' }",
        "return { conflict: [] }",
        "return { conflict: ['1'] }",
    ] {
        let error = answering("commit", answer).commit(Batch::default()).await.expect_err(answer);
        assert_eq!(error.code(), ErrorCode::Unavailable, "{answer}");
        assert!(error.outcome_unknown(), "{answer}");
    }
    for answer in [
        "",
        "return { entries: 1 }",
        "return { entries: [1] }",
        "return { entries: [{ sequence: 1, id: new Uint8Array(15), note: new Uint8Array(0) }] }",
    ] {
        let error = answering("journal", answer).journal(0, 1).await.expect_err(answer);
        assert_eq!(error.code(), ErrorCode::Unavailable, "{answer}");
    }
}

#[wasm_bindgen_test]
async fn what_an_application_throws_becomes_an_error_of_ours() {
    for (answer, code, unknown) in [
        (
            "throw Object.assign(new Error('full'), { code: 'QUOTA_EXCEEDED' })",
            ErrorCode::QuotaExceeded,
            false,
        ),
        (
            "return Promise.reject(Object.assign(new Error('x'), { code: 'CORRUPT' }))",
            ErrorCode::Corrupt,
            false,
        ),
        ("return Promise.reject(new TypeError('oops'))", ErrorCode::Unavailable, false),
        ("throw 'a text'", ErrorCode::Unavailable, false),
        ("throw undefined", ErrorCode::Unavailable, false),
        ("throw { code: 'NO_SUCH_CODE' }", ErrorCode::Unavailable, false),
        ("throw { code: 'UNAVAILABLE', outcomeUnknown: true }", ErrorCode::Unavailable, true),
    ] {
        let error = answering("commit", answer).commit(Batch::default()).await.expect_err(answer);
        assert_eq!((error.code(), error.outcome_unknown()), (code, unknown), "{answer}");
    }
    let error = answering("read", "throw new TypeError('oops')").read(Read::default()).await.unwrap_err();
    assert!(error.cause().unwrap().contains("TypeError: oops"));
    let guard = Batch { guards: vec![(1 << 53, 0)], ..Batch::default() };
    let error = answering("commit", "return { committed: 1 }").commit(guard).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
}

#[wasm_bindgen_test]
async fn a_callback_kept_after_the_end_harms_nobody() {
    let object = make("return { read() {}, commit() {}, journal() {}, subscribe(f) { this.kept = f; } }");
    let store = JsStore::new(object.clone()).unwrap();
    let mut hints = store.changes();
    let kept: Function = js_sys::Reflect::get(&object, &"kept".into()).unwrap().unchecked_into();
    kept.call0(&JsValue::UNDEFINED).unwrap();
    hints.changed().await;
    store.close().await;
    drop(store);
    kept.call0(&JsValue::UNDEFINED).unwrap();
}
