//! How does somebody change what is declared while the program runs?

use super::join::Joined;
use super::{Kept, KnownTable, begun, name_of, refused, word};
use crate::Engine;
use crate::error::EngineError;
use crate::lists::Page;
use decisions::{Filter, Playbook, PlaybookChange, Run, SavedTable};
use events::Mistake;
use primitives::{ErrorKind, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

/// What somebody wants.
#[derive(Debug, Clone, Copy)]
pub enum Declaring<'a> {
    /// Something new, with its name.
    New(&'a Map<String, Value>),
    /// Something that was saved, changed: what is left out stays, and null takes a key away.
    Changed {
        /// Its name.
        name: &'a str,
        /// What of it changes.
        table: &'a Map<String, Value>,
        /// The digest of what it is thought to be, where that matters.
        seen: Option<&'a str>,
    },
    /// Nothing of this name any longer.
    Gone(&'a str),
}

/// How many customers a condition is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EligibleCount {
    /// How many were found.
    pub n: u64,
    /// Of how many that were looked at.
    pub of: u64,
    /// Whether all were.
    pub is_complete: bool,
}

/// What a change comes to, checked, and neither stored nor in force.
struct Foreseen {
    kept: Kept,
    joined: Joined,
    change: PlaybookChange,
    /// What conditions may ask.
    features: BTreeSet<String>,
}

impl KnownTable {
    /// What tells it from what it was before.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.table)
    }
}

impl Engine {
    /// Changes what is declared on a list; it is in force before this returns, and durable before that. Answers what is there by then;
    /// nothing where it is gone.
    ///
    /// # Errors
    /// [`EngineError`] where all of it cannot be in force together, it was not saved, or it cannot be stored. Then nothing changes.
    pub fn declare_one(&self, list: &str, wanted: Declaring<'_>) -> Result<Option<KnownTable>, EngineError> {
        Ok(self.declare_together(&[(list, wanted)])?.pop().map(|(_, saved)| saved))
    }

