//! The search keys of RFC 9051 section 6.4.4 and its extensions, as plain
//! data. Not here: their text form (`parse.rs`), and how they are tested (`matcher.rs`).

use crate::model::calendar::{days_from_date, days_in_month};
use crate::model::{
    EmailId, Error, ErrorCode, ModSeq, Result, SequenceSet, SystemFlags, ThreadId, ZonedTime,
};

const DAY_MS: i64 = 86_400_000;

/// How deep keys may be nested.
pub(super) const MAX_DEPTH: usize = 200;

/// A day of the calendar, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day of a year (0 to 9999), month (1 to 12) and day of the month, in
    /// the Gregorian calendar. `INVALID_ARGUMENT` where there is no such day.
    pub fn from_date(year: i32, month: u32, day: u32) -> Result<Day> {
        let (of_year, of_month) = (i64::from(year), i64::from(month));
        let length = days_in_month(of_year, of_month);
        if !(0..=9999).contains(&year)
            || !(1..=12).contains(&month)
            || !(1..=length).contains(&i64::from(day))
        {
            return Err(Error::invalid(format!(
                "{year:04}-{month:02}-{day:02} is not a day of the calendar"
            )));
        }
        Ok(Day(days_from_date(of_year, of_month, i64::from(day))))
    }

    /// The day that a calendar at the time's own offset shows (semantics 142).
    pub fn local(time: ZonedTime) -> Day {
        let local = time.timestamp_ms.saturating_add(i64::from(time.zone_minutes) * 60_000);
        Day(local.div_euclid(DAY_MS))
    }

    /// The day of an instant in UTC.
    pub fn utc(timestamp_ms: i64) -> Day {
        Day(timestamp_ms.div_euclid(DAY_MS))
    }
}

/// What a message is asked. Several keys together mean all of them; no keys
/// at all mean every message (semantics 151).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchKey {
    /// Every message.
    All,
    /// The view's messages with these sequence numbers or, of a UID set, these UIDs (semantics 138, 139).
    Seq(SequenceSet),
    /// Has all of these flags, `\Recent` of the view among them.
    Flag(SystemFlags),
    /// Has none of these flags: `UNSEEN` and its like.
    NotFlag(SystemFlags),
    /// Has this keyword, in any ASCII case.
    Keyword(String),
    /// Does not have this keyword.
    NotKeyword(String),
    /// `\Recent` in this view and not `\Seen`.
    New,
    /// Not `\Recent` in this view.
    Old,
    /// `\Recent` in this view.
    Recent,
    /// INTERNALDATE, in its own offset, before the day.
    Before(Day),
    /// INTERNALDATE, in its own offset, on the day.
    On(Day),
    /// INTERNALDATE, in its own offset, on the day or later.
    Since(Day),
    /// Came into the mailbox before the day, in UTC (RFC 8514).
    SavedBefore(Day),
    /// Came into the mailbox on the day, in UTC.
    SavedOn(Day),
    /// Came into the mailbox on the day, in UTC, or later.
    SavedSince(Day),
    /// More octets than this.
    Larger(u64),
    /// Fewer octets than this.
    Smaller(u64),
    /// Has this EMAILID (RFC 8474).
    EmailId(EmailId),
    /// Has this THREADID (RFC 8474).
    ThreadId(ThreadId),
    /// Has this mod-sequence or a higher one (RFC 7162 section 3.1.5).
    ModSeq(ModSeq),
    /// INTERNALDATE is at most this many seconds ago (RFC 5032).
    Younger(u64),
    /// INTERNALDATE is at least this many seconds ago (RFC 5032).
    Older(u64),
    /// The Date field, in its own offset, before the day. Without a Date field
    /// that can be read, this and the next two are not so (semantics 143).
    SentBefore(Day),
    /// The Date field, in its own offset, on the day.
    SentOn(Day),
    /// The Date field, in its own offset, on the day or later.
    SentSince(Day),
    /// From contains the text: names decoded, `name <local@domain>`, joined by
    /// `, `. As all texts here: anywhere within, by [`fold`](crate::mime::text::fold);
    /// the empty text is in every field that is there (semantics 145, 148).
    From(String),
    /// To contains the text.
    To(String),
    /// Cc contains the text.
    Cc(String),
    /// Bcc contains the text.
    Bcc(String),
    /// The first Subject, decoded, contains the text.
    Subject(String),
    /// A field of this name, in any ASCII case, contains the text, decoded.
    /// Address fields read as for [`SearchKey::From`].
    Header {
        /// The field's name, without the colon.
        name: String,
        /// The text.
        value: String,
    },
    /// The text of the body, decoded, contains the text; the message's own
    /// header does not count, those of messages within it do (semantics 146, 147).
    Body(String),
    /// The body as [`SearchKey::Body`], or a field of the message's own header, contains the text.
    Text(String),
    /// Whether the message carries files, as [`ListRow`](crate::mime::ListRow) says.
    HasAttachment(bool),
    /// Does not answer the key.
    Not(Box<SearchKey>),
    /// Answers either key or both.
    Or(Box<SearchKey>, Box<SearchKey>),
    /// Answers all of the keys; an empty group, every message does.
    And(Vec<SearchKey>),
}

