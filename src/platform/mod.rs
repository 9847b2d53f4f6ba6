//! What differs between a browser and a native program: clock, time zone,
//! randomness, sleep, turns, checksums, and the tables of Unicode and of charsets. The only room that asks
//! which platform it is on.

#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
mod crc;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod native;
mod pauses;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod remains;
mod turn;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use crc::{crc32, crc32_after};
#[cfg(all(feature = "testing", not(all(target_arch = "wasm32", target_os = "unknown"))))]
pub use native::fix;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub use native::{
    after_answer, crc32, crc32_after, decode_charset, decomposed, fill_random, fold_case, now_ms,
    pause_length, sleep_ms, yield_now, zone_minutes,
};
pub use pauses::Pauses;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) use remains::{Held, remains};
pub(crate) use turn::Turn;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use wasm::{
    after_answer, decode_charset, decomposed, fill_random, fold_case, now_ms, pause_length, sleep_ms,
    yield_now, zone_minutes,
};
