//! What is still missing to train? For the console, and for the error that says so.

use crate::calendar::latest_window;
use crate::outcomes::churn;
use crate::split::{Split, WARM_UP_DAYS};
use crate::{Calendar, Dataset, LearningError, ModelKind};
use features::FeatureState;
use primitives::{DAY_MS, ItemKey, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// What there is to learn from, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DatasetStats {
    /// Customers who permit learning from them.
    pub n_customers: u64,
    /// Those of them with at least two purchases.
    pub n_repeat_customers: u64,
    /// Different items that were bought.
    pub n_items: u64,
    /// Whole days from the first purchase to the end of the last ordinary day, gaps left out.
    pub n_days: u64,
    /// Whether gaps leave room for the windows of churn: one to learn from and a later one to be judged on.
    pub n_churn_windows: u64,
    /// Customers known before the last window of the recommender who bought in it.
    pub n_returned: u64,
    /// Active customers who bought again in the last 30 days: see [`churn`].
    pub n_stayed: u64,
    /// Active customers who did not.
    pub n_churned: u64,
}

/// Something that training needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// What: `customers with two purchases or more`.
    pub what: &'static str,
    /// How much is needed.
    pub need: u64,
    /// How much there is.
    pub have: u64,
    /// How to get more of it.
    pub how: &'static str,
    /// Whether there is enough.
    pub met: bool,
}

/// What a model needs, and what there is of it.
#[must_use]
pub fn readiness(kind: ModelKind, stats: &DatasetStats) -> Vec<Requirement> {
    const MORE: &str = "import older purchases or keep sending `Order Completed` events";
    const WAIT: &str = "import older purchases or wait while they come in";
    let require = |what, need, have, how| Requirement { what, need, have, how, met: have >= need };
    match kind {
        ModelKind::Recommend => vec![
            require("customers with two purchases or more", 50, stats.n_repeat_customers, MORE),
            require(
                "different items that were bought",
                20,
                stats.n_items,
                "sell more different items, and send them as `products` with each order",
            ),
            require("days of purchases", 14, stats.n_days, WAIT),
            require("earlier customers who bought again in the last window", 20, stats.n_returned, WAIT),
        ],
        ModelKind::Churn => {
            let n_days = 2 * churn::WINDOW_DAYS + WARM_UP_DAYS;
            vec![
                require("days of purchases", u64::try_from(n_days).unwrap_or(0), stats.n_days, WAIT),
                require(
                    "windows of 30 days without a gap, one to learn from and one to be judged on",
                    2,
                    stats.n_churn_windows,
                    WAIT,
                ),
                require("active customers who came back in the last 30 days", 50, stats.n_stayed, MORE),
                require("active customers who stayed away in the last 30 days", 50, stats.n_churned, WAIT),
            ]
        }
    }
}

impl DatasetStats {
    /// Counts customers as they are known now, for example the live ones who permit learning from them.
    /// `states` is called twice: first to find the days on which purchases were made.
    pub fn of<'a, I: Iterator<Item = &'a FeatureState>>(states: impl Fn() -> I, now: Timestamp) -> Self {
        let Some(calendar) = Calendar::of(states().flat_map(purchases), now) else {
            return Self { n_customers: states().count() as u64, ..Self::default() };
        };
        let mut counting = Counting::new(&calendar);
        states().for_each(|state| counting.add(state));
        counting.finish()
    }

    /// Counts a dataset.
    #[must_use]
    pub fn of_dataset(dataset: &Dataset, now: Timestamp) -> Self {
        let Some(calendar) = dataset.calendar(now) else {
            return Self { n_customers: dataset.n_customers() as u64, ..Self::default() };
        };
        let mut counting = Counting::new(&calendar);
        dataset.traces().for_each(|(_, trace)| counting.add(&trace.state_at(now)));
        counting.finish()
    }
}

/// Refuses with everything that is missing.
pub(crate) fn check(kind: ModelKind, dataset: &Dataset, now: Timestamp) -> Result<DatasetStats, LearningError> {
    let stats = DatasetStats::of_dataset(dataset, now);
    let missing: Vec<Requirement> =
        readiness(kind, &stats).into_iter().filter(|requirement| !requirement.met).collect();
    if missing.is_empty() { Ok(stats) } else { Err(LearningError::NotReady { kind, missing }) }
}

/// The error for a history that is too short.
pub(crate) fn not_ready(kind: ModelKind, dataset: &Dataset, now: Timestamp) -> LearningError {
    match check(kind, dataset, now) {
        Err(error) => error,
        Ok(_) => LearningError::NotReady { kind, missing: Vec::new() },
    }
}

struct Counting {
    stats: DatasetStats,
    items: BTreeSet<ItemKey>,
    recommend: Option<Split>,
    churn_from: Timestamp,
    churn_until: Timestamp,
}

impl Counting {
    fn new(calendar: &Calendar) -> Self {
        let churn = Split::churn(calendar);
        let churn_until = latest_window(calendar.gaps(), calendar.end(), churn::WINDOW_DAYS);
        let churn_from = churn_until.plus_days(-churn::WINDOW_DAYS);
        let n_churn_windows = if churn.is_some() { 2 } else { u64::from(churn_from >= calendar.first_order()) };
        let n_days = u64::try_from(calendar.n_days()).unwrap_or(0);
        Self {
            stats: DatasetStats { n_days, n_churn_windows, ..DatasetStats::default() },
            items: BTreeSet::new(),
            recommend: Split::recommend(calendar),
            churn_from,
            churn_until,
        }
    }

    fn add(&mut self, state: &FeatureState) {
        self.stats.n_customers += 1;
        self.stats.n_repeat_customers += u64::from(state.n_orders() >= 2);
        self.items.extend(state.lines().iter().map(|line| line.item));
        let any = |wanted: &dyn Fn(Timestamp) -> bool| purchases(state).any(wanted);
        if let Some(split) = &self.recommend {
            let returned =
                any(&|at| at <= split.test_from) && any(&|at| at > split.test_from && at <= split.test_until);
            self.stats.n_returned += u64::from(returned);
        }
        let (as_of, end) = (self.churn_from, self.churn_until);
        if any(&|at| at <= as_of && as_of.millis_since(at) < churn::ACTIVE_DAYS * DAY_MS) {
            let stayed = any(&|at| at > as_of && at <= end);
            self.stats.n_stayed += u64::from(stayed);
            self.stats.n_churned += u64::from(!stayed);
        }
    }

    fn finish(self) -> DatasetStats {
        DatasetStats { n_items: self.items.len() as u64, ..self.stats }
    }
}

fn purchases(state: &FeatureState) -> impl Iterator<Item = Timestamp> {
    state.orders().iter().filter(|order| !order.is_refund).map(|order| order.at)
}
