//! When upkeep may go on: in pauses between a client's calls, so that a call waits for one commit of
//! it at most. Not here: the upkeep.

use std::cell::Cell;
use std::rc::Rc;

use super::pause_length;

/// How many times one upkeep waits for a pause. After that its commits follow each other, for
/// it must come to its end under a client that never rests, too.
const MOST_WAITS: u32 = 40;

/// The pauses of a client: times of a tenth of a second (natively of none) in which its count of calls,
/// begun and ended, does not move.
pub struct Pauses {
    activity: Option<Rc<Cell<u64>>>,
    /// What the count was in the pause that is used now.
    resting_at: Cell<Option<u64>>,
    waits_left: Cell<u32>,
}

impl Pauses {
    /// Of a client that moves this count whenever a call begins or ends.
    pub fn of(activity: Rc<Cell<u64>>) -> Pauses {
        Pauses { activity: Some(activity), resting_at: Cell::new(None), waits_left: Cell::new(MOST_WAITS) }
    }

    /// For work that somebody waits for: it goes on at once.
    pub const fn none() -> Pauses {
        Pauses { activity: None, resting_at: Cell::new(None), waits_left: Cell::new(0) }
    }

    /// Returns in a pause: at once where the last one still lasts, and where enough was waited.
    pub async fn next(&self) {
        let Some(activity) = &self.activity else { return };
        while self.resting_at.get() != Some(activity.get()) && self.waits_left.get() > 0 {
            self.waits_left.set(self.waits_left.get() - 1);
            let before = activity.get();
            pause_length().await;
            self.resting_at.set(Some(before));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn a_pause_that_lasts_is_not_waited_for_again_and_waiting_has_an_end() {
        let activity = Rc::new(Cell::new(0));
        let pauses = Pauses::of(activity.clone());
        block_on(pauses.next());
        block_on(pauses.next());
        assert_eq!(pauses.waits_left.get(), MOST_WAITS - 1);
        for call in 1..=100 {
            activity.set(call);
            block_on(pauses.next());
        }
        assert_eq!(pauses.waits_left.get(), 0);
    }
}
