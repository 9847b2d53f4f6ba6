//! The tables of a database: names, keys of the store's own records, and what
//! each version added. Not here: what the records of a space hold.
//!
//! The database's version rises only when a table is added or removed; the
//! records carry versions of their own.

use crate::store::Space;

/// The version this code writes; a database of a newer one is refused.
pub(super) const VERSION: u32 = 1;

/// Revisions by guard number, and the sequence.
pub(super) const GUARDS: &str = "guards";

/// Commits by sequence number.
pub(super) const JOURNAL: &str = "journal";

/// The key of the sequence among the guards: a string, which no number equals.
pub(super) const SEQUENCE: &str = "sequence";

/// The tables to create when coming from `old`, which is 0 for a new database.
pub(super) fn tables_since(old: u32) -> Vec<&'static str> {
    let mut tables = Vec::new();
    if old < 1 {
        tables.extend(Space::ALL.iter().map(|space| space.name()));
        tables.extend([GUARDS, JOURNAL]);
    }
    tables
}
