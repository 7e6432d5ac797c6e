//! Where is a smooth function smallest, and how sharply does it rise from there?

use crate::ModelError;
use crate::settings::settings;

const OPERATION: &str = "minimise the function";
/// A step must gain at least this part of what the slope promises.
const SUFFICIENT_GAIN: f64 = 1e-4;
/// At the end of a step the slope must have fallen to at most this part.
const SLOPE_LEFT: f64 = 0.9;
/// How often one line search looks before it gives up.
const N_LOOKS_MAX: usize = 60;
/// Differences of values smaller than this part of them may be rounding: sums of logarithms of gamma functions cancel.
const ROUNDING: f64 = 1e-8;
/// Where no step leads further down, a slope this many times the tolerance still counts as flat.
const ALMOST_FLAT: f64 = 1e4;

settings! {
    /// The method of Broyden, Fletcher, Goldfarb and Shanno with a line search for the weak Wolfe conditions.
    ///
    /// ```text
    /// d = - H g                               H the inverse curvature so far, g the gradient
    /// t : f(x + t d) <= f(x) + 1e-4 t g'd  and  g(x + t d)'d >= 0.9 g'd      by doubling and halving
    /// s = t d,  y = g(x + s) - g(x),  rho = 1 / y's
    /// H = (I - rho s y') H (I - rho y s') + rho s s'
    /// ```
    /// *Shapes*: a start of `n` numbers; the function gives its value and writes the `n` parts of its gradient.
    /// *Guarantees*: no chance is involved; a value that is not finite is a place where no step ends, so a function may
    /// answer NaN outside its domain. *Cost*: `n^2` for each step beside the function itself; `2 n` more gradients for the
    /// curvature at the end. *Source*: Nocedal and Wright 2006, algorithm 6.1, doi:10.1007/978-0-387-40065-5; the line
    /// search is Lewis and Overton 2013, algorithm 4.6, doi:10.1007/s10107-012-0514-2.
    Minimise {
        /// How many steps are made at most.
        n_steps_max: usize = 500 in 1..=100_000, larger: "allows for functions with long curved valleys";
        /// The largest part of the gradient at which it is flat, for each unit of the value above 1.
        tolerance: f64 = 1e-9 in 1e-14..=0.1, larger: "stops earlier";
    }
}

/// The lowest point that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// Where it is.
    pub at: Vec<f64>,
    /// The function's value there.
    pub value: f64,
    /// The inverse of the matrix of second derivatives there, row by row. Where the function is a negative
    /// log-likelihood, this is the covariance of the estimates, and the roots of its diagonal are standard errors.
    pub inverse_curvature: Vec<f64>,
    /// How many steps led there.
    pub n_steps: usize,
}

impl Minimise {
    /// Goes down from `start`, knowing nothing of the curvature.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Value`] where the start, or the function or its gradient there, is not
    /// finite; [`ModelError::Fit`] where the steps run out or lead nowhere although the function is not flat.
    ///
    /// ```
    /// // (x - 3)^2 + 2 (y + 1)^2 has the second derivatives 2 and 4.
    /// let bowl = |at: &[f64], gradient: &mut [f64]| {
    ///     gradient[0] = 2.0 * (at[0] - 3.0);
    ///     gradient[1] = 4.0 * (at[1] + 1.0);
    ///     (at[0] - 3.0).powi(2) + 2.0 * (at[1] + 1.0).powi(2)
    /// };
    /// let lowest = models::minimise::Minimise::default().minimise(bowl, &[0.0, 0.0])?;
    /// assert!((lowest.at[0] - 3.0).abs() < 1e-8 && (lowest.at[1] + 1.0).abs() < 1e-8);
    /// assert!((lowest.inverse_curvature[0] - 0.5).abs() < 1e-8 && (lowest.inverse_curvature[3] - 0.25).abs() < 1e-8);
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn minimise(
        &self,
        function: impl FnMut(&[f64], &mut [f64]) -> f64,
        start: &[f64],
    ) -> Result<Minimum, ModelError> {
        self.descend(function, start, None)
    }

