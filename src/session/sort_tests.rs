//! SORT and THREAD beside what a client sees: what they read, what a failure
//! leaves behind, when a list's order is kept.

use std::rc::Rc;

use futures::executor::block_on;

use super::*;
use crate::backend::{MailboxData, MailboxSet};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::mime::RowFields;
use crate::model::{AppendMessage, ErrorCode, FlagOp, Flags, MailboxName, Result, SequenceSet, Uid, Value};
use crate::search::{SortKey, ThreadAlgorithm, parse_search};
use crate::store::{Batch, Key, KeyRange, MemoryStore, Outcome, Read, Scan, Space, Store};
use crate::testing::faulty_store::{Call, Fault, FaultyStore};
use crate::testing::random::Random;
use crate::view::{Event, SelectedMailbox};

fn mail(n: u32) -> AppendMessage {
    let parent = n / 2;
    AppendMessage::new(format!(
        "From: a{}@x\r\nSubject: {}\r\nMessage-Id: <{n}@x>\r\nReferences: <{parent}@x>\r\n\
         Date: 1 Jan 2001 00:00:{:02} +0000\r\n\r\nbody\r\n",
        n % 7,
        n * 7919 % 1000,
        n % 60
    ))
}

async fn open(store: Rc<dyn Store>) -> Rc<dyn MailboxSet> {
    StoreMailboxSet::open(store, EngineOptions::default()).await.unwrap()
}

/// A session over a store with some thousand messages, and a view of them.
async fn prepared(memory: &MemoryStore) -> BaseSession {
    let set = open(Rc::new(memory.connect())).await;
    let session = BaseSession::new(set, SessionOptions::default());
    session.append_messages("INBOX", (1..=3000).map(mail).collect(), None).await.unwrap();
    session
}

fn criteria(text: &str) -> Vec<SortKey> {
    SortKey::parse_list(text).unwrap()
}

async fn sort(session: &BaseSession, view: &mut SelectedMailbox, by: &str) -> Result<SortResult> {
    session.sort_mailbox(view, &criteria(by), &[], &SearchOptions::default()).await
}

async fn thread(session: &BaseSession, view: &mut SelectedMailbox) -> Result<ThreadResult> {
    session.thread_mailbox(view, ThreadAlgorithm::References, &[], &SearchOptions::default()).await
}

/// Drops, or with `damage` writes over, every record of a space.
async fn spoil(memory: &MemoryStore, space: Space, damage: bool) {
    let store = memory.connect();
    let range = KeyRange::prefix(Key::new(space));
    let scans = vec![Scan::all(range)];
    let found = store.read(Read { scans, ..Read::default() }).await.unwrap();
    let records: Vec<Key> = found.scanned.into_iter().flatten().map(|(key, _)| key).collect();
    assert!(!records.is_empty());
    let batch = match damage {
        true => Batch {
            puts: records.into_iter().map(|key| (key, Value::from(vec![1, 2, 3]))).collect(),
            ..Batch::default()
        },
        false => Batch { delete_ranges: vec![range], ..Batch::default() },
    };
    assert!(matches!(store.commit(batch).await, Ok(Outcome::Committed(_))));
}

#[test]
fn sorts_and_threads_read_no_content() {
    block_on(async {
        let memory = MemoryStore::new();
        prepared(&memory).await;
        for space in [Space::Content, Space::Text, Space::Directory] {
            spoil(&memory, space, false).await;
        }
        let set = open(Rc::new(memory.connect())).await;
        let session = BaseSession::new(set, SessionOptions::default());
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        for by in [
            "(ARRIVAL)",
            "(CC)",
            "(DATE)",
            "(DISPLAYFROM)",
            "(DISPLAYTO)",
            "(FROM)",
            "(SIZE)",
            "(SUBJECT)",
            "(TO)",
        ] {
            let sorted = sort(&session, &mut view, by).await.unwrap();
            let mut uids: Vec<Uid> = sorted.messages.iter().map(|(_, uid)| *uid).collect();
            uids.sort_unstable();
            assert!(uids.into_iter().eq(1..=3000), "{by}");
        }
        let threads = thread(&session, &mut view).await.unwrap().threads;
        // Number 1 has no message that it answers, and is answered by all others.
        assert_eq!(threads.messages.len(), 3000);
        assert_eq!(threads.depths.iter().filter(|depth| **depth == 0).count(), 1);
    });
}

