//! Reads and scans inside one transaction. Not here: opening it, the crate
//! behind it.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::fault::Fault;
use super::schema::{GUARDS, JOURNAL, SEQUENCE};
use super::tx::{Bounds, Pending, Tx};
use crate::model::{Error, Value};
use crate::store::{
    Guard, Journal, JournalEntry, Key, KeyRange, MAX_KEY_LENGTH, Read, Revision, Scan, Sequence, Snapshot,
    Space, js_bytes,
};

/// How many rows a scan bounded in bytes asks for before it knows their size, and at most.
const FIRST_ROWS: usize = 8;
const MOST_ROWS: usize = 1024;

/// The largest number that JavaScript holds exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A number as a key or value of the store's own tables.
pub(super) fn number(value: u64) -> Result<JsValue, Fault> {
    if value > MAX_SAFE {
        return Err(Error::invalid("a guard, revision or sequence is beyond 2^53-1").into());
    }
    Ok(JsValue::from_f64(value as f64))
}

/// A stored number; 0 where nothing is stored.
pub(super) fn stored_number(value: &JsValue) -> Result<u64, Fault> {
    if value.is_undefined() {
        return Ok(0);
    }
    match value.as_f64() {
        Some(number) if number >= 0.0 && number <= MAX_SAFE as f64 && number.fract() == 0.0 => {
            Ok(number as u64)
        }
        _ => Err(Error::corrupt("a counter of the database is not a whole number").into()),
    }
}

/// The key as the database has it: its bytes, which sort as ours do.
pub(super) fn js_key(key: &Key) -> JsValue {
    Uint8Array::from(key.bytes()).into()
}

fn own_key(space: Space, key: &JsValue) -> Result<Key, Fault> {
    let strange = || Fault::from(Error::corrupt("a key of the database is not ours"));
    let array = js_bytes::array_of(key).ok_or_else(strange)?;
    let mut buffer = [0; MAX_KEY_LENGTH];
    let target = buffer.get_mut(..array.length() as usize).ok_or_else(strange)?;
    array.copy_to(target);
    Ok(Key::from_bytes(space, target)?)
}

fn own_value(value: &JsValue) -> Result<Value, Fault> {
    let array = js_bytes::array_of(value)
        .ok_or_else(|| Fault::from(Error::corrupt("a value of the database is not ours")))?;
    Ok(js_bytes::from_array(array))
}

/// A range as bounds; `None` if no key can be in it.
pub(super) fn bounds(range: &KeyRange) -> Option<Bounds> {
    let upper = match range.to {
        Some(to) if to <= range.from => return None,
        Some(to) if to.space() == range.from.space() => Some(js_key(&to)),
        _ => None,
    };
    Some(Bounds { lower: js_key(&range.from), lower_open: false, upper })
}

/// The sequence and revisions: asked for, then taken once settled.
pub(super) struct Counters {
    sequence: Pending,
    revisions: Vec<Pending>,
}

impl Counters {
    pub(super) fn ask(tx: &mut Tx, guards: impl IntoIterator<Item = Guard>) -> Result<Counters, Fault> {
        let sequence = tx.get(GUARDS, JsValue::from_str(SEQUENCE))?;
        let revisions =
            guards.into_iter().map(|guard| tx.get(GUARDS, number(guard)?)).collect::<Result<_, Fault>>()?;
        Ok(Counters { sequence, revisions })
    }

    pub(super) fn take(&self) -> Result<(Sequence, Vec<Revision>), Fault> {
        let revisions = self
            .revisions
            .iter()
            .map(|pending| stored_number(&pending.result()?))
            .collect::<Result<_, Fault>>()?;
        Ok((stored_number(&self.sequence.result()?)?, revisions))
    }
}

/// A scan whose rows come with one request each for keys and values.
struct Whole {
    keys: Pending,
    values: Option<Pending>,
}

impl Whole {
    fn ask(
        tx: &mut Tx,
        table: &str,
        bounds: &Bounds,
        keys_only: bool,
        limit: Option<u32>,
    ) -> Result<Whole, Fault> {
        let keys = tx.get_all_keys(table, bounds, limit)?;
        let values = if keys_only { None } else { Some(tx.get_all(table, bounds, limit)?) };
        Ok(Whole { keys, values })
    }

    fn rows(&self, space: Space) -> Result<Vec<(Key, Value)>, Fault> {
        let keys: Array = self.keys.result()?.unchecked_into();
        let values: Option<Array> =
            self.values.as_ref().map(Pending::result).transpose()?.map(JsCast::unchecked_into);
        if values.as_ref().is_some_and(|values| values.length() != keys.length()) {
            return Err(Error::internal("the database gave fewer values than keys").into());
        }
        (0..keys.length())
            .map(|index| {
                let value = match &values {
                    Some(values) => own_value(&values.get(index))?,
                    None => Value::from(Vec::new()),
                };
                Ok((own_key(space, &keys.get(index))?, value))
            })
            .collect()
    }
}

enum Scanning {
    Empty,
    Whole(Whole, Scan),
    InSteps(Bounds, Scan),
}

fn row_limit(rows: usize) -> Option<u32> {
    u32::try_from(rows).ok().filter(|rows| *rows < u32::MAX)
}

impl Scanning {
    fn ask(tx: &mut Tx, scan: &Scan) -> Result<Scanning, Fault> {
        let Some(bounds) = bounds(&scan.range) else { return Ok(Scanning::Empty) };
        if scan.max_rows == 0 {
            return Ok(Scanning::Empty);
        }
        let limit = row_limit(scan.max_rows);
        let any_size = scan.keys_only || scan.max_bytes == usize::MAX;
        if any_size && (!scan.reverse || limit.is_none()) {
            let table = scan.range.from.space().name();
            return Ok(Scanning::Whole(Whole::ask(tx, table, &bounds, scan.keys_only, limit)?, *scan));
        }
        Ok(Scanning::InSteps(bounds, *scan))
    }

