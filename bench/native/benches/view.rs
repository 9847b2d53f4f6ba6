//! A view of a million messages: what is new in it, and which messages a set names.

use std::cell::LazyCell;
use std::rc::Rc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offline_mailbox::model::{Flags, ModSeq, SequenceSet, SystemFlags, Uid};
use offline_mailbox::view::{
    FlagBits, FlagPage, MailboxState, PAGE_ROWS, SelectedMailbox, UpdateOptions, Updates,
};
use offline_mailbox_bench::{Group, bench, bench_fresh, every, mailbox, settings, view_of};

const ROWS: u32 = 1_000_000;
const FLAGGED: FlagBits = FlagBits(SystemFlags::FLAGGED.0 as u64);

/// The next state: these UIDs with these bits, the pages of all others shared.
fn changed(before: &MailboxState, uids: impl Iterator<Item = Uid>, bits: FlagBits) -> Rc<MailboxState> {
    let mod_seq: ModSeq = before.highest_mod_seq() + 1;
    let mut places: Vec<Vec<(u32, FlagBits, ModSeq)>> = vec![Vec::new(); before.pages().len()];
    for (page, row) in uids.filter_map(|uid| before.place(uid)) {
        places[page].push((row, bits, mod_seq));
    }
    let pages = before.pages().iter().zip(places).map(|(page, changes)| match page {
        Some(page) if !changes.is_empty() => Some(Rc::new(page.with(changes))),
        page => page.clone(),
    });
    let keywords = Rc::clone(before.keywords());
    let state = MailboxState::new(1, before.uid_next(), mod_seq, keywords, pages.collect());
    Rc::new(state)
}

fn told_of((view, after): &mut (SelectedMailbox, Rc<MailboxState>)) -> Updates {
    view.feed(Rc::clone(after));
    view.updates(&UpdateOptions::default())
}

fn updates(c: &mut Criterion) {
    let mut group = c.benchmark_group("view");
    let before = LazyCell::new(|| Rc::new(mailbox(ROWS)));
    let next = |after: &Rc<MailboxState>| (view_of(&before), Rc::clone(after));

    let same = LazyCell::new(|| changed(&before, std::iter::empty(), FLAGGED));
    bench_fresh(
        &mut group,
        "updates-none",
        || next(&same),
        told_of,
        |(view, _), updates| {
            assert!(updates.is_empty());
            assert_eq!((updates.mod_seq, view.exists()), (2, ROWS));
        },
    );
    let one = LazyCell::new(|| changed(&before, std::iter::once(777_777), FLAGGED));
    bench_fresh(
        &mut group,
        "updates-flag-1",
        || next(&one),
        told_of,
        |_, updates| {
            assert_eq!((updates.flags.len(), updates.expunged.len()), (1, 0));
            assert_eq!((updates.flags[0].seq, updates.flags[0].uid), (777_777, 777_777));
            assert_eq!(updates.flags[0].flags, Flags::from_system(SystemFlags::FLAGGED));
        },
    );
    group.throughput(Throughput::Elements(10_000));
    let fewer = LazyCell::new(|| changed(&before, every(100, ROWS), FlagBits::TOMBSTONE));
    bench_fresh(
        &mut group,
        "updates-expunge-10000",
        || next(&fewer),
        told_of,
        |(view, _), updates| {
            assert_eq!((updates.expunged.len(), view.exists()), (10_000, 990_000));
            let numbers: Vec<(u32, Uid)> = updates.expunged.iter().map(|gone| (gone.seq, gone.uid)).collect();
            assert!(
                numbers.iter().copied().eq(every(100, ROWS)
                    .map(|uid| (uid, uid))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev())
            );
        },
    );
    group.finish();
}

fn resolve(c: &mut Criterion) {
    let mut group = c.benchmark_group("view");
    // Every hundredth message is gone, so that numbers and UIDs are not the same.
    let view = LazyCell::new(|| {
        let state = mailbox(ROWS);
        view_of(&changed(&state, every(100, ROWS), FlagBits::TOMBSTONE))
    });
    let resolves = |group: &mut Group<'_>, name: &str, set: SequenceSet, first: (u32, Uid), found: usize| {
        group.throughput(Throughput::Elements(found as u64));
        bench(
            group,
            name,
            || &*view,
            |view| view.resolve(&set),
            |_, members| {
                assert_eq!((members.first().copied(), members.len()), (Some(first), found));
                assert!(members.windows(2).all(|pair| pair[0] < pair[1]));
            },
        );
    };
    let all = |uid| SequenceSet::all(uid);
    let sparse = |uid| SequenceSet::from_numbers(every(150, 900_000), uid).expect("a sequence set");
    resolves(&mut group, "resolve-all", all(false), (1, 1), 990_000);
    resolves(&mut group, "resolve-all-uids", all(true), (1, 1), 990_000);
    resolves(&mut group, "resolve-sparse", sparse(false), (150, 151), 6000);
    // Every second of these UIDs is one that is gone.
    resolves(&mut group, "resolve-sparse-uids", sparse(true), (149, 150), 3000);
    group.finish();
}

fn pages(c: &mut Criterion) {
    let mut group = c.benchmark_group("view");
    let page = || FlagPage::new(vec![0; PAGE_ROWS as usize], vec![1; PAGE_ROWS as usize]);
    let with =
        |page: &FlagPage, step: u32| page.with(every(step, PAGE_ROWS).map(|row| (row - 1, FLAGGED, 2)));
    for (name, step) in [("page-with-1", PAGE_ROWS), ("page-with-256", 8)] {
        bench(
            &mut group,
            name,
            page,
            |page| with(page, step),
            |_, after| {
                let flagged = after.raw_flags().iter().filter(|bits| **bits == FLAGGED.0).count();
                assert_eq!((flagged, after.live_count()), ((PAGE_ROWS / step) as usize, PAGE_ROWS));
                assert_eq!(after.mod_seq(step - 1), Some(2));
            },
        );
    }
    group.finish();
}

criterion_group! { name = benches; config = settings(); targets = updates, resolve, pages }
criterion_main!(benches);
