//! Flags: system flags as bits, keywords by name (RFC 9051 section 2.3.2).
//! Here: their grammar, order and set operations. Not here: which mailbox
//! knows which keywords (the engine's keyword table).

use std::fmt;

use super::{Error, Result};

/// System flags as the low bits of a byte; the same bits are stored.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SystemFlags(pub u8);

impl SystemFlags {
    /// `\Seen`
    pub const SEEN: SystemFlags = SystemFlags(1);
    /// `\Answered`
    pub const ANSWERED: SystemFlags = SystemFlags(2);
    /// `\Flagged`
    pub const FLAGGED: SystemFlags = SystemFlags(4);
    /// `\Deleted`
    pub const DELETED: SystemFlags = SystemFlags(8);
    /// `\Draft`
    pub const DRAFT: SystemFlags = SystemFlags(16);
    /// `\Recent`: of a session, never stored with a message.
    pub const RECENT: SystemFlags = SystemFlags(32);
    /// All that can be stored: every system flag but `\Recent`.
    pub const PERMANENT: SystemFlags = SystemFlags(31);

    /// In the order in which flags are written (bytewise).
    const BY_NAME: [(SystemFlags, &'static str); 6] = [
        (SystemFlags::ANSWERED, "\\Answered"),
        (SystemFlags::DELETED, "\\Deleted"),
        (SystemFlags::DRAFT, "\\Draft"),
        (SystemFlags::FLAGGED, "\\Flagged"),
        (SystemFlags::RECENT, "\\Recent"),
        (SystemFlags::SEEN, "\\Seen"),
    ];

    /// Whether every flag of `other` is in this set.
    pub const fn contains(self, other: SystemFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The union.
    #[must_use]
    pub const fn with(self, other: SystemFlags) -> SystemFlags {
        SystemFlags(self.0 | other.0)
    }

    /// The difference.
    #[must_use]
    pub const fn without(self, other: SystemFlags) -> SystemFlags {
        SystemFlags(self.0 & !other.0)
    }

    /// The canonical names, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        SystemFlags::BY_NAME.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

/// How `STORE` combines the given flags with a message's own (semantics 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagOp {
    /// Union (`+FLAGS`).
    Add,
    /// Difference (`-FLAGS`).
    Delete,
    /// The given flags only (`FLAGS`).
    Replace,
}

/// A set of flags. Keywords compare without regard to ASCII case and keep the
/// spelling in which they were first added (semantics 8).
#[derive(Clone, Default)]
pub struct Flags {
    system: SystemFlags,
    keywords: Vec<String>,
}

impl Flags {
    /// The empty set.
    pub fn new() -> Self {
        Flags::default()
    }

    /// Reads flag names. A name that begins with a backslash is a system flag
    /// in any case; unknown ones are dropped without an error (semantics 7, 11).
    /// Fails with `INVALID_ARGUMENT` for a keyword that is not an IMAP atom
    /// (RFC 9051 section 9, `flag-keyword`) or is longer than 255 octets.
    pub fn parse<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut flags = Flags::new();
        for name in names {
            flags.add_name(name.as_ref())?;
        }
        Ok(flags)
    }

    fn add_name(&mut self, name: &str) -> Result<()> {
        if let Some(system) = name.strip_prefix('\\') {
            if system.is_empty() || !system.bytes().all(|byte| byte == b'*' || is_atom_byte(byte)) {
                return Err(Error::invalid(format!("{name:?} is not a flag")));
            }
            let known = SystemFlags::BY_NAME.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
            if let Some((flag, _)) = known {
                self.system = self.system.with(*flag);
            }
            return Ok(());
        }
        if name.is_empty() || name.len() > 255 || !name.bytes().all(is_atom_byte) {
            return Err(Error::invalid(format!(
                "{name:?} is not a keyword: an IMAP atom of 1 to 255 ASCII characters"
            )));
        }
        self.insert_keyword(name);
        Ok(())
    }

    /// A set of system flags alone.
    pub fn from_system(system: SystemFlags) -> Self {
        Flags { system, keywords: Vec::new() }
    }

    /// Adds a keyword that is already known to be well formed.
    pub fn insert_keyword(&mut self, keyword: &str) {
        if !self.has_keyword(keyword) {
            let at = self.keywords.partition_point(|known| known.as_str() < keyword);
            self.keywords.insert(at, keyword.to_owned());
        }
    }

    /// The system flags.
    pub fn system(&self) -> SystemFlags {
        self.system
    }

    /// The keywords, bytewise ascending.
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// Whether the keyword is in the set, in any ASCII case.
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.keywords.iter().any(|known| known.eq_ignore_ascii_case(keyword))
    }

