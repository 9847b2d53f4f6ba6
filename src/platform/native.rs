//! The native platform: the system's clock, its randomness, timers on threads,
//! tables from crates.

use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encoding_rs::Encoding;
use futures::channel::oneshot;
use unicode_normalization::UnicodeNormalization;

use crate::model::{Error, ErrorCode, Result};

/// The CRC-32 (ISO-HDLC) of these octets.
pub fn crc32(octets: &[u8]) -> u32 {
    crc32fast::hash(octets)
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Minutes east of UTC of the local time: 0, for nothing here tells the system's zone.
pub fn zone_minutes() -> i16 {
    0
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

/// The text of octets in a charset of the WHATWG Encoding Standard, by any of
/// its labels; what has no meaning there becomes U+FFFD, a byte order mark
/// stays. `None` for an unknown label.
pub fn decode_charset(label: &str, octets: &[u8]) -> Option<String> {
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(encoding.decode_without_bom_handling(octets).0.into_owned())
}

/// Text in which letters that differ in case, and characters that differ in
/// form only (NFKC), are the same. A final sigma may stand at the end of words.
pub fn fold_case(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    // The small letter first: the capital sharp s has no capitals of its own.
    let folded = compatible.to_lowercase().to_uppercase().to_lowercase();
    folded.nfkc().collect()
}

/// Text with each letter before its accents, and characters that differ in form
/// only as one (NFKD): the order of its octets is nearer to an alphabet's.
pub fn decomposed(text: &str) -> String {
    text.nfkd().collect()
}

/// Lets the executor's other tasks have a turn.
pub async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Does what nobody waits for. Here at once, as there is no loop of events to leave it to.
pub async fn after_answer(work: impl Future<Output = ()> + 'static) {
    work.await;
}
