//! One operation's changes on their way into one commit. Here: what was read,
//! what shall be written, and the loop that redoes an operation when another
//! tab was faster. Not here: what any operation does.

use std::collections::HashMap;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::change::Place;
use super::core::Core;
use super::filters::Filters;
use super::identity::{Fact, encode_facts};
use super::known::Stood;
use super::layout::{self, FILTERS, MailboxNumber, NAMES, SHARED, mailbox_guard, mailbox_of_guard};
use super::names::Names;
use super::notes::{self, Note};
use super::shared::Shared;
use super::steps::Moment;
use super::{Engine, Loaded};
use crate::model::{Error, ErrorCode, Result, Value, sorting};
use crate::platform;
use crate::store::{Batch, Begun, Durability, Guard, Key, KeyRange, Outcome, Read, Revision};
use crate::view::MailboxState;

/// After this many conflicts an operation asks to go before all others.
const PATIENCE: u32 = 2;

/// After this many it gives up.
const MAX_ATTEMPTS: u32 = 64;

/// Why an attempt ended without a result.
pub enum Interrupt {
    /// What it was computed from is no longer so.
    Stale(Vec<Guard>),
    /// It cannot be done.
    Failed(Error),
}

impl From<Error> for Interrupt {
    fn from(error: Error) -> Self {
        Interrupt::Failed(error)
    }
}

/// The result of a step of an attempt.
pub type Step<T> = Result<T, Interrupt>;

/// One attempt at an operation.
pub struct Assembly<'a> {
    engine: &'a Engine,
    durability: Durability,
    /// Whether the next read is to begin the commit.
    begins: bool,
    begun: Option<Box<dyn Begun>>,
    guards: Vec<(Guard, Revision)>,
    /// What must be so at some moment of the attempt, but not at the commit.
    watched: Vec<(Guard, Revision)>,
    watched_stood: bool,
    records: HashMap<Key, Option<Value>>,
    puts: HashMap<Key, Value>,
    deletes: Vec<Key>,
    delete_ranges: Vec<KeyRange>,
    notes: Vec<Note>,
    new_names: Option<Rc<Names>>,
    new_shared: Option<Rc<Shared>>,
    new_filters: Option<Rc<Filters>>,
    new_mailboxes: HashMap<MailboxNumber, Option<Rc<Loaded>>>,
    logged: Option<(u32, Vec<Fact>)>,
    tails: Vec<(Guard, Key)>,
}

impl<'a> Assembly<'a> {
    fn new(engine: &'a Engine, durability: Durability) -> Self {
        Assembly {
            engine,
            durability,
            begins: false,
            begun: None,
            guards: Vec::new(),
            watched: Vec::new(),
            watched_stood: false,
            records: HashMap::new(),
            puts: HashMap::new(),
            deletes: Vec::new(),
            delete_ranges: Vec::new(),
            notes: Vec::new(),
            new_names: None,
            new_shared: None,
            new_filters: None,
            new_mailboxes: HashMap::new(),
            logged: None,
            tails: Vec::new(),
        }
    }

    /// Lets the next read begin the commit, which saves a trip to the store: for what reads once, all
    /// that it wants, and then takes no time.
    pub fn begin_with_next_read(&mut self) {
        self.begins = true;
    }

    fn guard(&mut self, guard: Guard, revision: Revision) {
        if !self.guards.iter().any(|(known, _)| *known == guard) {
            self.guards.push((guard, revision));
        }
    }

    /// The names; the commit is guarded by them.
    pub async fn names(&mut self) -> Step<Rc<Names>> {
        if let Some(names) = &self.new_names {
            return Ok(names.clone());
        }
        let names = self.engine.known_names().await?;
        self.guard(NAMES, names.revision);
        Ok(names.value)
    }

    /// Makes sure that a mailbox that was found by its name in memory has that name, at a moment of
    /// this attempt; `NOT_FOUND` otherwise. The commit is not guarded by it: names may change as it lands.
    pub async fn check_name(&mut self, place: &Place) -> Step<()> {
        let Some(name) = &place.name else { return Ok(()) };
        let names = self.engine.known_names().await?;
        self.watched.push((NAMES, names.revision));
        self.watched_stood = false;
        match names.value.by_name(name) {
            Some(entry) if entry.number == place.number => Ok(()),
            _ => Err(Error::no_mailbox(name.as_str()).into()),
        }
    }

    /// What mailboxes share; the commit is guarded by it.
    pub async fn shared(&mut self) -> Step<Rc<Shared>> {
        if let Some(shared) = &self.new_shared {
            return Ok(shared.clone());
        }
        let shared = self.engine.known_shared().await?;
        self.guard(SHARED, shared.revision);
        Ok(shared.value)
    }

