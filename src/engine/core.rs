//! A mailbox's core: its one small record that every change of its messages writes.

use std::rc::Rc;

use super::codec::{Reader, Writer, unseal};
use crate::model::{ModSeq, RangeSet, Result, Uid};
use crate::store::Key;
use crate::view::Keywords;

const VERSION: u8 = 2;

/// What is known of a mailbox without reading any page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Core {
    pub uid_validity: u32,
    pub first_uid: Uid,
    pub uid_next: Uid,
    pub highest_mod_seq: ModSeq,
    pub readonly: bool,
    pub exists: u32,
    pub unseen: u32,
    pub deleted: u32,
    /// A sequence number.
    pub first_unseen: Option<u32>,
    /// Octets of all live messages.
    pub size: u64,
    /// Expunges up to this mod-sequence are forgotten.
    pub expunge_horizon: ModSeq,
    /// Tombstones whose mod-sequence is still remembered.
    pub remembered: u32,
    /// Tombstones that the cleanup has not been to: they hold list rows and, unless moved, contents.
    pub unreleased: u32,
    /// Index pages that are sealed; positions past them lie in appending pages.
    pub sealed_pages: u32,
    pub unclaimed_recent: RangeSet,
    pub keywords: Rc<Keywords>,
}

impl Core {
    /// An empty mailbox.
    pub fn new(uid_validity: u32, first_uid: Uid) -> Core {
        Core {
            uid_validity,
            first_uid,
            uid_next: first_uid,
            highest_mod_seq: 1,
            readonly: false,
            exists: 0,
            unseen: 0,
            deleted: 0,
            first_unseen: None,
            size: 0,
            expunge_horizon: 0,
            remembered: 0,
            unreleased: 0,
            sealed_pages: 0,
            unclaimed_recent: RangeSet::new(),
            keywords: Rc::default(),
        }
    }

    /// How many rows the mailbox's pages have, dead ones included.
    pub fn rows(&self) -> u32 {
        self.uid_next.saturating_sub(self.first_uid)
    }

    pub fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.u32(self.uid_validity).u32(self.first_uid).u32(self.uid_next);
        out.varint(self.highest_mod_seq).u8(u8::from(self.readonly));
        out.varint(u64::from(self.exists)).varint(u64::from(self.unseen)).varint(u64::from(self.deleted));
        out.varint(u64::from(self.first_unseen.unwrap_or(0))).varint(self.size);
        out.varint(self.expunge_horizon).varint(u64::from(self.remembered));
        out.varint(u64::from(self.unreleased)).varint(u64::from(self.sealed_pages));
        let recent = self.unclaimed_recent.ranges();
        out.varint(recent.len() as u64);
        for (first, last) in recent {
            out.u32(first).varint(u64::from(last - first));
        }
        out.varint(self.keywords.names().len() as u64);
        for keyword in self.keywords.names() {
            out.text(keyword);
        }
        out.seal(key, VERSION)
    }

    pub fn decode(key: &Key, record: &[u8]) -> Result<Core> {
        let mut input = unseal(key, record, VERSION, "mailbox core")?;
        let (uid_validity, first_uid, uid_next) = (input.u32()?, input.u32()?, input.u32()?);
        let (highest_mod_seq, readonly) = (input.varint()?, input.u8()? != 0);
        let (exists, unseen, deleted) = (input.varint_u32()?, input.varint_u32()?, input.varint_u32()?);
        let first_unseen = Some(input.varint_u32()?).filter(|seq| *seq > 0);
        let (size, expunge_horizon) = (input.varint()?, input.varint()?);
        let (remembered, unreleased, sealed_pages) =
            (input.varint_u32()?, input.varint_u32()?, input.varint_u32()?);
        let unclaimed_recent = read_ranges(&mut input)?;
        let count = input.count(1)?;
        let keywords = (0..count).map(|_| input.text()).collect::<Result<Vec<String>>>()?;
        Ok(Core {
            uid_validity,
            first_uid,
            uid_next,
            highest_mod_seq,
            readonly,
            exists,
            unseen,
            deleted,
            first_unseen,
            size,
            expunge_horizon,
            remembered,
            unreleased,
            sealed_pages,
            unclaimed_recent,
            keywords: Rc::new(Keywords::new(keywords)),
        })
    }
}

fn read_ranges(input: &mut Reader<'_>) -> Result<RangeSet> {
    let count = input.count(5)?;
    let ranges = (0..count)
        .map(|_| {
            let first = input.u32()?;
            Ok((first, first.saturating_add(input.varint_u32()?)))
        })
        .collect::<Result<Vec<(u32, u32)>>>()?;
    Ok(RangeSet::from_ranges(ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_round_trips_and_is_small() {
        let core = Core {
            readonly: true,
            exists: 100_000,
            unseen: 3,
            deleted: 1,
            first_unseen: Some(7),
            size: 1 << 40,
            uid_next: 200_000,
            highest_mod_seq: 1 << 50,
            unclaimed_recent: [1, 2, 3, 9].into_iter().collect(),
            keywords: Rc::new(Keywords::new(vec!["$Junk".into(), "Work".into()])),
            ..Core::new(4_000_000_000, 101)
        };
        let key = Key::new(crate::store::Space::Core).then_u32(1);
        let record = core.encode(&key);
        assert!(record.len() < 100, "{}", record.len());
        assert_eq!(Core::decode(&key, &record).unwrap(), core);
    }
}
