//! How records become bytes: frames with version and checksum, integers,
//! columns. Here: the encoding alone. Not here: what any record holds.

use crate::model::{Error, ErrorCode, Result, Value};
use crate::platform;
use crate::store::Key;

/// Reads a record's payload front to back; every method fails with `CORRUPT` past the end.
pub struct Reader<'a> {
    bytes: &'a [u8],
    version: u8,
}

/// The version of the records of format 1: their checksum does not cover their key.
pub const KEYLESS: u8 = 1;

fn short() -> Error {
    Error::corrupt("a stored record ends too early")
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, version: 0 }
    }

    /// The record's version, by which its decoder goes; 0 for bytes that are no record.
    pub fn version(&self) -> u8 {
        self.version
    }

    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(short)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| short())
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    #[cfg_attr(own_std, optimize(speed))]
    pub fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::corrupt("a stored integer is too long"))
    }

    pub fn varint_u32(&mut self) -> Result<u32> {
        u32::try_from(self.varint()?).map_err(|_| Error::corrupt("a stored integer is out of range"))
    }

    /// A count of things of at least `size` bytes each, so that a damaged
    /// count cannot ask for more memory than the record has bytes.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let count = usize::try_from(self.varint()?).map_err(|_| short())?;
        if count.saturating_mul(size) > self.bytes.len() {
            return Err(short());
        }
        Ok(count)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let count = self.count(1)?;
        self.take(count)
    }

    pub fn text(&mut self) -> Result<String> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|_| Error::corrupt("a stored text is not UTF-8"))
    }
}

/// Builds a record's payload.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn new() -> Self {
        Writer::default()
    }

    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    #[cfg_attr(own_std, optimize(speed))]
    pub fn varint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
        self
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.varint(bytes.len() as u64).raw(bytes)
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// What was written so far.
    pub fn written(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The record of a key: the version, the payload, a checksum over all three.
    pub fn seal(self, key: &Key, version: u8) -> Vec<u8> {
        let mut record = Vec::with_capacity(self.bytes.len() + 5);
        record.push(version);
        record.extend_from_slice(&self.bytes);
        let checksum = checksum(key, &record);
        record.extend_from_slice(&checksum.to_le_bytes());
        record
    }
}

/// Over the key too, so that a record which lies where another belongs is damage.
fn checksum(key: &Key, body: &[u8]) -> u32 {
    let before = match body.first() {
        Some(&KEYLESS) => 0,
        _ => platform::crc32_after(platform::crc32(&[key.space() as u8]), key.bytes()),
    };
    platform::crc32_after(before, body)
}

/// Version and payload of a record, once its checksum is right.
pub fn opened<'a>(key: &Key, record: &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (body, stored) = record.split_last_chunk::<4>()?;
    let (version, payload) = body.split_first()?;
    (checksum(key, body) == u32::from_le_bytes(*stored)).then_some((*version, payload))
}

/// A record's payload, once its version and checksum are right. Fails with
/// `SCHEMA_TOO_NEW` for a later version and `CORRUPT` for a wrong checksum.
pub fn unseal<'a>(key: &Key, record: &'a [u8], newest: u8, what: &str) -> Result<Reader<'a>> {
    let opened = opened(key, record);
    let (version, bytes) = opened.ok_or_else(|| Error::corrupt(format!("a stored {what} is damaged")))?;
    if version > newest {
        let message = format!("a stored {what} has version {version}; this library knows up to {newest}");
        return Err(Error::new(ErrorCode::SchemaTooNew, message));
    }
    Ok(Reader { bytes, version })
}

/// What a stored record says. By way of a function's address: the copying in of foreign bytes is then in the
/// wasm once for each answer and not for each place that asks.
pub fn decoded<R>(key: &Key, record: &Value, decode: fn(&Key, &[u8]) -> R) -> R {
    record.with(|bytes| decode(key, bytes))
}

/// What a record says; `None` where it is damaged, for who can do without.
pub fn unless_damaged<T>(decoded: Result<T>) -> Result<Option<T>> {
    match decoded {
        Err(error) if error.code() == ErrorCode::Corrupt => Ok(None),
        decoded => decoded.map(Some),
    }
}

const CONSTANT: u8 = 0;
const RUNS: u8 = 1;
const DICTIONARY: u8 = 2;
/// Frame of reference: this kind plus the width in bytes of each difference.
const FRAME: u8 = 8;

#[cfg_attr(own_std, optimize(speed))]
fn varint_size(value: u64) -> usize {
    (64 - value.max(1).leading_zeros() as usize).div_ceil(7)
}

