//! All mailboxes over a store: [`MailboxSet`] by way of the engine, and the
//! opening of a database.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use async_trait::async_trait;

use super::Engine;
use super::append::{Destination, Prepared};
use super::assembly::{Assembly, Step};
use super::change::Place;
use super::codec::{decoded, unless_damaged};
use super::core::Core;
use super::filter_set::{Language, StoreFilterSet};
use super::format::{FORMAT, Format};
use super::known::Stood;
use super::layout::{self, MailboxNumber, NAMES, SHARED};
use super::mailbox::{Looks, StoreMailbox};
use super::names::{Entry, Names};
use super::notes::{self, Note};
use super::shared::Shared;
use super::verify::Problem;
use crate::backend::{
    AppendTarget, AppendedTo, CreateOptions, FilterCompiler, FilterSet, Look, MailboxData, MailboxEvent,
    MailboxEvents, MailboxSet, Sieve, Wanted,
};
use crate::model::{
    AppendMessage, Error, ErrorCode, ListTree, MailboxId, MailboxName, MailboxSnapshot, Result, SpecialUse,
    Uid, Value,
};
use crate::platform::{self, Pauses};
use crate::store::{Batch, Durability, Key, Outcome, Read, Revision, Scan, Sequence, Store};
use crate::view::Feed;

/// Of how many mailboxes the cores are asked for one by one.
const SINGLE_CORES: usize = 8;

/// How often an empty store is asked to take a new database.
const OPEN_ATTEMPTS: u32 = 8;

/// How a database is opened.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// Whose mail it is. A new database takes it over; an existing one must
    /// have the same, unless this is empty.
    pub owner: String,
    /// How durable commits are.
    pub durability: Durability,
    /// The first UID of an INBOX that is created; 1 where absent.
    pub inbox_first_uid: Option<Uid>,
    /// The identity that the database must have; then none is created.
    pub expected_database_id: Option<String>,
}

/// The mailboxes of one database. Clones, and sets opened with
/// [`StoreMailboxSet::with_durability`], share its caches.
#[derive(Clone)]
pub struct StoreMailboxSet {
    pub(super) engine: Rc<Engine>,
    durability: Durability,
    inbox_first_uid: Uid,
    language: Language,
}

fn new_mailbox_id() -> Result<MailboxId> {
    let mut bytes = [0; 16];
    platform::fill_random(&mut bytes)?;
    Ok(MailboxId::from_bytes(&bytes))
}

fn first_uid(wanted: Option<Uid>) -> Result<Uid> {
    match wanted {
        Some(0) => Err(Error::invalid("a UID is at least 1")),
        Some(uid) => Ok(uid),
        None => Ok(1),
    }
}

impl StoreMailboxSet {
    /// Opens the database of a store, creating it where the store is empty.
    ///
    /// Fails with `SCHEMA_TOO_NEW` for a database that a later version wrote,
    /// `INVALID_ARGUMENT` for another owner's, `CORRUPT` for a store that holds
    /// something else, `STORAGE_LOST` where another database is expected. The
    /// database is unchanged by a failure.
    pub async fn open(store: Rc<dyn Store>, options: EngineOptions) -> Result<Rc<StoreMailboxSet>> {
        let inbox_first_uid = first_uid(options.inbox_first_uid)?;
        let mut last_error =
            Error::new(ErrorCode::Conflict, "the store neither has a database nor takes one");
        for _ in 0..OPEN_ATTEMPTS {
            // The names are what the first call will want.
            let read = Read {
                keys: vec![layout::format(), layout::names()],
                guards: vec![NAMES],
                ..Read::default()
            };
            let snapshot = store.read(read).await?;
            let mut records = snapshot.values.into_iter();
            if let Some(record) = records.next().flatten() {
                let format = record.with(Format::decode)?;
                if options
                    .expected_database_id
                    .as_ref()
                    .is_some_and(|expected| *expected != hex(&format.database_id))
                {
                    return Err(Error::new(
                        ErrorCode::StorageLost,
                        "another database is in the place of the one that is expected",
                    ));
                }
                if !options.owner.is_empty() && options.owner != format.owner {
                    return Err(Error::invalid(format!("the database belongs to {:?}", format.owner)));
                }
                if record.with(Format::is_old) {
                    // From now on it is for this version. Where that cannot be written, each new record says it.
                    let _ = store
                        .commit(batch(vec![(layout::format(), Value::from(format.encode()))], &[])?)
                        .await;
                }
                let engine = Rc::new(Engine::new(store, format, snapshot.sequence));
                let names = records.next().flatten().zip(snapshot.revisions.first().copied());
                if let Some((record, revision)) = names {
                    let at = engine.steps.witnessed(snapshot.sequence);
                    engine.take_in_names(Stood { revision, at }, &record);
                }
                return Ok(Rc::new(StoreMailboxSet {
                    engine,
                    durability: options.durability,
                    inbox_first_uid,
                    language: Language::new(Rc::new(Sieve)),
                }));
            }
            if snapshot.sequence > 0 {
                return Err(Error::corrupt("the store is not empty and holds no mailboxes"));
            }
            if options.expected_database_id.is_some() {
                return Err(Error::new(ErrorCode::StorageLost, "the database that is expected is gone"));
            }
            let batch = empty_database(&options.owner, inbox_first_uid)?;
            match store.commit(batch).await {
                // Whoever was first, and whether an answer was lost: the next look tells.
                Ok(Outcome::Committed(_) | Outcome::Conflict(_)) => {}
                Err(error) if error.outcome_unknown() => last_error = error,
                Err(error) => return Err(error),
            }
        }
        Err(last_error)
    }

