//! What can go wrong when features are asked for?

use crate::FeatureId;
use events::Mistake;
use primitives::ErrorKind;

/// A feature cannot be declared, found or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// What the settings declare is no feature.
    #[error("{0}")]
    Declaration(Box<Mistake>),
    /// More features are declared than can be.
    #[error("{found} features are declared under [[features]]: at most {most} can be")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A model asks for features that this program does not compute, or computes in another version.
    #[error("{} (one of your own must be declared under [[features]])", missing_ones(missing))]
    Missing {
        /// What is missing, each with the version that is computed, if any.
        missing: Vec<(FeatureId, Option<u16>)>,
    },
}

impl From<Mistake> for FeatureError {
    fn from(mistake: Mistake) -> Self {
        Self::Declaration(Box::new(mistake))
    }
}

impl FeatureError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Declaration(_) | Self::TooMany { .. } => ErrorKind::Invalid,
            Self::Missing { .. } => ErrorKind::Conflict,
        }
    }
}

/// So many features are named: who reads the sentence wants to know which kind of thing is missing.
const N_NAMED: usize = 3;

fn missing_ones(missing: &[(FeatureId, Option<u16>)]) -> String {
    let one = |(id, computed): &(FeatureId, Option<u16>)| match computed {
        Some(version) => format!("{id} (computed is version {version})"),
        None => id.to_string(),
    };
    let noun = if missing.len() == 1 { "a feature is" } else { "features are" };
    let others = match missing.len().saturating_sub(N_NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let named: Vec<String> = missing.iter().take(N_NAMED).map(one).collect();
    format!("{noun} not computed here: {}{others}", named.join(", "))
}
