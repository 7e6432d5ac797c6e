//! How are customers divided into groups with names? By fifths of recency, frequency and money, judged by what the groups
//! spend later.

use crate::contest::Contest;
use crate::evaluation::Evaluation;
use crate::money::{self, Ceiling};
use crate::need::{MORE, Need, WAIT};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{Body, Calendar, LearningError, Loaded};
use features::{FeatureId, FeatureState, Inputs, Trace};
use models::rfm::{Group, Rfm, RfmModel};
use primitives::{Currency, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;

/// The features that groups are made by, in the order of [`rfm_of`].
const FEATURES: [&str; 3] = ["recency_days", "orders_365d", "revenue_365d"];

/// The test's window: a quarter of the history, but not less than a week and not more than a quarter of a year.
const WINDOW_DAYS: (i64, i64) = (7, 90);

/// So many customers are divided before the test's window: with fewer a fifth is no group.
const N_BEFORE_MIN: u64 = 25;

/// Divides customers into groups.
#[derive(Debug, Clone)]
pub struct Segments {
    about: TaskAbout,
}

impl Default for Segments {
    fn default() -> Self {
        let about = TaskAbout {
            name: "segments".into(),
            title: "Segments".to_owned(),
            question: "Which group does this customer belong to?".to_owned(),
            rows: "customers who bought".to_owned(),
            asks: String::new(),
            of_everybody: false,
        };
        Self { about }
    }
}

/// Reads the features of the groups, in the order of their ids; `None` for who has not bought within a year.
#[must_use]
pub fn rfm_of(values: &[f64]) -> Option<Rfm> {
    let [recency, frequency, money] = *values.first_chunk()?;
    let is_buyer = recency.is_finite() && frequency >= 1.0 && money.is_finite();
    is_buyer.then_some(Rfm { recency, frequency, money })
}

/// A customer at a moment, with what they spent after it.
struct Row {
    rfm: Rfm,
    spent: f64,
}

fn inputs(data: &Data<'_>) -> Result<(Vec<FeatureId>, Inputs), LearningError> {
    let ids = FEATURES.map(FeatureId::first).to_vec();
    let inputs = data.catalogue.inputs(&ids)?;
    Ok((ids, inputs))
}

/// Who bought in the year before a moment, in a currency, and what each spent in the days after it.
fn rows(
    data: &Data<'_>,
    inputs: &Inputs,
    (currency, ceiling): (Option<Currency>, &Ceiling),
    as_of: Timestamp,
    days: i64,
) -> Vec<Row> {
    let known = |state: &FeatureState| {
        let mut values = Vec::with_capacity(inputs.len());
        inputs.read(state, as_of, &mut values);
        rfm_of(&values).filter(|_| state.currency() == currency)
    };
    let rows = money::known_and_spent(data, (currency, ceiling), as_of, days, known);
    rows.into_iter().map(|(rfm, spent)| Row { rfm, spent }).collect()
}

fn fit(rows: &[Row]) -> Result<RfmModel, LearningError> {
    let all: Vec<Rfm> = rows.iter().map(|row| row.rfm).collect();
    RfmModel::fit(&all).map_err(LearningError::model("divide the customers into groups"))
}

/// What customers of the same group spent before, on average.
fn by_group<G: Ord>(before: &[Row], test: &[Row], group: impl Fn(&Rfm) -> G) -> Vec<f64> {
    let spent_by = money::means_by_group(before.iter().map(|row| (group(&row.rfm), row.spent)));
    test.iter().map(|row| spent_by(&group(&row.rfm))).collect()
}

impl Task for Segments {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let n_buyers =
            data.dataset.traces().filter(|(_, trace)| trace.orders_between(Timestamp::MIN, data.now).next().is_some());
        let split = self.split(data);
        let n_spent = split.as_ref().map_or(0, |split| {
            let between = |trace: &Trace, from, until| trace.orders_between(from, until).any(|order| order.minor > 0);
            let again = |trace: &&Trace| {
                between(trace, Timestamp::MIN, split.test_from) && between(trace, split.test_from, split.test_until)
            };
            data.dataset.traces().filter(|(_, trace)| again(trace)).count()
        });
        let n_before = split.as_ref().map_or(0, |split| {
            let until = split.test_from.plus_days(-split.window_days);
            let bought = |trace: &Trace| trace.orders_between(until.plus_days(-364), until).next().is_some();
            data.dataset.traces().filter(|(_, trace)| bought(trace)).count()
        });
        let n_days = data.dataset.calendar(data.now).as_ref().map_or(0, Calendar::n_days);
        vec![
            Need::of_customers("customers who bought", 100, n_buyers.count() as u64, MORE),
            Need::of_customers("customers who bought before the last two windows", N_BEFORE_MIN, n_before as u64, WAIT),
            Need::new("days of purchases", 28, u64::try_from(n_days).unwrap_or(0), WAIT),
            Need::of_customers("earlier customers who spent money in the last window", 20, n_spent as u64, WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = data.dataset.calendar(data.now)?;
        let (least, most) = WINDOW_DAYS;
        Split::last_window(&calendar, (calendar.n_days() / 4).clamp(least, most))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let (_, inputs) = inputs(data)?;
        let currency = money::main_currency(data, split);
        let days = split.window_days;
        let ceiling = Ceiling::of(data.dataset, currency, split.test_from);
        let test = rows(data, &inputs, (currency, &ceiling), split.test_from, days);
        let before = rows(data, &inputs, (currency, &ceiling), split.test_from.plus_days(-days), days);
        let model = fit(&before)?;
        let spent: Vec<f64> = test.iter().map(|row| row.spent).collect();
        let ours = by_group(&before, &test, |rfm| model.group(rfm));
        let theirs = [
            ("mean", by_group(&before, &test, |_| ())),
            ("recency", by_group(&before, &test, |rfm| model.scores(rfm)[0])),
        ];
        let (baselines, gains) = money::beside("segments", &ours, &theirs, &spent, data.seed)?;
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: before.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::from([("n_groups".to_owned(), Group::ALL.len() as u64)]),
            base_rate: None,
            decides: "gini".to_owned(),
            bounds: money::bounds(),
            metrics: money::summary(&ours, &spent)?,
            baselines,
            baseline_titles: BTreeMap::new(),
            gains,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: Vec::new(),
            warnings: ceiling.warning(data.dataset, split.test_until).into_iter().collect(),
        };
        let judge = |loaded: &Loaded| {
            let Body::Groups(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of groups was expected".to_owned() });
            };
            let theirs = by_group(&before, &test, |rfm| champion.group(rfm));
            let score = money::duel("segments", &ours, &theirs, &spent, data.seed);
            Ok((spent.len() as u64, score, None))
        };
        let contest = Contest::of(reigning, judge, "gini", split)?;
        Ok(Judged { settings: json!({ "currency": currency }), evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let currency = settings.get("currency").and_then(|code| Currency::parse(code.as_str()?).ok());
        let (features, inputs) = inputs(data)?;
        let ceiling = Ceiling::of(data.dataset, currency, data.now);
        let rows = rows(data, &inputs, (currency, &ceiling), data.now, 0);
        let orders = data.dataset.traces().flat_map(|(_, trace)| trace.orders_between(Timestamp::MIN, data.now));
        Ok(Fitted {
            body: Body::Groups(fit(&rows)?),
            features,
            n_rows: rows.len() as u64,
            n_customers: rows.len() as u64,
            newest_row: orders.map(|order| order.at).max(),
            importances: Vec::new(),
            method: "Fifths of recency, frequency and money over a year, in ten groups".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_bought_within_a_year_is_in_a_group() {
        let of = |values: [f64; 3]| rfm_of(&values).is_some();
        assert!(of([3.0, 1.0, 0.0]));
        assert!(!of([f64::NAN, 0.0, 0.0]) && !of([400.0, 0.0, 0.0]) && !of([3.0, 1.0, f64::NAN]));
        assert!(rfm_of(&[1.0]).is_none());
    }

    #[test]
    fn a_group_answers_with_what_it_spent_and_a_strange_one_with_the_mean() {
        let row = |recency: f64, spent| Row { rfm: Rfm { recency, frequency: 1.0, money: 1.0 }, spent };
        let before = [row(1.0, 2.0), row(1.0, 4.0), row(9.0, 0.0)];
        let answers = by_group(&before, &[row(1.0, 0.0), row(9.0, 0.0), row(5.0, 0.0)], |rfm| rfm.recency.to_bits());
        assert_eq!(answers, [3.0, 0.0, 2.0]);
    }
}
