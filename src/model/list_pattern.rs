//! How a LIST pattern matches a name (RFC 9051 section 6.3.9). Not here: the
//! names, and the meaning of an empty pattern (`list_tree.rs`).

use super::{DELIMITER, INBOX, MailboxName};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// One octet of UTF-8: wildcards never part a character, for whatever
    /// follows them begins with one.
    Octet(u8),
    /// `%`: any text without a delimiter.
    Level,
    /// `*`: any text.
    Any,
}

/// A reference and a pattern joined, ready to be matched against many names.
#[derive(Debug)]
pub(super) struct ListPattern {
    steps: Vec<Step>,
    /// How many of the steps are octets: no shorter name can match.
    octets: usize,
}

impl ListPattern {
    /// Joins the two as they are. Neighbouring wildcards become one.
    pub(super) fn new(reference: &str, pattern: &str) -> ListPattern {
        let mut steps: Vec<Step> = Vec::with_capacity(reference.len() + pattern.len());
        for octet in reference.bytes().chain(pattern.bytes()) {
            let step = match octet {
                b'*' => Step::Any,
                b'%' => Step::Level,
                octet => Step::Octet(octet),
            };
            match (steps.last_mut(), step) {
                (Some(Step::Any), Step::Any | Step::Level) | (Some(Step::Level), Step::Level) => {}
                (Some(last @ Step::Level), Step::Any) => *last = Step::Any,
                _ => steps.push(step),
            }
        }
        let octets = steps.iter().filter(|step| matches!(step, Step::Octet(_))).count();
        ListPattern { steps, octets }
    }

    /// Whether the whole name matches. A first level INBOX matches in any ASCII case.
    ///
    /// All ways to match are followed at once, octet by octet of the name, as
    /// the set of steps that have been reached: never more work than octets
    /// times steps.
    pub(super) fn matches(&self, name: &MailboxName) -> bool {
        let folded = if name.components().next() == Some(INBOX) { INBOX.len() } else { 0 };
        if self.octets > name.as_str().len() {
            return false;
        }
        let mut next = vec![false; self.steps.len() + 1];
        let mut reached = next.clone();
        if let Some(start) = reached.first_mut() {
            *start = true;
        }
        // A `*` that was reached can do whatever an earlier step still could,
        // so steps before it need not be followed.
        let mut low = self.settle(&mut reached, 0);
        for (at, octet) in name.as_str().bytes().enumerate() {
            let fits = |step: u8| step == octet || (at < folded && step.eq_ignore_ascii_case(&octet));
            next.fill(false);
            let mut alive = false;
            for (index, step) in self.steps.iter().enumerate().skip(low) {
                if reached.get(index) != Some(&true) {
                    continue;
                }
                let onward = match *step {
                    Step::Any => Some(index),
                    Step::Level => (char::from(octet) != DELIMITER).then_some(index),
                    Step::Octet(step) => fits(step).then_some(index + 1),
                };
                if let Some(slot) = onward.and_then(|onward| next.get_mut(onward)) {
                    *slot = true;
                    alive = true;
                }
            }
            if !alive {
                return false;
            }
            std::mem::swap(&mut reached, &mut next);
            low = self.settle(&mut reached, low);
        }
        reached.last() == Some(&true)
    }

    /// Marks what follows a wildcard that was reached, for it may stand for
    /// nothing. Where to begin from now on: at the last `*` that was reached.
    fn settle(&self, reached: &mut [bool], low: usize) -> usize {
        let mut begin = low;
        let mut passes = false;
        for (index, slot) in reached.iter_mut().enumerate().skip(low) {
            *slot |= passes;
            let step = self.steps.get(index);
            passes = *slot && matches!(step, Some(Step::Any | Step::Level));
            if *slot && step == Some(&Step::Any) {
                begin = index;
            }
        }
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        ListPattern::new("", pattern).matches(&MailboxName::parse(name).unwrap())
    }

    #[test]
    fn s49_wildcards_and_anchors() {
        for (pattern, name) in [
            ("*", "a/b"),
            ("%", "a"),
            ("a/%", "a/b"),
            ("%/%", "a/b"),
            ("*b", "a/b"),
            ("a*", "a"),
            ("%a%b%", "xaybz"),
            ("*%", "a/b"),
            ("%*", "a/b"),
            ("**%%", "a/b"),
            ("a%/*d", "abc/x/d"),
            ("日%語", "日本語"),
            ("%a/%b", "xa/yb"),
            ("*/b/*/b", "a/b/b/c/b"),
            ("*a%", "a/a/ab"),
            ("%%%", "abc"),
            ("*b*b", "abab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("%", "a/b"),
            ("a", "ab"),
            ("b", "ab"),
            ("%b", "a/b"),
            ("a/%", "a"),
            ("a/%", "a/b/c"),
            ("%a/%b", "xa/y/zb"),
            ("%/%/%", "a/b"),
            ("a%b", "a"),
            ("*b*b", "aba"),
            ("?", "a"),
            ("日%", "月"),
            ("*a%", "a/a/b"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn s50_only_a_whole_first_level_inbox_ignores_case() {
        assert!(matches("inbox", "INBOX") && matches("i%X", "INBOX") && matches("*/Kid", "inbox/Kid"));
        assert!(matches("inbox/Kid", "INBOX/Kid") && !matches("inbox/kid", "INBOX/Kid"));
        assert!(
            !matches("A/inbox", "A/INBOX") && !matches("inboxes", "INBOXES") && !matches("inbo", "INBOX")
        );
    }

    /// Tries that go back on themselves would need about 2^500 steps for the
    /// first of these.
    #[test]
    fn hostile_patterns_cost_no_more_than_name_times_pattern() {
        let name = "a".repeat(1000);
        for wildcard in ["*", "%", "*a%", "%a*"] {
            let many = format!("{wildcard}a").repeat(300);
            assert!(matches(&format!("{many}{wildcard}"), &name), "{wildcard}");
            assert!(!matches(&format!("{many}{wildcard}b"), &name), "{wildcard}");
        }
        assert!(matches(&"*a".repeat(1000), &name) && !matches(&"*a".repeat(1001), &name));
        assert!(matches(&"*%".repeat(1_000_000), &name));
        assert!(!matches(&"a".repeat(1_000_000), &name));
    }
}
