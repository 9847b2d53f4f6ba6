//! Relations (RFC 5231), bodies (RFC 5173), dates and places (RFC 5260), refusals (RFC 5429).

use super::*;

const LISTS: &str = "To: a@x.example, b@x.example, \"C\" <c@y.example>\r\n\
    Cc: d@x.example\r\n\
    Received: one; Mon, 31 Dec 2007 20:00:00 +0000\r\n\
    Received: two; Tue, 1 Jan 2008 03:30:00 +0200\r\n\
    Received: three\r\n\
    X-Priority: 3 (normal)\r\n\
    X-Comment: by (a; b) z; Tue, 1 Jan 2008 03:30:00 +0200 (CEST; summer \\(;)\r\n\
    X-February: 30 Feb 2008 00:00:00 +0000\r\n\
    Date: Fri, 29 Feb 2008 23:59:58 -0130\r\n\
    \r\n";

const NUMERIC: &str = "\"relational\", \"comparator-i;ascii-numeric\"";

#[test]
fn relations_of_values_and_counts() {
    for (test, expected) in [
        ("address :count \"eq\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] \"4\"", true),
        ("address :count \"ge\" \"to\" \"3\"", true),
        ("address :count \"gt\" \"to\" \"3\"", false),
        ("address :count \"ne\" \"to\" \"10\"", true),
        // Numbers, whatever the comparator: as strings 3 would be greater than 10.
        ("address :count \"lt\" \"to\" \"10\"", true),
        ("header :count \"eq\" \"received\" [\"1\", \"3\"]", true),
        ("header :count \"eq\" \"x-none\" \"0\"", true),
        ("header :value \"lt\" :comparator \"i;ascii-numeric\" \"x-priority\" \"10\"", true),
        ("header :value \"lt\" \"x-priority\" \"10\"", false),
        ("header :value \"LE\" :comparator \"i;ascii-numeric\" \"x-priority\" \"0003\"", true),
        ("header :value \"gt\" :comparator \"i;ascii-numeric\" \"to\" \"99999999999999999999999\"", true),
        ("header :is :comparator \"i;ascii-numeric\" \"x-priority\" \"03abc\"", true),
        ("header :is :comparator \"i;ascii-numeric\" \"to\" \"not a number either\"", true),
        ("address :value \"gt\" :all \"to\" \"M\"", false),
        ("address :value \"ge\" \"to\" \"A@X.EXAMPLE\"", true),
        ("address :value \"le\" :comparator \"i;octet\" \"to\" \"B\"", false),
        ("address :value \"eq\" :localpart \"cc\" \"D\"", true),
    ] {
        assert_eq!(holds(NUMERIC, test, LISTS), expected, "{test}");
    }
}

#[test]
fn occurrences_are_counted_from_either_end() {
    for (test, expected) in [
        ("header :index 1 :contains \"received\" \"one\"", true),
        ("header :index 2 :contains \"received\" \"one\"", false),
        ("header :last :index 1 :contains \"received\" \"three\"", true),
        ("header :index 3 :last :contains \"received\" \"one\"", true),
        ("header :index 4 :contains \"received\" \"\"", false),
        ("address :index 1 :localpart \"cc\" \"d\"", true),
        ("address :index 2 :localpart \"cc\" \"d\"", false),
        // One count through all the names, in their order.
        ("address :index 2 [\"to\", \"cc\"] \"d@x.example\"", true),
        ("address :index 1 [\"to\", \"cc\"] \"d@x.example\"", false),
        ("address :index 2 [\"cc\", \"to\"] \"d@x.example\"", false),
        ("address :index 1 :last [\"cc\", \"to\"] \"a@x.example\"", true),
        ("header :index 2 :contains [\"cc\", \"received\"] \"one\"", true),
        ("header :index 4 :last :contains [\"cc\", \"received\"] \"d@x\"", true),
        ("header :index 5 :contains [\"cc\", \"received\"] \"\"", false),
        ("date :index 2 :zone \"+0000\" \"received\" \"hour\" \"01\"", true),
        ("date :index 1 :last \"received\" \"hour\" \"01\"", false),
    ] {
        assert_eq!(holds("\"index\", \"date\"", test, LISTS), expected, "{test}");
    }
}

