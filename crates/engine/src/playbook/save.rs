//! How does somebody change what is declared while the program runs?

use super::join::{self, Joined};
use super::{DeclaredIn, Kept, KnownTable, begun, name_of, refused, word};
use crate::Engine;
use crate::error::EngineError;
use crate::lists::Page;
use decisions::{Filter, Playbook, PlaybookChange, SavedTable};
use events::Mistake;
use primitives::ErrorKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    change: PlaybookChange,
    /// What conditions may ask.
    features: BTreeSet<String>,
}

impl KnownTable {
    /// What tells it from what it was before.
    #[must_use]
    pub fn digest(&self) -> String {
        let text = json!(self.table).to_string();
        format!("{:016x}", primitives::stable_hash(&text))
    }
}

impl Engine {
    /// Changes what is declared on a list; it is in force before this returns, and durable before that. Answers what is there by then;
    /// nothing where it is gone.
    ///
    /// # Errors
    /// [`EngineError`] where all of it cannot be in force together, it was not saved, or it cannot be stored. Then nothing changes.
    pub fn declare_one(&self, list: &str, wanted: Declaring<'_>) -> Result<Option<KnownTable>, EngineError> {
        let _one_at_a_time = self.declaring.lock().unwrap_or_else(PoisonError::into_inner);
        let Foreseen { kept, change, features } = self.prepare(list, wanted)?;
        let name = change.saved.as_ref().map(|saved| saved.name.clone());
        self.ports.playbook.change(&change)?;
        self.put_in_force(&kept.in_force, &features);
        *self.playbook.write().unwrap_or_else(PoisonError::into_inner) = kept;
        name.map(|name| self.declared_as(list, &name)).transpose()
    }

    /// What would be there by then, if somebody changed what is declared on a list so: checked as [`Engine::declare_one`] checks it, and
    /// nothing changes.
    ///
    /// # Errors
    /// As [`Engine::declare_one`].
    pub fn would_declare(&self, list: &str, wanted: Declaring<'_>) -> Result<Option<KnownTable>, EngineError> {
        let Foreseen { kept, change, .. } = self.prepare(list, wanted)?;
        let table = change.saved.and_then(|saved| kept.in_force.table(list, &saved.name));
        Ok(table.map(|table| kept.known(list, table)))
    }

    /// What a change would come to, where it can be.
    fn prepare(&self, list: &str, wanted: Declaring<'_>) -> Result<Foreseen, EngineError> {
        let (settings, mut saved, runs, before) = {
            let Kept { settings, saved, runs, in_force, .. } = &*self.kept_playbook();
            (settings.clone(), saved.clone(), runs.clone(), Arc::clone(in_force))
        };
        let change = match wanted {
            Declaring::Gone(name) => {
                self.saved_one(list, name, None)?;
                if list == "experiments" {
                    begun::refuse_gone(name, &runs)?;
                }
                saved.retain(|one| (one.list.as_str(), one.name.as_str()) != (list, name));
                PlaybookChange { removed: Some((list.to_owned(), name.to_owned())), ..PlaybookChange::default() }
            }
            Declaring::New(table) => {
                let one = self.read_new(list, table)?;
                saved.retain(|other| (&other.list, &other.name) != (&one.list, &one.name));
                saved.push(one.clone());
                PlaybookChange { saved: Some(one), ..PlaybookChange::default() }
            }
            Declaring::Changed { name, table, seen } => {
                self.saved_one(list, name, seen)?;
                // As it was saved, and not as it is in force: what it got when it began was not said.
                let before = saved.iter().find(|one| one.list == list && one.name == name);
                let before = before.and_then(|one| serde_json::from_str(&one.record).ok()).unwrap_or_default();
                let one = read(list, &merged(list, before, table)?)?;
                saved
                    .iter_mut()
                    .filter(|other| other.list == list && other.name == name)
                    .for_each(|other| *other = one.clone());
                PlaybookChange { saved: Some(one), ..PlaybookChange::default() }
            }
        };
        let Joined { playbook, hidden, told } = join::strictly(&settings, &saved, &runs)?;
        let features = self.features_wanted();
        self.fits(&playbook, &self.names_of_conditions(&features)).map_err(refused)?;
        playbook.keeps_types_of(&before).map_err(refused)?;
        let changed = begun::now(&playbook, &runs, self.clock.now())?;
        let change = PlaybookChange { runs: changed.clone(), ..change };
        let (playbook, runs) = begun::followed(playbook, runs, changed);
        let kept = Kept { settings, saved, runs, in_force: Arc::new(playbook), hidden, told };
        Ok(Foreseen { kept, change, features })
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

    /// Something that was saved, and is as it is thought to be.
    fn saved_one(&self, list: &str, name: &str, seen: Option<&str>) -> Result<KnownTable, EngineError> {
        let known = self.declared_as(list, name)?;
        if known.source == DeclaredIn::Settings {
            let message = format!(
                "the settings declare the {} \"{name}\": change it in their file, which the server follows, or take it out there and save it",
                word(list)
            );
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        if seen.is_some_and(|seen| seen != known.digest()) {
            let message = format!("the {} \"{name}\" was changed since it was read: GET it again", word(list));
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        Ok(known)
    }

    fn read_new(&self, list: &str, table: &Map<String, Value>) -> Result<SavedTable, EngineError> {
        let one = read(list, &merged(list, Map::new(), table)?)?;
        let known = self.kept_playbook().in_force.table(list, &one.name).is_some();
        if known {
            let message =
                format!("there is the {} \"{}\" already: choose another name, or PUT it", word(list), one.name);
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        Ok(one)
    }
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
