//! Operations of a session on mailboxes in memory, with the upkeep that follows them: what the engine costs
//! where the store costs next to nothing. Not here: any other store (`make bench`).

use std::cell::{Cell, LazyCell, RefCell};
use std::rc::Rc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::executor::block_on;
use offline_mailbox::backend::{CreateOptions, MailboxData};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::mime::text::fold;
use offline_mailbox::mime::{ListRow, RowFields, extract};
use offline_mailbox::model::{
    AppendMessage, FlagOp, Flags, MailboxName, Message, MessageFields, SequenceSet, SystemFlags, Uid,
};
use offline_mailbox::search::{SearchKey, parse_search};
use offline_mailbox::session::{
    BaseSession, ListSort, SearchOptions, SessionOptions, StoreOptions, StoreResult, list_window,
};
use offline_mailbox::store::MemoryStore;
use offline_mailbox::view::SelectedMailbox;
use offline_mailbox_bench::{Sizes, bench, bench_fresh, every, mail, settings, unflagged};

const MESSAGES: u32 = 100_000;
const ROWS: usize = 20_000;
const TEXTS: usize = 5000;
const AT_ONCE: usize = 1000;

fn session_on(store: MemoryStore) -> BaseSession {
    let set = block_on(StoreMailboxSet::open(Rc::new(store), EngineOptions::default()));
    BaseSession::new(set.expect("a database"), SessionOptions::default())
}

/// A session, and a view of its INBOX.
struct Open {
    session: BaseSession,
    inbox: Rc<dyn MailboxData>,
    view: RefCell<SelectedMailbox>,
    /// How often something was done.
    turn: Cell<u32>,
}

impl Open {
    fn on(store: MemoryStore) -> Open {
        let session = session_on(store);
        let (inbox, view) = block_on(async {
            let inbox = session.mailbox_set().get_mailbox(&MailboxName::inbox()).await;
            (inbox.expect("an INBOX"), session.select_mailbox("INBOX", false).await.expect("a view").1)
        });
        Open { session, inbox, view: RefCell::new(view), turn: Cell::new(0) }
    }

    fn next_turn(&self) -> u32 {
        self.turn.replace(self.turn.get() + 1)
    }

    /// Sets the flag, or takes it away, and tells of it.
    fn flag(&self, set: &SequenceSet, op: FlagOp, flag: SystemFlags) -> StoreResult {
        let (view, flags) = (&mut self.view.borrow_mut(), Flags::from_system(flag));
        let options = StoreOptions::new(op);
        block_on(self.session.update_flags(view, set, &flags, &options)).expect("flags that can be changed")
    }

    fn search(&self, keys: &[SearchKey]) -> Vec<Uid> {
        let view = &mut self.view.borrow_mut();
        let found = block_on(self.session.search_mailbox(view, keys, &SearchOptions::default()));
        found.expect("an answer").messages.into_iter().map(|(_, uid)| uid).collect()
    }
}

/// A database whose INBOX has the first messages of these sizes, with UIDs from 1, and an empty `Archive`.
fn filled(sizes: Sizes, count: usize) -> MemoryStore {
    let store = MemoryStore::new();
    let session = session_on(store.connect());
    block_on(async {
        session.create_mailbox("Archive", &CreateOptions::default(), None).await.expect("a new mailbox");
        let mut generator = mail(sizes).take(count).map(unflagged);
        loop {
            let messages: Vec<AppendMessage> = generator.by_ref().take(AT_ONCE).collect();
            if messages.is_empty() {
                break;
            }
            session.append_messages("INBOX", messages, None).await.expect("room for messages");
        }
    });
    store
}

fn uids(uids: impl Iterator<Item = Uid>) -> SequenceSet {
    SequenceSet::from_numbers(uids, true).expect("a set of UIDs")
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    let messages: Vec<AppendMessage> = mail(Sizes::Short).take(AT_ONCE).map(unflagged).collect();
    group.throughput(Throughput::Elements(AT_ONCE as u64));
    bench_fresh(
        &mut group,
        "append-1000",
        || (Open::on(MemoryStore::new()), Some(messages.clone())),
        |(open, messages)| {
            let messages = messages.take().unwrap_or_default();
            let view = &mut open.view.borrow_mut();
            block_on(open.session.append_messages("INBOX", messages, Some(view))).expect("room for messages")
        },
        |(open, _), (appended, updates)| {
            assert!(appended.uids.into_iter().eq(1..=AT_ONCE as u32));
            assert_eq!(updates.and_then(|updates| updates.exists), Some(AT_ONCE as u32));
            let last = block_on(open.inbox.content(&[AT_ONCE as u32])).expect("octets").pop().flatten();
            let raw = messages.last().map(|message| message.raw.to_vec());
            assert_eq!(last.map(|octets| octets.to_vec()), raw);
        },
    );
    group.finish();
}

