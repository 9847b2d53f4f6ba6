//! The one implementation of the backend's contracts, over any [`Store`]:
//! pages, packs, buckets, cleanup. It knows no browser and no session.
//!
//! A message's place in its mailbox is `uid - first_uid`, for ever: UIDs are
//! minted here, densely, so every page is found by arithmetic and nothing is
//! ever renumbered. What is gone leaves a tombstone bit, and pages in which
//! nothing lives are dropped by the cleanup.

mod append;
mod assembly;
mod cache;
mod change;
mod cleanup;
mod codec;
mod contents;
mod core;
mod damage;
mod directory;
mod filter_set;
mod filters;
mod fold;
mod format;
mod identity;
mod import;
mod layout;
mod mailbox;
mod mailbox_set;
mod names;
mod notes;
mod packs;
mod paged;
mod pages;
mod read;
mod rows;
mod shared;
mod tails;
mod texts;
mod verify;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use self::cache::PageCache;
use self::codec::decoded;
use self::core::Core;
use self::filters::Filters;
use self::format::Format;
use self::identity::IdentityCache;
use self::layout::{FILTERS, MailboxNumber, NAMES, SHARED, mailbox_guard, mailbox_of_guard};
use self::names::Names;
use self::shared::Shared;
use self::tails::Tails;
use crate::backend::Wanted;
use crate::model::{Error, ErrorCode, Result, Value};
use crate::store::{
    Begun, Durability, Guard, Key, KeyRange, Read, Revision, Scan, Sequence, Snapshot, Store,
};
use crate::view::{FlagPage, MailboxState, SelectedSet};

pub use mailbox::StoreMailbox;
pub use mailbox_set::{EngineOptions, StoreMailboxSet};
pub use verify::Problem;

/// Something in memory, and the revision of its guard at which it was so.
struct Versioned<T> {
    revision: Revision,
    value: T,
}

/// A mailbox's core and messages, as of one revision.
struct Loaded {
    core: Core,
    state: Rc<MailboxState>,
}

/// What is in memory of a guarded thing; `fresh` until somebody else is known to have moved the guard.
struct Known<T> {
    revision: Revision,
    value: T,
    fresh: bool,
}

/// One mailbox in memory. `None` in `known`: never loaded; `value: None`: deleted.
struct Slot {
    known: RefCell<Option<Known<Option<Rc<Loaded>>>>>,
    selected_set: SelectedSet,
    /// When it was last asked for, by the engine's own count.
    used: Cell<u64>,
}

impl Slot {
    /// How many dead messages of it the cleanup has not been to.
    fn unreleased(&self) -> u32 {
        let known = self.known.borrow();
        let loaded = known.as_ref().and_then(|known| known.value.as_ref());
        loaded.map_or(0, |loaded| loaded.core.unreleased)
    }

    /// About how many bytes its messages take in memory.
    fn bytes(&self) -> usize {
        let known = self.known.borrow();
        let loaded = known.as_ref().and_then(|known| known.value.as_ref());
        loaded.map_or(0, |loaded| loaded.state.pages().iter().flatten().map(|page| page.bytes()).sum())
    }
}

/// Bytes of messages' flags kept of mailboxes that no view shows: about two million messages.
const UNSEEN_BYTES: usize = 64 * 1024 * 1024;

/// A database in this program: caches over its store, one for all sessions.
pub(crate) struct Engine {
    store: Rc<dyn Store>,
    owner: String,
    database_id: [u8; 16],
    /// The oldest format of which there may be records.
    oldest_format: Cell<u8>,
    sequence: Cell<Sequence>,
    names: RefCell<Option<Known<Rc<Names>>>>,
    /// Whether the names come from their copy.
    names_damaged: Cell<bool>,
    shared: RefCell<Option<Known<Rc<Shared>>>>,
    filters: RefCell<Option<Known<Rc<Filters>>>>,
    mailboxes: RefCell<HashMap<MailboxNumber, Rc<Slot>>>,
    /// How often a mailbox was asked for.
    uses: Cell<u64>,
    identity: RefCell<IdentityCache>,
    pages: RefCell<PageCache>,
    tails: RefCell<Tails>,
    writing: futures::lock::Mutex<()>,
}

