//! What can be read of a customer?

use crate::decide::Catalogue;
use crate::error::EngineError;
use crate::{Engine, Live};
use decisions::{Answer, DecisionKind, Question, Subject};
use features::{Definition, FeatureState};
use governance::{ConsentAnswer, Purpose, permit};
use learning::{DatasetStats, ModelKind, Requirement};
use primitives::{ErrorKind, Timestamp};
use profiles::Customer;
use std::borrow::Cow;
use std::sync::Arc;

/// A customer as of now: profile, consent, features and scores.
#[derive(Debug, Clone)]
pub struct CustomerView {
    /// The profile, and the features' state.
    pub customer: Customer<FeatureState>,
    /// What holds for each purpose.
    pub consents: Vec<ConsentAnswer>,
    /// The features, each with its value: NaN where it is not known.
    pub features: Vec<(Arc<Definition>, f64)>,
    /// The churn score with its reasons, as a decision would give it; reading it logs nothing.
    pub churn: Answer,
}

impl Live {
    /// A customer by any of their names or their customer id; `None` where nobody goes by that name.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn customer(&self, name: &str) -> Result<Option<Customer<FeatureState>>, EngineError> {
        let Some(id) = self.profiles.find_by_text(name)? else { return Ok(None) };
        Ok(self.profiles.customer(&id)?.map(Cow::into_owned))
    }
}

impl Engine {
    /// A customer by any of their names or their customer id.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nobody goes by that name.
    pub fn customer(&self, name: &str) -> Result<CustomerView, EngineError> {
        let as_of = self.clock.now();
        let customer = self.look(|live| live.customer(name))?.ok_or_else(|| {
            EngineError::new(
                ErrorKind::NotFound,
                "no customer goes by this name: give a userId, an anonymousId or a customerId that was seen in an event",
            )
        })?;
        let consents = Purpose::ALL.map(|purpose| self.policy.answer(&customer.profile.consents, purpose)).to_vec();
        let features = self.catalogue().all();
        let mut values = Vec::with_capacity(features.len());
        features.read(&customer.state, as_of, &mut values);
        Ok(CustomerView {
            consents,
            features: features.definitions().iter().cloned().zip(values).collect(),
            churn: self.churn_score(&customer, as_of)?,
            customer,
        })
    }

    /// A customer's churn score, as a decision would give it, without logging one.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn churn_score(&self, customer: &Customer<FeatureState>, as_of: Timestamp) -> Result<Answer, EngineError> {
        let kind = DecisionKind::Churn;
        let id = customer.profile.id.clone();
        let question = Question { kind, customer: id, as_of, n: 1, context: events::Fields::new() };
        let subject = Subject::of(Some(customer), &self.policy, kind.purpose(), as_of);
        Ok(decisions::decide(&question, &subject, &self.champions(), &decisions::Testimony::default())?)
    }
}

impl Engine {
    /// What would be decided for a customer now, without logging a decision.
    ///
    /// # Errors
    /// [`EngineError`] where `n` is out of range.
    pub fn preview(
        &self,
        customer: &Customer<FeatureState>,
        kind: DecisionKind,
        n: usize,
    ) -> Result<Answer, EngineError> {
        let (as_of, champions) = (self.clock.now(), self.champions());
        let id = customer.profile.id.clone();
        let question = Question { kind, customer: id, as_of, n, context: events::Fields::new() };
        let subject = Subject::of(Some(customer), &self.policy, kind.purpose(), as_of);
        Ok(self.look(|live| decisions::decide(&question, &subject, &champions, &Catalogue { live, as_of }))?)
    }

    /// What a model needs to be trained, and what there is: counted over the customers in memory who permit to be learned
    /// from.
    pub fn readiness(&self, kind: ModelKind) -> Vec<Requirement> {
        let now = self.clock.now();
        let stats = self.look(|live| {
            let permitted = live.profiles.resident().filter_map(|customer| {
                permit(&self.policy, &customer.profile.consents, Purpose::Analytics, &customer.state).ok()
            });
            let permitted: Vec<_> = permitted.collect();
            DatasetStats::of(|| permitted.iter().map(|state| *state.get()), now)
        });
        learning::readiness(kind, &stats)
    }

    /// Whether everything is there to train a model.
    pub fn is_ready_to_train(&self, kind: ModelKind) -> bool {
        self.readiness(kind).iter().all(|requirement| requirement.met)
    }
}
