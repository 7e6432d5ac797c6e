//! What were decisions worth, against customers who are held out of them? A page to look at, and one to print.

use super::{Frame, Section, filters, page};
use crate::chart::Html;
use crate::{Icon, format};

/// What decisions were worth, `/holdout`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "holdout.html")]
pub struct HoldoutPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was measured.
    pub told: Earned,
    /// How many are held out, in a sentence.
    pub share: String,
}
page!(HoldoutPage, Some(Section::Holdout));

/// The same of one month on one page, `/report`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "report.html")]
pub struct ReportPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was measured.
    pub told: Earned,
    /// Which month, in words: `November 2026`.
    pub month: String,
    /// The months that can be asked for, with their words, the newest first.
    pub months: Vec<(String, String)>,
    /// What is not known, in sentences.
    pub unknown: Vec<String>,
}
page!(ReportPage, Some(Section::Holdout));

/// What was measured, in numbers; nothing where it is being counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Earned {
    /// What is measured: `Margin in up to 28 days`.
    pub measure: String,
    /// In which currency.
    pub currency: Option<String>,
    /// All decisions together, then each kind.
    pub lines: Vec<LiftLine>,
    /// Everything that is counted, of all decisions.
    pub kpis: Vec<KpiLine>,
    /// On the way from what was shown to what was earned.
    pub way: Option<String>,
    /// How many are in neither arm.
    pub n_left_out: u64,
}

/// What decisions of one kind were worth.
#[derive(Debug, Clone, PartialEq)]
pub struct LiftLine {
    /// What they are called.
    pub title: String,
    /// Customers held out, and what each brought.
    pub held_out: (u64, Option<f64>),
    /// The same of the others.
    pub treated: (u64, Option<f64>),
    /// The lift with its interval.
    pub lift: Option<(f64, f64, f64)>,
    /// What it was worth, with its interval.
    pub money: Option<(f64, f64, f64)>,
    /// The interval that holds at every look.
    pub sequential: Option<(f64, f64)>,
    /// Whether as many are held out as should be, and how likely that count is.
    pub srm: (bool, Option<f64>),
    /// In a sentence.
    pub says: String,
    /// Why nothing can be said.
    pub reason: Option<String>,
}

/// What is counted of one KPI.
#[derive(Debug, Clone, PartialEq)]
pub struct KpiLine {
    /// What it is called.
    pub title: String,
    /// Of those held out.
    pub held_out: Option<f64>,
    /// Of the others.
    pub treated: Option<f64>,
    /// The lift with its interval.
    pub lift: Option<(f64, f64, f64)>,
    /// `better`, `worse`, `unclear` or `unknown`.
    pub bearing: &'static str,
    /// Why something is missing.
    pub reason: Option<String>,
}

/// The picture of an interval is so wide.
const WIDTH: f64 = 240.0;
/// What is beyond this lift is cut.
const LIFT_MAX: f64 = 2.0;

impl Earned {
    fn all(&self) -> Option<&LiftLine> {
        self.lines.first()
    }

    /// How far the pictures of intervals reach to either side.
    fn reach(&self) -> f64 {
        let ends = self.lines.iter().filter_map(|line| line.lift).map(|(_, low, high)| low.abs().max(high.abs()));
        ends.fold(0.05, f64::max).min(LIFT_MAX)
    }

    /// The interval of a line as a picture: a bar around 0.
    fn picture(&self, line: &LiftLine) -> Html {
        let Some((lift, low, high)) = line.lift else { return Html::drawn(String::new()) };
        let reach = self.reach();
        let at = |share: f64| WIDTH / 2.0 * (1.0 + share.clamp(-reach, reach) / reach * 0.96);
        let (from, to, middle) = (at(low), at(high), at(lift));
        let (zero, width) = (WIDTH / 2.0, (to - from).max(1.0));
        let (mood, words) = (line.mood(), format::escape(&signed_range(&low, &high)));
        Html::drawn(format!(
            "<svg class=\"reach\" viewBox=\"0 0 {WIDTH} 20\" width=\"{WIDTH}\" height=\"20\" role=\"img\" aria-label=\"{words}\">\
             <path class=\"reach-zero\" d=\"M{zero:.1} 0V20\"/><rect class=\"reach-bar {mood}\" x=\"{from:.1}\" y=\"7\" \
             width=\"{width:.1}\" height=\"6\" rx=\"3\"/><circle class=\"reach-dot {mood}\" cx=\"{middle:.1}\" cy=\"10\" r=\"5\"/></svg>"
        ))
    }

    fn unit(&self) -> String {
        self.currency.clone().unwrap_or_default()
    }
}

impl LiftLine {
    /// How it is coloured.
    fn mood(&self) -> &'static str {
        match self.lift {
            Some((_, low, _)) if low > 0.0 => "good",
            Some((_, _, high)) if high < 0.0 => "bad",
            _ => "plain",
        }
    }

    fn word(&self) -> &'static str {
        match (self.srm.0, self.mood(), self.lift) {
            (false, ..) => "Cannot be compared",
            (_, "good", _) => "Worth it",
            (_, "bad", _) => "Costs more than it brings",
            (_, _, Some(_)) => "Not clear yet",
            _ => "Not known",
        }
    }

    fn badge(&self) -> &'static str {
        match (self.srm.0, self.mood()) {
            (false, _) | (_, "bad") => "bad",
            (_, "good") => "good",
            _ => "",
        }
    }
}

/// `+4.0 %`.
fn signed(share: &f64) -> String {
    let sign = if *share < 0.0 { "−" } else { "+" };
    format!("{sign}{}", format::percent(share.abs()))
}

/// `+1.2 % to +6.9 %`.
fn signed_range(low: &f64, high: &f64) -> String {
    format!("{} to {}", signed(low), signed(high))
}

/// An amount with its sign, without a unit: `−1,234`.
fn signed_amount(amount: &f64) -> String {
    let sign = if *amount < 0.0 { "−" } else { "" };
    format!("{sign}{}", format::amount(amount.abs(), None))
}
