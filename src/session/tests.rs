//! What is the session's own: what a failure leaves behind, how views and
//! sessions end, the conditional forms. What a client sees of the rest is the
//! conformance suite's.

use std::rc::Rc;

use futures::FutureExt;
use futures::executor::block_on;

use super::*;
use crate::backend::{CreateOptions, MailboxSet};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{
    AppendMessage, ErrorCode, FlagOp, Flags, MailboxName, Message, MessageFields, Result, SequenceSet, Uid,
};
use crate::search::SearchKey;
use crate::store::MemoryStore;
use crate::testing::faulty_store::{Call, Fault, FaultyStore};
use crate::view::{Event, SelectedMailbox, Updates};

mod deliver;
mod trips;

fn mail(n: u32) -> AppendMessage {
    AppendMessage::new(format!("Subject: {n}\r\nMessage-Id: <{n}@example.org>\r\n\r\nbody {n}\r\n"))
}

fn uids(text: &str) -> SequenceSet {
    SequenceSet::parse(text, true).unwrap()
}

fn flags(text: &str) -> Flags {
    Flags::parse(text.split_whitespace()).unwrap()
}

fn fetch() -> FetchOptions {
    FetchOptions { fields: MessageFields::ALL, ..FetchOptions::default() }
}

fn silent(op: FlagOp) -> StoreOptions {
    StoreOptions { silent: true, ..StoreOptions::new(op) }
}

async fn open(store: &MemoryStore) -> Rc<dyn MailboxSet> {
    StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await.unwrap()
}

fn session(set: &Rc<dyn MailboxSet>) -> BaseSession {
    BaseSession::new(Rc::clone(set), SessionOptions::default())
}

/// An INBOX of three messages and an empty `Other`.
async fn prepared(store: &MemoryStore) -> Rc<dyn MailboxSet> {
    let set = open(store).await;
    let session = session(&set);
    session.append_messages("INBOX", vec![mail(1), mail(2), mail(3)], None).await.unwrap();
    session.create_mailbox("Other", &CreateOptions::default(), None).await.unwrap();
    set
}

/// Names, UIDs and flags of everything.
async fn seen_anew(set: &Rc<dyn MailboxSet>) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in set.list_mailboxes().await.unwrap().entries() {
        lines.push(entry.name.clone());
        let Ok(mailbox) = set.get_mailbox(&MailboxName::parse(&entry.name).unwrap()).await else { continue };
        let state = mailbox.state().await.unwrap().unwrap();
        lines.extend(state.live().map(|live| format!("{} {}", live.uid, state.keywords().flags(live.bits))));
    }
    for entry in set.list_subscribed().await.unwrap().entries() {
        lines.push(format!("{} subscribed", entry.name));
    }
    lines
}

const CHANGES: usize = 10;

/// One of the operations that change something.
async fn change(number: usize, session: &BaseSession, view: &mut SelectedMailbox) -> Result<Option<Updates>> {
    let options = CreateOptions::default();
    match number {
        0 => session.append_messages("INBOX", vec![mail(4), mail(5)], Some(view)).await.map(|done| done.1),
        1 => session.copy_messages(view, &uids("1:2"), "Other").await.map(|done| Some(done.updates)),
        2 => session.move_messages(view, &uids("2:3"), "Other").await.map(|done| Some(done.updates)),
        3 => {
            let (all, new) = (uids("1:*"), flags("\\Seen new"));
            let done = session.update_flags(view, &all, &new, &silent(FlagOp::Add)).await;
            done.map(|done| Some(done.updates))
        }
        4 => session.expunge_mailbox(view, None).await.map(Some),
        5 => {
            let options = FetchOptions { set_seen: true, ..fetch() };
            session.fetch_messages(view, &uids("1:*"), &options).await.map(|done| Some(done.updates))
        }
        6 => session.create_mailbox("A/B", &options, Some(view)).await.map(|done| done.1),
        7 => session.rename_mailbox("Other", "Else/Where", Some(view)).await,
        8 => session.delete_mailbox("Other", Some(view)).await,
        _ => session.subscribe("Other", Some(view)).await,
    }
}

