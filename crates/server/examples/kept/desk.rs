//! Who is asked about as somebody who is about to leave, what was known of them by then, and what would keep them?

use anyhow::Result;
use events::{Envelope, Event, EventLogError, Offset, Origin, Place, Recorded, parse_event};
use features::{Catalogue, History, TraceReads};
use governance::ConsentPolicy;
use learning::Dataset;
use primitives::{CustomerId, Seed, Timestamp, UserId, stable_hash};
use profiles::Identifier;
use simulation::{Company, Host, Message, Question, Reply, Retention, Sender, Settings, decision};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What can be offered: nothing first.
pub(crate) const NAMES: [&str; 3] = ["no_gift", "month_free", "pause"];
/// What a month costs, by plan.
const PLANS: [(&str, f64); 3] = [("Larkspur Basic", 4.9), ("Larkspur Plus", 9.9), ("Larkspur Family", 14.9)];
/// For how many months it is told what a member is worth: one less where one is given away.
const TOLD_MONTHS: f64 = 3.0;

/// Somebody who was about to leave.
pub(crate) struct Asked {
    user: String,
    pub(crate) customer: CustomerId,
    pub(crate) at: Timestamp,
    /// What a month of theirs costs.
    pub(crate) price: f64,
    /// What was known of them, in the order of [`inputs`].
    pub(crate) x: Vec<f64>,
    /// What they were offered, by chance.
    pub(crate) offered: usize,
    /// When it was told that they were kept.
    pub(crate) kept_at: Option<Timestamp>,
    /// How likely each of what can be offered keeps them: the truth.
    keeps: [f64; NAMES.len()],
}

impl Asked {
    /// What a gift brings beside no gift on average, net of what it costs.
    pub(crate) fn worth(&self, gift: usize) -> f64 {
        (self.keeps[gift] - self.keeps[0]) * self.price * super::MONTHS - self.cost(gift)
    }

    /// What it costs on average: a month of who is kept.
    pub(crate) fn cost(&self, gift: usize) -> f64 {
        self.keeps[gift] * self.price
    }
}

/// What models look at: what policies of decisions do of a customer, and the plan.
pub(crate) fn inputs() -> Vec<String> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let catalogue = Catalogue::built_in();
        let of_customers = decisions::inputs_of_policies(&[]).into_iter().filter(|name| catalogue.get(name).is_some());
        of_customers.chain(PLANS.iter().map(|(plan, _)| (*plan).to_owned())).collect()
    });
    NAMES.clone()
}

/// The desk that offers something to whoever is about to leave, by chance.
pub(crate) struct Desk {
    seed: u64,
    asked: Vec<Asked>,
    /// Whose messages are kept; nobody's where it is not known yet who is asked about.
    users: BTreeSet<String>,
    devices: BTreeSet<String>,
    events: Vec<Event>,
}

impl Desk {
    /// Who was asked about in a company within so many days after its history, in the order of time.
    pub(crate) fn asked((seed, customers, days): (u64, u32, u32), n_days: i64) -> Result<Vec<Asked>> {
        let live = |users: BTreeSet<String>| -> Result<Self> {
            let mut desk = Self { seed, asked: Vec::new(), users, devices: BTreeSet::new(), events: Vec::new() };
            let mut company = Company::new(Settings::new(Seed::new(seed), customers, days)?);
            let end = company.settings().end_day;
            let mut lives = company.live_until(end, &mut |messages| messages.iter().for_each(|one| desk.keep(one)));
            for day in end..end + n_days {
                company.live_beside(&mut lives, day, &mut desk);
            }
            Ok(desk)
        };
        // Lived twice alike: first to know about whom, then to keep what was told of them.
        let users = live(BTreeSet::new())?.asked.into_iter().map(|one| one.user).collect();
        let desk = live(users)?;
        let (mut asked, told) = (desk.asked, Told(desk.events));
        let dataset = Dataset::load(&told, &ConsentPolicy::default(), TraceReads::default(), &mut |_| {})?;
        let catalogue = Catalogue::built_in();
        let wanted = inputs().iter().filter_map(|name| Some(catalogue.get(name)?.id.clone())).collect::<Vec<_>>();
        let (read, mut values) = (catalogue.inputs(&wanted)?, Vec::new());
        let mut places: BTreeMap<CustomerId, usize> = BTreeMap::new();
        for (place, customer) in dataset.customers().iter().enumerate() {
            let profile = &customer.get().profile;
            places.extend(profile.links.keys().map(|name| (name.customer_id(), place)));
        }
        asked.retain_mut(|one| {
            let Some(place) = places.get(&Identifier::User(UserId::from(one.user.as_str())).customer_id()) else {
                return false;
            };
            let customer = dataset.customers()[*place].get();
            one.customer = customer.profile.id.clone();
            read.read(&customer.state.state_at(one.at), one.at, &mut values);
            one.x = values.clone();
            one.x.extend(PLANS.map(|(_, price)| if (price - one.price).abs() < 1e-9 { 1.0 } else { 0.0 }));
            true
        });
        Ok(asked)
    }

    /// Keeps what was told of whoever is asked about, under any of their names.
    fn keep(&mut self, message: &Message) {
        let said = |key: &str| {
            let (_, rest) = message.json.split_once(&format!("\"{key}\":\""))?;
            Some(rest.split_once('"')?.0)
        };
        let (user, device) = (said("userId"), said("anonymousId"));
        let is_known = user.is_some_and(|user| self.users.contains(user));
        if is_known && let Some(device) = device {
            self.devices.insert(device.to_owned());
        }
        if !is_known && (user.is_some() || !device.is_some_and(|device| self.devices.contains(device))) {
            return;
        }
        let origin = if message.sender == Sender::Browser { Origin::Client } else { Origin::Server };
        self.events.extend(parse_event(message.payload(), None, &Envelope::new(message.at, origin)));
    }
}

impl Host for Desk {
    fn hear(&mut self, message: Message) {
        if message.json.contains("\"event\":\"Decision Converted\"") {
            let payload = message.payload();
            let decision = payload["properties"]["decision_id"].as_str().and_then(|id| id.parse::<usize>().ok());
            if let Some(one) = decision.and_then(|at| self.asked.get_mut(at)) {
                one.kept_at = Some(message.at);
            }
        }
        self.keep(&message);
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::RETAIN
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        let user = question.user_id.clone()?;
        let price = PLANS.iter().find(|(plan, _)| question.about["plan"] == *plan)?.1;
        let drawn = stable_hash(&format!("{} {user} {}", self.seed, question.at)) % NAMES.len() as u64;
        let offered = usize::try_from(drawn).unwrap_or_default();
        let months = |gift: usize| if gift == 0 { TOLD_MONTHS } else { TOLD_MONTHS - 1.0 };
        let keeps = std::array::from_fn(|gift| question.worth[gift] / (months(gift) * price));
        let decision_id = self.asked.len().to_string();
        let (customer, x) = (CustomerId::from(user.as_str()), Vec::new());
        self.asked.push(Asked { user, customer, at: question.at, price, x, offered, kept_at: None, keeps });
        Some(Reply { decision_id, items: vec![Retention::ALL[offered].name().to_owned()], ..Reply::default() })
    }
}

/// A history in memory.
struct Told(Vec<Event>);

impl History for Told {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let all = (1..).zip(&self.0).map(|(offset, event)| Recorded { offset: Offset(offset), event: event.clone() });
        let _ = all.filter(|recorded| recorded.offset > after.offset).all(visit);
        Ok(())
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(self.0.len() as u64)
    }
}
