//! How good is an order on searches that it has not learned from? NDCG@10, customer by customer.

use super::lesson::{Lessons, Looks};
use crate::body::OrderModel;
use crate::contest::Paired;
use crate::evaluation::{Gain, Numbers, redrawn};
use crate::{Importance, LearningError};
use models::metrics::gained_ndcg_at_k;
use primitives::Seed;
use std::collections::BTreeMap;

/// How far down a list is judged.
const K: usize = 10;

/// Of at most so many items it is told what their scores come from.
const N_EXPLAINED_MAX: usize = 4_000;

/// Searches with what was chosen, and whose they are.
pub(super) struct Judge<'l, 'a, 'd> {
    lessons: &'l Lessons<'a, 'd>,
    /// The searches of each customer.
    of_customers: Vec<Vec<usize>>,
}

impl<'l, 'a, 'd> Judge<'l, 'a, 'd> {
    pub(super) fn of(lessons: &'l Lessons<'a, 'd>) -> Self {
        let mut of_customers: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, case) in lessons.cases().iter().enumerate() {
            of_customers.entry(&case.search.customer).or_default().push(at);
        }
        Self { lessons, of_customers: of_customers.into_values().collect() }
    }

    pub(super) fn n_customers(&self) -> usize {
        self.of_customers.len()
    }

    /// How good the order by these scores is for each search.
    pub(super) fn scores(
        &self,
        score: impl Fn(&[f32]) -> Result<f64, LearningError>,
    ) -> Result<Vec<f64>, LearningError> {
        let cases = self.lessons.cases().iter().zip(&self.lessons.gains);
        cases
            .map(|(case, gains)| {
                let scores: Vec<f64> = case.search.rows().map(&score).collect::<Result<_, _>>()?;
                let mut order: Vec<usize> = (0..scores.len()).collect();
                // As answers break ties.
                let item = |at: usize| case.search.items[at].item;
                order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| item(*a).cmp(&item(*b))));
                let gains: Vec<f64> = order.into_iter().map(|at| gains[at]).collect();
                Ok(gained_ndcg_at_k(&gains, K).unwrap_or(0.0))
            })
            .collect()
    }

    /// The same of a model that looks at all numbers.
    pub(super) fn order(
        &self,
        score: impl Fn(&[f64]) -> Result<f64, LearningError>,
    ) -> Result<Vec<f64>, LearningError> {
        let row = |numbers: &[f32]| self.lessons.looked_at(numbers, Looks::Everything).collect::<Vec<f64>>();
        self.scores(|numbers| score(&row(numbers)))
    }

    /// The mean over the searches of some customers, each counting for those who did not look so far.
    fn mean(&self, scores: &[f64], customers: &mut dyn Iterator<Item = usize>) -> f64 {
        let searches = customers.flat_map(|customer| self.of_customers[customer].iter());
        let (sum, n) = searches.fold((0.0, 0.0), |(sum, n), at| {
            let weight = self.lessons.weights[*at];
            (sum + weight * scores[*at], n + weight)
        });
        sum / f64::max(n, f64::MIN_POSITIVE)
    }

    pub(super) fn number(&self, scores: &[f64]) -> f64 {
        self.mean(scores, &mut (0..self.n_customers()))
    }

    pub(super) fn numbers(&self, scores: &[f64]) -> Numbers {
        Numbers::from([("ndcg@10".to_owned(), self.number(scores))])
    }

    /// By how much one order is better than another, with the interval within which that stays when customers are drawn anew.
    pub(super) fn gain(&self, ours: &[f64], theirs: &[f64], seed: Seed, label: &str) -> Gain {
        let differences: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs).collect();
        redrawn(self.n_customers(), seed, label, |drawn| self.mean(&differences, drawn))
    }

    pub(super) fn duel(&self, ours: &[f64], theirs: &[f64], seed: Seed) -> Paired {
        Paired {
            challenger: self.number(ours),
            champion: self.number(theirs),
            gain: self.gain(ours, theirs, seed, "search against the champion"),
        }
    }
}

/// How much each number matters to a model: its mean absolute contribution, as a share of all.
pub(super) fn importances(model: &OrderModel, lessons: &Lessons<'_, '_>) -> Result<Vec<Importance>, LearningError> {
    let mut sums = vec![0.0; model.names().len()];
    let rows = lessons.cases().iter().flat_map(|case| case.search.rows());
    let step = lessons.cases().iter().map(|case| case.grades.len()).sum::<usize>().div_ceil(N_EXPLAINED_MAX).max(1);
    for numbers in rows.step_by(step) {
        let row: Vec<f64> = lessons.looked_at(numbers, Looks::Everything).collect();
        for one in model.explain(&row)?.contributions {
            sums[one.feature_idx] += one.contribution.abs();
        }
    }
    let total = sums.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let each = model.names().iter().zip(sums).filter(|(_, sum)| *sum > 0.0);
    let mut importances: Vec<Importance> =
        each.map(|(name, sum)| Importance { feature: name.clone(), share: sum / total }).collect();
    importances.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.feature.cmp(&b.feature)));
    Ok(importances)
}
