//! What do the settings and what people saved come to together? And what of it is left alone, since a start found that it cannot be in
//! force as it is written?

use super::{begun, word};
use crate::error::EngineError;
use decisions::{Playbook, Run, SavedTable};
use primitives::ErrorKind;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A list and a name on it.
pub(super) type Place = (String, String);

/// Whether all of something can be in force together.
type Fits<'a> = &'a dyn Fn(&Playbook) -> Result<(), EngineError>;

/// Everything that is declared, wherever.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) settings: &'a Playbook,
    pub(super) saved: &'a [SavedTable],
    pub(super) runs: &'a BTreeMap<String, Run>,
}

/// What is not in force as it is written, since a start found it so. It is left alone for as long as it is written so: whatever else
/// changes need not fit with it.
#[derive(Debug, Clone, Default)]
pub(super) struct LeftAlone {
    /// What is left out.
    out: BTreeMap<Place, Left>,
    /// The experiments that go on as they began, each as it is written.
    as_begun: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Left {
    written: String,
    /// Why, in a sentence.
    why: String,
}

/// What both come to.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// All of it.
    pub(super) playbook: Playbook,
    /// What was saved and is declared in the settings, too.
    pub(super) hidden: BTreeSet<Place>,
    /// What is not in force as it is written.
    pub(super) alone: LeftAlone,
    /// What people should know of it.
    pub(super) told: Vec<String>,
}

/// Joins them while the program runs: what cannot be in force with all others is an error, but for what is left alone since the start.
/// Of that, what fits by now is in force again.
pub(super) fn strictly(of: Sources<'_>, alone: &LeftAlone, fits: Fits<'_>) -> Result<Joined, EngineError> {
    let parts = Parts::read(of);
    let mut alone = alone.still(of);
    if let Some((_, why)) = parts.unreadable.iter().find(|(place, _)| !alone.out.contains_key(place)) {
        return Err(EngineError::new(ErrorKind::Invalid, why.clone()));
    }
    let begun: BTreeSet<String> = alone.as_begun.keys().cloned().collect();
    let is_meant = |name: &str| begun.contains(name);
    fits(&parts.without(&alone, &is_meant).0)?;
    parts.take_back(&mut alone, &is_meant, fits);
    Ok(parts.joined(alone, &is_meant))
}

/// Joins them at a start, when something has to be in force: an experiment that has begun goes on as it began, and what cannot be in force
/// any more is left out, of what was saved before anything of the settings. All this is told.
pub(super) fn leniently(of: Sources<'_>, fits: Fits<'_>) -> Joined {
    let parts = Parts::read(of);
    let mut alone = LeftAlone::default();
    for (place, why) in &parts.unreadable {
        alone.leave(of, place.clone(), format!("{why}: it is left out until it is saved anew"));
    }
    let all = |_: &str| true;
    let is_fit = |alone: &LeftAlone| fits(&parts.without(alone, &all).0).is_ok();
    if !is_fit(&alone) {
        parts.saved.iter().for_each(|(place, _)| alone.leave(of, place.clone(), String::new()));
        if !is_fit(&alone) {
            of.settings_places().into_iter().for_each(|place| alone.leave(of, place, String::new()));
        }
        parts.take_back(&mut alone, &all, fits);
    }
    parts.joined(alone, &all)
}

impl Sources<'_> {
    /// As it is written, where it is; what the settings say comes first.
    fn written(&self, (list, name): &Place) -> Option<String> {
        let of_settings = self.settings.table(list, name).map(|table| json!(table).to_string());
        of_settings.or_else(|| self.saved(list, name).map(|one| one.record.clone()))
    }

    fn saved(&self, list: &str, name: &str) -> Option<&SavedTable> {
        self.saved.iter().find(|one| one.list == list && one.name == name)
    }

    /// What the settings declare, in its order.
    fn settings_places(&self) -> Vec<Place> {
        let of =
            |list: &str| self.settings.names(list).into_iter().map(|name| (list.to_owned(), name.to_owned())).collect();
        Playbook::LISTS.iter().flat_map(|(list, _)| -> Vec<Place> { of(list) }).collect()
    }
}

impl LeftAlone {
    /// What of it is still written as it was.
    fn still(&self, of: Sources<'_>) -> Self {
        let mut still = self.clone();
        still.out.retain(|place, left| of.written(place).is_some_and(|now| now == left.written));
        still.as_begun.retain(|name, written| {
            of.written(&("experiments".to_owned(), name.clone())).is_some_and(|now| now == *written)
        });
        still
    }

    fn leave(&mut self, of: Sources<'_>, place: Place, why: String) {
        let written = of.written(&place).unwrap_or_default();
        self.out.insert(place, Left { written, why });
    }

    /// Why something is left out, where it is.
    pub(super) fn why(&self, list: &str, name: &str) -> Option<&str> {
        self.out.get(&(list.to_owned(), name.to_owned())).map(|left| left.why.as_str())
    }

