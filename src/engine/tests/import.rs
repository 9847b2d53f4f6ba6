//! Imports: what is skipped, and how far one has come, in the same commit.

use futures::executor::block_on;

use super::{inbox, mail, open, verified};
use crate::backend::{CreateOptions, ImportOptions, ImportProgress, MailboxSet, Skip};
use crate::engine::StoreMailboxSet;
use crate::engine::layout;
use crate::model::{AppendMessage, EmailId, ErrorCode, MailboxName, Uid};
use crate::store::{MemoryStore, Read, Scan, Store};
use sha2::{Digest, Sha256};

fn skipping(skip: Skip) -> ImportOptions {
    ImportOptions { skip, import: None }
}

fn step(from: u64) -> ImportOptions {
    ImportOptions { skip: Skip::Nothing, import: Some(("monday".to_owned(), from)) }
}

fn mails(numbers: impl IntoIterator<Item = u32>) -> Vec<AppendMessage> {
    numbers.into_iter().map(mail).collect()
}

async fn imports(store: &MemoryStore) -> usize {
    let read = Read { scans: vec![Scan::all(layout::all_imports())], ..Read::default() };
    store.read(read).await.unwrap().scanned.iter().map(Vec::len).sum()
}

async fn imported(set: &StoreMailboxSet, numbers: &[u32], skip: Skip) -> Vec<Uid> {
    inbox(set).await.import(mails(numbers.iter().copied()), &skipping(skip)).await.unwrap()
}

#[test]
fn what_lives_in_the_mailbox_is_skipped_and_what_is_gone_is_not() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let inbox = inbox(&set).await;
        inbox.append_many(mails(0..4), false).await.unwrap();
        assert_eq!(imported(&set, &[1, 3], Skip::InMailbox).await, []);
        assert_eq!(imported(&set, &[9, 1, 9, 8], Skip::InMailbox).await, [5, 6]);
        inbox.expunge(&[2], false).await.unwrap();
        assert_eq!(imported(&set, &[0, 1, 2], Skip::InMailbox).await, [7]);
        assert_eq!(imported(&set, &[1, 1], Skip::Nothing).await, [8, 9]);
        // After a fold the index answers from its buckets.
        set.cleanup(true).await.unwrap();
        let again = open(&store).await;
        assert_eq!(imported(&again, &[0, 1, 8, 30], Skip::InMailbox).await, [10]);
        verified(&again).await;
    });
}

#[test]
fn other_mailboxes_count_only_where_asked_and_while_they_are_there() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let name = MailboxName::parse("Work").unwrap();
        set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
        set.get_mailbox(&name).await.unwrap().append_many(mails(0..3), false).await.unwrap();
        assert_eq!(imported(&set, &[0, 5], Skip::Anywhere).await, [1]);
        assert_eq!(imported(&set, &[0], Skip::InMailbox).await, [2]);
        set.delete_mailbox(&name).await.unwrap();
        assert_eq!(imported(&set, &[1, 5], Skip::Anywhere).await, [3]);
        verified(&set).await;
    });
}

#[test]
fn an_import_says_how_far_it_has_come_until_its_mailbox_goes() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await;
        let name = MailboxName::parse("Work").unwrap();
        set.add_mailbox(&name, &CreateOptions::default()).await.unwrap();
        let work = set.get_mailbox(&name).await.unwrap();
        assert_eq!(work.import_progress("monday").await.unwrap(), None);
        assert_eq!(work.import(mails(0..2), &step(0)).await.unwrap(), [1, 2]);
        let both = ImportOptions { skip: Skip::InMailbox, ..step(2) };
        assert_eq!(work.import(mails(0..2), &both).await.unwrap(), []);
        // Who begins where another already was has changed nothing.
        let late = work.import(mails(5..6), &step(2)).await;
        assert_eq!(late.unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(work.import(Vec::new(), &step(7)).await.unwrap(), []);

        let again = open(&store).await;
        let work = again.get_mailbox(&name).await.unwrap();
        let digest = Sha256::digest(mail(1).raw.to_vec());
        let expected = ImportProgress { taken: 4, last: EmailId::from_bytes(&digest) };
        assert_eq!(work.import_progress("monday").await.unwrap(), Some(expected));
        assert_eq!(work.import_progress("tuesday").await.unwrap(), None);
        assert_eq!(inbox(&again).await.import_progress("monday").await.unwrap(), None);
        assert_eq!(work.import(mails(7..8), &step(4)).await.unwrap(), [3]);
        verified(&again).await;

        assert_eq!(imports(&store).await, 1);
        again.delete_mailbox(&name).await.unwrap();
        verified(&again).await;
        again.cleanup(true).await.unwrap();
        assert_eq!(imports(&store).await, 0);
        verified(&again).await;
    });
}
