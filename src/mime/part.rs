//! The parts of a message: one pass over the lines, a flat list, no recursion.
//!
//! Only what searchable text and list rows need is kept; section paths are `layout`'s,
//! BODYSTRUCTURE is `structure`'s, both from the same list. mail-parser is not used for this: on a hostile mail its time grows
//! with the square of the size, and deeply nested messages overflow the stack.

use std::ops::Range;

use super::content_type::{ContentType, Disposition};
use super::header::{is_empty_line, strip_line_ending, take_line, trim_end_blanks};
use super::mime_fields::MimeFields;
use super::transfer::Encoding;

/// Containers nested deeper than this are kept as opaque leaves.
pub const MAX_DEPTH: usize = 50;
/// Part delimiters after this many parts are content of the last part.
pub const MAX_PARTS: usize = 10_000;

/// What a part is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A multipart with a boundary; its parts name it as their parent.
    Multipart,
    /// A message/rfc822; the message is the one part that names it as its parent.
    Message,
    /// Content.
    Leaf,
}

/// One part; positions count octets from the start of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The index of the part that holds this one; `None` for the message itself.
    pub parent: Option<usize>,
    /// What it is made of.
    pub kind: Kind,
    /// Its own header lines, with the empty line that ends them.
    pub header: Range<usize>,
    /// Its content, still encoded, without the line ending that belongs to the next delimiter.
    pub body: Range<usize>,
    /// Content-Type, or the default where the field is absent or broken.
    pub content_type: ContentType,
    /// Content-Disposition, where there is one.
    pub disposition: Option<Disposition>,
    /// Content-Transfer-Encoding.
    pub encoding: Encoding,
}

/// Cuts a message into its parts, in the order in which they stand; the first is the message.
///
/// Total and linear over any octets. Delimiter lines may carry trailing blanks; a missing close
/// delimiter is tolerated (semantics 179); the line ending before a delimiter belongs to the
/// delimiter (semantics 172).
#[cfg_attr(own_std, optimize(speed))]
pub fn parts(message: &[u8]) -> Vec<Part> {
    let mut walker = Walker { message, ..Walker::default() };
    walker.open_part(None, 0);
    let mut rest = message;
    while let Some((line, after)) = take_line(rest) {
        if walker.boundaries.is_empty() && !walker.in_header {
            break;
        }
        let start = message.len() - rest.len();
        walker.line(line, start, message.len() - after.len());
        rest = after;
    }
    walker.close_from(0, message.len());
    walker.parts
}

#[derive(Default)]
struct Walker<'a> {
    message: &'a [u8],
    parts: Vec<Part>,
    /// Indices of the parts that are not closed yet, outermost first.
    open: Vec<usize>,
    /// The boundaries of the open multiparts, each with its depth in `open`.
    boundaries: Vec<(Vec<u8>, usize)>,
    /// Whether the innermost open part is still in its header.
    in_header: bool,
}

impl Walker<'_> {
    #[cfg_attr(own_std, optimize(speed))]
    fn line(&mut self, line: &[u8], start: usize, end: usize) {
        if let Some((level, closes)) = self.delimiter(line) {
            self.at_delimiter(level, closes, start, end);
        } else if self.in_header && is_empty_line(line) {
            self.end_header(end);
        }
    }

    /// The index in `boundaries` that this line delimits, and whether it is the closing one.
    #[cfg_attr(own_std, optimize(speed))]
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = trim_end_blanks(strip_line_ending(line.strip_prefix(b"--")?));
        self.boundaries.iter().enumerate().rev().find_map(|(level, (boundary, _))| {
            match text.strip_prefix(boundary.as_slice())? {
                b"" => Some((level, false)),
                b"--" => Some((level, true)),
                _ => None,
            }
        })
    }

    fn at_delimiter(&mut self, level: usize, closes: bool, start: usize, end: usize) {
        if !closes && self.parts.len() >= MAX_PARTS {
            return;
        }
        let Some(depth) = self.boundaries.get(level).map(|(_, depth)| *depth) else { return };
        let Some(multipart) = self.open.get(depth).copied() else { return };
        self.close_from(depth + 1, start);
        self.in_header = false;
        if closes {
            // What follows up to an outer delimiter is epilogue.
            self.boundaries.truncate(level);
        } else {
            self.boundaries.truncate(level + 1);
            self.open_part(Some(multipart), end);
        }
    }

    fn open_part(&mut self, parent: Option<usize>, start: usize) {
        self.open.push(self.parts.len());
        self.in_header = true;
        self.parts.push(Part {
            parent,
            kind: Kind::Leaf,
            header: start..start,
            body: start..start,
            content_type: ContentType::default(),
            disposition: None,
            encoding: Encoding::Identity,
        });
    }

    /// The innermost part's header ends at `end`: find out what the part is.
    fn end_header(&mut self, end: usize) {
        self.in_header = false;
        let Some(index) = self.open.last().copied() else { return };
        let may_nest = self.open.len() < MAX_DEPTH && self.parts.len() < MAX_PARTS;
        let in_digest =
            self.parts.get(index).and_then(|part| self.parts.get(part.parent?)).is_some_and(|parent| {
                parent.kind == Kind::Multipart && parent.content_type.is("multipart", "digest")
            });
        let Some(part) = self.parts.get_mut(index) else { return };
        part.header.end = end;
        part.body = end..end;
        read_part_header(part, self.message, in_digest);
        if !may_nest {
            return;
        }
        if part.content_type.main == "multipart" {
            let boundary = part.content_type.boundary.as_deref().unwrap_or_default();
            if !boundary.is_empty() {
                part.kind = Kind::Multipart;
                self.boundaries.push((boundary.to_vec(), self.open.len() - 1));
            }
        } else if part.content_type.is_message()
            && part.encoding != Encoding::Base64
            && part.encoding != Encoding::QuotedPrintable
        {
            part.kind = Kind::Message;
            self.open_part(Some(index), end);
        }
    }

    /// Closes the open parts from this depth inwards, at a delimiter line (or the end) at `at`.
    fn close_from(&mut self, depth: usize, at: usize) {
        if self.open.len() <= depth {
            return;
        }
        let end = if at == self.message.len() { at } else { self.before_line_ending(at) };
        if self.in_header
            && let Some(part) = self.open.last().and_then(|&index| self.parts.get_mut(index))
        {
            // The header was cut off by a delimiter or by the end of the message.
            part.header.end = at.max(part.header.start);
            part.body = part.header.end..part.header.end;
            read_part_header(part, self.message, false);
        }
        for index in self.open.drain(depth..) {
            if let Some(part) = self.parts.get_mut(index) {
                part.body.end = end.max(part.body.start);
            }
        }
        self.in_header = false;
    }

    fn before_line_ending(&self, at: usize) -> usize {
        let before = self.message.get(..at).unwrap_or(self.message);
        strip_line_ending(before).len()
    }
}

