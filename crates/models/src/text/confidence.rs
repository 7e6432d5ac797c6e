//! How sure is the class that most speaks for?

use crate::ModelError;
use crate::minimise::Minimise;

/// How many times a margin counts in the exponent, at least and at most.
const SHARPNESS: std::ops::RangeInclusive<f64> = 0.05..=50.0;
const OPERATION: &str = "learn how sure a class is";

/// Chances of all classes from what speaks for each.
///
/// ```text
/// p[c] = exp(sharpness m[c]) / sum over k of exp(sharpness m[k])
/// ```
/// `sharpness` has the highest likelihood on messages that the margins were not learned from.
/// *Source*: temperature scaling, Guo et al. 2017, arXiv 1706.04599.
pub(super) fn chances(margins: &[f32], sharpness: f64) -> Vec<f64> {
    let highest = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let each: Vec<f64> = margins.iter().map(|margin| (sharpness * f64::from(margin - highest)).exp()).collect();
    let sum: f64 = each.iter().sum();
    each.into_iter().map(|chance| chance / sum).collect()
}

/// The class with the highest chance, and the chance; of equal ones the first.
pub(super) fn surest(chances: &[f64]) -> (usize, f64) {
    let best = chances.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    best.unwrap_or_default()
}

/// The sharpness of margins that are told with the class that was right.
pub(super) fn sharpness(margins: &[Vec<f32>], right: &[u32]) -> Result<f64, ModelError> {
    // In logarithms, so that it stays above 0.
    let loss = |at: &[f64], slope: &mut [f64]| {
        let sharpness = at[0].clamp(-20.0, 20.0).exp();
        let (mut loss, mut gradient) = (0.0, 0.0);
        for (margins, right) in margins.iter().zip(right) {
            let chances = chances(margins, sharpness);
            let mean: f64 = chances.iter().zip(margins).map(|(chance, margin)| chance * f64::from(*margin)).sum();
            let right = *right as usize;
            loss -= chances[right].max(f64::MIN_POSITIVE).ln();
            gradient += mean - f64::from(margins[right]);
        }
        let n = margins.len().max(1) as f64;
        // A weak pull to 1 keeps it finite where every class was right.
        slope[0] = gradient * sharpness / n + 0.002 * at[0];
        loss / n + 0.001 * at[0].powi(2)
    };
    if margins.is_empty() {
        return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: 0, n_rows_min: 1 });
    }
    let found = Minimise { tolerance: 1e-6, ..Minimise::default() }.minimise(loss, &[1.0])?;
    Ok(found.at[0].clamp(-20.0, 20.0).exp().clamp(*SHARPNESS.start(), *SHARPNESS.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use rand::RngExt as _;

    #[test]
    fn chances_are_as_often_right_as_they_say() {
        let mut random = Seed::new(3).stream("test", 0);
        let (mut margins, mut right) = (Vec::new(), Vec::new());
        for _ in 0..20_000 {
            let said: Vec<f32> = (0..4).map(|_| random.random_range(-1.0..1.0)).collect();
            let mut draw = random.random::<f64>();
            let drawn = chances(&said, 3.0).iter().position(|chance| {
                draw -= chance;
                draw < 0.0
            });
            right.push(u32::try_from(drawn.unwrap_or(3)).unwrap());
            margins.push(said);
        }
        let found = sharpness(&margins, &right).unwrap();
        assert!((found - 3.0).abs() < 0.1, "{found}");
        let halved: Vec<Vec<f32>> = margins.iter().map(|row| row.iter().map(|m| m / 2.0).collect()).collect();
        assert!((sharpness(&halved, &right).unwrap() - 2.0 * found).abs() < 0.1, "whatever the scale is");
    }

    #[test]
    fn certainty_is_bounded_and_sums_to_one() {
        let always_right = sharpness(&[vec![1.0, -1.0], vec![-1.0, 1.0]], &[0, 1]).unwrap();
        assert!(always_right.is_finite() && always_right <= 50.0);
        let chances = chances(&[1e30, -1e30, 0.0], 50.0);
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12 && chances.iter().all(|chance| chance.is_finite()));
        assert!(sharpness(&[], &[]).is_err());
    }
}
