//! How often an operation asks the store: once to look and once to commit, and no more; and that what is
//! taken from memory at first is never more than a guess.

use super::*;
use crate::testing::counting_store::CountingStore;

/// A program whose trips to the store are counted, and another one on the same database.
async fn two(store: &MemoryStore) -> (Rc<CountingStore>, BaseSession, BaseSession) {
    prepared(store).await;
    let counting = CountingStore::new(Rc::new(store.connect()));
    let ours: Rc<dyn MailboxSet> =
        StoreMailboxSet::open(counting.clone(), EngineOptions::default()).await.unwrap();
    (counting, session(&ours), session(&open(store).await))
}

fn source() -> FetchItems {
    FetchItems { source: true, envelope: true, ..FetchItems::default() }
}

async fn read(session: &BaseSession, view: &mut SelectedMailbox, set: &str) -> Vec<Vec<u8>> {
    let mut octets = Vec::new();
    let mut each = |_, _: &Message, items: MessageItems| octets.push(items.source.unwrap().to_vec());
    session.fetch(view, &uids(set), &fetch(), &source(), &mut each).await.unwrap();
    octets
}

#[test]
fn an_operation_on_what_is_in_memory_asks_the_store_once() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, session, _) = two(&store).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        session.append_messages("INBOX", vec![mail(4)], Some(&mut view)).await.unwrap();
        session.get_mailbox("Other", None).await.unwrap();
        read(&session, &mut view, "1:*").await;
        let trips = async |work: &str| {
            let (add, seen) = (StoreOptions::new(FlagOp::Add), flags("\\Seen"));
            let mut view = session.select_mailbox("INBOX", false).await.unwrap().1;
            counting.take_trips();
            match work {
                "check" => drop(session.check_mailbox(&mut view, None, false).await.unwrap()),
                "status" => drop(session.get_mailbox("INBOX", None).await.unwrap()),
                "status of one that is not in memory" => {
                    drop(session.get_mailbox("Other", None).await.unwrap());
                }
                "select" => drop(session.select_mailbox("INBOX", false).await.unwrap()),
                "read" => drop(read(&session, &mut view, "1:3").await),
                "search" => {
                    let keys = [SearchKey::All];
                    drop(session.search_mailbox(&mut view, &keys, &SearchOptions::default()).await.unwrap());
                }
                "flag" => drop(session.update_flags(&mut view, &uids("2"), &seen, &add).await.unwrap()),
                "silent flag" => {
                    let silent = silent(FlagOp::Replace);
                    drop(session.update_flags(&mut view, &uids("2"), &seen, &silent).await.unwrap());
                }
                "expunge" => drop(session.expunge_mailbox(&mut view, None).await.unwrap()),
                "expunge some" => {
                    let deleted = flags("\\Deleted");
                    session
                        .update_flags(&mut view, &uids("1"), &deleted, &silent(FlagOp::Add))
                        .await
                        .unwrap();
                    assert_eq!(counting.take_trips(), (0, 1), "a silent flag");
                    let gone = session.expunge_mailbox(&mut view, Some(&uids("1"))).await.unwrap();
                    assert_eq!(gone.expunged.len(), 1);
                }
                "append" => drop(session.append_messages("INBOX", vec![mail(9)], None).await.unwrap()),
                "append to a view" => {
                    let messages = vec![mail(10)];
                    drop(session.append_messages("INBOX", messages, Some(&mut view)).await.unwrap());
                }
                _ => unreachable!(),
            }
            counting.take_trips()
        };
        for (work, expected) in [
            ("check", (1, 0)),
            ("status", (1, 0)),
            ("status of one that is not in memory", (1, 0)),
            ("select", (1, 0)),
            ("read", (1, 0)),
            ("search", (1, 0)),
            ("flag", (0, 1)),
            // The second one changes nothing, which has to be made sure of.
            ("silent flag", (1, 0)),
            ("expunge", (1, 0)),
            ("append", (0, 1)),
            ("append to a view", (0, 1)),
            ("expunge some", (0, 1)),
        ] {
            assert_eq!(trips(work).await, expected, "{work}");
        }
    });
}

