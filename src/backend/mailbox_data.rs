//! The contract of one mailbox. Here: what a backend must do and the seed's
//! single forms over it. Not here: names, sessions, what a client was told.

use std::any::Any;
use std::rc::Rc;

use async_trait::async_trait;
use futures::FutureExt;

use crate::mime::{ListRow, RowFields, extract};
use crate::model::{
    AppendMessage, EmailId, Error, ErrorCode, FlagOp, Flags, MailboxId, MailboxSnapshot, Message,
    MessageFields, ModSeq, Result, SequenceSet, SystemFlags, Uid, Value,
};
use crate::platform;
use crate::view::{Event, Feed, MailboxState, SelectedMailbox, SelectedSet};

/// What [`MailboxData::update_many`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateOutcome {
    /// The UIDs whose flags are now others, ascending.
    pub changed: Vec<Uid>,
    /// The UIDs left alone because they changed after `unchanged_since` (RFC 7162 section 3.1.3), ascending.
    pub modified: Vec<Uid>,
}

/// Which messages an import passes over because they are there already. Messages
/// are the same where their octets are, by their email ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Skip {
    /// None: each is appended.
    #[default]
    Nothing,
    /// Those that live in the mailbox, and all but the first of the same ones in a batch.
    InMailbox,
    /// The same, and those that live in any other mailbox.
    Anywhere,
}

/// How [`MailboxData::import`] appends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What is passed over.
    pub skip: Skip,
    /// The import's name, and how many messages of its source were dealt with before these.
    pub import: Option<(String, u64)>,
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// Messages of its source that are dealt with: appended, or skipped as duplicates.
    pub taken: u64,
    /// The email id of the last of them.
    pub last: EmailId,
}

/// Who reads texts: each with its place among those that were asked for.
pub type TextReader<'r> = dyn FnMut(usize, &[u8]) + 'r;

/// One mailbox, by its identity: a rename does not disturb it, and once it is
/// deleted its methods fail with `CLOSED`.
///
/// The batches are all-or-nothing: a failing one has changed nothing. One
/// batch is one step of the mod-sequence; a batch that changes nothing takes
/// no step and wakes nobody (semantics 109, 115, 116). Guards that depend on a
/// selection (read-only views, INBOX rules) are the session's, but a mailbox
/// that is itself [read-only](Self::readonly) refuses every change of its
/// messages with `READ_ONLY`.
#[async_trait(?Send)]
pub trait MailboxData {
    /// MAILBOXID: never changes.
    fn mailbox_id(&self) -> MailboxId;

    /// The mailbox's present name; after its deletion, the last one.
    fn name(&self) -> String;

    /// Whether the mailbox as a whole is locked against changes of its messages.
    fn readonly(&self) -> bool;

    /// UIDVALIDITY.
    fn uid_validity(&self) -> u32;

    /// The system flags that can be stored; keywords can be as well.
    fn permanent_flags(&self) -> Flags {
        Flags::from_system(SystemFlags::PERMANENT)
    }

    /// The flags that belong to a view and are never stored: `\Recent`.
    fn session_flags(&self) -> Flags {
        Flags::from_system(SystemFlags::RECENT)
    }

    /// The open views of this mailbox in this program.
    fn selected_set(&self) -> SelectedSet;

    /// The messages as they now are; `None` once the mailbox is deleted.
    async fn state(&self) -> Result<Option<Rc<MailboxState>>>;

    /// STATUS as of now. `recent` counts the messages that no view has claimed.
    async fn snapshot(&self) -> Result<MailboxSnapshot>;

    /// Opens a view. A read-write one claims every unclaimed `\Recent` in the
    /// same commit, so that exactly one view has each (semantics 71, 75); a
    /// read-only one sees them and leaves them, and so does any on a full disk.
    /// The snapshot's `recent` is the view's own count.
    async fn select(&self, readonly: bool) -> Result<(MailboxSnapshot, SelectedMailbox)>;

