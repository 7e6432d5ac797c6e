//! How is lifetime value learned and judged? From how often, how lately and for how much customers bought: **what a customer
//! spends in (`as_of`, `as_of` + window], refunds left aside**.

use crate::contest::{Contest, Paired, Reigning};
use crate::evaluation::{CalibrationBin, Evaluation, Numbers, mean, redrawn};
use crate::need::{MORE, Need, WAIT};
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{Body, Calendar, Dataset, Gain, LearningError, Loaded};
use features::{FeatureId, FeatureState, Inputs, Trace};
use models::metrics::{decile_calibration, decile_error, normalised_gini, spearman, sum_bias};
use models::value::{Purchases, ValueModel, ValueSettings};
use primitives::{Currency, Seed, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The features that a value is foretold from, in the order of [`History::of`].
const FEATURES: [&str; 4] = ["orders_all", "tenure_days", "recency_days", "order_value_mean"];

/// The test's window: a third of the history, but not less than a week and not more than half a year.
const WINDOW_DAYS: (i64, i64) = (7, 180);

/// At most this many customers say how sure a difference is.
const N_REDRAWN_MAX: usize = 5_000;

/// Into how many groups recency, frequency and money are each divided by the simple answer.
const N_RFM_GROUPS: usize = 4;

/// The settings of a value model.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Settings {
    value: ValueSettings,
    /// In which currency most customers pay: the others are left out.
    currency: Option<Currency>,
}

/// Learns what customers will spend.
#[derive(Debug, Clone)]
pub struct Value {
    about: TaskAbout,
}

impl Default for Value {
    fn default() -> Self {
        let about = TaskAbout {
            name: "value".into(),
            title: "Lifetime value".to_owned(),
            question: "How much will this customer spend in the next year?".to_owned(),
            rows: "customers who bought".to_owned(),
        };
        Self { about }
    }
}

/// What a customer's past says of what is to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// How often and how lately.
    pub purchases: Purchases,
    /// What an order was worth, on average over the last year, in major units; not above 0 where that is not known.
    pub spend: f64,
}

impl History {
    /// Reads the features of a value, in the order of their ids; `None` for who never bought.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let [n_orders, tenure, since_last, spend] = *values.first_chunk()?;
        if !(n_orders >= 1.0 && tenure >= 0.0 && since_last >= 0.0) {
            return None;
        }
        let recency = (tenure - since_last).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of orders, kept as a feature"
        )]
        let n_again = if recency > 0.0 { (n_orders - 1.0).min(f64::from(u32::MAX)) as u32 } else { 0 };
        // Several orders at one moment are one purchase.
        let recency = if n_again == 0 { 0.0 } else { recency };
        let purchases = Purchases { frequency: n_again, recency, age: tenure };
        Some(Self { purchases, spend: if spend.is_finite() { spend } else { 0.0 } })
    }

    /// Whether the model can learn from it: what was given away for nothing tells no amount.
    fn is_usable(&self) -> bool {
        self.purchases.frequency == 0 || self.spend > 0.0
    }
}

/// A customer at a moment, with what they spent after it.
struct Row {
    history: History,
    spent: f64,
}

impl Value {
    fn inputs(data: &Data<'_>) -> Result<(Vec<FeatureId>, Inputs), LearningError> {
        let ids = FEATURES.map(FeatureId::first).to_vec();
        let inputs = data.catalogue.inputs(&ids)?;
        Ok((ids, inputs))
    }
}

