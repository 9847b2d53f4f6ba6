//! The names record: every mailbox by name, the subscriptions, the
//! UIDVALIDITY clock. Here: its bytes and its rules, purely. Not here: commits.

use std::collections::{HashMap, HashSet};

use super::codec::{Writer, unseal};
use super::layout::MailboxNumber;
use crate::model::{Error, ErrorCode, ListDetails, ListTree, MailboxId, MailboxName, Result, SpecialUse};
use crate::store::Key;

const VERSION: u8 = 2;

/// One mailbox as the names know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub number: MailboxNumber,
    pub id: MailboxId,
    pub name: MailboxName,
    pub special_use: Option<SpecialUse>,
}

/// Every name of a database. Entries are in order of creation; INBOX is one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub entries: Vec<Entry>,
    pub subscribed: Vec<MailboxName>,
    /// Mailboxes that are deleted and whose pages still have to be emptied.
    pub graves: Vec<MailboxNumber>,
    pub next_number: MailboxNumber,
    pub last_uid_validity: u32,
}

/// What a rename does: who is called what from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    pub number: MailboxNumber,
    pub id: MailboxId,
    pub before: MailboxName,
    pub after: MailboxName,
}

fn exists_already(name: &MailboxName) -> Error {
    Error::new(ErrorCode::AlreadyExists, format!("{:?} exists already", name.as_str()))
}

impl Names {
    /// No mailbox at all; the engine adds INBOX at once.
    pub fn new() -> Names {
        Names {
            entries: Vec::new(),
            subscribed: Vec::new(),
            graves: Vec::new(),
            next_number: 1,
            last_uid_validity: 0,
        }
    }

