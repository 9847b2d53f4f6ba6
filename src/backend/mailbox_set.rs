//! The contract of a person's mailboxes: their names and what is done to whole
//! mailboxes. Not here: messages, sessions.

use std::rc::Rc;

use async_trait::async_trait;

use super::{FilterSet, MailboxData};
use crate::model::{
    AppendMessage, DELIMITER, ErrorCode, FlagOp, Flags, ListTree, MailboxId, MailboxName, MailboxSnapshot,
    MessageFields, Result, SpecialUse, Uid,
};
use crate::platform::Pauses;
use crate::store::Sequence;
use crate::view::Feed;

/// How a mailbox is created.
#[derive(Debug, Clone, Default)]
pub struct CreateOptions {
    /// Its use (RFC 6154); at most one mailbox of a set has each.
    pub special_use: Option<SpecialUse>,
    /// Its first UID; 1 where absent.
    pub first_uid: Option<Uid>,
}

/// Something that happened to a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailboxEvent {
    /// It was created.
    Created {
        /// Its identity.
        mailbox_id: MailboxId,
        /// Its name.
        name: String,
    },
    /// It was renamed.
    Renamed {
        /// Its identity.
        mailbox_id: MailboxId,
        /// The name it had.
        before: String,
        /// The name it has.
        name: String,
    },
    /// It was deleted.
    Deleted {
        /// Its identity.
        mailbox_id: MailboxId,
        /// The name it had.
        name: String,
    },
    /// Its messages, their flags or their `\Recent` changed, so its counts may have.
    Changed {
        /// Its identity.
        mailbox_id: MailboxId,
        /// Its present name.
        name: String,
    },
    /// A name was subscribed to or unsubscribed from, or a mailbox's use or lock changed.
    Attributes {
        /// The name.
        name: String,
    },
}

/// What happened after a step of the store's sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxEvents {
    /// The step up to which this tells.
    pub sequence: Sequence,
    /// In order; several changes of one mailbox are told once, at the last of them.
    pub events: Vec<MailboxEvent>,
    /// The history does not reach back that far: the caller looks at everything anew.
    pub resync: bool,
}

/// What a caller of [`MailboxSet::open_mailbox`] goes on to do.
#[derive(Debug, Clone, Copy)]
pub enum Look<'a> {
    /// To read: the storage is asked now, and what is wanted may be read along.
    Now(Wanted<'a>),
    /// To change the mailbox, which shows whether what is in memory of it was still so.
    AtCommit,
}

impl Look<'_> {
    /// A look for which messages there are, with their flags.
    pub const STATE: Look<'static> =
        Look::Now(Wanted { state: true, uids: &[], fields: None, rows: false, contents: false });
    /// A look for nothing in particular.
    pub const NOW: Look<'static> =
        Look::Now(Wanted { state: false, uids: &[], fields: None, rows: false, contents: false });
}

/// What will be asked of a mailbox: a hint, which changes no answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Which messages there are, with their flags: what a view needs.
    pub state: bool,
    /// The messages of which the rest is wanted.
    pub uids: &'a [Uid],
    /// Their metadata.
    pub fields: Option<MessageFields>,
    /// Their list rows.
    pub rows: bool,
    /// Their octets.
    pub contents: bool,
}

/// One of the mailboxes that a message is to be put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendTarget {
    /// Its name.
    pub name: MailboxName,
    /// Flags of the message there, besides its own.
    pub flags: Flags,
    /// Whether the mailbox is created where there is none.
    pub create: bool,
}

/// Where a message was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedTo {
    /// The mailbox.
    pub mailbox_id: MailboxId,
    /// Its UIDVALIDITY.
    pub uid_validity: u32,
    /// The message's UID there.
    pub uid: Uid,
}

/// All mailboxes of one person. Names are validated already
/// ([`MailboxName::parse`]); INBOX always exists.
///
/// A failing method has changed nothing.
#[async_trait(?Send)]
pub trait MailboxSet {
    /// The hierarchy delimiter: `/`.
    fn delimiter(&self) -> char {
        DELIMITER
    }

    /// Whose mailboxes they are.
    fn owner(&self) -> String;

    /// Subscribes to a name or unsubscribes from it; any name will do (semantics 53).
    async fn set_subscribed(&self, name: &MailboxName, subscribed: bool) -> Result<()>;

