//! Which few numbers of every item put what a customer has before what they do not have?

use super::accumulator::Accumulator;
use super::factors;
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
        penalty: f64 = 0.01 in 0.0..=1.0, larger: "trusts rare items less";
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
/// Scores above it are not told apart: its power is still a number that others can be added to.
const SCORE_MAX: f32 = 40.0;

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
        let (all, newest) =
            (Matrix::of(prepared, usize::MAX, |_| 1.0), Matrix::of(prepared, self.n_items_max, |_| 1.0));
        let by_item = all.transposed(prepared.n_items());
        let is_sold = |item: &u32| !by_item.columns(*item as usize).is_empty();
        let sold: Vec<u32> = (0..).take(by_item.n_rows()).filter(is_sold).collect();
        let mut drawn = seed.stream("bpr", 0);
        let [told, wants] = [(); 2].map(|()| factors::first(&by_item, self.n_factors, &mut drawn));
        // Of what nobody has nothing is said: less than of anything else.
        let offsets = (0..).take(by_item.n_rows()).map(|item| if is_sold(&item) { 0.0 } else { f32::MIN }).collect();
        let mut model = BprModel { settings: self.clone(), told, wants, offsets };
        let mut random = seed.stream("bpr", 1);
        // Who has everything that sells has nothing to put behind it.
        let has_others = |customer: &usize| (1..sold.len()).contains(&all.columns(*customer).len());
        let mut customers: Vec<usize> = (0..all.n_rows()).filter(has_others).collect();
        let mut scratch = Scratch::new(self.n_factors);
        for _ in 0..self.n_rounds {
            customers.shuffle(&mut random);
            vectorised(|| {
                for customer in &customers {
                    let had = all.columns(*customer);
                    let mut draw = || loop {
                        let other = sold[random.random_range(0..sold.len())];
                        if had.binary_search(&other).is_err() {
                            return other;
                        }
                    };
                    model.learn(newest.columns(*customer), &mut draw, &mut scratch);
                }
            });
        }
        model.check(prepared.n_items()).map(|()| model)
    }
}

/// Vectors that are used again for every customer.
struct Scratch {
    whole: Vec<f32>,
    others: Vec<f32>,
    slope: Vec<f32>,
    /// The step of each item of the customer, one after the other.
    steps: Vec<f32>,
}

impl Scratch {
    fn new(n_factors: usize) -> Self {
        let zeros = || vec![0.0; n_factors];
        Self { whole: zeros(), others: zeros(), slope: zeros(), steps: Vec::new() }
    }
}

