//! The part of the engine that is loaded later. Here: the name by which the
//! build finds who loads it. Not here: the cut (`scripts/wasm-split.mjs`), and
//! the loading (`engine.js`).

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = bringRest)]
    fn bring_rest();
}

/// Loads what is not loaded of the engine before it returns. Compiled code calls
/// the same import when it comes to a function that is not there.
///
/// Throws what loading throws; the engine has broken then, as by a trap.
#[wasm_bindgen(js_name = complete)]
pub fn complete() {
    bring_rest();
}
