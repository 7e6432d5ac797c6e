//! How is the recommender learned and judged? Settings by a validation window, numbers by a later test window.

use crate::contest::{Contest, Paired, Reigning};
use crate::evaluation::{Gain, paired_gain};
use crate::outcomes::next_items;
use crate::{Dataset, LearningError, Loaded, Model, ModelKind, RankingMetrics, RecommendEvaluation, Split, readiness};
use features::FeatureState;
use models::metrics::{coverage, ndcg_at_k, recall_at_k};
use models::recommend::{
    HistoryItem, Interaction, Interactions, ItemToItem, ItemToItemModel, rank_by_frequency, rank_by_popularity,
};
use primitives::{ItemKey, Seed, Timestamp, stable_hash};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many places are judged.
const K: usize = 10;

/// At most this many customers choose the settings: enough to tell settings apart, few enough to take seconds.
const N_VALIDATION_MAX: usize = 3_000;

/// A candidate is clearly worse where it is behind by more than this many standard errors: 95 %.
const CLEARLY_SE: f64 = 1.96;

/// What a customer has bought, as the recommender wants it: live and in training the same purchases, those that the
/// feature state remembers.
#[must_use]
pub fn history_of(state: &FeatureState, as_of: Timestamp) -> Vec<HistoryItem> {
    let lines = state.lines().iter();
    lines
        .map(|line| HistoryItem { item: line.item, age_days: as_of.days_since(line.at), quantity: pieces(line) })
        .collect()
}

/// Judges the recommender on the last window: the whole catalogue is ranked, from what was known before it.
///
/// All lists are made for the same customers from the same split. The customer's own items are filled up with the
/// popular ones, so that no list is short.
///
/// # Errors
/// [`LearningError::NotReady`] where there is too little history; [`LearningError::Model`].
pub fn evaluate_recommend(dataset: &Dataset, now: Timestamp, seed: Seed) -> Result<RecommendEvaluation, LearningError> {
    readiness::check(ModelKind::Recommend, dataset, now)?;
    Ok(choose_and_judge(dataset, &split(dataset, now)?, seed)?.1.evaluation)
}

/// Fits a recommender on everything that was received by a moment.
pub(crate) fn fit(
    dataset: &Dataset,
    as_of: Timestamp,
    settings: &ItemToItem,
    seed: Seed,
) -> Result<ItemToItemModel, LearningError> {
    settings.fit(&interactions(dataset, as_of), seed).map_err(LearningError::model("fit the recommender"))
}

/// The split of a dataset.
pub(crate) fn split(dataset: &Dataset, now: Timestamp) -> Result<Split, LearningError> {
    let split = dataset.calendar(now).and_then(|calendar| Split::recommend(&calendar));
    split.ok_or_else(|| readiness::not_ready(ModelKind::Recommend, dataset, now))
}

/// Chooses settings before the test window, and judges them in it.
pub(crate) fn choose_and_judge(
    dataset: &Dataset,
    split: &Split,
    seed: Seed,
) -> Result<(ItemToItem, JudgedCases), LearningError> {
    let settings = choose(dataset, split, seed)?;
    let judged = judge(dataset, split, &settings, seed)?;
    Ok((settings, judged))
}

/// Which item a line is about how many pieces of: at least a thousandth, since a purchase of nothing cannot be.
fn pieces(line: &features::Line) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the pieces of a line are at most 10^12 thousandths")]
    let milli = line.milli_units.max(1) as f64;
    milli / 1_000.0
}

/// Every purchase that was received by a moment.
fn interactions(dataset: &Dataset, as_of: Timestamp) -> Interactions {
    let mut items: Vec<ItemKey> =
        dataset.traces().flat_map(|(_, trace)| trace.lines_until(as_of)).map(|line| line.item).collect();
    items.sort_unstable();
    items.dedup();
    let mut rows = Vec::new();
    for (customer, (_, trace)) in (0_u32..).zip(dataset.traces()) {
        rows.extend(trace.lines_until(as_of).map(|line| Interaction {
            customer,
            item: items.binary_search(&line.item).ok().and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX),
            age_days: as_of.days_since(line.at),
            quantity: pieces(line),
        }));
    }
    Interactions { rows, items }
}

