//! Whether a message answers search keys: from what a mailbox's state says of
//! it where that is enough, else from its metadata. Not here: reading either.

use crate::model::{
    EmailId, Error, ErrorCode, Message, MessageFields, ModSeq, RangeSet, Result, SequenceSet, SystemFlags,
    ThreadId, Uid,
};
use crate::view::{FlagBits, MailboxState, SelectedMailbox};

use super::{Day, SearchKey};

/// How deep keys may be nested.
const MAX_DEPTH: usize = 200;

/// A message that may answer, with all that a [`MailboxState`] and a view tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its sequence number in the view.
    pub seq: u32,
    /// Its UID.
    pub uid: Uid,
    /// Its stored flags.
    pub bits: FlagBits,
    /// Its mod-sequence.
    pub mod_seq: ModSeq,
    /// Whether it is `\Recent` in the view.
    pub recent: bool,
}

/// Search keys made ready for one view at one moment.
#[derive(Debug)]
pub struct Matcher {
    root: Test,
    first_set: Option<SequenceSet>,
    fields: MessageFields,
    asks_mod_seq: bool,
}

#[derive(Debug)]
enum Test {
    Always,
    Never,
    Seqs(RangeSet),
    Uids(RangeSet),
    Bits(FlagBits),
    NoBits(FlagBits),
    Recent,
    ModSeq(ModSeq),
    Meta(Meta),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

/// What only a message's metadata tells.
#[derive(Debug)]
enum Meta {
    Before(Day),
    On(Day),
    Since(Day),
    SavedBefore(Day),
    SavedOn(Day),
    SavedSince(Day),
    Larger(u64),
    Smaller(u64),
    EmailId(EmailId),
    ThreadId(ThreadId),
}

impl Matcher {
    /// Makes keys ready. `disabled` are the keys that may not be used, by
    /// their IMAP names.
    ///
    /// Fails with `CANNOT` for a disabled key at any depth, under NOT too
    /// (semantics 150), and with `LIMIT` beyond 200 levels of nesting.
    pub fn new(keys: &[SearchKey], disabled: &[String], view: &SelectedMailbox) -> Result<Matcher> {
        let mut maker =
            Maker { disabled, view, state: view.newest(), fields: MessageFields::PLAIN, asks_mod_seq: false };
        let root = Test::All(maker.all(keys, 0)?);
        let first_set = keys.iter().find_map(|key| match key {
            SearchKey::Seq(set) => Some(set.clone()),
            _ => None,
        });
        Ok(Matcher { root, first_set, fields: maker.fields, asks_mod_seq: maker.asks_mod_seq })
    }

    /// A set outside which nothing answers.
    pub fn within(&self) -> SequenceSet {
        self.first_set.clone().unwrap_or_else(|| SequenceSet::all(true))
    }

    /// Whether a mod-sequence is asked for, so that the answer tells the highest one.
    pub fn asks_mod_seq(&self) -> bool {
        self.asks_mod_seq
    }

    /// Which metadata [`Matcher::test`] needs where it cannot tell without.
    pub fn fields(&self) -> MessageFields {
        self.fields
    }

    /// Whether the message answers; `None` where that takes its metadata and
    /// there is none here.
    pub fn test(&self, candidate: &Candidate, message: Option<&Message>) -> Option<bool> {
        self.root.ask(candidate, message)
    }
}

struct Maker<'a> {
    disabled: &'a [String],
    view: &'a SelectedMailbox,
    state: &'a MailboxState,
    fields: MessageFields,
    asks_mod_seq: bool,
}

