//! Records that were appended to last, as they were written, so that neither the next
//! message nor who lists this one reads them. Here: keeping them while their guards stand.
//! Not here: which they are (rows and contents say).

use crate::model::Value;
use crate::store::{Guard, Key, Revision};

/// How many records are kept: those of some ten mailboxes, about a megabyte.
const MOST: usize = 32;

struct Tail {
    key: Key,
    /// The guard, and its revision, under which it is so.
    guard: (Guard, Revision),
    record: Value,
}

/// The records, the oldest first. So few that they are looked through.
#[derive(Default)]
pub struct Tails(Vec<Tail>);

impl Tails {
    /// A record, where one of these guards says that it is still so.
    pub fn get(&self, key: &Key, guards: &[(Guard, Revision)]) -> Option<&Value> {
        let tail = self.0.iter().find(|tail| tail.key == *key && guards.contains(&tail.guard))?;
        Some(&tail.record)
    }

    /// A record for who only looks at rows that it has, which stay what they are.
    pub fn peek(&self, key: &Key) -> Option<&Value> {
        self.0.iter().find(|tail| tail.key == *key).map(|tail| &tail.record)
    }

    /// Keeps a record, of which there is none yet.
    pub fn push(&mut self, key: Key, guard: (Guard, Revision), record: Value) {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Tail { key, guard, record });
    }

    /// A commit of this program moved these guards on, and wrote nothing of what is left here.
    pub fn moved(&mut self, guards: &[(Guard, Revision)]) {
        for tail in self.0.iter_mut().filter(|tail| guards.contains(&tail.guard)) {
            tail.guard.1 += 1;
        }
    }

    /// Forgets the records that are others now.
    pub fn retain(&mut self, stays: &dyn Fn(&Key) -> bool) {
        self.0.retain(|tail| stays(&tail.key));
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
