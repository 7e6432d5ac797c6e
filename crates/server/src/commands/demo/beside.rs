//! How does the company live beside an engine whose clock shows its days?

use super::hour::Hour;
use super::visits::{self, Visits};
use crate::commands::progress::is_cancelled;
use crate::error::ServerError;
use decisions::{Content, KindAbout};
use engine::{Asked, Engine};
use events::{Batch, Envelope, Event, Fields, Origin, parse_event};
use primitives::{AnonymousId, ErrorKind, Timestamp, UserId};
use profiles::Identifier;
use serde_json::Value;
use simulation::{Contact, Host, Message, Offer, Question, Reply, Retention, Sender, decision};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many events wait before they are taken, where nobody asks anything.
const N_WAITING_MAX: usize = 500;
/// What the company's own people ask about whoever writes to the desk: everything that is foretold of a customer.
const ASKED_AT: &str = "Ticket Created";
/// So many of those who wrote last does the desk look at again once more can be foretold.
const N_WRITERS: usize = 40;

/// An engine that hears what the company tells at its moment, and decides at that moment.
pub(super) struct Beside<'e> {
    engine: &'e Engine,
    clock: &'e Hour,
    /// A day breaks off after this moment, where one does.
    until: Option<Timestamp>,
    writers: VecDeque<UserId>,
    waiting: Vec<Event>,
    /// What the settings declare actions for.
    declared: BTreeSet<&'static str>,
    visits: Visits,
    failed: Option<ServerError>,
    pub(super) n_events: u64,
    pub(super) n_decisions: u64,
}

impl<'e> Beside<'e> {
    /// Beside an engine whose clock is this one.
    pub(super) fn new(engine: &'e Engine, clock: &'e Hour) -> Self {
        let (waiting, writers) = Default::default();
        let (declared, visits) = (declared(engine), Visits::of(engine));
        Self {
            engine,
            clock,
            until: None,
            writers,
            waiting,
            declared,
            visits,
            failed: None,
            n_events: 0,
            n_decisions: 0,
        }
    }

    /// Nothing is heard of what happens after a moment.
    pub(super) fn breaks_off_after(&mut self, moment: Timestamp) {
        self.until = Some(moment);
    }

    /// Takes what waits, and answers what went wrong since the last time, where something did.
    pub(super) fn settle(&mut self) -> Result<(), ServerError> {
        let settled = self.take_waiting();
        self.failed.take().map_or(settled, Err)
    }

    fn take_waiting(&mut self) -> Result<(), ServerError> {
        let accepted = std::mem::take(&mut self.waiting);
        self.n_events += accepted.len() as u64;
        let taken = self.engine.ingest(Batch { accepted, ..Batch::default() })?;
        match taken.conflicts.first() {
            None => Ok(()),
            Some((_, id)) => {
                let message =
                    format!("{id} was told twice, with different content: this is a mistake of the simulation");
                Err(ServerError::new(ErrorKind::Internal, message))
            }
        }
    }

    fn told(&mut self, message: Message) -> Result<(), ServerError> {
        let (at, payload) = (message.at, message.payload());
        let origin = match message.sender {
            Sender::Browser => Origin::Client,
            Sender::BackOffice => Origin::Server,
        };
        let writes_to_desk = payload.get("event").and_then(Value::as_str) == Some(ASKED_AT);
        let event = parse_event(payload, None, &Envelope::new(at, origin)).map_err(|rejection| {
            let message = format!("{} ({}): this is a mistake of the simulation", rejection.message, rejection.field);
            ServerError::new(ErrorKind::Internal, message)
        })?;
        let user = event.user_id.clone().filter(|_| writes_to_desk);
        self.waiting.push(event);
        if let Some(user) = user {
            self.clock.set(at);
            self.look_up(&user)?;
            self.writers.retain(|writer| *writer != user);
            self.writers.push_back(user);
            if self.writers.len() > N_WRITERS {
                self.writers.pop_front();
            }
            return Ok(());
        }
        if self.waiting.len() >= N_WAITING_MAX { self.take_waiting() } else { Ok(()) }
    }

    /// Whoever answers at the desk sees what is foretold of the customer, as soon as there is a model that can.
    fn look_up(&mut self, user: &UserId) -> Result<(), ServerError> {
        self.take_waiting()?;
        let models = self.engine.models();
        let is_foretold = |about: &KindAbout| about.tasks.iter().all(|task| models.get(task).is_some());
        self.ask_each(user, is_foretold)
    }

