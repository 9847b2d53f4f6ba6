//! Which views of one mailbox are open in this program. Not here: what a view
//! has told (`selected.rs`), and the views of other programs.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// A view's place in its [`SelectedSet`]. The view holds it; when the view
/// goes, so does the place.
#[derive(Debug)]
pub(super) struct Place {
    open: Cell<bool>,
    readonly: bool,
}

/// The open views of one mailbox in this program. Clones are one set.
#[derive(Clone, Debug, Default)]
pub struct SelectedSet {
    places: Rc<RefCell<Vec<Weak<Place>>>>,
}

impl SelectedSet {
    /// A set with no views.
    pub fn new() -> Self {
        SelectedSet::default()
    }

    pub(super) fn register(&self, readonly: bool) -> Rc<Place> {
        let place = Rc::new(Place { open: Cell::new(true), readonly });
        let mut places = self.places.borrow_mut();
        places.retain(|known| known.strong_count() > 0);
        places.push(Rc::downgrade(&place));
        place
    }

    fn count(&self, wanted: impl Fn(&Place) -> bool) -> usize {
        let places = self.places.borrow();
        places.iter().filter_map(Weak::upgrade).filter(|place| place.open.get() && wanted(place)).count()
    }

    /// How many views are open.
    pub fn len(&self) -> usize {
        self.count(|_| true)
    }

    /// Whether no view is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a read-write view is open, which will claim what `\Recent`
    /// there is at its next refresh (semantics 77).
    pub fn any_selected(&self) -> bool {
        self.count(|place| !place.readonly) > 0
    }
}

impl Place {
    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    pub(super) fn leave(&self) {
        self.open.set(false);
    }
}

/// Closes a view without holding it: what a session keeps of the views it
/// gave out, so that its own end is theirs (semantics 182).
#[derive(Clone, Debug)]
pub struct ViewHandle(Weak<Place>);

impl ViewHandle {
    pub(super) fn new(place: &Rc<Place>) -> Self {
        ViewHandle(Rc::downgrade(place))
    }

    /// Closes the view, if it is still there.
    pub fn close(&self) {
        if let Some(place) = self.0.upgrade() {
            place.leave();
        }
    }

    /// Whether the view is there and open.
    pub fn is_open(&self) -> bool {
        self.0.upgrade().is_some_and(|place| place.is_open())
    }
}