    /// Goes down from `start` with what is known of the inverse curvature, for example from an earlier [`Minimum`] of a
    /// function that has changed little since: then a few steps are enough.
    ///
    /// # Errors
    /// As [`Self::minimise`]; [`ModelError::Shape`] where the curvature is not `n * n` numbers.
    pub fn minimise_from(
        &self,
        function: impl FnMut(&[f64], &mut [f64]) -> f64,
        start: &[f64],
        inverse_curvature: &[f64],
    ) -> Result<Minimum, ModelError> {
        let n = start.len();
        crate::labels::check_length(OPERATION, "the inverse curvature", n * n, inverse_curvature.len())?;
        crate::labels::check_finite(OPERATION, "the inverse curvature at", inverse_curvature)?;
        self.descend(function, start, Some(inverse_curvature))
    }

    fn descend(
        &self,
        mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
        start: &[f64],
        inverse_curvature: Option<&[f64]>,
    ) -> Result<Minimum, ModelError> {
        self.validate()?;
        crate::labels::check_finite(OPERATION, "the start at", start)?;
        let mut here = Point::look(&mut function, start.to_vec());
        if !here.is_finite() {
            let what = "the function at the start, looked at from row";
            return Err(ModelError::Value { operation: OPERATION, what, row: 0, value: here.value, allowed: "finite" });
        }
        let mut known = inverse_curvature.map(<[f64]>::to_vec);
        let mut n_steps = 0;
        while here.steepest() > self.flat_at(&here) {
            if n_steps == self.n_steps_max {
                return Err(gave_up(format!("{n_steps} steps were not enough; allow for more of them")));
            }
            let curvature = known.get_or_insert_with(|| unknown_curvature(&here));
            let mut direction = times(curvature, &here.gradient);
            direction.iter_mut().for_each(|part| *part = -*part);
            if dot(&direction, &here.gradient) >= 0.0 {
                // What is known of the curvature points uphill: it is of no use here.
                *curvature = unknown_curvature(&here);
                direction = times(curvature, &here.gradient).into_iter().map(|part| -part).collect();
            }
            let Some(next) = walk(&mut function, &here, &direction) else {
                if here.steepest() <= ALMOST_FLAT * self.flat_at(&here) {
                    break;
                }
                return Err(gave_up(format!("no step leads down from a slope of {}", here.steepest())));
            };
            learn_curvature(curvature, &here, &next, n_steps == 0 && inverse_curvature.is_none());
            here = next;
            n_steps += 1;
        }
        let fallback = known.unwrap_or_else(|| unknown_curvature(&here));
        let inverse_curvature = inverse_curvature_at(&mut function, &here.at).unwrap_or(fallback);
        Ok(Minimum { at: here.at, value: here.value, inverse_curvature, n_steps })
    }

    fn flat_at(&self, here: &Point) -> f64 {
        self.tolerance * here.value.abs().max(1.0)
    }
}

/// The inverse of the second derivatives at a point, by central differences of the gradient; `None` where they are not
/// those of a minimum, as far as rounding lets see.
///
/// *Cost*: `2 n` gradients and `n^3`. *Source*: elementary.
pub fn inverse_curvature_at(mut function: impl FnMut(&[f64], &mut [f64]) -> f64, at: &[f64]) -> Option<Vec<f64>> {
    let n = at.len();
    let mut curvature = vec![0.0; n * n];
    let mut beside = at.to_vec();
    let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
    for row in 0..n {
        // The cube root of the rounding error balances it against the error of the difference.
        let step = 6e-6 * at[row].abs().max(1.0);
        beside[row] = at[row] + step;
        function(&beside, &mut above);
        beside[row] = at[row] - step;
        function(&beside, &mut below);
        beside[row] = at[row];
        for column in 0..n {
            let second = (above[column] - below[column]) / (2.0 * step);
            curvature[row * n + column] += second / 2.0;
            curvature[column * n + row] += second / 2.0;
        }
    }
    inverse_of_positive(&curvature, n)
}

/// A place with what the function says there.
struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Point {
    fn look(function: &mut impl FnMut(&[f64], &mut [f64]) -> f64, at: Vec<f64>) -> Self {
        let mut gradient = vec![0.0; at.len()];
        let value = function(&at, &mut gradient);
        Self { at, value, gradient }
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|part| part.is_finite())
    }

    fn steepest(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, part| part.abs().max(most))
    }
}

fn gave_up(reason: String) -> ModelError {
    ModelError::Fit { operation: OPERATION, reason }
}

