//! Packs: many messages' bytes in one record, so that a store's cost per
//! record is paid once for many. Here: building and reading one.
//! Not here: which pack holds what (the directory knows).

use super::codec::{Reader, Writer};
use super::directory::{PackUse, Place};
use super::layout::{self, ContentNumber, PackKind};
use crate::model::{Error, ErrorCode, Result, Value};
use crate::platform;
use crate::store::Key;

/// A pack has at most this many bytes, unless it is one message's. One message's octets are read with their
/// pack's, which stays small for that, and below the 64 KB from which Chromium's LevelDB keeps a value in a file of
/// its own; texts are read from the first to the last.
const fn pack_bytes(kind: PackKind) -> usize {
    match kind {
        PackKind::Content => 62 * 1024,
        PackKind::Text => 256 * 1024,
    }
}

/// Bytes longer than this have a pack to themselves.
const ALONE_BYTES: usize = 32 * 1024;

/// Bytes longer than this are cut into packs of this size.
pub const CHUNK_BYTES: usize = 1024 * 1024;

/// Bytes that are checked at a time.
const CHECKED_BYTES: usize = 128 * 1024;

/// A pack smaller than this is worth folding into a larger one.
pub const SMALL_PACK_BYTES: u32 = 32 * 1024;

const VERSION: u8 = 1;
/// The bytes lie in the pack as they are.
const CODEC_NONE: u8 = 0;

/// One run of bytes to be packed.
pub struct Item<'a> {
    pub number: ContentNumber,
    pub bytes: &'a [u8],
}

/// What packing gave: records to write, a place per item, a table row per pack.
#[derive(Default)]
pub struct Packed {
    pub puts: Vec<(Key, Value)>,
    pub places: Vec<Place>,
    pub packs: Vec<PackUse>,
}

/// What a pack's header says of one item takes.
const HEADER_ITEM_BYTES: usize = 12;

fn header_size(items: usize) -> usize {
    2 + 4 + HEADER_ITEM_BYTES * items + 4
}

fn write_pack(items: &[(ContentNumber, &[u8])]) -> Vec<u8> {
    let mut header = Writer::new();
    header.u8(VERSION).u8(CODEC_NONE).u32(items.len() as u32);
    let mut offset = header_size(items.len());
    for (number, bytes) in items {
        header.u32(*number).u32(offset as u32).u32(bytes.len() as u32);
        offset += bytes.len();
    }
    let mut record = header.into_bytes();
    record.reserve_exact(offset - record.len());
    let checksum = platform::crc32(&record);
    record.extend_from_slice(&checksum.to_le_bytes());
    for (_, bytes) in items {
        record.extend_from_slice(bytes);
    }
    record
}

