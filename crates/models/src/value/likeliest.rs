//! Which parameters are the most likely, held where the data tell nothing?

use super::settings::{OPERATION, ValueSettings};
use crate::ModelError;
use crate::minimise::{Minimise, Minimum};

/// What is taken from the mean log-likelihood for the square of every parameter, all of which are scaled to the size
/// of 1. Where customers or amounts are all alike, the likelihood grows without end, or without seeing an end through the
/// rounding, as parameters do; so they stay near 10^4, which are amounts that differ by one percent.
const SQUARES: f64 = 1e-9;
/// Beyond this the logarithms of gamma functions are rounding only, and parameters that are so small make no difference:
/// whoever steps out is drawn back by the square of the distance.
const LOGARITHM_MAX: f64 = 20.0;

/// The logarithms of parameters, with the variance of each.
pub(super) struct Likeliest<const N: usize> {
    pub(super) logarithms: [f64; N],
    pub(super) variances: [f64; N],
}

/// Searches from the likeliest of `starts`. `likelihood` gives the log-likelihood of `n` customers and its slopes by the
/// logarithms of the parameters.
pub(super) fn likeliest<const N: usize>(
    likelihood: impl Fn(&[f64]) -> (f64, [f64; N]),
    n: f64,
    starts: &[[f64; N]],
    settings: &ValueSettings,
    what: &str,
) -> Result<Likeliest<N>, ModelError> {
    let precision = 1.0 / (settings.prior_sd * settings.prior_sd * n);
    let objective = |at: &[f64], gradient: &mut [f64]| {
        let inside: [f64; N] = within(at);
        let (value, slopes) = likelihood(&inside);
        let mut held = 0.0;
        for (part, slope) in slopes.into_iter().enumerate() {
            let (logarithm, out) = (inside[part], at[part] - inside[part]);
            let square = SQUARES * (2.0 * logarithm).exp();
            held += precision * logarithm * logarithm / 2.0 + square + out * out;
            gradient[part] = if out.abs() > 0.0 { 2.0 * out } else { precision * logarithm + 2.0 * square - slope / n };
        }
        held - value / n
    };
    let gave_up = |reason: String| ModelError::Fit { operation: OPERATION, reason };
    let logarithms: Vec<[f64; N]> = starts.iter().map(|start| start.map(f64::ln)).collect();
    let worth = |at: &[f64; N]| objective(at, &mut [0.0; N]);
    let Some(start) = logarithms.iter().min_by(|one, other| worth(one).total_cmp(&worth(other))) else {
        return Err(gave_up(format!("nowhere to begin the search for {what}")));
    };
    let search = Minimise { n_steps_max: settings.n_steps_max, ..Minimise::default() };
    let Minimum { at, inverse_curvature, .. } =
        search.minimise(objective, start).map_err(|error| gave_up(format!("{what} was not found: {error}")))?;
    let mut found = Likeliest { logarithms: within(&at), variances: [0.0; N] };
    for (part, variance) in found.variances.iter_mut().enumerate() {
        *variance = inverse_curvature[part * (N + 1)] / n;
    }
    Ok(found)
}

fn within<const N: usize>(at: &[f64]) -> [f64; N] {
    let mut inside = [0.0; N];
    inside.iter_mut().zip(at).for_each(|(inside, at)| *inside = at.clamp(-LOGARITHM_MAX, LOGARITHM_MAX));
    inside
}
