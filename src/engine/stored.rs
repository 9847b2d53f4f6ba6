//! Pages as a reader keeps them: what the record says, of which a row is made when it is asked for, since a list
//! asks for 50 of thousands. Here: that, for pages of index rows, ids and list rows. Not here: writing them.

use super::codec::{Column, Reader, unseal, unzigzag};
use super::layout::{ContentNumber, INDEX_ROWS, LIST_ROWS, NO_CONTENT, SEALED_ROWS};
use crate::mime::ListRow;
use crate::model::{EmailId, Error, Result, ThreadId, ZonedTime};
use crate::store::Key;

pub const INDEX_VERSION: u8 = 2;
pub const IDS_VERSION: u8 = 2;
pub const ROWS_VERSION: u8 = 2;

/// The count of rows with which a page begins, if that is not over the limit of such pages.
pub fn row_count(input: &mut Reader<'_>, limit: u32, what: &str) -> Result<u32> {
    let count = input.varint_u32()?;
    if count > limit {
        return Err(Error::corrupt(format!("a stored {what} has too many rows")));
    }
    Ok(count)
}

/// What never changes of a message in a mailbox, but its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexRow {
    pub internal_date: ZonedTime,
    pub save_date_ms: i64,
    pub size: u64,
    pub content: ContentNumber,
}

/// The index rows of a page.
#[derive(Debug)]
pub struct StoredIndex {
    rows: u32,
    dates: Column,
    zones: Column,
    saved: Column,
    sizes: Column,
    contents: Column,
}

impl StoredIndex {
    pub fn decode(key: &Key, record: &[u8]) -> Result<StoredIndex> {
        let mut input = unseal(key, record, INDEX_VERSION, "index page")?;
        let rows = row_count(&mut input, SEALED_ROWS, "index page")?;
        let mut column = || Column::read(&mut input, rows);
        Ok(StoredIndex {
            rows,
            dates: column()?,
            zones: column()?,
            saved: column()?,
            sizes: column()?,
            contents: column()?,
        })
    }

    pub fn len(&self) -> u32 {
        self.rows
    }

    /// How much memory they take.
    pub fn bytes(&self) -> usize {
        let columns = [&self.dates, &self.zones, &self.saved, &self.sizes, &self.contents];
        size_of::<StoredIndex>() + columns.into_iter().map(Column::bytes).sum::<usize>()
    }

    /// The row; `None` where it is not there.
    pub fn get(&self, row: u32) -> Option<IndexRow> {
        if row >= self.rows {
            return None;
        }
        Some(IndexRow {
            internal_date: ZonedTime {
                timestamp_ms: unzigzag(self.dates.get(row)?),
                zone_minutes: i16::try_from(unzigzag(self.zones.get(row)?)).unwrap_or(0),
            },
            save_date_ms: unzigzag(self.saved.get(row)?),
            size: self.size(row)?,
            content: self.content(row)?,
        })
    }

    /// The size of a row.
    pub fn size(&self, row: u32) -> Option<u64> {
        self.sizes.get(row).filter(|_| row < self.rows)
    }

    /// The content of a row.
    pub fn content(&self, row: u32) -> Option<ContentNumber> {
        let content = self.contents.get(row).filter(|_| row < self.rows)?;
        Some(u32::try_from(content).unwrap_or(NO_CONTENT))
    }
}

/// Rows that follow one another in one piece of memory.
#[derive(Debug)]
struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Pieces {
    /// What is left to be read, of which `pass` passes one row.
    #[cfg_attr(own_std, optimize(speed))]
    fn read(
        input: &mut Reader<'_>,
        rows: u32,
        pass: impl Fn(&mut Reader<'_>) -> Result<()>,
    ) -> Result<Pieces> {
        let bytes = input.rest().to_vec();
        let mut ends = Vec::with_capacity(rows as usize);
        for _ in 0..rows {
            pass(input)?;
            ends.push((bytes.len() - input.rest().len()) as u32);
        }
        Ok(Pieces { bytes, ends })
    }

    fn get(&self, row: u32) -> Option<Reader<'_>> {
        let end = *self.ends.get(row as usize)? as usize;
        let before = row.checked_sub(1).and_then(|before| self.ends.get(before as usize));
        self.bytes.get(before.map_or(0, |before| *before as usize)..end).map(Reader::new)
    }

    fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4
    }
}

