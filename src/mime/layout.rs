//! Where the parts of a message lie and what IMAP numbers them (RFC 9051 section 6.4.5).
//!
//! A layout holds all that is needed to cut a part out of a message later without parsing it again,
//! in a few octets for each part. What the parts' headers say is read by `structure` and `bodies`.

use std::ops::Range;

use super::part::{self, Kind, MAX_DEPTH, MAX_PARTS};
use super::row_codec::{Reader, put_number};
use super::transfer::Encoding;

/// The place of a part in [`Layout::parts`].
pub type PartIndex = usize;

const VERSION: u64 = 1;

/// One part; positions count octets from the start of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartLayout {
    /// The part that holds this one; `None` for the message itself. A parent comes before its parts.
    pub parent: Option<PartIndex>,
    /// What it is made of.
    pub kind: Kind,
    /// Its Content-Transfer-Encoding; a container's content is never encoded.
    pub encoding: Encoding,
    /// Its own header lines, with the empty line that ends them.
    pub header: Range<usize>,
    /// Its content, still encoded; begins where the header ends.
    pub body: Range<usize>,
    /// How many line feeds `body` has.
    pub lines: usize,
}

/// The parts of one message, in the order in which they stand; the first is the message.
///
/// At most [`MAX_PARTS`] parts, at most [`MAX_DEPTH`] deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    parts: Vec<PartLayout>,
}

impl Layout {
    /// Finds the parts of a message. Total and linear over any octets.
    pub fn parse(raw: &[u8]) -> Layout {
        let mut parts: Vec<PartLayout> = part::parts(raw)
            .into_iter()
            .map(|part| PartLayout {
                parent: part.parent,
                kind: part.kind,
                encoding: if part.kind == Kind::Leaf { part.encoding } else { Encoding::Identity },
                header: part.header,
                body: part.body,
                lines: 0,
            })
            .collect();
        count_lines(raw, &mut parts);
        Layout { parts }
    }

    /// All parts; never empty.
    pub fn parts(&self) -> &[PartLayout] {
        &self.parts
    }

    /// The part at this index.
    pub fn part(&self, index: PartIndex) -> Option<&PartLayout> {
        self.parts.get(index)
    }

    /// The length of the message, in octets.
    pub fn size(&self) -> usize {
        self.parts.first().map_or(0, |message| message.body.end)
    }

    /// The parts that this one holds, in order.
    pub fn children(&self, index: PartIndex) -> impl Iterator<Item = PartIndex> {
        let behind = self.parts.iter().enumerate().skip(index.saturating_add(1));
        behind.filter(move |(_, part)| part.parent == Some(index)).map(|(child, _)| child)
    }

    /// The message that a message/rfc822 part holds.
    pub fn inner_message(&self, index: PartIndex) -> Option<PartIndex> {
        if self.part(index)?.kind != Kind::Message {
            return None;
        }
        self.children(index).next()
    }

    /// The part with this number, such as `[2, 1]`; the message for an empty path.
    ///
    /// The parts of a multipart are numbered from 1; a message that is not a multipart has one part,
    /// 1, and so has one inside a message/rfc822 part: `2.1` is then its body, and the first part of
    /// its multipart otherwise (semantics 176). `None` when there is no such part.
    pub fn find(&self, path: &[u32]) -> Option<PartIndex> {
        let mut at: PartIndex = 0;
        // Whether `at` stands for a whole message, whose only part it may be itself.
        let mut is_message = true;
        for &number in path {
            if !is_message && let Some(inner) = self.inner_message(at) {
                at = inner;
                is_message = true;
            }
            let nth = usize::try_from(number).ok()?.checked_sub(1)?;
            if self.part(at)?.kind == Kind::Multipart {
                at = self.children(at).nth(nth)?;
            } else if !is_message || nth > 0 {
                return None;
            }
            is_message = false;
        }
        self.part(at).map(|_| at)
    }

    /// The number of a part, the inverse of [`find`](Self::find): empty for a message that is a
    /// multipart. `None` for a multipart directly inside a message/rfc822 part, which has no number
    /// of its own (its octets are the `TEXT` of that part), and where there is no such part.
    pub fn path(&self, index: PartIndex) -> Option<Vec<u32>> {
        Places::of(self).path(index)
    }

    /// The numbers of all parts, as [`path`](Self::path) gives them.
    pub fn paths(&self) -> Vec<Option<Vec<u32>>> {
        let places = Places::of(self);
        (0..self.parts.len()).map(|index| places.path(index)).collect()
    }

