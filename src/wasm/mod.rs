//! The engine as JavaScript sees it: handles whose methods return promises of
//! plain data. Thin: nothing is decided here. Not here: argument checks and
//! the order of calls on a view, which are the JavaScript face's.
//!
//! Every exported method is a plain function that clones what it needs into a
//! future, so calls at once never meet in a borrow, and freeing a handle while
//! a call is under way is harmless.
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

mod convert;
mod engines;
mod error;
mod fetch;
mod filter_set;
mod mailbox_data;
mod mailbox_set;
mod message;
mod panic;
mod rest;
mod rows;
mod search;
mod search_key;
mod selected;
mod session;
mod sort;

use futures::future::LocalBoxFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

pub use engines::IndexedDbMailboxSet;

use crate::model::Result;
use crate::view::Event;

/// A promise of what the future gives; errors as `error.rs` shapes them.
fn promise(future: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    // Boxed, so that the machinery of a promise is in the wasm once and not once per method.
    settle(Box::pin(future))
}

fn settle(future: LocalBoxFuture<'static, Result<JsValue>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move { future.await.map_err(|error| error::to_js(&error)) })
}

/// Ends a wait when set (the seed's `wait_on`).
#[wasm_bindgen]
pub struct WaitEvent {
    event: Event,
}

#[wasm_bindgen]
impl WaitEvent {
    /// One that is not set.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> WaitEvent {
        WaitEvent { event: Event::new() }
    }

    /// Sets it.
    pub fn set(&self) {
        self.event.set();
    }
}
