//! Which actions were drawn for whom lately, and what came of them? Read from the log of decisions and from the customers as they are
//! now, so that a policy can be learned from it.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Acted, Action, ContentShape, DecisionQuery, Record, inputs_of_policies};
use features::{Contact, FeatureState, Worth};
use governance::{Consents, Purpose, permit};
use learning::{Doable, PolicySettings, Reward, Rewarded, Round, RoundLog, counts_alone, is_large_part};
use primitives::{Currency, CustomerId, DAY_MS, Timestamp};
use profiles::{Customer, Identifier};
use std::collections::{BTreeMap, HashMap};

/// About so many draws are learned from, the newest: more would cost memory and time.
const N_ROUNDS_MAX: usize = 200_000;
/// So many days are looked back to.
const N_DAYS: i64 = 365;
/// Whoever tells what came of a decision by the day alone tells of an hour before it; so may a clock that is slow.
const EARLIER_MS: i64 = DAY_MS;

/// A round with what came of it by whoever told it, and by what the company told.
struct Heard {
    round: Round,
    vouched: Option<Rewarded>,
}

/// What is known now of a customer for whom was drawn.
pub(super) struct Now {
    pub(super) customer: CustomerId,
    /// Since when the company itself tells of them.
    pub(super) vouched_since: Option<Timestamp>,
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
    channel: u64,
    x: Box<[f32]>,
    drawn: Vec<Drew>,
}

struct Drew {
    action: u32,
    place: u32,
    is_first: bool,
    propensity: f64,
    candidates: Box<[u32]>,
    chances: Box<[f32]>,
}

impl Doables {
    /// What is declared now. To do nothing is a choice like others, and earns nothing.
    fn declared<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Self {
        let mut doables = Self { all: Vec::new(), places: BTreeMap::new() };
        for action in actions.into_iter().filter(|action| !action.mandatory) {
            let (group, value) = match action.nothing {
                true => (alone(&action.name), 0.0),
                false => (action.group.clone(), action.value),
            };
            let (name, is_nothing, costs) = (action.name.clone(), action.nothing, action.terms.costs);
            doables.add(Doable { name, group, value, cost: action.cost, costs, is_nothing });
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
            None => {
                let (name, group) = (name.to_owned(), alone(name));
                self.add(Doable { name, group, value: 0.0, cost: 0.0, costs: 0.0, is_nothing: false })
            }
        }
    }

    fn read(&mut self, decision: String, acted: Acted) -> Told {
        let drawn = acted.drawn.into_iter().map(|one| Drew {
            action: self.place_of(&one.name),
            place: one.place,
            is_first: one.is_first,
            propensity: one.propensity,
            candidates: one.candidates.iter().map(|name| self.place_of(name)).collect(),
            chances: one.chances.into(),
        });
        let channel = acted.channel.as_deref().map_or(0, Contact::name_of);
        Told { decision, at: acted.at, channel, drawn: drawn.collect(), x: acted.x }
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
        let inputs = inputs_of_policies(&self.capabilities.looked_at);
        self.rounds_of(inputs, |inputs, visit| self.each_acted(inputs, visit), &|| true)
    }

    /// The same of decisions that are said: `each` visits what they drew. Customers are looked up as long as `goes_on`.
    pub(super) fn rounds_of(
        &self,
        inputs: Vec<String>,
        each: impl FnOnce(&[String], &mut dyn FnMut(String, Acted)) -> Result<(), EngineError>,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<RoundLog, EngineError> {
        let playbook = self.playbook();
        let offers = playbook.offers.iter().map(|offer| &offer.0);
        let mut doables = Doables::declared(playbook.actions.iter().chain(offers));
        let settings = self.capabilities.learning;
        let mut log = RoundLog { inputs, settings, ..RoundLog::default() };
        let mut by_customer: BTreeMap<CustomerId, Vec<Told>> = BTreeMap::new();
        if !doables.all.is_empty() {
            each(&log.inputs, &mut |id, acted| {
                let customer = acted.customer.clone();
                by_customer.entry(customer).or_default().push(doables.read(id, acted));
            })?;
        }
        let currency = self.capabilities.measures.currency;
        let mut heard = Vec::new();
        for (id, all) in by_customer {
            if !goes_on() {
                break;
            }
            let Some(now) = self.now(&id)? else { continue };
            heard.extend(all.into_iter().flat_map(|told| rounds_of(&doables.all, &now, told, (&settings, currency))));
        }
        (log.rounds, log.is_vouched) = believed(heard, log.settings.reward);
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
                let nothing = Now { customer: id.clone(), vouched_since: None, contacts: HashMap::new() };
                permit(&self.policy, &Consents::default(), Purpose::Analytics, nothing).ok().map(|now| now.into_inner())
            }
        })
    }
}

