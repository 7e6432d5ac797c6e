//! How are vectors compared in 8 bits an entry?

use crate::linear::{narrow, vectorised};
use crate::neural::Matrix;
use rayon::prelude::*;
use std::ops::Range;

/// The largest code.
const CODE_MAX: f32 = 127.0;

/// Vectors in 8 bits an entry: entry = code * scale, where the largest entry of a vector has the largest code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Codes {
    width: usize,
    codes: Vec<i8>,
    scales: Vec<f32>,
}

/// A query in codes. Its own scale changes no order and is left out.
pub(super) struct Query(Vec<i8>);

impl Query {
    pub(super) fn of(query: &[f32]) -> Self {
        let mut codes = vec![0; query.len()];
        encode(query, &mut codes);
        Self(codes)
    }
}

impl Codes {
    /// The vectors at these places, in this order.
    pub(super) fn of(vectors: &Matrix, places: &[u32]) -> Self {
        let width = vectors.n_columns();
        let mut codes = vec![0; places.len() * width];
        let mut scales = vec![0.0; places.len()];
        if width > 0 {
            let each = codes.par_chunks_mut(width).zip(scales.par_iter_mut()).zip(places);
            each.for_each(|((codes, scale), place)| *scale = encode(vectors.row(*place as usize), codes));
        }
        Self { width, codes, scales }
    }

    /// The inner products of a range of vectors with a query, up to its scale.
    pub(super) fn scores(&self, query: &Query, range: Range<usize>, scores: &mut Vec<f32>) {
        scores.clear();
        vectorised(
            #[inline(always)]
            || {
                let rows = self.codes[range.start * self.width..range.end * self.width].chunks_exact(self.width.max(1));
                scores.extend(rows.zip(&self.scales[range]).map(|(row, scale)| product(&query.0, row) * scale));
            },
        );
    }
}

#[inline(always)]
fn product(a: &[i8], b: &[i8]) -> f32 {
    let sum: i32 = a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum();
    narrow(f64::from(sum))
}

/// Writes codes and gives the scale.
fn encode(vector: &[f32], codes: &mut [i8]) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / CODE_MAX;
    // Where everything is 0, or too small to be divided by, all codes are 0.
    let inverse = if scale.is_normal() { 1.0 / scale } else { 0.0 };
    for (code, value) in codes.iter_mut().zip(vector) {
        #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
        let rounded = (value * inverse).round() as i8;
        *code = rounded;
    }
    scale
}
