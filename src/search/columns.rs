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

/// How much text is in one piece: growing as a whole, a column would need room for itself twice over.
const PIECE_BYTES: usize = 32 * 1024;

/// Where a text is: which piece, and from where to where in it.
#[derive(Debug, Clone, Copy)]
struct Place {
    piece: u16,
    begin: u16,
    end: u16,
}

/// One field of many messages, by ascending UID.
#[derive(Debug, Default)]
struct Column {
    uids: Vec<Uid>,
    places: Vec<Place>,
    pieces: Vec<Vec<u8>>,
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
        let Place { piece, begin, end } = *self.places.get(at)?;
        self.pieces.get(usize::from(piece))?.get(usize::from(begin)..usize::from(end))
    }

    /// Keeps the text of a message that comes after all others; whether there is a place for it.
    fn push(&mut self, uid: Uid, text: &[u8]) -> bool {
        if self.pieces.last().is_none_or(|piece| piece.len() + text.len() > PIECE_BYTES) {
            self.pieces.push(Vec::with_capacity(PIECE_BYTES));
        }
        let piece = u16::try_from(self.pieces.len() - 1);
        let (Ok(piece), Some(last)) = (piece, self.pieces.last_mut()) else { return false };
        let (begin, end) = (u16::try_from(last.len()), u16::try_from(last.len() + text.len()));
        let (Ok(begin), Ok(end)) = (begin, end) else { return false };
        last.extend_from_slice(text);
        self.places.push(Place { piece, begin, end });
        self.uids.push(uid);
        true
    }

    fn bytes(&self) -> usize {
        let each = self.uids.capacity() * size_of::<Uid>() + self.places.capacity() * size_of::<Place>();
        self.pieces.len() * PIECE_BYTES + each
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
            self.is_full |= !column.push(uid, fold(&field.text(row)).as_bytes());
        }
        if self.is_full || self.columns.iter().map(|(_, column)| column.bytes()).sum::<usize>() > MOST_BYTES {
            self.columns = Vec::new();
            self.is_full = true;
        }
    }
}
