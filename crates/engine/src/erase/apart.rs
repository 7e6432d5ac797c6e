//! What is somebody's where too many share a name with them to tell everybody apart? What names them alone.
//!
//! Anybody who may send events can have a device stand in the events of very many people, and then nobody can hold all that
//! could decide who is who. What mentions one of the names that are a customer's alone is theirs without looking at the others.
//! What only such a device said stays with it: it names nobody.

use super::{Looked, linked_alone};
use crate::Engine;
use crate::error::EngineError;
use events::{Call, Event, Offset, Place};
use primitives::{CustomerId, ErrorKind};
use profiles::Identifier;
use std::collections::BTreeSet;

impl Engine {
    /// What is theirs by the names that nobody else goes by; `None` where they have just become somebody else's.
    pub(super) fn look_up_apart(&self, name: &Identifier, id: &CustomerId) -> Result<Option<Looked>, EngineError> {
        let found = self.look(|live| {
            let Some(customer) = live.profiles.customer(id)? else { return Ok(None) };
            let profile = customer.into_owned().profile;
            let names = linked_alone(&profile, live.profiles.find(&Identifier::founder(id))?.as_ref());
            Ok::<_, EngineError>(Some((profile, names, live.profiles.offset())))
        })?;
        let Some((profile, names, upto)) = found else { return Ok(None) };
        if names.is_empty() {
            return Err(of_nobody_alone());
        }
        let asked: Vec<Identifier> = names.iter().cloned().collect();
        let mut places: Vec<Offset> = Vec::new();
        self.ports.history.replay_of(&asked, Place::first(upto), &mut |recorded| {
            if is_theirs(&recorded.event, &names) {
                places.push(recorded.offset);
            }
            true
        })?;
        Ok(Some(Looked::of(name, &profile, names, places)))
    }
}

fn of_nobody_alone() -> EngineError {
    let message =
        "every name of this customer is a device that very many people share: it cannot be told what is theirs";
    EngineError::new(ErrorKind::Conflict, message)
}

/// Whether an event that mentions one of these names is of whoever goes by them, or says of somebody that they are one with them.
fn is_theirs(event: &Event, names: &BTreeSet<Identifier>) -> bool {
    let [user, device] = Identifier::of(event);
    match &event.call {
        Call::Separate { .. } | Call::Alias { .. } => true,
        // Whoever is signed in says who they are, on whichever device.
        _ => user.or(device).is_some_and(|name| names.contains(&name)),
    }
}
