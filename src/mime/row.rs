//! What a message list shows and header searches compare, decoded to Unicode and capped.
//!
//! The caps keep one hostile header from filling a page of rows; the message keeps everything, and
//! [`ListRow::truncated`] tells a search that it must look there.

use super::address::{self, Address};
use super::charset;
use super::date::{self, SentDate};
use super::encoded_word::{decode_encoded_words, decode_header_text};
use super::envelope::RawFields;
use super::thread_key::{capped_ids, id_hash};

/// The longest subject, in octets of UTF-8.
pub const MAX_SUBJECT: usize = 1024;
/// The most addresses of one field.
pub const MAX_ADDRESSES: usize = 50;
/// The longest display name, in octets of UTF-8.
pub const MAX_NAME: usize = 256;
/// The longest address, in octets of UTF-8.
pub const MAX_ADDRESS: usize = 512;
/// The longest Message-ID and In-Reply-To texts, in octets of UTF-8.
pub const MAX_ID_TEXT: usize = 1024;
/// The most reference hashes.
pub const MAX_REFERENCES: usize = 100;
/// The longest preview, in characters (RFC 8970 section 3.1).
pub const MAX_PREVIEW: usize = 200;

/// Which of a list row's texts a caller looks at; the others may be left out. What is small (dates, bits) is
/// always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowFields(u16);

impl RowFields {
    /// None of the texts.
    pub const NONE: RowFields = RowFields(0);
    /// [`ListRow::from`].
    pub const FROM: RowFields = RowFields(1);
    /// [`ListRow::to`].
    pub const TO: RowFields = RowFields(1 << 1);
    /// [`ListRow::cc`].
    pub const CC: RowFields = RowFields(1 << 2);
    /// [`ListRow::bcc`].
    pub const BCC: RowFields = RowFields(1 << 3);
    /// [`ListRow::sender`].
    pub const SENDER: RowFields = RowFields(1 << 4);
    /// [`ListRow::reply_to`].
    pub const REPLY_TO: RowFields = RowFields(1 << 5);
    /// [`ListRow::subject`].
    pub const SUBJECT: RowFields = RowFields(1 << 6);
    /// [`ListRow::message_id`] and [`ListRow::in_reply_to`].
    pub const IDS: RowFields = RowFields(1 << 7);
    /// [`ListRow::references`], and how many of them are from References.
    pub const REFERENCES: RowFields = RowFields(1 << 8);
    /// [`ListRow::preview`].
    pub const PREVIEW: RowFields = RowFields(1 << 9);
    /// Everything.
    pub const ALL: RowFields = RowFields((1 << 10) - 1);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: RowFields) -> RowFields {
        RowFields(self.0 | other.0)
    }

    /// Whether all of those are among these.
    pub const fn has(self, other: RowFields) -> bool {
        self.0 & other.0 == other.0
    }
}

/// An address as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailAddress {
    /// The decoded display name.
    pub name: Option<String>,
    /// `local@domain`, the local part quoted where RFC 5322 needs it; only the local part where
    /// there is no domain.
    pub address: String,
}

/// The decoded header fields of one message that lists, sorting and header searches use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRow {
    /// The decoded subject; empty when there is none.
    pub subject: String,
    /// From, without group markers (as are all lists here).
    pub from: Vec<MailAddress>,
    /// Sender; empty when it is absent or the same as From.
    pub sender: Vec<MailAddress>,
    /// Reply-To; empty when it is absent or the same as From.
    pub reply_to: Vec<MailAddress>,
    /// To.
    pub to: Vec<MailAddress>,
    /// Cc.
    pub cc: Vec<MailAddress>,
    /// Bcc.
    pub bcc: Vec<MailAddress>,
    /// The Date header; `None` when it is absent or cannot be read.
    pub sent_date: Option<SentDate>,
    /// The text of Message-ID.
    pub message_id: Option<String>,
    /// The text of In-Reply-To.
    pub in_reply_to: Option<String>,
    /// The hashes ([`id_hash`]) of the ids in References, in order, then of those in In-Reply-To
    /// that are not among them.
    pub references: Vec<[u8; 8]>,
    /// How many of `references`, from the first, are from References. REFERENCES threading
    /// (RFC 5256) looks at In-Reply-To only when this is 0.
    pub from_references: u8,
    /// Whether the message carries files.
    pub has_attachment: bool,
    /// The beginning of the text, on one line, at most [`MAX_PREVIEW`] characters.
    pub preview: String,
    /// Whether the header says more than the fields above except `preview` and `references`: a cap
    /// cut one, a list has groups, or a field that counts once is there again.
    pub truncated: bool,
}

