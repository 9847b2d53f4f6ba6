//! Every record of a database damaged in every way: what can be read is what was stored, the rest is told,
//! everything else goes on, and the damaged record stays for whoever may mend it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use futures::executor::block_on;
use offline_mailbox::backend::{CreateOptions, MailboxSet};
use offline_mailbox::engine::{EngineOptions, StoreMailboxSet};
use offline_mailbox::mime::{ListRow, RowFields};
use offline_mailbox::model::{
    AppendMessage, Error, ErrorCode, FlagOp, Flags, Message, MessageFields, Result, Uid, Value,
};
use offline_mailbox::store::{Key, MemoryStore, Space, Stored};
use offline_mailbox::testing::random::Random;
use offline_mailbox::testing::texts::texts_of;

use super::fixture::{name, open};
use super::fixture_of;

/// Names of the mailboxes of the fixture, each with its number in the database.
const MAILBOXES: [(&str, u32); 5] =
    [("INBOX", 1), ("Sent", 2), ("Work/\u{dc}bersicht", 3), ("Bulk", 4), ("Locked", 6)];

pub fn name_of(key: &Key) -> String {
    key.bytes().iter().fold(format!("{} ", key.space().name()), |text, byte| format!("{text}{byte:02x}"))
}

/// Some records of each kind: of the many that are alike, the first, one within, the last.
pub fn telling(stored: &Stored) -> Vec<Key> {
    let mut kinds: BTreeMap<(Space, Vec<u8>), Vec<Key>> = BTreeMap::new();
    for key in stored.records.keys() {
        let kind = match key.space() {
            Space::Content | Space::Text => Vec::new(),
            Space::Directory | Space::Buckets => key.bytes()[..1].to_vec(),
            Space::Index => key.bytes()[..5].to_vec(),
            _ => key.bytes()[..4.min(key.bytes().len())].to_vec(),
        };
        kinds.entry((key.space(), kind)).or_default().push(*key);
    }
    let mut keys = Vec::new();
    for kind in kinds.into_values() {
        let mut some = [0, 1, kind.len() / 2, kind.len() - 1].map(|at| kind[at.min(kind.len() - 1)]).to_vec();
        some.dedup();
        keys.extend(some);
    }
    keys
}

/// What is known of a message.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    message: Option<Message>,
    row: Option<ListRow>,
    content: Option<Value>,
    text: Option<Vec<u8>>,
}

