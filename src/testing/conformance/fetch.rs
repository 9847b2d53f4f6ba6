//! Cases of semantics 167-177: what FETCH tells of the messages themselves.

use std::rc::Rc;

use super::world::*;
use crate::mime::MailAddress;
use crate::model::{ErrorCode, FlagOp, Message, MessageFields, Result, Uid};
use crate::session::{FetchItems, FetchOptions, FetchResult, MessageItems, SectionContent};
use crate::testing::fixture::{self, FIRST_HEADER, INBOX, SENT, SIZES};

type Fetched = Vec<(Uid, MessageItems)>;

async fn try_fetch(client: &mut Client, uids: &str, items: &FetchItems) -> Result<(FetchResult, Fetched)> {
    let options =
        FetchOptions { set_seen: items.sets_seen(), fields: MessageFields::PLAIN, ..FetchOptions::default() };
    let mut found = Vec::new();
    let view = client.selected.as_mut().unwrap();
    let mut each = |_: u32, message: &Message, items| found.push((message.uid, items));
    let result = client.session.fetch(view, &uid(uids), &options, items, &mut each).await?;
    Ok((result, found))
}

/// The items of one message, asked for as IMAP does.
async fn fetch(client: &mut Client, uids: &str, items: &str) -> MessageItems {
    let (_, mut found) = try_fetch(client, uids, &FetchItems::parse(items).unwrap()).await.unwrap();
    found.pop().unwrap().1
}

/// The octets of one section, `None` for NIL.
async fn section(client: &mut Client, uids: &str, item: &str) -> Option<Vec<u8>> {
    match fetch(client, uids, item).await.sections.unwrap().pop().unwrap() {
        SectionContent::Octets(octets) => Some(octets.to_vec()),
        SectionContent::Missing => None,
        SectionContent::Size(size) => panic!("{item}: {size}"),
    }
}

async fn text(client: &mut Client, uids: &str, item: &str) -> String {
    String::from_utf8(section(client, uids, item).await.unwrap()).unwrap()
}

pub async fn s167_the_macros_tell_metadata_envelope_and_structure(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let (result, found) = try_fetch(&mut client, "104", &FetchItems::fast()).await.unwrap();
    let (seq, message) = result.messages.first().unwrap();
    assert_eq!((*seq, message.size, message.internal_date.timestamp_ms), (4, SIZES[3], fixture::DATES[3]));
    assert_eq!(found, [(104, MessageItems::default())]);
    let full = fetch(&mut client, "104", "FULL").await;
    assert_eq!(full.raw_envelope.as_ref().unwrap().date.as_deref(), Some("Fri, 1 Jan 2010 00:00:00 +0000"));
    let structure = full.body_structure.as_ref().unwrap();
    let body = SIZES[3] - fixture::fourth().windows(4).position(|end| end == b"\r\n\r\n").unwrap() as u64 - 4;
    assert!(structure.is("text", "plain") && structure.size == body);
    assert_eq!(
        fetch(&mut client, "104", "ALL").await,
        MessageItems { raw_envelope: full.raw_envelope, ..MessageItems::default() }
    );
}

pub async fn s168_octets_and_headers_are_exact(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for (uid, raw) in ["101", "102", "103"].into_iter().zip(INBOX) {
        assert_eq!(text(&mut client, uid, "BODY.PEEK[]").await, raw);
        assert_eq!(text(&mut client, uid, "RFC822").await, raw);
    }
    assert_eq!(section(&mut client, "104", "RFC822").await.unwrap(), fixture::fourth());
    let header = text(&mut client, "101", "RFC822.HEADER").await;
    assert_eq!((header.len(), header.as_str()), (FIRST_HEADER, &INBOX[0][..FIRST_HEADER]));
    assert_eq!(text(&mut client, "101", "RFC822.TEXT").await, INBOX[0][FIRST_HEADER..]);
    assert_eq!(text(&mut client, "101", "BODY.PEEK[1]").await, INBOX[0][FIRST_HEADER..]);
    let source = FetchItems { source: true, ..FetchItems::default() };
    let (_, found) = try_fetch(&mut client, "101", &source).await.unwrap();
    assert_eq!(found.first().unwrap().1.source.as_ref().unwrap().to_vec(), INBOX[0].as_bytes());
}

