//! Operations on a store that conflicts, fails, and loses answers: each is done
//! once or not at all, whatever goes wrong and whoever was faster (semantics
//! 61, 109, 133, 136).
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::{CreateOptions, FilterSet, ImportOptions, MailboxData, MailboxSet, Skip};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{
    AppendMessage, FlagOp, Flags, MailboxName, Result, SpecialUse, Value, ZonedTime,
};
use offline_mailbox::session::{BaseSession, DeliverOptions, SessionOptions};
use offline_mailbox::store::{MemoryStore, Store};
use offline_mailbox::testing::dump::{Ids, dump};
use offline_mailbox::testing::faulty_store::{Call, Fault, FaultyStore};
use offline_mailbox::testing::fixture;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Append,
    AppendLarge,
    Import,
    ImportNew,
    Copy,
    CopyHere,
    Move,
    MoveHere,
    Flag,
    Delete,
    Expunge,
    Create,
    Rename,
    RenameInbox,
    DeleteMailbox,
    Subscribe,
    Lock,
    Select,
    PutFilter,
    RenameFilter,
    Deliver,
    Cleanup,
}

const OPERATIONS: [Operation; 22] = [
    Operation::Append,
    Operation::AppendLarge,
    Operation::Import,
    Operation::ImportNew,
    Operation::Copy,
    Operation::CopyHere,
    Operation::Move,
    Operation::MoveHere,
    Operation::Flag,
    Operation::Delete,
    Operation::Expunge,
    Operation::Create,
    Operation::Rename,
    Operation::RenameInbox,
    Operation::DeleteMailbox,
    Operation::Subscribe,
    Operation::Lock,
    Operation::Select,
    Operation::PutFilter,
    Operation::RenameFilter,
    Operation::Deliver,
    Operation::Cleanup,
];

fn name(text: &str) -> MailboxName {
    MailboxName::parse(text).unwrap()
}

fn message(raw: Vec<u8>, flags: &[&str]) -> AppendMessage {
    AppendMessage {
        raw: Value::from(raw),
        flags: Flags::parse(flags).unwrap(),
        internal_date: Some(ZonedTime { timestamp_ms: 1_700_000_000_000, zone_minutes: 60 }),
    }
}

/// The active filter: one mailbox to keep mail in, one to find, one to create.
const FILTER: &[u8] = b"require [\"fileinto\", \"mailbox\"];\r\n\
    keep; fileinto \"Sent\"; fileinto :create \"New/child\";\r\n";

/// A mailbox set and handles on its mailboxes, got before anything happens.
struct Actor {
    set: Rc<StoreMailboxSet>,
    inbox: Rc<dyn MailboxData>,
    sent: Rc<dyn MailboxData>,
}

impl Actor {
    async fn new(store: Rc<dyn Store>) -> Actor {
        let set = StoreMailboxSet::open(store, options()).await.unwrap();
        let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        let sent = set.get_mailbox(&name("Sent")).await.unwrap();
        Actor { set, inbox, sent }
    }

    fn filters(&self) -> Rc<dyn FilterSet> {
        self.set.filter_set().unwrap()
    }

    /// By way of [`FILTER`].
    async fn deliver(&self) -> Result<()> {
        let options = DeliverOptions {
            internal_date: Some(ZonedTime { timestamp_ms: 1_700_000_000_000, zone_minutes: 60 }),
            ..DeliverOptions::default()
        };
        let session = BaseSession::new(self.set.clone(), SessionOptions::default());
        let raw = Value::from(b"Message-Id: <d>\r\nSubject: d\r\n\r\ndelivered\r\n".to_vec());
        session.deliver(raw, &options, None).await.map(|_| ())
    }

    async fn import(&self, raws: &[&str], options: ImportOptions) -> Result<()> {
        let batch = raws.iter().map(|raw| message(raw.as_bytes().to_vec(), &[])).collect();
        self.inbox.import(batch, &options).await.map(|_| ())
    }

