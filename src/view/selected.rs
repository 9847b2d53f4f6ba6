//! A plain view of one mailbox: what its client has been told, and what there
//! is to tell it now. It holds no storage and never fails; who feeds it and
//! when is the session's and the backend's.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::selected_set::{Place, ViewHandle};
use super::updates::{Change, visible, walk_changes};
use super::{
    Expunged, FlagBits, FlagsUpdate, Live, MailboxState, SelectedSet, Silence, UpdateOptions, Updates,
};
use crate::model::{Flags, MailboxId, ModSeq, RangeSet, SequenceSet, SystemFlags, Uid, sorting};

/// A range of up to this many numbers is looked up number by number; a longer
/// one is walked from its beginning.
const SHORT_RANGE: u32 = 64;

static NO_RECENT: RangeSet = RangeSet::new();

/// A message that is gone while its client still counts it.
#[derive(Debug, Clone, Copy)]
struct Hidden {
    live: Live,
    recent: bool,
}

/// What a client had been told at one moment; see [`SelectedMailbox::told`].
#[derive(Debug, Clone)]
pub struct Told {
    state: Rc<MailboxState>,
    hidden: Vec<Hidden>,
    recent: RangeSet,
}

/// One client's view of one mailbox: the messages it was told of, in their
/// order, with the flags it was told, and its own `\Recent`.
///
/// It is bound to the mailbox's identity: a rename does not touch it. Sequence
/// numbers, [`exists`](Self::exists) and the flags it answers with are those
/// the client was last told, until [`updates`](Self::updates) tells what is new.
/// Dropping it or [closing](Self::close) it gives up its place in its
/// [`SelectedSet`] at once (semantics 182).
#[derive(Debug)]
pub struct SelectedMailbox {
    mailbox_id: MailboxId,
    readonly: bool,
    told: Rc<MailboxState>,
    /// Newer than `told`, where there is such a state.
    current: Option<Rc<MailboxState>>,
    /// Told of, dead in `told`, ascending.
    hidden: Vec<Hidden>,
    recent: RangeSet,
    told_recent: RangeSet,
    deleted: bool,
    place: Rc<Place>,
}

impl SelectedMailbox {
    /// A view whose client knows `state`, with `recent` as its own `\Recent`;
    /// it takes a place in `set`. Its first [`updates`](Self::updates) tell
    /// nothing (semantics 81).
    pub fn new(
        mailbox_id: MailboxId,
        readonly: bool,
        state: Rc<MailboxState>,
        recent: RangeSet,
        set: &SelectedSet,
    ) -> Self {
        let recent = still_there(&state, &recent);
        let mut view = SelectedMailbox {
            mailbox_id,
            readonly,
            told: state,
            current: None,
            hidden: Vec::new(),
            recent,
            told_recent: RangeSet::new(),
            deleted: false,
            place: set.register(readonly),
        };
        view.told_recent = view.recent_now();
        view
    }

    /// The mailbox it shows.
    pub fn mailbox_id(&self) -> &MailboxId {
        &self.mailbox_id
    }

    /// Whether nothing can be changed through it.
    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// Whether its mailbox was deleted or the view was closed.
    pub fn is_closed(&self) -> bool {
        self.deleted || self.is_over()
    }

    /// Whether nothing will ever be told again: the view was closed, or the
    /// deletion of its mailbox has been told.
    pub fn is_over(&self) -> bool {
        !self.place.is_open()
    }

    /// How many messages the client knows of, those included whose end it has
    /// not been told.
    pub fn exists(&self) -> u32 {
        self.told.exists().saturating_add(u32::try_from(self.hidden.len()).unwrap_or(u32::MAX))
    }

    /// The messages that are `\Recent` in this view. One that is gone is not
    /// among them, whether or not that was told (semantics 80).
    pub fn recent(&self) -> &RangeSet {
        if self.is_over() { &NO_RECENT } else { &self.recent }
    }

    /// The mod-sequence up to which the client was told.
    pub fn mod_seq(&self) -> ModSeq {
        self.told.highest_mod_seq()
    }

    /// The highest UID the client knows of, 0 where it knows of none.
    pub fn max_uid(&self) -> Uid {
        self.told.max_uid().max(self.hidden.last().map_or(0, |hidden| hidden.live.uid))
    }

    /// The newest state it was fed; the client may not have been told of it.
    pub fn newest(&self) -> &Rc<MailboxState> {
        self.current.as_ref().unwrap_or(&self.told)
    }

