//! What can go wrong when something is learned, kept or asked?

use crate::{ModelStoreError, Need, TaskName};
use events::EventLogError;
use features::FeatureError;
use models::ModelError;
use primitives::ErrorKind;
use profiles::ProfileError;

/// Learning, keeping a model or asking it failed. Models in force are never harmed.
#[derive(Debug, thiserror::Error)]
pub enum LearningError {
    /// The history could not be read.
    #[error("the history could not be replayed for training")]
    History(#[from] EventLogError),
    /// The history could not be folded into customers.
    #[error("the history could not be folded into customers for training")]
    Profiles(#[from] ProfileError),
    /// There is not enough to learn from.
    #[error("there is not enough to train the {task} model yet: {}", sentence(.missing))]
    NotReady {
        /// Which task.
        task: TaskName,
        /// What is missing.
        missing: Vec<Need>,
    },
    /// The mathematics refused.
    #[error("cannot {attempt}")]
    Model {
        /// What was attempted.
        attempt: &'static str,
        /// Why not.
        #[source]
        source: ModelError,
    },
    /// The model store failed.
    #[error(transparent)]
    Store(#[from] ModelStoreError),
    /// No model file has this version.
    #[error("there is no {task} model of version \"{version}\": choose one of the versions on the models page")]
    NoSuchVersion {
        /// Which task.
        task: TaskName,
        /// The version that was asked for.
        version: String,
    },
    /// There is nothing to roll back to.
    #[error("the {task} model cannot be rolled back: it has had {n_champions} champions, and two are needed")]
    NoEarlierChampion {
        /// Which task.
        task: TaskName,
        /// How many champions there were.
        n_champions: usize,
    },
    /// There is no such task.
    #[error("there is no task \"{name}\": name one of {}", names(.known))]
    NoSuchTask {
        /// What was asked for.
        name: String,
        /// The tasks that there are.
        known: Vec<TaskName>,
    },
    /// The model was trained for another question under the same name.
    #[error(
        "model {version} answers another question than the settings ask now: train it again with `rapport train {task}`"
    )]
    AnotherQuestion {
        /// Which task.
        task: TaskName,
        /// Its version.
        version: String,
    },
    /// The model looks at features that this program does not compute.
    #[error("model {version} cannot answer: {source}; train it again with `rapport train {task}`")]
    Features {
        /// Which task.
        task: TaskName,
        /// Its version.
        version: String,
        /// Which features are missing.
        source: Box<FeatureError>,
    },
    /// A task asks for features that this program does not compute.
    #[error(transparent)]
    NoSuchFeature(#[from] FeatureError),
    /// The model has a shape that this program does not know.
    #[error("the model has the shape \"{shape}\", which only a newer program knows: use that one, or train again")]
    Shape {
        /// Its shape.
        shape: String,
    },
    /// A feature vector does not fit the model.
    #[error(
        "a feature vector has {found} values, the model was trained on {expected}: compute them with its own inputs"
    )]
    Vector {
        /// How many the model looks at.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A model file is not what was written.
    #[error("the model file cannot be opened: {reason}; train again, or restore the data directory from a backup")]
    File {
        /// What does not fit.
        reason: String,
    },
    /// A newer program wrote the model file.
    #[error(
        "the model file has format version {found}, this program reads version {known}: use the newer program or train again"
    )]
    Newer {
        /// The version found.
        found: u16,
        /// The version that this program reads.
        known: u16,
    },
}

impl LearningError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::History(error) => error.kind(),
            Self::Profiles(error) => error.kind(),
            Self::Model { source, .. } => source.kind(),
            Self::Store(error) => error.kind,
            Self::NotReady { .. }
            | Self::NoEarlierChampion { .. }
            | Self::AnotherQuestion { .. }
            | Self::Features { .. }
            | Self::Shape { .. } => ErrorKind::Conflict,
            Self::NoSuchVersion { .. } | Self::NoSuchTask { .. } => ErrorKind::NotFound,
            Self::Vector { .. } | Self::NoSuchFeature(_) => ErrorKind::Invalid,
            Self::File { .. } | Self::Newer { .. } => ErrorKind::Corrupt,
        }
    }

    /// Names what was attempted when the mathematics refuses.
    pub(crate) fn model(attempt: &'static str) -> impl Fn(ModelError) -> Self {
        move |source| Self::Model { attempt, source }
    }
}

fn names(known: &[TaskName]) -> String {
    known.iter().map(TaskName::as_str).collect::<Vec<_>>().join(", ")
}

fn sentence(missing: &[Need]) -> String {
    let each = missing.iter().map(|r| format!("{} ({} of {}; {})", r.what, r.told, r.need, r.how));
    each.collect::<Vec<_>>().join("; ")
}
