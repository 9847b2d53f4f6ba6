//! Operations on a store that conflicts, fails, and loses answers: each is done
//! once or not at all, whatever goes wrong and whoever was faster (semantics
//! 61, 109, 133, 136).
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "faults/actor.rs"]
mod actor;
#[path = "faults/all_operations.rs"]
mod all_operations;
#[path = "faults/mailbox_operations.rs"]
mod mailbox_operations;
#[path = "faults/session_operations.rs"]
mod session_operations;
#[path = "faults/set_operations.rs"]
mod set_operations;

use std::rc::Rc;

use actor::{Actor, Databases, Effect, Operation, contents, seen_through};
use all_operations::{all, changing};
use futures::executor::block_on;
use offline_mailbox::model::ErrorCode;
use offline_mailbox::store::MemoryStore;
use offline_mailbox::testing::faulty_store::{Call, Fault, FaultyStore};

/// What an operation does where nothing goes wrong.
struct Clean {
    before: String,
    after: String,
    answer: String,
    /// What the actor's view then knows.
    told: String,
    counts: [(Call, usize); 3],
}

/// A database, a store over it that so far does nothing wrong, and who uses that.
async fn begin(databases: &Databases, operation: &Operation) -> (MemoryStore, Rc<FaultyStore>, Actor) {
    let store = databases.for_operation(operation);
    let faulty = FaultyStore::new(Rc::new(store.connect()));
    let actor = Actor::new(faulty.clone()).await;
    faulty.reset();
    (store, faulty, actor)
}

async fn clean(databases: &Databases, operation: &Operation) -> Clean {
    let (store, faulty, mut actor) = begin(databases, operation).await;
    let before = contents(&store).await;
    let answer = (operation.run)(&mut actor).await.unwrap();
    let counts = [Call::Read, Call::Commit, Call::Journal].map(|call| (call, faulty.count(call)));
    let after = contents(&store).await;
    let told = actor.told().await;
    match operation.effect {
        Effect::Nothing => assert_eq!(before, after, "{} changes something", operation.name),
        _ => assert_ne!(before, after, "{} does nothing", operation.name),
    }
    Clean { before, after, answer, told, counts }
}

/// Runs one operation with one fault, and again after it failed.
async fn with_fault(
    databases: &Databases,
    operation: &Operation,
    clean: &Clean,
    (call, index): (Call, usize),
    fault: Fault,
) {
    let what = format!("{}, {call:?} {index}: {fault:?}", operation.name);
    let (store, faulty, mut actor) = begin(databases, operation).await;
    faulty.plan(call, index, fault);
    let result = (operation.run)(&mut actor).await;
    assert_eq!(faulty.injected(), 1, "{what}: not reached");
    faulty.reset();
    let now = contents(&store).await;
    let is_full = fault == Fault::Fail(ErrorCode::QuotaExceeded);
    match &result {
        // Where claiming \Recent was all there was to write, it waits for the next view.
        Ok(_) if is_full && now == clean.before => {}
        Ok(answer) => assert_eq!((&now, answer), (&clean.after, &clean.answer), "{what}: done"),
        Err(error) => {
            assert!(!error.outcome_unknown(), "{what}: {error}");
            let code = if let Fault::Fail(code) = fault { code } else { ErrorCode::Unavailable };
            assert_eq!(error.code(), code, "{what}: {error}");
            let may_be_done = operation.effect == Effect::ChangeThenRead && now == clean.after;
            assert!(now == clean.before || may_be_done, "{what}: {error}: half done:\n{now}");
        }
    }
    if Fault::RECOVERABLE.contains(&fault) && call == Call::Commit {
        assert!(result.is_ok(), "{what}: {:?}", result.err());
    }
    assert_eq!(seen_through(&actor.set).await, now, "{what}: the caches differ");
    if now == clean.after {
        assert_eq!(actor.told().await, clean.told, "{what}: the view does not learn of it");
    }
    if result.is_err() {
        let again = (operation.run)(&mut actor).await;
        let again = again.unwrap_or_else(|error| panic!("{what}: again: {error}"));
        assert_eq!((contents(&store).await, &again), (clean.after.clone(), &clean.answer), "{what}: again");
        assert_eq!(seen_through(&actor.set).await, clean.after, "{what}: again, by the caches");
        assert_eq!(actor.told().await, clean.told, "{what}: again, by the view");
    }
}

#[test]
fn s61_s109_with_any_one_fault_an_operation_is_done_once_or_not_at_all() {
    let databases = Databases::new();
    for operation in all() {
        block_on(async {
            let clean = clean(&databases, operation).await;
            for (call, count) in clean.counts {
                for index in 0..count {
                    let faults = if call == Call::Commit { Fault::OF_COMMITS } else { Fault::OF_READS };
                    for fault in faults {
                        with_fault(&databases, operation, &clean, (call, index), *fault).await;
                    }
                }
            }
        });
    }
}

#[test]
fn many_conflicts_and_lost_answers_in_a_row_are_overcome() {
    let databases = Databases::new();
    for operation in all() {
        block_on(async {
            let clean = clean(&databases, operation).await;
            for fault in Fault::RECOVERABLE {
                let (store, faulty, mut actor) = begin(&databases, operation).await;
                for index in 0..3 {
                    faulty.plan(Call::Commit, index, *fault);
                }
                let result = (operation.run)(&mut actor).await;
                let what = format!("{} {fault:?}", operation.name);
                assert_eq!(result.as_ref().ok(), Some(&clean.answer), "{what}: {result:?}");
                assert_eq!(contents(&store).await, clean.after, "{what}");
            }
        });
    }
}

