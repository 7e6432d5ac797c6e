//! Of which of these customers does a condition hold?

use super::asked::Readings;
use super::facts::{Lack, Lens};
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::Filter;
use primitives::CustomerId;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many customers are taken out of memory at a time.
const N_SLICE: usize = 64;

impl Engine {
    /// Whether a condition holds of each of these customers as things stand, of as many as can be looked at within `time_max`. Who is no
    /// longer there is left out, and what is not known does not hold.
    ///
    /// # Errors
    /// [`EngineError`] where the condition cannot be read, or the store cannot.
    pub fn holds_of(
        &self,
        condition: &str,
        ids: &[CustomerId],
        time_max: Duration,
    ) -> Result<BTreeMap<CustomerId, bool>, EngineError> {
        let filter = Filter::parse(condition, &self.filter_names())?;
        let readings = if filter.lists().is_empty() { Readings::default() } else { self.readings() };
        let asked = readings.asked_by(None, &filter)?;
        let lens = Lens::new(self, &filter.subjects(), readings.filters(asked));
        self.scores.begin(lens.made_by);
        let watch = Stopwatch::start();
        let is_over = || watch.elapsed() > time_max;
        let mut found = BTreeMap::new();
        for slice in ids.chunks(N_SLICE) {
            for customer in self.customers_among(slice)? {
                let mut scores = lens.scores(&customer);
                let holds = loop {
                    let seen = lens.look(&customer, &scores, &is_over);
                    let holds = filter.holds(&seen);
                    match seen.lack() {
                        None => break holds,
                        Some(Lack::Time) => return Ok(found),
                        Some(Lack::Scores(open)) => scores = lens.ask(&customer, &scores, open),
                    }
                };
                found.insert(customer.profile.id, holds == Some(true));
            }
            if is_over() {
                break;
            }
        }
        Ok(found)
    }
}
