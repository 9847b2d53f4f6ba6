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
mod known;
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
mod steps;
mod stored;
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
use self::known::{Known, Stood, Versioned, install, set_stale, stand, take_in};
use self::layout::{FILTERS, MailboxNumber, NAMES, SHARED, mailbox_guard, mailbox_of_guard};
use self::names::Names;
use self::shared::Shared;
use self::steps::Steps;
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

/// A mailbox's core and messages, as of one revision.
struct Loaded {
    core: Core,
    state: Rc<MailboxState>,
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
    steps: Steps,
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
        let steps = Steps::new(sequence, store.changes());
        Engine {
            store,
            owner,
            database_id,
            oldest_format: Cell::new(oldest),
            steps,
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
        let newest = self.steps.newest();
        let (snapshot, begun) = match begins {
            Some(durability) => self.store.begin(read, durability).await?,
            None => (self.store.read(read).await?, None),
        };
        if (snapshot.values.len(), snapshot.scanned.len(), snapshot.revisions.len()) != asked {
            return Err(Error::internal("the store did not answer all that it was asked"));
        }
        self.steps.saw(newest, snapshot.sequence);
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
        let (mut stood, mut names) = self.read_names(layout::names()).await?;
        let damaged = matches!(&names, Err(error) if error.code() == ErrorCode::Corrupt);
        if damaged && let (later, Ok(copy)) = self.read_names(layout::names_copy()).await? {
            (stood, names) = (later, Ok(copy));
            self.names_damaged.set(true);
        }
        Ok(take_in(&self.names, stood, Rc::new(names?)))
    }

    /// Keeps names that were read along with something else; damaged ones are left to who wants them.
    fn take_in_names(&self, stood: Stood, record: &Value) {
        if let Ok(names) = decoded(&layout::names(), record, Names::decode) {
            take_in(&self.names, stood, Rc::new(names));
        }
    }

    async fn read_names(&self, key: Key) -> Result<(Stood, Result<Names>)> {
        let (stood, record) = self.read_record(key, NAMES).await?;
        let record = record.ok_or_else(|| Error::corrupt("the record of names is missing"));
        Ok((stood, record.and_then(|record| decoded(&key, &record, Names::decode))))
    }

    /// Asks the store whether what is in memory under these guards is still
    /// so; what is not, is read anew when it is next wanted.
    async fn revalidate(&self, guards: &[Guard]) -> Result<()> {
        let mut sure = !self.steps.is_quiet();
        loop {
            let known: Vec<(Guard, Revision)> =
                guards.iter().filter_map(|guard| Some((*guard, self.known_revision(*guard)?))).collect();
            if known.is_empty() {
                return Ok(());
            }
            let asked: Vec<(Guard, Revision)> =
                known.iter().copied().filter(|(guard, _)| sure || !self.stands(*guard)).collect();
            let seen = self.steps.newest();
            let read = Read { guards: asked.iter().map(|(guard, _)| *guard).collect(), ..Read::default() };
            let snapshot = self.read(read).await?;
            if asked.len() < known.len() && snapshot.sequence != seen {
                sure = true;
                continue;
            }
            for ((guard, known), now) in asked.into_iter().zip(snapshot.revisions) {
                if known == now {
                    self.witness(guard, now, snapshot.sequence);
                } else {
                    self.invalidate(&[guard]);
                }
            }
            return Ok(());
        }
    }

    /// How a guard stood when what is in memory under it was last known to be so, unless that is known to be behind.
    fn stood(&self, guard: Guard) -> Option<Stood> {
        fn of<T>(known: &RefCell<Option<Known<T>>>) -> Option<Stood> {
            let known = known.borrow();
            let known = known.as_ref().filter(|known| known.fresh)?;
            Some(Stood { revision: known.revision, at: known.at })
        }
        match guard {
            NAMES => of(&self.names),
            SHARED => of(&self.shared),
            FILTERS => of(&self.filters),
            guard => of(&self.slot(mailbox_of_guard(guard)).known),
        }
    }