/// Packs these items into new packs, the first of which gets `next_pack`.
/// Empty items have no place. Fails with `LIMIT` when the numbers run out.
pub fn pack(kind: PackKind, items: &[Item<'_>], next_pack: u32) -> Result<Packed> {
    let mut packed = Packed::default();
    let mut open: Vec<(ContentNumber, &[u8])> = Vec::new();
    let mut open_places: Vec<usize> = Vec::new();
    let mut open_bytes = 0usize;
    let number_of = |packed: &Packed| {
        next_pack
            .checked_add(packed.packs.len() as u32)
            .filter(|number| *number < u32::MAX)
            .ok_or_else(|| Error::new(ErrorCode::Limit, "no more packs can be numbered"))
    };
    let flush = |packed: &mut Packed, open: &mut Vec<(ContentNumber, &[u8])>, places: &mut Vec<usize>| {
        if open.is_empty() {
            return Ok(());
        }
        let number = number_of(packed)?;
        let mut offset = header_size(open.len());
        for (at, (_, bytes)) in places.drain(..).zip(open.iter()) {
            if let Some(place) = packed.places.get_mut(at) {
                place.pack = number;
                place.offset = offset as u32;
            }
            offset += bytes.len();
        }
        let total = open.iter().map(|(_, bytes)| bytes.len() as u32).sum();
        packed.packs.push(PackUse { total, live: total });
        packed.puts.push((layout::pack(kind, number), Value::from(write_pack(open))));
        open.clear();
        Ok::<(), Error>(())
    };
    for item in items {
        let length = u32::try_from(item.bytes.len())
            .map_err(|_| Error::new(ErrorCode::Limit, "a message is longer than 4 GB"))?;
        packed.places.push(Place { pack: 0, offset: 0, length, checksum: platform::crc32(item.bytes) });
        if item.bytes.is_empty() {
            continue;
        }
        if item.bytes.len() > ALONE_BYTES {
            let place =
                Place { pack: number_of(&packed)?, offset: header_size(1) as u32, ..Place::default() };
            if let Some(last) = packed.places.last_mut() {
                *last = Place { pack: place.pack, offset: place.offset, ..*last };
            }
            for chunk in item.bytes.chunks(CHUNK_BYTES) {
                let number = number_of(&packed)?;
                let total = chunk.len() as u32;
                packed.packs.push(PackUse { total, live: total });
                let record = write_pack(&[(item.number, chunk)]);
                packed.puts.push((layout::pack(kind, number), Value::from(record)));
            }
            continue;
        }
        let bytes = item.bytes.len() + HEADER_ITEM_BYTES;
        if open_bytes + bytes > pack_bytes(kind) {
            flush(&mut packed, &mut open, &mut open_places)?;
            open_bytes = 0;
        }
        open.push((item.number, item.bytes));
        open_places.push(packed.places.len() - 1);
        open_bytes += bytes;
    }
    flush(&mut packed, &mut open, &mut open_places)?;
    Ok(packed)
}

impl Place {
    /// Each pack that holds a piece of these bytes: its number, and how many bytes it holds.
    pub fn pieces(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let (pack, length) = (self.pack, if self.pack == 0 { 0 } else { self.length });
        let chunk = CHUNK_BYTES as u32;
        (0..length.div_ceil(chunk)).map(move |piece| (pack + piece, (length - piece * chunk).min(chunk)))
    }

    /// The bytes, out of the packs that [`Place::pieces`] names. Fails with
    /// `CORRUPT` where they are not there or not the ones that were stored,
    /// with `SCHEMA_TOO_NEW` where a later version packed them.
    pub fn read(&self, packs: &[Value]) -> Result<Value> {
        let damaged = || Error::corrupt("a stored pack is damaged");
        let start = self.offset as usize;
        let pieces: Vec<Value> = self
            .pieces()
            .zip(packs)
            .map(|((_, length), pack)| pack.slice(start..start + length as usize))
            .collect();
        let value = match pieces.as_slice() {
            [piece] => piece.clone(),
            _ => Value::joined(pieces),
        };
        if self.matches(&value) {
            return Ok(value);
        }
        for pack in packs {
            let header = read_header(pack);
            if header.as_ref().is_err_and(|error| error.code() == ErrorCode::SchemaTooNew) {
                header?;
            }
        }
        Err(damaged())
    }

    /// Whether these are the bytes that were stored. Bytes that lie elsewhere are taken in piece by piece.
    fn matches(&self, bytes: &Value) -> bool {
        let mut crc = 0;
        for start in (0..bytes.len()).step_by(CHECKED_BYTES) {
            bytes.slice(start..start + CHECKED_BYTES).with(|piece| crc = platform::crc32_after(crc, piece));
        }
        bytes.len() == self.length as usize && crc == self.checksum
    }
}

/// The items of a pack: content number, offset, length. Fails with `CORRUPT`,
/// and with `SCHEMA_TOO_NEW` for a pack of a later version.
pub fn read_header(pack: &Value) -> Result<Vec<(ContentNumber, u32, u32)>> {
    let damaged = || Error::corrupt("a stored pack is damaged");
    let count = pack.slice(2..6).with(|bytes| Reader::new(bytes).u32())? as usize;
    let size = 12usize.checked_mul(count).and_then(|size| size.checked_add(10)).ok_or_else(damaged)?;
    if size > pack.len() {
        return Err(damaged());
    }
    pack.slice(0..size).with(|bytes| {
        let (header, checksum) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
        if platform::crc32(header) != u32::from_le_bytes(*checksum) {
            return Err(damaged());
        }
        let mut input = Reader::new(header);
        let (version, codec) = (input.u8()?, input.u8()?);
        input.u32()?;
        if version > VERSION {
            return Err(Error::new(ErrorCode::SchemaTooNew, "a stored pack is of a later version"));
        }
        if codec != CODEC_NONE {
            return Err(damaged());
        }
        (0..count).map(|_| Ok((input.u32()?, input.u32()?, input.u32()?))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_every_size_come_back() {
        let bytes: Vec<Vec<u8>> = [0, 1, 6_000, 40_000, 32_768, 250_000, 1_048_576, 2_500_000, 9]
            .iter()
            .map(|size| (0..*size).map(|n: usize| (n * 7 + size) as u8).collect())
            .collect();
        let items: Vec<Item> = (1u32..).zip(&bytes).map(|(number, bytes)| Item { number, bytes }).collect();
        let packed = pack(PackKind::Content, &items, 10).unwrap();
        assert_eq!(packed.puts.len(), packed.packs.len());
        let find = |number: u32| {
            let key = layout::pack(PackKind::Content, number);
            packed.puts.iter().find(|(known, _)| *known == key).unwrap().1.clone()
        };
        for (place, bytes) in packed.places.iter().zip(&bytes) {
            let packs: Vec<Value> = place.pieces().map(|(number, _)| find(number)).collect();
            let value = place.read(&packs).unwrap();
            assert_eq!(&value.to_vec(), bytes);
        }
        let small = packed.places[1].pack;
        let header = read_header(&find(small)).unwrap();
        assert_eq!(header.iter().map(|(number, _, _)| *number).collect::<Vec<_>>(), [2, 3, 5, 9]);
        let mut damaged = find(small).to_vec();
        damaged[7] ^= 1;
        assert_eq!(read_header(&Value::from(damaged)).unwrap_err().code(), ErrorCode::Corrupt);
    }

    #[test]
    fn many_small_messages_share_packs() {
        let bytes = vec![5u8; 6_000];
        let items: Vec<Item> = (0..1_000).map(|number| Item { number, bytes: &bytes }).collect();
        for kind in PackKind::ALL {
            let packed = pack(kind, &items, 1).unwrap();
            assert_eq!(packed.packs.len(), 1_000usize.div_ceil(pack_bytes(kind) / 6_012));
        }
    }
}
