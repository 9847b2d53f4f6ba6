//! A view's life: SELECT, EXAMINE, NOOP, IDLE, CLOSE, UNSELECT. Not here: what
//! is done to messages through it.

use futures::future::{Either, select};

use super::BaseSession;
use crate::backend::Look;
use crate::model::{Error, ErrorCode, Flags, MailboxName, MailboxSnapshot, Result, SequenceSet};
use crate::view::{Event, SelectedMailbox, UpdateOptions, Updates};

impl BaseSession {
    /// SELECT, or with `readonly` EXAMINE: opens a view; others stay open. A
    /// locked mailbox is selected read-only whatever was asked (semantics 73).
    /// A read-write view takes every `\Recent` that no other has (semantics
    /// 71, 75); the snapshot's `recent` is the view's own count. A read-only
    /// selection reports no permanent flags (semantics 70).
    ///
    /// Fails with `NOT_FOUND`, also for a name that is only an ancestor
    /// (semantics 74).
    pub async fn select_mailbox(
        &self,
        name: &str,
        readonly: bool,
    ) -> Result<(MailboxSnapshot, SelectedMailbox)> {
        self.run(async {
            let name = MailboxName::parse(name)?;
            let mailbox = self.mailbox_set.open_mailbox_of(&name, Look::STATE).await?;
            let opened = mailbox.select(readonly || mailbox.readonly()).await;
            let (mut snapshot, selected) = opened.map_err(|error| match error.code() {
                // Deleted between the two looks.
                ErrorCode::Closed => error.with_code(ErrorCode::NotFound),
                _ => error,
            })?;
            if selected.is_readonly() {
                snapshot.readonly = true;
                snapshot.permanent_flags = Flags::new();
                snapshot.accepts_keywords = false;
            }
            self.keep(selected.handle());
            Ok((snapshot, selected))
        })
        .await
    }

    /// NOOP, CHECK and IDLE: tells what is new. With `wait_on`, waits until
    /// there is something to tell, the event is set or the session is closed;
    /// returns at once where that is so already (semantics 126-131). With
    /// `housekeeping`, does the mailbox's upkeep first, which changes nothing
    /// that can be seen (semantics 132).
    ///
    /// Fails with `CLOSED` for a view that is closed, and with what the upkeep
    /// fails with.
    pub async fn check_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        wait_on: Option<&Event>,
        housekeeping: bool,
    ) -> Result<Updates> {
        // One who waits looks for himself.
        let look = if wait_on.is_some() { Look::AtCommit } else { Look::STATE };
        self.on_view(selected, look, async |mailbox, selected| {
            if housekeeping {
                mailbox.cleanup().await?;
            }
            match wait_on {
                Some(event) => self.wait(selected, event).await?,
                None => mailbox.update_selected(selected, None).await?,
            }
            Ok(selected.updates(&UpdateOptions::default()))
        })
        .await
    }

    async fn wait(&self, selected: &mut SelectedMailbox, event: &Event) -> Result<()> {
        // One that looks again and again.
        let mailbox = self.mailbox_set.get_mailbox_by_id(selected.mailbox_id()).await?;
        let mailbox = mailbox.ok_or_else(|| Error::closed("the mailbox was deleted"))?;
        // The wait ends with the caller's event or the session, whichever comes first; the update
        // itself is never dropped half-way.
        let end = Event::new();
        if event.is_set() {
            end.set();
        }
        self.begin_wait(&end);
        let forward = std::pin::pin!(event.wait());
        let update = mailbox.update_selected(selected, Some(&end));
        let result = match select(update, forward).await {
            Either::Left((result, _)) => result,
            Either::Right(((), update)) => {
                end.set();
                update.await
            }
        };
        end.set();
        result
    }

    /// CLOSE, or without `expunge` UNSELECT: closes the view. CLOSE deletes
    /// the messages that have `\Deleted`, silently; a read-only view deletes
    /// nothing (semantics 112). A view that is closed already, or whose
    /// mailbox is gone, is no error. The view's `\Recent` is nobody's from now
    /// on (semantics 182).
    ///
    /// Where the deletion fails, the error is that of
    /// [`expunge_mailbox`](Self::expunge_mailbox), nothing is deleted, and the
    /// view is closed nevertheless.
    pub async fn close_mailbox(&self, mut selected: SelectedMailbox, expunge: bool) -> Result<()> {
        if selected.is_closed() {
            return Ok(());
        }
        self.run(async {
            let result = match expunge && !selected.is_readonly() {
                true => self.expunge_silently(&mut selected).await,
                false => Ok(()),
            };
            selected.close();
            result
        })
        .await
    }

    async fn expunge_silently(&self, selected: &mut SelectedMailbox) -> Result<()> {
        let Some(mailbox) = self.mailbox_of(selected, Look::STATE).await? else { return Ok(()) };
        if mailbox.readonly() {
            return Ok(());
        }
        let deleted = match mailbox.find_deleted(&SequenceSet::all(true), selected).await {
            Ok(uids) if uids.is_empty() => return Ok(()),
            Ok(uids) => mailbox.expunge(&uids, true).await.map(|_| ()),
            Err(error) => Err(error),
        };
        match deleted {
            // Locked just now: as if it had been before.
            Err(error) if error.code() == ErrorCode::ReadOnly => Ok(()),
            // A mailbox that was deleted meanwhile has nothing left to expunge.
            Err(error)
                if error.code() == ErrorCode::Closed
                    && self.mailbox_of(selected, Look::NOW).await?.is_none() =>
            {
                Ok(())
            }
            result => result,
        }
    }
}
