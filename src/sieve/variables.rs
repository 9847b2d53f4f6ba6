//! Strings with variables in them, and the values of variables (RFC 5229).

use std::borrow::Cow;

use super::limits::{MAX_CAPTURE, MAX_STRING, MAX_VARIABLE};

/// A string of a script, cut at its variables.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(Vec<u8>),
    Variable(usize),
    Capture(usize),
}

impl Text {
    pub(crate) fn literal(octets: Vec<u8>) -> Text {
        Text(vec![Piece::Literal(octets)])
    }

    /// The octets, where no variable is in them.
    pub(crate) fn constant(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(&[]),
            [Piece::Literal(octets)] => Some(octets),
            _ => None,
        }
    }

    /// Cuts a string at its references; `slot` finds the number of a variable by its name in lower
    /// case. What is no reference by the grammar stays as it is (RFC 5229 section 3).
    pub(crate) fn parse(
        octets: &[u8],
        slot: &mut dyn FnMut(&str) -> Result<usize, String>,
    ) -> Result<Text, String> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = octets;
        while let Some((&octet, after)) = rest.split_first() {
            rest = after;
            let Some((name, length)) = (octet == b'$').then(|| reference(after)).flatten() else {
                literal.push(octet);
                continue;
            };
            let piece = if name.contains('.') {
                return Err(["no extension of the script has the variable ", &name].concat());
            } else if name.starts_with(|first: char| first.is_ascii_digit()) {
                let number = name.parse().ok().filter(|&number| number <= MAX_CAPTURE);
                Piece::Capture(number.ok_or("the highest match variable is ${99}")?)
            } else {
                Piece::Variable(slot(&name)?)
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(piece);
            rest = rest.get(length..).unwrap_or_default();
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Text(pieces))
    }
}

/// The name in `{name}` at the start of `text`, in lower case, and the length of the whole.
fn reference(text: &[u8]) -> Option<(String, usize)> {
    let inside = text.strip_prefix(b"{")?;
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'.');
    let end = inside.iter().position(|octet| !is_name(octet))?;
    if inside.get(end) != Some(&b'}') {
        return None;
    }
    let name: String = inside.iter().take(end).map(|octet| char::from(octet.to_ascii_lowercase())).collect();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    let mut parts = name.split('.');
    let first = parts.next()?;
    let wellformed =
        if name.contains('.') { is_identifier(first) } else { is_identifier(first) || number(first) };
    (wellformed && parts.all(|part| is_identifier(part) || number(part))).then_some((name, end + 2))
}

/// Whether this is an identifier (RFC 5228 section 8.1).
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.bytes().all(|octet| octet == b'_' || octet.is_ascii_alphanumeric())
}

/// The variables of a run.
#[derive(Debug)]
pub(crate) struct Variables {
    pub(crate) values: Vec<Vec<u8>>,
    /// What the last successful `:matches` found; the first is the whole value.
    pub(crate) captures: Vec<Vec<u8>>,
}

impl Variables {
    /// The string with its variables' values in it.
    pub(crate) fn expand<'t>(&self, text: &'t Text) -> Result<Cow<'t, [u8]>, &'static str> {
        if let Some(octets) = text.constant() {
            return Ok(Cow::Borrowed(octets));
        }
        let expanded = self.joined(text);
        if expanded.len() > MAX_STRING {
            return Err("a string grew too long with its variables");
        }
        Ok(Cow::Owned(expanded))
    }

    /// The same for a value of a variable, which is cut where it grows too long: that is no error
    /// (RFC 5229 section 6).
    pub(crate) fn expand_value(&self, text: &Text) -> Vec<u8> {
        let mut expanded = self.joined(text);
        truncate(&mut expanded, MAX_STRING);
        expanded
    }

    /// The pieces in a row, up to the one with which they are too long.
    fn joined(&self, text: &Text) -> Vec<u8> {
        let mut joined = Vec::new();
        for piece in &text.0 {
            let octets = match piece {
                Piece::Literal(octets) => Some(octets),
                Piece::Variable(slot) => self.values.get(*slot),
                Piece::Capture(number) => self.captures.get(*number),
            };
            joined.extend_from_slice(octets.map(Vec::as_slice).unwrap_or_default());
            if joined.len() > MAX_STRING {
                break;
            }
        }
        joined
    }

    /// Sets a variable; a longer value is cut (RFC 5229 section 6).
    pub(crate) fn set(&mut self, slot: usize, mut value: Vec<u8>) {
        truncate(&mut value, MAX_VARIABLE);
        if let Some(place) = self.values.get_mut(slot) {
            *place = value;
        }
    }
}

/// Cuts a value at the last character that fits.
fn truncate(value: &mut Vec<u8>, longest: usize) {
    if value.len() <= longest {
        return;
    }
    let begins = |&length: &usize| value.get(length).is_some_and(|octet| octet & 0xc0 != 0x80);
    let length = (longest - 3..=longest).rev().find(begins).unwrap_or(longest);
    value.truncate(length);
}

/// What `set` does to a value before it is stored (RFC 5229 section 4.1).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Modifiers {
    /// `:upper` (true) or `:lower`.
    pub(crate) case: Option<bool>,
    /// `:upperfirst` (true) or `:lowerfirst`.
    pub(crate) first_case: Option<bool>,
    pub(crate) quote: bool,
    pub(crate) length: bool,
}

impl Modifiers {
    /// Applies the modifiers in the order of their precedence. Only ASCII has a case here.
    pub(crate) fn apply(self, mut value: Vec<u8>) -> Vec<u8> {
        match self.case {
            Some(true) => value.make_ascii_uppercase(),
            Some(false) => value.make_ascii_lowercase(),
            None => {}
        }
        if let (Some(upper), Some(first)) = (self.first_case, value.first_mut()) {
            *first = if upper { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
        }
        if self.quote {
            let mut quoted = Vec::with_capacity(value.len());
            for octet in value {
                if matches!(octet, b'*' | b'?' | b'\\') {
                    quoted.push(b'\\');
                }
                quoted.push(octet);
            }
            value = quoted;
        }
        if self.length {
            let characters = value.iter().filter(|&&octet| octet & 0xc0 != 0x80).count();
            value = characters.to_string().into_bytes();
        }
        value
    }
}
