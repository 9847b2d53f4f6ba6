//! The contract of a person's filters: named scripts, at most one active. Not
//! here: what a script says or how it runs.

use std::rc::Rc;

use async_trait::async_trait;

use crate::model::Result;

/// Named filter scripts (semantics 159, 160). A failing method has changed nothing.
#[async_trait(?Send)]
pub trait FilterSet {
    /// Stores a script under a name, in place of one that was there. `INVALID_ARGUMENT`
    /// for an empty name or a script that does not compile.
    async fn put(&self, name: &str, script: &[u8]) -> Result<()>;

    /// The script of that name; `NOT_FOUND`.
    async fn get(&self, name: &str) -> Result<Rc<[u8]>>;

    /// Deletes a script; `NOT_FOUND`, or `ACTIVE` where it is the active one.
    async fn delete(&self, name: &str) -> Result<()>;

    /// Renames a script, which stays active if it is; `NOT_FOUND`, `ALREADY_EXISTS`.
    async fn rename(&self, before: &str, after: &str) -> Result<()>;

    /// Makes a script the active one; `NOT_FOUND`.
    async fn set_active(&self, name: &str) -> Result<()>;

    /// Leaves no script active.
    async fn clear_active(&self) -> Result<()>;

    /// The active script.
    async fn get_active(&self) -> Result<Option<Rc<[u8]>>>;

    /// The active script's name and all names, in the order of their first `put`.
    async fn get_all(&self) -> Result<(Option<String>, Vec<String>)>;
}
