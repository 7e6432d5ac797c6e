//! Which learner finds those who gain most, and does any?

use super::learner::{Learner, UpliftSettings};
use super::trial::{Rows, Trial};
use crate::{ModelError, metrics};
use primitives::Seed;

/// So many standard errors must the best learner lie above chance: several are tried, on splits that share rows, and one of them would
/// pass two by luck far too often.
const N_ERRORS: f64 = 2.6;

/// What a learner reached on rows that it did not learn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The mean Qini coefficient over all splits.
    pub qini: f64,
    /// Its standard error.
    pub se: f64,
}

/// Which learner is to be used, if any.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The best one; `None` where none is better than chance and than ordering by who buys most.
    pub learner: Option<Learner>,
    /// All of them, in the order of [`Learner::ALL`].
    pub judged: Vec<(Learner, Judged)>,
    /// Ordering by what is foretold of everybody, whether treated or not.
    pub response: Judged,
    /// In one sentence.
    pub said: String,
}

impl UpliftSettings {
    /// Compares all learners by folds and takes the one with the largest mean Qini coefficient, where that is above 0 by 2.6 standard
    /// errors and above that of ordering by the outcome alone.
    ///
    /// ```text
    /// se^2 = variance of the coefficients over splits * (1 / splits + judged rows / learned rows)
    /// ```
    /// Splits share rows, so that their coefficients vary together; the second part stands for that. Rows are weighted for arms to be
    /// alike where chances varied.
    /// *Guarantees*: the same for the same seed. Where nobody gains more than others, a learner is named in about one of twenty trials with two
    /// repeats, and in one of ten with one. *Cost*: `n_folds n_repeats` fits of every learner. *Source*: the variance is that of Nadeau and Bengio 2003,
    /// doi:10.1023/A:1024068626366.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn choose(&self, trial: &Trial<'_>, seed: Seed) -> Result<Chosen, ModelError> {
        self.validate()?;
        let rows = trial.rows()?;
        let mut coefficients = vec![Vec::new(); Learner::ALL.len() + 1];
        for repeat in 0..self.n_repeats {
            let drawn = Seed::new(seed.value().wrapping_add(u64::from(repeat)));
            for (learned, judged) in rows.splits(self.n_folds, drawn) {
                let (learned, judged) = (rows.select(&learned), rows.select(&judged));
                learned.check_arms()?;
                judged.check_arms()?;
                for (found, learner) in coefficients.iter_mut().zip(Learner::ALL) {
                    let model = learner.fit_rows(&learned, self, drawn)?;
                    found.push(qini_of(&judged, |x| model.effect(x))?);
                }
                let all: Vec<usize> = (0..learned.len()).collect();
                let response = self.number(&learned, &all, |row| learned.outcome[row], drawn)?;
                if let Some(found) = coefficients.last_mut() {
                    found.push(qini_of(&judged, |x| response.score(x))?);
                }
            }
        }
        let judged: Vec<Judged> = coefficients.iter().map(|found| self.judged(found)).collect();
        let response = judged[Learner::ALL.len()];
        Ok(chosen(Learner::ALL.into_iter().zip(judged).collect(), response))
    }

    fn judged(&self, coefficients: &[f64]) -> Judged {
        let n = coefficients.len() as f64;
        let qini = coefficients.iter().sum::<f64>() / n;
        let variance = coefficients.iter().map(|c| (c - qini) * (c - qini)).sum::<f64>() / (n - 1.0);
        let shared = 1.0 / (f64::from(self.n_folds) - 1.0);
        Judged { qini, se: (variance * (1.0 / n + shared)).sqrt() }
    }
}

fn qini_of(rows: &Rows, effect: impl Fn(&[f64]) -> f64) -> Result<f64, ModelError> {
    let effects: Vec<f64> = (0..rows.len()).map(|row| effect(rows.row(row))).collect();
    Ok(metrics::qini(&effects, &rows.treated, &rows.outcome, Some(&rows.weights()))?.coefficient)
}

fn chosen(judged: Vec<(Learner, Judged)>, response: Judged) -> Chosen {
    // The first of equals is the plainest.
    let best = judged.iter().rev().max_by(|a, b| a.1.qini.total_cmp(&b.1.qini)).copied();
    let (learner, said) = match best {
        Some((learner, found)) if found.qini - N_ERRORS * found.se > 0.0 && found.qini > response.qini => {
            let Judged { qini, se } = found;
            let beside = response.qini;
            (
                Some(learner),
                format!(
                    "{} finds those who gain: Qini {qini:.5} ± {se:.5}, and {beside:.5} by outcome alone",
                    learner.name()
                ),
            )
        }
        Some((_, found)) if found.qini - N_ERRORS * found.se > 0.0 => {
            let said = "no learner beats ordering by who buys most: everybody is treated alike, or the best first";
            (None, said.to_owned())
        }
        _ => (None, "no learner beats random: everybody is treated alike".to_owned()),
    };
    Chosen { learner, judged, response, said }
}
