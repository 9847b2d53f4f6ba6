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
            Source::Foreign(_) => None,
        }
    }

    /// The foreign bytes behind this handle and the window on them, if they are foreign.
    pub fn as_foreign(&self) -> Option<(&dyn ForeignBytes, Range<usize>)> {
        match &self.source {
            Source::Local(_) => None,
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
        }
    }

    /// The same value with its bytes in this memory: copied only if they are not.
    #[must_use]
    pub fn to_local(&self) -> Value {
        match &self.source {
            Source::Local(_) => self.clone(),
            Source::Foreign(_) => Value::from(self.to_vec()),
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
