//! The contract of a person's filters: named scripts, at most one active, and
//! the language they are in. Not here: what a script says, and delivery, which
//! runs the active one (the session's).

use std::rc::Rc;

use async_trait::async_trait;

use crate::model::Result;

pub use crate::sieve::{
    Action as FilterAction, Mail as FilterMail, Outcome as FilterOutcome, RunError as FilterError,
    Vacation as VacationAction,
};

/// A compiled script.
pub trait Filter {
    /// What is to be done with a message. Never fails and changes nothing: an
    /// error of the script is part of the outcome.
    fn run(&self, mail: &FilterMail<'_>) -> FilterOutcome;
}

/// A language of filters (semantics 6).
pub trait FilterCompiler {
    /// The extensions of the language that scripts may require, ascending.
    fn extensions(&self) -> &'static [&'static str];

    /// Compiles a script. `INVALID_ARGUMENT`, with the
    /// [position](crate::model::Error::position), for one that is not of the language.
    fn compile(&self, script: &[u8]) -> Result<Rc<dyn Filter>>;
}

/// Named filter scripts (semantics 159, 160). A failing method has changed nothing.
#[async_trait(?Send)]
pub trait FilterSet {
    /// The language of these scripts.
    fn compiler(&self) -> Rc<dyn FilterCompiler>;

    /// Stores a script under a name, in place of one that was there; an active
    /// one stays active, with what it now says. Fails with `INVALID_ARGUMENT`
    /// for an empty name, one with a control character, or a script that does
    /// not compile (with its position), and with `LIMIT` for a name of more
    /// than 255 characters, a script of more than 1 MiB, or too many scripts.
    async fn put(&self, name: &str, script: &[u8]) -> Result<()>;

    /// The script of that name; `NOT_FOUND`.
    async fn get(&self, name: &str) -> Result<Rc<[u8]>>;

    /// Deletes a script; `NOT_FOUND`, or `ACTIVE` where it is the active one.
    async fn delete(&self, name: &str) -> Result<()>;

    /// Renames a script, which stays active if it is; `NOT_FOUND`,
    /// `ALREADY_EXISTS` for a name that is taken, by itself too, and otherwise as
    /// [`FilterSet::put`] for a name that no script can have.
    async fn rename(&self, before: &str, after: &str) -> Result<()>;

    /// Makes a script the active one; `NOT_FOUND`.
    async fn set_active(&self, name: &str) -> Result<()>;

    /// Leaves no script active.
    async fn clear_active(&self) -> Result<()>;

    /// The active script.
    async fn get_active(&self) -> Result<Option<Rc<[u8]>>>;

    /// The active script's name and all names, in the order of their first `put`.
    async fn get_all(&self) -> Result<(Option<String>, Vec<String>)>;

    /// The active script, compiled. `INVALID_ARGUMENT` where it does not compile
    /// (any more).
    async fn active_filter(&self) -> Result<Option<Rc<dyn Filter>>> {
        let script = self.get_active().await?;
        script.map(|script| self.compiler().compile(&script)).transpose()
    }
}