#[test]
fn s91_s109_a_call_that_fails_has_changed_nothing_and_one_that_changed_does_not_fail() {
    block_on(async {
        for number in 0..CHANGES {
            let mut outcomes = (0, 0);
            for call in [Call::Read, Call::Commit, Call::Journal] {
                for index in 0.. {
                    let memory = MemoryStore::new();
                    let set = prepared(&memory).await;
                    let faulty = FaultyStore::new(Rc::new(memory.connect()));
                    let own: Rc<dyn MailboxSet> =
                        StoreMailboxSet::open(faulty.clone(), EngineOptions::default()).await.unwrap();
                    let session = session(&own);
                    let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
                    session
                        .update_flags(&mut view, &uids("3"), &flags("\\Deleted"), &silent(FlagOp::Add))
                        .await
                        .unwrap();
                    let before = seen_anew(&set).await;
                    faulty.reset();
                    faulty.plan(call, index, Fault::Fail(ErrorCode::Unavailable));
                    let result = change(number, &session, &mut view).await;
                    let faults = faulty.injected();
                    faulty.reset();
                    let after = seen_anew(&set).await;
                    assert_eq!(
                        after != before,
                        result.is_ok(),
                        "change {number}, {call:?} {index}: {result:?}"
                    );
                    // Whatever happened, the view finds its way.
                    session.check_mailbox(&mut view, None, false).await.unwrap();
                    let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
                    let state = inbox.state().await.unwrap().unwrap();
                    let live: Vec<Uid> = state.live().map(|live| live.uid).collect();
                    let told = view.resolve(&SequenceSet::all(true));
                    assert_eq!(told.iter().map(|(_, uid)| *uid).collect::<Vec<_>>(), live);
                    for uid in live {
                        let now = state.get(uid).map(|live| state.keywords().flags(live.bits));
                        assert_eq!(view.told_flags(uid), now, "change {number}, {call:?} {index}");
                    }
                    outcomes = match result {
                        Ok(_) => (outcomes.0 + 1, outcomes.1),
                        Err(_) => (outcomes.0, outcomes.1 + 1),
                    };
                    if faults == 0 {
                        break;
                    }
                }
            }
            assert!(outcomes.0 > 0 && outcomes.1 > 0, "change {number}: {outcomes:?}");
        }
    });
}

#[test]
fn s91_a_call_that_fails_leaves_no_hiding_and_no_silence() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let options = SessionOptions { disabled_search_keys: vec!["ALL".to_owned()] };
        let (mine, other) = (BaseSession::new(Rc::clone(&set), options), session(&set));
        let (_, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let (_, mut theirs) = other.select_mailbox("INBOX", false).await.unwrap();
        other.update_flags(&mut theirs, &uids("2"), &flags("\\Deleted"), &silent(FlagOp::Add)).await.unwrap();
        other.expunge_mailbox(&mut theirs, None).await.unwrap();
        let refused = mine
            .search_mailbox(&mut view, &[SearchKey::Not(Box::new(SearchKey::All))], &SearchOptions::default())
            .await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Cannot);
        // Too many keywords: the store is refused as a whole.
        let many: Vec<String> = (0..60).map(|n| format!("k{n}")).collect();
        let many = Flags::parse(many).unwrap();
        let refused = mine.update_flags(&mut view, &uids("1"), &many, &silent(FlagOp::Replace)).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Limit);
        let updates = mine.check_mailbox(&mut view, None, false).await.unwrap();
        assert_eq!(updates.expunged.len(), 1);
        assert!(updates.flags.is_empty());
    });
}

#[test]
fn s93_even_an_equal_foreign_change_is_told_if_it_came_before() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let (mine, other) = (session(&set), session(&set));
        let (_, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let (_, mut theirs) = other.select_mailbox("INBOX", false).await.unwrap();
        other.update_flags(&mut theirs, &uids("1"), &flags("\\Seen"), &silent(FlagOp::Add)).await.unwrap();
        let stored = mine.update_flags(&mut view, &uids("1:2"), &flags("\\Seen"), &silent(FlagOp::Add)).await;
        let stored = stored.unwrap();
        assert!(stored.messages.is_empty());
        let told: Vec<Uid> = stored.updates.flags.iter().map(|update| update.uid).collect();
        assert_eq!(told, [1]);
        assert!(mine.check_mailbox(&mut view, None, false).await.unwrap().is_empty());
    });
}

