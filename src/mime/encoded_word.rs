//! Encoded words in header text (RFC 2047, with the language suffix of RFC 2231 section 5).
//!
//! Lenient where mail in the wild is: words are decoded inside other text and inside quoted
//! strings, and characters split across neighbouring words of one charset are joined.

use super::charset;
use super::header::unfold;
use super::transfer::{base64, base64_value, hex_pair};

/// The longest charset name (with its language) that is looked at.
const MAX_CHARSET: usize = 64;

/// The text of a raw header value: unfolded, its octets read as UTF-8 (or windows-1252 where they
/// are not), encoded words decoded, outer blanks removed. Inner runs of blanks stay.
pub fn decode_header_text(value: &[u8]) -> String {
    decode_encoded_words(&charset::guess(&unfold(value)))
}

/// Decodes the encoded words in `text`; everything else stays as it is.
///
/// White space between two encoded words is dropped (RFC 2047 section 6.2). A word with an
/// unknown charset, an unknown encoding or broken base64 is left as it stands.
pub fn decode_encoded_words(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut rest = text;
    while let Some((before, from_word)) = find_word_start(rest) {
        let Some(word) = Word::parse(from_word) else {
            // Only the two characters of the marker are passed over: what follows may hold a word.
            let passed = before.len() + 2;
            flush(&mut decoded, &mut pending);
            let (skipped, after) = rest.split_at_checked(passed).unwrap_or((rest, ""));
            decoded.push_str(skipped);
            rest = after;
            continue;
        };
        let adjacent = before.chars().all(char::is_whitespace);
        match &mut pending {
            Some((charset, octets)) if adjacent && charset.eq_ignore_ascii_case(word.charset) => {
                octets.extend_from_slice(&word.octets);
            }
            _ => {
                let follows_word = pending.is_some();
                flush(&mut decoded, &mut pending);
                if !(follows_word && adjacent) {
                    decoded.push_str(before);
                }
                pending = Some((word.charset, word.octets));
            }
        }
        rest = word.rest;
    }
    flush(&mut decoded, &mut pending);
    decoded.push_str(rest);
    decoded
}

fn find_word_start(text: &str) -> Option<(&str, &str)> {
    text.find("=?").and_then(|at| text.split_at_checked(at))
}

fn flush(decoded: &mut String, pending: &mut Option<(&str, Vec<u8>)>) {
    if let Some((name, octets)) = pending.take() {
        decoded.push_str(&charset::decode(name, &octets).unwrap_or_default());
    }
}

struct Word<'a> {
    charset: &'a str,
    octets: Vec<u8>,
    rest: &'a str,
}

impl<'a> Word<'a> {
    /// Parses `=?charset?encoding?text?=` at the start of `text`. The scan never passes the third
    /// question mark, so that failing words cost no more than their own length.
    fn parse(text: &'a str) -> Option<Word<'a>> {
        let text = text.strip_prefix("=?")?;
        let end = text.bytes().take(MAX_CHARSET).position(|octet| octet == b'?')?;
        let (charset, text) = text.split_at_checked(end)?;
        let charset = charset.split('*').next().unwrap_or(charset);
        if !charset::is_known(charset) {
            return None;
        }
        let text = text.strip_prefix('?')?;
        let mut characters = text.chars();
        let encoding = characters.next()?;
        let text = characters.as_str().strip_prefix('?')?;
        let (content, rest) = split_content(text)?;
        let octets = match encoding {
            'q' | 'Q' => decode_q(content),
            'b' | 'B' => decode_b(content)?,
            _ => return None,
        };
        Some(Word { charset, octets, rest })
    }
}

fn split_content(text: &str) -> Option<(&str, &str)> {
    let end = text.find('?')?;
    let (content, rest) = text.split_at_checked(end)?;
    Some((content, rest.strip_prefix("?=")?))
}

fn decode_q(content: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(content.len());
    let mut rest = content.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'_' => decoded.push(b' '),
            b'=' => match hex_pair(after) {
                Some((value, after)) => {
                    decoded.push(value);
                    rest = after;
                }
                None => decoded.push(octet),
            },
            _ => decoded.push(octet),
        }
    }
    decoded
}

fn decode_b(content: &str) -> Option<Vec<u8>> {
    let clean = |octet: u8| base64_value(octet).is_some() || matches!(octet, b'=' | b' ' | b'\t');
    content.bytes().all(clean).then(|| base64(content.as_bytes(), usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_2047_section_8_examples() {
        for (text, expected) in [
            ("(=?ISO-8859-1?Q?a?=)", "(a)"),
            ("=?ISO-8859-1?Q?a?= b", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a?=   =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
            (
                "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\t=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                "If you can read this you understand the example.",
            ),
            ("Keld =?iso-8859-1?q?J=F8rn?= x", "Keld Jørn x"),
        ] {
            assert_eq!(decode_encoded_words(text), expected);
        }
    }

    #[test]
    fn a_character_split_across_words_is_joined() {
        assert_eq!(decode_encoded_words("=?utf-8?q?=C3?= =?UTF-8?Q?=9F?="), "ß");
        assert_eq!(decode_encoded_words("=?utf-8*de?b?w58=?="), "ß");
        assert_eq!(decode_encoded_words("H=?ISO-8859-1?B?9g==?=hn"), "Höhn");
        assert_eq!(decode_encoded_words("=?gb2312?B?xOM=?= =?GB2312?B?usM=?="), "你好");
    }

    #[test]
    fn s64_bad_encoded_words_stay_as_they_stand() {
        for text in [
            "=?",
            "=?=",
            "=??=",
            "=?a?=?=",
            "=?utf-8?",
            "=?utf-8?q",
            "=?utf-8?q?",
            "=?utf-8?q?x",
            "=?utf-8?q?x?",
            "=?utf-8?x?y?=",
            "=?x-nobody?q?y?=",
            "=?iso-2022-kr?B?sKE=?=",
            "=?utf-8?b?!!?=",
            "=?utf-8?qq?x?=",
        ] {
            assert_eq!(decode_encoded_words(text), text);
        }
        assert_eq!(decode_encoded_words("=?x?q?=?utf-8?q?a?="), "=?x?q?a");
        assert_eq!(decode_encoded_words("=?iso-2022-kr?B?sKE=?= =?utf-8?q?a?="), "=?iso-2022-kr?B?sKE=?= a");
        assert_eq!(decode_encoded_words("=?utf-8?q?=X?="), "=X");
        assert_eq!(decode_encoded_words("=?utf-8?q?=FF?="), "\u{fffd}");
    }

    #[test]
    fn header_text_is_unfolded_and_eight_bit_tolerant() {
        assert_eq!(decode_header_text(b" a\r\n  b "), "a  b");
        assert_eq!(decode_header_text("grüß".as_bytes()), "grüß");
        assert_eq!(decode_header_text(b"gr\xfc\xdf"), "grüß");
    }
}
