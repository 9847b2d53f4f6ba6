//! Cases of semantics 97-119: FETCH, STORE, EXPUNGE, COPY and MOVE while
//! others change the mailbox.

use std::rc::Rc;

use super::world::*;
use crate::model::{ErrorCode, FlagOp, MessageFields, ModSeq};
use crate::search::SearchKey;
use crate::session::{FetchOptions, SearchOptions, StoreOptions};
use crate::testing::fixture::DATES;

pub async fn s97_fetch_of_a_message_that_is_gone_unannounced(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    let fetched = client.fetch(seq("2:3")).await;
    assert_eq!(shown(&fetched.messages), "2 102 (\\Answered \\Seen) X; 3 103 (\\Flagged)");
    assert!(fetched.expunge_issued);
    assert_eq!(told(&fetched.updates), "");
    assert!(!client.fetch(seq("3")).await.expunge_issued);
    assert_eq!(client.noop().await, "2 EXPUNGE");
}

pub async fn s98_s99_store_on_a_message_that_is_gone_writes_nothing(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival, mut third) = (world.client(), world.rival().await, world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    third.select("INBOX").await;
    rival.remove("102").await;
    let before = world.dump().await;
    let stored = client.store(seq("2"), FlagOp::Add, "\\Flagged").await;
    assert_eq!(shown(&stored.messages), "2 102 (\\Answered \\Flagged \\Seen) X");
    assert!(stored.expunge_issued);
    assert_eq!(told(&stored.updates), "");
    client.fetch_seen(seq("2")).await;
    assert_eq!(world.dump().await, before);
    assert_eq!(client.noop().await, "2 EXPUNGE");
    assert_eq!(third.noop().await, "2 EXPUNGE");
}

pub async fn s100_search_lists_it_until_it_is_announced(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    let view = client.selected.as_mut().unwrap();
    let found =
        client.session.search_mailbox(view, &[SearchKey::All], &SearchOptions::default()).await.unwrap();
    assert_eq!(found.messages, [(1, 101), (2, 102), (3, 103), (4, 104)]);
    assert!(found.expunge_issued);
    assert_eq!(told(&found.updates), "");
    assert_eq!(client.noop().await, "2 EXPUNGE");
    let view = client.selected.as_mut().unwrap();
    let found =
        client.session.search_mailbox(view, &[SearchKey::All], &SearchOptions::default()).await.unwrap();
    assert_eq!((found.messages, found.expunge_issued), (vec![(1, 101), (2, 103), (3, 104)], false));
}

pub async fn s101_copy_and_move_pass_over_what_is_gone(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    let copied = client.copy(seq("1:3"), "Sent").await.unwrap();
    assert_eq!(pairs(&copied), "101=103 103=104");
    client.noop().await;
    rival.remove("103").await;
    let moved = client.move_to(uid("101:103"), "Sent").await.unwrap();
    assert_eq!((pairs(&moved).as_str(), client.status("Sent").await.exists), ("101=105", 5));
    assert_eq!(client.status("INBOX").await.exists, 1);
}

pub async fn s102_copy_and_move_of_nothing_succeed(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let before = world.dump().await;
    assert!(client.copy(uid("900:999"), "Sent").await.unwrap().copied.is_none());
    assert!(client.move_to(uid("900:999"), "Sent").await.unwrap().copied.is_none());
    assert_eq!(world.dump().await, before);
}

pub async fn s103_copy_keeps_flags_and_dates_and_makes_recents(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let validity = client.status("Sent").await.uid_validity;
    let copied = client.copy(seq("1:*"), "Sent").await.unwrap();
    assert_eq!(pairs(&copied), "101=103 102=104 103=105 104=106");
    assert_eq!(copied.copied.unwrap().uid_validity, validity);
    let sent = client.select("Sent").await;
    assert_eq!((sent.exists, sent.recent), (6, 4));
    let messages = client.fetch(seq("3:6")).await.messages;
    assert_eq!(
        shown(&messages),
        "3 103 (\\Recent \\Seen); 4 104 (\\Answered \\Recent \\Seen); 5 105 (\\Flagged \\Recent); 6 106 (\\Recent)"
    );
    let dates: Vec<i64> = messages.iter().map(|(_, message)| message.internal_date.timestamp_ms).collect();
    assert_eq!(dates, DATES);
}

