//! A client's session over any [`MailboxSet`](crate::backend::MailboxSet):
//! every operation of the mail store, with the guards and the view updates
//! that IMAP wants. No storage here; what a view shows is in `view`.

mod base;
mod copy;
mod deliver;
mod fetch;
mod fetch_items;
mod messages;
mod names;
mod results;
mod search;
#[cfg(test)]
mod search_tests;
mod selection;
mod sort;
#[cfg(test)]
mod sort_tests;
#[cfg(test)]
mod tests;

pub use base::{BaseSession, SessionOptions, View};
pub use deliver::{DeliverOptions, DeliverResult, Delivered, Missing};
pub use fetch::PartReader;
pub use fetch_items::{FetchItems, MessageItems, MetadataItem, SectionContent};
pub use results::{
    AppendUid, CopyResult, CopyUid, ExtendedSearch, FetchOptions, FetchResult, MailboxMatches,
    ProgressListener, SearchOptions, SearchProgress, SearchResult, SortResult, StoreOptions, StoreResult,
    ThreadResult,
};
pub use sort::{Arrangements, ListOrder, ListSort, known_window, list_window};
