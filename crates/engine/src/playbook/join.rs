//! What do the settings and what people saved come to together?

use super::begun;
use crate::error::EngineError;
use decisions::{NotDeclared, Playbook, Run, SavedTable};
use primitives::ErrorKind;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What both come to.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// All of it.
    pub(super) playbook: Playbook,
    /// What was saved and is declared in the settings, too: lists and names.
    pub(super) hidden: BTreeSet<(String, String)>,
    /// What people should know of it.
    pub(super) told: Vec<String>,
}

/// Joins them while the program runs: what cannot be read is an error. It is not checked yet.
pub(super) fn strictly(
    settings: &Playbook,
    saved: &[SavedTable],
    runs: &BTreeMap<String, Run>,
) -> Result<Joined, EngineError> {
    let mut joined = Joined { playbook: settings.clone(), ..Joined::default() };
    for one in saved {
        let own = read(one).map_err(|why| EngineError::new(ErrorKind::Invalid, why))?;
        joined.add(own);
    }
    begun::keep_stretches(&mut joined.playbook, runs);
    Ok(joined)
}

/// Joins them at a start, when something has to be in force: an experiment that has begun goes on as it began, and what was saved and
/// cannot be in force any more is left out. All this is told.
pub(super) fn leniently(
    settings: &Playbook,
    saved: &[SavedTable],
    runs: &BTreeMap<String, Run>,
    fits: &dyn Fn(&Playbook) -> Result<(), NotDeclared>,
) -> Joined {
    let mut joined = Joined { playbook: settings.clone(), ..Joined::default() };
    let mut own = Vec::new();
    for one in saved {
        match read(one) {
            Ok(read) => {
                joined.add(read.clone());
                own.push((one.list.as_str(), one.name.as_str(), read));
            }
            Err(why) => joined.told.push(format!("{why}: it is left out until it is saved anew")),
        }
    }
    begun::keep(&mut joined.playbook, runs, &mut joined.told);
    if fits(&joined.playbook).is_ok() {
        return joined;
    }
    // One by one, again as long as one more fits: a flag may wait for another.
    let mut playbook = settings.clone();
    let mut quiet = Vec::new();
    begun::keep(&mut playbook, runs, &mut quiet);
    let mut why = BTreeMap::new();
    loop {
        let n_before = playbook.n();
        for (list, name, one) in &own {
            if playbook.table(list, name).is_some() {
                continue;
            }
            let mut with = playbook.clone();
            with.join(one.clone());
            begun::keep(&mut with, runs, &mut quiet);
            match fits(&with) {
                Ok(()) => playbook = with,
                Err(error) => drop(why.insert((*list, *name), error.to_string())),
            }
        }
        if playbook.n() == n_before {
            break;
        }
    }
    for ((list, name), why) in why {
        if playbook.table(list, name).is_none() {
            let sentence =
                format!("what was saved cannot be in force with what the settings declare, and is left out: {why}");
            joined.told.push(sentence);
        }
    }
    Joined { playbook, ..joined }
}

impl Joined {
    fn add(&mut self, own: Playbook) {
        for (list, name) in self.playbook.join(own) {
            let word = super::word(list);
            self.told.push(format!(
                "the settings declare the {word} \"{name}\": what was saved under this name is not in force as long as they do"
            ));
            self.hidden.insert((list.to_owned(), name));
        }
    }
}

/// A table as it was saved.
fn read(one: &SavedTable) -> Result<Playbook, String> {
    let SavedTable { list, name, record } = one;
    let word = super::word(list);
    let table: Map<String, Value> =
        serde_json::from_str(record).map_err(|error| format!("the saved {word} \"{name}\" cannot be read: {error}"))?;
    let mut own = Playbook::default();
    own.put(list, &table).map_err(|why| format!("the saved {why}"))?;
    Ok(own)
}
