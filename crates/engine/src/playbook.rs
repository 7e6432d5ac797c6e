//! What do people declare, in the settings and besides? Joined, checked as a whole, and put in force as a whole; what cannot be in force
//! changes nothing.

mod begun;
mod join;
mod prospects;
mod save;

pub use prospects::{Prospects, Reach};
pub use save::{Declaring, EligibleCount};

use crate::Engine;
use crate::error::EngineError;
use decisions::filter::Names;
use decisions::{Flags, NotDeclared, Playbook, PlaybookChange, Run, SavedTable, names_of_conditions};
use events::Mistake;
use features::Declared;
use join::Joined;
use primitives::{ErrorKind, Timestamp, nearest};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// What is declared by now.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What the settings declare.
    settings: Playbook,
    /// What people saved, in the order in which it came.
    saved: Vec<SavedTable>,
    /// Which experiments have begun, by name.
    runs: BTreeMap<String, Run>,
    /// All of it, as it is in force.
    in_force: Arc<Playbook>,
    /// What was saved and is not in force, since the settings declare one of its name.
    hidden: BTreeSet<(String, String)>,
    /// What people should know of it: what is not in force as it was written, and why.
    told: Vec<String>,
}

/// Where something that is declared comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclaredIn {
    /// The settings declare it: it is changed there.
    Settings,
    /// Somebody saved it.
    Saved,
}

/// Something that is declared, as it is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTable {
    /// What it says.
    pub table: Map<String, Value>,
    /// Where it comes from.
    pub source: DeclaredIn,
    /// When it began, and when it ended, where it is an experiment that has.
    pub ran: Option<(Timestamp, Option<Timestamp>)>,
    /// Whether something was saved under its name, too, which the settings keep from being in force.
    pub hides: bool,
}

impl KnownTable {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.table.get("name").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Engine {
    /// What is declared by now, as it is in force.
    pub fn playbook(&self) -> Arc<Playbook> {
        Arc::clone(&self.kept_playbook().in_force)
    }

    /// What people should know of what is declared: what is not in force as it was written, and why.
    pub fn told_of_declared(&self) -> Vec<String> {
        self.kept_playbook().told.clone()
    }

    /// What is on a list.
    pub fn declared_on(&self, list: &str) -> Vec<KnownTable> {
        let kept = self.kept_playbook();
        kept.in_force.tables(list).into_iter().map(|table| kept.known(list, table)).collect()
    }

    /// What is on a list by a name.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` with the nearest name.
    pub fn declared_as(&self, list: &str, name: &str) -> Result<KnownTable, EngineError> {
        let kept = self.kept_playbook();
        if let Some(table) = kept.in_force.table(list, name) {
            return Ok(kept.known(list, table));
        }
        let known: Vec<String> =
            kept.in_force.tables(list).into_iter().map(|table| name_of(&table).to_owned()).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
        let shown: String = name.chars().take(64).collect();
        let message =
            format!("there is no {} \"{}\": GET /v1/{list} names them{near}", word(list), primitives::visible(&shown));
        Err(EngineError::new(ErrorKind::NotFound, message))
    }

    /// Reads what people declared, and puts it in force with what the settings declare. What cannot be in force is left out, and told.
    pub(super) fn open_playbook(&self) -> Result<(), EngineError> {
        let (saved, runs) = (self.ports.playbook.saved()?, self.ports.playbook.runs()?);
        let runs: BTreeMap<String, Run> = runs.into_iter().map(|run| (run.experiment.clone(), run)).collect();
        let settings = self.capabilities.playbook.clone();
        let names = self.names_of_conditions(&self.features_wanted());
        let Joined { playbook, hidden, told } =
            join::leniently(&settings, &saved, &runs, &|playbook| self.fits(playbook, &names));
        told.iter().for_each(|sentence| tracing::warn!("{sentence}"));
        let changed = begun::changed(&playbook, &runs, self.clock.now());
        // What is only read is declared as it is, and nothing begins.
        if let Err(error) = self.note_runs(&changed) {
            tracing::debug!(error = error.story(), "which experiments have begun could not be noted");
        }
        let (playbook, runs) = begun::followed(playbook, runs, changed);
        let in_force = Arc::new(playbook);
        let mut kept = self.playbook.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { settings, saved, runs, in_force: Arc::clone(&in_force), hidden, told };
        drop(kept);
        self.put_in_force(&in_force, &self.features_wanted());
        Ok(())
    }

