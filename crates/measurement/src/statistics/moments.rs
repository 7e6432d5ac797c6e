//! What must be kept of an arm so that every test can be made?

use serde::{Deserialize, Serialize};

/// The sums of one arm of a comparison, over its customers: all that any test here needs.
///
/// ```text
/// y   what is measured of a customer
/// x   what goes with it: the same measure from before (CUPED), or what a ratio divides by; 0 where neither is asked
/// ```
/// Sums of arms add up, so customers can be counted in any order and in parts. They are plain sums: where a mean is more
/// than 10,000 times its standard deviation, the variance keeps fewer than eight digits.
///
/// ```
/// use measurement::statistics::Moments;
/// let arm = Moments::of([1.0, 2.0, 6.0]);
/// assert_eq!((arm.n, arm.mean(), arm.variance()), (3, 3.0, 7.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// How many customers.
    pub n: u64,
    /// How many of them have a y or an x that is not 0: all that a ratio knows of.
    #[serde(default)]
    pub n_told: u64,
    /// Σ y.
    pub sum: f64,
    /// Σ y².
    pub sum_squares: f64,
    /// Σ y³.
    pub sum_cubes: f64,
    /// Σ x.
    pub sum_x: f64,
    /// Σ x².
    pub sum_xx: f64,
    /// Σ x³.
    pub sum_xxx: f64,
    /// Σ x y.
    pub sum_xy: f64,
    /// Σ x² y.
    pub sum_xxy: f64,
    /// Σ x y².
    pub sum_xyy: f64,
}

