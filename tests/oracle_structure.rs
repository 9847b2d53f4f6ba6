//! Our BODYSTRUCTURE against the answers that two mature servers agree on, for 3,023 real messages;
//! and every section of 6,046 of them.
//!
//! `tests/oracle/README.md` tells where the answers come from and how the messages are prepared.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use std::borrow::Cow;

use corpus::{folder, message, oracle};
use offline_mailbox::mime::part::Kind;
use offline_mailbox::mime::row::MAX_PREVIEW;
use offline_mailbox::mime::structure::{BodyStructure, Parameter};
use offline_mailbox::mime::{Address, Bodies, Decoder, Envelope, Layout, Section, charset, extract};
use serde_json::{Value, json};

/// How many messages of the oracle have a structure on which both servers agree.
const AGREED: usize = 2958;

/// Messages on which both servers agree and we differ, with the reason.
///
/// In these, carriage returns stand without a line feed; the servers stored one after each, so that
/// their sizes and lines are not those of the octets.
const DIFFERENT: &[(u64, &str)] = &[
    (4733, "25 more octets and lines"),
    (4829, "103 more octets and lines in part 2"),
    (5189, "3 more octets and lines"),
    (5265, "2 more octets and lines"),
];

/// Messages whose preview does not begin the text that is shown: the plain text is empty, and the
/// preview is the HTML's.
const PREVIEW_OF_HTML: &[u64] = &[4857, 5221];

/// The permitted noise: how white space of folding is shown.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The oracle shows octets as Latin-1; ours are UTF-8 where they are valid UTF-8.
fn their_text(text: &str) -> String {
    let octets: Vec<u8> = text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    normal(&charset::raw(&octets))
}

fn our_text(text: &Option<String>) -> Value {
    text.as_deref().map_or(Value::Null, |text| normal(text).into())
}

/// The permitted noise: the order of parameters, and a charset that only says the default.
fn normal_parameters(mut list: Vec<(String, String)>) -> Value {
    list.retain(|(name, value)| !(name == "charset" && value.eq_ignore_ascii_case("us-ascii")));
    list.sort();
    json!(list)
}

fn our_parameters(list: &[Parameter]) -> Value {
    normal_parameters(list.iter().map(|(name, value)| (name.to_lowercase(), normal(value))).collect())
}

fn their_parameters(list: &Value) -> Value {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let pair =
        |pair: &[Value]| (pair[0].as_str().unwrap().to_lowercase(), their_text(pair[1].as_str().unwrap()));
    normal_parameters(list.chunks(2).map(pair).collect())
}

fn our_addresses(list: &[Address]) -> Value {
    if list.is_empty() {
        return Value::Null;
    }
    list.iter()
        .map(|address| json!([&address.name, &address.adl, &address.mailbox, &address.host].map(our_text)))
        .collect()
}

fn our_envelope(envelope: &Envelope) -> Value {
    json!([
        our_text(&envelope.date),
        our_text(&envelope.subject),
        our_addresses(&envelope.from),
        our_addresses(&envelope.sender),
        our_addresses(&envelope.reply_to),
        our_addresses(&envelope.to),
        our_addresses(&envelope.cc),
        our_addresses(&envelope.bcc),
        our_text(&envelope.in_reply_to),
        our_text(&envelope.message_id),
    ])
}

fn their_envelope(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(their_envelope).collect(),
        Value::String(text) => their_text(text).into(),
        other => other.clone(),
    }
}

fn ours(part: &BodyStructure) -> Value {
    let disposition =
        part.disposition.as_ref().map(|(kind, list)| json!([kind.to_lowercase(), our_parameters(list)]));
    if part.main == "multipart" {
        return json!({
            "parts": part.parts.iter().map(ours).collect::<Value>(),
            "type": part.sub,
            "parameters": our_parameters(&part.parameters),
            "disposition": disposition,
            "language": part.language,
            "location": our_text(&part.location),
        });
    }
    json!({
        "type": format!("{}/{}", part.main, part.sub),
        "parameters": our_parameters(&part.parameters),
        "id": our_text(&part.id),
        "description": our_text(&part.description),
        "encoding": part.encoding.to_lowercase(),
        "size": part.size,
        "lines": part.lines,
        "message": part.envelope.as_ref().map(|envelope| json!([our_envelope(envelope), ours(&part.parts[0])])),
        "md5": our_text(&part.md5),
        "disposition": disposition,
        "language": part.language,
        "location": our_text(&part.location),
    })
}

fn theirs(list: &Value) -> Value {
    let list = list.as_array().unwrap();
    let text = |value: &Value| value.as_str().map(their_text);
    let disposition = |value: &Value| {
        let kind = value.as_array()?[0].as_str()?.to_lowercase();
        Some(json!([kind, their_parameters(&value[1])]))
    };
    let language = |value: &Value| match value {
        Value::Null => json!([]),
        Value::String(one) => json!([one]),
        several => several.clone(),
    };
    let lower = |value: &Value| value.as_str().unwrap().to_lowercase();
    let number = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
    let parts = list.iter().take_while(|value| value.is_array()).count();
    if parts > 0 {
        let rest = &list[parts..];
        return json!({
            "parts": list[..parts].iter().map(theirs).collect::<Value>(),
            "type": lower(&rest[0]),
            "parameters": their_parameters(&rest[1]),
            "disposition": disposition(&rest[2]),
            "language": language(&rest[3]),
            "location": text(&rest[4]),
        });
    }
    let (main, sub) = (lower(&list[0]), lower(&list[1]));
    let is_message = main == "message" && sub == "rfc822";
    let rest = &list[if is_message {
        10
    } else if main == "text" {
        8
    } else {
        7
    }..];
    let lines = match main.as_str() {
        _ if is_message => Some(number(&list[9])),
        "text" => Some(number(&list[7])),
        _ => None,
    };
    json!({
        "type": format!("{main}/{sub}"),
        "parameters": their_parameters(&list[2]),
        "id": text(&list[3]),
        "description": text(&list[4]),
        "encoding": lower(&list[5]),
        "size": number(&list[6]),
        "lines": lines,
        "message": is_message.then(|| json!([their_envelope(&list[7]), theirs(&list[8])])),
        "md5": text(&rest[0]),
        "disposition": disposition(&rest[1]),
        "language": language(&rest[2]),
        "location": text(&rest[3]),
    })
}

