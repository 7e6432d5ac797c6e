//! How does a simulated company live beside an engine in this process, on a clock that goes with its days? It asks `act` what to offer
//! to full carts, and notes what each offer would have earned.

use anyhow::Result;
use decisions::{Action, Content};
use engine::{Asked, Engine, Learned};
use events::{Batch, Envelope, Event, Fields, Origin, parse_event};
use primitives::{AnonymousId, Seed, SimulatedClock, Timestamp, UserId};
use profiles::Identifier;
use serde_json::{Value, json};
use server::serve::Opened;
use server::settings::Settings;
use simulation::{Company, Host, Lives, Message, Offer, Question, Reply, Sender, decision};
use std::sync::Arc;
use storage::Access;
use tempfile::TempDir;

/// So many events wait at most.
const N_WAITING: usize = 5_000;

/// A full cart, and what it was met with.
pub(crate) struct Cart {
    pub(crate) day: i64,
    /// What was done, by its place in [`Offer::ALL`].
    pub(crate) chosen: usize,
    /// What each offer would earn on average.
    pub(crate) worth: Vec<f64>,
}

/// The company's shop, with the engine that it asks.
pub(crate) struct Shop {
    pub(crate) engine: Arc<Engine>,
    clock: Arc<SimulatedClock>,
    waiting: Vec<Event>,
    pub(crate) carts: Vec<Cart>,
    /// Which offer is made where another is chosen, by their places: all as they are, until tastes are swapped.
    pub(crate) means: [usize; Offer::ALL.len()],
    _opened: Opened,
    _data: TempDir,
}

/// The offers that may be chosen, each declared with the same worth: nothing is known of them.
pub(crate) fn declared(offers: &[Offer]) -> Result<Vec<Action>> {
    let table = |offer: &Offer| json!({"name": offer.name(), "group": "cart", "value": 10, "prior": 0.5});
    let action = |offer: &Offer| {
        let table = table(offer);
        let fields = table.as_object().cloned().unwrap_or_default();
        Action::from_table(&fields).map_err(|mistake| anyhow::anyhow!("{mistake:?}"))
    };
    offers.iter().map(action).collect()
}

impl Shop {
    /// Opens an engine of its own, at a moment.
    pub(crate) fn open(settings: Settings, at: Timestamp) -> Result<Self> {
        let (data, clock) = (tempfile::tempdir()?, Arc::new(SimulatedClock::new(at)));
        let opened = Opened::open_at(data.path(), Access::Exclusive, settings, clock.clone())?;
        let means = std::array::from_fn(|at| at);
        let engine = opened.engine.clone();
        Ok(Self { engine, clock, waiting: Vec::new(), carts: Vec::new(), means, _opened: opened, _data: data })
    }

    /// Takes the past of a company in, up to its end.
    pub(crate) fn take_in(&mut self, company: &mut Company) -> Lives {
        self.clock.set(Timestamp::from_millis(company.settings().first_day() * primitives::DAY_MS));
        for item in company.catalogue() {
            let at = Timestamp::from_millis(company.settings().first_day() * primitives::DAY_MS);
            self.add(item, at, Origin::Import);
        }
        let until = company.settings().end_day;
        let lives = company.live_until(until, &mut |messages| {
            messages.iter().for_each(|message| self.add(message.payload(), message.at, Origin::Import));
        });
        self.flush();
        lives
    }

    /// Lives through a day, and learns again in the night where enough is new.
    pub(crate) fn live(
        &mut self,
        company: &mut Company,
        lives: &mut Lives,
        day: i64,
        last: &mut Learned,
    ) -> Result<()> {
        company.live_beside(lives, day, self);
        self.flush();
        for (_, learned) in self.engine.refit_policies(last, Seed::new(1))? {
            learned?;
        }
        Ok(())
    }

    fn add(&mut self, payload: Value, at: Timestamp, origin: Origin) {
        let envelope = Envelope::new(at, origin);
        if let Ok(event) = parse_event(payload, None, &envelope) {
            self.waiting.push(event);
        }
        if self.waiting.len() >= N_WAITING {
            self.flush();
        }
    }

    pub(crate) fn flush(&mut self) {
        let accepted = std::mem::take(&mut self.waiting);
        if let Err(error) = self.engine.ingest(Batch { accepted, ..Batch::default() }) {
            println!("not taken in: {error}");
        }
    }

    fn ask(&self, question: &Question) -> Result<Reply> {
        let user = question.user_id.as_deref().map(|id| Identifier::User(UserId::from(id)));
        let device = question.device.as_deref().map(|id| Identifier::Anonymous(AnonymousId::from(id)));
        let among: Vec<Value> = question.choices.iter().map(|choice| choice.as_str().into()).collect();
        let context: Fields = question.about.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let record = self.engine.decide(Asked {
            kind: "act".into(),
            names: user.into_iter().chain(device).collect(),
            parameters: [("among".to_owned(), Value::from(among))].into(),
            context,
        })?;
        let Content::Actions(actions) = &record.decision.answer.content else { return Ok(Reply::default()) };
        let items = actions.chosen.iter().map(|action| action.id.clone()).collect();
        Ok(Reply { decision_id: record.decision.id.to_string(), items, ..Reply::default() })
    }
}

impl Host for Shop {
    fn hear(&mut self, message: Message) {
        let origin = if message.sender == Sender::Browser { Origin::Client } else { Origin::Server };
        let mut payload = message.payload();
        // What was chosen stands in the decision by its own name, whatever was made of it.
        let action = payload["properties"]["action"].as_str();
        let made = action.and_then(|action| Offer::ALL.iter().position(|offer| offer.name() == action));
        if let Some(chosen) = made.and_then(|made| self.means.iter().position(|means| *means == made)) {
            payload["properties"]["action"] = Offer::ALL[chosen].name().into();
        }
        self.add(payload, message.at, origin);
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::OFFER
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        self.flush();
        let mut reply = self.ask(question).map_err(|error| println!("not answered: {error}")).ok()?;
        let named = reply.items.first().and_then(|name| Offer::ALL.iter().position(|offer| offer.name() == name));
        let made = named.map_or(0, |named| self.means[named]);
        if let Some(first) = reply.items.first_mut() {
            *first = Offer::ALL[made].name().to_owned();
        }
        self.carts.push(Cart { day: question.at.day(), chosen: made, worth: question.worth.clone() });
        Some(reply)
    }

    fn wait_until(&mut self, at: Timestamp) -> bool {
        self.clock.set(at);
        true
    }
}
