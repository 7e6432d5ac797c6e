//! What becomes of what past decisions knew of a customer who refuses now?

use super::Engine;
use crate::error::ServerError;
use decisions::{DecisionLogError, LoggedDecision, Record};
use governance::{ConsentBasis, Purpose};
use primitives::{CustomerId, Timestamp};

impl Engine {
    /// Looks at the next `n_max` customers with decisions after `after`. Of those who refuse personalization or
    /// analytics by now, the decisions keep their answer and lose what was known of the customer. Answers with the
    /// last one looked at; `None` where there are no more.
    ///
    /// # Errors
    /// [`ServerError`]; calling it again goes on.
    pub fn forget_refused(&self, after: Option<CustomerId>, n_max: usize) -> Result<Option<CustomerId>, ServerError> {
        let mut last = after;
        for _ in 0..n_max {
            let Some(id) = self.ports.decisions.next_customer(last.as_ref())? else { return Ok(None) };
            if self.refuses(&id)? {
                // When they refused is what a clock of theirs says. Whoever refuses now did so after every decision that
                // knew them: one from after it knows nothing.
                self.ports.decisions.forget(&id, Timestamp::MAX, &mut without_inputs)?;
            }
            last = Some(id);
        }
        Ok(last)
    }

    /// Whether a customer refuses by a word of theirs, as far as the log has been read.
    fn refuses(&self, id: &CustomerId) -> Result<bool, ServerError> {
        self.look(|live| {
            let Some(customer) = live.profiles.customer(id)? else { return Ok(false) };
            let answers = [Purpose::Personalization, Purpose::Analytics]
                .map(|purpose| self.policy.answer(&customer.profile.consents, purpose));
            Ok(answers.iter().any(|answer| !answer.granted && matches!(answer.basis, ConsentBasis::Stated { .. })))
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
