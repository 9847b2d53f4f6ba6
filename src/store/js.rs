//! A store written in JavaScript. Here: the adapter from a plain object of an
//! application to the contract. Not here: any database.
//!
//! # For who writes one
//!
//! A store keeps records (a key and a value, both bytes), revisions of guards
//! (numbers by number), a sequence (a number) and a journal (one entry per
//! commit). It looks into none of them. The object has these members; every
//! method may return its result or a promise of it, and is called on the object:
//!
//! ```ts
//! interface StoreAdapter {
//!   read(request: {
//!     keys: Uint8Array[],
//!     scans: {
//!       from: Uint8Array,      // the first key that belongs to the range
//!       to: Uint8Array,        // the first key past it
//!       reverse: boolean,      // from the end backwards
//!       keysOnly: boolean,     // values are not looked at: give null
//!       maxBytes: number,      // stop after the row that brings the values to this many bytes
//!       maxRows: number,       // stop after this many rows
//!     }[],
//!     guards: number[],
//!   }): {
//!     sequence: number,                              // 0 in a new store
//!     values: (Uint8Array | null)[],                 // one per key; null or undefined: nothing stored
//!     scanned: [key: Uint8Array, value: Uint8Array | null][][],   // one list per scan, in its order
//!     revisions: number[],                           // one per guard; 0: never named in a commit
//!   };
//!
//!   commit(batch: {
//!     id: Uint8Array,                                // 16 bytes
//!     guards: [guard: number, revision: number][],
//!     deleteRanges: { from: Uint8Array, to: Uint8Array }[],
//!     deletes: Uint8Array[],
//!     puts: [key: Uint8Array, value: Uint8Array][],
//!     note: Uint8Array,
//!     durability: "relaxed" | "strict",
//!   }): { committed: number } | { conflict: number[] };
//!
//!   journal(after: number, max: number): {
//!     entries: { sequence: number, id: Uint8Array, note: Uint8Array }[],
//!     truncated: boolean,
//!   };
//!
//!   subscribe?(changed: () => void): (() => void) | void;
//!   pollIntervalMs?: number;
//!   close?(): void;
//! }
//! ```
//!
//! - **Keys** are 1 to 33 bytes; the first is a number from 0 to 9 that says
//!   what kind of record it is (a store may keep a table for each). They are
//!   ordered bytewise, a key before its longer continuations. A range never
//!   crosses from one first byte into another, and may be empty or inverted
//!   (`to` at or before `from`): it then holds nothing.
//! - **`read`** sees everything at one moment: no commit lands between two of
//!   its answers. `maxBytes` and `maxRows` are 4294967295 where nothing limits
//!   them; `maxBytes` never keeps the first row away.
//! - **`commit`** compares first: if a guard's revision is not the one given, it
//!   changes nothing and answers `{ conflict }` with the guards that had moved.
//!   Otherwise it does all of this or none of it: empties the ranges, deletes
//!   the keys, writes the puts (in this order), adds 1 to each named guard's
//!   revision and to the sequence, and adds `{ sequence, id, note }` to the
//!   journal under the new sequence. It answers `{ committed }` with the new
//!   sequence once that is as durable as asked: known to the operating system
//!   (`relaxed`) or on the disk (`strict`). The arrays are the store's to keep;
//!   it must not write into them.
//! - **`journal`** gives the entries with a sequence above `after`, oldest first,
//!   at most `max`. At least the newest 4096 are kept. `truncated` says that an
//!   entry after `after` has been dropped already.
//! - **`subscribe`** is called once. Call `changed` whenever another process or
//!   tab may have committed; what it returns is called at the end. Where it is
//!   missing or hints get lost, the engine looks every `pollIntervalMs`
//!   milliseconds (5000 if not given).
//! - **`close`** is called once, after the last call. Calls may come while
//!   others are under way.
//! - **Guards, revisions and sequences** are whole numbers up to 2^53-1.
//! - **Values** handed out by `read` are kept, not copied: do not change them
//!   afterwards. `Buffer`, other views and `ArrayBuffer` are taken as well.
//! - **Failing**: throw, or reject with, an error whose `code` is one of this
//!   library's (`"QUOTA_EXCEEDED"`, `"UNAVAILABLE"`, `"CLOSED"`, …); any other
//!   error counts as `UNAVAILABLE`. A `commit` that fails has changed nothing,
//!   unless its error has `outcomeUnknown: true`. An answer of the wrong shape
//!   is `UNAVAILABLE`, too (after a `commit`, with its outcome unknown).
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use async_trait::async_trait;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{
    Batch, Durability, Guard, Journal, JournalEntry, Key, KeyRange, Outcome, Read, Revision, Scan, Sequence,
    Snapshot, Space, Store, js_bytes,
};
use crate::model::{Error, ErrorCode, Result, Value};
use crate::platform::Held;
use crate::view::Hub;