/// The next point along a direction that leads down, or `None` where rounding hides every gain.
fn walk(function: &mut impl FnMut(&[f64], &mut [f64]) -> f64, here: &Point, direction: &[f64]) -> Option<Point> {
    let slope = dot(direction, &here.gradient);
    let rounding = ROUNDING * here.value.abs();
    let (mut short, mut long, mut length) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..N_LOOKS_MAX {
        let at = here.at.iter().zip(direction).map(|(at, part)| at + length * part).collect();
        let there = Point::look(function, at);
        let slope_there = dot(direction, &there.gradient);
        let gained = there.value <= here.value + SUFFICIENT_GAIN * length * slope;
        // So near the bottom the value is rounding only; the slope still tells the way.
        let level = there.value <= here.value + rounding && slope_there.abs() <= (1.0 - SUFFICIENT_GAIN) * slope.abs();
        if !there.is_finite() || !(gained || level) {
            long = length;
        } else if slope_there < SLOPE_LEFT * slope {
            short = length;
        } else {
            return Some(there);
        }
        length = if long.is_finite() { f64::midpoint(short, long) } else { 2.0 * length };
    }
    None
}

/// Before anything is known, a step of the length 1 at most.
fn unknown_curvature(here: &Point) -> Vec<f64> {
    let n = here.at.len();
    let scale = 1.0 / here.steepest().max(1e-300);
    (0..n * n).map(|at| if at % (n + 1) == 0 { scale } else { 0.0 }).collect()
}

