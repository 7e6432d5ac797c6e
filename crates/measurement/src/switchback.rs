//! What does a change do that everybody in one place meets at once, so that it is switched on and off by the hour?
//!
//! Customers of one store cannot be split where one side's orders take the other side's couriers: then the unit is a slice of
//! time in a place. Slices that follow each other are like each other, and the first after a switch still feel the one before.

mod found;

use crate::Interval;
use crate::statistics::{Moments, count, student_beyond, student_quantile, whole};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use found::{SwitchedMetric, conclude};

/// One slice of time in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The place: a store, a region.
    pub by: String,
    /// Which slice of time it is, counted from any beginning; one number is missing where a slice is.
    pub at: i64,
    /// Whether the change was on.
    pub is_treated: bool,
    /// What was measured.
    pub y: f64,
}

/// How slices are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Switches {
    /// How many slices after a switch are left out.
    pub carry: u32,
    /// Over how many slices one still resembles another; `None`: by how many there are, ⌊1.3 √(n / places)⌋.
    pub lags: Option<u32>,
    /// One minus the confidence.
    pub alpha: f64,
}

/// What the change did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Switched {
    /// Slices that count.
    pub n: u64,
    /// Slices that were left out, as they came right after a switch.
    pub n_left_out: u64,
    /// Places.
    pub n_places: u64,
    /// The mean of the slices without it.
    pub control: Option<f64>,
    /// The mean of the slices with it.
    pub treated: Option<f64>,
    /// What it did to a slice, compared within each place.
    pub difference: Option<f64>,
    /// Its standard error.
    pub se: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// How likely a difference this large is where there is none.
    pub p: Option<f64>,
    /// Why there is none.
    pub reason: Option<String>,
}

impl Switched {
    /// Slices of which nothing can be told, and why.
    #[must_use]
    pub fn unknown(reason: &str) -> Self {
        Self {
            n: 0,
            n_left_out: 0,
            n_places: 0,
            control: None,
            treated: None,
            difference: None,
            se: None,
            interval: None,
            p: None,
            reason: Some(reason.to_owned()),
        }
    }
}

/// What a change did that was switched on and off.
///
/// ```text
/// y = α_by + τ T + e;   τ = Σ T̃ y / Σ T̃²,  T̃ less its mean in the place
/// V = n/(n − k) · Σ_by Σ_t [u_t² + 2 Σ_{l=1..L} (1 − l/(L+1)) u_t u_{t−l}] / (Σ T̃²)²,   u = T̃ e,  k = places + 1
/// interval τ ± t √V with min(n − k, 1.5 n/(L + 1)) degrees of freedom
/// ```
/// *Parameters*: [`Switches`]; a larger `carry` believes less of what follows a switch, larger `lags` widen where slices
/// resemble each other. *Guarantees*: what is alike in all slices of a place does not count; swapping on and off turns the
/// difference around; the order of slices does not matter. *Edge cases*: places where it never was on, or never off, say
/// nothing; where no place is left, the reason is said. *Cost*: n log n.
/// *Source*: Newey and West 1987, doi:10.2307/1913610; lags and degrees of freedom Lazarus et al. 2018,
/// doi:10.1080/07350015.2018.1506926; Bojinov et al. 2023, doi:10.1287/mnsc.2022.4583.
///
/// ```
/// use measurement::switchback::{Slice, Switches, switched};
/// let slice = |at, y| Slice { by: "a".into(), at, is_treated: at % 4 >= 2, y };
/// let slices: Vec<_> = [1.0, 2.0, 5.0, 6.0, 2.0, 1.0, 6.0, 5.0].iter().zip(0..).map(|(y, at)| slice(at, *y)).collect();
/// let found = switched(&slices, &Switches { carry: 0, lags: Some(0), alpha: 0.05 });
/// assert_eq!((found.control, found.treated, found.difference), (Some(1.5), Some(5.5), Some(4.0)));
/// ```
#[must_use]
pub fn switched(slices: &[Slice], how: &Switches) -> Switched {
    let mut places: BTreeMap<&str, BTreeMap<i64, &Slice>> = BTreeMap::new();
    for slice in slices {
        places.entry(&slice.by).or_default().insert(slice.at, slice);
    }
    let n_before: usize = places.values().map(BTreeMap::len).sum();
    for place in places.values_mut() {
        let changes: Vec<i64> = switches(place);
        place.retain(|at, _| !changes.iter().any(|change| (0..i64::from(how.carry)).contains(&(at - change))));
    }
    let n_kept: usize = places.values().map(BTreeMap::len).sum();
    places.retain(|_, place| [true, false].iter().all(|is| place.values().any(|slice| slice.is_treated == *is)));
    let kept = || places.values().flat_map(BTreeMap::values);
    let arm =
        |is_treated: bool| Moments::of(kept().filter(|slice| slice.is_treated == is_treated).map(|slice| slice.y));
    let (control, treated) = (arm(false), arm(true));
    let mut found = Switched {
        n: control.n + treated.n,
        n_left_out: whole(n_before - n_kept),
        n_places: whole(places.len()),
        control: (control.n > 0).then(|| control.mean()),
        treated: (treated.n > 0).then(|| treated.mean()),
        difference: None,
        se: None,
        interval: None,
        p: None,
        reason: None,
    };
    let n = count(found.n);
    let df = n - count(found.n_places) - 1.0;
    if found.n_places == 0 || df < 1.0 {
        found.reason = Some(
            "no place has enough slices with the change and without it, apart from those after a switch".to_owned(),
        );
        return found;
    }
    if kept().any(|slice| !slice.y.is_finite()) {
        found.reason = Some("a slice has a value that is not a finite number".to_owned());
        return found;
    }
    let lags = how.lags.map_or_else(|| (1.3 * (n / count(found.n_places)).sqrt()).floor(), f64::from);
    let (tau, variance) = within_places(&places, lags, n / df);
    found.difference = Some(tau);
    if variance <= 0.0 {
        found.reason = Some("the slices do not vary yet, so nothing can be said of how sure that is".to_owned());
        return found;
    }
    let se = variance.sqrt();
    // So many slices as if they were strangers: each lag that is looked at costs some.
    let df = df.min(1.5 * n / (lags + 1.0));
    let half = student_quantile(how.alpha, df) * se;
    found.se = Some(se);
    found.interval = Some(Interval { low: tau - half, high: tau + half });
    found.p = Some(student_beyond(tau / se, df));
    found
}

