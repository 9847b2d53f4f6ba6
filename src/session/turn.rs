//! Long work on the one thread that a browser gives: how it lets others have their turn. Not
//! here: the work.

use crate::platform;

/// After so long the host's other tasks get a turn.
const TURN_MS: i64 = 12;

/// The turn that an operation has.
pub(super) struct Turn {
    since_ms: i64,
}

impl Turn {
    pub(super) fn begin() -> Turn {
        Turn { since_ms: platform::now_ms() }
    }

    /// Lets others go on where the turn is over.
    pub(super) async fn pass(&mut self) {
        // Also where the clock was set back.
        if !(0..TURN_MS).contains(&(platform::now_ms() - self.since_ms)) {
            platform::yield_now().await;
            self.since_ms = platform::now_ms();
        }
    }
}
