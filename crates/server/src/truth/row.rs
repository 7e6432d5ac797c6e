//! What does a row say, and when is an estimate right?
//!
//! Two rules, each the same in every row that it is for. An estimate of a size is right where the truth lies within its interval.
//! An estimate that tells customers or things apart is right where it is surely better than the simple answer, and has come a
//! stated part of the way from there to the oracle, who knows everybody's future up to the coin.

use primitives::Currency;
use serde::Serialize;

/// One thing that is true, and what was estimated of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    /// What it is about, for programs.
    pub(crate) name: String,
    /// The same for people.
    pub(crate) title: String,
    /// What is true, or the best that can be reached.
    pub(crate) truth: Option<f64>,
    /// What Rapport estimated or reached.
    pub(crate) estimate: Option<f64>,
    /// Within which the estimate stays when as many customers are drawn anew: its lower end,
    pub(crate) low: Option<f64>,
    /// and its upper.
    pub(crate) high: Option<f64>,
    /// Whether the estimate is right, by the rule of such rows.
    pub(crate) ok: bool,
    /// How many customers, or pairs of names, it is told from.
    pub(crate) n: usize,
    /// Why, in a sentence.
    pub(crate) says: String,
    /// In which form its numbers are shown.
    #[serde(skip)]
    pub(crate) form: Form,
}

/// How numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a share of a hundred.
    Share,
    /// As they are.
    Number,
    /// As money.
    Money(Currency),
}

/// What a row is about.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) form: Form,
    pub(super) n: usize,
}

/// What was estimated, and within which it stays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimated {
    pub(super) estimate: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// How well something is told apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Skill {
    /// By the oracle.
    pub(super) best: f64,
    /// By the simple answer.
    pub(super) simple: f64,
    /// By how much Rapport is better than the simple answer, at least.
    pub(super) gain_low: f64,
    /// Which part of the way from the simple answer to the oracle must be reached.
    pub(super) part: f64,
}

/// An interval that is further from its estimate than this part of the truth tells nothing.
const WIDE: f64 = 0.3;

/// An estimate of a size: right where the truth lies within its interval, and that is narrow enough to say so.
pub(super) fn sized(about: About, truth: f64, estimated: Estimated) -> Row {
    let Estimated { estimate, low, high } = estimated;
    // An interval of one number holds that number, however it was rounded.
    let slack = 1e-9 * truth.abs().max(1.0);
    let (is_within, is_wide) =
        ((low - slack..=high + slack).contains(&truth), (high - low) / 2.0 > WIDE * truth.abs() + slack);
    let ok = is_within && !is_wide;
    let says = match is_within {
        true if is_wide => "Nobody can tell: the interval is too wide, look at more customers".to_owned(),
        true => "The truth lies within the interval of the estimate".to_owned(),
        false if truth > high => {
            format!("The truth lies above the interval: {} too little", off(about.form, truth - estimate))
        }
        false => format!("The truth lies below the interval: {} too much", off(about.form, estimate - truth)),
    };
    row(about, Some(truth), Some(estimated), ok, says)
}

/// An estimate that tells apart: right where it is surely better than the simple answer, and near enough to the oracle.
pub(super) fn told_apart(about: About, simple_is: &str, skill: &Skill, estimated: Estimated) -> Row {
    let Skill { best, simple, gain_low, part } = *skill;
    let way = best - simple;
    let reached = (estimated.estimate - simple) / way;
    let (is_better, is_near) = (gain_low > 0.0, way > 0.0 && reached >= part);
    let shown = shown(about.form, simple);
    let says = match (way > 0.0, is_better) {
        (false, _) => format!("There is nothing to know: the oracle reaches no more than {simple_is} ({shown})"),
        (true, false) => format!("Not surely better than {simple_is} ({shown})"),
        (true, true) => format!(
            "{:.0} % of the way from {simple_is} ({shown}) to the oracle; {:.0} % are asked for",
            100.0 * reached,
            100.0 * part
        ),
    };
    row(about, Some(best), Some(estimated), is_better && is_near, says)
}

/// Where nothing was estimated.
pub(super) fn unanswered(about: About, truth: Option<f64>, why: &str) -> Row {
    row(about, truth, None, false, why.to_owned())
}

