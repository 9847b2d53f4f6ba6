//! Searching: what can be asked, and whether a message answers it; sorting and
//! threading what was found. Not here: which messages are asked about and where
//! their metadata comes from (the session).

mod forest;
mod key;
mod matcher;
mod references;
mod sort;
mod thread;
#[cfg(test)]
mod thread_tests;

pub use key::{Day, SearchKey};
pub use matcher::{Candidate, Matcher};
pub use sort::{SortCriterion, SortKey, SortTable};
pub use thread::{ThreadAlgorithm, ThreadTable, Threads};
