//! What a session's operations are asked for and answer. Plain data.

use std::fmt;
use std::rc::Rc;

use crate::model::{FlagOp, MailboxId, Message, MessageFields, ModSeq, RangeSet, Uid};
use crate::search::{Returns, Threads};
use crate::view::{Event, Updates};

/// How messages are fetched.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions {
    /// Also sets `\Seen`, as fetching a body does in IMAP; a read-only view
    /// leaves it alone (semantics 111).
    pub set_seen: bool,
    /// Only messages with a higher mod-sequence (RFC 7162 section 3.1.4).
    pub changed_since: Option<ModSeq>,
    /// Which metadata is needed.
    pub fields: MessageFields,
    /// Keeps messages that are gone in their places, as a sequence-number set always does.
    pub hide_expunged: bool,
}

/// How flags are stored.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How the given flags combine with a message's own.
    pub op: FlagOp,
    /// Leaves what the call itself does out of the answer (`.SILENT`).
    pub silent: bool,
    /// Leaves messages alone that changed after this mod-sequence (RFC 7162 section 3.1.3).
    pub unchanged_since: Option<ModSeq>,
    /// Keeps messages that are gone in their places, as a sequence-number set always does.
    pub hide_expunged: bool,
}

impl StoreOptions {
    /// This operation, and nothing special about it.
    pub fn new(op: FlagOp) -> Self {
        StoreOptions { op, silent: false, unchanged_since: None, hide_expunged: false }
    }
}

/// The answer to FETCH.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchResult {
    /// The messages with their sequence numbers *before* `updates`, ascending;
    /// flags include the view's `\Recent`. A message that is gone is marked
    /// as expunged and has the flags that the view was last told (semantics 97).
    pub messages: Vec<(u32, Message)>,
    /// With `changed_since`: the UIDs of the set that went since, or, where
    /// that is not known any more, that are not there (RFC 7162 section 3.2.6).
    pub vanished: Option<RangeSet>,
    /// Whether some of the messages the set names are gone (EXPUNGEISSUED).
    pub expunge_issued: bool,
    /// What else is new in the view.
    pub updates: Updates,
}

/// The answer to STORE.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreResult {
    /// The messages of the set with their flags as they now are, whether or
    /// not they changed (semantics 116, 117), without those in `modified`;
    /// none where silent. Numbers are those before `updates`. A message that
    /// is gone has the flags it would have and is marked as expunged (semantics 98).
    pub messages: Vec<(u32, Message)>,
    /// The UIDs left alone because of `unchanged_since`.
    pub modified: RangeSet,
    /// Whether some of the messages the set names are gone (EXPUNGEISSUED).
    pub expunge_issued: bool,
    /// What else is new in the view.
    pub updates: Updates,
}

/// How far a search is, over all mailboxes that it looks into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchProgress {
    /// The name of the mailbox that it is in.
    pub mailbox: String,
    /// Messages of that mailbox that answer and were not told before, in no order.
    pub uids: Vec<Uid>,
    /// Mailboxes that it is through with.
    pub mailboxes_done: u64,
    /// Mailboxes in all.
    pub mailboxes: u64,
    /// Messages about which it is decided whether they answer.
    pub searched: u64,
    /// Messages in all.
    pub total: u64,
    /// Messages that answer so far.
    pub found: u64,
}

/// Who is told how far a search is.
pub type ProgressListener = Rc<dyn Fn(&SearchProgress)>;

/// How messages are searched.
#[derive(Clone, Default)]
pub struct SearchOptions {
    /// Ends the search with `ABORTED` as soon as it is set and the search not on
    /// the processor: what is being read then is given up.
    pub cancel: Option<Event>,
    /// Is told how far the search is, every few hundred messages and at its end,
    /// and each message that answers once.
    pub progress: Option<ProgressListener>,
    /// What RETURN asks for; it says whose mod-sequence the answer tells
    /// (RFC 7162 section 3.1.5) and leaves nothing out.
    pub returns: Option<Returns>,
}

impl fmt::Debug for SearchOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchOptions").field("returns", &self.returns).finish_non_exhaustive()
    }
}

