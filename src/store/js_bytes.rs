//! Bytes on the JavaScript heap as a [`Value`]: bodies come from the database
//! and go to the application without passing through wasm memory, which never
//! shrinks. Not here: any store.

use std::any::Any;
use std::ops::Range;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::model::{ForeignBytes, Value};

/// Values up to this many bytes are copied in at once: cheaper than a handle.
const SMALL: u32 = 4096;

struct JsBytes {
    array: Uint8Array,
    length: usize,
}

impl ForeignBytes for JsBytes {
    fn len(&self) -> usize {
        self.length
    }

    fn copy_to(&self, start: usize, target: &mut [u8]) {
        let window = self.window(start..start.saturating_add(target.len()));
        // `copy_to` panics on unequal lengths; they differ only if the buffer was taken away.
        let there = window.length() as usize;
        if let Some(target) = target.get_mut(..there) {
            window.copy_to(target);
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl JsBytes {
    fn window(&self, range: Range<usize>) -> Uint8Array {
        let bound = |index: usize| u32::try_from(index.min(self.length)).unwrap_or(u32::MAX);
        self.array.subarray(bound(range.start), bound(range.end))
    }
}

/// A value of these bytes: small ones copied in, larger ones left where they
/// are. The array must not change afterwards.
pub fn from_array(array: Uint8Array) -> Value {
    let length = array.length();
    if length <= SMALL {
        return Value::from(array.to_vec());
    }
    Value::foreign(Rc::new(JsBytes { array, length: length as usize }))
}

/// The value as an array with a buffer of exactly its size: a structured clone
/// of a window would drag the whole buffer behind it along.
///
/// The array may be the one the value rests on: hand it to those who only
/// read it (see [`to_fresh_array`]).
pub fn to_array(value: &Value) -> Uint8Array {
    match foreign(value) {
        Some((bytes, range)) => {
            let whole = range == (0..bytes.length)
                && bytes.array.buffer().unchecked_ref::<ArrayBuffer>().byte_length() == bytes.array.length();
            if whole { bytes.array.clone() } else { copied(bytes, range) }
        }
        None => to_fresh_array(value),
    }
}

/// The value as an array of its own, which the receiver may keep and change.
pub fn to_fresh_array(value: &Value) -> Uint8Array {
    match foreign(value) {
        Some((bytes, range)) => copied(bytes, range),
        None if value.as_slice().is_none() => joined(value),
        None => value.with(|bytes| Uint8Array::from(bytes)),
    }
}

/// Each piece straight into its place: none but small ones pass through wasm memory.
fn joined(value: &Value) -> Uint8Array {
    let array = Uint8Array::new_with_length(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let mut at = 0;
    for piece in value.pieces() {
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        match foreign(&piece) {
            Some((bytes, range)) => array.set(&bytes.window(range), place),
            None => piece.with(|bytes| {
                array.subarray(place, place.saturating_add(bytes.len() as u32)).copy_from(bytes);
            }),
        }
        at += piece.len();
    }
    array
}

fn foreign(value: &Value) -> Option<(&JsBytes, Range<usize>)> {
    let (bytes, range) = value.as_foreign()?;
    Some((bytes.as_any().downcast_ref::<JsBytes>()?, range))
}

fn copied(bytes: &JsBytes, range: Range<usize>) -> Uint8Array {
    let window = bytes.window(range);
    window.slice(0, window.length())
}

/// The bytes of a `Uint8Array`, another view, or an `ArrayBuffer`, of this
/// realm or another; `None` for anything else.
pub fn array_of(value: &JsValue) -> Option<Uint8Array> {
    if let Some(array) = value.dyn_ref::<Uint8Array>() {
        return Some(array.clone());
    }
    if ArrayBuffer::is_view(value) {
        // A view of another kind or realm: the same bytes under a type of ours.
        let view = value.unchecked_ref::<Uint8Array>();
        return Some(Uint8Array::new_with_byte_offset_and_length(
            &view.buffer(),
            view.byte_offset(),
            view.byte_length(),
        ));
    }
    value.is_instance_of::<ArrayBuffer>().then(|| Uint8Array::new(value))
}
