//! Text that is looked for, and where in a header it is looked for: in the
//! fields that a list row keeps, else in the header's octets. Not here: which
//! of the two a search has at hand, and bodies (`matcher.rs`).

use crate::mime::encoded_word::{decode_encoded_words, decode_header_text};
use crate::mime::row::join;
use crate::mime::text::fold;
use crate::mime::{Address, ListRow, MailAddress, RowFields, address, charset, header};

/// A text as it is compared: folded, and without blanks at its ends. Where it
/// had one there, what it is found in must end there or have a blank too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    text: String,
    /// Two of its octets, by where they stand: such as few texts have at this distance.
    rare: [(usize, u8); 2],
    blank_before: bool,
    blank_after: bool,
}

impl Needle {
    pub(super) fn new(text: &str) -> Needle {
        let folded = fold(text);
        let trimmed = folded.trim();
        if trimmed.is_empty() {
            let text = if folded.is_empty() { "" } else { " " };
            return Needle::of(text, false, false);
        }
        Needle::of(trimmed, folded.starts_with(char::is_whitespace), folded.ends_with(char::is_whitespace))
    }

    fn of(text: &str, blank_before: bool, blank_after: bool) -> Needle {
        let mut rare = [(0, 0); 2];
        let mut most = [0; 2];
        for (at, octet) in text.bytes().enumerate() {
            let rank = rareness(octet);
            let is_other = octet != rare[0].1;
            if rank > most[0] && is_other {
                (rare, most) = ([(at, octet), rare[0]], [rank, most[0]]);
            } else if rank > most[1] && is_other {
                (rare[1], most[1]) = ((at, octet), rank);
            }
        }
        if most[1] == 0 {
            rare[1] = rare[0];
        }
        Needle { text: text.to_owned(), rare, blank_before, blank_after }
    }

    /// Where the text is next, from this octet on. Eight places at once are asked whether both rare octets stand
    /// where they would if the text were there; only then is it compared.
    #[cfg_attr(own_std, optimize(speed))]
    fn find(&self, octets: &[u8], from: usize) -> Option<usize> {
        const ONES: u64 = u64::MAX / 255;
        let text = self.text.as_bytes();
        let octets = octets.get(from..)?;
        let [(one_at, one), (other_at, other)] = self.rare;
        let is_at = |at: &usize| octets.get(*at..).is_some_and(|octets| octets.starts_with(text));
        let after = |at: usize| octets.get(at..).unwrap_or_default().as_chunks::<8>().0;
        let (ones, others) = (ONES * u64::from(one), ONES * u64::from(other));
        let mut at = 0;
        for (one, other) in after(one_at).iter().zip(after(other_at)) {
            let differ = (u64::from_le_bytes(*one) ^ ones) | (u64::from_le_bytes(*other) ^ others);
            // The high bit of each octet that is zero, and perhaps of some after such a one.
            let mut same = differ.wrapping_sub(ONES) & !differ & (ONES << 7);
            while same != 0 {
                let found = at + same.trailing_zeros() as usize / 8;
                if is_at(&found) {
                    return Some(from + found);
                }
                same &= same - 1;
            }
            at += 8;
        }
        let last = octets.len().checked_sub(text.len())?;
        (at..=last).find(is_at).map(|found| from + found)
    }

    /// Whether it is the empty text, which every value that is there contains (semantics 145).
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether folded text, in UTF-8, contains it.
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn is_in(&self, folded: &[u8]) -> bool {
        let mut from = 0;
        while let Some(at) = self.find(folded, from) {
            // Folded text has no other white space.
            let ends_at = |octet: Option<&u8>| octet.is_none_or(|octet| matches!(octet, b' ' | b'\n'));
            let before = at.checked_sub(1).and_then(|before| folded.get(before));
            if (!self.blank_before || ends_at(before))
                && (!self.blank_after || ends_at(folded.get(at + self.text.len())))
            {
                return true;
            }
            from = at + 1;
        }
        false
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn is_in_text(&self, text: &str) -> bool {
        self.is_empty() || self.is_in(fold(text).as_bytes())
    }

    /// Whether a field of this header, decoded and with its name, contains it.
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn is_in_header(&self, octets: &[u8]) -> bool {
        header::fields(octets).any(|field| {
            let name = charset::guess(field.name);
            self.is_in_text(&format!("{name}: {}", decode_header_text(field.value)))
        })
    }
}

/// How rare an octet is in folded text, from 1 on: blanks, common letters, and those that characters of other scripts
/// begin with are the least.
fn rareness(octet: u8) -> usize {
    const COMMON: &[u8] = b"zqxjkvbpygfwmucldrhsnioate ";
    match octet {
        0xC0.. => 1,
        _ => COMMON.iter().rev().position(|common| *common == octet).unwrap_or(COMMON.len()) + 1,
    }
}

/// A field of a header, by how its value reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    From,
    Sender,
    ReplyTo,
    To,
    Cc,
    Bcc,
    /// The first one.
    Subject,
    /// Each one.
    AnySubject,
    MessageId,
    InReplyTo,
    /// One that no list row keeps.
    Other(String),
}

