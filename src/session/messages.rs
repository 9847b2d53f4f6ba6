//! Operations on the messages of a view: FETCH, STORE, EXPUNGE. Not here:
//! their content (the mailbox gives it by UID), and searching.

use std::rc::Rc;

use super::base::is_writable;
use super::{BaseSession, FetchOptions, FetchResult, StoreOptions, StoreResult};
use crate::backend::{Look, MailboxData, Wanted};
use crate::model::{
    ErrorCode, FlagOp, Flags, Message, MessageFields, RangeSet, Result, SequenceSet, SystemFlags, Uid,
};
use crate::view::{MailboxState, SelectedMailbox, Silence, UpdateOptions, Updates};

/// What was fetched, and the mailbox as it was for it.
pub(super) struct FetchedFrom {
    pub(super) result: FetchResult,
    pub(super) mailbox: Option<Rc<dyn MailboxData>>,
}

impl From<Updates> for FetchedFrom {
    fn from(updates: Updates) -> Self {
        FetchedFrom { result: FetchResult::from(updates), mailbox: None }
    }
}

impl BaseSession {
    /// FETCH: the metadata of the set's messages. With `set_seen`, `\Seen` is
    /// set first where the view is read-write (semantics 111). Messages that
    /// are gone but not announced are answered from what is still known
    /// (semantics 97); with `changed_since` they are in `vanished` instead.
    ///
    /// Fails with `CLOSED` for a view that is closed.
    pub async fn fetch_messages(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        options: &FetchOptions,
    ) -> Result<FetchResult> {
        let fetched = self.fetch_from(selected, set, options, Wanted::default()).await?;
        Ok(fetched.result)
    }

    /// As [`fetch_messages`](Self::fetch_messages), where more will be read of the messages, as `wanted` says
    /// but for their metadata; with the mailbox to read it from, unless that is deleted.
    pub(super) async fn fetch_from(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        options: &FetchOptions,
        wanted: Wanted<'_>,
    ) -> Result<FetchedFrom> {
        let members = selected.resolve(set);
        let uids: Vec<Uid> = members.iter().map(|(_, uid)| *uid).collect();
        let wanted = Wanted { state: true, uids: &uids, fields: Some(options.fields), ..wanted };
        self.on_view(selected, Look::Now(wanted), async |mailbox, selected| {
            let mut members = members;
            let mut vanished = None;
            if let Some(since) = options.changed_since {
                mailbox.update_selected(selected, None).await?;
                let state = selected.newest();
                let asked = match set.is_uid() {
                    true => set.resolve(state.uid_next().saturating_sub(1)),
                    false => members.iter().map(|(_, uid)| *uid).collect(),
                };
                vanished = Some(state.vanished_since(since).intersection(&asked));
                members.retain(|(_, uid)| state.get(*uid).is_some_and(|live| live.mod_seq > since));
            }
            let uids: Vec<Uid> = members.iter().map(|(_, uid)| *uid).collect();
            let messages = mailbox.messages(&uids, options.fields).await?;
            let mut seen = options.set_seen && !uids.is_empty() && is_writable(selected, mailbox.as_ref());
            if seen {
                let flags = Flags::from_system(SystemFlags::SEEN);
                match mailbox.update_many(&uids, &flags, FlagOp::Add, None).await {
                    // Locked just now: as if it had been before.
                    Err(error) if error.code() == ErrorCode::ReadOnly => seen = false,
                    result => drop(result?),
                }
            }
            let refreshed = mailbox.update_selected(selected, None).await;
            if !seen {
                refreshed?;
            }
            let (messages, expunge_issued) = now(selected, &members, messages, |told| told);
            let hide_expunged = options.hide_expunged || !set.is_uid();
            let updates = selected.updates(&UpdateOptions { hide_expunged, silence: None });
            let result = FetchResult { messages, vanished, expunge_issued, updates };
            Ok(FetchedFrom { result, mailbox: Some(mailbox.clone()) })
        })
        .await
    }