pub async fn s169_header_fields_keep_their_order_and_end_with_an_empty_line(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    let fields = text(&mut client, "103", "BODY.PEEK[HEADER.FIELDS (PRIORITY from)]").await;
    assert_eq!(fields, "From: Head Office <corp@example.com>\r\nPriority: high\r\n\r\n");
    let others = text(&mut client, "103", "BODY.PEEK[HEADER.FIELDS.NOT (From To Date Subject)]").await;
    assert_eq!(others, "Priority: high\r\n\r\n");
    assert_eq!(text(&mut client, "103", "BODY.PEEK[HEADER.FIELDS (X-None)]").await, "\r\n");
    client.select("Sent").await;
    assert_eq!(
        text(&mut client, "102", "BODY.PEEK[3.HEADER.FIELDS (subject)]").await,
        "Subject: within\r\n\r\n"
    );
}

pub async fn header_fields_are_told_decoded_by_name(world: Rc<World>) {
    let mut client = world.client();
    client
        .append(
            "INBOX",
            "X-N: =?utf-8?q?=C3=9F?= =?utf-8?q?x?=\r\nReceived: one\r\n two\r\nx-n: b\r\n\r\nX-N: body\r\n",
        )
        .await;
    client.select("INBOX").await;
    let names = ["x-N", "RECEIVED", "Absent"].map(str::to_owned).to_vec();
    let (_, found) =
        try_fetch(&mut client, "101", &FetchItems { headers: names, ..FetchItems::default() }).await.unwrap();
    let told: Vec<String> = found[0]
        .1
        .headers
        .as_ref()
        .unwrap()
        .iter()
        .map(|(name, values)| format!("{name}={values:?}"))
        .collect();
    assert_eq!(told, ["x-n=[\"ßx\", \"b\"]", "received=[\"one two\"]", "absent=[]"]);
}

pub async fn s170_seen_is_set_once_and_not_by_peeking(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("INBOX").await;
    for item in ["BODY.PEEK[]", "RFC822.HEADER", "BINARY.PEEK[1]", "BINARY.SIZE[1]", "FULL", "PREVIEW"] {
        let (result, _) = try_fetch(&mut client, "103", &FetchItems::parse(item).unwrap()).await.unwrap();
        assert_eq!(shown(&result.messages), "3 103 (\\Flagged)", "{item}");
    }
    for update in ["3 FETCH 103 (\\Flagged \\Seen)", ""] {
        let item = "BODY[1]";
        let (result, _) = try_fetch(&mut client, "103", &FetchItems::parse(item).unwrap()).await.unwrap();
        assert_eq!(shown(&result.messages), "3 103 (\\Flagged \\Seen)");
        assert_eq!(told(&result.updates), update);
    }
    let before = world.dump().await;
    for item in ["RFC822", "RFC822.TEXT", "BINARY[1]"] {
        try_fetch(&mut client, "103", &FetchItems::parse(item).unwrap()).await.unwrap();
    }
    assert_eq!(world.dump().await, before);
}

pub async fn s171_s172_parts_decoded_and_as_they_stand(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("Sent").await;
    assert_eq!(text(&mut client, "102", "BINARY.PEEK[1]").await, "A quiet day by the old river");
    assert_eq!(text(&mut client, "102", "BINARY.PEEK[1]<5.17>").await, "et day by the old");
    assert_eq!(text(&mut client, "102", "BINARY.PEEK[2]").await, "foo bar ßaz");
    assert_eq!(text(&mut client, "102", "BODY.PEEK[2]").await, "foo bar =C3=9Faz");
    assert_eq!(text(&mut client, "102", "BODY.PEEK[3.TEXT]").await, "A message inside of a message.\r\n");
    assert_eq!(text(&mut client, "102", "BODY.PEEK[1]<38.99>").await, "==");
    assert_eq!(text(&mut client, "102", "BODY.PEEK[]<9999.1>").await, "");
    assert_eq!(text(&mut client, "102", "BODY.PEEK[TEXT]<0.6>").await, "--part");
    assert_eq!(
        text(&mut client, "102", "BODY.PEEK[2.MIME]").await,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    );
    let sizes = fetch(&mut client, "102", "(BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[9])").await;
    let expected = [SectionContent::Size(28), SectionContent::Size(12), SectionContent::Missing];
    assert_eq!(sizes.sections.unwrap(), expected);
}

