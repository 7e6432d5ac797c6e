//! Which few numbers of every item put what a customer has before what they do not have?

use super::accumulator::Accumulator;
use super::matrix::Matrix;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::{Liked, liked};
use crate::linear::{add_scaled, dot, narrow, vectorised};
use crate::neural::Matrix as Dense;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

settings! {
    /// Bayesian personalised ranking of customers who are the sum of what they have.
    ///
    /// ```text
    /// x[c]       = n[c]^(-1/2) sum over the n[c] items of customer c of p[i]
    /// score(c,j) = b[j] + <x[c], q[j]>                        in training without what j itself adds to x[c]
    /// gain       = sum over c and their items j of ln s(score(c,j) - score(c,k)), s the logistic function
    ///              - penalty / 2 times the squares of all numbers that a step moves
    /// k          = of n_drawn items that they do not have, drawn alike, the one with the largest score
    /// ```
    /// A step of stochastic ascent for every purchase, customers in an order drawn anew in every round; `p` moves once a customer.
    /// A question is answered for the sum of what the customer has, an item with a weight of `2^(-age / half_life_days)`: nothing has to be learned of
    /// somebody new. *Guarantees*: the same bits for the same purchases and seed, in any order of rows and on any number of threads: one of
    /// them learns. *Cost*: a round takes `(n_drawn + 4) n_factors` multiplications for every purchase.
    /// *Source*: Rendle, Freudenthaler, Gantner and Schmidt-Thieme 2009, section 4, arXiv:1205.2618; customers as sums as in Kabbur, Ning and
    /// Karypis 2013, section 5.2, doi:10.1145/2487575.2487589; the hardest of those drawn as in Zhang, Chen, Wang and Yu 2013,
    /// doi:10.1145/2484028.2484126.
    Bpr {
        /// How many numbers an item has on each side.
        n_factors: usize = 32 in 1..=1_024, larger: "tells finer tastes apart and costs time";
        /// How many times every purchase is learned from.
        n_rounds: usize = 20 in 1..=1_000, larger: "fits closer and costs time";
        /// How far a step goes.
        learning_rate: f64 = 0.05 in 0.0001..=1.0, larger: "needs fewer rounds and fits more coarsely";
        /// How strongly numbers are drawn to 0.
        penalty: f64 = 0.01 in 0.0..=10.0, larger: "trusts rare items less";
        /// Of how many items that a customer does not have the hardest one is compared.
        n_drawn: usize = 4 in 1..=100, larger: "looks more at the top of a list and costs time";
        /// How many items it adds by itself, the best of all.
        n_proposed: usize = 100 in 0..=10_000, larger: "reaches further into the catalogue and costs time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 2_000.0 in 0.01..=36_500.0, larger: "remembers longer";
        /// How many different items of one customer are looked at, the most recent first.
        n_items_max: usize = 500 in 2..=100_000, larger: "costs time";
    }
}

const NAME: &str = "BPR member";
/// Of how many items of the history it is told which one an item follows from.
const N_SOURCES_MAX: usize = 20;

/// Numbers of items. See [`Bpr`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BprModel {
    settings: Bpr,
    /// What an item tells of who has it: a row for every item.
    told: Dense,
    /// What an item wants of who is offered it.
    wants: Dense,
    /// What is said of an item to everybody.
    offsets: Vec<f32>,
}

impl Bpr {
    /// Learns the numbers of items.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<BprModel, ModelError> {
        self.validate()?;
        let by_customer = Matrix::of(prepared, self.n_items_max, |_| 1.0);
        let by_item = by_customer.transposed(prepared.n_items());
        let sold: Vec<u32> =
            (0..).take(by_item.n_rows()).filter(|it| !by_item.columns(*it as usize).is_empty()).collect();
        let mut model = self.first(&by_item, seed);
        let mut random = seed.stream("bpr", 1);
        // Who has everything that sells has nothing to put behind it.
        let has_others = |customer: &usize| (1..sold.len()).contains(&by_customer.columns(*customer).len());
        let mut customers: Vec<usize> = (0..by_customer.n_rows()).filter(has_others).collect();
        let mut scratch = Scratch::new(self.n_factors);
        for _ in 0..self.n_rounds {
            customers.shuffle(&mut random);
            vectorised(|| {
                for customer in &customers {
                    let had = by_customer.columns(*customer);
                    let mut draw = || loop {
                        let other = sold[random.random_range(0..sold.len())];
                        if had.binary_search(&other).is_err() {
                            return other;
                        }
                    };
                    model.learn(had, &mut draw, &mut scratch);
                }
            });
        }
        Ok(model)
    }

    /// Small numbers by chance for items that somebody has, 0 for others, which stay there.
    fn first(&self, by_item: &Matrix, seed: Seed) -> BprModel {
        let mut random = seed.stream("bpr", 0);
        let width = 0.1 * (3.0 / self.n_factors as f64).sqrt();
        let mut side = || {
            let mut side = Dense::zeros(by_item.n_rows(), self.n_factors);
            for item in 0..by_item.n_rows() {
                let known = !by_item.columns(item).is_empty();
                for value in side.row_mut(item) {
                    let drawn = narrow(width * (2.0 * random.random::<f64>() - 1.0));
                    *value = if known { drawn } else { 0.0 };
                }
            }
            side
        };
        let (told, wants) = (side(), side());
        BprModel { settings: self.clone(), told, wants, offsets: vec![0.0; by_item.n_rows()] }
    }
}

