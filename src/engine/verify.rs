//! The checker: whether the records of a database agree with each other. It
//! reports and repairs nothing.

mod across;

use std::collections::{HashMap, HashSet};

use super::append::id_hash;
use super::codec::decoded;
use super::core::Core;
use super::damage::{mailbox_of, name_of};
use super::directory::{DirectoryPage, PackTablePage, Place};
use super::filters::decode_script;
use super::identity::{Fact, Posting};
use super::import::ImportStep;
use super::layout::{self, DIRECTORY_ROWS, LIST_ROWS, MailboxNumber, NO_CONTENT, PackKind};
use super::names::Names;
use super::packs::read_header;
use super::pages::Page as _;
use super::stored::{StoredIndex, StoredRows};
use super::{Engine, Loaded};
use crate::model::{Error, ErrorCode, Result, Uid, Value, sorting};
use crate::store::{Key, KeyRange, Read, Scan, Space};
use crate::view::FlagBits;

/// How often the checker begins anew when others write while it looks.
const ATTEMPTS: usize = 5;

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The mailbox it is in, by name; `None`: it concerns all.
    pub mailbox: Option<String>,
    /// The record that cannot be read, by its table and its key in hex, as `rows 0000000100000002`;
    /// `None`: records do not agree, or one is missing.
    pub record: Option<String>,
    /// What it is, for a person.
    pub description: String,
}

struct Findings {
    mailbox: Option<String>,
    problems: Vec<Problem>,
    /// How many rows hold each content.
    held: HashMap<u32, u32>,
    /// What the identity index must know of the messages that live.
    facts: HashSet<Fact>,
    /// The records that cannot be read.
    unreadable: Vec<Key>,
}

impl Findings {
    fn report(&mut self, description: String) {
        self.problems.push(Problem { mailbox: self.mailbox.clone(), record: None, description });
    }

    fn report_record(&mut self, key: &Key, description: &str) {
        self.report_named(name_of(key), description);
    }

    fn report_named(&mut self, record: String, description: &str) {
        let (mailbox, record) = (self.mailbox.clone(), Some(record));
        if self.problems.iter().all(|problem| problem.record != record) {
            self.problems.push(Problem { mailbox, record, description: description.to_owned() });
        }
    }

    fn expect(&mut self, holds: bool, description: impl FnOnce() -> String) {
        if !holds {
            self.report(description());
        }
    }

    /// As [`Findings::expect_equal`], of what is counted from the pages of all mailboxes.
    fn expect_counted(&mut self, what: &str, stored: u32, found: u32) {
        if !self.is_counting_vain() {
            self.expect_equal(what, stored, found);
        }
    }

    /// Whether the identity index cannot know all, or all that it must know is not known.
    fn is_index_vain(&self) -> bool {
        self.unreadable.iter().any(|key| mailbox_of(key).is_some() || key.space() == Space::Buckets)
    }

    fn is_counting_vain(&self) -> bool {
        self.unreadable.iter().any(|key| mailbox_of(key).is_some() || key.space() == Space::Directory)
    }

