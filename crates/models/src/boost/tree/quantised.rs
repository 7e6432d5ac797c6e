//! How do gradients become whole numbers, so that their sums are the same in any order?

use crate::boost::objective::Pair;
use rayon::prelude::*;

const CHUNK: usize = 16_384;
/// The sums of all gradients and of all second derivatives stay below `2^BITS`.
const BITS: i32 = 30;
/// Added to a number below `2^31`, it leaves the number's rounded value in the lowest 32 bits of the sum.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// Gradients and second derivatives of all rows, each pair in one word.
///
/// ```text
/// unit = the smallest power of two with  sum of |g| <= 2^30 unit        (and another one for h)
/// word = round(g / unit) * 2^32 + round(h / unit)                       modulo 2^64
/// ```
/// Sums of words are sums of both: `h` is never negative and its sum below `2^32`, so nothing is carried into `g`. One
/// addition counts a row, and neither the order of rows nor the number of threads shows. With 450,000 rows the average
/// gradient has more than a thousand steps, with 1,000 rows half a million: rounding to the nearest step is far
/// below what the sample itself leaves open. *Source*: Shi et al. 2022, arXiv:2207.09682, with far fewer steps.
pub(in crate::boost) struct Quantised {
    /// A word for each row.
    pub(super) pairs: Vec<u64>,
    /// What a step means, of `g` and `h`.
    pub(super) units: [f64; 2],
}

impl Quantised {
    pub(in crate::boost) fn new(pairs: &[Pair]) -> Self {
        let chunks = pairs.par_chunks(CHUNK);
        let sums: Vec<Pair> =
            chunks.map(|chunk| chunk.iter().fold([0.0, 0.0], |sum, [g, h]| [sum[0] + g.abs(), sum[1] + h])).collect();
        let sums = sums.into_iter().fold([0.0, 0.0], |sum, part| [sum[0] + part[0], sum[1] + part[1]]);
        let units = sums.map(unit);
        let scale = units.map(f64::recip);
        let word = |[g, h]: &Pair| {
            let (g, h) = ((g * scale[0] + ROUNDING).to_bits(), (h * scale[1] + ROUNDING).to_bits());
            (g << 32).wrapping_add(h & 0xffff_ffff)
        };
        let mut words = vec![0; pairs.len()];
        words.par_chunks_mut(CHUNK).zip(pairs.par_chunks(CHUNK)).for_each(|(words, pairs)| {
            words.iter_mut().zip(pairs).for_each(|(into, pair)| *into = word(pair));
        });
        Self { pairs: words, units }
    }

    /// The sum over some rows.
    pub(super) fn sum(&self, rows: &[u32]) -> u64 {
        rows.iter().fold(0, |sum, row| sum.wrapping_add(self.pairs[*row as usize]))
    }
}

/// `g` and `h` of a word, in steps.
pub(super) fn steps(word: u64) -> [i64; 2] {
    [word.cast_signed() >> 32, (word & 0xffff_ffff).cast_signed()]
}

/// The smallest power of two of which `2^BITS` are enough for `sum`.
fn unit(sum: f64) -> f64 {
    // The exponent stands in the bits; powers beyond these would not have a reciprocal.
    let exponent = if sum > 0.0 { i32::try_from(sum.to_bits() >> 52).unwrap_or(0) - 1_023 } else { 0 };
    2.0_f64.powi((exponent + 1 - BITS).clamp(-1_000, 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_are_powers_of_two_that_suffice() {
        for (sum, expected) in [(1.0, -29), (1.9, -29), (2.0, -28), (0.75, -30), (0.0, -29), (1e-300, -1_000)] {
            assert!((unit(sum) / 2.0_f64.powi(expected) - 1.0).abs() < 1e-12, "{sum}: {}", unit(sum).log2());
        }
        assert!(unit(f64::MAX).recip() > 0.0 && unit(f64::MIN_POSITIVE).recip().is_finite());
    }

    #[test]
    fn whole_numbers_are_exact() {
        let pairs = [[-3.0, 1.0], [2.0, 0.0], [0.0, 4.0], [-1.0, 1.0]];
        let quantised = Quantised::new(&pairs);
        let [g, h] = steps(quantised.sum(&[0, 1, 2, 3]));
        let found = [g as f64 * quantised.units[0], h as f64 * quantised.units[1]];
        assert!((found[0] + 2.0).abs() < 1e-12 && (found[1] - 6.0).abs() < 1e-12, "{found:?}");
        let less = quantised.sum(&[0, 1, 2, 3]).wrapping_sub(quantised.sum(&[0, 2]));
        assert_eq!(less, quantised.sum(&[1, 3]), "what is subtracted leaves the rest");
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_pairs(
            pairs in prop::collection::vec((-1e3_f64..1e3, 0.0_f64..10.0).prop_map(|(g, h)| [g, h]), 1..300),
        ) {
            let quantised = Quantised::new(&pairs);
            let rows: Vec<u32> = (0..).take(pairs.len()).collect();
            for take in [pairs.len() / 2, pairs.len()] {
                let found = steps(quantised.sum(&rows[..take]));
                for side in 0..2 {
                    let exact: f64 = pairs[..take].iter().map(|pair| pair[side]).sum();
                    let found = found[side] as f64 * quantised.units[side];
                    let rounding = 0.5 * take as f64 * quantised.units[side];
                    prop_assert!((found - exact).abs() <= rounding + 1e-9, "{found} is not {exact}");
                }
            }
        }
    }
}
