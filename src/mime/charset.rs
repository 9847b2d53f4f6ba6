//! From octets and a charset name to Unicode.
//!
//! UTF-8 is ours; the single-octet charsets, UTF-7 and UTF-16 are mail-parser's tables. The
//! East Asian multi-octet charsets are not decoded yet: [`decode`] answers `None` for them, as for
//! any unknown name, and the caller keeps what it has.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Charset names whose decoder is present in mail-parser by name only (it would answer UTF-8
/// replacement characters). Compared by prefix after lower-casing and `-` → `_`.
const NOT_DECODED: &[&str] = &[
    "gb",
    "csgb",
    "x_gbk",
    "chinese",
    "csiso58",
    "iso_ir_58",
    "ms936",
    "windows_936",
    "hz",
    "big5",
    "cn_",
    "csbig5",
    "x_x_big5",
    "euc",
    "cseuc",
    "x_euc",
    "extended_unix",
    "shift",
    "sjis",
    "x_sjis",
    "csshift",
    "ms932",
    "ms_kanji",
    "windows_31j",
    "iso_2022",
    "csiso2022",
    "ks_c",
    "ksc",
    "csksc",
    "korean",
    "iso_ir_149",
    "windows_949",
    "replacement",
    "x_mac_cyrillic",
    "x_mac_ukrainian",
    "x_user_defined",
];

/// Decodes `octets`; octets that have no meaning in the charset become U+FFFD.
///
/// `None` when the charset is not known. Names are compared without regard to ASCII case; a
/// language suffix (RFC 2231 section 5) must have been removed.
pub fn decode(charset: &str, octets: &[u8]) -> Option<String> {
    if charset.is_empty() || charset.len() > 40 {
        return None;
    }
    let mut name = charset.to_ascii_lowercase();
    if matches!(name.as_str(), "utf-8" | "utf8" | "unicode-1-1-utf-8") {
        return Some(String::from_utf8_lossy(octets).into_owned());
    }
    name = name.replace('-', "_");
    if NOT_DECODED.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    charset_decoder(name.as_bytes()).map(|decoder| decoder(octets))
}

/// Whether [`decode`] knows this charset.
pub fn is_known(charset: &str) -> bool {
    decode(charset, b"").is_some()
}

/// Text for octets whose charset nobody named: UTF-8 where they are valid UTF-8, else
/// windows-1252, which has a character for nearly every octet and agrees with ISO-8859-1.
pub fn guess(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(decode("windows-1252", octets).unwrap_or_else(|| latin1(octets))),
    }
}

/// The octets as a string that loses nothing: UTF-8 where they are valid UTF-8, else one
/// character per octet (ISO-8859-1). For raw header text, which IMAP sends as octets.
pub fn raw(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => latin1(octets),
    }
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|&octet| char::from(octet)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn western_charsets_and_utf8_decode() {
        assert_eq!(decode("UTF-8", "grüß".as_bytes()).as_deref(), Some("grüß"));
        assert_eq!(decode("us-ascii", b"plain").as_deref(), Some("plain"));
        assert_eq!(decode("ISO-8859-1", b"gr\xfc\xdf").as_deref(), Some("grüß"));
        assert_eq!(decode("iso-8859-15", b"\xa4").as_deref(), Some("€"));
        assert_eq!(decode("windows-1252", b"\x80").as_deref(), Some("€"));
        assert_eq!(decode("koi8-r", b"\xf0").as_deref(), Some("П"));
    }

    #[test]
    fn unknown_and_undecoded_charsets_say_so() {
        for name in ["", "x-nobody", "gb2312", "Big5", "ISO-2022-JP", "shift_jis", "euc-kr", &"a".repeat(99)]
        {
            assert_eq!(decode(name, b"\xb0\xa1"), None, "{name}");
        }
    }

    #[test]
    fn octets_without_a_charset_are_utf8_or_western() {
        assert_eq!(guess("ß".as_bytes()), "ß");
        assert_eq!(guess(b"\x80\xdf"), "€ß");
        assert_eq!(raw(b"\xff\x80"), "\u{ff}\u{80}");
    }
}
