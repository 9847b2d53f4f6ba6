//! The layer below sessions: the operations of a `MailboxSet`, and what
//! happens to mailboxes. Not here: one mailbox (`mailbox_data.rs`).

use futures::FutureExt;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::{self, Record};
use super::mailbox_data::MailboxDataHandle;
use super::session::SessionHandle;
use super::{WaitEvent, promise};
use crate::backend::{CreateOptions, MailboxEvent, MailboxEvents, MailboxSet};
use crate::engine::StoreMailboxSet;
use crate::model::{ErrorCode, MailboxName, MailboxSnapshot, Result};
use crate::platform;

#[wasm_bindgen]
impl SessionHandle {
    /// What separates the levels of names.
    pub fn delimiter(&self) -> String {
        self.core.set.delimiter().to_string()
    }

    /// Subscribes to a name or unsubscribes from it.
    #[wasm_bindgen(js_name = setSubscribed)]
    pub fn set_subscribed(&self, name: String, subscribed: bool) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            set.set_subscribed(&MailboxName::parse(&name)?, subscribed).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// All mailboxes, or the names subscribed to, as a tree.
    #[wasm_bindgen(js_name = listTree)]
    pub fn list_tree(&self, subscribed: bool) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let tree = if subscribed { set.list_subscribed().await? } else { set.list_mailboxes().await? };
            Ok(convert::list(convert::bare(tree.list_matching("", "*"))).into())
        })
    }

    /// A mailbox by name.
    #[wasm_bindgen(js_name = mailboxData)]
    pub fn mailbox_data(&self, name: String) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let mailbox = set.get_mailbox(&MailboxName::parse(&name)?).await?;
            Ok(MailboxDataHandle { mailbox }.into())
        })
    }

    /// Creates a mailbox.
    #[wasm_bindgen(js_name = addMailbox)]
    pub fn add_mailbox(&self, name: String, special_use: Option<String>, first_uid: Option<u32>) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let options =
                CreateOptions { special_use: convert::special_use(special_use.as_deref())?, first_uid };
            let mailbox_id = set.add_mailbox(&MailboxName::parse(&name)?, &options).await?;
            Ok(mailbox_id.as_str().into())
        })
    }

    /// Deletes a mailbox.
    #[wasm_bindgen(js_name = removeMailbox)]
    pub fn remove_mailbox(&self, name: String) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            set.delete_mailbox(&MailboxName::parse(&name)?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Renames a mailbox.
    #[wasm_bindgen(js_name = moveMailbox)]
    pub fn move_mailbox(&self, before: String, after: String) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            set.rename_mailbox(&MailboxName::parse(&before)?, &MailboxName::parse(&after)?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Opens a view of a mailbox of this set.
    #[wasm_bindgen(js_name = selectData)]
    pub fn select_data(&self, data: &MailboxDataHandle, readonly: bool) -> Promise {
        let core = self.core.clone();
        let mailbox = data.mailbox.clone();
        promise(async move {
            let (snapshot, view) = mailbox.select(readonly || mailbox.readonly()).await?;
            Ok(core.opened(&snapshot, view))
        })
    }

    /// What happened after a step of the sequence; waits until something did or the event is set.
    #[wasm_bindgen(js_name = waitEvents)]
    pub fn wait_events(&self, after: f64, event: &WaitEvent) -> Promise {
        let set = self.core.set.clone();
        let event = event.event.clone();
        promise(async move {
            let mut after = convert::whole(after);
            // Subscribed before the first look: a change between look and sleep leaves its hint.
            let mut changes = set.changes();
            loop {
                let told = set.events(after).await?;
                if told.resync || !told.events.is_empty() || event.is_set() {
                    let counts = counts(&set, &told).await?;
                    return Ok(convert::events(&told, &counts).into());
                }
                after = told.sequence;
                futures::select_biased! {
                    () = event.wait().fuse() => {}
                    () = changes.changed().fuse() => {}
                    () = platform::sleep_ms(set.poll_interval_ms()).fuse() => {}
                }
            }
        })
    }

    /// Checks every record of the database.
    pub fn verify(&self) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let problems = set.verify().await?;
            Ok(Record::new().set("problems", convert::problems(&problems)).into())
        })
    }
}

/// How the mailboxes stand that were created or changed.
async fn counts(set: &StoreMailboxSet, told: &MailboxEvents) -> Result<Vec<Option<MailboxSnapshot>>> {
    let mut counts = Vec::with_capacity(told.events.len());
    for event in &told.events {
        counts.push(match event {
            MailboxEvent::Created { mailbox_id, .. } | MailboxEvent::Changed { mailbox_id, .. } => {
                match set.get_mailbox_by_id(mailbox_id).await? {
                    Some(mailbox) => match mailbox.snapshot().await {
                        Ok(snapshot) => Some(snapshot),
                        // Deleted just now: its own event comes next.
                        Err(error) if error.code() == ErrorCode::Closed => None,
                        Err(error) => return Err(error),
                    },
                    None => None,
                }
            }
            MailboxEvent::Renamed { .. } | MailboxEvent::Deleted { .. } | MailboxEvent::Attributes { .. } => {
                None
            }
        });
    }
    Ok(counts)
}
