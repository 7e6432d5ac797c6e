//! How is every customer looked at? In memory and on disk, a slice at a time, each once.

use super::facts::{Lack, Lens, Seen};
use super::scores::Scores;
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use features::FeatureState;
use primitives::CustomerId;
use profiles::{Collection, Customer, ProfileError};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How many customers are looked at while events and decisions wait, and for how long at the most.
const N_SLICE: u64 = 1_024;
const SLICE_MAX: Duration = Duration::from_millis(10);
/// How many customers are read from disk at a time.
const N_FROM_DISK: usize = 256;

/// Who judges every customer.
pub(super) trait Judge {
    /// Judges a customer where everything is known for it.
    ///
    /// # Errors
    /// What it lacks; then nothing was judged.
    fn judge(&mut self, seen: &Seen<'_>) -> Result<(), Lack>;
}

/// How a walk went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walked {
    /// How many customers were looked at.
    pub(super) n_looked_at: u64,
    /// How many conditions were asked of them.
    pub(super) n_asked: u64,
    /// Whether these are all that were there when it began.
    pub(super) is_complete: bool,
}

impl Engine {
    /// Shows each customer to `judge`, first as far as is known of them, and where that does not suffice again when it is.
    /// Not everybody where it was stopped, or everything was made anew meanwhile, so that the places of those who are left
    /// are no longer known.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub(super) fn each(
        &self,
        lens: &Lens<'_>,
        judge: &mut dyn Judge,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Walked, EngineError> {
        let (at, generation) = self.look(|live| (live.profiles.resident_places().start, live.generation));
        let met = HashSet::new();
        let mut walk = Walk { engine: self, lens, judge, is_stopped, generation, at, met, n_looked_at: 0, n_asked: 0 };
        let is_complete = match walk.in_memory() {
            Left::Nobody => true,
            Left::OnDisk => walk.on_disk()?,
            Left::Broken => false,
        };
        Ok(Walked { n_looked_at: walk.n_looked_at, n_asked: walk.n_asked, is_complete })
    }
}

/// Who is still to be met.
enum Left {
    Nobody,
    /// Whoever is in the store alone.
    OnDisk,
    /// Nobody knows: it was broken off.
    Broken,
}

struct Walk<'w> {
    engine: &'w Engine,
    lens: &'w Lens<'w>,
    judge: &'w mut dyn Judge,
    is_stopped: &'w dyn Fn() -> bool,
    /// The live state that it goes over.
    generation: u64,
    /// Everybody in memory at the places before this one was met.
    at: u64,
    /// Memory puts customers at its end, forgets them and reads them again: who was met is not looked at twice.
    met: HashSet<CustomerId>,
    n_looked_at: u64,
    n_asked: u64,
}

impl Walk<'_> {
    /// Looks at those in memory, one place after the other. Who stays in memory and loses their place gets one behind all
    /// others, so whoever is there when the last place is reached was met. Answers what is still to do.
    fn in_memory(&mut self) -> Left {
        let engine = self.engine;
        loop {
            if (self.is_stopped)() {
                return Left::Broken;
            }
            let mut waiting: Vec<(Customer<FeatureState>, Arc<Scores>)> = Vec::new();
            let left = engine.look(|live| {
                if live.generation != self.generation {
                    return Some(Left::Broken);
                }
                let watch = Stopwatch::start();
                let is_over = || watch.elapsed() > SLICE_MAX;
                let (places, profiles) = (live.profiles.resident_places(), &live.profiles);
                let first = self.at.max(places.start);
                let end = places.end.min(first + N_SLICE);
                self.at = end;
                for at in first..end {
                    for customer in profiles.resident_at(at..at + 1) {
                        if self.met.insert(customer.profile.id.clone()) {
                            let scores = self.lens.scores(customer);
                            // Who takes too long is looked at when nobody waits.
                            if self.judge(customer, &scores, &is_over).is_err() {
                                waiting.push((customer.clone(), scores));
                            }
                        }
                    }
                    // Whoever comes after is of the next slice.
                    if is_over() {
                        self.at = at + 1;
                        break;
                    }
                }
                let are_all = profiles.n_in_memory() >= profiles.totals().n_customers;
                (self.at >= places.end).then_some(if are_all { Left::Nobody } else { Left::OnDisk })
            });
            for (customer, scores) in waiting {
                if !self.judge_whole(&customer, scores) {
                    return Left::Broken;
                }
            }
            if let Some(left) = left {
                return left;
            }
        }
    }

    /// Looks at whom it has not met. Answers whether it came to the end.
    fn on_disk(&mut self) -> Result<bool, EngineError> {
        let (engine, mut after, mut is_last) = (self.engine, String::new(), false);
        while !is_last {
            if (self.is_stopped)() {
                return Ok(false);
            }
            let mut stored: Vec<Customer<FeatureState>> = Vec::with_capacity(N_FROM_DISK);
            let mut damaged: Option<ProfileError> = None;
            is_last = true;
            engine.ports.profiles.scan_after(Collection::Customer, &after.clone(), &mut |key, bytes| {
                key.clone_into(&mut after);
                if !self.met.contains(&CustomerId::from(key)) {
                    match Customer::from_stored(key, bytes) {
                        Ok(customer) => stored.push(customer),
                        Err(error) => damaged = Some(error),
                    }
                }
                is_last = damaged.is_none() && stored.len() < N_FROM_DISK;
                is_last
            })?;
            if let Some(error) = damaged {
                return Err(error.into());
            }
            // Memory knows better: who came into it meanwhile, and who was merged away and is not there any longer.
            let current: Option<Vec<Customer<FeatureState>>> = engine.look(|live| {
                let known = |customer: Customer<FeatureState>| match live.profiles.in_memory(&customer.profile.id) {
                    Some(now) => now.cloned(),
                    None => Some(customer),
                };
                (live.generation == self.generation).then(|| stored.into_iter().filter_map(known).collect())
            });
            let Some(current) = current else { return Ok(false) };
            for customer in current {
                let scores = self.lens.scores(&customer);
                if !self.judge_whole(&customer, scores) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn judge(
        &mut self,
        customer: &Customer<FeatureState>,
        scores: &Scores,
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), Lack> {
        let seen = self.lens.look(customer, scores, is_over);
        let judged = self.judge.judge(&seen);
        self.n_asked += seen.n_asked();
        self.n_looked_at += u64::from(judged.is_ok());
        judged
    }

    /// Judges a customer, and has computed what is needed for it. Answers whether there was time.
    fn judge_whole(&mut self, customer: &Customer<FeatureState>, mut scores: Arc<Scores>) -> bool {
        loop {
            match self.judge(customer, &scores, self.is_stopped) {
                Ok(()) => return true,
                Err(Lack::Time) => return false,
                Err(Lack::Scores(open)) => scores = self.lens.ask(customer, &scores, open),
            }
        }
    }
}
