//! What FETCH can be asked for beside metadata, what it answers, and how IMAP writes the question
//! (RFC 9051 section 6.4.5). Plain data; reading it is `fetch`'s.

use crate::mime::bodies::BodyPart;
use crate::mime::{BodyStructure, Envelope, ListRow, Section};
use crate::model::{Error, Result, Value};

/// A word of FETCH for metadata, which every fetched [`Message`](crate::model::Message) has anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataItem {
    /// `UID`.
    Uid,
    /// `FLAGS`.
    Flags,
    /// `INTERNALDATE`.
    InternalDate,
    /// `RFC822.SIZE`.
    Size,
    /// `MODSEQ` (RFC 7162).
    ModSeq,
    /// `SAVEDATE` (RFC 8514).
    SaveDate,
    /// `EMAILID` (RFC 8474).
    EmailId,
    /// `THREADID` (RFC 8474).
    ThreadId,
}

const METADATA: [(&str, MetadataItem); 8] = [
    ("UID", MetadataItem::Uid),
    ("FLAGS", MetadataItem::Flags),
    ("INTERNALDATE", MetadataItem::InternalDate),
    ("RFC822.SIZE", MetadataItem::Size),
    ("MODSEQ", MetadataItem::ModSeq),
    ("SAVEDATE", MetadataItem::SaveDate),
    ("EMAILID", MetadataItem::EmailId),
    ("THREADID", MetadataItem::ThreadId),
];

/// How the items begin that ask for a section.
const SECTIONS: [&str; 4] = ["BODY[", "BODY.PEEK[", "BINARY", "RFC822"];

/// What is asked of each message. Nothing is read but what these need: `envelope` and `preview` a
/// list row, the others the message's content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchItems {
    /// Which metadata the answer is to name, in the order asked; nothing is read for it.
    pub metadata: Vec<MetadataItem>,
    /// The decoded header fields of a list row.
    pub envelope: bool,
    /// The beginning of the text (RFC 8970) and the attachment mark, out of a list row.
    pub preview: bool,
    /// ENVELOPE: the header fields as they are written.
    pub raw_envelope: bool,
    /// BODYSTRUCTURE.
    pub body_structure: bool,
    /// The decoded values of the header fields of these names, whatever their case.
    pub headers: Vec<String>,
    /// Octets of sections, or how many.
    pub sections: Vec<Section>,
    /// The text to read.
    pub text: bool,
    /// The HTML to show, not sanitised.
    pub html: bool,
    /// The parts that are files, or shown beside the text.
    pub attachments: bool,
    /// All octets.
    pub source: bool,
}

impl FetchItems {
    /// The macro `FAST`: flags, INTERNALDATE and size.
    pub fn fast() -> FetchItems {
        let metadata = vec![MetadataItem::Flags, MetadataItem::InternalDate, MetadataItem::Size];
        FetchItems { metadata, ..FetchItems::default() }
    }

    /// The macro `ALL`: `FAST` and ENVELOPE.
    pub fn all() -> FetchItems {
        FetchItems { raw_envelope: true, ..FetchItems::fast() }
    }

    /// The macro `FULL`: `ALL` and BODY.
    pub fn full() -> FetchItems {
        FetchItems { body_structure: true, ..FetchItems::all() }
    }

    /// Reads what stands behind the set of an IMAP FETCH, in any case: a macro, an item, or items
    /// in parentheses, such as `(FLAGS UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])`. BODY without a
    /// section asks for the structure, as BODYSTRUCTURE does.
    ///
    /// Anything else fails with `INVALID_ARGUMENT`, naming the item.
    pub fn parse(text: &str) -> Result<FetchItems> {
        let text = text.trim();
        match text.to_ascii_uppercase().as_str() {
            "FAST" => return Ok(FetchItems::fast()),
            "ALL" => return Ok(FetchItems::all()),
            "FULL" => return Ok(FetchItems::full()),
            _ => {}
        }
        let list = text.strip_prefix('(').map(|text| text.strip_suffix(')'));
        let several = list.is_some();
        let list = list.unwrap_or(Some(text)).unwrap_or_default();
        let words = words(list);
        if words.is_empty() || (!several && words.len() > 1) {
            return Err(Error::invalid("items to fetch expected: a macro, an item, or items in parentheses"));
        }
        let mut items = FetchItems::default();
        for word in words {
            items.add(word)?;
        }
        Ok(items)
    }

