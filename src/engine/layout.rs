//! Where records lie: keys, guards, page sizes. Not here: what is in them.

use crate::store::{Guard, Key, KeyRange, Space, identity_key};
use crate::view::PAGE_ROWS;

/// A mailbox's number within its database; never used again.
pub type MailboxNumber = u32;

/// Where a message's octets are is looked up by it. 0: nowhere.
pub type ContentNumber = u32;

/// The content number of a message whose body is absent.
pub const NO_CONTENT: ContentNumber = 0;

/// Guards the names of mailboxes, their attributes and the subscriptions.
pub const NAMES: Guard = 0;
/// Guards what mailboxes share: the content directory, packs, the identity index.
pub const SHARED: Guard = 1;

/// Guards the filter scripts: their names, which is active, what they say.
pub const FILTERS: Guard = 2;

/// Guards one mailbox's messages.
pub const fn mailbox_guard(mailbox: MailboxNumber) -> Guard {
    (1 << 32) | mailbox as Guard
}

/// The mailbox of such a guard.
pub const fn mailbox_of_guard(guard: Guard) -> MailboxNumber {
    (guard & u32::MAX as Guard) as MailboxNumber
}

/// Rows of an index or id page while messages are appended to it.
pub const INDEX_ROWS: u32 = 512;
/// Rows of a sealed index page.
pub const SEALED_ROWS: u32 = 4096;
/// Rows of a list-row page.
pub const LIST_ROWS: u32 = 64;
/// Entries of a page of the content directory, or of the pack table.
pub const DIRECTORY_ROWS: u32 = 512;

const APPENDING: u8 = 1;
const SEALED: u8 = 0;

/// The database's format, identity and owner.
pub fn format() -> Key {
    identity_key()
}

/// The names.
pub fn names() -> Key {
    Key::new(Space::Meta).then(b"names")
}

/// The names once more: a database whose names are damaged is not lost for that.
pub fn names_copy() -> Key {
    Key::new(Space::Meta).then(b"names-copy")
}

/// The shared counters.
pub fn shared() -> Key {
    Key::new(Space::Meta).then(b"shared")
}

/// The names of the filter scripts, and which is active.
pub fn filters() -> Key {
    Key::new(Space::Meta).then(b"filters")
}

/// A filter script.
pub fn script(number: u32) -> Key {
    Key::new(Space::Meta).then(b"script").then_u32(number)
}

/// Every filter script.
pub fn all_scripts() -> KeyRange {
    KeyRange::prefix(Key::new(Space::Meta).then(b"script"))
}

/// How far an import into a mailbox has come.
pub fn import(mailbox: MailboxNumber, hash: &[u8; 16]) -> Key {
    Key::new(Space::Meta).then(b"import").then_u32(mailbox).then(hash)
}

/// Every import into a mailbox.
pub fn imports_into(mailbox: MailboxNumber) -> KeyRange {
    KeyRange::prefix(Key::new(Space::Meta).then(b"import").then_u32(mailbox))
}

/// Every import.
pub fn all_imports() -> KeyRange {
    KeyRange::prefix(Key::new(Space::Meta).then(b"import"))
}

/// The mailbox of an import's key.
pub fn mailbox_of_import(key: &Key) -> Option<MailboxNumber> {
    key.u32_at(6)
}

/// A mailbox's core.
pub fn core(mailbox: MailboxNumber) -> Key {
    Key::new(Space::Core).then_u32(mailbox)
}

/// The cores of mailboxes from this number to that one.
pub fn cores(least: MailboxNumber, most: MailboxNumber) -> KeyRange {
    KeyRange { from: core(least), to: most.checked_add(1).map(core) }
}

/// A page of flags, of [`PAGE_ROWS`] rows.
pub fn flags(mailbox: MailboxNumber, page: u32) -> Key {
    Key::new(Space::Flags).then_u32(mailbox).then_u32(page)
}

/// Every flag page of a mailbox.
pub fn all_flags(mailbox: MailboxNumber) -> KeyRange {
    KeyRange::prefix(Key::new(Space::Flags).then_u32(mailbox))
}