#[test]
fn parts_of_dates_in_every_zone() {
    for (test, expected) in [
        ("date :originalzone \"date\" \"year\" \"2008\"", true),
        ("date :originalzone \"date\" \"MONTH\" \"02\"", true),
        ("date :originalzone \"date\" \"day\" \"29\"", true),
        ("date :originalzone \"date\" \"date\" \"2008-02-29\"", true),
        ("date :originalzone \"date\" \"julian\" \"54525\"", true),
        ("date :originalzone \"date\" \"hour\" \"23\"", true),
        ("date :originalzone \"date\" \"minute\" \"59\"", true),
        ("date :originalzone \"date\" \"second\" \"58\"", true),
        ("date :originalzone \"date\" \"time\" \"23:59:58\"", true),
        ("date :originalzone \"date\" \"iso8601\" \"2008-02-29T23:59:58-01:30\"", true),
        ("date :originalzone \"date\" \"std11\" \"Fri, 29 Feb 2008 23:59:58 -0130\"", true),
        ("date :originalzone \"date\" \"zone\" \"-0130\"", true),
        ("date :originalzone \"date\" \"weekday\" \"5\"", true),
        ("date :zone \"+0000\" \"date\" \"iso8601\" \"2008-03-01T01:29:58Z\"", true),
        ("date :zone \"+0000\" \"date\" \"weekday\" \"6\"", true),
        ("date :zone \"-1130\" \"date\" \"time\" \"13:59:58\"", true),
        // The local zone of these tests is -0500.
        ("date \"date\" \"time\" \"20:29:58\"", true),
        ("date \"date\" \"zone\" \"-0500\"", true),
        ("date :value \"ge\" \"date\" \"date\" \"2008-02-28\"", true),
        ("date :zone \"+0000\" \"received\" \"date\" \"2007-12-31\"", true),
        ("date \"x-none\" \"year\" \"2008\"", false),
        ("date \"x-priority\" \"year\" \"\"", false),
        ("currentdate \"iso8601\" \"2007-12-31T23:30:15-05:00\"", true),
        ("currentdate :zone \"+0000\" \"iso8601\" \"2008-01-01T04:30:15Z\"", true),
        ("currentdate :zone \"-0000\" \"zone\" \"+0000\"", true),
        ("currentdate :zone \"+0530\" \"iso8601\" \"2008-01-01T10:00:15+05:30\"", true),
        ("currentdate :count \"eq\" \"date\" \"1\"", true),
        ("date :count \"eq\" \"date\" \"date\" \"1\"", true),
        ("date :count \"eq\" \"x-none\" \"date\" \"0\"", true),
        ("date :count \"eq\" \"x-priority\" \"date\" \"0\"", true),
        ("date :originalzone \"x-comment\" \"date\" \"2008-01-01\"", true),
        ("date :originalzone \"x-comment\" \"zone\" \"+0200\"", true),
        ("date :matches \"x-february\" \"date\" \"*\"", false),
        ("date :value \"ge\" :originalzone \"date\" \"hour\" \"09\"", true),
        ("date :value \"lt\" :originalzone \"date\" \"hour\" \"17\"", false),
        ("date \"received\" \"weekday\" [\"0\", \"1\"]", true),
        ("currentdate \"weekday\" \"1\"", true),
        ("currentdate :zone \"+0100\" \"weekday\" [\"0\", \"2\"]", true),
        ("currentdate :matches \"std11\" \"Mon, 31 Dec ???? *\"", true),
        (
            "allof (currentdate :value \"ge\" \"date\" \"2007-06-30\", currentdate :value \"lt\" \"date\" \"2008-01-01\")",
            true,
        ),
    ] {
        assert_eq!(holds("\"date\", \"relational\"", test, LISTS), expected, "{test}");
    }
}

#[test]
fn dates_far_from_now_are_right() {
    for (timestamp_ms, expected) in [
        (0, "1970-01-01T00:00:00Z 4 40587"),
        (-1, "1969-12-31T23:59:59Z 3 40586"),
        (951_782_400_000, "2000-02-29T00:00:00Z 2 51603"),
        (-2_203_891_200_000, "1900-03-01T00:00:00Z 4 15079"),
        (253_402_300_799_000, "9999-12-31T23:59:59Z 5 2973483"),
    ] {
        let now = ZonedTime { timestamp_ms, zone_minutes: 0 };
        let part = |name: &str| crate::sieve::date::part(now, name.as_bytes()).unwrap();
        assert_eq!(format!("{} {} {}", part("iso8601"), part("weekday"), part("julian")), expected);
    }
    for timestamp_ms in [i64::MIN, i64::MAX] {
        let now = ZonedTime { timestamp_ms, zone_minutes: i16::MIN };
        assert!(crate::sieve::date::part(now, b"std11").is_some());
    }
}

