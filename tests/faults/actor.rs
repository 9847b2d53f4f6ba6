//! Who does the operations, and the database they are done to. Not here: the
//! operations, and what must hold of them.

use std::rc::Rc;

use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use offline_mailbox::backend::{FilterSet, MailboxData, MailboxSet};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{
    AppendMessage, FlagOp, Flags, MailboxName, Result, SequenceSet, Value, ZonedTime,
};
use offline_mailbox::session::{BaseSession, SessionOptions};
use offline_mailbox::store::{MemoryStore, Store};
use offline_mailbox::testing::dump::{Ids, dump};
use offline_mailbox::testing::fixture;
use offline_mailbox::view::SelectedMailbox;

/// What an operation does to what can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes it, all at once.
    Change,
    /// Changes it, then reads what its answer needs: one that fails may be done.
    ChangeThenRead,
    /// Nothing.
    Nothing,
}

/// Does an operation; its answer as text, without what is random.
pub type Run = for<'a> fn(&'a mut Actor) -> LocalBoxFuture<'a, Result<String>>;

/// One operation.
pub struct Operation {
    pub name: &'static str,
    /// The methods it is there for, as `Type::method`.
    pub calls: &'static [&'static str],
    pub effect: Effect,
    /// Whether it needs [`large_database`].
    pub large: bool,
    pub run: Run,
}