    /// The subscribed names as a tree: INBOX always; names that do not exist
    /// are `\NonExistent`; attributes are of the subscribed names alone
    /// (semantics 54, 55, 57).
    async fn list_subscribed(&self) -> Result<ListTree>;

    /// Every mailbox as a tree: INBOX first, then in order of creation (semantics 48, 51).
    async fn list_mailboxes(&self) -> Result<ListTree>;

    /// A mailbox by name. `NOT_FOUND` where there is none or the name is `\Noselect`.
    async fn get_mailbox(&self, name: &MailboxName) -> Result<Rc<dyn MailboxData>>;

    /// A mailbox by identity; `None` once it is deleted.
    async fn get_mailbox_by_id(&self, mailbox_id: &MailboxId) -> Result<Option<Rc<dyn MailboxData>>>;

    /// A mailbox for one operation; `None` once it is deleted. It answers as of
    /// this moment or a later one, and need not ask the storage whether anything
    /// is new: so it is not for waiting, nor for keeping.
    ///
    /// With [`Look::AtCommit`] it answers out of memory, which may be behind,
    /// until something is changed through it. Then all that the change was
    /// computed from was so when it landed; a refusal has to be made sure of.
    async fn open_mailbox(
        &self,
        mailbox_id: &MailboxId,
        _look: Look<'_>,
    ) -> Result<Option<Rc<dyn MailboxData>>> {
        self.get_mailbox_by_id(mailbox_id).await
    }

    /// The mailbox of a name, for one operation, as [`MailboxSet::open_mailbox`] is by identity. With
    /// [`Look::AtCommit`] what puts messages into it fails with `NOT_FOUND` where the name is another's by then.
    async fn open_mailbox_of(&self, name: &MailboxName, _look: Look<'_>) -> Result<Rc<dyn MailboxData>> {
        self.get_mailbox(name).await
    }

    /// How mailboxes stand, in the order of their names; `None` where there is none of a name, and where what
    /// is stored of one cannot be read: [`MailboxData::snapshot`] of that one says why.
    ///
    /// A set that can look at all of them at once does better than the default, which asks one after the other.
    async fn snapshots(&self, names: &[MailboxName]) -> Result<Vec<Option<MailboxSnapshot>>> {
        let mut snapshots = Vec::with_capacity(names.len());
        for name in names {
            let snapshot = async { self.open_mailbox_of(name, Look::NOW).await?.snapshot().await };
            snapshots.push(match snapshot.await {
                Ok(snapshot) => Some(snapshot),
                Err(error) => match error.code() {
                    ErrorCode::NotFound | ErrorCode::Corrupt => None,
                    // Closed may be the mailbox's end or the storage's, which the names then tell.
                    ErrorCode::Closed => self.list_mailboxes().await.map(|_| None)?,
                    _ => return Err(error),
                },
            });
        }
        Ok(snapshots)
    }