impl Task for Value {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let split = self.split(data);
        let (mut n_repeat, mut n_spent) = (0, 0);
        for (_, trace) in data.dataset.traces() {
            n_repeat += u64::from(trace.orders_between(Timestamp::MIN, data.now).nth(1).is_some());
            if let Some(split) = &split {
                let is_known = trace.orders_between(Timestamp::MIN, split.test_from).next().is_some();
                let spends = trace.orders_between(split.test_from, split.test_until).any(|order| order.minor > 0);
                n_spent += u64::from(is_known && spends);
            }
        }
        let n_days = data.dataset.calendar(data.now).as_ref().map_or(0, Calendar::n_days);
        vec![
            Need::new("customers with two purchases or more", 50, n_repeat, MORE),
            Need::new("days of purchases", 42, u64::try_from(n_days).unwrap_or(0), WAIT),
            Need::new("earlier customers who spent money in the last window", 20, n_spent, WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = data.dataset.calendar(data.now)?;
        let (least, most) = WINDOW_DAYS;
        Split::last_window(&calendar, (calendar.n_days() / 3).clamp(least, most))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = Settings { value: ValueSettings::default(), currency: main_currency(data.dataset, split) };
        let (_, inputs) = Self::inputs(data)?;
        let days = split.window_days;
        let test = rows(data.dataset, &inputs, settings.currency, split.test_from, days);
        // What was spent in the window before the test's: all that simple answers may know.
        let before = rows(data.dataset, &inputs, settings.currency, split.test_from.plus_days(-days), days);
        let model = grow(&test, &settings)?;
        let spent: Vec<f64> = test.iter().map(|row| row.spent).collect();
        let ours = foretold(&model, &test, days);
        let theirs =
            [("mean", vec![mean(before.iter().map(|row| row.spent)); test.len()]), ("rfm", by_groups(&before, &test))];
        let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
        for (name, amounts) in &theirs {
            baselines.insert((*name).to_owned(), summary(amounts, &spent)?);
            let label = format!("evaluate value against {name}");
            gains.insert((*name).to_owned(), gini_gain(&ours, amounts, &spent, data.seed, &label));
        }
        let bins = decile_calibration(&ours, &spent).unwrap_or_default();
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: test.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::new(),
            base_rate: None,
            decides: "gini".to_owned(),
            metrics: summary(&ours, &spent)?,
            baselines,
            gains,
            calibration: bins
                .iter()
                .map(|bin| CalibrationBin { predicted: bin.predicted, observed: bin.observed, n: bin.n_rows as u64 })
                .collect(),
            warnings: Vec::new(),
        };
        let judge = |loaded: &Loaded| {
            let Body::Amount(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of value was expected".to_owned() });
            };
            let theirs = foretold(champion, &test, days);
            let gini = |amounts: &[f64]| normalised_gini(amounts, &spent).unwrap_or(0.0);
            let score = Paired {
                challenger: gini(&ours),
                champion: gini(&theirs),
                gain: gini_gain(&ours, &theirs, &spent, data.seed, "value against the champion"),
            };
            Ok((spent.len() as u64, score, None))
        };
        let contest = Contest::of(reigning, judge, "gini", split)?;
        let settings = serde_json::to_value(&settings);
        let settings = settings.map_err(|error| LearningError::File { reason: error.to_string() })?;
        Ok(Judged { settings, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: Settings = serde_json::from_value(settings.clone())
            .map_err(|error| LearningError::File { reason: format!("its settings: {error}") })?;
        let (features, inputs) = Self::inputs(data)?;
        let rows = rows(data.dataset, &inputs, settings.currency, data.now, 0);
        let model = grow(&rows, &settings)?;
        let orders = data.dataset.traces().flat_map(|(_, trace)| trace.orders_between(Timestamp::MIN, data.now));
        let newest = orders.map(|order| order.at).max();
        Ok(Fitted {
            body: Body::Amount(model),
            features,
            n_rows: rows.len() as u64,
            n_customers: rows.len() as u64,
            newest_row: newest,
            importances: Vec::new(),
            method: "BG/NBD for how often, Gamma-Gamma for how much, by maximum likelihood".to_owned(),
        })
    }
}

/// The currency that most customers paid in last, as far as was known before the test.
fn main_currency(dataset: &Dataset, split: &Split) -> Option<Currency> {
    let mut n_each: BTreeMap<Currency, u64> = BTreeMap::new();
    for (_, trace) in dataset.traces() {
        let last =
            trace.orders_between(Timestamp::MIN, split.test_from).filter(|order| order.currency.is_some()).last();
        if let Some(currency) = last.and_then(|order| order.currency) {
            *n_each.entry(currency).or_default() += 1;
        }
    }
    n_each.into_iter().max_by_key(|(currency, n)| (*n, *currency)).map(|(currency, _)| currency)
}

/// Who had bought by a moment in that currency, and what each spent in the days after it.
fn rows(dataset: &Dataset, inputs: &Inputs, currency: Option<Currency>, as_of: Timestamp, days: i64) -> Vec<Row> {
    let until = as_of.plus_days(days);
    let row = |trace: &Trace| {
        let mut row = None;
        trace.walk(&[as_of], |_, state| row = history(state, inputs, currency, as_of));
        let spent = trace.orders_between(as_of, until).filter(|order| order.currency == currency);
        let minor: i64 = spent.fold(0, |sum, order| sum.saturating_add(order.minor.max(0)));
        Some(Row { history: row?, spent: major(minor, currency) })
    };
    let customers = dataset.customers().par_iter().with_min_len(64);
    customers.filter_map(|customer| row(&customer.get().state)).collect()
}

fn history(state: &FeatureState, inputs: &Inputs, currency: Option<Currency>, as_of: Timestamp) -> Option<History> {
    let pays_in = state.orders().iter().rev().find_map(|order| order.currency);
    if pays_in != currency {
        return None;
    }
    let mut values = Vec::with_capacity(inputs.len());
    inputs.read(state, as_of, &mut values);
    History::of(&values).filter(History::is_usable)
}

fn major(minor: i64, currency: Option<Currency>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sums of a customer's orders stay below 2^53 minor units")]
    let minor = minor as f64;
    minor / f64::from(10_u32.pow(currency.map_or(2, |currency| currency.digits())))
}

fn grow(rows: &[Row], settings: &Settings) -> Result<ValueModel, LearningError> {
    let purchases: Vec<Purchases> = rows.iter().map(|row| row.history.purchases).collect();
    let spend: Vec<f64> = rows.iter().map(|row| row.history.spend).collect();
    settings.value.fit(&purchases, &spend).map_err(LearningError::model("fit the lifetime value"))
}

fn foretold(model: &ValueModel, rows: &[Row], days: i64) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "half a year of days")]
    let horizon = days as f64;
    let one = |row: &Row| model.mean(&row.history.purchases, row.history.spend, horizon);
    rows.par_iter().with_min_len(256).map(one).collect()
}

