//! How many purchases will come within a time?

use super::beta::at_most;
use super::bg_nbd::Standing;
use statrs::function::gamma::ln_gamma;

/// Beyond this many times the rate's parameter a horizon grows no more.
const HORIZON_MAX: f64 = 1e6;
/// The steps of the integral over the odds of leaving: the error is below e^-24 for any parameters.
const STEP_MAX: f64 = 0.4;
/// How many steps are made at most to either side, and below which part of the sum they end.
const N_STEPS_MAX: u32 = 20_000;
const NEGLIGIBLE: f64 = 1e-17;
/// Where both parameters of the chance to leave are above this, the tails are short of themselves.
const SHORT_TAILS_ABOVE: f64 = 0.5;
/// What is discounted by more than e to this power is nothing.
const DISCOUNT_MAX: f64 = 50.0;
/// A rate of discount above this, for each unit of the rate's parameter, is as good as this.
const DISCOUNT_RATE_MAX: f64 = 1e12;
/// In how many panels discounted purchases are summed up, by Gauss's rule with five places.
const N_PANELS: u32 = 12;
const GAUSS: [(f64, f64); 5] = [
    (0.046_910_077_030_668_0, 0.118_463_442_528_094_5),
    (0.230_765_344_947_158_5, 0.239_314_335_249_683_2),
    (0.5, 0.284_444_444_444_444_4),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_2),
    (0.953_089_922_969_332, 0.118_463_442_528_094_5),
];

/// The number of purchases within a horizon, as a random variable.
///
/// ```text
/// given that the customer is there:   L ~ Gamma(shape, rate),   P ~ Beta(a, b)
/// P(Y >= j) = alive * P(N >= j) * product over k = 0..j-2 of (b+k) / (a+b+k)
/// N ~ negative binomial: P(N >= j) = I(j, shape) at h / (rate + h)
/// E[Y]      = alive * E[f(P)],   f(p) = (1 - (1 + p h / rate)^-shape) / p
/// ```
/// The mean is an integral over `y = ln(p / (1-p))`, where the trapezoidal rule converges exponentially. It is equal to the
/// hypergeometric formula of Fader, Hardie and Lee 2005, equation 10, and has none of its poles and cancellations. Where
/// `a` or `b` is so small that the tails are long, the chord of `f` from 0 to 1 is integrated exactly and only the rest by
/// the rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coming {
    standing: Standing,
    /// The horizon, in units of `rate`.
    relative: f64,
}

impl Coming {
    /// A horizon that is not above 0, NaN among it, is 0.
    pub(super) fn within(standing: Standing, horizon: f64) -> Self {
        let relative = if horizon > 0.0 { (horizon / standing.rate).min(HORIZON_MAX) } else { 0.0 };
        Self { standing, relative }
    }

    /// The expected number.
    pub(super) fn mean(&self) -> f64 {
        self.mean_within(self.relative)
    }

    /// The expected number, each purchase counted `exp(-discount * its time)`.
    ///
    /// ```text
    /// exp(-d h) M(h) + d * integral from 0 to h of exp(-d s) M(s) ds     by parts, with s = rate (e^v - 1)
    /// ```
    pub(super) fn discounted_mean(&self, discount: f64) -> f64 {
        let per_rate = (discount * self.standing.rate).min(DISCOUNT_RATE_MAX);
        if !(per_rate > 0.0 && self.relative > 0.0) {
            return self.mean();
        }
        let end = self.relative.min(DISCOUNT_MAX / per_rate);
        let width = end.ln_1p() / f64::from(N_PANELS);
        let mut sum = 0.0;
        for panel in 0..N_PANELS {
            for (place, weight) in GAUSS {
                let v = (f64::from(panel) + place) * width;
                let time = v.exp_m1();
                sum += weight * width * v.exp() * per_rate * (-per_rate * time).exp() * self.mean_within(time);
            }
        }
        sum + (-per_rate * end).exp() * self.mean_within(end)
    }

    /// P(Y >= n), for whole `n`.
    pub(super) fn at_least(&self, n: f64) -> f64 {
        let Standing { alive, shape, a, b, .. } = self.standing;
        if n <= 0.0 {
            return 1.0;
        }
        let stays = ln_gamma(b + n - 1.0) - ln_gamma(b) - (ln_gamma(a + b + n - 1.0) - ln_gamma(a + b));
        let comes = at_most(self.relative / (1.0 + self.relative), 1.0 / (1.0 + self.relative), n, shape);
        alive * comes * stays.exp().min(1.0)
    }

    /// The smallest number that is not exceeded with at least this probability.
    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let exceeded = 1.0 - probability;
        let (mut low, mut high) = (-1.0, 0.0);
        while self.at_least(high + 1.0) > exceeded {
            low = high;
            high = 2.0 * high + 1.0;
        }
        while high - low > 1.0 {
            let middle = ((low + high) / 2.0).floor();
            // Where numbers are so large that one is lost in them, one does not matter.
            if middle <= low || middle >= high {
                break;
            }
            if self.at_least(middle + 1.0) > exceeded { low = middle } else { high = middle }
        }
        high
    }

    /// `E[Y]` for a horizon of `relative` times the rate.
    fn mean_within(&self, relative: f64) -> f64 {
        let Standing { alive, shape, a, b, .. } = self.standing;
        let at_zero = shape * relative;
        let purchases = |p: f64| -(-shape * (p * relative).ln_1p()).exp_m1() / p;
        let mean = if a.min(b) > SHORT_TAILS_ABOVE {
            let [weighted, weights] = self.integrate(|p, weight| [weight * purchases(p), weight]);
            weighted / weights
        } else {
            let at_one = purchases(1.0);
            let [above, _] = self.integrate(|p, weight| {
                let above = at_zero + (at_one - at_zero) * p - purchases(p);
                [weight * above.max(0.0), 0.0]
            });
            at_zero + (at_one - at_zero) * a / (a + b) - above
        };
        alive * mean.clamp(0.0, at_zero)
    }

    /// Two integrals over the chance to leave, of what `parts` makes of a chance `p` and its density by `ln(p / (1-p))`.
    fn integrate(&self, parts: impl Fn(f64, f64) -> [f64; 2]) -> [f64; 2] {
        let Standing { a, b, .. } = self.standing;
        let norm = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
        let at = |y: f64| {
            let (ln_p, ln_stay) = (-(-y).exp().ln_1p(), -y.exp().ln_1p());
            parts(ln_p.exp().max(f64::MIN_POSITIVE), (norm + a * ln_p + b * ln_stay).exp())
        };
        let centre = (a / b).ln();
        let step = STEP_MAX.min((1.0 / a + 1.0 / b).sqrt() / 1.4);
        let mut sums = at(centre);
        for side in [-step, step] {
            let mut before = [0.0; 2];
            for n in 1..=N_STEPS_MAX {
                let found = at(centre + f64::from(n) * side);
                let is_over = |part: usize| found[part] <= NEGLIGIBLE * sums[part] && found[part] <= before[part];
                let ends = is_over(0) && is_over(1);
                sums = [sums[0] + found[0], sums[1] + found[1]];
                if ends {
                    break;
                }
                before = found;
            }
        }
        [sums[0] * step, sums[1] * step]
    }
}
