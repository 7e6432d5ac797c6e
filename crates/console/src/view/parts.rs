//! What stands on more than one page? A decision's answer, features, and how much better a model is.

use super::{Content, filters};
use crate::Icon;
use crate::chart::Tone;
use crate::format;

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
            format!("Not clearly better than {name}: from {low} worse to {high} better (95 % interval).")
        }
    }

    /// `+8 % to +16 %`.
    pub(super) fn interval(&self) -> String {
        format!("{} to {}", signed_percent(self.low), signed_percent(self.high))
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
            assert_eq!(advantage.interval(), interval);
        }
    }
}
