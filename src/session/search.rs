//! SEARCH: which messages of a view, or of many mailboxes, answer, reading as
//! little of them as the keys need. Not here: what the keys mean (`crate::search`).

use std::pin::pin;
use std::rc::Rc;

use futures::future::{Either, select};

use super::{Arrangements, BaseSession, MailboxMatches, SearchOptions, SearchProgress, SearchResult};
use crate::backend::{Look, MailboxData, header_octets};
use crate::mime::ListRow;
use crate::model::{Error, ErrorCode, MailboxName, Message, RangeSet, Result, Uid, sorting};
use crate::platform::{self, Turn};
use crate::search::{Candidate, Evidence, HeaderColumns, Matcher, Need, Returns, SearchKey, Verdict};
use crate::view::{Event, SelectedMailbox, SelectedSet, UpdateOptions};

/// How many messages are asked what the mailbox's state tells before others get a turn.
const STATE_CHUNK: usize = 65_536;

/// How many messages' metadata and list rows are held at once: what one read of the storage brings.
const CHUNK: usize = 4096;

/// Of how many octets of mail headers are held at once; one message may be longer.
const BATCH_OCTETS: u64 = 8 * 1024 * 1024;

/// After so many octets of text it is told how far the search is.
const TOLD_OCTETS: usize = 6 * 1024 * 1024;

