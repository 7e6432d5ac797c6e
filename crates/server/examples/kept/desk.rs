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

/// What is played on of each company.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Played {
    /// Days of history before anything is asked.
    pub(crate) days: u32,
    /// In how many futures of each member,
    pub(crate) futures: u32,
    /// of so many days each.
    pub(crate) n_days: u32,
}

/// So many days come after the last question, so that it is seen who was kept.
const SEEN_DAYS: i64 = 8;
/// Futures of one member are told as if one came after the other.
const APART_DAYS: i64 = 400;

/// Who was asked about in the futures of the members of a company.
pub(crate) fn asked(seed: u64, customers: u32, played: Played) -> Result<Vec<Asked>> {
    let made = Settings::new(Seed::new(seed), customers, played.days)?;
    // Lived twice alike: first to know who is a member, then to keep what was told of them.
    let mut members = Members::default();
    Company::new(made).live_until(made.end_day, &mut |messages| messages.iter().for_each(|one| members.hear(one)));
    let mut company = Company::new(made);
    let mut histories: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    let owners = owners(&company, &members.users);
    let lives = company.live_until(made.end_day, &mut |messages| {
        for message in messages {
            let named = ["userId", "anonymousId"].into_iter().find_map(|key| owners.get(said(message, key)?));
            if let Some(person) = named {
                histories.entry(*person).or_default().extend(event(message));
            }
        }
    });
    let ahead = company.days_ahead(&lives, made.end_day, played.n_days);
    let mut asked = Vec::new();
    for number in 0..played.futures {
        let mut desk = Desk {
            coin: format!("{seed} {number}"),
            until_day: made.end_day + i64::from(played.n_days) - SEEN_DAYS,
            asked: Vec::new(),
            heard: Vec::new(),
        };
        let mut events: Vec<Event> = Vec::new();
        for (person, history) in &histories {
            let n_before = desk.asked.len();
            company.future_beside(&lives, *person, &ahead, number, &mut desk);
            let heard = std::mem::take(&mut desk.heard);
            // Of whom nothing was asked, nothing need be known.
            if desk.asked.len() > n_before {
                events.extend(history.iter().cloned());
                events.extend(heard.iter().filter_map(event));
            }
        }
        looked_at(&mut desk.asked, events)?;
        for one in &mut desk.asked {
            let later = i64::from(number) * APART_DAYS;
            one.at = one.at.plus_days(later);
            one.kept_at = one.kept_at.map(|at| at.plus_days(later));
        }
        asked.extend(desk.asked);
    }
    asked.sort_by(|a, b| (a.at, &a.user).cmp(&(b.at, &b.user)));
    Ok(asked)
}

/// Reads what was known of each when it was asked.
fn looked_at(asked: &mut Vec<Asked>, mut events: Vec<Event>) -> Result<()> {
    events.sort_by_key(|event| event.received_at);
    let dataset = Dataset::load(&Told(events), &ConsentPolicy::default(), TraceReads::default(), &mut |_| {})?;
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
        let state = &dataset.customers()[*place].get().state;
        read.read(&state.state_at(one.at), one.at, &mut values);
        one.x = values.clone();
        one.x.extend(PLANS.map(|(_, price)| if (price - one.price).abs() < 1e-9 { 1.0 } else { 0.0 }));
        true
    });
    Ok(())
}

/// A name in a message.
fn said<'a>(message: &'a Message, key: &str) -> Option<&'a str> {
    let (_, rest) = message.json.split_once(&format!("\"{key}\":\""))?;
    Some(rest.split_once('"')?.0)
}

fn event(message: &Message) -> Option<Event> {
    let origin = if message.sender == Sender::Browser { Origin::Client } else { Origin::Server };
    parse_event(message.payload(), None, &Envelope::new(message.at, origin)).ok()
}

/// Whose the names of these users are, and their devices.
fn owners(company: &Company, users: &BTreeSet<String>) -> BTreeMap<String, u32> {
    let mut owners = BTreeMap::new();
    for person in company.people() {
        let accounts = || person.identity.accounts.iter().map(|account| account.user_id.clone());
        if accounts().any(|user| users.contains(&user)) {
            owners.extend(accounts().chain(person.identity.devices.iter().cloned()).map(|name| (name, person.no)));
        }
    }
    owners
}

/// Who is a member.
#[derive(Default)]
struct Members {
    users: BTreeSet<String>,
}

impl Members {
    fn hear(&mut self, message: &Message) {
        let Some(user) = said(message, "userId") else { return };
        if message.json.contains("\"event\":\"Subscription Started\"") {
            self.users.insert(user.to_owned());
        } else if message.json.contains("\"event\":\"Subscription Cancelled\"") {
            self.users.remove(user);
        }
    }
}

/// The desk that offers something to whoever is about to leave, by chance.
struct Desk {
    coin: String,
    until_day: i64,
    asked: Vec<Asked>,
    heard: Vec<Message>,
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
        self.heard.push(message);
    }

    fn decides(&self, decision: &str) -> bool {
        decision == decision::RETAIN
    }

    fn decide(&mut self, question: &Question) -> Option<Reply> {
        if question.at.day() >= self.until_day {
            return None;
        }
        let user = question.user_id.clone()?;
        let price = PLANS.iter().find(|(plan, _)| question.about["plan"] == *plan)?.1;
        let drawn = stable_hash(&format!("{} {user} {}", self.coin, question.at)) % NAMES.len() as u64;
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
