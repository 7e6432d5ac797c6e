//! Which purchases become questions, so that a recommender can be tried on what it was not told?

use super::prepared::Prepared;
use super::{HistoryItem, Interaction, Interactions, Query};
use primitives::{ItemKey, Seed, stable_hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How purchases are held out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOut {
    /// What was bought in the last days of all: asked at their beginning.
    Days(f64),
    /// The last occasion of every customer with two or more: asked without a date, ages as of the end.
    LastOccasion,
    /// About this share of the different items of every customer, whenever they were bought: asked as of the end.
    Share(f64),
}

/// A customer who is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Whose it is: their number.
    pub customer: usize,
    /// What they had bought.
    pub history: Vec<HistoryItem>,
    /// What they bought then, of what could be known: each once, at least one.
    pub wanted: BTreeSet<ItemKey>,
    /// The hour of the week at which they came for the first of it; `None` where it is not known, or where nobody came: a share of
    /// everything was bought at no moment.
    pub hour_of_week: Option<u16>,
}

impl Question {
    /// It as a recommender is asked it.
    #[must_use]
    pub fn query(&self) -> Query<'_> {
        Query { hour_of_week: self.hour_of_week, ..Query::of(&self.history) }
    }
}

/// Purchases in two parts.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// What may be learned from.
    pub known: Interactions,
    /// What is asked, at most as many as were asked for, drawn by the seed.
    pub questions: Vec<Question>,
}

impl HoldOut {
    /// Parts purchases. No purchase that is held out is among what is known, and everything wanted was bought by somebody in
    /// what is known. Who buys again is asked for what they had, too; only [`HoldOut::Share`] holds out all purchases of an
    /// item or none.
    ///
    /// *Edge cases*: nothing to learn from or nobody to ask gives empty parts. *Guarantees*: the same for the same seed, in
    /// any order of rows.
    #[must_use]
    pub fn part(self, interactions: &Interactions, n_max: usize, seed: Seed) -> HeldOut {
        let nothing = || HeldOut { known: Interactions::default(), questions: Vec::new() };
        let Ok(prepared) = Prepared::of(interactions) else { return nothing() };
        let youngest = prepared.youngest();
        let (mut known, mut hours) = (Vec::with_capacity(prepared.rows.len()), Vec::new());
        let mut asked: Vec<(u64, usize)> = Vec::new();
        for (customer, rows) in prepared.customers().enumerate() {
            let is_held = self.held(rows, youngest, seed);
            if is_held.contains(&true) && is_held.contains(&false) {
                asked.push((stable_hash(&format!("{}:{customer}", seed.value())), customer));
            }
            let from = prepared.place_of(customer);
            for (at, row) in rows.iter().enumerate().filter(|(at, _)| !is_held[*at]) {
                known.push(self.as_of(row, youngest));
                hours.extend(prepared.hours.get(from + at));
            }
        }
        if asked.len() > n_max {
            asked.sort_unstable();
            asked.truncate(n_max);
            asked.sort_unstable_by_key(|(_, customer)| *customer);
        }
        let mut is_known = vec![false; prepared.n_items()];
        known.iter().for_each(|row| is_known[row.item as usize] = true);
        let question = |&(_, customer): &(u64, usize)| {
            let rows = prepared.of_customer(customer);
            let is_held = self.held(rows, youngest, seed);
            let of = |held: bool| {
                rows.iter().zip(&is_held).filter(move |(_, is_held)| **is_held == held).map(|(row, _)| row)
            };
            let (before, then) = (of(false), of(true));
            let could_be_known = then.filter(|row| is_known[row.item as usize]);
            let wanted: BTreeSet<ItemKey> = could_be_known.map(|row| prepared.keys[row.item as usize]).collect();
            let history = before.map(|row| {
                let row = self.as_of(row, youngest);
                HistoryItem { item: prepared.keys[row.item as usize], age_days: row.age_days, quantity: row.quantity }
            });
            let hour_of_week =
                self.hour(rows, prepared.hours.get(prepared.range_of(customer)).unwrap_or(&[]), &is_held);
            (!wanted.is_empty()).then(|| Question { customer, history: history.collect(), wanted, hour_of_week })
        };
        let questions: Vec<Question> = asked.iter().filter_map(question).collect();
        let known = Interactions { rows: known, items: prepared.keys, traits: prepared.traits, hours };
        HeldOut { known, questions }
    }

    /// Which of one customer's purchases are held out.
    fn held(self, rows: &[Interaction], youngest: f64, seed: Seed) -> Vec<bool> {
        let ages = || rows.iter().map(|row| row.age_days);
        let last = ages().fold(f64::INFINITY, f64::min);
        let younger_than = |limit: f64| ages().map(|age| age < limit).collect::<Vec<bool>>();
        match self {
            Self::Days(days) => younger_than(youngest + days),
            Self::LastOccasion if ages().any(|age| age > last) => younger_than(last.next_up()),
            Self::LastOccasion => vec![false; rows.len()],
            Self::Share(share) => {
                let hash = |row: &Interaction| stable_hash(&format!("{}:{}:{}", seed.value(), row.customer, row.item));
                let is_held: Vec<bool> = rows.iter().map(|row| (hash(row) as f64 / u64::MAX as f64) < share).collect();
                // Who would be left with nothing keeps everything.
                if is_held.contains(&false) { is_held } else { vec![false; rows.len()] }
            }
        }
    }

