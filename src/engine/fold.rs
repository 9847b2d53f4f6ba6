//! Folding: the identity index's log into its buckets, and small or half-empty
//! packs into full ones. Both work beside other writers and cost nothing when
//! they are cut short: what is half done is not referred to by anything.

use std::collections::{HashMap, HashSet};

use super::codec::{decoded, unless_damaged};
use super::contents::{open_directory, open_pack_table, write_packs};
use super::directory::PackUse;
use super::identity::{Fact, Posting, bucket_of, decode_facts, depth_for, encode_facts, readable};
use super::layout::{self, DIRECTORY_ROWS, MailboxNumber, PackKind};
use super::packs::{CHUNK_BYTES, SMALL_PACK_BYTES, read_header};
use super::shared::{IdentityHead, Shared};
use super::{Engine, HOUSEKEEPING};
use crate::model::{Result, Value, sorting};
use crate::platform::{self, Pauses};
use crate::store::{Key, KeyRange, Read, Scan};

/// A fold that began longer ago than this is taken for dead.
const FOLD_PATIENCE_MS: i64 = 60_000;

/// Bytes of buckets that one commit of a fold writes, and reads.
const FOLD_BYTES: usize = 512 * 1024;

/// Bytes that one folding of packs moves at most.
const PACK_FOLD_BYTES: u32 = 2 * 1024 * 1024;

impl Engine {
    /// Writes a new generation of buckets with what the log holds, then makes it the one.
    /// `wanted` is asked of the index as it now is: another tab may just have done it.
    pub(super) async fn fold_identity(
        &self,
        wanted: impl Fn(&IdentityHead) -> bool,
        pauses: &Pauses,
    ) -> Result<()> {
        pauses.next().await;
        let Some((head, generation)) = self.begin_fold(wanted).await? else { return Ok(()) };
        let logged = self.read_logs(&head).await?;
        let numbers: HashSet<MailboxNumber> =
            self.fresh_names().await?.entries.iter().map(|entry| entry.number).collect();
        let depth = depth_for(head.folded + logged.len() as u64).max(head.depth);
        let mut log = logged.iter().copied().peekable();
        let old_buckets: u32 = if head.folded == 0 { 0 } else { 1 << head.depth };
        let mut folded = 0;
        let mut next_new = 0u32;
        let mut carried: Vec<Fact> = Vec::new();
        let per_read =
            (FOLD_BYTES as u64 / (head.folded * 33 / u64::from(old_buckets.max(1))).max(4096)).max(1) as u32;
        let mut first_old = 0u32;
        while next_new < 1 << depth {
            pauses.next().await;
            // Old buckets are ranges of the same prefixes, so new ones follow in order.
            let last_old = first_old.saturating_add(per_read).min(old_buckets);
            let keys: Vec<Key> =
                (first_old..last_old).map(|number| layout::bucket(head.generation, number)).collect();
            let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
            for (key, record) in keys.iter().zip(&snapshot.values) {
                carried.extend(readable(key, record.as_ref())?);
            }
            first_old = last_old;
            let until = if first_old >= old_buckets { 1 << depth } else { first_old << (depth - head.depth) };
            while let Some(fact) = log.next_if(|(hash, _)| bucket_of(hash, depth) < until) {
                carried.push(fact);
            }
            carried.retain(|fact| self.is_worth_keeping(fact, &numbers));
            sorting::sort(&mut carried);
            carried.dedup();
            folded += carried.len() as u64;
            let facts = std::mem::take(&mut carried);
            let mut groups: HashMap<u32, &[Fact]> = HashMap::new();
            for group in facts.chunk_by(|(a, _), (b, _)| bucket_of(a, depth) == bucket_of(b, depth)) {
                if let Some((hash, _)) = group.first() {
                    groups.insert(bucket_of(hash, depth), group);
                }
            }
            self.transact(HOUSEKEEPING, async |assembly| {
                for (number, facts) in &groups {
                    let key = layout::bucket(generation, *number);
                    assembly.put(key, encode_facts(&key, facts));
                }
                Ok(())
            })
            .await?;
            next_new = until;
        }
        pauses.next().await;
        self.finish_fold(&head, generation, depth, folded).await
    }

