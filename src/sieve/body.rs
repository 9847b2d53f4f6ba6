//! What a `body` test looks at (RFC 5173 section 5): the body as it stands, the decoded content of
//! parts by type, or the text a reader sees.

use std::borrow::Cow;

use super::limits::MAX_BODY;
use crate::mime::charset;
use crate::mime::header::{is_empty_line, take_line};
use crate::mime::part::{Kind, Part};
use crate::mime::text::part_text;

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
    let mut left = MAX_BODY;
    let mut contents = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if !types.iter().any(|wanted| is_type(part, wanted)) {
            continue;
        }
        let mut inner = parts.iter().filter(|inner| inner.parent == Some(index));
        match part.kind {
            Kind::Leaf => contents.push(leaf(message, part, left)),
            Kind::Message => {
                let header = inner.next().and_then(|inner| message.get(inner.header.clone()));
                contents.push(Cow::Borrowed(header.unwrap_or_default()));
            }
            Kind::Multipart => {
                let first = inner.next().map_or(part.body.end, |inner| inner.header.start);
                let last = inner.next_back().map_or_else(
                    || {
                        parts
                            .iter()
                            .find(|inner| inner.parent == Some(index))
                            .map_or(first, |part| part.body.end)
                    },
                    |inner| inner.body.end,
                );
                let before = message.get(part.body.start..first).unwrap_or_default();
                let after = message.get(last..part.body.end).unwrap_or_default();
                contents.push(Cow::Borrowed(without_last_line(before)));
                contents.push(Cow::Borrowed(after_delimiter(after)));
            }
        }
        left = left.saturating_sub(contents.last().map_or(0, |content| content.len()));
        if left == 0 {
            break;
        }
    }
    contents
}

/// Whether a part is of a type as `:content` writes it: all, a main type, or a whole type (RFC 5173
/// section 5.2).
fn is_type(part: &Part, wanted: &[u8]) -> bool {
    let (main, sub) = (part.content_type.main.as_bytes(), part.content_type.sub.as_bytes());
    if wanted.is_empty() {
        return true;
    }
    let mut pieces = wanted.splitn(2, |&octet| octet == b'/');
    let wanted_main = pieces.next().unwrap_or_default();
    let sub_fits = pieces.next().is_none_or(|wanted| !wanted.is_empty() && wanted.eq_ignore_ascii_case(sub));
    wanted_main.eq_ignore_ascii_case(main) && sub_fits
}

fn leaf<'m>(message: &'m [u8], part: &Part, limit: usize) -> Cow<'m, [u8]> {
    let octets = part.encoding.decode(message.get(part.body.clone()).unwrap_or_default(), limit);
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