type Everything = HashMap<(&'static str, Uid), Known>;

async fn read_mailbox(set: &StoreMailboxSet, mailbox: &'static str, all: &mut Everything) -> Result<()> {
    let data = set.get_mailbox(&name(mailbox)).await?;
    let state = data.state().await?.unwrap();
    let is_sampled = |uid: &Uid| mailbox != "Bulk" || uid % 200 == 1 || *uid == 4200;
    let uids: Vec<Uid> = state.live().map(|live| live.uid).filter(is_sampled).collect();
    let messages = data.messages(&uids, MessageFields::ALL).await?;
    let rows = data.list_rows(&uids, RowFields::ALL).await?;
    let contents = data.content(&uids).await?;
    let texts = texts_of(data.as_ref(), &uids).await?;
    for ((((uid, message), row), content), text) in
        uids.iter().zip(messages).zip(rows).zip(contents).zip(texts)
    {
        all.insert((mailbox, *uid), Known { message, row, content, text });
    }
    Ok(())
}

/// Writes to every mailbox and to what they share; the codes of what failed.
pub async fn write_everywhere(set: &StoreMailboxSet) -> Vec<ErrorCode> {
    let mut codes = Vec::new();
    let mut took = |what: &str, result: Result<()>| {
        if let Err(error) = result {
            assert!(
                matches!(error.code(), ErrorCode::Corrupt | ErrorCode::SchemaTooNew),
                "{what}: {error:?}"
            );
            codes.push(error.code());
        }
    };
    for (mailbox, _) in MAILBOXES.iter().filter(|(mailbox, _)| *mailbox != "Locked") {
        took("write", write_to(set, mailbox).await);
    }
    took("create", set.add_mailbox(&name("New"), &CreateOptions::default()).await.map(drop));
    took("filters", set.filter_set().unwrap().put("third", b"keep;").await);
    took("active", set.filter_set().unwrap().active_filter().await.map(drop));
    took("cleanup", set.cleanup(true).await);
    took("events", set.events(0).await.map(drop));
    codes
}

async fn write_to(set: &StoreMailboxSet, mailbox: &str) -> Result<()> {
    let data = set.get_mailbox(&name(mailbox)).await?;
    let raw = format!("Subject: new\r\nIn-Reply-To: <1@example.org>\r\n\r\nin {mailbox}\r\n");
    let new = data.append(AppendMessage::new(raw.clone()), true).await?;
    assert_eq!(data.content(&[new.uid]).await?, [Some(Value::from(raw.into_bytes()))]);
    assert!(!data.get(new.uid, None).await?.unwrap().damaged);
    assert!(data.list_rows(&[new.uid], RowFields::ALL).await?[0].is_some());
    let flags = Flags::parse(["$New"]).unwrap();
    data.update_many(&[new.uid, new.uid - 1], &flags, FlagOp::Add, None).await?;
    data.expunge(&[new.uid], false).await.map(drop)
}

/// The records that the checker names.
pub async fn named(set: &StoreMailboxSet) -> Vec<String> {
    let problems = set.verify().await.unwrap();
    let mut named: Vec<String> = problems.iter().filter_map(|problem| problem.record.clone()).collect();
    assert_eq!(named.len(), problems.len(), "what follows from damage is not told beside it: {problems:?}");
    named.sort_unstable();
    named
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Damage {
    FirstBit,
    MiddleBit,
    LastBit,
    Truncated,
    Empty,
    Noise,
    AnotherKind,
    Swapped,
}

const DAMAGES: [Damage; 8] = [
    Damage::FirstBit,
    Damage::MiddleBit,
    Damage::LastBit,
    Damage::Truncated,
    Damage::Empty,
    Damage::Noise,
    Damage::AnotherKind,
    Damage::Swapped,
];

/// Damages a record; returns the keys of the records that are not what they were.
fn damage(stored: &mut Stored, key: Key, damage: Damage) -> Vec<Key> {
    let mut record = stored.records[&key].to_vec();
    let length = record.len();
    match damage {
        Damage::FirstBit => record[0] ^= 1,
        Damage::MiddleBit => record[length / 2] ^= 0x10,
        Damage::LastBit => record[length - 1] ^= 0x80,
        Damage::Truncated => record.truncate(length / 2),
        Damage::Empty => record.clear(),
        Damage::Noise => {
            let mut random = Random::new(7);
            record.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
        }
        Damage::AnotherKind => {
            let another = |other: &&Key| other.space() != key.space() && other.space() != Space::Meta;
            let other = *stored.records.keys().find(another).unwrap();
            record = stored.records[&other].to_vec();
        }
        Damage::Swapped => {
            let alike = |other: &&Key| {
                (other.space(), other.bytes().len(), other.bytes()[0])
                    == (key.space(), key.bytes().len(), key.bytes()[0])
                    && **other != key
            };
            let Some(other) = stored.records.keys().find(alike).copied() else { return Vec::new() };
            record = stored.records.insert(other, stored.records[&key].clone()).unwrap().to_vec();
            stored.records.insert(key, record.into());
            return vec![key, other];
        }
    }
    stored.records.insert(key, record.into());
    vec![key]
}

/// Which mailbox's own records these are; `None`: what mailboxes share.
fn owners(keys: &[Key]) -> Vec<u32> {
    let own = |key: &&Key| {
        matches!(key.space(), Space::Core | Space::Flags | Space::Index | Space::Ids | Space::Rows)
    };
    keys.iter().filter(own).filter_map(|key| key.u32_at(0)).collect()
}

async fn check(whole: &Everything, stored: &Stored, keys: &[Key], what: &str) {
    let store = MemoryStore::holding(stored.clone());
    let opened = StoreMailboxSet::open(Rc::new(store.connect()), EngineOptions::default()).await;
    let is = |wanted: &[u8]| keys.iter().any(|key| key.space() == Space::Meta && key.bytes() == wanted);
    if is(b"format") {
        assert_eq!(opened.unwrap_err().code(), ErrorCode::Corrupt, "{what}");
        assert_eq!(store.stored(), *stored, "{what}");
        return;
    }
    let set = opened.unwrap();
    let owners = owners(keys);
    let in_spaces = |spaces: &[Space]| keys.iter().any(|key| spaces.contains(&key.space()));
    let mut intact = true;
    for (mailbox, number) in MAILBOXES {
        let mut found = Everything::new();
        let result = read_mailbox(&set, mailbox, &mut found).await;
        let unselectable = owners.contains(&number) && in_spaces(&[Space::Core, Space::Flags]);
        match result {
            Ok(()) => assert!(!unselectable, "{what}: {mailbox}"),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Corrupt, "{what}: {mailbox}");
                assert!(unselectable, "{what}: {mailbox} {error:?}");
                continue;
            }
        }
        for ((_, uid), known) in found {
            let right = &whole[&(mailbox, uid)];
            let place = format!("{what}: {mailbox} {uid}");
            let own = owners.contains(&number);
            let message = known.message.unwrap();
            if message.damaged {
                assert!(own && in_spaces(&[Space::Index, Space::Ids]), "{place}");
                let (flags, mod_seq) = (&right.message.as_ref().unwrap().flags, message.mod_seq);
                assert_eq!(
                    (&message.flags, mod_seq),
                    (flags, right.message.as_ref().unwrap().mod_seq),
                    "{place}"
                );
            } else {
                assert_eq!(Some(message), right.message, "{place}");
            }
            if known.row.is_none() {
                assert!(own && in_spaces(&[Space::Rows]), "{place}");
            } else {
                assert_eq!(known.row, right.row, "{place}");
            }
            if known.content.is_none() {
                assert!(
                    own && in_spaces(&[Space::Index]) || in_spaces(&[Space::Directory, Space::Content]),
                    "{place}"
                );
                intact = false;
            } else {
                assert!(known.content == right.content && known.text == right.text, "{place}");
            }
        }
    }
    let codes = write_everywhere(&set).await;
    // Only what everything new needs, what a mailbox is, and upkeep may fail.
    let may_fail = match () {
        () if is(b"shared") => usize::MAX,
        () if in_spaces(&[Space::Core, Space::Flags]) => 1 + owners.len(),
        () if is(b"filters") => 2,
        () if keys.iter().any(|key| key.space() == Space::Meta && key.bytes().starts_with(b"script")) => 1,
        () => 1,
    };
    assert!(codes.len() <= may_fail, "{what}: {codes:?}");
    assert!(codes.iter().all(|code| *code == ErrorCode::Corrupt), "{what}: {codes:?}");
    let mut names: Vec<String> = keys.iter().map(name_of).collect();
    names.sort_unstable();
    // The copy of the names is written with them.
    if !is(b"names-copy") {
        let now = store.stored();
        for key in keys {
            assert_eq!(now.records.get(key), stored.records.get(key), "{what}: it was written over");
        }
        let found = named(&set).await;
        let is_named = if in_spaces(&[Space::Content, Space::Text]) {
            // What is left of the dead in a pack is nobody's; of a long message all packs are named.
            intact || found.iter().any(|name| names.contains(name))
        } else {
            found == names
        };
        assert!(is_named, "{what}: {found:?}");
    }
}

