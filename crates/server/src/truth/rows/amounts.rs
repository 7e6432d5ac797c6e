//! Are amounts what comes: what customers spend, how often something happens, what it comes to?

use super::super::World;
use super::super::arithmetic::{at, beside, gini, interval, mean};
use super::super::cases::{Case, Future, N_FOLDS, SPENT_DAYS};
use super::super::row::{About, Estimated, Form, Row, Skill, sized, told_apart, unanswered};
use super::{Answered, answers};
use crate::error::ServerError;
use decisions::{Content, ContentShape, Kind};
use primitives::Seed;

/// The parameter by which a kind is told how many days ahead are meant.
const DAYS: &str = "days";
/// So much of what the oracle reaches is asked for.
const PART: f64 = 0.8;

/// Rows for each kind that answers with an amount: of an outcome, or of money.
pub(super) fn rows(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let capabilities = world.opened.engine.capabilities();
    let mut rows = Vec::new();
    for kind in capabilities.kinds.iter().filter(|kind| kind.about().shape == ContentShape::Amount) {
        let name = kind.about().name.as_str();
        let place = capabilities.outcomes.iter().position(|outcome| outcome.name.as_str() == name);
        let takes_days = kind.about().parameters.iter().any(|parameter| parameter.name == DAYS);
        match place {
            Some(place) => {
                let came = |future: &Future| future.came.get(place).copied().flatten().unwrap_or(0.0);
                let days = capabilities.outcomes[place].window_days;
                rows.extend(of_kind(world, kind, &[], days, Form::Number, &came)?);
            }
            None if takes_days => {
                let form = Form::Money(world.lived.company.settings().currency);
                rows.extend(of_kind(world, kind, &[(DAYS, SPENT_DAYS)], SPENT_DAYS, form, &|future| future.spent)?);
            }
            None => {}
        }
    }
    Ok(rows)
}

fn of_kind(
    world: &World<'_>,
    kind: &dyn Kind,
    parameters: &[(&str, i64)],
    days: i64,
    form: Form,
    came: &dyn Fn(&Future) -> f64,
) -> Result<[Row; 2], ServerError> {
    let Answered { found, why } = answers(world, kind, parameters)?;
    let foretold = found.iter().filter_map(|(case, answer)| match &answer.content {
        Content::Amount { amount: Some(amount), .. } => Some((*case, amount.value)),
        _ => None,
    });
    let (cases, amounts): (Vec<&Case>, Vec<f64>) = foretold.unzip();
    let asked: Vec<&Case> = if cases.is_empty() { world.cases.all.iter().collect() } else { cases };
    let told = Told {
        name: kind.about().name.to_string(),
        title: kind.about().title.clone(),
        days,
        form,
        truths: asked.iter().map(|case| case.mean(came)).collect(),
        best: mean((0..N_FOLDS).filter_map(|fold| {
            let of =
                |is_inside| -> Vec<f64> { asked.iter().map(|case| case.mean_of_fold(fold, is_inside, came)).collect() };
            gini(&of(false), &of(true))
        })),
        amounts,
    };
    Ok(told.rows(world.lived.company.settings().seed, &why))
}

/// What was foretold of each customer, and what is true of them.
struct Told {
    name: String,
    title: String,
    days: i64,
    form: Form,
    truths: Vec<f64>,
    /// How well an oracle tells them apart.
    best: Option<f64>,
    /// Nothing where nobody answers.
    amounts: Vec<f64>,
}

impl Told {
    fn rows(&self, seed: Seed, why: &str) -> [Row; 2] {
        let about = |name: &str, title: String, form| About {
            name: format!("{}.{name}", self.name),
            title: format!("{}: {title}", self.title),
            form,
            n: self.truths.len(),
        };
        let of_each = about("mean", format!("of each customer, within {} days", self.days), self.form);
        let truth = mean(self.truths.iter().copied());
        let how_much = match (truth, truth.and_then(|truth| self.estimated(seed, beside(truth)))) {
            (Some(truth), Some(estimated)) => sized(of_each, truth, estimated),
            _ => unanswered(of_each, truth, why),
        };
        let in_order = about("order", "who rather than who (Gini)".to_owned(), Form::Number);
        let who = match (self.best, self.estimated(seed, gini)) {
            (Some(best), Some(estimated)) => {
                let skill = Skill { best, simple: 0.0, gain_low: estimated.low, part: PART };
                told_apart(in_order, "chance", &skill, estimated)
            }
            _ => unanswered(in_order, self.best, why),
        };
        [how_much, who]
    }

    fn estimated(&self, seed: Seed, number: impl Fn(&[f64], &[f64]) -> Option<f64> + Sync) -> Option<Estimated> {
        if self.amounts.is_empty() {
            return None;
        }
        let of = |drawn: &[usize]| number(&at(&self.amounts, drawn), &at(&self.truths, drawn));
        let (low, high) = interval(self.amounts.len(), seed, of)?;
        Some(Estimated { estimate: number(&self.amounts, &self.truths)?, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    fn told(amounts: impl Fn(usize, f64) -> f64) -> Told {
        let truths: Vec<f64> = (0..300_u32).map(|no| f64::from((no * 7 % 100).pow(2)) / 50.0).collect();
        let amounts = truths.iter().enumerate().map(|(no, truth)| amounts(no, *truth)).collect();
        let (best, form) = (gini(&truths, &truths), Form::Money(Currency::EUR));
        Told { name: "a".to_owned(), title: "A".to_owned(), days: 90, form, truths, best, amounts }
    }

    fn oks(told: &Told) -> [bool; 2] {
        told.rows(Seed::new(1), "no model").map(|row| row.ok)
    }

    #[test]
    fn the_oracle_is_right_and_others_are_as_far_as_they_know() {
        assert_eq!(oks(&told(|_, truth| truth)), [true, true]);
        let truths = told(|_, truth| truth).truths;
        let mean = truths.iter().sum::<f64>() / 300.0;
        assert_eq!(oks(&told(|_, _| mean)), [true, false], "who says the same of all");
        assert_eq!(
            oks(&told(|no, _| truths[(no * 113 + 41) % 300])),
            [true, false],
            "who says of each what is another's"
        );
        assert_eq!(oks(&told(|_, truth| truth * 1.4)), [false, true], "who exaggerates");
        assert_eq!(oks(&told(|_, truth| 200.0 - truth)), [false, false], "who is the wrong way round");
    }

    #[test]
    fn where_nobody_answers_the_truth_stands_alone() {
        let silent = Told { amounts: Vec::new(), ..told(|_, truth| truth) };
        for row in silent.rows(Seed::new(1), "There is no model yet") {
            assert_eq!((row.ok, row.estimate, row.says.as_str()), (false, None, "There is no model yet"));
            assert!(row.truth.is_some());
        }
    }
}
