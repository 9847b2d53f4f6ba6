#![doc = include_str!("../README.md")]
//!
//! ## Where to begin
//!
//! [`engine::StoreMailboxSet`] opens a database over a [`store::Store`], such as
//! [`store::MemoryStore`]; [`session::BaseSession`] does with it what a client does. Futures are not
//! `Send`: run them on one thread, by any executor (`futures` with its feature `executor`, a
//! `LocalSet` of tokio). `examples/` has a tour, a filter with a search, and a store of one's own.
//!
//! ## Features
//!
//! - none is on by default, and none is needed: natively and in a browser the target alone decides
//!   what is built. On `wasm32-unknown-unknown` that is also `IndexedDbMailboxSet` and the bindings of
//!   the npm package.
//! - `testing`: the suites that any store and any mailbox set can be put through, a mail generator,
//!   and a store with faults. For tests alone: what is in it stops where something does not hold.
// Set by scripts/build-wasm.sh, which compiles for size: what runs over every octet or row is for speed.
#![cfg_attr(own_std, feature(optimize_attribute))]
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
