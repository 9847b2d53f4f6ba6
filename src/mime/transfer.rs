//! Content transfer encodings (RFC 2045 section 6), decoded leniently.
//!
//! Output is never longer than the input; broken input loses only its broken octets. The strict
//! reading that BINARY needs (unknown encodings are an error) is not here.

use std::borrow::Cow;

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
        let end = value
            .iter()
            .skip_while(|octet| octet.is_ascii_whitespace())
            .position(|&octet| octet.is_ascii_whitespace() || octet == b';' || octet == b'(');
        let value = value.trim_ascii_start();
        let name = end.and_then(|end| value.get(..end)).unwrap_or(value);
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

/// Decodes base64, ignoring every octet outside the alphabet; stops at padding that ends the data.
pub(crate) fn base64(octets: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity((octets.len() / 4 * 3 + 3).min(limit.saturating_add(3)));
    let (mut bits, mut count) = (0u32, 0u8);
    for &octet in octets {
        let Some(value) = base64_value(octet) else {
            if octet == b'=' {
                flush(&mut decoded, bits, count);
                (bits, count) = (0, 0);
            }
            continue;
        };
        bits = (bits << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            let [_, a, b, c] = bits.to_be_bytes();
            decoded.extend_from_slice(&[a, b, c]);
            (bits, count) = (0, 0);
            if decoded.len() >= limit {
                return decoded;
            }
        }
    }
    flush(&mut decoded, bits, count);
    decoded
}

fn flush(decoded: &mut Vec<u8>, bits: u32, count: u8) {
    match count {
        2 => decoded.push((bits >> 4) as u8),
        3 => decoded.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
}

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

fn quoted_printable(octets: &[u8], limit: usize) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len().min(limit.saturating_add(1)));
    let mut rest = octets;
    while let Some((&octet, after)) = rest.split_first() {
        if decoded.len() >= limit {
            break;
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
    decoded
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
    let padding = octets.iter().take(80).take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    match octets.get(padding..)? {
        [] | [b'\r'] => Some(&[]),
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        _ => None,
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
    fn encoding_names_are_read_leniently() {
        assert_eq!(Encoding::parse(b" BASE64 (c)\r\n"), Encoding::Base64);
        assert_eq!(Encoding::parse(b"Quoted-Printable;"), Encoding::QuotedPrintable);
        assert_eq!(Encoding::parse(b" 8Bit"), Encoding::Identity);
        assert_eq!(Encoding::parse(b""), Encoding::Identity);
        assert_eq!(Encoding::parse(b"x-uuencode"), Encoding::Unknown);
    }
}