    /// Gives every unclaimed `\Recent` to this view, and feeds it a state in which these messages
    /// are: whose `\Recent` it has, it tells of. Takes no step of the mod-sequence.
    /// Does nothing for a read-only view.
    async fn claim_recent(&self, selected: &mut SelectedMailbox) -> Result<()>;

    /// A hint whenever the mailbox may have changed.
    fn changes(&self) -> Feed;

    /// How often, in milliseconds, a waiting view should look without a hint.
    fn poll_interval_ms(&self) -> u32 {
        5000
    }

    /// Brings the view up to date; [`SelectedMailbox::updates`] then tells what
    /// is new. With `wait_on`, first waits until there is something to tell or
    /// the event is set; returns at once where either is so already (semantics
    /// 126-129). A deleted mailbox marks the view as closed and is no error.
    async fn update_selected(&self, selected: &mut SelectedMailbox, wait_on: Option<&Event>) -> Result<()> {
        // Subscribed before the first look: a change between look and sleep leaves its hint.
        let mut changes = self.changes();
        loop {
            match self.state().await? {
                None => selected.set_deleted(),
                Some(state) => {
                    if !selected.is_readonly()
                        && !selected.is_closed()
                        && !state.unclaimed_recent().is_empty()
                    {
                        self.claim_recent(selected).await?;
                    }
                    selected.feed(state);
                }
            }
            let Some(event) = wait_on else { return Ok(()) };
            if selected.has_updates() || event.is_set() {
                return Ok(());
            }
            futures::select_biased! {
                () = event.wait().fuse() => return Ok(()),
                () = changes.changed().fuse() => {}
                () = platform::sleep_ms(self.poll_interval_ms()).fuse() => {}
            }
        }
    }

    /// Appends messages in this order, all or none; returns them with their new
    /// UIDs and ids. With `recent`, they are stored as unclaimed `\Recent`;
    /// otherwise the caller gives `\Recent` to a view itself. Flags that cannot
    /// be stored are dropped; an empty list is a success.
    ///
    /// Fails with `READ_ONLY`, `LIMIT` (keywords, UIDs), `QUOTA_EXCEEDED`, `CLOSED`.
    async fn append_many(&self, messages: Vec<AppendMessage>, recent: bool) -> Result<Vec<Message>>;

    /// Appends, in one commit, those of these messages that are not there already
    /// (as `options.skip` says), and with them how far the named import has
    /// come. Returns the new UIDs, in order. They are unclaimed `\Recent`. No
    /// messages are a success, and change nothing.
    ///
    /// Fails as [`MailboxData::append_many`] does; with `CONFLICT` where the
    /// named import is not where `options.import` says, because another program
    /// goes on with it; with `CANNOT` where a backend keeps no imports.
    async fn import(&self, _messages: Vec<AppendMessage>, _options: &ImportOptions) -> Result<Vec<Uid>> {
        Err(Error::new(ErrorCode::Cannot, "this backend keeps no imports"))
    }

    /// How far an import of that name has come in this mailbox; `None` where
    /// none began. It is kept as long as the mailbox. Fails with `CANNOT` where a
    /// backend keeps no imports.
    async fn import_progress(&self, _import: &str) -> Result<Option<ImportProgress>> {
        Err(Error::new(ErrorCode::Cannot, "this backend keeps no imports"))
    }

    /// Copies messages, with their dates, flags and ids; returns (source, new
    /// UID) pairs in the order of the sources, leaving out those that are gone
    /// (semantics 101, 103). The destination may be this mailbox.
    ///
    /// Fails as [`MailboxData::append_many`] does for the destination, and with
    /// `INVALID_ARGUMENT` for a destination of another set.
    async fn copy_many(
        &self,
        uids: &[Uid],
        destination: &dyn MailboxData,
        recent: bool,
    ) -> Result<Vec<(Uid, Uid)>>;

