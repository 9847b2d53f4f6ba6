//! Cases of semantics 159 to 166: filters are kept, and a delivery asks the
//! active one. What the language means is the `sieve` room's to test.

use std::rc::Rc;

use super::world::*;
use crate::backend::{FilterAction, FilterSet};
use crate::model::{AppendMessage, ErrorCode, Flags, Result, SystemFlags, Value, ZonedTime};
use crate::session::{DeliverOptions, DeliverResult};

fn filters(client: &Client) -> Rc<dyn FilterSet> {
    client.session.filter_set().expect("filters")
}

/// Stores a script and makes it the active one.
async fn activate(client: &Client, script: &str) {
    let filters = filters(client);
    filters.put("main", script.as_bytes()).await.unwrap();
    filters.set_active("main").await.unwrap();
}

async fn all(filters: &Rc<dyn FilterSet>) -> String {
    let (active, names) = filters.get_all().await.unwrap();
    format!("{} of {}", active.as_deref().unwrap_or("none"), names.join(" "))
}

async fn try_deliver(client: &mut Client, raw: &str, options: &DeliverOptions) -> Result<DeliverResult> {
    client.session.deliver(Value::from(raw.as_bytes().to_vec()), options, client.selected.as_mut()).await
}

async fn deliver(client: &mut Client, raw: &str) -> DeliverResult {
    try_deliver(client, raw, &DeliverOptions::default()).await.unwrap()
}

/// Where a message is: `INBOX 105; Work 1`.
fn places(result: &DeliverResult) -> String {
    let places: Vec<String> =
        result.stored.iter().map(|place| format!("{} {}", place.mailbox, place.uid)).collect();
    places.join("; ")
}

pub async fn s159_filters_are_kept_under_their_names(world: Rc<World>) {
    let (client, rival) = (world.client(), world.rival().await);
    let (mine, theirs) = (filters(&client), filters(&rival));
    assert_eq!(all(&theirs).await, "none of ");
    assert_eq!(theirs.get_active().await.unwrap(), None);
    mine.put("b", b"keep;").await.unwrap();
    mine.put("a", b"discard;").await.unwrap();
    theirs.put("b", b"stop;\r\n").await.unwrap();
    assert_eq!(all(&mine).await, "none of b a");
    assert_eq!(&*mine.get("b").await.unwrap(), b"stop;\r\n");
    assert_eq!(&*theirs.get("a").await.unwrap(), b"discard;");
    assert_eq!(code(mine.get("B").await), ErrorCode::NotFound);
    assert_eq!(code(mine.get("").await), ErrorCode::NotFound);
    mine.rename("b", "c").await.unwrap();
    assert_eq!(all(&theirs).await, "none of c a");
    assert_eq!(code(theirs.rename("b", "d").await), ErrorCode::NotFound);
    assert_eq!(code(theirs.rename("a", "c").await), ErrorCode::AlreadyExists);
    assert_eq!(code(theirs.rename("a", "a").await), ErrorCode::AlreadyExists);
    assert_eq!(code(mine.delete("b").await), ErrorCode::NotFound);
    theirs.delete("c").await.unwrap();
    assert_eq!(code(mine.get("c").await), ErrorCode::NotFound);
    assert_eq!(all(&mine).await, "none of a");
}

pub async fn s160_the_active_filter(world: Rc<World>) {
    let (client, rival) = (world.client(), world.rival().await);
    let (mine, theirs) = (filters(&client), filters(&rival));
    for name in ["a", "b"] {
        mine.put(name, b"keep;").await.unwrap();
    }
    assert_eq!(code(mine.set_active("c").await), ErrorCode::NotFound);
    mine.set_active("a").await.unwrap();
    mine.set_active("a").await.unwrap();
    assert_eq!(all(&theirs).await, "a of a b");
    assert_eq!(code(theirs.delete("a").await), ErrorCode::Active);
    theirs.rename("a", "z").await.unwrap();
    assert_eq!(all(&mine).await, "z of z b");
    assert_eq!(code(mine.delete("z").await), ErrorCode::Active);
    theirs.put("z", b"discard;").await.unwrap();
    assert_eq!(mine.get_active().await.unwrap().as_deref(), Some(&b"discard;"[..]));
    mine.set_active("b").await.unwrap();
    theirs.delete("z").await.unwrap();
    assert_eq!(all(&mine).await, "b of b");
    theirs.clear_active().await.unwrap();
    theirs.clear_active().await.unwrap();
    assert_eq!(mine.get_active().await.unwrap(), None);
    mine.delete("b").await.unwrap();
    assert_eq!(all(&theirs).await, "none of ");
}

