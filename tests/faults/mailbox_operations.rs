//! The operations of a mailbox's contract, [`MailboxData`].
//!
//! [`MailboxData`]: offline_mailbox::backend::MailboxData

use offline_mailbox::backend::{ImportOptions, Skip};
use offline_mailbox::mime::RowFields;
use offline_mailbox::model::{Error, FlagOp, MessageFields, Result, SequenceSet};
use offline_mailbox::testing::texts::texts_of;

use crate::actor::{Actor, Operation, changes, flags, message, reads, two_messages, uids};

async fn import(actor: &Actor, raws: &[&str], options: ImportOptions) -> Result<String> {
    let batch = raws.iter().map(|raw| message(*raw, &[])).collect();
    Ok(format!("{:?}", actor.inbox.import(batch, &options).await?))
}

pub const CHANGES: &[Operation] = &[
    changes("append", &["MailboxData::append_many"], |actor| {
        Box::pin(async {
            let appended = actor.inbox.append_many(two_messages(), true).await?;
            Ok(format!("{:?}", appended.iter().map(|message| message.uid).collect::<Vec<_>>()))
        })
    }),
    changes("append large", &["MailboxData::append_many"], |actor| {
        Box::pin(async {
            let batch = vec![message(vec![b'x'; 1_500_000], &[]), message(vec![b'y'; 50_000], &["\\Draft"])];
            Ok(actor.sent.append_many(batch, false).await?.len().to_string())
        })
    }),
    changes("append one", &["MailboxData::append"], |actor| {
        Box::pin(async {
            Ok(actor.inbox.append(message("Subject: one\r\n\r\n", &[]), false).await?.uid.to_string())
        })
    }),
    changes("import", &["MailboxData::import"], |actor| {
        Box::pin(async {
            let raws = ["Subject: one\r\n\r\n", "Subject: 1\r\n\r\n", "Subject: one\r\n\r\n"];
            let options = ImportOptions { skip: Skip::InMailbox, import: Some(("monday".to_owned(), 0)) };
            import(actor, &raws, options).await
        })
    }),
    changes("import what is new", &["MailboxData::import"], |actor| {
        Box::pin(async {
            // The first and the last are in Sent, the other was.
            let raws = ["Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n", "Subject: 3\r\n\r\n"];
            import(actor, &raws, ImportOptions { skip: Skip::Anywhere, import: None }).await
        })
    }),
    changes("go on with an import", &["MailboxData::import"], |actor| {
        Box::pin(async {
            // A message that is there already: the import's record alone is written.
            let options = ImportOptions { skip: Skip::InMailbox, import: Some(("half".to_owned(), 1)) };
            let appended = actor.sent.import(vec![message("Subject: 3\r\n\r\n", &[])], &options).await?;
            Ok(format!("{appended:?}"))
        })
    }),
    changes("copy", &["MailboxData::copy_many"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.inbox.copy_many(&[101, 103], &*actor.sent, true).await?)) })
    }),
    changes("copy here", &["MailboxData::copy_many"], |actor| {
        Box::pin(async {
            Ok(format!("{:?}", actor.inbox.copy_many(&[104, 102], &*actor.inbox, true).await?))
        })
    }),
    changes("copy one", &["MailboxData::copy"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.inbox.copy(102, &*actor.sent, false).await?)) })
    }),
    changes("move", &["MailboxData::move_many"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.inbox.move_many(&[102, 104], &*actor.sent, true).await?)) })
    }),
    changes("move here", &["MailboxData::move_many"], |actor| {
        Box::pin(async {
            Ok(format!("{:?}", actor.inbox.move_many(&[101, 104], &*actor.inbox, true).await?))
        })
    }),
    changes("move one", &["MailboxData::move_to"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.inbox.move_to(101, &*actor.sent, false).await?)) })
    }),
    changes("flag", &["MailboxData::update_many"], |actor| {
        Box::pin(async {
            let flags = flags(&["\\Deleted", "mark"]);
            Ok(format!("{:?}", actor.inbox.update_many(&[101, 104], &flags, FlagOp::Add, None).await?))
        })
    }),
    changes("flag, and say how it was", &["MailboxData::update_from"], |actor| {
        Box::pin(async {
            let flags = flags(&["\\Answered"]);
            let (outcome, before) = actor.inbox.update_from(&[101, 104], &flags, FlagOp::Add, None).await?;
            Ok(format!("{outcome:?} {:?}", before.and_then(|before| before.get(101))))
        })
    }),
    changes("flag what did not change since", &["MailboxData::update_many"], |actor| {
        Box::pin(async {
            // 103 was doomed later.
            let since = 2;
            let flags = flags(&["\\Answered"]);
            let outcome = actor.inbox.update_many(&[101, 103], &flags, FlagOp::Replace, Some(since)).await?;
            Ok(format!("{outcome:?}"))
        })
    }),
    changes("flag one", &["MailboxData::update"], |actor| {
        Box::pin(async {
            let updated = actor.inbox.update(102, None, &flags(&["mark"]), FlagOp::Add).await?;
            Ok(format!("{:?}", updated.map(|message| (message.uid, message.flags))))
        })
    }),
    changes("delete", &["MailboxData::delete"], |actor| {
        Box::pin(async {
            actor.inbox.delete(&[101, 103, 999]).await?;
            Ok(String::new())
        })
    }),
    changes("expunge", &["MailboxData::expunge"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.sent.expunge(&[101, 102], true).await?)) })
    }),
    changes("select", &["MailboxData::select"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.sent.select(false).await?.1.recent())) })
    }),
    changes("claim", &["MailboxData::claim_recent"], |actor| {
        Box::pin(async {
            let mut view = read_write_view(actor).await?;
            actor.sent.claim_recent(&mut view).await?;
            Ok(format!("{:?}", view.recent()))
        })
    }),
    changes("update a view", &["MailboxData::update_selected"], |actor| {
        Box::pin(async {
            let mut view = read_write_view(actor).await?;
            actor.sent.update_selected(&mut view, None).await?;
            Ok(format!("{:?}", view.recent()))
        })
    }),
];

