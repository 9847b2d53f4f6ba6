//! A mailbox at one mod-sequence: which UIDs live, with which flags, as
//! immutable pages that views and the engine share. Here: the pages and the
//! arithmetic between sequence numbers and UIDs. Not here: how pages are stored.

use std::rc::Rc;

use crate::model::{FlagOp, Flags, ModSeq, RangeSet, SystemFlags, Uid};

/// Rows of one flag page.
pub const PAGE_ROWS: u32 = 2048;

const WORDS: usize = PAGE_ROWS as usize / 64;

/// A message's stored flags as one word: system flags in the low five bits,
/// keywords by their number in the mailbox's table from bit 8 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct FlagBits(pub u64);

impl FlagBits {
    /// The row's message is gone.
    pub const TOMBSTONE: FlagBits = FlagBits(1 << 7);
    /// The cleanup has been there: the row holds no reference to its content and no list row.
    pub const RELEASED: FlagBits = FlagBits(1 << 6);
    /// Of a row that is gone: its content's reference went along when it was moved.
    pub const MOVED: FlagBits = FlagBits(1 << 5);
    /// The first keyword's bit.
    pub const FIRST_KEYWORD: u32 = 8;
    /// How many keywords a mailbox can have.
    pub const MAX_KEYWORDS: usize = 56;

    /// The system flags.
    pub const fn system(self) -> SystemFlags {
        SystemFlags((self.0 & SystemFlags::PERMANENT.0 as u64) as u8)
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: FlagBits) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether these system flags are set.
    pub const fn has(self, system: SystemFlags) -> bool {
        self.system().contains(system)
    }

    /// Whether the row's message is alive.
    pub const fn is_live(self) -> bool {
        !self.contains(FlagBits::TOMBSTONE)
    }

    /// Whether the row, alive or not, still holds a reference to its content.
    pub const fn holds_content(self) -> bool {
        !self.contains(FlagBits::RELEASED)
            && !self.contains(FlagBits(FlagBits::TOMBSTONE.0 | FlagBits::MOVED.0))
    }

    /// The bits after a flag operation (semantics 10).
    #[must_use]
    pub const fn apply(self, op: FlagOp, operand: FlagBits) -> FlagBits {
        match op {
            FlagOp::Add => FlagBits(self.0 | operand.0),
            FlagOp::Delete => FlagBits(self.0 & !operand.0),
            FlagOp::Replace => operand,
        }
    }
}

/// The keywords of a mailbox, by number; only ever appended to, so that an
/// older table is a prefix of a newer one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords(Vec<String>);

impl Keywords {
    /// A table of these names.
    pub fn new(names: Vec<String>) -> Self {
        Keywords(names)
    }

    /// The names, by number.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The bit of a keyword, in any ASCII case.
    pub fn bit(&self, keyword: &str) -> Option<FlagBits> {
        let number = self.0.iter().position(|known| known.eq_ignore_ascii_case(keyword))?;
        Some(FlagBits(1 << (FlagBits::FIRST_KEYWORD as usize + number)))
    }

    /// The stored bits of these flags; keywords that the table lacks are left out.
    pub fn bits(&self, flags: &Flags) -> FlagBits {
        let system = flags.system().0 & SystemFlags::PERMANENT.0;
        let keywords = flags.keywords().iter().filter_map(|keyword| self.bit(keyword));
        FlagBits(keywords.fold(u64::from(system), |bits, bit| bits | bit.0))
    }

    /// The flags of these bits.
    pub fn flags(&self, bits: FlagBits) -> Flags {
        let mut flags = Flags::from_system(bits.system());
        let mut rest = bits.0 >> FlagBits::FIRST_KEYWORD;
        while rest != 0 {
            if let Some(name) = self.0.get(rest.trailing_zeros() as usize) {
                flags.insert_keyword(name);
            }
            rest &= rest - 1;
        }
        flags
    }

