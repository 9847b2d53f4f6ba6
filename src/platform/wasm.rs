//! The browser's platform (and Node's, under wasm): `Date`, `crypto`,
//! `setTimeout`, `TextDecoder`, strings, all taken from `globalThis`, so that a
//! window, a worker, a service worker and Node serve alike.
// The attribute's expansion holds the unsafe calls across the border.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;

use futures::channel::oneshot;
use js_sys::{JsString, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use super::Held;
use crate::model::{Error, ErrorCode, Result};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    type Crypto;
    #[wasm_bindgen(thread_local_v2, js_name = crypto)]
    static CRYPTO: Option<Crypto>;
    #[wasm_bindgen(method, catch, js_name = getRandomValues)]
    fn get_random_values(this: &Crypto, into: &Uint8Array) -> Result<JsValue, JsValue>;

    type MessageChannel;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<MessageChannel, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &MessageChannel) -> MessagePort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &MessageChannel) -> MessagePort;

    type MessagePort;
    #[wasm_bindgen(method, setter)]
    fn set_onmessage(this: &MessagePort, listener: &JsValue);
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &MessagePort);

    // Numbers in browsers, objects in Node: kept as they come.
    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    #[derive(Clone)]
    type TextDecoder;
    #[wasm_bindgen(constructor, catch)]
    fn new(label: &str, options: &Object) -> Result<TextDecoder, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, octets: &[u8]) -> Result<String, JsValue>;
}

/// How many decoders are kept; mail names a few, hostile mail any number.
const MAX_DECODERS: usize = 32;

thread_local! {
    static DECODERS: RefCell<HashMap<String, Option<TextDecoder>>> = RefCell::default();
}

/// The most that `getRandomValues` gives in one call.
const RANDOM_CHUNK: usize = 65_536;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> i64 {
    date_now() as i64
}

/// Minutes east of UTC of the local time, as of now.
pub fn zone_minutes() -> i16 {
    -js_sys::Date::new_0().get_timezone_offset() as i16
}

/// Fills the buffer from the platform's cryptographic generator (semantics 5).
/// Fails with `UNAVAILABLE` where there is none.
pub fn fill_random(buffer: &mut [u8]) -> Result<()> {
    let missing = || Error::new(ErrorCode::Unavailable, "no random numbers");
    CRYPTO.with(|crypto| {
        let crypto = crypto.as_ref().ok_or_else(missing)?;
        for chunk in buffer.chunks_mut(RANDOM_CHUNK) {
            let length = u32::try_from(chunk.len()).map_err(|_| missing())?;
            let array = Uint8Array::new_with_length(length);
            crypto.get_random_values(&array).map_err(|error| missing().with_cause(format!("{error:?}")))?;
            array.copy_to(chunk);
        }
        Ok(())
    })
}

/// A timer that is taken back when its waiter is dropped: a timer left behind
/// would keep a Node process alive.
struct Timer {
    id: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

/// Returns after this many milliseconds. Dropping the future cancels the timer.
pub async fn sleep_ms(milliseconds: u32) {
    let (sender, receiver) = oneshot::channel();
    let callback = Closure::once(move || {
        // One who stopped waiting needs no waking.
        let _ = sender.send(());
    });
    match set_timeout(callback.as_ref(), f64::from(milliseconds)) {
        Ok(id) => {
            let _timer = Timer { id, _callback: callback };
            let _ = receiver.await;
        }
        // Without timers there is nothing to wait for; going on at once is the lesser evil.
        Err(_) => drop(callback),
    }
}

fn decoder(label: &str) -> Option<TextDecoder> {
    DECODERS.with(|decoders| {
        let mut decoders = decoders.borrow_mut();
        if let Some(known) = decoders.get(label) {
            return known.clone();
        }
        if decoders.len() >= MAX_DECODERS {
            decoders.clear();
        }
        let options = Object::new();
        let _ = Reflect::set(&options, &"ignoreBOM".into(), &JsValue::TRUE);
        let decoder = TextDecoder::new(label, &options).ok();
        decoders.insert(label.to_owned(), decoder.clone());
        decoder
    })
}

/// The text of octets in a charset of the WHATWG Encoding Standard, by any of
/// its labels; what has no meaning there becomes U+FFFD, a byte order mark
/// stays. `None` for an unknown label.
pub fn decode_charset(label: &str, octets: &[u8]) -> Option<String> {
    decoder(label)?.decode(octets).ok()
}

/// Text in which letters that differ in case, and characters that differ in
/// form only (NFKC), are the same. A final sigma may stand at the end of words.
pub fn fold_case(text: &str) -> String {
    let compatible = JsString::from(text).normalize("NFKC");
    // The small letter first: the capital sharp s has no capitals of its own.
    let folded = compatible.to_lower_case().to_upper_case().to_lower_case();
    folded.normalize("NFKC").into()
}

/// Text with each letter before its accents, and characters that differ in form
/// only as one (NFKD): the order of its octets is nearer to an alphabet's.
pub fn decomposed(text: &str) -> String {
    JsString::from(text).normalize("NFKD").into()
}

/// A channel that is closed when its waiter is dropped: an open one would
/// keep a Node process alive.
struct Turn {
    port: MessagePort,
    listener: Closure<dyn FnMut()>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.port.set_onmessage(&JsValue::NULL);
        self.port.close();
    }
}

/// Lets the host's other tasks have a turn: returns in a task of its own. A
/// message to oneself, because timers wait for at least 4 ms when they follow
/// each other, and for a second in a tab that is not shown.
pub async fn yield_now() {
    let Ok(channel) = MessageChannel::new() else { return sleep_ms(0).await };
    let (sender, receiver) = oneshot::channel();
    let listener: Closure<dyn FnMut()> = Closure::once(move || {
        // One who stopped waiting needs no waking.
        let _ = sender.send(());
    });
    let turn = Turn { port: channel.port1(), listener };
    turn.port.set_onmessage(turn.listener.as_ref());
    // In Node an open port keeps the program alive.
    let _held = Held::new(&turn.port);
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        let _ = receiver.await;
    }
}

/// Waits as long as nothing may happen in a pause.
pub async fn pause_length() {
    sleep_ms(100).await;
}

/// Does what nobody waits for in a task of its own, after what the caller answers.
pub async fn after_answer(work: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(work);
}
