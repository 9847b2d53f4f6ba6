//! What differs between a browser and a native program: clock, randomness,
//! sleep. The only room that asks which platform it is on.

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod native;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub use native::{fill_random, now_ms, sleep_ms};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use wasm::{fill_random, now_ms, sleep_ms};
