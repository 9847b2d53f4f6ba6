use super::*;
use crate::model::ErrorCode;

const MESSAGE: &str = "From: a@b\r\nSubject: top\r\n folded\r\nno field\r\nTo: c@d\r\nsubject: again\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\nX: one\r\n\r\none\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n--a\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8g\r\nd29ybGQ=\r\n--a\r\nContent-Transfer-Encoding: x-odd\r\n\r\nodd\r\n--a--\r\n";

fn read(message: &str, section: &str) -> Result<Option<String>> {
    let section = Section::parse(section)?;
    let layout = Layout::parse(message.as_bytes());
    let whole = section.read(message.as_bytes(), &layout);
    if let Some(range) = layout.range(&section) {
        assert_eq!(whole, section.read_slice(&message.as_bytes()[range], &layout));
    }
    Ok(whole?.map(|octets| String::from_utf8(octets.into_owned()).unwrap()))
}

fn shown(section: &str) -> Option<String> {
    read(MESSAGE, section).unwrap()
}

#[test]
fn s168_s176_sections_are_octet_exact() {
    let (header, text) = MESSAGE.split_at(MESSAGE.find("preamble").unwrap());
    for (section, expected) in [
        ("", Some(MESSAGE)),
        ("RFC822", Some(MESSAGE)),
        ("HEADER", Some(header)),
        ("rfc822.header", Some(header)),
        ("BODY[TEXT]", Some(text)),
        ("RFC822.TEXT", Some(text)),
        ("1", Some("one")),
        ("1.MIME", Some("X: one\r\n\r\n")),
        ("1.HEADER", None),
        ("1.TEXT", None),
        ("1.1", None),
        ("2", Some("Subject: inner\r\n\r\ninside")),
        ("2.MIME", Some("Content-Type: message/rfc822\r\n\r\n")),
        ("2.HEADER", Some("Subject: inner\r\n\r\n")),
        ("2.TEXT", Some("inside")),
        ("2.1", Some("inside")),
        ("2.1.MIME", Some("Subject: inner\r\n\r\n")),
        ("2.HEADER.FIELDS (Subject)", Some("Subject: inner\r\n\r\n")),
        ("3", Some("aGVs\r\nbG8g\r\nd29ybGQ=")),
        ("9", None),
    ] {
        assert_eq!(shown(section).as_deref(), expected, "{section}");
    }
    let layout = Layout::parse(MESSAGE.as_bytes());
    for section in ["", "HEADER", "2.TEXT", "1.MIME", "<3.9>"] {
        let found = Section::parse(section).unwrap().read(MESSAGE.as_bytes(), &layout).unwrap();
        assert!(matches!(found, Some(Cow::Borrowed(_))), "{section} is copied");
    }
}

#[test]
fn s169_header_fields_in_message_order_and_an_empty_line() {
    for (section, expected) in [
        ("HEADER.FIELDS (to SUBJECT)", "Subject: top\r\n folded\r\nTo: c@d\r\nsubject: again\r\n\r\n"),
        ("HEADER.FIELDS.NOT (\"Subject\" Content-Type)", "From: a@b\r\nTo: c@d\r\n\r\n"),
        ("HEADER.FIELDS (X-None)", "\r\n"),
        ("HEADER.FIELDS (To)<1.3>", "o: "),
    ] {
        assert_eq!(shown(section).as_deref(), Some(expected), "{section}");
    }
    assert_eq!(read("Subject: x", "HEADER.FIELDS (SUBJECT)").unwrap().as_deref(), Some("Subject: x\r\n\r\n"));
}

#[test]
fn s173_header_only_and_empty_messages() {
    for (message, section, expected) in [
        ("Subject: x", "HEADER", "Subject: x"),
        ("Subject: x", "TEXT", ""),
        ("Subject: x", "", "Subject: x"),
        ("Subject: x", "1", ""),
        ("", "", ""),
        ("", "HEADER", ""),
        ("", "HEADER.FIELDS (A)", "\r\n"),
        ("A: b\r\n \r\nC: d\r\n\r\nx", "TEXT", "x"),
    ] {
        assert_eq!(read(message, section).unwrap().as_deref(), Some(expected), "{message:?} {section}");
    }
}

