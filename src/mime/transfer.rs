//! Content transfer encodings (RFC 2045 section 6), decoded leniently.
//!
//! Output is never longer than the input; broken input loses only its broken octets. The strict
//! reading that BINARY needs (unknown encodings are an error) is `section`'s.

use std::borrow::Cow;

/// The longest run of blanks after the `=` of a soft line break.
const MAX_PADDING: usize = 80;

/// How a part's octets are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// 7bit, 8bit, binary, or no field: the octets are the content.
    #[default]
    Identity,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
    /// A name nobody knows: the octets are kept as they are.
    Unknown,
}

impl Encoding {
    /// Reads the value of a Content-Transfer-Encoding field; comments and parameters that do not
    /// belong there are ignored.
    pub fn parse(value: &[u8]) -> Encoding {
        let name = encoding_name(value);
        if name.eq_ignore_ascii_case(b"base64") {
            Encoding::Base64
        } else if name.eq_ignore_ascii_case(b"quoted-printable") {
            Encoding::QuotedPrintable
        } else if [&b""[..], b"7bit", b"8bit", b"binary"].iter().any(|known| name.eq_ignore_ascii_case(known))
        {
            Encoding::Identity
        } else {
            Encoding::Unknown
        }
    }

    /// The content of a part, at most about `limit` octets of it.
    pub fn decode(self, octets: &[u8], limit: usize) -> Cow<'_, [u8]> {
        match self {
            Encoding::Identity | Encoding::Unknown => Cow::Borrowed(octets.get(..limit).unwrap_or(octets)),
            Encoding::Base64 => Cow::Owned(base64(octets, limit)),
            Encoding::QuotedPrintable => Cow::Owned(quoted_printable(octets, limit)),
        }
    }
}

/// The name in a Content-Transfer-Encoding value, as it is spelled.
pub(crate) fn encoding_name(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii_start();
    let end = value.iter().position(|&octet| octet.is_ascii_whitespace() || octet == b';' || octet == b'(');
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}

/// Decodes base64, ignoring every octet outside the alphabet; stops at padding that ends the data.
pub(crate) fn base64(octets: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity((octets.len() / 4 * 3 + 3).min(limit.saturating_add(3)));
    let mut group = Group::default();
    group.push(octets, &mut decoded, limit);
    group.flush(&mut decoded);
    decoded
}

/// The base64 digits that do not make three octets yet.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    bits: u32,
    count: u8,
}

impl Group {
    #[cfg_attr(own_std, optimize(speed))]
    fn push(&mut self, octets: &[u8], decoded: &mut Vec<u8>, limit: usize) {
        for &octet in octets {
            let Some(value) = base64_value(octet) else {
                if octet == b'=' {
                    self.flush(decoded);
                }
                continue;
            };
            self.bits = (self.bits << 6) | u32::from(value);
            self.count += 1;
            if self.count == 4 {
                let [_, a, b, c] = self.bits.to_be_bytes();
                decoded.extend_from_slice(&[a, b, c]);
                *self = Group::default();
                if decoded.len() >= limit {
                    return;
                }
            }
        }
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn flush(&mut self, decoded: &mut Vec<u8>) {
        let bits = self.bits;
        match self.count {
            2 => decoded.push((bits >> 4) as u8),
            3 => decoded.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
            _ => {}
        }
        *self = Group::default();
    }
}

#[cfg_attr(own_std, optimize(speed))]
pub(crate) fn base64_value(octet: u8) -> Option<u8> {
    match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg_attr(own_std, optimize(speed))]
fn quoted_printable(octets: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len().min(limit.saturating_add(1)));
    push_quoted_printable(octets, &mut decoded, limit, true);
    decoded
}

/// Appends what `octets` mean, and returns those at their end whose meaning depends on what
/// follows; none if these are the last.
#[cfg_attr(own_std, optimize(speed))]
fn push_quoted_printable<'a>(octets: &'a [u8], decoded: &mut Vec<u8>, limit: usize, last: bool) -> &'a [u8] {
    let mut rest = octets;
    while let Some((&octet, after)) = rest.split_first() {
        if decoded.len() >= limit {
            break;
        }
        if octet == b'=' && !last && is_undecided(after) {
            return rest;
        }
        rest = after;
        if octet != b'=' {
            decoded.push(octet);
            continue;
        }
        if let Some((value, after)) = hex_pair(after) {
            decoded.push(value);
            rest = after;
        } else if let Some(after) = soft_break(after) {
            rest = after;
        } else {
            decoded.push(octet);
        }
    }
    &[]
}

/// The octet that two hexadecimal digits (either case) stand for, and what follows them.
pub(crate) fn hex_pair(octets: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = octets else { return None };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    Some(((high * 16 + low) as u8, rest))
}

/// What follows a soft line break whose `=` is already consumed. A line may carry transport
/// padding after the `=`; its length is bounded so that runs of `= = =` stay linear.
fn soft_break(octets: &[u8]) -> Option<&[u8]> {
    match octets.get(padding(octets)..)? {
        [] | [b'\r'] => Some(&[]),
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        _ => None,
    }
}

fn padding(octets: &[u8]) -> usize {
    octets.iter().take(MAX_PADDING).take_while(|octet| matches!(octet, b' ' | b'\t')).count()
}

