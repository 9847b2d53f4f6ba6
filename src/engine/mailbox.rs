//! One mailbox over a store: [`MailboxData`] by way of the engine.

use std::any::Any;
use std::rc::Rc;

use async_trait::async_trait;

use super::append::Prepared;
use super::change::Place;
use super::codec::decoded;
use super::core::Core;
use super::layout::{self, ContentNumber, NAMES, NO_CONTENT, mailbox_guard};
use super::notes::Note;
use super::pages::{IndexPage, Page as _};
use super::stored::StoredIndex;
use super::{Engine, Loaded, Slot, texts};
use crate::backend::{ImportOptions, ImportProgress, MailboxData, TextReader, UpdateOutcome};
use crate::mime::{ListRow, RowFields};
use crate::model::{
    AppendMessage, Error, ErrorCode, FlagOp, Flags, MailboxId, MailboxSnapshot, Message, MessageFields,
    ModSeq, RangeSet, Result, Uid, Value,
};
use crate::platform::{self, Pauses};
use crate::store::{Durability, Read};
use crate::view::{Feed, FlagBits, MailboxState, SelectedMailbox, SelectedSet};

/// When a mailbox asks the store whether what is in memory of it is still so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Whenever it is asked something.
    EachTime,
    /// When it was opened, for one operation, or at that one's commit.
    Once,
}

/// One mailbox of a [`super::StoreMailboxSet`].
pub struct StoreMailbox {
    engine: Rc<Engine>,
    place: Place,
    slot: Rc<Slot>,
    last_name: String,
    /// As it was when the mailbox was opened.
    core: Core,
    looks: Looks,
    durability: Durability,
}

fn deleted() -> Error {
    Error::closed("the mailbox was deleted")
}

impl StoreMailbox {
    pub(super) fn new(
        engine: Rc<Engine>,
        place: Place,
        name: String,
        core: Core,
        looks: Looks,
        durability: Durability,
    ) -> StoreMailbox {
        let slot = engine.slot(place.number);
        StoreMailbox { engine, place, slot, last_name: name, core, looks, durability }
    }

    async fn now(&self) -> Result<Option<Rc<Loaded>>> {
        match self.looks {
            Looks::EachTime => self.engine.fresh_mailbox(self.place.number).await,
            Looks::Once => Ok(self.engine.known_mailbox(self.place.number).await?.value),
        }
    }

    async fn fresh(&self) -> Result<Rc<Loaded>> {
        self.now().await?.ok_or_else(deleted)
    }

    /// The mailbox as another backend object of the same database.
    fn sibling(&self, other: &dyn MailboxData) -> Result<Place> {
        match other.as_any().downcast_ref::<StoreMailbox>() {
            Some(other) if Rc::ptr_eq(&other.engine, &self.engine) => Ok(other.place.clone()),
            _ => Err(Error::invalid("the destination is a mailbox of another set")),
        }
    }

    /// Takes every unclaimed `\Recent`; returns them and the mailbox without
    /// them. On a full disk it takes none: they wait for the next view, and
    /// who only wants to read, or to delete, can.
    async fn claim(&self) -> Result<(Rc<Loaded>, RangeSet)> {
        let claimed = self
            .engine
            .transact(self.durability, async |assembly| {
                let loaded = assembly.mailbox(self.place.number).await?;
                let mut core = loaded.core.clone();
                let claimed = std::mem::take(&mut core.unclaimed_recent);
                if claimed.is_empty() || core.readonly {
                    return Ok((loaded, RangeSet::new()));
                }
                let mailbox_id = self.place.mailbox_id.clone();
                assembly.note(Note::Messages { number: self.place.number, mailbox_id });
                assembly.set_mailbox(self.place.number, core, MailboxState::clone(&loaded.state));
                Ok((assembly.mailbox(self.place.number).await?, claimed))
            })
            .await;
        match claimed {
            Err(error) if error.code() == ErrorCode::QuotaExceeded => {
                Ok((self.fresh().await?, RangeSet::new()))
            }
            claimed => claimed,
        }
    }

