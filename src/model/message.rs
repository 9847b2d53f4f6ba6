//! A message's metadata, and what `APPEND` is given. Plain data; the octets
//! and the parsed headers are asked for apart.

use super::{EmailId, Flags, ModSeq, ThreadId, Uid, Value};

/// An instant with the offset from UTC in which it was given (semantics 62).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZonedTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: i64,
    /// Minutes east of UTC.
    pub zone_minutes: i16,
}

/// One message of a mailbox, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its UID.
    pub uid: Uid,
    /// INTERNALDATE.
    pub internal_date: ZonedTime,
    /// SAVEDATE (RFC 8514): when it came into this mailbox, in milliseconds since 1970 UTC.
    pub save_date_ms: i64,
    /// RFC822.SIZE: octets.
    pub size: u64,
    /// The stored flags; `\Recent` belongs to a view and is added there.
    pub flags: Flags,
    /// MODSEQ (RFC 7162).
    pub mod_seq: ModSeq,
    /// Whether the message is gone; what is here then is what was last known.
    pub expunged: bool,
    /// Whether some of it cannot be read, because what is stored is damaged: dates and size, which are 0
    /// then, or the ids.
    pub damaged: bool,
    /// EMAILID (RFC 8474), where asked for.
    pub email_id: Option<EmailId>,
    /// THREADID (RFC 8474), where asked for.
    pub thread_id: Option<ThreadId>,
}

/// Which of a message's metadata a caller needs; the rest may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageFields {
    /// EMAILID and THREADID.
    pub ids: bool,
}

impl MessageFields {
    /// Everything.
    pub const ALL: MessageFields = MessageFields { ids: true };
    /// Flags, dates, size: what costs no extra page.
    pub const PLAIN: MessageFields = MessageFields { ids: false };
}

/// A message to be appended (RFC 9051 section 6.3.12).
#[derive(Debug, Clone)]
pub struct AppendMessage {
    /// The octets, stored as they are.
    pub raw: Value,
    /// The flags it shall have; those that cannot be stored are dropped (semantics 13).
    pub flags: Flags,
    /// INTERNALDATE; now, in UTC, where absent.
    pub internal_date: Option<ZonedTime>,
}

impl AppendMessage {
    /// A message with no flags that arrives now.
    pub fn new(raw: impl Into<Vec<u8>>) -> Self {
        AppendMessage { raw: Value::from(raw.into()), flags: Flags::new(), internal_date: None }
    }
}