/// Whether more octets could change what the `=` before these means.
fn is_undecided(octets: &[u8]) -> bool {
    match octets {
        [] => true,
        [digit] if digit.is_ascii_hexdigit() => true,
        _ => matches!(octets.get(padding(octets)..), Some([] | [b'\r'])),
    }
}

/// Decodes a content that comes in pieces, to what [`Encoding::decode`] makes of the whole.
///
/// Holds some eighty octets between two pieces. An unknown encoding is passed through; who must
/// refuse it looks at the [`Encoding`].
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    group: Group,
    undecided: Vec<u8>,
}

impl Decoder {
    /// A decoder at the start of a content.
    pub fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, group: Group::default(), undecided: Vec::new() }
    }

    /// Takes the next octets, and returns those of the content that are now certain.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn push(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        match self.encoding {
            Encoding::Identity | Encoding::Unknown => decoded.extend_from_slice(octets),
            Encoding::Base64 => {
                decoded.reserve(octets.len() / 4 * 3 + 3);
                self.group.push(octets, &mut decoded, usize::MAX);
            }
            Encoding::QuotedPrintable => {
                let mut joined = std::mem::take(&mut self.undecided);
                let octets = if joined.is_empty() {
                    octets
                } else {
                    joined.extend_from_slice(octets);
                    joined.as_slice()
                };
                decoded.reserve(octets.len());
                self.undecided = push_quoted_printable(octets, &mut decoded, usize::MAX, false).to_vec();
            }
        }
        decoded
    }

    /// The rest of the content.
    pub fn finish(mut self) -> Vec<u8> {
        let mut decoded = Vec::new();
        self.group.flush(&mut decoded);
        push_quoted_printable(&self.undecided, &mut decoded, usize::MAX, true);
        decoded
    }

    /// How many octets a content has, counted without keeping them.
    pub fn count(encoding: Encoding, octets: &[u8]) -> usize {
        if matches!(encoding, Encoding::Identity | Encoding::Unknown) {
            return octets.len();
        }
        let mut decoder = Decoder::new(encoding);
        let counted: usize = octets.chunks(1 << 16).map(|piece| decoder.push(piece).len()).sum();
        counted + decoder.finish().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(encoding: Encoding, octets: &str) -> String {
        String::from_utf8(encoding.decode(octets.as_bytes(), 1000).into_owned()).unwrap()
    }

    #[test]
    fn s177_broken_base64_loses_only_what_is_broken() {
        assert_eq!(text(Encoding::Base64, "aGVs\r\nbG8="), "hello");
        assert_eq!(text(Encoding::Base64, "aGVsbG8"), "hello");
        assert_eq!(text(Encoding::Base64, "aG!Vs bG8==="), "hello");
        assert_eq!(text(Encoding::Base64, "aGk=aGk="), "hihi");
        assert_eq!(text(Encoding::Base64, "a"), "");
        assert_eq!(Encoding::Base64.decode(&b"aGVs".repeat(100), 30).len(), 30);
    }

    #[test]
    fn s177_broken_quoted_printable_stays_as_it_stands() {
        assert_eq!(text(Encoding::QuotedPrintable, "a=3D=3db= \t\r\nc=\nd"), "a==bcd");
        assert_eq!(text(Encoding::QuotedPrintable, "=XY=4=="), "=XY=4=");
        assert_eq!(text(Encoding::QuotedPrintable, "= x"), "= x");
    }

    #[test]
    fn a_content_in_pieces_decodes_to_the_same() {
        for octets in
            ["aGVs\r\nbG8=", "aGk=aGk=", "a=3D=3db= \t\r\nc=\nd=", "=XY=4==", "= \r", "=4", "=\r\rx", "x= "]
        {
            for encoding in
                [Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable, Encoding::Unknown]
            {
                let whole = encoding.decode(octets.as_bytes(), usize::MAX).into_owned();
                for size in 1..=octets.len() {
                    let mut decoder = Decoder::new(encoding);
                    let mut pieces: Vec<u8> =
                        octets.as_bytes().chunks(size).flat_map(|piece| decoder.push(piece)).collect();
                    pieces.extend(decoder.finish());
                    assert_eq!(pieces, whole, "{octets:?} in pieces of {size}");
                }
                assert_eq!(Decoder::count(encoding, octets.as_bytes()), whole.len());
            }
        }
        let mut decoder = Decoder::new(Encoding::QuotedPrintable);
        let blanks = [b"=".as_slice(), &b" ".repeat(200), b"\n"].concat();
        let pieces: Vec<u8> = blanks.chunks(1).flat_map(|piece| decoder.push(piece)).collect();
        assert_eq!(
            [pieces, decoder.finish()].concat(),
            Encoding::QuotedPrintable.decode(&blanks, usize::MAX).into_owned()
        );
    }

    #[test]
    fn encoding_names_are_read_leniently() {
        assert_eq!(Encoding::parse(b" BASE64 (c)\r\n"), Encoding::Base64);
        assert_eq!(Encoding::parse(b"Quoted-Printable;"), Encoding::QuotedPrintable);
        assert_eq!(Encoding::parse(b" 8Bit"), Encoding::Identity);
        assert_eq!(Encoding::parse(b""), Encoding::Identity);
        assert_eq!(Encoding::parse(b"x-uuencode"), Encoding::Unknown);
    }
}