pub async fn s160_overwriting_the_active_filter_takes_effect(world: Rc<World>) {
    world.fixture().await;
    let (mut client, rival) = (world.client(), world.rival().await);
    activate(&client, "discard;").await;
    assert!(deliver(&mut client, "Subject: 1\r\n\r\n").await.discarded);
    filters(&rival).put("main", b"keep;").await.unwrap();
    assert_eq!(places(&deliver(&mut client, "Subject: 2\r\n\r\n").await), "INBOX 105");
    filters(&client).put("other", b"discard;").await.unwrap();
    filters(&rival).set_active("other").await.unwrap();
    assert!(deliver(&mut client, "Subject: 3\r\n\r\n").await.discarded);
    filters(&rival).clear_active().await.unwrap();
    assert_eq!(places(&deliver(&mut client, "Subject: 4\r\n\r\n").await), "INBOX 106");
}

pub async fn s161_what_cannot_be_a_filter_is_refused(world: Rc<World>) {
    let client = world.client();
    let filters = filters(&client);
    filters.put("a", b"keep;").await.unwrap();
    let before = world.dump().await;
    let error = filters.put("a", b"keep;\r\n  kepp;\r\n").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    let position = error.position().expect("where it is");
    assert_eq!((position.line, position.column), (2, 3));
    assert_eq!(code(filters.put("a", b"\xff\xfe").await), ErrorCode::InvalidArgument);
    for name in ["", "a\nb", "\u{7f}"] {
        assert_eq!(code(filters.put(name, b"keep;").await), ErrorCode::InvalidArgument, "{name:?}");
        assert_eq!(code(filters.rename("a", name).await), ErrorCode::InvalidArgument, "{name:?}");
    }
    let long = "n".repeat(256);
    assert_eq!(code(filters.put(&long, b"keep;").await), ErrorCode::Limit);
    assert_eq!(code(filters.rename("a", &long).await), ErrorCode::Limit);
    assert_eq!(code(filters.put("b", &vec![b'\n'; 1024 * 1024 + 1]).await), ErrorCode::Limit);
    assert_eq!(world.dump().await, before);
}

pub async fn s162_without_a_filter_mail_goes_where_it_is_asked_to(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    filters(&client).put("idle", b"discard;").await.unwrap();
    let date = ZonedTime { timestamp_ms: 1_000, zone_minutes: 60 };
    let options = DeliverOptions {
        mailbox: "Sent".to_owned(),
        flags: flags("\\Seen work"),
        internal_date: Some(date),
        ..DeliverOptions::default()
    };
    let result = try_deliver(&mut client, "Subject: s\r\n\r\n", &options).await.unwrap();
    assert_eq!(places(&result), "Sent 103");
    assert_eq!(result.stored[0].uid_validity, world.mailbox("Sent").await.uid_validity());
    assert!(!result.discarded && result.actions.is_empty() && result.missing.is_empty());
    let message = client.messages("Sent").await.pop().unwrap();
    let stored = message.flags.without(SystemFlags::RECENT);
    assert_eq!((stored, message.internal_date), (flags("\\Seen work"), date));
    assert_eq!(places(&deliver(&mut client, "Subject: t\r\n\r\n").await), "INBOX 105");
    let before = world.dump().await;
    for (mailbox, expected) in [
        ("No/such", ErrorCode::TryCreate),
        ("Trash", ErrorCode::ReadOnly),
        ("a//b", ErrorCode::InvalidArgument),
    ] {
        let options = DeliverOptions { mailbox: mailbox.to_owned(), ..DeliverOptions::default() };
        assert_eq!(code(try_deliver(&mut client, "x", &options).await), expected, "{mailbox}");
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s162_discard_and_reject_store_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let script = "require \"reject\";\r\n\
        if header :contains \"subject\" \"no\" { reject \"Not here, please.\"; } else { discard; }\r\n";
    activate(&client, script).await;
    let before = world.dump().await;
    let result = deliver(&mut client, "Subject: yes\r\n\r\n").await;
    assert!(result.discarded && result.stored.is_empty() && result.filter_error.is_none());
    let error =
        try_deliver(&mut client, "Subject: no\r\n\r\n", &DeliverOptions::default()).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::AppendFailure, "Not here, please."));
    assert_eq!(world.dump().await, before);
}

