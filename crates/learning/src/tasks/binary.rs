//! How is a question of yes or no learned and judged? Boosted trees over the features, calibrated on customers they have not
//! seen. One task serves every such outcome, built in or declared.

use super::asked::{
    Asked, Folds, MORE, N_CURVE_BINS, N_EACH_MIN, Rows, count, importances, leaks, place_of, score_all,
};
use crate::body::{BinaryModel, Body};
use crate::contest::{Contest, Paired};
use crate::evaluation::{Evaluation, Numbers, curve, mean, paired_gain, redrawn};
use crate::need::Need;
use crate::outcome::{Label, OnDataset, Outcome};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{LearningError, Loaded};
use features::{FeatureId, Inputs, Trace, Watch};
use models::boost::{BoostModel, BoostSettings};
use models::calibrate::{Isotonic, IsotonicSettings};
use models::metrics::{auc, expected_calibration_error, log_loss};
use primitives::{Seed, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bins of equal width for the calibration error.
const N_ECE_BINS: usize = 10;

/// How the trees are grown and what their scores are made to mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BinarySettings {
    /// The trees.
    pub(crate) boost: BoostSettings,
    /// The calibration, fitted on customers whom the trees did not see: a hash of the customer's id decides who.
    pub(crate) calibration: IsotonicSettings,
    /// How many days before the newest moment the calibration looks back.
    pub(crate) calibration_days: i64,
}

impl Default for BinarySettings {
    /// Few leaves, few trees: a customer's next month is noisy, and it lies beyond all months that were learned from.
    /// Larger trees were worse on a shop with 32,000 customers and on generated ones with 400 and 2,000.
    fn default() -> Self {
        let boost = BoostSettings {
            n_trees: 100,
            learning_rate: 0.05,
            max_leaves: 8,
            max_depth: 4,
            min_leaf_weight: 10.0,
            ..BoostSettings::default()
        };
        Self { boost, calibration: IsotonicSettings { prior_weight: 5.0 }, calibration_days: 14 }
    }
}

impl BinarySettings {
    /// Fits the trees on all customers, and learns what their scores mean from customers whom the trees did not see. Of
    /// labels that are not 0 and 1, `label` tells which are.
    pub(super) fn grow(
        &self,
        rows: &Rows,
        folds: &Folds<'_>,
        features: &[FeatureId],
        seed: Seed,
        label: impl Fn(f64) -> f64,
    ) -> Result<BinaryModel, LearningError> {
        let fit = |rows: &Rows, labels: &[f64]| -> Result<BoostModel, LearningError> {
            let frame = rows.frame().map_err(LearningError::model("read the frame"))?;
            self.boost.fit(frame, labels, None, seed).map_err(LearningError::model("fit the trees"))
        };
        let (scores, labels) = folds.unseen(&label, are_enough, fit)?;
        let calibration = self.calibration.fit(&scores, &labels, None);
        let calibration = calibration.map_err(LearningError::model("calibrate the scores"))?;
        let labels: Vec<f64> = rows.labels.iter().map(|found| label(*found)).collect();
        Ok(BinaryModel::new(fit(rows, &labels)?, calibration, features))
    }
}

/// Whether there are both, and enough of each: of whom it came true, and of whom it did not.
fn are_enough(labels: &[f64]) -> bool {
    let n_true = labels.iter().filter(|label| **label > 0.5).count() as u64;
    n_true >= N_EACH_MIN && labels.len() as u64 - n_true >= N_EACH_MIN
}

/// Learns a question of yes or no.
#[derive(Debug, Clone)]
pub struct Binary {
    asked: Asked,
}

