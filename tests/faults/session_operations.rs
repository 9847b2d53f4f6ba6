//! The operations of a session.

use offline_mailbox::backend::{CreateOptions, ImportOptions, Skip};
use offline_mailbox::model::{FlagOp, ListEntry, MailboxSnapshot, Message, Result, Value};
use offline_mailbox::search::{SearchKey, SortKey, ThreadAlgorithm, parse_search};
use offline_mailbox::session::{
    CopyResult, DeliverOptions, FetchItems, FetchOptions, ListSort, SearchOptions, StoreOptions, list_window,
};

use crate::actor::{Actor, DATE, Effect, Operation, changes, flags, reads, two_messages, uids};

const NOTHING: String = String::new();

fn delivery() -> (Value, DeliverOptions) {
    let raw = Value::from(b"Message-Id: <d>\r\nSubject: d\r\n\r\ndelivered\r\n".to_vec());
    (raw, DeliverOptions { internal_date: Some(DATE), ..DeliverOptions::default() })
}

fn copied(result: CopyResult) -> String {
    format!("{:?}", result.copied.map(|copied| copied.uids))
}

/// Without flags: where only bringing the view up to date failed, an answer has those that the view was told.
fn told(messages: &[(u32, Message)]) -> String {
    format!("{:?}", messages.iter().map(|(seq, message)| (*seq, message.uid)).collect::<Vec<_>>())
}

/// The keys of a search that looks into flags, rows and texts.
fn keys() -> Vec<SearchKey> {
    parse_search(b"OR OR FLAGGED SUBJECT apples BODY grows").unwrap().keys
}

async fn fetch(actor: &mut Actor, set_seen: bool, items: &str) -> Result<String> {
    let items = FetchItems::parse(items)?;
    let options = FetchOptions { set_seen, ..FetchOptions::default() };
    let mut found = String::new();
    let (session, view) = actor.view().await?;
    let mut each = |seq, message: &Message, items: offline_mailbox::session::MessageItems| {
        found += &format!("{seq} {} {items:?}\n", message.uid);
    };
    session.fetch(view, &uids("102:104"), &options, &items, &mut each).await?;
    Ok(found)
}

pub const CHANGES: &[Operation] = &[
    changes("APPEND", &["BaseSession::append_messages"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let (appended, _) = session.append_messages("INBOX", two_messages(), Some(view)).await?;
            Ok(format!("{:?}", appended.uids))
        })
    }),
    changes("import into INBOX", &["BaseSession::import_messages"], |actor| {
        Box::pin(async {
            let options = ImportOptions { skip: Skip::InMailbox, import: Some(("monday".to_owned(), 0)) };
            let imported = actor.session.import_messages("INBOX", two_messages(), &options).await?;
            Ok(format!("{:?}", imported.uids))
        })
    }),
    changes("COPY", &["BaseSession::copy_messages"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            Ok(copied(session.copy_messages(view, &uids("101,104"), "Sent").await?))
        })
    }),
    changes("MOVE", &["BaseSession::move_messages"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            Ok(copied(session.move_messages(view, &uids("102:103"), "Sent").await?))
        })
    }),
    changes("deliver", &["BaseSession::deliver"], |actor| {
        Box::pin(async {
            let (raw, options) = delivery();
            let delivered = actor.session.deliver(raw, &options, None).await?;
            let place = |stored: &offline_mailbox::session::Delivered| (stored.mailbox.clone(), stored.uid);
            Ok(format!("{:?}", delivered.stored.iter().map(place).collect::<Vec<_>>()))
        })
    }),
    changes("STORE", &["BaseSession::update_flags"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let options = StoreOptions::new(FlagOp::Add);
            let stored = session.update_flags(view, &uids("101:103"), &flags(&["mark"]), &options).await?;
            Ok(told(&stored.messages))
        })
    }),
    changes("STORE.SILENT", &["BaseSession::update_flags"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let options = StoreOptions { silent: true, ..StoreOptions::new(FlagOp::Delete) };
            let stored = session.update_flags(view, &uids("101:103"), &flags(&["\\Seen"]), &options).await?;
            Ok(format!("{:?}", stored.modified))
        })
    }),
    changes("EXPUNGE", &["BaseSession::expunge_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.expunge_mailbox(view, None).await?;
            Ok(NOTHING)
        })
    }),
    changes("CLOSE", &["BaseSession::close_mailbox"], |actor| {
        Box::pin(async {
            let view = actor.take_view().await?;
            actor.session.close_mailbox(view, true).await?;
            Ok(NOTHING)
        })
    }),
    changes("SELECT", &["BaseSession::select_mailbox"], |actor| {
        Box::pin(async {
            let (snapshot, view) = actor.session.select_mailbox("Sent", false).await?;
            Ok(format!("{} {:?}", snapshot.exists, view.recent()))
        })
    }),
    Operation {
        effect: Effect::ChangeThenRead,
        ..changes("FETCH that sets \\Seen", &["BaseSession::fetch"], |actor| {
            Box::pin(fetch(actor, true, "(UID FLAGS BODY[])"))
        })
    },
    changes("FETCH of flags that sets \\Seen", &["BaseSession::fetch_messages"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let options = FetchOptions { set_seen: true, ..FetchOptions::default() };
            Ok(told(&session.fetch_messages(view, &uids("103:104"), &options).await?.messages))
        })
    }),
    changes("CREATE", &["BaseSession::create_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.create_mailbox("New/child", &CreateOptions::default(), Some(view)).await?;
            Ok(NOTHING)
        })
    }),
    changes("DELETE", &["BaseSession::delete_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.delete_mailbox("Sent", Some(view)).await?;
            Ok(NOTHING)
        })
    }),
    changes("RENAME", &["BaseSession::rename_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.rename_mailbox("INBOX", "Old", Some(view)).await?;
            Ok(NOTHING)
        })
    }),
    changes("SUBSCRIBE", &["BaseSession::subscribe"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.subscribe("Sent", Some(view)).await?;
            Ok(NOTHING)
        })
    }),
    changes("UNSUBSCRIBE", &["BaseSession::unsubscribe"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.unsubscribe("Trash", Some(view)).await?;
            Ok(NOTHING)
        })
    }),
];

