//! How often was a customer contacted, and what did they make of it? As far as it says when to leave them alone.
//!
//! It is what the company itself did, and it is looked at whatever the customer permits: only so can somebody be left alone.

use primitives::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One action that was answered about a customer, or that met them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacted {
    /// Which decision: the number of its name.
    #[serde(rename = "d")]
    pub decision: u64,
    /// Which action, in the same way; 0 where that was not said.
    #[serde(rename = "a")]
    pub action: u64,
    /// Over which channel, in the same way; 0 where that was not said.
    #[serde(rename = "c", default, skip_serializing_if = "is_zero")]
    pub channel: u64,
    /// When it was answered or shown, whichever was last.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When it was answered, where it was shown after that.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When it was sent away.
    #[serde(rename = "no", default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// When what it was for was done.
    #[serde(rename = "yes", default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What says whether a customer is left alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reached {
    /// When they were contacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contacted>,
    /// Whether they permit marketing.
    pub permits_marketing: bool,
    /// How many places are free, of the channels of which it is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub free: BTreeMap<String, u64>,
}

/// Which contacts with a customer are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedBack {
    /// Those that were answered within so many days.
    pub counted: i64,
    /// Those of which they made something within so many days.
    pub back: i64,
    /// Those with these actions, however long ago.
    pub always: BTreeSet<u64>,
}

impl LookedBack {
    /// From when on answers are looked for.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        if self.always.is_empty() {
            Contacted::days_before(now, self.counted)
        } else {
            Timestamp::from_millis(i64::MIN)
        }
    }

    /// Whether an answer is still to be known.
    #[must_use]
    pub fn counts(&self, one: &Contacted, now: Timestamp) -> bool {
        one.at.is_some_and(|at| at > Contacted::days_before(now, self.counted)) || self.always.contains(&one.action)
    }

    /// Whether what is found with it holds all that is found with another.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.counted >= other.counted && self.always.is_superset(&other.always)
    }

    /// What is told of a customer's contacts at a moment, by what they were answered and by events, each with whether the company told
    /// it.
    #[must_use]
    pub fn told(&self, answered: &[Contacted], events: Vec<(Contacted, bool)>, now: Timestamp) -> Vec<Contacted> {
        let since = Contacted::days_before(now, self.back);
        let mut all = Contacted::joined(answered, events);
        all.retain(|one| one.last_at().is_some_and(|at| at > since) || self.always.contains(&one.action));
        all
    }
}

impl Contacted {
    /// The number of a name, as events say it.
    #[must_use]
    pub fn number_of(name: &str) -> u64 {
        features::Contact::name_of(name)
    }

    /// When anything was last known of it.
    #[must_use]
    pub fn last_at(&self) -> Option<Timestamp> {
        [self.at, self.refused_at, self.accepted_at].into_iter().flatten().max()
    }

    /// What was answered about a customer, with what events say came of it, each with whether the company told it: an event that names
    /// no action means the first of its decision.
    ///
    /// A decision that only a public write key tells of counts where it was answered about this customer, or the company says that it
    /// met them: whoever has the key could invent refusals of others otherwise.
    #[must_use]
    pub fn joined(answered: &[Self], events: Vec<(Self, bool)>) -> Vec<Self> {
        let vouched: Vec<Self> = events.iter().filter(|(_, is_vouched)| *is_vouched).map(|(event, _)| *event).collect();
        let mut all: Vec<Self> = answered.to_vec();
        for (event, is_vouched) in events {
            if !is_vouched && !event.is_of_one(answered) && !event.is_of_one(&vouched) {
                continue;
            }
            let is_meant =
                |one: &&mut Self| one.decision == event.decision && (one.action == event.action || event.action == 0);
            match all.iter_mut().find(is_meant) {
                Some(known) => {
                    if event.at > known.at {
                        known.answered_at = known.answered_at.or(known.at);
                        known.at = event.at;
                    }
                    known.refused_at = known.refused_at.max(event.refused_at);
                    known.accepted_at = known.accepted_at.max(event.accepted_at);
                    known.channel = if event.channel == 0 { known.channel } else { event.channel };
                }
                None => all.push(event),
            }
        }
        all
    }

    /// Whether it is about one of these: the same action of the same decision, as far as one is said.
    fn is_of_one(&self, known: &[Self]) -> bool {
        let is_it = |one: &Self| one.action == self.action || one.action == 0 || self.action == 0;
        known.iter().any(|one| one.decision == self.decision && is_it(one))
    }

    /// So many days before a moment.
    #[must_use]
    pub fn days_before(at: Timestamp, days: i64) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_sub(days.saturating_mul(DAY_MS)))
    }
}
