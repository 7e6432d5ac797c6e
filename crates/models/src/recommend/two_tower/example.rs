//! What is learned from: which item came after which history?

use crate::recommend::Interactions;
use crate::recommend::prepared::Prepared;
use crate::recommend::query::Own;

/// So many different items of a history are looked at, the newest first.
const N_HISTORY_MAX: usize = 50;

/// What a customer had, by item: each once, the newest first, with the number of occasions since it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct History(Vec<(u32, u32)>);

impl History {
    /// Keeps the newest of each item.
    pub(super) fn of(mut had: Vec<(u32, u32)>) -> Self {
        had.sort_unstable_by_key(|(place, ago)| (*place, *ago));
        had.dedup_by_key(|(place, _)| *place);
        had.sort_unstable_by_key(|(place, ago)| (*ago, *place));
        had.truncate(N_HISTORY_MAX);
        Self(had)
    }

    /// What is known of the customer who is asked about: what they look at now is the last occasion.
    pub(super) fn asked(own: &Own) -> Self {
        let now = u32::from(!own.session.is_empty());
        let ago = |age: f64| u32::try_from(own.occasions.partition_point(|other| *other < age)).unwrap_or(u32::MAX);
        let bought = own.items.iter().filter_map(|item| {
            let age = own.ages_of(item).first()?;
            Some((item.place?, ago(*age).saturating_add(now)))
        });
        Self::of(bought.chain(own.session.iter().map(|place| (*place, 0))).collect())
    }

    /// The weights of all items: each occasion counts a little less than the one after it.
    pub(super) fn all(&self) -> Vec<(u32, f32)> {
        #[expect(clippy::cast_precision_loss, reason = "occasions are counted up to some thousand")]
        let weight = |ago: u32| (-(ago as f32) / 16.0).exp2();
        of_length_one(self.0.iter().map(|(place, ago)| (*place, weight(*ago))))
    }

    /// The weights of those of the last occasion alone.
    pub(super) fn last(&self) -> Vec<(u32, f32)> {
        let last = self.0.first().map_or(0, |(_, ago)| *ago);
        of_length_one(self.0.iter().filter(|(_, ago)| *ago == last).map(|(place, _)| (*place, 1.0)))
    }

    /// Which items.
    pub(super) fn items(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(place, _)| *place)
    }
}

/// Weights whose squares sum to 1: what many different items say together is then as large as what one says.
fn of_length_one(weights: impl Iterator<Item = (u32, f32)>) -> Vec<(u32, f32)> {
    let mut found: Vec<(u32, f32)> = weights.collect();
    let length = found.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    found.iter_mut().for_each(|(_, weight)| *weight /= length.max(f32::MIN_POSITIVE));
    found
}

/// All purchases of all customers, each from old to new.
pub(super) struct Examples {
    told: Vec<Told>,
    /// Customer `c` has `told[start[c]..start[c + 1]]`.
    start: Vec<usize>,
    /// The places in `told` of what is learned from, and of what is held out.
    pub(super) learned: Vec<usize>,
    pub(super) held_out: Vec<usize>,
    /// Whether customers hardly ever have an item twice: what they had is then no choice that they passed over.
    pub(super) is_once: bool,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    customer: u32,
    item: u32,
    /// Counted from the customer's first.
    occasion: u32,
    hour: u16,
}

impl Examples {
    /// Every `hold_out_every`-th customer who came twice keeps the last occasion for the end, up to `n_held_out_max` purchases.
    pub(super) fn of(prepared: &Prepared, hold_out_every: usize, n_held_out_max: usize) -> Self {
        let mut told = Vec::with_capacity(prepared.rows.len());
        let mut start = vec![0];
        for customer in 0..prepared.n_customers() {
            let mut rows: Vec<usize> = prepared.range_of(customer).collect();
            let by = |row: usize| &prepared.rows[row];
            rows.sort_by(|a, b| by(*b).age_days.total_cmp(&by(*a).age_days).then(by(*a).item.cmp(&by(*b).item)));
            rows.dedup_by(|a, b| by(*a).item == by(*b).item && by(*a).age_days.total_cmp(&by(*b).age_days).is_eq());
            let (mut occasion, mut age_before) = (0, f64::INFINITY);
            for row in rows {
                let purchase = by(row);
                occasion += u32::from(purchase.age_days < age_before && age_before.is_finite());
                age_before = purchase.age_days;
                let hour = prepared.hours.get(row).copied().unwrap_or(Interactions::NO_HOUR);
                told.push(Told { customer: purchase.customer, item: purchase.item, occasion, hour });
            }
            start.push(told.len());
        }
        let mut examples = Self { told, start, learned: Vec::new(), held_out: Vec::new(), is_once: false };
        examples.part(hold_out_every, n_held_out_max);
        examples
    }

    fn part(&mut self, hold_out_every: usize, n_held_out_max: usize) {
        let (mut n_again, mut n_came_back) = (0, 0);
        for customer in 0..self.start.len() - 1 {
            let all = self.start[customer]..self.start[customer + 1];
            let last = self.told[all.end - 1].occasion;
            let holds_out = customer % hold_out_every == hold_out_every - 1 && last > 0;
            for at in all {
                let is_last = holds_out && self.told[at].occasion == last && self.held_out.len() < n_held_out_max;
                if is_last {
                    self.held_out.push(at)
                } else {
                    self.learned.push(at)
                }
                if self.told[at].occasion > 0 {
                    n_came_back += 1;
                    n_again += usize::from(self.before(at).any(|told| told.item == self.told[at].item));
                }
            }
        }
        self.is_once = n_again * 50 < n_came_back;
    }

