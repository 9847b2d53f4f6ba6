//! Reading messages: which pages hold them, out of the cache or the store.
//! Pages of a mailbox only grow and forget their dead, so a cached page is
//! right for every row it has.

use std::cell::{Ref, RefMut};
use std::collections::{HashMap, HashSet};

use super::cache::{Page, PageCache};
use super::codec::unless_damaged;
use super::directory::{ContentEntry, Place};
use super::layout::{
    self, ContentNumber, DIRECTORY_ROWS, INDEX_ROWS, LIST_ROWS, MailboxNumber, NO_CONTENT, PackKind,
    SEALED_ROWS,
};
use super::stored::{IdsRow, StoredIndex};
use super::tails::Tails;
use super::{Engine, Loaded};
use crate::backend::Wanted;
use crate::mime::{ListRow, RowFields};
use crate::model::{Error, Result, Uid, Value, sorting};
use crate::store::{Key, Read};

/// Where the index row of a position lies.
pub fn index_place(loaded: &Loaded, number: MailboxNumber, position: u32) -> (Key, u32) {
    let (page, row) = index_page(loaded, position);
    (index_key(loaded, number, page), row)
}

/// The number of the position's index page, and the row in it. Pages that still grow are smaller than sealed ones, so
/// that their numbers are past those of all that are sealed.
fn index_page(loaded: &Loaded, position: u32) -> (u32, u32) {
    let sealed = layout::place(position, SEALED_ROWS);
    if sealed.0 < loaded.core.sealed_pages { sealed } else { layout::place(position, INDEX_ROWS) }
}

fn index_key(loaded: &Loaded, number: MailboxNumber, page: u32) -> Key {
    if page < loaded.core.sealed_pages {
        return layout::sealed_index(number, page);
    }
    layout::appending_index(number, page)
}

fn ids_page(position: u32) -> (u32, u32) {
    layout::place(position, INDEX_ROWS)
}

fn list_page(position: u32) -> (u32, u32) {
    layout::place(position, LIST_ROWS)
}

fn directory_page(content: ContentNumber) -> (u32, u32) {
    layout::place(content, DIRECTORY_ROWS)
}

/// Of how many messages records are read ahead at most, and how many packs.
const AHEAD_MESSAGES: usize = 1024;
const AHEAD_PACKS: usize = 16;

/// The page in memory that has this row.
fn in_memory(cache: &mut PageCache, tails: &Tails, key: &Key, row: u32) -> Option<Page> {
    let has_row = |page: &Page| page.rows() > row;
    if let Some(page) = cache.get(key).filter(has_row) {
        return Some(page);
    }
    let page = Page::decode(key, tails.peek(key)?).ok().filter(has_row)?;
    cache.insert(*key, page.clone());
    Some(page)
}

/// The pages in memory, and which more a read would ask for.
struct Ahead<'a> {
    cache: RefMut<'a, PageCache>,
    tails: Ref<'a, Tails>,
    missing: HashSet<Key>,
}

impl Ahead<'_> {
    fn page(&mut self, key: Key, row: u32) -> Option<Page> {
        let page = in_memory(&mut self.cache, &self.tails, &key, row);
        if page.is_none() {
            self.missing.insert(key);
        }
        page
    }

    /// The content of a message, as far as its index page is in memory.
    fn content(&mut self, (key, row): (Key, u32)) -> Option<ContentNumber> {
        match self.page(key, row)? {
            Page::Index(page) => page.content(row),
            _ => None,
        }
    }

    /// Where a content lies, as far as its directory page is in memory.
    fn entry(&mut self, content: ContentNumber) -> Option<ContentEntry> {
        let (page, row) = directory_page(content);
        match self.page(layout::directory(page), row)? {
            Page::Directory(page) => page.0.get(row as usize).copied(),
            _ => None,
        }
    }
}

impl Engine {
    /// The records that reading this would ask the store for, as far as what is in memory tells.
    pub(super) fn missing(&self, number: MailboxNumber, loaded: &Loaded, wanted: &Wanted<'_>) -> Vec<Key> {
        if wanted.uids.len() > AHEAD_MESSAGES {
            return Vec::new();
        }
        let (cache, tails) = (self.pages.borrow_mut(), self.tails.borrow());
        let mut ahead = Ahead { cache, tails, missing: HashSet::new() };
        let mut packs = HashSet::new();
        for uid in wanted.uids {
            let position = position(loaded, *uid);
            if wanted.rows {
                let (page, row) = list_page(position);
                ahead.page(layout::rows(number, page), row);
            }
            if wanted.fields.is_some_and(|fields| fields.ids) {
                let (page, row) = ids_page(position);
                ahead.page(layout::ids(number, page), row);
            }
            if wanted.fields.is_some() || wanted.contents {
                let content = ahead.content(index_place(loaded, number, position));
                let content = content.filter(|content| wanted.contents && *content != NO_CONTENT);
                let entry = content.and_then(|content| ahead.entry(content));
                let pieces = entry.into_iter().flat_map(|entry| entry.content.pieces());
                packs.extend(pieces.map(|(pack, _)| layout::pack(PackKind::Content, pack)));
            }
        }
        if packs.len() <= AHEAD_PACKS {
            for key in packs {
                ahead.page(key, 0);
            }
        }
        let mut missing: Vec<Key> = ahead.missing.into_iter().collect();
        missing.sort_unstable();
        missing
    }

