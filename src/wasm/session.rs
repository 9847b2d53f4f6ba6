//! Sessions: opening one, and every operation of a `BaseSession` as a promise.
//! Views are numbers here; the answers of calls on one say how it then stands.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Array, Function, Promise};
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;

use super::convert::{self, Record};
use super::engines::{self, Lease};
use super::selected::Views;
use super::{WaitEvent, promise};
use crate::backend::{CreateOptions, ImportOptions, Look, MailboxData, MailboxSet, Skip};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{AppendMessage, EmailId, Error, MailboxName, MailboxSnapshot, Result, SequenceSet};
use crate::session::{BaseSession, SessionOptions, StoreOptions};
use crate::store::Durability;
use crate::view::{SelectedMailbox, Updates};

/// Opens a session. `durability` is `"relaxed"` or `"strict"`; `expected` is the
/// database's identity, where it must exist; `factory` makes the store of a
/// backend that is not built in.
#[wasm_bindgen]
pub fn open(
    owner: String,
    database: String,
    backend: String,
    durability: String,
    disabled_search_keys: Vec<String>,
    expected: Option<String>,
    factory: Option<Function>,
) -> Promise {
    promise(async move {
        let options = EngineOptions { owner, expected_database_id: expected, ..EngineOptions::default() };
        let lease = engines::lease(options, (backend, database), factory).await?;
        let set = lease.set().with_durability(durability_of(&durability));
        let options = SessionOptions { disabled_search_keys };
        let core = Core {
            session: BaseSession::new(set.clone(), options),
            set,
            views: Rc::default(),
            lease: RefCell::new(Some(lease)),
        };
        Ok(SessionHandle { core: Rc::new(core) }.into())
    })
}

/// Deletes an IndexedDB database.
#[wasm_bindgen(js_name = deleteDatabase)]
pub fn delete_database(database: String) -> Promise {
    promise(async move {
        engines::delete(&database).await?;
        Ok(JsValue::UNDEFINED)
    })
}

/// What the futures of one session share.
pub(super) struct Core {
    pub(super) session: BaseSession,
    pub(super) set: Rc<StoreMailboxSet>,
    pub(super) views: Rc<Views>,
    lease: RefCell<Option<Lease>>,
}

impl Core {
    /// Runs a call that may be given a view: its answer, with how the view stands.
    async fn with_maybe(&self, id: Option<u32>, call: Box<dyn MaybeCall>) -> Result<JsValue> {
        let Some(id) = id else { return Ok(call.run(self, None).await?.into()) };
        let mut view = self.views.lend(id)?;
        let answer = call.run(self, Some(&mut view)).await;
        self.back(id, view, answer)
    }

    /// Runs a call on a view: its answer, with how the view stands.
    async fn with_view(&self, id: u32, call: Box<dyn ViewCall>) -> Result<JsValue> {
        let mut view = self.views.lend(id)?;
        let answer = call.run(self, &mut view).await;
        self.back(id, view, answer)
    }

    fn back(&self, id: u32, view: SelectedMailbox, answer: Result<Record>) -> Result<JsValue> {
        let answer = answer.map(|answer| answer.set("view", convert::view(&view)));
        self.views.give_back(id, view);
        answer.map(JsValue::from)
    }

    /// The mailbox of a view, for one operation.
    pub(super) async fn mailbox(&self, view: &SelectedMailbox) -> Result<Rc<dyn MailboxData>> {
        let gone = || Error::closed("the mailbox was deleted");
        self.set.open_mailbox(view.mailbox_id(), Look::STATE).await?.ok_or_else(gone)
    }

    /// Keeps an opened view: the snapshot, the view's number and how it stands.
    pub(super) fn opened(&self, snapshot: &MailboxSnapshot, view: SelectedMailbox) -> JsValue {
        let about = convert::view(&view)
            .set("mailboxId", view.mailbox_id().as_str())
            .set("readonly", view.is_readonly());
        let id = self.views.add(view);
        Record::new().set("snapshot", convert::snapshot(snapshot)).set("view", about.set("id", id)).into()
    }
}

pub(super) fn told(updates: &Updates) -> Record {
    Record::new().set("updates", convert::updates(updates))
}

fn maybe_told(updates: Option<&Updates>) -> Record {
    Record::new().maybe("updates", updates.map(convert::updates))
}

/// A session. Freed when JavaScript has closed it.
#[wasm_bindgen]
pub struct SessionHandle {
    pub(super) core: Rc<Core>,
}

/// A call on a view. Behind this trait, and the next, lending the view and
/// saying how it stands is in the wasm once and not once per method.
trait ViewCall {
    fn run<'a>(
        self: Box<Self>,
        core: &'a Core,
        view: &'a mut SelectedMailbox,
    ) -> LocalBoxFuture<'a, Result<Record>>;
}