impl Maker<'_> {
    fn all(&mut self, keys: &[SearchKey], depth: usize) -> Result<Vec<Test>> {
        keys.iter().map(|key| self.make(key, depth)).collect()
    }

    fn make(&mut self, key: &SearchKey, depth: usize) -> Result<Test> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorCode::Limit,
                format!("search keys are nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        key.check_enabled(self.disabled)?;
        let system = |flags: SystemFlags| FlagBits(u64::from(flags.without(SystemFlags::RECENT).0));
        Ok(match key {
            SearchKey::All => Test::Always,
            SearchKey::Seq(set) if set.is_uid() => Test::Uids(set.resolve(self.view.max_uid())),
            SearchKey::Seq(set) => Test::Seqs(set.resolve(self.view.exists())),
            SearchKey::Flag(flags) => {
                let recent = flags.contains(SystemFlags::RECENT).then_some(Test::Recent);
                Test::All([Test::Bits(system(*flags))].into_iter().chain(recent).collect())
            }
            SearchKey::NotFlag(flags) => {
                let recent = flags.contains(SystemFlags::RECENT).then(|| Test::Not(Box::new(Test::Recent)));
                Test::All([Test::NoBits(system(*flags))].into_iter().chain(recent).collect())
            }
            SearchKey::Keyword(keyword) => self.state.keywords().bit(keyword).map_or(Test::Never, Test::Bits),
            SearchKey::NotKeyword(keyword) => {
                self.state.keywords().bit(keyword).map_or(Test::Always, Test::NoBits)
            }
            SearchKey::New => Test::All(vec![Test::Recent, Test::NoBits(system(SystemFlags::SEEN))]),
            SearchKey::Old => Test::Not(Box::new(Test::Recent)),
            SearchKey::Recent => Test::Recent,
            SearchKey::Before(day) => Test::Meta(Meta::Before(*day)),
            SearchKey::On(day) => Test::Meta(Meta::On(*day)),
            SearchKey::Since(day) => Test::Meta(Meta::Since(*day)),
            SearchKey::SavedBefore(day) => Test::Meta(Meta::SavedBefore(*day)),
            SearchKey::SavedOn(day) => Test::Meta(Meta::SavedOn(*day)),
            SearchKey::SavedSince(day) => Test::Meta(Meta::SavedSince(*day)),
            SearchKey::Larger(size) => Test::Meta(Meta::Larger(*size)),
            SearchKey::Smaller(size) => Test::Meta(Meta::Smaller(*size)),
            SearchKey::EmailId(id) => {
                self.fields.ids = true;
                Test::Meta(Meta::EmailId(id.clone()))
            }
            SearchKey::ThreadId(id) => {
                self.fields.ids = true;
                Test::Meta(Meta::ThreadId(id.clone()))
            }
            SearchKey::ModSeq(mod_seq) => {
                self.asks_mod_seq = true;
                Test::ModSeq(*mod_seq)
            }
            SearchKey::Not(key) => Test::Not(Box::new(self.make(key, depth + 1)?)),
            SearchKey::Or(one, other) => {
                Test::Any(vec![self.make(one, depth + 1)?, self.make(other, depth + 1)?])
            }
            SearchKey::And(keys) => Test::All(self.all(keys, depth + 1)?),
        })
    }
}

impl Test {
    fn ask(&self, candidate: &Candidate, message: Option<&Message>) -> Option<bool> {
        Some(match self {
            Test::Always => true,
            Test::Never => false,
            Test::Seqs(set) => set.contains(candidate.seq),
            Test::Uids(set) => set.contains(candidate.uid),
            Test::Bits(bits) => candidate.bits.contains(*bits),
            Test::NoBits(bits) => candidate.bits.0 & bits.0 == 0,
            Test::Recent => candidate.recent,
            Test::ModSeq(mod_seq) => candidate.mod_seq >= *mod_seq,
            Test::Meta(meta) => meta.ask(message?),
            Test::Not(test) => !test.ask(candidate, message)?,
            Test::All(tests) => return decide(tests, candidate, message, false),
            Test::Any(tests) => return decide(tests, candidate, message, true),
        })
    }
}

/// The first test that answers `decisive` decides; an unknown one leaves the
/// whole unknown unless another decides.
fn decide(tests: &[Test], candidate: &Candidate, message: Option<&Message>, decisive: bool) -> Option<bool> {
    let mut known = true;
    for test in tests {
        match test.ask(candidate, message) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => known = false,
        }
    }
    known.then_some(!decisive)
}

