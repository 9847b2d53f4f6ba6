//! Sets of messages as a client names them: numbers, ranges and `*`, read as
//! uids or as sequence numbers. Not here: which message bears a number (the
//! view knows), and plain sets of numbers (`range_set.rs`).

use std::fmt;

use super::{Error, RangeSet, Result};

/// An IMAP sequence set (RFC 9051 section 9, `sequence-set`) and the number
/// space it speaks of.
///
/// It is kept in normal form: two sets of one number space are equal exactly
/// when they select the same messages of every mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SequenceSet {
    uid: bool,
    fixed: RangeSet,
    /// `n` for `n:*`. A lone `*` is `4294967295:*`: whatever the last message
    /// is, both select that one alone. One is enough: of several the smallest
    /// selects all that the others do.
    tail: Option<u32>,
}

/// One end of an element.
#[derive(Clone, Copy)]
enum Point {
    Number(u32),
    Star,
}

impl SequenceSet {
    /// Reads a set. `uid` tells whether its numbers are uids.
    ///
    /// Fails with `INVALID_ARGUMENT`, naming the octet, on what the grammar
    /// does not allow: the empty text, 0, leading zeroes, numbers over
    /// 4294967295, spaces, a comma or colon with nothing after it
    /// (semantics 22). `$`, the saved search result, is not known here and
    /// fails likewise.
    pub fn parse(text: &str, uid: bool) -> Result<SequenceSet> {
        let mut reader = Reader { text, rest: text.as_bytes() };
        let mut fixed = Vec::new();
        let mut tail: Option<u32> = None;
        loop {
            let first = reader.point()?;
            let last = if reader.eat(b':') { reader.point()? } else { first };
            let open = match (first, last) {
                (Point::Number(first), Point::Number(last)) => {
                    fixed.push((first, last));
                    None
                }
                (Point::Number(end), Point::Star) | (Point::Star, Point::Number(end)) => Some(end),
                (Point::Star, Point::Star) => Some(u32::MAX),
            };
            tail = match (tail, open) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if reader.rest.is_empty() {
                return Ok(SequenceSet::normal(RangeSet::from_ranges(fixed), tail, uid));
            }
            if !reader.eat(b',') {
                return Err(reader.unexpected("',' or ':'"));
            }
        }
    }

    /// Every message: `1:*`.
    pub fn all(uid: bool) -> SequenceSet {
        SequenceSet::normal(RangeSet::new(), Some(1), uid)
    }

    /// The set of these numbers, in any order, repeated or not. No numbers give
    /// a set that selects nothing (semantics 23).
    ///
    /// Fails with `INVALID_ARGUMENT` when 0 is among them.
    pub fn from_numbers(numbers: impl IntoIterator<Item = u32>, uid: bool) -> Result<SequenceSet> {
        SequenceSet::from_ranges(numbers.into_iter().collect(), uid)
    }

    /// The set of the members of `numbers`.
    ///
    /// Fails with `INVALID_ARGUMENT` when 0 is among them.
    pub fn from_ranges(numbers: RangeSet, uid: bool) -> Result<SequenceSet> {
        if numbers.contains(0) {
            return Err(Error::invalid("0 is neither a uid nor a sequence number"));
        }
        Ok(SequenceSet::normal(numbers, None, uid))
    }

    fn normal(mut fixed: RangeSet, mut tail: Option<u32>, uid: bool) -> SequenceSet {
        if let Some(start) = tail {
            fixed.remove_range(start, u32::MAX);
        }
        let highest = fixed.ranges().next_back();
        if let Some((first, last)) = highest {
            let reaches_tail = tail.is_some_and(|start| last.saturating_add(1) == start);
            if reaches_tail || (first, last) == (1, u32::MAX) {
                fixed.remove_range(first, last);
                tail = Some(first);
            }
        }
        SequenceSet { uid, fixed, tail }
    }

    /// Whether the numbers are uids; otherwise they are sequence numbers.
    pub fn is_uid(&self) -> bool {
        self.uid
    }

