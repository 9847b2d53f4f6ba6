//! What every [`Store`] must do, as tests that any store can be put through:
//! write one [`StoreHarness`] and call [`store_contract_tests!`](crate::store_contract_tests).
//! Not here: the mailbox rules above a store.

use std::rc::Rc;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::join_all;

use crate::model::{ErrorCode, Value};
use crate::platform::{fill_random, sleep_ms};
use crate::store::{
    Batch, Begun, Durability, JOURNAL_LENGTH, Key, KeyRange, Outcome, Read, Scan, Snapshot, Space, Store,
};

/// How the suite comes by the store it tests.
#[async_trait(?Send)]
pub trait StoreHarness {
    /// Another connection to the database of this name, which is created if there is none.
    async fn open(&self, name: &str) -> Rc<dyn Store>;

    /// Whether a database outlives its last connection.
    fn keeps(&self) -> bool;

    /// Takes the database away, all connections being closed.
    async fn delete(&self, name: &str);
}

/// A test of the suite: a fresh database for one case.
pub struct Fresh<'a> {
    harness: &'a dyn StoreHarness,
    name: String,
    /// The first connection.
    pub store: Rc<dyn Store>,
}

impl<'a> Fresh<'a> {
    /// Opens a database of a name that nobody has.
    pub async fn new(harness: &'a dyn StoreHarness) -> Fresh<'a> {
        let mut random = [0; 8];
        fill_random(&mut random).unwrap();
        let name = format!("store-contract-{:016x}", u64::from_be_bytes(random));
        let store = harness.open(&name).await;
        Fresh { harness, name, store }
    }

    /// Another connection.
    pub async fn connect(&self) -> Rc<dyn Store> {
        self.harness.open(&self.name).await
    }

    /// Closes and deletes.
    pub async fn end(self) {
        self.store.close().await;
        self.harness.delete(&self.name).await;
    }
}

fn key(text: &str) -> Key {
    Key::from_bytes(Space::Core, text.as_bytes()).unwrap()
}

fn value(text: &str) -> Value {
    Value::from(text.as_bytes().to_vec())
}

fn put(rows: &[(&str, &str)]) -> Batch {
    Batch { puts: rows.iter().map(|(k, v)| (key(k), value(v))).collect(), ..Batch::default() }
}

async fn commit(store: &dyn Store, batch: Batch) -> u64 {
    match store.commit(batch).await.unwrap() {
        Outcome::Committed(sequence) => sequence,
        Outcome::Conflict(guards) => panic!("conflict on {guards:?}"),
    }
}

async fn read_keys(store: &dyn Store, keys: &[&str]) -> Snapshot {
    store.read(Read { keys: keys.iter().map(|k| key(k)).collect(), ..Read::default() }).await.unwrap()
}

fn texts(values: &[Option<Value>]) -> Vec<Option<String>> {
    values.iter().map(|v| v.as_ref().map(|v| String::from_utf8(v.to_vec()).unwrap())).collect()
}

async fn scan(store: &dyn Store, scan: Scan) -> Vec<(String, String)> {
    let snapshot = store.read(Read { scans: vec![scan], ..Read::default() }).await.unwrap();
    assert_eq!(snapshot.scanned.len(), 1);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    snapshot.scanned[0].iter().map(|(k, v)| (text(k.bytes()), text(&v.to_vec()))).collect()
}

async fn scanned_keys(store: &dyn Store, s: Scan) -> Vec<String> {
    scan(store, s).await.into_iter().map(|(key, _)| key).collect()
}

/// A new store: nothing in it, every counter 0.
pub async fn a_new_store_is_empty(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let scans = Space::ALL.iter().map(|s| Scan::all(KeyRange::prefix(Key::new(*s)))).collect();
    let read = Read { keys: vec![key("a"), Key::new(Space::Meta)], scans, guards: vec![0, 7, (1 << 53) - 1] };
    let snapshot = fresh.store.read(read).await.unwrap();
    assert_eq!(snapshot.sequence, 0);
    assert_eq!(snapshot.values, [None, None]);
    assert_eq!(snapshot.scanned, vec![Vec::new(); Space::ALL.len()]);
    assert_eq!(snapshot.revisions, [0, 0, 0]);
    let journal = fresh.store.journal(0, 10).await.unwrap();
    assert!(journal.entries.is_empty() && !journal.truncated);
    let nothing = fresh.store.read(Read::default()).await.unwrap();
    assert!(nothing.values.is_empty() && nothing.scanned.is_empty() && nothing.revisions.is_empty());
    fresh.end().await;
}

/// Answers come in the order asked, repeated where asked twice.
pub async fn what_is_put_is_read_back(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    assert_eq!(commit(store, put(&[("a", "1"), ("b", "2"), ("", "no key")])).await, 1);
    let snapshot = read_keys(store, &["b", "missing", "a", "", "b"]).await;
    assert_eq!(snapshot.sequence, 1);
    assert_eq!(
        texts(&snapshot.values),
        [Some("2"), None, Some("1"), Some("no key"), Some("2")].map(|v| v.map(str::to_owned))
    );
    // The same bytes in another space are another key.
    let other = Key::from_bytes(Space::Rows, b"a").unwrap();
    let snapshot = store.read(Read { keys: vec![other], ..Read::default() }).await.unwrap();
    assert_eq!(snapshot.values, [None]);
    assert_eq!(commit(store, put(&[("a", "longer than before")])).await, 2);
    assert_eq!(texts(&read_keys(store, &["a"]).await.values), [Some("longer than before".to_owned())]);
    fresh.end().await;
}

/// Guards compare and move; a conflict names all that moved and changes nothing.
pub async fn a_moved_guard_is_a_conflict_and_changes_nothing(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let most = (1 << 53) - 1;
    commit(store, Batch { guards: vec![(1, 0), (2, 0), (most, 0)], ..put(&[("a", "1")]) }).await;
    commit(store, Batch { guards: vec![(1, 1)], ..put(&[("a", "2")]) }).await;
    let before = store
        .read(Read { keys: vec![key("a"), key("b")], guards: vec![1, 2, 3, most], ..Read::default() })
        .await
        .unwrap();
    assert_eq!(before.revisions, [2, 1, 0, 1]);
    let stale = Batch {
        guards: vec![(1, 1), (2, 1), (3, 5), (most, 1)],
        deletes: vec![key("a")],
        delete_ranges: vec![KeyRange::prefix(Key::new(Space::Core))],
        note: vec![9],
        ..put(&[("b", "never")])
    };
    assert_eq!(store.commit(stale).await.unwrap(), Outcome::Conflict(vec![1, 3]));
    let after = store
        .read(Read { keys: vec![key("a"), key("b")], guards: vec![1, 2, 3, most], ..Read::default() })
        .await
        .unwrap();
    assert_eq!(after.sequence, before.sequence);
    assert_eq!(after.revisions, before.revisions);
    assert_eq!(texts(&after.values), [Some("2".to_owned()), None]);
    assert_eq!(store.journal(0, 10).await.unwrap().entries.len(), 2);
    // The store goes on working after it.
    assert_eq!(commit(store, Batch { guards: vec![(1, 2)], ..put(&[("b", "now")]) }).await, 3);
    fresh.end().await;
}

/// Whatever is in it, a commit is one step of the sequence, so that where that stands, every guard and record
/// does; and a commit that is refused is none.
pub async fn every_commit_is_a_step(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let (store, rival) = (fresh.store.as_ref(), fresh.connect().await);
    let range = KeyRange::prefix(Key::new(Space::Core));
    let batches = [
        Batch::default(),
        Batch { guards: vec![(1, 0)], ..Batch::default() },
        Batch { guards: vec![(1, 1), (2, 0)], ..put(&[("a", "1")]) },
        put(&[("a", "2"), ("b", "2")]),
        Batch { deletes: vec![key("a"), key("not there")], ..Batch::default() },
        Batch { delete_ranges: vec![range], guards: vec![(2, 1)], ..Batch::default() },
        Batch { note: vec![1], durability: Durability::Strict, ..Batch::default() },
        Batch { exclusive: true, guards: vec![(1, 2)], ..Batch::default() },
    ];
    for (step, batch) in (1u64..).zip(batches) {
        let id = [step as u8; 16];
        assert_eq!(commit(store, Batch { id, ..batch }).await, step);
        let seen = [read_keys(store, &[]).await.sequence, read_keys(rival.as_ref(), &[]).await.sequence];
        assert_eq!(seen, [step; 2]);
        let refused = Batch { id: [99; 16], guards: vec![(1, 77)], ..put(&[("c", "never")]) };
        assert_eq!(store.commit(refused).await.unwrap(), Outcome::Conflict(vec![1]));
    }
    let journal = store.journal(0, 100).await.unwrap();
    assert_eq!(journal.entries.iter().map(|entry| entry.id[0]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    rival.close().await;
    fresh.end().await;
}

/// A commit that was begun with a read lands as any other; dropped, it changes nothing; who awaits something
/// else in between keeps nobody from committing, and is refused where a guard has moved.
pub async fn a_begun_commit_is_a_commit(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let (store, rival) = (fresh.store.as_ref(), fresh.connect().await);
    commit(store, Batch { guards: vec![(1, 0)], ..put(&[("a", "1")]) }).await;
    let begin = async || {
        let read = Read { keys: vec![key("a"), key("b")], guards: vec![1, 2], ..Read::default() };
        store.begin(read, Durability::Relaxed).await.unwrap()
    };
    let end = async |begun: Option<Box<dyn Begun>>, batch: Batch| match begun {
        Some(begun) => begun.commit(batch).await,
        None => store.commit(batch).await,
    };
    let batch = |guards: &[(u64, u64)], text: &str| Batch { guards: guards.to_vec(), ..put(&[("a", text)]) };

    let (snapshot, begun) = begin().await;
    assert_eq!((snapshot.sequence, snapshot.revisions), (1, vec![1, 0]));
    assert_eq!(texts(&snapshot.values), [Some("1".to_owned()), None]);
    let first = Batch { id: [5; 16], note: vec![7], ..batch(&[(1, 1), (2, 0)], "2") };
    assert_eq!(end(begun, first).await.unwrap(), Outcome::Committed(2));
    let journal = rival.journal(1, 10).await.unwrap();
    assert_eq!((journal.entries[0].id, journal.entries[0].note.clone()), ([5; 16], vec![7]));

    drop(begin().await);
    let snapshot = read_keys(rival.as_ref(), &["a"]).await;
    assert_eq!((snapshot.sequence, texts(&snapshot.values)), (2, vec![Some("2".to_owned())]));

    let (_, begun) = begin().await;
    assert_eq!(commit(rival.as_ref(), Batch { guards: vec![(3, 0)], ..put(&[("b", "theirs")]) }).await, 3);
    assert_eq!(end(begun, batch(&[(1, 2)], "3")).await.unwrap(), Outcome::Committed(4));

    let (_, begun) = begin().await;
    commit(rival.as_ref(), batch(&[(1, 3)], "theirs")).await;
    assert_eq!(end(begun, batch(&[(1, 3)], "never")).await.unwrap(), Outcome::Conflict(vec![1]));

    // Of a guard that was not read, and of another durability.
    let (_, begun) = begin().await;
    let other = Batch { durability: Durability::Strict, ..batch(&[(3, 0)], "never") };
    assert_eq!(end(begun, other).await.unwrap(), Outcome::Conflict(vec![3]));
    let (_, begun) = begin().await;
    assert_eq!(end(begun, batch(&[(3, 1)], "4")).await.unwrap(), Outcome::Committed(6));

    let (_, begun) = begin().await;
    let ours = async { end(begun, batch(&[(1, 4)], "5")).await.unwrap() };
    let theirs = async { rival.commit(batch(&[(1, 4)], "5")).await.unwrap() };
    let outcomes = futures::join!(ours, theirs);
    let landed = [&outcomes.0, &outcomes.1].map(|outcome| matches!(outcome, Outcome::Committed(7)));
    assert!(landed[0] != landed[1], "{outcomes:?}");

    let (_, begun) = begin().await;
    store.close().await;
    assert_eq!(end(begun, batch(&[], "never")).await.unwrap_err().code(), ErrorCode::Closed);
    let snapshot = read_keys(rival.as_ref(), &["a", "b"]).await;
    assert_eq!(texts(&snapshot.values), [Some("5".to_owned()), Some("theirs".to_owned())]);
    rival.close().await;
    fresh.end().await;
}

/// Ranges, then deletes, then puts, of which the last counts: one step, all spaces together.
pub async fn a_batch_lands_in_order_and_as_one(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    commit(store, put(&[("a1", "x"), ("a2", "x"), ("a3", "x"), ("b1", "x"), ("b2", "x"), ("c", "x")])).await;
    let rows = Key::from_bytes(Space::Rows, b"row").unwrap();
    let batch = Batch {
        delete_ranges: vec![
            KeyRange::prefix(key("a")),
            // Inverted and empty ranges hold nothing.
            KeyRange { from: key("c"), to: Some(key("b")) },
            KeyRange { from: key("b1"), to: Some(key("b1")) },
        ],
        deletes: vec![key("b2"), key("never there")],
        puts: vec![
            (key("a2"), value("kept")),
            (key("b2"), value("first")),
            (key("b2"), value("last")),
            (rows, value("row")),
        ],
        ..Batch::default()
    };
    assert_eq!(commit(store, batch).await, 2);
    assert_eq!(
        scanned_keys(store, Scan::all(KeyRange::prefix(Key::new(Space::Core)))).await,
        ["a2", "b1", "b2", "c"]
    );
    let snapshot = read_keys(store, &["a1", "a2", "b2"]).await;
    assert_eq!(texts(&snapshot.values), [None, Some("kept".to_owned()), Some("last".to_owned())]);
    let snapshot = store.read(Read { keys: vec![rows], ..Read::default() }).await.unwrap();
    assert_eq!(texts(&snapshot.values), [Some("row".to_owned())]);
    fresh.end().await;
}

/// Ranges are half-open, ordered bytewise, and never leave their space.
pub async fn ranges_are_half_open_and_bytewise(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let byte_keys: [&[u8]; 9] = [&[], &[0], &[0, 0], &[1], &[1, 255], &[2], &[127], &[128], &[255, 255]];
    let rows = byte_keys.iter().map(|k| (Key::from_bytes(Space::Ids, k).unwrap(), value("v")));
    let neighbours = [Space::Index, Space::Rows].map(|s| (Key::from_bytes(s, &[1]).unwrap(), value("other")));
    commit(store, Batch { puts: rows.rev().chain(neighbours).collect(), ..Batch::default() }).await;
    let ids = |bytes: &[u8]| Key::from_bytes(Space::Ids, bytes).unwrap();
    let cases: [(KeyRange, &[&[u8]]); 9] = [
        (KeyRange::prefix(ids(&[])), &byte_keys),
        (KeyRange { from: ids(&[]), to: None }, &byte_keys),
        (KeyRange { from: ids(&[0]), to: Some(ids(&[1])) }, &[&[0], &[0, 0]]),
        (KeyRange { from: ids(&[0, 0]), to: Some(ids(&[1, 255])) }, &[&[0, 0], &[1]]),
        (KeyRange::prefix(ids(&[1])), &[&[1], &[1, 255]]),
        (KeyRange::prefix(ids(&[255])), &[&[255, 255]]),
        (KeyRange { from: ids(&[128]), to: None }, &[&[128], &[255, 255]]),
        (KeyRange { from: ids(&[2]), to: Some(ids(&[2])) }, &[]),
        (KeyRange { from: ids(&[2]), to: Some(ids(&[1])) }, &[]),
    ];
    let read = Read { scans: cases.iter().map(|(range, _)| Scan::all(*range)).collect(), ..Read::default() };
    let snapshot = store.read(read).await.unwrap();
    for ((range, expected), rows) in cases.iter().zip(&snapshot.scanned) {
        let found: Vec<&[u8]> = rows.iter().map(|(key, _)| key.bytes()).collect();
        assert_eq!(&found, expected, "{range:?}");
    }
    fresh.end().await;
}

/// Every mixture of direction and bounds gives what the plain rule gives.
pub async fn scans_reverse_and_stop_at_their_bounds(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    // 40 rows of 0, 10, 20 … 390 bytes, so that batches of a store meet growing sizes.
    let rows: Vec<(String, String)> = (0..40).map(|i| (format!("k{i:02}"), "x".repeat(i * 10))).collect();
    commit(store, Batch { puts: rows.iter().map(|(k, v)| (key(k), value(v))).collect(), ..Batch::default() })
        .await;
    let whole = KeyRange::prefix(key("k"));
    let part = KeyRange { from: key("k05"), to: Some(key("k35")) };
    let bounds = [0usize, 1, 2, 7, 8, 9, 29, 30, 39, 40, 41, 1000, usize::MAX];
    let sizes = [0usize, 1, 10, 399, 2500, 100_000, usize::MAX];
    let mut scans = Vec::new();
    for range in [whole, part] {
        for reverse in [false, true] {
            for keys_only in [false, true] {
                for max_rows in bounds {
                    for max_bytes in sizes {
                        scans.push(Scan { range, reverse, keys_only, max_bytes, max_rows });
                    }
                }
            }
        }
    }
    let snapshot = store.read(Read { scans: scans.clone(), ..Read::default() }).await.unwrap();
    for (scan, found) in scans.iter().zip(&snapshot.scanned) {
        let mut ordered: Vec<&(String, String)> =
            rows.iter().filter(|(k, _)| scan.range.contains(&key(k))).collect();
        if scan.reverse {
            ordered.reverse();
        }
        let mut expected = Vec::new();
        let mut bytes = 0;
        for (k, v) in ordered.into_iter().take(scan.max_rows) {
            bytes += v.len();
            expected.push((key(k), if scan.keys_only { value("") } else { value(v) }));
            if !scan.keys_only && bytes >= scan.max_bytes {
                break;
            }
        }
        assert_eq!(found, &expected, "{scan:?}");
    }
    fresh.end().await;
}

/// Keys, scans, guards and the sequence of one read are of one moment, whatever commits meanwhile.
pub async fn a_read_sees_one_moment(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let other = fresh.connect().await;
    let step = |n: u64| {
        let text = n.to_string();
        let mut batch = put(&[("first", &text), ("k1", &text), ("k2", &text), ("zlast", &text)]);
        batch.guards = vec![(5, n)];
        batch
    };
    commit(store, step(0)).await;
    let writing = async {
        for n in 1..30 {
            commit(other.as_ref(), step(n)).await;
        }
    };
    let reading = async {
        for _ in 0..30 {
            let snapshot = store
                .read(Read {
                    keys: vec![key("first"), key("zlast")],
                    scans: vec![
                        Scan::all(KeyRange::prefix(key("k"))),
                        // In steps, where a store takes them.
                        Scan {
                            reverse: true,
                            max_rows: 3,
                            max_bytes: 2,
                            ..Scan::all(KeyRange::prefix(key("")))
                        },
                    ],
                    guards: vec![5],
                })
                .await
                .unwrap();
            assert_eq!(snapshot.revisions, [snapshot.sequence]);
            let text = (snapshot.sequence - 1).to_string();
            let all =
                snapshot.values.iter().flatten().chain(snapshot.scanned.iter().flatten().map(|(_, v)| v));
            assert!(all.clone().count() >= 5);
            for found in all {
                assert_eq!(found, &value(&text));
            }
        }
    };
    futures::join!(writing, reading);
    assert_eq!(read_keys(store, &[]).await.sequence, 30);
    other.close().await;
    fresh.end().await;
}

/// Of concurrent commits on one guard exactly one lands at a time: no update is lost.
pub async fn concurrent_counters_lose_nothing(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let other = fresh.connect().await;
    let add = |store: Rc<dyn Store>| async move {
        for _ in 0..10 {
            loop {
                let snapshot = store
                    .read(Read { keys: vec![key("n")], guards: vec![1], ..Read::default() })
                    .await
                    .unwrap();
                let n: u64 = texts(&snapshot.values)[0].as_ref().map_or(0, |n| n.parse().unwrap());
                let batch =
                    Batch { guards: vec![(1, snapshot.revisions[0])], ..put(&[("n", &(n + 1).to_string())]) };
                if let Outcome::Committed(_) = store.commit(batch).await.unwrap() {
                    break;
                }
            }
        }
    };
    join_all([add(fresh.store.clone()), add(fresh.store.clone()), add(other.clone()), add(other.clone())])
        .await;
    assert_eq!(texts(&read_keys(fresh.store.as_ref(), &["n"]).await.values), [Some("40".to_owned())]);
    other.close().await;
    fresh.end().await;
}

/// The journal tells every commit once, in order, from any step on.
pub async fn the_journal_tells_every_commit(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    for n in 1..=20u8 {
        let note = vec![n; usize::from(n) - 1];
        commit(store, Batch { id: [n; 16], note, ..Batch::default() }).await;
    }
    let journal = store.journal(0, 100).await.unwrap();
    assert!(!journal.truncated);
    assert_eq!(journal.entries.len(), 20);
    for (entry, n) in journal.entries.iter().zip(1..=20u8) {
        assert_eq!(entry.sequence, u64::from(n));
        assert_eq!(entry.id, [n; 16]);
        assert_eq!(entry.note, vec![n; usize::from(n) - 1]);
    }
    let some = store.journal(17, 2).await.unwrap();
    assert_eq!(some.entries.iter().map(|e| e.sequence).collect::<Vec<_>>(), [18, 19]);
    for after in [20, 21, u64::MAX] {
        let none = store.journal(after, 100).await.unwrap();
        assert!(none.entries.is_empty() && !none.truncated, "after {after}");
    }
    assert!(store.journal(0, 0).await.unwrap().entries.is_empty());
    fresh.end().await;
}

/// Old entries go, at least the newest [`JOURNAL_LENGTH`] stay, and it says so.
pub async fn the_journal_says_when_it_is_truncated(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let steps = JOURNAL_LENGTH + 600;
    for _ in 0..steps / 8 {
        // Several at once, for speed alone.
        let commits = (0..8).map(|_| commit(store, Batch { note: vec![1], ..Batch::default() }));
        join_all(commits).await;
    }
    assert_eq!(read_keys(store, &[]).await.sequence, steps);
    let journal = store.journal(0, usize::MAX).await.unwrap();
    assert!(journal.truncated);
    assert!(journal.entries.len() as u64 >= JOURNAL_LENGTH);
    let first = journal.entries[0].sequence;
    assert!(first > 1, "nothing was ever dropped");
    assert_eq!(journal.entries.len() as u64, steps - first + 1);
    assert_eq!(journal.entries.last().unwrap().sequence, steps);
    assert!(!store.journal(first - 1, 1).await.unwrap().truncated);
    assert!(store.journal(first - 2, 1).await.unwrap().truncated);
    assert!(!store.journal(steps, 1).await.unwrap().truncated);
    fresh.end().await;
}

/// A connection sees what another committed, and hears that it did.
pub async fn two_connections_are_one_database(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let other = fresh.connect().await;
    let mut feed = other.changes();
    let mut own = fresh.store.changes();
    assert_eq!(commit(fresh.store.as_ref(), put(&[("a", "1")])).await, 1);
    assert!(own.changed().now_or_never().is_some(), "its own hint comes with the commit");
    let heard = Box::pin(feed.changed());
    let waited = Box::pin(sleep_ms(5000));
    assert!(
        matches!(futures::future::select(heard, waited).await, futures::future::Either::Left(_)),
        "no hint from the other connection"
    );
    assert_eq!(texts(&read_keys(other.as_ref(), &["a"]).await.values), [Some("1".to_owned())]);
    assert_eq!(commit(other.as_ref(), put(&[("a", "2")])).await, 2);
    let snapshot = read_keys(fresh.store.as_ref(), &["a"]).await;
    assert_eq!((snapshot.sequence, texts(&snapshot.values)), (2, vec![Some("2".to_owned())]));
    // Closing one leaves the other open.
    other.close().await;
    assert_eq!(commit(fresh.store.as_ref(), put(&[("a", "3")])).await, 3);
    fresh.end().await;
}

/// Values from nothing to megabytes, and windows on them, come back whole.
pub async fn values_of_any_size(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let mut pattern = vec![0u8; 5 << 20];
    for (index, byte) in pattern.iter_mut().enumerate() {
        *byte = (index ^ (index >> 8) ^ (index >> 16)) as u8;
    }
    let sizes = [0, 1, 4095, 4096, 4097, 70_000, 5 << 20];
    let content = |n: usize| Key::new(Space::Content).then_u32(n as u32);
    let whole = Value::from(pattern.clone());
    let puts = sizes.iter().map(|size| (content(*size), whole.slice(0..*size))).collect();
    commit(store, Batch { puts, durability: Durability::Strict, ..Batch::default() }).await;
    let keys = sizes.iter().map(|size| content(*size)).collect();
    let snapshot = store.read(Read { keys, ..Read::default() }).await.unwrap();
    for (size, found) in sizes.iter().zip(&snapshot.values) {
        let found = found.as_ref().expect("stored");
        assert_eq!(found.len(), *size);
        assert!(found.to_vec() == pattern[..*size], "{size} bytes");
        if *size > 100 {
            assert_eq!(found.slice(33..90).to_vec(), pattern[33..90]);
            assert_eq!(found.slice(size - 5..size + 5).to_vec(), pattern[size - 5..*size]);
        }
    }
    // A window on what was read goes back as no more than itself.
    let big = snapshot.values.last().unwrap().clone().unwrap();
    let window = big.slice(1_000_000..1_010_000);
    let puts = vec![(content(1), window.clone()), (content(2), big), (content(3), window.slice(0..0))];
    commit(store, Batch { puts, ..Batch::default() }).await;
    let keys = vec![content(1), content(2), content(3)];
    let again = store.read(Read { keys, ..Read::default() }).await.unwrap();
    assert_eq!(again.values[0].as_ref().unwrap().to_vec(), pattern[1_000_000..1_010_000]);
    assert!(again.values[1].as_ref().unwrap().to_vec() == pattern);
    assert_eq!(again.values[2].as_ref().unwrap().len(), 0);
    // A scan bounded in bytes does not read on behind the bound.
    let bounded =
        Scan { max_bytes: 100_000, reverse: true, ..Scan::all(KeyRange::prefix(Key::new(Space::Content))) };
    let snapshot = store.read(Read { scans: vec![bounded], ..Read::default() }).await.unwrap();
    assert_eq!(snapshot.scanned[0].len(), 1);
    fresh.end().await;
}

/// Two thousand records in one batch, the longest keys among them.
pub async fn many_records_and_the_longest_keys(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    let long = |n: u32| Key::new(Space::Buckets).then(&[0xAB; 28]).then_u32(n);
    let puts = (0..2000u32).map(|n| (long(n), Value::from(n.to_be_bytes().to_vec()))).collect();
    commit(store, Batch { puts, ..Batch::default() }).await;
    let all = Scan::all(KeyRange::prefix(Key::new(Space::Buckets)));
    let keys = (0..2000).step_by(7).map(long).collect();
    let newest = Scan { reverse: true, max_rows: 50, ..all };
    let by_bytes = Scan { max_bytes: 4000, ..all };
    let snapshot =
        store.read(Read { keys, scans: vec![all, newest, by_bytes], ..Read::default() }).await.unwrap();
    for (found, n) in snapshot.values.iter().zip((0..2000u32).step_by(7)) {
        assert_eq!(found.as_ref().unwrap().to_vec(), n.to_be_bytes());
    }
    let numbers =
        |rows: &[(Key, Value)]| rows.iter().map(|(k, _)| k.u32_at(28).unwrap()).collect::<Vec<u32>>();
    assert_eq!(numbers(&snapshot.scanned[0]), (0..2000).collect::<Vec<u32>>());
    assert_eq!(numbers(&snapshot.scanned[1]), (1950..2000).rev().collect::<Vec<u32>>());
    assert_eq!(numbers(&snapshot.scanned[2]), (0..1000).collect::<Vec<u32>>());
    commit(store, Batch { delete_ranges: vec![KeyRange { from: long(10), to: None }], ..Batch::default() })
        .await;
    let snapshot = store.read(Read { scans: vec![all], ..Read::default() }).await.unwrap();
    assert_eq!(numbers(&snapshot.scanned[0]), (0..10).collect::<Vec<u32>>());
    fresh.end().await;
}

/// A permit keeps nobody who holds it from committing, and dropping it, or the
/// wait for it, lets the next one in.
pub async fn a_permit_blocks_no_one_for_good(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let other = fresh.connect().await;
    let store = fresh.store.as_ref();
    let permit = store.exclusive().await.unwrap();
    assert_eq!(commit(store, Batch { exclusive: true, ..put(&[("a", "1")]) }).await, 1);
    // The other waits its turn, or does not have to; either way it lands.
    let (second, ()) = futures::join!(commit(other.as_ref(), put(&[("a", "2")])), async {
        sleep_ms(20).await;
        drop(permit);
    });
    assert_eq!(second, 2);
    // One who gives up waiting leaves nothing locked.
    let held = store.exclusive().await.unwrap();
    let mut waiting = Box::pin(other.exclusive());
    let _ = waiting.as_mut().now_or_never();
    drop(waiting);
    drop(held);
    let permit = other.exclusive().await.unwrap();
    drop(permit);
    assert_eq!(commit(store, put(&[("a", "3")])).await, 3);
    other.close().await;
    fresh.end().await;
}

/// A read whose caller goes away disturbs nothing.
pub async fn abandoned_calls_disturb_nothing(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.as_ref();
    commit(store, put(&[("a", "1")])).await;
    for pause in [None, Some(0), Some(1)] {
        let read =
            Read { keys: vec![key("a")], scans: vec![Scan::all(KeyRange::prefix(key("")))], guards: vec![1] };
        let mut reading = Box::pin(store.read(read));
        let mut writing = Box::pin(store.commit(put(&[("b", "left alone")])));
        let _ = reading.as_mut().now_or_never();
        let _ = writing.as_mut().now_or_never();
        if let Some(pause) = pause {
            sleep_ms(pause).await;
        }
    }
    sleep_ms(50).await;
    let sequence = read_keys(store, &[]).await.sequence;
    let journal = store.journal(0, 100).await.unwrap();
    assert_eq!(journal.entries.len() as u64, sequence, "each commit landed whole or not at all");
    assert_eq!(commit(store, put(&[("c", "3")])).await, sequence + 1);
    fresh.end().await;
}

/// After `close` every method fails with `CLOSED`; closing twice is no error.
pub async fn a_closed_store_says_so(harness: &dyn StoreHarness) {
    let fresh = Fresh::new(harness).await;
    let store = fresh.store.clone();
    commit(store.as_ref(), put(&[("a", "1")])).await;
    store.close().await;
    store.close().await;
    assert_eq!(store.read(Read::default()).await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(store.commit(put(&[("a", "2")])).await.unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(store.journal(0, 1).await.unwrap_err().code(), ErrorCode::Closed);
    fresh.end().await;
}

/// What was committed is there when the database is opened again.
pub async fn reopening_keeps_everything(harness: &dyn StoreHarness) {
    if !harness.keeps() {
        return;
    }
    let fresh = Fresh::new(harness).await;
    let batch =
        Batch { id: [3; 16], note: vec![1, 2], guards: vec![(4, 0)], ..put(&[("a", "1"), ("b", "2")]) };
    commit(fresh.store.as_ref(), batch).await;
    fresh.store.close().await;
    let again = fresh.connect().await;
    let read = Read { keys: vec![key("a"), key("b")], guards: vec![4], ..Read::default() };
    let snapshot = again.read(read).await.unwrap();
    assert_eq!((snapshot.sequence, snapshot.revisions), (1, vec![1]));
    assert_eq!(texts(&snapshot.values), [Some("1".to_owned()), Some("2".to_owned())]);
    let journal = again.journal(0, 10).await.unwrap();
    assert_eq!((journal.entries[0].id, journal.entries[0].note.clone()), ([3; 16], vec![1, 2]));
    again.close().await;
    fresh.end().await;
}

/// Makes one test of every case. `$test` is the attribute of a test, `$run`
/// a macro that runs a future to its end inside it (or awaits it, for an
/// attribute that takes `async fn`), `$harness` an expression.
#[macro_export]
macro_rules! store_contract_tests {
    (async $test:meta, $harness:expr) => {
        $crate::store_contract_tests!(@each async_one, $test, $harness);
    };
    (blocking $test:meta, $run:path, $harness:expr) => {
        $crate::store_contract_tests!(@each blocking_one, $test, $harness, $run);
    };
    (@each $kind:ident, $($rest:tt)*) => {
        $crate::store_contract_tests!(@$kind a_new_store_is_empty, $($rest)*);
        $crate::store_contract_tests!(@$kind what_is_put_is_read_back, $($rest)*);
        $crate::store_contract_tests!(@$kind a_moved_guard_is_a_conflict_and_changes_nothing, $($rest)*);
        $crate::store_contract_tests!(@$kind every_commit_is_a_step, $($rest)*);
        $crate::store_contract_tests!(@$kind a_begun_commit_is_a_commit, $($rest)*);
        $crate::store_contract_tests!(@$kind a_batch_lands_in_order_and_as_one, $($rest)*);
        $crate::store_contract_tests!(@$kind ranges_are_half_open_and_bytewise, $($rest)*);
        $crate::store_contract_tests!(@$kind scans_reverse_and_stop_at_their_bounds, $($rest)*);
        $crate::store_contract_tests!(@$kind a_read_sees_one_moment, $($rest)*);
        $crate::store_contract_tests!(@$kind concurrent_counters_lose_nothing, $($rest)*);
        $crate::store_contract_tests!(@$kind the_journal_tells_every_commit, $($rest)*);
        $crate::store_contract_tests!(@$kind the_journal_says_when_it_is_truncated, $($rest)*);
        $crate::store_contract_tests!(@$kind two_connections_are_one_database, $($rest)*);
        $crate::store_contract_tests!(@$kind values_of_any_size, $($rest)*);
        $crate::store_contract_tests!(@$kind many_records_and_the_longest_keys, $($rest)*);
        $crate::store_contract_tests!(@$kind a_permit_blocks_no_one_for_good, $($rest)*);
        $crate::store_contract_tests!(@$kind abandoned_calls_disturb_nothing, $($rest)*);
        $crate::store_contract_tests!(@$kind a_closed_store_says_so, $($rest)*);
        $crate::store_contract_tests!(@$kind reopening_keeps_everything, $($rest)*);
    };
    (@async_one $case:ident, $test:meta, $harness:expr) => {
        #[$test]
        async fn $case() {
            $crate::testing::store_contract::$case(&$harness).await;
        }
    };
    (@blocking_one $case:ident, $test:meta, $harness:expr, $run:path) => {
        #[$test]
        fn $case() {
            $run($crate::testing::store_contract::$case(&$harness));
        }
    };
}
