//! Content-Type and Content-Disposition values (RFC 2045 section 5, RFC 2183), read leniently.
//!
//! Only the parameters that text extraction needs; the full list is BODYSTRUCTURE's.

use super::charset;
use super::header::unfold;

/// Parameters after this many are not looked at.
const MAX_PARAMETERS: usize = 64;

/// A media type with the parameters that decide how a part is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// The type in lower case, such as `text`.
    pub main: String,
    /// The subtype in lower case, such as `plain`.
    pub sub: String,
    /// The `charset` parameter, without a language suffix.
    pub charset: Option<String>,
    /// The `boundary` parameter.
    pub boundary: Option<Vec<u8>>,
    /// Whether a `name` is given, which marks files.
    pub has_name: bool,
}

impl Default for ContentType {
    /// text/plain, the type of a part that states none (RFC 2045 section 5.2).
    fn default() -> Self {
        ContentType::new("text", "plain")
    }
}

impl ContentType {
    pub(crate) fn new(main: &str, sub: &str) -> ContentType {
        ContentType {
            main: main.to_owned(),
            sub: sub.to_owned(),
            charset: None,
            boundary: None,
            has_name: false,
        }
    }

    /// Reads the raw value of a Content-Type field. A value without a type is text/plain, a type
    /// without a subtype is `text/plain` for text and has an empty subtype otherwise.
    pub fn parse(value: &[u8]) -> ContentType {
        let mut scanner = Scanner { rest: &unfold(value) };
        let mut read = ContentType::default();
        let main = scanner.token();
        if main.is_empty() {
            return read;
        }
        let sub = if scanner.accept(b'/') { scanner.token() } else { Vec::new() };
        read.main = charset::raw(&main).to_ascii_lowercase();
        read.sub = charset::raw(&sub).to_ascii_lowercase();
        if read.main == "text" && read.sub.is_empty() {
            read.sub = "plain".to_owned();
        }
        scanner.parameters(|name, value| match name {
            b"charset" if read.charset.is_none() => {
                let name = charset::raw(&value);
                // RFC 2231 writes charset*=us-ascii'en'utf-8; the name is what counts.
                read.charset = name.rsplit('\'').next().map(|name| name.trim().to_owned());
            }
            b"boundary" if read.boundary.is_none() => {
                read.boundary = Some(value.trim_ascii_end().to_vec());
            }
            b"name" => read.has_name = true,
            _ => {}
        });
        read
    }

    /// Whether this is the given type; both in lower case.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    /// Whether the content is a message of its own.
    pub fn is_message(&self) -> bool {
        self.main == "message" && matches!(self.sub.as_str(), "rfc822" | "global")
    }
}

/// A Content-Disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition {
    /// `attachment`, or an unknown disposition, which counts as one (RFC 2183 section 2.8).
    pub attachment: bool,
    /// Whether a `filename` is given.
    pub has_filename: bool,
}

impl Disposition {
    /// Reads the raw value of a Content-Disposition field.
    pub fn parse(value: &[u8]) -> Disposition {
        let mut scanner = Scanner { rest: &unfold(value) };
        let kind = scanner.token();
        let mut has_filename = false;
        scanner.parameters(|name, _| has_filename |= name == b"filename");
        Disposition { attachment: !kind.is_empty() && !kind.eq_ignore_ascii_case(b"inline"), has_filename }
    }
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    /// Calls `each` with every parameter: its name in lower case without RFC 2231 marks, and its
    /// value without quoting.
    fn parameters(&mut self, mut each: impl FnMut(&[u8], Vec<u8>)) {
        for _ in 0..MAX_PARAMETERS {
            self.skip_to_semicolon();
            if self.rest.is_empty() {
                return;
            }
            let name = self.token().to_ascii_lowercase();
            if !self.accept(b'=') {
                continue;
            }
            let value = self.value();
            each(name.split(|&octet| octet == b'*').next().unwrap_or_default(), value);
        }
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

    fn skip_to_semicolon(&mut self) {
        while let Some((&octet, after)) = self.rest.split_first() {
            self.rest = after;
            match octet {
                b';' => return,
                b'"' => {
                    self.quoted();
                }
                b'(' => self.skip_comment(),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_parameters_are_read_leniently() {
        let read =
            ContentType::parse(b" Text/HTML; (c) charset = \"ISO-8859-1\" ; format=flowed;\r\n\tname*0=x");
        assert!(read.is("text", "html") && read.has_name);
        assert_eq!(read.charset.as_deref(), Some("ISO-8859-1"));
        let read = ContentType::parse(b"multipart/mixed; x=\"a;b\\\"c\"; boundary=\"=_a b/c \"");
        assert_eq!(read.boundary.as_deref(), Some(&b"=_a b/c"[..]));
        assert_eq!(
            ContentType::parse(b"multipart/mixed; boundary=----=_x(1)").boundary.as_deref(),
            Some(&b"----=_x(1)"[..])
        );
        assert_eq!(ContentType::parse(b"text; charset*=us-ascii'en'utf-8").charset.as_deref(), Some("utf-8"));
    }

    #[test]
    fn s64_broken_values_are_text_plain() {
        for value in [&b""[..], b" ; charset=x", b"text", b"\"", b"\0", b"\xff/\xff;=;=;;", b"(((", b"/"] {
            ContentType::parse(value);
            Disposition::parse(value);
        }
        assert!(ContentType::parse(b"").is("text", "plain"));
        assert!(ContentType::parse(b"text").is("text", "plain"));
    }

    #[test]
    fn dispositions() {
        assert_eq!(
            Disposition::parse(b"INLINE; filename=x"),
            Disposition { attachment: false, has_filename: true }
        );
        assert_eq!(Disposition::parse(b"attachment"), Disposition { attachment: true, has_filename: false });
        assert!(Disposition::parse(b"x-odd").attachment);
    }
}
