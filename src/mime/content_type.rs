//! Content-Type and Content-Disposition values (RFC 2045 section 5, RFC 2183), read leniently.
//!
//! What decides how a part is read; the values themselves are read by `parameters`.

use super::charset;
use super::parameters::ParameterizedValue;

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
    /// Whether the part says so; `false` where this is a default.
    pub is_written: bool,
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
            is_written: false,
        }
    }

    /// Reads the raw value of a Content-Type field. A value without a type is text/plain, and so is
    /// a multipart without a boundary (RFC 2045 section 5.2: a type that cannot be used); a type
    /// without a subtype is `text/plain` for text and has an empty subtype otherwise.
    pub fn parse(value: &[u8]) -> ContentType {
        ContentType::of(&ParameterizedValue::parse(value))
    }

    /// The same for a value that is read already.
    pub fn of(value: &ParameterizedValue) -> ContentType {
        if value.word.is_empty() {
            return ContentType::default();
        }
        let lower = |word: &[u8]| charset::raw(word).to_ascii_lowercase();
        let mut read = ContentType::new(&lower(&value.word), &lower(&value.sub));
        read.is_written = true;
        if read.main == "text" && read.sub.is_empty() {
            read.sub = "plain".to_owned();
        }
        let parameters = &value.parameters;
        // A language suffix (RFC 2231 section 5) is written without its star, too.
        read.charset = parameters
            .text("charset")
            .map(|name| name.rsplit('\'').next().unwrap_or_default().trim().to_owned());
        read.boundary = parameters.octets("boundary").map(|boundary| boundary.trim_ascii_end().to_vec());
        read.has_name = parameters.has("name");
        if read.main == "multipart" && read.boundary.as_ref().is_none_or(Vec::is_empty) {
            return ContentType::default();
        }
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
        Disposition::of(&ParameterizedValue::parse(value))
    }

    /// The same for a value that is read already.
    pub fn of(value: &ParameterizedValue) -> Disposition {
        let kind = &value.word;
        Disposition {
            attachment: !kind.is_empty() && !kind.eq_ignore_ascii_case(b"inline"),
            has_filename: value.parameters.has("filename"),
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
        assert!(ContentType::parse(b"multipart/mixed; boundary=\" \"").is("text", "plain"));
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
