//! Cases of semantics 58-70: appending, UIDs, snapshots.

use std::rc::Rc;

use super::world::*;
use crate::mime::RowFields;
use crate::model::{AppendMessage, ErrorCode, SystemFlags, ZonedTime};
use crate::testing::fixture::{DATES, SIZES};

pub async fn s58_uids_rise_and_are_never_used_again(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let uids: Vec<u32> = client.fetch(seq("1:*")).await.messages.iter().map(|(_, m)| m.uid).collect();
    assert_eq!(uids, [101, 102, 103, 104]);
    client.remove("103:104").await;
    assert_eq!(client.append("INBOX", "Subject: new\r\n\r\n").await.uids, [105]);
    client.remove("105").await;
    world.set().cleanup(true).await.unwrap();
    world.reopen().await;
    assert_eq!(world.client().append("INBOX", "Subject: newer\r\n\r\n").await.uids, [106]);
}

pub async fn s58_a_new_mailbox_begins_at_one_or_where_asked(world: Rc<World>) {
    let mut client = world.client();
    client.create("One").await;
    client.create_from("Far", 4_000_000_000).await;
    assert_eq!(client.append("One", "x").await.uids, [1]);
    assert_eq!(client.append("Far", "x").await.uids, [4_000_000_000]);
}

pub async fn s59_append_tells_the_uids(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let validity = client.status("INBOX").await.uid_validity;
    let appended = client.append("INBOX", "Subject: a\r\n\r\n").await;
    assert_eq!((appended.uid_validity, appended.uids), (validity, vec![105]));
    let two = vec![AppendMessage::new("Subject: b\r\n\r\n"), AppendMessage::new("Subject: c\r\n\r\n")];
    assert_eq!(client.append_all("INBOX", two).await.unwrap().uids, [106, 107]);
}

pub async fn s60_append_to_the_unknown_and_to_the_read_only(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("N/child").await;
    let before = world.dump().await;
    for (name, wanted) in
        [("nowhere", ErrorCode::TryCreate), ("N", ErrorCode::TryCreate), ("Trash", ErrorCode::ReadOnly)]
    {
        assert_eq!(code(client.append_all(name, vec![AppendMessage::new("x")]).await), wanted, "{name}");
    }
    assert_eq!(
        code(world.mailbox("Trash").await.append(AppendMessage::new("x"), true).await),
        ErrorCode::ReadOnly
    );
    assert_eq!(world.dump().await, before);
}

pub async fn s61_s109_appending_several_is_all_or_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let before = world.dump().await;
    let keywords = |from: usize| (from..from + 40).map(|n| format!("k{n}")).collect::<Vec<_>>().join(" ");
    // The second message's keywords no longer fit beside the first one's.
    let batch =
        vec![flagged("Subject: 1\r\n\r\n", &keywords(0)), flagged("Subject: 2\r\n\r\n", &keywords(40))];
    assert_eq!(code(client.append_all("INBOX", batch).await), ErrorCode::Limit);
    assert_eq!(world.dump().await, before);
    let nothing = client.append_all("INBOX", Vec::new()).await.unwrap();
    assert!(nothing.uids.is_empty());
    assert_eq!(nothing.uid_validity, client.status("INBOX").await.uid_validity);
    assert_eq!(world.dump().await, before);
}

pub async fn s61_a_long_batch_lands_in_order(world: Rc<World>) {
    let mut client = world.client();
    let batch: Vec<_> =
        (0..700).map(|n| AppendMessage::new(format!("Subject: number {n}\r\n\r\n{n}\r\n"))).collect();
    let uids = client.append_all("INBOX", batch).await.unwrap().uids;
    assert_eq!(uids, (101..801).collect::<Vec<_>>());
    let inbox = world.mailbox("INBOX").await;
    for (uid, content) in [101, 450, 800].into_iter().zip(inbox.content(&[101, 450, 800]).await.unwrap()) {
        assert_eq!(
            content.unwrap().to_vec(),
            format!("Subject: number {0}\r\n\r\n{0}\r\n", uid - 101).into_bytes()
        );
    }
    client.select("INBOX").await;
    assert_eq!(client.view().exists(), 700);
    client.append("INBOX", "Subject: after\r\n\r\n").await;
    assert_eq!(client.status("INBOX").await.exists, 701);
}

