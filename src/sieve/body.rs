//! What a `body` test looks at (RFC 5173 section 5): the body as it stands, the decoded content of
//! parts by type, or the text a reader sees.

use std::borrow::Cow;
use std::ops::Range;

use super::limits::MAX_BODY;
use crate::mime::charset;
use crate::mime::header::{Split, is_empty_line, split, take_line};
use crate::mime::part::{Kind, Part};
use crate::mime::text::part_text;

/// The body of a message, and be it empty; `None` where no empty line ends the header (RFC 5173
/// section 4).
pub(crate) fn of_message(message: &[u8]) -> Option<&[u8]> {
    let Split { header, body } = split(message);
    let ended = is_empty_line(header) || header.ends_with(b"\n\n") || header.ends_with(b"\n\r\n");
    ended.then_some(body)
}

/// The text of every text part, markup removed.
pub(crate) fn texts(message: &[u8], parts: &[Part]) -> Vec<Vec<u8>> {
    let mut left = MAX_BODY;
    let mut texts = Vec::new();
    for part in parts {
        if left == 0 {
            break;
        }
        if let Some(text) = part_text(message, part) {
            let mut text = text.into_bytes();
            text.truncate(left);
            left -= text.len();
            texts.push(text);
        }
    }
    texts
}

/// The content of the parts whose type is one of `types`: decoded, text in UTF-8. Of a message its
/// header is looked at, of a multipart what stands before and after its parts; what they hold
/// counts by its own type.
pub(crate) fn contents<'m>(message: &'m [u8], parts: &[Part], types: &[Cow<'_, [u8]>]) -> Vec<Cow<'m, [u8]>> {
    // The first and last part of each; found in one pass, for mails may have thousands.
    let mut inner: Vec<Option<(&Part, &Part)>> = vec![None; parts.len()];
    for part in parts {
        if let Some(place) = part.parent.and_then(|parent| inner.get_mut(parent)) {
            *place = Some((place.map_or(part, |(first, _)| first), part));
        }
    }
    let mut left = MAX_BODY;
    let mut contents = Vec::new();
    for (part, inner) in parts.iter().zip(inner) {
        if !types.iter().any(|wanted| is_type(part, wanted)) {
            continue;
        }
        let content = match (part.kind, inner) {
            (Kind::Message, Some((first, _))) => Cow::Borrowed(slice(message, &first.header)),
            (Kind::Multipart, Some((first, last))) => {
                let after = after_delimiter(slice(message, &(last.body.end..part.body.end)));
                contents.push(Cow::Borrowed(after));
                Cow::Borrowed(without_last_line(slice(message, &(part.body.start..first.header.start))))
            }
            _ => leaf(message, part, left),
        };
        left = left.saturating_sub(content.len());
        contents.push(content);
        if left == 0 {
            break;
        }
    }
    contents
}

fn slice<'m>(message: &'m [u8], range: &Range<usize>) -> &'m [u8] {
    message.get(range.clone()).unwrap_or_default()
}

/// Whether a part is of a type as `:content` writes it: all, a main type, or a whole type (RFC 5173
/// section 5.2). With a slash at an end, or more than one, it is none.
fn is_type(part: &Part, wanted: &[u8]) -> bool {
    let (main, sub) = (part.content_type.main.as_bytes(), part.content_type.sub.as_bytes());
    if wanted.is_empty() {
        return true;
    }
    let mut pieces = wanted.split(|&octet| octet == b'/');
    let fits = |wanted: &[u8], written: &[u8]| !wanted.is_empty() && wanted.eq_ignore_ascii_case(written);
    pieces.next().is_some_and(|wanted| fits(wanted, main))
        && pieces.next().is_none_or(|wanted| fits(wanted, sub))
        && pieces.next().is_none()
}

fn leaf<'m>(message: &'m [u8], part: &Part, limit: usize) -> Cow<'m, [u8]> {
    let octets = part.encoding.decode(slice(message, &part.body), limit);
    if part.content_type.main != "text" {
        return octets;
    }
    match part.content_type.charset.as_deref().and_then(|name| charset::decode(name, &octets)) {
        Some(text) => Cow::Owned(text.into_bytes()),
        None => octets,
    }
}

/// What stands before the delimiter line with which `octets` end.
fn without_last_line(octets: &[u8]) -> &[u8] {
    let content = octets.strip_suffix(b"\n").unwrap_or(octets);
    let start = content.iter().rposition(|&octet| octet == b'\n').map_or(0, |at| at + 1);
    octets.get(..start).unwrap_or_default()
}

/// What follows the delimiter line with which `octets` begin, perhaps after a line ending.
fn after_delimiter(octets: &[u8]) -> &[u8] {
    let mut rest = octets;
    while let Some((line, after)) = take_line(rest) {
        rest = after;
        if !is_empty_line(line) {
            break;
        }
    }
    rest
}