    /// The same mailboxes, with commits as durable as this.
    #[must_use]
    pub fn with_durability(&self, durability: Durability) -> Rc<StoreMailboxSet> {
        Rc::new(StoreMailboxSet { durability, ..self.clone() })
    }

    /// The same mailboxes, with filters in this language instead of Sieve. What
    /// is stored is not looked at: scripts of another language do not compile.
    #[must_use]
    pub fn with_filter_compiler(&self, compiler: Rc<dyn FilterCompiler>) -> Rc<StoreMailboxSet> {
        Rc::new(StoreMailboxSet { language: Language::new(compiler), ..self.clone() })
    }

    /// The database's random identity, in hex: another one after it was lost and created anew.
    pub fn database_id(&self) -> String {
        hex(&self.engine.database_id)
    }

    /// Checks that the records of the database agree with each other, and
    /// reports what does not. Changes nothing.
    pub async fn verify(&self) -> Result<Vec<Problem>> {
        self.engine.verify().await
    }

    /// The mailbox of an entry that `find` finds in the names, as of now: one
    /// read tells whether the names, and the mailbox where it is in memory,
    /// are still as this program knows them, and brings what is wanted of it.
    async fn mailbox_of(
        &self,
        find: &dyn Fn(&Names) -> Option<&Entry>,
        wanted: &Wanted<'_>,
        look: Looks,
    ) -> Result<Option<Rc<dyn MailboxData>>> {
        let mut sure = !self.engine.steps.is_quiet();
        loop {
            let names = self.engine.known_names().await?;
            let entry = find(&names.value);
            let number = entry.map(|entry| entry.number);
            let looked = self.engine.look_at(names.revision, number, wanted, sure).await?;
            let Some(core) = looked else {
                sure = true;
                continue;
            };
            let found = entry.zip(core);
            return Ok(found.map(|(entry, core)| self.mailbox_at(entry, core, look, None)));
        }
    }

