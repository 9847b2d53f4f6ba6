//! Header values with parameters (RFC 2045 section 5.1, RFC 2183, RFC 2231), read leniently.
//!
//! The one reader of such values: BODYSTRUCTURE shows the parameters as they are written, everybody
//! else asks for one by name and gets it put together and decoded. What a type means is
//! `content_type`'s.

use super::charset;
use super::encoded_word::decode_encoded_words;
use super::header::unfold;
use super::transfer::hex_pair;
use crate::model::sorting;

/// Parameters after this many are not looked at.
pub const MAX_PARAMETERS: usize = 1_000;

/// A value such as `text/plain; charset=utf-8`, `attachment; filename=x` or `de, en`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterizedValue {
    /// The first word: a type, a disposition. Empty when there is none.
    pub word: Vec<u8>,
    /// The word after a slash: a subtype.
    pub sub: Vec<u8>,
    /// What follows.
    pub parameters: Parameters,
}

impl ParameterizedValue {
    /// Reads a raw field value, folding and comments included. Never fails.
    pub fn parse(value: &[u8]) -> ParameterizedValue {
        let mut scanner = Scanner { rest: &unfold(value) };
        let word = scanner.token();
        let sub = if !word.is_empty() && scanner.accept(b'/') { scanner.token() } else { Vec::new() };
        ParameterizedValue { word, sub, parameters: scanner.parameters() }
    }
}

/// The words of a list such as Content-Language's (RFC 3282), at most [`MAX_PARAMETERS`].
pub fn words(value: &[u8]) -> Vec<Vec<u8>> {
    let mut scanner = Scanner { rest: &unfold(value) };
    let mut words = Vec::new();
    while words.len() < MAX_PARAMETERS {
        let word = scanner.token();
        if !word.is_empty() {
            words.push(word);
        }
        if !scanner.accept(b',') {
            break;
        }
    }
    words
}

/// Parameters in their order, as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    list: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Parameters {
    /// Every parameter: its name as spelled, with the marks of RFC 2231, and its value without
    /// quoting but otherwise not decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// Whether there is such a parameter, in one piece or several; ASCII case is ignored.
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(written, _)| marks(written, name).is_some())
    }

    /// The octets of a parameter: its pieces put together, percent-decoded where they say so.
    ///
    /// Of several of one name the first counts; `name*` wins over `name*0`, and that over `name`
    /// (RFC 2231 sections 3 and 4; RFC 6266 section 4.3 for the order). Pieces may stand in any
    /// order; those after a missing one are left out.
    pub fn octets(&self, name: &str) -> Option<Vec<u8>> {
        self.assemble(name).map(|found| found.octets)
    }

    /// A parameter as text: [`octets`](Self::octets) in the charset that it names, or, as the world
    /// sends it against RFC 2047 section 5, with encoded words decoded.
    ///
    /// The text is the sender's: as a file name it may hold slashes and control characters.
    pub fn text(&self, name: &str) -> Option<String> {
        let found = self.assemble(name)?;
        let decoded = found.charset.and_then(|charset| charset::decode(&charset, &found.octets));
        Some(decoded.unwrap_or_else(|| {
            let text = charset::guess(&found.octets);
            if found.extended { text.into_owned() } else { decode_encoded_words(&text) }
        }))
    }

    fn assemble(&self, name: &str) -> Option<Assembled> {
        let mut plain = None;
        let mut pieces: Vec<(u32, bool, &[u8])> = Vec::new();
        for (written, value) in self.iter() {
            match marks(written, name) {
                Some(b"") => plain = plain.or(Some(value)),
                Some(b"*") => {
                    pieces.clear();
                    pieces.push((0, true, value));
                    break;
                }
                Some(marked) => pieces.extend(piece_number(marked).map(|(at, coded)| (at, coded, value))),
                None => {}
            }
        }
        // Stable: of two pieces with one number the first counts.
        sorting::sort_by_key(&mut pieces, |&(number, ..)| number);
        pieces.dedup_by_key(|&mut (number, ..)| number);
        let mut found = Assembled::default();
        if pieces.is_empty() {
            found.octets = plain?.to_vec();
            return Some(found);
        }
        let first = pieces.first().map_or(0, |&(number, ..)| number);
        for ((number, coded, value), expected) in pieces.into_iter().zip(first..) {
            if number != expected {
                break;
            }
            let mut value = value;
            if coded && number == first {
                let mut halves = value.splitn(3, |&octet| octet == b'\'');
                if let (Some(charset), Some(_), Some(text)) = (halves.next(), halves.next(), halves.next()) {
                    found.charset = Some(charset::raw(charset.trim_ascii()));
                    value = text;
                }
            }
            found.extended |= coded;
            if coded {
                push_percent_decoded(&mut found.octets, value);
            } else {
                found.octets.extend_from_slice(value);
            }
        }
        Some(found)
    }
}

