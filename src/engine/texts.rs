//! Searchable texts, shown to a search pack by pack. Text packs are kept from one search to the next, and what was
//! checked of one that is kept is not checked again. Not here: where texts lie (the directory knows), and octets.

use super::Engine;
use super::directory::Place;
use super::layout::{self, ContentNumber, NO_CONTENT, PackKind};
use crate::backend::TextReader;
use crate::mime::extract;
use crate::model::{Result, Value, sorting};
use crate::platform::{self, Turn};
use crate::store::{Key, Read};

/// Octets of text packs kept at most, in a browser outside wasm memory: the texts of 100,000 short messages.
const KEPT_BYTES: usize = 80 * 1024 * 1024;

/// What a kept pack weighs at least, so that small ones cannot be kept by the thousand.
const LEAST_WEIGHT: usize = 16 * 1024;

/// Times the octets that are kept: when so many of other packs were asked for since, a pack makes room for them. A
/// mailbox that has more text than is kept would otherwise lose each pack just before it is read again.
const PATIENCE: u64 = 2;

/// Texts of so many octets, and out of so many packs, are read at once; one text may be longer. As much again is read
/// while they are looked at.
const BATCH_BYTES: usize = 3 * 1024 * 1024;
const BATCH_PACKS: usize = 32;

/// Of how many messages it is asked at once where their texts lie, and how many octets of text one call shows: nothing
/// is read meanwhile while a call begins or ends.
pub const AT_ONCE: usize = 32_768;
const AT_ONCE_BYTES: u64 = 64 * 1024 * 1024;

/// Of how many messages the octets are held at once where texts are derived from them.
const DERIVED: usize = 16;

/// A pack, and what is known of it.
struct KeptPack {
    number: u32,
    pack: Value,
    /// Where texts begin that are as they were stored, ascending: what lies in a pack never changes.
    checked: Vec<u32>,
    /// The cache's clock when it was asked for last.
    used: u64,
}

impl KeptPack {
    fn weight(&self) -> usize {
        self.pack.len().max(LEAST_WEIGHT)
    }
}

/// Packs of texts that were searched. Numbers of packs are never used again, so none of it becomes wrong.
pub struct TextCache {
    /// By ascending number, which is how a search mostly asks for them.
    packs: Vec<KeptPack>,
    weight: usize,
    limit: usize,
    /// How many octets of packs were asked for so far.
    clock: u64,
}

impl Default for TextCache {
    fn default() -> Self {
        TextCache::new(KEPT_BYTES)
    }
}

impl TextCache {
    fn new(limit: usize) -> Self {
        TextCache { packs: Vec::new(), weight: 0, limit, clock: 0 }
    }

    fn find(&self, number: u32) -> std::result::Result<usize, usize> {
        self.packs.binary_search_by_key(&number, |kept| kept.number)
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut KeptPack> {
        let at = self.find(number).ok()?;
        self.packs.get_mut(at)
    }

    /// The pack, where it is kept.
    fn get(&mut self, number: u32) -> Option<Value> {
        let clock = self.clock;
        let kept = self.get_mut(number)?;
        kept.used = clock;
        let pack = kept.pack.clone();
        self.clock += pack.len() as u64;
        Some(pack)
    }

    /// What was checked of a pack, to be given back by [`TextCache::keep`].
    fn take_checked(&mut self, number: u32) -> Vec<u32> {
        self.get_mut(number).map(|kept| std::mem::take(&mut kept.checked)).unwrap_or_default()
    }

    /// Keeps what was checked of a pack, and the pack, where there is room for it.
    fn keep(&mut self, number: u32, pack: &Value, checked: Vec<u32>) {
        if let Some(kept) = self.get_mut(number) {
            kept.checked = checked;
            return;
        }
        let new = KeptPack { number, pack: pack.clone(), checked, used: self.clock };
        self.clock += pack.len() as u64;
        if self.weight + new.weight() > self.limit {
            let oldest = self.clock.saturating_sub(PATIENCE * self.limit as u64);
            self.packs.retain(|kept| kept.used >= oldest);
            self.weight = self.packs.iter().map(KeptPack::weight).sum();
        }
        if self.weight + new.weight() <= self.limit
            && let Err(at) = self.find(number)
        {
            self.weight += new.weight();
            self.packs.insert(at, new);
        }
    }

    /// How many packs are kept.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.packs.len()
    }

