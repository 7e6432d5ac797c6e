//! What does a row say, and when is an estimate right?
//!
//! Two rules, each the same in every row that it is for. An estimate of a size is right where the truth lies within its interval.
//! An estimate that tells customers or things apart is right where it is surely better than the simple answer, and has surely
//! come a stated part of the way from there to the best that can be asked for: to what can be known, at least as much as it knows
//! itself, or where nothing says what that is, to the oracle, who knows everybody's future up to the coin. Where too few were
//! looked at to say, nothing is said.

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
    /// The best that can be known from what was told, at least; where something is told apart by what was told of customers.
    pub(crate) knowable: Option<f64>,
    /// What Rapport estimated or reached.
    pub(crate) estimate: Option<f64>,
    /// Within which the estimate stays when as many customers are drawn anew: its lower end,
    pub(crate) low: Option<f64>,
    /// and its upper.
    pub(crate) high: Option<f64>,
    /// Whether the estimate is surely right, by the rule of such rows.
    pub(crate) ok: bool,
    /// The same, where wrong is something else than unclear.
    pub(crate) verdict: Verdict,
    /// How many customers, or pairs of names, it is told from.
    pub(crate) n: usize,
    /// Why, in a sentence.
    pub(crate) says: String,
    /// In which form its numbers are shown.
    #[serde(skip)]
    pub(crate) form: Form,
}

/// What a rule says of an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It is right.
    Right,
    /// It is not.
    Wrong,
    /// There is no estimate, or too few were looked at to say.
    Unclear,
}

impl Verdict {
    /// Of an estimate that is right where a number is 0 or more, and of the interval of that number.
    pub(super) fn of((low, high): (f64, f64)) -> Self {
        match (low >= 0.0, high >= 0.0) {
            (true, _) => Self::Right,
            (false, false) => Self::Wrong,
            (false, true) => Self::Unclear,
        }
    }

    /// As people read it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Right => "yes",
            Self::Wrong => "no",
            Self::Unclear => "cannot be told",
        }
    }
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
pub(super) struct Skill<'a> {
    /// By the oracle.
    pub(super) oracle: f64,
    /// By whoever knows what was told, at least; `None` where nothing says how well that is.
    pub(super) knowable: Option<f64>,
    /// By the simple answer, and what that is called.
    pub(super) simple: f64,
    pub(super) simple_is: &'a str,
    /// By how much Rapport is better than the simple answer, at least.
    pub(super) gain_low: f64,
    /// Which part of the way from the simple answer to the best must be reached.
    pub(super) part: f64,
    /// Within which it stays by how much Rapport is beyond that part of the way: see [`beyond`].
    pub(super) beyond: (f64, f64),
}

/// By how much an estimate is beyond a part of the way from the simple answer to the best.
pub(super) fn beyond(estimate: f64, (simple, best): (f64, f64), part: f64) -> f64 {
    estimate - simple - part * (best - simple)
}

/// An interval that is further from its estimate than this part of the truth tells nothing.
const WIDE: f64 = 0.15;

/// An estimate of a size: right where the truth lies within its interval, and that is narrow enough to say so.
pub(super) fn sized(about: About, truth: f64, estimated: Estimated) -> Row {
    let Estimated { estimate, low, high } = estimated;
    // An interval of one number holds that number, however it was rounded.
    let slack = 1e-9 * truth.abs().max(1.0);
    let is_within = (low - slack..=high + slack).contains(&truth);
    let is_wide = (high - low) / 2.0 > WIDE * truth.abs() + slack;
    let (verdict, says) = match is_within {
        true if is_wide => {
            let says = format!(
                "Nobody can tell: the interval reaches further than {:.0} % of the truth, look at more customers",
                100.0 * WIDE
            );
            (Verdict::Unclear, says)
        }
        true => (Verdict::Right, "The truth lies within the interval of the estimate".to_owned()),
        false if truth > high => {
            let off = off(about.form, truth - estimate);
            (Verdict::Wrong, format!("The truth lies above the interval: {off} too little"))
        }
        false => {
            let off = off(about.form, estimate - truth);
            (Verdict::Wrong, format!("The truth lies below the interval: {off} too much"))
        }
    };
    row(about, Some(truth), Some(estimated), verdict, says)
}

