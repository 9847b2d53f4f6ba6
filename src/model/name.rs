//! Mailbox names: which are allowed, and how the hierarchy is read from them.
//! Not here: their spelling on a wire (`mutf7.rs`), which of them exist
//! (`list_tree.rs` and the mailbox set).

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Error, ErrorCode, Result};

/// What separates the levels of a mailbox name.
pub const DELIMITER: char = '/';

/// The name of the mailbox that always exists.
pub const INBOX: &str = "INBOX";

/// The name of a mailbox: Unicode text in levels separated by [`DELIMITER`],
/// valid by construction and cheap to clone.
///
/// Names are compared octet by octet (semantics 27), except that a first level
/// `INBOX` in any ASCII case is one and the same (semantics 25 and 26): it is
/// stored in capitals. No Unicode normalisation is done: a name is kept as it
/// was given, and two names that only look alike are two mailboxes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(Arc<str>);

impl MailboxName {
    /// The longest name, in octets of UTF-8.
    pub const MAX_OCTETS: usize = 1000;

    /// The most levels of a name.
    pub const MAX_LEVELS: usize = 100;

    /// `INBOX`.
    pub fn inbox() -> MailboxName {
        MailboxName(INBOX.into())
    }

    /// Checks a name. One delimiter at its end is taken off, as CREATE wants it
    /// (RFC 9051 section 6.3.4, semantics 33).
    ///
    /// Fails with `INVALID_ARGUMENT` when a level is empty (`""`, `/x`, `a//b`),
    /// or when the name has a wildcard (`%`, `*`) or a control character
    /// (semantics 29: C0, DEL, C1, U+2028, U+2029, as RFC 9051 section 5.1), and
    /// with `LIMIT` beyond [`MailboxName::MAX_OCTETS`] or
    /// [`MailboxName::MAX_LEVELS`].
    pub fn parse(text: &str) -> Result<MailboxName> {
        let name = text.strip_suffix(DELIMITER).unwrap_or(text);
        check_limits(name)?;
        if name.split(DELIMITER).any(str::is_empty) {
            return Err(Error::invalid(format!("the mailbox name {text:?} has an empty level")));
        }
        if let Some((at, bad)) = name.char_indices().find(|&(_, character)| is_forbidden(character)) {
            return Err(Error::invalid(format!("the mailbox name {text:?} has {bad:?} at octet {at}")));
        }
        let (first, below) = name.split_at_checked(INBOX.len()).unwrap_or((name, ""));
        let folds = first != INBOX
            && first.eq_ignore_ascii_case(INBOX)
            && (below.is_empty() || below.starts_with(DELIMITER));
        Ok(MailboxName(if folds { format!("{INBOX}{below}").into() } else { name.into() }))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is INBOX itself.
    pub fn is_inbox(&self) -> bool {
        &*self.0 == INBOX
    }

    /// The levels, outermost first; at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split(DELIMITER)
    }

    /// The name one level up, if there is one.
    pub fn parent(&self) -> Option<MailboxName> {
        self.0.rsplit_once(DELIMITER).map(|(above, _)| MailboxName(above.into()))
    }

    /// The names above this one, outermost first: `a`, `a/b` for `a/b/c`.
    pub fn ancestors(&self) -> impl DoubleEndedIterator<Item = MailboxName> {
        self.0
            .match_indices(DELIMITER)
            .filter_map(|(at, _)| self.0.get(..at))
            .map(|above| MailboxName(above.into()))
    }

    /// Whether this name lies below `other`; a name does not lie below itself.
    pub fn is_descendant_of(&self, other: &MailboxName) -> bool {
        self.below(other).is_some_and(|below| !below.is_empty())
    }

    /// What follows `other` in this name, with the delimiter; empty for `other` itself.
    fn below(&self, other: &MailboxName) -> Option<&str> {
        self.0.strip_prefix(other.as_str()).filter(|below| below.is_empty() || below.starts_with(DELIMITER))
    }

    /// The name after a rename of `from` to `to`: below `to` where this one is
    /// below `from` (semantics 40 and 43), unchanged where it is neither `from`
    /// nor below it.
    ///
    /// Fails with `LIMIT` when the new name would be too long or too deep.
    pub fn renamed(&self, from: &MailboxName, to: &MailboxName) -> Result<MailboxName> {
        let Some(below) = self.below(from) else { return Ok(self.clone()) };
        let name = format!("{to}{below}");
        check_limits(&name)?;
        Ok(MailboxName(name.into()))
    }
}