    /// Forgets a pack.
    fn forget(&mut self, number: u32) {
        if let Ok(at) = self.find(number) {
            self.weight -= self.packs.remove(at).weight();
        }
    }

    /// Forgets the pack of this key, if it is one of texts.
    pub fn remove(&mut self, key: &Key) {
        if let Some(number) = layout::number_of_pack(PackKind::Text, key) {
            self.forget(number);
        }
    }
}

/// A text that is wanted: its place among those that were asked for, and where it lies.
type Wanted = (usize, Place);

/// How many of these, by pack, are read at once: all of a pack are, or none.
fn batch(wanted: &[Wanted]) -> usize {
    let (mut octets, mut packs, mut last) = (0usize, 0, 0);
    for (count, (_, place)) in wanted.iter().enumerate() {
        if place.pack != last {
            packs += 1;
            if count > 0 && (octets > BATCH_BYTES || packs > BATCH_PACKS) {
                return count;
            }
        }
        last = place.pack;
        octets = octets.saturating_add(place.length as usize);
    }
    wanted.len()
}

/// The numbers of the packs in which these lie, which are by pack; ascending.
fn packs_of(texts: &[Wanted]) -> Vec<u32> {
    let mut numbers: Vec<u32> = Vec::new();
    for texts in texts.chunk_by(|(_, one), (_, other)| one.pack == other.pack) {
        // What fills several packs has those after its first one.
        let longest = texts.iter().map(|(_, place)| place).max_by_key(|place| place.length);
        for (number, _) in longest.into_iter().flat_map(Place::pieces) {
            if numbers.last().is_none_or(|last| *last < number) {
                numbers.push(number);
            }
        }
    }
    numbers
}

/// Shows texts that lie in one pack, by ascending offset. Those that are not as they were stored are lost.
#[cfg_attr(own_std, optimize(speed))]
fn show(
    pack: &Value,
    checked: &mut Vec<u32>,
    texts: &[Wanted],
    read: &mut TextReader<'_>,
    lost: &mut Vec<usize>,
) {
    let end = |place: &Place| (place.offset as usize).saturating_add(place.length as usize);
    let begin = texts.first().map_or(0, |(_, first)| first.offset as usize);
    let last = texts.iter().map(|(_, place)| end(place)).max().unwrap_or(begin);
    let mut new: Vec<u32> = Vec::new();
    pack.slice(begin..last).with(|bytes| {
        let mut known = checked.as_slice();
        for (at, place) in texts {
            while let Some((_, later)) = known.split_first().filter(|(offset, _)| **offset < place.offset) {
                known = later;
            }
            let is_known = known.first() == Some(&place.offset);
            let text = bytes.get((place.offset as usize).saturating_sub(begin)..end(place) - begin);
            match text.filter(|text| is_known || platform::crc32(text) == place.checksum) {
                Some(text) => {
                    read(*at, text);
                    if !is_known {
                        new.push(place.offset);
                    }
                }
                None => lost.push(*at),
            }
        }
    });
    if !new.is_empty() {
        checked.append(&mut new);
        sorting::sort(checked);
        checked.dedup();
    }
}

impl Engine {
    /// Shows the searchable texts of the first of these contents, with their places among them, in any order; returns
    /// how many contents that were. Those that were not shown have no octets any more. A text that is damaged or not
    /// there is derived anew.
    ///
    /// The directory in memory may be behind: packs are folded and numbers never used again, so a text that is not
    /// there says to look anew.
    pub(super) async fn texts(&self, contents: &[ContentNumber], read: &mut TextReader<'_>) -> Result<usize> {
        let places = self.content_places(contents, |entry| entry.text).await?;
        let mut octets = 0;
        let mut fits = |place: &Option<Place>| {
            let before = octets;
            octets += place.map_or(0, |place| u64::from(place.length));
            before == 0 || octets <= AT_ONCE_BYTES
        };
        let count = places.iter().take_while(|place| fits(place)).count();
        let known = places.iter().take(count).enumerate();
        let known = known.filter_map(|(at, place)| Some((at, (*place)?))).collect();
        let mut lost = self.show_all(known, read).await?;
        for (at, (number, place)) in contents.iter().zip(&places).enumerate().take(count) {
            if *number != NO_CONTENT && place.is_none() {
                lost.push(at);
            }
        }
        if lost.is_empty() {
            return Ok(count);
        }
        let number = |at: &usize| contents.get(*at).copied().unwrap_or(NO_CONTENT);
        let numbers: Vec<ContentNumber> = lost.iter().map(number).collect();
        self.forget_directory(&numbers);
        let places = self.content_places(&numbers, |entry| entry.text).await?;
        let rest = lost.iter().zip(places).filter_map(|(at, place)| Some((*at, place?))).collect();
        let damaged = self.show_all(rest, read).await?;
        for few in damaged.chunks(DERIVED) {
            let octets = self.octets(&few.iter().map(number).collect::<Vec<_>>()).await?;
            for (at, octets) in few.iter().zip(octets) {
                if let Some(octets) = octets {
                    read(*at, octets.with(extract).text.as_bytes());
                }
            }
        }
        Ok(count)
    }