#[test]
fn a_damaged_record_is_named_and_kept_and_the_rest_goes_on() {
    block_on(async {
        let store = fixture_of(super::NEWEST);
        let mut whole = Everything::new();
        let set = open(&store).await;
        for (mailbox, _) in MAILBOXES {
            read_mailbox(&set, mailbox, &mut whole).await.unwrap();
        }
        let stored = store.stored();
        let mut cases = 0;
        let mut seen = HashSet::new();
        for (at, key) in telling(&stored).into_iter().enumerate() {
            // The first of each kind suffers all of them, the others one each.
            let is_first = seen.insert((key.space(), key.bytes()[0]));
            let kinds = DAMAGES.iter().enumerate().filter(|(number, _)| is_first || number % 8 == at % 8);
            for kind in kinds.map(|(_, kind)| *kind) {
                let mut spoilt = stored.clone();
                let keys = damage(&mut spoilt, key, kind);
                if keys.is_empty() {
                    continue;
                }
                check(&whole, &spoilt, &keys, &format!("{} {kind:?}", name_of(&key))).await;
                cases += 1;
            }
        }
        assert!(cases > 150, "{cases}");
    });
}

#[test]
fn guards_that_are_not_what_they_were_cost_a_look_and_nothing_else() {
    block_on(async {
        let store = fixture_of(super::NEWEST);
        let mut whole = Everything::new();
        let set = open(&store).await;
        for (mailbox, _) in MAILBOXES {
            read_mailbox(&set, mailbox, &mut whole).await.unwrap();
        }
        for guard in store.stored().guards.into_keys() {
            for revision in [0, 77_777] {
                let mut stored = store.stored();
                stored.guards.insert(guard, revision);
                let store = MemoryStore::holding(stored);
                let set = open(&store).await;
                let mut found = Everything::new();
                for (mailbox, _) in MAILBOXES {
                    read_mailbox(&set, mailbox, &mut found).await.unwrap();
                }
                assert_eq!(found, whole);
                assert_eq!(write_everywhere(&set).await, []);
                assert_eq!(set.verify().await.unwrap(), []);
            }
        }
    });
}

#[test]
fn damage_to_the_journal_is_a_gap_in_it() {
    block_on(async {
        let mut stored = fixture_of(super::NEWEST).stored();
        let last = stored.journal.len() - 3;
        stored.journal[last].note[3] ^= 4;
        let set = open(&MemoryStore::holding(stored)).await;
        assert_eq!(named(&set).await, [format!("journal {}", last + 1)]);
        let told: Result<_, Error> = set.events(0).await;
        assert!(told.unwrap().resync);
        let sequence = set.sequence().await.unwrap();
        assert!(!set.events(sequence - 1).await.unwrap().resync);
    });
}