fn check_limits(name: &str) -> Result<()> {
    if name.len() > MailboxName::MAX_OCTETS {
        let message =
            format!("a mailbox name has {} octets; {} are allowed", name.len(), MailboxName::MAX_OCTETS);
        return Err(Error::new(ErrorCode::Limit, message));
    }
    let levels = name.split(DELIMITER).count();
    if levels > MailboxName::MAX_LEVELS {
        let message = format!("a mailbox name has {levels} levels; {} are allowed", MailboxName::MAX_LEVELS);
        return Err(Error::new(ErrorCode::Limit, message));
    }
    Ok(())
}

fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '%' | '*' | '\u{2028}' | '\u{2029}')
}

impl AsRef<str> for MailboxName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for MailboxName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailboxName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        MailboxName::parse(text)
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> MailboxName {
        MailboxName::parse(text).unwrap()
    }

    #[test]
    fn s25_s26_a_leading_inbox_folds() {
        for (given, stored) in [
            ("INBOX", "INBOX"),
            ("iNbOx", "INBOX"),
            ("inbox/", "INBOX"),
            ("inbox/kid", "INBOX/kid"),
            ("Inbox/inbox", "INBOX/inbox"),
            ("a/inbox", "a/inbox"),
            ("inboxes", "inboxes"),
            ("inbo", "inbo"),
            ("ınbox", "ınbox"),
            ("éinbox", "éinbox"),
        ] {
            assert_eq!(name(given).as_str(), stored);
        }
        assert!(name("inbox").is_inbox() && name("inbox") == MailboxName::inbox());
        assert!(!name("inbox/kid").is_inbox());
    }

    #[test]
    fn s27_other_names_are_case_sensitive() {
        assert_ne!(name("Sent"), name("sent"));
        assert_ne!(name("INBOX/Kid"), name("INBOX/kid"));
        assert_ne!(name("caf\u{e9}"), name("cafe\u{301}"));
    }

    #[test]
    fn s29_control_characters_are_refused() {
        for bad in ['\0', '\t', '\r', '\n', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}', '\u{2028}', '\u{2029}'] {
            let error = MailboxName::parse(&format!("ab{bad}")).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            assert!(error.message().contains("octet 2"), "{error}");
        }
        for fine in ["a b", "&", "\"", "\\", "#x", "~u", "日本語", "\u{a0}", "😀"] {
            assert_eq!(name(fine).as_str(), fine);
        }
    }

    #[test]
    fn s33_one_trailing_delimiter_goes_and_empty_levels_are_refused() {
        assert_eq!(name("Foo/").as_str(), "Foo");
        assert_eq!(name("Foo/Bar/").as_str(), "Foo/Bar");
        for bad in ["", "/", "//", "/x", "a//b", "a//", "x*", "%", "a/%/b"] {
            let error = MailboxName::parse(bad).expect_err(bad);
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn names_have_limits() {
        let octets = "é".repeat(500);
        assert_eq!(name(&format!("{octets}/")).as_str(), octets);
        assert_eq!(MailboxName::parse(&format!("{octets}x")).unwrap_err().code(), ErrorCode::Limit);
        let levels = vec!["a"; 100].join("/");
        assert_eq!(name(&levels).components().count(), 100);
        assert_eq!(MailboxName::parse(&format!("{levels}/a")).unwrap_err().code(), ErrorCode::Limit);
        assert_eq!(name(&levels).renamed(&name("a"), &name("b/c")).unwrap_err().code(), ErrorCode::Limit);
    }

    #[test]
    fn the_hierarchy_is_read_from_the_name() {
        let deep = name("a/b/c");
        assert_eq!(deep.components().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(deep.parent(), Some(name("a/b")));
        assert_eq!(name("a").parent(), None);
        assert_eq!(deep.ancestors().collect::<Vec<_>>(), [name("a"), name("a/b")]);
        assert!(deep.is_descendant_of(&name("a")) && deep.is_descendant_of(&name("a/b")));
        assert!(!deep.is_descendant_of(&deep) && !name("ab").is_descendant_of(&name("a")));
        assert!(!name("a").is_descendant_of(&deep));
    }

    #[test]
    fn s40_s43_renames_replace_the_prefix() {
        let (from, to) = (name("P"), name("P/n"));
        assert_eq!(name("P").renamed(&from, &to).unwrap(), name("P/n"));
        assert_eq!(name("P/q").renamed(&from, &to).unwrap(), name("P/n/q"));
        assert_eq!(name("Px").renamed(&from, &to).unwrap(), name("Px"));
        assert_eq!(name("a/P").renamed(&from, &to).unwrap(), name("a/P"));
    }
}
