//! What went wrong inside one attempt, and whether another is worth making.
//! Not here: the table of exceptions (`store/classify.rs`), the attempts.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::model::{Error, ErrorCode};
use crate::store::classify::{Remedy, classify};

/// An error on its way out of one attempt.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    /// Whether the same attempt may do better on a new connection.
    pub(super) transient: bool,
    /// Whether this connection should not be used again.
    pub(super) reopen: bool,
}

impl Fault {
    /// Classifies an exception of the platform.
    pub(super) fn of(exception: &JsValue) -> Fault {
        let text = |property: &str| {
            Reflect::get(exception, &JsValue::from_str(property))
                .ok()
                .and_then(|value| value.as_string())
                .unwrap_or_default()
        };
        let (name, message) = (text("name"), text("message"));
        let class = classify(&name, &message);
        let cause = if name.is_empty() && message.is_empty() {
            format!("{exception:?}")
        } else {
            format!("{name}: {message}")
        };
        let sentence = match class.code {
            ErrorCode::QuotaExceeded => "the storage is full",
            ErrorCode::SchemaTooNew => "the database was written by a newer version of this library",
            ErrorCode::Corrupt => "the database is damaged",
            ErrorCode::Internal => "the database refused a request",
            _ => "the database cannot be reached",
        };
        Fault {
            error: Error::new(class.code, sentence).with_cause(cause),
            transient: class.remedy == Remedy::Retry,
            reopen: class.remedy != Remedy::GiveUp,
        }
    }

    /// A transaction that the platform ended without saying why: its connection was closed by force.
    pub(super) fn unexplained_abort() -> Fault {
        Fault {
            error: Error::new(ErrorCode::Unavailable, "the database cannot be reached")
                .with_cause("the transaction was aborted"),
            transient: true,
            reopen: true,
        }
    }

    /// The fault of a commit that had been sent off: where the connection was
    /// lost nobody knows how it ended, so it must not be tried again here.
    pub(super) fn after_commit(self) -> Fault {
        if self.transient {
            Fault { error: self.error.with_unknown_outcome(), transient: false, reopen: true }
        } else {
            self
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault { error, transient: false, reopen: false }
    }
}
