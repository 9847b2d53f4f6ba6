//! The view against small mailboxes: what is told, when, in which order.

use std::rc::Rc;

use super::*;
use crate::model::{FlagOp, Flags, MailboxId, ModSeq, RangeSet, SequenceSet, SystemFlags, Uid};

const SEEN: SystemFlags = SystemFlags::SEEN;
const FLAGGED: SystemFlags = SystemFlags::FLAGGED;

/// A mailbox whose states a test makes one after another, with shared pages as an engine has them.
struct Mailbox {
    first_uid: Uid,
    rows: Vec<(FlagBits, ModSeq)>,
    keywords: Keywords,
    mod_seq: ModSeq,
    unclaimed: RangeSet,
    pages: Vec<Option<Rc<FlagPage>>>,
    set: SelectedSet,
}

impl Mailbox {
    fn new(messages: usize) -> Self {
        let mut mailbox = Mailbox {
            first_uid: 101,
            rows: Vec::new(),
            keywords: Keywords::default(),
            mod_seq: 1,
            unclaimed: RangeSet::new(),
            pages: Vec::new(),
            set: SelectedSet::new(),
        };
        mailbox.append(messages, SystemFlags::default());
        mailbox
    }

    fn append(&mut self, messages: usize, flags: SystemFlags) {
        self.mod_seq += 1;
        self.rows.extend(vec![(FlagBits(u64::from(flags.0)), self.mod_seq); messages]);
    }

    fn row(&mut self, uid: Uid) -> &mut (FlagBits, ModSeq) {
        &mut self.rows[(uid - self.first_uid) as usize]
    }

    fn store(&mut self, uid: Uid, op: FlagOp, flags: &[&str]) {
        let flags = Flags::parse(flags).unwrap();
        assert!(self.keywords.extend(&flags));
        let operand = self.keywords.bits(&flags);
        self.mod_seq += 1;
        let mod_seq = self.mod_seq;
        let row = self.row(uid);
        *row = (row.0.apply(op, operand), mod_seq);
    }

    fn expunge(&mut self, uids: &[Uid]) {
        self.mod_seq += 1;
        for uid in uids {
            let mod_seq = self.mod_seq;
            let row = self.row(*uid);
            *row = (FlagBits(row.0.0 | FlagBits::TOMBSTONE.0), mod_seq);
        }
    }

    fn state(&mut self) -> Rc<MailboxState> {
        let chunks = self.rows.chunks(PAGE_ROWS as usize);
        let pages = chunks.enumerate().map(|(index, rows)| {
            let (flags, mod_seqs) = rows.iter().map(|(bits, mod_seq)| (bits.0, *mod_seq)).unzip();
            let page = FlagPage::new(flags, mod_seqs);
            let known = self.pages.get(index).cloned().flatten();
            let kept = known.filter(|known| **known == page).unwrap_or_else(|| Rc::new(page));
            (kept.live_count() > 0).then_some(kept)
        });
        let pages: Vec<_> = pages.collect();
        self.pages = pages.clone();
        let next = self.first_uid + self.rows.len() as u32;
        let keywords = Rc::new(self.keywords.clone());
        let state = MailboxState::new(self.first_uid, next, self.mod_seq, keywords, pages);
        Rc::new(state.with_unclaimed_recent(self.unclaimed.clone()))
    }

    fn select(&mut self, recent: &[Uid]) -> SelectedMailbox {
        let id = MailboxId::from_bytes(&[1]);
        let recent = recent.iter().copied().collect();
        SelectedMailbox::new(id, false, self.state(), recent, &self.set.clone())
    }

    fn examine(&mut self) -> SelectedMailbox {
        let id = MailboxId::from_bytes(&[1]);
        SelectedMailbox::new(id, true, self.state(), self.unclaimed.clone(), &self.set.clone())
    }

    fn poll(&mut self, view: &mut SelectedMailbox) -> Updates {
        view.feed(self.state());
        view.updates(&UpdateOptions::default())
    }

