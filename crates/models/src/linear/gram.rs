//! How are the sums that a regression needs kept, and what solves it? For some dozens of features, in double precision.

/// The weighted sum of the products of rows with themselves: symmetric, of which the lower half is kept, row after row.
#[derive(Debug, Clone)]
pub(crate) struct Gram {
    n: usize,
    lower: Vec<f64>,
}

/// A matrix `L` with `L L' = A + diag(ridge)`: what solves and measures with it.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    n: usize,
    lower: Vec<f64>,
}

/// Where row `i` of a packed lower half begins; it has `i + 1` entries.
pub(crate) fn row_at(i: usize) -> usize {
    i * (i + 1) / 2
}

impl Gram {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, lower: vec![0.0; row_at(n)] }
    }

    /// Adds `weight x x'`.
    pub(crate) fn add(&mut self, weight: f64, x: &[f64]) {
        for (i, factor) in x.iter().enumerate() {
            let factor = weight * factor;
            let row = &mut self.lower[row_at(i)..row_at(i + 1)];
            row.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x);
        }
    }

    /// Adds what another one holds.
    pub(crate) fn add_all(&mut self, other: &Self) {
        self.lower.iter_mut().zip(&other.lower).for_each(|(sum, more)| *sum += more);
    }

    /// Adds what is left of `A` where deviations with a ridge of `R` take their part of it: `A - A (A + R)^-1 A`, which is
    /// `R - R (A + R)^-1 R`. The factor is that of `A + R`.
    pub(crate) fn add_beside(&mut self, factor: &Factor, ridge: &[f64]) {
        let mut column = vec![0.0; self.n];
        for j in 0..self.n {
            column.fill(0.0);
            column[j] = ridge[j];
            factor.solve(&mut column);
            for i in j..self.n {
                let own = if i == j { ridge[j] } else { 0.0 };
                self.lower[row_at(i) + j] += own - ridge[i] * column[i];
            }
        }
    }

    /// The last column, which is that of the intercept where it comes last.
    pub(crate) fn last_column(&self) -> &[f64] {
        &self.lower[row_at(self.n.saturating_sub(1))..]
    }

    /// The factor of `A + diag(ridge)`.
    ///
    /// A pivot is never below the ridge of its row, whatever rounding makes of it: that is so of every sum of products, because
    /// a Schur complement of `A + R` is one of `R` and more. So there always is a factor where all of `ridge` is above 0.
    pub(crate) fn factor(&self, ridge: &[f64]) -> Factor {
        let mut lower = self.lower.clone();
        for i in 0..self.n {
            let (before, own) = lower.split_at_mut(row_at(i));
            for j in 0..i {
                let other = &before[row_at(j)..=row_at(j) + j];
                let sum = product(&own[..j], other);
                own[j] = (own[j] - sum) / other[j];
            }
            let pivot = own[i] + ridge[i] - product(&own[..i], &own[..i]);
            own[i] = pivot.max(ridge[i]).sqrt();
        }
        Factor { n: self.n, lower }
    }
}

impl Factor {
    /// Puts the solution in the place of the right side.
    pub(crate) fn solve(&self, side: &mut [f64]) {
        self.forward(side);
        for i in (0..self.n).rev() {
            let row = &self.lower[row_at(i)..=row_at(i) + i];
            let value = side[i] / row[i];
            side[i] = value;
            side[..i].iter_mut().zip(row).for_each(|(left, entry)| *left -= value * entry);
        }
    }

    /// `L^-1 x` in the place of `x`; its length is `sqrt(x' (A + R)^-1 x)`.
    fn forward(&self, x: &mut [f64]) {
        for i in 0..self.n {
            let row = &self.lower[row_at(i)..=row_at(i) + i];
            x[i] = (x[i] - product(row, &x[..i])) / row[i];
        }
    }

    /// The lower half of `L`, row after row.
    pub(crate) fn lower(&self) -> &[f64] {
        &self.lower
    }
}

/// The sum of the products of two rows, as far as the shorter one goes.
pub(crate) fn product(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 4;
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// The same with numbers that are stored in single precision; added up in double.
pub(crate) fn product_of_stored(stored: &[f32], b: &[f64]) -> f64 {
    const LANES: usize = 4;
    let n = stored.len().min(b.len());
    let (stored_chunks, b_chunks) = (stored[..n].chunks_exact(LANES), b[..n].chunks_exact(LANES));
    let rest = stored_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f64 = rest.map(|(a, b)| f64::from(*a) * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in stored_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += f64::from(a[lane]) * b[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = Vec<Vec<f64>>> {
        (1_usize..9).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(-3.0_f64..3.0, n), 1..20))
    }

    proptest! {
        #[test]
        fn what_was_solved_gives_the_right_side_again(rows in rows(), ridge in 0.1_f64..5.0) {
            let n = rows[0].len();
            let mut gram = Gram::new(n);
            rows.iter().for_each(|row| gram.add(0.5, row));
            let side: Vec<f64> = (0..n).map(|i| i as f64 - 1.5).collect();
            let factor = gram.factor(&vec![ridge; n]);
            let mut solved = side.clone();
            factor.solve(&mut solved);
            for i in 0..n {
                let product: f64 = (0..n)
                    .map(|j| rows.iter().map(|row| 0.5 * row[i] * row[j]).sum::<f64>() * solved[j])
                    .sum::<f64>();
                prop_assert!((product + ridge * solved[i] - side[i]).abs() < 1e-8);
            }
            let mut half = side.clone();
            factor.forward(&mut half);
            let (square, expected) = (product(&half, &half), product(&side, &solved));
            prop_assert!((square - expected).abs() < 1e-8 * expected.max(1.0));
        }

        #[test]
        fn the_product_is_that_by_hand(pairs in prop::collection::vec((-9_i8..9, -9_i8..9), 0..40)) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(a, b)| (f64::from(*a), f64::from(*b))).unzip();
            let expected: i32 = pairs.iter().map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            prop_assert!((product(&a, &b) - f64::from(expected)).abs() < 1e-9);
            let stored: Vec<f32> = pairs.iter().map(|(a, _)| f32::from(*a)).collect();
            prop_assert!((product_of_stored(&stored, &b) - f64::from(expected)).abs() < 1e-9);
        }
    }

    #[test]
    fn columns_that_say_the_same_leave_a_factor() {
        let mut gram = Gram::new(3);
        for n in 0..1_000 {
            let x = 1e6 + f64::from(n % 7);
            gram.add(1.0, &[x, x, 1.0]);
        }
        let factor = gram.factor(&[1e-3; 3]);
        let mut side = vec![1.0, 1.0, 0.0];
        factor.solve(&mut side);
        assert!(side.iter().all(|value| value.is_finite()), "{side:?}");
    }

    #[test]
    fn sums_of_parts_are_the_sum_of_all() {
        let (mut whole, mut left, mut right) = (Gram::new(2), Gram::new(2), Gram::new(2));
        left.add(2.0, &[1.0, 3.0]);
        right.add(1.0, &[-1.0, 1.0]);
        whole.add(2.0, &[1.0, 3.0]);
        whole.add(1.0, &[-1.0, 1.0]);
        left.add_all(&right);
        assert_eq!((left.last_column(), &left.lower), (whole.last_column(), &whole.lower));
        assert_eq!(whole.last_column(), &[5.0, 19.0]);
    }
}
