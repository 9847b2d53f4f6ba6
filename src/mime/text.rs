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
    fn push(&mut self, text: &str) {
        let begun = self.text.len();
        self.text.reserve(text.len().min(MAX_TEXT));
        if text.is_ascii() {
            text.as_bytes().chunks(ASCII_OCTETS).for_each(|octets| self.push_ascii(octets));
        } else if !self.push_characters(text.chars().map(folded_alone)) {
            self.text.truncate(begun);
            // First, for they keep what stands around them from composing.
            let visible: String = text.chars().filter(|character| !is_invisible(*character)).collect();
            self.push_characters(platform::fold_case(&visible).chars().map(Some));
        }
    }

    /// Appends some ASCII.
    #[cfg_attr(own_std, optimize(speed))]
    fn push_ascii(&mut self, octets: &[u8]) {
        if self.text.len() + octets.len() > MAX_TEXT {
            self.push_characters(octets.iter().map(|octet| Some(char::from(*octet))));
            return;
        }
        let mut folded = [0; ASCII_OCTETS];
        let (mut length, mut blank) = (0, self.text.as_bytes().last() == Some(&b' '));
        for octet in octets {
            let is_blank = matches!(octet, b' ' | b'\t'..=b'\r');
            if let Some(place) = folded.get_mut(length) {
                *place = if is_blank { b' ' } else { octet.to_ascii_lowercase() };
            }
            // A further blank is written over.
            length += usize::from(!(is_blank && blank));
            blank = is_blank;
        }
        self.text.push_str(
            folded.get(..length).and_then(|folded| str::from_utf8(folded).ok()).unwrap_or_default(),
        );
    }

    /// Appends characters that are folded but for ASCII, as far as there is room; whether all were there.
    #[cfg_attr(own_std, optimize(speed))]
    fn push_characters(&mut self, characters: impl Iterator<Item = Option<char>>) -> bool {
        for character in characters {
            if self.text.len() >= MAX_TEXT {
                self.full = true;
                return true;
            }
            match character {
                None => return false,
                Some(character @ 'A'..='Z') => self.text.push(character.to_ascii_lowercase()),
                Some('ς') => self.text.push('σ'),
                Some(character @ '!'..='~') => self.text.push(character),
                Some(character) if character.is_whitespace() => {
                    if self.text.as_bytes().last() != Some(&b' ') {
                        self.text.push(' ');
                    }
                }
                Some(character) => self.text.push(character),
            }
        }
        true
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

/// How many octets of ASCII are folded at a time.
const ASCII_OCTETS: usize = 256;

/// What a character folds to, where that is one character whatever stands beside it and takes no table: the
/// letters of much mail. Nothing else of them composes, for what they would compose with is not among them.
#[cfg_attr(own_std, optimize(speed))]
fn folded_alone(character: char) -> Option<char> {
    let further = |distance: u32| char::from_u32(u32::from(character) + distance);
    match character {
        '\0'..='\x7f' | 'à'..='ö' | 'ø'..='ÿ' | 'а'..='џ' | 'א'..='ת' | 'ء'..='ي' => {
            Some(character)
        }
        'À'..='Ö' | 'Ø'..='Þ' | 'А'..='Я' => further(0x20),
        'Ѐ'..='Џ' => further(0x50),
        '–' | '—' | '‘'..='„' | '€' | '、' | '。' => Some(character),
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '一'..='\u{9fff}' | '가'..='힣' => Some(character),
        _ => None,
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
    fn s148_what_folds_alone_folds_as_by_the_tables() {
        let alone: Vec<char> = ('\0'..=char::MAX)
            .filter(|character| !character.is_ascii() && folded_alone(*character).is_some())
            .collect();
        assert!(alone.len() > 30_000, "{}", alone.len());
        let by_tables = |text: &str| {
            let mut folded = Folded::default();
            folded.push_characters(platform::fold_case(text).chars().map(Some));
            folded.text
        };
        let whole: String = alone.iter().collect();
        assert_eq!(fold(&whole), by_tables(&whole));
        let mut random = crate::testing::random::Random::new(3);
        for _ in 0..2_000 {
            let text: String = (0..40).filter_map(|_| random.pick(&alone).copied()).collect();
            assert_eq!(fold(&text), by_tables(&text));
        }
        for text in
            ["Ä b\u{a0}C", "e\u{301}É", "и\u{306}Й", "가\u{11a8}", "か\u{3099}", "ΣΑΣ ß ﬁ", "A \t\u{2003}B"]
        {
            assert_eq!(fold(text), by_tables(text), "{text:?}");
        }
    }

    #[test]
    fn s148_ascii_folds_in_pieces_as_in_one() {
        for length in [0, 1, 255, 256, 257, 700] {
            for step in 1..7 {
                let text: String = (0..length)
                    .map(|n| char::from(b" \tAz\x0b~\n\x7f\r0"[(n * step + n / 3) % 10]))
                    .collect();
                let mut one = String::new();
                for character in text.chars() {
                    match character.is_whitespace() {
                        true if one.ends_with(' ') => {}
                        true => one.push(' '),
                        false => one.push(character.to_ascii_lowercase()),
                    }
                }
                assert_eq!(fold(&text), one);
            }
        }
        let mut folded = Folded::default();
        folded.push(&"x".repeat(MAX_TEXT - 3));
        assert!(!folded.is_full());
        folded.push("ABCDE");
        assert!(folded.is_full() && folded.text.len() == MAX_TEXT && folded.text.ends_with("xabc"));
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