    fn poll_hiding(&mut self, view: &mut SelectedMailbox) -> Updates {
        view.feed(self.state());
        view.updates(&UpdateOptions { hide_expunged: true, silence: None })
    }

    fn poll_silent(
        &mut self,
        view: &mut SelectedMailbox,
        uids: &[Uid],
        op: FlagOp,
        flags: &[&str],
    ) -> Updates {
        view.feed(self.state());
        let silence =
            Silence { uids: uids.iter().copied().collect(), op, flags: Flags::parse(flags).unwrap() };
        view.updates(&UpdateOptions { hide_expunged: false, silence: Some(silence) })
    }
}

/// The updates as IMAP would write them.
fn lines(updates: &Updates) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(updates.closed.then(|| "BYE".to_owned()));
    lines.extend(updates.expunged.iter().map(|gone| format!("{} EXPUNGE", gone.seq)));
    lines.extend(updates.exists.map(|exists| format!("{exists} EXISTS")));
    lines.extend(updates.recent.map(|recent| format!("{recent} RECENT")));
    lines.extend(updates.flags.iter().map(|row| format!("{} FETCH {} {}", row.seq, row.uid, row.flags)));
    lines
}

fn seqs(view: &SelectedMailbox, text: &str, uid: bool) -> Vec<(u32, Uid)> {
    view.resolve(&SequenceSet::parse(text, uid).unwrap())
}

#[test]
fn s81_s82_nothing_new_tells_nothing() {
    let mut mailbox = Mailbox::new(4);
    let mut view = mailbox.select(&[104]);
    assert!(!view.has_updates());
    assert!(view.updates(&UpdateOptions::default()).is_empty());
    assert!(mailbox.poll(&mut view).is_empty());
    assert_eq!((view.exists(), view.max_uid(), view.mod_seq()), (4, 104, 2));
}

#[test]
fn s83_expunges_descend_with_their_old_numbers() {
    let mut mailbox = Mailbox::new(4);
    let mut view = mailbox.select(&[]);
    mailbox.expunge(&[102, 103]);
    view.feed(mailbox.state());
    assert!(view.has_updates());
    assert_eq!(lines(&view.updates(&UpdateOptions::default())), ["3 EXPUNGE", "2 EXPUNGE"]);
    assert!(!view.has_updates());
    assert_eq!((view.exists(), view.seq_of(104), view.uid_of(2)), (2, Some(2), Some(104)));
    assert!(mailbox.poll(&mut view).is_empty());
}

#[test]
fn s84_s85_s86_order_and_new_messages() {
    let mut mailbox = Mailbox::new(4);
    let mut view = mailbox.select(&[]);
    mailbox.expunge(&[101]);
    mailbox.store(103, FlagOp::Add, &["\\Seen"]);
    mailbox.append(2, SystemFlags::default());
    view.add_recent(&[105].into_iter().collect());
    let updates = mailbox.poll(&mut view);
    assert_eq!(
        lines(&updates),
        [
            "1 EXPUNGE",
            "5 EXISTS",
            "1 RECENT",
            "2 FETCH 103 (\\Seen)",
            "4 FETCH 105 (\\Recent)",
            "5 FETCH 106 ()"
        ]
    );
    assert_eq!(updates.mod_seq, mailbox.mod_seq);
    assert_eq!(updates.flags[0].mod_seq, 4);
    assert_eq!(updates.flags[2].mod_seq, 5);
    // As many came as went: still EXISTS, for the uids are new.
    mailbox.expunge(&[102]);
    mailbox.append(1, FLAGGED);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["1 EXPUNGE", "5 EXISTS", "5 FETCH 107 (\\Flagged)"]);
}

#[test]
fn s84_a_message_that_came_and_went_is_never_told() {
    let mut mailbox = Mailbox::new(1);
    let mut view = mailbox.select(&[]);
    mailbox.append(1, SEEN);
    mailbox.expunge(&[102]);
    assert!(mailbox.poll(&mut view).is_empty());
    assert_eq!((view.exists(), view.mod_seq()), (1, mailbox.mod_seq));
}

