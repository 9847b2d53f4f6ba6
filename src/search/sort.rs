//! SORT (RFC 5256; DISPLAYFROM and DISPLAYTO of RFC 5957): what messages can be
//! sorted by, and their order once their keys were taken in. Not here: which
//! messages, and where their metadata comes from (the session).

use std::cmp::Ordering;

use crate::mime::text::fold;
use crate::mime::thread_key::base_subject;
use crate::mime::{ListRow, MailAddress, RowFields};
use crate::model::{Error, Message, Result, sorting};
use crate::platform;

/// What messages can be sorted by (RFC 5256 section 3, RFC 5957 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortCriterion {
    /// INTERNALDATE, with its time.
    Arrival,
    /// The local part of the first Cc address.
    Cc,
    /// The sent date: the Date header as an instant or, where it is absent or
    /// cannot be read, INTERNALDATE.
    Date,
    /// What is shown of the first From address: its display name or, where it has none, the address.
    DisplayFrom,
    /// What is shown of the first To address.
    DisplayTo,
    /// The local part of the first From address.
    From,
    /// Octets.
    Size,
    /// The base subject (RFC 5256 section 2.1).
    Subject,
    /// The local part of the first To address.
    To,
}

const NAMES: [(&str, SortCriterion); 9] = [
    ("ARRIVAL", SortCriterion::Arrival),
    ("CC", SortCriterion::Cc),
    ("DATE", SortCriterion::Date),
    ("DISPLAYFROM", SortCriterion::DisplayFrom),
    ("DISPLAYTO", SortCriterion::DisplayTo),
    ("FROM", SortCriterion::From),
    ("SIZE", SortCriterion::Size),
    ("SUBJECT", SortCriterion::Subject),
    ("TO", SortCriterion::To),
];

/// One criterion of a sort. Texts compare without regard to case, and one that
/// is not there is as an empty one. Groups in an address list are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// What is compared.
    pub criterion: SortCriterion,
    /// Whether the greatest comes first.
    pub reverse: bool,
}

impl SortKey {
    /// The least first.
    pub fn new(criterion: SortCriterion) -> SortKey {
        SortKey { criterion, reverse: false }
    }

    /// The keys of IMAP's text, such as `(REVERSE DATE SUBJECT)`, in any case;
    /// the first one decides first.
    ///
    /// Fails with `INVALID_ARGUMENT` for anything else, no key at all included.
    pub fn parse_list(text: &str) -> Result<Vec<SortKey>> {
        let malformed = || Error::invalid("sort criteria are a list such as (REVERSE DATE SUBJECT)");
        let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(malformed)?;
        let mut keys = Vec::new();
        let mut reverse = false;
        for word in inside.split(' ') {
            if word.eq_ignore_ascii_case("REVERSE") && !reverse {
                reverse = true;
                continue;
            }
            let known = NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
            let (_, criterion) = known.ok_or_else(malformed)?;
            keys.push(SortKey { criterion: *criterion, reverse });
            reverse = false;
        }
        if reverse || keys.is_empty() {
            return Err(malformed());
        }
        Ok(keys)
    }
}

/// 1900-01-01T00:00:00 UTC: no valid Date field names an earlier year (RFC 5322
/// section 3.3), and real mail has the year 0102.
const FIRST_YEAR_MS: i64 = -2_208_988_800_000;

/// The sent date of RFC 5256 section 2.2, as milliseconds since 1970-01-01T00:00:00 UTC.
pub(super) fn sent_ms(message: Option<&Message>, row: Option<&ListRow>) -> i64 {
    let sent = row.and_then(|row| row.sent_date).map(|date| date.timestamp_ms);
    let sent = sent.filter(|sent| *sent >= FIRST_YEAR_MS);
    sent.or_else(|| message.map(|message| message.internal_date.timestamp_ms)).unwrap_or(0)
}

/// What stands for a text when texts are ordered. As i;unicode-casemap
/// (RFC 5051) it has letters before their accents, and capitals where ASCII
/// has case: `_` comes after them.
fn collated(text: &str) -> String {
    let mut folded = fold(text);
    if !folded.is_ascii() {
        folded = platform::decomposed(&folded);
    }
    folded.make_ascii_uppercase();
    folded
}

