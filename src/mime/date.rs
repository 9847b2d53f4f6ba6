//! The Date header (RFC 5322 sections 3.3 and 4.3), read leniently.

use crate::model::calendar::{days_from_date, days_in_month};

/// When a message says it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentDate {
    /// Milliseconds since 1970-01-01T00:00:00 UTC.
    pub timestamp_ms: i64,
    /// The writer's offset from UTC in minutes, east positive; 0 when it was not stated.
    pub zone_minutes: i16,
}

impl SentDate {
    /// Days since 1970-01-01 on the calendar of the writer's own offset, which is what SENTON
    /// and its relatives compare (semantics section 4).
    pub fn local_day(self) -> i64 {
        let local = self.timestamp_ms.saturating_add(i64::from(self.zone_minutes) * 60_000);
        local.div_euclid(86_400_000)
    }
}

/// More words than a date can have; what follows them is not looked at.
const MAX_WORDS: usize = 16;

/// Reads the value of a Date field.
///
/// Accepted beyond RFC 5322: a missing or wrong day of the week, missing seconds, a missing or
/// unknown zone (taken as UTC), dashes between day, month and year, AM and PM, and the order of
/// C's `asctime`. `None` when no valid day, month, year and time are found.
pub fn parse(value: &[u8]) -> Option<SentDate> {
    let text = without_comments(value);
    let mut found = Found::default();
    for word in text
        .split(|&octet| octet.is_ascii_whitespace() || octet == b',')
        .filter(|w| !w.is_empty())
        .take(MAX_WORDS)
    {
        found.word(word)?;
    }
    found.finish()
}

/// The value with comments made blanks; an unclosed comment runs to the end.
fn without_comments(value: &[u8]) -> Vec<u8> {
    let mut depth = 0usize;
    let visible = |&octet: &u8| {
        match octet {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                return b' ';
            }
            _ => {}
        }
        if depth > 0 { b' ' } else { octet }
    };
    value.iter().take(1_000).map(visible).collect()
}

#[derive(Default)]
struct Found {
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
    /// Hour, minute, second.
    time: Option<(i64, i64, i64)>,
    zone: Option<i64>,
}

impl Found {
    /// Takes one word; `None` when the word makes the date impossible.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        let first = *word.first()?;
        if word.contains(&b':') {
            if self.time.is_none() {
                self.time = Some(parse_time(word)?);
            }
        } else if (first == b'+' || first == b'-') && self.time.is_some() {
            if self.zone.is_none() {
                // A zone that cannot be read (`+-0500` is in real mail) is like a missing one.
                self.zone = numeric_zone(word);
            }
        } else if word.contains(&b'-') {
            for piece in word.split(|&octet| octet == b'-').filter(|piece| !piece.is_empty()).take(3) {
                self.word(piece)?;
            }
        } else if first.is_ascii_digit() {
            self.number(word)?;
        } else {
            self.name(word);
        }
        Some(())
    }

    fn number(&mut self, word: &[u8]) -> Option<()> {
        if self.day.is_some() && self.year.is_some() {
            // A zone without its sign: as one that cannot be read.
            return Some(());
        }
        let value = digits(word)?;
        if self.day.is_none() && word.len() <= 2 {
            self.day = Some(value);
        } else if self.year.is_none() {
            self.year = Some(match (word.len(), value) {
                (1 | 2, 0..=49) => value + 2000,
                (1..=3, _) => value + 1900,
                _ => value,
            });
        }
        Some(())
    }

    fn name(&mut self, word: &[u8]) {
        let start = word.get(..3).unwrap_or(word).to_ascii_lowercase();
        if self.month.is_none() {
            let months = b"janfebmaraprmayjunjulaugsepoctnovdec".chunks(3);
            if let Some(index) = months.into_iter().position(|month| month == start) {
                self.month = Some(index as i64 + 1);
                return;
            }
        }
        if let Some((hour, _, _)) = &mut self.time {
            match word.to_ascii_lowercase().as_slice() {
                b"pm" if *hour < 12 => *hour += 12,
                b"am" if *hour == 12 => *hour = 0,
                b"am" | b"pm" => {}
                name if self.zone.is_none() => self.zone = named_zone(name),
                _ => {}
            }
        }
    }

    fn finish(self) -> Option<SentDate> {
        let (day, month, year) = (self.day?, self.month?, self.year?);
        let (hour, minute, second) = self.time?;
        if !(1..=9999).contains(&year) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let zone = self.zone.unwrap_or(0);
        let minutes = days_from_date(year, month, day) * 1440 + hour * 60 + minute - zone;
        Some(SentDate {
            timestamp_ms: (minutes * 60 + second) * 1000,
            zone_minutes: i16::try_from(zone).ok()?,
        })
    }
}

