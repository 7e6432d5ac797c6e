//! Who speaks in a conversation, and what is known of them?

use crate::error::EngineError;
use features::{FeatureState, Speaker};
use governance::{ConsentPolicy, Purpose};
use primitives::CustomerId;
use profiles::{CustomerState, Owned, Profiles};

/// Who speaks, and what is known of them.
pub(super) fn speaker<S: CustomerState + Spent>(
    profiles: &Profiles<S>,
    id: &CustomerId,
    policy: &ConsentPolicy,
) -> Result<Speaker, EngineError> {
    let Some(customer) = profiles.customer(id)? else {
        return Ok(Speaker { id: id.clone(), names: Vec::new(), may_read: false, spent: 0.0 });
    };
    let profile = &customer.profile;
    let permits = |purpose| policy.answer(&profile.consents, purpose).granted;
    Ok(Speaker {
        id: id.clone(),
        names: profile.links.keys().cloned().collect(),
        may_read: permits(Purpose::Service),
        spent: if permits(Purpose::Personalization) { customer.state.spent_major() } else { 0.0 },
    })
}

/// What knows how much a customer spent.
pub(super) trait Spent {
    /// In major units of the currency of their newest order.
    fn spent_major(&self) -> f64;
}

impl Spent for FeatureState {
    fn spent_major(&self) -> f64 {
        let Some(currency) = self.currency() else { return 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "sums of orders stay below 2^53 minor units")]
        let minor = self.spent(currency) as f64;
        (minor / f64::from(10_u32.pow(currency.digits()))).max(0.0)
    }
}

impl Spent for Owned<FeatureState> {
    fn spent_major(&self) -> f64 {
        self.state.spent_major()
    }
}
