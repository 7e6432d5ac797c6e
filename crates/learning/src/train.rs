//! How does a history become a model? Judged on what it has not seen, then fitted on everything.

use crate::contest::{Contest, direction, metric_in_sentence, refused};
use crate::evaluation::Comparison;
use crate::file::{self, ModelHeader};
use crate::reigning::Reigning;
use crate::task::{Data, Task};
use crate::{Body, Evaluation, Gain, LearningError, Need, Numbers, Split, Wanted, policy};
use primitives::{ModelVersion, Timestamp};

/// By how much of the strongest baseline a champion may fall short in the number that decides: chance alone moves it
/// that far.
const SHORTFALL_MAX: f64 = 0.02;

/// Why a model of a declaration that was changed since does not answer.
const ANOTHER_QUESTION: &str = "it answers another question than is asked now";

/// A model with its header, not yet stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Where it comes from and how good it is.
    pub header: ModelHeader,
    /// The model.
    pub body: Body,
}

/// Whether a model shall answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it shall.
    pub is_champion: bool,
    /// In words.
    pub reason: String,
}

/// Judges a task on the latest window, from what was known before it.
///
/// # Errors
/// [`LearningError::NotReady`] with everything that is missing; [`LearningError::Model`] where the mathematics refuses.
pub fn evaluate(task: &dyn Task, data: &Data<'_>) -> Result<Evaluation, LearningError> {
    let split = ready(task, data)?;
    let mut evaluation = task.judge(data, &split, None)?.evaluation;
    task.examine(data, &split, &mut evaluation)?;
    Ok(evaluation)
}

/// Trains a model where none answers yet: settings and numbers come from the split by time, then the same settings learn
/// from everything.
///
/// # Errors
/// As [`evaluate`].
pub fn train(task: &dyn Task, data: &Data<'_>) -> Result<Trained, LearningError> {
    challenge(task, data, None)
}

/// Trains a model as [`train`] does, and compares it with the one that answers, on the same customers. Where that one has
/// learned from customers who have refused since and the new one is worse, it is trained once more as of its own time,
/// without them.
///
/// # Errors
/// As [`evaluate`].
pub fn challenge(task: &dyn Task, data: &Data<'_>, reigning: Option<&Reigning>) -> Result<Trained, LearningError> {
    // Who answers another question cannot be compared.
    let other = reigning.filter(|reigning| reigning.model.as_ref().is_ok_and(|it| it.header.asks != task.about().asks));
    let other = other.map(|reigning| Reigning { model: Err(ANOTHER_QUESTION.to_owned()), ..reigning.clone() });
    let reigning = other.as_ref().or(reigning);
    let challenger = fit(task, data, reigning)?.unless_forsaken();
    let is_worse = challenger.header.contest.as_ref().is_some_and(Contest::asks_for_renewal);
    let renewed = reigning.filter(|_| is_worse).and_then(|reigning| renew(task, data, reigning));
    Ok(renewed.unwrap_or(challenger))
}

/// The split, where there is enough to learn from; else everything that is missing.
fn ready(task: &dyn Task, data: &Data<'_>) -> Result<Split, LearningError> {
    let missing: Vec<Need> = task.needs(data).into_iter().filter(|need| !need.met).collect();
    let not_ready = |missing| LearningError::NotReady { task: task.about().name.clone(), missing };
    if missing.is_empty() { task.split(data).ok_or_else(|| not_ready(Vec::new())) } else { Err(not_ready(missing)) }
}

fn fit(task: &dyn Task, data: &Data<'_>, reigning: Option<&Reigning>) -> Result<Trained, LearningError> {
    let split = ready(task, data)?;
    let judged = task.judge(data, &split, reigning)?;
    let fitted = task.fit(data, &split, &judged.settings)?;
    let rows = Wanted::told_in(&judged.settings).map(|wanted| wanted.rows().to_owned());
    let header = ModelHeader {
        task: task.about().name.clone(),
        shape: fitted.body.shape().name(),
        declared: data.catalogue.declared(&fitted.features),
        features: fitted.features,
        trained_at: data.now,
        data_from: split.train_from,
        data_until: split.test_until,
        learned_until: Some(data.dataset.read_until()),
        newest_row: fitted.newest_row.filter(|newest| *newest > split.test_until),
        evaluation: judged.evaluation,
        contest: Some(judged.contest),
        seed: data.seed.value(),
        settings: judged.settings,
        n_customers: fitted.n_customers,
        n_rows: fitted.n_rows,
        n_classes: match &fitted.body {
            Body::Classes(model) => Some(model.names().len() as u64),
            _ => None,
        },
        rows: rows.unwrap_or_else(|| task.about().rows.clone()),
        asks: task.about().asks.clone(),
        of_everybody: task.about().of_everybody,
        method: fitted.method,
        importances: fitted.importances,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Trained { header, body: fitted.body })
}