#[wasm_bindgen]
extern "C" {
    /// The application's object, known to have the three methods.
    #[derive(Clone)]
    type Adapter;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Adapter, request: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &Adapter, batch: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn journal(this: &Adapter, after: f64, max: f64) -> Result<JsValue, JsValue>;
}

/// The largest number that JavaScript holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A store over a JavaScript object. Clones share it.
#[derive(Clone)]
pub struct JsStore {
    inner: Rc<Inner>,
}

struct Inner {
    adapter: Adapter,
    poll_interval_ms: u32,
    hub: Hub,
    closed: Cell<bool>,
    subscription: RefCell<Option<Subscription>>,
    held: RefCell<Option<Held>>,
}

/// What `subscribe` was given and gave; ends when dropped.
struct Subscription {
    unsubscribe: Option<Function>,
    changed: Option<Closure<dyn FnMut()>>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let ended = self.unsubscribe.as_ref().is_some_and(|end| end.call0(&JsValue::UNDEFINED).is_ok());
        if let Some(changed) = self.changed.take()
            && !ended
        {
            // The application may call it still, and must find it there.
            changed.forget();
        }
    }
}

impl JsStore {
    /// A store over this object, whose shape the module describes.
    ///
    /// Fails with `INVALID_ARGUMENT` when a method is missing or a member is of
    /// the wrong type, or as `subscribe` fails.
    pub fn new(adapter: JsValue) -> Result<JsStore> {
        if !adapter.is_object() && !adapter.is_function() {
            return Err(Error::invalid("a store must be an object"));
        }
        for name in ["read", "commit", "journal"] {
            if !member(&adapter, name)?.is_function() {
                return Err(Error::invalid(format!("a store needs a method {name}()")));
            }
        }
        let optional = |name: &str| -> Result<Option<Function>> {
            let value = member(&adapter, name)?;
            if value.is_undefined() || value.is_null() {
                return Ok(None);
            }
            value
                .dyn_into()
                .map(Some)
                .map_err(|_| Error::invalid(format!("a store's {name} must be a function")))
        };
        // In a list, as what is the application's and not the platform's.
        let held = optional("close")?.map(|_| Held::new(Array::of1(&adapter)));
        let interval = member(&adapter, "pollIntervalMs")?;
        let poll_interval_ms = match interval.as_f64() {
            None if interval.is_undefined() || interval.is_null() => 5000,
            Some(interval) if (1.0..=f64::from(i32::MAX)).contains(&interval) => interval as u32,
            _ => return Err(Error::invalid("a store's pollIntervalMs must be a number of milliseconds")),
        };
        let hub = Hub::default();
        let subscription = match optional("subscribe")? {
            None => None,
            Some(subscribe) => {
                let heard = hub.clone();
                let changed = Closure::<dyn FnMut()>::new(move || heard.notify());
                let answer = subscribe.call1(&adapter, changed.as_ref()).map_err(|error| failure(&error))?;
                Some(Subscription { unsubscribe: answer.dyn_into().ok(), changed: Some(changed) })
            }
        };
        Ok(JsStore {
            inner: Rc::new(Inner {
                adapter: adapter.unchecked_into(),
                poll_interval_ms,
                hub,
                closed: Cell::new(false),
                subscription: RefCell::new(subscription),
                held: RefCell::new(held),
            }),
        })
    }

    fn check_open(&self) -> Result<()> {
        if self.inner.closed.get() { Err(Error::closed("the store is closed")) } else { Ok(()) }
    }
}

fn member(object: &JsValue, name: &str) -> Result<JsValue> {
    Reflect::get(object, &JsValue::from_str(name)).map_err(|error| failure(&error))
}

/// An error of the application's: by its `code` where that is ours.
fn failure(error: &JsValue) -> Error {
    let text = |name: &str| {
        Reflect::get(error, &JsValue::from_str(name))
            .ok()
            .and_then(|value| value.as_string())
            .unwrap_or_default()
    };
    let (code, name, message) = (text("code"), text("name"), text("message"));
    let words = if name.is_empty() && message.is_empty() {
        format!("{error:?}")
    } else {
        format!("{name}: {message}")
    };
    let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code);
    let unknown_outcome =
        Reflect::get(error, &JsValue::from_str("outcomeUnknown")).is_ok_and(|unknown| unknown.is_truthy());
    let ours = match known {
        Some(code) if message.is_empty() => Error::new(*code, "the store failed"),
        Some(code) => Error::new(*code, message),
        None => Error::new(ErrorCode::Unavailable, "the store failed").with_cause(words),
    };
    if unknown_outcome { ours.with_unknown_outcome() } else { ours }
}

