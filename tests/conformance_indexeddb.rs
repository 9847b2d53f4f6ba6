//! The conformance suite on IndexedDB, in a browser's window or worker, as the
//! runner is told: each case a `wasm_bindgen_test` on a database of its own.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use async_trait::async_trait;
use offline_mailbox::backend::MailboxSet;
use offline_mailbox::conformance_suite;
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::Uid;
use offline_mailbox::platform::fill_random;
use offline_mailbox::store::{IndexedDbStore, delete_database};
use offline_mailbox::testing::conformance::world::Harness;

struct IndexedDb {
    name: String,
    options: EngineOptions,
}

impl IndexedDb {
    async fn connect(&self) -> Rc<StoreMailboxSet> {
        let store = IndexedDbStore::open(&self.name).await.unwrap();
        StoreMailboxSet::open(Rc::new(store), self.options.clone()).await.unwrap()
    }
}

#[async_trait(?Send)]
impl Harness for IndexedDb {
    async fn fresh(inbox_first_uid: Option<Uid>) -> Self {
        let mut random = [0; 8];
        fill_random(&mut random).unwrap();
        let name = format!("conformance-{:016x}", u64::from_le_bytes(random));
        let options =
            EngineOptions { owner: "testuser".to_owned(), inbox_first_uid, ..EngineOptions::default() };
        IndexedDb { name, options }
    }

    async fn open(&self) -> Rc<dyn MailboxSet> {
        self.connect().await
    }

    async fn verify(&self) -> Vec<String> {
        let set = self.connect().await;
        let problems = set.verify().await.unwrap().iter().map(|problem| format!("{problem:?}")).collect();
        set.close().await;
        problems
    }

    async fn remove(&self) {
        delete_database(&self.name).await.unwrap();
    }

    async fn another(&self) -> Box<dyn Harness> {
        Box::new(IndexedDb::fresh(self.options.inbox_first_uid).await)
    }
}

conformance_suite!(browser, IndexedDb);