impl SearchKey {
    /// The keys' names in IMAP; `UNSEEN` is another key than `SEEN`. A group
    /// is `KEYSET`, a set of either kind `SEQSET`.
    fn names(&self) -> Vec<&'static str> {
        let one = match self {
            SearchKey::Flag(flags) => return flag_names(*flags, |(yes, _)| yes),
            SearchKey::NotFlag(flags) => return flag_names(*flags, |(_, no)| no),
            SearchKey::All => "ALL",
            SearchKey::Seq(_) => "SEQSET",
            SearchKey::Keyword(_) => "KEYWORD",
            SearchKey::NotKeyword(_) => "UNKEYWORD",
            SearchKey::New => "NEW",
            SearchKey::Old => "OLD",
            SearchKey::Recent => "RECENT",
            SearchKey::Before(_) => "BEFORE",
            SearchKey::On(_) => "ON",
            SearchKey::Since(_) => "SINCE",
            SearchKey::SavedBefore(_) => "SAVEDBEFORE",
            SearchKey::SavedOn(_) => "SAVEDON",
            SearchKey::SavedSince(_) => "SAVEDSINCE",
            SearchKey::Larger(_) => "LARGER",
            SearchKey::Smaller(_) => "SMALLER",
            SearchKey::EmailId(_) => "EMAILID",
            SearchKey::ThreadId(_) => "THREADID",
            SearchKey::ModSeq(_) => "MODSEQ",
            SearchKey::Younger(_) => "YOUNGER",
            SearchKey::Older(_) => "OLDER",
            SearchKey::SentBefore(_) => "SENTBEFORE",
            SearchKey::SentOn(_) => "SENTON",
            SearchKey::SentSince(_) => "SENTSINCE",
            SearchKey::From(_) => "FROM",
            SearchKey::To(_) => "TO",
            SearchKey::Cc(_) => "CC",
            SearchKey::Bcc(_) => "BCC",
            SearchKey::Subject(_) => "SUBJECT",
            SearchKey::Header { .. } => "HEADER",
            SearchKey::Body(_) => "BODY",
            SearchKey::Text(_) => "TEXT",
            SearchKey::HasAttachment(_) => "HASATTACHMENT",
            SearchKey::Not(_) => "NOT",
            SearchKey::Or(..) => "OR",
            SearchKey::And(_) => "KEYSET",
        };
        vec![one]
    }

    /// Fails with `LIMIT` for keys nested deeper than 200 levels.
    pub(super) fn check_depth(depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorCode::Limit,
                format!("search keys are nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        Ok(())
    }

    /// Fails with `CANNOT` where this key, not looking into others, is among
    /// the disabled ones (by their IMAP names, in any case; semantics 150).
    pub(super) fn check_enabled(&self, disabled: &[String]) -> Result<()> {
        if disabled.is_empty() {
            return Ok(());
        }
        let is_disabled = |name: &&str| disabled.iter().any(|key| key.eq_ignore_ascii_case(name));
        match self.names().into_iter().find(is_disabled) {
            Some(name) => Err(Error::new(ErrorCode::Cannot, format!("the search key {name} is disabled"))),
            None => Ok(()),
        }
    }
}

fn flag_names(
    flags: SystemFlags,
    pick: fn((&'static str, &'static str)) -> &'static str,
) -> Vec<&'static str> {
    let names = [
        (SystemFlags::SEEN, ("SEEN", "UNSEEN")),
        (SystemFlags::ANSWERED, ("ANSWERED", "UNANSWERED")),
        (SystemFlags::FLAGGED, ("FLAGGED", "UNFLAGGED")),
        (SystemFlags::DELETED, ("DELETED", "UNDELETED")),
        (SystemFlags::DRAFT, ("DRAFT", "UNDRAFT")),
        (SystemFlags::RECENT, ("RECENT", "OLD")),
    ];
    names.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, names)| pick(names)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_calendar() {
        for (date, days) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2020, 2, 1), 18_293),
            ((1, 1, 1), -719_162),
            ((9999, 12, 31), 2_932_896),
        ] {
            assert_eq!(Day::from_date(date.0, date.1, date.2), Ok(Day(days)), "{date:?}");
        }
        let mut day = Day::from_date(1899, 12, 31).unwrap();
        for year in 1900..2101 {
            for month in 1..=12 {
                for date in (1..=31).filter_map(|date| Day::from_date(year, month, date).ok()) {
                    assert_eq!(date, Day(day.0 + 1), "{year}-{month}");
                    day = date;
                }
            }
        }
    }

    #[test]
    fn days_that_are_not_are_refused() {
        for (year, month, day) in [
            (2021, 2, 29),
            (1900, 2, 29),
            (2020, 4, 31),
            (2020, 0, 1),
            (2020, 13, 1),
            (2020, 1, 0),
            (-1, 1, 1),
            (10_000, 1, 1),
        ] {
            assert_eq!(Day::from_date(year, month, day).unwrap_err().code(), ErrorCode::InvalidArgument);
        }
    }

    #[test]
    fn s142_a_day_is_that_of_the_times_own_offset() {
        // 2020-02-01 23:30 -0500 is the 2nd in UTC.
        let time = ZonedTime { timestamp_ms: 1_580_617_800_000, zone_minutes: -300 };
        assert_eq!(Day::local(time), Day::from_date(2020, 2, 1).unwrap());
        assert_eq!(Day::utc(time.timestamp_ms), Day::from_date(2020, 2, 2).unwrap());
        assert_eq!(Day::utc(-1), Day(-1));
    }
}
