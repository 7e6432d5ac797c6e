//! Which names are not one person, because a person said so?
//!
//! A separation holds for the whole past: whoever folds the history from its beginning knows all of them beforehand, and
//! refuses every claim that would put two separated names into one customer. It ends where the company itself says with an
//! `alias` that both are one after all: of two contrary words of the company the later counts.

use crate::{Few, Identifier, Link};
use events::{Call, Offset, Recorded};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Two names that are not one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// The two names, sorted.
    pub names: [Identifier; 2],
    /// The event that said so; of several the last.
    pub offset: Offset,
    /// The event that said that they are one after all.
    pub lifted: Option<Offset>,
    /// Whether the past is told so. Where not, it is to be told anew: what was joined before is joined still.
    pub is_done: bool,
}

/// All separations that were ever said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Separation>", into = "Vec<Separation>")]
pub struct Separations {
    all: BTreeMap<[Identifier; 2], Separation>,
    /// From whom each name is separated now.
    apart: BTreeMap<Identifier, Vec<Identifier>>,
}

impl Separation {
    /// What an event says; `None` where it is no separation.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let Call::Separate { names: [one, other], .. } = &recorded.event.call else { return None };
        let mut names = [Identifier::of_key(one)?, Identifier::of_key(other)?];
        names.sort();
        Some(Self { names, offset: recorded.offset, lifted: None, is_done: false })
    }
}

impl From<Vec<Separation>> for Separations {
    fn from(all: Vec<Separation>) -> Self {
        let mut separations = Self::default();
        all.into_iter().for_each(|one| separations.keep(one));
        separations
    }
}

impl From<Separations> for Vec<Separation> {
    fn from(separations: Separations) -> Self {
        separations.all.into_values().collect()
    }
}

impl Separations {
    /// What events say, known beforehand by whoever folds the past anew: nothing of it is left to be done.
    #[must_use]
    pub fn known<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Self {
        let mut separations = Self::default();
        for one in events.into_iter().filter_map(Separation::of) {
            let is_newer = separations.all.get(&one.names).is_none_or(|known| known.offset < one.offset);
            if is_newer {
                separations.keep(Separation { is_done: true, ..one });
            }
        }
        separations
    }

    /// All of them, known beforehand by whoever folds the past anew: as [`Separations::known`] of the events that said so.
    #[must_use]
    pub fn told_before(&self) -> Self {
        let all = self.iter().map(|one| Separation { is_done: true, lifted: None, ..one.clone() });
        Self::from(all.collect::<Vec<_>>())
    }

    /// Takes in what an event says of separations; answers whether that changed anything.
    pub(crate) fn apply(&mut self, recorded: &Recorded) -> bool {
        if let Some(one) = Separation::of(recorded) {
            let is_newer = self.all.get(&one.names).is_none_or(|known| known.offset < one.offset);
            if is_newer {
                self.keep(one);
            }
            return is_newer;
        }
        let is_word = matches!(recorded.event.call, Call::Alias { .. }) && recorded.event.origin.is_trusted();
        if self.apart.is_empty() || !is_word {
            return false;
        }
        let named: Vec<Identifier> = Identifier::mentioned(&recorded.event).collect();
        let lifted: Vec<Separation> = self
            .all
            .values()
            .filter(|one| one.lifted.is_none() && one.offset < recorded.offset)
            .filter(|one| one.names.iter().all(|name| named.contains(name)))
            .map(|one| Separation { lifted: Some(recorded.offset), ..one.clone() })
            .collect();
        let is_changed = !lifted.is_empty();
        lifted.into_iter().for_each(|one| self.keep(one));
        is_changed
    }

    /// Whether customers with these names must not become one.
    pub(crate) fn part(&self, ours: &Few<Identifier, Link>, theirs: &Few<Identifier, Link>) -> bool {
        !self.apart.is_empty() && ours.keys().any(|name| self.parts_from(name, theirs))
    }

    /// Whether a customer with these names must not have another one.
    pub(crate) fn parts_from(&self, name: &Identifier, theirs: &Few<Identifier, Link>) -> bool {
        self.apart.get(name).is_some_and(|others| others.iter().any(|other| theirs.contains_key(other)))
    }

    /// Those for which the past is to be told anew.
    pub fn to_do(&self) -> impl Iterator<Item = &Separation> {
        self.all.values().filter(|one| !one.is_done)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Separation> {
        self.all.values()
    }

    /// The past is told so for everything between these names: of it what was told stays, and what nobody says any more is
    /// gone.
    pub(crate) fn tell_anew(&mut self, names: &BTreeSet<Identifier>, told: &Self) {
        let is_between = |one: &&Separation| one.names.iter().all(|name| names.contains(name));
        let known: Vec<Separation> = self.all.values().filter(is_between).cloned().collect();
        for one in known {
            match told.all.get(&one.names) {
                Some(told) => self.keep(Separation { is_done: true, ..told.clone() }),
                None => self.drop_out(&one.names),
            }
        }
    }

    fn drop_out(&mut self, names: &[Identifier; 2]) {
        let [a, b] = names;
        for (name, other) in [(a, b), (b, a)] {
            let apart = self.apart.entry(name.clone()).or_default();
            apart.retain(|known| known != other);
            if apart.is_empty() {
                self.apart.remove(name);
            }
        }
        self.all.remove(names);
    }

    fn keep(&mut self, one: Separation) {
        self.drop_out(&one.names);
        if one.lifted.is_none() {
            let [a, b] = one.names.clone();
            for (name, other) in [(&a, &b), (&b, &a)] {
                self.apart.entry(name.clone()).or_default().push(other.clone());
            }
        }
        self.all.insert(one.names.clone(), one);
    }
}

#[cfg(test)]
mod tests;
