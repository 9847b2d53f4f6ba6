//! A database of every kind of record, made by a fixed history, and its form as a file. Not here: what is
//! asserted of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use offline_mailbox::backend::{CreateOptions, ImportOptions, MailboxData, MailboxSet, Skip};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::mime::RowFields;
use offline_mailbox::model::{
    AppendMessage, FlagOp, Flags, MailboxName, MessageFields, SpecialUse, Uid, Value, ZonedTime,
};
use offline_mailbox::platform;
use offline_mailbox::store::{JournalEntry, Key, MemoryStore, Space, Stored};
use offline_mailbox::testing::dump::{Ids, dump};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

/// The mailbox whose index pages are sealed.
const BULK: &str = "Bulk";
/// Uids of it that stand for all.
const BULK_SAMPLE: [Uid; 7] = [1, 2, 513, 2048, 4096, 4097, 4200];

pub fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}"))
}

pub async fn open(store: &MemoryStore) -> Rc<StoreMailboxSet> {
    StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await.unwrap()
}

pub fn name(text: &str) -> MailboxName {
    MailboxName::parse(text).unwrap()
}

fn mail(n: u32) -> AppendMessage {
    let parent = n / 3;
    let raw = format!(
        "From: \"Ada L.\" <ada{}@example.org>\r\nTo: grace@example.org\r\nDate: Mon, 2 Mar 2026 10:{:02}:00 +0100\r\n\
         Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= {parent}\r\nMessage-ID: <{n}@example.org>\r\n\
         In-Reply-To: <{parent}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>Body of <b>{n}</b>, sch\u{f6}n.</p>\r\n",
        n % 7,
        n % 60
    );
    AppendMessage {
        raw: raw.into_bytes().into(),
        flags: Flags::parse(if n.is_multiple_of(4) { vec!["\\Seen", "$Work"] } else { vec![] }).unwrap(),
        internal_date: Some(ZonedTime {
            timestamp_ms: 1_772_000_000_000 + i64::from(n) * 977_000,
            zone_minutes: 60,
        }),
    }
}