    /// Adds the keywords of `flags` that are new. Returns `false`, changing
    /// nothing, where that would be more than [`FlagBits::MAX_KEYWORDS`].
    #[must_use]
    pub fn extend(&mut self, flags: &Flags) -> bool {
        let new: Vec<&String> =
            flags.keywords().iter().filter(|keyword| self.bit(keyword).is_none()).collect();
        if self.0.len() + new.len() > FlagBits::MAX_KEYWORDS {
            return false;
        }
        self.0.extend(new.into_iter().cloned());
        true
    }
}

/// Up to [`PAGE_ROWS`] consecutive UIDs: their flags and mod-sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagPage {
    flags: Vec<u64>,
    mod_seqs: Vec<ModSeq>,
    live: [u64; WORDS],
    live_count: u32,
    unseen_count: u32,
    deleted_count: u32,
}

impl FlagPage {
    /// A page of these rows; what is longer than [`PAGE_ROWS`] or has no partner is cut off.
    pub fn new(mut flags: Vec<u64>, mut mod_seqs: Vec<ModSeq>) -> FlagPage {
        let rows = flags.len().min(mod_seqs.len()).min(PAGE_ROWS as usize);
        flags.truncate(rows);
        mod_seqs.truncate(rows);
        let mut page =
            FlagPage { flags, mod_seqs, live: [0; WORDS], live_count: 0, unseen_count: 0, deleted_count: 0 };
        page.recount();
        page
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn recount(&mut self) {
        self.live = [0; WORDS];
        (self.live_count, self.unseen_count, self.deleted_count) = (0, 0, 0);
        // One pass without a branch: a mailbox of a million messages is counted when it is selected.
        for (live, rows) in self.live.iter_mut().zip(self.flags.chunks(64)) {
            let (mut dead, mut seen, mut deleted) = (0u64, 0u64, 0u64);
            for (bit, flags) in rows.iter().enumerate() {
                dead |= (flags >> FlagBits::TOMBSTONE.0.trailing_zeros() & 1) << bit;
                seen |= (flags >> SystemFlags::SEEN.0.trailing_zeros() & 1) << bit;
                deleted |= (flags >> SystemFlags::DELETED.0.trailing_zeros() & 1) << bit;
            }
            *live = !dead & (u64::MAX >> (64 - rows.len()));
            self.live_count += live.count_ones();
            self.unseen_count += (*live & !seen).count_ones();
            self.deleted_count += (*live & deleted).count_ones();
        }
    }

    /// About how many bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        size_of::<FlagPage>() + (self.flags.capacity() + self.mod_seqs.capacity()) * 8
    }

    /// How many rows, dead ones included.
    pub fn rows(&self) -> u32 {
        self.flags.len() as u32
    }

    /// How many of them live.
    pub fn live_count(&self) -> u32 {
        self.live_count
    }

    /// How many live rows lack `\Seen`.
    pub fn unseen_count(&self) -> u32 {
        self.unseen_count
    }

    /// How many live rows have `\Deleted`.
    pub fn deleted_count(&self) -> u32 {
        self.deleted_count
    }

    /// The stored words, dead rows included.
    pub fn raw_flags(&self) -> &[u64] {
        &self.flags
    }

    /// The mod-sequences, by row.
    pub fn mod_seqs(&self) -> &[ModSeq] {
        &self.mod_seqs
    }

    /// The row's bits, dead or alive.
    pub fn flags(&self, row: u32) -> Option<FlagBits> {
        self.flags.get(row as usize).copied().map(FlagBits)
    }

    /// The row's mod-sequence.
    pub fn mod_seq(&self, row: u32) -> Option<ModSeq> {
        self.mod_seqs.get(row as usize).copied()
    }

    /// Whether the row's message is alive.
    pub fn is_live(&self, row: u32) -> bool {
        self.live.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// How many rows before `row` live.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn rank(&self, row: u32) -> u32 {
        let (word, bit) = (row as usize / 64, row % 64);
        let whole: u32 = self.live.iter().take(word).map(|word| word.count_ones()).sum();
        whole + self.live.get(word).map_or(0, |word| (word & ((1 << bit) - 1)).count_ones())
    }