/// A message's object ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdsRow {
    pub email_id: EmailId,
    pub thread_id: ThreadId,
}

/// The object ids of a page.
#[derive(Debug)]
pub struct StoredIds(Pieces);

/// An id: the bytes that it was made from, or, where it came from outside, its text.
enum StoredId<'a> {
    Bytes(&'a [u8]),
    Text(String),
}

impl<'a> StoredId<'a> {
    fn read(input: &mut Reader<'a>) -> Result<StoredId<'a>> {
        match input.u8()? {
            1 => Ok(StoredId::Text(input.text()?)),
            head => Ok(StoredId::Bytes(input.take(usize::from(head >> 1))?)),
        }
    }

    fn email_id(self) -> Result<EmailId> {
        match self {
            StoredId::Bytes(bytes) => Ok(EmailId::from_bytes(bytes)),
            StoredId::Text(text) => EmailId::parse(&text),
        }
    }

    fn thread_id(self) -> Result<ThreadId> {
        match self {
            StoredId::Bytes(bytes) => Ok(ThreadId::from_bytes(bytes)),
            StoredId::Text(text) => ThreadId::parse(&text),
        }
    }
}

impl StoredIds {
    pub fn decode(key: &Key, record: &[u8]) -> Result<StoredIds> {
        let mut input = unseal(key, record, IDS_VERSION, "id page")?;
        let rows = row_count(&mut input, INDEX_ROWS, "id page")?;
        let pass = |input: &mut Reader<'_>| {
            if let email_id @ StoredId::Text(_) = StoredId::read(input)? {
                email_id.email_id()?;
            }
            if let thread_id @ StoredId::Text(_) = StoredId::read(input)? {
                thread_id.thread_id()?;
            }
            Ok(())
        };
        Ok(StoredIds(Pieces::read(&mut input, rows, pass)?))
    }

    pub fn len(&self) -> u32 {
        self.0.len()
    }

    /// How much memory they take.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// The row; `None` where it is not there.
    pub fn get(&self, row: u32) -> Option<IdsRow> {
        let mut input = self.0.get(row)?;
        let email_id = StoredId::read(&mut input).and_then(StoredId::email_id).ok()?;
        let thread_id = StoredId::read(&mut input).and_then(StoredId::thread_id).ok()?;
        Some(IdsRow { email_id, thread_id })
    }
}

/// The list rows of a page.
#[derive(Debug)]
pub struct StoredRows(Pieces);

impl StoredRows {
    pub fn decode(key: &Key, record: &[u8]) -> Result<StoredRows> {
        let mut input = unseal(key, record, ROWS_VERSION, "list-row page")?;
        let rows = row_count(&mut input, LIST_ROWS, "list-row page")?;
        Ok(StoredRows(Pieces::read(&mut input, rows, |input| input.bytes().map(drop))?))
    }

    /// How many rows there are, those that were cleaned up included.
    pub fn len(&self) -> u32 {
        self.0.len()
    }

    /// How much memory they take.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// The row, whole; `None` where it is not there or was cleaned up.
    pub fn row(&self, row: u32) -> Result<Option<ListRow>> {
        let Some(octets) = self.get(row) else { return Ok(None) };
        match ListRow::decode(octets) {
            Some((row, _)) => Ok(Some(row)),
            None => Err(Error::corrupt("a stored list row is damaged")),
        }
    }

    /// The row's octets; `None` where it is not there or was cleaned up.
    pub fn get(&self, row: u32) -> Option<&[u8]> {
        self.0.get(row)?.bytes().ok().filter(|row| !row.is_empty())
    }
}