pub async fn s62_internal_dates_keep_instant_and_offset(world: Rc<World>) {
    let mut client = world.client();
    let date = ZonedTime { timestamp_ms: 1_580_617_800_000, zone_minutes: -300 };
    let early = ZonedTime { timestamp_ms: -1_000_000_000_000, zone_minutes: 14 * 60 };
    for when in [date, early] {
        let message = AppendMessage { internal_date: Some(when), ..AppendMessage::new("x") };
        client.append_all("INBOX", vec![message]).await.unwrap();
    }
    let before = crate::platform::now_ms();
    client.append("INBOX", "now").await;
    let after = crate::platform::now_ms();
    world.reopen().await;
    let messages = world.client().messages("INBOX").await;
    assert_eq!((messages[0].internal_date, messages[1].internal_date), (date, early));
    let now = messages[2].internal_date;
    // Seconds are IMAP's grain.
    assert!((before - 1000..=after).contains(&now.timestamp_ms), "{before} {now:?} {after}");
    assert_eq!(now.zone_minutes, 0);
}

pub async fn s63_octets_are_kept_exactly(world: Rc<World>) {
    let all: Vec<u8> = (0..=255).collect();
    let mut large = Vec::new();
    for n in 0u32..700_000 {
        large.extend_from_slice(&n.to_le_bytes());
    }
    let cases: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\n".to_vec(),
        b"\r\n".to_vec(),
        b"a: b\nc: d\n\nbare\nlines\r".to_vec(),
        b"a: b\r\n\r\nline\r\nNUL \0 and \xff\xfe\r\n".to_vec(),
        all,
        b"no newline at all".to_vec(),
        large,
    ];
    let mut client = world.client();
    let batch = cases.iter().map(|raw| AppendMessage::new(raw.clone())).collect();
    client.append_all("INBOX", batch).await.unwrap();
    for raw in &cases {
        client.append_all("INBOX", vec![AppendMessage::new(raw.clone())]).await.unwrap();
    }
    world.set().cleanup(true).await.unwrap();
    world.reopen().await;
    let messages = world.client().messages("INBOX").await;
    let uids: Vec<u32> = messages.iter().map(|message| message.uid).collect();
    let contents = world.mailbox("INBOX").await.content(&uids).await.unwrap();
    for ((message, content), raw) in messages.iter().zip(contents).zip(cases.iter().chain(&cases)) {
        assert_eq!(message.size, raw.len() as u64);
        assert!(content.unwrap().to_vec() == *raw, "octets of {} ({} of them)", message.uid, raw.len());
    }
}

pub async fn s64_malformed_mail_is_appended_and_listed(world: Rc<World>) {
    let headers = [
        "<",
        "<a@[",
        "a:b;c",
        "\"",
        "\"a\" <",
        "=?utf-8?B?????=",
        "=?x?Q?=ZZ?=",
        "=?utf-8?B?w",
        "\0",
        "\u{ff}",
        ":",
        ";;;",
        "((((",
        "<<<<>>>>",
        "a@b@c",
        "=?",
        "=?=?=?=",
        "boundary=\"",
        "multipart/mixed; boundary=",
    ];
    let names = [
        "From",
        "Message-Id",
        "In-Reply-To",
        "References",
        "Date",
        "Subject",
        "Content-Type",
        "Sender",
        "To",
    ];
    let mut batch = Vec::new();
    for name in names {
        for value in headers {
            let mut raw = format!("{name}: {value}\r\n\r\nbody\r\n").into_bytes();
            batch.push(AppendMessage::new(raw.clone()));
            for byte in &mut raw {
                // What was a two-octet character is now raw 8-bit.
                if *byte == 0xc3 {
                    *byte = 0xff;
                }
            }
            batch.push(AppendMessage::new(raw));
        }
    }
    let deep: String =
        (0..300).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    batch.push(AppendMessage::new(deep));
    batch.push(AppendMessage::new("References: ".to_owned() + &"<a@b> ".repeat(5000) + "\r\n\r\n"));
    batch.push(AppendMessage::new("X: y\r\n".repeat(20_000)));
    let count = batch.len();
    let mut client = world.client();
    let uids = client.append_all("INBOX", batch).await.unwrap().uids;
    assert_eq!(uids.len(), count);
    let inbox = world.mailbox("INBOX").await;
    let rows = inbox.list_rows(&uids, RowFields::ALL).await.unwrap();
    assert!(rows.iter().all(Option::is_some), "a list row for each");
    let messages = client.messages("INBOX").await;
    assert!(messages.iter().all(|message| message.email_id.is_some() && message.thread_id.is_some()));
}