    /// Whether a fact still says something: of a message that is known to be gone, it does not.
    fn is_worth_keeping(&self, (_, posting): &Fact, numbers: &HashSet<MailboxNumber>) -> bool {
        let (mailbox, uid) = match posting {
            Posting::Thread { .. } => return true,
            Posting::Email { mailbox, uid, .. } | Posting::Member { mailbox, uid } => (*mailbox, *uid),
        };
        let slots = self.mailboxes.borrow();
        let known = slots.get(&mailbox).map(|slot| slot.known.borrow());
        let loaded = known.as_ref().and_then(|known| known.as_ref()?.value.clone());
        let gone = loaded.is_some_and(|loaded| uid < loaded.core.uid_next && loaded.state.get(uid).is_none());
        numbers.contains(&mailbox) && !gone
    }

    /// Takes a generation's number for a fold, unless none is wanted or another one runs.
    async fn begin_fold(
        &self,
        wanted: impl Fn(&IdentityHead) -> bool,
    ) -> Result<Option<(IdentityHead, u32)>> {
        self.transact(HOUSEKEEPING, async |assembly| {
            let mut shared = Shared::clone(&*assembly.shared().await?);
            let head = &mut shared.identity;
            if !wanted(head) {
                return Ok(None);
            }
            let now_ms = platform::now_ms().max(1);
            if head.folding_since_ms > 0 {
                // One that begins in the future was begun by a wrong clock, and would last until then.
                if (0..FOLD_PATIENCE_MS).contains(&now_ms.saturating_sub(head.folding_since_ms)) {
                    return Ok(None);
                }
                assembly.delete_range(layout::generation(head.next_generation - 1));
            }
            let generation = head.next_generation;
            head.next_generation += 1;
            head.folding_since_ms = now_ms;
            let head = head.clone();
            assembly.set_shared(shared);
            Ok(Some((head, generation)))
        })
        .await
    }

    /// Every fact of the log up to this head, sorted.
    async fn read_logs(&self, head: &IdentityHead) -> Result<Vec<Fact>> {
        let keys: Vec<Key> = (head.first_log..head.next_log).map(layout::identity_log).collect();
        let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
        let mut facts = Vec::new();
        for (key, record) in keys.iter().zip(&snapshot.values) {
            facts.extend(readable(key, record.as_ref())?);
        }
        sorting::sort(&mut facts);
        Ok(facts)
    }

    async fn finish_fold(&self, began: &IdentityHead, generation: u32, depth: u8, folded: u64) -> Result<()> {
        // Older ones too: a fold that was overtaken and then cut short may have left some.
        let folded_away =
            [layout::generations_before(generation), layout::identity_logs(began.first_log, began.next_log)];
        let mut doomed = Vec::new();
        for range in folded_away {
            doomed.extend(self.without_damaged(range).await?);
        }
        self.transact(HOUSEKEEPING, async |assembly| {
            let mut shared = Shared::clone(&*assembly.shared().await?);
            let head = &mut shared.identity;
            if head.next_generation != generation + 1 || head.generation != began.generation {
                // Taken for dead, and overtaken.
                assembly.delete_range(layout::generation(generation));
                return Ok(());
            }
            for range in &doomed {
                assembly.delete_range(*range);
            }
            head.generation = generation;
            head.depth = depth;
            head.folded = folded;
            head.first_log = began.next_log;
            head.logged = head.logged.saturating_sub(began.logged);
            head.folding_since_ms = 0;
            assembly.set_shared(shared);
            Ok(())
        })
        .await
    }

    /// A range of the identity index but for its damaged records, which stay where they are.
    async fn without_damaged(&self, range: KeyRange) -> Result<Vec<KeyRange>> {
        let mut ranges = Vec::new();
        let mut left = range;
        let mut from = range.from;
        loop {
            let scan = Scan { max_bytes: FOLD_BYTES, ..Scan::all(KeyRange { from, ..range }) };
            let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
            let rows: Vec<(Key, Value)> = snapshot.scanned.into_iter().flatten().collect();
            let Some((last, _)) = rows.last() else { break };
            from = last.then(&[0]);
            for (key, record) in rows {
                if unless_damaged(decoded(&key, &record, decode_facts))?.is_none() {
                    ranges.push(KeyRange { to: Some(key), ..left });
                    left.from = key.then(&[0]);
                }
            }
        }
        ranges.push(left);
        Ok(ranges)
    }

