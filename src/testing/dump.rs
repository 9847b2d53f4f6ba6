//! Everything that can be seen of a mailbox set, as text: to compare a set with
//! itself after a reload, a failure, or a rival's work. Not here: what is
//! compared.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::backend::MailboxSet;
use crate::model::{MailboxName, MessageFields, Result, Uid};
use crate::platform;

/// How ids are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// As they are, with UIDVALIDITY and SAVEDATE.
    Exact,
    /// By the order of their first appearance, so that two databases with the
    /// same history have the same text. UIDVALIDITY and SAVEDATE are left out.
    Numbered,
}

#[derive(Default)]
struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn text(&mut self, ids: Ids, id: &str) -> String {
        if ids == Ids::Exact {
            return id.to_owned();
        }
        let next = self.0.len() + 1;
        format!("#{}", self.0.entry(id.to_owned()).or_insert(next))
    }
}

/// Every mailbox with its attributes, counts, messages, flags, ids, octets
/// (as a checksum), the subscriptions and the filters. Fails as the set does.
pub async fn dump(set: &Rc<dyn MailboxSet>, ids: Ids) -> Result<String> {
    let mut text = String::new();
    let mut numbers = Numbers::default();
    for entry in set.list_mailboxes().await?.entries() {
        let attributes: Vec<&str> = entry.attributes.iter().map(|attribute| attribute.as_str()).collect();
        let _ = writeln!(text, "{} ({})", entry.name, attributes.join(" "));
        if entry.is_selectable() {
            let name = MailboxName::parse(&entry.name)?;
            dump_mailbox(set, &name, ids, &mut numbers, &mut text).await?;
        }
    }
    for entry in set.list_subscribed().await?.entries() {
        let _ = writeln!(text, "subscribed {}", entry.name);
    }
    if let Some(filters) = set.filter_set() {
        let (active, names) = filters.get_all().await?;
        for name in names {
            let script = platform::crc32(&filters.get(&name).await?);
            let mark = if active.as_ref() == Some(&name) { " active" } else { "" };
            let _ = writeln!(text, "filter {name:?}{mark} {script:x}");
        }
    }
    Ok(text)
}

async fn dump_mailbox(
    set: &Rc<dyn MailboxSet>,
    name: &MailboxName,
    ids: Ids,
    numbers: &mut Numbers,
    text: &mut String,
) -> Result<()> {
    let mailbox = set.get_mailbox(name).await?;
    let snapshot = mailbox.snapshot().await?;
    let _ = write!(text, "  {}", numbers.text(ids, snapshot.mailbox_id.as_str()));
    if ids == Ids::Exact {
        let _ = write!(text, " uidvalidity {}", snapshot.uid_validity);
    }
    let _ = writeln!(
        text,
        " readonly {} exists {} recent {} unseen {} first unseen {:?} deleted {} size {} uidnext {} modseq {}",
        mailbox.readonly(),
        snapshot.exists,
        snapshot.recent,
        snapshot.unseen,
        snapshot.first_unseen,
        snapshot.deleted,
        snapshot.size,
        snapshot.uid_next,
        snapshot.highest_mod_seq,
    );
    let Some(state) = mailbox.state().await? else { return Ok(()) };
    let uids: Vec<Uid> = state.live().map(|live| live.uid).collect();
    let messages = mailbox.messages(&uids, MessageFields::ALL).await?;
    let contents = mailbox.content(&uids).await?;
    for (message, content) in messages.into_iter().zip(contents) {
        let Some(message) = message else {
            let _ = writeln!(text, "  a live message without metadata");
            continue;
        };
        let email = message.email_id.map_or_else(|| "-".into(), |id| numbers.text(ids, id.as_str()));
        let thread = message.thread_id.map_or_else(|| "-".into(), |id| numbers.text(ids, id.as_str()));
        let checksum = content.map(|content| content.with(platform::crc32));
        let _ = write!(
            text,
            "  {} {} modseq {} date {}{:+} size {} email {email} thread {thread} octets {checksum:x?}",
            message.uid,
            message.flags,
            message.mod_seq,
            message.internal_date.timestamp_ms,
            message.internal_date.zone_minutes,
            message.size,
        );
        let _ = if ids == Ids::Exact {
            writeln!(text, " saved {}", message.save_date_ms)
        } else {
            writeln!(text)
        };
    }
    Ok(())
}
