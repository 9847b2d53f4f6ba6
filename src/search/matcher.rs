//! Whether a message answers search keys, from as little of it as decides:
//! what a mailbox's state says of it, then its metadata, its list row, its
//! header, its text. Not here: reading any of these.

use crate::mime::{ListRow, RowFields};
use crate::model::{
    EmailId, Message, MessageFields, ModSeq, RangeSet, Result, SequenceSet, SystemFlags, ThreadId, Uid,
};
use crate::view::{FlagBits, MailboxState, SelectedMailbox};

use super::needle::{Field, Needle};
use super::{Day, HeaderColumns, SearchKey};

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

/// What was read of a message so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Its metadata, with the [fields](Matcher::fields) that are needed.
    pub message: Option<&'a Message>,
    /// What a list shows of it, with the [texts](Matcher::row_fields) that are needed.
    pub row: Option<&'a ListRow>,
    /// What is kept of the headers of many messages, which may tell what its row would.
    pub columns: Option<&'a HeaderColumns>,
    /// The octets of its header.
    pub header: Option<&'a [u8]>,
    /// Its searchable text in UTF-8, folded as [`Extracted::text`](crate::mime::Extracted::text).
    pub text: Option<&'a [u8]>,
}

/// A piece of [`Evidence`], the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// [`Evidence::message`].
    Message,
    /// [`Evidence::row`].
    Row,
    /// [`Evidence::header`].
    Header,
    /// [`Evidence::text`].
    Text,
}

/// Whether a message answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That takes more evidence. Of what might decide, this is the cheapest;
    /// it was not there yet.
    Needs(Need),
}

/// Search keys made ready for one view at one moment.
#[derive(Debug)]
pub struct Matcher {
    root: Test,
    first_set: Option<SequenceSet>,
    fields: MessageFields,
    row_fields: RowFields,
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
    Sent(Order, Day),
    HasAttachment(bool),
    Field(Field, Needle),
    Body(Needle),
    Text(Needle),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

/// How a day must lie to the one that is asked for.
#[derive(Debug, Clone, Copy)]
enum Order {
    Before,
    On,
    Since,
}

/// What only a message's metadata tells.
#[derive(Debug)]
enum Meta {
    /// INTERNALDATE, in its own offset.
    Internal(Order, Day),
    /// SAVEDATE, in UTC.
    Saved(Order, Day),
    /// INTERNALDATE at this second or later, counted from 1970 UTC.
    From(i64),
    /// INTERNALDATE at this second or earlier, counted from 1970 UTC.
    Until(i64),
    Larger(u64),
    Smaller(u64),
    EmailId(EmailId),
    ThreadId(ThreadId),
}

impl Matcher {
    /// Makes keys ready. `disabled` are the keys that may not be used, by
    /// their IMAP names; `now_ms` is the instant from which YOUNGER and OLDER
    /// count, in milliseconds since 1970 UTC.
    ///
    /// Fails with `CANNOT` for a disabled key at any depth, under NOT too
    /// (semantics 150), and with `LIMIT` beyond 200 levels of nesting.
    pub fn new(
        keys: &[SearchKey],
        disabled: &[String],
        view: &SelectedMailbox,
        now_ms: i64,
    ) -> Result<Matcher> {
        let mut maker = Maker {
            disabled,
            view,
            state: view.newest(),
            now_ms,
            fields: MessageFields::PLAIN,
            row_fields: RowFields::NONE,
            asks_mod_seq: false,
        };
        let root = Test::All(maker.all(keys, 0)?);
        let first_set = keys.iter().find_map(|key| match key {
            SearchKey::Seq(set) => Some(set.clone()),
            _ => None,
        });
        let Maker { fields, row_fields, asks_mod_seq, .. } = maker;
        Ok(Matcher { root, first_set, fields, row_fields, asks_mod_seq })
    }

    /// A set outside which nothing answers.
    pub fn within(&self) -> SequenceSet {
        self.first_set.clone().unwrap_or_else(|| SequenceSet::all(true))
    }

    /// Whether a mod-sequence is asked for, so that the answer tells the highest one.
    pub fn asks_mod_seq(&self) -> bool {
        self.asks_mod_seq
    }

