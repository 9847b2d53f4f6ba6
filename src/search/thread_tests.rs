//! Threads against the RFC's rules: known answers, and a slow model that does
//! each step as it is written.

use super::thread::{ThreadAlgorithm, ThreadTable, Threads};
use crate::mime::{ListRow, extract, thread_key};
use crate::testing::random::Random;

/// A message as threading sees it.
#[derive(Debug, Clone, Default)]
struct Mail {
    subject: String,
    id: Option<String>,
    references: Vec<String>,
    in_reply_to: Vec<String>,
    /// Seconds.
    date: i64,
}

fn mail(subject: &str, id: &str, references: &str) -> Mail {
    Mail {
        subject: subject.to_owned(),
        id: (!id.is_empty()).then(|| id.to_owned()),
        references: references.split_whitespace().map(str::to_owned).collect(),
        ..Mail::default()
    }
}

impl Mail {
    fn row(&self) -> ListRow {
        let list = |ids: &[String]| ids.iter().map(|id| format!("<{id}> ")).collect::<String>();
        let mut header = format!("Subject: {}\n", self.subject);
        header.extend(self.id.iter().map(|id| format!("Message-ID: <{id}>\n")));
        header.push_str(&format!("References: {}\n", list(&self.references)));
        header.push_str(&format!("In-Reply-To: {}\n", list(&self.in_reply_to)));
        let date = self.date;
        let clock = format!("{:02}:{:02}:{:02}", date / 3600 % 24, date / 60 % 60, date % 60);
        header.push_str(&format!("Date: {} Jan 2001 {clock} +0000\n\n", date / 86_400 + 1));
        extract(header.as_bytes()).row
    }
}

fn threads(algorithm: ThreadAlgorithm, mails: &[Mail]) -> Threads {
    let mut table = ThreadTable::new(algorithm);
    for (mail, seq) in mails.iter().zip(1..) {
        table.push((seq, seq + 100), None, Some(&mail.row()));
    }
    table.threads()
}

/// The threads of messages whose dates are a second after one another.
fn threaded(algorithm: ThreadAlgorithm, mails: &[Mail]) -> String {
    let dated: Vec<Mail> = mails.iter().zip(0..).map(|(mail, date)| Mail { date, ..mail.clone() }).collect();
    threads(algorithm, &dated).to_imap()
}

fn references(mails: &[Mail]) -> String {
    threaded(ThreadAlgorithm::References, mails)
}

#[test]
fn names_are_imaps() {
    assert_eq!(ThreadAlgorithm::parse("references"), Ok(ThreadAlgorithm::References));
    assert_eq!(ThreadAlgorithm::parse("ORDEREDSUBJECT"), Ok(ThreadAlgorithm::OrderedSubject));
    for name in ["", "REFS", "REFERENCES ", "X"] {
        assert!(ThreadAlgorithm::parse(name).is_err());
    }
}

#[test]
fn rfc_5256_threads_are_written_as_in_its_examples() {
    for text in [
        "(2)(3 6 (4 23)(44 7 96))",
        "(166)(167)(168)(169)(172)(170)(171)(173)(174 (175)(176)(178)(181)(180))(179)(177 (183)(182)(188)(184)(185)(186)(187)(189))(190)(191)(192)(193)(194 195)(196 (197)(198))(199)(200 202)(201)(203)(204)(205)(206 207)(208)",
        "(166)(167)(168)(169)(172)((170)(179))(171)(173)((174)(175)(176)(178)(181)(180))((177)(183)(182)(188 (184)(189))(185 186)(187))(190)(191)(192)(193)((194)(195 196))(197 198)(199)(200 202)(201)(203)(204)(205 206 207)(208)",
        "",
    ] {
        assert_eq!(parsed(text).to_imap(), text);
    }
}

