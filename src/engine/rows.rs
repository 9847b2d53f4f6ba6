//! A mailbox's rows: appending them at its end, over all its pages, and
//! writing its core with the counts that follow. Not here: where rows come from.

use std::rc::Rc;

use super::Loaded;
use super::assembly::{Assembly, Step};
use super::codec::{decoded, unless_damaged};
use super::core::Core;
use super::layout::{self, INDEX_ROWS, LIST_ROWS, MailboxNumber, SEALED_ROWS};
use super::notes::Note;
use super::paged::{append_paged, around_damage};
use super::pages::{IdsPage, IndexPage, Page as _, RowPage, encode_flags};
use super::stored::{IdsRow, IndexRow};
use crate::model::{Error, ErrorCode, Flags, MailboxId, ModSeq, Uid};
use crate::store::Key;
use crate::view::{FlagBits, FlagPage, Keywords, MailboxState, PAGE_ROWS};

/// The flags of a row in which no message was, or of one that is forgotten.
const NEVER: FlagBits = FlagBits(FlagBits::TOMBSTONE.0 | FlagBits::RELEASED.0);

/// A message's row, on its way to a mailbox's end.
#[derive(Clone)]
pub struct NewRow {
    pub flags: Flags,
    pub index: IndexRow,
    pub ids: IdsRow,
    /// The encoded list row.
    pub list_row: Vec<u8>,
}

/// Appends rows to a mailbox within an attempt; returns the first one's UID.
/// Writes the mailbox's pages and core; `LIMIT` for too many keywords or UIDs.
pub async fn append_rows(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    mailbox_id: &MailboxId,
    rows: &[NewRow],
    recent: bool,
) -> Step<Uid> {
    let loaded = assembly.mailbox(number).await?;
    assembly.fetch(tails(number, &loaded.core)).await?;
    let mut core = loaded.core.clone();
    let mut first_row = core.rows();
    // Uids are passed over rather than that a page is written which cannot be read.
    let pages = tails(number, &core).into_iter().zip([INDEX_ROWS, INDEX_ROWS, LIST_ROWS]);
    for (page, rows) in pages {
        first_row = first_row.max(around_damage(assembly, page, core.rows(), rows).await?);
    }
    let skipped = first_row - core.rows();
    let first_uid = core.uid_next.saturating_add(skipped);
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    core.uid_next = first_uid
        .checked_add(count)
        .filter(|next| *next < u32::MAX)
        .ok_or_else(|| Error::new(ErrorCode::Limit, "the mailbox has no more UIDs to give"))?;

    let mut keywords = Keywords::clone(&core.keywords);
    for row in rows {
        if !keywords.extend(&row.flags) {
            return Err(too_many_keywords().into());
        }
    }
    if keywords != *core.keywords {
        core.keywords = Rc::new(keywords);
    }

    core.highest_mod_seq += 1;
    let mod_seq = core.highest_mod_seq;
    let bits: Vec<(FlagBits, ModSeq)> = std::iter::repeat_n((NEVER, 0), skipped as usize)
        .chain(rows.iter().map(|row| (core.keywords.bits(&row.flags), mod_seq)))
        .collect();
    let pages = append_flags(assembly, number, &loaded, &bits);
    core.size += rows.iter().map(|row| row.index.size).sum::<u64>();
    if recent && count > 0 {
        core.unclaimed_recent.insert_range(first_uid, core.uid_next - 1);
    }
    append_index(assembly, number, &mut core, first_row, rows).await?;
    let ids = rows.iter().map(|row| row.ids.clone());
    append_paged::<IdsPage>(assembly, |page| layout::ids(number, page), first_row, ids).await?;
    let list_rows = rows.iter().map(|row| row.list_row.clone());
    append_paged::<RowPage>(assembly, |page| layout::rows(number, page), first_row, list_rows).await?;
    commit_state(assembly, number, mailbox_id, core, pages);
    Ok(first_uid)
}