fn parse_time(word: &[u8]) -> Option<(i64, i64, i64)> {
    let mut parts = word.split(|&octet| octet == b':');
    let hour = digits(parts.next()?)?;
    let minute = digits(parts.next()?)?;
    // Fractions of a second are no part of RFC 5322, but some programs write them.
    let second = match parts.next() {
        Some(part) => digits(part.split(|&octet| octet == b'.').next()?)?,
        None => 0,
    };
    parts.next().is_none().then_some((hour, minute, second))
}

fn digits(word: &[u8]) -> Option<i64> {
    if word.is_empty() || word.len() > 4 {
        return None;
    }
    word.iter()
        .try_fold(0, |value, octet| octet.is_ascii_digit().then(|| value * 10 + i64::from(octet - b'0')))
}

fn numeric_zone(word: &[u8]) -> Option<i64> {
    let (sign, number) = word.split_first()?;
    let value = digits(number)?;
    let minutes = if number.len() <= 2 { value * 60 } else { value / 100 * 60 + value % 100 };
    if value % 100 > 59 && number.len() > 2 {
        return None;
    }
    Some(if *sign == b'-' { -minutes } else { minutes })
}

fn named_zone(name: &[u8]) -> Option<i64> {
    let hours = match name {
        b"ut" | b"utc" | b"gmt" | b"z" => 0,
        b"edt" => -4,
        b"est" | b"cdt" => -5,
        b"cst" | b"mdt" => -6,
        b"mst" | b"pdt" => -7,
        b"pst" => -8,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, i16)> {
        parse(text.as_bytes()).map(|date| (date.timestamp_ms / 1000, date.zone_minutes))
    }

    #[test]
    fn dates_of_the_wild_are_read() {
        for (text, expected) in [
            ("Thu, 1 Jan 1970 00:00:00 +0000", (0, 0)),
            ("Thu, 22 Aug 2002 18:26:25 +0700", (1_030_015_585, 420)),
            ("22 Aug 2002 11:26 GMT", (1_030_015_560, 0)),
            ("Thu Aug 22 11:26:25 2002", (1_030_015_585, 0)),
            ("22-Aug-02 11:26:25", (1_030_015_585, 0)),
            ("Thu, 22 Aug 102 11:26:25 -0000 (x (y))", (1_030_015_585, 0)),
            ("Thu, 22 Aug 2002 04:26:25 (a) -0700 (PDT)", (1_030_015_585, -420)),
            ("Thu, 22 Aug 2002 06:26:25 EST", (1_030_015_585, -300)),
            ("22 Aug 02 11:26:25 AM", (1_030_015_585, 0)),
            ("22 Aug 02 4:26:25 PM +0500", (1_030_015_585, 300)),
            ("29 Feb 2000 23:59:60 +0000", (951_868_800, 0)),
            ("Thu, 22 Aug 2002 11:26:25 +-0500", (1_030_015_585, 0)),
            ("Thu, 22 Aug 2002 11:26:25 +9999", (1_030_015_585, 0)),
            ("Thu, 22 Aug 2002 11:26:25 01800", (1_030_015_585, 0)),
            ("Mon, 31 Dec 1900 00:00:00 +0000", (-2_177_539_200, 0)),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn s143_bad_dates_are_none() {
        for text in [
            "",
            "never",
            "32 Jan 2000 00:00:00 +0000",
            "29 Feb 1900 00:00:00 +0000",
            "1 Jan 2000",
            "1 Foo 2000 00:00",
            "1 Jan 2000 24:00:00",
            "1 Jan 2000 aa:00",
            "1 Jan 99999999999 00:00",
            "1 Jan 10000 00:00:00",
            "::::",
            "\u{0}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn s142_the_day_is_the_writers_own() {
        let date = parse(b"1 Feb 2020 23:30:00 -0500").unwrap();
        assert_eq!(date.local_day(), 18_293);
        assert_eq!(date.timestamp_ms.div_euclid(86_400_000), 18_294);
    }
}
