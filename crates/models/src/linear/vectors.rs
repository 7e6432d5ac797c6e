//! How are vectors multiplied with what the processor has, although the program is built for every processor?

use pulp::Arch;

/// Entries that are summed beside each other.
const LANES: usize = 16;

/// Runs `work` with the widest instructions that the processor has: [`dot`] and [`add_scaled`] use them where they are called
/// within it, and not through a function that is not inlined.
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// The sum of the products, in an order that depends on the length alone.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0] + rest
}

/// Adds `factor` times `more` to `sums`.
#[inline(always)]
pub(crate) fn add_scaled(sums: &mut [f32], factor: f32, more: &[f32]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += factor * more;
    }
}

/// In the precision that vectors are stored and computed in.
pub(crate) fn narrow(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what is computed in")]
    let narrow = value as f32;
    narrow
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_are_those_by_hand(pairs in prop::collection::vec((-9_i8..9, -9_i8..9), 0..70), factor in -5_i8..5) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().map(|(a, b)| (f32::from(*a), f32::from(*b))).unzip();
            let expected: i32 = pairs.iter().map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            let found = vectorised(|| dot(&a, &b));
            prop_assert!((f64::from(found) - f64::from(expected)).abs() < 1e-6);
            let mut sums = a.clone();
            add_scaled(&mut sums, f32::from(factor), &b);
            for ((sum, a), b) in sums.iter().zip(&a).zip(&b) {
                prop_assert!((sum - (a + f32::from(factor) * b)).abs() < 1e-6);
            }
        }
    }
}
