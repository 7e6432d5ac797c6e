//! What do people declare, in the settings and besides? Joined, checked as a whole, and put in force as a whole; what cannot be in force
//! changes nothing.

mod begun;
mod join;
mod prospects;
mod save;

pub use prospects::Prospects;
pub use save::{Declaring, EligibleCount};

use crate::Engine;
use crate::error::EngineError;
use decisions::filter::Names;
use decisions::{Flags, NotDeclared, Playbook, PlaybookChange, Run, SavedTable, names_of_conditions};
use features::Declared;
use join::{Joined, LeftAlone, Place, Sources};
use primitives::{ErrorKind, Timestamp, nearest};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// What is declared by now.
#[derive(Debug, Clone, Default)]
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
    hidden: BTreeSet<Place>,
    /// What is not in force as it is written, since a start found that it cannot be.
    alone: LeftAlone,
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
        match kept.in_force.table(list, name) {
            Some(table) => Ok(kept.known(list, table)),
            None => Err(kept.missing(list, name)),
        }
    }

    /// Reads what people declared, and puts it in force with what the settings declare. What cannot be in force is left out, and told.
    /// Nothing begins or ends by that: whoever opens the data may be a command with other settings.
    pub(super) fn open_playbook(&self) -> Result<(), EngineError> {
        let (saved, runs) = (self.ports.playbook.saved()?, self.ports.playbook.runs()?);
        let runs: BTreeMap<String, Run> = runs.into_iter().map(|run| (run.experiment.clone(), run)).collect();
        let settings = self.capabilities.playbook.clone();
        let names = self.names_of_conditions(&self.features_wanted());
        let of = Sources { settings: &settings, saved: &saved, runs: &runs };
        let joined = join::leniently(of, &|playbook| self.fits(playbook, &names));
        joined.told.iter().for_each(|sentence| tracing::warn!("{sentence}"));
        let begins = begun::changed(&joined.playbook, &runs, self.clock.now());
        let (playbook, _) = begun::followed(joined.playbook.clone(), runs.clone(), begins);
        let kept = Kept { settings, saved, runs, ..Kept::default() };
        self.take_over(kept, Joined { playbook, ..joined }, &self.features_wanted());
        Ok(())
    }

    /// Notes durably which experiments have begun, and which are stopped, as a server does that is about to answer. What the settings
    /// declare no longer is not drawn, and goes on where they declare it again.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be stored.
    pub fn begin_declared(&self) -> Result<(), EngineError> {
        let _one_at_a_time = self.declaring.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.kept_playbook().clone();
        let is_away = |run: &&Run| run.ended_at.is_none() && !kept.in_force.has("experiments", &run.experiment);
        for run in kept.runs.values().filter(is_away) {
            tracing::warn!(
                experiment = run.experiment,
                "it has begun and is not in force: nobody takes part until it is declared again, and declared as stopped it has ended"
            );
        }
        let changed = begun::changed(&kept.in_force, &kept.runs, self.clock.now());
        self.note_runs(&changed)?;
        let mut kept = self.playbook.write().unwrap_or_else(PoisonError::into_inner);
        kept.runs.extend(changed.into_iter().map(|run| (run.experiment.clone(), run)));
        Ok(())
    }

    /// Takes what the settings declare now in the place of what they declared before: features, and everything that is put in force as
    /// a whole.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be in force with what people saved; then nothing changes.
    pub fn declare_settings(&self, features: &[Declared], settings: Playbook) -> Result<(), EngineError> {
        self.declare_whole(features, settings)?;
        self.count_new_budgets();
        Ok(())
    }

    /// An offer whose budget is new may be given at once, and not only when budgets are counted next.
    fn count_new_budgets(&self) {
        if self.has_uncounted_budgets() {
            self.keep_budgets();
        }
    }

    fn declare_whole(&self, features: &[Declared], settings: Playbook) -> Result<(), EngineError> {
        let _one_at_a_time = self.declaring.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = learning::catalogue(features, &self.capabilities.outcomes)
            .map_err(|error| EngineError::new(ErrorKind::Invalid, error.to_string()))?;
        let wanted: BTreeSet<String> = wanted.definitions().iter().map(|one| one.name.to_string()).collect();
        let kept = Kept { settings, ..self.kept_playbook().clone() };
        let joined = self.join_strictly(&kept, &self.names_of_conditions(&wanted))?;
        let now = self.clock.now();
        let mut changed = begun::changed(&joined.playbook, &kept.runs, now);
        changed.extend(begun::gone(&kept.in_force, &joined.playbook, &kept.runs, now));
        self.note_runs(&changed)?;
        self.declare(features)?;
        joined.told.iter().for_each(|sentence| tracing::warn!("{sentence}"));
        let (playbook, runs) = begun::followed(joined.playbook, kept.runs.clone(), changed);
        self.take_over(Kept { runs, ..kept }, Joined { playbook, ..joined }, &wanted);
        Ok(())
    }

    /// What all of it comes to while the program runs, where that can be in force after what is in force now.
    fn join_strictly(&self, kept: &Kept, names: &Names) -> Result<Joined, EngineError> {
        let fits = |playbook: &Playbook| {
            self.fits(playbook, names)?;
            playbook.keeps_types_of(&kept.in_force).map_err(refused)?;
            begun::refuse_other(playbook, &kept.runs)
        };
        let of = Sources { settings: &kept.settings, saved: &kept.saved, runs: &kept.runs };
        join::strictly(of, &kept.alone, &fits)
    }

    fn take_over(&self, kept: Kept, joined: Joined, features: &BTreeSet<String>) {
        let Joined { playbook, hidden, alone, told } = joined;
        let in_force = Arc::new(playbook);
        self.put_in_force(&in_force, features);
        *self.playbook.write().unwrap_or_else(PoisonError::into_inner) = Kept { in_force, hidden, alone, told, ..kept };
    }

    /// Whether all of it can be in force together.
    fn fits(&self, playbook: &Playbook, names: &Names) -> Result<(), EngineError> {
        playbook.check(names).map_err(refused)?;
        let wrong = |mistake| EngineError::declared(ErrorKind::Invalid, mistake);
        playbook.experiments.iter().try_for_each(|one| self.can_draft(one)).map_err(wrong)?;
        self.capabilities.measures.check(&playbook.experiments).map_err(wrong)
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
        capabilities.put_actions(playbook, features);
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

/// Whether what the settings declare goes with what people saved and with the experiments that have begun, as it is asked while the
/// program runs.
///
/// # Errors
/// [`EngineError`] with the first of it that does not.
pub fn goes_with_what_began(
    settings: &Playbook,
    saved: &[SavedTable],
    runs: impl IntoIterator<Item = Run>,
) -> Result<(), EngineError> {
    let runs: BTreeMap<String, Run> = runs.into_iter().map(|run| (run.experiment.clone(), run)).collect();
    let goes_on = |playbook: &Playbook| begun::refuse_other(playbook, &runs);
    join::strictly(Sources { settings, saved, runs: &runs }, &LeftAlone::default(), &goes_on).map(|_| ())
}

impl Kept {
    fn known(&self, list: &str, table: Map<String, Value>) -> KnownTable {
        let name = name_of(&table).to_owned();
        let source = if self.settings.has(list, &name) { DeclaredIn::Settings } else { DeclaredIn::Saved };
        let ran = self.runs.get(&name).filter(|_| list == "experiments").map(|run| (run.began_at, run.ended_at));
        let hides = self.hidden.contains(&(list.to_owned(), name));
        KnownTable { table, source, ran, hides }
    }

    /// That there is nothing of this name in force: why, or which name may be meant.
    fn missing(&self, list: &str, name: &str) -> EngineError {
        if let Some(why) = self.alone.why(list, name) {
            let remedy = match self.settings.has(list, name) {
                true => "change it in their file".to_owned(),
                false => format!("save what fits under its name, or DELETE /v1/{list}/{name}"),
            };
            return EngineError::new(ErrorKind::NotFound, format!("{why}: {remedy}"));
        }
        let near = nearest(name, self.in_force.names(list));
        let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
        let shown: String = name.chars().take(64).collect();
        let message =
            format!("there is no {} \"{}\": GET /v1/{list} names them{near}", word(list), primitives::visible(&shown));
        EngineError::new(ErrorKind::NotFound, message)
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
