//! How much more often than usual is an item bought in a slot of time, beyond chance?

use crate::recommend::matrix::Matrix;
use serde::{Deserialize, Serialize};

/// A stored lift is `2^(byte / STEPS)`: steps of 2 %, from a fifteenth to fifteen-fold.
const STEPS: f64 = 32.0;

/// How much was bought, by thing and slot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counts {
    n_slots: usize,
    /// By thing, then slot.
    weights: Vec<f64>,
    /// The sum of the squared weights, by thing: how much of it is chance.
    squares: Vec<f64>,
}

/// Lifts by thing and slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lifts {
    n_slots: u32,
    /// In steps, by thing, then slot; empty where nothing follows the slots.
    steps: Vec<i8>,
}

impl Counts {
    pub(super) fn new(n_things: usize, n_slots: usize) -> Self {
        Self { n_slots, weights: vec![0.0; n_things * n_slots], squares: vec![0.0; n_things] }
    }

    pub(super) fn add(&mut self, thing: usize, slot: usize, weight: f64) {
        self.weights[thing * self.n_slots + slot] += weight;
        self.squares[thing] += weight * weight;
    }

    /// Whether nothing was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.squares.iter().all(|square| *square <= 0.0)
    }

    /// How much was bought of each thing.
    pub(super) fn totals(&self) -> Vec<f32> {
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored")]
        self.things().map(|slots| slots.iter().sum::<f64>() as f32).collect()
    }

    fn things(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.weights.chunks_exact(self.n_slots)
    }

    /// The share of each slot in all.
    fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0.0; self.n_slots];
        for slots in self.things() {
            shares.iter_mut().zip(slots).for_each(|(share, weight)| *share += weight);
        }
        let total: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= total.max(f64::MIN_POSITIVE));
        shares
    }

    /// The same by group; `of` says which groups each thing has.
    fn by_group(&self, of: &Matrix, n_groups: usize) -> Self {
        let mut found = Self::new(n_groups, self.n_slots);
        for (thing, slots) in self.things().enumerate() {
            for (group, _) in of.row(thing) {
                let at = group as usize * self.n_slots;
                found.weights[at..at + self.n_slots].iter_mut().zip(slots).for_each(|(sum, weight)| *sum += weight);
                found.squares[group as usize] += self.squares[thing];
            }
        }
        found
    }

    /// Lifts against what is expected of a thing in a slot, in the same order as the counts.
    ///
    /// The counts of one lift vary by `expected · chance` if nothing but chance is at work; what they vary more is how much lifts
    /// differ, and `k` is one over that.
    fn lifts(&self, expected: &[f64]) -> Vec<f64> {
        let chances: Vec<f64> =
            self.things().zip(&self.squares).map(|(slots, square)| chance(slots, *square)).collect();
        let (mut beyond, mut size) = (0.0, 0.0);
        for (at, (found, expected)) in self.weights.iter().zip(expected).enumerate() {
            beyond += (found - expected).powi(2) - expected * chances[at / self.n_slots];
            size += expected * expected;
        }
        if beyond <= 0.0 || size <= 0.0 {
            return vec![1.0; self.weights.len()];
        }
        let k = size / beyond;
        let (found, expected) = (self.smooth(&self.weights), self.smooth(expected));
        let of = found.iter().zip(&expected).enumerate();
        of.map(|(at, (found, expected))| {
            let k = k * chances[at / self.n_slots];
            (found + k) / (expected + k).max(f64::MIN_POSITIVE)
        })
        .collect()
    }

    /// Hours beside each other, around the clock, share half of what they have; days do not.
    fn smooth(&self, weights: &[f64]) -> Vec<f64> {
        const CLOCK: usize = 24;
        if !self.n_slots.is_multiple_of(CLOCK) {
            return weights.to_vec();
        }
        let clocks = weights.chunks_exact(CLOCK);
        let around = |clock: &[f64]| {
            let of = |hour: usize| {
                0.5 * clock[hour] + 0.25 * (clock[(hour + 1) % CLOCK] + clock[(hour + CLOCK - 1) % CLOCK])
            };
            (0..CLOCK).map(of).collect::<Vec<f64>>()
        };
        clocks.flat_map(around).collect()
    }
}

/// How much a unit of the counts of a thing varies by chance: the mean weight of its purchases. 1 where there are none.
fn chance(slots: &[f64], square: f64) -> f64 {
    let total: f64 = slots.iter().sum();
    if total > 0.0 { square / total } else { 1.0 }
}

