//! The store contract, on every store that this platform has: natively the one
//! in memory and that of the examples; in a browser (window or worker, as the
//! runner is told) IndexedDB and an adapter in JavaScript.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[path = "store_contract/browser.rs"]
mod browser;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[path = "store_contract/example.rs"]
mod example;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[path = "store_contract/native.rs"]
mod native;
