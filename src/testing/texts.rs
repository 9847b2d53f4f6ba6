//! All searchable texts of some messages, for tests that look at them one by one. Not here: reading them.

use crate::backend::MailboxData;
use crate::model::{Result, Uid};

/// The text of each of these UIDs; `None` where there are no octets.
pub async fn texts_of(mailbox: &dyn MailboxData, uids: &[Uid]) -> Result<Vec<Option<Vec<u8>>>> {
    let mut texts = vec![None; uids.len()];
    let mut begin = 0;
    while begin < uids.len() {
        let mut shown = |at: usize, text: &[u8]| {
            assert_eq!(texts[begin + at].replace(text.to_vec()), None, "a text is shown once");
        };
        begin += mailbox.texts(&uids[begin..], &mut shown).await?;
    }
    Ok(texts)
}
