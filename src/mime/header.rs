//! Where a header block ends, and its fields in their original order.
//!
//! Octet-exact views over the given slice; nothing is decoded here (see `encoded_word`) and no
//! field is interpreted (see `address`, `date`, `envelope`).

/// A message or body part cut at the end of its header block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    /// The header lines including the empty line that ends them, if there is one.
    pub header: &'a [u8],
    /// Everything after the empty line; empty when there is none.
    pub body: &'a [u8],
}

/// Cuts `octets` at the first *empty* line (LF or CRLF).
///
/// A line of blanks does not end the header block, and octets without an empty line are all
/// header with an empty body (semantics 173). `header.len() + body.len()` is always the length
/// of `octets`.
#[cfg_attr(own_std, optimize(speed))]
pub fn split(octets: &[u8]) -> Split<'_> {
    let mut position = 0;
    for line in lines(octets) {
        position += line.len();
        if is_empty_line(line) {
            break;
        }
    }
    let (header, body) = octets.split_at_checked(position).unwrap_or((octets, &[]));
    Split { header, body }
}

/// One header field as it stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as spelled, without the colon and without blanks before the colon.
    pub name: &'a [u8],
    /// Everything between the colon and the field's last line ending, folding included.
    pub value: &'a [u8],
    /// The whole field: name, colon, value, and its last line ending.
    pub line: &'a [u8],
}

impl Field<'_> {
    /// Whether this field has the given name; ASCII case is ignored.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a header block, in order. Stops at the first empty line.
///
/// Lines without a colon, or with a blank or nothing as name (such as an mbox `From ` line), are
/// skipped together with their continuation lines (RFC 5322 section 2.2).
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// Iterator returned by [`fields`].
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[cfg_attr(own_std, optimize(speed))]
    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let start = self.rest;
            let (first, mut rest) = take_line(start)?;
            if is_empty_line(first) {
                self.rest = &[];
                return None;
            }
            while matches!(rest.first(), Some(b' ' | b'\t')) {
                let Some((_, after)) = take_line(rest) else { break };
                rest = after;
            }
            self.rest = rest;
            let length = start.len().saturating_sub(rest.len());
            let line = start.get(..length).unwrap_or(start);
            if let Some(field) = parse_field(line, first) {
                return Some(field);
            }
        }
    }
}

fn parse_field<'a>(line: &'a [u8], first: &[u8]) -> Option<Field<'a>> {
    let colon = first.iter().position(|&octet| octet == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = trim_end_blanks(name);
    if name.is_empty() || name.iter().any(|&octet| octet <= b' ' || octet == 0x7f) {
        return None;
    }
    Some(Field { name, value: strip_line_ending(value.get(1..)?), line })
}

/// The raw value of the first field with this name; ASCII case is ignored.
pub fn first_value<'a>(header: &'a [u8], name: &str) -> Option<&'a [u8]> {
    values(header, name).next()
}

/// The raw values of all fields with this name, in order; ASCII case is ignored.
pub fn values<'a>(header: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields(header).filter(move |field| field.is(name)).map(|field| field.value)
}

/// A raw value without the line endings of its folding; the blanks that follow them stay
/// (RFC 5322 section 2.2.3). Leading and trailing blanks of the whole are removed.
#[cfg_attr(own_std, optimize(speed))]
pub fn unfold(value: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(value.len());
    for line in lines(value) {
        unfolded.extend_from_slice(strip_line_ending(line));
    }
    let end = trim_end_blanks(&unfolded).len();
    unfolded.truncate(end);
    let start = unfolded.iter().position(|&octet| !is_blank(octet)).unwrap_or(unfolded.len());
    unfolded.drain(..start);
    unfolded
}

/// The lines of `octets`, each with its ending (the last one may have none).
pub(crate) fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split_inclusive(|&octet| octet == b'\n')
}

#[cfg_attr(own_std, optimize(speed))]
pub(crate) fn take_line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    if octets.is_empty() {
        return None;
    }
    let end = octets.iter().position(|&octet| octet == b'\n').map_or(octets.len(), |at| at + 1);
    octets.split_at_checked(end)
}

pub(crate) fn is_empty_line(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

pub(crate) fn strip_line_ending(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

pub(crate) fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

pub(crate) fn trim_end_blanks(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|&octet| !is_blank(octet)).map_or(0, |at| at + 1);
    octets.get(..end).unwrap_or(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s173_header_only_and_empty_messages_split_exactly() {
        for octets in [&b""[..], b"Subject: x", b"Subject: x\r\n", b"junk", b" \r\n"] {
            assert_eq!(split(octets), Split { header: octets, body: b"" });
        }
        assert_eq!(split(b"\r\nbody"), Split { header: b"\r\n", body: b"body" });
        assert_eq!(split(b"A: b\n\n\nc"), Split { header: b"A: b\n\n", body: b"\nc" });
    }

    #[test]
    fn s173_a_line_of_blanks_does_not_end_the_header() {
        let octets = b"A: b\r\n \t\r\nC: d\r\n\r\nbody";
        assert_eq!(split(octets).body, b"body");
        let names: Vec<_> = fields(octets).map(|field| field.name).collect();
        assert_eq!(names, [&b"A"[..], b"C"]);
        assert_eq!(first_value(octets, "a"), Some(&b" b\r\n \t"[..]));
    }

    #[test]
    fn fields_keep_order_spelling_and_folding_and_skip_lines_without_a_name() {
        let header = b"From me Thu Aug 22 18:26:25\r\n cont: 1\r\nno colon\r\nSubject : a\r\n\tb \r\n: x\r\nsubject:c\n\r\nZ: body";
        let found: Vec<_> = fields(header).map(|field| (field.name, field.value)).collect();
        assert_eq!(found, [(&b"Subject"[..], &b" a\r\n\tb "[..]), (&b"subject"[..], &b"c"[..])]);
        assert_eq!(fields(header).next().map(|field| field.line), Some(&b"Subject : a\r\n\tb \r\n"[..]));
        assert_eq!(values(header, "SUBJECT").count(), 2);
        assert_eq!(unfold(b" a\r\n\tb \r\n"), b"a\tb");
        assert_eq!(unfold(b" \t"), b"");
    }

    #[test]
    fn a_leading_continuation_line_belongs_to_nothing() {
        assert_eq!(fields(b" x: y\r\nA: b\r\n").count(), 1);
    }
}
