//! A naive model of a mailbox set, plain lists that are obviously right, and a
//! client's mirror that knows only what it is told. Not here: recents beyond
//! what a client sees, and any store.

use crate::model::{ErrorCode, FlagOp, Flags, SystemFlags, Uid};
use crate::view::Updates;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMessage {
    /// Its UID.
    pub uid: Uid,
    /// Its stored flags.
    pub flags: Flags,
    /// Which octets it has, by number.
    pub content: usize,
}

/// One mailbox.
#[derive(Debug, Clone)]
pub struct ModelMailbox {
    /// Its identity: kept by a rename.
    pub key: usize,
    /// Its name.
    pub name: String,
    /// The next UID.
    pub uid_next: Uid,
    /// Its messages, ascending.
    pub messages: Vec<ModelMessage>,
}

/// A mailbox set.
#[derive(Debug, Clone)]
pub struct Model {
    /// The mailboxes, in no order.
    pub mailboxes: Vec<ModelMailbox>,
    next_key: usize,
}

impl Default for Model {
    fn default() -> Self {
        let mut model = Model { mailboxes: Vec::new(), next_key: 0 };
        model.add("INBOX");
        model
    }
}

impl Model {
    fn add(&mut self, name: &str) {
        let mailbox =
            ModelMailbox { key: self.next_key, name: name.to_owned(), uid_next: 1, messages: Vec::new() };
        self.next_key += 1;
        self.mailboxes.push(mailbox);
    }

    /// A mailbox by name.
    pub fn by_name(&self, name: &str) -> Option<&ModelMailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.name == name)
    }

    /// A mailbox by identity.
    pub fn by_key(&self, key: usize) -> Option<&ModelMailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.key == key)
    }

    fn by_key_mut(&mut self, key: usize) -> Option<&mut ModelMailbox> {
        self.mailboxes.iter_mut().find(|mailbox| mailbox.key == key)
    }

    /// Whether the name is listed, be it as the ancestor of a mailbox.
    fn is_listed(&self, name: &str) -> bool {
        let below = format!("{name}/");
        self.mailboxes.iter().any(|mailbox| mailbox.name == name || mailbox.name.starts_with(&below))
    }

    /// Every listed name, sorted.
    pub fn listed(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for mailbox in &self.mailboxes {
            let ends = mailbox.name.match_indices('/').map(|(at, _)| at).chain([mailbox.name.len()]);
            names.extend(ends.map(|end| mailbox.name[..end].to_owned()));
        }
        names.sort();
        names.dedup();
        names
    }

    /// CREATE.
    pub fn create(&mut self, name: &str) -> Result<(), ErrorCode> {
        if self.by_name(name).is_some() {
            return Err(ErrorCode::AlreadyExists);
        }
        self.add(name);
        Ok(())
    }

    /// DELETE.
    pub fn delete(&mut self, name: &str) -> Result<(), ErrorCode> {
        if name == "INBOX" {
            return Err(ErrorCode::Cannot);
        }
        let at = self.mailboxes.iter().position(|mailbox| mailbox.name == name).ok_or(ErrorCode::NotFound)?;
        self.mailboxes.remove(at);
        Ok(())
    }

    /// RENAME.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), ErrorCode> {
        if self.is_listed(to) {
            return Err(ErrorCode::AlreadyExists);
        }
        if !self.is_listed(from) {
            return Err(ErrorCode::NotFound);
        }
        let below = format!("{from}/");
        for mailbox in &mut self.mailboxes {
            if mailbox.name == from {
                mailbox.name = to.to_owned();
            } else if from != "INBOX" && mailbox.name.starts_with(&below) {
                mailbox.name = format!("{to}/{}", &mailbox.name[below.len()..]);
            }
        }
        if from == "INBOX" {
            self.add("INBOX");
        }
        Ok(())
    }

    /// APPEND: the new UIDs.
    pub fn append(&mut self, name: &str, messages: &[(usize, Flags)]) -> Result<Vec<Uid>, ErrorCode> {
        let mailbox =
            self.mailboxes.iter_mut().find(|mailbox| mailbox.name == name).ok_or(ErrorCode::TryCreate)?;
        Ok(messages.iter().map(|(content, flags)| mailbox.push(*content, flags.clone())).collect())
    }

    /// STORE: those of these UIDs that live.
    pub fn store(&mut self, key: usize, uids: &[Uid], op: FlagOp, flags: &Flags) {
        let Some(mailbox) = self.by_key_mut(key) else { return };
        for message in mailbox.messages.iter_mut().filter(|message| uids.contains(&message.uid)) {
            message.flags = message.flags.apply(op, flags);
        }
    }

    /// EXPUNGE: those of these UIDs that are `\Deleted`.
    pub fn expunge(&mut self, key: usize, uids: &[Uid]) {
        let Some(mailbox) = self.by_key_mut(key) else { return };
        mailbox
            .messages
            .retain(|message| !uids.contains(&message.uid) || !message.flags.contains(SystemFlags::DELETED));
    }

    /// COPY or MOVE of those of these UIDs that live: (source, new UID).
    pub fn copy(
        &mut self,
        key: usize,
        uids: &[Uid],
        destination: &str,
        moving: bool,
    ) -> Result<Vec<(Uid, Uid)>, ErrorCode> {
        let target = self.by_name(destination).ok_or(ErrorCode::TryCreate)?.key;
        let Some(source) = self.by_key_mut(key) else { return Ok(Vec::new()) };
        let taken: Vec<ModelMessage> =
            source.messages.iter().filter(|message| uids.contains(&message.uid)).cloned().collect();
        if moving {
            source.messages.retain(|message| !uids.contains(&message.uid));
        }
        let Some(target) = self.by_key_mut(target) else { return Ok(Vec::new()) };
        Ok(taken
            .into_iter()
            .map(|message| (message.uid, target.push(message.content, message.flags)))
            .collect())
    }
}

