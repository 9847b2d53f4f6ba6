//! Reading messages: which pages hold them, out of the cache or the store.
//! Pages of a mailbox only grow and forget their dead, so a cached page is
//! right for every row it has.

use std::cell::{Ref, RefMut};
use std::collections::{HashMap, HashSet};

use super::cache::{Page, PageCache};
use super::codec::unless_damaged;
use super::directory::ContentEntry;
use super::layout::{
    self, ContentNumber, DIRECTORY_ROWS, INDEX_ROWS, LIST_ROWS, MailboxNumber, NO_CONTENT, PackKind,
    SEALED_ROWS,
};
use super::pages::{IdsRow, IndexRow};
use super::tails::Tails;
use super::{Engine, Loaded};
use crate::backend::Wanted;
use crate::mime::{ListRow, RowFields, extract};
use crate::model::{Error, Result, Uid, Value, sorting};
use crate::store::{Key, Read};

/// Where the index row of a position lies.
pub fn index_place(loaded: &Loaded, number: MailboxNumber, position: u32) -> (Key, u32) {
    let (sealed, row) = layout::place(position, SEALED_ROWS);
    if sealed < loaded.core.sealed_pages {
        return (layout::sealed_index(number, sealed), row);
    }
    let (page, row) = layout::place(position, INDEX_ROWS);
    (layout::appending_index(number, page), row)
}

fn ids_place(number: MailboxNumber, position: u32) -> (Key, u32) {
    let (page, row) = layout::place(position, INDEX_ROWS);
    (layout::ids(number, page), row)
}

fn list_place(number: MailboxNumber, position: u32) -> (Key, u32) {
    let (page, row) = layout::place(position, LIST_ROWS);
    (layout::rows(number, page), row)
}

fn directory_place(content: ContentNumber) -> (Key, u32) {
    let (page, row) = layout::place(content, DIRECTORY_ROWS);
    (layout::directory(page), row)
}

/// Of how many messages records are read ahead at most, and how many packs.
const AHEAD_MESSAGES: usize = 1024;
const AHEAD_PACKS: usize = 16;

