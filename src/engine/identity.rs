//! The identity index: thread keys to threads, email ids to contents and
//! messages, threads to messages. Hash buckets, and a log of postings not yet
//! folded into them, so that a delivery writes a few bytes and not every
//! bucket it touches. Here: postings, buckets, lookup. Not here: folding.
//!
//! A posting may outlive its message; who follows one looks whether the
//! message is there.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::codec::{Reader, Writer, decoded, unseal};
use super::layout::{self, ContentNumber, MailboxNumber};
use super::shared::IdentityHead;
use crate::model::{Error, ErrorCode, Result, Uid, Value};
use crate::store::Key;

/// Version 1 had facts of 33 bytes each, their numbers of four.
const VERSION: u8 = 2;

/// How many postings a bucket holds on average after a fold: about 8 KB.
const BUCKET_POSTINGS: u64 = 256;

/// The most bytes of buckets kept in memory.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// What is looked up: a thread key, or the first 16 bytes of an id.
pub type Hash = [u8; 16];

/// One fact of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Posting {
    /// Messages with this thread key belong to this thread.
    Thread {
        /// The bytes of the thread's id.
        thread: [u8; 16],
    },
    /// Messages with this email id have this content; one of them is here.
    Email { content: ContentNumber, mailbox: MailboxNumber, uid: Uid },
    /// A message of this thread is here.
    Member { mailbox: MailboxNumber, uid: Uid },
}

/// A fact and what it is about.
pub type Fact = (Hash, Posting);

const FACT_BYTES_1: usize = 33;

fn write_fact(out: &mut Writer, (hash, posting): &Fact) {
    out.raw(hash);
    match posting {
        Posting::Thread { thread } => out.u8(1).raw(thread),
        Posting::Email { content, mailbox, uid } => {
            out.u8(2).varint((*content).into()).varint((*mailbox).into()).varint((*uid).into())
        }
        Posting::Member { mailbox, uid } => out.u8(3).varint((*mailbox).into()).varint((*uid).into()),
    };
}

fn damaged() -> Error {
    Error::corrupt("a stored record of the identity index is damaged")
}

fn read_fact(input: &mut Reader<'_>) -> Result<Fact> {
    let hash = input.array()?;
    let posting = match input.u8()? {
        1 => Posting::Thread { thread: input.array()? },
        2 => Posting::Email {
            content: input.varint_u32()?,
            mailbox: input.varint_u32()?,
            uid: input.varint_u32()?,
        },
        3 => Posting::Member { mailbox: input.varint_u32()?, uid: input.varint_u32()? },
        _ => return Err(damaged()),
    };
    Ok((hash, posting))
}

