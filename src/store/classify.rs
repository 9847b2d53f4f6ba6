//! What an exception of the platform's database means: one table from its name
//! (and words) to our code and to what is done about it. Not here: the doing.

use self::Remedy::{GiveUp, Reopen, Retry};
use crate::model::ErrorCode;

/// What an exception amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// Our code for it.
    pub(crate) code: ErrorCode,
    pub(crate) remedy: Remedy,
}

/// What is done about an exception. Nothing is ever deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The connection is dropped and the same done on a new one, three times
    /// at most; a commit that had been sent off is looked for first.
    Retry,
    /// The connection is dropped and the exception told: on the same one some
    /// browsers would fail every later write as well.
    Reopen,
    /// The exception is told.
    GiveUp,
}

struct Row {
    /// The exception's name; empty: any.
    name: &'static str,
    /// A part of its message, in lower case; empty: any.
    words: &'static str,
    class: Class,
}

impl Row {
    /// Whether an exception is this row's; its message in lower case.
    fn fits(&self, name: &str, message: &str) -> bool {
        (self.name.is_empty() || self.name == name) && message.contains(self.words)
    }
}

const fn row(name: &'static str, words: &'static str, code: ErrorCode, remedy: Remedy) -> Row {
    Row { name, words, class: Class { code, remedy } }
}

/// The first row that fits counts.
const TABLE: &[Row] = &[
    row("QuotaExceededError", "", ErrorCode::QuotaExceeded, Reopen),
    // Chromium, opening on a full disk; Firefox, by its own name for it.
    row("", "full disk", ErrorCode::QuotaExceeded, Reopen),
    row("NS_ERROR_FILE_NO_DEVICE_SPACE", "", ErrorCode::QuotaExceeded, Reopen),
    row("VersionError", "", ErrorCode::SchemaTooNew, GiveUp),
    // No storage for this origin: sandboxed frames, blocked site data.
    row("SecurityError", "", ErrorCode::Unavailable, GiveUp),
    row("NotSupportedError", "", ErrorCode::Unavailable, GiveUp),
    // Safari, whose storage process died; seen under several names.
    row("", "server lost", ErrorCode::Unavailable, Retry),
    row("", "in-progress transaction", ErrorCode::Unavailable, Retry),
    // Chromium, while its own database is in trouble or restarting.
    row("", "backing store", ErrorCode::Unavailable, Retry),
    row("", "connection is clos", ErrorCode::Unavailable, Retry),
    // Chromium, whose file for a large value could not be written.
    row("", "write blobs", ErrorCode::Unavailable, Retry),
    // Chromium, whose file behind a large value is gone or unreadable.
    row("", "large indexeddb value", ErrorCode::Corrupt, GiveUp),
    row("NotReadableError", "", ErrorCode::Corrupt, GiveUp),
    // Chromium, where a commit is larger than it takes.
    row("", "ipc message size", ErrorCode::Limit, GiveUp),
    // A table is missing: not a database of ours, or a damaged one.
    row("NotFoundError", "", ErrorCode::Corrupt, GiveUp),
    // A closed connection; also a Firefox that cannot write its profile.
    row("InvalidStateError", "", ErrorCode::Unavailable, Retry),
    // The platform's own abort: a connection closed by force. Ours are never read as errors.
    row("AbortError", "", ErrorCode::Unavailable, Retry),
    row("UnknownError", "", ErrorCode::Unavailable, Retry),
    row("TimeoutError", "", ErrorCode::Unavailable, Retry),
    // Our own mistakes.
    row("TransactionInactiveError", "", ErrorCode::Internal, GiveUp),
    row("ReadOnlyError", "", ErrorCode::Internal, GiveUp),
    row("ConstraintError", "", ErrorCode::Internal, GiveUp),
    row("DataError", "", ErrorCode::Internal, GiveUp),
    row("DataCloneError", "", ErrorCode::Internal, GiveUp),
    row("InvalidAccessError", "", ErrorCode::Internal, GiveUp),
    row("SyntaxError", "", ErrorCode::Internal, GiveUp),
    row("TypeError", "", ErrorCode::Internal, GiveUp),
];

