//! Random operations of several sessions over two engines on one database,
//! compared with a naive model after every step (semantics 58, 83-93, 97-116,
//! 121-124, 136). One of the engines works on a store that conflicts and loses
//! answers now and then. `MODEL_CASES` raises the number of cases.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::{CreateOptions, MailboxSet};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{
    AppendMessage, ErrorCode, FlagOp, Flags, MailboxName, MessageFields, ModSeq, RangeSet, Result,
    SequenceSet, SystemFlags, Uid,
};
use offline_mailbox::session::{BaseSession, FetchOptions, SessionOptions, StoreOptions};
use offline_mailbox::store::MemoryStore;
use offline_mailbox::testing::faulty_store::{Fault, FaultyStore};
use offline_mailbox::testing::model::{Mirror, Model};
use offline_mailbox::view::{SelectedMailbox, Updates};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const CLIENTS: usize = 4;
const NAMES: [&str; 6] = ["INBOX", "A", "A/x", "A/x/deep", "B", "B/y"];
const FLAGS: [&str; 5] = ["\\Seen", "\\Deleted", "\\Flagged", "first", "second"];

/// Some of the messages that a client knows: from one share of them to another.
#[derive(Debug, Clone, Copy)]
struct Pick {
    from: u8,
    to: u8,
    by_uid: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Select { name: usize, readonly: bool },
    Close { expunge: bool },
    Noop,
    Append { name: usize, flags: Vec<u8> },
    Store { pick: Pick, op: u8, flags: u8, silent: bool },
    Fetch { pick: Pick, seen: bool },
    Expunge { pick: Option<Pick> },
    Copy { pick: Pick, name: usize, moving: bool },
    Create { name: usize },
    Delete { name: usize },
    Rename { from: usize, to: usize },
    Cleanup,
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(from, to, by_uid)| Pick { from, to, by_uid })
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop_oneof![3 => Just(0usize), 4 => 1..NAMES.len()];
    prop_oneof![
        4 => (name(), prop::bool::weighted(0.2)).prop_map(|(name, readonly)| Step::Select { name, readonly }),
        1 => any::<bool>().prop_map(|expunge| Step::Close { expunge }),
        4 => Just(Step::Noop),
        6 => (name(), prop::collection::vec(0u8..32, 0..5)).prop_map(|(name, flags)| Step::Append { name, flags }),
        6 => (pick(), 0u8..3, 0u8..32, any::<bool>())
            .prop_map(|(pick, op, flags, silent)| Step::Store { pick, op, flags, silent }),
        2 => (pick(), any::<bool>()).prop_map(|(pick, seen)| Step::Fetch { pick, seen }),
        3 => prop::option::of(pick()).prop_map(|pick| Step::Expunge { pick }),
        4 => (pick(), name(), any::<bool>()).prop_map(|(pick, name, moving)| Step::Copy { pick, name, moving }),
        3 => name().prop_map(|name| Step::Create { name }),
        1 => name().prop_map(|name| Step::Delete { name }),
        1 => (name(), name()).prop_map(|(from, to)| Step::Rename { from, to }),
        1 => Just(Step::Cleanup),
    ]
}

fn flags_of(bits: u8) -> Flags {
    let named = FLAGS.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    Flags::parse(named.map(|(_, name)| name)).unwrap()
}

fn octets(content: usize) -> Vec<u8> {
    format!("Message-Id: <{content}@model>\r\nSubject: {}\r\n\r\nbody {content}\r\n", content % 7)
        .into_bytes()
}

struct Client {
    session: BaseSession,
    selected: Option<(SelectedMailbox, Mirror)>,
}

type Seen = HashMap<usize, (ModSeq, HashMap<Uid, (Flags, ModSeq)>)>;

struct World {
    sets: Vec<Rc<StoreMailboxSet>>,
    clients: Vec<Client>,
    model: Model,
    contents: usize,
    /// Of each mailbox: its highest mod-sequence and what its messages had, when last looked at.
    seen: Seen,
}

impl World {
    async fn new(store: &MemoryStore, seed: u64) -> World {
        let faulty = FaultyStore::new(Rc::new(store.connect()));
        let options = EngineOptions { owner: "model".to_owned(), ..EngineOptions::default() };
        let first = StoreMailboxSet::open(Rc::new(store.connect()), options.clone()).await.unwrap();
        let second = StoreMailboxSet::open(faulty.clone(), options).await.unwrap();
        faulty.plan_random(seed, 15, Fault::RECOVERABLE);
        let sets = vec![first, second];
        let clients = (0..CLIENTS).map(|number| Client {
            session: BaseSession::new(sets[number % 2].clone(), SessionOptions::default()),
            selected: None,
        });
        let clients = clients.collect();
        World { sets, clients, model: Model::default(), contents: 0, seen: HashMap::new() }
    }