/// A customer in a test: what they had bought, and what they bought then.
struct Case {
    history: Vec<HistoryItem>,
    wanted: BTreeSet<ItemKey>,
}

/// The customers known before the window who buy in it, at most `n_max` of them, drawn by the seed.
fn cases(dataset: &Dataset, split: &Split, n_max: usize, seed: Seed) -> Vec<Case> {
    let mut drawn: Vec<(u64, &features::Trace)> = dataset
        .traces()
        .filter(|(_, trace)| {
            trace.lines_until(split.train_until).next().is_some()
                && !trace.items_between(split.test_from, split.test_until).is_empty()
        })
        .map(|(id, trace)| (stable_hash(&format!("{}:{id}", seed.value())), trace))
        .collect();
    if drawn.len() > n_max {
        drawn.sort_by_key(|(hash, _)| *hash);
        drawn.truncate(n_max);
    }
    drawn
        .into_par_iter()
        .map(|(_, trace)| Case {
            history: history_of(&trace.state_at(split.train_until), split.train_until),
            wanted: next_items::bought(trace, split.test_from, split.test_until),
        })
        .collect()
}

/// The first candidate that is not clearly worse than the best in the window before the test: the difference in NDCG@10,
/// customer by customer, is within its 95 % interval of none.
///
/// Not the best itself: one window is one throw of the dice, and the earlier candidates lean less on what the customer
/// bought before than the last ones do. Where there is no such window, the first candidate. *Source*: the standard-error rule of Breiman et
/// al. 1984, section 3.4.3, with 1.96 standard errors of paired differences.
fn choose(dataset: &Dataset, split: &Split, seed: Seed) -> Result<ItemToItem, LearningError> {
    let mut candidates = ItemToItem::candidates();
    let Some(window) = split.validation() else { return Ok(candidates.swap_remove(0)) };
    let cases = cases(dataset, &window, N_VALIDATION_MAX, seed);
    let known = interactions(dataset, window.train_until);
    if cases.is_empty() || known.rows.is_empty() {
        return Ok(candidates.swap_remove(0));
    }
    let mut fitted: Option<ItemToItemModel> = None;
    let mut found: Vec<Vec<f64>> = Vec::with_capacity(candidates.len());
    for settings in &candidates {
        let model = match fitted.as_ref().and_then(|model| model.reweighted(settings)) {
            Some(model) => model,
            None => settings.fit(&known, seed).map_err(LearningError::model("fit a candidate recommender"))?,
        };
        found.push(rank(&cases, |case| model_list(&model, case)).iter().map(|judged| judged.ndcg).collect());
        fitted = Some(model);
    }
    let Some(best) = found.iter().max_by(|a, b| mean(a).total_cmp(&mean(b))) else {
        return Ok(candidates.swap_remove(0));
    };
    let chosen = found.iter().position(|candidate| {
        let behind: Vec<f64> = best.iter().zip(candidate).map(|(best, ours)| best - ours).collect();
        mean(&behind) <= CLEARLY_SE * standard_error(&behind)
    });
    Ok(candidates.swap_remove(chosen.unwrap_or(0)))
}

/// What was shown to whom, and how good it was.
pub(crate) struct JudgedCases {
    pub(crate) evaluation: RecommendEvaluation,
    cases: Vec<Case>,
    ours: Vec<Judged>,
}

impl JudgedCases {
    /// The reigning champion's lists for the same customers.
    pub(crate) fn contest(&self, reigning: Option<&Reigning>, seed: Seed) -> Result<Contest, LearningError> {
        let judge = |loaded: &Loaded| {
            let Model::Recommend(champion) = &loaded.model else {
                return Err(LearningError::File { reason: "a recommender was expected".to_owned() });
            };
            let theirs = rank(&self.cases, |case| model_list(champion, case));
            let score = Paired {
                challenger: self.evaluation.metrics.ndcg_at_10,
                champion: mean(&theirs.iter().map(|judged| judged.ndcg).collect::<Vec<_>>()),
                gain: ndcg_gain(&self.ours, &theirs, seed, "recommend against the champion"),
            };
            Ok((self.cases.len() as u64, score, None))
        };
        Contest::of(reigning, judge, "ndcg@10", &self.evaluation.split)
    }
}

