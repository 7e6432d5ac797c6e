//! What does each action bring, and what does that make of what B does?

use super::{Rounds, Target};
use models::bandit::{self, ValuesSettings};
use models::off_policy::{Logged, cross_fit, smoothed};
use models::{Frame, ModelError, folds};
use primitives::Seed;
use std::collections::BTreeMap;

/// As if so many rounds of each cell had brought the mean.
const PRIOR: f64 = 10.0;
/// In so many parts what is foretold from `x` is learned: each is spoken of by the others.
const N_FOLDS: u32 = 3;
/// The draw of the parts: always the same.
const SEED: u64 = 1;
/// So many places at most are told apart where `x` is looked at too.
const N_PLACES_MAX: u32 = 16;
/// Values beyond so many standard deviations are taken for that many.
const SD_MAX: f64 = 4.0;

/// What is foretold of the action that was taken, and of what B does.
pub(super) struct Foretold {
    pub(super) taken: Vec<f64>,
    pub(super) target: Vec<f64>,
}

impl Foretold {
    /// The rounds with what is foretold of them.
    pub(super) fn of<'a>(&'a self, bare: &Logged<'a>) -> Logged<'a> {
        Logged { q_taken: Some(&self.taken), q_target: Some(&self.target), ..*bare }
    }
}

/// Foretells every round; `weights` are those of the rounds that are learned from.
pub(super) fn foretell(rounds: &Rounds, target: &[f64], weights: Option<&[f64]>) -> Result<Foretold, ModelError> {
    let mut foretold = if rounds.n_features == 0 { by_cell(rounds, weights)? } else { by_ridge(rounds, weights)? };
    if matches!(rounds.target, Target::OfTaken(_)) {
        foretold.target = spread(rounds, target, &foretold.taken);
    }
    Ok(foretold)
}

/// The shrunk mean of each action at each place. Only those that occur are numbered: places times actions can be more than any memory
/// holds. Of all others the mean of all is foretold.
fn by_cell(rounds: &Rounds, weights: Option<&[f64]>) -> Result<Foretold, ModelError> {
    let n_actions = rounds.n_actions as usize;
    let mut numbers: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let number = |row: usize| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry((rounds.place(row), rounds.action[row])).or_insert(next)
    };
    let cells: Vec<u32> = (0..rounds.action.len()).map(number).collect();
    // One more, in which nobody ever was.
    let mut q = smoothed(&cells, numbers.len() + 1, &rounds.reward, weights, PRIOR)?;
    let elsewhere = q.pop().unwrap_or_default();
    let taken = cells.iter().map(|cell| q[*cell as usize]).collect();
    // By place, what each action that occurs brings more than one that does not.
    let mut by_place: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    for ((place, action), cell) in &numbers {
        by_place.entry(*place).or_default().push((*action, q[*cell as usize] - elsewhere));
    }
    let of_place = |place: u32| by_place.get(&place).map(Vec::as_slice).unwrap_or_default();
    let mean = |more: &[(u32, f64)]| more.iter().map(|(_, more)| more).sum::<f64>() / f64::from(rounds.n_actions);
    let means: BTreeMap<u32, f64> = by_place.iter().map(|(place, more)| (*place, elsewhere + mean(more))).collect();
    let of_row = |row: usize| match &rounds.target {
        Target::OfAll(chances) => {
            let own = chances.get(row * n_actions..(row + 1) * n_actions).unwrap_or_default();
            let more = of_place(rounds.place(row)).iter().map(|(action, more)| own[*action as usize] * more);
            elsewhere * own.iter().sum::<f64>() + more.sum::<f64>()
        }
        _ => means.get(&rounds.place(row)).copied().unwrap_or(0.0),
    };
    Ok(Foretold { taken, target: (0..cells.len()).map(of_row).collect() })
}

/// A ridge for each action on what was known, learned from the other parts.
fn by_ridge(rounds: &Rounds, weights: Option<&[f64]>) -> Result<Foretold, ModelError> {
    let n = rounds.action.len();
    let (x, n_features) = rounds.inputs();
    let frame = Frame::new(&x, n, n_features)?;
    // What is shrunk is shrunk as much as if all weights were 1.
    let mean = weights.map_or(1.0, |weights| weights.iter().sum::<f64>() / n.max(1) as f64);
    let weights: Option<Vec<f64>> = weights.filter(|_| mean > 0.0).map(|some| some.iter().map(|w| w / mean).collect());
    let plain = bandit::Rounds::new(frame, &rounds.action, &rounds.propensity, &rounds.reward);
    let learned = bandit::Rounds { weight: weights.as_deref(), ..plain };
    let keys: Vec<u64> = rounds.customer.clone().unwrap_or_else(|| (0..n as u64).collect());
    let groups = vec![0; rounds.n_actions as usize];
    let even = || vec![1.0 / f64::from(rounds.n_actions); n.saturating_mul(rounds.n_actions as usize)];
    let chances = match &rounds.target {
        Target::OfAll(chances) => chances.clone(),
        _ => even(),
    };
    let parts = folds(&keys, N_FOLDS, Seed::new(SEED));
    let found = cross_fit(&ValuesSettings::default(), &learned, &groups, &chances, &parts)?;
    Ok(Foretold { taken: found.taken, target: found.target })
}