impl BprModel {
    /// A step for each item that a customer has. `draw` gives items that they do not have.
    #[inline(always)]
    fn learn(&mut self, had: &[u32], draw: &mut dyn FnMut() -> u32, scratch: &mut Scratch) {
        let Scratch { whole, others, slope, steps } = scratch;
        let n_factors = whole.len();
        let (rate, penalty) = (narrow(self.settings.learning_rate), narrow(self.settings.penalty));
        let share = narrow((had.len() as f64).powf(-0.5));
        whole.fill(0.0);
        slope.fill(0.0);
        steps.resize(had.len() * n_factors, 0.0);
        had.iter().for_each(|item| add_scaled(whole, share, self.told.row(*item as usize)));
        for (item, step) in had.iter().zip(steps.chunks_exact_mut(n_factors)) {
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
            let (wanted, other) = (self.wants.row(item), self.wants.row(hardest));
            step.iter_mut().zip(wanted).zip(other).for_each(|((step, j), k)| *step = pull * share * (j - k));
            add_scaled(slope, 1.0, step);
            for (place, sign) in [(item, 1.0), (hardest, -1.0)] {
                let wants = self.wants.row_mut(place);
                wants.iter_mut().zip(others.iter()).for_each(|(w, x)| *w += rate * (sign * pull * x - penalty * *w));
                self.offsets[place] += rate * (sign * pull - penalty * self.offsets[place]);
            }
        }
        // What the customer is moved by moves all that they have, but not by what was asked of an item itself.
        for (item, step) in had.iter().zip(steps.chunks_exact(n_factors)) {
            let told = self.told.row_mut(*item as usize);
            let slopes = slope.iter().zip(step);
            told.iter_mut().zip(slopes).for_each(|(p, (all, own))| *p += rate * (all - own - penalty * *p));
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

    /// The odds of an item against one of which nothing is said: 0 where nobody has it. Only differences of scores are learned, so a
    /// score itself has no 0 that shares could be taken of.
    #[inline(always)]
    fn odds(&self, customer: &[f32], place: u32) -> f32 {
        (self.offsets[place as usize] + dot(customer, self.wants.row(place as usize))).min(SCORE_MAX).exp()
    }
}

impl Member for BprModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        let liked = liked(own, self.settings.half_life_days);
        if liked.is_empty() {
            return;
        }
        let customer = self.fold_in(&liked);
        let n = u32::try_from(self.offsets.len()).unwrap_or(u32::MAX);
        let scores = vectorised(|| (0..n).map(|place| (place, self.odds(&customer, place))).collect());
        factors::propose(scores, self.settings.n_proposed, liked, [&self.told, &self.wants], sums);
    }

    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let customer = self.fold_in(&liked(own, self.settings.half_life_days));
        Some(vectorised(|| places.iter().map(|place| self.odds(&customer, *place)).collect()))
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        if self.offsets.len() != n_items || !self.offsets.iter().all(|offset| offset.is_finite()) {
            let reason = "what it says to everybody is not a finite number for every item".to_owned();
            return Err(ModelError::Corrupt { model: NAME, reason });
        }
        factors::check(NAME, &[(&self.told, n_items), (&self.wants, n_items)], self.settings.n_factors)
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
        // Where nothing tells of them, what they want is drawn to 0 alone, and so is what the item tells: it was not asked.
        assert!((model.wants.row(0)[0] - 0.3 * 0.9).abs() < 1e-6 && (model.wants.row(2)[0] + 0.5 * 0.9).abs() < 1e-6);
        assert!((model.told.row(0)[0] - 0.4 * 0.9).abs() < 1e-6);
        assert!(model.wants.row(3)[0].total_cmp(&0.2).is_eq() && model.told.row(1)[0].total_cmp(&-0.2).is_eq());
    }

    #[test]
    fn what_items_tell_climbs_the_gain() {
        let (rate, had, others) = (1e-3, [0_u32, 1, 2], [3_usize, 4, 3]);
        let settings = Bpr { n_factors: 2, learning_rate: rate, penalty: 0.0, n_drawn: 1, ..Bpr::default() };
        let numbers = |from: u32| (0..10).map(|at| ((at + from) * 7 % 11) as f32 / 11.0 - 0.4).collect::<Vec<f32>>();
        let (told, wants) = (Dense::from_rows(5, &numbers(0)), Dense::from_rows(5, &numbers(3)));
        let mut model =
            BprModel { settings, told: told.clone(), wants: wants.clone(), offsets: vec![0.1, 0.2, 0.0, 0.3, -0.1] };
        let offsets: Vec<f64> = model.offsets.iter().copied().map(f64::from).collect();
        let gain = |p: &[f64]| -> f64 {
            let of = |(j, k): (&u32, &usize)| {
                let score = |of: usize| {
                    let tells = had.iter().filter(|i| *i != j).map(|i| *i as usize);
                    let dots = tells.map(|i| (0..2).map(|f| p[2 * i + f] * f64::from(wants.row(of)[f])).sum::<f64>());
                    offsets[of] + dots.sum::<f64>() / 3.0_f64.sqrt()
                };
                -(1.0 + (score(*k) - score(*j as usize)).exp()).ln()
            };
            had.iter().zip(&others).map(of).sum()
        };
        let mut drawn = others.iter().map(|other| u32::try_from(*other).unwrap());
        model.learn(&had, &mut || drawn.next().unwrap(), &mut Scratch::new(2));
        let p: Vec<f64> = told.values().iter().copied().map(f64::from).collect();
        for at in 0..p.len() {
            let moved = (f64::from(model.told.values()[at]) - p[at]) / rate;
            let at_least = |step: f64| {
                gain(&p.iter().enumerate().map(|(i, x)| x + if i == at { step } else { 0.0 }).collect::<Vec<_>>())
            };
            let slope = (at_least(1e-5) - at_least(-1e-5)) / 2e-5;
            assert!((moved - slope).abs() < 2e-3, "number {at} moved by {moved}, the slope is {slope}");
        }
    }

    #[test]
    fn what_somebody_has_is_never_put_behind_though_it_is_too_old_to_be_learned_from() {
        // Twenty customers have all but the last of twelve items, another has all but the first two; two of each are looked at.
        let row =
            |at: u32| Interaction { customer: at / 11, item: at % 11, age_days: f64::from(at % 11), quantity: 1.0 };
        let mut rows: Vec<Interaction> = (0..220).map(row).collect();
        rows.extend((2..12).map(|item| Interaction {
            customer: 99,
            item,
            age_days: f64::from(12 - item),
            quantity: 1.0,
        }));
        let told = Interactions { rows, items: (0..13).map(ItemKey).collect(), ..Interactions::default() };
        let settings = Bpr { n_items_max: 2, penalty: 0.0, ..Bpr::default() };
        let model = settings.fit(&Prepared::of(&told).unwrap(), Seed::new(1)).unwrap();
        let offsets = &model.offsets;
        assert!(offsets[..2].iter().all(|offset| *offset > 0.5) && offsets[11] < -0.5, "{offsets:?}");
        assert!(offsets[2..10].iter().all(|offset| offset.abs() < 1e-9), "everybody has them: {offsets:?}");
        // Nothing is said of what nobody has, and it is not proposed.
        let all: Vec<u32> = (0..13).collect();
        let own = Own { session: vec![0], ..Own::default() };
        let odds = model.score(&own, &all).unwrap();
        assert!(
            odds.iter().all(|odds| odds.is_finite() && *odds >= 0.0) && odds[12] == 0.0 && odds[0] > 1.0,
            "{odds:?}"
        );
        let mut sums = Accumulator::new(16);
        model.propose(&own, &mut sums);
        assert!(sums.get(12).is_none() && sums.get(0).is_some());
    }

    #[test]
    fn numbers_that_grow_beyond_all_bounds_are_refused_when_they_are_learned() {
        let row = |at: u32| Interaction { customer: at / 2, item: at % 7, age_days: 1.0, quantity: 1.0 };
        let told = Interactions {
            rows: (0..40).map(row).collect(),
            items: (0..7).map(ItemKey).collect(),
            ..Interactions::default()
        };
        let fit = |settings: Bpr| settings.fit(&Prepared::of(&told).unwrap(), Seed::new(1));
        assert!(fit(Bpr { penalty: 1.5, ..Bpr::default() }).is_err());
        assert!(fit(Bpr { penalty: 1.0, learning_rate: 1.0, n_rounds: 200, ..Bpr::default() }).is_ok());
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