pub async fn s173_messages_of_nothing_but_a_header(world: Rc<World>) {
    let mut client = world.client();
    for raw in ["", "\r\n", "Subject: x", "Subject: x\r\n \r\nTo: a@b\r\n", "Subject: x\r\n\r\n"] {
        client.append("INBOX", raw).await;
        client.select("INBOX").await;
        assert_eq!(text(&mut client, "*", "BODY.PEEK[]").await, raw);
        assert_eq!(text(&mut client, "*", "BODY.PEEK[HEADER]").await, raw);
        assert_eq!(text(&mut client, "*", "BODY.PEEK[TEXT]").await, "");
        assert_eq!(text(&mut client, "*", "BODY.PEEK[1]").await, "");
        assert_eq!(fetch(&mut client, "*", "BODY").await.body_structure.unwrap().size, 0);
    }
}

pub async fn s174_structures_count_bodies_alone(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.append("INBOX", "Content-Type: multipart/mixed; boundary=x\r\nContent-Disposition: attachment; filename=f\r\n\r\nnothing\r\n").await;
    client.select("Sent").await;
    let structure = fetch(&mut client, "102", "BODYSTRUCTURE").await.body_structure.unwrap();
    assert_eq!(
        structure.to_imap(false),
        "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"base64\" 40 0)\
         (\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 16 0)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 78 \
         (NIL \"within\" ((NIL NIL \"someone\" \"example.org\")) ((NIL NIL \"someone\" \"example.org\")) \
         ((NIL NIL \"someone\" \"example.org\")) NIL NIL NIL NIL NIL) \
         (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 32 1) 4) \"mixed\")"
    );
    client.select("INBOX").await;
    let empty = fetch(&mut client, "105", "BODYSTRUCTURE").await.body_structure.unwrap();
    assert_eq!(
        empty.to_imap(true),
        "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"x\") \
         (\"attachment\" (\"filename\" \"f\")) NIL NIL)"
    );
}

pub async fn s175_envelopes_raw_and_decoded(world: Rc<World>) {
    let mut client = world.client();
    let raw =
        "Date: yesterday\r\nSubject: =?utf-8?q?=C3=9F?=\r\nFrom: J <j@x>\r\nSender: \r\nTo: g:a@b;\r\n\r\n";
    client.append("INBOX", raw).await;
    client.select("INBOX").await;
    let items = FetchItems { raw_envelope: true, envelope: true, preview: true, ..FetchItems::default() };
    let (_, found) = try_fetch(&mut client, "101", &items).await.unwrap();
    let found = &found.first().unwrap().1;
    assert_eq!(
        found.raw_envelope.as_ref().unwrap().to_imap(),
        "(\"yesterday\" \"=?utf-8?q?=C3=9F?=\" ((\"J\" NIL \"j\" \"x\")) ((\"J\" NIL \"j\" \"x\")) \
         ((\"J\" NIL \"j\" \"x\")) ((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)"
    );
    let row = found.row.as_ref().unwrap();
    assert_eq!((row.subject.as_str(), row.sent_date), ("ß", None));
    assert_eq!(row.to, [MailAddress { name: None, address: "a@b".to_owned() }]);
}

