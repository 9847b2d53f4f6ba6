//! What an exception of the platform's database means: one table from its name
//! (and words) to our code. Not here: what is done about it.

use crate::model::ErrorCode;

/// What an exception amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// Our code for it.
    pub(crate) code: ErrorCode,
    /// Whether it may go away with a new connection.
    pub(crate) transient: bool,
}

struct Row {
    /// The exception's name; empty: any.
    name: &'static str,
    /// A part of its message, in lower case; empty: any.
    words: &'static str,
    class: Class,
}

const fn row(name: &'static str, words: &'static str, code: ErrorCode, transient: bool) -> Row {
    Row { name, words, class: Class { code, transient } }
}

/// The first row that fits counts.
const TABLE: &[Row] = &[
    row("QuotaExceededError", "", ErrorCode::QuotaExceeded, false),
    // Chromium, opening on a full disk; Firefox, by its own name for it.
    row("", "full disk", ErrorCode::QuotaExceeded, false),
    row("NS_ERROR_FILE_NO_DEVICE_SPACE", "", ErrorCode::QuotaExceeded, false),
    row("VersionError", "", ErrorCode::SchemaTooNew, false),
    // No storage for this origin: sandboxed frames, blocked site data.
    row("SecurityError", "", ErrorCode::Unavailable, false),
    row("NotSupportedError", "", ErrorCode::Unavailable, false),
    // Safari, whose storage process died; seen under several names.
    row("", "server lost", ErrorCode::Unavailable, true),
    row("", "in-progress transaction", ErrorCode::Unavailable, true),
    // Chromium, while its own database is in trouble or restarting.
    row("", "backing store", ErrorCode::Unavailable, true),
    row("", "connection is clos", ErrorCode::Unavailable, true),
    // Chromium, whose file behind a large value is gone or unreadable.
    row("", "large indexeddb value", ErrorCode::Corrupt, false),
    row("NotReadableError", "", ErrorCode::Corrupt, false),
    // A table is missing: not a database of ours, or a damaged one.
    row("NotFoundError", "", ErrorCode::Corrupt, false),
    // A closed connection; also a Firefox that cannot write its profile.
    row("InvalidStateError", "", ErrorCode::Unavailable, true),
    // The platform's own abort: a connection closed by force. Ours are never read as errors.
    row("AbortError", "", ErrorCode::Unavailable, true),
    row("UnknownError", "", ErrorCode::Unavailable, true),
    row("TimeoutError", "", ErrorCode::Unavailable, true),
    // Our own mistakes.
    row("TransactionInactiveError", "", ErrorCode::Internal, false),
    row("ReadOnlyError", "", ErrorCode::Internal, false),
    row("ConstraintError", "", ErrorCode::Internal, false),
    row("DataError", "", ErrorCode::Internal, false),
    row("DataCloneError", "", ErrorCode::Internal, false),
    row("InvalidAccessError", "", ErrorCode::Internal, false),
    row("SyntaxError", "", ErrorCode::Internal, false),
    row("TypeError", "", ErrorCode::Internal, false),
];

/// Looks the exception up; one that no row knows is `UNAVAILABLE`, not to be retried.
pub(crate) fn classify(name: &str, message: &str) -> Class {
    let message = message.to_ascii_lowercase();
    TABLE
        .iter()
        .find(|row| (row.name.is_empty() || row.name == name) && message.contains(row.words))
        .map_or(Class { code: ErrorCode::Unavailable, transient: false }, |row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, message: &str) -> (ErrorCode, bool) {
        let class = classify(name, message);
        (class.code, class.transient)
    }

    #[test]
    fn known_field_errors_find_their_row() {
        assert_eq!(class("QuotaExceededError", ""), (ErrorCode::QuotaExceeded, false));
        assert_eq!(
            class(
                "QuotaExceededError",
                "Encountered full disk while opening backing store for indexedDB.open."
            ),
            (ErrorCode::QuotaExceeded, false)
        );
        assert_eq!(
            class("UnknownError", "Encountered full disk while committing transaction."),
            (ErrorCode::QuotaExceeded, false)
        );
        assert_eq!(
            class(
                "UnknownError",
                "Connection to Indexed Database server lost. Refresh the page to try again"
            ),
            (ErrorCode::Unavailable, true)
        );
        assert_eq!(
            class("UnknownError", "Internal error opening backing store for indexedDB.open."),
            (ErrorCode::Unavailable, true)
        );
        assert_eq!(
            class("InvalidStateError", "The database connection is closing."),
            (ErrorCode::Unavailable, true)
        );
        assert_eq!(
            class("VersionError", "The requested version (1) is less than the existing version (2)."),
            (ErrorCode::SchemaTooNew, false)
        );
        assert_eq!(class("SecurityError", ""), (ErrorCode::Unavailable, false));
        assert_eq!(class("DataError", "Failed to read large IndexedDB value"), (ErrorCode::Corrupt, false));
        assert_eq!(class("DataError", "not a valid key"), (ErrorCode::Internal, false));
        assert_eq!(class("SomethingNew", "unheard of"), (ErrorCode::Unavailable, false));
    }

    #[test]
    fn rows_are_lower_case_and_every_named_row_is_reachable() {
        for row in TABLE {
            assert_eq!(row.words, row.words.to_ascii_lowercase());
            assert_eq!(classify(row.name, row.words), row.class, "{} {}", row.name, row.words);
        }
    }
}