/// What a step taught of the inverse curvature.
fn learn_curvature(curvature: &mut Vec<f64>, here: &Point, next: &Point, is_first: bool) {
    let n = here.at.len();
    let step: Vec<f64> = next.at.iter().zip(&here.at).map(|(next, here)| next - here).collect();
    let turn: Vec<f64> = next.gradient.iter().zip(&here.gradient).map(|(next, here)| next - here).collect();
    let rise = dot(&step, &turn);
    // The line search makes this positive but for rounding.
    if !(rise.is_normal() && rise.is_sign_positive()) {
        return;
    }
    if is_first {
        let scale = rise / dot(&turn, &turn);
        *curvature = (0..n * n).map(|at| if at % (n + 1) == 0 { scale } else { 0.0 }).collect();
    }
    let turned = times(curvature, &turn);
    let factor = (1.0 + dot(&turn, &turned) / rise) / rise;
    for row in 0..n {
        for column in 0..n {
            curvature[row * n + column] +=
                factor * step[row] * step[column] - (turned[row] * step[column] + step[row] * turned[column]) / rise;
        }
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn times(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

/// The inverse by Cholesky's factors, `None` where the matrix is not positive definite.
fn inverse_of_positive(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let inner = dot(&lower[row * n..row * n + column], &lower[column * n..column * n + column]);
            let left = matrix[row * n + column] - inner;
            if row == column {
                // What cancels to this part is rounding.
                if !(left.is_finite() && left > 1e-12 * matrix[row * n + row].abs()) {
                    return None;
                }
                lower[row * n + row] = left.sqrt();
            } else {
                lower[row * n + column] = left / lower[column * n + column];
            }
        }
    }
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let mut solved = vec![0.0; n];
        for row in 0..n {
            let unit = if row == column { 1.0 } else { 0.0 };
            solved[row] = (unit - dot(&lower[row * n..row * n + row], &solved[..row])) / lower[row * n + row];
        }
        for row in (0..n).rev() {
            let inner: f64 = (row + 1..n).map(|below| lower[below * n + row] * solved[below]).sum();
            solved[row] = (solved[row] - inner) / lower[row * n + row];
        }
        for row in 0..n {
            inverse[row * n + column] = solved[row];
        }
    }
    inverse.iter().all(|part| part.is_finite()).then_some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley in two dimensions, lowest at (1, 1) with the second derivatives (802, -400; -400, 200).
    fn valley(at: &[f64], gradient: &mut [f64]) -> f64 {
        let (x, y) = (at[0], at[1]);
        gradient[0] = -400.0 * x * (y - x * x) - 2.0 * (1.0 - x);
        gradient[1] = 200.0 * (y - x * x);
        100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2)
    }

    /// Lowest where e^x = 3 and y = -2; not defined for y above 5.
    fn edge(at: &[f64], gradient: &mut [f64]) -> f64 {
        let (x, y) = (at[0], at[1]);
        gradient[0] = x.exp() - 3.0;
        gradient[1] = y + 2.0;
        if y > 5.0 { f64::NAN } else { x.exp() - 3.0 * x + (y + 2.0).powi(2) / 2.0 }
    }

    #[test]
    fn the_curved_valley_is_walked_to_its_end() {
        for start in [[-1.2, 1.0], [3.0, -4.0], [1.0, 1.0], [0.0, 30.0]] {
            let lowest = Minimise::default().minimise(valley, &start).unwrap();
            assert!((lowest.at[0] - 1.0).abs() < 1e-7 && (lowest.at[1] - 1.0).abs() < 1e-7, "{lowest:?}");
            // The inverse of (802, -400; -400, 200) is (0.5, 1; 1, 2.005).
            for (found, expected) in lowest.inverse_curvature.iter().zip([0.5, 1.0, 1.0, 2.005]) {
                assert!((found - expected).abs() < 1e-4, "{lowest:?}");
            }
            assert!(lowest.n_steps < 100 && lowest.value < 1e-12, "{lowest:?}");
        }
    }

    #[test]
    fn what_is_known_of_the_curvature_saves_steps() {
        let settings = Minimise::default();
        let cold = settings.minimise(edge, &[2.0, 4.0]).unwrap();
        assert!((cold.at[0] - 3.0_f64.ln()).abs() < 1e-8 && (cold.at[1] + 2.0).abs() < 1e-8);
        // e^x is 3 there, so the inverse curvature is one third.
        assert!((cold.inverse_curvature[0] - 1.0 / 3.0).abs() < 1e-7);
        let near = [cold.at[0] + 0.01, cold.at[1] - 0.5];
        let warm = settings.minimise_from(edge, &near, &cold.inverse_curvature).unwrap();
        let again = settings.minimise(edge, &near).unwrap();
        assert!(warm.n_steps < again.n_steps, "{} {}", warm.n_steps, again.n_steps);
        assert!((warm.at[0] - cold.at[0]).abs() < 1e-8);
        assert!(warm.n_steps <= 4, "{}", warm.n_steps);
        // Even where what is known is wrong, down is found.
        let wrong = settings.minimise_from(edge, &near, &[-1.0, 0.0, 0.0, -5.0]).unwrap();
        assert!((wrong.at[0] - cold.at[0]).abs() < 1e-8);
    }

    #[test]
    fn what_cannot_be_minimised_is_said() {
        let settings = Minimise::default();
        let error = settings.minimise(edge, &[0.0, 6.0]).unwrap_err();
        assert!(matches!(error, ModelError::Value { .. }), "{error}");
        assert!(matches!(settings.minimise(edge, &[f64::NAN, 0.0]), Err(ModelError::Value { row: 0, .. })));
        assert!(matches!(settings.minimise_from(edge, &[0.0, 0.0], &[1.0]), Err(ModelError::Shape { .. })));
        assert!(matches!(
            settings.minimise_from(edge, &[0.0, 0.0], &[1.0, f64::NAN, 0.0, 1.0]),
            Err(ModelError::Value { row: 1, .. })
        ));
        let few = Minimise { n_steps_max: 2, ..settings.clone() };
        assert!(few.minimise(valley, &[-1.2, 1.0]).unwrap_err().to_string().contains("2 steps were not enough"));
        let endless = |at: &[f64], gradient: &mut [f64]| {
            gradient[0] = 1.0;
            at[0]
        };
        assert!(matches!(settings.minimise(endless, &[0.0]), Err(ModelError::Fit { .. })));
        let lying = |at: &[f64], gradient: &mut [f64]| {
            gradient[0] = -1.0;
            at[0]
        };
        let error = settings.minimise(lying, &[0.0]).unwrap_err();
        assert!(error.to_string().contains("no step leads down from a slope of 1"), "{error}");
        assert!(matches!(
            Minimise { tolerance: 1.0, ..settings }.minimise(valley, &[0.0, 0.0]),
            Err(ModelError::Setting { .. })
        ));
    }

    #[test]
    fn a_saddle_has_no_inverse_curvature() {
        let saddle = |at: &[f64], gradient: &mut [f64]| {
            (gradient[0], gradient[1]) = (2.0 * at[0], -2.0 * at[1]);
            at[0] * at[0] - at[1] * at[1]
        };
        assert_eq!(inverse_curvature_at(saddle, &[0.0, 0.0]), None);
        let inverse = inverse_curvature_at(valley, &[1.0, 1.0]).unwrap();
        assert!((inverse[3] - 2.005).abs() < 1e-4, "{inverse:?}");
    }
}