/// What customers of the same group by recency, frequency and money spent in the window before, on average; the mean of all
/// where nobody was in the group.
fn by_groups(before: &[Row], test: &[Row]) -> Vec<f64> {
    let numbers = |row: &Row| {
        let Purchases { frequency, recency, age } = row.history.purchases;
        [age - recency, f64::from(frequency), row.history.spend]
    };
    let borders: Vec<Vec<f64>> = (0..3).map(|which| quantiles(before.iter().map(|row| numbers(row)[which]))).collect();
    let group = |row: &Row| {
        let numbers = numbers(row);
        std::array::from_fn::<usize, 3, _>(|which| borders[which].partition_point(|border| *border < numbers[which]))
    };
    let mut groups: BTreeMap<[usize; 3], (f64, f64)> = BTreeMap::new();
    for row in before {
        let (sum, n) = groups.entry(group(row)).or_default();
        (*sum, *n) = (*sum + row.spent, *n + 1.0);
    }
    let overall = mean(before.iter().map(|row| row.spent));
    test.iter().map(|row| groups.get(&group(row)).map_or(overall, |(sum, n)| sum / n)).collect()
}

/// The borders between groups of about equal size.
fn quantiles(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    (1..N_RFM_GROUPS).filter_map(|part| sorted.get(sorted.len() * part / N_RFM_GROUPS).copied()).collect()
}

/// What can be said of predicted amounts; a number that cannot be computed is left out.
fn summary(amounts: &[f64], spent: &[f64]) -> Result<Numbers, LearningError> {
    let gini = normalised_gini(amounts, spent).map_err(LearningError::model("judge the foretold amounts"))?;
    let numbers = [
        ("gini", Ok(gini)),
        ("spearman", spearman(amounts, spent)),
        ("decile_error", decile_error(amounts, spent)),
        ("sum_bias", sum_bias(amounts, spent)),
    ];
    Ok(numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number.ok()?))).collect())
}

/// By how much our Gini is above theirs. Of very many customers evenly chosen ones are drawn anew, which makes the interval
/// wider than it is.
fn gini_gain(ours: &[f64], theirs: &[f64], spent: &[f64], seed: Seed, label: &str) -> Gain {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_from_four_features() {
        let of = |values: [f64; 4]| History::of(&values).map(|history| (history.purchases, history.spend));
        let purchases = |frequency, recency, age| Purchases { frequency, recency, age };
        assert_eq!(of([3.0, 50.0, 10.0, 20.0]), Some((purchases(2, 40.0, 50.0), 20.0)));
        assert_eq!(of([1.0, 50.0, 50.0, 20.0]), Some((purchases(0, 0.0, 50.0), 20.0)));
        assert_eq!(of([2.0, 50.0, 50.0, f64::NAN]), Some((purchases(0, 0.0, 50.0), 0.0)), "two at one moment are one");
        assert_eq!(of([0.0, f64::NAN, f64::NAN, f64::NAN]), None);
        assert_eq!(History::of(&[1.0]), None);
        let free = History::of(&[3.0, 50.0, 10.0, 0.0]).unwrap();
        assert!(!free.is_usable() && History::of(&[1.0, 5.0, 5.0, 0.0]).unwrap().is_usable());
    }

    #[test]
    fn groups_answer_with_what_their_like_spent_and_strangers_with_the_mean() {
        let row = |since: f64, frequency, spend, spent| Row {
            history: History { purchases: Purchases { frequency, recency: 100.0 - since, age: 100.0 }, spend },
            spent,
        };
        let before: Vec<Row> = (0..40).map(|n| row(f64::from(n), n, 10.0, f64::from(n % 2))).collect();
        let answers = by_groups(&before, &[row(1.0, 1, 10.0, 0.0), row(90.0, 0, 99.0, 0.0)]);
        assert!((answers[0] - 0.5).abs() < 0.06 && (answers[1] - 0.5).abs() < 1e-12, "{answers:?}");
    }

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