#[derive(Default)]
struct Assembled {
    octets: Vec<u8>,
    charset: Option<String>,
    extended: bool,
}

/// What follows `name` in a parameter's name, if it is that parameter.
fn marks<'a>(written: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (start, marks) = written.split_at_checked(name.len())?;
    let same = start.eq_ignore_ascii_case(name.as_bytes()) && matches!(marks.first(), None | Some(b'*'));
    same.then_some(marks)
}

/// The number in `*7` or `*7*`, and whether the piece is percent-encoded.
fn piece_number(marks: &[u8]) -> Option<(u32, bool)> {
    let digits = marks.strip_prefix(b"*")?;
    let coded = digits.ends_with(b"*");
    let digits = digits.strip_suffix(b"*").unwrap_or(digits);
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, &digit| number * 10 + u32::from(digit - b'0'));
    Some((number, coded))
}

fn push_percent_decoded(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    while let Some((&octet, after)) = rest.split_first() {
        match hex_pair(after) {
            Some((decoded, after)) if octet == b'%' => {
                out.push(decoded);
                rest = after;
            }
            _ => {
                out.push(octet);
                rest = after;
            }
        }
    }
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    /// Everything that is a name, an equals sign and a value; the semicolons between them, which
    /// the world forgets, only end what is none.
    fn parameters(&mut self) -> Parameters {
        let mut list = Vec::new();
        while list.len() < MAX_PARAMETERS {
            self.skip_blanks();
            let Some((&octet, after)) = self.rest.split_first() else { break };
            let name = self.token();
            if name.is_empty() {
                self.rest = after;
                if octet == b'"' {
                    self.quoted();
                }
            } else if self.accept(b'=') {
                let value = self.value();
                list.push((name, value));
            }
        }
        Parameters { list }
    }

    fn skip_blanks(&mut self) {
        while let Some((&octet, after)) = self.rest.split_first() {
            match octet {
                b'(' => {
                    self.rest = after;
                    self.skip_comment();
                }
                _ if octet.is_ascii_whitespace() => self.rest = after,
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        let mut depth = 1usize;
        while let Some((&octet, after)) = self.rest.split_first() {
            self.rest = after;
            match octet {
                b'\\' => self.rest = after.get(1..).unwrap_or_default(),
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn accept(&mut self, wanted: u8) -> bool {
        self.skip_blanks();
        match self.rest.split_first() {
            Some((&octet, after)) if octet == wanted => {
                self.rest = after;
                true
            }
            _ => false,
        }
    }

    fn token(&mut self) -> Vec<u8> {
        self.skip_blanks();
        self.take_until(|octet| {
            octet.is_ascii_whitespace() || matches!(octet, b';' | b'=' | b'/' | b'(' | b'"' | b',')
        })
    }

    fn value(&mut self) -> Vec<u8> {
        self.skip_blanks();
        match self.rest.split_first() {
            Some((b'"', after)) => {
                self.rest = after;
                self.quoted()
            }
            // Unquoted values may hold what only a quoted one should: `boundary=a/b=c`.
            _ => self.take_until(|octet| octet.is_ascii_whitespace() || octet == b';'),
        }
    }

    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some((&octet, after)) = self.rest.split_first() {
            self.rest = after;
            match (octet, after.split_first()) {
                (b'"', _) => break,
                (b'\\', Some((&escaped, after))) => {
                    self.rest = after;
                    text.push(escaped);
                }
                _ => text.push(octet),
            }
        }
        text
    }

    fn take_until(&mut self, ends: impl Fn(u8) -> bool) -> Vec<u8> {
        let length = self.rest.iter().position(|&octet| ends(octet)).unwrap_or(self.rest.len());
        let (text, after) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = after;
        text.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str, name: &str) -> Option<String> {
        ParameterizedValue::parse(value.as_bytes()).parameters.text(name)
    }

    #[test]
    fn rfc_2231_examples() {
        assert_eq!(
            text("message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"", "url").as_deref(),
            Some("ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar")
        );
        assert_eq!(
            text("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title")
                .as_deref(),
            Some("This is ***fun***")
        );
        assert_eq!(
            text("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"", "Title").as_deref(),
            Some("This is even more ***fun*** isn't it!")
        );
    }

    #[test]
    fn pieces_in_any_order_mixed_broken_and_preferred() {
        for (value, expected) in [
            ("a; n*1=b; n*0=a; n*2=c", Some("abc")),
            ("a; n*0*=utf-8''%c3; n*1*=%9f; n*2=%41", Some("\u{df}%41")),
            ("a; n*0=a; n*2=c", Some("a")),
            ("a; n*1=b; n*2=c", Some("bc")),
            ("a; n*0=a; n*0=x; n*1=b", Some("ab")),
            ("a; n=plain; n*=utf-8''%e2%82%ac", Some("\u{20ac}")),
            ("a; n=plain; n*0=p; n*1=q", Some("pq")),
            ("a; n=one; n=two", Some("one")),
            ("a; n*=plain%20text", Some("plain text")),
            ("a; n*=x-nobody''%41%ff", Some("A\u{ff}")),
            ("a; n*=utf-8''%4%zz%", Some("%4%zz%")),
            ("a; n*x=1; nn=2; n*99999=3", None),
            ("a; n=\"=?utf-8?q?=C3=9F?=.txt\"", Some("\u{df}.txt")),
            ("a; n*0=\"=?utf-8?q?=C3?=\"; n*1=\" =?utf-8?q?=9F?=\"", Some("\u{df}")),
            ("a; n=\"gr\u{fc}n;\\\"x\"", Some("gr\u{fc}n;\"x")),
            ("a; n=\"\"", Some("")),
            ("a; n", None),
            ("a\tn=1", Some("1")),
            ("a; x=\"n=1\" \"; n=2\" (n=3) n = 4;n=5", Some("4")),
        ] {
            assert_eq!(text(value, "n").as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn what_is_written_is_kept_in_order() {
        let read = ParameterizedValue::parse(b"X/Y (c); B*0*=u''%41; a = \"1\" ;; c=;=d; e");
        assert_eq!((read.word.as_slice(), read.sub.as_slice()), (&b"X"[..], &b"Y"[..]));
        let written: Vec<_> = read.parameters.iter().collect();
        assert_eq!(written, [(&b"B*0*"[..], &b"u''%41"[..]), (b"a", b"1"), (b"c", b"")]);
        assert!(read.parameters.has("b") && read.parameters.has("A") && !read.parameters.has("e"));
        assert_eq!(words(b" de,\r\n en-GB (British) , ,fr"), [&b"de"[..], b"en-GB", b"fr"]);
    }

    #[test]
    fn s64_a_million_parameters_are_bounded() {
        let value = [b"a; n*7=x".as_slice(), &b"; n*1=x".repeat(1_000_000)].concat();
        let read = ParameterizedValue::parse(&value);
        assert_eq!(read.parameters.iter().count(), MAX_PARAMETERS);
        assert_eq!(read.parameters.text("n").as_deref(), Some("x"));
        assert_eq!(words(&b"a,".repeat(1_000_000)).len(), MAX_PARAMETERS);
    }
}