const ROUTES: &str = r#"require ["fileinto", "envelope", "reject"];
if address :is :domain "from" "lists.example" { fileinto "Test 1"; }
elsif address :is :localpart "to" "ada+bills" { fileinto "Test 2"; }
elsif address :contains :all ["to", "cc"] "@team." { fileinto "Test 3"; }
elsif envelope :is "from" "bounce@example.org" { fileinto "Test 4"; }
elsif envelope :matches :localpart "to" "shop-*" { fileinto "Test 5"; }
elsif exists ["list-id", "list-post"] { fileinto "Test 6"; }
elsif header :is "x-priority" "1" { fileinto "Test 7"; }
elsif header :matches "subject" "*[sale]*" { discard; }
elsif header :contains "subject" "viagra" { reject "No, thank you."; }
elsif size :over 2K { fileinto "Test 8"; }
elsif size :under 30 { fileinto "Test 9"; }
"#;

pub async fn s163_mail_is_routed_by_address_envelope_header_and_size(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    for number in 1..=9 {
        client.create(&format!("Test {number}")).await;
    }
    activate(&client, ROUTES).await;
    let long = format!("Subject: long\r\n\r\n{}", "x".repeat(2100));
    let routes = [
        ("From: a@lists.example\r\nSubject: [sale]\r\n\r\n", "", "", "Test 1 1"),
        ("From: b@example.org\r\nTo: Ada <ada+bills@example.org>\r\n\r\n", "", "", "Test 2 1"),
        ("To: x@example.org\r\nCc: all@team.example\r\n\r\n", "", "", "Test 3 1"),
        ("Subject: returned mail, for once\r\n\r\n", "bounce@example.org", "", "Test 4 1"),
        ("Subject: your order number 7\r\n\r\n", "s@x", "shop-books@example.org", "Test 5 1"),
        ("List-Id: <l>\r\nList-Post: <mailto:l@x>\r\n\r\n", "", "", "Test 6 1"),
        ("X-Priority: 1\r\nSubject: [sale]\r\n\r\n", "", "", "Test 7 1"),
        (&long, "", "", "Test 8 1"),
        ("Subject: short\r\n\r\n", "", "", "Test 9 1"),
        ("Subject: nothing of all this applies\r\n\r\n", "a@b", "c@d", "INBOX 105"),
        ("Subject: the great [sale] is on\r\n\r\n", "", "", ""),
    ];
    for (raw, sender, recipient, expected) in routes {
        let options = DeliverOptions {
            sender: sender.to_owned(),
            recipient: Some(recipient.to_owned()),
            ..DeliverOptions::default()
        };
        let result = try_deliver(&mut client, raw, &options).await.unwrap();
        assert_eq!(places(&result), expected, "{raw}");
        assert_eq!(result.discarded, expected.is_empty());
    }
    let options = DeliverOptions::default();
    let refused = try_deliver(&mut client, "Subject: viagra for sale\r\n\r\n", &options).await;
    assert_eq!(refused.unwrap_err().message(), "No, thank you.");
}

