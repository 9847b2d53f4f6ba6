//! Pages in memory, bounded in bytes: decoded ones, and packs as they are.
//! Here: decoding, keeping and forgetting. Not here: whether a page is still
//! right (who reads it knows what may change).

use std::rc::Rc;

use super::codec::decoded;
use super::directory::DirectoryPage;
use super::pages::Page as _;
use super::stored::{StoredIds, StoredIndex, StoredRows};
use super::texts::TextCache;
use crate::model::{Generations, Result, Value};
use crate::store::{Key, Space};

/// Bytes of decoded pages kept at most: the list rows of some 150,000 messages.
const DECODED_BYTES: usize = 48 * 1024 * 1024;

/// Bytes of packs of octets kept at most; in a browser they lie outside wasm memory.
const PACK_BYTES: usize = 16 * 1024 * 1024;

/// A page as it is used.
#[derive(Clone)]
pub enum Page {
    Index(Rc<StoredIndex>),
    Ids(Rc<StoredIds>),
    Rows(Rc<StoredRows>),
    Directory(Rc<DirectoryPage>),
    Pack(Value),
    /// One that cannot be read: of what is in it nothing is known. Never kept.
    Damaged,
}

impl Page {
    /// The page of a record; a key of another space than those of pages is a pack's.
    pub fn decode(key: &Key, record: &Value) -> Result<Page> {
        Ok(match key.space() {
            Space::Index => Page::Index(Rc::new(decoded(key, record, StoredIndex::decode)?)),
            Space::Ids => Page::Ids(Rc::new(decoded(key, record, StoredIds::decode)?)),
            Space::Rows => Page::Rows(Rc::new(decoded(key, record, StoredRows::decode)?)),
            Space::Directory => Page::Directory(Rc::new(decoded(key, record, DirectoryPage::decode)?)),
            _ => Page::Pack(record.clone()),
        })
    }

    /// How many rows it has.
    pub fn rows(&self) -> u32 {
        match self {
            Page::Index(page) => page.len(),
            Page::Ids(page) => page.len(),
            Page::Rows(page) => page.len(),
            Page::Directory(page) => page.0.len() as u32,
            Page::Pack(_) | Page::Damaged => u32::MAX,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Page::Index(page) => page.bytes(),
            Page::Ids(page) => page.bytes(),
            Page::Rows(page) => page.bytes(),
            Page::Directory(page) => page.0.len() * 36,
            Page::Pack(pack) => pack.len(),
            Page::Damaged => 0,
        }
    }
}

/// The pages that were asked for lately.
pub struct PageCache {
    decoded: Generations<Key, Page>,
    packs: Generations<Key, Page>,
    /// Packs of texts, which only searches ask for.
    pub texts: TextCache,
}

impl Default for PageCache {
    fn default() -> Self {
        PageCache {
            decoded: Generations::new(DECODED_BYTES),
            packs: Generations::new(PACK_BYTES),
            texts: TextCache::default(),
        }
    }
}

impl PageCache {
    fn of(&mut self, space: Space) -> &mut Generations<Key, Page> {
        match space {
            Space::Content => &mut self.packs,
            _ => &mut self.decoded,
        }
    }

    pub fn get(&mut self, key: &Key) -> Option<Page> {
        self.of(key.space()).get(key)
    }

    pub fn insert(&mut self, key: Key, page: Page) {
        let bytes = page.bytes();
        self.of(key.space()).insert(key, page, bytes);
    }

    pub fn remove(&mut self, key: &Key) {
        self.of(key.space()).remove(key);
        self.texts.remove(key);
    }

    /// Forgets all pages and packs of octets. Texts stay: what is written under a number never changes.
    pub fn clear(&mut self) {
        self.decoded.clear();
        self.packs.clear();
    }
}
