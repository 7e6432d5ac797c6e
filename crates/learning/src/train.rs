//! How does a history become a model? Judged on what it has not seen, then fitted on everything.

use crate::churn::{self, ChurnSettings};
use crate::file::{self, Model, ModelHeader};
use crate::{Dataset, Evaluation, LearningError, ModelKind, readiness, recommend};
use features::catalogue;
use primitives::{Seed, Timestamp};

/// By how much of the strongest baseline a champion may fall short in the number that decides: chance alone moves it
/// that far.
const SHORTFALL_MAX: f64 = 0.02;

/// A model with its header, not yet stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Where it comes from and how good it is.
    pub header: ModelHeader,
    /// The model.
    pub model: Model,
}

/// Whether a model shall answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it shall.
    pub is_champion: bool,
    /// In words.
    pub reason: String,
}

/// Trains a model: settings and numbers come from the split by time, then the same settings learn from everything.
///
/// # Errors
/// [`LearningError::NotReady`] with everything that is missing; [`LearningError::Model`] where the mathematics refuses.
pub fn train(kind: ModelKind, dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<Trained, LearningError> {
    readiness::check(kind, dataset, now)?;
    match kind {
        ModelKind::Recommend => train_recommend(dataset, now, seed),
        ModelKind::Churn => train_churn(dataset, now, seed),
    }
}

impl Trained {
    /// The bytes of the model file.
    ///
    /// # Errors
    /// As [`file::encode`].
    pub fn to_file(&self) -> Result<Vec<u8>, LearningError> {
        file::encode(&self.header, &self.model)
    }

    /// Whether it shall answer.
    ///
    /// The rule: in the number that decides (NDCG@10, log-loss) it is not worse than the strongest baseline by more than
    /// 2 % of it. The present champion's numbers do not count: they are from another window, and the newer model knows
    /// what happened since.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.header.evaluation)
    }
}

fn verdict(evaluation: &Evaluation) -> Verdict {
    let comparisons = evaluation.comparisons();
    let Some((decides, (name, baseline))) = comparisons.first().and_then(|c| Some((c, c.strongest()?))) else {
        return Verdict { is_champion: true, reason: "there is nothing to compare it with".to_owned() };
    };
    let ahead = if decides.higher_is_better { decides.model - baseline } else { baseline - decides.model };
    let is_champion = ahead >= -SHORTFALL_MAX * baseline.abs();
    let outcome = if is_champion { "it answers from now on" } else { "it is kept as a challenger and does not answer" };
    let reason = format!(
        "its {} of {:.4} on the test window is {} the {:.4} of the strongest baseline ({name}): {outcome}",
        decides.metric,
        decides.model,
        if ahead >= 0.0 { "no worse than" } else { "worse than" },
        baseline,
    );
    Verdict { is_champion, reason }
}

fn train_recommend(dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<Trained, LearningError> {
    let split = recommend::split(dataset, now)?;
    let (settings, evaluation) = recommend::choose_and_judge(dataset, &split, seed)?;
    // What is known now, not at the end of the split: the two differ by the events after the last whole day.
    let model = recommend::fit(dataset, now, &settings, seed)?;
    let n_rows = dataset.traces().map(|(_, trace)| trace.lines_until(now).count() as u64);
    let n_rows_each: Vec<u64> = n_rows.filter(|n| *n > 0).collect();
    let header = ModelHeader {
        model: ModelKind::Recommend,
        trained_at: now,
        data_from: split.train_from,
        data_until: split.test_until,
        feature_schema: None,
        seed: seed.value(),
        settings: as_json(&settings)?,
        n_customers: n_rows_each.len() as u64,
        n_rows: n_rows_each.iter().sum(),
        importances: Vec::new(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        evaluation: Evaluation::Recommend(evaluation),
    };
    Ok(Trained { header, model: Model::Recommend(model) })
}

fn train_churn(dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<Trained, LearningError> {
    let split = churn::split(dataset, now)?;
    let settings = ChurnSettings::default();
    let evaluation = churn::judge(dataset, &split, &settings, seed)?;
    let fitted = churn::fit_all(dataset, &split, &settings, seed)?;
    let header = ModelHeader {
        model: ModelKind::Churn,
        trained_at: now,
        data_from: split.train_from,
        data_until: split.test_until,
        feature_schema: Some(catalogue::schema_hash()),
        seed: seed.value(),
        settings: as_json(&settings)?,
        n_customers: fitted.n_customers,
        n_rows: fitted.n_rows,
        importances: fitted.importances,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        evaluation: Evaluation::Churn(evaluation),
    };
    Ok(Trained { header, model: Model::Churn(fitted.model) })
}

fn as_json(settings: &impl serde::Serialize) -> Result<serde_json::Value, LearningError> {
    serde_json::to_value(settings).map_err(|error| LearningError::File { reason: error.to_string() })
}
