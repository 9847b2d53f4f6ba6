//! What the platform holds for this engine, and would hold for good if the
//! engine broke: it cannot let go of anything then. Here: the list. Not here:
//! who lets go of what is on it (`border.js`).

use js_sys::Set;
use wasm_bindgen::JsValue;

thread_local! {
    static REMAINS: Set = Set::new(&JsValue::UNDEFINED);
}

/// The list: connections, requests for one, ports, writing transactions that
/// are not yet sent off, functions to call, and, each in a list of its own,
/// stores of the application's.
pub fn remains() -> Set {
    REMAINS.with(Set::clone)
}

/// On the list until dropped.
pub(crate) struct Held(JsValue);

impl Held {
    pub(crate) fn new(held: impl Into<JsValue>) -> Held {
        let held = held.into();
        REMAINS.with(|remains| remains.add(&held));
        Held(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        REMAINS.with(|remains| remains.delete(&self.0));
    }
}
