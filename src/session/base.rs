//! The session itself: what it holds, how long it lives, and the frame that
//! every operation runs in. Not here: the operations.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use futures::future::select;

use super::fetch::Layouts;
use crate::backend::{FilterSet, Look, MailboxData, MailboxSet};
use crate::model::{Error, ErrorCode, MailboxId, MailboxName, Result};
use crate::platform::{self, Pauses};
use crate::view::{Event, SelectedMailbox, UpdateOptions, Updates, ViewHandle};

/// Upkeep that is under way, until it is dropped.
struct Upkeep(Rc<Cell<bool>>);

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// How long closing waits for upkeep that itself waits for a pause.
const CLOSING_MS: u32 = 500;

/// A view to bring up to date along with an operation that does not need one.
pub type View<'a> = Option<&'a mut SelectedMailbox>;

/// How a session behaves.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Search keys that may not be used, by their IMAP names, such as
    /// `SEQSET` or `SMALLER` (semantics 150).
    pub disabled_search_keys: Vec<String>,
}

/// A client's session: the operations of IMAP as methods over plain data.
///
/// What all methods have in common:
/// - Where a view is given, it is brought up to date and what is new in it is
///   returned; without one, `None` is (semantics 181).
/// - A view is bound to its mailbox's identity: renames do not disturb it
///   (semantics 122, 124). Once its mailbox is deleted, the updates of the
///   first method that notices say so and nothing else; every later one fails
///   with `CLOSED` (semantics 121, 123).
/// - A method that fails has changed nothing, neither in the mailboxes nor in
///   what the view counts as told (semantics 91). Where a change has landed
///   and only bringing the view up to date failed, the method succeeds and
///   the view learns of it next time.
/// - After [`close`](Self::close), and over a set that was closed, methods
///   fail with `CLOSED`. Names are checked by [`MailboxName::parse`]
///   (`INVALID_ARGUMENT`, `LIMIT`). Any method may fail with what storage
///   fails with: `UNAVAILABLE`, `CORRUPT`, and, where it writes,
///   `QUOTA_EXCEEDED` and `CONFLICT`.
/// - Upkeep of the set follows every operation, in a browser in the pauses after its answer; its
///   failures are swallowed.
pub struct BaseSession {
    pub(super) mailbox_set: Rc<dyn MailboxSet>,
    pub(super) options: SessionOptions,
    pub(super) layouts: Layouts,
    closed: Cell<bool>,
    views: RefCell<Vec<ViewHandle>>,
    waits: RefCell<Vec<Event>>,
    /// Whether upkeep is under way or about to begin.
    upkeep: Rc<Cell<bool>>,
    /// Counts beginnings and ends of operations: upkeep waits for a pause between them.
    activity: Rc<Cell<u64>>,
}

impl BaseSession {
    /// A session over these mailboxes. Several sessions may share one set.
    pub fn new(mailbox_set: Rc<dyn MailboxSet>, options: SessionOptions) -> Self {
        BaseSession {
            mailbox_set,
            options,
            layouts: Layouts::default(),
            closed: Cell::new(false),
            views: RefCell::default(),
            waits: RefCell::default(),
            upkeep: Rc::default(),
            activity: Rc::default(),
        }
    }

    /// Whose session it is.
    pub fn owner(&self) -> String {
        self.mailbox_set.owner()
    }

    /// How the session behaves.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The mailboxes it works on.
    pub fn mailbox_set(&self) -> &Rc<dyn MailboxSet> {
        &self.mailbox_set
    }

    /// The filters, where the backend has them.
    pub fn filter_set(&self) -> Option<Rc<dyn FilterSet>> {
        self.mailbox_set.filter_set()
    }

    /// Ends the session: its views are closed without expunging, so that
    /// nobody's `\Recent` is theirs any more (semantics 182), waits end with
    /// nothing new, and later calls fail with `CLOSED`. Upkeep that waits for a
    /// pause is done now, for half a second at most. The mailbox set stays
    /// open: whoever opened it closes it. Idempotent.
    pub async fn close(&self) {
        self.closed.set(true);
        for view in self.views.take() {
            view.close();
        }
        for wait in self.waits.take() {
            wait.set();
        }
        if self.upkeep.get() {
            // Who opens, delivers and closes leaves no pause. What takes long is left to the next session.
            let _ = select(pin!(self.cleanup()), pin!(platform::sleep_ms(CLOSING_MS))).await;
        }
    }

    /// Whether the session was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// A little upkeep of the mailboxes, now; invisible to every client; failures
    /// are swallowed, for there is nothing a client could do about them.
    pub async fn cleanup(&self) {
        let _ = self.mailbox_set.cleanup(false).await;
    }