/// Where a place was switched: the first slices of a stretch, but for the first of all.
fn switches(place: &BTreeMap<i64, &Slice>) -> Vec<i64> {
    let pairs = place.values().zip(place.values().skip(1));
    pairs.filter(|(before, after)| before.is_treated != after.is_treated).map(|(_, after)| after.at).collect()
}

/// The difference within places, and its variance where slices resemble those before them.
fn within_places(places: &BTreeMap<&str, BTreeMap<i64, &Slice>>, lags: f64, correction: f64) -> (f64, f64) {
    let of_treated = |slice: &Slice| f64::from(u8::from(slice.is_treated));
    let means: Vec<(f64, f64)> = places
        .values()
        .map(|place| {
            let sums = Moments::of_pairs(place.values().map(|slice| (slice.y, of_treated(slice))));
            (sums.mean(), sums.mean_x())
        })
        .collect();
    let (mut sum_ty, mut sum_tt) = (0.0, 0.0);
    for (place, (y, t)) in places.values().zip(&means) {
        for slice in place.values() {
            sum_ty += (of_treated(slice) - t) * (slice.y - y);
            sum_tt += (of_treated(slice) - t).powi(2);
        }
    }
    let tau = sum_ty / sum_tt;
    let mut meat = 0.0;
    for (place, (y, t)) in places.values().zip(&means) {
        let score = |slice: &Slice| {
            let treated = of_treated(slice) - t;
            treated * (slice.y - y - tau * treated)
        };
        let scores: Vec<(i64, f64)> = place.iter().map(|(at, slice)| (*at, score(slice))).collect();
        for (place, (at, u)) in scores.iter().enumerate() {
            meat += u * u;
            for (before, v) in scores[..place].iter().rev() {
                let lag = count(at.abs_diff(*before));
                if lag > lags {
                    break;
                }
                meat += 2.0 * (1.0 - lag / (lags + 1.0)) * u * v;
            }
        }
    }
    // Weights that fall in a straight line keep the sum above 0 but for rounding.
    (tau, (correction * meat / (sum_tt * sum_tt)).max(0.0))
}

#[cfg(test)]
mod tests;
