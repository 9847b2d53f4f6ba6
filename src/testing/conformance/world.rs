//! What a conformance case works with: a fresh database, clients over one or
//! two engines, and what they are told as short text. Not here: the cases.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use async_trait::async_trait;

use crate::backend::{CreateOptions, MailboxData, MailboxSet};
use crate::model::{
    AppendMessage, ErrorCode, FlagOp, Flags, ListAttribute, ListEntry, MailboxName, MailboxSnapshot, Message,
    MessageFields, Result, SequenceSet, Uid,
};
use crate::platform;
use crate::session::{
    AppendUid, BaseSession, CopyResult, FetchOptions, FetchResult, SessionOptions, StoreOptions, StoreResult,
};
use crate::testing::dump::{Ids, dump};
use crate::testing::fixture;
use crate::view::{Event, SelectedMailbox, Updates};

/// A kind of database that the suite is to be run on.
#[async_trait(?Send)]
pub trait Harness {
    /// A new, empty database, whose INBOX begins at this UID (at 1 where `None`).
    async fn fresh(inbox_first_uid: Option<Uid>) -> Self
    where
        Self: Sized;

    /// One more mailbox set over it, as another tab or process opens it.
    async fn open(&self) -> Rc<dyn MailboxSet>;

    /// Every way in which what is stored contradicts itself.
    async fn verify(&self) -> Vec<String>;

    /// Removes the database, once every set over it is closed.
    async fn remove(&self);

    /// A new, empty database of the same kind: another person's.
    async fn another(&self) -> Box<dyn Harness>;
}

type Stranger = (Box<dyn Harness>, Rc<dyn MailboxSet>);

/// One case's database.
pub struct World {
    harness: Box<dyn Harness>,
    two_engines: bool,
    rivalled: Cell<bool>,
    first: RefCell<Rc<dyn MailboxSet>>,
    second: RefCell<Option<Rc<dyn MailboxSet>>>,
    strangers: RefCell<Vec<Stranger>>,
}

/// Runs a case on a fresh database. One that has a rival runs twice: with both
/// clients over one engine, and each over its own, as in two tabs.
pub async fn run<H: Harness + 'static, F: Future<Output = ()>>(case: impl Fn(Rc<World>) -> F) {
    for two_engines in [false, true] {
        if two_engines {
            // Seen only where the case fails.
            eprintln!("each client over an engine of its own:");
        }
        let harness: Box<dyn Harness> = Box::new(H::fresh(Some(fixture::FIRST_UID)).await);
        let first = RefCell::new(harness.open().await);
        let world = Rc::new(World {
            harness,
            two_engines,
            rivalled: Cell::new(false),
            first,
            second: RefCell::default(),
            strangers: RefCell::default(),
        });
        case(Rc::clone(&world)).await;
        let problems = world.harness.verify().await;
        assert!(problems.is_empty(), "the stored records disagree: {problems:?}");
        world.close().await;
        world.harness.remove().await;
        for (harness, set) in world.strangers.take() {
            set.close().await;
            harness.remove().await;
        }
        if !world.rivalled.get() {
            break;
        }
    }
}

impl World {
    /// The mailbox set that [`World::client`]'s sessions use.
    pub fn set(&self) -> Rc<dyn MailboxSet> {
        Rc::clone(&self.first.borrow())
    }

    /// The rival's mailbox set: the same one, or another over the same database.
    pub async fn other_set(&self) -> Rc<dyn MailboxSet> {
        self.rivalled.set(true);
        if !self.two_engines {
            return self.set();
        }
        let opened = self.second.borrow().clone();
        if let Some(set) = opened {
            return set;
        }
        let set = self.harness.open().await;
        self.second.replace(Some(Rc::clone(&set)));
        set
    }

    /// Loads the fixture's mail.
    pub async fn fixture(&self) {
        fixture::load(&self.set()).await.unwrap();
    }