    /// STORE: changes the flags of the set's messages. Flags that cannot be
    /// stored are dropped, `\Recent` is never touched (semantics 11, 12), and
    /// messages that are gone are answered but not written (semantics 98, 99).
    /// Silence leaves out exactly what the client can foretell: where others
    /// changed a message meanwhile, it is told of (semantics 92, 93).
    ///
    /// Fails with `READ_ONLY` from a read-only view or a locked mailbox
    /// (semantics 110), `LIMIT` (keywords), and `CLOSED` for a view that is closed.
    pub async fn update_flags(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        flags: &Flags,
        options: &StoreOptions,
    ) -> Result<StoreResult> {
        let mut members = selected.resolve(set);
        let uids: Vec<Uid> = members.iter().map(|(_, uid)| *uid).collect();
        let look = if uids.is_empty() { Look::STATE } else { Look::AtCommit };
        self.on_view(selected, look, async |mailbox, selected| {
            self.check_writable(selected, mailbox.as_ref()).await?;
            let flags = flags.clone().without(SystemFlags::RECENT);
            let mut messages = match options.silent {
                true => Vec::new(),
                false => mailbox.messages(&uids, MessageFields::PLAIN).await?,
            };
            let (outcome, before) = match uids.is_empty() {
                true => Default::default(),
                false => mailbox.update_from(&uids, &flags, options.op, options.unchanged_since).await?,
            };
            let silence =
                options.silent.then(|| silence(before.as_deref(), selected, &uids, &flags, options.op));
            // The change has landed; a view that cannot be brought up to date learns of it later.
            let _ = mailbox.update_selected(selected, None).await;
            let modified = RangeSet::from_sorted(outcome.modified);
            if !modified.is_empty() {
                let mut kept = members.iter().map(|(_, uid)| !modified.contains(*uid));
                messages.retain(|_| kept.next().unwrap_or(true));
                members.retain(|(_, uid)| !modified.contains(*uid));
            }
            let (messages, expunge_issued) =
                now(selected, &members, messages, |told| told.apply(options.op, &flags));
            let hide_expunged = options.hide_expunged || !set.is_uid();
            let updates = selected.updates(&UpdateOptions { hide_expunged, silence });
            Ok(StoreResult { messages, modified, expunge_issued, updates })
        })
        .await
    }

    /// EXPUNGE: deletes the view's messages that have `\Deleted`, whoever set
    /// it; with a set, only those of them (UID EXPUNGE; semantics 113, 114).
    /// Messages the view does not know yet stay. With nothing to do, nothing
    /// happens (semantics 115).
    ///
    /// Fails with `READ_ONLY` from a read-only view or a locked mailbox, and
    /// with `CLOSED` for a view that is closed.
    pub async fn expunge_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        uid_set: Option<&SequenceSet>,
    ) -> Result<Updates> {
        // Which of some have the flag is found out by the commit; of all, by a look.
        let some =
            uid_set.map(|set| selected.resolve(set).into_iter().map(|(_, uid)| uid).collect::<Vec<Uid>>());
        let at_commit = some.as_ref().is_some_and(|some| !some.is_empty());
        let look = if at_commit { Look::AtCommit } else { Look::STATE };
        self.on_view(selected, look, async |mailbox, selected| {
            self.check_writable(selected, mailbox.as_ref()).await?;
            let deleted = match some {
                Some(some) => some,
                None => mailbox.find_deleted(&SequenceSet::all(true), selected).await?,
            };
            if deleted.is_empty() {
                mailbox.update_selected(selected, None).await?;
            } else {
                mailbox.expunge(&deleted, true).await?;
                // The change has landed; a view that cannot be brought up to date learns of it later.
                let _ = mailbox.update_selected(selected, None).await;
            }
            Ok(selected.updates(&UpdateOptions::default()))
        })
        .await
    }
}

/// What may go unsaid: messages that nobody else changed since the client was told of them, as they were
/// before this change.
fn silence(
    before: Option<&MailboxState>,
    selected: &SelectedMailbox,
    uids: &[Uid],
    flags: &Flags,
    op: FlagOp,
) -> Silence {
    let uids = before.map_or_else(RangeSet::new, |before| {
        let quiet = uids.iter().copied().filter(|uid| !selected.has_foreign_change(*uid, before));
        RangeSet::from_sorted(quiet)
    });
    Silence { uids, op, flags: flags.clone() }
}

/// The messages as the view is about to be told of them, and whether some of
/// the members are gone. What the answer says of a message's flags and what
/// the view counts as told must be one, or a change between the two would
/// never be told. Of a message that is gone, what `of_gone` makes of the flags
/// that were told last.
fn now(
    selected: &SelectedMailbox,
    members: &[(u32, Uid)],
    messages: Vec<Option<Message>>,
    of_gone: impl Fn(Flags) -> Flags,
) -> (Vec<(u32, Message)>, bool) {
    let state = selected.newest();
    let gone = members.iter().any(|(_, uid)| state.get(*uid).is_none());
    let answers = members.iter().zip(messages).filter_map(|((seq, uid), message)| {
        let mut message = message?;
        match state.get(*uid) {
            Some(live) => {
                message.expunged = false;
                message.mod_seq = live.mod_seq;
                message.flags = state.keywords().flags(live.bits);
            }
            None => {
                message.expunged = true;
                message.flags = of_gone(selected.told_flags(*uid)?);
            }
        }
        message.flags = selected.flags_of(*uid, &message.flags);
        Some((*seq, message))
    });
    (answers.collect(), gone)
}
