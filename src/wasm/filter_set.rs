//! Filters and delivery as promises. Not here: argument checks, which are the
//! JavaScript face's.

use std::rc::Rc;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{self, Record};
use super::promise;
use super::session::{Core, SessionHandle};
use crate::backend::{FilterAction, FilterError, FilterSet, MailboxSet};
use crate::model::{AppendMessage, Error, ErrorCode, Result, Value};
use crate::session::{DeliverOptions, DeliverResult, Delivered, Missing};

impl Core {
    fn filters(&self) -> Result<Rc<dyn FilterSet>> {
        let none = || Error::new(ErrorCode::Unavailable, "these mailboxes have no filters");
        self.set.filter_set().ok_or_else(none)
    }
}

impl SessionHandle {
    fn on_filters<T: Into<JsValue>>(
        &self,
        call: impl AsyncFnOnce(Rc<dyn FilterSet>) -> Result<T> + 'static,
    ) -> Promise {
        let filters = self.core.filters();
        promise(async move { Ok(call(filters?).await?.into()) })
    }
}

fn text(script: &[u8]) -> String {
    String::from_utf8_lossy(script).into_owned()
}

#[wasm_bindgen]
impl SessionHandle {
    /// Stores a script.
    #[wasm_bindgen(js_name = putFilter)]
    pub fn put_filter(&self, name: String, script: String) -> Promise {
        self.on_filters(async move |filters| filters.put(&name, script.as_bytes()).await.map(nothing))
    }

    /// The script of that name.
    #[wasm_bindgen(js_name = getFilter)]
    pub fn get_filter(&self, name: String) -> Promise {
        self.on_filters(async move |filters| Ok(text(&filters.get(&name).await?)))
    }

    /// Deletes a script.
    #[wasm_bindgen(js_name = deleteFilter)]
    pub fn delete_filter(&self, name: String) -> Promise {
        self.on_filters(async move |filters| filters.delete(&name).await.map(nothing))
    }

    /// Renames a script.
    #[wasm_bindgen(js_name = renameFilter)]
    pub fn rename_filter(&self, before: String, after: String) -> Promise {
        self.on_filters(async move |filters| filters.rename(&before, &after).await.map(nothing))
    }

    /// Makes a script the active one; without a name, none.
    #[wasm_bindgen(js_name = setActiveFilter)]
    pub fn set_active_filter(&self, name: Option<String>) -> Promise {
        self.on_filters(async move |filters| {
            match name {
                Some(name) => filters.set_active(&name).await,
                None => filters.clear_active().await,
            }
            .map(nothing)
        })
    }

    /// The active script.
    #[wasm_bindgen(js_name = getActiveFilter)]
    pub fn get_active_filter(&self) -> Promise {
        self.on_filters(async move |filters| Ok(filters.get_active().await?.map(|script| text(&script))))
    }

    /// The active script's name, and all names.
    #[wasm_bindgen(js_name = getFilters)]
    pub fn get_filters(&self) -> Promise {
        self.on_filters(async move |filters| {
            let (active, names) = filters.get_all().await?;
            let names: Array = names.iter().map(|name| JsValue::from_str(name)).collect();
            Ok(Record::new().set("active", active).set("names", names))
        })
    }

    /// Compiles a script.
    #[wasm_bindgen(js_name = checkFilter)]
    pub fn check_filter(&self, script: String) -> Promise {
        self.on_filters(async move |filters| {
            filters.compiler().compile(script.as_bytes()).map(|_| nothing(()))
        })
    }

    /// What scripts may require.
    #[wasm_bindgen(js_name = filterExtensions)]
    pub fn filter_extensions(&self) -> Promise {
        self.on_filters(async move |filters| {
            let compiler = filters.compiler();
            Ok(compiler.extensions().iter().map(|name| JsValue::from_str(name)).collect::<Array>())
        })
    }

    /// What a script would do with a message.
    #[wasm_bindgen(js_name = testFilter)]
    pub fn test_filter(
        &self,
        script: String,
        raw: Uint8Array,
        sender: String,
        recipient: Option<String>,
        mailbox: String,
    ) -> Promise {
        let core = self.core.clone();
        // Copied before anybody else can run and take the octets away.
        let raw = Value::from(raw.to_vec());
        promise(async move {
            let options = DeliverOptions { sender, recipient, mailbox, ..DeliverOptions::default() };
            let outcome = core.session.test_filter(script.as_bytes(), &raw, &options).await?;
            let answer = Record::new().set("actions", actions(&outcome.actions));
            Ok(answer.maybe("error", outcome.error.as_ref().map(filter_error)).into())
        })
    }

    /// Delivers a message by way of the active filter.
    pub fn deliver(
        &self,
        message: Array,
        sender: String,
        recipient: Option<String>,
        mailbox: String,
        id: Option<u32>,
    ) -> Promise {
        let message = convert::append_message(&message);
        self.maybe_on_view(id, async move |core, view| {
            let AppendMessage { raw, flags, internal_date } = message?;
            let options = DeliverOptions { sender, recipient, mailbox, flags, internal_date };
            Ok(delivered(&core.session.deliver(raw, &options, view).await?))
        })
    }
}

fn nothing(_: ()) -> JsValue {
    JsValue::UNDEFINED
}

fn delivered(result: &DeliverResult) -> Record {
    let stored = |each: &Delivered| -> JsValue {
        let place = Record::new().set("mailbox", each.mailbox.as_str());
        place.set("uidValidity", each.uid_validity).set("uid", each.uid).into()
    };
    let missing = |each: &Missing| -> JsValue {
        Record::new().set("mailbox", each.mailbox.as_str()).set("code", each.code.as_str()).into()
    };
    Record::new()
        .set("stored", result.stored.iter().map(stored).collect::<Array>())
        .set("actions", actions(&result.actions))
        .set("discarded", result.discarded)
        .set("missing", result.missing.iter().map(missing).collect::<Array>())
        .maybe("filterError", result.filter_error.as_ref().map(filter_error))
        .maybe("updates", result.updates.as_ref().map(convert::updates))
}

fn filter_error(error: &FilterError) -> Record {
    Record::new().set("message", error.message.as_str()).set("line", error.line).set("column", error.column)
}

fn names(names: &[String]) -> Array {
    names.iter().map(|name| JsValue::from_str(name)).collect()
}

fn actions(actions: &[FilterAction]) -> Array {
    actions.iter().map(|each| JsValue::from(action(each))).collect()
}

fn action(action: &FilterAction) -> Record {
    let of = |kind: &str| Record::new().set("type", kind);
    let flags = |flags: &Option<Vec<String>>| flags.as_deref().map(names);
    match action {
        FilterAction::Keep { flags: given } => of("keep").set("flags", flags(given)),
        FilterAction::FileInto { mailbox, flags: given, create } => {
            of("fileinto").set("mailbox", mailbox.as_str()).set("flags", flags(given)).set("create", *create)
        }
        FilterAction::Redirect { address } => of("redirect").set("address", address.as_str()),
        FilterAction::Reject { reason, ereject } => {
            of("reject").set("reason", reason.as_str()).set("ereject", *ereject)
        }
        FilterAction::Vacation(answer) => of("vacation")
            .set("to", answer.to.as_str())
            .set("from", answer.from.as_deref())
            .set("subject", answer.subject.as_str())
            .set("reason", answer.reason.as_str())
            .set("mime", answer.mime)
            .set("addresses", names(&answer.addresses))
            .set("seconds", answer.seconds as f64)
            .set("handle", answer.handle.as_str()),
    }
}
