//! Whom does a text mean, where what is done with them cannot be undone?

use crate::Engine;
use crate::error::EngineError;
use primitives::{CustomerId, ErrorKind, visible};
use profiles::{Identifier, ProfileError};

impl Engine {
    /// The name that a text means and the customer who goes by it; `None` where nobody does.
    ///
    /// # Errors
    /// [`EngineError`] of kind `Conflict` where it says the kind of a name, and somebody else has a name that reads like that.
    pub(super) fn meant(&self, text: &str) -> Result<Option<(Identifier, CustomerId)>, EngineError> {
        let found = self.look(|live| -> Result<_, ProfileError> {
            let Some(meant) = live.profiles.find_meant(text)? else { return Ok(None) };
            let mut other = None;
            if events::says_a_kind(text) {
                // A device that others use leads to somebody else than whom it founded, and is one name.
                for name in Identifier::meant_by(text).into_iter().filter(|name| *name != meant.0) {
                    let id = live.profiles.find(&name)?;
                    other = other.or(id.filter(|id| *id != meant.1).map(|id| (name, id)));
                }
            }
            Ok(Some((meant, other)))
        })?;
        match found {
            Some((meant, Some(other))) => Err(either(text, &meant, &other)),
            found => Ok(found.map(|(meant, _)| meant)),
        }
    }
}

fn either(
    text: &str,
    (name, id): &(Identifier, CustomerId),
    (other, other_id): &(Identifier, CustomerId),
) -> EngineError {
    let for_other = other.to_meant();
    let message = format!(
        "\"{}\" may mean {} (customer {}) or {} (customer {}): for the latter say \"{}\", and look who that is. For the former \
         give another of their names; where there is none, erase the latter first",
        visible(text),
        visible(&name.to_string()),
        visible(id.as_str()),
        visible(&other.to_string()),
        visible(other_id.as_str()),
        visible(&for_other),
    );
    EngineError::new(ErrorKind::Conflict, message)
}
