//! The test messages of the mail-parser crate (a development dependency): every one is read, and
//! sorted into text, HTML and attachments as its authors expect.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::process::Command;

use offline_mailbox::mime::bodies::BodyPart;
use offline_mailbox::mime::part::Kind;
use offline_mailbox::mime::{Bodies, BodyStructure, Layout, Section, extract};
use serde_json::Value;

/// The messages that come with an expectation.
const MESSAGES: usize = 107;

/// Where we differ from what mail-parser's authors expect, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("malformed/000.eml", HEADER_CUT),
    ("malformed/001.eml", NESTING),
    ("malformed/002.eml", EMPTY),
    ("malformed/003.eml", UNCLOSED),
    ("malformed/004.eml", EMPTY),
    ("malformed/006.eml", UNCLOSED),
    ("malformed/007.eml", HEADER_CUT),
    ("malformed/008.eml", NESTING),
    ("malformed/009.eml", NESTING),
    ("malformed/011.eml", NESTING),
    ("malformed/012.eml", NESTING),
    ("malformed/013.eml", NO_CLOSE),
    ("malformed/014.eml", NO_CLOSE),
    ("malformed/016.eml", NESTING),
    ("malformed/020.eml", "of two Content-Type fields the first counts, not the last"),
    ("malformed/021.eml", "of two Content-Type fields the first counts, not the last"),
    ("thirdparty/002.eml", "broken base64 is decoded as far as it can be, and stays text"),
    ("thirdparty/015.eml", "multiparts without a part inside two messages hide no attachment"),
];
const HEADER_CUT: &str = "a header that a delimiter cuts off is a part without content";
const EMPTY: &str = "a multipart without one of its delimiters has no parts, thus no attachment";
const NESTING: &str =
    "an outer multipart's delimiter ends an inner one; mail-parser goes on with the inner one";
const UNCLOSED: &str = "text in a multipart that is not closed is text, not an attachment";
const NO_CLOSE: &str = "what follows a last delimiter that does not close is a part, if an empty one";

/// The crate's sources lie where cargo put them.
fn corpus() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "mail-parser").unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("resources").join("eml")
}

fn messages() -> Vec<(String, Vec<u8>, Value)> {
    let corpus = corpus();
    let mut found = Vec::new();
    for folder in std::fs::read_dir(&corpus).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let name = file.strip_prefix(&corpus).unwrap().to_string_lossy().replace('\\', "/");
            let expected = std::fs::read(file.with_extension("json")).unwrap();
            found.push((name, std::fs::read(&file).unwrap(), serde_json::from_slice(&expected).unwrap()));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// The places in the list of parts without those inside messages, which is how mail-parser counts.
fn places(layout: &Layout, list: &[BodyPart]) -> Vec<usize> {
    let parts = layout.parts();
    let is_inner = |index: usize| {
        let mut at = parts[index].parent;
        while let Some(parent) = at {
            if parts[parent].kind == Kind::Message {
                return true;
            }
            at = parts[parent].parent;
        }
        false
    };
    list.iter().map(|part| (0..part.index).filter(|&index| !is_inner(index)).count()).collect()
}

fn expected_places(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|place| place.as_u64().unwrap() as usize).collect()
}

fn main_type(part: &Value) -> String {
    let mut headers = part["headers"].as_array().into_iter().flatten();
    let header = headers.find(|header| header["name"] == "content_type");
    header
        .and_then(|header| header["value"]["ContentType"]["c_type"].as_str())
        .unwrap_or("text")
        .to_lowercase()
}

fn expected_name(part: &Value) -> Option<String> {
    let attribute = |field: &str, wanted: &str| {
        let headers = part["headers"].as_array().unwrap();
        let header = headers.iter().find(|header| header["name"] == field)?;
        let list = header["value"]["ContentType"]["attributes"].as_array()?;
        let found = list.iter().find(|attribute| attribute["name"] == wanted)?;
        Some(found["value"].as_str().unwrap().to_owned())
    };
    attribute("content_disposition", "filename").or_else(|| attribute("content_type", "name"))
}

#[test]
fn every_message_is_sorted_as_its_authors_expect() {
    let (mut read, mut wrong, mut named) = (0, Vec::new(), 0);
    for (name, octets, expected) in messages() {
        read += 1;
        let layout = Layout::parse(&octets);
        let bodies = Bodies::read(&octets, &layout);
        let ours = [&bodies.text, &bodies.html, &bodies.attachments].map(|list| places(&layout, list));
        let mut theirs =
            ["text_body", "html_body", "attachments"].map(|list| expected_places(&expected[list]));
        // RFC 8621 lists a picture that is shown in text and HTML there only; mail-parser as an
        // attachment, too, or instead.
        let is_media = |place: &usize| {
            matches!(main_type(&expected["parts"][*place]).as_str(), "image" | "audio" | "video")
        };
        let shown = |place: &usize| is_media(place) && ours[0].contains(place) && ours[1].contains(place);
        theirs[2].retain(|place| !shown(place));
        let is_text = |list: &[usize]| list.iter().copied().filter(|place| !shown(place)).collect::<Vec<_>>();
        let our_names: Vec<_> = bodies.attachments.iter().map(|part| part.filename.clone()).collect();
        let mut their_names: Vec<_> =
            theirs[2].iter().map(|&place| expected_name(&expected["parts"][place])).collect();
        for (theirs, ours) in their_names.iter_mut().zip(&our_names) {
            // Eight-bit letters in a name are lost there, and western here.
            if theirs.as_ref().is_some_and(|name| name.contains('\u{fffd}')) {
                assert!(ours.as_ref().is_some_and(|name| !name.contains('\u{fffd}')));
                theirs.clone_from(ours);
            }
        }
        named += our_names.iter().flatten().count();
        let differs = ours.each_ref().map(|list| is_text(list))
            != theirs.each_ref().map(|list| is_text(list))
            || our_names != their_names;
        if differs != DIFFERENT.iter().any(|(file, _)| *file == name) {
            wrong.push(format!("{name}: {ours:?} {our_names:?}\n  expected {theirs:?} {their_names:?}"));
        }
    }
    println!("{read} messages, {} different, {named} names", DIFFERENT.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(read, MESSAGES);
}

#[test]
fn s64_s178_every_message_is_read() {
    for (name, octets, _) in messages() {
        let layout = Layout::parse(&octets);
        assert_eq!(Layout::decode(&layout.encode()).as_ref(), Some(&layout), "{name}");
        let whole = Section::parse("").unwrap().read(&octets, &layout).unwrap();
        assert_eq!(whole.as_deref(), Some(octets.as_slice()), "{name}");
        assert!(BodyStructure::read(&octets, &layout).to_imap(true).ends_with(')'), "{name}");
        let bodies = Bodies::read(&octets, &layout);
        let text = bodies.plain_text(&octets, &layout);
        let mut texts = bodies.text.iter().filter(|part| part.main == "text");
        assert_eq!(texts.all(|part| part.size == 0), text.is_empty(), "{name}");
        assert!(extract(&octets).row.preview.chars().count() <= 200, "{name}");
    }
}
