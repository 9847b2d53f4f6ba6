//! What a SEARCH command asks for besides its keys. Plain data; its text form
//! is `parse.rs`'s.

use super::SearchKey;

/// Which forms of the answer are wanted (RFC 9051 section 6.4.4, RETURN). None
/// at all is not the same as no RETURN; `RETURN ()` asks for [`Returns::all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Returns {
    /// The lowest number.
    pub min: bool,
    /// The highest number.
    pub max: bool,
    /// All numbers, as a set.
    pub all: bool,
    /// How many there are.
    pub count: bool,
}

/// A whole SEARCH command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchProgram {
    /// What messages must answer; all of them.
    pub keys: Vec<SearchKey>,
    /// What RETURN asks for, where it is there.
    pub returns: Option<Returns>,
}
