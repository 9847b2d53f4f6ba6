//! The store contract, on every store that this platform has: in memory
//! natively; IndexedDB and an adapter in JavaScript in a browser (window or
//! worker, as the runner is told).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[path = "store_contract/browser.rs"]
mod browser;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[path = "store_contract/native.rs"]
mod native;
