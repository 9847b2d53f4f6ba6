//! The contracts a backend fulfils, and the registry of backends. Whoever
//! implements [`MailboxSet`] and [`MailboxData`] has the whole session for
//! free. No storage here, no sessions.

mod filter_set;
pub(crate) mod header_octets;
mod mailbox_data;
mod mailbox_set;
mod registry;
mod sieve;

pub use filter_set::{
    Filter, FilterAction, FilterCompiler, FilterError, FilterMail, FilterOutcome, FilterSet, VacationAction,
};
pub use header_octets::header_octets;
pub use mailbox_data::{ImportOptions, ImportProgress, MailboxData, Skip, TextReader, UpdateOutcome};
pub use mailbox_set::{
    AppendTarget, AppendedTo, CreateOptions, Look, MailboxEvent, MailboxEvents, MailboxSet, Wanted,
};
pub use registry::{BackendFactory, BackendOptions, Backends};
pub use sieve::Sieve;
