//! SORT and THREAD, and the order of a list on screen: all from index rows and
//! list rows, without any content. Not here: what is compared, and how threads
//! are made (`crate::search`).

use super::search::Search;
use super::{BaseSession, SearchOptions, SearchResult, SortResult, ThreadResult};
use crate::backend::{Look, MailboxData};
use crate::mime::{ListRow, RowFields};
use crate::model::{Error, Message, MessageFields, Result, Uid};
use crate::search::{HeaderColumns, SearchKey, SortKey, SortTable, ThreadAlgorithm, ThreadTable, Threads};
use crate::view::{Event, SelectedMailbox, Updates};

/// How many messages' metadata and rows are held at once.
const CHUNK: usize = 4096;

/// Messages of which there are fewer than one in so many UIDs are looked up one by one.
const SPARSE: usize = 8;

impl BaseSession {
    /// SORT (RFC 5256 section 3): the messages that
    /// [`search_mailbox`](Self::search_mailbox) finds, in the order of the
    /// `sort` keys, the first of which decides first; where all are equal, in
    /// the mailbox's order. Of a message that is gone but not announced, what
    /// is not known any more counts as empty, and so does what is damaged.
    ///
    /// Fails as the search does, and with `INVALID_ARGUMENT` without a sort key.
    pub async fn sort_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        sort: &[SortKey],
        keys: &[SearchKey],
        options: &SearchOptions,
    ) -> Result<SortResult> {
        self.sort_keeping(selected, sort, keys, options, &mut Arrangements::default()).await
    }

    /// As [`sort_mailbox`](Self::sort_mailbox), for a caller that keeps what the view's messages were
    /// arranged to from one call to the next: sorted once, they are not sorted again until some arrive.
    pub async fn sort_keeping(
        &self,
        selected: &mut SelectedMailbox,
        sort: &[SortKey],
        keys: &[SearchKey],
        options: &SearchOptions,
        kept: &mut Arrangements,
    ) -> Result<SortResult> {
        if sort.is_empty() {
            return Err(Error::invalid("there is nothing to sort by"));
        }
        let by = ListSort { keys: sort.to_vec(), newest_first: false };
        self.arranged(selected, keys, options, &mut kept.columns, async |source, selected, found| {
            let SearchResult { messages, expunge_issued, updates, .. } = found;
            let known = kept.order.as_mut().is_some_and(|order| order.fits(selected, &by));
            if !known && messages.len() == selected.exists() as usize {
                let sorted = source.sorted(&messages, sort).await?;
                kept.order = Some(ListOrder::new(by, selected, &sorted));
                return Ok(SortResult { messages: sorted, expunge_issued, updates });
            }
            let messages = match kept.order.as_ref().filter(|_| known) {
                Some(order) => order.of(&messages),
                None => source.sorted(&messages, sort).await?,
            };
            Ok(SortResult { messages, expunge_issued, updates })
        })
        .await
    }

    /// THREAD (RFC 5256 section 3): the messages that
    /// [`search_mailbox`](Self::search_mailbox) finds, in threads.
    ///
    /// Fails as the search does, and with `CORRUPT` where rows are damaged or missing.
    pub async fn thread_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        algorithm: ThreadAlgorithm,
        keys: &[SearchKey],
        options: &SearchOptions,
    ) -> Result<ThreadResult> {
        self.thread_keeping(selected, algorithm, keys, options, &mut Arrangements::default()).await
    }

    /// As [`thread_mailbox`](Self::thread_mailbox), for a caller that keeps what the view's messages were
    /// arranged to: the threads of all of them are made once, until some arrive or go.
    pub async fn thread_keeping(
        &self,
        selected: &mut SelectedMailbox,
        algorithm: ThreadAlgorithm,
        keys: &[SearchKey],
        options: &SearchOptions,
        kept: &mut Arrangements,
    ) -> Result<ThreadResult> {
        self.arranged(selected, keys, options, &mut kept.columns, async |source, selected, found| {
            let SearchResult { messages, expunge_issued, updates, .. } = found;
            let all = messages.len() == selected.exists() as usize;
            if let Some(known) = kept.threads.as_ref().filter(|known| all && known.fits(selected, algorithm))
            {
                return Ok(ThreadResult { threads: known.threads.clone(), expunge_issued, updates });
            }
            let mut table = ThreadTable::new(algorithm);
            let both = Parts { messages: true, rows: Some(ThreadTable::ROW_FIELDS) };
            source.read(&messages, both, |member, message, row| table.push(member, message, row)).await?;
            let threads = table.threads();
            if all {
                kept.threads = Some(ViewThreads::new(algorithm, selected, threads.clone()));
            }
            Ok(ThreadResult { threads, expunge_issued, updates })
        })
        .await
    }

    /// Searches, and makes something of what was found.
    async fn arranged<T: From<Updates>>(
        &self,
        selected: &mut SelectedMailbox,
        keys: &[SearchKey],
        options: &SearchOptions,
        columns: &mut HeaderColumns,
        arrange: impl AsyncFnOnce(&mut Source<'_>, &SelectedMailbox, SearchResult) -> Result<T>,
    ) -> Result<T> {
        let before = selected.told();
        let found = self.search_with(selected, keys, options, Some(columns)).await?;
        if found.updates.closed {
            return Ok(T::from(found.updates));
        }
        let arranged = self
            .on_view(selected, Look::STATE, async |mailbox, selected| {
                let quiet = SearchOptions { progress: None, ..options.clone() };
                arrange(&mut Source::new(mailbox.as_ref(), &quiet), selected, found).await
            })
            .await;
        if arranged.is_err() {
            // Nobody gets the updates of an answer that is none.
            selected.untell(before);
        }
        arranged
    }
}

