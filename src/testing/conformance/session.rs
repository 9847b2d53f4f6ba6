//! Cases of semantics 181 and 182: what every call of a session gives back,
//! and how it ends.

use std::rc::Rc;

use super::world::*;
use crate::backend::CreateOptions;
use crate::model::{AppendMessage, ErrorCode, FlagOp};

/// Each call that takes a view where there is one: its number and what it told.
async fn call(client: &mut Client, number: usize, with_view: bool) -> Option<String> {
    let session = &client.session;
    let view = if with_view { client.selected.as_mut() } else { None };
    let options = CreateOptions::default();
    let updates = match number {
        0 => session.list_mailboxes("", "*", false, view).await.unwrap().1,
        1 => session.get_mailbox("Sent", view).await.unwrap().1,
        2 => session.create_mailbox("New", &options, view).await.unwrap().1,
        3 => session.rename_mailbox("New", "Newer", view).await.unwrap(),
        4 => session.delete_mailbox("Newer", view).await.unwrap(),
        5 => session.subscribe("Sent", view).await.unwrap(),
        6 => session.unsubscribe("Sent", view).await.unwrap(),
        _ => session.append_messages("Sent", vec![AppendMessage::new("x")], view).await.unwrap().1,
    };
    updates.as_ref().map(told)
}

pub async fn s181_a_call_with_a_view_refreshes_it_and_one_without_tells_nothing(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    for number in 0..8 {
        let op = if number % 2 == 0 { FlagOp::Add } else { FlagOp::Delete };
        rival.noop().await;
        rival.store(seq("1"), op, "\\Flagged").await;
        let wanted = if number % 2 == 0 { "1 FETCH 101 (\\Flagged \\Seen)" } else { "1 FETCH 101 (\\Seen)" };
        assert_eq!(call(&mut client, number, true).await.as_deref(), Some(wanted), "call {number}");
    }
    for number in 0..8 {
        rival.store(seq("1"), FlagOp::Replace, &format!("k{number}")).await;
        assert_eq!(call(&mut client, number, false).await, None, "call {number}");
    }
    assert_eq!(client.noop().await, "1 FETCH 101 (k7)");
}

pub async fn s182_owner_and_filters_and_closing_twice(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    assert_eq!(client.session.owner(), world.set().owner());
    assert_eq!(client.session.filter_set().is_some(), world.set().filter_set().is_some());
    client.session.cleanup().await;
    client.session.cleanup().await;
    client.select("INBOX").await;
    client.session.close().await;
    client.session.close().await;
    // Another session over the same set goes on.
    assert_eq!(world.client().status("INBOX").await.exists, 4);
}

pub async fn s182_a_closed_session_owns_no_recents(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    client.session.close().await;
    rival.append("INBOX", "Subject: x\r\n\r\n").await;
    assert_eq!(rival.status("INBOX").await.recent, 1);
    assert_eq!(rival.select("INBOX").await.recent, 1);
    let view = client.selected.as_mut().unwrap();
    assert!(view.is_closed() && view.recent().is_empty());
    assert_eq!(code(client.session.check_mailbox(view, None, false).await), ErrorCode::Closed);
}

pub async fn s182_a_dropped_or_closed_view_owns_no_recents(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.selected = None;
    world.client().append("INBOX", "Subject: x\r\n\r\n").await;
    assert_eq!(client.status("INBOX").await.recent, 1);
    client.select("INBOX").await;
    client.view_mut().close();
    world.client().append("INBOX", "Subject: y\r\n\r\n").await;
    client.selected = None;
    assert_eq!(client.status("INBOX").await.recent, 1);
}

pub async fn s182_a_closed_set_refuses_everything(world: Rc<World>) {
    world.fixture().await;
    let set = world.open().await;
    let mut client = Client::new(Rc::clone(&set));
    client.select("INBOX").await;
    set.close().await;
    set.close().await;
    assert_eq!(code(client.session.get_mailbox("INBOX", None).await), ErrorCode::Closed);
    assert_eq!(code(client.append_all("INBOX", vec![AppendMessage::new("x")]).await), ErrorCode::Closed);
    assert_eq!(code(client.session.list_mailboxes("", "*", false, None).await), ErrorCode::Closed);
    assert_eq!(world.client().status("INBOX").await.exists, 4);
}

pub async fn a_destination_of_another_set_is_refused(world: Rc<World>) {
    world.fixture().await;
    let stranger = world.stranger().await;
    let theirs = stranger.session.mailbox_set().get_mailbox(&name("INBOX")).await.unwrap();
    let inbox = world.mailbox("INBOX").await;
    let before = world.dump().await;
    assert_eq!(code(inbox.copy_many(&[101], &*theirs, true).await), ErrorCode::InvalidArgument);
    assert_eq!(code(inbox.move_many(&[101], &*theirs, true).await), ErrorCode::InvalidArgument);
    assert_eq!(world.dump().await, before);
    assert_eq!(theirs.snapshot().await.unwrap().exists, 0);
}
