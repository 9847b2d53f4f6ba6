//! What a client has been told of a mailbox, and what there is to tell it
//! now: states, views, updates, waiting. No storage, nothing that fails.

mod event;
mod selected;
mod selected_set;
mod state;
#[cfg(test)]
mod tests;
mod updates;

pub use event::{Event, Feed, Hub};
pub use selected::{SelectedMailbox, Told};
pub use selected_set::{SelectedSet, ViewHandle};
pub use state::{FlagBits, FlagPage, Keywords, Live, MailboxState, PAGE_ROWS};
pub use updates::{Expunged, FlagsUpdate, Silence, UpdateOptions, Updates};
