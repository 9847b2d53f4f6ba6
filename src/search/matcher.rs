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
