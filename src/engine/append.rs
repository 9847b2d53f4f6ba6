//! Appending: rows at a mailbox's end, and new messages with their octets,
//! text, ids and threads. Copy and move append rows through here as well.

use std::collections::HashMap;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::assembly::{Assembly, Step};
use super::core::Core;
use super::directory::{ContentEntry, DirectoryPage, PackTablePage, PackUse, Place};
use super::identity::{Fact, Hash, Posting};
use super::layout::{self, DIRECTORY_ROWS, INDEX_ROWS, LIST_ROWS, MailboxNumber, PackKind, SEALED_ROWS};
use super::notes::Note;
use super::packs::{self, Item, Packed, SMALL_PACK_BYTES};
use super::pages::{ContentNumber, IdsPage, IdsRow, IndexPage, IndexRow, RowPage, encode_flags};
use super::shared::Shared;
use super::{Engine, Loaded};
use crate::mime::{ThreadKey, extract};
use crate::model::{
    AppendMessage, EmailId, Error, ErrorCode, Flags, MailboxId, Message, Result, SystemFlags, ThreadId, Uid,
    Value, ZonedTime,
};
use crate::platform;
use crate::store::{Durability, Key};
use crate::view::{FlagBits, FlagPage, Keywords, MailboxState, PAGE_ROWS};

/// A message's row, on its way to a mailbox's end.
#[derive(Clone)]
pub struct NewRow {
    pub flags: Flags,
    pub index: IndexRow,
    pub ids: IdsRow,
    /// The encoded list row.
    pub list_row: Vec<u8>,
}

/// Appends rows to a mailbox within an attempt; returns the first one's UID.
/// Writes the mailbox's pages and core; `LIMIT` for too many keywords or UIDs.
pub async fn append_rows(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    mailbox_id: &MailboxId,
    rows: &[NewRow],
    recent: bool,
) -> Step<Uid> {
    let loaded = assembly.mailbox(number).await?;
    let mut core = loaded.core.clone();
    let first_row = core.rows();
    let first_uid = core.uid_next;
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    core.uid_next = first_uid
        .checked_add(count)
        .filter(|next| *next < u32::MAX)
        .ok_or_else(|| Error::new(ErrorCode::Limit, "the mailbox has no more UIDs to give"))?;

    let mut keywords = Keywords::clone(&core.keywords);
    for row in rows {
        if !keywords.extend(&row.flags) {
            return Err(too_many_keywords().into());
        }
    }
    if keywords != *core.keywords {
        core.keywords = Rc::new(keywords);
    }

    core.highest_mod_seq += 1;
    let bits: Vec<FlagBits> = rows.iter().map(|row| core.keywords.bits(&row.flags)).collect();
    let pages = append_flags(assembly, number, &loaded, first_row, &bits, core.highest_mod_seq);
    core.size += rows.iter().map(|row| row.index.size).sum::<u64>();
    if recent && count > 0 {
        core.unclaimed_recent.insert_range(first_uid, core.uid_next - 1);
    }
    append_index(assembly, number, &mut core, first_row, rows).await?;
    append_ids(assembly, number, first_row, rows).await?;
    append_list_rows(assembly, number, first_row, rows).await?;
    commit_state(assembly, number, mailbox_id, core, pages);
    Ok(first_uid)
}

/// The error for a keyword past the 56th of a mailbox.
pub fn too_many_keywords() -> Error {
    Error::new(ErrorCode::Limit, format!("a mailbox has at most {} keywords", FlagBits::MAX_KEYWORDS))
}

/// Writes a mailbox's core with the counts of these pages.
pub fn commit_state(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    mailbox_id: &MailboxId,
    mut core: Core,
    pages: Vec<Option<Rc<FlagPage>>>,
) {
    let state =
        MailboxState::new(core.first_uid, core.uid_next, core.highest_mod_seq, core.keywords.clone(), pages);
    core.exists = state.exists();
    core.unseen = state.unseen();
    core.deleted = state.deleted();
    core.first_unseen = state.first_unseen();
    assembly.note(Note::Messages { number, mailbox_id: mailbox_id.clone() });
    assembly.set_mailbox(number, core, state);
}

