//! Filters of another language, how often they are compiled, and damage to them.

use std::cell::Cell;
use std::rc::Rc;

use futures::executor::block_on;

use super::{open, outside};
use crate::backend::{
    Filter, FilterAction, FilterCompiler, FilterMail, FilterOutcome, FilterSet, MailboxSet,
};
use crate::engine::filters::Filters;
use crate::engine::layout;
use crate::engine::{Problem, StoreMailboxSet};
use crate::model::{Error, ErrorCode, Result, Value};
use crate::session::{BaseSession, DeliverOptions, SessionOptions};
use crate::store::{Batch, Key, MemoryStore, Store};

/// A language in which a script is the name of the mailbox that all mail goes to.
#[derive(Default)]
struct Names {
    compiled: Cell<u32>,
}

struct Into(String);

impl Filter for Into {
    fn run(&self, mail: &FilterMail<'_>) -> FilterOutcome {
        assert_eq!((mail.raw, mail.sender, mail.recipient), (&b"x"[..], "", "ada"));
        let action = FilterAction::FileInto { mailbox: self.0.clone(), flags: None, create: true };
        FilterOutcome { actions: vec![action], error: None }
    }
}

impl FilterCompiler for Names {
    fn extensions(&self) -> &'static [&'static str] {
        &["names"]
    }

    fn compile(&self, script: &[u8]) -> Result<Rc<dyn Filter>> {
        self.compiled.set(self.compiled.get() + 1);
        let name = std::str::from_utf8(script).map_err(|_| Error::invalid("a name is text"))?;
        Ok(Rc::new(Into(name.to_owned())))
    }
}

async fn delivered(set: &Rc<StoreMailboxSet>) -> String {
    let session = BaseSession::new(set.clone(), SessionOptions::default());
    let options = DeliverOptions { recipient: Some("ada".to_owned()), ..DeliverOptions::default() };
    let result = session.deliver(Value::from(b"x".to_vec()), &options, None).await.unwrap();
    let error = result.filter_error.map(|_| "error ").unwrap_or_default();
    format!("{error}{} {}", result.stored[0].mailbox, result.stored[0].uid)
}

fn filters(set: &Rc<StoreMailboxSet>) -> Rc<dyn FilterSet> {
    set.filter_set().unwrap()
}

#[test]
fn another_language_is_plugged_in_and_its_active_script_compiled_once() {
    block_on(async {
        let store = MemoryStore::new();
        let language = Rc::new(Names::default());
        let set = open(&store).await.with_filter_compiler(language.clone());
        assert_eq!(filters(&set).compiler().extensions(), ["names"]);
        let invalid = filters(&set).put("a", b"\xff").await.unwrap_err();
        assert_eq!(invalid.code(), ErrorCode::InvalidArgument);
        filters(&set).put("a", b"Work").await.unwrap();
        filters(&set).set_active("a").await.unwrap();
        language.compiled.set(0);
        for uid in 1..4 {
            assert_eq!(delivered(&set).await, format!("Work {uid}"));
        }
        assert_eq!(language.compiled.get(), 1);
        // Another tab writes another one.
        let rival = open(&store).await.with_filter_compiler(Rc::new(Names::default()));
        filters(&rival).put("a", b"Play").await.unwrap();
        assert_eq!(delivered(&set).await, "Play 1");
        assert_eq!(delivered(&set).await, "Play 2");
        assert_eq!(language.compiled.get(), 2);
        // What does not compile in this language keeps the mail.
        assert_eq!(delivered(&open(&store).await).await, "error INBOX 1");
        assert_eq!(set.verify().await.unwrap(), []);
    });
}

async fn overwrite(store: &MemoryStore, key: Key, record: Option<Vec<u8>>) {
    let (mut puts, mut deletes) = (Vec::new(), Vec::new());
    match record {
        Some(record) => puts.push((key, Value::from(record))),
        None => deletes.push(key),
    }
    store.commit(Batch { puts, deletes, ..outside() }).await.unwrap();
}

async fn problems(store: &MemoryStore) -> Vec<String> {
    let found: Vec<Problem> = open(store).await.verify().await.unwrap();
    found.into_iter().map(|problem| problem.description).collect()
}

#[test]
fn damage_to_filters_is_found_and_told() {
    block_on(async {
        let store = MemoryStore::new();
        let set = open(&store).await.with_filter_compiler(Rc::new(Names::default()));
        for name in ["a", "b"] {
            filters(&set).put(name, name.as_bytes()).await.unwrap();
        }
        filters(&set).set_active("b").await.unwrap();
        assert_eq!(problems(&store).await, [""; 0]);
        overwrite(&store, layout::script(1), Some(vec![1, b'a', 0, 0, 0, 0])).await;
        overwrite(&store, layout::script(2), None).await;
        overwrite(&store, layout::script(7), Some(Vec::new())).await;
        let found = problems(&store).await;
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[2].contains("\"b\" is missing") && found[3].contains("1 of the scripts"), "{found:?}");
        let other = open(&store).await;
        for name in ["a", "b"] {
            assert_eq!(filters(&other).get(name).await.unwrap_err().code(), ErrorCode::Corrupt);
        }
        // A damaged one can be put anew, or deleted.
        filters(&set).put("b", b"b").await.unwrap();
        filters(&set).delete("a").await.unwrap();
        assert_eq!(problems(&store).await.len(), 2);
        overwrite(&store, layout::script(7), None).await;
        assert_eq!(problems(&store).await, [""; 0]);
        let gone = Filters { active: Some(5), ..Filters::default() };
        overwrite(&store, layout::filters(), Some(gone.encode())).await;
        assert_eq!(problems(&store).await.len(), 2);
    });
}
