//! How is learned what an action is worth? A ridge regression for each, around the mean of its group.

use super::rounds::{Checked, Rounds, widen};
use super::values::{Stored, Values};
use crate::ModelError;
use crate::linear::{Factor, Gram, narrow, product_of_stored};
use crate::settings::settings;
use rayon::prelude::*;

settings! {
    /// A ridge regression for each action, around the importance-weighted mean of its group.
    ///
    /// ```text
    /// h[i]     = weight[i] 2^(-age[i] / half_life)       f[i] = share of its rewards that have arrived
    /// c[i]     = min(1 / propensity[i], weight_max)
    /// m[g]     = sum of c h r / sum of c h f             over the rounds of group g; of all rounds where it has none
    /// ridge[0] = (1 - m[g]) / m[g], from 1 to prior_max  of the intercept; `ridge` of every other input
    /// A[a]     = sum of h f x x',   b[a] = sum of h r x  over the rounds of action a
    /// theta[a] = (A[a] + diag(ridge))^-1 (b[a] - A[a] e m[g])                  e: only the intercept
    /// where `common` is above 0, theta[a] = beta[g] + delta[a] instead, both at once by least squares:
    ///   minimise the sum over g of sum of h f (r / f - m - (beta + delta[a])'x)^2 + common |beta|^2 + sum of delta[a]' diag(ridge) delta[a]
    /// score    = m[g] + theta[a]'x,   width = sqrt(x' (A[a] + diag(ridge))^-1 x)
    /// spread^2 = sum of h (r^2 - 2 r s + f s^2) / sum of h f                   s: the score
    /// ```
    /// An action that was never taken is worth what its group is. The weights by chance are for the mean alone: within an action,
    /// a regression given the inputs needs none, and they would only make it noisier. What all actions of a group have in common
    /// (a large cart is worth more, whatever is offered) is learned from all of them at once where `common` is set: then a large `ridge`
    /// lets actions differ only where that is certain, and does not take away what holds for all.
    /// *Shapes*: rounds as [`Rounds`], a group for every action. *Units*: those of the rewards. *Guarantees*: equal to the bit for
    /// equal rounds in equal order, on any number of threads; a weight of 2 is the same as two rows, a weight of 0 as none.
    /// *Edge cases*: rewards that are never above 0 have the largest prior. *Cost*: `n d^2 / 2` for `n` rounds of `d` inputs, and
    /// `d^3 / 6` for each action. *Source*: Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634; by action as in Li et al. 2010,
    /// algorithm 1, doi:10.1145/1772690.1772758; the mean by Horvitz and Thompson 1952, doi:10.1080/01621459.1952.10483446, with
    /// its weights bounded.
    ValuesSettings {
        /// What is added for every input but the intercept.
        ridge: f64 = 1.0 in 0.000001..=1_000_000.0, larger: "keeps an action nearer to its group until there are more rounds";
        /// What is added for every input of the regression that the actions of a group have in common; 0 where each has its own alone.
        common: f64 = 0.0 in 0.0..=1_000_000.0, larger: "lets what is alike in all actions of a group count less";
        /// With how many rounds an action is held to the mean of its group at most.
        prior_max: f64 = 50.0 in 1.0..=1_000_000.0, larger: "lets new actions of groups that rarely succeed catch up later";
        /// For how many rounds one counts at most in the mean of its group.
        weight_max: f64 = 20.0 in 1.0..=1_000_000.0, larger: "makes the mean truer and noisier";
        /// The age at which a round counts half; 0 forgets nothing.
        half_life: f64 = 0.0 in 0.0..=1_000_000_000.0, larger: "remembers longer";
    }
}

/// What was learned of one action.
pub(super) struct Own {
    /// What is added to the mean of its group, one number for each input and then the intercept.
    pub(super) theta: Vec<f64>,
    pub(super) factor: Factor,
    ridge: Vec<f64>,
    n_rounds: f64,
}

