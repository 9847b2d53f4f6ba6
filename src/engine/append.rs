//! Appending new messages: parsing, hashing, threads, and the commit that
//! brings them in. Not here: rows and contents, which others write too.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::Engine;
use super::assembly::{Assembly, Step};
use super::change::Place;
use super::contents::{self, store_contents};
use super::identity::{Fact, Hash, Posting};
use super::layout::{MailboxNumber, SHARED, mailbox_guard};
use super::rows::{self, NewRow, append_rows, read_only};
use super::shared::Shared;
use super::stored::{IdsRow, IndexRow};
use crate::mime::{ThreadKey, extract};
use crate::model::{
    AppendMessage, EmailId, FlagOp, Flags, Message, Result, SystemFlags, ThreadId, Uid, Value, ZonedTime,
};
use crate::platform;
use crate::store::{Durability, Key};

/// Up to so many octets are appended while the store is held: a delivery, some milliseconds.
const AT_ONCE_BYTES: usize = 256 * 1024;

/// A message, parsed and hashed before any attempt begins.
pub struct Prepared {
    pub raw: Value,
    pub digest: [u8; 32],
    list_row: Vec<u8>,
    pub text: Vec<u8>,
    thread_keys: Vec<ThreadKey>,
    flags: Flags,
    internal_date: ZonedTime,
}

impl Prepared {
    /// Parses a message. Any octets will do (semantics 64).
    pub fn new(message: AppendMessage, now_ms: i64) -> Prepared {
        let raw = message.raw.to_local();
        let (digest, extracted) = raw.with(|octets| (Sha256::digest(octets).into(), extract(octets)));
        let mut list_row = Vec::new();
        extracted.row.encode(&mut list_row);
        Prepared {
            raw,
            digest,
            list_row,
            text: extracted.text.into_bytes(),
            thread_keys: extracted.thread_keys,
            flags: message.flags.without(SystemFlags::RECENT),
            internal_date: message
                .internal_date
                .unwrap_or(ZonedTime { timestamp_ms: now_ms, zone_minutes: 0 }),
        }
    }

    /// Everything of it that is looked up in the identity index.
    fn hashes(&self) -> impl Iterator<Item = Hash> + '_ {
        self.thread_keys.iter().map(|key| key.0).chain([self.email_hash()])
    }

    pub fn email_hash(&self) -> Hash {
        let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = self.digest;
        hash
    }
}

/// The first 16 bytes of what an id was made from; of an id from outside, of its digest.
pub fn id_hash(bytes: Option<Vec<u8>>, text: &str) -> Hash {
    let mut hash = [0; 16];
    let source = match bytes {
        Some(bytes) if bytes.len() >= 16 => bytes,
        _ => Sha256::digest(text.as_bytes()).to_vec(),
    };
    for (target, byte) in hash.iter_mut().zip(source) {
        *target = byte;
    }
    hash
}

/// A mailbox that messages are appended to, and how they arrive there.
pub struct Destination {
    pub place: Place,
    /// Besides each message's own.
    pub flags: Flags,
    pub recent: bool,
}

impl Engine {
    /// Appends prepared messages in one commit.
    pub(super) async fn append(
        &self,
        place: &Place,
        prepared: &[Prepared],
        recent: bool,
        durability: Durability,
    ) -> Result<Vec<Message>> {
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        let prepared: Vec<&Prepared> = prepared.iter().collect();
        let save_date_ms = platform::now_ms();
        let destination = [Destination { place: place.clone(), flags: Flags::new(), recent }];
        let appended = self.transact(durability, async |assembly| {
            self.append_within(assembly, &prepared, &destination, save_date_ms).await
        });
        Ok(appended.await?.into_iter().flatten().collect())
    }