#[test]
fn damaged_and_missing_rows_sort_as_empty_and_stay_in_the_list() {
    block_on(async {
        for damage in [false, true] {
            let memory = MemoryStore::new();
            prepared(&memory).await;
            spoil(&memory, Space::Rows, damage).await;
            let set = open(Rc::new(memory.connect())).await;
            let session = BaseSession::new(set, SessionOptions::default());
            let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
            let all = SequenceSet::all(true);
            let seen = Flags::parse(["\\Seen"]).unwrap();
            let mailbox = session.mailbox_set().get_mailbox(&MailboxName::inbox()).await.unwrap();
            mailbox.update_many(&[7], &seen, FlagOp::Add, None).await.unwrap();
            let exists = view.resolve(&all).len();
            for by in ["(SUBJECT)", "(DATE)", "(FROM SIZE)"] {
                assert_eq!(sort(&session, &mut view, by).await.unwrap().messages.len(), exists);
            }
            assert_eq!(thread(&session, &mut view).await.unwrap().threads.messages.len(), exists);
            let mut kept = None;
            let by = ListSort { keys: criteria("(SUBJECT)"), newest_first: false };
            let window = list_window(mailbox.as_ref(), &view, &by, &mut kept, 0, 1, None).await.unwrap();
            assert_eq!(mailbox.list_rows(&[window[0].1], RowFields::ALL).await.unwrap(), [None]);
        }
    });
}

#[test]
fn a_sort_that_is_cancelled_or_whose_read_fails_tells_nothing() {
    block_on(async {
        let memory = MemoryStore::new();
        prepared(&memory).await;
        let faulty = FaultyStore::new(Rc::new(memory.connect()));
        let session = BaseSession::new(open(faulty.clone()).await, SessionOptions::default());
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        session.append_messages("INBOX", vec![mail(3001)], None).await.unwrap();
        let cancel = Event::new();
        cancel.set();
        let options = SearchOptions { cancel: Some(cancel.clone()), ..SearchOptions::default() };
        let by = criteria("(SUBJECT)");
        let sorted = session.sort_mailbox(&mut view, &by, &[], &options).await;
        assert_eq!(sorted.unwrap_err().code(), ErrorCode::Aborted);
        let threaded = session.thread_mailbox(&mut view, ThreadAlgorithm::References, &[], &options).await;
        assert_eq!(threaded.unwrap_err().code(), ErrorCode::Aborted);
        let mailbox = session.mailbox_set().get_mailbox(&MailboxName::inbox()).await.unwrap();
        let list = ListSort { keys: by, newest_first: false };
        let window = list_window(mailbox.as_ref(), &view, &list, &mut None, 0, 9, Some(&cancel)).await;
        assert_eq!(window.unwrap_err().code(), ErrorCode::Aborted);
        let mut failed = 0;
        for read in 0.. {
            faulty.reset();
            faulty.plan(Call::Read, read, Fault::Fail(ErrorCode::Unavailable));
            match sort(&session, &mut view, "(SUBJECT)").await {
                Err(error) => assert_eq!((error.code(), view.exists()), (ErrorCode::Unavailable, 3000)),
                Ok(sorted) => {
                    assert_eq!((sorted.updates.exists, sorted.messages.len()), (Some(3001), 3000));
                    break;
                }
            }
            failed += 1;
        }
        assert!(failed > 1);
    });
}

#[test]
fn an_order_is_kept_until_messages_come() {
    block_on(async {
        let memory = MemoryStore::new();
        prepared(&memory).await;
        let faulty = FaultyStore::new(Rc::new(memory.connect()));
        let session = BaseSession::new(open(faulty.clone()).await, SessionOptions::default());
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let mailbox: Rc<dyn MailboxData> =
            session.mailbox_set().get_mailbox(&MailboxName::inbox()).await.unwrap();
        let by = ListSort { keys: criteria("(SUBJECT REVERSE FROM)"), newest_first: false };
        let mut kept = None;
        let all = list_window(mailbox.as_ref(), &view, &by, &mut kept, 0, 3000, None).await.unwrap();
        assert_eq!(all.len(), 3000);
        // From here on a window that needed to sort would read damaged rows.
        spoil(&memory, Space::Rows, true).await;
        let other = open(Rc::new(memory.connect())).await;
        let mailbox = other.get_mailbox(&MailboxName::inbox()).await.unwrap();
        for offset in [0, 1500, 2999] {
            let window =
                list_window(mailbox.as_ref(), &view, &by, &mut kept, offset, 40, None).await.unwrap();
            assert_eq!(window, all[offset as usize..(offset as usize + 40).min(3000)]);
        }
        let deleted = Flags::parse(["\\Deleted"]).unwrap();
        let set = SequenceSet::parse("100:199,3000", true).unwrap();
        let store = StoreOptions::new(FlagOp::Add);
        session.update_flags(&mut view, &set, &deleted, &store).await.unwrap();
        session.expunge_mailbox(&mut view, None).await.unwrap();
        let window = list_window(mailbox.as_ref(), &view, &by, &mut kept, 0, 3000, None).await.unwrap();
        let left = all.iter().map(|(_, uid)| *uid).filter(|uid| !(100..200).contains(uid) && *uid != 3000);
        assert!(window.iter().map(|(_, uid)| *uid).eq(left));
        assert!(window.iter().all(|(seq, uid)| view.seq_of(*uid) == Some(*seq)));
        // Another order, and a message that came, need to look.
        let reverse = ListSort { newest_first: true, ..by.clone() };
        let window = list_window(mailbox.as_ref(), &view, &reverse, &mut kept, 0, 1, None).await.unwrap();
        // All subjects are as good as empty, and the last message that is left is the first of equals.
        assert_eq!(window[0].1, 2999);
    });
}

