//! Searching: what can be asked, and whether a message answers it; sorting and
//! threading what was found. Not here: which messages are asked about and where
//! what is known of them comes from (the session).

mod columns;
mod forest;
mod key;
mod matcher;
mod needle;
mod parse;
mod program;
mod references;
mod sort;
#[cfg(test)]
mod tests;
mod thread;
#[cfg(test)]
mod thread_tests;

pub use columns::HeaderColumns;
pub use key::{Day, SearchKey};
pub use matcher::{Candidate, Evidence, Matcher, Need, Verdict};
pub use parse::parse_search;
pub use program::{Returns, SearchProgram};
pub use sort::{SortCriterion, SortKey, SortTable};
pub use thread::{ThreadAlgorithm, ThreadTable, Threads};
