//! Where is a customer: what do all their items say, what do the last ones, and what does the hour?

use super::TwoTower;
use super::example::History;
use crate::neural::{Activation, Adam, Bags, Embedding, Gradients, Layer, Matrix, Network, Pass, RowGradients};
use primitives::Seed;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The rows of the table of hours: those of the day, then the days of the week.
const N_HOURS: u16 = 24;
const N_DAYS: u16 = 7;
/// How far from 0 numbers of hours are at first.
const BOUND: f32 = 0.1;

/// The customers' tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tower {
    network: Network,
    hours: Embedding,
}

/// What is known of some customers, as rows of where items are.
pub(super) struct Asked {
    last: Bags,
    all: Bags,
    hours: Bags,
}

impl Asked {
    /// Of each its history and the hour. `row_of` says in which row an item stands.
    pub(super) fn of<'a>(
        customers: impl IntoIterator<Item = (&'a History, Option<u16>)>,
        row_of: impl Fn(u32) -> u32,
    ) -> Self {
        let mut asked = Self { last: Bags::default(), all: Bags::default(), hours: Bags::default() };
        let rows =
            |weights: Vec<(u32, f32)>| weights.into_iter().map(|(item, weight)| (row_of(item), weight)).collect();
        for (history, hour) in customers {
            let (last, all): (Vec<_>, Vec<_>) = (rows(history.last()), rows(history.all()));
            asked.last.push(last);
            asked.all.push(all);
            let of_hour = |hour: u16| [hour % N_HOURS, N_HOURS + (hour / N_HOURS) % N_DAYS];
            asked.hours.push(hour.map(of_hour).into_iter().flatten().map(|row| (u32::from(row), 1.0)));
        }
        asked
    }
}

/// A pass through the tower, kept for the way back.
pub(super) struct Stood {
    pass: Pass,
    /// Where the customers are.
    pub(super) customers: Matrix,
}

/// What the tower learned from a batch.
pub(super) struct Lesson {
    network: Vec<Vec<f32>>,
    hours: RowGradients,
    /// Where the loss rises by the items of the histories.
    pub(super) items: [RowGradients; 2],
}

/// How the tower's parameters move.
pub(super) struct Steps {
    network: Adam,
    hours: Adam,
}

impl Steps {
    pub(super) fn new(rate: f32) -> Self {
        Self { network: Adam::new(rate), hours: Adam::new(rate) }
    }
}

impl Tower {
    pub(super) fn new(settings: &TwoTower, seed: Seed) -> Self {
        let (d, mut chance) = (settings.n_dimensions, seed.stream("tower", 0));
        #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
        let dropout = settings.dropout as f32;
        let layers = vec![
            Layer::Dropout(dropout),
            Layer::dense(3 * d, settings.n_hidden, Activation::Gelu, &mut chance),
            Layer::Dropout(dropout),
            Layer::dense(settings.n_hidden, d, Activation::Identity, &mut chance),
        ];
        let hours = Embedding::new(usize::from(N_HOURS + N_DAYS), d, BOUND, &mut chance);
        Self { network: Network::new(layers), hours }
    }

    /// Where these customers are.
    pub(super) fn answer(&self, items: &Matrix, asked: &Asked) -> Matrix {
        let all = asked.all.pool(items);
        let input = Matrix::beside(&[&asked.last.pool(items), &all, &asked.hours.pool(self.hours.table())]);
        let mut customers = self.network.answer(&input);
        customers.add(&all);
        customers
    }

    /// The same while learning.
    pub(super) fn forward(&self, items: &Matrix, asked: &Asked, chance: &mut ChaCha8Rng) -> Stood {
        let all = asked.all.pool(items);
        let input = Matrix::beside(&[&asked.last.pool(items), &all, &asked.hours.pool(self.hours.table())]);
        let pass = self.network.forward(input, chance);
        let mut customers = pass.output().clone();
        customers.add(&all);
        Stood { pass, customers }
    }

    /// Leads the slope of the loss by where the customers are back to what is learned.
    pub(super) fn backward(&self, asked: &Asked, stood: &Stood, slope: Matrix) -> Lesson {
        let d = slope.n_columns();
        let Gradients { parameters, input } = self.network.backward(&stood.pass, slope.clone());
        let mut all = input.columns(d, 2 * d);
        all.add(&slope);
        Lesson {
            network: parameters,
            hours: asked.hours.backward(&input.columns(2 * d, 3 * d)),
            items: [asked.last.backward(&input.columns(0, d)), asked.all.backward(&all)],
        }
    }

    pub(super) fn step(&mut self, steps: &mut Steps, lesson: &Lesson, rate: f32) {
        steps.network.set_rate(rate);
        steps.hours.set_rate(rate);
        steps.network.step(self.network.parameters(), &lesson.network);
        steps.hours.step_rows(&mut self.hours, &lesson.hours);
    }

    /// Whether it places customers in this many dimensions: what was read from bytes may not.
    pub(super) fn is_sound(&self, n_dimensions: usize) -> bool {
        let hours = (self.hours.n_rows(), self.hours.n_columns());
        hours == (usize::from(N_HOURS + N_DAYS), n_dimensions)
            && self.hours.table().is_sound()
            && self.network.n_outputs_if_sound(3 * n_dimensions) == Some(n_dimensions)
    }
}
