//! The REFERENCES algorithm of RFC 5256 section 3, step by step. Nothing here
//! recurses, and each link costs logarithmic time, so that neither a chain of
//! 100,000 replies nor references made up to form loops do harm.

use super::forest::{Forest, NONE, at, put};
use super::thread::{Family, ThreadTable};

/// Steps 1 to 5; step 6, the order of siblings, is that of all families.
#[cfg_attr(own_std, optimize(speed))]
pub(super) fn family(table: &ThreadTable, by_date: &[u32]) -> Family {
    let links = linked(table);
    let (parents, dummies) = pruned(table, &links, by_date);
    Subjects::merged(table, parents, dummies, by_date)
}

/// Nodes of step 1: the messages, then the ids that no message has.
struct Links {
    parents: Vec<u32>,
    forest: Forest,
}

impl Links {
    /// Makes a node without a parent a child, unless that made a loop: a node
    /// without a parent has exactly what is in its tree below it.
    #[cfg_attr(own_std, optimize(speed))]
    fn adopt(&mut self, parent: u32, child: u32) {
        if self.forest.root(parent) != child {
            self.forest.link(child, parent);
            put(&mut self.parents, child, parent);
        }
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn orphan(&mut self, child: u32) {
        if at(&self.parents, child) != NONE {
            self.forest.cut(child);
            put(&mut self.parents, child, NONE);
        }
    }
}

/// Step 1: each node's parent.
#[cfg_attr(own_std, optimize(speed))]
fn linked(table: &ThreadTable) -> Vec<u32> {
    // Of two messages with one id, the id is the first one's; so does a message without one stay.
    let mut nodes = table.own.len() as u32;
    let mut node_of_id = vec![NONE; table.id_count()];
    for (message, id) in (0..).zip(&table.own) {
        if at(&node_of_id, *id) == NONE {
            put(&mut node_of_id, *id, message);
        }
    }
    for node in node_of_id.iter_mut().filter(|node| **node == NONE) {
        *node = nodes;
        nodes += 1;
    }
    let nodes = nodes as usize;
    let mut links = Links { parents: vec![NONE; nodes], forest: Forest::new(nodes) };
    let mut begin = 0;
    for (message, end) in (0..).zip(&table.references_end) {
        let references = table.references.get(begin..*end).unwrap_or_default();
        begin = *end;
        let mut last = NONE;
        for id in references {
            let node = at(&node_of_id, *id);
            if last != NONE && at(&links.parents, node) == NONE {
                links.adopt(last, node);
            }
            last = node;
        }
        if at(&links.parents, message) != last {
            links.orphan(message);
            links.adopt(last, message);
        }
    }
    links.parents
}

/// Steps 2 to 4: each message's nearest ancestor that is a message or a dummy
/// that begins a thread of several, numbered anew; and how many of those there are.
#[cfg_attr(own_std, optimize(speed))]
fn pruned(table: &ThreadTable, links: &[u32], by_date: &[u32]) -> (Vec<u32>, u32) {
    let count = table.own.len() as u32;
    // Of dummies: the nearest ancestor that is a message or, above all others, a dummy.
    let mut above = vec![NONE; links.len()];
    let mut path = Vec::new();
    let mut parents: Vec<u32> = links.iter().copied().take(count as usize).collect();
    let mut heirs = vec![0u32; links.len()];
    for parent in parents.iter_mut().filter(|parent| **parent != NONE) {
        let mut node = *parent;
        while node >= count {
            let known = at(&above, node);
            if known != NONE {
                node = known;
                break;
            }
            path.push(node);
            match at(links, node) {
                NONE => break,
                next => node = next,
            }
        }
        for passed in path.drain(..) {
            put(&mut above, passed, node);
        }
        *parent = node;
        if let Some(count) = heirs.get_mut(node as usize) {
            *count += 1;
        }
    }
    let mut dummies = 0;
    let mut numbers = vec![NONE; links.len()];
    for message in by_date {
        let parent = at(&parents, *message);
        if parent == NONE || parent < count {
            continue;
        }
        if at(&heirs, parent) == 1 {
            put(&mut parents, *message, NONE);
            continue;
        }
        if at(&numbers, parent) == NONE {
            put(&mut numbers, parent, count + dummies);
            dummies += 1;
        }
        put(&mut parents, *message, at(&numbers, parent));
    }
    (parents, dummies)
}

/// Step 5: threads with one base subject become one.
struct Subjects<'a> {
    table: &'a ThreadTable,
    count: u32,
    parents: Vec<u32>,
    /// Of each dummy: the one that it was merged into, or itself.
    merged: Vec<u32>,
}

impl Subjects<'_> {
    #[cfg_attr(own_std, optimize(speed))]
    fn merged(table: &ThreadTable, parents: Vec<u32>, dummies: u32, by_date: &[u32]) -> Family {
        let count = table.own.len() as u32;
        let mut heads = vec![NONE; dummies as usize];
        let mut roots = Vec::new();
        for message in by_date {
            match at(&parents, *message) {
                NONE => roots.push((*message, *message)),
                dummy if dummy >= count && at(&heads, dummy - count) == NONE => {
                    put(&mut heads, dummy - count, *message);
                    roots.push((dummy, *message));
                }
                _ => {}
            }
        }
        // Each root with the subject of its thread; those without one stay as they are.
        let roots: Vec<(u32, u32)> = roots
            .into_iter()
            .map(|(root, head)| (root, at(&table.subjects, head)))
            .filter(|(_, subject)| *subject != 0)
            .collect();
        let merged = (0..dummies).map(|dummy| count + dummy).collect();
        let mut subjects = Subjects { table, count, parents, merged };
        subjects.merge(&roots);
        let Subjects { mut parents, merged, .. } = subjects;
        for parent in parents.iter_mut().filter(|parent| **parent != NONE && **parent >= count) {
            *parent = at(&merged, *parent - count);
        }
        Family { parents, dummies: merged.len() as u32 }
    }

    fn is_dummy(&self, root: u32) -> bool {
        root >= self.count
    }

    fn is_reply(&self, message: u32) -> bool {
        self.table.is_reply.get(message as usize).copied().unwrap_or(false)
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn merge(&mut self, roots: &[(u32, u32)]) {
        let mut subject_table = vec![NONE; self.table.subject_count()];
        for (root, subject) in roots {
            let known = at(&subject_table, *subject);
            let replaces = known == NONE
                || !self.is_dummy(known)
                    && (self.is_dummy(*root) || self.is_reply(known) && !self.is_reply(*root));
            if replaces {
                put(&mut subject_table, *subject, *root);
            }
        }
        for (root, subject) in roots {
            let known = at(&subject_table, *subject);
            if known == *root {
                continue;
            }
            if self.is_dummy(*root) {
                // What it stands for in the table is then a dummy too.
                put(&mut self.merged, *root - self.count, known);
            } else if self.is_dummy(known) || self.is_reply(*root) && !self.is_reply(known) {
                put(&mut self.parents, *root, known);
            } else {
                let dummy = self.count + self.merged.len() as u32;
                self.merged.push(dummy);
                put(&mut self.parents, *root, dummy);
                put(&mut self.parents, known, dummy);
                put(&mut subject_table, *subject, dummy);
            }
        }
    }
}