impl<F: AsyncFnOnce(&Core, &mut SelectedMailbox) -> Result<Record> + 'static> ViewCall for F {
    fn run<'a>(
        self: Box<Self>,
        core: &'a Core,
        view: &'a mut SelectedMailbox,
    ) -> LocalBoxFuture<'a, Result<Record>> {
        Box::pin((*self)(core, view))
    }
}

/// A call that may be given a view.
trait MaybeCall {
    fn run<'a>(
        self: Box<Self>,
        core: &'a Core,
        view: Option<&'a mut SelectedMailbox>,
    ) -> LocalBoxFuture<'a, Result<Record>>;
}

impl<F: AsyncFnOnce(&Core, Option<&mut SelectedMailbox>) -> Result<Record> + 'static> MaybeCall for F {
    fn run<'a>(
        self: Box<Self>,
        core: &'a Core,
        view: Option<&'a mut SelectedMailbox>,
    ) -> LocalBoxFuture<'a, Result<Record>> {
        Box::pin((*self)(core, view))
    }
}

impl SessionHandle {
    pub(super) fn on_view(
        &self,
        id: u32,
        call: impl AsyncFnOnce(&Core, &mut SelectedMailbox) -> Result<Record> + 'static,
    ) -> Promise {
        self.run_on_view(id, Box::new(call))
    }

    fn run_on_view(&self, id: u32, call: Box<dyn ViewCall>) -> Promise {
        let core = self.core.clone();
        promise(async move { core.with_view(id, call).await })
    }

    pub(super) fn maybe_on_view(
        &self,
        id: Option<u32>,
        call: impl AsyncFnOnce(&Core, Option<&mut SelectedMailbox>) -> Result<Record> + 'static,
    ) -> Promise {
        self.run_maybe_on_view(id, Box::new(call))
    }

    fn run_maybe_on_view(&self, id: Option<u32>, call: Box<dyn MaybeCall>) -> Promise {
        let core = self.core.clone();
        promise(async move { core.with_maybe(id, call).await })
    }
}

fn durability_of(name: &str) -> Durability {
    if name == "strict" { Durability::Strict } else { Durability::Relaxed }
}

#[wasm_bindgen]
impl SessionHandle {
    /// The database's identity.
    #[wasm_bindgen(js_name = databaseId)]
    pub fn database_id(&self) -> String {
        self.core.set.database_id()
    }

    /// The same session, with its views, for calls whose commits shall be as durable as this.
    #[wasm_bindgen(js_name = withDurability)]
    pub fn with_durability(&self, durability: String) -> SessionHandle {
        let set = self.core.set.with_durability(durability_of(&durability));
        let options = self.core.session.options().clone();
        let core = Core {
            session: BaseSession::new(set.clone(), options),
            set,
            views: self.core.views.clone(),
            lease: RefCell::new(None),
        };
        SessionHandle { core: Rc::new(core) }
    }
}

