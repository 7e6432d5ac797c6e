//! Who is who, by the rules as they are written in the decision records, looked up by going through everybody.

use events::{Call, Offset, Recorded};
use governance::{Consents, Statement, Voice};
use primitives::CustomerId;
use profiles::{Identifier, RefusalReason};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: CustomerId,
    /// Their names, and whether they share them.
    pub(crate) names: BTreeMap<Identifier, bool>,
    pub(crate) events: BTreeSet<Offset>,
    /// Whose word on consent counts depends on the order in which it was heard (ADR 0012).
    pub(crate) consents: Consents,
    pub(crate) refusals: BTreeSet<(RefusalReason, [Identifier; 2])>,
}

impl Person {
    pub(crate) fn is_known(&self) -> bool {
        self.names.keys().any(is_user)
    }
}

/// Everybody, by id, and to whom names lead.
pub(crate) struct Told {
    pub(crate) people: Vec<Person>,
    pub(crate) n_merged: u64,
    owners: Vec<(Identifier, CustomerId)>,
}

fn is_user(name: &Identifier) -> bool {
    matches!(name, Identifier::User(_))
}

pub(crate) fn told(log: &[Recorded]) -> Told {
    let mut told = Told { people: Vec::new(), n_merged: 0, owners: Vec::new() };
    for recorded in log {
        told.hear(recorded, log);
    }
    told.people.sort_by(|a, b| a.id.cmp(&b.id));
    told
}

/// Whether two names are not one person when an event is heard: the last word that separates them is not taken back by a
/// trusted alias after it, up to this event.
fn are_apart(a: &Identifier, b: &Identifier, heard: &Recorded, log: &[Recorded]) -> bool {
    let separates = |one: &&Recorded| match &one.event.call {
        Call::Separate { names, .. } => *names == [a.key(), b.key()] || *names == [b.key(), a.key()],
        _ => false,
    };
    let Some(said) = log.iter().rfind(separates) else { return false };
    let takes_back = |one: &Recorded| {
        let names: Vec<Identifier> = Identifier::mentioned(&one.event).collect();
        matches!(one.event.call, Call::Alias { .. })
            && one.event.origin.is_trusted()
            && one.offset > said.offset
            && one.offset <= heard.offset
            && names.contains(a)
            && names.contains(b)
    };
    !log.iter().any(takes_back)
}

impl Told {
    pub(crate) fn leads(&self, name: &Identifier) -> Option<CustomerId> {
        self.owners.iter().find(|(known, _)| known == name).map(|(_, id)| id.clone())
    }

    fn lead(&mut self, name: &Identifier, id: &CustomerId) {
        self.owners.retain(|(known, _)| known != name);
        self.owners.push((name.clone(), id.clone()));
    }

    fn person(&mut self, id: &CustomerId) -> &mut Person {
        self.people.iter_mut().find(|person| person.id == *id).unwrap()
    }

    fn hear(&mut self, recorded: &Recorded, log: &[Recorded]) {
        let names: Vec<Identifier> = Identifier::of(&recorded.event).into_iter().flatten().collect();
        let Some(main) = names.first().cloned() else { return };
        let mut claims: Vec<(Identifier, bool)> = names[1..].iter().map(|name| (name.clone(), false)).collect();
        if let Call::Alias { previous_id } = &recorded.event.call {
            let [user, device] = Identifier::of_previous(previous_id);
            let (knows_user, knows_device) = (self.leads(&user).is_some(), self.leads(&device).is_some());
            let is_either = !knows_user && !knows_device && recorded.event.origin.is_trusted();
            if knows_user || is_either {
                claims.push((user, true));
            }
            if knows_device || !knows_user {
                claims.push((device, true));
            }
        }
        let own = self.leads(&main);
        claims.retain(|(name, _)| *name != main && (own.is_none() || own != self.leads(name)));
        let mut id = own.unwrap_or_else(|| self.found(&main));
        for (name, is_alias) in claims {
            id = self.judge(id, &main, &name, is_alias, recorded, log);
        }
        let person = self.person(&id);
        person.events.insert(recorded.offset);
        let event = &recorded.event;
        let voice = if event.origin.is_trusted() { Voice::Company } else { Voice::Client };
        for (purpose, granted) in events::consent_statements(event) {
            person.consents.state(purpose, Statement { granted, at: event.occurred_at, voice });
        }
    }