#[test]
fn s121_every_call_notices_the_end_of_its_mailbox_once() {
    block_on(async {
        for number in 0..=10 {
            let set = prepared(&MemoryStore::new()).await;
            let (mine, other) = (session(&set), session(&set));
            mine.append_messages("Other", vec![mail(7)], None).await.unwrap();
            let (_, mut view) = mine.select_mailbox("Other", false).await.unwrap();
            other.delete_mailbox("Other", None).await.unwrap();
            // A new mailbox of the same name is none of this view's business.
            other.create_mailbox("Other", &CreateOptions::default(), None).await.unwrap();
            other.append_messages("Other", vec![mail(8), mail(9)], None).await.unwrap();
            let all = uids("1:*");
            let call = async |view: &mut SelectedMailbox| match number {
                0 => mine.check_mailbox(view, None, false).await,
                1 => mine.fetch_messages(view, &all, &fetch()).await.map(|done| done.updates),
                2 => mine.search_mailbox(view, &[], &SearchOptions::default()).await.map(|done| done.updates),
                3 => mine.expunge_mailbox(view, None).await,
                4 => mine.copy_messages(view, &all, "INBOX").await.map(|done| done.updates),
                5 => mine.move_messages(view, &all, "INBOX").await.map(|done| done.updates),
                6 => {
                    let options = StoreOptions::new(FlagOp::Add);
                    let done = mine.update_flags(view, &all, &flags("\\Seen"), &options).await;
                    done.map(|done| done.updates)
                }
                7 => mine.get_mailbox("INBOX", Some(view)).await.map(|done| done.1.unwrap()),
                8 => mine.list_mailboxes("", "*", false, Some(view)).await.map(|done| done.1.unwrap()),
                9 => mine.list_status("", "*", false, Some(view)).await.map(|done| done.1.unwrap()),
                _ => mine.check_mailbox(view, Some(&Event::new()), true).await,
            };
            let updates = call(&mut view).await.unwrap();
            assert_eq!(updates, Updates { closed: true, mod_seq: updates.mod_seq, ..Updates::default() });
            assert_eq!(call(&mut view).await.unwrap_err().code(), ErrorCode::Closed, "call {number}");
            let refused = mine.append_messages("INBOX", vec![mail(1)], Some(&mut view)).await;
            assert_eq!(refused.unwrap_err().code(), ErrorCode::Closed);
            assert_eq!(mine.get_mailbox("INBOX", None).await.unwrap().0.exists, 3);
            mine.close_mailbox(view, true).await.unwrap();
            assert_eq!(mine.get_mailbox("Other", None).await.unwrap().0.exists, 2);
        }
    });
}

#[test]
fn s182_the_end_of_a_session_is_that_of_its_views_and_waits() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let (mine, other) = (session(&set), session(&set));
        let (_, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let (_, mut second) = mine.select_mailbox("Other", false).await.unwrap();
        let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        assert!(inbox.selected_set().any_selected());
        let never = Event::new();
        {
            let mut waiting = Box::pin(mine.check_mailbox(&mut view, Some(&never), false));
            assert!(waiting.as_mut().now_or_never().is_none());
            mine.close().await;
            assert!(waiting.await.unwrap().is_empty());
        }
        assert!(!inbox.selected_set().any_selected());
        assert!(view.is_closed() && second.is_closed() && view.recent().is_empty());
        mine.close().await;
        mine.cleanup().await;
        assert_eq!(mine.check_mailbox(&mut second, None, false).await.unwrap_err().code(), ErrorCode::Closed);
        assert_eq!(mine.get_mailbox("INBOX", None).await.unwrap_err().code(), ErrorCode::Closed);
        mine.close_mailbox(second, true).await.unwrap();
        // The set is another's to close, and what the view had claimed is nobody's.
        other.append_messages("INBOX", vec![mail(4)], None).await.unwrap();
        assert_eq!(other.get_mailbox("INBOX", None).await.unwrap().0.recent, 1);
    });
}

#[test]
fn s129_a_wait_ends_with_the_callers_event() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let mine = session(&set);
        let (_, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let event = Event::new();
        {
            let mut waiting = Box::pin(mine.check_mailbox(&mut view, Some(&event), false));
            assert!(waiting.as_mut().now_or_never().is_none());
            event.set();
            assert!(waiting.await.unwrap().is_empty());
        }
        // Set already: it returns at once, with what is pending.
        session(&set).append_messages("INBOX", vec![mail(4)], None).await.unwrap();
        let updates = mine.check_mailbox(&mut view, Some(&event), false).await.unwrap();
        assert_eq!((updates.exists, updates.recent), (Some(4), Some(4)));
    });
}

