//! Cases of semantics 126-136: waiting, housekeeping, reopening, and two
//! engines over one database.

use std::collections::HashSet;
use std::rc::Rc;

use super::world::*;
use crate::model::{AppendMessage, FlagOp};
use crate::platform::{now_ms, sleep_ms};
use crate::view::Event;

pub async fn s126_s130_a_wait_ends_when_another_changes_the_mailbox(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    let started = now_ms();
    let (woken, _) = futures::join!(client.idle(), async {
        sleep_ms(30).await;
        rival.append("INBOX", "Subject: x\r\n\r\n").await
    });
    assert_eq!(woken, "5 EXISTS; 5 FETCH 105 ()");
    let (woken, _) = futures::join!(client.idle(), async {
        sleep_ms(30).await;
        rival.store(uid("103"), FlagOp::Add, "\\Seen").await
    });
    assert_eq!(woken, "3 FETCH 103 (\\Flagged \\Seen)");
    let (woken, _) = futures::join!(client.idle(), async {
        sleep_ms(30).await;
        world.mailbox("INBOX").await.delete(&[102]).await.unwrap();
    });
    assert_eq!(woken, "2 EXPUNGE");
    assert!(now_ms() - started < 4500, "by hints, not by the poll");
}

pub async fn s127_s131_what_is_pending_is_told_at_once(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.append("INBOX", "Subject: x\r\n\r\n").await;
    let started = now_ms();
    assert_eq!(client.idle().await, "5 EXISTS; 5 FETCH 105 ()");
    // What a call by sequence numbers hid is pending as well.
    rival.remove("102").await;
    client.fetch(seq("1")).await;
    assert_eq!(client.idle().await, "2 EXPUNGE");
    assert!(now_ms() - started < 4000);
}

pub async fn s128_s129_the_callers_event_ends_the_wait(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let event = Event::new();
    event.set();
    let view = client.selected.as_mut().unwrap();
    let started = now_ms();
    let updates = soon(client.session.check_mailbox(view, Some(&event), false)).await.unwrap();
    assert_eq!(told(&updates), "");
    event.clear();
    let (updates, ()) =
        futures::join!(soon(client.session.check_mailbox(view, Some(&event), false)), async {
            sleep_ms(50).await;
            event.set();
        });
    assert_eq!(told(&updates.unwrap()), "");
    assert!((40..4000).contains(&(now_ms() - started)));
}

pub async fn s132_housekeeping_changes_nothing_that_is_seen(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.create("Busy").await;
    for round in 0..12 {
        client
            .append_all(
                "Busy",
                (0..9).map(|n| AppendMessage::new(format!("Subject: {round} {n}\r\n\r\n"))).collect(),
            )
            .await
            .unwrap();
    }
    client.select("Busy").await;
    rival.select("Busy").await;
    client.remove("20:40,50:60").await;
    client.move_to(uid("70:80"), "Sent").await.unwrap();
    let before = world.dump().await;
    let view = client.selected.as_mut().unwrap();
    assert_eq!(told(&client.session.check_mailbox(view, None, true).await.unwrap()), "");
    world.set().cleanup(false).await.unwrap();
    world.set().cleanup(true).await.unwrap();
    world.other_set().await.cleanup(true).await.unwrap();
    assert_eq!(world.dump().await, before);
    assert_eq!(client.noop().await, "");
    // The other view had not been told yet, and is told all the same.
    let told = rival.noop().await;
    assert_eq!(told.matches("EXPUNGE").count(), 43, "{told}");
    assert!(told.starts_with("80 EXPUNGE") && told.contains("; 20 EXPUNGE"), "{told}");
    assert_eq!(rival.view().exists(), 65);
    world.reopen().await;
    assert_eq!(world.dump().await, before);
}

pub async fn s133_readers_never_see_half_a_batch(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    let batch: Vec<AppendMessage> =
        (0..30).map(|n| AppendMessage::new(format!("Subject: {n}\r\n\r\n"))).collect();
    let appended = async {
        for _ in 0..4 {
            client.append_all("INBOX", batch.clone()).await.unwrap();
        }
    };
    let watched = async {
        let mut seen = Vec::new();
        for _ in 0..25 {
            let now = rival.status("INBOX").await;
            assert_eq!((now.exists - 4) % 30, 0, "half a batch");
            assert_eq!(u64::from(now.uid_next), 101 + u64::from(now.exists));
            seen.push(now.exists);
        }
        seen
    };
    let ((), seen) = futures::join!(appended, watched);
    assert!(seen.is_sorted());
    assert_eq!(rival.status("INBOX").await.exists, 124);
}

pub async fn s133_a_wait_that_is_given_up_holds_nothing(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    for _ in 0..3 {
        let event = Event::new();
        let view = client.selected.as_mut().unwrap();
        let wait = std::pin::pin!(client.session.check_mailbox(view, Some(&event), false));
        let short = std::pin::pin!(sleep_ms(20));
        assert!(matches!(futures::future::select(wait, short).await, futures::future::Either::Right(_)));
    }
    soon(rival.append("INBOX", "Subject: x\r\n\r\n")).await;
    assert_eq!(soon(client.noop()).await, "5 EXISTS; 5 FETCH 105 ()");
}

