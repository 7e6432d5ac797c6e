//! How are trees grown so that what their scores mean is learned from customers whom they have not seen, and what do they
//! look at?

use super::rows::{N_FOLDS, Rows, fold_of};
use crate::task::Data;
use crate::{Importance, LearningError};
use features::FeatureId;
use models::boost::BoostModel;
use models::metrics::normalised_gini;
use primitives::Timestamp;
use rayon::prelude::*;

/// At most this many rows tell how much each feature matters.
const N_IMPORTANCE_ROWS_MAX: usize = 2_000;

/// With this many rows one fold of customers is enough for the calibration; with fewer, all five take their turn.
const N_ROWS_MANY: usize = 20_000;

/// A feature that alone orders the customers as surely by what comes is known only afterwards, or is the answer itself. Of a
/// yes or no it is an AUC of 0.99.
const LEAK_GINI: f64 = 0.98;

/// The rows of customers in folds.
pub(in crate::tasks) struct Folds<'a> {
    rows: &'a Rows,
    /// The fold of each row's customer.
    fold_each: Vec<u64>,
    /// Since when a moment is one of the newest.
    newest: Timestamp,
}

/// Which rows tell what scores mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Calibrating {
    n_folds: u64,
    since: Timestamp,
}

impl<'a> Folds<'a> {
    /// Divides customers.
    pub(in crate::tasks) fn of(rows: &'a Rows, task: &str, newest_days: i64) -> Self {
        let fold_each = rows.whose().iter().map(|whose| fold_of(task, &whose.customer)).collect();
        Self { rows, fold_each, newest: rows.newest().plus_days(-newest_days) }
    }

    fn is_calibrating(&self, row: usize, of: Calibrating) -> bool {
        self.fold_each[row] < of.n_folds && self.rows.whose()[row].as_of >= of.since
    }

    /// The rows that calibrate: of those whose labels are `enough` the first. The newest moments alone are asked, since how
    /// many it comes true of changes with time, and the model will be asked about a moment that is newer still; of one fold,
    /// which is quicker, where there are many rows and the trees find enough in the others; all moments where nothing
    /// else is enough.
    fn calibrating(&self, labels: &[f64], enough: impl Fn(&[f64]) -> bool) -> Calibrating {
        let those = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            (0..labels.len()).filter(|row| keep(*row)).map(|row| labels[row]).collect()
        };
        let is_enough = |of: Calibrating| enough(&those(&|row| self.is_calibrating(row, of)));
        let one = Calibrating { n_folds: 1, since: self.newest };
        let all = Calibrating { n_folds: N_FOLDS, ..one };
        if labels.len() >= N_ROWS_MANY && is_enough(one) && enough(&those(&|row| self.fold_each[row] > 0)) {
            one
        } else if is_enough(all) {
            all
        } else {
            Calibrating { since: Timestamp::MIN, ..all }
        }
    }

    /// The scores of customers by trees that were fitted on the others, with their labels as `label` reads them.
    pub(in crate::tasks) fn unseen(
        &self,
        label: impl Fn(f64) -> f64,
        enough: impl Fn(&[f64]) -> bool,
        fit: impl Fn(&Rows, &[f64]) -> Result<BoostModel, LearningError>,
    ) -> Result<(Vec<f64>, Vec<f64>), LearningError> {
        let of = |rows: &Rows| rows.labels.iter().map(|found| label(*found)).collect::<Vec<f64>>();
        let calibrating = self.calibrating(&of(self.rows), enough);
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        for fold in 0..calibrating.n_folds {
            let seen = self.rows.filtered(|row| self.fold_each[row] != fold);
            let unseen = self.rows.filtered(|row| self.fold_each[row] == fold && self.is_calibrating(row, calibrating));
            scores.extend(score_all(&fit(&seen, &of(&seen))?, &unseen)?);
            labels.extend(of(&unseen));
        }
        Ok((scores, labels))
    }
}

/// The scores of all rows.
pub(in crate::tasks) fn score_all(forest: &BoostModel, rows: &Rows) -> Result<Vec<f64>, LearningError> {
    let frame = rows.frame().map_err(LearningError::model("read the frame"))?;
    forest.score_all(frame).map_err(LearningError::model("score the frame"))
}

/// The features that tell alone, and all too well, what comes of whom: they are known only afterwards, or are the answer in
/// another form. `labels` are what comes, or one such for each of several answers.
pub(in crate::tasks) fn leaks(
    test: &Rows,
    labels: &[Vec<f64>],
    features: &[FeatureId],
    data: &Data<'_>,
) -> Vec<String> {
    let tells = |place: &usize| {
        // Not known is an answer of its own: it stands below all others.
        let known = test.column(*place).into_iter().map(|value| if value.is_nan() { f64::MIN } else { value });
        let known: Vec<f64> = known.collect();
        labels.iter().any(|labels| normalised_gini(&known, labels).is_ok_and(|gini| gini.abs() >= LEAK_GINI))
    };
    let found: Vec<usize> = (0..features.len()).into_par_iter().filter(tells).collect();
    let sentence = |place: usize| {
        let name = &features[place].name;
        let meaning = data.catalogue.get(name).map_or_else(String::new, |found| format!(" ({})", found.meaning));
        format!(
            "`{name}`{meaning} alone tells almost surely of whom it comes true. Is it known only afterwards, or the answer \
             in another form? Take it out of what is asked, or ask further ahead"
        )
    };
    found.into_iter().map(sentence).collect()
}

/// Mean absolute contributions of one or several forests over evenly spread rows, largest first.
pub(in crate::tasks) fn importances(forests: &[&BoostModel], rows: &Rows, features: &[FeatureId]) -> Vec<Importance> {
    let step = (rows.len() * forests.len().max(1)).div_ceil(N_IMPORTANCE_ROWS_MAX).max(1);
    let spread: Vec<usize> = (0..rows.len()).step_by(step).collect();
    let one = |row: &usize| {
        let mut sums = vec![0.0; features.len()];
        for forest in forests {
            let values = forest.contributions(rows.row(*row)).values;
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.abs());
        }
        sums
    };
    let each: Vec<Vec<f64>> = spread.par_iter().with_min_len(16).map(one).collect();
    let mut sums = vec![0.0; features.len()];
    for values in each {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    let total: f64 = sums.iter().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let shares = features.iter().zip(&sums).filter(|(_, sum)| **sum > 0.0);
    let mut importances: Vec<Importance> =
        shares.map(|(feature, sum)| Importance { feature: feature.name.to_string(), share: sum / total }).collect();
    importances.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.feature.cmp(&b.feature)));
    importances
}

#[cfg(test)]
mod tests;
