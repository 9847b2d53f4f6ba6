//! What a client is told, and the pure comparison of two mailbox states from
//! which it follows. Not here: what the client was told before (`selected.rs`).

use std::ops::ControlFlow;
use std::rc::Rc;

use super::{FlagBits, FlagPage, Live, MailboxState};
use crate::model::{FlagOp, Flags, ModSeq, RangeSet, Uid};

/// How one call tells what is new. Parameters of that call, not switches of
/// the view: a call that fails leaves nothing of them behind (semantics 91).
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Keeps messages that are gone in their places; they are told by the
    /// next call that does not hide them (semantics 90).
    pub hide_expunged: bool,
    /// What the client did itself and need not be told.
    pub silence: Option<Silence>,
}

/// A `STORE` whose result the client can foretell from what it last saw
/// (`.SILENT`). A message is told of nevertheless where its flags are now
/// others than foretold (semantics 92, 93).
#[derive(Debug, Clone)]
pub struct Silence {
    /// The messages it may be silent about.
    pub uids: RangeSet,
    /// What was done to their flags.
    pub op: FlagOp,
    /// With which flags.
    pub flags: Flags,
}

/// A message that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expunged {
    /// The sequence number it had, before anything in these updates.
    pub seq: u32,
    /// Its UID.
    pub uid: Uid,
}

/// A message whose flags the client does not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagsUpdate {
    /// Its sequence number, after everything in these updates.
    pub seq: u32,
    /// Its UID.
    pub uid: Uid,
    /// All its flags, `\Recent` included.
    pub flags: Flags,
    /// Its mod-sequence (RFC 7162).
    pub mod_seq: ModSeq,
}

/// What is new in a view, in the order in which IMAP says it (semantics 85).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updates {
    /// The mailbox is deleted. Nothing else is told, and nothing ever after (semantics 95).
    pub closed: bool,
    /// EXPUNGE: descending, so that each number is right when it comes to be said (semantics 83).
    pub expunged: Vec<Expunged>,
    /// EXISTS: the messages in the view, where new ones appeared (semantics 84).
    pub exists: Option<u32>,
    /// RECENT: the view's own, where others are recent than before (semantics 88).
    pub recent: Option<u32>,
    /// FETCH FLAGS: new messages, and those whose flags are others; ascending (semantics 86).
    pub flags: Vec<FlagsUpdate>,
    /// The mod-sequence at which the view now stands.
    pub mod_seq: ModSeq,
}

impl Updates {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        !self.closed
            && self.expunged.is_empty()
            && self.exists.is_none()
            && self.recent.is_none()
            && self.flags.is_empty()
    }

    pub(super) fn closing(mod_seq: ModSeq) -> Updates {
        Updates { closed: true, mod_seq, ..Updates::default() }
    }
}

/// How one message differs between two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It lived in the older one alone.
    Gone(Live),
    /// It lives in the newer one alone.
    New(Live),
    /// It lives in both, with other flags.
    Flags { before: Live, after: Live },
}

/// The part of a row's bits that a client sees.
pub(super) fn visible(bits: FlagBits) -> FlagBits {
    FlagBits(bits.0 & !(FlagBits::TOMBSTONE.0 | FlagBits::RELEASED.0))
}

/// Walks the changes from one state to another, ascending, until `visit` breaks.
///
/// Costs one comparison of pointers for a page that both share, and one pass
/// over the rows of every other page. A change of flags that was undone is
/// none (semantics 89).
#[cfg_attr(own_std, optimize(speed))]
pub(super) fn walk_changes<'s>(
    before: &'s MailboxState,
    after: &'s MailboxState,
    visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if before.first_uid() != after.first_uid() {
        // The pages do not lie over one another: compare row by row.
        return merge(before.live(), after.live(), visit);
    }
    let (old, new) = (before.pages(), after.pages());
    for index in 0..old.len().max(new.len()) {
        let same = match (old.get(index).and_then(Option::as_ref), new.get(index).and_then(Option::as_ref)) {
            (Some(old), Some(new)) => Rc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same {
            continue;
        }
        let page = |state: &'s MailboxState| state.pages().get(index)?.as_deref();
        compare(after.uid_at(index, 0), page(before), page(after), visit)?;
    }
    ControlFlow::Continue(())
}

/// The changes of the page that begins at this UID: most rows are as they were.
#[cfg_attr(own_std, optimize(speed))]
fn compare<'a>(
    first: Uid,
    old: Option<&'a FlagPage>,
    new: Option<&'a FlagPage>,
    visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let rows = |page: Option<&'a FlagPage>| {
        page.map_or((&[][..], &[][..]), |page| (page.raw_flags(), page.mod_seqs()))
    };
    let ((before, old_seqs), (after, new_seqs)) = (rows(old), rows(new));
    for row in 0..before.len().max(after.len()) {
        let (old, new) = (before.get(row), after.get(row));
        if old == new {
            continue;
        }
        let uid = first.saturating_add(row as u32);
        let live = |bits: Option<&u64>, mod_seqs: &[ModSeq]| {
            let bits = FlagBits(*bits?);
            let mod_seq = *mod_seqs.get(row)?;
            bits.is_live().then_some(Live { uid, bits, mod_seq })
        };
        match (live(old, old_seqs), live(new, new_seqs)) {
            (None, None) => {}
            (Some(gone), None) => visit(Change::Gone(gone))?,
            (None, Some(fresh)) => visit(Change::New(fresh))?,
            (Some(before), Some(after)) if visible(before.bits) == visible(after.bits) => {}
            (Some(before), Some(after)) => visit(Change::Flags { before, after })?,
        }
    }
    ControlFlow::Continue(())
}

#[cfg_attr(own_std, optimize(speed))]
fn merge(
    old: impl Iterator<Item = Live>,
    new: impl Iterator<Item = Live>,
    visit: &mut dyn FnMut(Change) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (mut old, mut new) = (old.peekable(), new.peekable());
    loop {
        let change = match (old.peek().copied(), new.peek().copied()) {
            (None, None) => return ControlFlow::Continue(()),
            (Some(gone), None) => Change::Gone(gone),
            (Some(gone), Some(next)) if gone.uid < next.uid => Change::Gone(gone),
            (Some(before), Some(after)) if before.uid == after.uid => Change::Flags { before, after },
            (_, Some(fresh)) => Change::New(fresh),
        };
        if !matches!(change, Change::New(_)) {
            old.next();
        }
        if !matches!(change, Change::Gone(_)) {
            new.next();
        }
        match change {
            Change::Flags { before, after } if visible(before.bits) == visible(after.bits) => {}
            change => visit(change)?,
        }
    }
}
