//! SEARCH against what a mature server found in 6,046 real messages.
//!
//! `tests/oracle/README.md` tells where the answers come from and how the messages are prepared.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::mime::extract;
use offline_mailbox::mime::part::parts;
use offline_mailbox::search::parse_search;
use offline_mailbox::session::{BaseSession, SearchOptions, SessionOptions};
use offline_mailbox::store::MemoryStore;

/// Why our answer differs from theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// The words stand on two lines of the source; to a reader, a line's end in a sentence is a blank.
    OverALinesEnd,
    /// Markup stands between the words; we search what HTML shows.
    AcrossMarkup,
    /// The words are in an attribute, a comment or a style; we search what HTML shows.
    WithinMarkup,
    /// The Content-Type is malformed (`text/plain charset=us-ascii`); we read it as text nevertheless.
    MalformedType,
    /// The date is in the order of C's asctime; we read it nevertheless.
    AsctimeDate,
}

use Reason::*;

type Counts<'a> = &'a [(Reason, usize)];

/// Every difference: the query, how many messages only we find and only they find, by reason.
const DIFFERENCES: &[(&str, Counts<'_>, Counts<'_>)] = &[
    ("BODY \"click here\"", &[(OverALinesEnd, 123), (AcrossMarkup, 18)], &[(WithinMarkup, 17)]),
    ("NOT BODY the", &[(WithinMarkup, 11)], &[(MalformedType, 1)]),
    ("SENTSINCE 1-Sep-2002", &[(AsctimeDate, 1)], &[]),
];

/// The text of the message's parts as its source says it: decoded, in lower case, HTML not rendered.
fn source(message: &[u8]) -> String {
    let texts = parts(message).into_iter().filter(|part| part.content_type.main == "text");
    let octets =
        texts.flat_map(|part| part.encoding.decode(&message[part.body.clone()], usize::MAX).into_owned());
    String::from_utf8_lossy(&octets.collect::<Vec<u8>>()).to_ascii_lowercase()
}

/// Why the words are found by one only; each reason is proved by the message.
fn reason(query: &str, ours: bool, message: &[u8]) -> Option<Reason> {
    if query.starts_with("SENTSINCE") {
        let dated = |line: &&[u8]| line.starts_with(b"Date: Sat Sep 21 08:18:08 2002");
        return message.split(|octet| *octet == b'\n').any(|line| dated(&line)).then_some(AsctimeDate);
    }
    let words = query.trim_start_matches("NOT ").trim_start_matches("BODY ").trim_matches('"');
    let in_source = source(message).contains(words);
    let shown = extract(message).text.contains(words);
    // What is found by NOT is what is not found.
    let we_find_words = ours != query.starts_with("NOT");
    assert_eq!(we_find_words, shown, "{query}: the text that is searched says otherwise");
    if !we_find_words {
        return in_source.then_some(WithinMarkup);
    }
    if in_source {
        let line = b"Content-Type: TEXT/PLAIN charset=US-ASCII\r\n";
        return message.windows(line.len()).any(|octets| octets == line).then_some(MalformedType);
    }
    let joined = source(message).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(if joined.contains(words) { OverALinesEnd } else { AcrossMarkup })
}

#[test]
fn s137_s152_searches_find_what_a_mature_server_found() {
    let oracle = corpus::oracle();
    let octets = corpus::messages(&oracle);
    let set = corpus::load(Rc::new(MemoryStore::new().connect()), &octets);
    let session = BaseSession::new(set, SessionOptions::default());
    let (_, mut view) = block_on(session.select_mailbox("INBOX", false)).unwrap();
    let queries = oracle["search"].as_object().unwrap();
    assert_eq!(queries.len(), 10);
    assert!(DIFFERENCES.iter().all(|(query, _, _)| queries.contains_key(*query)));
    for (query, theirs) in queries {
        let theirs: Vec<u64> = theirs.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        let program = parse_search(query.as_bytes()).unwrap();
        let found =
            block_on(session.search_mailbox(&mut view, &program.keys, &SearchOptions::default())).unwrap();
        let ours: Vec<u64> = found.messages.iter().map(|(seq, _)| u64::from(*seq)).collect();
        let differing = |these: &[u64], others: &[u64], ours: bool| -> BTreeMap<Reason, usize> {
            let mut counts = BTreeMap::new();
            for n in these.iter().filter(|n| others.binary_search(n).is_err()) {
                let reason = reason(query, ours, &octets[*n as usize - 1]);
                let reason = reason.unwrap_or_else(|| panic!("{query}: {n} differs (ours: {ours})"));
                *counts.entry(reason).or_default() += 1;
            }
            counts
        };
        let expected = DIFFERENCES.iter().find(|(known, _, _)| known == query);
        let (only_ours, only_theirs) = expected.map_or((&[][..], &[][..]), |(_, a, b)| (*a, *b));
        let counted = |counts: &[(Reason, usize)]| counts.iter().copied().collect::<BTreeMap<_, _>>();
        assert_eq!(differing(&ours, &theirs, true), counted(only_ours), "{query}: only ours");
        assert_eq!(differing(&theirs, &ours, false), counted(only_theirs), "{query}: only theirs");
    }
}