/// Makes the database: the same octets each time.
pub async fn make() -> MemoryStore {
    platform::fix(1_773_000_000_000, 4);
    let store = MemoryStore::new();
    let options = EngineOptions {
        owner: "ada@example.org".into(),
        inbox_first_uid: Some(101),
        ..EngineOptions::default()
    };
    let set = StoreMailboxSet::open(Rc::new(store.connect()), options).await.unwrap();
    for (mailbox, special_use) in [
        ("Sent", Some(SpecialUse::Sent)),
        ("Arbeit/\u{dc}bersicht", None),
        (BULK, None),
        ("Old", None),
        ("Locked", None),
    ] {
        set.add_mailbox(&name(mailbox), &CreateOptions { special_use, first_uid: None }).await.unwrap();
    }
    set.set_subscribed(&name("Sent"), true).await.unwrap();
    set.set_subscribed(&name("Gone"), true).await.unwrap();
    let inbox = set.get_mailbox(&name("INBOX")).await.unwrap();
    let work = set.get_mailbox(&name("Arbeit/\u{dc}bersicht")).await.unwrap();
    inbox.append_many((0..70).map(mail).collect(), true).await.unwrap();
    let (_, view) = inbox.select(false).await.unwrap();
    drop(view);
    let bulk = set.get_mailbox(&name(BULK)).await.unwrap();
    for _ in 0..6 {
        bulk.append_many(
            vec![
                AppendMessage::new("Message-ID: <again@example.org>\r\nSubject: again\r\n\r\nand again\r\n");
                700
            ],
            true,
        )
        .await
        .unwrap();
    }
    // Longer than one pack's piece.
    let long = format!("Subject: long\r\n\r\n{}", "a line that is long\r\n".repeat(56_000));
    inbox.append(AppendMessage::new(long), true).await.unwrap();
    inbox.copy_many(&[101, 103, 105], work.as_ref(), true).await.unwrap();
    inbox.move_many(&[102, 104], work.as_ref(), true).await.unwrap();
    let flags = Flags::parse(["\\Flagged", "\\Deleted", "$Later", "Zwei"]).unwrap();
    inbox.update_many(&[106, 107, 140], &flags, FlagOp::Add, None).await.unwrap();
    inbox.expunge(&[106, 107], true).await.unwrap();
    bulk.expunge(&(600..700).collect::<Vec<Uid>>(), false).await.unwrap();
    let old = set.get_mailbox(&name("Old")).await.unwrap();
    old.append_many((200..210).map(mail).collect(), true).await.unwrap();
    set.delete_mailbox(&name("Old")).await.unwrap();
    let filters = set.filter_set().unwrap();
    filters.put("first", b"keep;\r\n").await.unwrap();
    filters.put("zweiter \u{fc}", b"require \"fileinto\";\r\nfileinto \"Sent\";\r\n").await.unwrap();
    filters.set_active("first").await.unwrap();
    let import = ImportOptions { skip: Skip::InMailbox, import: Some(("takeout".into(), 0)) };
    set.get_mailbox(&name("Sent"))
        .await
        .unwrap()
        .import((300..330).map(mail).collect(), &import)
        .await
        .unwrap();
    set.cleanup(true).await.unwrap();
    // After the fold: the log has records again, and there are small packs.
    for n in 80..83 {
        inbox.append(mail(n), true).await.unwrap();
    }
    set.get_mailbox(&name("Locked")).await.unwrap().append(mail(90), true).await.unwrap();
    set.set_readonly(&name("Locked"), true).await.unwrap();
    set.rename_mailbox(&name("Arbeit"), &name("Work")).await.unwrap();
    inbox.expunge(&[110], false).await.unwrap();
    set.close().await;
    store
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// One line a record, so that a difference can be seen.
pub fn text_of(stored: &Stored) -> String {
    let records = stored.records.iter().map(|(key, value)| {
        json!([key.space() as u8, hex(key.bytes()), STANDARD.encode(value.to_vec())]).to_string()
    });
    let journal = stored
        .journal
        .iter()
        .map(|entry| json!([entry.sequence, hex(&entry.id), STANDARD.encode(&entry.note)]).to_string());
    format!(
        "{{\"sequence\":{},\n\"guards\":{},\n\"journal\":[\n{}\n],\n\"records\":[\n{}\n]}}\n",
        stored.sequence,
        json!(stored.guards.iter().collect::<Vec<_>>()),
        journal.collect::<Vec<_>>().join(",\n"),
        records.collect::<Vec<_>>().join(",\n"),
    )
}

pub fn stored_of(text: &str) -> Stored {
    let json: Json = serde_json::from_str(text).unwrap();
    let octets = |value: &Json| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let number = |value: &Json| value.as_u64().unwrap();
    let records = json["records"].as_array().unwrap().iter().map(|record| {
        let space = Space::ALL[number(&record[0]) as usize];
        let key = Key::from_bytes(space, &unhex(record[1].as_str().unwrap())).unwrap();
        (key, Value::from(octets(&record[2])))
    });
    let journal = json["journal"].as_array().unwrap().iter().map(|entry| JournalEntry {
        sequence: number(&entry[0]),
        id: unhex(entry[1].as_str().unwrap()).try_into().unwrap(),
        note: octets(&entry[2]),
    });
    let guards = json["guards"].as_array().unwrap().iter();
    Stored {
        sequence: number(&json["sequence"]),
        guards: guards.map(|pair| (number(&pair[0]), number(&pair[1]))).collect::<BTreeMap<_, _>>(),
        journal: journal.collect(),
        records: records.collect(),
    }
}

pub fn read(format: u32, file: &str) -> String {
    let compressed = std::fs::read(folder(format).join(file)).unwrap();
    let mut text = String::new();
    GzDecoder::new(compressed.as_slice()).read_to_string(&mut text).unwrap();
    text
}

fn write(format: u32, file: &str, text: &str) {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(text.as_bytes()).unwrap();
    std::fs::create_dir_all(folder(format)).unwrap();
    std::fs::write(folder(format).join(file), out.finish().unwrap()).unwrap();
}

/// Everything that can be seen.
pub async fn seen(set: &Rc<StoreMailboxSet>) -> String {
    let set: Rc<dyn MailboxSet> = set.clone();
    dump(&set, Ids::Exact).await.unwrap()
}

async fn expected_mailbox(mailbox: &dyn MailboxData) -> Json {
    let at = mailbox.snapshot().await.unwrap();
    let state = mailbox.state().await.unwrap().unwrap();
    let is_sampled = |uid: &Uid| at.name != BULK || BULK_SAMPLE.contains(uid);
    let uids: Vec<Uid> = state.live().map(|live| live.uid).filter(is_sampled).collect();
    let messages = mailbox.messages(&uids, MessageFields::ALL).await.unwrap();
    let rows = mailbox.list_rows(&uids, RowFields::ALL).await.unwrap();
    let contents = mailbox.content(&uids).await.unwrap();
    let messages = messages.into_iter().zip(rows).zip(contents).map(|((message, row), content)| {
        let (message, row, content) = (message.unwrap(), row.unwrap(), content.unwrap());
        json!({
            "uid": message.uid, "flags": message.flags.names(), "modSeq": message.mod_seq,
            "internalDate": message.internal_date.timestamp_ms, "zoneMinutes": message.internal_date.zone_minutes,
            "saveDate": message.save_date_ms, "size": message.size,
            "emailId": message.email_id.unwrap().as_str(), "threadId": message.thread_id.unwrap().as_str(),
            "subject": row.subject, "preview": row.preview,
            "sha256": hex(&Sha256::digest(content.to_vec())),
        })
    });
    json!({
        "name": at.name, "mailboxId": at.mailbox_id.as_str(), "readonly": at.readonly, "uidValidity": at.uid_validity,
        "exists": at.exists, "recent": at.recent, "unseen": at.unseen, "deleted": at.deleted, "size": at.size,
        "uidNext": at.uid_next, "highestModSeq": at.highest_mod_seq, "messages": messages.collect::<Vec<_>>(),
    })
}

/// Writes the fixture of this code's format.
pub async fn write_fixture(format: u32) {
    let store = make().await;
    let set = open(&store).await;
    write(format, "database.json.gz", &text_of(&store.stored()));
    write(format, "seen.txt.gz", &seen(&set).await);
    let mut mailboxes = Vec::new();
    for entry in
        set.list_mailboxes().await.unwrap().entries().into_iter().filter(|entry| entry.is_selectable())
    {
        mailboxes.push(expected_mailbox(set.get_mailbox(&name(&entry.name)).await.unwrap().as_ref()).await);
    }
    let (active, filters) = set.filter_set().unwrap().get_all().await.unwrap();
    let expected = json!({ "databaseId": set.database_id(), "owner": "ada@example.org", "active": active,
        "filters": filters, "mailboxes": mailboxes });
    write(format, "expected.json.gz", &expected.to_string());
}
