//! The checker finds what is missing, and what is no longer what the rest was
//! written for. Records that cannot be read: `formats`.

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;

use super::{inbox, mail, open, outside, verified};
use crate::backend::{CreateOptions, ImportOptions, MailboxSet};
use crate::engine::layout::{self, PackKind};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{AppendMessage, ErrorCode, FlagOp, Flags, MailboxName};
use crate::store::{Batch, Key, KeyRange, MemoryStore, Read, Scan, Space, Store};

/// A database with every kind of record: folded and logged facts, a sealed and a growing index page,
/// packs of both kinds, a long message, filters, a mailbox in its grave.
async fn full() -> MemoryStore {
    let store = MemoryStore::new();
    let set = open(&store).await;
    let mailbox = inbox(&set).await;
    for first in (0..4800).step_by(800) {
        mailbox.append_many((first..first + 800).map(mail).collect(), false).await.unwrap();
    }
    set.cleanup(true).await.unwrap();
    let long = format!("Subject: long\r\n\r\n{}", "long ".repeat(300_000));
    mailbox.append(AppendMessage::new(long), true).await.unwrap();
    let options = ImportOptions { import: Some(("half".to_owned(), 0)), ..ImportOptions::default() };
    mailbox.import(vec![mail(9000)], &options).await.unwrap();
    let doomed = Flags::parse(["\\Deleted", "work"]).unwrap();
    mailbox.update_many(&[7, 8, 4800], &doomed, FlagOp::Add, None).await.unwrap();
    mailbox.expunge(&[8], true).await.unwrap();
    let filters = set.filter_set().unwrap();
    filters.put("main", b"keep;").await.unwrap();
    filters.set_active("main").await.unwrap();
    set.add_mailbox(&MailboxName::parse("Work").unwrap(), &CreateOptions::default()).await.unwrap();
    verified(&set).await;
    store
}

async fn records(store: &MemoryStore) -> BTreeMap<Key, Vec<u8>> {
    let scans = Space::ALL.map(|space| Scan::all(KeyRange::prefix(Key::new(space)))).to_vec();
    let snapshot = store.read(Read { scans, ..Read::default() }).await.unwrap();
    snapshot.scanned.into_iter().flatten().map(|(key, value)| (key, value.to_vec())).collect()
}

/// What the checker says after such a change past every engine; where the
/// database does not even open, or its names cannot be read, that it is `CORRUPT`.
async fn said(store: &MemoryStore, change: Batch) -> Vec<String> {
    let store = store.fork();
    store.commit(change).await.unwrap();
    let before = records(&store).await;
    let problems = match StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await {
        Ok(set) => set.verify().await,
        Err(error) => Err(error),
    };
    assert_eq!(records(&store).await, before, "the checker changed something");
    match problems {
        Ok(problems) => problems.into_iter().map(|problem| problem.description).collect(),
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::Corrupt, "{error}");
            vec![error.to_string()]
        }
    }
}

fn says(said: &[String], what: &str) -> bool {
    said.iter().any(|description| description.contains(what))
}

#[test]
fn every_record_that_is_missing_is_missed() {
    block_on(async {
        let store = full().await;
        let all = records(&store).await;
        // Nothing else tells of an import than its record.
        for key in all.keys().filter(|key| !layout::all_imports().contains(key)) {
            // The pages and buckets of a kind are alike.
            let number = key.u32_at(if key.space() == Space::Buckets { 5 } else { 4 });
            if matches!(key.space(), Space::Rows | Space::Ids | Space::Buckets)
                && number.is_some_and(|n| n % 25 != 0)
            {
                continue;
            }
            let said = said(&store, Batch { deletes: vec![*key], ..outside() }).await;
            assert!(!said.is_empty(), "{key:?} is not missed");
            let wanted = match (key.space(), key.bytes().first()) {
                (Space::Core, _) => "core is missing",
                (Space::Flags, _) => "flag page",
                (Space::Index, _) => "index row of message",
                (Space::Ids, _) => "ids of message",
                (Space::Rows, _) => "list row of message",
                (Space::Directory, Some(b'd')) => "not in the directory",
                (Space::Directory, Some(b'c')) => "the use of Content pack",
                (Space::Directory, _) => "the use of Text pack",
                (Space::Content, _) => "Content pack",
                (Space::Text, _) => "Text pack",
                (Space::Buckets, Some(b'l')) => "log record",
                (Space::Buckets, _) => "the number of facts in the identity index",
                (Space::Meta, Some(b's')) if key.bytes().starts_with(b"script") => "script of the filter",
                (Space::Meta, Some(b'f')) if key.bytes() == b"filters" => "no filter has",
                (Space::Meta, _) => "",
            };
            assert!(says(&said, wanted), "{key:?}: {said:?}");
        }
    });
}

/// As if a commit had landed in part, or a disk had kept an older version of one
/// record: each record that an append, an expunge or a move writes is put back.
#[test]
fn every_record_that_is_of_yesterday_is_found() {
    block_on(async {
        let begun = full().await;
        for change in ["append", "expunge", "move", "cleanup"] {
            let store = begun.fork();
            let set = open(&store).await;
            let (mailbox, work) = (inbox(&set).await, MailboxName::parse("Work").unwrap());
            let work = set.get_mailbox(&work).await.unwrap();
            let yesterday = store.fork();
            match change {
                "append" => drop(mailbox.append_many(vec![mail(9100), mail(9101)], true).await.unwrap()),
                "expunge" => drop(mailbox.expunge(&[4800], true).await.unwrap()),
                "move" => drop(mailbox.move_many(&[3, 4801], work.as_ref(), false).await.unwrap()),
                _ => set.cleanup(true).await.unwrap(),
            }
            verified(&set).await;
            let before = records(&yesterday).await;
            let mut written = 0;
            for (key, value) in records(&store).await {
                let old = before.get(&key);
                // A list row that was to be blanked is only room that is not given back.
                if old == Some(&value) || (change == "cleanup" && key.space() == Space::Rows) {
                    continue;
                }
                written += 1;
                let back = match old {
                    Some(old) => Batch { puts: vec![(key, old.clone().into())], ..outside() },
                    None => Batch { deletes: vec![key], ..outside() },
                };
                let said = said(&store, back).await;
                assert!(!said.is_empty(), "{change}: {key:?} of yesterday is not found");
            }
            assert!(written > 1, "{change}");
        }
    });
}

#[test]
fn records_of_nobody_and_a_journal_that_lacks_commits_are_found() {
    block_on(async {
        let store = full().await;
        let put = |key: Key| Batch { puts: vec![(key, vec![1].into())], ..outside() };
        assert!(says(&said(&store, put(layout::rows(77, 0))).await, "of no mailbox: 77"));
        let stray = said(&store, put(layout::pack(PackKind::Content, 60_000))).await;
        assert!(says(&stray, "nothing uses Content pack 60000"), "{stray:?}");
        let note = Batch { note: vec![1, 2, 3], ..outside() };
        assert!(says(&said(&store, note).await, "journal note"));
    });
}
