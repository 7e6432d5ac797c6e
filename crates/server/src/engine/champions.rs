//! Which models are in force?

use super::Engine;
use crate::error::ServerError;
use decisions::Champions;
use learning::ModelKind;
use primitives::ModelVersion;
use std::sync::PoisonError;

/// A model's champion, and why it cannot be used where it cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct ChampionStatus {
    /// The model.
    pub kind: ModelKind,
    /// The champion's version; `None` where none was trained.
    pub version: Option<ModelVersion>,
    /// Why it cannot be used.
    pub fault: Option<String>,
}

impl Engine {
    /// The models in force.
    pub fn champions(&self) -> Champions {
        self.champions.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which champions there are, and which of them cannot be used.
    pub fn champion_status(&self) -> Vec<ChampionStatus> {
        self.champion_status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the champions from the registry again. One that cannot be used is left out and its fault kept, so that
    /// decisions fall back and people see why.
    ///
    /// # Errors
    /// [`ServerError`] where the registry itself cannot be read.
    pub fn reload_champions(&self) -> Result<(), ServerError> {
        let mut champions = Champions::default();
        let mut status = Vec::new();
        for kind in ModelKind::ALL {
            let version = self.registry.champion_version(kind)?;
            let fault = match self.registry.champion(kind) {
                Ok(None) => None,
                Ok(Some(loaded)) => {
                    champions.put(loaded);
                    None
                }
                Err(error) => Some(ServerError::from(error).story()),
            };
            if let Some(fault) = &fault {
                tracing::error!(model = kind.name(), fault, "the champion cannot be used; decisions fall back");
            }
            status.push(ChampionStatus { kind, version, fault });
        }
        *self.champions.write().unwrap_or_else(PoisonError::into_inner) = champions;
        *self.champion_status.write().unwrap_or_else(PoisonError::into_inner) = status;
        Ok(())
    }

    /// The champions that a logged decision names, for its replay.
    ///
    /// # Errors
    /// [`ServerError`] where the model is not there any more or damaged.
    pub fn champions_of(&self, record: &decisions::Record) -> Result<Champions, ServerError> {
        let mut champions = Champions::default();
        if let Some(model) = &record.decision.answer.model {
            let kind = match record.question.kind {
                decisions::DecisionKind::Recommend => ModelKind::Recommend,
                decisions::DecisionKind::Churn => ModelKind::Churn,
            };
            champions.put(self.registry.load(kind, &model.version)?);
        }
        Ok(champions)
    }
}