impl Field {
    /// What HEADER with this name asks for.
    pub(super) fn named(name: &str) -> Field {
        let known = [
            ("From", Field::From),
            ("Sender", Field::Sender),
            ("Reply-To", Field::ReplyTo),
            ("To", Field::To),
            ("Cc", Field::Cc),
            ("Bcc", Field::Bcc),
            ("Subject", Field::AnySubject),
            ("Message-ID", Field::MessageId),
            ("In-Reply-To", Field::InReplyTo),
        ];
        let found = known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        found.map_or_else(|| Field::Other(name.to_owned()), |(_, field)| field)
    }

    fn name(&self) -> &str {
        match self {
            Field::From => "From",
            Field::Sender => "Sender",
            Field::ReplyTo => "Reply-To",
            Field::To => "To",
            Field::Cc => "Cc",
            Field::Bcc => "Bcc",
            Field::Subject | Field::AnySubject => "Subject",
            Field::MessageId => "Message-ID",
            Field::InReplyTo => "In-Reply-To",
            Field::Other(name) => name,
        }
    }

    /// What of a row tells of it.
    pub(super) fn row_fields(&self) -> RowFields {
        match self {
            Field::From => RowFields::FROM,
            // Where they say what From says, a row leaves them out.
            Field::Sender => RowFields::SENDER.and(RowFields::FROM),
            Field::ReplyTo => RowFields::REPLY_TO.and(RowFields::FROM),
            Field::To => RowFields::TO,
            Field::Cc => RowFields::CC,
            Field::Bcc => RowFields::BCC,
            Field::Subject | Field::AnySubject => RowFields::SUBJECT,
            Field::MessageId | Field::InReplyTo => RowFields::IDS,
            Field::Other(_) => RowFields::NONE,
        }
    }

    /// By which name its folded text is kept ([`HeaderColumns`](super::HeaderColumns)), where it is.
    pub(super) fn kept_as(&self) -> RowFields {
        match self {
            Field::Sender | Field::ReplyTo | Field::MessageId | Field::InReplyTo => RowFields::NONE,
            field => field.row_fields(),
        }
    }

    /// What is looked for something in, of a field that a row always tells.
    pub(super) fn text(&self, row: &ListRow) -> String {
        match self {
            Field::From => list_text(&row.from),
            Field::To => list_text(&row.to),
            Field::Cc => list_text(&row.cc),
            Field::Bcc => list_text(&row.bcc),
            _ => row.subject.clone(),
        }
    }

    /// Whether a row can tell anything of it.
    pub(super) fn is_in_rows(&self) -> bool {
        !matches!(self, Field::Other(_))
    }

    /// Whether the field contains the text, as far as a row tells exactly.
    pub(super) fn ask_row(&self, needle: &Needle, row: &ListRow) -> Option<bool> {
        if row.truncated {
            return None;
        }
        match self {
            Field::From => in_list(needle, &row.from),
            Field::To => in_list(needle, &row.to),
            Field::Cc => in_list(needle, &row.cc),
            Field::Bcc => in_list(needle, &row.bcc),
            Field::Sender => in_list_or_from(needle, &row.sender, &row.from),
            Field::ReplyTo => in_list_or_from(needle, &row.reply_to, &row.from),
            // An empty subject may be one that is not there.
            Field::Subject | Field::AnySubject if needle.is_empty() => {
                (!row.subject.is_empty()).then_some(true)
            }
            Field::Subject | Field::AnySubject => Some(needle.is_in_text(&row.subject)),
            Field::MessageId => Some(in_text(needle, row.message_id.as_deref())),
            Field::InReplyTo => Some(in_text(needle, row.in_reply_to.as_deref())),
            Field::Other(_) => None,
        }
    }

