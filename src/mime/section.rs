//! The sections of a message that FETCH can ask for (RFC 9051 section 6.4.5, RFC 3516).
//!
//! Reading and writing their names, and cutting them out of the octets. Where parts lie is
//! `layout`'s; whether a fetch changes flags is the session's, who asks [`Section::sets_seen`].

use std::borrow::Cow;
use std::ops::Range;

use super::header::fields;
use super::layout::Layout;
use super::section_parser;
use super::transfer::{Decoder, Encoding};
use crate::model::{Error, ErrorCode, Result, sorting};

/// In which words a section is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// `BODY[…]`: octets as they stand.
    Body,
    /// `BINARY[…]`: a part's content without its transfer encoding.
    Binary,
    /// `BINARY.SIZE[…]`: how many octets that is.
    BinarySize,
    /// `RFC822`, `RFC822.HEADER`, `RFC822.TEXT` of RFC 3501.
    Rfc822,
}

/// What of a part is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionText {
    /// The message with its header, or a part's content.
    Whole,
    /// The header of a message, with the empty line that ends it.
    Header,
    /// Some fields of the header of a message, and an empty line.
    HeaderFields {
        /// The names, in upper case, sorted, each once.
        names: Vec<String>,
        /// All fields but these.
        not: bool,
    },
    /// A message without its header.
    Text,
    /// The header of a part.
    Mime,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// In which words it is asked for.
    pub item: Item,
    /// Whether it is asked for without setting `\Seen`.
    pub peek: bool,
    /// The number of the part; empty for the message.
    pub path: Vec<u32>,
    /// What of the part; always `Whole` for `Binary` and `BinarySize`.
    pub text: SectionText,
    /// The first octet and the greatest number of octets wanted.
    pub partial: Option<(u64, u64)>,
}

impl Section {
    /// The section with this part number and text, as `BODY.PEEK[…]`.
    pub fn new(path: Vec<u32>, text: SectionText) -> Section {
        Section { item: Item::Body, peek: true, path, text, partial: None }
    }

    /// Reads a section as IMAP writes it, in any case.
    ///
    /// Either what stands between the brackets (``, `1.2`, `HEADER`, `1.2.MIME`, `TEXT`,
    /// `HEADER.FIELDS (SUBJECT FROM)`, `HEADER.FIELDS.NOT (…)`), which peeks, or a whole FETCH item
    /// (`BODY[…]`, `BODY.PEEK[…]`, `BINARY[…]`, `BINARY.PEEK[…]`, `BINARY.SIZE[…]`, `RFC822`,
    /// `RFC822.HEADER`, `RFC822.TEXT`); both may end with `<first.count>`, except BINARY.SIZE and
    /// RFC822. Field names may be quoted.
    ///
    /// Anything else fails with `INVALID_ARGUMENT`, naming the position in octets from 0.
    pub fn parse(text: &str) -> Result<Section> {
        section_parser::parse(text)
    }

    /// Whether fetching it sets `\Seen` (semantics 170): neither what peeks, nor RFC822.HEADER, nor
    /// BINARY.SIZE does.
    pub fn sets_seen(&self) -> bool {
        match self.item {
            Item::Body | Item::Binary => !self.peek,
            Item::BinarySize => false,
            Item::Rfc822 => self.text != SectionText::Header,
        }
    }

    /// The name under which a server answers (semantics section 8): without PEEK, field names in
    /// upper case and sorted, of a partial section only the first octet.
    pub fn label(&self) -> String {
        let mut label = String::from(match self.item {
            Item::Body => "BODY[",
            Item::Binary => "BINARY[",
            Item::BinarySize => "BINARY.SIZE[",
            Item::Rfc822 => {
                return String::from(match self.text {
                    SectionText::Header => "RFC822.HEADER",
                    SectionText::Text => "RFC822.TEXT",
                    _ => "RFC822",
                });
            }
        });
        label.push_str(&self.specification());
        label.push(']');
        if let Some((first, _)) = self.partial {
            label.push('<');
            label.push_str(&first.to_string());
            label.push('>');
        }
        label
    }

    /// What stands between the brackets of the label.
    pub fn specification(&self) -> String {
        let mut text = String::new();
        for number in &self.path {
            dot(&mut text);
            text.push_str(&number.to_string());
        }
        match &self.text {
            SectionText::Whole => {}
            SectionText::Header => push_word(&mut text, "HEADER"),
            SectionText::Text => push_word(&mut text, "TEXT"),
            SectionText::Mime => push_word(&mut text, "MIME"),
            SectionText::HeaderFields { names, not } => {
                push_word(&mut text, if *not { "HEADER.FIELDS.NOT (" } else { "HEADER.FIELDS (" });
                for (index, name) in names.iter().enumerate() {
                    if index > 0 {
                        text.push(' ');
                    }
                    push_name(&mut text, name);
                }
                text.push(')');
            }
        }
        text
    }

