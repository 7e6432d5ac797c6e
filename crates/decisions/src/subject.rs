//! What may be known of the customer for this decision?

use features::{FeatureState, FeatureVector, catalogue};
use governance::{ConsentAnswer, ConsentPolicy, Consents, Permitted, Purpose, permit};
use primitives::{ItemKey, Timestamp};
use profiles::Customer;
use serde::{Deserialize, Serialize};

/// The customer, as far as consent allows.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Known, and their data may be used.
    Known(Permitted<Knowledge>),
    /// Known, and their data may not be used.
    Withheld(ConsentAnswer),
    /// Never heard of.
    Unknown(ConsentAnswer),
}

/// What is known of a customer at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Knowledge {
    /// Their features.
    pub vector: FeatureVector,
    /// What they bought lately, from old to new.
    pub bought: Vec<Bought>,
}

/// One product that was bought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bought {
    /// Which item.
    pub item: ItemKey,
    /// When.
    pub at: Timestamp,
    /// How many pieces, in thousandths.
    pub milli_units: i64,
}

impl Subject {
    /// Asks for consent and hands out what is known: the consent check of every decision.
    #[must_use]
    pub fn of(
        customer: Option<&Customer<FeatureState>>,
        policy: &ConsentPolicy,
        purpose: Purpose,
        as_of: Timestamp,
    ) -> Self {
        let Some(customer) = customer else {
            return Self::Unknown(policy.answer(&Consents::default(), purpose));
        };
        match permit(policy, &customer.profile.consents, purpose, customer) {
            Ok(permitted) => Self::Known(permitted.map(|customer| Knowledge::of(&customer.state, as_of))),
            Err(denied) => Self::Withheld(denied.0),
        }
    }

    /// The ground on which the data may or may not be used.
    #[must_use]
    pub fn consent(&self) -> ConsentAnswer {
        match self {
            Self::Known(knowledge) => knowledge.consent(),
            Self::Withheld(consent) | Self::Unknown(consent) => *consent,
        }
    }
}

impl Knowledge {
    fn of(state: &FeatureState, as_of: Timestamp) -> Self {
        let bought = |line: &features::Line| Bought { item: line.item, at: line.at, milli_units: line.milli_units };
        Self { vector: state.vector(as_of), bought: state.lines().iter().map(bought).collect() }
    }

    /// How many orders the customer ever made, with or without products.
    pub(crate) fn n_orders(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, kept as a feature")]
        let whole = |n: f64| n as u64;
        self.feature("orders_all").map_or(0, whole)
    }

    /// A feature by its name; `None` where it is not known.
    pub(crate) fn feature(&self, name: &str) -> Option<f64> {
        let value = catalogue::index_of(name).and_then(|place| self.vector.values.get(place));
        value.copied().filter(|value| !value.is_nan())
    }
}