    /// The `n`th live row, from 0.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn select(&self, n: u32) -> Option<u32> {
        let mut left = n;
        for (index, word) in self.live.iter().enumerate() {
            let ones = word.count_ones();
            if left < ones {
                let mut word = *word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(index as u32 * 64 + word.trailing_zeros());
            }
            left -= ones;
        }
        None
    }

    /// The live rows, ascending.
    pub fn live_rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.live.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = word.trailing_zeros();
                word &= word - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }

    /// A copy with these rows changed: row, bits, mod-sequence. A row just past
    /// the end is appended; rows past that are left out.
    #[must_use]
    #[cfg_attr(own_std, optimize(speed))]
    pub fn with(&self, changes: impl IntoIterator<Item = (u32, FlagBits, ModSeq)>) -> FlagPage {
        let mut page = self.clone();
        for (row, bits, mod_seq) in changes {
            let row = row as usize;
            if let (Some(flags), Some(seq)) = (page.flags.get_mut(row), page.mod_seqs.get_mut(row)) {
                *flags = bits.0;
                *seq = mod_seq;
            } else if row == page.flags.len() && row < PAGE_ROWS as usize {
                page.flags.push(bits.0);
                page.mod_seqs.push(mod_seq);
            }
        }
        page.recount();
        page
    }
}

/// A mailbox's messages at one mod-sequence. UIDs are dense from `first_uid`:
/// a UID's place is `uid - first_uid`, its page that divided by [`PAGE_ROWS`].
/// A page in which nothing lives may be absent.
#[derive(Clone, Debug, Default)]
pub struct MailboxState {
    first_uid: Uid,
    uid_next: Uid,
    highest_mod_seq: ModSeq,
    keywords: Rc<Keywords>,
    pages: Vec<Option<Rc<FlagPage>>>,
    live_before: Vec<u32>,
    exists: u32,
    unclaimed_recent: RangeSet,
    expunge_horizon: ModSeq,
}

/// One live message of a [`MailboxState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its UID.
    pub uid: Uid,
    /// Its stored flags.
    pub bits: FlagBits,
    /// Its mod-sequence.
    pub mod_seq: ModSeq,
}

impl MailboxState {
    /// A mailbox of these pages; page `n` begins at UID `first_uid + n * PAGE_ROWS`.
    pub fn new(
        first_uid: Uid,
        uid_next: Uid,
        highest_mod_seq: ModSeq,
        keywords: Rc<Keywords>,
        pages: Vec<Option<Rc<FlagPage>>>,
    ) -> MailboxState {
        let mut exists = 0u32;
        let live_before = pages
            .iter()
            .map(|page| {
                let before = exists;
                exists = exists.saturating_add(page.as_ref().map_or(0, |page| page.live_count()));
                before
            })
            .collect();
        MailboxState {
            first_uid,
            uid_next,
            highest_mod_seq,
            keywords,
            pages,
            live_before,
            exists,
            unclaimed_recent: RangeSet::new(),
            expunge_horizon: 0,
        }
    }

    /// The same state with these UIDs as the `\Recent` ones that no view has claimed.
    #[must_use]
    pub fn with_unclaimed_recent(self, unclaimed_recent: RangeSet) -> Self {
        MailboxState { unclaimed_recent, ..self }
    }

    /// The same state, with expunges up to this mod-sequence forgotten.
    #[must_use]
    pub fn with_expunge_horizon(self, expunge_horizon: ModSeq) -> Self {
        MailboxState { expunge_horizon, ..self }
    }

    /// The `\Recent` UIDs that no view has claimed.
    pub fn unclaimed_recent(&self) -> &RangeSet {
        &self.unclaimed_recent
    }

    /// Up to which mod-sequence it is no longer known when a message went.
    pub fn expunge_horizon(&self) -> ModSeq {
        self.expunge_horizon
    }