    /// Cuts the section out of the message. Borrowed wherever the octets stand in the message as
    /// they are asked for.
    ///
    /// `None` when there is no such section: no such part, or HEADER or TEXT of a part that holds no
    /// message (semantics 176). A partial section that begins beyond the end is empty. BINARY.SIZE
    /// gives the octets that are counted; see [`binary_size`](Self::binary_size).
    ///
    /// Fails with `UNKNOWN_CTE` when a BINARY item meets an encoding that nobody knows; broken
    /// base64 and quoted-printable are decoded as far as they can be (semantics 177).
    pub fn read<'a>(&self, raw: &'a [u8], layout: &Layout) -> Result<Option<Cow<'a, [u8]>>> {
        let Some(slice) = layout.range(self).and_then(|range| raw.get(range)) else { return Ok(None) };
        self.read_slice(slice, layout)
    }

    /// The same where only the octets of [`Layout::range`] are at hand.
    pub fn read_slice<'a>(&self, slice: &'a [u8], layout: &Layout) -> Result<Option<Cow<'a, [u8]>>> {
        let Some(target) = layout.target(self) else { return Ok(None) };
        if let SectionText::HeaderFields { names, not } = &self.text {
            return Ok(Some(self.cut(Cow::Owned(header_fields(slice, names, *not)))));
        }
        let encoding = self.check(&target)?;
        if encoding == Encoding::Identity {
            // The range is cut already.
            return Ok(Some(Cow::Borrowed(slice)));
        }
        let limit = self.partial.map_or(usize::MAX, |(first, count)| to_usize(first.saturating_add(count)));
        let (plain, encoded) = slice.split_at_checked(target.plain).unwrap_or((slice, &[]));
        let mut octets = plain.to_vec();
        octets.append(&mut encoding.decode(encoded, limit).into_owned());
        Ok(Some(self.cut(Cow::Owned(octets))))
    }

    /// How many octets a BINARY section has (BINARY.SIZE), counted without keeping them; `slice`
    /// holds the octets of [`Layout::range`]. The partial of the section does not count.
    ///
    /// `None` when there is no such section. Fails with `UNKNOWN_CTE`, as reading it does.
    pub fn binary_size(&self, slice: &[u8], layout: &Layout) -> Result<Option<u64>> {
        let Some(target) = layout.target(self) else { return Ok(None) };
        let encoding = self.check(&target)?;
        let (plain, encoded) = slice.split_at_checked(target.plain).unwrap_or((slice, &[]));
        Ok(Some(plain.len() as u64 + Decoder::count(encoding, encoded) as u64))
    }

    /// The encoding to be removed.
    fn check(&self, target: &Target) -> Result<Encoding> {
        match target.encoding {
            Encoding::Unknown => Err(Error::new(
                ErrorCode::UnknownCte,
                "the content transfer encoding of this part is not known; BODY gives its octets as they stand",
            )),
            encoding => Ok(encoding),
        }
    }

    fn cut<'a>(&self, octets: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let Some(partial) = self.partial else { return octets };
        let range = partial_of(0..octets.len(), partial);
        match octets {
            Cow::Borrowed(octets) => Cow::Borrowed(octets.get(range).unwrap_or_default()),
            Cow::Owned(mut octets) => {
                octets.truncate(range.end);
                octets.drain(..range.start);
                Cow::Owned(octets)
            }
        }
    }
}

/// Where a section lies before it is decoded, filtered and cut.
struct Target {
    range: Range<usize>,
    encoding: Encoding,
    /// How many octets of the range stand before those that are encoded.
    plain: usize,
}

impl Layout {
    /// Which octets of the message are needed to [read](Section::read_slice) a section: those of a
    /// partial section alone where they need no decoding. `None` when there is no such section.
    pub fn range(&self, section: &Section) -> Option<Range<usize>> {
        let target = self.target(section)?;
        let as_it_stands = target.encoding == Encoding::Identity
            && section.item != Item::BinarySize
            && !matches!(section.text, SectionText::HeaderFields { .. });
        match section.partial {
            Some(partial) if as_it_stands => Some(partial_of(target.range, partial)),
            _ => Some(target.range),
        }
    }

    fn target(&self, section: &Section) -> Option<Target> {
        let index = self.find(&section.path)?;
        let part = self.part(index)?;
        let exact =
            |range: &Range<usize>| Target { range: range.clone(), encoding: Encoding::Identity, plain: 0 };
        let is_message = section.path.is_empty();
        let message = || if is_message { Some(part) } else { self.part(self.inner_message(index)?) };
        match &section.text {
            SectionText::Mime if is_message => None,
            SectionText::Mime => Some(exact(&part.header)),
            SectionText::Header | SectionText::HeaderFields { .. } => {
                message().map(|part| exact(&part.header))
            }
            SectionText::Text => message().map(|part| exact(&part.body)),
            SectionText::Whole => {
                let start = if is_message { part.header.start } else { part.body.start };
                let decoded = matches!(section.item, Item::Binary | Item::BinarySize);
                Some(Target {
                    range: start..part.body.end,
                    encoding: if decoded { part.encoding } else { Encoding::Identity },
                    plain: if is_message { part.header.len() } else { 0 },
                })
            }
        }
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn partial_of(range: Range<usize>, (first, count): (u64, u64)) -> Range<usize> {
    let start = range.start.saturating_add(to_usize(first)).min(range.end);
    start..start.saturating_add(to_usize(count)).min(range.end)
}

/// The fields with these names (or without them) in their order, and an empty line.
fn header_fields(header: &[u8], names: &[String], not: bool) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    sorting::sort(&mut sorted);
    let mut chosen = Vec::new();
    for field in fields(header) {
        let name = field.name.to_ascii_uppercase();
        if sorted.binary_search(&name.as_slice()).is_ok() != not {
            chosen.extend_from_slice(field.line);
            if !field.line.ends_with(b"\n") {
                chosen.extend_from_slice(b"\r\n");
            }
        }
    }
    chosen.extend_from_slice(b"\r\n");
    chosen
}

fn dot(text: &mut String) {
    if !text.is_empty() {
        text.push('.');
    }
}

fn push_word(text: &mut String, word: &str) {
    dot(text);
    text.push_str(word);
}

fn push_name(text: &mut String, name: &str) {
    let quoted = name.contains(['(', ')', '{', '%', '*', '"', '\\', ']']);
    if quoted {
        text.push('"');
    }
    for character in name.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    if quoted {
        text.push('"');
    }
}

#[cfg(test)]
#[path = "section_tests.rs"]
mod tests;
