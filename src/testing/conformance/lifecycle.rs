//! Cases of semantics 120-125: what becomes of a selected mailbox that is
//! deleted or renamed.

use std::rc::Rc;

use super::world::*;
use crate::backend::MailboxEvent;
use crate::model::{ErrorCode, FlagOp};

pub async fn s120_the_own_delete_of_the_selected_mailbox_closes_it(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("Sent").await;
    assert_eq!(client.delete("Sent").await.as_deref(), Some("CLOSED"));
    assert!(client.view().is_closed());
}

/// The calls that can come next on a view whose mailbox another deleted.
const CALLS: usize = 9;

async fn call(client: &mut Client, number: usize) -> String {
    let view = client.selected.as_mut().unwrap();
    match number {
        0 => client.noop().await,
        1 => client.idle().await,
        2 => told(&client.fetch(uid("1:*")).await.updates),
        3 => told(&client.store(uid("1:*"), FlagOp::Add, "\\Seen").await.updates),
        4 => client.expunge().await,
        5 => told(&client.copy(uid("1:*"), "INBOX").await.unwrap().updates),
        6 => told(&client.move_to(uid("1:*"), "INBOX").await.unwrap().updates),
        7 => told(&client.session.get_mailbox("INBOX", Some(view)).await.unwrap().1.unwrap()),
        _ => told(&client.session.list_mailboxes("", "*", false, Some(view)).await.unwrap().1.unwrap()),
    }
}

pub async fn s121_a_deletion_by_another_is_told_by_whatever_call_comes_next(world: Rc<World>) {
    world.fixture().await;
    for number in 0..CALLS {
        let (mut client, mut rival) = (world.client(), world.rival().await);
        client.create("Doomed").await;
        client.append("Doomed", "Subject: x\r\n\r\n").await;
        client.select("Doomed").await;
        rival.delete("Doomed").await;
        assert_eq!(call(&mut client, number).await, "CLOSED", "call {number}");
        let view = client.selected.as_mut().unwrap();
        assert_eq!(code(client.session.check_mailbox(view, None, false).await), ErrorCode::Closed);
        let view = client.selected.as_mut().unwrap();
        let options = crate::session::FetchOptions {
            set_seen: false,
            changed_since: None,
            fields: crate::model::MessageFields::PLAIN,
            hide_expunged: false,
        };
        assert_eq!(code(client.session.fetch_messages(view, &uid("1:*"), &options).await), ErrorCode::Closed);
    }
    assert_eq!(world.client().status("INBOX").await.exists, 4, "nothing was copied from what is gone");
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.create("Doomed").await;
    client.select("Doomed").await;
    rival.delete("Doomed").await;
    client.close(true).await;
}

pub async fn s122_a_rename_keeps_the_selection_usable(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("Sent").await;
    assert_eq!(client.rename("Sent", "Mine").await.as_deref(), Some(""));
    assert_eq!(shown(&client.fetch(seq("1")).await.messages), "1 101 (\\Seen)");
    rival.rename("Mine", "Deep/er").await;
    assert_eq!(client.noop().await, "");
    client.store(seq("1"), FlagOp::Add, "\\Flagged").await;
    rival.append("Deep/er", "Subject: x\r\n\r\n").await;
    assert_eq!(client.noop().await, "3 EXISTS; 1 RECENT; 3 FETCH 103 (\\Recent)");
    assert_eq!(client.messages("Deep/er").await[0].flags, flags("\\Flagged \\Seen"));
}

pub async fn s123_delete_and_create_again_closes_the_old_selection(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("Sent").await;
    rival.delete("Sent").await;
    rival.create_from("Sent", 101).await;
    rival.append("Sent", "Subject: another's\r\n\r\n").await;
    let fetched = client.fetch(uid("1:*")).await;
    assert!(fetched.messages.iter().all(|(_, message)| message.expunged), "{}", shown(&fetched.messages));
    assert_eq!(told(&fetched.updates), "CLOSED");
    assert_eq!(client.select("Sent").await.exists, 1);
}

pub async fn s124_selections_of_inbox_follow_its_rename(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.rename("INBOX", "Old").await;
    rival.append_all("INBOX", vec![flagged("Subject: new\r\n\r\n", "\\Deleted")]).await.unwrap();
    assert_eq!(client.noop().await, "");
    assert_eq!(shown(&client.fetch(seq("1")).await.messages), "1 101 (\\Seen)");
    client.store(seq("1"), FlagOp::Add, "\\Deleted").await;
    assert_eq!(client.expunge().await, "1 EXPUNGE");
    assert_eq!(rival.noop().await, "1 EXPUNGE");
    assert_eq!((client.status("Old").await.exists, client.status("INBOX").await.exists), (3, 1));
}

pub async fn s125_delete_wakes_who_waits(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("Sent").await;
    let started = crate::platform::now_ms();
    let (woken, ()) = futures::join!(client.idle(), async {
        crate::platform::sleep_ms(50).await;
        rival.delete("Sent").await;
    });
    assert_eq!(woken, "CLOSED");
    assert!(crate::platform::now_ms() - started < 4000, "by the hint, not by the poll");
}

pub async fn s125_who_waits_across_a_rename_still_hears(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    let (woken, ()) = futures::join!(client.idle(), async {
        crate::platform::sleep_ms(50).await;
        rival.rename("INBOX", "Old").await;
        rival.append("INBOX", "Subject: in the new one\r\n\r\n").await;
        rival.append("Old", "Subject: in the old one\r\n\r\n").await;
    });
    assert_eq!(woken, "5 EXISTS; 2 RECENT; 5 FETCH 105 (\\Recent)");
}

pub async fn s125_events_tell_what_happened_to_mailboxes(world: Rc<World>) {
    world.fixture().await;
    let (set, mut rival) = (world.set(), world.rival().await);
    let mut feed = set.changes();
    let start = set.sequence().await.unwrap();
    rival.create("A").await;
    soon(feed.changed()).await;
    let id = rival.status("A").await.mailbox_id;
    rival.append("A", "Subject: x\r\n\r\n").await;
    rival.rename("A", "B").await;
    rival.session.subscribe("B", None).await.unwrap();
    rival.delete("B").await;
    let told = set.events(start).await.unwrap();
    assert!(!told.resync && told.sequence > start);
    let (a, b) = (|| "A".to_owned(), || "B".to_owned());
    let events = &told.events;
    assert!(events.contains(&MailboxEvent::Created { mailbox_id: id.clone(), name: a() }), "{events:?}");
    assert!(
        events.contains(&MailboxEvent::Renamed { mailbox_id: id.clone(), before: a(), name: b() }),
        "{events:?}"
    );
    assert!(events.contains(&MailboxEvent::Attributes { name: b() }), "{events:?}");
    assert_eq!(events.last(), Some(&MailboxEvent::Deleted { mailbox_id: id, name: b() }));
    assert!(set.events(told.sequence).await.unwrap().events.is_empty());
    let inbox = rival.status("INBOX").await.mailbox_id;
    rival.append("INBOX", "Subject: x\r\n\r\n").await;
    rival.append("INBOX", "Subject: y\r\n\r\n").await;
    let later = set.events(told.sequence).await.unwrap();
    assert_eq!(later.events, [MailboxEvent::Changed { mailbox_id: inbox, name: "INBOX".to_owned() }]);
}