/// The page in memory that has this row.
fn in_memory(cache: &mut PageCache, tails: &Tails, key: &Key, row: u32) -> Option<Page> {
    let has_row = |page: &Page| page.rows() > row as usize;
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
            Page::Index(page) => page.0.get(row as usize).map(|row| row.content),
            _ => None,
        }
    }

    /// Where a content lies, as far as its directory page is in memory.
    fn entry(&mut self, content: ContentNumber) -> Option<ContentEntry> {
        let (key, row) = directory_place(content);
        match self.page(key, row)? {
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
                let (key, row) = list_place(number, position);
                ahead.page(key, row);
            }
            if wanted.fields.is_some_and(|fields| fields.ids) {
                let (key, row) = ids_place(number, position);
                ahead.page(key, row);
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

    /// For each place, the row that `pick` takes from its page; `None` also where that is damaged.
    async fn rows<T>(
        &self,
        places: &[(Key, u32)],
        pick: impl Fn(&Page, u32) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        // Neighbours mostly lie on one page: it is looked up once for all of them.
        let runs = || {
            let same_page = |(one, _): &(Key, u32), (other, _): &(Key, u32)| one == other;
            places.chunk_by(same_page).filter_map(|run| Some((run.first()?.0, run)))
        };
        let mut wanted: HashMap<Key, u32> = HashMap::new();
        for (key, run) in runs() {
            let most = wanted.entry(key).or_default();
            *most = run.iter().map(|(_, row)| *row).fold(*most, u32::max);
        }
        let pages = self.pages(wanted).await?;
        let mut found = Vec::with_capacity(places.len());
        for (key, run) in runs() {
            let page = pages.get(&key);
            found.extend(run.iter().map(|(_, row)| page.and_then(|page| pick(page, *row))));
        }
        Ok(found)
    }

    /// The index rows of these UIDs; `None` where a UID was never given or its page is gone.
    pub(super) async fn index_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
    ) -> Result<Vec<Option<IndexRow>>> {
        let places: Vec<(Key, u32)> =
            uids.iter().map(|uid| index_place(loaded, number, position(loaded, *uid))).collect();
        self.rows(&places, |page, row| match page {
            Page::Index(page) => page.0.get(row as usize).copied(),
            _ => None,
        })
        .await
    }

    /// The object ids of these UIDs.
    pub(super) async fn ids_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
    ) -> Result<Vec<Option<IdsRow>>> {
        let places: Vec<(Key, u32)> =
            uids.iter().map(|uid| ids_place(number, position(loaded, *uid))).collect();
        self.rows(&places, |page, row| match page {
            Page::Ids(page) => page.0.get(row as usize).cloned(),
            _ => None,
        })
        .await
    }

    fn list_places(number: MailboxNumber, loaded: &Loaded, uids: &[Uid]) -> Vec<(Key, u32)> {
        uids.iter().map(|uid| list_place(number, position(loaded, *uid))).collect()
    }

    /// The list rows of these UIDs, decoded as far as these fields are concerned.
    pub(super) async fn list_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
        fields: RowFields,
    ) -> Result<Vec<Option<ListRow>>> {
        self.rows(&Self::list_places(number, loaded, uids), |page, row| match page {
            Page::Rows(page) => ListRow::decode_fields(page.get(row)?, fields).map(|(row, _)| row),
            _ => None,
        })
        .await
    }

    /// The list rows of these UIDs, as their bytes.
    pub(super) async fn raw_list_rows(
        &self,
        number: MailboxNumber,
        loaded: &Loaded,
        uids: &[Uid],
    ) -> Result<Vec<Option<Vec<u8>>>> {
        self.rows(&Self::list_places(number, loaded, uids), |page, row| match page {
            Page::Rows(page) => page.get(row).map(<[u8]>::to_vec),
            _ => None,
        })
        .await
    }

    /// The directory's entries of these contents.
    async fn content_entries(&self, contents: &[ContentNumber]) -> Result<Vec<Option<ContentEntry>>> {
        let places: Vec<(Key, u32)> = contents.iter().map(|content| directory_place(*content)).collect();
        self.rows(&places, |page, row| match page {
            Page::Directory(page) => page.0.get(row as usize).copied(),
            _ => None,
        })
        .await
    }

    /// The octets of these contents; `None` where there are none any more, or not those that were stored.
    pub(super) async fn octets(&self, contents: &[ContentNumber]) -> Result<Vec<Option<Value>>> {
        let stored = self.stored(PackKind::Content, contents).await?;
        stored.into_iter().map(|octets| Ok(unless_damaged(octets)?.flatten())).collect()
    }

    /// The searchable texts of these contents; `None` where there are no octets
    /// any more. A text that is damaged or not there is derived anew.
    pub(super) async fn texts(&self, contents: &[ContentNumber]) -> Result<Vec<Option<Value>>> {
        let mut texts = self.stored(PackKind::Text, contents).await?;
        let lost = |text: &Result<Option<Value>>| text.is_err();
        let numbers: Vec<ContentNumber> =
            contents.iter().zip(&texts).filter(|(_, text)| lost(text)).map(|(number, _)| *number).collect();
        if !numbers.is_empty() {
            let derive = |octets: Value| Value::from(octets.with(extract).text.into_bytes());
            let octets = self.octets(&numbers).await?;
            for (text, octets) in texts.iter_mut().filter(|text| lost(text)).zip(octets) {
                *text = Ok(octets.map(derive));
            }
        }
        texts.into_iter().collect()
    }

    /// What packs of this kind hold of these contents, each for itself:
    /// `CORRUPT` where it is not there or damaged, `SCHEMA_TOO_NEW` where a later
    /// version packed it. Texts are in this memory, octets where they were.
    ///
    /// The directory in memory may be behind: packs are folded and numbers
    /// never used again, so a pack that is not there says to look anew.
    async fn stored(&self, kind: PackKind, contents: &[ContentNumber]) -> Result<Vec<Result<Option<Value>>>> {
        for last_look in [false, true] {
            let entries = self.content_entries(contents).await?;
            let places: Vec<_> = contents
                .iter()
                .zip(&entries)
                .map(|(content, entry)| {
                    entry.filter(|entry| *content != NO_CONTENT && entry.references > 0).map(|entry| {
                        match kind {
                            PackKind::Content => entry.content,
                            PackKind::Text => entry.text,
                        }
                    })
                })
                .collect();
            let numbers: HashSet<u32> =
                places.iter().flatten().flat_map(|place| place.pieces()).map(|(pack, _)| pack).collect();
            let wanted = numbers.into_iter().map(|pack| (layout::pack(kind, pack), 0)).collect();
            let packs = self.packs(kind, wanted).await?;
            let stored: Vec<Result<Option<Value>>> = places
                .iter()
                .map(|place| {
                    let Some(place) = place else { return Ok(None) };
                    let pieces: Vec<Value> = place
                        .pieces()
                        .filter_map(|(pack, _)| packs.get(&layout::pack(kind, pack)).cloned())
                        .collect();
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

    /// Packs as they are, those of texts in this memory.
    async fn packs(&self, kind: PackKind, wanted: HashMap<Key, u32>) -> Result<HashMap<Key, Value>> {
        let packs = self.pages(wanted).await?.into_iter().filter_map(|(key, page)| match page {
            Page::Pack(pack) if kind == PackKind::Text => Some((key, pack.to_local())),
            Page::Pack(pack) => Some((key, pack)),
            _ => None,
        });
        Ok(packs.collect())
    }

    fn forget_directory(&self, contents: &[ContentNumber]) {
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

/// A UID's place in its mailbox's pages; past the end for one that was never given.
pub fn position(loaded: &Loaded, uid: Uid) -> u32 {
    uid.checked_sub(loaded.core.first_uid).unwrap_or(u32::MAX)
}