pub async fn s103_copy_takes_keywords_along(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("Sent").await;
    client.store(seq("1"), FlagOp::Add, "first second third").await;
    client.select("INBOX").await;
    client.store(seq("1"), FlagOp::Add, "other third").await;
    client.copy(seq("1"), "Sent").await.unwrap();
    client.move_to(seq("1"), "Sent").await.unwrap();
    let flags: Vec<String> =
        client.messages("Sent").await.iter().map(|m| m.flags.names().join(" ")).collect();
    assert_eq!(flags[2], "\\Recent \\Seen other third");
    assert_eq!(flags[3], "\\Recent \\Seen other third");
}

pub async fn s104_copy_into_the_same_mailbox(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let copied = client.copy(seq("4"), "INBOX").await.unwrap();
    assert_eq!(pairs(&copied), "104=105");
    assert_eq!(told(&copied.updates), "5 EXISTS; 2 RECENT; 5 FETCH 105 (\\Recent)");
    let messages = client.messages("INBOX").await;
    assert_eq!(
        (&messages[3].email_id, &messages[3].thread_id),
        (&messages[4].email_id, &messages[4].thread_id)
    );
}

pub async fn s105_move_expunges_here_and_appears_there(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("Sent").await;
    let moved = client.move_to(seq("1:*"), "Sent").await.unwrap();
    assert_eq!(pairs(&moved), "101=103 102=104 103=105 104=106");
    assert_eq!(told(&moved.updates), "4 EXPUNGE; 3 EXPUNGE; 2 EXPUNGE; 1 EXPUNGE; 0 RECENT");
    assert_eq!(client.status("INBOX").await.exists, 0);
    let there = rival.noop().await;
    assert!(there.starts_with("6 EXISTS; 4 RECENT; 3 FETCH 103 (\\Recent \\Seen)"), "{there}");
}

pub async fn s106_move_into_the_same_mailbox_gives_a_new_uid(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let moved = client.move_to(uid("101"), "INBOX").await.unwrap();
    assert_eq!(pairs(&moved), "101=105");
    assert_eq!(told(&moved.updates), "1 EXPUNGE; 4 EXISTS; 2 RECENT; 4 FETCH 105 (\\Recent \\Seen)");
    assert_eq!(client.status("INBOX").await.exists, 4);
}

pub async fn s107_copy_and_move_to_where_they_cannot_go_change_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("N/child").await;
    client.select("INBOX").await;
    let before = world.dump().await;
    for (target, wanted) in
        [("nowhere", ErrorCode::TryCreate), ("N", ErrorCode::TryCreate), ("Trash", ErrorCode::ReadOnly)]
    {
        assert_eq!(code(client.copy(seq("1:*"), target).await), wanted, "{target}");
        assert_eq!(code(client.move_to(seq("1:*"), target).await), wanted, "{target}");
    }
    assert_eq!(world.dump().await, before);
    assert_eq!(client.noop().await, "");
}

pub async fn s108_s110_nothing_is_changed_through_a_read_only_selection(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    for (mailbox, readonly) in [("INBOX", true), ("Trash", false)] {
        if readonly {
            client.examine(mailbox).await;
        } else {
            client.select(mailbox).await;
        }
        let before = world.dump().await;
        assert_eq!(code(client.move_to(seq("1:*"), "Sent").await), ErrorCode::ReadOnly);
        assert_eq!(
            code(client.try_store(seq("1"), FlagOp::Add, "\\Draft", false).await),
            ErrorCode::ReadOnly
        );
        assert_eq!(
            code(client.try_store(uid("101"), FlagOp::Add, "\\Draft", true).await),
            ErrorCode::ReadOnly
        );
        assert_eq!(code(client.try_expunge(None).await), ErrorCode::ReadOnly);
        assert_eq!(code(client.try_expunge(Some("1:*")).await), ErrorCode::ReadOnly);
        assert_eq!(world.dump().await, before);
        assert_ne!(pairs(&client.copy(seq("1"), "Sent").await.unwrap()), "nothing");
    }
    let trash = world.mailbox("Trash").await;
    let sent = world.mailbox("Sent").await;
    let before = world.dump().await;
    assert_eq!(code(trash.move_many(&[101], &*sent, true).await), ErrorCode::ReadOnly);
    assert_eq!(
        code(trash.update_many(&[101], &flags("\\Seen"), FlagOp::Add, None).await),
        ErrorCode::ReadOnly
    );
    assert_eq!(code(trash.expunge(&[101], false).await), ErrorCode::ReadOnly);
    assert_eq!(world.dump().await, before);
}

