//! The extension "encoded-character" (RFC 5228 section 2.4.2.4): octets and characters by number.

/// Replaces `${hex:…}` and `${unicode:…}`. What only looks like one stays as it is; a number that
/// is no character is an error.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet == b'$'
            && let Some(inside) = after.strip_prefix(b"{")
            && let Some(length) = sequence(inside, &mut decoded)?
        {
            rest = inside.get(length..).unwrap_or_default();
        } else {
            decoded.push(octet);
        }
    }
    Ok(decoded)
}

/// Appends what the sequence after `${` stands for; its length, or `None` when it is none.
fn sequence(inside: &[u8], decoded: &mut Vec<u8>) -> Result<Option<usize>, &'static str> {
    let starts = |name: &str| {
        inside.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    let (prefix, unicode) = if starts("hex:") {
        (4, false)
    } else if starts("unicode:") {
        (8, true)
    } else {
        return Ok(None);
    };
    let content = inside.get(prefix..).unwrap_or_default();
    let ends = |octet: &u8| !(octet.is_ascii_hexdigit() || is_blank(*octet));
    let Some(end) = content.iter().position(ends).filter(|&end| content.get(end) == Some(&b'}')) else {
        return Ok(None);
    };
    let numbers = content.get(..end).unwrap_or_default();
    let words = || numbers.split(|&octet| is_blank(octet)).filter(|word| !word.is_empty());
    if words().next().is_none() || !unicode && words().any(|word| word.len() > 2) {
        return Ok(None);
    }
    for word in words() {
        let number = word.iter().fold(0u32, |number, &digit| {
            let digit = char::from(digit).to_digit(16).unwrap_or_default();
            number.saturating_mul(16).saturating_add(digit)
        });
        if unicode {
            let character = char::from_u32(number).ok_or("this number is no Unicode character")?;
            let mut buffer = [0; 4];
            decoded.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        } else {
            decoded.push(number as u8);
        }
    }
    Ok(Some(prefix + end + 1))
}

fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}