    /// A handle that can close the view from elsewhere.
    pub fn handle(&self) -> ViewHandle {
        ViewHandle::new(&self.place)
    }

    fn find_hidden(&self, uid: Uid) -> Result<&Hidden, usize> {
        let at = self.hidden.partition_point(|hidden| hidden.live.uid < uid);
        self.hidden.get(at).filter(|hidden| hidden.live.uid == uid).ok_or(at)
    }

    /// How many of the client's messages have a smaller UID.
    fn rank(&self, uid: Uid) -> u32 {
        let hidden = self.hidden.partition_point(|hidden| hidden.live.uid < uid);
        self.told.rank(uid).saturating_add(u32::try_from(hidden).unwrap_or(u32::MAX))
    }

    /// The sequence number of a message the client knows of.
    pub fn seq_of(&self, uid: Uid) -> Option<u32> {
        self.told_live(uid)?;
        Some(self.rank(uid).saturating_add(1))
    }

    /// The UID behind a sequence number (from 1).
    pub fn uid_of(&self, seq: u32) -> Option<Uid> {
        let position = seq.checked_sub(1)?;
        // A hidden message's position: the live ones and the hidden ones before it.
        let (mut low, mut high) = (0usize, self.hidden.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let hidden = self.hidden.get(middle)?;
            let place = self.told.rank(hidden.live.uid).saturating_add(u32::try_from(middle).ok()?);
            match place.cmp(&position) {
                std::cmp::Ordering::Equal => return Some(hidden.live.uid),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        self.told.uid_of(seq.checked_sub(u32::try_from(low).ok()?)?)
    }

    /// The client's messages with `from <= uid <= to`, ascending.
    fn members(&self, from: Uid, to: Uid) -> impl Iterator<Item = Uid> + '_ {
        let at = self.hidden.partition_point(|hidden| hidden.live.uid < from);
        let hidden = self.hidden.get(at..).unwrap_or_default().iter().map(|hidden| hidden.live.uid);
        let mut hidden = hidden.take_while(move |uid| *uid <= to).peekable();
        let mut live = self.told.live_between(from, to).map(|live| live.uid).peekable();
        std::iter::from_fn(move || match (live.peek(), hidden.peek()) {
            (Some(a), Some(b)) if b < a => hidden.next(),
            (Some(_), _) => live.next(),
            (None, _) => hidden.next(),
        })
    }

    /// The messages of the client that a set names, as (sequence number, UID),
    /// ascending, each once. Numbers beyond the last are ignored, `*` is the
    /// last message (semantics 18-21). Costs what the found messages and the
    /// set's ranges cost, however wide these are (semantics 24).
    pub fn resolve(&self, set: &SequenceSet) -> Vec<(u32, Uid)> {
        let mut found = Vec::new();
        let max = if set.is_uid() { self.max_uid() } else { self.exists() };
        for (first, last) in set.resolve(max).ranges() {
            let short = last - first < SHORT_RANGE;
            if set.is_uid() && short {
                found.extend((first..=last).filter_map(|uid| Some((self.seq_of(uid)?, uid))));
            } else if set.is_uid() {
                found.extend((self.rank(first).saturating_add(1)..).zip(self.members(first, last)));
            } else if short {
                found.extend((first..=last).filter_map(|seq| Some((seq, self.uid_of(seq)?))));
            } else if let Some(from) = self.uid_of(first) {
                found.extend((first..=last).zip(self.members(from, Uid::MAX)));
            }
        }
        found
    }

    /// A message as the client was last told of it, hidden ones included.
    pub fn told_live(&self, uid: Uid) -> Option<Live> {
        self.told.get(uid).or_else(|| Some(self.find_hidden(uid).ok()?.live))
    }

    /// A message's stored flags as the client was last told them, of hidden
    /// messages too; without `\Recent`.
    pub fn told_flags(&self, uid: Uid) -> Option<Flags> {
        Some(self.told.keywords().flags(self.told_live(uid)?.bits))
    }

    /// Whether a message is `\Recent` in this view; one that is gone
    /// unannounced, whether it was.
    pub fn has_recent(&self, uid: Uid) -> bool {
        if self.is_level() {
            return self.recent().contains(uid);
        }
        match self.find_hidden(uid) {
            Ok(hidden) => hidden.recent,
            Err(_) if self.is_hidden(uid) => self.told_recent.contains(uid),
            Err(_) => self.recent().contains(uid),
        }
    }

    /// Stored flags with `\Recent` added where this view [has it](Self::has_recent).
    pub fn flags_of(&self, uid: Uid, stored: &Flags) -> Flags {
        let flags = stored.clone().without(SystemFlags::RECENT);
        if self.has_recent(uid) { flags.with(SystemFlags::RECENT) } else { flags }
    }

    /// Whether the client knows of the message and has not been told that it is gone.
    pub fn is_hidden(&self, uid: Uid) -> bool {
        !self.is_level() && self.told_live(uid).is_some() && self.newest().get(uid).is_none()
    }

    /// Whether the client was told of all that the view was fed.
    fn is_level(&self) -> bool {
        self.hidden.is_empty() && self.current.is_none()
    }

    /// Whether [`is_hidden`](Self::is_hidden) any message.
    pub fn has_hidden(&self) -> bool {
        let gone = |now: &Rc<MailboxState>| {
            let mut break_at_gone = |change| match change {
                Change::Gone(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            walk_changes(&self.told, now, &mut break_at_gone).is_break()
        };
        !self.hidden.is_empty() || self.current.as_ref().is_some_and(gone)
    }

    /// Whether a message's flags are known to be others than the client was told.
    pub fn has_foreign_change(&self, uid: Uid, state: &MailboxState) -> bool {
        match (self.told_live(uid), state.get(uid)) {
            (Some(told), Some(now)) => visible(told.bits) != visible(now.bits),
            _ => false,
        }
    }

    /// Makes messages `\Recent` in this view. UIDs that it has not been fed yet
    /// count once they are there.
    pub fn add_recent(&mut self, uids: &RangeSet) {
        if !self.is_closed() {
            self.recent = self.recent.union(uids);
        }
    }

    /// Takes the mailbox's state; one older than the newest known is ignored.
    /// A read-only view shows what no view has claimed as its `\Recent`
    /// (semantics 72).
    pub fn feed(&mut self, state: Rc<MailboxState>) {
        let newest = self.newest();
        let older =
            state.highest_mod_seq() < newest.highest_mod_seq() || state.uid_next() < newest.uid_next();
        if older || self.is_closed() {
            return;
        }
        if self.readonly {
            self.recent = still_there(&state, state.unclaimed_recent());
        } else {
            self.recent = still_there(&state, &self.recent);
        }
        self.current = Some(state);
    }

    /// Learns that the mailbox is deleted; [`updates`](Self::updates) tells it once.
    pub fn set_deleted(&mut self) {
        self.deleted = true;
    }

    /// Whether [`updates`](Self::updates) with nothing hidden or silent would tell anything.
    pub fn has_updates(&self) -> bool {
        if self.is_over() {
            return false;
        }
        if self.deleted || !self.hidden.is_empty() || self.recent_now() != self.told_recent {
            return true;
        }
        let Some(current) = &self.current else { return false };
        walk_changes(&self.told, current, &mut |_| ControlFlow::Break(())).is_break()
    }

    /// Tells what is new since the last call, and moves on: what is told now
    /// counts as known.
    ///
    /// Of a deleted mailbox the first call tells that it is closed and nothing
    /// else, later ones nothing at all (semantics 95). The order and the
    /// conditions of each part are those of [`Updates`].
    pub fn updates(&mut self, options: &UpdateOptions) -> Updates {
        if self.is_over() {
            return Updates { mod_seq: self.mod_seq(), ..Updates::default() };
        }
        if self.deleted {
            self.close();
            return Updates::closing(self.mod_seq());
        }
        let now = self.current.take().unwrap_or_else(|| Rc::clone(&self.told));
        let silenced = options.silence.as_ref().map(|silence| Foretold::new(silence, &now));
        let mut gone = Vec::new();
        let mut changed = Vec::new();
        let mut any_new = false;
        let _ = walk_changes(&self.told, &now, &mut |change| {
            match change {
                Change::Gone(live) => gone.push(Hidden { live, recent: self.told_recent.contains(live.uid) }),
                Change::New(live) => {
                    any_new = true;
                    changed.push(live);
                }
                Change::Flags { before, after } => {
                    if !silenced.as_ref().is_some_and(|silenced| silenced.matches(before, after)) {
                        changed.push(after);
                    }
                }
            }
            ControlFlow::Continue(())
        });
        let expunged = self.take_expunged(gone, options.hide_expunged);
        self.told = now;
        let recent = self.tell_recent(&mut changed);
        Updates {
            closed: false,
            expunged,
            exists: any_new.then(|| self.exists()),
            recent,
            flags: changed.into_iter().map(|live| self.flags_update(live)).collect(),
            mod_seq: self.mod_seq(),
        }
    }

    /// What the client has been told so far; costs what the hidden messages cost.
    pub fn told(&self) -> Told {
        Told { state: Rc::clone(&self.told), hidden: self.hidden.clone(), recent: self.told_recent.clone() }
    }

    /// Takes back what [`updates`](Self::updates) told since then: the answer
    /// that was to carry it could not be given, and the next one tells it. A
    /// view that was closed since stays closed.
    pub fn untell(&mut self, told: Told) {
        if self.is_over() {
            return;
        }
        let Told { state, hidden, recent } = told;
        let newer = std::mem::replace(&mut self.told, state);
        self.current.get_or_insert(newer);
        self.hidden = hidden;
        self.told_recent = recent;
    }

    /// Hides these messages, or announces them and all that were hidden.
    fn take_expunged(&mut self, gone: Vec<Hidden>, hide: bool) -> Vec<Expunged> {
        if hide {
            self.hidden.extend(gone);
            sorting::sort_by_key(&mut self.hidden, |hidden| hidden.live.uid);
            return Vec::new();
        }
        // Hidden ones are dead in `told` already, so no UID is in both.
        let uids: RangeSet = gone.iter().chain(&self.hidden).map(|hidden| hidden.live.uid).collect();
        let expunged = uids.iter().rev().filter_map(|uid| Some(Expunged { seq: self.seq_of(uid)?, uid }));
        let expunged = expunged.collect();
        self.hidden.clear();
        expunged
    }

    /// The own `\Recent` among the messages the view has been fed.
    fn recent_now(&self) -> RangeSet {
        let mut recent = self.recent.clone();
        recent.remove_range(self.newest().uid_next(), Uid::MAX);
        recent
    }

    /// Adds the messages that became or ceased to be `\Recent` to those whose
    /// flags are told, and returns the new count where the set is another.
    fn tell_recent(&mut self, changed: &mut Vec<Live>) -> Option<u32> {
        let recent = self.recent_now();
        if recent == self.told_recent {
            return None;
        }
        let others = recent.difference(&self.told_recent).union(&self.told_recent.difference(&recent));
        let told = changed.len();
        changed.extend(others.iter().filter_map(|uid| self.told.get(uid)));
        if changed.len() > told {
            sorting::sort_by_key(changed, |live| live.uid);
            changed.dedup_by_key(|live| live.uid);
        }
        self.told_recent = recent;
        Some(u32::try_from(self.told_recent.len()).unwrap_or(u32::MAX))
    }

    fn flags_update(&self, live: Live) -> FlagsUpdate {
        let flags = self.told.keywords().flags(live.bits);
        let recent = self.recent.contains(live.uid);
        FlagsUpdate {
            seq: self.rank(live.uid).saturating_add(1),
            uid: live.uid,
            flags: if recent { flags.with(SystemFlags::RECENT) } else { flags },
            mod_seq: live.mod_seq,
        }
    }

    /// Closes the view: its `\Recent` is nobody's from now on, its place in the
    /// set is free, and nothing more is told (semantics 182). Idempotent.
    pub fn close(&mut self) {
        self.place.leave();
        self.recent = RangeSet::new();
    }
}

/// A [`Silence`] in the bits of one state.
struct Foretold<'a> {
    silence: &'a Silence,
    operand: FlagBits,
}

impl<'a> Foretold<'a> {
    fn new(silence: &'a Silence, now: &MailboxState) -> Self {
        Foretold { silence, operand: now.keywords().bits(&silence.flags) }
    }

    fn matches(&self, before: Live, after: Live) -> bool {
        self.silence.uids.contains(after.uid)
            && visible(before.bits).apply(self.silence.op, self.operand) == visible(after.bits)
    }
}

/// Those of `uids` that live in the state or are beyond it. Costs two ranks a
/// range, and a walk of the ranges in which something died.
fn still_there(state: &MailboxState, uids: &RangeSet) -> RangeSet {
    let mut ranges = Vec::new();
    for (first, last) in uids.ranges() {
        let next = state.uid_next();
        if last >= next {
            ranges.push((first.max(next), last));
        }
        if first >= next {
            continue;
        }
        let last = last.min(next - 1);
        let live = state.rank(last + 1) - state.rank(first);
        if live == last - first + 1 {
            ranges.push((first, last));
        } else if live > 0 {
            ranges.extend(state.live_between(first, last).map(|live| (live.uid, live.uid)));
        }
    }
    RangeSet::from_ranges(ranges)
}
