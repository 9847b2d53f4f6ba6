//! Decoded pages in memory, bounded in bytes. Here: keeping and forgetting.
//! Not here: whether a page is still right (who reads it knows what may change).

use std::rc::Rc;

use super::directory::DirectoryPage;
use super::pages::{IdsPage, IndexPage, RowPage};
use crate::model::{Generations, Value};
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

/// The pages that were asked for lately.
pub struct PageCache(Generations<Key, Page>);

impl Default for PageCache {
    fn default() -> Self {
        PageCache(Generations::new(CACHE_BYTES))
    }
}

impl PageCache {
    pub fn get(&mut self, key: &Key) -> Option<Page> {
        self.0.get(key)
    }

    pub fn insert(&mut self, key: Key, page: Page) {
        let bytes = page.bytes();
        self.0.insert(key, page, bytes);
    }

    pub fn remove(&mut self, key: &Key) {
        self.0.remove(key);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
