//! What can be read of a customer?

use crate::error::EngineError;
use crate::shelves::Shelves;
use crate::spending::Purses;
use crate::{Engine, Live};
use decisions::{Answer, Kind, KindName, Models, Parameters, Question, Subject};
use features::{Catalogue, Definition, FeatureState, Items};
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
        parameters: Parameters,
    ) -> Result<Answer, EngineError> {
        let (models, catalogue) = (self.models(), self.catalogue());
        let question = asked(customer, kind, as_of, parameters, events::Fields::new());
        self.look(|live| self.answer(customer, kind, &question, (&models, &catalogue), &live.items))
    }

    /// What would be decided for a customer at such a place if these were the items: those of another moment.
    ///
    /// # Errors
    /// As [`Engine::preview`].
    pub fn preview_among(
        &self,
        customer: &Customer<FeatureState>,
        kind: &dyn Kind,
        as_of: Timestamp,
        (parameters, context): (Parameters, events::Fields),
        items: &Items,
    ) -> Result<Answer, EngineError> {
        let question = asked(customer, kind, as_of, parameters, context);
        self.answer(customer, kind, &question, (&self.models(), &self.catalogue()), items)
    }

    fn answer(
        &self,
        customer: &Customer<FeatureState>,
        kind: &dyn Kind,
        question: &Question,
        (models, catalogue): (&Models, &Catalogue),
        items: &Items,
    ) -> Result<Answer, EngineError> {
        let as_of = question.as_of;
        let currency = self.capabilities.measures.currency;
        let subject = Subject::of(Some(customer), &self.policy, kind.about(), models, catalogue, (as_of, currency));
        let kinds = &self.capabilities.kinds;
        // What was spent by now says nothing of another moment.
        let priced = self.purses(kind, &question.customer, (as_of, Purses::Endless));
        let shelves = Shelves { priced, ..Shelves::of(items, as_of) };
        Ok(decisions::decide(kinds, catalogue, question, &subject, models, &shelves)?)
    }
}

fn asked(
    customer: &Customer<FeatureState>,
    kind: &dyn Kind,
    as_of: Timestamp,
    parameters: Parameters,
    context: events::Fields,
) -> Question {
    let (kind, customer) = (kind.about().name.clone(), customer.profile.id.clone());
    Question { kind, customer, as_of, parameters, context, arm: None }
}