const PARTS: &str = "Content-Type: multipart/mixed; boundary=x\r\n\
    \r\n\
    before\r\n\
    --x\r\n\
    Content-Type: text/plain; charset=iso-8859-1\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\
    \r\n\
    MAKE M=F6NEY F=\r\nAST\r\n\
    --x\r\n\
    Content-Type: text/html\r\n\
    \r\n\
    <p>Big <b>of</b>fer</p>\r\n\
    --x\r\n\
    Content-Type: message/rfc822\r\n\
    \r\n\
    Subject: inner\r\n\
    \r\n\
    nested text\r\n\
    --x\r\n\
    Content-Type: application/octet-stream\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    AP9zZWNyZXQ=\r\n\
    --x--\r\n\
    after\r\n";

#[test]
fn bodies_raw_decoded_and_as_text() {
    for (test, expected) in [
        ("body :raw :contains \"make m=f6ney\"", true),
        ("body :raw :contains \"möney fast\"", false),
        ("body :raw :contains \"boundary\"", false),
        ("body :raw :contains \"message/rfc822\"", true),
        ("body :raw :matches \"before*after*\"", true),
        ("body :contains \"möney fast\"", true),
        ("body :text :contains \"big offer\"", true),
        ("body :text :contains \"<b>\"", false),
        ("body :text :contains \"nested\"", true),
        ("body :text :contains \"secret\"", false),
        ("body :content \"text\" :contains \"<b>\"", true),
        ("body :content \"TEXT/plain\" :contains \"möney\"", true),
        ("body :content \"text/plain\" :contains \"fer\"", false),
        ("body :content [\"text/html\", \"text/plain\"] :contains \"</b>fer\"", true),
        ("body :content \"message/rfc822\" :contains \"subject: INNER\"", true),
        ("body :content \"message/rfc822\" :contains \"nested\"", false),
        ("body :content \"message\" :contains \"inner\"", true),
        ("body :content \"multipart\" :contains \"before\"", true),
        ("body :content \"multipart\" :contains \"after\"", true),
        ("body :content \"multipart\" :contains \"nested\"", false),
        ("body :content \"application/octet-stream\" :contains \"secret\"", true),
        ("body :content \"\" :contains \"secret\"", true),
        ("body :content \"tex\" :contains \"\"", false),
        ("body :content \"text/\" :contains \"\"", false),
        ("body :content \"image\" :contains \"\"", false),
        ("body :content \"/\" :contains \"\"", false),
        ("body :content \"/plain\" :contains \"\"", false),
        ("body :content \"text/plain/\" :contains \"\"", false),
        ("body :content \"text/plain/x\" :contains \"\"", false),
        ("body :comparator \"i;octet\" :contains \"Möney\"", false),
    ] {
        assert_eq!(holds("\"body\"", test, PARTS), expected, "{test}");
    }
    assert!(holds("\"body\"", "body :raw :is \"\"", "A: b\r\n\r\n"));
    for test in
        ["body :raw \"\"", "body :contains \"\"", "body :matches \"*\"", "body :content \"\" :contains \"\""]
    {
        for (raw, expected) in [
            ("", false),
            ("A: b", false),
            ("A: b\r\n", false),
            ("A: b\r\n\r\n", true),
            ("\n", true),
            ("A: b\n\n", true),
        ] {
            assert_eq!(holds("\"body\"", test, raw), expected, "{test} {raw:?}");
        }
    }
    assert!(holds("\"body\"", "body :is \"Hi\r\n\"", "A: b\r\n\r\nHi\r\n"));
}

#[test]
fn body_tests_set_no_match_variables() {
    let script = "require [\"variables\", \"body\", \"fileinto\"];
        if string :matches \"kept\" \"*\" {}
        if body :raw :contains \"${1}\" { stop; }
        if body :raw :matches \"*after*\" { fileinto \"${1}\"; }";
    assert_eq!(does(script, PARTS), ["file kept"]);
}

