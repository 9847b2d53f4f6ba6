//! The language itself: control, actions, tests, match types (RFC 5228).

use super::*;

const MAIL: &str = "From: \"Me\" <me@example.com>\r\n\
    To: You <you@example.org>, =?utf-8?q?J=C3=B6?= <jo@Sub.Example.org>\r\n\
    Cc: group: a@b.example, <c@d.example>;\r\n\
    Subject: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?= *star?\r\n\
    X-Empty:\r\n\
    Reply-To: nobody\r\n\
    X-Folded: one\r\n  two\r\n\
    X-Blanks  : \t a b \t\r\n\
    X-Many: first\r\n\
    X-Many: =?iso-8859-1?q?s=E4cond=00x?=\r\n\
    \r\n\
    Hello\r\n";

#[test]
fn s164_control_flow_and_the_implicit_keep() {
    for (script, expected) in [
        ("", vec!["keep"]),
        ("keep;", vec!["keep"]),
        ("keep; keep;", vec!["keep"]),
        ("discard;", vec![]),
        ("discard; keep;", vec!["keep"]),
        ("keep; discard;", vec!["keep"]),
        ("stop;", vec!["keep"]),
        ("stop; discard;", vec!["keep"]),
        ("discard; stop; keep;", vec![]),
        ("if true { stop; } discard;", vec!["keep"]),
        ("if true { if true { stop; } } discard;", vec!["keep"]),
        ("if false { discard; } else { keep; stop; }", vec!["keep"]),
        (
            "if false { keep; } elsif true { discard; } elsif true { redirect \"a@b\"; } else { keep; }",
            vec![],
        ),
        ("if false { keep; } elsif false { keep; } else { discard; }", vec![]),
        ("if true {} else { discard; }", vec!["keep"]),
        ("redirect \"a@b.example\";", vec!["redirect a@b.example"]),
        (
            "redirect \"a@b.example\"; redirect \"A <a@b.example>\"; keep;",
            vec!["redirect a@b.example", "keep"],
        ),
        ("require \"fileinto\"; fileinto \"A\"; fileinto \"B\"; fileinto \"A\";", vec!["file A", "file B"]),
        ("require \"fileinto\"; fileinto \"INBOX\"; fileinto \"inbox\";", vec!["file INBOX"]),
        ("require \"fileinto\"; fileinto \"A\"; keep;", vec!["file A", "keep"]),
        ("require \"fileinto\"; discard; fileinto \"A\";", vec!["file A"]),
    ] {
        assert_eq!(does(script, MAIL), expected, "{script}");
    }
}

