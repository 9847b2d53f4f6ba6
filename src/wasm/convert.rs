//! The engine's data as JavaScript's: plain objects, typed arrays for columns,
//! octets straight from where they are. Here: the shapes (index.d.ts names
//! them). Not here: which call returns what.

use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use crate::backend::{MailboxEvent, MailboxEvents};
use crate::engine::Problem;
use crate::mime::{ListRow, MailAddress};
use crate::model::{
    AppendMessage, Error, FlagOp, Flags, ListEntry, MailboxSnapshot, Message, ModSeq, Result, SequenceSet,
    SpecialUse, Uid, Value, ZonedTime,
};
use crate::view::{SelectedMailbox, Updates};

thread_local! {
    /// Members' names as JavaScript has them, by where they lie: a list of fifty rows has a thousand members.
    static NAMES: RefCell<HashMap<(*const u8, usize), JsValue>> = RefCell::default();
}

/// A plain object, built member by member.
pub(super) struct Record(Object);

impl Record {
    pub(super) fn new() -> Record {
        Record(Object::new())
    }

    /// An object that is there already, to be given more members.
    pub(super) fn of(object: Object) -> Record {
        Record(object)
    }

    #[must_use]
    pub(super) fn set(self, name: &'static str, value: impl Into<JsValue>) -> Record {
        // A plain object takes every member.
        let _ = NAMES.with_borrow_mut(|names| {
            let name = names.entry((name.as_ptr(), name.len())).or_insert_with(|| JsValue::from_str(name));
            Reflect::set(&self.0, name, &value.into())
        });
        self
    }

    /// A member that is left out where there is nothing.
    #[must_use]
    pub(super) fn maybe(self, name: &'static str, value: Option<impl Into<JsValue>>) -> Record {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }
}

impl From<Record> for JsValue {
    fn from(record: Record) -> JsValue {
        record.0.into()
    }
}

fn plain(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new();
    // Only maps with odd keys and integers past 2^53 fail, and there are none.
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

fn double(number: u64) -> f64 {
    number as f64
}

/// A number that the JavaScript face has found to be whole and within 0 to 2^53-1.
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

pub(super) fn uids(uids: impl IntoIterator<Item = Uid>) -> Uint32Array {
    let uids: Vec<Uid> = uids.into_iter().collect();
    Uint32Array::from(uids.as_slice())
}

pub(super) fn names(flags: &Flags) -> Array {
    flags.names().into_iter().map(JsValue::from_str).collect()
}

/// Arrays of flag names, one for each set of flags that occurs.
#[derive(Default)]
pub(super) struct FlagLists(HashMap<String, Array>);

impl FlagLists {
    fn list(&mut self, flags: &Flags) -> Array {
        let key = flags.names().join(" ");
        self.0.entry(key).or_insert_with(|| names(flags)).clone()
    }
}

/// Flags of several messages, in columns.
pub(super) fn flag_columns<'a>(rows: impl IntoIterator<Item = (u32, Uid, ModSeq, &'a Flags)>) -> Record {
    let mut lists = FlagLists::default();
    let flags = Array::new();
    let (mut seqs, mut all, mut mod_seqs) = (Vec::new(), Vec::new(), Vec::new());
    for (seq, uid, mod_seq, names) in rows {
        seqs.push(seq);
        all.push(uid);
        mod_seqs.push(double(mod_seq));
        flags.push(&lists.list(names));
    }
    Record::new()
        .set("seq", Uint32Array::from(seqs.as_slice()))
        .set("uid", Uint32Array::from(all.as_slice()))
        .set("modSeq", Float64Array::from(mod_seqs.as_slice()))
        .set("flags", flags)
}

pub(super) fn updates(updates: &Updates) -> Record {
    let expunged = Record::new()
        .set("seq", uids(updates.expunged.iter().map(|each| each.seq)))
        .set("uid", uids(updates.expunged.iter().map(|each| each.uid)));
    let flags = updates.flags.iter().map(|each| (each.seq, each.uid, each.mod_seq, &each.flags));
    Record::new()
        .set("closed", updates.closed)
        .set("expunged", expunged)
        .set("exists", updates.exists)
        .set("recent", updates.recent)
        .set("flags", flag_columns(flags))
        .set("modSeq", double(updates.mod_seq))
}

/// How a view stands.
pub(super) fn view(selected: &SelectedMailbox) -> Record {
    Record::new()
        .set("exists", selected.exists())
        .set("recent", double(selected.recent().len()))
        .set("modSeq", double(selected.mod_seq()))
        .set("closed", selected.is_over())
}