    fn add(&mut self, word: &str) -> Result<()> {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if let Some((_, item)) = METADATA.iter().find(|(name, _)| is(name)) {
            self.metadata.push(*item);
        } else if is("ENVELOPE") {
            self.raw_envelope = true;
        } else if is("BODY") || is("BODYSTRUCTURE") {
            self.body_structure = true;
        } else if is("PREVIEW") {
            self.preview = true;
        } else {
            let named = SECTIONS
                .iter()
                .any(|start| word.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start)));
            if !named {
                return Err(Error::invalid(format!("there is no item {word:?} to fetch")));
            }
            self.sections.push(Section::parse(word)?);
        }
        Ok(())
    }

    /// Whether IMAP sets `\Seen` with this fetch (semantics 170): for
    /// [`FetchOptions::set_seen`](super::FetchOptions::set_seen).
    pub fn sets_seen(&self) -> bool {
        self.sections.iter().any(Section::sets_seen)
    }

    pub(super) fn needs_row(&self) -> bool {
        self.envelope || self.preview
    }

    pub(super) fn needs_content(&self) -> bool {
        self.source || self.needs_header() || self.needs_whole() || !self.sections.is_empty()
    }

    pub(super) fn needs_header(&self) -> bool {
        self.raw_envelope || !self.headers.is_empty()
    }

    /// Whether all octets have to be looked at.
    pub(super) fn needs_whole(&self) -> bool {
        self.body_structure || self.text || self.html || self.attachments
    }
}

/// The words of a list, cut at blanks that stand neither in brackets nor in quotes.
fn words(list: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), 0);
    let (mut in_brackets, mut in_quotes, mut escaped) = (false, false, false);
    for (at, octet) in list.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_quotes,
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            b'[' => in_brackets = true,
            b']' => in_brackets = false,
            b' ' if !in_brackets => {
                words.push(list.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(list.get(start..).unwrap_or_default());
    words.retain(|word| !word.is_empty());
    words
}

/// What a section holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionContent {
    /// The message has no such part (NIL; semantics 176).
    Missing,
    /// Its octets; a window on the stored ones wherever they stand there as asked for.
    Octets(Value),
    /// How many octets (BINARY.SIZE).
    Size(u64),
}

/// What was asked of one message. `None` for what was not asked for, and for what cannot be told
/// any more because the message and its content are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageItems {
    /// For `envelope` and `preview`.
    pub row: Option<ListRow>,
    /// ENVELOPE, raw (semantics 175).
    pub raw_envelope: Option<Envelope>,
    /// BODYSTRUCTURE.
    pub body_structure: Option<BodyStructure>,
    /// Each name asked for, in lower case, with the values of its fields in order, unfolded and
    /// decoded; none where there is no such field.
    pub headers: Option<Vec<(String, Vec<String>)>>,
    /// The sections, in the order asked.
    pub sections: Option<Vec<SectionContent>>,
    /// The text to read; empty where there is none.
    pub text: Option<String>,
    /// The HTML to show, **not sanitised**; `None` also where the message has none.
    pub html: Option<String>,
    /// In the order of the message: the attachments of RFC 8621 section 4.1.4, and the pictures,
    /// sounds and films that it shows between the texts. Each can be opened by its path.
    pub attachments: Option<Vec<BodyPart>>,
    /// All octets.
    pub source: Option<Value>,
    /// Whether something that was asked for is absent because what is stored is damaged.
    pub damaged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s167_macros_and_lists() {
        assert_eq!(FetchItems::parse(" fast ").unwrap(), FetchItems::fast());
        assert_eq!(FetchItems::parse("ALL").unwrap(), FetchItems::all());
        let full = FetchItems::parse("Full").unwrap();
        assert_eq!(full, FetchItems::parse("(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)").unwrap());
        assert!(!full.sets_seen() && full.needs_whole() && !FetchItems::fast().needs_content());

        let items = FetchItems::parse(
            "(UID modseq BODY.PEEK[HEADER.FIELDS (SUBJECT \"a]b\")] PREVIEW RFC822.HEADER)",
        )
        .unwrap();
        assert_eq!(items.metadata, [MetadataItem::Uid, MetadataItem::ModSeq]);
        let labels: Vec<String> = items.sections.iter().map(Section::label).collect();
        assert_eq!(labels, ["BODY[HEADER.FIELDS (\"A]B\" SUBJECT)]", "RFC822.HEADER"]);
        assert!(items.preview && items.needs_row() && !items.sets_seen());
        let items = FetchItems::parse("BODY[1]<0.10>").unwrap();
        assert!(items.sets_seen() && items.needs_content() && !items.needs_whole());
        assert!(FetchItems::parse("(EMAILID THREADID SAVEDATE BINARY.SIZE[2] BODYSTRUCTURE)").is_ok());
    }

    #[test]
    fn what_is_no_list_of_items_is_refused() {
        for text in [
            "",
            "()",
            "(",
            ")",
            "(UID",
            "UID)",
            "UID FLAGS",
            "(ALL)",
            "(1.2)",
            "TEXT",
            "BODY[",
            "(UID BODY[x])",
            "((UID))",
            "BODY[]<1>",
            "BINARY",
            "\u{df}",
        ] {
            assert!(FetchItems::parse(text).is_err(), "{text:?}");
        }
    }
}