pub const fn changes(name: &'static str, calls: &'static [&'static str], run: Run) -> Operation {
    Operation { name, calls, effect: Effect::Change, large: false, run }
}

pub const fn reads(name: &'static str, calls: &'static [&'static str], run: Run) -> Operation {
    Operation { name, calls, effect: Effect::Nothing, large: false, run }
}

/// A mailbox set, a session, and handles on mailboxes, got before anything happens.
pub struct Actor {
    pub set: Rc<StoreMailboxSet>,
    pub session: BaseSession,
    pub inbox: Rc<dyn MailboxData>,
    pub sent: Rc<dyn MailboxData>,
    view: Option<SelectedMailbox>,
}

impl Actor {
    pub async fn new(store: Rc<dyn Store>) -> Actor {
        let set = StoreMailboxSet::open(store, options()).await.unwrap();
        let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        let sent = set.get_mailbox(&name("Sent")).await.unwrap();
        let session = BaseSession::new(set.clone(), SessionOptions::default());
        let view = session.select_mailbox("INBOX", false).await.unwrap().1;
        Actor { set, session, inbox, sent, view: Some(view) }
    }

    pub fn filters(&self) -> Rc<dyn FilterSet> {
        self.set.filter_set().unwrap()
    }

    /// The session and its view of INBOX, which claims what is `\Recent` there.
    pub async fn view(&mut self) -> Result<(&BaseSession, &mut SelectedMailbox)> {
        if self.view.is_none() {
            self.view = Some(self.session.select_mailbox("INBOX", false).await?.1);
        }
        Ok((&self.session, self.view.as_mut().unwrap()))
    }

    /// What the view's client knows once it has asked what is new.
    pub async fn told(&mut self) -> String {
        let (session, view) = self.view().await.unwrap();
        session.check_mailbox(view, None, false).await.unwrap();
        let uids = (1..=view.exists()).filter_map(|seq| view.uid_of(seq));
        uids.map(|uid| format!("{uid} {}\n", view.told_flags(uid).unwrap())).collect()
    }

    /// The view, for good.
    pub async fn take_view(&mut self) -> Result<SelectedMailbox> {
        self.view().await?;
        Ok(self.view.take().unwrap())
    }
}

pub fn name(text: &str) -> MailboxName {
    MailboxName::parse(text).unwrap()
}

pub fn uids(text: &str) -> SequenceSet {
    SequenceSet::parse(text, true).unwrap()
}

pub fn flags(names: &[&str]) -> Flags {
    Flags::parse(names).unwrap()
}

pub const DATE: ZonedTime = ZonedTime { timestamp_ms: 1_700_000_000_000, zone_minutes: 60 };

pub fn message(raw: impl Into<Vec<u8>>, names: &[&str]) -> AppendMessage {
    AppendMessage { raw: Value::from(raw.into()), flags: flags(names), internal_date: Some(DATE) }
}

/// Two messages of one thread.
pub fn two_messages() -> Vec<AppendMessage> {
    vec![
        message("Message-Id: <n1>\r\nSubject: n\r\n\r\none\r\n", &["\\Seen", "label"]),
        message("In-Reply-To: <n1>\r\nSubject: Re: n\r\n\r\ntwo\r\n", &[]),
    ]
}

fn options() -> EngineOptions {
    EngineOptions {
        owner: "testuser".to_owned(),
        inbox_first_uid: Some(fixture::FIRST_UID),
        ..EngineOptions::default()
    }
}

/// The active filter: one mailbox to keep mail in, one to find, one to create.
const FILTER: &str = "require [\"fileinto\", \"mailbox\"];\r\n\
    keep; fileinto \"Sent\"; fileinto :create \"New/child\";\r\n";

/// The fixture, mail that nobody has seen, doomed mail in both mailboxes, an import that is half
/// done, filters, a subscription, and some work for a cleanup.
pub async fn database() -> MemoryStore {
    let store = MemoryStore::new();
    let set: Rc<dyn MailboxSet> = StoreMailboxSet::open(Rc::new(store.connect()), options()).await.unwrap();
    fixture::load(&set).await.unwrap();
    let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
    let sent = set.get_mailbox(&name("Sent")).await.unwrap();
    for n in 0..4 {
        sent.append(message(format!("Subject: {n}\r\n\r\n"), &[]), n == 3).await.unwrap();
    }
    sent.delete(&[103, 105]).await.unwrap();
    for (mailbox, uid) in [(&inbox, 103), (&sent, 102)] {
        mailbox.update_many(&[uid], &flags(&["\\Deleted"]), FlagOp::Add, None).await.unwrap();
    }
    let import = offline_mailbox::backend::ImportOptions {
        import: Some(("half".to_owned(), 0)),
        ..Default::default()
    };
    sent.import(vec![message("Subject: half\r\n\r\n", &[])], &import).await.unwrap();
    set.set_subscribed(&name("Trash"), true).await.unwrap();
    let filters = set.filter_set().unwrap();
    filters.put("main", FILTER.as_bytes()).await.unwrap();
    filters.put("other", b"keep;").await.unwrap();
    filters.set_active("main").await.unwrap();
    // What a view has of these must stay as it is while the operations run.
    inbox.select(false).await.unwrap();
    store
}

/// The same with a cleanup's every work to do: rows to blank and pages to give back, a mailbox to
/// bury, an identity log and packs to fold.
pub async fn large_database() -> MemoryStore {
    let store = database().await;
    let set: Rc<dyn MailboxSet> = StoreMailboxSet::open(Rc::new(store.connect()), options()).await.unwrap();
    set.add_mailbox(&name("Gone"), &Default::default()).await.unwrap();
    let sent = set.get_mailbox(&name("Sent")).await.unwrap();
    for (first, mailbox) in [(0, &sent), (200, &sent), (400, &set.get_mailbox(&name("Gone")).await.unwrap())]
    {
        let mail = |n: u32| message(format!("Message-Id: <{n}>\r\nSubject: {n}\r\n\r\n{n}\r\n"), &[]);
        mailbox.append_many((first..first + 200).map(mail).collect(), false).await.unwrap();
    }
    let dead: Vec<u32> = (110..310).collect();
    sent.delete(&dead).await.unwrap();
    set.delete_mailbox(&name("Gone")).await.unwrap();
    store
}

/// Databases to begin with, made once.
pub struct Databases {
    small: MemoryStore,
    large: MemoryStore,
}

impl Databases {
    pub fn new() -> Databases {
        block_on(async { Databases { small: database().await, large: large_database().await } })
    }

    /// A database for this operation alone.
    pub fn for_operation(&self, operation: &Operation) -> MemoryStore {
        if operation.large { self.large.fork() } else { self.small.fork() }
    }
}

/// What there is, seen by one who opens the database now; also checks that all records agree.
pub async fn contents(store: &MemoryStore) -> String {
    let set = StoreMailboxSet::open(Rc::new(store.connect()), options()).await.unwrap();
    let problems = set.verify().await.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    seen_through(&set).await
}

/// What there is, by this set's caches.
pub async fn seen_through(set: &Rc<StoreMailboxSet>) -> String {
    let set: Rc<dyn MailboxSet> = set.clone();
    let mut text = dump(&set, Ids::Numbered).await.unwrap();
    for (mailbox, import) in [("INBOX", "monday"), ("Sent", "half")] {
        if let Ok(mailbox) = set.get_mailbox(&name(mailbox)).await {
            let progress = mailbox.import_progress(import).await.unwrap();
            text += &format!("import {import}: {:?}\n", progress.map(|progress| progress.taken));
        }
    }
    text
}
