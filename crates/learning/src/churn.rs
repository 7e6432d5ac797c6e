//! How is churn learned, judged and scored? Boosted trees over the features, calibrated on customers they have not seen.

mod model;
mod rows;

pub use model::{ChurnModel, Contribution, Scored};
pub(crate) use rows::Rows;

use crate::contest::{Contest, Paired, Reigning};
use crate::evaluation::{paired_gain, redrawn};
use crate::split::{self, Split};
use crate::{
    CalibrationBin, ChurnEvaluation, Dataset, LearningError, Loaded, Model, ModelKind, ProbabilityMetrics, readiness,
};
use features::catalogue;
use models::boost::{BoostModel, BoostSettings};
use models::calibrate::{Isotonic, IsotonicSettings};
use models::metrics::{auc, expected_calibration_error, log_loss};
use primitives::{Seed, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bins of equal width for the calibration error.
const N_ECE_BINS: usize = 10;

/// Groups of equal size for the calibration curve.
const N_CURVE_BINS: usize = 10;

/// At most this many rows tell how much each feature matters.
const N_IMPORTANCE_ROWS_MAX: usize = 2_000;

/// With this many rows one fold of customers is enough for the calibration; with fewer, all five take their turn.
const N_ROWS_MANY: usize = 20_000;

/// How churn is learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChurnSettings {
    /// The trees.
    pub boost: BoostSettings,
    /// The calibration, fitted on customers whom the trees did not see: a hash of the customer's id decides who.
    pub calibration: IsotonicSettings,
    /// How many days before the newest moment the calibration looks back.
    pub calibration_days: i64,
}

impl Default for ChurnSettings {
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

/// How much a feature matters: its mean absolute contribution, as a share of all features'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature's name in the catalogue.
    pub feature: String,
    /// From 0 to 1; all together are 1.
    pub share: f64,
}

