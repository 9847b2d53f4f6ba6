//! Address lists (RFC 5322 sections 3.4 and 4.4), read leniently and kept raw.
//!
//! The output is what ENVELOPE sends: names keep their encoded words, groups appear as start and
//! end markers. Decoding for display is `row`'s.

use super::charset;

/// No address list in an envelope is longer; what follows is not looked at. It bounds what a
/// hostile header of ten megabytes of commas can cost.
pub const MAX_ENVELOPE_ADDRESSES: usize = 10_000;

/// How deep comments may nest before an inner parenthesis counts as text.
const MAX_COMMENT_DEPTH: usize = 32;

/// One address of an ENVELOPE (RFC 9051 section 7.5.2), `None` standing for NIL.
///
/// A group begins with `mailbox` = the group's name and `host` = `None`, and ends with both
/// `None`. An address without a domain has an empty `host`, because NIL means a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// The display name without its quoting, encoded words as they stand; else the comment.
    pub name: Option<String>,
    /// The source route (RFC 5322 obs-route) without its colon.
    pub adl: Option<String>,
    /// The local part without its quoting, or the name of a group.
    pub mailbox: Option<String>,
    /// The domain.
    pub host: Option<String>,
}

impl Address {
    /// Whether this entry is a mailbox, not the start or end of a group.
    pub fn is_mailbox(&self) -> bool {
        self.host.is_some()
    }
}

/// Reads the unfolded value of an address field. Never fails: what is no address is left out, and
/// a group that is not closed ends with the value.
pub fn parse(value: &[u8]) -> Vec<Address> {
    let mut parser = Parser { rest: value, ..Parser::default() };
    while let Some((&octet, after)) = parser.rest.split_first() {
        if parser.found.len() >= MAX_ENVELOPE_ADDRESSES {
            break;
        }
        parser.rest = after;
        parser.step(octet);
    }
    parser.finish_address();
    parser.end_group();
    parser.found
}

#[derive(Debug)]
enum Token {
    Word(Vec<u8>),
    At,
}

#[derive(Debug, Default)]
struct Angle {
    route: Vec<u8>,
    mailbox: Vec<u8>,
    host: Vec<u8>,
}

#[derive(Debug, Default)]
struct Parser<'a> {
    rest: &'a [u8],
    found: Vec<Address>,
    tokens: Vec<Token>,
    comment: Option<Vec<u8>>,
    angle: Option<Angle>,
    /// Whether `tokens` holds an at sign; spares looking through them at every colon.
    has_at: bool,
    in_group: bool,
}

impl<'a> Parser<'a> {
    fn step(&mut self, octet: u8) {
        match octet {
            b' ' | b'\t' | b'\r' | b'\n' | b'>' => {}
            b'(' => self.comment = Some(self.read_comment()),
            b'"' => {
                let text = self.read_quoted();
                self.tokens.push(Token::Word(text));
            }
            b',' => self.finish_address(),
            b';' => {
                self.finish_address();
                self.end_group();
            }
            b':' => self.colon(),
            b'<' => {
                let angle = self.read_angle();
                // A second angle address without a comma between them is an address of its own.
                if self.angle.is_some() {
                    self.finish_address();
                }
                self.angle = Some(angle);
            }
            b'@' => {
                self.has_at = true;
                self.tokens.push(Token::At);
            }
            b'[' if matches!(self.tokens.last(), Some(Token::At)) => {
                let literal = self.read_literal();
                self.tokens.push(Token::Word(literal));
            }
            _ => {
                let atom = self.read_atom(octet);
                self.tokens.push(Token::Word(atom));
            }
        }
    }

    fn colon(&mut self) {
        if self.in_group || self.has_at || self.angle.is_some() {
            return;
        }
        let name = phrase(std::mem::take(&mut self.tokens));
        self.comment = None;
        self.in_group = true;
        self.found.push(Address { mailbox: Some(charset::raw(&name)), ..Address::default() });
    }

    fn end_group(&mut self) {
        if self.in_group {
            self.in_group = false;
            self.found.push(Address::default());
        }
    }

    fn finish_address(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        let comment = self.comment.take();
        self.has_at = false;
        let (name, angle) = match self.angle.take() {
            Some(angle) => (phrase(tokens), angle),
            None => bare_address(tokens),
        };
        if angle.mailbox.is_empty() && angle.host.is_empty() {
            return;
        }
        let name = if name.is_empty() { comment.unwrap_or_default() } else { name };
        self.found.push(Address {
            name: not_empty(&name),
            adl: not_empty(&angle.route),
            mailbox: Some(charset::raw(&angle.mailbox)),
            host: Some(charset::raw(&angle.host)),
        });
    }

