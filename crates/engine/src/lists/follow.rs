//! Who comes and goes? All lists are looked at in one walk over the customers, again and again.

use super::facts::{Lack, Lens, Seen};
use super::left_out;
use super::walk::Judge;
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use governance::{Headcount, Purpose};
use primitives::{CustomerId, Timestamp};
use std::collections::{BTreeMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many changes are noted at a time.
const N_CHANGED: usize = 1_000;

/// How a look at all lists ended. Only where it was whole has anybody come or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollCall {
    /// Everybody was looked at.
    Whole,
    /// It was stopped, or everything was made anew meanwhile.
    Broken,
    /// The time did not suffice.
    TooLong {
        /// The list that took most of it; none where there is no list.
        slowest: Option<String>,
        /// How long that one took.
        took: Duration,
    },
}

/// A list, and whom it means.
struct Roll {
    name: String,
    /// As it was when it was looked for.
    filter: String,
    members: HashSet<CustomerId>,
    /// Of them those who permit analytics.
    n_counted: u32,
    /// How long it took to judge them.
    took: Duration,
}

/// Calls every customer's name for each list.
struct Rolls<'a> {
    engine: &'a Engine,
    rolls: Vec<Roll>,
}

impl Judge for Rolls<'_> {
    fn judge(&mut self, seen: &Seen<'_>) -> Result<(), Lack> {
        let is_on = |roll: &mut Roll| {
            let watch = Stopwatch::start();
            let is_on = seen.is_on(&roll.name);
            roll.took += watch.elapsed();
            is_on
        };
        let held: Vec<Option<bool>> = self.rolls.iter_mut().map(is_on).collect();
        // What was decided without them needs no scores.
        if let Some(lack) = seen.lack().filter(|lack| *lack == Lack::Time || held.contains(&None)) {
            return Err(lack);
        }
        let profile = &seen.customer.profile;
        let is_counted = self.engine.policy().answer(&profile.consents, Purpose::Analytics).granted;
        for (roll, held) in self.rolls.iter_mut().zip(held) {
            if held == Some(true) {
                roll.members.insert(profile.id.clone());
                roll.n_counted += u32::from(is_counted);
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Looks at all lists, and notes who came, who went and how many there are. It ends early where `is_stopped` says so, or
    /// when it took longer than `time_max`: then the list that took most of it is left out from now on.
    ///
    /// # Errors
    /// [`EngineError`] where customers cannot be read or what was found cannot be stored.
    pub fn follow_lists(&self, time_max: Duration, is_stopped: &dyn Fn() -> bool) -> Result<RollCall, EngineError> {
        let mut left_out = self.following_lists.lock().unwrap_or_else(PoisonError::into_inner);
        // Read once: who is found for a filter is noted for that one.
        let (lists, now) = (self.all_lists(), self.clock().now());
        let readings = self.readings_of(&lists);
        left_out.keep(lists.iter().map(|(list, _)| list), now);
        let mut rolls = Vec::new();
        for (list, _) in lists {
            let why_not = match readings.asked_by_list(&list.name) {
                Ok(asked) => left_out.why_not(&list.name, &asked),
                Err(why) => Some(why.to_string()),
            };
            match why_not {
                Some(why) => self.ports.lists.note_looked_at(&list.name, now, Some(&why))?,
                None => {
                    let (members, took) = (HashSet::new(), Duration::ZERO);
                    rolls.push(Roll { name: list.name, filter: list.filter, members, n_counted: 0, took });
                }
            }
        }
        let lens = Lens::new(self, &[], readings.filters(rolls.iter().map(|roll| roll.name.as_str())));
        self.scores.begin(lens.made_by);
        let (mut rolls, watch) = (Rolls { engine: self, rolls }, Stopwatch::start());
        let walked = self.each(&lens, &mut rolls, &|| is_stopped() || watch.elapsed() > time_max)?;
        if walked.is_complete {
            rolls.rolls.into_iter().try_for_each(|roll| self.note_roll(roll, now))?;
            return Ok(RollCall::Whole);
        }
        if is_stopped() || watch.elapsed() <= time_max {
            return Ok(RollCall::Broken);
        }
        let slowest = rolls.rolls.into_iter().max_by_key(|roll| roll.took);
        if let Some(Roll { name, filter, .. }) = &slowest {
            left_out.add(name, filter, now);
            self.ports.lists.note_looked_at(name, now, Some(left_out::WHY))?;
        }
        let took = slowest.as_ref().map_or(Duration::ZERO, |roll| roll.took);
        Ok(RollCall::TooLong { slowest: slowest.map(|roll| roll.name), took })
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
            self.change_list(&roll, now, &[], left)?;
        }
        for entered in entered.chunks(N_CHANGED) {
            self.change_list(&roll, now, entered, &[])?;
        }
        let told = if Headcount::of(roll.n_counted).is_told() { roll.n_counted } else { roll.n_counted.min(1) };
        let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_there(&roll) {
            self.ports.lists.count(&roll.name, now, told)?;
            self.ports.lists.note_looked_at(&roll.name, now, None)?;
        }
        Ok(())
    }

    /// Whether a list is there, and means whom it was looked for.
    fn is_there(&self, roll: &Roll) -> bool {
        self.all_lists().iter().any(|(list, _)| list.name == roll.name && list.filter == roll.filter)
    }

    /// Notes who came and went, but nobody who is no longer there, and nothing of a list that is not or means others by now.
    fn change_list(
        &self,
        roll: &Roll,
        now: Timestamp,
        entered: &[CustomerId],
        left: &[CustomerId],
    ) -> Result<(), EngineError> {
        // Until it is stored nobody is forgotten and no list is removed.
        let _changing = self.changing_lists.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_there(roll) {
            return Ok(());
        }
        let mut still_there = Vec::with_capacity(entered.len());
        for id in entered {
            if self.look(|live| live.profiles.customer(id).map(|found| found.is_some()))? {
                still_there.push(id.clone());
            }
        }
        self.ports.lists.change(&roll.name, now, &still_there, left)?;
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