/// By how much our NDCG@10 is above theirs, customer by customer.
fn ndcg_gain(ours: &[Judged], theirs: &[Judged], seed: Seed, label: &str) -> Gain {
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a.ndcg - b.ndcg).collect();
    paired_gain(&differences, seed, label)
}

fn judge(dataset: &Dataset, split: &Split, settings: &ItemToItem, seed: Seed) -> Result<JudgedCases, LearningError> {
    let known = interactions(dataset, split.train_until);
    let n_items = known.items.len();
    let model = settings.fit(&known, seed).map_err(LearningError::model("fit the recommender to be judged"))?;
    let popular = rank_by_popularity(&known).map_err(LearningError::model("rank by popularity"))?;
    drop(known);
    let cases = cases(dataset, split, usize::MAX, seed);
    let ours = rank(&cases, |case| model_list(&model, case));
    let theirs = [
        ("popularity", rank(&cases, |_| popular.iter().copied().take(K).collect())),
        ("personal_frequency", rank(&cases, |case| filled_up(rank_by_frequency(&case.history), &popular))),
    ];
    let gain = |name: &str, baseline: &[Judged]| {
        ndcg_gain(&ours, baseline, seed, &format!("evaluate recommend against {name}"))
    };
    let evaluation = RecommendEvaluation {
        split: split.clone(),
        n_customers: cases.len() as u64,
        n_items: n_items as u64,
        metrics: summary(&ours, n_items),
        ndcg_gain: theirs.iter().map(|(name, judged)| ((*name).to_owned(), gain(name, judged))).collect(),
        baselines: theirs
            .iter()
            .map(|(name, judged)| ((*name).to_owned(), summary(judged, n_items)))
            .collect::<BTreeMap<_, _>>(),
    };
    Ok(JudgedCases { evaluation, cases, ours })
}

/// One customer's list, and how good it was.
struct Judged {
    list: Vec<ItemKey>,
    ndcg: f64,
    recall: f64,
}

fn rank(cases: &[Case], list: impl Fn(&Case) -> Vec<ItemKey> + Sync) -> Vec<Judged> {
    let judged = cases.par_iter().with_min_len(16).map(|case| {
        let list = list(case);
        // A case has wanted items, so there is always an answer.
        let ndcg = ndcg_at_k(&list, &case.wanted, K).unwrap_or(0.0);
        let recall = recall_at_k(&list, &case.wanted, K).unwrap_or(0.0);
        Judged { list, ndcg, recall }
    });
    judged.collect()
}

fn model_list(model: &ItemToItemModel, case: &Case) -> Vec<ItemKey> {
    model.score(&case.history, K, &|_| true).into_iter().map(|scored| scored.item).collect()
}

fn filled_up(mut own: Vec<ItemKey>, popular: &[ItemKey]) -> Vec<ItemKey> {
    own.truncate(K);
    let missing = popular.iter().filter(|item| !own.contains(item)).take(K - own.len());
    let missing: Vec<ItemKey> = missing.copied().collect();
    own.extend(missing);
    own
}

fn summary(judged: &[Judged], n_items: usize) -> RankingMetrics {
    RankingMetrics {
        ndcg_at_10: mean(&judged.iter().map(|judged| judged.ndcg).collect::<Vec<_>>()),
        recall_at_10: mean(&judged.iter().map(|judged| judged.recall).collect::<Vec<_>>()),
        coverage: coverage(judged.iter().map(|judged| judged.list.as_slice()), n_items),
    }
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 customers")]
    let n = values.len().max(1) as f64;
    values.iter().sum::<f64>() / n
}

/// Of the mean: the standard deviation over the root of how many there are.
fn standard_error(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: Vec<f64> = values.iter().map(|value| (value - centre).powi(2)).collect();
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 customers")]
    let n = values.len().max(1) as f64;
    (mean(&squares) / n).sqrt()
}
