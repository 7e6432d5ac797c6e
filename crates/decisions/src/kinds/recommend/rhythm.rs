//! How often does this customer buy an item, and is it due again?

use crate::Bought;
use models::recommend::Again;
use primitives::{ItemKey, Timestamp};
use std::collections::BTreeMap;

/// From which part of the usual time on something counts as due.
const DUE_FROM: f64 = 0.75;
/// From which part of the usual time on it may be shown at all: before, it was bought just now.
const POSSIBLE_FROM: f64 = 0.25;
/// After how many times the usual time it counts as given up.
const GIVEN_UP_AFTER: f64 = 4.0;
/// On how many days something was bought before its rhythm keeps it from being shown.
const N_DAYS_SURE: usize = 3;
/// How likely others want an item again, beside the average one, for which it is counted on that somebody does who had it once.
const LIKELY_FROM: f64 = 1.0;
/// How unlikely it is for which it is counted on that they do not.
const UNLIKELY_BELOW: f64 = 0.5;
/// From so many days on a time is told in weeks.
const WEEKS_FROM_DAYS: f64 = 21.0;
/// What the usual time of others weighs, beside one's own: less than two purchases.
const OF_OTHERS: f64 = 0.2;

/// How often a customer buys an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::kinds) struct Rhythm {
    /// On how many days.
    pub(super) n_days: usize,
    /// How many days usually lie between two of them.
    pub(super) every_days: f64,
    /// How many days ago the last of them was.
    pub(super) since_days: f64,
    /// How likely others want it again, where it is their usual time: the customer had it once.
    pub(super) of_others: Option<f64>,
}

impl Rhythm {
    /// Of what was bought on several days, and of what others `usually` buy again, by item.
    pub(in crate::kinds) fn all(
        bought: &[Bought],
        as_of: Timestamp,
        usually: impl Fn(ItemKey) -> Option<Again>,
    ) -> BTreeMap<ItemKey, Self> {
        let mut times: BTreeMap<ItemKey, Vec<Timestamp>> = BTreeMap::new();
        for one in bought {
            times.entry(one.item).or_default().push(one.at);
        }
        times.into_iter().filter_map(|(item, at)| Some((item, Self::of(at, as_of, || usually(item))?))).collect()
    }

    fn of(mut at: Vec<Timestamp>, as_of: Timestamp, usually: impl FnOnce() -> Option<Again>) -> Option<Self> {
        at.sort_unstable();
        let last = *at.last()?;
        let since_days = as_of.days_since(last).max(0.0);
        at.dedup_by_key(|at| at.day());
        let mut gaps: Vec<f64> = at.windows(2).map(|pair| pair[1].days_since(pair[0])).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let every_days = match gaps.len() {
            0 => {
                let Again { propensity, gap_days } = usually()?;
                return Some(Self { n_days: 1, every_days: gap_days, since_days, of_others: Some(propensity) });
            }
            n if n % 2 == 1 => gaps[n / 2],
            n => f64::midpoint(gaps[n / 2 - 1], gaps[n / 2]),
        };
        Some(Self { n_days: at.len(), every_days, since_days, of_others: None })
    }

    /// How far the usual time has run: at 1 it is due.
    fn ran(&self) -> f64 {
        self.since_days / self.every_days.max(f64::MIN_POSITIVE)
    }

    /// Whether it is due again, and not given up.
    pub(super) fn is_due(&self) -> bool {
        self.of_others.is_none_or(|likely| likely >= LIKELY_FROM) && (DUE_FROM..=GIVEN_UP_AFTER).contains(&self.ran())
    }

    /// Why it is not wanted again yet, or not at all.
    pub(in crate::kinds) fn keeps_out(&self) -> Option<&'static str> {
        if self.of_others.is_some_and(|likely| likely < UNLIKELY_BELOW) {
            return Some("bought before, and rarely bought again");
        }
        let is_sure = self.n_days >= N_DAYS_SURE || self.of_others.is_some();
        (is_sure && self.ran() < POSSIBLE_FROM).then_some("bought too lately")
    }

    /// How much speaks for its being wanted now: more where it was bought on more days, most at the usual time.
    #[expect(clippy::cast_precision_loss, reason = "days are few")]
    pub(super) fn weight(&self) -> f64 {
        let times = self.n_days as f64;
        let ran = self.ran();
        let timely = if ran < 1.0 { ran } else { 2.0 / (1.0 + ran) };
        let sure = if self.of_others.is_some() { OF_OTHERS } else { (times - 1.0) / (times + 1.0) };
        sure * timely
    }

    /// "Usually bought every 3 weeks, due now"; of others "Usually bought again after 3 weeks, due now".
    pub(super) fn in_words(&self) -> String {
        let left = self.every_days - self.since_days;
        let when = match left {
            left if left >= 1.0 => format!("due in {}", span(left)),
            left if left > -1.0 => "due now".to_owned(),
            left => format!("due for {}", span(-left)),
        };
        match self.of_others {
            Some(_) => format!("Usually bought again after {}, {when}", span(self.every_days)),
            None => format!("Usually bought every {}, {when}", span_every(self.every_days)),
        }
    }
}