    /// Appends prepared messages within an attempt, all of them to each of
    /// these mailboxes: their octets are stored once.
    pub(super) async fn append_within(
        &self,
        assembly: &mut Assembly<'_>,
        prepared: &[&Prepared],
        destinations: &[Destination],
        save_date_ms: i64,
    ) -> Step<Vec<Vec<Message>>> {
        let octets: usize = prepared.iter().map(|message| message.raw.len() + message.text.len()).sum();
        if octets <= AT_ONCE_BYTES {
            assembly.begin_with_next_read();
        }
        let shared = assembly.shared().await?;
        let mut shared = Shared::clone(&shared);
        let mut facts: Vec<Fact> = Vec::new();
        let hashes: Vec<Hash> = prepared.iter().flat_map(|message| message.hashes()).collect();
        // What will be appended to is read along with what is looked up.
        let mut tails: Vec<Key> = contents::tails(&shared).to_vec();
        for destination in destinations {
            assembly.check_name(&destination.place).await?;
            let loaded = assembly.mailbox(destination.place.number).await?;
            if loaded.core.readonly {
                return Err(read_only().into());
            }
            tails.extend(rows::tails(destination.place.number, &loaded.core));
        }
        let found = self.lookup(assembly, &shared, &hashes, tails.into_iter()).await?;
        let threads = assign_threads(&found, prepared, &mut facts)?;
        let rows_each = u32::try_from(destinations.len()).unwrap_or(u32::MAX);
        let contents = store_contents(self, assembly, &mut shared, prepared, rows_each, &found).await?;
        let mut appended = Vec::with_capacity(destinations.len());
        for Destination { place, flags, recent } in destinations {
            let rows: Vec<NewRow> = prepared
                .iter()
                .zip(&threads)
                .zip(&contents)
                .map(|((message, thread), content)| NewRow {
                    flags: message.flags.apply(FlagOp::Add, flags),
                    index: IndexRow {
                        internal_date: message.internal_date,
                        save_date_ms,
                        size: message.raw.len() as u64,
                        content: *content,
                    },
                    ids: IdsRow {
                        email_id: EmailId::from_bytes(&message.digest),
                        thread_id: ThreadId::from_bytes(thread),
                    },
                    list_row: message.list_row.clone(),
                })
                .collect();
            let first_uid = append_rows(assembly, place.number, &place.mailbox_id, &rows, *recent).await?;
            for (uid, row) in (first_uid..).zip(&rows) {
                facts.extend(placed(place.number, uid, row));
            }
            let loaded = assembly.mailbox(place.number).await?;
            let messages = (first_uid..).zip(rows).map(|(uid, row)| Message {
                uid,
                internal_date: row.index.internal_date,
                save_date_ms,
                size: row.index.size,
                flags: loaded.core.keywords.flags(loaded.core.keywords.bits(&row.flags)),
                mod_seq: loaded.core.highest_mod_seq,
                expunged: false,
                damaged: false,
                email_id: Some(row.ids.email_id),
                thread_id: Some(row.ids.thread_id),
            });
            appended.push(messages.collect());
        }
        for destination in destinations {
            let number = destination.place.number;
            let loaded = assembly.mailbox(number).await?;
            assembly.keep_tails(mailbox_guard(number), &rows::tails(number, &loaded.core));
        }
        assembly.keep_tails(SHARED, &contents::tails(&shared));
        assembly.log_facts(&mut shared, facts);
        assembly.set_shared(shared);
        Ok(appended)
    }

    /// Looks hashes up in the identity index, reading what is not in memory,
    /// and in the same read the records that will be wanted `besides`.
    pub(super) async fn lookup(
        &self,
        assembly: &mut Assembly<'_>,
        shared: &Shared,
        hashes: &[Hash],
        besides: impl Iterator<Item = Key>,
    ) -> Step<Found> {
        let head = &shared.identity;
        let missing = {
            let mut cache = self.identity.borrow_mut();
            cache.align(head);
            cache.missing(head, hashes)
        };
        assembly.fetch(missing.iter().copied().chain(besides)).await?;
        let mut cache = self.identity.borrow_mut();
        for key in &missing {
            cache.take(head, key, assembly.record(key))?;
        }
        Ok(hashes.iter().map(|hash| (*hash, cache.lookup(head, hash))).collect())
    }
}

/// What the identity index knows of hashes; the oldest first.
pub type Found = HashMap<Hash, Vec<Posting>>;

/// The thread of each message: the first of its keys that is known says
/// (semantics 155-158), else a new one; then its other keys are known too.
fn assign_threads(found: &Found, prepared: &[&Prepared], facts: &mut Vec<Fact>) -> Result<Vec<[u8; 16]>> {
    let mut known: HashMap<Hash, [u8; 16]> = found
        .iter()
        .filter_map(|(hash, postings)| {
            let thread = postings.iter().find_map(|posting| match posting {
                Posting::Thread { thread } => Some(*thread),
                _ => None,
            })?;
            Some((*hash, thread))
        })
        .collect();
    let mut threads = Vec::with_capacity(prepared.len());
    for message in prepared {
        let thread = match message.thread_keys.iter().find_map(|key| known.get(&key.0)) {
            Some(thread) => *thread,
            None => {
                let mut thread = [0; 16];
                platform::fill_random(&mut thread)?;
                thread
            }
        };
        for key in &message.thread_keys {
            known.entry(key.0).or_insert_with(|| {
                facts.push((key.0, Posting::Thread { thread }));
                thread
            });
        }
        threads.push(thread);
    }
    Ok(threads)
}

/// That a message is there: by its content and by its thread.
pub fn placed(mailbox: MailboxNumber, uid: Uid, row: &NewRow) -> [Fact; 2] {
    let email = id_hash(row.ids.email_id.to_bytes(), row.ids.email_id.as_str());
    let thread = id_hash(row.ids.thread_id.to_bytes(), row.ids.thread_id.as_str());
    [
        (email, Posting::Email { content: row.index.content, mailbox, uid }),
        (thread, Posting::Member { mailbox, uid }),
    ]
}