#[test]
fn s88_recent_is_told_when_the_set_changes_though_the_count_does_not() {
    let mut mailbox = Mailbox::new(2);
    let mut view = mailbox.select(&[102]);
    mailbox.expunge(&[102]);
    mailbox.append(1, SystemFlags::default());
    view.add_recent(&[103].into_iter().collect());
    assert_eq!(
        lines(&mailbox.poll(&mut view)),
        ["2 EXPUNGE", "2 EXISTS", "1 RECENT", "2 FETCH 103 (\\Recent)"]
    );
    // Claimed later than it was told of.
    view.add_recent(&[101].into_iter().collect());
    assert!(view.has_updates());
    assert_eq!(lines(&mailbox.poll(&mut view)), ["2 RECENT", "1 FETCH 101 (\\Recent)"]);
}

#[test]
fn s88_recent_is_not_told_of_messages_that_are_not() {
    let mut mailbox = Mailbox::new(1);
    let mut view = mailbox.select(&[]);
    view.add_recent(&[102].into_iter().collect());
    assert!(!view.has_updates());
    assert!(view.updates(&UpdateOptions::default()).is_empty());
    mailbox.append(1, SystemFlags::default());
    assert_eq!(lines(&mailbox.poll(&mut view)), ["2 EXISTS", "1 RECENT", "2 FETCH 102 (\\Recent)"]);
}

#[test]
fn s89_a_flag_set_and_reset_is_no_event() {
    let mut mailbox = Mailbox::new(2);
    let mut view = mailbox.select(&[]);
    mailbox.store(101, FlagOp::Add, &["\\Seen"]);
    mailbox.store(101, FlagOp::Delete, &["\\Seen"]);
    view.feed(mailbox.state());
    assert!(!view.has_updates());
    assert!(view.updates(&UpdateOptions::default()).is_empty());
}

#[test]
fn s90_hidden_expunges_keep_their_numbers_until_told() {
    let mut mailbox = Mailbox::new(5);
    let mut view = mailbox.select(&[]);
    mailbox.store(102, FlagOp::Add, &["\\Seen", "$Mine"]);
    mailbox.poll(&mut view);
    mailbox.expunge(&[102]);
    mailbox.append(1, SystemFlags::default());
    assert!(!view.is_hidden(102) && !view.has_hidden());
    assert_eq!(lines(&mailbox.poll_hiding(&mut view)), ["6 EXISTS", "6 FETCH 106 ()"]);
    assert!(view.has_updates() && view.is_hidden(102) && view.has_hidden());
    assert_eq!(seqs(&view, "1:*", false).len(), 6);
    assert_eq!(seqs(&view, "2:3", false), [(2, 102), (3, 103)]);
    assert_eq!(seqs(&view, "102,104:200", true), [(2, 102), (4, 104), (5, 105), (6, 106)]);
    assert_eq!(
        (view.seq_of(102), view.uid_of(2), view.uid_of(7), view.uid_of(0)),
        (Some(2), Some(102), None, None)
    );
    assert_eq!(view.told_flags(102).unwrap().to_string(), "(\\Seen $Mine)");
    // A second one, hidden too; a change elsewhere keeps counting both.
    mailbox.expunge(&[104]);
    mailbox.store(105, FlagOp::Add, &["\\Seen"]);
    assert_eq!(lines(&mailbox.poll_hiding(&mut view)), ["5 FETCH 105 (\\Seen)"]);
    mailbox.expunge(&[106]);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["6 EXPUNGE", "4 EXPUNGE", "2 EXPUNGE"]);
    assert_eq!((view.exists(), view.max_uid()), (3, 105));
    assert!(mailbox.poll(&mut view).is_empty() && !view.has_hidden());
    // Fed, and not told: hidden already.
    mailbox.expunge(&[103]);
    view.feed(mailbox.state());
    assert!(view.is_hidden(103) && view.has_hidden());
}