    /// A client.
    pub fn client(&self) -> Client {
        Client::new(self.set())
    }

    /// A client of another tab, in the second run of the case; of the same engine in the first.
    pub async fn rival(&self) -> Client {
        Client::new(self.other_set().await)
    }

    /// A mailbox of [`World::set`], by name.
    pub async fn mailbox(&self, name: &str) -> Rc<dyn MailboxData> {
        self.set().get_mailbox(&MailboxName::parse(name).unwrap()).await.unwrap()
    }

    /// Closes every set and opens the database again, as after a reload.
    pub async fn reopen(&self) {
        self.close().await;
        let set = self.harness.open().await;
        self.first.replace(set);
    }

    /// One more mailbox set, for a third tab.
    pub async fn open(&self) -> Rc<dyn MailboxSet> {
        self.harness.open().await
    }

    /// A client of another person's database.
    pub async fn stranger(&self) -> Client {
        let harness = self.harness.another().await;
        let set = harness.open().await;
        self.strangers.borrow_mut().push((harness, Rc::clone(&set)));
        Client::new(set)
    }

    async fn close(&self) {
        self.set().close().await;
        let second = self.second.take();
        if let Some(set) = second {
            set.close().await;
        }
    }

    /// Everything that can be seen, ids included.
    pub async fn dump(&self) -> String {
        dump(&self.set(), Ids::Exact).await.unwrap()
    }
}

/// A client: a session and its selected mailbox.
pub struct Client {
    pub session: BaseSession,
    pub selected: Option<SelectedMailbox>,
}

impl Client {
    pub fn new(set: Rc<dyn MailboxSet>) -> Client {
        Client { session: BaseSession::new(set, SessionOptions::default()), selected: None }
    }

    pub async fn select(&mut self, name: &str) -> MailboxSnapshot {
        let (snapshot, selected) = self.session.select_mailbox(name, false).await.unwrap();
        self.selected = Some(selected);
        snapshot
    }

    pub async fn examine(&mut self, name: &str) -> MailboxSnapshot {
        let (snapshot, selected) = self.session.select_mailbox(name, true).await.unwrap();
        self.selected = Some(selected);
        snapshot
    }

    pub fn view(&self) -> &SelectedMailbox {
        self.selected.as_ref().expect("a selected mailbox")
    }

    pub fn view_mut(&mut self) -> &mut SelectedMailbox {
        self.selected.as_mut().expect("a selected mailbox")
    }

    /// NOOP: what is told.
    pub async fn noop(&mut self) -> String {
        let view = self.selected.as_mut().expect("a selected mailbox");
        told(&self.session.check_mailbox(view, None, false).await.unwrap())
    }

    /// IDLE until something is told; fails the case after ten seconds.
    pub async fn idle(&mut self) -> String {
        let view = self.selected.as_mut().expect("a selected mailbox");
        let event = Event::new();
        told(&soon(self.session.check_mailbox(view, Some(&event), false)).await.unwrap())
    }

    pub async fn status(&mut self, name: &str) -> MailboxSnapshot {
        self.session.get_mailbox(name, self.selected.as_mut()).await.unwrap().0
    }

    pub async fn create(&mut self, name: &str) {
        self.create_from(name, 1).await;
    }

    pub async fn create_from(&mut self, name: &str, first_uid: Uid) {
        let options = CreateOptions { first_uid: Some(first_uid), ..CreateOptions::default() };
        self.session.create_mailbox(name, &options, self.selected.as_mut()).await.unwrap();
    }

    pub async fn delete(&mut self, name: &str) -> Option<String> {
        self.session.delete_mailbox(name, self.selected.as_mut()).await.unwrap().as_ref().map(told)
    }

    pub async fn rename(&mut self, before: &str, after: &str) -> Option<String> {
        self.session.rename_mailbox(before, after, self.selected.as_mut()).await.unwrap().as_ref().map(told)
    }