#[test]
fn what_is_not_in_memory_comes_with_the_look() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, session, other) = two(&store).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        // Each appended alone, so each has a pack of its own; and elsewhere, for whoever appends has the rest in memory.
        other.append_messages("INBOX", vec![mail(4)], None).await.unwrap();
        other.append_messages("INBOX", vec![mail(5)], None).await.unwrap();
        session.check_mailbox(&mut view, None, false).await.unwrap();
        // Index, ids and rows; then the directory; then the pack.
        counting.take_trips();
        assert_eq!(read(&session, &mut view, "4").await.len(), 1);
        assert_eq!(counting.take_trips(), (3, 0));
        assert_eq!(read(&session, &mut view, "5").await[0], mail(5).raw.to_vec());
        assert_eq!(counting.take_trips(), (1, 0));
    });
}

#[test]
fn what_others_did_is_found_out_by_the_commit() {
    block_on(async {
        let store = MemoryStore::new();
        let (_, session, other) = two(&store).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let (_, mut theirs) = other.select_mailbox("INBOX", false).await.unwrap();
        let add = StoreOptions::new(FlagOp::Add);
        other.update_flags(&mut theirs, &uids("2"), &flags("\\Flagged"), &add).await.unwrap();
        let stored = session.update_flags(&mut view, &uids("2"), &flags("\\Seen"), &add).await.unwrap();
        assert_eq!(stored.messages[0].1.flags.to_string(), "(\\Flagged \\Recent \\Seen)");

        // Locked, and unlocked, elsewhere.
        let locked = async |yes| other.mailbox_set().set_readonly(&MailboxName::inbox(), yes).await.unwrap();
        locked(true).await;
        let refused = session.update_flags(&mut view, &uids("2"), &flags("\\Answered"), &add).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::ReadOnly);
        let refused = session.append_messages("INBOX", vec![mail(7)], None).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::ReadOnly);
        locked(false).await;
        session.update_flags(&mut view, &uids("2"), &flags("\\Answered"), &add).await.unwrap();
        locked(true).await;
        session.check_mailbox(&mut view, None, false).await.unwrap();
        locked(false).await;
        session.append_messages("INBOX", vec![mail(7)], None).await.unwrap();
    });
}

#[test]
fn messages_go_to_the_mailbox_that_has_the_name_now() {
    block_on(async {
        let store = MemoryStore::new();
        let (_, session, other) = two(&store).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let deliver = DeliverOptions { mailbox: "Other".to_owned(), ..DeliverOptions::default() };
        // In memory here, and then renamed there.
        session.append_messages("Other", vec![mail(20)], None).await.unwrap();
        other.rename_mailbox("Other", "Elsewhere", None).await.unwrap();
        let gone = session.append_messages("Other", vec![mail(21)], None).await;
        assert_eq!(gone.unwrap_err().code(), ErrorCode::TryCreate);
        other.rename_mailbox("Elsewhere", "Other", None).await.unwrap();
        session.append_messages("Other", vec![mail(22)], None).await.unwrap();
        // Another mailbox under the same name.
        for round in 0..4u32 {
            other.rename_mailbox("Other", &format!("Old {round}"), None).await.unwrap();
            other.create_mailbox("Other", &CreateOptions::default(), None).await.unwrap();
            match round {
                0 => drop(session.append_messages("Other", vec![mail(23)], None).await.unwrap()),
                1 => drop(session.copy_messages(&mut view, &uids("1"), "Other").await.unwrap()),
                2 => drop(session.move_messages(&mut view, &uids("2"), "Other").await.unwrap()),
                _ => drop(session.deliver(mail(24).raw, &deliver, None).await.unwrap()),
            }
            assert_eq!(other.get_mailbox("Other", None).await.unwrap().0.exists, 1, "round {round}");
        }
        // Deleted there, and made anew.
        other.delete_mailbox("Other", None).await.unwrap();
        let gone = session.copy_messages(&mut view, &uids("1"), "Other").await;
        assert_eq!(gone.unwrap_err().code(), ErrorCode::TryCreate);
        other.create_mailbox("Other", &CreateOptions::default(), None).await.unwrap();
        let copied = session.copy_messages(&mut view, &uids("1"), "Other").await.unwrap().copied.unwrap();
        assert_eq!(copied.uids, [(1, 1)]);
    });
}

