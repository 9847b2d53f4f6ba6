//! The generic grammar of RFC 5228 section 8.2 as a tree: commands, arguments, tests, blocks, each
//! with its place. What a command means is `compile`'s.

use std::fmt;

/// A place in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Position {
    pub(crate) const START: Position = Position { line: 1, column: 1 };

    pub(crate) fn error(self, message: impl Into<String>) -> CompileError {
        CompileError { line: self.line, column: self.column, message: message.into() }
    }
}

/// Why a script does not compile, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// A sentence for the script's author; not stable.
    pub message: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for CompileError {}

/// A command or a test.
#[derive(Debug)]
pub(crate) struct Node {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) tests: Vec<Node>,
    /// Whether the tests stand in parentheses.
    pub(crate) test_list: bool,
    pub(crate) block: Option<Vec<Node>>,
}

#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) position: Position,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// In lower case, without its colon.
    Tag(String),
    Number(u64),
    Text(Vec<u8>),
    /// Strings in brackets.
    List(Vec<(Position, Vec<u8>)>),
}

/// Joins the pieces of a message; smaller than formatting.
pub(crate) fn sentence(pieces: &[&str]) -> String {
    pieces.concat()
}
