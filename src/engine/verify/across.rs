//! What the checker says of what lies across mailboxes: the names, the identity
//! index, the journal, and pages that belong to nobody. Not here: mailboxes and
//! contents themselves.

use std::collections::{BTreeSet, HashSet};

use super::Findings;
use crate::engine::Engine;
use crate::engine::codec::decoded;
use crate::engine::format::FORMAT;
use crate::engine::identity::{Fact, Posting, bucket_of, decode_facts};
use crate::engine::layout::{self, MailboxNumber};
use crate::engine::names::Names;
use crate::engine::notes;
use crate::model::Result;
use crate::store::{JOURNAL_LENGTH, Key, KeyRange, Read, Scan, Space};

/// How many records of the identity index are read at once, each of some 8 KB.
const RECORDS: usize = 256;

/// How many commits of the journal are read at once.
const COMMITS: usize = 512;

/// How many of a kind are named one by one.
const NAMED: usize = 10;

impl Engine {
    /// All that lies across mailboxes, once each of them was looked at.
    pub(super) async fn check_across(&self, findings: &mut Findings, names: &Names) -> Result<()> {
        check_names(findings, names);
        self.check_copy_of_names(findings).await?;
        self.check_strays(findings, names).await?;
        self.check_identity(findings, names).await?;
        self.check_journal(findings).await
    }

    /// The names are there twice, and the same.
    async fn check_copy_of_names(&self, findings: &mut Findings) -> Result<()> {
        let keys = vec![layout::names(), layout::names_copy()];
        let snapshot = self.read(Read { keys: keys.clone(), ..Read::default() }).await?;
        let mut copies = Vec::new();
        for (key, record) in keys.iter().zip(snapshot.values) {
            match record {
                Some(record) => copies.extend(decoded(key, &record, Names::decode).ok()),
                // A database of format 1 has its copy from the next change on.
                None if self.oldest_format.get() < FORMAT && *key == layout::names_copy() => {}
                None => findings.report("a record of names is missing".to_owned()),
            }
        }
        findings.expect(copies.windows(2).all(|pair| matches!(pair, [a, b] if a == b)), || {
            "the names and their copy differ".to_owned()
        });
        Ok(())
    }

    /// No page is of a mailbox that never was, or is buried.
    async fn check_strays(&self, findings: &mut Findings, names: &Names) -> Result<()> {
        let living = names.entries.iter().map(|entry| entry.number);
        let known: HashSet<MailboxNumber> = living.chain(names.graves.iter().copied()).collect();
        for space in [Space::Core, Space::Flags, Space::Index, Space::Ids, Space::Rows] {
            let scan = Scan { keys_only: true, ..Scan::all(KeyRange::prefix(Key::new(space))) };
            let snapshot = self.read(Read { scans: vec![scan], ..Read::default() }).await?;
            let keys = snapshot.scanned.into_iter().flatten();
            let numbers: BTreeSet<u32> = keys.map(|(key, _)| key.u32_at(0).unwrap_or(0)).collect();
            for number in numbers.iter().filter(|number| !known.contains(number)) {
                findings.report(format!("records of {} are of no mailbox: {number}", space.name()));
            }
        }
        Ok(())
    }

    /// The index has every fact that its head counts, each in its place, and
    /// among them those of every message.
    async fn check_identity(&self, findings: &mut Findings, names: &Names) -> Result<()> {
        if findings.is_index_vain() {
            return Ok(());
        }
        let Some(shared) = findings.tolerate(self.known_shared().await)? else { return Ok(()) };
        let head = shared.value.identity.clone();
        let logs: Vec<Key> = (head.first_log..head.next_log).map(layout::identity_log).collect();
        let mut logged = 0;
        for (key, facts) in self.read_facts(findings, &logs).await? {
            match facts {
                Some(facts) => logged += facts,
                None => {
                    let number = key.u32_at(1).unwrap_or(0);
                    findings.report(format!("log record {number} of the identity index is missing"));
                }
            }
        }
        findings.expect_equal("the number of facts in the identity index's log", head.logged, logged);
        let buckets: Vec<Key> = match head.folded {
            0 => Vec::new(),
            _ => (0..1 << head.depth).map(|number| layout::bucket(head.generation, number)).collect(),
        };
        // A bucket in which nothing is, is not written.
        let folded =
            self.read_facts(findings, &buckets).await?.into_iter().filter_map(|(_, facts)| facts).sum();
        findings.expect_equal("the number of facts in the identity index", head.folded, folded);
        let mut lacking: Vec<(MailboxNumber, u32)> = findings
            .facts
            .drain()
            .filter_map(|(_, posting)| match posting {
                Posting::Email { mailbox, uid, .. } | Posting::Member { mailbox, uid } => {
                    Some((mailbox, uid))
                }
                Posting::Thread { .. } => None,
            })
            .collect();
        lacking.sort_unstable();
        lacking.dedup();
        for (mailbox, uid) in lacking.iter().take(NAMED) {
            findings.mailbox = names.by_number(*mailbox).map(|entry| entry.name.as_str().to_owned());
            findings.report(format!("the identity index does not know message {uid} rightly"));
        }
        findings.mailbox = None;
        if lacking.len() > NAMED {
            findings.report(format!("the identity index does not know {} messages rightly", lacking.len()));
        }
        Ok(())
    }

