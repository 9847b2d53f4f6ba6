//! Cases of semantics 15 and 137-152: SEARCH.

use std::rc::Rc;

use super::world::*;
use crate::model::{AppendMessage, EmailId, ErrorCode, FlagOp, Result, SystemFlags, ThreadId, ZonedTime};
use crate::platform;
use crate::search::{Day, SearchKey, parse_search};
use crate::session::{BaseSession, SearchOptions, SessionOptions};
use crate::testing::fixture::SIZES;

async fn try_search(client: &mut Client, keys: &[SearchKey]) -> Result<Vec<u32>> {
    let view = client.selected.as_mut().unwrap();
    let found = client.session.search_mailbox(view, keys, &SearchOptions::default()).await?;
    Ok(found.messages.into_iter().map(|(seq, _)| seq).collect())
}

async fn search(client: &mut Client, keys: &[SearchKey]) -> Vec<u32> {
    try_search(client, keys).await.unwrap()
}

/// As IMAP writes it.
async fn search_text(client: &mut Client, text: &str) -> Vec<u32> {
    search(client, &parse_search(text.as_bytes()).unwrap().keys).await
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

fn or(one: SearchKey, other: SearchKey) -> SearchKey {
    SearchKey::Or(Box::new(one), Box::new(other))
}

fn day(year: i32, month: u32, day: u32) -> Day {
    Day::from_date(year, month, day).unwrap()
}

pub async fn s137_s138_s139_s151_all_sets_and_groups(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let set = |text: &str| SearchKey::Seq(seq(text));
    for (keys, wanted) in [
        (vec![], vec![1, 2, 3, 4]),
        (vec![SearchKey::All], vec![1, 2, 3, 4]),
        (vec![not(SearchKey::All)], vec![]),
        (vec![not(not(SearchKey::All))], vec![1, 2, 3, 4]),
        (vec![set("2:3")], vec![2, 3]),
        (vec![set("1:3"), set("2:4")], vec![2, 3]),
        (vec![SearchKey::And(vec![set("1:3"), set("2:4")])], vec![2, 3]),
        (vec![or(set("1"), set("3:4"))], vec![1, 3, 4]),
        (vec![not(set("2:3"))], vec![1, 4]),
        (vec![SearchKey::And(vec![])], vec![1, 2, 3, 4]),
        (vec![SearchKey::Seq(uid("101:102"))], vec![1, 2]),
        (vec![SearchKey::Seq(uid("*"))], vec![4]),
        (vec![set("101:103")], vec![]),
    ] {
        assert_eq!(search(&mut client, &keys).await, wanted, "{keys:?}");
    }
    let view = client.selected.as_mut().unwrap();
    let found =
        client.session.search_mailbox(view, &[SearchKey::All], &SearchOptions::default()).await.unwrap();
    assert_eq!(found.messages, [(1, 101), (2, 102), (3, 103), (4, 104)]);
}

pub async fn s140_flags(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let seen = || SearchKey::Flag(SystemFlags::SEEN);
    let unseen = || SearchKey::NotFlag(SystemFlags::SEEN);
    for (keys, wanted) in [
        (vec![seen()], vec![1, 2]),
        (vec![unseen()], vec![3, 4]),
        (vec![SearchKey::New], vec![4]),
        (vec![SearchKey::Recent], vec![4]),
        (vec![SearchKey::Old], vec![1, 2, 3]),
        (vec![seen(), unseen()], vec![]),
        (vec![SearchKey::Flag(SystemFlags::ANSWERED)], vec![2]),
        (vec![SearchKey::NotFlag(SystemFlags::FLAGGED)], vec![1, 2, 4]),
        (vec![not(seen())], vec![3, 4]),
    ] {
        assert_eq!(search(&mut client, &keys).await, wanted, "{keys:?}");
    }
    client.store(seq("4"), FlagOp::Add, "\\Seen").await;
    assert!(search(&mut client, &[SearchKey::New]).await.is_empty());
    assert_eq!(search(&mut client, &[SearchKey::Recent]).await, [4]);
}

pub async fn s72_search_recent_agrees_with_examine(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.examine("INBOX").await;
    assert_eq!(search(&mut client, &[SearchKey::Recent]).await, [4]);
    assert_eq!(search(&mut client, &[SearchKey::New]).await, [4]);
    assert_eq!(search(&mut client, &[SearchKey::Old]).await, [1, 2, 3]);
}

pub async fn s15_keywords(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.store(seq("2,4"), FlagOp::Add, "$Junk").await;
    let junk = |text: &str| SearchKey::Keyword(text.to_owned());
    assert_eq!(search(&mut client, &[junk("$Junk")]).await, [2, 4]);
    assert_eq!(search(&mut client, &[junk("$JUNK")]).await, [2, 4]);
    assert_eq!(search(&mut client, &[SearchKey::NotKeyword("$junk".to_owned())]).await, [1, 3]);
    assert!(search(&mut client, &[junk("$NotJunk")]).await.is_empty());
    client.store(seq("2"), FlagOp::Delete, "$junk").await;
    assert_eq!(search(&mut client, &[junk("$Junk")]).await, [4]);
}

pub async fn s141_s142_internal_dates_in_their_own_offset(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (key, wanted) in [
        (SearchKey::On(day(1990, 1, 1)), vec![2]),
        (SearchKey::Since(day(2000, 1, 1)), vec![3, 4]),
        (SearchKey::Before(day(1990, 1, 1)), vec![1]),
        (not(SearchKey::Since(day(2000, 1, 1))), vec![1, 2]),
        (SearchKey::On(day(1990, 1, 2)), vec![]),
    ] {
        assert_eq!(search(&mut client, std::slice::from_ref(&key)).await, wanted, "{key:?}");
    }
    // 2020-02-01 23:30 -0500, which is the next day in UTC.
    let late = ZonedTime { timestamp_ms: 1_580_617_800_000, zone_minutes: -300 };
    let message = AppendMessage { internal_date: Some(late), ..AppendMessage::new("x") };
    client.append_all("INBOX", vec![message]).await.unwrap();
    assert_eq!(search(&mut client, &[SearchKey::On(day(2020, 2, 1))]).await, [5]);
    assert!(search(&mut client, &[SearchKey::On(day(2020, 2, 2))]).await.is_empty());
    assert_eq!(search(&mut client, &[SearchKey::SavedSince(day(2020, 1, 1))]).await, [1, 2, 3, 4, 5]);
    assert!(search(&mut client, &[SearchKey::SavedBefore(day(2020, 1, 1))]).await.is_empty());
}

pub async fn s144_sizes(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (key, wanted) in [
        (SearchKey::Smaller(1000), vec![1, 2, 3]),
        (SearchKey::Larger(SIZES[2]), vec![4]),
        (SearchKey::Larger(SIZES[2] - 1), vec![3, 4]),
        (SearchKey::Smaller(SIZES[2]), vec![1, 2]),
        (SearchKey::Larger(u64::MAX), vec![]),
    ] {
        assert_eq!(search(&mut client, std::slice::from_ref(&key)).await, wanted, "{key:?}");
    }
}

pub async fn s149_object_ids(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.copy(seq("2"), "INBOX").await.unwrap();
    let messages = client.messages("INBOX").await;
    let email = messages[1].email_id.clone().unwrap();
    let thread = messages[1].thread_id.clone().unwrap();
    assert_eq!(search(&mut client, &[SearchKey::EmailId(email)]).await, [2, 5]);
    assert_eq!(search(&mut client, &[SearchKey::ThreadId(thread)]).await, [2, 5]);
    let nobody = SearchKey::EmailId(EmailId::parse("Mnobody").unwrap());
    assert!(search(&mut client, &[nobody]).await.is_empty());
    let nobody = SearchKey::ThreadId(ThreadId::parse("Tnobody").unwrap());
    assert!(search(&mut client, &[nobody]).await.is_empty());
}

pub async fn s150_disabled_keys_are_refused_at_any_depth(world: Rc<World>) {
    world.fixture().await;
    let disabled = ["DRAFT", "larger", "HASATTACHMENT", "Header"].map(str::to_owned).to_vec();
    let options = SessionOptions { disabled_search_keys: disabled };
    let mut client = Client { session: BaseSession::new(world.set(), options), selected: None };
    client.select("INBOX").await;
    let draft = || SearchKey::Flag(SystemFlags::DRAFT);
    for key in [
        draft(),
        not(draft()),
        SearchKey::And(vec![SearchKey::All, or(SearchKey::All, not(draft()))]),
        SearchKey::Larger(1),
        SearchKey::HasAttachment(false),
        SearchKey::Header { name: "From".to_owned(), value: "a".to_owned() },
    ] {
        assert_eq!(code(try_search(&mut client, &[SearchKey::All, key]).await), ErrorCode::Cannot);
    }
    assert_eq!(search(&mut client, &[SearchKey::NotFlag(SystemFlags::DRAFT)]).await, [1, 2, 3, 4]);
    assert_eq!(search(&mut client, &[SearchKey::Smaller(1000)]).await, [1, 2, 3]);
}

pub async fn s141_s143_sent_dates(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.append("INBOX", "Subject: no date\r\n\r\n").await;
    client.append("INBOX", "Date: the day before yesterday\r\n\r\n").await;
    client.append("INBOX", "Date: Sat, 1 Feb 2020 23:30:00 -0500\r\n\r\n").await;
    for (text, wanted) in [
        ("SENTON 1-Jan-1990", vec![2]),
        ("SENTSINCE 1-Jan-2000", vec![3, 4, 7]),
        ("SENTBEFORE 1-Jan-1990", vec![1]),
        ("SENTON 1-Feb-2020", vec![7]),
        ("SENTON 2-Feb-2020", vec![]),
        ("NOT SENTON 1-Feb-2020", vec![1, 2, 3, 4, 5, 6]),
        ("NOT SENTBEFORE 1-Jan-9999", vec![5, 6]),
        ("NOT SENTSINCE 1-Jan-1900", vec![5, 6]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
}

pub async fn s145_header_fields(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (text, wanted) in [
        ("FROM corp@example.com", vec![3]),
        ("FROM \"Head Office <CORP@\"", vec![3]),
        ("SUBJECT hello", vec![4]),
        ("TO testuser", vec![1, 2, 3, 4]),
        ("CC testuser", vec![]),
        ("NOT SUBJECT a", vec![4]),
        ("HEADER Priority high", vec![3]),
        ("HEADER priority \"\"", vec![3]),
        ("NOT HEADER Priority \"\"", vec![1, 2, 4]),
        ("HEADER X-Nope \"\"", vec![]),
        ("HEADER Date 1990", vec![2]),
        ("HEADER Subject apples", vec![2]),
        ("SUBJECT \"\"", vec![1, 2, 3, 4]),
        ("BCC \"\"", vec![]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
    // What a list row does not hold is found all the same.
    let many: String = (0..60).map(|n| format!("person{n}@example.org, ")).collect();
    client.append("INBOX", &format!("To: {many}last@example.org\r\nSubject:\r\n\r\n")).await;
    client.append("INBOX", "To: Undisclosed recipients:;\r\nSubject: a\r\nSubject: b\r\n\r\n").await;
    for (text, wanted) in [
        ("TO last@", vec![5]),
        ("TO undisclosed", vec![6]),
        ("TO \"\"", vec![1, 2, 3, 4, 5, 6]),
        ("FROM \"\"", vec![1, 2, 3, 4]),
        ("SUBJECT \"\"", vec![1, 2, 3, 4, 5, 6]),
        ("UID 105:106 SUBJECT b", vec![]),
        ("UID 105:106 HEADER Subject b", vec![6]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
}

pub async fn s146_s147_bodies_are_searched_as_they_read(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (text, wanted) in [
        ("BODY velocity", vec![2]),
        ("BODY VELOCITY", vec![2]),
        ("TEXT WORLD", vec![4]),
        ("BODY world", vec![]),
        ("BODY \"Hello there, World\"", vec![]),
        ("TEXT \"Hello there, World\"", vec![4]),
        ("TEXT \"priority: high\"", vec![3]),
        ("NOT TEXT example.org", vec![]),
        ("NOT BODY velocity", vec![1, 3, 4]),
        ("BODY \"she wrote to all once more\"", vec![4]),
        ("BODY \"\"", vec![1, 2, 3, 4]),
        ("SEEN BODY velocity FROM newton", vec![2]),
        ("UNSEEN BODY velocity", vec![]),
        ("OR BODY velocity SUBJECT century", vec![2, 3]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
    client.select("Sent").await;
    for (text, wanted) in [
        ("BODY \"ßaz\"", vec![2]),
        ("BODY \"BAR ßAZ\"", vec![2]),
        ("BODY \"quiet day\"", vec![2]),
        ("BODY QSBxdWlldCBkYXkg", vec![]),
        ("BODY =C3=9Faz", vec![]),
        // The header of a message within the message is of its body.
        ("BODY \"subject: within\"", vec![2]),
        ("BODY \"three parts\"", vec![]),
        ("BODY multipart/mixed", vec![]),
        ("TEXT multipart/mixed", vec![2]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
    assert_eq!(search(&mut client, &[SearchKey::HasAttachment(true)]).await, [2]);
    assert_eq!(search(&mut client, &[SearchKey::HasAttachment(false)]).await, [1]);
}

pub async fn s148_case_is_folded_beyond_ascii_and_charsets_are_known_or_refused(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    client.append("INBOX", "Subject: =?iso-8859-1?q?CAF=C9?=\r\n\r\nGrüße\r\n").await;
    for (text, wanted) in [
        (&b"SUBJECT caf\xc3\xa9"[..], vec![5]),
        (b"CHARSET ISO-8859-1 SUBJECT caf\xe9", vec![5]),
        (b"CHARSET UTF-8 BODY {7}\r\nGR\xc3\x9cSSE", vec![5]),
        (b"BODY gr\xc3\xbc\xc3\x9fe", vec![5]),
        (b"SUBJECT cafe", vec![]),
    ] {
        let program = parse_search(text).unwrap();
        assert_eq!(search(&mut client, &program.keys).await, wanted, "{text:?}");
    }
    for text in [&b"CHARSET X-UNKNOWN SUBJECT a"[..], b"SUBJECT caf\xe9", b"CHARSET UTF-8 TEXT {1}\r\n\xff"] {
        assert_eq!(code(parse_search(text)), ErrorCode::BadCharset, "{text:?}");
    }
}

pub async fn s151_s152_the_text_form(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (text, wanted) in [
        ("ALL", vec![1, 2, 3, 4]),
        ("()", vec![1, 2, 3, 4]),
        ("(1:3 2:4)", vec![2, 3]),
        ("OR 1 3:4", vec![1, 3, 4]),
        ("UID 101:102", vec![1, 2]),
        ("101:102", vec![]),
        ("NOT NOT SEEN", vec![1, 2]),
        ("OR (SEEN SUBJECT first) (NOT SEEN (OR FLAGGED RECENT) FROM grace)", vec![1, 4]),
        ("SAVEDATESUPPORTED SAVEDSINCE 1-Jan-2020", vec![1, 2, 3, 4]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
    for text in ["", "SEEN FUZZY SUBJECT a", "X-RAW a", "RETURN (PARTIAL 1:2) ALL", "SUBJECT"] {
        assert_eq!(code(parse_search(text.as_bytes())), ErrorCode::InvalidArgument, "{text}");
    }
    assert_eq!(code(parse_search(b"RETURN (SAVE) ALL")), ErrorCode::Cannot);
}

pub async fn messages_of_the_last_seconds(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for age_ms in [60_000, 7_200_000] {
        let then = ZonedTime { timestamp_ms: platform::now_ms() - age_ms, zone_minutes: 120 };
        let message = AppendMessage { internal_date: Some(then), ..AppendMessage::new("x") };
        client.append_all("INBOX", vec![message]).await.unwrap();
    }
    for (text, wanted) in [
        ("YOUNGER 3600", vec![5]),
        ("YOUNGER 10800", vec![5, 6]),
        ("OLDER 3600", vec![1, 2, 3, 4, 6]),
        ("OLDER 10800 YOUNGER 4000000000", vec![1, 2, 3, 4]),
    ] {
        assert_eq!(search_text(&mut client, text).await, wanted, "{text}");
    }
}

pub async fn searches_over_many_mailboxes(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.create("Empty/Child").await;
    let found = async |text: &str, names: Option<&[&str]>| -> String {
        let names: Option<Vec<String>> =
            names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let keys = parse_search(text.as_bytes()).unwrap().keys;
        let session = BaseSession::new(world.set(), SessionOptions::default());
        let answers = session.search(&keys, names.as_deref(), &SearchOptions::default()).await.unwrap();
        let mut lines = Vec::new();
        for answer in answers {
            let mailbox = world.mailbox(&answer.name).await;
            assert_eq!(answer.mailbox_id, mailbox.mailbox_id());
            assert_eq!(answer.uid_validity, mailbox.uid_validity());
            lines.push(format!("{} {}", answer.name, answer.uids).trim_end().to_owned());
        }
        lines.join("; ")
    };
    assert_eq!(found("TO testuser", None).await, "INBOX 101:104; Sent; Trash 101; Empty/Child");
    assert_eq!(found("BODY a", Some(&["Sent", "inbox", "Sent"])).await, "Sent 102; INBOX 101:104");
    assert_eq!(found("1", Some(&["INBOX", "Sent"])).await, "INBOX 101; Sent 101");
    // As EXAMINE sees them, and left to whoever selects them.
    assert_eq!(found("RECENT", None).await, "INBOX 104; Sent; Trash 101; Empty/Child");
    rival.select("INBOX").await;
    assert_eq!(rival.view().recent().len(), 1);
    assert_eq!(found("RECENT", None).await, "INBOX; Sent; Trash 101; Empty/Child");
    rival.remove("103").await;
    assert_eq!(found("2:*", Some(&["INBOX"])).await, "INBOX 102,104");
    for name in ["Nowhere", "Empty"] {
        let unknown = client.session.search(&[], Some(&[name.to_owned()]), &SearchOptions::default()).await;
        assert_eq!(code(unknown), ErrorCode::NotFound);
    }
    let disabled = SessionOptions { disabled_search_keys: vec!["body".to_owned()] };
    client.session = BaseSession::new(world.set(), disabled);
    let body = [not(SearchKey::Body("a".to_owned()))];
    assert_eq!(code(client.session.search(&body, None, &SearchOptions::default()).await), ErrorCode::Cannot);
}

pub async fn mod_sequences(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let stands = client.view().mod_seq();
    client.store(seq("3"), FlagOp::Add, "\\Draft").await;
    let now = client.view().mod_seq();
    assert!(now > stands);
    assert_eq!(search(&mut client, &[SearchKey::ModSeq(now)]).await, [3]);
    assert!(search(&mut client, &[SearchKey::ModSeq(now + 1)]).await.is_empty());
}
