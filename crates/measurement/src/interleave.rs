//! Which of two lists do customers choose from, when both are shown as one?
//!
//! Two lists are drafted into one as captains choose teams: in each round a coin says who picks first, and each side picks its
//! best item that is not taken. What is chosen counts for the side that picked it.

use crate::Interval;
use crate::experiment::{Bearing, Stage};
use crate::statistics::{Moments, Sequence, count, student_beyond, student_quantile, whole};
use primitives::{CustomerId, ItemKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What answers now.
    A,
    /// What it is compared with.
    B,
}

/// One list that both sides picked, and what was chosen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafted {
    /// To whom it was shown.
    pub customer: CustomerId,
    /// Its items, each with the side that picked it.
    pub picks: Vec<(ItemKey, Side)>,
    /// What was chosen, each item once.
    pub chosen: Vec<ItemKey>,
}

/// What customers prefer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interleaved {
    /// Lists that were shown.
    pub n_lists: u64,
    /// Customers who chose anything: only they say something.
    pub n_customers: u64,
    /// Choices of items that A picked.
    pub n_a: u64,
    /// Choices of items that B picked.
    pub n_b: u64,
    /// By how much B is preferred, from −1 to 1: the mean over customers of (b − a) / (b + a).
    pub preference: Option<f64>,
    /// Its interval for one look.
    pub fixed: Option<Interval>,
    /// Its interval for every look.
    pub sequential: Option<Interval>,
    /// How likely a preference this large is where there is none, for one look.
    pub p: Option<f64>,
    /// The same for every look.
    pub p_sequential: Option<f64>,
    /// Why there is none.
    pub reason: Option<String>,
}

impl Interleaved {
    /// Which share of what a customer chose A had picked, in the mean over customers, and which B: what B has more is the preference.
    /// Nothing where nothing was chosen.
    #[must_use]
    pub fn shares(&self) -> (Option<f64>, Option<f64>) {
        let share = |sign: f64| self.preference.map(|preference| f64::midpoint(1.0, sign * preference));
        (share(-1.0), share(1.0))
    }

    /// The interval of the stage: once nobody will look again it is that of one look, and before that the one that holds at every look.
    #[must_use]
    pub fn interval(&self, stage: Stage) -> Option<Interval> {
        if stage.is_over() { self.fixed } else { self.sequential }
    }

    /// The p of the stage.
    #[must_use]
    pub fn p_of(&self, stage: Stage) -> Option<f64> {
        if stage.is_over() { self.p } else { self.p_sequential }
    }

    /// What B is beside A, by the interval of the stage.
    #[must_use]
    pub fn bearing(&self, stage: Stage) -> Bearing {
        match self.interval(stage) {
            None => Bearing::Unknown,
            Some(interval) if interval.low > 0.0 => Bearing::Better,
            Some(interval) if interval.high < 0.0 => Bearing::Worse,
            Some(_) => Bearing::Unclear,
        }
    }
}

