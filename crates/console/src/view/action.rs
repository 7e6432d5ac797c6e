//! One action: whom it is for, how many may have it now, and what came of it by day?

use super::{ActionLine, DecisionRow, Frame, LatelyTold, Section, filters, page};
use crate::chart::{self, Day, Html, Tone};
use crate::{Icon, format};
use primitives::{Currency, Timestamp};

/// An action, `/actions/{name}?kind=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "action.html")]
pub struct ActionPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which kind of decision chooses it.
    pub kind: String,
    /// Where it is changed, for who may; none where that is done in the settings alone.
    pub editor: Option<String>,
    /// In which currency its value is.
    pub currency: Option<Currency>,
    /// The action with what came of it.
    pub action: ActionLine,
    /// What is declared of it: what, and what it is.
    pub facts: Vec<(String, String)>,
    /// Whom it is for.
    pub conditions: Vec<ConditionTold>,
    /// How many customers it is for now, in a sentence.
    pub eligible: String,
    /// What is handed out with it, as JSON; none where nothing is.
    pub content: Option<String>,
    /// Which decisions the numbers are of.
    pub lately: LatelyTold,
    /// Which rule left it out, in words, and how often.
    pub left_out: Vec<(String, u64)>,
    /// What came of it on each day, the oldest first.
    pub days: Vec<ActionDay>,
    /// The newest decisions that chose it, each with what came of it.
    pub rows: Vec<(DecisionRow, String)>,
}
page!(ActionPage, Some(Section::Actions));

/// A condition as it was written, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionTold {
    /// What it is for: `Who may have it`.
    pub title: String,
    /// As it was written; empty where it is for everybody.
    pub written: String,
    /// What it asks for, by name and in words.
    pub asks: Vec<(String, String)>,
    /// Where the customers are listed of whom it holds.
    pub href: Option<String>,
}

/// What came of an action on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionDay {
    /// The day.
    pub day: Timestamp,
    /// How often it was chosen.
    pub chosen: u64,
    /// How often what it was for was done.
    pub converted: u64,
    /// Whether it has not ended, or is not counted whole.
    pub is_open: bool,
}

impl ActionPage {
    fn chart(&self) -> Html {
        let day = |day: &ActionDay| Day {
            name: format::date(day.day),
            told: format!(
                "{}, {} of them succeeded",
                format::counted(day.chosen, "choice", "choices"),
                format::count(day.converted)
            ),
            value: format::float(day.chosen),
            before: format::float(day.converted),
            is_open: day.is_open,
        };
        chart::days(
            &self.days.iter().map(day).collect::<Vec<_>>(),
            "How often it was chosen on each day, and succeeded",
        )
    }

    fn ticks(&self) -> Vec<String> {
        format::ticks(&self.days.iter().map(|day| day.day).collect::<Vec<_>>())
    }

    fn top(&self) -> String {
        format::count(self.days.iter().map(|day| day.chosen).max().unwrap_or_default())
    }

    fn n_left_out(&self) -> u64 {
        self.left_out.iter().map(|(_, n)| n).sum()
    }

    fn left_out_bar(&self, n: &u64) -> Html {
        let most = self.left_out.iter().map(|(_, n)| *n).max().unwrap_or(1);
        chart::meter(format::float(*n) / format::float(most.max(1)), Tone::Quiet, "")
    }

    fn currency(&self) -> &str {
        self.currency.as_ref().map_or("", Currency::code)
    }
}