    /// The hour of the oldest purchase that is held out, which is when the customer came. Of what was bought at once it is the smallest.
    fn hour(self, rows: &[Interaction], hours: &[u16], is_held: &[bool]) -> Option<u16> {
        if matches!(self, Self::Share(_)) {
            return None;
        }
        let told = rows.iter().zip(hours).zip(is_held).filter(|(_, held)| **held).map(|(told, _)| told);
        let oldest_first = |a: &(&Interaction, &u16), b: &(&Interaction, &u16)| {
            b.0.age_days.total_cmp(&a.0.age_days).then(a.1.cmp(b.1))
        };
        told.min_by(oldest_first).map(|(_, hour)| *hour).filter(|hour| *hour != Interactions::NO_HOUR)
    }

    /// A purchase as it is seen at the moment of the question.
    fn as_of(self, row: &Interaction, youngest: f64) -> Interaction {
        let passed = match self {
            Self::Days(days) => youngest + days,
            Self::LastOccasion | Self::Share(_) => 0.0,
        };
        Interaction { age_days: (row.age_days - passed).max(0.0), ..*row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(customer: u32, item: u32, age_days: f64) -> Interaction {
        Interaction { customer, item, age_days, quantity: 1.0 }
    }

    fn told(question: &Question) -> (Vec<(u64, f64)>, Vec<u64>) {
        let history = question.history.iter().map(|bought| (bought.item.0, bought.age_days));
        (history.collect(), question.wanted.iter().map(|key| key.0).collect())
    }

    fn four() -> Interactions {
        let items = (0..4).map(ItemKey).collect();
        let rows = vec![
            row(5, 0, 20.0),
            row(5, 1, 12.0),
            row(5, 2, 12.0),
            row(7, 1, 30.0),
            row(7, 3, 2.0),
            row(7, 0, 2.0),
            row(9, 2, 16.0),
        ];
        Interactions { rows, items, ..Interactions::default() }
    }

    #[test]
    fn the_last_occasion_can_be_found_by_hand() {
        let parts = HoldOut::LastOccasion.part(&four(), 9, Seed::new(1));
        // Nobody else has item 3, and item 1 is known by customer 7, item 2 by customer 9.
        let found: Vec<_> = parts.questions.iter().map(told).collect();
        assert_eq!(found, [(vec![(0, 20.0)], vec![1, 2]), (vec![(1, 30.0)], vec![0])]);
        let known: Vec<_> = parts.known.rows.iter().map(|row| (row.item, row.age_days)).collect();
        assert_eq!(known, [(0, 20.0), (1, 30.0), (2, 16.0)], "who came once is not asked");
    }

    #[test]
    fn the_last_days_can_be_found_by_hand() {
        let parts = HoldOut::Days(10.0).part(&four(), 9, Seed::new(1));
        // The youngest purchase is 2 days old, so the question is asked 12 days ago, and what happened just then was known.
        let found: Vec<_> = parts.questions.iter().map(told).collect();
        assert_eq!(found, [(vec![(1, 18.0)], vec![0])]);
        assert_eq!(parts.known.rows.len(), 5);
        assert!(HoldOut::Days(100.0).part(&four(), 9, Seed::new(1)).questions.is_empty());
        assert!(HoldOut::LastOccasion.part(&Interactions::default(), 9, Seed::new(1)).known.rows.is_empty());
    }

    #[test]
    fn who_came_is_asked_at_the_hour_at_which_they_came() {
        let none = Interactions::NO_HOUR;
        let hours_of = |hold_out: HoldOut, hours: [u16; 7]| {
            let parts = hold_out.part(&Interactions { hours: hours.to_vec(), ..four() }, 9, Seed::new(1));
            let hours = parts.questions.iter().map(|question| (question.hour_of_week, question.query().hour_of_week));
            (hours.collect::<Vec<_>>(), parts.known.hours)
        };
        let both = |hour: u16| (Some(hour), Some(hour));
        let hours = [0, 11, 13, 3, 52, 41, 6];
        assert_eq!(hours_of(HoldOut::LastOccasion, hours), (vec![both(11), both(41)], vec![0, 3, 6]));
        // In the last 28 days customer 5 came three times: first at the hour 0.
        let of_both = Interactions { rows: [four().rows, vec![row(5, 1, 35.0)]].concat(), ..four() };
        let of_both = Interactions { hours: [hours.as_slice(), &[7]].concat(), ..of_both };
        let asked = HoldOut::Days(28.0).part(&of_both, 9, Seed::new(1)).questions;
        assert_eq!(asked.iter().map(|question| question.hour_of_week).collect::<Vec<_>>(), [Some(0)]);
        assert_eq!(hours_of(HoldOut::LastOccasion, [none, none, none, 3, none, 41, 6]).0, [(None, None), both(41)]);
        assert!(hours_of(HoldOut::Share(0.4), hours).0.iter().all(|hour| *hour == (None, None)));
        assert!(hours_of(HoldOut::LastOccasion, [none; 7]).1.is_empty());
    }

    #[test]
    fn a_share_of_everybodys_items_is_held_out_whole() {
        let rows = (0..4_000).map(|n| row(n / 40, n % 20, f64::from(n % 40)));
        let all =
            Interactions { rows: rows.collect(), items: (0..20).map(ItemKey).collect(), ..Interactions::default() };
        let parts = HoldOut::Share(0.25).part(&all, usize::MAX, Seed::new(1));
        let n_held = parts.questions.iter().map(|question| question.wanted.len()).sum::<usize>();
        assert!((400..600).contains(&n_held) && parts.known.rows.len() == 4_000 - 2 * n_held, "{n_held} of 2000");
        let had = |question: &Question| question.history.iter().any(|bought| question.wanted.contains(&bought.item));
        assert!(!parts.questions.iter().any(had), "all purchases of an item are held out, or none");
        assert!(HoldOut::Share(1.0).part(&all, 9, Seed::new(1)).questions.is_empty(), "nobody is left with nothing");
    }

    fn sorted(purchases: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
        let mut purchases: Vec<_> = purchases.collect();
        purchases.sort_unstable();
        purchases
    }

    proptest! {
        #[test]
        fn nobody_is_asked_for_what_was_told_of_them(
            rows in prop::collection::vec((0_u32..8, 0_u32..12, 0_u32..40), 1..60), n_max in 1_usize..6, days in 1_u32..30, how in 0..3_u8,
        ) {
            let all = Interactions {
                rows: rows.iter().map(|(customer, item, age)| row(*customer, *item, f64::from(*age))).collect(),
                items: (0..12).map(ItemKey).collect(),
                ..Interactions::default()
            };
            let hold_out = match how {
                0 => HoldOut::LastOccasion,
                1 => HoldOut::Days(f64::from(days)),
                _ => HoldOut::Share(0.3),
            };
            let parts = hold_out.part(&all, n_max, Seed::new(3));
            let mut turned = all.clone();
            turned.rows.reverse();
            prop_assert_eq!(&parts, &hold_out.part(&turned, n_max, Seed::new(3)));
            prop_assert!(parts.questions.len() <= n_max && parts.known.rows.len() <= all.rows.len());
            let sold: BTreeSet<u32> = parts.known.rows.iter().map(|row| row.item).collect();
            for question in &parts.questions {
                prop_assert!(!question.history.is_empty() && !question.wanted.is_empty());
                prop_assert!(question.wanted.iter().all(|key| sold.contains(&u32::try_from(key.0).unwrap())));
            }
            let youngest = all.rows.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min);
            let mut histories = BTreeSet::new();
            // Customers are numbered anew, in their order.
            let customers: BTreeSet<u32> = all.rows.iter().map(|row| row.customer).collect();
            for (number, customer) in (0..).zip(customers) {
                let of = |rows: &[Interaction], customer: u32| {
                    rows.iter().filter(|row| row.customer == customer).copied().collect::<Vec<Interaction>>()
                };
                let (had, known) = (of(&all.rows, customer), of(&parts.known.rows, number));
                let last = had.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min);
                let came_once = had.iter().all(|row| row.age_days <= last);
                let kept = |row: &Interaction| match hold_out {
                    HoldOut::LastOccasion => (came_once || row.age_days > last).then_some(row.age_days),
                    HoldOut::Days(days) => Some(row.age_days - youngest - days).filter(|age| *age >= 0.0),
                    // All purchases of an item, or none.
                    HoldOut::Share(_) => known.iter().any(|it| it.item == row.item).then_some(row.age_days),
                };
                let expected = had.iter().filter_map(|row| Some((u64::from(row.item), kept(row)?.to_bits())));
                let expected = sorted(expected);
                prop_assert_eq!(sorted(known.iter().map(|row| (u64::from(row.item), row.age_days.to_bits()))), expected.clone());
                histories.insert(expected);
            }
            for question in &parts.questions {
                let told = question.history.iter().map(|bought| (bought.item.0, bought.age_days.to_bits()));
                prop_assert!(histories.contains(&sorted(told)), "who is asked is told what is known of them");
            }
            if matches!(hold_out, HoldOut::Share(_)) {
                let had = |it: &Question| it.history.iter().any(|bought| it.wanted.contains(&bought.item));
                prop_assert!(!parts.questions.iter().any(had));
            }
        }
    }
}
