//! What a run decides, for the caller to carry out.

use super::syntax::Position;

/// What shall become of a mail.
///
/// The implicit keep is resolved: no [`Action::Keep`], [`Action::FileInto`] or
/// [`Action::Reject`] in the list means that the mail is discarded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// In the order in which the script gave them, an implicit keep last; each of them once.
    pub actions: Vec<Action>,
    /// Why the run ended early. The actions are then one [`Action::Keep`] without flags and
    /// nothing else, whatever was decided before (RFC 5228 section 2.10.6).
    pub error: Option<RunError>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Deliver where the mail would go without a script (RFC 5228 section 4.3).
    Keep {
        /// Flag names (RFC 5232); `None` where the script said nothing about flags.
        flags: Option<Vec<String>>,
    },
    /// Deliver into a mailbox (RFC 5228 section 4.1).
    FileInto {
        /// Its name as the script has it, never empty; whether it exists is not known.
        mailbox: String,
        /// As with [`Action::Keep`].
        flags: Option<Vec<String>>,
        /// Whether the mailbox shall be created if it is missing (RFC 5490 section 3.2).
        create: bool,
    },
    /// Send on (RFC 5228 section 4.2).
    Redirect {
        /// An address without a display name.
        address: String,
    },
    /// Refuse (RFC 5429). No other action stands beside it.
    Reject {
        /// Why, for the sender; its lines end with CRLF.
        reason: String,
        /// Whether the mail is to be refused in the protocol and not by a message.
        ereject: bool,
    },
    /// Answer that one is away (RFC 5230).
    Vacation(Vacation),
}

/// An answer that RFC 5230 allows for this mail (sections 4.5 and 4.6 are checked); whether one was
/// sent lately is for the caller to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vacation {
    /// Whom to answer: the envelope sender.
    pub to: String,
    /// The sender of the answer, if the script names one: an address, perhaps with a name, or more
    /// of them with commas between.
    pub from: Option<String>,
    /// The decoded subject on one line; `Auto: ` and the mail's own where the script has none.
    pub subject: String,
    /// The text, or with `mime` a MIME entity with its header; lines end with CRLF.
    pub reason: String,
    /// Whether `reason` is a MIME entity.
    pub mime: bool,
    /// The person's other addresses, as the script names them.
    pub addresses: Vec<String>,
    /// How long the same sender gets no second answer with this handle, in seconds. 0 (only with
    /// `vacation-seconds`) is an answer to every mail.
    pub seconds: u64,
    /// What tells this answer from others: the script's `:handle`, or a digest of the answer as it
    /// stands in the script.
    pub handle: String,
}

/// Why a run ended early, and at which command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// The line of the script, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// A sentence for the script's author; not stable.
    pub message: String,
}

impl RunError {
    pub(crate) fn new(position: Position, message: &str) -> RunError {
        RunError { line: position.line, column: position.column, message: message.to_owned() }
    }
}