    /// The UIDs expunged after `since` (RFC 7162 section 3.2.6). Where that is
    /// before the horizon: every UID that is not there, a correct full answer
    /// (semantics 134).
    pub fn vanished_since(&self, since: ModSeq) -> RangeSet {
        if since < self.expunge_horizon {
            let live = RangeSet::from_sorted(self.live().map(|live| live.uid));
            let known = (self.uid_next > self.first_uid).then(|| (self.first_uid, self.uid_next - 1));
            return RangeSet::from_ranges(known).difference(&live);
        }
        let pages = self.pages.iter().enumerate().filter_map(|(index, page)| Some((index, page.as_deref()?)));
        RangeSet::from_sorted(pages.flat_map(|(index, page)| {
            let rows = (0u32..).zip(page.raw_flags().iter().zip(page.mod_seqs()));
            rows.filter(move |(_, (bits, mod_seq))| !FlagBits(**bits).is_live() && **mod_seq > since)
                .map(move |(row, _)| self.uid_at(index, row))
        }))
    }

    /// How many live messages lack `\Seen`.
    pub fn unseen(&self) -> u32 {
        self.pages.iter().flatten().map(|page| page.unseen_count()).sum()
    }

    /// How many live messages have `\Deleted`.
    pub fn deleted(&self) -> u32 {
        self.pages.iter().flatten().map(|page| page.deleted_count()).sum()
    }

    /// The sequence number of the first live message without `\Seen`.
    pub fn first_unseen(&self) -> Option<u32> {
        let mut pages = self.pages.iter().zip(&self.live_before);
        let (page, before) = pages.find_map(|(page, before)| {
            page.as_deref().filter(|page| page.unseen_count() > 0).map(|page| (page, before))
        })?;
        let unseen = |row: &u32| page.flags(*row).is_some_and(|bits| !bits.has(SystemFlags::SEEN));
        let row = page.live_rows().find(unseen)?;
        Some(before + page.rank(row) + 1)
    }

    /// The UID of the mailbox's first row.
    pub fn first_uid(&self) -> Uid {
        self.first_uid
    }

    /// UIDNEXT.
    pub fn uid_next(&self) -> Uid {
        self.uid_next
    }

    /// HIGHESTMODSEQ.
    pub fn highest_mod_seq(&self) -> ModSeq {
        self.highest_mod_seq
    }

    /// The keyword table.
    pub fn keywords(&self) -> &Rc<Keywords> {
        &self.keywords
    }

    /// The pages, in UID order.
    pub fn pages(&self) -> &[Option<Rc<FlagPage>>] {
        &self.pages
    }

    /// How many messages live.
    pub fn exists(&self) -> u32 {
        self.exists
    }

    /// Page and row of a UID within the mailbox's UIDs so far.
    pub fn place(&self, uid: Uid) -> Option<(usize, u32)> {
        if uid < self.first_uid || uid >= self.uid_next {
            return None;
        }
        let position = uid - self.first_uid;
        Some(((position / PAGE_ROWS) as usize, position % PAGE_ROWS))
    }

    /// The UID of a page's row.
    pub fn uid_at(&self, page: usize, row: u32) -> Uid {
        self.first_uid + page as u32 * PAGE_ROWS + row
    }

    fn page(&self, index: usize) -> Option<&FlagPage> {
        self.pages.get(index)?.as_deref()
    }

    /// The message, if it lives.
    pub fn get(&self, uid: Uid) -> Option<Live> {
        let (index, row) = self.place(uid)?;
        let page = self.page(index)?;
        if !page.is_live(row) {
            return None;
        }
        Some(Live { uid, bits: page.flags(row)?, mod_seq: page.mod_seq(row)? })
    }