#[test]
fn what_is_appended_to_is_in_memory_only_as_long_as_nobody_else_appends() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, session, other) = two(&store).await;
        session.append_messages("INBOX", vec![mail(30)], None).await.unwrap();
        counting.take();
        session.append_messages("INBOX", vec![mail(31)], None).await.unwrap();
        assert!(counting.take().is_empty(), "nothing is read for the next one");
        // The pages that are in memory here are not those that are stored now.
        other.append_messages("INBOX", vec![mail(32)], None).await.unwrap();
        other.append_messages("Other", vec![mail(33)], None).await.unwrap();
        session.append_messages("INBOX", vec![mail(34)], None).await.unwrap();
        // Flags move the guard, and leave the pages as they are.
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        let add = StoreOptions::new(FlagOp::Add);
        session.update_flags(&mut view, &uids("1:*"), &flags("\\Seen"), &add).await.unwrap();
        session.append_messages("INBOX", vec![mail(35)], Some(&mut view)).await.unwrap();
        let all: Vec<Vec<u8>> = [30, 31, 32, 34, 35].map(|n| mail(n).raw.to_vec()).into();
        assert!(read(&session, &mut view, "1:*").await.ends_with(&all));
        let anew = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await.unwrap();
        assert_eq!(anew.verify().await.unwrap(), []);
        let anew: Rc<dyn MailboxSet> = anew;
        let anew = self::session(&anew);
        let (_, mut view) = anew.select_mailbox("INBOX", false).await.unwrap();
        assert!(read(&anew, &mut view, "1:*").await.ends_with(&all));
    });
}

/// What a rival may do between two of our operations, of each kind of commit there is.
const RIVALRY: &[&str] = &["flag", "append", "expunge", "lock", "rename", "create", "filter", "upkeep"];

async fn rivalry(work: &str, other: &BaseSession, view: &mut SelectedMailbox) {
    let add = StoreOptions::new(FlagOp::Add);
    match work {
        "flag" => drop(other.update_flags(view, &uids("2"), &flags("\\Flagged"), &add).await.unwrap()),
        "append" => drop(other.append_messages("INBOX", vec![mail(8)], None).await.unwrap()),
        "expunge" | "upkeep" => {
            other.update_flags(view, &uids("1"), &flags("\\Deleted"), &add).await.unwrap();
            other.expunge_mailbox(view, None).await.unwrap();
            if work == "upkeep" {
                other.mailbox_set().cleanup(true).await.unwrap();
            }
        }
        "lock" => other.mailbox_set().set_readonly(&MailboxName::inbox(), true).await.unwrap(),
        "rename" => drop(other.rename_mailbox("Other", "Renamed", None).await.unwrap()),
        "create" => drop(other.create_mailbox("New", &CreateOptions::default(), None).await.unwrap()),
        "filter" => {
            let filters = other.filter_set().unwrap();
            filters.put("new", b"discard;").await.unwrap();
            filters.set_active("new").await.unwrap();
        }
        _ => unreachable!(),
    }
}

/// Ways to ask a session how the database stands.
const QUESTIONS: &[&str] =
    &["status", "status and check", "list", "list with status", "fetch", "filter", "select"];

async fn told(question: &str, session: &BaseSession, view: &mut SelectedMailbox) -> String {
    match question {
        "status" => format!("{:?}", session.get_mailbox("INBOX", None).await.unwrap().0),
        "status and check" => {
            let (status, _) = session.get_mailbox("INBOX", Some(view)).await.unwrap();
            assert_eq!(status.exists, view.exists(), "status and view are of one moment");
            format!("{status:?} {}", view.exists())
        }
        "list" => format!("{:?}", session.list_mailboxes("", "*", false, None).await.unwrap().0),
        "list with status" => format!("{:?}", session.list_status("", "*", false, None).await.unwrap().0),
        "fetch" => {
            session.check_mailbox(view, None, false).await.unwrap();
            let found = session.fetch_messages(view, &uids("1:*"), &fetch()).await.unwrap();
            format!("{:?}", found.messages)
        }
        "filter" => format!("{:?}", session.filter_set().unwrap().get_active().await.unwrap()),
        _ => format!("{:?}", session.select_mailbox("INBOX", true).await.unwrap().0),
    }
}