/// The threads of IMAP's text.
fn parsed(text: &str) -> Threads {
    let mut threads = Threads::default();
    // Of each open parenthesis: at which depth its next message lies.
    let mut depths: Vec<u32> = vec![0];
    let mut number = 0;
    let mut before = ' ';
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            number = number * 10 + digit;
            before = character;
            continue;
        }
        if number > 0 {
            let depth = depths.last_mut().unwrap();
            threads.messages.push((number, number + 100));
            threads.depths.push(*depth);
            *depth += 1;
            number = 0;
        }
        if character == '(' {
            if before == '(' {
                let depth = depths.last_mut().unwrap();
                threads.messages.push((0, 0));
                threads.depths.push(*depth);
                *depth += 1;
            }
            depths.push(*depths.last().unwrap());
        } else if character == ')' {
            depths.pop();
        }
        before = character;
    }
    threads
}

#[test]
fn rfc_5256_ordered_subject_has_no_grandchildren() {
    let mut mails = [
        mail("a", "1", ""),
        mail("Re: b", "2", ""),
        mail("A (fwd)", "3", "2"),
        mail("B", "4", "1"),
        mail("[x] Fwd: a", "5", "3"),
        mail("", "6", ""),
        mail("Re:", "7", "6"),
    ];
    assert_eq!(threaded(ThreadAlgorithm::OrderedSubject, &mails), "(1 (3)(5))(2 4)(6 7)");
    // Threads by the dates of their first messages, and replies by theirs; equal dates by number.
    for (mail, date) in mails.iter_mut().zip([9, 5, 2, 5, 3, 2, 1]) {
        mail.date = date;
    }
    assert_eq!(threads(ThreadAlgorithm::OrderedSubject, &mails).to_imap(), "(7 6)(3 (5)(1))(2 4)");
    assert_eq!(threads(ThreadAlgorithm::OrderedSubject, &[]), Threads::default());
}

#[test]
fn rfc_5256_step_1_links() {
    // In order, out of order, and through an id that no message has.
    assert_eq!(references(&[mail("a", "1", ""), mail("b", "2", "1"), mail("c", "3", "1 2")]), "(1 2 3)");
    assert_eq!(references(&[mail("c", "3", "1 2"), mail("b", "2", "1"), mail("a", "1", "")]), "(3 2 1)");
    assert_eq!(references(&[mail("a", "1", ""), mail("c", "3", "1 2")]), "(1 2)");
    // Without references, the first id of In-Reply-To and no other.
    let reply = Mail { in_reply_to: vec!["2".into(), "1".into()], ..mail("c", "3", "") };
    assert_eq!(references(&[mail("a", "1", ""), mail("b", "2", ""), reply.clone()]), "(1)(2 3)");
    let both = Mail { references: vec!["1".into()], ..reply };
    assert_eq!(references(&[mail("a", "1", ""), mail("b", "2", ""), both]), "(1 3)(2)");
    // An id belongs to the first message that has it.
    assert_eq!(references(&[mail("a", "1", ""), mail("b", "1", ""), mail("c", "3", "1")]), "(1 3)(2)");
    // Ids are case-sensitive, and their quoting does not matter.
    assert_eq!(references(&[mail("a", "A@x", ""), mail("b", "2", "a@x")]), "(1)(2)");
    assert_eq!(references(&[mail("a", "A@x", ""), mail("b", "2", "\"A\"@x")]), "(1 2)");
    // A link that another message's references made gives way to the message's own, a link there is not.
    assert_eq!(
        references(&[mail("a", "1", ""), mail("b", "2", "1"), mail("d", "4", "1 3"), mail("c", "3", "1 2")]),
        "(1 2 4 3)"
    );
    assert_eq!(references(&[mail("a", "1", ""), mail("d", "4", "1 3"), mail("c", "3", "")]), "(1)(3 2)");
}

#[test]
fn rfc_5256_step_1_makes_no_loops() {
    assert_eq!(references(&[mail("a", "1", "1")]), "(1)");
    assert_eq!(references(&[mail("a", "1", "2"), mail("b", "2", "1")]), "(2 1)");
    for text in ["1:3 2:1 3:2", "1:2,3,2,3 2:3 3:2", "1:2 2:3 3:1 4:1,2,3,1"] {
        let mails = spelled(text);
        assert_eq!(threads(ThreadAlgorithm::References, &mails), Model::threads(&mails), "{text}");
    }
}

