//! How well can customers be told apart by what was told of them?
//!
//! Trees learn from what is true of others, and not from what came to them by chance, as an estimator must. They see all features
//! that are computed, of which a model may look at fewer. Whoever has more to learn from may find more: it is what can be known
//! at least.

use super::cases::{Case, Cases, Future};
use features::Inputs;
use models::boost::BoostSettings;
use models::{Frame, ModelError};
use primitives::{Seed, Timestamp};
use rayon::prelude::*;

/// Into so many parts those who are judged are dealt out: of each is told by trees that have learned from all others.
const N_PARTS: usize = 5;
/// Of fewer nothing is learned.
const N_LEARNED_MIN: usize = 80;

/// What trees that know the truths of others tell of each who is judged; `None` where there are too few others.
///
/// # Errors
/// [`ModelError`] where the trees cannot be made.
pub(super) fn foretold(
    cases: &Cases,
    judged: &[&Case],
    inputs: &Inputs,
    (as_of, seed): (Timestamp, Seed),
    came: impl Fn(&Future) -> f64,
) -> Result<Option<Vec<f64>>, ModelError> {
    let mut values = Vec::with_capacity(inputs.len());
    let mut read = |case: &Case| {
        inputs.read(&case.customer.get().state, as_of, &mut values);
        Row { features: values.clone(), truth: case.mean(&came) }
    };
    let judged: Vec<Row> = judged.iter().map(|case| read(case)).collect();
    let others: Vec<Row> = cases.others.iter().map(read).collect();
    from_others(&judged, &others, seed)
}

/// What was told of a customer, and what is true of them.
#[derive(Debug)]
struct Row {
    features: Vec<f64>,
    truth: f64,
}

fn from_others(judged: &[Row], others: &[Row], seed: Seed) -> Result<Option<Vec<f64>>, ModelError> {
    let part = |part: usize| {
        let is_in = move |(place, _): &(usize, &Row)| place % N_PARTS == part;
        let rest = judged.iter().enumerate().filter(move |row| !is_in(row)).map(|(_, row)| row);
        let learned: Vec<&Row> = others.iter().chain(rest).collect();
        if learned.len() < N_LEARNED_MIN {
            return Ok(None);
        }
        let truths: Vec<f64> = learned.iter().map(|row| row.truth).collect();
        let features: Vec<f64> = learned.iter().flat_map(|row| row.features.iter().copied()).collect();
        let frame = Frame::new(&features, learned.len(), features.len() / learned.len())?;
        let model = trees().fit_number(frame, &truths, None, seed)?;
        let told = judged.iter().enumerate().filter(is_in);
        Ok(Some(told.map(|(place, row)| (place, model.score(&row.features))).collect::<Vec<_>>()))
    };
    let parts = (0..N_PARTS).into_par_iter().map(part).collect::<Result<Option<Vec<_>>, _>>()?;
    Ok(parts.map(|parts| {
        let mut told: Vec<(usize, f64)> = parts.into_iter().flatten().collect();
        told.sort_by_key(|(place, _)| *place);
        told.into_iter().map(|(_, told)| told).collect()
    }))
}

/// Few small trees: there are at most a few thousand to learn from, and dozens of features.
fn trees() -> BoostSettings {
    BoostSettings {
        n_trees: 150,
        learning_rate: 0.04,
        max_leaves: 6,
        max_depth: 4,
        min_leaf_weight: 15.0,
        ..BoostSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::arithmetic::auc;
    use super::*;
    use rand_chacha::rand_core::Rng;

    /// Customers of whom a feature tells the half and nothing tells the rest.
    fn rows(n: usize, seed: u64) -> Vec<Row> {
        let mut random = Seed::new(seed).stream("knowable", 0);
        let mut row = || {
            let [told, silent, noise]: [f64; 3] =
                std::array::from_fn(|_| f64::from(random.next_u32()) / f64::from(u32::MAX));
            Row { features: vec![noise, told], truth: (told + silent) / 2.0 }
        };
        (0..n).map(|_| row()).collect()
    }

    fn order(judged: &[Row], by: &[f64]) -> f64 {
        auc(by, &judged.iter().map(|row| row.truth).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_was_told_can_be_known_and_nothing_else() {
        let (judged, others) = (rows(400, 1), rows(600, 2));
        let told = from_others(&judged, &others, Seed::new(9)).unwrap().unwrap();
        let of = |number: fn(&Row) -> f64| order(&judged, &judged.iter().map(number).collect::<Vec<_>>());
        let (best, all) = (of(|row| row.features[1]), of(|row| row.truth));
        let found = order(&judged, &told);
        assert!(best - 0.01 < found && found < best + 0.01 && best < all - 0.03, "{found} {best} {all}");
    }

    #[test]
    fn nobodys_own_truth_tells_of_them() {
        let mut judged = rows(200, 3);
        let before = from_others(&judged, &rows(100, 4), Seed::new(9)).unwrap().unwrap();
        judged[7].truth = 50.0;
        let after = from_others(&judged, &rows(100, 4), Seed::new(9)).unwrap().unwrap();
        for (place, (before, after)) in before.iter().zip(&after).enumerate() {
            // Those of the same part have not learned from each other; all others have.
            let is_changed = before.total_cmp(after).is_ne();
            assert!(!is_changed || place % N_PARTS != 7 % N_PARTS, "{place}");
        }
        assert!(before.iter().zip(&after).any(|(before, after)| (before - after).abs() > 0.1));
    }

    #[test]
    fn what_no_trees_can_be_made_from_is_an_error_and_not_too_few() {
        let mut judged = rows(100, 7);
        judged[3].truth = f64::NAN;
        assert!(from_others(&judged, &[], Seed::new(9)).is_err());
    }

    #[test]
    fn of_few_nothing_is_learned() {
        // Of a hundred who are judged four fifths are learned from.
        assert!(from_others(&rows(100, 5), &[], Seed::new(9)).unwrap().is_some());
        assert!(from_others(&rows(99, 5), &[], Seed::new(9)).unwrap().is_none());
        assert!(from_others(&rows(1, 5), &rows(N_LEARNED_MIN, 6), Seed::new(9)).unwrap().is_some());
        assert!(from_others(&rows(1, 5), &rows(N_LEARNED_MIN - 2, 6), Seed::new(9)).unwrap().is_none());
        assert_eq!(from_others(&[], &rows(N_LEARNED_MIN, 6), Seed::new(9)).unwrap(), Some(Vec::new()));
    }
}
