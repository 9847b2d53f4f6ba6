//! Long work on the one thread that a browser gives: how it lets others have their turn. Not
//! here: the work.

use super::{now_ms, yield_now};

/// After so long the host's other tasks get a turn.
const TURN_MS: i64 = 12;

/// The turn that an operation has.
pub struct Turn {
    since_ms: i64,
}

impl Turn {
    pub fn begin() -> Turn {
        Turn { since_ms: now_ms() }
    }

    /// Lets others go on where the turn is over.
    pub async fn pass(&mut self) {
        // Also where the clock was set back.
        if !(0..TURN_MS).contains(&(now_ms() - self.since_ms)) {
            yield_now().await;
            self.since_ms = now_ms();
        }
    }
}