/// Names.
#[wasm_bindgen]
impl SessionHandle {
    /// LIST, LSUB, with STATUS of each where that is wanted.
    #[wasm_bindgen(js_name = listMailboxes)]
    pub fn list_mailboxes(
        &self,
        reference: String,
        pattern: String,
        subscribed: bool,
        status: bool,
        id: Option<u32>,
    ) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            let (listed, updates) = if status {
                core.session.list_status(&reference, &pattern, subscribed, view).await?
            } else {
                let (entries, updates) =
                    core.session.list_mailboxes(&reference, &pattern, subscribed, view).await?;
                (convert::bare(entries), updates)
            };
            Ok(maybe_told(updates.as_ref()).set("mailboxes", convert::list(listed)))
        })
    }

    /// STATUS.
    #[wasm_bindgen(js_name = getMailbox)]
    pub fn get_mailbox(&self, name: String, id: Option<u32>) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            let (snapshot, updates) = core.session.get_mailbox(&name, view).await?;
            Ok(maybe_told(updates.as_ref()).set("snapshot", convert::snapshot(&snapshot)))
        })
    }

    /// CREATE.
    #[wasm_bindgen(js_name = createMailbox)]
    pub fn create_mailbox(
        &self,
        name: String,
        special_use: Option<String>,
        first_uid: Option<u32>,
        id: Option<u32>,
    ) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            let options =
                CreateOptions { special_use: convert::special_use(special_use.as_deref())?, first_uid };
            let (mailbox_id, updates) = core.session.create_mailbox(&name, &options, view).await?;
            Ok(maybe_told(updates.as_ref()).set("mailboxId", mailbox_id.as_str()))
        })
    }

    /// DELETE.
    #[wasm_bindgen(js_name = deleteMailbox)]
    pub fn delete_mailbox(&self, name: String, id: Option<u32>) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            Ok(maybe_told(core.session.delete_mailbox(&name, view).await?.as_ref()))
        })
    }

    /// RENAME.
    #[wasm_bindgen(js_name = renameMailbox)]
    pub fn rename_mailbox(&self, before: String, after: String, id: Option<u32>) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            Ok(maybe_told(core.session.rename_mailbox(&before, &after, view).await?.as_ref()))
        })
    }

    /// SUBSCRIBE.
    pub fn subscribe(&self, name: String, id: Option<u32>) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            Ok(maybe_told(core.session.subscribe(&name, view).await?.as_ref()))
        })
    }

    /// UNSUBSCRIBE.
    pub fn unsubscribe(&self, name: String, id: Option<u32>) -> Promise {
        self.maybe_on_view(id, async move |core, view| {
            Ok(maybe_told(core.session.unsubscribe(&name, view).await?.as_ref()))
        })
    }

    /// Locks or unlocks a mailbox.
    #[wasm_bindgen(js_name = setReadonly)]
    pub fn set_readonly(&self, name: String, readonly: bool) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            set.set_readonly(&MailboxName::parse(&name)?, readonly).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Gives a mailbox a special use or takes it away.
    #[wasm_bindgen(js_name = setSpecialUse)]
    pub fn set_special_use(&self, name: String, special_use: Option<String>) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let special_use = convert::special_use(special_use.as_deref())?;
            set.set_special_use(&MailboxName::parse(&name)?, special_use).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// Messages.
#[wasm_bindgen]
impl SessionHandle {
    /// APPEND.
    #[wasm_bindgen(js_name = appendMessages)]
    pub fn append_messages(&self, name: String, messages: Array, id: Option<u32>) -> Promise {
        // Copied before anybody else can run and take the octets away.
        let messages: Result<Vec<AppendMessage>> = convert::append_messages(&messages);
        self.maybe_on_view(id, async move |core, view| {
            let (appended, updates) = core.session.append_messages(&name, messages?, view).await?;
            Ok(maybe_told(updates.as_ref())
                .set("uidValidity", appended.uid_validity)
                .set("uids", convert::uids(appended.uids)))
        })
    }

    /// Appends what an import brings that is new. `skip`: 0 nothing, 1 what the
    /// mailbox has, 2 what any has. `from`: how far the import had come.
    #[wasm_bindgen(js_name = importMessages)]
    pub fn import_messages(
        &self,
        name: String,
        messages: Array,
        skip: u32,
        import: Option<String>,
        from: f64,
    ) -> Promise {
        let core = self.core.clone();
        let messages: Result<Vec<AppendMessage>> = convert::append_messages(&messages);
        let skip = match skip {
            0 => Skip::Nothing,
            1 => Skip::InMailbox,
            _ => Skip::Anywhere,
        };
        let options = ImportOptions { skip, import: import.map(|import| (import, from as u64)) };
        promise(async move {
            let appended = core.session.import_messages(&name, messages?, &options).await?;
            Ok(Record::new()
                .set("uidValidity", appended.uid_validity)
                .set("uids", convert::uids(appended.uids))
                .into())
        })
    }

    /// How far an import has come.
    #[wasm_bindgen(js_name = importProgress)]
    pub fn import_progress(&self, name: String, import: String) -> Promise {
        let core = self.core.clone();
        promise(async move {
            let Some(progress) = core.session.import_progress(&name, &import).await? else {
                return Ok(JsValue::UNDEFINED);
            };
            Ok(Record::new()
                .set("taken", progress.taken as f64)
                .set("emailId", progress.last.as_str())
                .into())
        })
    }

    /// The email id of these octets.
    #[wasm_bindgen(js_name = emailIdOf)]
    pub fn email_id_of(&self, raw: Vec<u8>) -> String {
        EmailId::from_bytes(&Sha256::digest(&raw)).as_str().to_owned()
    }

    /// SELECT, EXAMINE.
    #[wasm_bindgen(js_name = selectMailbox)]
    pub fn select_mailbox(&self, name: String, readonly: bool) -> Promise {
        let core = self.core.clone();
        promise(async move {
            let (snapshot, view) = core.session.select_mailbox(&name, readonly).await?;
            Ok(core.opened(&snapshot, view))
        })
    }

    /// NOOP, CHECK.
    #[wasm_bindgen(js_name = checkMailbox)]
    pub fn check_mailbox(&self, id: u32, housekeeping: bool) -> Promise {
        self.on_view(id, async move |core, view| {
            Ok(told(&core.session.check_mailbox(view, None, housekeeping).await?))
        })
    }