impl ListRow {
    /// The hash by which other rows refer to this message; `None` without a usable Message-ID.
    pub fn own_hash(&self) -> Option<[u8; 8]> {
        let text = self.message_id.as_ref()?;
        super::thread_key::ids(text.as_bytes()).next().map(|id| id_hash(&id))
    }

    /// The row of a header; `has_attachment` and `preview` are the body's and stay empty.
    pub(crate) fn from_fields(raw: &RawFields) -> ListRow {
        let mut caps = Caps { cut: raw.repeated };
        let from = caps.addresses(&raw.from);
        let mut other = |value: &[u8]| {
            let list = caps.addresses(value);
            if list == from { Vec::new() } else { list }
        };
        let (sender, reply_to) = (other(&raw.sender), other(&raw.reply_to));
        let (references, from_references) = reference_hashes(raw);
        ListRow {
            subject: caps.text(decode_header_text(raw.subject.as_deref().unwrap_or_default()), MAX_SUBJECT),
            sender,
            reply_to,
            to: caps.addresses(&raw.to),
            cc: caps.addresses(&raw.cc),
            bcc: caps.addresses(&raw.bcc),
            sent_date: raw.date.as_deref().and_then(date::parse),
            message_id: raw.message_id.as_deref().map(|value| caps.text(charset::raw(value), MAX_ID_TEXT)),
            in_reply_to: raw.in_reply_to.as_deref().map(|value| caps.text(charset::raw(value), MAX_ID_TEXT)),
            references,
            from_references,
            has_attachment: false,
            preview: String::new(),
            truncated: caps.cut,
            from,
        }
    }
}

fn reference_hashes(raw: &RawFields) -> (Vec<[u8; 8]>, u8) {
    let hashes = |value: &Option<Vec<u8>>| -> Vec<[u8; 8]> {
        capped_ids(value.as_deref().unwrap_or_default()).iter().map(|id| id_hash(id)).collect()
    };
    let mut references = hashes(&raw.references);
    references.truncate(MAX_REFERENCES);
    let from_references = u8::try_from(references.len()).unwrap_or(u8::MAX);
    for hash in hashes(&raw.in_reply_to) {
        if references.len() < MAX_REFERENCES && !references.contains(&hash) {
            references.push(hash);
        }
    }
    (references, from_references)
}

struct Caps {
    cut: bool,
}

impl Caps {
    /// The text on one line, at most `limit` octets of it, cut between characters.
    fn text(&mut self, mut text: String, limit: usize) -> String {
        if text.contains(['\r', '\n', '\0']) {
            text = text.replace(['\r', '\n', '\0'], " ");
        }
        if text.len() > limit {
            self.cut = true;
            let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(end);
        }
        text
    }

    fn addresses(&mut self, value: &[u8]) -> Vec<MailAddress> {
        let parsed = address::parse(value);
        self.cut |= !parsed.iter().all(Address::is_mailbox);
        let mut shown: Vec<MailAddress> = Vec::new();
        for address in parsed.into_iter().filter(Address::is_mailbox) {
            if shown.len() == MAX_ADDRESSES {
                self.cut = true;
                break;
            }
            let address_text = self.text(join(&address), MAX_ADDRESS);
            let name = address.name.map(|name| self.text(decode_encoded_words(&name), MAX_NAME));
            shown.push(MailAddress {
                name: name.filter(|name| !name.trim().is_empty()),
                address: address_text,
            });
        }
        shown
    }
}

/// `local@domain` as one text.
pub(crate) fn join(address: &Address) -> String {
    let local = address.mailbox.as_deref().unwrap_or_default();
    let host = address.host.as_deref().unwrap_or_default();
    if host.is_empty() {
        return local.to_owned();
    }
    let needs_quoting =
        |character: char| character.is_ascii_whitespace() || "()<>[]:;@\\,\"".contains(character);
    if !local.contains(needs_quoting) {
        return format!("{local}@{host}");
    }
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"@{host}")
}

