//! What could be told on the other channels, each event with whatever may stand in it?

use super::{Dice, fields};
use crate::{Call, Fields};
use primitives::{DAY_MS, Timestamp};
use serde_json::{Value, json};

/// Something of one channel.
pub(super) fn told(dice: &mut Dice) -> Call {
    let (event, properties) = match dice.below(9) {
        0 => visited(dice),
        1 => searched(dice),
        2 => written_to(dice),
        3..=4 => helped(dice),
        5 => paid(dice),
        6 => subscribed(dice),
        7 => used(dice),
        _ => met(dice),
    };
    Call::Track { event: event.to_owned(), properties }
}

/// Few different things, so that several events speak of the same one; and now and then one of many.
fn thing(dice: &mut Dice) -> Value {
    let n = if dice.chance(0.3) { 300 } else { 4 };
    format!("t{}", dice.below(n)).into()
}

/// Says some of this, and leaves the rest out.
fn some<const N: usize>(dice: &mut Dice, named: [(&str, Value); N]) -> Fields {
    named.into_iter().filter(|_| !dice.chance(0.3)).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn visited(dice: &mut Dice) -> (&'static str, Fields) {
    match dice.below(4) {
        0 => ("Session Started", Fields::new()),
        1 => ("Checkout Started", Fields::new()),
        _ => {
            let [seconds, idle, rage, dead] = [100, 150, 3, 3].map(|n| dice.below(n));
            let [keys, corrections, left] = [9, 9, 3].map(|n| dice.below(n));
            let said = [
                ("seconds_visible", json!(seconds)),
                ("idle_seconds", json!(idle)),
                ("rage_clicks", json!(rage)),
                ("dead_clicks", json!(dead)),
                ("keys", json!(keys)),
                ("corrections", json!(corrections)),
                ("form_fields_left", json!(left)),
            ];
            ("Page Left", some(dice, said))
        }
    }
}

fn searched(dice: &mut Dice) -> (&'static str, Fields) {
    let [results, position] = [dice.below(3), 1 + dice.below(9)];
    if dice.chance(0.3) {
        return ("Search Result Clicked", some(dice, [("position", json!(position))]));
    }
    let mut said = some(dice, [("query", json!("tea")), ("results", json!(results))]);
    if dice.chance(0.2) {
        said.insert("position".to_owned(), json!(position));
    }
    ("Products Searched", said)
}

fn written_to(dice: &mut Dice) -> (&'static str, Fields) {
    let steps = [
        "Email Sent",
        "Email Delivered",
        "Email Delivered",
        "Email Opened",
        "Email Opened",
        "Email Link Clicked",
        "Email Bounced",
        "Email Marked as Spam",
        "Unsubscribed",
    ];
    let said = [("email_id", thing(dice))];
    (dice.pick(&steps), some(dice, said))
}

fn helped(dice: &mut Dice) -> (&'static str, Fields) {
    let ticket = [("ticket_id", thing(dice))];
    match dice.below(12) {
        0..=5 => {
            let steps = ["Ticket Created", "Ticket Assigned", "Ticket Resolved", "Ticket Resolved", "Ticket Reopened"];
            (dice.pick(&steps), some(dice, ticket))
        }
        6 => (dice.pick(&["Message Received", "Message Sent"]), some(dice, ticket)),
        7..=8 => {
            let [seconds, waited] = [900, 90].map(|n| dice.below(n));
            if dice.chance(0.3) {
                return ("Call Started", some(dice, [("waited_seconds", json!(waited))]));
            }
            ("Call Ended", some(dice, [("seconds", json!(seconds)), ("waited_seconds", json!(waited))]))
        }
        9 => ("CSAT Submitted", fields([("score", json!(1 + dice.below(5)))])),
        10 => ("NPS Submitted", fields([("score", json!(dice.below(11)))])),
        _ => ("CES Submitted", fields([("score", json!(1 + dice.below(7)))])),
    }
}

fn amount(dice: &mut Dice) -> (Value, Value) {
    (json!(dice.below(9_000)), dice.pick(&["EUR", "USD", "JPY"]).into())
}

fn paid(dice: &mut Dice) -> (&'static str, Fields) {
    let steps =
        ["Payment Attempted", "Payment Approved", "Payment Declined", "Payment Declined", "Chargeback Received"];
    let (amount, currency) = amount(dice);
    let said = [("payment_id", thing(dice)), ("amount", amount), ("currency", currency)];
    (dice.pick(&steps), some(dice, said))
}

fn subscribed(dice: &mut Dice) -> (&'static str, Fields) {
    let steps = [
        "Subscription Started",
        "Subscription Renewed",
        "Subscription Upgraded",
        "Subscription Downgraded",
        "Subscription Cancelled",
    ];
    let (amount, currency) = amount(dice);
    let renews_at = Timestamp::from_millis((90 + i64::try_from(dice.below(60)).unwrap_or(0)) * DAY_MS);
    let said = [
        ("subscription_id", thing(dice)),
        ("plan", json!("p")),
        ("amount", amount),
        ("currency", currency),
        ("interval", dice.pick(&["day", "week", "month", "quarter", "year"]).into()),
        ("renews_at", json!(renews_at.to_string())),
    ];
    (dice.pick(&steps), some(dice, said))
}

fn used(dice: &mut Dice) -> (&'static str, Fields) {
    if dice.chance(0.25) {
        let seconds = json!(dice.below(600));
        return ("Service Faulted", some(dice, [("seconds", seconds)]));
    }
    let n_metrics = if dice.chance(0.2) { 9 } else { 2 };
    let metric = format!("m{}", dice.below(n_metrics)).into();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let value = json!(dice.below(400) as f64 / 4.0 - 20.0);
    let mut said = fields([("metric", metric), ("value", value)]);
    if dice.chance(0.3) {
        said.insert("unit".to_owned(), dice.pick(&["h", "s"]).into());
    }
    ("Service Measured", said)
}

fn met(dice: &mut Dice) -> (&'static str, Fields) {
    if dice.chance(0.2) {
        let said = [("store_id", thing(dice))];
        return ("Store Visited", some(dice, said));
    }
    let steps = ["Decision Shown", "Decision Shown", "Decision Clicked", "Decision Dismissed", "Decision Converted"];
    let said = [("decision_id", thing(dice))];
    (dice.pick(&steps), fields(said))
}
