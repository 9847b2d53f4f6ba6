//! Every stored record's bytes, pinned: databases in the field have them. A
//! change here is a new version of the record, read beside the old one.

use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::backend::MailboxEvent;
use crate::engine::core::Core;
use crate::engine::directory::{ContentEntry, DirectoryPage, PackTablePage, PackUse, Place};
use crate::engine::filters::{Filters, encode_script};
use crate::engine::format::Format;
use crate::engine::identity::{Posting, encode_facts};
use crate::engine::import::ImportStep;
use crate::engine::layout::{self, PackKind};
use crate::engine::names::Names;
use crate::engine::notes::{self, Note};
use crate::engine::packs::{Item, pack};
use crate::engine::pages::{IdsPage, IndexPage, Page as _, RowPage, encode_flags};
use crate::engine::shared::Shared;
use crate::engine::stored::{IdsRow, IndexRow};
use crate::model::{EmailId, MailboxId, MailboxName, SpecialUse, ThreadId, ZonedTime};
use crate::view::{FlagPage, Keywords};

fn digest(record: &[u8]) -> String {
    Sha256::digest(record).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Values that take every form of a column: alike, in runs, few, many.
fn column(form: u64) -> Vec<u64> {
    let value = |n: u64| match form {
        0 => 7,
        1 => n / 20,
        2 => n % 3 * (1 << 33),
        _ => n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20,
    };
    (0..64).map(value).collect()
}

#[test]
fn the_bytes_of_every_record_are_what_they_were() {
    let mailbox_id = MailboxId::from_bytes(&[0xab; 16]);
    let core = Core {
        readonly: true,
        exists: 100,
        unseen: 3,
        first_unseen: Some(7),
        size: 1 << 40,
        uid_next: 200_000,
        highest_mod_seq: 1 << 50,
        unclaimed_recent: [1, 2, 3, 9].into_iter().collect(),
        keywords: Rc::new(Keywords::new(vec!["$Junk".into()])),
        ..Core::new(4_000_000_000, 101)
    };
    let mut names = Names::new();
    let (inbox, sent) = (MailboxName::inbox(), MailboxName::parse("Gesendet/Über").unwrap());
    names.add(&inbox, mailbox_id.clone(), None, 5_000).unwrap();
    names.add(&sent, MailboxId::from_bytes(&[1]), Some(SpecialUse::Sent), 5_000).unwrap();
    names.set_subscribed(&sent, true);
    let index = (0..9u32).map(|n| IndexRow {
        internal_date: ZonedTime { timestamp_ms: 1_700_000_000_000 - i64::from(n) * 977, zone_minutes: -300 },
        save_date_ms: 1_700_000_000_000,
        size: u64::from(n) * 31,
        content: n,
    });
    let ids = vec![
        IdsRow { email_id: EmailId::from_bytes(&[7; 32]), thread_id: ThreadId::from_bytes(&[9; 16]) },
        IdsRow { email_id: EmailId::parse("given").unwrap(), thread_id: ThreadId::parse("T").unwrap() },
    ];
    let place = |n: u32| Place { pack: n, offset: n * 6007, length: n * 31, checksum: !n };
    let entries = (0..9).map(|n| ContentEntry { content: place(n), text: place(n + 1), references: 1 });
    let facts = [
        ([1; 16], Posting::Thread { thread: [2; 16] }),
        ([3; 16], Posting::Email { content: 4, mailbox: 5, uid: 6 }),
        ([7; 16], Posting::Member { mailbox: 8, uid: 9 }),
    ];
    let told = [
        Note::Messages { number: 7, mailbox_id: mailbox_id.clone() },
        Note::Names(MailboxEvent::Created { mailbox_id, name: "a".into() }),
    ];
    let mut filters = Filters::default();
    for name in ["first", "Zweiter ü", "third"] {
        filters.add(name).unwrap();
    }
    filters.active = Some(2);
    filters.remove("first").unwrap();
    let packed = pack(PackKind::Content, &[Item { number: 3, bytes: b"octets" }], 1).unwrap();
    let table = PackTablePage(vec![PackUse { total: 9, live: 3 }, PackUse::default()]);
    let format = Format { owner: "ada@example.org".into(), database_id: [3; 16], oldest: 1 };
    let mut records = vec![
        ("format", format.encode()),
        ("core", core.encode(&layout::core(7))),
        ("names", names.encode(&layout::names())),
        ("names", names.encode(&layout::names_copy())),
        ("shared", Shared::new().encode()),
        ("index", IndexPage(index.collect()).encode(&layout::sealed_index(7, 1))),
        ("ids", IdsPage(ids).encode(&layout::ids(7, 1))),
        ("rows", RowPage(vec![b"row".to_vec(), Vec::new()]).encode(&layout::rows(7, 1))),
        ("directory", DirectoryPage(entries.collect()).encode(&layout::directory(1))),
        ("pack table", table.encode(&layout::pack_table(PackKind::Text, 1))),
        ("facts", encode_facts(&layout::bucket(1, 7), &facts)),
        ("notes", notes::encode(&[5; 16], &told)),
        ("pack", packed.puts[0].1.to_vec()),
        ("filters", filters.encode()),
        ("import", ImportStep { taken: 300, last: [9; 32] }.encode(&layout::import(7, &[1; 16]))),
        ("script", encode_script(&layout::script(7), b"require \"fileinto\";\r\nfileinto \"\xc3\xbc\";\r\n")),
    ];
    for form in 0..4 {
        let page = FlagPage::new(column(form), column(3 - form));
        records.push(("flags", encode_flags(&layout::flags(7, 1), &page)));
    }
    let found: Vec<(&str, String)> = records.iter().map(|(name, record)| (*name, digest(record))).collect();
    let expected = EXPECTED.map(|(name, digest)| (name, digest.to_owned()));
    assert_eq!(found, expected);
}

/// The first eight bytes of each record's SHA-256.
const EXPECTED: [(&str, &str); 20] = [
    ("format", "ba884409aaa5ec1f"),
    ("core", "5c2bcc161c76764f"),
    ("names", "1914b1adeed8ac6a"),
    ("names", "84500ad101e728bf"),
    ("shared", "8cc315e707a17570"),
    ("index", "c46a129bc0277319"),
    ("ids", "54e0adfd5ceffe14"),
    ("rows", "cec518bad96ab9c3"),
    ("directory", "d897e1edf3dd81d3"),
    ("pack table", "1d188b6f0bb81e21"),
    ("facts", "ef8a9d8fce7041c5"),
    ("notes", "a6798e6e721d14bb"),
    ("pack", "0ca7b7753a89c0e7"),
    ("filters", "6f462c2be7952fbb"),
    ("import", "c6a55bd389e33be6"),
    ("script", "53be698ca6d20378"),
    ("flags", "b2bf1f0e17be0de3"),
    ("flags", "e7f3666fb23789ac"),
    ("flags", "e7ec6ea87b0f14d4"),
    ("flags", "a28c24a00383ed65"),
];
