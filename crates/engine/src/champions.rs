//! Which models are in force?

use crate::Engine;
use crate::error::EngineError;
use crate::needs::Material;
use decisions::Models;
use features::{FeatureError, FeatureId};
use learning::{LearningError, ModelHeader, Registry, Reigning, TaskName, Version, Withdrawn};
use primitives::{ErrorKind, ModelVersion, Timestamp};
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

/// Customers whom a model learned from and who are to be in none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneSince {
    /// How many have refused since.
    pub n_refused: u64,
    /// How many were erased since.
    pub n_erased: u64,
    /// When the first of them did or was.
    pub first_at: Timestamp,
}

/// Customers whom the champion learned from and who have refused or were erased since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillLearnedFrom {
    /// How many have refused.
    pub n_refused: u64,
    /// How many were erased.
    pub n_erased: u64,
    /// By when the model is trained again: a day after the first of them, or after the last training that changed nothing.
    pub retrained_by: Timestamp,
}

/// A champion that another program put in the place of one.
#[derive(Debug)]
pub(super) struct Crowned {
    /// The task it answers.
    pub(super) task: TaskName,
    /// The champion's version before.
    pub(super) former: Option<ModelVersion>,
    /// The champion's version now.
    pub(super) version: ModelVersion,
}

impl Engine {
    /// How many of the customers that a model learned from have refused or were erased since.
    pub fn gone_since(&self, header: &ModelHeader) -> Option<GoneSince> {
        let refused = self.look(|live| live.withdrawals.of(header));
        let erased = self.erased_from(header);
        let first_at = [refused, erased].into_iter().flatten().map(|some| some.first_at).min()?;
        let n = |some: Option<Withdrawn>| some.map_or(0, |some| some.n);
        Some(GoneSince { n_refused: n(refused), n_erased: n(erased), first_at })
    }

