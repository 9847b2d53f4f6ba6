//! Cases of semantics 25-57: names, the hierarchy, subscriptions.

use std::rc::Rc;

use super::world::*;
use crate::backend::CreateOptions;
use crate::model::{ErrorCode, ListAttribute, SpecialUse};

async fn create_code(client: &mut Client, name: &str) -> ErrorCode {
    code(client.session.create_mailbox(name, &CreateOptions::default(), None).await)
}

pub async fn s25_inbox_is_reached_in_any_case(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let id = client.status("INBOX").await.mailbox_id;
    for name in ["inbox", "iNbOx", "Inbox"] {
        assert_eq!(client.status(name).await.mailbox_id, id, "{name}");
    }
}

pub async fn s26_children_of_inbox_are_reached_in_any_case_of_inbox(world: Rc<World>) {
    let mut client = world.client();
    client.create("inbox/kid").await;
    assert_eq!(client.status("inbox/kid").await.mailbox_id, client.status("INBOX/kid").await.mailbox_id);
    assert_eq!(create_code(&mut client, "InBox/kid").await, ErrorCode::AlreadyExists);
    assert_eq!(client.names().await, ["INBOX", "INBOX/kid"]);
    assert_eq!(code(client.session.get_mailbox("INBOX/KID", None).await), ErrorCode::NotFound);
}

pub async fn s27_other_names_are_case_sensitive(world: Rc<World>) {
    let mut client = world.client();
    client.create("Work").await;
    client.create("work").await;
    assert_eq!(client.names().await, ["INBOX", "Work", "work"]);
    assert_eq!(code(client.session.get_mailbox("WORK", None).await), ErrorCode::NotFound);
}

pub async fn s28_names_beyond_ascii_stay_as_they_are(world: Rc<World>) {
    let mut client = world.client();
    for name in ["~peter/mail/台北/日本語", "Entwürfe & Co", "&-x", "🗄 archive"] {
        client.create(name).await;
    }
    world.reopen().await;
    let mut client = world.client();
    for name in ["~peter/mail/台北/日本語", "Entwürfe & Co", "&-x", "🗄 archive"] {
        assert_eq!(client.status(name).await.name, name);
        assert!(client.names().await.iter().any(|listed| listed == name), "{name}");
    }
}

