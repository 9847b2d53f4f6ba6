//! Fairness between writers, by Web Locks where the platform has them: one
//! who starves takes the lock alone, and the others, once they heard of it,
//! write under the shared lock and so queue behind. (Taking it for every
//! commit would make each up to half as slow again.) Correctness rests on the
//! guards, so every wait here is bounded and then goes without.
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::{Held, sleep_ms};
use crate::store::Permit;

#[wasm_bindgen]
extern "C" {
    type Navigator;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;
    type LockManager;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &Navigator) -> Option<LockManager>;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &JsValue,
    ) -> Result<Promise, JsValue>;
}

/// How long to wait for a lock that a frozen tab may hold.
pub(super) const PATIENCE_MS: u32 = 2_000;

/// How a lock is held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    Shared,
    Exclusive,
}

/// Waits for the lock; an empty permit where there are no locks, or where it
/// did not come in time.
pub(super) async fn acquire(name: &str, mode: Mode) -> Permit {
    let Some(manager) = NAVIGATOR.with(|navigator| navigator.as_ref().and_then(Navigator::locks)) else {
        return Permit::default();
    };
    let options = Object::new();
    let mode = match mode {
        Mode::Shared => "shared",
        Mode::Exclusive => "exclusive",
    };
    if Reflect::set(&options, &JsValue::from_str("mode"), &JsValue::from_str(mode)).is_err() {
        return Permit::default();
    }
    let (sender, granted) = oneshot::channel();
    // The lock is held until the promise that the callback returns resolves.
    let callback = Closure::once_into_js(move || {
        let mut permit = Permit::default();
        let held = Promise::new(&mut |resolve, _| {
            let held = Held::new(&resolve);
            permit = Permit::new(move || {
                drop(held);
                let _ = resolve.call0(&JsValue::UNDEFINED);
            });
        });
        // If nobody waits any more, the permit is dropped here, and the lock let go.
        let _ = sender.send(permit);
        held
    });
    let Ok(request) = manager.request(name, &options, &callback) else { return Permit::default() };
    // It rejects where the origin may not use locks, and then the callback never comes.
    let refused = Box::pin(async move {
        if JsFuture::from(request).await.is_ok() {
            futures::future::pending::<()>().await;
        }
    });
    let patience = Box::pin(sleep_ms(PATIENCE_MS));
    match select(granted, select(refused, patience)).await {
        Either::Left((permit, _)) => permit.unwrap_or_default(),
        Either::Right(_) => Permit::default(),
    }
}
