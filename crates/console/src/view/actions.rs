//! What is done for customers: every action with what came of it, where the others fell out, and what other levers would change?

use super::{Frame, Section, filters, page};
use crate::chart::{Html, Tone, meter};
use crate::{Icon, format};
use primitives::{Currency, Timestamp};

/// Actions, `/actions?kind=`; with `w.NAME` and `v.NAME` what other weights and values would change.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "actions.html")]
pub struct ActionsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Which kind of decision chooses among them: `act`.
    pub kind: String,
    /// The kinds that do: name and title.
    pub kinds: Vec<(String, String)>,
    /// The table of the settings that declares them: `actions`.
    pub table: &'static str,
    /// Whether the settings are followed there without a start.
    pub is_followed: bool,
    /// Where another action is declared, for who may; none where that is done in the settings alone.
    pub editor: Option<String>,
    /// In which currency their values are.
    pub currency: Option<Currency>,
    /// The actions.
    pub actions: Vec<ActionLine>,
    /// What was looked at.
    pub lately: LatelyTold,
    /// How many came through each stage, of all that are declared; then of what was chosen what came of it.
    pub funnel: [Vec<FunnelStep>; 2],
    /// In how many decisions another than the best was drawn, of how many, and how likely that was.
    pub explored: Option<(u64, u64, f64)>,
    /// Without what others would be best: what, in words, and in how many decisions.
    pub sensitivity: Vec<(String, u64)>,
    /// How many decisions were weighed again.
    pub n_weighed: u64,
    /// Whether there are no older ones.
    pub is_all_weighed: bool,
    /// The levers, in the order of the actions.
    pub levers: Vec<LeverLine>,
    /// In how many decisions another would be best with them; none where nobody moved any.
    pub changed: Option<u64>,
    /// How the settings would say what was moved.
    pub written: Option<String>,
    /// What stands for what cannot be read of what was asked.
    pub refused: Option<String>,
}
page!(ActionsPage, Some(Section::Actions));

/// An action and what came of it lately.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionLine {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Of which group it is, where others are, too.
    pub group: Option<String>,
    /// What it is besides, in words: `comes first`.
    pub marks: Vec<&'static str>,
    /// Where it can be done.
    pub channels: String,
    /// What it earns.
    pub value: f64,
    /// What a contact costs.
    pub cost: f64,
    /// When, where that is limited.
    pub when: Option<String>,
    /// What it costs who accepts it, and what was spent of its budget, in words.
    pub terms: Vec<String>,
    /// Whether it is in force, in a word.
    pub state: ActionState,
    /// What came of it.
    pub came: CameTold,
}

/// Whether an action is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionState {
    /// It is.
    InForce,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Over,
    /// Its weight is 0.
    SetAside,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CameTold {
    /// In how many decisions it was chosen.
    pub chosen: u64,
    /// How many of these met the customer.
    pub shown: u64,
    /// How many were clicked on.
    pub clicked: u64,
    /// How many were sent away.
    pub dismissed: u64,
    /// How often what it was for was done.
    pub converted: u64,
    /// What that was worth, as far as it was said.
    pub worth: f64,
}

/// Which decisions the numbers are of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatelyTold {
    /// How many.
    pub n: u64,
    /// When the oldest was made.
    pub since: Option<Timestamp>,
    /// Whether there are no older ones.
    pub is_all: bool,
    /// What is not counted, in sentences.
    pub but: Vec<String>,
}

/// A stage that actions come through.
#[derive(Debug, Clone, PartialEq)]
pub struct FunnelStep {
    /// What it is: `Eligible`.
    pub title: String,
    /// How many came through.
    pub n: u64,
    /// Of how many at the beginning.
    pub of: u64,
    /// What left most of the others out, in words.
    pub lost: Option<String>,
}

/// What can be moved of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct LeverLine {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its weight, and as it is declared.
    pub weight: (f64, f64),
    /// Its value, and as it is declared.
    pub value: (f64, f64),
    /// In how many decisions it is best, and would be.
    pub first: (u64, u64),
}