    /// Customers whom the champion learned from and who have refused or were erased since; `None` where there are none.
    ///
    /// # Errors
    /// [`EngineError`] where the registry cannot be read.
    pub fn still_learned_from(&self, task: &TaskName) -> Result<Option<StillLearnedFrom>, EngineError> {
        let versions = self.registry.versions(task)?;
        let Some(champion) = versions.iter().find(|version| version.is_champion) else { return Ok(None) };
        let trained_at = versions.iter().map(|version| version.header.trained_at).max().unwrap_or_default();
        Ok(self.gone_since(&champion.header).map(|GoneSince { n_refused, n_erased, first_at }| StillLearnedFrom {
            n_refused,
            n_erased,
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
        let _one_at_a_time = self.crowning.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_champions()
    }

    /// Changes in the registry who answers, and reads the champions again before anybody else looks whether they are others:
    /// whoever changes that writes down who had it done.
    ///
    /// # Errors
    /// [`EngineError`] of the change, and as [`Engine::reload_champions`].
    pub fn crown<T>(&self, change: impl FnOnce(&Registry) -> Result<T, LearningError>) -> Result<T, EngineError> {
        let _one_at_a_time = self.crowning.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&self.registry)?;
        self.read_champions()?;
        Ok(changed)
    }

    /// Reads the champions again where another program has changed who answers, or where one could not be used: what could not
    /// be read for a moment may be readable now. Answers who was put in whose place.
    pub(super) fn follow_registry(&self) -> Result<Vec<Crowned>, EngineError> {
        let _one_at_a_time = self.crowning.lock().unwrap_or_else(PoisonError::into_inner);
        let in_force = self.champion_status();
        let is_other = |status: &ChampionStatus| {
            self.registry.champion_version(&status.task).is_ok_and(|version| version != status.version)
        };
        if !in_force.iter().any(|status| status.fault.is_some() || is_other(status)) {
            return Ok(Vec::new());
        }
        self.read_champions()?;
        // What is told is what was read: another program may have changed more since it was looked.
        let now = self.champion_status();
        let crowned = in_force.into_iter().filter_map(|ChampionStatus { task, version: former, .. }| {
            let version = now.iter().find(|status| status.task == task)?.version.clone()?;
            (former.as_ref() != Some(&version)).then_some(Crowned { task, former, version })
        });
        Ok(crowned.collect())
    }

    fn read_champions(&self) -> Result<(), EngineError> {
        let mut champions = Models::default();
        let mut status = Vec::new();
        let before = self.champion_status();
        for task in self.capabilities.tasks.iter() {
            let name = &task.about().name;
            // A damaged pointer to one champion stops no other.
            let version = self.registry.champion_version(name).unwrap_or_default();
            // What operators are told, and the end of the sentence that decisions say.
            let fault = match self.registry.answering(task.about()) {
                Ok(None) => {
                    let newest = self.registry.versions(name).unwrap_or_default().into_iter().next();
                    if let Some(Version { version, .. }) = newest {
                        let why = "does not answer, since simple answers are as good";
                        champions.set_aside(name.clone(), format!("The newest {name} model, {version}, {why}"));
                    }
                    None
                }
                Ok(Some(loaded)) => {
                    champions.put(loaded);
                    None
                }
                Err(error) => {
                    let why = self.why_unusable(&error);
                    Some((EngineError::from(error).story(), why))
                }
            };
            let fault = fault.map(|(fault, why)| {
                // It is looked at again from time to time, and told once.
                if !before.iter().any(|known| known.task == *name && known.fault.as_ref() == Some(&fault)) {
                    tracing::error!(model = name.as_str(), fault, "the champion cannot be used; decisions fall back");
                }
                let named = version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
                champions.set_aside(name.clone(), format!("The {name} model{named} cannot be used, since {why}"));
                fault
            });
            status.push(ChampionStatus { task: name.clone(), version, fault });
        }
        *self.champions.write().unwrap_or_else(PoisonError::into_inner) = champions;
        *self.champion_status.write().unwrap_or_else(PoisonError::into_inner) = status;
        Ok(())
    }

    /// Why a champion cannot be used, as the end of a sentence that callers may read.
    fn why_unusable(&self, error: &LearningError) -> String {
        match error {
            LearningError::Features { source, .. } => match source.as_ref() {
                FeatureError::Missing { missing } if self.are_being_counted(missing.iter().map(|(id, _)| id)) => {
                    "features that it looks at are still being counted".to_owned()
                }
                source => source.to_string(),
            },
            LearningError::AnotherQuestion { .. } => "it answers another question than the settings ask now".to_owned(),
            LearningError::Shape { shape } => format!("it has the shape \"{shape}\", which only a newer program knows"),
            LearningError::Newer { .. } => "a newer program wrote its file".to_owned(),
            other => match other.kind() {
                ErrorKind::NotFound => "its file is not there",
                ErrorKind::Unavailable | ErrorKind::Internal => "its file cannot be read at present",
                _ => "its file is damaged",
            }
            .to_owned(),
        }
    }

    /// Whether a champion looks at features that are wanted and were not kept when a history was read: in training they would
    /// be the same for everybody.
    pub(super) fn lacks_features(&self, task: &TaskName, reigning: &Reigning, material: &Material) -> bool {
        // One that cannot be opened lacks more than features.
        let Ok(header) = self.registry.header_of(task, &reigning.version) else { return false };
        let wanted = self.wanted();
        let is_lacking = |id: &FeatureId| {
            let id = std::slice::from_ref(id);
            wanted.inputs(id).is_ok() && material.catalogue.inputs(id).is_err()
        };
        header.features.iter().any(is_lacking)
    }

    fn are_being_counted<'a>(&self, mut features: impl Iterator<Item = &'a FeatureId>) -> bool {
        let waiting = self.waiting_features();
        features.all(|id| waiting.iter().any(|definition| definition.id == *id))
    }

    /// The models that a logged decision was made with, for its replay; and why those that could not answer could not.
    ///
    /// # Errors
    /// [`EngineError`] where one of them is not there any more or damaged.
    pub fn models_of(&self, record: &decisions::Record) -> Result<Models, EngineError> {
        let mut models = Models::default();
        for (task, version) in record.models() {
            models.put(self.registry.load(&task, &version)?);
        }
        record.unusable().iter().for_each(|(task, why)| models.set_aside(task.clone(), why.clone()));
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
