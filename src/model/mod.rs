//! The vocabulary: flags, ids, names, sequence sets, messages, errors. Plain
//! data with its rules; no storage, no browser, nothing asynchronous.

mod error;

pub use error::{Error, ErrorCode, Result};
