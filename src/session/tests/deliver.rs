//! Delivery over a set that has neither filters nor transactions: what the
//! contracts give it for free.

use std::rc::Rc;

use async_trait::async_trait;
use futures::executor::block_on;

use super::{flags, open, seen_anew, session};
use crate::backend::{AppendTarget, CreateOptions, MailboxData, MailboxEvents, MailboxSet};
use crate::model::{AppendMessage, ErrorCode, ListTree, MailboxId, MailboxName, Result, SpecialUse, Value};
use crate::session::DeliverOptions;
use crate::store::{MemoryStore, Sequence};
use crate::view::Feed;

/// The methods that a backend has to have, and no other.
struct Plain(Rc<dyn MailboxSet>);

#[async_trait(?Send)]
impl MailboxSet for Plain {
    fn owner(&self) -> String {
        self.0.owner()
    }

    async fn set_subscribed(&self, name: &MailboxName, subscribed: bool) -> Result<()> {
        self.0.set_subscribed(name, subscribed).await
    }

    async fn list_subscribed(&self) -> Result<ListTree> {
        self.0.list_subscribed().await
    }

    async fn list_mailboxes(&self) -> Result<ListTree> {
        self.0.list_mailboxes().await
    }

    async fn get_mailbox(&self, name: &MailboxName) -> Result<Rc<dyn MailboxData>> {
        self.0.get_mailbox(name).await
    }

    async fn get_mailbox_by_id(&self, mailbox_id: &MailboxId) -> Result<Option<Rc<dyn MailboxData>>> {
        self.0.get_mailbox_by_id(mailbox_id).await
    }

    async fn add_mailbox(&self, name: &MailboxName, options: &CreateOptions) -> Result<MailboxId> {
        self.0.add_mailbox(name, options).await
    }

    async fn delete_mailbox(&self, name: &MailboxName) -> Result<()> {
        self.0.delete_mailbox(name).await
    }

    async fn rename_mailbox(&self, before: &MailboxName, after: &MailboxName) -> Result<()> {
        self.0.rename_mailbox(before, after).await
    }

    async fn set_readonly(&self, name: &MailboxName, readonly: bool) -> Result<()> {
        self.0.set_readonly(name, readonly).await
    }

    async fn set_special_use(&self, name: &MailboxName, special_use: Option<SpecialUse>) -> Result<()> {
        self.0.set_special_use(name, special_use).await
    }

    async fn events(&self, after: Sequence) -> Result<MailboxEvents> {
        self.0.events(after).await
    }

    async fn sequence(&self) -> Result<Sequence> {
        self.0.sequence().await
    }

    fn changes(&self) -> Feed {
        self.0.changes()
    }

    async fn cleanup(&self, thorough: bool) -> Result<()> {
        self.0.cleanup(thorough).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

fn target(name: &str, add: &str, create: bool) -> AppendTarget {
    AppendTarget { name: MailboxName::parse(name).unwrap(), flags: flags(add), create }
}

#[test]
fn one_message_goes_to_several_mailboxes_of_any_set_or_to_none() {
    block_on(async {
        for plain in [true, false] {
            let stored = open(&MemoryStore::new()).await;
            let set: Rc<dyn MailboxSet> = if plain { Rc::new(Plain(stored)) } else { stored };
            let message = AppendMessage { flags: flags("\\Seen"), ..AppendMessage::new("x") };
            let inbox = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
            let targets =
                [target("INBOX", "", false), target("New", "work", true), target("INBOX", "a", false)];
            let places =
                set.append_to_many(message.clone(), &targets, Some(&inbox.mailbox_id())).await.unwrap();
            assert_eq!(places.iter().map(|place| place.uid).collect::<Vec<_>>(), [1, 1, 2]);
            let all = ["INBOX", "1 (\\Seen)", "2 (\\Seen a)", "New", "1 (\\Seen work)"];
            assert_eq!(seen_anew(&set).await[..5], all);
            let new = set.get_mailbox_by_id(&places[1].mailbox_id).await.unwrap().unwrap();
            assert_eq!(places[1].uid_validity, new.uid_validity());
            assert_eq!(new.snapshot().await.unwrap().recent, 1);
            assert_eq!(inbox.snapshot().await.unwrap().recent, 0, "the claimant's");
            let targets = [target("New", "", false), target("No", "", false)];
            let failed = set.append_to_many(message, &targets, None).await;
            assert_eq!(failed.unwrap_err().code(), ErrorCode::NotFound);
            assert_eq!(seen_anew(&set).await[..5], all);
            assert_eq!(set.append_to_many(AppendMessage::new("y"), &[], None).await.unwrap(), []);
        }
    });
}

#[test]
fn s162_without_filters_a_delivery_is_an_append() {
    block_on(async {
        let set: Rc<dyn MailboxSet> = Rc::new(Plain(open(&MemoryStore::new()).await));
        let session = session(&set);
        let raw = Value::from(b"Subject: s\r\n\r\n".to_vec());
        let result = session.deliver(raw.clone(), &DeliverOptions::default(), None).await.unwrap();
        assert_eq!((result.stored[0].mailbox.as_str(), result.stored[0].uid), ("INBOX", 1));
        let failed = session.test_filter(b"keep;", &raw, &DeliverOptions::default()).await;
        assert_eq!(failed.unwrap_err().code(), ErrorCode::Unavailable);
    });
}