/// What B does is worth, where only its chance of what was taken is known.
///
/// ```text
/// H[a]  = Σ π q / p over the rounds of a at a place / Σ 1/p over them,    S = Σ_a of the same with q = 1
/// Q     = Σ_a H[a] / S,  to which each round adds what its own π q differs from H by, so that the error of H is counted
/// ```
/// The means over all contexts come out right where the chances of what was taken are, whatever B does elsewhere. What a round
/// adds is 0 in the mean, and 0 throughout where B's chance is the same whenever an action is taken at a place.
fn spread(rounds: &Rounds, target: &[f64], taken: &[f64]) -> Vec<f64> {
    #[derive(Default, Clone, Copy)]
    struct Cell {
        /// Σ 1/p.
        weight: f64,
        /// Σ π/p.
        chance: f64,
        /// Σ π q/p.
        worth: f64,
    }
    let n = rounds.action.len();
    let mut cells: BTreeMap<(u32, u32), Cell> = BTreeMap::new();
    let mut n_at: BTreeMap<u32, f64> = BTreeMap::new();
    for row in 0..n {
        let cell = cells.entry((rounds.place(row), rounds.action[row])).or_default();
        let weight = 1.0 / rounds.propensity[row];
        cell.weight += weight;
        cell.chance += target[row] * weight;
        cell.worth += target[row] * taken[row] * weight;
        *n_at.entry(rounds.place(row)).or_default() += 1.0;
    }
    // By place: the sum over the actions of B's chance, and of what it makes of it.
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for ((place, _), cell) in &cells {
        let sum = sums.entry(*place).or_default();
        *sum = (sum.0 + cell.chance / cell.weight, sum.1 + cell.worth / cell.weight);
    }
    let of_row = |row: usize| {
        let place = rounds.place(row);
        let cell = cells.get(&(place, rounds.action[row])).copied().unwrap_or_default();
        let (chance, worth) = sums.get(&place).copied().unwrap_or_default();
        if chance <= 0.0 {
            return 0.0;
        }
        let q = worth / chance;
        let (mean_chance, mean_worth) = (cell.chance / cell.weight, cell.worth / cell.weight);
        let own = (target[row] * taken[row] - mean_worth) - q * (target[row] - mean_chance);
        let norm = cell.weight / n_at.get(&place).copied().unwrap_or(1.0);
        q + own / (rounds.propensity[row] * norm * chance)
    };
    (0..n).map(of_row).collect()
}

impl Rounds {
    pub(super) fn place(&self, row: usize) -> u32 {
        self.place.as_ref().map_or(0, |place| place[row])
    }

    fn n_places(&self) -> u32 {
        self.place.iter().flatten().max().map_or(1, |place| place.saturating_add(1))
    }

    /// What is looked at, as numbers of the same size, with the place where there are few, and 1.
    fn inputs(&self) -> (Vec<f64>, usize) {
        let n = self.action.len();
        let scales: Vec<(f64, f64)> = (0..self.n_features).map(|at| self.scale(at)).collect();
        let n_places = Some(self.n_places()).filter(|n| *n <= N_PLACES_MAX).unwrap_or(1);
        let mut x = Vec::with_capacity(n * (self.n_features + n_places as usize));
        for row in 0..n {
            let own = self.x.get(row * self.n_features..(row + 1) * self.n_features).unwrap_or_default();
            x.extend(own.iter().zip(&scales).map(|(x, (mean, sd))| ((x - mean) / sd).clamp(-SD_MAX, SD_MAX)));
            x.extend((1..n_places).map(|place| f64::from(u8::from(self.place(row) == place))));
            x.push(1.0);
        }
        (x, self.n_features + n_places as usize)
    }

    /// The mean of one of the numbers and its standard deviation.
    fn scale(&self, at: usize) -> (f64, f64) {
        let n = self.action.len().max(1) as f64;
        let all = || self.x.iter().skip(at).step_by(self.n_features.max(1));
        let mean = all().sum::<f64>() / n;
        let sd = (all().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        (mean, if sd > 0.0 { sd } else { 1.0 })
    }
}
