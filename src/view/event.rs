//! Waiting: hints that something changed, and the caller's own event
//! (`wait_on`). Here: signals within one thread. Not here: who sends them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::{mpsc, oneshot};

/// Tells every subscriber that something may have changed. Clones are one hub.
#[derive(Clone, Default)]
pub struct Hub {
    feeds: Rc<RefCell<Vec<mpsc::Sender<()>>>>,
}

impl Hub {
    /// A subscription from now on.
    pub fn subscribe(&self) -> Feed {
        // Hints coalesce: a second one that nobody has read yet adds nothing.
        let (sender, receiver) = mpsc::channel(0);
        let mut feeds = self.feeds.borrow_mut();
        // Those that ended while nothing changed would pile up.
        feeds.retain(|feed| !feed.is_closed());
        feeds.push(sender);
        Feed { receiver }
    }

    /// Hints to every live subscription.
    pub fn notify(&self) {
        self.feeds.borrow_mut().retain_mut(|feed| match feed.try_send(()) {
            Ok(()) => true,
            Err(error) => error.is_full(),
        });
    }
}

/// A subscription to a [`Hub`].
pub struct Feed {
    receiver: mpsc::Receiver<()>,
}

impl Feed {
    /// Returns at the next hint, or at once if one came since the last call.
    pub async fn changed(&mut self) {
        if self.receiver.next().await.is_none() {
            // The hub is gone: nothing will ever change again.
            futures::future::pending::<()>().await;
        }
    }
}

/// An event that a caller sets to end a wait (the seed's `wait_on`). Clones are one event.
#[derive(Clone, Default)]
pub struct Event {
    set: Rc<Cell<bool>>,
    waiting: Rc<RefCell<Vec<oneshot::Sender<()>>>>,
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Self {
        Event::default()
    }

    /// Sets it and wakes all who wait.
    pub fn set(&self) {
        self.set.set(true);
        for waiter in self.waiting.take() {
            // A waiter that is gone needs no waking.
            let _ = waiter.send(());
        }
    }

    /// Clears it.
    pub fn clear(&self) {
        self.set.set(false);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.get()
    }

    /// Returns when it is set; at once if it is (semantics 128).
    pub async fn wait(&self) {
        if self.is_set() {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.waiting.borrow_mut();
            // Those of waits that were given up would pile up.
            waiting.retain(|waiter| !waiter.is_canceled());
            waiting.push(sender);
        }
        let _ = receiver.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn s128_a_set_event_returns_at_once_and_wakes_waiters() {
        let event = Event::new();
        let mut waiting = Box::pin(event.wait());
        assert!(waiting.as_mut().now_or_never().is_none());
        event.set();
        assert!(waiting.now_or_never().is_some());
        assert!(event.wait().now_or_never().is_some());
        event.clear();
        assert!(event.wait().now_or_never().is_none());
    }

    #[test]
    fn waits_and_subscriptions_that_ended_do_not_pile_up() {
        let (hub, event) = (Hub::default(), Event::new());
        let mut kept = hub.subscribe();
        for _ in 0..100 {
            drop(hub.subscribe());
            assert!(event.wait().now_or_never().is_none());
        }
        assert!(hub.feeds.borrow().len() <= 2 && event.waiting.borrow().len() <= 1);
        hub.notify();
        assert!(kept.changed().now_or_never().is_some());
    }

    #[test]
    fn hints_between_two_looks_are_one() {
        let hub = Hub::default();
        let mut feed = hub.subscribe();
        assert!(feed.changed().now_or_never().is_none());
        hub.notify();
        hub.notify();
        assert!(feed.changed().now_or_never().is_some());
        assert!(feed.changed().now_or_never().is_none());
    }
}
