//! Who is on the list, in which order, and what do their numbers come to?

use super::asked::Readings;
use super::cursor;
use super::facts::{Lack, Lens, Seen};
use super::order::{Place, Rank};
use super::selection::{Selection, Sort};
use super::walk::{Judge, Walked};
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::Filter;
use decisions::filter::{Facts, Subject};
use governance::{Headcount, Purpose};
use primitives::{Currency, CustomerId};
use std::collections::BinaryHeap;
use std::time::Duration;

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
    /// How many conditions were asked of them.
    pub n_asked: u64,
    /// Whether these are all: not where the time did not suffice, or everything was made anew meanwhile.
    pub is_complete: bool,
}

/// In which currency customers pay, of whose amounts a sum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaidIn {
    /// Nobody says so.
    #[default]
    Unknown,
    /// All in this one, as far as they say so.
    One(Currency),
    /// Not all in the same: what it comes to is no amount of money.
    Several,
}

impl PaidIn {
    fn and(self, other: Option<Currency>) -> Self {
        match (self, other) {
            (known, None) => known,
            (Self::Unknown, Some(currency)) => Self::One(currency),
            (Self::One(known), Some(currency)) if known == currency => self,
            _ => Self::Several,
        }
    }
}

/// The sum of a number over the customers who permit analytics and of whom it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sum {
    /// The sum; nothing where it would tell on fewer than five of them.
    pub total: Option<f64>,
    /// Of how many.
    pub of: Headcount,
    /// In which currency they pay for whom it is not 0.
    pub paid_in: PaidIn,
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
        // Only where one is asked about: they are many.
        let readings = if selection.filter.lists().is_empty() { Readings::default() } else { self.readings() };
        let asked = readings.asked_by(None, &selection.filter)?;
        let lens = Lens::new(self, &subjects, readings.filters(asked));
        self.scores.begin(lens.made_by);
        let filter = selection.filter.clone().cheapest_first(&|subject| lens.cost(subject));
        let mut tally = Tally {
            engine: self,
            filter,
            sort: &selection.sort,
            sums: vec![(0.0, 0, PaidIn::Unknown); summed.len()],
            summed,
            n: 0,
            first: BinaryHeap::with_capacity(page.n_max.min(10_000) + 2),
            n_max: page.n_max,
            after,
        };
        let watch = Stopwatch::start();
        let walked = self.each(&lens, &mut tally, &|| watch.elapsed() > time_max)?;
        Ok(tally.found(walked))
    }
}

/// What has been found so far.
struct Tally<'a> {
    engine: &'a Engine,
    filter: Filter,
    sort: &'a Sort,
    summed: &'a [Subject],
    /// The sum of each, of how many, and in which currency they pay.
    sums: Vec<(f64, u32, PaidIn)>,
    n: u64,
    /// The first of those that are wanted, and one more.
    first: BinaryHeap<Place>,
    n_max: usize,
    after: Option<Place>,
}

impl Judge for Tally<'_> {
    fn judge(&mut self, seen: &Seen<'_>) -> Result<(), Lack> {
        let holds = self.filter.holds(seen);
        let lack = seen.lack();
        if holds == Some(false) || (holds.is_none() && lack.is_none()) {
            return Ok(());
        }
        let rank = seen.value(&self.sort.by).as_ref().and_then(Rank::of);
        let numbers: Vec<Option<f64>> = self.summed.iter().map(|subject| seen.number(subject)).collect();
        if let Some(lack) = seen.lack() {
            return Err(lack);
        }
        let customer = seen.customer;
        self.n += 1;
        if self.engine.policy().answer(&customer.profile.consents, Purpose::Analytics).granted {
            let currency = customer.state.currency();
            for ((total, n, paid_in), number) in self.sums.iter_mut().zip(numbers) {
                if let Some(number) = number {
                    *total += number;
                    *n += 1;
                    *paid_in = paid_in.and(currency.filter(|_| number != 0.0));
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
        Ok(())
    }
}

impl Tally<'_> {
    fn found(self, walked: Walked) -> Found {
        let Walked { n_looked_at, n_asked, is_complete } = walked;
        let mut places = self.first.into_sorted_vec();
        let is_more = places.len() > self.n_max;
        places.truncate(self.n_max);
        let cursor = places.last().filter(|_| is_more).map(|last| cursor::write(self.sort, last));
        let sum = |(total, n, paid_in): &(f64, u32, PaidIn)| {
            let of = Headcount::of(*n);
            Sum { total: of.is_told().then_some(*total), of, paid_in: *paid_in }
        };
        Found {
            ids: places.into_iter().map(|place| place.id).collect(),
            n: self.n,
            sums: self.summed.iter().cloned().zip(self.sums.iter().map(sum)).collect(),
            cursor,
            n_looked_at,
            n_asked,
            is_complete,
        }
    }
}
