//! Reading mail is total: arbitrary octets, and octets that look like mail, never panic.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};

use offline_mailbox::mime::{
    Bodies, BodyStructure, Decoder, Encoding, Envelope, Layout, ListRow, MailAddress, Section, SentDate,
    address, date, encoded_word, extract, header, part, row, text, thread_key,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Pieces from which broken mail is made.
const PIECES: &[&[u8]] = &[
    b"From: ",
    b"To: ",
    b"Subject: ",
    b"Date: ",
    b"Message-ID: ",
    b"References: ",
    b"Content-Type: ",
    b"text/html",
    b"multipart/mixed; boundary=",
    b"multipart/digest; boundary=b",
    b"message/rfc822",
    b"b",
    b"--b",
    b"--b--",
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"<",
    b">",
    b"<a@[",
    b"a:b;c",
    b"\"",
    b"=?utf-8?q?=C3?=",
    b"=?utf-8?b?",
    b"?=",
    b"=?",
    b"\0",
    b"\xff",
    b"\xc3",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"=",
    b"=\n",
    b"aGk=",
    b"(",
    b")",
    b"\\",
    b"@",
    b",",
    b";",
    b":",
    b"<!--",
    b"&amp;",
    b"&#",
    b"<script>",
    b"charset=utf-7",
    b"charset=utf-16",
    b"1 Jan 2000 00:00:00 +0000",
    b"[Fwd:",
    b"Re:",
    b"]",
    b"(fwd)",
    "\u{2028}İß".as_bytes(),
];

fn mail() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        9 => proptest::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![mail(), vec(any::<u8>(), 0..600)]
}

/// The structure and bodies by a layout, which may be another message's.
fn view(octets: &[u8], layout: &Layout) {
    assert!(BodyStructure::read(octets, layout).to_imap(true).ends_with(')'));
    let bodies = Bodies::read(octets, layout);
    bodies.plain_text(octets, layout);
    bodies.html_text(octets, layout);
}

/// Every part, found by its number and cut out in several ways.
fn cut(octets: &[u8], layout: &Layout) {
    for (index, path) in layout.paths().into_iter().enumerate() {
        let Some(path) = path else { continue };
        assert_eq!(layout.find(&path), Some(index));
        let path = path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        for section in ["BODY[P]", "BODY[P]<1.5>", "BINARY[P]<2.3>", "BODY[P.HEADER.FIELDS.NOT (A)]"] {
            let Ok(section) = Section::parse(&section.replace("P", &path)) else {
                assert!(path.is_empty());
                continue;
            };
            let range = layout.range(&section);
            let whole = section.read(octets, layout);
            match range.and_then(|range| octets.get(range)) {
                Some(slice) => assert_eq!(section.read_slice(slice, layout), whole),
                None => assert_eq!(whole, Ok(None)),
            }
        }
    }
}

fn addresses() -> impl Strategy<Value = Vec<MailAddress>> {
    vec((proptest::option::of(".*"), ".*").prop_map(|(name, address)| MailAddress { name, address }), 0..4)
}