pub async fn s29_s33_malformed_names_are_refused_and_change_nothing(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("Foo/").await;
    assert_eq!(client.status("Foo").await.name, "Foo");
    let before = world.dump().await;
    let long = "x".repeat(70_000);
    for name in
        ["", "/", "/x", "a//b", "a%b", "a*", "a\u{0}", "tab\there", "line\r\nbreak", "del\u{7f}", &long]
    {
        let refused = create_code(&mut client, name).await;
        assert!(matches!(refused, ErrorCode::InvalidArgument | ErrorCode::Limit), "{name:?}: {refused:?}");
        let refused = code(client.session.rename_mailbox("Sent", name, None).await);
        assert!(matches!(refused, ErrorCode::InvalidArgument | ErrorCode::Limit), "{name:?}: {refused:?}");
        for refused in [
            code(client.session.get_mailbox(name, None).await),
            code(client.session.delete_mailbox(name, None).await),
            code(client.session.append_messages(name, vec![flagged("x", "")], None).await),
            code(client.session.select_mailbox(name, false).await),
        ] {
            assert!(
                matches!(
                    refused,
                    ErrorCode::InvalidArgument
                        | ErrorCode::Limit
                        | ErrorCode::NotFound
                        | ErrorCode::TryCreate
                ),
                "{name:?}: {refused:?}"
            );
        }
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s30_s31_an_existing_name_and_inbox_cannot_be_created(world: Rc<World>) {
    let mut client = world.client();
    client.create("A").await;
    for name in ["A", "A/", "INBOX", "inbox", "iNBOX/"] {
        assert_eq!(create_code(&mut client, name).await, ErrorCode::AlreadyExists, "{name}");
    }
    for name in ["INBOX", "A"] {
        let refused = world.set().add_mailbox(&super::world::name(name), &CreateOptions::default()).await;
        assert_eq!(code(refused), ErrorCode::AlreadyExists, "{name}");
    }
    assert_eq!(client.names().await, ["INBOX", "A"]);
}

pub async fn s30_two_who_create_one_name_at_once_get_one_mailbox(world: Rc<World>) {
    let (client, rival) = (world.client(), world.rival().await);
    let options = CreateOptions::default();
    let (mine, theirs) = futures::join!(
        client.session.create_mailbox("Both", &options, None),
        rival.session.create_mailbox("Both", &options, None),
    );
    let won = [&mine, &theirs].iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1, "{:?} {:?}", mine.as_ref().err(), theirs.as_ref().err());
    let lost = if mine.is_err() { code(mine) } else { code(theirs) };
    assert_eq!(lost, ErrorCode::AlreadyExists);
    assert_eq!(world.client().names().await, ["INBOX", "Both"]);
    assert_eq!(world.rival().await.names().await, ["INBOX", "Both"]);
}

pub async fn s32_s52_missing_ancestors_are_listed_but_cannot_be_selected(world: Rc<World>) {
    let mut client = world.client();
    client.create("A/B/C").await;
    assert_eq!(
        client.list("", "*").await,
        [
            "INBOX \\HasNoChildren",
            "A \\Noselect \\HasChildren",
            "A/B \\Noselect \\HasChildren",
            "A/B/C \\HasNoChildren"
        ]
    );
    for name in ["A", "A/B"] {
        assert_eq!(code(client.session.select_mailbox(name, false).await), ErrorCode::NotFound);
        assert_eq!(code(client.session.get_mailbox(name, None).await), ErrorCode::NotFound);
    }
}

pub async fn s34_a_noselect_ancestor_can_be_created(world: Rc<World>) {
    let mut client = world.client();
    client.create("A/B").await;
    client.create("A").await;
    assert_eq!(client.list("", "A").await, ["A \\HasChildren"]);
    client.select("A").await;
}

pub async fn s35_delete_of_a_leaf_and_of_the_unknown(world: Rc<World>) {
    let mut client = world.client();
    client.create("A").await;
    client.delete("A").await;
    assert_eq!(client.names().await, ["INBOX"]);
    assert_eq!(code(client.session.delete_mailbox("A", None).await), ErrorCode::NotFound);
    assert_eq!(code(client.session.select_mailbox("A", false).await), ErrorCode::NotFound);
}

pub async fn s36_s37_delete_of_a_parent_leaves_its_name_until_the_last_child_goes(world: Rc<World>) {
    let mut client = world.client();
    for name in ["P", "P/one", "P/two"] {
        client.create(name).await;
    }
    client.append("P/one", "Subject: kept\r\n\r\n").await;
    client.delete("P").await;
    assert_eq!(client.list("", "P").await, ["P \\Noselect \\HasChildren"]);
    assert_eq!(client.status("P/one").await.exists, 1);
    assert_eq!(code(client.session.delete_mailbox("P", None).await), ErrorCode::NotFound);
    client.delete("P/one").await;
    assert_eq!(client.names().await, ["INBOX", "P", "P/two"]);
    client.delete("P/two").await;
    assert_eq!(client.names().await, ["INBOX"]);
}

pub async fn s38_inbox_cannot_be_deleted(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    let before = world.dump().await;
    for name in ["INBOX", "inbox"] {
        assert_eq!(code(client.session.delete_mailbox(name, None).await), ErrorCode::Cannot);
        assert_eq!(code(world.set().delete_mailbox(&super::world::name(name)).await), ErrorCode::Cannot);
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s39_delete_of_a_mailbox_leaves_copies_elsewhere_whole(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("Sent").await;
    client.copy(seq("1:*"), "INBOX").await.unwrap();
    client.delete("Sent").await;
    world.set().cleanup(true).await.unwrap();
    let inbox = world.mailbox("INBOX").await;
    let contents = inbox.content(&[105, 106]).await.unwrap();
    let octets: Vec<_> = contents.into_iter().map(|content| content.unwrap().to_vec()).collect();
    assert_eq!(
        octets,
        [crate::testing::fixture::SENT[0].as_bytes(), crate::testing::fixture::SENT[1].as_bytes()]
    );
}

pub async fn s40_s68_rename_moves_all_below_and_keeps_messages_and_ids(world: Rc<World>) {
    let mut client = world.client();
    for name in ["P", "P/a", "P/a/b", "Pa"] {
        client.create(name).await;
    }
    client.append("P/a/b", "Subject: one\r\n\r\n").await;
    let before = client.status("P/a/b").await;
    client.rename("P", "Q/new").await;
    let after = client.status("Q/new/a/b").await;
    assert_eq!((after.mailbox_id, after.uid_validity), (before.mailbox_id, before.uid_validity));
    assert_eq!((after.uid_next, after.exists), (before.uid_next, 1));
    assert_eq!(client.messages("Q/new/a/b").await[0].uid, 1);
    for gone in ["P", "P/a", "P/a/b"] {
        assert_eq!(code(client.session.get_mailbox(gone, None).await), ErrorCode::NotFound, "{gone}");
    }
    assert_eq!(client.names().await, ["INBOX", "Q", "Q/new", "Q/new/a", "Q/new/a/b", "Pa"]);
}

pub async fn s41_rename_onto_a_name_that_is_there_or_from_one_that_is_not(world: Rc<World>) {
    let mut client = world.client();
    for name in ["A", "B", "N/child"] {
        client.create(name).await;
    }
    let before = world.dump().await;
    for (from, to, wanted) in [
        ("A", "B", ErrorCode::AlreadyExists),
        ("A", "N", ErrorCode::AlreadyExists),
        ("A", "N/child", ErrorCode::AlreadyExists),
        ("A", "A", ErrorCode::AlreadyExists),
        ("nowhere", "C", ErrorCode::NotFound),
    ] {
        assert_eq!(code(client.session.rename_mailbox(from, to, None).await), wanted, "{from} to {to}");
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s42_rename_of_a_noselect_name_moves_what_is_below(world: Rc<World>) {
    let mut client = world.client();
    client.create("N/a").await;
    client.create("N/b").await;
    client.rename("N", "M").await;
    assert_eq!(
        client.list("", "*").await,
        ["INBOX \\HasNoChildren", "M \\Noselect \\HasChildren", "M/a \\HasNoChildren", "M/b \\HasNoChildren"]
    );
}

pub async fn s43_rename_into_its_own_subtree(world: Rc<World>) {
    let mut client = world.client();
    client.create("P").await;
    client.create("P/q").await;
    client.rename("P", "P/n").await;
    assert_eq!(
        client.list("", "*").await,
        ["INBOX \\HasNoChildren", "P \\Noselect \\HasChildren", "P/n \\HasChildren", "P/n/q \\HasNoChildren"]
    );
}

pub async fn s44_rename_to_inbox_is_refused(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    let before = world.dump().await;
    for target in ["INBOX", "inbox"] {
        assert_eq!(code(client.session.rename_mailbox("Sent", target, None).await), ErrorCode::AlreadyExists);
        let refused = world.set().rename_mailbox(&name("Sent"), &name(target)).await;
        assert_eq!(code(refused), ErrorCode::AlreadyExists);
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s45_s46_rename_of_inbox_moves_its_messages_and_leaves_its_children(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.create("INBOX/kid").await;
    let before = client.status("INBOX").await;
    client.rename("inbox", "Old").await;
    let (old, new) = (client.status("Old").await, client.status("INBOX").await);
    assert_eq!((&old.mailbox_id, old.uid_validity), (&before.mailbox_id, before.uid_validity));
    assert_eq!((old.exists, old.uid_next, old.recent), (4, 105, 1));
    assert_ne!(new.mailbox_id, before.mailbox_id);
    assert_ne!(new.uid_validity, before.uid_validity);
    assert_eq!((new.exists, new.recent, new.uid_next), (0, 0, crate::testing::fixture::FIRST_UID));
    let mut names = client.names().await;
    assert_eq!(names[..2], ["INBOX", "INBOX/kid"]);
    names.sort();
    assert_eq!(names, ["INBOX", "INBOX/kid", "Old", "Sent", "Trash"]);
}

pub async fn s47_list_of_nothing_tells_the_delimiter(world: Rc<World>) {
    world.fixture().await;
    let client = world.client();
    for reference in ["", "Trash", "a/b"] {
        let (rows, _) = client.session.list_mailboxes(reference, "", false, None).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].name.as_str(), rows[0].delimiter), ("", '/'));
        assert_eq!(rows[0].attributes, [ListAttribute::Noselect]);
    }
}

pub async fn s48_list_of_the_fixture(world: Rc<World>) {
    world.fixture().await;
    assert_eq!(
        world.client().list("", "*").await,
        ["INBOX \\HasNoChildren", "Sent \\HasNoChildren", "Trash \\HasNoChildren"]
    );
}

pub async fn list_with_status_says_what_status_says(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    for number in 0..20 {
        client.create(&format!("Many/{number}")).await;
        client.append(&format!("Many/{number}"), "Subject: one\r\n\r\n").await;
    }
    client.session.delete_mailbox("Many/7", None).await.unwrap();
    client.session.subscribe("Many/7", None).await.unwrap();
    client.select("INBOX").await;
    rival.append("INBOX", "Subject: new\r\n\r\n").await;
    for (reference, pattern, subscribed) in
        [("", "*", false), ("", "Many/1%", false), ("Many", "/3", false), ("", "*", true), ("", "", false)]
    {
        let view = Some(client.selected.as_mut().unwrap());
        let (listed, updates) =
            client.session.list_status(reference, pattern, subscribed, view).await.unwrap();
        assert!(updates.is_some());
        let (entries, _) = client.session.list_mailboxes(reference, pattern, subscribed, None).await.unwrap();
        assert_eq!(
            listed.iter().map(|(entry, _)| entry).collect::<Vec<_>>(),
            entries.iter().collect::<Vec<_>>()
        );
        for (entry, status) in listed {
            let expected = match entry.is_selectable() {
                true => Some(client.status(&entry.name).await),
                false => None,
            };
            assert_eq!(status, expected, "{}", entry.name);
        }
    }
    let (listed, updates) = rival.session.list_status("", "INBOX", false, None).await.unwrap();
    assert!(updates.is_none());
    assert_eq!(listed[0].1.as_ref().unwrap().recent, 0, "the client's view has taken them");
}

pub async fn s49_s50_patterns(world: Rc<World>) {
    let mut client = world.client();
    for name in ["Work", "Work/a", "Work/a/b", "Trash", "Trash2"] {
        client.create(name).await;
    }
    for (reference, pattern, wanted) in [
        ("", "%", vec!["INBOX", "Work", "Trash", "Trash2"]),
        ("", "Work/%", vec!["Work/a"]),
        ("", "Work*", vec!["Work", "Work/a", "Work/a/b"]),
        ("Trash", "*", vec!["Trash", "Trash2"]),
        ("Wo%", "/a", vec!["Work/a"]),
        ("", "%/%", vec!["Work/a"]),
        ("", "*b", vec!["Work/a/b"]),
        ("", "inb%", vec!["INBOX"]),
        ("", "iNBOX", vec!["INBOX"]),
        ("", "work", vec![]),
        ("", "Nothing", vec![]),
    ] {
        let (rows, _) = client.session.list_mailboxes(reference, pattern, false, None).await.unwrap();
        let names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
        assert_eq!(names, wanted, "{reference:?} {pattern:?}");
    }
}

pub async fn s51_new_mailboxes_come_last_and_children_after_their_parents(world: Rc<World>) {
    let mut client = world.client();
    for name in ["Zoo", "Apple", "Zoo/2", "Zoo/1", "Mid"] {
        client.create(name).await;
    }
    assert_eq!(client.names().await, ["INBOX", "Zoo", "Zoo/2", "Zoo/1", "Apple", "Mid"]);
    world.reopen().await;
    assert_eq!(world.client().names().await, ["INBOX", "Zoo", "Zoo/2", "Zoo/1", "Apple", "Mid"]);
}

pub async fn s53_s54_s55_subscriptions(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    assert_eq!(client.lsub().await, ["INBOX \\HasNoChildren"]);
    for name in ["Sent", "Trash", "No/such"] {
        client.session.subscribe(name, None).await.unwrap();
    }
    client.session.subscribe("Sent", None).await.unwrap();
    client.session.unsubscribe("Trash", None).await.unwrap();
    client.session.unsubscribe("never subscribed", None).await.unwrap();
    let rows = client.lsub().await;
    assert_eq!(rows[..2], ["INBOX \\HasNoChildren", "Sent \\HasNoChildren"]);
    let missing = rows.iter().find(|row| row.starts_with("No/such ")).expect("a name that does not exist");
    assert!(missing.contains("\\Noselect") && missing.contains("\\NonExistent"), "{missing}");
    client.create("No/such").await;
    assert!(client.lsub().await.contains(&"No/such \\HasNoChildren".to_owned()));
    client.session.unsubscribe("INBOX", None).await.unwrap();
    assert_eq!(client.lsub().await[0], "INBOX \\HasNoChildren", "INBOX stays subscribed");
}

pub async fn s56_subscriptions_follow_a_rename(world: Rc<World>) {
    let mut client = world.client();
    client.create("A").await;
    client.create("A/b").await;
    client.session.subscribe("A/b", None).await.unwrap();
    client.rename("A", "C").await;
    let rows = client.lsub().await;
    assert!(rows.contains(&"C/b \\HasNoChildren".to_owned()), "{rows:?}");
    assert!(!rows.iter().any(|row| row.starts_with("A/b")), "{rows:?}");
}

pub async fn s57_an_unsubscribed_parent_of_a_subscribed_child(world: Rc<World>) {
    let mut client = world.client();
    for name in ["A", "A/b", "P", "P/c"] {
        client.create(name).await;
    }
    client.session.subscribe("A/b", None).await.unwrap();
    client.session.subscribe("P", None).await.unwrap();
    assert_eq!(
        client.lsub().await,
        ["INBOX \\HasNoChildren", "A \\Noselect \\HasChildren", "A/b \\HasNoChildren", "P \\HasNoChildren"]
    );
}

pub async fn special_uses_are_unique_listed_and_follow_renames(world: Rc<World>) {
    let mut client = world.client();
    let sent = CreateOptions { special_use: Some(SpecialUse::Sent), ..CreateOptions::default() };
    client.session.create_mailbox("Out", &sent, None).await.unwrap();
    assert_eq!(code(client.session.create_mailbox("Out2", &sent, None).await), ErrorCode::AlreadyExists);
    client.rename("Out", "Gone out").await;
    assert_eq!(client.list("", "G*").await, ["Gone out \\HasNoChildren \\Sent"]);
    client.create("Other").await;
    let set = world.set();
    let taken = set.set_special_use(&name("Other"), Some(SpecialUse::Sent)).await;
    assert_eq!(code(taken), ErrorCode::AlreadyExists);
    set.set_special_use(&name("Gone out"), None).await.unwrap();
    set.set_special_use(&name("Other"), Some(SpecialUse::Sent)).await.unwrap();
    world.reopen().await;
    assert_eq!(world.client().list("", "O*").await, ["Other \\HasNoChildren \\Sent"]);
}
