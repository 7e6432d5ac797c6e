//! Which KPIs are there without a declaration?

use super::Kpi;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a company says of its money.
#[derive(Debug, Clone, PartialEq)]
pub struct Earnings {
    /// Which share of revenue is left when what was sold is paid.
    pub margin: f64,
    /// What a contact costs, by channel: `call` of calls, others of messages that name the channel.
    pub contact_cost: BTreeMap<String, f64>,
}

/// The names of those that may be there without a declaration, and of what is counted on the way to them.
pub(super) const NAMES: [&str; 15] = [
    "revenue",
    "margin",
    "orders",
    "conversion",
    "aov",
    "repeat",
    "refunds",
    "tickets",
    "contacts",
    "csat",
    "cost_to_serve",
    "ctr",
    "cart_rate",
    "shown",
    "clicked",
];

/// The KPIs that are there without a declaration, within a window.
///
/// *Parameters*: `within_days`, as of a declaration; a KPI whose numbers nobody gave (margin without a margin, cost to serve
/// without costs) is left out, rather than told as 0.
#[must_use]
pub fn built_in(earnings: &Earnings, within_days: i64) -> Vec<Kpi> {
    let order = || json!({ "event": "Order Completed" });
    let revenue =
        |times: f64| json!({ "sum": { "event": "Order Completed", "of": "properties.revenue", "times": times } });
    let count = |event: &str| json!({ "count": { "event": event } });
    let rated = |score: u8| json!({ "count": { "event": "CSAT Submitted", "properties.score": score } });
    let cost = |(channel, cost): (&String, &f64)| match channel.as_str() {
        "call" => json!({ "count": { "event": "Call Ended", "times": cost } }),
        other => json!({ "count": { "event": "Message Received", "properties.channel": other, "times": cost } }),
    };
    let costs: Vec<Value> = earnings.contact_cost.iter().map(cost).collect();
    let customers = || json!("customers");
    let all = [
        ("revenue", "Revenue a customer", revenue(1.0), customers(), "up"),
        ("margin", "Margin a customer", revenue(earnings.margin), customers(), "up"),
        ("orders", "Orders a customer", json!({ "count": order() }), customers(), "up"),
        ("conversion", "Customers who ordered", json!({ "did": order() }), customers(), "up"),
        ("aov", "Revenue an order", revenue(1.0), json!({ "count": order() }), "up"),
        (
            "repeat",
            "Buyers who bought again",
            json!({ "did": { "event": "Order Completed", "at_least": 2 } }),
            json!({ "did": order() }),
            "up",
        ),
        (
            "refunds",
            "Paid back a customer",
            json!({ "sum": { "event": "Order Refunded", "of": "properties.total" } }),
            customers(),
            "down",
        ),
        ("tickets", "Tickets a customer", count("Ticket Created"), customers(), "down"),
        (
            "contacts",
            "Contacts a customer",
            json!([count("Message Received"), count("Call Started")]),
            customers(),
            "down",
        ),
        ("csat", "Ratings of 4 and 5", json!([rated(4), rated(5)]), count("CSAT Submitted"), "up"),
        ("cost_to_serve", "Cost of contacts a customer", Value::Array(costs), customers(), "down"),
        ("ctr", "Clicks by what was shown", count("Decision Clicked"), count("Decision Shown"), "up"),
        (
            "cart_rate",
            "Customers who put something in the cart",
            json!({ "did": { "event": "Product Added" } }),
            customers(),
            "up",
        ),
    ];
    let is_known = |name: &str| match name {
        "margin" => earnings.margin > 0.0,
        "cost_to_serve" => !earnings.contact_cost.is_empty(),
        _ => true,
    };
    let read = |(name, title, numerator, denominator, direction): (&str, &str, Value, Value, &str)| {
        let table = json!({
            "name": name, "title": title, "numerator": numerator, "denominator": denominator,
            "within_days": within_days, "direction": direction,
        });
        is_known(name).then(|| Kpi::from_table(table.as_object()?).ok()).flatten()
    };
    all.into_iter().filter_map(read).collect()
}
