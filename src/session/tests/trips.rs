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
