//! Which stored records cannot be read, each by name. Not here: whether those that can be agree with
//! each other (`verify.rs`), and what operations do about the others: they leave them as they are.

use std::fmt::Write as _;

use super::Engine;
use super::codec::decoded;
use super::core::Core;
use super::directory::{DirectoryPage, PackTablePage};
use super::filters::{Filters, decode_script};
use super::format::Format;
use super::identity::decode_facts;
use super::import::ImportStep;
use super::layout::{self, MailboxNumber};
use super::names::Names;
use super::pages::{Page as _, decode_flags};
use super::shared::Shared;
use super::stored::{StoredIds, StoredIndex, StoredRows};
use crate::model::{Error, Result};
use crate::store::{Key, KeyRange, Space};

/// Bytes of records that are looked at at a time.
const AT_A_TIME: usize = 4 * 1024 * 1024;

/// A record by its table and key, as `rows 0000000100000002`.
pub fn name_of(key: &Key) -> String {
    let mut name = format!("{} ", key.space().name());
    for byte in key.bytes() {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The mailbox of a page or core.
pub fn mailbox_of(key: &Key) -> Option<MailboxNumber> {
    match key.space() {
        Space::Core | Space::Flags | Space::Index | Space::Ids | Space::Rows => key.u32_at(0),
        _ => None,
    }
}

impl Engine {
    /// The records that cannot be read, but for packs, whose contents have checksums of their own.
    pub(super) async fn unreadable(&self) -> Result<Vec<(Key, Error)>> {
        let mut found = Vec::new();
        for space in Space::ALL.into_iter().filter(|space| !matches!(space, Space::Content | Space::Text)) {
            let mut range = KeyRange { from: Key::new(space), to: None };
            loop {
                let rows = self.next_rows(&mut range, AT_A_TIME).await?;
                if rows.is_empty() {
                    break;
                }
                for (key, record) in rows {
                    if let Err(error) = decoded(&key, &record, check) {
                        found.push((key, error));
                    }
                }
            }
        }
        Ok(found)
    }
}

fn check(key: &Key, record: &[u8]) -> Result<()> {
    match key.space() {
        Space::Meta if *key == layout::format() => Format::decode(record).map(drop),
        Space::Meta if *key == layout::names() || *key == layout::names_copy() => {
            Names::decode(key, record).map(drop)
        }
        Space::Meta if *key == layout::shared() => Shared::decode(record).map(drop),
        Space::Meta if *key == layout::filters() => Filters::decode(record).map(drop),
        Space::Meta if layout::all_scripts().contains(key) => decode_script(key, record).map(drop),
        Space::Meta if layout::all_imports().contains(key) => ImportStep::decode(key, record).map(drop),
        Space::Core => Core::decode(key, record).map(drop),
        Space::Flags => decode_flags(key, record).map(drop),
        Space::Index => StoredIndex::decode(key, record).map(drop),
        Space::Ids => StoredIds::decode(key, record).map(drop),
        Space::Rows => {
            let page = StoredRows::decode(key, record)?;
            (0..page.len()).try_for_each(|row| page.row(row).map(drop))
        }
        Space::Directory if layout::is_directory(key) => DirectoryPage::decode(key, record).map(drop),
        Space::Directory => PackTablePage::decode(key, record).map(drop),
        Space::Buckets => decode_facts(key, record).map(drop),
        _ => Err(Error::corrupt("this version knows no such record")),
    }
}
