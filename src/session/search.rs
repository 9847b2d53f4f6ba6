//! SEARCH: which messages of a view answer, asking for as little of them as
//! the keys need. Not here: what the keys mean (`crate::search`).

use super::{BaseSession, SearchResult};
use crate::model::{Result, Uid};
use crate::search::{Candidate, Matcher, SearchKey};
use crate::view::{SelectedMailbox, UpdateOptions};

/// How many messages' metadata is held at once.
const CHUNK: usize = 4096;

impl BaseSession {
    /// SEARCH: the view's messages that answer all of the keys; no keys, every
    /// message does (semantics 151). Flags are those of now. A message that is
    /// gone but not announced answers with what was last told of it and keeps
    /// its number; this call announces none (semantics 90, 100).
    ///
    /// Fails with `CANNOT` for a disabled key at any depth (semantics 150),
    /// `LIMIT` for keys nested too deep, and `CLOSED` for a view that is closed.
    pub async fn search_mailbox(
        &self,
        selected: &mut SelectedMailbox,
        keys: &[SearchKey],
    ) -> Result<SearchResult> {
        self.on_view(selected, async |mailbox, selected| {
            mailbox.update_selected(selected, None).await?;
            let matcher = Matcher::new(keys, &self.options.disabled_search_keys, selected)?;
            let mut found = Vec::new();
            let mut unsure = Vec::new();
            for (seq, uid) in selected.resolve(&matcher.within()) {
                let Some(candidate) = candidate(selected, seq, uid) else { continue };
                match matcher.test(&candidate, None) {
                    Some(true) => found.push(candidate),
                    Some(false) => {}
                    None => unsure.push(candidate),
                }
            }
            let sure = found.len();
            for chunk in unsure.chunks(CHUNK) {
                let uids: Vec<Uid> = chunk.iter().map(|candidate| candidate.uid).collect();
                let messages = mailbox.messages(&uids, matcher.fields()).await?;
                let answers = chunk.iter().zip(&messages).filter(|(candidate, message)| {
                    matcher.test(candidate, message.as_ref()).unwrap_or(false)
                });
                found.extend(answers.map(|(candidate, _)| *candidate));
            }
            if found.len() > sure {
                found.sort_unstable_by_key(|candidate| candidate.seq);
            }
            let mod_seqs = found.iter().map(|candidate| candidate.mod_seq);
            let mod_seq = mod_seqs.max().filter(|_| matcher.asks_mod_seq());
            let expunge_issued = found.iter().any(|candidate| selected.is_hidden(candidate.uid));
            let messages = found.iter().map(|candidate| (candidate.seq, candidate.uid)).collect();
            let updates = selected.updates(&UpdateOptions { hide_expunged: true, silence: None });
            Ok(SearchResult { messages, mod_seq, expunge_issued, updates })
        })
        .await
    }
}

/// What is known of a member: as it is now or, where it is gone, as it was told.
fn candidate(selected: &SelectedMailbox, seq: u32, uid: Uid) -> Option<Candidate> {
    let live = selected.newest().get(uid).or_else(|| selected.told_live(uid))?;
    let recent = selected.has_recent(uid);
    Some(Candidate { seq, uid, bits: live.bits, mod_seq: live.mod_seq, recent })
}