    /// Shows these texts, batch after batch, in the order in which they lie. Returns the places of those that are not
    /// there or damaged.
    async fn show_all(&self, mut wanted: Vec<Wanted>, read: &mut TextReader<'_>) -> Result<Vec<usize>> {
        let order = |(_, place): &Wanted| (place.pack, place.offset);
        if !wanted.is_sorted_by_key(order) {
            sorting::sort_by_key(&mut wanted, order);
        }
        let (mut turn, mut lost) = (Turn::begin(), Vec::new());
        let (mut texts, mut later) = wanted.split_at(batch(&wanted));
        let mut numbers = packs_of(texts);
        let (mut packs, _) = self.text_packs(&numbers).await?;
        while !texts.is_empty() {
            let (next, after) = later.split_at(batch(later));
            let next_numbers = packs_of(next);
            // The store is at work while texts are looked at.
            let shown = async { Ok(self.show_texts(texts, &numbers, &packs, read)) };
            let ahead = self.text_packs(&next_numbers);
            let ((ahead, was_read), mut missing) = futures::try_join!(ahead, shown)?;
            lost.append(&mut missing);
            (texts, later, numbers, packs) = (next, after, next_numbers, ahead);
            // While the store was waited for, others had their turn.
            if was_read {
                turn = Turn::begin();
            } else {
                turn.pass().await;
            }
        }
        Ok(lost)
    }

    /// Shows these texts, which are by pack, out of the packs of these numbers. Returns the places of those that are
    /// not there or damaged.
    fn show_texts(
        &self,
        wanted: &[Wanted],
        numbers: &[u32],
        packs: &[Option<Value>],
        read: &mut TextReader<'_>,
    ) -> Vec<usize> {
        let find = |number: u32| packs.get(numbers.binary_search(&number).ok()?)?.as_ref();
        let mut lost = Vec::new();
        for texts in wanted.chunk_by(|(_, one), (_, other)| one.pack == other.pack) {
            let Some((_, place)) = texts.first() else { continue };
            let one_pack = place.pieces().count() == 1;
            if let Some(pack) = find(place.pack).filter(|_| one_pack) {
                let mut checked = self.pages.borrow_mut().texts.take_checked(place.pack);
                let before = lost.len();
                show(pack, &mut checked, texts, read, &mut lost);
                let mut cache = self.pages.borrow_mut();
                if lost.len() > before {
                    // It is read anew: what is in memory says nothing of what is stored by now.
                    cache.texts.forget(place.pack);
                } else {
                    cache.texts.keep(place.pack, pack, checked);
                }
                continue;
            }
            // The empty one, which lies nowhere, and such as fill several packs.
            for (at, place) in texts {
                let pieces: Vec<Value> =
                    place.pieces().filter_map(|(number, _)| find(number).cloned()).collect();
                match place.read(&pieces) {
                    Ok(text) => text.with(|text| read(*at, text)),
                    Err(_) => lost.push(*at),
                }
            }
        }
        lost
    }

