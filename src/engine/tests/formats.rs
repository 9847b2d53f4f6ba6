//! Every stored record's bytes, pinned: databases in the field have them. A
//! change here is a new version of the record, read beside the old one.

use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::backend::MailboxEvent;
use crate::engine::core::Core;
use crate::engine::directory::{ContentEntry, DirectoryPage, PackTablePage, PackUse, Place};
use crate::engine::filters::{Filters, encode_script};
use crate::engine::identity::{Posting, encode_facts};
use crate::engine::import::ImportStep;
use crate::engine::layout::PackKind;
use crate::engine::names::Names;
use crate::engine::notes::{self, Note};
use crate::engine::packs::{Item, pack};
use crate::engine::pages::{IdsPage, IdsRow, IndexPage, IndexRow, Page as _, RowPage, encode_flags};
use crate::engine::shared::Shared;
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
    let mut records = vec![
        ("core", core.encode()),
        ("names", names.encode()),
        ("shared", Shared::new().encode()),
        ("index", IndexPage(index.collect()).encode()),
        ("ids", IdsPage(ids).encode()),
        ("rows", RowPage(vec![b"row".to_vec(), Vec::new()]).encode()),
        ("directory", DirectoryPage(entries.collect()).encode()),
        ("pack table", PackTablePage(vec![PackUse { total: 9, live: 3 }, PackUse::default()]).encode()),
        ("facts", encode_facts(&facts)),
        ("notes", notes::encode(&told)),
        ("pack", packed.puts[0].1.to_vec()),
        ("filters", filters.encode()),
        ("import", ImportStep { taken: 300, last: [9; 32] }.encode()),
        ("script", encode_script(b"require \"fileinto\";\r\nfileinto \"\xc3\xbc\";\r\n")),
    ];
    for form in 0..4 {
        let page = FlagPage::new(column(form), column(3 - form));
        records.push(("flags", encode_flags(&page)));
    }
    let found: Vec<(&str, String)> = records.iter().map(|(name, record)| (*name, digest(record))).collect();
    let expected = EXPECTED.map(|(name, digest)| (name, digest.to_owned()));
    assert_eq!(found, expected);
}

/// The first eight bytes of each record's SHA-256.
const EXPECTED: [(&str, &str); 18] = [
    ("core", "476112bcb2d7b401"),
    ("names", "65b7ac259956b52a"),
    ("shared", "f7ee6967b6a4e55a"),
    ("index", "4a36a65299c41507"),
    ("ids", "e1d5ba01908e2c1c"),
    ("rows", "8ea39f820451c483"),
    ("directory", "a0e3cf743fc28839"),
    ("pack table", "fa7be6f60619425d"),
    ("facts", "e11a113cdb363b82"),
    ("notes", "2c911d5599ffc38a"),
    ("pack", "0ca7b7753a89c0e7"),
    ("filters", "d892723d86a44598"),
    ("import", "2e0b5f1135f64777"),
    ("script", "3aef256a3f2aa2fc"),
    ("flags", "563c350771faa484"),
    ("flags", "55e93bbea445d999"),
    ("flags", "c3b808d770a8d911"),
    ("flags", "6e0d152aa2093114"),
];