    /// LIST and STATUS together: how those mailboxes stand, as [`snapshots`](MailboxSet::snapshots) says it,
    /// that `wanted` names, being given what [`list_mailboxes`](MailboxSet::list_mailboxes) answers or, with
    /// `subscribed`, [`list_subscribed`](MailboxSet::list_subscribed). It may be asked more than once; what it
    /// was given last is what the answer goes with. Its failure is the method's.
    ///
    /// A set that can look at names and mailboxes at once does better than the default.
    async fn list_snapshots(
        &self,
        subscribed: bool,
        wanted: &mut dyn for<'t> FnMut(&'t ListTree) -> Result<Vec<MailboxName>>,
    ) -> Result<Vec<Option<MailboxSnapshot>>> {
        let tree = if subscribed { self.list_subscribed().await? } else { self.list_mailboxes().await? };
        self.snapshots(&wanted(&tree)?).await
    }

    /// Creates a mailbox and returns its identity. `ALREADY_EXISTS` for an
    /// existing name, INBOX always (semantics 31), or a taken special use.
    async fn add_mailbox(&self, name: &MailboxName, options: &CreateOptions) -> Result<MailboxId>;

    /// Deletes a mailbox and its messages; mailboxes below it stay (semantics
    /// 36). `NOT_FOUND` where there is none, `CANNOT` for INBOX (semantics 38).
    async fn delete_mailbox(&self, name: &MailboxName) -> Result<()>;

    /// Renames a mailbox and those below it; identities, UIDs and UIDVALIDITY
    /// stay, subscriptions follow (semantics 40-46, 56). INBOX gives its
    /// messages and identity to the new name and begins anew, empty; mailboxes
    /// below it stay. `NOT_FOUND` for an unknown source, `ALREADY_EXISTS` for a
    /// target that is there in any form, INBOX always.
    async fn rename_mailbox(&self, before: &MailboxName, after: &MailboxName) -> Result<()>;

    /// Locks or unlocks a mailbox as a whole. `NOT_FOUND` where there is none.
    async fn set_readonly(&self, name: &MailboxName, readonly: bool) -> Result<()>;

    /// Gives a mailbox a special use or takes it away. `NOT_FOUND`; `ALREADY_EXISTS` where another has it.
    async fn set_special_use(&self, name: &MailboxName, special_use: Option<SpecialUse>) -> Result<()>;

    /// Puts one message into each of these mailboxes, all or none; answers in
    /// their order. The copies have one email id and one thread id. They are
    /// stored as unclaimed `\Recent`, but for those in the `claimant`'s mailbox:
    /// the caller gives these to a view.
    ///
    /// Fails with `NOT_FOUND` where a mailbox is not there and shall not be
    /// created, `READ_ONLY` where one is locked, and as
    /// [`MailboxData::append_many`] and [`MailboxSet::add_mailbox`] do.
    ///
    /// A set that has transactions does better than the default: it appends one
    /// copy after the other, and takes them back where one fails, so that for
    /// the time between others may see them; mailboxes that it created stay.
    async fn append_to_many(
        &self,
        message: AppendMessage,
        targets: &[AppendTarget],
        claimant: Option<&MailboxId>,
    ) -> Result<Vec<AppendedTo>> {
        let mut done: Vec<(Rc<dyn MailboxData>, Uid)> = Vec::new();
        for target in targets {
            let appended = async {
                let mailbox = match self.get_mailbox(&target.name).await {
                    Err(error) if target.create && error.code() == ErrorCode::NotFound => {
                        self.add_mailbox(&target.name, &CreateOptions::default()).await?;
                        self.get_mailbox(&target.name).await?
                    }
                    found => found?,
                };
                let flags = message.flags.apply(FlagOp::Add, &target.flags);
                let message = AppendMessage { flags, ..message.clone() };
                let recent = claimant != Some(&mailbox.mailbox_id());
                let appended = mailbox.append(message, recent).await?;
                Ok((mailbox, appended.uid))
            };
            match appended.await {
                Ok(appended) => done.push(appended),
                Err(error) => {
                    for (mailbox, uid) in done {
                        mailbox.delete(&[uid]).await?;
                    }
                    return Err(error);
                }
            }
        }
        let place = |(mailbox, uid): (Rc<dyn MailboxData>, Uid)| AppendedTo {
            mailbox_id: mailbox.mailbox_id(),
            uid_validity: mailbox.uid_validity(),
            uid,
        };
        Ok(done.into_iter().map(place).collect())
    }

    /// The filters, where this backend has them.
    fn filter_set(&self) -> Option<Rc<dyn FilterSet>> {
        None
    }

    /// What happened to mailboxes after a step of the sequence, as far as is known now.
    async fn events(&self, after: Sequence) -> Result<MailboxEvents>;

    /// The sequence as of now.
    async fn sequence(&self) -> Result<Sequence>;

    /// A hint whenever anything may have changed.
    fn changes(&self) -> Feed;

    /// How often, in milliseconds, one who waits should look without a hint.
    fn poll_interval_ms(&self) -> u32 {
        5000
    }

    /// Whether [`cleanup`](Self::cleanup) would find something to do, as far as is known without asking the
    /// storage.
    fn wants_cleanup(&self) -> bool {
        true
    }

    /// Housekeeping: short where `thorough` is false, everything there is to do where it is true.
    /// Never changes what a client sees.
    async fn cleanup(&self, thorough: bool) -> Result<()>;

    /// The short housekeeping as nobody's errand: each of its commits waits for a pause, so that a client's
    /// calls find one of them before them at most. Fails as [`cleanup`](Self::cleanup) does.
    async fn upkeep(&self, pauses: &Pauses) -> Result<()> {
        pauses.next().await;
        self.cleanup(false).await
    }

    /// Lets go of the storage. Idempotent; methods called afterwards fail with `CLOSED`.
    async fn close(&self);
}
