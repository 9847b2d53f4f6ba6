//! Hints to and from other tabs, and from the page's life: a broadcast
//! channel, coming back to the foreground, being frozen or kept in the page
//! cache. Not here: what anybody does on a hint.
//!
//! Two messages exist: `true`, the sequence has moved; `false`, a writer
//! starves and asks the others to queue behind it.
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::view::Hub;

#[wasm_bindgen]
extern "C" {
    type BroadcastChannel;
    #[wasm_bindgen(constructor, catch)]
    fn new(name: &str) -> Result<BroadcastChannel, JsValue>;
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message(this: &BroadcastChannel, message: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &BroadcastChannel);

    type Target;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add_event_listener(this: &Target, event: &str, listener: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove_event_listener(this: &Target, event: &str, listener: &JsValue) -> Result<(), JsValue>;
}

/// A listener that takes itself off when dropped.
struct Listener {
    target: Target,
    event: &'static str,
    callback: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    fn new(
        target: &JsValue,
        event: &'static str,
        callback: impl FnMut(JsValue) + 'static,
    ) -> Option<Listener> {
        let target: Target = target.clone().unchecked_into();
        let callback = Closure::<dyn FnMut(JsValue)>::new(callback);
        target.add_event_listener(event, callback.as_ref()).ok()?;
        Some(Listener { target, event, callback })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // A target that is gone has no listeners.
        let _ = self.target.remove_event_listener(self.event, self.callback.as_ref());
    }
}

/// What the store does on a signal that is not for its hub.
pub(super) struct Duties {
    /// The page is about to stand still: frozen, or kept in the page cache.
    pub(super) put_away: Box<dyn Fn()>,
    /// Another connection asks for precedence.
    pub(super) give_way: Box<dyn Fn()>,
}

/// The channel to the other connections, while it is open.
struct Line {
    name: String,
    hub: Hub,
    give_way: Box<dyn Fn()>,
    open: RefCell<Option<(BroadcastChannel, Option<Listener>)>>,
}

impl Line {
    /// Opens the channel, unless it is open or there are none here.
    fn open(self: &Rc<Self>) {
        if self.open.borrow().is_some() {
            return;
        }
        let Ok(channel) = BroadcastChannel::new(&self.name) else { return };
        let line = Rc::downgrade(self);
        let listener = Listener::new(&channel, "message", move |event| {
            let Some(line) = line.upgrade() else { return };
            if property(&event, "data").is_some_and(|data| data.is_falsy()) {
                (line.give_way)();
            } else {
                line.hub.notify();
            }
        });
        // In Node an open channel would keep the process alive.
        if let Some(unref) = property(&channel, "unref").and_then(|unref| unref.dyn_into::<Function>().ok()) {
            let _ = unref.call0(&channel);
        }
        self.open.replace(Some((channel, listener)));
    }

    fn close(&self) {
        if let Some((channel, listener)) = self.open.take() {
            drop(listener);
            channel.close();
        }
    }
}

/// The signals of one store; silent once dropped.
pub(super) struct Signals {
    line: Rc<Line>,
    // Taken off on drop.
    _listeners: Vec<Listener>,
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.line.close();
    }
}

fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

impl Signals {
    /// Passes on to `hub` what comes from other connections on the channel
    /// `name` and from the page's return, and does the duties.
    pub(super) fn start(name: &str, hub: &Hub, duties: Duties) -> Signals {
        let Duties { put_away, give_way } = duties;
        let line =
            Rc::new(Line { name: name.to_owned(), hub: hub.clone(), give_way, open: RefCell::default() });
        line.open();
        let mut listeners = Vec::new();
        let global: JsValue = js_sys::global().into();
        if let Some(document) = property(&global, "document") {
            // A page that stands still hears nothing; what it holds open is in the way of others,
            // and a hint on its channel would cost it its place in the page cache.
            let leaving = line.clone();
            let leave = Rc::new(move || {
                put_away();
                leaving.close();
            });
            let returning = line.clone();
            let come_back = Rc::new(move || {
                returning.open();
                returning.hub.notify();
            });
            let (hub, page) = (hub.clone(), document.clone());
            listeners.extend(Listener::new(&document, "visibilitychange", move |_| {
                if property(&page, "visibilityState").is_some_and(|state| state == "visible") {
                    hub.notify();
                }
            }));
            let (freeze, resume) = (leave.clone(), come_back.clone());
            listeners.extend(Listener::new(&document, "freeze", move |_| freeze()));
            listeners.extend(Listener::new(&document, "resume", move |_| resume()));
            listeners.extend(Listener::new(&global, "pageshow", move |_| come_back()));
            listeners.extend(Listener::new(&global, "pagehide", move |event| {
                if property(&event, "persisted").is_some_and(|persisted| persisted.is_truthy()) {
                    leave();
                }
            }));
        }
        Signals { line, _listeners: listeners }
    }

    /// Tells the other connections that the sequence has moved.
    pub(super) fn announce(&self) {
        self.post(JsValue::TRUE);
    }

    /// Asks the other connections to let a starving writer through.
    pub(super) fn ask_for_way(&self) {
        self.post(JsValue::FALSE);
    }

    fn post(&self, message: JsValue) {
        if let Some((channel, _)) = self.line.open.borrow().as_ref() {
            // A hint may be lost.
            let _ = channel.post_message(&message);
        }
    }
}
