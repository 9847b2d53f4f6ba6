//! Housekeeping beside another tab, after moves and over damage.

use std::rc::Rc;

use futures::executor::block_on;

use super::{count, inbox, mail, open, outside, verified};
use crate::backend::{CreateOptions, MailboxData, MailboxSet};
use crate::engine::identity::encode_facts;
use crate::engine::known::{Known, Stood, install};
use crate::engine::layout::{self, MailboxNumber, PackKind};
use crate::engine::names::Names;
use crate::engine::pages::{Page as _, RowPage};
use crate::engine::shared::Shared;
use crate::engine::steps::Moment;
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::mime::RowFields;
use crate::model::{ErrorCode, MailboxName, MessageFields, Uid, Value};
use crate::platform;
use crate::store::{Batch, Key, MemoryStore, Read, Scan, Space, Store};
use crate::testing::faulty_store::{Fault, FaultyStore};
use crate::testing::texts::texts_of;

async fn add(set: &StoreMailboxSet, name: &str) -> Rc<dyn MailboxData> {
    let name = MailboxName::parse(name).unwrap();
    set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
    set.get_mailbox(&name).await.unwrap()
}

async fn stored(store: &MemoryStore, key: Key) -> Option<Value> {
    let read = Read { keys: vec![key], ..Read::default() };
    store.read(read).await.unwrap().values.into_iter().next().unwrap()
}

async fn shared(store: &MemoryStore) -> Shared {
    stored(store, layout::shared()).await.unwrap().with(Shared::decode).unwrap()
}

async fn graves(store: &MemoryStore) -> Vec<MailboxNumber> {
    stored(store, layout::names())
        .await
        .unwrap()
        .with(|record| Names::decode(&layout::names(), record))
        .unwrap()
        .graves
}

/// Writes past every engine, as damage does.
async fn overwrite(store: &MemoryStore, key: Key, record: impl Into<Value>) {
    store.commit(Batch { puts: vec![(key, record.into())], ..outside() }).await.unwrap();
}

async fn damage(store: &MemoryStore, key: Key, from_end: usize) {
    let mut record = stored(store, key).await.unwrap().to_vec();
    let at = record.len() - from_end;
    record[at] ^= 1;
    overwrite(store, key, record).await;
}

async fn pages(store: &MemoryStore, mailbox: MailboxNumber, space: Space) -> usize {
    let scan = Scan::all(layout::pages_of(mailbox, space));
    let read = Read { scans: vec![scan], ..Read::default() };
    store.read(read).await.unwrap().scanned.iter().map(Vec::len).sum()
}

async fn append(mailbox: &Rc<dyn MailboxData>, numbers: std::ops::Range<u32>) {
    for first in numbers.clone().step_by(1000) {
        let messages = (first..numbers.end.min(first + 1000)).map(mail).collect();
        mailbox.append_many(messages, false).await.unwrap();
    }
}

#[test]
fn s105_s134_moved_messages_leave_no_pages_behind() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let (inbox, work) = (inbox(&set).await, add(&set, "Work").await);
        append(&inbox, 0..1200).await;
        let moved: Vec<Uid> = (1..=1124).collect();
        inbox.move_many(&moved, work.as_ref(), false).await.unwrap();
        verified(&set).await;
        for _ in 0..2 {
            set.cleanup(false).await.unwrap();
        }
        verified(&set).await;
        for (space, left) in [(Space::Index, 1), (Space::Ids, 1), (Space::Rows, 2)] {
            assert_eq!(pages(&store, 1, space).await, left, "{space:?}");
        }
        assert_eq!(inbox.list_rows(&[1124, 1125], RowFields::ALL).await.unwrap().iter().flatten().count(), 1);
        let octets = work.content(&(1..=1124).collect::<Vec<Uid>>()).await.unwrap();
        assert!(octets.iter().all(Option::is_some));
    });
}