#[test]
fn s90_a_hidden_last_message_is_still_the_star() {
    let mut mailbox = Mailbox::new(2);
    let mut view = mailbox.select(&[]);
    mailbox.expunge(&[101, 102]);
    mailbox.poll_hiding(&mut view);
    assert_eq!((view.exists(), view.max_uid()), (2, 102));
    assert_eq!(seqs(&view, "*", true), [(2, 102)]);
    assert_eq!(seqs(&view, "*", false), [(2, 102)]);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["2 EXPUNGE", "1 EXPUNGE"]);
    assert!(seqs(&view, "1:*", true).is_empty());
}

#[test]
fn s80_recent_never_counts_what_is_gone() {
    let mut mailbox = Mailbox::new(4);
    let mut view = mailbox.select(&[103, 104]);
    mailbox.expunge(&[103]);
    view.feed(mailbox.state());
    assert_eq!(view.recent().to_string(), "104");
    assert_eq!(view.flags_of(103, &Flags::new()).to_string(), "(\\Recent)");
    assert_eq!(lines(&view.updates(&UpdateOptions { hide_expunged: true, silence: None })), ["1 RECENT"]);
    assert_eq!(view.recent().to_string(), "104");
    assert_eq!(view.flags_of(103, &Flags::new()).to_string(), "(\\Recent)");
    assert_eq!(view.flags_of(104, &Flags::from_system(SEEN)).to_string(), "(\\Recent \\Seen)");
    assert_eq!(view.flags_of(101, &Flags::new()).to_string(), "()");
    assert_eq!(lines(&mailbox.poll(&mut view)), ["3 EXPUNGE"]);
}

#[test]
fn s92_silence_suppresses_exactly_the_foretold_flags() {
    let mut mailbox = Mailbox::new(3);
    let mut view = mailbox.select(&[]);
    mailbox.store(101, FlagOp::Add, &["\\Seen", "new"]);
    mailbox.store(102, FlagOp::Add, &["\\Seen", "new"]);
    mailbox.store(102, FlagOp::Add, &["\\Flagged"]);
    mailbox.store(103, FlagOp::Add, &["\\Seen", "new"]);
    assert_eq!(
        lines(&mailbox.poll_silent(&mut view, &[101, 102], FlagOp::Add, &["\\Seen", "NEW", "\\Recent"])),
        ["2 FETCH 102 (\\Flagged \\Seen new)", "3 FETCH 103 (\\Seen new)"]
    );
    // Silent is not forgotten: the view knows the flags now.
    assert!(mailbox.poll(&mut view).is_empty());
    assert_eq!(view.told_flags(101).unwrap().to_string(), "(\\Seen new)");
}

#[test]
fn s92_silence_foretells_removal_and_replacement() {
    let mut mailbox = Mailbox::new(0);
    mailbox.append(3, SEEN.with(FLAGGED));
    let mut view = mailbox.select(&[]);
    mailbox.store(101, FlagOp::Delete, &["\\Seen"]);
    assert!(mailbox.poll_silent(&mut view, &[101], FlagOp::Delete, &["\\Seen"]).is_empty());
    mailbox.store(102, FlagOp::Replace, &["\\Draft"]);
    assert!(mailbox.poll_silent(&mut view, &[102], FlagOp::Replace, &["\\Draft"]).is_empty());
    mailbox.store(103, FlagOp::Replace, &["\\Seen"]);
    assert_eq!(
        lines(&mailbox.poll_silent(&mut view, &[103], FlagOp::Delete, &["\\Seen"])),
        ["3 FETCH 103 (\\Seen)"]
    );
}