    /// LIST as `name attribute…` rows.
    pub async fn list(&mut self, reference: &str, pattern: &str) -> Vec<String> {
        let (rows, _) =
            self.session.list_mailboxes(reference, pattern, false, self.selected.as_mut()).await.unwrap();
        rows.iter().map(row).collect()
    }

    /// LSUB as `name attribute…` rows.
    pub async fn lsub(&mut self) -> Vec<String> {
        let (rows, _) = self.session.list_mailboxes("", "*", true, self.selected.as_mut()).await.unwrap();
        rows.iter().map(row).collect()
    }

    /// The names that LIST shows.
    pub async fn names(&mut self) -> Vec<String> {
        let (rows, _) = self.session.list_mailboxes("", "*", false, self.selected.as_mut()).await.unwrap();
        rows.into_iter().map(|row| row.name).collect()
    }

    /// Appends one message without flags.
    pub async fn append(&mut self, name: &str, raw: &str) -> AppendUid {
        self.append_all(name, vec![AppendMessage::new(raw)]).await.unwrap()
    }

    pub async fn append_all(&mut self, name: &str, messages: Vec<AppendMessage>) -> Result<AppendUid> {
        Ok(self.session.append_messages(name, messages, self.selected.as_mut()).await?.0)
    }

    pub async fn fetch(&mut self, set: SequenceSet) -> FetchResult {
        let view = self.selected.as_mut().expect("a selected mailbox");
        let hide_expunged = !set.is_uid();
        let options =
            FetchOptions { set_seen: false, changed_since: None, fields: MessageFields::ALL, hide_expunged };
        self.session.fetch_messages(view, &set, &options).await.unwrap()
    }

    /// FETCH that sets `\Seen`, as BODY[] does.
    pub async fn fetch_seen(&mut self, set: SequenceSet) -> FetchResult {
        let view = self.selected.as_mut().expect("a selected mailbox");
        let hide_expunged = !set.is_uid();
        let options =
            FetchOptions { set_seen: true, changed_since: None, fields: MessageFields::ALL, hide_expunged };
        self.session.fetch_messages(view, &set, &options).await.unwrap()
    }

    /// The messages of a mailbox that another client sees now.
    pub async fn messages(&mut self, name: &str) -> Vec<Message> {
        let mut other = Client::new(Rc::clone(self.session.mailbox_set()));
        other.examine(name).await;
        other.fetch(uid("1:*")).await.messages.into_iter().map(|(_, message)| message).collect()
    }

    pub async fn try_store(
        &mut self,
        set: SequenceSet,
        op: FlagOp,
        names: &str,
        silent: bool,
    ) -> Result<StoreResult> {
        let view = self.selected.as_mut().expect("a selected mailbox");
        let options = StoreOptions { op, silent, unchanged_since: None, hide_expunged: !set.is_uid() };
        self.session.update_flags(view, &set, &flags(names), &options).await
    }

    pub async fn store(&mut self, set: SequenceSet, op: FlagOp, names: &str) -> StoreResult {
        self.try_store(set, op, names, false).await.unwrap()
    }

    pub async fn store_silent(&mut self, set: SequenceSet, op: FlagOp, names: &str) -> StoreResult {
        self.try_store(set, op, names, true).await.unwrap()
    }

    pub async fn try_expunge(&mut self, uids: Option<&str>) -> Result<Updates> {
        let view = self.selected.as_mut().expect("a selected mailbox");
        let set = uids.map(uid);
        self.session.expunge_mailbox(view, set.as_ref()).await
    }

    pub async fn expunge(&mut self) -> String {
        told(&self.try_expunge(None).await.unwrap())
    }

    /// Flags these UIDs as `\Deleted` and expunges them.
    pub async fn remove(&mut self, uids: &str) -> String {
        self.store_silent(uid(uids), FlagOp::Add, "\\Deleted").await;
        told(&self.try_expunge(Some(uids)).await.unwrap())
    }