    /// Reads the inside of `<…>`. A missing `>` ends at the next comma or semicolon, so that one
    /// broken address does not swallow the list.
    fn read_angle(&mut self) -> Angle {
        let mut angle = Angle::default();
        let mut in_domain = false;
        while let Some((&octet, after)) = self.rest.split_first() {
            match octet {
                b'>' => {
                    self.rest = after;
                    break;
                }
                b',' | b';' if !is_route(&angle, in_domain) => break,
                _ => self.rest = after,
            }
            if octet == b':' && is_route(&angle, in_domain) {
                angle.route.push(b'@');
                angle.route.append(&mut angle.host);
                in_domain = false;
                continue;
            }
            let domain_or_local = if in_domain { &mut angle.host } else { &mut angle.mailbox };
            match octet {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'(' => {
                    self.read_comment();
                }
                b'"' => {
                    let text = self.read_quoted();
                    domain_or_local.extend_from_slice(&text);
                }
                b'[' if in_domain => {
                    let literal = self.read_literal();
                    domain_or_local.extend_from_slice(&literal);
                }
                b'@' if !in_domain => in_domain = true,
                _ => domain_or_local.push(octet),
            }
        }
        angle
    }

    /// Reads a quoted string whose opening quote is consumed; backslashes are resolved.
    fn read_quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some((&octet, after)) = self.rest.split_first() {
            self.rest = after;
            match octet {
                b'"' => break,
                b'\\' => {
                    if let Some((&escaped, after)) = after.split_first() {
                        self.rest = after;
                        text.push(escaped);
                    }
                }
                b'\r' | b'\n' => {}
                _ => text.push(octet),
            }
        }
        text
    }

    /// Reads a comment whose opening parenthesis is consumed; inner comments keep theirs.
    fn read_comment(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 0usize;
        while let Some((&octet, after)) = self.rest.split_first() {
            self.rest = after;
            match octet {
                b')' if depth == 0 => break,
                b')' => depth -= 1,
                b'(' if depth < MAX_COMMENT_DEPTH => depth += 1,
                b'\r' | b'\n' => continue,
                b'\\' => {
                    if let Some((&escaped, after)) = after.split_first() {
                        self.rest = after;
                        text.push(escaped);
                    }
                    continue;
                }
                _ => {}
            }
            text.push(octet);
        }
        text.trim_ascii().to_vec()
    }

    /// Reads a domain literal whose opening bracket is consumed; the brackets stay part of it.
    fn read_literal(&mut self) -> Vec<u8> {
        let mut literal = vec![b'['];
        while let Some((&octet, after)) = self.rest.split_first() {
            if matches!(octet, b',' | b';' | b'>' | b'<') {
                break;
            }
            self.rest = after;
            if !matches!(octet, b' ' | b'\t' | b'\r' | b'\n') {
                literal.push(octet);
            }
            if octet == b']' {
                break;
            }
        }
        literal
    }

    fn read_atom(&mut self, first: u8) -> Vec<u8> {
        let ends = |octet: &u8| {
            matches!(
                octet,
                b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'"' | b',' | b';' | b':' | b'<' | b'>' | b'@'
            )
        };
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (text, after) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = after;
        let mut atom = Vec::with_capacity(text.len() + 1);
        atom.push(first);
        atom.extend_from_slice(text);
        atom
    }
}

/// Whether what was read inside the angle so far is a source route (`@a,@b`).
fn is_route(angle: &Angle, in_domain: bool) -> bool {
    in_domain && angle.mailbox.is_empty()
}

/// The words of a display name, joined by single blanks.
fn phrase(tokens: Vec<Token>) -> Vec<u8> {
    let mut joined = Vec::new();
    for (index, token) in tokens.into_iter().enumerate() {
        if index > 0 && !matches!(token, Token::At) && joined.last() != Some(&b'@') {
            joined.push(b' ');
        }
        match token {
            Token::Word(mut text) => joined.append(&mut text),
            Token::At => joined.push(b'@'),
        }
    }
    joined.trim_ascii().to_vec()
}

/// An address without angle brackets: `local@domain`, possibly with words before it.
fn bare_address(tokens: Vec<Token>) -> (Vec<u8>, Angle) {
    let Some(at) = tokens.iter().rposition(|token| matches!(token, Token::At)) else {
        return (Vec::new(), Angle { mailbox: phrase(tokens), ..Angle::default() });
    };
    let mut words: Vec<Token> = tokens;
    let host: Vec<u8> = words.drain(at..).flat_map(word_text).collect();
    // Blanks around dots are obsolete but legal: `a . b @ c` is the local part `a.b`.
    let mut local: Vec<Vec<u8>> = Vec::new();
    while let Some(word) = words.pop() {
        let joins = local.last().is_none_or(|next| next.first() == Some(&b'.')) || ends_with_dot(&word);
        if !joins {
            words.push(word);
            break;
        }
        local.push(word_text(word));
    }
    let mailbox = local.into_iter().rev().flatten().collect();
    (phrase(words), Angle { mailbox, host, ..Angle::default() })
}

