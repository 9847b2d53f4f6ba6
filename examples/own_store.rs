//! A store of one's own: what the engine needs of a database, in some eighty lines. This one keeps
//! maps in memory; put a database's transactions in their place.
//!
//! ```sh
//! cargo run --example own_store
//! ```

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use async_trait::async_trait;
use offline_mailbox::model::{Error, Result, Value};
use offline_mailbox::store::{
    Batch, Guard, JOURNAL_LENGTH, Journal, JournalEntry, Key, Outcome, Read, Revision, Scan, Sequence,
    Snapshot, Store,
};
use offline_mailbox::view::Hub;

#[derive(Default)]
struct Tables {
    records: BTreeMap<Key, Value>,
    revisions: HashMap<Guard, Revision>,
    sequence: Sequence,
    /// The newest commits.
    journal: VecDeque<JournalEntry>,
}

impl Tables {
    fn revision(&self, guard: Guard) -> Revision {
        self.revisions.get(&guard).copied().unwrap_or_default()
    }

    fn scan(&self, scan: &Scan) -> Vec<(Key, Value)> {
        let mut rows: Vec<_> = self.records.iter().filter(|(key, _)| scan.range.contains(key)).collect();
        if scan.reverse {
            rows.reverse();
        }
        let mut found = Vec::new();
        let mut bytes = 0;
        for (key, value) in rows.into_iter().take(scan.max_rows) {
            found.push((*key, if scan.keys_only { Value::from(Vec::new()) } else { value.clone() }));
            bytes += value.len();
            // The row that reaches the limit is still returned.
            if bytes >= scan.max_bytes && !scan.keys_only {
                break;
            }
        }
        found
    }
}

/// A connection to a database; [`OwnStore::connect`] makes more.
#[derive(Clone, Default)]
pub struct OwnStore {
    tables: Rc<RefCell<Tables>>,
    hub: Hub,
    closed: Rc<Cell<bool>>,
}

impl OwnStore {
    /// Another connection, to be closed apart.
    pub fn connect(&self) -> OwnStore {
        OwnStore { closed: Rc::default(), ..self.clone() }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.get() { Err(Error::closed("the store is closed")) } else { Ok(()) }
    }
}

#[async_trait(?Send)]
impl Store for OwnStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        self.check_open()?;
        let tables = self.tables.borrow();
        Ok(Snapshot {
            sequence: tables.sequence,
            values: read.keys.iter().map(|key| tables.records.get(key).cloned()).collect(),
            scanned: read.scans.iter().map(|scan| tables.scan(scan)).collect(),
            revisions: read.guards.iter().map(|guard| tables.revision(*guard)).collect(),
        })
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        self.check_open()?;
        let sequence = {
            let mut tables = self.tables.borrow_mut();
            let moved = batch.guards.iter().filter(|(guard, revision)| tables.revision(*guard) != *revision);
            let moved: Vec<Guard> = moved.map(|(guard, _)| *guard).collect();
            if !moved.is_empty() {
                return Ok(Outcome::Conflict(moved));
            }
            tables.revisions.extend(batch.guards.iter().map(|(guard, revision)| (*guard, revision + 1)));
            tables.records.retain(|key, _| {
                !batch.deletes.contains(key) && !batch.delete_ranges.iter().any(|range| range.contains(key))
            });
            tables.records.extend(batch.puts);
            tables.sequence += 1;
            let sequence = tables.sequence;
            tables.journal.push_back(JournalEntry { sequence, id: batch.id, note: batch.note });
            if tables.journal.len() as u64 > JOURNAL_LENGTH {
                tables.journal.pop_front();
            }
            sequence
        };
        self.hub.notify();
        Ok(Outcome::Committed(sequence))
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        self.check_open()?;
        let tables = self.tables.borrow();
        let entries = tables.journal.iter().filter(|entry| entry.sequence > after).take(max);
        let dropped = tables.sequence - tables.journal.len() as u64;
        Ok(Journal { entries: entries.cloned().collect(), truncated: after < dropped })
    }

    fn hub(&self) -> &Hub {
        &self.hub
    }

    async fn close(&self) {
        self.closed.set(true);
    }
}

/// A mailbox on it, and a second session that sees what the first one does.
#[allow(dead_code, reason = "the tests of this store include this file, and run it by their own means")]
fn main() -> Result<()> {
    use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
    use offline_mailbox::model::AppendMessage;
    use offline_mailbox::session::{BaseSession, SessionOptions};

    futures::executor::block_on(async {
        let store = OwnStore::default();
        let mut sessions = Vec::new();
        for _ in 0..2 {
            let set = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await?;
            sessions.push(BaseSession::new(set, SessionOptions::default()));
        }
        if let [writer, reader] = sessions.as_slice() {
            let message = AppendMessage::new("Subject: hello\r\n\r\nHello, world!\r\n");
            writer.append_messages("INBOX", vec![message], None).await?;
            let (snapshot, _) = reader.get_mailbox("INBOX", None).await?;
            println!("{} message, in {} records", snapshot.exists, store.tables.borrow().records.len());
        }
        Ok(())
    })
}
