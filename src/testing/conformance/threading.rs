//! Cases of THREAD (RFC 5256).

use std::rc::Rc;

use super::world::*;
use crate::model::{AppendMessage, ErrorCode, Result};
use crate::search::{SearchKey, ThreadAlgorithm};
use crate::session::{SearchOptions, ThreadResult};

/// A message's octets; of `references`, those before a `|` are in References, the others in In-Reply-To.
fn mail(subject: &str, id: &str, references: &str, minute: u32) -> AppendMessage {
    let (references, in_reply_to) = references.split_once('|').unwrap_or((references, ""));
    AppendMessage::new(format!(
        "Subject: {subject}\r\nMessage-ID: {id}\r\nReferences: {references}\r\nIn-Reply-To: {in_reply_to}\r\n\
         Date: 1 Jan 2001 00:{minute:02}:00 +0000\r\n\r\n"
    ))
}

/// A thread out of order, one whose beginning is missing, and two with one subject.
async fn eight(client: &mut Client) {
    let mails = vec![
        mail("Re: plans", "<c@x>", "<a@x> <b@x>", 30),
        mail("plans", "<a@x>", "", 10),
        mail("Re: plans", "<b@x>", "|<a@x> <z@x>", 20),
        mail("one", "<d@x>", "<lost@x>", 50),
        mail("other", "<e@x>", "<lost@x>", 40),
        mail("Re: lunch", "<f@x>", "", 1),
        mail("lunch", "<g@x>", "", 2),
        mail("Re: plans", "<h@x>", "<\"b\"@x>", 15),
    ];
    client.append_all("INBOX", mails).await.unwrap();
}

async fn try_thread(
    client: &mut Client,
    algorithm: ThreadAlgorithm,
    keys: &[SearchKey],
) -> Result<ThreadResult> {
    client
        .session
        .thread_mailbox(client.selected.as_mut().unwrap(), algorithm, keys, &SearchOptions::default())
        .await
}

async fn thread(client: &mut Client, algorithm: ThreadAlgorithm, keys: &[SearchKey]) -> String {
    let found = try_thread(client, algorithm, keys).await.unwrap();
    let view = client.view();
    assert_eq!(found.threads.messages.len(), found.threads.depths.len());
    for (seq, uid) in &found.threads.messages {
        assert!((*seq, *uid) == (0, 0) || view.seq_of(*uid) == Some(*seq));
    }
    found.threads.to_imap()
}

pub async fn rfc_5256_threads_by_references(world: Rc<World>) {
    let mut client = world.client();
    eight(&mut client).await;
    client.select("INBOX").await;
    let by = ThreadAlgorithm::References;
    assert_eq!(thread(&mut client, by, &[]).await, "(7 6)(2 3 (8)(1))((5)(4))");
    // Only what was searched for is threaded; what is not stands for itself no more than what is missing.
    let some = |text: &str| [SearchKey::Seq(seq(text))];
    assert_eq!(thread(&mut client, by, &some("1,8")).await, "((8)(1))");
    assert_eq!(thread(&mut client, by, &some("1:2")).await, "(2 1)");
    assert_eq!(thread(&mut client, by, &some("4")).await, "(4)");
    assert_eq!(thread(&mut client, by, &[SearchKey::New, SearchKey::Old]).await, "");
    client.remove("103").await;
    assert_eq!(thread(&mut client, by, &[]).await, "(6 5)(2 (7)(1))((4)(3))");
}

pub async fn rfc_5256_threads_by_ordered_subject(world: Rc<World>) {
    let mut client = world.client();
    eight(&mut client).await;
    client.select("INBOX").await;
    let by = ThreadAlgorithm::OrderedSubject;
    assert_eq!(thread(&mut client, by, &[]).await, "(6 7)(2 (8)(3)(1))(5)(4)");
    assert_eq!(thread(&mut client, by, &[SearchKey::Seq(seq("1,4,8"))]).await, "(8 1)(4)");
}

pub async fn s90_s100_threads_hold_what_is_gone_until_it_is_announced(world: Rc<World>) {
    let mut client = world.client();
    eight(&mut client).await;
    client.select("INBOX").await;
    let mut rival = world.rival().await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    rival.append("INBOX", "Subject: new\r\n\r\n").await;
    let found = try_thread(&mut client, ThreadAlgorithm::References, &[]).await.unwrap();
    assert!(found.expunge_issued && found.threads.messages.contains(&(2, 102)));
    assert_eq!((found.updates.exists, found.updates.expunged), (Some(9), vec![]));
    assert!(client.noop().await.starts_with("2 EXPUNGE"));
    let found = try_thread(&mut client, ThreadAlgorithm::References, &[]).await.unwrap();
    assert!(!found.expunge_issued && found.threads.messages.iter().all(|(_, uid)| *uid != 102));
}

pub async fn s121_threads_of_a_deleted_mailbox_close_the_view(world: Rc<World>) {
    let mut client = world.client();
    client.create("Gone").await;
    client.select("Gone").await;
    let mut rival = world.rival().await;
    rival.delete("Gone").await;
    let found = try_thread(&mut client, ThreadAlgorithm::References, &[]).await.unwrap();
    assert!(found.updates.closed && found.threads.messages.is_empty());
    let again = try_thread(&mut client, ThreadAlgorithm::OrderedSubject, &[]).await;
    assert_eq!(code(again), ErrorCode::Closed);
}
