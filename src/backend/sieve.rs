//! Sieve (RFC 5228) as a language of filters: the `sieve` room behind the
//! contract. Not here: the language.

use std::rc::Rc;

use super::{Filter, FilterCompiler, FilterMail, FilterOutcome};
use crate::model::{Error, Result, TextPosition};
use crate::sieve::{self, CompileError, Script};

/// The language of filters that is built in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sieve;

impl FilterCompiler for Sieve {
    fn extensions(&self) -> &'static [&'static str] {
        sieve::EXTENSIONS
    }

    fn compile(&self, script: &[u8]) -> Result<Rc<dyn Filter>> {
        match sieve::compile(script) {
            Ok(script) => Ok(Rc::new(script)),
            Err(CompileError { line, column, message }) => {
                Err(Error::invalid(message).at(TextPosition { line, column }))
            }
        }
    }
}

impl Filter for Script {
    fn run(&self, mail: &FilterMail<'_>) -> FilterOutcome {
        Script::run(self, mail)
    }
}
