//! What will the purchases of a time bring together?

use super::beta::at_most;
use super::coming::Coming;

/// Purchases that are less likely than this do not count.
const NEGLIGIBLE: f64 = 1e-12;
/// Numbers of purchases are taken together where they are so likely at most, and near each other for their size.
const LIKELY_MAX: f64 = 0.005;
const WIDTH_MAX: f64 = 1.0 / 16.0;
/// So unlikely a block may be of any width.
const UNLIKELY: f64 = 1e-8;
/// How often a bound is looked for, and how near is near enough, as a part of the amount.
const N_LOOKS_MAX: u32 = 200;
const NEAR: f64 = 1e-7;

/// The sum of the amounts of all purchases to come, as a random variable.
///
/// ```text
/// S given n purchases and the customer's rate N ~ Gamma(p n, rate N),   N ~ Gamma(shape, rate)
/// P(S > s) = sum over n >= 1 of P(Y = n) I(shape, p n) at rate / (rate + s)
/// ```
/// Numbers of purchases that are unlikely and near each other are taken together in their middle.
pub(super) struct Worth {
    /// `p n` with the probability of `n` purchases, for some or all `n`.
    blocks: Vec<(f64, f64)>,
    shape: f64,
    rate: f64,
}

impl Worth {
    /// Of all that is coming.
    pub(super) fn of(coming: &Coming, p: f64, (shape, rate): (f64, f64)) -> Self {
        let mut worth = Self { blocks: Vec::new(), shape, rate };
        let (mut low, mut at_least_low) = (1.0, coming.at_least(1.0));
        while at_least_low > NEGLIGIBLE {
            let high = 2.0 * low;
            let at_least_high = coming.at_least(high);
            worth.split(coming, p, [low, high], [at_least_low, at_least_high]);
            (low, at_least_low) = (high, at_least_high);
        }
        worth
    }

    /// Of exactly one purchase.
    pub(super) fn of_one(p: f64, (shape, rate): (f64, f64)) -> Self {
        Self { blocks: vec![(p, 1.0)], shape, rate }
    }

    /// The amount that is not exceeded with this probability: 0 where it is likely enough that nothing comes.
    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let exceeded = 1.0 - probability;
        if self.above(0.0) <= exceeded {
            return 0.0;
        }
        let over = |ln_amount: f64| self.above(ln_amount.exp() * self.rate) - exceeded;
        let (mut low, mut high) = (0.0, 0.0);
        let mut reach = 1.0;
        while over(low) < 0.0 && low > -600.0 {
            low -= reach;
            reach *= 2.0;
        }
        reach = 1.0;
        while over(high) > 0.0 && high < 600.0 {
            high += reach;
            reach *= 2.0;
        }
        (bisect(over, low, high).exp() * self.rate).min(f64::MAX)
    }

    /// P(S > amount).
    fn above(&self, amount: f64) -> f64 {
        let part = self.rate / (self.rate + amount);
        let rest = amount / (self.rate + amount);
        self.blocks.iter().map(|(shape, probability)| probability * at_most(part, rest, self.shape, *shape)).sum()
    }

    /// Divides the numbers from `low` to below `high` until each part is of little weight or a single number.
    fn split(&mut self, coming: &Coming, p: f64, [low, high]: [f64; 2], [at_low, at_high]: [f64; 2]) {
        let (width, probability) = (high - low, at_low - at_high);
        let is_small = probability <= LIKELY_MAX && width <= 1.0 + WIDTH_MAX * low;
        if width <= 1.0 || probability <= UNLIKELY || is_small {
            if probability > 0.0 {
                self.blocks.push((p * (low + high - 1.0) / 2.0, probability));
            }
            return;
        }
        let middle = ((low + high) / 2.0).floor();
        let at_middle = coming.at_least(middle);
        self.split(coming, p, [low, middle], [at_low, at_middle]);
        self.split(coming, p, [middle, high], [at_middle, at_high]);
    }
}

/// Where a falling function crosses 0 between `low` and `high`: false position, and halving where it is slow.
fn bisect(function: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let (mut at_low, mut at_high) = (function(low), function(high));
    for look in 0..N_LOOKS_MAX {
        if high - low <= NEAR {
            break;
        }
        let chord = low + (high - low) * at_low / (at_low - at_high);
        let inside = chord.is_finite() && chord > low && chord < high && look % 3 != 2;
        // A little beyond the crossing, so that both ends close in on it.
        let nudge = (NEAR / 4.0).min((high - low) / 4.0);
        let middle = if !inside {
            f64::midpoint(low, high)
        } else if chord - low < high - chord {
            chord + nudge
        } else {
            chord - nudge
        };
        let value = function(middle);
        if value > 0.0 { (low, at_low) = (middle, value) } else { (high, at_high) = (middle, value) }
    }
    f64::midpoint(low, high)
}
