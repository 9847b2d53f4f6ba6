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

/// The CRC-32 of octets before these, of which it is `crc`, and these.
pub fn crc32_after(crc: u32, octets: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(octets);
    hasher.finalize()
}

#[cfg(feature = "testing")]
thread_local! {
    /// The next moment, and the state of the generator, where they are fixed.
    static FIXED: std::cell::Cell<Option<(i64, u64)>> = const { std::cell::Cell::new(None) };
}

/// From now on this thread's clock begins at `now_ms` and goes on by a second whenever it is looked at, and
/// its random numbers follow from the seed: what is written is the same octets each time. For tests.
#[cfg(feature = "testing")]
pub fn fix(now_ms: i64, seed: u64) {
    FIXED.set(Some((now_ms, seed)));
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> i64 {
    #[cfg(feature = "testing")]
    if let Some((now_ms, state)) = FIXED.get() {
        FIXED.set(Some((now_ms + 1000, state)));
        return now_ms;
    }
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
    #[cfg(feature = "testing")]
    if let Some((now_ms, mut state)) = FIXED.get() {
        for byte in buffer {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            *byte = (state >> 56) as u8;
        }
        FIXED.set(Some((now_ms, state)));
        return Ok(());
    }
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

/// Waits as long as nothing may happen in a pause. Here not at all: what is left to one is done before the answer.
pub async fn pause_length() {}

/// Does what nobody waits for. Here at once, as there is no loop of events to leave it to.
pub async fn after_answer(work: impl Future<Output = ()> + 'static) {
    work.await;
}