    /// Moves messages: as [`MailboxData::copy_many`], and expunges the sources
    /// in the same commit (semantics 105, 106, 109). `READ_ONLY` where this
    /// mailbox or the destination is.
    async fn move_many(
        &self,
        uids: &[Uid],
        destination: &dyn MailboxData,
        recent: bool,
    ) -> Result<Vec<(Uid, Uid)>>;

    /// Changes flags. UIDs that are gone are passed over and nothing of them is
    /// written (semantics 99); messages whose flags stay the same keep their
    /// mod-sequence. With `unchanged_since`, messages with a higher
    /// mod-sequence are left alone and listed.
    ///
    /// Fails with `READ_ONLY`, `LIMIT` (keywords), `QUOTA_EXCEEDED`, `CLOSED`.
    async fn update_many(
        &self,
        uids: &[Uid],
        flags: &Flags,
        op: FlagOp,
        unchanged_since: Option<ModSeq>,
    ) -> Result<UpdateOutcome>;

    /// As [`MailboxData::update_many`], with the messages as they were when that changed them: what is then
    /// said of them is the difference to what others had done. A backend that cannot tell answers how
    /// they were just before.
    async fn update_from(
        &self,
        uids: &[Uid],
        flags: &Flags,
        op: FlagOp,
        unchanged_since: Option<ModSeq>,
    ) -> Result<(UpdateOutcome, Option<Rc<MailboxState>>)> {
        let state = self.state().await?;
        Ok((self.update_many(uids, flags, op, unchanged_since).await?, state))
    }

    /// Deletes those of these UIDs that live and, with `only_deleted`, still
    /// have `\Deleted` at the commit. Returns the deleted ones, ascending.
    ///
    /// Fails with `READ_ONLY`, `CLOSED`.
    async fn expunge(&self, uids: &[Uid], only_deleted: bool) -> Result<Vec<Uid>>;

    /// The metadata of these UIDs, one answer each; of a deleted one what is
    /// still known, marked as expunged; `None` where nothing is. Of a live one
    /// whose stored metadata is damaged the rest is told, marked as damaged.
    async fn messages(&self, uids: &[Uid], fields: MessageFields) -> Result<Vec<Option<Message>>>;

    /// What a list shows of these UIDs, one answer each, without reading any
    /// content, with at least these of its texts; `None` where nothing is
    /// known: of a live message only because what is stored is damaged.
    async fn list_rows(&self, uids: &[Uid], fields: RowFields) -> Result<Vec<Option<ListRow>>>;

    /// The octets of these UIDs, one answer each; `None` where they are gone, or,
    /// of a live message, damaged.
    async fn content(&self, uids: &[Uid]) -> Result<Vec<Option<Value>>>;

    /// Shows the searchable texts of the first of these UIDs, of as many as are read at once, in any order, each
    /// with its place among them: UTF-8, as [`Extracted::text`](crate::mime::Extracted::text) says, derived from
    /// the octets where a backend keeps none. Returns how many UIDs that were, at least one unless there are none;
    /// of those that were not shown there are no octets.
    async fn texts(&self, uids: &[Uid], read: &mut TextReader<'_>) -> Result<usize> {
        let first = uids.get(..1).unwrap_or_default();
        for content in self.content(first).await?.into_iter().flatten() {
            read(0, content.with(extract).text.as_bytes());
        }
        Ok(first.len())
    }

    /// Housekeeping of this mailbox; never changes what a client sees (semantics 132).
    async fn cleanup(&self) -> Result<()>;

    /// For a backend that recognises its own mailboxes.
    fn as_any(&self) -> &dyn Any;

    /// Appends one message. As [`MailboxData::append_many`].
    async fn append(&self, message: AppendMessage, recent: bool) -> Result<Message> {
        let appended = self.append_many(vec![message], recent).await?;
        appended.into_iter().next().ok_or_else(|| Error::internal("an appended message was not returned"))
    }