    async fn perform(&self, operation: Operation) -> Result<()> {
        match operation {
            Operation::Append => {
                let batch = vec![
                    message(b"Message-Id: <n1>\r\nSubject: n\r\n\r\none\r\n".to_vec(), &["\\Seen", "label"]),
                    message(b"In-Reply-To: <n1>\r\nSubject: Re: n\r\n\r\ntwo\r\n".to_vec(), &[]),
                ];
                self.inbox.append_many(batch, true).await.map(|_| ())
            }
            Operation::AppendLarge => {
                let large = vec![b'x'; 2_500_000];
                let batch = vec![message(large, &[]), message(vec![b'y'; 50_000], &["\\Draft"])];
                self.sent.append_many(batch, false).await.map(|_| ())
            }
            Operation::Import => {
                let raws = ["Subject: one\r\n\r\n", "Subject: 1\r\n\r\n", "Subject: one\r\n\r\n"];
                let import = Some(("monday".to_owned(), 0));
                self.import(&raws, ImportOptions { skip: Skip::InMailbox, import }).await
            }
            // The first and the last are in Sent, the other was.
            Operation::ImportNew => {
                let raws = ["Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n", "Subject: 3\r\n\r\n"];
                self.import(&raws, ImportOptions { skip: Skip::Anywhere, import: None }).await
            }
            Operation::Copy => self.inbox.copy_many(&[101, 103], &*self.sent, true).await.map(|_| ()),
            Operation::CopyHere => self.inbox.copy_many(&[104, 102], &*self.inbox, true).await.map(|_| ()),
            Operation::Move => self.inbox.move_many(&[102, 104], &*self.sent, true).await.map(|_| ()),
            Operation::MoveHere => self.inbox.move_many(&[101, 104], &*self.inbox, true).await.map(|_| ()),
            Operation::Flag => {
                let flags = Flags::parse(["\\Deleted", "mark"]).unwrap();
                self.inbox.update_many(&[101, 104], &flags, FlagOp::Add, None).await.map(|_| ())
            }
            Operation::Delete => self.inbox.delete(&[101, 103, 999]).await,
            Operation::Expunge => {
                let flags = Flags::parse(["\\Deleted"]).unwrap();
                self.sent.update_many(&[102], &flags, FlagOp::Add, None).await?;
                self.sent.expunge(&[101, 102], true).await.map(|_| ())
            }
            Operation::Create => {
                let options = CreateOptions { special_use: Some(SpecialUse::Junk), first_uid: Some(7) };
                self.set.add_mailbox(&name("New/child"), &options).await.map(|_| ())
            }
            Operation::Rename => self.set.rename_mailbox(&name("Sent"), &name("Out/box")).await,
            Operation::RenameInbox => self.set.rename_mailbox(&name("INBOX"), &name("Old")).await,
            Operation::DeleteMailbox => self.set.delete_mailbox(&name("Sent")).await,
            Operation::Subscribe => self.set.set_subscribed(&name("Sent"), true).await,
            Operation::Lock => self.set.set_readonly(&name("INBOX"), true).await,
            Operation::Select => self.inbox.select(false).await.map(|_| ()),
            Operation::PutFilter => self.filters().put("new", b"discard;").await,
            Operation::RenameFilter => self.filters().rename("main", "renamed").await,
            Operation::Deliver => self.deliver().await,
            Operation::Cleanup => self.set.cleanup(true).await,
        }
    }
}

fn options() -> EngineOptions {
    EngineOptions {
        owner: "testuser".to_owned(),
        inbox_first_uid: Some(fixture::FIRST_UID),
        ..EngineOptions::default()
    }
}

/// A database with the fixture and some work for a cleanup.
async fn database() -> MemoryStore {
    let store = MemoryStore::new();
    let set = StoreMailboxSet::open(Rc::new(store.connect()), options()).await.unwrap();
    let set: Rc<dyn MailboxSet> = set;
    fixture::load(&set).await.unwrap();
    let sent = set.get_mailbox(&name("Sent")).await.unwrap();
    for n in 0..4 {
        sent.append(message(format!("Subject: {n}\r\n\r\n").into_bytes(), &[]), false).await.unwrap();
    }
    sent.delete(&[103, 105]).await.unwrap();
    let filters = set.filter_set().unwrap();
    filters.put("main", FILTER).await.unwrap();
    filters.set_active("main").await.unwrap();
    store
}

/// What there is, seen by one who opens the database now; also checks that all records agree.
async fn contents(store: &MemoryStore) -> String {
    let set = StoreMailboxSet::open(Rc::new(store.connect()), options()).await.unwrap();
    let problems = set.verify().await.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let set: Rc<dyn MailboxSet> = set;
    dump(&set, Ids::Numbered).await.unwrap()
}

async fn seen_by(actor: &Actor) -> String {
    let set: Rc<dyn MailboxSet> = actor.set.clone();
    dump(&set, Ids::Numbered).await.unwrap()
}

struct Clean {
    before: String,
    after: String,
    counts: [(Call, usize); 3],
}

async fn clean(operation: Operation) -> Clean {
    let store = database().await;
    let before = contents(&store).await;
    let faulty = FaultyStore::new(Rc::new(store.connect()));
    let actor = Actor::new(faulty.clone()).await;
    faulty.reset();
    actor.perform(operation).await.unwrap();
    let counts = [Call::Read, Call::Commit, Call::Journal].map(|call| (call, faulty.count(call)));
    let after = contents(&store).await;
    match operation {
        Operation::Cleanup => assert_eq!(before, after),
        _ => assert_ne!(before, after, "{operation:?} does nothing"),
    }
    Clean { before, after, counts }
}

