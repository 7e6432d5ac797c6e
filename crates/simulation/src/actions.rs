//! What can be done about somebody? The actions among which is decided, the usual one first.

use crate::concerns::{CONCERNS, Concern};

/// What somebody with a full cart is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Nothing.
    None,
    /// The parcel costs nothing.
    FreeShipping,
    /// A tenth of the price.
    Tenth,
    /// A little of something new.
    Sample,
}

impl Offer {
    /// All offers.
    pub const ALL: [Self; 4] = [Self::None, Self::FreeShipping, Self::Tenth, Self::Sample];

    /// What it is called in a decision.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::FreeShipping => "free_shipping",
            Self::Tenth => "percent_10",
            Self::Sample => "sample",
        }
    }
}

/// What somebody who wrote is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Somebody of the desk reads it and answers, when it is their turn.
    Human,
    /// At once, as somebody with this concern should be answered.
    Ready(Concern),
}

impl Answer {
    /// What it is called in a decision: `human`, or the name of a concern.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Ready(concern) => concern.name(),
        }
    }

    /// All answers, the human one first.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Human).chain(CONCERNS.map(Self::Ready))
    }
}

/// Whether somebody whose machine fails hears of the company before they complain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// No.
    None,
    /// By e-mail.
    Email,
    /// By telephone.
    Call,
}

impl Contact {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::None, Self::Email, Self::Call];

    /// What it is called in a decision.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "no_contact",
            Self::Email => "email",
            Self::Call => "call",
        }
    }

    /// What it costs the company, in minor units.
    pub(crate) fn costs(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Email => 5,
            Self::Call => 400,
        }
    }
}

/// What is offered to a member who is about to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Nothing.
    None,
    /// The next month costs nothing.
    MonthFree,
    /// It rests for a month.
    Pause,
}

impl Retention {
    /// All offers.
    pub const ALL: [Self; 3] = [Self::None, Self::MonthFree, Self::Pause];

    /// What it is called in a decision.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "no_gift",
            Self::MonthFree => "month_free",
            Self::Pause => "pause",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_actions_are_called_the_same_and_the_usual_one_is_to_do_nothing() {
        let distinct = |names: Vec<&'static str>| {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
            names[0]
        };
        assert_eq!(distinct(Offer::ALL.map(Offer::name).into()), "none");
        assert_eq!(distinct(Contact::ALL.map(Contact::name).into()), "no_contact");
        assert_eq!(distinct(Retention::ALL.map(Retention::name).into()), "no_gift");
        assert_eq!(distinct(Answer::all().map(Answer::name).collect()), "human");
        assert_eq!(Answer::all().count(), CONCERNS.len() + 1);
    }
}
