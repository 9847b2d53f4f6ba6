//! All operations, and that they are all: whoever adds a method to a contract
//! or to the session is told here to say what faults do to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::actor::{Effect, Operation};
use crate::{mailbox_operations, session_operations, set_operations};

/// Every operation.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [
        mailbox_operations::CHANGES,
        set_operations::CHANGES,
        session_operations::CHANGES,
        mailbox_operations::READS,
        set_operations::READS,
        session_operations::READS,
        session_operations::SILENT,
    ]
    .into_iter()
    .flatten()
}

/// Those that change what can be seen, in one commit.
pub fn changing() -> impl Iterator<Item = &'static Operation> {
    all().filter(|operation| operation.effect != Effect::Nothing)
}

/// Methods that no fault can reach.
const EXEMPT: &[(&str, &str)] = &[
    ("MailboxSet::close", "asks nothing of the storage but to let go"),
    ("BaseSession::close", "does not touch the storage"),
];

const SOURCES: &[(&str, &str)] = &[
    ("MailboxSet", include_str!("../../src/backend/mailbox_set.rs")),
    ("MailboxData", include_str!("../../src/backend/mailbox_data.rs")),
    ("FilterSet", include_str!("../../src/backend/filter_set.rs")),
    ("BaseSession", include_str!("../../src/session/base.rs")),
    ("BaseSession", include_str!("../../src/session/copy.rs")),
    ("BaseSession", include_str!("../../src/session/deliver.rs")),
    ("BaseSession", include_str!("../../src/session/fetch.rs")),
    ("BaseSession", include_str!("../../src/session/messages.rs")),
    ("BaseSession", include_str!("../../src/session/names.rs")),
    ("BaseSession", include_str!("../../src/session/search.rs")),
    ("BaseSession", include_str!("../../src/session/selection.rs")),
    ("BaseSession", include_str!("../../src/session/sort.rs")),
];

/// The asynchronous methods of the contracts, and the public ones of the session.
fn methods() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (kind, source) in SOURCES {
        for line in source.lines() {
            let declared = match *kind {
                "BaseSession" => line.trim_start().strip_prefix("pub async fn "),
                _ => line.strip_prefix("    async fn "),
            };
            let Some(declared) = declared else { continue };
            let name = declared.split(['(', '<']).next().unwrap();
            let is_free = !line.starts_with(' ');
            found.insert(if is_free { name.to_owned() } else { format!("{kind}::{name}") });
        }
    }
    found
}

#[test]
fn every_method_of_the_contracts_and_of_the_session_has_an_operation_here() {
    let declared = methods();
    assert!(declared.len() > 60, "the sources are not read as they are written any more: {declared:?}");
    let mut called: BTreeMap<&str, usize> = BTreeMap::new();
    for method in all().flat_map(|operation| operation.calls) {
        *called.entry(method).or_default() += 1;
    }
    let exempt: BTreeSet<&str> = EXEMPT.iter().map(|(method, _)| *method).collect();
    let missing: Vec<&String> = declared
        .iter()
        .filter(|method| !called.contains_key(method.as_str()) && !exempt.contains(method.as_str()))
        .collect();
    assert!(missing.is_empty(), "no operation of tests/faults calls {missing:?}");
    // The engine's own methods are named by hand.
    let unknown: Vec<&&str> = called
        .keys()
        .filter(|method| !declared.contains(**method) && !method.starts_with("StoreMailboxSet::"))
        .collect();
    assert!(unknown.is_empty(), "these methods are no more: {unknown:?}");
    let every_session_file = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/session")).unwrap();
    for file in every_session_file {
        let path = file.unwrap().path();
        let Ok(source) = std::fs::read_to_string(&path) else { continue };
        let known = SOURCES.iter().any(|(_, known)| *known == source);
        let has_methods = source.contains("impl BaseSession") && source.contains("pub async fn");
        assert!(known || !has_methods, "{} has methods of the session; add it to SOURCES", path.display());
    }
}