    /// The revision of what is in memory under a guard, unless that is known to be behind.
    fn known_revision(&self, guard: Guard) -> Option<Revision> {
        self.stood(guard).map(|stood| stood.revision)
    }

    /// Whether what is in memory under a guard is right as long as the sequence is where it was last seen.
    fn stands(&self, guard: Guard) -> bool {
        self.stood(guard).is_some_and(|stood| self.steps.stands(stood.at))
    }

    /// A read saw a guard at this revision, and the sequence at this step.
    fn witness(&self, guard: Guard, revision: Revision, sequence: Sequence) {
        let stood = Stood { revision, at: self.steps.witnessed(sequence) };
        match guard {
            NAMES => stand(&self.names, stood),
            SHARED => stand(&self.shared, stood),
            FILTERS => stand(&self.filters, stood),
            guard => stand(&self.slot(mailbox_of_guard(guard)).known, stood),
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
        let (stood, record) = self.read_record(layout::shared(), SHARED).await?;
        let record = record.ok_or_else(|| Error::corrupt("the record of counters is missing"))?;
        Ok(take_in(&self.shared, stood, Rc::new(record.with(Shared::decode)?)))
    }

    /// The filters as this program knows them; they may be behind another tab's.
    async fn known_filters(&self) -> Result<Versioned<Rc<Filters>>> {
        if let Some(known) = self.filters.borrow().as_ref().filter(|known| known.fresh) {
            return Ok(Versioned { revision: known.revision, value: known.value.clone() });
        }
        let (stood, record) = self.read_record(layout::filters(), FILTERS).await?;
        // A database has the record from its first script on.
        let filters = record.map(|record| record.with(Filters::decode)).transpose()?.unwrap_or_default();
        Ok(take_in(&self.filters, stood, Rc::new(filters)))
    }

    async fn read_record(&self, key: Key, guard: Guard) -> Result<(Stood, Option<Value>)> {
        let snapshot = self.read(Read { keys: vec![key], guards: vec![guard], ..Read::default() }).await?;
        Ok((self.first_stood(&snapshot), snapshot.values.into_iter().next().flatten()))
    }

    /// How the first guard of a read that was just answered stood.
    fn first_stood(&self, snapshot: &Snapshot) -> Stood {
        let revision = snapshot.revisions.first().copied().unwrap_or_default();
        Stood { revision, at: self.steps.witnessed(snapshot.sequence) }
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
        let stood = self.first_stood(&snapshot);
        let record = snapshot.values.into_iter().next().flatten();
        let core = record.map(|record| decoded(&layout::core(number), &record, Core::decode)).transpose()?;
        self.take_in_mailbox(number, stood, core, snapshot.scanned)
    }

    /// A mailbox as of now; `None` once it is deleted.
    async fn fresh_mailbox(&self, number: MailboxNumber) -> Result<Option<Rc<Loaded>>> {
        self.revalidate(&[mailbox_guard(number)]).await?;
        Ok(self.known_mailbox(number).await?.value)
    }

    /// A mailbox's core as of now, in one read that also brings what is wanted; `None` inside once it is
    /// deleted, and where there is no number. `None` where something had moved, so that one has to look again,
    /// and be `sure`: the names past this revision, the mailbox past what is in memory of it, or the
    /// sequence past where all of that stood.
    ///
    /// Who is not `sure` asks for no guard of what stands where the sequence was last seen: where it is
    /// there still, the guards are.
    async fn look_at(
        &self,
        names: Revision,
        number: Option<MailboxNumber>,
        wanted: &Wanted<'_>,
        sure: bool,
    ) -> Result<Option<Option<Core>>> {
        let asks = |guard: &Guard| sure || !self.stands(*guard);
        let guard = number.map(mailbox_guard);
        let (asks_names, asks_mailbox) = (asks(&NAMES), guard.as_ref().is_some_and(asks));
        let guards = asks_names.then_some(NAMES).into_iter().chain(guard.filter(|_| asks_mailbox)).collect();
        let mut read = Read { guards, ..Read::default() };
        let mut known = None;
        if let Some(number) = number {
            known = self.known_revision(mailbox_guard(number));
            if known.is_none() {
                read.keys.push(layout::core(number));
                read.scans.extend(wanted.state.then(|| Scan::all(layout::all_flags(number))));
            } else if let Some(loaded) = self.loaded(number) {
                read.keys = self.missing(number, &loaded, wanted);
            }
        }
        let keys = read.keys.clone();
        let seen = self.steps.newest();
        let snapshot = self.read(read).await?;
        let sequence = snapshot.sequence;
        let trusts = !asks_names || (known.is_some() && !asks_mailbox);
        if trusts && sequence != seen {
            if known.is_some() {
                // These are no part of what has to be looked at again.
                self.take_in_pages(keys, snapshot.values);
            }
            return Ok(None);
        }
        let mut revisions = snapshot.revisions.into_iter();
        if asks_names {
            if revisions.next() != Some(names) {
                self.invalidate(&[NAMES]);
                return Ok(None);
            }
            self.witness(NAMES, names, sequence);
        }
        let Some(number) = number else { return Ok(Some(None)) };
        let revision = if asks_mailbox { revisions.next() } else { known };
        let Some(revision) = revision else { return Ok(Some(None)) };
        if known.is_none() {
            let record = snapshot.values.into_iter().next().flatten();
            let core =
                record.map(|record| decoded(&layout::core(number), &record, Core::decode)).transpose()?;
            if wanted.state || core.is_none() {
                let stood = Stood { revision, at: self.steps.witnessed(sequence) };
                self.take_in_mailbox(number, stood, core.clone(), snapshot.scanned)?;
            }
            return Ok(Some(core));
        }
        // A commit of this program may have overtaken the read.
        if self.known_revision(mailbox_guard(number)).is_none_or(|known| known < revision) {
            self.invalidate(&[mailbox_guard(number)]);
            return Ok(None);
        }
        if asks_mailbox {
            self.witness(mailbox_guard(number), revision, sequence);
        }
        self.take_in_pages(keys, snapshot.values);
        Ok(Some(self.loaded(number).map(|loaded| loaded.core.clone())))
    }

    /// Takes in a mailbox's core and flag pages, as they were read.
    fn take_in_mailbox(
        &self,
        number: MailboxNumber,
        stood: Stood,
        core: Option<Core>,
        scanned: Vec<Vec<(Key, Value)>>,
    ) -> Result<Versioned<Option<Rc<Loaded>>>> {
        // Before this one, which is to stay.
        self.forget_unseen(UNSEEN_BYTES);
        let slot = self.slot(number);
        let before = slot.known.borrow().as_ref().and_then(|known| known.value.clone());
        let pages = scanned.into_iter().next().unwrap_or_default();
        let value = core.map(|core| assemble(core, pages, before.as_deref())).transpose()?.map(Rc::new);
        Ok(take_in(&slot.known, stood, value))
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

    fn install_names(&self, stood: Stood, new: Option<Rc<Names>>) {
        install(&mut *self.names.borrow_mut(), stood, new);
    }

    fn install_shared(&self, stood: Stood, new: Option<Rc<Shared>>) {
        install(&mut *self.shared.borrow_mut(), stood, new);
    }

    fn install_filters(&self, stood: Stood, new: Option<Rc<Filters>>) {
        install(&mut *self.filters.borrow_mut(), stood, new);
    }

    fn install_mailbox(&self, number: MailboxNumber, stood: Stood, new: Option<Option<Rc<Loaded>>>) {
        install(&mut *self.slot(number).known.borrow_mut(), stood, new);
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