impl Engine {
    fn new(store: Rc<dyn Store>, format: Format, sequence: Sequence) -> Engine {
        let Format { owner, database_id, oldest } = format;
        Engine {
            store,
            owner,
            database_id,
            oldest_format: Cell::new(oldest),
            sequence: Cell::new(sequence),
            names: RefCell::default(),
            names_damaged: Cell::new(false),
            shared: RefCell::default(),
            filters: RefCell::default(),
            mailboxes: RefCell::default(),
            uses: Cell::new(0),
            identity: RefCell::default(),
            pages: RefCell::default(),
            tails: RefCell::default(),
            writing: futures::lock::Mutex::new(()),
        }
    }

    fn saw_sequence(&self, sequence: Sequence) {
        self.sequence.set(self.sequence.get().max(sequence));
    }

    /// Reads from the store.
    async fn read(&self, read: Read) -> Result<Snapshot> {
        Ok(self.read_to_commit(read, None).await?.0)
    }

    /// The same; as the beginning of a commit of that durability, where one is named.
    async fn read_to_commit(
        &self,
        read: Read,
        begins: Option<Durability>,
    ) -> Result<(Snapshot, Option<Box<dyn Begun>>)> {
        let asked = (read.keys.len(), read.scans.len(), read.guards.len());
        let (snapshot, begun) = match begins {
            Some(durability) => self.store.begin(read, durability).await?,
            None => (self.store.read(read).await?, None),
        };
        if (snapshot.values.len(), snapshot.scanned.len(), snapshot.revisions.len()) != asked {
            return Err(Error::internal("the store did not answer all that it was asked"));
        }
        self.saw_sequence(snapshot.sequence);
        Ok((snapshot, begun))
    }

    /// The next records of a range, about so many bytes of them, which then begins behind them; none at its end.
    async fn next_rows(&self, range: &mut KeyRange, bytes: usize) -> Result<Vec<(Key, Value)>> {
        let scan = Scan { max_bytes: bytes, ..Scan::all(*range) };
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        let rows = snapshot.scanned.into_iter().next().unwrap_or_default();
        if let Some((last, _)) = rows.last() {
            range.from = last.then(&[0]);
        }
        Ok(rows)
    }

    fn slot(&self, number: MailboxNumber) -> Rc<Slot> {
        let mut mailboxes = self.mailboxes.borrow_mut();
        let new = || {
            let (known, used) = (RefCell::new(None), Cell::new(0));
            Rc::new(Slot { known, selected_set: SelectedSet::default(), used })
        };
        let slot = mailboxes.entry(number).or_insert_with(new).clone();
        self.uses.set(self.uses.get() + 1);
        slot.used.set(self.uses.get());
        slot
    }

    /// Forgets mailboxes that no view shows, those first that were not asked for longest, until the rest
    /// is within bounds.
    fn forget_unseen(&self, limit: usize) {
        let mailboxes = self.mailboxes.borrow();
        let mut unseen: Vec<(u64, usize, &Rc<Slot>)> = mailboxes
            .values()
            .filter(|slot| slot.selected_set.is_empty())
            .map(|slot| (slot.used.get(), slot.bytes(), slot))
            .collect();
        unseen.sort_unstable_by_key(|(used, ..)| std::cmp::Reverse(*used));
        let mut kept = 0;
        for (_, bytes, slot) in unseen {
            kept += bytes;
            if kept > limit && bytes > 0 {
                slot.known.replace(None);
            }
        }
    }

    /// The names as this program knows them; they may be behind another tab's.
    async fn known_names(&self) -> Result<Versioned<Rc<Names>>> {
        if let Some(known) = self.names.borrow().as_ref().filter(|known| known.fresh) {
            return Ok(Versioned { revision: known.revision, value: known.value.clone() });
        }
        let (mut revision, mut names) = self.read_names(layout::names()).await?;
        let damaged = matches!(&names, Err(error) if error.code() == ErrorCode::Corrupt);
        if damaged && let (later, Ok(copy)) = self.read_names(layout::names_copy()).await? {
            (revision, names) = (later, Ok(copy));
            self.names_damaged.set(true);
        }
        Ok(take_in(&self.names, revision, Rc::new(names?)))
    }

