//! The vocabulary: flags, ids, names, sequence sets, messages, errors. Plain
//! data with its rules; no storage, no browser, nothing asynchronous.

pub mod calendar;
mod error;
mod flags;
mod generations;
mod id;
mod list_pattern;
mod list_tree;
mod message;
mod mutf7;
mod name;
mod range_set;
mod sequence_set;
mod snapshot;
pub(crate) mod sorting;
mod special_use;
mod value;

pub use error::{Error, ErrorCode, Result, TextPosition};
pub use flags::{FlagOp, Flags, SystemFlags};
pub use generations::Generations;
pub use id::{EmailId, MAX_MOD_SEQ, MailboxId, ModSeq, ThreadId, Uid};
pub use list_tree::{ListAttribute, ListDetails, ListEntry, ListTree};
pub use message::{AppendMessage, Message, MessageFields, ZonedTime};
pub use mutf7::{decode_mutf7, encode_mutf7};
pub use name::{DELIMITER, INBOX, MailboxName};
pub use range_set::RangeSet;
pub use sequence_set::SequenceSet;
pub use snapshot::MailboxSnapshot;
pub use special_use::SpecialUse;
pub use value::{ForeignBytes, Value};
