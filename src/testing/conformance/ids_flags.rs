//! Cases of semantics 1-24: object ids, flags and sequence sets, as far as a
//! mailbox shows them.

use std::rc::Rc;

use super::world::*;
use crate::model::{ErrorCode, FlagOp, Message, SystemFlags, Uid};

fn ids(message: &Message) -> (String, String) {
    let email = message.email_id.as_ref().expect("an email id").to_string();
    (email, message.thread_id.as_ref().expect("a thread id").to_string())
}

pub async fn s1_s2_ids_have_their_grammar_and_differ(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let mut mailboxes = Vec::new();
    for name in ["INBOX", "Sent", "Trash"] {
        mailboxes.push(client.status(name).await.mailbox_id.to_string());
    }
    let inbox = client.messages("INBOX").await;
    let all =
        mailboxes.iter().cloned().chain(inbox.iter().flat_map(|message| <[String; 2]>::from(ids(message))));
    for id in all {
        assert!(id.len() <= 255 && id.starts_with(['F', 'M', 'T']), "{id}");
        assert!(
            id.len() > 1 && id.bytes().skip(1).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{id}"
        );
    }
    mailboxes.sort();
    mailboxes.dedup();
    assert_eq!(mailboxes.len(), 3);
}

pub async fn s3_rename_keeps_the_mailbox_id_and_a_new_creation_has_another(world: Rc<World>) {
    let mut client = world.client();
    client.create("A").await;
    let id = client.status("A").await.mailbox_id;
    client.rename("A", "B").await;
    assert_eq!(client.status("B").await.mailbox_id, id);
    client.delete("B").await;
    client.create("B").await;
    assert_ne!(client.status("B").await.mailbox_id, id);
}

pub async fn s4_email_and_thread_ids_survive_copy_and_move(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let before: Vec<_> = client.messages("INBOX").await.iter().map(ids).collect();
    client.select("INBOX").await;
    client.copy(uid("101:102"), "Sent").await.unwrap();
    client.move_to(uid("103:104"), "Sent").await.unwrap();
    let after: Vec<_> = client.messages("Sent").await.iter().skip(2).map(ids).collect();
    assert_eq!(after, before);
}

pub async fn s5_email_ids_follow_the_octets_alone(world: Rc<World>) {
    let mut client = world.client();
    client.append("INBOX", "Subject: a\r\n\r\nSame octets.\r\n").await;
    client.append("INBOX", "Subject: a\r\n\r\nOther octets.\r\n").await;
    client.create("B").await;
    client.append("B", "Subject: a\r\n\r\nSame octets.\r\n").await;
    let (inbox, other) = (client.messages("INBOX").await, client.messages("B").await);
    assert_eq!(inbox[0].email_id, other[0].email_id);
    assert_ne!(inbox[0].email_id, inbox[1].email_id);
    let mut stranger = world.stranger().await;
    stranger.append("INBOX", "Subject: a\r\n\r\nSame octets.\r\n").await;
    let theirs = stranger.messages("INBOX").await;
    assert_eq!(theirs[0].email_id, inbox[0].email_id, "a digest");
    assert_ne!(theirs[0].thread_id, inbox[0].thread_id, "random");
    assert_ne!(stranger.status("INBOX").await.mailbox_id, client.status("INBOX").await.mailbox_id);
}

pub async fn s7_s9_flags_are_spelled_and_ordered_as_imap_does(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let result = client.store(seq("3"), FlagOp::Replace, "zeta \\sEEN alpha \\dELETED").await;
    assert_eq!(shown(&result.messages), "3 103 (\\Deleted \\Seen alpha zeta)");
}

pub async fn s8_keywords_compare_without_case_and_keep_their_first_spelling(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.store(seq("1"), FlagOp::Replace, "Work").await;
    let result = client.store(seq("1:2"), FlagOp::Add, "wORK").await;
    assert_eq!(shown(&result.messages), "1 101 (Work); 2 102 (\\Answered \\Seen Work)");
    let result = client.store(seq("1:2"), FlagOp::Delete, "WORK").await;
    assert_eq!(shown(&result.messages), "1 101 (); 2 102 (\\Answered \\Seen)");
}

pub async fn s10_the_three_flag_operations(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (op, names, after) in [
        (FlagOp::Add, "\\Flagged \\Seen", "(\\Answered \\Flagged \\Seen)"),
        (FlagOp::Delete, "\\Answered \\Draft", "(\\Flagged \\Seen)"),
        (FlagOp::Replace, "\\Draft", "(\\Draft)"),
        (FlagOp::Replace, "", "()"),
    ] {
        let result = client.store(seq("2"), op, names).await;
        assert_eq!(shown(&result.messages), format!("2 102 {after}"));
        assert_eq!(client.messages("INBOX").await[1].flags, result.messages[0].1.flags);
    }
}

pub async fn s11_unknown_system_flags_are_dropped(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let result = client.store(seq("1"), FlagOp::Add, "\\Foo \\Flagged").await;
    assert_eq!(shown(&result.messages), "1 101 (\\Flagged \\Seen)");
    let result = client.store(seq("1"), FlagOp::Replace, "\\Foo").await;
    assert_eq!(shown(&result.messages), "1 101 ()");
}

