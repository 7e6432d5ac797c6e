//! What did customers spend, and how good is what was foretold of an amount? For every task about money, or about a number.

mod believed;
mod ceiling;

pub use believed::{Believed, Source};
pub(crate) use ceiling::Ceiling;

use crate::Dataset;
use crate::contest::Paired;
use crate::evaluation::{Numbers, mean, redrawn};
use crate::split::Split;
use crate::task::Data;
use crate::vouched::N_CUSTOMERS_MIN;
use crate::{Gain, LearningError};
use events::Origin;
use features::{FeatureState, Trace};
use models::metrics::{decile_error, normalised_gini, spearman, sum_bias};
use primitives::{Currency, Seed, Timestamp};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// At most this many customers say how sure a difference is.
const N_REDRAWN_MAX: usize = 5_000;

/// By how much the sum over all customers may be off before a model is kept out that simple answers beat in it.
const SUM_BIAS_MAX: f64 = 0.5;

/// The currency that most customers paid in last, as far as was known before the test.
pub(crate) fn main_currency(data: &Data<'_>, split: &Split) -> Option<Currency> {
    paid_in(data.dataset, data.now, split.test_from)
}

/// The currency that most customers paid in last up to a moment, as far as was known at another: by orders that the company itself
/// told of, where it told of enough.
fn paid_in(dataset: &Dataset, now: Timestamp, until: Timestamp) -> Option<Currency> {
    let (mut vouched, mut all) = (BTreeMap::new(), BTreeMap::new());
    for (_, trace) in dataset.traces() {
        let before = || trace.orders_known(now).filter(|(_, order)| order.at <= until);
        let last = |is_counted: fn(Origin) -> bool| {
            before().filter(|(origin, _)| is_counted(*origin)).filter_map(|(_, order)| order.currency).last()
        };
        count(&mut vouched, last(Origin::is_trusted));
        count(&mut all, last(|_| true));
    }
    let n_each = if vouched.values().sum::<u64>() >= N_CUSTOMERS_MIN { vouched } else { all };
    n_each.into_iter().max_by_key(|(currency, n)| (*n, *currency)).map(|(currency, _)| currency)
}

fn count(n_each: &mut BTreeMap<Currency, u64>, currency: Option<Currency>) {
    if let Some(currency) = currency {
        *n_each.entry(currency).or_default() += 1;
    }
}

/// What `known` reads of each customer as they were known at a moment, orders that nobody vouches for trimmed, and what each
/// spent in the days after it; without those of whom it reads nothing.
pub(crate) fn known_and_spent<T: Send>(
    data: &Data<'_>,
    (currency, ceiling): (Option<Currency>, &Ceiling),
    as_of: Timestamp,
    days: i64,
    known: impl Fn(&FeatureState) -> Option<T> + Sync,
) -> Vec<(T, f64)> {
    let until = as_of.plus_days(days);
    let row = |trace: &Trace| {
        let mut found = None;
        trace.walk_revised(&[as_of], |origin, order| ceiling.trim(origin, order), |_, state| found = known(state));
        Some((found?, spent(trace, (as_of, until), data.now, currency, ceiling)))
    };
    let customers = data.dataset.customers().par_iter().with_min_len(64);
    customers.filter_map(|customer| row(&customer.get().state)).collect()
}

/// What a customer spent in (`as_of`, `until`] in a currency, as far as is known now, refunds left aside, in major units.
pub(crate) fn spent(
    trace: &Trace,
    (as_of, until): (Timestamp, Timestamp),
    now: Timestamp,
    currency: Option<Currency>,
    ceiling: &Ceiling,
) -> f64 {
    let known = trace.orders_known(now);
    let orders = known.filter(|(_, order)| order.currency == currency && order.at > as_of && order.at <= until);
    let sum = |sum: i64, (origin, order)| sum.saturating_add(ceiling.of_order(origin, order).max(0));
    major(orders.fold(0, sum), currency)
}

/// How far the numbers that can keep a model of money out may lie from the best.
pub(crate) fn bounds() -> Numbers {
    Numbers::from([("sum_bias".to_owned(), SUM_BIAS_MAX)])
}

fn major(minor: i64, currency: Option<Currency>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sums of a customer's orders stay below 2^53 minor units")]
    let minor = minor as f64;
    minor / f64::from(10_u32.pow(currency.map_or(2, |currency| currency.digits())))
}