/// An estimate that tells apart: right where it is surely better than the simple answer, and surely near enough to the best.
pub(super) fn told_apart(about: About, skill: &Skill<'_>, estimated: Estimated) -> Row {
    let Skill { oracle, knowable, simple, simple_is, gain_low, part, beyond } = *skill;
    let (best, best_is) = match knowable {
        // What an estimate knows can be known.
        Some(knowable) => (knowable.max(estimated.estimate), "what can be known"),
        None => (oracle, "the oracle"),
    };
    let way = best - simple;
    let (shown, asked) = (shown(about.form, simple), 100.0 * part);
    let reached = format!(
        "{:.0} % of the way from {simple_is} ({shown}) to {best_is}",
        100.0 * (estimated.estimate - simple) / way
    );
    let (verdict, says) = match (way > 0.0, Verdict::of(beyond)) {
        (false, _) if oracle > simple && estimated.high < simple => {
            (Verdict::Wrong, format!("Surely worse than {simple_is} ({shown})"))
        }
        // What learned from others and found nothing may have had too few of them.
        (false, _) if oracle > simple => (
            Verdict::Unclear,
            format!(
                "Nobody can tell what can be known: what learned from others reaches no more than {simple_is} ({shown}), and \
                 the oracle does; look at more customers"
            ),
        ),
        (false, _) => (
            Verdict::Unclear,
            format!("There is nothing to know: the oracle reaches no more than {simple_is} ({shown})"),
        ),
        (true, Verdict::Wrong) if gain_low <= 0.0 => {
            (Verdict::Wrong, format!("Not surely better than {simple_is} ({shown})"))
        }
        (true, Verdict::Right) if gain_low > 0.0 => (Verdict::Right, format!("{reached}; {asked:.0} % are asked for")),
        (true, Verdict::Wrong) => (Verdict::Wrong, format!("{reached}; {asked:.0} % are asked for")),
        (true, _) => {
            let says =
                format!("{reached}; whether it is the {asked:.0} % asked for, nobody can tell: look at more customers");
            (Verdict::Unclear, says)
        }
    };
    Row { knowable, ..row(about, Some(oracle), Some(estimated), verdict, says) }
}

/// Where nothing was estimated.
pub(super) fn unanswered(about: About, truth: Option<f64>, why: &str) -> Row {
    row(about, truth, None, Verdict::Unclear, why.to_owned())
}

