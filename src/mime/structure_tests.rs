use super::*;

fn structure(message: &str) -> BodyStructure {
    BodyStructure::read(message.as_bytes(), &Layout::parse(message.as_bytes()))
}

fn shown(message: &str, extended: bool) -> String {
    structure(message).to_imap(extended)
}

/// `count` lines that make `size` octets.
fn body(size: usize, count: usize) -> String {
    let mut body = "\r\n".repeat(count);
    body.insert_str(0, &"x".repeat(size - body.len()));
    body
}

/// RFC 9051 section 7.5.2, and RFC 3501 section 7.4.2. Types are in lower case here.
#[test]
fn s174_rfc_examples() {
    let one = format!(
        "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\nContent-Transfer-Encoding: 7BIT\r\n\r\n{}",
        body(2279, 48)
    );
    assert_eq!(shown(&one, false), r#"("text" "plain" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2279 48)"#);
    let two = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\nContent-Transfer-Encoding: 7BIT\r\n\r\n{}\r\n--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=\"cc.diff\"\r\nContent-ID: <960723163407.20117h@cac.washington.edu>\r\nContent-Description: Compiler diff\r\nContent-Transfer-Encoding: BASE64\r\n\r\n{}\r\n--b--\r\n",
        body(1152, 23),
        body(4554, 73)
    );
    assert_eq!(
        shown(&two, false),
        r#"(("text" "plain" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)("text" "plain" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 4554 73) "mixed")"#
    );
    let alternative = format!(
        "Content-Type: multipart/alternative; boundary=\"d3438gr7324\"\r\n\r\n--d3438gr7324\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n{}\r\n--d3438gr7324\r\nContent-Type: text/html; charset=utf-8\r\nContent-Disposition: inline\r\nContent-Location: http://x/y\r\nContent-MD5: Q2hlY2s=\r\nContent-Language: de, en\r\n\r\n{}\r\n--d3438gr7324--\r\n",
        body(21, 1),
        body(30, 2)
    );
    assert_eq!(
        shown(&alternative, true),
        r#"(("text" "plain" ("charset" "UTF-8") NIL NIL "7bit" 21 1 NIL NIL NIL NIL)("text" "html" ("charset" "utf-8") NIL NIL "7bit" 30 2 "Q2hlY2s=" ("inline" NIL) ("de" "en") "http://x/y") "alternative" ("boundary" "d3438gr7324") NIL NIL NIL)"#
    );
}

#[test]
fn s174_messages_inside_messages_have_envelope_structure_and_lines() {
    let message = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename*0=\"a b\"; filename*1*=%c3\r\n\r\nSubject: in \"q\"\r\nFrom: A <a@b>\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: deep\r\n\r\nx\r\ny\r\n--d--\r\n--a--\r\n";
    let found = structure(message);
    assert_eq!(
        found.to_imap(true),
        r#"(("message" "rfc822" NIL NIL NIL "7bit" 113 "#.to_owned()
            + r#"(NIL "in \"q\"" (("A" NIL "a" "b")) (("A" NIL "a" "b")) (("A" NIL "a" "b")) NIL NIL NIL NIL NIL) "#
            + r#"(("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "deep" NIL NIL NIL NIL NIL NIL NIL NIL) "#
            + r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) "digest" ("boundary" "d") NIL NIL NIL) "#
            + r#"10 NIL ("attachment" ("filename*0" "a b" "filename*1*" "%c3")) NIL NIL) "mixed" ("boundary" "a") NIL NIL NIL)"#
    );
    let paths: Vec<_> =
        [&found, &found.parts[0], &found.parts[0].parts[0], &found.parts[0].parts[0].parts[0]]
            .map(|part| part.path.clone())
            .to_vec();
    assert_eq!(paths, [Some(vec![]), Some(vec![1]), None, Some(vec![1, 1])]);
}

#[test]
fn s64_s174_every_structure_is_valid() {
    for (message, expected) in [
        ("", r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)"#),
        (
            "Content-Type: multipart/mixed; boundary=x\n\nnothing",
            r#"(("text" "plain" NIL NIL NIL "7bit" 0 0) "mixed")"#,
        ),
        (
            "Content-Type: multipart/mixed\n\nno\n",
            r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1)"#,
        ),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAA==",
            r#"("application" "octet-stream" NIL NIL NIL "base64" 4)"#,
        ),
        ("Content-Type: message/external-body\n\nx", r#"("message" "external-body" NIL NIL NIL "7bit" 1)"#),
        (
            "Content-Type: \"\nContent-Transfer-Encoding:\nContent-ID:\n\n",
            r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)"#,
        ),
        (
            "Content-Type: application/x; n=\"\0\u{df}\\\\\"\n\n",
            "(\"application\" \"x\" (\"n\" {3}\r\n\u{df}\\) NIL NIL \"7bit\" 0)",
        ),
        ("Content-Type: application\n\n", r#"("application" "" NIL NIL NIL "7bit" 0)"#),
    ] {
        assert_eq!(shown(message, false), expected, "{message:?}");
    }
}

#[test]
fn s174_containers_beyond_the_depth_are_leaves() {
    let deep = "Content-Type: message/rfc822\n\n".repeat(200_000);
    let found = structure(&deep);
    let mut inmost = &found;
    let mut depth = 1;
    while let Some(inner) = inmost.parts.first() {
        inmost = inner;
        depth += 1;
    }
    assert_eq!(depth, crate::mime::part::MAX_DEPTH);
    assert!(inmost.is("application", "octet-stream") && inmost.lines.is_none());
    assert!(found.to_imap(true).ends_with(')'));
}

#[test]
fn a_layout_of_another_message_gives_a_structure_nevertheless() {
    let layout = Layout::parse(
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nA: b\n\nc\n--a--",
    );
    for message in [
        "",
        "Content-Type: message/rfc822\n\nmore of that, and longer than the other one was, by far and away",
    ] {
        let found = BodyStructure::read(message.as_bytes(), &layout);
        assert!(found.to_imap(true).starts_with('('));
    }
}