    /// Changes several things at once, each another: all of them, or none. Nobody sees a part of it, and no stop leaves one behind.
    /// Answers what is saved by that as it is there by then, each with its list.
    ///
    /// # Errors
    /// As [`Engine::declare_one`]; where something is named twice, too.
    pub fn declare_together(&self, all: &[(&str, Declaring<'_>)]) -> Result<Vec<(String, KnownTable)>, EngineError> {
        let saved = self.declare_locked(all)?;
        self.count_new_budgets();
        Ok(saved)
    }

    fn declare_locked(&self, all: &[(&str, Declaring<'_>)]) -> Result<Vec<(String, KnownTable)>, EngineError> {
        let _one_at_a_time = self.declaring.lock().unwrap_or_else(PoisonError::into_inner);
        let Foreseen { kept, joined, change, features } = self.prepare(all)?;
        self.ports.playbook.change(&change)?;
        self.take_over(kept, joined, &features);
        // Before another may take it away.
        let there = |one: SavedTable| self.declared_as(&one.list, &one.name).map(|known| (one.list, known));
        change.saved.into_iter().map(there).collect()
    }

    /// What would be there by then, if somebody changed what is declared on a list so: checked as [`Engine::declare_one`] checks it, and
    /// nothing changes.
    ///
    /// # Errors
    /// As [`Engine::declare_one`].
    pub fn would_declare(&self, list: &str, wanted: Declaring<'_>) -> Result<Option<KnownTable>, EngineError> {
        let Foreseen { kept, joined, change, .. } = self.prepare(&[(list, wanted)])?;
        let table = change.saved.first().and_then(|saved| joined.playbook.table(list, &saved.name));
        let kept = Kept { hidden: joined.hidden, ..kept };
        Ok(table.map(|table| kept.known(list, table)))
    }

    /// What changes would come to together, where that can be.
    fn prepare(&self, all: &[(&str, Declaring<'_>)]) -> Result<Foreseen, EngineError> {
        let (mut kept, now) = (self.kept_playbook().clone(), self.clock.now());
        let (mut change, mut touched) = (PlaybookChange::default(), BTreeSet::new());
        for &(list, wanted) in all {
            let next = kept.change(list, wanted, now)?;
            let saved = next.saved.iter().map(|one| (one.list.clone(), one.name.clone()));
            for place in saved.chain(next.removed.iter().cloned()) {
                if let Some((list, name)) = touched.replace(place) {
                    let message = format!("the {} \"{name}\" is changed twice at once: say it once", word(&list));
                    return Err(EngineError::new(ErrorKind::Invalid, message));
                }
            }
            change.saved.extend(next.saved);
            change.removed.extend(next.removed);
            change.runs.extend(next.runs);
        }
        let features = self.features_wanted();
        let joined = self.join_strictly(&kept, &self.names_of_conditions(&features))?;
        let mut runs = change.runs;
        runs.extend(begun::changed(&joined.playbook, &kept.runs, now));
        let change = PlaybookChange { runs: runs.clone(), ..change };
        let (playbook, runs) = begun::followed(joined.playbook, kept.runs.clone(), runs);
        Ok(Foreseen { kept: Kept { runs, ..kept }, joined: Joined { playbook, ..joined }, change, features })
    }

    /// How many customers a condition holds of, of those whose data may be used for it. Looks for at most `time_max`.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be read.
    pub fn eligible(&self, condition: &str, time_max: Duration) -> Result<EligibleCount, EngineError> {
        let condition = Filter::parse(condition, &self.filter_names())?;
        let filter = match condition {
            Filter::All => "consent.personalization = true".to_owned(),
            condition => format!("consent.personalization = true and ({condition})"),
        };
        let selection = self.selection(&filter, "", "")?;
        let found = self.select(&selection, Page { n_max: 1, cursor: None }, time_max)?;
        Ok(EligibleCount { n: found.n, of: found.n_looked_at, is_complete: found.is_complete })
    }
}

impl Kept {
    /// Changes what was saved as somebody wants it; answers what is to be stored for that.
    fn change(&mut self, list: &str, wanted: Declaring<'_>, now: Timestamp) -> Result<PlaybookChange, EngineError> {
        let one = match wanted {
            Declaring::Gone(name) => return self.removed(list, name, now),
            Declaring::New(table) => self.read_new(list, table)?,
            Declaring::Changed { name, table, seen } => {
                if self.settings.has(list, name) {
                    return Err(of_settings(list, name));
                }
                // As it was saved, and not as it is in force: what it got when it began was not said.
                let before = self.saved_one(list, name)?;
                let mut before: Map<String, Value> = serde_json::from_str(&before.record).unwrap_or_default();
                before.entry("name").or_insert_with(|| name.into());
                let told = self.in_force.table(list, name);
                if seen.is_some_and(|seen| seen != digest(told.as_ref().unwrap_or(&before))) {
                    let message = format!("the {} \"{name}\" was changed since it was read: GET it again", word(list));
                    return Err(EngineError::new(ErrorKind::Conflict, message));
                }
                read(list, &merged(list, before, table)?)?
            }
        };
        self.alone.forget(list, &one.name);
        // What takes the place of another stays where that stood, as it does where it is stored.
        match self.saved.iter_mut().find(|other| other.list == one.list && other.name == one.name) {
            Some(other) => *other = one.clone(),
            None => self.saved.push(one.clone()),
        }
        Ok(PlaybookChange { saved: vec![one], ..PlaybookChange::default() })
    }

    /// Takes away what was saved, whether it is in force or not. What is in force and runs is stopped first; what runs and was left out
    /// ends by that.
    fn removed(&mut self, list: &str, name: &str, now: Timestamp) -> Result<PlaybookChange, EngineError> {
        let is_hidden = self.settings.has(list, name);
        if is_hidden && self.saved_one(list, name).is_err() {
            return Err(of_settings(list, name));
        }
        self.saved_one(list, name)?;
        let is_left_out = self.alone.is_out(list, name);
        let run = self.runs.get(name).filter(|run| list == "experiments" && run.ended_at.is_none() && !is_hidden);
        let ended = run.filter(|_| is_left_out).map(|run| Run { ended_at: Some(now), ..run.clone() });
        if run.is_some() && !is_left_out {
            begun::refuse_gone(name, &self.runs)?;
        }
        self.saved.retain(|one| (one.list.as_str(), one.name.as_str()) != (list, name));
        let removed = vec![(list.to_owned(), name.to_owned())];
        Ok(PlaybookChange { removed, runs: ended.into_iter().collect(), ..PlaybookChange::default() })
    }

    /// Something that was saved, in force or not.
    fn saved_one(&self, list: &str, name: &str) -> Result<&SavedTable, EngineError> {
        let found = self.saved.iter().find(|one| one.list == list && one.name == name);
        found.ok_or_else(|| self.missing(list, name))
    }

    fn read_new(&self, list: &str, table: &Map<String, Value>) -> Result<SavedTable, EngineError> {
        let one = read(list, &merged(list, Map::new(), table)?)?;
        if self.in_force.has(list, &one.name) || self.settings.has(list, &one.name) {
            let message =
                format!("there is the {} \"{}\" already: choose another name, or PUT it", word(list), one.name);
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        Ok(one)
    }
}

fn of_settings(list: &str, name: &str) -> EngineError {
    let message = format!(
        "the settings declare the {} \"{name}\": change it in their file, which the server follows, or take it out there and save it",
        word(list)
    );
    EngineError::new(ErrorKind::Conflict, message)
}

fn digest(table: &Map<String, Value>) -> String {
    format!("{:016x}", primitives::stable_hash(&json!(table).to_string()))
}

/// What a table becomes where these keys are said: null takes one away. What we say besides is read over.
fn merged(
    list: &str,
    mut table: Map<String, Value>,
    said: &Map<String, Value>,
) -> Result<Map<String, Value>, EngineError> {
    let name = name_of(&table).to_owned();
    for (key, value) in said {
        match (key.as_str(), value) {
            ("source" | "began" | "ended" | "hides", _)
                if !Playbook::keys(list).iter().any(|(known, _)| known == key) => {}
            ("name", value) if !name.is_empty() && value != &name => {
                let mistake = Mistake {
                    found: value.to_string(),
                    ..Mistake::of_name(word(list), &name, "it keeps its name: leave this out, or save another one")
                };
                return Err(EngineError::declared(ErrorKind::Invalid, mistake));
            }
            (_, Value::Null) => drop(table.remove(key)),
            _ => drop(table.insert(key.clone(), value.clone())),
        }
    }
    Ok(table)
}

fn read(list: &str, table: &Map<String, Value>) -> Result<SavedTable, EngineError> {
    let mut own = Playbook::default();
    let name = own.put(list, table).map_err(refused)?;
    let table = own.table(list, &name).unwrap_or_default();
    Ok(SavedTable { list: list.to_owned(), name, record: json!(table).to_string() })
}