fn rows() -> impl Strategy<Value = ListRow> {
    let sent = proptest::option::of(
        any::<(i64, i16)>().prop_map(|(timestamp_ms, zone_minutes)| SentDate { timestamp_ms, zone_minutes }),
    );
    let lists = (addresses(), addresses(), addresses(), addresses(), addresses(), addresses());
    let ids = (proptest::option::of(".*"), proptest::option::of(".*"));
    let references = vec(any::<[u8; 8]>(), 0..6);
    (".*", lists, sent, ids, references, any::<(bool, bool)>(), ".*").prop_map(
        |(
            subject,
            lists,
            sent_date,
            (message_id, in_reply_to),
            references,
            (has_attachment, truncated),
            preview,
        )| {
            let (from, sender, reply_to, to, cc, bcc) = lists;
            let from_references = u8::try_from(references.len() / 2).unwrap();
            ListRow {
                subject,
                from,
                sender,
                reply_to,
                to,
                cc,
                bcc,
                sent_date,
                message_id,
                in_reply_to,
                references,
                from_references,
                has_attachment,
                preview,
                truncated,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn s64_no_octets_make_extract_or_envelope_fail(octets in octets()) {
        let found = extract(&octets);
        prop_assert!(found.row.subject.len() <= row::MAX_SUBJECT);
        prop_assert!(found.row.from.len() <= row::MAX_ADDRESSES);
        prop_assert!(found.row.preview.chars().count() <= row::MAX_PREVIEW);
        prop_assert_eq!(text::fold(&found.row.preview).contains('\n'), false);
        Envelope::parse(&octets);
        let mut encoded = Vec::new();
        found.row.encode(&mut encoded);
        let length = encoded.len();
        prop_assert_eq!(ListRow::decode(&encoded), Some((found.row, length)));
    }

    #[test]
    fn s173_header_and_body_are_the_whole_message(octets in octets()) {
        let split = header::split(&octets);
        prop_assert_eq!([split.header, split.body].concat(), octets.clone());
        let mut position = 0;
        for field in header::fields(split.header) {
            let at = field.line.as_ptr() as usize - octets.as_ptr() as usize;
            prop_assert!(at >= position && at + field.line.len() <= split.header.len());
            position = at + field.line.len();
        }
    }

    #[test]
    fn parts_lie_inside_their_parents(octets in octets()) {
        let parts = part::parts(&octets);
        prop_assert!(!parts.is_empty());
        for (index, part) in parts.iter().enumerate() {
            prop_assert!(part.header.start <= part.header.end && part.header.end == part.body.start);
            prop_assert!(part.body.start <= part.body.end && part.body.end <= octets.len());
            if let Some(parent) = part.parent {
                prop_assert!(parent < index);
                prop_assert!(parts.get(parent).unwrap().body.start <= part.header.start);
            }
        }
    }

    #[test]
    fn s64_s178_no_octets_make_a_view_fail(octets in octets(), other in octets()) {
        let layout = Layout::parse(&octets);
        prop_assert_eq!(layout.size(), octets.len());
        let stored = layout.encode();
        prop_assert_eq!(Layout::decode(&stored), Some(layout.clone()));
        for octets in [&octets, &other] {
            view(octets, &layout);
            cut(octets, &layout);
        }
        let read = |section: &str| Section::parse(section).unwrap().read(&octets, &layout).unwrap().unwrap();
        prop_assert_eq!([read("HEADER"), read("TEXT")].concat(), octets.clone());
    }

    #[test]
    fn s178_decoding_a_layout_is_total(
        stored in prop_oneof![
            vec(any::<u8>(), 0..100),
            vec([0u8..4, 0..4, 0..4, 0..4, 0..4, 0..4], 0..9).prop_map(|parts| {
                [vec![1, parts.len() as u8], parts.concat()].concat()
            }),
        ],
        octets in octets(),
    ) {
        if let Some(layout) = Layout::decode(&stored) {
            prop_assert_eq!(Layout::decode(&layout.encode()), Some(layout.clone()));
            view(&octets, &layout);
            cut(&octets, &layout);
        }
    }

    #[test]
    fn sections_are_read_as_they_are_written(text in ".*|[BODYINARPEKSZ\\[\\]<>.0-9HEADRFILSNOTXM() \"]{0,40}") {
        if let Ok(section) = Section::parse(&text) {
            let again = Section::parse(&section.specification()).unwrap();
            prop_assert_eq!((again.path, again.text), (section.path.clone(), section.text.clone()));
            prop_assert!(section.label().is_ascii());
        }
    }

    #[test]
    fn s177_a_decoder_gives_the_same_in_any_pieces(
        octets in prop_oneof![octets(), "[A-Za-z=+/ \r\n\t0-9]{0,300}".prop_map(String::into_bytes)],
        sizes in vec(0usize..9, 1..20),
    ) {
        for encoding in [Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable, Encoding::Unknown] {
            let mut decoder = Decoder::new(encoding);
            let (mut rest, mut pieces) = (octets.as_slice(), Vec::new());
            for size in sizes.iter().cycle() {
                let (piece, after) = rest.split_at(rest.len().min(size + usize::from(sizes.iter().all(|&size| size == 0))));
                pieces.extend(decoder.push(piece));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            pieces.extend(decoder.finish());
            prop_assert_eq!(&pieces, &encoding.decode(&octets, usize::MAX).into_owned());
            prop_assert_eq!(Decoder::count(encoding, &octets), pieces.len());
        }
    }

    #[test]
    fn s64_no_value_makes_a_parser_fail(octets in octets()) {
        let value = header::unfold(&octets);
        for address in address::parse(&value) {
            prop_assert!(address.host.is_none() || address.mailbox.is_some());
        }
        date::parse(&octets);
        let decoded = encoded_word::decode_header_text(&octets);
        thread_key::base_subject(&decoded);
        thread_key::ids(&octets).count();
        let folded = text::fold(&decoded);
        prop_assert_eq!(text::fold(&folded), folded.clone());
    }

    #[test]
    fn rows_round_trip(row in rows(), tail in vec(any::<u8>(), 0..9)) {
        let mut encoded = Vec::new();
        row.encode(&mut encoded);
        let length = encoded.len();
        encoded.extend_from_slice(&tail);
        prop_assert_eq!(ListRow::decode(&encoded), Some((row, length)));
    }

    #[test]
    fn decoding_a_row_is_total(octets in vec(any::<u8>(), 0..200)) {
        if let Some((row, length)) = ListRow::decode(&octets) {
            prop_assert!(length <= octets.len());
            let mut encoded = Vec::new();
            row.encode(&mut encoded);
            prop_assert_eq!(ListRow::decode(&encoded), Some((row, encoded.len())));
        }
    }
}

#[test]
fn hostile_mail_of_two_megabytes_takes_linear_time() {
    let multipart = b"Content-Type: multipart/mixed; boundary=a\n\n";
    let shapes: &[(&[u8], &[u8])] = &[
        (multipart, b"--a\nContent-Type: multipart/mixed; boundary=x\n\nhi\n"),
        (multipart, b"--a\nContent-Transfer-Encoding: base64\n\naGk=\n"),
        (multipart, b"--a\n"),
        (b"", b"Content-Type: message/rfc822\n\n"),
        (b"", b"Subject: a\n"),
        (b"To: ", b"a@b,"),
        (b"To: ", b"a:@ "),
        (b"To: ", b". "),
        (b"To: ", b"<"),
        (b"Subject: ", b"=?utf-8?q?a?= "),
        (b"Subject: ", b"=?a?q?"),
        (b"Subject: ", b"[a]"),
        (b"Subject: ", b"\n "),
        (b"References: ", b"<a> "),
        (b"References: ", b"<"),
        (b"Date: ", b"(1 "),
        (b"Content-Type: text/html\n\n", b"<a b=\"'"),
        (b"Content-Type: text/html\n\n", b"<script><!--&"),
        (b"Content-Type: text/html; charset=utf-7\n\n", b"+AGE"),
        (b"Content-Transfer-Encoding: quoted-printable\n\n", b"= "),
    ];
    for (start, piece) in shapes {
        let mut message = start.to_vec();
        message.extend_from_slice(&piece.repeat(2_000_000 / piece.len()));
        let begun = Instant::now();
        extract(&message);
        Envelope::parse(&message);
        view(&message, &Layout::parse(&message));
        let shape = String::from_utf8_lossy(piece);
        // An unoptimised build takes under two seconds; quadratic work would take minutes.
        assert!(begun.elapsed() < Duration::from_secs(30), "{shape:?} took {:?}", begun.elapsed());
    }
}

/// How long the view of a message takes that is made of so many pieces.
fn view_time(message: impl Fn(usize) -> Vec<u8>, pieces: usize) -> Duration {
    let message = message(pieces);
    let begun = Instant::now();
    let layout = Layout::parse(&message);
    assert!(layout.parts().len() <= part::MAX_PARTS);
    BodyStructure::read(&message, &layout).to_imap(true);
    let bodies = Bodies::read(&message, &layout);
    bodies.plain_text(&message, &layout);
    let names: String = (0..10_000).map(|n| format!(" X{n}")).collect();
    for section in ["BINARY.SIZE[]", "1.1.1", &format!("HEADER.FIELDS ({})", names.trim_start())] {
        Section::parse(section).unwrap().read(&message, &layout).unwrap();
    }
    begun.elapsed()
}

/// Boundaries that are prefixes of each other, as deep as parts nest; then lines that begin as all
/// of them do and are none of them.
fn prefixed_boundaries(lines: usize) -> Vec<u8> {
    let boundary = |length: usize| "b".repeat(length);
    let mut message = String::from("A: b\n");
    for length in 1..=part::MAX_DEPTH {
        message
            .push_str(&format!("Content-Type: multipart/mixed; boundary={0}\n\n--{0}\n", boundary(length)));
    }
    message.push_str(&format!("--{}x\n", boundary(part::MAX_DEPTH)).repeat(lines));
    message.into_bytes()
}

#[test]
fn hostile_mail_twice_as_large_takes_twice_as_long() {
    let repeated = |piece: &'static str| move |pieces| piece.as_bytes().repeat(pieces);
    type Shape = Box<dyn Fn(usize) -> Vec<u8>>;
    let shapes: [(&str, Shape, usize); 6] = [
        ("nested messages", Box::new(repeated("Content-Type: message/rfc822\n\n")), 50_000),
        (
            "nested multiparts",
            Box::new(repeated("Content-Type: multipart/mixed; boundary=a\n\n--a\n")),
            50_000,
        ),
        ("header fields", Box::new(repeated("X7: y\n")), 500_000),
        (
            "a long header",
            Box::new(|size| [b"Content-Description: ".as_slice(), &b"x".repeat(size)].concat()),
            25_000_000,
        ),
        ("boundaries", Box::new(prefixed_boundaries), 20_000),
        (
            "a long type",
            Box::new(|size| {
                let start = format!("Content-Type: multipart/{}; boundary=a\n\n", "x".repeat(size));
                [start.as_bytes(), &b"--a\n\n".repeat(part::MAX_PARTS)].concat()
            }),
            1_000_000,
        ),
    ];
    for (name, message, pieces) in shapes {
        let (once, twice) = (view_time(&message, pieces), view_time(&message, pieces * 2));
        println!("{name}: {once:?}, {twice:?}");
        // Generous for a busy machine; quadratic work would take four times as long, and minutes.
        assert!(twice < once * 4 + Duration::from_secs(2), "{name}: {once:?}, then {twice:?}");
    }
}
