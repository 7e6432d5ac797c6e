//! Of which simulated company is what comes in, and of which is what is there? Two of them in one place would be taken for one:
//! their things and their people go by the same names.

use super::target::Target;
use crate::error::ServerError;
use crate::simulated;
use primitives::ErrorKind;
use serde::Deserialize;
use serde_json::Value;
use simulation::Label;
use std::cell::OnceCell;

/// The company that a target holds, asked for once it matters.
#[derive(Default)]
pub(super) struct Resident(OnceCell<Option<Label>>);

impl Resident {
    /// Lets nothing in of another company than the one that is there.
    ///
    /// # Errors
    /// [`ServerError`] where it is of another one, or the target cannot be asked.
    pub(super) fn admit(&self, payload: &Value, target: &dyn Target) -> Result<(), ServerError> {
        let Some(comes) = label(&payload["traits"]["simulated"]) else { return Ok(()) };
        if self.0.get().is_none() {
            let said = target.simulated()?;
            self.0.get_or_init(|| said.as_ref().and_then(label));
        }
        match self.0.get().and_then(Option::as_ref).filter(|known| **known != comes) {
            None => Ok(()),
            Some(known) => {
                let message = format!(
                    "it is of another simulated company ({}) than what is there ({}), and their people go by the same names: \
                     import it into a data directory of its own",
                    simulated::name(&comes),
                    simulated::name(known)
                );
                Err(ServerError::new(ErrorKind::Conflict, message))
            }
        }
    }
}

fn label(said: &Value) -> Option<Label> {
    Label::deserialize(said).ok()
}
