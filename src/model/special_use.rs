//! The special uses of mailboxes (RFC 6154). Not here: that a database gives
//! each use to one mailbox at most (the mailbox set keeps that).

use std::fmt;

use super::{Error, Result};

/// What a mailbox is for (RFC 6154 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpecialUse {
    /// All messages of the store.
    All,
    /// Archived messages.
    Archive,
    /// Drafts.
    Drafts,
    /// Messages flagged as important.
    Flagged,
    /// What is thought to be junk.
    Junk,
    /// Copies of sent messages.
    Sent,
    /// Messages deleted or about to be.
    Trash,
}

impl SpecialUse {
    /// Every use, in the order of the RFC.
    pub const ALL: &'static [SpecialUse] = &[
        SpecialUse::All,
        SpecialUse::Archive,
        SpecialUse::Drafts,
        SpecialUse::Flagged,
        SpecialUse::Junk,
        SpecialUse::Sent,
        SpecialUse::Trash,
    ];

    /// The attribute, with its backslash: `\Sent`.
    pub const fn as_str(self) -> &'static str {
        match self {
            SpecialUse::All => "\\All",
            SpecialUse::Archive => "\\Archive",
            SpecialUse::Drafts => "\\Drafts",
            SpecialUse::Flagged => "\\Flagged",
            SpecialUse::Junk => "\\Junk",
            SpecialUse::Sent => "\\Sent",
            SpecialUse::Trash => "\\Trash",
        }
    }

    /// Reads an attribute, in any ASCII case.
    ///
    /// Fails with `INVALID_ARGUMENT` on anything but the seven of RFC 6154.
    pub fn parse(text: &str) -> Result<SpecialUse> {
        let found = SpecialUse::ALL.iter().find(|use_| use_.as_str().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| Error::invalid(format!("{text:?} is no special use of RFC 6154")))
    }
}

impl fmt::Display for SpecialUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorCode;
    use super::*;

    #[test]
    fn every_use_reads_back_in_any_case() {
        assert_eq!(SpecialUse::ALL.len(), 7);
        for &special_use in SpecialUse::ALL {
            assert_eq!(SpecialUse::parse(special_use.as_str()).unwrap(), special_use);
            assert_eq!(SpecialUse::parse(&special_use.to_string().to_uppercase()).unwrap(), special_use);
        }
        for text in ["", "Sent", "\\", "\\Inbox", "\\Sent ", "\\Noselect"] {
            assert_eq!(SpecialUse::parse(text).unwrap_err().code(), ErrorCode::InvalidArgument, "{text}");
        }
    }
}