pub async fn s109_a_copy_or_move_that_fails_has_done_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let keywords = |from: usize, to: usize| (from..to).map(|n| format!("k{n}")).collect::<Vec<_>>().join(" ");
    client.select("Sent").await;
    client.store(seq("1"), FlagOp::Add, &keywords(0, 40)).await;
    client.select("INBOX").await;
    // The first message's keywords fit there, the last one's do not.
    client.store(seq("1"), FlagOp::Add, &keywords(30, 50)).await;
    client.store(seq("4"), FlagOp::Add, &keywords(50, 60)).await;
    let before = world.dump().await;
    assert_eq!(code(client.copy(seq("1:*"), "Sent").await), ErrorCode::Limit);
    assert_eq!(code(client.move_to(seq("1:*"), "Sent").await), ErrorCode::Limit);
    assert_eq!(world.dump().await, before);
    assert_eq!(pairs(&client.move_to(seq("1:3"), "Sent").await.unwrap()), "101=103 102=104 103=105");
}

pub async fn s111_fetch_through_a_read_only_selection_does_not_set_seen(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.examine("INBOX").await;
    let before = world.dump().await;
    client.fetch_seen(seq("1:*")).await;
    assert_eq!(world.dump().await, before);
    client.select("INBOX").await;
    let fetched = client.fetch_seen(seq("2:3")).await;
    assert_eq!(shown(&fetched.messages), "2 102 (\\Answered \\Seen); 3 103 (\\Flagged \\Seen)");
    assert_eq!(client.status("INBOX").await.unseen, 1);
}

pub async fn s112_close_expunges_silently_unless_read_only(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    rival.select("INBOX").await;
    rival.store(seq("2"), FlagOp::Add, "\\Deleted").await;
    client.examine("INBOX").await;
    client.close(true).await;
    assert_eq!(rival.noop().await, "");
    client.select("INBOX").await;
    client.close(false).await;
    assert_eq!(rival.noop().await, "");
    client.select("INBOX").await;
    client.close(true).await;
    assert_eq!(rival.noop().await, "2 EXPUNGE");
}

pub async fn s113_expunge_takes_what_the_view_knows_and_anyone_flagged(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.store(seq("1"), FlagOp::Add, "\\Deleted").await;
    rival
        .append_all("INBOX", vec![flagged("Subject: unknown to the other\r\n\r\n", "\\Deleted")])
        .await
        .unwrap();
    let told = client.expunge().await;
    assert!(told.starts_with("1 EXPUNGE; 4 EXISTS"), "{told}");
    let left: Vec<u32> = client.messages("INBOX").await.iter().map(|message| message.uid).collect();
    assert_eq!(left, [102, 103, 104, 105]);
    client.store(uid("102"), FlagOp::Add, "\\Deleted").await;
    rival.noop().await;
    rival.store(uid("102"), FlagOp::Delete, "\\Deleted").await;
    client.expunge().await;
    let left: Vec<u32> = client.messages("INBOX").await.iter().map(|message| message.uid).collect();
    assert_eq!(left, [102, 103, 104], "102 is no longer \\Deleted");
}

pub async fn s114_uid_expunge_is_restricted_to_its_set(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.store(seq("4"), FlagOp::Add, "\\Deleted").await;
    assert_eq!(told(&client.try_expunge(Some("101:103")).await.unwrap()), "");
    assert_eq!(told(&client.try_expunge(Some("101:*")).await.unwrap()), "4 EXPUNGE; 0 RECENT");
}

pub async fn s115_s116_what_changes_nothing_takes_no_step_and_wakes_nobody(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let before = world.dump().await;
    let sequence = world.set().sequence().await.unwrap();
    assert_eq!(client.expunge().await, "");
    assert_eq!(told(&client.try_expunge(Some("1:*")).await.unwrap()), "");
    let stored = client.store(seq("1:2"), FlagOp::Add, "\\Seen").await;
    assert_eq!(shown(&stored.messages), "1 101 (\\Seen); 2 102 (\\Answered \\Seen)");
    client.store(seq("3"), FlagOp::Delete, "never-used \\Draft").await;
    client.fetch_seen(seq("1:2")).await;
    client.select("INBOX").await;
    assert_eq!(world.dump().await, before);
    assert_eq!(world.set().sequence().await.unwrap(), sequence, "no commit, so nobody is woken");
}

