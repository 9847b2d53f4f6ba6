//! What a search reads and leaves unread, how it is ended, and searches over
//! many mailboxes. What the keys mean is proved in `search` and by the
//! conformance suite.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;

use super::*;
use crate::backend::{CreateOptions, MailboxSet};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{AppendMessage, ErrorCode, Flags, MailboxName, Uid};
use crate::search::{Returns, SearchKey, parse_search};
use crate::store::{MemoryStore, Space, Store};
use crate::testing::counting_store::CountingStore;
use crate::view::{Event, SelectedMailbox};

const MESSAGES: u32 = 300;

/// Five kilobytes, so that packs hold some twelve of them, and packs of texts some fifty.
fn mail(n: u32) -> AppendMessage {
    let filler = "lorem ipsum dolor sit amet\r\n".repeat(180);
    let raw = format!(
        "From: Writer {n} <w{n}@example.org>\r\nSubject: number {n}\r\nDate: 1 Jan 2020 00:00:00 +0000\r\n\
         X-Number: {n}\r\n\r\n{filler}word{n}.\r\n"
    );
    let flags = if n % 2 == 1 { "\\Seen" } else { "\\Flagged" };
    AppendMessage { flags: Flags::parse([flags]).unwrap(), ..AppendMessage::new(raw) }
}

async fn open(store: Rc<dyn Store>) -> Rc<dyn MailboxSet> {
    StoreMailboxSet::open(store, EngineOptions::default()).await.unwrap()
}

fn filled(store: &MemoryStore) {
    block_on(async {
        let set = open(Rc::new(store.connect())).await;
        let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        inbox.append_many((1..=MESSAGES).map(mail).collect(), false).await.unwrap();
    });
}

fn keys(text: &str) -> Vec<SearchKey> {
    parse_search(text.as_bytes()).unwrap().keys
}

async fn select(session: &BaseSession) -> SelectedMailbox {
    session.select_mailbox("INBOX", true).await.unwrap().1
}

#[test]
fn s138_s152_a_search_reads_no_more_than_its_keys_need() {
    let store = MemoryStore::new();
    filled(&store);
    let (contents, texts) = (25, 6);
    let rows = MESSAGES.div_ceil(64) as usize;
    let index = (Space::Index, 1);
    let directory = (Space::Directory, 1);
    for (text, found, read) in [
        ("SEEN", 150, vec![]),
        ("UID 5:6 UNSEEN", 1, vec![]),
        ("OR ALL BODY word7.", 300, vec![]),
        ("NOT ALL BODY word7.", 0, vec![]),
        ("SEEN UNSEEN TEXT x", 0, vec![]),
        ("OR SEEN OR UNSEEN BODY x", 300, vec![]),
        ("LARGER 1000", 300, vec![index]),
        ("LARGER 1000000 BODY lorem", 0, vec![index]),
        ("OR SMALLER 1000000 BODY lorem", 300, vec![index]),
        ("EMAILID Mx", 0, vec![index, (Space::Ids, 1)]),
        ("FROM w77@example.org", 1, vec![(Space::Rows, rows)]),
        ("SUBJECT \"number 29\"", 11, vec![(Space::Rows, rows)]),
        ("SENTON 1-Jan-2020", 300, vec![(Space::Rows, rows)]),
        ("NOT SENTON 1-Jan-2020 BODY lorem", 0, vec![(Space::Rows, rows)]),
        ("HEADER From Writer HEADER Message-ID x", 0, vec![(Space::Rows, rows)]),
        ("1:64 TO x", 0, vec![(Space::Rows, 1)]),
        ("HEADER X-Number 300", 1, vec![index, directory, (Space::Content, contents)]),
        ("HEADER X-Number 1000 BODY lorem", 0, vec![index, directory, (Space::Content, contents)]),
        ("BODY \"word7.\"", 1, vec![index, directory, (Space::Text, texts)]),
        ("OR FROM nobody BODY word7.", 1, vec![index, directory, (Space::Rows, rows), (Space::Text, texts)]),
        // Only of the one message that the subject leaves.
        (
            "SUBJECT \"number 300\" BODY word",
            1,
            vec![index, directory, (Space::Rows, rows), (Space::Text, 1)],
        ),
        ("UID 7 TEXT word7", 1, vec![index, directory, (Space::Content, 1), (Space::Text, 1)]),
        ("UID 7 TEXT X-Number", 1, vec![index, directory, (Space::Content, 1)]),
    ] {
        block_on(async {
            let counting = CountingStore::new(Rc::new(store.connect()));
            let session = BaseSession::new(open(counting.clone()).await, SessionOptions::default());
            let mut view = select(&session).await;
            counting.take();
            let result =
                session.search_mailbox(&mut view, &keys(text), &SearchOptions::default()).await.unwrap();
            let state = [Space::Meta, Space::Core, Space::Flags, Space::Buckets];
            let mut counts = counting.take();
            counts.retain(|space, _| !state.contains(space));
            assert_eq!((result.messages.len(), counts), (found, read.into_iter().collect()), "{text}");
        });
    }
}

