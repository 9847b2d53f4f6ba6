//! Cases of semantics 81-96: what a view tells, and when.

use std::rc::Rc;

use super::world::*;
use crate::model::{ErrorCode, FlagOp, RangeSet, SystemFlags};
use crate::view::UpdateOptions;

pub async fn s81_s82_nothing_new_is_told_as_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    assert!(!client.view().has_updates());
    assert_eq!(client.noop().await, "");
    assert_eq!(client.noop().await, "");
    assert_eq!(told(&client.fetch(seq("1:*")).await.updates), "");
}

pub async fn s83_expunges_are_told_descending_with_the_old_numbers(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102:103").await;
    assert_eq!(client.noop().await, "3 EXPUNGE; 2 EXPUNGE");
    assert_eq!(shown(&client.fetch(seq("1:*")).await.messages), "1 101 (\\Seen); 2 104 (\\Recent)");
}

pub async fn s84_s85_exists_is_told_for_new_messages_and_after_expunges(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("101").await;
    assert_eq!(client.noop().await, "1 EXPUNGE");
    rival.append("INBOX", "Subject: 105\r\n\r\n").await;
    rival.remove("103").await;
    rival.store(uid("102"), FlagOp::Add, "\\Draft").await;
    assert_eq!(
        client.noop().await,
        "2 EXPUNGE; 3 EXISTS; 1 FETCH 102 (\\Answered \\Draft \\Seen); 3 FETCH 105 ()"
    );
}

pub async fn s85_recent_is_told_between_exists_and_fetch(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    world.rival().await.append("INBOX", "Subject: 105\r\n\r\n").await;
    assert_eq!(client.noop().await, "5 EXISTS; 2 RECENT; 5 FETCH 105 (\\Recent)");
}

pub async fn s86_a_new_message_is_told_with_flags_even_without_any(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.append("INBOX", "Subject: 105\r\n\r\n").await;
    assert_eq!(client.noop().await, "5 EXISTS; 5 FETCH 105 ()");
}

pub async fn s86_a_message_that_came_and_went_is_not_told(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.append("INBOX", "Subject: 105\r\n\r\n").await;
    rival.remove("105").await;
    assert_eq!(client.noop().await, "");
    rival.append("INBOX", "Subject: 106\r\n\r\n").await;
    assert_eq!(client.noop().await, "5 EXISTS; 5 FETCH 106 ()");
}

pub async fn s88_recent_is_told_when_the_set_is_another_though_the_count_is_not(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let mut rival = world.rival().await;
    rival.examine("INBOX").await;
    client.store_silent(uid("104"), FlagOp::Add, "\\Deleted").await;
    world.rival().await.append("INBOX", "Subject: 105\r\n\r\n").await;
    let expunged = client.expunge().await;
    assert!(expunged.starts_with("4 EXPUNGE; 4 EXISTS; 1 RECENT"), "{expunged}");
    assert!(expunged.ends_with("4 FETCH 105 (\\Recent)"), "{expunged}");
}

pub async fn s89_a_flag_that_was_set_and_taken_back_is_not_told(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.store(seq("1:2"), FlagOp::Add, "\\Flagged").await;
    rival.store(seq("1"), FlagOp::Delete, "\\Flagged").await;
    assert_eq!(client.noop().await, "2 FETCH 102 (\\Answered \\Flagged \\Seen)");
}

pub async fn s90_hidden_expunges_keep_the_numbers_until_they_are_told(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    let fetched = client.fetch(seq("3")).await;
    assert_eq!(
        (shown(&fetched.messages), told(&fetched.updates)),
        ("3 103 (\\Flagged)".into(), String::new())
    );
    assert_eq!(client.view().exists(), 4);
    rival.append("INBOX", "Subject: 105\r\n\r\n").await;
    let fetched = client.fetch(seq("1")).await;
    assert_eq!(told(&fetched.updates), "5 EXISTS; 5 FETCH 105 ()");
    assert_eq!((client.view().uid_of(2), client.view().seq_of(105)), (Some(102), Some(5)));
    rival.remove("104").await;
    // That it is no longer recent is not hidden (semantics 80).
    let stored = client.store(seq("1"), FlagOp::Add, "\\Draft").await;
    assert_eq!(told(&stored.updates), "0 RECENT; 1 FETCH 101 (\\Draft \\Seen)");
    assert_eq!(client.noop().await, "4 EXPUNGE; 2 EXPUNGE");
    assert_eq!(client.view().exists(), 3);
    assert_eq!(client.noop().await, "");
}

