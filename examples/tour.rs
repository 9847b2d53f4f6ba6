//! A tour of a mailbox: append, select, read, flag, move, and what another session is told.
//!
//! ```sh
//! cargo run --example tour
//! ```

use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::CreateOptions;
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{AppendMessage, FlagOp, Flags, Result, SequenceSet};
use offline_mailbox::session::{BaseSession, FetchItems, FetchOptions, SessionOptions, StoreOptions};
use offline_mailbox::store::MemoryStore;

fn main() -> Result<()> {
    block_on(tour())
}

async fn tour() -> Result<()> {
    let store = MemoryStore::new();
    let set = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await?;
    let session = BaseSession::new(set, SessionOptions::default());

    // Either all messages of one call are stored, or none.
    let letters = ["Tea?", "Cake?", "Both!"].map(|subject| {
        AppendMessage::new(format!(
            "From: Grace <grace@example.org>\r\nSubject: {subject}\r\n\r\nAt five.\r\n"
        ))
    });
    let (appended, _) = session.append_messages("INBOX", letters.into(), None).await?;
    println!("appended under UIDVALIDITY {}: {:?}", appended.uid_validity, appended.uids);

    // A view shows the mailbox as it was told, until a call on it tells what is new.
    let (snapshot, mut view) = session.select_mailbox("INBOX", false).await?;
    println!("{} messages, {} recent, {} unseen", snapshot.exists, snapshot.recent, snapshot.unseen);

    let everything = SequenceSet::parse("1:*", true)?;
    let items = FetchItems { envelope: true, text: true, ..FetchItems::default() };
    let mut lines = Vec::new();
    session
        .fetch(&mut view, &everything, &FetchOptions::default(), &items, &mut |seq, message, items| {
            let subject = items.row.map(|row| row.subject).unwrap_or_default();
            let text = items.text.unwrap_or_default();
            lines.push(format!("  {seq}: uid {}, {subject:?}: {}", message.uid, text.trim()));
        })
        .await?;
    println!("{}", lines.join("\n"));

    // Another program: its own connection to the same store, its own view.
    let elsewhere = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await?;
    let other = BaseSession::new(elsewhere, SessionOptions::default());
    let (_, mut other_view) = other.select_mailbox("INBOX", false).await?;

    let second = SequenceSet::parse("2", true)?;
    let flagged = Flags::parse(["\\Flagged", "$Work"])?;
    session.update_flags(&mut view, &second, &flagged, &StoreOptions::new(FlagOp::Add)).await?;
    session.create_mailbox("Archive/2026", &CreateOptions::default(), None).await?;
    let moved = session.move_messages(&mut view, &SequenceSet::parse("1", true)?, "Archive/2026").await?;
    println!("moved: {:?}", moved.copied.map(|copied| copied.uids));

    let updates = other.check_mailbox(&mut other_view, None, false).await?;
    for gone in &updates.expunged {
        println!("the other view is told: EXPUNGE {} (uid {})", gone.seq, gone.uid);
    }
    for changed in &updates.flags {
        println!("the other view is told: {} FETCH (FLAGS {})", changed.seq, changed.flags);
    }
    session.close_mailbox(view, false).await?;
    other.close_mailbox(other_view, false).await?;
    session.close().await;
    other.close().await;
    Ok(())
}