pub async fn s12_s14_store_never_changes_recent(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (op, names) in [
        (FlagOp::Add, "\\Recent"),
        (FlagOp::Delete, "\\Recent"),
        (FlagOp::Replace, ""),
        (FlagOp::Replace, "\\Recent"),
    ] {
        let result = client.store(seq("3:4"), op, names).await;
        let recent: Vec<bool> =
            result.messages.iter().map(|(_, message)| message.flags.contains(SystemFlags::RECENT)).collect();
        assert_eq!(recent, [false, true], "{op:?} {names}");
    }
    let stored =
        world.mailbox("INBOX").await.append(flagged("Subject: x\r\n\r\n", "\\Recent"), false).await.unwrap();
    assert!(stored.flags.is_empty(), "{}", stored.flags);
}

pub async fn s13_append_stores_only_flags_that_can_be_stored(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let raw = "Subject: x\r\n\r\n";
    client.append_all("Sent", vec![flagged(raw, "\\Recent \\Foo \\Seen $Junk")]).await.unwrap();
    let messages = client.messages("Sent").await;
    // The one who looks is read-only, and sees the new message as \Recent.
    assert_eq!(messages[2].flags.clone().without(SystemFlags::RECENT), flags("\\Seen $Junk"));
    client.select("Sent").await;
    let result = client.store(uid("103"), FlagOp::Delete, "$Junk").await;
    assert_eq!(shown(&result.messages), "3 103 (\\Recent \\Seen)");
}

pub async fn s15_keywords_can_be_created_and_stay(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    assert!(client.select("INBOX").await.accepts_keywords);
    client.store(seq("2"), FlagOp::Add, "$Junk").await;
    world.reopen().await;
    let mut client = world.client();
    assert!(client.messages("INBOX").await[1].flags.has_keyword("$junk"));
}

pub async fn s15_more_keywords_than_fit_are_refused_and_change_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let many = |from: usize, to: usize| (from..to).map(|n| format!("k{n}")).collect::<Vec<_>>().join(" ");
    client.store(seq("1"), FlagOp::Add, &many(0, 56)).await;
    let before = world.dump().await;
    let refused = client.try_store(seq("2"), FlagOp::Add, "k0 one-more", false).await;
    assert_eq!(code(refused), ErrorCode::Limit);
    assert_eq!(code(client.append_all("INBOX", vec![flagged("\r\n", "one-more")]).await), ErrorCode::Limit);
    assert_eq!(world.dump().await, before);
    client.store(seq("2"), FlagOp::Add, "K55").await;
    assert!(client.messages("INBOX").await[1].flags.has_keyword("k55"));
}

pub async fn s16_recent_vanishes_with_the_selection_and_is_nobody_elses(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    assert_eq!(shown(&client.fetch(seq("4")).await.messages), "4 104 (\\Recent)");
    assert_eq!(shown(&rival.fetch(seq("4")).await.messages), "4 104 ()");
    client.close(false).await;
    client.select("INBOX").await;
    assert_eq!(shown(&client.fetch(seq("4")).await.messages), "4 104 ()");
}

pub async fn s17_s18_s19_s21_sets_name_messages_of_the_view(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (set, wanted) in [
        (seq("3:2"), vec![102, 103]),
        (seq("*"), vec![104]),
        (seq("*:3"), vec![103, 104]),
        (seq("9999:*"), vec![104]),
        (seq("3:9,1:3,7"), vec![101, 102, 103, 104]),
        (seq("5:9"), vec![]),
        (uid("103:1"), vec![101, 102, 103]),
        (uid("*"), vec![104]),
        (uid("9999:*"), vec![104]),
        (uid("1:100,105:4000"), vec![]),
    ] {
        let found: Vec<Uid> = client.fetch(set.clone()).await.messages.iter().map(|(_, m)| m.uid).collect();
        assert_eq!(found, wanted, "{set} (uid: {})", set.is_uid());
    }
    client.remove("102").await;
    let found = client.fetch(uid("1:103")).await.messages;
    assert_eq!(shown(&found), "1 101 (\\Seen); 2 103 (\\Flagged)");
}

pub async fn s20_sets_on_an_empty_mailbox_name_nothing(world: Rc<World>) {
    let mut client = world.client();
    client.select("INBOX").await;
    for set in [seq("1:*"), seq("*"), uid("1:*"), uid("*"), uid("1:4294967295")] {
        assert!(client.fetch(set.clone()).await.messages.is_empty());
        let result = client.store(set.clone(), FlagOp::Add, "\\Seen").await;
        assert!(result.messages.is_empty());
        assert_eq!(pairs(&client.copy(set, "INBOX").await.unwrap()), "nothing");
    }
}

pub async fn s24_a_range_over_all_uids_costs_no_more_than_the_messages(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let started = crate::platform::now_ms();
    for _ in 0..20 {
        assert_eq!(client.view().resolve(&uid("1:4294967295")).len(), 4);
        assert_eq!(client.fetch(uid("1:4294967295")).await.messages.len(), 4);
    }
    assert!(crate::platform::now_ms() - started < 5000);
}
