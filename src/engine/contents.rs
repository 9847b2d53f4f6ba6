//! Contents: storing octets and text once however many rows hold them, and
//! giving back what none holds any more. Not here: rows, and reading octets.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Engine;
use super::append::{Found, Prepared};
use super::assembly::{Assembly, Step};
use super::directory::{ContentEntry, DirectoryPage, PackTablePage, PackUse, Place};
use super::identity::{Hash, Posting};
use super::layout::{self, ContentNumber, DIRECTORY_ROWS, NO_CONTENT, PackKind};
use super::packs::{self, Item, Packed, SMALL_PACK_BYTES};
use super::paged::{Pages, append_paged, around_damage};
use super::shared::Shared;
use crate::model::{Error, ErrorCode, Result, Value};
use crate::store::Key;

/// Stores what octets are new, with their text, and gives each message its
/// content number; equal octets share one (semantics 153). Each message will
/// have this many rows.
pub async fn store_contents(
    engine: &Engine,
    assembly: &mut Assembly<'_>,
    shared: &mut Shared,
    prepared: &[&Prepared],
    rows_each: u32,
    found: &Found,
) -> Step<Vec<ContentNumber>> {
    let [page, ..] = tails(shared);
    shared.next_content = around_damage(assembly, page, shared.next_content, DIRECTORY_ROWS).await?;
    let hashes: Vec<Hash> = prepared.iter().map(|message| message.email_hash()).collect();
    let candidates: HashMap<Hash, ContentNumber> = found
        .iter()
        .filter_map(|(hash, postings)| {
            // The newest is the likeliest to be there still.
            let content = postings.iter().rev().find_map(|posting| match posting {
                Posting::Email { content, .. } if *content > 0 => Some(*content),
                _ => None,
            })?;
            Some((*hash, content))
        })
        .collect();
    let mut directory = open_directory(assembly, candidates.values().copied()).await?;

    let mut numbers: Vec<ContentNumber> = Vec::with_capacity(prepared.len());
    let mut new: Vec<(ContentNumber, &Prepared)> = Vec::new();
    let mut in_batch: HashMap<[u8; 32], ContentNumber> = HashMap::new();
    let mut references: HashMap<ContentNumber, u32> = HashMap::new();
    let mut alike: Vec<(ContentNumber, &Value)> = Vec::new();
    for (message, hash) in prepared.iter().zip(&hashes) {
        if let Some(content) = candidates.get(hash)
            && directory.get(*content).is_some_and(|entry| entry.references > 0)
        {
            alike.push((*content, &message.raw));
        }
    }
    let same = with_same_octets(engine, &alike).await?;
    for (message, hash) in prepared.iter().zip(&hashes) {
        let stored = candidates.get(hash).copied().filter(|content| same.contains(content));
        let number = match in_batch.get(&message.digest).copied().or(stored) {
            Some(number) => number,
            None => {
                let number = shared.next_content;
                shared.next_content = number
                    .checked_add(1)
                    .ok_or_else(|| Error::new(ErrorCode::Limit, "no more contents can be numbered"))?;
                new.push((number, message));
                in_batch.insert(message.digest, number);
                number
            }
        };
        *references.entry(number).or_default() += rows_each;
        numbers.push(number);
    }

    let raws: Vec<(ContentNumber, &[u8])> =
        new.iter().map(|(number, message)| (*number, message.raw.as_slice().unwrap_or_default())).collect();
    let texts: Vec<(ContentNumber, &[u8])> =
        new.iter().map(|(number, message)| (*number, message.text.as_slice())).collect();
    let content_places = write_packs(assembly, shared, PackKind::Content, &raws).await?;
    let text_places = write_packs(assembly, shared, PackKind::Text, &texts).await?;

    let entries: Vec<ContentEntry> = new
        .iter()
        .zip(content_places)
        .zip(text_places)
        .map(|(((number, _), content), text)| ContentEntry {
            content,
            text,
            references: references.remove(number).unwrap_or(rows_each),
        })
        .collect();
    for (content, more) in references {
        directory.change(content, |entry| entry.references += more);
    }
    directory.write(assembly);
    if let Some((first, _)) = new.first() {
        append_paged::<DirectoryPage>(assembly, layout::directory, *first, entries).await?;
    }
    Ok(numbers)
}

/// Those contents whose octets are the ones given. The index knows half of a
/// digest, and a digest says nothing of a damaged pack; the octets decide.
async fn with_same_octets(
    engine: &Engine,
    alike: &[(ContentNumber, &Value)],
) -> Result<HashSet<ContentNumber>> {
    const AT_A_TIME: usize = 16;
    let mut same = HashSet::new();
    for few in alike.chunks(AT_A_TIME) {
        let contents: Vec<ContentNumber> = few.iter().map(|(content, _)| *content).collect();
        // One that cannot be read is stored anew.
        let stored = engine.octets(&contents).await?;
        let equal = few.iter().zip(stored).filter(|((_, raw), stored)| stored.as_ref() == Some(*raw));
        same.extend(equal.map(|((content, _), _)| *content));
    }
    Ok(same)
}

