//! What has the customer agreed to, and what holds where they have said nothing?

use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What personal data is used for. Consent is given and refused per purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Choosing what this customer is shown, offered or told, scores about them included.
    Personalization,
    /// Learning from this customer's behaviour: training, evaluation, statistics.
    Analytics,
    /// Writing to this customer unasked.
    Marketing,
}

impl Purpose {
    /// Every purpose, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Personalization, Self::Analytics, Self::Marketing];

    /// The name used in settings, on the wire and in Segment's `categoryPreferences`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personalization => "personalization",
            Self::Analytics => "analytics",
            Self::Marketing => "marketing",
        }
    }

    /// The purpose a consent category stands for, or `None` where the category is somebody else's business.
    ///
    /// Consent managers name their categories freely; the common names for the same thing are understood.
    #[must_use]
    pub fn from_category(category: &str) -> Option<Self> {
        match category.trim().to_ascii_lowercase().as_str() {
            "personalization" | "personalisation" | "functional" | "preferences" => Some(Self::Personalization),
            "analytics" | "performance" | "statistics" | "measurement" => Some(Self::Analytics),
            "marketing" | "advertising" | "targeting" => Some(Self::Marketing),
            _ => None,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a customer said about one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Whether they agreed.
    pub granted: bool,
    /// When they said it, by the corrected clock of their device.
    pub at: Timestamp,
}

/// Everything a customer has said, the latest word per purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents(BTreeMap<Purpose, Statement>);

impl Consents {
    /// Records a statement. A later one wins; of two at the same moment a refusal wins.
    pub fn state(&mut self, purpose: Purpose, statement: Statement) {
        let rank = |s: &Statement| (s.at, !s.granted);
        let known = self.0.entry(purpose).or_insert(statement);
        if rank(&statement) > rank(known) {
            *known = statement;
        }
    }

    /// Takes over what another record of the same customer holds.
    pub fn merge(&mut self, other: &Self) {
        for (purpose, statement) in &other.0 {
            self.state(*purpose, *statement);
        }
    }

    /// What was said about a purpose, if anything.
    #[must_use]
    pub fn stated(&self, purpose: Purpose) -> Option<Statement> {
        self.0.get(&purpose).copied()
    }
}

/// What holds for a purpose about which a customer has said nothing: the setting `consent.default`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentPolicy(BTreeMap<Purpose, bool>);

impl Default for ConsentPolicy {
    /// Personalization and analytics rest on what customers do with the company itself; marketing needs a yes.
    fn default() -> Self {
        Self::new([(Purpose::Personalization, true), (Purpose::Analytics, true), (Purpose::Marketing, false)])
    }
}

impl ConsentPolicy {
    /// A policy; a purpose that is not named is refused.
    #[must_use]
    pub fn new(defaults: impl IntoIterator<Item = (Purpose, bool)>) -> Self {
        Self(defaults.into_iter().collect())
    }

    /// Whether a purpose is granted, and on which basis.
    #[must_use]
    pub fn answer(&self, consents: &Consents, purpose: Purpose) -> ConsentAnswer {
        match consents.stated(purpose) {
            Some(Statement { granted, at }) => ConsentAnswer { purpose, granted, basis: ConsentBasis::Stated { at } },
            None => {
                let granted = self.0.get(&purpose).copied().unwrap_or(false);
                ConsentAnswer { purpose, granted, basis: ConsentBasis::Default }
            }
        }
    }
}

/// The answer to "may we?", with its ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAnswer {
    /// What for.
    pub purpose: Purpose,
    /// Yes or no.
    pub granted: bool,
    /// Who said so.
    pub basis: ConsentBasis,
}

/// Who said so: the customer, or the default for those who have said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentBasis {
    /// The customer said so.
    Stated {
        /// When.
        at: Timestamp,
    },
    /// The customer has said nothing; the setting `consent.default` decides.
    Default,
}

impl ConsentBasis {
    /// `stated` or `default`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stated { .. } => "stated",
            Self::Default => "default",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(granted: bool, millis: i64) -> Statement {
        Statement { granted, at: Timestamp::from_millis(millis) }
    }

    #[test]
    fn the_default_decides_only_where_nothing_was_said() {
        let policy = ConsentPolicy::default();
        let mut consents = Consents::default();
        let answer = policy.answer(&consents, Purpose::Personalization);
        assert_eq!((answer.granted, answer.basis), (true, ConsentBasis::Default));

        consents.state(Purpose::Personalization, said(false, 5));
        let answer = policy.answer(&consents, Purpose::Personalization);
        assert_eq!((answer.granted, answer.basis.name()), (false, "stated"));
        assert!(!policy.answer(&consents, Purpose::Marketing).granted);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(mut words in proptest::collection::vec((any::<bool>(), 0_i64..5), 1..8)) {
            let fold = |words: &[(bool, i64)]| {
                let mut consents = Consents::default();
                for (granted, at) in words {
                    consents.state(Purpose::Marketing, said(*granted, *at));
                }
                consents
            };
            let forward = fold(&words);
            words.reverse();
            prop_assert_eq!(forward, fold(&words));
        }
    }
}
