//! How is a question of how often or how much learned and judged? Boosted trees over the features for the root of the number,
//! and what their scores mean on customers they have not seen. One task serves every such outcome.
//!
//! Most counts and sums are 0 and a few are very large: the root keeps those few from ruling the trees, and the calibration
//! leads back to the mean ([ADR 0028](../../../../docs/adr/0028-numbers-and-choices-are-learned-by-the-same-trees.md) compares).

use super::asked::{Asked, Folds, MORE, N_CURVE_BINS, N_EACH_MIN, Rows, importances, leaks, score_all};
use crate::body::{Body, NumberModel};
use crate::contest::Contest;
use crate::evaluation::{Evaluation, curve, mean};
use crate::need::Need;
use crate::outcome::{OnDataset, Outcome, Told};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{LearningError, Loaded, money};
use features::{FeatureId, Inputs, Trace, Watch};
use models::boost::{BoostModel, BoostSettings};
use models::calibrate::ExpectationSettings;
use primitives::{Currency, Seed, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the trees are grown and which numbers their scores are made to mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NumberSettings {
    /// The trees, grown for the root of the number.
    boost: BoostSettings,
    /// The calibration, fitted on customers whom the trees did not see: a hash of the customer's id decides who.
    expectation: ExpectationSettings,
    /// How many days before the newest moment the calibration looks back.
    calibration_days: i64,
    /// In which currency the number is money.
    currency: Option<Currency>,
}

impl Default for NumberSettings {
    /// Fewer leaves than for a yes or no: on generated customers, 400 to 10,000, more of them were worse.
    fn default() -> Self {
        let boost = BoostSettings {
            n_trees: 100,
            learning_rate: 0.05,
            max_leaves: 4,
            max_depth: 4,
            min_leaf_weight: 10.0,
            ..BoostSettings::default()
        };
        Self { boost, expectation: ExpectationSettings::default(), calibration_days: 14, currency: None }
    }
}

/// Learns how often something happens, or how much it comes to.
#[derive(Debug, Clone)]
pub struct Number {
    asked: Asked,
}

impl Number {
    /// The task of foretelling the number of an outcome.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { asked: Asked::new(outcome) }
    }

    fn rows(&self, data: &Data<'_>, inputs: &Inputs, as_ofs: &[Timestamp]) -> Rows {
        Rows::of(data, &self.asked.outcome, inputs, as_ofs, |asked, trace, as_of| asked.amount(trace, as_of))
    }

    /// What the same customers did in as long a time before, row by row.
    fn before(&self, data: &Data<'_>, as_ofs: &[Timestamp]) -> Vec<f64> {
        let before = |asked: &OnDataset<'_>, trace: &Trace, as_of| asked.amount_before(trace, as_of);
        Rows::of(data, &self.asked.outcome, &Inputs::default(), as_ofs, before).labels
    }

    fn grow(
        &self,
        rows: &Rows,
        features: &[FeatureId],
        settings: &NumberSettings,
        seed: Seed,
    ) -> Result<NumberModel, LearningError> {
        let fit = |rows: &Rows, amounts: &[f64]| -> Result<BoostModel, LearningError> {
            let frame = rows.frame().map_err(LearningError::model("read the frame"))?;
            let roots: Vec<f64> = amounts.iter().map(|amount| amount.sqrt()).collect();
            settings.boost.fit_number(frame, &roots, None, seed).map_err(LearningError::model("fit the trees"))
        };
        let folds = Folds::of(rows, self.asked.name(), settings.calibration_days);
        let (scores, amounts) = folds.unseen(|amount| amount, |amounts| n_above_0(amounts) >= N_EACH_MIN, fit)?;
        let expectation = settings.expectation.fit(&scores, &amounts, None);
        let expectation = expectation.map_err(LearningError::model("calibrate the numbers"))?;
        Ok(NumberModel::new(fit(rows, &rows.labels)?, expectation, features))
    }

    /// What should be known of the values before the numbers are believed.
    fn doubts(&self, told: &Told) -> Vec<String> {
        let mut doubts = Vec::new();
        if told.n_unusable > 0 {
            // Not how many: few could be told apart.
            let said = "There are events whose value is no number or below 0: they add nothing to the sum";
            doubts.push(said.to_owned());
        }
        if told.is_mixed {
            doubts.push(
                "The values are money in several currencies, or not all say in which: they are added as they are, and told \
                 without a currency. Ask of one currency, with `\"properties.currency\" = \"EUR\"` in the label"
                    .to_owned(),
            );
        }
        if told.is_told_otherwise {
            doubts.push(
                "A few say another currency than nearly all, or none, and nobody vouches for it: what they say is added as it \
                 is. Ask of one currency, with `\"properties.currency\" = \"EUR\"` in the label"
                    .to_owned(),
            );
        }
        doubts
    }
}

/// Of how many it came to anything.
fn n_above_0(amounts: &[f64]) -> u64 {
    amounts.iter().filter(|amount| **amount > 0.0).count() as u64
}

