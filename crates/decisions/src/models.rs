//! Which models answer?

use crate::{ModelRef, Why};
use learning::{BinaryModel, Body, ClassesModel, EffectsModel, Loaded, NumberModel, OrderModel, PolicyModel, TaskName};
use models::recommend::Recommender;
use models::rfm::RfmModel;
use models::text::IntentModel;
use models::value::ValueModel;
use primitives::Currency;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The models in force, by task; a task without one is not there, or it is known why its model cannot answer.
#[derive(Debug, Clone, Default)]
pub struct Models {
    loaded: BTreeMap<TaskName, Arc<Loaded>>,
    unusable: BTreeMap<TaskName, String>,
}

impl Models {
    /// Puts an opened model in force.
    pub fn put(&mut self, loaded: Loaded) {
        self.unusable.remove(&loaded.header.task);
        self.loaded.insert(loaded.header.task.clone(), Arc::new(loaded));
    }

    /// Says why the model that there is of a task cannot answer, as the beginning of a sentence.
    pub fn set_aside(&mut self, task: TaskName, why: String) {
        self.loaded.remove(&task);
        self.unusable.insert(task, why);
    }

    /// The model of a task.
    #[must_use]
    pub fn get(&self, task: &TaskName) -> Option<&Arc<Loaded>> {
        self.loaded.get(task)
    }

    /// Whether there are such tasks, and a model of each.
    #[must_use]
    pub fn answer(&self, tasks: &[TaskName]) -> bool {
        !tasks.is_empty() && tasks.iter().all(|task| self.loaded.contains_key(task))
    }

    /// The currency of what the models of some tasks foretell, where they foretell money.
    #[must_use]
    pub fn currency(&self, tasks: &[TaskName]) -> Option<Currency> {
        tasks.iter().find_map(|task| currency_of(self.loaded.get(task)?))
    }

    /// Why the model of a task cannot answer; `None` where it can, and where there is none.
    #[must_use]
    pub fn why_unusable(&self, task: &TaskName) -> Option<&str> {
        self.unusable.get(task).map(String::as_str)
    }

    /// The model of a task, as an answer names it.
    pub(crate) fn named(&self, task: &TaskName) -> Option<ModelRef> {
        self.get(task).map(|loaded| ModelRef::from(loaded.as_ref()))
    }

    /// The model of a task, where it ranks items.
    pub(crate) fn ranker(&self, task: &TaskName) -> Result<(&Loaded, &Recommender), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Ranker(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it answers a question of yes or no.
    pub(crate) fn binary(&self, task: &TaskName) -> Result<(&Loaded, &BinaryModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Binary(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it foretells an amount.
    pub(crate) fn amount(&self, task: &TaskName) -> Result<(&Loaded, &ValueModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Amount(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it divides into groups.
    pub(crate) fn groups(&self, task: &TaskName) -> Result<(&Loaded, &RfmModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Groups(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it foretells how often or how much.
    pub(crate) fn number(&self, task: &TaskName) -> Result<(&Loaded, &NumberModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Number(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it foretells which of several.
    pub(crate) fn classes(&self, task: &TaskName) -> Result<(&Loaded, &ClassesModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Classes(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it says what messages ask for.
    pub(crate) fn texts(&self, task: &TaskName) -> Result<(&Loaded, &IntentModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Texts(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it puts what was found in order.
    pub(crate) fn order(&self, task: &TaskName) -> Result<(&Loaded, &OrderModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Order(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it says what actions bring.
    pub(crate) fn policy(&self, task: &TaskName) -> Result<(&Loaded, &PolicyModel), Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Policy(model) => Ok((loaded, model)),
            _ => Err(of_another_shape(loaded)),
        }
    }

    /// The model of a task, where it says what actions change.
    pub(crate) fn effects(&self, task: &TaskName) -> Result<&EffectsModel, Why> {
        let loaded = self.loaded(task)?;
        match &loaded.body {
            Body::Effects(model) => Ok(model),
            _ => Err(of_another_shape(loaded)),
        }
    }

    fn loaded(&self, task: &TaskName) -> Result<&Loaded, Why> {
        let missing = || self.why_unusable(task).map_or(Why::Untrained, Why::because);
        self.get(task).map(AsRef::as_ref).ok_or_else(missing)
    }
}

/// A model that was opened, and has mathematics that the question cannot use.
fn of_another_shape(loaded: &Loaded) -> Why {
    let (task, version, shape) = (&loaded.header.task, &loaded.version, loaded.body.shape().name());
    Why::because(format!(
        "The {task} model {version} cannot be used, since it has the shape \"{shape}\", and another is needed"
    ))
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
