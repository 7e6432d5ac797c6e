//! Which actions were drawn for whom lately, and what came of them? Read from the log of decisions and from the customers as they are
//! now, so that a policy can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Acted, Action, ContentShape, DecisionQuery, Record, inputs_of_policies};
use features::{Contact, FeatureState, Worth};
use governance::{Consents, Purpose, permit};
use learning::{Doable, PolicySettings, Reward, Rewarded, Round, RoundLog};
use primitives::{Currency, CustomerId, DAY_MS, Timestamp};
use profiles::{Customer, Identifier};
use std::collections::{BTreeMap, HashMap};

/// About so many draws are learned from, the newest: more would cost memory and time.
const N_ROUNDS_MAX: usize = 200_000;
/// So many days are looked back to.
const N_DAYS: i64 = 365;
/// Whoever tells what came of a decision by the day alone tells of an hour before it; so may a clock that is slow.
const EARLIER_MS: i64 = DAY_MS;

/// What is known now of a customer for whom was drawn.
pub(super) struct Now {
    pub(super) customer: CustomerId,
    /// By decision and action.
    pub(super) contacts: HashMap<(u64, u64), Contact>,
}

/// What can be done, or could be when it was drawn, and how it is found by its name.
struct Doables {
    all: Vec<Doable>,
    places: BTreeMap<String, u32>,
}

/// A decision with numbers in the place of names: of many there are few names.
struct Told {
    decision: String,
    at: Timestamp,
    x: Box<[f32]>,
    drawn: Vec<Drew>,
}

struct Drew {
    action: u32,
    place: u32,
    is_first: bool,
    propensity: f64,
    candidates: Box<[u32]>,
}

impl Doables {
    /// What is declared now. To do nothing is a choice like others, and earns nothing.
    fn declared(actions: &[Action]) -> Self {
        let mut doables = Self { all: Vec::new(), places: BTreeMap::new() };
        for action in actions.iter().filter(|action| !action.mandatory) {
            let (name, cost) = (action.name.clone(), action.cost);
            doables.add(match action.nothing {
                true => Doable { group: alone(&name), name, value: 0.0, cost },
                false => Doable { group: action.group.clone(), name, value: action.value, cost },
            });
        }
        doables
    }

    fn add(&mut self, doable: Doable) -> u32 {
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.places.insert(doable.name.clone(), place);
        self.all.push(doable);
        place
    }

    /// The number of an action. One that is declared no longer took its share of the chances then: without it those of the others
    /// would not be what they were.
    fn place_of(&mut self, name: &str) -> u32 {
        match self.places.get(name) {
            Some(place) => *place,
            None => self.add(Doable { name: name.to_owned(), group: alone(name), value: 0.0, cost: 0.0 }),
        }
    }

    fn read(&mut self, decision: String, acted: Acted) -> Told {
        let drawn = acted.drawn.into_iter().map(|one| Drew {
            action: self.place_of(&one.name),
            place: one.place,
            is_first: one.is_first,
            propensity: one.propensity,
            candidates: one.candidates.iter().map(|name| self.place_of(name)).collect(),
        });
        Told { decision, at: acted.at, drawn: drawn.collect(), x: acted.x }
    }
}

/// The group of what has nothing in common with others.
fn alone(name: &str) -> String {
    format!("\0{name}")
}