    /// Runs an operation: refused once the session is closed, followed by
    /// upkeep, unless its caller gave it up and waits for nothing more.
    pub(super) async fn run<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        self.enter()?;
        let result = operation.await;
        let given_up = matches!(&result, Err(error) if error.code() == ErrorCode::Aborted);
        self.leave(given_up).await;
        result
    }

    fn enter(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed("the session is closed"));
        }
        self.activity.set(self.activity.get() + 1);
        Ok(())
    }

    async fn leave(&self, given_up: bool) {
        self.activity.set(self.activity.get() + 1);
        if !given_up && self.mailbox_set.wants_cleanup() && !self.upkeep.replace(true) {
            let (set, under_way) = (self.mailbox_set.clone(), Upkeep(self.upkeep.clone()));
            let pauses = Pauses::of(self.activity.clone());
            let upkeep = async move {
                let _ = set.upkeep(&pauses).await;
                drop(under_way);
            };
            platform::after_answer(upkeep).await;
        }
    }

    /// Runs an operation on a view's mailbox. Where that turns out to be
    /// deleted, before or meanwhile, the answer is the closing update alone.
    pub(super) async fn on_view<T: From<Updates>>(
        &self,
        selected: &mut SelectedMailbox,
        look: Look<'_>,
        operation: impl AsyncFnOnce(&Rc<dyn MailboxData>, &mut SelectedMailbox) -> Result<T>,
    ) -> Result<T> {
        self.run(async {
            if let Some(mailbox) = self.mailbox_of(selected, look).await? {
                match operation(&mailbox, selected).await {
                    Err(error) if error.code() == ErrorCode::Closed => {
                        // Closed may be the mailbox's end or the storage's; only the first is told.
                        if self.mailbox_of(selected, Look::NOW).await?.is_some() {
                            return Err(error);
                        }
                    }
                    result => return result,
                }
            }
            Ok(T::from(selected.updates(&UpdateOptions::default())))
        })
        .await
    }

    /// The mailbox of a view for one operation; where it is deleted, the view
    /// is marked and there is none. `CLOSED` where that was told already.
    pub(super) async fn mailbox_of(
        &self,
        selected: &mut SelectedMailbox,
        look: Look<'_>,
    ) -> Result<Option<Rc<dyn MailboxData>>> {
        check_open(selected)?;
        if selected.is_closed() {
            return Ok(None);
        }
        let mailbox = self.mailbox_set.open_mailbox(selected.mailbox_id(), look).await?;
        if mailbox.is_none() {
            selected.set_deleted();
        }
        Ok(mailbox)
    }

    /// Brings a view up to date and tells what is new.
    pub(super) async fn refresh(&self, selected: View<'_>) -> Result<Option<Updates>> {
        let Some(selected) = selected else { return Ok(None) };
        if let Some(mailbox) = self.mailbox_of(selected, Look::STATE).await? {
            mailbox.update_selected(selected, None).await?;
        }
        Ok(Some(selected.updates(&UpdateOptions::default())))
    }

    /// As [`refresh`](Self::refresh), after a change that has landed: the
    /// method must not fail any more.
    pub(super) async fn refresh_after_change(&self, selected: View<'_>) -> Option<Updates> {
        let selected = selected?;
        if let Ok(Some(mailbox)) = self.mailbox_of(selected, Look::STATE).await {
            let _ = mailbox.update_selected(selected, None).await;
        }
        Some(selected.updates(&UpdateOptions::default()))
    }

    /// As [`refresh_after_change`](Self::refresh_after_change), where the change was made through `changed`:
    /// how that one stands is known from the commit.
    pub(super) async fn refresh_after(
        &self,
        selected: View<'_>,
        changed: &dyn MailboxData,
    ) -> Option<Updates> {
        match selected {
            Some(view) if !view.is_closed() && *view.mailbox_id() == changed.mailbox_id() => {
                let _ = changed.update_selected(view, None).await;
                Some(view.updates(&UpdateOptions::default()))
            }
            selected => self.refresh_after_change(selected).await,
        }
    }

    /// Puts messages into the mailbox of a name by way of `put`: `TRY_CREATE` where there is none,
    /// `READ_ONLY` where it is locked (semantics 60, 107).
    ///
    /// Where `put` commits, the mailbox is at first the one that this program has in memory under that name,
    /// and the commit finds out whether it is still; where it is not, once more, as it is now.
    pub(super) async fn put_into<T>(
        &self,
        name: &str,
        commits: bool,
        put: impl AsyncFn(&Rc<dyn MailboxData>) -> Result<T>,
    ) -> Result<T> {
        let name = MailboxName::parse(name)?;
        if commits {
            let mailbox = self.destination(&name, Look::AtCommit).await?;
            match put(&mailbox).await {
                Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Closed) => {}
                done => return done,
            }
        }
        let mailbox = self.destination(&name, Look::NOW).await?;
        match put(&mailbox).await {
            Err(error) => Err(self.destination_error(error, mailbox.as_ref()).await),
            done => done,
        }
    }

    /// The mailbox that messages are to be put into; see [`put_into`](Self::put_into).
    pub(super) async fn destination(
        &self,
        name: &MailboxName,
        look: Look<'_>,
    ) -> Result<Rc<dyn MailboxData>> {
        let mailbox = self.open_of(name, look).await.map_err(|error| match error.code() {
            ErrorCode::NotFound => error.with_code(ErrorCode::TryCreate),
            _ => error,
        })?;
        if mailbox.readonly() {
            return Err(read_only(&mailbox.name()));
        }
        Ok(mailbox)
    }

    /// The mailbox of a name, to be changed. What is in memory alone says neither that there is none nor
    /// that it is locked.
    pub(super) async fn open_of(&self, name: &MailboxName, look: Look<'_>) -> Result<Rc<dyn MailboxData>> {
        let opened = self.mailbox_set.open_mailbox_of(name, look).await;
        let refused = opened.as_ref().is_ok_and(|mailbox| mailbox.readonly()) || opened.is_err();
        if refused && matches!(look, Look::AtCommit) {
            return self.mailbox_set.open_mailbox_of(name, Look::NOW).await;
        }
        opened
    }

    /// Refuses changes through a read-only view or of a locked mailbox (semantics 110); what is in memory
    /// of the mailbox alone does not.
    pub(super) async fn check_writable(
        &self,
        selected: &SelectedMailbox,
        mailbox: &dyn MailboxData,
    ) -> Result<()> {
        if is_writable(selected, mailbox) {
            return Ok(());
        }
        let now = self.mailbox_set.open_mailbox(selected.mailbox_id(), Look::NOW).await?;
        // Deleted: that is then told.
        let now = now.ok_or_else(|| Error::closed("the mailbox was deleted"))?;
        if is_writable(selected, now.as_ref()) { Ok(()) } else { Err(read_only(&now.name())) }
    }

    /// What a failure to put messages into a mailbox means: where that was
    /// deleted meanwhile, `TRY_CREATE`.
    async fn destination_error(&self, error: Error, destination: &dyn MailboxData) -> Error {
        if error.code() != ErrorCode::Closed {
            return error;
        }
        match self.mailbox_set.get_mailbox_by_id(&destination.mailbox_id()).await {
            Ok(None) => error.with_code(ErrorCode::TryCreate),
            _ => error,
        }
    }

    /// Remembers a view that was given out, for the session's end.
    pub(super) fn keep(&self, view: ViewHandle) {
        let mut views = self.views.borrow_mut();
        views.retain(ViewHandle::is_open);
        views.push(view);
    }

    /// Registers a wait that the session's end shall end.
    pub(super) fn begin_wait(&self, wait: &Event) {
        let mut waits = self.waits.borrow_mut();
        // Events that were set belong to waits that are over.
        waits.retain(|wait| !wait.is_set());
        waits.push(wait.clone());
    }
}

/// Fails with `CLOSED` where nothing will be told through this view any more.
pub(super) fn check_open(selected: &SelectedMailbox) -> Result<()> {
    if selected.is_over() {
        return Err(Error::closed("the selected mailbox is closed"));
    }
    Ok(())
}

/// As [`check_open`], where there is a view.
pub(super) fn check_view(selected: &View<'_>) -> Result<()> {
    selected.as_deref().map_or(Ok(()), check_open)
}

/// Whether messages that arrive in a mailbox are `\Recent` in this view at
/// once; otherwise they wait for the first read-write view to claim them
/// (semantics 76, 77, 78).
pub(super) fn takes_recent(selected: &SelectedMailbox, mailbox_id: &MailboxId) -> bool {
    !selected.is_closed() && !selected.is_readonly() && selected.mailbox_id() == mailbox_id
}

pub(super) fn read_only(name: &str) -> Error {
    Error::new(ErrorCode::ReadOnly, format!("the mailbox {name:?} is read-only"))
}

/// Whether messages can be changed through a view, as far as is known.
pub(super) fn is_writable(selected: &SelectedMailbox, mailbox: &dyn MailboxData) -> bool {
    !selected.is_readonly() && !mailbox.readonly()
}
