//! Cases of SORT (RFC 5256, RFC 5957) and of the order of a list on screen.

use std::rc::Rc;

use super::world::*;
use crate::model::{AppendMessage, ErrorCode, Result, SystemFlags, Uid, ZonedTime};
use crate::search::{SearchKey, SortKey};
use crate::session::{BaseSession, ListOrder, ListSort, SearchOptions, SessionOptions, list_window};

/// Five messages, each a day older in INTERNALDATE than the one before.
async fn five(client: &mut Client) {
    let mails = [
        "From: Zoe <bob@z>\r\nTo: b@a\r\nCc: x@a\r\nSubject: Re: zebra\r\nDate: Tue, 1 Feb 1994 10:00:00 +0000\r\n\r\n",
        "From: ALICE <Al@a>\r\nTo: Bea <a@c>\r\nSubject: zebra (fwd)\r\nDate: Tue, 1 Feb 1994 09:00:00 +0000\r\n\r\nlonger\r\n",
        "From: \u{c4}nne <zed@a>\r\nTo: c@a\r\nCc: W@b\r\nSubject: [list] Fwd: Mango\r\nDate: Tue, 1 Feb 1994 12:00:00 +0200\r\n\r\n",
        "From: al@b\r\nTo: c@a\r\nSubject: mango\r\nDate: Tue, 1 Feb 1994 08:00:00 -0100\r\n\r\n",
        "Subject: apple\r\n\r\n",
    ];
    let dated = |(raw, age): (&&str, i64)| AppendMessage {
        internal_date: Some(ZonedTime { timestamp_ms: (20_000 - age) * 86_400_000, zone_minutes: 60 }),
        ..AppendMessage::new(*raw)
    };
    client.append_all("INBOX", mails.iter().zip(0..).map(dated).collect()).await.unwrap();
}

async fn try_sort(client: &mut Client, sort: &str, keys: &[SearchKey]) -> Result<Vec<u32>> {
    let sort = SortKey::parse_list(sort)?;
    let sorted = client
        .session
        .sort_mailbox(client.selected.as_mut().unwrap(), &sort, keys, &SearchOptions::default())
        .await?;
    let view = client.selected.as_ref().unwrap();
    assert!(sorted.messages.iter().all(|(seq, uid)| view.seq_of(*uid) == Some(*seq)));
    Ok(sorted.messages.into_iter().map(|(seq, _)| seq).collect())
}

async fn sort(client: &mut Client, sort: &str) -> Vec<u32> {
    try_sort(client, sort, &[]).await.unwrap()
}

pub async fn rfc_5256_sort_by_each_criterion(world: Rc<World>) {
    let mut client = world.client();
    five(&mut client).await;
    client.select("INBOX").await;
    for (criteria, wanted) in [
        ("(ARRIVAL)", [5, 4, 3, 2, 1]),
        ("(REVERSE ARRIVAL)", [1, 2, 3, 4, 5]),
        // The last has no Date: its INTERNALDATE is far later.
        ("(DATE)", [2, 4, 1, 3, 5]),
        ("(REVERSE DATE)", [5, 1, 3, 2, 4]),
        ("(SUBJECT)", [5, 3, 4, 1, 2]),
        ("(SUBJECT REVERSE DATE)", [5, 3, 4, 1, 2]),
        ("(SUBJECT DATE)", [5, 4, 3, 2, 1]),
        ("(REVERSE SUBJECT ARRIVAL)", [2, 1, 4, 3, 5]),
        ("(FROM)", [5, 2, 4, 1, 3]),
        ("(TO)", [5, 2, 1, 3, 4]),
        ("(TO REVERSE SIZE)", [5, 2, 1, 3, 4]),
        ("(CC)", [2, 4, 5, 3, 1]),
        ("(DISPLAYFROM)", [5, 4, 2, 3, 1]),
        ("(DISPLAYTO)", [5, 1, 2, 3, 4]),
        ("(SIZE)", [5, 4, 1, 2, 3]),
        ("(REVERSE SIZE)", [3, 2, 1, 4, 5]),
    ] {
        assert_eq!(sort(&mut client, criteria).await, wanted, "{criteria}");
    }
}

pub async fn rfc_5256_sort_of_what_a_search_finds(world: Rc<World>) {
    let mut client = world.client();
    five(&mut client).await;
    client.select("INBOX").await;
    let some = || SearchKey::Seq(seq("2:4"));
    assert_eq!(try_sort(&mut client, "(SUBJECT)", &[some()]).await.unwrap(), [3, 4, 2]);
    let seen = SearchKey::Flag(SystemFlags::SEEN);
    assert!(try_sort(&mut client, "(SUBJECT)", &[some(), seen]).await.unwrap().is_empty());
    client.remove("103").await;
    assert_eq!(sort(&mut client, "(SUBJECT)").await, [4, 3, 1, 2]);
    let view = client.selected.as_mut().unwrap();
    assert_eq!(
        code(client.session.sort_mailbox(view, &[], &[], &SearchOptions::default()).await),
        ErrorCode::InvalidArgument
    );
    let options = SessionOptions { disabled_search_keys: vec!["SEQSET".to_owned()] };
    client.session = BaseSession::new(world.set(), options);
    assert_eq!(code(try_sort(&mut client, "(DATE)", &[some()]).await), ErrorCode::Cannot);
}