/// Vectors that are used again for every customer.
struct Scratch {
    whole: Vec<f32>,
    others: Vec<f32>,
    slope: Vec<f32>,
    step: Vec<f32>,
}

impl Scratch {
    fn new(n_factors: usize) -> Self {
        let zeros = || vec![0.0; n_factors];
        Self { whole: zeros(), others: zeros(), slope: zeros(), step: zeros() }
    }
}

impl BprModel {
    /// A step for each item that a customer has. `draw` gives items that they do not have.
    #[inline(always)]
    fn learn(&mut self, had: &[u32], draw: &mut dyn FnMut() -> u32, scratch: &mut Scratch) {
        let Scratch { whole, others, slope, step } = scratch;
        let (rate, penalty) = (narrow(self.settings.learning_rate), narrow(self.settings.penalty));
        let share = narrow((had.len() as f64).powf(-0.5));
        whole.fill(0.0);
        slope.fill(0.0);
        had.iter().for_each(|item| add_scaled(whole, share, self.told.row(*item as usize)));
        for item in had {
            let item = *item as usize;
            others.copy_from_slice(whole);
            add_scaled(others, -share, self.told.row(item));
            let (mut hardest, mut largest) = (draw() as usize, f32::NEG_INFINITY);
            for at in 0..self.settings.n_drawn {
                let other = if at == 0 { hardest } else { draw() as usize };
                let score = self.offsets[other] + dot(others, self.wants.row(other));
                if score > largest {
                    (hardest, largest) = (other, score);
                }
            }
            let ahead = self.offsets[item] + dot(others, self.wants.row(item)) - largest;
            let pull = 1.0 / (1.0 + ahead.exp());
            step.copy_from_slice(self.wants.row(item));
            add_scaled(step, -1.0, self.wants.row(hardest));
            // What the customer is moved by is felt by all that they have but the item itself: with many it is the same.
            add_scaled(slope, pull * share, step);
            for (place, sign) in [(item, 1.0), (hardest, -1.0)] {
                let wants = self.wants.row_mut(place);
                wants.iter_mut().zip(others.iter()).for_each(|(w, x)| *w += rate * (sign * pull * x - penalty * *w));
                self.offsets[place] += rate * (sign * pull - penalty * self.offsets[place]);
            }
        }
        for item in had {
            let told = self.told.row_mut(*item as usize);
            told.iter_mut().zip(slope.iter()).for_each(|(p, s)| *p += rate * (s - penalty * *p));
        }
    }

    /// The numbers of a customer who likes this.
    fn fold_in(&self, liked: &[Liked]) -> Vec<f32> {
        let mut customer = vec![0.0; self.settings.n_factors];
        let n: f64 = liked.iter().map(|liked| liked.weight).sum();
        let share = n.max(1.0).powf(-0.5);
        for liked in liked {
            add_scaled(&mut customer, narrow(liked.weight * share), self.told.row(liked.place as usize));
        }
        customer
    }

    #[inline(always)]
    fn said(&self, customer: &[f32], place: u32) -> f32 {
        self.offsets[place as usize] + dot(customer, self.wants.row(place as usize))
    }

    /// The liked item that speaks most for this one.
    fn source(&self, place: u32, liked: &[Liked]) -> u32 {
        let row = self.wants.row(place as usize);
        let near = |liked: &Liked| narrow(liked.weight) * dot(row, self.told.row(liked.place as usize));
        let loudest = |a: &&Liked, b: &&Liked| near(a).total_cmp(&near(b)).then(b.source.cmp(&a.source));
        liked.iter().max_by(loudest).map_or(0, |liked| liked.source)
    }
}