/// A view of Sent that may claim what is `\Recent` and has not yet.
async fn read_write_view(actor: &Actor) -> Result<offline_mailbox::view::SelectedMailbox> {
    let state = actor.sent.state().await?.ok_or_else(|| Error::closed("deleted"))?;
    let set = actor.sent.selected_set();
    let recent = offline_mailbox::model::RangeSet::new();
    Ok(offline_mailbox::view::SelectedMailbox::new(actor.sent.mailbox_id(), false, state, recent, &set))
}

pub const READS: &[Operation] = &[
    reads("state", &["MailboxData::state"], |actor| {
        Box::pin(async {
            let state = actor.inbox.state().await?.unwrap();
            Ok(format!("{:?}", state.live().collect::<Vec<_>>()))
        })
    }),
    reads("status", &["MailboxData::snapshot"], |actor| {
        Box::pin(async {
            let snapshot = actor.sent.snapshot().await?;
            Ok(format!("{} {} {} {}", snapshot.exists, snapshot.recent, snapshot.unseen, snapshot.size))
        })
    }),
    reads("progress of an import", &["MailboxData::import_progress"], |actor| {
        Box::pin(async {
            let progress = actor.sent.import_progress("half").await?;
            Ok(format!("{:?}", progress.map(|progress| progress.taken)))
        })
    }),
    reads("metadata", &["MailboxData::messages"], |actor| {
        Box::pin(async {
            let messages = actor.inbox.messages(&[101, 104, 999], MessageFields::ALL).await?;
            let known = |message: &Option<_>| message.as_ref().map(sizes_and_dates);
            Ok(format!("{:?}", messages.iter().map(known).collect::<Vec<_>>()))
        })
    }),
    reads("list rows", &["MailboxData::list_rows"], |actor| {
        Box::pin(async { Ok(format!("{:?}", actor.sent.list_rows(&[101, 106, 103], RowFields::ALL).await?)) })
    }),
    reads("octets", &["MailboxData::content"], |actor| {
        Box::pin(async {
            let contents = actor.inbox.content(&[101, 104]).await?;
            Ok(format!("{:?}", contents.iter().flatten().map(|raw| raw.to_vec()).collect::<Vec<_>>()))
        })
    }),
    reads("texts", &["MailboxData::texts"], |actor| {
        Box::pin(async {
            let texts = texts_of(actor.sent.as_ref(), &[101, 102]).await?;
            Ok(format!("{:?}", texts.iter().flatten().collect::<Vec<_>>()))
        })
    }),
    reads("get", &["MailboxData::get"], |actor| {
        Box::pin(async {
            Ok(format!("{:?}", actor.inbox.get(103, None).await?.as_ref().map(sizes_and_dates)))
        })
    }),
    reads("find", &["MailboxData::find"], |actor| {
        Box::pin(async {
            let inbox = actor.inbox.clone();
            let (_, view) = actor.view().await?;
            let found = inbox.find(&SequenceSet::all(false), view, MessageFields::PLAIN).await?;
            Ok(format!("{:?}", found.iter().map(|(seq, message)| (*seq, message.uid)).collect::<Vec<_>>()))
        })
    }),
    reads("find deleted", &["MailboxData::find_deleted"], |actor| {
        Box::pin(async {
            let inbox = actor.inbox.clone();
            let (_, view) = actor.view().await?;
            Ok(format!("{:?}", inbox.find_deleted(&uids("1:*"), view).await?))
        })
    }),
    Operation {
        large: true,
        ..reads("upkeep of a mailbox", &["MailboxData::cleanup"], |actor| {
            Box::pin(async { actor.sent.cleanup().await.map(|()| String::new()) })
        })
    },
];

fn sizes_and_dates(message: &offline_mailbox::model::Message) -> String {
    format!("{} {} {} {:?}", message.uid, message.flags, message.size, message.internal_date)
}