    /// Somebody says anew what this is: from now on it fits or is refused.
    pub(super) fn forget(&mut self, list: &str, name: &str) {
        self.out.remove(&(list.to_owned(), name.to_owned()));
        if list == "experiments" {
            self.as_begun.remove(name);
        }
    }

    /// Whether a name is left out of a list.
    pub(super) fn is_out(&self, list: &str, name: &str) -> bool {
        self.why(list, name).is_some()
    }
}

/// All of it, read.
struct Parts<'a> {
    of: Sources<'a>,
    /// What was saved and may be in force, in the order in which it was saved.
    saved: Vec<(Place, Playbook)>,
    /// What was saved and cannot be read, and why.
    unreadable: Vec<(Place, String)>,
    hidden: BTreeSet<Place>,
}

impl<'a> Parts<'a> {
    fn read(of: Sources<'a>) -> Self {
        let mut parts = Self { of, saved: Vec::new(), unreadable: Vec::new(), hidden: BTreeSet::new() };
        for one in of.saved {
            let place = (one.list.clone(), one.name.clone());
            if of.settings.has(&one.list, &one.name) {
                parts.hidden.insert(place);
                continue;
            }
            match read(one) {
                Ok(own) => parts.saved.push((place, own)),
                Err(why) => parts.unreadable.push((place, why)),
            }
        }
        parts
    }

    /// All but what is left out, with the experiments that are meant as they began; and which of those that changed, and why.
    fn without(&self, alone: &LeftAlone, is_begun: &dyn Fn(&str) -> bool) -> (Playbook, Vec<(String, String)>) {
        let mut playbook = self.of.settings.clone();
        if !alone.out.is_empty() {
            playbook.retain(|list, name| !alone.is_out(list, name));
        }
        for (_, own) in self.saved.iter().filter(|(place, _)| !alone.out.contains_key(place)) {
            // What the settings declare, too, is not among them.
            playbook.join(own.clone());
        }
        let kept = begun::keep(&mut playbook, self.of.runs, is_begun);
        (playbook, kept)
    }

    /// Takes back one by one what fits, again as long as one more does: a flag may wait for another. What runs comes first.
    fn take_back(&self, alone: &mut LeftAlone, is_begun: &dyn Fn(&str) -> bool, fits: Fits<'_>) {
        if alone.out.is_empty() {
            return;
        }
        let runs = |(list, name): &Place| {
            list == "experiments" && self.of.runs.get(name).is_some_and(|run| run.ended_at.is_none())
        };
        let mut places: Vec<Place> = self.of.settings_places();
        places.extend(self.saved.iter().map(|(place, _)| place.clone()));
        places.sort_by_key(|place| !runs(place));
        loop {
            let n_before = alone.out.len();
            for place in &places {
                let Some(left) = alone.out.remove(place) else { continue };
                if let Err(error) = fits(&self.without(alone, is_begun).0) {
                    let why = self.left_out(place, &error);
                    alone.out.insert(place.clone(), Left { why, ..left });
                }
            }
            if alone.out.len() == n_before {
                break;
            }
        }
    }

    fn left_out(&self, (list, name): &Place, error: &EngineError) -> String {
        let word = word(list);
        if self.of.settings.has(list, name) {
            return format!(
                "the {word} \"{name}\" of the settings cannot be in force with what has begun, and is left out: {error}"
            );
        }
        format!(
            "the {word} \"{name}\" was saved, cannot be in force with what else is declared, and is left out: {error}"
        )
    }

    fn joined(self, mut alone: LeftAlone, is_begun: &dyn Fn(&str) -> bool) -> Joined {
        let (playbook, kept) = self.without(&alone, is_begun);
        let hides = |(list, name): &Place| {
            let word = word(list);
            format!(
                "the settings declare the {word} \"{name}\": what was saved under this name is not in force as long as they do"
            )
        };
        let mut told: Vec<String> = self.hidden.iter().map(hides).collect();
        alone.as_begun.clear();
        for (name, why) in kept {
            let written = self.of.written(&("experiments".to_owned(), name.clone())).unwrap_or_default();
            alone.as_begun.insert(name, written);
            told.push(why);
        }
        told.extend(alone.out.values().map(|left| left.why.clone()));
        Joined { playbook, hidden: self.hidden, alone, told }
    }
}

/// A table as it was saved.
fn read(one: &SavedTable) -> Result<Playbook, String> {
    let SavedTable { list, name, record } = one;
    let word = word(list);
    let table: Map<String, Value> =
        serde_json::from_str(record).map_err(|error| format!("the saved {word} \"{name}\" cannot be read: {error}"))?;
    let mut own = Playbook::default();
    own.put(list, &table).map_err(|why| format!("the saved {why}"))?;
    Ok(own)
}
