//! Sieve: compiling a mail filter and asking it what shall become of one mail (RFC 5228 and the
//! extensions in [`EXTENSIONS`]). Pure and synchronous; only `model` and `mime` are used. Not
//! here: keeping scripts, and carrying out what they decide.
//!
//! [`compile`] checks a whole script, so that one that is stored will run; [`Script::run`] answers
//! with [`Action`]s in which the implicit keep is resolved. Both are total over any octets, and
//! what they cost is bounded by the numbers in [`limits`].

mod actions;
mod arguments;
mod body;
mod compile;
mod date;
mod encoded;
mod evaluate;
mod extension;
mod flags;
mod lexer;
pub mod limits;
mod mail;
mod matching;
mod parser;
mod program;
mod run;
mod syntax;
#[cfg(test)]
mod tests;
mod vacation;
mod variables;
mod vocabulary;

pub use actions::{Action, Outcome, RunError, Vacation};
pub use compile::compile;
pub use extension::EXTENSIONS;
pub use mail::Mail;
pub use program::Script;
pub use syntax::CompileError;