/// The different ones of these values, in no order; none where they are more than 256.
#[cfg_attr(own_std, optimize(speed))]
fn few_values(all: impl Iterator<Item = u64>) -> Vec<u64> {
    const SLOTS: usize = 1024;
    let mut seen = [None; SLOTS];
    let mut values = Vec::new();
    for value in all {
        let mut at = (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
        while let Some(known) = seen.get(at).copied().flatten() {
            if known == value {
                break;
            }
            at = (at + 1) % SLOTS;
        }
        if let Some(slot @ None) = seen.get_mut(at) {
            *slot = Some(value);
            values.push(value);
            if values.len() > 256 {
                return Vec::new();
            }
        }
    }
    values
}

/// Writes a column of integers in whichever form is smallest: one value, runs,
/// a dictionary of up to 256 values, or differences from the least.
#[cfg_attr(own_std, optimize(speed))]
pub fn write_column(out: &mut Writer, column: &[u64]) {
    let (Some(&first), Some(&least), Some(&most)) =
        (column.first(), column.iter().min(), column.iter().max())
    else {
        out.u8(CONSTANT).varint(0);
        return;
    };
    if least == most {
        out.u8(CONSTANT).varint(first);
        return;
    }
    let runs: Vec<(u64, u64)> = column
        .chunk_by(|a, b| a == b)
        .map(|run| (run.first().copied().unwrap_or(0), run.len() as u64))
        .collect();
    let run_size: usize = runs.iter().map(|(value, length)| varint_size(*value) + varint_size(*length)).sum();
    let width = (64 - (most - least).leading_zeros() as usize).div_ceil(8);
    let frame_size = column.len() * width + varint_size(least);
    // With differences of one byte a dictionary is never smaller; of many values it would be larger than may be.
    let mut values: Vec<u64> = match width {
        1 => Vec::new(),
        _ => few_values(runs.iter().map(|(value, _)| *value)),
    };
    values.sort_unstable();
    let dictionary_size = if !values.is_empty() {
        column.len() + values.iter().map(|value| varint_size(*value)).sum::<usize>()
    } else {
        usize::MAX
    };
    if run_size <= frame_size && run_size <= dictionary_size {
        out.u8(RUNS);
        for (value, length) in runs {
            out.varint(value).varint(length);
        }
    } else if dictionary_size < frame_size {
        out.u8(DICTIONARY).varint(values.len() as u64);
        for value in &values {
            out.varint(*value);
        }
        for value in column {
            out.u8(values.partition_point(|known| known < value) as u8);
        }
    } else {
        out.u8(FRAME + width as u8).varint(least);
        for value in column {
            for byte in (value - least).to_le_bytes().iter().take(width) {
                out.u8(*byte);
            }
        }
    }
}

/// A column of integers as [`write_column`] wrote it, of which a value is made when it is asked for.
#[derive(Debug)]
pub enum Column {
    /// The same for all rows.
    Constant(u64),
    /// Each value with the row before which it ends.
    Runs(Vec<(u32, u64)>),
    /// The values, and for each row the index of its own.
    Dictionary(Vec<u64>, Vec<u8>),
    /// The least value, and for each row how much more, in so many bytes.
    Frame(u64, usize, Vec<u8>),
}

#[cfg_attr(own_std, optimize(speed))]
fn more_than(least: u64, difference: &[u8]) -> u64 {
    let mut wide = [0u8; 8];
    for (target, byte) in wide.iter_mut().zip(difference) {
        *target = *byte;
    }
    least.wrapping_add(u64::from_le_bytes(wide))
}

impl Column {
    /// Reads a column of `rows` integers.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn read(input: &mut Reader<'_>, rows: u32) -> Result<Column> {
        let damaged = || Error::corrupt("a stored column is damaged");
        match input.u8()? {
            CONSTANT => Ok(Column::Constant(input.varint()?)),
            RUNS => {
                let (mut runs, mut end) = (Vec::new(), 0);
                while end < rows {
                    let (value, length) = (input.varint()?, input.varint_u32()?);
                    if length == 0 || length > rows - end {
                        return Err(damaged());
                    }
                    end += length;
                    runs.push((end, value));
                }
                Ok(Column::Runs(runs))
            }
            DICTIONARY => {
                let count = input.count(1)?;
                let values = (0..count).map(|_| input.varint()).collect::<Result<Vec<u64>>>()?;
                let indexes = input.take(rows as usize)?;
                if indexes.iter().any(|index| usize::from(*index) >= count) {
                    return Err(damaged());
                }
                Ok(Column::Dictionary(values, indexes.to_vec()))
            }
            kind if (FRAME + 1..=FRAME + 8).contains(&kind) => {
                let width = usize::from(kind - FRAME);
                let least = input.varint()?;
                let differences = input.take((rows as usize).checked_mul(width).ok_or_else(damaged)?)?;
                Ok(Column::Frame(least, width, differences.to_vec()))
            }
            _ => Err(damaged()),
        }
    }

    /// The value of a row that the column has.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn get(&self, row: u32) -> Option<u64> {
        match self {
            Column::Constant(value) => Some(*value),
            Column::Runs(runs) => {
                runs.get(runs.partition_point(|(end, _)| *end <= row)).map(|(_, value)| *value)
            }
            Column::Dictionary(values, indexes) => {
                values.get(usize::from(*indexes.get(row as usize)?)).copied()
            }
            Column::Frame(least, width, differences) => {
                let begin = (row as usize).checked_mul(*width)?;
                Some(more_than(*least, differences.get(begin..begin + width)?))
            }
        }
    }

    /// The values of its rows, which are so many.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn values(&self, rows: u32) -> Vec<u64> {
        match self {
            Column::Constant(value) => vec![*value; rows as usize],
            Column::Runs(runs) => {
                let mut values = Vec::with_capacity(rows as usize);
                for (end, value) in runs {
                    values.resize(*end as usize, *value);
                }
                values
            }
            Column::Dictionary(values, indexes) => {
                indexes.iter().filter_map(|index| values.get(usize::from(*index)).copied()).collect()
            }
            Column::Frame(least, width, differences) => {
                differences.chunks_exact(*width).map(|difference| more_than(*least, difference)).collect()
            }
        }
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Constant(_) => 0,
            Column::Runs(runs) => runs.capacity() * size_of::<(u32, u64)>(),
            Column::Dictionary(values, indexes) => values.capacity() * 8 + indexes.capacity(),
            Column::Frame(_, _, differences) => differences.capacity(),
        }
    }
}