/// The records that new contents are appended to: the last pages of the
/// directory and of the tables of packs.
pub fn tails(shared: &Shared) -> [Key; 3] {
    let page = |number: u32| number / DIRECTORY_ROWS;
    [
        layout::directory(page(shared.next_content)),
        layout::pack_table(PackKind::Content, page(shared.next_content_pack)),
        layout::pack_table(PackKind::Text, page(shared.next_text_pack)),
    ]
}

/// Packs bytes into new packs and enters these into the table of packs.
pub async fn write_packs(
    assembly: &mut Assembly<'_>,
    shared: &mut Shared,
    kind: PackKind,
    bytes: &[(ContentNumber, &[u8])],
) -> Step<Vec<Place>> {
    let items: Vec<Item<'_>> = bytes.iter().map(|(number, bytes)| Item { number: *number, bytes }).collect();
    let next = *shared.next_pack(kind);
    let page = layout::pack_table(kind, next / DIRECTORY_ROWS);
    let first = around_damage(assembly, page, next, DIRECTORY_ROWS).await?;
    let Packed { puts, places, packs } = packs::pack(kind, &items, first)?;
    let small = packs.iter().filter(|pack| pack.total < SMALL_PACK_BYTES).count();
    *shared.foldable_packs(kind) += small as u32;
    *shared.next_pack(kind) = first.saturating_add(packs.len() as u32);
    for (key, record) in puts {
        assembly.put(key, record);
    }
    if !packs.is_empty() {
        append_paged::<PackTablePage>(assembly, |page| layout::pack_table(kind, page), first, packs).await?;
    }
    Ok(places)
}

/// Takes one reference from each of these contents; one that nothing holds any
/// more gives up its places, and a pack in which nothing is left is deleted.
pub async fn drop_references(
    assembly: &mut Assembly<'_>,
    shared: &mut Shared,
    contents: impl Iterator<Item = u32>,
) -> Step<()> {
    let mut fewer: HashMap<u32, u32> = HashMap::new();
    for content in contents.filter(|content| *content != NO_CONTENT) {
        *fewer.entry(content).or_default() += 1;
    }
    let mut directory = open_directory(assembly, fewer.keys().copied()).await?;
    let mut freed: Vec<ContentEntry> = Vec::new();
    for (content, count) in fewer {
        directory.change(content, |entry| {
            entry.references = entry.references.saturating_sub(count);
            if entry.references == 0 {
                freed.push(std::mem::take(entry));
            }
        });
    }
    directory.write(assembly);
    let content = freed.iter().map(|entry| entry.content).collect::<Vec<Place>>();
    let text = freed.iter().map(|entry| entry.text).collect::<Vec<Place>>();
    for (kind, places) in [(PackKind::Content, content), (PackKind::Text, text)] {
        free_places(assembly, shared, kind, &places).await?;
    }
    Ok(())
}

async fn free_places(
    assembly: &mut Assembly<'_>,
    shared: &mut Shared,
    kind: PackKind,
    places: &[Place],
) -> Step<()> {
    let mut freed: BTreeMap<u32, u32> = BTreeMap::new();
    for (pack, bytes) in places.iter().flat_map(Place::pieces) {
        *freed.entry(pack).or_default() += bytes;
    }
    let mut tables = open_pack_table(assembly, kind, freed.keys().copied()).await?;
    for (pack, bytes) in freed {
        let mut gone = false;
        tables.change(pack, |usage| {
            let half = usage.total / 2;
            let was_foldable = usage.live < half || usage.total < SMALL_PACK_BYTES;
            usage.live = usage.live.saturating_sub(bytes);
            gone = usage.live == 0;
            if gone {
                *usage = PackUse::default();
            } else if usage.live < half && !was_foldable {
                *shared.foldable_packs(kind) += 1;
            }
        });
        if gone {
            assembly.delete(layout::pack(kind, pack));
        }
    }
    tables.write(assembly);
    Ok(())
}

/// The pages of these contents in the content directory.
pub async fn open_directory(
    assembly: &mut Assembly<'_>,
    contents: impl Iterator<Item = ContentNumber>,
) -> Step<Pages<DirectoryPage>> {
    Pages::open(assembly, contents, layout::directory).await
}

/// The pages of these packs in the table of packs.
pub async fn open_pack_table(
    assembly: &mut Assembly<'_>,
    kind: PackKind,
    packs: impl Iterator<Item = u32>,
) -> Step<Pages<PackTablePage>> {
    Pages::open(assembly, packs, move |page| layout::pack_table(kind, page)).await
}