    /// Whether all of these system flags are in the set.
    pub fn contains(&self, system: SystemFlags) -> bool {
        self.system.contains(system)
    }

    /// The same set with these system flags as well.
    #[must_use]
    pub fn with(mut self, system: SystemFlags) -> Self {
        self.system = self.system.with(system);
        self
    }

    /// The same set without these system flags.
    #[must_use]
    pub fn without(mut self, system: SystemFlags) -> Self {
        self.system = self.system.without(system);
        self
    }

    /// The flags after `op` with `operand` (semantics 10); this set's spelling of a keyword stays.
    #[must_use]
    pub fn apply(&self, op: FlagOp, operand: &Flags) -> Flags {
        match op {
            FlagOp::Add => {
                let mut flags = self.clone().with(operand.system);
                for keyword in &operand.keywords {
                    flags.insert_keyword(keyword);
                }
                flags
            }
            FlagOp::Delete => {
                let mut flags = self.clone().without(operand.system);
                flags.keywords.retain(|keyword| !operand.has_keyword(keyword));
                flags
            }
            FlagOp::Replace => {
                let mut flags = Flags::from_system(operand.system);
                for keyword in &operand.keywords {
                    let known = self.keywords.iter().find(|known| known.eq_ignore_ascii_case(keyword));
                    flags.insert_keyword(known.unwrap_or(keyword));
                }
                flags
            }
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.system.0 == 0 && self.keywords.is_empty()
    }

    /// The names as IMAP writes them: system flags, then keywords, each bytewise ascending (semantics 9).
    pub fn names(&self) -> Vec<&str> {
        let system = self.system.names().map(|name| -> &str { name });
        system.chain(self.keywords.iter().map(String::as_str)).collect()
    }
}

impl PartialEq for Flags {
    fn eq(&self, other: &Self) -> bool {
        self.system == other.system
            && self.keywords.len() == other.keywords.len()
            && self.keywords.iter().all(|keyword| other.has_keyword(keyword))
    }
}

impl Eq for Flags {}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.names().join(" "))
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SystemFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_s9_spelling_is_canonical_and_order_is_system_then_keywords() {
        let flags = Flags::parse(["zeta", "\\sEEN", "$Junk", "\\ANSWERED"]).unwrap();
        assert_eq!(flags.to_string(), "(\\Answered \\Seen $Junk zeta)");
    }

    #[test]
    fn s8_keywords_compare_without_case_and_keep_their_first_spelling() {
        let flags = Flags::parse(["Work", "WORK"]).unwrap();
        assert_eq!(flags.names(), ["Work"]);
        assert_eq!(flags.apply(FlagOp::Add, &Flags::parse(["wORK"]).unwrap()).names(), ["Work"]);
        assert_eq!(flags.apply(FlagOp::Replace, &Flags::parse(["wORK"]).unwrap()).names(), ["Work"]);
        assert!(flags.apply(FlagOp::Delete, &Flags::parse(["work"]).unwrap()).is_empty());
    }

    #[test]
    fn s11_unknown_system_flags_are_dropped() {
        assert!(Flags::parse(["\\Foo", "\\*"]).unwrap().is_empty());
    }

    #[test]
    fn malformed_flags_are_refused() {
        for name in ["", "a b", "a(", "caf\u{e9}", "\\", "\\a b", "a\"", "x]", "a\\b"] {
            assert!(Flags::parse([name]).is_err(), "{name:?}");
        }
    }
}
