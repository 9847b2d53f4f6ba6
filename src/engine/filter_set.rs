//! The filters over a store: [`FilterSet`] by way of the engine. Not here: the
//! records (`filters.rs`), and the language of the scripts, which is plugged in.

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;

use super::Engine;
use super::codec::decoded;
use super::filters::{self, Filters, ScriptNumber};
use super::known::Stood;
use super::layout::{self, FILTERS};
use crate::backend::{Filter, FilterCompiler, FilterSet};
use crate::model::{Error, Result};
use crate::store::{Durability, Revision};

/// The active script as it was compiled, and the revision of the filters at which it was active.
type Compiled = RefCell<Option<(Revision, Option<Rc<dyn Filter>>)>>;

/// A language of filters, and what it last made of the active script.
#[derive(Clone)]
pub struct Language {
    compiler: Rc<dyn FilterCompiler>,
    compiled: Rc<Compiled>,
}

impl Language {
    pub fn new(compiler: Rc<dyn FilterCompiler>) -> Language {
        Language { compiler, compiled: Rc::default() }
    }
}

/// The filters of one database.
pub struct StoreFilterSet {
    engine: Rc<Engine>,
    language: Language,
    durability: Durability,
}

impl StoreFilterSet {
    pub fn new(engine: Rc<Engine>, language: Language, durability: Durability) -> StoreFilterSet {
        StoreFilterSet { engine, language, durability }
    }

    /// Runs a change of the directory; one that changes nothing is no commit.
    async fn change(&self, change: impl Fn(&mut Filters) -> Result<Option<ScriptNumber>>) -> Result<()> {
        self.engine
            .transact(self.durability, async |assembly| {
                let before = assembly.filters().await?;
                let mut filters = Filters::clone(&before);
                if let Some(dropped) = change(&mut filters)? {
                    assembly.delete(layout::script(dropped));
                }
                if filters != *before {
                    assembly.set_filters(filters);
                }
                Ok(())
            })
            .await
    }

    /// The script that `find` finds among the filters, and the revision at
    /// which that was so. Both are of one moment.
    async fn script(
        &self,
        find: impl Fn(&Filters) -> Result<Option<ScriptNumber>>,
    ) -> Result<(Revision, Option<Rc<[u8]>>)> {
        self.engine.revalidate(&[FILTERS]).await?;
        loop {
            let known = self.engine.known_filters().await?;
            let Some(number) = find(&known.value)? else { return Ok((known.revision, None)) };
            let key = layout::script(number);
            let (Stood { revision, .. }, record) = self.engine.read_record(key, FILTERS).await?;
            if revision != known.revision {
                self.engine.invalidate(&[FILTERS]);
                continue;
            }
            let record = record.ok_or_else(|| Error::corrupt("a filter is missing"))?;
            return Ok((revision, Some(decoded(&key, &record, filters::decode_script)?.into())));
        }
    }

    async fn fresh(&self) -> Result<Rc<Filters>> {
        self.engine.revalidate(&[FILTERS]).await?;
        Ok(self.engine.known_filters().await?.value)
    }
}

#[async_trait(?Send)]
impl FilterSet for StoreFilterSet {
    fn compiler(&self) -> Rc<dyn FilterCompiler> {
        self.language.compiler.clone()
    }

    async fn put(&self, name: &str, script: &[u8]) -> Result<()> {
        filters::check_name(name)?;
        filters::check_length(script)?;
        self.language.compiler.compile(script)?;
        self.engine
            .transact(self.durability, async |assembly| {
                let before = assembly.filters().await?;
                let mut filters = Filters::clone(&before);
                let number = filters.add(name)?;
                let key = layout::script(number);
                assembly.put(key, filters::encode_script(&key, script));
                if filters != *before {
                    assembly.set_filters(filters);
                }
                Ok(())
            })
            .await
    }

    async fn get(&self, name: &str) -> Result<Rc<[u8]>> {
        let (_, script) = self.script(|filters| Ok(Some(filters.number(name)?))).await?;
        script.ok_or_else(|| Error::internal("a filter that was found has no script"))
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.change(|filters| Ok(Some(filters.remove(name)?))).await
    }

    async fn rename(&self, before: &str, after: &str) -> Result<()> {
        filters::check_name(after)?;
        self.change(|filters| {
            filters.rename(before, after)?;
            Ok(None)
        })
        .await
    }

    async fn set_active(&self, name: &str) -> Result<()> {
        self.change(|filters| {
            filters.active = Some(filters.number(name)?);
            Ok(None)
        })
        .await
    }

    async fn clear_active(&self) -> Result<()> {
        self.change(|filters| {
            filters.active = None;
            Ok(None)
        })
        .await
    }

    async fn get_active(&self) -> Result<Option<Rc<[u8]>>> {
        Ok(self.script(|filters| Ok(filters.active)).await?.1)
    }

    async fn get_all(&self) -> Result<(Option<String>, Vec<String>)> {
        let filters = self.fresh().await?;
        let names = filters.entries.iter().map(|entry| entry.name.clone()).collect();
        Ok((filters.active_name().map(str::to_owned), names))
    }

    async fn active_filter(&self) -> Result<Option<Rc<dyn Filter>>> {
        self.engine.revalidate(&[FILTERS]).await?;
        let now = self.engine.known_revision(FILTERS);
        if let Some((revision, filter)) = self.language.compiled.borrow().as_ref()
            && Some(*revision) == now
        {
            return Ok(filter.clone());
        }
        let (revision, script) = self.script(|filters| Ok(filters.active)).await?;
        let filter = script.map(|script| self.language.compiler.compile(&script)).transpose()?;
        self.language.compiled.replace(Some((revision, filter.clone())));
        Ok(filter)
    }
}
