//! The store in memory: the reference for the contract. Clones share one
//! database, as two tabs do.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::rc::Rc;

use async_trait::async_trait;

use super::{
    Batch, Guard, JOURNAL_LENGTH, Journal, JournalEntry, Key, KeyRange, Outcome, Read, Revision, Scan,
    Sequence, Snapshot, Store,
};
use crate::model::{Error, Result, Value};
use crate::view::Hub;

#[derive(Clone, Default)]
struct Database {
    records: BTreeMap<Key, Value>,
    guards: HashMap<Guard, Revision>,
    journal: BTreeMap<Sequence, JournalEntry>,
    sequence: Sequence,
}

/// Everything a store keeps, as it keeps it. For tests, which write it to files and spoil it.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// The step of the last commit.
    pub sequence: Sequence,
    /// The guards that were named in a commit.
    pub guards: BTreeMap<Guard, Revision>,
    /// The entries that are kept.
    pub journal: Vec<JournalEntry>,
    /// The records.
    pub records: BTreeMap<Key, Value>,
}

/// A store that lives as long as its last clone.
#[derive(Clone, Default)]
pub struct MemoryStore {
    database: Rc<RefCell<Database>>,
    hub: Hub,
    closed: Rc<std::cell::Cell<bool>>,
}

impl MemoryStore {
    /// An empty database.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// Another connection to the same database, to be closed apart.
    #[must_use]
    pub fn connect(&self) -> Self {
        MemoryStore { closed: Rc::default(), ..self.clone() }
    }

    /// A database of its own, with what is in this one now.
    #[must_use]
    pub fn fork(&self) -> Self {
        let database = self.database.borrow().clone();
        MemoryStore { database: Rc::new(RefCell::new(database)), ..MemoryStore::default() }
    }

    /// A store that holds this.
    #[cfg(feature = "testing")]
    pub fn holding(stored: Stored) -> Self {
        let database = Database {
            records: stored.records,
            guards: stored.guards.into_iter().collect(),
            journal: stored.journal.into_iter().map(|entry| (entry.sequence, entry)).collect(),
            sequence: stored.sequence,
        };
        MemoryStore { database: Rc::new(RefCell::new(database)), ..MemoryStore::default() }
    }

    /// What it holds.
    #[cfg(feature = "testing")]
    pub fn stored(&self) -> Stored {
        let database = self.database.borrow();
        Stored {
            sequence: database.sequence,
            guards: database.guards.iter().map(|(guard, revision)| (*guard, *revision)).collect(),
            journal: database.journal.values().cloned().collect(),
            records: database.records.clone(),
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.get() { Err(Error::closed("the store is closed")) } else { Ok(()) }
    }
}

impl Database {
    fn range(&self, range: &KeyRange) -> impl DoubleEndedIterator<Item = (&Key, &Value)> {
        let space = range.from.space();
        let to = match range.to {
            // An inverted range is empty; `BTreeMap::range` would panic.
            Some(to) if to <= range.from => Bound::Included(range.from),
            Some(to) => Bound::Excluded(to),
            None => Bound::Unbounded,
        };
        let empty = range.to.is_some_and(|to| to <= range.from);
        self.records
            .range((Bound::Included(range.from), to))
            .take_while(move |(key, _)| key.space() == space && !empty)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn scan(&self, scan: &Scan) -> Vec<(Key, Value)> {
        let mut rows = Vec::new();
        let mut bytes = 0usize;
        let range = self.range(&scan.range);
        let ordered: Box<dyn Iterator<Item = (&Key, &Value)>> =
            if scan.reverse { Box::new(range.rev()) } else { Box::new(range) };
        for (key, value) in ordered.take(scan.max_rows) {
            bytes = bytes.saturating_add(value.len());
            rows.push((*key, if scan.keys_only { Value::from(Vec::new()) } else { value.clone() }));
            if !scan.keys_only && bytes >= scan.max_bytes {
                break;
            }
        }
        rows
    }
}

#[async_trait(?Send)]
impl Store for MemoryStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        self.check_open()?;
        let database = self.database.borrow();
        Ok(Snapshot {
            sequence: database.sequence,
            values: read.keys.iter().map(|key| database.records.get(key).cloned()).collect(),
            scanned: read.scans.iter().map(|scan| database.scan(scan)).collect(),
            revisions: read
                .guards
                .iter()
                .map(|guard| database.guards.get(guard).copied().unwrap_or_default())
                .collect(),
        })
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        self.check_open()?;
        let sequence = {
            let mut database = self.database.borrow_mut();
            let moved: Vec<Guard> = batch
                .guards
                .iter()
                .filter(|(guard, revision)| {
                    database.guards.get(guard).copied().unwrap_or_default() != *revision
                })
                .map(|(guard, _)| *guard)
                .collect();
            if !moved.is_empty() {
                return Ok(Outcome::Conflict(moved));
            }
            for (guard, revision) in &batch.guards {
                database.guards.insert(*guard, revision + 1);
            }
            for range in &batch.delete_ranges {
                let doomed: Vec<Key> = database.range(range).map(|(key, _)| *key).collect();
                for key in doomed {
                    database.records.remove(&key);
                }
            }
            for key in &batch.deletes {
                database.records.remove(key);
            }
            for (key, value) in batch.puts {
                database.records.insert(key, value);
            }
            database.sequence += 1;
            let sequence = database.sequence;
            database.journal.insert(sequence, JournalEntry { sequence, id: batch.id, note: batch.note });
            if sequence > JOURNAL_LENGTH {
                database.journal.remove(&(sequence - JOURNAL_LENGTH));
            }
            sequence
        };
        self.hub.notify();
        Ok(Outcome::Committed(sequence))
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        self.check_open()?;
        let database = self.database.borrow();
        let first_kept = database.journal.keys().next().copied().unwrap_or(database.sequence + 1);
        Ok(Journal {
            entries: database
                .journal
                .range(after.saturating_add(1)..)
                .take(max)
                .map(|(_, e)| e.clone())
                .collect(),
            truncated: after.saturating_add(1) < first_kept && after < database.sequence,
        })
    }

    fn hub(&self) -> &Hub {
        &self.hub
    }

    async fn close(&self) {
        self.closed.set(true);
    }
}