    /// Which metadata [`Matcher::test`] needs where it needs any.
    pub fn fields(&self) -> MessageFields {
        self.fields
    }

    /// Which texts of list rows [`Matcher::test`] needs where it needs rows.
    pub fn row_fields(&self) -> RowFields {
        self.row_fields
    }

    /// Whether the message answers, as far as the evidence tells. Each piece
    /// that is needed and then given brings the verdict nearer: with all four,
    /// there is one.
    pub fn test(&self, candidate: &Candidate, evidence: &Evidence<'_>) -> Verdict {
        match self.root.ask(candidate, evidence) {
            Ok(true) => Verdict::Yes,
            Ok(false) => Verdict::No,
            Err(need) => Verdict::Needs(need),
        }
    }
}

struct Maker<'a> {
    disabled: &'a [String],
    view: &'a SelectedMailbox,
    state: &'a MailboxState,
    now_ms: i64,
    fields: MessageFields,
    row_fields: RowFields,
    asks_mod_seq: bool,
}

impl Maker<'_> {
    fn all(&mut self, keys: &[SearchKey], depth: usize) -> Result<Vec<Test>> {
        keys.iter().map(|key| self.make(key, depth)).collect()
    }

    fn make(&mut self, key: &SearchKey, depth: usize) -> Result<Test> {
        SearchKey::check_depth(depth)?;
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
            SearchKey::Before(day) => Test::Meta(Meta::Internal(Order::Before, *day)),
            SearchKey::On(day) => Test::Meta(Meta::Internal(Order::On, *day)),
            SearchKey::Since(day) => Test::Meta(Meta::Internal(Order::Since, *day)),
            SearchKey::SavedBefore(day) => Test::Meta(Meta::Saved(Order::Before, *day)),
            SearchKey::SavedOn(day) => Test::Meta(Meta::Saved(Order::On, *day)),
            SearchKey::SavedSince(day) => Test::Meta(Meta::Saved(Order::Since, *day)),
            SearchKey::Younger(seconds) => Test::Meta(Meta::From(self.ago(*seconds))),
            SearchKey::Older(seconds) => Test::Meta(Meta::Until(self.ago(*seconds))),
            SearchKey::SentBefore(day) => Test::Sent(Order::Before, *day),
            SearchKey::SentOn(day) => Test::Sent(Order::On, *day),
            SearchKey::SentSince(day) => Test::Sent(Order::Since, *day),
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
            SearchKey::From(text) => self.field(Field::From, text),
            SearchKey::To(text) => self.field(Field::To, text),
            SearchKey::Cc(text) => self.field(Field::Cc, text),
            SearchKey::Bcc(text) => self.field(Field::Bcc, text),
            SearchKey::Subject(text) => self.field(Field::Subject, text),
            SearchKey::Header { name, value } => self.field(Field::named(name), value),
            // Every message has a body, if an empty one.
            SearchKey::Body(text) | SearchKey::Text(text) if text.is_empty() => Test::Always,
            SearchKey::Body(text) => Test::Body(Needle::new(text)),
            SearchKey::Text(text) => Test::Text(Needle::new(text)),
            SearchKey::HasAttachment(wanted) => Test::HasAttachment(*wanted),
            SearchKey::Not(key) => Test::Not(Box::new(self.make(key, depth + 1)?)),
            SearchKey::Or(one, other) => {
                Test::Any(vec![self.make(one, depth + 1)?, self.make(other, depth + 1)?])
            }
            SearchKey::And(keys) => Test::All(self.all(keys, depth + 1)?),
        })
    }

    fn field(&mut self, field: Field, text: &str) -> Test {
        self.row_fields = self.row_fields.and(field.row_fields());
        Test::Field(field, Needle::new(text))
    }

    /// The second so long before now, counted from 1970 UTC.
    fn ago(&self, seconds: u64) -> i64 {
        second_of(self.now_ms).saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

/// OLDER and YOUNGER are exact to the second, and both take in the second itself (RFC 5032
/// section 2).
fn second_of(timestamp_ms: i64) -> i64 {
    timestamp_ms.div_euclid(1000)
}

/// The answer, or what is needed to give one.
type Answer = Result<bool, Need>;

impl Test {
    fn ask(&self, candidate: &Candidate, evidence: &Evidence<'_>) -> Answer {
        Ok(match self {
            Test::Always => true,
            Test::Never => false,
            Test::Seqs(set) => set.contains(candidate.seq),
            Test::Uids(set) => set.contains(candidate.uid),
            Test::Bits(bits) => candidate.bits.contains(*bits),
            Test::NoBits(bits) => candidate.bits.0 & bits.0 == 0,
            Test::Recent => candidate.recent,
            Test::ModSeq(mod_seq) => candidate.mod_seq >= *mod_seq,
            Test::Meta(meta) => meta.ask(evidence.message.ok_or(Need::Message)?),
            Test::Sent(order, day) => {
                let sent = evidence.row.ok_or(Need::Row)?.sent_date;
                sent.is_some_and(|sent| order.holds(Day(sent.local_day()), *day))
            }
            Test::HasAttachment(wanted) => evidence.row.ok_or(Need::Row)?.has_attachment == *wanted,
            Test::Field(field, needle) => return ask_field(field, needle, candidate.uid, evidence),
            Test::Body(needle) => needle.is_in(evidence.text.ok_or(Need::Text)?),
            Test::Text(needle) => {
                needle.is_in_header(evidence.header.ok_or(Need::Header)?)
                    || needle.is_in(evidence.text.ok_or(Need::Text)?)
            }
            Test::Not(test) => !test.ask(candidate, evidence)?,
            Test::All(tests) => return decide(tests, candidate, evidence, false),
            Test::Any(tests) => return decide(tests, candidate, evidence, true),
        })
    }
}

/// The first test that answers `decisive` decides; unknown ones leave the
/// whole unknown unless another decides.
fn decide(tests: &[Test], candidate: &Candidate, evidence: &Evidence<'_>, decisive: bool) -> Answer {
    let mut need: Option<Need> = None;
    for test in tests {
        match test.ask(candidate, evidence) {
            Ok(answer) if answer == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(other) => need = Some(need.map_or(other, |need| need.min(other))),
        }
    }
    need.map_or(Ok(!decisive), Err)
}

fn ask_field(field: &Field, needle: &Needle, uid: Uid, evidence: &Evidence<'_>) -> Answer {
    // The empty text asks whether the field is there, which its text does not tell.
    let columns = evidence.columns.filter(|_| !needle.is_empty());
    if let Some(folded) = columns.and_then(|columns| columns.get(field.kept_as(), uid)) {
        return Ok(needle.is_in(folded));
    }
    match (evidence.row, evidence.header) {
        (Some(row), Some(header)) => {
            Ok(field.ask_row(needle, row).unwrap_or_else(|| field.ask_header(needle, header)))
        }
        (None, Some(header)) => Ok(field.ask_header(needle, header)),
        (Some(row), None) => field.ask_row(needle, row).ok_or(Need::Header),
        (None, None) => Err(if field.is_in_rows() { Need::Row } else { Need::Header }),
    }
}

impl Order {
    fn holds(self, day: Day, wanted: Day) -> bool {
        match self {
            Order::Before => day < wanted,
            Order::On => day == wanted,
            Order::Since => day >= wanted,
        }
    }
}

impl Meta {
    fn ask(&self, message: &Message) -> bool {
        match self {
            Meta::Internal(order, day) => order.holds(Day::local(message.internal_date), *day),
            Meta::Saved(order, day) => order.holds(Day::utc(message.save_date_ms), *day),
            Meta::From(second) => second_of(message.internal_date.timestamp_ms) >= *second,
            Meta::Until(second) => second_of(message.internal_date.timestamp_ms) <= *second,
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
    use crate::mime::extract;
    use crate::model::{ErrorCode, Flags, MailboxId, ZonedTime};
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
            damaged: false,
            email_id: Some(EmailId::from_bytes(&[uid as u8])),
            thread_id: Some(ThreadId::from_bytes(&[7])),
        }
    }

    /// The sequence numbers that answer, and of how many the metadata was needed.
    fn search(keys: &[SearchKey]) -> (Vec<u32>, usize) {
        search_at(keys, NOW_MS)
    }

    fn search_at(keys: &[SearchKey], now_ms: i64) -> (Vec<u32>, usize) {
        let view = view();
        let matcher = Matcher::new(keys, &[], &view, now_ms).unwrap();
        let mut asked = 0;
        let mut found = Vec::new();
        for (seq, uid) in view.resolve(&matcher.within()) {
            let live = view.newest().get(uid).unwrap();
            let candidate =
                Candidate { seq, uid, bits: live.bits, mod_seq: live.mod_seq, recent: view.has_recent(uid) };
            let mut verdict = matcher.test(&candidate, &Evidence::default());
            if verdict == Verdict::Needs(Need::Message) {
                asked += 1;
                let sized = message(uid, i64::from(seq) * 10, u64::from(seq) * 100);
                verdict =
                    matcher.test(&candidate, &Evidence { message: Some(&sized), ..Evidence::default() });
            }
            if verdict == Verdict::Yes {
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

    /// The 31st day, at 00:00 UTC.
    const NOW_MS: i64 = 30 * 86_400_000;

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
    fn younger_and_older_take_in_the_whole_second_at_their_end() {
        // The second message is of just twenty days after 1970, now is ten days and a while later.
        for (seconds, past_ms, younger, older) in [
            (864_000, 0, vec![2, 3, 4], vec![1, 2]),
            (864_000, 999, vec![2, 3, 4], vec![1, 2]),
            (864_000, 1_000, vec![3, 4], vec![1, 2]),
            (864_001, 1_999, vec![2, 3, 4], vec![1, 2]),
            (864_001, 999, vec![2, 3, 4], vec![1]),
            (864_000, -1, vec![2, 3, 4], vec![1]),
        ] {
            let found = |key| search_at(&[key], NOW_MS + past_ms).0;
            assert_eq!(found(SearchKey::Younger(seconds)), younger, "{seconds} {past_ms}");
            assert_eq!(found(SearchKey::Older(seconds)), older, "{seconds} {past_ms}");
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
            (SearchKey::Younger(86_400 * 10), vec![2, 3, 4]),
            (SearchKey::Younger(86_400 * 10 - 1), vec![3, 4]),
            (SearchKey::Older(86_400 * 10), vec![1, 2]),
            (SearchKey::Older(86_400 * 10 + 1), vec![1]),
            (SearchKey::Older(u64::MAX), vec![]),
            (SearchKey::Younger(u64::MAX), vec![1, 2, 3, 4]),
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
        Matcher::new(keys, &[disabled.to_owned()], &view(), NOW_MS).err().map(|error| error.code())
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
        use crate::search::key::MAX_DEPTH;
        let nest = |depth: usize| (0..depth).fold(SEEN, |key, _| not(key));
        assert_eq!(search(&[nest(MAX_DEPTH)]).0, [1, 2]);
        assert_eq!(refused(&[nest(MAX_DEPTH + 1)], ""), Some(ErrorCode::Limit));
    }

    const MAIL: &[u8] = b"From: Ann <ann@x>\r\nDate: 21 Jan 1970 23:30:00 -0500\r\nSubject: apples\r\nX-Tag: red\r\n\r\nPears and\r\nplums\r\n";

    /// The verdict on a message that is seen, of 200 octets, and what it took.
    fn judge(keys: &[SearchKey], mail: &[u8]) -> (bool, Vec<Need>) {
        let view = view();
        let matcher = Matcher::new(keys, &[], &view, NOW_MS).unwrap();
        let candidate = Candidate { seq: 1, uid: 101, bits: FlagBits(1), mod_seq: 2, recent: false };
        let extracted = extract(mail);
        let metadata = message(101, 10, 200);
        let (mut evidence, mut asked) = (Evidence::default(), Vec::new());
        loop {
            let need = match matcher.test(&candidate, &evidence) {
                Verdict::Yes => return (true, asked),
                Verdict::No => return (false, asked),
                Verdict::Needs(need) => need,
            };
            assert!(asked.last().is_none_or(|last| *last < need), "{asked:?}, then {need:?}: {keys:?}");
            asked.push(need);
            match need {
                Need::Message => evidence.message = Some(&metadata),
                Need::Row => evidence.row = Some(&extracted.row),
                Need::Header => evidence.header = Some(crate::mime::header::split(mail).header),
                Need::Text => evidence.text = Some(extracted.text.as_bytes()),
            }
        }
    }

    fn body(text: &str) -> SearchKey {
        SearchKey::Body(text.to_owned())
    }

    fn from(text: &str) -> SearchKey {
        SearchKey::From(text.to_owned())
    }

    fn header(name: &str, value: &str) -> SearchKey {
        SearchKey::Header { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn s141_s143_s145_s146_each_key_asks_for_the_least_that_tells() {
        let text = |text: &str| SearchKey::Text(text.to_owned());
        for (key, answer, asked) in [
            (from("ANN <ann@X>"), true, vec![Need::Row]),
            (SearchKey::Subject("apple".to_owned()), true, vec![Need::Row]),
            (SearchKey::To("x".to_owned()), false, vec![Need::Row]),
            (SearchKey::Cc(String::new()), false, vec![Need::Row, Need::Header]),
            (SearchKey::Bcc("ann".to_owned()), false, vec![Need::Row]),
            // In its own offset it is the 21st.
            (SearchKey::SentOn(Day(20)), true, vec![Need::Row]),
            (SearchKey::SentBefore(Day(20)), false, vec![Need::Row]),
            (SearchKey::SentSince(Day(20)), true, vec![Need::Row]),
            (SearchKey::HasAttachment(false), true, vec![Need::Row]),
            (SearchKey::HasAttachment(true), false, vec![Need::Row]),
            (header("FROM", "ann"), true, vec![Need::Row]),
            (header("x-tag", "RED"), true, vec![Need::Header]),
            (header("date", "-0500"), true, vec![Need::Header]),
            (header("x-tag", "pears"), false, vec![Need::Header]),
            (body("pears AND plums"), true, vec![Need::Text]),
            (body("apples"), false, vec![Need::Text]),
            (body(""), true, vec![]),
            (text("apples"), true, vec![Need::Header]),
            (text("plums"), true, vec![Need::Header, Need::Text]),
            (text("subject: apples"), true, vec![Need::Header]),
            (text("red pears"), false, vec![Need::Header, Need::Text]),
            (text(""), true, vec![]),
        ] {
            assert_eq!(judge(std::slice::from_ref(&key), MAIL), (answer, asked.clone()), "{key:?}");
            assert_eq!(judge(&[not(key.clone())], MAIL), (!answer, asked), "NOT {key:?}");
        }
    }

    #[test]
    fn s143_without_a_date_that_can_be_read_nothing_was_sent() {
        for mail in [&b"Subject: x\r\n\r\n"[..], b"Date: yesterday\r\n\r\n", b"Date:\r\n\r\n", b""] {
            for key in
                [SearchKey::SentBefore(Day(99)), SearchKey::SentOn(Day(0)), SearchKey::SentSince(Day(-99))]
            {
                assert!(!judge(std::slice::from_ref(&key), mail).0);
                assert!(judge(&[not(key)], mail).0);
            }
        }
    }

    #[test]
    fn the_cheaper_keys_decide_before_the_dearer_are_asked() {
        for (keys, answer, asked) in [
            (vec![body("pears"), SearchKey::NotFlag(SystemFlags::SEEN)], false, vec![]),
            (vec![or(body("pears"), SEEN)], true, vec![]),
            (vec![body("pears"), from("bob")], false, vec![Need::Row]),
            (vec![or(body("nuts"), from("ann"))], true, vec![Need::Row]),
            (vec![body("pears"), SearchKey::Larger(200)], false, vec![Need::Message]),
            (
                vec![body("pears"), header("x-tag", "red"), from("ann"), SearchKey::Larger(100)],
                true,
                vec![Need::Message, Need::Row, Need::Header, Need::Text],
            ),
            (vec![not(or(from("ann"), body("nuts")))], false, vec![Need::Row]),
            (vec![not(SearchKey::And(vec![body("nuts"), from("bob")]))], true, vec![Need::Row]),
        ] {
            assert_eq!(judge(&keys, MAIL), (answer, asked), "{keys:?}");
        }
    }
}
