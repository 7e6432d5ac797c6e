//! What stands on more than one page? A decision's answer, features, and how much better a model is.

use super::{Content, filters};
use crate::Icon;
use crate::chart::Tone;
use crate::format;

/// An interval without a side that is wider than this, as a share of the simple answer's number, tells nothing.
const SHARE_VAGUE: f64 = 2.0;

/// By how much a model is better than a simple answer, as a share of that answer's number, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advantage {
    /// The share; below 0 the model is worse.
    pub share: f64,
    /// The interval's lower bound.
    pub low: f64,
    /// The interval's upper bound.
    pub high: f64,
}

/// On what consent an answer rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentBasis {
    /// The purpose that was asked for: `personalization`.
    pub purpose: String,
    /// Whether it is granted.
    pub granted: bool,
    /// Whether the customer said so, or the settings' default decided.
    pub stated: bool,
}

/// Which model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRef {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A decision's answer.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "answer.html")]
pub struct Answer {
    /// The decision's identifier.
    pub id: String,
    /// What was decided, as people call it: `Recommendations`.
    pub title: String,
    /// What was looked for, where that was asked in words.
    pub sought: Option<Sought>,
    /// What it says.
    pub content: Content,
    /// The consent it rests on.
    pub consent: ConsentBasis,
    /// The model that answered, none for a fallback.
    pub model: Option<ModelRef>,
    /// Why it is not the full answer, in a sentence.
    pub fallback: Option<String>,
    /// Whether the customer is in the group that is held out to measure what decisions are worth.
    pub held_out: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<f64>,
}

/// What was looked for in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// The words as they were written.
    pub words: String,
    /// The words as they were searched, where they were others.
    pub corrected: Option<String>,
    /// What they were understood as: the words, and as what.
    pub understood: Vec<(String, String)>,
    /// What was asked for and let go.
    pub loosened: Vec<String>,
}

/// One feature of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its name in the schema.
    pub name: String,
    /// What it means, in words.
    pub meaning: String,
    /// Its value; none where nothing is known.
    pub value: Option<f64>,
    /// The value's unit: `days`, `TWD`, `orders`.
    pub unit: String,
}

/// Features that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureGroup {
    /// What they have in common: `Recency and frequency`.
    pub title: String,
    /// The features, in the schema's order.
    pub features: Vec<Feature>,
}

impl FeatureGroup {
    /// Whether something of it is known that is not nought.
    pub(super) fn is_telling(&self) -> bool {
        self.features.iter().any(|feature| feature.value.is_some_and(|value| value != 0.0))
    }
}

impl Advantage {
    /// Green or yellow only where the whole interval lies on one side of none.
    pub(super) fn class(&self) -> &'static str {
        if self.low > 0.0 {
            Tone::Good.class()
        } else if self.high < 0.0 {
            Tone::Warn.class()
        } else {
            ""
        }
    }

    /// Whether so much between much worse and much better is possible that the numbers tell nothing.
    fn is_vague(&self) -> bool {
        !self.is_sure() && self.high - self.low > SHARE_VAGUE
    }

    /// Whether the difference is more than chance.
    pub(super) fn is_sure(&self) -> bool {
        !self.class().is_empty()
    }

    /// `+12 %`, `−3 %`, or that nothing can be said.
    pub(super) fn short(&self) -> String {
        if self.is_sure() { signed_percent(self.share) } else { "within noise".to_owned() }
    }

    /// `Better than own favourites by 8 % to 16 % (95 % interval).`
    pub(super) fn against(&self, name: &str) -> String {
        let (low, high) = (format::percent(self.low.abs()), format::percent(self.high.abs()));
        if self.low > 0.0 {
            format!("Better than {name} by {low} to {high} (95 % interval).")
        } else if self.high < 0.0 {
            format!("Worse than {name} by {high} to {low} (95 % interval).")
        } else {
            if self.is_vague() {
                return format!("No clear difference from {name}: too little was seen to tell (95 % interval).");
            }
            format!("Not clearly better than {name}: from {low} worse to {high} better (95 % interval).")
        }
    }

    /// `+8 % to +16 %, 95 % interval`.
    pub(super) fn interval(&self) -> String {
        if self.is_vague() {
            return "no clear difference".to_owned();
        }
        format!("{} to {}, 95 % interval", signed_percent(self.low), signed_percent(self.high))
    }
}

fn signed_percent(share: f64) -> String {
    let text = format::percent(share.abs());
    match share {
        _ if text == format::percent(0.0) => text,
        share if share < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_has_a_colour_only_beyond_noise() {
        let of = |share, low, high| Advantage { share, low, high };
        for (advantage, class, short, interval) in [
            (of(0.12, 0.08, 0.16), "good", "+12 %", "+8 % to +16 %"),
            (of(0.001, -0.003, 0.005), "", "within noise", "−0.3 % to +0.5 %"),
            (of(0.01, -0.000_3, 0.03), "", "within noise", "0 % to +3 %"),
            (of(-0.02, -0.03, 0.0), "", "within noise", "−3 % to 0 %"),
            (of(-0.02, -0.03, -0.01), "warn", "−2 %", "−3 % to −1 %"),
        ] {
            assert_eq!((advantage.class(), advantage.short().as_str()), (class, short));
            assert_eq!(advantage.interval(), format!("{interval}, 95 % interval"));
        }
    }

    #[test]
    fn an_interval_that_tells_nothing_is_not_told_in_numbers() {
        let of = |low, high| Advantage { share: f64::midpoint(low, high), low, high };
        for told in [of(-0.5, 1.5), of(-2.0, 0.0), of(1.0, 9.0), of(-9.0, -1.0)] {
            assert!(told.against("the mean").contains(" by ") || told.against("the mean").contains(" from "));
            assert!(told.interval().ends_with(" %, 95 % interval"), "{}", told.interval());
        }
        let vague = of(-6.638, 12.391);
        assert_eq!(
            vague.against("the mean"),
            "No clear difference from the mean: too little was seen to tell (95 % interval)."
        );
        assert_eq!((vague.interval().as_str(), vague.short().as_str()), ("no clear difference", "within noise"));
        assert_eq!(of(-1.0, 1.01).interval(), "no clear difference");
    }
}