pub(super) fn snapshot(snapshot: &MailboxSnapshot) -> Record {
    Record::new()
        .set("name", snapshot.name.as_str())
        .set("mailboxId", snapshot.mailbox_id.as_str())
        .set("readonly", snapshot.readonly)
        .set("uidValidity", snapshot.uid_validity)
        .set("permanentFlags", names(&snapshot.permanent_flags))
        .set("acceptsKeywords", snapshot.accepts_keywords)
        .set("sessionFlags", names(&snapshot.session_flags))
        .set("exists", snapshot.exists)
        .set("recent", snapshot.recent)
        .set("unseen", snapshot.unseen)
        .set("firstUnseen", snapshot.first_unseen)
        .set("deleted", snapshot.deleted)
        .set("size", double(snapshot.size))
        .set("uidNext", snapshot.uid_next)
        .set("highestModSeq", double(snapshot.highest_mod_seq))
}

/// What is listed, with the status of each where that was asked for.
pub(super) fn list(listed: impl IntoIterator<Item = (ListEntry, Option<MailboxSnapshot>)>) -> Array {
    let entry = |(entry, status): (ListEntry, Option<MailboxSnapshot>)| -> JsValue {
        let attributes: Array =
            entry.attributes.iter().map(|each| JsValue::from_str(each.as_str())).collect();
        Record::new()
            .set("name", entry.name)
            .set("delimiter", entry.delimiter.to_string())
            .set("attributes", attributes)
            .maybe("status", status.as_ref().map(snapshot))
            .into()
    };
    listed.into_iter().map(entry).collect()
}

/// What is listed, without anyone's status.
pub(super) fn bare(entries: Vec<ListEntry>) -> Vec<(ListEntry, Option<MailboxSnapshot>)> {
    entries.into_iter().map(|entry| (entry, None)).collect()
}

/// Mailbox events, with the counts of the mailboxes that they are about.
pub(super) fn events(events: &MailboxEvents, counts: &[Option<MailboxSnapshot>]) -> Record {
    let rows: Array = events
        .events
        .iter()
        .zip(counts)
        .map(|(event, counts)| {
            let (kind, name, id, before) = match event {
                MailboxEvent::Created { mailbox_id, name } => ("created", name, Some(mailbox_id), None),
                MailboxEvent::Renamed { mailbox_id, before, name } => {
                    ("renamed", name, Some(mailbox_id), Some(before))
                }
                MailboxEvent::Deleted { mailbox_id, name } => ("deleted", name, Some(mailbox_id), None),
                MailboxEvent::Changed { mailbox_id, name } => ("changed", name, Some(mailbox_id), None),
                MailboxEvent::Attributes { name } => ("attributes", name, None, None),
            };
            JsValue::from(
                Record::new()
                    .set("type", kind)
                    .set("name", name.as_str())
                    .set("mailboxId", id.map(|id| id.as_str()))
                    .set("before", before.map(String::as_str))
                    .set(
                        "counts",
                        counts.as_ref().map_or(JsValue::UNDEFINED, |counts| snapshot(counts).into()),
                    ),
            )
        })
        .collect();
    Record::new().set("sequence", double(events.sequence)).set("events", rows).set("resync", events.resync)
}

/// What a check of the database found.
pub(super) fn problems(problems: &[Problem]) -> Array {
    let problem = |problem: &Problem| -> JsValue {
        Record::new()
            .set("mailbox", problem.mailbox.as_deref())
            .set("record", problem.record.as_deref())
            .set("description", problem.description.as_str())
            .into()
    };
    problems.iter().map(problem).collect()
}

#[derive(Serialize)]
struct AddressOut<'a> {
    name: &'a str,
    address: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeOut<'a> {
    sent_date: Option<f64>,
    subject: &'a str,
    from: Vec<AddressOut<'a>>,
    sender: Vec<AddressOut<'a>>,
    reply_to: Vec<AddressOut<'a>>,
    to: Vec<AddressOut<'a>>,
    cc: Vec<AddressOut<'a>>,
    bcc: Vec<AddressOut<'a>>,
    message_id: Option<&'a str>,
    in_reply_to: Option<&'a str>,
}

fn addresses(list: &[MailAddress]) -> Vec<AddressOut<'_>> {
    list.iter()
        .map(|each| AddressOut { name: each.name.as_deref().unwrap_or_default(), address: &each.address })
        .collect()
}

fn envelope(row: &ListRow) -> EnvelopeOut<'_> {
    let or_from = |list| addresses(if <[MailAddress]>::is_empty(list) { &row.from } else { list });
    EnvelopeOut {
        sent_date: row.sent_date.map(|date| date.timestamp_ms as f64),
        subject: &row.subject,
        from: addresses(&row.from),
        sender: or_from(&row.sender),
        reply_to: or_from(&row.reply_to),
        to: addresses(&row.to),
        cc: addresses(&row.cc),
        bcc: addresses(&row.bcc),
        message_id: row.message_id.as_deref(),
        in_reply_to: row.in_reply_to.as_deref(),
    }
}

