//! Who is on the list? A look at all customers, in memory and on disk, a slice at a time.

use super::cursor;
use super::facts::Lens;
use super::order::{Place, Rank};
use super::scores::Scores;
use super::selection::{Selection, Sort};
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::Filter;
use decisions::filter::{Facts, Subject};
use features::FeatureState;
use governance::{Headcount, Purpose};
use primitives::CustomerId;
use profiles::{Collection, Customer, ProfileError};
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// How many customers are looked at while events and decisions wait.
const N_SLICE: u64 = 1_024;
/// How many customers are read from disk at a time.
const N_FROM_DISK: usize = 256;

/// Who was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The customers of this page, in order.
    pub ids: Vec<CustomerId>,
    /// How many there are in all.
    pub n: u64,
    /// What each number that was asked about comes to for all of them.
    pub sums: Vec<(Subject, Sum)>,
    /// Where the next page begins; nothing where there is none.
    pub cursor: Option<String>,
    /// How many customers were looked at.
    pub n_looked_at: u64,
    /// Whether the time sufficed for all of them.
    pub is_complete: bool,
}

/// The sum of a number over the customers who permit analytics and of whom it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sum {
    /// The sum; nothing where it would tell on fewer than five of them.
    pub total: Option<f64>,
    /// Of how many.
    pub of: Headcount,
}

/// Which part of those who are found is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// How many.
    pub n_max: usize,
    /// After the last of the page before.
    pub cursor: Option<&'a str>,
}

impl Engine {
    /// The customers for whom a selection's filter holds: those of a page in its order, how many there are, and what their
    /// numbers come to. Looks for at most `time_max`.
    ///
    /// # Errors
    /// [`EngineError`] where the cursor is not of this order, or the store cannot be read.
    pub fn select(&self, selection: &Selection, page: Page<'_>, time_max: Duration) -> Result<Found, EngineError> {
        let after = page.cursor.map(|text| cursor::read(text, &selection.sort)).transpose()?;
        let summed = &selection.summed;
        let mut subjects: Vec<&Subject> = selection.filter.subjects();
        subjects.push(&selection.sort.by);
        subjects.extend(summed);
        let lens = Lens::new(self, &subjects, self.filters_of_lists([&selection.filter])?);
        self.scores.begin(lens.made_by);
        let filter = selection.filter.clone().cheapest_first(&|subject| lens.cost(subject));
        let mut tally = Tally {
            engine: self,
            filter,
            sort: &selection.sort,
            sums: summed.iter().map(|_| (0.0, 0)).collect(),
            summed,
            n: 0,
            first: BinaryHeap::with_capacity(page.n_max.min(10_000) + 2),
            n_max: page.n_max,
            after,
        };
        let watch = Stopwatch::start();
        let (n_looked_at, is_complete) = self.each(&lens, &mut tally, &mut || watch.elapsed() > time_max)?;
        Ok(tally.found(n_looked_at, is_complete))
    }

    /// Shows each customer to `judge`, first as far as is known of them, and where that does not suffice again when it is.
    /// Answers how many were looked at, and whether these are all: not where it was stopped, or everything was made anew
    /// meanwhile, so that the places of those who are left are no longer known.
    pub(super) fn each(
        &self,
        lens: &Lens<'_>,
        judge: &mut dyn Judge,
        is_stopped: &mut dyn FnMut() -> bool,
    ) -> Result<(u64, bool), EngineError> {
        let (places, n_customers, n_resident, generation) = self.look(|live| {
            let profiles = &live.profiles;
            let n_resident = profiles.n_resident() as u64;
            (profiles.resident_places(), profiles.totals().n_customers, n_resident, live.generation)
        });
        // Whom memory forgets meanwhile is read from disk, and was looked at already.
        let mut met: Option<HashSet<CustomerId>> = (n_resident < n_customers).then(HashSet::new);
        let (mut n_looked_at, mut waiting) = (0, Vec::new());
        for first in places.clone().step_by(usize::try_from(N_SLICE).unwrap_or(usize::MAX)) {
            if is_stopped() {
                return Ok((n_looked_at, false));
            }
            let slice = first..places.end.min(first + N_SLICE);
            let is_same = self.look(|live| {
                if live.generation != generation {
                    return false;
                }
                for customer in live.profiles.resident_at(slice) {
                    n_looked_at += 1;
                    if let Some(met) = &mut met {
                        met.insert(customer.profile.id.clone());
                    }
                    let scores = lens.scores(customer);
                    if judge.open(lens, customer, &scores) != 0 {
                        waiting.push((customer.clone(), scores));
                    }
                }
                true
            });
            if !is_same {
                return Ok((n_looked_at, false));
            }
            for (customer, scores) in waiting.drain(..) {
                whole(judge, lens, &customer, scores);
            }
        }
        let Some(met) = met.filter(|_| n_looked_at < n_customers) else { return Ok((n_looked_at, true)) };
        let (n_on_disk, is_complete) = self.each_on_disk(lens, judge, &met, is_stopped)?;
        let is_same = self.look(|live| live.generation == generation);
        Ok((n_looked_at + n_on_disk, is_complete && is_same))
    }

