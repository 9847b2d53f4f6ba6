//! A filter as people have them: made ready, and run on mail.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offline_mailbox::mime::extract;
use offline_mailbox::mime::text::fold;
use offline_mailbox::model::ZonedTime;
use offline_mailbox::sieve::{Action, Mail, Outcome, Script, compile};
use offline_mailbox_bench::{Sizes, bench, octets, raw_mail, settings};

const SCRIPT: &str = r#"
require ["fileinto", "mailbox", "imap4flags", "variables", "envelope", "body", "relational", "copy"];

# What the boss wants is never filed away.
if address :is :localpart "from" ["boss", "chief"] {
    addflag "\\Flagged";
    keep;
    stop;
}
if header :contains "subject" "meeting" {
    fileinto :create "Meetings";
    stop;
}
if anyof (header :contains ["list-id", "list-post"] "rust", header :matches "subject" "[*] *") {
    set :lower "list" "${1}";
    fileinto :create "Lists/${list}";
    stop;
}
if allof (size :over 2K, body :text :contains "invoice", not exists "in-reply-to") {
    addflag "$Invoice";
    fileinto :copy "Invoices";
}
if envelope :domain :is "from" ["example.net", "example.invalid"] {
    redirect :copy "archive@example.org";
}
if header :matches "subject" "Re: *" {
    addflag "\\Answered";
}
"#;

fn run<'a>(script: &Script, mail: impl Iterator<Item = &'a Vec<u8>>) -> Vec<Outcome> {
    let now = ZonedTime { timestamp_ms: 1_600_000_000_000, zone_minutes: 60 };
    let exists = |name: &str| name == "INBOX";
    let run = |raw: &'a Vec<u8>| {
        let (sender, recipient) = ("bounce@example.com", "ada@example.org");
        script.run(black_box(&Mail { raw, sender, recipient, now, mailbox_exists: &exists }))
    };
    mail.map(run).collect()
}

fn sieve(c: &mut Criterion) {
    let mut group = c.benchmark_group("sieve");
    group.throughput(Throughput::Bytes(SCRIPT.len() as u64));
    bench(
        &mut group,
        "compile",
        || SCRIPT,
        |script| compile(script.as_bytes()),
        |_, script| {
            assert!(script.is_ok(), "{:?}", script.err());
        },
    );
    let mail = raw_mail(Sizes::Texts, 500);
    group.throughput(Throughput::Bytes(octets(&mail)));
    bench(
        &mut group,
        "run",
        || compile(SCRIPT.as_bytes()).expect("a script"),
        |script| run(script, mail.iter()),
        |_, outcomes| {
            assert!(outcomes.iter().all(|outcome| outcome.error.is_none()));
            let filed = |outcome: &&Outcome| {
                let first = outcome.actions.first();
                matches!(first, Some(Action::FileInto { mailbox, .. }) if mailbox == "Meetings")
            };
            let meetings = mail.iter().filter(|raw| fold(&extract(raw).row.subject).contains("meeting"));
            let count = meetings.count();
            assert!(count > 0);
            assert_eq!(outcomes.iter().filter(filed).count(), count);
        },
    );
    group.finish();
}

criterion_group! { name = benches; config = settings(); targets = sieve }
criterion_main!(benches);
