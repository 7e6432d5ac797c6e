//! Are probabilities what comes true?

use super::super::World;
use super::super::arithmetic::{at, auc, beside, interval, mean, slope};
use super::super::cases::{Case, Future, N_FOLDS};
use super::super::row::{About, Estimated, Form, Row, Skill, row, sized, told_apart, unanswered};
use super::{Answered, answers};
use crate::error::ServerError;
use decisions::Content;
use learning::Outcome;
use primitives::Seed;

/// So much of the oracle's way above chance is asked for.
const PART: f64 = 0.8;

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
    let (cases, scores): (Vec<&Case>, Vec<f64>) = scored.unzip();
    // Of whom nobody answers it is still known what comes.
    let asked: Vec<&Case> = if cases.is_empty() { world.cases.all.iter().collect() } else { cases };
    let told = Told {
        name: outcome.name.to_string(),
        title: outcome.title.clone(),
        days: outcome.window_days,
        truths: asked.iter().map(|case| case.mean(came)).collect(),
        best: mean((0..N_FOLDS).filter_map(|fold| {
            let of =
                |is_inside| -> Vec<f64> { asked.iter().map(|case| case.mean_of_fold(fold, is_inside, came)).collect() };
            auc(&of(false), &of(true))
        })),
        scores,
    };
    Ok(told.rows(world.lived.company.settings().seed, &why))
}

/// What was told of each customer, and what is true of them.
struct Told {
    name: String,
    title: String,
    days: i64,
    truths: Vec<f64>,
    /// How well an oracle tells them apart.
    best: Option<f64>,
    /// Nothing where nobody answers.
    scores: Vec<f64>,
}

impl Told {
    fn rows(&self, seed: Seed, why: &str) -> [Row; 3] {
        [self.how_many(seed, why), self.who(seed, why), self.how_far(seed, why)]
    }

    fn about(&self, name: &str, title: String, form: Form) -> About {
        About {
            name: format!("{}.{name}", self.name),
            title: format!("{}: {title}", self.title),
            form,
            n: self.truths.len(),
        }
    }

    /// The number of the scores and truths of all customers, and its interval.
    fn estimated(&self, seed: Seed, number: impl Fn(&[f64], &[f64]) -> Option<f64> + Sync) -> Option<Estimated> {
        if self.scores.is_empty() {
            return None;
        }
        let of = |drawn: &[usize]| number(&at(&self.scores, drawn), &at(&self.truths, drawn));
        let (low, high) = interval(self.scores.len(), seed, of)?;
        Some(Estimated { estimate: number(&self.scores, &self.truths)?, low, high })
    }

    fn how_many(&self, seed: Seed, why: &str) -> Row {
        let about = self.about("mean", format!("how many of a hundred, within {} days", self.days), Form::Share);
        let truth = mean(self.truths.iter().copied());
        match (truth, truth.and_then(|truth| self.estimated(seed, beside(truth)))) {
            (Some(truth), Some(estimated)) => sized(about, truth, estimated),
            _ => unanswered(about, truth, why),
        }
    }

    fn who(&self, seed: Seed, why: &str) -> Row {
        let about = self.about("order", "who rather than who (AUC)".to_owned(), Form::Number);
        match (self.best, self.estimated(seed, auc)) {
            (Some(best), Some(estimated)) => {
                let skill = Skill { best, simple: 0.5, gain_low: estimated.low - 0.5, part: PART };
                told_apart(about, "chance", &skill, estimated)
            }
            _ => unanswered(about, self.best, why),
        }
    }

    fn how_far(&self, seed: Seed, why: &str) -> Row {
        let title = "by how many points two differ who are a point apart".to_owned();
        let about = self.about("spread", title, Form::Number);
        match self.estimated(seed, slope) {
            Some(estimated) => sized(about, 1.0, estimated),
            None if self.scores.is_empty() => unanswered(about, Some(1.0), why),
            None => row(about, Some(1.0), None, false, "All customers have one score".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(scores: impl Fn(usize, f64) -> f64) -> Told {
        let truths: Vec<f64> = (0..300_u32).map(|no| f64::from(no * 7 % 100) / 100.0).collect();
        let scores = truths.iter().enumerate().map(|(no, truth)| scores(no, *truth)).collect();
        let best = auc(&truths, &truths);
        Told { name: "a".to_owned(), title: "A".to_owned(), days: 30, truths, best, scores }
    }

    fn oks(told: &Told) -> [bool; 3] {
        told.rows(Seed::new(1), "no model").map(|row| row.ok)
    }

    #[test]
    fn the_oracle_is_right_in_every_row() {
        assert_eq!(oks(&told(|_, truth| truth)), [true, true, true]);
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
        let silent = Told { scores: Vec::new(), ..told(|_, truth| truth) };
        for row in silent.rows(Seed::new(1), "There is no model yet") {
            assert_eq!(
                (row.ok, row.estimate, row.low, row.says.as_str()),
                (false, None, None, "There is no model yet")
            );
            assert!(row.truth.is_some());
        }
    }
}