#[test]
fn s174_structures_equal_what_two_servers_agree_on() {
    let (oracle, folder) = (oracle(), folder());
    let (mut agreed, mut wrong, mut others, mut other_equal) = (0, Vec::new(), 0, 0);
    let mut different = Vec::new();
    for answer in oracle["messages"].as_array().unwrap() {
        let octets = message(&folder, answer);
        let read = BodyStructure::read(&octets, &Layout::parse(&octets));
        let (ours, theirs) = (ours(&read), theirs(&answer["bodyStructure"]));
        let n = answer["n"].as_u64().unwrap();
        if answer["agreed"] != true {
            others += 1;
            other_equal += usize::from(ours == theirs);
            continue;
        }
        agreed += 1;
        if ours != theirs {
            if DIFFERENT.iter().any(|(number, _)| *number == n) {
                different.push(n);
            } else {
                wrong.push(format!("{n}: {ours}\n  expected {theirs}"));
            }
        }
    }
    println!("{agreed} agreed; of {others} others {other_equal} equal");
    assert!(wrong.is_empty(), "{} structures differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(different, DIFFERENT.iter().map(|(n, _)| *n).collect::<Vec<_>>());
    assert_eq!(agreed, AGREED);
}

fn cut<'a>(octets: &'a [u8], layout: &Layout, section: &str) -> Cow<'a, [u8]> {
    Section::parse(section).unwrap().read(octets, layout).unwrap().unwrap()
}

#[test]
fn s168_s178_sections_of_real_messages_make_up_the_message() {
    let (oracle, folder) = (oracle(), folder());
    let mut parts = 0;
    for entry in oracle["index"].as_array().unwrap() {
        let octets = message(&folder, entry);
        let layout = Layout::parse(&octets);
        assert_eq!(Layout::decode(&layout.encode()).as_ref(), Some(&layout));
        let (header, text) = (cut(&octets, &layout, "HEADER"), cut(&octets, &layout, "TEXT"));
        assert_eq!([header, text].concat(), octets);
        assert_eq!(cut(&octets, &layout, ""), octets);
        for (index, part) in layout.parts().iter().enumerate() {
            parts += 1;
            let Some(path) = layout.path(index).filter(|path| !path.is_empty()) else { continue };
            assert_eq!(layout.find(&path), Some(index));
            let path = path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
            let body = cut(&octets, &layout, &path);
            let mime = cut(&octets, &layout, &format!("{path}.MIME"));
            assert_eq!([mime.as_ref(), body.as_ref()].concat(), octets[part.header.start..part.body.end]);
            if part.kind == Kind::Message {
                let header = cut(&octets, &layout, &format!("{path}.HEADER"));
                let text = cut(&octets, &layout, &format!("{path}.TEXT"));
                assert_eq!([header, text].concat(), body.as_ref());
            }
            let half = body.len() / 2;
            let first = cut(&octets, &layout, &format!("{path}<0.{}>", half + 1));
            let second = cut(&octets, &layout, &format!("{path}<{}.{}>", half + 1, body.len() + 1));
            assert_eq!([first, second].concat(), body.as_ref());
            let mut decoder = Decoder::new(part.encoding);
            let mut pieces: Vec<u8> = body.chunks(7).flat_map(|piece| decoder.push(piece)).collect();
            pieces.extend(decoder.finish());
            assert_eq!(pieces, part.encoding.decode(&body, usize::MAX).as_ref());
        }
    }
    println!("{parts} parts");
    assert!(parts > 6046);
}

#[test]
fn rfc_8970_previews_are_the_beginning_of_the_text_that_is_shown() {
    let (oracle, folder) = (oracle(), folder());
    // Previews are on one line and without characters that show nothing.
    let squeezed = |text: &str| {
        let hidden = |shown: char| {
            shown.is_whitespace()
                || shown.is_control()
                || matches!(shown, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
        };
        text.chars().filter(|&shown| !hidden(shown)).collect::<String>()
    };
    let (mut begins, mut other) = (0, Vec::new());
    for entry in oracle["index"].as_array().unwrap() {
        let octets = message(&folder, entry);
        let preview = extract(&octets).row.preview;
        assert!(preview.chars().count() <= MAX_PREVIEW);
        let layout = Layout::parse(&octets);
        let bodies = Bodies::read(&octets, &layout);
        let text = squeezed(&bodies.plain_text(&octets, &layout));
        if text.starts_with(&squeezed(&preview)) {
            begins += 1;
        } else {
            other.push(entry["n"].as_u64().unwrap());
        }
    }
    println!("{begins} previews begin the text");
    assert_eq!(other, PREVIEW_OF_HTML);
}
