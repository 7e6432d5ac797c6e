//! What do several models take each action for, which were fitted to differ?

use super::fit::{ValuesSettings, finish};
use super::rounds::{Rounds, widen};
use super::values::{Arm, Values};
use crate::linear::{Gram, narrow};
use crate::{ModelError, bytes};
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const NAME: &str = "committee of values";
const VERSION: u8 = 1;
/// More members make the votes finer, and each costs a fit.
const N_MAX: u32 = 100;

/// Several models whose votes are probabilities: what [`super::Explorer::Bag`] and [`super::Explorer::Cover`] need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Committee {
    members: Vec<Values>,
}

impl Committee {
    /// Members that were each fitted on a resample of the rounds.
    ///
    /// ```text
    /// weight[k][i] = weight[i] times a draw of Poisson(1)      for member k and round i
    /// ```
    /// *Cost*: `n` fits. *Source*: Oza and Russell 2001, "Online bagging and boosting", AISTATS; Eckles and Kaptein 2014,
    /// arXiv:1410.4009.
    ///
    /// # Errors
    /// As [`ValuesSettings::fit`].
    pub fn bag(
        settings: &ValuesSettings,
        rounds: &Rounds<'_>,
        group_of: &[u32],
        n: u32,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        settings.validate()?;
        let checked = rounds.checked(group_of, settings.half_life)?;
        let n_rows = rounds.x.n_rows() as u64;
        let member = |member: u32| {
            let draw =
                |row: usize| poisson(seed.stream("bandit/bag", u64::from(member) * n_rows + row as u64).random());
            let mut drawn = rounds.checked(group_of, settings.half_life)?;
            for row in &checked.rows {
                let times = draw(*row);
                drawn.weight[*row] *= times;
                drawn.seen[*row] *= times;
            }
            drawn.rows.retain(|row| drawn.weight[*row] > 0.0);
            // Of very few rounds none may be drawn.
            let is_empty = drawn.rows.iter().all(|row| drawn.seen[*row] <= 0.0);
            let rows = if is_empty { &checked } else { &drawn };
            Ok(settings.fit_checked(rounds, group_of, rows).without_widths())
        };
        Ok(Self { members: (0..n.clamp(1, N_MAX)).map(member).collect::<Result<_, ModelError>>()? })
    }

    /// Members of which each is drawn to what those before it rarely chose.
    ///
    /// ```text
    /// q[k][i,a] = share of the members before k that choose a in round i,   e = min(1 / K, 1 / sqrt(K t))
    /// y[k][i,a] = [a = action[i]] c[i] reward[i] + psi f[i] e / max(q[k][i,a], e)
    /// theta[k,a] = (sum of h f x x' + diag(ridge))^-1 (sum of h y[k][.,a] x - (sum of h f x) m)
    /// ```
    /// Every round says something of every action, so all of them share one matrix. Rewards are to be near 0 to 1, where `psi` of a
    /// half is usual. *Cost*: `n` times `rounds * K * d`. *Source*: Agarwal et al. 2014, arXiv:1402.0555, in the approximate form of
    /// Bietti, Agarwal and Langford 2021, algorithm 4, arXiv:1802.04064.
    ///
    /// # Errors
    /// As [`ValuesSettings::fit`].
    pub fn cover(
        settings: &ValuesSettings,
        rounds: &Rounds<'_>,
        group_of: &[u32],
        n: u32,
        psi: f64,
    ) -> Result<Self, ModelError> {
        settings.validate()?;
        let checked = rounds.checked(group_of, settings.half_life)?;
        let width = rounds.x.n_features() + 1;
        let (mut gram, mut wide) = (Gram::new(width), Vec::with_capacity(width));
        for &row in &checked.rows {
            widen(rounds.x.row(row), &mut wide);
            gram.add(checked.seen[row], &wide);
        }
        let n_actions = group_of.len();
        let of_actions = n_actions as f64;
        let n_rounds: f64 = checked.seen.iter().sum();
        let least = (1.0 / of_actions).min(1.0 / (of_actions * n_rounds).sqrt());
        let mut chosen = vec![0_u8; rounds.x.n_rows() * n_actions];
        let mut members: Vec<Values> = Vec::new();
        for member in 0..u8::try_from(n.clamp(1, N_MAX)).unwrap_or(1) {
            let means = settings.means(rounds, group_of, &checked);
            let fit = |action: usize| {
                let mut side = vec![0.0; width];
                let mut x = Vec::with_capacity(width);
                for &row in &checked.rows {
                    widen(rounds.x.row(row), &mut x);
                    let bonus = if member == 0 {
                        0.0
                    } else {
                        psi * least / (f64::from(chosen[row * n_actions + action]) / f64::from(member)).max(least)
                    };
                    let is_taken = rounds.action[row] as usize == action;
                    let by_chance = (1.0 / rounds.propensity[row]).min(settings.weight_max);
                    let reward = if is_taken { by_chance * rounds.reward[row] * checked.weight[row] } else { 0.0 };
                    let target = reward + bonus * checked.seen[row];
                    side.iter_mut().zip(&x).for_each(|(sum, x)| *sum += target * x);
                }
                let (mean, of_intercept) = means.groups[group_of[action] as usize];
                settings.solve(&gram, side, mean, of_intercept).theta.into_iter().map(narrow).collect()
            };
            let fitted: Vec<Vec<f32>> = (0..n_actions).into_par_iter().map(fit).collect();
            let mut stored = settings.stored(rounds, group_of, means);
            stored.coefficients = fitted.concat();
            stored.n_rounds_of = vec![n_rounds; n_actions];
            let values = finish(stored, rounds, &checked);
            for &row in &checked.rows {
                let best = best_of(&values, rounds.x.row(row));
                if let Some(best) = best {
                    chosen[row * n_actions + best] += 1;
                }
            }
            members.push(values);
        }
        Ok(Self { members })
    }

    /// What each member takes each action for: the votes of [`super::Beliefs`].
    ///
    /// # Panics
    /// Where the row has another length than the training rows.
    #[must_use]
    pub fn votes(&self, x: &[f64], arms: &[Arm]) -> Vec<Vec<f64>> {
        self.members.iter().map(|member| member.scores(x, arms)).collect()
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &[Values] {
        &self.members
    }

    /// The members as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, self)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let read: Self = bytes::decode(NAME, VERSION, bytes)?;
        let first = read.members.first().map(|member| (member.n_features(), member.n_actions()));
        let is_alike = |member: &Values| Some((member.n_features(), member.n_actions())) == first;
        if first.is_none() || !read.members.iter().all(is_alike) {
            let reason = "its members are not of the same inputs and actions".to_owned();
            return Err(ModelError::Corrupt { model: NAME, reason });
        }
        Ok(read)
    }
}

/// The best action, the first of equals.
fn best_of(values: &Values, x: &[f64]) -> Option<usize> {
    let scores: Vec<f64> = (0..values.n_actions())
        .map(|action| u32::try_from(action).map_or(f64::NEG_INFINITY, |action| values.score(x, Arm::Known(action))))
        .collect();
    (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)))
}

/// A number of times with mean 1, from one even draw.
fn poisson(draw: f64) -> f64 {
    let (mut times, mut chance) = (0.0, (-1.0_f64).exp());
    let mut below = chance;
    while draw > below && times < 20.0 {
        times += 1.0;
        chance /= times;
        below += chance;
    }
    times
}
