//! Which mails a vacation answer may be given to (RFC 5230 sections 4.5 and 4.6, RFC 3834).

use super::mail::{Mailbox, header_values, mailboxes};
use super::variables::Text;
use crate::mime::header::{Field, split, unfold};

#[derive(Debug)]
pub(crate) struct VacationCommand {
    pub(crate) seconds: u64,
    pub(crate) subject: Option<Text>,
    pub(crate) from: Option<Text>,
    pub(crate) addresses: Vec<Text>,
    pub(crate) mime: bool,
    /// The script's, or a digest.
    pub(crate) handle: Text,
    pub(crate) reason: Text,
}

/// The headers in which a person is addressed.
const RECIPIENTS: &[&str] = &["to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"];

/// The headers of mailing lists (RFC 2369, RFC 2919).
const LIST: &[&str] = &[
    "list-id",
    "list-help",
    "list-subscribe",
    "list-unsubscribe",
    "list-post",
    "list-owner",
    "list-archive",
];

/// Whether a mail may be answered: it is addressed to the person by one of `own` addresses, was
/// written by a person, and did not come by a list.
pub(crate) fn may_answer(fields: &[Field<'_>], sender: &str, own: &[String]) -> bool {
    let Some(sender) = Mailbox::of_envelope(sender) else { return false };
    let is_own = |mailbox: &Mailbox| {
        let address = mailbox.all();
        own.iter().any(|own| own.eq_ignore_ascii_case(&address))
    };
    let values = |name: &&str| header_values(fields, name.as_bytes());
    !is_machine(&sender.local.to_ascii_lowercase())
        && !is_own(&sender)
        && !LIST.iter().any(|name| !values(name).is_empty())
        && !values(&"auto-submitted").iter().any(|value| first_word(value) != b"no")
        && !values(&"precedence")
            .iter()
            .any(|value| matches!(first_word(value).as_slice(), b"bulk" | b"list" | b"junk"))
        && RECIPIENTS.iter().flat_map(values).any(|value| mailboxes(value).iter().any(is_own))
}

/// Whether the local part, in lower case, is one of programs.
fn is_machine(local: &str) -> bool {
    matches!(local, "mailer-daemon" | "listserv" | "majordomo")
        || local.starts_with("owner-")
        || local.ends_with("-request")
}

/// The first word of a header's value in lower case.
fn first_word(value: &[u8]) -> Vec<u8> {
    let value = unfold(value);
    let ends = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b';' | b'(');
    value.split(ends).next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a MIME entity has more than ASCII in its header, which RFC 5230 section 5 rules out.
pub(crate) fn has_8bit_header(entity: &[u8]) -> bool {
    !split(entity).header.is_ascii()
}

/// A digest of an answer as it stands in the script (FNV-1a), for answers without a `:handle`.
///
/// Variables are not expanded in it: one answer that names the mail's subject is one answer (RFC
/// 5230 section 4.2).
pub(crate) fn digest(pieces: &[Option<&[u8]>]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for piece in pieces {
        // The length keeps two answers apart whose pieces differ only in where they end.
        let length = piece.map_or(u64::MAX, |piece| piece.len() as u64);
        for octet in length.to_be_bytes().iter().chain(piece.unwrap_or_default()) {
            hash = (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash.to_string()
}
