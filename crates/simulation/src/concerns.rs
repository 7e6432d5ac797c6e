//! What do people write to the desk, and what do they mean by it?
//!
//! A sentence is put together of parts, so that thousands come of a few words; the meaning is known.

mod phrases;

use crate::dice::Dice;

/// What somebody wants of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// A parcel has not come.
    Late,
    /// Something came broken.
    Damaged,
    /// Something else came.
    Wrong,
    /// Money has not come back.
    Refund,
    /// A machine fails.
    Fault,
    /// A bill is not understood.
    Billing,
    /// A membership is to end.
    Cancel,
    /// What a thing is like.
    Product,
    /// It was good.
    Praise,
    /// The same once more.
    Again,
    /// Nothing the desk could help with.
    OffTopic,
}

/// All concerns.
pub const CONCERNS: [Concern; 11] = [
    Concern::Late,
    Concern::Damaged,
    Concern::Wrong,
    Concern::Refund,
    Concern::Fault,
    Concern::Billing,
    Concern::Cancel,
    Concern::Product,
    Concern::Praise,
    Concern::Again,
    Concern::OffTopic,
];

/// What a sentence is about, and in which mood it is written.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    pub(crate) thing: &'a str,
    pub(crate) order: &'a str,
    pub(crate) mood: f64,
    pub(crate) temper: f64,
}

impl Concern {
    pub(crate) fn no(self) -> usize {
        CONCERNS.iter().position(|concern| *concern == self).unwrap_or(0)
    }

    /// What it is called in a decision.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Damaged => "damaged",
            Self::Wrong => "wrong",
            Self::Refund => "refund",
            Self::Fault => "fault",
            Self::Billing => "billing",
            Self::Cancel => "cancel",
            Self::Product => "product",
            Self::Praise => "praise",
            Self::Again => "again",
            Self::OffTopic => "off_topic",
        }
    }

    /// What stands over the ticket.
    #[must_use]
    pub fn subject(self) -> &'static str {
        phrases::of(self).subject
    }

    /// How easily the desk solves it, around 0.
    pub(crate) fn ease(self) -> f64 {
        phrases::of(self).ease
    }

    /// A message of somebody who has this concern.
    pub(crate) fn word(self, dice: &mut Dice, words: &Words<'_>) -> String {
        let phrases = phrases::of(self);
        let anger = (-words.mood * words.temper).max(0.0);
        let mut parts: Vec<&str> = Vec::with_capacity(5);
        parts.extend(dice.pick(&phrases::GREETINGS));
        parts.extend(dice.pick(&phrases.openings));
        parts.extend(dice.pick(&phrases.wishes));
        if dice.chance(0.4) {
            parts.extend(dice.pick(&phrases.details));
        }
        if dice.chance(anger) {
            parts.extend(dice.pick(&phrases::ANGRY));
        } else if words.mood > 0.3 && dice.chance(0.5) {
            parts.extend(dice.pick(&phrases::KIND));
        }
        parts.extend(dice.pick(&phrases::ENDINGS));
        let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let text = text.replace("{thing}", &words.thing.to_lowercase()).replace("{order}", words.order);
        let text = text.replace("{days}", &(2 + dice.below(9)).to_string());
        if anger > 0.5 && dice.chance(0.25) { text.to_uppercase() } else { text }
    }

    /// What the desk answers.
    pub(crate) fn reply(self, dice: &mut Dice) -> String {
        let answer = dice.pick(&phrases::of(self).answers).copied().unwrap_or_default();
        format!(
            "{} {answer} {}",
            phrases::DEAR[dice.below(phrases::DEAR.len())],
            phrases::YOURS[dice.below(phrases::YOURS.len())]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::Seed;
    use std::collections::BTreeSet;

    fn said(concern: Concern, n: u64, mood: f64) -> BTreeSet<String> {
        let words = Words { thing: "House blend", order: "O000001-3", mood, temper: 1.0 };
        (0..n).map(|no| concern.word(&mut Dice::new(Seed::new(7), "test", no), &words)).collect()
    }

    #[test]
    fn thousands_of_sentences_come_of_every_concern() {
        for concern in CONCERNS {
            let said = said(concern, 5_000, -0.3);
            assert!(said.len() > 2_500, "{concern:?}: {}", said.len());
            assert!(said.iter().all(|text| !text.contains(['{', '}'])));
        }
    }

    #[test]
    fn an_angry_person_is_heard() {
        let angry = said(Concern::Late, 400, -1.0);
        let calm = said(Concern::Late, 400, 0.5);
        let loud = |said: &BTreeSet<String>| {
            said.iter()
                .filter(|text| phrases::ANGRY.iter().any(|word| text.to_uppercase().contains(&word.to_uppercase())))
                .count()
        };
        assert!(loud(&angry) > 300 && loud(&calm) == 0, "{} {}", loud(&angry), loud(&calm));
    }
}
