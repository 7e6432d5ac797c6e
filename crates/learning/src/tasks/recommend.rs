//! How is the recommender learned and judged? Settings by a validation window, numbers by a later test window: **the
//! different items of all purchases in (`as_of`, `until`]**.

use crate::contest::{Contest, Paired};
use crate::evaluation::{Evaluation, Gain, Numbers, mean as mean_of, paired_gain};
use crate::need::{Need, WAIT};
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout, as_json, from_json};
use crate::{Body, Calendar, Dataset, LearningError, Loaded, Wanted};
use features::{FeatureState, Touched};
use models::metrics::{coverage, ndcg_at_k, recall_at_k};
use models::recommend::{
    HistoryItem, Interaction, Interactions, ItemToItem, ItemToItemModel, Query, Recommender, Scored, rank_by_frequency,
    rank_by_popularity,
};
use primitives::{ItemKey, Seed, Timestamp, stable_hash};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many days ahead a recommendation is judged, where there is enough history: what a shop wants to know today is what
/// sells soon, and the longer the window, the older what was learned. At most a quarter of the history.
const WINDOW_DAYS: i64 = 14;

/// How many places are judged.
const K: usize = 10;

/// At most this many customers choose the settings: enough to tell settings apart, few enough to take seconds.
const N_VALIDATION_MAX: usize = 3_000;

/// How to get more to learn from.
const MORE_TO_LEARN: &str = "import older purchases or keep sending `Order Completed` events; where nothing is sold, what is \
                             read, watched or heard, such as `Content Played` or `Article Read`";

/// A candidate is clearly worse where it is behind by more than this many standard errors: 95 %.
const CLEARLY_SE: f64 = 1.96;

/// Learns which items a customer buys next.
#[derive(Debug, Clone)]
pub struct Recommend {
    about: TaskAbout,
}

impl Default for Recommend {
    fn default() -> Self {
        let about = TaskAbout {
            name: "recommend".into(),
            title: "Recommendations".to_owned(),
            question: "What will this customer want next?".to_owned(),
            rows: "purchases".to_owned(),
            asks: String::new(),
            of_everybody: false,
        };
        Self { about }
    }
}

impl Task for Recommend {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let (split, wanted) = (self.split(data), data.dataset.wanted());
        let (mut n_repeat, mut n_returned, mut items) = (0, 0, BTreeSet::new());
        for (_, trace) in data.dataset.traces() {
            let touched = trace.touched_until(data.now, wanted.ways());
            items.extend(touched.iter().map(|touched| touched.item));
            let moments: Vec<Timestamp> = match wanted {
                Wanted::Bought => trace.orders_between(Timestamp::MIN, data.now).map(|order| order.at).collect(),
                Wanted::Consumed | Wanted::Viewed => touched.iter().map(|touched| touched.at).collect(),
            };
            n_repeat += u64::from(moments.len() > 1);
            if let Some(Split { test_from, test_until, .. }) = &split {
                let within = |at: &Timestamp| at > test_from && at <= test_until;
                let has_returned = moments.iter().any(|at| at <= test_from) && moments.iter().any(within);
                n_returned += u64::from(has_returned);
            }
        }
        let n_days = data.dataset.wanted_calendar(data.now).as_ref().map_or(0, Calendar::n_days);
        let (rows, did) = (wanted.rows(), wanted.did());
        vec![
            Need::of_customers(format!("customers with two {rows} or more"), 50, n_repeat, MORE_TO_LEARN),
            Need::new(
                format!("different items that were {did}"),
                20,
                items.len() as u64,
                "sell or show more different items, and name them in each event: in an order as `products`",
            ),
            Need::new(format!("days of {rows}"), 14, u64::try_from(n_days).unwrap_or(0), WAIT),
            Need::of_customers(format!("earlier customers who {did} again in the last window"), 20, n_returned, WAIT),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let calendar = data.dataset.wanted_calendar(data.now)?;
        Split::last_window(&calendar, (calendar.n_days() / 4).min(WINDOW_DAYS))
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let settings = choose(data.dataset, split, data.seed)?;
        let judged = judge(data.dataset, split, &settings, data.seed)?;
        let contest = judged.contest(reigning, data.seed)?;
        let mut settings = as_json(&settings)?;
        data.dataset.wanted().write(&mut settings);
        Ok(Judged { settings, evaluation: judged.evaluation, contest })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, settings: &serde_json::Value) -> Result<Fitted, LearningError> {
        let settings: ItemToItem = from_json(&Wanted::left_out(settings))?;
        // What is known now, not at the end of the split: the two differ by the events after the last whole day.
        let model = fit(data.dataset, data.now, &settings, data.seed)?;
        let ways = data.dataset.wanted().ways();
        let touched = data.dataset.traces().map(|(_, trace)| trace.touched_until(data.now, ways));
        let (mut n_rows_each, mut newest): (Vec<u64>, Option<Timestamp>) = (Vec::new(), None);
        for touched in touched.filter(|touched| !touched.is_empty()) {
            n_rows_each.push(touched.len() as u64);
            newest = newest.max(touched.last().map(|touched| touched.at));
        }
        Ok(Fitted {
            body: Body::Ranker(model.into()),
            features: Vec::new(),
            n_rows: n_rows_each.iter().sum(),
            n_customers: n_rows_each.len() as u64,
            newest_row: newest,
            importances: Vec::new(),
            method: "Item-to-item similarity, own repetition and popularity".to_owned(),
        })
    }
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

/// What a customer has bought, or read, watched or heard, as the recommender wants it: live and in training the same, what the
/// feature state remembers.
#[must_use]
pub fn history_of(wanted: Wanted, state: &FeatureState, as_of: Timestamp) -> Vec<HistoryItem> {
    let touched = wanted.remembered(state).into_iter();
    touched
        .map(|line| HistoryItem { item: line.item, age_days: as_of.days_since(line.at), quantity: pieces(&line) })
        .collect()
}

/// How many pieces of an item: at least a thousandth, since a purchase of nothing cannot be.
fn pieces(line: &Touched) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the pieces of a line are at most 10^12 thousandths")]
    let milli = line.milli_units.max(1) as f64;
    milli / 1_000.0
}

