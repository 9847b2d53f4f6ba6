//! What scripts do to mails, by subject.

mod core;
mod demo;
mod errors;
mod extensions;
mod flags;
mod glob;
mod vacation;
mod variables;

use super::{Action, Mail, Outcome, compile};
use crate::model::ZonedTime;

/// 2007-12-31 23:30:15 -0500, a Monday.
pub(super) const NOW: ZonedTime = ZonedTime { timestamp_ms: 1_199_161_815_000, zone_minutes: -300 };

pub(super) fn outcome_of(script: &str, mail: &Mail<'_>) -> Outcome {
    match compile(script.as_bytes()) {
        Ok(script) => script.run(mail),
        Err(error) => panic!("{error}\n{script}"),
    }
}

/// A mail from `me@example.com` (envelope `bounce+x@Example.COM`) to `you@example.org`.
pub(super) fn mail_of(raw: &[u8]) -> Mail<'_> {
    Mail {
        raw,
        sender: "bounce+x@Example.COM",
        recipient: "you+list@example.org",
        now: NOW,
        mailbox_exists: &|name| matches!(name, "INBOX" | "Lists" | "Lists/rust"),
    }
}

pub(super) fn run(script: &str, raw: &str) -> Outcome {
    outcome_of(script, &mail_of(raw.as_bytes()))
}

/// The actions in short: `keep`, `keep [\Seen]`, `file A`, `redirect a@b`, `reject text`, ….
pub(super) fn shown(outcome: &Outcome) -> Vec<String> {
    let flags = |flags: &Option<Vec<String>>| match flags {
        Some(flags) => format!(" [{}]", flags.join(" ")),
        None => String::new(),
    };
    let one = |action: &Action| match action {
        Action::Keep { flags: of } => format!("keep{}", flags(of)),
        Action::FileInto { mailbox, flags: of, create } => {
            format!("{} {mailbox}{}", if *create { "create" } else { "file" }, flags(of))
        }
        Action::Redirect { address } => format!("redirect {address}"),
        Action::Reject { reason, ereject } => {
            format!("{} {reason}", if *ereject { "ereject" } else { "reject" })
        }
        Action::Vacation(vacation) => format!("vacation {}", vacation.to),
    };
    outcome.actions.iter().map(one).collect()
}

/// Runs a script that must end well, and shows what it does.
pub(super) fn does(script: &str, raw: &str) -> Vec<String> {
    let outcome = run(script, raw);
    assert_eq!(outcome.error, None, "{script}");
    shown(&outcome)
}

/// Whether a test holds for a mail; `requires` are the extensions it needs.
pub(super) fn holds(requires: &str, test: &str, raw: &str) -> bool {
    let script = format!("require [{requires}]; if {test} {{ discard; }}");
    does(&script, raw).is_empty()
}