    /// How many live messages have a smaller UID.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn rank(&self, uid: Uid) -> u32 {
        match self.place(uid) {
            Some((index, row)) => {
                let before = self.live_before.get(index).copied().unwrap_or(self.exists);
                before + self.page(index).map_or(0, |page| page.rank(row))
            }
            None if uid < self.first_uid => 0,
            None => self.exists,
        }
    }

    /// The sequence number of a live message.
    pub fn seq_of(&self, uid: Uid) -> Option<u32> {
        self.get(uid)?;
        Some(self.rank(uid) + 1)
    }

    /// The UID of a sequence number (from 1).
    pub fn uid_of(&self, seq: u32) -> Option<Uid> {
        let n = seq.checked_sub(1)?;
        if n >= self.exists {
            return None;
        }
        let index = self.live_before.partition_point(|before| *before <= n).checked_sub(1)?;
        // Empty pages share their successor's count; the last of equals holds the row.
        let row = self.page(index)?.select(n - self.live_before.get(index)?)?;
        Some(self.uid_at(index, row))
    }

    /// The highest live UID, 0 where none lives.
    pub fn max_uid(&self) -> Uid {
        self.uid_of(self.exists).unwrap_or(0)
    }

    /// The live messages with `from <= uid <= to`, ascending.
    pub fn live_between(&self, from: Uid, to: Uid) -> impl Iterator<Item = Live> + '_ {
        let from = from.max(self.first_uid);
        let start = (from.saturating_sub(self.first_uid) / PAGE_ROWS) as usize;
        self.pages
            .iter()
            .enumerate()
            .skip(start)
            .take_while(move |(index, _)| self.uid_at(*index, 0) <= to)
            .filter_map(|(index, page)| Some((index, page.as_deref()?)))
            .flat_map(move |(index, page)| {
                page.live_rows().filter_map(move |row| {
                    Some(Live {
                        uid: self.uid_at(index, row),
                        bits: page.flags(row)?,
                        mod_seq: page.mod_seq(row)?,
                    })
                })
            })
            .skip_while(move |live| live.uid < from)
            .take_while(move |live| live.uid <= to)
    }

    /// Every live message, ascending.
    pub fn live(&self) -> impl Iterator<Item = Live> + '_ {
        self.live_between(self.first_uid, Uid::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(live: &[bool], first_uid: Uid) -> MailboxState {
        let pages = live
            .chunks(PAGE_ROWS as usize)
            .map(|rows| {
                let flags =
                    rows.iter().map(|live| if *live { 0 } else { FlagBits::TOMBSTONE.0 }).collect::<Vec<_>>();
                let page = FlagPage::new(flags, vec![1; rows.len()]);
                (page.live_count() > 0).then(|| Rc::new(page))
            })
            .collect();
        MailboxState::new(first_uid, first_uid + live.len() as u32, 1, Rc::default(), pages)
    }

    #[test]
    fn numbers_and_uids_agree_across_dead_pages() {
        let rows = PAGE_ROWS as usize;
        let live: Vec<bool> =
            (0..4 * rows + 10).map(|n| n % 3 != 0 && !(rows..2 * rows).contains(&n)).collect();
        let state = state(&live, 101);
        let uids: Vec<Uid> = (0u32..).zip(&live).filter(|(_, live)| **live).map(|(n, _)| 101 + n).collect();
        assert_eq!(state.exists() as usize, uids.len());
        assert_eq!(state.live().map(|live| live.uid).collect::<Vec<_>>(), uids);
        for (index, uid) in uids.iter().enumerate() {
            assert_eq!(state.uid_of(index as u32 + 1), Some(*uid));
            assert_eq!(state.seq_of(*uid), Some(index as u32 + 1));
        }
        assert_eq!(state.uid_of(0), None);
        assert_eq!(state.uid_of(state.exists() + 1), None);
        assert_eq!(state.seq_of(101), None);
        assert_eq!(state.max_uid(), *uids.last().unwrap());
        let some: Vec<Uid> = state.live_between(105, 5000).map(|live| live.uid).collect();
        assert_eq!(some, uids.iter().copied().filter(|uid| (105..=5000).contains(uid)).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_mailbox_has_no_numbers() {
        let state = MailboxState::new(1, 1, 1, Rc::default(), Vec::new());
        assert_eq!((state.exists(), state.max_uid(), state.uid_of(1), state.rank(7)), (0, 0, None, 0));
    }
}