pub async fn s134_a_view_that_is_far_behind_is_told_all(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    for round in 0..40 {
        rival.append("INBOX", &format!("Subject: {round}\r\n\r\n")).await;
        let uid = 105 + round;
        if round % 4 != 0 {
            rival.remove(&uid.to_string()).await;
        }
    }
    rival.store(uid("103"), FlagOp::Replace, "kept").await;
    rival.remove("101").await;
    world.set().cleanup(true).await.unwrap();
    let told = client.noop().await;
    assert!(told.starts_with("1 EXPUNGE; 13 EXISTS; 2 FETCH 103 (kept); 4 FETCH 105 ()"), "{told}");
    assert!(told.ends_with("13 FETCH 141 ()"), "{told}");
}

pub async fn s135_everything_survives_a_reload(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("Archive/2026").await;
    client.session.subscribe("Archive/2026", None).await.unwrap();
    client.session.subscribe("No/such", None).await.unwrap();
    client.select("INBOX").await;
    client.store(seq("1:2"), FlagOp::Add, "$Label \\Draft").await;
    client.remove("103").await;
    client.copy(seq("1:*"), "Archive/2026").await.unwrap();
    client.move_to(uid("102"), "Sent").await.unwrap();
    client
        .append_all("INBOX", vec![flagged("Message-Id: <a@b>\r\nSubject: t\r\n\r\n", "other")])
        .await
        .unwrap();
    client.rename("Sent", "Out").await;
    client.delete("Archive/2026").await;
    let before = world.dump().await;
    for _ in 0..2 {
        world.reopen().await;
        assert_eq!(world.dump().await, before);
    }
    let mut client = world.client();
    assert_eq!(client.append("INBOX", "Subject: later\r\n\r\n").await.uids, [106]);
    client.append("Out", "Message-Id: <c@d>\r\nIn-Reply-To: <a@b>\r\nSubject: Re: t\r\n\r\n").await;
    let (inbox, out) = (client.messages("INBOX").await, client.messages("Out").await);
    let first = inbox.iter().find(|message| message.uid == 105).expect("105");
    assert_eq!(first.thread_id, out.last().expect("the reply").thread_id, "threads are known after a reload");
}

pub async fn s136_two_who_append_at_once_never_get_the_same_uid(world: Rc<World>) {
    world.fixture().await;
    let (client, rival) = (world.client(), world.rival().await);
    async fn appends(client: &Client, who: &str) -> Vec<u32> {
        let mut uids = Vec::new();
        for n in 0..15 {
            let raw = format!("Subject: {who} {n}\r\n\r\n");
            let messages = vec![AppendMessage::new(raw.clone()), AppendMessage::new(raw)];
            uids.extend(client.session.append_messages("INBOX", messages, None).await.unwrap().0.uids);
        }
        uids
    }
    let (mine, theirs) = futures::join!(appends(&client, "one"), appends(&rival, "two"));
    assert!(mine.is_sorted() && theirs.is_sorted());
    let all: HashSet<u32> = mine.iter().chain(&theirs).copied().collect();
    assert_eq!(all.len(), 60);
    assert_eq!(all, (105..165).collect());
    let mut client = world.client();
    assert_eq!(client.status("INBOX").await.exists, 64);
    assert_eq!(client.messages("INBOX").await, world.rival().await.messages("INBOX").await);
}

pub async fn s136_two_who_change_flags_at_once_lose_nothing(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    for round in 0..6 {
        let (mine, theirs) = (format!("mine{round}"), format!("theirs{round}"));
        futures::join!(
            client.store(seq("1:*"), FlagOp::Add, &mine),
            rival.store(seq("1:*"), FlagOp::Add, &theirs)
        );
    }
    for message in world.client().messages("INBOX").await {
        for round in 0..6 {
            let flags = &message.flags;
            assert!(
                flags.has_keyword(&format!("mine{round}")) && flags.has_keyword(&format!("theirs{round}"))
            );
        }
    }
    client.noop().await;
    rival.noop().await;
    assert_eq!(client.view().told_flags(101), rival.view().told_flags(101));
}

pub async fn s136_many_calls_at_once_on_one_session_lose_nothing(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    let calls = (0..100).map(|n| {
        let session = &client.session;
        async move {
            match n % 4 {
                0 | 1 => {
                    let message = AppendMessage::new(format!("Subject: {n}\r\n\r\n"));
                    session.append_messages("INBOX", vec![message], None).await.map(|_| ())
                }
                2 => session.create_mailbox(&format!("M{n}"), &Default::default(), None).await.map(|_| ()),
                _ => session.get_mailbox("INBOX", None).await.map(|_| ()),
            }
        }
    });
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    let mut client = world.client();
    assert_eq!(client.status("INBOX").await.exists, 54);
    assert_eq!(client.names().await.len(), 3 + 25);
}
