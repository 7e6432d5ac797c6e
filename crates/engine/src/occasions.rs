//! What was chosen among actions that came with questions, and what came of it? And how is such a decision found by what whoever asked
//! calls it?

use crate::Engine;
use crate::decide::{Asked, resolve};
use crate::error::EngineError;
use decisions::{DecisionQuery, Kind, Occasion, Parameters, Record, nobody};
use events::Fields;
use features::Came;
use learning::{Doable, Rewarded, Round, RoundLog, shared_inputs};
use primitives::{CustomerId, DecisionId, ErrorKind};
use profiles::Identifier;
use std::collections::BTreeMap;

/// So many choices are learned from, the newest: more would cost memory and time.
const N_OCCASIONS_MAX: usize = 50_000;
/// So many days are looked back to.
const N_DAYS: i64 = 365;
/// As many actions as a question may bring.
const N_PLACES: usize = 50;

/// A question that was called something, to be known again.
pub(super) struct Called {
    id: DecisionId,
    names: Vec<Identifier>,
    parameters: Parameters,
    context: Fields,
}

impl Engine {
    /// What was chosen among actions that came with questions, with what came of it until now. Of customers only what they permit to be
    /// learned from.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn occasions(&self) -> Result<RoundLog, EngineError> {
        let (ranking, settings) = self.capabilities.ranking;
        // An action is known by its place in the list of its question: it is learned of by what is said of it.
        let place = |at: usize| Doable {
            name: at.to_string(),
            group: String::new(),
            value: 1.0,
            cost: 0.0,
            costs: 0.0,
            is_nothing: false,
        };
        let actions = (0..N_PLACES).map(place).collect();
        let mut log = RoundLog { inputs: shared_inputs(), actions, settings, ..RoundLog::default() };
        let found = self.each_occasion()?;
        let came: Vec<Option<Came>> =
            self.look(|live| found.iter().map(|(id, _)| live.occasions.came(id.as_str())).collect());
        let mut permitted: BTreeMap<CustomerId, Option<CustomerId>> = BTreeMap::new();
        for ((id, occasion), came) in found.into_iter().zip(came) {
            let customer = match &occasion.customer {
                // Each stands for itself: as one customer all of them would be drawn together, or not at all, where it is asked how
                // sure something is.
                None => CustomerId::from(id.as_str()),
                Some(customer) => {
                    let now = match permitted.get(customer) {
                        Some(known) => Option::clone(known),
                        None => {
                            let now = self.now(customer)?.map(|now| now.customer);
                            permitted.insert(customer.clone(), now.clone());
                            now
                        }
                    };
                    let Some(now) = now else { continue };
                    now
                }
            };
            if occasion.is_deferred && came.is_none_or(|came| came.shown_at.is_none()) {
                continue;
            }
            let reward = came.and_then(|came| came.reward);
            if reward.is_some_and(|(_, said)| !(-1.0..=1.0).contains(&said)) {
                log.n_unbelievable += 1;
                continue;
            }
            let at = occasion.at;
            // What nothing is said of is 0 here, so that what counts then is taken from what is said.
            let reward =
                reward.map(|(told, said)| Rewarded { at: told.max(at), amount: said - ranking.reward_default });
            log.rounds.push(Round {
                customer,
                at,
                decision: id.to_string(),
                channel: 0,
                // Whoever ranks shows it, or says later that it was shown.
                is_own: false,
                is_shown: true,
                place: 0,
                action: occasion.chosen,
                candidates: occasion.candidates,
                chances: Box::default(),
                propensity: occasion.propensity,
                x: Box::default(),
                reward,
                sides: Some(Box::new(occasion.sides)),
            });
        }
        Ok(log)
    }

    /// What the newest decisions about occasions chose, with their ids.
    fn each_occasion(&self) -> Result<Vec<(DecisionId, Occasion)>, EngineError> {
        let today = self.clock.now().day();
        let mut found = Vec::new();
        for kind in self.capabilities.kinds.iter().filter(|kind| kind.is_of_occasions()) {
            let meant = DecisionQuery { kind: Some(kind.about().name.to_string()), ..DecisionQuery::default() };
            self.ports.decisions.newest(&meant, &mut |logged| {
                let occasion = Record::open(&logged).ok().and_then(|record| record.occasion());
                found.extend(occasion.map(|occasion| (logged.id.clone(), occasion)));
                found.len() < N_OCCASIONS_MAX && today - logged.decided_at.day() < N_DAYS
            })?;
        }
        Ok(found)
    }

    /// The decision about an occasion that whoever asked calls so, or that has this id; `None` where there is none, or no more.
    ///
    /// # Errors
    /// [`EngineError`] where decisions cannot be read.
    pub fn occasion(&self, name: &str) -> Result<Option<Record>, EngineError> {
        let kinds = self.capabilities.kinds.iter().filter(|kind| kind.is_of_occasions());
        let called = kinds.map(|kind| DecisionId::of_occasion(kind.about().name.as_str(), name));
        let by_id = Some(name).filter(|name| DecisionId::is_of_occasion(name)).map(DecisionId::from);
        for id in called.chain(by_id) {
            if let Some(logged) = self.ports.decisions.get(&id)? {
                return Ok(Some(Record::open(&logged)?.rewrite(self.write)));
            }
        }
        Ok(None)
    }

    /// What whoever asks calls it, where they do.
    pub(super) fn called(&self, asked: &Asked) -> Result<Option<Called>, EngineError> {
        let Some(id) = self.id_called(asked)? else { return Ok(None) };
        let Asked { names, parameters, context, .. } = asked.clone();
        Ok(Some(Called { id, names, parameters, context }))
    }

    /// Whether whoever asks calls it something.
    pub(super) fn is_called(&self, asked: &Asked) -> Result<bool, EngineError> {
        Ok(self.id_called(asked)?.is_some())
    }

    fn id_called(&self, asked: &Asked) -> Result<Option<DecisionId>, EngineError> {
        let in_force = self.capabilities.kinds.in_force(asked.kind.as_str())?;
        let kind: &dyn Kind = in_force.kind();
        let name = kind.called(&asked.parameters);
        Ok(name.map(|name| DecisionId::of_occasion(kind.about().name.as_str(), name)))
    }

    /// The answer that was given to it before, where it was asked.
    pub(super) fn answered_before(&self, called: &Called) -> Result<Option<Record>, EngineError> {
        let Some(logged) = self.ports.decisions.get(&called.id)? else { return Ok(None) };
        let record = Record::open(&logged)?.rewrite(self.write);
        let question = &record.question;
        let is_same = question.parameters == called.parameters && question.context == called.context;
        // Of another customer it is not known yet what they permit, and whether they are held out.
        if is_same && self.who(vec![Identifier::founder(&question.customer)])? == self.who(called.names.clone())? {
            return Ok(Some(record));
        }
        let message = "something else was asked by this name before: call each occasion by a name of its own";
        Err(EngineError::new(ErrorKind::Conflict, message))
    }

    /// Who that is by now; nobody where nobody is named.
    fn who(&self, mut names: Vec<Identifier>) -> Result<CustomerId, EngineError> {
        self.let_erased_be_nobody(&mut names);
        let founder = names.first().map_or_else(|| nobody().customer_id(), Identifier::customer_id);
        self.look(|live| Ok(resolve(live, &names)?.map_or(founder, |customer| customer.profile.id.clone())))
    }
}