impl Moments {
    /// Of values that nothing goes with.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        Self::of_pairs(values.into_iter().map(|y| (y, 0.0)))
    }

    /// Of pairs of y and x.
    #[must_use]
    pub fn of_pairs(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut moments = Self::default();
        for (y, x) in pairs {
            moments.add(y, x);
        }
        moments
    }

    /// Of a count of customers, so many of which succeeded: their y is 1, that of the others 0.
    #[must_use]
    pub fn of_share(n_successes: u64, n: u64) -> Self {
        let sum = count(n_successes.min(n));
        Self { n, n_told: n_successes.min(n), sum, sum_squares: sum, sum_cubes: sum, ..Self::default() }
    }

    /// Takes in one more customer.
    pub fn add(&mut self, y: f64, x: f64) {
        self.n += 1;
        self.n_told += u64::from(y != 0.0 || x != 0.0);
        self.sum += y;
        self.sum_squares += y * y;
        self.sum_cubes += y * y * y;
        self.sum_x += x;
        self.sum_xx += x * x;
        self.sum_xxx += x * x * x;
        self.sum_xy += x * y;
        self.sum_xxy += x * x * y;
        self.sum_xyy += x * y * y;
    }

    /// The sums of both together.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            n_told: self.n_told + other.n_told,
            sum: self.sum + other.sum,
            sum_squares: self.sum_squares + other.sum_squares,
            sum_cubes: self.sum_cubes + other.sum_cubes,
            sum_x: self.sum_x + other.sum_x,
            sum_xx: self.sum_xx + other.sum_xx,
            sum_xxx: self.sum_xxx + other.sum_xxx,
            sum_xy: self.sum_xy + other.sum_xy,
            sum_xxy: self.sum_xxy + other.sum_xxy,
            sum_xyy: self.sum_xyy + other.sum_xyy,
        }
    }

    /// How many customers, as a number to calculate with.
    #[must_use]
    pub fn n(&self) -> f64 {
        count(self.n)
    }

    /// The mean of y; 0 where there is nobody.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.over_n(self.sum)
    }

    /// The mean of x; 0 where there is nobody.
    #[must_use]
    pub fn mean_x(&self) -> f64 {
        self.over_n(self.sum_x)
    }

    /// The variance of y with n − 1; 0 where fewer than two were counted.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.central(self.sum, self.sum, self.sum_squares).max(0.0)
    }

    /// The variance of x with n − 1.
    #[must_use]
    pub fn variance_x(&self) -> f64 {
        self.central(self.sum_x, self.sum_x, self.sum_xx).max(0.0)
    }

    /// The covariance of y and x with n − 1.
    #[must_use]
    pub fn covariance(&self) -> f64 {
        self.central(self.sum, self.sum_x, self.sum_xy)
    }

    /// The variance of y − c x with n − 1.
    #[must_use]
    pub fn variance_without(&self, c: f64) -> f64 {
        (self.variance() + c * c * self.variance_x() - 2.0 * c * self.covariance()).max(0.0)
    }

    /// The mean third central moment of y − c x: how lopsided it lies, in the cube of its unit.
    #[must_use]
    pub fn third_without(&self, c: f64) -> f64 {
        let (y, x) = (self.mean(), self.mean_x());
        let mean = |sum: f64| self.over_n(sum);
        // E[abc] about the means, for y y y, y y x, y x x and x x x.
        let about = |abc: f64, [ab, ac, bc]: [f64; 3], [a, b, c]: [f64; 3]| {
            mean(abc) - a * mean(bc) - b * mean(ac) - c * mean(ab) + 2.0 * a * b * c
        };
        let (yy, xy, xx) = (self.sum_squares, self.sum_xy, self.sum_xx);
        let yyy = about(self.sum_cubes, [yy, yy, yy], [y, y, y]);
        let yyx = about(self.sum_xyy, [yy, xy, xy], [y, y, x]);
        let yxx = about(self.sum_xxy, [xy, xy, xx], [y, x, x]);
        let xxx = about(self.sum_xxx, [xx, xx, xx], [x, x, x]);
        yyy - 3.0 * c * yyx + 3.0 * c * c * yxx - c * c * c * xxx
    }

    fn over_n(&self, sum: f64) -> f64 {
        if self.n == 0 { 0.0 } else { sum / self.n() }
    }

    fn central(&self, a: f64, b: f64, ab: f64) -> f64 {
        if self.n < 2 { 0.0 } else { (ab - a * b / self.n()) / (self.n() - 1.0) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn count(n: u64) -> f64 {
    n as f64
}

/// How many there are of a list.
pub(crate) fn whole(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(numbers: &[(i16, i16)]) -> Moments {
        Moments::of_pairs(numbers.iter().map(|&(y, x)| (f64::from(y), f64::from(x))))
    }

    proptest! {
        #[test]
        fn sums_of_parts_are_the_sum_of_all(
            a in prop::collection::vec(any::<(i16, i16)>(), 0..40),
            b in prop::collection::vec(any::<(i16, i16)>(), 0..40),
            c in prop::collection::vec(any::<(i16, i16)>(), 0..40),
        ) {
            let all: Vec<_> = [a.clone(), b.clone(), c.clone()].concat();
            let (a, b, c) = (pairs(&a), pairs(&b), pairs(&c));
            // Whole numbers of 16 bits: their cubes add up without rounding, so the law holds to the bit.
            prop_assert_eq!(a.with(&b).with(&c), a.with(&b.with(&c)));
            prop_assert_eq!(a.with(&b).with(&c), pairs(&all));
        }

        #[test]
        fn the_third_moment_is_the_one_of_the_differences(
            numbers in prop::collection::vec((-50_i16..50, -50_i16..50), 3..30), c in -3_i16..4,
        ) {
            let c = f64::from(c);
            let z: Vec<f64> = numbers.iter().map(|&(y, x)| f64::from(y) - c * f64::from(x)).collect();
            let n = count(z.len() as u64);
            let mean = z.iter().sum::<f64>() / n;
            let third = z.iter().map(|z| (z - mean).powi(3)).sum::<f64>() / n;
            let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let found = pairs(&numbers);
            prop_assert!((found.third_without(c) - third).abs() <= 1e-6 * (1.0 + third.abs()));
            prop_assert!((found.variance_without(c) - variance).abs() <= 1e-7 * (1.0 + variance));
        }
    }

    #[test]
    fn nobody_has_no_variance_and_no_mean() {
        let nobody = Moments::default();
        assert_eq!((nobody.mean(), nobody.variance(), nobody.third_without(1.0)), (0.0, 0.0, 0.0));
        assert!(Moments::of([5.0]).variance().abs() < 1e-300);
    }
}