    /// The cores of these mailboxes as of now, in one read; one that is damaged is told as such. `None`
    /// where the names have moved past this revision, or for one who is not `sure` may have.
    async fn cores(
        &self,
        names: Revision,
        numbers: &HashSet<MailboxNumber>,
        sure: bool,
    ) -> Result<Option<HashMap<MailboxNumber, Option<Core>>>> {
        let engine = &self.engine;
        let asks = sure || !engine.stands(NAMES);
        let mut keys: Vec<Key> = numbers.iter().map(|number| layout::core(*number)).collect();
        let mut read = Read { guards: asks.then_some(NAMES).into_iter().collect(), ..Read::default() };
        if let (Some(least), Some(most), true) =
            (numbers.iter().min(), numbers.iter().max(), keys.len() > SINGLE_CORES)
        {
            // Cores are small: one request for all of them costs less than one for each.
            read.scans.push(Scan::all(layout::cores(*least, *most)));
            keys.clear();
        }
        read.keys.clone_from(&keys);
        let seen = engine.steps.newest();
        let snapshot = engine.read(read).await?;
        if !asks && snapshot.sequence != seen {
            return Ok(None);
        }
        if asks {
            if snapshot.revisions.first() != Some(&names) {
                engine.invalidate(&[NAMES]);
                return Ok(None);
            }
            engine.witness(NAMES, names, snapshot.sequence);
        }
        let single = keys.into_iter().zip(snapshot.values).filter_map(|(key, record)| Some((key, record?)));
        let mut cores = HashMap::with_capacity(numbers.len());
        for (key, record) in single.chain(snapshot.scanned.into_iter().flatten()) {
            if let Some(number) = key.u32_at(0).filter(|number| numbers.contains(number)) {
                cores.insert(number, unless_damaged(decoded(&key, &record, Core::decode))?);
            }
        }
        Ok(Some(cores))
    }

    /// How the mailboxes stand that `wanted` names, being given the names as of the same moment; it may be
    /// asked more than once.
    async fn stand(
        &self,
        wanted: &mut dyn FnMut(&Names) -> Result<Vec<MailboxName>>,
    ) -> Result<Vec<Option<MailboxSnapshot>>> {
        let mut sure = !self.engine.steps.is_quiet();
        loop {
            let known = self.engine.known_names().await?;
            let by_name: HashMap<&MailboxName, &Entry> =
                known.value.entries.iter().map(|entry| (&entry.name, entry)).collect();
            let names = wanted(&known.value)?;
            let entries: Vec<Option<&Entry>> = names.iter().map(|name| by_name.get(name).copied()).collect();
            let numbers = entries.iter().flatten().map(|entry| entry.number).collect();
            let Some(cores) = self.cores(known.revision, &numbers, sure).await? else {
                sure = true;
                continue;
            };
            let snapshot = |entry: &Entry| {
                let core = cores.get(&entry.number)?.as_ref()?;
                Some(self.store_mailbox(entry, core.clone(), Looks::Once, None).snapshot_of(core))
            };
            return Ok(entries.into_iter().map(|entry| snapshot(entry?)).collect());
        }
    }

    /// A mailbox as [`Self::mailbox_of`] finds it, by what is in memory alone where that is thought to be right.
    async fn operated(
        &self,
        find: &dyn Fn(&Names) -> Option<&Entry>,
        name: Option<&MailboxName>,
        look: Look<'_>,
    ) -> Result<Option<Rc<dyn MailboxData>>> {
        let wanted = match look {
            Look::Now(wanted) => wanted,
            Look::AtCommit => {
                let known = self.engine.names.borrow();
                let names = known.as_ref().filter(|known| known.fresh).map(|known| known.value.clone());
                drop(known);
                let entry = names.as_ref().and_then(|names| find(names));
                let loaded = entry.and_then(|entry| self.engine.loaded(entry.number));
                if let Some((entry, loaded)) = entry.zip(loaded) {
                    return Ok(Some(self.mailbox_at(entry, loaded.core.clone(), Looks::Once, name)));
                }
                Wanted { state: true, ..Wanted::default() }
            }
        };
        self.mailbox_of(find, &wanted, Looks::Once).await
    }

    fn mailbox_at(
        &self,
        entry: &Entry,
        core: Core,
        look: Looks,
        name: Option<&MailboxName>,
    ) -> Rc<dyn MailboxData> {
        Rc::new(self.store_mailbox(entry, core, look, name))
    }

    fn store_mailbox(
        &self,
        entry: &Entry,
        core: Core,
        look: Looks,
        name: Option<&MailboxName>,
    ) -> StoreMailbox {
        let place = Place { number: entry.number, mailbox_id: entry.id.clone(), name: name.cloned() };
        let name = entry.name.as_str().to_owned();
        StoreMailbox::new(self.engine.clone(), place, name, core, look, self.durability)
    }

