//! The engine's own machinery at sizes where it turns over: sealing, folding,
//! releasing, forgetting. What a client sees is the conformance suite's.

use std::rc::Rc;

use futures::executor::block_on;

use super::{EngineOptions, StoreMailboxSet, notes};
use crate::backend::{CreateOptions, MailboxData, MailboxSet};
use crate::model::{AppendMessage, FlagOp, Flags, MailboxName, MessageFields, Uid};
use crate::store::{Batch, KeyRange, MemoryStore, Read, Scan, Space, Store};

mod damage;
mod filters;
mod formats;
mod import;
mod texts;
mod upkeep;

async fn open(store: &MemoryStore) -> Rc<StoreMailboxSet> {
    StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await.unwrap()
}

async fn inbox(set: &StoreMailboxSet) -> Rc<dyn MailboxData> {
    set.get_mailbox(&MailboxName::inbox()).await.unwrap()
}

/// To commit past every engine: its note says nothing.
fn outside() -> Batch {
    Batch { id: [9; 16], note: notes::encode(&[9; 16], &[]), ..Batch::default() }
}

fn mail(n: u32) -> AppendMessage {
    let parent = n / 3;
    AppendMessage::new(format!(
        "From: a{n}@example.org\r\nSubject: Re: topic {parent}\r\nMessage-Id: <{n}@example.org>\r\n\
         In-Reply-To: <{parent}@example.org>\r\n\r\nbody {n}\r\n"
    ))
}

async fn verified(set: &StoreMailboxSet) {
    assert_eq!(set.verify().await.unwrap(), []);
}

async fn count(store: &MemoryStore, space: Space) -> usize {
    let range = KeyRange::prefix(crate::store::Key::new(space));
    let read = Read { scans: vec![Scan::all(range)], ..Read::default() };
    store.read(read).await.unwrap().scanned.iter().map(Vec::len).sum()
}

#[test]
fn twenty_thousand_messages_seal_fold_and_come_back() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        for chunk in 0..25 {
            let messages = (chunk * 800..(chunk + 1) * 800).map(mail).collect();
            mailbox.append_many(messages, false).await.unwrap();
            set.cleanup(false).await.unwrap();
        }
        verified(&set).await;
        let again = open(&store).await;
        let mailbox = inbox(&again).await;
        let uids: Vec<Uid> = vec![1, 511, 512, 513, 4096, 4097, 16_385, 20_000];
        let messages = mailbox.messages(&uids, MessageFields::ALL).await.unwrap();
        let octets = mailbox.content(&uids).await.unwrap();
        for ((uid, message), octets) in uids.iter().zip(messages).zip(octets) {
            let raw = octets.unwrap().to_vec();
            assert!(raw.starts_with(format!("From: a{}@", uid - 1).as_bytes()));
            assert_eq!(message.unwrap().size, raw.len() as u64);
        }
        // A reply to the first message joins its thread after all those folds.
        let first = mailbox.get(2, None).await.unwrap().unwrap();
        let reply = "Subject: topic 0\r\nMessage-Id: <new@x>\r\nReferences: <1@example.org>\r\n\r\n";
        let reply = mailbox.append(AppendMessage::new(reply), false).await.unwrap();
        assert_eq!(reply.thread_id, first.thread_id);
        verified(&again).await;
    });
}

#[test]
fn s39_deleted_messages_give_back_all_they_held() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let name = MailboxName::parse("Work").unwrap();
        set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
        let (inbox, work) = (inbox(&set).await, set.get_mailbox(&name).await.unwrap());
        for chunk in 0..6 {
            inbox.append_many((chunk * 1000..(chunk + 1) * 1000).map(mail).collect(), true).await.unwrap();
        }
        let big = vec![b'x'; 3_000_000];
        inbox.append(AppendMessage::new(big.clone()), false).await.unwrap();
        let all: Vec<Uid> = (1..=6001).collect();
        inbox.copy_many(&all[..3000], work.as_ref(), false).await.unwrap();
        inbox.move_many(&all[3000..4000], work.as_ref(), false).await.unwrap();
        inbox.expunge(&all[..5000], false).await.unwrap();
        verified(&set).await;
        set.cleanup(true).await.unwrap();
        verified(&set).await;
        assert_eq!(inbox.content(&[6001]).await.unwrap()[0].as_ref().unwrap().to_vec(), big);
        assert!(work.content(&[1]).await.unwrap()[0].is_some());
        set.delete_mailbox(&name).await.unwrap();
        inbox.expunge(&all, false).await.unwrap();
        set.cleanup(true).await.unwrap();
        verified(&set).await;
        for space in [Space::Content, Space::Text] {
            assert_eq!(count(&store, space).await, 0, "{space:?}");
        }
        assert_eq!(inbox.snapshot().await.unwrap().size, 0);
    });
}

#[test]
fn s134_tombstones_are_bounded_and_older_clients_get_everything() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        let octets = "Subject: same\r\n\r\n";
        for round in 0..14u32 {
            let batch = vec![AppendMessage::new(octets); 2048];
            mailbox.append_many(batch, false).await.unwrap();
            let uids: Vec<Uid> = (round * 2048 + 1..=(round + 1) * 2048).skip(1).collect();
            mailbox.expunge(&uids, false).await.unwrap();
            mailbox.cleanup().await.unwrap();
        }
        verified(&set).await;
        let state = mailbox.state().await.unwrap().unwrap();
        assert_eq!(state.exists(), 14);
        assert!(state.expunge_horizon() > 1);
        let vanished = state.vanished_since(1);
        assert_eq!(vanished.len(), 14 * 2047);
        assert!(state.live().all(|live| !vanished.contains(live.uid)));
        let recent = state.vanished_since(state.highest_mod_seq() - 1);
        assert_eq!(recent.len(), 2047);
        let reopened = open(&store).await;
        assert_eq!(inbox(&reopened).await.state().await.unwrap().unwrap().vanished_since(1), vanished);
    });
}

#[test]
fn small_deliveries_are_folded_into_full_packs() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        for n in 0..200 {
            mailbox.append(mail(n), false).await.unwrap();
            set.cleanup(false).await.unwrap();
        }
        assert!(count(&store, Space::Content).await < 80);
        set.cleanup(true).await.unwrap();
        assert_eq!(count(&store, Space::Content).await, 1);
        verified(&set).await;
        let octets = mailbox.content(&(1..=200).collect::<Vec<_>>()).await.unwrap();
        for (n, octets) in octets.into_iter().enumerate() {
            assert_eq!(octets, Some(mail(n as u32).raw));
        }
    });
}

#[test]
fn two_engines_on_one_database_redo_what_the_other_overtook() {
    block_on(async {
        let store = MemoryStore::new();
        let (one, two) = (open(&store).await, open(&store).await);
        let (a, b) = (inbox(&one).await, inbox(&two).await);
        for n in 0..50 {
            let (left, right) = futures::join!(a.append(mail(n), false), b.append(mail(1000 + n), false));
            assert_ne!(left.unwrap().uid, right.unwrap().uid);
            let flags = Flags::parse(["\\Seen", "Both"]).unwrap();
            b.update_many(&[n + 1], &flags, FlagOp::Add, None).await.unwrap();
        }
        assert_eq!(a.snapshot().await.unwrap(), b.snapshot().await.unwrap());
        assert_eq!(a.snapshot().await.unwrap().exists, 100);
        verified(&one).await;
    });
}