    /// Takes what the settings declare now in the place of what they declared before: features, and everything that is put in force as
    /// a whole.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be in force with what people saved; then nothing changes.
    pub fn declare_settings(&self, features: &[Declared], settings: Playbook) -> Result<(), EngineError> {
        let _one_at_a_time = self.declaring.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = learning::catalogue(features, &self.capabilities.outcomes)
            .map_err(|error| EngineError::new(ErrorKind::Invalid, error.to_string()))?;
        let wanted: BTreeSet<String> = wanted.definitions().iter().map(|one| one.name.to_string()).collect();
        let names = self.names_of_conditions(&wanted);
        let (saved, runs, before) = {
            let kept = self.kept_playbook();
            (kept.saved.clone(), kept.runs.clone(), Arc::clone(&kept.in_force))
        };
        let Joined { playbook, hidden, told } = join::strictly(&settings, &saved, &runs)?;
        self.fits(&playbook, &names).map_err(refused)?;
        playbook.keeps_types_of(&before).map_err(refused)?;
        let changed = begun::now(&playbook, &runs, self.clock.now())?;
        self.note_runs(&changed)?;
        self.declare(features)?;
        told.iter().for_each(|sentence| tracing::warn!("{sentence}"));
        let (playbook, runs) = begun::followed(playbook, runs, changed);
        let in_force = Arc::new(playbook);
        *self.playbook.write().unwrap_or_else(PoisonError::into_inner) =
            Kept { settings, saved, runs, in_force: Arc::clone(&in_force), hidden, told };
        self.put_in_force(&in_force, &wanted);
        Ok(())
    }

    /// Whether all of it can be in force together.
    fn fits(&self, playbook: &Playbook, names: &Names) -> Result<(), NotDeclared> {
        playbook.check(names)?;
        // Offers are those of the start, whatever is declared since.
        let is_offer = |name: &str| self.capabilities.offers.iter().any(|offer| offer.0.name == name);
        if let Some(action) = playbook.actions.iter().find(|action| is_offer(&action.name)) {
            let remedy = "there is an offer of this name, and what came of one would be learned of the other: choose another one";
            return Err(NotDeclared {
                list: "actions",
                mistake: Box::new(Mistake::of_name("action", &action.name, remedy)),
            });
        }
        let wrong = |mistake| NotDeclared { list: "experiments", mistake: Box::new(mistake) };
        playbook.experiments.iter().try_for_each(|one| self.can_draft(one)).map_err(wrong)?;
        let measured = self.capabilities.measures.check(&playbook.experiments);
        measured.map_err(wrong)
    }

    fn note_runs(&self, runs: &[Run]) -> Result<(), EngineError> {
        let change = PlaybookChange { runs: runs.to_vec(), ..PlaybookChange::default() };
        if change.is_none() { Ok(()) } else { Ok(self.ports.playbook.change(&change)?) }
    }

    fn put_in_force(&self, playbook: &Playbook, features: &BTreeSet<String>) {
        let capabilities = &self.capabilities;
        let (outcomes, segments) = (&capabilities.outcomes, &capabilities.segments);
        let (flags, experiments) = (playbook.flags.clone(), playbook.experiments.clone());
        capabilities.flags.put(Flags::new(flags, experiments, outcomes, features, segments));
        capabilities.put_actions(&playbook.actions, features);
    }

    /// What conditions of decisions may ask.
    fn names_of_conditions(&self, features: &BTreeSet<String>) -> Names {
        names_of_conditions(&self.capabilities.outcomes, features, &self.capabilities.segments)
    }

    fn features_wanted(&self) -> BTreeSet<String> {
        self.wanted().definitions().iter().map(|definition| definition.name.to_string()).collect()
    }

    fn kept_playbook(&self) -> std::sync::RwLockReadGuard<'_, Kept> {
        self.playbook.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn known(&self, list: &str, table: Map<String, Value>) -> KnownTable {
        let name = name_of(&table).to_owned();
        let source = if self.settings.table(list, &name).is_some() { DeclaredIn::Settings } else { DeclaredIn::Saved };
        let ran = self.runs.get(&name).filter(|_| list == "experiments").map(|run| (run.began_at, run.ended_at));
        let hides = self.hidden.contains(&(list.to_owned(), name));
        KnownTable { table, source, ran, hides }
    }
}

fn name_of(table: &Map<String, Value>) -> &str {
    table.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The word for one of a list.
fn word(list: &str) -> &'static str {
    Playbook::LISTS.iter().find(|(name, _)| *name == list).map_or("table", |(_, word)| word)
}

fn refused(why: NotDeclared) -> EngineError {
    EngineError::Declared { kind: ErrorKind::Invalid, mistake: why.mistake }
}
