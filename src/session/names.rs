//! Operations on names and whole mailboxes: LIST, STATUS, CREATE, DELETE,
//! RENAME, SUBSCRIBE. Not here: messages.

use super::base::{check_view, takes_recent};
use super::{BaseSession, View};
use crate::backend::{CreateOptions, Look};
use crate::model::{Error, ErrorCode, ListEntry, ListTree, MailboxId, MailboxName, MailboxSnapshot, Result};
use crate::view::{SelectedMailbox, UpdateOptions, Updates};

impl BaseSession {
    /// LIST, or with `subscribed` LSUB: the names that `reference` followed by
    /// `pattern` matches. `*` matches anything, `%` anything but the
    /// delimiter, in either (semantics 47-57). An empty pattern asks for the
    /// delimiter alone.
    ///
    /// Fails with `CLOSED` for a view that is closed.
    pub async fn list_mailboxes(
        &self,
        reference: &str,
        pattern: &str,
        subscribed: bool,
        selected: View<'_>,
    ) -> Result<(Vec<ListEntry>, Option<Updates>)> {
        self.run(async {
            check_view(&selected)?;
            let entries = self.list(reference, pattern, subscribed).await?;
            Ok((entries, self.refresh(selected).await?))
        })
        .await
    }

    async fn list(&self, reference: &str, pattern: &str, subscribed: bool) -> Result<Vec<ListEntry>> {
        let tree = if subscribed {
            self.mailbox_set.list_subscribed().await?
        } else {
            self.mailbox_set.list_mailboxes().await?
        };
        Ok(tree.list_matching(reference, pattern))
    }

    /// LIST, and STATUS of every mailbox that it lists and that can be selected (RFC 5819). A status says
    /// what [`get_mailbox`](Self::get_mailbox) does; that of a mailbox which was deleted meanwhile, or
    /// whose counts cannot be read, is `None`.
    ///
    /// Fails as [`list_mailboxes`](Self::list_mailboxes) does.
    pub async fn list_status(
        &self,
        reference: &str,
        pattern: &str,
        subscribed: bool,
        mut selected: View<'_>,
    ) -> Result<(Vec<(ListEntry, Option<MailboxSnapshot>)>, Option<Updates>)> {
        self.run(async {
            check_view(&selected)?;
            let mut listed: Vec<ListEntry> = Vec::new();
            let mut wanted = |tree: &ListTree| {
                listed = tree.list_matching(reference, pattern);
                let selectable = listed.iter().filter(|entry| entry.is_selectable());
                selectable.map(|entry| MailboxName::parse(&entry.name)).collect()
            };
            let snapshots = self.mailbox_set.list_snapshots(subscribed, &mut wanted).await?;
            let updates = self.refresh(selected.as_deref_mut()).await?;
            let mut snapshots = snapshots.into_iter();
            let status = |entry: ListEntry| {
                let snapshot = if entry.is_selectable() { snapshots.next().flatten() } else { None };
                (entry, snapshot.map(|snapshot| with_own_recent(snapshot, selected.as_deref())))
            };
            Ok((listed.into_iter().map(status).collect(), updates))
        })
        .await
    }

    /// STATUS. `recent` counts the messages no view has claimed or, of the
    /// mailbox that the view shows, the view's own (semantics 79).
    ///
    /// Fails with `NOT_FOUND`, also for a name that is only an ancestor, and
    /// with `CLOSED` for a view that is closed.
    pub async fn get_mailbox(
        &self,
        name: &str,
        mut selected: View<'_>,
    ) -> Result<(MailboxSnapshot, Option<Updates>)> {
        self.run(async {
            check_view(&selected)?;
            let name = MailboxName::parse(name)?;
            let mailbox = self.mailbox_set.open_mailbox_of(&name, Look::NOW).await?;
            let snapshot = mailbox.snapshot().await.map_err(|error| match error.code() {
                // Deleted between the two looks.
                ErrorCode::Closed => error.with_code(ErrorCode::NotFound),
                _ => error,
            });
            let snapshot = snapshot?;
            let updates = match selected.as_deref_mut() {
                // What was just looked at is what is new to it.
                Some(view) if !view.is_closed() && *view.mailbox_id() == mailbox.mailbox_id() => {
                    mailbox.update_selected(view, None).await?;
                    Some(view.updates(&UpdateOptions::default()))
                }
                selected => self.refresh(selected).await?,
            };
            Ok((with_own_recent(snapshot, selected.as_deref()), updates))
        })
        .await
    }