#[test]
fn s39_s105_a_deleted_mailbox_keeps_the_contents_of_what_was_moved_out_of_it() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let (inbox, work) = (inbox(&set).await, add(&set, "Work").await);
        append(&work, 0..2600).await;
        work.move_many(&[3, 5, 700], inbox.as_ref(), false).await.unwrap();
        set.delete_mailbox(&MailboxName::parse("Work").unwrap()).await.unwrap();
        // A short cleanup buries a large mailbox a few pieces at a time.
        set.cleanup(false).await.unwrap();
        assert_eq!(graves(&store).await.len(), 1);
        set.cleanup(false).await.unwrap();
        assert_eq!(graves(&store).await.len(), 0);
        verified(&set).await;
        assert!(inbox.content(&[1, 2, 3]).await.unwrap().iter().all(Option::is_some));
    });
}

#[test]
fn s136_a_fold_that_another_tab_has_done_is_not_done_again() {
    block_on(async {
        let store = MemoryStore::new();
        let (one, two) = (open(&store).await, open(&store).await);
        append(&inbox(&one).await, 0..6000).await;
        inbox(&two).await.append(mail(7000), false).await.unwrap();
        one.cleanup(false).await.unwrap();
        let folded = shared(&store).await.identity;
        assert!(folded.folded > 0 && folded.logged == 0);
        two.cleanup(false).await.unwrap();
        assert_eq!(shared(&store).await.identity, folded);
        verified(&one).await;
    });
}

#[test]
fn a_fold_goes_on_after_a_wrong_clock_and_takes_what_others_left() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        append(&inbox(&set).await, 0..6000).await;
        let mut left = shared(&store).await;
        // Begun by a clock ten years ahead, and cut short; of an older one a bucket is left.
        left.identity.folding_since_ms = platform::now_ms() + 10 * 365 * 86_400_000;
        left.identity.next_generation = 5;
        overwrite(&store, layout::shared(), left.encode()).await;
        for generation in [2, 4] {
            let key = layout::bucket(generation, 7);
            overwrite(&store, key, encode_facts(&key, &[])).await;
        }
        let set = open(&store).await;
        set.cleanup(false).await.unwrap();
        let head = shared(&store).await.identity;
        assert_eq!((head.generation, head.logged, head.folding_since_ms), (5, 0, 0));
        for generation in [2, 4] {
            assert!(stored(&store, layout::bucket(generation, 7)).await.is_none(), "{generation}");
        }
        verified(&set).await;
    });
}

#[test]
fn folding_packs_does_not_hide_damage() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let inbox = inbox(&set).await;
        for n in 0..3 {
            inbox.append(mail(n), false).await.unwrap();
        }
        damage(&store, layout::pack(PackKind::Content, 2), 5).await;
        assert_eq!(set.verify().await.unwrap().len(), 1);
        set.cleanup(true).await.unwrap();
        // The damaged one stays as it is, apart from what was folded.
        assert_eq!(count(&store, Space::Content).await, 2);
        assert_eq!(set.verify().await.unwrap().len(), 1);
    });
}

#[test]
fn a_damaged_mailbox_does_not_keep_others_from_being_cleaned() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let (inbox, work, old) = (inbox(&set).await, add(&set, "Work").await, add(&set, "Old").await);
        for (mailbox, numbers) in [(&inbox, 0..100), (&work, 100..200), (&old, 200..300)] {
            append(mailbox, numbers).await;
        }
        let all: Vec<Uid> = (1..=100).collect();
        inbox.expunge(&all, false).await.unwrap();
        work.expunge(&all, false).await.unwrap();
        set.delete_mailbox(&MailboxName::parse("Old").unwrap()).await.unwrap();
        damage(&store, layout::appending_index(1, 0), 5).await;
        let set = open(&store).await;
        assert_eq!(set.cleanup(true).await.unwrap_err().code(), ErrorCode::Corrupt);
        assert_eq!(graves(&store).await.len(), 0);
        assert_eq!(count(&store, Space::Content).await, 1);
    });
}

