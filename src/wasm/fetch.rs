//! FETCH and the parts of fetched messages as promises. The options come checked, as one object;
//! the sections in it are read here. What goes out is shaped by `convert.rs` and `message.rs`.

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::convert::{self, FlagLists, Parts, Record};
use super::session::{SessionHandle, told};
use super::{message, promise};
use crate::mime::section::SectionText;
use crate::mime::{ListRow, Section};
use crate::model::{Error, ErrorCode, MailboxId, Message, MessageFields, Result};
use crate::session::{FetchItems, FetchOptions, MessageItems, PartReader};
use crate::store::js_bytes;

#[wasm_bindgen]
impl SessionHandle {
    /// FETCH.
    #[wasm_bindgen(js_name = fetchMessages)]
    pub fn fetch_messages(
        &self,
        id: u32,
        numbers: JsValue,
        uid: bool,
        wanted: JsValue,
        changed_since: Option<f64>,
    ) -> Promise {
        self.on_view(id, async move |core, view| {
            let set = convert::set(&numbers, uid)?;
            let sections = texts(&wanted, "sections");
            let items = items(&wanted, &sections)?;
            let options = FetchOptions {
                set_seen: flag(&wanted, "setSeen"),
                changed_since: changed_since.map(convert::whole),
                fields: MessageFields::ALL,
                hide_expunged: false,
            };
            let out = Array::new();
            let mut lists = FlagLists::default();
            let mut each = |seq: u32, message: &Message, found: MessageItems| {
                out.push(&fetched(seq, message, &items, &found, &sections, &mut lists));
            };
            let fetched = core.session.fetch(view, &set, &options, &items, &mut each).await?;
            let vanished = fetched.vanished.as_ref().map(|uids| convert::uids(uids.iter()));
            Ok(told(&fetched.updates)
                .set("messages", out)
                .set("expungeIssued", fetched.expunge_issued)
                .maybe("vanished", vanished))
        })
    }

    /// The decoded octets of a part; undefined where the message has no such part.
    #[wasm_bindgen(js_name = readPart)]
    pub fn read_part(&self, mailbox_id: String, uid: u32, number: String) -> Promise {
        let core = self.core.clone();
        promise(async move {
            let (mailbox_id, path) = (MailboxId::parse(&mailbox_id)?, path(&number)?);
            let part = core.session.open_part(&mailbox_id, uid, path).await?;
            Ok(part.map_or(JsValue::UNDEFINED, |part| message::part_octets(part).into()))
        })
    }

    /// A part to be read in pieces. `NOT_FOUND` where the message has no such part.
    #[wasm_bindgen(js_name = openPart)]
    pub fn open_part(&self, mailbox_id: String, uid: u32, number: String) -> Promise {
        let core = self.core.clone();
        promise(async move {
            let (mailbox_id, path) = (MailboxId::parse(&mailbox_id)?, path(&number)?);
            let part = core.session.open_part(&mailbox_id, uid, path).await?;
            let none = || Error::new(ErrorCode::NotFound, format!("the message has no part {number}"));
            Ok(PartHandle { part: part.ok_or_else(none)? }.into())
        })
    }
}

/// A part that is read in pieces. Lives on its own: neither the session nor a view is held.
#[wasm_bindgen]
pub struct PartHandle {
    part: PartReader,
}

#[wasm_bindgen]
impl PartHandle {
    /// The next octets as a `Uint8Array` of the caller's own; undefined after the last.
    pub fn next(&mut self) -> JsValue {
        let piece = self.part.next_piece();
        piece.map_or(JsValue::UNDEFINED, |octets| js_bytes::to_fresh_array(&octets).into())
    }
}

fn fetched(
    seq: u32,
    message: &Message,
    items: &FetchItems,
    found: &MessageItems,
    sections: &[String],
    lists: &mut FlagLists,
) -> JsValue {
    let empty = ListRow::default();
    let row = found.row.as_ref().unwrap_or(&empty);
    let parts = Parts {
        envelope: items.envelope.then_some(row),
        preview: items.preview.then_some(row),
        damaged: found.damaged,
    };
    let plain = convert::message(message, Some(seq), &message.flags, &parts, lists);
    message::add_items(Record::of(plain.unchecked_into()), found, sections).into()
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn flag(object: &JsValue, name: &str) -> bool {
    member(object, name).is_truthy()
}

fn texts(object: &JsValue, name: &str) -> Vec<String> {
    let list = member(object, name).dyn_into::<Array>().unwrap_or_default();
    list.iter().filter_map(|text| text.as_string()).collect()
}

fn items(wanted: &JsValue, sections: &[String]) -> Result<FetchItems> {
    Ok(FetchItems {
        metadata: Vec::new(),
        envelope: flag(wanted, "envelope"),
        preview: flag(wanted, "preview"),
        raw_envelope: flag(wanted, "rawEnvelope"),
        body_structure: flag(wanted, "bodyStructure"),
        headers: texts(wanted, "headers"),
        sections: sections.iter().map(|text| Section::parse(text)).collect::<Result<_>>()?,
        text: flag(wanted, "text"),
        html: flag(wanted, "html"),
        attachments: flag(wanted, "attachments"),
        source: flag(wanted, "source"),
    })
}

/// The numbers of a part, which the JavaScript face has found to be numbers with dots between.
fn path(number: &str) -> Result<Vec<u32>> {
    let section = Section::parse(number)?;
    if section != Section::new(section.path.clone(), SectionText::Whole) {
        return Err(Error::invalid(format!("not the number of a part: {number:?}")));
    }
    Ok(section.path)
}
