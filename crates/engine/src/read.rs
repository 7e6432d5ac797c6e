//! What can be read of a customer?

use crate::decide::Shelves;
use crate::error::EngineError;
use crate::{Engine, Live};
use decisions::{Answer, Kind, KindName, Question, Subject};
use features::{Definition, FeatureState};
use governance::{ConsentAnswer, Purpose};
use primitives::{ErrorKind, Timestamp};
use profiles::Customer;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A customer as of now: profile, consent, features and scores.
#[derive(Debug, Clone)]
pub struct CustomerView {
    /// The profile, and the features' state.
    pub customer: Customer<FeatureState>,
    /// What holds for each purpose.
    pub consents: Vec<ConsentAnswer>,
    /// The features, each with its value: NaN where it is not known. None of who does not permit personalization.
    pub features: Vec<(Arc<Definition>, f64)>,
    /// What would be answered now by each kind that stands on the page of a customer; reading it logs nothing.
    pub scores: Vec<(KindName, Answer)>,
    /// The lists that they were found on last: names and titles.
    pub lists: BTreeMap<String, String>,
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
        // As in lists: what is computed from behaviour is not known of who does not permit it.
        let is_permitted = self.policy.answer(&customer.profile.consents, Purpose::Personalization).granted;
        let features = self.catalogue().all();
        let mut values = Vec::with_capacity(features.len());
        features.read(&customer.state, as_of, &mut values);
        let features = features.definitions().iter().cloned().zip(values).filter(|_| is_permitted).collect();
        Ok(CustomerView {
            consents,
            features,
            scores: self.scores(&customer, as_of)?,
            lists: self.lists_of(&customer.profile.id)?,
            customer,
        })
    }

    /// What would be answered by each kind that stands on the page of a customer, without logging a decision.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn scores(
        &self,
        customer: &Customer<FeatureState>,
        as_of: Timestamp,
    ) -> Result<Vec<(KindName, Answer)>, EngineError> {
        let on_profile = self.capabilities.kinds.iter().filter(|kind| kind.about().on_profile);
        on_profile
            .map(|kind| Ok((kind.about().name.clone(), self.preview(customer, kind, as_of, BTreeMap::new())?)))
            .collect()
    }

    /// What would be decided for a customer, without logging a decision.
    ///
    /// # Errors
    /// [`EngineError`] where a parameter is out of range.
    pub fn preview(
        &self,
        customer: &Customer<FeatureState>,
        kind: &dyn Kind,
        as_of: Timestamp,
        parameters: BTreeMap<String, i64>,
    ) -> Result<Answer, EngineError> {
        let (models, about) = (self.models(), kind.about());
        let catalogue = &self.catalogue();
        let kinds = &self.capabilities.kinds;
        let id = customer.profile.id.clone();
        let context = events::Fields::new();
        let question = Question { kind: about.name.clone(), customer: id, as_of, parameters, context };
        let subject = Subject::of(Some(customer), &self.policy, about, &models, catalogue, as_of);
        Ok(self
            .look(|live| decisions::decide(kinds, catalogue, &question, &subject, &models, &Shelves { live, as_of }))?)
    }
}