impl Member for BprModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let mut liked = liked(own, self.settings.half_life_days);
        if liked.is_empty() {
            return;
        }
        let customer = self.fold_in(&liked);
        let n = u32::try_from(self.offsets.len()).unwrap_or(u32::MAX);
        let mut scores =
            vectorised(|| (0..n).map(|place| (place, self.said(&customer, place))).collect::<Vec<(u32, f32)>>());
        super::matrix::keep_largest(&mut scores, self.settings.n_proposed, |score| score);
        liked.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.source.cmp(&b.source)));
        liked.truncate(N_SOURCES_MAX);
        for (place, score) in scores {
            sums.add(place, f64::from(score), self.source(place, &liked));
        }
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let customer = self.fold_in(&liked(own, self.settings.half_life_days));
        Some(vectorised(|| places.iter().map(|place| self.said(&customer, *place)).collect()))
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        let is_whole =
            |side: &Dense| side.is_sound() && (side.n_rows(), side.n_columns()) == (n_items, self.settings.n_factors);
        let offsets = self.offsets.len() == n_items && self.offsets.iter().all(|offset| offset.is_finite());
        if offsets && is_whole(&self.told) && is_whole(&self.wants) {
            return Ok(());
        }
        Err(ModelError::Corrupt { model: NAME, reason: "its numbers are not finite ones for every item".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{Alone, HistoryItem, Interaction, Interactions, MemberSettings, Query};
    use primitives::ItemKey;

    #[test]
    fn a_step_is_its_formula() {
        let settings = Bpr { n_factors: 1, learning_rate: 0.5, penalty: 0.2, n_drawn: 2, ..Bpr::default() };
        let side = |values: [f32; 4]| Dense::from_rows(4, &values);
        let (told, wants) = (side([0.4, -0.2, 0.0, 0.0]), side([0.3, 0.1, -0.5, 0.2]));
        let mut model = BprModel { settings, told, wants, offsets: vec![0.0, 0.0, 0.7, 0.1] };
        // One customer has item 0 alone: nothing else tells of them, so only offsets lead. Of 3 and 2 drawn, 2 stands higher.
        let mut drawn = vec![2, 3];
        model.learn(&[0], &mut || drawn.pop().unwrap(), &mut Scratch::new(1));
        let pull = 1.0 / (1.0 + (-0.7_f32).exp());
        let expected = [0.5 * pull, 0.0, 0.7 + 0.5 * (-pull - 0.2 * 0.7), 0.1];
        assert!(model.offsets.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{:?}", model.offsets);
        // What they want is drawn to 0 alone where nothing tells of them; what item 0 tells moves by the difference of both.
        assert!((model.wants.row(0)[0] - 0.3 * 0.9).abs() < 1e-6 && (model.wants.row(2)[0] + 0.5 * 0.9).abs() < 1e-6);
        assert!((model.told.row(0)[0] - (0.4 + 0.5 * (pull * (0.3 + 0.5) - 0.2 * 0.4))).abs() < 1e-6);
        assert!(model.wants.row(3)[0].total_cmp(&0.2).is_eq() && model.told.row(1)[0].total_cmp(&-0.2).is_eq());
    }

    #[test]
    fn somebody_new_is_offered_what_their_like_have() {
        // Two groups with thirty items each, of which everybody has six.
        let row = |at: u32| {
            let (customer, nth) = (at / 6, at % 6);
            let item = 30 * (customer % 2) + (7 * (customer / 2) + 4 * nth) % 30;
            Interaction { customer, item, age_days: f64::from(nth), quantity: 1.0 }
        };
        let items = (0..60).map(ItemKey).collect();
        let told = Interactions { rows: (0..1_200).map(row).collect(), items, ..Interactions::default() };
        let model = Alone::fit(&MemberSettings::Bpr(Bpr::default()), &told, Seed::new(1)).unwrap();
        let bought = |key| HistoryItem { item: ItemKey(key), age_days: 1.0, quantity: 1.0 };
        for (had, group) in [([1, 4], 0..30), ([33, 50], 30..60)] {
            let list = model.rank(&Query::of(&had.map(bought)), 5, &|key| !had.contains(&key.0));
            assert!(list.iter().all(|(key, _)| group.contains(&key.0)), "{list:?}");
        }
    }
}