    /// Keeps names that were read along with something else; damaged ones are left to who wants them.
    fn take_in_names(&self, revision: Revision, record: &Value) {
        if let Ok(names) = decoded(&layout::names(), record, Names::decode) {
            take_in(&self.names, revision, Rc::new(names));
        }
    }

    async fn read_names(&self, key: Key) -> Result<(Revision, Result<Names>)> {
        let (revision, record) = self.read_record(key, NAMES).await?;
        let record = record.ok_or_else(|| Error::corrupt("the record of names is missing"));
        Ok((revision, record.and_then(|record| decoded(&key, &record, Names::decode))))
    }

    /// Asks the store whether what is in memory under these guards is still
    /// so; what is not, is read anew when it is next wanted.
    async fn revalidate(&self, guards: &[Guard]) -> Result<()> {
        let known: Vec<(Guard, Revision)> =
            guards.iter().filter_map(|guard| Some((*guard, self.known_revision(*guard)?))).collect();
        if known.is_empty() {
            return Ok(());
        }
        let guards = known.iter().map(|(guard, _)| *guard).collect();
        let snapshot = self.read(Read { guards, ..Read::default() }).await?;
        let moved = known.iter().zip(snapshot.revisions).filter(|((_, known), now)| known != now);
        self.invalidate(&moved.map(|((guard, _), _)| *guard).collect::<Vec<Guard>>());
        Ok(())
    }

    /// The revision of what is in memory under a guard, unless that is known to be behind.
    fn known_revision(&self, guard: Guard) -> Option<Revision> {
        fn of<T>(known: &RefCell<Option<Known<T>>>) -> Option<Revision> {
            known.borrow().as_ref().filter(|known| known.fresh).map(|known| known.revision)
        }
        match guard {
            NAMES => of(&self.names),
            SHARED => of(&self.shared),
            FILTERS => of(&self.filters),
            guard => of(&self.slot(mailbox_of_guard(guard)).known),
        }
    }

    /// A guard's revision: as known, or else as of now.
    async fn guard_revision(&self, guard: Guard) -> Result<Revision> {
        if let Some(revision) = self.known_revision(guard) {
            return Ok(revision);
        }
        let snapshot = self.read(Read { guards: vec![guard], ..Read::default() }).await?;
        Ok(snapshot.revisions.first().copied().unwrap_or_default())
    }

    /// The names as of now.
    async fn fresh_names(&self) -> Result<Rc<Names>> {
        self.revalidate(&[NAMES]).await?;
        Ok(self.known_names().await?.value)
    }

    async fn known_shared(&self) -> Result<Versioned<Rc<Shared>>> {
        if let Some(known) = self.shared.borrow().as_ref().filter(|known| known.fresh) {
            return Ok(Versioned { revision: known.revision, value: known.value.clone() });
        }
        let (revision, record) = self.read_record(layout::shared(), SHARED).await?;
        let record = record.ok_or_else(|| Error::corrupt("the record of counters is missing"))?;
        Ok(take_in(&self.shared, revision, Rc::new(record.with(Shared::decode)?)))
    }

    /// The filters as this program knows them; they may be behind another tab's.
    async fn known_filters(&self) -> Result<Versioned<Rc<Filters>>> {
        if let Some(known) = self.filters.borrow().as_ref().filter(|known| known.fresh) {
            return Ok(Versioned { revision: known.revision, value: known.value.clone() });
        }
        let (revision, record) = self.read_record(layout::filters(), FILTERS).await?;
        // A database has the record from its first script on.
        let filters = record.map(|record| record.with(Filters::decode)).transpose()?.unwrap_or_default();
        Ok(take_in(&self.filters, revision, Rc::new(filters)))
    }

    async fn read_record(&self, key: Key, guard: Guard) -> Result<(Revision, Option<Value>)> {
        let snapshot = self.read(Read { keys: vec![key], guards: vec![guard], ..Read::default() }).await?;
        let revision = snapshot.revisions.first().copied().unwrap_or_default();
        Ok((revision, snapshot.values.into_iter().next().flatten()))
    }

    /// A mailbox's messages where they are in memory and not known to be behind.
    fn loaded(&self, number: MailboxNumber) -> Option<Rc<Loaded>> {
        self.slot(number).known.borrow().as_ref().filter(|known| known.fresh)?.value.clone()
    }

