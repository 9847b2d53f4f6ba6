//! How much of contents is read for which items. What the items say is the conformance suite's.

use std::any::Any;
use std::cell::Cell;

use futures::executor::block_on;

use super::*;
use crate::backend::MailboxSet;
use crate::backend::header_octets::FIRST_BYTES;
use crate::engine::{EngineOptions, StoreMailboxSet};
use crate::model::{AppendMessage, Flags, ForeignBytes, MailboxName, ZonedTime};
use crate::session::SessionOptions;
use crate::store::{MemoryStore, Space};
use crate::testing::counting_store::CountingStore;
use crate::testing::generator::{Generator, GeneratorOptions};

/// Octets elsewhere, with a count of those that were taken in.
struct Elsewhere {
    octets: Vec<u8>,
    taken: Rc<Cell<usize>>,
}

impl ForeignBytes for Elsewhere {
    fn len(&self) -> usize {
        self.octets.len()
    }

    fn copy_to(&self, start: usize, target: &mut [u8]) {
        self.taken.set(self.taken.get() + target.len());
        target.copy_from_slice(self.octets.get(start..start + target.len()).unwrap());
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct World {
    layouts: Layouts,
    mailbox_id: MailboxId,
    content: Value,
    taken: Rc<Cell<usize>>,
}

impl World {
    fn new(raw: impl Into<Vec<u8>>) -> World {
        let taken = Rc::default();
        let bytes = Elsewhere { octets: raw.into(), taken: Rc::clone(&taken) };
        let mailbox_id = MailboxId::from_bytes(&[7; 16]);
        World { layouts: Layouts::default(), mailbox_id, content: Value::foreign(Rc::new(bytes)), taken }
    }

    fn read(&self, items: &FetchItems) -> Result<MessageItems> {
        let mut found = MessageItems::default();
        self.taken.set(0);
        self.layouts.read((&self.mailbox_id, 1), self.content.clone(), items, &mut found)?;
        Ok(found)
    }

    fn section(&self, text: &str) -> SectionContent {
        let sections = vec![Section::parse(text).unwrap()];
        let found = self.read(&FetchItems { sections, ..FetchItems::default() }).unwrap();
        found.sections.unwrap().pop().unwrap()
    }

    fn octets(&self, text: &str) -> Vec<u8> {
        match self.section(text) {
            SectionContent::Octets(octets) => octets.to_vec(),
            other => panic!("{text}: {other:?}"),
        }
    }
}

fn big() -> Vec<u8> {
    let mut raw = b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n".to_vec();
    raw.extend_from_slice(&b"text text\r\n".repeat(10_000));
    raw.extend_from_slice(
        b"--b\r\nContent-Type: application/x; name=f\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    raw.extend_from_slice(&b"AAECAwQFBgcICQoLDA0ODxAREhM=\r\n".repeat(20_000));
    raw.extend_from_slice(b"\r\n--b--\r\n");
    raw
}

#[test]
fn header_fields_take_in_the_header_alone() {
    let world = World::new(big());
    let names = ["X-A", "subject", "SUBJECT", "absent"].map(str::to_owned);
    let found = world
        .read(&FetchItems { headers: names.to_vec(), raw_envelope: true, ..FetchItems::default() })
        .unwrap();
    let expected = [("x-a", vec!["1", "2"]), ("subject", vec!["grüße"]), ("absent", vec![])];
    let expected = expected.map(|(name, values)| {
        (name.to_owned(), values.into_iter().map(str::to_owned).collect::<Vec<String>>())
    });
    assert_eq!(found.headers.unwrap(), expected);
    assert_eq!(found.raw_envelope.unwrap().subject.as_deref(), Some("=?utf-8?q?gr=C3=BC=C3=9Fe?="));
    assert!(world.taken.get() <= FIRST_BYTES, "{}", world.taken.get());

    assert_eq!(world.octets("HEADER.FIELDS (X-A)"), b"X-A: 1\r\nx-a: 2\r\n\r\n");
    assert!(world.octets("HEADER").ends_with(b"boundary=b\r\n\r\n"));
    assert!(world.taken.get() <= FIRST_BYTES);
    assert_eq!(world.octets("TEXT<0.5>"), b"--b\r\n");
    assert!(world.taken.get() <= FIRST_BYTES + 5);
    assert_eq!(world.octets("BODY[]<9.4>"), b"=?ut");
    assert_eq!(world.taken.get(), 4);
}

#[test]
fn a_header_longer_than_the_first_look_is_found_and_one_without_end_is_all() {
    for size in [FIRST_BYTES - 20, FIRST_BYTES, FIRST_BYTES * 5] {
        for end in ["\r\n\r\n", "\n\n"] {
            let header = format!("A: {}{end}", "x".repeat(size));
            let world = World::new(format!("{header}{}", "body\r\n".repeat(50_000)));
            assert_eq!(world.octets("HEADER"), header.as_bytes());
        }
    }
    let world = World::new("A: b\r\n".repeat(10_000));
    assert_eq!(world.octets("HEADER").len(), 60_000);
    assert_eq!(world.octets("TEXT"), b"");
    assert_eq!(World::new("\r\n").octets("HEADER"), b"\r\n");
    assert_eq!(World::new("").octets("HEADER"), b"");
}

#[test]
fn s178_a_part_is_opened_after_a_fetch_without_parsing_anew() {
    let world = World::new(big());
    let found = world.read(&FetchItems { text: true, attachments: true, ..FetchItems::default() }).unwrap();
    let [attachment] = found.attachments.as_deref().unwrap() else { panic!() };
    assert_eq!((attachment.path.as_slice(), attachment.size), (&[2][..], 400_000));
    assert_eq!(world.taken.get(), world.content.len());

    assert_eq!(world.octets("BODY[2]<0.4>"), b"AAEC");
    assert_eq!(world.taken.get(), 4);
    assert_eq!(world.octets("BINARY[1]<5.4>"), b"text");
    assert_eq!(world.taken.get(), 4);
    assert_eq!(world.section("BINARY.SIZE[2]"), SectionContent::Size(400_000));
    assert_eq!(world.taken.get(), 20_000 * 30);
    assert_eq!(world.section("3.MIME"), SectionContent::Missing);
    assert_eq!(world.taken.get(), 0);
}

#[test]
fn s177_parts_are_decoded_in_pieces_to_what_they_are_as_a_whole() {
    let mut octets = b"AAECAwQFBgcICQoLDA0ODxAREhM=\r\n".repeat(20_000);
    for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Identity] {
        let whole = encoding.decode(&octets, usize::MAX).into_owned();
        let mut reader = PartReader::new(Value::from(octets.clone()), encoding);
        assert_eq!(reader.as_it_stands().is_some(), encoding == Encoding::Identity);
        assert!(reader.at_most() >= whole.len());
        let mut pieces = Vec::new();
        while let Some(piece) = reader.next_piece() {
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            pieces.extend(piece.to_vec());
        }
        assert!(pieces == whole && reader.next_piece().is_none());
        octets.extend_from_slice(b"=\r\n=");
    }
}

#[test]
fn layouts_that_are_kept_are_bounded() {
    let layouts = Layouts::default();
    let raw =
        [b"Content-Type: multipart/mixed; boundary=b\n\n".as_slice(), &b"--b\n\nx\n".repeat(100)].concat();
    let mailbox_id = MailboxId::from_bytes(&[7; 16]);
    for uid in 1..=5_000 {
        layouts.parse((&mailbox_id, uid), &raw);
    }
    let kept = layouts.kept.borrow();
    let octets: usize = kept.values().map(|layout| layout.len()).sum();
    assert!(octets <= LAYOUT_OCTETS && octets > LAYOUT_OCTETS / 4, "{octets}");
    drop(kept);
    assert!(layouts.kept((&mailbox_id, 5_000), &Value::from(raw.clone())).is_some());
    assert!(layouts.kept((&mailbox_id, 5_000), &Value::from(Vec::new())).is_none());
    assert!(layouts.kept((&mailbox_id, 1), &Value::from(raw)).is_none());
}

#[test]
fn batches_are_small_in_number_and_in_octets() {
    let message = |size: u64| {
        let message = Message {
            uid: 1,
            internal_date: ZonedTime { timestamp_ms: 0, zone_minutes: 0 },
            save_date_ms: 0,
            size,
            flags: Flags::new(),
            mod_seq: 1,
            expunged: false,
            damaged: false,
            email_id: None,
            thread_id: None,
        };
        (1, message)
    };
    let of = |sizes: &[u64]| batch_of(&sizes.iter().map(|size| message(*size)).collect::<Vec<_>>());
    assert_eq!(of(&[1000; 500]), BATCH);
    assert_eq!(of(&[BATCH_OCTETS / 3; 500]), 3);
    assert_eq!(of(&[BATCH_OCTETS * 9; 500]), 1);
    assert_eq!(of(&[u64::MAX, 1]), 1);
    assert_eq!(of(&[1, u64::MAX]), 1);
}

#[test]
fn a_list_of_fifty_reads_no_content_and_a_fetch_no_more_than_its_messages() {
    block_on(async {
        let store = MemoryStore::new();
        let filler = "lorem ipsum dolor sit amet\r\n".repeat(180);
        let mail = |n: u32| AppendMessage::new(format!("Subject: {n}\r\n\r\n{filler}{n}.\r\n"));
        let filling =
            StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await.unwrap();
        let inbox = filling.get_mailbox(&MailboxName::inbox()).await.unwrap();
        inbox.append_many((1..=300).map(mail).collect(), false).await.unwrap();

        let counting = CountingStore::new(Rc::new(store.connect()));
        let set = StoreMailboxSet::open(counting.clone(), EngineOptions::default()).await.unwrap();
        let session = BaseSession::new(set, SessionOptions::default());
        let mut view = session.select_mailbox("INBOX", true).await.unwrap().1;
        let mut fetch = async |set: &str, items: &str| {
            counting.take();
            let items = FetchItems { envelope: true, ..FetchItems::parse(items).unwrap() };
            let set = SequenceSet::parse(set, false).unwrap();
            let mut subjects = Vec::new();
            let mut each =
                |_: u32, _: &Message, found: MessageItems| subjects.push(found.row.unwrap().subject);
            session.fetch(&mut view, &set, &FetchOptions::default(), &items, &mut each).await.unwrap();
            let mut read = counting.take();
            read.retain(|space, _| {
                matches!(space, Space::Rows | Space::Directory | Space::Content | Space::Text)
            });
            (subjects.len(), read.into_iter().collect::<Vec<_>>())
        };
        // Rows come in pages of 64, packs hold some dozen of these messages.
        assert_eq!(fetch("100:149", "PREVIEW").await, (50, vec![(Space::Rows, 2)]));
        assert_eq!(fetch("100:149", "PREVIEW").await, (50, vec![]));
        let (_, read) = fetch("120", "BODY.PEEK[HEADER]").await;
        assert_eq!(read, [(Space::Directory, 1), (Space::Content, 1)]);
        assert_eq!(fetch("120", "BODYSTRUCTURE").await, (1, vec![]));
    });
}

#[test]
fn whatever_the_mail_sections_and_parts_are_what_they_are_in_the_whole() {
    let mut mails: Vec<Vec<u8>> =
        vec![big(), b"\r\n".to_vec(), Vec::new(), b"Content-Type: message/rfc822\n\n".repeat(99)];
    let mut generator =
        Generator::new(GeneratorOptions { median_size: 20_000, ..GeneratorOptions::default() });
    mails.extend((0..25).map(|_| generator.next_message().raw));
    // The same mails, damaged.
    let damaged: Vec<Vec<u8>> =
        mails.iter().map(|raw| raw.iter().copied().filter(|octet| *octet != b'-').collect()).collect();
    mails.extend(damaged);
    for raw in mails {
        let layout = Layout::parse(&raw);
        let world = World::new(raw.clone());
        let numbers = layout.paths().into_iter().flatten().take(40).chain([vec![], vec![1, 1, 1], vec![9]]);
        for number in numbers {
            for (text, item) in [
                (SectionText::Whole, Item::Body),
                (SectionText::Whole, Item::Binary),
                (SectionText::Whole, Item::BinarySize),
                (SectionText::Header, Item::Body),
                (SectionText::Text, Item::Body),
                (SectionText::Mime, Item::Body),
                (SectionText::HeaderFields { names: vec!["SUBJECT".to_owned()], not: true }, Item::Body),
            ] {
                for partial in [None, Some((3, 40))] {
                    let section = Section { item, partial, ..Section::new(number.clone(), text.clone()) };
                    let asked = FetchItems { sections: vec![section.clone()], ..FetchItems::default() };
                    let found = world.read(&asked).map(|found| found.sections.unwrap().pop().unwrap());
                    let whole = match section.item {
                        Item::BinarySize => {
                            let section = Section { item: Item::Binary, partial: None, ..section.clone() };
                            section.read(&raw, &layout).map(|octets| {
                                octets.map_or(SectionContent::Missing, |octets| {
                                    SectionContent::Size(octets.len() as u64)
                                })
                            })
                        }
                        _ => section.read(&raw, &layout).map(octets_or_missing),
                    };
                    match (found, whole) {
                        (Ok(found), Ok(whole)) => assert!(found == whole, "{}", section.label()),
                        (Err(found), Err(whole)) => assert_eq!(found.code(), whole.code()),
                        (found, whole) => panic!("{}: {found:?}, {whole:?}", section.label()),
                    }
                }
            }
        }
    }
}
