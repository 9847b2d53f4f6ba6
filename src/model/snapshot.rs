//! What STATUS and SELECT tell of a mailbox.

use super::{Flags, MailboxId, ModSeq, Uid};

/// A mailbox at one moment (RFC 9051 sections 6.3.2 and 6.3.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxSnapshot {
    /// Its name at that moment.
    pub name: String,
    /// MAILBOXID (RFC 8474).
    pub mailbox_id: MailboxId,
    /// Whether nothing in it can be changed (by this selection, where it comes from a SELECT).
    pub readonly: bool,
    /// UIDVALIDITY: never zero, larger for each re-creation of a name (semantics 69).
    pub uid_validity: u32,
    /// The flags that can be stored, without `\*`; empty where read-only (semantics 70).
    pub permanent_flags: Flags,
    /// Whether new keywords can be stored (`\*` in PERMANENTFLAGS).
    pub accepts_keywords: bool,
    /// The flags of a session: `\Recent`.
    pub session_flags: Flags,
    /// MESSAGES.
    pub exists: u32,
    /// RECENT: messages that no session has claimed, or, of a view, its own.
    pub recent: u32,
    /// UNSEEN.
    pub unseen: u32,
    /// The sequence number of the first message without `\Seen`.
    pub first_unseen: Option<u32>,
    /// DELETED: messages with `\Deleted`.
    pub deleted: u32,
    /// SIZE: octets of all messages.
    pub size: u64,
    /// UIDNEXT.
    pub uid_next: Uid,
    /// HIGHESTMODSEQ (RFC 7162).
    pub highest_mod_seq: ModSeq,
}