pub async fn s163_the_recipient_is_the_owner_unless_said_otherwise(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let script = "require [\"envelope\", \"fileinto\"];\r\n\
        if envelope :is \"to\" \"testuser\" { fileinto \"Sent\"; }\r\n";
    activate(&client, script).await;
    assert_eq!(places(&deliver(&mut client, "Subject: s\r\n\r\n").await), "Sent 103");
    let options = DeliverOptions { recipient: Some(String::new()), ..DeliverOptions::default() };
    assert_eq!(places(&try_deliver(&mut client, "Subject: t\r\n\r\n", &options).await.unwrap()), "INBOX 105");
}

pub async fn s164_several_mailboxes_get_one_message_or_none_does(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("Work").await;
    let script = "require [\"fileinto\", \"copy\", \"imap4flags\"];\r\n\
        fileinto \"Work\";\r\n\
        fileinto :copy :flags [\"$Label\", \"(odd\"] \"Sent\";\r\n\
        fileinto :flags \"\\\\Flagged\" \"Work\";\r\n\
        keep :flags \"\\\\Seen\";\r\n";
    activate(&client, script).await;
    let before = world.set().sequence().await.unwrap();
    let result = deliver(&mut client, "Subject: for everyone\r\n\r\nonce\r\n").await;
    assert_eq!(places(&result), "Work 1; Sent 103; INBOX 105");
    assert_eq!(world.set().sequence().await.unwrap(), before + 1, "one commit");
    let mut copies = Vec::new();
    for (mailbox, wanted) in [("Work", "\\Flagged"), ("Sent", "$Label"), ("INBOX", "\\Seen")] {
        let message = client.messages(mailbox).await.pop().unwrap();
        assert_eq!(message.flags.clone().without(SystemFlags::RECENT), flags(wanted), "{mailbox}");
        let octets = world.mailbox(mailbox).await.content(&[message.uid]).await.unwrap();
        assert_eq!(octets[0].as_ref().unwrap().to_vec(), b"Subject: for everyone\r\n\r\nonce\r\n");
        copies.push((message.email_id, message.thread_id));
    }
    copies.dedup();
    assert_eq!(copies.len(), 1, "one email id, one thread id");
    // The octets stay as long as one mailbox has them.
    for (mailbox, uid) in [("Work", "1"), ("INBOX", "105")] {
        client.select(mailbox).await;
        client.remove(uid).await;
    }
    world.set().cleanup(true).await.unwrap();
    assert!(world.mailbox("Sent").await.content(&[103]).await.unwrap()[0].is_some());

    // No room for another keyword in one of them: none has the message.
    client.select("Sent").await;
    let keywords: Vec<String> = (0..55).map(|n| format!("k{n}")).collect();
    client.store(uid("101"), crate::model::FlagOp::Add, &keywords.join(" ")).await;
    let script = "require [\"fileinto\", \"imap4flags\"]; keep; fileinto :flags \"new\" \"Sent\";";
    activate(&client, script).await;
    let before = world.dump().await;
    let failed = try_deliver(&mut client, "Subject: n\r\n\r\n", &DeliverOptions::default()).await;
    assert_eq!(code(failed), ErrorCode::Limit);
    assert_eq!(world.dump().await, before);
}

pub async fn s165_where_a_mailbox_cannot_have_it_mail_is_kept(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let script = "require [\"fileinto\", \"imap4flags\"];\r\n\
        fileinto :flags \"lost\" \"No/such\"; fileinto \"Trash\"; fileinto \"a//b\"; fileinto \"Sent\";\r\n";
    activate(&client, script).await;
    let result = deliver(&mut client, "Subject: s\r\n\r\n").await;
    assert_eq!(places(&result), "INBOX 105; Sent 103");
    let missing: Vec<(&str, ErrorCode)> =
        result.missing.iter().map(|missing| (missing.mailbox.as_str(), missing.code)).collect();
    assert_eq!(
        missing,
        [
            ("No/such", ErrorCode::NotFound),
            ("Trash", ErrorCode::ReadOnly),
            ("a//b", ErrorCode::InvalidArgument)
        ]
    );
    let kept = client.messages("INBOX").await.pop().unwrap();
    assert_eq!(kept.flags.without(SystemFlags::RECENT), flags("lost"));
    // Where it cannot be kept either, nothing is stored.
    let before = world.dump().await;
    let options = DeliverOptions { mailbox: "Nowhere".to_owned(), ..DeliverOptions::default() };
    assert_eq!(code(try_deliver(&mut client, "x", &options).await), ErrorCode::TryCreate);
    assert_eq!(world.dump().await, before);
}

