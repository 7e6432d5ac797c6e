//! How good is it, compared with what costs nothing? One form for every task: what `rapport evaluate`, the interface and the
//! models page show.

mod gain;
mod protocol;

pub use gain::Gain;
pub(crate) use gain::{paired_gain, redrawn};
pub use protocol::{Protocol, Slice};

use crate::metric::{Metric, baseline_title};
use crate::split::Split;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Numbers by the name of their [`Metric`].
pub type Numbers = BTreeMap<String, f64>;

/// How good a model is on a window that it has not seen, beside simple answers to the same questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was learned from and judged on.
    pub split: Split,
    /// Rows (purchases, or customers at moments) that were learned from.
    pub n_train: u64,
    /// Customers whose later behaviour was foretold.
    pub n_test: u64,
    /// What else there was how much of: `n_items`, all items that were ranked.
    #[serde(flatten)]
    pub counts: BTreeMap<String, u64>,
    /// The share of the test's customers of whom it came true; `None` where that is no question of yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_rate: Option<f64>,
    /// The metric by which models are compared.
    pub decides: String,
    /// How far numbers of the model may lie from the best there is, by their names: a model that is further off, and further
    /// than the simple answers, does not answer, whatever decides.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub bounds: Numbers,
    /// The model's numbers.
    pub metrics: Numbers,
    /// The numbers of simple answers, by name.
    pub baselines: BTreeMap<String, Numbers>,
    /// What simple answers are called here, where their names alone do not say it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub baseline_titles: BTreeMap<String, String>,
    /// By how much the model is better than each simple answer in the metric that decides, customer by customer.
    pub gains: BTreeMap<String, Gain>,
    /// The simple answer that is given where no model answers, where there is one: a model that is not better than it beyond noise
    /// does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_beat: Option<String>,
    /// How good it is by several ways of asking, by their names, where there is more than one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub protocols: BTreeMap<String, Protocol>,
    /// What was foretold and what came true, tenth by tenth of the customers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<CalibrationBin>,
    /// What a person should look at before believing the numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A tenth of the customers, from the lowest answers to the highest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// What was foretold, on average.
    pub predicted: f64,
    /// What came true, on average.
    pub observed: f64,
    /// How many customers.
    pub n: u64,
}

/// One number of an evaluation, with the same number of what the model is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// Which number.
    pub metric: &'static Metric,
    /// The model's.
    pub model: f64,
    /// The baselines', by name.
    pub baselines: Vec<(&'a str, f64)>,
}

impl<'a> Comparison<'a> {
    /// The strongest baseline.
    #[must_use]
    pub fn strongest(&self) -> Option<(&'a str, f64)> {
        let better = |a: &&(&str, f64), b: &&(&str, f64)| self.metric.ahead(a.1, b.1).total_cmp(&0.0);
        self.baselines.iter().max_by(better).copied()
    }
}

impl Evaluation {
    /// The number by which models are compared; `None` where this program does not know it.
    #[must_use]
    pub fn deciding(&self) -> Option<Comparison<'_>> {
        self.comparison(Metric::of(&self.decides)?)
    }

    /// Every number that this program knows beside the baselines', the one that decides first.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison<'_>> {
        let others = Metric::all().iter().filter(|metric| metric.name != self.decides);
        self.deciding().into_iter().chain(others.filter_map(|metric| self.comparison(metric))).collect()
    }

    /// The numbers that lie beyond their bounds and are worse than the best simple answer's; those that nobody else has, too.
    pub(crate) fn beyond_bounds(&self) -> impl Iterator<Item = Comparison<'_>> {
        self.bounds.iter().filter_map(|(name, bound)| {
            let found = self.comparison(Metric::of(name)?)?;
            let is_worse = found.strongest().is_none_or(|(_, best)| found.metric.ahead(found.model, best) < 0.0);
            (found.metric.is_beyond(found.model, *bound) && is_worse).then_some(found)
        })
    }

    /// A simple answer in words.
    #[must_use]
    pub fn baseline_title<'a>(&'a self, name: &'a str) -> &'a str {
        self.baseline_titles.get(name).map_or_else(|| baseline_title(name), String::as_str)
    }

    fn comparison(&self, metric: &'static Metric) -> Option<Comparison<'_>> {
        let baselines = self.baselines.iter();
        Some(Comparison {
            metric,
            model: *self.metrics.get(metric.name)?,
            baselines: baselines.filter_map(|(name, of)| Some((name.as_str(), *of.get(metric.name)?))).collect(),
        })
    }
}

/// Groups of equal size, from the lowest answers to the highest: what was foretold and what came true.
pub(crate) fn curve(foretold: &[f64], came_true: &[f64], n_bins: usize) -> Vec<CalibrationBin> {
    let mut order: Vec<usize> = (0..foretold.len()).collect();
    order.sort_by(|a, b| foretold[*a].total_cmp(&foretold[*b]).then(a.cmp(b)));
    let n = order.len().div_ceil(n_bins).max(1);
    let bins = order.chunks(n).map(|bin| CalibrationBin {
        predicted: mean(bin.iter().map(|row| foretold[*row])),
        observed: mean(bin.iter().map(|row| came_true[*row])),
        n: bin.len() as u64,
    });
    bins.collect()
}

/// The mean; 0 of nothing.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, n) = values.into_iter().fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / f64::max(n, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_of_customers_are_compared_with_what_came_true() {
        let foretold = [0.9, 0.1, 0.5, 0.3];
        let bins = curve(&foretold, &[1.0, 0.0, 1.0, 0.0], 2);
        let numbers: Vec<_> = bins.iter().map(|bin| (bin.predicted, bin.observed, bin.n)).collect();
        assert_eq!(numbers, [(0.2, 0.0, 2), (0.7, 1.0, 2)]);
        assert!(curve(&[], &[], 10).is_empty());
        assert!(mean([]).abs() < 1e-12);
    }
}