    /// A mailbox as this program knows it; it may be behind another tab's.
    async fn known_mailbox(&self, number: MailboxNumber) -> Result<Versioned<Option<Rc<Loaded>>>> {
        let slot = self.slot(number);
        if let Some(known) = slot.known.borrow().as_ref().filter(|known| known.fresh) {
            return Ok(Versioned { revision: known.revision, value: known.value.clone() });
        }
        let snapshot = self
            .read(Read {
                keys: vec![layout::core(number)],
                scans: vec![Scan::all(layout::all_flags(number))],
                guards: vec![mailbox_guard(number)],
            })
            .await?;
        let revision = snapshot.revisions.first().copied().unwrap_or_default();
        let record = snapshot.values.into_iter().next().flatten();
        let core = record.map(|record| decoded(&layout::core(number), &record, Core::decode)).transpose()?;
        self.take_in_mailbox(number, revision, core, snapshot.scanned)
    }

    /// A mailbox as of now; `None` once it is deleted.
    async fn fresh_mailbox(&self, number: MailboxNumber) -> Result<Option<Rc<Loaded>>> {
        self.revalidate(&[mailbox_guard(number)]).await?;
        Ok(self.known_mailbox(number).await?.value)
    }

    /// A mailbox's core as of now, in one read that also brings what is wanted; `None` inside once it is
    /// deleted, and where there is no number. `None` where something had moved, so that one has to look again:
    /// the names past this revision, or the mailbox past what is in memory of it.
    async fn look_at(
        &self,
        names: Revision,
        number: Option<MailboxNumber>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Option<Core>>> {
        let mut read = Read { guards: vec![NAMES], ..Read::default() };
        let mut known = None;
        if let Some(number) = number {
            read.guards.push(mailbox_guard(number));
            known = self.known_revision(mailbox_guard(number));
            if known.is_none() {
                read.keys.push(layout::core(number));
                read.scans.extend(wanted.state.then(|| Scan::all(layout::all_flags(number))));
            } else if let Some(loaded) = self.loaded(number) {
                read.keys = self.missing(number, &loaded, wanted);
            }
        }
        let keys = read.keys.clone();
        let snapshot = self.read(read).await?;
        let mut revisions = snapshot.revisions.into_iter();
        if revisions.next() != Some(names) {
            self.invalidate(&[NAMES]);
            return Ok(None);
        }
        let (Some(number), Some(revision)) = (number, revisions.next()) else { return Ok(Some(None)) };
        if known.is_none() {
            let record = snapshot.values.into_iter().next().flatten();
            let core =
                record.map(|record| decoded(&layout::core(number), &record, Core::decode)).transpose()?;
            if wanted.state || core.is_none() {
                self.take_in_mailbox(number, revision, core.clone(), snapshot.scanned)?;
            }
            return Ok(Some(core));
        }
        // A commit of this program may have overtaken the read.
        if self.known_revision(mailbox_guard(number)).is_none_or(|known| known < revision) {
            self.invalidate(&[mailbox_guard(number)]);
            return Ok(None);
        }
        self.take_in_pages(keys, snapshot.values);
        Ok(Some(self.loaded(number).map(|loaded| loaded.core.clone())))
    }

    /// Takes in a mailbox's core and flag pages, as they were read.
    fn take_in_mailbox(
        &self,
        number: MailboxNumber,
        revision: Revision,
        core: Option<Core>,
        scanned: Vec<Vec<(Key, Value)>>,
    ) -> Result<Versioned<Option<Rc<Loaded>>>> {
        // Before this one, which is to stay.
        self.forget_unseen(UNSEEN_BYTES);
        let slot = self.slot(number);
        let before = slot.known.borrow().as_ref().and_then(|known| known.value.clone());
        let pages = scanned.into_iter().next().unwrap_or_default();
        let value = core.map(|core| assemble(core, pages, before.as_deref())).transpose()?.map(Rc::new);
        Ok(take_in(&slot.known, revision, value))
    }

    /// Somebody else moved these guards.
    fn invalidate(&self, guards: &[Guard]) {
        for guard in guards {
            match *guard {
                NAMES => set_stale(&mut *self.names.borrow_mut()),
                SHARED => set_stale(&mut *self.shared.borrow_mut()),
                FILTERS => set_stale(&mut *self.filters.borrow_mut()),
                guard => {
                    set_stale(&mut *self.slot(mailbox_of_guard(guard)).known.borrow_mut());
                }
            }
        }
    }

    /// Forgets whether anything in memory is right.
    fn forget(&self) {
        let numbers: Vec<MailboxNumber> = self.mailboxes.borrow().keys().copied().collect();
        let guards = numbers.into_iter().map(mailbox_guard).chain([NAMES, SHARED, FILTERS]);
        self.invalidate(&guards.collect::<Vec<Guard>>());
        *self.pages.borrow_mut() = PageCache::default();
        self.tails.borrow_mut().clear();
    }

    fn install_names(&self, revision: Revision, new: Option<Rc<Names>>) {
        install(&mut *self.names.borrow_mut(), revision, new);
    }

    fn install_shared(&self, revision: Revision, new: Option<Rc<Shared>>) {
        install(&mut *self.shared.borrow_mut(), revision, new);
    }

    fn install_filters(&self, revision: Revision, new: Option<Rc<Filters>>) {
        install(&mut *self.filters.borrow_mut(), revision, new);
    }

    fn install_mailbox(&self, number: MailboxNumber, revision: Revision, new: Option<Option<Rc<Loaded>>>) {
        install(&mut *self.slot(number).known.borrow_mut(), revision, new);
    }
}

/// Keeps what was read, unless a commit of this program overtook the read.
fn take_in<T: Clone>(known: &RefCell<Option<Known<T>>>, revision: Revision, value: T) -> Versioned<T> {
    let mut known = known.borrow_mut();
    if let Some(newer) = known.as_ref().filter(|known| known.fresh && known.revision > revision) {
        return Versioned { revision: newer.revision, value: newer.value.clone() };
    }
    *known = Some(Known { revision, value: value.clone(), fresh: true });
    Versioned { revision, value }
}

fn set_stale<T>(known: &mut Option<Known<T>>) {
    if let Some(known) = known {
        known.fresh = false;
    }
}

fn install<T>(known: &mut Option<Known<T>>, revision: Revision, new: Option<T>) {
    match (known.as_mut(), new) {
        // A read that was answered late may have put something else there meanwhile.
        (Some(known), _) if known.revision >= revision => {}
        (_, Some(value)) => *known = Some(Known { revision, value, fresh: true }),
        // Guarded but not written: what was known stays so, at the next revision.
        (Some(known), None) if known.revision + 1 == revision => known.revision = revision,
        (Some(known), None) => known.fresh = false,
        (None, None) => {}
    }
}

/// A mailbox from its records. Pages that are as they were keep their place in
/// memory, so that a view's comparison passes over them.
fn assemble(core: Core, pages: Vec<(Key, Value)>, before: Option<&Loaded>) -> Result<Loaded> {
    let count = core.rows().div_ceil(crate::view::PAGE_ROWS) as usize;
    let mut slots: Vec<Option<Rc<FlagPage>>> = vec![None; count];
    for (key, record) in pages {
        let number = key.u32_at(4).map_or(usize::MAX, |number| number as usize);
        let Some(slot) = slots.get_mut(number) else {
            return Err(Error::corrupt("a flag page lies past its mailbox's end"));
        };
        let page = decoded(&key, &record, pages::decode_flags)?;
        let old = before.and_then(|before| before.state.pages().get(number)?.as_ref());
        *slot = Some(match old {
            Some(old) if **old == page => old.clone(),
            _ => Rc::new(page),
        });
    }
    let state =
        MailboxState::new(core.first_uid, core.uid_next, core.highest_mod_seq, core.keywords.clone(), slots)
            .with_unclaimed_recent(core.unclaimed_recent.clone())
            .with_expunge_horizon(core.expunge_horizon);
    // Only pages in which nothing lives may be absent. Gone on with, a lost page would be written as empty.
    if state.exists() != core.exists {
        return Err(Error::corrupt("flag pages of a mailbox are missing"));
    }
    Ok(Loaded { core, state: Rc::new(state) })
}

/// The durability of what can be done again at any time.
const HOUSEKEEPING: Durability = Durability::Relaxed;
