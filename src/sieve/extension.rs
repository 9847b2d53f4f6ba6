//! The extensions of the language by name, as `require` and capability lists spell them.

macro_rules! extensions {
    ($($name:ident = $text:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Extension { $($name,)* }

        /// Every extension that is implemented, and nothing else: what `require` accepts
        /// (semantics 165).
        pub const EXTENSIONS: &[&str] = &[$($text,)*];

        const ALL: &[Extension] = &[$(Extension::$name,)*];
    };
}

extensions! {
    Body = "body",
    NumericComparator = "comparator-i;ascii-numeric",
    CasemapComparator = "comparator-i;ascii-casemap",
    OctetComparator = "comparator-i;octet",
    Copy = "copy",
    Date = "date",
    EncodedCharacter = "encoded-character",
    Envelope = "envelope",
    Ereject = "ereject",
    FileInto = "fileinto",
    Imap4Flags = "imap4flags",
    Index = "index",
    Mailbox = "mailbox",
    Reject = "reject",
    Relational = "relational",
    Subaddress = "subaddress",
    Vacation = "vacation",
    VacationSeconds = "vacation-seconds",
    Variables = "variables",
}

impl Extension {
    pub(crate) fn named(name: &str) -> Option<Extension> {
        let at = EXTENSIONS.iter().position(|known| *known == name)?;
        ALL.get(at).copied()
    }

    pub(crate) fn name(self) -> &'static str {
        EXTENSIONS.get(self as usize).copied().unwrap_or_default()
    }
}

/// The extensions that a script requires.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Required(u32);

impl Required {
    pub(crate) fn insert(&mut self, extension: Extension) {
        self.0 |= 1 << extension as u32;
        if extension == Extension::VacationSeconds {
            // RFC 6131 section 2: the one implies the other.
            self.insert(Extension::Vacation);
        }
    }

    pub(crate) fn has(self, extension: Extension) -> bool {
        self.0 & (1 << extension as u32) != 0
    }
}