#[test]
fn s136_the_checker_sees_what_another_tab_wrote_and_what_is_stored() {
    block_on(async {
        let store = MemoryStore::new();
        let (one, two) = (open(&store).await, open(&store).await);
        let mailbox = inbox(&one).await;
        mailbox.append(mail(0), false).await.unwrap();
        append(&inbox(&two).await, 1..700).await;
        verified(&one).await;
        mailbox.list_rows(&[1], RowFields::ALL).await.unwrap();
        mailbox.messages(&[1], MessageFields::ALL).await.unwrap();
        damage(&store, layout::ids(1, 0), 5).await;
        assert_ne!(one.verify().await.unwrap(), []);
    });
}

#[test]
fn what_was_read_late_is_not_taken_for_newer_than_it_is() {
    let stood = |revision| Stood { revision, at: Moment::NEVER };
    // A commit guarded revision 6 without writing; meanwhile a late answer brought back revision 4.
    let mut known = Some(Known { revision: 4, at: Moment::NEVER, value: "old", fresh: true });
    install(&mut known, stood(7), None);
    assert!(!known.as_ref().unwrap().fresh);
    let mut known = Some(Known { revision: 6, at: Moment::NEVER, value: "right", fresh: true });
    install(&mut known, stood(7), None);
    assert!(known.as_ref().is_some_and(|known| known.fresh && known.revision == 7));
    // A commit's answer that comes after somebody else's next step was read.
    install(&mut known, stood(6), Some("older"));
    assert_eq!(known.unwrap().value, "right");
}

#[test]
fn opening_ends_where_the_store_never_takes_a_database() {
    block_on(async {
        let store = FaultyStore::new(Rc::new(MemoryStore::new()));
        store.plan_random(1, 100, &[Fault::LoseCommit]);
        let opened = StoreMailboxSet::open(store.clone(), EngineOptions::default()).await;
        assert!(opened.unwrap_err().outcome_unknown());
        store.reset();
        StoreMailboxSet::open(store, EngineOptions::default()).await.unwrap();
    });
}

#[test]
fn a_full_disk_keeps_nobody_from_selecting() {
    block_on(async {
        let store = FaultyStore::new(Rc::new(MemoryStore::new()));
        let set = StoreMailboxSet::open(store.clone(), EngineOptions::default()).await.unwrap();
        let inbox = inbox(&set).await;
        inbox.append(mail(0), true).await.unwrap();
        store.plan_random(1, 100, &[Fault::Fail(ErrorCode::QuotaExceeded)]);
        let (snapshot, mut first) = inbox.select(false).await.unwrap();
        assert_eq!((snapshot.exists, snapshot.recent), (1, 0));
        inbox.update_selected(&mut first, None).await.unwrap();
        assert_eq!(first.recent().len(), 0);
        store.reset();
        // The \Recent waits for whoever is next.
        let (_, second) = inbox.select(false).await.unwrap();
        assert_eq!(second.recent().len(), 1);
        inbox.update_selected(&mut first, None).await.unwrap();
        assert_eq!(first.recent().len(), 0);
    });
}

#[test]
fn what_died_far_apart_is_given_back_in_bounded_commits() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let inbox = inbox(&set).await;
        append(&inbox, 0..12_800).await;
        // One message of each of two hundred pages of list rows.
        inbox.expunge(&(1..=12_800).step_by(64).collect::<Vec<Uid>>(), false).await.unwrap();
        let blank = async || {
            let scan = Scan::all(layout::pages_of(1, Space::Rows));
            let read = Read { scans: vec![scan], ..Read::default() };
            let pages = store.read(read).await.unwrap().scanned.into_iter().flatten();
            let decoded = |(key, page): (Key, Value)| page.with(|page| RowPage::decode(&key, page)).unwrap();
            pages.map(decoded).filter(|page| page.0[0].is_empty()).count()
        };
        set.cleanup(false).await.unwrap();
        assert_eq!(blank().await, 128);
        set.cleanup(true).await.unwrap();
        assert_eq!(blank().await, 200);
        verified(&set).await;
    });
}

