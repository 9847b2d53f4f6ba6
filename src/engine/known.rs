//! What is in memory of what guards watch, and how it is replaced by what was read or committed. Not here:
//! what that is, nor when the store is asked about it.

use std::cell::RefCell;

use super::steps::Moment;
use crate::store::Revision;

/// Something in memory, and the revision of its guard at which it was so.
pub struct Versioned<T> {
    pub revision: Revision,
    pub value: T,
}

/// What is in memory of a guarded thing; `fresh` until somebody else is known to have moved the guard.
pub struct Known<T> {
    pub revision: Revision,
    /// When the guard is known to have stood at that revision; see [`super::steps`].
    pub at: Moment,
    pub value: T,
    pub fresh: bool,
}

/// A guard's revision, and when it was known to have it.
#[derive(Clone, Copy)]
pub struct Stood {
    pub revision: Revision,
    pub at: Moment,
}

/// Keeps what was read, unless a commit of this program overtook the read.
pub fn take_in<T: Clone>(known: &RefCell<Option<Known<T>>>, stood: Stood, value: T) -> Versioned<T> {
    let Stood { revision, at } = stood;
    let mut known = known.borrow_mut();
    if let Some(newer) = known.as_ref().filter(|known| known.fresh && known.revision > revision) {
        return Versioned { revision: newer.revision, value: newer.value.clone() };
    }
    *known = Some(Known { revision, at, value: value.clone(), fresh: true });
    Versioned { revision, value }
}

/// What is in memory of this revision is known to be right at a step, if none later is known.
pub fn stand<T>(known: &RefCell<Option<Known<T>>>, stood: Stood) {
    if let Some(known) = known.borrow_mut().as_mut().filter(|known| known.revision == stood.revision) {
        known.at = known.at.max(stood.at);
    }
}

pub fn set_stale<T>(known: &mut Option<Known<T>>) {
    if let Some(known) = known {
        known.fresh = false;
    }
}

/// Keeps what was committed.
pub fn install<T>(known: &mut Option<Known<T>>, stood: Stood, new: Option<T>) {
    let Stood { revision, at } = stood;
    match (known.as_mut(), new) {
        // A read that was answered late may have put something else there meanwhile.
        (Some(known), _) if known.revision >= revision => {}
        (_, Some(value)) => *known = Some(Known { revision, at, value, fresh: true }),
        // Guarded but not written: what was known stays so, at the next revision.
        (Some(known), None) if known.revision + 1 == revision => (known.revision, known.at) = (revision, at),
        (Some(known), None) => known.fresh = false,
        (None, None) => {}
    }
}