/// The champion again, as of its own time: whoever has refused since is not in the dataset any more. `None` where too few
/// are left to train from.
fn renew(task: &dyn Task, data: &Data<'_>, reigning: &Reigning) -> Option<Trained> {
    let as_of: Timestamp = reigning.model.as_ref().ok()?.header.data_until;
    let mut again = fit(task, &Data { now: as_of, ..*data }, None).ok()?;
    again.header.trained_at = data.now;
    again.header.contest = Some(Contest::Renewed { champion: reigning.version.clone(), n_refused: reigning.n_refused });
    Some(again)
}

impl Trained {
    /// The bytes of the model file.
    ///
    /// # Errors
    /// As [`file::encode`].
    pub fn to_file(&self) -> Result<Vec<u8>, LearningError> {
        file::encode(&self.header, &self.body)
    }

    /// Itself; or, where chance alone would do better than what goes on learning, what knows nothing, so that what is declared counts.
    pub(crate) fn unless_forsaken(mut self) -> Self {
        let forsaken = self.header.forsaken().is_some();
        if let Body::Policy(policy) = &mut self.body
            && forsaken
        {
            policy.forget();
            self.header.importances.clear();
            self.header.method.push_str(
                "; chance alone would have earned more, so that it answers nothing and what is declared counts",
            );
        }
        self
    }
}

impl ModelHeader {
    /// Whether the model shall answer, and what decided it: first which model answers, then why.
    ///
    /// The rule: in the number that decides (NDCG@10, log-loss) it is not worse than the strongest baseline, neither
    /// beyond noise nor by more than 2 %, and no number that the evaluation bounds is beyond its bound and worse than the
    /// strongest baseline's. Where a simple answer is given without a model, it is better than that beyond noise. Where a model
    /// answers already, it is better than that one beyond noise, on the
    /// same customers over a window that neither has learned from, and its probabilities are no further from what came
    /// true; or that one cannot answer any more; or that one has learned from customers who have refused since, and this
    /// one is not worse beyond noise, or the same without them. Where that one has learned from a day of the window, it
    /// stays. A policy goes on from the one before it, unless what answered did better beyond noise, or chance alone would: then what is
    /// declared answers.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let (is_good_enough, simple) = self.evaluation.standing();
        let champion = self.contest.as_ref().and_then(Contest::champion);
        let (is_champion, reason) = match &self.contest {
            Some(Contest::Continued { champion, .. }) if self.forsaken().is_some() => {
                (true, format!("what is declared answers in place of model {champion}: {simple}"))
            }
            // Whoever refused since must not be learned from any longer, whatever the new one is worth.
            Some(Contest::Continued { champion, n_refused: n @ 1.. }) if !is_good_enough => {
                let refused = refused(*n);
                (
                    true,
                    format!("this model answers in place of model {champion}, which learned from {refused}: {simple}"),
                )
            }
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
                     trained again without them, on what is still known of the time until {until}: nothing shows \
                     that newer data makes a better one"
                );
                (true, reason)
            }
            Some(Contest::Continued { champion, .. }) => {
                let from = match self.evaluation.decides == policy::DECIDES {
                    true => "of whose choices it has learned, too",
                    false => "and has learned from the same and from what came since",
                };
                (true, format!("this model answers, and goes on from model {champion}, {from}: {simple}"))
            }
            Some(Contest::Judged(duel)) => (duel.ruling().is_for_challenger(), duel.sentence()),
            Some(Contest::Unjudged(unjudged)) => (unjudged.n_refused > 0, unjudged.sentence()),
        };
        Verdict { is_champion, reason }
    }

    /// The champion that goes on learning and no longer answers: of what it learned from, chance alone would have made more beyond
    /// noise. It would go on as wrong as it is, since it was learned from the same.
    fn forsaken(&self) -> Option<&ModelVersion> {
        let Some(Contest::Continued { champion, .. }) = &self.contest else { return None };
        let is_worse = self.evaluation.gains.get("uniform").is_some_and(Gain::is_loss);
        (is_worse && self.evaluation.decides == policy::DECIDES).then_some(champion)
    }
}

