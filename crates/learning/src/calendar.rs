//! On which days did orders (or other events) come in as usual, where are the gaps, and where does the data end?
//!
//! A day on which nothing came in is not a day on which nobody bought: the import ended, the tracking broke, the shop was
//! closed. Whoever takes such days for an answer teaches a model that everybody stays away.

use primitives::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many of the newest ordinary days say what is usual: eight of each day of the week.
const N_USUAL_DAYS: usize = 56;

/// A day with at most this share of what is usual is silent.
const SILENT_SHARE: f64 = 0.05;

/// So many orders must be missing before silence means something: by chance it has a probability below `exp(-10)`.
const N_MISSING_MIN: f64 = 10.0;

/// A silence of fewer days is a holiday: of a window of 30 days it is too little to bend an answer.
const N_GAP_DAYS_MIN: usize = 3;

/// A silence must last longer than so many of the longest pauses the shop is used to.
const N_PAUSES: usize = 2;

/// A low level that lasts so many days, with orders on half of them, is a quiet season and no gap.
const N_SEASON_DAYS: usize = 28;

/// After a gap so many days must pass before the data is ordinary again: a lone order does not end a silence.
const N_DAYS_BACK: i64 = 7;

/// One busy day counts at most so many times the median.
const N_MEDIANS_MAX: f64 = 4.0;

/// Whole days (UTC) on which far fewer orders came in than is usual: nothing can be concluded from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where its first day begins.
    pub from: Timestamp,
    /// Where its last day ends; at the end of the data, the moment it was looked at.
    pub until: Timestamp,
    /// How many orders came in all the same.
    pub n_orders: u64,
    /// About how many are usual in such a time.
    pub n_usual: u64,
}

/// When there were orders as usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    first: Timestamp,
    end: Timestamp,
    gaps: Vec<Gap>,
}

impl Gap {
    /// Whether a window that is open at its beginning holds a part of it.
    #[must_use]
    pub fn overlaps(&self, after: Timestamp, until: Timestamp) -> bool {
        after < self.until && until > self.from
    }
}

impl Calendar {
    /// Looks at the days of all orders made by `now`, in any order; `None` where there are none.
    #[must_use]
    pub fn of(orders: impl IntoIterator<Item = Timestamp>, now: Timestamp) -> Option<Self> {
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        let mut first = None;
        for at in orders.into_iter().filter(|at| *at <= now) {
            *counts.entry(at.day()).or_default() += 1;
            first = Some(first.map_or(at, |first: Timestamp| first.min(at)));
        }
        let (first, last_day) = (first?, *counts.last_key_value()?.0);
        let days = (first.day()..=now.day()).map(|day| Day::of(day, &counts, now)).collect::<Vec<_>>();
        let gaps = gaps(&days);
        let end = Timestamp::from_millis((last_day + 1) * DAY_MS).min(now);
        Some(Self { first, end: ordinary_end(end, &gaps), gaps })
    }

    /// When the first of them was.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.first
    }

    /// Where knowledge ends: the end (UTC) of the last day of ordinary volume, but not after the moment of looking.
    ///
    /// Not that moment itself: where the purchases of a past month were imported, nobody "stayed away" since.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// The gaps, earliest first; the last of them may lie after [`Calendar::end`].
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Whole days from the first order to the end, gaps left out.
    #[must_use]
    pub fn n_days(&self) -> i64 {
        let silent = self.gaps.iter().map(|gap| gap.until.min(self.end).millis_since(gap.from).max(0)).sum::<i64>();
        (self.end.millis_since(self.first) - silent) / DAY_MS
    }
}

/// The end of the latest window of `n_days` that ends at `until` or before and holds no part of a gap.
pub(crate) fn latest_window(gaps: &[Gap], until: Timestamp, n_days: i64) -> Timestamp {
    gaps.iter().rev().fold(until, |end, gap| if gap.overlaps(end.plus_days(-n_days), end) { gap.from } else { end })
}

/// The end of the last stretch that is long enough to be ordinary again after a gap.
fn ordinary_end(end: Timestamp, gaps: &[Gap]) -> Timestamp {
    gaps.iter().rev().fold(end, |end, gap| {
        let is_back = end.millis_since(gap.until) >= N_DAYS_BACK * DAY_MS;
        if is_back || gap.from >= end { end } else { gap.from }
    })
}