pub async fn s65_s70_the_snapshot_of_the_fixture(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let inbox = client.status("INBOX").await;
    assert_eq!((inbox.exists, inbox.recent, inbox.unseen), (4, 1, 2));
    assert_eq!((inbox.first_unseen, inbox.uid_next), (Some(3), 105));
    assert_eq!((inbox.deleted, inbox.size), (0, SIZES.iter().sum()));
    assert!(!inbox.readonly && inbox.uid_validity != 0 && inbox.highest_mod_seq > 0);
    assert_eq!(inbox.permanent_flags.system(), SystemFlags::PERMANENT);
    assert_eq!(inbox.session_flags.system(), SystemFlags::RECENT);
    let trash = client.status("Trash").await;
    assert_eq!((trash.exists, trash.recent, trash.deleted, trash.readonly), (1, 1, 1, true));
    assert!(client.examine("INBOX").await.permanent_flags.is_empty());
    assert!(client.select("Trash").await.permanent_flags.is_empty());
    let dates: Vec<i64> =
        client.messages("INBOX").await.iter().map(|message| message.internal_date.timestamp_ms).collect();
    assert_eq!(dates, DATES);
}

pub async fn s66_the_snapshot_of_an_empty_mailbox(world: Rc<World>) {
    let mut client = world.client();
    let empty = client.status("INBOX").await;
    assert_eq!((empty.exists, empty.recent, empty.unseen, empty.first_unseen), (0, 0, 0, None));
    assert_eq!((empty.uid_next, empty.size, empty.deleted), (101, 0, 0));
    client.append_all("INBOX", vec![flagged("x", "\\Seen")]).await.unwrap();
    let seen = client.status("INBOX").await;
    assert_eq!((seen.exists, seen.unseen, seen.first_unseen, seen.uid_next), (1, 0, None, 102));
}

pub async fn s67_status_is_the_same_before_and_after_select(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let before = client.status("INBOX").await;
    client.select("INBOX").await;
    client.close(false).await;
    let mut after = client.status("INBOX").await;
    assert_eq!(after.recent, 0);
    after.recent = before.recent;
    assert_eq!(after, before);
}

pub async fn s68_uidvalidity_outlives_sessions_and_reloads(world: Rc<World>) {
    world.fixture().await;
    let before = world.client().status("Sent").await;
    world.reopen().await;
    let mut client = world.client();
    client.rename("Sent", "Gone").await;
    assert_eq!(client.status("Gone").await.uid_validity, before.uid_validity);
}

pub async fn s69_uidvalidity_grows_with_each_creation(world: Rc<World>) {
    let mut client = world.client();
    let mut last = 0;
    for _ in 0..5 {
        client.create("A").await;
        let validity = client.status("A").await.uid_validity;
        assert!(validity > last, "{validity} after {last}");
        last = validity;
        client.delete("A").await;
    }
    client.create("B").await;
    client.create("C").await;
    client.rename("B", "A").await;
    assert!(client.status("A").await.uid_validity > last);
}

pub async fn counts_follow_every_change(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.store(seq("3"), crate::model::FlagOp::Add, "\\Seen \\Deleted").await;
    let now = client.status("INBOX").await;
    assert_eq!((now.unseen, now.first_unseen, now.deleted), (1, Some(4), 1));
    client.expunge().await;
    let now = client.status("INBOX").await;
    assert_eq!((now.exists, now.unseen, now.first_unseen, now.deleted), (3, 1, Some(3), 0));
    assert_eq!(now.size, SIZES[0] + SIZES[1] + SIZES[3]);
    client.store(seq("1"), crate::model::FlagOp::Delete, "\\Seen").await;
    let now = client.status("INBOX").await;
    assert_eq!((now.unseen, now.first_unseen), (2, Some(1)));
}
