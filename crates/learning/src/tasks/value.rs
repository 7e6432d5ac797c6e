//! How is lifetime value learned and judged? From how often, how lately and for how much customers bought: **what a customer
//! spends in (`as_of`, `as_of` + window], refunds left aside**.

use crate::contest::Contest;
use crate::evaluation::{CalibrationBin, Evaluation, mean};
use crate::money::{self, Ceiling};
use crate::need::{MORE, Need, WAIT};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{Body, Calendar, LearningError, Loaded};
use features::{FeatureId, FeatureState, Inputs, Trace};
use models::metrics::decile_calibration;
use models::rfm::{Rfm, RfmModel};
use models::value::{Purchases, ValueModel, ValueSettings};
use primitives::{Currency, DAY_MS, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The features that a value is foretold from, in the order of [`History::of`].
const FEATURES: [&str; 5] = ["orders_all", "tenure_days", "recency_days", "order_value_mean", "order_value_last"];

/// The test's window: a third of the history, but not less than a week and not more than half a year.
const WINDOW_DAYS: (i64, i64) = (7, 180);

/// The shortest window in which a champion is met: with so many customers who spent money in the first, it will do.
const CONTEST_DAYS: (i64, i64) = (14, 28);
const N_SPENDERS_MIN: usize = 100;

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
            asks: String::new(),
            of_everybody: false,
        };
        Self { about }
    }
}

/// What a customer's past says of what is to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// How often and how lately.
    pub purchases: Purchases,
    /// What an order was worth, on average over the last year, or the last one, in major units; 0 where that is not known.
    pub spend: f64,
}

impl History {
    /// Reads the features of a value, in the order of their ids; `None` for who never bought.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let [n_orders, tenure, since_last, mean, last] = *values.first_chunk()?;
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
        // Who has been silent for a year has no mean of that year, and still paid something the last time.
        let spend = [mean, last].into_iter().find(|spend| spend.is_finite() && *spend > 0.0).unwrap_or(0.0);
        Some(Self { purchases, spend })
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

