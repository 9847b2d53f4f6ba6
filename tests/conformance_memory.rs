//! The conformance suite on the memory store, natively.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use async_trait::async_trait;
use offline_mailbox::backend::MailboxSet;
use offline_mailbox::conformance_suite;
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::Uid;
use offline_mailbox::store::MemoryStore;
use offline_mailbox::testing::conformance::SOURCES;
use offline_mailbox::testing::conformance::world::Harness;
use offline_mailbox::testing::counting_store::CountingStore;

struct Memory {
    store: MemoryStore,
    options: EngineOptions,
}

#[async_trait(?Send)]
impl Harness for Memory {
    async fn fresh(inbox_first_uid: Option<Uid>) -> Self {
        let options =
            EngineOptions { owner: "testuser".to_owned(), inbox_first_uid, ..EngineOptions::default() };
        Memory { store: MemoryStore::new(), options }
    }

    async fn open(&self) -> Rc<dyn MailboxSet> {
        StoreMailboxSet::open(Rc::new(self.store.connect()), self.options.clone()).await.unwrap()
    }

    async fn verify(&self) -> Vec<String> {
        let set = StoreMailboxSet::open(Rc::new(self.store.connect()), self.options.clone()).await.unwrap();
        set.verify().await.unwrap().iter().map(|problem| format!("{problem:?}")).collect()
    }

    async fn remove(&self) {}

    async fn another(&self) -> Box<dyn Harness> {
        Box::new(Memory::fresh(self.options.inbox_first_uid).await)
    }
}

conformance_suite!(native, Memory);

/// The same, where no hint of what others did ever comes but to those who wait.
struct Deaf(Memory);

#[async_trait(?Send)]
impl Harness for Deaf {
    async fn fresh(inbox_first_uid: Option<Uid>) -> Self {
        Deaf(Memory::fresh(inbox_first_uid).await)
    }

    async fn open(&self) -> Rc<dyn MailboxSet> {
        let store = CountingStore::deaf(Rc::new(self.0.store.connect()));
        StoreMailboxSet::open(store, self.0.options.clone()).await.unwrap()
    }

    async fn verify(&self) -> Vec<String> {
        self.0.verify().await
    }

    async fn remove(&self) {}

    async fn another(&self) -> Box<dyn Harness> {
        self.0.another().await
    }
}

mod without_hints {
    use super::*;

    conformance_suite!(native, Deaf);
}

/// A case that is written but not listed would never run.
#[test]
fn every_case_is_listed() {
    for ((group, source), (listed_group, cases)) in SOURCES.iter().zip(LISTED) {
        assert_eq!(group, listed_group);
        let written: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn ")?.split_once("(world").map(|(name, _)| name))
            .collect();
        assert_eq!(written, *cases, "{group}");
    }
    assert_eq!(SOURCES.len(), LISTED.len());
}
