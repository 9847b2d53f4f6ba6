//! ENVELOPE (RFC 9051 section 7.5.2): the raw, still encoded header texts of a message.

use super::address::{self, Address};
use super::charset;
use super::header::{fields, unfold};

/// The envelope of a message, `None` and empty lists standing for NIL.
///
/// Texts are unfolded but not decoded (semantics 175). They are UTF-8 where the header is valid
/// UTF-8, else one character per octet. The first field of a name counts; addresses of repeated
/// address fields are joined in order (RFC 5322 section 4.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The text of the Date field, whatever it says.
    pub date: Option<String>,
    /// The text of the Subject field, encoded words as they stand.
    pub subject: Option<String>,
    /// From.
    pub from: Vec<Address>,
    /// Sender; From where it is absent or holds no address.
    pub sender: Vec<Address>,
    /// Reply-To; From where it is absent or holds no address.
    pub reply_to: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// Bcc.
    pub bcc: Vec<Address>,
    /// The text of the In-Reply-To field.
    pub in_reply_to: Option<String>,
    /// The text of the Message-ID field.
    pub message_id: Option<String>,
}

impl Envelope {
    /// Reads the envelope from a header block, or from a whole message. Never fails: broken
    /// values give what can be read of them (semantics 64).
    pub fn parse(header: &[u8]) -> Envelope {
        let mut raw = RawFields::collect(header);
        let from = address::parse(&raw.from);
        let or_from = |list: Vec<Address>| {
            if list.iter().any(Address::is_mailbox) { list } else { from.clone() }
        };
        let text = |value: &mut Option<Vec<u8>>| value.take().map(|value| charset::raw(&value));
        Envelope {
            date: text(&mut raw.date),
            subject: text(&mut raw.subject),
            sender: or_from(address::parse(&raw.sender)),
            reply_to: or_from(address::parse(&raw.reply_to)),
            to: address::parse(&raw.to),
            cc: address::parse(&raw.cc),
            bcc: address::parse(&raw.bcc),
            in_reply_to: text(&mut raw.in_reply_to),
            message_id: text(&mut raw.message_id),
            from,
        }
    }
}

/// The unfolded values that envelopes and list rows are made of, collected in one pass.
#[derive(Debug, Default)]
pub(crate) struct RawFields {
    pub(crate) date: Option<Vec<u8>>,
    pub(crate) subject: Option<Vec<u8>>,
    pub(crate) from: Vec<u8>,
    pub(crate) sender: Vec<u8>,
    pub(crate) reply_to: Vec<u8>,
    pub(crate) to: Vec<u8>,
    pub(crate) cc: Vec<u8>,
    pub(crate) bcc: Vec<u8>,
    pub(crate) in_reply_to: Option<Vec<u8>>,
    pub(crate) message_id: Option<Vec<u8>>,
    pub(crate) references: Option<Vec<u8>>,
    /// Whether a text of which only the first counts is there again.
    pub(crate) repeated: bool,
}

impl RawFields {
    pub(crate) fn collect(header: &[u8]) -> RawFields {
        let mut raw = RawFields::default();
        for field in fields(header) {
            let text = [
                ("Date", &mut raw.date),
                ("Subject", &mut raw.subject),
                ("In-Reply-To", &mut raw.in_reply_to),
                ("Message-ID", &mut raw.message_id),
                ("References", &mut raw.references),
            ];
            if let Some((_, slot)) = text.into_iter().find(|(name, _)| field.is(name)) {
                match slot {
                    None => *slot = Some(unfold(field.value)),
                    Some(_) => raw.repeated = true,
                }
                continue;
            }
            let lists = [
                ("From", &mut raw.from),
                ("Sender", &mut raw.sender),
                ("Reply-To", &mut raw.reply_to),
                ("To", &mut raw.to),
                ("Cc", &mut raw.cc),
                ("Bcc", &mut raw.bcc),
            ];
            if let Some((_, list)) = lists.into_iter().find(|(name, _)| field.is(name)) {
                if !list.is_empty() {
                    list.extend_from_slice(b", ");
                }
                list.append(&mut unfold(field.value));
            }
        }
        raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s175_raw_date_and_subject_and_nil_for_what_is_missing() {
        let envelope = Envelope::parse(
            b"Date: not a date\r\nSubject: =?utf-8?q?=C3=9F?=\r\n x\r\nFrom: a@b\r\nSender: \r\nReply-To: none:;\r\nMessage-Id: <1@x>\r\n\r\nTo: c@d",
        );
        assert_eq!(envelope.date.as_deref(), Some("not a date"));
        assert_eq!(envelope.subject.as_deref(), Some("=?utf-8?q?=C3=9F?= x"));
        assert_eq!(envelope.message_id.as_deref(), Some("<1@x>"));
        assert_eq!(envelope.in_reply_to, None);
        assert_eq!(envelope.from.len(), 1);
        assert_eq!(envelope.from.first().and_then(|address| address.name.as_ref()), None);
        assert_eq!((&envelope.sender, &envelope.reply_to), (&envelope.from, &envelope.from));
        assert!(envelope.to.is_empty() && envelope.cc.is_empty() && envelope.bcc.is_empty());
    }

    #[test]
    fn s175_an_empty_field_is_not_a_missing_one() {
        let envelope = Envelope::parse(b"Subject:\r\nDate: \r\n");
        assert_eq!((envelope.subject.as_deref(), envelope.date.as_deref()), (Some(""), Some("")));
        assert_eq!(Envelope::parse(b""), Envelope::default());
    }

    #[test]
    fn s175_two_senders_and_repeated_fields() {
        let envelope =
            Envelope::parse(b"From: a@b\nSender: c@d, e@f\nTo: g@h\nTo: i@j\nSubject: 1\nSubject: 2\n");
        assert_eq!(envelope.sender.len(), 2);
        assert_eq!(envelope.to.len(), 2);
        assert_eq!(envelope.subject.as_deref(), Some("1"));
    }

    #[test]
    fn s64_hostile_values_never_fail() {
        for value in
            [&b"<"[..], b"<a@[", b"a:b;c", b"\"", b"\"a\" <", b"=?utf-8?b?%%?=", b"\0", b"\xff", b"(((", b""]
        {
            let mut header = Vec::new();
            for name in [
                "Date",
                "Subject",
                "From",
                "Sender",
                "Reply-To",
                "To",
                "Cc",
                "Bcc",
                "In-Reply-To",
                "Message-ID",
            ] {
                header.extend_from_slice(name.as_bytes());
                header.extend_from_slice(b": ");
                header.extend_from_slice(value);
                header.extend_from_slice(b"\r\n");
            }
            let envelope = Envelope::parse(&header);
            assert!(envelope.date.is_some() && envelope.subject.is_some() && envelope.message_id.is_some());
        }
    }
}
