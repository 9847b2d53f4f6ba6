//! SORT, THREAD and windows on a view as promises. Not here: what is sorted by.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::{self, Record};
use super::rows::Rows;
use super::session::{SessionHandle, told};
use super::{WaitEvent, search_key};
use crate::backend::{Look, MailboxSet, Wanted};
use crate::engine::StoreMailboxSet;
use crate::mime::{ListRow, RowFields};
use crate::model::{Error, Message, MessageFields, Result, Uid};
use crate::search::{SortKey, ThreadAlgorithm};
use crate::session::{ListOrder, ListSort, SearchOptions, known_window, list_window};
use crate::view::{Event, SelectedMailbox};

fn options(cancel: &WaitEvent) -> SearchOptions {
    SearchOptions { cancel: Some(cancel.event.clone()), ..SearchOptions::default() }
}

/// Orders.
#[wasm_bindgen]
impl SessionHandle {
    /// SORT by IMAP's criteria.
    #[wasm_bindgen(js_name = sortMailbox)]
    pub fn sort_mailbox(&self, id: u32, criteria: String, keys: JsValue, cancel: &WaitEvent) -> Promise {
        let options = options(cancel);
        self.on_view(id, async move |core, view| {
            let (sort, keys) = (SortKey::parse_list(&criteria)?, search_key::keys(&keys)?);
            let mut kept = core.views.take_arrangements(id);
            let sorted = core.session.sort_keeping(view, &sort, &keys, &options, &mut kept).await;
            core.views.keep_arrangements(id, kept);
            let sorted = sorted?;
            Ok(told(&sorted.updates)
                .set("uids", convert::uids(sorted.messages.iter().map(|(_, uid)| *uid)))
                .set("seqs", convert::uids(sorted.messages.iter().map(|(seq, _)| *seq)))
                .set("expungeIssued", sorted.expunge_issued))
        })
    }

    /// THREAD by the algorithm of this name.
    #[wasm_bindgen(js_name = threadMailbox)]
    pub fn thread_mailbox(&self, id: u32, algorithm: String, keys: JsValue, cancel: &WaitEvent) -> Promise {
        let options = options(cancel);
        self.on_view(id, async move |core, view| {
            let (algorithm, keys) = (ThreadAlgorithm::parse(&algorithm)?, search_key::keys(&keys)?);
            let mut kept = core.views.take_arrangements(id);
            let threaded = core.session.thread_keeping(view, algorithm, &keys, &options, &mut kept).await;
            core.views.keep_arrangements(id, kept);
            let threaded = threaded?;
            let threads = threaded.threads;
            Ok(told(&threaded.updates)
                .set("uids", convert::uids(threads.messages.iter().map(|(_, uid)| *uid)))
                .set("depths", convert::uids(threads.depths))
                .set("expungeIssued", threaded.expunge_issued))
        })
    }

    /// The rows of a window on the view: in the order of IMAP's criteria and,
    /// where these are equal or there are none, in the mailbox's, or the newest first if `newest`.
    #[wasm_bindgen(js_name = listMessages)]
    pub fn list_messages(
        &self,
        id: u32,
        offset: u32,
        limit: u32,
        criteria: String,
        newest: bool,
        cancel: &WaitEvent,
    ) -> Promise {
        let cancel = cancel.event.clone();
        self.on_view(id, async move |core, view| {
            let keys = if criteria.is_empty() { Vec::new() } else { SortKey::parse_list(&criteria)? };
            let sort = ListSort { keys, newest_first: newest };
            let mut kept = core.views.take_arrangements(id);
            let listed = listed(&core.set, view, &sort, &mut kept.order, (offset, limit), &cancel).await;
            core.views.keep_arrangements(id, kept);
            let (members, messages, rows) = listed?;
            let mut out = Rows::default();
            for (((seq, uid), message), row) in members.into_iter().zip(messages).zip(rows) {
                let Some(message) = message else { continue };
                let damaged = row.is_none() && !message.expunged;
                let stored = match message.expunged {
                    true => view.told_flags(uid).unwrap_or_default(),
                    false => message.flags.clone(),
                };
                let flags = view.flags_of(uid, &stored);
                out.push(seq, &message, &flags, &row.unwrap_or_default(), damaged);
            }
            Ok(Record::from(out).set("total", view.exists()))
        })
    }
}

type Listed = (Vec<(u32, Uid)>, Vec<Option<Message>>, Vec<Option<ListRow>>);

/// The messages of a window on a view, and what a list shows of them.
async fn listed(
    set: &StoreMailboxSet,
    view: &SelectedMailbox,
    sort: &ListSort,
    order: &mut Option<ListOrder>,
    (offset, limit): (u32, u32),
    cancel: &Event,
) -> Result<Listed> {
    let uids_of = |members: &[(u32, Uid)]| members.iter().map(|(_, uid)| *uid).collect::<Vec<Uid>>();
    let uids = uids_of(&known_window(view, sort, order, offset, limit).unwrap_or_default());
    let fields = MessageFields::ALL;
    let wanted = Wanted { state: true, uids: &uids, fields: Some(fields), rows: true, contents: false };
    let mailbox = set.open_mailbox(view.mailbox_id(), Look::Now(wanted)).await?;
    let mailbox = mailbox.ok_or_else(|| Error::closed("the mailbox was deleted"))?;
    let members = list_window(mailbox.as_ref(), view, sort, order, offset, limit, Some(cancel)).await?;
    let uids = uids_of(&members);
    let (messages, rows) =
        futures::try_join!(mailbox.messages(&uids, fields), mailbox.list_rows(&uids, RowFields::ALL))?;
    Ok((members, messages, rows))
}