/// The integers of a column of so many.
pub fn read_column(input: &mut Reader<'_>, rows: u32) -> Result<Vec<u64>> {
    Ok(Column::read(input, rows)?.values(rows))
}

/// A signed integer as an unsigned one whose small values stay small.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Space;

    fn round_trip(column: &[u64]) -> usize {
        let mut out = Writer::new();
        write_column(&mut out, column);
        let bytes = out.into_bytes();
        let mut input = Reader::new(&bytes);
        let rows = column.len() as u32;
        let read = Column::read(&mut input, rows).unwrap();
        assert!(input.rest().is_empty());
        assert_eq!(read.values(rows), column);
        assert_eq!((0..rows).map(|row| read.get(row).unwrap()).collect::<Vec<_>>(), column);
        assert!(read.get(rows).is_none() || matches!(read, Column::Constant(_)));
        bytes.len()
    }

    #[test]
    fn columns_come_back_and_are_small() {
        assert_eq!(round_trip(&[]), 2);
        assert_eq!(round_trip(&[7; 2048]), 2);
        assert!(round_trip(&(0..2048).map(|n| n / 700).collect::<Vec<_>>()) < 16);
        assert!(round_trip(&(0..2048).map(|n| n % 5 * (1 << 40)).collect::<Vec<_>>()) < 2048 + 64);
        assert!(
            round_trip(&(0..512).map(|n| 1_700_000_000_000 + n * 977).collect::<Vec<_>>()) < 512 * 3 + 16
        );
        round_trip(&[0, u64::MAX, 1, u64::MAX - 1]);
        round_trip(&(0..300).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect::<Vec<_>>());
    }

    #[test]
    fn damage_is_told_and_never_panics() {
        let mut out = Writer::new();
        write_column(&mut out, &[1, 2, 3, 1000]);
        let (key, other) = (Key::new(Space::Core).then_u32(1), Key::new(Space::Core).then_u32(2));
        let record = out.seal(&key, 2);
        assert!(unseal(&key, &record, 2, "test").is_ok());
        assert!(unseal(&other, &record, 2, "test").is_err());
        for cut in 0..record.len() {
            assert!(unseal(&key, &record[..cut], 2, "test").is_err());
        }
        for at in 0..record.len() {
            let mut damaged = record.clone();
            damaged[at] ^= 0x10;
            assert!(unseal(&key, &damaged, 2, "test").is_err());
        }
        let newer = unseal(&key, &Writer::new().seal(&key, 3), 2, "test").err().unwrap();
        assert_eq!(newer.code(), ErrorCode::SchemaTooNew);
        // As format 1 wrote it: readable wherever it lies.
        let old = Writer::new().seal(&key, KEYLESS);
        assert_eq!(unseal(&other, &old, 2, "test").unwrap().version(), 1);
        for byte in 0..=255u8 {
            let bytes = [byte; 24];
            let _ = read_column(&mut Reader::new(&bytes), 100);
        }
    }

    #[test]
    fn zigzag_round_trips() {
        for value in [0, 1, -1, i64::MAX, i64::MIN, -1234567] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }
}