impl BaseSession {
    /// SEARCH: the view's messages that answer all of the keys; no keys, every
    /// message does (semantics 151). Flags are those of now. A message that is
    /// gone but not announced answers with what was last told of it and keeps
    /// its number; this call announces none (semantics 90, 100). Where what
    /// the keys ask of it is not known any more, it does not answer.
    ///
    /// Metadata is read only for messages that flags and numbers leave open,
    /// list rows only for those that metadata does, headers and texts, a few
    /// megabytes at a time, only for the rest.
    ///
    /// Fails with `CANNOT` for a disabled key at any depth (semantics 150),
    /// `LIMIT` for keys nested too deep, `ABORTED` once `options.cancel` is
    /// set, and `CLOSED` for a view that is closed.
    pub async fn search_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        keys: &[SearchKey],
        options: &SearchOptions,
    ) -> Result<SearchResult> {
        self.search_with(selected, keys, options, None).await
    }

    /// As [`search_mailbox`](Self::search_mailbox), for a caller that keeps what the view's messages were
    /// searched in from one call to the next: subjects and addresses are then looked for in memory.
    pub async fn search_keeping(
        &self,
        selected: &mut SelectedMailbox,
        keys: &[SearchKey],
        options: &SearchOptions,
        kept: &mut Arrangements,
    ) -> Result<SearchResult> {
        self.search_with(selected, keys, options, Some(&mut kept.columns)).await
    }

    /// The same, with what is kept of headers, where anything is.
    pub(super) async fn search_with(
        &self,
        selected: &mut SelectedMailbox,
        keys: &[SearchKey],
        options: &SearchOptions,
        columns: Option<&mut HeaderColumns>,
    ) -> Result<SearchResult> {
        self.on_view(selected, Look::STATE, async |mailbox, selected| {
            let mut search = Search { columns, ..Search::new(options) };
            search.report.progress.mailboxes = 1;
            search.check_cancelled()?;
            mailbox.update_selected(selected, None).await?;
            let matcher =
                Matcher::new(keys, &self.options.disabled_search_keys, selected, platform::now_ms())?;
            let members = selected.resolve(&matcher.within());
            if keys.is_empty() && options.progress.is_none() {
                // Every message answers, and nobody waits to be told of it.
                let expunge_issued = selected.has_hidden();
                let updates = selected.updates(&UpdateOptions { hide_expunged: true, silence: None });
                return Ok(SearchResult { messages: members, mod_seq: None, expunge_issued, updates });
            }
            search.expect(members.len());
            let found = search.run(mailbox.as_ref(), selected, &matcher, &members).await?;
            let mod_seq = matcher.asks_mod_seq().then(|| mod_seq_of(&found, options.returns)).flatten();
            let expunge_issued = found.iter().any(|candidate| selected.is_hidden(candidate.uid));
            let messages = found.iter().map(|candidate| (candidate.seq, candidate.uid)).collect();
            let updates = selected.updates(&UpdateOptions { hide_expunged: true, silence: None });
            Ok(SearchResult { messages, mod_seq, expunge_issued, updates })
        })
        .await
    }

    /// SEARCH in many mailboxes at once, or in all, without a view: as if each
    /// were selected read-only at this moment, with the `\Recent` that no view
    /// has claimed. Answers come in the order of the names or, for all
    /// mailboxes, of LIST; a mailbox that is named twice answers once. One that
    /// is deleted meanwhile is left out.
    ///
    /// Fails as [`search_mailbox`](Self::search_mailbox) does, and with
    /// `NOT_FOUND` for a name that is no mailbox.
    pub async fn search(
        &self,
        keys: &[SearchKey],
        mailboxes: Option<&[String]>,
        options: &SearchOptions,
    ) -> Result<Vec<MailboxMatches>> {
        self.run(async {
            let mut search = Search::new(options);
            search.check_cancelled()?;
            let mut places = Vec::new();
            for mailbox in self.named_mailboxes(mailboxes).await? {
                // One that has no state any more is deleted.
                let Some(state) = mailbox.state().await? else { continue };
                let recent = state.unclaimed_recent().clone();
                let view = SelectedMailbox::new(
                    mailbox.mailbox_id(),
                    true,
                    state,
                    recent,
                    // Nobody else's business: no delivery shall see this view.
                    &SelectedSet::new(),
                );
                let matcher =
                    Matcher::new(keys, &self.options.disabled_search_keys, &view, platform::now_ms())?;
                let members = view.resolve(&matcher.within());
                search.expect(members.len());
                places.push((mailbox, view, matcher, members));
                search.rest().await?;
            }
            search.report.progress.mailboxes = places.len() as u64;
            let mut answers = Vec::with_capacity(places.len());
            for (mailbox, view, matcher, members) in places {
                let searched = search.report.progress.searched + members.len() as u64;
                let found = match search.run(mailbox.as_ref(), &view, &matcher, &members).await {
                    Err(error) if error.code() == ErrorCode::Closed => {
                        // Closed may be the mailbox's end or the storage's; only the first is passed over.
                        match self.mailbox_set.get_mailbox_by_id(&mailbox.mailbox_id()).await? {
                            None => None,
                            Some(_) => return Err(error),
                        }
                    }
                    found => Some(found?),
                };
                search.report.progress.searched = searched;
                search.report.progress.mailboxes_done += 1;
                let Some(found) = found else { continue };
                answers.push(MailboxMatches {
                    name: mailbox.name(),
                    mailbox_id: mailbox.mailbox_id(),
                    uid_validity: mailbox.uid_validity(),
                    uids: RangeSet::from_sorted(found.iter().map(|candidate| candidate.uid)),
                });
            }
            search.report.tell(&[]);
            Ok(answers)
        })
        .await
    }

    /// The mailboxes of these names, or all that can be selected, each once.
    async fn named_mailboxes(&self, names: Option<&[String]>) -> Result<Vec<Rc<dyn MailboxData>>> {
        let mut found: Vec<Rc<dyn MailboxData>> = Vec::new();
        let Some(names) = names else {
            for entry in self.mailbox_set.list_mailboxes().await?.entries() {
                match self.mailbox_set.get_mailbox(&MailboxName::parse(&entry.name)?).await {
                    Ok(mailbox) => found.push(mailbox),
                    // Only an ancestor, or deleted since.
                    Err(error) if error.code() == ErrorCode::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            return Ok(found);
        };
        for name in names {
            let mailbox = self.mailbox_set.get_mailbox(&MailboxName::parse(name)?).await?;
            if !found.iter().any(|known| known.mailbox_id() == mailbox.mailbox_id()) {
                found.push(mailbox);
            }
        }
        Ok(found)
    }
}

/// The highest mod-sequence among those of the found that are told (RFC 7162 section 3.1.5).
fn mod_seq_of(found: &[Candidate], returns: Option<Returns>) -> Option<u64> {
    let ends_only =
        returns.is_some_and(|returns| (returns.min || returns.max) && !returns.all && !returns.count);
    let Some(returns) = returns.filter(|_| ends_only) else {
        return found.iter().map(|candidate| candidate.mod_seq).max();
    };
    let lowest = found.first().filter(|_| returns.min);
    let highest = found.last().filter(|_| returns.max);
    [lowest, highest].into_iter().flatten().map(|candidate| candidate.mod_seq).max()
}

/// What is known of a member: as it is now or, where it is gone, as it was told.
fn candidate(selected: &SelectedMailbox, seq: u32, uid: Uid) -> Option<Candidate> {
    let live = selected.newest().get(uid).or_else(|| selected.told_live(uid))?;
    let recent = selected.has_recent(uid);
    Some(Candidate { seq, uid, bits: live.bits, mod_seq: live.mod_seq, recent })
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Aborted, "the search was cancelled")
}