impl ActionState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::InForce => "In force",
            Self::NotYet => "Not yet",
            Self::Over => "Over",
            Self::SetAside => "Set aside",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::InForce => "good",
            Self::NotYet => "info",
            Self::Over | Self::SetAside => "",
        }
    }
}

impl CameTold {
    /// `12 %` of those that were chosen, where any were.
    pub(super) fn share(&self, n: &u64) -> String {
        if self.chosen == 0 || *n == 0 { String::new() } else { format::percent_of(*n, self.chosen) }
    }
}

impl LatelyTold {
    /// `The newest 1,000 choices, since 3 Nov 2026`.
    pub(super) fn sentence(&self) -> String {
        let n = format::counted(self.n, "choice", "choices");
        let which = if self.is_all { format!("All {n}") } else { format!("The newest {n}") };
        let which = if self.is_all && self.n == 1 { "The only choice".to_owned() } else { which };
        self.since.map_or_else(|| which.clone(), |since| format!("{which}, since {}", format::date_time(since)))
    }
}

impl FunnelStep {
    pub(super) fn bar(&self, tone: &Tone) -> Html {
        meter(format::float(self.n) / format::float(self.of.max(1)), *tone, "")
    }

    pub(super) fn share(&self) -> String {
        format::percent_of(self.n, self.of)
    }
}

impl LeverLine {
    /// How far the slider goes.
    fn weight_max(&self) -> String {
        plain(&(2.0 * self.weight.0.max(self.weight.1)).max(3.0))
    }

    pub(super) fn is_weight_moved(&self) -> bool {
        is_other(&self.weight.0, &self.weight.1)
    }

    pub(super) fn is_value_moved(&self) -> bool {
        is_other(&self.value.0, &self.value.1)
    }

    pub(super) fn is_moved(&self) -> bool {
        self.is_weight_moved() || self.is_value_moved()
    }
}

impl ActionsPage {
    fn of_kind(&self, kind: &str) -> String {
        format::address("/actions", &[("kind", kind)])
    }

    fn currency(&self) -> &str {
        self.currency.as_ref().map_or("", Currency::code)
    }

    /// How much hangs on a factor.
    fn hangs(&self, n: &u64) -> Html {
        meter(format::float(*n) / format::float(self.n_weighed.max(1)), Tone::Accent, "")
    }

    fn share_of_weighed(&self, n: &u64) -> String {
        format::percent_of(*n, self.n_weighed)
    }

    /// Whether any slider stands elsewhere than it is declared.
    fn is_moved(&self) -> bool {
        self.levers.iter().any(LeverLine::is_moved)
    }
}

/// `17 %` of several.
pub(super) fn share_of(n: &u64, of: &u64) -> String {
    format::percent_of(*n, *of)
}

/// Whether a number is set otherwise than it was declared.
pub(super) fn is_other(number: &f64, declared: &f64) -> bool {
    number.to_bits() != declared.to_bits()
}

/// A number as a form takes it, which knows no commas between thousands.
pub(super) fn plain(value: &f64) -> String {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_form_is_the_one_that_was_declared() {
        for (value, text) in [(12.5, "12.5"), (0.0, "0"), (1e6, "1000000"), (1.333_3, "1.333"), (0.1 + 0.2, "0.3")] {
            assert_eq!(plain(&value), text);
        }
    }

    #[test]
    fn which_choices_are_told_of_is_said() {
        let since = Timestamp::parse("2026-11-03T10:00:00Z").ok();
        let told = |n, is_all, since| LatelyTold { n, is_all, since, but: Vec::new() }.sentence();
        assert_eq!(told(1_000, false, since), "The newest 1,000 choices, since 3 Nov 2026, 10:00:00");
        assert_eq!(told(12, true, None), "All 12 choices");
        assert_eq!(told(1, true, None), "The only choice");
    }
}
