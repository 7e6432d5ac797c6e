//! Who calibrates, where there are many rows and where little came true?

use super::*;
use models::boost::BoostSettings;
use models::calibrate::IsotonicSettings;
use primitives::CustomerId;

const TASK: &str = "rare";
const NEWEST_DAYS: i64 = 14;

/// Customers of a fold.
fn of_fold(fold: u64) -> impl Iterator<Item = CustomerId> {
    (0..).map(|n| CustomerId::from(format!("c{n}").as_str())).filter(move |id| fold_of(TASK, id) == fold)
}

fn is_rare(labels: &[f64]) -> bool {
    labels.iter().filter(|label| **label > 0.5).count() >= 20
}

fn at(days_ago: i64) -> Timestamp {
    Timestamp::MIN.plus_days(100 - days_ago)
}

/// So many rows in all, of which these (fold, days ago, how many) came true; of the others nothing did.
fn rows(n: usize, came_true: &[(u64, i64, usize)]) -> Rows {
    let rare = came_true
        .iter()
        .flat_map(|(fold, days_ago, n)| of_fold(*fold).take(*n).map(|customer| (customer, at(*days_ago), 1.0, 1.0)));
    let rare: Vec<_> = rare.collect();
    // The newest moment is there whatever came true.
    let others = (0..n - rare.len()).map(|row| {
        let customer = CustomerId::from(format!("other {}", row / 2).as_str());
        (customer, at(if row % 2 == 0 { 0 } else { 50 }), 0.0, 0.0)
    });
    Rows::made(rare.iter().cloned().chain(others))
}

fn calibrating(rows: &Rows) -> (u64, i64) {
    let found = Folds::of(rows, TASK, NEWEST_DAYS).calibrating(&rows.labels, is_rare);
    (found.n_folds, if found.since == Timestamp::MIN { 100 } else { at(0).millis_since(found.since) / 86_400_000 })
}

#[test]
fn those_calibrate_first_of_whom_there_are_enough() {
    let (one, newest, all) = ((1, NEWEST_DAYS), (N_FOLDS, NEWEST_DAYS), (N_FOLDS, 100));
    for (n, came_true, expected) in [
        (N_ROWS_MANY, &[(0, 0, 20), (1, 0, 20)][..], one),
        (N_ROWS_MANY - 1, &[(0, 0, 20), (1, 0, 20)], newest),
        (N_ROWS_MANY, &[(0, 0, 19), (1, 0, 20)], newest),
        // The trees must find enough in the others, too.
        (N_ROWS_MANY, &[(0, 0, 20), (1, 0, 19)], newest),
        (N_ROWS_MANY, &[(0, 0, 20), (4, 50, 20)], one),
        (N_ROWS_MANY, &[(0, NEWEST_DAYS, 20), (1, 0, 20)], one),
        (N_ROWS_MANY, &[(0, NEWEST_DAYS + 1, 20), (1, 0, 20)], newest),
        (N_ROWS_MANY, &[(1, 0, 10), (4, 0, 10)], newest),
        (N_ROWS_MANY, &[(1, 0, 10), (4, 0, 9), (4, 50, 30)], all),
        (N_ROWS_MANY, &[(2, 0, 3)], all),
        (200, &[(1, 0, 19), (4, 50, 1)], all),
    ] {
        assert_eq!(calibrating(&rows(n, came_true)), expected, "{n} {came_true:?}");
    }
}

#[test]
fn what_is_rare_is_calibrated_by_customers_whom_the_trees_did_not_see() {
    let rows = rows(N_ROWS_MANY + 1, &[(1, 0, 3), (3, 50, 22)]);
    let settings = BoostSettings { n_trees: 3, max_leaves: 2, ..BoostSettings::default() };
    let fit = |seen: &Rows, labels: &[f64]| {
        let frame = seen.frame().map_err(LearningError::model("read the frame"))?;
        let is_one_left_out = (0..N_FOLDS).any(|fold| {
            let of = |whose: &super::super::rows::Whose| fold_of(TASK, &whose.customer) == fold;
            seen.whose().iter().all(|whose| !of(whose)) && seen.len() == rows.whose().iter().filter(|w| !of(w)).count()
        });
        assert!(is_one_left_out, "the trees see all folds but one");
        settings.fit(frame, labels, None, primitives::Seed::new(1)).map_err(LearningError::model("fit the trees"))
    };
    let (scores, labels) = Folds::of(&rows, TASK, NEWEST_DAYS).unseen(|label| label, is_rare, fit).unwrap();
    assert_eq!((scores.len(), labels.iter().filter(|label| **label > 0.5).count()), (rows.len(), 25));
    assert!(IsotonicSettings::default().fit(&scores, &labels, None).is_ok());
}