    fn ask_each(&mut self, user: &UserId, is_asked: impl Fn(&KindAbout) -> bool) -> Result<(), ServerError> {
        let kinds = self.engine.capabilities().kinds.iter().map(|kind| kind.about());
        let kinds = kinds.filter(|about| !about.is_shown && about.needed().next().is_none() && is_asked(about));
        for kind in kinds.map(|about| about.name.clone()).collect::<Vec<_>>() {
            let names = vec![Identifier::User(user.clone())];
            self.ask(Asked { kind, names, parameters: BTreeMap::new(), context: Fields::new() })?;
        }
        Ok(())
    }

    /// The desk looks again at those who wrote last, now that everything can be foretold of them.
    pub(super) fn look_again(mut self) -> Result<(), ServerError> {
        self.take_waiting()?;
        std::mem::take(&mut self.writers).iter().try_for_each(|user| self.ask_each(user, |_| true))
    }

    fn ask(&mut self, asked: Asked) -> Result<Reply, ServerError> {
        let decision = self.engine.decide(asked)?.decision;
        self.n_decisions += 1;
        let items = match &decision.answer.content {
            Content::Actions(actions) => actions.chosen.iter().map(|action| action.id.clone()).collect(),
            content => content.items().unwrap_or_default().iter().map(|item| item.id.to_string()).collect(),
        };
        Ok(Reply { decision_id: decision.id.to_string(), items, ..Reply::default() })
    }

    fn answer(&mut self, question: &Question) -> Result<Reply, ServerError> {
        self.take_waiting()?;
        let user = question.user_id.as_deref().map(|id| Identifier::User(UserId::from(id)));
        let device = question.device.as_deref().map(|id| Identifier::Anonymous(AnonymousId::from(id)));
        let n = i64::try_from(question.n).unwrap_or(i64::MAX);
        let mut asked = Asked {
            kind: question.decision.into(),
            names: user.into_iter().chain(device).collect(),
            parameters: BTreeMap::from([("n".to_owned(), n.into())]),
            context: Fields::from_iter([("page".to_owned(), serde_json::json!({ "path": "/" }))]),
        };
        if question.decision != decision::RECOMMEND {
            asked.kind = "act".into();
            asked.parameters.insert("among".to_owned(), question.choices.clone().into());
            asked.context = question.about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        }
        self.clock.set(question.at);
        if let Some(user) = question.user_id.as_deref().filter(|_| question.decision == decision::RECOMMEND) {
            self.greet(user, question.at)?;
        }
        self.ask(asked)
    }

    /// Asks what else a page needs of whoever is signed in, once a day, and tells what it showed of it.
    fn greet(&mut self, user: &str, at: Timestamp) -> Result<(), ServerError> {
        for asked in self.visits.asked_of(user, at) {
            let shows = asked.parameters.contains_key("channel");
            let Reply { decision_id, items, .. } = self.ask(asked)?;
            if shows && !items.is_empty() {
                self.waiting.push(visits::shown(user, &decision_id, at)?);
            }
        }
        if self.waiting.is_empty() { Ok(()) } else { self.take_waiting() }
    }

    /// Nothing is heard or asked any more once something went wrong.
    fn unless_failed<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, ServerError>) -> Option<T> {
        if self.failed.is_some() {
            return None;
        }
        work(self).map_err(|error| self.failed = Some(error)).ok()
    }
}

/// Of what the company may ask about: that of which the settings declare an action, for they may be somebody's own.
fn declared(engine: &Engine) -> BTreeSet<&'static str> {
    let choices: [(&'static str, Vec<&str>); 3] = [
        (decision::OFFER, Offer::ALL.map(Offer::name).into()),
        (decision::RETAIN, Retention::ALL.map(Retention::name).into()),
        (decision::CONTACT, Contact::ALL.map(Contact::name).into()),
    ];
    let actions = &engine.playbook().actions;
    let is_declared = |names: &[&str]| actions.iter().any(|action| names.contains(&action.name.as_str()));
    choices.into_iter().filter(|(_, names)| is_declared(names)).map(|(decision, _)| decision).collect()
}

impl Host for Beside<'_> {
    fn hear(&mut self, message: Message) {
        self.unless_failed(|host| host.told(message));
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::RECOMMEND || self.declared.contains(decision)
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        self.unless_failed(|host| host.answer(question))
    }

    fn wait_until(&mut self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at <= until) && self.failed.is_none() && !is_cancelled()
    }
}
