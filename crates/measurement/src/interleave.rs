//! Which of two lists do customers choose from, when both are shown as one?
//!
//! Two lists are drafted into one as captains choose teams: in each round a coin says who picks first, and each side picks its
//! best item that is not taken. What is chosen counts for the side that picked it.

use crate::Interval;
use crate::experiment::{Bearing, Stage};
use crate::statistics::{Moments, Sequence, student_beyond, student_quantile};
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
    /// Which share of what was chosen A had picked, and which B; nothing where nothing was chosen.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far fewer are chosen than a float tells apart")]
    pub fn shares(&self) -> (Option<f64>, Option<f64>) {
        let of = (self.n_a + self.n_b) as f64;
        let share = |n: u64| (of > 0.0).then(|| n as f64 / of);
        (share(self.n_a), share(self.n_b))
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
/// of a customer: (b − a) / (b + a),  a and b the choices of all their lists;   mean and Student's t over customers
/// ```
/// *Parameters*: `alpha`, one minus the confidence; `n_tuned`, at how many customers the sequential interval is tightest.
/// *Guarantees*: a customer counts once, however much they choose; swapping the sides turns the preference around; items
/// that are chosen and were on no list count for nobody. *Edge cases*: fewer than two customers, or all alike, have no
/// interval, and the reason is said. *Cost*: linear. *Source*: Radlinski et al. 2008, doi:10.1145/1458082.1458092.
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
        let (a, b) = (crate::statistics::count(*a), crate::statistics::count(*b));
        (b - a) / (b + a)
    }));
    let mut found = Interleaved {
        n_lists: crate::statistics::whole(lists.len()),
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
    let (mean, df) = (preferences.mean(), preferences.n() - 1.0);
    let half = student_quantile(alpha, df) * variance.sqrt();
    let sequence = Sequence { alpha, n_tuned };
    found.fixed = Some(Interval { low: mean - half, high: mean + half });
    found.sequential = Some(sequence.interval(mean, variance, preferences.n()));
    found.p = Some(student_beyond(mean / variance.sqrt(), df));
    found.p_sequential = Some(sequence.p(mean, variance, preferences.n()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use rand::RngExt as _;

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