    /// How the mailbox stands where this is its core.
    pub(super) fn snapshot_of(&self, core: &Core) -> MailboxSnapshot {
        self.snapshot_for(core, core.readonly, core.unclaimed_recent.len())
    }

    fn snapshot_for(&self, core: &Core, readonly: bool, recent: u64) -> MailboxSnapshot {
        let accepts_keywords = !readonly && core.keywords.names().len() < FlagBits::MAX_KEYWORDS;
        let mut permanent_flags = Flags::new();
        if !readonly {
            permanent_flags = self.permanent_flags();
            for keyword in core.keywords.names() {
                permanent_flags.insert_keyword(keyword);
            }
        }
        MailboxSnapshot {
            name: self.name(),
            mailbox_id: self.place.mailbox_id.clone(),
            readonly,
            uid_validity: core.uid_validity,
            permanent_flags,
            accepts_keywords,
            session_flags: self.session_flags(),
            exists: core.exists,
            recent: u32::try_from(recent).unwrap_or(u32::MAX),
            unseen: core.unseen,
            first_unseen: core.first_unseen,
            deleted: core.deleted,
            size: core.size,
            uid_next: core.uid_next,
            highest_mod_seq: core.highest_mod_seq,
        }
    }

    async fn read_messages(
        &self,
        loaded: &Loaded,
        uids: &[Uid],
        fields: MessageFields,
    ) -> Result<Vec<Option<Message>>> {
        let number = self.place.number;
        let wanted: &[Uid] = if fields.ids { uids } else { &[] };
        let (index, ids) = futures::try_join!(
            self.engine.index_rows(number, loaded, uids, StoredIndex::get),
            self.engine.ids_rows(number, loaded, wanted),
        )?;
        let mut ids = ids.into_iter();
        let messages = uids.iter().zip(index).map(|(uid, index)| {
            let ids = ids.next();
            if *uid >= loaded.core.uid_next {
                return None;
            }
            let live = loaded.state.get(*uid);
            // Of a live message what is not damaged is told.
            let damaged = live.is_some() && (index.is_none() || ids == Some(None));
            let index = index.or(damaged.then(IndexPage::filler))?;
            let (page, row) = loaded.state.place(*uid)?;
            let dead_at = || loaded.state.pages().get(page)?.as_ref()?.mod_seq(row);
            let flags = live.map(|live| loaded.core.keywords.flags(live.bits)).unwrap_or_default();
            let (email_id, thread_id) = ids.flatten().map(|ids| (ids.email_id, ids.thread_id)).unzip();
            Some(Message {
                uid: *uid,
                internal_date: index.internal_date,
                save_date_ms: index.save_date_ms,
                size: index.size,
                flags,
                mod_seq: live.map(|live| live.mod_seq).or_else(dead_at).unwrap_or(0),
                expunged: live.is_none(),
                damaged,
                email_id,
                thread_id,
            })
        });
        Ok(messages.collect())
    }
}

impl StoreMailbox {
    async fn content_numbers(&self, uids: &[Uid]) -> Result<Vec<ContentNumber>> {
        let number = self.place.number;
        let read = async |loaded: &Loaded| {
            let rows = self.engine.index_rows(number, loaded, uids, StoredIndex::content).await?;
            // A page may have rows past the end that were never given.
            Ok(uids.iter().zip(rows).map(|(uid, row)| row.filter(|_| *uid < loaded.core.uid_next)).collect())
        };
        let contents = look_twice(self, uids, read, |_| true).await?;
        Ok(contents.into_iter().map(|content| content.unwrap_or(NO_CONTENT)).collect())
    }
}

