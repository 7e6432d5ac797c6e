//! What is wanted at this hour of the week?

mod lift;

use super::accumulator::Accumulator;
use super::interactions::HOURS_OF_WEEK;
use super::matrix::{Matrix, keep_largest};
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::{Interactions, ItemTraits};
use crate::settings::settings;
use crate::{ModelError, bytes};
use lift::{Counts, Lifts};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

settings! {
    /// Popularity at the hour: how much more often than usual an item is bought at this hour of a working day or of the weekend,
    /// and on this day of the week.
    ///
    /// ```text
    /// share[c,i] = each customer's purchases of an item weigh 2^(-(age - youngest) / half_life_days) and 1 together at most
    /// n[i,s]     = their sum over the customers, at hour s             e[i,s] = what it would be if i sold at s like everything
    /// lift[i,s]  = (n[i,s] + k) / (e[i,s] + k)                         k: the fewer, the more lifts differ beyond chance
    /// score(i)   = n[i] · lift[i, hour, working day or weekend] · lift[i, day of the week]
    /// ```
    /// Lifts are taken of the groups first (categories, brands, tags), whose mean is then what is expected of an item: new and rare
    /// items are wanted when those like them are. `k` is estimated, so where taste does not follow the hour all lifts are 1 and
    /// nothing is lost. It is silent where no hour is asked for or none was told.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used.
    /// *Source*: gamma-Poisson shrinkage, DuMouchel 1999, section 3, doi:10.1080/00031305.1999.10474456; `k` by moments as in Robbins 1956.
    Context {
        /// After how many days a purchase counts half.
        half_life_days: f64 = 90.0 in 0.01..=36_500.0, larger: "remembers longer, and follows the season less";
        /// How many items are proposed for an hour.
        n_proposed: usize = 200 in 1..=10_000, larger: "reaches more items and costs memory";
    }
}

const NAME: &str = "context member";
/// What is proposed follows from no item in particular: no place in the history.
const NO_SOURCE: u32 = u32::MAX;
const HOURS_OF_DAY: u16 = 24;
const DAYS_OF_WEEK: u16 = 7;
/// Hours of a working day, then of the weekend.
const N_DAY_SLOTS: usize = 48;

/// What sells when. See [`Context`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ContextModel {
    settings: Context,
    /// How much each item sells at all.
    sold: Vec<f32>,
    /// By hour of a working day, then of the weekend.
    by_hour: Lifts,
    by_day: Lifts,
    /// By hour of the week: the items that sell most then.
    best: Matrix,
}

/// The slots of an hour of the week: its hour on a working day or at the weekend, and its day.
fn slots(hour_of_week: u16) -> [usize; 2] {
    let (day, hour) = (hour_of_week / HOURS_OF_DAY % DAYS_OF_WEEK, hour_of_week % HOURS_OF_DAY);
    [usize::from(hour + if day < 5 { 0 } else { HOURS_OF_DAY }), usize::from(day)]
}

impl Context {
    /// Learns what sells when.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<ContextModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let n = prepared.n_items();
        let (mut by_hour, mut by_day) = (Counts::new(n, N_DAY_SLOTS), Counts::new(n, usize::from(DAYS_OF_WEEK)));
        for (item, hour, weight) in self.told(prepared) {
            let [hour, day] = slots(hour);
            by_hour.add(item as usize, hour, weight);
            by_day.add(item as usize, day, weight);
        }
        let groups = groups(&prepared.traits, n);
        let mut model = ContextModel {
            settings: self.clone(),
            sold: by_hour.totals(),
            by_hour: Lifts::of(&by_hour, &groups),
            by_day: Lifts::of(&by_day, &groups),
            best: Matrix::default(),
        };
        let hours: Vec<u16> = if by_hour.is_empty() { Vec::new() } else { (0..HOURS_OF_WEEK).collect() };
        model.best = Matrix::from_rows(hours.into_par_iter().map(|hour| model.best_at(hour)).collect::<Vec<_>>());
        Ok(model)
    }

    /// Every purchase of which the hour is known: the item, the hour and its weight.
    fn told(&self, prepared: &Prepared) -> Vec<(u32, u16, f64)> {
        let youngest = prepared.youngest();
        let mut told = Vec::with_capacity(prepared.hours.len());
        let rows: Vec<_> = prepared.rows.iter().zip(&prepared.hours).collect();
        // One customer who comes for the same thing every morning tells of one customer.
        for same in rows.chunk_by(|(a, _), (b, _)| (a.customer, a.item) == (b.customer, b.item)) {
            let known = same.iter().filter(|(_, hour)| **hour != Interactions::NO_HOUR);
            let weight = |age: f64| ((youngest - age) / self.half_life_days).exp2();
            let total: f64 = known.clone().map(|(row, _)| weight(row.age_days)).sum();
            told.extend(known.map(|(row, hour)| (row.item, **hour, weight(row.age_days) / total.max(1.0))));
        }
        told
    }
}