pub async fn s176_numbers_of_parts_and_what_is_not_there(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    let outer = format!(
        "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n\r\none\r\n--out\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--out--\r\n",
        SENT[1]
    );
    client.append("INBOX", &outer).await;
    client.select("INBOX").await;
    assert_eq!(text(&mut client, "105", "BODY.PEEK[1]").await, "one");
    assert_eq!(text(&mut client, "105", "BINARY.PEEK[2.1]").await, "A quiet day by the old river");
    assert_eq!(text(&mut client, "105", "BODY.PEEK[2.3.1]").await, "A message inside of a message.\r\n");
    assert_eq!(text(&mut client, "105", "BODY.PEEK[2]").await, SENT[1]);
    assert!(text(&mut client, "105", "BODY.PEEK[2.HEADER]").await.ends_with("boundary=\"part\"\r\n\r\n"));
    assert_eq!(text(&mut client, "105", "BODY.PEEK[2.MIME]").await, "Content-Type: message/rfc822\r\n\r\n");
    for nothing in
        ["BODY.PEEK[3]", "BODY.PEEK[1.1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[2.1.TEXT]", "BINARY.PEEK[2.9]"]
    {
        assert_eq!(section(&mut client, "105", nothing).await, None, "{nothing}");
    }
    assert_eq!(section(&mut client, "101", "BODY.PEEK[2]").await, None);
}

pub async fn s177_encodings_that_are_unknown_or_broken(world: Rc<World>) {
    let mut client = world.client();
    for (encoding, body) in
        [("x-rot13", "uryyb"), ("binary", "a\0b"), ("base64", "aGV!sbG8"), ("quoted-printable", "a=ZZ=")]
    {
        client.append("INBOX", &format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}")).await;
    }
    client.select("INBOX").await;
    assert_eq!(text(&mut client, "101", "BODY.PEEK[1]").await, "uryyb");
    assert_eq!(text(&mut client, "102", "BINARY.PEEK[1]").await, "a\0b");
    assert_eq!(text(&mut client, "103", "BINARY.PEEK[1]").await, "hello");
    assert!(text(&mut client, "104", "BINARY.PEEK[1]").await.starts_with("a=ZZ"));
    let mut other = world.rival().await;
    other.append("INBOX", "new").await;
    let refused = try_fetch(&mut client, "101", &FetchItems::parse("BINARY.PEEK[1]").unwrap()).await;
    assert_eq!(code(refused), ErrorCode::UnknownCte);
    // What a failing fetch found out is told by the next call.
    assert_eq!(client.noop().await, "5 EXISTS; 5 RECENT; 5 FETCH 105 (\\Recent)");
    let mailbox_id = client.view().mailbox_id().clone();
    assert_eq!(code(client.session.open_part(&mailbox_id, 101, vec![1]).await), ErrorCode::UnknownCte);
}