#[test]
fn s93_a_foreign_change_pending_before_a_silent_store_is_told() {
    let mut mailbox = Mailbox::new(1);
    let mut view = mailbox.select(&[]);
    mailbox.store(101, FlagOp::Add, &["\\Flagged"]);
    let before = mailbox.state();
    assert!(view.has_foreign_change(101, &before));
    view.feed(before);
    mailbox.store(101, FlagOp::Add, &["\\Seen"]);
    assert_eq!(
        lines(&mailbox.poll_silent(&mut view, &[101], FlagOp::Add, &["\\Seen"])),
        ["1 FETCH 101 (\\Flagged \\Seen)"]
    );
    assert!(!view.has_foreign_change(101, &mailbox.state()));
}

#[test]
fn s93_a_new_message_is_told_whatever_is_silenced() {
    let mut mailbox = Mailbox::new(1);
    let mut view = mailbox.select(&[]);
    mailbox.append(1, SEEN);
    assert_eq!(
        lines(&mailbox.poll_silent(&mut view, &[102], FlagOp::Add, &["\\Seen"])),
        ["2 EXISTS", "2 FETCH 102 (\\Seen)"]
    );
}

#[test]
fn s91_options_are_of_one_call() {
    let mut mailbox = Mailbox::new(2);
    let mut view = mailbox.select(&[]);
    mailbox.expunge(&[101]);
    assert!(mailbox.poll_hiding(&mut view).is_empty());
    assert_eq!(lines(&mailbox.poll(&mut view)), ["1 EXPUNGE"]);
    mailbox.store(102, FlagOp::Add, &["\\Seen"]);
    assert!(mailbox.poll_silent(&mut view, &[102], FlagOp::Add, &["\\Seen"]).is_empty());
    mailbox.store(102, FlagOp::Delete, &["\\Seen"]);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["1 FETCH 102 ()"]);
}

#[test]
fn s81_s90_what_is_taken_back_is_told_again() {
    let mut mailbox = Mailbox::new(4);
    let mut view = mailbox.select(&[]);
    mailbox.expunge(&[102]);
    mailbox.poll_hiding(&mut view);
    mailbox.expunge(&[104]);
    mailbox.store(101, FlagOp::Add, &["\\Seen"]);
    mailbox.append(1, FLAGGED);
    let before = view.told();
    let (exists, mod_seq) = (view.exists(), view.mod_seq());
    let lost = lines(&mailbox.poll(&mut view));
    assert!(lost.len() > 2 && !view.has_updates(), "{lost:?}");
    view.untell(before.clone());
    assert_eq!((view.exists(), view.mod_seq()), (exists, mod_seq));
    assert!(view.has_updates());
    assert_eq!(lines(&view.updates(&UpdateOptions::default())), lost);
    view.close();
    view.untell(before);
    assert!(view.is_over() && !view.has_updates());
}

#[test]
fn s95_a_deleted_mailbox_is_told_once_and_alone() {
    let mut mailbox = Mailbox::new(3);
    let mut view = mailbox.select(&[103]);
    mailbox.expunge(&[101]);
    mailbox.append(1, SEEN);
    view.feed(mailbox.state());
    view.set_deleted();
    assert!(view.is_closed() && view.has_updates() && !view.is_over());
    assert_eq!(lines(&view.updates(&UpdateOptions::default())), ["BYE"]);
    assert!(view.is_closed() && view.is_over() && !view.has_updates() && view.recent().is_empty());
    assert!(view.updates(&UpdateOptions::default()).is_empty());
    assert_eq!(mailbox.set.len(), 0);
}

#[test]
fn s96_recents_of_unknown_uids_do_no_harm() {
    let mut mailbox = Mailbox::new(2);
    let mut view = mailbox.select(&[1, 100, 102, 900]);
    view.add_recent(&RangeSet::from_ranges([(0, 50), (4_000_000_000, u32::MAX)]));
    assert!(mailbox.poll(&mut view).is_empty());
    assert_eq!(view.recent().ranges().next(), Some((102, 102)));
    mailbox.append(1, SEEN);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["3 EXISTS", "3 FETCH 103 (\\Seen)"]);
}