/// What customers prefer, of lists that both sides picked.
///
/// ```text
/// of a customer: (b − a) / (b + a),  a and b the choices of all their lists;   m: the mean over n customers, s²/n its variance
/// m = 2 p − 1,  p the share of B;   n' = (1 − m²) / (s²/n), as many customers as would say as much with one choice each
/// interval: every p₀ with |p − p₀| ≤ q √(p₀ (1 − p₀) / n'),  told as 2 p₀ − 1                  (Wilson's, of n' customers)
/// q: Student's quantile for one look; for every look half of the sequence's interval over its standard error
/// ```
/// *Parameters*: `alpha`, one minus the confidence; `n_tuned`, at how many customers the sequential interval is tightest.
/// *Guarantees*: a customer counts once, however much they choose; swapping the sides turns the preference around; items
/// that are chosen and were on no list count for nobody. No end of an interval is beyond −1 or 1; the one of every look holds the one of
/// one look, and 0 is outside of either exactly where its p is below `alpha`. *Edge cases*: fewer than two customers, or all alike, have no
/// interval, and the reason is said. *Cost*: linear. *Source*: Radlinski et al. 2008, doi:10.1145/1458082.1458092; Wilson 1927,
/// doi:10.1080/01621459.1927.10502953, with the customers that count of Korn and Graubard 1998.
///
/// ```
/// use measurement::interleave::{Drafted, Side, interleaved};
/// use primitives::ItemKey;
/// let list = |customer: &str, chosen: &[u64]| Drafted {
///     customer: customer.into(),
///     picks: vec![(ItemKey(1), Side::A), (ItemKey(2), Side::B), (ItemKey(3), Side::B)],
///     chosen: chosen.iter().map(|key| ItemKey(*key)).collect(),
/// };
/// let found = interleaved(&[list("ann", &[2, 3]), list("bob", &[1, 2]), list("cleo", &[])], 0.05, 1000);
/// assert_eq!((found.n_a, found.n_b, found.n_customers, found.preference), (1, 3, 2, Some(0.5)));
/// ```
#[must_use]
pub fn interleaved(lists: &[Drafted], alpha: f64, n_tuned: u64) -> Interleaved {
    let mut of_customers: BTreeMap<&CustomerId, [u64; 2]> = BTreeMap::new();
    for list in lists {
        let sides: BTreeMap<ItemKey, Side> = list.picks.iter().copied().collect();
        for side in list.chosen.iter().filter_map(|item| sides.get(item)) {
            of_customers.entry(&list.customer).or_default()[usize::from(*side == Side::B)] += 1;
        }
    }
    let total = |side: usize| of_customers.values().map(|wins| wins[side]).sum();
    let preferences = Moments::of(of_customers.values().map(|[a, b]| {
        let (a, b) = (count(*a), count(*b));
        (b - a) / (b + a)
    }));
    let mut found = Interleaved {
        n_lists: whole(lists.len()),
        n_customers: preferences.n,
        n_a: total(0),
        n_b: total(1),
        preference: (preferences.n > 0).then(|| preferences.mean()),
        fixed: None,
        sequential: None,
        p: None,
        p_sequential: None,
        reason: None,
    };
    let variance = preferences.variance() / preferences.n().max(1.0);
    if preferences.n < 2 || variance <= 0.0 {
        let reason = match preferences.n {
            0 => "nobody chose anything yet",
            1 => "one customer alone chose anything; at least two are needed",
            _ => "all customers chose alike, so nothing can be said of how sure that is",
        };
        found.reason = Some(reason.to_owned());
        return found;
    }
    let (mean, n, df) = (preferences.mean(), preferences.n(), preferences.n() - 1.0);
    // The variance where none is preferred.
    let at_none = variance / (1.0 - mean * mean);
    let sequence = Sequence { alpha, n_tuned };
    let q = student_quantile(alpha, df);
    let at_every_look = sequence.interval(0.0, 1.0, n).high.max(q);
    let p = student_beyond(mean / at_none.sqrt(), df);
    found.fixed = Some(score(mean, at_none, q));
    found.sequential = Some(score(mean, at_none, at_every_look));
    found.p = Some(p);
    found.p_sequential = Some(sequence.p(mean, at_none, n).max(p));
    found
}