/// The groups of each item, counted from 0 without gaps.
fn groups(traits: &[ItemTraits], n_items: usize) -> Matrix {
    let numbers: BTreeMap<u64, u32> = {
        let mut all: Vec<u64> = traits.iter().flat_map(|traits| traits.groups.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().zip(0..).collect()
    };
    let of = |traits: &ItemTraits| {
        let mut groups: Vec<u32> = traits.groups.iter().map(|group| numbers[group]).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.into_iter().map(|group| (group, 1.0)).collect()
    };
    let known = traits.iter().map(of);
    Matrix::from_rows(known.chain(std::iter::repeat_n(Vec::new(), n_items - traits.len())))
}

impl ContextModel {
    fn at(&self, place: u32, [hour, day]: [usize; 2]) -> f32 {
        self.sold[place as usize] * self.by_hour.get(place, hour) * self.by_day.get(place, day)
    }

    /// How much more often than usual an item is bought at an hour; 1 where nothing is known of it.
    pub(super) fn lift(&self, place: u32, hour_of_week: u16) -> f64 {
        if usize::from(hour_of_week) >= self.best.n_rows() {
            return 1.0;
        }
        let [hour, day] = slots(hour_of_week);
        f64::from(self.by_hour.get(place, hour)) * f64::from(self.by_day.get(place, day))
    }

    fn best_at(&self, hour_of_week: u16) -> Vec<(u32, f32)> {
        let slots = slots(hour_of_week);
        let mut best: Vec<(u32, f32)> =
            (0..).take(self.sold.len()).map(|place| (place, self.at(place, slots))).collect();
        best.retain(|(_, score)| *score > 0.0);
        keep_largest(&mut best, self.settings.n_proposed, |score| score);
        best
    }

    /// The hour that is asked for, where it has something to say of it.
    fn hour(&self, own: &Own) -> Option<u16> {
        own.hour_of_week.filter(|hour| usize::from(*hour) < self.best.n_rows())
    }
}

impl Member for ContextModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        for (place, score) in self.hour(own).into_iter().flat_map(|hour| self.best.row(usize::from(hour))) {
            sums.add(place, f64::from(score), NO_SOURCE);
        }
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let slots = slots(self.hour(own)?);
        Some(places.iter().map(|place| self.at(*place, slots)).collect())
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        let n_hours = if self.best.n_rows() == 0 { 0 } else { usize::from(HOURS_OF_WEEK) };
        self.best.check(NAME, n_hours, n_items)?;
        let fits = self.sold.len() == n_items
            && self.sold.iter().all(|sold| sold.is_finite())
            && self.by_hour.fits(n_items, N_DAY_SLOTS)
            && self.by_day.fits(n_items, usize::from(DAYS_OF_WEEK));
        let reason = || "its hours do not fit to the items".to_owned();
        if fits { Ok(()) } else { Err(ModelError::Corrupt { model: NAME, reason: reason() }) }
    }
}

#[cfg(test)]
mod tests;