/// Options that write down the progress.
fn watched() -> (SearchOptions, Rc<RefCell<Vec<SearchProgress>>>) {
    let seen: Rc<RefCell<Vec<SearchProgress>>> = Rc::default();
    let (cancel, log) = (Event::new(), seen.clone());
    let progress = Rc::new(move |now: &SearchProgress| log.borrow_mut().push(now.clone()));
    (SearchOptions { cancel: Some(cancel), progress: Some(progress), returns: None }, seen)
}

#[test]
fn progress_rises_to_all_messages_in_steps() {
    let store = MemoryStore::new();
    filled(&store);
    block_on(async {
        let session = BaseSession::new(open(Rc::new(store.connect())).await, SessionOptions::default());
        let mut view = select(&session).await;
        let (options, seen) = watched();
        let found = session.search_mailbox(&mut view, &keys("SEEN BODY word1"), &options).await.unwrap();
        let seen = seen.borrow();
        assert!(seen.len() >= 2, "{seen:?}");
        assert!(seen.is_sorted_by_key(|now| (now.searched, now.found)));
        let all = u64::from(MESSAGES);
        assert_eq!((seen[0].searched, seen[0].total, seen[0].found), (150, all, 0));
        let end = seen.last().unwrap();
        assert_eq!((end.searched, end.total, end.found), (all, all, found.messages.len() as u64));
        let mut told: Vec<Uid> = seen.iter().flat_map(|now| now.uids.iter().copied()).collect();
        told.sort_unstable();
        assert_eq!(told, found.messages.iter().map(|(_, uid)| *uid).collect::<Vec<Uid>>());
    });
}

#[test]
fn the_hits_of_many_mailboxes_are_told_once_each_while_they_are_searched() {
    block_on(async {
        let session =
            BaseSession::new(open(Rc::new(MemoryStore::new().connect())).await, SessionOptions::default());
        session.create_mailbox("One", &CreateOptions::default(), None).await.unwrap();
        session.append_messages("One", vec![mail(1), mail(2), mail(11)], None).await.unwrap();
        session.append_messages("INBOX", vec![mail(1)], None).await.unwrap();
        let (options, seen) = watched();
        let all = session.search(&keys("OR SEEN BODY word1"), None, &options).await.unwrap();
        let seen = seen.borrow();
        for (at, answer) in all.iter().enumerate() {
            let here: Vec<&SearchProgress> = seen.iter().filter(|now| now.mailbox == answer.name).collect();
            let told: Vec<Uid> = here.iter().flat_map(|now| now.uids.iter().copied()).collect();
            assert_eq!(told, answer.uids.iter().collect::<Vec<Uid>>());
            assert_eq!((here[0].mailboxes_done, here[0].mailboxes), (at as u64, 2));
        }
        let end = seen.last().unwrap();
        assert_eq!((end.mailboxes_done, end.searched, end.total, end.found), (2, 4, 4, 3));
        assert!(end.uids.is_empty());
    });
}

#[test]
fn what_is_being_read_when_a_search_is_cancelled_is_given_up() {
    let store = MemoryStore::new();
    filled(&store);
    block_on(async {
        let counting = CountingStore::new(Rc::new(store.connect()));
        let session = BaseSession::new(open(counting.clone()).await, SessionOptions::default());
        let mut view = select(&session).await;
        for mailboxes in [false, true] {
            let cancel = Event::new();
            let options = SearchOptions { cancel: Some(cancel.clone()), ..SearchOptions::default() };
            let stuck = move || {
                cancel.set();
                Box::pin(futures::future::pending()) as futures::future::LocalBoxFuture<'static, ()>
            };
            counting.plan_rival(Space::Text, Rc::new(stuck));
            let failed = match mailboxes {
                true => session.search(&keys("BODY word"), None, &options).await.unwrap_err(),
                false => session.search_mailbox(&mut view, &keys("BODY word"), &options).await.unwrap_err(),
            };
            assert_eq!(failed.code(), ErrorCode::Aborted);
        }
        let found = session.search_mailbox(&mut view, &keys("BODY word1."), &SearchOptions::default()).await;
        assert_eq!(found.unwrap().messages.len(), 1);
    });
}

#[test]
fn s91_a_cancelled_search_fails_and_leaves_no_trace() {
    let store = MemoryStore::new();
    filled(&store);
    block_on(async {
        let set = open(Rc::new(store.connect())).await;
        let session = BaseSession::new(set.clone(), SessionOptions::default());
        let mut view = select(&session).await;
        let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        inbox.expunge(&[3], false).await.unwrap();
        let already = Event::new();
        already.set();
        let during = Event::new();
        let cancel = during.clone();
        for options in [
            SearchOptions { cancel: Some(already), ..SearchOptions::default() },
            SearchOptions {
                cancel: Some(during),
                progress: Some(Rc::new(move |_| cancel.set())),
                ..SearchOptions::default()
            },
        ] {
            let failed = session.search_mailbox(&mut view, &keys("BODY word"), &options).await;
            assert_eq!(failed.unwrap_err().code(), ErrorCode::Aborted);
            let failed = session.search(&keys("BODY word"), None, &options).await;
            assert_eq!(failed.unwrap_err().code(), ErrorCode::Aborted);
            assert_eq!(view.exists(), MESSAGES);
        }
        let told = session.check_mailbox(&mut view, None, false).await.unwrap();
        assert_eq!(told.expunged.iter().map(|gone| gone.uid).collect::<Vec<Uid>>(), [3]);
    });
}