#[test]
fn s72_a_read_only_view_shows_what_is_unclaimed() {
    let mut mailbox = Mailbox::new(2);
    mailbox.unclaimed = [102].into_iter().collect();
    let mut view = mailbox.examine();
    assert_eq!(view.recent().to_string(), "102");
    mailbox.append(1, SystemFlags::default());
    mailbox.unclaimed.insert(103);
    assert_eq!(lines(&mailbox.poll(&mut view)), ["3 EXISTS", "2 RECENT", "3 FETCH 103 (\\Recent)"]);
    // Another view claims them: no step of the mod-sequence, yet told.
    mailbox.unclaimed = RangeSet::new();
    view.feed(mailbox.state());
    assert!(view.has_updates());
    let updates = view.updates(&UpdateOptions::default());
    assert_eq!(lines(&updates), ["0 RECENT", "2 FETCH 102 ()", "3 FETCH 103 ()"]);
}

#[test]
fn s77_s182_the_set_knows_the_open_views() {
    let mut mailbox = Mailbox::new(1);
    let set = mailbox.set.clone();
    assert!(set.is_empty() && !set.any_selected());
    let reader = mailbox.examine();
    assert_eq!((set.len(), set.any_selected()), (1, false));
    let mut writer = mailbox.select(&[101]);
    assert_eq!((set.len(), set.any_selected()), (2, true));
    writer.close();
    writer.close();
    assert!(writer.is_closed() && writer.recent().is_empty());
    assert_eq!((set.len(), set.any_selected()), (1, false));
    drop(reader);
    assert!(set.is_empty());
    let other = mailbox.select(&[101]);
    let handle = other.handle();
    assert!(handle.is_open());
    handle.close();
    assert!(other.is_closed() && other.recent().is_empty() && !handle.is_open() && set.is_empty());
    drop(other);
    handle.close();
}

#[test]
fn an_older_state_is_ignored() {
    let mut mailbox = Mailbox::new(1);
    let mut view = mailbox.select(&[]);
    let older = mailbox.state();
    mailbox.append(1, SEEN);
    view.feed(mailbox.state());
    view.feed(older);
    assert_eq!(lines(&view.updates(&UpdateOptions::default())), ["2 EXISTS", "2 FETCH 102 (\\Seen)"]);
}

#[test]
fn s17_s21_s24_sets_resolve_to_members_in_order() {
    let mut mailbox = Mailbox::new(0);
    mailbox.append(3 * PAGE_ROWS as usize, SystemFlags::default());
    let gone: Vec<Uid> = (101..101 + 3 * PAGE_ROWS).filter(|uid| uid % 5 == 0).collect();
    mailbox.expunge(&gone);
    let mut view = mailbox.select(&[]);
    let later: Vec<Uid> = (101..101 + 3 * PAGE_ROWS).filter(|uid| uid % 7 == 0).collect();
    mailbox.expunge(&later);
    mailbox.poll_hiding(&mut view);
    let members: Vec<(u32, Uid)> = (1..).zip((101..101 + 3 * PAGE_ROWS).filter(|uid| uid % 5 != 0)).collect();
    assert_eq!(view.exists() as usize, members.len());
    for text in ["1:*", "1:4294967295", "*:1"] {
        assert_eq!(seqs(&view, text, true), members, "{text}");
        assert_eq!(seqs(&view, text, false), members, "{text}");
    }
    for (seq, uid) in &members {
        assert_eq!((view.seq_of(*uid), view.uid_of(*seq)), (Some(*seq), Some(*uid)));
    }
    let cut = |from: u32, to: u32, by: fn(&(u32, Uid)) -> u32| {
        members.iter().copied().filter(|row| (from..=to).contains(&by(row))).collect::<Vec<_>>()
    };
    for (from, to) in [(1, 1), (2, 65), (2, 66), (300, 5000), (2148, 2150), (4000, 9000)] {
        let text = format!("{to}:{from},{from}");
        assert_eq!(seqs(&view, &text, false), cut(from, to, |row| row.0), "{text}");
        assert_eq!(seqs(&view, &text, true), cut(from, to, |row| row.1), "{text} uids");
    }
    assert!(seqs(&view, "105,110,1:100", true).is_empty());
}