    /// Whether every message is selected, of whatever mailbox: `1:*` and its like.
    pub fn is_all(&self) -> bool {
        self.tail == Some(1)
    }

    /// Whether no message is selected, of whatever mailbox. Only a set built
    /// from no numbers is.
    pub fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.tail.is_none()
    }

    /// The numbers selected where `*` is `max`: the number of messages, or for
    /// uids the highest the view knows; 0 when there are none, and then nothing
    /// is selected (semantics 20).
    ///
    /// Numbers beyond `max` are left out silently (semantics 21); `9999:*`
    /// selects `max` (semantics 19). The cost follows the ranges, not the
    /// numbers in them (semantics 24).
    pub fn resolve(&self, max: u32) -> RangeSet {
        if max == 0 {
            return RangeSet::new();
        }
        let within = self.fixed.ranges().take_while(|&(first, _)| first <= max);
        let tail = self.tail.map(|start| (start.min(max), max));
        RangeSet::from_ranges(within.map(|(first, last)| (first, last.min(max))).chain(tail))
    }
}

/// In normal form: ascending, merged, `*` last. `5:3,9:*,*` is `3:5,9:*`; a set
/// that selects nothing is the empty text.
impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fixed, f)?;
        let Some(start) = self.tail else { return Ok(()) };
        if !self.fixed.is_empty() {
            f.write_str(",")?;
        }
        match start {
            u32::MAX => f.write_str("*"),
            start => write!(f, "{start}:*"),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a [u8],
}