/// Every purchase that was received by a moment, or what else is wanted here.
fn interactions(dataset: &Dataset, as_of: Timestamp) -> Interactions {
    let ways = dataset.wanted().ways();
    let touched = dataset.traces().flat_map(|(_, trace)| trace.touched_until(as_of, ways));
    let mut items: Vec<ItemKey> = touched.map(|touched| touched.item).collect();
    items.sort_unstable();
    items.dedup();
    let mut rows = Vec::new();
    for (customer, (_, trace)) in (0_u32..).zip(dataset.traces()) {
        rows.extend(trace.touched_until(as_of, ways).iter().map(|line| Interaction {
            customer,
            item: items.binary_search(&line.item).ok().and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX),
            age_days: as_of.days_since(line.at),
            quantity: pieces(line),
        }));
    }
    let traits = items.iter().map(|key| dataset.item(*key).cloned().unwrap_or_default()).collect();
    Interactions { rows, items, traits, ..Interactions::default() }
}

/// A customer in a test: what they had bought, and what they bought then.
struct Case {
    history: Vec<HistoryItem>,
    wanted: BTreeSet<ItemKey>,
}

/// The customers known before the window who buy in it, at most `n_max` of them, drawn by the seed.
fn cases(dataset: &Dataset, split: &Split, n_max: usize, seed: Seed) -> Vec<Case> {
    let wanted = dataset.wanted();
    let items_of = |trace: &features::Trace| -> BTreeSet<ItemKey> {
        let touched = trace.touched_between(split.test_from, split.test_until, wanted.ways());
        touched.into_iter().map(|touched| touched.item).collect()
    };
    let mut drawn: Vec<(u64, &features::Trace)> = dataset
        .traces()
        .filter(|(_, trace)| {
            !trace.touched_until(split.train_until, wanted.ways()).is_empty() && !items_of(trace).is_empty()
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
            history: history_of(wanted, &trace.state_at(split.train_until), split.train_until),
            wanted: items_of(trace),
        })
        .collect()
}

/// The first candidate that is not clearly worse than the best in the window before the test: the difference in NDCG@10,
/// customer by customer, is within its 95 % interval of none.
///
/// Not the best itself: one window is one throw of the dice, and the earlier candidates lean less on what the customer
/// bought before than the last ones do. Where there is no such window, the first candidate. *Source*: the standard-error rule of Breiman et
/// al. 1984, section 3.4.3, with 1.96 standard errors of paired differences.
pub(crate) fn choose(dataset: &Dataset, split: &Split, seed: Seed) -> Result<ItemToItem, LearningError> {
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
        found.push(
            rank(&cases, |case| ids(model.score(&case.history, K, &|_| true)))
                .iter()
                .map(|judged| judged.ndcg)
                .collect(),
        );
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
    pub(crate) evaluation: Evaluation,
    cases: Vec<Case>,
    ours: Vec<JudgedList>,
}

impl JudgedCases {
    /// The reigning champion's lists for the same customers.
    pub(crate) fn contest(&self, reigning: Option<&Reigning>, seed: Seed) -> Result<Contest, LearningError> {
        let judge = |loaded: &Loaded| {
            let Body::Ranker(champion) = &loaded.body else {
                return Err(LearningError::File { reason: "a recommender was expected".to_owned() });
            };
            let theirs = rank(&self.cases, |case| list_of(champion, case));
            let score = Paired {
                challenger: mean_of(self.ours.iter().map(|judged| judged.ndcg)),
                champion: mean_of(theirs.iter().map(|judged| judged.ndcg)),
                gain: ndcg_gain(&self.ours, &theirs, seed, "recommend against the champion"),
            };
            Ok((self.cases.len() as u64, score, None))
        };
        Contest::of(reigning, judge, "ndcg@10", &self.evaluation.split)
    }
}

