//! The mail that the conformance suite starts from: INBOX, Sent and a
//! read-only Trash, with the exact sizes and dates that its cases count on.
//! Not here: the cases.

use std::rc::Rc;

use crate::backend::{CreateOptions, MailboxSet};
use crate::model::{AppendMessage, Flags, MailboxName, Result, Uid, Value, ZonedTime};

/// The first UID of each mailbox of the fixture; INBOX's must be asked for when the database is made.
pub const FIRST_UID: Uid = 101;

/// 1970-01-01, 1990-01-01, 2000-01-01 and 2010-01-01, each at 00:00 UTC, in milliseconds: the
/// INTERNALDATEs of INBOX's messages 101 to 104.
pub const DATES: [i64; 4] = [0, 631_152_000_000, 946_684_800_000, 1_262_304_000_000];

/// The octets of INBOX's messages 101 to 104.
pub const INBOX: [&str; 4] = [FIRST, SECOND, THIRD, FOURTH];

/// RFC822.SIZE of INBOX's messages 101 to 104.
pub const SIZES: [u64; 4] = [159, 161, 174, 1500];

/// Octets of the header of INBOX's message 101, its empty line included.
pub const FIRST_HEADER: usize = 122;

const FIRST: &str = "From: Ada <ada@example.org>\r\n\
To: testuser@example.org\r\n\
Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
Subject: the first of all\r\n\
\r\n\
Nothing came before this message.\r\n\
\r\n";

const SECOND: &str = "From: Newton <isaac@example.org>\r\n\
To: testuser@example.org\r\n\
Date: Mon, 1 Jan 1990 00:00:00 +0000\r\n\
Subject: falling apples\r\n\
\r\n\
Their velocity grows as they fall.\r\n";

const THIRD: &str = "From: Head Office <corp@example.com>\r\n\
To: testuser@example.org\r\n\
Date: Sat, 1 Jan 2000 00:00:00 +0000\r\n\
Subject: a new century\r\n\
Priority: high\r\n\
\r\n\
Please be on time on Monday.\r\n";

const FOURTH: &str = "From: Grace <grace@example.net>\r\n\
To: testuser@example.org\r\n\
Date: Fri, 1 Jan 2010 00:00:00 +0000\r\n\
Subject: Hello there, World\r\n\
\r\n";

/// The octets of Sent's messages 101 and 102.
pub const SENT: [&str; 2] = [SENT_FIRST, SENT_SECOND];

const SENT_FIRST: &str = "From: testuser@example.org\r\n\
To: ada@example.org\r\n\
Subject: an answer\r\n\
Message-Id: <answer@example.org>\r\n\
\r\n\
Yes.\r\n";

/// A multipart of three parts: base64 text (28 octets decoded), quoted-printable
/// text (12 octets decoded, UTF-8, with a sharp s) and a message (its text: 32 octets).
const SENT_SECOND: &str = "From: testuser@example.org\r\n\
To: grace@example.net\r\n\
Subject: three parts\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=\"part\"\r\n\
\r\n\
--part\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: base64\r\n\
\r\n\
QSBxdWlldCBkYXkgYnkgdGhlIG9sZCByaXZlcg==\r\n\
--part\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
\r\n\
foo bar =C3=9Faz\r\n\
--part\r\n\
Content-Type: message/rfc822\r\n\
\r\n\
From: someone@example.org\r\n\
Subject: within\r\n\
\r\n\
A message inside of a message.\r\n\
\r\n\
--part--\r\n";

/// The octets of Trash's message 101.
pub const TRASH: &str = "From: shop@example.com\r\n\
To: testuser@example.org\r\n\
Subject: cheap\r\n\
\r\n\
Only today.\r\n";

/// INBOX's message 104: its text repeated to [`SIZES`] octets.
pub fn fourth() -> Vec<u8> {
    let mut raw = FOURTH.as_bytes().to_vec();
    let wanted = usize::try_from(SIZES[3]).unwrap_or(0);
    while raw.len() + 70 < wanted {
        raw.extend_from_slice(b"Once more unto the breach, dear friends, once more, she wrote to all\r\n");
    }
    raw.resize(wanted.saturating_sub(2), b'.');
    raw.extend_from_slice(b"\r\n");
    raw
}

/// A message at 00:00 UTC.
fn message(raw: impl Into<Vec<u8>>, flags: &[&str], date_ms: i64) -> Result<AppendMessage> {
    Ok(AppendMessage {
        raw: Value::from(raw.into()),
        flags: Flags::parse(flags)?,
        internal_date: Some(ZonedTime { timestamp_ms: date_ms, zone_minutes: 0 }),
    })
}

/// Fills an empty mailbox set, whose INBOX begins at [`FIRST_UID`]:
///
/// | mailbox | UID | flags | INTERNALDATE |
/// |---|---|---|---|
/// | INBOX | 101 | `\Seen` | 1970-01-01 |
/// | | 102 | `\Seen \Answered` | 1990-01-01 |
/// | | 103 | `\Flagged` | 2000-01-01 |
/// | | 104 | unclaimed `\Recent` | 2010-01-01 |
/// | Sent | 101 | `\Seen` | 1990-01-01 |
/// | | 102 | `\Draft` | 2000-01-01 |
/// | Trash (read-only) | 101 | `\Deleted`, unclaimed `\Recent` | 2000-01-01 |
///
/// Fails as the set does.
pub async fn load(set: &Rc<dyn MailboxSet>) -> Result<()> {
    let create = CreateOptions { first_uid: Some(FIRST_UID), ..CreateOptions::default() };
    let (sent, trash) = (MailboxName::parse("Sent")?, MailboxName::parse("Trash")?);
    set.add_mailbox(&sent, &create).await?;
    set.add_mailbox(&trash, &create).await?;

    let inbox = set.get_mailbox(&MailboxName::inbox()).await?;
    let old = vec![
        message(FIRST, &["\\Seen"], DATES[0])?,
        message(SECOND, &["\\Seen", "\\Answered"], DATES[1])?,
        message(THIRD, &["\\Flagged"], DATES[2])?,
    ];
    inbox.append_many(old, false).await?;
    inbox.append_many(vec![message(fourth(), &[], DATES[3])?], true).await?;

    let drafts =
        vec![message(SENT_FIRST, &["\\Seen"], DATES[1])?, message(SENT_SECOND, &["\\Draft"], DATES[2])?];
    set.get_mailbox(&sent).await?.append_many(drafts, false).await?;

    let cheap = vec![message(TRASH, &["\\Deleted"], DATES[2])?];
    set.get_mailbox(&trash).await?.append_many(cheap, true).await?;
    set.set_readonly(&trash, true).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    #[test]
    fn sizes_are_as_stated() {
        let sizes = [FIRST.len() as u64, SECOND.len() as u64, THIRD.len() as u64, fourth().len() as u64];
        assert_eq!(sizes, SIZES);
        assert_eq!(FIRST.find("\r\n\r\n").unwrap() + 4, FIRST_HEADER);
        assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2] && sizes[2] < 1000 && sizes[3] > 1000);
    }

    #[test]
    fn the_three_parts_are_as_stated() {
        let parsed = MessageParser::default().parse(SENT_SECOND).unwrap();
        assert_eq!(parsed.body_text(0).unwrap().len(), 28);
        assert_eq!(parsed.body_text(1).unwrap().trim_end().len(), 12);
        assert!(parsed.body_text(1).unwrap().contains("ßaz"));
        let inner = parsed.attachment(0).unwrap().message().unwrap();
        assert_eq!(inner.subject(), Some("within"));
    }
}
