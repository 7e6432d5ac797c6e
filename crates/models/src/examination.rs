//! How likely is a place of a list looked at? What stands low is followed less, whatever it is.

use crate::ModelError;
use crate::settings::settings;
use std::collections::BTreeMap;

const OPERATION: &str = "learn which places are looked at";
/// After so many steps, or where no place moves by more than this, it is done.
const N_STEPS_MAX: usize = 500;
const STEP_MIN: f64 = 1e-10;
/// No list is looked through faster than this: the steepest power of the place.
const SLOPE_MAX: f64 = 3.0;

settings! {
    /// Which share of those who look at the first place of a list look at another one.
    ///
    /// ```text
    /// follows of thing i at place k ~ Poisson(shown[i][k] * seen[k] * wanted[i])
    /// given all follows of a thing, where they were is multinomial, and wanted[i] is not in it:
    ///   L(seen)  = sum over i, k of followed[i][k] ln(shown[i][k] seen[k] / sum over j of shown[i][j] seen[j])
    /// slope    : seen[k] = k^-slope for places k = 1, 2, ...: the largest L - (slope - slope_prior)^2 / (2 slope_spread^2)
    /// places   : seen[k] = (F[k] + m) / (sum over i of F[i] shown[i][k] / sum over j of shown[i][j] seen[j] + m / k^-slope)
    ///            until nothing moves; F = sums of follows, m = place_weight
    /// ```
    /// The same thing at different places tells them apart: how much it is wanted cancels out, and nothing is assumed of it.
    /// What is one thing, the caller says: whoever was shown it for the same reason. A thing that stood in one place alone, or
    /// was never followed, says nothing. Places that say little lie near the power of their number.
    /// *Shapes*: a row for every thing and place, in any order; rows of the same thing and place are added up.
    /// *Units*: shares; the first place has 1. *Guarantees*: equal for equal rows in any order; every share is above 0 and at
    /// most 1. *Edge cases*: without a row that tells, the power `slope_prior` of the place. *Cost*: rows times steps, of which
    /// there are some dozens. *Source*: Craswell et al. 2008, doi:10.1145/1341531.1341545 (looked at times wanted); Agarwal et
    /// al. 2019, doi:10.1145/3289600.3291017 (the same thing at different places); Hausman, Hall and Griliches 1984,
    /// doi:10.2307/1911191 (the conditional likelihood); Hunter 2004, doi:10.1214/aos/1079120141 (the steps); Joachims et al.
    /// 2017, doi:10.1145/3018661.3018699 (powers of the place).
    ExaminationSettings {
        /// How many places have a share of their own; those after them keep to the power.
        n_places: usize = 40 in 1..=1_000, larger: "tells more places apart";
        /// The power of the place where nothing is known.
        slope_prior: f64 = 0.7 in 0.0..=3.0, larger: "takes lower places for less looked at while little is known";
        /// How far the power usually is from that.
        slope_spread: f64 = 0.5 in 0.001..=10.0, larger: "believes few rows sooner";
        /// With how many follows each place is held to the power.
        place_weight: f64 = 20.0 in 0.001..=1_000_000.0, larger: "makes the shares smoother";
    }
}

/// How often a thing was shown at a place, and how often it was followed there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShownAt {
    /// What tells it from other things.
    pub thing: u64,
    /// Where: the first place is 0.
    pub place: usize,
    /// How often it was shown there.
    pub n_shown: f64,
    /// How often it was followed there.
    pub n_followed: f64,
}

/// How likely each place is looked at. See [`ExaminationSettings`] for the formula.
///
/// ```
/// use models::examination::{ExaminationSettings, ShownAt};
/// // Each of a thousand things was followed four times as often at the first place as at the fourth.
/// let row = |thing, place, n_followed| ShownAt { thing, place, n_shown: 10.0, n_followed };
/// let rows: Vec<ShownAt> = (0..1_000).flat_map(|thing| [row(thing, 0, 4.0), row(thing, 3, 1.0)]).collect();
/// let seen = ExaminationSettings::default().fit(&rows)?;
/// assert!(seen.share(0) == 1.0 && (seen.share(3) - 0.25).abs() < 0.01);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// The power of the place.
    slope: f64,
    /// The shares of the first places, the first of which is 1.
    shares: Vec<f64>,
    /// How many follows said so: of things that stood in several places.
    n_follows: f64,
}

/// A thing that tells places apart: where it was shown and followed.
struct Telling {
    places: Vec<(usize, f64)>,
    n_followed: f64,
}

impl ExaminationSettings {
    /// Learns from what was shown and followed.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Value`] for counts that are negative or not finite.
    pub fn fit(&self, rows: &[ShownAt]) -> Result<Examination, ModelError> {
        self.validate()?;
        let (telling, followed) = self.telling(rows)?;
        let slope = self.slope(&telling, &followed);
        let shares = self.shares(slope, &telling, &followed);
        Ok(Examination { slope, shares, n_follows: followed.iter().sum() })
    }