#[test]
fn a_reject_stands_alone() {
    let refused = |commands: &str| {
        let script = format!(
            "require [\"reject\", \"ereject\", \"fileinto\", \"copy\", \"vacation\", \"imap4flags\"];\n{commands}"
        );
        let outcome = run(&script, "\r\n");
        (shown(&outcome), outcome.error.map(|error| (error.line, error.column)))
    };
    assert_eq!(refused("reject \"no\";"), (vec!["reject no".into()], None));
    assert_eq!(refused("ereject \"no\"; stop; keep;"), (vec!["ereject no".into()], None));
    assert_eq!(refused("setflag \"a\"; discard; reject \"no\"; discard;"), (vec!["reject no".into()], None));
    assert_eq!(
        refused("reject text:\na\n..b\n.\n;"),
        (vec!["reject a\r\n.b\r\n".into()], None),
        "text: is unstuffed and ends its lines with CRLF"
    );
    for (commands, column) in [
        ("reject \"no\"; keep;", 14),
        ("keep; reject \"no\";", 7),
        ("fileinto :copy \"A\"; ereject \"no\";", 21),
        ("reject \"no\"; redirect \"a@b\";", 14),
        ("reject \"no\"; ereject \"no\";", 14),
        ("vacation \"away\"; reject \"no\";", 18),
        ("reject \"no\"; vacation \"away\";", 14),
    ] {
        assert_eq!(refused(commands), (vec!["keep".to_owned()], Some((2, column))), "{commands}");
    }
}

