//! Decoded pages in memory, bounded in bytes. Here: keeping and forgetting.
//! Not here: whether a page is still right (who reads it knows what may change).

use std::collections::HashMap;
use std::rc::Rc;

use super::directory::DirectoryPage;
use super::pages::{IdsPage, IndexPage, RowPage};
use crate::model::Value;
use crate::store::Key;

/// Bytes of pages kept at most.
const CACHE_BYTES: usize = 24 * 1024 * 1024;

/// A page as it is used.
#[derive(Clone)]
pub enum Page {
    Index(Rc<IndexPage>),
    Ids(Rc<IdsPage>),
    Rows(Rc<RowPage>),
    Directory(Rc<DirectoryPage>),
    Pack(Value),
}

impl Page {
    fn bytes(&self) -> usize {
        match self {
            Page::Index(page) => page.0.len() * 40,
            Page::Ids(page) => page.0.len() * 160,
            Page::Rows(page) => page.0.iter().map(|row| row.len() + 24).sum(),
            Page::Directory(page) => page.0.len() * 36,
            Page::Pack(pack) => pack.len(),
        }
    }
}

/// Two generations: when the young one is full it becomes the old one, and
/// what nobody asked for meanwhile is forgotten.
#[derive(Default)]
pub struct PageCache {
    young: HashMap<Key, Page>,
    old: HashMap<Key, Page>,
    young_bytes: usize,
}

impl PageCache {
    pub fn get(&mut self, key: &Key) -> Option<Page> {
        if let Some(page) = self.young.get(key) {
            return Some(page.clone());
        }
        let page = self.old.remove(key)?;
        self.insert(*key, page.clone());
        Some(page)
    }

    pub fn insert(&mut self, key: Key, page: Page) {
        self.young_bytes += page.bytes();
        if let Some(before) = self.young.insert(key, page) {
            self.young_bytes = self.young_bytes.saturating_sub(before.bytes());
        }
        if self.young_bytes > CACHE_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    pub fn remove(&mut self, key: &Key) {
        self.old.remove(key);
        if let Some(page) = self.young.remove(key) {
            self.young_bytes = self.young_bytes.saturating_sub(page.bytes());
        }
    }

    pub fn clear(&mut self) {
        *self = PageCache::default();
    }
}