pub async fn s165_mailboxes_are_created_where_the_filter_says_so(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    let script = "require [\"fileinto\", \"mailbox\"];\r\n\
        if mailboxexists \"New/child\" { fileinto \"Sent\"; } else { fileinto :create \"New/child\"; }\r\n";
    activate(&client, script).await;
    let before = world.set().sequence().await.unwrap();
    assert_eq!(places(&deliver(&mut client, "Subject: 1\r\n\r\n").await), "New/child 1");
    assert_eq!(world.set().sequence().await.unwrap(), before + 1, "created and filled in one commit");
    assert_eq!(rival.status("New/child").await.exists, 1);
    assert_eq!(rival.status("New/child").await.recent, 1);
    assert_eq!(places(&deliver(&mut rival, "Subject: 2\r\n\r\n").await), "Sent 103");
    // Created, it is there to keep what is not filed.
    let script =
        "require [\"fileinto\", \"mailbox\"]; fileinto :create \"Fresh\"; fileinto \"No/such\"; keep;";
    activate(&client, script).await;
    let options = DeliverOptions { mailbox: "Fresh".to_owned(), ..DeliverOptions::default() };
    let result = try_deliver(&mut client, "Subject: 3\r\n\r\n", &options).await.unwrap();
    assert_eq!((places(&result).as_str(), result.missing.len()), ("Fresh 1", 1));
}

pub async fn s165_exactly_what_is_advertised_can_be_required(world: Rc<World>) {
    let client = world.client();
    let compiler = filters(&client).compiler();
    assert!(compiler.extensions().contains(&"fileinto"));
    for extension in compiler.extensions() {
        assert!(compiler.compile(format!("require \"{extension}\";").as_bytes()).is_ok(), "{extension}");
    }
    for extension in ["nonsense", "vnd.example.made-up"] {
        assert!(!compiler.extensions().contains(&extension));
        assert!(compiler.compile(format!("require \"{extension}\";").as_bytes()).is_err(), "{extension}");
    }
}

pub async fn s165_a_filter_that_fails_keeps_the_mail_and_is_told(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let redirects: String = (0..100).map(|n| format!("redirect \"r{n}@example.org\";\r\n")).collect();
    activate(&client, &redirects).await;
    let result = deliver(&mut client, "Subject: s\r\n\r\n").await;
    assert_eq!(places(&result), "INBOX 105");
    let error = result.filter_error.expect("too many redirections");
    assert!(error.line > 1 && error.column > 0 && !error.message.is_empty());
    assert!(result.actions.is_empty() && !result.discarded);
}

pub async fn redirections_are_for_the_caller_to_send(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    activate(&client, "redirect \"grace@example.net\";").await;
    let before = world.dump().await;
    let result = deliver(&mut client, "From: a@b\r\nSubject: s\r\n\r\n").await;
    assert!(
        matches!(&result.actions[..], [FilterAction::Redirect { address }] if address == "grace@example.net")
    );
    assert!(result.stored.is_empty() && !result.discarded);
    assert_eq!(world.dump().await, before);
}

