//! What the mailboxes of a database share: counters and the head of the
//! identity index. Here: the record. Not here: pages, packs, buckets.

use super::codec::{Writer, unseal};
use super::layout::{self, ContentNumber, PackKind};
use crate::model::Result;

const VERSION: u8 = 2;

/// The state of the identity index: buckets of one generation, and log
/// records that are not in them yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHead {
    pub generation: u32,
    pub next_generation: u32,
    /// There are two to this power buckets.
    pub depth: u8,
    /// Postings in the buckets.
    pub folded: u64,
    pub first_log: u32,
    pub next_log: u32,
    /// Postings in the log.
    pub logged: u64,
    /// When the fold that holds `next_generation - 1` began, in milliseconds; 0: none runs.
    pub folding_since_ms: i64,
}

/// The shared counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    pub next_content: ContentNumber,
    pub next_content_pack: u32,
    pub next_text_pack: u32,
    /// Packs that became small or half empty since packs were last folded.
    pub foldable_content_packs: u32,
    pub foldable_text_packs: u32,
    pub identity: IdentityHead,
}

impl Shared {
    /// Of an empty database.
    pub fn new() -> Shared {
        Shared {
            next_content: 1,
            next_content_pack: 1,
            next_text_pack: 1,
            foldable_content_packs: 0,
            foldable_text_packs: 0,
            identity: IdentityHead {
                generation: 0,
                next_generation: 1,
                depth: 0,
                folded: 0,
                first_log: 0,
                next_log: 0,
                logged: 0,
                folding_since_ms: 0,
            },
        }
    }

    pub fn next_pack(&mut self, kind: PackKind) -> &mut u32 {
        match kind {
            PackKind::Content => &mut self.next_content_pack,
            PackKind::Text => &mut self.next_text_pack,
        }
    }

    pub fn foldable_packs(&mut self, kind: PackKind) -> &mut u32 {
        match kind {
            PackKind::Content => &mut self.foldable_content_packs,
            PackKind::Text => &mut self.foldable_text_packs,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let identity = &self.identity;
        let mut out = Writer::new();
        out.u32(self.next_content).u32(self.next_content_pack).u32(self.next_text_pack);
        out.u32(self.foldable_content_packs).u32(self.foldable_text_packs);
        out.u32(identity.generation).u32(identity.next_generation).u8(identity.depth);
        out.varint(identity.folded).u32(identity.first_log).u32(identity.next_log).varint(identity.logged);
        out.varint(identity.folding_since_ms.max(0) as u64);
        out.seal(&layout::shared(), VERSION)
    }

    pub fn decode(record: &[u8]) -> Result<Shared> {
        let mut input = unseal(&layout::shared(), record, VERSION, "record of counters")?;
        Ok(Shared {
            next_content: input.u32()?,
            next_content_pack: input.u32()?,
            next_text_pack: input.u32()?,
            foldable_content_packs: input.u32()?,
            foldable_text_packs: input.u32()?,
            identity: IdentityHead {
                generation: input.u32()?,
                next_generation: input.u32()?,
                depth: input.u8()?.min(24),
                folded: input.varint()?,
                first_log: input.u32()?,
                next_log: input.u32()?,
                logged: input.varint()?,
                folding_since_ms: input.varint()? as i64,
            },
        })
    }
}