#[test]
fn what_is_in_memory_is_asked_about_by_one_number() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, session, _) = two(&store).await;
        let (_, mut view) = session.select_mailbox("INBOX", false).await.unwrap();
        read(&session, &mut view, "1:*").await;
        let add = StoreOptions::new(FlagOp::Add);
        for round in 0..2 {
            for work in ["check", "status", "status and check", "list with status", "list", "select", "read"]
            {
                counting.take_trips();
                counting.take_guards();
                match work {
                    "check" => drop(session.check_mailbox(&mut view, None, false).await.unwrap()),
                    "status" => drop(session.get_mailbox("INBOX", None).await.unwrap()),
                    "status and check" => {
                        drop(session.get_mailbox("INBOX", Some(&mut view)).await.unwrap());
                    }
                    "list with status" => drop(session.list_status("", "*", false, None).await.unwrap()),
                    "list" => drop(session.list_mailboxes("", "*", false, None).await.unwrap()),
                    "select" => drop(session.select_mailbox("INBOX", true).await.unwrap()),
                    _ => drop(read(&session, &mut view, "1:3").await),
                }
                assert_eq!((counting.take_trips(), counting.take_guards()), ((1, 0), 0), "{work} {round}");
            }
            // Our own commits move the sequence, and we know what they moved besides.
            session.update_flags(&mut view, &uids("2"), &flags("\\Seen"), &add).await.unwrap();
            session.create_mailbox(&format!("New {round}"), &CreateOptions::default(), None).await.unwrap();
        }
    });
}

/// A rival commits between two of our questions, or while we ask, and no hint of it comes. The answer is that of
/// one who has nothing in memory; while we ask, that of before or after.
async fn answers(rival_work: &str, question: &str, while_asking: bool) -> bool {
    let store = MemoryStore::new();
    let set = prepared(&store).await;
    let other = Rc::new(session(&set));
    let their_view = other.select_mailbox("INBOX", false).await.unwrap().1;
    let deaf = CountingStore::deaf(Rc::new(store.connect()));
    let ours: Rc<dyn MailboxSet> =
        StoreMailboxSet::open(deaf.clone(), EngineOptions::default()).await.unwrap();
    let session = session(&ours);
    let mut view = session.select_mailbox("INBOX", true).await.unwrap().1;
    for question in QUESTIONS {
        told(question, &session, &mut view).await;
    }
    let before = told(question, &session, &mut view).await;
    if while_asking {
        let (work, view) = (rival_work.to_owned(), Rc::new(std::cell::RefCell::new(Some(their_view))));
        deaf.plan_rival_at_once(Rc::new(move || {
            let (work, other, view) = (work.clone(), other.clone(), view.take());
            Box::pin(async move { rivalry(&work, &other, &mut view.unwrap()).await })
        }));
    } else {
        rivalry(rival_work, &other, &mut { their_view }).await;
    }
    let seen = told(question, &session, &mut view).await;
    let anew = self::session(&open(&store).await);
    let mut fresh = anew.select_mailbox("INBOX", true).await.unwrap().1;
    let after = told(question, &anew, &mut fresh).await;
    assert_eq!(seen, after, "{question} after {rival_work}, {while_asking}");
    before != after
}

#[test]
fn what_others_commit_is_seen_though_no_hint_comes() {
    block_on(async {
        for work in RIVALRY {
            let mut changed = 0;
            for question in QUESTIONS {
                for while_asking in [false, true] {
                    changed += u32::from(answers(work, question, while_asking).await);
                }
            }
            assert!(changed > 0, "{work} changes no answer");
        }
    });
}
