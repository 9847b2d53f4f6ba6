//! Searchable text: what body searches compare, decoded once and folded.

use super::charset;
use super::encoded_word::decode_header_text;
use super::header::fields;
use super::html;
use super::part::{Kind, Part};
use crate::platform;

/// The most searchable text kept of one message, in octets of UTF-8.
pub const MAX_TEXT: usize = 1 << 20;

/// The most content of one part that is decoded, in octets.
const MAX_DECODED: usize = 4 << 20;

/// Folds text for comparison: NFKC, full case folding (`ß` = `ss`, any sigma), characters that
/// show nothing left out, every run of white space one blank. Needles must be folded with this
/// function too.
pub fn fold(text: &str) -> String {
    let mut folded = Folded::default();
    folded.push(text);
    folded.text
}

/// Text that is folded as it grows, at most [`MAX_TEXT`] octets of it.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    text: String,
    full: bool,
}

impl Folded {
    /// Appends folded text.
    #[cfg_attr(own_std, optimize(speed))]
    fn push(&mut self, text: &str) {
        if text.is_ascii() {
            self.push_characters(text);
        } else {
            // First, for they keep what stands around them from composing.
            let visible: String = text.chars().filter(|character| !is_invisible(*character)).collect();
            self.push_characters(&platform::fold_case(&visible));
        }
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn push_characters(&mut self, text: &str) {
        self.text.reserve(text.len().min(MAX_TEXT));
        for character in text.chars() {
            if self.text.len() >= MAX_TEXT {
                self.full = true;
                return;
            }
            match character {
                'A'..='Z' => self.text.push(character.to_ascii_lowercase()),
                'ς' => self.text.push('σ'),
                '!'..='~' => self.text.push(character),
                _ if character.is_whitespace() => {
                    if self.text.as_bytes().last() != Some(&b' ') {
                        self.text.push(' ');
                    }
                }
                _ => self.text.push(character),
            }
        }
    }

    /// Appends a part of its own: a line feed keeps a needle, which has none, from matching
    /// across parts.
    pub(crate) fn push_part(&mut self, text: &str) {
        if self.full {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.push(text.trim());
        self.text.truncate(self.text.trim_end().len());
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// Characters that say how to break, join or vary others. Mail is full of them, and nobody types
/// them into a search.
#[cfg_attr(own_std, optimize(speed))]
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// The text of a leaf part as a reader sees it; `None` when it is not text.
pub fn part_text(message: &[u8], part: &Part) -> Option<String> {
    if part.kind != Kind::Leaf || part.content_type.main != "text" {
        return None;
    }
    let body = message.get(part.body.clone())?;
    let octets = part.encoding.decode(body, MAX_DECODED);
    let is_html = part.content_type.sub == "html";
    let text = to_unicode(part.content_type.charset.as_deref(), is_html, &octets);
    Some(if is_html { html::to_text(&text) } else { text })
}

/// The text of octets whose part names this charset, or none; HTML may name one itself.
///
/// Octets in a charset that nobody knows are read as those without one, so that their ASCII stays
/// readable.
pub(crate) fn to_unicode(charset: Option<&str>, is_html: bool, octets: &[u8]) -> String {
    let own = if charset.is_none() && is_html { html::meta_charset(octets) } else { None };
    match own.as_deref().or(charset) {
        // What claims to be ASCII and is not, is what its sender's system uses.
        None | Some("" | "us-ascii" | "US-ASCII") => charset::guess(octets).into_owned(),
        Some(name) => charset::decode(name, octets).unwrap_or_else(|| charset::guess(octets).into_owned()),
    }
}

/// The header of a message inside a message as text, one decoded field a line.
pub(crate) fn header_text(message: &[u8], part: &Part) -> String {
    let mut text = String::new();
    for field in fields(message.get(part.header.clone()).unwrap_or_default()) {
        if text.len() >= MAX_TEXT {
            break;
        }
        text.push_str(&charset::guess(field.name));
        text.push_str(": ");
        text.push_str(&decode_header_text(field.value));
        text.push(' ');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s148_folding_is_unicode_and_collapses_white_space() {
        assert_eq!(fold("Hello,\r\n\t WÖRLD\u{a0}É"), "hello, wörld é");
        assert_eq!(fold(" a "), " a ");
    }

    #[test]
    fn parts_are_kept_apart_and_the_whole_is_capped() {
        let mut folded = Folded::default();
        folded.push_part(" A\n");
        folded.push_part("");
        folded.push_part("B ");
        assert_eq!(folded.into_text(), "a\nb");
        let mut folded = Folded::default();
        folded.push_part(&"ß".repeat(MAX_TEXT));
        folded.push_part("x");
        assert!(folded.is_full() && folded.into_text().len() <= MAX_TEXT + 4);
    }
}
