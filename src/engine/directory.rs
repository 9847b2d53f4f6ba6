//! The content directory and the table of packs: where the octets and the
//! text of a content number lie, and how much of a pack is still needed.
//! Here: their bytes. Not here: the packs themselves.

use super::codec::{Writer, read_column, unseal, write_column};
use super::layout::DIRECTORY_ROWS;
use super::pages::Page;
use super::stored::row_count;
use crate::model::{Error, Result};
use crate::store::Key;

const VERSION: u8 = 2;

/// Where a run of bytes lies in the packs of its kind. Pack 0: nowhere.
/// Bytes longer than a chunk fill consecutive packs from this one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub pack: u32,
    pub offset: u32,
    pub length: u32,
    pub checksum: u32,
}

/// One content number: its octets, its searchable text, how many rows hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentEntry {
    pub content: Place,
    pub text: Place,
    pub references: u32,
}

/// A run of content numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryPage(pub Vec<ContentEntry>);

fn narrow(value: u64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::corrupt("a stored place is out of range"))
}

impl Page for DirectoryPage {
    type Item = ContentEntry;

    const ROWS: u32 = DIRECTORY_ROWS;

    fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.varint(self.0.len() as u64);
        let mut column = |value: fn(&ContentEntry) -> u32| {
            write_column(&mut out, &self.0.iter().map(|entry| u64::from(value(entry))).collect::<Vec<_>>());
        };
        column(|entry| entry.content.pack);
        column(|entry| entry.content.offset);
        column(|entry| entry.content.length);
        column(|entry| entry.content.checksum);
        column(|entry| entry.text.pack);
        column(|entry| entry.text.offset);
        column(|entry| entry.text.length);
        column(|entry| entry.text.checksum);
        column(|entry| entry.references);
        out.seal(key, VERSION)
    }

    fn decode(key: &Key, record: &[u8]) -> Result<Self> {
        let mut input = unseal(key, record, VERSION, "content directory page")?;
        let rows = row_count(&mut input, DIRECTORY_ROWS, "content directory page")?;
        let mut entries = vec![ContentEntry::default(); rows as usize];
        let fields: [fn(&mut ContentEntry) -> &mut u32; 9] = [
            |entry| &mut entry.content.pack,
            |entry| &mut entry.content.offset,
            |entry| &mut entry.content.length,
            |entry| &mut entry.content.checksum,
            |entry| &mut entry.text.pack,
            |entry| &mut entry.text.offset,
            |entry| &mut entry.text.length,
            |entry| &mut entry.text.checksum,
            |entry| &mut entry.references,
        ];
        for field in fields {
            for (entry, value) in entries.iter_mut().zip(read_column(&mut input, rows)?) {
                *field(entry) = narrow(value)?;
            }
        }
        Ok(DirectoryPage(entries))
    }

    fn items(&mut self) -> &mut Vec<ContentEntry> {
        &mut self.0
    }

    fn filler() -> ContentEntry {
        ContentEntry::default()
    }
}

/// How many bytes of messages a pack was written with, and how many are still referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PackUse {
    pub total: u32,
    pub live: u32,
}

/// A run of pack numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackTablePage(pub Vec<PackUse>);

impl Page for PackTablePage {
    type Item = PackUse;

    const ROWS: u32 = DIRECTORY_ROWS;

    fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.varint(self.0.len() as u64);
        write_column(&mut out, &self.0.iter().map(|pack| u64::from(pack.total)).collect::<Vec<_>>());
        write_column(&mut out, &self.0.iter().map(|pack| u64::from(pack.live)).collect::<Vec<_>>());
        out.seal(key, VERSION)
    }

    fn decode(key: &Key, record: &[u8]) -> Result<Self> {
        let mut input = unseal(key, record, VERSION, "pack table page")?;
        let rows = row_count(&mut input, DIRECTORY_ROWS, "pack table page")?;
        let totals = read_column(&mut input, rows)?;
        let lives = read_column(&mut input, rows)?;
        let packs = totals.into_iter().zip(lives);
        Ok(PackTablePage(
            packs
                .map(|(total, live)| Ok(PackUse { total: narrow(total)?, live: narrow(live)? }))
                .collect::<Result<_>>()?,
        ))
    }

    fn items(&mut self) -> &mut Vec<PackUse> {
        &mut self.0
    }

    fn filler() -> PackUse {
        PackUse::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_pages_round_trip_and_stay_below_16_kilobytes() {
        let entries = (0..512u32).map(|n| ContentEntry {
            content: Place { pack: n / 40, offset: n * 6007 % 262_144, length: n * 31, checksum: !n },
            text: Place { pack: n / 100, offset: n * 2003, length: n * 7, checksum: n << 20 },
            references: 1,
        });
        let page = DirectoryPage(entries.collect());
        let key = crate::engine::layout::directory(0);
        let record = page.encode(&key);
        assert!(record.len() < 16_384, "{}", record.len());
        assert_eq!(DirectoryPage::decode(&key, &record).unwrap(), page);
        let page = PackTablePage(vec![PackUse { total: 9, live: 3 }, PackUse::default()]);
        assert_eq!(PackTablePage::decode(&key, &page.encode(&key)).unwrap(), page);
    }
}
