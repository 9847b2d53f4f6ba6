//! Messages on their way into a mailbox: APPEND, COPY, MOVE. Not here: what
//! changes within one.

use super::base::{check_view, check_writable, takes_recent};
use super::{AppendUid, BaseSession, CopyResult, CopyUid, View};
use crate::backend::{ImportOptions, ImportProgress};
use crate::model::{AppendMessage, RangeSet, Result, SequenceSet, Uid};
use crate::view::{SelectedMailbox, UpdateOptions, Updates};

impl BaseSession {
    /// APPEND: all of these messages, in this order, or none (semantics 61).
    /// They are `\Recent` in the given view if that is a read-write one of
    /// this mailbox, else in the first read-write view to see them (semantics
    /// 76-78). Flags that cannot be stored are dropped (semantics 13). No
    /// messages are a success. Filters are not applied (semantics 166).
    ///
    /// Fails with `TRY_CREATE` where there is no such mailbox, `READ_ONLY`
    /// where it is locked, `LIMIT` (keywords, UIDs), and `CLOSED` for a view
    /// that is closed.
    pub async fn append_messages(
        &self,
        name: &str,
        messages: Vec<AppendMessage>,
        mut selected: View<'_>,
    ) -> Result<(AppendUid, Option<Updates>)> {
        self.run(async {
            check_view(&selected)?;
            let mailbox = self.destination(name).await?;
            let owner =
                selected.as_deref_mut().filter(|selected| takes_recent(selected, &mailbox.mailbox_id()));
            let appended = match mailbox.append_many(messages, owner.is_none()).await {
                Ok(appended) => appended,
                Err(error) => return Err(self.destination_error(error, mailbox.as_ref()).await),
            };
            let uids: Vec<Uid> = appended.iter().map(|message| message.uid).collect();
            if let Some(owner) = owner {
                owner.add_recent(&RangeSet::from_sorted(uids.iter().copied()));
            }
            let appended = AppendUid { uid_validity: mailbox.uid_validity(), uids };
            Ok((appended, self.refresh_after_change(selected).await))
        })
        .await
    }

    /// Appends what an import brings, and how far it has come, in one commit: see
    /// [`MailboxData::import`]. Returns the UIDs of what was appended; filters
    /// are not applied.
    ///
    /// Fails as [`append_messages`](Self::append_messages) does, and with
    /// `CONFLICT` where another program goes on with the same import.
    ///
    /// [`MailboxData::import`]: crate::backend::MailboxData::import
    pub async fn import_messages(
        &self,
        name: &str,
        messages: Vec<AppendMessage>,
        options: &ImportOptions,
    ) -> Result<AppendUid> {
        self.run(async {
            let mailbox = self.destination(name).await?;
            let uids = match mailbox.import(messages, options).await {
                Ok(uids) => uids,
                Err(error) => return Err(self.destination_error(error, mailbox.as_ref()).await),
            };
            Ok(AppendUid { uid_validity: mailbox.uid_validity(), uids })
        })
        .await
    }

    /// How far an import into a mailbox has come; `None` where none of that name
    /// began. Fails with `TRY_CREATE` and `READ_ONLY` as importing would.
    pub async fn import_progress(&self, name: &str, import: &str) -> Result<Option<ImportProgress>> {
        self.run(async { self.destination(name).await?.import_progress(import).await }).await
    }

    /// COPY: all of the set's messages or none, with their flags, dates and
    /// ids; those that are gone are passed over (semantics 101-104, 109). A
    /// read-only view may be copied from (semantics 110). The copies are
    /// `\Recent` as appended messages are.
    ///
    /// Fails with `TRY_CREATE` where there is no such destination, `READ_ONLY`
    /// where that is locked, `LIMIT` (keywords, UIDs), and `CLOSED` for a view
    /// that is closed.
    pub async fn copy_messages(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        destination: &str,
    ) -> Result<CopyResult> {
        self.transfer(selected, set, destination, false).await
    }

    /// MOVE (RFC 6851): as [`copy_messages`](Self::copy_messages), and the
    /// sources are gone in the same moment (semantics 105, 106, 109).
    ///
    /// Fails as that does, and with `READ_ONLY` from a read-only view or a
    /// locked mailbox (semantics 108).
    pub async fn move_messages(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        destination: &str,
    ) -> Result<CopyResult> {
        self.transfer(selected, set, destination, true).await
    }

    async fn transfer(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        destination: &str,
        moving: bool,
    ) -> Result<CopyResult> {
        self.on_view(selected, async |source, selected| {
            if moving {
                check_writable(selected, source)?;
            }
            let destination = self.destination(destination).await?;
            let uids: Vec<Uid> = selected.resolve(set).into_iter().map(|(_, uid)| uid).collect();
            let own = takes_recent(selected, &destination.mailbox_id());
            let copied = match moving {
                _ if uids.is_empty() => Ok(Vec::new()),
                true => source.move_many(&uids, destination.as_ref(), !own).await,
                false => source.copy_many(&uids, destination.as_ref(), !own).await,
            };
            let uids = match copied {
                Ok(uids) => uids,
                Err(error) if self.mailbox_of(selected).await?.is_none() => return Err(error),
                Err(error) => return Err(self.destination_error(error, destination.as_ref()).await),
            };
            if own {
                selected.add_recent(&RangeSet::from_sorted(uids.iter().map(|(_, new)| *new)));
            }
            let uid_validity = destination.uid_validity();
            let copied = (!uids.is_empty()).then_some(CopyUid { uid_validity, uids });
            // The change has landed; a view that cannot be brought up to date learns of it later.
            let _ = source.update_selected(selected, None).await;
            Ok(CopyResult { copied, updates: selected.updates(&UpdateOptions::default()) })
        })
        .await
    }
}