    /// Runs a change of the names that `change` makes; `change` says what to tell of it.
    async fn change_names(&self, change: impl Fn(&mut Names) -> Result<Option<MailboxEvent>>) -> Result<()> {
        self.engine
            .transact(self.durability, async |assembly| {
                let mut names = Names::clone(&*assembly.names().await?);
                if let Some(event) = change(&mut names)? {
                    assembly.set_names(names);
                    assembly.note(Note::Names(event));
                }
                Ok(())
            })
            .await
    }
}

/// Creates a mailbox within an attempt.
async fn create(
    assembly: &mut Assembly<'_>,
    name: &MailboxName,
    special_use: Option<SpecialUse>,
    first_uid: Uid,
) -> Step<Place> {
    let mut names = Names::clone(&*assembly.names().await?);
    let mailbox_id = new_mailbox_id()?;
    let (number, uid_validity) = names.add(name, mailbox_id.clone(), special_use, platform::now_ms())?;
    assembly.set_names(names);
    assembly.new_mailbox(number, Core::new(uid_validity, first_uid));
    let name = name.as_str().to_owned();
    assembly.note(Note::Names(MailboxEvent::Created { mailbox_id: mailbox_id.clone(), name }));
    Ok(Place { number, mailbox_id, name: None })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A commit that rests on nothing.
fn batch(puts: Vec<(Key, Value)>, told: &[Note]) -> Result<Batch> {
    let mut id = [0; 16];
    platform::fill_random(&mut id)?;
    Ok(Batch { id, puts, note: notes::encode(&id, told), ..Batch::default() })
}

/// The commit that makes a database of an empty store.
fn empty_database(owner: &str, inbox_first_uid: Uid) -> Result<Batch> {
    let mut database_id = [0; 16];
    platform::fill_random(&mut database_id)?;
    let format = Format { owner: owner.to_owned(), database_id, oldest: FORMAT };
    let mut names = Names::new();
    let mailbox_id = new_mailbox_id()?;
    let (number, uid_validity) =
        names.add(&MailboxName::inbox(), mailbox_id.clone(), None, platform::now_ms())?;
    let core = Core::new(uid_validity, inbox_first_uid);
    let keys = (layout::names(), layout::names_copy(), layout::core(number));
    let created = MailboxEvent::Created { mailbox_id, name: MailboxName::inbox().as_str().to_owned() };
    let puts = vec![
        (layout::format(), Value::from(format.encode())),
        (keys.0, Value::from(names.encode(&keys.0))),
        (keys.1, Value::from(names.encode(&keys.1))),
        (layout::shared(), Value::from(Shared::new().encode())),
        (keys.2, Value::from(core.encode(&keys.2))),
    ];
    let guards = vec![(NAMES, 0), (SHARED, 0), (layout::mailbox_guard(number), 0)];
    Ok(Batch { guards, ..batch(puts, &[Note::Names(created)])? })
}

#[async_trait(?Send)]
impl MailboxSet for StoreMailboxSet {
    fn owner(&self) -> String {
        self.engine.owner.clone()
    }

    async fn set_subscribed(&self, name: &MailboxName, subscribed: bool) -> Result<()> {
        self.change_names(|names| {
            // INBOX is always subscribed (semantics 54).
            let changed = !name.is_inbox() && names.set_subscribed(name, subscribed);
            Ok(changed.then(|| MailboxEvent::Attributes { name: name.as_str().to_owned() }))
        })
        .await
    }

    async fn list_subscribed(&self) -> Result<ListTree> {
        Ok(self.engine.fresh_names().await?.subscribed_tree())
    }

    async fn list_mailboxes(&self) -> Result<ListTree> {
        Ok(self.engine.fresh_names().await?.tree())
    }

    async fn get_mailbox(&self, name: &MailboxName) -> Result<Rc<dyn MailboxData>> {
        let found =
            self.mailbox_of(&|names| names.by_name(name), &Wanted::default(), Looks::EachTime).await?;
        found.ok_or_else(|| Error::no_mailbox(name.as_str()))
    }

    async fn get_mailbox_by_id(&self, mailbox_id: &MailboxId) -> Result<Option<Rc<dyn MailboxData>>> {
        self.mailbox_of(&|names| names.by_id(mailbox_id), &Wanted::default(), Looks::EachTime).await
    }

    async fn open_mailbox(
        &self,
        mailbox_id: &MailboxId,
        look: Look<'_>,
    ) -> Result<Option<Rc<dyn MailboxData>>> {
        self.operated(&|names| names.by_id(mailbox_id), None, look).await
    }

    async fn open_mailbox_of(&self, name: &MailboxName, look: Look<'_>) -> Result<Rc<dyn MailboxData>> {
        let found = self.operated(&|names| names.by_name(name), Some(name), look).await?;
        found.ok_or_else(|| Error::no_mailbox(name.as_str()))
    }

    async fn snapshots(&self, names: &[MailboxName]) -> Result<Vec<Option<MailboxSnapshot>>> {
        self.stand(&mut |_| Ok(names.to_vec())).await
    }

    async fn list_snapshots(
        &self,
        subscribed: bool,
        wanted: &mut dyn for<'t> FnMut(&'t ListTree) -> Result<Vec<MailboxName>>,
    ) -> Result<Vec<Option<MailboxSnapshot>>> {
        self.stand(&mut |names| wanted(&if subscribed { names.subscribed_tree() } else { names.tree() }))
            .await
    }

    async fn add_mailbox(&self, name: &MailboxName, options: &CreateOptions) -> Result<MailboxId> {
        let first_uid = first_uid(options.first_uid)?;
        let created = self.engine.transact(self.durability, async |assembly| {
            create(assembly, name, options.special_use, first_uid).await
        });
        Ok(created.await?.mailbox_id)
    }

    async fn delete_mailbox(&self, name: &MailboxName) -> Result<()> {
        self.engine
            .transact(self.durability, async |assembly| {
                let mut names = Names::clone(&*assembly.names().await?);
                let entry = names.remove(name)?;
                // Guarded, so that whoever writes to it just now finds it gone.
                assembly.guard_mailbox(entry.number).await?;
                assembly.drop_mailbox(entry.number);
                assembly.set_names(names);
                let name = entry.name.as_str().to_owned();
                assembly.note(Note::Names(MailboxEvent::Deleted { mailbox_id: entry.id, name }));
                Ok(())
            })
            .await
    }

    async fn rename_mailbox(&self, before: &MailboxName, after: &MailboxName) -> Result<()> {
        self.engine
            .transact(self.durability, async |assembly| {
                let mut names = Names::clone(&*assembly.names().await?);
                for renamed in names.rename(before, after)? {
                    assembly.note(Note::Names(MailboxEvent::Renamed {
                        mailbox_id: renamed.id,
                        before: renamed.before.as_str().to_owned(),
                        name: renamed.after.as_str().to_owned(),
                    }));
                }
                if before.is_inbox() {
                    let mailbox_id = new_mailbox_id()?;
                    let (number, uid_validity) =
                        names.add(before, mailbox_id.clone(), None, platform::now_ms())?;
                    assembly.new_mailbox(number, Core::new(uid_validity, self.inbox_first_uid));
                    let name = before.as_str().to_owned();
                    assembly.note(Note::Names(MailboxEvent::Created { mailbox_id, name }));
                }
                assembly.set_names(names);
                Ok(())
            })
            .await
    }

    async fn set_readonly(&self, name: &MailboxName, readonly: bool) -> Result<()> {
        self.engine
            .transact(self.durability, async |assembly| {
                let names = assembly.names().await?;
                let entry = names.by_name(name).ok_or_else(|| Error::no_mailbox(name.as_str()))?;
                let loaded = assembly.mailbox(entry.number).await?;
                if loaded.core.readonly != readonly {
                    let core = Core { readonly, ..loaded.core.clone() };
                    assembly.set_mailbox(entry.number, core, (*loaded.state).clone());
                    let name = name.as_str().to_owned();
                    assembly.note(Note::Names(MailboxEvent::Attributes { name }));
                }
                Ok(())
            })
            .await
    }

    async fn set_special_use(&self, name: &MailboxName, special_use: Option<SpecialUse>) -> Result<()> {
        self.change_names(|names| {
            let changed = names.set_special_use(name, special_use)?;
            Ok(changed.then(|| MailboxEvent::Attributes { name: name.as_str().to_owned() }))
        })
        .await
    }

    async fn append_to_many(
        &self,
        message: AppendMessage,
        targets: &[AppendTarget],
        claimant: Option<&MailboxId>,
    ) -> Result<Vec<AppendedTo>> {
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let now_ms = platform::now_ms();
        let prepared = Prepared::new(message, now_ms);
        self.engine
            .transact(self.durability, async |assembly| {
                let mut destinations = Vec::with_capacity(targets.len());
                for target in targets {
                    let names = assembly.names().await?;
                    let place = match names.by_name(&target.name) {
                        Some(entry) => {
                            Place { number: entry.number, mailbox_id: entry.id.clone(), name: None }
                        }
                        None if target.create => create(assembly, &target.name, None, 1).await?,
                        None => return Err(Error::no_mailbox(target.name.as_str()).into()),
                    };
                    let recent = claimant != Some(&place.mailbox_id);
                    destinations.push(Destination { place, flags: target.flags.clone(), recent });
                }
                let appended =
                    self.engine.append_within(assembly, &[&prepared], &destinations, now_ms).await?;
                let mut places = Vec::with_capacity(destinations.len());
                for (destination, messages) in destinations.into_iter().zip(appended) {
                    let uid_validity = assembly.mailbox(destination.place.number).await?.core.uid_validity;
                    places.extend(messages.into_iter().map(|message| AppendedTo {
                        mailbox_id: destination.place.mailbox_id.clone(),
                        uid_validity,
                        uid: message.uid,
                    }));
                }
                Ok(places)
            })
            .await
    }

    fn filter_set(&self) -> Option<Rc<dyn FilterSet>> {
        let language = self.language.clone();
        Some(Rc::new(StoreFilterSet::new(self.engine.clone(), language, self.durability)))
    }

    async fn events(&self, after: Sequence) -> Result<MailboxEvents> {
        self.engine.events(after).await
    }

    async fn sequence(&self) -> Result<Sequence> {
        Ok(self.engine.read(Read::default()).await?.sequence)
    }

    fn changes(&self) -> Feed {
        self.engine.store.changes()
    }

    fn poll_interval_ms(&self) -> u32 {
        self.engine.store.poll_interval_ms()
    }

    fn wants_cleanup(&self) -> bool {
        self.engine.wants_cleanup()
    }

    async fn cleanup(&self, thorough: bool) -> Result<()> {
        self.engine.cleanup(thorough, &Pauses::none()).await
    }

    async fn upkeep(&self, pauses: &Pauses) -> Result<()> {
        self.engine.cleanup(false, pauses).await
    }

    async fn close(&self) {
        self.engine.store.close().await;
    }
}

