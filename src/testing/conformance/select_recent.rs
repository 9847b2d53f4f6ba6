//! Cases of semantics 71-80: SELECT, EXAMINE and `\Recent`.

use std::rc::Rc;

use super::world::*;
use crate::model::{ErrorCode, SystemFlags};

fn recent(client: &Client) -> Vec<u32> {
    client.view().recent().iter().collect()
}

pub async fn s71_s75_select_claims_recent_once(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    let first = client.select("INBOX").await;
    assert_eq!((first.exists, first.recent, first.readonly), (4, 1, false));
    assert_eq!(recent(&client), [104]);
    let second = rival.select("INBOX").await;
    assert_eq!((second.exists, second.recent), (4, 0));
    assert!(recent(&rival).is_empty());
    assert_eq!(client.select("INBOX").await.recent, 0, "a second SELECT");
}

pub async fn s75_two_who_select_at_once_share_no_recent(world: Rc<World>) {
    world.fixture().await;
    let (client, rival) = (world.client(), world.rival().await);
    let (mine, theirs) = futures::join!(
        client.session.select_mailbox("INBOX", false),
        rival.session.select_mailbox("INBOX", false)
    );
    let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
    assert_eq!(mine.0.recent + theirs.0.recent, 1);
    assert_eq!(mine.1.recent().len() + theirs.1.recent().len(), 1);
}

pub async fn s75_a_view_knows_of_every_message_whose_recent_it_takes(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    // Between a look at the mailbox, which had nothing to claim of this, and the claim.
    let mailbox = world.mailbox("INBOX").await;
    let uid = rival.append("INBOX", "Subject: late\r\n\r\n").await.uids[0];
    let view = client.selected.as_mut().unwrap();
    mailbox.claim_recent(view).await.unwrap();
    assert_eq!(told(&view.updates(&Default::default())), "5 EXISTS; 2 RECENT; 5 FETCH 105 (\\Recent)");
    assert_eq!((recent(&client), rival.status("INBOX").await.recent), (vec![104, uid], 0));
}

pub async fn s72_examine_shows_recent_and_leaves_it(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    for _ in 0..2 {
        let snapshot = client.examine("INBOX").await;
        assert_eq!((snapshot.recent, snapshot.readonly), (1, true));
        assert_eq!(recent(&client), [104]);
        let fetched = client.fetch(seq("1:*")).await;
        let marked: Vec<u32> = fetched
            .messages
            .iter()
            .filter(|(_, message)| message.flags.contains(SystemFlags::RECENT))
            .map(|(_, message)| message.uid)
            .collect();
        assert_eq!(marked, [104], "FETCH FLAGS agrees");
        assert_eq!(client.status("INBOX").await.recent, 1, "STATUS agrees");
        client.close(false).await;
    }
    assert_eq!(client.select("INBOX").await.recent, 1);
}

pub async fn s73_a_read_only_mailbox_never_loses_its_recents(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    for _ in 0..2 {
        let snapshot = client.select("Trash").await;
        assert_eq!((snapshot.recent, snapshot.readonly), (1, true));
        assert!(client.view().is_readonly());
        client.close(true).await;
    }
    assert_eq!(client.status("Trash").await.recent, 1);
}

pub async fn s73_s136_a_lock_by_another_is_seen(world: Rc<World>) {
    world.fixture().await;
    let (mut client, rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    client.append("INBOX", "Subject: open\r\n\r\n").await;
    for locked in [true, false] {
        rival.session.mailbox_set().set_readonly(&name("INBOX"), locked).await.unwrap();
        assert_eq!(world.mailbox("INBOX").await.readonly(), locked);
        let messages = vec![crate::model::AppendMessage::new("Subject: locked?\r\n\r\n")];
        let appended = client.append_all("INBOX", messages).await;
        assert_eq!(
            appended.map(|_| ()).map_err(|error| error.code()),
            if locked { Err(ErrorCode::ReadOnly) } else { Ok(()) }
        );
        assert_eq!(client.status("INBOX").await.readonly, locked);
    }
}

pub async fn s74_a_failed_select_selects_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("N/child").await;
    for name in ["nowhere", "N"] {
        for readonly in [false, true] {
            assert_eq!(code(client.session.select_mailbox(name, readonly).await), ErrorCode::NotFound);
        }
    }
    // A view that was open before is not closed by it.
    client.select("INBOX").await;
    assert_eq!(code(client.session.select_mailbox("nowhere", false).await), ErrorCode::NotFound);
    assert_eq!(client.noop().await, "");
    assert!(!client.view().is_closed());
}

pub async fn s76_who_appends_with_the_mailbox_selected_gets_recent(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    rival.select("INBOX").await;
    client.select("INBOX").await;
    client.append("INBOX", "Subject: mine\r\n\r\n").await;
    assert_eq!(recent(&client), [105]);
    assert_eq!(rival.noop().await, "5 EXISTS; 5 FETCH 105 ()");
    assert_eq!(recent(&rival), [104]);
}

pub async fn s77_what_an_outsider_appends_is_recent_in_exactly_one_view(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    world.client().append("INBOX", "Subject: for one\r\n\r\n").await;
    client.noop().await;
    rival.noop().await;
    client.noop().await;
    let (mine, theirs) = (recent(&client), recent(&rival));
    assert_eq!(mine.contains(&105) as u32 + theirs.contains(&105) as u32, 1, "{mine:?} {theirs:?}");
    client.close(false).await;
    rival.close(false).await;
    world.rival().await.append("INBOX", "Subject: for the next\r\n\r\n").await;
    assert_eq!(client.status("INBOX").await.recent, 1);
    assert_eq!(client.select("INBOX").await.recent, 1);
    assert_eq!(recent(&client), [106]);
}

pub async fn s78_a_read_only_selection_does_not_use_up_recent(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.examine("INBOX").await;
    client.append("INBOX", "Subject: from a reader\r\n\r\n").await;
    assert_eq!(rival.status("INBOX").await.recent, 2);
    assert_eq!(rival.select("INBOX").await.recent, 2);
    assert_eq!(recent(&rival), [104, 105]);
    client.noop().await;
    assert!(recent(&client).is_empty(), "claimed by the other");
}

pub async fn s79_status_of_the_own_mailbox_tells_the_own_recents(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    assert_eq!(client.status("INBOX").await.recent, 1);
    assert_eq!(rival.status("INBOX").await.recent, 0);
    client.close(true).await;
    assert_eq!(client.status("INBOX").await.recent, 0);
}

pub async fn s80_recent_never_counts_expunged_messages(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    client.append("INBOX", "Subject: 105\r\n\r\n").await;
    client.noop().await;
    assert_eq!(recent(&client), [104, 105]);
    rival.select("INBOX").await;
    rival.remove("104").await;
    // A FETCH by sequence number hides the EXPUNGE, not that the message is no longer recent.
    client.fetch(seq("1")).await;
    assert_eq!(recent(&client), [105]);
    assert_eq!(client.view().exists(), 5);
    assert_eq!(client.status("INBOX").await.recent, 1);
    client.noop().await;
    assert_eq!((recent(&client), client.view().exists()), (vec![105], 4));
}
