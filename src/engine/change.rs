//! Changing messages that are there: flags, expunge, copy, move.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::append::placed;
use super::assembly::{Assembly, Step};
use super::contents::open_directory;
use super::layout::{self, MailboxNumber, NO_CONTENT};
use super::pages::encode_flags;
use super::rows::{NewRow, append_rows, commit_state, read_only, too_many_keywords};
use super::shared::Shared;
use super::stored::{IndexRow, StoredIndex};
use super::{Engine, Loaded};
use crate::backend::UpdateOutcome;
use crate::model::{Error, FlagOp, Flags, MailboxId, MailboxName, ModSeq, Result, SystemFlags, Uid};
use crate::store::Durability;
use crate::view::{FlagBits, FlagPage, Keywords, MailboxState};

/// A mailbox as changes name it.
#[derive(Clone)]
pub struct Place {
    pub number: MailboxNumber,
    pub mailbox_id: MailboxId,
    /// The name by which it was found in memory, where nobody has made sure yet that it is so still.
    pub name: Option<MailboxName>,
}

/// Rows to change, by flag page.
type Changes = BTreeMap<usize, Vec<(u32, FlagBits, ModSeq)>>;

/// The pages after these changes, each changed one written.
fn write_changes(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    loaded: &Loaded,
    changes: Changes,
) -> Vec<Option<Rc<FlagPage>>> {
    let mut pages = loaded.state.pages().to_vec();
    for (index, rows) in changes {
        if let Some(Some(page)) = pages.get_mut(index) {
            let new = page.with(rows);
            let key = layout::flags(number, index as u32);
            assembly.put(key, encode_flags(&key, &new));
            *page = Rc::new(new);
        }
    }
    pages
}

/// Each UID once, in the order given.
fn distinct(uids: &[Uid]) -> impl Iterator<Item = Uid> + '_ {
    let mut seen = HashSet::with_capacity(uids.len());
    uids.iter().copied().filter(move |uid| seen.insert(*uid))
}

/// Makes tombstones of live messages. `moved`: their contents' references went along.
async fn bury(
    assembly: &mut Assembly<'_>,
    place: &Place,
    uids: &[Uid],
    octets: u64,
    moved: bool,
) -> Step<()> {
    let loaded = assembly.mailbox(place.number).await?;
    let mut core = loaded.core.clone();
    core.highest_mod_seq += 1;
    let moved_bit = if moved { FlagBits::MOVED.0 } else { 0 };
    let bits = FlagBits(FlagBits::TOMBSTONE.0 | moved_bit);
    let mut changes = Changes::new();
    for uid in uids {
        if let Some((page, row)) = loaded.state.place(*uid) {
            changes.entry(page).or_default().push((row, bits, core.highest_mod_seq));
        }
        core.unclaimed_recent.remove(*uid);
    }
    let count = uids.len() as u32;
    core.remembered = core.remembered.saturating_add(count);
    core.unreleased = core.unreleased.saturating_add(count);
    core.size = core.size.saturating_sub(octets);
    let pages = write_changes(assembly, place.number, &loaded, changes);
    commit_state(assembly, place.number, &place.mailbox_id, core, pages);
    Ok(())
}

impl Engine {
    /// Changes flags in one commit; see [`crate::backend::MailboxData::update_from`].
    pub(super) async fn update(
        &self,
        place: &Place,
        uids: &[Uid],
        flags: &Flags,
        op: FlagOp,
        unchanged_since: Option<ModSeq>,
        durability: Durability,
    ) -> Result<(UpdateOutcome, Rc<MailboxState>)> {
        let flags = flags.clone().without(SystemFlags::RECENT);
        self.transact(durability, async |assembly| {
            let loaded = assembly.mailbox(place.number).await?;
            if loaded.core.readonly {
                return Err(read_only().into());
            }
            let mut core = loaded.core.clone();
            core.highest_mod_seq += 1;
            let mut outcome = UpdateOutcome::default();
            let mut keywords = Keywords::clone(&core.keywords);
            // A keyword that is only taken away need not be known.
            if op != FlagOp::Delete && !uids.is_empty() && !keywords.extend(&flags) {
                return Err(too_many_keywords().into());
            }
            let operand = keywords.bits(&flags);
            let mut changes = Changes::new();
            for uid in distinct(uids) {
                let (Some(live), Some((page, row))) = (loaded.state.get(uid), loaded.state.place(uid)) else {
                    continue;
                };
                if unchanged_since.is_some_and(|since| live.mod_seq > since) {
                    outcome.modified.push(uid);
                    continue;
                }
                let bits = live.bits.apply(op, operand);
                if bits != live.bits {
                    outcome.changed.push(uid);
                    changes.entry(page).or_default().push((row, bits, core.highest_mod_seq));
                }
            }
            outcome.changed.sort_unstable();
            outcome.modified.sort_unstable();
            let before = loaded.state.clone();
            if outcome.changed.is_empty() {
                return Ok((outcome, before));
            }
            if keywords != *core.keywords {
                core.keywords = Rc::new(keywords);
            }
            let pages = write_changes(assembly, place.number, &loaded, changes);
            commit_state(assembly, place.number, &place.mailbox_id, core, pages);
            Ok((outcome, before))
        })
        .await
    }

