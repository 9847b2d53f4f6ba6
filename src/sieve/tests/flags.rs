//! Flags of what is delivered (RFC 5232), copies (RFC 3894) and mailboxes (RFC 5490).

use super::*;

fn flagged(commands: &str) -> Vec<String> {
    let script = format!(
        "require [\"imap4flags\", \"fileinto\", \"variables\", \"copy\", \"mailbox\", \"relational\"];\n{commands}"
    );
    does(&script, "From: boss@example.edu\r\n\r\n")
}

#[test]
fn the_internal_variable_and_the_tag_give_the_flags() {
    for (commands, expected) in [
        ("", vec!["keep"]),
        ("setflag \"\\\\Seen\";", vec!["keep [\\Seen]"]),
        ("setflag \"\\\\Seen\"; keep;", vec!["keep [\\Seen]"]),
        (
            "setflag \"\\\\Seen\"; addflag \"\\\\Deleted\"; addflag [\"a b\", \"A\"];",
            vec!["keep [\\Seen \\Deleted a b]"],
        ),
        ("setflag \"a\"; setflag \"b\";", vec!["keep [b]"]),
        ("addflag \"a b c\"; removeflag \"B\";", vec!["keep [a c]"]),
        ("addflag \"a\"; removeflag \"a\";", vec!["keep []"]),
        ("setflag \"\";", vec!["keep []"]),
        // What is no flag by its grammar is left out.
        ("setflag \"a( b ü\";", vec!["keep [b]"]),
        // Nobody can set these.
        ("setflag \"\\\\Recent a \\\\nonsense \\\\*\";", vec!["keep [a]"]),
        ("setflag [\" a   b \", \"\", \"B c\"];", vec!["keep [a b c]"]),
        ("removeflag \"a\";", vec!["keep []"]),
        (
            "addflag \"v\" \"\\\\Deleted\"; addflag \"v\" \"\\\\Answered\"; keep :flags \"${v}\";",
            vec!["keep [\\Deleted \\Answered]"],
        ),
        (
            "addflag \"v\" [\"\\\\Deleted\", \"\\\\Answered\"]; keep :flags \"${v}\";",
            vec!["keep [\\Deleted \\Answered]"],
        ),
        (
            "addflag \"v\" \"\\\\Deleted \\\\Answered\"; keep :flags \"${v}\";",
            vec!["keep [\\Deleted \\Answered]"],
        ),
        (
            "set \"v\" \"\\\\Flagged $Work \\\\flagged\"; keep :flags \"${v}\";",
            vec!["keep [\\Flagged $Work]"],
        ),
        ("set \"v\" \"x X y\"; removeflag \"v\" \"x\"; keep :flags [\"${v}\", \"z\"];", vec!["keep [y z]"]),
        // The newest flags count where a mail is kept twice; the implicit keep has the last.
        ("keep :flags \"a\"; setflag \"b\"; keep;", vec!["keep [b]"]),
        ("setflag \"a\"; if true { addflag \"b\"; } stop; addflag \"c\";", vec!["keep [a b]"]),
        ("setflag \"a\"; keep :flags \"b c\";", vec!["keep [b c]"]),
        ("setflag \"a\"; keep :flags \"\";", vec!["keep []"]),
        ("setflag \"a\"; fileinto \"X\"; setflag \"b\"; fileinto \"Y\";", vec!["file X [a]", "file Y [b]"]),
        // The newer flags of one mailbox count.
        ("fileinto :flags \"a\" \"X\"; fileinto :flags \"b\" \"X\";", vec!["file X [b]"]),
        (
            "setflag \"v\" \"a b\"; addflag \"V\" \"c\"; removeflag \"v\" \"a\"; fileinto :flags \"${v}\" \"X\";",
            vec!["file X [b c]"],
        ),
        ("setflag \"v\" \"a\";", vec!["keep"]),
    ] {
        assert_eq!(flagged(commands), expected, "{commands}");
    }
}

