//! What is somebody's where too many share a name with them to tell everybody apart? What names them alone.
//!
//! Anybody who may send events can have a device stand in the events of very many people, and then nobody can hold all that
//! could decide who is who. What mentions one of the names that are a customer's alone is theirs without looking at the others.
//! What only such a device said stays with it: it names nobody.

use super::{Looked, customers};
use crate::Engine;
use crate::error::EngineError;
use events::{Call, Event, Offset, Place};
use primitives::{CustomerId, ErrorKind};
use profiles::{ErasurePlan, Identifier};
use std::collections::BTreeSet;

impl Engine {
    /// What is theirs by the names that nobody else goes by; `None` where they have just become somebody else's.
    pub(super) fn look_up_apart(&self, name: &Identifier, id: &CustomerId) -> Result<Option<Looked>, EngineError> {
        let found = self.look(|live| {
            let Some(customer) = live.profiles.customer(id)? else { return Ok(None) };
            let links = &customer.profile.links;
            let mut names: BTreeSet<Identifier> =
                links.iter().filter(|(_, link)| !link.is_shared).map(|(name, _)| name.clone()).collect();
            let founder = Identifier::founder(id);
            let is_theirs = links.get(&founder).is_none_or(|link| !link.is_shared);
            if is_theirs && live.profiles.find(&founder)?.as_ref() == Some(id) {
                names.insert(founder);
            }
            let user = links.keys().find(|name| matches!(name, Identifier::User(_))).cloned();
            Ok::<_, EngineError>(Some((names, user, live.profiles.offset())))
        })?;
        let Some((names, user, upto)) = found else { return Ok(None) };
        let asked: Vec<Identifier> = names.iter().cloned().collect();
        if asked.is_empty() {
            return Err(of_nobody_alone());
        }
        let mut places: Vec<Offset> = Vec::new();
        self.ports.history.replay_of(&asked, Place::first(upto), &mut |recorded| {
            if is_theirs(&recorded.event, &names) {
                places.push(recorded.offset);
            }
            true
        })?;
        let plan = ErasurePlan { customers: customers(Some(id.clone()), &names), names: asked, places };
        Ok(Some(Looked { plan, customer: Some(id.clone()), user, is_named: matches!(name, Identifier::User(_)) }))
    }
}

fn of_nobody_alone() -> EngineError {
    let message =
        "every name of this customer is a device that very many people share: it cannot be told what is theirs";
    EngineError::new(ErrorKind::Conflict, message)
}

/// Whether an event that mentions one of these names is of whoever goes by them, or says of somebody that they are one with them.
fn is_theirs(event: &Event, names: &BTreeSet<Identifier>) -> bool {
    let is_of = |name: &Option<Identifier>| name.as_ref().is_some_and(|name| names.contains(name));
    let [user, device] =
        [event.user_id.clone().map(Identifier::User), event.anonymous_id.clone().map(Identifier::Anonymous)];
    match &event.call {
        Call::Separate { .. } | Call::Alias { .. } => true,
        _ if user.is_some() => is_of(&user),
        _ => is_of(&device),
    }
}
