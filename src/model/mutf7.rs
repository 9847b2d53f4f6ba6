//! Modified UTF-7, the spelling of mailbox names on an IMAP4rev1 wire
//! (RFC 3501 section 5.1.3). Not here: which names are allowed (`name.rs`).

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};

use super::{Error, Result};

/// Unpadded, and strict about the bits left over in the last character.
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::IMAP_MUTF7, STRICT);
const STRICT: GeneralPurposeConfig = general_purpose::NO_PAD;

/// A character that stands for itself (`&` does too, but is spelled `&-`).
fn is_literal(code: u32) -> bool {
    (0x20..=0x7e).contains(&code)
}

/// Spells any text in modified UTF-7. The result is printable ASCII, and
/// [`decode_mutf7`] gives the text back (semantics 28).
pub fn encode_mutf7(text: &str) -> String {
    let mut wire = String::with_capacity(text.len());
    let mut shifted: Vec<u8> = Vec::new();
    for character in text.chars() {
        if is_literal(character.into()) {
            flush(&mut shifted, &mut wire);
            wire.push(character);
            if character == '&' {
                wire.push('-');
            }
        } else {
            let mut units = [0; 2];
            shifted.extend(character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut shifted, &mut wire);
    wire
}

fn flush(shifted: &mut Vec<u8>, wire: &mut String) {
    if !shifted.is_empty() {
        wire.push('&');
        BASE64.encode_string(&shifted, wire);
        wire.push('-');
        shifted.clear();
    }
}

/// Reads modified UTF-7, in time linear in its length (semantics 29).
///
/// Fails with `INVALID_ARGUMENT`, naming the octet, on everything that
/// [`encode_mutf7`] never writes: raw octets outside printable ASCII, a shift
/// without its `-`, bad base64, bits left over that are not zero, halves of
/// surrogate pairs, and the two that RFC 3501 forbids although they could be
/// understood: printable ASCII in base64, and a shift right after a shift. So
/// every name has one spelling, and a `/` or `*` cannot hide in base64.
pub fn decode_mutf7(wire: &[u8]) -> Result<String> {
    let mut text = String::with_capacity(wire.len());
    let mut rest = wire;
    let mut after_shift = false;
    while let Some((&octet, following)) = rest.split_first() {
        let at = wire.len() - rest.len();
        if octet != b'&' {
            if !is_literal(octet.into()) {
                return Err(malformed(at, "an octet that is not printable ASCII"));
            }
            text.push(char::from(octet));
            rest = following;
            after_shift = false;
            continue;
        }
        let mut parts = following.splitn(2, |&octet| octet == b'-');
        let (Some(shifted), Some(following)) = (parts.next(), parts.next()) else {
            return Err(malformed(at, "a shift that does not end"));
        };
        rest = following;
        if shifted.is_empty() {
            text.push('&');
            after_shift = false;
            continue;
        }
        if after_shift {
            return Err(malformed(at, "a shift right after a shift"));
        }
        unshift(shifted, at, &mut text)?;
        after_shift = true;
    }
    Ok(text)
}

/// Appends what the base64 of one shift, begun by the `&` at octet `at`, says.
fn unshift(shifted: &[u8], at: usize, text: &mut String) -> Result<()> {
    let octets = BASE64
        .decode(shifted)
        .map_err(|error| malformed(at, "a shift with bad base64").with_cause(error.to_string()))?;
    let mut pairs = octets.chunks_exact(2);
    let units: Vec<u16> =
        pairs.by_ref().filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes)).collect();
    if !pairs.remainder().is_empty() {
        return Err(malformed(at, "a shift with half a character"));
    }
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) if is_literal(character.into()) => {
                return Err(malformed(at, "a shift with printable ASCII"));
            }
            Ok(character) => text.push(character),
            Err(_) => return Err(malformed(at, "a shift with half a surrogate pair")),
        }
    }
    Ok(())
}

fn malformed(at: usize, what: &str) -> Error {
    Error::invalid(format!("malformed modified UTF-7: {what} at octet {at}"))
}

#[cfg(test)]
mod tests {
    use super::super::ErrorCode;
    use super::*;

    #[test]
    fn s28_names_round_trip() {
        for (text, wire) in [
            ("", ""),
            ("INBOX", "INBOX"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Hi Mom ☺!", "Hi Mom &Jjo-!"),
            ("&", "&-"),
            ("a&&b", "a&-&-b"),
            ("&é&", "&-&AOk-&-"),
            ("\t\r\n", "&AAkADQAK-"),
            ("\u{7f}", "&AH8-"),
            ("😀", "&2D3eAA-"),
            ("\u{10ffff}x", "&2,,f,w-x"),
        ] {
            assert_eq!(encode_mutf7(text), wire);
            assert_eq!(decode_mutf7(wire.as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn s29_malformed_text_is_refused_with_its_position() {
        for (wire, at, what) in [
            (&b"ab&AGE"[..], 2, "does not end"),
            (b"&", 0, "does not end"),
            (b"x&-&", 3, "does not end"),
            (b"&!!!-", 0, "bad base64"),
            (b"&A-", 0, "bad base64"),
            (b"&AOk=-", 0, "bad base64"),
            (b"&AO/-", 0, "bad base64"),
            (b"a&AOl-", 1, "bad base64"),
            (b"&AOkA-", 0, "half a character"),
            (b"&AA-", 0, "half a character"),
            (b"&2D0-", 0, "surrogate"),
            (b"&3gA-", 0, "surrogate"),
            (b"&3gDYPQ-", 0, "surrogate"),
            (b"&AGE-", 0, "printable ASCII"),
            (b"x&AC8-", 1, "printable ASCII"),
            (b"&ACY-", 0, "printable ASCII"),
            (b"&U,BTFw-&ZeVnLIqe-", 8, "right after a shift"),
            (b"a\xe9", 1, "not printable"),
            (b"\tx", 0, "not printable"),
            (b"x\x7f", 1, "not printable"),
        ] {
            let name = String::from_utf8_lossy(wire);
            let error = decode_mutf7(wire).expect_err(&name);
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{name}");
            assert!(error.message().contains(what), "{name}: {error}");
            assert!(error.message().ends_with(&format!("octet {at}")), "{name}: {error}");
        }
    }

    #[test]
    fn s29_a_long_text_of_shift_marks_is_read_once() {
        assert_eq!(decode_mutf7(&b"&-".repeat(500_000)).unwrap().len(), 500_000);
        // Each '&' but the first is inside the first shift: one search for '-' suffices.
        assert!(decode_mutf7(&b"&".repeat(1_000_000)).is_err());
    }
}