/// Messages as `id:reference,reference …`, a second apart, with subjects of their own.
fn spelled(text: &str) -> Vec<Mail> {
    let mail = |(one, date): (&str, i64)| {
        let (id, references) = one.split_once(':').unwrap();
        Mail { date, ..mail(id, id, &references.replace(',', " ")) }
    };
    text.split(' ').zip(0..).map(mail).collect()
}

#[test]
fn rfc_5256_step_3_prunes_dummies() {
    // Children of a missing message that begins a thread stay together, one alone does not need it.
    assert_eq!(references(&[mail("a", "1", "x"), mail("b", "2", "x")]), "((1)(2))");
    assert_eq!(references(&[mail("a", "1", "x")]), "(1)");
    assert_eq!(references(&[mail("a", "1", "x y"), mail("b", "2", "x z")]), "((1)(2))");
    assert_eq!(references(&[mail("a", "1", "x y z"), mail("b", "2", "x y z")]), "((1)(2))");
    // Those of one in the middle go to its parent.
    assert_eq!(
        references(&[mail("a", "1", ""), mail("b", "2", "1 x"), mail("c", "3", "1 x"), mail("d", "4", "1")]),
        "(1 (2)(3)(4))"
    );
}

#[test]
fn rfc_5256_step_5_joins_threads_of_one_subject() {
    // Replies to the message that is none.
    assert_eq!(
        references(&[mail("Re: a", "1", ""), mail("A", "2", ""), mail("Fwd: a", "3", "")]),
        "(2 (1)(3))"
    );
    // Two that are both none, and two that are both replies, are siblings.
    assert_eq!(references(&[mail("a", "1", ""), mail("a", "2", "")]), "((1)(2))");
    assert_eq!(references(&[mail("re: a", "1", ""), mail("re: a", "2", "")]), "((1)(2))");
    // The second message makes a dummy of the two, the third finds it.
    assert_eq!(references(&[mail("a", "1", ""), mail("a", "2", ""), mail("re: a", "3", "")]), "((1)(2)(3))");
    // Dummies: each other's children, and one takes what is none.
    assert_eq!(
        references(&[mail("a", "1", "x"), mail("b", "2", "x"), mail("a", "3", "y"), mail("c", "4", "y")]),
        "((1)(2)(3)(4))"
    );
    assert_eq!(references(&[mail("a", "1", ""), mail("a", "2", "y"), mail("c", "3", "y")]), "((1)(2)(3))");
    // Without a subject there is nothing to join by.
    assert_eq!(references(&[mail("", "1", ""), mail("Re:", "2", "")]), "(1)(2)");
    // Only threads are joined, not messages within them.
    assert_eq!(references(&[mail("a", "1", ""), mail("b", "2", "1"), mail("b", "3", "")]), "(1 2)(3)");
}

#[test]
fn rfc_5256_siblings_are_in_the_order_of_their_dates() {
    let dated = |mail: Mail, date: i64| Mail { date, ..mail };
    let mails = [
        dated(mail("a", "1", ""), 50),
        dated(mail("b", "2", "1"), 40),
        dated(mail("c", "3", "1"), 30),
        dated(mail("d", "4", ""), 45),
        dated(mail("e", "5", "x"), 70),
        dated(mail("f", "6", "x"), 10),
        dated(mail("g", "7", "1"), 30),
    ];
    assert_eq!(threads(ThreadAlgorithm::References, &mails).to_imap(), "((6)(5))(4)(1 (3)(7)(2))");
}

/// Every message is there once, and depths and missing messages are as promised.
fn check(threads: &Threads, count: usize) {
    let mut seqs: Vec<u32> =
        threads.messages.iter().filter(|(seq, _)| *seq != 0).map(|(seq, _)| *seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=count as u32).collect::<Vec<u32>>());
    assert_eq!(threads.messages.len(), threads.depths.len());
    let mut before = None;
    for (index, ((seq, uid), depth)) in threads.messages.iter().zip(&threads.depths).enumerate() {
        assert!(*depth <= before.map_or(0, |before: u32| before + 1));
        before = Some(*depth);
        if *seq == 0 {
            assert_eq!((*uid, *depth), (0, 0));
            let children = threads.depths[index + 1..].iter().take_while(|depth| **depth > 0);
            assert!(children.filter(|depth| **depth == 1).count() > 1);
        } else {
            assert_eq!(*uid, seq + 100);
        }
    }
    assert_eq!(parsed(&threads.to_imap()), *threads);
}