fn read_part_header(part: &mut Part, message: &[u8], in_digest: bool) {
    let found = MimeFields::read(message.get(part.header.clone()).unwrap_or_default());
    part.encoding = found.transfer_encoding();
    part.disposition = found.disposition.map(Disposition::parse);
    part.content_type = found.media_type(in_digest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> Vec<(Option<usize>, Kind, &str)> {
        parts(message.as_bytes())
            .into_iter()
            .map(|part| (part.parent, part.kind, message.get(part.body).unwrap()))
            .collect()
    }

    #[test]
    fn a_plain_message_is_one_leaf() {
        assert_eq!(shown("Subject: x\r\n\r\nbody\r\n"), [(None, Kind::Leaf, "body\r\n")]);
        assert_eq!(shown(""), [(None, Kind::Leaf, "")]);
        assert_eq!(shown("Subject: x"), [(None, Kind::Leaf, "")]);
    }

    #[test]
    fn s172_s179_delimiters_padding_nesting_and_missing_close() {
        let message = "Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\n\none\n--a \t\nContent-Type: multipart/alternative; boundary=\"a b\"\n\n--a b\n\ntwo\n\n--a b--\nepilogue\n--ax\n--a\n\nthree\n";
        assert_eq!(
            shown(message),
            [
                (None, Kind::Multipart, message.get(43..).unwrap()),
                (Some(0), Kind::Leaf, "one"),
                (Some(0), Kind::Multipart, "--a b\n\ntwo\n\n--a b--\nepilogue\n--ax"),
                (Some(2), Kind::Leaf, "two\n"),
                (Some(0), Kind::Leaf, "three\n"),
            ]
        );
    }

    #[test]
    fn nested_messages_digests_and_outer_delimiters() {
        let message = "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: in\r\n\r\nhi\r\n--d\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nx\r\n--d--\r\n";
        let found = shown(message);
        let kinds: Vec<_> = found.iter().map(|(parent, kind, _)| (*parent, *kind)).collect();
        assert_eq!(
            kinds,
            [
                (None, Kind::Multipart),
                (Some(0), Kind::Message),
                (Some(1), Kind::Leaf),
                (Some(0), Kind::Message),
                (Some(3), Kind::Multipart),
                (Some(4), Kind::Leaf),
            ]
        );
        assert_eq!(found.get(2).map(|part| part.2), Some("hi"));
        assert_eq!(found.get(5).map(|part| part.2), Some("x"));
    }

    #[test]
    fn hostile_structures_are_bounded() {
        let deep = b"Content-Type: message/rfc822\n\n".repeat(300_000);
        assert_eq!(parts(&deep).len(), MAX_DEPTH);
        let mut wide = b"Content-Type: multipart/mixed; boundary=a\n\n".to_vec();
        wide.extend_from_slice(&b"--a\nContent-Type: multipart/mixed; boundary=b\n\n".repeat(200_000));
        assert_eq!(parts(&wide).len(), MAX_PARTS);
        let mut nested = Vec::new();
        for level in 0..MAX_DEPTH * 2 {
            nested.extend_from_slice(
                format!("Content-Type: multipart/mixed; boundary={}\n\n--{0}\n", "x".repeat(level + 1))
                    .as_bytes(),
            );
        }
        nested.extend_from_slice(&[b"--".as_slice(), &b"x".repeat(60), b"\n"].concat().repeat(150_000));
        assert!(parts(&nested).len() <= MAX_PARTS);
    }
}
