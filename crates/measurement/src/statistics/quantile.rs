//! Where does a quantile lie: how long do the slowest five in a hundred wait?

use super::distribution::normal_quantile;
use super::estimate::Estimate;
use super::moments::{Moments, count};

/// The quantile of one arm, with its variance as if each value were a customer's own.
///
/// ```text
/// q̂    the value at the place ν of the sorted values
/// s²    = (n − 1) ((q_up − q_low) / (2 z))²,  q_up and q_low the values at ν ± z √(ν (1 − ν) / n),  z = 1.96
/// ```
/// *Shapes*: any number of values. *Parameters*: `nu` between 0 and 1, the place.
/// *Errors*: in words, where n ≤ z² max(ν/(1 − ν), (1 − ν)/ν): the values around the place are too few.
/// *Cost*: one sort. *Source*: order statistics, elementary; Deng et al. 2018, doi:10.1145/3219819.3219919.
///
/// # Errors
/// With the reason why there is no number.
///
/// ```
/// let waits: Vec<f64> = (1..=1000).map(f64::from).collect();
/// let estimate = measurement::statistics::quantile(&waits, 0.9).unwrap();
/// assert_eq!(estimate.value, 900.0);
/// ```
pub fn quantile(values: &[f64], nu: f64) -> Result<Estimate, String> {
    if !(nu > 0.0 && nu < 1.0) {
        return Err(format!("a quantile is between 0 and 1, not {nu}"));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err("a value is not a finite number".to_owned());
    }
    let (n, z) = (count(values.len() as u64), normal_quantile(0.975));
    let n_min = z * z * (nu / (1.0 - nu)).max((1.0 - nu) / nu);
    if n <= n_min {
        return Err(format!(
            "the quantile {nu} needs more than {} values in each arm, and one has {}",
            n_min.floor(),
            values.len()
        ));
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let reach = z * (nu * (1.0 - nu) / n).sqrt();
    let at = |place: f64| sorted[place_of(place, sorted.len())];
    let (value, spread) = (at(nu), (at(nu + reach) - at(nu - reach)) / (2.0 * z));
    Ok(Estimate { n, plain: value, value, variance: (n - 1.0) * spread * spread, third: 0.0 })
}

/// The quantile of one arm whose customers have several values each: those of one customer are like each other, and so
/// they tell less than as many values of others would.
///
/// ```text
/// V_c   variance of Σ below / Σ values by the delta method over customers, below = values ≤ q̂
/// s²    = s² of [`quantile`] · V_c / (ν (1 − ν) / n),  with n of the customers from then on
/// ```
/// # Errors
/// As [`quantile`]; and where there are fewer than two customers with a value.
pub fn clustered_quantile(customers: &[Vec<f64>], nu: f64) -> Result<Estimate, String> {
    let mut values: Vec<f64> = customers.iter().flatten().copied().collect();
    values.sort_by(f64::total_cmp);
    let estimate = quantile(&values, nu)?;
    let arm = Moments::of_pairs(customers.iter().filter(|own| !own.is_empty()).map(|own| {
        let below = own.iter().filter(|value| **value <= estimate.value).count();
        (count(below as u64), count(own.len() as u64))
    }));
    if arm.n < 2 {
        return Err("fewer than two customers have a value".to_owned());
    }
    let (share, by) = (arm.sum / arm.sum_x, arm.mean_x());
    let clustered = arm.variance_without(share) / (by * by) / arm.n();
    let alone = nu * (1.0 - nu) / estimate.n;
    let variance = estimate.variance_of_value() * clustered / alone * arm.n();
    Ok(Estimate { n: arm.n(), variance, ..estimate })
}

fn place_of(place: f64, n: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and n")]
    let rank = (place.clamp(0.0, 1.0) * count(n as u64) - 1e-9).ceil().max(1.0) as usize;
    rank.min(n) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use rand::RngExt as _;

    #[test]
    fn too_few_values_are_refused_by_number() {
        // ν = .95: 1.96² · 19 = 72.99.
        let values: Vec<f64> = (0..72).map(f64::from).collect();
        assert!(quantile(&values, 0.95).unwrap_err().contains("more than 72"));
        assert!(quantile(&[values, vec![1.0]].concat(), 0.95).is_ok());
        assert!(quantile(&[1.0], 1.5).is_err() && quantile(&[f64::NAN; 100], 0.5).is_err());
    }

    #[test]
    fn the_variance_is_that_of_quantiles_drawn_again() {
        // The median of n uniform numbers has the variance 1/(4 n).
        let mut random = Seed::new(7).stream("quantile", 0);
        let mut sum = 0.0;
        for _ in 0..200 {
            let values: Vec<f64> = (0..400).map(|_| random.random()).collect();
            sum += quantile(&values, 0.5).unwrap().variance_of_value();
        }
        let mean = sum / 200.0;
        assert!((mean / (1.0 / 1600.0) - 1.0).abs() < 0.1, "{mean}");
    }

    #[test]
    fn values_told_ten_times_over_tell_nothing_more() {
        let mut random = Seed::new(8).stream("quantile", 0);
        let own: Vec<Vec<f64>> = (0..500).map(|_| vec![random.random::<f64>()]).collect();
        let tenfold: Vec<Vec<f64>> = own.iter().map(|own| vec![own[0]; 10]).collect();
        let variance = |customers: &[Vec<f64>]| clustered_quantile(customers, 0.5).unwrap().variance_of_value();
        let (once, ten) = (variance(&own), variance(&tenfold));
        assert!((ten / once).ln().abs() < 0.5, "{once} {ten}");
        let naive = quantile(&tenfold.concat(), 0.5).unwrap().variance_of_value();
        assert!(naive < ten / 4.0, "{naive} {ten}");
    }
}