    /// IDLE.
    #[wasm_bindgen(js_name = waitMailbox)]
    pub fn wait_mailbox(&self, id: u32, event: &WaitEvent) -> Promise {
        let event = event.event.clone();
        self.on_view(id, async move |core, view| {
            Ok(told(&core.session.check_mailbox(view, Some(&event), false).await?))
        })
    }

    /// The UIDs of the view's messages that a set names.
    pub fn resolve(&self, id: u32, numbers: JsValue, uid: bool) -> Promise {
        self.on_view(id, async move |_, view| {
            let members = view.resolve(&convert::set(&numbers, uid)?);
            Ok(Record::new().set("uids", convert::uids(members.into_iter().map(|(_, uid)| uid))))
        })
    }

    /// EXPUNGE, UID EXPUNGE.
    #[wasm_bindgen(js_name = expungeMailbox)]
    pub fn expunge_mailbox(&self, id: u32, numbers: JsValue) -> Promise {
        self.on_view(id, async move |core, view| {
            let set = if numbers.is_undefined() { None } else { Some(convert::set(&numbers, true)?) };
            Ok(told(&core.session.expunge_mailbox(view, set.as_ref()).await?))
        })
    }

    /// COPY.
    #[wasm_bindgen(js_name = copyMessages)]
    pub fn copy_messages(&self, id: u32, numbers: JsValue, uid: bool, destination: String) -> Promise {
        self.transfer(id, numbers, uid, destination, false)
    }

    /// MOVE.
    #[wasm_bindgen(js_name = moveMessages)]
    pub fn move_messages(&self, id: u32, numbers: JsValue, uid: bool, destination: String) -> Promise {
        self.transfer(id, numbers, uid, destination, true)
    }

    /// STORE.
    #[wasm_bindgen(js_name = updateFlags)]
    #[allow(clippy::too_many_arguments)]
    pub fn update_flags(
        &self,
        id: u32,
        numbers: JsValue,
        uid: bool,
        flags: Vec<String>,
        operation: String,
        silent: bool,
        unchanged_since: Option<f64>,
    ) -> Promise {
        self.on_view(id, async move |core, view| {
            let set = convert::set(&numbers, uid)?;
            let flags = convert::flags(&flags)?;
            let options = StoreOptions {
                silent,
                unchanged_since: unchanged_since.map(convert::whole),
                ..StoreOptions::new(convert::operation(&operation)?)
            };
            let stored = core.session.update_flags(view, &set, &flags, &options).await?;
            let rows = stored.messages.iter().map(|(seq, each)| (*seq, each.uid, each.mod_seq, &each.flags));
            Ok(told(&stored.updates)
                .set("messages", convert::flag_columns(rows))
                .set("modified", convert::uids(stored.modified.iter()))
                .set("expungeIssued", stored.expunge_issued))
        })
    }

    /// CLOSE, UNSELECT.
    #[wasm_bindgen(js_name = closeMailbox)]
    pub fn close_mailbox(&self, id: u32, expunge: bool) -> Promise {
        let core = self.core.clone();
        promise(async move {
            let view = core.views.remove(id)?;
            core.session.close_mailbox(view, expunge).await?;
            Ok(Record::new().into())
        })
    }
}

/// The whole database.
#[wasm_bindgen]
impl SessionHandle {
    /// The store's sequence as of now.
    pub fn sequence(&self) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            let sequence = set.sequence().await?;
            Ok(Record::new().set("sequence", sequence as f64).into())
        })
    }

    /// Upkeep.
    pub fn cleanup(&self, thorough: bool) -> Promise {
        let set = self.core.set.clone();
        promise(async move {
            set.cleanup(thorough).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Closes the session and, with the last one on its database, the store.
    pub fn close(&self) -> Promise {
        let core = self.core.clone();
        promise(async move {
            core.session.close().await;
            core.views.clear();
            let lease = core.lease.take();
            if let Some(lease) = lease {
                lease.release().await;
            }
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl SessionHandle {
    fn transfer(&self, id: u32, numbers: JsValue, uid: bool, destination: String, moving: bool) -> Promise {
        self.on_view(id, async move |core, view| {
            let set: SequenceSet = convert::set(&numbers, uid)?;
            let result = match moving {
                true => core.session.move_messages(view, &set, &destination).await?,
                false => core.session.copy_messages(view, &set, &destination).await?,
            };
            let copied = result
                .copied
                .map(|copied| convert::pairs(&copied.uids).set("uidValidity", copied.uid_validity));
            Ok(told(&result.updates).maybe("copied", copied))
        })
    }
}
