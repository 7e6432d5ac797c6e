//! Which actions were drawn for whom lately, and what came of them? Read from the log of decisions and from the customers as they are
//! now, so that a policy can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Acted, ContentShape, DecisionQuery, Record, inputs_of_policies};
use features::{Contact, FeatureState, Worth};
use governance::{Consents, Purpose, permit};
use learning::{Doable, LARGEST, PolicySettings, Reward, Rewarded, Round, RoundLog};
use primitives::{CustomerId, Timestamp};
use profiles::Customer;
use std::collections::{BTreeMap, HashMap};

/// About so many decisions are learned from, the newest: more would cost memory and time.
const N_DECISIONS_MAX: usize = 200_000;
/// So many days are looked back to.
const N_DAYS: i64 = 365;

/// What is known now of a customer for whom was drawn.
struct Now {
    customer: CustomerId,
    /// By decision and action.
    contacts: HashMap<(u64, u64), Contact>,
}

/// What can be done, and how it is found by its name.
struct Doables<'a> {
    all: Vec<Doable>,
    places: BTreeMap<&'a str, u32>,
}

impl Engine {
    /// What was drawn for customers who permit to be learned from now, with what came of it until now.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn rounds(&self) -> Result<RoundLog, EngineError> {
        let declared = &self.capabilities.actions;
        let inputs = inputs_of_policies(&self.capabilities.looked_at);
        let drawn: Vec<&decisions::Action> =
            declared.iter().filter(|action| !action.mandatory && !action.nothing).collect();
        let of = |action: &&decisions::Action| Doable {
            name: action.name.clone(),
            group: action.group.clone(),
            value: action.value,
            cost: action.cost,
        };
        let doables = Doables {
            all: drawn.iter().map(of).collect(),
            places: (0_u32..).zip(&drawn).map(|(place, action)| (action.name.as_str(), place)).collect(),
        };
        let settings = self.capabilities.learning;
        let mut log = RoundLog { inputs, settings, ..RoundLog::default() };
        let mut by_customer: BTreeMap<CustomerId, Vec<(String, Acted)>> = BTreeMap::new();
        if !doables.all.is_empty() {
            self.each_acted(&log.inputs, &mut |id, acted| {
                by_customer.entry(acted.customer.clone()).or_default().push((id, acted));
            })?;
        }
        for (id, all) in by_customer {
            let Some(now) = self.now(&id)? else { continue };
            for (decision, acted) in all {
                log.rounds.extend(rounds_of(&doables, &now, &decision, acted, &settings));
            }
        }
        log.actions = doables.all;
        Ok(log)
    }

    /// Visits what the newest decisions drew, with their ids.
    fn each_acted(&self, inputs: &[String], visit: &mut dyn FnMut(String, Acted)) -> Result<(), EngineError> {
        let comes_first: Vec<&str> = self
            .capabilities
            .actions
            .iter()
            .filter(|action| action.mandatory)
            .map(|action| action.name.as_str())
            .collect();
        let today = self.clock.now().day();
        let mut n_left = N_DECISIONS_MAX;
        let kinds = self.capabilities.kinds.iter().map(decisions::Kind::about);
        for kind in kinds.filter(|about| about.shape == ContentShape::Actions) {
            let meant = DecisionQuery { kind: Some(kind.name.to_string()), ..DecisionQuery::default() };
            self.ports.decisions.newest(&meant, &mut |logged| {
                n_left -= 1;
                // What a newer program wrote is left out.
                let acted = Record::open(&logged)
                    .ok()
                    .and_then(|record| record.acted(inputs, |name| comes_first.contains(&name)));
                acted.into_iter().for_each(|acted| visit(logged.id.to_string(), acted));
                n_left > 0 && today - logged.decided_at.day() < N_DAYS
            })?;
            if n_left == 0 {
                break;
            }
        }
        Ok(())
    }

    /// A customer as they are now; `None` where they do not permit to be learned from. Of whom nothing ever came in but the question,
    /// nothing came: to leave them out would be to learn from those alone of whom something did.
    fn now(&self, id: &CustomerId) -> Result<Option<Now>, EngineError> {
        let found = self.with_customer(id, |customer| {
            permit(&self.policy, &customer.profile.consents, Purpose::Analytics, now_of(customer)).ok()
        })?;
        Ok(match found {
            Some(permitted) => permitted.map(|now| now.into_inner()),
            None => {
                let nothing = Now { customer: id.clone(), contacts: HashMap::new() };
                permit(&self.policy, &Consents::default(), Purpose::Analytics, nothing).ok().map(|now| now.into_inner())
            }
        })
    }
}

fn now_of(customer: &Customer<FeatureState>) -> Now {
    let contacts = customer.state.contacts();
    Now {
        customer: customer.profile.id.clone(),
        contacts: contacts.into_iter().map(|contact| ((contact.decision, contact.action), contact)).collect(),
    }
}