#[test]
fn s171_partial_sections_and_binary() {
    for (section, expected) in [
        ("BINARY[3]", "hello world"),
        ("BINARY.PEEK[3]<6.3>", "wor"),
        ("BINARY[3]<6.99>", "world"),
        ("BINARY[3]<11.1>", ""),
        ("BINARY[3]<18446744073709551615.18446744073709551615>", ""),
        ("BODY[3]<4.4>", "\r\nbG"),
        ("BODY[3]<99.4>", ""),
        ("BODY[1]<0.1>", "o"),
        ("BINARY[1]<1.99>", "ne"),
        ("BINARY[2]", "Subject: inner\r\n\r\ninside"),
    ] {
        assert_eq!(shown(section).as_deref(), Some(expected), "{section}");
    }
    let single = "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc";
    let decoded = "Content-Transfer-Encoding: quoted-printable\r\n\r\na=bc";
    assert_eq!(read(single, "BINARY[]").unwrap().as_deref(), Some(decoded));
    assert_eq!(read(single, "BINARY[]<46.99>").unwrap().as_deref(), Some("\na=bc"));
    let layout = Layout::parse(single.as_bytes());
    for (section, size) in [("BINARY.SIZE[]", decoded.len()), ("BINARY.SIZE[1]", 4)] {
        let section = Section::parse(section).unwrap();
        let range = layout.range(&section).unwrap();
        assert_eq!(section.binary_size(&single.as_bytes()[range], &layout).unwrap(), Some(size as u64));
    }
    let none = Section::parse("BINARY.SIZE[2]").unwrap();
    assert_eq!((layout.range(&none), none.binary_size(b"", &layout).unwrap()), (None, None));
}

#[test]
fn s177_unknown_encodings_are_an_error_and_broken_ones_are_not() {
    for section in ["BINARY[4]", "BINARY.PEEK[4]<0.1>"] {
        assert_eq!(read(MESSAGE, section).unwrap_err().code(), ErrorCode::UnknownCte);
    }
    let layout = Layout::parse(MESSAGE.as_bytes());
    let size = Section::parse("BINARY.SIZE[4]").unwrap();
    assert_eq!(size.binary_size(b"odd", &layout).unwrap_err().code(), ErrorCode::UnknownCte);
    assert_eq!(shown("BODY[4]").as_deref(), Some("odd"));
    for (encoding, content, expected) in
        [("binary", "a\0b", "a\0b"), ("base64", "aG!Vs=bG8", "hello"), ("quoted-printable", "=XY=", "=XY")]
    {
        let message = format!("Content-Transfer-Encoding: {encoding}\n\n{content}");
        assert_eq!(read(&message, "BINARY[1]").unwrap().as_deref(), Some(expected));
    }
}

#[test]
fn s171_labels() {
    for (section, label, sets_seen) in [
        ("", "BODY[]", false),
        ("1.2", "BODY[1.2]", false),
        ("BODY[]", "BODY[]", true),
        ("body.peek[1.mime]<5.17>", "BODY[1.MIME]<5>", false),
        ("BINARY[1]<5.17>", "BINARY[1]<5>", true),
        ("BINARY.PEEK[1]", "BINARY[1]", false),
        ("BINARY.SIZE[1.2]", "BINARY.SIZE[1.2]", false),
        ("BODY[4.HEADER.FIELDS (To \"SUBJECT\" from to)]", "BODY[4.HEADER.FIELDS (FROM SUBJECT TO)]", true),
        ("HEADER.FIELDS.NOT (\"a(b\" c)", "BODY[HEADER.FIELDS.NOT (\"A(B\" C)]", false),
        ("RFC822", "RFC822", true),
        ("rfc822.header", "RFC822.HEADER", false),
        ("RFC822.Text", "RFC822.TEXT", true),
    ] {
        let parsed = Section::parse(section).unwrap();
        assert_eq!((parsed.label().as_str(), parsed.sets_seen()), (label, sets_seen), "{section}");
        if parsed.item == Item::Body {
            let again = Section::parse(&parsed.specification()).unwrap();
            assert_eq!((again.path, again.text), (parsed.path, parsed.text));
        }
    }
}

#[test]
fn what_is_no_section_is_refused_with_its_place() {
    for (section, at) in [
        ("BODY", 0),
        ("BODY[", 5),
        ("BODY[]x", 6),
        ("BODY[1", 6),
        ("BODY[0]", 5),
        ("BODY[1.0]", 7),
        ("1.", 2),
        ("1.x", 2),
        ("4294967296", 0),
        ("MIME", 0),
        ("BODY[MIME]", 5),
        ("HEADERS", 6),
        ("HEADER.FIELDS", 13),
        ("HEADER.FIELDS ()", 15),
        ("HEADER.FIELDS (a:b)", 16),
        ("HEADER.FIELDS (\u{e9})", 15),
        ("HEADER.FIELDS (a", 16),
        ("HEADER.FIELDS (\"a", 17),
        ("HEADER.FIELDS (a  b)", 17),
        ("BODY[]<1>", 8),
        ("BODY[]<1.0>", 9),
        ("BODY[]<1.5", 10),
        ("BODY[]<.5>", 7),
        ("BODY[]<99999999999999999999.5>", 7),
        ("BINARY[TEXT]", 7),
        ("BINARY[1.MIME]", 9),
        ("BINARY.SIZE[1]<0.1>", 14),
        ("RFC822.SIZE", 6),
        ("RFC822<0.1>", 6),
        (" ", 0),
    ] {
        let error = Section::parse(section).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().ends_with(&format!("octet {at}")), "{section}: {error}");
    }
}