fn now_of(customer: &Customer<FeatureState>) -> Now {
    let contacts = customer.state.contacts();
    Now {
        customer: customer.profile.id.clone(),
        vouched_since: customer.profile.vouched_since,
        contacts: contacts.into_iter().map(|contact| ((contact.decision, contact.action), contact)).collect(),
    }
}

/// The rounds with what counts of what came of them. Where the company tells of successes itself, whoever has the public write key could
/// invent customers for whom an action succeeds: what only write keys told is no success there. That is so where a tenth of them is the
/// company's, and where those are enough to learn from, however many others tell of: or else it would be a matter of how many one invents.
/// Clicks are told by browsers as a rule, so that of them the tenth alone counts. Says too whether it is so.
fn believed(heard: Vec<Heard>, reward: Reward) -> (Vec<Round>, bool) {
    let n_told = heard.iter().filter(|one| one.round.reward.is_some()).count();
    let n_vouched = heard.iter().filter(|one| one.vouched.is_some()).count();
    let is_vouched = match reward {
        Reward::Clicked => is_large_part(n_vouched, n_told),
        Reward::Converted | Reward::Value | Reward::Given => counts_alone(n_vouched, n_told),
    };
    let of = |Heard { round, vouched }| if is_vouched { Round { reward: vouched, ..round } } else { round };
    (heard.into_iter().map(of).collect(), is_vouched)
}

/// The rounds of one decision.
fn rounds_of(
    doables: &[Doable],
    now: &Now,
    told: Told,
    (settings, currency): (&PolicySettings, Option<Currency>),
) -> Vec<Heard> {
    let Told { decision, at, channel, x, drawn } = told;
    let of = Contact::name_of(&decision);
    let round = |one: Drew| {
        let doable = doables.get(one.action as usize)?;
        let named = now.contacts.get(&(of, Contact::name_of(&doable.name)));
        // Where no action is said, the first one of the answer is meant.
        let unnamed = now.contacts.get(&(of, 0)).filter(|_| one.is_first);
        let came = || [named, unnamed].into_iter().flatten();
        let first = |is_meant: &dyn Fn(&&Contact) -> bool| {
            let came = came().filter(is_meant);
            let rewards = came.filter_map(|contact| reward(contact, doable.value, (settings.reward, currency)));
            // It names the decision, so that it cannot have come before; a word of long before is not about it, however that came to be.
            let rewards = rewards.filter(|reward| at.millis_since(reward.at) <= EARLIER_MS);
            rewards.map(|reward| Rewarded { at: reward.at.max(at), ..reward }).min_by_key(|reward| reward.at)
        };
        let vouched = first(&|contact| is_vouched(contact, settings.reward));
        let reward = first(&|_| true);
        let shown_at = came().filter_map(|contact| contact.shown_at).min();
        // That it was shown is told of everybody alike, and what came of it is not: whoever is known by that alone was a stranger.
        let shown_at = shown_at.filter(|shown| reward.is_none_or(|reward| *shown < reward.at));
        let chosen_by = shown_at.map_or(at, |shown| shown.max(at));
        let round = Round {
            customer: now.customer.clone(),
            at,
            decision: decision.clone(),
            channel,
            is_own: now.vouched_since.is_some_and(|since| since <= chosen_by),
            is_shown: came().any(|contact| contact.shown_at.is_some()),
            place: one.place,
            action: one.action,
            candidates: one.candidates,
            chances: one.chances,
            propensity: one.propensity,
            x: x.clone(),
            reward,
            sides: None,
        };
        Some(Heard { round, vouched })
    };
    drawn.into_iter().filter_map(round).collect()
}