fn random_mails(random: &mut Random) -> Vec<Mail> {
    let count = 1 + random.below(14);
    let ids = 1 + random.below(18);
    let subjects = 1 + random.below(8);
    let marks = ["", "Re: ", "[x] ", "Fwd: "];
    (0..count)
        .map(|_| {
            let some = |random: &mut Random, most: u32| -> Vec<String> {
                (0..random.below(most)).map(|_| format!("{}@x", random.below(ids))).collect()
            };
            let subject = random.below(subjects);
            Mail {
                subject: match subject {
                    0 => String::new(),
                    _ => format!("{}s{subject}", random.pick(&marks).unwrap()),
                },
                id: random.chance(85).then(|| format!("{}@x", random.below(ids))),
                references: some(random, 5),
                in_reply_to: some(random, 3),
                date: i64::from(random.below(10)),
            }
        })
        .collect()
}

#[test]
fn threads_are_those_of_the_model() {
    let mut random = Random::new(11);
    for _ in 0..2000 {
        let mails = random_mails(&mut random);
        let ours = threads(ThreadAlgorithm::References, &mails);
        check(&ours, mails.len());
        assert_eq!(ours, Model::threads(&mails), "{mails:#?}");
        check(&threads(ThreadAlgorithm::OrderedSubject, &mails), mails.len());
    }
}

#[test]
fn the_order_of_messages_does_not_matter_where_nothing_contradicts_it() {
    let mut random = Random::new(3);
    for _ in 0..200 {
        // Every message names all its ancestors, and all have dates of their own.
        let count = 2 + random.below(30);
        let mut mails: Vec<Mail> = Vec::new();
        for number in 0..count {
            let parent = random.pick(&mails).cloned().filter(|_| random.chance(80));
            let references = parent
                .map_or_else(Vec::new, |parent| parent.references.iter().cloned().chain(parent.id).collect());
            let id = format!("{number}@x");
            mails.push(Mail {
                subject: format!("s{number}"),
                id: Some(id),
                references,
                date: i64::from(number),
                ..Mail::default()
            });
        }
        let shown = |mails: &[Mail], algorithm: ThreadAlgorithm| -> Vec<(String, u32)> {
            let threads = threads(algorithm, mails);
            let subject = |(seq, _): &(u32, u32)| mails[*seq as usize - 1].subject.clone();
            threads.messages.iter().map(subject).zip(threads.depths.iter().copied()).collect()
        };
        let mut shuffled = mails.clone();
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, random.index(index + 1));
        }
        for algorithm in [ThreadAlgorithm::References, ThreadAlgorithm::OrderedSubject] {
            assert_eq!(shown(&shuffled, algorithm), shown(&mails, algorithm));
        }
    }
}

/// A row of a message that names these ancestors.
fn row_of(id: u32, references: impl Iterator<Item = u32>) -> ListRow {
    let references: Vec<[u8; 8]> =
        references.map(|id| thread_key::id_hash(id.to_string().as_bytes())).collect();
    let from_references = references.len() as u8;
    ListRow { message_id: Some(format!("<{id}>")), references, from_references, ..ListRow::default() }
}

