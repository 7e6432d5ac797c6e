//! When is a question answered so that nobody of the desk is needed any more?

use super::{Mind, ramp};
use crate::actions::Answer;
use crate::concerns::Concern;
use crate::dice::logistic;

impl Mind<'_> {
    /// The chance that a ready answer contains the matter: they are content, and nobody of the desk has to see it.
    #[must_use]
    pub fn is_contained(&self, concern: Concern, answer: Answer) -> f64 {
        let Answer::Ready(answered) = answer else { return 0.0 };
        // What was not asked is an answer to hardly anybody, and least to whoever is angry.
        let calm = ramp(self.life.mood, -0.9, 0.1);
        if answered != concern {
            return 0.04 * calm;
        }
        // What can be told is solved by telling; what has to be done is not.
        let told = match concern {
            Concern::Praise | Concern::OffTopic => 0.9,
            Concern::Product => 0.75,
            Concern::Late | Concern::Billing => 0.6,
            Concern::Refund => 0.5,
            Concern::Fault => 0.4,
            Concern::Cancel | Concern::Wrong => 0.25,
            Concern::Damaged => 0.2,
            Concern::Again => 0.08,
        };
        // The old like to be talked to; the impatient like to be done.
        let old = ramp(f64::from(u32::try_from(self.person.group.age).unwrap_or(0)), 2.0, 4.0);
        told * (0.45 + 0.55 * calm) * (1.0 - 0.3 * old) * (0.85 + 0.15 * (1.0 - self.person.nature.patience))
    }

    /// The chance that somebody of the desk solves it, after so many days, with so much skill for it (around 0).
    #[must_use]
    pub fn is_solved(&self, concern: Concern, days: f64, skill: f64) -> f64 {
        logistic(1.6 + concern.ease() - 0.25 * days + skill)
    }
}