#[test]
fn s163_s164_tests_on_headers_addresses_and_sizes() {
    for (test, expected) in [
        ("header \"subject\" \"[list] Grüße *star?\"", true),
        ("header :is \"SUBJECT\" \"[LIST] Grüße *STAR?\"", true),
        ("header :comparator \"i;octet\" \"subject\" \"[LIST] Grüße *star?\"", false),
        ("header :comparator \"i;octet\" :contains \"subject\" \"list\"", true),
        ("header :contains \"subject\" \"LIST\"", true),
        ("header :contains \"subject\" \"*star\"", true),
        ("header :contains \"subject\" [\"no\", \"üß\"]", true),
        ("header :contains \"subject\" \"\"", true),
        ("header :matches \"subject\" \"[*] ?*\"", true),
        ("header :matches \"subject\" \"*\\\\*star\\\\?\"", true),
        ("header :matches \"subject\" \"*\\\\**\\\\**\"", false),
        ("header :matches \"subject\" \"list\"", false),
        // A character is an octet under these comparators: ü is two.
        ("header :matches \"subject\" \"[list] Gr???*\"", true),
        ("header :matches :comparator \"i;octet\" \"subject\" \"*Gr??????e *\"", false),
        ("header :matches :comparator \"i;octet\" \"subject\" \"*Gr????e *\"", true),
        ("header :is \"x-empty\" \"\"", true),
        ("header :is \"x-none\" \"\"", false),
        ("header :contains [\"x-none\", \"x-empty\"] \"\"", true),
        ("header :is \"x-folded\" \"one  two\"", true),
        ("header :is \"Subject:\" \"x\"", false),
        ("header :is \"x-blanks\" \"a b\"", true),
        ("header :matches \"x-blanks\" \"?*b\"", true),
        ("header :is \"x-many\" \"first\"", true),
        ("header :contains \"x-many\" \"säcond\"", true),
        ("header :matches \"x-many\" \"*x\"", true),
        ("not header :matches \"x-none\" \"?*\"", true),
        ("not header :matches \"x-empty\" \"?*\"", true),
        ("not header :matches \"subject\" \"?*\"", false),
        ("header :is [\"x-none\", \"x-many\"] [\"zeroth\", \"first\"]", true),
        ("header [\"\", \"a b\", \"ü\"] \"\"", false),
        ("exists \"from\"", true),
        ("exists [\"from\", \"x-empty\"]", true),
        ("exists [\"from\", \"x-none\"]", false),
        ("exists \"from:\"", false),
        ("address \"from\" \"ME@EXAMPLE.COM\"", true),
        ("address :all :is \"from\" \"Me <me@example.com>\"", false),
        ("address :localpart \"from\" \"me\"", true),
        ("address :domain \"to\" \"sub.example.org\"", true),
        ("address :domain :comparator \"i;octet\" \"to\" \"sub.example.org\"", false),
        ("address :is [\"to\", \"cc\"] \"c@d.example\"", true),
        ("address \"cc\" \"group\"", false),
        ("address :contains \"bcc\" \"\"", false),
        ("address \"reply-to\" \"nobody\"", true),
        ("address :localpart \"reply-to\" \"nobody\"", false),
        ("address :contains :domain \"reply-to\" \"\"", false),
        ("size :over 1", true),
        ("size :over 1K", false),
        ("size :under 1k", true),
        ("size :under 2M", true),
        ("size :over 1G", false),
        ("not true", false),
        ("not not true", true),
        ("size :over 0", true),
        ("size /* a */ :OVER # b\n 0 /**/", true),
        ("header :contains \"subject\" \"\\g\\r\"", true),
        ("allof (true, true)", true),
        ("allof (false, false)", false),
        ("anyof (false, false)", false),
        ("anyof (true, true)", true),
        ("allof (true, false)", false),
        ("anyof (false, true)", true),
        ("anyof (false, not true)", false),
    ] {
        assert_eq!(holds("\"envelope\"", test, MAIL), expected, "{test}");
    }
}

#[test]
fn s163_the_size_limit_itself_is_neither_over_nor_under() {
    let raw = "A: b\r\n\r\nxx";
    assert_eq!(raw.len(), 10);
    for (test, expected) in [
        ("size :over 10", false),
        ("size :under 10", false),
        ("size :over 9", true),
        ("size :under 11", true),
    ] {
        assert_eq!(holds("\"envelope\"", test, raw), expected, "{test}");
    }
}

#[test]
fn s163_the_envelope_and_its_null_sender() {
    let null = Mail { sender: "<>", ..mail_of(MAIL.as_bytes()) };
    for (test, usual, with_null) in [
        ("envelope \"from\" \"bounce+x@example.com\"", true, false),
        ("envelope :localpart \"FROM\" \"bounce+x\"", true, false),
        ("envelope :domain \"from\" \"example.com\"", true, false),
        ("envelope \"from\" \"\"", false, true),
        ("envelope :domain \"from\" \"\"", false, true),
        ("envelope :user \"from\" \"bounce\"", true, false),
        ("envelope :detail [\"from\", \"to\"] \"list\"", true, true),
        ("envelope :domain \"to\" \"EXAMPLE.org\"", true, true),
    ] {
        let script = format!("require [\"envelope\", \"subaddress\"]; if {test} {{ discard; }}");
        assert_eq!(does(&script, MAIL).is_empty(), usual, "{test}");
        assert_eq!(outcome_of(&script, &null).actions.is_empty(), with_null, "{test}");
    }
}

#[test]
fn s163_envelope_addresses_come_in_many_forms() {
    let script = "require [\"envelope\", \"fileinto\", \"variables\"];
        if envelope :localpart :matches \"from\" \"*\" { set \"local\" \"${1}\"; }
        if envelope :domain :matches \"from\" \"*\" { set \"domain\" \"${1}\"; }
        if envelope :matches \"from\" \"*\" { fileinto \"${local}|${domain}|${1}\"; }";
    for (sender, expected) in [
        ("a@b.example", "a|b.example|a@b.example"),
        ("<a@b.example>", "a|b.example|a@b.example"),
        (" <@x,@y:a@b.example> ", "a|b.example|a@b.example"),
        ("\"a b\"@c", "a b|c|a b@c"),
        ("a:b@c", "a:b|c|a:b@c"),
        ("a,b@c", "a,b|c|a,b@c"),
        ("user", "user||user"),
        ("", "||"),
    ] {
        let outcome = outcome_of(script, &Mail { sender, ..mail_of(b"") });
        assert_eq!(shown(&outcome), [format!("file {expected}")], "{sender}");
    }
}