/// By how much our NDCG@10 is above theirs, customer by customer.
fn ndcg_gain(ours: &[JudgedList], theirs: &[JudgedList], seed: Seed, label: &str) -> Gain {
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a.ndcg - b.ndcg).collect();
    paired_gain(&differences, seed, label)
}

/// Ranks the whole catalogue, from what was known before the window. All lists are made for the same customers from the same
/// split; the customer's own items are filled up with the popular ones, so that no list is short.
pub(crate) fn judge(
    dataset: &Dataset,
    split: &Split,
    settings: &ItemToItem,
    seed: Seed,
) -> Result<JudgedCases, LearningError> {
    let known = interactions(dataset, split.train_until);
    let (n_items, n_train) = (known.items.len(), known.rows.len());
    let model = settings.fit(&known, seed).map_err(LearningError::model("fit the recommender to be judged"))?;
    let popular = rank_by_popularity(&known).map_err(LearningError::model("rank by popularity"))?;
    drop(known);
    let cases = cases(dataset, split, usize::MAX, seed);
    let model = Recommender::from(model);
    let ours = rank(&cases, |case| list_of(&model, case));
    let theirs = [
        ("popularity", rank(&cases, |_| popular.iter().copied().take(K).collect())),
        ("personal_frequency", rank(&cases, |case| filled_up(rank_by_frequency(&case.history), &popular))),
    ];
    let gain = |name: &str, baseline: &[JudgedList]| {
        ndcg_gain(&ours, baseline, seed, &format!("evaluate recommend against {name}"))
    };
    let evaluation = Evaluation {
        split: split.clone(),
        n_train: n_train as u64,
        n_test: cases.len() as u64,
        counts: BTreeMap::from([
            ("n_customers".to_owned(), cases.len() as u64),
            ("n_items".to_owned(), n_items as u64),
        ]),
        base_rate: None,
        decides: "ndcg@10".to_owned(),
        bounds: Numbers::new(),
        metrics: summary(&ours, n_items),
        baselines: theirs.iter().map(|(name, judged)| ((*name).to_owned(), summary(judged, n_items))).collect(),
        baseline_titles: BTreeMap::new(),
        gains: theirs.iter().map(|(name, judged)| ((*name).to_owned(), gain(name, judged))).collect(),
        calibration: Vec::new(),
        warnings: Vec::new(),
    };
    Ok(JudgedCases { evaluation, cases, ours })
}

/// One customer's list, and how good it was.
struct JudgedList {
    list: Vec<ItemKey>,
    ndcg: f64,
    recall: f64,
}

fn rank(cases: &[Case], list: impl Fn(&Case) -> Vec<ItemKey> + Sync) -> Vec<JudgedList> {
    let judged = cases.par_iter().with_min_len(16).map(|case| {
        let list = list(case);
        // A case has wanted items, so there is always an answer.
        let ndcg = ndcg_at_k(&list, &case.wanted, K).unwrap_or(0.0);
        let recall = recall_at_k(&list, &case.wanted, K).unwrap_or(0.0);
        JudgedList { list, ndcg, recall }
    });
    judged.collect()
}

fn list_of(model: &Recommender, case: &Case) -> Vec<ItemKey> {
    ids(model.rank(&Query::of(&case.history), K, &|_| true))
}

fn ids(scored: Vec<Scored>) -> Vec<ItemKey> {
    scored.into_iter().map(|scored| scored.item).collect()
}

fn filled_up(mut own: Vec<ItemKey>, popular: &[ItemKey]) -> Vec<ItemKey> {
    own.truncate(K);
    let missing = popular.iter().filter(|item| !own.contains(item)).take(K - own.len());
    let missing: Vec<ItemKey> = missing.copied().collect();
    own.extend(missing);
    own
}

fn summary(judged: &[JudgedList], n_items: usize) -> Numbers {
    let numbers = [
        ("ndcg@10", mean_of(judged.iter().map(|judged| judged.ndcg))),
        ("recall@10", mean_of(judged.iter().map(|judged| judged.recall))),
        ("coverage", coverage(judged.iter().map(|judged| judged.list.as_slice()), n_items)),
    ];
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}

/// Of the mean: the standard deviation over the root of how many there are.
fn standard_error(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares = mean_of(values.iter().map(|value| (value - centre).powi(2)));
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 customers")]
    let n = values.len().max(1) as f64;
    (squares / n).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied())
}
