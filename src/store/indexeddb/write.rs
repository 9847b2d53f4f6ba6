//! One commit inside one transaction. Not here: opening it, locks, trying again.

use std::cell::Cell;

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::fault::Fault;
use super::read::{Counters, bounds, js_key, number};
use super::schema::{GUARDS, JOURNAL, SEQUENCE};
use super::tx::{Bounds, Tx};
use crate::model::sorting;
use crate::store::{Batch, Guard, JOURNAL_LENGTH, Outcome, Sequence, js_bytes};

/// Every so many commits the journal's old entries are dropped.
const TRIM_EVERY: u64 = 256;

/// A batch with no more than this is committed without waiting for its
/// requests. Firefox keeps values of 1 MiB and more in files of their own, and
/// some 2 MB of the others in memory.
const SMALL_BYTES: usize = 64 * 1024;

/// The tables a batch touches.
pub(super) fn tables(batch: &Batch) -> Vec<&'static str> {
    let mut tables: Vec<&'static str> = batch
        .puts
        .iter()
        .map(|(key, _)| key)
        .chain(&batch.deletes)
        .map(|key| key.space())
        .chain(batch.delete_ranges.iter().map(|range| range.from.space()))
        .map(|space| space.name())
        .collect();
    tables.extend([GUARDS, JOURNAL]);
    sorting::sort(&mut tables);
    tables.dedup();
    tables
}

/// Compares the guards, queues every change at once and sends them off.
/// `before` is told the step after which it lands.
pub(super) async fn commit(mut tx: Tx, batch: &Batch, before: &Cell<Sequence>) -> Result<Outcome, Fault> {
    let counters = Counters::ask(&mut tx, batch.guards.iter().map(|(guard, _)| *guard))?;
    tx.settle().await?;
    let (sequence, revisions) = counters.take()?;
    before.set(sequence);
    let moved: Vec<Guard> = batch
        .guards
        .iter()
        .zip(&revisions)
        .filter(|((_, expected), stands)| expected != *stands)
        .map(|((guard, _), _)| *guard)
        .collect();
    if !moved.is_empty() {
        // Dropping the transaction undoes it: nothing was written.
        return Ok(Outcome::Conflict(moved));
    }
    queue(&mut tx, batch, sequence)?;
    send_off(tx, batch, sequence).await
}

/// Queues every change at once, as the step after `sequence`.
pub(super) fn queue(tx: &mut Tx, batch: &Batch, sequence: Sequence) -> Result<(), Fault> {
    let sequence = sequence + 1;
    // No await from here to the end: a worker killed half-way must have queued all or nothing.
    for range in &batch.delete_ranges {
        if let Some(bounds) = bounds(range) {
            tx.delete_range(range.from.space().name(), &bounds)?;
        }
    }
    for key in &batch.deletes {
        tx.delete(key.space().name(), js_key(key))?;
    }
    for (key, value) in &batch.puts {
        tx.put(key.space().name(), &js_key(key), &js_bytes::to_array(value))?;
    }
    for (guard, revision) in &batch.guards {
        tx.put(GUARDS, &number(*guard)?, &number(revision + 1)?)?;
    }
    tx.put(GUARDS, &JsValue::from_str(SEQUENCE), &number(sequence)?)?;
    let mut entry = Vec::with_capacity(batch.id.len() + batch.note.len());
    entry.extend_from_slice(&batch.id);
    entry.extend_from_slice(&batch.note);
    tx.put(JOURNAL, &number(sequence)?, &Uint8Array::from(entry.as_slice()))?;
    if sequence.is_multiple_of(TRIM_EVERY) && sequence > JOURNAL_LENGTH {
        let old = Bounds {
            lower: number(0)?,
            lower_open: false,
            upper: Some(number(sequence - JOURNAL_LENGTH + 1)?),
        };
        tx.delete_range(JOURNAL, &old)?;
    }
    Ok(())
}

/// Sends off what was queued, and waits until it has landed.
pub(super) async fn send_off(tx: Tx, batch: &Batch, sequence: Sequence) -> Result<Outcome, Fault> {
    let bytes: usize = batch.puts.iter().map(|(_, value)| value.len()).sum();
    tx.commit(bytes <= SMALL_BYTES).await?;
    Ok(Outcome::Committed(sequence + 1))
}
