//! What a client has been told of a mailbox, and what there is to tell it
//! now: states, views, updates, waiting. No storage, nothing that fails.

mod event;
mod state;

pub use event::{Event, Feed, Hub};
pub use state::{FlagBits, FlagPage, Keywords, Live, MailboxState, PAGE_ROWS};
