//! Which events would entangle who is who? A few people with a few devices, told in whichever way a log could be told.
//!
//! Nothing here is likely, and everything is possible: clocks that stand still, devices that wander, aliases in circles,
//! what is said late, twice or by a stranger, on every channel. For tests of what must hold however badly it goes.

mod channels;

use super::dice::Dice;
use crate::{Call, Event, Fields, Origin, Reading};
use primitives::{HOUR_MS, MessageId, Seed, Timestamp};
use serde_json::{Value, json};

/// How badly it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tangle {
    /// How many events, those that come twice not counted.
    pub n_events: usize,
    /// How many `userId`s there are, at least 1.
    pub n_users: usize,
    /// How many devices there are, at least 1.
    pub n_devices: usize,
    /// On how many different hours anything happens, at least 1: the fewer, the more happens at the same moment.
    pub n_hours: usize,
}

impl Tangle {
    /// The events of a seed in the order of their arrival. A message that is sent again comes again, as it was.
    #[must_use]
    pub fn events(self, seed: Seed) -> Vec<Event> {
        let mut dice = Dice::new(seed, "tangle", 0);
        let mut events: Vec<Event> = Vec::new();
        for n in 0..self.n_events {
            events.push(self.event(&mut dice, n));
            if dice.chance(0.08) {
                events.push(events[dice.below(events.len())].clone());
            }
        }
        events
    }

    fn event(self, dice: &mut Dice, n: usize) -> Event {
        let user = |dice: &mut Dice| format!("u{}", dice.below(self.n_users.max(1)));
        let device = |dice: &mut Dice| format!("d{}", dice.below(self.n_devices.max(1)));
        let call = match dice.below(20) {
            0..=1 => {
                let previous_id = if dice.chance(0.5) { user(dice) } else { device(dice) };
                Call::Alias { previous_id }
            }
            2..=4 => Call::Identify { traits: said(dice) },
            5..=6 => bought(dice, "Order Completed"),
            7 => bought(dice, "Order Refunded"),
            8..=9 => seen(dice),
            10..=17 => channels::told(dice),
            _ => Call::Page {
                name: dice.pick(&[None, Some("Home"), Some("Cart")]).map(str::to_owned),
                category: None,
                properties: Fields::new(),
            },
        };
        let (has_user, has_device) = match dice.below(5) {
            0..=1 => (true, false),
            2 => (false, true),
            _ => (true, true),
        };
        let hour = 100 * 24 + i64::try_from(dice.below(self.n_hours.max(1))).unwrap_or(0);
        // Most clocks tell the hour only; some tell more, so that one thing follows the other within a visit.
        let tenths = if dice.chance(0.2) { dice.below(6) } else { 0 };
        let received_at = Timestamp::from_millis(hour * HOUR_MS + i64::try_from(tenths).unwrap_or(0) * HOUR_MS / 6);
        let late = if dice.chance(0.3) { dice.below(48) } else { 0 };
        let consent = dice.chance(0.1).then(
            || json!({"categoryPreferences": {"analytics": dice.chance(0.5), "personalization": dice.chance(0.5)}}),
        );
        Event {
            message_id: MessageId::from(format!("m{n}-{}", dice.hex())),
            user_id: has_user.then(|| user(dice).into()),
            anonymous_id: has_device.then(|| device(dice).into()),
            occurred_at: Timestamp::from_millis(received_at.as_millis() - i64::try_from(late).unwrap_or(0) * HOUR_MS),
            received_at,
            stated_at: None,
            call,
            context: consent.map(|consent| fields([("consent", consent)])).unwrap_or_default(),
            origin: dice.pick(&[Said::Client, Said::Client, Said::Server, Said::Import]).into(),
            reading: Reading::default(),
        }
    }
}

/// An [`Origin`] that can be drawn.
#[derive(Clone, Copy, Default)]
enum Said {
    #[default]
    Client,
    Server,
    Import,
}

impl From<Said> for Origin {
    fn from(said: Said) -> Self {
        match said {
            Said::Client => Self::Client,
            Said::Server => Self::Server,
            Said::Import => Self::Import,
        }
    }
}