/// The answer is lost, and the journal, which would tell, cannot be read: the
/// error says that nobody knows, and from then on all is known again.
#[test]
fn s133_where_nobody_can_say_whether_a_commit_landed_the_error_says_so() {
    let databases = Databases::new();
    for operation in changing() {
        block_on(async {
            let clean = clean(&databases, operation).await;
            for (fault, landed) in [(Fault::LoseAnswer, true), (Fault::LoseCommit, false)] {
                let what = format!("{} {fault:?}", operation.name);
                let (store, faulty, mut actor) = begin(&databases, operation).await;
                faulty.plan(Call::Commit, 0, fault);
                for index in 0..100 {
                    faulty.plan(Call::Journal, index, Fault::Fail(ErrorCode::Unavailable));
                }
                let error = (operation.run)(&mut actor).await.expect_err(&what);
                assert!(error.outcome_unknown(), "{what}: {error}");
                assert_eq!(error.code(), ErrorCode::Unavailable, "{what}");
                faulty.reset();
                let wanted = if landed { &clean.after } else { &clean.before };
                assert_eq!(contents(&store).await, *wanted, "{what}");
                assert_eq!(seen_through(&actor.set).await, *wanted, "{what}: the caches differ");
            }
        });
    }
}

#[test]
fn after_a_crash_at_any_call_the_database_opens_with_all_or_nothing() {
    let databases = Databases::new();
    for operation in all() {
        block_on(async {
            let clean = clean(&databases, operation).await;
            for (call, count) in clean.counts {
                for (index, lands) in (0..count).flat_map(|index| [(index, false), (index, true)]) {
                    let (store, faulty, mut actor) = begin(&databases, operation).await;
                    faulty.plan_crash(call, index, lands);
                    let result = (operation.run)(&mut actor).await;
                    let now = contents(&store).await;
                    let what = format!("{}, {call:?} {index}, lands: {lands}", operation.name);
                    assert!(
                        now == clean.before || now == clean.after,
                        "{what}: neither before nor after:\n{now}"
                    );
                    if result.is_ok() {
                        assert_eq!(now, clean.after, "{what}");
                    }
                }
            }
        });
    }
}

/// An operation and a rival's, one after the other: what there is then, and how the operation failed.
async fn in_turn(
    databases: &Databases,
    operation: &Operation,
    rival: &Operation,
    rival_first: bool,
) -> (String, Option<ErrorCode>) {
    let store = databases.for_operation(operation);
    let mut actor = Actor::new(Rc::new(store.connect())).await;
    let mut other = Actor::new(Rc::new(store.connect())).await;
    if rival_first {
        (rival.run)(&mut other).await.unwrap();
    }
    let result = (operation.run)(&mut actor).await;
    if !rival_first {
        // It may have nothing left to do.
        let _ = (rival.run)(&mut other).await;
    }
    (contents(&store).await, result.err().map(|error| error.code()))
}

/// The operations of rivals: of each kind of change one.
const RIVALS: &[&str] = &[
    "append",
    "import",
    "copy here",
    "move",
    "flag",
    "expunge",
    "select",
    "create",
    "rename",
    "rename INBOX",
    "delete a mailbox",
    "subscribe",
    "lock",
    "append to many",
    "put the active filter anew",
    "rename a filter",
    "upkeep",
];

/// Without the mod-sequences, which tell in which order commits came.
fn unordered(contents: &str) -> String {
    let mut pieces = contents.split(" modseq ");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    pieces.for_each(|piece| text += piece.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    text
}

/// One operation, with a rival that does another just before its commit, ends as
/// the two in sequence do: nobody's work is lost and nothing is done to a state
/// that is no more.
#[test]
fn s133_s136_whoever_is_faster_both_are_done_as_if_in_turn() {
    let databases = Databases::new();
    let mut wrong = Vec::new();
    let pairs = changing().flat_map(|one| all().map(move |other| (one, other)));
    for (operation, rival) in pairs.filter(|(_, rival)| RIVALS.contains(&rival.name)) {
        block_on(async {
            let what = format!("{} while {}", operation.name, rival.name);
            let (store, faulty, mut actor) = begin(&databases, operation).await;
            let connection = store.connect();
            faulty.plan_rival(
                0,
                Rc::new(move || {
                    let connection = connection.connect();
                    Box::pin(async move {
                        let mut other = Actor::new(Rc::new(connection)).await;
                        (rival.run)(&mut other).await.unwrap();
                    })
                }),
            );
            let code = (operation.run)(&mut actor).await.err().map(|error| error.code());
            let now = contents(&store).await;
            let wanted = in_turn(&databases, operation, rival, true).await;
            if (&now, code) != (&wanted.0, wanted.1) {
                // What a session names by name or by flags, it looks up before: then it was first, and
                // only the commits came the other way round.
                let other = in_turn(&databases, operation, rival, false).await;
                let is_of_session = operation.calls.iter().any(|method| method.starts_with("BaseSession"));
                if !is_of_session || (unordered(&now), code) != (unordered(&other.0), other.1) {
                    wrong.push(format!("{what}: {code:?}\n{now}\nin turn: {wanted:?}\nor: {other:?}"));
                }
            }
            assert_eq!(seen_through(&actor.set).await, now, "{what}: the caches differ");
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
