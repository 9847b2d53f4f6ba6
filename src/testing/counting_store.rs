//! A store that counts what is read of each space and how often it is asked, lets a rival act between
//! two reads, and keeps hints from the engine where it is deaf. Here: the wrapper. Not here: what may be read (the tests say).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;

use super::faulty_store::Rival;
use crate::model::{Result, Value};
use crate::store::{
    Batch, Begun, Durability, Journal, Outcome, Permit, Read, Sequence, Snapshot, Space, Store,
};
use crate::view::{Feed, Hub};

/// A store over another one that counts the records read.
pub struct CountingStore {
    inner: Rc<dyn Store>,
    counts: RefCell<BTreeMap<Space, usize>>,
    trips: Cell<(usize, usize)>,
    guards: Cell<usize>,
    largest: Cell<usize>,
    /// Before which reads; those of a key of this space, where one is named.
    rival: RefCell<Option<(Option<Space>, Rival)>>,
    deaf: Cell<bool>,
}

impl CountingStore {
    /// A wrapper that has counted nothing yet.
    pub fn new(inner: Rc<dyn Store>) -> Rc<CountingStore> {
        CountingStore::hearing(inner, true)
    }

    /// A wrapper of which the first who listens, which is the engine that is opened over it, gets no hint:
    /// all of them are lost, as they may be. Who waits gets them.
    pub fn deaf(inner: Rc<dyn Store>) -> Rc<CountingStore> {
        CountingStore::hearing(inner, false)
    }

    fn hearing(inner: Rc<dyn Store>, hears: bool) -> Rc<CountingStore> {
        let (counts, trips, guards, largest, rival) = Default::default();
        Rc::new(CountingStore { inner, counts, trips, guards, largest, rival, deaf: Cell::new(!hears) })
    }

    /// How many records of each space were asked for by key or found by a
    /// scan since the last call; spaces without any are left out.
    pub fn take(&self) -> BTreeMap<Space, usize> {
        self.counts.take()
    }

    /// How many reads and how many commits there were since the last call; a commit and the read that
    /// begins it are one commit.
    pub fn take_trips(&self) -> (usize, usize) {
        self.trips.take()
    }

    /// How many guards were asked for since the last call.
    pub fn take_guards(&self) -> usize {
        self.guards.take()
    }

    /// How many octets the largest answer to a read had since the last call.
    pub fn take_largest(&self) -> usize {
        self.largest.take()
    }

    /// Plans that a rival does something just before the next read of a key of this space.
    pub fn plan_rival(&self, space: Space, rival: Rival) {
        self.rival.replace(Some((Some(space), rival)));
    }

    /// Plans that a rival does something just before the next read, whatever that asks for.
    pub fn plan_rival_at_once(&self, rival: Rival) {
        self.rival.replace(Some((None, rival)));
    }

    fn count(&self, space: Space) {
        *self.counts.borrow_mut().entry(space).or_default() += 1;
    }

    fn rival_before(&self, read: &Read) -> Option<Rival> {
        let mut planned = self.rival.borrow_mut();
        let due = planned.as_ref().is_some_and(|(space, _)| {
            space.is_none_or(|space| read.keys.iter().any(|key| key.space() == space))
        });
        if due { planned.take().map(|(_, rival)| rival) } else { None }
    }
}

/// A commit of which the first trip was counted. Nothing is held: the guards tell.
struct Beginning(Rc<dyn Store>);

#[async_trait(?Send)]
impl Begun for Beginning {
    async fn commit(self: Box<Self>, batch: Batch) -> Result<Outcome> {
        self.0.commit(batch).await
    }
}

#[async_trait(?Send)]
impl Store for CountingStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        if let Some(rival) = self.rival_before(&read) {
            rival().await;
        }
        let (reads, commits) = self.trips.get();
        self.trips.set((reads + 1, commits));
        self.guards.set(self.guards.get() + read.guards.len());
        read.keys.iter().for_each(|key| self.count(key.space()));
        let snapshot = self.inner.read(read).await?;
        snapshot.scanned.iter().flatten().for_each(|(key, _)| self.count(key.space()));
        let found = snapshot.values.iter().flatten();
        let octets =
            found.chain(snapshot.scanned.iter().flatten().map(|(_, value)| value)).map(Value::len).sum();
        self.largest.set(self.largest.get().max(octets));
        Ok(snapshot)
    }

    async fn begin(&self, read: Read, _durability: Durability) -> Result<(Snapshot, Option<Box<dyn Begun>>)> {
        let (reads, commits) = self.trips.get();
        let snapshot = self.read(read).await?;
        self.trips.set((reads, commits + 1));
        Ok((snapshot, Some(Box::new(Beginning(self.inner.clone())))))
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        let (reads, commits) = self.trips.get();
        self.trips.set((reads, commits + 1));
        self.inner.commit(batch).await
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        self.inner.journal(after, max).await
    }

    fn changes(&self) -> Feed {
        if self.deaf.take() { Hub::default().subscribe() } else { self.inner.changes() }
    }

    fn hub(&self) -> &Hub {
        self.inner.hub()
    }

    async fn exclusive(&self) -> Result<Permit> {
        self.inner.exclusive().await
    }

    fn poll_interval_ms(&self) -> u32 {
        self.inner.poll_interval_ms()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