impl Own {
    /// `R theta`.
    fn weighed(&self) -> impl Iterator<Item = f64> {
        self.theta.iter().zip(&self.ridge).map(|(theta, ridge)| theta * ridge)
    }
}

/// What holds for whole groups.
pub(super) struct Means {
    pub(super) overall: f64,
    /// By group: the mean, and the ridge of the intercept.
    pub(super) groups: Vec<(f64, f64)>,
}

impl ValuesSettings {
    /// Learns from rounds. `group_of` holds a group for every action, also for those that were never taken.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for an action without a group, a group from 65536 on, a propensity
    /// that is not above 0 and at most 1, a reward beyond 1e12 or an input beyond 1e6 either way, or a negative weight;
    /// [`ModelError::NothingToLearn`] where ages are needed and missing; [`ModelError::TooFewRows`].
    pub fn fit(&self, rounds: &Rounds<'_>, group_of: &[u32]) -> Result<Values, ModelError> {
        self.validate()?;
        let checked = rounds.checked(group_of, self.half_life)?;
        Ok(self.fit_checked(rounds, group_of, &checked))
    }

    pub(super) fn fit_checked(&self, rounds: &Rounds<'_>, group_of: &[u32], checked: &Checked) -> Values {
        let means = self.means(rounds, group_of, checked);
        let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); group_of.len()];
        checked.rows.iter().for_each(|row| rows_of[rounds.action[*row] as usize].push(*row));
        let width = rounds.x.n_features() + 1;
        let fit = |(rows, group): (&Vec<usize>, &u32)| {
            let (mut gram, mut side, mut x) = (Gram::new(width), vec![0.0; width], Vec::with_capacity(width));
            for &row in rows {
                widen(rounds.x.row(row), &mut x);
                gram.add(checked.seen[row], &x);
                let reward = checked.weight[row] * rounds.reward[row];
                side.iter_mut().zip(&x).for_each(|(sum, x)| *sum += reward * x);
            }
            let (mean, of_intercept) = means.groups[*group as usize];
            let n_rounds: f64 = rows.iter().map(|row| checked.seen[*row]).sum();
            Own { n_rounds, ..self.solve(&gram, side, mean, of_intercept) }
        };
        let mut fitted: Vec<Own> = rows_of.par_iter().zip(group_of).map(fit).collect();
        if self.common > 0.0 {
            self.add_common(&mut fitted, group_of);
        }
        let mut stored = self.stored(rounds, group_of, means);
        for own in fitted {
            stored.coefficients.extend(own.theta.into_iter().map(narrow));
            stored.factors.extend(own.factor.lower().iter().map(|entry| narrow(*entry)));
            stored.n_rounds_of.push(own.n_rounds);
        }
        finish(stored, rounds, checked)
    }

    /// What is added to the mean of the group, and the factor that said so.
    pub(super) fn solve(&self, gram: &Gram, mut side: Vec<f64>, mean: f64, of_intercept: f64) -> Own {
        let mut ridge = vec![self.ridge; side.len()];
        if let Some(last) = ridge.last_mut() {
            *last = of_intercept;
        }
        let factor = gram.factor(&ridge);
        side.iter_mut().zip(gram.last_column()).for_each(|(side, column)| *side -= column * mean);
        factor.solve(&mut side);
        Own { theta: side, factor, ridge, n_rounds: 0.0 }
    }

    /// Splits what was learned of each action alone into what its group has in common and what is its own. With `theta` of each alone
    /// and `V = (A + R)^-1`, the common part solves `(sum of R - R V R + common) beta = sum of R theta`, and `theta + V R beta` is
    /// the whole. An action that was never taken stays what its group is on average.
    fn add_common(&self, fitted: &mut [Own], group_of: &[u32]) {
        let n_groups = group_of.iter().map(|group| *group as usize + 1).max().unwrap_or(0);
        let mut of_group: Vec<Vec<usize>> = vec![Vec::new(); n_groups];
        let taken = group_of.iter().enumerate().filter(|(action, _)| fitted[*action].n_rounds > 0.0);
        taken.for_each(|(action, group)| of_group[*group as usize].push(action));
        let beta = |actions: &Vec<usize>| {
            let width = fitted.first().map_or(0, |own| own.theta.len());
            let (mut gram, mut side) = (Gram::new(width), vec![0.0; width]);
            for own in actions.iter().map(|action| &fitted[*action]) {
                gram.add_beside(&own.factor, &own.ridge);
                side.iter_mut().zip(own.weighed()).for_each(|(sum, part)| *sum += part);
            }
            gram.factor(&vec![self.common; width]).solve(&mut side);
            side
        };
        let beta: Vec<Vec<f64>> = of_group.par_iter().map(beta).collect();
        fitted.par_iter_mut().zip(group_of).filter(|(own, _)| own.n_rounds > 0.0).for_each(|(own, group)| {
            let mut more: Vec<f64> =
                beta[*group as usize].iter().zip(&own.ridge).map(|(beta, ridge)| beta * ridge).collect();
            own.factor.solve(&mut more);
            own.theta.iter_mut().zip(more).for_each(|(theta, more)| *theta += more);
        });
    }

    pub(super) fn means(&self, rounds: &Rounds<'_>, group_of: &[u32], checked: &Checked) -> Means {
        let n_groups = group_of.iter().map(|group| *group as usize + 1).max().unwrap_or(0);
        let mut sums = vec![(0.0, 0.0); n_groups];
        let mut all = (0.0, 0.0);
        for &row in &checked.rows {
            let by_chance = (1.0 / rounds.propensity[row]).min(self.weight_max);
            let group = &mut sums[group_of[rounds.action[row] as usize] as usize];
            for sums in [group, &mut all] {
                sums.0 += by_chance * checked.weight[row] * rounds.reward[row];
                sums.1 += by_chance * checked.seen[row];
            }
        }
        let overall = all.0 / all.1;
        let of = |(rewards, rounds): (f64, f64)| {
            let mean = if rounds > 0.0 { rewards / rounds } else { overall };
            let odds = if mean > 0.0 { (1.0 - mean) / mean } else { self.prior_max };
            (mean, odds.clamp(1.0, self.prior_max))
        };
        Means { overall, groups: sums.into_iter().map(of).collect() }
    }

    /// A model without what is known of each action.
    pub(super) fn stored(&self, rounds: &Rounds<'_>, group_of: &[u32], means: Means) -> Stored {
        Stored {
            n_features: rounds.x.n_features(),
            ridge: self.ridge,
            mean: means.overall,
            groups: means.groups,
            group_of: group_of.to_vec(),
            n_rounds_of: Vec::new(),
            coefficients: Vec::new(),
            factors: Vec::new(),
            spread: 0.0,
            n_rounds: 0.0,
        }
    }
}

/// Adds how far rewards lay from what the model says.
pub(super) fn finish(mut stored: Stored, rounds: &Rounds<'_>, checked: &Checked) -> Values {
    let mut squares = 0.0;
    let n_rounds: f64 = checked.seen.iter().sum();
    let width = stored.n_features + 1;
    let mut x = Vec::with_capacity(width);
    for &row in &checked.rows {
        let action = rounds.action[row] as usize;
        widen(rounds.x.row(row), &mut x);
        let theta = &stored.coefficients[action * width..(action + 1) * width];
        let mean = stored.groups[stored.group_of[action] as usize].0;
        let score = mean + product_of_stored(theta, &x);
        let reward = rounds.reward[row];
        // A reward that has not come yet is 0 in both sums: in expectation this is what is left when all have come.
        squares += checked.weight[row] * reward * (reward - 2.0 * score) + checked.seen[row] * score * score;
    }
    stored.n_rounds = n_rounds;
    stored.spread = (squares / n_rounds).max(0.0).sqrt();
    Values::of(stored)
}
