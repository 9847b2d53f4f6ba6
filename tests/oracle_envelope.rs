//! Our ENVELOPE against the answers that two mature servers agree on, for 3,023 real messages.
//!
//! `tests/oracle/README.md` tells where the answers come from and how the messages are prepared.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;

use std::time::Instant;

use corpus::{folder, message, oracle};
use offline_mailbox::mime::{Address, Envelope, ListRow, charset, extract};
use serde_json::Value;

/// How many messages of the oracle have an envelope on which both servers agree.
const AGREED: usize = 2958;

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
    let (oracle, folder) = (oracle(), folder());
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
    let (oracle, folder) = (oracle(), folder());
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
