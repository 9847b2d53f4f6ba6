//! The stored form of a [`ListRow`]: compact, self-delimiting, total to decode.
//!
//! Pages, checksums and format versions are the engine's. Layout, in order (numbers are unsigned
//! LEB128, texts a number of octets and UTF-8): a number of presence bits, then what they announce.

use super::date::SentDate;
use super::row::{ListRow, MailAddress, RowFields};

const HAS_MESSAGE_ID: u64 = 1;
const HAS_IN_REPLY_TO: u64 = 1 << 1;
const HAS_SENT_DATE: u64 = 1 << 2;
const HAS_REFERENCES: u64 = 1 << 3;
const HAS_ATTACHMENT: u64 = 1 << 4;
const TRUNCATED: u64 = 1 << 5;
const HAS_PREVIEW: u64 = 1 << 6;
/// From here on one bit for each address list that is not empty: From, To, Cc, Bcc, Sender, Reply-To.
const FIRST_LIST: u32 = 7;
const KNOWN_BITS: u64 = (1 << 13) - 1;

impl ListRow {
    /// Appends the stored form to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let lists = self.lists();
        let mut bits = 0;
        for (present, bit) in [
            (self.message_id.is_some(), HAS_MESSAGE_ID),
            (self.in_reply_to.is_some(), HAS_IN_REPLY_TO),
            (self.sent_date.is_some(), HAS_SENT_DATE),
            (!self.references.is_empty(), HAS_REFERENCES),
            (self.has_attachment, HAS_ATTACHMENT),
            (self.truncated, TRUNCATED),
            (!self.preview.is_empty(), HAS_PREVIEW),
        ] {
            bits |= if present { bit } else { 0 };
        }
        for (list, shift) in lists.iter().zip(FIRST_LIST..) {
            bits |= u64::from(!list.is_empty()) << shift;
        }
        put_number(out, bits);
        put_text(out, &self.subject);
        if let Some(date) = self.sent_date {
            put_signed(out, date.timestamp_ms);
            put_signed(out, i64::from(date.zone_minutes));
        }
        for text in [&self.message_id, &self.in_reply_to].into_iter().flatten() {
            put_text(out, text);
        }
        for list in lists.into_iter().filter(|list| !list.is_empty()) {
            put_number(out, list.len() as u64);
            for address in list {
                match &address.name {
                    None => put_number(out, 0),
                    Some(name) => {
                        put_number(out, name.len() as u64 + 1);
                        out.extend_from_slice(name.as_bytes());
                    }
                }
                put_text(out, &address.address);
            }
        }
        if !self.references.is_empty() {
            put_number(out, self.references.len() as u64);
            out.push(self.from_references);
            self.references.iter().for_each(|hash| out.extend_from_slice(hash));
        }
        if !self.preview.is_empty() {
            put_text(out, &self.preview);
        }
    }

    /// Reads a row from the start of `input`, and says how many octets it took.
    ///
    /// `None` for anything that [`encode`](Self::encode) cannot have written as far as that is
    /// visible: cut input, bad UTF-8, unknown presence bits. Never takes more memory than a small
    /// multiple of the input.
    pub fn decode(input: &[u8]) -> Option<(ListRow, usize)> {
        ListRow::decode_fields(input, RowFields::ALL)
    }

    /// As [`decode`](Self::decode), with these of the texts alone: the others are passed over, and are
    /// empty or absent.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn decode_fields(input: &[u8], fields: RowFields) -> Option<(ListRow, usize)> {
        let mut reader = Reader { rest: input };
        let bits = reader.number()?;
        if bits & !KNOWN_BITS != 0 {
            return None;
        }
        let has = |bit: u64| bits & bit != 0;
        let subject = reader.text_if(fields.has(RowFields::SUBJECT))?.unwrap_or_default();
        let mut row = ListRow { subject, ..ListRow::default() };
        if has(HAS_SENT_DATE) {
            let timestamp_ms = reader.signed()?;
            let zone_minutes = i16::try_from(reader.signed()?).ok()?;
            row.sent_date = Some(SentDate { timestamp_ms, zone_minutes });
        }
        if has(HAS_MESSAGE_ID) {
            row.message_id = reader.text_if(fields.has(RowFields::IDS))?;
        }
        if has(HAS_IN_REPLY_TO) {
            row.in_reply_to = reader.text_if(fields.has(RowFields::IDS))?;
        }
        let lists = [
            (&mut row.from, RowFields::FROM),
            (&mut row.to, RowFields::TO),
            (&mut row.cc, RowFields::CC),
            (&mut row.bcc, RowFields::BCC),
            (&mut row.sender, RowFields::SENDER),
            (&mut row.reply_to, RowFields::REPLY_TO),
        ];
        for ((list, field), shift) in lists.into_iter().zip(FIRST_LIST..) {
            if has(1 << shift) {
                *list = reader.addresses(fields.has(field))?;
            }
        }
        if has(HAS_REFERENCES) {
            let count = usize::try_from(reader.number()?).ok()?;
            let [from_references] = *reader.take(1)? else { return None };
            let hashes = reader.take(count.checked_mul(8)?)?;
            if fields.has(RowFields::REFERENCES) {
                row.from_references = from_references;
                row.references = hashes.chunks_exact(8).filter_map(|hash| hash.try_into().ok()).collect();
            }
        }
        if has(HAS_PREVIEW) {
            row.preview = reader.text_if(fields.has(RowFields::PREVIEW))?.unwrap_or_default();
        }
        row.has_attachment = has(HAS_ATTACHMENT);
        row.truncated = has(TRUNCATED);
        Some((row, input.len() - reader.rest.len()))
    }

    fn lists(&self) -> [&[MailAddress]; 6] {
        [&self.from, &self.to, &self.cc, &self.bcc, &self.sender, &self.reply_to]
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Signed numbers zigzag, so that small ones of either sign are short.
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let [octet] = *self.take(1)? else { return None };
            let part = u64::from(octet & 0x7f);
            if part << shift >> shift != part {
                return None;
            }
            number |= part << shift;
            if octet < 0x80 {
                return Some(number);
            }
        }
        None
    }

    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A text; `Some(None)` where it is there and not wanted.
    #[cfg_attr(own_std, optimize(speed))]
    fn text_if(&mut self, wanted: bool) -> Option<Option<String>> {
        let length = self.length()?;
        self.text_of(length, wanted)
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn text_of(&mut self, length: usize, wanted: bool) -> Option<Option<String>> {
        let octets = self.take(length)?;
        if !wanted {
            return Some(None);
        }
        std::str::from_utf8(octets).ok().map(|text| Some(text.to_owned()))
    }

    /// A list of addresses; empty where it is not wanted.
    #[cfg_attr(own_std, optimize(speed))]
    fn addresses(&mut self, wanted: bool) -> Option<Vec<MailAddress>> {
        let count = self.length()?;
        // An address takes at least two octets: a count beyond that is refused before memory is.
        if count > self.rest.len() / 2 {
            return None;
        }
        let mut list = Vec::with_capacity(if wanted { count } else { 0 });
        for _ in 0..count {
            let name = match self.length()?.checked_sub(1) {
                None => None,
                Some(length) => self.text_of(length, wanted)?,
            };
            if let Some(address) = self.text_if(wanted)? {
                list.push(MailAddress { name, address });
            }
        }
        Some(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> ListRow {
        let address =
            |name: Option<&str>| MailAddress { name: name.map(str::to_owned), address: "a@b".into() };
        ListRow {
            subject: "ß".into(),
            from: vec![address(Some("A")), address(None)],
            sender: vec![address(Some(""))],
            reply_to: vec![address(None)],
            to: vec![address(None); 3],
            cc: vec![address(None)],
            bcc: vec![address(None)],
            sent_date: Some(SentDate { timestamp_ms: -1, zone_minutes: -720 }),
            message_id: Some("<m>".into()),
            in_reply_to: Some(String::new()),
            references: vec![[1; 8], [2; 8]],
            from_references: 1,
            has_attachment: true,
            preview: "p".into(),
            truncated: true,
        }
    }

    #[test]
    fn rows_round_trip_and_say_their_length() {
        for row in [ListRow::default(), full()] {
            let mut out = b"before".to_vec();
            row.encode(&mut out);
            let encoded = out.split_off(6);
            let length = encoded.len();
            out = encoded;
            out.extend_from_slice(b"after");
            assert_eq!(ListRow::decode(&out), Some((row, length)));
        }
        let mut empty = Vec::new();
        ListRow::default().encode(&mut empty);
        assert_eq!(empty, [0, 0]);
    }

    #[test]
    fn fields_that_are_not_wanted_are_passed_over() {
        let mut encoded = Vec::new();
        full().encode(&mut encoded);
        let whole = full();
        let decoded = |fields| {
            let (row, length) = ListRow::decode_fields(&encoded, fields).unwrap();
            assert_eq!(length, encoded.len());
            row
        };
        let bare = ListRow {
            sent_date: whole.sent_date,
            has_attachment: true,
            truncated: true,
            ..ListRow::default()
        };
        assert_eq!(decoded(RowFields::NONE), bare);
        for (fields, row) in [
            (RowFields::SUBJECT, ListRow { subject: whole.subject.clone(), ..bare.clone() }),
            (RowFields::FROM, ListRow { from: whole.from.clone(), ..bare.clone() }),
            (RowFields::TO, ListRow { to: whole.to.clone(), ..bare.clone() }),
            (RowFields::CC, ListRow { cc: whole.cc.clone(), ..bare.clone() }),
            (RowFields::BCC, ListRow { bcc: whole.bcc.clone(), ..bare.clone() }),
            (RowFields::SENDER, ListRow { sender: whole.sender.clone(), ..bare.clone() }),
            (RowFields::REPLY_TO, ListRow { reply_to: whole.reply_to.clone(), ..bare.clone() }),
            (RowFields::PREVIEW, ListRow { preview: whole.preview.clone(), ..bare.clone() }),
            (
                RowFields::IDS,
                ListRow {
                    message_id: whole.message_id.clone(),
                    in_reply_to: whole.in_reply_to.clone(),
                    ..bare.clone()
                },
            ),
            (
                RowFields::REFERENCES,
                ListRow { references: whole.references.clone(), from_references: 1, ..bare.clone() },
            ),
        ] {
            assert_eq!(decoded(fields), row);
        }
        assert_eq!(decoded(RowFields::ALL), whole);
    }

    #[test]
    fn cut_and_changed_input_never_fails() {
        let mut encoded = Vec::new();
        full().encode(&mut encoded);
        for length in 0..encoded.len() {
            assert_eq!(ListRow::decode(&encoded[..length]), None);
        }
        for at in 0..encoded.len() {
            for value in 0..=255 {
                let mut changed = encoded.clone();
                changed[at] = value;
                let _ = ListRow::decode(&changed);
                let _ = ListRow::decode_fields(&changed, RowFields::NONE);
            }
        }
        assert_eq!(ListRow::decode(&[0xff; 40]), None);
        // Absurd counts and lengths are refused before anything is allocated.
        assert_eq!(ListRow::decode(&[0x80, 0x01, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]), None);
    }

    #[test]
    fn the_format_is_pinned() {
        let mut encoded = Vec::new();
        full().encode(&mut encoded);
        let hex: String = encoded.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(
            hex,
            "ff3f02c39f019f0b033c6d3e00020241036140620003614062030003614062000361406200036140620100036140620100036140620101036140620100036140620201010101010101010102020202020202020170"
        );
    }
}
