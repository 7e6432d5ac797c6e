//! In how many answers was each item shown lately, of which kinds, and how far up?
//!
//! Every answer is counted when it is logged. What was answered before the program began is read back from the log of decisions
//! in the background, from the newest backwards: of the last 30 days, and at most so many answers, so that nobody waits for it.
//! From when on all is counted is told with the counts ([`Engine::shown_since`]).

use crate::Engine;
use crate::error::EngineError;
use decisions::{DecisionQuery, KindName, LoggedDecision, Record};
use features::N_DAYS_LATELY;
use primitives::{DAY_MS, ItemKey, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

/// Of how many items the days that are over are let go with each answer, and of how many it is summed at a time.
const N_SWEPT: usize = 32;
const N_SLICE: usize = 512;

/// How an item was shown by one kind of decision in the last 30 days.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownBy {
    /// Which kind.
    pub kind: KindName,
    /// In how many answers.
    pub n: u64,
    /// In how many of them everybody would have been shown the same.
    pub n_general: u64,
    /// In which place it stood in the mean; the first is 1.
    pub mean_place: f64,
}

/// How an item was shown on one day by one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Day {
    day: i64,
    /// The kind, by its place in [`Counts::kinds`].
    kind: u16,
    n: u32,
    n_general: u32,
    sum_places: u64,
}

#[derive(Debug, Default)]
struct Counts {
    kinds: Vec<KindName>,
    by_item: BTreeMap<ItemKey, Vec<Day>>,
    /// From when on everything is counted; `None` until what was before the start is read.
    since: Option<Timestamp>,
    /// Up to which item the days that are over were let go; `None` where it begins anew.
    swept_upto: Option<ItemKey>,
}

/// In how many answers items were shown.
#[derive(Debug)]
pub(super) struct Shown {
    counts: Mutex<Counts>,
    /// When the program began to count.
    began_at: Timestamp,
}

impl Counts {
    fn count(&mut self, record: &Record) {
        let mut shown = (1_u64..).zip(record.decision.answer.content.shown()).peekable();
        if shown.peek().is_none() {
            return;
        }
        let kind = self.kind(&record.question.kind);
        let (day, is_general) = (record.question.as_of.day(), record.decision.answer.fallback.is_some());
        for (place, item) in shown {
            let days = self.by_item.entry(item).or_default();
            let at = days.iter().rposition(|one| one.day == day && one.kind == kind).unwrap_or_else(|| {
                days.push(Day { day, kind, n: 0, n_general: 0, sum_places: 0 });
                days.len() - 1
            });
            let one = &mut days[at];
            one.n = one.n.saturating_add(1);
            one.n_general = one.n_general.saturating_add(u32::from(is_general));
            one.sum_places = one.sum_places.saturating_add(place);
        }
    }

