//! The names of sections, as IMAP writes them (RFC 9051 section 9, RFC 3516 section 7). What they
//! mean is `section`'s.

use super::section::{Item, Section, SectionText};
use crate::model::{Error, Result, sorting};

pub(super) fn parse(text: &str) -> Result<Section> {
    let mut parser = Parser { text, at: 0 };
    let section = parser.item()?;
    if !parser.rest().is_empty() {
        return Err(parser.error("nothing more"));
    }
    Ok(section)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, expected: &str) -> Error {
        Error::invalid(format!("not a section: {expected} expected at octet {}", self.at))
    }

    /// Takes a word, ASCII case ignored.
    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        if self.take(word) { Ok(()) } else { Err(self.error(word)) }
    }

    fn item(&mut self) -> Result<Section> {
        if self.take("RFC822") {
            let text = if self.take(".HEADER") {
                SectionText::Header
            } else if self.take(".TEXT") {
                SectionText::Text
            } else {
                SectionText::Whole
            };
            return Ok(Section { item: Item::Rfc822, peek: false, path: Vec::new(), text, partial: None });
        }
        let items = [
            ("BODY[", Item::Body, false),
            ("BODY.PEEK[", Item::Body, true),
            ("BINARY[", Item::Binary, false),
            ("BINARY.PEEK[", Item::Binary, true),
            ("BINARY.SIZE[", Item::BinarySize, true),
        ];
        let named = items.into_iter().find(|(word, ..)| self.take(word));
        let (item, peek) = named.map_or((Item::Body, true), |(_, item, peek)| (item, peek));
        let (path, ends_with_number) = self.path()?;
        let text = if item != Item::Body || ends_with_number {
            SectionText::Whole
        } else {
            self.section_text(!path.is_empty())?
        };
        if named.is_some() {
            self.expect("]")?;
        }
        let partial = if item == Item::BinarySize { None } else { self.partial()? };
        Ok(Section { item, peek, path, text, partial })
    }

    /// The numbers, and whether nothing can follow them because no dot does.
    fn path(&mut self) -> Result<(Vec<u32>, bool)> {
        let mut path = Vec::new();
        while self.rest().starts_with(|first: char| first.is_ascii_digit()) {
            let at = self.at;
            let number = u32::try_from(self.number()?).ok().filter(|&number| number > 0);
            let Some(number) = number else {
                self.at = at;
                return Err(self.error("a part number from 1 to 4294967295"));
            };
            path.push(number);
            if !self.take(".") {
                return Ok((path, true));
            }
        }
        Ok((path, false))
    }

    fn number(&mut self) -> Result<u64> {
        let rest = self.rest();
        let length = rest.bytes().position(|octet| !octet.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..length).and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| self.error("a number"))?;
        self.at += length;
        Ok(number)
    }

    /// What follows the numbers; only for the message itself it may be nothing.
    fn section_text(&mut self, in_part: bool) -> Result<SectionText> {
        if self.take("HEADER.FIELDS.NOT") {
            return Ok(SectionText::HeaderFields { names: self.names()?, not: true });
        }
        if self.take("HEADER.FIELDS") {
            return Ok(SectionText::HeaderFields { names: self.names()?, not: false });
        }
        if self.take("HEADER") {
            return Ok(SectionText::Header);
        }
        if self.take("TEXT") {
            return Ok(SectionText::Text);
        }
        if in_part {
            return if self.take("MIME") {
                Ok(SectionText::Mime)
            } else {
                Err(self.error("a part number, HEADER, TEXT or MIME"))
            };
        }
        if self.rest().starts_with(['<', ']']) || self.rest().is_empty() {
            Ok(SectionText::Whole)
        } else {
            Err(self.error("a part number, HEADER or TEXT"))
        }
    }

    fn names(&mut self) -> Result<Vec<String>> {
        self.expect(" (")?;
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            if self.take(")") {
                break;
            }
            self.expect(" ")?;
        }
        sorting::sort(&mut names);
        names.dedup();
        Ok(names)
    }

    /// A field name in upper case, quoted or not (RFC 5322 section 2.2 for its characters).
    fn name(&mut self) -> Result<String> {
        let quoted = self.take("\"");
        let mut name = String::new();
        let mut characters = self.rest().char_indices();
        let mut ended = !quoted;
        let mut length = self.rest().len();
        while let Some((at, character)) = characters.next() {
            let is_end = if quoted { character == '"' } else { matches!(character, ' ' | ')' | '(' | '"') };
            if is_end {
                ended = true;
                length = if quoted { at + 1 } else { at };
                break;
            }
            let character = match character {
                '\\' if quoted => characters.next().map_or('\\', |(_, escaped)| escaped),
                _ => character,
            };
            if !character.is_ascii_graphic() || character == ':' {
                self.at += at;
                return Err(self.error("a character of a field name"));
            }
            name.push(character.to_ascii_uppercase());
        }
        if name.is_empty() {
            return Err(self.error("a field name"));
        }
        self.at += length;
        if ended { Ok(name) } else { Err(self.error("a closing quote")) }
    }

    fn partial(&mut self) -> Result<Option<(u64, u64)>> {
        if !self.take("<") {
            return Ok(None);
        }
        let first = self.number()?;
        self.expect(".")?;
        let at = self.at;
        let count = self.number()?;
        if count == 0 {
            self.at = at;
            return Err(self.error("a number of octets from 1"));
        }
        self.expect(">")?;
        Ok(Some((first, count)))
    }
}