    fn each_on_disk(
        &self,
        lens: &Lens<'_>,
        judge: &mut dyn Judge,
        met: &HashSet<CustomerId>,
        is_stopped: &mut dyn FnMut() -> bool,
    ) -> Result<(u64, bool), EngineError> {
        let (mut n_looked_at, mut is_complete) = (0, true);
        let mut after = String::new();
        while is_complete {
            let mut stored: Vec<Customer<FeatureState>> = Vec::with_capacity(N_FROM_DISK);
            let mut damaged: Option<ProfileError> = None;
            let mut is_last = true;
            self.ports.profiles.scan_after(Collection::Customer, &after.clone(), &mut |key, bytes| {
                key.clone_into(&mut after);
                if !met.contains(&CustomerId::from(key)) {
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
            let current: Vec<Customer<FeatureState>> = self.look(|live| {
                let known = |customer: Customer<FeatureState>| match live.profiles.in_memory(&customer.profile.id) {
                    Some(now) => now.cloned(),
                    None => Some(customer),
                };
                stored.into_iter().filter_map(known).collect()
            });
            for customer in current {
                n_looked_at += 1;
                whole(judge, lens, &customer, lens.scores(&customer));
            }
            if is_last {
                break;
            }
            is_complete = !is_stopped();
        }
        Ok((n_looked_at, is_complete))
    }
}

/// Who looks at every customer.
pub(super) trait Judge {
    /// Looks at a customer where everything is known for it; else it has not, and says what has to be computed.
    fn open(&mut self, lens: &Lens<'_>, customer: &Customer<FeatureState>, scores: &Scores) -> u128;
}

/// Shows a customer, and has computed what is needed for it.
fn whole(judge: &mut dyn Judge, lens: &Lens<'_>, customer: &Customer<FeatureState>, mut scores: Arc<Scores>) {
    loop {
        let open = judge.open(lens, customer, &scores);
        if open == 0 {
            return;
        }
        scores = lens.ask(customer, &scores, open);
    }
}

/// What has been found so far.
struct Tally<'a> {
    engine: &'a Engine,
    filter: Filter,
    sort: &'a Sort,
    summed: &'a [Subject],
    /// The sum of each, and of how many.
    sums: Vec<(f64, u32)>,
    n: u64,
    /// The first of those that are wanted, and one more.
    first: BinaryHeap<Place>,
    n_max: usize,
    after: Option<Place>,
}

impl Judge for Tally<'_> {
    fn open(&mut self, lens: &Lens<'_>, customer: &Customer<FeatureState>, scores: &Scores) -> u128 {
        let seen = lens.look(customer, scores);
        let holds = self.filter.holds(&seen);
        if holds == Some(false) || (holds.is_none() && seen.open() == 0) {
            return 0;
        }
        let rank = seen.value(&self.sort.by).as_ref().and_then(Rank::of);
        let numbers: Vec<Option<f64>> = self.summed.iter().map(|subject| seen.number(subject)).collect();
        if seen.open() != 0 {
            return seen.open();
        }
        self.n += 1;
        if self.engine.policy().answer(&customer.profile.consents, Purpose::Analytics).granted {
            for (sum, number) in self.sums.iter_mut().zip(numbers) {
                if let Some(number) = number {
                    *sum = (sum.0 + number, sum.1 + 1);
                }
            }
        }
        let place = Place { rank, is_descending: self.sort.is_descending, id: customer.profile.id.clone() };
        if self.after.as_ref().is_none_or(|after| place > *after) {
            self.first.push(place);
            if self.first.len() > self.n_max + 1 {
                self.first.pop();
            }
        }
        0
    }
}

impl Tally<'_> {
    fn found(self, n_looked_at: u64, is_complete: bool) -> Found {
        let mut places = self.first.into_sorted_vec();
        let is_more = places.len() > self.n_max;
        places.truncate(self.n_max);
        let cursor = places.last().filter(|_| is_more).map(|last| cursor::write(self.sort, last));
        let sum = |(total, n): &(f64, u32)| {
            let of = Headcount::of(*n);
            Sum { total: of.is_told().then_some(*total), of }
        };
        Found {
            ids: places.into_iter().map(|place| place.id).collect(),
            n: self.n,
            sums: self.summed.iter().cloned().zip(self.sums.iter().map(sum)).collect(),
            cursor,
            n_looked_at,
            is_complete,
        }
    }
}
