//! What is tried out, what did it find, and what is to be done next?

use super::reach;
use super::{Frame, Section, filters, page};
use crate::chart::Html;
use crate::{Icon, format};
use primitives::{DAY_MS, Timestamp};

/// Experiments, `/experiments`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "experiments.html")]
pub struct ExperimentsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Where another one is declared, for who may; none where that is done in the settings alone.
    pub editor: Option<String>,
    /// When it was counted, or that it is being counted.
    pub when: String,
    /// The experiments: those that run, then those to come, then those that are over.
    pub experiments: Vec<ExperimentCard>,
}
page!(ExperimentsPage, Some(Section::Experiments));

/// An experiment and what it found.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentCard {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// How far it is.
    pub state: ExperimentState,
    /// Who takes part, in words.
    pub who: String,
    /// The flags that it decides.
    pub flags: Vec<String>,
    /// From when to when it is planned, as far as that is known.
    pub timeline: Option<Span>,
    /// What was found, in a word and its colour.
    pub verdict: Option<(&'static str, &'static str)>,
    /// Why, in a sentence.
    pub says: Option<String>,
    /// What to do next.
    pub next: String,
    /// Its variations, the control first.
    pub arms: Vec<ArmLine>,
    /// Whether the variations are as large as they should be, and how likely that count is.
    pub srm: (bool, Option<f64>),
    /// What is to become better.
    pub metrics: Vec<FindingLine>,
    /// What must not become worse.
    pub guardrails: Vec<FindingLine>,
    /// The same of parts of the customers: to think about.
    pub segments: Vec<(String, Vec<FindingLine>)>,
    /// How many customers met more than one variation.
    pub n_mixed: u64,
    /// What can be done with it here; none where the settings declare it, or nobody any more.
    pub turns: Option<Turns>,
    /// Which intervals are told, in a sentence.
    pub intervals: &'static str,
}

/// What can be done with an experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// Whether it can begin.
    pub begins: bool,
    /// Whether it can be stopped.
    pub stops: bool,
    /// The variations that can be given to all, the best first; none where no flag that is saved here is decided by it.
    pub ships: Vec<String>,
}

/// How far an experiment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentState {
    /// It draws.
    Running,
    /// It does not draw yet.
    Draft,
    /// It was stopped, or is over.
    Over,
    /// It is not declared any more.
    Gone,
}

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the first customer met it.
    pub began: Timestamp,
    /// When nobody comes in any more.
    pub closes: Timestamp,
    /// When everybody was counted for as long as is planned.
    pub ends: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// One of those that are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmLine {
    /// Its name.
    pub name: String,
    /// What a flag is for whoever gets it, as JSON.
    pub value: Option<String>,
    /// Its share of those who take part, where that is planned.
    pub share: Option<f64>,
    /// How many customers met it.
    pub n: u64,
}

/// What was found of one KPI and variation.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingLine {
    /// What is counted.
    pub title: String,
    /// Of which variation, against the control.
    pub variation: String,
    /// Of the control, and of the variation.
    pub numbers: (Option<f64>, Option<f64>),
    /// By how much it is more, with its interval: as a share.
    pub lift: Option<(f64, f64, f64)>,
    /// Whether less of it is better.
    pub is_less_better: bool,
    /// Whether the numbers are shares that make up a whole: the change is what one has more, in points.
    pub is_share: bool,
    /// What the numbers do not say of themselves.
    pub note: Option<String>,
    /// `better`, `worse`, `unclear` or `unknown`.
    pub bearing: &'static str,
    /// Why something is missing.
    pub reason: Option<String>,
}

/// The picture of a span is so wide and high.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 14.0;

impl ExperimentState {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Draft => "Draft",
            Self::Over => "Over",
            Self::Gone => "Not declared any more",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Running => "info",
            Self::Draft | Self::Over | Self::Gone => "",
        }
    }
}

impl Span {
    /// From its beginning over the day on which it closes to its end, as far as the present is.
    fn picture(&self) -> Html {
        let whole = share_of(self.began, self.ends, self.ends).max(1.0);
        let at = |when: Timestamp| share_of(self.began, when, self.ends) / whole * WIDTH;
        let (closes, now) = (at(self.closes), at(self.now));
        let words = format::escape(&self.words());
        Html::drawn(format!(
            "<svg class=\"span\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{words}\">\
             <rect class=\"track\" y=\"4\" width=\"{WIDTH}\" height=\"6\"/><rect class=\"fill-soft\" y=\"4\" width=\"{closes:.1}\" height=\"6\"/>\
             <rect class=\"fill-accent\" y=\"4\" width=\"{now:.1}\" height=\"6\"/><path class=\"span-mark\" d=\"M{closes:.1} 0V14\"/></svg>"
        ))
    }