    /// The things that tell places apart, and how often such things were followed at each place.
    fn telling(&self, rows: &[ShownAt]) -> Result<(Vec<Telling>, Vec<f64>), ModelError> {
        for (row, shown) in rows.iter().enumerate() {
            for (what, value) in [("the showings of row", shown.n_shown), ("the follows of row", shown.n_followed)] {
                if !(value.is_finite() && value >= 0.0) {
                    let allowed = "finite and not negative";
                    return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed });
                }
            }
        }
        let mut by_thing: BTreeMap<u64, BTreeMap<usize, (f64, f64)>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.place < self.n_places && row.n_shown > 0.0) {
            let (shown, followed) = by_thing.entry(row.thing).or_default().entry(row.place).or_default();
            *shown += row.n_shown;
            *followed += row.n_followed;
        }
        let mut at_place = vec![0.0; self.n_places];
        let mut telling = Vec::new();
        for places in by_thing.into_values() {
            let n_followed: f64 = places.values().map(|(_, followed)| followed).sum();
            if places.len() < 2 || n_followed <= 0.0 {
                continue;
            }
            places.iter().for_each(|(place, (_, followed))| at_place[*place] += followed);
            let places = places.into_iter().map(|(place, (shown, _))| (place, shown)).collect();
            telling.push(Telling { places, n_followed });
        }
        Ok((telling, at_place))
    }

    /// The likeliest power: the likelihood has one top, and no step of Newton's is longer than a half.
    fn slope(&self, telling: &[Telling], followed: &[f64]) -> f64 {
        let held = self.slope_spread.powi(-2);
        let told: f64 = followed.iter().enumerate().map(|(place, n)| n * log_of(place)).sum();
        let mut slope = self.slope_prior;
        for _ in 0..N_STEPS_MAX {
            let (mut first, mut second) = (held * (self.slope_prior - slope) - told, held);
            for thing in telling {
                let (mut total, mut mean, mut square) = (0.0, 0.0, 0.0);
                for (place, shown) in &thing.places {
                    let (weight, log) = (shown * power(*place, slope), log_of(*place));
                    total += weight;
                    mean += weight * log;
                    square += weight * log * log;
                }
                (mean, square) = (mean / total, square / total);
                first += thing.n_followed * mean;
                second += thing.n_followed * (square - mean * mean).max(0.0);
            }
            let next = (slope + (first / second).clamp(-0.5, 0.5)).clamp(0.0, SLOPE_MAX);
            let moved = (next - slope).abs();
            slope = next;
            if moved < STEP_MIN {
                break;
            }
        }
        slope
    }

    /// The shares of all places that have their own.
    fn shares(&self, slope: f64, telling: &[Telling], followed: &[f64]) -> Vec<f64> {
        let base: Vec<f64> = (0..self.n_places).map(|place| power(place, slope)).collect();
        let mut seen = base.clone();
        for _ in 0..N_STEPS_MAX {
            let mut expected: Vec<f64> = base.iter().map(|base| self.place_weight / base).collect();
            for thing in telling {
                let total: f64 = thing.places.iter().map(|(place, shown)| shown * seen[*place]).sum();
                for (place, shown) in &thing.places {
                    expected[*place] += thing.n_followed * shown / total;
                }
            }
            let next = followed.iter().zip(&expected).map(|(found, expected)| (found + self.place_weight) / expected);
            let next: Vec<f64> = next.collect();
            let moved = next.iter().zip(&seen).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            seen = next;
            if moved < STEP_MIN {
                break;
            }
        }
        let first = seen[0];
        seen.iter().map(|share| (share / first).clamp(f64::EPSILON, 1.0)).collect()
    }
}

/// The logarithm of a place's number, which begins with 1.
fn log_of(place: usize) -> f64 {
    (place as f64).ln_1p()
}

fn power(place: usize, slope: f64) -> f64 {
    (-slope * log_of(place)).exp()
}

impl Examination {
    /// Which share of those who look at the first place look at this one; the first place is 0.
    #[must_use]
    pub fn share(&self, place: usize) -> f64 {
        match self.shares.get(place) {
            Some(share) => *share,
            // The power goes on from the last place that has a share of its own.
            None => {
                let last = self.shares.len().saturating_sub(1);
                let known = self.shares.last().copied().unwrap_or(1.0);
                (known * power(place, self.slope) / power(last, self.slope)).clamp(f64::EPSILON, 1.0)
            }
        }
    }

    /// What a follow at a place counts for, so that what stood low counts as if it had stood on top: one divided by the share,
    /// and at most `most`. A larger bound trusts single follows far down more.
    #[must_use]
    pub fn weight(&self, place: usize, most: f64) -> f64 {
        (1.0 / self.share(place)).min(most)
    }

    /// How many follows told places apart.
    #[must_use]
    pub fn n_follows(&self) -> f64 {
        self.n_follows
    }
}

#[cfg(test)]
mod tests;
