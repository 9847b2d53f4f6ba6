//! Relations (RFC 5231), bodies (RFC 5173), dates and places (RFC 5260), refusals (RFC 5429).

use super::*;

const LISTS: &str = "To: a@x.example, b@x.example, \"C\" <c@y.example>\r\n\
    Cc: d@x.example\r\n\
    Received: one; Mon, 31 Dec 2007 20:00:00 +0000\r\n\
    Received: two; Tue, 1 Jan 2008 03:30:00 +0200\r\n\
    Received: three\r\n\
    X-Priority: 3 (normal)\r\n\
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
        ("date :zone \"+0000\" \"date\" \"iso8601\" \"2008-03-01T01:29:58+00:00\"", true),
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
        ("currentdate :zone \"+0000\" \"iso8601\" \"2008-01-01T04:30:15+00:00\"", true),
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
        (0, "1970-01-01T00:00:00+00:00 4 40587"),
        (-1, "1969-12-31T23:59:59+00:00 3 40586"),
        (951_782_400_000, "2000-02-29T00:00:00+00:00 2 51603"),
        (-2_203_891_200_000, "1900-03-01T00:00:00+00:00 4 15079"),
        (253_402_300_799_000, "9999-12-31T23:59:59+00:00 5 2973483"),
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
        ("body :comparator \"i;octet\" :contains \"Möney\"", false),
    ] {
        assert_eq!(holds("\"body\"", test, PARTS), expected, "{test}");
    }
    assert!(holds("\"body\"", "body :raw :is \"\"", "A: b\r\n\r\n"));
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
