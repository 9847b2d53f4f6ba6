//! Searching: what can be asked, and whether a message answers it. Not here:
//! which messages are asked about and where their metadata comes from (the session).

mod key;
mod matcher;

pub use key::{Day, SearchKey};
pub use matcher::{Candidate, Matcher};
