//! What a defect does: under `panic = "abort"` the promise of the call that
//! panicked would never settle, so JavaScript is told, in the panic's words,
//! and rejects all calls in flight. Not here: the rejecting (`engine.js`), and
//! the noticing of what ends without a panic (`border.js`).

use std::cell::RefCell;

use js_sys::{Function, Set};
use wasm_bindgen::prelude::*;

use crate::platform;

thread_local! {
    static LISTENER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Sets the function that is called, with the panic's words, when the engine breaks.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(listener: Function) {
    LISTENER.with(|slot| slot.replace(Some(listener)));
    std::panic::set_hook(Box::new(|info| {
        let words = info.to_string();
        let listener = LISTENER.with(|slot| slot.try_borrow().ok().and_then(|listener| listener.clone()));
        if let Some(listener) = listener {
            // Nobody is left to tell if even that fails.
            let _ = listener.call1(&JsValue::UNDEFINED, &JsValue::from_str(&words));
        }
    }));
}

/// What the platform holds for this engine, to be let go of when it breaks.
#[wasm_bindgen]
pub fn remains() -> Set {
    platform::remains()
}
