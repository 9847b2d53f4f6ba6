//! The native platform: the system's clock, its randomness, timers on threads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::channel::oneshot;

use crate::model::{Error, ErrorCode, Result};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Fills the buffer from the system's cryptographic generator (semantics 5).
/// Fails with `UNAVAILABLE` where there is none.
pub fn fill_random(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|error| {
        Error::new(ErrorCode::Unavailable, "no random numbers").with_cause(error.to_string())
    })
}

/// Returns after this many milliseconds.
pub async fn sleep_ms(milliseconds: u32) {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(u64::from(milliseconds)));
        // One who stopped waiting needs no waking.
        let _ = sender.send(());
    });
    let _ = receiver.await;
}
