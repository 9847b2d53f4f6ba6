//! The storage contract: opaque values under short keys, one-snapshot reads,
//! guarded atomic commits, a journal. Here: the contract and its stores. Not
//! here: what any value means (the engine knows), nor anything of mail.

#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
mod classify;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod indexeddb;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod js;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub mod js_bytes;
mod memory;

use async_trait::async_trait;

use crate::model::{Error, Result, Value};
use crate::view::{Feed, Hub};

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use indexeddb::{IndexedDbStore, delete_database};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use js::JsStore;
pub use memory::MemoryStore;
#[cfg(feature = "testing")]
pub use memory::Stored;

/// A room of keys. A store may keep each in a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// The database's own records: format, names, counters.
    Meta = 0,
    /// Small records of each mailbox.
    Core = 1,
    /// Flag pages: what flag changes write.
    Flags = 2,
    /// Index pages: dates, sizes, content numbers.
    Index = 3,
    /// Object-id pages.
    Ids = 4,
    /// List-row pages: decoded header fields.
    Rows = 5,
    /// The content directory: content number to place.
    Directory = 6,
    /// Message octets, in packs.
    Content = 7,
    /// Searchable text, in packs.
    Text = 8,
    /// Hash buckets: thread keys, email ids, thread members.
    Buckets = 9,
}

impl Space {
    /// Every space, in the order of its number.
    pub const ALL: [Space; 10] = [
        Space::Meta,
        Space::Core,
        Space::Flags,
        Space::Index,
        Space::Ids,
        Space::Rows,
        Space::Directory,
        Space::Content,
        Space::Text,
        Space::Buckets,
    ];

    /// A stable lower-case name, for a store that names its tables.
    pub const fn name(self) -> &'static str {
        match self {
            Space::Meta => "meta",
            Space::Core => "core",
            Space::Flags => "flags",
            Space::Index => "index",
            Space::Ids => "ids",
            Space::Rows => "rows",
            Space::Directory => "directory",
            Space::Content => "content",
            Space::Text => "text",
            Space::Buckets => "buckets",
        }
    }
}

/// The longest key, in bytes after the space.
pub const MAX_KEY_LENGTH: usize = 32;

/// A space and up to [`MAX_KEY_LENGTH`] bytes, ordered bytewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    space: Space,
    bytes: [u8; MAX_KEY_LENGTH],
    length: u8,
}

impl Key {
    /// The empty key of a space: sorts before all others of it.
    pub const fn new(space: Space) -> Key {
        Key { space, bytes: [0; MAX_KEY_LENGTH], length: 0 }
    }

    /// A key of these bytes; fails with `INVALID_ARGUMENT` beyond [`MAX_KEY_LENGTH`].
    pub fn from_bytes(space: Space, bytes: &[u8]) -> Result<Key> {
        if bytes.len() > MAX_KEY_LENGTH {
            return Err(Error::invalid("a key is longer than 32 bytes"));
        }
        Ok(Key::new(space).then(bytes))
    }

    /// The same key followed by `more`; bytes past the limit are dropped, so
    /// callers with keys of their own making only.
    #[must_use]
    pub fn then(mut self, more: &[u8]) -> Key {
        let room = self.bytes.get_mut(usize::from(self.length)..).unwrap_or_default();
        let taken = more.get(..room.len()).unwrap_or(more);
        if let Some(room) = room.get_mut(..taken.len()) {
            room.copy_from_slice(taken);
        }
        self.length += taken.len() as u8;
        self
    }

    /// The same key followed by a number, big-endian, so that keys sort as the numbers do.
    #[must_use]
    pub fn then_u32(self, number: u32) -> Key {
        self.then(&number.to_be_bytes())
    }

    /// The space.
    pub const fn space(&self) -> Space {
        self.space
    }

    /// The bytes after the space.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// The number that follows `skip` bytes, if the key is that long.
    pub fn u32_at(&self, skip: usize) -> Option<u32> {
        let bytes = self.bytes().get(skip..skip + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// Where a database's identity lies: what its first commit writes there tells
/// it from every other database. A store that connects anew, and finds
/// something else there than before, fails with `STORAGE_LOST`.
pub fn identity_key() -> Key {
    Key::new(Space::Meta).then(b"format")
}

/// A half-open range of keys of one space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key that belongs to it.
    pub from: Key,
    /// The first key past it, of the same space; `None`: to the end of the space.
    pub to: Option<Key>,
}

impl KeyRange {
    /// Every key of `prefix`'s space that begins with `prefix`.
    pub fn prefix(prefix: Key) -> KeyRange {
        let mut end = prefix.bytes().to_vec();
        while let Some(last) = end.last_mut() {
            if *last == u8::MAX {
                end.pop();
            } else {
                *last += 1;
                break;
            }
        }
        let to = if end.is_empty() { None } else { Some(Key::new(prefix.space).then(&end)) };
        KeyRange { from: prefix, to }
    }

    /// Whether the key is within.
    pub fn contains(&self, key: &Key) -> bool {
        key.space == self.from.space && *key >= self.from && self.to.is_none_or(|to| *key < to)
    }
}

/// What to read from a range, in key order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Where.
    pub range: KeyRange,
    /// From the end backwards.
    pub reverse: bool,
    /// Leave the values empty (and unread).
    pub keys_only: bool,
    /// Stop after the row that reaches this many bytes of values; at least one
    /// row is returned. Counts for nothing with `keys_only`.
    pub max_bytes: usize,
    /// Stop after this many rows.
    pub max_rows: usize,
}

impl Scan {
    /// Everything in a range, forwards.
    pub fn all(range: KeyRange) -> Scan {
        Scan { range, reverse: false, keys_only: false, max_bytes: usize::MAX, max_rows: usize::MAX }
    }
}

/// The name of a small integer that a store keeps and commits compare. At most
/// 2^53-1 (as are revisions and sequences), so that a store in JavaScript can
/// hold it as a number.
pub type Guard = u64;

/// A guard's value: 0 before it was first named in a commit, then one more for each such commit.
pub type Revision = u64;

/// The store's own counter: one step per commit.
pub type Sequence = u64;

/// A commit's name, random, so that it can be looked for when its answer was lost.
pub type CommitId = [u8; 16];

/// What one read wants, all seen at one moment.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Values by key.
    pub keys: Vec<Key>,
    /// Values by range.
    pub scans: Vec<Scan>,
    /// Revisions.
    pub guards: Vec<Guard>,
}

