//! Which question about a column gains most?

use super::histogram::Bins;
use super::quantised::{Quantised, steps};
use crate::boost::binned::{By, Cuts, MISSING};
use crate::boost::set::Set;
use crate::boost::settings::{BoostSettings, Monotone};

/// Between which numbers the steps of a leaf must lie, so that monotone columns stay so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    low: f64,
    high: f64,
}

impl Limits {
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

/// What is known of the rows on one side of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// The sum of their gradients.
    pub(super) sum: u64,
    pub(super) limits: Limits,
}

/// A column of a leaf.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) pairs: &'a Bins,
    pub(super) counts: Option<&'a Bins>,
    /// How many rows the leaf has.
    pub(super) n_rows: usize,
}

/// A question that may be asked.
#[derive(Debug, Clone)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) column: usize,
    pub(super) set: Set,
    /// As in [`super::Node::Question`].
    pub(super) last: Option<u8>,
    /// The sum of the gradients on the left.
    left: u64,
}

/// What a split must keep to, and what it gains.
pub(super) struct Rule<'a> {
    settings: &'a BoostSettings,
    units: [f64; 2],
    /// The least `h` of a leaf, in steps.
    h_min: i64,
    monotone: &'a [Monotone],
}

/// The sums on both sides of a question, and how many rows the left one has.
#[derive(Clone, Copy)]
struct Cut {
    left: u64,
    n_left: u64,
}

impl<'a> Rule<'a> {
    pub(super) fn new(settings: &'a BoostSettings, pairs: &Quantised, monotone: &'a [Monotone]) -> Self {
        let units = pairs.units;
        let wanted = (settings.min_leaf_weight / units[1]).ceil().min(2.0_f64.powi(40));
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 2^40")]
        let h_min = (wanted as i64).max(1);
        Self { settings, units, h_min, monotone }
    }

    /// The step of a leaf.
    pub(super) fn step(&self, side: Side) -> f64 {
        let [g, h] = self.real(side.sum);
        self.bounded(g, h + self.settings.l2, side.limits)
    }

    fn bounded(&self, g: f64, divisor: f64, limits: Limits) -> f64 {
        let step = if divisor > 0.0 { -g / divisor } else { 0.0 };
        step.clamp(limits.low, limits.high)
    }

    /// What the children of a leaf hold, and what is demanded of them.
    pub(super) fn children(&self, side: Side, split: &Split) -> [Side; 2] {
        let right = side.sum.wrapping_sub(split.left);
        let mut sides = [split.left, right].map(|sum| Side { sum, limits: side.limits });
        let demand = self.monotone.get(split.column).copied().unwrap_or_default();
        // A question that only tells whether the value is known says nothing of larger and smaller.
        if demand == Monotone::Free || split.last.is_none() {
            return sides;
        }
        let middle = (self.step(sides[0]) + self.step(sides[1])) / 2.0;
        let below = usize::from(demand == Monotone::Falling);
        sides[below].limits.high = middle;
        sides[1 - below].limits.low = middle;
        sides
    }

    fn real(&self, sum: u64) -> [f64; 2] {
        let [g, h] = steps(sum);
        [g as f64 * self.units[0], h as f64 * self.units[1]]
    }

    /// Puts the best question about a column in the place of a worse one.
    pub(super) fn scan(&self, column: usize, cuts: &Cuts, of: Column<'_>, side: Side, best: &mut Option<Split>) {
        match &cuts.by {
            By::Thresholds(_) => self.numbers(column, cuts.n_bins, of, side, best),
            By::Codes(_) => self.categories(column, cuts.n_bins, of, side, best),
        }
    }

    fn numbers(&self, column: usize, n_bins: usize, of: Column<'_>, side: Side, best: &mut Option<Split>) {
        let demand = self.monotone.get(column).copied().unwrap_or_default();
        let missing = of.missing();
        let l2 = self.settings.l2;
        let mut found: Option<(f64, Cut, Option<u8>, bool)> = None;
        let mut least = self.least(best.as_ref(), side, l2);
        let mut weigh = |cut: Cut, last: Option<u8>, missing_left: bool, demand: Monotone| {
            if let Some(gain) = self.gain(cut, of.n_rows, side, l2, demand).filter(|gain| *gain > least) {
                least = gain;
                found = Some((gain, cut, last, missing_left));
            }
        };
        if missing.left != 0 {
            weigh(missing, None, true, Monotone::Free);
        }
        let mut below = Cut { left: 0, n_left: 0 };
        for (bin, &pair) in (0_u8..=254).zip(&of.pairs[..n_bins]) {
            below.n_left += of.count(bin);
            // Between the last two rows of a leaf there may be many bins, and one question tells them apart.
            if pair == 0 {
                continue;
            }
            below.left = below.left.wrapping_add(pair);
            weigh(below, Some(bin), false, demand);
            if missing.left != 0 {
                weigh(below.and(missing), Some(bin), true, demand);
            }
        }
        let Some((gain, cut, last, missing_left)) = found else { return };
        let mut set = Set::default();
        last.into_iter().flat_map(|last| 0..=last).for_each(|bin| set.insert(bin));
        if missing_left || (missing.left == 0 && self.is_heavier(cut.left, side)) {
            set.insert(MISSING);
        }
        *best = Some(Split { gain, column, set, last, left: cut.left });
    }

