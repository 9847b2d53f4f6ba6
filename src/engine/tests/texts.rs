//! Searchable texts: what is read of them, what is kept, and what of it is still right.

use std::rc::Rc;

use futures::executor::block_on;

use super::{inbox, mail, open, outside, verified};
use crate::backend::{MailboxData, MailboxSet};
use crate::engine::layout::{self, PackKind};
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{AppendMessage, FlagOp, Flags, Uid, Value};
use crate::store::{Batch, MemoryStore, Read, Space, Store};
use crate::testing::counting_store::CountingStore;
use crate::testing::texts::texts_of;

async fn counted(store: &MemoryStore) -> (Rc<CountingStore>, Rc<StoreMailboxSet>) {
    let counting = CountingStore::new(Rc::new(store.connect()));
    let set = StoreMailboxSet::open(counting.clone(), EngineOptions::default()).await.unwrap();
    (counting, set)
}

/// How many text packs were read since the last time.
fn packs(counting: &CountingStore) -> usize {
    counting.take().remove(&Space::Text).unwrap_or_default()
}

/// Their texts as strings, one after the other.
async fn told(mailbox: &dyn MailboxData, uids: &[Uid]) -> Vec<String> {
    let texts = texts_of(mailbox, uids).await.unwrap();
    texts.into_iter().map(|text| String::from_utf8(text.unwrap_or_default()).unwrap()).collect()
}

fn bodies(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("body {number}")).collect()
}

#[test]
fn packs_of_texts_are_read_once() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, set) = counted(&store).await;
        let mailbox = inbox(&set).await;
        for first in [0, 500] {
            mailbox.append_many((first..first + 500).map(mail).collect(), false).await.unwrap();
        }
        packs(&counting);
        let uids: Vec<Uid> = (1..=1000).rev().collect();
        let all = bodies((0..1000).rev());
        assert_eq!((told(mailbox.as_ref(), &uids).await, packs(&counting)), (all.clone(), 2));
        assert_eq!((told(mailbox.as_ref(), &uids).await, packs(&counting)), (all, 0));
        // What arrives is read, and no more.
        mailbox.append(mail(1000), false).await.unwrap();
        packs(&counting);
        let more = told(mailbox.as_ref(), &[1001, 1, 1, 1002]).await;
        assert_eq!(
            (more, packs(&counting)),
            (["body 1000", "body 0", "body 0", ""].map(str::to_owned).to_vec(), 1)
        );
    });
}

#[test]
fn texts_of_any_length_come_in_batches() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, set) = counted(&store).await;
        let mailbox = inbox(&set).await;
        let lengths = [0, 700_000, 5, 1_040_000, 30_000, 40_000, 1_000_000];
        let mut expected = Vec::new();
        for round in 0..16 {
            let text = |length: &usize| format!("{round}{}", "x".repeat(*length));
            let texts: Vec<String> = lengths.iter().map(text).collect();
            let mails = texts.iter().map(|text| AppendMessage::new(format!("Subject: x\r\n\r\n{text}")));
            mailbox.append_many(mails.collect(), false).await.unwrap();
            expected.extend(texts);
        }
        let uids: Vec<Uid> = (1..=112).collect();
        counting.take_largest();
        let mut sum = 0;
        let read = mailbox.texts(&uids, &mut |_: usize, text: &[u8]| sum += text.len()).await.unwrap();
        assert_eq!((read, sum), (112, expected.iter().map(String::len).sum()));
        // No more of them are in memory than what is looked at and what is read meanwhile.
        let largest = counting.take_largest();
        assert!(largest <= 4 << 20, "{largest}");
        assert!(told(mailbox.as_ref(), &uids).await == expected);
    });
}

#[test]
fn a_damaged_text_is_found_out_and_read_anew_once_it_is_mended() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, set) = counted(&store).await;
        let mailbox = inbox(&set).await;
        mailbox.append_many((0..50).map(mail).collect(), false).await.unwrap();
        let key = layout::pack(PackKind::Text, 1);
        let record =
            store.read(Read { keys: vec![key], ..Read::default() }).await.unwrap().values.remove(0).unwrap();
        let mut damaged = record.to_vec();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        let put = async |record: Value| {
            store.commit(Batch { puts: vec![(key, record)], ..outside() }).await.unwrap();
        };
        put(Value::from(damaged)).await;
        let uids: Vec<Uid> = (1..=50).collect();
        for _ in 0..2 {
            packs(&counting);
            assert_eq!(told(mailbox.as_ref(), &uids).await, bodies(0..50), "out of the octets");
            assert!(packs(&counting) > 0, "nothing says that what is stored is still damaged");
        }
        put(record).await;
        packs(&counting);
        assert_eq!((told(mailbox.as_ref(), &uids).await, packs(&counting)), (bodies(0..50), 1));
        assert_eq!((told(mailbox.as_ref(), &uids).await, packs(&counting)), (bodies(0..50), 0));
    });
}

#[test]
fn packs_that_another_tab_folds_are_followed() {
    block_on(async {
        let store = MemoryStore::new();
        let (counting, set) = counted(&store).await;
        let mailbox = inbox(&set).await;
        for number in 0..60 {
            mailbox.append(mail(number), false).await.unwrap();
        }
        let uids: Vec<Uid> = (1..=60).collect();
        assert_eq!(told(mailbox.as_ref(), &uids).await, bodies(0..60));
        let other = open(&store).await;
        let theirs = inbox(&other).await;
        let dead: Vec<Uid> = (1..=60).filter(|uid| uid % 2 == 0).collect();
        let deleted = Flags::parse(["\\Deleted"]).unwrap();
        theirs.update_many(&dead, &deleted, FlagOp::Add, None).await.unwrap();
        theirs.expunge(&dead, true).await.unwrap();
        other.cleanup(true).await.unwrap();
        // One that knows nothing of it yet, and one that has read only the directory.
        let living: Vec<Uid> = (1..=60).filter(|uid| uid % 2 == 1).collect();
        let left = bodies((0..60).step_by(2));
        assert_eq!(told(mailbox.as_ref(), &living).await, left);
        packs(&counting);
        theirs.append_many((60..80).map(mail).collect(), false).await.unwrap();
        other.cleanup(true).await.unwrap();
        let later: Vec<Uid> = living.iter().copied().chain(61..=80).collect();
        let all: Vec<String> = left.into_iter().chain(bodies(60..80)).collect();
        assert_eq!(told(mailbox.as_ref(), &later).await, all);
        verified(&set).await;
    });
}

#[test]
fn what_the_cleanup_deletes_is_not_kept() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        mailbox.append_many((0..50).map(mail).collect(), false).await.unwrap();
        let uids: Vec<Uid> = (1..=50).collect();
        told(mailbox.as_ref(), &uids).await;
        assert_eq!(set.engine.pages.borrow().texts.count(), 1);
        mailbox.expunge(&uids, false).await.unwrap();
        set.cleanup(true).await.unwrap();
        assert_eq!(set.engine.pages.borrow().texts.count(), 0);
        assert_eq!(told(mailbox.as_ref(), &uids).await, vec![String::new(); 50]);
    });
}
