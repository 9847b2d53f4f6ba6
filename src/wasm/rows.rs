//! A list's rows on their way to JavaScript: all numbers in one array and all texts in one string, since a
//! thousand members cross the border one by one for more than all the rest of a list costs. `pkg/rows.js`
//! takes them in the same order. Not here: which messages are listed.

use js_sys::Float64Array;

use super::convert::Record;
use crate::mime::{ListRow, MailAddress};
use crate::model::{Flags, Message};

/// Stands for a text, a date or a list that there is not.
const ABSENT: f64 = f64::NAN;

/// Rows, written one after the other.
#[derive(Default)]
pub(super) struct Rows {
    count: u32,
    numbers: Vec<f64>,
    texts: String,
}

impl Rows {
    /// A message of a view, with these flags, as a list shows it.
    pub(super) fn push(&mut self, seq: u32, message: &Message, flags: &Flags, row: &ListRow, damaged: bool) {
        self.count += 1;
        self.numbers.extend([
            f64::from(message.uid),
            f64::from(seq),
            message.mod_seq as f64,
            message.internal_date.timestamp_ms as f64,
            f64::from(message.internal_date.zone_minutes),
            message.save_date_ms as f64,
            message.size as f64,
            f64::from(u8::from(message.expunged)),
            f64::from(u8::from(message.damaged || damaged)),
            f64::from(u8::from(row.has_attachment)),
            row.sent_date.map_or(ABSENT, |date| date.timestamp_ms as f64),
        ]);
        // No flag's name has a space.
        self.text(&flags.names().join(" "));
        self.maybe(message.email_id.as_ref().map(|id| id.as_str()));
        self.maybe(message.thread_id.as_ref().map(|id| id.as_str()));
        self.text(&row.subject);
        self.maybe(row.message_id.as_deref());
        self.maybe(row.in_reply_to.as_deref());
        self.text(&row.preview);
        self.addresses(&row.from);
        for list in [&row.sender, &row.reply_to] {
            match list.is_empty() {
                // As From.
                true => self.numbers.push(ABSENT),
                false => self.addresses(list),
            }
        }
        for list in [&row.to, &row.cc, &row.bcc] {
            self.addresses(list);
        }
    }

    fn addresses(&mut self, list: &[MailAddress]) {
        self.numbers.push(list.len() as f64);
        for MailAddress { name, address, .. } in list {
            self.text(name.as_deref().unwrap_or_default());
            self.text(address);
        }
    }

    fn maybe(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.numbers.push(ABSENT),
        }
    }

    fn text(&mut self, text: &str) {
        let units = if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
        self.numbers.push(units as f64);
        self.texts.push_str(text);
    }
}

impl From<Rows> for Record {
    fn from(rows: Rows) -> Record {
        Record::new()
            .set("count", rows.count)
            .set("numbers", Float64Array::from(rows.numbers.as_slice()))
            .set("texts", rows.texts)
    }
}
