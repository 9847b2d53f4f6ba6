//! The views of a session by number, lent to one call at a time. The
//! JavaScript face keeps the calls on one view in order; here a second call at
//! once is refused rather than queued.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::model::{Error, Result};
use crate::session::Arrangements;
use crate::view::SelectedMailbox;

/// Views by number; `None` while one is lent.
#[derive(Default)]
pub(super) struct Views {
    views: RefCell<HashMap<u32, Option<SelectedMailbox>>>,
    /// What the messages of views were arranged to.
    arrangements: RefCell<HashMap<u32, Arrangements>>,
    last: Cell<u32>,
}

impl Views {
    /// Keeps a view and gives it a number.
    pub(super) fn add(&self, view: SelectedMailbox) -> u32 {
        let id = self.last.get() + 1;
        self.last.set(id);
        self.views.borrow_mut().insert(id, Some(view));
        id
    }

    /// Lends a view to a call, until it is given back.
    pub(super) fn lend(&self, id: u32) -> Result<SelectedMailbox> {
        match self.views.borrow_mut().get_mut(&id) {
            Some(place) => place.take().ok_or_else(|| Error::internal("two calls met on one view")),
            None => Err(Error::closed("the view is closed")),
        }
    }

    /// Takes a lent view back.
    pub(super) fn give_back(&self, id: u32, view: SelectedMailbox) {
        // Removed meanwhile only by `clear`: then it ends here.
        if let Some(place) = self.views.borrow_mut().get_mut(&id) {
            *place = Some(view);
        }
    }

    /// Takes a view out for good.
    pub(super) fn remove(&self, id: u32) -> Result<SelectedMailbox> {
        let view = self.lend(id)?;
        self.views.borrow_mut().remove(&id);
        self.arrangements.borrow_mut().remove(&id);
        Ok(view)
    }

    /// Takes out what a view's messages were arranged to, for the call that the view is lent to.
    pub(super) fn take_arrangements(&self, id: u32) -> Arrangements {
        self.arrangements.borrow_mut().remove(&id).unwrap_or_default()
    }

    /// Keeps it for the view that is lent; where all views have ended meanwhile, nothing.
    pub(super) fn keep_arrangements(&self, id: u32, arrangements: Arrangements) {
        if self.views.borrow().contains_key(&id) {
            self.arrangements.borrow_mut().insert(id, arrangements);
        }
    }

    /// Ends every view that is not lent.
    pub(super) fn clear(&self) {
        self.views.take();
        self.arrangements.take();
    }
}
