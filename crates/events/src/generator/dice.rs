//! How does chance fall in the generated world? A few distributions, written out so that they never change.

use primitives::Seed;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A stream of chance.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: Seed, label: &str, n: u64) -> Self {
        Self(seed.stream(label, n))
    }

    /// A number in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let bits = (self.0.next_u64() >> 11) as f64;
        bits * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number in [`low`, `high`).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A whole number below `n`, 0 where `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let scaled = self.unit() * n as f64;
        whole(scaled).min(n.saturating_sub(1))
    }

    /// A bell-shaped number with mean 0 and standard deviation 1, never beyond 3.5: the sum of four uniform ones.
    pub(super) fn bell(&mut self) -> f64 {
        (self.unit() + self.unit() + self.unit() + self.unit() - 2.0) * 3.0_f64.sqrt()
    }

    /// A waiting time with this mean and no memory.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// A waiting time with this mean, the more regular the larger `shape` (Erlang's distribution).
    pub(super) fn erlang(&mut self, shape: u32, mean: f64) -> f64 {
        (0..shape.max(1)).map(|_| self.exponential(mean / f64::from(shape.max(1)))).sum()
    }

    /// One of several, or the default where there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// Eight random hexadecimal digits.
    pub(super) fn hex(&mut self) -> String {
        format!("{:08x}", self.0.next_u32())
    }

    /// Puts a slice into random order.
    pub(super) fn shuffle<T>(&mut self, slice: &mut [T]) {
        for last in (1..slice.len()).rev() {
            slice.swap(last, self.below(last + 1));
        }
    }
}

/// Draws places in proportion to weights.
#[derive(Debug)]
pub(super) struct Weighted(Vec<f64>);

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// Weights after Zipf's law: the `rank`-th of `n` has 1 / rank^`exponent`.
    pub(super) fn zipf(n: usize, exponent: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        Self::new((1..=n).map(|rank| (rank as f64).powf(-exponent)))
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|cumulative| *cumulative <= at).min(self.0.len().saturating_sub(1))
    }
}

/// The whole part of a number that is not negative.
pub(super) fn whole(number: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is what is to be cut, and the cast saturates")]
    #[expect(clippy::cast_sign_loss, reason = "negative numbers become 0")]
    let whole = number as usize;
    whole
}