    /// Whether the field is in this header and contains the text.
    pub(super) fn ask_header(&self, needle: &Needle, octets: &[u8]) -> bool {
        let mut values = header::values(octets, self.name());
        match self {
            Field::Subject => {
                values.next().is_some_and(|value| needle.is_in_text(&decode_header_text(value)))
            }
            Field::AnySubject | Field::Other(_) => {
                values.any(|value| needle.is_in_text(&decode_header_text(value)))
            }
            Field::MessageId | Field::InReplyTo => {
                values.any(|value| needle.is_in_text(&charset::raw(&header::unfold(value))))
            }
            Field::From | Field::Sender | Field::ReplyTo | Field::To | Field::Cc | Field::Bcc => {
                let mut joined: Option<Vec<u8>> = None;
                for value in values {
                    let list = joined.get_or_insert_default();
                    if !list.is_empty() {
                        list.extend_from_slice(b", ");
                    }
                    list.append(&mut header::unfold(value));
                }
                joined.is_some_and(|list| {
                    needle.is_empty() || needle.is_in_text(&rendered(&address::parse(&list)))
                })
            }
        }
    }
}

fn in_text(needle: &Needle, text: Option<&str>) -> bool {
    text.is_some_and(|text| needle.is_in_text(text))
}

/// A list that is empty may be a field that is not there, or one that holds no address.
fn in_list(needle: &Needle, list: &[MailAddress]) -> Option<bool> {
    if needle.is_empty() {
        return (!list.is_empty()).then_some(true);
    }
    Some(needle.is_in_text(&list_text(list)))
}

fn list_text(list: &[MailAddress]) -> String {
    let mut text = String::new();
    for address in list {
        push(&mut text, address.name.as_deref(), &address.address);
    }
    text
}

/// A row leaves Sender and Reply-To out where they say what From says, and where they are not there.
fn in_list_or_from(needle: &Needle, list: &[MailAddress], from: &[MailAddress]) -> Option<bool> {
    if !list.is_empty() {
        return in_list(needle, list);
    }
    if needle.is_empty() {
        return None;
    }
    in_list(needle, from).filter(|found| !found)
}

fn push(text: &mut String, name: Option<&str>, address: &str) {
    if !text.is_empty() && !text.ends_with(": ") {
        text.push_str(", ");
    }
    match name {
        Some(name) => {
            text.push_str(name);
            text.push_str(" <");
            text.push_str(address);
            text.push('>');
        }
        None => text.push_str(address),
    }
}

