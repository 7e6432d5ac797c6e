//! How is a question of yes or no learned and judged? Boosted trees over the features, calibrated on customers they have not
//! seen. One task serves every such outcome, built in or declared.

pub(crate) mod rows;

pub(crate) use rows::Rows;

use crate::body::{BinaryModel, Body};
use crate::contest::{Contest, Paired};
use crate::evaluation::{Evaluation, Numbers, curve, mean, paired_gain, redrawn};
use crate::need::{Need, WAIT};
use crate::outcome::{Among, Label, Outcome, What};
use crate::reigning::Reigning;
use crate::split::{Split, WARM_UP_DAYS, outcome_as_ofs};
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json};
use crate::{Calendar, Importance, LearningError, Loaded};
use features::{FeatureId, Inputs, Watch};
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

/// Of so many customers it must have come true in the test, and of so many not: with fewer the numbers are chance.
pub(crate) const N_EACH_MIN: u64 = 20;

/// A feature that alone tells who it comes true of as surely as this is known only afterwards, or is the answer itself.
const LEAK_AUC: f64 = 0.99;

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

/// Learns a question of yes or no.
#[derive(Debug, Clone)]
pub struct Binary {
    outcome: Outcome,
    about: TaskAbout,
}

impl Binary {
    /// The task of foretelling an outcome.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        let about = TaskAbout {
            name: outcome.name.clone(),
            title: outcome.title.clone(),
            question: outcome.question.clone(),
            rows: "customers at weekly moments".to_owned(),
            asks: outcome.asks(),
            of_everybody: !matches!(outcome.among, Among::Did { what: What::Purchase, .. }),
        };
        Self { outcome, about }
    }

    /// On which days something can be concluded: those on which purchases came in as usual, or any event.
    fn calendar(&self, data: &Data<'_>) -> Option<Calendar> {
        if self.outcome.is_about_purchases() {
            data.dataset.calendar(data.now)
        } else {
            data.dataset.any_calendar(data.now)
        }
    }

    /// Of moments those since the event that is to happen was told of for the first time: before, it did not fail to happen.
    fn since_it_is_told(&self, data: &Data<'_>, mut as_ofs: Vec<Timestamp>) -> Vec<Timestamp> {
        if !self.outcome.is_about_purchases() {
            let first = self.outcome.first_told(data.dataset);
            as_ofs.retain(|as_of| first.is_some_and(|first| *as_of >= first));
        }
        as_ofs
    }

    /// The features that are looked at: all that this program computes.
    fn inputs(data: &Data<'_>) -> (Vec<FeatureId>, Inputs) {
        let inputs = data.catalogue.all();
        (inputs.ids(), inputs)
    }

    /// Fits the trees on all customers, and learns what their scores mean from customers whom the trees did not see: each
    /// fold is scored by trees that were fitted on the other folds. The newest moments alone are asked, since how many it
    /// comes true of changes with time, and the model will be asked about a moment that is newer still.
    fn grow(
        &self,
        rows: &Rows,
        features: &[FeatureId],
        settings: &BinarySettings,
        seed: Seed,
    ) -> Result<BinaryModel, LearningError> {
        let name = self.about.name.as_str();
        let fit_forest = |rows: &Rows| -> Result<BoostModel, LearningError> {
            let frame = rows.frame().map_err(LearningError::model("read the frame"))?;
            let forest = settings.boost.fit(frame, &rows.labels, None, seed);
            forest.map_err(LearningError::model("fit the trees"))
        };
        let since = rows.newest().plus_days(-settings.calibration_days);
        let n_folds = if rows.len() < N_ROWS_MANY { rows::N_FOLDS } else { 1 };
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        for fold in 0..n_folds {
            let unseen = rows.filtered(|row| rows::fold_of(name, &row.customer) == fold && row.as_of >= since);
            let forest = fit_forest(&rows.filtered(|row| rows::fold_of(name, &row.customer) != fold))?;
            scores.extend(score_all(&forest, &unseen)?);
            labels.extend(unseen.labels);
        }
        let calibration = settings.calibration.fit(&scores, &labels, None);
        let calibration = calibration.map_err(LearningError::model("calibrate the scores"))?;
        Ok(BinaryModel::new(fit_forest(rows)?, calibration, features))
    }

    /// The days since the customer was last heard of in the way that the outcome is about, calibrated.
    fn recency_place(&self, features: &[FeatureId]) -> Option<usize> {
        let name = if self.outcome.is_about_purchases() { "recency_days" } else { "last_seen_days" };
        rows::place_of(features, name)
    }

    fn contest(
        &self,
        data: &Data<'_>,
        judged: &Evaluation,
        foretold: &Foretold,
        reigning: Option<&Reigning>,
    ) -> Result<Contest, LearningError> {
        let (labels, name, seed) = (&foretold.labels, self.about.name.as_str(), data.seed);
        let judge = |loaded: &Loaded| {
            let Body::Binary(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a model of yes or no was expected".to_owned() });
            };
            let inputs = data.catalogue.inputs(&loaded.header.features)?;
            let rows = Rows::of(data, &self.outcome, &inputs, &[judged.split.test_from]);
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
        &self.about
    }

    fn watches(&self) -> Vec<Watch> {
        self.outcome.watches()
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let calendar = self.calendar(data);
        let split = self.split(data);
        let n_days = calendar.as_ref().map_or(0, Calendar::n_days);
        let window = self.outcome.window_days;
        let mut needs = vec![
            Need::new(
                if self.outcome.is_about_purchases() { "days of purchases" } else { "days of history" },
                u64::try_from(2 * window + WARM_UP_DAYS).unwrap_or(0),
                u64::try_from(n_days).unwrap_or(0),
                WAIT,
            ),
            Need::new(
                format!("windows of {window} days without a gap, one to learn from and one to be judged on"),
                2,
                if split.is_some() { 2 } else { u64::from(n_days >= window) },
                WAIT,
            ),
        ];
        let count = |split: &Split| rows::count(data, &self.outcome, &split.train_as_ofs, split.test_from);
        let [(n_learned_true, n_learned_false), (n_true, n_false)] = split.as_ref().map(count).unwrap_or_default();
        for watch in self.outcome.watches() {
            if let Some(how) = data.dataset.missing(&watch) {
                needs.push(Need::new(
                    format!("events \"{}\" as the outcome means them", watch.filter.event),
                    1,
                    0,
                    how,
                ));
            }
        }
        const MORE: &str = "import older events, wait while they come in, or check what the outcome counts";
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
        let mut split = Split::outcome(&self.calendar(data)?, self.outcome.window_days)?;
        split.train_as_ofs = self.since_it_is_told(data, split.train_as_ofs);
        (!split.train_as_ofs.is_empty()).then_some(split)
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = BinarySettings::default();
        let (features, inputs) = Self::inputs(data);
        let train = Rows::of(data, &self.outcome, &inputs, &split.train_as_ofs);
        let test = Rows::of(data, &self.outcome, &inputs, &[split.test_from]);
        let ours = probabilities(&self.grow(&train, &features, &settings, data.seed)?, &test)?;
        let mut theirs = vec![("constant", vec![mean(train.labels.iter().copied()); test.len()])];
        if let Some(place) = self.recency_place(&features) {
            // What happens is the likelier the later something happened last, and what does not happen the less likely.
            let sign = if matches!(self.outcome.label, Label::Did(_)) { -1.0 } else { 1.0 };
            let days = |rows: &Rows| rows.column(place).into_iter().map(|days| sign * days).collect::<Vec<_>>();
            let known = |days: Vec<f64>| days.into_iter().zip(&train.labels).filter(|(days, _)| days.is_finite());
            let (of_known, labels): (Vec<f64>, Vec<f64>) =
                known(days(&train)).map(|(days, label)| (days, *label)).unzip();
            // Of whom that is not known, everybody's share is said.
            let overall = mean(train.labels.iter().copied());
            if !of_known.is_empty() {
                let recency = settings.calibration.fit(&of_known, &labels, None);
                let recency = recency.map_err(LearningError::model("calibrate the days since the last time"))?;
                let said = |days: f64| if days.is_finite() { recency.apply(days).get() } else { overall };
                theirs.push(("recency", days(&test).into_iter().map(said).collect()));
            }
        }
        let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
        for (baseline, probabilities) in &theirs {
            baselines.insert((*baseline).to_owned(), summary(probabilities, &test.labels)?);
            let label = format!("evaluate {} against {baseline}", self.about.name);
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
            gains,
            calibration: curve(&ours, &test.labels, N_CURVE_BINS),
            warnings: leaks(&test, &features, data),
        };
        let contest = self.contest(data, &evaluation, &Foretold { ours, labels: test.labels }, reigning)?;
        Ok(Judged { settings: as_json(&settings)?, evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, split: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: BinarySettings = serde_json::from_value(settings.clone())
            .map_err(|error| LearningError::File { reason: format!("its settings: {error}") })?;
        let (features, inputs) = Self::inputs(data);
        let as_ofs = outcome_as_ofs(split.train_from, split.test_until, split.window_days, &split.gaps);
        let as_ofs = self.since_it_is_told(data, as_ofs);
        let rows = Rows::of(data, &self.outcome, &inputs, &as_ofs);
        let model = self.grow(&rows, &features, &settings, data.seed)?;
        Ok(Fitted {
            n_rows: rows.len() as u64,
            n_customers: rows.n_customers() as u64,
            newest_row: None,
            importances: importances(&model, &rows, &features),
            method: format!(
                "Gradient boosting, {} trees, isotonic calibration on customers held out",
                settings.boost.n_trees
            ),
            body: Body::Binary(model),
            features,
        })
    }
}

/// The features that tell alone, and all too well, of whom it comes true: they are known only afterwards, or are the answer
/// in another form.
fn leaks(test: &Rows, features: &[FeatureId], data: &Data<'_>) -> Vec<String> {
    let tells = |place: &usize| {
        // Not known is an answer of its own: it stands below all others.
        let known = test.column(*place).into_iter().map(|value| if value.is_nan() { f64::MIN } else { value });
        let auc = auc(&known.collect::<Vec<_>>(), &test.labels, None).unwrap_or(0.5);
        auc.max(1.0 - auc) >= LEAK_AUC
    };
    let found: Vec<usize> = (0..features.len()).into_par_iter().filter(tells).collect();
    let sentence = |place: usize| {
        let name = &features[place].name;
        let meaning = data.catalogue.get(name).map_or_else(String::new, |found| format!(" ({})", found.meaning));
        format!(
            "`{name}`{meaning} alone tells almost surely of whom it comes true. Is it known only afterwards, or the answer \
             in another form? Take it out of what is asked, or ask further ahead"
        )
    };
    found.into_iter().map(sentence).collect()
}

fn score_all(forest: &BoostModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
    let frame = rows.frame().map_err(LearningError::model("read the frame"))?;
    forest.score_all(frame).map_err(LearningError::model("score the frame"))
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

/// Mean absolute contributions over evenly spread rows, largest first.
fn importances(model: &BinaryModel, rows: &Rows, features: &[FeatureId]) -> Vec<Importance> {
    let step = rows.len().div_ceil(N_IMPORTANCE_ROWS_MAX).max(1);
    let spread: Vec<usize> = (0..rows.len()).step_by(step).collect();
    let each: Vec<Vec<f64>> =
        spread.par_iter().with_min_len(16).map(|row| model.forest().contributions(rows.row(*row)).values).collect();
    let mut sums = vec![0.0; features.len()];
    for values in each {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.abs());
    }
    let total: f64 = sums.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let shares = features.iter().zip(&sums).filter(|(_, sum)| **sum > 0.0);
    let mut importances: Vec<Importance> =
        shares.map(|(feature, sum)| Importance { feature: feature.name.to_string(), share: sum / total }).collect();
    importances.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.feature.cmp(&b.feature)));
    importances
}
