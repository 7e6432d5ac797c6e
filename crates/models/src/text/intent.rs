//! Which class is a message of, how sure is that, and is it of any?

mod fit;
mod model;

pub use model::{IntentModel, Part, Reading};

use super::learned::{Encoders, Learning};
use super::svm::Lines;
use super::terms::TermLimits;
use crate::settings::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// Words, pairs of words and runs of letters, a line for each class, and how sure it is.
    ///
    /// ```text
    /// x(message)    = words 1-2 | letters 2-5 | encoders,    each of length 1, by 1 + ln(count) and rarity
    /// margin[c]     = w[c] x                                 the largest margin between c and all others
    /// confidence[c] = exp(a margin[c]) / sum of exp(a margin)
    /// scope         = weights of (largest margin, its lead, mean cosine of the nearest messages, share of known words)
    /// ```
    /// `a` and the weights are learned on messages, and on whole classes, that were left out of learning; so fitting learns
    /// about as much again as the model for each of `n_folds`.
    /// *Shapes*: messages and their classes of one length; classes by any name. *Guarantees*: the same for any order of the messages;
    /// a class by another name is the same class; the same on any number of threads.
    /// *Edge cases*: messages without a letter or digit are left out; classes of one message are learned, and never judged.
    /// *Cost*: 10,000 messages of 77 classes take some seconds; a message of 14 words less than 0.2 ms.
    /// *Source*: Salton and Buckley 1988, Hsieh et al. 2008, Guo et al. 2017, as the parts name them.
    IntentSettings {
        /// What a message on the wrong side of a line costs.
        cost: f64 = 0.5 in 0.001..=1_000.0, larger: "follows single messages more closely";
        /// In so many messages a word or a pair of words must stand.
        word_messages_min: u32 = 1 in 1..=10_000, larger: "forgets rare words";
        /// In so many messages a run of letters must stand.
        letters_messages_min: u32 = 2 in 1..=10_000, larger: "forgets rare runs of letters";
        /// How many words, and how many runs of letters, are kept at most.
        n_terms_max: usize = 200_000 in 10..=2_000_000, larger: "keeps rarer ones and takes more room";
        /// Into how many parts messages are cut to learn how sure the model is.
        n_folds: u32 = 3 in 2..=20, larger: "learns it nearer to the model itself, and takes longer";
        /// With how many messages one is compared.
        n_nearest: usize = 5 in 1..=100, larger: "needs more messages alike before one counts as known";
        /// The share of good messages that may be handed to a person as being about something else.
        handed_off: f64 = 0.05 in 0.0..=0.9, larger: "lets less through that is about something else, and hands off more that is not";
        /// How sure a part of a message must be to count as a wish of its own.
        part_confidence: f64 = 0.5 in 0.0..=1.0, larger: "finds fewer wishes in one message";
    }
}

impl IntentSettings {
    fn learning(&self, encoders: &Encoders) -> Learning {
        let lines = Lines { cost: self.cost, tolerance: 0.01, n_passes_max: 1_000 };
        Learning {
            lines,
            words: TermLimits { n_messages_min: self.word_messages_min, n_terms_max: self.n_terms_max },
            letters: TermLimits { n_messages_min: self.letters_messages_min, n_terms_max: self.n_terms_max },
            n_nearest: self.n_nearest,
            square: 1.0 + encoders.iter().map(|encoder| f64::from(encoder.weight()).powi(2)).sum::<f64>(),
        }
    }
}

/// How well a model did on messages that were left out of learning while it was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which share of messages was told right.
    pub accuracy: f64,
    /// How far the confidence lies from the share that was right, in ten parts of equal width. Of the messages that the confidence
    /// was learned from.
    pub calibration_error: f64,
    /// How likely a message of a class that was learned looks more like one than a message of a class that was left out:
    /// [`crate::metrics::auc`]. Missing where there are too few classes to leave some out.
    pub scope_auc: Option<f64>,
}

#[cfg(test)]
mod tests;
