//! The operations of the contracts of whole mailboxes and of filters, and of the engine itself.

use std::cell::Cell;
use std::rc::Rc;

use offline_mailbox::backend::{AppendTarget, CreateOptions, Look, MailboxSet};
use offline_mailbox::model::{ListTree, SpecialUse};
use offline_mailbox::platform::Pauses;

use crate::actor::{Operation, changes, flags, message, name, reads};

const NOTHING: String = String::new();

pub const CHANGES: &[Operation] = &[
    changes("create", &["MailboxSet::add_mailbox"], |actor| {
        Box::pin(async {
            let options = CreateOptions { special_use: Some(SpecialUse::Junk), first_uid: Some(7) };
            actor.set.add_mailbox(&name("New/child"), &options).await?;
            Ok(NOTHING)
        })
    }),
    changes("rename", &["MailboxSet::rename_mailbox"], |actor| {
        Box::pin(async {
            actor.set.rename_mailbox(&name("Sent"), &name("Out/box")).await?;
            Ok(NOTHING)
        })
    }),
    changes("rename INBOX", &["MailboxSet::rename_mailbox"], |actor| {
        Box::pin(async {
            actor.set.rename_mailbox(&name("INBOX"), &name("Old")).await?;
            Ok(NOTHING)
        })
    }),
    changes("delete a mailbox", &["MailboxSet::delete_mailbox"], |actor| {
        Box::pin(async {
            actor.set.delete_mailbox(&name("Sent")).await?;
            Ok(NOTHING)
        })
    }),
    changes("subscribe", &["MailboxSet::set_subscribed"], |actor| {
        Box::pin(async {
            actor.set.set_subscribed(&name("Sent"), true).await?;
            Ok(NOTHING)
        })
    }),
    changes("lock", &["MailboxSet::set_readonly"], |actor| {
        Box::pin(async {
            actor.set.set_readonly(&name("INBOX"), true).await?;
            Ok(NOTHING)
        })
    }),
    changes("give a use", &["MailboxSet::set_special_use"], |actor| {
        Box::pin(async {
            actor.set.set_special_use(&name("Sent"), Some(SpecialUse::Sent)).await?;
            Ok(NOTHING)
        })
    }),
    changes("append to many", &["MailboxSet::append_to_many"], |actor| {
        Box::pin(async {
            let target =
                |text: &str, create| AppendTarget { name: name(text), flags: flags(&["\\Seen"]), create };
            let targets = [target("INBOX", false), target("Sent", false), target("Made", true)];
            let raw = message("Message-Id: <m>\r\nSubject: m\r\n\r\nmany\r\n", &[]);
            let places = actor.set.append_to_many(raw, &targets, None).await?;
            Ok(format!("{:?}", places.iter().map(|place| place.uid).collect::<Vec<_>>()))
        })
    }),
    changes("put a filter", &["FilterSet::put"], |actor| {
        Box::pin(async { actor.filters().put("new", b"discard;").await.map(|()| NOTHING) })
    }),
    changes("put the active filter anew", &["FilterSet::put"], |actor| {
        Box::pin(async { actor.filters().put("main", b"keep;").await.map(|()| NOTHING) })
    }),
    changes("rename a filter", &["FilterSet::rename"], |actor| {
        Box::pin(async { actor.filters().rename("main", "renamed").await.map(|()| NOTHING) })
    }),
    changes("delete a filter", &["FilterSet::delete"], |actor| {
        Box::pin(async { actor.filters().delete("other").await.map(|()| NOTHING) })
    }),
    changes("activate a filter", &["FilterSet::set_active"], |actor| {
        Box::pin(async { actor.filters().set_active("other").await.map(|()| NOTHING) })
    }),
    changes("leave no filter active", &["FilterSet::clear_active"], |actor| {
        Box::pin(async { actor.filters().clear_active().await.map(|()| NOTHING) })
    }),
];

