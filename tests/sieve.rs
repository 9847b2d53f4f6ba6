//! Properties of Sieve scripts: nothing panics on any octets, and patterns match
//! as an obviously right matcher says.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use offline_mailbox::model::ZonedTime;
use offline_mailbox::sieve::{Action, Mail, Outcome, compile};
use proptest::collection::vec;
use proptest::prelude::*;

const VALID: &str = r#"require ["fileinto", "variables", "body", "date", "imap4flags", "relational", "vacation",
    "copy", "reject", "envelope", "mailbox", "index", "subaddress", "encoded-character"];
set :upper "a" "x${1}";
if allof (header :matches "subject" ["[*] *", "?"], not exists "x", size :under 1M) {
    fileinto :copy :flags "\\Seen ${a}" :create "L/${1}"; stop;
} elsif anyof (body :content "text" :contains "x",
               date :index 1 :last :zone "+0100" "date" "hour" "1",
               envelope :user "from" "x", address :detail :matches "to" "l*") {
    addflag "v" ["a b", "${v}"];
    vacation :days 3 :subject "away ${hex:40}" text:
..x
.
    ;
} else { redirect "a@b.example"; /* x */ if hasflag :count "ge" "v" "1" { reject "no"; } }
"#;

fn mail_of(raw: &[u8]) -> Mail<'_> {
    let now = ZonedTime { timestamp_ms: 1_199_161_815_000, zone_minutes: -300 };
    Mail { raw, sender: "me+x@example.com", recipient: "you@example.org", now, mailbox_exists: &|_| true }
}

fn run(script: &str, raw: &str) -> Outcome {
    compile(script.as_bytes()).unwrap().run(&mail_of(raw.as_bytes()))
}

/// Every way to match, the first wildcards as short as can be; exponential. Gives
/// what the wildcards stand for.
fn naive(value: &str, pattern: &str) -> Option<Vec<String>> {
    let Some(first) = pattern.chars().next() else {
        return value.is_empty().then(Vec::new);
    };
    let with = |taken: usize| {
        let mut found = naive(value.get(taken..)?, &pattern[1..])?;
        if matches!(first, '*' | '?') {
            found.insert(0, value[..taken].to_owned());
        }
        Some(found)
    };
    match first {
        '*' => (0..=value.len()).find_map(with),
        '?' => with(1),
        _ => value.starts_with(first).then(|| with(1)).flatten(),
    }
}

#[test]
fn the_script_that_is_mutated_is_valid() {
    let outcome = run(VALID, "Subject: [x] y\r\n\r\n");
    let flags = Some(vec!["\\Seen".to_owned(), "X".to_owned()]);
    let expected = Action::FileInto { mailbox: "L/x".into(), flags, create: true };
    assert_eq!(outcome.actions, [expected, Action::Keep { flags: None }]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn patterns_match_and_capture_like_the_naive_matcher(value in "[ab]{0,9}", pattern in "[ab*?]{0,7}") {
        let script = format!(
            "require [\"variables\", \"fileinto\"];
            if string :matches \"{value}\" \"{pattern}\" {{ fileinto \"${{0}}|${{1}}|${{2}}|${{3}}|${{4}}|${{5}}|${{6}}|${{7}}\"; }}"
        );
        let expected = naive(&value, &pattern).map(|mut found| {
            found.insert(0, value.clone());
            found.resize(8, String::new());
            found.join("|")
        });
        let found = match run(&script, "").actions.as_slice() {
            [Action::FileInto { mailbox, .. }] => Some(mailbox.clone()),
            _ => None,
        };
        prop_assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_octets_never_panic(script in vec(any::<u8>(), 0..300)) {
        let _ = compile(&script);
    }

    #[test]
    fn mutated_scripts_and_mails_never_panic(
        cuts in vec((0_usize..2_000, 0_usize..8, "[a-z:;{}()\\[\\]\", \n$0-9*?#/]{0,6}"), 0..4),
        lines in vec(prop_oneof![
            Just("Subject: [x] y\r\n"),
            Just("Date: 1 Jan 2000 01:02 +0100\r\n"),
            Just("\r\n"),
            Just("To: you@example.org, l+list@x\r\n"),
            Just("Content-Type: multipart/x; boundary=b\r\n"),
            Just("--b\r\n"),
            Just("--b--"),
            Just("\u{fffd}x"),
        ], 0..10),
    ) {
        let mut script = VALID.as_bytes().to_vec();
        for (at, length, with) in cuts {
            let at = at % (script.len() + 1);
            let end = (at + length).min(script.len());
            script.splice(at..end, with.into_bytes());
        }
        if let Ok(compiled) = compile(&script) {
            let raw = lines.concat();
            let outcome = compiled.run(&mail_of(raw.as_bytes()));
            let only_kept = outcome.actions == [Action::Keep { flags: None }];
            prop_assert!(outcome.error.is_none() || only_kept);
        }
    }
}
