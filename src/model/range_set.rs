//! Sets of 32-bit numbers as inclusive ranges: unclaimed recents, search
//! results, resolved sequence sets. Not here: `*` and the choice between uids
//! and sequence numbers (`sequence_set.rs`).

use std::fmt;

use super::sorting;

/// A set of `u32`, kept as ascending inclusive ranges that neither overlap nor
/// touch. Memory and time follow the number of ranges, never the number of
/// members, so `1:4294967295` costs as much as `1`.
///
/// Every method is total: 0 and [`u32::MAX`] are members like any other, and
/// the ends of a range may be given in either order, as in IMAP (semantics 17).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct RangeSet {
    ranges: Vec<(u32, u32)>,
}

impl RangeSet {
    /// The empty set.
    pub const fn new() -> Self {
        RangeSet { ranges: Vec::new() }
    }

    /// The set of `numbers`; linear when they ascend. Numbers out of order and
    /// repeated ones are accepted and cost a sort.
    pub fn from_sorted(numbers: impl IntoIterator<Item = u32>) -> Self {
        numbers.into_iter().collect()
    }

    /// The union of inclusive ranges, in any order, overlapping or not; linear
    /// when they ascend, otherwise as costly as a sort.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges.into_iter().map(ordered).collect();
        if !ranges.is_sorted() {
            sorting::sort(&mut ranges);
        }
        let mut set = RangeSet::new();
        for range in ranges {
            set.push(range);
        }
        set
    }

    /// Appends a range whose low end is not below any that was pushed before.
    fn push(&mut self, (low, high): (u32, u32)) {
        match self.ranges.last_mut() {
            Some((_, last)) if last.saturating_add(1) >= low => *last = high.max(*last),
            _ => self.ranges.push((low, high)),
        }
    }

    /// Adds a number. Whether it was absent.
    pub fn insert(&mut self, number: u32) -> bool {
        self.insert_range(number, number)
    }

    /// Adds every number from one end to the other, both included. Whether any was absent.
    pub fn insert_range(&mut self, a: u32, b: u32) -> bool {
        let (low, high) = ordered((a, b));
        // The ranges that overlap or touch low..=high become one with it.
        let start = self.ranges.partition_point(|&(_, last)| last.saturating_add(1) < low);
        let end = self.ranges.partition_point(|&(first, _)| first <= high.saturating_add(1));
        let touched = self.ranges.get(start..end).unwrap_or_default();
        let merged = match (touched.first(), touched.last()) {
            (Some(&(first, _)), Some(&(_, last))) => (first.min(low), last.max(high)),
            _ => (low, high),
        };
        if *touched == [merged] {
            return false;
        }
        self.ranges.splice(start..end, [merged]);
        true
    }

    /// Takes a number out. Whether it was present.
    pub fn remove(&mut self, number: u32) -> bool {
        self.remove_range(number, number)
    }

    /// Takes out every number from one end to the other, both included. Whether any was present.
    pub fn remove_range(&mut self, a: u32, b: u32) -> bool {
        let (low, high) = ordered((a, b));
        let start = self.ranges.partition_point(|&(_, last)| last < low);
        let end = self.ranges.partition_point(|&(first, _)| first <= high);
        let touched = self.ranges.get(start..end).unwrap_or_default();
        let (Some(&(first, _)), Some(&(_, last))) = (touched.first(), touched.last()) else {
            return false;
        };
        let left = (first < low).then(|| (first, low.saturating_sub(1)));
        let right = (high < last).then(|| (high.saturating_add(1), last));
        self.ranges.splice(start..end, left.into_iter().chain(right));
        true
    }

    /// Whether a number is a member; logarithmic in the number of ranges.
    pub fn contains(&self, number: u32) -> bool {
        let at = self.ranges.partition_point(|&(_, last)| last < number);
        self.ranges.get(at).is_some_and(|&(first, _)| first <= number)
    }

    /// How many numbers are members.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|&(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Whether no number is a member.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The smallest member.
    pub fn min(&self) -> Option<u32> {
        self.ranges.first().map(|&(first, _)| first)
    }

    /// The largest member.
    pub fn max(&self) -> Option<u32> {
        self.ranges.last().map(|&(_, last)| last)
    }

    /// The ranges, ascending, as `(first, last)` with both included. Between
    /// two of them at least one number is absent.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (u32, u32)> + ExactSizeIterator + '_ {
        self.ranges.iter().copied()
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.ranges.iter().flat_map(|&(first, last)| first..=last)
    }

    /// The numbers in either set; linear in the ranges of both.
    #[must_use]
    pub fn union(&self, other: &RangeSet) -> RangeSet {
        let mut set = RangeSet::new();
        let (mut left, mut right) = (self.ranges().peekable(), other.ranges().peekable());
        loop {
            let from_left = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => a <= b,
                (a, _) => a.is_some(),
            };
            match if from_left { left.next() } else { right.next() } {
                Some(range) => set.push(range),
                None => return set,
            }
        }
    }

    /// The numbers in both sets; linear in the ranges of both.
    #[must_use]
    pub fn intersection(&self, other: &RangeSet) -> RangeSet {
        let mut set = RangeSet::new();
        let (mut left, mut right) = (self.ranges().peekable(), other.ranges().peekable());
        while let (Some(&a), Some(&b)) = (left.peek(), right.peek()) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                set.push((low, high));
            }
            if a.1 < b.1 {
                left.next();
            } else {
                right.next();
            }
        }
        set
    }

    /// The numbers in this set and not in `other`; linear in the ranges of both.
    #[must_use]
    pub fn difference(&self, other: &RangeSet) -> RangeSet {
        let mut set = RangeSet::new();
        let mut holes = other.ranges().peekable();
        for (first, last) in self.ranges() {
            // What is left of this range; nothing once a hole reaches its end.
            let mut low = Some(first);
            while let (Some(from), Some(&(hole, hole_end))) = (low, holes.peek()) {
                if hole > last {
                    break;
                }
                if from < hole {
                    set.push((from, hole.saturating_sub(1)));
                }
                if hole_end >= last {
                    low = None;
                } else {
                    low = Some(from.max(hole_end.saturating_add(1)));
                    holes.next();
                }
            }
            if let Some(from) = low {
                set.push((from, last));
            }
        }
        set
    }
}