impl Evaluation {
    /// Whether what was judged would answer where nothing answers yet, and what decides that, by [`ModelHeader::verdict`]'s rule.
    #[must_use]
    pub fn standing(&self) -> (bool, String) {
        match (self.beyond_bounds().next(), self.unbeaten()) {
            (Some(far_off), _) => (false, self.far_off(&far_off)),
            (None, Some(unbeaten)) => (false, unbeaten),
            (None, None) if self.decides == policy::DECIDES => self.against_chance(),
            (None, None) => self.against_simple_answers(),
        }
    }

    fn far_off(&self, found: &Comparison<'_>) -> String {
        let name = found.metric.name;
        let best = found.strongest().map(|(simple, best)| {
            format!(", where the best simple answer ({}) has {best:.4}", self.baseline_title(simple))
        });
        format!(
            "its {} of {:.4} is beyond the {:.4} that is allowed{} ({})",
            metric_in_sentence(name),
            found.model,
            self.bounds.get(name).copied().unwrap_or_default(),
            best.unwrap_or_default(),
            direction(name),
        )
    }

    /// Why the simple answer that is given without a model stays, where it is not beaten beyond noise.
    fn unbeaten(&self) -> Option<String> {
        let name = self.to_beat.as_deref()?;
        let gain = self.gains.get(name).filter(|gain| !gain.is_gain())?;
        Some(format!(
            "in {} it is not better beyond chance than what is answered without it, {} (95 % interval: {})",
            metric_in_sentence(&self.decides),
            self.baseline_title(name),
            gain.in_words(),
        ))
    }

    /// A policy learns from what it chooses itself: it answers as soon as nothing says that what answers now, or chance alone, does
    /// better.
    fn against_chance(&self) -> (bool, String) {
        let value =
            |numbers: Option<&Numbers>| numbers.and_then(|of| of.get(policy::DECIDES)).copied().unwrap_or_default();
        let ours = value(Some(&self.metrics));
        let gain = |name: &str| self.gains.get(name);
        let beside = |name: &str, said: &str| {
            let (is_worse, is_better) = (gain(name).is_some_and(Gain::is_loss), gain(name).is_some_and(Gain::is_gain));
            let how = match (is_better, is_worse) {
                (true, _) => "more than",
                (_, true) => "less than",
                _ => "not clearly other than",
            };
            let interval = gain(name).map(|gain| format!(" (95 % interval: {})", gain.in_words()));
            let theirs = value(self.baselines.get(name));
            (!is_worse, format!("{how} the {theirs:.4} {said}{}", interval.unwrap_or_default()))
        };
        let (beats_chance, chance) = beside("uniform", "of any action with equal chance");
        let (beats_logged, logged) = beside("logged", "that was earned by what was chosen then");
        let said = format!("a choice of it would have earned {ours:.4} in the mean, {chance}, and {logged}");
        (beats_chance && beats_logged, said)
    }

    fn against_simple_answers(&self) -> (bool, String) {
        let Some((decides, (name, baseline))) = self.deciding().and_then(|c| Some((c.clone(), c.strongest()?))) else {
            return (true, "there is nothing to compare it with".to_owned());
        };
        let ahead = decides.metric.ahead(decides.model, baseline);
        let gain = self.gains.get(name);
        let is_worse = gain.is_some_and(Gain::is_loss);
        let is_good_enough = !is_worse && ahead >= -SHORTFALL_MAX * baseline.abs();
        let said = format!(
            "its {} of {:.4} is {} the {:.4} of the best simple answer ({}; {})",
            metric_in_sentence(decides.metric.name),
            decides.model,
            // Where nobody knows how sure it is, the numbers speak.
            if ahead > 0.0 && gain.is_none_or(Gain::is_gain) {
                "better than"
            } else if is_good_enough {
                "about as good as"
            } else {
                "worse than"
            },
            baseline,
            self.baseline_title(name),
            direction(decides.metric.name),
        );
        (is_good_enough, said)
    }
}
