//! What becomes of what past decisions knew of a customer who refuses now?

use crate::error::EngineError;
use crate::{Engine, Live};
use decisions::{LoggedDecision, Record};
use features::FeatureState;
use governance::{ConsentBasis, Purpose};
use primitives::{CustomerId, DecisionId, ErrorKind};
use profiles::{Customer, Identifier};
use std::borrow::Cow;

impl Engine {
    /// Looks at the next `n_max` customers with decisions after `after`, which goes along and is `None` again where there
    /// are no more. Of those who refuse personalization or analytics, all decisions lose what was known of the customer,
    /// whenever they were made: a refusal may be stamped later or earlier than it came.
    ///
    /// # Errors
    /// [`EngineError`], also where a record cannot be read; the next call goes on after that customer.
    pub fn forget_refused(&self, after: &mut Option<CustomerId>, n_max: usize) -> Result<(), EngineError> {
        let mut unreadable = Vec::new();
        for _ in 0..n_max {
            *after = self.ports.decisions.next_customer(after.as_ref())?;
            let Some(id) = &*after else { break };
            for id in self.look(|live| self.to_forget(live, id))? {
                self.ports.decisions.forget(&id, &mut |logged| without_knowledge(&logged, &mut unreadable))?;
            }
        }
        match unreadable.first() {
            Some(first) => Err(still_known(unreadable.len(), first)),
            None => Ok(()),
        }
    }

    /// Whether what decisions knew of a customer stays: they refuse nothing for which it is forgotten.
    ///
    /// # Errors
    /// [`EngineError`] where the customer cannot be read.
    pub fn remembers(&self, id: &CustomerId) -> Result<bool, EngineError> {
        Ok(self.look(|live| self.to_forget(live, id))?.is_empty())
    }

    /// Where the customer of an id refuses: that id, and those of everybody who became one with them.
    fn to_forget(&self, live: &Live, id: &CustomerId) -> Result<Vec<CustomerId>, EngineError> {
        let Some(customer) = bearer(live, id)?.filter(|customer| self.refuses(customer)) else { return Ok(Vec::new()) };
        let mut ids = vec![id.clone()];
        for former in customer.profile.links.keys().map(Identifier::customer_id) {
            if former != *id && live.profiles.customer(&former)?.is_none() {
                ids.push(former);
            }
        }
        Ok(ids)
    }

    fn refuses(&self, customer: &Customer<FeatureState>) -> bool {
        [Purpose::Personalization, Purpose::Analytics].into_iter().any(|purpose| {
            let answer = self.policy.answer(&customer.profile.consents, purpose);
            !answer.granted && matches!(answer.basis, ConsentBasis::Stated { .. })
        })
    }
}

/// Who bears an id, or whom its founder's name leads to since they became one with somebody.
fn bearer<'l>(live: &'l Live, id: &CustomerId) -> Result<Option<Cow<'l, Customer<FeatureState>>>, EngineError> {
    if let Some(customer) = live.profiles.customer(id)? {
        return Ok(Some(customer));
    }
    match live.profiles.find(&Identifier::founder(id))? {
        Some(heir) => Ok(live.profiles.customer(&heir)?),
        None => Ok(None),
    }
}

fn without_knowledge(logged: &LoggedDecision, unreadable: &mut Vec<DecisionId>) -> Option<Vec<u8>> {
    let Ok(record) = Record::open(logged) else {
        unreadable.push(logged.id.clone());
        return None;
    };
    Some(record.forget().to_logged().record)
}

fn still_known(n: usize, first: &DecisionId) -> EngineError {
    let message = format!(
        "{n} decisions about customers who have refused cannot be read and keep what they knew, the first of them {first}: \
         restore them from a backup, or let decisions.keep_days remove them"
    );
    EngineError::new(ErrorKind::Corrupt, message)
}