#[test]
fn a_chain_of_100_000_replies_in_any_order_is_one_thread() {
    let count: u32 = 100_000;
    let up: Vec<u32> = (0..count).collect();
    let down: Vec<u32> = (0..count).rev().collect();
    let mut mixed = up.clone();
    let mut random = Random::new(1);
    for index in (1..mixed.len()).rev() {
        mixed.swap(index, random.index(index + 1));
    }
    for order in [up, down, mixed] {
        let mut table = ThreadTable::new(ThreadAlgorithm::References);
        for (id, seq) in order.iter().zip(1..) {
            // As a long References is cut: the first id, and the nearest.
            let first = (*id > 3).then_some(0);
            let row = row_of(*id, first.into_iter().chain(id.saturating_sub(3)..*id));
            table.push((seq, id + 1), None, Some(&row));
        }
        let threads = table.threads();
        assert!(threads.messages.iter().map(|(_, uid)| *uid).eq(1..=count));
        assert!(threads.depths.iter().copied().eq(0..count));
    }
}

#[test]
fn messages_cut_off_the_end_of_a_long_chain_go_where_they_want() {
    // A long chain, then messages that are cut off its end and want to be put under its middle.
    let count: u32 = 10_000;
    let mut table = ThreadTable::new(ThreadAlgorithm::References);
    for id in 0..count {
        table.push((id + 1, id + 1), None, Some(&row_of(id, id.saturating_sub(1)..id)));
    }
    for id in count..2 * count {
        let other = row_of(id + count, [count - 1, id].into_iter());
        table.push((id + 1, id + 1), None, Some(&other));
    }
    for id in count..2 * count {
        table.push((id + count + 1, id + count + 1), None, Some(&row_of(id, [count / 2].into_iter())));
    }
    let threads = table.threads();
    assert_eq!(threads.messages.len(), 3 * count as usize);
    assert_eq!(threads.depths.iter().filter(|depth| **depth == 0).count(), 1);
}

/// REFERENCES as the RFC tells it, with trees of nodes and all walks on foot.
struct Model<'a> {
    mails: &'a [Mail],
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    /// The message's index; `None` for a dummy.
    message: Option<usize>,
    parent: Option<usize>,
    children: Vec<usize>,
}

