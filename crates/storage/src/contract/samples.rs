//! Which events and decisions do the suites use? Small ones that are told apart by their number.

use decisions::LoggedDecision;
use events::{Call, Event, Fields, Origin, Recorded, Rejected, Rejection, RejectionCode};
use primitives::{AnonymousId, CustomerId, DecisionId, HOUR_MS, ItemId, MessageId, Timestamp, UserId};

/// 2026-11-22T00:00:00Z, when sample number 0 is received.
pub const START: Timestamp = Timestamp::from_millis(1_795_305_600_000);

/// A sample event: the kinds of call in turn, one every five hours, so that six of them span more than one day.
#[must_use]
pub fn event(n: u64) -> Event {
    let received_at = Timestamp::from_millis(START.as_millis() + i64::try_from(n % 1_000).unwrap_or(0) * 5 * HOUR_MS);
    let mut properties = Fields::new();
    properties.insert("n".to_owned(), n.into());
    properties.insert("price".to_owned(), 19.99.into());
    properties.insert("note".to_owned(), "“ünïcödé” \u{0} \n".into());
    let call = match n % 4 {
        0 => Call::Track { event: "Order Completed".to_owned(), properties },
        1 => Call::Page { name: (n % 8 == 1).then(|| "Home".to_owned()), category: None, properties },
        2 => Call::Identify { traits: properties },
        _ => Call::Item { item_id: ItemId::from(format!("item-{n}")), traits: properties },
    };
    let named = !matches!(call, Call::Item { .. });
    Event {
        message_id: MessageId::from(format!("message-{n}")),
        user_id: named.then(|| UserId::from(format!("user-{}", n % 7))),
        anonymous_id: (named && n.is_multiple_of(3)).then(|| AnonymousId::from(format!("browser-{}", n % 5))),
        occurred_at: Timestamp::from_millis(received_at.as_millis() - 1_500),
        received_at,
        stated_at: None,
        call,
        context: Fields::new(),
        origin: Origin::Client,
        reading: events::Reading::default(),
    }
}

/// Sample events by their numbers.
#[must_use]
pub fn events(numbers: impl IntoIterator<Item = u64>) -> Vec<Event> {
    numbers.into_iter().map(event).collect()
}

/// The same events as a file of history brings them.
#[must_use]
pub fn imported(numbers: impl IntoIterator<Item = u64>) -> Vec<Event> {
    numbers.into_iter().map(|n| Event { origin: Origin::Import, ..event(n) }).collect()
}

/// The numbers of recorded sample events.
#[must_use]
pub fn numbers(recorded: &[Recorded]) -> Vec<u64> {
    recorded.iter().map(|one| number(&one.event)).collect()
}

/// The number of a sample event; `u64::MAX` where it is none.
#[must_use]
pub fn number(event: &Event) -> u64 {
    event.message_id.as_str().strip_prefix("message-").and_then(|n| n.parse().ok()).unwrap_or(u64::MAX)
}

/// A sample of a rejected event.
#[must_use]
pub fn rejected(n: u64) -> Rejected {
    let rejection = Rejection {
        code: RejectionCode::MissingField,
        field: "/userId".to_owned(),
        message: format!("sample {n} has no userId: send one"),
        masked: None,
    };
    Rejected {
        received_at: event(n).received_at,
        rejection,
        call: Some("track".to_owned()),
        payload: format!(r#"{{"type":"track","event":"Sample {n}"}}"#),
        index: 0,
        message_id: None,
        names: Vec::new(),
    }
}

/// A sample decision, made `n` seconds after [`START`]; every third one is a fallback, every fifth one about nobody.
#[must_use]
pub fn decision(n: u64) -> LoggedDecision {
    let decided_at = Timestamp::from_millis(START.as_millis() + i64::try_from(n).unwrap_or(0) * 1_000);
    LoggedDecision {
        id: DecisionId::from(format!("{:012x}{n:020x}", decided_at.as_millis())),
        decided_at,
        kind: if n.is_multiple_of(2) { "recommend" } else { "churn" }.to_owned(),
        customer: (!n.is_multiple_of(5)).then(|| CustomerId::from(format!("customer-{}", n % 5))),
        is_fallback: n.is_multiple_of(3),
        record: format!("record {n} \u{0}").into_bytes(),
    }
}