    /// The filters; the commit is guarded by them.
    pub async fn filters(&mut self) -> Step<Rc<Filters>> {
        if let Some(filters) = &self.new_filters {
            return Ok(filters.clone());
        }
        let filters = self.engine.known_filters().await?;
        self.guard(FILTERS, filters.revision);
        Ok(filters.value)
    }

    /// A mailbox's messages; the commit is guarded by them. `CLOSED` where it is deleted.
    pub async fn mailbox(&mut self, number: MailboxNumber) -> Step<Rc<Loaded>> {
        let known = match self.new_mailboxes.get(&number) {
            Some(known) => known.clone(),
            None => {
                let loaded = self.engine.known_mailbox(number).await?;
                self.guard(mailbox_guard(number), loaded.revision);
                loaded.value
            }
        };
        Ok(known.ok_or_else(|| Error::closed("the mailbox was deleted"))?)
    }

    /// Guards the commit by a mailbox without looking at it, so that one whose
    /// records are damaged can be deleted still.
    pub async fn guard_mailbox(&mut self, number: MailboxNumber) -> Step<()> {
        self.guard_by(mailbox_guard(number)).await
    }

    /// Guards the commit without looking at what is guarded.
    pub async fn guard_by(&mut self, guard: Guard) -> Step<()> {
        let revision = self.engine.guard_revision(guard).await?;
        self.guard(guard, revision);
        Ok(())
    }

    /// Reads records, so that [`Assembly::record`] has them; sees them at a
    /// moment at which everything read before was still so.
    pub async fn fetch(&mut self, keys: impl IntoIterator<Item = Key>) -> Step<()> {
        let mut wanted: Vec<Key> = keys
            .into_iter()
            .filter(|key| !self.records.contains_key(key) && !self.puts.contains_key(key))
            .collect();
        sorting::sort(&mut wanted);
        wanted.dedup();
        {
            let tails = self.engine.tails.borrow();
            wanted.retain(|key| match tails.get(key, &self.guards) {
                Some(record) => self.records.insert(*key, Some(record.clone())).is_some(),
                None => true,
            });
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let values = self.read(wanted.clone()).await?;
        self.records.extend(wanted.into_iter().zip(values));
        Ok(())
    }

    /// Reads these records; fails as stale where anything this attempt rests on has moved.
    async fn read(&mut self, keys: Vec<Key>) -> Step<Vec<Option<Value>>> {
        let rests_on = || self.guards.iter().chain(&self.watched);
        let guards = rests_on().map(|(guard, _)| *guard).collect();
        let read = Read { keys, guards, ..Read::default() };
        let begins = std::mem::take(&mut self.begins).then_some(self.durability);
        let (snapshot, begun) = self.engine.read_to_commit(read, begins).await?;
        // What was begun before is of an earlier moment.
        self.begun = begun;
        let stands = rests_on().zip(snapshot.revisions);
        let moved: Vec<Guard> = stands
            .filter(|((_, expected), revision)| expected != revision)
            .map(|((guard, _), _)| *guard)
            .collect();
        if !moved.is_empty() {
            return Err(Interrupt::Stale(moved));
        }
        self.watched_stood = true;
        Ok(snapshot.values)
    }

    /// Fails as stale where anything this attempt rests on has moved.
    async fn check_guards(&mut self) -> Step<()> {
        self.read(Vec::new()).await.map(|_| ())
    }

    /// The same for what the commit does not look at, where nothing that was read since has shown it.
    async fn check_watched(&mut self) -> Step<()> {
        if self.watched.is_empty() || self.watched_stood { Ok(()) } else { self.check_guards().await }
    }

    /// A record that was fetched, or put in this attempt.
    pub fn record(&self, key: &Key) -> Option<&Value> {
        self.puts.get(key).or_else(|| self.records.get(key).and_then(Option::as_ref))
    }

    /// Writes a record.
    pub fn put(&mut self, key: Key, value: impl Into<Value>) {
        self.puts.insert(key, value.into());
    }

    /// Deletes a record.
    pub fn delete(&mut self, key: Key) {
        self.puts.remove(&key);
        self.deletes.push(key);
    }

    /// Empties a range.
    pub fn delete_range(&mut self, range: KeyRange) {
        self.delete_ranges.push(range);
    }

    /// Tells of this in the journal.
    pub fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Writes the names.
    pub fn set_names(&mut self, names: Names) {
        let keys = [layout::names_copy(), layout::names()];
        // The one that is damaged is left as it is.
        let keys = keys.iter().take(if self.engine.names_damaged.get() { 1 } else { 2 });
        for key in keys {
            self.put(*key, names.encode(key));
        }
        self.new_names = Some(Rc::new(names));
    }

    /// Writes what mailboxes share.
    pub fn set_shared(&mut self, shared: Shared) {
        self.put(layout::shared(), shared.encode());
        self.new_shared = Some(Rc::new(shared));
    }

    /// Writes the names of the filters and which is active.
    pub fn set_filters(&mut self, filters: Filters) {
        self.put(layout::filters(), filters.encode());
        self.new_filters = Some(Rc::new(filters));
    }

    /// Writes a mailbox's core; its pages are the caller's to write.
    pub fn set_mailbox(&mut self, number: MailboxNumber, core: Core, state: MailboxState) {
        let key = layout::core(number);
        self.put(key, core.encode(&key));
        let state = state
            .with_unclaimed_recent(core.unclaimed_recent.clone())
            .with_expunge_horizon(core.expunge_horizon);
        self.new_mailboxes.insert(number, Some(Rc::new(Loaded { core, state: Rc::new(state) })));
    }

    /// Adds a mailbox that does not exist yet: guarded, so that nobody else adds it too.
    pub fn new_mailbox(&mut self, number: MailboxNumber, core: Core) {
        self.guard(mailbox_guard(number), 0);
        let state = MailboxState::new(
            core.first_uid,
            core.uid_next,
            core.highest_mod_seq,
            core.keywords.clone(),
            Vec::new(),
        );
        self.set_mailbox(number, core, state);
    }

    /// Deletes a mailbox's core, by which it is gone.
    pub fn drop_mailbox(&mut self, number: MailboxNumber) {
        self.delete(layout::core(number));
        self.new_mailboxes.insert(number, None);
    }

    /// Writes new facts to the identity index's log; the caller writes `shared`.
    pub fn log_facts(&mut self, shared: &mut Shared, facts: Vec<Fact>) {
        if facts.is_empty() {
            return;
        }
        let head = &mut shared.identity;
        let key = layout::identity_log(head.next_log);
        self.put(key, encode_facts(&key, &facts));
        head.logged += facts.len() as u64;
        self.logged = Some((head.next_log, facts));
        head.next_log += 1;
    }

    /// Keeps these records, which are about to be written and appended to again, in memory; they are
    /// what they are as long as the guard stands.
    pub fn keep_tails(&mut self, guard: Guard, keys: &[Key]) {
        self.tails.extend(keys.iter().map(|key| (guard, *key)));
    }

    fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty() && self.delete_ranges.is_empty()
    }