impl Reader<'_> {
    fn eat(&mut self, wanted: u8) -> bool {
        match self.rest.split_first() {
            Some((&octet, rest)) if octet == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn point(&mut self) -> Result<Point> {
        if self.eat(b'*') {
            return Ok(Point::Star);
        }
        if !matches!(self.rest.first(), Some(b'1'..=b'9')) {
            return Err(self.unexpected("a number from 1 or '*'"));
        }
        let start = self.rest;
        let mut value: u32 = 0;
        while let Some((&digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
            let longer = value.checked_mul(10).and_then(|tens| tens.checked_add(u32::from(digit - b'0')));
            let Some(longer) = longer else {
                self.rest = start;
                return Err(self.unexpected("a number up to 4294967295"));
            };
            value = longer;
            self.rest = rest;
        }
        Ok(Point::Number(value))
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let at = self.text.len() - self.rest.len();
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(found) => Error::invalid(format!(
                "in a sequence set, {wanted} is needed at octet {at}, before {found:?}"
            )),
            None => Error::invalid(format!("a sequence set ends at octet {at}, where {wanted} is needed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorCode;
    use super::*;

    fn resolved(text: &str, max: u32) -> String {
        SequenceSet::parse(text, true).unwrap().resolve(max).to_string()
    }

    #[test]
    fn s17_s18_s19_reversed_and_star_ranges() {
        assert_eq!(resolved("5:3", 10), "3:5");
        assert_eq!(SequenceSet::parse("5:3", false).unwrap(), SequenceSet::parse("3:5", false).unwrap());
        assert_eq!(resolved("*", 10), "10");
        assert_eq!(resolved("*:*", 10), "10");
        assert_eq!(resolved("*:3", 10), "3:10");
        assert_eq!(resolved("3:*", 10), "3:10");
        assert_eq!(resolved("9999:*", 10), "10");
        assert_eq!(resolved("*:9999", 10), "10");
        assert_eq!(resolved("*", u32::MAX), "4294967295");
    }

    #[test]
    fn s20_an_empty_mailbox_selects_nothing() {
        for text in ["1:*", "*", "*:1", "1", "1:4294967295", "7,*"] {
            assert_eq!(resolved(text, 0), "", "{text}");
        }
        assert!(SequenceSet::all(true).resolve(0).is_empty());
    }

    #[test]
    fn s21_beyond_the_end_is_ignored_and_overlaps_merge() {
        assert_eq!(resolved("11,12:20", 10), "");
        assert_eq!(resolved("8:20", 10), "8:10");
        assert_eq!(resolved("4:6,1:5,5,9", 10), "1:6,9");
        assert_eq!(resolved("3:5,4:*", 10), "3:10");
        assert_eq!(resolved("8:9,20:*", 10), "8:10");
    }

    #[test]
    fn s22_malformed_sets_are_refused_with_their_position() {
        for (text, at) in [
            ("", 0),
            ("0", 0),
            ("01", 0),
            ("1:0", 2),
            ("1:", 2),
            ("*,x", 2),
            ("1,", 2),
            (",1", 0),
            ("1,,2", 2),
            ("4294967296", 0),
            ("1,99999999999999999999", 2),
            (" 1", 0),
            ("1 ", 1),
            ("1, 2", 2),
            ("1:2:3", 3),
            ("*1", 1),
            ("1*", 1),
            ("-1", 0),
            ("+1", 0),
            ("1:é", 2),
            ("٣", 0),
            ("$", 0),
            ("1\r\n", 1),
            ("1\0", 1),
        ] {
            let error = SequenceSet::parse(text, true).expect_err(text);
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{text}");
            assert!(error.message().contains(&format!("octet {at}")), "{text}: {error}");
        }
        assert_eq!(resolved("4294967295", u32::MAX), "4294967295");
    }

    #[test]
    fn s23_numbers_are_built_into_runs_and_none_give_the_empty_set() {
        let built = SequenceSet::from_numbers([5, 2, 1, 4, 2], true).unwrap();
        assert_eq!(built.to_string(), "1:2,4:5");
        assert!(built.is_uid() && !built.is_empty() && !built.is_all());
        let none = SequenceSet::from_numbers([], false).unwrap();
        assert!(none.is_empty() && !none.is_uid());
        assert_eq!((none.to_string(), none.resolve(9)), (String::new(), RangeSet::new()));
        assert_eq!(SequenceSet::from_numbers([3, 0], true).unwrap_err().code(), ErrorCode::InvalidArgument);
    }

    #[test]
    fn s24_a_range_over_the_whole_number_space_is_cut_to_the_mailbox() {
        for text in ["1:4294967295", "1:4294967294"] {
            let wide = SequenceSet::parse(text, true).unwrap();
            assert_eq!(wide.resolve(10).ranges().collect::<Vec<_>>(), [(1, 10)]);
            assert_eq!(wide.resolve(u32::MAX).ranges().len(), 1);
        }
    }

    #[test]
    fn all_is_whatever_selects_every_message() {
        for text in ["1:*", "*:1", "3,1:*", "1:4,5:*", "2:*,1", "1:4294967295"] {
            assert!(SequenceSet::parse(text, false).unwrap().is_all(), "{text}");
        }
        for text in ["2:*", "*", "1:4294967294", "1,*"] {
            assert!(!SequenceSet::parse(text, false).unwrap().is_all(), "{text}");
        }
        assert_eq!(SequenceSet::all(false), SequenceSet::parse("1:*", false).unwrap());
        assert_ne!(SequenceSet::all(false), SequenceSet::all(true));
    }

    #[test]
    fn the_text_form_is_compact() {
        for (text, compact) in [
            ("5:3", "3:5"),
            ("*:3", "3:*"),
            ("4,*", "4,*"),
            ("*,4:4", "4,*"),
            ("1:2,3", "1:3"),
            ("9:*,5:*,*", "5:*"),
            ("3:8,9:*", "3:*"),
            ("7,20,9:*", "7,9:*"),
            ("*:*", "*"),
            ("2:4294967294,*", "2:*"),
            ("4294967295,*", "*"),
            ("1:4294967295", "1:*"),
            ("2:4294967295", "2:4294967295"),
        ] {
            assert_eq!(SequenceSet::parse(text, true).unwrap().to_string(), compact, "{text}");
        }
    }
}