fn large(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    let store = LazyCell::new(|| filled(Sizes::Short, MESSAGES as usize));
    let open = LazyCell::new(|| Open::on(store.fork()));
    let tenth = || uids(every(10, MESSAGES));
    let flagged = Flags::from_system(SystemFlags::FLAGGED);

    bench_fresh(
        &mut group,
        "open-select-100000",
        || store.fork(),
        |store| Open::on(store.connect()),
        |_, open| assert_eq!(open.view.borrow().exists(), MESSAGES),
    );
    bench(
        &mut group,
        "select-100000",
        || &*open,
        |open| block_on(open.session.select_mailbox("INBOX", false)).expect("a view"),
        |_, (snapshot, view)| assert_eq!((snapshot.exists, view.exists()), (MESSAGES, MESSAGES)),
    );
    bench(
        &mut group,
        "list-50",
        || &*open,
        |open| {
            let offset = open.next_turn().wrapping_mul(7919) % (MESSAGES - 50);
            list(open, offset)
        },
        |open, rows| {
            assert_eq!(rows.len(), 50);
            let offset = 7919 * (open.turn.get() - 1);
            assert!(rows.iter().map(|(message, _)| message.uid).eq((0..50).map(|n| MESSAGES - offset - n)));
            assert!(rows.iter().all(|(message, row)| message.size > 300 && !row.subject.is_empty()));
        },
    );
    bench(
        &mut group,
        "flag-1",
        || Open::on(store.fork()),
        |open| {
            let turn = open.next_turn();
            let op = if (turn / MESSAGES).is_multiple_of(2) { FlagOp::Add } else { FlagOp::Delete };
            let uid = turn.wrapping_mul(7919) % MESSAGES + 1;
            open.flag(&uids(std::iter::once(uid)), op, SystemFlags::FLAGGED)
        },
        |open, result| {
            assert_eq!(result.messages.len(), 1);
            assert!(result.messages.iter().all(|(_, message)| message.flags.contains(SystemFlags::FLAGGED)));
            assert_eq!(open.search(&[SearchKey::Flag(flagged.system())]), [1]);
        },
    );
    group.throughput(Throughput::Elements(10_000));
    bench(
        &mut group,
        "flag-10000",
        || (Open::on(store.fork()), tenth()),
        |(open, set)| {
            let op = if open.next_turn().is_multiple_of(2) { FlagOp::Add } else { FlagOp::Delete };
            open.flag(set, op, SystemFlags::FLAGGED)
        },
        |(open, _), result| {
            assert_eq!(result.messages.len(), 10_000);
            assert!(open.search(&[SearchKey::Flag(flagged.system())]).into_iter().eq(every(10, MESSAGES)));
        },
    );
    bench_fresh(
        &mut group,
        "copy-10000",
        || (Open::on(store.fork()), tenth()),
        |(open, set)| {
            let view = &mut open.view.borrow_mut();
            block_on(open.session.copy_messages(view, set, "Archive")).expect("copies")
        },
        |(open, _), result| {
            let copied = result.copied.expect("copies").uids;
            assert!(copied.into_iter().eq(every(10, MESSAGES).zip(1..)));
            let (archive, _) = block_on(open.session.select_mailbox("Archive", true)).expect("a view");
            assert_eq!(archive.exists, 10_000);
        },
    );
    let deleted = LazyCell::new(|| {
        let store = store.fork();
        Open::on(store.connect()).flag(&tenth(), FlagOp::Add, SystemFlags::DELETED);
        store
    });
    bench_fresh(
        &mut group,
        "expunge-10000",
        || Open::on(deleted.fork()),
        |open| {
            let view = &mut open.view.borrow_mut();
            block_on(open.session.expunge_mailbox(view, None)).expect("an answer")
        },
        |open, updates| {
            assert_eq!(updates.expunged.len(), 10_000);
            assert_eq!(open.view.borrow().exists(), MESSAGES - 10_000);
            assert!(open.search(&[SearchKey::Flag(SystemFlags::DELETED)]).is_empty());
        },
    );
    group.finish();
}

/// What a list shows of 50 messages, the newest first.
fn list(open: &Open, offset: u32) -> Vec<(Message, ListRow)> {
    let view = open.view.borrow();
    let sort = ListSort { newest_first: true, ..ListSort::default() };
    let window = block_on(list_window(open.inbox.as_ref(), &view, &sort, &mut None, offset, 50, None));
    let uids: Vec<Uid> = window.expect("a window").into_iter().map(|(_, uid)| uid).collect();
    let messages = block_on(open.inbox.messages(&uids, MessageFields::PLAIN)).expect("messages");
    let rows = block_on(open.inbox.list_rows(&uids, RowFields::ALL)).expect("rows");
    messages.into_iter().flatten().zip(rows.into_iter().flatten()).collect()
}

fn search(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    for (name, text, sizes, count) in [
        ("search-subject-20000", "SUBJECT meeting", Sizes::Short, ROWS),
        ("search-body-5000", "BODY \"is for you\"", Sizes::Texts, TEXTS),
    ] {
        group.throughput(Throughput::Elements(count as u64));
        let keys = parse_search(text.as_bytes()).expect("a search").keys;
        bench(
            &mut group,
            name,
            || Open::on(filled(sizes, count)),
            |open| open.search(&keys),
            |_, found| {
                let answers = |raw: &[u8]| match extract(raw) {
                    found if text.starts_with("BODY") => found.text.contains("is for you"),
                    found => fold(&found.row.subject).contains("meeting"),
                };
                let all = (1..).zip(mail(sizes).take(count));
                let expected: Vec<Uid> =
                    all.filter(|(_, message)| answers(&message.raw)).map(|(uid, _)| uid).collect();
                assert!(!expected.is_empty());
                assert_eq!(found, expected);
            },
        );
    }
    group.finish();
}

criterion_group! { name = benches; config = settings(); targets = append, large, search }
criterion_main!(benches);
