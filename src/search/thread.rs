//! THREAD (RFC 5256): ORDEREDSUBJECT, and what both algorithms have in common.
//! The links of REFERENCES are made in `references.rs`. Not here: which messages
//! are threaded, and where their metadata comes from (the session).

use std::collections::HashMap;

use super::forest::{NONE, at, put};
use super::references;
use super::sort::sent_ms;
use crate::mime::text::fold;
use crate::mime::thread_key::split_subject;
use crate::mime::{ListRow, RowFields};
use crate::model::{Error, Message, Result, Uid, sorting};

/// How messages are put into threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThreadAlgorithm {
    /// Messages of one base subject are a thread; all but the first answer the first.
    OrderedSubject,
    /// By Message-ID, References and In-Reply-To; threads of one base subject are joined.
    References,
}

impl ThreadAlgorithm {
    /// An algorithm by its name in IMAP, in any case; `INVALID_ARGUMENT` for another.
    pub fn parse(name: &str) -> Result<ThreadAlgorithm> {
        match name {
            _ if name.eq_ignore_ascii_case("ORDEREDSUBJECT") => Ok(ThreadAlgorithm::OrderedSubject),
            _ if name.eq_ignore_ascii_case("REFERENCES") => Ok(ThreadAlgorithm::References),
            _ => Err(Error::invalid("threads are made by ORDEREDSUBJECT or REFERENCES")),
        }
    }
}

/// Threads, one after the other, each message before those that answer it; the
/// n-th entries belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Threads {
    /// Sequence number and UID; zeros where the message that the following
    /// ones answer is not there, which is so only at the beginning of a thread.
    pub messages: Vec<(u32, Uid)>,
    /// How far below its thread's beginning each is: 0 begins a thread, and the
    /// parent of any other is the last one before it that is one less deep.
    pub depths: Vec<u32>,
}

impl Threads {
    /// The threads as IMAP writes them, by sequence number: `(1 2)(3 (4)(5))`.
    pub fn to_imap(&self) -> String {
        let mut children = vec![0u32; self.depths.len()];
        let mut path: Vec<usize> = Vec::new();
        for (index, depth) in self.depths.iter().enumerate() {
            path.truncate(*depth as usize);
            if let Some(count) = path.last().and_then(|parent| children.get_mut(*parent)) {
                *count += 1;
            }
            path.push(index);
        }
        let mut text = String::new();
        // Of each message on the way to the present one: whether it opened a parenthesis.
        let mut opened: Vec<bool> = Vec::new();
        path.clear();
        for (index, ((seq, _), depth)) in self.messages.iter().zip(&self.depths).enumerate() {
            while opened.len() > *depth as usize {
                if opened.pop() == Some(true) {
                    text.push(')');
                }
            }
            path.truncate(*depth as usize);
            let siblings = path.last().and_then(|parent| children.get(*parent));
            let opens = siblings.is_none_or(|count| *count > 1);
            if !opens || text.ends_with(|last: char| last.is_ascii_digit()) {
                text.push(' ');
            }
            if opens {
                text.push('(');
            }
            if *seq != 0 {
                text.push_str(&seq.to_string());
            }
            opened.push(opens);
            path.push(index);
        }
        text.extend(opened.iter().filter(|opened| **opened).map(|_| ')'));
        text
    }
}

/// What threading needs to know of messages, taken in one by one: some 30
/// octets of each, its base subject, and for REFERENCES the ids it names (at
/// most 100, of 24 octets).
pub struct ThreadTable {
    algorithm: ThreadAlgorithm,
    members: Vec<(u32, Uid)>,
    pub(super) sent: Vec<i64>,
    /// The base subject's number; 0 is the empty one.
    pub(super) subjects: Vec<u32>,
    pub(super) is_reply: Vec<bool>,
    subject_numbers: HashMap<String, u32>,
    /// Ids' numbers by their hashes.
    id_numbers: HashMap<[u8; 8], u32>,
    /// The number of the own id; [`NONE`] without one.
    pub(super) own: Vec<u32>,
    /// The numbers of the references of one message after the other.
    pub(super) references: Vec<u32>,
    /// Where each message's end in `references`.
    pub(super) references_end: Vec<usize>,
}

impl ThreadTable {
    /// What [`push`](Self::push) looks at of a row.
    pub const ROW_FIELDS: RowFields = RowFields::SUBJECT.and(RowFields::IDS).and(RowFields::REFERENCES);

    /// An empty table.
    pub fn new(algorithm: ThreadAlgorithm) -> ThreadTable {
        ThreadTable {
            algorithm,
            members: Vec::new(),
            sent: Vec::new(),
            subjects: Vec::new(),
            is_reply: Vec::new(),
            subject_numbers: HashMap::from([(String::new(), 0)]),
            id_numbers: HashMap::new(),
            own: Vec::new(),
            references: Vec::new(),
            references_end: Vec::new(),
        }
    }