async fn answer(called: Result<JsValue, JsValue>) -> Result<JsValue> {
    let value = called.map_err(|error| failure(&error))?;
    JsFuture::from(Promise::resolve(&value)).await.map_err(|error| failure(&error))
}

// What goes out.

fn object<const N: usize>(members: [(&str, JsValue); N]) -> Result<Object> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &JsValue::from_str(name), &value).map_err(|error| failure(&error))?;
    }
    Ok(object)
}

fn number(value: u64) -> Result<JsValue> {
    if value as f64 > MAX_SAFE {
        return Err(Error::invalid("a guard, revision or sequence is beyond 2^53-1"));
    }
    Ok(JsValue::from_f64(value as f64))
}

fn numbers(values: impl IntoIterator<Item = u64>) -> Result<JsValue> {
    Ok(values.into_iter().map(number).collect::<Result<Array>>()?.into())
}

fn key_bytes(key: &Key) -> Uint8Array {
    let mut bytes = Vec::with_capacity(1 + key.bytes().len());
    bytes.push(key.space() as u8);
    bytes.extend_from_slice(key.bytes());
    Uint8Array::from(bytes.as_slice())
}

fn range_end(range: &KeyRange) -> Uint8Array {
    let space = range.from.space();
    match &range.to {
        Some(to) if to.space() <= space => key_bytes(to),
        // To the end of the space: where the next one begins.
        _ => Uint8Array::from([space as u8 + 1].as_slice()),
    }
}

fn limit(value: usize) -> JsValue {
    JsValue::from_f64(value.min(u32::MAX as usize) as f64)
}

fn scan_object(scan: &Scan) -> Result<JsValue> {
    Ok(object([
        ("from", key_bytes(&scan.range.from).into()),
        ("to", range_end(&scan.range).into()),
        ("reverse", scan.reverse.into()),
        ("keysOnly", scan.keys_only.into()),
        ("maxBytes", limit(scan.max_bytes)),
        ("maxRows", limit(scan.max_rows)),
    ])?
    .into())
}

fn batch_object(batch: &Batch) -> Result<Object> {
    let guards = batch
        .guards
        .iter()
        .map(|(guard, revision)| Ok(Array::of2(&number(*guard)?, &number(*revision)?)))
        .collect::<Result<Array>>()?;
    let delete_ranges = batch
        .delete_ranges
        .iter()
        .map(|range| object([("from", key_bytes(&range.from).into()), ("to", range_end(range).into())]))
        .collect::<Result<Array>>()?;
    let deletes: Array = batch.deletes.iter().map(key_bytes).collect();
    let puts: Array = batch
        .puts
        .iter()
        // Fresh, since the store may keep them.
        .map(|(key, value)| Array::of2(&key_bytes(key), &js_bytes::to_fresh_array(value)))
        .collect();
    let durability = match batch.durability {
        Durability::Relaxed => "relaxed",
        Durability::Strict => "strict",
    };
    object([
        ("id", Uint8Array::from(batch.id.as_slice()).into()),
        ("guards", guards.into()),
        ("deleteRanges", delete_ranges.into()),
        ("deletes", deletes.into()),
        ("puts", puts.into()),
        ("note", Uint8Array::from(batch.note.as_slice()).into()),
        ("durability", durability.into()),
    ])
}

// What comes in: an answer is the application's and may be anything.

fn wrong(what: &str) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the store's answer is malformed: {what}"))
}

fn array_member(object: &JsValue, name: &str, length: Option<usize>) -> Result<Array> {
    let array: Array =
        member(object, name)?.dyn_into().map_err(|_| wrong(&format!("{name} is not an array")))?;
    match length {
        Some(length) if array.length() as usize != length => {
            Err(wrong(&format!("{name} has not {length} items")))
        }
        _ => Ok(array),
    }
}

fn whole_number(value: &JsValue, what: &str) -> Result<u64> {
    match value.as_f64() {
        Some(number) if (0.0..=MAX_SAFE).contains(&number) && number.fract() == 0.0 => Ok(number as u64),
        _ => Err(wrong(&format!("{what} is not a whole number"))),
    }
}

fn bytes(value: &JsValue, what: &str) -> Result<Uint8Array> {
    js_bytes::array_of(value).ok_or_else(|| wrong(&format!("{what} is not a Uint8Array")))
}

fn optional_value(value: &JsValue, what: &str) -> Result<Option<Value>> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    Ok(Some(js_bytes::from_array(bytes(value, what)?)))
}