pub async fn s117_a_silent_store_tells_nothing_and_a_plain_one_every_hit(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    assert_eq!(told(&client.store_silent(seq("1:2"), FlagOp::Add, "\\Draft").await.updates), "");
    let stored = client.store(seq("1:2,4"), FlagOp::Replace, "\\Seen").await;
    assert_eq!(shown(&stored.messages), "1 101 (\\Seen); 2 102 (\\Seen); 4 104 (\\Recent \\Seen)");
    let updates = told(&stored.updates);
    assert!(!updates.contains("EXISTS") && !updates.contains("EXPUNGE"), "{updates}");
    assert_eq!(client.noop().await, "");
}

pub async fn s118_get_of_a_message_that_is_not_there(world: Rc<World>) {
    world.fixture().await;
    let inbox = world.mailbox("INBOX").await;
    let cached = inbox.get(102, None).await.unwrap().expect("a message");
    assert!(!cached.expunged);
    inbox.delete(&[102]).await.unwrap();
    let gone = inbox.get(102, Some(&cached)).await.unwrap().expect("what was cached");
    assert!(gone.expunged && gone.uid == 102);
    for uid in [0, 1, 100, 105, 9999, u32::MAX] {
        assert!(inbox.get(uid, None).await.unwrap().is_none(), "{uid}");
        assert!(inbox.get(uid, Some(&cached)).await.unwrap().is_none(), "{uid} is not what is cached");
    }
    let all = inbox.messages(&[0, 105, 101, u32::MAX], MessageFields::ALL).await.unwrap();
    assert_eq!(all.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, true, false]);
    assert!(inbox.content(&[0, 105, u32::MAX]).await.unwrap().iter().all(Option::is_none));
    let updated =
        inbox.update(102, Some(&cached), &flags("\\Draft"), FlagOp::Add).await.unwrap().expect("cached");
    assert!(updated.expunged);
    assert_eq!(updated.flags, flags("\\Answered \\Draft \\Seen"));
    assert!(inbox.update(9999, None, &flags("\\Draft"), FlagOp::Add).await.unwrap().is_none());
}

pub async fn s119_delete_passes_over_what_is_not_there(world: Rc<World>) {
    world.fixture().await;
    let inbox = world.mailbox("INBOX").await;
    inbox.delete(&[9999, 0, 103, 1, 103, u32::MAX]).await.unwrap();
    inbox.delete(&[]).await.unwrap();
    let before = inbox.snapshot().await.unwrap();
    assert_eq!(before.exists, 3);
    inbox.delete(&[103, 9999]).await.unwrap();
    assert_eq!(inbox.snapshot().await.unwrap(), before);
}

pub async fn conditional_store_leaves_what_changed_since(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    let since = client.view().mod_seq();
    rival.store(seq("2"), FlagOp::Add, "\\Draft").await;
    let options =
        StoreOptions { op: FlagOp::Add, silent: true, unchanged_since: Some(since), hide_expunged: false };
    let view = client.selected.as_mut().unwrap();
    let stored =
        client.session.update_flags(view, &uid("101:103"), &flags("\\Deleted"), &options).await.unwrap();
    assert_eq!(stored.modified.iter().collect::<Vec<_>>(), [102]);
    let deleted = client.status("INBOX").await.deleted;
    assert_eq!(deleted, 2);
}

pub async fn mod_sequences_rise_with_each_change_of_the_mailbox(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let mut last: ModSeq = client.status("INBOX").await.highest_mod_seq;
    let other = client.status("Sent").await.highest_mod_seq;
    client.store(seq("1:3"), FlagOp::Add, "\\Draft").await;
    let now = client.status("INBOX").await.highest_mod_seq;
    assert!(now > last);
    let changed: Vec<ModSeq> = client.messages("INBOX").await.iter().map(|message| message.mod_seq).collect();
    assert_eq!(changed[..3], [now, now, now], "one batch, one step");
    assert!(changed[3] <= last);
    let view = client.selected.as_mut().unwrap();
    let options = FetchOptions {
        set_seen: false,
        changed_since: Some(last),
        fields: MessageFields::PLAIN,
        hide_expunged: false,
    };
    let fetched = client.session.fetch_messages(view, &uid("1:*"), &options).await.unwrap();
    assert_eq!(fetched.messages.iter().map(|(_, m)| m.uid).collect::<Vec<_>>(), [101, 102, 103]);
    last = now;
    client.append("INBOX", "Subject: x\r\n\r\n").await;
    let now = client.status("INBOX").await.highest_mod_seq;
    assert!(now > last);
    last = now;
    client.remove("101").await;
    assert!(client.status("INBOX").await.highest_mod_seq > last);
    assert_eq!(client.status("Sent").await.highest_mod_seq, other, "counted per mailbox");
}