    async fn take(&mut self, who: usize, step: &Step) {
        let client = &mut self.clients[who];
        match step {
            Step::Select { name, readonly } => {
                let opened = client.session.select_mailbox(NAMES[*name], *readonly).await;
                let Some(mailbox) = self.model.by_name(NAMES[*name]) else {
                    assert_eq!(opened.unwrap_err().code(), ErrorCode::NotFound);
                    return;
                };
                let (snapshot, view) = opened.unwrap();
                assert_eq!(
                    (snapshot.exists as usize, snapshot.uid_next),
                    (mailbox.messages.len(), mailbox.uid_next)
                );
                assert_eq!(u64::from(snapshot.recent), view.recent().len());
                let live = mailbox.live().into_iter().map(|(uid, flags)| (uid, view.flags_of(uid, &flags)));
                let mirror = Mirror { key: mailbox.key, readonly: *readonly, messages: live.collect() };
                client.selected = Some((view, mirror));
            }
            Step::Close { expunge } => {
                let Some((view, mirror)) = client.selected.take() else { return };
                client.session.close_mailbox(view, *expunge).await.unwrap();
                if *expunge && !mirror.readonly {
                    self.model.expunge(mirror.key, &mirror.uids());
                }
            }
            Step::Noop => {
                let Some((view, mirror)) = &mut client.selected else { return };
                let updates = client.session.check_mailbox(view, None, false).await.unwrap();
                mirror.hear(&updates);
                match self.model.by_key(mirror.key) {
                    None => assert!(updates.closed),
                    Some(mailbox) => assert_eq!(mirror.stored(), mailbox.live(), "after NOOP all is told"),
                }
                client.settle(&updates);
            }
            Step::Append { name, flags } => {
                let batch: Vec<(usize, Flags)> =
                    (self.contents..).zip(flags).map(|(content, bits)| (content, flags_of(*bits))).collect();
                self.contents += batch.len();
                let wanted = self.model.append(NAMES[*name], &batch);
                let messages = batch
                    .into_iter()
                    .map(|(content, flags)| AppendMessage { flags, ..AppendMessage::new(octets(content)) });
                let view = client.selected.as_mut().map(|(view, _)| view);
                let done = client.session.append_messages(NAMES[*name], messages.collect(), view).await;
                if let Some((appended, updates)) = same(done, &wanted) {
                    assert_eq!(appended.uids, wanted.unwrap());
                    client.hear(updates);
                }
            }
            Step::Store { pick, op, flags, silent } => {
                let Some((view, mirror)) = &mut client.selected else { return };
                let (set, uids) = picked(mirror, *pick);
                let op = [FlagOp::Add, FlagOp::Delete, FlagOp::Replace][usize::from(*op)];
                let operand = flags_of(*flags);
                let options =
                    StoreOptions { op, silent: *silent, unchanged_since: None, hide_expunged: !pick.by_uid };
                let alive = self.model.by_key(mirror.key).is_some();
                let done = client.session.update_flags(view, &set, &operand, &options).await;
                if mirror.readonly {
                    return refused_or_closed(client, done.map(|result| result.updates), alive);
                }
                let result = done.unwrap();
                if alive {
                    let told: Vec<Uid> = result.messages.iter().map(|(_, message)| message.uid).collect();
                    let wanted = if *silent { Vec::new() } else { uids.clone() };
                    assert_eq!(told, wanted, "every hit is answered, unless silent");
                    self.model.store(mirror.key, &uids, op, &operand);
                }
                if *silent {
                    mirror.foretell(&uids, op, &operand);
                }
                client.hear(Some(result.updates));
            }
            Step::Fetch { pick, seen } => {
                let Some((view, mirror)) = &mut client.selected else { return };
                let (set, uids) = picked(mirror, *pick);
                let options = FetchOptions {
                    set_seen: *seen,
                    changed_since: None,
                    fields: MessageFields::PLAIN,
                    hide_expunged: !pick.by_uid,
                };
                let result = client.session.fetch_messages(view, &set, &options).await.unwrap();
                if let Some(mailbox) = self.model.by_key(mirror.key) {
                    let told: Vec<Uid> = result.messages.iter().map(|(_, message)| message.uid).collect();
                    assert_eq!(told, uids, "every hit is answered");
                    let gone =
                        uids.iter().any(|uid| mailbox.messages.iter().all(|message| message.uid != *uid));
                    assert_eq!(result.expunge_issued, gone);
                    if *seen && !mirror.readonly {
                        self.model.store(
                            mirror.key,
                            &uids,
                            FlagOp::Add,
                            &Flags::from_system(SystemFlags::SEEN),
                        );
                    }
                }
                client.hear(Some(result.updates));
            }
            Step::Expunge { pick } => {
                let Some((view, mirror)) = &mut client.selected else { return };
                let alive = self.model.by_key(mirror.key).is_some();
                let picked = pick.map(|pick| picked(mirror, Pick { by_uid: true, ..pick }));
                let done = client.session.expunge_mailbox(view, picked.as_ref().map(|(set, _)| set)).await;
                if mirror.readonly {
                    return refused_or_closed(client, done, alive);
                }
                let uids = picked.map_or_else(|| mirror.uids(), |(_, uids)| uids);
                self.model.expunge(mirror.key, &uids);
                client.hear(Some(done.unwrap()));
            }
            Step::Copy { pick, name, moving } => {
                let Some((view, mirror)) = &mut client.selected else { return };
                let (set, uids) = picked(mirror, *pick);
                let alive = self.model.by_key(mirror.key).is_some();
                let done = match moving {
                    false => client.session.copy_messages(view, &set, NAMES[*name]).await,
                    true => client.session.move_messages(view, &set, NAMES[*name]).await,
                };
                if !alive || (*moving && mirror.readonly) {
                    return refused_or_closed(client, done.map(|result| result.updates), alive);
                }
                let wanted = self.model.copy(mirror.key, &uids, NAMES[*name], *moving);
                if let Some(result) = same(done, &wanted) {
                    assert_eq!(result.copied.map(|copied| copied.uids).unwrap_or_default(), wanted.unwrap());
                    client.hear(Some(result.updates));
                }
            }
            Step::Create { name } => {
                let wanted = self.model.create(NAMES[*name]);
                let view = client.selected.as_mut().map(|(view, _)| view);
                let done = client.session.create_mailbox(NAMES[*name], &CreateOptions::default(), view).await;
                client.hear(same(done, &wanted).and_then(|(_, updates)| updates));
            }
            Step::Delete { name } => {
                let wanted = self.model.delete(NAMES[*name]);
                let view = client.selected.as_mut().map(|(view, _)| view);
                let done = client.session.delete_mailbox(NAMES[*name], view).await;
                client.hear(same(done, &wanted).flatten());
            }
            Step::Rename { from, to } => {
                let wanted = self.model.rename(NAMES[*from], NAMES[*to]);
                let view = client.selected.as_mut().map(|(view, _)| view);
                let done = client.session.rename_mailbox(NAMES[*from], NAMES[*to], view).await;
                client.hear(same(done, &wanted).flatten());
            }
            Step::Cleanup => self.sets[who % 2].cleanup(true).await.unwrap(),
        }
    }

