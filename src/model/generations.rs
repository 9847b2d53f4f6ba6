//! A cache bounded by what its entries weigh. Here: keeping and forgetting.
//! Not here: whether an entry is still right.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: when the young one is full it becomes the old one, and
/// what nobody asked for meanwhile is forgotten.
pub struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_weight: usize,
    limit: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Generations<K, V> {
    /// Keeps entries of about this weight together.
    pub fn new(limit: usize) -> Self {
        Generations { young: HashMap::new(), old: HashMap::new(), young_weight: 0, limit }
    }

    /// The entry, which is young again.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some((value, _)) = self.young.get(key) {
            return Some(value.clone());
        }
        let (value, weight) = self.old.remove(key)?;
        self.insert(key.clone(), value.clone(), weight);
        Some(value)
    }

    /// Keeps an entry, in place of one that was there.
    pub fn insert(&mut self, key: K, value: V, weight: usize) {
        self.young_weight = self.young_weight.saturating_add(weight);
        if let Some((_, before)) = self.young.insert(key, (value, weight)) {
            self.young_weight = self.young_weight.saturating_sub(before);
        }
        if self.young_weight > self.limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
    }

    /// Forgets an entry.
    pub fn remove(&mut self, key: &K) {
        self.old.remove(key);
        if let Some((_, weight)) = self.young.remove(key) {
            self.young_weight = self.young_weight.saturating_sub(weight);
        }
    }

    /// All that is kept.
    #[cfg(test)]
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.young.values().chain(self.old.values()).map(|(value, _)| value)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Generations::new(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_outlives_what_is_not() {
        let mut kept = Generations::new(10);
        kept.insert("a", 1, 3);
        kept.insert("b", 2, 3);
        assert_eq!(kept.get(&"a"), Some(1));
        kept.insert("c", 3, 3);
        assert_eq!((kept.get(&"a"), kept.get(&"b"), kept.get(&"c")), (Some(1), None, Some(3)));
        kept.remove(&"c");
        kept.insert("a", 4, 0);
        assert_eq!((kept.get(&"a"), kept.get(&"c")), (Some(4), None));
        kept.clear();
        assert_eq!(kept.get(&"a"), None);
    }
}