pub const READS: &[Operation] = &[
    reads("LIST", &["BaseSession::list_mailboxes"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let (entries, _) = session.list_mailboxes("", "*", true, Some(view)).await?;
            Ok(format!("{entries:?}"))
        })
    }),
    reads("LIST with STATUS", &["BaseSession::list_status"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let (listed, _) = session.list_status("", "*", false, Some(view)).await?;
            let told = |(entry, status): (ListEntry, Option<MailboxSnapshot>)| {
                (entry.name, status.map(|status| (status.exists, status.recent)))
            };
            Ok(format!("{:?}", listed.into_iter().map(told).collect::<Vec<_>>()))
        })
    }),
    reads("STATUS", &["BaseSession::get_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let (snapshot, _) = session.get_mailbox("Sent", Some(view)).await?;
            Ok(format!("{} {} {}", snapshot.exists, snapshot.recent, snapshot.size))
        })
    }),
    reads("progress of an import", &["BaseSession::import_progress"], |actor| {
        Box::pin(async {
            let progress = actor.session.import_progress("Sent", "half").await?;
            Ok(format!("{:?}", progress.map(|progress| progress.taken)))
        })
    }),
    reads("NOOP", &["BaseSession::check_mailbox"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            session.check_mailbox(view, None, true).await?;
            Ok(view.exists().to_string())
        })
    }),
    reads("FETCH", &["BaseSession::fetch", "BaseSession::fetch_messages"], |actor| {
        Box::pin(fetch(actor, false, "(UID FLAGS ENVELOPE BODYSTRUCTURE)"))
    }),
    reads("a part", &["BaseSession::open_part"], |actor| {
        Box::pin(async {
            let part = actor.session.open_part(&actor.sent.mailbox_id(), 101, vec![1]).await?;
            Ok(format!("{:?}", part.unwrap().as_it_stands().map(Value::to_vec)))
        })
    }),
    reads("SEARCH", &["BaseSession::search_mailbox", "BaseSession::search_keeping"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let found = session.search_mailbox(view, &keys(), &SearchOptions::default()).await?;
            Ok(format!("{:?}", found.messages))
        })
    }),
    reads("SEARCH everywhere", &["BaseSession::search"], |actor| {
        Box::pin(async {
            let found = actor.session.search(&keys(), None, &SearchOptions::default()).await?;
            Ok(found.iter().map(|each| format!("{} {:?}", each.name, each.uids)).collect())
        })
    }),
    reads("SORT", &["BaseSession::sort_mailbox", "BaseSession::sort_keeping"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let sort = SortKey::parse_list("(SUBJECT SIZE)")?;
            let sorted = session.sort_mailbox(view, &sort, &[], &SearchOptions::default()).await?;
            Ok(format!("{:?}", sorted.messages))
        })
    }),
    reads("THREAD", &["BaseSession::thread_mailbox", "BaseSession::thread_keeping"], |actor| {
        Box::pin(async {
            let (session, view) = actor.view().await?;
            let by = ThreadAlgorithm::References;
            let found = session.thread_mailbox(view, by, &[], &SearchOptions::default()).await?;
            Ok(format!("{:?}", found.threads))
        })
    }),
    reads("a list on screen", &["list_window"], |actor| {
        Box::pin(async {
            let inbox = actor.inbox.clone();
            let (_, view) = actor.view().await?;
            let sort = ListSort { keys: SortKey::parse_list("(SUBJECT)")?, newest_first: true };
            let window = list_window(&*inbox, view, &sort, &mut None, 0, 3, None).await?;
            Ok(format!("{window:?}"))
        })
    }),
    reads("test a filter", &["BaseSession::test_filter"], |actor| {
        Box::pin(async {
            let (raw, options) = delivery();
            let outcome = actor.session.test_filter(b"discard;", &raw, &options).await?;
            Ok(format!("{:?}", outcome.actions))
        })
    }),
];

/// Operations whose failures are nobody's: they answer nothing.
pub const SILENT: &[Operation] = &[Operation {
    large: true,
    ..reads("upkeep after an operation", &["BaseSession::cleanup"], |actor| {
        Box::pin(async {
            actor.session.cleanup().await;
            Ok(NOTHING)
        })
    })
}];
