//! What were decisions worth, against customers who are held out of them? A page to look at, and one to print.

use super::reach::{self, signed, signed_amount, signed_range};
use super::{Frame, Section, filters, page};
use crate::chart::Html;
use crate::{Icon, format};

/// Why the lift and the money have an interval each.
const TWO_INTERVALS: &str = "Lift and money have an interval each: the one of money is of how much more customers brought, and the one of the lift \
     of that as a share of what those held out bring, which is not sure itself. So it is the wider one, and reaches further up.";
/// Why a change is not always what two numbers say.
const TAKEN_OFF: &str = "Numbers are told as they were counted. In the change, what both sides had brought before is taken off, where that \
     tells what they bring since: so it may be another than the two numbers say.";

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
    /// Of which time it is told, and why another page tells other numbers.
    pub of_time: &'static str,
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
    /// Whether both are shares of customers.
    pub is_share: bool,
    /// The lift with its interval.
    pub lift: Option<(f64, f64, f64)>,
    /// What the numbers do not say of themselves.
    pub note: Option<String>,
    /// `better`, `worse`, `unclear` or `unknown`.
    pub bearing: &'static str,
    /// Why something is missing.
    pub reason: Option<String>,
}

impl Earned {
    fn all(&self) -> Option<&LiftLine> {
        self.lines.first()
    }

    /// Whether nobody was met yet who could be compared: of nobody there is no table to show.
    fn is_of_nobody(&self) -> bool {
        self.lines.iter().all(|line| line.held_out.0 == 0 && line.treated.0 == 0)
    }

    /// Why nothing can be said of decisions: each reason once, with what it holds for.
    fn reasons(&self) -> Vec<(&str, String)> {
        let told = self.lines.iter().filter_map(|line| Some((line.reason.as_deref()?, line.title.as_str())));
        by_reason(told)
    }

    /// The interval of a line as a picture: a bar around 0.
    fn picture(&self, line: &LiftLine) -> Html {
        let Some(lift) = line.lift else { return Html::drawn(String::new()) };
        reach::picture(lift, reach::reach(self.lines.iter().filter_map(|line| line.lift)), line.mood())
    }

    fn unit(&self) -> String {
        self.currency.clone().unwrap_or_default()
    }

    /// What can be compared; of the rest there is only why not.
    fn compared(&self) -> impl Iterator<Item = &KpiLine> {
        self.kpis.iter().filter(|kpi| kpi.lift.is_some())
    }

    /// Why nothing can be said of the others: each reason once, with what it holds for.
    fn untold(&self) -> Vec<(&str, String)> {
        let untold = self.kpis.iter().filter(|kpi| kpi.lift.is_none());
        by_reason(untold.map(|kpi| (kpi.reason.as_deref().unwrap_or("not known yet"), kpi.title.as_str())))
    }
}

/// Each reason once, with the titles that it holds for.
fn by_reason<'a>(told: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, String)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (why, title) in told {
        match reasons.iter_mut().find(|(said, _)| *said == why) {
            Some((_, titles)) => titles.push(title),
            None => reasons.push((why, vec![title])),
        }
    }
    reasons.into_iter().map(|(why, titles)| (why, titles.join(", "))).collect()
}

impl KpiLine {
    /// A share in percent, and whatever else as a number.
    fn told(&self, value: &Option<f64>) -> String {
        match (value, self.is_share) {
            (None, _) => "–".to_owned(),
            (Some(value), true) => format::percent(*value),
            (Some(value), false) => format::number(*value),
        }
    }
}

impl LiftLine {
    /// How it is coloured.
    fn mood(&self) -> &'static str {
        reach::mood(self.lift)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_was_met_there_is_what_to_do_next_and_no_table_of_nothing() {
        let page = super::super::sample::holdout_of_nobody();
        let html = page.render();
        assert!(html.contains("Nothing can be compared yet") && html.contains("[holdout]\nshare = 0.05"), "{html}");
        assert!(!html.contains("<table") && !html.contains("not known"), "{html}");
        // Met, and nobody held out: there are numbers, and the reason stands once for all that it holds for.
        let mut met = page;
        met.told.lines.iter_mut().for_each(|line| line.treated = (7, None));
        let html = met.render();
        assert!(html.contains("<table") && !html.contains("Nothing can be compared yet"), "{html}");
        let titles: Vec<&str> = met.told.lines.iter().map(|line| line.title.as_str()).collect();
        let [(_, named)] = &met.told.reasons()[..] else { panic!("{:?}", met.told.reasons()) };
        assert_eq!(*named, titles.join(", "));
    }

    #[test]
    fn each_reason_why_nothing_can_be_said_is_said_once() {
        let kpi = |title: &str, lift, reason: Option<&str>| KpiLine {
            title: title.to_owned(),
            held_out: Some(0.0974),
            treated: None,
            is_share: true,
            lift,
            note: None,
            bearing: "unknown",
            reason: reason.map(str::to_owned),
        };
        let known = Some((0.1, 0.0, 0.2));
        let kpis = vec![
            kpi("Ratings", None, Some("nobody rated")),
            kpi("Orders", known, None),
            kpi("Tickets", None, None),
            kpi("Stars", None, Some("nobody rated")),
        ];
        let told = Earned { kpis, ..Earned::default() };
        assert_eq!(told.compared().map(|kpi| kpi.title.as_str()).collect::<Vec<_>>(), ["Orders"]);
        let why = [("nobody rated", "Ratings, Stars".to_owned()), ("not known yet", "Tickets".to_owned())];
        assert_eq!(told.untold(), why);
        let orders = &told.kpis[1];
        assert_eq!((orders.told(&orders.held_out), orders.told(&None)), ("9.7 %".to_owned(), "–".to_owned()));
    }
}