#[test]
fn s164_numbers_have_bounds_and_units() {
    for (number, expected) in [
        ("2147483647", true),
        ("18446744073709551615", true),
        ("18446744073709551616", false),
        ("17179869183G", true),
        ("17179869184G", false),
        ("1k", true),
        ("1 k", false),
        ("+1", false),
        ("1.5", false),
        ("0x10", false),
    ] {
        let script = format!("if size :under {number} {{ }}");
        assert_eq!(compile(script.as_bytes()).is_ok(), expected, "{number}");
    }
    for (limit, size) in [("1K", 1 << 10), ("2k", 2 << 10), ("1M", 1 << 20), ("1m", 1 << 20)] {
        let raw = |size: usize| "x".repeat(size);
        let script = format!("if size :over {limit} {{ discard; }}");
        assert_eq!(does(&script, &raw(size)), ["keep"], "{limit}");
        assert!(does(&script, &raw(size + 1)).is_empty(), "{limit}");
    }
}

#[test]
fn strings_of_many_lines_are_unstuffed() {
    for (text, expected) in [
        ("text:\r\n.\r\n", ""),
        ("text:\n.\n", ""),
        ("TEXT: \t\n\n.\n", "\r\n"),
        ("text: # comment\n# no comment\n/* nor this */\n.\n", "# no comment\r\n/* nor this */\r\n"),
        ("text:\n..\n...\n.foo\n..bar\n . \n.\n", ".\r\n..\r\n.foo\r\n.bar\r\n . \r\n"),
        ("text:\n\\\"ü\\\\\n.\n", "\\\"ü\\\\\r\n"),
        ("\"a\\\"\\\\\\b\n c\"", "a\"\\b\r\n c"),
    ] {
        let script = format!("require \"reject\"; reject {text};");
        let outcome = run(&script, "\r\n");
        assert_eq!(shown(&outcome), [format!("reject {expected}")], "{text:?}");
    }
}

#[test]
fn the_chains_of_the_standard_take_one_branch() {
    let coyote = "Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)\r\nFrom: coyote@desert.example.org\r\n\
        To: roadrunner@acme.example.com\r\nSubject: I have a present for you\r\n\r\nLook\r\n";
    let rich = "From: youcouldberich!@reply-by-postal-mail.invalid\r\nSender: b1ff@de.res.example.com\r\n\
        Subject: $$$ YOU, TOO, CAN BE A MILLIONAIRE! $$$\r\n\r\n";
    let drop = "require \"fileinto\"; if header :contains \"from\" \"coyote\" { discard; }
        elsif header :contains [\"subject\"] [\"$$$\"] { discard; } else { fileinto \"INBOX\"; }";
    let forward = "if header :contains [\"From\"] [\"coyote\"] { redirect \"acm@example.com\"; }
        elsif header :contains \"Subject\" \"$$$\" { redirect \"postmaster@example.com\"; }
        else { redirect \"field@example.com\"; }";
    let encoded =
        "require \"encoded-character\"; if header :contains \"Subject\" \"$${hex:24 24}\" { discard; }";
    let present = "if not exists [\"From\", \"Date\"] { discard; }";
    for (script, expected) in [
        (drop, ["", "", "file INBOX"]),
        (
            forward,
            ["redirect acm@example.com", "redirect postmaster@example.com", "redirect field@example.com"],
        ),
        (encoded, ["keep", "", "keep"]),
        (present, ["keep", "", ""]),
        ("if size :under 1M { keep; } else { discard; }", ["keep"; 3]),
    ] {
        let found = [coyote, rich, "Subject: other\r\n\r\n"].map(|raw| does(script, raw).concat());
        assert_eq!(found, expected, "{script}");
    }
}

#[test]
fn fifteen_blocks_and_fifteen_test_lists_may_nest() {
    let script = format!(
        "{}if {}true{} {{ discard; }}{}",
        "if true {".repeat(14),
        "anyof (".repeat(15),
        ")".repeat(15),
        "}".repeat(14)
    );
    assert!(does(&script, "\r\n").is_empty());
}
