//! Errors across the border, both ways. Here: their shape. Not here: the class
//! that applications see (`errors.js`).

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use crate::model::{Error, ErrorCode, TextPosition};

/// A plain object: `code`, `message`, `cause`, and where it is known `line` and `column`.
pub(super) fn to_js(error: &Error) -> JsValue {
    let object = Object::new();
    let set = |name: &str, value: JsValue| {
        // A plain object takes every member.
        let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
    };
    set("code", error.code().as_str().into());
    set("message", error.message().into());
    set("cause", error.cause().map_or(JsValue::UNDEFINED, JsValue::from_str));
    if let Some(TextPosition { line, column }) = error.position() {
        set("line", line.into());
        set("column", column.into());
    }
    object.into()
}

/// An error thrown by an application's function: by its `code` where that is one of ours.
pub(super) fn from_js(error: &JsValue, doing: &str) -> Error {
    let text =
        |name: &str| Reflect::get(error, &JsValue::from_str(name)).ok().and_then(|value| value.as_string());
    let message = text("message").unwrap_or_else(|| format!("{error:?}"));
    let code = text("code");
    let known = ErrorCode::ALL.iter().find(|known| Some(known.as_str()) == code.as_deref());
    Error::new(known.copied().unwrap_or(ErrorCode::Unavailable), format!("{doing} failed"))
        .with_cause(message)
}
