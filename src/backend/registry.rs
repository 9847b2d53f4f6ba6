//! Which backends there are, by name, and which is the default. Not here: the
//! backends; a factory makes them when they are asked for.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::MailboxSet;
use crate::model::{Error, ErrorCode, Result};
use crate::store::Durability;

/// What a backend is told about the mailboxes to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackendOptions {
    /// Whose mailboxes.
    pub owner: String,
    /// The name of the database; the backend's own choice for the owner where absent.
    pub database: Option<String>,
    /// How durable a change is when its method returns.
    pub durability: Durability,
}

/// Opens a person's mailboxes; over them, [`BaseSession`](crate::session::BaseSession)s.
pub type BackendFactory = Rc<dyn Fn(BackendOptions) -> LocalBoxFuture<'static, Result<Rc<dyn MailboxSet>>>>;

type Named = Vec<(String, BackendFactory)>;

/// The backends by name (semantics 180): those that were added, and those that
/// are discovered, which is done once, when first asked. Of two with one name
/// the added one counts.
#[derive(Default)]
pub struct Backends {
    discover: Option<Box<dyn Fn() -> Named>>,
    discovered: OnceCell<Named>,
    added: RefCell<Named>,
    default: RefCell<Option<String>>,
}

impl Backends {
    /// A registry that discovers nothing.
    pub fn new() -> Self {
        Backends::default()
    }

    /// A registry that finds its built-in backends by `discover`, which is
    /// called at most once, and not before a backend is looked for.
    pub fn with_discovery(discover: impl Fn() -> Vec<(String, BackendFactory)> + 'static) -> Self {
        Backends { discover: Some(Box::new(discover)), ..Backends::default() }
    }

    fn discovered(&self) -> &Named {
        self.discovered.get_or_init(|| self.discover.as_ref().map_or_else(Vec::new, |discover| discover()))
    }

    /// Adds a backend, in place of one that was added or discovered under that name.
    pub fn add(&self, name: &str, factory: BackendFactory) {
        let mut added = self.added.borrow_mut();
        match added.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = factory,
            None => added.push((name.to_owned(), factory)),
        }
    }

    /// Adds a backend unless one was added under that name already:
    /// `ALREADY_EXISTS`. It takes precedence over a discovered one.
    pub fn register(&self, name: &str, factory: BackendFactory) -> Result<()> {
        if self.added.borrow().iter().any(|(known, _)| known == name) {
            return Err(Error::new(
                ErrorCode::AlreadyExists,
                format!("a backend is registered as {name:?} already"),
            ));
        }
        self.add(name, factory);
        Ok(())
    }

    /// The backend of that name; `NOT_FOUND`.
    pub fn get(&self, name: &str) -> Result<BackendFactory> {
        let named = |(known, _): &&(String, BackendFactory)| known == name;
        if let Some((_, factory)) = self.added.borrow().iter().find(named) {
            return Ok(Rc::clone(factory));
        }
        let discovered = self.discovered().iter().find(named);
        discovered
            .map(|(_, factory)| Rc::clone(factory))
            .ok_or_else(|| Error::new(ErrorCode::NotFound, format!("no backend is registered as {name:?}")))
    }

    /// The name of the default backend, registered or not.
    pub fn default_name(&self) -> Option<String> {
        self.default.borrow().clone()
    }

    /// Makes a name the default, or none. It need not be registered yet.
    pub fn set_default(&self, name: Option<&str>) {
        self.default.replace(name.map(str::to_owned));
    }

    /// The default backend; `NOT_FOUND` where none is set or the one that is
    /// set is not registered.
    pub fn default_backend(&self) -> Result<BackendFactory> {
        let name = self.default_name();
        let name = name.ok_or_else(|| Error::new(ErrorCode::NotFound, "no default backend is set"))?;
        self.get(&name)
    }

    /// Every name once: the discovered ones, then those added beside them, in their order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.discovered().iter().map(|(name, _)| name.clone()).collect();
        for (name, _) in self.added.borrow().iter() {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens mailboxes with the backend of that name, or the default one.
    /// Fails with `NOT_FOUND` as [`Backends::get`] and
    /// [`Backends::default_backend`] do, and with whatever the backend fails with.
    pub async fn open(&self, name: Option<&str>, options: BackendOptions) -> Result<Rc<dyn MailboxSet>> {
        let factory = match name {
            Some(name) => self.get(name)?,
            None => self.default_backend()?,
        };
        factory(options).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;

    use super::*;

    /// A factory that fails in its own words, so that one can tell which it was.
    fn factory(word: &'static str) -> BackendFactory {
        Rc::new(move |options: BackendOptions| {
            async move { Err(Error::new(ErrorCode::Unavailable, format!("{word} {}", options.owner))) }
                .boxed_local()
        })
    }

    fn opened(backends: &Backends, name: Option<&str>) -> String {
        let options = BackendOptions { owner: "ada".to_owned(), ..BackendOptions::default() };
        match backends.open(name, options).now_or_never().unwrap() {
            Ok(_) => panic!("no factory here succeeds"),
            Err(error) if error.code() == ErrorCode::Unavailable => error.message().to_owned(),
            Err(error) => error.code().as_str().to_owned(),
        }
    }

    #[test]
    fn s180_what_is_added_beats_what_is_discovered() {
        let backends = Backends::with_discovery(|| {
            vec![("b".into(), factory("found b")), ("a".into(), factory("found a"))]
        });
        assert_eq!(opened(&backends, Some("a")), "found a ada");
        backends.register("a", factory("added a")).unwrap();
        backends.add("c", factory("added c"));
        assert_eq!(opened(&backends, Some("a")), "added a ada");
        assert_eq!(opened(&backends, Some("b")), "found b ada");
        assert_eq!(backends.names(), ["b", "a", "c"]);
        assert_eq!(backends.len(), 3);
        let again = backends.register("c", factory("twice"));
        assert_eq!(again.unwrap_err().code(), ErrorCode::AlreadyExists);
        assert_eq!(opened(&backends, Some("c")), "added c ada");
        backends.add("c", factory("other c"));
        assert_eq!(opened(&backends, Some("c")), "other c ada");
        assert_eq!(backends.len(), 3);
    }

    #[test]
    fn s180_discovery_is_lazy_and_once() {
        let calls = Rc::new(Cell::new(0));
        let counter = Rc::clone(&calls);
        let backends = Backends::with_discovery(move || {
            counter.set(counter.get() + 1);
            vec![("a".into(), factory("found a"))]
        });
        backends.add("b", factory("added b"));
        backends.set_default(Some("b"));
        assert_eq!(opened(&backends, None), "added b ada");
        assert_eq!(calls.get(), 0);
        assert_eq!(opened(&backends, Some("nope")), "NOT_FOUND");
        assert_eq!(backends.names(), ["a", "b"]);
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn s180_a_default_must_be_set_and_registered() {
        let backends = Backends::new();
        assert!(backends.is_empty());
        assert_eq!(opened(&backends, None), "NOT_FOUND");
        backends.set_default(Some("a"));
        assert_eq!(opened(&backends, None), "NOT_FOUND");
        backends.add("a", factory("added a"));
        assert_eq!(opened(&backends, None), "added a ada");
        assert_eq!(backends.default_name().as_deref(), Some("a"));
        backends.set_default(None);
        assert_eq!(opened(&backends, None), "NOT_FOUND");
    }
}