    /// Copies one message; `None` if it is gone. As [`MailboxData::copy_many`].
    async fn copy(&self, uid: Uid, destination: &dyn MailboxData, recent: bool) -> Result<Option<Uid>> {
        let copied = self.copy_many(&[uid], destination, recent).await?;
        Ok(copied.first().map(|(_, new)| *new))
    }

    /// Moves one message; `None` if it is gone. As [`MailboxData::move_many`].
    async fn move_to(&self, uid: Uid, destination: &dyn MailboxData, recent: bool) -> Result<Option<Uid>> {
        let moved = self.move_many(&[uid], destination, recent).await?;
        Ok(moved.first().map(|(_, new)| *new))
    }

    /// One message; if it is gone, `cached` marked as expunged, where that is
    /// the same UID, else what is still known; `None` where nothing is (semantics 118).
    async fn get(&self, uid: Uid, cached: Option<&Message>) -> Result<Option<Message>> {
        let found = self.messages(&[uid], MessageFields::ALL).await?.into_iter().next().flatten();
        // What was cached has the flags it was last seen with; a tombstone need not have any.
        let cached = cached.filter(|cached| cached.uid == uid);
        Ok(match (found, cached) {
            (Some(live), _) if !live.expunged => Some(live),
            (_, Some(cached)) => Some(Message { expunged: true, ..cached.clone() }),
            (known, None) => known,
        })
    }

    /// Changes one message's flags and returns it; of a message that is gone,
    /// `cached` as it would be, with nothing written (semantics 98).
    async fn update(
        &self,
        uid: Uid,
        cached: Option<&Message>,
        flags: &Flags,
        op: FlagOp,
    ) -> Result<Option<Message>> {
        let before = self.get(uid, cached).await?;
        self.update_many(&[uid], flags, op, None).await?;
        let would_be = |message: Message| Message { flags: message.flags.apply(op, flags), ..message };
        Ok(match self.get(uid, cached).await {
            Ok(message) => message.map(|message| if message.expunged { would_be(message) } else { message }),
            // The change has landed: it must not fail any more.
            Err(_) => before.map(would_be),
        })
    }

    /// Deletes these UIDs whatever their flags; unknown ones are passed over (semantics 119).
    async fn delete(&self, uids: &[Uid]) -> Result<()> {
        self.expunge(uids, false).await.map(|_| ())
    }

    /// The view's messages that a set names, with their sequence numbers,
    /// ascending; a message that is gone but not yet announced is included as
    /// the view last saw it, marked as expunged (semantics 97).
    async fn find(
        &self,
        set: &SequenceSet,
        selected: &SelectedMailbox,
        fields: MessageFields,
    ) -> Result<Vec<(u32, Message)>> {
        let members = selected.resolve(set);
        let uids: Vec<Uid> = members.iter().map(|(_, uid)| *uid).collect();
        let messages = self.messages(&uids, fields).await?;
        let found = members.into_iter().zip(messages).filter_map(|((seq, uid), message)| {
            let message = message?;
            if message.expunged {
                let flags = selected.told_flags(uid)?;
                return Some((seq, Message { flags, ..message }));
            }
            Some((seq, message))
        });
        Ok(found.collect())
    }

    /// The view's UIDs that a set names and whose present flags contain
    /// `\Deleted`, whoever set it (semantics 113).
    async fn find_deleted(&self, set: &SequenceSet, selected: &SelectedMailbox) -> Result<Vec<Uid>> {
        let Some(state) = self.state().await? else {
            return Err(Error::new(ErrorCode::Closed, "the mailbox was deleted"));
        };
        let deleted = |uid: &Uid| state.get(*uid).is_some_and(|live| live.bits.has(SystemFlags::DELETED));
        Ok(selected.resolve(set).into_iter().map(|(_, uid)| uid).filter(deleted).collect())
    }
}