#[test]
fn changed_since_gives_what_changed_and_what_vanished() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let (mine, other) = (session(&set), session(&set));
        let (snapshot, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let since = snapshot.highest_mod_seq;
        let (_, mut theirs) = other.select_mailbox("INBOX", false).await.unwrap();
        other.update_flags(&mut theirs, &uids("1"), &flags("\\Seen"), &silent(FlagOp::Add)).await.unwrap();
        other.update_flags(&mut theirs, &uids("2"), &flags("\\Deleted"), &silent(FlagOp::Add)).await.unwrap();
        other.expunge_mailbox(&mut theirs, None).await.unwrap();
        let options = FetchOptions { changed_since: Some(since), hide_expunged: true, ..fetch() };
        let fetched = mine.fetch_messages(&mut view, &uids("1:*"), &options).await.unwrap();
        let changed: Vec<Uid> = fetched.messages.iter().map(|(_, message)| message.uid).collect();
        assert_eq!((changed, fetched.vanished.unwrap().to_string()), (vec![1], "2".to_owned()));
        assert!(fetched.messages[0].1.mod_seq > since && !fetched.expunge_issued);
        let fetched = mine.fetch_messages(&mut view, &uids("3"), &options).await.unwrap();
        assert!(fetched.messages.is_empty() && fetched.vanished.unwrap().is_empty());
        assert_eq!(mine.check_mailbox(&mut view, None, false).await.unwrap().expunged.len(), 1);
    });
}

#[test]
fn unchanged_since_leaves_newer_messages_alone_and_lists_them() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let mine = session(&set);
        let (snapshot, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        mine.update_flags(&mut view, &uids("2"), &flags("\\Seen"), &silent(FlagOp::Add)).await.unwrap();
        let options = StoreOptions {
            unchanged_since: Some(snapshot.highest_mod_seq),
            ..StoreOptions::new(FlagOp::Add)
        };
        let stored = mine.update_flags(&mut view, &uids("1:3"), &flags("\\Flagged"), &options).await.unwrap();
        assert_eq!(stored.modified.to_string(), "2");
        let lines: Vec<String> = stored
            .messages
            .iter()
            .map(|(seq, message)| format!("{seq} {} {}", message.uid, message.flags))
            .collect();
        assert_eq!(lines, ["1 1 (\\Flagged \\Recent)", "3 3 (\\Flagged \\Recent)"]);
        let found = mine
            .search_mailbox(
                &mut view,
                &[SearchKey::ModSeq(snapshot.highest_mod_seq + 1)],
                &SearchOptions::default(),
            )
            .await
            .unwrap();
        assert_eq!(found.messages, [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(found.mod_seq, Some(stored.updates.mod_seq));
        assert_eq!(
            mine.search_mailbox(&mut view, &[], &SearchOptions::default()).await.unwrap().mod_seq,
            None
        );
    });
}

#[test]
fn s94_answers_carry_the_flags_that_count_as_told() {
    block_on(async {
        let set = prepared(&MemoryStore::new()).await;
        let (mine, other) = (session(&set), session(&set));
        let (_, mut view) = mine.select_mailbox("INBOX", false).await.unwrap();
        let (_, mut theirs) = other.select_mailbox("INBOX", false).await.unwrap();
        other.update_flags(&mut theirs, &uids("1"), &flags("\\Deleted"), &silent(FlagOp::Add)).await.unwrap();
        other.expunge_mailbox(&mut theirs, None).await.unwrap();
        other.update_flags(&mut theirs, &uids("2"), &flags("$Mine"), &silent(FlagOp::Add)).await.unwrap();
        let fetched = mine.fetch_messages(&mut view, &uids("1:2"), &fetch()).await.unwrap();
        let line = |(seq, message): &(u32, Message)| {
            (*seq, message.uid, message.flags.to_string(), message.expunged)
        };
        assert_eq!(
            fetched.messages.iter().map(line).collect::<Vec<_>>(),
            [(1, 1, "(\\Recent)".to_owned(), true), (2, 2, "(\\Recent $Mine)".to_owned(), false)]
        );
        assert!(fetched.expunge_issued);
        assert_eq!((fetched.updates.expunged[0].seq, fetched.updates.flags[0].seq), (1, 1));
        assert_eq!(view.told_flags(2), Some(flags("$Mine")));
    });
}