impl ModelMailbox {
    fn push(&mut self, content: usize, flags: Flags) -> Uid {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.messages.push(ModelMessage { uid, flags, content });
        uid
    }

    /// UIDs and flags of what lives.
    pub fn live(&self) -> Vec<(Uid, Flags)> {
        self.messages.iter().map(|message| (message.uid, message.flags.clone())).collect()
    }
}

/// What a client knows of its selected mailbox from what it was told alone.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Which mailbox of the model it is.
    pub key: usize,
    /// Whether it was opened read-only.
    pub readonly: bool,
    /// UIDs and flags (`\Recent` included) by sequence number.
    pub messages: Vec<(Uid, Flags)>,
}

impl Mirror {
    /// Takes in what is told, in IMAP's order; panics where that makes no sense:
    /// a number beyond the last, a UID other than it was, a message without flags.
    pub fn hear(&mut self, updates: &Updates) {
        for gone in &updates.expunged {
            let (uid, _) = self.messages.remove(gone.seq as usize - 1);
            assert_eq!(uid, gone.uid, "EXPUNGE {} of another message", gone.seq);
        }
        let known = self.messages.len();
        if let Some(exists) = updates.exists {
            assert!(exists as usize > known, "{exists} EXISTS after {known}");
            self.messages.resize(exists as usize, (0, Flags::new()));
        }
        for update in &updates.flags {
            let at = update.seq as usize - 1;
            let (uid, flags) = &mut self.messages[at];
            assert!(
                *uid == update.uid || (*uid == 0 && at >= known),
                "FETCH {} of another message",
                update.seq
            );
            *uid = update.uid;
            *flags = update.flags.clone();
        }
        assert!(self.messages.iter().all(|(uid, _)| *uid != 0), "a new message without FETCH FLAGS");
        assert!(self.messages.is_sorted_by(|one, other| one.0 < other.0), "UIDs that do not rise");
        if let Some(recent) = updates.recent {
            // Fewer, where one that is gone has not been announced (semantics 80).
            assert!(recent as usize <= self.recent(), "{recent} RECENT, which the flags told disagree with");
        }
    }

    /// Foretells its own silent STORE.
    pub fn foretell(&mut self, uids: &[Uid], op: FlagOp, operand: &Flags) {
        for (_, flags) in self.messages.iter_mut().filter(|(uid, _)| uids.contains(uid)) {
            let recent = Flags::from_system(SystemFlags::RECENT);
            let was_recent = flags.contains(SystemFlags::RECENT);
            *flags = flags.apply(FlagOp::Delete, &recent).apply(op, operand);
            if was_recent {
                *flags = flags.clone().with(SystemFlags::RECENT);
            }
        }
    }

    /// How many messages are `\Recent`.
    pub fn recent(&self) -> usize {
        self.messages.iter().filter(|(_, flags)| flags.contains(SystemFlags::RECENT)).count()
    }

    /// The UIDs.
    pub fn uids(&self) -> Vec<Uid> {
        self.messages.iter().map(|(uid, _)| *uid).collect()
    }

    /// UIDs and flags without `\Recent`.
    pub fn stored(&self) -> Vec<(Uid, Flags)> {
        let plain = |(uid, flags): &(Uid, Flags)| (*uid, flags.clone().without(SystemFlags::RECENT));
        self.messages.iter().map(plain).collect()
    }
}
