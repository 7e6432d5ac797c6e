//! What becomes of what past decisions knew of a customer who refuses now?

use super::Engine;
use crate::error::ServerError;
use decisions::{DecisionLogError, LoggedDecision, Record};
use governance::{ConsentBasis, Purpose};
use primitives::{CustomerId, Timestamp};

impl Engine {
    /// Looks at the next `n_max` customers with decisions after `after`. Of those who have refused personalization or
    /// analytics, the decisions from before keep their answer and lose what was known of the customer. Answers with the
    /// last one looked at; `None` where there are no more.
    ///
    /// # Errors
    /// [`ServerError`]; calling it again goes on.
    pub fn forget_refused(&self, after: Option<CustomerId>, n_max: usize) -> Result<Option<CustomerId>, ServerError> {
        let mut last = after;
        for _ in 0..n_max {
            let Some(id) = self.ports.decisions.next_customer(last.as_ref())? else { return Ok(None) };
            if let Some(refused_at) = self.refused_at(&id)? {
                self.ports.decisions.forget(&id, refused_at, &mut without_inputs)?;
            }
            last = Some(id);
        }
        Ok(last)
    }

    /// When a customer refused last.
    fn refused_at(&self, id: &CustomerId) -> Result<Option<Timestamp>, ServerError> {
        self.look(|live| {
            let Some(customer) = live.profiles.customer(id)? else { return Ok(None) };
            let answers = [Purpose::Personalization, Purpose::Analytics]
                .map(|purpose| self.policy.answer(&customer.profile.consents, purpose));
            let refusals = answers.iter().filter(|answer| !answer.granted).filter_map(|answer| match answer.basis {
                ConsentBasis::Stated { at } => Some(at),
                ConsentBasis::Default => None,
            });
            Ok(refusals.max())
        })
    }
}

fn without_inputs(logged: LoggedDecision) -> Result<Vec<u8>, DecisionLogError> {
    match Record::open(&logged) {
        Ok(record) => Ok(record.forget().to_logged().record),
        Err(error) => Err(DecisionLogError {
            attempt: format!("opening the decision {} failed", logged.id),
            kind: error.kind(),
            source: Box::new(error),
        }),
    }
}