pub const READS: &[Operation] = &[
    reads("list", &["MailboxSet::list_mailboxes"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.set.list_mailboxes().await?.entries())) })
    }),
    reads("how mailboxes stand", &["MailboxSet::snapshots"], |actor| {
        Box::pin(async {
            let names = ["INBOX", "no such mailbox", "Trash"].map(name);
            let snapshots = actor.set.snapshots(&names).await?;
            Ok(format!("{:?}", snapshots.into_iter().map(|each| Some(each?.exists)).collect::<Vec<_>>()))
        })
    }),
    reads("list, and how mailboxes stand", &["MailboxSet::list_snapshots"], |actor| {
        Box::pin(async {
            let mut listed = Vec::new();
            let mut wanted = |tree: &ListTree| {
                listed = tree.entries();
                Ok(["INBOX", "Trash"].map(name).to_vec())
            };
            let snapshots = actor.set.list_snapshots(false, &mut wanted).await?;
            let exists: Vec<Option<u32>> =
                snapshots.into_iter().map(|each| each.map(|each| each.exists)).collect();
            Ok(format!("{listed:?} {exists:?}"))
        })
    }),
    reads("list subscriptions", &["MailboxSet::list_subscribed"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.set.list_subscribed().await?.entries())) })
    }),
    reads("get a mailbox", &["MailboxSet::get_mailbox"], |actor| {
        Box::pin(async { Ok(actor.set.get_mailbox(&name("Trash")).await?.name()) })
    }),
    reads("get a mailbox by id", &["MailboxSet::get_mailbox_by_id"], |actor| {
        Box::pin(async {
            let found = actor.set.get_mailbox_by_id(&actor.sent.mailbox_id()).await?;
            Ok(format!("{:?}", found.map(|mailbox| mailbox.name())))
        })
    }),
    reads("open a mailbox for one operation", &["MailboxSet::open_mailbox"], |actor| {
        Box::pin(async {
            let mut found = Vec::new();
            for look in [Look::STATE, Look::AtCommit, Look::NOW] {
                let mailbox = actor.set.open_mailbox(&actor.sent.mailbox_id(), look).await?;
                found.push(mailbox.map(|mailbox| mailbox.name()));
            }
            Ok(format!("{found:?}"))
        })
    }),
    reads("open a mailbox of a name for one operation", &["MailboxSet::open_mailbox_of"], |actor| {
        Box::pin(async {
            let mut exists = Vec::new();
            for look in [Look::NOW, Look::STATE, Look::AtCommit] {
                let mailbox = actor.set.open_mailbox_of(&name("Sent"), look).await?;
                exists.push(mailbox.snapshot().await?.exists);
            }
            Ok(format!("{exists:?}"))
        })
    }),
    reads("events", &["MailboxSet::events"], |actor| {
        Box::pin(async { Ok(actor.set.events(0).await?.events.len().to_string()) })
    }),
    reads("sequence", &["MailboxSet::sequence"], |actor| {
        Box::pin(async { Ok(actor.set.sequence().await?.to_string()) })
    }),
    Operation {
        large: true,
        ..reads("upkeep", &["MailboxSet::cleanup"], |actor| {
            Box::pin(async { actor.set.cleanup(true).await.map(|()| NOTHING) })
        })
    },
    Operation {
        large: true,
        ..reads("a little upkeep", &["MailboxSet::cleanup"], |actor| {
            Box::pin(async { actor.set.cleanup(false).await.map(|()| NOTHING) })
        })
    },
    Operation {
        large: true,
        ..reads("upkeep in pauses", &["MailboxSet::upkeep"], |actor| {
            Box::pin(async {
                let pauses = Pauses::of(Rc::new(Cell::new(0)));
                actor.set.upkeep(&pauses).await.map(|()| NOTHING)
            })
        })
    },
    reads("verify", &["StoreMailboxSet::verify"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.set.verify().await?)) })
    }),
    reads("get a filter", &["FilterSet::get"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.filters().get("other").await?)) })
    }),
    reads("get the active filter", &["FilterSet::get_active"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.filters().get_active().await?)) })
    }),
    reads("get all filters", &["FilterSet::get_all"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.filters().get_all().await?)) })
    }),
    reads("compile the active filter", &["FilterSet::active_filter"], |actor| {
        Box::pin(async { Ok(actor.filters().active_filter().await?.is_some().to_string()) })
    }),
];
