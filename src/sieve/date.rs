//! Dates as `date` and `currentdate` compare them (RFC 5260 sections 4 and 5).

use super::variables::Text;
use crate::mime::date;
use crate::model::ZonedTime;
use crate::model::calendar::date_of_days;

/// The zone in which a date is looked at.
#[derive(Debug)]
pub(crate) enum Zone {
    Local,
    Original,
    /// `+hhmm` or `-hhmm`.
    Stated(Text),
}

/// Minutes east of UTC; `None` when this is no zone.
pub(crate) fn zone_minutes(zone: &[u8]) -> Option<i16> {
    let (sign, digits) = zone.split_first()?;
    let &[a, b, c, d] = digits else { return None };
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(sign, b'+' | b'-') || c > b'5' {
        return None;
    }
    let digit = |octet: u8| i16::from(octet - b'0');
    let minutes = (digit(a) * 10 + digit(b)) * 60 + digit(c) * 10 + digit(d);
    (digit(a) * 10 + digit(b) < 24).then_some(if *sign == b'-' { -minutes } else { minutes })
}

/// The date of a header's value: all of it, or what follows its last semicolon, as in `Received`.
pub(crate) fn of_header(value: &[u8]) -> Option<ZonedTime> {
    let sent = date::parse(after_semicolon(value))?;
    Some(ZonedTime { timestamp_ms: sent.timestamp_ms, zone_minutes: sent.zone_minutes })
}

/// What follows the last semicolon that is not in a comment.
fn after_semicolon(value: &[u8]) -> &[u8] {
    let (mut start, mut depth, mut escaped) = (0, 0usize, false);
    for (at, octet) in value.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
    value.get(start..).unwrap_or_default()
}

const PARTS: &[&str] = &[
    "year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "zone",
    "weekday",
];

const DAYS: &[&str] = &["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(crate) fn is_part(name: &[u8]) -> bool {
    PARTS.iter().any(|part| name.eq_ignore_ascii_case(part.as_bytes()))
}

/// A part of a date in the zone it carries; `None` when there is no such part.
pub(crate) fn part(time: ZonedTime, name: &[u8]) -> Option<String> {
    let local = time.timestamp_ms.div_euclid(1000).saturating_add(i64::from(time.zone_minutes) * 60);
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = date_of_days(days);
    let weekday = (days + 4).rem_euclid(7);
    let mut text = String::new();
    let clock = |text: &mut String| {
        join(text, ':', &[(second / 3600, 2), (second / 60 % 60, 2), (second % 60, 2)]);
    };
    let zone = |text: &mut String, separator: &str| {
        let minutes = i64::from(time.zone_minutes);
        text.push(if minutes < 0 { '-' } else { '+' });
        pad(text, minutes.abs() / 60, 2);
        text.push_str(separator);
        pad(text, minutes.abs() % 60, 2);
    };
    match name.to_ascii_lowercase().as_slice() {
        b"year" => pad(&mut text, year, 4),
        b"month" => pad(&mut text, month, 2),
        b"day" => pad(&mut text, day, 2),
        b"date" => join(&mut text, '-', &[(year, 4), (month, 2), (day, 2)]),
        // The Modified Julian Day 0 is 17 November 1858.
        b"julian" => pad(&mut text, days.saturating_add(40_587), 1),
        b"hour" => pad(&mut text, second / 3600, 2),
        b"minute" => pad(&mut text, second / 60 % 60, 2),
        b"second" => pad(&mut text, second % 60, 2),
        b"time" => clock(&mut text),
        b"iso8601" => {
            join(&mut text, '-', &[(year, 4), (month, 2), (day, 2)]);
            text.push('T');
            clock(&mut text);
            if time.zone_minutes == 0 {
                text.push('Z');
            } else {
                zone(&mut text, ":");
            }
        }
        b"std11" => {
            text.push_str(name_of(DAYS, weekday));
            text.push_str(", ");
            pad(&mut text, day, 2);
            text.push(' ');
            text.push_str(name_of(MONTHS, month - 1));
            text.push(' ');
            pad(&mut text, year, 4);
            text.push(' ');
            clock(&mut text);
            text.push(' ');
            zone(&mut text, "");
        }
        b"zone" => zone(&mut text, ""),
        b"weekday" => pad(&mut text, weekday, 1),
        _ => return None,
    }
    Some(text)
}

fn name_of(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
}

fn pad(text: &mut String, number: i64, width: usize) {
    let digits = number.to_string();
    for _ in digits.len()..width {
        text.push('0');
    }
    text.push_str(&digits);
}

fn join(text: &mut String, separator: char, numbers: &[(i64, usize)]) {
    for (index, (number, width)) in numbers.iter().enumerate() {
        if index > 0 {
            text.push(separator);
        }
        pad(text, *number, *width);
    }
}
