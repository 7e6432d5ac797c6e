//! How good is it, compared with what costs nothing? The answers of `rapport evaluate`, and how sure they are.

mod gain;

pub use gain::Gain;
pub(crate) use gain::{paired_gain, redrawn};

use crate::{ModelKind, Split};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How good rankings are, on average over customers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RankingMetrics {
    /// How near the top the next purchases stand, from 0 to 1: [`models::metrics::ndcg_at_k`].
    #[serde(rename = "ndcg@10")]
    pub ndcg_at_10: f64,
    /// The share of the next purchases among the first ten, from 0 to 1: [`models::metrics::recall_at_k`].
    #[serde(rename = "recall@10")]
    pub recall_at_10: f64,
    /// The share of the catalogue that anybody was recommended: [`models::metrics::coverage`].
    pub coverage: f64,
}

/// How good probabilities are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityMetrics {
    /// How well those who leave are told from those who stay: 0.5 is chance, 1 is perfect.
    pub auc: f64,
    /// How dear the probabilities are when the truth comes out, in nats; smaller is better.
    pub log_loss: f64,
    /// How far the probabilities are from what came true, over ten bins of equal width; smaller is better.
    pub ece: f64,
}

/// How good the recommendations are: `rapport evaluate recommend`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecommendEvaluation {
    /// What was learned from and judged on.
    pub split: Split,
    /// Customers whose next purchases were foretold: known before the test, and buying in it.
    pub n_customers: u64,
    /// Items that were ranked: all that were sold before the test.
    pub n_items: u64,
    /// The model.
    pub metrics: RankingMetrics,
    /// What everybody buys (`popularity`), and what the customer bought most often, filled up with what everybody buys
    /// (`personal_frequency`).
    pub baselines: BTreeMap<String, RankingMetrics>,
    /// By how much the model's NDCG@10 is above each baseline's, customer by customer.
    pub ndcg_gain: BTreeMap<String, Gain>,
}

/// How good the churn probabilities are: `rapport evaluate churn`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChurnEvaluation {
    /// What was learned from and judged on.
    pub split: Split,
    /// Rows (a customer at a moment) that were learned from, those for the calibration included.
    pub n_train: u64,
    /// Customers whose staying away was foretold.
    pub n_test: u64,
    /// The share of them who stayed away.
    pub base_rate: f64,
    /// The model.
    pub metrics: ProbabilityMetrics,
    /// The days since the last order, calibrated (`recency`), and the share who stayed away in training (`constant`).
    pub baselines: BTreeMap<String, ProbabilityMetrics>,
    /// By how much the model's log-loss is below each baseline's, customer by customer.
    pub log_loss_gain: BTreeMap<String, Gain>,
    /// What was foretold and what came true, tenth by tenth of the customers.
    pub calibration: Vec<CalibrationBin>,
}

/// A tenth of the customers, from the least likely to leave to the most likely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// What was foretold, on average.
    pub predicted: f64,
    /// The share that came true.
    pub observed: f64,
    /// How many customers.
    pub n: u64,
}

/// An evaluation of either model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluation {
    /// Of recommendations.
    Recommend(RecommendEvaluation),
    /// Of churn probabilities.
    Churn(ChurnEvaluation),
}

/// One number of an evaluation, with the same number of what the model is compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The metric's name: `ndcg@10`.
    pub metric: &'static str,
    /// What it says, in words.
    pub meaning: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// The model's.
    pub model: f64,
    /// The baselines', by name.
    pub baselines: Vec<(String, f64)>,
}

impl Comparison {
    /// The strongest baseline.
    #[must_use]
    pub fn strongest(&self) -> Option<&(String, f64)> {
        let worse_first = |a: &&(String, f64), b: &&(String, f64)| {
            if self.higher_is_better { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) }
        };
        self.baselines.iter().max_by(worse_first)
    }
}

impl Evaluation {
    /// Which model it is of.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Recommend(_) => ModelKind::Recommend,
            Self::Churn(_) => ModelKind::Churn,
        }
    }

    /// What was learned from and judged on.
    #[must_use]
    pub fn split(&self) -> &Split {
        match self {
            Self::Recommend(evaluation) => &evaluation.split,
            Self::Churn(evaluation) => &evaluation.split,
        }
    }

    /// By how much the model is better than a baseline in the number that decides, customer by customer.
    #[must_use]
    pub fn gain(&self, baseline: &str) -> Option<Gain> {
        match self {
            Self::Recommend(evaluation) => evaluation.ndcg_gain.get(baseline).copied(),
            Self::Churn(evaluation) => evaluation.log_loss_gain.get(baseline).copied(),
        }
    }

    /// How many customers it was judged on.
    #[must_use]
    pub fn n_test(&self) -> u64 {
        match self {
            Self::Recommend(evaluation) => evaluation.n_customers,
            Self::Churn(evaluation) => evaluation.n_test,
        }
    }

    /// Every number beside the baselines', the one that decides first.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison> {
        match self {
            Self::Recommend(RecommendEvaluation { metrics, baselines, .. }) => vec![
                compare(
                    "ndcg@10",
                    "How near the top of the list the next purchases stand",
                    true,
                    metrics,
                    baselines,
                    |m| m.ndcg_at_10,
                ),
                compare(
                    "recall@10",
                    "The share of the next purchases among the first ten",
                    true,
                    metrics,
                    baselines,
                    |m| m.recall_at_10,
                ),
                compare(
                    "coverage",
                    "The share of the catalogue that is recommended to anybody",
                    true,
                    metrics,
                    baselines,
                    |m| m.coverage,
                ),
            ],
            Self::Churn(ChurnEvaluation { metrics, baselines, .. }) => vec![
                compare(
                    "log_loss",
                    "How far the probabilities were off, dear mistakes counting more",
                    false,
                    metrics,
                    baselines,
                    |m| m.log_loss,
                ),
                compare("auc", "How often one who left scored above one who stayed", true, metrics, baselines, |m| {
                    m.auc
                }),
                compare("ece", "How far the probabilities are from what came true", false, metrics, baselines, |m| {
                    m.ece
                }),
            ],
        }
    }
}

/// A metric as people write it.
#[must_use]
pub fn metric_name(metric: &str) -> &str {
    match metric {
        "ndcg@10" => "NDCG@10",
        "recall@10" => "Recall@10",
        "coverage" => "Coverage",
        "auc" => "AUC",
        "log_loss" => "Log loss",
        "ece" => "Calibration error",
        other => other,
    }
}

/// A simple answer in words.
#[must_use]
pub fn baseline_name(name: &str) -> &str {
    match name {
        "popularity" => "popular items",
        "personal_frequency" => "own favourites",
        "recency" => "days since last order",
        "constant" => "the same for all",
        other => other,
    }
}

fn compare<M>(
    metric: &'static str,
    meaning: &'static str,
    higher_is_better: bool,
    model: &M,
    baselines: &BTreeMap<String, M>,
    value: impl Fn(&M) -> f64,
) -> Comparison {
    let baselines = baselines.iter().map(|(name, metrics)| (name.clone(), value(metrics))).collect();
    Comparison { metric, meaning, higher_is_better, model: value(model), baselines }
}