/// An address's local part, without the quotes that [`MailAddress`] gives it.
fn local_part(address: &MailAddress) -> String {
    let text = address.address.as_str();
    let Some(quoted) = text.strip_prefix('"') else {
        return text.split_once('@').map_or(text, |(local, _)| local).to_owned();
    };
    let mut local = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => local.extend(characters.next()),
            _ => local.push(character),
        }
    }
    local
}

enum Values {
    Numbers(Vec<i64>),
    /// One text after the other, and where each ends.
    Texts {
        all: String,
        ends: Vec<usize>,
    },
}

impl Values {
    #[cfg_attr(own_std, optimize(speed))]
    fn compare(&self, one: u32, other: u32) -> Ordering {
        let (one, other) = (one as usize, other as usize);
        match self {
            Values::Numbers(numbers) => numbers.get(one).cmp(&numbers.get(other)),
            Values::Texts { all, ends } => {
                let text = |index: usize| {
                    let begin = index.checked_sub(1).and_then(|before| ends.get(before)).copied();
                    let end = ends.get(index).copied().unwrap_or_default();
                    all.as_bytes().get(begin.unwrap_or_default()..end)
                };
                text(one).cmp(&text(other))
            }
        }
    }
}

/// The sort keys of messages, taken in one by one, and nothing else of them:
/// 8 octets for a number, and a text's length and a word for a text.
pub struct SortTable {
    columns: Vec<(SortKey, Values)>,
    length: u32,
}

impl SortTable {
    /// An empty table for these keys, the first of which decides first.
    pub fn new(keys: &[SortKey]) -> SortTable {
        let mut columns: Vec<(SortKey, Values)> = Vec::new();
        for key in keys {
            // Where a criterion did not decide, it will not do so a second time.
            if columns.iter().any(|(known, _)| known.criterion == key.criterion) {
                continue;
            }
            let values = match key.criterion {
                SortCriterion::Arrival | SortCriterion::Date | SortCriterion::Size => {
                    Values::Numbers(Vec::new())
                }
                _ => Values::Texts { all: String::new(), ends: Vec::new() },
            };
            columns.push((*key, values));
        }
        SortTable { columns, length: 0 }
    }

    fn any(&self, wanted: impl Fn(SortCriterion) -> bool) -> bool {
        self.columns.iter().any(|(key, _)| wanted(key.criterion))
    }

    /// Whether [`push`](Self::push) looks at messages.
    pub fn needs_messages(&self) -> bool {
        self.any(|criterion| {
            matches!(criterion, SortCriterion::Arrival | SortCriterion::Date | SortCriterion::Size)
        })
    }

    /// Whether [`push`](Self::push) looks at rows, and at what of them.
    pub fn needs_rows(&self) -> Option<RowFields> {
        let fields = self.columns.iter().filter_map(|(key, _)| match key.criterion {
            SortCriterion::Arrival | SortCriterion::Size => None,
            SortCriterion::Date => Some(RowFields::NONE),
            SortCriterion::Cc => Some(RowFields::CC),
            SortCriterion::From | SortCriterion::DisplayFrom => Some(RowFields::FROM),
            SortCriterion::To | SortCriterion::DisplayTo => Some(RowFields::TO),
            SortCriterion::Subject => Some(RowFields::SUBJECT),
        });
        fields.reduce(RowFields::and)
    }

    /// Takes in the next message, in the mailbox's order. Of what is not given, nothing is known.
    pub fn push(&mut self, message: Option<&Message>, row: Option<&ListRow>) {
        for (key, values) in &mut self.columns {
            match values {
                Values::Numbers(numbers) => numbers.push(number(key.criterion, message, row)),
                Values::Texts { all, ends } => {
                    if let Some(row) = row {
                        all.push_str(&collated(&text(key.criterion, row)));
                    }
                    ends.push(all.len());
                }
            }
        }
        self.length += 1;
    }