/// A row with a rule of its own.
pub(super) fn row(about: About, truth: Option<f64>, estimated: Option<Estimated>, ok: bool, says: String) -> Row {
    let About { name, title, form, n } = about;
    let of = |part: fn(&Estimated) -> f64| estimated.as_ref().map(part);
    let (estimate, low, high) = (of(|it| it.estimate), of(|it| it.low), of(|it| it.high));
    Row { name, title, truth, estimate, low, high, ok, n, says, form }
}

/// A number as people read it.
pub(crate) fn shown(form: Form, number: f64) -> String {
    match form {
        Form::Share => format!("{:.1} %", 100.0 * number),
        Form::Number => format!("{number:.3}"),
        Form::Money(currency) => format!("{} {}", console::format::decimal(number, 2), currency.code()),
    }
}

fn off(form: Form, difference: f64) -> String {
    match form {
        Form::Share => format!("{:.1} of a hundred", 100.0 * difference),
        form => shown(form, difference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn about() -> About {
        About { name: "a".to_owned(), title: "A".to_owned(), form: Form::Number, n: 5 }
    }

    proptest! {
        #[test]
        fn a_size_is_right_within_its_interval_and_wrong_beyond(truth in -5.0_f64..5.0, low in -5.0_f64..5.0, wide in 0.0_f64..5.0) {
            let estimated = Estimated { estimate: low + wide / 2.0, low, high: low + wide };
            let row = sized(about(), truth, estimated);
            let is_within = truth >= low - 1e-8 && truth <= low + wide + 1e-8;
            let is_narrow = wide / 2.0 <= WIDE * truth.abs() + 1e-8;
            prop_assert_eq!(row.ok, is_within && is_narrow);
            prop_assert_eq!(row.says.contains("lies within"), row.ok);
            prop_assert_eq!(row.says.contains("Nobody can tell"), is_within && !is_narrow);
            prop_assert_eq!(row.says.contains("too little"), truth > low + wide + 1e-8);
            prop_assert_eq!(row.says.contains("too much"), truth < low - 1e-8);
        }

        #[test]
        fn who_tells_apart_must_be_better_and_near(simple in 0.0_f64..1.0, way in 0.01_f64..1.0, reached in -0.5_f64..1.2, gain_low in -0.1_f64..0.1) {
            let estimate = simple + way * reached;
            let skill = Skill { best: simple + way, simple, gain_low, part: 0.5 };
            let row = told_apart(about(), "chance", &skill, Estimated { estimate, low: estimate, high: estimate });
            prop_assert!((reached - 0.5).abs() < 1e-9 || row.ok == (gain_low > 0.0 && reached > 0.5));
        }
    }

    #[test]
    fn an_oracle_is_right_and_who_says_the_same_of_all_is_not() {
        let exactly = |number| Estimated { estimate: number, low: number, high: number };
        let skill = Skill { best: 0.8, simple: 0.5, gain_low: 0.2, part: 0.8 };
        assert!(told_apart(about(), "chance", &skill, exactly(0.8)).ok);
        let constant = told_apart(about(), "chance", &Skill { gain_low: 0.0, ..skill }, exactly(0.5));
        assert_eq!((constant.ok, constant.says.as_str()), (false, "Not surely better than chance (0.500)"));
        let halfway = told_apart(about(), "chance", &skill, exactly(0.65));
        let says = "50 % of the way from chance (0.500) to the oracle; 80 % are asked for";
        assert_eq!((halfway.ok, halfway.says.as_str()), (false, says));
        let hopeless = told_apart(about(), "chance", &Skill { best: 0.5, ..skill }, exactly(0.7));
        assert!(!hopeless.ok && hopeless.says.starts_with("There is nothing to know"));
        assert!(sized(about(), 0.3, exactly(0.1 + 0.2)).ok);
        let missing = unanswered(about(), Some(0.4), "no model");
        assert_eq!((missing.ok, missing.estimate, missing.truth), (false, None, Some(0.4)));
    }

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!(shown(Form::Share, 0.4312), "43.1 %");
        assert_eq!(shown(Form::Number, 0.7646), "0.765");
        assert_eq!(shown(Form::Money(Currency::EUR), 1_234.5), "1,234.50 EUR");
        assert_eq!(off(Form::Share, 0.0312), "3.1 of a hundred");
    }
}
