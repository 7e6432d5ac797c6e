//! Which models are in force?

use crate::Engine;
use crate::error::EngineError;
use decisions::Champions;
use learning::{ModelHeader, ModelKind, Withdrawn};
use primitives::{ModelVersion, Timestamp};
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

/// Customers whom the champion learned from and who have refused since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillLearnedFrom {
    /// How many.
    pub n_customers: u64,
    /// By when the model is trained again: a day after the first of them, or after the last training that changed nothing.
    pub retrained_by: Timestamp,
}

impl Engine {
    /// How many of the customers that a model learned from have refused since.
    pub fn withdrawn_from(&self, header: &ModelHeader) -> Option<Withdrawn> {
        self.look(|live| live.withdrawals.of(header))
    }

    /// Customers whom the champion learned from and who have refused since; `None` where there are none.
    ///
    /// # Errors
    /// [`EngineError`] where the registry cannot be read.
    pub fn still_learned_from(&self, kind: ModelKind) -> Result<Option<StillLearnedFrom>, EngineError> {
        let versions = self.registry.versions(kind)?;
        let Some(champion) = versions.iter().find(|version| version.is_champion) else { return Ok(None) };
        let trained_at = versions.iter().map(|version| version.header.trained_at).max().unwrap_or_default();
        Ok(self.withdrawn_from(&champion.header).map(|Withdrawn { n, first_at }| StillLearnedFrom {
            n_customers: n,
            retrained_by: first_at.max(trained_at).plus_days(1),
        }))
    }

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
    /// [`EngineError`] where the registry itself cannot be read.
    pub fn reload_champions(&self) -> Result<(), EngineError> {
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
                Err(error) => Some(EngineError::from(error).story()),
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
    /// [`EngineError`] where the model is not there any more or damaged.
    pub fn champions_of(&self, record: &decisions::Record) -> Result<Champions, EngineError> {
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