/// An index page that still grows.
pub fn appending_index(mailbox: MailboxNumber, page: u32) -> Key {
    Key::new(Space::Index).then_u32(mailbox).then(&[APPENDING]).then_u32(page)
}

/// A sealed index page.
pub fn sealed_index(mailbox: MailboxNumber, page: u32) -> Key {
    Key::new(Space::Index).then_u32(mailbox).then(&[SEALED]).then_u32(page)
}

/// A page of object ids.
pub fn ids(mailbox: MailboxNumber, page: u32) -> Key {
    Key::new(Space::Ids).then_u32(mailbox).then_u32(page)
}

/// A page of list rows.
pub fn rows(mailbox: MailboxNumber, page: u32) -> Key {
    Key::new(Space::Rows).then_u32(mailbox).then_u32(page)
}

/// Everything a mailbox has in a space of pages.
pub fn pages_of(mailbox: MailboxNumber, space: Space) -> KeyRange {
    KeyRange::prefix(Key::new(space).then_u32(mailbox))
}

/// Which packs: of octets or of text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PackKind {
    /// Message octets.
    Content,
    /// Searchable text.
    Text,
}

impl PackKind {
    /// Both.
    pub const ALL: [PackKind; 2] = [PackKind::Content, PackKind::Text];

    const fn letter(self) -> u8 {
        match self {
            PackKind::Content => b'c',
            PackKind::Text => b't',
        }
    }

    /// The space its packs lie in.
    pub const fn space(self) -> Space {
        match self {
            PackKind::Content => Space::Content,
            PackKind::Text => Space::Text,
        }
    }
}

/// A pack.
pub fn pack(kind: PackKind, number: u32) -> Key {
    Key::new(kind.space()).then_u32(number)
}

/// The number of the pack of this key; `None` for a key that is none of such a pack.
pub fn number_of_pack(kind: PackKind, key: &Key) -> Option<u32> {
    if key.space() == kind.space() { key.u32_at(0) } else { None }
}

/// A page of the content directory.
pub fn directory(page: u32) -> Key {
    Key::new(Space::Directory).then(b"d").then_u32(page)
}

/// Whether this is the key of a page of the content directory, not of a table of packs.
pub fn is_directory(key: &Key) -> bool {
    key.bytes().first() == Some(&b'd')
}

/// A page of the table of packs.
pub fn pack_table(kind: PackKind, page: u32) -> Key {
    Key::new(Space::Directory).then(&[kind.letter()]).then_u32(page)
}

/// A bucket of the identity index.
pub fn bucket(generation: u32, number: u32) -> Key {
    Key::new(Space::Buckets).then(b"b").then_u32(generation).then_u32(number)
}

/// The number of the bucket of such a key; `None` for a key that is none of a bucket.
pub fn number_of_bucket(key: &Key) -> Option<u32> {
    if key.bytes().first() == Some(&b'b') { key.u32_at(5) } else { None }
}

/// Every bucket of a generation.
pub fn generation(generation: u32) -> KeyRange {
    KeyRange::prefix(Key::new(Space::Buckets).then(b"b").then_u32(generation))
}

/// Every bucket of the generations before one.
pub fn generations_before(generation: u32) -> KeyRange {
    KeyRange { from: bucket(0, 0), to: Some(bucket(generation, 0)) }
}

/// A log record of the identity index.
pub fn identity_log(number: u32) -> Key {
    Key::new(Space::Buckets).then(b"l").then_u32(number)
}

/// The log records from one number up to, not including, another.
pub fn identity_logs(from: u32, to: u32) -> KeyRange {
    KeyRange { from: identity_log(from), to: Some(identity_log(to)) }
}

/// Page and row of a position in pages of `rows`.
pub const fn place(position: u32, rows: u32) -> (u32, u32) {
    (position / rows, position % rows)
}

const _: () = assert!(SEALED_ROWS.is_multiple_of(INDEX_ROWS) && SEALED_ROWS.is_multiple_of(PAGE_ROWS));