/// Every preference from which the one that was found is at most `q` standard errors away, as large as those are there.
///
/// ```text
/// |m − μ| ≤ q √((1 − μ²) v)          v: the variance where nothing is preferred
/// μ = (m ± √(k (k + 1 − m²))) / (1 + k),  k = q² v
/// ```
fn score(mean: f64, at_none: f64, q: f64) -> Interval {
    let k = q * q * at_none;
    let half = (k * (k + 1.0 - mean * mean)).sqrt();
    // Rounding must not push an end beyond what there is.
    Interval { low: ((mean - half) / (1.0 + k)).max(-1.0), high: ((mean + half) / (1.0 + k)).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use proptest::prelude::*;

    /// Drafts two orders of the same twenty items, of which customers choose the wanted ones with the chance `p`.
    fn drafted(n_customers: u32, orders: [&[u64]; 2], wanted: &[u64], p: f64) -> Vec<Drafted> {
        (0..n_customers)
            .map(|customer| {
                let mut random = Seed::new(3).stream("draft", u64::from(customer));
                let mut picks: Vec<(ItemKey, Side)> = Vec::new();
                while picks.len() < 10 {
                    let first = usize::from(random.random::<bool>());
                    for side in [first, 1 - first] {
                        let is_free = |item: &&u64| picks.iter().all(|(taken, _)| taken.0 != **item);
                        let item = *orders[side].iter().find(is_free).unwrap();
                        picks.push((ItemKey(item), if side == 0 { Side::A } else { Side::B }));
                    }
                }
                let chosen = picks.iter().map(|(item, _)| *item);
                let chosen = chosen.filter(|item| wanted.contains(&item.0) && random.random::<f64>() < p).collect();
                Drafted { customer: format!("c{}", customer / 2).as_str().into(), picks, chosen }
            })
            .collect()
    }

    const UP: [u64; 20] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    const DOWN: [u64; 20] = [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

    #[test]
    fn the_side_that_picks_what_is_wanted_is_preferred() {
        let found = interleaved(&drafted(600, [&UP, &DOWN], &[0, 16, 17, 18, 19], 0.3), 0.05, 500);
        assert!(found.fixed.unwrap().low > 0.3 && found.p_sequential.unwrap() < 0.05, "{found:?}");
        assert!(found.n_customers <= 300 && found.n_b > found.n_a && found.n_lists == 600);
    }

    #[test]
    fn of_two_sides_that_are_the_same_neither_is_preferred() {
        let found = interleaved(&drafted(2_000, [&UP, &UP], &[0, 1, 2, 3, 4, 5], 0.3), 0.05, 500);
        let interval = found.fixed.unwrap();
        assert!(interval.low < 0.0 && interval.high > 0.0, "{found:?}");
    }

    #[test]
    fn swapped_sides_turn_the_preference_around() {
        let lists = drafted(300, [&UP, &DOWN], &[1, 2, 12, 18], 0.3);
        let mut swapped = lists.clone();
        for (_, side) in swapped.iter_mut().flat_map(|list| &mut list.picks) {
            *side = if *side == Side::A { Side::B } else { Side::A };
        }
        let (one, other) = (interleaved(&lists, 0.05, 500), interleaved(&swapped, 0.05, 500));
        assert!((one.preference.unwrap() + other.preference.unwrap()).abs() < 1e-12);
        assert_eq!((one.n_a, one.n_b), (other.n_b, other.n_a));
        assert!((one.p.unwrap() - other.p.unwrap()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn no_preference_is_beyond_what_there_is(wins in prop::collection::vec((0_u64..4, 0_u64..4), 2..40), n_tuned in 1_u64..2_000) {
            let picks: Vec<(ItemKey, Side)> =
                (0..8).map(|key| (ItemKey(key), if key < 4 { Side::A } else { Side::B })).collect();
            let lists: Vec<Drafted> = wins
                .iter()
                .enumerate()
                .map(|(at, (a, b))| Drafted {
                    customer: at.to_string().as_str().into(),
                    picks: picks.clone(),
                    chosen: (0..*a).chain(4..4 + *b).map(ItemKey).collect(),
                })
                .collect();
            let found = interleaved(&lists, 0.05, n_tuned);
            prop_assume!(found.fixed.is_some());
            let (m, fixed, sequential) = (found.preference.unwrap(), found.fixed.unwrap(), found.sequential.unwrap());
            for Interval { low, high } in [fixed, sequential] {
                prop_assert!(-1.0 <= low && low <= m && m <= high && high <= 1.0, "{low} to {high}, {m}");
            }
            prop_assert!(sequential.low <= fixed.low && fixed.high <= sequential.high);
            for (p, Interval { low, high }) in [(found.p.unwrap(), fixed), (found.p_sequential.unwrap(), sequential)] {
                prop_assume!((p - 0.05).abs() > 1e-9);
                prop_assert_eq!(p < 0.05, low > 0.0 || high < 0.0, "{}: {} to {}", p, low, high);
            }
            let (a, b) = found.shares();
            prop_assert!((a.unwrap() + b.unwrap() - 1.0).abs() < 1e-12 && (b.unwrap() - a.unwrap() - m).abs() < 1e-12);
        }
    }

    /// Seventeen of eighteen chose what B had picked: Wilson's interval of 17/18, but for Student's quantile.
    #[test]
    fn one_choice_each_is_wilsons_interval() {
        let lists: Vec<Drafted> = (0..18)
            .map(|at| Drafted {
                customer: at.to_string().as_str().into(),
                picks: vec![(ItemKey(0), Side::A), (ItemKey(1), Side::B)],
                chosen: vec![ItemKey(u64::from(at > 0))],
            })
            .collect();
        let found = interleaved(&lists, 0.05, 1_000);
        // By hand: p = 17/18, n' = 17, q = 2.1098: 0.7130 to 0.9915.
        let fixed = found.fixed.unwrap();
        let (low, high) = (f64::midpoint(1.0, fixed.low), f64::midpoint(1.0, fixed.high));
        assert!((low - 0.7130).abs() < 1e-4 && (high - 0.9915).abs() < 1e-4, "{low} to {high}");
        assert!((found.shares().1.unwrap() - 17.0 / 18.0).abs() < 1e-12);
    }

    /// Where B has nine in ten of what customers choose: the truth is in the interval as often as is promised.
    #[test]
    fn the_interval_of_few_who_choose_nearly_alike_holds_the_truth() {
        let (mut n_held, mut n_told) = (0, 0);
        for run in 0..600 {
            let mut random = Seed::new(7).stream("nearly alike", run);
            let lists: Vec<Drafted> = (0..25)
                .map(|at| Drafted {
                    customer: at.to_string().as_str().into(),
                    picks: vec![(ItemKey(0), Side::A), (ItemKey(1), Side::B)],
                    chosen: vec![ItemKey(u64::from(random.random::<f64>() < 0.9))],
                })
                .collect();
            if let Some(Interval { low, high }) = interleaved(&lists, 0.05, 500).fixed {
                n_told += 1;
                n_held += u32::from(low <= 0.8 && 0.8 <= high);
            }
        }
        assert!(n_told > 500 && f64::from(n_held) >= 0.92 * f64::from(n_told), "{n_held} of {n_told}");
    }

    #[test]
    fn it_is_judged_by_the_interval_and_the_p_of_the_stage() {
        let found = |low: f64, high: f64| Interleaved {
            fixed: Some(Interval { low, high }),
            sequential: Some(Interval { low: low - 1.0, high: high + 1.0 }),
            p: Some(0.01),
            p_sequential: Some(0.2),
            ..interleaved(&[], 0.05, 500)
        };
        let running = Stage::Running { days_left: None };
        for ((low, high), at_the_end, before) in [
            ((0.1, 0.3), Bearing::Better, Bearing::Unclear),
            ((-0.3, -0.1), Bearing::Worse, Bearing::Unclear),
            ((-0.1, 0.1), Bearing::Unclear, Bearing::Unclear),
            ((1.1, 1.3), Bearing::Better, Bearing::Better),
        ] {
            let found = found(low, high);
            assert_eq!([Stage::AtEnd, Stage::Stopped].map(|stage| found.bearing(stage)), [at_the_end; 2], "{low}");
            assert_eq!(found.bearing(running), before, "{low}");
            assert_eq!((found.p_of(Stage::AtEnd), found.p_of(running)), (Some(0.01), Some(0.2)));
        }
        assert_eq!(interleaved(&[], 0.05, 500).bearing(Stage::AtEnd), Bearing::Unknown);
    }

    #[test]
    fn what_cannot_be_told_says_why() {
        assert!(interleaved(&[], 0.05, 500).reason.unwrap().contains("nobody"));
        let one =
            Drafted { customer: "a".into(), picks: vec![(ItemKey(1), Side::A)], chosen: vec![ItemKey(1), ItemKey(9)] };
        let found = interleaved(std::slice::from_ref(&one), 0.05, 500);
        assert!((found.n_a, found.n_b) == (1, 0) && found.reason.unwrap().contains("one customer"));
        let two = interleaved(&[one.clone(), Drafted { customer: "b".into(), ..one }], 0.05, 500);
        assert!(two.reason.unwrap().contains("alike") && two.preference == Some(-1.0));
    }
}
