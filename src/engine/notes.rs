//! What a commit tells in the journal: which mailboxes it touched, and how.
//! Here: its bytes. Not here: the journal itself (the store keeps it).

use super::codec::{Writer, unseal};
use super::layout::MailboxNumber;
use crate::backend::MailboxEvent;
use crate::model::{Error, MailboxId, Result};
use crate::store::{CommitId, Key, Space};

const VERSION: u8 = 2;

/// Notes are no record of their own: their checksum covers the name of their commit.
fn place(commit: &CommitId) -> Key {
    Key::new(Space::Meta).then(b"note").then(commit)
}

/// One thing a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Messages of a mailbox changed.
    Messages { number: MailboxNumber, mailbox_id: MailboxId },
    /// The names changed.
    Names(MailboxEvent),
}

/// The bytes of a commit's notes.
pub fn encode(commit: &CommitId, notes: &[Note]) -> Vec<u8> {
    let mut out = Writer::new();
    out.varint(notes.len() as u64);
    for note in notes {
        match note {
            Note::Messages { number, mailbox_id } => out.u8(0).u32(*number).text(mailbox_id.as_str()),
            Note::Names(MailboxEvent::Created { mailbox_id, name }) => {
                out.u8(1).text(mailbox_id.as_str()).text(name)
            }
            Note::Names(MailboxEvent::Renamed { mailbox_id, before, name }) => {
                out.u8(2).text(mailbox_id.as_str()).text(before).text(name)
            }
            Note::Names(MailboxEvent::Deleted { mailbox_id, name }) => {
                out.u8(3).text(mailbox_id.as_str()).text(name)
            }
            Note::Names(MailboxEvent::Attributes { name }) => out.u8(4).text(name),
            Note::Names(MailboxEvent::Changed { mailbox_id, name }) => {
                out.u8(5).text(mailbox_id.as_str()).text(name)
            }
        };
    }
    out.seal(&place(commit), VERSION)
}

/// The notes of these bytes.
pub fn decode(commit: &CommitId, record: &[u8]) -> Result<Vec<Note>> {
    let mut input = unseal(&place(commit), record, VERSION, "journal note")?;
    let count = input.count(1)?;
    let mut notes = Vec::with_capacity(count);
    for _ in 0..count {
        let note = match input.u8()? {
            0 => Note::Messages { number: input.u32()?, mailbox_id: MailboxId::parse(&input.text()?)? },
            1 => Note::Names(MailboxEvent::Created {
                mailbox_id: MailboxId::parse(&input.text()?)?,
                name: input.text()?,
            }),
            2 => Note::Names(MailboxEvent::Renamed {
                mailbox_id: MailboxId::parse(&input.text()?)?,
                before: input.text()?,
                name: input.text()?,
            }),
            3 => Note::Names(MailboxEvent::Deleted {
                mailbox_id: MailboxId::parse(&input.text()?)?,
                name: input.text()?,
            }),
            4 => Note::Names(MailboxEvent::Attributes { name: input.text()? }),
            5 => Note::Names(MailboxEvent::Changed {
                mailbox_id: MailboxId::parse(&input.text()?)?,
                name: input.text()?,
            }),
            _ => return Err(Error::corrupt("a stored journal note is damaged")),
        };
        notes.push(note);
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_round_trip() {
        let mailbox_id = MailboxId::from_bytes(&[1, 2]);
        let notes = vec![
            Note::Messages { number: 7, mailbox_id: mailbox_id.clone() },
            Note::Names(MailboxEvent::Created { mailbox_id: mailbox_id.clone(), name: "a".into() }),
            Note::Names(MailboxEvent::Renamed {
                mailbox_id: mailbox_id.clone(),
                before: "a".into(),
                name: "b".into(),
            }),
            Note::Names(MailboxEvent::Deleted { mailbox_id, name: "b".into() }),
            Note::Names(MailboxEvent::Attributes { name: "c".into() }),
        ];
        assert_eq!(decode(&[7; 16], &encode(&[7; 16], &notes)).unwrap(), notes);
        assert!(decode(&[8; 16], &encode(&[7; 16], &notes)).is_err());
    }
}
