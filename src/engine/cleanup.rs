//! Housekeeping: what deleted messages leave behind is given back in small
//! commits. Here: releasing contents, emptying pages, forgetting tombstones,
//! burying deleted mailboxes. Never changes what a client sees.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::assembly::{Assembly, Step};
use super::codec::{decoded, unless_damaged};
use super::contents::drop_references;
use super::core::Core;
use super::identity;
use super::layout::{self, ContentNumber, INDEX_ROWS, LIST_ROWS, MailboxNumber, PackKind, SEALED_ROWS};
use super::names::Names;
use super::pages::{IndexPage, Page as _, RowPage, decode_flags, encode_flags};
use super::read::{index_place, position};
use super::shared::{IdentityHead, Shared};
use super::stored::StoredIndex;
use super::{Engine, HOUSEKEEPING, Loaded, Slot};
use crate::model::{Error, ErrorCode, ModSeq, Result, Uid};
use crate::platform::Pauses;
use crate::store::{Key, Read, Scan, Space};
use crate::view::{FlagBits, FlagPage, MailboxState, PAGE_ROWS};

/// Rows whose contents one commit releases at most.
const RELEASE_ROWS: usize = 1024;

/// List-row pages that one commit blanks at most: some 20 KB each, where what died lies far apart.
const RELEASE_ROW_PAGES: usize = 128;

/// From how many unreleased rows on the short cleanup bothers.
const WORTH_RELEASING: u32 = 64;

/// Small or half-empty packs that the short cleanup lets stand.
const PACKS_LET_STAND: u32 = 64;

/// Tombstones that are remembered with their mod-sequences, at least, so that
/// "what vanished since" is exact for whoever asks in time (semantics 134).
const REMEMBERED_TOMBSTONES: u32 = 10_000;

/// Pieces of deleted mailboxes that the short cleanup buries at most.
const BURIED_PIECES: u32 = 4;

/// The first damaged record that housekeeping met. It does not keep the rest from being done.
struct Damage(Result<()>);

impl Damage {
    fn pass<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Err(error) if error.code() == ErrorCode::Corrupt => {
                if self.0.is_ok() {
                    self.0 = Err(error);
                }
                Ok(None)
            }
            result => result.map(Some),
        }
    }
}

impl Engine {
    /// See [`crate::backend::MailboxSet::wants_cleanup`].
    pub(super) fn wants_cleanup(&self) -> bool {
        let unreleased = |slot: &Rc<Slot>| slot.unreleased() >= WORTH_RELEASING;
        let graves = self.names.borrow().as_ref().is_some_and(|known| !known.value.graves.is_empty());
        let folds = self.shared.borrow().as_ref().is_some_and(|known| {
            let shared = &known.value;
            let packs = [shared.foldable_content_packs, shared.foldable_text_packs];
            identity::wants_fold(&shared.identity) || packs.iter().any(|packs| *packs > PACKS_LET_STAND)
        });
        graves || folds || self.mailboxes.borrow().values().any(unreleased)
    }

    /// See [`crate::backend::MailboxSet::cleanup`].
    pub(super) async fn cleanup(&self, thorough: bool, pauses: &Pauses) -> Result<()> {
        let numbers: Vec<MailboxNumber> = if thorough {
            self.fresh_names().await?.entries.iter().map(|entry| entry.number).collect()
        } else {
            self.mailboxes.borrow().keys().copied().collect()
        };
        let mut damage = Damage(Ok(()));
        for number in numbers {
            let unreleased = if thorough {
                u32::MAX
            } else {
                self.mailboxes.borrow().get(&number).map_or(0, |slot| slot.unreleased())
            };
            if unreleased >= WORTH_RELEASING {
                let commits = if thorough { usize::MAX } else { 1 };
                damage.pass(self.clean_mailbox(number, commits, pauses).await)?;
            }
        }
        if thorough {
            damage.pass(self.migrate().await)?;
        }
        damage.pass(self.bury_deleted_mailboxes(thorough, pauses).await)?;
        let Some(shared) = damage.pass(self.known_shared().await)? else { return damage.0 };
        let mut shared = Shared::clone(&*shared.value);
        let wants_fold = |head: &IdentityHead| identity::wants_fold(head) || (thorough && head.logged > 1024);
        if wants_fold(&shared.identity) {
            damage.pass(self.fold_identity(wants_fold, pauses).await)?;
        }
        for kind in PackKind::ALL {
            if *shared.foldable_packs(kind) > if thorough { 1 } else { PACKS_LET_STAND } {
                pauses.next().await;
                damage.pass(self.fold_packs(kind).await)?;
            }
        }
        damage.0
    }