impl Binary {
    /// The task of foretelling whether an outcome comes true.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { asked: Asked::new(outcome) }
    }

    fn rows(&self, data: &Data<'_>, inputs: &Inputs, as_ofs: &[Timestamp]) -> Rows {
        let label = |asked: &OnDataset<'_>, trace: &Trace, as_of| f64::from(u8::from(asked.came_true(trace, as_of)));
        Rows::of(data, &self.asked.outcome, inputs, as_ofs, label)
    }

    fn grow(
        &self,
        rows: &Rows,
        features: &[FeatureId],
        settings: &BinarySettings,
        seed: Seed,
    ) -> Result<BinaryModel, LearningError> {
        let folds = Folds::of(rows, self.asked.name(), settings.calibration_days);
        settings.grow(rows, &folds, features, seed, |label| label)
    }

    /// Where the days since what the outcome is about was last done stand; since anything was, where that is not computed.
    fn recency_place(&self, features: &[FeatureId]) -> Option<usize> {
        let outcome = &self.asked.outcome;
        let own = outcome.days_since().and_then(|name| place_of(features, &name));
        own.or_else(|| place_of(features, if outcome.is_about_purchases() { "recency_days" } else { "last_seen_days" }))
    }

    /// What the days since the last time say: the likelier it happens, and the less likely it does not, the later that was.
    /// Who never did is a group of their own.
    fn by_recency(&self, place: usize, train: &Rows, test: &Rows, settings: &BinarySettings) -> Vec<f64> {
        let sign = if matches!(self.asked.outcome.label, Label::Did(_)) { -1.0 } else { 1.0 };
        let days = |rows: &Rows| rows.column(place).into_iter().map(|days| sign * days).collect::<Vec<_>>();
        let told = days(train).into_iter().zip(train.labels.iter().copied());
        let (known, never): (Vec<_>, Vec<_>) = told.partition(|(days, _)| days.is_finite());
        let overall = mean(train.labels.iter().copied());
        let share = |group: &[(f64, f64)]| {
            let weight = settings.calibration.prior_weight;
            let (sum, n) = group.iter().fold((0.0, 0.0), |(sum, n), (_, label)| (sum + label, n + 1.0));
            (sum + weight * overall) / (n + weight)
        };
        let (of_known, of_never) = (share(&known), share(&never));
        let (scores, labels): (Vec<f64>, Vec<f64>) = known.into_iter().unzip();
        // Where it came true of all of them, or of none, their order says nothing.
        let recency = settings.calibration.fit(&scores, &labels, None).ok();
        let said = |days: f64| match &recency {
            _ if !days.is_finite() => of_never,
            Some(recency) => recency.apply(days).get(),
            None => of_known,
        };
        days(test).into_iter().map(said).collect()
    }

    fn contest(
        &self,
        data: &Data<'_>,
        judged: &Evaluation,
        foretold: &Foretold,
        reigning: Option<&Reigning>,
    ) -> Result<Contest, LearningError> {
        let (labels, name, seed) = (&foretold.labels, self.asked.name(), data.seed);
        let judge = |loaded: &Loaded| {
            let Body::Binary(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of yes or no was expected".to_owned() });
            };
            let inputs = data.catalogue.inputs(&loaded.header.features)?;
            let rows = self.rows(data, &inputs, &[judged.split.test_from]);
            let theirs = probabilities(champion, &rows)?;
            let of_theirs = summary(&theirs, labels)?;
            let of = |numbers: &Numbers, metric: &str| numbers.get(metric).copied().unwrap_or(f64::NAN);
            let score = Paired {
                challenger: of(&judged.metrics, "log_loss"),
                champion: of(&of_theirs, "log_loss"),
                gain: paired_gain(
                    &saved(&foretold.ours, &theirs, labels),
                    seed,
                    &format!("{name} against the champion"),
                ),
            };
            let label = format!("{name} calibration against the champion");
            let calibration = Paired {
                challenger: of(&judged.metrics, "ece"),
                champion: of(&of_theirs, "ece"),
                gain: redrawn(labels.len(), seed, &label, |drawn| {
                    let drawn: Vec<usize> = drawn.collect();
                    let pick = |values: &[f64]| drawn.iter().map(|row| values[*row]).collect::<Vec<_>>();
                    let labels = pick(labels);
                    // Whatever was judged once can be judged again.
                    let ece =
                        |p: &[f64]| expected_calibration_error(&pick(p), &labels, None, N_ECE_BINS).unwrap_or(0.0);
                    ece(&theirs) - ece(&foretold.ours)
                }),
            };
            Ok((labels.len() as u64, score, Some(calibration)))
        };
        Contest::of(reigning, judge, "log_loss", &judged.split)
    }
}

/// What was foretold in the test, and what came true.
struct Foretold {
    ours: Vec<f64>,
    labels: Vec<f64>,
}

impl Task for Binary {
    fn about(&self) -> &TaskAbout {
        &self.asked.about
    }

