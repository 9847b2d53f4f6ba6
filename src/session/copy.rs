//! Messages on their way into a mailbox: APPEND, COPY, MOVE. Not here: what
//! changes within one.

use std::rc::Rc;

use super::base::{check_view, takes_recent};
use super::{AppendUid, BaseSession, CopyResult, CopyUid, View};
use crate::backend::{ImportOptions, ImportProgress, Look, MailboxData};
use crate::model::{AppendMessage, Error, RangeSet, Result, SequenceSet, Uid};
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
            let view = selected.as_deref();
            let append = async |mailbox: &Rc<dyn MailboxData>| {
                let own = view.is_some_and(|view| takes_recent(view, &mailbox.mailbox_id()));
                let appended = mailbox.append_many(messages.clone(), !own).await?;
                Ok((mailbox.clone(), appended))
            };
            let (mailbox, appended) = self.put_into(name, !messages.is_empty(), append).await?;
            let uids: Vec<Uid> = appended.iter().map(|message| message.uid).collect();
            if let Some(owner) =
                selected.as_deref_mut().filter(|view| takes_recent(view, &mailbox.mailbox_id()))
            {
                owner.add_recent(&RangeSet::from_sorted(uids.iter().copied()));
            }
            let appended = AppendUid { uid_validity: mailbox.uid_validity(), uids };
            Ok((appended, self.refresh_after(selected, mailbox.as_ref()).await))
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
            self.put_into(name, !messages.is_empty(), async |mailbox| {
                let uids = mailbox.import(messages.clone(), options).await?;
                Ok(AppendUid { uid_validity: mailbox.uid_validity(), uids })
            })
            .await
        })
        .await
    }

    /// How far an import into a mailbox has come; `None` where none of that name
    /// began. Fails with `TRY_CREATE` and `READ_ONLY` as importing would.
    pub async fn import_progress(&self, name: &str, import: &str) -> Result<Option<ImportProgress>> {
        self.run(async {
            self.put_into(name, false, async |mailbox| mailbox.import_progress(import).await).await
        })
        .await
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
        let uids: Vec<Uid> = selected.resolve(set).into_iter().map(|(_, uid)| uid).collect();
        let look = if uids.is_empty() { Look::STATE } else { Look::AtCommit };
        self.on_view(selected, look, async |source, selected| {
            if moving {
                self.check_writable(selected, source.as_ref()).await?;
            }
            let view = &*selected;
            let transfer = async |destination: &Rc<dyn MailboxData>| {
                let own = takes_recent(view, &destination.mailbox_id());
                let copied = match moving {
                    _ if uids.is_empty() => Vec::new(),
                    true => source.move_many(&uids, destination.as_ref(), !own).await?,
                    false => source.copy_many(&uids, destination.as_ref(), !own).await?,
                };
                Ok((copied, destination.uid_validity(), own))
            };
            let (uids, uid_validity, own) = match self.put_into(destination, !uids.is_empty(), transfer).await
            {
                Ok(copied) => copied,
                // The source's end is told before the destination's.
                Err(error) => match self.mailbox_of(selected, Look::NOW).await? {
                    Some(_) => return Err(error),
                    None => return Err(Error::closed("the mailbox was deleted")),
                },
            };
            if own {
                selected.add_recent(&RangeSet::from_sorted(uids.iter().map(|(_, new)| *new)));
            }
            let copied = (!uids.is_empty()).then_some(CopyUid { uid_validity, uids });
            // The change has landed; a view that cannot be brought up to date learns of it later.
            let _ = source.update_selected(selected, None).await;
            Ok(CopyResult { copied, updates: selected.updates(&UpdateOptions::default()) })
        })
        .await
    }
}
