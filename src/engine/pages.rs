//! The pages of a mailbox: flags, index, ids, list rows. Here: their bytes, and changing them.
//! Not here: when they are written, and how readers keep them (stored).

use super::codec::{Writer, read_column, unseal, write_column, zigzag};
use super::layout::{INDEX_ROWS, LIST_ROWS, NO_CONTENT};
use super::stored::{
    IDS_VERSION, INDEX_VERSION, IdsRow, IndexRow, ROWS_VERSION, StoredIds, StoredIndex, row_count,
};
use crate::model::{EmailId, Result, ThreadId, ZonedTime};
use crate::store::Key;
use crate::view::{FlagPage, PAGE_ROWS};

const FLAGS_VERSION: u8 = 2;

/// A record that is a run of items.
pub trait Page: Default {
    /// What it holds.
    type Item: Clone;

    /// How many items a page has while items are appended to it.
    const ROWS: u32;

    fn decode(key: &Key, record: &[u8]) -> Result<Self>;

    fn encode(&self, key: &Key) -> Vec<u8>;

    fn items(&mut self) -> &mut Vec<Self::Item>;

    /// The record of a page of so many rows with these behind them, where that needs no look at the rows.
    fn extended(_key: &Key, _record: &[u8], _rows: u32, _more: &[Self::Item]) -> Option<Vec<u8>> {
        None
    }

    /// What stands for an item of a page that was dropped when all in it was dead.
    fn filler() -> Self::Item;
}

/// The record of a page whose rows follow each other, with more of them, of these bytes; `None` where it is
/// not of this version, has not so many rows, or is damaged.
fn with_more(
    key: &Key,
    record: &[u8],
    version: u8,
    rows: u32,
    more: usize,
    bytes: &Writer,
) -> Option<Vec<u8>> {
    let mut input = unseal(key, record, version, "page").ok()?;
    if input.version() != version || input.varint_u32().ok()? != rows {
        return None;
    }
    let mut out = Writer::new();
    out.varint(u64::from(rows) + more as u64).raw(input.rest()).raw(bytes.written());
    Some(out.seal(key, version))
}

/// The bytes of a flag page.
pub fn encode_flags(key: &Key, page: &FlagPage) -> Vec<u8> {
    let mut out = Writer::new();
    out.varint(u64::from(page.rows()));
    write_column(&mut out, page.raw_flags());
    write_column(&mut out, page.mod_seqs());
    out.seal(key, FLAGS_VERSION)
}

/// The flag page of these bytes.
pub fn decode_flags(key: &Key, record: &[u8]) -> Result<FlagPage> {
    let mut input = unseal(key, record, FLAGS_VERSION, "flag page")?;
    let rows = row_count(&mut input, PAGE_ROWS, "flag page")?;
    Ok(FlagPage::new(read_column(&mut input, rows)?, read_column(&mut input, rows)?))
}

/// A run of index rows, by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexPage(pub Vec<IndexRow>);

impl Page for IndexPage {
    type Item = IndexRow;

    const ROWS: u32 = INDEX_ROWS;

    fn encode(&self, key: &Key) -> Vec<u8> {
        let column = |value: fn(&IndexRow) -> u64| self.0.iter().map(value).collect::<Vec<u64>>();
        let mut out = Writer::new();
        out.varint(self.0.len() as u64);
        write_column(&mut out, &column(|row| zigzag(row.internal_date.timestamp_ms)));
        write_column(&mut out, &column(|row| zigzag(i64::from(row.internal_date.zone_minutes))));
        write_column(&mut out, &column(|row| zigzag(row.save_date_ms)));
        write_column(&mut out, &column(|row| row.size));
        write_column(&mut out, &column(|row| u64::from(row.content)));
        out.seal(key, INDEX_VERSION)
    }

    fn decode(key: &Key, record: &[u8]) -> Result<Self> {
        let page = StoredIndex::decode(key, record)?;
        Ok(IndexPage((0..page.len()).filter_map(|row| page.get(row)).collect()))
    }

    fn items(&mut self) -> &mut Vec<IndexRow> {
        &mut self.0
    }

    fn filler() -> IndexRow {
        IndexRow {
            internal_date: ZonedTime { timestamp_ms: 0, zone_minutes: 0 },
            save_date_ms: 0,
            size: 0,
            content: NO_CONTENT,
        }
    }
}

/// A run of object ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdsPage(pub Vec<IdsRow>);

/// An id as the bytes it was made from, or as its text where it came from outside.
fn write_id(out: &mut Writer, bytes: Option<Vec<u8>>, text: &str) {
    match bytes {
        Some(bytes) if bytes.len() < 128 => out.u8((bytes.len() as u8) << 1).raw(&bytes),
        _ => out.u8(1).text(text),
    };
}

fn write_ids(out: &mut Writer, row: &IdsRow) {
    write_id(out, row.email_id.to_bytes(), row.email_id.as_str());
    write_id(out, row.thread_id.to_bytes(), row.thread_id.as_str());
}

impl Page for IdsPage {
    type Item = IdsRow;

    const ROWS: u32 = INDEX_ROWS;

    fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.varint(self.0.len() as u64);
        self.0.iter().for_each(|row| write_ids(&mut out, row));
        out.seal(key, IDS_VERSION)
    }

    fn extended(key: &Key, record: &[u8], rows: u32, more: &[IdsRow]) -> Option<Vec<u8>> {
        let mut bytes = Writer::new();
        more.iter().for_each(|row| write_ids(&mut bytes, row));
        with_more(key, record, IDS_VERSION, rows, more.len(), &bytes)
    }

    fn decode(key: &Key, record: &[u8]) -> Result<Self> {
        let page = StoredIds::decode(key, record)?;
        Ok(IdsPage((0..page.len()).filter_map(|row| page.get(row)).collect()))
    }

    fn items(&mut self) -> &mut Vec<IdsRow> {
        &mut self.0
    }

    fn filler() -> IdsRow {
        IdsRow { email_id: EmailId::from_bytes(&[0]), thread_id: ThreadId::from_bytes(&[0]) }
    }
}

/// A run of list rows, each as its own bytes: a row that is not looked at is
/// not decoded. A row that was cleaned up is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowPage(pub Vec<Vec<u8>>);

impl Page for RowPage {
    type Item = Vec<u8>;

    const ROWS: u32 = LIST_ROWS;

    fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.varint(self.0.len() as u64);
        for row in &self.0 {
            out.bytes(row);
        }
        out.seal(key, ROWS_VERSION)
    }

    fn extended(key: &Key, record: &[u8], rows: u32, more: &[Vec<u8>]) -> Option<Vec<u8>> {
        let mut bytes = Writer::new();
        for row in more {
            bytes.bytes(row);
        }
        with_more(key, record, ROWS_VERSION, rows, more.len(), &bytes)
    }

    fn decode(key: &Key, record: &[u8]) -> Result<Self> {
        let mut input = unseal(key, record, ROWS_VERSION, "list-row page")?;
        let rows = row_count(&mut input, LIST_ROWS, "list-row page")?;
        Ok(RowPage((0..rows).map(|_| Ok(input.bytes()?.to_vec())).collect::<Result<_>>()?))
    }

    fn items(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.0
    }

    fn filler() -> Vec<u8> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Space;

    const KEY: Key = Key::new(Space::Flags);

    #[test]
    fn index_and_ids_round_trip() {
        let rows = (0..512u32).map(|n| IndexRow {
            internal_date: ZonedTime {
                timestamp_ms: i64::from(n) * -977,
                zone_minutes: (n % 3) as i16 * -60,
            },
            save_date_ms: 1_700_000_000_000,
            size: u64::from(n) * 31,
            content: n,
        });
        let page = IndexPage(rows.collect());
        assert_eq!(IndexPage::decode(&KEY, &page.encode(&KEY)).unwrap(), page);
        let page = IdsPage(vec![
            IdsRow { email_id: EmailId::from_bytes(&[7; 32]), thread_id: ThreadId::from_bytes(&[9; 16]) },
            IdsRow {
                email_id: EmailId::parse("given_elsewhere").unwrap(),
                thread_id: ThreadId::parse("T").unwrap(),
            },
        ]);
        assert_eq!(IdsPage::decode(&KEY, &page.encode(&KEY)).unwrap(), page);
    }

    #[test]
    fn a_page_with_more_rows_is_what_it_would_be_anew() {
        let id = |n: u8| IdsRow {
            email_id: EmailId::from_bytes(&[n; 32]),
            thread_id: ThreadId::parse(&format!("given{n}")).unwrap(),
        };
        let pages = [1u8, 126, 200].map(|rows| {
            let (mut ids, mut rows_page) = (IdsPage::default(), RowPage::default());
            ids.0.extend((0..rows).map(id));
            rows_page.0.extend((0..rows % 64).map(|n| vec![n; usize::from(n)]));
            (ids, rows_page)
        });
        for (mut ids, mut rows) in pages {
            let (count, more) = (ids.0.len() as u32, [id(250), id(251)]);
            let before = ids.encode(&KEY);
            let extended = IdsPage::extended(&KEY, &before, count, &more).unwrap();
            ids.0.extend(more.clone());
            assert_eq!(extended, ids.encode(&KEY));
            assert_eq!(IdsPage::extended(&KEY, &before, count + 1, &more), None);
            assert_eq!(IdsPage::extended(&KEY, before.get(1..).unwrap(), count, &more), None);

            let (count, more) = (rows.0.len() as u32, [vec![7; 300], Vec::new()]);
            let extended = RowPage::extended(&KEY, &rows.encode(&KEY), count, &more).unwrap();
            rows.0.extend(more);
            assert_eq!(extended, rows.encode(&KEY));
        }
    }

    #[test]
    fn flag_pages_round_trip_and_stay_below_27_kilobytes() {
        let alike = FlagPage::new(vec![1; 2048], vec![5; 2048]);
        assert!(encode_flags(&KEY, &alike).len() < 32);
        let flags: Vec<u64> = (0..2048u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let worst = FlagPage::new(flags, (0..2048).map(|n| (1 << 30) + n * 1_000_003).collect());
        assert!(encode_flags(&KEY, &worst).len() <= 27_000, "{}", encode_flags(&KEY, &worst).len());
        assert_eq!(decode_flags(&KEY, &encode_flags(&KEY, &worst)).unwrap(), worst);
    }
}