impl Model<'_> {
    fn threads(mails: &[Mail]) -> Threads {
        let nodes = (0..mails.len()).map(|index| Node { message: Some(index), ..Node::default() }).collect();
        let mut model = Model { mails, nodes };
        model.step_1();
        let mut roots: Vec<usize> =
            (0..model.nodes.len()).filter(|node| model.nodes[*node].parent.is_none()).collect();
        roots = model.prune(&roots, true);
        for root in &roots {
            if model.nodes[*root].message.is_none() {
                let children = model.sorted(model.nodes[*root].children.clone());
                model.nodes[*root].children = children;
            }
        }
        roots = model.sorted(roots);
        roots = model.step_5(roots);
        let mut threads = Threads::default();
        let roots = model.step_6(roots);
        for root in roots {
            model.write(root, 0, &mut threads);
        }
        threads
    }

    fn dummy(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn link(&mut self, parent: usize, child: usize) {
        let mut above = Some(parent);
        while let Some(node) = above {
            if node == child {
                return;
            }
            above = self.nodes[node].parent;
        }
        self.nodes[child].parent = Some(parent);
        self.nodes[parent].children.push(child);
    }

    fn unlink(&mut self, child: usize) {
        if let Some(parent) = self.nodes[child].parent.take() {
            self.nodes[parent].children.retain(|other| *other != child);
        }
    }

    fn step_1(&mut self) {
        let mut known: Vec<(String, usize)> = Vec::new();
        for (index, mail) in self.mails.iter().enumerate() {
            if let Some(id) = mail.id.as_ref().filter(|id| known.iter().all(|(other, _)| other != *id)) {
                known.push((id.clone(), index));
            }
        }
        for (index, mail) in self.mails.iter().enumerate() {
            let ids = match mail.references.is_empty() {
                true => mail.in_reply_to.iter().take(1).collect::<Vec<_>>(),
                false => mail.references.iter().collect(),
            };
            let mut before = None;
            for id in ids {
                let found = known.iter().find(|(other, _)| other == id).map(|(_, node)| *node);
                let node = found.unwrap_or_else(|| {
                    known.push((id.clone(), self.dummy()));
                    self.nodes.len() - 1
                });
                if let Some(before) = before.filter(|_| self.nodes[node].parent.is_none()) {
                    self.link(before, node);
                }
                before = Some(node);
            }
            self.unlink(index);
            if let Some(before) = before {
                self.link(before, index);
            }
        }
    }

    /// The siblings without dummies, each of which its children stand for.
    fn prune(&mut self, siblings: &[usize], at_the_top: bool) -> Vec<usize> {
        let mut kept = Vec::new();
        for node in siblings {
            let children = self.nodes[*node].children.clone();
            let children = self.prune(&children, false);
            self.nodes[*node].children = children.clone();
            if self.nodes[*node].message.is_some() {
                kept.push(*node);
            } else if !at_the_top || children.len() == 1 {
                kept.extend(children);
            } else if !children.is_empty() {
                kept.push(*node);
            }
        }
        kept
    }

    /// The message that a sibling counts as.
    fn head(&self, node: usize) -> usize {
        self.nodes[node].message.unwrap_or_else(|| self.head(self.nodes[node].children[0]))
    }

    fn sorted(&self, mut siblings: Vec<usize>) -> Vec<usize> {
        siblings.sort_by_key(|node| {
            let head = self.head(*node);
            (self.mails[head].date, head)
        });
        siblings
    }

    fn subject(&self, node: usize) -> String {
        thread_key::base_subject(&self.mails[self.head(node)].subject).to_lowercase()
    }

    fn is_reply(&self, node: usize) -> bool {
        self.nodes[node].message.is_some_and(|index| {
            let subject = &self.mails[index].subject;
            subject.starts_with("Re") || subject.starts_with("Fwd")
        })
    }

    fn step_5(&mut self, roots: Vec<usize>) -> Vec<usize> {
        let mut table: Vec<(String, usize)> = Vec::new();
        let is_dummy = |model: &Self, node: usize| model.nodes[node].message.is_none();
        for root in &roots {
            let subject = self.subject(*root);
            if subject.is_empty() {
                continue;
            }
            let Some(at) = table.iter().position(|(other, _)| *other == subject) else {
                table.push((subject, *root));
                continue;
            };
            let known = table[at].1;
            if !is_dummy(self, known)
                && (is_dummy(self, *root) || self.is_reply(known) && !self.is_reply(*root))
            {
                table[at].1 = *root;
            }
        }
        let mut left = roots.clone();
        for root in roots {
            let subject = self.subject(root);
            if subject.is_empty() {
                continue;
            }
            let at = table.iter().position(|(other, _)| *other == subject).unwrap();
            let known = table[at].1;
            if known == root {
                continue;
            }
            left.retain(|other| *other != root);
            if is_dummy(self, known) && is_dummy(self, root) {
                let children = std::mem::take(&mut self.nodes[root].children);
                self.nodes[known].children.extend(children);
            } else if is_dummy(self, known) || self.is_reply(root) && !self.is_reply(known) {
                self.nodes[known].children.push(root);
            } else {
                let dummy = self.dummy();
                self.nodes[dummy].children = vec![known, root];
                left.retain(|other| *other != known);
                left.push(dummy);
                table[at].1 = dummy;
            }
        }
        left
    }

    fn step_6(&mut self, siblings: Vec<usize>) -> Vec<usize> {
        for node in &siblings {
            let children = std::mem::take(&mut self.nodes[*node].children);
            self.nodes[*node].children = self.step_6(children);
        }
        self.sorted(siblings)
    }

    fn write(&self, node: usize, depth: u32, threads: &mut Threads) {
        let seq = self.nodes[node].message.map_or(0, |index| index as u32 + 1);
        threads.messages.push(if seq == 0 { (0, 0) } else { (seq, seq + 100) });
        threads.depths.push(depth);
        for child in &self.nodes[node].children {
            self.write(*child, depth + 1, threads);
        }
    }
}

#[test]
fn what_is_not_known_of_a_message_is_a_thread_by_itself() {
    for algorithm in [ThreadAlgorithm::References, ThreadAlgorithm::OrderedSubject] {
        let mut table = ThreadTable::new(algorithm);
        table.push((1, 7), None, None);
        assert_eq!(table.threads().to_imap(), "(1)");
    }
}
