//! Trees that are joined and cut while it is asked who is whose root: a
//! link-cut tree (Sleator and Tarjan 1983), each step in logarithmic time on
//! average, however deep the trees are. Not here: what the nodes stand for.

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// Nodes 0, 1, 2, …, each at first a tree by itself.
///
/// Each tree is cut into paths downward; a path is a splay tree in the order
/// of depth, whose root's `above` is the node that the path hangs from.
pub(super) struct Forest {
    above: Vec<u32>,
    left: Vec<u32>,
    right: Vec<u32>,
}

#[cfg_attr(own_std, optimize(speed))]
pub(super) fn at(list: &[u32], index: u32) -> u32 {
    list.get(index as usize).copied().unwrap_or(NONE)
}

#[cfg_attr(own_std, optimize(speed))]
pub(super) fn put(list: &mut [u32], index: u32, value: u32) {
    if let Some(place) = list.get_mut(index as usize) {
        *place = value;
    }
}

impl Forest {
    pub(super) fn new(nodes: usize) -> Forest {
        Forest { above: vec![NONE; nodes], left: vec![NONE; nodes], right: vec![NONE; nodes] }
    }

    /// Makes a root the child of a node of another tree.
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn link(&mut self, root: u32, parent: u32) {
        self.expose(root);
        put(&mut self.above, root, parent);
    }

    /// Makes a node that has a parent the root of what is below it.
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn cut(&mut self, node: u32) {
        self.expose(node);
        let ancestors = at(&self.left, node);
        put(&mut self.left, node, NONE);
        put(&mut self.above, ancestors, NONE);
    }

    /// The root of the node's tree.
    #[cfg_attr(own_std, optimize(speed))]
    pub(super) fn root(&mut self, node: u32) -> u32 {
        self.expose(node);
        let mut root = node;
        while at(&self.left, root) != NONE {
            root = at(&self.left, root);
        }
        // What was walked is paid for by this.
        self.splay(root);
        root
    }

    /// Makes the path from the node up to its root one splay tree, with the node as its root.
    #[cfg_attr(own_std, optimize(speed))]
    fn expose(&mut self, node: u32) {
        let (mut below, mut top) = (NONE, node);
        while top != NONE {
            self.splay(top);
            put(&mut self.right, top, below);
            below = top;
            top = at(&self.above, top);
        }
        self.splay(node);
    }

    fn is_path_root(&self, node: u32) -> bool {
        let above = at(&self.above, node);
        above == NONE || (at(&self.left, above) != node && at(&self.right, above) != node)
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn splay(&mut self, node: u32) {
        while !self.is_path_root(node) {
            let parent = at(&self.above, node);
            if !self.is_path_root(parent) {
                let grandparent = at(&self.above, parent);
                let in_line = (at(&self.left, grandparent) == parent) == (at(&self.left, parent) == node);
                self.rotate(if in_line { parent } else { node });
            }
            self.rotate(node);
        }
    }

    /// Puts a node of a splay tree in its parent's place.
    #[cfg_attr(own_std, optimize(speed))]
    fn rotate(&mut self, node: u32) {
        let parent = at(&self.above, node);
        let grandparent = at(&self.above, parent);
        let parent_was_root = self.is_path_root(parent);
        let (near, far) = match at(&self.left, parent) == node {
            true => (&mut self.left, &mut self.right),
            false => (&mut self.right, &mut self.left),
        };
        let moved = at(far, node);
        put(near, parent, moved);
        put(far, node, parent);
        put(&mut self.above, moved, parent);
        put(&mut self.above, parent, node);
        put(&mut self.above, node, grandparent);
        if !parent_was_root {
            let side = match at(&self.left, grandparent) == parent {
                true => &mut self.left,
                false => &mut self.right,
            };
            put(side, grandparent, node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random::Random;

    #[test]
    fn roots_are_those_of_a_plain_walk() {
        let mut random = Random::new(5);
        for nodes in [1, 2, 3, 8, 50] {
            let mut forest = Forest::new(nodes);
            let mut parents = vec![NONE; nodes];
            for _ in 0..3000 {
                let (one, other) = (random.below(nodes as u32), random.below(nodes as u32));
                let plain = |mut node: u32| {
                    while parents[node as usize] != NONE {
                        node = parents[node as usize];
                    }
                    node
                };
                assert_eq!(forest.root(one), plain(one));
                if parents[one as usize] != NONE {
                    forest.cut(one);
                    parents[one as usize] = NONE;
                } else if plain(other) != one {
                    forest.link(one, other);
                    parents[one as usize] = other;
                }
            }
        }
    }

    #[test]
    fn a_chain_of_200_000_is_walked_from_both_ends() {
        let nodes = 200_000;
        let mut forest = Forest::new(nodes as usize);
        for node in 1..nodes {
            forest.link(node, node - 1);
        }
        for node in (0..nodes).rev() {
            assert_eq!(forest.root(node), 0);
        }
    }
}
