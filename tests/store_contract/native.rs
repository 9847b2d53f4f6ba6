//! The contract on the store in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_trait::async_trait;
use futures::executor::block_on;
use offline_mailbox::store::{MemoryStore, Store};
use offline_mailbox::store_contract_tests;
use offline_mailbox::testing::store_contract::StoreHarness;

/// Databases by name, for as long as the test runs.
#[derive(Default)]
struct Memory(RefCell<HashMap<String, MemoryStore>>);

#[async_trait(?Send)]
impl StoreHarness for Memory {
    async fn open(&self, name: &str) -> Rc<dyn Store> {
        let mut databases = self.0.borrow_mut();
        Rc::new(databases.entry(name.to_owned()).or_default().connect())
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn delete(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }
}

store_contract_tests!(blocking test, block_on, Memory::default());