/// The answer to SEARCH.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// The messages that answer, as (sequence number, UID), ascending. The
    /// numbers are right before and after `updates`, which hide expunges.
    pub messages: Vec<(u32, Uid)>,
    /// The highest mod-sequence among them, where the keys ask for mod-sequences
    /// (RFC 7162 section 3.1.5).
    pub mod_seq: Option<ModSeq>,
    /// Whether some of them are gone (EXPUNGEISSUED; semantics 100).
    pub expunge_issued: bool,
    /// What is new in the view.
    pub updates: Updates,
}

/// The answer to SEARCH with RETURN (RFC 9051 section 7.3.4, ESEARCH). What
/// was not asked for, and the ends of no messages at all, are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtendedSearch {
    /// The lowest number.
    pub min: Option<u32>,
    /// The highest number.
    pub max: Option<u32>,
    /// All numbers, where there are any.
    pub all: Option<RangeSet>,
    /// How many there are.
    pub count: Option<u32>,
    /// As [`SearchResult::mod_seq`].
    pub mod_seq: Option<ModSeq>,
}

impl SearchResult {
    /// The answer in the forms that RETURN asks for, in UIDs or in sequence numbers.
    pub fn extended(&self, returns: Returns, uid: bool) -> ExtendedSearch {
        let number = |(seq, message): &(u32, Uid)| if uid { *message } else { *seq };
        let all = || RangeSet::from_sorted(self.messages.iter().map(number));
        ExtendedSearch {
            min: self.messages.first().filter(|_| returns.min).map(number),
            max: self.messages.last().filter(|_| returns.max).map(number),
            all: (returns.all && !self.messages.is_empty()).then(all),
            count: returns.count.then(|| u32::try_from(self.messages.len()).unwrap_or(u32::MAX)),
            mod_seq: self.mod_seq,
        }
    }
}

/// What a search over many mailboxes found in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxMatches {
    /// The mailbox's name when it was searched.
    pub name: String,
    /// Its identity.
    pub mailbox_id: MailboxId,
    /// Its UIDVALIDITY.
    pub uid_validity: u32,
    /// The messages that answer; possibly none.
    pub uids: RangeSet,
}

/// Where copies went (RFC 4315, COPYUID).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyUid {
    /// UIDVALIDITY of the destination.
    pub uid_validity: u32,
    /// Source and new UID of each, ascending.
    pub uids: Vec<(Uid, Uid)>,
}

/// The answer to COPY and MOVE.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyResult {
    /// Where they went; `None` where nothing was copied (semantics 102).
    pub copied: Option<CopyUid>,
    /// What is new in the view.
    pub updates: Updates,
}

/// Where appended messages went (RFC 4315, APPENDUID).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendUid {
    /// UIDVALIDITY of the mailbox.
    pub uid_validity: u32,
    /// Their UIDs, in the order in which they were given.
    pub uids: Vec<Uid>,
}

/// The answer to SORT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SortResult {
    /// The messages that answer, as (sequence number, UID), in the order that
    /// was asked for. The numbers are right before and after `updates`, which hide expunges.
    pub messages: Vec<(u32, Uid)>,
    /// Whether some of them are gone (EXPUNGEISSUED).
    pub expunge_issued: bool,
    /// What is new in the view.
    pub updates: Updates,
}

/// The answer to THREAD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadResult {
    /// The messages that answer, in threads, with the numbers they have before
    /// and after `updates`, which hide expunges.
    pub threads: Threads,
    /// Whether some of them are gone (EXPUNGEISSUED).
    pub expunge_issued: bool,
    /// What is new in the view.
    pub updates: Updates,
}

macro_rules! only_updates {
    ($($answer:ident),*) => {$(
        impl From<Updates> for $answer {
            /// An answer that has nothing but these updates: the mailbox is gone.
            fn from(updates: Updates) -> Self {
                $answer { updates, ..$answer::default() }
            }
        }
    )*};
}

only_updates!(FetchResult, StoreResult, SearchResult, SortResult, ThreadResult, CopyResult);