/// One day, and how much of it has passed.
#[derive(Debug, Clone, Copy)]
struct Day {
    day: i64,
    n_orders: u64,
    share: f64,
    ends_at: Timestamp,
}

impl Day {
    fn of(day: i64, counts: &BTreeMap<i64, u64>, now: Timestamp) -> Self {
        let begins_at = Timestamp::from_millis(day * DAY_MS);
        let ends_at = begins_at.plus_days(1).min(now);
        Self { day, n_orders: counts.get(&day).copied().unwrap_or(0), share: ends_at.days_since(begins_at), ends_at }
    }
}

fn gaps(days: &[Day]) -> Vec<Gap> {
    let mut usual = Usual::default();
    let (mut gaps, mut rest) = (Vec::new(), days);
    while let Some(first) = rest.first() {
        let n_silent = rest.iter().take_while(|day| usual.is_silent(day)).count();
        let (run, later) = rest.split_at(n_silent.max(1));
        match run.last().filter(|_| n_silent > 0 && usual.is_missed(run, later.is_empty())) {
            Some(last) => gaps.push(Gap {
                from: Timestamp::from_millis(first.day * DAY_MS),
                until: last.ends_at,
                n_orders: run.iter().map(|day| day.n_orders).sum(),
                n_usual: whole(usual.expected(run)),
            }),
            None => run.iter().for_each(|day| usual.learn(*day)),
        }
        rest = later;
    }
    gaps
}

/// What is usual: the newest ordinary days.
#[derive(Debug, Default)]
struct Usual(VecDeque<Day>);

impl Usual {
    fn learn(&mut self, day: Day) {
        self.0.push_back(day);
        if self.0.len() > N_USUAL_DAYS {
            self.0.pop_front();
        }
    }

    /// How many orders such a day has: the mean of its days of the week, or of all days while there are few of those. A
    /// week without orders is added to few days, so that the first order alone does not say what is usual.
    fn orders_on(&self, day: i64) -> f64 {
        let cap = self.cap();
        let capped = |day: &Day| float(day.n_orders).min(cap);
        let same = || self.0.iter().filter(|known| (known.day - day) % 7 == 0);
        match same().count() {
            0..3 => self.0.iter().map(capped).sum::<f64>() / float(self.0.len() as u64 + 7),
            n => same().map(capped).sum::<f64>() / float(n as u64),
        }
    }

    fn cap(&self) -> f64 {
        let mut counts: Vec<u64> = self.0.iter().map(|day| day.n_orders).filter(|n| *n > 0).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).map_or(f64::INFINITY, |median| N_MEDIANS_MAX * float(*median))
    }

    /// How many orders a run has, a day that is not over left out: many shops sell in the evening.
    fn expected(&self, run: &[Day]) -> f64 {
        run.iter().filter(|day| day.share >= 1.0).map(|day| self.orders_on(day.day)).sum()
    }

    fn is_silent(&self, day: &Day) -> bool {
        day.n_orders == 0 || float(day.n_orders) <= SILENT_SHARE * self.orders_on(day.day) * day.share
    }

    /// Whether a silent run is a gap. Where it reaches the end of all days, a short one is enough: to end earlier costs
    /// nothing, while to leave a day out between others costs every window that holds it.
    fn is_missed(&self, run: &[Day], is_last: bool) -> bool {
        let n_days_with_orders = run.iter().filter(|day| day.n_orders > 0).count();
        let is_season = run.len() >= N_SEASON_DAYS && 2 * n_days_with_orders >= run.len();
        let is_long = is_last || run.len() >= N_GAP_DAYS_MIN;
        is_long && !is_season && run.len() > N_PAUSES * self.longest_pause() && self.expected(run) >= N_MISSING_MIN
    }

    /// The longest run of days without an order among the usual ones.
    fn longest_pause(&self) -> usize {
        let days: Vec<bool> = self.0.iter().map(|day| day.n_orders == 0).collect();
        days.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).max().unwrap_or(0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "orders of a day are far below 2^53")]
fn float(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts, rounded")]
fn whole(n: f64) -> u64 {
    n.round() as u64
}

#[cfg(test)]
mod tests;