fn append_flags(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    loaded: &Loaded,
    first_row: u32,
    bits: &[FlagBits],
    mod_seq: u64,
) -> Vec<Option<Rc<FlagPage>>> {
    let mut pages = loaded.state.pages().to_vec();
    let mut left = bits;
    let mut position = first_row;
    while !left.is_empty() {
        let (page, row) = layout::place(position, PAGE_ROWS);
        let (here, rest) = left.split_at((PAGE_ROWS - row).min(left.len() as u32) as usize);
        let changes = (row..).zip(here).map(|(row, bits)| (row, *bits, mod_seq));
        let old = pages.get(page as usize).and_then(Option::as_ref);
        let new = match old {
            Some(old) => old.with(changes),
            // A page whose rows are all dead may be gone: its rows are tombstones again.
            None => FlagPage::new(
                vec![FlagBits::TOMBSTONE.0 | FlagBits::RELEASED.0; row as usize],
                vec![0; row as usize],
            )
            .with(changes),
        };
        assembly.put(layout::flags(number, page), encode_flags(&new));
        pages.resize(pages.len().max(page as usize + 1), None);
        if let Some(slot) = pages.get_mut(page as usize) {
            *slot = Some(Rc::new(new));
        }
        position += here.len() as u32;
        left = rest;
    }
    pages
}

/// Appends items to pages of `limit` items each: reads the last page, writes it and its successors.
async fn append_paged<P: Clone, T>(
    assembly: &mut Assembly<'_>,
    key: impl Fn(u32) -> Key,
    limit: u32,
    first_row: u32,
    items: &[T],
    decode: impl Fn(&[u8]) -> Result<P>,
    empty: P,
    mut push: impl FnMut(&mut P, u32, &T),
    encode: impl Fn(&P) -> Vec<u8>,
) -> Step<()> {
    let (first_page, row) = layout::place(first_row, limit);
    let mut page = empty.clone();
    if row > 0 {
        assembly.fetch([key(first_page)]).await?;
        // A page may be gone when all its rows are dead.
        if let Some(record) = assembly.record(&key(first_page)) {
            page = record.with(decode)?;
        }
    }
    let mut number = first_page;
    for (position, item) in (first_row..).zip(items) {
        let (wanted, row) = layout::place(position, limit);
        if wanted != number {
            assembly.put(key(number), encode(&page));
            page = empty.clone();
            number = wanted;
        }
        push(&mut page, row, item);
    }
    if !items.is_empty() {
        assembly.put(key(number), encode(&page));
    }
    Ok(())
}

const DEAD_INDEX_ROW: IndexRow = IndexRow {
    internal_date: ZonedTime { timestamp_ms: 0, zone_minutes: 0 },
    save_date_ms: 0,
    size: 0,
    content: 0,
};

async fn append_index(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    core: &mut Core,
    first_row: u32,
    rows: &[NewRow],
) -> Step<()> {
    append_paged(
        assembly,
        |page| layout::appending_index(number, page),
        INDEX_ROWS,
        first_row,
        rows,
        IndexPage::decode,
        IndexPage::default(),
        |page, row, item| {
            page.0.resize(row as usize, DEAD_INDEX_ROW);
            page.0.push(item.index);
        },
        IndexPage::encode,
    )
    .await?;
    // Whole runs of appending pages become one sealed page each.
    let per_sealed = SEALED_ROWS / INDEX_ROWS;
    while (core.sealed_pages + 1).saturating_mul(SEALED_ROWS) <= core.rows() {
        let first = core.sealed_pages * per_sealed;
        let keys: Vec<Key> =
            (first..first + per_sealed).map(|page| layout::appending_index(number, page)).collect();
        assembly.fetch(keys.iter().copied()).await?;
        let mut sealed = IndexPage::default();
        for (index, key) in (1usize..).zip(&keys) {
            if let Some(record) = assembly.record(key) {
                sealed.0.extend(record.with(IndexPage::decode)?.0);
            }
            sealed.0.resize(index * INDEX_ROWS as usize, DEAD_INDEX_ROW);
            assembly.delete(*key);
        }
        assembly.put(layout::sealed_index(number, core.sealed_pages), sealed.encode());
        core.sealed_pages += 1;
    }
    Ok(())
}