fn ends_with_dot(token: &Token) -> bool {
    matches!(token, Token::Word(text) if text.last() == Some(&b'.'))
}

fn word_text(token: Token) -> Vec<u8> {
    match token {
        Token::Word(text) => text,
        Token::At => Vec::new(),
    }
}

fn not_empty(octets: &[u8]) -> Option<String> {
    (!octets.is_empty()).then(|| charset::raw(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        parse(value.as_bytes())
            .into_iter()
            .map(|address| {
                let part = |text: Option<String>| text.unwrap_or_else(|| "NIL".into());
                let adl = address.adl.map(|adl| format!("{adl}:")).unwrap_or_default();
                format!("{}|{adl}{}|{}", part(address.name), part(address.mailbox), part(address.host))
            })
            .collect()
    }

    #[test]
    fn plain_quoted_commented_and_routed_addresses() {
        for (value, expected) in [
            ("a@b", vec!["NIL|a|b"]),
            ("A B <a@b>, c@d", vec!["A B|a|b", "NIL|c|d"]),
            ("\"B, A\" <a@b>", vec!["B, A|a|b"]),
            ("\"A \\\"x\\\" B\" C <a@b>", vec!["A \"x\" B C|a|b"]),
            ("a@b (A (x) B)", vec!["A (x) B|a|b"]),
            ("A (note) B <a@b>", vec!["A B|a|b"]),
            ("A <@x,@y:a@b>", vec!["A|@x,@y:a|b"]),
            ("\"a b\"@c", vec!["NIL|a b|c"]),
            ("a . b @ c . d", vec!["NIL|a.b|c.d"]),
            ("a@[1.2.3.4]", vec!["NIL|a|[1.2.3.4]"]),
            ("<>, <a@b>", vec!["NIL|a|b"]),
            ("=?utf-8?q?A?= <a@b>", vec!["=?utf-8?q?A?=|a|b"]),
            ("a@b; c@d", vec!["NIL|a|b", "NIL|c|d"]),
            ("A <a@b> C <c@d>", vec!["A C|a|b", "NIL|c|d"]),
            ("Local only", vec!["NIL|Local only|"]),
            ("foo bar@baz", vec!["foo|bar|baz"]),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }

    #[test]
    fn s175_groups_have_start_and_end_markers() {
        assert_eq!(shown("undisclosed-recipients:;"), ["NIL|undisclosed-recipients|NIL", "NIL|NIL|NIL"]);
        assert_eq!(
            shown("A B: c@d, E <e@f>;, g@h"),
            ["NIL|A B|NIL", "NIL|c|d", "E|e|f", "NIL|NIL|NIL", "NIL|g|h"]
        );
        assert_eq!(shown("x: a@b"), ["NIL|x|NIL", "NIL|a|b", "NIL|NIL|NIL"]);
    }

    #[test]
    fn s64_broken_lists_never_fail() {
        for (value, expected) in [
            ("", vec![]),
            ("<", vec![]),
            ("\"", vec![]),
            (",;,>)", vec!["NIL|)|"]),
            ("<a@[", vec!["NIL|a|["]),
            ("\"a\" <", vec![]),
            ("a:b;c", vec!["NIL|a|NIL", "NIL|b|", "NIL|NIL|NIL", "NIL|c|"]),
            ("(", vec![]),
            ("a@", vec!["NIL|a|"]),
            ("@", vec![]),
            ("<a@b, c@d", vec!["NIL|a|b", "NIL|c|d"]),
            ("A <a@b", vec!["A|a|b"]),
            ("a\\", vec!["NIL|a\\|"]),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
        assert_eq!(parse(b"\xff\0@\xfe").first().and_then(|a| a.mailbox.clone()), Some("\u{ff}\0".into()));
    }

    #[test]
    fn hostile_lists_are_bounded() {
        assert_eq!(parse(&b"a,".repeat(200_000)).len(), MAX_ENVELOPE_ADDRESSES);
        for hostile in [&b"("[..], b"<", b"\"", b"@", b"a:", b"a@[", b". ", b"\\"] {
            parse(&hostile.repeat(500_000));
        }
    }
}