    /// Takes in the next message, in the mailbox's order: its number and UID,
    /// and what is known of it.
    #[cfg_attr(own_std, optimize(speed))]
    pub fn push(&mut self, (seq, uid): (u32, Uid), message: Option<&Message>, row: Option<&ListRow>) {
        let (base, is_reply) = split_subject(row.map_or("", |row| row.subject.as_str()));
        let next = u32::try_from(self.subject_numbers.len()).unwrap_or(NONE);
        self.subjects.push(*self.subject_numbers.entry(fold(&base)).or_insert(next));
        self.is_reply.push(is_reply);
        self.sent.push(sent_ms(message, row));
        self.members.push((seq, uid));
        if self.algorithm == ThreadAlgorithm::References {
            let own = row.and_then(ListRow::own_hash).map_or(NONE, |hash| self.id_number(hash));
            self.own.push(own);
            // In-Reply-To counts where References has nothing, and of it the first id alone.
            let count = row.map_or(0, |row| usize::from(row.from_references.max(1)));
            for hash in row.iter().flat_map(|row| &row.references).take(count) {
                let number = self.id_number(*hash);
                self.references.push(number);
            }
            self.references_end.push(self.references.len());
        }
    }

    fn id_number(&mut self, hash: [u8; 8]) -> u32 {
        let next = u32::try_from(self.id_numbers.len()).unwrap_or(NONE);
        *self.id_numbers.entry(hash).or_insert(next)
    }

    pub(super) fn id_count(&self) -> usize {
        self.id_numbers.len()
    }

    pub(super) fn subject_count(&self) -> usize {
        self.subject_numbers.len()
    }

    /// The messages by sent date or, where that is the same, in the mailbox's
    /// order (RFC 5256 section 2.2).
    #[cfg_attr(own_std, optimize(speed))]
    fn by_date(&self) -> Vec<u32> {
        let sent = |index: u32| self.sent.get(index as usize);
        sorting::order(self.members.len(), &mut |one, other| sent(one) < sent(other))
    }

    /// The threads. Siblings, and the threads themselves, are in the order of their sent dates.
    pub fn threads(&self) -> Threads {
        let by_date = self.by_date();
        let family = match self.algorithm {
            ThreadAlgorithm::OrderedSubject => self.by_subject(&by_date),
            ThreadAlgorithm::References => references::family(self, &by_date),
        };
        self.written(&family, &by_date)
    }

    /// ORDEREDSUBJECT (RFC 5256 section 3).
    #[cfg_attr(own_std, optimize(speed))]
    fn by_subject(&self, by_date: &[u32]) -> Family {
        let mut first = vec![NONE; self.subject_count()];
        let mut parents = vec![NONE; self.members.len()];
        for message in by_date {
            let subject = at(&self.subjects, *message);
            match at(&first, subject) {
                NONE => put(&mut first, subject, *message),
                parent => put(&mut parents, *message, parent),
            }
        }
        Family { parents, dummies: 0 }
    }

    #[cfg_attr(own_std, optimize(speed))]
    fn written(&self, family: &Family, by_date: &[u32]) -> Threads {
        let count = self.members.len();
        let nodes = count + family.dummies as usize;
        // The children of each node, one family after the other, each by date.
        let mut begins = vec![0u32; nodes + 1];
        for parent in family.parents.iter().filter(|parent| **parent != NONE) {
            if let Some(begin) = begins.get_mut(*parent as usize + 1) {
                *begin += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut children = vec![NONE; sum as usize];
        let mut filled = begins.clone();
        let mut tops = Vec::new();
        for message in by_date {
            let parent = at(&family.parents, *message);
            if parent == NONE {
                tops.push(*message);
                continue;
            }
            let place = at(&filled, parent);
            // A thread whose first message is missing stands where its first child would.
            if parent as usize >= count && place == at(&begins, parent) {
                tops.push(parent);
            }
            put(&mut children, place, *message);
            put(&mut filled, parent, place + 1);
        }
        let mut threads = Threads::default();
        let mut left: Vec<(u32, u32)> = tops.iter().rev().map(|top| (*top, 0)).collect();
        while let Some((node, depth)) = left.pop() {
            threads.messages.push(self.members.get(node as usize).copied().unwrap_or_default());
            threads.depths.push(depth);
            let (begin, end) = (at(&begins, node) as usize, at(&filled, node) as usize);
            let own = children.get(begin..end).unwrap_or_default();
            left.extend(own.iter().rev().map(|child| (*child, depth + 1)));
        }
        threads
    }
}

/// Who answers whom.
pub(super) struct Family {
    /// Each message's parent: a message, or a dummy, which are numbered after the messages.
    pub(super) parents: Vec<u32>,
    /// How many dummies. Each begins a thread.
    pub(super) dummies: u32,
}