    /// How many facts each of these records has; `None` where it is missing. Takes them off what is
    /// still to be found. A damaged record has none.
    async fn read_facts(&self, findings: &mut Findings, keys: &[Key]) -> Result<Vec<(Key, Option<u64>)>> {
        let depth = self.known_shared().await?.value.identity.depth;
        let mut counts = Vec::with_capacity(keys.len());
        for keys in keys.chunks(RECORDS) {
            let snapshot = self.read(Read { keys: keys.to_vec(), ..Read::default() }).await?;
            for (key, record) in keys.iter().zip(snapshot.values) {
                let Some(record) = record else {
                    counts.push((*key, None));
                    continue;
                };
                let facts: Vec<Fact> =
                    findings.tolerate(decoded(key, &record, decode_facts))?.unwrap_or_default();
                for fact in &facts {
                    findings.facts.remove(fact);
                }
                if let Some(bucket) = layout::number_of_bucket(key) {
                    let misplaced = facts.iter().any(|(hash, _)| bucket_of(hash, depth) != bucket);
                    findings.expect(!misplaced, || format!("facts of bucket {bucket} belong elsewhere"));
                    let sorted = facts.is_sorted();
                    findings
                        .expect(sorted, || format!("bucket {bucket} of the identity index is not sorted"));
                }
                counts.push((*key, Some(facts.len() as u64)));
            }
        }
        Ok(counts)
    }

    /// The journal has each of the last commits, and what it notes of them can be read.
    async fn check_journal(&self, findings: &mut Findings) -> Result<()> {
        let sequence = self.read(Read::default()).await?.sequence;
        let mut at = sequence.saturating_sub(JOURNAL_LENGTH);
        loop {
            let journal = self.store.journal(at, COMMITS).await?;
            let complete = journal.entries.len() < COMMITS;
            for entry in journal.entries {
                if entry.sequence != at + 1 {
                    findings.report(format!("the journal lacks what comes after commit {at}"));
                }
                at = entry.sequence;
                if let Err(error) = notes::decode(&entry.id, &entry.note) {
                    findings.report_named(format!("journal {at}"), error.message());
                }
            }
            if complete {
                break;
            }
        }
        findings.expect(at >= sequence, || format!("the journal lacks what comes after commit {at}"));
        Ok(())
    }
}

/// No two mailboxes have one name, number, identity or use; INBOX is there.
fn check_names(findings: &mut Findings, names: &Names) {
    let (mut taken, mut numbers, mut ids) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut uses = HashSet::new();
    for entry in &names.entries {
        let is_alone = taken.insert(&entry.name)
            & numbers.insert(entry.number)
            & ids.insert(entry.id.as_str())
            & entry.special_use.is_none_or(|special_use| uses.insert(special_use.as_str()));
        let name = entry.name.as_str();
        findings.expect(is_alone, || format!("{name:?} shares its name, number, id or use with another"));
        let is_given = entry.number < names.next_number && !names.graves.contains(&entry.number);
        findings.expect(is_given, || format!("{name:?} has a number that was never given, or is buried"));
    }
    let has_inbox = names.entries.iter().any(|entry| entry.name.is_inbox());
    findings.expect(has_inbox, || "there is no INBOX".to_owned());
}