/// Runs one operation with one fault, and again after it failed.
async fn with_fault(operation: Operation, clean: &Clean, call: Call, index: usize, fault: Fault) {
    let what = format!("{operation:?}, {call:?} {index}: {fault:?}");
    let store = database().await;
    let faulty = FaultyStore::new(Rc::new(store.connect()));
    let actor = Actor::new(faulty.clone()).await;
    faulty.reset();
    faulty.plan(call, index, fault);
    let result = actor.perform(operation).await;
    assert_eq!(faulty.injected(), 1, "{what}: not reached");
    faulty.reset();
    let now = contents(&store).await;
    // Two steps of which each is a commit of its own.
    let two_steps = operation == Operation::Expunge;
    match &result {
        Ok(()) => assert_eq!(now, clean.after, "{what}: done"),
        Err(error) if two_steps => assert!(!error.outcome_unknown(), "{what}"),
        Err(error) => assert_eq!(now, clean.before, "{what}: {error}"),
    }
    if Fault::RECOVERABLE.contains(&fault) && call == Call::Commit {
        assert!(result.is_ok(), "{what}: {:?}", result.err());
    }
    assert_eq!(seen_by(&actor).await, now, "{what}: the caches differ");
    if result.is_err() {
        actor.perform(operation).await.unwrap_or_else(|error| panic!("{what}: again: {error}"));
        assert_eq!(contents(&store).await, clean.after, "{what}: again");
        assert_eq!(seen_by(&actor).await, clean.after, "{what}: again, by the caches");
    }
}

#[test]
fn s61_s109_with_any_one_fault_an_operation_is_done_once_or_not_at_all() {
    for operation in OPERATIONS {
        block_on(async {
            let clean = clean(operation).await;
            for (call, count) in clean.counts {
                for index in 0..count {
                    let faults = if call == Call::Commit { Fault::OF_COMMITS } else { Fault::OF_READS };
                    for fault in faults {
                        with_fault(operation, &clean, call, index, *fault).await;
                    }
                }
            }
        });
    }
}

#[test]
fn many_conflicts_and_lost_answers_in_a_row_are_overcome() {
    for operation in OPERATIONS {
        block_on(async {
            let clean = clean(operation).await;
            for fault in Fault::RECOVERABLE {
                let store = database().await;
                let faulty = FaultyStore::new(Rc::new(store.connect()));
                let actor = Actor::new(faulty.clone()).await;
                faulty.reset();
                for index in 0..3 {
                    faulty.plan(Call::Commit, index, *fault);
                }
                let result = actor.perform(operation).await;
                assert!(result.is_ok(), "{operation:?} {fault:?}: {:?}", result.err());
                assert_eq!(contents(&store).await, clean.after, "{operation:?} {fault:?}");
            }
        });
    }
}

#[test]
fn after_a_crash_at_any_call_the_database_opens_with_all_or_nothing() {
    for operation in OPERATIONS {
        block_on(async {
            let clean = clean(operation).await;
            for (call, count) in clean.counts {
                for index in 0..count {
                    for lands in [false, true] {
                        let store = database().await;
                        let faulty = FaultyStore::new(Rc::new(store.connect()));
                        let actor = Actor::new(faulty.clone()).await;
                        faulty.reset();
                        faulty.plan_crash(call, index, lands);
                        let result = actor.perform(operation).await;
                        let now = contents(&store).await;
                        let what = format!("{operation:?}, {call:?} {index}, lands: {lands}");
                        assert!(
                            now == clean.before || now == clean.after || operation == Operation::Expunge,
                            "{what}: neither before nor after:\n{now}"
                        );
                        if result.is_ok() {
                            assert_eq!(now, clean.after, "{what}");
                        }
                    }
                }
            }
        });
    }
}

/// One operation, with a rival that does another just before its commit, ends as
/// the two in sequence do: nobody's work is lost and nothing is done to a state
/// that is no more.
#[test]
fn s133_s136_whoever_is_faster_both_are_done_as_if_in_turn() {
    for operation in OPERATIONS {
        for rival in OPERATIONS {
            // Its two steps are two commits: a rival can come between them.
            if rival == Operation::Expunge || operation == Operation::Expunge {
                continue;
            }
            block_on(async {
                let store = database().await;
                let actor = Actor::new(Rc::new(store.connect())).await;
                Actor::new(Rc::new(store.connect())).await.perform(rival).await.unwrap();
                let in_turn = actor.perform(operation).await;
                let wanted = contents(&store).await;

                let store = database().await;
                let faulty = FaultyStore::new(Rc::new(store.connect()));
                let actor = Actor::new(faulty.clone()).await;
                faulty.reset();
                let connection = store.connect();
                faulty.plan_rival(
                    0,
                    Rc::new(move || {
                        let connection = connection.connect();
                        Box::pin(async move {
                            Actor::new(Rc::new(connection)).await.perform(rival).await.unwrap();
                        })
                    }),
                );
                let result = actor.perform(operation).await;
                let what = format!("{operation:?} while {rival:?}");
                match (&result, &in_turn) {
                    (Err(one), Err(other)) => assert_eq!(one.code(), other.code(), "{what}"),
                    _ => {
                        assert_eq!(result.is_ok(), in_turn.is_ok(), "{what}: {result:?}, in turn {in_turn:?}")
                    }
                }
                assert_eq!(contents(&store).await, wanted, "{what}");
                assert_eq!(seen_by(&actor).await, wanted, "{what}: the caches differ");
            });
        }
    }
}
