#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod backend;
pub mod engine;
pub mod mime;
pub mod model;
pub mod platform;
pub mod search;
pub mod session;
pub mod sieve;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod view;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use wasm::IndexedDbMailboxSet;