fn row(space: Space, row: &JsValue, keys_only: bool) -> Result<(Key, Value)> {
    let row: &Array = row.dyn_ref().ok_or_else(|| wrong("a scanned row is not [key, value]"))?;
    let key = bytes(&row.get(0), "a scanned key")?.to_vec();
    let key = match key.split_first() {
        Some((first, rest)) if *first == space as u8 => {
            Key::from_bytes(space, rest).map_err(|_| wrong("a scanned key is too long"))?
        }
        _ => return Err(wrong("a scanned key is outside its range")),
    };
    if keys_only {
        return Ok((key, Value::from(Vec::new())));
    }
    let value =
        optional_value(&row.get(1), "a scanned value")?.ok_or_else(|| wrong("a scanned value is missing"))?;
    Ok((key, value))
}

fn snapshot(answer: &JsValue, read: &Read) -> Result<Snapshot> {
    let values = array_member(answer, "values", Some(read.keys.len()))?
        .iter()
        .map(|value| optional_value(&value, "a value"))
        .collect::<Result<_>>()?;
    let scanned = array_member(answer, "scanned", Some(read.scans.len()))?
        .iter()
        .zip(&read.scans)
        .map(|(rows, scan)| {
            let rows: Array =
                rows.dyn_into().map_err(|_| wrong("scanned holds something else than arrays"))?;
            rows.iter()
                .map(|each| row(scan.range.from.space(), &each, scan.keys_only))
                .collect::<Result<Vec<_>>>()
        })
        .collect::<Result<_>>()?;
    let revisions: Vec<Revision> = array_member(answer, "revisions", Some(read.guards.len()))?
        .iter()
        .map(|revision| whole_number(&revision, "a revision"))
        .collect::<Result<_>>()?;
    Ok(Snapshot {
        sequence: whole_number(&member(answer, "sequence")?, "sequence")?,
        values,
        scanned,
        revisions,
    })
}

fn outcome(answer: &JsValue) -> Result<Outcome> {
    let committed = member(answer, "committed")?;
    if !committed.is_undefined() && !committed.is_null() {
        return Ok(Outcome::Committed(whole_number(&committed, "committed")?));
    }
    let moved: Vec<Guard> = array_member(answer, "conflict", None)?
        .iter()
        .map(|guard| whole_number(&guard, "a guard in conflict"))
        .collect::<Result<_>>()?;
    if moved.is_empty() { Err(wrong("conflict names no guard")) } else { Ok(Outcome::Conflict(moved)) }
}

fn journal(answer: &JsValue) -> Result<Journal> {
    let entries = array_member(answer, "entries", None)?
        .iter()
        .map(|entry| {
            let id = bytes(&member(&entry, "id")?, "an entry's id")?.to_vec();
            Ok(JournalEntry {
                sequence: whole_number(&member(&entry, "sequence")?, "an entry's sequence")?,
                id: id.try_into().map_err(|_| wrong("an entry's id is not 16 bytes"))?,
                note: bytes(&member(&entry, "note")?, "an entry's note")?.to_vec(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Journal { entries, truncated: member(answer, "truncated")?.is_truthy() })
}

#[async_trait(?Send)]
impl Store for JsStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        self.check_open()?;
        let keys: Array = read.keys.iter().map(key_bytes).collect();
        let scans = read.scans.iter().map(scan_object).collect::<Result<Array>>()?;
        let request = object([
            ("keys", keys.into()),
            ("scans", scans.into()),
            ("guards", numbers(read.guards.iter().copied())?),
        ])?;
        let answer = answer(self.inner.adapter.read(&request)).await?;
        snapshot(&answer, &read)
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        self.check_open()?;
        let request = batch_object(&batch)?;
        let answer = answer(self.inner.adapter.commit(&request)).await?;
        let outcome = outcome(&answer).map_err(Error::with_unknown_outcome)?;
        if matches!(outcome, Outcome::Committed(_)) {
            self.inner.hub.notify();
        }
        Ok(outcome)
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        self.check_open()?;
        let max = max.min(u32::MAX as usize) as f64;
        let answer = answer(self.inner.adapter.journal((after as f64).min(MAX_SAFE), max)).await?;
        journal(&answer)
    }

    fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    fn poll_interval_ms(&self) -> u32 {
        self.inner.poll_interval_ms
    }

    async fn close(&self) {
        if self.inner.closed.replace(true) {
            return;
        }
        let subscription = self.inner.subscription.borrow_mut().take();
        drop(subscription);
        self.inner.held.replace(None);
        let adapter: &JsValue = self.inner.adapter.as_ref();
        if let Ok(close) = member(adapter, "close")
            .and_then(|close| close.dyn_into::<Function>().map_err(|_| wrong("close")))
            && let Ok(closing) = close.call0(adapter)
        {
            let _ = JsFuture::from(Promise::resolve(&closing)).await;
        }
    }
}