    /// The stored form (semantics 178), some eight octets for each part. In order (numbers are
    /// unsigned LEB128): a version, how many parts, and of each: how far back its parent is (0: it
    /// has none), kind and encoding, the distance from the end of the header before, the lengths of
    /// header and body, and the lines of the body.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 + self.parts.len() * 8);
        put_number(&mut out, VERSION);
        put_number(&mut out, self.parts.len() as u64);
        let mut before = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let back = part.parent.map_or(0, |parent| index.saturating_sub(parent));
            put_number(&mut out, back as u64);
            out.push(kind_code(part.kind) | encoding_code(part.encoding) << 2);
            put_number(&mut out, part.header.start.saturating_sub(before) as u64);
            put_number(&mut out, part.header.len() as u64);
            put_number(&mut out, part.body.len() as u64);
            put_number(&mut out, part.lines as u64);
            before = part.header.end;
        }
        out
    }

    /// Reads the stored form. `None` for anything that [`encode`](Self::encode) cannot have written
    /// as far as that is visible. The ranges need not fit the message at hand: whoever cuts with
    /// them gets nothing then.
    pub fn decode(stored: &[u8]) -> Option<Layout> {
        let mut reader = Reader { rest: stored };
        if reader.number()? != VERSION {
            return None;
        }
        let count = reader.length()?;
        // Each part takes six octets at least.
        if count == 0 || count > MAX_PARTS || count > stored.len() / 6 {
            return None;
        }
        let mut parts: Vec<PartLayout> = Vec::with_capacity(count);
        let mut depths: Vec<usize> = Vec::with_capacity(count);
        let mut before = 0usize;
        for index in 0..count {
            let back = reader.length()?;
            let parent = match back {
                0 if index == 0 => None,
                0 => return None,
                _ => Some(index.checked_sub(back)?),
            };
            let depth = match parent {
                Some(parent) => match parts.get(parent)?.kind {
                    Kind::Leaf => return None,
                    // The one message inside it follows at once.
                    Kind::Message if back > 1 => return None,
                    _ => depths.get(parent)? + 1,
                },
                None => 0,
            };
            if depth >= MAX_DEPTH {
                return None;
            }
            let [code] = *reader.take(1)? else { return None };
            let start = before.checked_add(reader.length()?)?;
            let middle = start.checked_add(reader.length()?)?;
            let end = middle.checked_add(reader.length()?)?;
            parts.push(PartLayout {
                parent,
                kind: kind_of(code & 3)?,
                encoding: encoding_of(code >> 2)?,
                header: start..middle,
                body: middle..end,
                lines: reader.length()?,
            });
            depths.push(depth);
            before = middle;
        }
        reader.rest.is_empty().then_some(Layout { parts })
    }
}

/// Which part of its parent each part is, from 1.
struct Places<'a> {
    layout: &'a Layout,
    numbers: Vec<u32>,
}

impl Places<'_> {
    fn of(layout: &Layout) -> Places<'_> {
        let mut held = vec![0u32; layout.parts.len()];
        let mut number = |part: &PartLayout| {
            let count = held.get_mut(part.parent?)?;
            *count += 1;
            Some(*count)
        };
        let numbers = layout.parts.iter().map(|part| number(part).unwrap_or(1)).collect();
        Places { layout, numbers }
    }

    fn path(&self, index: PartIndex) -> Option<Vec<u32>> {
        let mut path = Vec::new();
        let mut at = index;
        loop {
            let part = self.layout.part(at)?;
            let parent = part.parent.and_then(|parent| Some((parent, self.layout.part(parent)?.kind)));
            match parent {
                Some((_, Kind::Multipart)) => path.push(*self.numbers.get(at)?),
                // A whole message, the outermost or one inside a part.
                _ if part.kind != Kind::Multipart => path.push(1),
                Some(_) if at == index => return None,
                _ => {}
            }
            let Some((parent, _)) = parent else { break };
            at = parent;
        }
        path.reverse();
        Some(path)
    }
}

const KINDS: [Kind; 3] = [Kind::Leaf, Kind::Multipart, Kind::Message];
const ENCODINGS: [Encoding; 4] =
    [Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable, Encoding::Unknown];

fn kind_code(kind: Kind) -> u8 {
    KINDS.iter().position(|&other| other == kind).unwrap_or(0) as u8
}

fn kind_of(code: u8) -> Option<Kind> {
    KINDS.get(usize::from(code)).copied()
}

fn encoding_code(encoding: Encoding) -> u8 {
    ENCODINGS.iter().position(|&other| other == encoding).unwrap_or(0) as u8
}

fn encoding_of(code: u8) -> Option<Encoding> {
    ENCODINGS.get(usize::from(code)).copied()
}

/// Counts the lines of all bodies in one pass, however they are nested.
fn count_lines(raw: &[u8], parts: &mut [PartLayout]) {
    let mut marks: Vec<usize> = parts.iter().flat_map(|part| [part.body.start, part.body.end]).collect();
    marks.sort_unstable();
    marks.dedup();
    let (mut at, mut lines) = (0, 0);
    let counted: Vec<usize> = marks
        .iter()
        .map(|&mark| {
            let between = raw.get(at..mark).unwrap_or_default();
            lines += between.iter().filter(|&&octet| octet == b'\n').count();
            at = mark;
            lines
        })
        .collect();
    let before =
        |offset| marks.binary_search(&offset).ok().and_then(|index| counted.get(index)).copied().unwrap_or(0);
    for part in parts {
        part.lines = before(part.body.end).saturating_sub(before(part.body.start));
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
