//! A store that misbehaves on command: it conflicts, fails, or loses the
//! answer of a commit that landed. Here: the wrapper and its plan. Not here:
//! what must hold nevertheless (the tests say).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use futures::future::LocalBoxFuture;

use super::random::Random;
use crate::model::{Error, ErrorCode, Result};
use crate::store::{Batch, Journal, Outcome, Permit, Read, Sequence, Snapshot, Store};
use crate::view::Hub;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A commit is refused, as if every guard that it names had moved.
    Conflict,
    /// The call fails with this code, and nothing was done.
    Fail(ErrorCode),
    /// A commit lands, and its answer is lost.
    LoseAnswer,
    /// A commit does not land, and whether it did is unknown.
    LoseCommit,
}

impl Fault {
    /// Every fault that a read can have: one that may pass, and one that does not.
    pub const OF_READS: &'static [Fault] =
        &[Fault::Fail(ErrorCode::Unavailable), Fault::Fail(ErrorCode::VersionChanged)];

    /// Every fault that a commit can have.
    pub const OF_COMMITS: &'static [Fault] = &[
        Fault::Conflict,
        Fault::Fail(ErrorCode::Unavailable),
        Fault::Fail(ErrorCode::QuotaExceeded),
        Fault::Fail(ErrorCode::VersionChanged),
        Fault::LoseAnswer,
        Fault::LoseCommit,
    ];

    /// The faults that a caller need not hear of: what it asked for can be found to be done, or be done again.
    pub const RECOVERABLE: &'static [Fault] = &[Fault::Conflict, Fault::LoseAnswer];
}

/// A kind of call that a plan counts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// [`Store::read`].
    Read,
    /// [`Store::commit`].
    Commit,
    /// [`Store::journal`].
    Journal,
}

/// What runs just before a commit, as a rival that was faster.
pub type Rival = Rc<dyn Fn() -> LocalBoxFuture<'static, ()>>;

#[derive(Default)]
struct Plan {
    counts: BTreeMap<Call, usize>,
    faults: BTreeMap<(Call, usize), Fault>,
    rivals: BTreeMap<usize, Rival>,
    crash: Option<(Call, usize, bool)>,
    random: Option<(Random, u32, &'static [Fault])>,
    injected: usize,
}

/// A store over another one, with planned faults. Calls are counted by kind, from 0.
pub struct FaultyStore {
    inner: Rc<dyn Store>,
    plan: RefCell<Plan>,
    broken: Cell<bool>,
}

impl FaultyStore {
    /// A wrapper that so far does nothing wrong.
    pub fn new(inner: Rc<dyn Store>) -> Rc<FaultyStore> {
        Rc::new(FaultyStore { inner, plan: RefCell::default(), broken: Cell::new(false) })
    }

    /// Forgets every plan and starts counting anew.
    pub fn reset(&self) {
        self.plan.replace(Plan::default());
        self.broken.set(false);
    }

    /// Plans a fault for one call, counted since [`FaultyStore::reset`].
    pub fn plan(&self, call: Call, index: usize, fault: Fault) {
        self.plan.borrow_mut().faults.insert((call, index), fault);
    }

    /// Plans that a rival does something just before that commit.
    pub fn plan_rival(&self, commit: usize, rival: Rival) {
        self.plan.borrow_mut().rivals.insert(commit, rival);
    }

    /// Plans random faults: each commit has one of these in `percent` of 100 cases.
    pub fn plan_random(&self, seed: u64, percent: u32, faults: &'static [Fault]) {
        self.plan.borrow_mut().random = Some((Random::new(seed), percent, faults));
    }

    /// From now on every call fails with `UNAVAILABLE`, as after a crash, until [`FaultyStore::reset`].
    pub fn break_down(&self) {
        self.broken.set(true);
    }

    /// Plans a crash at one call: it and all later ones fail with `UNAVAILABLE`
    /// until [`FaultyStore::reset`]. A commit at which it happens lands before, where `lands`.
    pub fn plan_crash(&self, call: Call, index: usize, lands: bool) {
        self.plan.borrow_mut().crash = Some((call, index, lands));
    }

    /// How many calls of a kind there were since [`FaultyStore::reset`].
    pub fn count(&self, call: Call) -> usize {
        self.plan.borrow().counts.get(&call).copied().unwrap_or(0)
    }

    /// How many faults happened since [`FaultyStore::reset`].
    pub fn injected(&self) -> usize {
        self.plan.borrow().injected
    }

    /// Counts a call; returns its fault and its rival.
    fn next(&self, call: Call) -> (Option<Fault>, Option<Rival>) {
        let mut plan = self.plan.borrow_mut();
        let count = plan.counts.entry(call).or_default();
        let index = *count;
        *count += 1;
        let mut fault = plan.faults.get(&(call, index)).copied();
        if let (Call::Commit, None, Some((random, percent, faults))) = (call, fault, &mut plan.random)
            && random.chance(*percent)
        {
            fault = random.pick(faults).copied();
        }
        if let Some((at, number, lands)) = plan.crash
            && (at, number) == (call, index)
        {
            fault = Some(match call {
                Call::Commit if lands => Fault::LoseAnswer,
                Call::Commit => Fault::LoseCommit,
                _ => Fault::Fail(ErrorCode::Unavailable),
            });
            self.broken.set(true);
        } else if self.broken.get() {
            fault = Some(Fault::Fail(ErrorCode::Unavailable));
        }
        plan.injected += usize::from(fault.is_some());
        let rival = if call == Call::Commit { plan.rivals.remove(&index) } else { None };
        (fault, rival)
    }