    fn batch(&self, exclusive: bool) -> Result<Batch> {
        let mut id = [0; 16];
        platform::fill_random(&mut id)?;
        let mut puts: Vec<(Key, Value)> =
            self.puts.iter().map(|(key, value)| (*key, value.clone())).collect();
        sorting::sort_by_key(&mut puts, |(key, _)| *key);
        Ok(Batch {
            id,
            guards: self.guards.clone(),
            delete_ranges: self.delete_ranges.clone(),
            deletes: self.deletes.clone(),
            puts,
            note: notes::encode(&id, &self.notes),
            durability: self.durability,
            exclusive,
        })
    }

    /// After the commit, which was then: what this program has in memory is what was written.
    fn install(self, at: Moment) {
        let engine = self.engine;
        self.install_tails();
        {
            let mut pages = engine.pages.borrow_mut();
            if !self.delete_ranges.is_empty() {
                pages.clear();
            }
            for key in self.puts.keys().chain(&self.deletes) {
                pages.remove(key);
            }
        }
        if let Some((number, facts)) = &self.logged {
            let mut identity = engine.identity.borrow_mut();
            if identity.next_log() == *number {
                identity.extend(facts);
            }
        }
        for (guard, revision) in &self.guards {
            let stood = Stood { revision: revision + 1, at };
            match *guard {
                NAMES => engine.install_names(stood, self.new_names.clone()),
                SHARED => engine.install_shared(stood, self.new_shared.clone()),
                FILTERS => engine.install_filters(stood, self.new_filters.clone()),
                guard => {
                    let number = mailbox_of_guard(guard);
                    engine.install_mailbox(number, stood, self.new_mailboxes.get(&number).cloned());
                }
            }
        }
    }
}

impl Assembly<'_> {
    fn install_tails(&self) {
        let mut tails = self.engine.tails.borrow_mut();
        if !self.delete_ranges.is_empty() {
            tails.clear();
        }
        tails.retain(&|key| !self.puts.contains_key(key) && !self.deletes.contains(key));
        tails.moved(&self.guards);
        for (guard, key) in &self.tails {
            let stands = self.guards.iter().find(|(known, _)| known == guard);
            if let Some(((_, revision), record)) = stands.zip(self.puts.get(key)) {
                tails.push(*key, (*guard, revision + 1), record.clone());
            }
        }
    }
}