impl Engine {
    /// That the journal does not tell all that happened.
    async fn resync(&self) -> Result<MailboxEvents> {
        let sequence = self.read(Read::default()).await?.sequence;
        Ok(MailboxEvents { sequence, events: Vec::new(), resync: true })
    }

    /// What the journal tells after a step.
    async fn events(&self, after: Sequence) -> Result<MailboxEvents> {
        const PAGE: usize = 512;
        let names = self.fresh_names().await?;
        let mut told = MailboxEvents { sequence: after, ..MailboxEvents::default() };
        loop {
            let journal = self.store.journal(told.sequence, PAGE).await?;
            if journal.truncated {
                return self.resync().await;
            }
            let complete = journal.entries.len() < PAGE;
            for entry in journal.entries {
                told.sequence = entry.sequence;
                let Some(notes) = unless_damaged(notes::decode(&entry.id, &entry.note))? else {
                    // What it told is lost, as what was dropped is.
                    return self.resync().await;
                };
                for note in notes {
                    tell(&mut told.events, note, &names);
                }
            }
            if complete {
                return Ok(told);
            }
        }
    }
}

fn tell(events: &mut Vec<MailboxEvent>, note: Note, names: &Names) {
    let event = match note {
        Note::Names(event) => event,
        Note::Messages { number, mailbox_id } => {
            // One that is deleted since has nothing to count.
            let Some(entry) = names.by_number(number) else { return };
            MailboxEvent::Changed { mailbox_id, name: entry.name.as_str().to_owned() }
        }
    };
    if matches!(event, MailboxEvent::Changed { .. }) {
        events.retain(|known| *known != event);
    }
    events.push(event);
}

impl std::fmt::Debug for StoreMailboxSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreMailboxSet").field("database_id", &self.database_id()).finish_non_exhaustive()
    }
}
