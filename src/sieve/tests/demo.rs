//! A script that sorts nine kinds of mail, drops one and refuses one (semantics 163), and the
//! longer example of RFC 5228 section 9 in our own words.

use super::*;

const SORTING: &str = r#"
require ["fileinto", "reject", "envelope"];
if address :is "from" "one@example.com" { fileinto "Test 1"; }
elsif address :contains :localpart ["from", "sender"] "second" { fileinto "Test 2"; }
elsif address :matches :domain "to" "*.three.example" { fileinto "Test 3"; }
elsif envelope :is "from" "four@example.com" { fileinto "Test 4"; }
elsif envelope :domain :contains "to" "five" { fileinto "Test 5"; }
elsif exists ["x-six", "x-more"] { fileinto "Test 6"; }
elsif header :is ["subject", "x-subject"] ["seven", "sieben"] { fileinto "Test 7"; }
elsif header :matches "subject" "eight * of *" { fileinto "Test 8"; }
elsif allof (size :over 1K, not size :over 2K) { fileinto "Test 9"; }
elsif header :contains "subject" "spam" { discard; }
elsif anyof (header :contains "subject" "refuse", false) { reject "not wanted"; }
"#;

#[test]
fn s163_nine_kinds_are_sorted_one_is_dropped_one_is_refused() {
    let long = format!("Subject: a\r\n\r\n{}", "x".repeat(1_500));
    let longer = format!("Subject: a\r\n\r\n{}", "x".repeat(2_500));
    for (raw, sender, recipient, expected) in [
        ("From: One <one@EXAMPLE.com>\r\n\r\n", "a@b", "c@d", "file Test 1"),
        ("From: x@y\r\nSender: the.second@y\r\n\r\n", "a@b", "c@d", "file Test 2"),
        ("To: a@b, c@mail.three.example\r\n\r\n", "a@b", "c@d", "file Test 3"),
        ("To: a@b\r\n\r\n", "Four@example.com", "c@d", "file Test 4"),
        ("To: a@b\r\n\r\n", "a@b", "c@x.five.example", "file Test 5"),
        ("X-Six: a\r\nx-more:\r\n\r\n", "a@b", "c@d", "file Test 6"),
        ("X-Subject: =?utf-8?q?Sieben?=\r\n\r\n", "a@b", "c@d", "file Test 7"),
        ("Subject: Eight days of rain\r\n\r\n", "a@b", "c@d", "file Test 8"),
        (&long, "a@b", "c@d", "file Test 9"),
        (&longer, "a@b", "c@d", "keep"),
        ("Subject: some SPAM\r\n\r\n", "a@b", "c@d", ""),
        ("Subject: please refuse\r\n\r\n", "", "user", "reject not wanted"),
        ("Subject: other\r\n\r\n", "", "", "keep"),
        ("", "", "", "keep"),
    ] {
        let outcome = outcome_of(SORTING, &Mail { sender, recipient, ..mail_of(raw.as_bytes()) });
        assert_eq!(outcome.error, None);
        assert_eq!(shown(&outcome).concat(), expected, "{raw}");
    }
}

const EXAMPLE: &str = r#"
# What a whole script looks like.
require ["fileinto", "variables"]; /* and a block
comment */
if header :is "Sender" "owner-ietf-mta-filters@imc.org" { fileinto "filter"; }
elsif address :DOMAIN :is ["From", "To"] "example.com" { keep; }
elsif anyof (NOT address :all :contains ["To", "Cc", "Bcc"] "me@example.com",
             header :matches "subject" ["*make*money*fast*", "*university*dipl*mas*"]) {
    fileinto "spam";
}
else { fileinto "personal"; }
"#;

#[test]
fn s164_the_example_of_the_standard() {
    for (raw, expected) in [
        ("Sender: owner-ietf-mta-filters@imc.org\r\n\r\n", "file filter"),
        ("From: coyote@Example.Com\r\n\r\n", "keep"),
        ("From: a@b\r\nTo: you@b\r\n\r\n", "file spam"),
        ("To: some.me@example.com.net\r\nSubject: Make your Money very fast!\r\n\r\n", "file spam"),
        ("Cc: some.me@example.com.net\r\nSubject: lunch\r\n\r\n", "file personal"),
    ] {
        assert_eq!(does(EXAMPLE, raw).concat(), expected, "{raw}");
    }
}