impl Lifts {
    /// Of the groups first; an item is expected to sell as the groups that it has.
    pub(super) fn of(counts: &Counts, groups: &Matrix) -> Self {
        let (n_slots, shares) = (counts.n_slots, counts.shares());
        let as_everything = |counts: &Counts| -> Vec<f64> {
            let expected = |slots: &[f64]| {
                let total: f64 = slots.iter().sum();
                shares.iter().map(|share| share * total).collect::<Vec<f64>>()
            };
            counts.things().flat_map(expected).collect()
        };
        let n_groups =
            (0..groups.n_rows()).flat_map(|item| groups.columns(item)).max().map_or(0, |last| *last as usize + 1);
        let by_group = counts.by_group(groups, n_groups);
        let of_groups = by_group.lifts(&as_everything(&by_group));
        let mut prior = vec![1.0; counts.weights.len()];
        for (item, prior) in prior.chunks_exact_mut(n_slots).enumerate() {
            let own = groups.columns(item);
            for (slot, prior) in prior.iter_mut().enumerate() {
                let logs: f64 = own.iter().map(|group| of_groups[*group as usize * n_slots + slot].ln()).sum();
                *prior = (logs / own.len().max(1) as f64).exp();
            }
            // What sells more at some hours sells less at the others.
            let total: f64 = prior.iter().zip(&shares).map(|(prior, share)| prior * share).sum();
            prior.iter_mut().for_each(|prior| *prior /= total.max(f64::MIN_POSITIVE));
        }
        let expected: Vec<f64> = as_everything(counts).iter().zip(&prior).map(|(all, prior)| all * prior).collect();
        let lifts: Vec<f64> = counts.lifts(&expected).iter().zip(&prior).map(|(lift, prior)| lift * prior).collect();
        #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a byte")]
        let step = |lift: &f64| (lift.log2() * STEPS).round().clamp(-127.0, 127.0) as i8;
        let steps: Vec<i8> = lifts.iter().map(step).collect();
        let follows = steps.iter().any(|step| *step != 0);
        Self { n_slots: u32::try_from(n_slots).unwrap_or(u32::MAX), steps: if follows { steps } else { Vec::new() } }
    }

    /// The lift of a thing in a slot.
    pub(super) fn get(&self, thing: u32, slot: usize) -> f32 {
        let step = self.steps.get(thing as usize * self.n_slots as usize + slot).copied().unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, reason = "a power of two with a whole number")]
        let steps = STEPS as f32;
        (f32::from(step) / steps).exp2()
    }

    /// Whether it has a lift for every thing and slot.
    pub(super) fn fits(&self, n_things: usize, n_slots: usize) -> bool {
        self.n_slots as usize == n_slots && (self.steps.is_empty() || self.steps.len() == n_things * n_slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[[f64; 2]]) -> Counts {
        let mut counts = Counts::new(rows.len(), 2);
        for (thing, row) in rows.iter().enumerate() {
            for (slot, n) in row.iter().enumerate() {
                // Purchases of weight 1: one by one.
                (0..10_000).take_while(|at| f64::from(*at) < *n).for_each(|_| counts.add(thing, slot, 1.0));
            }
        }
        counts
    }

    #[test]
    fn lifts_are_those_by_hand() {
        let told = counts(&[[40.0, 10.0], [10.0, 40.0]]);
        let expected = [25.0; 4];
        // Beyond chance: 4 · (15² - 25) = 800 of 4 · 25² = 2500: k is 3.125.
        let lifts = told.lifts(&expected);
        let by_hand = [(40.0 + 3.125) / 28.125, (10.0 + 3.125) / 28.125];
        for (lift, expected) in lifts.iter().zip([by_hand[0], by_hand[1], by_hand[1], by_hand[0]]) {
            assert!((lift - expected).abs() < 1e-9, "{lift} and {expected}");
        }
        // Within chance: (28 - 25)² is less than 25.
        assert_eq!(counts(&[[28.0, 22.0], [22.0, 28.0]]).lifts(&expected), [1.0; 4]);
        let stored = Lifts::of(&told, &Matrix::from_rows(vec![Vec::new(); 2]));
        assert!((f64::from(stored.get(0, 0)) - by_hand[0]).abs() < 0.02 * by_hand[0]);
        assert!(stored.fits(2, 2) && !stored.fits(3, 2) && !stored.fits(2, 3));
    }

    #[test]
    fn the_clock_goes_round_and_each_kind_of_day_by_itself() {
        let mut told = Counts::new(1, 48);
        told.add(0, 23, 4.0);
        told.add(0, 24, 8.0);
        let smooth = told.smooth(&told.weights);
        let found: Vec<(usize, f64)> = smooth.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0).collect();
        assert_eq!(found, [(0, 1.0), (22, 1.0), (23, 2.0), (24, 4.0), (25, 2.0), (47, 2.0)]);
    }
}