    pub fn by_name(&self, name: &MailboxName) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    pub fn by_number(&self, number: MailboxNumber) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    pub fn by_id(&self, id: &MailboxId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *id)
    }

    /// Every mailbox as a tree.
    pub fn tree(&self) -> ListTree {
        let mut tree = ListTree::new();
        let subscriptions: HashSet<&MailboxName> = self.subscribed.iter().collect();
        for entry in &self.entries {
            let subscribed = entry.name.is_inbox() || subscriptions.contains(&entry.name);
            tree.insert(
                &entry.name,
                ListDetails { special_use: entry.special_use, subscribed, non_existent: false },
            );
        }
        tree
    }

    /// The subscribed names as a tree: the existing in order of creation, then the others.
    pub fn subscribed_tree(&self) -> ListTree {
        let mut tree = ListTree::new();
        let existing: HashSet<&MailboxName> = self.entries.iter().map(|entry| &entry.name).collect();
        let subscriptions: HashSet<&MailboxName> = self.subscribed.iter().collect();
        for entry in &self.entries {
            if entry.name.is_inbox() || subscriptions.contains(&entry.name) {
                let details =
                    ListDetails { special_use: entry.special_use, subscribed: true, non_existent: false };
                tree.insert(&entry.name, details);
            }
        }
        for name in self.subscribed.iter().filter(|name| !existing.contains(name) && !name.is_inbox()) {
            tree.insert(name, ListDetails { special_use: None, subscribed: true, non_existent: true });
        }
        tree
    }

    /// The next UIDVALIDITY: the time in seconds, or one more than the last (semantics 69).
    fn tick(&mut self, now_ms: i64) -> u32 {
        let seconds = u32::try_from(now_ms / 1000).unwrap_or(0);
        self.last_uid_validity = seconds.max(self.last_uid_validity.saturating_add(1));
        self.last_uid_validity
    }

    /// Adds a mailbox; returns its number and UIDVALIDITY. `ALREADY_EXISTS` for
    /// a name or special use that is taken; `LIMIT` when the numbers run out.
    pub fn add(
        &mut self,
        name: &MailboxName,
        id: MailboxId,
        special_use: Option<SpecialUse>,
        now_ms: i64,
    ) -> Result<(MailboxNumber, u32)> {
        if self.by_name(name).is_some() {
            return Err(exists_already(name));
        }
        self.check_special_use(special_use, None)?;
        let number = self.next_number;
        self.next_number = number
            .checked_add(1)
            .ok_or_else(|| Error::new(ErrorCode::Limit, "no more mailboxes can be numbered"))?;
        self.entries.push(Entry { number, id, name: name.clone(), special_use });
        Ok((number, self.tick(now_ms)))
    }

    fn check_special_use(&self, wanted: Option<SpecialUse>, own: Option<MailboxNumber>) -> Result<()> {
        let holder = self
            .entries
            .iter()
            .find(|entry| wanted.is_some() && entry.special_use == wanted && Some(entry.number) != own);
        match (holder, wanted) {
            (Some(holder), Some(wanted)) => Err(Error::new(
                ErrorCode::AlreadyExists,
                format!("{:?} has the special use {wanted} already", holder.name.as_str()),
            )),
            _ => Ok(()),
        }
    }

    /// Removes a mailbox. `NOT_FOUND`; `CANNOT` for INBOX (semantics 38).
    pub fn remove(&mut self, name: &MailboxName) -> Result<Entry> {
        if name.is_inbox() {
            return Err(Error::new(ErrorCode::Cannot, "INBOX cannot be deleted"));
        }
        let at = self
            .entries
            .iter()
            .position(|entry| entry.name == *name)
            .ok_or_else(|| Error::no_mailbox(name.as_str()))?;
        let entry = self.entries.remove(at);
        self.graves.push(entry.number);
        Ok(entry)
    }

    /// Renames a mailbox and those below it (semantics 40-46). INBOX itself
    /// becomes the new name; the caller adds a new INBOX.
    pub fn rename(&mut self, before: &MailboxName, after: &MailboxName) -> Result<Vec<Renamed>> {
        let tree = self.tree();
        if after.is_inbox() || tree.get(after).is_some() {
            return Err(exists_already(after));
        }
        if tree.get(before).is_none() {
            return Err(Error::no_mailbox(before.as_str()));
        }
        let renames: HashMap<MailboxName, MailboxName> =
            tree.get_renames(before, after)?.into_iter().collect();
        let mut renamed = Vec::with_capacity(renames.len());
        for entry in &mut self.entries {
            if let Some(after) = renames.get(&entry.name) {
                let before = std::mem::replace(&mut entry.name, after.clone());
                renamed.push(Renamed {
                    number: entry.number,
                    id: entry.id.clone(),
                    before,
                    after: after.clone(),
                });
            }
        }
        for name in &mut self.subscribed {
            if let Some(after) = renames.get(name) {
                *name = after.clone();
            }
        }
        Ok(renamed)
    }

    /// Subscribes or unsubscribes; returns whether that changed anything.
    pub fn set_subscribed(&mut self, name: &MailboxName, subscribed: bool) -> bool {
        let at = self.subscribed.iter().position(|known| known == name);
        match (at, subscribed) {
            (None, true) => self.subscribed.push(name.clone()),
            (Some(at), false) => {
                self.subscribed.remove(at);
            }
            _ => return false,
        }
        true
    }

    /// Gives or takes a special use; returns whether that changed anything.
    pub fn set_special_use(&mut self, name: &MailboxName, special_use: Option<SpecialUse>) -> Result<bool> {
        let number = self.by_name(name).ok_or_else(|| Error::no_mailbox(name.as_str()))?.number;
        self.check_special_use(special_use, Some(number))?;
        match self.entries.iter_mut().find(|entry| entry.number == number) {
            Some(entry) if entry.special_use != special_use => {
                entry.special_use = special_use;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.u32(self.next_number).u32(self.last_uid_validity);
        out.varint(self.entries.len() as u64);
        for entry in &self.entries {
            out.u32(entry.number).text(entry.id.as_str()).text(entry.name.as_str());
            out.text(entry.special_use.map_or("", SpecialUse::as_str));
        }
        out.varint(self.subscribed.len() as u64);
        for name in &self.subscribed {
            out.text(name.as_str());
        }
        out.varint(self.graves.len() as u64);
        for number in &self.graves {
            out.u32(*number);
        }
        out.seal(key, VERSION)
    }

    pub fn decode(key: &Key, record: &[u8]) -> Result<Names> {
        let mut input = unseal(key, record, VERSION, "record of names")?;
        let (next_number, last_uid_validity) = (input.u32()?, input.u32()?);
        let count = input.count(6)?;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let number = input.u32()?;
            let id = MailboxId::parse(&input.text()?)?;
            let name = MailboxName::parse(&input.text()?)?;
            let special_use = match input.text()?.as_str() {
                "" => None,
                text => Some(SpecialUse::parse(text)?),
            };
            entries.push(Entry { number, id, name, special_use });
        }
        let count = input.count(1)?;
        let subscribed =
            (0..count).map(|_| MailboxName::parse(&input.text()?)).collect::<Result<Vec<_>>>()?;
        let count = input.count(4)?;
        let graves = (0..count).map(|_| input.u32()).collect::<Result<Vec<_>>>()?;
        Ok(Names { entries, subscribed, graves, next_number, last_uid_validity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> MailboxName {
        MailboxName::parse(text).unwrap()
    }

    fn names() -> Names {
        let mut names = Names::new();
        for (n, text) in ["INBOX", "Sent", "INBOX/kid", "P/q"].into_iter().enumerate() {
            let special_use = (text == "Sent").then_some(SpecialUse::Sent);
            names.add(&name(text), MailboxId::from_bytes(&[n as u8]), special_use, 5_000).unwrap();
        }
        names.set_subscribed(&name("Sent"), true);
        names.set_subscribed(&name("gone"), true);
        names
    }

    #[test]
    fn s69_uid_validity_rises_even_when_the_clock_does_not() {
        let mut names = Names::new();
        let (_, first) = names.add(&name("a"), MailboxId::from_bytes(&[1]), None, 5_000).unwrap();
        let (_, second) = names.add(&name("b"), MailboxId::from_bytes(&[2]), None, 4_000).unwrap();
        assert!(first > 0 && second > first);
    }

    #[test]
    fn names_round_trip() {
        let names = names();
        let key = crate::engine::layout::names();
        assert_eq!(Names::decode(&key, &names.encode(&key)).unwrap(), names);
    }

    #[test]
    fn s45_s46_s56_renames_move_what_they_must() {
        let mut names = names();
        let renamed = names.rename(&name("INBOX"), &name("Old")).unwrap();
        assert_eq!(renamed.len(), 1);
        assert!(names.by_name(&name("INBOX/kid")).is_some());
        names.rename(&name("Sent"), &name("Out")).unwrap();
        assert_eq!(names.subscribed, [name("Out"), name("gone")]);
        assert_eq!(names.by_name(&name("Out")).unwrap().special_use, Some(SpecialUse::Sent));
        names.rename(&name("P/q"), &name("P")).unwrap_err();
        names.rename(&name("P"), &name("P/n")).unwrap();
        assert!(names.by_name(&name("P/n/q")).is_some());
    }

    #[test]
    fn special_uses_are_unique() {
        let mut names = names();
        assert!(names.add(&name("x"), MailboxId::from_bytes(&[9]), Some(SpecialUse::Sent), 1).is_err());
        assert!(names.set_special_use(&name("P/q"), Some(SpecialUse::Sent)).is_err());
        assert!(names.set_special_use(&name("Sent"), None).unwrap());
        assert!(names.set_special_use(&name("P/q"), Some(SpecialUse::Sent)).unwrap());
    }
}
