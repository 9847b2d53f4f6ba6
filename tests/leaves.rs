//! Properties of sets, names and the list tree, each against a model that is
//! too simple to be wrong.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use offline_mailbox::model::{
    ErrorCode, ListDetails, ListTree, MailboxName, RangeSet, SequenceSet, decode_mutf7, encode_mutf7,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Numbers at both ends of the space, near enough to touch.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..24_u32, (u32::MAX - 23)..=u32::MAX]
}

fn universe() -> impl Iterator<Item = u32> {
    (0..26).chain(u32::MAX - 25..=u32::MAX)
}

/// A range that does not cross the middle, so that the model can hold it.
fn short_range() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![(0..24_u32, 0..24_u32), ((u32::MAX - 23)..=u32::MAX, (u32::MAX - 23)..=u32::MAX)]
}

fn between((a, b): (u32, u32)) -> impl Iterator<Item = u32> {
    a.min(b)..=a.max(b)
}

fn check_against(set: &RangeSet, model: &BTreeSet<u32>) -> Result<(), TestCaseError> {
    prop_assert_eq!(set.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
    prop_assert_eq!(set.len(), model.len() as u64);
    prop_assert_eq!(set.is_empty(), model.is_empty());
    prop_assert_eq!((set.min(), set.max()), (model.first().copied(), model.last().copied()));
    for number in universe() {
        prop_assert_eq!(set.contains(number), model.contains(&number), "{}", number);
    }
    let ranges: Vec<(u32, u32)> = set.ranges().collect();
    prop_assert!(ranges.iter().all(|&(first, last)| first <= last));
    let apart = |pair: &[(u32, u32)]| u64::from(pair[0].1) + 1 < u64::from(pair[1].0);
    prop_assert!(ranges.windows(2).all(apart), "{:?}", ranges);
    Ok(())
}

#[derive(Debug, Clone)]
enum Change {
    Insert(u32),
    InsertRange(u32, u32),
    Remove(u32),
    RemoveRange(u32, u32),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        number().prop_map(Change::Insert),
        short_range().prop_map(|(a, b)| Change::InsertRange(a, b)),
        number().prop_map(Change::Remove),
        short_range().prop_map(|(a, b)| Change::RemoveRange(a, b)),
    ]
}

/// An element of a sequence set; `None` is `*`.
type Element = (Option<u32>, Option<Option<u32>>);

fn element() -> impl Strategy<Value = Element> {
    let point = || prop_oneof![4 => (1..30_u32).prop_map(Some), 1 => Just(None)];
    (point(), proptest::option::of(point()))
}

fn spelled((first, last): &Element) -> String {
    let point = |point: &Option<u32>| point.map_or("*".to_owned(), |number| number.to_string());
    match last {
        Some(last) => format!("{}:{}", point(first), point(last)),
        None => point(first),
    }
}

/// The definition, number by number.
fn selected(elements: &[Element], max: u32) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    for (first, last) in elements {
        let first = first.unwrap_or(max);
        let last = last.map_or(first, |last| last.unwrap_or(max));
        numbers.extend(between((first, last)).filter(|number| (1..=max).contains(number)));
    }
    numbers
}

/// The definition, with going back; only for short texts.
fn matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((wildcard @ ('*' | '%'), rest)), _) => {
            matches(rest, name)
                || name.split_first().is_some_and(|(character, tail)| {
                    (*wildcard == '*' || *character != '/') && matches(pattern, tail)
                })
        }
        (Some((wanted, rest)), Some((found, tail))) => wanted == found && matches(rest, tail),
        _ => false,
    }
}

