//! Header fields of a mailbox's messages as they are compared, kept from one search to the next: what somebody
//! types next then asks no list row. Not here: for how long they are kept, and by whom.

use std::cell::Cell;

use super::needle::Field;
use crate::mime::text::fold;
use crate::mime::{ListRow, RowFields};
use crate::model::Uid;

/// Beyond so many bytes nothing is kept: two fields of some 200,000 messages.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The fields that are kept.
const KEPT: [(RowFields, Field); 5] = [
    (RowFields::SUBJECT, Field::Subject),
    (RowFields::FROM, Field::From),
    (RowFields::TO, Field::To),
    (RowFields::CC, Field::Cc),
    (RowFields::BCC, Field::Bcc),
];

/// Folded header fields by UID. What a message's header says never changes, so nothing in here becomes wrong.
#[derive(Debug, Default)]
pub struct HeaderColumns {
    columns: Vec<(RowFields, Column)>,
    is_full: bool,
}

/// One field of many messages, by ascending UID.
#[derive(Debug, Default)]
struct Column {
    uids: Vec<Uid>,
    ends: Vec<usize>,
    text: Vec<u8>,
    /// Whether a message between others was asked for and is not here.
    has_gaps: bool,
    /// The place behind the one found last: searches go up.
    next: Cell<usize>,
}

impl Column {
    fn get(&self, uid: Uid) -> Option<&[u8]> {
        let at = match self.next.get() {
            next if self.uids.get(next) == Some(&uid) => next,
            _ => self.uids.binary_search(&uid).ok()?,
        };
        self.next.set(at + 1);
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(begin.unwrap_or_default()..*self.ends.get(at)?)
    }

    fn bytes(&self) -> usize {
        self.text.capacity() + (self.uids.capacity() + self.ends.capacity()) * size_of::<usize>()
    }
}

impl HeaderColumns {
    /// Makes ready for a search: a field that was kept of some messages only, because another search asked for no
    /// others, is kept anew.
    pub fn begin(&mut self) {
        self.columns.retain(|(_, column)| !column.has_gaps);
    }

    /// The folded text of a message's field, where it is known.
    pub(super) fn get(&self, field: RowFields, uid: Uid) -> Option<&[u8]> {
        self.columns.iter().find(|(kept, _)| *kept == field)?.1.get(uid)
    }

    /// Keeps those of these fields that a row tells exactly.
    pub fn take_in(&mut self, uid: Uid, row: &ListRow, fields: RowFields) {
        if self.is_full || row.truncated {
            return;
        }
        for (kept, field) in KEPT.into_iter().filter(|(kept, _)| fields.has(*kept)) {
            let place = self.columns.iter().position(|(known, _)| *known == kept).unwrap_or_else(|| {
                self.columns.push((kept, Column::default()));
                self.columns.len() - 1
            });
            let Some((_, column)) = self.columns.get_mut(place) else { continue };
            if column.uids.last().is_some_and(|last| *last >= uid) {
                column.has_gaps |= column.get(uid).is_none();
                continue;
            }
            column.text.extend_from_slice(fold(&field.text(row)).as_bytes());
            column.ends.push(column.text.len());
            column.uids.push(uid);
        }
        if self.columns.iter().map(|(_, column)| column.bytes()).sum::<usize>() > MOST_BYTES {
            self.columns = Vec::new();
            self.is_full = true;
        }
    }
}