    /// What the customer had on earlier occasions, the newest first.
    fn before(&self, at: usize) -> impl Iterator<Item = &Told> {
        let told = self.told[at];
        let from = self.start[told.customer as usize];
        self.told[from..at].iter().rev().filter(move |other| other.occasion < told.occasion).take(4 * N_HISTORY_MAX)
    }

    /// The item that was chosen.
    pub(super) fn item(&self, at: usize) -> u32 {
        self.told[at].item
    }

    /// The hour of the week at which it was.
    pub(super) fn hour(&self, at: usize) -> Option<u16> {
        Some(self.told[at].hour).filter(|hour| *hour != Interactions::NO_HOUR)
    }

    /// What was known before it: earlier occasions. On the first occasion nothing; or, where `with_others`, what was had together with it.
    pub(super) fn history(&self, at: usize, with_others: bool) -> History {
        let told = self.told[at];
        let earlier: Vec<(u32, u32)> =
            self.before(at).map(|other| (other.item, told.occasion - other.occasion - 1)).collect();
        if !earlier.is_empty() || !with_others {
            return History::of(earlier);
        }
        let all = &self.told[self.start[told.customer as usize]..self.start[told.customer as usize + 1]];
        let beside = all.iter().take_while(|other| other.occasion == told.occasion);
        History::of(
            beside
                .filter(|other| other.item != told.item)
                .map(|other| (other.item, 0))
                .take(4 * N_HISTORY_MAX)
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{HistoryItem, Interaction, Query};
    use primitives::ItemKey;

    fn told(rows: &[(u32, u32, f64)]) -> Prepared {
        let row = |(customer, item, age_days): &(u32, u32, f64)| Interaction {
            customer: *customer,
            item: *item,
            age_days: *age_days,
            quantity: 1.0,
        };
        let rows = rows.iter().map(row).collect();
        Prepared::of(&Interactions { rows, items: (0..9).map(ItemKey).collect(), ..Interactions::default() }).unwrap()
    }

    #[test]
    fn a_history_ends_before_the_occasion() {
        // Three occasions: 1 and 2; 3 and 1; 4. The same twice on one occasion is once.
        let prepared = told(&[(0, 1, 9.0), (0, 2, 9.0), (0, 3, 5.0), (0, 1, 5.0), (0, 1, 5.0), (0, 4, 1.0)]);
        let examples = Examples::of(&prepared, 10, 100);
        let told: Vec<(u32, History)> =
            examples.learned.iter().map(|at| (examples.item(*at), examples.history(*at, false))).collect();
        let second = History(vec![(1, 0), (2, 0)]);
        let third = History(vec![(1, 0), (3, 0), (2, 1)]);
        let none = History::default();
        assert_eq!(told, [(1, none.clone()), (2, none), (1, second.clone()), (3, second), (4, third)]);
        // On the first occasion, what was had together may stand for it.
        assert_eq!(examples.history(0, true), History(vec![(2, 0)]));
        assert_eq!(examples.history(4, true), examples.history(4, false));
        assert_eq!(examples.hour(0), None);
    }

    #[test]
    fn what_is_asked_is_read_as_what_was_learned() {
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        let history = [bought(1, 9.0), bought(2, 9.0), bought(3, 5.0), bought(1, 5.0)];
        let keys: Vec<ItemKey> = (0..9).map(ItemKey).collect();
        let asked = |session: &[ItemKey]| History::asked(&Own::of(&Query { session, ..Query::of(&history) }, &keys));
        assert_eq!(asked(&[]), History(vec![(1, 0), (3, 0), (2, 1)]));
        assert_eq!(asked(&[ItemKey(2)]), History(vec![(2, 0), (1, 1), (3, 1)]));
        let near = |weights: Vec<(u32, f32)>, expected: &[(u32, f32)]| {
            assert_eq!(weights.len(), expected.len());
            weights
                .iter()
                .zip(expected)
                .for_each(|(a, b)| assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-6, "{weights:?}"));
        };
        near(asked(&[]).last(), &[(1, 0.5_f32.sqrt()), (3, 0.5_f32.sqrt())]);
        let earlier = (-1.0_f32 / 16.0).exp2();
        let length = (2.0 + earlier * earlier).sqrt();
        near(asked(&[]).all(), &[(1, 1.0 / length), (3, 1.0 / length), (2, earlier / length)]);
        near(History::default().all(), &[]);
        let long = History::of((0..200).map(|item| (item, 200 - item)).collect());
        assert_eq!((long.items().count(), long.items().next()), (N_HISTORY_MAX, Some(199)));
    }

    #[test]
    fn the_last_occasion_of_some_is_held_out() {
        let rows: Vec<(u32, u32, f64)> =
            (0..6).flat_map(|customer| [(customer, 1, 5.0), (customer, 2, 1.0), (customer, 3, 1.0)]).collect();
        let examples = Examples::of(&told(&rows), 3, 100);
        assert_eq!((examples.held_out.as_slice(), examples.learned.len()), ([7, 8, 16, 17].as_slice(), 14));
        assert!(examples.is_once);
        assert_eq!(Examples::of(&told(&rows), 3, 3).held_out, [7, 8, 16]);
        // One occasion alone is learned from; and who has things again is no such shop.
        let again: Vec<(u32, u32, f64)> =
            (0..4).flat_map(|customer| [(customer, 1, 5.0), (customer, 1, 1.0)]).collect();
        let examples = Examples::of(&told(&again[..1]), 1, 9);
        assert!(examples.held_out.is_empty() && examples.learned.len() == 1);
        assert!(!Examples::of(&told(&again), 9, 9).is_once);
    }
}
