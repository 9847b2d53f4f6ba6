use super::*;

/// The example of RFC 9051 section 6.4.5.2.
const EXAMPLE: &str = "Subject: top\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\nContent-Type: text/plain\r\n\r\none\r\n--a\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nthree-one\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nthree-two\r\n--b--\r\n--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: image/gif\r\n\r\nfour-one\r\n--c\r\nContent-Type: message/rfc822\r\n\r\nSubject: four-two\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\nContent-Type: text/plain\r\n\r\nfour-two-one\r\n--d\r\nContent-Type: multipart/alternative; boundary=e\r\n\r\n--e\r\nContent-Type: text/plain\r\n\r\nfour-two-two-one\r\n--e\r\nContent-Type: text/richtext\r\n\r\nfour-two-two-two\r\n--e--\r\n--d--\r\n--c--\r\n--a--\r\n";

fn body<'a>(message: &'a str, layout: &Layout, path: &[u32]) -> Option<&'a str> {
    message.get(layout.part(layout.find(path)?)?.body.clone())
}

#[test]
fn s176_rfc_9051_part_numbers() {
    let layout = Layout::parse(EXAMPLE.as_bytes());
    for (path, expected) in [
        (&[1][..], Some("one")),
        (&[2], Some("two")),
        (&[3, 1], Some("three-one")),
        (&[3, 2], Some("three-two")),
        (&[4, 1], Some("four-one")),
        (&[4, 2, 1], Some("four-two-one")),
        (&[4, 2, 2, 1], Some("four-two-two-one")),
        (&[4, 2, 2, 2], Some("four-two-two-two")),
        (&[5], None),
        (&[0], None),
        (&[1, 1], None),
        (&[3, 3], None),
        (&[3, 1, 1], None),
        (&[4, 2, 2, 1, 1], None),
        (&[u32::MAX], None),
    ] {
        assert_eq!(body(EXAMPLE, &layout, path), expected, "{path:?}");
    }
    for path in [&[][..], &[3], &[4], &[4, 2], &[4, 2, 2]] {
        assert_eq!(layout.find(path).and_then(|index| layout.path(index)).as_deref(), Some(path));
    }
}

#[test]
fn s176_a_message_that_is_no_multipart_has_one_part() {
    for (message, path, expected) in [
        ("\r\nbody", &[1][..], Some("body")),
        ("\r\nbody", &[1, 1], None),
        ("\r\nbody", &[2], None),
        ("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nin", &[1], Some("A: b\r\n\r\nin")),
        ("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nin", &[1, 1], Some("in")),
        ("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nin", &[1, 1, 1], None),
    ] {
        let layout = Layout::parse(message.as_bytes());
        assert_eq!(body(message, &layout, path), expected, "{message} {path:?}");
    }
}

#[test]
fn s176_paths_are_the_inverse_of_find() {
    let nested = b"Content-Type: message/rfc822\n\n".repeat(5);
    for message in [EXAMPLE.as_bytes(), &nested, b"", b"\nx"] {
        let layout = Layout::parse(message);
        let paths = layout.paths();
        for (index, path) in paths.iter().enumerate() {
            match path {
                Some(path) => assert_eq!(layout.find(path), Some(index), "{path:?}"),
                None => assert_eq!(layout.parts()[index].kind, Kind::Multipart),
            }
            assert_eq!(layout.path(index).as_ref(), path.as_ref());
        }
        assert_eq!(
            paths.iter().flatten().collect::<std::collections::HashSet<_>>().len(),
            paths.iter().flatten().count()
        );
        assert_eq!(layout.path(paths.len()), None);
        assert_eq!(layout.size(), message.len());
    }
}

#[test]
fn s178_layouts_round_trip_and_broken_ones_are_refused() {
    let wide =
        [b"Content-Type: multipart/mixed; boundary=a\n\n".as_slice(), &b"--a\n\nx\n".repeat(20_000)].concat();
    let deep = b"Content-Type: message/rfc822\n\n".repeat(100);
    for message in [EXAMPLE.as_bytes(), b"", b"x", &wide, &deep] {
        let layout = Layout::parse(message);
        let stored = layout.encode();
        assert_eq!(Layout::decode(&stored), Some(layout.clone()));
        assert!(stored.len() <= 10 + layout.parts().len() * 12);
        for end in 0..stored.len().min(300) {
            assert_eq!(Layout::decode(&stored[..end]), None);
        }
        assert_eq!(Layout::decode(&[stored.as_slice(), b"\0"].concat()), None);
    }
    for stored in [
        &[2, 1, 0, 0, 0, 0, 0, 0][..],
        &[1, 0],
        &[1, 1, 1, 0, 0, 0, 0, 0],
        &[1, 1, 0, 3, 0, 0, 0, 0],
        &[1, 1, 0, 16, 0, 0, 0, 0],
        &[1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        &[1, 3, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0],
        &[1, 255, 255, 255, 255, 15, 0, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(Layout::decode(stored), None, "{stored:?}");
    }
}

#[test]
fn lines_are_counted_for_each_body() {
    let layout = Layout::parse(EXAMPLE.as_bytes());
    for part in layout.parts() {
        assert_eq!(part.lines, EXAMPLE[part.body.clone()].matches('\n').count());
    }
}