    /// Moves what is left in small and half-empty packs into full ones.
    pub(super) async fn fold_packs(&self, kind: PackKind) -> Result<()> {
        self.transact(HOUSEKEEPING, async |assembly| {
            let mut shared = Shared::clone(&*assembly.shared().await?);
            let next_pack = *shared.next_pack(kind);
            let table_pages = 0..next_pack.div_ceil(DIRECTORY_ROWS);
            let mut tables =
                open_pack_table(assembly, kind, table_pages.map(|page| page * DIRECTORY_ROWS)).await?;
            let candidates = worth_folding(
                (1..next_pack).map(|pack| (pack, tables.get(pack).copied().unwrap_or_default())),
            );
            let mut bytes = 0;
            let chosen: Vec<(u32, PackUse)> = candidates
                .iter()
                .copied()
                .take_while(|(_, usage)| {
                    bytes += usage.total;
                    bytes <= PACK_FOLD_BYTES
                })
                .collect();
            let half_empty = chosen.iter().any(|(_, usage)| usage.total >= SMALL_PACK_BYTES);
            *shared.foldable_packs(kind) = (candidates.len() - chosen.len()) as u32;
            if chosen.len() < 2 && !half_empty {
                assembly.set_shared(shared);
                return Ok(());
            }
            assembly.fetch(chosen.iter().map(|(pack, _)| layout::pack(kind, *pack))).await?;
            let mut moved: Vec<(u32, u32, Vec<u8>)> = Vec::new();
            let mut headers = Vec::with_capacity(chosen.len());
            for (pack, usage) in &chosen {
                let Some(record) = assembly.record(&layout::pack(kind, *pack)).cloned() else { continue };
                if let Some(header) = unless_damaged(read_header(&record))? {
                    headers.push((*pack, *usage, header, record));
                }
            }
            let contents =
                headers.iter().flat_map(|(_, _, header, _)| header.iter().map(|(number, _, _)| *number));
            let mut directory = open_directory(assembly, contents).await?;
            for (pack, usage, header, record) in &headers {
                let mut leaving: Vec<(u32, u32, Vec<u8>)> = Vec::new();
                for (content, offset, length) in header {
                    let Some(entry) = directory.get(*content) else { continue };
                    let place = if kind == PackKind::Content { entry.content } else { entry.text };
                    if entry.references == 0 {
                        continue;
                    }
                    // A piece of a long message stays where its other pieces expect it, and so does
                    // what is damaged.
                    if (place.pack, place.offset, place.length) == (*pack, *offset, *length)
                        && let Some(bytes) = unless_damaged(place.read(std::slice::from_ref(record)))?
                    {
                        leaving.push((*content, *pack, bytes.to_vec()));
                    }
                }
                if leaving.iter().map(|(_, _, bytes)| bytes.len()).sum::<usize>() == usage.live as usize {
                    moved.append(&mut leaving);
                    tables.change(*pack, |usage| *usage = PackUse::default());
                    assembly.delete(layout::pack(kind, *pack));
                }
            }
            tables.write(assembly);
            let items: Vec<(u32, &[u8])> =
                moved.iter().map(|(content, _, bytes)| (*content, bytes.as_slice())).collect();
            let before = *shared.foldable_packs(kind);
            let places = write_packs(assembly, &mut shared, kind, &items).await?;
            // A pack that came out small waits for company without being counted again.
            *shared.foldable_packs(kind) = before;
            for ((content, _, _), place) in moved.iter().zip(places) {
                directory.change(*content, |entry| {
                    let old = match kind {
                        PackKind::Content => &mut entry.content,
                        PackKind::Text => &mut entry.text,
                    };
                    *old = place;
                });
            }
            directory.write(assembly);
            assembly.set_shared(shared);
            Ok(())
        })
        .await
    }
}

/// The packs that are small or half empty. A piece of a long message is
/// neither: it stays behind the full piece before it.
fn worth_folding(packs: impl Iterator<Item = (u32, PackUse)>) -> Vec<(u32, PackUse)> {
    let mut after_full_piece = false;
    packs
        .filter(|(_, usage)| {
            let is_piece = std::mem::replace(&mut after_full_piece, usage.total as usize == CHUNK_BYTES);
            let small = usage.total < SMALL_PACK_BYTES || usage.live < usage.total / 2;
            usage.live > 0 && small && !is_piece
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_long_messages_do_not_keep_other_packs_from_being_folded() {
        let pack = |total: u32| PackUse { total, live: total };
        let piece = CHUNK_BYTES as u32;
        // Two hundred messages of a little more than 1 MB, then a single delivery.
        let mut packs: Vec<PackUse> = (0..200).flat_map(|_| [pack(piece), pack(20_000)]).collect();
        packs.extend([pack(250_000), pack(3_000), PackUse { total: 260_000, live: 9 }, PackUse::default()]);
        let found: Vec<u32> = worth_folding((1..).zip(packs)).into_iter().map(|(pack, _)| pack).collect();
        assert_eq!(found, [402, 403]);
    }
}