pub async fn s90_s100_sort_lists_what_is_gone_until_it_is_announced(world: Rc<World>) {
    let mut client = world.client();
    five(&mut client).await;
    client.select("INBOX").await;
    let mut rival = world.rival().await;
    rival.select("INBOX").await;
    rival.remove("104").await;
    let keys = SortKey::parse_list("(SUBJECT)").unwrap();
    let sorted = client
        .session
        .sort_mailbox(client.selected.as_mut().unwrap(), &keys, &[], &SearchOptions::default())
        .await
        .unwrap();
    let mut seqs: Vec<u32> = sorted.messages.iter().map(|(seq, _)| *seq).collect();
    seqs.sort_unstable();
    assert_eq!((seqs, sorted.expunge_issued), (vec![1, 2, 3, 4, 5], true));
    assert_eq!((sorted.updates.exists, sorted.updates.expunged), (None, vec![]));
    assert!(client.noop().await.starts_with("4 EXPUNGE"));
    assert_eq!(sort(&mut client, "(SUBJECT)").await, [4, 3, 1, 2]);
}

pub async fn s121_sort_on_a_deleted_mailbox_closes_the_view(world: Rc<World>) {
    let mut client = world.client();
    client.create("Gone").await;
    client.select("Gone").await;
    let mut rival = world.rival().await;
    rival.delete("Gone").await;
    let keys = SortKey::parse_list("(DATE)").unwrap();
    let sorted = client
        .session
        .sort_mailbox(client.selected.as_mut().unwrap(), &keys, &[], &SearchOptions::default())
        .await
        .unwrap();
    assert!(sorted.updates.closed && sorted.messages.is_empty());
    assert_eq!(code(try_sort(&mut client, "(DATE)", &[]).await), ErrorCode::Closed);
}

/// A list on screen, and the order that it keeps.
struct List {
    sort: ListSort,
    kept: Option<ListOrder>,
}

impl List {
    fn new(criteria: &str, newest_first: bool) -> List {
        let keys = if criteria.is_empty() { Vec::new() } else { SortKey::parse_list(criteria).unwrap() };
        List { sort: ListSort { keys, newest_first }, kept: None }
    }

    async fn window(&mut self, world: &World, client: &Client, offset: u32, limit: u32) -> Vec<Uid> {
        let mailbox = world.mailbox("INBOX").await;
        let view = client.view();
        let window = list_window(mailbox.as_ref(), view, &self.sort, &mut self.kept, offset, limit, None)
            .await
            .unwrap();
        assert!(window.iter().all(|(seq, uid)| view.seq_of(*uid) == Some(*seq)));
        window.into_iter().map(|(_, uid)| uid).collect()
    }
}

pub async fn a_list_in_any_order_follows_its_view(world: Rc<World>) {
    let mut client = world.client();
    five(&mut client).await;
    client.select("INBOX").await;
    for (criteria, newest_first, wanted) in [
        ("", false, [101, 102, 103, 104, 105]),
        ("", true, [105, 104, 103, 102, 101]),
        ("(SUBJECT)", false, [105, 103, 104, 101, 102]),
        ("(SUBJECT)", true, [105, 104, 103, 102, 101]),
        ("(REVERSE DATE)", false, [105, 101, 103, 102, 104]),
    ] {
        let mut list = List::new(criteria, newest_first);
        assert_eq!(list.window(&world, &client, 0, 50).await, wanted, "{criteria}");
        assert_eq!(list.window(&world, &client, 1, 2).await, wanted[1..3], "{criteria}");
        assert_eq!(list.window(&world, &client, 4, u32::MAX).await, wanted[4..], "{criteria}");
        assert!(list.window(&world, &client, 5, 1).await.is_empty(), "{criteria}");
        assert!(list.window(&world, &client, 0, 0).await.is_empty(), "{criteria}");
    }
    // What is gone keeps its place until that is told, what has come gets one when that is.
    let mut list = List::new("(SUBJECT)", false);
    assert_eq!(list.window(&world, &client, 0, 2).await, [105, 103]);
    let mut rival = world.rival().await;
    rival.select("INBOX").await;
    rival.remove("103").await;
    rival.append("INBOX", "Subject: first of all (but an aardvark)\r\n\r\n").await;
    assert_eq!(list.window(&world, &client, 0, 9).await, [105, 103, 104, 101, 102]);
    assert!(client.noop().await.starts_with("3 EXPUNGE; 5 EXISTS"));
    assert_eq!(list.window(&world, &client, 0, 9).await, [105, 106, 104, 101, 102]);
    client.remove("106").await;
    assert_eq!(list.window(&world, &client, 0, 9).await, [105, 104, 101, 102]);
    list.sort = List::new("(DATE)", false).sort;
    assert_eq!(list.window(&world, &client, 0, 9).await, [102, 104, 101, 105]);
}