#[test]
fn hostile_mails_are_bounded() {
    let script = "require [\"body\", \"date\", \"envelope\", \"vacation\"];
        if anyof (address :matches [\"to\", \"cc\"] \"*nobody*\", header :contains \"subject\" \"nothing\",
            date \"date\" \"year\" \"x\", body :contains \"nothing\", body :content \"\" :contains \"nothing\",
            body :raw :contains \"nothing\", exists [\"x-none\"]) { discard; }
        vacation \"away\";";
    let mut mails = Vec::new();
    for (start, piece) in [
        ("To: ", "a,"),
        ("To: ", "("),
        ("Subject: ", "=?utf-8?q?a?= "),
        ("Subject: ", "=?"),
        ("Date: ", "1 ("),
        ("", "a:\n"),
        ("", "\n"),
        ("Content-Type: text/html\n\n", "<a "),
        ("Content-Transfer-Encoding: base64\n\n", "QUJD"),
        ("", "Content-Type: message/rfc822\n\n"),
        ("Content-Type: multipart/x; boundary=a\n\n", "--a\nContent-Type: multipart/x; boundary=b\n\n"),
    ] {
        mails.push(format!("{start}{}", piece.repeat(1_000_000 / piece.len())));
    }
    for raw in mails {
        assert_eq!(run(script, &raw).error, None);
    }
}

#[test]
fn numbers_compare_as_the_registry_of_collations_says() {
    let holds = |left: &str, relation: &str, right: &str| {
        let test =
            format!("string :value \"{relation}\" :comparator \"i;ascii-numeric\" \"{left}\" \"{right}\"");
        holds("\"variables\", \"relational\", \"comparator-i;ascii-numeric\"", &test, "\r\n")
    };
    for (left, right) in [("0", "1"), ("1", "4294967298"), ("04294967298", ""), ("9", "10"), ("1", "x")] {
        assert!(holds(left, "lt", right) && holds(right, "gt", left) && holds(left, "ne", right), "{left}");
        assert!(!holds(left, "ge", right) && !holds(left, "eq", right), "{left}");
    }
    for (left, right) in
        [("4294967298", "04294967298"), ("4294967298", "4294967298b"), ("", "x"), ("x", "-1"), ("0", "00")]
    {
        assert!(holds(left, "eq", right) && holds(left, "le", right) && holds(left, "ge", right), "{left}");
    }
}

#[test]
fn the_null_sender_counts_as_no_address() {
    for (sender, test, expected) in [
        ("<>", "envelope :count \"eq\" \"from\" \"0\"", true),
        ("", "envelope :count \"eq\" [\"from\", \"to\"] \"1\"", true),
        ("a@b", "envelope :count \"eq\" \"from\" \"1\"", true),
        ("a@b", "envelope :count \"eq\" [\"from\", \"to\"] \"2\"", true),
        ("", "envelope :value \"lt\" \"from\" \"a\"", true),
    ] {
        let script = format!("require [\"envelope\", \"relational\"]; if {test} {{ discard; }}");
        let outcome = outcome_of(&script, &Mail { sender, ..mail_of(b"\r\n") });
        assert_eq!(outcome.actions.is_empty(), expected, "{test}");
    }
}

#[test]
fn counts_are_of_fields_or_of_addresses() {
    let raw = "Received: a\r\nReceived: b\r\nSubject: example\r\n\
        To: foo@example.com, baz@example.com\r\nCc: g: qux@example.com;\r\n\r\n";
    for (test, expected) in [
        ("address :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] [\"3\"]", true),
        ("address :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\"] [\"3\"]", false),
        ("address :count \"ge\" :comparator \"i;ascii-numeric\" [\"cc\"] [\"3\"]", false),
        ("header :count \"ge\" :comparator \"i;ascii-numeric\" [\"received\"] [\"3\"]", false),
        ("header :count \"ge\" :comparator \"i;ascii-numeric\" [\"received\", \"subject\"] [\"3\"]", true),
        ("header :count \"ge\" :comparator \"i;ascii-numeric\" [\"to\", \"cc\"] [\"3\"]", false),
    ] {
        assert_eq!(holds(NUMERIC, test, raw), expected, "{test}");
    }
}

#[test]
fn details_may_be_missing_or_empty() {
    let raw = "To: ken+a+b@x, ken@y, ken+@z\r\n\r\n";
    for (test, expected) in [
        ("address :user \"to\" \"ken\"", true),
        ("address :detail \"to\" \"\"", true),
        ("address :detail \"to\" \"a+b\"", true),
        ("address :detail :contains \"to\" \"ken\"", false),
        ("address :count \"eq\" :user \"to\" \"3\"", true),
    ] {
        assert_eq!(holds("\"subaddress\", \"relational\"", test, raw), expected, "{test}");
    }
    assert!(!holds("\"subaddress\"", "address :detail :contains \"to\" \"\"", "To: ken@y\r\n\r\n"));
}

#[test]
fn the_content_of_nested_parts_is_looked_at_by_type() {
    let raw = "Content-Type: multipart/mixed; boundary=outer\r\n\r\n\
        OUTER-PROLOGUE\r\n\r\n--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
        INNER-PROLOGUE\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\nPLAIN\r\n\r\n\
        --inner\r\nContent-Type: text/html\r\n\r\n<b>HTML</b>\r\n\r\n--inner--\r\n\r\n\
        INNER-EPILOGUE\r\n\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: MESSAGE-HEADER\r\n\r\nMESSAGE-TEXT\r\n\r\n--outer--\r\n\r\nOUTER-EPILOGUE\r\n";
    let pieces = [
        "OUTER-PROLOGUE",
        "INNER-PROLOGUE",
        "INNER-EPILOGUE",
        "OUTER-EPILOGUE",
        "PLAIN",
        "HTML",
        "MESSAGE-HEADER",
        "MESSAGE-TEXT",
    ];
    for (types, expected) in [
        ("multipart", &[0, 1, 2, 3][..]),
        ("multipart/alternative", &[1, 2]),
        ("text/plain", &[4, 7]),
        ("text/html", &[5]),
        ("text", &[4, 5, 7]),
        ("message/rfc822", &[6]),
        ("message", &[6]),
        ("", &[0, 1, 2, 3, 4, 5, 6, 7]),
    ] {
        let found: Vec<usize> = (0..pieces.len())
            .filter(|&piece| {
                let test = format!("body :content \"{types}\" :contains \"{}\"", pieces[piece]);
                holds("\"body\"", &test, raw)
            })
            .collect();
        assert_eq!(found, expected, "{types}");
    }
    for boundary in ["--outer", "--inner", "Content-Type", "PROLOGUE\r\n\r\nINNER"] {
        let test = format!("body :content \"\" :contains \"{boundary}\"");
        assert!(!holds("\"body\"", &test, raw), "{boundary}");
    }
}