/// Judges churn probabilities on the last 30 days, from what was known before them.
///
/// # Errors
/// [`LearningError::NotReady`] where there is too little history; [`LearningError::Model`].
pub fn evaluate_churn(dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<ChurnEvaluation, LearningError> {
    readiness::check(ModelKind::Churn, dataset, now)?;
    Ok(judge(dataset, &split(dataset, now)?, &ChurnSettings::default(), seed)?.evaluation)
}

/// The split of a dataset.
pub(crate) fn split(dataset: &Dataset, now: Timestamp) -> Result<Split, LearningError> {
    let split = dataset.calendar(now).and_then(|calendar| Split::churn(&calendar));
    split.ok_or_else(|| readiness::not_ready(ModelKind::Churn, dataset, now))
}

/// A model fitted on every question whose answer is known now.
pub(crate) struct Fitted {
    pub(crate) model: ChurnModel,
    pub(crate) n_rows: u64,
    pub(crate) n_customers: u64,
    pub(crate) importances: Vec<Importance>,
}

/// Fits on the latest weekly questions whose answers are known.
pub(crate) fn fit_all(
    dataset: &Dataset,
    split: &Split,
    settings: &ChurnSettings,
    seed: Seed,
) -> Result<Fitted, LearningError> {
    let rows = Rows::of(dataset, &split::churn_as_ofs(split.train_from, split.test_until, &split.gaps));
    let model = fit(&rows, settings, seed)?;
    let importances = importances(&model, &rows);
    Ok(Fitted { n_rows: rows.len() as u64, n_customers: rows.n_customers() as u64, model, importances })
}

/// Fits the trees on all customers, and learns what their scores mean from customers whom the trees did not see: each
/// fold is scored by trees that were fitted on the other folds. The newest moments alone are asked, since how many leave
/// changes with time, and the model will be asked about a moment that is newer still.
fn fit(rows: &Rows, settings: &ChurnSettings, seed: Seed) -> Result<ChurnModel, LearningError> {
    let fit_forest = |rows: &Rows| -> Result<BoostModel, LearningError> {
        let frame = rows.frame().map_err(LearningError::model("read the churn frame"))?;
        let forest = settings.boost.fit(frame, &rows.labels, None, seed);
        forest.map_err(LearningError::model("fit the churn trees"))
    };
    let since = rows.newest().plus_days(-settings.calibration_days);
    let n_folds = if rows.len() < N_ROWS_MANY { rows::N_FOLDS } else { 1 };
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for fold in 0..n_folds {
        let unseen = rows.filtered(|row| rows::fold_of(&row.customer) == fold && row.as_of >= since);
        let forest = fit_forest(&rows.filtered(|row| rows::fold_of(&row.customer) != fold))?;
        scores.extend(score_all(&forest, &unseen)?);
        labels.extend(unseen.labels);
    }
    let calibration = settings.calibration.fit(&scores, &labels, None);
    Ok(ChurnModel::new(fit_forest(rows)?, calibration.map_err(LearningError::model("calibrate the churn scores"))?))
}

fn score_all(forest: &BoostModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
    let frame = rows.frame().map_err(LearningError::model("read the churn frame"))?;
    forest.score_all(frame).map_err(LearningError::model("score the churn frame"))
}

/// What was foretold of whom, and how good it was.
pub(crate) struct Judged {
    pub(crate) evaluation: ChurnEvaluation,
    test: Rows,
    ours: Vec<f64>,
}

pub(crate) fn judge(
    dataset: &Dataset,
    split: &Split,
    settings: &ChurnSettings,
    seed: Seed,
) -> Result<Judged, LearningError> {
    let train = Rows::of(dataset, &split.train_as_ofs);
    let test = Rows::of(dataset, &[split.test_from]);
    let ours = foretold(&fit(&train, settings, seed)?, &test)?;
    // Whoever is active has ordered, so the recency is known.
    let recency = settings.calibration.fit(&train.column("recency_days"), &train.labels, None);
    let recency = recency.map_err(LearningError::model("calibrate the days since the last order"))?;
    let theirs = [
        ("recency", calibrated(&recency, &test.column("recency_days"))),
        ("constant", vec![mean(&train.labels); test.len()]),
    ];
    let gain = |name: &str, baseline: &[f64]| {
        paired_gain(&saved(&ours, baseline, &test.labels), seed, &format!("evaluate churn against {name}"))
    };
    let mut baselines = BTreeMap::new();
    for (name, probabilities) in &theirs {
        baselines.insert((*name).to_owned(), summary(probabilities, &test.labels)?);
    }
    let evaluation = ChurnEvaluation {
        split: split.clone(),
        n_train: train.len() as u64,
        n_test: test.len() as u64,
        base_rate: mean(&test.labels),
        metrics: summary(&ours, &test.labels)?,
        baselines,
        log_loss_gain: theirs.iter().map(|(name, p)| ((*name).to_owned(), gain(name, p))).collect(),
        calibration: curve(&ours, &test.labels),
    };
    Ok(Judged { evaluation, test, ours })
}

impl Judged {
    /// The reigning champion on the same customers at the same moment.
    pub(crate) fn contest(&self, reigning: Option<&Reigning>, seed: Seed) -> Result<Contest, LearningError> {
        let labels = &self.test.labels;
        let judge = |loaded: &Loaded| {
            let Model::Churn(champion) = &loaded.model else {
                return Err(LearningError::File { reason: "a churn model was expected".to_owned() });
            };
            let theirs = foretold(champion, &self.test)?;
            let (ours, theirs_judged) = (self.evaluation.metrics, summary(&theirs, labels)?);
            let score = Paired {
                challenger: ours.log_loss,
                champion: theirs_judged.log_loss,
                gain: paired_gain(&saved(&self.ours, &theirs, labels), seed, "churn against the champion"),
            };
            let calibration = Paired {
                challenger: ours.ece,
                champion: theirs_judged.ece,
                gain: redrawn(labels.len(), seed, "churn calibration against the champion", |drawn| {
                    let drawn: Vec<usize> = drawn.collect();
                    let pick = |values: &[f64]| drawn.iter().map(|row| values[*row]).collect::<Vec<_>>();
                    let labels = pick(labels);
                    // Whatever was judged once can be judged again.
                    let ece =
                        |p: &[f64]| expected_calibration_error(&pick(p), &labels, None, N_ECE_BINS).unwrap_or(0.0);
                    ece(&theirs) - ece(&self.ours)
                }),
            };
            Ok((labels.len() as u64, score, Some(calibration)))
        };
        Contest::of(reigning, judge, "log_loss", &self.evaluation.split)
    }
}

fn foretold(model: &ChurnModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
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

fn summary(probabilities: &[f64], labels: &[f64]) -> Result<ProbabilityMetrics, LearningError> {
    let judged = LearningError::model("judge the churn probabilities");
    Ok(ProbabilityMetrics {
        auc: auc(probabilities, labels, None).map_err(&judged)?,
        log_loss: log_loss(probabilities, labels, None).map_err(&judged)?,
        ece: expected_calibration_error(probabilities, labels, None, N_ECE_BINS).map_err(&judged)?,
    })
}

/// One customer's log-loss. Calibrated probabilities are never 0 or 1.
fn loss(probability: f64, label: f64) -> f64 {
    if label > 0.5 { -probability.ln() } else { -(1.0 - probability).ln() }
}

/// Groups of equal size, from the least likely to the most.
fn curve(probabilities: &[f64], labels: &[f64]) -> Vec<CalibrationBin> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]).then(a.cmp(b)));
    let n = order.len().div_ceil(N_CURVE_BINS).max(1);
    let bins = order.chunks(n).map(|bin| CalibrationBin {
        predicted: mean(&bin.iter().map(|row| probabilities[*row]).collect::<Vec<_>>()),
        observed: mean(&bin.iter().map(|row| labels[*row]).collect::<Vec<_>>()),
        n: bin.len() as u64,
    });
    bins.collect()
}

/// Mean absolute contributions over evenly spread rows, largest first.
fn importances(model: &ChurnModel, rows: &Rows) -> Vec<Importance> {
    let step = rows.len().div_ceil(N_IMPORTANCE_ROWS_MAX).max(1);
    let spread: Vec<usize> = (0..rows.len()).step_by(step).collect();
    let each: Vec<Vec<f64>> =
        spread.par_iter().with_min_len(16).map(|row| model.forest().contributions(rows.row(*row)).values).collect();
    let definitions = catalogue::definitions();
    let mut sums = vec![0.0; definitions.len()];
    for values in each {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.abs());
    }
    let total: f64 = sums.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let shares = definitions.iter().zip(&sums).filter(|(_, sum)| **sum > 0.0);
    let mut importances: Vec<Importance> =
        shares.map(|(definition, sum)| Importance { feature: definition.name.clone(), share: sum / total }).collect();
    importances.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.feature.cmp(&b.feature)));
    importances
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 rows")]
    let n = values.len().max(1) as f64;
    values.iter().sum::<f64>() / n
}
