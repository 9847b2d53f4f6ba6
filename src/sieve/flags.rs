//! Lists of flags as strings (RFC 5232 section 2). Which flags a mailbox can store is not known
//! here.

use std::borrow::Cow;

use super::limits::MAX_FLAGS;
use super::matching::Work;
use crate::model::{Flags, SystemFlags};

/// What a flag command does to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagChange {
    Set,
    Add,
    Remove,
}

/// The flag names in strings, each of which may hold several between blanks.
pub(crate) fn names<'l>(lists: &'l [Cow<'_, [u8]>]) -> impl Iterator<Item = &'l [u8]> {
    lists.iter().flat_map(|list| list.split(u8::is_ascii_whitespace)).filter(|name| !name.is_empty())
}

/// A list after a change: each flag once in any case, in the order of its first naming. What is no
/// flag by the grammar of IMAP is left out, and so are system flags that nobody can set.
pub(crate) fn change(
    change: FlagChange,
    mut flags: Vec<String>,
    given: &[Cow<'_, [u8]>],
    work: &mut Work,
) -> Result<Vec<String>, &'static str> {
    if change == FlagChange::Set {
        flags.clear();
    }
    for name in names(given) {
        let Ok(name) = std::str::from_utf8(name) else { continue };
        work.spend(flags.len() + 1)?;
        let at = flags.iter().position(|flag| flag.eq_ignore_ascii_case(name));
        match (change, at) {
            (FlagChange::Remove, Some(at)) => {
                flags.remove(at);
            }
            (FlagChange::Remove, None) | (_, Some(_)) => {}
            (_, None) if flags.len() >= MAX_FLAGS => return Err("a list has too many flags"),
            (_, None) if can_be_set(name) => flags.push(name.to_owned()),
            (_, None) => {}
        }
    }
    Ok(flags)
}

fn can_be_set(name: &str) -> bool {
    Flags::parse([name]).is_ok_and(|flags| !flags.without(SystemFlags::RECENT).is_empty())
}
