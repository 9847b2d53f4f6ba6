//! The database's format: the record that says it, and the way of older records to it. Not here: what
//! any record holds.
//!
//! Every record says its own version, and its decoder reads each version there was; writing writes the
//! newest. So most records come to a new format when they are next written. The thorough cleanup writes
//! those anew that were not, in small commits; it can be cut short anywhere, for it only looks at what
//! is stored.

use super::codec::{KEYLESS, Writer, decoded, opened, unseal};
use super::identity::{decode_facts, encode_facts};
use super::layout::{self, FILTERS, NAMES, SHARED, mailbox_guard};
use super::names::Names;
use super::{Engine, HOUSEKEEPING};
use crate::model::Result;
use crate::store::{Guard, Key, KeyRange, Space};

/// The format that this library writes; a database of a later one is left alone.
///
/// - 1: before the first release. Checksums did not cover keys; a fact took 33 bytes; one record of names.
/// - 2: version 2 of every record but packs.
pub const FORMAT: u8 = 2;

/// Bytes of records that one commit writes anew.
const RENEWED_BYTES: usize = 512 * 1024;

/// What the record of the format says.
pub struct Format {
    pub owner: String,
    pub database_id: [u8; 16],
    /// The oldest format of which there may be records.
    pub oldest: u8,
}

impl Format {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.text(&self.owner).raw(&self.database_id).u8(self.oldest);
        out.seal(&layout::format(), FORMAT)
    }

    pub fn decode(record: &[u8]) -> Result<Format> {
        let mut input = unseal(&layout::format(), record, FORMAT, "format record")?;
        let (owner, database_id) = (input.text()?, input.array()?);
        let oldest = if input.version() == KEYLESS { KEYLESS } else { input.u8()? };
        Ok(Format { owner, database_id, oldest })
    }

    /// Whether the record itself is one of an older format.
    pub fn is_old(record: &[u8]) -> bool {
        record.first().is_some_and(|version| *version < FORMAT)
    }
}

impl Engine {
    /// Writes anew what older formats left.
    pub(super) async fn migrate(&self) -> Result<()> {
        if self.oldest_format.get() >= FORMAT {
            return Ok(());
        }
        // Packs are as they were.
        for space in Space::ALL.into_iter().filter(|space| !matches!(space, Space::Content | Space::Text)) {
            let mut range = KeyRange { from: Key::new(space), to: None };
            loop {
                let rows = self.next_rows(&mut range, RENEWED_BYTES).await?;
                if rows.is_empty() {
                    break;
                }
                let is_old = |record: &[u8]| record == [KEYLESS];
                let old = rows.iter().filter(|(_, record)| record.slice(0..1).with(is_old));
                let old: Vec<Key> = old.map(|(key, _)| *key).filter(|key| *key != layout::format()).collect();
                if !old.is_empty() {
                    self.renew(&old).await?;
                }
            }
        }
        let (owner, database_id) = (self.owner.clone(), self.database_id);
        let format = Format { owner, database_id, oldest: FORMAT }.encode();
        self.transact(HOUSEKEEPING, async |assembly| {
            assembly.put(layout::format(), format.clone());
            Ok(())
        })
        .await?;
        self.oldest_format.set(FORMAT);
        Ok(())
    }

    /// Writes these records anew, in one commit. What is damaged stays as it is.
    async fn renew(&self, keys: &[Key]) -> Result<()> {
        self.transact(HOUSEKEEPING, async |assembly| {
            let mailboxes = keys.iter().filter_map(mailbox_of).map(mailbox_guard);
            let guards: Vec<Guard> = mailboxes.chain([NAMES, SHARED, FILTERS]).collect();
            for guard in guards {
                assembly.guard_by(guard).await?;
            }
            assembly.fetch(keys.iter().copied()).await?;
            for key in keys {
                if let Some(record) = assembly.record(key)
                    && let Some(renewed) = decoded(key, record, renewed)
                {
                    if *key == layout::names() {
                        // Format 1 had no copy of them.
                        let copy = layout::names_copy();
                        let renewed = decoded(key, record, Names::decode)?.encode(&copy);
                        assembly.put(copy, renewed);
                    }
                    assembly.put(*key, renewed);
                }
            }
            Ok(())
        })
        .await
    }
}

/// The mailbox whose guard stands before a record.
fn mailbox_of(key: &Key) -> Option<u32> {
    match key.space() {
        Space::Core | Space::Flags | Space::Index | Space::Ids | Space::Rows => key.u32_at(0),
        Space::Meta => layout::mailbox_of_import(key),
        _ => None,
    }
}

/// A record of format 1 as one of format 2; `None` where it is none or damaged.
fn renewed(key: &Key, record: &[u8]) -> Option<Vec<u8>> {
    let (_, payload) = opened(key, record).filter(|(version, _)| *version == KEYLESS)?;
    if key.space() == Space::Buckets {
        return Some(encode_facts(key, &decode_facts(key, record).ok()?));
    }
    let mut out = Writer::new();
    out.raw(payload);
    Some(out.seal(key, FORMAT))
}