/// Whether the company told that it succeeded.
fn is_vouched(contact: &Contact, reward: Reward) -> bool {
    contact.is_success_vouched || reward == Reward::Clicked && contact.is_click_vouched
}

/// What a contact brought, in parts of what the action is declared to be worth. In another currency than the declarations' it is not
/// known what it was worth, but that it succeeded.
fn reward(contact: &Contact, value: f64, (reward, currency): (Reward, Option<Currency>)) -> Option<Rewarded> {
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
            is_vouched: true,
            is_click_vouched: true,
            is_success_vouched: true,
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
            chances: Vec::new(),
        };
        let acted = || Acted {
            customer: "x".into(),
            at: Timestamp::from_millis(DAY_MS + 5_000),
            channel: Some("web".to_owned()),
            x: Box::default(),
            drawn: vec![drawn("b", 0), drawn("a", 1), drawn("gone", 2)],
        };
        let mut rounds = |contacts: &[Contact], reward| {
            let contacts = contacts.iter().map(|contact| ((contact.decision, contact.action), *contact)).collect();
            let now = Now { customer: "y".into(), vouched_since: None, contacts };
            let settings = PolicySettings { reward, ..PolicySettings::default() };
            let told = doables.read("d".to_owned(), acted());
            believed(rounds_of(&doables.all, &now, told, (&settings, Currency::parse("EUR").ok())), settings.reward).0
        };
        let all = rounds(&[], Reward::Converted);
        let actions: Vec<u32> = all.iter().map(|round| round.action).collect();
        assert_eq!(actions, [1, 0, 3], "what is declared no longer had its share of the chances");
        assert_eq!((&*all[0].candidates, all[0].customer.as_str()), (&[0, 3, 1, 2][..], "y"));
        assert!(all.iter().all(|round| round.channel == Contact::name_of("web")));
        let mut shown = |action: &str| {
            let shown = Contact { shown_at: Some(Timestamp::from_millis(DAY_MS)), ..contact("d", action, 6, None) };
            let all = rounds(&[shown, contact("d", "gone", 6, None)], Reward::Converted);
            all.into_iter().map(|round| round.is_shown).collect::<Vec<_>>()
        };
        assert_eq!((shown(""), shown("a")), (vec![true, false, false], vec![false, true, false]));
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

    #[test]
    fn where_the_company_tells_successes_those_that_only_write_keys_told_are_none() {
        let success = Rewarded { at: Timestamp::from_millis(0), amount: 1.0 };
        let heard = |n_vouched: usize, n_claimed: usize, reward: Reward| {
            let told = (0..n_vouched + n_claimed + 5).map(|at| Heard {
                round: Round {
                    customer: "y".into(),
                    at: Timestamp::from_millis(0),
                    decision: at.to_string(),
                    channel: 0,
                    is_own: true,
                    is_shown: true,
                    place: 0,
                    action: 0,
                    candidates: Box::default(),
                    chances: Box::default(),
                    sides: None,
                    propensity: 0.5,
                    x: Box::default(),
                    reward: (at < n_vouched + n_claimed).then_some(success),
                },
                vouched: (at < n_vouched).then_some(success),
            });
            let (rounds, _) = believed(told.collect(), reward);
            (rounds.len(), rounds.iter().filter(|round| round.reward.is_some()).count())
        };
        let (converted, clicked) = (Reward::Converted, Reward::Clicked);
        for (n_vouched, n_claimed, reward, n_counted) in [
            (0, 50, converted, 50),
            (10, 90, converted, 10),
            (10, 91, converted, 101),
            (1, 0, converted, 1),
            (0, 0, converted, 0),
            (29, 900, converted, 929),
            (30, 900, converted, 30),
            (30, 900, clicked, 930),
        ] {
            let found = heard(n_vouched, n_claimed, reward);
            assert_eq!(found, (n_vouched + n_claimed + 5, n_counted), "{n_vouched} {n_claimed} {reward:?}");
        }
        let claimed = Contact { is_success_vouched: false, ..contact("d", "a", 6, None) };
        assert!(is_vouched(&claimed, Reward::Clicked) && !is_vouched(&claimed, Reward::Converted));
    }
}
