//! Which grams are learned, how rare is each, and which of them are worth keeping?

use super::super::grams::Message;
use crate::linear::narrow;
use std::collections::HashMap;

/// What a gram counts is divided by this, so that messages are about as long as 1.
const USUAL_RARITY: f64 = 5.0;

/// Grams that stand in some messages, with how rare each is.
#[derive(Debug)]
pub(super) struct Columns {
    /// Ascending.
    numbers: Vec<u32>,
    n_with: Vec<u32>,
    /// `(ln((1 + n) / (1 + n_with)) + 1) / 5`.
    rarity: Vec<f32>,
    places: HashMap<u32, u32>,
}

impl Columns {
    /// Counts in how many messages each gram stands.
    pub(super) fn learn(messages: &[&[Message]], n_messages_min: u32) -> Self {
        let mut n_with: HashMap<u32, u32> = HashMap::new();
        let n: usize = messages.iter().map(|messages| messages.len()).sum();
        for message in messages.iter().flat_map(|messages| messages.iter()) {
            for (number, _) in &message.counted {
                *n_with.entry(*number).or_default() += 1;
            }
        }
        let mut kept: Vec<(u32, u32)> = n_with.into_iter().filter(|(_, n)| *n >= n_messages_min).collect();
        kept.sort_unstable();
        let (numbers, n_with): (Vec<u32>, Vec<u32>) = kept.into_iter().unzip();
        let rarity = |n_with: &u32| ((1.0 + n as f64) / (1.0 + f64::from(*n_with))).ln() + 1.0;
        let rarity = n_with.iter().map(|n_with| narrow(rarity(n_with) / USUAL_RARITY)).collect();
        let places = numbers.iter().copied().zip(0..).collect();
        Self { numbers, n_with, rarity, places }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn all(&self) -> Vec<u32> {
        (0..).take(self.len()).collect()
    }

    /// The columns of a message, ascending, and its weights by rarity.
    pub(super) fn cells(&self, message: &Message) -> Vec<(u32, f32)> {
        let known = |(number, weight): &(u32, f32)| {
            let column = *self.places.get(number)?;
            Some((column, weight * self.rarity[column as usize]))
        };
        message.counted.iter().filter_map(known).collect()
    }

    /// The columns that say most: by the square of what each adds to a head, over all messages, as a share of the head.
    pub(super) fn most_telling(&self, lines: &[Vec<f32>], n: usize, counts: impl Fn(usize) -> f64) -> Vec<u32> {
        let mut telling = vec![0.0_f64; self.len()];
        for (head, line) in lines.iter().enumerate() {
            let says = |column: usize| {
                let weight = f64::from(line[column]) * f64::from(self.rarity[column]);
                weight * weight * f64::from(self.n_with[column])
            };
            let all: f64 = (0..self.len()).map(says).sum();
            for (column, telling) in telling.iter_mut().enumerate() {
                *telling += counts(head) * says(column) / all.max(f64::MIN_POSITIVE);
            }
        }
        let mut order = self.all();
        order.sort_by(|a, b| telling[*b as usize].total_cmp(&telling[*a as usize]).then(a.cmp(b)));
        order.truncate(n);
        order.sort_unstable();
        order
    }

    /// The numbers of columns.
    pub(super) fn numbers(&self, kept: &[u32]) -> Vec<u32> {
        kept.iter().map(|column| self.numbers[*column as usize]).collect()
    }

    /// The weights of columns for each line, by rarity, so that a message need not be weighed by it: column by column.
    pub(super) fn weights(&self, kept: &[u32], lines: &[Vec<f32>]) -> Vec<f32> {
        let of = |column: &u32| {
            let at = *column as usize;
            lines.iter().map(move |line| line[at] * self.rarity[at])
        };
        kept.iter().flat_map(of).collect()
    }
}
