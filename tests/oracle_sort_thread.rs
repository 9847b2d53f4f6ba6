//! SORT and THREAD against what a mature server answered about 6,046 real messages.
//!
//! `tests/oracle/README.md` tells where the answers come from and how the messages are prepared.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::mime::header::fields;
use offline_mailbox::search::{SortKey, ThreadAlgorithm, Threads};
use offline_mailbox::session::{BaseSession, SearchOptions, SessionOptions};
use offline_mailbox::store::MemoryStore;
use offline_mailbox::view::SelectedMailbox;
use serde_json::Value;

/// Why a message stands elsewhere in their answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It has a carriage return without a line feed: the size that they answer is not that of the octets.
    BareReturn,
    /// The subject has octets that RFC 5322 section 2.2 does not allow. RFC 5256 section 2.1 says what
    /// encoded words stand for, and of these nothing; we show and sort what they stand for to a reader.
    RawSubject,
    /// The date has AM or PM, which RFC 5322 section 3.3 does not have. They read past it, we read it.
    HalfDays,
    /// The date has minutes or seconds of one digit, where RFC 5322 section 3.3 has two: they take
    /// INTERNALDATE (RFC 5256 section 2.2), we read it.
    ShortTime,
    /// The date is in the order of C's asctime: they take INTERNALDATE, we read it.
    Asctime,
}

use Reason::*;

/// The messages that may stand elsewhere, by reason.
const SIZE: &[(Reason, usize)] = &[(BareReturn, 8)];
const SUBJECT: &[(Reason, usize)] = &[(RawSubject, 35)];
/// Of threads, by the date of their first message.
const HEADS: &[(Reason, usize)] = &[(HalfDays, 11), (ShortTime, 4), (Asctime, 1)];

struct Loaded {
    oracle: Value,
    octets: Vec<Vec<u8>>,
    session: BaseSession,
    view: SelectedMailbox,
}

fn loaded() -> Loaded {
    let oracle = corpus::oracle();
    let octets = corpus::messages(&oracle);
    let set = corpus::load(Rc::new(MemoryStore::new().connect()), &octets);
    let session = BaseSession::new(set, SessionOptions::default());
    let (_, view) = block_on(session.select_mailbox("INBOX", false)).unwrap();
    Loaded { oracle, octets, session, view }
}

impl Loaded {
    fn sort(&mut self, by: &str) -> Vec<usize> {
        let keys = SortKey::parse_list(&format!("({by})")).unwrap();
        let options = SearchOptions::default();
        let sorted = self.session.sort_mailbox(&mut self.view, &keys, &[], &options);
        block_on(sorted).unwrap().messages.iter().map(|(seq, _)| *seq as usize).collect()
    }

    fn threads(&mut self, algorithm: ThreadAlgorithm) -> Threads {
        let options = SearchOptions::default();
        let threaded = self.session.thread_mailbox(&mut self.view, algorithm, &[], &options);
        block_on(threaded).unwrap().threads
    }

    /// The value of a message's first field of this name.
    fn field(&self, n: usize, name: &[u8]) -> Vec<u8> {
        let found = fields(&self.octets[n - 1]).find(|field| field.name.eq_ignore_ascii_case(name));
        found.map(|field| field.value.trim_ascii().to_vec()).unwrap_or_default()
    }

    fn reason(&self, by: &str, n: usize) -> Option<Reason> {
        match by {
            "SIZE" => {
                let octets = &self.octets[n - 1];
                let bare = octets.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n');
                bare.then_some(BareReturn)
            }
            "SUBJECT" => (!self.field(n, b"Subject").is_ascii()).then_some(RawSubject),
            "DATE" => {
                let date = String::from_utf8_lossy(&self.field(n, b"Date")).into_owned();
                let words: Vec<&str> = date.split_whitespace().collect();
                let time = words.iter().find(|word| word.contains(':')).copied().unwrap_or_default();
                if words.iter().any(|word| matches!(*word, "AM" | "PM")) {
                    Some(HalfDays)
                } else if time.split(':').skip(1).any(|part| part.len() == 1) {
                    Some(ShortTime)
                } else {
                    (words.len() == 5 && words[4].len() == 4 && words[3] == time).then_some(Asctime)
                }
            }
            _ => None,
        }
    }

    /// Both orders are one, but for the messages that have a reason; of which there are so many.
    #[track_caller]
    fn compare(&self, by: &str, ours: &[usize], theirs: &[usize], reasons: &[(Reason, usize)]) {
        let alike = |order: &[usize]| -> Vec<usize> {
            order.iter().copied().filter(|n| self.reason(by, *n).is_none()).collect()
        };
        let (all, others) = (alike(ours), alike(theirs));
        let first = all.iter().zip(&others).position(|(one, other)| one != other);
        let place = first.map(|at| (&all[at..all.len().min(at + 5)], &others[at..others.len().min(at + 5)]));
        assert_eq!(place, None, "{by}: from the {first:?}th on");
        let mut sorted = (ours.to_vec(), theirs.to_vec());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{by}");
        let mut counts = BTreeMap::new();
        for reason in ours.iter().filter_map(|n| self.reason(by, *n)) {
            *counts.entry(reason).or_insert(0) += 1;
        }
        assert_eq!(counts, reasons.iter().copied().collect(), "{by}");
    }
}

