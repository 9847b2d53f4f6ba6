//! Cases of semantics 153-158: identity by content, and threads.

use std::rc::Rc;

use super::world::*;
use crate::model::{EmailId, ThreadId};

fn mail(headers: &[(&str, &str)]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{lines}\r\nbody\r\n")
}

/// Appends, and returns the new message's ids.
async fn add(client: &mut Client, mailbox: &str, raw: &str) -> (EmailId, ThreadId) {
    client.append(mailbox, raw).await;
    let message = client.messages(mailbox).await.pop().expect("the new message");
    (message.email_id.expect("an email id"), message.thread_id.expect("a thread id"))
}

async fn thread(client: &mut Client, headers: &[(&str, &str)]) -> ThreadId {
    add(client, "INBOX", &mail(headers)).await.1
}

pub async fn s153_email_ids_are_equal_exactly_where_the_octets_are(world: Rc<World>) {
    let mut client = world.client();
    let one = add(&mut client, "INBOX", "Subject: x\r\n\r\nbody aca\r\n").await.0;
    let same = add(&mut client, "INBOX", "Subject: x\r\n\r\nbody aca\r\n").await.0;
    // An Adler-32 checksum cannot tell these two apart.
    let twin = add(&mut client, "INBOX", "Subject: x\r\n\r\nbody bab\r\n").await.0;
    let newline = add(&mut client, "INBOX", "Subject: x\r\n\r\nbody aca\n").await.0;
    assert_eq!(one, same);
    assert_ne!(one, twin);
    assert_ne!(one, newline);
    let contents = world.mailbox("INBOX").await.content(&[101, 103]).await.unwrap();
    assert_ne!(contents[0].as_ref().unwrap().to_vec(), contents[1].as_ref().unwrap().to_vec());
}

pub async fn s154_ids_go_on_after_the_first_copy_is_deleted(world: Rc<World>) {
    let mut client = world.client();
    let raw = mail(&[("Message-Id", "<one@x>"), ("Subject", "hello")]);
    let first = add(&mut client, "INBOX", &raw).await;
    assert_eq!(add(&mut client, "INBOX", &raw).await, first);
    client.select("INBOX").await;
    client.remove("101").await;
    world.set().cleanup(true).await.unwrap();
    assert_eq!(add(&mut client, "INBOX", &raw).await, first);
    let reply = mail(&[("Message-Id", "<two@x>"), ("In-Reply-To", "<one@x>"), ("Subject", "Re: hello")]);
    assert_eq!(add(&mut client, "INBOX", &reply).await.1, first.1);
    let contents = world.mailbox("INBOX").await.content(&[102, 103]).await.unwrap();
    assert!(contents.iter().all(|content| content.as_ref().unwrap().to_vec() == raw.as_bytes()));
}

pub async fn s155_a_thread_has_one_id_and_one_subject(world: Rc<World>) {
    let mut client = world.client();
    let one = thread(&mut client, &[("Message-Id", "<one>"), ("Subject", "thread one")]).await;
    let forward = thread(&mut client, &[("Message-Id", "<one>"), ("Subject", "Fwd: thread one")]).await;
    let other = thread(&mut client, &[("Message-Id", "<one>"), ("Subject", "unrelated to thread one")]).await;
    assert_eq!(one, forward);
    assert_ne!(one, other);
}

pub async fn s156_replies_join_by_any_reference_and_in_any_order(world: Rc<World>) {
    let mut client = world.client();
    let root = thread(&mut client, &[("Message-Id", "<root>"), ("Subject", "plan")]).await;
    for (number, headers) in [
        [("In-Reply-To", "<root>"), ("Subject", "Re: plan")],
        [("References", "<unknown> <root>"), ("Subject", "RE:  re: Fwd: plan")],
        [("In-Reply-To", "<root>"), ("Subject", "[a list] plan")],
        [("In-Reply-To", "<root>"), ("Subject", "Re: [a list] Re: plan")],
        [("References", "<root>\r\n <elsewhere>"), ("Subject", "  plan ")],
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("<reply{number}>");
        let joined = thread(&mut client, &[("Message-Id", &id), headers[0], headers[1]]).await;
        assert_eq!(joined, root, "{headers:?}");
    }
    let early =
        thread(&mut client, &[("Message-Id", "<r>"), ("In-Reply-To", "<parent>"), ("Subject", "Re: late")])
            .await;
    let late = thread(&mut client, &[("Message-Id", "<parent>"), ("Subject", "late")]).await;
    assert_eq!(early, late, "the reply came before what it answers");
}

pub async fn s157_without_ids_alone_and_between_two_with_the_first(world: Rc<World>) {
    let mut client = world.client();
    let alone = thread(&mut client, &[("Subject", "alone")]).await;
    assert_ne!(alone, thread(&mut client, &[("Subject", "alone")]).await);
    assert_ne!(
        alone,
        thread(&mut client, &[("Subject", "alone"), ("Message-Id", "no brackets at all")]).await
    );
    let a = thread(&mut client, &[("Message-Id", "<a>"), ("Subject", "s")]).await;
    let b = thread(&mut client, &[("Message-Id", "<b>"), ("Subject", "s")]).await;
    assert_ne!(a, b);
    let bridge = [("Message-Id", "<bridge>"), ("References", "<b> <a>"), ("Subject", "Re: s")];
    assert_eq!(thread(&mut client, &bridge).await, b);
    let after_a = [("Message-Id", "<after>"), ("In-Reply-To", "<a>"), ("Subject", "Re: s")];
    assert_eq!(thread(&mut client, &after_a).await, a, "never merged");
}

pub async fn s158_threads_span_mailboxes_but_not_people(world: Rc<World>) {
    let mut client = world.client();
    client.create("Sent").await;
    let question = mail(&[("Message-Id", "<q>"), ("Subject", "q")]);
    let reply = mail(&[("Message-Id", "<a>"), ("In-Reply-To", "<q>"), ("Subject", "Re: q")]);
    let asked = add(&mut client, "INBOX", &question).await.1;
    assert_eq!(add(&mut client, "Sent", &reply).await.1, asked);
    let mut rival = world.rival().await;
    assert_eq!(add(&mut rival, "INBOX", &reply).await.1, asked);
    let mut stranger = world.stranger().await;
    assert_ne!(add(&mut stranger, "INBOX", &question).await.1, asked);
}

pub async fn s158_one_batch_threads_as_one_by_one_does(world: Rc<World>) {
    let mut client = world.client();
    let batch = (0..200)
        .map(|n| {
            let (id, parent) = (format!("<m{n}>"), format!("<m{}>", n - n % 10));
            let mut headers = vec![("Message-Id", id.as_str()), ("Subject", "Re: same")];
            if n % 10 != 0 {
                headers.push(("In-Reply-To", &parent));
            }
            crate::model::AppendMessage::new(mail(&headers))
        })
        .collect();
    client.append_all("INBOX", batch).await.unwrap();
    let messages = client.messages("INBOX").await;
    for (n, message) in messages.iter().enumerate() {
        assert_eq!(message.thread_id, messages[n - n % 10].thread_id, "{n}");
    }
    let mut threads: Vec<_> = messages.iter().map(|message| message.thread_id.clone()).collect();
    threads.sort();
    threads.dedup();
    assert_eq!(threads.len(), 20);
}
