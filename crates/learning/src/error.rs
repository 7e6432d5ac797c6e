//! What can go wrong when something is learned, kept or asked?

use crate::{ModelKind, ModelStoreError, Requirement};
use events::EventLogError;
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
    #[error("there is not enough to train the {kind} model yet: {}", sentence(.missing))]
    NotReady {
        /// Which model.
        kind: ModelKind,
        /// What is missing.
        missing: Vec<Requirement>,
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
    #[error("there is no {kind} model of version \"{version}\": choose one of the versions on the models page")]
    NoSuchVersion {
        /// Which model.
        kind: ModelKind,
        /// The version that was asked for.
        version: String,
    },
    /// There is nothing to roll back to.
    #[error("the {kind} model cannot be rolled back: it has had {n_champions} champions, and two are needed")]
    NoEarlierChampion {
        /// Which model.
        kind: ModelKind,
        /// How many champions there were.
        n_champions: usize,
    },
    /// The model looks at other features than this program computes.
    #[error(
        "model {version} was trained on features {trained_on}, this program computes {computed}: train it again with \
         `rapport train {kind}`"
    )]
    Schema {
        /// Which model.
        kind: ModelKind,
        /// Its version.
        version: String,
        /// The schema in its header.
        trained_on: String,
        /// The schema of this program.
        computed: String,
    },
    /// A feature vector does not fit the model.
    #[error(
        "a feature vector has {found} values, the model was trained on {expected}: compute it with this program's catalogue"
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
            Self::NotReady { .. } | Self::NoEarlierChampion { .. } | Self::Schema { .. } => ErrorKind::Conflict,
            Self::NoSuchVersion { .. } => ErrorKind::NotFound,
            Self::Vector { .. } => ErrorKind::Invalid,
            Self::File { .. } | Self::Newer { .. } => ErrorKind::Corrupt,
        }
    }

    /// Names what was attempted when the mathematics refuses.
    pub(crate) fn model(attempt: &'static str) -> impl Fn(ModelError) -> Self {
        move |source| Self::Model { attempt, source }
    }
}

fn sentence(missing: &[Requirement]) -> String {
    let each = missing.iter().map(|r| format!("{} ({} of {}; {})", r.what, r.have, r.need, r.how));
    each.collect::<Vec<_>>().join("; ")
}