pub async fn a_filter_is_tested_without_storing_anything(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    let before = world.dump().await;
    let raw = Value::from(b"Subject: s\r\n\r\n".to_vec());
    let options = DeliverOptions::default();
    let script = b"require [\"fileinto\", \"mailbox\"]; if mailboxexists \"Sent\" { fileinto \"Sent\"; }";
    let outcome = client.session.test_filter(script, &raw, &options).await.unwrap();
    assert!(matches!(&outcome.actions[..], [FilterAction::FileInto { mailbox, .. }] if mailbox == "Sent"));
    let error = client.session.test_filter(b"keep", &raw, &options).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.position().is_some());
    assert_eq!(world.dump().await, before);
}

pub async fn s166_append_copy_and_move_never_ask_a_filter(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    activate(&client, "discard;").await;
    assert_eq!(client.append("INBOX", "Subject: s\r\n\r\n").await.uids, [105]);
    client.select("INBOX").await;
    assert_eq!(pairs(&client.copy(uid("105"), "Sent").await.unwrap()), "105=103");
    assert_eq!(pairs(&client.move_to(uid("105"), "Sent").await.unwrap()), "105=104");
    let appended = world.mailbox("INBOX").await.append(AppendMessage::new("x"), true).await.unwrap();
    assert_eq!(appended.uid, 106);
}

pub async fn s76_who_delivers_with_the_mailbox_selected_gets_recent(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    activate(&client, "require \"fileinto\"; keep; fileinto \"Sent\";").await;
    client.select("INBOX").await;
    rival.select("INBOX").await;
    let result = deliver(&mut client, "Subject: s\r\n\r\n").await;
    assert_eq!(
        result.updates.as_ref().map(told).as_deref(),
        Some("5 EXISTS; 2 RECENT; 5 FETCH 105 (\\Recent)")
    );
    assert_eq!(rival.noop().await, "5 EXISTS; 5 FETCH 105 ()");
    assert_eq!(rival.status("Sent").await.recent, 1);
    // Through a read-only view it is left for another.
    client.examine("INBOX").await;
    deliver(&mut client, "Subject: t\r\n\r\n").await;
    assert_eq!(rival.noop().await, "6 EXISTS; 1 RECENT; 6 FETCH 106 (\\Recent)");
}

pub async fn s135_filters_survive_a_reload(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    let set = filters(&client);
    for name in ["one", "two", "drei ß"] {
        set.put(name, format!("# {name}\r\nkeep;\r\n").as_bytes()).await.unwrap();
    }
    set.set_active("drei ß").await.unwrap();
    set.delete("one").await.unwrap();
    let before = world.dump().await;
    assert!(before.contains("filter \"drei ß\" active"), "{before}");
    world.reopen().await;
    assert_eq!(world.dump().await, before);
    let set = filters(&world.client());
    assert_eq!(&*set.get("two").await.unwrap(), b"# two\r\nkeep;\r\n");
    set.put("one", b"discard;").await.unwrap();
    assert_eq!(all(&set).await, "drei ß of two drei ß one");
}

pub async fn s136_two_who_put_and_deliver_at_once_lose_nothing(world: Rc<World>) {
    world.fixture().await;
    let (client, rival) = (world.client(), world.rival().await);
    let (mine, theirs) = (filters(&client), filters(&rival));
    let options = DeliverOptions { flags: Flags::new(), ..DeliverOptions::default() };
    for round in 0..6 {
        let (one, other) = (format!("one{round}"), format!("other{round}"));
        let raw = || Value::from(format!("Subject: {round}\r\n\r\n").into_bytes());
        let (a, b, c, d) = futures::join!(
            mine.put(&one, b"keep;"),
            theirs.put(&other, b"discard;"),
            client.session.deliver(raw(), &options, None),
            rival.session.deliver(raw(), &options, None),
        );
        a.unwrap();
        b.unwrap();
        assert_ne!(c.unwrap().stored, d.unwrap().stored);
    }
    assert_eq!(mine.get_all().await.unwrap(), theirs.get_all().await.unwrap());
    assert_eq!(mine.get_all().await.unwrap().1.len(), 12);
    assert_eq!(world.client().status("INBOX").await.exists, 4 + 12);
}
