//! What every octet string must survive: one check for each parser of what
//! strangers write. Run by the fuzzer (`fuzz/`), by property tests, and on
//! every input that once broke one (`tests/regressions.rs`).

use crate::mime::{
    Bodies, BodyStructure, Decoder, Encoding, Envelope, Layout, Section, address, date, encoded_word,
    extract, header, part, text, thread_key,
};
use crate::model::{SequenceSet, ZonedTime, decode_mutf7, encode_mutf7};
use crate::search::parse_search;
use crate::sieve::{self, Mail};

/// A check of one parser: stops where the parser does not keep its word.
pub type Check = fn(&[u8]);

/// The checks by name.
pub const CHECKS: &[(&str, Check)] = &[
    ("header", header_decoding),
    ("message", message),
    ("search", search),
    ("section", section),
    ("sequence_set", sequence_set),
    ("sieve", sieve),
    ("mailbox_name", mailbox_name),
];

/// A header value, and a header block.
pub fn header_decoding(octets: &[u8]) {
    let split = header::split(octets);
    assert_eq!(split.header.len() + split.body.len(), octets.len());
    let fields: usize = header::fields(octets).map(|field| field.line.len()).sum();
    assert!(fields <= octets.len());
    let value = header::unfold(octets);
    for address in address::parse(&value) {
        assert!(address.host.is_none() || address.mailbox.is_some());
    }
    date::parse(octets);
    let decoded = encoded_word::decode_header_text(octets);
    thread_key::base_subject(&decoded);
    thread_key::ids(octets).count();
    let folded = text::fold(&decoded);
    assert_eq!(text::fold(&folded), folded);
    Envelope::parse(octets);
}

/// A whole message: its parts, its text, its layout as it is stored.
pub fn message(octets: &[u8]) {
    let parts = part::parts(octets);
    for (index, part) in parts.iter().enumerate() {
        assert!(part.header.start <= part.header.end && part.header.end == part.body.start);
        assert!(part.body.start <= part.body.end && part.body.end <= octets.len());
        assert!(part.parent.is_none_or(|parent| parent < index));
    }
    let found = extract(octets);
    let mut row = Vec::new();
    found.row.encode(&mut row);
    assert_eq!(crate::mime::ListRow::decode(&row), Some((found.row, row.len())));
    let layout = Layout::parse(octets);
    assert_eq!(Layout::decode(&layout.encode()), Some(layout.clone()));
    let structure = BodyStructure::read(octets, &layout);
    assert!(!structure.to_imap(true).is_empty());
    let bodies = Bodies::read(octets, &layout);
    bodies.plain_text(octets, &layout);
    bodies.html_text(octets, &layout);
    for index in 0..layout.parts().len().min(50) {
        assert!(layout.path(index).is_none_or(|path| layout.find(&path).is_some()));
    }
    for encoding in [Encoding::Base64, Encoding::QuotedPrintable] {
        let whole = encoding.decode(octets, usize::MAX);
        let mut decoder = Decoder::new(encoding);
        let mut streamed = Vec::new();
        for piece in octets.chunks(7) {
            streamed.extend_from_slice(&decoder.push(piece));
        }
        streamed.extend_from_slice(&decoder.finish());
        assert_eq!(streamed, *whole);
    }
}

/// A section's name, up to the first NUL, of the message behind it; and a stored layout.
pub fn section(octets: &[u8]) {
    let _ = Layout::decode(octets);
    let (name, message) = match octets.iter().position(|&octet| octet == 0) {
        Some(end) => (&octets[..end], &octets[end + 1..]),
        None => (octets, octets),
    };
    let Ok(name) = std::str::from_utf8(name) else { return };
    let Ok(section) = Section::parse(name) else { return };
    assert_eq!(Section::parse(&section.specification()).map(|again| again.path), Ok(section.path.clone()));
    let layout = Layout::parse(message);
    if let Ok(Some(found)) = section.read(message, &layout) {
        // Selected header fields end with an empty line of their own.
        assert!(found.len() <= message.len() + 2);
    }
}

/// A search.
pub fn search(octets: &[u8]) {
    if let Err(error) = parse_search(octets) {
        assert!(!error.message().is_empty());
    }
}

/// A filter script, up to the first NUL, run on the mail behind it.
pub fn sieve(octets: &[u8]) {
    let (script, raw) = match octets.iter().position(|&octet| octet == 0) {
        Some(end) => (&octets[..end], &octets[end + 1..]),
        None => (octets, &b"Subject: hello\r\nTo: a@b, c@d\r\n\r\nbody\r\n"[..]),
    };
    match sieve::compile(script) {
        Err(error) => assert!(error.line >= 1 && error.column >= 1),
        Ok(script) => {
            let now = ZonedTime { timestamp_ms: 1_577_836_800_000, zone_minutes: 60 };
            let mailbox_exists = |name: &str| name.len().is_multiple_of(2);
            let mail = Mail {
                raw,
                sender: "a@example.org",
                recipient: "b@example.org",
                now,
                mailbox_exists: &mailbox_exists,
            };
            let outcome = script.run(&mail);
            assert_eq!(outcome, script.run(&mail));
        }
    }
}

/// A sequence set.
pub fn sequence_set(octets: &[u8]) {
    let Ok(written) = std::str::from_utf8(octets) else { return };
    for uid in [false, true] {
        let Ok(set) = SequenceSet::parse(written, uid) else { continue };
        for last in [0, 1, 1000, u32::MAX] {
            let found = set.resolve(last);
            assert!(found.max().is_none_or(|max| max <= last));
        }
    }
}

/// A mailbox's name in modified UTF-7.
pub fn mailbox_name(octets: &[u8]) {
    if let Ok(name) = decode_mutf7(octets) {
        assert_eq!(encode_mutf7(&name).as_bytes(), octets);
    }
}
