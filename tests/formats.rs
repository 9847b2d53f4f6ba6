//! Databases of every format there was: they open for ever, and what this code writes is the newest to the
//! octet. And what damage and later versions do: nothing is written over, the rest goes on.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "formats/damage.rs"]
mod damage;
#[path = "formats/fixture.rs"]
mod fixture;

use std::rc::Rc;

use fixture::{name, open, read, seen, stored_of};
use futures::executor::block_on;
use offline_mailbox::backend::MailboxSet;
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{AppendMessage, ErrorCode, FlagOp, Flags, Value};
use offline_mailbox::store::{MemoryStore, Space};
use offline_mailbox::testing::faulty_store::{Call, Fault, FaultyStore};

/// The format that this code writes.
const NEWEST: u32 = 2;

fn fixture_of(format: u32) -> MemoryStore {
    MemoryStore::holding(stored_of(&read(format, "database.json.gz")))
}

/// Run by `scripts/make-format-fixture.sh`.
#[test]
#[ignore = "writes the fixture"]
fn make_the_fixture() {
    block_on(fixture::write_fixture(NEWEST));
}

/// How many records are of a version before the newest, but for packs.
fn old_records(store: &MemoryStore) -> usize {
    let is_pack = |space| matches!(space, Space::Content | Space::Text);
    let records = store.stored().records;
    records.iter().filter(|(key, record)| !is_pack(key.space()) && record.to_vec()[0] < 2).count()
}

#[test]
fn what_is_written_is_the_newest_format_to_the_octet() {
    // A difference is a new version of a record, read beside the old one, and a new fixture.
    let (made, kept) = (block_on(fixture::make()).stored(), fixture_of(NEWEST).stored());
    for (key, record) in &made.records {
        assert_eq!(Some(record), kept.records.get(key), "{key:?}");
    }
    assert_eq!(made, kept);
}

#[test]
fn every_format_opens_whole_and_can_be_written_to() {
    block_on(async {
        for format in 1..=NEWEST {
            for migrated in [false, true] {
                let store = fixture_of(format);
                if migrated {
                    open(&store).await.cleanup(true).await.unwrap();
                    assert_eq!(old_records(&store), 0);
                }
                let set = open(&store).await;
                assert_eq!(set.verify().await.unwrap(), []);
                assert_eq!(seen(&set).await, read(format, "seen.txt.gz"), "format {format}");
                let inbox = set.get_mailbox(&name("INBOX")).await.unwrap();
                // The thread that mail 1 began is still known.
                let first = inbox.get(103, None).await.unwrap().unwrap();
                let reply = "Subject: Re: Gr\u{fc}\u{df}e 0\r\nMessage-ID: <reply@x>\r\nIn-Reply-To: <2@example.org>\r\n\r\n";
                let reply = inbox.append(AppendMessage::new(reply), true).await.unwrap();
                assert_eq!(reply.thread_id, first.thread_id);
                let flags = Flags::parse(["Drei"]).unwrap();
                inbox.update_many(&[103, reply.uid], &flags, FlagOp::Add, None).await.unwrap();
                inbox.copy_many(&[103], inbox.as_ref(), false).await.unwrap();
                inbox.expunge(&[105], false).await.unwrap();
                set.rename_mailbox(&name("Work"), &name("Play")).await.unwrap();
                set.cleanup(true).await.unwrap();
                assert_eq!(old_records(&store), 0);
                let again = open(&store).await;
                assert_eq!(again.verify().await.unwrap(), []);
                let inbox = again.get_mailbox(&name("INBOX")).await.unwrap();
                assert!(inbox.get(103, None).await.unwrap().unwrap().flags.names().contains(&"Drei"));
            }
        }
    });
}

#[test]
fn a_migration_that_is_cut_short_anywhere_goes_on() {
    block_on(async {
        let mut cut_short = 0;
        for commit in 0.. {
            let store = fixture_of(1);
            let faulty = FaultyStore::new(Rc::new(store.connect()));
            // The first commit says that the database is for this version from now on.
            faulty.plan(Call::Commit, commit, Fault::Fail(ErrorCode::QuotaExceeded));
            let set = StoreMailboxSet::open(faulty, EngineOptions::default()).await.unwrap();
            let done = set.cleanup(true).await;
            assert_eq!(seen(&open(&store).await).await, read(1, "seen.txt.gz"));
            if done.is_ok() && commit > 0 {
                break;
            }
            cut_short += 1;
            let again = open(&store).await;
            again.cleanup(true).await.unwrap();
            assert_eq!(old_records(&store), 0);
            assert_eq!(again.verify().await.unwrap(), []);
            assert_eq!(seen(&again).await, read(1, "seen.txt.gz"));
        }
        assert!(cut_short > 5, "{cut_short}");
    });
}

/// A record of a version that is yet to come.
fn of_tomorrow(key: &offline_mailbox::store::Key, record: &Value) -> Value {
    let mut record = record.to_vec();
    record[0] = 9;
    if matches!(key.space(), Space::Content | Space::Text) {
        let count = u32::from_le_bytes(record[2..6].try_into().unwrap()) as usize;
        let header = 6 + 12 * count;
        let checksum = crc32fast::hash(&record[..header]);
        record[header..header + 4].copy_from_slice(&checksum.to_le_bytes());
        return record.into();
    }
    let body = record.len() - 4;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[key.space() as u8]);
    hasher.update(key.bytes());
    hasher.update(&record[..body]);
    record[body..].copy_from_slice(&hasher.finalize().to_le_bytes());
    record.into()
}

#[test]
fn what_a_later_version_wrote_is_refused_and_left_alone() {
    block_on(async {
        let whole = fixture_of(NEWEST).stored();
        let mut refused = 0;
        // The copy of the names is of the names' version.
        for key in damage::telling(&whole).into_iter().filter(|key| key.bytes() != b"names-copy") {
            let mut stored = whole.clone();
            let record = of_tomorrow(&key, &whole.records[&key]);
            stored.records.insert(key, record.clone());
            let store = MemoryStore::holding(stored.clone());
            let opened = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await;
            if key.bytes() == b"format" {
                assert_eq!(opened.unwrap_err().code(), ErrorCode::SchemaTooNew);
                assert_eq!(store.stored(), stored, "a database of a later version");
                continue;
            }
            let set = opened.unwrap();
            let codes = damage::write_everywhere(&set).await;
            assert!(codes.iter().all(|code| *code == ErrorCode::SchemaTooNew), "{key:?} {codes:?}");
            refused += usize::from(!codes.is_empty());
            assert_eq!(store.stored().records.get(&key), Some(&record), "{key:?}");
            let named = damage::named(&set).await;
            assert!(named.is_empty() || named == [damage::name_of(&key)], "{key:?} {named:?}");
        }
        assert!(refused > 10, "{refused}");
    });
}