/// Which parts of messages are read.
#[derive(Clone, Copy)]
struct Parts {
    messages: bool,
    rows: Option<RowFields>,
}

/// Where keys come from.
struct Source<'a> {
    mailbox: &'a dyn MailboxData,
    /// Gives others their turns, and ends early where that is wanted.
    pace: Search<'a>,
}

impl<'a> Source<'a> {
    fn new(mailbox: &'a dyn MailboxData, options: &'a SearchOptions) -> Self {
        Source { mailbox, pace: Search::new(options) }
    }

    /// Gives what is known of the members to `take`, in their order, reading some thousand at a time.
    async fn read(
        &mut self,
        members: &[(u32, Uid)],
        parts: Parts,
        mut take: impl FnMut((u32, Uid), Option<&Message>, Option<&ListRow>),
    ) -> Result<()> {
        for chunk in members.chunks(CHUNK) {
            let uids: Vec<Uid> = chunk.iter().map(|(_, uid)| *uid).collect();
            let messages = match parts.messages {
                true => self.mailbox.messages(&uids, MessageFields::PLAIN).await?,
                false => Vec::new(),
            };
            let rows = match parts.rows {
                Some(fields) => self.mailbox.list_rows(&uids, fields).await?,
                None => Vec::new(),
            };
            for (index, member) in chunk.iter().enumerate() {
                let message = messages.get(index).and_then(Option::as_ref);
                take(*member, message, rows.get(index).and_then(Option::as_ref));
            }
            self.pace.rest().await?;
        }
        Ok(())
    }

    /// The members in the order of the keys or, where those are equal, in their own.
    async fn sorted(&mut self, members: &[(u32, Uid)], sort: &[SortKey]) -> Result<Vec<(u32, Uid)>> {
        let mut table = SortTable::new(sort);
        let parts = Parts { messages: table.needs_messages(), rows: table.needs_rows() };
        self.read(members, parts, |_, message, row| table.push(message, row)).await?;
        Ok(table.order().into_iter().filter_map(|index| members.get(index as usize).copied()).collect())
    }
}

/// How a list on screen is sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListSort {
    /// The first one decides first.
    pub keys: Vec<SortKey>,
    /// Where all keys are equal: whether who came into the mailbox last comes first.
    pub newest_first: bool,
}

/// The order of a view's messages, kept from one window on it to the next:
/// four octets a message.
///
/// What a message is sorted by never changes, so an order holds until messages
/// come that it lacks; those that go are taken out of it.
#[derive(Debug)]
pub struct ListOrder {
    sort: ListSort,
    /// The view's highest UID when it was made. All that come later are higher.
    max_uid: Uid,
    uids: Vec<Uid>,
}

impl ListOrder {
    fn new(sort: ListSort, selected: &SelectedMailbox, sorted: &[(u32, Uid)]) -> ListOrder {
        let uids = sorted.iter().map(|(_, uid)| *uid).collect();
        ListOrder { sort, max_uid: selected.max_uid(), uids }
    }

    /// Some of the view's messages, given ascending, in this order.
    fn of(&self, messages: &[(u32, Uid)]) -> Vec<(u32, Uid)> {
        let (Some((_, first)), Some((_, last))) = (messages.first(), messages.last()) else {
            return Vec::new();
        };
        let width = last.saturating_sub(*first) as usize + 1;
        if width / SPARSE > messages.len() {
            let member = |uid: &Uid| messages.binary_search_by_key(uid, |(_, uid)| *uid).ok();
            return self.uids.iter().filter_map(|uid| messages.get(member(uid)?).copied()).collect();
        }
        let mut seqs = vec![0; width];
        for (seq, uid) in messages {
            if let Some(place) = seqs.get_mut(uid.saturating_sub(*first) as usize) {
                *place = *seq;
            }
        }
        let seq_of = |uid: Uid| seqs.get(uid.checked_sub(*first)? as usize).copied().filter(|seq| *seq > 0);
        self.uids.iter().filter_map(|uid| Some((seq_of(*uid)?, *uid))).collect()
    }

