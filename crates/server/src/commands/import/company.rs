//! Of which simulated company is what comes in, and whose is what is there? Two of them in one place would be taken for one: their
//! things and their people go by the same names. Among real customers its people would be taken for real.

use super::target::Target;
use crate::error::ServerError;
use crate::simulated::{Resident, name};
use primitives::ErrorKind;
use serde::Deserialize;
use serde_json::Value;
use simulation::Label;
use std::cell::{Cell, OnceCell};

/// The one company of which an import may be, once it is of one.
#[derive(Default)]
pub(super) struct Admitted {
    company: OnceCell<Label>,
    /// Whether something came before it that does not say of which it is.
    is_late: Cell<bool>,
}

impl Admitted {
    /// Lets nothing in of another company than the one that is there, or came first.
    ///
    /// # Errors
    /// [`ServerError`] where it is of another one, where what is there is nobody's that is simulated, or where the target
    /// cannot be asked.
    pub(super) fn admit(&self, payload: &Value, target: &dyn Target) -> Result<(), ServerError> {
        let Ok(comes) = Label::deserialize(&payload["traits"]["simulated"]) else {
            self.is_late.set(self.is_late.get() || self.company.get().is_none());
            return Ok(());
        };
        let first = match self.company.get() {
            Some(first) => first,
            None => {
                let first = match target.resident()? {
                    Resident::Nobody if self.is_late.get() => {
                        return Err(refused(&comes, "what came before it in the same import is of none"));
                    }
                    Resident::Nobody => comes.clone(),
                    Resident::Simulated(there) => there,
                    Resident::Others => return Err(refused(&comes, "what is there is of none")),
                };
                self.company.get_or_init(|| first)
            }
        };
        if *first == comes {
            return Ok(());
        }
        let why = format!("what is there is of another one ({}), and their people go by the same names", name(first));
        Err(refused(&comes, &why))
    }
}

fn refused(comes: &Label, why: &str) -> ServerError {
    let message = format!(
        "it is of a simulated company ({}), but {why}: import it into a data directory of its own",
        name(comes)
    );
    ServerError::new(ErrorKind::Conflict, message)
}