fn fields<const N: usize>(named: [(&str, Value); N]) -> Fields {
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn said(dice: &mut Dice) -> Fields {
    let mut said = Fields::new();
    for name in ["city", "plan", "note"] {
        if dice.chance(0.5) {
            said.insert(name.to_owned(), dice.below(4).into());
        }
    }
    said
}

fn bought(dice: &mut Dice, event: &str) -> Call {
    let product = |dice: &mut Dice| {
        let item = dice.below(5);
        json!({"product_id": format!("i{item}"), "category": format!("c{}", item % 2), "quantity": 1 + dice.below(3)})
    };
    let products: Vec<Value> = (0..dice.below(4)).map(|_| product(dice)).collect();
    let value = json!(dice.below(5_000));
    let currency = dice.pick(&["EUR", "USD", "CHF"]).into();
    let properties = fields([("revenue", value), ("currency", currency), ("products", products.into())]);
    Call::Track { event: event.to_owned(), properties }
}

fn seen(dice: &mut Dice) -> Call {
    let event = if dice.chance(0.3) { "Product Added" } else { "Product Viewed" };
    let properties = fields([("product_id", format!("i{}", dice.below(5)).into())]);
    Call::Track { event: event.to_owned(), properties }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Commerce, Deed, consent_statements};
    use std::collections::{BTreeMap, BTreeSet};

    /// What a test that draws from it relies on: everything that can go wrong comes, and nothing that cannot.
    #[test]
    fn everything_that_is_promised_comes_and_nothing_else() {
        let tangle = Tangle { n_events: 2_000, n_users: 3, n_devices: 2, n_hours: 5 };
        let events = tangle.events(Seed::new(1));
        assert_eq!(events, tangle.events(Seed::new(1)));
        assert_ne!(events, tangle.events(Seed::new(2)));
        let mut known: BTreeMap<&str, &Event> = BTreeMap::new();
        for event in &events {
            assert_eq!(*known.entry(event.message_id.as_str()).or_insert(event), event, "sent again as it was");
        }
        assert_eq!(known.len(), 2_000);
        assert!((2_080..2_240).contains(&events.len()), "{}", events.len());
        let hours = |at: Timestamp| (at.as_millis() / HOUR_MS, at.as_millis() % HOUR_MS);
        let (mut calls, mut named) = (BTreeMap::new(), BTreeMap::new());
        let [mut users, mut devices, mut previous] = [const { BTreeSet::new() }; 3];
        let [mut received, mut late, mut minutes] = [const { BTreeSet::new() }; 3];
        let (mut origins, mut consents) = (BTreeSet::new(), BTreeSet::new());
        for event in known.into_values() {
            let (user, device) = (event.user_id.as_ref(), event.anonymous_id.as_ref());
            *named.entry((user.is_some(), device.is_some())).or_insert(0) += 1;
            users.extend(user.map(|user| user.as_str().to_owned()));
            devices.extend(device.map(|device| device.as_str().to_owned()));
            minutes.insert(hours(event.received_at).1 / 60_000);
            received.insert(hours(event.received_at).0);
            late.insert(hours(event.received_at).0 - hours(event.occurred_at).0);
            origins.insert(event.origin);
            consents.extend(consent_statements(event));
            let call = match &event.call {
                Call::Alias { previous_id } => {
                    previous.insert(previous_id.clone());
                    "alias"
                }
                Call::Track { event: title, .. } => {
                    assert!(!matches!(event.deed(), Deed::Other), "{event:?} is refused");
                    title
                }
                Call::Identify { .. } => "identify",
                _ => "page",
            };
            *calls.entry(call).or_insert(0) += 1;
            assert!(
                !matches!(Commerce::read(event), Err(_) | Ok(Some(Commerce { value: None, .. })) if call.starts_with("Order"))
            );
        }
        let texts = |texts: &[&str]| -> BTreeSet<String> { texts.iter().map(|&text| text.to_owned()).collect() };
        assert_eq!((users, devices), (texts(&["u0", "u1", "u2"]), texts(&["d0", "d1"])));
        assert_eq!(previous, texts(&["d0", "d1", "u0", "u1", "u2"]));
        assert_eq!((received, late), ((2_400..2_405).collect(), (0..48).collect()));
        assert_eq!(minutes, [0, 10, 20, 30, 40, 50].into());
        assert_eq!((origins.len(), consents.len()), (3, 4));
        // In twentieths.
        let share = |call: &str| (calls[call] + 50) / 100;
        let often = ["Order Completed", "Order Refunded", "alias", "identify", "page"];
        assert_eq!(often.map(share), [2, 1, 2, 3, 2]);
        // And every step of every channel.
        assert_eq!(calls.len() - often.len(), 41, "{:?}", calls.keys());
        let fifths: Vec<_> = named.into_iter().map(|(named, n)| (named, (n + 200) / 400)).collect();
        assert_eq!(fifths, [((false, true), 1), ((true, false), 2), ((true, true), 2)], "an event is of somebody");
    }
}
