//! The text form: known answers, and what is refused where.

use super::*;
use crate::model::{EmailId, ErrorCode, SequenceSet, SystemFlags, TextPosition, ThreadId};

fn keys(text: &str) -> Vec<SearchKey> {
    let program = parse_search(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(program.returns, None);
    program.keys
}

fn key(text: &str) -> SearchKey {
    let [key] = <[SearchKey; 1]>::try_from(keys(text)).unwrap();
    key
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

fn or(one: SearchKey, other: SearchKey) -> SearchKey {
    SearchKey::Or(Box::new(one), Box::new(other))
}

fn day(year: i32, month: u32, day: u32) -> Day {
    Day::from_date(year, month, day).unwrap()
}

fn set(text: &str, uid: bool) -> SearchKey {
    SearchKey::Seq(SequenceSet::parse(text, uid).unwrap())
}

fn header(name: &str, value: &str) -> SearchKey {
    SearchKey::Header { name: name.into(), value: value.into() }
}

#[test]
fn the_examples_of_the_rfcs() {
    let returns = |min, max, all, count| Some(Returns { min, max, all, count });
    let flagged = SearchKey::Flag(SystemFlags::FLAGGED);
    for (text, returned, expected) in [
        // RFC 9051 section 6.4.4
        (
            "RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
            returns(true, false, false, true),
            vec![flagged.clone(), SearchKey::Since(day(1994, 2, 1)), not(SearchKey::From("Smith".into()))],
        ),
        (
            "RETURN () FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
            returns(false, false, true, false),
            vec![flagged.clone(), SearchKey::Since(day(1994, 2, 1)), not(SearchKey::From("Smith".into()))],
        ),
        ("TEXT \"string not in mailbox\"", None, vec![SearchKey::Text("string not in mailbox".into())]),
        (
            "RETURN (MIN MAX) CHARSET UTF-8 TEXT {12}\r\nпривет",
            returns(true, true, false, false),
            vec![SearchKey::Text("привет".into())],
        ),
        (
            "CHARSET UTF-8 (OR FROM {7}\r\nфыв\" SUBJECT {8+}\r\nпрос)",
            None,
            vec![SearchKey::And(vec![or(
                SearchKey::From("фыв\"".into()),
                SearchKey::Subject("прос".into()),
            )])],
        ),
        // RFC 3501 section 6.4.4
        (
            "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
            None,
            vec![flagged, SearchKey::Since(day(1994, 2, 1)), not(SearchKey::From("Smith".into()))],
        ),
        // RFC 4731
        (
            "RETURN (ALL MIN) MODSEQ 620162338",
            returns(true, false, true, false),
            vec![SearchKey::ModSeq(620_162_338)],
        ),
        // RFC 7162 section 3.1.5
        ("MODSEQ \"/flags/\\\\draft\" all 620162338", None, vec![SearchKey::ModSeq(620_162_338)]),
        (
            "OR NOT MODSEQ 720162338 LARGER 50000",
            None,
            vec![or(not(SearchKey::ModSeq(720_162_338)), SearchKey::Larger(50_000))],
        ),
        // RFC 5032
        (
            "UNSEEN YOUNGER 259200",
            None,
            vec![SearchKey::NotFlag(SystemFlags::SEEN), SearchKey::Younger(259_200)],
        ),
        ("OLDER 604800", None, vec![SearchKey::Older(604_800)]),
        // RFC 8474 section 5.3
        (
            "EMAILID M6d99ac3275bb4e",
            None,
            vec![SearchKey::EmailId(EmailId::parse("M6d99ac3275bb4e").unwrap())],
        ),
        (
            "OR EMAILID Mabc_-1 THREADID T64b478a75b7ea9",
            None,
            vec![or(
                SearchKey::EmailId(EmailId::parse("Mabc_-1").unwrap()),
                SearchKey::ThreadId(ThreadId::parse("T64b478a75b7ea9").unwrap()),
            )],
        ),
        // RFC 8514
        ("SAVEDON 28-Dec-2014", None, vec![SearchKey::SavedOn(day(2014, 12, 28))]),
        (
            "SAVEDATESUPPORTED SAVEDBEFORE 1-Jan-2015",
            None,
            vec![SearchKey::All, SearchKey::SavedBefore(day(2015, 1, 1))],
        ),
    ] {
        assert_eq!(
            parse_search(text.as_bytes()),
            Ok(SearchProgram { keys: expected, returns: returned }),
            "{text}"
        );
    }
}

#[test]
fn every_key_is_read_in_any_case() {
    let yes = SearchKey::Flag;
    let no = SearchKey::NotFlag;
    let first = day(2003, 1, 1);
    for (text, expected) in [
        ("ALL", SearchKey::All),
        ("Answered", yes(SystemFlags::ANSWERED)),
        ("BCC a", SearchKey::Bcc("a".into())),
        ("BEFORE 1-Jan-2003", SearchKey::Before(first)),
        ("body a", SearchKey::Body("a".into())),
        ("CC a", SearchKey::Cc("a".into())),
        ("DELETED", yes(SystemFlags::DELETED)),
        ("DRAFT", yes(SystemFlags::DRAFT)),
        ("FLAGGED", yes(SystemFlags::FLAGGED)),
        ("FROM a", SearchKey::From("a".into())),
        ("HEADER X-A b", header("X-A", "b")),
        ("HEADER \"Message-ID\" \"\"", header("Message-ID", "")),
        ("KEYWORD $Junk", SearchKey::Keyword("$Junk".into())),
        ("LARGER 0", SearchKey::Larger(0)),
        ("LARGER 18446744073709551615", SearchKey::Larger(u64::MAX)),
        ("NEW", SearchKey::New),
        ("not all", not(SearchKey::All)),
        ("OLD", SearchKey::Old),
        ("ON \"01-jAN-2003\"", SearchKey::On(first)),
        ("OR ALL NEW", or(SearchKey::All, SearchKey::New)),
        ("RECENT", SearchKey::Recent),
        ("SEEN", yes(SystemFlags::SEEN)),
        ("SENTBEFORE 1-Jan-2003", SearchKey::SentBefore(first)),
        ("SENTON 1-Jan-2003", SearchKey::SentOn(first)),
        ("SENTSINCE \"1-Jan-2003\"", SearchKey::SentSince(first)),
        ("SAVEDSINCE 1-Jan-2003", SearchKey::SavedSince(first)),
        ("SINCE 01-Jan-2003", SearchKey::Since(first)),
        ("SMALLER 9", SearchKey::Smaller(9)),
        ("SUBJECT a", SearchKey::Subject("a".into())),
        ("TEXT a", SearchKey::Text("a".into())),
        ("TO a", SearchKey::To("a".into())),
        ("UID 3:*", set("3:*", true)),
        ("UNANSWERED", no(SystemFlags::ANSWERED)),
        ("UNDELETED", no(SystemFlags::DELETED)),
        ("UNDRAFT", no(SystemFlags::DRAFT)),
        ("UNFLAGGED", no(SystemFlags::FLAGGED)),
        ("UNKEYWORD a", SearchKey::NotKeyword("a".into())),
        ("UNSEEN", no(SystemFlags::SEEN)),
        ("MODSEQ 0", SearchKey::ModSeq(0)),
        ("MODSEQ \"/flags/x\" priv 7", SearchKey::ModSeq(7)),
    ] {
        assert_eq!(key(text), expected, "{text}");
    }
}

#[test]
fn s138_s139_s151_sets_groups_and_not() {
    for (text, expected) in [
        ("2:3", vec![set("2:3", false)]),
        ("1:3 2:4", vec![set("1:3", false), set("2:4", false)]),
        ("(1:3 2:4)", vec![SearchKey::And(vec![set("1:3", false), set("2:4", false)])]),
        ("OR 1 3:4", vec![or(set("1", false), set("3:4", false))]),
        ("UID 101:102", vec![set("101:102", true)]),
        ("*", vec![set("*", false)]),
        ("NOT NOT ALL", vec![not(not(SearchKey::All))]),
        ("()", vec![SearchKey::And(vec![])]),
        (
            "((()) ALL)",
            vec![SearchKey::And(vec![SearchKey::And(vec![SearchKey::And(vec![])]), SearchKey::All])],
        ),
        (
            "OR (1 2) NOT (3)",
            vec![or(
                SearchKey::And(vec![set("1", false), set("2", false)]),
                not(SearchKey::And(vec![set("3", false)])),
            )],
        ),
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

#[test]
fn strings_in_every_form() {
    for (text, value) in [
        ("BODY atom", "atom"),
        ("BODY a]b~c+d", "a]b~c+d"),
        ("BODY \"a b\"", "a b"),
        ("BODY \"a \\\"b\\\" \\\\\"", "a \"b\" \\"),
        ("BODY \"(%*\"", "(%*"),
        ("BODY \"\"", ""),
        ("BODY {0}\r\n", ""),
        ("BODY {4}\r\na\r\n)", "a\r\n)"),
        ("BODY {3+}\r\na b", "a b"),
        ("BODY ~{3}\r\na\0b", "a\0b"),
        ("BODY ~{3+}\r\nabc", "abc"),
        ("BODY ~", "~"),
        ("BODY gr\u{fc}\u{df}e", "grüße"),
        ("BODY \"ßaz\"", "ßaz"),
        ("BODY NIL", "NIL"),
        ("BODY ALL", "ALL"),
        ("BODY \u{fffd}", "\u{fffd}"),
    ] {
        assert_eq!(key(text), SearchKey::Body(value.into()), "{text:?}");
    }
}

#[test]
fn s148_charsets() {
    for (text, value) in [
        (&b"CHARSET UTF-8 BODY \"\xc3\x9faz\""[..], "ßaz"),
        (b"CHARSET iso-8859-1 BODY \"\xdfaz\"", "ßaz"),
        (b"charset \"KOI8-R\" BODY {1}\r\n\xf0", "П"),
        (b"CHARSET US-ASCII BODY a", "a"),
    ] {
        assert_eq!(parse_search(text).unwrap().keys, [SearchKey::Body(value.into())], "{text:?}");
    }
    for text in [
        &b"CHARSET x-nobody BODY a"[..],
        b"CHARSET \"\" ALL",
        b"BODY \"\xdfaz\"",
        b"BODY \xff",
        b"CHARSET UTF-8 BODY {2}\r\n\xc3\x28",
        b"CHARSET US-ASCII BODY \"\xc3\x9f\"",
        b"CHARSET Shift_JIS SUBJECT \"\x81\"",
    ] {
        assert_eq!(parse_search(text).unwrap_err().code(), ErrorCode::BadCharset, "{text:?}");
    }
}

#[test]
fn s152_what_is_malformed_or_not_known_is_told_with_its_place() {
    for (text, at, what) in [
        ("", 1, "a search key"),
        (" ALL", 1, "a search key"),
        ("ALL ", 5, "a search key"),
        ("ALL  SEEN", 5, "a search key"),
        ("ALL\r\n", 4, "a space"),
        ("FUZZY BODY a", 1, "FUZZY"),
        ("ALL X-GM-RAW a", 5, "X-GM-RAW"),
        ("IN (mailboxes) ALL", 1, "\"IN\""),
        ("SEEN)", 5, "a space"),
        ("(SEEN", 6, "')'"),
        ("(SEEN ", 7, "a search key"),
        ("( SEEN)", 2, "a search key"),
        ("(SEEN )", 7, "a search key"),
        ("NOT", 4, "a space"),
        ("NOT ", 5, "a search key"),
        ("OR SEEN", 8, "a space"),
        ("OR SEEN ", 9, "a search key"),
        ("BODY", 5, "a space"),
        ("BODY ", 6, "a string"),
        ("BODY (", 6, "a string"),
        ("BODY 50%", 8, "a space"),
        ("BODY \"a", 8, "'\"'"),
        ("BODY \"a\\n\"", 9, "after '\\'"),
        ("BODY \"a\nb\"", 8, "'\"'"),
        ("BODY \"a\"b", 9, "a space"),
        ("BODY {3}abc", 9, "CRLF"),
        ("BODY {3}\nabc", 9, "CRLF"),
        ("BODY {4}\r\nabc", 7, "a length"),
        ("BODY {99999999999999999999}\r\nabc", 7, "a number"),
        ("BODY {3\r\nabc", 8, "'}'"),
        ("BODY {}\r\nabc", 7, "a number"),
        ("HEADER From", 12, "a space"),
        ("KEYWORD \\Seen", 9, "a keyword"),
        ("KEYWORD \"a\"", 9, "a keyword"),
        ("KEYWORD é", 9, "a keyword"),
        ("SINCE yesterday", 7, "a date"),
        ("SINCE 1-Foo-2020", 7, "a date"),
        ("SINCE 001-Jan-2020", 7, "a date"),
        ("SINCE 1-Jan-20", 7, "a date"),
        ("SINCE 30-Feb-2020", 7, "not a day"),
        ("SINCE \"1-Jan-2020", 18, "'\"'"),
        ("LARGER x", 8, "a number"),
        ("LARGER -1", 8, "a number"),
        ("LARGER 18446744073709551616", 8, "a number"),
        ("LARGER 5k", 9, "a space"),
        ("YOUNGER 0", 9, "seconds from 1"),
        ("EMAILID (M1)", 9, "an object id"),
        ("EMAILID M.1", 10, "a space"),
        ("MODSEQ", 7, "a space"),
        ("MODSEQ \"/flags/\" all 1", 8, "an entry name"),
        ("MODSEQ \"/flags/a\" any 1", 19, "priv"),
        ("UID", 4, "a space"),
        ("UID all", 5, "a sequence set"),
        ("0", 1, "a sequence set"),
        ("1:2,", 1, "a sequence set"),
        ("NOT 4294967296", 5, "a sequence set"),
        ("RETURN MIN ALL", 8, "'('"),
        ("RETURN (MIN ALL", 16, "a space"),
        ("RETURN (ANY) ALL", 9, "MIN, MAX"),
        ("RETURN (MIN  MAX) ALL", 13, "MIN, MAX"),
        ("RETURN (MIN)", 13, "a space"),
        ("RETURN (MIN) ", 14, "a search key"),
        ("CHARSET UTF-8", 14, "a space"),
        ("ALL CHARSET UTF-8 SEEN", 5, "CHARSET"),
        ("SUBJECT ü (x", 12, "is not known"),
    ] {
        let error = parse_search(text.as_bytes()).expect_err(text);
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{text}");
        assert_eq!(error.position(), Some(TextPosition { line: 1, column: at }), "{text}");
        let place = format!("at character {at}");
        let placed = error.message().match_indices(&place).any(|(found, place)| {
            !error.message()[found + place.len()..].starts_with(|next: char| next.is_ascii_digit())
        });
        assert!(placed && error.message().contains(what), "{text}: {error}");
    }
    for text in ["RETURN (SAVE) ALL", "RETURN (MIN SAVE) ALL", "$", "UID $", "NOT $"] {
        assert_eq!(parse_search(text.as_bytes()).unwrap_err().code(), ErrorCode::Cannot, "{text}");
    }
}

#[test]
fn keys_that_are_nested_too_deep_are_refused() {
    use key::MAX_DEPTH;
    for (open, close) in [("NOT ", ""), ("(", ")"), ("OR ALL ", "")] {
        let nest = |depth: usize| {
            parse_search(format!("{}ALL{}", open.repeat(depth), close.repeat(depth)).as_bytes())
        };
        assert!(nest(MAX_DEPTH).is_ok(), "{open}");
        for depth in [MAX_DEPTH + 1, 1_000_000] {
            assert_eq!(nest(depth).unwrap_err().code(), ErrorCode::Limit, "{open}");
        }
    }
}

#[test]
fn any_octets_are_answered() {
    let seeds: [&[u8]; 6] = [
        b"RETURN (MIN) CHARSET UTF-8 OR (FROM \"a\\\"b\" BODY {3+}\r\nabc) NOT UID 1:*,5",
        b"HEADER X ~{2}\r\n\0\xff MODSEQ \"/flags/a\" all 9 SINCE \"1-Feb-2020\"",
        b"((((((",
        b"\xff\xfe\0\"{}",
        b"{18446744073709551615}\r\n",
        b"BODY {18446744073709551615+}\r\n",
    ];
    let mut random = crate::testing::random::Random::new(152);
    for seed in seeds {
        for cut in 0..seed.len() {
            let _ = parse_search(&seed[..cut]);
            let mut text = seed.to_vec();
            for _ in 0..50 {
                let at = random.index(text.len());
                text[at] = random.below(256) as u8;
                let _ = parse_search(&text);
            }
        }
    }
}
