use super::*;

fn bodies(message: &str) -> (Bodies, Layout) {
    let layout = Layout::parse(message.as_bytes());
    (Bodies::read(message.as_bytes(), &layout), layout)
}

fn paths(list: &[BodyPart]) -> Vec<String> {
    let number = |part: &BodyPart| part.path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    list.iter().map(number).collect()
}

fn multipart(boundary: &str, sub: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    format!("Content-Type: multipart/{sub}; boundary={boundary}\n\n{parts}--{boundary}--")
}

fn leaf(fields: &str, body: &str) -> String {
    format!("Content-Type: {fields}\n\n{body}")
}

#[test]
fn rfc_8621_section_4_1_4_example() {
    let inline = |sub: &str, name: &str| leaf(&format!("{sub}\nContent-Disposition: inline"), name);
    let related = multipart("5", "related", &[&leaf("text/html", "D"), &leaf("image/jpeg", "E")]);
    let mixed = multipart(
        "4",
        "mixed",
        &[
            &leaf("text/plain", "B"),
            &leaf("image/jpeg\nContent-Disposition: inline", "C"),
            &leaf("text/plain", "D0"),
        ],
    );
    let alternative = multipart("3", "alternative", &[&mixed, &related]);
    let inner = multipart(
        "2",
        "mixed",
        &[
            &alternative,
            &leaf("image/jpeg\nContent-Disposition: attachment", "G"),
            &leaf("application/x-excel", "H"),
            &leaf("message/rfc822", "Subject: J\n\nJ"),
        ],
    );
    let message = multipart("1", "mixed", &[&inline("text/plain", "A"), &inner, &inline("text/plain", "K")]);
    let (found, layout) = bodies(&message);
    assert_eq!(paths(&found.text), ["1", "2.1.1.1", "2.1.1.2", "2.1.1.3", "3"]);
    assert_eq!(paths(&found.html), ["1", "2.1.2.1", "3"]);
    assert_eq!(paths(&found.attachments), ["2.1.1.2", "2.1.2.2", "2.2", "2.3", "2.4"]);
    assert_eq!(found.plain_text(message.as_bytes(), &layout), "A\nB\nD0\nK");
    assert_eq!(
        found.html_text(message.as_bytes(), &layout).as_deref(),
        Some("<pre>A</pre>\nD\n<pre>K</pre>")
    );
}

#[test]
fn one_form_only_is_shown_in_both() {
    let message = multipart("1", "alternative", &[&leaf("text/html; charset=iso-8859-1", "<p>a&amp;b</p>")]);
    let (found, layout) = bodies(&message);
    assert_eq!((paths(&found.text), paths(&found.html)), (vec!["1".to_owned()], vec!["1".to_owned()]));
    assert_eq!(found.plain_text(message.as_bytes(), &layout), " a&b ");
    let (found, layout) = bodies("\r\none\r\ntwo\r\n");
    assert_eq!(found.text, found.html);
    assert_eq!(found.plain_text(b"\r\none\r\ntwo\r\n", &layout), "one\ntwo\n");
    assert_eq!(found.html_text(b"\r\none\r\ntwo\r\n", &layout), None);
}

#[test]
fn attachments_carry_name_size_and_id() {
    let message = multipart(
        "1",
        "related",
        &[
            &leaf("text/html", "<img src=cid:a@b>"),
            &leaf("image/png; name=x.png\nContent-ID: <a@b>\nContent-Transfer-Encoding: base64", "aGVsbG8="),
            &leaf(
                "text/plain\nContent-Disposition: ATTACHMENT; filename*=utf-8''%E2%82%AC.txt\nContent-ID: <c>",
                "abc",
            ),
            &leaf(
                "image/gif; name=\"=?utf-8?q?=C3=9F?=.gif\"\nContent-Disposition: inline; filename=\" \"",
                "",
            ),
        ],
    );
    let (found, _) = bodies(&message);
    let shown: Vec<_> = found
        .attachments
        .iter()
        .map(|part| (part.filename.as_deref(), part.encoded_size, part.size, part.inline))
        .collect();
    assert_eq!(
        shown,
        [(Some("x.png"), 8, 5, true), (Some("\u{20ac}.txt"), 3, 3, false), (Some("\u{df}.gif"), 0, 0, true),]
    );
    assert_eq!(found.by_content_id("<a@b>").map(|part| part.path.clone()), Some(vec![2]));
    assert_eq!(found.by_content_id("c").and_then(|part| part.disposition.as_deref()), Some("attachment"));
    assert_eq!(found.by_content_id("a"), None);
}

#[test]
fn the_charset_of_html_is_its_parameter_or_its_own() {
    for (field, html, expected) in [
        ("text/html; charset=iso-8859-15", &b"<meta charset=utf-8>\xa4"[..], "\u{20ac}"),
        (
            "text/html",
            b"<META http-equiv=Content-Type content=\"text/html; charset=iso-8859-15\">\xa4",
            "\u{20ac}",
        ),
        ("text/html", b"<meta name=x><meta charset = 'koi8-r'/>\xf0", "\u{41f}"),
        ("text/html", b"<meta charset=utf-16>\xc3\x9f", "\u{df}"),
        ("text/html", b"<meta charset=x-nobody>\xc3\x9f", "\u{df}"),
        ("text/html", b"charset=koi8-r <meta charset>\xdf", "\u{df}"),
    ] {
        let message = [b"Content-Type: ".as_slice(), field.as_bytes(), b"\n\n", html].concat();
        let layout = Layout::parse(&message);
        let shown = Bodies::read(&message, &layout).html_text(&message, &layout).unwrap();
        assert!(shown.ends_with(expected), "{shown}");
    }
}

#[test]
fn s64_hostile_structures_are_sorted_in_linear_time() {
    let mut wide = b"Content-Type: multipart/mixed; boundary=a\n\n".to_vec();
    wide.extend_from_slice(&b"--a\nContent-Type: application/x\n\nx\n".repeat(100_000));
    let layout = Layout::parse(&wide);
    let found = Bodies::read(&wide, &layout);
    assert_eq!(found.attachments.len(), crate::mime::part::MAX_PARTS - 1);
    let deep = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n".repeat(100_000);
    let layout = Layout::parse(&deep);
    Bodies::read(&deep, &layout);
    // A layout of another message.
    assert_eq!(Bodies::read(b"", &layout).attachments, []);
}