    /// Deletes messages in one commit; see [`crate::backend::MailboxData::expunge`].
    pub(super) async fn expunge(
        &self,
        place: &Place,
        uids: &[Uid],
        only_deleted: bool,
        durability: Durability,
    ) -> Result<Vec<Uid>> {
        self.transact(durability, async |assembly| {
            let loaded = assembly.mailbox(place.number).await?;
            if loaded.core.readonly {
                return Err(read_only().into());
            }
            let doomed = |uid: &Uid| {
                loaded
                    .state
                    .get(*uid)
                    .is_some_and(|live| !only_deleted || live.bits.has(SystemFlags::DELETED))
            };
            let mut uids: Vec<Uid> = distinct(uids).filter(doomed).collect();
            uids.sort_unstable();
            if uids.is_empty() {
                return Ok(uids);
            }
            let sizes = self.index_rows(place.number, &loaded, &uids, StoredIndex::size).await?;
            let octets = sizes.iter().flatten().sum();
            bury(assembly, place, &uids, octets, false).await?;
            Ok(uids)
        })
        .await
    }

    /// Copies or moves messages in one commit; see
    /// [`crate::backend::MailboxData::copy_many`] and `move_many`.
    pub(super) async fn transfer(
        &self,
        source: &Place,
        destination: &Place,
        uids: &[Uid],
        moving: bool,
        recent: bool,
        durability: Durability,
    ) -> Result<Vec<(Uid, Uid)>> {
        self.transact(durability, async |assembly| {
            assembly.check_name(destination).await?;
            let from = assembly.mailbox(source.number).await?;
            let to = assembly.mailbox(destination.number).await?;
            if to.core.readonly || (moving && from.core.readonly) {
                return Err(read_only().into());
            }
            let uids: Vec<Uid> = distinct(uids).filter(|uid| from.state.get(*uid).is_some()).collect();
            if uids.is_empty() {
                return Ok(Vec::new());
            }
            let rows = self.copied_rows(source.number, &from, &uids).await?;
            let octets = rows.iter().map(|row| row.index.size).sum();
            let mut shared = Shared::clone(&*assembly.shared().await?);
            if !moving {
                add_references(assembly, &rows).await?;
            }
            let first_uid =
                append_rows(assembly, destination.number, &destination.mailbox_id, &rows, recent).await?;
            let facts = (first_uid..)
                .zip(&rows)
                .flat_map(|(uid, row)| placed(destination.number, uid, row))
                .collect();
            assembly.log_facts(&mut shared, facts);
            assembly.set_shared(shared);
            if moving {
                bury(assembly, source, &uids, octets, true).await?;
            }
            Ok(uids.into_iter().zip(first_uid..).collect())
        })
        .await
    }

    /// The rows of live messages as they are to be appended elsewhere.
    async fn copied_rows(&self, number: MailboxNumber, loaded: &Loaded, uids: &[Uid]) -> Result<Vec<NewRow>> {
        let (index, ids, list_rows) = futures::try_join!(
            self.index_rows(number, loaded, uids, StoredIndex::get),
            self.ids_rows(number, loaded, uids),
            self.raw_list_rows(number, loaded, uids),
        )?;
        let save_date_ms = crate::platform::now_ms();
        uids.iter()
            .zip(index)
            .zip(ids)
            .zip(list_rows)
            .map(|(((uid, index), ids), list_row)| {
                let live = loaded.state.get(*uid);
                let missing = || Error::corrupt(format!("a page of message {uid} is missing"));
                Ok(NewRow {
                    flags: loaded.core.keywords.flags(live.ok_or_else(missing)?.bits),
                    index: IndexRow { save_date_ms, ..index.ok_or_else(missing)? },
                    ids: ids.ok_or_else(missing)?,
                    list_row: list_row.ok_or_else(missing)?,
                })
            })
            .collect()
    }
}

/// Each copied row holds its content once more.
async fn add_references(assembly: &mut Assembly<'_>, rows: &[NewRow]) -> Step<()> {
    let mut more: HashMap<u32, u32> = HashMap::new();
    for row in rows.iter().filter(|row| row.index.content != NO_CONTENT) {
        *more.entry(row.index.content).or_default() += 1;
    }
    let mut directory = open_directory(assembly, more.keys().copied()).await?;
    for (content, count) in more {
        if directory.get(content).is_none() {
            // Not counted, it would be given back while the copy still needs it.
            return Err(Error::corrupt("the place of a message's content cannot be read").into());
        }
        directory.change(content, |entry| entry.references += count);
    }
    directory.write(assembly);
    Ok(())
}