    /// Categories in the order of what their rows want: the best set is a beginning of that order.
    ///
    /// *Source*: Fisher 1958, doi:10.1080/01621459.1958.10501479.
    fn categories(&self, column: usize, n_bins: usize, of: Column<'_>, side: Side, best: &mut Option<Split>) {
        let smoothing = self.settings.category_smoothing;
        let wants = |pair: u64| {
            let [g, h] = self.real(pair);
            g / (h + smoothing).max(f64::MIN_POSITIVE)
        };
        let bins = (0_u8..=254).zip(&of.pairs[..n_bins]).filter(|(_, pair)| **pair != 0);
        let mut order: Vec<(f64, u8, u64)> = bins.map(|(bin, pair)| (wants(*pair), bin, *pair)).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let missing = of.missing();
        let l2 = self.settings.l2 + smoothing;
        let mut found: Option<(f64, Cut, usize, bool)> = None;
        let mut least = self.least(best.as_ref(), side, l2);
        let mut weigh = |cut: Cut, n_bins: usize, missing_left: bool| {
            if let Some(gain) = self.gain(cut, of.n_rows, side, l2, Monotone::Free).filter(|gain| *gain > least) {
                least = gain;
                found = Some((gain, cut, n_bins, missing_left));
            }
        };
        if missing.left != 0 {
            weigh(missing, 0, true);
        }
        let mut below = Cut { left: 0, n_left: 0 };
        for (at, (_, bin, pair)) in order.iter().enumerate() {
            below = Cut { left: below.left.wrapping_add(*pair), n_left: below.n_left + of.count(*bin) };
            weigh(below, at + 1, false);
            if missing.left != 0 {
                weigh(below.and(missing), at + 1, true);
            }
        }
        let Some((gain, cut, n_left, missing_left)) = found else { return };
        let mut set = Set::default();
        order[..n_left].iter().for_each(|(_, bin, _)| set.insert(*bin));
        if missing_left || (missing.left == 0 && self.is_heavier(cut.left, side)) {
            // What was not seen here goes as what is missing.
            set.insert(MISSING);
            (0_u8..=254).take(n_bins).filter(|bin| of.pairs[usize::from(*bin)] == 0).for_each(|bin| set.insert(bin));
        }
        *best = Some(Split { gain, column, set, last: None, left: cut.left });
    }

    /// Whether the left side has at least half of the second derivatives.
    fn is_heavier(&self, left: u64, side: Side) -> bool {
        2 * steps(left)[1] >= steps(side.sum)[1]
    }

    /// What a question must gain more than: what is demanded, what the best one so far does, and rounding.
    fn least(&self, best: Option<&Split>, side: Side, l2: f64) -> f64 {
        const ROUNDING: f64 = 1e-10;
        let [g, h] = self.real(side.sum);
        let own = self.term(g, h + l2, side.limits);
        let least = self.settings.min_gain + ROUNDING * own.abs();
        best.map_or(least, |best| least.max(best.gain))
    }

    /// What a question gains, where it may be asked.
    #[inline]
    fn gain(&self, cut: Cut, n_rows: usize, side: Side, l2: f64, demand: Monotone) -> Option<f64> {
        let right = side.sum.wrapping_sub(cut.left);
        let ([_, h_left], [_, h_right]) = (steps(cut.left), steps(right));
        if h_left < self.h_min || h_right < self.h_min {
            return None;
        }
        if self.settings.min_leaf_rows > 1 {
            let n_min = self.settings.min_leaf_rows as u64;
            if cut.n_left < n_min || n_rows as u64 - cut.n_left < n_min {
                return None;
            }
        }
        let ([g, h], [g_left, h_left], [g_right, h_right]) =
            (self.real(side.sum), self.real(cut.left), self.real(right));
        let (d, d_left, d_right) = (h + l2, h_left + l2, h_right + l2);
        if self.monotone.is_empty() {
            let both = g_left * g_left * d_right + g_right * g_right * d_left;
            return Some(both / (d_left * d_right) - g * g / d);
        }
        let steps = [self.bounded(g_left, d_left, side.limits), self.bounded(g_right, d_right, side.limits)];
        let is_kept = match demand {
            Monotone::Free => true,
            Monotone::Rising => steps[0] <= steps[1],
            Monotone::Falling => steps[0] >= steps[1],
        };
        let own = self.term(g, d, side.limits);
        let gain = self.term(g_left, d_left, side.limits) + self.term(g_right, d_right, side.limits) - own;
        is_kept.then_some(gain)
    }

    /// `G^2 / (H + l2)`, or as much of it as the limits of a leaf leave.
    fn term(&self, g: f64, divisor: f64, limits: Limits) -> f64 {
        let step = self.bounded(g, divisor, limits);
        -step * (2.0 * g + divisor * step)
    }
}

impl Cut {
    fn and(self, other: Self) -> Self {
        Self { left: self.left.wrapping_add(other.left), n_left: self.n_left + other.n_left }
    }
}

impl Column<'_> {
    fn count(&self, bin: u8) -> u64 {
        self.counts.map_or(0, |counts| counts[usize::from(bin)])
    }

    fn missing(&self) -> Cut {
        Cut { left: self.pairs[usize::from(MISSING)], n_left: self.count(MISSING) }
    }
}
