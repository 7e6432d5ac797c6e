//! How does chance fall in the company's life? A few distributions, written out so that they never change.
//!
//! Every stream belongs to a concern and a number, such as one person's day, and to nothing else. So a day is the same
//! whatever was drawn before it, on however many threads, and a future can be played again with other coins.

use primitives::Seed;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A stream of chance.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: Seed, concern: &str, n: u64) -> Self {
        Self(seed.stream(concern, n))
    }

    /// The stream of one person's day.
    pub(crate) fn of_day(seed: Seed, concern: &str, no: u32, day: i64) -> Self {
        Self::new(seed, concern, u64::from(no) << 24 | (day.unsigned_abs() & 0xff_ffff))
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let bits = (self.0.next_u64() >> 11) as f64;
        bits * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number in [`low`, `high`).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A whole number below `n`, 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let scaled = self.unit() * n as f64;
        whole(scaled).min(n.saturating_sub(1))
    }

    /// A bell-shaped number with mean 0 and standard deviation 1, never beyond 3.5: the sum of four uniform ones.
    pub(crate) fn bell(&mut self) -> f64 {
        (self.unit() + self.unit() + self.unit() + self.unit() - 2.0) * 3.0_f64.sqrt()
    }

    /// Around `middle`, as often twice as large as half as large; `spread` is the standard deviation of the logarithm.
    pub(crate) fn around(&mut self, middle: f64, spread: f64) -> f64 {
        middle * (spread * self.bell()).exp()
    }

    /// A waiting time with this mean and no memory.
    pub(crate) fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// How often something happens that happens `mean` times on average, at most `n_max` times.
    pub(crate) fn times(&mut self, mean: f64, n_max: u32) -> u32 {
        let mut left = self.unit() * mean.exp();
        let mut term = 1.0;
        for n in 0..n_max {
            left -= term;
            if left < 0.0 {
                return n;
            }
            term *= mean / f64::from(n + 1);
        }
        n_max
    }

    /// One of several; `None` of none.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A place in proportion to the weights; the last where they are all 0.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        weights
            .iter()
            .position(|weight| {
                left -= weight;
                left < 0.0
            })
            .unwrap_or(weights.len().saturating_sub(1))
    }

    /// A place with these chances, which sum up to at most 1; `None` with what remains.
    pub(crate) fn drawn(&mut self, chances: &[f64]) -> Option<usize> {
        let mut left = self.unit();
        chances.iter().position(|chance| {
            left -= chance;
            left < 0.0
        })
    }

    /// Eight random hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:08x}", self.0.next_u32())
    }
}

/// Draws places in proportion to fixed weights, in the time of a search.
#[derive(Debug)]
pub(crate) struct Weighted(Vec<f64>);

impl Weighted {
    pub(crate) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let running = weights.into_iter().map(|weight| {
            sum += weight;
            sum
        });
        Self(running.collect())
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> usize {
        let at = dice.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|running| *running <= at).min(self.0.len().saturating_sub(1))
    }
}

/// The whole part of a number that is not negative.
pub(crate) fn whole(number: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is what is to be cut, and the cast saturates")]
    #[expect(clippy::cast_sign_loss, reason = "negative numbers become 0")]
    let whole = number as usize;
    whole
}

/// The whole part of a number of days that is not negative.
pub(crate) fn whole_days(days: f64) -> i64 {
    i64::try_from(whole(days)).unwrap_or(0)
}

/// The chance that belongs to a sum of arguments for and against: one half for 0.
pub(crate) fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice() -> Dice {
        Dice::new(Seed::new(7), "dice", 0)
    }

    #[expect(clippy::cast_precision_loss, reason = "a test of a few thousand throws")]
    fn mean(n: usize, mut throw: impl FnMut(&mut Dice) -> f64) -> f64 {
        let mut dice = dice();
        (0..n).map(|_| throw(&mut dice)).sum::<f64>() / n as f64
    }

    #[test]
    fn what_is_thrown_has_the_mean_that_was_asked_for() {
        let is_near =
            |found: f64, expected: f64| assert!((found - expected).abs() < 0.03 * expected.max(1.0), "{found}");
        is_near(mean(20_000, Dice::unit), 0.5);
        is_near(mean(200_000, Dice::bell), 0.0);
        is_near(mean(200_000, |dice| dice.bell().powi(2)), 1.0);
        is_near(mean(200_000, |dice| dice.waiting(4.0)), 4.0);
        is_near(mean(200_000, |dice| f64::from(dice.times(1.7, 40))), 1.7);
        is_near(mean(400_000, |dice| 50.0 * f64::from(dice.times(0.02, 40))), 1.0);
        is_near(mean(200_000, |dice| f64::from(dice.times(30.0, 3))), 3.0);
        is_near(mean(200_000, |dice| dice.around(10.0, 0.5).ln()), 10.0_f64.ln());
    }

    #[test]
    fn places_come_in_proportion_to_their_weights() {
        let weights = [1.0, 0.0, 3.0];
        let running = Weighted::new(weights);
        let mut dice = dice();
        for draw in [&mut |dice: &mut Dice| running.draw(dice), &mut |dice: &mut Dice| dice.weighted(&weights)]
            as [&mut dyn FnMut(&mut Dice) -> usize; 2]
        {
            let mut counts = [0_u32; 3];
            (0..4_000).for_each(|_| counts[draw(&mut dice)] += 1);
            assert_eq!(counts[1], 0);
            assert!((2_850..3_150).contains(&counts[2]), "{counts:?}");
        }
        let mut none = 0;
        let mut counts = [0_u32; 3];
        (0..4_000).for_each(|_| dice.drawn(&[0.25, 0.0, 0.5]).map_or_else(|| none += 1, |place| counts[place] += 1));
        assert!(
            (880..1_120).contains(&none) && (880..1_120).contains(&counts[0]) && counts[1] == 0,
            "{none} {counts:?}"
        );
        assert_eq!(dice.weighted(&[0.0, 0.0]), 1);
        assert_eq!(dice.weighted(&[]), 0);
    }

    #[test]
    fn a_stream_belongs_to_its_concern_and_number_alone() {
        let first = |concern, n| Dice::new(Seed::new(7), concern, n).hex();
        assert_eq!(first("day", 3), first("day", 3));
        assert_ne!(first("day", 3), first("day", 4));
        assert_ne!(first("day", 3), first("night", 3));
    }
}
