//! How does a history become a model? Judged on what it has not seen, then fitted on everything.

use crate::churn::{self, ChurnSettings};
use crate::contest::{Contest, Reigning, direction, metric_in_sentence, refused};
use crate::evaluation::baseline_name;
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

/// Trains a model where none answers yet: settings and numbers come from the split by time, then the same settings learn
/// from everything.
///
/// # Errors
/// [`LearningError::NotReady`] with everything that is missing; [`LearningError::Model`] where the mathematics refuses.
pub fn train(kind: ModelKind, dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<Trained, LearningError> {
    challenge(kind, dataset, now, seed, None)
}

/// Trains a model as [`train`] does, and compares it with the one that answers, on the same customers. Where that one has
/// learned from customers who have refused since and the new one is worse, it is trained once more as of its own time,
/// without them.
///
/// # Errors
/// As [`train`].
pub fn challenge(
    kind: ModelKind,
    dataset: &Dataset,
    now: Timestamp,
    seed: Seed,
    reigning: Option<&Reigning>,
) -> Result<Trained, LearningError> {
    let challenger = fit(kind, dataset, now, seed, reigning)?;
    let is_worse = challenger.header.contest.as_ref().is_some_and(Contest::asks_for_renewal);
    let renewed = reigning.filter(|_| is_worse).and_then(|reigning| renew(kind, dataset, now, seed, reigning));
    Ok(renewed.unwrap_or(challenger))
}

fn fit(
    kind: ModelKind,
    dataset: &Dataset,
    now: Timestamp,
    seed: Seed,
    reigning: Option<&Reigning>,
) -> Result<Trained, LearningError> {
    readiness::check(kind, dataset, now)?;
    match kind {
        ModelKind::Recommend => train_recommend(dataset, now, seed, reigning),
        ModelKind::Churn => train_churn(dataset, now, seed, reigning),
    }
}

/// The champion again, as of its own time: whoever has refused since is not in the dataset any more. `None` where too few
/// are left to train from.
fn renew(kind: ModelKind, dataset: &Dataset, now: Timestamp, seed: Seed, reigning: &Reigning) -> Option<Trained> {
    let as_of = reigning.model.as_ref().ok()?.header.data_until;
    let mut again = fit(kind, dataset, as_of, seed, None).ok()?;
    again.header.trained_at = now;
    again.header.contest = Some(Contest::Renewed { champion: reigning.version.clone(), n_refused: reigning.n_refused });
    Some(again)
}

impl Trained {
    /// The bytes of the model file.
    ///
    /// # Errors
    /// As [`file::encode`].
    pub fn to_file(&self) -> Result<Vec<u8>, LearningError> {
        file::encode(&self.header, &self.model)
    }
}

impl ModelHeader {
    /// Whether the model shall answer, and what decided it: first which model answers, then why.
    ///
    /// The rule: in the number that decides (NDCG@10, log-loss) it is not worse than the strongest baseline, neither
    /// beyond noise nor by more than 2 %. Where a model answers already, it is better than that one beyond noise, on the
    /// same customers over a window that neither has learned from, and its probabilities are no further from what came
    /// true; or that one cannot answer any more; or that one has learned from customers who have refused since, and this
    /// one is not worse beyond noise, or the same without them. Where that one has learned from a day of the window, it
    /// stays.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (is_good_enough, simple) = self.against_simple_answers();
        let champion = self.contest.as_ref().and_then(Contest::champion);
        let (is_champion, reason) = match &self.contest {
            _ if !is_good_enough => {
                let instead = champion.map(|champion| format!(", and model {champion} goes on answering"));
                (false, format!("this model does not answer{}: {simple}", instead.unwrap_or_default()))
            }
            None | Some(Contest::Unopposed) => (true, format!("this model answers, as the first one: {simple}")),
            Some(Contest::Unfit { champion, fault }) => {
                (true, format!("this model answers, since model {champion} cannot any more ({fault}): {simple}"))
            }
            Some(Contest::Renewed { champion, n_refused }) => {
                let (refused, until) = (refused(*n_refused), self.data_until.date());
                let reason = format!(
                    "this model answers in place of model {champion}, which learned from {refused}. It is that model \
                     trained again without them, on the same orders until {until}: nothing shows that newer orders make \
                     a better one"
                );
                (true, reason)
            }
            Some(Contest::Judged(duel)) => (duel.ruling().is_for_challenger(), duel.sentence()),
            Some(Contest::Unjudged(unjudged)) => (unjudged.n_refused > 0, unjudged.sentence()),
        };
        Verdict { is_champion, reason }
    }

    fn against_simple_answers(&self) -> (bool, String) {
        let comparisons = self.evaluation.comparisons();
        let Some((decides, (name, baseline))) = comparisons.first().and_then(|c| Some((c, c.strongest()?))) else {
            return (true, "there is nothing to compare it with".to_owned());
        };
        let ahead = if decides.higher_is_better { decides.model - baseline } else { baseline - decides.model };
        let gain = self.evaluation.gain(name);
        let is_worse = gain.is_some_and(|gain| gain.is_loss());
        let is_good_enough = !is_worse && ahead >= -SHORTFALL_MAX * baseline.abs();
        let said = format!(
            "its {} of {:.4} is {} the {:.4} of the best simple answer ({}; {})",
            metric_in_sentence(decides.metric),
            decides.model,
            // Where nobody knows how sure it is, the numbers speak.
            if ahead > 0.0 && gain.is_none_or(|gain| gain.is_gain()) {
                "better than"
            } else if is_good_enough {
                "about as good as"
            } else {
                "worse than"
            },
            baseline,
            baseline_name(name),
            direction(decides.metric),
        );
        (is_good_enough, said)
    }
}

fn train_recommend(
    dataset: &Dataset,
    now: Timestamp,
    seed: Seed,
    reigning: Option<&Reigning>,
) -> Result<Trained, LearningError> {
    let split = recommend::split(dataset, now)?;
    let (settings, judged) = recommend::choose_and_judge(dataset, &split, seed)?;
    let contest = Some(judged.contest(reigning, seed)?);
    // What is known now, not at the end of the split: the two differ by the events after the last whole day.
    let model = recommend::fit(dataset, now, &settings, seed)?;
    let n_rows = dataset.traces().map(|(_, trace)| trace.lines_until(now).count() as u64);
    let newest = dataset.traces().flat_map(|(_, trace)| trace.lines_until(now)).map(|line| line.at).max();
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
        evaluation: Evaluation::Recommend(judged.evaluation),
        contest,
        learned_until: Some(dataset.read_until()),
        newest_row: newest.filter(|newest| *newest > split.test_until),
    };
    Ok(Trained { header, model: Model::Recommend(model) })
}

fn train_churn(
    dataset: &Dataset,
    now: Timestamp,
    seed: Seed,
    reigning: Option<&Reigning>,
) -> Result<Trained, LearningError> {
    let split = churn::split(dataset, now)?;
    let settings = ChurnSettings::default();
    let judged = churn::judge(dataset, &split, &settings, seed)?;
    let contest = Some(judged.contest(reigning, seed)?);
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
        evaluation: Evaluation::Churn(judged.evaluation),
        contest,
        learned_until: Some(dataset.read_until()),
        newest_row: None,
    };
    Ok(Trained { header, model: Model::Churn(fitted.model) })
}

fn as_json(settings: &impl serde::Serialize) -> Result<serde_json::Value, LearningError> {
    serde_json::to_value(settings).map_err(|error| LearningError::File { reason: error.to_string() })
}
