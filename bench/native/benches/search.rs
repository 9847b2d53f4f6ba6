//! Searching, sorting and threading what was read of messages. Not here: reading it (`engine.rs`).

use std::cell::LazyCell;
use std::collections::HashMap;
use std::rc::Rc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offline_mailbox::mime::text::fold;
use offline_mailbox::mime::thread_key::base_subject;
use offline_mailbox::mime::{ListRow, extract};
use offline_mailbox::search::{
    Candidate, Evidence, Matcher, SearchKey, SortCriterion, SortKey, SortTable, ThreadAlgorithm, ThreadTable,
    Verdict, parse_search,
};
use offline_mailbox::view::FlagBits;
use offline_mailbox_bench::{Sizes, bench, mail, mailbox, octets, rows, settings, view_of};

const ROWS: usize = 100_000;
const TEXTS: usize = 2000;

const COMMAND: &[u8] = b"RETURN (MIN COUNT) CHARSET UTF-8 UID 1:500,600:700,1000:* UNSEEN SINCE 1-Feb-2020 \
    OR (FROM \"ada\" LARGER 1000) (NOT SUBJECT {6}\r\nbudget HEADER List-Id rust) \
    KEYWORD $Forwarded BODY caf\xc3\xa9";

fn matcher(key: SearchKey, messages: usize) -> Matcher {
    let view = view_of(&Rc::new(mailbox(messages as u32)));
    Matcher::new(&[key], &[], &view, 0).expect("a key that may be used")
}

/// How many of these pieces of evidence answer.
fn found<'a>(matcher: &Matcher, all: impl Iterator<Item = Evidence<'a>>) -> usize {
    let verdicts = (1u32..).zip(all).map(|(seq, evidence)| {
        let candidate = Candidate { seq, uid: seq, bits: FlagBits(0), mod_seq: 1, recent: false };
        matcher.test(&candidate, &evidence)
    });
    verdicts.filter(|verdict| *verdict == Verdict::Yes).count()
}

fn of_row(row: &ListRow) -> Evidence<'_> {
    Evidence { row: Some(row), ..Evidence::default() }
}

fn of_text(text: &str) -> Evidence<'_> {
    Evidence { text: Some(text.as_bytes()), ..Evidence::default() }
}

fn match_texts(c: &mut Criterion) {
    let mut group = c.benchmark_group("search");
    let texts: Vec<String> =
        mail(Sizes::Texts).take(TEXTS).map(|message| extract(&message.raw).text).collect();
    let rare = rare_word(&texts);
    group.throughput(Throughput::Bytes(octets(&texts)));
    for (name, needle, least) in [
        ("text-rare", rare, 1),
        ("text-common", "please", TEXTS / 10),
        ("text-phrase", "is for you", 1),
        ("text-none", "xylophonist", 0),
    ] {
        bench(
            &mut group,
            name,
            || matcher(SearchKey::Body(needle.to_owned()), TEXTS),
            |matcher| found(matcher, texts.iter().map(|text| of_text(text))),
            |_, count| {
                assert_eq!(count, texts.iter().filter(|text| text.contains(needle)).count());
                assert!((least..TEXTS).contains(&count), "{count} texts have {needle:?}");
            },
        );
    }
    group.finish();
}

/// A word that is in one of the texts, and in few others.
fn rare_word(texts: &[String]) -> &str {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in texts.iter().flat_map(|text| text.split([' ', '.', '\n'])) {
        *counts.entry(word).or_default() += 1;
    }
    let rare = |word: &&str| word.is_ascii() && word.len() >= 8 && counts.get(word) == Some(&1);
    texts.iter().flat_map(|text| text.split([' ', '.', '\n'])).find(rare).expect("a rare word")
}

fn lists(c: &mut Criterion) {
    let mut group = c.benchmark_group("search");
    let rows = LazyCell::new(|| rows(ROWS));
    group.throughput(Throughput::Elements(ROWS as u64));
    bench(
        &mut group,
        "row-subject",
        || (matcher(SearchKey::Subject("Meeting".to_owned()), ROWS), &*rows),
        |(matcher, rows)| found(matcher, rows.iter().map(of_row)),
        |(_, rows), count| {
            assert_eq!(count, rows.iter().filter(|row| fold(&row.subject).contains("meeting")).count());
            assert!((ROWS / 1000..ROWS / 2).contains(&count), "{count} subjects");
        },
    );
    bench(
        &mut group,
        "sort-subject-keys",
        || &*rows,
        |rows| sort_table(rows),
        |rows, table| assert_eq!(table.order().len(), rows.len()),
    );
    bench(
        &mut group,
        "sort-subject-order",
        || sort_table(&rows),
        |table| table.order(),
        |_, order| {
            let mut seen = order.clone();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..ROWS as u32));
            let subject = |index: u32| base_subject(&rows[index as usize].subject).to_ascii_uppercase();
            let subjects: Vec<String> = order.into_iter().map(subject).collect();
            let ascii = subjects.windows(2).filter(|pair| pair.iter().all(|subject| subject.is_ascii()));
            assert!(ascii.inspect(|pair| assert!(pair[0] <= pair[1], "{pair:?}")).count() > ROWS / 3);
        },
    );
    let in_threads = |table: &ThreadTable| {
        let threads = table.threads();
        // A 0 stands for a message that others answer and that is not there.
        let mut uids: Vec<u32> =
            threads.messages.iter().map(|(_, uid)| *uid).filter(|uid| *uid > 0).collect();
        uids.sort_unstable();
        assert!(uids.into_iter().eq(1..=ROWS as u32));
        threads
    };
    bench(
        &mut group,
        "thread-references-keys",
        || &*rows,
        |rows| thread_table(rows),
        |_, table| assert_eq!(in_threads(&table).messages, thread_table(&rows).threads().messages),
    );
    bench(
        &mut group,
        "thread-references",
        || thread_table(&rows),
        |table| table.threads(),
        |table, threads| {
            assert_eq!(threads, in_threads(table));
            // Answers are in the threads of what they answer, all of which is there.
            let beginnings = rows.iter().filter(|row| row.references.is_empty()).count();
            let begun = threads.depths.iter().filter(|depth| **depth == 0).count();
            assert!((beginnings / 2..=beginnings).contains(&begun), "{begun} threads of {beginnings}");
        },
    );
    group.finish();
}

fn sort_table(rows: &[ListRow]) -> SortTable {
    let mut table = SortTable::new(&[SortKey::new(SortCriterion::Subject)]);
    rows.iter().for_each(|row| table.push(None, Some(row)));
    table
}

fn thread_table(rows: &[ListRow]) -> ThreadTable {
    let mut table = ThreadTable::new(ThreadAlgorithm::References);
    (1..).zip(rows).for_each(|(number, row)| table.push((number, number), None, Some(row)));
    table
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("search");
    group.throughput(Throughput::Bytes(COMMAND.len() as u64));
    bench(
        &mut group,
        "parse",
        || COMMAND,
        |command| parse_search(command),
        |_, program| {
            let program = program.expect("the command is one");
            assert_eq!(program.keys.len(), 6);
            assert!(program.returns.is_some_and(|returns| returns.min && returns.count && !returns.all));
            assert_eq!(program.keys.last(), Some(&SearchKey::Body("café".to_owned())));
        },
    );
    group.finish();
}

criterion_group! { name = benches; config = settings(); targets = match_texts, lists, parse }
criterion_main!(benches);
