//! How high is a probability, in a word and a colour?

use crate::chart::Tone;

/// How high a probability is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// Of a risk: nothing to do.
    Low,
    /// Of a risk: to be watched.
    Medium,
    /// Of a risk: to be acted on.
    High,
}

impl Band {
    /// The band of a probability: from 0.35 on medium, from 0.65 on high.
    #[must_use]
    pub fn of(probability: f64) -> Self {
        match probability {
            p if p >= 0.65 => Self::High,
            p if p >= 0.35 => Self::Medium,
            _ => Self::Low,
        }
    }

    /// The colour it is shown in: only of a risk is it known which end is the good one.
    #[must_use]
    pub fn tone(self, is_risk: bool) -> Tone {
        match self {
            _ if !is_risk => Tone::Accent,
            Self::Low => Tone::Good,
            Self::Medium => Tone::Warn,
            Self::High => Tone::Bad,
        }
    }

    pub(super) fn class(self, is_risk: bool) -> &'static str {
        match self {
            Self::Low if !is_risk => "",
            _ if !is_risk => "info",
            _ => self.tone(is_risk).class(),
        }
    }

    /// Its name: `High`, and of a risk `High risk`.
    #[must_use]
    pub fn words(self, is_risk: bool) -> String {
        let word = match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
        };
        if is_risk { format!("{word} risk") } else { word.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_where_they_say() {
        for (probability, band) in [
            (0.0, Band::Low),
            (0.349, Band::Low),
            (0.35, Band::Medium),
            (0.65, Band::High),
            (1.0, Band::High),
            (f64::NAN, Band::Low),
        ] {
            assert_eq!(Band::of(probability), band, "{probability}");
        }
    }
}