/// How many different numbers there are; two are as good as more.
fn n_different(amounts: &[f64]) -> u64 {
    match amounts.first() {
        None => 0,
        Some(first) => 1 + u64::from(amounts.iter().any(|amount| amount.total_cmp(first).is_ne())),
    }
}

fn foretold(model: &NumberModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
    let scores = score_all(model.forest(), rows)?;
    Ok(scores.into_iter().map(|score| model.expectation().apply(score).mean).collect())
}

impl Task for Number {
    fn about(&self) -> &TaskAbout {
        &self.asked.about
    }

    fn watches(&self) -> Vec<Watch> {
        self.asked.outcome.watches()
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let (split, window) = (self.split(data), self.asked.outcome.window_days);
        let mut needs = self.asked.needs(data, split.as_ref());
        needs.extend(self.asked.value_needs(data, "a number"));
        let amounts = |as_ofs: &[Timestamp]| self.rows(data, &Inputs::default(), as_ofs).labels;
        let judged = split.as_ref().map(|split| amounts(&[split.test_from])).unwrap_or_default();
        let learned = split.as_ref().map(|split| amounts(&split.train_as_ofs)).unwrap_or_default();
        let (n, n_learned) = (n_above_0(&judged), n_above_0(&learned));
        let what = format!("customers of whom it came to more than 0 in the last {window} days");
        needs.push(Need::of_customers(what, N_EACH_MIN, n, MORE));
        if n_learned < N_EACH_MIN {
            let what = "times that it came to more than 0 in the windows to learn from";
            needs.push(Need::of_customers(what, N_EACH_MIN, n_learned, MORE));
        }
        let (n, n_learned) = (n_different(&judged), n_different(&learned));
        for (n, of) in [(n, "the last window"), (n_learned, "the windows to learn from")] {
            if n == 1 {
                let how = "all customers are alike, and there is nothing to foretell: ask among fewer, or count something else";
                needs.push(Need::new(format!("different numbers in {of}"), 2, n, how));
            }
        }
        needs
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        self.asked.split(data)
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let told = self.asked.outcome.told(data.dataset, data.now);
        let settings = NumberSettings { currency: told.currency, ..NumberSettings::default() };
        let (features, inputs) = self.asked.inputs(data);
        let train = self.rows(data, &inputs, &split.train_as_ofs);
        let test = self.rows(data, &inputs, &[split.test_from]);
        let ours = foretold(&self.grow(&train, &features, &settings, data.seed)?, &test)?;
        let recency = settings.expectation.fit(&self.before(data, &split.train_as_ofs), &train.labels, None);
        let recency = recency.map_err(LearningError::model("calibrate what was before"))?;
        let before = self.before(data, &[split.test_from]);
        let theirs = [
            ("constant", vec![mean(train.labels.iter().copied()); test.len()]),
            ("recency", before.into_iter().map(|amount| recency.apply(amount).mean).collect()),
        ];
        let name = self.asked.name();
        let (baselines, gains) = money::beside(name, &ours, &theirs, &test.labels, data.seed)?;
        let mut warnings = leaks(&test, std::slice::from_ref(&test.labels), &features, data);
        warnings.extend(self.doubts(&told));
        warnings.extend(self.asked.outcome.on(data.dataset, data.now).trimmed(data.dataset));
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: train.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::new(),
            base_rate: None,
            decides: "gini".to_owned(),
            bounds: money::bounds(),
            metrics: money::summary(&ours, &test.labels)?,
            baselines,
            baseline_titles: BTreeMap::from([("recency".to_owned(), "what came in as long a time before".to_owned())]),
            gains,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: curve(&ours, &test.labels, N_CURVE_BINS),
            warnings,
        };
        let judge = |loaded: &Loaded| {
            let Body::Number(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of a number was expected".to_owned() });
            };
            let inputs = data.catalogue.inputs(&loaded.header.features)?;
            let theirs = foretold(champion, &self.rows(data, &inputs, &[split.test_from]))?;
            Ok((test.len() as u64, money::duel(name, &ours, &theirs, &test.labels, data.seed), None))
        };
        let contest = Contest::of(reigning, judge, "gini", split)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, split: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: NumberSettings = from_json(settings)?;
        let (features, inputs) = self.asked.inputs(data);
        let rows = self.rows(data, &inputs, &self.asked.as_ofs(data, split));
        let model = self.grow(&rows, &features, &settings, data.seed)?;
        Ok(Fitted {
            n_rows: rows.len() as u64,
            n_customers: rows.n_customers() as u64,
            newest_row: None,
            importances: importances(&[model.forest()], &rows, &features),
            method: format!(
                "Gradient boosting of the root, {} trees, calibrated to the mean on customers held out",
                settings.boost.n_trees
            ),
            body: Body::Number(model),
            features,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_none_that_differs() {
        assert_eq!([n_different(&[]), n_different(&[2.0, 2.0]), n_different(&[2.0, 2.0, 3.0])], [0, 1, 2]);
        assert_eq!([n_above_0(&[]), n_above_0(&[0.0, 0.5, 3.0])], [0, 2]);
    }
}