/// A row with a rule of its own.
pub(super) fn row(
    about: About,
    truth: Option<f64>,
    estimated: Option<Estimated>,
    verdict: Verdict,
    says: String,
) -> Row {
    let About { name, title, form, n } = about;
    let of = |part: fn(&Estimated) -> f64| estimated.as_ref().map(part);
    let (estimate, low, high) = (of(|it| it.estimate), of(|it| it.low), of(|it| it.high));
    let ok = verdict == Verdict::Right;
    Row { name, title, truth, knowable: None, estimate, low, high, ok, verdict, n, says, form }
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
            let expected = match (is_within, is_narrow) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::Unclear,
            };
            prop_assert_eq!((row.verdict, row.ok), (expected, expected == Verdict::Right));
            prop_assert_eq!(row.says.contains("lies within"), row.ok);
            prop_assert_eq!(row.says.contains("Nobody can tell"), is_within && !is_narrow);
            prop_assert_eq!(row.says.contains("too little"), truth > low + wide + 1e-8);
            prop_assert_eq!(row.says.contains("too much"), truth < low - 1e-8);
        }

        #[test]
        fn who_tells_apart_must_surely_be_better_and_near(
            simple in 0.0_f64..1.0, way in 0.01_f64..1.0, reached in -0.5_f64..1.2, unsure in 0.0_f64..0.3,
            gain_low in -0.1_f64..0.1, further in proptest::option::of(0.0_f64..1.0),
        ) {
            let (estimate, best) = (simple + way * reached, simple + way);
            let beyond = beyond(estimate, (simple, best), 0.5);
            prop_assert!((beyond - way * (reached - 0.5)).abs() < 1e-9);
            // The best is what can be known, where something says what that is, and else the oracle.
            let (oracle, knowable) = further.map_or((best, None), |further| (best + further, Some(best)));
            let skill = Skill {
                oracle, knowable, simple, simple_is: "chance", gain_low, part: 0.5, beyond: (beyond - unsure, beyond + unsure),
            };
            let row = told_apart(about(), &skill, Estimated { estimate, low: estimate, high: estimate });
            prop_assert_eq!((row.truth, row.knowable), (Some(oracle), knowable));
            let expected = if beyond - unsure >= 0.0 && gain_low > 0.0 {
                Verdict::Right
            } else if beyond + unsure < 0.0 {
                Verdict::Wrong
            } else {
                Verdict::Unclear
            };
            prop_assert_eq!((row.verdict, row.ok), (expected, expected == Verdict::Right));
            prop_assert_eq!(row.says.contains("nobody can tell"), expected == Verdict::Unclear);
            prop_assert_eq!(row.says.starts_with("Not surely better"), expected == Verdict::Wrong && gain_low <= 0.0);
        }
    }

    #[test]
    fn an_oracle_is_right_and_who_says_the_same_of_all_is_not() {
        let exactly = |number| Estimated { estimate: number, low: number, high: number };
        let skill = Skill {
            oracle: 0.8,
            knowable: None,
            simple: 0.5,
            simple_is: "chance",
            gain_low: 0.2,
            part: 0.8,
            beyond: (0.0, 0.1),
        };
        assert!(told_apart(about(), &skill, exactly(0.8)).ok);
        let wrong = Skill { beyond: (-0.3, -0.1), ..skill };
        let constant = told_apart(about(), &Skill { gain_low: 0.0, ..wrong }, exactly(0.5));
        assert_eq!((constant.ok, constant.says.as_str()), (false, "Not surely better than chance (0.500)"));
        let halfway = told_apart(about(), &wrong, exactly(0.65));
        let says = "50 % of the way from chance (0.500) to the oracle; 80 % are asked for";
        assert_eq!((halfway.verdict, halfway.says.as_str()), (Verdict::Wrong, says));
        let unsure = Skill { beyond: (-0.1, 0.1), ..skill };
        let knowable = told_apart(about(), &Skill { knowable: Some(0.7), ..unsure }, exactly(0.66));
        let says = "80 % of the way from chance (0.500) to what can be known; whether it is the 80 % asked for, nobody can \
                    tell: look at more customers";
        assert_eq!((knowable.verdict, knowable.says.as_str()), (Verdict::Unclear, says));
        let hopeless = told_apart(about(), &Skill { oracle: 0.5, ..skill }, exactly(0.7));
        assert_eq!(hopeless.verdict, Verdict::Unclear);
        assert_eq!(hopeless.says, "There is nothing to know: the oracle reaches no more than chance (0.500)");
        assert!(sized(about(), 0.3, exactly(0.1 + 0.2)).ok);
        let missing = unanswered(about(), Some(0.4), "no model");
        assert_eq!((missing.ok, missing.verdict, missing.truth), (false, Verdict::Unclear, Some(0.4)));
        assert_eq!((missing.estimate, missing.knowable), (None, None));
    }

    #[test]
    fn there_is_nothing_to_know_only_where_nobody_knows_anything() {
        let estimated = |estimate, high| Estimated { estimate, low: estimate - 0.05, high };
        let of = |oracle, knowable: f64, estimated: Estimated| {
            let beyond = beyond(estimated.estimate, (0.5, knowable.max(estimated.estimate)), 0.8);
            let skill = Skill {
                oracle,
                knowable: Some(knowable),
                simple: 0.5,
                simple_is: "chance",
                gain_low: estimated.low - 0.5,
                part: 0.8,
                beyond: (beyond - 0.01, beyond + 0.01),
            };
            let row = told_apart(about(), &skill, estimated);
            assert_eq!(row.knowable, Some(knowable), "as it was found");
            (row.verdict, row.says)
        };
        // What is known can be known, whatever the trees found.
        for knowable in [0.49, 0.5, 0.6, 0.69] {
            let says = "100 % of the way from chance (0.500) to what can be known; 80 % are asked for";
            assert_eq!(of(0.85, knowable, estimated(0.7, 0.75)), (Verdict::Right, says.to_owned()), "{knowable}");
        }
        let (verdict, says) = of(0.85, 0.75, estimated(0.7, 0.75));
        assert_eq!((verdict, &says[..4]), (Verdict::Unclear, "80 %"), "the trees know more");
        // Neither knows anything.
        for (oracle, knowable) in [(0.5, 0.5), (0.4, 0.49)] {
            let says = "There is nothing to know: the oracle reaches no more than chance (0.500)".to_owned();
            assert_eq!(of(oracle, knowable, estimated(0.5, 0.55)), (Verdict::Unclear, says.clone()));
            assert_eq!(of(oracle, knowable, estimated(0.4, 0.45)), (Verdict::Unclear, says));
        }
        let (verdict, says) = of(0.51, 0.5, estimated(0.48, 0.5));
        assert_eq!(verdict, Verdict::Unclear);
        assert!(says.starts_with("Nobody can tell what can be known: "), "{says}");
        let worse = (Verdict::Wrong, "Surely worse than chance (0.500)".to_owned());
        assert_eq!(of(0.51, 0.5, estimated(0.48, 0.49)), worse);
    }

    #[test]
    fn a_size_needs_an_interval_that_is_narrow_and_a_rounding_is_no_error() {
        let of = |truth: f64, low, high| sized(about(), truth, Estimated { estimate: low, low, high }).verdict;
        assert_eq!((of(2.0, 1.71, 2.29), of(2.0, 1.69, 2.31)), (Verdict::Right, Verdict::Unclear));
        assert_eq!((of(-2.0, -2.29, -1.71), of(-2.0, -2.31, -1.69)), (Verdict::Right, Verdict::Unclear));
        assert_eq!((of(0.0, 0.0, 0.0), of(0.0, -1.0, 1.0)), (Verdict::Right, Verdict::Unclear));
        // A number that was rounded in its last digits is still that number, however large it is.
        assert_eq!((of(1e9, 1e9 + 0.5, 1e9 + 0.5), of(1e9, 1e9 - 0.5, 1e9 - 0.5)), (Verdict::Right, Verdict::Right));
        assert_eq!((of(1e9, 1e9 + 2.0, 1e9 + 2.0), of(1e9, 1e9 - 2.0, 1e9 - 2.0)), (Verdict::Wrong, Verdict::Wrong));
    }

    #[test]
    fn a_wrong_size_says_by_how_much() {
        let of = |estimate: f64, low, high| sized(about(), 3.0, Estimated { estimate, low, high }).says;
        assert_eq!(of(2.0, 1.8, 2.1), "The truth lies above the interval: 1.000 too little");
        assert_eq!(of(3.5, 3.4, 3.7), "The truth lies below the interval: 0.500 too much");
    }

    #[test]
    fn a_verdict_needs_an_interval_on_one_side() {
        let of = |low, high| Verdict::of((low, high));
        assert_eq!((of(0.0, 1.0), of(-1.0, 0.0), of(-2.0, -1.0)), (Verdict::Right, Verdict::Unclear, Verdict::Wrong));
        let words = [Verdict::Right, Verdict::Wrong, Verdict::Unclear].map(Verdict::in_words);
        assert_eq!(words, ["yes", "no", "cannot be told"]);
    }

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!(shown(Form::Share, 0.4312), "43.1 %");
        assert_eq!(shown(Form::Number, 0.7646), "0.765");
        assert_eq!(shown(Form::Money(Currency::EUR), 1_234.5), "1,234.50 EUR");
        assert_eq!(off(Form::Share, 0.0312), "3.1 of a hundred");
    }
}