    /// Compares what one engine shows with the model, and each view with its client's mirror.
    async fn check(&mut self, engine: usize) {
        let set = &self.sets[engine];
        let mut listed: Vec<String> =
            set.list_mailboxes().await.unwrap().entries().into_iter().map(|entry| entry.name).collect();
        listed.sort();
        assert_eq!(listed, self.model.listed());
        for wanted in &self.model.mailboxes {
            let mailbox = set.get_mailbox(&MailboxName::parse(&wanted.name).unwrap()).await.unwrap();
            let state = mailbox.state().await.unwrap().expect("a mailbox that lives");
            let live: Vec<(Uid, Flags)> =
                state.live().map(|live| (live.uid, state.keywords().flags(live.bits))).collect();
            assert_eq!(live, wanted.live(), "{}", wanted.name);
            assert_eq!(state.uid_next(), wanted.uid_next, "{}", wanted.name);
            let snapshot = mailbox.snapshot().await.unwrap();
            let unseen: Vec<usize> =
                (0..live.len()).filter(|at| !live[*at].1.contains(SystemFlags::SEEN)).collect();
            assert_eq!((snapshot.exists as usize, snapshot.unseen as usize), (live.len(), unseen.len()));
            assert_eq!(snapshot.first_unseen, unseen.first().map(|at| *at as u32 + 1));

            let (highest, known) = self.seen.entry(wanted.key).or_default();
            assert!(state.highest_mod_seq() >= *highest, "the mod-sequence went back");
            let mut now = HashMap::new();
            for live in state.live() {
                let flags = state.keywords().flags(live.bits);
                assert!(live.mod_seq <= state.highest_mod_seq());
                match known.get(&live.uid) {
                    Some((before, mod_seq)) if *before == flags => {
                        // Undone between two looks, it may have moved; it never goes back.
                        assert!(live.mod_seq >= *mod_seq);
                    }
                    _ => assert!(live.mod_seq > *highest, "a change that {} does not show", live.mod_seq),
                }
                now.insert(live.uid, (flags, live.mod_seq));
            }
            (*highest, *known) = (state.highest_mod_seq(), now);

            let mut owned = state.unclaimed_recent().clone();
            let views = self.clients.iter().filter_map(|client| client.selected.as_ref());
            for (view, _) in views.filter(|(_, mirror)| mirror.key == wanted.key && !mirror.readonly) {
                let both = owned.intersection(view.recent());
                assert!(both.is_empty(), "{}: recent in two places: {both}", wanted.name);
                owned = owned.union(view.recent());
            }
        }
        for (view, mirror) in self.clients.iter().filter_map(|client| client.selected.as_ref()) {
            assert_eq!(view.exists() as usize, mirror.messages.len());
            for (seq, (uid, flags)) in (1..).zip(&mirror.messages) {
                assert_eq!((view.uid_of(seq), view.seq_of(*uid)), (Some(*uid), Some(seq)));
                if !view.is_hidden(*uid) {
                    let plain = flags.clone().without(SystemFlags::RECENT);
                    assert_eq!(view.told_flags(*uid), Some(plain), "of {uid}");
                    assert_eq!(flags.contains(SystemFlags::RECENT), view.recent().contains(*uid), "of {uid}");
                }
            }
        }
    }

