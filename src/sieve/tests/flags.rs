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
    let set = "setflag \"A b\"; set \"mine\" \"one TWO\"; setflag \"other\" \"Junk forward\";";
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
