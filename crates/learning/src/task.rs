//! What is something that can be learned? A task judges itself on a later window, and is fitted on everything.
//!
//! What is true of every task stands in `train.rs`: the header, the comparison with the champion, the verdict. A task says
//! only what is its own.

use crate::contest::Contest;
use crate::reigning::Reigning;
use crate::{Body, Dataset, Evaluation, Importance, LearningError, Need, Split, TaskName};
use features::{Catalogue, FeatureId, Watch};
use primitives::{Seed, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What people are told of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskAbout {
    /// Its name.
    pub name: TaskName,
    /// What it is called on a page.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// What it learns from, in the plural: `purchases`.
    pub rows: String,
    /// Exactly what is foretold, of whom and within how long, where that can be declared: a model of another declaration
    /// answers another question.
    pub asks: String,
    /// Whether it learns from who never ordered, too.
    pub of_everybody: bool,
}

/// What there is to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// Everybody who permits it.
    pub dataset: &'a Dataset,
    /// The features that this program computes.
    pub catalogue: &'a Catalogue,
    /// The moment as of which is learned.
    pub now: Timestamp,
    /// The root of all chance.
    pub seed: Seed,
}

/// How good models with these settings are on a window that they have not seen.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The settings that were chosen before that window.
    pub settings: Value,
    /// How good, beside what costs nothing.
    pub evaluation: Evaluation,
    /// How it compares with the model that answers.
    pub contest: Contest,
}

/// A model fitted on everything that is known.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The model.
    pub body: Body,
    /// The features that it looks at, in its order.
    pub features: Vec<FeatureId>,
    /// Rows that were learned from.
    pub n_rows: u64,
    /// Customers who were learned from.
    pub n_customers: u64,
    /// When the newest thing that was learned from happened, where that is after the end of the split.
    pub newest_row: Option<Timestamp>,
    /// How much each feature matters, largest first.
    pub importances: Vec<Importance>,
    /// How the model works, in words.
    pub method: String,
}

/// Something that is learned.
pub trait Task: Send + Sync {
    /// What people are told of it.
    fn about(&self) -> &TaskAbout;

    /// Whether it learns from what its own models choose: then it is learned again as soon as more is known of that.
    fn continues(&self) -> bool {
        false
    }

    /// Of how many choices it can learn, and of how many of these something came, where it does.
    fn n_known(&self, dataset: &Dataset) -> (u64, u64) {
        let _ = dataset;
        (0, 0)
    }

    /// Whether there is nothing to learn for it as things stand: then it is as if it were not on the list.
    fn is_idle(&self) -> bool {
        false
    }

    /// The events that it must be able to count, besides purchases.
    fn watches(&self) -> Vec<Watch> {
        Vec::new()
    }

    /// What it needs to be trained, and what there is of it.
    fn needs(&self, data: &Data<'_>) -> Vec<Need>;

    /// The latest window to be judged on, and what comes before it; `None` where the history is too short.
    fn split(&self, data: &Data<'_>) -> Option<Split>;

    /// Chooses settings before the window of the split, and judges them in it, together with the model that answers.
    ///
    /// # Errors
    /// [`LearningError::Model`] where the mathematics refuses.
    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError>;

    /// Adds to an evaluation what costs too much for every training and somebody who asks how good it is wants to know.
    ///
    /// # Errors
    /// [`LearningError::Model`] where the mathematics refuses.
    fn examine(&self, data: &Data<'_>, split: &Split, evaluation: &mut Evaluation) -> Result<(), LearningError> {
        let _ = (data, split, evaluation);
        Ok(())
    }

    /// Fits a model on everything that is known.
    ///
    /// # Errors
    /// [`LearningError::Model`] where the mathematics refuses.
    fn fit(&self, data: &Data<'_>, split: &Split, settings: &Value) -> Result<Fitted, LearningError>;
}

/// Everything that can be learned, in the order in which it is shown.
pub struct Tasks(Vec<Box<dyn Task>>);

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Tasks {
    /// The tasks that are given.
    #[must_use]
    pub fn new(tasks: Vec<Box<dyn Task>>) -> Self {
        Self(tasks)
    }

    /// With one more.
    #[must_use]
    pub fn and(mut self, task: impl Task + 'static) -> Self {
        self.0.push(Box::new(task));
        self
    }

    /// Each task that is not idle.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Task> {
        self.0.iter().map(AsRef::as_ref).filter(|task| !task.is_idle())
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &TaskName> {
        self.iter().map(|task| &task.about().name)
    }

    /// The task of a name.
    ///
    /// # Errors
    /// [`LearningError::NoSuchTask`] with the names that there are.
    pub fn get(&self, name: &str) -> Result<&dyn Task, LearningError> {
        let found = self.iter().find(|task| task.about().name.as_str() == name);
        found.ok_or_else(|| LearningError::NoSuchTask {
            name: name.chars().take(40).collect(),
            known: self.names().cloned().collect(),
        })
    }

    /// The events that any of them must be able to count, each once.
    #[must_use]
    pub fn watches(&self) -> Vec<Watch> {
        let mut watches = Vec::new();
        for watch in self.iter().flat_map(Task::watches) {
            if !watches.contains(&watch) {
                watches.push(watch);
            }
        }
        watches
    }
}

/// Settings as a model's file keeps them.
pub(crate) fn as_json(settings: &impl Serialize) -> Result<Value, LearningError> {
    serde_json::to_value(settings).map_err(|error| LearningError::File { reason: error.to_string() })
}

/// Settings as a model's file kept them.
pub(crate) fn from_json<T: DeserializeOwned>(settings: &Value) -> Result<T, LearningError> {
    T::deserialize(settings).map_err(|error| LearningError::File { reason: format!("its settings: {error}") })
}