    /// Releases what a mailbox's dead rows hold, in up to so many commits, and
    /// forgets what need not be remembered.
    pub(super) async fn clean_mailbox(
        &self,
        number: MailboxNumber,
        commits: usize,
        pauses: &Pauses,
    ) -> Result<()> {
        for _ in 0..commits {
            pauses.next().await;
            match self.release(number).await {
                Ok(0) => break,
                Ok(_) => {}
                // Deleted meanwhile: its burial sees to the rest.
                Err(error) if error.code() == ErrorCode::Closed => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        let slot = self.slot(number);
        let due = slot
            .known
            .borrow()
            .as_ref()
            .and_then(|known| known.value.clone())
            .is_some_and(|loaded| loaded.core.remembered > REMEMBERED_TOMBSTONES.max(loaded.core.exists));
        if due {
            pauses.next().await;
            self.forget_tombstones(number).await?;
        }
        Ok(())
    }

    /// Releases the contents of dead rows in one commit; returns of how many.
    async fn release(&self, number: MailboxNumber) -> Result<usize> {
        self.transact(HOUSEKEEPING, async |assembly| {
            let loaded = assembly.mailbox(number).await?;
            if loaded.core.unreleased == 0 {
                return Ok(0);
            }
            let (uids, contents) = self.releasable(number, &loaded).await?;
            if !contents.is_empty() {
                let mut shared = Shared::clone(&*assembly.shared().await?);
                drop_references(assembly, &mut shared, contents.into_iter()).await?;
                assembly.set_shared(shared);
            }

            let mut rows: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
            for uid in &uids {
                if let Some((page, row)) = loaded.state.place(*uid) {
                    rows.entry(page).or_default().push(row);
                }
            }
            let mut pages = loaded.state.pages().to_vec();
            for (index, rows) in &rows {
                if let Some(Some(page)) = pages.get_mut(*index) {
                    let changes = rows.iter().filter_map(|row| {
                        Some((
                            *row,
                            FlagBits(page.flags(*row)?.0 | FlagBits::RELEASED.0),
                            page.mod_seq(*row)?,
                        ))
                    });
                    let new = page.with(changes);
                    let key = layout::flags(number, *index as u32);
                    assembly.put(key, encode_flags(&key, &new));
                    *page = Rc::new(new);
                }
            }
            let core = Core {
                unreleased: loaded.core.unreleased.saturating_sub(uids.len() as u32),
                ..loaded.core.clone()
            };
            let state = state_of(&core, pages);
            empty_pages(assembly, number, &loaded, &state, &uids).await?;
            assembly.set_mailbox(number, core, state);
            Ok(uids.len())
        })
        .await
    }

    /// Dead rows that one commit can release, and the contents that they hold. Those of damaged index
    /// pages stay: what they hold is not known. `CORRUPT` where there are no others.
    async fn releasable(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
    ) -> Result<(Vec<Uid>, Vec<ContentNumber>)> {
        let all: Vec<Uid> = unreleased(&loaded.state).collect();
        for some in all.chunks(RELEASE_ROWS) {
            let mut row_pages = 0;
            let mut last_page = None;
            let mut uids: Vec<Uid> = some
                .iter()
                .copied()
                .take_while(|uid| {
                    let page = Some(position(loaded, *uid) / LIST_ROWS);
                    row_pages += usize::from(last_page != page);
                    last_page = page;
                    row_pages <= RELEASE_ROW_PAGES
                })
                .collect();
            let holding: Vec<Uid> =
                uids.iter().copied().filter(|uid| holds_content(&loaded.state, *uid)).collect();
            let contents = self.index_rows(number, loaded, &holding, StoredIndex::content).await?;
            let unknown: HashSet<Uid> = holding
                .iter()
                .zip(&contents)
                .filter(|(_, content)| content.is_none())
                .map(|(uid, _)| *uid)
                .collect();
            uids.retain(|uid| !unknown.contains(uid));
            if !uids.is_empty() {
                return Ok((uids, contents.into_iter().flatten().collect()));
            }
        }
        Err(Error::corrupt("what deleted messages hold cannot be read"))
    }

    /// Forgets when the older half of a mailbox's tombstones died, and drops
    /// flag pages in which nothing lives or is remembered.
    async fn forget_tombstones(&self, number: MailboxNumber) -> Result<()> {
        self.transact(HOUSEKEEPING, async |assembly| {
            let loaded = assembly.mailbox(number).await?;
            let mut died: Vec<ModSeq> = loaded
                .state
                .pages()
                .iter()
                .flatten()
                .flat_map(|page| page.raw_flags().iter().zip(page.mod_seqs()))
                .filter(|(bits, mod_seq)| !FlagBits(**bits).is_live() && **mod_seq > 0)
                .map(|(_, mod_seq)| *mod_seq)
                .collect();
            died.sort_unstable();
            let keep = REMEMBERED_TOMBSTONES as usize / 2;
            let Some(horizon) = died.len().checked_sub(keep + 1).and_then(|at| died.get(at)).copied() else {
                return Ok(());
            };
            let mut pages = loaded.state.pages().to_vec();
            for (index, slot) in pages.iter_mut().enumerate() {
                let Some(page) = slot else { continue };
                let old = page.raw_flags().iter().zip(page.mod_seqs()).zip(0u32..);
                let changes: Vec<(u32, FlagBits, ModSeq)> = old
                    .map(|((bits, mod_seq), row)| (row, FlagBits(*bits), *mod_seq))
                    .filter(|(_, bits, mod_seq)| !bits.is_live() && (1..=horizon).contains(mod_seq))
                    .map(|(row, bits, _)| (row, bits, 0))
                    .collect();
                let new = if changes.is_empty() { page.clone() } else { Rc::new(page.with(changes)) };
                if is_empty(&new) {
                    assembly.delete(layout::flags(number, index as u32));
                    *slot = None;
                } else if !Rc::ptr_eq(&new, page) {
                    let key = layout::flags(number, index as u32);
                    assembly.put(key, encode_flags(&key, &new));
                    *slot = Some(new);
                }
            }
            let core = Core {
                expunge_horizon: horizon.max(loaded.core.expunge_horizon),
                remembered: died.iter().filter(|mod_seq| **mod_seq > horizon).count() as u32,
                ..loaded.core.clone()
            };
            let state = state_of(&core, pages);
            assembly.set_mailbox(number, core, state);
            Ok(())
        })
        .await
    }

    /// Gives back what deleted mailboxes held, a piece at a time.
    async fn bury_deleted_mailboxes(&self, thorough: bool, pauses: &Pauses) -> Result<()> {
        let graves = self.known_names().await?.value.graves.clone();
        let mut pieces = if thorough { u32::MAX } else { BURIED_PIECES };
        let mut damage = Damage(Ok(()));
        for number in graves {
            let mut buried = false;
            while !buried && pieces > 0 {
                pieces -= 1;
                pauses.next().await;
                // One that is damaged stays in its grave.
                buried = damage.pass(self.bury_piece(number).await)?.unwrap_or(true);
            }
        }
        damage.0
    }

    /// Releases the contents of one index page of a deleted mailbox; at the
    /// end, its other pages and its grave. Returns whether it is gone.
    async fn bury_piece(&self, number: MailboxNumber) -> Result<bool> {
        let index = layout::pages_of(number, Space::Index);
        let scan = Scan { max_rows: 1, ..Scan::all(index) };
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        let page = snapshot.scanned.into_iter().flatten().next();
        self.transact(HOUSEKEEPING, async |assembly| {
            let names = assembly.names().await?;
            if !names.graves.contains(&number) {
                return Ok(true);
            }
            let Some((key, _)) = &page else {
                for space in [Space::Flags, Space::Index, Space::Ids, Space::Rows] {
                    assembly.delete_range(layout::pages_of(number, space));
                }
                assembly.delete_range(layout::imports_into(number));
                let mut names = Names::clone(&names);
                names.graves.retain(|grave| *grave != number);
                assembly.set_names(names);
                return Ok(true);
            };
            let mut shared = Shared::clone(&*assembly.shared().await?);
            let flags = flag_pages_of(number, key);
            assembly.fetch(flags.iter().copied().chain([*key])).await?;
            // Another tab may have been faster.
            if let Some(record) = assembly.record(key) {
                let rows = decoded(key, record, IndexPage::decode)?.0;
                let held = held_rows(assembly, number, key)?;
                let contents: Vec<u32> = (0u32..)
                    .zip(&rows)
                    .filter(|(row, _)| held.get(*row as usize).copied().unwrap_or(true))
                    .map(|(_, row)| row.content)
                    .collect();
                drop_references(assembly, &mut shared, contents.into_iter()).await?;
                assembly.set_shared(shared);
                assembly.delete(*key);
            }
            Ok(false)
        })
        .await
    }
}

/// First position and rows of the index page of a key.
fn index_span(key: &Key) -> (u32, u32) {
    let sealed = key.bytes().get(4) == Some(&0);
    let rows = if sealed { SEALED_ROWS } else { INDEX_ROWS };
    (key.u32_at(5).unwrap_or(0).saturating_mul(rows), rows)
}

fn flag_pages_of(number: MailboxNumber, key: &Key) -> Vec<Key> {
    let (first, rows) = index_span(key);
    let last = first.saturating_add(rows - 1);
    (first / PAGE_ROWS..=last / PAGE_ROWS).map(|page| layout::flags(number, page)).collect()
}

/// Which rows of an index page still hold their contents: a moved row gave its reference away.
fn held_rows(assembly: &Assembly<'_>, number: MailboxNumber, key: &Key) -> Result<Vec<bool>> {
    let (first, rows) = index_span(key);
    let mut held = Vec::with_capacity(rows as usize);
    for position in first..first.saturating_add(rows) {
        let (page, row) = layout::place(position, PAGE_ROWS);
        if row == 0 || position == first {
            let key = layout::flags(number, page);
            let record = assembly.record(&key);
            let page = record.map(|record| decoded(&key, record, decode_flags)).transpose()?;
            let holds = |row: u32| match &page {
                Some(page) => page.flags(row).is_none_or(FlagBits::holds_content),
                // A flag page is dropped only when all its rows are released.
                None => false,
            };
            let until = (PAGE_ROWS - row).min(first + rows - position);
            held.extend((row..row + until).map(holds));
        }
    }
    Ok(held)
}

fn holds_content(state: &MailboxState, uid: Uid) -> bool {
    let bits = state.place(uid).and_then(|(page, row)| state.pages().get(page)?.as_ref()?.flags(row));
    bits.is_some_and(FlagBits::holds_content)
}

fn unreleased(state: &MailboxState) -> impl Iterator<Item = Uid> + '_ {
    let pages = state.pages().iter().enumerate().filter_map(|(index, page)| Some((index, page.as_ref()?)));
    pages.flat_map(move |(index, page)| {
        let rows = (0u32..).zip(page.raw_flags());
        rows.filter(|(_, bits)| {
            let bits = FlagBits(**bits);
            !bits.is_live() && !bits.contains(FlagBits::RELEASED)
        })
        .map(move |(row, _)| state.uid_at(index, row))
    })
}

fn state_of(core: &Core, pages: Vec<Option<Rc<FlagPage>>>) -> MailboxState {
    MailboxState::new(core.first_uid, core.uid_next, core.highest_mod_seq, core.keywords.clone(), pages)
}

/// Whether a full page holds nothing any more: nothing lives, holds a content or is remembered.
fn is_empty(page: &FlagPage) -> bool {
    page.rows() == PAGE_ROWS
        && page.live_count() == 0
        && page.raw_flags().iter().all(|bits| FlagBits(*bits).contains(FlagBits::RELEASED))
        && page.mod_seqs().iter().all(|mod_seq| *mod_seq == 0)
}

/// Blanks the list rows of released messages, and drops index, id and row
/// pages that are full and hold nothing else.
async fn empty_pages(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    loaded: &Loaded,
    state: &MailboxState,
    uids: &[Uid],
) -> Step<()> {
    let positions: Vec<u32> = uids.iter().map(|uid| uid - loaded.core.first_uid).collect();
    let dead = |first: u32, rows: u32| {
        let last = first.saturating_add(rows);
        last <= loaded.core.rows()
            && (first..last).all(|position| {
                let (page, row) = layout::place(position, PAGE_ROWS);
                match state.pages().get(page as usize) {
                    Some(Some(page)) => page.flags(row).is_some_and(|bits| bits.contains(FlagBits::RELEASED)),
                    _ => true,
                }
            })
    };
    let pages_of = |rows: u32| {
        let mut pages: Vec<u32> = positions.iter().map(|position| position / rows).collect();
        pages.dedup();
        pages
    };
    for page in pages_of(INDEX_ROWS) {
        if dead(page * INDEX_ROWS, INDEX_ROWS) {
            assembly.delete(layout::ids(number, page));
        }
        let (key, _) = index_place(loaded, number, page * INDEX_ROWS);
        let (first, rows) = index_span(&key);
        if dead(first, rows) {
            assembly.delete(key);
        }
    }
    let row_pages = pages_of(LIST_ROWS);
    assembly.fetch(row_pages.iter().map(|page| layout::rows(number, *page))).await?;
    for page in row_pages {
        let key = layout::rows(number, page);
        if dead(page * LIST_ROWS, LIST_ROWS) {
            assembly.delete(key);
            continue;
        }
        let Some(record) = assembly.record(&key) else { continue };
        // One that is damaged is left as it is.
        let Some(mut rows) = unless_damaged(decoded(&key, record, RowPage::decode))? else {
            continue;
        };
        for position in positions.iter().filter(|position| *position / LIST_ROWS == page) {
            if let Some(row) = rows.0.get_mut((position % LIST_ROWS) as usize) {
                row.clear();
            }
        }
        assembly.put(key, rows.encode(&key));
    }
    Ok(())
}