pub async fn s91_a_failing_call_leaves_no_hiding_or_silence_behind(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    let keywords = (0..57).map(|n| format!("k{n}")).collect::<Vec<_>>().join(" ");
    rival.remove("102").await;
    assert_eq!(code(client.try_store(seq("1"), FlagOp::Add, &keywords, true).await), ErrorCode::Limit);
    assert_eq!(client.noop().await, "2 EXPUNGE");
    assert_eq!(code(client.try_store(seq("1"), FlagOp::Add, &keywords, true).await), ErrorCode::Limit);
    rival.store(seq("1"), FlagOp::Add, "\\Flagged").await;
    assert_eq!(client.noop().await, "1 FETCH 101 (\\Flagged \\Seen)");
}

pub async fn s92_a_silent_store_is_silent_about_what_it_did_alone(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    assert_eq!(told(&client.store_silent(seq("1:3"), FlagOp::Add, "\\Draft").await.updates), "");
    assert_eq!(client.noop().await, "");
    assert_eq!(
        rival.noop().await,
        "1 FETCH 101 (\\Draft \\Seen); 2 FETCH 102 (\\Answered \\Draft \\Seen); 3 FETCH 103 (\\Draft \\Flagged)"
    );
    rival.store(seq("3"), FlagOp::Replace, "\\Seen").await;
    let updates = client.store_silent(seq("4"), FlagOp::Replace, "\\Seen").await.updates;
    assert_eq!(told(&updates), "3 FETCH 103 (\\Seen)");
}

pub async fn s93_a_foreign_change_before_a_silent_store_is_told_in_full(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.store(seq("3:4"), FlagOp::Add, "\\Answered").await;
    let updates = client.store_silent(seq("3:4"), FlagOp::Add, "\\Seen").await.updates;
    assert_eq!(
        told(&updates),
        "3 FETCH 103 (\\Answered \\Flagged \\Seen); 4 FETCH 104 (\\Answered \\Recent \\Seen)"
    );
    // Even where it comes to what was foretold: it was another's.
    rival.store(seq("1"), FlagOp::Add, "\\Draft").await;
    let updates = client.store_silent(seq("1"), FlagOp::Add, "\\Draft").await.updates;
    assert_eq!(told(&updates), "1 FETCH 101 (\\Draft \\Seen)");
}

pub async fn s94_results_and_updates_name_messages_by_uid(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("101").await;
    rival.store(uid("103"), FlagOp::Add, "\\Seen").await;
    let fetched = client.fetch(uid("102:104")).await;
    let uids: Vec<u32> = fetched.messages.iter().map(|(_, message)| message.uid).collect();
    assert_eq!(uids, [102, 103, 104]);
    assert_eq!(told(&fetched.updates), "1 EXPUNGE; 2 FETCH 103 (\\Flagged \\Seen)");
    assert_eq!(client.view().seq_of(103), Some(2));
    let sizes: Vec<u64> = fetched.messages.iter().map(|(_, message)| message.size).collect();
    assert_eq!(sizes, crate::testing::fixture::SIZES[1..]);
}

pub async fn s95_a_deleted_mailbox_is_told_once_and_nothing_else(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("Sent").await;
    rival.append("Sent", "Subject: last\r\n\r\n").await;
    rival.delete("Sent").await;
    assert_eq!(client.noop().await, "CLOSED");
    let view = client.view_mut();
    assert!(view.is_closed() && view.updates(&UpdateOptions::default()).is_empty());
}

pub async fn s96_recents_that_the_view_does_not_know_are_no_panic(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.view_mut().add_recent(&RangeSet::from_ranges([(1, 3), (900, u32::MAX)]));
    let updates = client.view_mut().updates(&UpdateOptions::default());
    assert!(updates.flags.iter().all(|update| (101..=104).contains(&update.uid)));
    client.noop().await;
    let fetched = client.fetch(seq("1:*")).await;
    let recent = fetched.messages.iter().filter(|(_, message)| message.flags.contains(SystemFlags::RECENT));
    assert_eq!(recent.count(), 1);
}
