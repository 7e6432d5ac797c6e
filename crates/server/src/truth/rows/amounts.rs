//! Are amounts what comes: what customers spend, how often something happens, what it comes to?

use super::super::World;
use super::super::arithmetic::gini;
use super::super::cases::{Future, SPENT_DAYS};
use super::super::row::{Form, Row};
use super::told::Told;
use super::{Answered, answers};
use crate::error::ServerError;
use decisions::{Content, ContentShape, Kind};
use primitives::Seed;

/// The parameter by which a kind is told how many days ahead are meant.
const DAYS: &str = "days";

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
    let about = (kind.about().name.to_string(), kind.about().title.clone(), days);
    let told = Told::of(world, about, foretold.unzip(), came, gini)?;
    Ok(rows_of(&told, form, world.lived.company.settings().seed, &why))
}

fn rows_of(told: &Told, form: Form, seed: Seed, why: &str) -> [Row; 2] {
    [told.mean("of each customer", form, seed, why), told.order(gini, ("Gini", 0.0), seed, why)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Currency;

    const FORM: Form = Form::Money(Currency::EUR);

    fn told(amounts: impl Fn(usize, f64) -> f64) -> Told {
        let truths: Vec<f64> = (0..600_u32).map(|no| f64::from((no * 7 % 100).pow(2)) / 50.0).collect();
        let estimates = truths.iter().enumerate().map(|(no, truth)| amounts(no, *truth)).collect();
        let (best, knowable) = (gini(&truths, &truths), Some(truths.clone()));
        Told { name: "a".to_owned(), title: "A".to_owned(), days: 90, truths, best, knowable, estimates }
    }

    fn oks(told: &Told) -> [bool; 2] {
        rows_of(told, FORM, Seed::new(1), "no model").map(|row| row.ok)
    }

    #[test]
    fn the_oracle_is_right_and_others_are_as_far_as_they_know() {
        assert_eq!(oks(&told(|_, truth| truth)), [true, true]);
        let truths = told(|_, truth| truth).truths;
        let mean = truths.iter().sum::<f64>() / 600.0;
        assert_eq!(oks(&told(|_, _| mean)), [true, false], "who says the same of all");
        assert_eq!(
            oks(&told(|no, _| truths[(no * 113 + 41) % 600])),
            [true, false],
            "who says of each what is another's"
        );
        assert_eq!(oks(&told(|_, truth| truth * 1.4)), [false, true], "who exaggerates");
        assert_eq!(oks(&told(|_, truth| 200.0 - truth)), [false, false], "who is the wrong way round");
    }

    #[test]
    fn where_nobody_answers_the_truth_stands_alone() {
        let silent = Told { estimates: Vec::new(), ..told(|_, truth| truth) };
        for row in rows_of(&silent, FORM, Seed::new(1), "There is no model yet") {
            assert_eq!((row.ok, row.estimate, row.says.as_str()), (false, None, "There is no model yet"));
            assert!(row.truth.is_some());
        }
    }
}
