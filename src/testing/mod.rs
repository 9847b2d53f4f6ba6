//! What tests need: fixture mail, a mail generator, a store with faults, a
//! naive model, and the conformance suite for any mailbox set. Under the
//! feature `testing`; no part of the library proper.
// These are tests: they state what must hold, and stop where it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod conformance;
pub mod counting_store;
pub mod dump;
pub mod faulty_store;
pub mod fixture;
pub mod generator;
pub mod model;
pub mod random;
pub mod store_contract;
pub mod texts;
pub mod totality;
mod vocabulary;