#[test]
fn hasflag_looks_at_the_internal_variable_or_at_named_ones() {
    let set = "setflag \"A b\"; set \"mine\" \"one TWO\"; setflag \"other\" \"Junk forward\"; \
        set \"twice\" \" a A b a( \";";
    for (test, expected) in [
        ("hasflag \"a\"", true),
        ("hasflag \"c\"", false),
        ("hasflag \"c b\"", true),
        ("hasflag [\"c\", \"B\"]", true),
        ("hasflag :comparator \"i;octet\" \"a\"", false),
        ("hasflag \"mine\" \"two\"", true),
        ("hasflag [\"mine\", \"other\"] \"junk\"", true),
        ("hasflag :contains \"other\" \"ward\"", true),
        ("hasflag :matches \"other\" \"f*d\"", true),
        ("hasflag :contains \"other\" \"label\"", false),
        ("hasflag :count \"eq\" \"2\"", true),
        ("hasflag :count \"ge\" [\"mine\", \"other\"] \"4\"", true),
        ("hasflag :count \"gt\" [\"mine\", \"other\"] \"4\"", false),
        ("hasflag \"\"", false),
        ("hasflag :is \"b A\"", true),
        ("hasflag [\"b\", \"A\"]", true),
        ("hasflag :contains \"other\" [\"label\", \"ward\"]", true),
        ("hasflag :contains \"other\" \"label ward\"", true),
        ("hasflag :contains \"other\" [\"label1\", \"label2\"]", false),
        ("hasflag \"never\" \"a\"", false),
        ("hasflag :count \"eq\" \"never\" \"0\"", true),
        // Flags are counted once in each variable, and what is none is not.
        ("hasflag :count \"eq\" \"twice\" \"2\"", true),
        ("hasflag :count \"eq\" [\"twice\", \"twice\"] \"4\"", true),
    ] {
        assert_eq!(flagged(&format!("{set} if {test} {{ discard; }}")).is_empty(), expected, "{test}");
    }
}

#[test]
fn copies_do_not_cancel_the_implicit_keep() {
    for (commands, expected) in [
        ("fileinto :copy \"A\";", vec!["file A", "keep"]),
        ("redirect :copy \"a@b\";", vec!["redirect a@b", "keep"]),
        ("fileinto :copy \"A\"; fileinto \"B\";", vec!["file A", "file B"]),
        ("fileinto \"A\"; redirect :copy \"a@b\";", vec!["file A", "redirect a@b"]),
        ("fileinto :copy \"A\"; discard;", vec!["file A"]),
    ] {
        assert_eq!(flagged(commands), expected, "{commands}");
    }
}

#[test]
fn s165_mailboxes_are_asked_for_and_created_on_request() {
    for (commands, expected) in [
        ("fileinto :create \"New\";", vec!["create New"]),
        ("fileinto \"New\"; fileinto :create \"New\";", vec!["create New"]),
        ("fileinto :create :copy :flags \"a\" \"New\";", vec!["create New [a]", "keep"]),
        ("if mailboxexists \"Lists\" { fileinto \"Lists\"; }", vec!["file Lists"]),
        ("if mailboxexists [\"Lists\", \"None\"] { fileinto \"Lists\"; }", vec!["keep"]),
        ("if mailboxexists [\"Lists\", \"INBOX\"] { fileinto \"Lists\"; }", vec!["file Lists"]),
        (
            "set \"a\" \"rust\"; if mailboxexists \"Lists/${a}\" { fileinto \"Lists/${a}\"; }",
            vec!["file Lists/rust"],
        ),
    ] {
        assert_eq!(flagged(commands), expected, "{commands}");
    }
}

#[test]
fn flags_of_one_variable_serve_several_mailboxes() {
    let script = "require [\"fileinto\", \"imap4flags\", \"variables\"];
        if size :over 40 {
            addflag \"MyFlags\" \"Big\";
            if header \"from\" \"boss@example.com\" { addflag \"MyFlags\" \"\\\\Flagged\"; }
            fileinto :flags \"${MyFlags}\" \"Big\";
        }
        if header \"from\" \"nana@example.net\" {
            addflag \"MyFlags\" [\"\\\\Answered\", \"$MDNSent\"];
            fileinto :flags \"${MyFlags}\" \"Nana\";
        }";
    let big = "x".repeat(40);
    for (from, body, expected) in [
        ("boss@example.com", big.as_str(), vec!["file Big [Big \\Flagged]"]),
        ("nana@example.net", &big, vec!["file Big [Big]", "file Nana [Big \\Answered $MDNSent]"]),
        ("nana@example.net", "", vec!["file Nana [\\Answered $MDNSent]"]),
        ("boss@example.com", "", vec!["keep"]),
    ] {
        assert_eq!(does(script, &format!("From: {from}\r\n\r\n{body}")), expected);
    }
}

#[test]
fn work_on_flags_is_bounded() {
    let many: String = (0..128).map(|n| format!(" f{n}")).collect();
    let script = format!(
        "require [\"imap4flags\", \"variables\"]; addflag \"{many}\"; set \"v\" \"{}\";\n{}",
        "f1 ".repeat(4_000),
        "addflag \"${v}\";".repeat(15_000)
    );
    let outcome = run(&script, "\r\n");
    assert_eq!(shown(&outcome), ["keep"]);
    assert_eq!(outcome.error.unwrap().line, 2);
}
