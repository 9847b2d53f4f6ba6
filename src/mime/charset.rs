//! From octets and a charset name to Unicode.
//!
//! UTF-8 and what is nearly ASCII are read here, and UTF-7, which browsers have given up; every
//! other charset is the platform's, by the names of the WHATWG Encoding Standard.

use std::borrow::Cow;

use super::transfer::base64_value;
use crate::platform;

/// Names that mail uses and the Encoding Standard does not have.
const ALIASES: &[(&str, &str)] = &[
    ("ansi_x3.4-1986", "us-ascii"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("euc-cn", "gbk"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("cp950", "big5"),
    ("latin-1", "iso-8859-1"),
    ("latin-9", "iso-8859-15"),
    ("latin9", "iso-8859-15"),
    ("utf-8-mac", "utf-8"),
    ("utf8mb4", "utf-8"),
];

/// The characters of windows-1252 from 0x80 to 0x9F. The Encoding Standard gives the five octets
/// without a character their C1 control.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes `octets`; octets that have no meaning in the charset become U+FFFD, and a byte order
/// mark is dropped. As in browsers, `us-ascii` and `iso-8859-1` are read as windows-1252.
///
/// `None` when the charset is not known. Names are compared without regard to ASCII case; a
/// language suffix (RFC 2231 section 5) must have been removed.
pub fn decode(charset: &str, octets: &[u8]) -> Option<String> {
    let name = canonical(charset)?;
    let mut text = match name.as_str() {
        "utf-8" | "utf8" | "unicode-1-1-utf-8" => String::from_utf8_lossy(octets).into_owned(),
        "us-ascii" | "iso-8859-1" | "windows-1252" => windows_1252(octets),
        "utf-7" | "unicode-1-1-utf-7" | "csunicode11utf7" => utf7(octets),
        "utf-16" if octets.starts_with(&[0xfe, 0xff]) => platform::decode_charset("utf-16be", octets)?,
        name => platform::decode_charset(name, octets)?,
    };
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Some(text)
}

/// The name in lower case, as the Encoding Standard has it where mail's differs.
fn canonical(charset: &str) -> Option<String> {
    let charset = charset.trim_matches([' ', '\t', '"', '\'']);
    if charset.is_empty() || charset.len() > 40 {
        return None;
    }
    let name = charset.to_ascii_lowercase();
    match ALIASES.iter().find(|(alias, _)| *alias == name) {
        Some((_, known)) => Some((*known).to_owned()),
        None => Some(name),
    }
}

/// Whether [`decode`] knows this charset.
pub fn is_known(charset: &str) -> bool {
    decode(charset, b"").is_some()
}

/// Text for octets whose charset nobody named: UTF-8 where they are valid UTF-8, else
/// windows-1252, which has a character for every octet and agrees with ISO-8859-1.
#[cfg_attr(own_std, optimize(speed))]
pub fn guess(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(windows_1252(octets)),
    }
}

/// The octets as a string that loses nothing: UTF-8 where they are valid UTF-8, else one
/// character per octet (ISO-8859-1). For raw header text, which IMAP sends as octets.
pub fn raw(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().map(|&octet| char::from(octet)).collect(),
    }
}

fn windows_1252(octets: &[u8]) -> String {
    if let Some(ascii) = std::str::from_utf8(octets).ok().filter(|text| text.is_ascii()) {
        return ascii.to_owned();
    }
    let character = |&octet: &u8| match octet {
        0x80..=0x9f => WINDOWS_1252.get(usize::from(octet - 0x80)).copied().unwrap_or(char::from(octet)),
        _ => char::from(octet),
    };
    octets.iter().map(character).collect()
}

/// UTF-7 (RFC 2152), leniently: what a shift does not say stays out.
fn utf7(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet != b'+' {
            text.push(if octet.is_ascii() { char::from(octet) } else { char::REPLACEMENT_CHARACTER });
            continue;
        }
        let length = rest.iter().take_while(|&&octet| base64_value(octet).is_some()).count();
        let (shifted, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if shifted.is_empty() {
            text.push('+');
        } else {
            unshift(shifted, &mut text);
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    text
}

fn unshift(shifted: &[u8], text: &mut String) {
    let mut units = Vec::with_capacity(shifted.len() / 2);
    let (mut bits, mut count) = (0u32, 0u32);
    for value in shifted.iter().filter_map(|&octet| base64_value(octet)) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_without_a_charset_are_utf8_or_western() {
        assert_eq!(guess("ß".as_bytes()), "ß");
        assert_eq!(guess(b"\x80\xdf"), "€ß");
        assert_eq!(guess(b"\x81"), "\u{81}");
        assert_eq!(raw(b"\xff\x80"), "\u{ff}\u{80}");
    }
}