    fn failure(fault: Option<Fault>) -> Result<()> {
        match fault {
            Some(Fault::Fail(code)) => Err(Error::new(code, "a planned failure")),
            _ => Ok(()),
        }
    }
}

#[async_trait(?Send)]
impl Store for FaultyStore {
    async fn read(&self, read: Read) -> Result<Snapshot> {
        Self::failure(self.next(Call::Read).0)?;
        self.inner.read(read).await
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome> {
        let (fault, rival) = self.next(Call::Commit);
        if let Some(rival) = rival {
            rival().await;
        }
        let lost =
            || Error::new(ErrorCode::Unavailable, "a planned loss of the answer").with_unknown_outcome();
        match fault {
            None => self.inner.commit(batch).await,
            Some(Fault::Conflict) => {
                Ok(Outcome::Conflict(batch.guards.iter().map(|(guard, _)| *guard).collect()))
            }
            Some(Fault::Fail(code)) => Err(Error::new(code, "a planned failure")),
            Some(Fault::LoseCommit) => Err(lost()),
            Some(Fault::LoseAnswer) => match self.inner.commit(batch).await? {
                Outcome::Committed(_) => Err(lost()),
                conflict @ Outcome::Conflict(_) => Ok(conflict),
            },
        }
    }

    async fn journal(&self, after: Sequence, max: usize) -> Result<Journal> {
        Self::failure(self.next(Call::Journal).0)?;
        self.inner.journal(after, max).await
    }

    fn hub(&self) -> &Hub {
        self.inner.hub()
    }

    async fn exclusive(&self) -> Result<Permit> {
        self.inner.exclusive().await
    }

    fn poll_interval_ms(&self) -> u32 {
        self.inner.poll_interval_ms()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::store::{Key, MemoryStore, Space};
    use futures::executor::block_on;

    fn batch(id: u8) -> Batch {
        let key = Key::new(Space::Meta).then(&[id]);
        Batch {
            id: [id; 16],
            guards: vec![(7, 0)],
            puts: vec![(key, Value::from(vec![id]))],
            ..Batch::default()
        }
    }

    fn stored(store: &MemoryStore, id: u8) -> bool {
        let read = Read { keys: vec![Key::new(Space::Meta).then(&[id])], ..Read::default() };
        block_on(store.read(read)).unwrap().values[0].is_some()
    }

    #[test]
    fn each_fault_does_what_it_says_once() {
        for (fault, lands) in [
            (Fault::Conflict, false),
            (Fault::Fail(ErrorCode::QuotaExceeded), false),
            (Fault::LoseCommit, false),
            (Fault::LoseAnswer, true),
        ] {
            let memory = MemoryStore::new();
            let faulty = FaultyStore::new(Rc::new(memory.connect()));
            faulty.plan(Call::Commit, 0, fault);
            match block_on(faulty.commit(batch(1))) {
                Ok(outcome) => assert_eq!((fault, outcome), (Fault::Conflict, Outcome::Conflict(vec![7]))),
                Err(error) => {
                    let unknown = matches!(fault, Fault::LoseCommit | Fault::LoseAnswer);
                    assert_eq!(error.outcome_unknown(), unknown, "{fault:?}");
                }
            }
            assert_eq!(stored(&memory, 1), lands, "{fault:?}");
            let revision = u64::from(lands);
            let again = Batch { guards: vec![(7, revision)], ..batch(2) };
            assert!(matches!(block_on(faulty.commit(again)), Ok(Outcome::Committed(_))));
            assert_eq!((faulty.count(Call::Commit), faulty.injected()), (2, 1));
        }
    }

    #[test]
    fn a_rival_comes_before_the_commit_and_a_broken_store_fails_all() {
        let memory = MemoryStore::new();
        let faulty = FaultyStore::new(Rc::new(memory.connect()));
        let rival = memory.connect();
        faulty.plan_rival(
            0,
            Rc::new(move || {
                let rival = rival.connect();
                Box::pin(async move {
                    rival.commit(batch(9)).await.unwrap();
                })
            }),
        );
        assert_eq!(block_on(faulty.commit(batch(1))).unwrap(), Outcome::Conflict(vec![7]));
        assert!(stored(&memory, 9) && !stored(&memory, 1));
        faulty.break_down();
        assert_eq!(block_on(faulty.read(Read::default())).unwrap_err().code(), ErrorCode::Unavailable);
        assert_eq!(block_on(faulty.journal(0, 1)).unwrap_err().code(), ErrorCode::Unavailable);
        faulty.reset();
        assert!(block_on(faulty.read(Read::default())).is_ok());
    }
}
