//! How much does each gram speak for each head, in how little room?

use super::grams::Counted;
use crate::ModelError;
use crate::linear::vectorised;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The largest weight of a head, as it is stored.
const LARGEST: f32 = 127.0;

/// Heads and their weights, each in one byte.
///
/// ```text
/// margin[h] = bias[h] + scale[h] sum over grams of x[gram] byte[gram, h]
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(super) struct Sheet {
    stored: Stored,
    places: HashMap<u32, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    /// How far the number of each gram is above that of the one before.
    steps: Vec<u32>,
    biases: Vec<f32>,
    scales: Vec<f32>,
    /// `bytes[gram * n_heads + head]`.
    bytes: Vec<i8>,
}

impl Sheet {
    /// Rounds weights to bytes: `weights[gram * n_heads + head]`, for grams by ascending numbers.
    pub(super) fn of(numbers: &[u32], weights: &[f32], biases: &[f32]) -> Self {
        let n_heads = biases.len();
        let mut largest = vec![0.0_f32; n_heads];
        for row in weights.chunks_exact(n_heads) {
            for (largest, weight) in largest.iter_mut().zip(row) {
                *largest = largest.max(weight.abs());
            }
        }
        let scales: Vec<f32> = largest.iter().map(|largest| largest.max(f32::MIN_POSITIVE) / LARGEST).collect();
        let rounded = |(weight, scale): (&f32, &f32)| {
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and bounded by the scale")]
            let byte = (weight / scale).round().clamp(-LARGEST, LARGEST) as i8;
            byte
        };
        let bytes = weights.chunks_exact(n_heads).flat_map(|row| row.iter().zip(&scales).map(rounded)).collect();
        let mut last = 0;
        let steps = numbers.iter().map(|number| number - std::mem::replace(&mut last, *number)).collect();
        Self::read(Stored { steps, biases: biases.to_vec(), scales, bytes })
    }

    fn read(stored: Stored) -> Self {
        let mut number = 0_u32;
        let numbers = stored.steps.iter().map(|step| {
            number = number.wrapping_add(*step);
            number
        });
        let places = numbers.zip(0..).collect();
        Self { stored, places }
    }

    pub(super) fn n_heads(&self) -> usize {
        self.stored.biases.len()
    }

    pub(super) fn n_grams(&self) -> usize {
        self.stored.steps.len()
    }

    /// How much speaks for each head. `into` is filled anew.
    pub(super) fn margins(&self, counted: &Counted, into: &mut Vec<f32>) {
        let Stored { biases, scales, bytes, .. } = &self.stored;
        let n = biases.len();
        into.clear();
        into.resize(n, 0.0);
        vectorised(|| {
            for (number, value) in counted {
                let Some(row) = self.places.get(number).and_then(|place| {
                    let at = *place as usize * n;
                    bytes.get(at..at + n)
                }) else {
                    continue;
                };
                for (sum, byte) in into.iter_mut().zip(row) {
                    *sum += value * f32::from(*byte);
                }
            }
        });
        for ((sum, scale), bias) in into.iter_mut().zip(scales).zip(biases) {
            *sum = *sum * scale + bias;
        }
    }
}

impl TryFrom<Stored> for Sheet {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let n = stored.biases.len();
        let is_whole = n > 0
            && stored.scales.len() == n
            && stored.steps.len().checked_mul(n) == Some(stored.bytes.len())
            && stored.steps.iter().skip(1).all(|step| *step > 0)
            && stored.steps.iter().try_fold(0_u32, |sum, step| sum.checked_add(*step)).is_some()
            && stored.scales.iter().chain(&stored.biases).all(|number| number.is_finite());
        if is_whole {
            return Ok(Self::read(stored));
        }
        Err(ModelError::Corrupt { model: super::NAME, reason: "its weights do not fit together".to_owned() })
    }
}

impl From<Sheet> for Stored {
    fn from(sheet: Sheet) -> Self {
        sheet.stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_rounded_to_bytes() {
        let sheet = Sheet::of(&[3, 900, 70_000], &[1.0, -0.5, 0.25, 0.0, -2.0, 0.1], &[0.5, -1.0]);
        let mut margins = Vec::new();
        sheet.margins(&vec![(3, 1.0), (4, 9.0), (70_000, 0.5)], &mut margins);
        assert!((margins[0] - 0.5).abs() < 0.01 && (margins[1] + 1.45).abs() < 0.005, "{margins:?}");
        assert_eq!((sheet.n_heads(), sheet.n_grams()), (2, 3));
        let bytes = postcard::to_stdvec(&sheet).unwrap();
        assert_eq!(postcard::from_bytes::<Sheet>(&bytes).unwrap(), sheet);
        let broken = Stored { bytes: vec![0; 5], ..sheet.stored };
        assert!(Sheet::try_from(broken).is_err());
    }
}
