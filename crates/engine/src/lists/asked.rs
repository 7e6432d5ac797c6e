//! About which lists does a filter ask, over any steps, and are they few enough to be judged for every customer?

use crate::Engine;
use crate::error::EngineError;
use decisions::{Filter, FilterError, List};
use primitives::ErrorKind;
use std::collections::{BTreeMap, BTreeSet};

/// Over how many steps lists may ask about lists.
const N_STEPS_MAX: usize = 8;
/// How many conditions a filter may have together with all the lists that it asks about.
const N_CONDITIONS_MAX: usize = 5_000;

/// What every list says, as far as it can be read now.
#[derive(Default)]
pub(super) struct Readings(BTreeMap<String, Result<Filter, FilterError>>);

impl Engine {
    /// Reads every list.
    pub(super) fn readings(&self) -> Readings {
        self.readings_of(&self.all_lists())
    }

    /// Reads these lists, which are all.
    pub(super) fn readings_of<Source>(&self, lists: &[(List, Source)]) -> Readings {
        let names = self.filter_names();
        Readings(lists.iter().map(|(list, _)| (list.name.clone(), Filter::parse(&list.filter, &names))).collect())
    }
}

impl Readings {
    /// What a list says, where it can be read.
    pub(super) fn get(&self, name: &str) -> Option<&Filter> {
        self.0.get(name)?.as_ref().ok()
    }

    /// The lists that a list asks about, and those about which these ask.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be read, or as [`Readings::asked_by`].
    pub(super) fn asked_by_list(&self, name: &str) -> Result<BTreeSet<&str>, EngineError> {
        match self.0.get(name) {
            Some(Ok(filter)) => self.asked_by(Some(name), filter),
            Some(Err(error)) => Err(error.clone().into()),
            None => Ok(BTreeSet::new()),
        }
    }

    /// The lists that a filter asks about, which may be that `of` a list, and those about which these ask.
    ///
    /// # Errors
    /// [`EngineError`] where one of them cannot be read any more (who asks about it does not know who is on it), they ask
    /// about each other in a circle, or they are too many to be judged.
    pub(super) fn asked_by<'r>(
        &'r self,
        of: Option<&str>,
        filter: &'r Filter,
    ) -> Result<BTreeSet<&'r str>, EngineError> {
        let invalid = |message: String| Err(EngineError::new(ErrorKind::Invalid, message));
        // Whoever asks about a list that is there gets an answer.
        let (n_own, n_steps_max) = match of {
            Some(_) => (filter.n_conditions(), N_STEPS_MAX),
            None => (0, N_STEPS_MAX + 1),
        };
        let (mut met, mut n_in_all, mut largest) = (BTreeSet::new(), n_own, (0, ""));
        // Those of one step, each with one of the ways to it.
        let mut step: BTreeMap<&str, Vec<&str>> = filter.lists().into_iter().map(|name| (name, Vec::new())).collect();
        while !step.is_empty() {
            let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (name, mut way) in step {
                if of == Some(name) {
                    let asks = way.last().copied().unwrap_or(name);
                    return invalid(format!(
                        "the filter asks about the list \"{asks}\", which asks about this one: break the circle"
                    ));
                }
                way.push(name);
                if way.len() > n_steps_max {
                    return invalid(format!(
                        "the filter asks about lists over {} steps (\"{}\"), and {n_steps_max} are the most: write out what \
                         one of them says instead of its name",
                        way.len(),
                        way.join("\", \"")
                    ));
                }
                let asked = match self.0.get(name) {
                    None => continue,
                    Some(Ok(asked)) => asked,
                    Some(Err(why)) => {
                        return invalid(format!(
                            "it asks about the list \"{name}\", which cannot be read any more ({why}): mend it"
                        ));
                    }
                };
                if met.insert(name) {
                    let n = asked.n_conditions();
                    (n_in_all, largest) = (n_in_all + n, largest.max((n, name)));
                }
                if n_in_all > N_CONDITIONS_MAX {
                    return invalid(format!(
                        "the filter has {n_own} conditions, with those of the {} lists that it asks about at least \
                         {n_in_all}, and {N_CONDITIONS_MAX} are the most: most of them, {}, has \"{}\"",
                        met.len(),
                        largest.0,
                        largest.1
                    ));
                }
                for further in asked.lists() {
                    next.entry(further).or_insert_with(|| way.clone());
                }
            }
            step = next;
        }
        Ok(met)
    }

    /// What these lists say, as far as they can be read.
    pub(super) fn filters<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeMap<String, Filter> {
        let filter = |name: &str| Some((name.to_owned(), self.get(name)?.clone()));
        names.into_iter().filter_map(filter).collect()
    }

    /// Refuses what a list is to say where then it, or one that asks about it, could not be judged any more.
    ///
    /// # Errors
    /// As [`Readings::asked_by`].
    pub(super) fn refuse(self, name: &str, filter: Filter) -> Result<(), EngineError> {
        let mut after = Self(self.0.clone());
        after.0.insert(name.to_owned(), Ok(filter));
        after.asked_by_list(name)?;
        for other in self.0.keys() {
            if self.asked_by_list(other).is_ok_and(|asked| asked.contains(name))
                && let Err(why) = after.asked_by_list(other)
            {
                let message =
                    format!("the list \"{other}\" asks about this one, and could not be judged any more: {why}");
                return Err(EngineError::new(ErrorKind::Invalid, message));
            }
        }
        Ok(())
    }
}
