//! What was fetched of a message's content, as plain JavaScript objects (index.d.ts names the
//! shapes). Not here: its metadata and envelope (`convert.rs`), and reading it.

use std::collections::HashSet;

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::JsValue;

use super::convert::Record;
use crate::mime::bodies::BodyPart;
use crate::mime::structure::Parameter;
use crate::mime::{Address, BodyStructure, Envelope};
use crate::session::{MessageItems, PartReader, SectionContent};
use crate::store::js_bytes;

/// Adds what was asked for to a message. `asked` are the sections as the caller wrote them.
pub(super) fn add_items(message: Record, items: &MessageItems, asked: &[String]) -> Record {
    let headers = items
        .headers
        .as_ref()
        .map(|headers| entries(headers.iter().map(|(name, values)| (name.as_str(), strings(values).into()))));
    let sections = items
        .sections
        .as_ref()
        .map(|sections| entries(asked.iter().map(String::as_str).zip(sections.iter().map(section))));
    message
        .maybe("rawEnvelope", items.raw_envelope.as_ref().map(envelope))
        .maybe("bodyStructure", items.body_structure.as_ref().map(structure))
        .maybe("headers", headers)
        .maybe("sections", sections)
        .maybe("text", items.text.as_deref())
        .maybe("html", items.html.as_deref())
        .maybe(
            "attachments",
            items
                .attachments
                .as_ref()
                .map(|files| -> Array { files.iter().map(|file| JsValue::from(attachment(file))).collect() }),
        )
        .maybe("source", items.source.as_ref().map(js_bytes::to_fresh_array))
}

/// A plain object of these members, whatever their names: they are the sender's or the caller's,
/// and `__proto__` is one of them.
fn entries<'a>(members: impl Iterator<Item = (&'a str, JsValue)>) -> Object {
    let pairs: Array = members.map(|(name, value)| Array::of2(&name.into(), &value)).collect();
    // Only what is no list of pairs is refused.
    Object::from_entries(&pairs).unwrap_or_default()
}

fn strings(texts: &[String]) -> Array {
    texts.iter().map(JsValue::from).collect()
}

fn section(content: &SectionContent) -> JsValue {
    match content {
        SectionContent::Missing => JsValue::UNDEFINED,
        SectionContent::Octets(octets) => js_bytes::to_fresh_array(octets).into(),
        SectionContent::Size(size) => (*size as f64).into(),
    }
}

/// Of parameters of one name the first.
fn parameters(list: &[Parameter]) -> Object {
    let mut known = HashSet::new();
    let named: Vec<(String, &String)> = list
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| known.insert(name.clone()))
        .collect();
    entries(named.iter().map(|(name, value)| (name.as_str(), JsValue::from(value.as_str()))))
}

fn number(path: &[u32]) -> Option<String> {
    let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
    (!numbers.is_empty()).then(|| numbers.join("."))
}

/// Nested no deeper than parts are ([`crate::mime::part::MAX_DEPTH`]).
fn structure(part: &BodyStructure) -> Record {
    let of_parts: Array = part.parts.iter().map(|part| JsValue::from(structure(part))).collect();
    let (disposition, its_parameters) = part
        .disposition
        .as_ref()
        .map_or((None, None), |(kind, list)| (Some(kind.to_ascii_lowercase()), Some(parameters(list))));
    let languages = (!part.language.is_empty()).then(|| strings(&part.language));
    Record::new()
        .maybe("part", part.path.as_deref().and_then(number))
        .set("type", media_type(&part.main, &part.sub))
        .set("parameters", parameters(&part.parameters))
        .maybe("id", part.id.as_deref())
        .maybe("description", part.description.as_deref())
        .set("encoding", part.encoding.to_ascii_lowercase())
        .set("size", part.size as f64)
        .maybe("lineCount", part.lines.map(|lines| lines as f64))
        .maybe("md5", part.md5.as_deref())
        .maybe("disposition", disposition)
        .maybe("dispositionParameters", its_parameters)
        .maybe("language", languages)
        .maybe("location", part.location.as_deref())
        .maybe("envelope", part.envelope.as_deref().map(envelope))
        .maybe("childNodes", (!part.parts.is_empty()).then_some(of_parts))
}

fn media_type(main: &str, sub: &str) -> String {
    [main, "/", sub].concat()
}

fn envelope(envelope: &Envelope) -> Record {
    let list = |addresses: &[Address]| -> Array {
        addresses.iter().map(|address| JsValue::from(raw_address(address))).collect()
    };
    Record::new()
        .maybe("date", envelope.date.as_deref())
        .maybe("subject", envelope.subject.as_deref())
        .set("from", list(&envelope.from))
        .set("sender", list(&envelope.sender))
        .set("replyTo", list(&envelope.reply_to))
        .set("to", list(&envelope.to))
        .set("cc", list(&envelope.cc))
        .set("bcc", list(&envelope.bcc))
        .maybe("inReplyTo", envelope.in_reply_to.as_deref())
        .maybe("messageId", envelope.message_id.as_deref())
}

fn raw_address(address: &Address) -> Record {
    Record::new()
        .maybe("name", address.name.as_deref())
        .maybe("adl", address.adl.as_deref())
        .maybe("mailbox", address.mailbox.as_deref())
        .maybe("host", address.host.as_deref())
}

fn attachment(file: &BodyPart) -> Record {
    Record::new()
        .set("part", number(&file.path).unwrap_or_default())
        .set("type", media_type(&file.main, &file.sub))
        .maybe("charset", file.charset.as_deref())
        .maybe("filename", file.filename.as_deref())
        .set("size", file.size as f64)
        .set("encodedSize", file.encoded_size as f64)
        .maybe("contentId", file.content_id.as_deref())
        .set("inline", file.inline)
        .maybe("disposition", file.disposition.as_deref())
}

/// All octets of a part; those that need no decoding do not pass through wasm memory.
pub(super) fn part_octets(mut part: PartReader) -> Uint8Array {
    if let Some(octets) = part.as_it_stands() {
        return js_bytes::to_fresh_array(octets);
    }
    let length = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
    let array = Uint8Array::new_with_length(length(part.at_most()));
    let mut at = 0;
    while let Some(piece) = part.next_piece() {
        array.set(&js_bytes::to_array(&piece), length(at));
        at += piece.len();
    }
    if length(at) == array.length() { array } else { array.slice(0, length(at)) }
}
