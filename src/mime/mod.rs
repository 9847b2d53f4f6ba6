//! Reading mail: pure functions over octets. Nothing here stores, searches or talks.
//!
//! Every function is total over any input: none panics, none fails on malformed mail (semantics
//! 64), and time and memory are linear in the input.

pub mod address;
pub mod bodies;
pub mod charset;
pub mod content_type;
pub mod date;
pub mod encoded_word;
pub mod envelope;
pub mod extract;
pub mod header;
pub mod html;
pub mod layout;
pub mod mime_fields;
pub mod parameters;
pub mod part;
pub mod row;
mod row_codec;
pub mod section;
mod section_parser;
pub mod structure;
mod structure_text;
pub mod text;
pub mod thread_key;
pub mod transfer;

pub use address::Address;
pub use bodies::Bodies;
pub use date::SentDate;
pub use envelope::Envelope;
pub use extract::{Extracted, extract};
pub use layout::Layout;
pub use row::{ListRow, MailAddress, RowFields};
pub use section::Section;
pub use structure::BodyStructure;
pub use thread_key::ThreadKey;
pub use transfer::{Decoder, Encoding};