fn number(value: &Value) -> usize {
    value.as_str().unwrap().parse().unwrap()
}

/// Their threads: the first message, and those that answer it.
fn their_threads(oracle: &Value) -> Vec<(usize, Vec<usize>)> {
    let threads = oracle["thread"]["ORDEREDSUBJECT"][0].as_array().unwrap();
    let thread = |thread: &Value| {
        let (first, rest) = thread.as_array().unwrap().split_first().unwrap();
        // One reply stands without parentheses.
        let reply = |reply: &Value| reply.as_array().map_or_else(|| number(reply), |only| number(&only[0]));
        (number(first), rest.iter().map(reply).collect())
    };
    threads.iter().map(thread).collect()
}

#[test]
fn rfc_5256_sorts_and_threads_are_those_of_a_mature_server() {
    let mut loaded = loaded();
    sorts_and_ordered_subject(&mut loaded);
    references(&mut loaded);
}

fn sorts_and_ordered_subject(loaded: &mut Loaded) {
    for (by, reasons) in [("ARRIVAL", &[][..]), ("SIZE", SIZE), ("SUBJECT", SUBJECT)] {
        let theirs: Vec<usize> = loaded.oracle["sort"][by]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap() as usize)
            .collect();
        assert_eq!(theirs.len(), corpus::MESSAGES);
        let ours = loaded.sort(by);
        loaded.compare(by, &ours, &theirs, reasons);
    }

    let found = loaded.threads(ThreadAlgorithm::OrderedSubject);
    let mut ours: Vec<(usize, Vec<usize>)> = Vec::new();
    for ((seq, _), depth) in found.messages.iter().zip(&found.depths) {
        match (depth, ours.last_mut()) {
            (0, _) => ours.push((*seq as usize, Vec::new())),
            (1, Some((_, replies))) => replies.push(*seq as usize),
            _ => panic!("ORDEREDSUBJECT has no grandchildren"),
        }
    }
    let theirs = their_threads(&loaded.oracle);
    let heads = |threads: &[(usize, Vec<usize>)]| threads.iter().map(|(first, _)| *first).collect::<Vec<_>>();
    let by_head = |threads: &[(usize, Vec<usize>)]| threads.iter().cloned().collect::<BTreeMap<_, _>>();
    // The same threads, each in the same order; and but for dates that they do not read, one after the other as theirs.
    assert_eq!(by_head(&ours), by_head(&theirs));
    assert_eq!(ours.len(), 3740);
    loaded.compare("DATE", &heads(&ours), &heads(&theirs), HEADS);
}

/// No answer is known for these: each message is there once, and below the one that it answers.
fn references(loaded: &mut Loaded) {
    let threads = loaded.threads(ThreadAlgorithm::References);
    let mut seqs: Vec<u32> = threads.messages.iter().map(|(seq, _)| *seq).filter(|seq| *seq != 0).collect();
    seqs.sort_unstable();
    assert!(seqs.into_iter().eq(1..=corpus::MESSAGES as u32));
    // A message is the child of the last one that it names.
    let mut path: Vec<u32> = Vec::new();
    let mut ancestors: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for ((seq, _), depth) in threads.messages.iter().zip(&threads.depths) {
        path.truncate(*depth as usize);
        ancestors.insert(*seq, path.clone());
        path.push(*seq);
    }
    let mut by_id: BTreeMap<[u8; 8], u32> = BTreeMap::new();
    let rows: Vec<_> =
        loaded.octets.iter().map(|octets| offline_mailbox::mime::extract(octets).row).collect();
    for (row, seq) in rows.iter().zip(1..) {
        if let Some(id) = row.own_hash() {
            by_id.entry(id).or_insert(seq);
        }
    }
    let (mut below, mut wrong) = (0, Vec::new());
    for (row, seq) in rows.iter().zip(1u32..) {
        let last = row.references.get(usize::from(row.from_references.max(1)) - 1);
        let Some(parent) = last.and_then(|id| by_id.get(id)).filter(|parent| **parent != seq) else {
            continue;
        };
        match ancestors[&seq].last() == Some(parent) {
            true => below += 1,
            false => wrong.push((seq, *parent)),
        }
    }
    // Message 1 lists its ancestors from the nearest on, so that what 2506 answers is for a while below
    // 2508; the link from 2506 to 2508 "would introduce a loop" then (RFC 5256 section 3, step 1.B).
    assert_eq!((below, wrong.as_slice()), (1518, &[(2508, 2506)][..]));
}
