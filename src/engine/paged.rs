//! Pages of items by number: appending to the last one, changing some here
//! and there. Not here: what any page holds.

use std::collections::HashMap;

use super::assembly::{Assembly, Step};
use super::codec::{decoded, opened, unless_damaged};
use super::layout;
use super::pages::Page;
use crate::store::Key;

/// Appends items from a position on: reads the last page, writes it and its successors.
pub async fn append_paged<P: Page>(
    assembly: &mut Assembly<'_>,
    key: impl Fn(u32) -> Key,
    first: u32,
    items: impl IntoIterator<Item = P::Item>,
) -> Step<()> {
    let (mut number, row) = layout::place(first, P::ROWS);
    let items: Vec<P::Item> = items.into_iter().collect();
    let mut page = P::default();
    if row > 0 {
        assembly.fetch([key(number)]).await?;
        if let Some(record) = assembly.record(&key(number)) {
            let key = key(number);
            let fits = items.len() <= (P::ROWS - row) as usize;
            if let Some(extended) =
                record.with(|record| P::extended(&key, record, row, &items).filter(|_| fits))
            {
                assembly.put(key, extended);
                return Ok(());
            }
            page = decoded(&key, record, P::decode)?;
        }
        page.items().resize(row as usize, P::filler());
    }
    for item in items {
        if page.items().len() == P::ROWS as usize {
            let key = key(number);
            assembly.put(key, std::mem::take(&mut page).encode(&key));
            number += 1;
        }
        page.items().push(item);
    }
    let key = key(number);
    assembly.put(key, page.encode(&key));
    Ok(())
}

/// Where appending goes on among pages of so many rows: at `next`, or past its page, which has this key,
/// where that is damaged. It is left as it is.
pub async fn around_damage(assembly: &mut Assembly<'_>, page: Key, next: u32, rows: u32) -> Step<u32> {
    let (number, row) = layout::place(next, rows);
    if row > 0 {
        assembly.fetch([page]).await?;
    }
    let record = assembly.record(&page);
    match record.is_none_or(|record| record.with(|record| opened(&page, record).is_some())) {
        true => Ok(next),
        false => Ok((number + 1).saturating_mul(rows)),
    }
}

/// Pages that an attempt reads, changes here and there, and writes back.
pub struct Pages<P> {
    key: Box<dyn Fn(u32) -> Key>,
    pages: HashMap<u32, (P, bool)>,
}

impl<P: Page> Pages<P> {
    /// Reads the pages of these items, leaving out those that are not there or
    /// damaged: nothing of them is known, and they are not written.
    pub async fn open(
        assembly: &mut Assembly<'_>,
        items: impl Iterator<Item = u32>,
        key: impl Fn(u32) -> Key + 'static,
    ) -> Step<Pages<P>> {
        let mut numbers: Vec<u32> = items.map(|item| item / P::ROWS).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assembly.fetch(numbers.iter().map(|number| key(*number))).await?;
        let mut pages = HashMap::with_capacity(numbers.len());
        for number in numbers {
            let key = key(number);
            if let Some(record) = assembly.record(&key)
                && let Some(page) = unless_damaged(decoded(&key, record, P::decode))?
            {
                pages.insert(number, (page, false));
            }
        }
        Ok(Pages { key: Box::new(key), pages })
    }

    /// An item of a page that was read.
    pub fn get(&mut self, item: u32) -> Option<&P::Item> {
        let (page, row) = layout::place(item, P::ROWS);
        self.pages.get_mut(&page)?.0.items().get(row as usize)
    }

    /// Changes an item of a page that was read.
    pub fn change(&mut self, item: u32, change: impl FnOnce(&mut P::Item)) {
        let (page, row) = layout::place(item, P::ROWS);
        if let Some((page, changed)) = self.pages.get_mut(&page)
            && let Some(item) = page.items().get_mut(row as usize)
        {
            change(item);
            *changed = true;
        }
    }

    /// Writes the pages that were changed.
    pub fn write(&self, assembly: &mut Assembly<'_>) {
        for (number, (page, _)) in self.pages.iter().filter(|(_, (_, changed))| *changed) {
            let key = (self.key)(*number);
            assembly.put(key, page.encode(&key));
        }
    }
}