async fn append_ids(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    first_row: u32,
    rows: &[NewRow],
) -> Step<()> {
    let dead = IdsRow { email_id: EmailId::from_bytes(&[0]), thread_id: ThreadId::from_bytes(&[0]) };
    append_paged(
        assembly,
        |page| layout::ids(number, page),
        INDEX_ROWS,
        first_row,
        rows,
        IdsPage::decode,
        IdsPage::default(),
        |page, row, item| {
            page.0.resize(row as usize, dead.clone());
            page.0.push(item.ids.clone());
        },
        IdsPage::encode,
    )
    .await
}

async fn append_list_rows(
    assembly: &mut Assembly<'_>,
    number: MailboxNumber,
    first_row: u32,
    rows: &[NewRow],
) -> Step<()> {
    append_paged(
        assembly,
        |page| layout::rows(number, page),
        LIST_ROWS,
        first_row,
        rows,
        RowPage::decode,
        RowPage::default(),
        |page, row, item| {
            page.0.resize(row as usize, Vec::new());
            page.0.push(item.list_row.clone());
        },
        RowPage::encode,
    )
    .await
}

/// A message, parsed and hashed before any attempt begins.
pub struct Prepared {
    raw: Value,
    digest: [u8; 32],
    list_row: Vec<u8>,
    text: Vec<u8>,
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