#[test]
fn what_is_kept_answers_as_what_is_read_anew() {
    block_on(async {
        let memory = MemoryStore::new();
        let session = prepared(&memory).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let (mut kept, options) = (Arrangements::default(), SearchOptions::default());
        let mut random = Random::new(5);
        let searches = [
            "SUBJECT 7",
            "FLAGGED SUBJECT 9",
            "FROM a3 NOT SUBJECT 1",
            "OR SUBJECT \"\" TO x",
            "UID 20:90 HEADER Subject 4",
            "UID 2000:* FROM a1@x",
            "CC nobody",
        ];
        for round in 0..60 {
            match random.below(5) {
                0 => drop(session.append_messages("INBOX", vec![mail(round * 31)], None).await.unwrap()),
                1 => {
                    let uid = 1 + random.below(3000);
                    let set = SequenceSet::parse(&format!("{uid}:{}", uid + random.below(40)), true).unwrap();
                    let flags = Flags::parse(["\\Flagged", "\\Deleted"]).unwrap();
                    let add = StoreOptions::new(FlagOp::Add);
                    session.update_flags(&mut view, &set, &flags, &add).await.unwrap();
                }
                2 => drop(session.expunge_mailbox(&mut view, None).await.unwrap()),
                _ => {}
            }
            session.check_mailbox(&mut view, None, false).await.unwrap();
            let text = random.pick(&searches).unwrap();
            let keys = parse_search(text.as_bytes()).unwrap().keys;
            let one = session.search_keeping(&mut view, &keys, &options, &mut kept).await.unwrap();
            let other = session.search_mailbox(&mut view, &keys, &options).await.unwrap();
            assert!(one.messages == other.messages, "{text} in round {round}");
            let by = criteria(random.pick(&["(SUBJECT)", "(REVERSE FROM)", "(ARRIVAL)"]).unwrap());
            let keys = if random.chance(50) { keys } else { Vec::new() };
            let one = session.sort_keeping(&mut view, &by, &keys, &options, &mut kept).await.unwrap();
            let other = session.sort_mailbox(&mut view, &by, &keys, &options).await.unwrap();
            assert!(one.messages == other.messages, "{by:?} in round {round}");
            let algorithm = match random.chance(50) {
                true => ThreadAlgorithm::References,
                false => ThreadAlgorithm::OrderedSubject,
            };
            let one = session.thread_keeping(&mut view, algorithm, &keys, &options, &mut kept).await.unwrap();
            let other = session.thread_mailbox(&mut view, algorithm, &keys, &options).await.unwrap();
            assert!(one.threads == other.threads, "{algorithm:?} in round {round}");
        }
    });
}

#[test]
fn what_was_searched_once_is_searched_in_memory() {
    block_on(async {
        let memory = MemoryStore::new();
        let session = prepared(&memory).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let (mut kept, options) = (Arrangements::default(), SearchOptions::default());
        let keys = |text: &str| parse_search(text.as_bytes()).unwrap().keys;
        let all = session.search_keeping(&mut view, &keys("SUBJECT 7"), &options, &mut kept).await.unwrap();
        assert!(all.messages.len() > 100);
        // Who read rows now, in another program, would find damaged ones, of which nothing answers.
        spoil(&memory, Space::Rows, true).await;
        let other = BaseSession::new(open(Rc::new(memory.connect())).await, SessionOptions::default());
        let fresh = other.search_mailbox(&mut view, &keys("SUBJECT 7"), &options).await.unwrap();
        assert!(fresh.messages.is_empty());
        let again = other.search_keeping(&mut view, &keys("SUBJECT 7"), &options, &mut kept).await.unwrap();
        assert_eq!(again.messages, all.messages);
        let narrower =
            other.search_keeping(&mut view, &keys("SUBJECT 77"), &options, &mut kept).await.unwrap();
        assert!(!narrower.messages.is_empty() && narrower.messages.len() < all.messages.len());
    });
}