/// An operation that can be begun anew. Behind this trait, the loop below is
/// in the wasm once and not once per operation.
trait Attempt {
    fn run<'s>(&'s mut self, assembly: &'s mut Assembly<'_>) -> LocalBoxFuture<'s, Step<()>>;
}

struct Body<F, T> {
    body: F,
    result: Option<T>,
}

impl<F: AsyncFnMut(&mut Assembly<'_>) -> Step<T>, T> Attempt for Body<F, T> {
    fn run<'s>(&'s mut self, assembly: &'s mut Assembly<'_>) -> LocalBoxFuture<'s, Step<()>> {
        Box::pin(async move {
            self.result = Some((self.body)(assembly).await?);
            Ok(())
        })
    }
}

impl Engine {
    /// Runs an operation until its commit lands, anew from the start whenever
    /// another writer was faster. `body` has no effect but through its assembly.
    /// A failure or an empty outcome counts only if what it rests on still holds.
    pub(super) async fn transact<T>(
        &self,
        durability: Durability,
        body: impl AsyncFnMut(&mut Assembly<'_>) -> Step<T>,
    ) -> Result<T> {
        let mut body = Body { body, result: None };
        self.attempt(durability, &mut body).await?;
        body.result.ok_or_else(|| Error::internal("an operation ended without a result"))
    }

    async fn attempt(&self, durability: Durability, body: &mut dyn Attempt) -> Result<()> {
        // Writers of one program take turns: they would only conflict.
        let _turn = self.writing.lock().await;
        let mut permit = None;
        for attempt in 1..=MAX_ATTEMPTS {
            let mut assembly = Assembly::new(self, durability);
            let stale = match body.run(&mut assembly).await {
                Ok(()) if assembly.is_empty() => match assembly.check_guards().await {
                    Ok(()) => return Ok(()),
                    Err(interrupt) => stale_or_fail(interrupt)?,
                },
                Ok(()) => match assembly.check_watched().await {
                    Ok(()) => match self.commit(assembly, permit.is_some()).await? {
                        None => return Ok(()),
                        Some(moved) => moved,
                    },
                    Err(interrupt) => stale_or_fail(interrupt)?,
                },
                Err(Interrupt::Failed(error)) => match assembly.check_guards().await {
                    Ok(()) => return Err(error),
                    Err(interrupt) => stale_or_fail(interrupt)?,
                },
                Err(Interrupt::Stale(moved)) => moved,
            };
            self.invalidate(&stale);
            if attempt == PATIENCE {
                permit = Some(self.store.exclusive().await?);
            }
        }
        Err(Error::new(ErrorCode::Conflict, "other writers kept changing the same data"))
    }

    /// Commits; returns the guards that had moved, if any had.
    async fn commit(&self, mut assembly: Assembly<'_>, exclusive: bool) -> Result<Option<Vec<Guard>>> {
        let batch = assembly.batch(exclusive)?;
        let (id, base) = (batch.id, self.steps.newest());
        let committed = match assembly.begun.take() {
            Some(begun) => begun.commit(batch).await,
            None => self.store.commit(batch).await,
        };
        let sequence = match committed {
            Ok(Outcome::Committed(sequence)) => sequence,
            Ok(Outcome::Conflict(moved)) => return Ok(Some(moved)),
            Err(error) if error.outcome_unknown() => match self.find_commit(&id, base).await {
                Ok(Some(sequence)) => sequence,
                Ok(None) => return Err(error.without_unknown_outcome()),
                Err(_) => {
                    self.forget();
                    return Err(error);
                }
            },
            Err(error) => return Err(error),
        };
        // At once with what it moved: from here on all else in memory counts as standing at this step.
        assembly.install(self.steps.committed(sequence));
        Ok(None)
    }

    /// The step at which a commit landed, if it did.
    async fn find_commit(&self, id: &[u8; 16], base: u64) -> Result<Option<u64>> {
        const PAGE: usize = 256;
        let mut after = base;
        loop {
            let journal = self.store.journal(after, PAGE).await?;
            if let Some(entry) = journal.entries.iter().find(|entry| entry.id == *id) {
                return Ok(Some(entry.sequence));
            }
            if journal.truncated {
                return Err(Error::internal("the journal no longer tells whether a commit landed"));
            }
            match journal.entries.last() {
                Some(last) if journal.entries.len() == PAGE => after = last.sequence,
                _ => return Ok(None),
            }
        }
    }
}

fn stale_or_fail(interrupt: Interrupt) -> Result<Vec<Guard>> {
    match interrupt {
        Interrupt::Stale(moved) => Ok(moved),
        Interrupt::Failed(error) => Err(error),
    }
}