proptest! {
    #[test]
    fn range_sets_are_sets(changes in vec(change(), 0..40)) {
        let (mut set, mut model) = (RangeSet::new(), BTreeSet::new());
        for change in changes {
            let before = model.clone();
            let changed = match change {
                Change::Insert(number) => { model.insert(number); set.insert(number) }
                Change::InsertRange(a, b) => { model.extend(between((a, b))); set.insert_range(a, b) }
                Change::Remove(number) => { model.remove(&number); set.remove(number) }
                Change::RemoveRange(a, b) => {
                    model.retain(|number| !between((a, b)).any(|gone| gone == *number));
                    set.remove_range(a, b)
                }
            };
            prop_assert_eq!(changed, model != before);
            check_against(&set, &model)?;
        }
    }

    #[test]
    fn range_sets_combine_as_sets(left in vec(short_range(), 0..8), right in vec(short_range(), 0..8)) {
        let models = [&left, &right].map(|ranges| ranges.iter().copied().flat_map(between).collect::<BTreeSet<u32>>());
        let (a, b) = (RangeSet::from_ranges(left), RangeSet::from_ranges(right));
        check_against(&a, &models[0])?;
        check_against(&a.union(&b), &(&models[0] | &models[1]))?;
        check_against(&a.intersection(&b), &(&models[0] & &models[1]))?;
        check_against(&a.difference(&b), &(&models[0] - &models[1]))?;
    }

    #[test]
    fn s21_s23_numbers_in_any_order_make_one_set(numbers in vec(number(), 0..40)) {
        let model: BTreeSet<u32> = numbers.iter().copied().collect();
        check_against(&numbers.iter().copied().collect(), &model)?;
        check_against(&RangeSet::from_sorted(numbers.iter().copied()), &model)?;
        let built = SequenceSet::from_numbers(numbers.iter().copied(), true);
        if model.contains(&0) {
            prop_assert_eq!(built.unwrap_err().code(), ErrorCode::InvalidArgument);
        } else {
            check_against(&built.unwrap().resolve(u32::MAX), &model)?;
        }
    }

    #[test]
    fn s17_to_s21_sequence_sets_select_by_the_definition(
        elements in vec(element(), 1..8),
        max in 0..34_u32,
        uid: bool,
    ) {
        let text = elements.iter().map(spelled).collect::<Vec<_>>().join(",");
        let set = SequenceSet::parse(&text, uid).unwrap();
        check_against(&set.resolve(max), &selected(&elements, max))?;
        prop_assert_eq!(SequenceSet::parse(&set.to_string(), uid).unwrap(), set.clone());
        let all = (1..40).all(|max| selected(&elements, max).len() == max as usize);
        prop_assert_eq!(set.is_all(), all);
    }

    #[test]
    fn s17_to_s21_sets_are_equal_when_they_select_the_same(
        left in vec(element(), 1..4),
        right in vec(element(), 1..4),
    ) {
        let text = |elements: &[Element]| elements.iter().map(spelled).collect::<Vec<_>>().join(",");
        let sets = [&left, &right].map(|elements| SequenceSet::parse(&text(elements), false).unwrap());
        let alike = (0..40).all(|max| selected(&left, max) == selected(&right, max));
        prop_assert_eq!(sets[0] == sets[1], alike);
    }

    #[test]
    fn s22_any_text_is_read_or_refused(text in "[0-9:,* ]{0,12}|.{0,12}") {
        // RFC 9051: number = nz-number / "*", at most 4294967295.
        let point = |point: &str| {
            point == "*"
                || !point.starts_with('0')
                    && !point.is_empty()
                    && point.bytes().all(|octet| octet.is_ascii_digit())
                    && point.parse::<u32>().is_ok()
        };
        let legal = text.split(',').all(|element| {
            let points: Vec<&str> = element.split(':').collect();
            points.len() <= 2 && points.into_iter().all(point)
        });
        match SequenceSet::parse(&text, true) {
            Ok(_) => prop_assert!(legal),
            Err(error) => {
                prop_assert!(!legal);
                prop_assert_eq!(error.code(), ErrorCode::InvalidArgument);
            }
        }
    }

    #[test]
    fn s28_any_text_round_trips_through_modified_utf7(text in any::<String>()) {
        let wire = encode_mutf7(&text);
        prop_assert!(wire.bytes().all(|octet| (0x20..=0x7e).contains(&octet)));
        prop_assert_eq!(decode_mutf7(wire.as_bytes()).unwrap(), text);
    }

    #[test]
    fn s29_what_is_read_has_one_spelling(wire in "[&A-D,a-c0-3+/\u{7f}é-]{0,24}") {
        match decode_mutf7(wire.as_bytes()) {
            Ok(text) => prop_assert_eq!(encode_mutf7(&text), wire),
            Err(error) => prop_assert_eq!(error.code(), ErrorCode::InvalidArgument),
        }
    }

    #[test]
    fn s29_any_octets_are_read_or_refused(wire in vec(any::<u8>(), 0..64)) {
        if let Ok(text) = decode_mutf7(&wire) {
            prop_assert_eq!(encode_mutf7(&text).into_bytes(), wire);
        }
    }

    #[test]
    fn s25_s33_a_name_that_was_read_reads_back(text in "([iI][nN]box|[a-b/%é\t]{0,3}){0,4}|.{0,20}") {
        if let Ok(name) = MailboxName::parse(&text) {
            prop_assert_eq!(&MailboxName::parse(name.as_str()).unwrap(), &name);
            prop_assert!(name.as_str().eq_ignore_ascii_case(text.strip_suffix('/').unwrap_or(&text)));
            prop_assert!(name.components().all(|component| !component.is_empty()));
            let above: Vec<MailboxName> = name.ancestors().collect();
            prop_assert_eq!(above.last().cloned(), name.parent());
            prop_assert_eq!(above.len() + 1, name.components().count());
            prop_assert!(above.iter().all(|above| name.is_descendant_of(above) && !above.is_descendant_of(&name)));
        }
    }

    #[test]
    fn s49_s50_patterns_match_by_the_definition(
        names in vec("([ab]{1,3}|INBOX)(/[abé]{1,3}){0,2}", 0..8),
        reference in "(INB|inb|in)?[ab/%*]{0,3}",
        pattern in "[abé/%*]{1,6}",
    ) {
        let mut tree = ListTree::new();
        for name in &names {
            tree.insert(&MailboxName::parse(name).unwrap(), ListDetails::default());
        }
        let joined: Vec<char> = reference.chars().chain(pattern.chars()).collect();
        let mut expected = tree.entries();
        expected.retain(|entry| {
            let mut name: Vec<char> = entry.name.chars().collect();
            let first = entry.name.split('/').next();
            (0..32).any(|capitals| {
                // Every way to write INBOX; other names as they are.
                if first == Some("INBOX") {
                    for (at, character) in name.iter_mut().take(5).enumerate() {
                        let capital = capitals >> at & 1 == 1;
                        *character = if capital { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() };
                    }
                }
                matches(&joined, &name)
            })
        });
        prop_assert_eq!(tree.list_matching(&reference, &pattern), expected);
    }

    #[test]
    fn s51_s52_trees_list_each_name_once_below_its_parent(names in vec("[abc](/[abc]){0,3}", 0..20)) {
        let mut tree = ListTree::new();
        let mut inserted = vec![MailboxName::inbox()];
        for name in &names {
            let name = MailboxName::parse(name).unwrap();
            tree.insert(&name, ListDetails::default());
            inserted.push(name);
        }
        let listed: Vec<MailboxName> =
            tree.entries().iter().map(|entry| MailboxName::parse(&entry.name).unwrap()).collect();
        let mut expected: BTreeSet<MailboxName> = inserted.iter().cloned().collect();
        expected.extend(inserted.iter().flat_map(MailboxName::ancestors));
        prop_assert_eq!(listed.len(), expected.len());
        prop_assert_eq!(&listed.iter().cloned().collect::<BTreeSet<_>>(), &expected);
        for (at, name) in listed.iter().enumerate() {
            let entry = tree.get(name).unwrap();
            prop_assert_eq!(entry.is_selectable(), inserted.contains(name));
            let texts: Vec<&str> = entry.attributes.iter().map(|attribute| attribute.as_str()).collect();
            let below = listed.iter().filter(|other| other.is_descendant_of(name)).count();
            let children = if below > 0 { "\\HasChildren" } else { "\\HasNoChildren" };
            prop_assert_eq!(texts.last().copied(), Some(children));
            // All that lies below a name follows it without a gap.
            prop_assert!(listed[at + 1..at + 1 + below].iter().all(|other| other.is_descendant_of(name)));
        }
    }
}
