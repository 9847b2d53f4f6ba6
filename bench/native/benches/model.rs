//! Sets of numbers, and their text in IMAP.

use std::fmt::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offline_mailbox::model::{RangeSet, SequenceSet};
use offline_mailbox_bench::{bench, bench_fresh, every, settings};

const COUNT: u32 = 100_000;

fn range_sets(c: &mut Criterion) {
    let mut group = c.benchmark_group("model");
    group.throughput(Throughput::Elements(u64::from(COUNT)));
    bench(
        &mut group,
        "range-set-sorted",
        || every(2, 2 * COUNT).collect::<Vec<u32>>(),
        |numbers| RangeSet::from_sorted(numbers.iter().copied()),
        |numbers, set| assert!(set.iter().eq(numbers.iter().copied())),
    );
    bench(
        &mut group,
        "range-set-union",
        || (RangeSet::from_sorted(every(4, 2 * COUNT)), RangeSet::from_sorted(every(6, 3 * COUNT))),
        |(one, other)| one.union(other),
        |(one, other), both| {
            assert!(both.iter().all(|number| one.contains(number) || other.contains(number)));
            assert_eq!(both.len(), one.len() + other.len() - one.intersection(other).len());
        },
    );
    group.throughput(Throughput::Elements(1000));
    bench_fresh(
        &mut group,
        "range-set-insert",
        || RangeSet::from_sorted(every(4, COUNT)),
        |set| every(2, 2000).map(|offset| 25_000 + offset).filter(|number| set.insert(*number)).count(),
        |set, inserted| {
            assert_eq!(inserted, 500);
            assert_eq!(set.len(), u64::from(COUNT / 4) + 500);
        },
    );
    bench(
        &mut group,
        "range-set-contains",
        || RangeSet::from_sorted(every(4, COUNT)),
        |set| every(97, 97_000).filter(|number| set.contains(*number)).count(),
        |_, found| assert_eq!(found, 250),
    );
    group.finish();
}

fn sequence_sets(c: &mut Criterion) {
    let mut group = c.benchmark_group("model");
    let mut text = String::new();
    for first in every(10, COUNT) {
        let _ = write!(text, "{first}:{},", first + 5);
    }
    text.push_str("200000:*");
    group.throughput(Throughput::Bytes(text.len() as u64));
    bench(
        &mut group,
        "sequence-set-parse",
        || &text,
        |text| SequenceSet::parse(text, true),
        |text, set| {
            assert_eq!(set.map(|set| set.to_string()).as_ref(), Ok(*text));
        },
    );
    bench(
        &mut group,
        "sequence-set-write",
        || SequenceSet::parse(&text, true).expect("a sequence set"),
        |set| set.to_string(),
        |_, written| assert_eq!(written, text),
    );
    group.finish();
}

criterion_group! { name = benches; config = settings(); targets = range_sets, sequence_sets }
criterion_main!(benches);
