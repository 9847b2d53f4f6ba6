//! Sorting lists of anything: one merge sort over places, which knows no type.
//! The standard library's sorts are compiled anew, 5 to 15 KB, for each type
//! and comparison. Not here: lists of plain numbers, which it sorts faster.

/// Sorts in ascending order. Equals stay in the order they had.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, |one, other| one < other);
}

/// Sorts in ascending order of a key. Equals stay in the order they had.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one) < key(other));
}

/// Sorts so that nothing comes after what it is not before. Equals stay in the order they had.
pub(crate) fn sort_by<T>(items: &mut [T], mut before: impl FnMut(&T, &T) -> bool) {
    let from = order(items.len(), &mut |one, other| {
        let item = |place: u32| items.get(place as usize);
        item(one).zip(item(other)).is_some_and(|(one, other)| before(one, other))
    });
    arrange(from, &mut |one, other| items.swap(one, other));
}

/// The places 0 to `length` in the order that `before` says; those that are
/// equal by it ascend. At most 2^32 of them.
#[cfg_attr(own_std, optimize(speed))]
pub(crate) fn order(length: usize, before: &mut dyn FnMut(u32, u32) -> bool) -> Vec<u32> {
    let mut sorted: Vec<u32> = (0..=u32::MAX).take(length).collect();
    let mut width = 1;
    while width < length {
        let mut wider = Vec::with_capacity(length);
        for pair in sorted.chunks(width * 2) {
            let (low, high) = pair.split_at(width.min(pair.len()));
            merge(low, high, before, &mut wider);
        }
        sorted = wider;
        width *= 2;
    }
    sorted
}

#[cfg_attr(own_std, optimize(speed))]
fn merge<'a>(
    mut low: &'a [u32],
    mut high: &'a [u32],
    before: &mut dyn FnMut(u32, u32) -> bool,
    out: &mut Vec<u32>,
) {
    // What is in order already costs one comparison a pair.
    let apart = low.last().zip(high.first()).is_none_or(|(last, first)| !before(*first, *last));
    while let ([one, rest @ ..], [other, others @ ..], false) = (low, high, apart) {
        if before(*other, *one) {
            out.push(*other);
            high = others;
        } else {
            out.push(*one);
            low = rest;
        }
    }
    out.extend_from_slice(low);
    out.extend_from_slice(high);
}

/// Brings to every place what `from` says belongs there, by swaps: one for each item at most.
fn arrange(mut from: Vec<u32>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..from.len() {
        let mut at = start;
        while let Some(place) = from.get_mut(at) {
            let next = *place as usize;
            *place = at as u32;
            if next == start || next == at {
                break;
            }
            swap(at, next);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does_and_keeps_the_order_of_equals() {
        let mut state = 1u32;
        for length in (0..70).chain([1000, 4097]) {
            for different in [1, 2, 10, 100_000] {
                let mut items: Vec<(u32, usize)> = (0..length)
                    .map(|place| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((state >> 8) % different, place)
                    })
                    .collect();
                let mut expected = items.clone();
                expected.sort_by_key(|item| item.0);
                sort_by_key(&mut items, |item| item.0);
                assert_eq!(items, expected);
                items.reverse();
                sort(&mut items);
                assert_eq!(items, expected);
            }
        }
    }

    #[test]
    fn a_sorted_list_is_compared_once_a_pair() {
        let mut compared = 0;
        let sorted = order(1024, &mut |one, other| {
            compared += 1;
            one < other
        });
        assert!(sorted.is_sorted());
        assert_eq!(compared, 1023);
    }
}
