//! Mail is delivered through a Sieve filter, and found again by IMAP's own words.
//!
//! ```sh
//! cargo run --example filter_and_search
//! ```

use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::MailboxSet;
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{Result, Value};
use offline_mailbox::search::parse_search;
use offline_mailbox::session::{BaseSession, DeliverOptions, SearchOptions, SessionOptions};
use offline_mailbox::store::MemoryStore;

const SCRIPT: &str = r#"
require ["fileinto", "mailbox", "imap4flags"];
if header :contains "list-id" "rust" {
    fileinto :create "Lists/Rust";
} elsif header :contains "subject" "urgent" {
    keep :flags ["\\Flagged"];
}
"#;

const MAIL: [&str; 3] = [
    "From: list@example.org\r\nList-Id: <rust.example.org>\r\nSubject: Release notes\r\n\r\nFearless.\r\n",
    "From: grace@example.org\r\nSubject: URGENT: tea\r\n\r\nAt five o'clock.\r\n",
    "From: bob@example.org\r\nSubject: Hello\r\n\r\nNothing special.\r\n",
];

fn main() -> Result<()> {
    block_on(run())
}

async fn run() -> Result<()> {
    let set = StoreMailboxSet::open(Rc::new(MemoryStore::new()), EngineOptions::default()).await?;
    let filters = set.filter_set();
    let session = BaseSession::new(set, SessionOptions::default());

    if let Some(filters) = filters {
        // A script that does not compile is refused, with its place.
        if let Err(error) = filters.put("broken", b"if header { keep; }").await {
            println!("refused at {:?}: {}", error.position(), error.message());
        }
        filters.put("main", SCRIPT.as_bytes()).await?;
        filters.set_active("main").await?;
    }

    for raw in MAIL {
        let message = Value::from(raw.as_bytes().to_vec());
        let delivered = session.deliver(message, &DeliverOptions::default(), None).await?;
        for place in delivered.stored {
            println!("delivered to {}, uid {}", place.mailbox, place.uid);
        }
    }

    // One mailbox, through a view; then all of them.
    let (_, mut view) = session.select_mailbox("INBOX", false).await?;
    let program = parse_search(b"FLAGGED BODY \"five o'clock\"")?;
    let found = session.search_mailbox(&mut view, &program.keys, &SearchOptions::default()).await?;
    println!("flagged, at five o'clock: {:?}", found.messages);

    let program = parse_search(b"OR SUBJECT \"release\" FROM bob")?;
    for matches in session.search(&program.keys, None, &SearchOptions::default()).await? {
        println!("{}: {:?}", matches.name, matches.uids);
    }
    session.close().await;
    Ok(())
}