/// What one read saw, in the order asked.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The store's sequence at that moment.
    pub sequence: Sequence,
    /// One per key; `None` where nothing is stored.
    pub values: Vec<Option<Value>>,
    /// One list per scan.
    pub scanned: Vec<Vec<(Key, Value)>>,
    /// One per guard.
    pub revisions: Vec<Revision>,
}

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the operating system has it.
    #[default]
    Relaxed,
    /// When the disk has it.
    Strict,
}

/// Changes that land together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Its name in the journal.
    pub id: CommitId,
    /// What it was computed from: it lands only while every guard stands at
    /// this revision, and moves each by one.
    pub guards: Vec<(Guard, Revision)>,
    /// Ranges to empty; done before `puts`.
    pub delete_ranges: Vec<KeyRange>,
    /// Keys to delete; done before `puts`.
    pub deletes: Vec<Key>,
    /// Records to write.
    pub puts: Vec<(Key, Value)>,
    /// For the journal; opaque to the store.
    pub note: Vec<u8>,
    /// How durable.
    pub durability: Durability,
    /// Whether the caller holds the [`Permit`] of [`Store::exclusive`].
    pub exclusive: bool,
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It landed, as this step of the sequence.
    Committed(Sequence),
    /// These guards had moved; nothing was changed.
    Conflict(Vec<Guard>),
}

/// One commit, as the journal remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its step of the sequence.
    pub sequence: Sequence,
    /// Its name.
    pub id: CommitId,
    /// What its [`Batch::note`] said.
    pub note: Vec<u8>,
}

/// How many of the newest journal entries a store keeps at least. Older ones it may drop.
pub const JOURNAL_LENGTH: u64 = 4096;

/// The journal after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The entries, oldest first.
    pub entries: Vec<JournalEntry>,
    /// Whether entries that were asked for have been dropped already.
    pub truncated: bool,
}

/// The right to commit before others, until dropped. For fairness alone:
/// correctness never rests on it.
#[derive(Default)]
pub struct Permit(Option<Box<dyn FnOnce()>>);

impl Permit {
    /// A permit that runs `release` when dropped.
    pub fn new(release: impl FnOnce() + 'static) -> Permit {
        Permit(Some(Box::new(release)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

/// A commit that was begun with a read; see [`Store::begin`]. Dropped, it has changed nothing.
#[async_trait(?Send)]
pub trait Begun {
    /// Ends it, as [`Store::commit`] commits. Whoever awaited something else
    /// since the read has lost what was gained, and nothing more: it is
    /// committed as if it had not been begun.
    async fn commit(self: Box<Self>, batch: Batch) -> Result<Outcome>;
}

/// Where records are kept. Object-safe; its futures are not `Send`.
///
/// A failing method has changed nothing, unless its error says that the
/// outcome is unknown ([`Error::outcome_unknown`]), which only `commit` may.
/// After [`Store::close`] every method fails with `CLOSED`.
#[async_trait(?Send)]
pub trait Store {
    /// Reads everything asked for, at one moment.
    async fn read(&self, read: Read) -> Result<Snapshot>;

    /// Compares the guards and, if all stand, makes every change of the batch,
    /// moves the guards and adds the journal entry: all together or none.
    ///
    /// Every commit that lands, whatever is in it, is one step of the sequence, and nothing else is: while the
    /// sequence stands, every guard and record does. Those who read rely on it, and ask for that number alone.
    ///
    /// Fails with `QUOTA_EXCEEDED` when there is no room, `UNAVAILABLE` when
    /// the storage cannot be reached.
    async fn commit(&self, batch: Batch) -> Result<Outcome>;

    /// Reads as [`Store::read`] does, as the beginning of a commit of that
    /// durability, which then need not be begun anew. Nobody else can commit
    /// in between, so for what is small and takes no time to compute. A store
    /// that cannot do so only reads.
    async fn begin(&self, read: Read, _durability: Durability) -> Result<(Snapshot, Option<Box<dyn Begun>>)> {
        Ok((self.read(read).await?, None))
    }

    /// The commits after a step, oldest first, at most `max` of them.
    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal>;

    /// A hint, from any tab or process, that the sequence has moved. Hints may
    /// be lost or come for nothing; who waits looks at the sequence now and then.
    fn changes(&self) -> Feed {
        self.hub().subscribe()
    }

    /// Where this store tells of its changes; also told when the application
    /// comes back to the foreground.
    fn hub(&self) -> &Hub;

    /// Waits for the right to commit before all others (across tabs, where the platform can).
    async fn exclusive(&self) -> Result<Permit> {
        Ok(Permit::default())
    }

    /// How often, in milliseconds, one who waits should look at the sequence.
    fn poll_interval_ms(&self) -> u32 {
        5000
    }

    /// Lets go of the storage. Idempotent.
    async fn close(&self);
}