#[test]
fn extended_answers_tell_what_was_asked_for() {
    let result = SearchResult { messages: vec![(2, 12), (3, 13), (7, 20)], ..SearchResult::default() };
    let all = Returns { min: true, max: true, all: true, count: true };
    let told = result.extended(all, true);
    assert_eq!((told.min, told.max, told.count), (Some(12), Some(20), Some(3)));
    assert_eq!(told.all.unwrap().to_string(), "12:13,20");
    let told = result.extended(Returns { min: true, ..Returns::default() }, false);
    assert_eq!(told, ExtendedSearch { min: Some(2), ..ExtendedSearch::default() });
    let told = SearchResult::default().extended(all, false);
    assert_eq!(told, ExtendedSearch { count: Some(0), ..ExtendedSearch::default() });
}

#[test]
fn the_mod_sequence_is_of_the_messages_that_are_told() {
    block_on(async {
        let set = open(Rc::new(MemoryStore::new().connect())).await;
        let session = BaseSession::new(set, SessionOptions::default());
        for n in 1..=3 {
            session.append_messages("INBOX", vec![mail(n)], None).await.unwrap();
        }
        let mut view = session.select_mailbox("INBOX", false).await.unwrap().1;
        let second = crate::model::SequenceSet::parse("2", false).unwrap();
        let flagged = Flags::parse(["\\Draft"]).unwrap();
        let store = StoreOptions::new(crate::model::FlagOp::Add);
        session.update_flags(&mut view, &second, &flagged, &store).await.unwrap();
        let mod_seqs: Vec<u64> = view.newest().live().map(|live| live.mod_seq).collect();
        let returns = |min, max, count| Some(Returns { min, max, all: false, count });
        for (returns, expected) in [
            (None, mod_seqs[1]),
            (returns(true, false, false), mod_seqs[0]),
            (returns(false, true, false), mod_seqs[2]),
            (returns(true, true, false), mod_seqs[2]),
            (returns(true, false, true), mod_seqs[1]),
        ] {
            let options = SearchOptions { returns, ..SearchOptions::default() };
            let found = session.search_mailbox(&mut view, &keys("MODSEQ 1"), &options).await.unwrap();
            assert_eq!(found.mod_seq, Some(expected), "{returns:?}");
        }
    });
}

#[test]
fn a_mailbox_that_is_deleted_during_a_search_of_many_is_left_out() {
    let store = MemoryStore::new();
    block_on(async {
        let counting = CountingStore::new(Rc::new(store.connect()));
        let set = open(counting.clone()).await;
        let session = BaseSession::new(set, SessionOptions::default());
        for name in ["One", "Two"] {
            session.create_mailbox(name, &CreateOptions::default(), None).await.unwrap();
            session.append_messages(name, vec![mail(1), mail(2)], None).await.unwrap();
        }
        session.append_messages("INBOX", vec![mail(1)], None).await.unwrap();
        let hits = |answers: Vec<MailboxMatches>| -> BTreeMap<String, String> {
            answers.into_iter().map(|answer| (answer.name, answer.uids.to_string())).collect()
        };
        let all = session.search(&keys("BODY word1"), None, &SearchOptions::default()).await.unwrap();
        assert_eq!(
            hits(all),
            [("INBOX", "1"), ("One", "1"), ("Two", "1")]
                .map(|(name, uids)| (name.to_owned(), uids.to_owned()))
                .into_iter()
                .collect()
        );
        // Another tab, whose writes this one's caches learn of by its next look.
        let counting = CountingStore::new(Rc::new(store.connect()));
        let session = BaseSession::new(open(counting.clone()).await, SessionOptions::default());
        let rival = open(Rc::new(store.connect())).await;
        let delete = move || {
            let rival = rival.clone();
            Box::pin(async move {
                rival.delete_mailbox(&MailboxName::parse("Two").unwrap()).await.unwrap();
            }) as futures::future::LocalBoxFuture<'static, ()>
        };
        counting.plan_rival(Space::Text, Rc::new(delete));
        let all = session.search(&keys("BODY word1"), None, &SearchOptions::default()).await.unwrap();
        let left: Vec<String> = all.into_iter().map(|answer| answer.name).collect();
        assert_eq!(left, ["INBOX", "One"]);
        let gone = session.search(&[], Some(&["Two".to_owned()]), &SearchOptions::default()).await;
        assert_eq!(gone.unwrap_err().code(), ErrorCode::NotFound);
    });
}