    /// How far it is, in words.
    fn words(&self) -> String {
        let days = |from: Timestamp, until: Timestamp| {
            // A day that has begun counts, as in the sentences beside it.
            let n = u64::try_from(until.millis_since(from)).unwrap_or_default();
            format::counted(n.div_ceil(u64::try_from(DAY_MS).unwrap_or(1)), "day", "days")
        };
        if self.now < self.closes {
            format!("Customers come in for {} more", days(self.now, self.closes))
        } else if self.now < self.ends {
            format!("Nobody comes in any more; what customers do is counted for {} more", days(self.now, self.ends))
        } else {
            "Everybody was counted for as long as is planned".to_owned()
        }
    }
}

/// How far a moment is on the way, in parts of a thousand.
fn share_of(from: Timestamp, at: Timestamp, until: Timestamp) -> f64 {
    let ms = |until: Timestamp| u64::try_from(until.millis_since(from)).unwrap_or_default();
    format::float(ms(at.min(until))) / format::float(ms(until).max(1)) * 1_000.0
}

impl ExperimentCard {
    /// Whether anybody declares it still.
    fn is_declared(&self) -> bool {
        self.state != ExperimentState::Gone
    }

    fn n(&self) -> u64 {
        self.arms.iter().map(|arm| arm.n).sum()
    }

    /// How many should have met a variation.
    fn expected(&self, arm: &ArmLine) -> Option<String> {
        let came =
            if self.n() == 0 { String::new() } else { format!(", {} came", format::percent_of(arm.n, self.n())) };
        arm.share.map(|share| format!("{} planned{came}", format::percent(share)))
    }

    /// What was compared, with the words above it.
    fn findings(&self) -> [(&'static str, &[FindingLine]); 2] {
        [("What is to become better", &self.metrics), ("What must not become worse", &self.guardrails)]
    }

    /// Whether it has anything to be compared.
    fn is_told(&self) -> bool {
        !self.metrics.is_empty() || !self.guardrails.is_empty()
    }

    /// The interval of a line, coloured by what is better.
    fn picture(&self, line: &FindingLine) -> Html {
        let all = self.metrics.iter().chain(&self.guardrails);
        let reach = reach::reach(all.filter_map(|line| line.lift));
        line.lift.map_or_else(|| Html::drawn(String::new()), |lift| reach::picture(lift, reach, line.mood()))
    }
}

impl FindingLine {
    /// A share in percent, and whatever else as a number.
    fn told(&self, value: &f64) -> String {
        if self.is_share { format::percent(*value) } else { format::number(*value) }
    }

    /// By how much it is more, and from where to where that may be.
    fn change(&self) -> Option<(String, String)> {
        let (lift, low, high) = self.lift?;
        let said = |share: &f64| if self.is_share { reach::points(share) } else { reach::signed(share) };
        Some((said(&lift), format!("{} to {}", said(&low), said(&high))))
    }

    fn mood(&self) -> &'static str {
        match self.bearing {
            "better" => "good",
            "worse" => "bad",
            _ => "plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_in_percent_and_what_it_has_more_in_points() {
        let line = |is_share: bool| FindingLine {
            title: "Chosen".to_owned(),
            variation: "mixed".to_owned(),
            numbers: (Some(0.056), Some(0.944)),
            lift: Some((0.888, 0.426, 0.983)),
            is_less_better: false,
            is_share,
            note: None,
            bearing: "better",
            reason: None,
        };
        assert_eq!((line(true).told(&0.944), line(false).told(&0.944)), ("94.4 %".to_owned(), "0.94".to_owned()));
        let (more, range) = line(true).change().unwrap();
        assert_eq!((more.as_str(), range.as_str()), ("+88.8 points", "+42.6 points to +98.3 points"));
        assert_eq!(line(false).change().unwrap().0, "+88.8 %");
    }

    #[test]
    fn a_span_says_how_far_it_is() {
        let at = |day: &str| Timestamp::parse(&format!("2026-11-{day}T12:00:00Z")).unwrap();
        let span = |now: &str| Span { began: at("01"), closes: at("15"), ends: at("29"), now: at(now) };
        assert_eq!(span("08").words(), "Customers come in for 7 days more");
        assert!(span("08").picture().as_str().contains("class=\"fill-accent\" y=\"4\" width=\"150.0\""));
        assert!(span("16").words().starts_with("Nobody comes in any more"), "{}", span("16").words());
        assert!(span("29").words().starts_with("Everybody was counted"));
        // A clock that was set back draws nothing beside the picture.
        let early = Span { now: Timestamp::from_millis(0), ..span("08") };
        assert!(early.picture().as_str().contains("fill-accent\" y=\"4\" width=\"0.0\""));
    }
}
