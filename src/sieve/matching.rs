//! Match types and comparators (RFC 5228 section 2.7, RFC 5231, RFC 4790): one engine for every
//! test. A character is an octet, as these comparators define it.

use std::cmp::Ordering;
use std::ops::Range;

use super::limits::MAX_CAPTURE;

/// How a test compares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matching {
    pub(crate) kind: MatchKind,
    pub(crate) comparator: Comparator,
    /// Whether a match sets the match variables.
    pub(crate) captures: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatchKind {
    Is,
    Contains,
    Matches,
    Count(Relation),
    Value(Relation),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
    Octet,
    AsciiCasemap,
    AsciiNumeric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relation {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Relation {
    pub(crate) fn named(name: &[u8]) -> Option<Relation> {
        let (less, equal, greater) = match name.to_ascii_lowercase().as_slice() {
            b"gt" => (false, false, true),
            b"ge" => (false, true, true),
            b"lt" => (true, false, false),
            b"le" => (true, true, false),
            b"eq" => (false, true, false),
            b"ne" => (true, false, true),
            _ => return None,
        };
        Some(Relation { less, equal, greater })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match ordering {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

impl Comparator {
    fn compare(self, left: &[u8], right: &[u8]) -> Ordering {
        match self {
            Comparator::Octet => left.cmp(right),
            Comparator::AsciiCasemap => {
                left.iter().map(u8::to_ascii_uppercase).cmp(right.iter().map(u8::to_ascii_uppercase))
            }
            Comparator::AsciiNumeric => compare_numbers(left, right),
        }
    }
}

/// The order of i;ascii-numeric (RFC 4790 section 9.1): the number is the digits at the start, of
/// any length; a string without one is greater than every number and equal to its like.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

/// The digits at the start without leading zeros; `None` when there is no digit.
fn number(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(text.len());
    let digits = text.get(..end).filter(|digits| !digits.is_empty())?;
    let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    digits.get(start..)
}

/// What a run may still spend, in octets looked at.
#[derive(Debug)]
pub(crate) struct Work(pub(crate) u64);

impl Work {
    pub(crate) fn spend(&mut self, octets: usize) -> Result<(), &'static str> {
        match self.0.checked_sub(octets as u64) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err("the script does more work than one mail may cost"),
        }
    }
}

impl Matching {
    /// Matches a value with a key; `None` when it does not match. Never asked for `:count`, which
    /// compares numbers by `compare_count`.
    pub(crate) fn matches(
        self,
        value: &[u8],
        key: &[u8],
        work: &mut Work,
    ) -> Result<Option<Captures>, &'static str> {
        work.spend(value.len().saturating_add(1))?;
        let folds = self.comparator == Comparator::AsciiCasemap;
        let holds = match self.kind {
            MatchKind::Is => self.comparator.compare(value, key) == Ordering::Equal,
            MatchKind::Contains => contains(value, key, folds, work)?,
            MatchKind::Matches => {
                work.spend(key.len())?;
                return Ok(glob(value, &pattern(key), folds, work)?.map(Captures));
            }
            MatchKind::Value(relation) => relation.holds(self.comparator.compare(value, key)),
            MatchKind::Count(_) => false,
        };
        Ok(holds.then(Captures::default))
    }

    /// Whether a number of values stands in the relation of `:count` to a key; numbers are
    /// compared as numbers under every comparator (RFC 5231 section 4.2).
    pub(crate) fn compare_count(relation: Relation, count: usize, key: &[u8]) -> bool {
        relation.holds(compare_numbers(count.to_string().as_bytes(), key))
    }
}

/// What each wildcard of a pattern stands for.
#[derive(Debug, Default)]
pub(crate) struct Captures(Vec<Range<usize>>);

impl Captures {
    /// The match variables: the whole value, then what each wildcard stands for.
    pub(crate) fn cut(&self, value: &[u8]) -> Vec<Vec<u8>> {
        let ranges = self.0.iter().take(MAX_CAPTURE);
        let parts = ranges.map(|range| value.get(range.clone()).unwrap_or_default());
        std::iter::once(value).chain(parts).map(<[u8]>::to_vec).collect()
    }
}

fn equal(left: &[u8], right: &[u8], folds: bool) -> bool {
    if folds { left.eq_ignore_ascii_case(right) } else { left == right }
}

fn contains(value: &[u8], key: &[u8], folds: bool, work: &mut Work) -> Result<bool, &'static str> {
    let Some((&first, _)) = key.split_first() else { return Ok(true) };
    let (lower, upper) =
        if folds { (first.to_ascii_lowercase(), first.to_ascii_uppercase()) } else { (first, first) };
    let mut rest = value;
    while let Some(at) = rest.iter().position(|&octet| octet == lower || octet == upper) {
        rest = rest.get(at..).unwrap_or_default();
        let Some(start) = rest.get(..key.len()) else { return Ok(false) };
        if equal(start, key, folds) {
            return Ok(true);
        }
        work.spend(key.len())?;
        rest = rest.get(1..).unwrap_or_default();
    }
    Ok(false)
}

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wild {
    /// `*`
    Any,
    /// `?`
    One,
    Octet(u8),
}

/// Reads a pattern; a backslash takes the meaning from the character after it.
pub(crate) fn pattern(key: &[u8]) -> Vec<Wild> {
    let mut pattern = Vec::with_capacity(key.len());
    let mut rest = key;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        pattern.push(match (octet, after.split_first()) {
            (b'*', _) => Wild::Any,
            (b'?', _) => Wild::One,
            (b'\\', Some((&escaped, after))) => {
                rest = after;
                Wild::Octet(escaped)
            }
            _ => Wild::Octet(octet),
        });
    }
    pattern
}

/// Matches a whole value; gives what each wildcard stands for, each `*` as short as can be (RFC
/// 5229 section 3.2).
///
/// Going back to the last star only is enough: when the text between two stars is found as early
/// as possible, finding it later cannot help what follows. So the cost is at most the product of
/// both lengths.
pub(crate) fn glob(
    value: &[u8],
    pattern: &[Wild],
    folds: bool,
    work: &mut Work,
) -> Result<Option<Vec<Range<usize>>>, &'static str> {
    let same = |left: u8, right: u8| left == right || folds && left.eq_ignore_ascii_case(&right);
    let mut found: Vec<Range<usize>> = Vec::new();
    // After the last star: the place in the pattern, the value's, and the number of wildcards.
    let mut star: Option<(usize, usize, usize)> = None;
    let (mut at, mut to) = (0, 0);
    loop {
        work.spend(1)?;
        match (pattern.get(to), value.get(at)) {
            (None, None) => return Ok(Some(found)),
            (Some(Wild::Any), _) => {
                found.push(at..at);
                to += 1;
                star = Some((to, at, found.len()));
                continue;
            }
            (Some(Wild::One), Some(_)) => {
                found.push(at..at + 1);
                to += 1;
                at += 1;
                continue;
            }
            (Some(Wild::Octet(wanted)), Some(octet)) if same(*wanted, *octet) => {
                to += 1;
                at += 1;
                continue;
            }
            _ => {}
        }
        let Some((after, end, wildcards)) = &mut star else { return Ok(None) };
        *end += 1;
        if *end > value.len() {
            return Ok(None);
        }
        (at, to) = (*end, *after);
        found.truncate(*wildcards);
        if let Some(last) = found.last_mut() {
            last.end = at;
        }
    }
}
