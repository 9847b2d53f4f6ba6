//! The patterns of `:matches`, and what matching costs.

use super::super::matching::{Wild, Work, glob, pattern};
use super::*;
use crate::sieve::limits::MAX_WORK;

#[test]
fn patterns_are_unescaped() {
    use Wild::{Any, Octet, One};
    for (key, expected) in [
        ("", vec![]),
        ("*?", vec![Any, One]),
        ("\\*\\?\\\\", vec![Octet(b'*'), Octet(b'?'), Octet(b'\\')]),
        ("\\a\\", vec![Octet(b'a'), Octet(b'\\')]),
    ] {
        assert_eq!(pattern(key.as_bytes()), expected, "{key}");
    }
}

#[test]
fn many_stars_cost_a_product_not_a_power() {
    let value = "a".repeat(4_000);
    let mut work = Work(MAX_WORK);
    let wilds = pattern(format!("{}b", "*a".repeat(100)).as_bytes());
    assert_eq!(glob(value.as_bytes(), &wilds, true, &mut work), Ok(None));
    assert!(MAX_WORK - work.0 < 100 * 4_000);
}

#[test]
fn s164_a_script_that_works_too_much_keeps_the_mail() {
    let value = "a".repeat(3_000);
    let wilds = pattern(format!("*{}b*", "a".repeat(1_000)).as_bytes());
    assert!(glob(value.as_bytes(), &wilds, true, &mut Work(100_000)).is_err());
    let raw = format!("X: {}\r\n\r\n", "a".repeat(200_000));
    let key = format!("{}b", "a".repeat(20_000));
    let script = format!(
        "require \"fileinto\"; fileinto \"A\";\nif header :comparator \"i;octet\" :contains \"x\" \"{key}\" {{ discard; }}"
    );
    let outcome = run(&script, &raw);
    assert_eq!(shown(&outcome), ["keep"]);
    let error = outcome.error.unwrap();
    assert_eq!((error.line, error.column), (2, 1));
}