#[test]
fn a_lost_flag_page_is_damage_and_not_an_empty_mailbox() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        append(&inbox(&set).await, 0..10).await;
        let deletes = vec![layout::flags(1, 0)];
        store.commit(Batch { deletes, ..outside() }).await.unwrap();
        let set = open(&store).await;
        let inbox = inbox(&set).await;
        assert_eq!(inbox.state().await.unwrap_err().code(), ErrorCode::Corrupt);
        assert_eq!(inbox.append(mail(10), false).await.unwrap_err().code(), ErrorCode::Corrupt);
        assert_eq!(set.verify().await.unwrap().first().unwrap().mailbox.as_deref(), Some("INBOX"));
    });
}

#[test]
fn a_damaged_mailbox_can_be_deleted() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let name = MailboxName::parse("Work").unwrap();
        set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
        let puts = vec![(layout::core(2), Value::from(vec![1, 2, 3]))];
        store.commit(Batch { puts, ..outside() }).await.unwrap();
        let set = open(&store).await;
        assert_eq!(set.get_mailbox(&name).await.err().unwrap().code(), ErrorCode::Corrupt);
        set.delete_mailbox(&name).await.unwrap();
        set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
        append(&set.get_mailbox(&name).await.unwrap(), 0..3).await;
        set.cleanup(true).await.unwrap();
        verified(&set).await;
    });
}

#[test]
fn s153_octets_are_shared_only_where_they_are_the_same_octets() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        mailbox.append_many(vec![mail(1), mail(2), mail(1)], false).await.unwrap();
        mailbox.append(mail(1), false).await.unwrap();
        assert_eq!(count(&store, Space::Content).await, 1);
        verified(&set).await;
        // A pack that rots does not take new deliveries of the same mail with it.
        let key = layout::pack(PackKind::Content, 1);
        let mut rotten = stored(&store, key).await.unwrap().to_vec();
        let last = rotten.len() - 3;
        rotten[last] ^= 1;
        let puts = vec![(key, Value::from(rotten))];
        store.commit(Batch { puts, ..outside() }).await.unwrap();
        let set = open(&store).await;
        let mailbox = inbox(&set).await;
        mailbox.append_many(vec![mail(1), mail(2)], false).await.unwrap();
        let octets = mailbox.content(&[5, 6]).await.unwrap();
        assert_eq!(octets, [Some(mail(1).raw), Some(mail(2).raw)]);
    });
}

#[test]
fn s147_a_text_that_is_damaged_or_lost_is_derived_from_the_octets() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        append(&inbox(&set).await, 0..4).await;
        let text = async || {
            let set = open(&store).await;
            let texts = texts_of(inbox(&set).await.as_ref(), &[1, 2, 3, 4, 5]).await.unwrap();
            let text = |text: Option<Vec<u8>>| text.map(|text| String::from_utf8(text).unwrap());
            texts.into_iter().map(text).collect::<Vec<_>>()
        };
        let whole: Vec<_> = (0..4).map(|n| Some(format!("body {n}"))).chain([None]).collect();
        assert_eq!(text().await, whole);
        let pack = layout::pack(PackKind::Text, 1);
        damage(&store, pack, 1).await;
        assert_eq!(text().await, whole);
        let record = stored(&store, pack).await.unwrap();
        overwrite(&store, pack, record.slice(0..record.len() - 9)).await;
        assert_eq!(text().await, whole);
        store.commit(Batch { deletes: vec![pack], ..outside() }).await.unwrap();
        assert_eq!(text().await, whole);
    });
}
