//! Which customers do the tests of numbers and choices learn from? Those of a help desk, who write the oftener the oftener
//! they are seen, and about what they do.

use super::world::{Told, catalogue, day, numbered, order, seed};
use crate::{Data, Dataset, Outcome};
use events::{Call, Event};
use features::TraceReads;
use governance::ConsentPolicy;
use primitives::{Timestamp, stable_hash};
use serde_json::{Value, json};

pub(super) const N_CUSTOMERS: u64 = 300;
pub(super) const N_DAYS: i64 = 130;

/// Something that a customer did, at so many thousandths of a day.
pub(super) fn track(customer: u64, event: &str, at: i64, properties: &Value) -> Event {
    let when = Timestamp::from_millis(at * 86_400);
    let base = order(&format!("c{customer:03}"), &format!("{event}{properties}"), when, when);
    Event {
        call: Call::Track { event: event.to_owned(), properties: properties.as_object().unwrap().clone().into() },
        ..base
    }
}

/// What happened: a quarter of the customers is hardly seen and never writes. Whoever orders writes about payment, the others
/// about their login, now and then the other way round, and some about what nobody else does. What they write is of no channel that Rapport
/// reads by itself: what is learned of it is learned from what was declared.
pub(super) fn history() -> Vec<Event> {
    let mut events = Vec::new();
    for customer in 0..N_CUSTOMERS {
        let (level, buys) = (customer % 4, customer % 8 < 4);
        for at in 0..N_DAYS {
            let chance = |what: &str, of: u64| stable_hash(&format!("{customer} {at} {what}")) % of;
            let moment = at * 1_000 + i64::try_from(chance("moment", 900)).unwrap();
            if chance("seen", 100) < 4 + 14 * level {
                events.push(track(customer, "Signed In", moment, &json!({})));
            }
            if buys && chance("buys", 100) < 6 {
                let when = Timestamp::from_millis(moment * 86_400);
                events.push(order(&format!("c{customer:03}"), &format!("tea{at}"), when, when));
            }
            if chance("writes", 100) < 3 * level {
                let reason = match chance("reason", 20) {
                    0 => format!("about {customer} {at}"),
                    1 | 2 => if buys { "login" } else { "payment" }.to_owned(),
                    _ => if buys { "payment" } else { "login" }.to_owned(),
                };
                let amount = 5 + chance("amount", 40) * chance("amount", 40) / 40;
                let properties =
                    json!({ "reason": reason, "amount": amount, "currency": "EUR", "n": 2, "kind": "open" });
                events.push(track(customer, "Case Opened", moment, &properties));
            }
        }
    }
    events
}

/// A question about the weeks to come.
pub(super) fn asked(label: &Value) -> Outcome {
    let table = json!({
        "name": "tickets", "question": "What will come?", "among": "everyone", "label": label, "within_days": 21,
    });
    Outcome::from_table(table.as_object().unwrap()).unwrap()
}

pub(super) fn count() -> Outcome {
    asked(&json!({ "count": { "event": "Case Opened" } }))
}

pub(super) fn sum(of: &str) -> Outcome {
    asked(&json!({ "sum": { "event": "Case Opened", "of": of } }))
}

pub(super) fn which(of: &str) -> Outcome {
    asked(&json!({ "which": { "event": "Case Opened", "of": of } }))
}

/// What is known of a history as far as an outcome must see it.
pub(super) fn dataset(outcome: &Outcome, events: Vec<Event>) -> Dataset {
    let reads = TraceReads::new(outcome.watches()).keeping(outcome.among.cells());
    Dataset::load(&Told(numbered(events)), &ConsentPolicy::default(), reads, &mut |_| {}).unwrap()
}

pub(super) fn data(dataset: &Dataset) -> Data<'_> {
    Data { dataset, catalogue: catalogue(), now: day(N_DAYS), seed: seed() }
}

/// The history with other properties of what was written.
pub(super) fn rewritten(change: impl Fn(usize, &mut events::Fields)) -> Vec<Event> {
    let mut events = history();
    for (place, event) in events.iter_mut().enumerate() {
        match &mut event.call {
            Call::Track { event, properties } if event == "Case Opened" => change(place, properties),
            _ => {}
        }
    }
    events
}