/// A message about which nothing is decided yet.
struct Open {
    candidate: Candidate,
    need: Need,
    message: Option<Message>,
    row: Option<ListRow>,
    header: Option<Vec<u8>>,
}

impl Open {
    /// What is known of it, but for its text.
    fn evidence<'a>(&'a self, columns: Option<&'a HeaderColumns>) -> Evidence<'a> {
        let (message, row) = (self.message.as_ref(), self.row.as_ref());
        Evidence { message, row, columns, header: self.header.as_deref(), text: None }
    }
}

/// How far a search is, and who is told.
struct Report<'a> {
    options: &'a SearchOptions,
    progress: SearchProgress,
    /// How many of those found in the mailbox were told.
    told: usize,
}

impl Report<'_> {
    fn is_cancelled(&self) -> bool {
        self.options.cancel.as_ref().is_some_and(Event::is_set)
    }

    /// Tells how far the search is, and which of those found in its mailbox are new.
    fn tell(&mut self, found: &[Candidate]) {
        if let Some(progress) = &self.options.progress {
            let new = found.get(self.told..).unwrap_or_default();
            self.progress.uids = new.iter().map(|candidate| candidate.uid).collect();
            self.told = found.len();
            progress(&self.progress);
        }
    }
}

/// One search while it runs.
pub(super) struct Search<'a> {
    report: Report<'a>,
    turn: Turn,
    /// Header fields that earlier searches of the view have read.
    columns: Option<&'a mut HeaderColumns>,
}

impl<'a> Search<'a> {
    pub(super) fn new(options: &'a SearchOptions) -> Self {
        let report = Report { options, progress: SearchProgress::default(), told: 0 };
        Search { report, turn: Turn::begin(), columns: None }
    }

    fn expect(&mut self, messages: usize) {
        self.report.progress.total += messages as u64;
    }