    /// The messages in order, each by how many were taken in before it. Where
    /// all keys are equal, whoever was taken in first comes first (RFC 5256 section 3, SORT).
    #[cfg_attr(own_std, optimize(speed))]
    pub fn order(&self) -> Vec<u32> {
        sorting::order(self.length as usize, &mut |one, other| {
            let mut by_keys = self.columns.iter().map(|(key, values)| {
                let order = values.compare(one, other);
                if key.reverse { order.reverse() } else { order }
            });
            by_keys.find(|order| order.is_ne()) == Some(Ordering::Less)
        })
    }
}

fn number(criterion: SortCriterion, message: Option<&Message>, row: Option<&ListRow>) -> i64 {
    match criterion {
        SortCriterion::Size => message.map_or(0, |message| i64::try_from(message.size).unwrap_or(i64::MAX)),
        SortCriterion::Arrival => sent_ms(message, None),
        _ => sent_ms(message, row),
    }
}

fn text(criterion: SortCriterion, row: &ListRow) -> String {
    let local = |list: &[MailAddress]| list.first().map(local_part).unwrap_or_default();
    let shown = |list: &[MailAddress]| {
        let first = list.first();
        first.map(|first| first.name.as_ref().unwrap_or(&first.address).clone()).unwrap_or_default()
    };
    match criterion {
        SortCriterion::Cc => local(&row.cc),
        SortCriterion::From => local(&row.from),
        SortCriterion::To => local(&row.to),
        SortCriterion::DisplayFrom => shown(&row.from),
        SortCriterion::DisplayTo => shown(&row.to),
        _ => base_subject(&row.subject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::extract;
    use crate::model::{ErrorCode, Flags, ZonedTime};

    fn message(internal_ms: i64, size: u64) -> Message {
        Message {
            uid: 1,
            internal_date: ZonedTime { timestamp_ms: internal_ms, zone_minutes: 0 },
            save_date_ms: 0,
            size,
            flags: Flags::new(),
            mod_seq: 1,
            expunged: false,
            damaged: false,
            email_id: None,
            thread_id: None,
        }
    }

    /// The messages by number from 1, sorted; each with a second more of INTERNALDATE than the one before.
    fn sorted(criteria: &str, headers: &[&str]) -> Vec<u32> {
        let mut table = SortTable::new(&SortKey::parse_list(criteria).unwrap());
        for (header, at) in headers.iter().zip(0..) {
            let row = extract(header.as_bytes()).row;
            let message = message(at * 1000, header.len() as u64);
            table.push(table.needs_messages().then_some(&message), table.needs_rows().map(|_| &row));
        }
        table.order().into_iter().map(|index| index + 1).collect()
    }

    #[test]
    fn criteria_have_imaps_grammar() {
        let key = |criterion, reverse| SortKey { criterion, reverse };
        assert_eq!(
            SortKey::parse_list("(SUBJECT REVERSE DATE)").unwrap(),
            [key(SortCriterion::Subject, false), key(SortCriterion::Date, true)]
        );
        for (name, criterion) in NAMES {
            let text = format!("({})", name.to_lowercase());
            assert_eq!(SortKey::parse_list(&text).unwrap(), [SortKey::new(criterion)]);
            let text = format!("(reverse {name})");
            assert_eq!(SortKey::parse_list(&text).unwrap(), [key(criterion, true)]);
        }
        for text in [
            "",
            "()",
            "(REVERSE)",
            "DATE",
            "(DATE",
            "DATE)",
            "(DATE  SUBJECT)",
            "( DATE)",
            "(DATE REVERSE)",
            "(REVERSE REVERSE DATE)",
            "(BCC)",
            "(-DATE)",
            "(DATE,SUBJECT)",
            "(DATE\tSUBJECT)",
        ] {
            let error = SortKey::parse_list(text).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{text}");
        }
    }

    #[test]
    fn rfc_5256_subject_and_reverse_date() {
        // Section 4's second example: five messages, sorted as 5 3 4 1 2.
        let headers = [
            "Subject: Re: zebra\nDate: Tue, 1 Feb 1994 10:00:00 +0000\n\n",
            "Subject: zebra (fwd)\nDate: Tue, 1 Feb 1994 09:00:00 +0000\n\n",
            "Subject: [list] Fwd: Mango\nDate: Tue, 1 Feb 1994 12:00:00 +0200\n\n",
            "Subject: mango\nDate: Tue, 1 Feb 1994 08:00:00 -0100\n\n",
            "Subject: apple\nDate: Wed, 2 Feb 1994 08:00:00 +0000\n\n",
        ];
        assert_eq!(sorted("(SUBJECT REVERSE DATE)", &headers), [5, 3, 4, 1, 2]);
        assert_eq!(sorted("(SUBJECT DATE)", &headers), [5, 4, 3, 2, 1]);
        // The implicit criterion is not reversed.
        assert_eq!(sorted("(REVERSE SUBJECT)", &headers), [1, 2, 3, 4, 5]);
        assert_eq!(sorted("(SUBJECT)", &headers), [5, 3, 4, 1, 2]);
        assert_eq!(sorted("(SUBJECT REVERSE SUBJECT)", &headers), [5, 3, 4, 1, 2]);
        assert_eq!(sorted("(DATE)", &headers), [2, 4, 1, 3, 5]);
        assert_eq!(sorted("(REVERSE DATE)", &headers), [5, 1, 3, 2, 4]);
        assert_eq!(sorted("(REVERSE ARRIVAL)", &headers), [5, 4, 3, 2, 1]);
        assert_eq!(sorted("(SIZE)", &headers), [4, 5, 1, 2, 3]);
    }

    #[test]
    fn rfc_5256_addresses_sort_by_the_first_ones_local_part() {
        let headers = [
            "From: Zoe <bob@z>\nTo: b@a, a@a\nCc: x\n\n",
            "From: ALICE <Al@a>\nTo: \"a b\"@c\nCc: y@b\n\n",
            "From: =?utf-8?q?=C3=84nne?= <zed@a>\nTo: friends: a@b;\n\n",
            "Subject: none\n\n",
            "From: al@b\nTo: A <a@b>\nCc: X@c\n\n",
        ];
        assert_eq!(sorted("(FROM)", &headers), [4, 2, 5, 1, 3]);
        assert_eq!(sorted("(TO)", &headers), [4, 3, 5, 2, 1]);
        assert_eq!(sorted("(CC)", &headers), [3, 4, 1, 5, 2]);
        assert_eq!(sorted("(DISPLAYFROM)", &headers), [4, 5, 2, 3, 1]);
        assert_eq!(sorted("(REVERSE DISPLAYFROM)", &headers), [1, 3, 2, 5, 4]);
        assert_eq!(sorted("(DISPLAYTO)", &headers), [4, 2, 5, 3, 1]);
    }

    #[test]
    fn rfc_5256_a_missing_date_is_internaldate() {
        let headers = [
            "Date: 1 Jan 1970 00:00:09 +0000\n\n",
            "Date: never\n\n",
            "Subject: x\n\n",
            "Date: 1 Jan 1970 01:00:01 +0100\n\n",
            "Date: Sat, 02 Feb 0102 11:39:51 +0200\n\n",
        ];
        assert_eq!(sorted("(DATE)", &headers), [2, 4, 3, 5, 1]);
    }

    #[test]
    fn rfc_5051_ascii_letters_compare_as_capitals() {
        let headers = ["Subject: _a\n\n", "Subject: a\n\n", "Subject: Z\n\n", "Subject: 5\n\n"];
        assert_eq!(sorted("(SUBJECT)", &headers), [4, 2, 3, 1]);
    }

    #[test]
    fn rfc_5051_accents_come_after_their_letters() {
        let headers = ["Subject: b\n\n", "Subject: \u{e4}b\n\n", "Subject: Az\n\n", "Subject: A\u{308}B\n\n"];
        assert_eq!(sorted("(SUBJECT)", &headers), [3, 2, 4, 1]);
    }

    #[test]
    fn what_is_not_known_of_a_message_is_empty() {
        let mut table = SortTable::new(&SortKey::parse_list("(SUBJECT DATE FROM)").unwrap());
        table.push(Some(&message(5, 5)), Some(&extract(b"Subject: a\n\n").row));
        table.push(None, None);
        table.push(Some(&message(-1, 5)), None);
        assert_eq!(table.order(), [2, 1, 0]);
    }
}
