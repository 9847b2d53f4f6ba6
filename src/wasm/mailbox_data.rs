//! One mailbox below sessions: every member of `MailboxData` as a promise.

use std::rc::Rc;

use js_sys::{Array, Promise, Uint32Array};
use wasm_bindgen::prelude::*;

use super::convert::{self, FlagLists, Parts, Record};
use super::promise;
use super::session::SessionHandle;
use crate::backend::MailboxData;
use crate::model::MessageFields;

/// A mailbox by its identity.
#[wasm_bindgen]
pub struct MailboxDataHandle {
    pub(super) mailbox: Rc<dyn MailboxData>,
}

#[wasm_bindgen]
impl MailboxDataHandle {
    /// MAILBOXID.
    #[wasm_bindgen(js_name = mailboxId)]
    pub fn mailbox_id(&self) -> String {
        self.mailbox.mailbox_id().as_str().to_owned()
    }

    /// Whether the mailbox is locked.
    pub fn readonly(&self) -> bool {
        self.mailbox.readonly()
    }

    /// UIDVALIDITY.
    #[wasm_bindgen(js_name = uidValidity)]
    pub fn uid_validity(&self) -> u32 {
        self.mailbox.uid_validity()
    }

    /// The system flags that can be stored.
    #[wasm_bindgen(js_name = permanentFlags)]
    pub fn permanent_flags(&self) -> Array {
        convert::names(&self.mailbox.permanent_flags())
    }

    /// The flags of views.
    #[wasm_bindgen(js_name = sessionFlags)]
    pub fn session_flags(&self) -> Array {
        convert::names(&self.mailbox.session_flags())
    }

    /// The open views of this realm.
    #[wasm_bindgen(js_name = selectedSet)]
    pub fn selected_set(&self) -> JsValue {
        let views = self.mailbox.selected_set();
        Record::new().set("length", views.len() as f64).set("anySelected", views.any_selected()).into()
    }

    /// Appends messages.
    #[wasm_bindgen(js_name = appendMany)]
    pub fn append_many(&self, messages: Array, recent: bool) -> Promise {
        let mailbox = self.mailbox.clone();
        // Copied before anybody else can run and take the octets away.
        let messages = convert::append_messages(&messages);
        promise(
            async move { Ok(convert::stored_messages(&mailbox.append_many(messages?, recent).await?).into()) },
        )
    }

    /// Copies messages.
    #[wasm_bindgen(js_name = copyMany)]
    pub fn copy_many(&self, uids: Vec<u32>, destination: &MailboxDataHandle, recent: bool) -> Promise {
        let (mailbox, destination) = (self.mailbox.clone(), destination.mailbox.clone());
        promise(async move {
            let copied = mailbox.copy_many(&uids, destination.as_ref(), recent).await?;
            Ok(convert::pairs(&copied).into())
        })
    }

    /// Moves messages.
    #[wasm_bindgen(js_name = moveMany)]
    pub fn move_many(&self, uids: Vec<u32>, destination: &MailboxDataHandle, recent: bool) -> Promise {
        let (mailbox, destination) = (self.mailbox.clone(), destination.mailbox.clone());
        promise(async move {
            let moved = mailbox.move_many(&uids, destination.as_ref(), recent).await?;
            Ok(convert::pairs(&moved).into())
        })
    }

    /// A message; undefined where nothing is known of it.
    pub fn get(&self, uid: u32) -> Promise {
        let mailbox = self.mailbox.clone();
        promise(async move {
            let found = mailbox.get(uid, None).await?;
            let found = convert::stored_messages(found.as_slice());
            Ok(found.get(0))
        })
    }

    /// Changes flags.
    #[wasm_bindgen(js_name = updateMany)]
    pub fn update_many(
        &self,
        uids: Vec<u32>,
        flags: Vec<String>,
        operation: String,
        unchanged_since: Option<f64>,
    ) -> Promise {
        let mailbox = self.mailbox.clone();
        promise(async move {
            let flags = convert::flags(&flags)?;
            let operation = convert::operation(&operation)?;
            let since = unchanged_since.map(convert::whole);
            let outcome = mailbox.update_many(&uids, &flags, operation, since).await?;
            Ok(Record::new()
                .set("changed", convert::uids(outcome.changed))
                .set("modified", convert::uids(outcome.modified))
                .into())
        })
    }

    /// What an operation makes of a message's flags; changes nothing.
    #[wasm_bindgen(js_name = appliedFlags)]
    pub fn applied_flags(&self, flags: Vec<String>, operand: Vec<String>, operation: String) -> Promise {
        promise(async move {
            let operand = convert::flags(&operand)?;
            let applied = convert::flags(&flags)?.apply(convert::operation(&operation)?, &operand);
            Ok(convert::names(&applied).into())
        })
    }

    /// Deletes messages, only those with `\Deleted` if `only_deleted`; gives their UIDs.
    pub fn expunge(&self, uids: Vec<u32>, only_deleted: bool) -> Promise {
        let mailbox = self.mailbox.clone();
        promise(async move {
            let gone: Uint32Array = convert::uids(mailbox.expunge(&uids, only_deleted).await?);
            Ok(gone.into())
        })
    }

    /// Upkeep.
    pub fn cleanup(&self) -> Promise {
        let mailbox = self.mailbox.clone();
        promise(async move {
            mailbox.cleanup().await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// STATUS.
    pub fn snapshot(&self) -> Promise {
        let mailbox = self.mailbox.clone();
        promise(async move { Ok(convert::snapshot(&mailbox.snapshot().await?).into()) })
    }
}

/// What a mailbox does with a view.
#[wasm_bindgen]
impl SessionHandle {
    /// Gives every unclaimed `\Recent` to the view.
    #[wasm_bindgen(js_name = claimRecent)]
    pub fn claim_recent(&self, id: u32) -> Promise {
        self.on_view(id, async move |core, view| {
            core.mailbox(view).await?.claim_recent(view).await?;
            Ok(Record::new())
        })
    }

    /// The view's messages that a set names.
    pub fn find(&self, id: u32, numbers: JsValue, uid: bool) -> Promise {
        self.on_view(id, async move |core, view| {
            let set = convert::set(&numbers, uid)?;
            let found = core.mailbox(view).await?.find(&set, view, MessageFields::ALL).await?;
            let mut lists = FlagLists::default();
            let out: Array = found
                .iter()
                .map(|(seq, message)| {
                    let flags = view.flags_of(message.uid, &message.flags);
                    convert::message(message, Some(*seq), &flags, &Parts::default(), &mut lists)
                })
                .collect();
            Ok(Record::new().set("messages", out))
        })
    }

    /// UIDs of the view's messages that a set names and that have `\Deleted`.
    #[wasm_bindgen(js_name = findDeleted)]
    pub fn find_deleted(&self, id: u32, numbers: JsValue, uid: bool) -> Promise {
        self.on_view(id, async move |core, view| {
            let set = convert::set(&numbers, uid)?;
            let found = core.mailbox(view).await?.find_deleted(&set, view).await?;
            Ok(Record::new().set("uids", convert::uids(found)))
        })
    }
}
