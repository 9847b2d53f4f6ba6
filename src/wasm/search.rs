//! SEARCH as promises, in a view and in many mailboxes. Not here: what is
//! searched for (`search_key.rs`).

use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use super::convert::{self, Record};
use super::session::{SessionHandle, told};
use super::{WaitEvent, promise, search_key};
use crate::model::Error;
use crate::search::Returns;
use crate::session::{MailboxMatches, ProgressListener, SearchOptions, SearchProgress, SearchResult};

/// The forms of the answer by the bits of a number: 1 MIN, 2 MAX, 4 ALL, 8 COUNT.
fn returns_of(bits: u8) -> Returns {
    let is = |bit: u8| bits & bit != 0;
    Returns { min: is(1), max: is(2), all: is(4), count: is(8) }
}

/// The options of a search that `cancel` ends and whose progress is told to
/// `progress`: one plain object each time. What that throws is lost; the
/// JavaScript face catches it before.
fn options(cancel: &WaitEvent, progress: Option<Function>) -> SearchOptions {
    let progress = progress.map(|progress| -> ProgressListener {
        Rc::new(move |so_far| {
            let _ = progress.call1(&JsValue::UNDEFINED, &convert_progress(so_far).into());
        })
    });
    SearchOptions { cancel: Some(cancel.event.clone()), progress, returns: None }
}

fn convert_progress(progress: &SearchProgress) -> Record {
    Record::new()
        .set("mailbox", progress.mailbox.as_str())
        .set("uids", convert::uids(progress.uids.iter().copied()))
        .set("mailboxesDone", progress.mailboxes_done as f64)
        .set("mailboxes", progress.mailboxes as f64)
        .set("searched", progress.searched as f64)
        .set("total", progress.total as f64)
        .set("found", progress.found as f64)
}

fn convert_result(result: &SearchResult, returns: Option<Returns>) -> Record {
    let out = told(&result.updates)
        .maybe("modSeq", result.mod_seq.map(|mod_seq| mod_seq as f64))
        .set("expungeIssued", result.expunge_issued);
    let out = match returns {
        Some(_) => out,
        None => out
            .set("uids", convert::uids(result.messages.iter().map(|(_, uid)| *uid)))
            .set("seqs", convert::uids(result.messages.iter().map(|(seq, _)| *seq))),
    };
    let ends = Returns { min: true, max: true, all: false, count: true };
    let extended = result.extended(returns.unwrap_or(ends), true);
    out.maybe("min", extended.min)
        .maybe("max", extended.max)
        .maybe("all", extended.all.map(|all| all.to_string()))
        .maybe("count", extended.count)
}

fn convert_matches(matches: &MailboxMatches) -> JsValue {
    Record::new()
        .set("name", matches.name.as_str())
        .set("mailboxId", matches.mailbox_id.as_str())
        .set("uidValidity", matches.uid_validity)
        .set("uids", convert::uids(matches.uids.iter()))
        .into()
}

/// Searches.
#[wasm_bindgen]
impl SessionHandle {
    /// SEARCH. `returns` are bits; a text may say what is to be returned itself.
    #[wasm_bindgen(js_name = searchMailbox)]
    pub fn search_mailbox(
        &self,
        id: u32,
        keys: JsValue,
        returns: Option<u8>,
        cancel: &WaitEvent,
        progress: Option<Function>,
    ) -> Promise {
        let options = options(cancel, progress);
        self.on_view(id, async move |core, view| {
            let program = search_key::program(&keys)?;
            let returns = match (returns.map(returns_of), program.returns) {
                (Some(_), Some(_)) => {
                    return Err(Error::invalid("return is given, and RETURN in the search too"));
                }
                (given, said) => given.or(said),
            };
            let options = SearchOptions { returns, ..options };
            let mut kept = core.views.take_arrangements(id);
            let found = core.session.search_keeping(view, &program.keys, &options, &mut kept).await;
            core.views.keep_arrangements(id, kept);
            Ok(convert_result(&found?, returns))
        })
    }

    /// SEARCH in mailboxes by their names, or in all.
    pub fn search(
        &self,
        keys: JsValue,
        mailboxes: Option<Vec<String>>,
        cancel: &WaitEvent,
        progress: Option<Function>,
    ) -> Promise {
        let options = options(cancel, progress);
        let core = self.core.clone();
        promise(async move {
            let keys = search_key::keys(&keys)?;
            let found = core.session.search(&keys, mailboxes.as_deref(), &options).await?;
            let results: Array = found.iter().map(convert_matches).collect();
            let count: u64 = found.iter().map(|matches| matches.uids.len()).sum();
            Ok(Record::new().set("results", results).set("count", count as f64).into())
        })
    }
}