    async fn finish(self, tx: &mut Tx) -> Result<Vec<(Key, Value)>, Fault> {
        match self {
            Scanning::Empty => Ok(Vec::new()),
            Scanning::Whole(whole, scan) => {
                let mut rows = whole.rows(scan.range.from.space())?;
                if scan.reverse {
                    rows.reverse();
                }
                Ok(rows)
            }
            Scanning::InSteps(bounds, scan) => in_steps(tx, bounds, &scan).await,
        }
    }
}

/// A scan that is bounded in bytes, or comes from the end: in batches, the
/// later ones sized by what the earlier ones weighed.
async fn in_steps(tx: &mut Tx, mut bounds: Bounds, scan: &Scan) -> Result<Vec<(Key, Value)>, Fault> {
    let space = scan.range.from.space();
    let any_size = scan.keys_only || scan.max_bytes == usize::MAX;
    let mut rows: Vec<(Key, Value)> = Vec::new();
    let mut bytes = 0usize;
    loop {
        let left = scan.max_rows - rows.len();
        let wanted = if any_size {
            left
        } else {
            let average = bytes / rows.len().max(1);
            match (scan.max_bytes - bytes).checked_div(average) {
                Some(rows) => rows.saturating_add(1).clamp(1, MOST_ROWS),
                None => FIRST_ROWS,
            }
            .min(left)
        };
        let limit = row_limit(wanted);
        let mut batch = if scan.reverse {
            let start = match limit {
                Some(count) => tx.key_from_end(space.name(), &bounds, count).await?,
                None => None,
            };
            let tail = match start {
                Some(key) => Bounds { lower: key, lower_open: false, upper: bounds.upper.clone() },
                None => Bounds { upper: bounds.upper.clone(), lower: bounds.lower.clone(), ..bounds },
            };
            let whole = Whole::ask(tx, space.name(), &tail, scan.keys_only, None)?;
            tx.settle().await?;
            let mut rows = whole.rows(space)?;
            rows.reverse();
            rows
        } else {
            let whole = Whole::ask(tx, space.name(), &bounds, scan.keys_only, limit)?;
            tx.settle().await?;
            whole.rows(space)?
        };
        let exhausted = batch.len() < wanted;
        let last = batch.last().map(|(key, _)| *key);
        for (key, value) in batch.drain(..) {
            bytes = bytes.saturating_add(value.len());
            rows.push((key, value));
            if !any_size && bytes >= scan.max_bytes {
                return Ok(rows);
            }
        }
        let Some(last) = last else { return Ok(rows) };
        if exhausted || rows.len() >= scan.max_rows {
            return Ok(rows);
        }
        if scan.reverse {
            bounds.upper = Some(js_key(&last));
        } else {
            bounds.lower = js_key(&last);
            bounds.lower_open = true;
        }
    }
}

/// Everything asked for, out of one transaction.
pub(super) async fn read(tx: &mut Tx, read: &Read) -> Result<Snapshot, Fault> {
    let counters = Counters::ask(tx, read.guards.iter().copied())?;
    let values = read
        .keys
        .iter()
        .map(|key| tx.get(key.space().name(), js_key(key)))
        .collect::<Result<Vec<Pending>, Fault>>()?;
    let scans =
        read.scans.iter().map(|scan| Scanning::ask(tx, scan)).collect::<Result<Vec<Scanning>, Fault>>()?;
    tx.settle().await?;
    let (sequence, revisions) = counters.take()?;
    let mut scanned = Vec::with_capacity(scans.len());
    // Scans in steps first to last: they go on asking, which only works right after an answer.
    for scan in scans {
        scanned.push(scan.finish(tx).await?);
    }
    let values = values
        .iter()
        .map(|pending| {
            let value = pending.result()?;
            if value.is_undefined() { Ok(None) } else { own_value(&value).map(Some) }
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Snapshot { sequence, values, scanned, revisions })
}

/// The journal after a step, out of one transaction.
pub(super) async fn journal(tx: &mut Tx, after: Sequence, max: usize) -> Result<Journal, Fault> {
    let counters = Counters::ask(tx, [])?;
    let everything = Bounds { lower: number(0)?, lower_open: false, upper: None };
    let first = tx.get_all_keys(JOURNAL, &everything, Some(1))?;
    let wanted = Bounds { lower: number(after.min(MAX_SAFE))?, lower_open: true, upper: None };
    let rows = if max == 0 {
        None
    } else {
        let limit = row_limit(max);
        Some((tx.get_all_keys(JOURNAL, &wanted, limit)?, tx.get_all(JOURNAL, &wanted, limit)?))
    };
    tx.settle().await?;
    let (sequence, _) = counters.take()?;
    let first: Array = first.result()?.unchecked_into();
    let first_kept = if first.length() == 0 { sequence + 1 } else { stored_number(&first.get(0))? };
    let mut entries = Vec::new();
    if let Some((keys, values)) = rows {
        let (keys, values): (Array, Array) =
            (keys.result()?.unchecked_into(), values.result()?.unchecked_into());
        for (key, value) in keys.iter().zip(values.iter()) {
            let bytes = own_value(&value)?.to_vec();
            let Some((id, note)) = bytes.split_first_chunk() else {
                return Err(Error::corrupt("a journal entry is too short").into());
            };
            entries.push(JournalEntry { sequence: stored_number(&key)?, id: *id, note: note.to_vec() });
        }
    }
    let truncated = after < sequence && after.saturating_add(1) < first_kept;
    Ok(Journal { entries, truncated })
}