    /// Keeps pages that were read; one that is damaged is left to who asks for it.
    pub(super) fn take_in_pages(&self, keys: Vec<Key>, records: Vec<Option<Value>>) {
        let mut cache = self.pages.borrow_mut();
        for (key, record) in keys.into_iter().zip(records) {
            if let Some(Ok(page)) = record.map(|record| Page::decode(&key, &record)) {
                cache.insert(key, page);
            }
        }
    }

    /// The pages of these keys, decoded. `wanted` says how many rows each must
    /// have to be taken from the cache. Absent pages are left out, and one that
    /// is damaged is told as such: it keeps nobody from the others.
    async fn pages(&self, wanted: HashMap<Key, u32>) -> Result<HashMap<Key, Page>> {
        let mut found = HashMap::with_capacity(wanted.len());
        let mut missing = Vec::new();
        {
            let (mut cache, tails) = (self.pages.borrow_mut(), self.tails.borrow());
            for (key, row) in wanted {
                match in_memory(&mut cache, &tails, &key, row) {
                    Some(page) => {
                        found.insert(key, page);
                    }
                    None => missing.push(key),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        sorting::sort(&mut missing);
        let snapshot = self.read(Read { keys: missing.clone(), ..Read::default() }).await?;
        let mut cache = self.pages.borrow_mut();
        for (key, record) in missing.into_iter().zip(snapshot.values) {
            if let Some(record) = record {
                let page = unless_damaged(Page::decode(&key, &record))?;
                if let Some(page) = &page {
                    cache.insert(key, page.clone());
                }
                found.insert(key, page.unwrap_or(Page::Damaged));
            }
        }
        Ok(found)
    }

    /// Shows to `read`, for each of these places in their order, its page, if that is there, and its row. A place is
    /// the number of a page and a row; `key` is a page's key.
    async fn show_rows(
        &self,
        places: &[(u32, u32)],
        key: &dyn Fn(u32) -> Key,
        read: &mut dyn FnMut(Option<&Page>, u32),
    ) -> Result<()> {
        // Neighbours mostly lie on one page: it is looked up once for all of them.
        let runs = || places.chunk_by(|(one, _), (other, _)| one == other);
        let mut wanted: HashMap<Key, u32> = HashMap::new();
        for run in runs() {
            let Some((page, _)) = run.first() else { continue };
            let most = wanted.entry(key(*page)).or_default();
            *most = run.iter().map(|(_, row)| *row).fold(*most, u32::max);
        }
        let pages = self.pages(wanted).await?;
        for run in runs() {
            let page = run.first().and_then(|(page, _)| pages.get(&key(*page)));
            run.iter().for_each(|(_, row)| read(page, *row));
        }
        Ok(())
    }

    /// For each place, the row that `pick` takes from its page; `None` also where that is damaged.
    async fn rows<T>(
        &self,
        places: Vec<(u32, u32)>,
        key: impl Fn(u32) -> Key,
        pick: impl Fn(&Page, u32) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let mut found = Vec::with_capacity(places.len());
        let mut take = |page: Option<&Page>, row| found.push(page.and_then(|page| pick(page, row)));
        self.show_rows(&places, &key, &mut take).await?;
        Ok(found)
    }

    /// What `pick` takes of the index rows of these UIDs: a row, or a column of it; `None` where a UID was never
    /// given or its page is gone.
    pub(super) async fn index_rows<T>(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
        pick: fn(&StoredIndex, u32) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let places = places(loaded, uids, |position| index_page(loaded, position));
        self.rows(
            places,
            |page| index_key(loaded, number, page),
            |page, row| match page {
                Page::Index(page) => pick(page, row),
                _ => None,
            },
        )
        .await
    }

    /// The object ids of these UIDs.
    pub(super) async fn ids_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
    ) -> Result<Vec<Option<IdsRow>>> {
        self.rows(
            places(loaded, uids, ids_page),
            |page| layout::ids(number, page),
            |page, row| match page {
                Page::Ids(page) => page.get(row),
                _ => None,
            },
        )
        .await
    }

    /// The list rows of these UIDs, decoded as far as these fields are concerned.
    pub(super) async fn list_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
        fields: RowFields,
    ) -> Result<Vec<Option<ListRow>>> {
        self.rows(
            places(loaded, uids, list_page),
            |page| layout::rows(number, page),
            |page, row| match page {
                Page::Rows(page) => ListRow::decode_fields(page.get(row)?, fields).map(|(row, _)| row),
                _ => None,
            },
        )
        .await
    }

    /// The list rows of these UIDs, as their bytes.
    pub(super) async fn raw_list_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        self.rows(
            places(loaded, uids, list_page),
            |page| layout::rows(number, page),
            |page, row| match page {
                Page::Rows(page) => page.get(row).map(<[u8]>::to_vec),
                _ => None,
            },
        )
        .await
    }