/// The first [`MAX_PREVIEW`] characters of a text on one line, without characters that show
/// nothing (which newsletters use as padding).
pub(crate) fn preview(text: &str) -> String {
    let mut preview = String::new();
    let mut length = 0;
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            blank = !preview.is_empty();
            continue;
        }
        if matches!(character, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}') {
            continue;
        }
        let needed = if blank { 2 } else { 1 };
        if length + needed > MAX_PREVIEW {
            break;
        }
        if blank {
            preview.push(' ');
        }
        preview.push(character);
        length += needed;
        blank = false;
    }
    preview
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(header: &str) -> ListRow {
        ListRow::from_fields(&RawFields::collect(header.as_bytes()))
    }

    #[test]
    fn fields_are_decoded() {
        let row = row(
            "From: =?utf-8?q?J=C3=B6rg?= <j@x>\nSender: \"J\u{f6}rg\" <j@x>\nReply-To: r@x\nTo: \"a b\"@c, d\nSubject: =?utf-8?b?w58=?=\n =?utf-8?q?_x?=\nDate: 1 Jan 1970 00:00:01 +0100\nMessage-ID: <m@x>\nReferences: <1> <2>\nIn-Reply-To: <2> <3>\n",
        );
        assert_eq!(row.subject, "ß x");
        assert_eq!(row.from, [MailAddress { name: Some("Jörg".into()), address: "j@x".into() }]);
        assert!(row.sender.is_empty() && row.cc.is_empty());
        assert_eq!(row.reply_to, [MailAddress { name: None, address: "r@x".into() }]);
        let to: Vec<_> = row.to.iter().map(|to| to.address.as_str()).collect();
        assert_eq!(to, ["\"a b\"@c", "d"]);
        assert_eq!(row.sent_date, Some(SentDate { timestamp_ms: -3_599_000, zone_minutes: 60 }));
        assert_eq!(row.message_id.as_deref(), Some("<m@x>"));
        assert_eq!(row.own_hash(), Some(id_hash(b"m@x")));
        assert_eq!(row.references, [id_hash(b"1"), id_hash(b"2"), id_hash(b"3")]);
        assert_eq!((row.from_references, row.truncated), (2, false));
    }

    #[test]
    fn what_a_row_leaves_out_is_told() {
        let groups = row("To: g: \"a b\"@c, d;\n");
        let to: Vec<_> = groups.to.iter().map(|to| to.address.as_str()).collect();
        assert_eq!((to, groups.truncated), (vec!["\"a b\"@c", "d"], true));
        assert!(row("Subject: 1\nSubject: 2\n").truncated);
        assert!(!row("To: a\nTo: b\nReceived: x\nReceived: y\n").truncated);
    }

    #[test]
    fn every_cap_cuts_between_characters_and_says_so() {
        let long = "ß".repeat(1000);
        let cut = row(&format!("Subject: {long}"));
        assert_eq!((cut.subject.len(), cut.truncated), (MAX_SUBJECT, true));
        let cut = row(&format!("To: {}", "a@b,".repeat(60)));
        assert_eq!((cut.to.len(), cut.truncated), (MAX_ADDRESSES, true));
        let cut = row(&format!("To: {long} <{long}@x>\nMessage-ID: x{long}\nIn-Reply-To: x{long}\n"));
        assert!(cut.truncated);
        assert!(cut.to.iter().all(|to| to.address.len() <= MAX_ADDRESS
            && to.name.as_ref().is_some_and(|name| name.len() <= MAX_NAME)));
        assert_eq!(cut.message_id.map(|id| id.len()), Some(MAX_ID_TEXT - 1));
        let cut = row(&format!("References: {}", (0..300).map(|n| format!("<{n}>")).collect::<String>()));
        assert_eq!((cut.references.len(), cut.from_references), (MAX_REFERENCES, 100));
    }

    #[test]
    fn previews_are_one_short_line() {
        assert_eq!(preview(" \r\n a\tb\u{200c}\u{a0}\u{200c}\u{a0} c\n"), "a b c");
        assert_eq!(preview(&"ß ".repeat(500)).chars().count(), MAX_PREVIEW - 1);
        assert_eq!(preview(&"x".repeat(500)).chars().count(), MAX_PREVIEW);
        assert_eq!(preview(""), "");
    }
}