/// Reads anew where not every live message has a whole answer: another tab may
/// have sealed or dropped a page since. If not, the page is lost or damaged, and
/// its messages are answered so.
async fn look_twice<T>(
    mailbox: &StoreMailbox,
    uids: &[Uid],
    read: impl AsyncFn(&Loaded) -> Result<Vec<Option<T>>>,
    is_whole: impl Fn(&T) -> bool,
) -> Result<Vec<Option<T>>> {
    let loaded = mailbox.fresh().await?;
    let answers = read(&loaded).await?;
    let is_answered = |(uid, answer): (&Uid, &Option<T>)| {
        answer.as_ref().is_some_and(&is_whole) || loaded.state.get(*uid).is_none()
    };
    if uids.iter().zip(&answers).all(is_answered) {
        return Ok(answers);
    }
    mailbox.engine.invalidate(&[mailbox_guard(mailbox.place.number)]);
    read(&*mailbox.fresh().await?).await
}

#[async_trait(?Send)]
impl MailboxData for StoreMailbox {
    fn mailbox_id(&self) -> MailboxId {
        self.place.mailbox_id.clone()
    }

    fn name(&self) -> String {
        let names = self.engine.names.borrow();
        let entry = names.as_ref().and_then(|known| known.value.by_number(self.place.number));
        entry.map_or_else(|| self.last_name.clone(), |entry| entry.name.as_str().to_owned())
    }

    fn readonly(&self) -> bool {
        let known = self.slot.known.borrow();
        let loaded = known.as_ref().filter(|known| known.fresh).and_then(|known| known.value.as_ref());
        loaded.map_or(self.core.readonly, |loaded| loaded.core.readonly)
    }

    fn uid_validity(&self) -> u32 {
        self.core.uid_validity
    }

    fn selected_set(&self) -> SelectedSet {
        self.slot.selected_set.clone()
    }

    async fn state(&self) -> Result<Option<Rc<MailboxState>>> {
        Ok(self.now().await?.map(|loaded| loaded.state.clone()))
    }

    async fn snapshot(&self) -> Result<MailboxSnapshot> {
        if self.looks == Looks::Once {
            let loaded = self.engine.loaded(self.place.number);
            let core = loaded.as_ref().map_or(&self.core, |loaded| &loaded.core);
            return Ok(self.snapshot_of(core));
        }
        let (key, guards) = (layout::core(self.place.number), vec![NAMES]);
        let snapshot = self.engine.read(Read { keys: vec![key], guards, ..Read::default() }).await?;
        let names = self.engine.names.borrow().as_ref().map(|known| known.revision);
        if names != snapshot.revisions.first().copied() {
            self.engine.fresh_names().await?;
        }
        let record = snapshot.values.into_iter().next().flatten().ok_or_else(deleted)?;
        let core = decoded(&key, &record, Core::decode)?;
        Ok(self.snapshot_of(&core))
    }

    async fn select(&self, readonly: bool) -> Result<(MailboxSnapshot, SelectedMailbox)> {
        let loaded = self.fresh().await?;
        let readonly = readonly || loaded.core.readonly;
        let (loaded, recent) = if readonly {
            let recent = loaded.core.unclaimed_recent.clone();
            (loaded, recent)
        } else if loaded.core.unclaimed_recent.is_empty() {
            (loaded, RangeSet::new())
        } else {
            self.claim().await?
        };
        let view = SelectedMailbox::new(
            self.place.mailbox_id.clone(),
            readonly,
            loaded.state.clone(),
            recent,
            &self.slot.selected_set,
        );
        Ok((self.snapshot_for(&loaded.core, readonly, view.recent().len()), view))
    }

    async fn claim_recent(&self, selected: &mut SelectedMailbox) -> Result<()> {
        if !selected.is_readonly() {
            let (loaded, claimed) = self.claim().await?;
            selected.add_recent(&claimed);
            // The claim may be of messages that the view was not fed yet. Closed before it were, it
            // would take their `\Recent` away, and nobody would have been told of it.
            selected.feed(loaded.state.clone());
        }
        Ok(())
    }

