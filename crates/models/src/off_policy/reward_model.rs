//! What is foretold of each action, by a model that did not learn from the round it speaks of?

use crate::bandit::{Arm, Rounds, ValuesSettings};
use crate::labels::{check_length, check_numbers};
use crate::{Frame, ModelError};

const OPERATION: &str = "foretell what actions bring";

/// What is foretold in every round: [`super::Logged::q_taken`] and [`super::Logged::q_target`].
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// Of the action that was taken.
    pub taken: Vec<f64>,
    /// Of the other policy.
    pub target: Vec<f64>,
}

/// What each cell (an action at a place, for example) brings, without looking at whom it is for.
///
/// ```text
/// q[cell] = (sum of weight r + prior m) / (sum of weight + prior)         m = mean of r, over the rounds of the cell
/// ```
/// *Shapes*: a cell and a reward for every round. *Guarantees*: a cell without rounds has the mean. *Source*: elementary.
///
/// # Errors
/// [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a cell that is not below `n_cells`, a reward or a weight that
/// cannot be, or a prior that is not above 0; [`ModelError::TooFewRows`].
///
/// ```
/// let q = models::off_policy::smoothed(&[0, 0, 1, 1], 3, &[1.0, 0.0, 0.0, 0.0], None, 2.0)?;
/// assert_eq!(q, [1.5 / 4.0, 0.5 / 4.0, 0.25]);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn smoothed(
    cells: &[u32],
    n_cells: usize,
    reward: &[f64],
    weights: Option<&[f64]>,
    prior: f64,
) -> Result<Vec<f64>, ModelError> {
    check_length(OPERATION, "the cells", reward.len(), cells.len())?;
    let weights = check_numbers(OPERATION, reward.len(), reward, weights)?;
    if let Some(row) = cells.iter().position(|cell| *cell as usize >= n_cells) {
        let (what, value) = ("the cell of row", f64::from(cells[row]));
        return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed: "below the number of cells" });
    }
    if !(prior.is_finite() && prior > 0.0) {
        let (what, allowed) = ("the prior, entry", "finite and above 0");
        return Err(ModelError::Value { operation: OPERATION, what, row: 0, value: prior, allowed });
    }
    let mean = reward.iter().sum::<f64>() / reward.len() as f64;
    let mut sums = vec![(prior * mean, prior); n_cells];
    for ((cell, reward), weight) in cells.iter().zip(reward).zip(&weights) {
        let sums = &mut sums[*cell as usize];
        *sums = (sums.0 + weight * reward, sums.1 + weight);
    }
    Ok(sums.into_iter().map(|(rewards, rounds)| rewards / rounds).collect())
}

/// Weights by which a model is fitted for the correction of it to vary least.
///
/// ```text
/// weight = target (1 - propensity) / propensity^2
/// ```
/// *Source*: Farajtabar, Chow and Ghavamzadeh 2018, arXiv:1802.03493.
#[must_use]
pub fn mrdr_weights(target: &[f64], propensity: &[f64]) -> Vec<f64> {
    target.iter().zip(propensity).map(|(target, p)| target * (1.0 - p) / (p * p)).collect()
}

/// What a regression for each action foretells that learned from all other folds.
///
/// ```text
/// taken[i]  = score of x[i] and the action of i,  target[i] = sum over a of target[i][a] score of x[i] and a
///             by the model of the folds that i is not in
/// ```
/// *Shapes*: `target` has a chance for every action (`group_of.len()` of them) for every round, row by row; `folds` as
/// [`crate::folds`] gives them. *Cost*: a fit for every fold. *Source*: Chernozhukov et al. 2018, section 3,
/// doi:10.1111/ectj.12097.
///
/// # Errors
/// As [`ValuesSettings::fit`]; [`ModelError::Shape`] where `target` or `folds` do not fit; [`ModelError::NothingToLearn`] for fewer than
/// two folds.
pub fn cross_fit(
    settings: &ValuesSettings,
    rounds: &Rounds<'_>,
    group_of: &[u32],
    target: &[f64],
    folds: &[u32],
) -> Result<Foretold, ModelError> {
    let (n_rows, n_actions) = (rounds.x.n_rows(), group_of.len());
    check_length(OPERATION, "the chances of the other policy", n_rows.saturating_mul(n_actions), target.len())?;
    check_length(OPERATION, "the folds", n_rows, folds.len())?;
    let mut names = folds.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        let reason = "all rounds are in one fold: give at least two".to_owned();
        return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
    }
    let mut foretold = Foretold { taken: vec![0.0; n_rows], target: vec![0.0; n_rows] };
    for fold in names {
        let learned: Vec<usize> = (0..n_rows).filter(|row| folds[*row] != fold).collect();
        let model = fit_on(settings, rounds, group_of, &learned)?;
        for row in (0..n_rows).filter(|row| folds[*row] == fold) {
            let x = rounds.x.row(row);
            let chances = &target[row * n_actions..(row + 1) * n_actions];
            foretold.taken[row] = model.score(x, Arm::Known(rounds.action[row]));
            let scored = (0..).zip(chances).map(|(action, chance)| chance * model.score(x, Arm::Known(action)));
            foretold.target[row] = scored.sum();
        }
    }
    Ok(foretold)
}

fn fit_on(
    settings: &ValuesSettings,
    rounds: &Rounds<'_>,
    group_of: &[u32],
    rows: &[usize],
) -> Result<crate::bandit::Values, ModelError> {
    let n_rows = rounds.x.n_rows();
    for (what, found) in [
        ("the actions", rounds.action.len()),
        ("the propensities", rounds.propensity.len()),
        ("the rewards", rounds.reward.len()),
        ("the weights", rounds.weight.map_or(n_rows, <[f64]>::len)),
        ("the shares that have arrived", rounds.arrived.map_or(n_rows, <[f64]>::len)),
        ("the ages", rounds.age.map_or(n_rows, <[f64]>::len)),
    ] {
        check_length(OPERATION, what, n_rows, found)?;
    }
    let of = |values: &[f64]| rows.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    let x: Vec<f64> = rows.iter().flat_map(|row| rounds.x.row(*row)).copied().collect();
    let action: Vec<u32> = rows.iter().map(|row| rounds.action[*row]).collect();
    let (propensity, reward) = (of(rounds.propensity), of(rounds.reward));
    let (weight, arrived, age) = (rounds.weight.map(of), rounds.arrived.map(of), rounds.age.map(of));
    let frame = Frame::new(&x, rows.len(), rounds.x.n_features())?;
    let some = Rounds {
        weight: weight.as_deref(),
        arrived: arrived.as_deref(),
        age: age.as_deref(),
        ..Rounds::new(frame, &action, &propensity, &reward)
    };
    settings.fit(&some, group_of)
}