    fn email_hash(&self) -> Hash {
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

impl Engine {
    /// Appends prepared messages in one commit.
    pub(super) async fn append(
        &self,
        number: MailboxNumber,
        mailbox_id: &MailboxId,
        prepared: &[Prepared],
        recent: bool,
        durability: Durability,
    ) -> Result<Vec<Message>> {
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        let save_date_ms = platform::now_ms();
        self.transact(durability, async |assembly| {
            let loaded = assembly.mailbox(number).await?;
            if loaded.core.readonly {
                return Err(read_only().into());
            }
            let shared = assembly.shared().await?;
            let mut shared = Shared::clone(&shared);
            let mut facts: Vec<Fact> = Vec::new();
            let threads = self.assign_threads(assembly, &shared, prepared, &mut facts).await?;
            let contents = self.store_contents(assembly, &mut shared, prepared).await?;
            let rows: Vec<NewRow> = prepared
                .iter()
                .zip(&threads)
                .zip(&contents)
                .map(|((message, thread), content)| NewRow {
                    flags: message.flags.clone(),
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
            let first_uid = append_rows(assembly, number, mailbox_id, &rows, recent).await?;
            for (uid, row) in (first_uid..).zip(&rows) {
                facts.extend(placed(number, uid, row));
            }
            assembly.log_facts(&mut shared, facts);
            assembly.set_shared(shared);
            let loaded = assembly.mailbox(number).await?;
            Ok((first_uid..)
                .zip(rows)
                .map(|(uid, row)| Message {
                    uid,
                    internal_date: row.index.internal_date,
                    save_date_ms,
                    size: row.index.size,
                    flags: loaded.core.keywords.flags(loaded.core.keywords.bits(&row.flags)),
                    mod_seq: loaded.core.highest_mod_seq,
                    expunged: false,
                    email_id: Some(row.ids.email_id),
                    thread_id: Some(row.ids.thread_id),
                })
                .collect())
        })
        .await
    }

    /// Looks hashes up in the identity index, reading what is not in memory.
    async fn lookup(
        &self,
        assembly: &mut Assembly<'_>,
        shared: &Shared,
        hashes: &[Hash],
    ) -> Step<HashMap<Hash, Vec<Posting>>> {
        let head = &shared.identity;
        let missing = {
            let mut cache = self.identity.borrow_mut();
            cache.align(head);
            cache.missing(head, hashes)
        };
        assembly.fetch(missing.iter().copied()).await?;
        let mut cache = self.identity.borrow_mut();
        for key in &missing {
            cache.take(head, key, assembly.record(key))?;
        }
        Ok(hashes.iter().map(|hash| (*hash, cache.lookup(head, hash))).collect())
    }

    /// The thread of each message: the first of its keys that is known says
    /// (semantics 155-158), else a new one; then its other keys are known too.
    async fn assign_threads(
        &self,
        assembly: &mut Assembly<'_>,
        shared: &Shared,
        prepared: &[Prepared],
        facts: &mut Vec<Fact>,
    ) -> Step<Vec<[u8; 16]>> {
        let hashes: Vec<Hash> =
            prepared.iter().flat_map(|message| message.thread_keys.iter().map(|key| key.0)).collect();
        let found = self.lookup(assembly, shared, &hashes).await?;
        let mut known: HashMap<Hash, [u8; 16]> = found
            .into_iter()
            .filter_map(|(hash, postings)| {
                let thread = postings.into_iter().find_map(|posting| match posting {
                    Posting::Thread { thread } => Some(thread),
                    _ => None,
                })?;
                Some((hash, thread))
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

    /// Stores what octets are new, with their text, and gives each message its
    /// content number; equal octets share one (semantics 153).
    async fn store_contents(
        &self,
        assembly: &mut Assembly<'_>,
        shared: &mut Shared,
        prepared: &[Prepared],
    ) -> Step<Vec<ContentNumber>> {
        let hashes: Vec<Hash> = prepared.iter().map(Prepared::email_hash).collect();
        let found = self.lookup(assembly, shared, &hashes).await?;
        let candidates: HashMap<Hash, ContentNumber> = found
            .into_iter()
            .filter_map(|(hash, postings)| {
                // The newest is the likeliest to be there still.
                let content = postings.into_iter().rev().find_map(|posting| match posting {
                    Posting::Email { content, .. } if content > 0 => Some(content),
                    _ => None,
                })?;
                Some((hash, content))
            })
            .collect();
        let mut directory = Directory::open(assembly, candidates.values().copied()).await?;

        let mut numbers: Vec<ContentNumber> = Vec::with_capacity(prepared.len());
        let mut new: Vec<(ContentNumber, &Prepared)> = Vec::new();
        let mut in_batch: HashMap<[u8; 32], ContentNumber> = HashMap::new();
        let mut references: HashMap<ContentNumber, u32> = HashMap::new();
        for (message, hash) in prepared.iter().zip(&hashes) {
            let stored = candidates.get(hash).copied().filter(|content| {
                directory.get(*content).is_some_and(|entry| {
                    entry.references > 0 && entry.content.length as usize == message.raw.len()
                })
            });
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
            *references.entry(number).or_default() += 1;
            numbers.push(number);
        }

        let raws: Vec<(ContentNumber, &[u8])> = new
            .iter()
            .map(|(number, message)| (*number, message.raw.as_slice().unwrap_or_default()))
            .collect();
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
                references: references.remove(number).unwrap_or(1),
            })
            .collect();
        for (content, more) in references {
            directory.change(content, |entry| entry.references += more);
        }
        directory.write(assembly);
        if let Some((first, _)) = new.first() {
            append_paged(
                assembly,
                layout::directory,
                DIRECTORY_ROWS,
                *first,
                &entries,
                DirectoryPage::decode,
                DirectoryPage::default(),
                |page, row, entry| {
                    page.0.resize(row as usize, ContentEntry::default());
                    page.0.push(*entry);
                },
                DirectoryPage::encode,
            )
            .await?;
        }
        Ok(numbers)
    }
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

/// The error for a change of a mailbox that is locked.
pub fn read_only() -> Error {
    Error::new(ErrorCode::ReadOnly, "the mailbox is read-only")
}

/// Packs bytes into new packs and enters these into the table of packs.
pub async fn write_packs(
    assembly: &mut Assembly<'_>,
    shared: &mut Shared,
    kind: PackKind,
    bytes: &[(ContentNumber, &[u8])],
) -> Step<Vec<Place>> {
    let items: Vec<Item<'_>> = bytes.iter().map(|(number, bytes)| Item { number: *number, bytes }).collect();
    let first = *shared.next_pack(kind);
    let Packed { puts, places, packs } = packs::pack(kind, &items, first)?;
    let small = packs.iter().filter(|pack| pack.total < SMALL_PACK_BYTES).count();
    *shared.foldable_packs(kind) += small as u32;
    *shared.next_pack(kind) += packs.len() as u32;
    for (key, record) in puts {
        assembly.put(key, record);
    }
    append_paged(
        assembly,
        |page| layout::pack_table(kind, page),
        DIRECTORY_ROWS,
        first,
        &packs,
        PackTablePage::decode,
        PackTablePage::default(),
        |page, row, pack| {
            page.0.resize(row as usize, PackUse::default());
            page.0.push(*pack);
        },
        PackTablePage::encode,
    )
    .await?;
    Ok(places)
}

/// Pages by number that an attempt reads, changes here and there, and writes back.
pub struct DirectoryPages<P> {
    key: Box<dyn Fn(u32) -> Key>,
    pages: HashMap<u32, (P, bool)>,
}

impl<P> DirectoryPages<P> {
    /// Reads these pages, leaving out those that are not there.
    pub async fn read(
        assembly: &mut Assembly<'_>,
        numbers: impl Iterator<Item = u32>,
        key: impl Fn(u32) -> Key + 'static,
        decode: impl Fn(&[u8]) -> Result<P>,
    ) -> Step<DirectoryPages<P>> {
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        assembly.fetch(numbers.iter().map(|number| key(*number))).await?;
        let mut pages = HashMap::with_capacity(numbers.len());
        for number in numbers {
            if let Some(record) = assembly.record(&key(number)) {
                pages.insert(number, (record.with(&decode)?, false));
            }
        }
        Ok(DirectoryPages { key: Box::new(key), pages })
    }

    /// A page that was read.
    pub fn page(&self, number: u32) -> Option<&P> {
        self.pages.get(&number).map(|(page, _)| page)
    }

    /// A page that was read, to be changed and written.
    pub fn page_mut(&mut self, number: u32) -> Option<&mut P> {
        let (page, changed) = self.pages.get_mut(&number)?;
        *changed = true;
        Some(page)
    }

    /// Writes the pages that were changed.
    pub fn write_with(&self, assembly: &mut Assembly<'_>, encode: impl Fn(&P) -> Vec<u8>) {
        for (number, (page, _)) in self.pages.iter().filter(|(_, (_, changed))| *changed) {
            assembly.put((self.key)(*number), encode(page));
        }
    }
}

/// Pages of the content directory that an attempt changes.
pub type Directory = DirectoryPages<DirectoryPage>;

impl Directory {
    /// Reads the pages of these contents.
    pub async fn open(
        assembly: &mut Assembly<'_>,
        contents: impl Iterator<Item = ContentNumber>,
    ) -> Step<Directory> {
        let pages = contents.map(|content| content / DIRECTORY_ROWS);
        DirectoryPages::read(assembly, pages, layout::directory, DirectoryPage::decode).await
    }

    /// An entry of a page that was read.
    pub fn get(&self, content: ContentNumber) -> Option<&ContentEntry> {
        let (page, row) = layout::place(content, DIRECTORY_ROWS);
        self.page(page)?.0.get(row as usize)
    }

    /// Changes an entry of a page that was read.
    pub fn change(&mut self, content: ContentNumber, change: impl FnOnce(&mut ContentEntry)) {
        let (page, row) = layout::place(content, DIRECTORY_ROWS);
        if let Some(entry) = self.page_mut(page).and_then(|page| page.0.get_mut(row as usize)) {
            change(entry);
        }
    }

    /// Writes the pages that were changed.
    pub fn write(&self, assembly: &mut Assembly<'_>) {
        self.write_with(assembly, DirectoryPage::encode);
    }
}