    fn check_cancelled(&self) -> Result<()> {
        if self.report.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    /// Lets others have a turn.
    pub(super) async fn rest(&mut self) -> Result<()> {
        self.turn.pass().await;
        self.check_cancelled()
    }

    /// Those of the members that answer, ascending. What is being read when the
    /// search is cancelled is given up: reading changes nothing.
    async fn run(
        &mut self,
        mailbox: &dyn MailboxData,
        selected: &SelectedMailbox,
        matcher: &Matcher,
        members: &[(u32, Uid)],
    ) -> Result<Vec<Candidate>> {
        self.report.told = 0;
        self.report.progress.mailbox = mailbox.name();
        let Some(cancel) = self.report.options.cancel.as_ref() else {
            return self.scan(mailbox, selected, matcher, members).await;
        };
        let scan = pin!(self.scan(mailbox, selected, matcher, members));
        match select(scan, pin!(cancel.wait())).await {
            Either::Left((found, _)) => found,
            Either::Right(_) => Err(cancelled()),
        }
    }

    async fn scan(
        &mut self,
        mailbox: &dyn MailboxData,
        selected: &SelectedMailbox,
        matcher: &Matcher,
        members: &[(u32, Uid)],
    ) -> Result<Vec<Candidate>> {
        let mut found = Vec::new();
        let mut open: Vec<((u32, Uid), Need)> = Vec::new();
        // Those that nothing but their text decides.
        let mut texts: Vec<(u32, Uid)> = Vec::new();
        if let Some(columns) = self.columns.as_deref_mut() {
            columns.begin();
        }
        for chunk in members.chunks(STATE_CHUNK) {
            let known = Evidence { columns: self.columns.as_deref(), ..Evidence::default() };
            for (seq, uid) in chunk {
                let Some(candidate) = candidate(selected, *seq, *uid) else { continue };
                match matcher.test(&candidate, &known) {
                    Verdict::Yes => found.push(candidate),
                    Verdict::No => {}
                    Verdict::Needs(Need::Text) => texts.push((*seq, *uid)),
                    Verdict::Needs(need) => open.push(((*seq, *uid), need)),
                }
            }
            self.rest().await?;
        }
        let sure = found.len();
        self.report.progress.found += sure as u64;
        self.report.progress.searched += (members.len() - open.len() - texts.len()) as u64;
        self.report.tell(&found);
        self.rest().await?;
        for chunk in open.chunks(CHUNK) {
            let open = |((seq, uid), need): &((u32, Uid), Need)| {
                let candidate = candidate(selected, *seq, *uid)?;
                Some(Open { candidate, need: *need, message: None, row: None, header: None })
            };
            let mut open: Vec<Open> = chunk.iter().filter_map(open).collect();
            let columns = self.columns.as_deref_mut();
            let mut judged =
                Judged { matcher, found: &mut found, progress: &mut self.report.progress, columns };
            judged.messages(mailbox, &mut open).await?;
            judged.rows(mailbox, &mut open).await?;
            self.report.tell(&found);
            self.rest().await?;
            self.contents(mailbox, selected, matcher, open, &mut found).await?;
        }
        self.texts(mailbox, selected, matcher, &texts, &[], &mut found).await?;
        if found.len() > sure {
            sorting::sort_by_key(&mut found, |candidate| candidate.seq);
        }
        Ok(found)
    }

    /// Those of these whose text answers; `known` is what was read of each, where anything was.
    async fn texts(
        &mut self,
        mailbox: &dyn MailboxData,
        selected: &SelectedMailbox,
        matcher: &Matcher,
        open: &[(u32, Uid)],
        known: &[Open],
        found: &mut Vec<Candidate>,
    ) -> Result<()> {
        let uids: Vec<Uid> = open.iter().map(|(_, uid)| *uid).collect();
        let (mut begin, mut untold) = (0, 0);
        while let Some(rest) = uids.get(begin..).filter(|rest| !rest.is_empty()) {
            let columns = self.columns.as_deref();
            let report = &mut self.report;
            let searched = report.progress.searched;
            let mut judge = |at: usize, text: &[u8]| {
                let open = open.get(begin + at);
                let Some(candidate) = open.and_then(|(seq, uid)| candidate(selected, *seq, *uid)) else {
                    return;
                };
                // What is shown before this search is waited for again.
                if report.is_cancelled() {
                    return;
                }
                let evidence = known.get(begin + at).map(|open| open.evidence(columns));
                let nothing = Evidence { columns, ..Evidence::default() };
                let evidence = Evidence { text: Some(text), ..evidence.unwrap_or(nothing) };
                if matcher.test(&candidate, &evidence) == Verdict::Yes {
                    found.push(candidate);
                    report.progress.found += 1;
                }
                report.progress.searched += 1;
                untold += text.len();
                if untold >= TOLD_OCTETS {
                    untold = 0;
                    report.tell(found);
                }
            };
            let read = mailbox.texts(rest, &mut judge).await?.clamp(1, rest.len());
            begin += read;
            // With those that have no octets any more.
            self.report.progress.searched = searched + read as u64;
            self.report.tell(found);
            self.rest().await?;
        }
        Ok(())
    }

    /// Headers, in batches bounded by what the messages weigh, and texts.
    async fn contents(
        &mut self,
        mailbox: &dyn MailboxData,
        selected: &SelectedMailbox,
        matcher: &Matcher,
        mut open: Vec<Open>,
        found: &mut Vec<Candidate>,
    ) -> Result<()> {
        let is_unknown = |open: &Open| open.need == Need::Header && open.message.is_none();
        let uids: Vec<Uid> =
            open.iter().filter(|open| is_unknown(open)).map(|open| open.candidate.uid).collect();
        if !uids.is_empty() {
            let mut messages = mailbox.messages(&uids, matcher.fields()).await?.into_iter();
            for open in open.iter_mut().filter(|open| is_unknown(open)) {
                open.message = messages.next().flatten();
            }
        }
        let mut rest = open.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut batch, mut octets) = (Vec::new(), 0);
            while let Some(open) = rest.next_if(|open| {
                let header = open.message.as_ref().filter(|_| open.need == Need::Header);
                octets += header.map_or(0, |message| message.size);
                batch.is_empty() || octets <= BATCH_OCTETS
            }) {
                batch.push(open);
            }
            let columns = self.columns.as_deref_mut();
            let mut judged = Judged { matcher, found, progress: &mut self.report.progress, columns };
            judged.headers(mailbox, &mut batch).await?;
            let texts: Vec<(u32, Uid)> =
                batch.iter().map(|open| (open.candidate.seq, open.candidate.uid)).collect();
            self.report.tell(found);
            self.rest().await?;
            self.texts(mailbox, selected, matcher, &texts, &batch, found).await?;
        }
        Ok(())
    }
}

