//! What comes next, after what came last?

use super::accumulator::Accumulator;
use super::matrix::{Matrix, keep_largest};
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::trail;
use super::together::Sums;
use crate::linear::narrow;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

settings! {
    /// A decayed Markov chain from occasion to occasion.
    ///
    /// ```text
    /// next(i,j) = sum over customers and their occasions s with i and t after s with j, at most n_steps later, of step_decay^(t - s - 1)
    /// out[i]    = sum of next(i,j) over all j       in[j] = sum of next(i,j) over all i       N = sum of out
    /// p(i,j)    = next(i,j) / (out[i] in[j]^other_exponent + shrinkage_share N)       kept for the n_neighbours largest j of every i
    /// score(j)  = sum over i of the last n_last occasions of trail_decay^(later ones) p(i,j)
    /// ```
    /// What they look at now is the last of them, each item an occasion of its own. With one step and one last occasion it is the
    /// first-order chain. *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used.
    /// *Source*: Rendle, Freudenthaler and Schmidt-Thieme 2010, section 4.1, doi:10.1145/1772690.1772773, not factorised; decay as in Ludewig
    /// and Jannach 2018, section 2.1 (sequential rules), doi:10.1007/s11257-018-9209-6.
    Markov {
        /// How many occasions later something may come.
        n_steps: usize = 10 in 1..=1_000, larger: "reaches further and costs time";
        /// What comes one occasion later counts by this.
        step_decay: f64 = 0.8 in 0.0..=1.0, larger: "hears what comes much later";
        /// How much an item that always comes is held back.
        other_exponent: f64 = 0.3 in 0.0..=1.0, larger: "finds rarer items";
        /// The share of all steps that is added to the divisor, so that what was seen once does not look certain.
        shrinkage_share: f64 = 0.0000001 in 0.0..=1.0, larger: "trusts only what came often";
        /// How many items are kept for every item.
        n_neighbours: usize = 100 in 1..=1_000, larger: "reaches further into the catalogue and costs memory and time";
        /// How many of the last occasions count.
        n_last: usize = 5 in 1..=1_000, larger: "remembers longer";
        /// What an occasion counts beside the next.
        trail_decay: f64 = 0.7 in 0.0..=1.0, larger: "remembers longer";
        /// An occasion with more items is nobody's, and left out.
        n_items_max: usize = 200 in 1..=100_000, larger: "costs time with the square";
    }
}

const NAME: &str = "Markov member";

/// What follows every item. See [`Markov`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MarkovModel {
    settings: Markov,
    next: Matrix,
}

/// All occasions of all customers, one customer after the other, from old to new.
struct Occasions {
    /// The items of each.
    items: Vec<Vec<u32>>,
    /// Where the occasions of its customer end.
    end: Vec<usize>,
}

impl Occasions {
    fn of(prepared: &Prepared, n_items_max: usize) -> Self {
        let (mut items, mut end) = (Vec::new(), Vec::new());
        for customer in 0..prepared.n_customers() {
            let baskets = prepared.baskets(customer).into_iter().filter(|basket| basket.items.len() <= n_items_max);
            items.extend(baskets.map(|basket| basket.items));
            end.resize(items.len(), items.len());
        }
        Self { items, end }
    }

    /// The occasions after one, of the same customer, with how much each counts.
    fn after(&self, at: usize, settings: &Markov) -> impl Iterator<Item = (&[u32], f64)> {
        let until = self.end[at].min(at.saturating_add(1).saturating_add(settings.n_steps));
        let decay = settings.step_decay;
        self.items[at + 1..until]
            .iter()
            .enumerate()
            .map(move |(step, items)| (items.as_slice(), decay.powi(i32::try_from(step).unwrap_or(i32::MAX))))
    }
}

impl Markov {
    /// Counts what follows what.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<MarkovModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let n_items = prepared.n_items();
        let occasions = Occasions::of(prepared, self.n_items_max);
        let mut with = vec![Vec::new(); n_items];
        let (mut out, mut into) = (vec![0.0_f64; n_items], vec![0.0_f64; n_items]);
        for (at, items) in occasions.items.iter().enumerate() {
            items.iter().for_each(|item| with[*item as usize].push(at));
            for (later, weight) in occasions.after(at, self) {
                items.iter().for_each(|item| out[*item as usize] += weight * later.len() as f64);
                later.iter().for_each(|item| into[*item as usize] += weight * items.len() as f64);
            }
        }
        let shrinkage = self.shrinkage_share * out.iter().sum::<f64>();
        let held: Vec<f64> = into.iter().map(|into| into.powf(self.other_exponent)).collect();
        let rows: Vec<Vec<(u32, f32)>> = (0..n_items)
            .into_par_iter()
            .map_init(
                || Sums::new(n_items),
                |sums, item| {
                    for at in &with[item] {
                        for (later, weight) in occasions.after(*at, self) {
                            later.iter().for_each(|other| sums.add(*other, narrow(weight)));
                        }
                    }
                    let mut found = sums.take(|other, sum| {
                        let divisor = out[item] * held[other as usize] + shrinkage;
                        if other as usize == item { 0.0 } else { narrow(f64::from(sum) / divisor) }
                    });
                    keep_largest(&mut found, self.n_neighbours, |score| score);
                    found
                },
            )
            .collect();
        Ok(MarkovModel { settings: self.clone(), next: Matrix::from_rows(rows) })
    }
}

impl Member for MarkovModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        for liked in trail(own, self.settings.n_last, self.settings.trail_decay) {
            for (item, probability) in self.next.row(liked.place as usize) {
                sums.add(item, liked.weight * f64::from(probability), liked.source);
            }
        }
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.next.check(NAME, n_items, n_items)
    }
}