    fn kind(&mut self, name: &KindName) -> u16 {
        let at = self.kinds.iter().position(|known| known == name).unwrap_or_else(|| {
            self.kinds.push(name.clone());
            self.kinds.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// Lets go of the days that are over, of the next few items: all have their turn.
    fn sweep(&mut self, now: Timestamp) {
        let (mut last, mut gone) = (None, Vec::new());
        for (item, days) in self.by_item.range_mut(after(self.swept_upto)).take(N_SWEPT) {
            days.retain(|one| is_lately(one.day, now));
            if days.is_empty() {
                gone.push(*item);
            }
            last = Some(*item);
        }
        gone.iter().for_each(|item| drop(self.by_item.remove(item)));
        self.swept_upto = last;
    }

    /// In how many answers of the last 30 days the next items were shown; also which was the last of them.
    fn sums(&self, last: Option<ItemKey>, now: Timestamp) -> (Vec<(ItemKey, u64)>, Option<ItemKey>) {
        let sum = |days: &[Day]| days.iter().filter(|one| is_lately(one.day, now)).map(|one| u64::from(one.n)).sum();
        let sums: Vec<(ItemKey, u64)> =
            self.by_item.range(after(last)).take(N_SLICE).map(|(item, days)| (*item, sum(days))).collect();
        let last = sums.last().map(|(item, _)| *item);
        (sums, last)
    }
}

/// Every item after one.
fn after(item: Option<ItemKey>) -> (Bound<ItemKey>, Bound<ItemKey>) {
    (item.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

/// When the last 30 days began, today included.
fn first_day(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((now.day() - N_DAYS_LATELY + 1) * DAY_MS)
}

/// Whether a day is one of the last 30.
fn is_lately(day: i64, now: Timestamp) -> bool {
    day >= first_day(now).day()
}

impl Shown {
    pub(super) fn since(began_at: Timestamp) -> Self {
        Self { counts: Mutex::default(), began_at }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Counts) -> T) -> T {
        look(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Counts what was just answered.
    pub(super) fn count_shown(&self, record: &Record) {
        if self.is_shown(record.question.kind.as_str()) {
            self.shown.with(|counts| {
                counts.sweep(record.question.as_of);
                counts.count(record);
            });
        }
    }

    fn is_shown(&self, kind: &str) -> bool {
        self.capabilities.kinds.get(kind).is_ok_and(|kind| kind.about().is_shown)
    }

    /// Reads back what was shown before the program began, in the newest `n_max` answers; asks before each whether to stop.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read: then it is counted from the start on.
    pub fn read_shown(&self, n_max: u64, is_stopped: &dyn Fn() -> bool) -> Result<(), EngineError> {
        let read = self.shown_before(n_max, is_stopped);
        let since = *read.as_ref().unwrap_or(&self.shown.began_at);
        self.shown.with(|counts| counts.since = Some(since));
        read.map(|_| ())
    }

    /// Counts what was shown before the program began. Answers from when on all of it is counted.
    fn shown_before(&self, n_max: u64, is_stopped: &dyn Fn() -> bool) -> Result<Timestamp, EngineError> {
        let began_at = self.shown.began_at;
        let (mut since, mut n_read) = (first_day(began_at), 0);
        self.ports.decisions.newest(&DecisionQuery::default(), &mut |logged: LoggedDecision| {
            if logged.decided_at < since {
                return false;
            }
            // What was answered since the start is counted already.
            if logged.decided_at >= began_at || !self.is_shown(&logged.kind) {
                return true;
            }
            if n_read == n_max || is_stopped() {
                since = Timestamp::from_millis(logged.decided_at.as_millis() + 1);
                return false;
            }
            n_read += 1;
            // What a newer program wrote is left out.
            if let Ok(record) = Record::open(&logged) {
                self.shown.with(|counts| counts.count(&record));
            }
            true
        })?;
        Ok(since)
    }

    /// From when on it is known what was shown, of the last 30 days; `None` while it is being read.
    #[must_use]
    pub fn shown_since(&self, now: Timestamp) -> Option<Timestamp> {
        self.shown.with(|counts| counts.since).map(|since| since.max(first_day(now)))
    }

    /// In how many answers of the last 30 days each item was shown; none that was in none.
    #[must_use]
    pub fn n_shown(&self, now: Timestamp) -> HashMap<ItemKey, u64> {
        let (mut all, mut last) = (HashMap::new(), None);
        loop {
            // Decisions are counted between the slices.
            let (sums, upto) = self.shown.with(|counts| counts.sums(last, now));
            all.extend(sums.into_iter().filter(|(_, n)| *n > 0));
            match upto {
                Some(_) => last = upto,
                None => return all,
            }
        }
    }

    /// By which kinds an item was shown in the last 30 days, the most frequent first.
    #[must_use]
    pub fn shown_by(&self, item: ItemKey, now: Timestamp) -> Vec<ShownBy> {
        let of_kinds: Vec<(KindName, Day)> = self.shown.with(|counts| {
            let days = counts.by_item.get(&item).into_iter().flatten().filter(|one| is_lately(one.day, now));
            days.filter_map(|one| Some((counts.kinds.get(usize::from(one.kind))?.clone(), *one))).collect()
        });
        let mut by_kind: BTreeMap<KindName, (u64, u64, u64)> = BTreeMap::new();
        for (kind, one) in of_kinds {
            let (n, n_general, sum_places) = by_kind.entry(kind).or_default();
            *n += u64::from(one.n);
            *n_general += u64::from(one.n_general);
            *sum_places += one.sum_places;
        }
        #[expect(clippy::cast_precision_loss, reason = "answers of 30 days are far fewer than 2^53")]
        let told = |(kind, (n, n_general, sum)): (KindName, (u64, u64, u64))| ShownBy {
            kind,
            n,
            n_general,
            mean_place: sum as f64 / n.max(1) as f64,
        };
        let mut told: Vec<ShownBy> = by_kind.into_iter().map(told).collect();
        told.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.kind.cmp(&b.kind)));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(100 * DAY_MS);

    /// So many items that were shown seven times on each of these days.
    fn counts(n_items: usize, days: &[i64]) -> Counts {
        let day = |day: &i64| Day { day: *day, kind: 0, n: 7, n_general: 0, sum_places: 1 };
        let key = |item: usize| ItemKey::from(&primitives::ItemId::from(format!("item {item}")));
        let by_item = (0..n_items).map(|item| (key(item), days.iter().map(day).collect())).collect();
        Counts { by_item, ..Counts::default() }
    }

    #[test]
    fn an_answer_lets_go_of_the_old_days_of_a_few_items_and_all_have_their_turn() {
        let mut all = counts(2 * N_SWEPT + 1, &[70, 71]);
        let n_days = |all: &Counts| all.by_item.values().map(Vec::len).sum::<usize>();
        let before = n_days(&all);
        all.sweep(NOW);
        assert_eq!(before - n_days(&all), N_SWEPT, "of a few items, of which one day is over");
        all.sweep(NOW);
        all.sweep(NOW);
        assert_eq!(n_days(&all), 2 * N_SWEPT + 1);
        // The last turn ended with the last item: it begins anew, with what is over by then.
        let later = Timestamp::from_millis(NOW.as_millis() + DAY_MS);
        (0..5).for_each(|_| all.sweep(later));
        assert!(all.by_item.is_empty());
    }

    #[test]
    fn sums_are_told_in_slices_without_what_is_over() {
        let all = counts(N_SLICE + 1, &[70, 71, 100]);
        let (first, last) = all.sums(None, NOW);
        let (second, end) = all.sums(last, NOW);
        assert_eq!((first.len(), second.len(), all.sums(end, NOW).1), (N_SLICE, 1, None));
        assert!(first.iter().chain(&second).all(|(_, n)| *n == 14));
        assert!(first.iter().all(|(item, _)| *item != second[0].0));
    }
}