/// Messages being judged by one piece of evidence after the other.
struct Judged<'a> {
    matcher: &'a Matcher,
    found: &'a mut Vec<Candidate>,
    progress: &'a mut SearchProgress,
    columns: Option<&'a mut HeaderColumns>,
}

impl Judged<'_> {
    async fn messages(&mut self, mailbox: &dyn MailboxData, open: &mut Vec<Open>) -> Result<()> {
        let fields = self.matcher.fields();
        self.stage(
            Need::Message,
            open,
            async |uids| {
                let messages = mailbox.messages(uids, fields).await?;
                // What is not known of a damaged one answers nothing.
                Ok(messages.into_iter().map(|message| message.filter(|message| !message.damaged)).collect())
            },
            |open, message| open.message = Some(message),
        )
        .await
    }

    async fn rows(&mut self, mailbox: &dyn MailboxData, open: &mut Vec<Open>) -> Result<()> {
        let fields = self.matcher.row_fields();
        self.stage(
            Need::Row,
            open,
            async |uids| mailbox.list_rows(uids, fields).await,
            |open, row| open.row = Some(row),
        )
        .await
    }

    async fn headers(&mut self, mailbox: &dyn MailboxData, open: &mut Vec<Open>) -> Result<()> {
        self.stage(
            Need::Header,
            open,
            async |uids| mailbox.content(uids).await,
            |open, content| open.header = Some(header_octets(&content)),
        )
        .await
    }

    /// Reads one piece of evidence of those that need it and judges them anew.
    /// Those of which it is not known, being gone or damaged, do not answer.
    async fn stage<T>(
        &mut self,
        need: Need,
        open: &mut Vec<Open>,
        read: impl AsyncFnOnce(&[Uid]) -> Result<Vec<Option<T>>>,
        take: impl Fn(&mut Open, T),
    ) -> Result<()> {
        let asked = |open: &Open| open.need == need;
        let uids: Vec<Uid> = open.iter().filter(|open| asked(open)).map(|open| open.candidate.uid).collect();
        if uids.is_empty() {
            return Ok(());
        }
        let mut answers = read(&uids).await?.into_iter();
        open.retain_mut(|open| {
            if !asked(open) {
                return true;
            }
            let verdict = match answers.next().flatten() {
                None => Verdict::No,
                Some(piece) => {
                    take(open, piece);
                    if let (Some(columns), Some(row), Need::Row) =
                        (self.columns.as_deref_mut(), &open.row, need)
                    {
                        columns.take_in(open.candidate.uid, row, self.matcher.row_fields());
                    }
                    self.matcher.test(&open.candidate, &open.evidence(self.columns.as_deref()))
                }
            };
            match verdict {
                Verdict::Needs(next) => open.need = next,
                Verdict::Yes => {
                    self.found.push(open.candidate);
                    self.progress.found += 1;
                }
                Verdict::No => {}
            }
            let undecided = matches!(verdict, Verdict::Needs(_));
            self.progress.searched += u64::from(!undecided);
            undecided
        });
        Ok(())
    }
}