    /// Where what `pick` says of these contents lies, as far as the directory knows any octets of them.
    pub(super) async fn content_places(
        &self,
        contents: &[ContentNumber],
        pick: fn(&ContentEntry) -> Place,
    ) -> Result<Vec<Option<Place>>> {
        let places = contents.iter().map(|content| directory_page(*content)).collect();
        self.rows(places, layout::directory, |page, row| match page {
            Page::Directory(page) => page.0.get(row as usize).filter(|entry| entry.references > 0).map(pick),
            _ => None,
        })
        .await
    }

    /// The octets of these contents; `None` where there are none any more, or not those that were stored.
    pub(super) async fn octets(&self, contents: &[ContentNumber]) -> Result<Vec<Option<Value>>> {
        let stored = self.stored(contents).await?;
        stored.into_iter().map(|octets| Ok(unless_damaged(octets)?.flatten())).collect()
    }

    /// What packs hold of these contents, each for itself: `CORRUPT` where it is not there or damaged,
    /// `SCHEMA_TOO_NEW` where a later version packed it. The octets stay where they are.
    ///
    /// The directory in memory may be behind: packs are folded and numbers
    /// never used again, so a pack that is not there says to look anew.
    async fn stored(&self, contents: &[ContentNumber]) -> Result<Vec<Result<Option<Value>>>> {
        let key = |pack| layout::pack(PackKind::Content, pack);
        for last_look in [false, true] {
            let places = self.content_places(contents, |entry| entry.content).await?;
            let numbers: HashSet<u32> =
                places.iter().flatten().flat_map(|place| place.pieces()).map(|(pack, _)| pack).collect();
            let packs = self.pages(numbers.into_iter().map(|pack| (key(pack), 0)).collect()).await?;
            let piece = |pack| match packs.get(&key(pack)) {
                Some(Page::Pack(pack)) => Some(pack.clone()),
                _ => None,
            };
            let stored: Vec<Result<Option<Value>>> = contents
                .iter()
                .zip(&places)
                .map(|(content, place)| {
                    let Some(place) = place.filter(|_| *content != NO_CONTENT) else { return Ok(None) };
                    let pieces: Vec<Value> = place.pieces().filter_map(|(pack, _)| piece(pack)).collect();
                    place.read(&pieces).map(Some)
                })
                .collect();
            if last_look || complete(contents, &stored) {
                return Ok(stored);
            }
            self.forget_directory(contents);
        }
        Err(Error::internal("octets were looked for and neither found nor missed"))
    }

    pub(super) fn forget_directory(&self, contents: &[ContentNumber]) {
        let (mut cache, mut tails) = (self.pages.borrow_mut(), self.tails.borrow_mut());
        for content in contents {
            let key = layout::directory(content / DIRECTORY_ROWS);
            cache.remove(&key);
            tails.retain(&|known| *known != key);
        }
    }
}

fn complete(contents: &[ContentNumber], stored: &[Result<Option<Value>>]) -> bool {
    let there = |stored: &Result<Option<Value>>| matches!(stored, Ok(Some(_)));
    contents.iter().zip(stored).all(|(content, stored)| *content == NO_CONTENT || there(stored))
}

/// On which pages these UIDs are, and in which rows of them.
fn places(loaded: &Loaded, uids: &[Uid], place: impl Fn(u32) -> (u32, u32)) -> Vec<(u32, u32)> {
    uids.iter().map(|uid| place(position(loaded, *uid))).collect()
}

/// A UID's place in its mailbox's pages; past the end for one that was never given.
pub fn position(loaded: &Loaded, uid: Uid) -> u32 {
    uid.checked_sub(loaded.core.first_uid).unwrap_or(u32::MAX)
}