    /// These packs, as far as they are there, and whether the store was asked for any.
    async fn text_packs(&self, numbers: &[u32]) -> Result<(Vec<Option<Value>>, bool)> {
        let mut packs: Vec<Option<Value>> = {
            let mut cache = self.pages.borrow_mut();
            numbers.iter().map(|number| cache.texts.get(*number)).collect()
        };
        let missing = numbers.iter().zip(&packs).filter(|(_, pack)| pack.is_none());
        let keys: Vec<Key> = missing.map(|(number, _)| layout::pack(PackKind::Text, *number)).collect();
        if keys.is_empty() {
            return Ok((packs, false));
        }
        let read = self.read(Read { keys, ..Read::default() }).await?.values;
        for (pack, record) in packs.iter_mut().filter(|pack| pack.is_none()).zip(read) {
            *pack = record;
        }
        Ok((packs, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(kilobytes: usize) -> Value {
        Value::from(vec![1; kilobytes * 1024])
    }

    /// Asks for packs of 100 KB as a search does; how many of them were kept.
    fn search(cache: &mut TextCache, packs: std::ops::Range<u32>) -> usize {
        let kept = packs.clone().filter(|number| cache.get(*number).is_some()).count();
        for number in packs {
            let checked = cache.take_checked(number);
            cache.keep(number, &pack(100), checked);
            assert!(cache.weight <= cache.limit);
            assert_eq!(cache.weight, cache.packs.iter().map(KeptPack::weight).sum::<usize>());
        }
        kept
    }

    #[test]
    fn what_is_kept_is_bounded_and_lasts_while_it_is_of_use() {
        let mut cache = TextCache::new(1024 * 1024);
        assert_eq!(search(&mut cache, 0..8), 0);
        assert_eq!(search(&mut cache, 0..8), 8);
        // Of more than there is room for, the first ones stay.
        assert_eq!(search(&mut cache, 0..14), 8);
        assert_eq!(search(&mut cache, 0..14), 10);
        assert_eq!(search(&mut cache, 0..14), 10);
        // Others take their place, but not at once.
        assert_eq!(search(&mut cache, 20..28), 0);
        let kept = (0..3).map(|_| search(&mut cache, 20..28)).last();
        assert_eq!(kept, Some(8));
        cache.remove(&layout::pack(PackKind::Content, 20));
        assert!(cache.get(20).is_some());
        cache.remove(&layout::pack(PackKind::Text, 20));
        assert!(cache.get(20).is_none() && cache.get(21).is_some());
        for number in 100..1100 {
            cache.keep(number, &Value::from(vec![1]), Vec::new());
        }
        assert!(cache.weight <= cache.limit && cache.packs.len() <= 64);
    }

    #[test]
    fn a_batch_is_bounded_by_octets_and_by_packs() {
        let place = |pack, length| Place { pack, offset: 0, length, checksum: 0 };
        let several = |count: u32, length: u32, same: u32| -> Vec<Wanted> {
            (0..count).map(|at| (at as usize, place(1 + at / same, length))).collect()
        };
        assert_eq!(batch(&[]), 0);
        assert_eq!(batch(&several(100, 10, 1)), BATCH_PACKS);
        assert_eq!(batch(&several(10_000, 100, 1000)), 10_000);
        assert_eq!(batch(&several(100, 1 << 20, 2)), 4, "whole packs");
        assert_eq!(batch(&several(3, u32::MAX / 4, 1)), 1, "one may be longer");
        assert_eq!(batch(&[(0, place(0, 0)), (1, place(7, 9_000_000)), (2, place(8, 1))]), 2);
    }

    #[test]
    fn each_text_is_checked_once() {
        let stored = Value::from(b"onetwothree".to_vec());
        let place = |offset, length, checksum: &[u8]| Place {
            pack: 1,
            offset,
            length,
            checksum: platform::crc32(checksum),
        };
        let texts = [(7, place(0, 3, b"one")), (8, place(3, 3, b"TWO")), (9, place(6, 5, b"three"))];
        let mut checked = Vec::new();
        let mut shown = |pack: &Value, texts: &[Wanted]| {
            let (mut read, mut lost) = (Vec::new(), Vec::new());
            let mut reader = |at: usize, text: &[u8]| read.push((at, text.to_vec()));
            show(pack, &mut checked, texts, &mut reader, &mut lost);
            (read, lost, checked.clone())
        };
        let (one, three) = ((7, b"one".to_vec()), (9, b"three".to_vec()));
        assert_eq!(shown(&stored, &texts[2..]), (vec![three.clone()], vec![], vec![6]));
        assert_eq!(shown(&stored, &texts), (vec![one, three], vec![8], vec![0, 6]));
        // What was found right is not looked at again; what was not, is.
        let changed = Value::from(b"ONETWOTHREE".to_vec());
        let (read, lost, _) = shown(&changed, &texts);
        assert_eq!((read.len(), lost.len()), (3, 0));
        let short = Value::from(b"one".to_vec());
        assert_eq!(shown(&short, &texts).1, [8, 9]);
    }
}
