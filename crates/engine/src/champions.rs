//! Which models are in force?

use crate::Engine;
use crate::error::EngineError;
use decisions::Models;
use learning::{ModelHeader, TaskName, Withdrawn};
use primitives::{ModelVersion, Timestamp};
use std::sync::PoisonError;

/// A model's champion, and why it cannot be used where it cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct ChampionStatus {
    /// The task it answers.
    pub task: TaskName,
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
    pub fn still_learned_from(&self, task: &TaskName) -> Result<Option<StillLearnedFrom>, EngineError> {
        let versions = self.registry.versions(task)?;
        let Some(champion) = versions.iter().find(|version| version.is_champion) else { return Ok(None) };
        let trained_at = versions.iter().map(|version| version.header.trained_at).max().unwrap_or_default();
        Ok(self.withdrawn_from(&champion.header).map(|Withdrawn { n, first_at }| StillLearnedFrom {
            n_customers: n,
            retrained_by: first_at.max(trained_at).plus_days(1),
        }))
    }

    /// The models in force.
    pub fn models(&self) -> Models {
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
        let mut champions = Models::default();
        let mut status = Vec::new();
        for task in self.capabilities.tasks.names() {
            // A damaged pointer to one champion stops no other.
            let version = self.registry.champion_version(task).unwrap_or_default();
            let fault = match self.registry.champion(task) {
                Ok(None) => None,
                Ok(Some(loaded)) if loaded.header.asks != self.capabilities.tasks.get(task.as_str())?.about().asks => {
                    let remedy = format!("train it again with `rapport train {task}`");
                    Some(format!(
                        "model {} answers another question than the settings ask now: {remedy}",
                        loaded.version
                    ))
                }
                Ok(Some(loaded)) => {
                    champions.put(loaded);
                    None
                }
                Err(error) => Some(EngineError::from(error).story()),
            };
            if let Some(fault) = &fault {
                tracing::error!(model = task.as_str(), fault, "the champion cannot be used; decisions fall back");
            }
            status.push(ChampionStatus { task: task.clone(), version, fault });
        }
        *self.champions.write().unwrap_or_else(PoisonError::into_inner) = champions;
        *self.champion_status.write().unwrap_or_else(PoisonError::into_inner) = status;
        Ok(())
    }

    /// The models that a logged decision was made with, for its replay.
    ///
    /// # Errors
    /// [`EngineError`] where one of them is not there any more or damaged.
    pub fn models_of(&self, record: &decisions::Record) -> Result<Models, EngineError> {
        let mut models = Models::default();
        for (task, version) in record.models() {
            models.put(self.registry.load(&task, &version)?);
        }
        Ok(models)
    }

    /// The features that a decision was made from, by name.
    pub fn features_of(&self, record: &decisions::Record) -> std::collections::BTreeMap<String, Option<f64>> {
        record.features(|task, version| {
            let header = self.registry.header_of(task, version).ok()?;
            Some(header.features.iter().map(|feature| feature.name.to_string()).collect())
        })
    }
}
