//! Which models answer?

use crate::ModelRef;
use learning::{BinaryModel, Body, Loaded, TaskName};
use models::recommend::ItemToItemModel;
use models::rfm::RfmModel;
use models::value::ValueModel;
use primitives::Currency;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The models in force, by task; a task without one is not there.
#[derive(Debug, Clone, Default)]
pub struct Models(BTreeMap<TaskName, Arc<Loaded>>);

impl Models {
    /// Puts an opened model in force.
    pub fn put(&mut self, loaded: Loaded) {
        self.0.insert(loaded.header.task.clone(), Arc::new(loaded));
    }

    /// The model of a task.
    #[must_use]
    pub fn get(&self, task: &TaskName) -> Option<&Arc<Loaded>> {
        self.0.get(task)
    }

    /// The model of a task, where it ranks items.
    pub(crate) fn ranker(&self, task: &TaskName) -> Option<(&Loaded, &ItemToItemModel)> {
        let loaded = self.get(task)?;
        match &loaded.body {
            Body::Ranker(model) => Some((loaded, model)),
            _ => None,
        }
    }

    /// The model of a task, where it answers a question of yes or no.
    pub(crate) fn binary(&self, task: &TaskName) -> Option<(&Loaded, &BinaryModel)> {
        let loaded = self.get(task)?;
        match &loaded.body {
            Body::Binary(model) => Some((loaded, model)),
            _ => None,
        }
    }

    /// The model of a task, where it foretells an amount.
    pub(crate) fn amount(&self, task: &TaskName) -> Option<(&Loaded, &ValueModel)> {
        let loaded = self.get(task)?;
        match &loaded.body {
            Body::Amount(model) => Some((loaded, model)),
            _ => None,
        }
    }

    /// The model of a task, where it divides into groups.
    pub(crate) fn groups(&self, task: &TaskName) -> Option<(&Loaded, &RfmModel)> {
        let loaded = self.get(task)?;
        match &loaded.body {
            Body::Groups(model) => Some((loaded, model)),
            _ => None,
        }
    }
}

/// The currency that a model about money has learned in.
pub(crate) fn currency_of(loaded: &Loaded) -> Option<Currency> {
    loaded.header.settings.get("currency").and_then(|code| Currency::parse(code.as_str()?).ok())
}

impl From<&Loaded> for ModelRef {
    fn from(loaded: &Loaded) -> Self {
        Self { name: loaded.header.task.to_string(), version: loaded.version.clone() }
    }
}