/// Looks the exception up; one that no row knows is `UNAVAILABLE`, and told.
pub(crate) fn classify(name: &str, message: &str) -> Class {
    let message = message.to_ascii_lowercase();
    TABLE
        .iter()
        .find(|row| row.fits(name, &message))
        .map_or(Class { code: ErrorCode::Unavailable, remedy: GiveUp }, |row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, message: &str) -> (ErrorCode, Remedy) {
        let class = classify(name, message);
        (class.code, class.remedy)
    }

    /// As they were met in the field or are thrown by today's browsers; at least one for each row.
    const MET: &[(&str, &str, ErrorCode, Remedy)] = &[
        ("QuotaExceededError", "", ErrorCode::QuotaExceeded, Reopen),
        (
            "QuotaExceededError",
            "Encountered full disk while opening backing store for indexedDB.open.",
            ErrorCode::QuotaExceeded,
            Reopen,
        ),
        (
            "UnknownError",
            "Encountered full disk while committing transaction.",
            ErrorCode::QuotaExceeded,
            Reopen,
        ),
        ("NS_ERROR_FILE_NO_DEVICE_SPACE", "", ErrorCode::QuotaExceeded, Reopen),
        (
            "VersionError",
            "The requested version (1) is less than the existing version (2).",
            ErrorCode::SchemaTooNew,
            GiveUp,
        ),
        ("SecurityError", "The operation is insecure.", ErrorCode::Unavailable, GiveUp),
        ("NotSupportedError", "", ErrorCode::Unavailable, GiveUp),
        (
            "UnknownError",
            "Connection to Indexed Database server lost. Refresh the page to try again",
            ErrorCode::Unavailable,
            Retry,
        ),
        (
            "InvalidStateError",
            "Attempt to get a record from database without an in-progress transaction",
            ErrorCode::Unavailable,
            Retry,
        ),
        (
            "UnknownError",
            "Internal error opening backing store for indexedDB.open.",
            ErrorCode::Unavailable,
            Retry,
        ),
        ("InvalidStateError", "The database connection is closing.", ErrorCode::Unavailable, Retry),
        ("AbortError", "Connection is closing.", ErrorCode::Unavailable, Retry),
        ("DataError", "Failed to write blobs (FileWriteError).", ErrorCode::Unavailable, Retry),
        ("DataError", "Failed to read large IndexedDB value", ErrorCode::Corrupt, GiveUp),
        ("NotReadableError", "", ErrorCode::Corrupt, GiveUp),
        ("NotFoundError", "One of the specified object stores was not found.", ErrorCode::Corrupt, GiveUp),
        (
            "InvalidStateError",
            "A mutation operation was attempted on a database that did not allow mutations.",
            ErrorCode::Unavailable,
            Retry,
        ),
        ("AbortError", "", ErrorCode::Unavailable, Retry),
        ("UnknownError", "Internal error committing transaction.", ErrorCode::Unavailable, Retry),
        (
            "UnknownError",
            "The operation failed for reasons unrelated to the database itself and not covered by any other error code.",
            ErrorCode::Unavailable,
            Retry,
        ),
        ("TimeoutError", "", ErrorCode::Unavailable, Retry),
        ("UnknownError", "Maximum IPC message size exceeded.", ErrorCode::Limit, GiveUp),
        ("TransactionInactiveError", "", ErrorCode::Internal, GiveUp),
        ("ReadOnlyError", "", ErrorCode::Internal, GiveUp),
        ("ConstraintError", "", ErrorCode::Internal, GiveUp),
        ("DataError", "not a valid key", ErrorCode::Internal, GiveUp),
        ("DataCloneError", "", ErrorCode::Internal, GiveUp),
        ("InvalidAccessError", "", ErrorCode::Internal, GiveUp),
        ("SyntaxError", "", ErrorCode::Internal, GiveUp),
        ("TypeError", "", ErrorCode::Internal, GiveUp),
    ];

    #[test]
    fn known_field_errors_find_their_row() {
        for (name, message, code, remedy) in MET {
            assert_eq!(class(name, message), (*code, *remedy), "{name}: {message}");
        }
        assert_eq!(class("SomethingNew", "unheard of"), (ErrorCode::Unavailable, GiveUp));
    }

    #[test]
    fn every_row_is_met_and_is_the_first_that_fits() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.words, row.words.to_ascii_lowercase());
            assert_eq!(classify(row.name, row.words), row.class, "{} {}", row.name, row.words);
            let fits = |name: &str, message: &str| {
                TABLE.iter().position(|each| each.fits(name, &message.to_ascii_lowercase())) == Some(at)
            };
            assert!(MET.iter().any(|(name, message, ..)| fits(name, message)), "{} {}", row.name, row.words);
        }
    }

    #[test]
    fn what_is_retried_is_unavailable_and_nothing_else_keeps_a_connection_that_may_be_bad() {
        for Row { name, words, class } in TABLE {
            match class.remedy {
                Retry => assert_eq!(class.code, ErrorCode::Unavailable, "{name} {words}"),
                Reopen => assert_eq!(class.code, ErrorCode::QuotaExceeded, "{name} {words}"),
                GiveUp => assert_ne!(class.code, ErrorCode::QuotaExceeded, "{name} {words}"),
            }
        }
    }
}