    /// Every octet is where it should be.
    async fn check_contents(&self) {
        for wanted in &self.model.mailboxes {
            let mailbox = self.sets[0].get_mailbox(&MailboxName::parse(&wanted.name).unwrap()).await.unwrap();
            let uids: Vec<Uid> = wanted.messages.iter().map(|message| message.uid).collect();
            for (message, content) in wanted.messages.iter().zip(mailbox.content(&uids).await.unwrap()) {
                assert_eq!(content.expect("octets").to_vec(), octets(message.content));
            }
        }
    }
}

impl Client {
    fn hear(&mut self, updates: Option<Updates>) {
        let Some(updates) = updates else { return };
        if let Some((_, mirror)) = &mut self.selected {
            mirror.hear(&updates);
        }
        self.settle(&updates);
    }

    /// A view whose end was told is let go.
    fn settle(&mut self, updates: &Updates) {
        if updates.closed {
            self.selected = None;
        }
    }
}

/// The result where it is the success that the model had; `None` where both failed alike.
fn same<T, W: std::fmt::Debug>(done: Result<T>, wanted: &std::result::Result<W, ErrorCode>) -> Option<T> {
    match (done, wanted) {
        (Ok(done), Ok(_)) => Some(done),
        (Err(error), Err(code)) => {
            assert_eq!(error.code(), *code, "{error}");
            None
        }
        (Ok(_), Err(code)) => panic!("succeeded where the model fails with {code:?}"),
        (Err(error), Ok(wanted)) => panic!("{error}, where the model has {wanted:?}"),
    }
}

/// What must not be done: refused, or found to be closed where the mailbox is gone.
fn refused_or_closed(client: &mut Client, done: Result<Updates>, alive: bool) {
    match done {
        Err(error) => assert!(matches!(error.code(), ErrorCode::ReadOnly | ErrorCode::TryCreate), "{error}"),
        Ok(updates) => {
            assert!(updates.closed && !alive, "it was not refused");
            client.settle(&updates);
        }
    }
}

/// A set of a client's own numbers, and the UIDs it means.
fn picked(mirror: &Mirror, pick: Pick) -> (SequenceSet, Vec<Uid>) {
    let count = mirror.messages.len();
    let share = |part: u8| count * usize::from(part) / 256;
    let (from, to) = (share(pick.from.min(pick.to)), share(pick.from.max(pick.to)));
    if count == 0 {
        return (SequenceSet::all(pick.by_uid), Vec::new());
    }
    let uids = mirror.uids()[from..=to].to_vec();
    let numbers = match pick.by_uid {
        true => RangeSet::from_ranges([(uids[0], uids[uids.len() - 1])]),
        false => RangeSet::from_ranges([(from as u32 + 1, to as u32 + 1)]),
    };
    (SequenceSet::from_ranges(numbers, pick.by_uid).unwrap(), uids)
}

async fn play(steps: &[(usize, Step)], seed: u64) {
    let store = MemoryStore::new();
    let mut world = World::new(&store, seed).await;
    for (number, (who, step)) in steps.iter().enumerate() {
        world.take(*who, step).await;
        world.check(number % 2).await;
    }
    for who in 0..CLIENTS {
        world.take(who, &Step::Noop).await;
    }
    world.check(0).await;
    world.check(1).await;
    world.check_contents().await;
    for set in &world.sets {
        let problems = set.verify().await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
    }
    // One who opens the database now sees the same.
    let options = EngineOptions { owner: "model".to_owned(), ..EngineOptions::default() };
    world.sets[0] = StoreMailboxSet::open(Rc::new(store.connect()), options).await.unwrap();
    world.check(0).await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("MODEL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256),
        max_shrink_iters: 2000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_operations_of_four_sessions_agree_with_the_model(
        steps in prop::collection::vec((0..CLIENTS, step()), 1..70),
        seed in any::<u64>(),
    ) {
        block_on(play(&steps, seed));
    }
}
