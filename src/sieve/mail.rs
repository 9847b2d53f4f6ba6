//! What a script sees of a mail: its header fields, addresses and envelope (RFC 5228 sections
//! 2.4.2.2, 2.7.4 and 5.4, RFC 5233, RFC 5260 section 6).

use crate::mime::address;
use crate::mime::charset;
use crate::mime::header::{Field, unfold};
use crate::model::ZonedTime;

/// A mail that is being delivered.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Its octets.
    pub raw: &'a [u8],
    /// The envelope's sender, with or without angle brackets; empty for the null sender.
    pub sender: &'a str,
    /// The envelope's recipient, with or without angle brackets.
    pub recipient: &'a str,
    /// The time of delivery; its offset is the script's local time zone.
    pub now: ZonedTime,
    /// Whether a mailbox of that name exists and takes mail (RFC 5490 section 3.1).
    pub mailbox_exists: &'a dyn Fn(&str) -> bool,
}

/// The headers that `address` may look at: those whose body is a list of addresses.
const ADDRESS_HEADERS: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "resent-from",
    "resent-to",
    "resent-cc",
    "resent-bcc",
    "resent-sender",
    "resent-reply-to",
    "return-path",
    "delivered-to",
    "envelope-to",
    "x-original-to",
    "errors-to",
    "mail-followup-to",
    "mail-reply-to",
    "disposition-notification-to",
    "return-receipt-to",
    "original-recipient",
    "x-envelope-from",
    "x-envelope-to",
    "apparently-to",
];

pub(crate) fn is_address_header(name: &[u8]) -> bool {
    ADDRESS_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Which occurrence of a header counts (RFC 5260 section 6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) last: bool,
}

impl Index {
    /// The one of `values` that counts, if there are so many.
    pub(crate) fn of<T>(self, mut values: Vec<T>) -> Vec<T> {
        if self.last {
            values.reverse();
        }
        let skipped = usize::try_from(self.number.saturating_sub(1)).unwrap_or(usize::MAX);
        values.into_iter().skip(skipped).take(1).collect()
    }
}

/// The raw values of a header in their order. A name that no header can have finds none.
pub(crate) fn header_values<'a>(fields: &[Field<'a>], name: &[u8]) -> Vec<&'a [u8]> {
    let of_name = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    of_name.map(|field| field.value).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressPart {
    All,
    Localpart,
    Domain,
    User,
    Detail,
}

/// An address without its display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) local: String,
    pub(crate) domain: String,
}

impl Mailbox {
    /// Reads an address of the envelope without its source route (RFC 5228 section 5.4); the null
    /// sender is `None`.
    pub(crate) fn of_envelope(address: &str) -> Option<Mailbox> {
        let read = address::parse(address.as_bytes());
        if let [address::Address { name: None, mailbox: Some(local), host: Some(domain), .. }] =
            read.as_slice()
        {
            return Some(Mailbox { local: local.clone(), domain: domain.clone() });
        }
        // What a header could not hold may still be an envelope's address.
        let address = address.trim();
        let address = address.strip_prefix('<').unwrap_or(address);
        let address = address.strip_suffix('>').unwrap_or(address);
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let mailbox = Mailbox { local: local.to_owned(), domain: domain.to_owned() };
        (!address.is_empty()).then_some(mailbox)
    }

    pub(crate) fn all(&self) -> String {
        if self.domain.is_empty() {
            return self.local.clone();
        }
        [self.local.as_str(), "@", self.domain.as_str()].concat()
    }

    /// The part that is compared; `None` when the address has no such part.
    pub(crate) fn part(&self, part: AddressPart) -> Option<String> {
        let (user, detail) = match self.local.split_once('+') {
            Some((user, detail)) => (user, Some(detail)),
            None => (self.local.as_str(), None),
        };
        match part {
            AddressPart::All => Some(self.all()),
            AddressPart::Localpart => Some(self.local.clone()),
            AddressPart::Domain => Some(self.domain.clone()).filter(|domain| !domain.is_empty()),
            AddressPart::User => Some(user.to_owned()),
            AddressPart::Detail => detail.map(str::to_owned),
        }
    }
}

/// The addresses of a raw header value, those inside groups too.
pub(crate) fn mailboxes(value: &[u8]) -> Vec<Mailbox> {
    let read = |found: address::Address| {
        Some(Mailbox { local: found.mailbox.unwrap_or_default(), domain: found.host? })
    };
    address::parse(&unfold(value)).into_iter().filter_map(read).collect()
}

/// The bare address in a text that is one address with or without a display name (RFC 5228 section
/// 2.4.2.3); `None` when it is not one that mail can be sent to.
pub(crate) fn sendable(text: &str) -> Option<String> {
    if text.bytes().any(|octet| octet < b' ' || octet == 0x7f) {
        return None;
    }
    let mut found = address::parse(text.as_bytes());
    let found = found.pop().filter(|_| found.is_empty())?;
    let (local, domain) = (found.mailbox?, found.host?);
    let in_local =
        |octet: u8| octet > b'~' || octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet);
    let in_domain = |octet: u8| octet > b'~' || octet.is_ascii_alphanumeric() || b"-.[]:".contains(&octet);
    if local.is_empty() || domain.is_empty() || !domain.bytes().all(in_domain) {
        return None;
    }
    // The reader is lenient; what it left out or put together must not go unseen.
    let text = text.trim();
    let written = match text.rsplit_once('<') {
        Some((_, angle)) => angle.strip_suffix('>')?,
        None => text,
    };
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.bytes().all(in_local) && !dots {
        let plain = [&local, "@", &domain].concat();
        return (written == plain).then_some(plain);
    }
    let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
    let quoted = ["\"", &quoted, "\"@", &domain].concat();
    (written == quoted).then_some(quoted)
}

/// Whether a text is one or more such addresses, with commas between them.
pub(crate) fn are_sendable(text: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    let between = |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    };
    text.split(between).all(|mailbox| sendable(mailbox).is_some())
}

/// Text for a header of one line: control characters become blanks.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Octets as text, for values that go out of the script.
pub(crate) fn lossy(octets: &[u8]) -> String {
    charset::guess(octets).into_owned()
}
