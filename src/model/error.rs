//! The one error type and the table of its stable codes. Here: codes, their
//! IMAP response codes, constructors. Not here: how a platform's own
//! exceptions are classified (each store does that at its border).

use std::borrow::Cow;
use std::fmt;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $imap:expr;)*) => {
        /// What went wrong, as a stable code that programs match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code, in the order of the public table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The stable text, the same in Rust and JavaScript.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $text,)* }
            }

            /// The IMAP response code (RFC 5530, RFC 3516, RFC 9051 section 7.1) a server would send, if any.
            pub const fn imap_code(self) -> Option<&'static str> {
                match self { $(ErrorCode::$variant => $imap,)* }
            }
        }
    };
}

error_codes! {
    /// The mailbox (or message, or filter) does not exist.
    NotFound = "NOT_FOUND", Some("NONEXISTENT");
    /// The mailbox (or filter) exists already.
    AlreadyExists = "ALREADY_EXISTS", Some("ALREADYEXISTS");
    /// The target of an append, copy or move does not exist; creating it would help.
    TryCreate = "TRY_CREATE", Some("TRYCREATE");
    /// The mailbox, or this selection of it, is read-only.
    ReadOnly = "READ_ONLY", Some("READ-ONLY");
    /// The operation is never possible here (a disabled search key, for one).
    Cannot = "CANNOT", Some("CANNOT");
    /// The active filter cannot be deleted.
    Active = "ACTIVE", None;
    /// A filter refused the message.
    AppendFailure = "APPEND_FAILURE", None;
    /// The charset of a search is not known.
    BadCharset = "BAD_CHARSET", Some("BADCHARSET");
    /// A fixed limit was passed (56 keywords in a mailbox, for one).
    Limit = "LIMIT", Some("LIMIT");
    /// The disk, or the browser's share of it, is full. Nothing was written.
    QuotaExceeded = "QUOTA_EXCEEDED", Some("OVERQUOTA");
    /// Others kept changing the same data; the operation gave up. Nothing was written.
    Conflict = "CONFLICT", Some("INUSE");
    /// The session, view or database is closed, or its mailbox was deleted.
    Closed = "CLOSED", None;
    /// Another tab holds the database in an older version and does not let go.
    Blocked = "BLOCKED", Some("INUSE");
    /// The caller's signal ended the operation.
    Aborted = "ABORTED", None;
    /// The storage cannot be reached here or now.
    Unavailable = "UNAVAILABLE", Some("UNAVAILABLE");
    /// Another version of the library changed the database's format; reload.
    VersionChanged = "VERSION_CHANGED", None;
    /// The database was written by a newer version of the library. It was left alone.
    SchemaTooNew = "SCHEMA_TOO_NEW", None;
    /// The database that was there before is gone.
    StorageLost = "STORAGE_LOST", None;
    /// A stored record is damaged. It was left in place.
    Corrupt = "CORRUPT", Some("CORRUPTION");
    /// The content transfer encoding of a part is not known, so its content cannot be decoded.
    UnknownCte = "UNKNOWN_CTE", Some("UNKNOWN-CTE");
    /// An argument is malformed or out of range. Nothing was done.
    InvalidArgument = "INVALID_ARGUMENT", Some("CLIENTBUG");
    /// A defect in this library.
    Internal = "INTERNAL", Some("SERVERBUG");
}

/// A place in a text that a caller gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPosition {
    /// The line; the first is 1.
    pub line: u32,
    /// The column within the line, in characters; the first is 1.
    pub column: u32,
}

impl TextPosition {
    /// Where a text begins.
    pub const START: TextPosition = TextPosition { line: 1, column: 1 };
}

/// Why an operation failed. Unless a method says otherwise, an operation that
/// fails has changed nothing.
// One pointer: every `?` moves it and every result has room for it, so what it
// holds would be paid for in code all over.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    cause: Option<String>,
    position: Option<TextPosition>,
    outcome_unknown: bool,
}

impl Error {
    /// An error with a code and a sentence for a developer.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Error::of(code, message.into())
    }

    #[cold]
    #[inline(never)]
    fn of(code: ErrorCode, message: Cow<'static, str>) -> Self {
        Error(Box::new(Inner { code, message, cause: None, position: None, outcome_unknown: false }))
    }

    /// [`ErrorCode::InvalidArgument`].
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorCode::InvalidArgument, message)
    }

    /// [`ErrorCode::NotFound`] for a mailbox name.
    pub fn no_mailbox(name: &str) -> Self {
        Error::new(ErrorCode::NotFound, format!("no mailbox is named {name:?}"))
    }

    /// [`ErrorCode::Corrupt`].
    pub fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorCode::Corrupt, message)
    }

    /// [`ErrorCode::Internal`].
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorCode::Internal, message)
    }

    /// [`ErrorCode::Closed`].
    pub fn closed(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorCode::Closed, message)
    }

    /// The same error, carrying the platform's own words.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same error, found at this place of the text that was given.
    #[must_use]
    pub fn at(mut self, position: TextPosition) -> Self {
        self.0.position = Some(position);
        self
    }

    /// The same error under another code; the original's words become the cause.
    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        self.0.code = code;
        self
    }

    /// Marks a commit whose answer was lost: it may or may not have landed.
    /// Only a [`crate::store::Store`] sets this, and only the engine reads it.
    #[must_use]
    pub fn with_unknown_outcome(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    /// The same error, once it is known that the commit did not land.
    #[must_use]
    pub fn without_unknown_outcome(mut self) -> Self {
        self.0.outcome_unknown = false;
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// A sentence for a developer; not stable.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The platform's own words, if it said any.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Where in the text that was given it was found, if it was found in one.
    pub fn position(&self) -> Option<TextPosition> {
        self.0.position
    }

    /// Whether the operation may nevertheless have landed.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)?;
        if let Some(TextPosition { line, column }) = self.0.position {
            write!(f, " at line {line}, column {column}")?;
        }
        match &self.0.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