    fn expect_equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, stored: T, found: T) {
        if stored != found {
            self.report(format!("{what} is stored as {stored:?} and found to be {found:?}"));
        }
    }

    /// Passes over what cannot be read, which is reported by its record; fails for whatever else went wrong.
    fn tolerate<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.code(), ErrorCode::Corrupt | ErrorCode::SchemaTooNew) => {
                if self.unreadable.is_empty() {
                    self.report(error.message().to_owned());
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Engine {
    /// See [`super::StoreMailboxSet::verify`].
    pub(super) async fn verify(&self) -> Result<Vec<Problem>> {
        for _ in 0..ATTEMPTS {
            let before = self.read(Read::default()).await?.sequence;
            let problems = self.look().await;
            if self.read(Read::default()).await?.sequence == before {
                return problems;
            }
        }
        Err(Error::new(ErrorCode::Conflict, "the database kept changing while it was checked"))
    }

    async fn look(&self) -> Result<Vec<Problem>> {
        let mut findings = Findings {
            mailbox: None,
            problems: Vec::new(),
            held: HashMap::new(),
            facts: HashSet::new(),
            unreadable: Vec::new(),
        };
        // What is in memory may be behind another tab, or better than what is stored.
        self.forget();
        let names = self.fresh_names().await;
        self.check_records(&mut findings, names.as_deref().ok()).await?;
        let Some(names) = findings.tolerate(names)? else { return Ok(findings.problems) };
        for entry in &names.entries {
            findings.mailbox = Some(entry.name.as_str().to_owned());
            let loaded = self.fresh_mailbox(entry.number).await;
            match findings.tolerate(loaded)? {
                // What is counted from pages says nothing where one of them cannot be read.
                Some(Some(_))
                    if findings.unreadable.iter().any(|key| mailbox_of(key) == Some(entry.number)) => {}
                Some(Some(loaded)) => self.check_mailbox(&mut findings, entry.number, &loaded).await?,
                Some(None) => findings.report("its core is missing".to_owned()),
                None => {}
            }
        }
        findings.mailbox = None;
        self.check_filters(&mut findings).await?;
        self.check_imports(&mut findings, &names).await?;
        let graves: Vec<MailboxNumber> = names.graves.clone();
        if graves.is_empty() {
            // While a deleted mailbox still waits for its burial, its rows hold contents too.
            self.check_contents(&mut findings).await?;
        }
        self.check_across(&mut findings, &names).await?;
        Ok(findings.problems)
    }

    /// Every record can be read.
    async fn check_records(&self, findings: &mut Findings, names: Option<&Names>) -> Result<()> {
        let unreadable = self.unreadable().await?;
        for (key, error) in unreadable {
            findings.unreadable.push(key);
            let entry = mailbox_of(&key).and_then(|number| names?.by_number(number));
            findings.mailbox = entry.map(|entry| entry.name.as_str().to_owned());
            findings.report_record(&key, error.message());
        }
        findings.mailbox = None;
        Ok(())
    }

    /// Every import is into a mailbox that is there, or not buried yet.
    async fn check_imports(&self, findings: &mut Findings, names: &Names) -> Result<()> {
        let scan = Scan::all(layout::all_imports());
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        for (key, record) in snapshot.scanned.into_iter().flatten() {
            findings.tolerate(decoded(&key, &record, ImportStep::decode))?;
            let mailbox = layout::mailbox_of_import(&key);
            let known = names.entries.iter().map(|entry| entry.number).chain(names.graves.iter().copied());
            let is_known = known.into_iter().any(|number| Some(number) == mailbox);
            findings.expect(is_known, || "an import is into a mailbox that does not exist".to_owned());
        }
        Ok(())
    }

    /// Every filter has its script, and every script its filter.
    async fn check_filters(&self, findings: &mut Findings) -> Result<()> {
        let filters = self.known_filters().await;
        let Some(filters) = findings.tolerate(filters)?.map(|known| known.value) else { return Ok(()) };
        let scan = Scan::all(layout::all_scripts());
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        let mut scripts: HashMap<Key, Value> = snapshot.scanned.into_iter().flatten().collect();
        for entry in &filters.entries {
            let key = layout::script(entry.number);
            match scripts.remove(&key) {
                Some(record) => drop(findings.tolerate(decoded(&key, &record, decode_script))?),
                None => findings.report(format!("the script of the filter {:?} is missing", entry.name)),
            }
            findings.expect(entry.number <= filters.last_number, || {
                format!("the filter {:?} has a number that was never given", entry.name)
            });
        }
        let active = filters.active.is_none() || filters.active_name().is_some();
        findings.expect(active, || "the active filter does not exist".to_owned());
        findings.expect(scripts.is_empty(), || format!("no filter has {} of the scripts", scripts.len()));
        Ok(())
    }

    async fn check_mailbox(
        &self,
        findings: &mut Findings,
        number: MailboxNumber,
        loaded: &Loaded,
    ) -> Result<()> {
        let (core, state): (&Core, _) = (&loaded.core, &loaded.state);
        findings.expect_equal("the number of messages", core.exists, state.exists());
        findings.expect_equal("the number of unseen messages", core.unseen, state.unseen());
        findings.expect_equal("the number of \\Deleted messages", core.deleted, state.deleted());
        findings.expect_equal("the first unseen message", core.first_unseen, state.first_unseen());
        let rows = (0usize..).zip(state.pages()).filter_map(|(index, page)| Some((index, page.as_ref()?)));
        let mut uids: Vec<(Uid, FlagBits)> = Vec::new();
        let (mut remembered, mut unreleased) = (0, 0);
        for (index, page) in rows {
            for ((row, bits), mod_seq) in (0u32..).zip(page.raw_flags()).zip(page.mod_seqs()) {
                let bits = FlagBits(*bits);
                findings.expect(*mod_seq <= core.highest_mod_seq, || {
                    format!("message {} has a mod-sequence above the highest", state.uid_at(index, row))
                });
                if !bits.is_live() {
                    remembered += u32::from(*mod_seq > 0);
                    unreleased += u32::from(!bits.contains(FlagBits::RELEASED));
                }
                if bits.holds_content() {
                    uids.push((state.uid_at(index, row), bits));
                }
            }
        }
        findings.expect_equal("the number of remembered expunges", core.remembered, remembered);
        findings.expect_equal("the number of unreleased messages", core.unreleased, unreleased);
        let holding: Vec<Uid> = uids.iter().map(|(uid, _)| *uid).collect();
        let index = self.index_rows(number, loaded, &holding, StoredIndex::get).await;
        let index = findings.tolerate(index)?.unwrap_or_default();
        let ids = self.ids_rows(number, loaded, &holding).await;
        let ids = findings.tolerate(ids)?.unwrap_or_default();
        let mut size = 0;
        for (((uid, bits), index), ids) in uids.iter().zip(&index).zip(&ids) {
            findings.expect(ids.is_some(), || format!("the ids of message {uid} are missing"));
            let Some(index) = index else {
                findings.report(format!("the index row of message {uid} is missing"));
                continue;
            };
            if bits.is_live() {
                size += index.size;
                if let Some(ids) = ids {
                    let email = id_hash(ids.email_id.to_bytes(), ids.email_id.as_str());
                    let thread = id_hash(ids.thread_id.to_bytes(), ids.thread_id.as_str());
                    let (content, mailbox, uid) = (index.content, number, *uid);
                    findings.facts.insert((email, Posting::Email { content, mailbox, uid }));
                    findings.facts.insert((thread, Posting::Member { mailbox, uid }));
                }
            }
            if index.content != NO_CONTENT {
                *findings.held.entry(index.content).or_default() += 1;
            }
        }
        findings.expect_equal("the number of octets", core.size, size);
        self.check_list_rows(findings, number, loaded).await
    }

    async fn check_list_rows(
        &self,
        findings: &mut Findings,
        number: MailboxNumber,
        loaded: &Loaded,
    ) -> Result<()> {
        let scan = Scan::all(layout::pages_of(number, Space::Rows));
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        let mut pages: HashMap<u32, StoredRows> = HashMap::new();
        for (key, record) in snapshot.scanned.into_iter().flatten() {
            if let Some(page) = findings.tolerate(decoded(&key, &record, StoredRows::decode))? {
                pages.insert(key.u32_at(4).unwrap_or(u32::MAX), page);
            }
        }
        for live in loaded.state.live() {
            let (page, row) = layout::place(live.uid - loaded.core.first_uid, LIST_ROWS);
            let found = pages.get(&page).map_or(Ok(None), |page| page.row(row));
            let found = findings.tolerate(found)?;
            findings.expect(!matches!(found, Some(None)), || {
                format!("the list row of message {} is missing", live.uid)
            });
        }
        Ok(())
    }

    async fn check_contents(&self, findings: &mut Findings) -> Result<()> {
        let Some(shared) = findings.tolerate(self.known_shared().await)? else { return Ok(()) };
        let shared = shared.value;
        let keys: Vec<Key> =
            (0..shared.next_content.div_ceil(DIRECTORY_ROWS)).map(layout::directory).collect();
        let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
        let mut places: HashMap<PackKind, Vec<(u32, Place)>> = HashMap::new();
        for ((page, key), record) in (0u32..).zip(&keys).zip(snapshot.values) {
            let Some(record) = record else { continue };
            let entries = findings.tolerate(decoded(key, &record, DirectoryPage::decode))?;
            let Some(entries) = entries else { continue };
            for (row, entry) in (0u32..).zip(entries.0) {
                let content = page * DIRECTORY_ROWS + row;
                let held = findings.held.remove(&content).unwrap_or(0);
                let what = format!("the number of references to content {content}");
                findings.expect_counted(&what, entry.references, held);
                if entry.references > 0 {
                    places.entry(PackKind::Content).or_default().push((content, entry.content));
                    places.entry(PackKind::Text).or_default().push((content, entry.text));
                }
            }
        }
        let lost: Vec<u32> =
            if findings.is_counting_vain() { Vec::new() } else { findings.held.keys().copied().collect() };
        for content in lost {
            findings.report(format!("content {content} is held and not in the directory"));
        }
        for kind in PackKind::ALL {
            self.check_packs(findings, kind, places.remove(&kind).unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Every place can be read and is what was stored; every pack is used as the table says.
    async fn check_packs(
        &self,
        findings: &mut Findings,
        kind: PackKind,
        places: Vec<(u32, Place)>,
    ) -> Result<()> {
        let mut used: HashMap<u32, u32> = HashMap::new();
        for (_, place) in &places {
            for (pack, bytes) in place.pieces() {
                *used.entry(pack).or_default() += bytes;
            }
        }
        let range = KeyRange::prefix(Key::new(kind.space()));
        let scan = Scan { keys_only: true, ..Scan::all(range) };
        let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
        for (key, _) in snapshot.scanned.into_iter().flatten() {
            let pack = key.u32_at(0).unwrap_or(0);
            let is_used = used.contains_key(&pack) || findings.is_counting_vain();
            findings.expect(is_used, || format!("nothing uses {kind:?} pack {pack}"));
        }
        let shared = self.known_shared().await?.value;
        let next = if kind == PackKind::Content { shared.next_content_pack } else { shared.next_text_pack };
        let keys: Vec<Key> =
            (0..next.div_ceil(DIRECTORY_ROWS)).map(|page| layout::pack_table(kind, page)).collect();
        let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
        for ((page, key), record) in (0u32..).zip(&keys).zip(snapshot.values) {
            let decode = |record: Value| decoded(key, &record, PackTablePage::decode);
            let table = record.map_or_else(|| Ok(PackTablePage::default()), decode);
            let Some(table) = findings.tolerate(table)? else { continue };
            for row in 0..DIRECTORY_ROWS {
                let pack = page * DIRECTORY_ROWS + row;
                let live = table.0.get(row as usize).map_or(0, |usage| usage.live);
                let found = used.get(&pack).copied().unwrap_or(0);
                findings.expect_counted(&format!("the use of {kind:?} pack {pack}"), live, found);
            }
        }
        let mut places = places;
        sorting::sort_by_key(&mut places, |(content, place)| (place.pack, *content));
        for group in places.chunk_by(|(_, a), (_, b)| a.pack == b.pack) {
            self.check_places(findings, kind, group).await?;
        }
        Ok(())
    }

    /// The places that begin in one pack.
    async fn check_places(
        &self,
        findings: &mut Findings,
        kind: PackKind,
        places: &[(u32, Place)],
    ) -> Result<()> {
        let mut keys: Vec<Key> = places
            .iter()
            .flat_map(|(_, place)| place.pieces())
            .map(|(pack, _)| layout::pack(kind, pack))
            .collect();
        sorting::sort(&mut keys);
        keys.dedup();
        let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
        let mut packs: HashMap<Key, Pack> = HashMap::new();
        for (key, record) in keys.into_iter().zip(snapshot.values) {
            if let Some(record) = record {
                let header = read_header(&record);
                if let Err(error) = &header {
                    findings.report_record(&key, error.message());
                }
                let names =
                    header.ok().map(|header| header.into_iter().map(|(content, _, _)| content).collect());
                packs.insert(key, Pack { record: record.to_local(), names });
            }
        }
        for (content, place) in places {
            check_place(findings, kind, *content, place, &packs)?;
        }
        Ok(())
    }
}

/// A pack that was read, and the contents that its header names, where it can be read.
struct Pack {
    record: Value,
    names: Option<HashSet<u32>>,
}

fn check_place(
    findings: &mut Findings,
    kind: PackKind,
    content: u32,
    place: &Place,
    packs: &HashMap<Key, Pack>,
) -> Result<()> {
    let mut pieces = Vec::new();
    for (number, _) in place.pieces() {
        match packs.get(&layout::pack(kind, number)) {
            Some(pack) => {
                if pack.names.as_ref().is_some_and(|names| !names.contains(&content)) {
                    findings.report_record(&layout::pack(kind, number), "a pack holds other contents");
                }
                pieces.push(pack.record.clone());
            }
            None => findings.report(format!("{kind:?} pack {number} of content {content} is missing")),
        }
    }
    if let Err(error) = place.read(&pieces) {
        // Which of a long message's packs it is cannot be told.
        let keys = place.pieces().map(|(number, _)| layout::pack(kind, number));
        for key in keys.filter(|key| packs.contains_key(key)) {
            findings.report_record(&key, error.message());
        }
    }
    Ok(())
}