    /// Brings the order to what the view's client was told; whether that can be done.
    fn fits(&mut self, selected: &SelectedMailbox, sort: &ListSort) -> bool {
        if self.sort != *sort || selected.max_uid() > self.max_uid {
            return false;
        }
        let exists = selected.exists() as usize;
        if self.uids.len() != exists {
            self.uids.retain(|uid| selected.told_live(*uid).is_some());
        }
        self.uids.len() == exists
    }
}

/// All threads of a view's messages, for as long as they are the same messages: twelve octets of each.
#[derive(Debug)]
struct ViewThreads {
    algorithm: ThreadAlgorithm,
    max_uid: Uid,
    exists: u32,
    threads: Threads,
}

impl ViewThreads {
    fn new(algorithm: ThreadAlgorithm, selected: &SelectedMailbox, threads: Threads) -> ViewThreads {
        ViewThreads { algorithm, max_uid: selected.max_uid(), exists: selected.exists(), threads }
    }

    /// Whether they are those of the view as it was told. Messages arrive with higher uids, and else only go.
    fn fits(&self, selected: &SelectedMailbox, algorithm: ThreadAlgorithm) -> bool {
        let told = (selected.max_uid(), selected.exists());
        self.algorithm == algorithm && (self.max_uid, self.exists) == told
    }
}

/// What a view's messages were arranged to and searched in last, kept by whoever holds the view.
#[derive(Debug, Default)]
pub struct Arrangements {
    /// The order of the list on screen, or of the last sort.
    pub order: Option<ListOrder>,
    threads: Option<ViewThreads>,
    /// What searches looked into.
    pub(super) columns: HeaderColumns,
}

/// What [`list_window`] answers, where that can be told without reading anything: where nothing is sorted,
/// or `kept` is the view's order still.
pub fn known_window(
    selected: &SelectedMailbox,
    sort: &ListSort,
    kept: &mut Option<ListOrder>,
    offset: u32,
    limit: u32,
) -> Option<Vec<(u32, Uid)>> {
    let total = selected.exists();
    let places = offset.min(total)..offset.saturating_add(limit).min(total);
    if sort.keys.is_empty() || places.is_empty() {
        return Some(places.filter_map(|place| by_arrival(selected, sort, place)).collect());
    }
    let order = kept.as_mut()?;
    if !order.fits(selected, sort) {
        return None;
    }
    let window = order.uids.get(places.start as usize..places.end as usize).unwrap_or_default();
    Some(window.iter().filter_map(|uid| Some((selected.seq_of(*uid)?, *uid))).collect())
}

/// The message at a place of the view, as messages came into the mailbox.
fn by_arrival(selected: &SelectedMailbox, sort: &ListSort, place: u32) -> Option<(u32, Uid)> {
    let seq = if sort.newest_first { selected.exists() - place } else { place + 1 };
    Some((seq, selected.uid_of(seq)?))
}

/// The places `offset` to `offset + limit` of the view's messages, as (sequence
/// number, UID), in the order in which they came into the mailbox or in that of
/// `sort`. Messages that are gone but not announced keep their places. `kept`
/// is the view's order from the last call, and after this one the new one;
/// with no sort key none is needed, nor anything read.
///
/// Fails as [`MailboxData::list_rows`] does, and with `ABORTED` once `cancel`
/// is set; `kept` is then as it was or empty.
pub async fn list_window(
    mailbox: &dyn MailboxData,
    selected: &SelectedMailbox,
    sort: &ListSort,
    kept: &mut Option<ListOrder>,
    offset: u32,
    limit: u32,
    cancel: Option<&Event>,
) -> Result<Vec<(u32, Uid)>> {
    if let Some(window) = known_window(selected, sort, kept, offset, limit) {
        return Ok(window);
    }
    *kept = None;
    let places = 0..selected.exists();
    let members: Vec<(u32, Uid)> = places.filter_map(|place| by_arrival(selected, sort, place)).collect();
    let options = SearchOptions { cancel: cancel.cloned(), ..SearchOptions::default() };
    let sorted = Source::new(mailbox, &options).sorted(&members, &sort.keys).await?;
    *kept = Some(ListOrder::new(sort.clone(), selected, &sorted));
    Ok(known_window(selected, sort, kept, offset, limit).unwrap_or_default())
}
