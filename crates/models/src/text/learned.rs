//! What is learned of one set of messages: their words, the lines between their classes, and where they lie?

use super::encoder::Encoder;
use super::grams::Grams;
use super::near::{self, Near, Sums};
use super::rows::{Row, Rows};
use super::svm::{Lines, Margins};
use super::terms::{TermLimits, Terms};
use crate::ModelError;
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// So many weights of lines are held at most: the rarest terms give way.
const N_WEIGHTS_MAX: usize = 60_000_000;

/// Encoders that are asked beside words and letters.
pub(super) type Encoders = [Arc<dyn Encoder>];

/// A plain message, and what encoders say of it, by their weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) plain: &'a str,
    pub(crate) encoded: &'a [f32],
}

/// What encoders say of plain messages, by their weights.
pub(super) fn encoded(encoders: &Encoders, plains: &[&str]) -> Vec<Vec<f32>> {
    let mut all = vec![Vec::new(); plains.len()];
    for encoder in encoders {
        for (all, mut said) in all.iter_mut().zip(encoder.encode_all(plains)) {
            said.resize(encoder.n_dims(), 0.0);
            all.extend(said.into_iter().map(|number| number * encoder.weight()));
        }
    }
    all
}

/// How it is learned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learning {
    pub(super) lines: Lines,
    pub(super) words: TermLimits,
    pub(super) letters: TermLimits,
    pub(super) n_nearest: usize,
    /// 1 for letters, and the square of the weight of each encoder.
    pub(super) square: f64,
}

/// What was learned of messages and their classes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Learned {
    pub(crate) stored: Stored,
    near: Near,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    words: Terms,
    letters: Terms,
    pub(crate) margins: Margins,
    /// What others are compared with: letters, and what encoders say.
    compared: Rows,
    n_messages: usize,
    n_nearest: usize,
    /// The square of the length of what others are compared with, which all messages have.
    square: f64,
}

/// What speaks for a message being one of those that were learned, as numbers of about the same size.
pub(crate) type Signs = [f64; N_SIGNS];
pub(crate) const N_SIGNS: usize = 4;

/// Room that is kept from one message to the next.
#[derive(Debug, Default)]
pub(crate) struct Room {
    columns: Vec<u32>,
    values: Vec<f32>,
    sums: Sums,
    pub(crate) margins: Vec<f32>,
}

impl Learned {
    /// Learns from messages, of each of which encoders say something of the same length.
    pub(super) fn learn(
        messages: &[Message<'_>],
        classes: &[u32],
        n_classes: usize,
        how: Learning,
        seed: Seed,
    ) -> Self {
        let within = |limits: TermLimits| TermLimits {
            n_terms_max: limits.n_terms_max.min(N_WEIGHTS_MAX / n_classes.max(1) / 2),
            ..limits
        };
        let plains: Vec<&str> = messages.iter().map(|message| message.plain).collect();
        let words = Terms::learn(Grams::Words, &plains, within(how.words));
        let letters = Terms::learn(Grams::Letters, &plains, within(how.letters));
        let each: Vec<Vec<(u32, f32)>> =
            messages.par_iter().map(|message| cells(&words, &letters, message.plain)).collect();
        let n_encoded = messages.first().map_or(0, |message| message.encoded.len());
        let mut rows = Rows::new(n_encoded);
        for (cells, message) in each.into_iter().zip(messages) {
            rows.push(cells, message.encoded);
        }
        let n_counted = words.len() + letters.len();
        let margins = how.lines.learn(&rows, classes, n_classes, n_counted + n_encoded, seed);
        // Words are known or not, which is a sign of its own: nearness is told by letters.
        let compared = near::kept(&rows, words.len());
        let (n_messages, n_nearest, square) = (messages.len(), how.n_nearest, how.square);
        Self::of(Stored { words, letters, margins, compared, n_messages, n_nearest, square })
    }

    fn of(stored: Stored) -> Self {
        let near = Near::of(&stored.compared, stored.words.len() + stored.letters.len());
        Self { stored, near }
    }

    /// Reads what was stored, beside encoders that say so many numbers.
    pub(super) fn read(stored: Stored, n_classes: usize, n_encoded: usize) -> Result<Self, ModelError> {
        let n_columns = stored.words.len() + stored.letters.len() + n_encoded;
        let is_whole = stored.margins.is_whole(n_classes) && stored.margins.n_columns() == n_columns;
        if !is_whole || stored.compared.n_encoded() != n_encoded || !(stored.square.is_finite() && stored.square >= 1.0)
        {
            let reason = "its lines do not fit to its words and encoders".to_owned();
            return Err(ModelError::Corrupt { model: super::NAME, reason });
        }
        stored.compared.check(super::NAME, n_columns - n_encoded)?;
        Ok(Self::of(stored))
    }

    /// Fills `room.margins` with how much speaks for each class, and tells what speaks for any of them.
    pub(crate) fn ask(&self, message: Message<'_>, room: &mut Room) -> Signs {
        let Stored { words, letters, margins, compared, n_messages, n_nearest, square } = &self.stored;
        let cells = cells(words, letters, message.plain);
        room.columns.clear();
        room.values.clear();
        room.columns.extend(cells.iter().map(|(column, _)| *column));
        room.values.extend(cells.iter().map(|(_, value)| *value));
        let row = Row { columns: &room.columns, values: &room.values, encoded: message.encoded };
        margins.of(row, &mut room.margins);
        let (highest, second) = two_highest(&room.margins);
        let near = self.near.mean_of_nearest(compared, row, *n_nearest, &mut room.sums) / square;
        [highest, highest - second, near, words.known_share(message.plain, *n_messages)]
    }

    /// Whether nothing at all is known of a message.
    pub(crate) fn is_silent(room: &Room) -> bool {
        room.columns.is_empty()
    }
}

fn two_highest(margins: &[f32]) -> (f64, f64) {
    let (mut highest, mut second) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for margin in margins.iter().copied() {
        (highest, second) = (highest.max(margin), second.max(margin.min(highest)));
    }
    (f64::from(highest), f64::from(second))
}

/// The numbers of one message: words, then letters.
fn cells(words: &Terms, letters: &Terms, plain: &str) -> Vec<(u32, f32)> {
    let mut cells = words.weigh(plain, 0);
    cells.extend(letters.weigh(plain, u32::try_from(words.len()).unwrap_or(u32::MAX)));
    cells
}
