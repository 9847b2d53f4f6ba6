//! The contract on the store that examples/own_store.rs writes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_trait::async_trait;
use futures::executor::block_on;
use offline_mailbox::store::Store;
use offline_mailbox::store_contract_tests;
use offline_mailbox::testing::store_contract::StoreHarness;

#[path = "../../examples/own_store.rs"]
mod own_store;

use own_store::OwnStore;

/// Databases by name, for as long as the test runs.
#[derive(Default)]
struct Own(RefCell<HashMap<String, OwnStore>>);

#[async_trait(?Send)]
impl StoreHarness for Own {
    async fn open(&self, name: &str) -> Rc<dyn Store> {
        Rc::new(self.0.borrow_mut().entry(name.to_owned()).or_default().connect())
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn delete(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }
}

store_contract_tests!(blocking test, block_on, Own::default());