/// A list as its row would say it, groups included: `group: a@b, C <c@d>;`.
fn rendered(list: &[Address]) -> String {
    let mut text = String::new();
    for address in list {
        if address.is_mailbox() {
            let name = address.name.as_deref().map(decode_encoded_words);
            push(&mut text, name.as_deref().filter(|name| !name.trim().is_empty()), &join(address));
        } else if let Some(group) = &address.mailbox {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&decode_encoded_words(group));
            text.push_str(": ");
        } else {
            text.push(';');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::extract;

    fn is_in(needle: &str, text: &str) -> bool {
        Needle::new(needle).is_in(fold(text).as_bytes())
    }

    #[test]
    fn s145_s148_texts_are_found_anywhere_and_in_any_case() {
        for (needle, text, found) in [
            ("hello", "Say HELLO, World", true),
            ("CAFÉ", "au café", true),
            ("a  b", "a\r\n\tb", true),
            ("helo", "hello", false),
            ("", "", true),
            ("", "x", true),
            (" ", "x", false),
            (" \t", "x y", true),
            (" world", "underworld", false),
            (" world", "hello world", true),
            (" world", "world", true),
            ("world ", "world", true),
            ("world ", "worldly world", true),
            ("world ", "worldly", false),
            ("b c", "b\nc", true),
        ] {
            assert_eq!(is_in(needle, text), found, "{needle:?} in {text:?}");
        }
        assert!(!Needle::new("b c").is_in(b"b\nc"), "parts are kept apart");
        assert!(Needle::new(" c").is_in(b"b\nc"));
    }

    #[test]
    fn texts_of_any_length_are_found_wherever_they_are() {
        let mut random = crate::testing::random::Random::new(7);
        for _ in 0..20_000 {
            let mut word = |most: u32| {
                let length = random.below(most);
                (0..length)
                    .map(|_| random.pick(&["a", "b", "ab", "ö", "台"]).unwrap_or(&"a"))
                    .fold(String::new(), |word, part| word + part)
            };
            let (text, needle) = (word(40), word(6));
            assert_eq!(
                Needle::of(&needle, false, false).is_in(text.as_bytes()),
                text.contains(&needle),
                "{needle:?} in {text:?}"
            );
        }
        let long = "x".repeat(700);
        assert!(
            Needle::new(&long).is_in(format!("y{long}").as_bytes())
                && !Needle::new(&long).is_in(&long.as_bytes()[1..])
        );
    }

    /// What a row says of a question, and what the header says.
    fn ask(field: &Field, needle: &str, header: &str) -> (Option<bool>, bool) {
        let (row, needle) = (extract(header.as_bytes()).row, Needle::new(needle));
        let exact = field.ask_header(&needle, header.as_bytes());
        let told = field.ask_row(&needle, &row);
        assert!(told.is_none_or(|told| told == exact), "{field:?} {needle:?}: {told:?}, {exact}");
        (told, exact)
    }

    const MAIL: &str = "From: =?utf-8?q?J=C3=B6rg?= \"M.\" <j@x.org>\r\nReply-To: list@x.org\r\nTo: \"B, C\" <b@c>\r\nTo: d@e\r\nCc: \r\nSubject: =?utf-8?b?w58=?=\r\n x\r\nMessage-ID: <1@x>\r\nX-A: one\r\nX-A: =?utf-8?q?t=C3=B6?=\r\n\r\nTo: body";

    #[test]
    fn s145_fields_that_a_row_keeps_are_asked_of_the_row_alone() {
        for (name, needle, found) in [
            ("from", "jörg m. <J@X.ORG>", true),
            ("from", "list", false),
            ("to", "B, C <b@c>, d@e", true),
            ("TO", "body", false),
            ("cc", "b@c", false),
            ("bcc", "x", false),
            ("subject", "ß x", true),
            ("subject", "ß  x", true),
            ("reply-to", "list", true),
            ("reply-to", "j@x", false),
            ("sender", "list", false),
            ("message-id", "<1@X>", true),
            ("message-id", "", true),
            ("in-reply-to", "", false),
            ("in-reply-to", "1", false),
            ("from", "", true),
            ("subject", "", true),
        ] {
            assert_eq!(ask(&Field::named(name), needle, MAIL), (Some(found), found), "{name} {needle:?}");
        }
    }

    #[test]
    fn s145_what_a_row_cannot_tell_is_asked_of_the_header() {
        for (name, needle, found) in [
            ("cc", "", true),
            ("bcc", "", false),
            ("sender", "", false),
            // From contains it; Sender may be the same or not there.
            ("sender", "j@x", false),
            ("x-a", "TÖ", true),
            ("x-a", "one", true),
            ("x-a", "", true),
            ("x-nope", "", false),
            ("x-nope", "one", false),
            ("", "", false),
            ("x-a:", "", false),
            ("é", "", false),
        ] {
            assert_eq!(ask(&Field::named(name), needle, MAIL), (None, found), "{name} {needle:?}");
        }
        let same = "From: a@b\nSender: A@B\nSender: a@b\n\n";
        assert_eq!(ask(&Field::Sender, "a@b", "From: a@b\nSender: a@b\n\n"), (None, true));
        assert!(ask(&Field::Sender, "a@b", same).1);
    }

    #[test]
    fn s145_groups_repeated_fields_and_long_lists_are_read_in_the_header() {
        let group = "To: Friends: a@b, C <c@d>;, e@f\nFrom: x@y\n\n";
        assert_eq!(ask(&Field::To, "friends: a@b, c <c@d>;, e@f", group), (None, true));
        assert_eq!(ask(&Field::To, "undisclosed", "To: undisclosed-recipients:;\n\n"), (None, true));
        let twice = "Subject: one\nSubject: two\n\n";
        assert_eq!(ask(&Field::Subject, "two", twice), (None, false));
        assert_eq!(ask(&Field::AnySubject, "two", twice), (None, true));
        let long = format!("To: {}last@x\n\n", "a@b,".repeat(60));
        assert_eq!(ask(&Field::To, "last@x", &long), (None, true));
    }

    #[test]
    fn text_is_looked_for_in_every_decoded_field() {
        let in_header = |needle| Needle::new(needle).is_in_header(MAIL.as_bytes());
        assert!(in_header("x-a: tö") && in_header("JÖRG") && in_header("ß x"));
        assert!(!in_header("body") && !in_header("one x-a"));
    }
}