/// The rounds of one decision.
fn rounds_of(doables: &Doables<'_>, now: &Now, decision: &str, acted: Acted, settings: &PolicySettings) -> Vec<Round> {
    let Acted { at, x, drawn, .. } = acted;
    let of = Contact::name_of(decision);
    let place_of = |name: &String| doables.places.get(name.as_str()).copied();
    let first = drawn.iter().map(|one| one.place).min();
    let round = |one: decisions::DrawnAction| {
        let action = place_of(&one.name)?;
        let named = now.contacts.get(&(of, Contact::name_of(&one.name)));
        // Where no action is said, the first one is meant.
        let unnamed = now.contacts.get(&(of, 0)).filter(|_| first == Some(one.place) && one.place == 0);
        let value = doables.all.get(action as usize).map_or(0.0, |doable| doable.value);
        let rewards =
            [named, unnamed].into_iter().flatten().filter_map(|contact| reward(contact, value, settings.reward));
        Some(Round {
            customer: now.customer.clone(),
            at,
            decision: decision.to_owned(),
            place: one.place,
            action,
            candidates: one.candidates.iter().filter_map(place_of).collect(),
            propensity: one.propensity,
            x: x.clone(),
            // A word of before the decision is not about it, however that came to be.
            reward: rewards.filter(|reward| reward.at >= at).min_by_key(|reward| reward.at),
        })
    };
    drawn.into_iter().filter_map(round).collect()
}

/// What a contact brought, in parts of what the action is declared to be worth.
fn reward(contact: &Contact, value: f64, reward: Reward) -> Option<Rewarded> {
    let worth = contact.worth.map(|worth| match worth {
        Worth::In(money) => money.to_major(),
        Worth::Bare(amount) => amount,
    });
    // Of what is declared to be worth nothing, a success is a success.
    let share = worth.filter(|_| value > 0.0).map_or(1.0, |worth| worth / value);
    let at: Option<Timestamp> = match reward {
        Reward::Clicked => contact.clicked_at.into_iter().chain(contact.converted_at).min(),
        Reward::Converted | Reward::Value => contact.converted_at,
    };
    // What is told to be worth more than can be is left out by who learns, whatever counts.
    let amount = if reward == Reward::Value || share > LARGEST { share } else { 1.0 };
    Some(Rewarded { at: at?, amount })
}

#[cfg(test)]
mod tests {
    use super::*;
    use decisions::DrawnAction;

    fn contact(decision: &str, action: &str, second: i64, worth: Option<f64>) -> Contact {
        let at = Timestamp::from_millis(second * 1_000);
        Contact {
            decision: Contact::name_of(decision),
            action: if action.is_empty() { 0 } else { Contact::name_of(action) },
            shown_at: None,
            clicked_at: Some(at),
            dismissed_at: None,
            converted_at: Some(at),
            worth: worth.map(Worth::Bare),
            channel: 0,
        }
    }

    #[test]
    fn what_came_is_of_the_action_that_is_named_or_of_the_first() {
        let doable = |name: &str| Doable { name: name.to_owned(), group: String::new(), value: 10.0, cost: 0.0 };
        let doables = Doables { all: vec![doable("a"), doable("b")], places: [("a", 0), ("b", 1)].into() };
        let drawn = |name: &str, place| DrawnAction {
            name: name.to_owned(),
            place,
            propensity: 0.5,
            candidates: vec!["a".to_owned(), "gone".to_owned(), "b".to_owned()],
        };
        let acted = || Acted {
            customer: "x".into(),
            at: Timestamp::from_millis(5_000),
            x: Box::default(),
            drawn: vec![drawn("b", 0), drawn("a", 1), drawn("gone", 2)],
        };
        let rounds = |contacts: &[Contact], reward| {
            let contacts = contacts.iter().map(|contact| ((contact.decision, contact.action), *contact)).collect();
            let now = Now { customer: "y".into(), contacts };
            let settings = PolicySettings { reward, ..PolicySettings::default() };
            rounds_of(&doables, &now, "d", acted(), &settings)
        };
        let rewards = |contacts: &[Contact], reward| {
            rounds(contacts, reward).into_iter().map(|round| round.reward.map(|it| it.amount)).collect::<Vec<_>>()
        };
        let all = rounds(&[], Reward::Converted);
        assert_eq!(
            all.iter().map(|round| round.action).collect::<Vec<_>>(),
            [1, 0],
            "what is not declared is left out"
        );
        assert_eq!((&*all[0].candidates, all[0].customer.as_str()), (&[0, 1][..], "y"));
        for (contacts, reward, expected) in [
            (vec![], Reward::Converted, [None, None]),
            (vec![contact("d", "", 6, None)], Reward::Converted, [Some(1.0), None]),
            (vec![contact("d", "a", 6, Some(5.0))], Reward::Converted, [None, Some(1.0)]),
            (vec![contact("d", "a", 6, Some(5.0))], Reward::Value, [None, Some(0.5)]),
            (vec![contact("d", "a", 6, Some(5_000.0))], Reward::Converted, [None, Some(500.0)]),
            (vec![contact("d", "a", 6, Some(50.0))], Reward::Clicked, [None, Some(1.0)]),
            (vec![contact("e", "a", 6, None)], Reward::Converted, [None, None]),
            (vec![contact("d", "a", 4, None)], Reward::Converted, [None, None]),
        ] {
            assert_eq!(rewards(&contacts, reward), expected, "{contacts:?} {reward:?}");
        }
    }
}
