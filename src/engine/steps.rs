//! Where the store's sequence was last seen, and since when only this program has moved it. Here: what
//! that says of things in memory. Not here: the things, nor asking the store.
//!
//! It rests on one invariant of [`Store`](crate::store::Store): every commit, whatever is in it, is one step
//! of the sequence, and guards move in commits alone. So while the sequence is where it was, every
//! guard is where it was: one number answers for all of them. A commit of this program says itself which
//! guards it moved; what it left alone stands on after it, unless somebody else committed in between.

use std::cell::{Cell, RefCell};

use futures::FutureExt;

use crate::store::Sequence;
use crate::view::Feed;

/// A step of the sequence. One of the steps that were before the sequence went back comes before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    age: u32,
    step: Sequence,
}

impl Moment {
    /// Before all others.
    pub const NEVER: Moment = Moment { age: 0, step: 0 };
}

/// The steps of the sequence, as this program knows them.
pub struct Steps {
    newest: Cell<Moment>,
    /// From this step to the newest, all were this program's.
    alone_since: Cell<Moment>,
    /// Whether the last read found somebody else's step, or a hint said that there may be some.
    disturbed: Cell<bool>,
    hints: RefCell<Feed>,
}

impl Steps {
    /// Those of a store that is at this step; `hints` are its hints that something has changed.
    pub fn new(sequence: Sequence, hints: Feed) -> Steps {
        let now = Cell::new(Moment { age: 1, step: sequence });
        let disturbed = Cell::new(false);
        Steps { newest: now.clone(), alone_since: now, disturbed, hints: RefCell::new(hints) }
    }

    /// The newest step that was seen.
    pub fn newest(&self) -> Sequence {
        self.newest.get().step
    }

    /// A read saw the store at this step; when it was asked, `newest` was the newest.
    pub fn saw(&self, newest: Sequence, sequence: Sequence) {
        let known = self.newest.get();
        let went_back = sequence < newest;
        let moved = went_back || sequence > known.step;
        self.disturbed.set(moved);
        if moved {
            // Older files were put in the place of those that were open: the same steps are others now.
            let now = Moment { age: known.age.saturating_add(went_back.into()), step: sequence };
            self.newest.set(now);
            self.alone_since.set(now);
        }
    }

    /// A commit of this program landed as this step; what it left alone stands on. Returns when that was.
    pub fn committed(&self, step: Sequence) -> Moment {
        // Its own hint.
        self.hear();
        let newest = self.newest.get();
        let now = Moment { step, ..newest };
        if now > newest {
            self.newest.set(now);
            if step - newest.step > 1 {
                self.alone_since.set(now);
            }
        }
        now
    }

    /// When something stood that a read has just seen at this step: then, unless the read was overtaken, by a
    /// commit that may have moved it.
    pub fn witnessed(&self, sequence: Sequence) -> Moment {
        let newest = self.newest.get();
        if sequence == newest.step { newest } else { Moment::NEVER }
    }

    /// Whether what stood then stands at the newest step.
    pub fn stands(&self, then: Moment) -> bool {
        then >= self.alone_since.get()
    }

    /// Whether nobody else seems to commit just now, so that asking for the sequence alone will do. Never
    /// more than a guess, which the answer confirms or not.
    pub fn is_quiet(&self) -> bool {
        if self.hear() {
            self.disturbed.set(true);
        }
        !self.disturbed.get()
    }

    /// Whether a hint came since the last call.
    fn hear(&self) -> bool {
        self.hints.borrow_mut().changed().now_or_never().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Hub;

    #[test]
    fn what_stood_stands_until_somebody_else_commits() {
        let hub = Hub::default();
        let steps = Steps::new(5, hub.subscribe());
        let fifth = steps.witnessed(5);
        assert!(steps.stands(fifth) && !steps.stands(Moment::NEVER));
        steps.saw(5, 5);
        steps.committed(6);
        let seventh = steps.committed(7);
        assert!(steps.stands(fifth) && steps.newest() == 7, "all were ours");
        assert_eq!(steps.witnessed(7), seventh);
        assert_eq!(steps.witnessed(6), Moment::NEVER, "a read that was overtaken");
        // Theirs was the eighth.
        let ninth = steps.committed(9);
        assert!(!steps.stands(seventh) && steps.stands(ninth));
        steps.saw(9, 10);
        let tenth = steps.witnessed(10);
        assert!(!steps.stands(ninth) && steps.stands(tenth));
        // Ours, of which a read told before the answer came.
        assert_eq!(steps.committed(10), tenth);
        assert!(steps.stands(tenth) && steps.newest() == 10);
        steps.saw(10, 12);
        let eleventh = steps.committed(11);
        assert!(!steps.stands(eleventh) && steps.newest() == 12, "the twelfth may have moved anything");
        // An answer that comes late.
        steps.saw(10, 11);
        assert_eq!((steps.newest(), steps.stands(steps.witnessed(12))), (12, true));
        assert!(!Steps::new(0, hub.subscribe()).stands(Moment::NEVER));
    }

    #[test]
    fn what_stood_before_the_sequence_went_back_does_not_stand() {
        let steps = Steps::new(5, Hub::default().subscribe());
        let before = steps.witnessed(5);
        steps.saw(5, 3);
        assert!(!steps.stands(before) && steps.stands(steps.witnessed(3)));
        steps.committed(4);
        steps.committed(5);
        assert!(!steps.stands(before), "the same number, and another step");
        assert!(steps.stands(steps.witnessed(5)) && steps.newest() == 5);
    }

    #[test]
    fn it_is_quiet_while_nobody_else_commits() {
        let hub = Hub::default();
        let steps = Steps::new(1, hub.subscribe());
        assert!(steps.is_quiet());
        hub.notify();
        assert!(!steps.is_quiet() && !steps.is_quiet(), "until one has looked");
        steps.saw(1, 2);
        assert!(!steps.is_quiet(), "there may be more to come");
        steps.saw(2, 2);
        assert!(steps.is_quiet());
        hub.notify();
        steps.committed(3);
        assert!(steps.is_quiet(), "that was our own");
    }
}
