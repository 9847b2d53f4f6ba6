//! From octets to tokens (RFC 5228 section 8.1). Strings come out as they are meant: escapes
//! resolved, dots unstuffed, lines ended by CRLF whatever ends them in the script.

use super::limits::MAX_STRING;
use super::syntax::{CompileError, Position};
use crate::mime::header::{strip_line_ending, take_line};

#[derive(Debug)]
pub(crate) enum Token {
    /// In lower case.
    Identifier(String),
    /// In lower case, without its colon.
    Tag(String),
    Number(u64),
    Text(Vec<u8>),
    /// One of `( ) { } [ ] , ;`.
    Symbol(u8),
    End,
}

pub(crate) struct Lexer<'a> {
    rest: &'a [u8],
    position: Position,
}

impl<'a> Lexer<'a> {
    /// `script` is UTF-8 without NUL.
    pub(crate) fn new(script: &'a str) -> Lexer<'a> {
        Lexer { rest: script.as_bytes(), position: Position::START }
    }

    /// The next token and where it begins.
    pub(crate) fn next(&mut self) -> Result<(Position, Token), CompileError> {
        self.skip_blanks()?;
        let start = self.position;
        let token = match self.rest.first() {
            None => Token::End,
            Some(b'"') => Token::Text(self.quoted()?),
            Some(b'0'..=b'9') => Token::Number(self.number()?),
            Some(b':') => {
                self.take(1);
                let name = self.identifier();
                if name.is_empty() {
                    return Err(start.error("a tag has a name after its colon"));
                }
                Token::Tag(name)
            }
            Some(&octet) if octet == b'_' || octet.is_ascii_alphabetic() => {
                let name = self.identifier();
                if name == "text" && self.rest.first() == Some(&b':') {
                    Token::Text(self.multi_line(start)?)
                } else {
                    Token::Identifier(name)
                }
            }
            Some(&octet) if b"(){}[],;".contains(&octet) => {
                self.take(1);
                Token::Symbol(octet)
            }
            Some(_) => return Err(start.error("no command, argument or sign begins like this")),
        };
        Ok((start, token))
    }

    /// Passes over so many octets, keeping count of lines and characters.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.position = advance(self.position, taken);
        taken
    }

    fn skip_blanks(&mut self) -> Result<(), CompileError> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => {
                    self.take(1);
                }
                [b'#', ..] => {
                    let length = take_line(self.rest).map_or(0, |(line, _)| line.len());
                    self.take(length);
                }
                [b'/', b'*', rest @ ..] => {
                    let end = rest.windows(2).position(|pair| pair == b"*/");
                    let Some(end) = end else {
                        return Err(self.position.error("this comment is not closed"));
                    };
                    self.take(end + 4);
                }
                _ => return Ok(()),
            }
        }
    }

    fn identifier(&mut self) -> String {
        let ends = |octet: &u8| !(*octet == b'_' || octet.is_ascii_alphanumeric());
        if !matches!(self.rest.first(), Some(octet) if !octet.is_ascii_digit()) {
            return String::new();
        }
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        self.take(length).iter().map(|octet| char::from(octet.to_ascii_lowercase())).collect()
    }

    fn number(&mut self) -> Result<u64, CompileError> {
        let start = self.position;
        let mut value = Some(0u64);
        while let Some(octet @ b'0'..=b'9') = self.rest.first() {
            let digit = u64::from(octet - b'0');
            value = value.and_then(|value| value.checked_mul(10)?.checked_add(digit));
            self.take(1);
        }
        let shift = match self.rest.first().map(u8::to_ascii_lowercase) {
            Some(b'k') => 10,
            Some(b'm') => 20,
            Some(b'g') => 30,
            _ => 0,
        };
        if shift > 0 {
            self.take(1);
        }
        if matches!(self.rest.first(), Some(octet) if *octet == b'_' || octet.is_ascii_alphanumeric()) {
            return Err(start.error("a number is digits and at most one of K, M, G"));
        }
        let value = value.and_then(|value| value.checked_mul(1 << shift));
        value.ok_or_else(|| start.error("this number is too large"))
    }

    fn quoted(&mut self) -> Result<Vec<u8>, CompileError> {
        let start = self.position;
        self.take(1);
        let mut text = Vec::new();
        loop {
            let length = match self.rest {
                [] => return Err(start.error("this string is not closed")),
                [b'"', ..] => {
                    self.take(1);
                    return Ok(text);
                }
                [b'\\', _, ..] => {
                    self.take(1);
                    1
                }
                _ => 1,
            };
            match self.rest {
                [b'\r', b'\n', ..] => {
                    self.take(2);
                    text.extend_from_slice(b"\r\n");
                }
                [b'\n', ..] => {
                    self.take(1);
                    text.extend_from_slice(b"\r\n");
                }
                _ => text.extend_from_slice(self.take(length)),
            }
            check_length(start, &text)?;
        }
    }

    /// Reads what follows `text`, up to the line with nothing but a dot.
    fn multi_line(&mut self, start: Position) -> Result<Vec<u8>, CompileError> {
        self.take(1);
        while matches!(self.rest, [b' ' | b'\t', ..]) {
            self.take(1);
        }
        let first = self.next_line().unwrap_or_default();
        if !(first.is_empty() || first.starts_with(b"#")) {
            return Err(start.error("after text: the line ends"));
        }
        let mut text = Vec::new();
        while let Some(line) = self.next_line() {
            if line == b"." {
                return Ok(text);
            }
            text.extend_from_slice(if line.starts_with(b"..") {
                line.get(1..).unwrap_or(line)
            } else {
                line
            });
            text.extend_from_slice(b"\r\n");
            check_length(start, &text)?;
        }
        Err(start.error("this text is not ended by a line with a dot"))
    }

    fn next_line(&mut self) -> Option<&'a [u8]> {
        let (line, _) = take_line(self.rest)?;
        self.take(line.len());
        Some(strip_line_ending(line))
    }
}

/// The place after `taken`, which begins at `position`.
pub(crate) fn advance(mut position: Position, taken: &[u8]) -> Position {
    for &octet in taken {
        if octet == b'\n' {
            position = Position { line: position.line + 1, column: 1 };
        } else if octet & 0xc0 != 0x80 {
            position.column += 1;
        }
    }
    position
}

fn check_length(start: Position, text: &[u8]) -> Result<(), CompileError> {
    if text.len() > MAX_STRING { Err(start.error("this string is too long")) } else { Ok(()) }
}
