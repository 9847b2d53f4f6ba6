//! A stored value as a handle: a window on bytes that may live outside wasm
//! memory, copied in only when read. Here: the handle. Not here: any platform's bytes.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// Bytes that live somewhere else (on the JavaScript heap, for one).
pub trait ForeignBytes: Any {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the bytes from `start` on into `target`. The caller keeps
    /// `start + target.len() <= self.len()`.
    fn copy_to(&self, start: usize, target: &mut [u8]);

    /// For a store that recognises its own kind of bytes.
    fn as_any(&self) -> &dyn Any;
}

#[derive(Clone)]
enum Source {
    Local(Rc<Vec<u8>>),
    Foreign(Rc<dyn ForeignBytes>),
    /// Several values, each with the place at which it begins.
    Joined(Rc<Vec<(usize, Value)>>),
}

/// An immutable run of bytes: cheap to clone and to slice.
#[derive(Clone)]
pub struct Value {
    source: Source,
    range: Range<usize>,
}

impl Value {
    /// A handle on bytes that live elsewhere.
    pub fn foreign(bytes: Rc<dyn ForeignBytes>) -> Self {
        let range = 0..bytes.len();
        Value { source: Source::Foreign(bytes), range }
    }

    /// The bytes of these values one after the other. Nothing is copied: they stay where they are.
    pub fn joined(pieces: Vec<Value>) -> Self {
        let mut end = 0;
        let placed: Vec<(usize, Value)> = pieces
            .into_iter()
            .map(|piece| {
                let start = end;
                end += piece.len();
                (start, piece)
            })
            .collect();
        Value { source: Source::Joined(Rc::new(placed)), range: 0..end }
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// A window on this value; cut to what is there.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Value {
        let start = self.range.start.saturating_add(range.start).min(self.range.end);
        let end = self.range.start.saturating_add(range.end).clamp(start, self.range.end);
        Value { source: self.source.clone(), range: start..end }
    }

    /// The bytes, where they are in this memory already.
    pub fn as_slice(&self) -> Option<&[u8]> {
        match &self.source {
            Source::Local(bytes) => bytes.get(self.range.clone()),
            Source::Foreign(_) | Source::Joined(_) => None,
        }
    }

    /// The values that hold the bytes, in order: one, or as many as were [joined](Self::joined).
    pub fn pieces(&self) -> Vec<Value> {
        let Source::Joined(placed) = &self.source else { return vec![self.clone()] };
        let pieces = placed.iter().map(|(start, piece)| {
            let bound = |at: usize| at.saturating_sub(*start);
            piece.slice(bound(self.range.start)..bound(self.range.end))
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }

    /// The foreign bytes behind this handle and the window on them, if they are foreign.
    pub fn as_foreign(&self) -> Option<(&dyn ForeignBytes, Range<usize>)> {
        match &self.source {
            Source::Local(_) | Source::Joined(_) => None,
            Source::Foreign(bytes) => Some((bytes.as_ref(), self.range.clone())),
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        match &self.source {
            Source::Local(bytes) => bytes.get(self.range.clone()).unwrap_or_default().to_vec(),
            Source::Foreign(bytes) => {
                let mut copy = vec![0; self.range.len()];
                bytes.copy_to(self.range.start, &mut copy);
                copy
            }
            Source::Joined(_) => self.pieces().iter().flat_map(Value::to_vec).collect(),
        }
    }

    /// The same value with its bytes in this memory: copied only if they are not.
    #[must_use]
    pub fn to_local(&self) -> Value {
        match &self.source {
            Source::Local(_) => self.clone(),
            Source::Foreign(_) | Source::Joined(_) => Value::from(self.to_vec()),
        }
    }

    /// Runs `read` on the bytes, copying them in first if they are foreign.
    pub fn with<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match self.as_slice() {
            Some(bytes) => read(bytes),
            None => read(&self.to_vec()),
        }
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Value { source: Source::Local(Rc::new(bytes)), range }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.with(|mine| other.with(|theirs| mine == theirs))
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_values_read_as_one() {
        let bytes: Vec<u8> = (0..=99).collect();
        let cut = |range: Range<usize>| Value::from(bytes.get(range).unwrap().to_vec());
        let nested = Value::joined(vec![cut(30..60), cut(60..60), cut(60..61)]);
        let joined = Value::joined(vec![cut(0..30), nested, cut(61..100)]);
        assert_eq!((joined.len(), joined.to_vec()), (100, bytes.clone()));
        assert_eq!((joined.as_slice(), joined.to_local().as_slice()), (None, Some(bytes.as_slice())));
        for (start, end) in [(0, 100), (10, 20), (25, 70), (59, 62), (100, 100), (90, 300), (40, 10)] {
            let expected = bytes.get(start..end.clamp(start, 100)).unwrap();
            let slice = joined.slice(start..end);
            assert_eq!(slice.to_vec(), expected);
            assert_eq!(slice, Value::from(expected.to_vec()));
            assert_eq!(slice.pieces().iter().map(Value::len).sum::<usize>(), expected.len());
        }
        assert_eq!(joined.slice(35..90).slice(1..3).to_vec(), [36, 37]);
        assert!(Value::joined(Vec::new()).is_empty());
    }
}