    fn watches(&self) -> Vec<Watch> {
        self.asked.outcome.watches()
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let (split, window) = (self.split(data), self.asked.outcome.window_days);
        let mut needs = self.asked.needs(data, split.as_ref());
        let count = |split: &Split| count(data, &self.asked.outcome, &split.train_as_ofs, split.test_from);
        let [(n_learned_true, n_learned_false), (n_true, n_false)] = split.as_ref().map(count).unwrap_or_default();
        for (came, n, n_learned) in [("it came true", n_true, n_learned_true), ("it did not", n_false, n_learned_false)]
        {
            needs.push(Need::of_customers(
                format!("customers of whom {came} in the last {window} days"),
                N_EACH_MIN,
                n,
                MORE,
            ));
            if n_learned < N_EACH_MIN {
                let what = format!("times that {came} in the windows to learn from");
                needs.push(Need::of_customers(what, N_EACH_MIN, n_learned, MORE));
            }
        }
        needs
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        self.asked.split(data)
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = BinarySettings::default();
        let (features, inputs) = self.asked.inputs(data);
        let train = self.rows(data, &inputs, &split.train_as_ofs);
        let test = self.rows(data, &inputs, &[split.test_from]);
        let ours = probabilities(&self.grow(&train, &features, &settings, data.seed)?, &test)?;
        let mut theirs = vec![("constant", vec![mean(train.labels.iter().copied()); test.len()])];
        if let Some(place) = self.recency_place(&features) {
            theirs.push(("recency", self.by_recency(place, &train, &test, &settings)));
        }
        let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
        for (baseline, probabilities) in &theirs {
            baselines.insert((*baseline).to_owned(), summary(probabilities, &test.labels)?);
            let label = format!("evaluate {} against {baseline}", self.asked.name());
            let gain = paired_gain(&saved(&ours, probabilities, &test.labels), data.seed, &label);
            gains.insert((*baseline).to_owned(), gain);
        }
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: train.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::new(),
            base_rate: Some(mean(test.labels.iter().copied())),
            decides: "log_loss".to_owned(),
            bounds: Numbers::new(),
            metrics: summary(&ours, &test.labels)?,
            baselines,
            baseline_titles: BTreeMap::new(),
            gains,
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: curve(&ours, &test.labels, N_CURVE_BINS),
            warnings: leaks(&test, std::slice::from_ref(&test.labels), &features, data),
        };
        let contest = self.contest(data, &evaluation, &Foretold { ours, labels: test.labels }, reigning)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, split: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: BinarySettings = from_json(settings)?;
        let (features, inputs) = self.asked.inputs(data);
        let rows = self.rows(data, &inputs, &self.asked.as_ofs(data, split));
        let model = self.grow(&rows, &features, &settings, data.seed)?;
        Ok(Fitted {
            n_rows: rows.len() as u64,
            n_customers: rows.n_customers() as u64,
            newest_row: None,
            importances: importances(&[model.forest()], &rows, &features),
            method: format!(
                "Gradient boosting, {} trees, isotonic calibration on customers held out",
                settings.boost.n_trees
            ),
            body: Body::Binary(model),
            features,
        })
    }
}

fn probabilities(model: &BinaryModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
    Ok(calibrated(model.calibration(), &score_all(model.forest(), rows)?))
}

fn calibrated(calibration: &Isotonic, scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|score| calibration.apply(*score).get()).collect()
}

/// By how much our log-loss is below theirs, customer by customer.
fn saved(ours: &[f64], theirs: &[f64], labels: &[f64]) -> Vec<f64> {
    let rows = ours.iter().zip(theirs).zip(labels);
    rows.map(|((ours, theirs), label)| loss(*theirs, *label) - loss(*ours, *label)).collect()
}

fn summary(probabilities: &[f64], labels: &[f64]) -> Result<Numbers, LearningError> {
    let judged = LearningError::model("judge the probabilities");
    let numbers = [
        ("auc", auc(probabilities, labels, None).map_err(&judged)?),
        ("log_loss", log_loss(probabilities, labels, None).map_err(&judged)?),
        ("ece", expected_calibration_error(probabilities, labels, None, N_ECE_BINS).map_err(&judged)?),
    ];
    Ok(numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect())
}

/// One customer's log-loss. Calibrated probabilities are never 0 or 1.
fn loss(probability: f64, label: f64) -> f64 {
    if label > 0.5 { -probability.ln() } else { -(1.0 - probability).ln() }
}