/// "3 weeks", "18 days": in weeks only from where half of one makes no difference.
fn span(days: f64) -> String {
    let (n, unit) = match days {
        days if days >= 60.0 => ((days / 30.437).round(), "month"),
        days if days.round() >= WEEKS_FROM_DAYS => ((days / 7.0).round(), "week"),
        days => (days.round().max(1.0), "day"),
    };
    let plural = if n > 1.5 { "s" } else { "" };
    format!("{n:.0} {unit}{plural}")
}

/// "week" rather than "1 week", as in "every week".
fn span_every(days: f64) -> String {
    let span = span(days);
    span.strip_prefix("1 ").map_or(span.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_348_800_000);

    fn of(days_ago: &[f64]) -> Option<Rhythm> {
        let at = |days: &f64| NOW - std::time::Duration::from_secs_f64(days * 86_400.0);
        Rhythm::of(days_ago.iter().map(at).collect(), NOW, || None)
    }

    fn told(rhythm: &Rhythm) -> String {
        format!("{} days, every {:.0}, since {:.0}", rhythm.n_days, rhythm.every_days, rhythm.since_days)
    }

    #[test]
    fn the_usual_time_is_the_median_between_days() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[5.0]), None);
        assert_eq!(of(&[5.0, 5.01]), None, "twice on a day is once");
        let found = of(&[30.0, 20.0, 2.0]).unwrap();
        assert_eq!(told(&found), "3 days, every 14, since 2");
        let found = of(&[40.0, 30.0, 20.0, 3.0]).unwrap();
        assert_eq!(told(&found), "4 days, every 10, since 3");
    }

    #[test]
    fn what_is_due_is_told_as_people_do() {
        let rhythm = |every_days, since_days| Rhythm { n_days: 4, every_days, since_days, of_others: None };
        for (every, since, said, is_due, is_too_soon) in [
            (21.0, 21.0, "Usually bought every 3 weeks, due now", true, false),
            (21.0, 20.5, "Usually bought every 3 weeks, due now", true, false),
            (21.0, 20.0, "Usually bought every 3 weeks, due in 1 day", true, false),
            (20.0, 15.0, "Usually bought every 20 days, due in 5 days", true, false),
            (20.0, 14.9, "Usually bought every 20 days, due in 5 days", false, false),
            (20.0, 5.0, "Usually bought every 20 days, due in 15 days", false, false),
            (20.0, 4.9, "Usually bought every 20 days, due in 15 days", false, true),
            (20.6, 42.0, "Usually bought every 3 weeks, due for 3 weeks", true, false),
            (1.0, 2.0, "Usually bought every day, due for 1 day", true, false),
            (1.0, 4.0, "Usually bought every day, due for 3 days", true, false),
            (1.0, 4.1, "Usually bought every day, due for 3 days", false, false),
            (90.0, 90.0, "Usually bought every 3 months, due now", true, false),
        ] {
            let rhythm = rhythm(every, since);
            assert_eq!((rhythm.in_words().as_str(), rhythm.is_due()), (said, is_due), "{every} {since}");
            assert_eq!(rhythm.keeps_out(), is_too_soon.then_some("bought too lately"), "{every} {since}");
            assert_eq!(Rhythm { n_days: 2, ..rhythm }.keeps_out(), None, "two days are no rule");
        }
    }

    #[test]
    fn what_was_bought_once_is_wanted_again_as_others_want_it() {
        let once = |propensity, since: f64| {
            let at = NOW - std::time::Duration::from_secs_f64(since * 86_400.0);
            Rhythm::of(vec![at], NOW, || Some(Again { propensity, gap_days: 20.0 })).unwrap()
        };
        for (propensity, since, keeps_out, is_due) in [
            (1.0, 4.9, Some("bought too lately"), false),
            (1.0, 5.0, None, false),
            (1.0, 15.0, None, true),
            (0.99, 15.0, None, false),
            (0.5, 15.0, None, false),
            (0.49, 15.0, Some("bought before, and rarely bought again"), false),
        ] {
            let found = once(propensity, since);
            assert_eq!((found.keeps_out(), found.is_due()), (keeps_out, is_due), "{propensity} {since}");
        }
        assert_eq!(once(2.0, 20.0).in_words(), "Usually bought again after 20 days, due now");
        // Who bought it twice has a time of their own, which says more.
        let at = |days: f64| NOW - std::time::Duration::from_secs_f64(days * 86_400.0);
        let twice = Rhythm::of(vec![at(40.0), at(20.0)], NOW, || unreachable!()).unwrap();
        assert!(twice.weight() > once(2.0, 20.0).weight() && once(2.0, 20.0).weight() > once(2.0, 60.0).weight());
    }

    #[test]
    fn it_weighs_most_when_it_is_due_and_more_the_oftener_it_was_bought() {
        let weight = |n_days, since_days| Rhythm { n_days, every_days: 10.0, since_days, of_others: None }.weight();
        assert!(weight(3, 9.0) < weight(3, 10.0) && weight(3, 11.0) < weight(3, 10.0));
        assert!(weight(4, 10.0) > weight(3, 10.0));
        assert_eq!(weight(3, 10.0).to_bits(), 0.5_f64.to_bits());
        assert!((weight(3, 30.0) - 0.25).abs() < 1e-12);
    }
}