pub async fn texts_html_and_attachments(world: Rc<World>) {
    let mut client = world.client();
    client
        .append(
            "INBOX",
            "Content-Type: multipart/mixed; boundary=m\r\n\r\n\
             --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
             --r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
             --a\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n\
             --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p onclick=x()>Grüße <img src=\"cid:p@x\"></p>\r\n--a--\r\n\
             --r\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n\
             --m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''%C3%9F.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n\
             --m\r\nContent-Type: image/gif; name=between.gif\r\nContent-Disposition: inline\r\n\r\nGIF\r\n--m--\r\n",
        )
        .await;
    client.append("INBOX", "Subject: plain\r\n\r\nonly text\r\n").await;
    client.select("INBOX").await;
    let items = FetchItems { text: true, html: true, attachments: true, ..FetchItems::default() };
    let (_, found) = try_fetch(&mut client, "101:102", &items).await.unwrap();
    let [(_, rich), (_, plain)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(rich.text.as_deref(), Some("Grüße"));
    assert_eq!(rich.html.as_deref(), Some("<p onclick=x()>Grüße <img src=\"cid:p@x\"></p>"));
    let files: Vec<String> = rich
        .attachments
        .iter()
        .flatten()
        .map(|file| {
            let name = file.filename.as_deref().unwrap_or_default();
            let id = file.content_id.as_deref().unwrap_or_default();
            format!("{:?} {}/{} {name} {id} {} {}", file.path, file.main, file.sub, file.inline, file.size)
        })
        .collect();
    assert_eq!(
        files,
        [
            "[1, 2] image/png  p@x true 4",
            "[2] application/pdf ß.pdf  false 4",
            "[3] image/gif between.gif  true 3",
        ]
    );
    assert_eq!((plain.text.as_deref(), &plain.html), (Some("only text\n"), &None));
    assert_eq!(plain.attachments.as_deref(), Some(&[][..]));
}

pub async fn parts_open_whatever_became_of_the_view(world: Rc<World>) {
    world.fixture().await;
    let mut client = world.client();
    client.select("Sent").await;
    let mailbox_id = client.view().mailbox_id().clone();
    client.close(false).await;
    let session = &client.session;
    let read = async |uid: Uid, path: &[u32]| {
        let Some(mut part) = session.open_part(&mailbox_id, uid, path.to_vec()).await? else {
            return Ok(None);
        };
        let mut octets = Vec::new();
        while let Some(piece) = part.next_piece() {
            octets.extend(piece.to_vec());
        }
        Ok(Some(octets))
    };
    assert_eq!(read(102, &[1]).await.unwrap().unwrap(), b"A quiet day by the old river");
    assert_eq!(read(102, &[3]).await.unwrap().unwrap().len(), 78);
    assert_eq!(read(101, &[1]).await.unwrap().unwrap(), b"Yes.\r\n");
    assert_eq!(read(102, &[7]).await.unwrap(), None);
    assert_eq!(code(read(102, &[]).await), ErrorCode::InvalidArgument);
    assert_eq!(code(read(103, &[1]).await), ErrorCode::NotFound);
    client.session.rename_mailbox("Sent", "Old", None).await.unwrap();
    assert!(client.session.open_part(&mailbox_id, 102, vec![2]).await.unwrap().is_some());
    client.session.delete_mailbox("Old", None).await.unwrap();
    assert_eq!(code(client.session.open_part(&mailbox_id, 102, vec![2]).await), ErrorCode::NotFound);
    client.session.close().await;
    assert_eq!(code(client.session.open_part(&mailbox_id, 102, vec![2]).await), ErrorCode::Closed);
}

pub async fn s97_items_of_a_message_that_is_gone(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    rival.remove("102").await;
    let items =
        FetchItems { envelope: true, source: true, ..FetchItems::parse("(BODY.PEEK[1] BODY)").unwrap() };
    let (result, found) = try_fetch(&mut client, "102:103", &items).await.unwrap();
    assert_eq!(shown(&result.messages), "2 102 (\\Answered \\Seen) X; 3 103 (\\Flagged)");
    assert!(result.expunge_issued && found.len() == 2);
    client.noop().await;
    rival.session.mailbox_set().cleanup(true).await.unwrap();
    world.reopen().await;
    let mut late = world.client();
    late.select("INBOX").await;
    assert_eq!(world.mailbox("INBOX").await.content(&[102]).await.unwrap(), [None]);
    let mailbox_id = late.view().mailbox_id().clone();
    assert_eq!(code(late.session.open_part(&mailbox_id, 102, vec![1]).await), ErrorCode::NotFound);
    let (_, found) = try_fetch(&mut late, "102:103", &items).await.unwrap();
    let [(103, items)] = found.as_slice() else { panic!("{found:?}") };
    assert!(items.source.is_some() && items.sections.is_some() && items.row.is_some());
}

pub async fn s98_changed_since_and_vanished_with_items(world: Rc<World>) {
    world.fixture().await;
    let (mut client, mut rival) = (world.client(), world.rival().await);
    client.select("INBOX").await;
    rival.select("INBOX").await;
    let since = client.view().mod_seq();
    rival.remove("101").await;
    rival.store(uid("103"), FlagOp::Add, "\\Answered").await;
    let options = FetchOptions { changed_since: Some(since), ..FetchOptions::default() };
    let items = FetchItems::parse("BODY.PEEK[HEADER.FIELDS (Subject)]").unwrap();
    let mut uids = Vec::new();
    let mut each = |_: u32, message: &Message, found: MessageItems| {
        uids.push((message.uid, found.sections.is_some()));
    };
    let view = client.selected.as_mut().unwrap();
    let result = client.session.fetch(view, &uid("1:*"), &options, &items, &mut each).await.unwrap();
    assert_eq!(uids, [(103, true)]);
    assert_eq!(result.vanished.unwrap().iter().collect::<Vec<_>>(), [101]);
}
