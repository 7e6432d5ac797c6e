//! Are probabilities what comes true?

use super::super::World;
use super::super::arithmetic::{auc, slope};
use super::super::cases::Future;
use super::super::row::{Form, Row, Verdict, row, sized, unanswered};
use super::told::Told;
use super::{Answered, answers};
use crate::error::ServerError;
use decisions::Content;
use learning::Outcome;
use primitives::Seed;

/// Rows for each outcome that comes true or does not.
pub(super) fn rows(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let mut rows = Vec::new();
    let outcomes = world.opened.engine.capabilities().outcomes.iter().enumerate();
    for (place, outcome) in outcomes.filter(|(_, outcome)| outcome.is_yes_or_no()) {
        rows.extend(of_outcome(world, outcome, place)?);
    }
    Ok(rows)
}

fn of_outcome(world: &World<'_>, outcome: &Outcome, place: usize) -> Result<[Row; 3], ServerError> {
    let kind = world.opened.engine.capabilities().kinds.get(outcome.name.as_str())?;
    let Answered { found, why } = answers(world, kind, &[])?;
    let came = |future: &Future| future.came.get(place).copied().flatten().unwrap_or(0.0);
    let scored = found.iter().filter_map(|(case, answer)| match answer.content {
        Content::Score { score: Some(score), .. } => Some((*case, score.get())),
        _ => None,
    });
    let about = (outcome.name.to_string(), outcome.title.clone(), outcome.window_days);
    let told = Told::of(world, about, scored.unzip(), came, auc)?;
    Ok(rows_of(&told, world.lived.company.settings().seed, &why))
}

fn rows_of(told: &Told, seed: Seed, why: &str) -> [Row; 3] {
    [
        told.mean("how many of a hundred", Form::Share, seed, why),
        told.order(auc, ("AUC", 0.5), seed, why),
        how_far(told, seed, why),
    ]
}

fn how_far(told: &Told, seed: Seed, why: &str) -> Row {
    let title = "by how many points two differ who are a point apart".to_owned();
    let about = told.about("spread", title, Form::Number);
    match told.estimated(seed, slope) {
        Some(estimated) => sized(about, 1.0, estimated),
        None if told.estimates.is_empty() => unanswered(about, Some(1.0), why),
        None => row(about, Some(1.0), None, Verdict::Wrong, "All customers have one score".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(scores: impl Fn(usize, f64) -> f64) -> Told {
        let truths: Vec<f64> = (0..300_u32).map(|no| f64::from(no * 7 % 100) / 100.0).collect();
        let estimates = truths.iter().enumerate().map(|(no, truth)| scores(no, *truth)).collect();
        let (best, knowable) = (auc(&truths, &truths), Some(truths.clone()));
        Told { name: "a".to_owned(), title: "A".to_owned(), days: 30, truths, best, knowable, estimates }
    }

    fn oks(told: &Told) -> [bool; 3] {
        rows_of(told, Seed::new(1), "no model").map(|row| row.ok)
    }

    #[test]
    fn the_oracle_is_right_in_every_row() {
        assert_eq!(oks(&told(|_, truth| truth)), [true, true, true]);
    }

    #[test]
    fn whoever_knows_more_than_the_trees_found_is_right() {
        let knowing = told(|_, truth| truth);
        let shuffled = (0..300).map(|no| knowing.truths[(no * 113 + 41) % 300]).collect();
        assert_eq!(oks(&Told { knowable: Some(shuffled), ..knowing }), [true, true, true]);
    }

    #[test]
    fn who_says_the_same_of_all_knows_how_many_and_no_more() {
        let mean = told(|_, _| 0.45);
        assert_eq!(oks(&mean), [false, false, false], "4.5 of a hundred too little");
        let exact = mean.truths.iter().sum::<f64>() / 300.0;
        assert_eq!(oks(&told(|_, _| exact)), [true, false, false]);
    }

    #[test]
    fn scores_of_others_know_how_many_and_no_more() {
        let truths = told(|_, truth| truth).truths;
        let shuffled = told(|no, _| truths[(no * 113 + 41) % 300]);
        assert_eq!(oks(&shuffled), [true, false, false]);
    }

    #[test]
    fn who_exaggerates_who_is_biased_and_who_is_the_wrong_way_round() {
        assert_eq!(oks(&told(|_, truth| 0.5 + 0.5 * (truth - 0.5))), [true, true, false]);
        assert_eq!(oks(&told(|_, truth| truth * 0.7)), [false, true, false]);
        assert_eq!(oks(&told(|_, truth| (truth + 0.2).min(1.2))), [false, true, true]);
        assert_eq!(oks(&told(|_, truth| 1.0 - truth)), [true, false, false]);
    }

    #[test]
    fn where_nobody_answers_the_truth_stands_alone() {
        let silent = Told { estimates: Vec::new(), ..told(|_, truth| truth) };
        for row in rows_of(&silent, Seed::new(1), "There is no model yet") {
            assert_eq!(
                (row.ok, row.estimate, row.low, row.says.as_str()),
                (false, None, None, "There is no model yet")
            );
            assert!(row.truth.is_some());
        }
    }
}