    /// CREATE. Ancestors are not created; they are listed as `\Noselect`
    /// (semantics 30-34). Returns the new mailbox's identity.
    ///
    /// Fails with `ALREADY_EXISTS` for an existing name, INBOX always, or a
    /// special use that another mailbox has, and with `CLOSED` for a view that is closed.
    pub async fn create_mailbox(
        &self,
        name: &str,
        options: &CreateOptions,
        selected: View<'_>,
    ) -> Result<(MailboxId, Option<Updates>)> {
        self.run(async {
            check_view(&selected)?;
            let name = MailboxName::parse(name)?;
            if name.is_inbox() {
                return Err(inbox_exists());
            }
            let mailbox_id = self.mailbox_set.add_mailbox(&name, options).await?;
            Ok((mailbox_id, self.refresh_after_change(selected).await))
        })
        .await
    }

    /// DELETE: the mailbox and its messages; those below it stay (semantics
    /// 35-37). Where the view shows it, the updates say that it is closed
    /// (semantics 120).
    ///
    /// Fails with `NOT_FOUND`, also for a name that is only an ancestor,
    /// `CANNOT` for INBOX, and `CLOSED` for a view that is closed.
    pub async fn delete_mailbox(&self, name: &str, selected: View<'_>) -> Result<Option<Updates>> {
        self.run(async {
            check_view(&selected)?;
            let name = MailboxName::parse(name)?;
            if name.is_inbox() {
                return Err(Error::new(ErrorCode::Cannot, "INBOX cannot be deleted"));
            }
            self.mailbox_set.delete_mailbox(&name).await?;
            Ok(self.refresh_after_change(selected).await)
        })
        .await
    }

    /// RENAME: the mailbox and those below it, with their identities, UIDs and
    /// subscriptions (semantics 40-43, 56). Of INBOX, its messages and its
    /// identity go to the new name, an empty INBOX takes its place, and the
    /// mailboxes below it stay (semantics 45, 46).
    ///
    /// Fails with `NOT_FOUND` for an unknown source, `ALREADY_EXISTS` for a
    /// target that is there in any form, INBOX always, and `CLOSED` for a view
    /// that is closed.
    pub async fn rename_mailbox(
        &self,
        before: &str,
        after: &str,
        selected: View<'_>,
    ) -> Result<Option<Updates>> {
        self.run(async {
            check_view(&selected)?;
            let (before, after) = (MailboxName::parse(before)?, MailboxName::parse(after)?);
            if after.is_inbox() {
                return Err(inbox_exists());
            }
            self.mailbox_set.rename_mailbox(&before, &after).await?;
            Ok(self.refresh_after_change(selected).await)
        })
        .await
    }

    /// SUBSCRIBE: any name will do, existing or not (semantics 53). Fails with
    /// `CLOSED` for a view that is closed.
    pub async fn subscribe(&self, name: &str, selected: View<'_>) -> Result<Option<Updates>> {
        self.set_subscribed(name, true, selected).await
    }

    /// UNSUBSCRIBE: any name will do, subscribed or not (semantics 53). Fails
    /// with `CLOSED` for a view that is closed.
    pub async fn unsubscribe(&self, name: &str, selected: View<'_>) -> Result<Option<Updates>> {
        self.set_subscribed(name, false, selected).await
    }

    async fn set_subscribed(
        &self,
        name: &str,
        subscribed: bool,
        selected: View<'_>,
    ) -> Result<Option<Updates>> {
        self.run(async {
            check_view(&selected)?;
            let name = MailboxName::parse(name)?;
            self.mailbox_set.set_subscribed(&name, subscribed).await?;
            Ok(self.refresh_after_change(selected).await)
        })
        .await
    }
}

fn inbox_exists() -> Error {
    Error::new(ErrorCode::AlreadyExists, "INBOX always exists")
}

/// What a mailbox's status says to the client of a view: of the view's own mailbox, the view's `recent`.
fn with_own_recent(mut snapshot: MailboxSnapshot, selected: Option<&SelectedMailbox>) -> MailboxSnapshot {
    if let Some(selected) = selected.filter(|selected| takes_recent(selected, &snapshot.mailbox_id)) {
        snapshot.recent = u32::try_from(selected.recent().len()).unwrap_or(u32::MAX);
    }
    snapshot
}