    fn changes(&self) -> Feed {
        self.engine.store.changes()
    }

    fn poll_interval_ms(&self) -> u32 {
        self.engine.store.poll_interval_ms()
    }

    async fn append_many(&self, messages: Vec<AppendMessage>, recent: bool) -> Result<Vec<Message>> {
        if messages.is_empty() {
            self.fresh().await?;
            return Ok(Vec::new());
        }
        let now_ms = platform::now_ms();
        let prepared: Vec<Prepared> =
            messages.into_iter().map(|message| Prepared::new(message, now_ms)).collect();
        self.engine.append(&self.place, &prepared, recent, self.durability).await
    }

    async fn import(&self, messages: Vec<AppendMessage>, options: &ImportOptions) -> Result<Vec<Uid>> {
        let now_ms = platform::now_ms();
        let prepared: Vec<Prepared> =
            messages.into_iter().map(|message| Prepared::new(message, now_ms)).collect();
        self.engine.import(&self.place, &prepared, options, self.durability).await
    }

    async fn import_progress(&self, import: &str) -> Result<Option<ImportProgress>> {
        self.engine.import_progress(self.place.number, import).await
    }

    async fn copy_many(
        &self,
        uids: &[Uid],
        destination: &dyn MailboxData,
        recent: bool,
    ) -> Result<Vec<(Uid, Uid)>> {
        let destination = self.sibling(destination)?;
        self.engine.transfer(&self.place, &destination, uids, false, recent, self.durability).await
    }

    async fn move_many(
        &self,
        uids: &[Uid],
        destination: &dyn MailboxData,
        recent: bool,
    ) -> Result<Vec<(Uid, Uid)>> {
        let destination = self.sibling(destination)?;
        self.engine.transfer(&self.place, &destination, uids, true, recent, self.durability).await
    }

    async fn update_many(
        &self,
        uids: &[Uid],
        flags: &Flags,
        op: FlagOp,
        unchanged_since: Option<ModSeq>,
    ) -> Result<UpdateOutcome> {
        Ok(self.update_from(uids, flags, op, unchanged_since).await?.0)
    }

    async fn update_from(
        &self,
        uids: &[Uid],
        flags: &Flags,
        op: FlagOp,
        unchanged_since: Option<ModSeq>,
    ) -> Result<(UpdateOutcome, Option<Rc<MailboxState>>)> {
        let updated = self.engine.update(&self.place, uids, flags, op, unchanged_since, self.durability);
        let (outcome, before) = updated.await?;
        Ok((outcome, Some(before)))
    }

    async fn expunge(&self, uids: &[Uid], only_deleted: bool) -> Result<Vec<Uid>> {
        self.engine.expunge(&self.place, uids, only_deleted, self.durability).await
    }

    async fn messages(&self, uids: &[Uid], fields: MessageFields) -> Result<Vec<Option<Message>>> {
        let read = async |loaded: &Loaded| self.read_messages(loaded, uids, fields).await;
        look_twice(self, uids, read, |message| !message.damaged).await
    }

    async fn list_rows(&self, uids: &[Uid], fields: RowFields) -> Result<Vec<Option<ListRow>>> {
        let number = self.place.number;
        let read = async |loaded: &Loaded| self.engine.list_rows(number, loaded, uids, fields).await;
        look_twice(self, uids, read, |_| true).await
    }

    async fn content(&self, uids: &[Uid]) -> Result<Vec<Option<Value>>> {
        self.engine.octets(&self.content_numbers(uids).await?).await
    }

    async fn texts(&self, uids: &[Uid], read: &mut TextReader<'_>) -> Result<usize> {
        let first = uids.get(..texts::AT_ONCE).unwrap_or(uids);
        self.engine.texts(&self.content_numbers(first).await?, read).await
    }

    async fn cleanup(&self) -> Result<()> {
        self.engine.clean_mailbox(self.place.number, usize::MAX, &Pauses::none()).await
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
