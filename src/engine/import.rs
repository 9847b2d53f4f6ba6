//! Importing: appending what is new to a mailbox, and keeping in the same
//! commit how far an import has come, so that it can be resumed. Here: the
//! step's record, duplicates, the commit. Not here: reading files, which the
//! JavaScript face does.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::append::{Destination, Found, Prepared};
use super::assembly::{Assembly, Interrupt, Step};
use super::change::Place;
use super::codec::{Writer, decoded, unseal};
use super::identity::{Hash, Posting};
use super::layout::{self, MailboxNumber};
use super::rows::read_only;
use super::{Engine, Loaded};
use crate::backend::{ImportOptions, ImportProgress, Skip};
use crate::model::{EmailId, Error, ErrorCode, Flags, Result, Uid, Value};
use crate::platform;
use crate::store::{Durability, Key};
use crate::view::MailboxState;

const VERSION: u8 = 2;

/// How far an import has come: its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportStep {
    /// Messages of the source that are dealt with.
    pub taken: u64,
    /// The SHA-256 of the last of them.
    pub last: [u8; 32],
}

impl ImportStep {
    pub fn encode(&self, key: &Key) -> Vec<u8> {
        let mut out = Writer::new();
        out.varint(self.taken).raw(&self.last);
        out.seal(key, VERSION)
    }

    pub fn decode(key: &Key, record: &[u8]) -> Result<ImportStep> {
        let mut input = unseal(key, record, VERSION, "record of an import")?;
        Ok(ImportStep { taken: input.varint()?, last: input.array()? })
    }
}

/// The key of an import's record; names of any length have one.
fn step_key(mailbox: MailboxNumber, import: &str) -> Key {
    let digest: [u8; 32] = Sha256::digest(import.as_bytes()).into();
    let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    layout::import(mailbox, &hash)
}

fn step_of(key: &Key, record: Option<&Value>) -> Result<Option<ImportStep>> {
    record.map(|record| decoded(key, record, ImportStep::decode)).transpose()
}

impl Engine {
    /// How far an import into a mailbox has come; `None` where none of that name began.
    pub(super) async fn import_progress(
        &self,
        mailbox: MailboxNumber,
        import: &str,
    ) -> Result<Option<ImportProgress>> {
        let key = step_key(mailbox, import);
        let (_, record) = self.read_record(key, layout::mailbox_guard(mailbox)).await?;
        let step = step_of(&key, record.as_ref())?;
        Ok(step.map(|step| ImportProgress { taken: step.taken, last: EmailId::from_bytes(&step.last) }))
    }

    /// Appends those of these messages that are not to be skipped, and the
    /// import's record, in one commit; see [`crate::backend::MailboxData::import`].
    pub(super) async fn import(
        &self,
        place: &Place,
        prepared: &[Prepared],
        options: &ImportOptions,
        durability: Durability,
    ) -> Result<Vec<Uid>> {
        let Some(last) = prepared.last() else { return Ok(Vec::new()) };
        let save_date_ms = platform::now_ms();
        self.transact(durability, async |assembly| {
            assembly.check_name(place).await?;
            let loaded = assembly.mailbox(place.number).await?;
            if loaded.core.readonly {
                return Err(read_only().into());
            }
            let key = options.import.as_ref().map(|(import, _)| step_key(place.number, import));
            assembly.fetch(key).await?;
            if let (Some(key), Some((_, from))) = (key, &options.import)
                && step_of(&key, assembly.record(&key))?.map_or(0, |step| step.taken) != *from
            {
                let message = "another program goes on with the same import";
                return Err(Error::new(ErrorCode::Conflict, message).into());
            }
            let kept = self.not_skipped(assembly, place.number, prepared, options.skip).await?;
            let mut uids = Vec::new();
            if !kept.is_empty() {
                let destination = [Destination { place: place.clone(), flags: Flags::new(), recent: true }];
                let appended = self.append_within(assembly, &kept, &destination, save_date_ms).await?;
                uids.extend(appended.into_iter().flatten().map(|message| message.uid));
            }
            if let (Some(key), Some((_, from))) = (key, &options.import) {
                let step = ImportStep { taken: from + prepared.len() as u64, last: last.digest };
                assembly.put(key, step.encode(&key));
                if kept.is_empty() {
                    // The record is guarded by the mailbox, of which nothing else changes.
                    assembly.set_mailbox(
                        place.number,
                        loaded.core.clone(),
                        MailboxState::clone(&loaded.state),
                    );
                }
            }
            Ok(uids)
        })
        .await
    }

    /// The messages that are not there yet, each once.
    async fn not_skipped<'m>(
        &self,
        assembly: &mut Assembly<'_>,
        number: MailboxNumber,
        prepared: &'m [Prepared],
        skip: Skip,
    ) -> Step<Vec<&'m Prepared>> {
        if skip == Skip::Nothing {
            return Ok(prepared.iter().collect());
        }
        let shared = assembly.shared().await?;
        let hashes: Vec<Hash> = prepared.iter().map(Prepared::email_hash).collect();
        let found: Found = self.lookup(assembly, &shared, &hashes, std::iter::empty()).await?;
        let mut mailboxes: HashMap<MailboxNumber, Option<Rc<Loaded>>> = HashMap::new();
        mailboxes.insert(number, Some(assembly.mailbox(number).await?));
        let mut seen: HashSet<[u8; 32]> = HashSet::with_capacity(prepared.len());
        let mut kept = Vec::new();
        for (message, hash) in prepared.iter().zip(&hashes) {
            let mut there = !seen.insert(message.digest);
            for posting in found.get(hash).into_iter().flatten() {
                let Posting::Email { mailbox, uid, .. } = posting else { continue };
                if there || (skip == Skip::InMailbox && *mailbox != number) {
                    continue;
                }
                if !mailboxes.contains_key(mailbox) {
                    // Guarded too: what was deleted there a moment ago must not be skipped here.
                    let loaded = match assembly.mailbox(*mailbox).await {
                        Ok(loaded) => Some(loaded),
                        Err(Interrupt::Failed(error)) if error.code() == ErrorCode::Closed => None,
                        Err(interrupt) => return Err(interrupt),
                    };
                    mailboxes.insert(*mailbox, loaded);
                }
                // A posting may outlive its message.
                let loaded = mailboxes.get(mailbox).and_then(Option::as_ref);
                there = loaded.is_some_and(|loaded| loaded.state.get(*uid).is_some());
            }
            if !there {
                kept.push(message);
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_round_trip_and_damage_is_found() {
        let step = ImportStep { taken: 1 << 40, last: [7; 32] };
        let key = step_key(1, "a");
        let mut record = step.encode(&key);
        assert_eq!(ImportStep::decode(&key, &record).unwrap(), step);
        record[0] ^= 0x40;
        assert!(ImportStep::decode(&key, &record).is_err());
        assert_ne!(step_key(1, "a"), step_key(2, "a"));
        assert_ne!(step_key(1, "a"), step_key(1, "b"));
    }
}