    pub async fn copy(&mut self, set: SequenceSet, name: &str) -> Result<CopyResult> {
        let view = self.selected.as_mut().expect("a selected mailbox");
        self.session.copy_messages(view, &set, name).await
    }

    pub async fn move_to(&mut self, set: SequenceSet, name: &str) -> Result<CopyResult> {
        let view = self.selected.as_mut().expect("a selected mailbox");
        self.session.move_messages(view, &set, name).await
    }

    /// Closes the view, by CLOSE where `expunge`, by UNSELECT where not.
    pub async fn close(&mut self, expunge: bool) {
        let view = self.selected.take().expect("a selected mailbox");
        self.session.close_mailbox(view, expunge).await.unwrap();
    }
}

/// What is told, as IMAP writes it, with the UID in each FETCH:
/// `3 EXPUNGE; 4 EXISTS; 1 RECENT; 4 FETCH 105 (\Recent)`.
pub fn told(updates: &Updates) -> String {
    let mut lines = Vec::new();
    if updates.closed {
        lines.push("CLOSED".to_owned());
    }
    lines.extend(updates.expunged.iter().map(|gone| format!("{} EXPUNGE", gone.seq)));
    lines.extend(updates.exists.map(|count| format!("{count} EXISTS")));
    lines.extend(updates.recent.map(|count| format!("{count} RECENT")));
    lines.extend(updates.flags.iter().map(|now| format!("{} FETCH {} {}", now.seq, now.uid, now.flags)));
    assert_eq!(lines.is_empty(), updates.is_empty(), "is_empty: {updates:?}");
    lines.join("; ")
}

/// Messages as `seq uid (flags)`, with a cross where expunged.
pub fn shown(messages: &[(u32, Message)]) -> String {
    let line = |(seq, message): &(u32, Message)| {
        format!("{seq} {} {}{}", message.uid, message.flags, if message.expunged { " X" } else { "" })
    };
    messages.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// A set of sequence numbers.
pub fn seq(text: &str) -> SequenceSet {
    SequenceSet::parse(text, false).unwrap()
}

/// A set of UIDs.
pub fn uid(text: &str) -> SequenceSet {
    SequenceSet::parse(text, true).unwrap()
}

/// Flags, with spaces between them.
pub fn flags(names: &str) -> Flags {
    Flags::parse(names.split_whitespace()).unwrap()
}

/// A message that is to be appended with flags.
pub fn flagged(raw: &str, names: &str) -> AppendMessage {
    AppendMessage { flags: flags(names), ..AppendMessage::new(raw) }
}

/// A LIST row as `name \Attribute…`, `\Subscribed` left out.
pub fn row(entry: &ListEntry) -> String {
    let attributes = entry.attributes.iter().filter(|attribute| **attribute != ListAttribute::Subscribed);
    let attributes: Vec<&str> = attributes.map(|attribute| attribute.as_str()).collect();
    format!("{} {}", entry.name, attributes.join(" ")).trim_end().to_owned()
}

/// The code of what must be a failure.
#[track_caller]
pub fn code<T>(result: Result<T>) -> ErrorCode {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error.code(),
    }
}

/// The pairs of a COPYUID as `101=1 102=2`.
pub fn pairs(result: &CopyResult) -> String {
    let Some(copied) = &result.copied else { return "nothing".to_owned() };
    let pairs: Vec<String> = copied.uids.iter().map(|(from, to)| format!("{from}={to}")).collect();
    pairs.join(" ")
}

/// Waits for what must come soon; fails the case after ten seconds.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    let future = std::pin::pin!(future);
    let late = std::pin::pin!(platform::sleep_ms(10_000));
    match futures::future::select(future, late).await {
        futures::future::Either::Left((value, _)) => value,
        futures::future::Either::Right(_) => panic!("it did not come within ten seconds"),
    }
}

/// A name that a case writes.
pub fn name(text: &str) -> MailboxName {
    MailboxName::parse(text).unwrap()
}
