//! How is it learned what actions are worth, how much is tried for it, and what would another way of choosing have earned?

use super::actions::{is_other, plain, share_of};
use super::{Frame, LatelyTold, LeverLine, Section, filters, page};
use crate::chart::{self, Day, Html, Tone, meter};
use crate::{Icon, format};
use primitives::{Currency, Timestamp};

/// The policy, `/policies?kind=`; with `explore`, `gamma`, `floor`, `w.NAME` and `v.NAME` another one beside it.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "policies.html")]
pub struct PoliciesPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which kind of decision it chooses for.
    pub kind: String,
    /// The kinds that choose among actions: name and title.
    pub kinds: Vec<(String, String)>,
    /// Whether there is anything to choose from.
    pub has_actions: bool,
    /// In which currency is told what it earns.
    pub currency: Option<Currency>,
    /// What answers: facts, what and which; empty where nothing was learned yet.
    pub facts: Vec<(String, String)>,
    /// The versions, the oldest first.
    pub curve: Vec<CurvePoint>,
    /// Which decisions the days are of.
    pub lately: LatelyTold,
    /// What came of choices, by day, the oldest first: chosen, and succeeded.
    pub days: Vec<(Timestamp, u64, u64)>,
    /// In how many decisions another than the best was drawn, of how many, and how likely that was.
    pub explored: Option<(u64, u64, f64)>,
    /// With which chance what was done was drawn: `up to 5 %`, and how often.
    pub chances: Vec<(String, u64)>,
    /// The other policy.
    pub other: OtherTold,
    /// Ways to explore: name and words.
    pub ways: Vec<(&'static str, String)>,
}
page!(PoliciesPage, Some(Section::Actions));

/// A version of the policy.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// The version.
    pub version: String,
    /// When it was learned.
    pub at: Timestamp,
    /// From how many choices.
    pub n: u64,
    /// What it was expected to bring, where it was judged.
    pub value: f64,
    /// What was brought there by what was done.
    pub logged: f64,
    /// Whether it answers.
    pub is_champion: bool,
}

/// Another way of choosing, and what it would have earned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OtherTold {
    /// How it explores, how much, and what it spreads evenly, as the form has them.
    pub explore: String,
    /// The larger, the more is left to the best.
    pub gamma: f64,
    /// The share that is spread evenly.
    pub floor: f64,
    /// What is declared of these.
    pub declared: (String, f64, f64),
    /// The levers of actions.
    pub levers: Vec<LeverLine>,
    /// Why what is asked cannot be used.
    pub refused: Option<String>,
    /// What it would have earned; none where nobody asked.
    pub earned: Option<OtherEarned>,
}

/// What another policy would have earned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OtherEarned {
    /// In a word with its colour.
    pub verdict: (&'static str, &'static str),
    /// Why, in sentences.
    pub says: String,
    /// What makes the numbers doubtful.
    pub doubts: Vec<String>,
    /// By how many choices, and since when.
    pub n: u64,
    /// When the oldest was made.
    pub since: Option<Timestamp>,
    /// What was left out, in sentences.
    pub but: Vec<String>,
    /// What was earned a choice.
    pub logged: Option<f64>,
    /// What each estimator says: what it is, its number, its standard error; the one that decides first.
    pub estimates: Vec<(String, f64, Option<f64>)>,
    /// As how many of equal weight the choices count, and how many a verdict needs.
    pub effective: Option<(f64, f64)>,
    /// How many choices have such a weight.
    pub weights: Vec<(String, u64)>,
    /// Of each action: what it is called, its share of what was done, and of what the other does.
    pub shares: Vec<(String, f64, f64)>,
}

impl PoliciesPage {
    fn of_kind(&self, kind: &str) -> String {
        format::address("/policies", &[("kind", kind)])
    }

    fn currency(&self) -> &str {
        self.currency.as_ref().map_or("", Currency::code)
    }

    /// What each version was expected to bring, beside what was brought.
    fn learning(&self) -> Html {
        let point = |point: &CurvePoint| Day {
            name: format!("{}, from {}", format::date_time(point.at), format::counted(point.n, "choice", "choices")),
            told: format!(
                "{} a choice expected, where {} came",
                format::decimal(point.value, 4),
                format::decimal(point.logged, 4)
            ),
            value: point.value,
            before: point.logged,
            is_open: false,
        };
        let label = "What each version was expected to bring a choice, and what came";
        chart::days(&self.curve.iter().map(point).collect::<Vec<_>>(), label)
    }

    fn learning_top(&self) -> String {
        let top = self.curve.iter().flat_map(|point| [point.value, point.logged]);
        format::decimal(top.filter(|value| value.is_finite()).fold(0.0, f64::max), 3)
    }

    fn learning_ticks(&self) -> Vec<String> {
        format::ticks(&self.curve.iter().map(|point| point.at).collect::<Vec<_>>())
    }

    /// The choices of each day, and how many of them succeeded.
    fn success(&self) -> Html {
        let day = |(day, chosen, converted): &(Timestamp, u64, u64)| Day {
            name: format::date(*day),
            told: format!(
                "{}, {} of them succeeded",
                format::counted(*chosen, "choice", "choices"),
                format::percent_of(*converted, *chosen)
            ),
            value: format::float(*converted) / format::float((*chosen).max(1)),
            before: f64::NAN,
            is_open: false,
        };
        chart::days(&self.days.iter().map(day).collect::<Vec<_>>(), "Which share of the choices of each day succeeded")
    }

    fn success_top(&self) -> String {
        let share = |(_, chosen, converted): &(Timestamp, u64, u64)| {
            format::float(*converted) / format::float((*chosen).max(1))
        };
        format::percent(self.days.iter().map(share).fold(0.0, f64::max))
    }

    fn success_ticks(&self) -> Vec<String> {
        format::ticks(&self.days.iter().map(|(day, ..)| *day).collect::<Vec<_>>())
    }

    /// How many of several, as a bar.
    fn part(&self, n: &u64, all: &[(String, u64)]) -> Html {
        let most = all.iter().map(|(_, n)| *n).max().unwrap_or(1);
        meter(format::float(*n) / format::float(most.max(1)), Tone::Accent, "")
    }
}

impl OtherTold {
    fn n_moved(&self) -> usize {
        self.levers.iter().filter(|lever| lever.is_moved()).count()
    }
}

impl OtherEarned {
    fn share_bar(&self, share: &f64, tone: &Tone) -> Html {
        meter(*share, *tone, "")
    }
}
