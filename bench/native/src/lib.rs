//! What the benches have in common: how long they run, how one is checked before it is timed, seeded mail
//! and what is derived from it. Not here: what is timed (`benches/`).

use std::cell::LazyCell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion};
use offline_mailbox::mime::{ListRow, extract};
use offline_mailbox::model::{AppendMessage, Flags, MailboxId, RangeSet, SystemFlags, Uid};
use offline_mailbox::testing::generator::{GeneratedMessage, Generator, GeneratorOptions};
use offline_mailbox::view::{FlagPage, MailboxState, PAGE_ROWS, SelectedMailbox, SelectedSet};

/// Benches of one subject.
pub type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Some two seconds for each bench, so that all of them take a few minutes.
pub fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(20)
        .nresamples(20_000)
        .without_plots()
}

/// Times an operation that leaves its input as it was. Where the filter leaves it out, nothing is prepared.
///
/// Panics where `check` does, which sees the answer once before anything is timed.
pub fn bench<I, O>(
    group: &mut Group<'_>,
    name: &str,
    prepare: impl FnOnce() -> I,
    operation: impl Fn(&I) -> O,
    check: impl FnOnce(&I, O),
) {
    let input = LazyCell::new(|| {
        let input = prepare();
        check(&input, operation(&input));
        input
    });
    group.bench_function(name, |bencher| {
        let input = LazyCell::force(&input);
        bencher.iter(|| operation(black_box(input)));
    });
}

/// Times an operation that needs a new input each time; making and dropping it, and dropping the answer, are
/// not timed. Where the filter leaves it out, nothing is prepared.
///
/// Panics where `check` does, which sees the answer once before anything is timed.
pub fn bench_fresh<I, O>(
    group: &mut Group<'_>,
    name: &str,
    fresh: impl Fn() -> I,
    operation: impl Fn(&mut I) -> O,
    check: impl FnOnce(&mut I, O),
) {
    let checked = LazyCell::new(|| {
        let mut input = fresh();
        let answer = operation(&mut input);
        check(&mut input, answer);
    });
    group.bench_function(name, |bencher| {
        LazyCell::force(&checked);
        let timed = |mut input| (operation(black_box(&mut input)), input);
        bencher.iter_batched(&fresh, timed, BatchSize::PerIteration);
    });
}

/// How large messages are.
#[derive(Debug, Clone, Copy)]
pub enum Sizes {
    /// As in mailboxes: half of them under 6 KB, some with attachments of megabytes.
    Real,
    /// Texts alone, half of them under 3 KB, none of more than 20 KB.
    Texts,
    /// A header and a few lines, under a kilobyte.
    Short,
}

/// The first messages that the generator gives; the same ones each time.
pub fn mail(sizes: Sizes) -> Generator {
    let (median_size, max_size) = match sizes {
        Sizes::Real => (6 * 1024, 4 << 20),
        Sizes::Texts => (3 * 1024, 20 * 1024),
        Sizes::Short => (500, 900),
    };
    Generator::new(GeneratorOptions { seed: 42, median_size, max_size, ..GeneratorOptions::default() })
}

/// The octets of the first messages.
pub fn raw_mail(sizes: Sizes, count: usize) -> Vec<Vec<u8>> {
    mail(sizes).take(count).map(|message| message.raw).collect()
}

/// How many octets all of these are.
pub fn octets<T: AsRef<[u8]>>(all: &[T]) -> u64 {
    all.iter().map(|one| one.as_ref().len() as u64).sum()
}

/// What a list shows of the first short messages.
pub fn rows(count: usize) -> Vec<ListRow> {
    mail(Sizes::Short).take(count).map(|message| extract(&message.raw).row).collect()
}

/// A message as it is appended, with no system flag but `\Seen`: what benches set was not there before.
pub fn unflagged(message: GeneratedMessage) -> AppendMessage {
    let seen = message.flags.contains(SystemFlags::SEEN);
    let flags = if seen { Flags::from_system(SystemFlags::SEEN) } else { Flags::new() };
    AppendMessage { flags, ..AppendMessage::from(message) }
}

/// A mailbox of so many messages without flags, their UIDs from 1.
pub fn mailbox(count: u32) -> MailboxState {
    let pages = (0..count).step_by(PAGE_ROWS as usize).map(|from| {
        let rows = PAGE_ROWS.min(count - from) as usize;
        Some(Rc::new(FlagPage::new(vec![0; rows], vec![1; rows])))
    });
    MailboxState::new(1, count + 1, 1, Rc::default(), pages.collect())
}

/// A view whose client knows this state.
pub fn view_of(state: &Rc<MailboxState>) -> SelectedMailbox {
    let id = MailboxId::from_bytes(&[1]);
    SelectedMailbox::new(id, false, Rc::clone(state), RangeSet::new(), &SelectedSet::new())
}

/// Every `step`th UID up to `count`, beginning with `step`.
pub fn every(step: u32, count: u32) -> impl Iterator<Item = Uid> {
    (step..=count).step_by(step as usize)
}