impl Meta {
    fn ask(&self, message: &Message) -> bool {
        let day = || Day::local(message.internal_date);
        let saved = || Day::utc(message.save_date_ms);
        match self {
            Meta::Before(wanted) => day() < *wanted,
            Meta::On(wanted) => day() == *wanted,
            Meta::Since(wanted) => day() >= *wanted,
            Meta::SavedBefore(wanted) => saved() < *wanted,
            Meta::SavedOn(wanted) => saved() == *wanted,
            Meta::SavedSince(wanted) => saved() >= *wanted,
            Meta::Larger(size) => message.size > *size,
            Meta::Smaller(size) => message.size < *size,
            Meta::EmailId(id) => message.email_id.as_ref() == Some(id),
            Meta::ThreadId(id) => message.thread_id.as_ref() == Some(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::model::{Flags, MailboxId, ZonedTime};
    use crate::view::{FlagPage, Keywords, SelectedSet};

    /// Four messages as in the semantics' fixture: Seen; Seen Answered; Flagged; recent with a keyword.
    fn view() -> SelectedMailbox {
        let keywords = Keywords::new(vec!["$Junk".to_owned()]);
        let junk = keywords.bit("$junk").unwrap().0;
        let page = FlagPage::new(vec![1, 3, 4, junk], vec![2, 3, 4, 5]);
        let state = MailboxState::new(101, 105, 5, Rc::new(keywords), vec![Some(Rc::new(page))]);
        let recent = [104].into_iter().collect();
        SelectedMailbox::new(MailboxId::from_bytes(&[1]), false, Rc::new(state), recent, &SelectedSet::new())
    }

    fn message(uid: Uid, day: i64, size: u64) -> Message {
        let timestamp_ms = day * 86_400_000;
        Message {
            uid,
            internal_date: ZonedTime { timestamp_ms, zone_minutes: 0 },
            save_date_ms: timestamp_ms + 86_400_000,
            size,
            flags: Flags::new(),
            mod_seq: 1,
            expunged: false,
            email_id: Some(EmailId::from_bytes(&[uid as u8])),
            thread_id: Some(ThreadId::from_bytes(&[7])),
        }
    }

    /// The sequence numbers that answer, and of how many the metadata was needed.
    fn search(keys: &[SearchKey]) -> (Vec<u32>, usize) {
        let view = view();
        let matcher = Matcher::new(keys, &[], &view).unwrap();
        let mut asked = 0;
        let mut found = Vec::new();
        for (seq, uid) in view.resolve(&matcher.within()) {
            let live = view.newest().get(uid).unwrap();
            let candidate =
                Candidate { seq, uid, bits: live.bits, mod_seq: live.mod_seq, recent: view.has_recent(uid) };
            let answer = matcher.test(&candidate, None).unwrap_or_else(|| {
                asked += 1;
                let sized = message(uid, i64::from(seq) * 10, u64::from(seq) * 100);
                matcher.test(&candidate, Some(&sized)).unwrap()
            });
            if answer {
                found.push(seq);
            }
        }
        (found, asked)
    }

    fn set(text: &str, uid: bool) -> SearchKey {
        SearchKey::Seq(SequenceSet::parse(text, uid).unwrap())
    }

    fn not(key: SearchKey) -> SearchKey {
        SearchKey::Not(Box::new(key))
    }

    fn or(one: SearchKey, other: SearchKey) -> SearchKey {
        SearchKey::Or(Box::new(one), Box::new(other))
    }

    const SEEN: SearchKey = SearchKey::Flag(SystemFlags::SEEN);

    #[test]
    fn s137_s138_s139_sets_and_all() {
        for (keys, found) in [
            (vec![], vec![1, 2, 3, 4]),
            (vec![SearchKey::All], vec![1, 2, 3, 4]),
            (vec![not(SearchKey::All)], vec![]),
            (vec![set("2:3", false)], vec![2, 3]),
            (vec![set("1:3", false), set("2:4", false)], vec![2, 3]),
            (vec![SearchKey::And(vec![set("1:3", false), set("2:4", false)])], vec![2, 3]),
            (vec![or(set("1", false), set("3:4", false))], vec![1, 3, 4]),
            (vec![set("101:102", true)], vec![1, 2]),
            (vec![set("*", true)], vec![4]),
            (vec![set("9:*", false)], vec![4]),
            (vec![set("1:3", true)], vec![]),
            (vec![not(set("2", false)), set("1:2", false)], vec![1]),
            (vec![SearchKey::And(Vec::new())], vec![1, 2, 3, 4]),
            (vec![not(not(SEEN))], vec![1, 2]),
        ] {
            assert_eq!(search(&keys), (found, 0), "{keys:?}");
        }
    }

    #[test]
    fn s140_flags_keywords_and_recent() {
        let both = SystemFlags::SEEN.with(SystemFlags::ANSWERED);
        for (key, found) in [
            (SEEN, vec![1, 2]),
            (SearchKey::NotFlag(SystemFlags::SEEN), vec![3, 4]),
            (SearchKey::Flag(both), vec![2]),
            (SearchKey::NotFlag(both), vec![3, 4]),
            (SearchKey::New, vec![4]),
            (SearchKey::Recent, vec![4]),
            (SearchKey::Old, vec![1, 2, 3]),
            (SearchKey::Flag(SystemFlags::RECENT), vec![4]),
            (SearchKey::NotFlag(SystemFlags::RECENT), vec![1, 2, 3]),
            (SearchKey::And(vec![SEEN, SearchKey::NotFlag(SystemFlags::SEEN)]), vec![]),
            (SearchKey::Keyword("$JUNK".to_owned()), vec![4]),
            (SearchKey::NotKeyword("$junk".to_owned()), vec![1, 2, 3]),
            (SearchKey::Keyword("$none".to_owned()), vec![]),
            (SearchKey::NotKeyword("$none".to_owned()), vec![1, 2, 3, 4]),
            (SearchKey::ModSeq(4), vec![3, 4]),
        ] {
            assert_eq!(search(std::slice::from_ref(&key)), (found, 0), "{key:?}");
        }
    }

    #[test]
    fn s141_s144_s149_dates_sizes_and_ids_need_metadata() {
        for (key, found) in [
            (SearchKey::Before(Day(20)), vec![1]),
            (SearchKey::On(Day(20)), vec![2]),
            (SearchKey::Since(Day(20)), vec![2, 3, 4]),
            (SearchKey::SavedBefore(Day(21)), vec![1]),
            (SearchKey::SavedOn(Day(21)), vec![2]),
            (SearchKey::SavedSince(Day(21)), vec![2, 3, 4]),
            (SearchKey::Larger(300), vec![4]),
            (SearchKey::Smaller(300), vec![1, 2]),
            (SearchKey::EmailId(EmailId::from_bytes(&[103])), vec![3]),
            (SearchKey::EmailId(EmailId::parse("unknown").unwrap()), vec![]),
            (SearchKey::ThreadId(ThreadId::from_bytes(&[7])), vec![1, 2, 3, 4]),
            (not(SearchKey::Larger(300)), vec![1, 2, 3]),
        ] {
            assert_eq!(search(std::slice::from_ref(&key)), (found, 4), "{key:?}");
        }
    }

    #[test]
    fn metadata_is_asked_for_only_where_flags_do_not_decide() {
        assert_eq!(search(&[SEEN, SearchKey::Larger(100)]), (vec![2], 2));
        assert_eq!(search(&[SearchKey::Larger(100), SEEN]), (vec![2], 2));
        assert_eq!(search(&[or(SearchKey::Larger(300), SEEN)]), (vec![1, 2, 4], 2));
        assert_eq!(search(&[not(or(SEEN, SearchKey::Smaller(400)))]), (vec![4], 2));
        assert_eq!(search(&[set("2", false), SearchKey::Larger(100)]), (vec![2], 1));
    }

    fn refused(keys: &[SearchKey], disabled: &str) -> Option<ErrorCode> {
        Matcher::new(keys, &[disabled.to_owned()], &view()).err().map(|error| error.code())
    }

    #[test]
    fn s150_disabled_keys_are_refused_at_any_depth() {
        let draft = SearchKey::Flag(SystemFlags::DRAFT);
        for keys in [
            vec![draft.clone()],
            vec![SEEN, not(draft.clone())],
            vec![not(or(SEEN, SearchKey::And(vec![SEEN, draft.clone()])))],
            vec![SearchKey::Flag(SystemFlags::SEEN.with(SystemFlags::DRAFT))],
        ] {
            assert_eq!(refused(&keys, "DRAFT"), Some(ErrorCode::Cannot), "{keys:?}");
            assert_eq!(refused(&keys, "draft"), Some(ErrorCode::Cannot), "{keys:?}");
            assert_eq!(refused(&keys, "SMALLER"), None, "{keys:?}");
        }
        assert_eq!(refused(&[SearchKey::NotFlag(SystemFlags::DRAFT)], "DRAFT"), None);
        assert_eq!(refused(&[SearchKey::NotFlag(SystemFlags::DRAFT)], "UNDRAFT"), Some(ErrorCode::Cannot));
        assert_eq!(refused(&[set("1", true)], "SEQSET"), Some(ErrorCode::Cannot));
        assert_eq!(refused(&[set("1", false)], "SEQSET"), Some(ErrorCode::Cannot));
        assert_eq!(refused(&[SearchKey::And(Vec::new())], "KEYSET"), Some(ErrorCode::Cannot));
    }

    #[test]
    fn keys_that_are_nested_too_deep_are_refused() {
        let nest = |depth: usize| (0..depth).fold(SEEN, |key, _| not(key));
        assert_eq!(search(&[nest(MAX_DEPTH)]).0, [1, 2]);
        assert_eq!(refused(&[nest(MAX_DEPTH + 1)], ""), Some(ErrorCode::Limit));
    }
}