    fn found(&mut self, name: &Identifier) -> CustomerId {
        let id = name.customer_id();
        let names = BTreeMap::from([(name.clone(), false)]);
        self.people.push(Person {
            id: id.clone(),
            names,
            events: BTreeSet::new(),
            consents: Consents::default(),
            refusals: BTreeSet::new(),
        });
        self.lead(name, &id);
        id
    }

    fn judge(
        &mut self,
        id: CustomerId,
        main: &Identifier,
        name: &Identifier,
        is_alias: bool,
        recorded: &Recorded,
        log: &[Recorded],
    ) -> CustomerId {
        let ours = self.person(&id).clone();
        let is_apart =
            |theirs: &[&Identifier]| ours.names.keys().any(|a| theirs.iter().any(|b| are_apart(a, b, recorded, log)));
        // The previousId of an alias is one word, whichever kind of name is made of it.
        let halves = match &recorded.event.call {
            Call::Alias { previous_id } if is_alias => Identifier::of_previous(previous_id).to_vec(),
            _ => vec![name.clone()],
        };
        let is_refused = is_apart(&halves.iter().collect::<Vec<_>>());
        let Some(other) = self.leads(name) else {
            if is_refused {
                self.refuse(&[&id], RefusalReason::Separated, main, name);
            } else {
                self.person(&id).names.insert(name.clone(), false);
                self.lead(name, &id);
            }
            return id;
        };
        if other == id {
            return id;
        }
        let theirs = self.person(&other).clone();
        let is_shared = theirs.names.get(name).copied().unwrap_or(false);
        let are_both_known = ours.is_known() && theirs.is_known();
        let is_one = !are_both_known || is_alias && recorded.event.origin.is_trusted() && !is_shared;
        if is_one {
            if is_refused || is_apart(&theirs.names.keys().collect::<Vec<_>>()) {
                self.refuse(&[&id, &other], RefusalReason::Separated, main, name);
                return id;
            }
            return self.join(ours, theirs, main, name);
        }
        if is_user(name) {
            self.refuse(&[&id, &other], RefusalReason::TwoUsers, main, name);
            return id;
        }
        let is_new = !ours.names.contains_key(name);
        if is_new && is_refused {
            self.refuse(&[&id, &other], RefusalReason::Separated, main, name);
            return id;
        }
        // A device of both: it speaks for whoever was on it last.
        if is_new {
            self.person(&id).names.insert(name.clone(), true);
            self.refuse(&[&id, &other], RefusalReason::SharedDevice, main, name);
        }
        if let Some(is_shared) = self.person(&other).names.get_mut(name) {
            *is_shared = true;
        }
        self.lead(name, &id);
        id
    }

    fn refuse(&mut self, who: &[&CustomerId], reason: RefusalReason, main: &Identifier, name: &Identifier) {
        for id in who {
            self.person(id).refusals.insert((reason, [main.clone(), name.clone()]));
        }
    }

    /// The known one goes on, else the one to whom the event happened.
    fn join(&mut self, ours: Person, theirs: Person, main: &Identifier, name: &Identifier) -> CustomerId {
        let is_theirs = theirs.is_known() && !ours.is_known();
        let newcomer = if is_theirs { main } else { name };
        let (mut winner, loser) = if is_theirs { (theirs, ours) } else { (ours, theirs) };
        for (name, is_shared) in &loser.names {
            winner.names.entry(name.clone()).or_insert(*is_shared);
            let leads = self.leads(name);
            if !is_shared || leads.is_none() || leads == Some(loser.id.clone()) {
                self.lead(name, &winner.id);
            }
        }
        winner.names.entry(newcomer.clone()).or_insert(false);
        winner.events.extend(&loser.events);
        winner.consents.merge(&loser.consents);
        winner.refusals.extend(loser.refusals);
        self.people.retain(|person| person.id != winner.id && person.id != loser.id);
        self.n_merged += 1;
        let id = winner.id.clone();
        self.people.push(winner);
        id
    }
}