/// The records that a mailbox's next row is appended to, but for the flags, which are in memory.
pub fn tails(number: MailboxNumber, core: &Core) -> [Key; 3] {
    let row = core.rows();
    [
        layout::appending_index(number, row / INDEX_ROWS),
        layout::ids(number, row / INDEX_ROWS),
        layout::rows(number, row / LIST_ROWS),
    ]
}

/// The error for a keyword past the 56th of a mailbox.
pub fn too_many_keywords() -> Error {
    Error::new(ErrorCode::Limit, format!("a mailbox has at most {} keywords", FlagBits::MAX_KEYWORDS))
}

/// Writes a mailbox's core with the counts of these pages.
pub fn commit_state(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    mailbox_id: &MailboxId,
    mut core: Core,
    pages: Vec<Option<Rc<FlagPage>>>,
) {
    let state =
        MailboxState::new(core.first_uid, core.uid_next, core.highest_mod_seq, core.keywords.clone(), pages);
    core.exists = state.exists();
    core.unseen = state.unseen();
    core.deleted = state.deleted();
    core.first_unseen = state.first_unseen();
    assembly.note(Note::Messages { number, mailbox_id: mailbox_id.clone() });
    assembly.set_mailbox(number, core, state);
}

fn append_flags(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    loaded: &Loaded,
    bits: &[(FlagBits, ModSeq)],
) -> Vec<Option<Rc<FlagPage>>> {
    let mut pages = loaded.state.pages().to_vec();
    let mut left = bits;
    let mut position = loaded.core.rows();
    while !left.is_empty() {
        let (page, row) = layout::place(position, PAGE_ROWS);
        let (here, rest) = left.split_at((PAGE_ROWS - row).min(left.len() as u32) as usize);
        let changes = (row..).zip(here).map(|(row, (bits, mod_seq))| (row, *bits, *mod_seq));
        let old = pages.get(page as usize).and_then(Option::as_ref);
        let new = match old {
            Some(old) => old.with(changes),
            // A page whose rows are all dead may be gone: its rows are tombstones again.
            None => FlagPage::new(vec![NEVER.0; row as usize], vec![0; row as usize]).with(changes),
        };
        let key = layout::flags(number, page);
        assembly.put(key, encode_flags(&key, &new));
        pages.resize(pages.len().max(page as usize + 1), None);
        if let Some(slot) = pages.get_mut(page as usize) {
            *slot = Some(Rc::new(new));
        }
        position += here.len() as u32;
        left = rest;
    }
    pages
}

/// The error for a change of a mailbox that is locked.
pub fn read_only() -> Error {
    Error::new(ErrorCode::ReadOnly, "the mailbox is read-only")
}

async fn append_index(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    core: &mut Core,
    first_row: u32,
    rows: &[NewRow],
) -> Step<()> {
    let items = rows.iter().map(|row| row.index);
    append_paged::<IndexPage>(assembly, |page| layout::appending_index(number, page), first_row, items)
        .await?;
    // Whole runs of appending pages become one sealed page each; a run with a damaged page, and what
    // follows, stays as it is.
    let per_sealed = SEALED_ROWS / INDEX_ROWS;
    let ends_a_run = first_row / SEALED_ROWS != core.rows() / SEALED_ROWS;
    while ends_a_run && (core.sealed_pages + 1).saturating_mul(SEALED_ROWS) <= core.rows() {
        let first = core.sealed_pages * per_sealed;
        let keys: Vec<Key> =
            (first..first + per_sealed).map(|page| layout::appending_index(number, page)).collect();
        assembly.fetch(keys.iter().copied()).await?;
        let mut sealed = IndexPage::default();
        for (index, key) in (1usize..).zip(&keys) {
            if let Some(record) = assembly.record(key) {
                let page = decoded(key, record, IndexPage::decode);
                let Some(page) = unless_damaged(page)? else { return Ok(()) };
                sealed.0.extend(page.0);
            }
            sealed.0.resize(index * INDEX_ROWS as usize, IndexPage::filler());
        }
        for key in keys {
            assembly.delete(key);
        }
        let key = layout::sealed_index(number, core.sealed_pages);
        assembly.put(key, sealed.encode(&key));
        core.sealed_pages += 1;
    }
    Ok(())
}