/// What can be said of predicted amounts; a number that cannot be computed is left out.
pub(crate) fn summary(amounts: &[f64], spent: &[f64]) -> Result<Numbers, LearningError> {
    let gini = normalised_gini(amounts, spent).map_err(LearningError::model("judge the foretold amounts"))?;
    let numbers = [
        ("gini", Ok(gini)),
        ("spearman", spearman(amounts, spent)),
        ("decile_error", decile_error(amounts, spent)),
        ("sum_bias", sum_bias(amounts, spent)),
        ("mae", Ok(mean(amounts.iter().zip(spent).map(|(amount, spent)| (amount - spent).abs())))),
    ];
    Ok(numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number.ok()?))).collect())
}

/// By how much our Gini is above theirs. Of very many customers evenly chosen ones are drawn anew, which makes the interval
/// wider than it is.
pub(crate) fn gini_gain(ours: &[f64], theirs: &[f64], spent: &[f64], seed: Seed, label: &str) -> Gain {
    let step = spent.len().div_ceil(N_REDRAWN_MAX).max(1);
    let rows: Vec<usize> = (0..spent.len()).step_by(step).collect();
    let gini = |amounts: &[f64], rows: &[usize]| {
        let pick = |values: &[f64]| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
        normalised_gini(&pick(amounts), &pick(spent)).unwrap_or(0.0)
    };
    let whole: Vec<usize> = (0..spent.len()).collect();
    let gain = redrawn(rows.len(), seed, label, |drawn| {
        let drawn: Vec<usize> = drawn.map(|at| rows[at]).collect();
        gini(ours, &drawn) - gini(theirs, &drawn)
    });
    Gain { mean: gini(ours, &whole) - gini(theirs, &whole), ..gain }
}

/// By the names of the simple answers.
type ByName<T> = BTreeMap<String, T>;

/// What simple answers are worth, and by how much ours are better, each under its name.
pub(crate) fn beside(
    task: &str,
    ours: &[f64],
    theirs: &[(&str, Vec<f64>)],
    spent: &[f64],
    seed: Seed,
) -> Result<(ByName<Numbers>, ByName<Gain>), LearningError> {
    let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
    for (name, amounts) in theirs {
        baselines.insert((*name).to_owned(), summary(amounts, spent)?);
        let label = format!("evaluate {task} against {name}");
        gains.insert((*name).to_owned(), gini_gain(ours, amounts, spent, seed, &label));
    }
    Ok((baselines, gains))
}

/// A new model's amounts beside the champion's, for the same customers.
pub(crate) fn duel(task: &str, ours: &[f64], champion: &[f64], spent: &[f64], seed: Seed) -> Paired {
    let gini = |amounts: &[f64]| normalised_gini(amounts, spent).unwrap_or(0.0);
    let label = format!("{task} against the champion");
    Paired { challenger: gini(ours), champion: gini(champion), gain: gini_gain(ours, champion, spent, seed, &label) }
}

/// What each group spent on average, of customers as (group, spent): for whom to ask, by their group; the mean of all where
/// nobody was in it.
pub(crate) fn means_by_group<G: Ord>(before: impl Iterator<Item = (G, f64)> + Clone) -> impl Fn(&G) -> f64 {
    let overall = mean(before.clone().map(|(_, spent)| spent));
    let mut groups: BTreeMap<G, (f64, f64)> = BTreeMap::new();
    for (group, spent) in before {
        let (sum, n) = groups.entry(group).or_default();
        (*sum, *n) = (*sum + spent, *n + 1.0);
    }
    move |group| groups.get(group).map_or(overall, |(sum, n)| sum / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_is_none_against_oneself_and_certain_against_the_worst() {
        let spent: Vec<f64> = (0..200).map(f64::from).collect();
        let worst: Vec<f64> = spent.iter().map(|amount| -amount).collect();
        let none = gini_gain(&spent, &spent, &spent, Seed::new(1), "test");
        assert!(none.mean.abs() < 1e-12 && !none.is_gain() && !none.is_loss());
        let sure = gini_gain(&spent, &worst, &spent, Seed::new(1), "test");
        assert!((sure.mean - 2.0).abs() < 1e-9 && sure.is_gain(), "{sure:?}");
    }
}
