//! Cases of semantics 15, 138-144 and 149-151: SEARCH by metadata.

use std::rc::Rc;

use super::world::*;
use crate::model::{AppendMessage, EmailId, ErrorCode, FlagOp, Result, SystemFlags, ThreadId, ZonedTime};
use crate::search::{Day, SearchKey};
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
    let disabled = vec!["DRAFT".to_owned(), "larger".to_owned()];
    let options = SessionOptions { disabled_search_keys: disabled };
    let mut client = Client { session: BaseSession::new(world.set(), options), selected: None };
    client.select("INBOX").await;
    let draft = || SearchKey::Flag(SystemFlags::DRAFT);
    for key in [
        draft(),
        not(draft()),
        SearchKey::And(vec![SearchKey::All, or(SearchKey::All, not(draft()))]),
        SearchKey::Larger(1),
    ] {
        assert_eq!(code(try_search(&mut client, &[SearchKey::All, key]).await), ErrorCode::Cannot);
    }
    assert_eq!(search(&mut client, &[SearchKey::NotFlag(SystemFlags::DRAFT)]).await, [1, 2, 3, 4]);
    assert_eq!(search(&mut client, &[SearchKey::Smaller(1000)]).await, [1, 2, 3]);
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