impl Engine {
    /// What was drawn for customers who permit to be learned from now, with what came of it until now.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn rounds(&self) -> Result<RoundLog, EngineError> {
        let mut doables = Doables::declared(&self.capabilities.actions);
        let inputs = inputs_of_policies(&self.capabilities.looked_at);
        let settings = self.capabilities.learning;
        let mut log = RoundLog { inputs, settings, ..RoundLog::default() };
        let mut by_customer: BTreeMap<CustomerId, Vec<Told>> = BTreeMap::new();
        if !doables.all.is_empty() {
            self.each_acted(&log.inputs, &mut |id, acted| {
                let customer = acted.customer.clone();
                by_customer.entry(customer).or_default().push(doables.read(id, acted));
            })?;
        }
        let currency = self.capabilities.measures.currency;
        for (id, all) in by_customer {
            let Some(now) = self.now(&id)? else { continue };
            log.rounds
                .extend(all.into_iter().flat_map(|told| rounds_of(&doables.all, &now, told, (&settings, currency))));
        }
        log.actions = doables.all;
        Ok(log)
    }

    /// Visits what the newest decisions drew, with their ids.
    fn each_acted(&self, inputs: &[String], visit: &mut dyn FnMut(String, Acted)) -> Result<(), EngineError> {
        let today = self.clock.now().day();
        let mut n_left = N_ROUNDS_MAX;
        let kinds = self.capabilities.kinds.iter().filter(|kind| !kind.is_of_occasions()).map(decisions::Kind::about);
        for kind in kinds.filter(|about| about.shape == ContentShape::Actions) {
            let meant = DecisionQuery { kind: Some(kind.name.to_string()), ..DecisionQuery::default() };
            self.ports.decisions.newest(&meant, &mut |logged| {
                // What a newer program wrote is left out.
                if let Some(acted) = Record::open(&logged).ok().and_then(|record| record.acted(inputs)) {
                    n_left = n_left.saturating_sub(acted.drawn.len());
                    visit(logged.id.to_string(), acted);
                }
                n_left > 0 && today - logged.decided_at.day() < N_DAYS
            })?;
            if n_left == 0 {
                break;
            }
        }
        Ok(())
    }

    /// A customer as they are now; `None` where they do not permit to be learned from, or are being erased. Of whom nothing ever came
    /// in but the question, nothing came: to leave them out would be to learn from those alone of whom something did.
    pub(super) fn now(&self, id: &CustomerId) -> Result<Option<Now>, EngineError> {
        let named = |name: &Identifier| self.is_refused(name);
        let found = self.with_customer(id, |customer| {
            let mut names = customer.profile.links.keys();
            let permitted = permit(&self.policy, &customer.profile.consents, Purpose::Analytics, now_of(customer));
            permitted.ok().filter(|_| !names.any(named))
        })?;
        Ok(match found {
            Some(permitted) => permitted.map(|now| now.into_inner()),
            None if named(&Identifier::founder(id)) => None,
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
fn rounds_of(
    doables: &[Doable],
    now: &Now,
    told: Told,
    (settings, currency): (&PolicySettings, Option<Currency>),
) -> Vec<Round> {
    let Told { decision, at, x, drawn } = told;
    let of = Contact::name_of(&decision);
    let round = |one: Drew| {
        let doable = doables.get(one.action as usize)?;
        let named = now.contacts.get(&(of, Contact::name_of(&doable.name)));
        // Where no action is said, the first one of the answer is meant.
        let unnamed = now.contacts.get(&(of, 0)).filter(|_| one.is_first);
        let came = [named, unnamed].into_iter().flatten();
        let rewards = came.filter_map(|contact| reward(contact, doable.value, (settings.reward, currency)));
        // It names the decision, so that it cannot have come before; a word of long before is not about it, however that came to be.
        let rewards = rewards.filter(|reward| at.millis_since(reward.at) <= EARLIER_MS);
        let rewards = rewards.map(|reward| Rewarded { at: reward.at.max(at), ..reward });
        Some(Round {
            customer: now.customer.clone(),
            at,
            decision: decision.clone(),
            place: one.place,
            action: one.action,
            candidates: one.candidates,
            propensity: one.propensity,
            x: x.clone(),
            reward: rewards.min_by_key(|reward| reward.at),
            sides: None,
        })
    };
    drawn.into_iter().filter_map(round).collect()
}

/// What a contact brought, in parts of what the action is declared to be worth. In another currency than the declarations' it is not
/// known what it was worth, but that it succeeded.
pub(super) fn reward(
    contact: &Contact,
    value: f64,
    (reward, currency): (Reward, Option<Currency>),
) -> Option<Rewarded> {
    let worth = contact.worth.and_then(|worth| match worth {
        Worth::In(money) => (Some(money.currency) == currency).then(|| money.to_major()),
        Worth::Bare(amount) => Some(amount),
    });
    let at: Option<Timestamp> = match reward {
        Reward::Clicked => contact.clicked_at.into_iter().chain(contact.converted_at).min(),
        // What is given is told of decisions about occasions, and never by customers.
        Reward::Converted | Reward::Value | Reward::Given => contact.converted_at,
    };
    // Of what is declared to be worth nothing, a success is a success.
    let share = worth.filter(|_| reward == Reward::Value && value > 0.0).map_or(1.0, |worth| worth / value);
    Some(Rewarded { at: at?, amount: share })
}

#[cfg(test)]
mod tests {
    use super::*;
    use decisions::DrawnAction;
    use primitives::Money;

    fn contact(decision: &str, action: &str, second: i64, worth: Option<f64>) -> Contact {
        let at = Timestamp::from_millis(DAY_MS + second * 1_000);
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
        let table = |json: serde_json::Value| Action::from_table(json.as_object().unwrap()).unwrap();
        let mut doables = Doables::declared(&[
            table(serde_json::json!({"name": "a", "value": 10})),
            table(serde_json::json!({"name": "b", "value": 10})),
            table(serde_json::json!({"name": "first", "value": 0, "mandatory": true})),
            table(serde_json::json!({"name": "nothing", "nothing": true})),
        ]);
        let drawn = |name: &str, place| DrawnAction {
            name: name.to_owned(),
            place,
            is_first: place == 0,
            propensity: 0.5,
            candidates: ["a", "gone", "b", "nothing"].map(str::to_owned).to_vec(),
        };
        let acted = || Acted {
            customer: "x".into(),
            at: Timestamp::from_millis(DAY_MS + 5_000),
            x: Box::default(),
            drawn: vec![drawn("b", 0), drawn("a", 1), drawn("gone", 2)],
        };
        let mut rounds = |contacts: &[Contact], reward| {
            let contacts = contacts.iter().map(|contact| ((contact.decision, contact.action), *contact)).collect();
            let now = Now { customer: "y".into(), contacts };
            let settings = PolicySettings { reward, ..PolicySettings::default() };
            let told = doables.read("d".to_owned(), acted());
            rounds_of(&doables.all, &now, told, (&settings, Currency::parse("EUR").ok()))
        };
        let all = rounds(&[], Reward::Converted);
        let actions: Vec<u32> = all.iter().map(|round| round.action).collect();
        assert_eq!(actions, [1, 0, 3], "what is declared no longer had its share of the chances");
        assert_eq!((&*all[0].candidates, all[0].customer.as_str()), (&[0, 3, 1, 2][..], "y"));
        let mut rewards = |contacts: &[Contact], reward| {
            let all = rounds(contacts, reward);
            all.into_iter().take(2).map(|round| round.reward.map(|it| it.amount)).collect::<Vec<_>>()
        };
        let yen = Contact {
            worth: Some(Worth::In(Money::from_major(1_500.0, Currency::parse("JPY").unwrap()).unwrap())),
            ..contact("d", "a", 6, None)
        };
        for (contacts, reward, expected) in [
            (vec![], Reward::Converted, [None, None]),
            (vec![contact("d", "", 6, None)], Reward::Converted, [Some(1.0), None]),
            (vec![contact("d", "a", 6, Some(5.0))], Reward::Converted, [None, Some(1.0)]),
            (vec![contact("d", "a", 6, Some(5.0))], Reward::Value, [None, Some(0.5)]),
            (vec![contact("d", "a", 6, Some(5_000.0))], Reward::Converted, [None, Some(1.0)]),
            (vec![contact("d", "a", 6, Some(5_000.0))], Reward::Value, [None, Some(500.0)]),
            (vec![yen], Reward::Value, [None, Some(1.0)]),
            (vec![contact("d", "a", 6, Some(50.0))], Reward::Clicked, [None, Some(1.0)]),
            (vec![contact("e", "a", 6, None)], Reward::Converted, [None, None]),
            // Told by the day alone, and a week too early.
            (vec![contact("d", "a", 0, None)], Reward::Converted, [None, Some(1.0)]),
            (vec![contact("d", "a", -7 * 86_400, None)], Reward::Converted, [None, None]),
        ] {
            assert_eq!(rewards(&contacts, reward), expected, "{contacts:?} {reward:?}");
        }
    }
}