fn read_fact_1(bytes: &[u8]) -> Option<Fact> {
    let (hash, rest) = bytes.split_first_chunk::<16>()?;
    let (kind, rest) = rest.split_first()?;
    let number = |at: usize| Some(u32::from_le_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    let posting = match kind {
        1 => Posting::Thread { thread: rest.get(..16)?.try_into().ok()? },
        2 => Posting::Email { content: number(0)?, mailbox: number(4)?, uid: number(8)? },
        3 => Posting::Member { mailbox: number(0)?, uid: number(4)? },
        _ => return None,
    };
    Some((*hash, posting))
}

/// The bytes of a log record or a bucket; a bucket's facts are sorted.
pub fn encode_facts(key: &Key, facts: &[Fact]) -> Vec<u8> {
    let mut out = Writer::new();
    for fact in facts {
        write_fact(&mut out, fact);
    }
    out.seal(key, VERSION)
}

/// The facts of a log record or a bucket.
pub fn decode_facts(key: &Key, record: &[u8]) -> Result<Vec<Fact>> {
    let mut input = unseal(key, record, VERSION, "record of the identity index")?;
    if input.version() == 1 {
        let facts = input.rest().chunks(FACT_BYTES_1);
        return facts.map(|bytes| read_fact_1(bytes).ok_or_else(damaged)).collect();
    }
    let mut facts = Vec::with_capacity(input.rest().len() / FACT_BYTES_1);
    while !input.rest().is_empty() {
        facts.push(read_fact(&mut input)?);
    }
    Ok(facts)
}

/// The facts of a record, as far as they can be read: of what a damaged one told nothing is known, so
/// that a message may begin a thread or be stored once more, but mail still comes in.
pub fn readable(key: &Key, record: Option<&Value>) -> Result<Vec<Fact>> {
    match record.map(|record| decoded(key, record, decode_facts)) {
        Some(Err(error)) if error.code() == ErrorCode::Corrupt => Ok(Vec::new()),
        facts => Ok(facts.transpose()?.unwrap_or_default()),
    }
}

/// The bucket of a hash among two to the `depth`.
pub fn bucket_of(hash: &Hash, depth: u8) -> u32 {
    let [a, b, c, d, ..] = hash;
    let prefix = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
    ((prefix << depth) >> 32) as u32
}

/// How deep an index of this many postings is.
pub fn depth_for(postings: u64) -> u8 {
    let buckets = postings.div_ceil(BUCKET_POSTINGS).max(1);
    (64 - (buckets - 1).leading_zeros()).min(24) as u8
}

/// Log records past which a fold is due however small they are: whoever opens
/// the database reads them all.
const MAX_LOG_RECORDS: u32 = 4096;

/// Whether the log has grown enough to be folded.
pub fn wants_fold(head: &IdentityHead) -> bool {
    head.logged > (head.folded / 4).clamp(16_384, 262_144)
        || head.next_log.saturating_sub(head.first_log) > MAX_LOG_RECORDS
}

/// What is in memory of the index: the log whole, and the buckets last looked at.
#[derive(Default)]
pub struct IdentityCache {
    generation: u32,
    first_log: u32,
    next_log: u32,
    log: HashMap<Hash, Vec<Posting>>,
    buckets: HashMap<u32, Rc<Vec<Fact>>>,
    bucket_bytes: usize,
}

impl IdentityCache {
    /// Makes the cache one of this head; what another generation left is
    /// dropped, and buckets are where they grew too many. Called before a
    /// lookup, never within one: what `missing` counted on must stay.
    pub fn align(&mut self, head: &IdentityHead) {
        if self.bucket_bytes > CACHE_BYTES {
            self.buckets.clear();
            self.bucket_bytes = 0;
        }
        if self.generation != head.generation
            || self.first_log != head.first_log
            || self.next_log > head.next_log
        {
            *self = IdentityCache {
                generation: head.generation,
                first_log: head.first_log,
                next_log: head.first_log,
                ..IdentityCache::default()
            };
        }
    }

    /// The log records that are still to be read, and the buckets of these hashes that are.
    pub fn missing(&self, head: &IdentityHead, hashes: &[Hash]) -> Vec<Key> {
        let logs = (self.next_log..head.next_log).map(layout::identity_log);
        let wanted: HashSet<u32> = if head.folded == 0 {
            HashSet::new()
        } else {
            hashes.iter().map(|hash| bucket_of(hash, head.depth)).collect()
        };
        let mut buckets: Vec<u32> =
            wanted.into_iter().filter(|number| !self.buckets.contains_key(number)).collect();
        buckets.sort_unstable();
        logs.chain(buckets.into_iter().map(|number| layout::bucket(head.generation, number))).collect()
    }

    /// Takes in records that [`IdentityCache::missing`] asked for.
    pub fn take(&mut self, head: &IdentityHead, key: &Key, record: Option<&Value>) -> Result<()> {
        if *key == layout::identity_log(self.next_log) && self.next_log < head.next_log {
            self.extend(&readable(key, record)?);
            return Ok(());
        }
        // A bucket in which nothing is, is not written.
        let facts = readable(key, record)?;
        if let Some(number) = key.u32_at(5) {
            self.bucket_bytes += facts.len() * std::mem::size_of::<Fact>();
            self.buckets.insert(number, Rc::new(facts));
        }
        Ok(())
    }

    /// Adds the next log record, which this program has written itself or just read.
    pub fn extend(&mut self, facts: &[Fact]) {
        for (hash, posting) in facts {
            self.log.entry(*hash).or_default().push(*posting);
        }
        self.next_log += 1;
    }

    /// Up to which log record the cache knows.
    pub fn next_log(&self) -> u32 {
        self.next_log
    }

    /// What is known of a hash; the oldest first. Its bucket must be in memory.
    pub fn lookup(&self, head: &IdentityHead, hash: &Hash) -> Vec<Posting> {
        let mut found = Vec::new();
        if let Some(bucket) = self.buckets.get(&bucket_of(hash, head.depth)) {
            let start = bucket.partition_point(|(known, _)| known < hash);
            let same = bucket.iter().skip(start).take_while(|(known, _)| known == hash);
            found.extend(same.map(|(_, posting)| *posting));
        }
        found.extend(self.log.get(hash).into_iter().flatten());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_round_trip() {
        let facts = vec![
            ([1; 16], Posting::Thread { thread: [2; 16] }),
            ([3; 16], Posting::Email { content: 4, mailbox: 5, uid: 6 }),
            ([7; 16], Posting::Member { mailbox: 8, uid: 9 }),
        ];
        let key = layout::identity_log(1);
        assert_eq!(decode_facts(&key, &encode_facts(&key, &facts)).unwrap(), facts);
    }

    #[test]
    fn buckets_cover_the_hashes_evenly() {
        assert_eq!(depth_for(0), 0);
        assert_eq!(depth_for(256), 0);
        assert_eq!(depth_for(257), 1);
        assert_eq!(bucket_of(&[0xff; 16], 0), 0);
        assert_eq!(bucket_of(&[0xff; 16], 10), 1023);
        let mut hash = [0; 16];
        hash[0] = 0x80;
        assert_eq!(bucket_of(&hash, 1), 1);
    }
}