fn ordered((a, b): (u32, u32)) -> (u32, u32) {
    (a.min(b), a.max(b))
}

impl FromIterator<u32> for RangeSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((first, last)) if (*first..=*last).contains(&number) => {}
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => runs.push((number, number)),
            }
        }
        RangeSet::from_ranges(runs)
    }
}

impl Extend<u32> for RangeSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, numbers: I) {
        *self = self.union(&numbers.into_iter().collect());
    }
}

/// As an IMAP set, compact and ascending: `1:3,7`. The empty set is the empty
/// text, which IMAP's grammar has no spelling for.
impl fmt::Display for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.ranges().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{first}")?;
            if first < last {
                write!(f, ":{last}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RangeSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> RangeSet {
        RangeSet::from_ranges(ranges.iter().copied())
    }

    #[test]
    fn inserted_neighbours_become_one_range() {
        let mut numbers = RangeSet::new();
        assert!(numbers.insert(1));
        assert!(numbers.insert(3));
        assert!(!numbers.insert(3));
        assert_eq!(numbers.to_string(), "1,3");
        assert!(numbers.insert(2));
        assert_eq!(numbers.to_string(), "1:3");
        assert!(numbers.insert_range(9, 7));
        assert!(numbers.insert_range(5, 20));
        assert_eq!(numbers.to_string(), "1:3,5:20");
    }

    #[test]
    fn removing_from_the_middle_splits() {
        let mut numbers = set(&[(1, 10), (20, 30)]);
        assert!(numbers.remove(5));
        assert!(!numbers.remove(5));
        assert_eq!(numbers.to_string(), "1:4,6:10,20:30");
        assert!(numbers.remove_range(25, 3));
        assert_eq!(numbers.to_string(), "1:2,26:30");
        assert!(!numbers.remove_range(3, 25));
        assert!(numbers.remove_range(0, u32::MAX));
        assert!(numbers.is_empty());
    }

    #[test]
    fn both_ends_of_the_number_space_are_members_like_any_other() {
        let mut numbers = RangeSet::new();
        assert!(numbers.insert(u32::MAX));
        assert!(numbers.insert(0));
        assert!(numbers.insert(u32::MAX - 1));
        assert_eq!(numbers.to_string(), "0,4294967294:4294967295");
        assert_eq!((numbers.min(), numbers.max(), numbers.len()), (Some(0), Some(u32::MAX), 3));
        assert!(numbers.insert_range(0, u32::MAX));
        assert_eq!(numbers.len(), 1 << 32);
        assert!(numbers.remove(0) && numbers.remove(u32::MAX));
        assert_eq!(numbers.to_string(), "1:4294967294");
        assert!(!numbers.contains(0) && !numbers.contains(u32::MAX) && numbers.contains(1));
        assert_eq!(numbers.difference(&set(&[(0, u32::MAX)])), RangeSet::new());
    }

    #[test]
    fn s21_s23_numbers_in_any_order_give_ascending_runs() {
        let numbers: RangeSet = [5, 4, 2, 1, 2, 5].into_iter().collect();
        assert_eq!(numbers.to_string(), "1:2,4:5");
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [1, 2, 4, 5]);
        assert_eq!(numbers.ranges().rev().collect::<Vec<_>>(), [(4, 5), (1, 2)]);
        assert_eq!(RangeSet::from_sorted([]).to_string(), "");
        let mut more = numbers;
        more.extend([3, 9]);
        assert_eq!(more.to_string(), "1:5,9");
    }

    #[test]
    fn two_sets_merge_without_looking_at_members() {
        let (left, right) =
            (set(&[(1, 2_000_000_000), (3_000_000_000, u32::MAX)]), set(&[(5, 7), (9, 3_000_000_001)]));
        assert_eq!(left.union(&right).to_string(), "1:4294967295");
        assert_eq!(left.intersection(&right).to_string(), "5:7,9:2000000000,3000000000:3000000001");
        assert_eq!(left.difference(&right).to_string(), "1:4,8,3000000002:4294967295");
        assert_eq!(right.difference(&left).to_string(), "2000000001:2999999999");
    }
}