/// Which parts of a message go out beside its metadata.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// For the envelope.
    pub(super) envelope: Option<&'a ListRow>,
    /// For the preview and the attachment mark.
    pub(super) preview: Option<&'a ListRow>,
    /// Whether something of these, or of what else was asked for, cannot be read.
    pub(super) damaged: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageOut<'a> {
    uid: Uid,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u32>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    flags: Array,
    mod_seq: f64,
    internal_date: f64,
    zone_minutes: i16,
    save_date: f64,
    size: f64,
    email_id: Option<&'a str>,
    thread_id: Option<&'a str>,
    expunged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<EnvelopeOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_attachment: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<&'a str>,
}

/// A message with these flags; its sequence number where it is a view's.
pub(super) fn message(
    message: &Message,
    seq: Option<u32>,
    flags: &Flags,
    parts: &Parts<'_>,
    lists: &mut FlagLists,
) -> JsValue {
    plain(&MessageOut {
        uid: message.uid,
        seq,
        flags: lists.list(flags),
        mod_seq: double(message.mod_seq),
        internal_date: message.internal_date.timestamp_ms as f64,
        zone_minutes: message.internal_date.zone_minutes,
        save_date: message.save_date_ms as f64,
        size: double(message.size),
        email_id: message.email_id.as_ref().map(|id| id.as_str()),
        thread_id: message.thread_id.as_ref().map(|id| id.as_str()),
        expunged: message.expunged,
        damaged: (message.damaged || parts.damaged).then_some(true),
        envelope: parts.envelope.map(envelope),
        has_attachment: parts.preview.map(|row| row.has_attachment),
        preview: parts.preview.map(|row| row.preview.as_str()),
    })
}

/// Messages of the layer below, which has no views.
pub(super) fn stored_messages(messages: &[Message]) -> Array {
    let mut lists = FlagLists::default();
    messages.iter().map(|each| message(each, None, &each.flags, &Parts::default(), &mut lists)).collect()
}

/// Old and new UIDs.
pub(super) fn pairs(pairs: &[(Uid, Uid)]) -> Record {
    Record::new()
        .set("source", uids(pairs.iter().map(|(source, _)| *source)))
        .set("destination", uids(pairs.iter().map(|(_, destination)| *destination)))
}

// What comes in. The JavaScript face has checked it; a wrong type is its defect.

fn wrong(what: &str) -> Error {
    Error::internal(format!("the JavaScript face gave {what} in another form"))
}

/// A set, as text or as a `Uint32Array`.
pub(super) fn set(numbers: &JsValue, uid: bool) -> Result<SequenceSet> {
    if let Some(text) = numbers.as_string() {
        return SequenceSet::parse(&text, uid);
    }
    let numbers: &Uint32Array = numbers.dyn_ref().ok_or_else(|| wrong("a set"))?;
    SequenceSet::from_numbers(numbers.to_vec(), uid)
}

pub(super) fn flags(names: &[String]) -> Result<Flags> {
    Flags::parse(names)
}

pub(super) fn operation(name: &str) -> Result<FlagOp> {
    match name {
        "add" => Ok(FlagOp::Add),
        "delete" => Ok(FlagOp::Delete),
        "replace" => Ok(FlagOp::Replace),
        _ => Err(wrong("an operation")),
    }
}

pub(super) fn special_use(name: Option<&str>) -> Result<Option<SpecialUse>> {
    name.map(SpecialUse::parse).transpose()
}

/// Messages to append: octets, flags, milliseconds or undefined, zone minutes.
pub(super) fn append_messages(messages: &Array) -> Result<Vec<AppendMessage>> {
    messages.iter().map(|each| append_message(&each)).collect()
}

/// One message to append.
pub(super) fn append_message(message: &JsValue) -> Result<AppendMessage> {
    let fields: &Array = message.dyn_ref().ok_or_else(|| wrong("a message"))?;
    let raw: Uint8Array = fields.get(0).dyn_into().map_err(|_| wrong("a message's octets"))?;
    let names: Array = fields.get(1).dyn_into().map_err(|_| wrong("a message's flags"))?;
    let names: Vec<String> = names.iter().filter_map(|name| name.as_string()).collect();
    let zone_minutes = fields.get(3).as_f64().unwrap_or_default() as i16;
    let internal_date =
        fields.get(2).as_f64().map(|date| ZonedTime { timestamp_ms: date as i64, zone_minutes });
    Ok(AppendMessage { raw: Value::from(raw.to_vec()), flags: Flags::parse(names)?, internal_date })
}