/// Whatever happens and however it is hidden, who follows the updates knows the mailbox.
#[test]
fn s81_s90_a_client_that_applies_the_updates_knows_the_mailbox() {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut mailbox = Mailbox::new(3);
    let mut view = mailbox.select(&[]);
    let mut client: Vec<(Uid, Flags)> = (101..104).map(|uid| (uid, Flags::new())).collect();
    for step in 0..3000 {
        let next = mailbox.first_uid + mailbox.rows.len() as u32;
        let uid = 101 + random(u64::from(next - 101)) as u32;
        match random(5) {
            0 => mailbox.append(1 + random(3) as usize, SystemFlags(random(32) as u8)),
            1 => mailbox.expunge(&[uid]),
            2 => mailbox.store(uid, FlagOp::Add, &["\\Seen", ["a", "b", "c"][random(3) as usize]]),
            3 => mailbox.store(uid, FlagOp::Delete, &["\\Seen", "a"]),
            _ => view.add_recent(&[uid].into_iter().collect()),
        }
        if random(3) > 0 {
            continue;
        }
        let hide = random(2) == 0;
        let updates = if hide { mailbox.poll_hiding(&mut view) } else { mailbox.poll(&mut view) };
        assert!(!hide || updates.expunged.is_empty());
        for gone in &updates.expunged {
            assert_eq!(client.remove(gone.seq as usize - 1).0, gone.uid, "step {step}");
        }
        if let Some(exists) = updates.exists {
            let unknown = updates.flags.iter().filter(|row| row.seq as usize > client.len());
            let unknown: Vec<_> = unknown.map(|row| (row.uid, row.flags.clone())).collect();
            client.extend(unknown);
            assert_eq!(client.len(), exists as usize, "step {step}");
        }
        for row in &updates.flags {
            let known = &mut client[row.seq as usize - 1];
            assert_eq!(known.0, row.uid, "step {step}");
            known.1 = row.flags.clone();
        }
        assert_eq!(view.exists() as usize, client.len());
        let recent = client.iter().filter(|(_, flags)| flags.contains(SystemFlags::RECENT));
        let recent: RangeSet = recent.map(|(uid, _)| *uid).filter(|uid| !view.is_hidden(*uid)).collect();
        assert_eq!(recent, *view.recent());
        for (seq, (uid, flags)) in (1..).zip(&client) {
            assert_eq!((view.seq_of(*uid), view.uid_of(seq)), (Some(seq), Some(*uid)), "step {step}");
            assert_eq!(view.flags_of(*uid, &view.told_flags(*uid).unwrap()), *flags, "step {step}");
        }
        if !hide {
            let live: Vec<Uid> = mailbox.state().live().map(|live| live.uid).collect();
            assert_eq!(client.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), live);
        }
    }
}

#[test]
fn a_million_unchanged_messages_cost_pointer_comparisons() {
    let mut mailbox = Mailbox::new(1_000_000);
    let mut view = mailbox.select(&[]);
    mailbox.store(600_000, FlagOp::Add, &["\\Seen"]);
    let state = mailbox.state();
    let shared = view.newest().pages().iter().zip(state.pages());
    assert_eq!(shared.filter(|(a, b)| !Rc::ptr_eq(a.as_ref().unwrap(), b.as_ref().unwrap())).count(), 1);
    let mut visited = 0;
    let _ = updates::walk_changes(view.newest(), &state, &mut |_| {
        visited += 1;
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(visited, 1);
    view.feed(state);
    assert_eq!(lines(&view.updates(&UpdateOptions::default())), ["599900 FETCH 600000 (\\Seen)"]);
}