    /// The window in which the champion is met: the test's, where it has not learned from a day of it, else the longest one
    /// that is new to it. Half a year is a good test of a model, and too long to wait for a better one.
    fn contested(data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Split {
        let champion = reigning.and_then(|reigning| reigning.model.as_ref().ok());
        let (Some(champion), Some(calendar)) = (champion, data.dataset.calendar(data.now)) else {
            return split.clone();
        };
        let n_days_new = calendar.end().millis_since(champion.header.seen_until()).div_euclid(DAY_MS);
        let (few, enough) = CONTEST_DAYS;
        let least = if n_spenders(data, calendar.end(), few) >= N_SPENDERS_MIN { few } else { enough };
        let days = n_days_new.max(least).min(split.window_days);
        Split::last_window(&calendar, days).unwrap_or_else(|| split.clone())
    }
}

/// How many customers ordered for money in the days up to a moment.
fn n_spenders(data: &Data<'_>, until: Timestamp, days: i64) -> usize {
    let from = until.plus_days(-days);
    let spends = |trace: &Trace| trace.orders_between(from, until).any(|order| order.minor > 0);
    data.dataset.traces().filter(|(_, trace)| spends(trace)).count()
}

/// A model asked about a window that it knows nothing of.
struct Asked {
    ceiling: Ceiling,
    /// What was spent in the window before: all that simple answers may know.
    before: Vec<Row>,
    test: Vec<Row>,
    foretold: Vec<f64>,
    spent: Vec<f64>,
}

impl Asked {
    fn of(data: &Data<'_>, settings: &Settings, split: &Split) -> Result<Self, LearningError> {
        let (_, inputs) = Value::inputs(data)?;
        let days = split.window_days;
        let ceiling = Ceiling::of(data.dataset, settings.currency, split.test_from);
        let rows = |as_of| rows(data, &inputs, (settings.currency, &ceiling), as_of, days);
        let (before, test) = (rows(split.test_from.plus_days(-days)), rows(split.test_from));
        let foretold = foretold(&grow(&test, settings)?, &test, days);
        let spent = test.iter().map(|row| row.spent).collect();
        Ok(Self { ceiling, before, test, foretold, spent })
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
            Need::of_customers("customers with two purchases or more", 50, n_repeat, MORE),
            Need::new("days of purchases", 42, u64::try_from(n_days).unwrap_or(0), WAIT),
            Need::of_customers("earlier customers who spent money in the last window", 20, n_spent, WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = data.dataset.calendar(data.now)?;
        let (least, most) = WINDOW_DAYS;
        Split::last_window(&calendar, (calendar.n_days() / 3).clamp(least, most))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = Settings { value: ValueSettings::default(), currency: money::main_currency(data, split) };
        let asked = Asked::of(data, &settings, split)?;
        let (ours, spent) = (&asked.foretold, &asked.spent);
        let overall = mean(asked.before.iter().map(|row| row.spent));
        let theirs = [("mean", vec![overall; spent.len()]), ("rfm", by_groups(&asked.before, &asked.test))];
        let (baselines, gains) = money::beside("value", ours, &theirs, spent, data.seed)?;
        let bins = decile_calibration(ours, spent).unwrap_or_default();
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: asked.test.len() as u64,
            n_test: asked.test.len() as u64,
            counts: BTreeMap::new(),
            base_rate: None,
            decides: "gini".to_owned(),
            bounds: money::bounds(),
            metrics: money::summary(ours, spent)?,
            baselines,
            baseline_titles: BTreeMap::new(),
            gains,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: bins
                .iter()
                .map(|bin| CalibrationBin { predicted: bin.predicted, observed: bin.observed, n: bin.n_rows as u64 })
                .collect(),
            warnings: asked.ceiling.warning(data.dataset, split.test_until).into_iter().collect(),
        };
        let contested = Self::contested(data, split, reigning);
        let judge = |loaded: &Loaded| {
            let Body::Amount(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of value was expected".to_owned() });
            };
            let newer = (contested != *split).then(|| Asked::of(data, &settings, &contested)).transpose()?;
            let Asked { test, foretold: ours, spent, .. } = newer.as_ref().unwrap_or(&asked);
            let theirs = foretold(champion, test, contested.window_days);
            let score = money::duel("value", ours, &theirs, spent, data.seed);
            Ok((spent.len() as u64, score, None))
        };
        let contest = Contest::of(reigning, judge, "gini", &contested)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: Settings = from_json(settings)?;
        let (features, inputs) = Self::inputs(data)?;
        // Not as of now: days of which nothing was told are nobody's silence.
        let until = data.dataset.calendar(data.now).map_or(data.now, |calendar| calendar.end());
        let ceiling = Ceiling::of(data.dataset, settings.currency, until);
        let rows = rows(data, &inputs, (settings.currency, &ceiling), until, 0);
        let model = grow(&rows, &settings)?;
        let orders = data.dataset.traces().flat_map(|(_, trace)| trace.orders_between(Timestamp::MIN, until));
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

/// Who had bought by a moment in that currency, and what each spent in the days after it.
fn rows(
    data: &Data<'_>,
    inputs: &Inputs,
    (currency, ceiling): (Option<Currency>, &Ceiling),
    as_of: Timestamp,
    days: i64,
) -> Vec<Row> {
    let known = |state: &FeatureState| history(state, inputs, currency, as_of);
    let rows = money::known_and_spent(data, (currency, ceiling), as_of, days, known);
    rows.into_iter().map(|(history, spent)| Row { history, spent }).collect()
}

fn history(state: &FeatureState, inputs: &Inputs, currency: Option<Currency>, as_of: Timestamp) -> Option<History> {
    if state.currency() != currency {
        return None;
    }
    let mut values = Vec::with_capacity(inputs.len());
    inputs.read(state, as_of, &mut values);
    History::of(&values).filter(History::is_usable)
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

/// What customers of the same fifths by recency, frequency and money spent in the window before, on average; the mean of all
/// where nobody was in the group, or there are too few for groups.
fn by_groups(before: &[Row], test: &[Row]) -> Vec<f64> {
    let rfm = |row: &Row| {
        let Purchases { frequency, recency, age } = row.history.purchases;
        Rfm { recency: age - recency, frequency: f64::from(frequency), money: row.history.spend }
    };
    let overall = mean(before.iter().map(|row| row.spent));
    let Ok(model) = RfmModel::fit(&before.iter().map(rfm).collect::<Vec<_>>()) else {
        return vec![overall; test.len()];
    };
    let spent_by = money::means_by_group(before.iter().map(|row| (model.scores(&rfm(row)), row.spent)));
    test.iter().map(|row| spent_by(&model.scores(&rfm(row)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_from_four_features() {
        let of = |values: [f64; 5]| History::of(&values).map(|history| (history.purchases, history.spend));
        let purchases = |frequency, recency, age| Purchases { frequency, recency, age };
        assert_eq!(of([3.0, 50.0, 10.0, 20.0, 7.0]), Some((purchases(2, 40.0, 50.0), 20.0)));
        assert_eq!(of([1.0, 50.0, 50.0, 20.0, 7.0]), Some((purchases(0, 0.0, 50.0), 20.0)));
        assert_eq!(
            of([2.0, 50.0, 50.0, f64::NAN, f64::NAN]),
            Some((purchases(0, 0.0, 50.0), 0.0)),
            "two at one moment are one"
        );
        assert_eq!(of([0.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN]), None);
        let silent = of([3.0, 900.0, 500.0, f64::NAN, 7.0]);
        assert_eq!(silent, Some((purchases(2, 400.0, 900.0), 7.0)), "silent for a year, and not forgotten");
        assert_eq!(History::of(&[1.0]), None);
        let free = History::of(&[3.0, 50.0, 10.0, 0.0, 0.0]).unwrap();
        assert!(!free.is_usable() && History::of(&[1.0, 5.0, 5.0, 0.0, 0.0]).unwrap().is_usable());
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
}
