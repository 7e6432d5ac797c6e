//! Who comes and goes? All lists are looked at in one walk over the customers, again and again.

use super::facts::Lens;
use super::scores::Scores;
use super::select::Judge;
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::Filter;
use decisions::filter::Subject;
use features::FeatureState;
use governance::{Headcount, Purpose};
use primitives::{CustomerId, Timestamp};
use profiles::Customer;
use std::collections::{BTreeMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long one walk may take.
const TIME_MAX: Duration = Duration::from_secs(300);
/// How many changes are noted at a time.
const N_CHANGED: usize = 1_000;

/// A list, and whom it means.
struct Roll {
    name: String,
    filter: Filter,
    members: HashSet<CustomerId>,
    /// Of them those who permit analytics.
    n_counted: u32,
}

/// Calls every customer's name for each list.
struct Rolls<'a> {
    engine: &'a Engine,
    rolls: Vec<Roll>,
}

impl Judge for Rolls<'_> {
    fn open(&mut self, lens: &Lens<'_>, customer: &Customer<FeatureState>, scores: &Scores) -> u128 {
        let seen = lens.look(customer, scores);
        let held: Vec<Option<bool>> = self.rolls.iter().map(|roll| roll.filter.holds(&seen)).collect();
        // What was decided without them needs no scores.
        if held.contains(&None) && seen.open() != 0 {
            return seen.open();
        }
        let is_counted = self.engine.policy().answer(&customer.profile.consents, Purpose::Analytics).granted;
        for (roll, held) in self.rolls.iter_mut().zip(held) {
            if held == Some(true) {
                roll.members.insert(customer.profile.id.clone());
                roll.n_counted += u32::from(is_counted);
            }
        }
        0
    }
}

impl Engine {
    /// Looks at all lists, and notes who came, who went and how many there are. Answers how long the walk took; nothing where
    /// `is_stopped` or the time ended it, and then nobody has come or gone.
    ///
    /// # Errors
    /// [`EngineError`] where customers cannot be read or what was found cannot be stored.
    pub fn follow_lists(&self, is_stopped: &dyn Fn() -> bool) -> Result<Option<Duration>, EngineError> {
        let _one_at_a_time = self.following_lists.lock().unwrap_or_else(PoisonError::into_inner);
        let (names, watch) = (self.filter_names(), Stopwatch::start());
        let now = self.clock().now();
        let (mut rolls, mut lists) = (Vec::new(), BTreeMap::new());
        for (list, _) in self.all_lists() {
            let filter = Filter::parse(&list.filter, &names).map_err(|error| error.to_string());
            let read = filter.and_then(|filter| match self.filters_of_lists([&filter]) {
                Ok(asked) => Ok((filter, asked)),
                Err(error) => Err(error.to_string()),
            });
            match read {
                Ok((filter, asked)) => {
                    lists.extend(asked);
                    rolls.push(Roll { name: list.name, filter, members: HashSet::new(), n_counted: 0 });
                }
                Err(why) => self.ports.lists.note_looked_at(&list.name, now, Some(&why))?,
            }
        }
        let subjects: Vec<Subject> = rolls.iter().flat_map(|roll| roll.filter.subjects()).cloned().collect();
        let lens = Lens::new(self, &subjects.iter().collect::<Vec<_>>(), lists);
        for roll in &mut rolls {
            roll.filter = std::mem::take(&mut roll.filter).cheapest_first(&|subject| lens.cost(subject));
        }
        self.scores.begin(lens.made_by);
        let mut rolls = Rolls { engine: self, rolls };
        let (_, is_complete) = self.each(&lens, &mut rolls, &mut || is_stopped() || watch.elapsed() > TIME_MAX)?;
        if !is_complete {
            return Ok(None);
        }
        for roll in rolls.rolls {
            self.note_roll(roll, now)?;
        }
        Ok(Some(watch.elapsed()))
    }

    fn note_roll(&self, roll: Roll, now: Timestamp) -> Result<(), EngineError> {
        let before: HashSet<CustomerId> = self.ports.lists.members(&roll.name)?.into_iter().collect();
        let sorted = |one: &HashSet<CustomerId>, other: &HashSet<CustomerId>| {
            let mut ids: Vec<CustomerId> = one.difference(other).cloned().collect();
            ids.sort_unstable();
            ids
        };
        let (entered, left) = (sorted(&roll.members, &before), sorted(&before, &roll.members));
        for left in left.chunks(N_CHANGED) {
            self.change_list(&roll.name, now, &[], left)?;
        }
        for entered in entered.chunks(N_CHANGED) {
            self.change_list(&roll.name, now, entered, &[])?;
        }
        let told = if Headcount::of(roll.n_counted).is_told() { roll.n_counted } else { roll.n_counted.min(1) };
        let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
        if self.all_lists().iter().any(|(list, _)| list.name == roll.name) {
            self.ports.lists.count(&roll.name, now, told)?;
            self.ports.lists.note_looked_at(&roll.name, now, None)?;
        }
        Ok(())
    }

    /// Notes who came and went, but nobody who is no longer there, and nothing of a list that is not.
    fn change_list(
        &self,
        name: &str,
        now: Timestamp,
        entered: &[CustomerId],
        left: &[CustomerId],
    ) -> Result<(), EngineError> {
        // Until it is stored nobody is forgotten and no list is removed.
        let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.all_lists().iter().any(|(list, _)| list.name == name) {
            return Ok(());
        }
        let mut still_there = Vec::with_capacity(entered.len());
        for id in entered {
            if self.look(|live| live.profiles.customer(id).map(|found| found.is_some()))? {
                still_there.push(id.clone());
            }
        }
        self.ports.lists.change(name, now, &still_there, left)?;
        Ok(())
    }

    /// Forgets a customer who was erased: on no list, in no change, and nothing that was computed. The profile must be gone
    /// before, or the next walk finds them again.
    ///
    /// # Errors
    /// [`EngineError`] where it cannot be stored.
    pub fn forget_in_lists(&self, customer: &CustomerId) -> Result<u64, EngineError> {
        let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
        self.scores.forget(customer);
        Ok(self.ports.lists.forget(customer)?)
    }

    /// Has the lists looked at soon.
    pub fn wake_lists(&self) {
        self.lists_wanted.store(true, Ordering::Release);
    }

    /// Whether they are to be looked at soon. Asking takes the answer away.
    pub(crate) fn are_lists_wanted(&self) -> bool {
        self.lists_wanted.swap(false, Ordering::AcqRel)
    }

    /// How many were on a list, over time: who permits analytics, by the beginnings of hours and days.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn list_counts(&self, name: &str) -> Result<Vec<(Timestamp, Headcount)>, EngineError> {
        let counts = self.ports.lists.counts(name)?;
        Ok(counts.into_iter().map(|(at, n)| (at, Headcount::of(n))).collect())
    }

    /// The lists whose names a customer is on, as they were found last.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn lists_of(&self, customer: &CustomerId) -> Result<BTreeMap<String, String>, EngineError> {
        let names = self.ports.lists.lists_of(customer)?;
        let titles = self.all_lists().into_iter().map(|(list, _)| (list.name, list.title));
        Ok(titles.filter(|(name, _)| names.contains(name)).collect())
    }
}
