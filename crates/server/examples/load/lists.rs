//! How quickly is a list of items answered, at each place where lists are shown and with every rule?

use crate::client::{Client, at_rate};
use crate::world::Server;
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// How many connections ask.
const N_CONNECTIONS: usize = 16;

/// Parameters of a question.
type Given = fn() -> Value;

/// What is asked for besides, by name.
const RULES: [(&str, Given); 3] = [
    ("as it is", || json!({})),
    ("every rule", || {
        json!({
            "diversity": 0.3, "per_category_max": 3, "per_brand_max": 5, "new_share_min": 0.2, "explore_share": 0.05,
            "margin_weight": 0.2
        })
    }),
    ("a narrow price", || json!({"filter": {"price": {"gte": 9.0, "lte": 9.2}}})),
];

const PLACES: [&str; 9] = ["home", "product", "cart", "thank_you", "email", "because", "trending", "new", "replenish"];

/// Who is asked about, and what is in view.
pub(crate) struct Told {
    pub(crate) users: Vec<String>,
    pub(crate) items: Vec<String>,
}

impl Told {
    fn question(&self, place: &str, rules: &Value, n: u64) -> String {
        let item = |at: u64| crate::pick(&self.items, n.wrapping_mul(104_729).wrapping_add(at));
        let mut question = json!({
            "decision": "recommend", "userId": crate::pick(&self.users, n.wrapping_mul(7_919)), "placement": place, "n": 10
        });
        match place {
            "product" | "because" => question["item"] = item(0).into(),
            "cart" | "thank_you" => question["cart"] = json!([item(1), item(2)]),
            _ => {}
        }
        if let (Some(question), Some(rules)) = (question.as_object_mut(), rules.as_object()) {
            question.extend(rules.clone());
        }
        question.to_string()
    }
}

/// Asks at rates, and at the first of them place by place.
pub(crate) fn measure(server: &Server, told: &Told, span: Duration, rates: &[u64]) -> Result<()> {
    for (name, rules) in RULES {
        let rules = rules();
        for rate in rates {
            let any = |n: u64| PLACES[usize::try_from(n % 9).unwrap_or(0)];
            ask(server, told, &format!("{name}, all places, {rate}/s"), (*rate, span), &|n| (any(n), &rules))?;
        }
        for place in PLACES {
            let rate = rates.first().copied().unwrap_or(500);
            ask(server, told, &format!("{name}, {place}, {rate}/s"), (rate, span / 4), &|_| (place, &rules))?;
        }
    }
    Ok(())
}

fn ask<'a>(
    server: &Server,
    told: &Told,
    name: &str,
    (rate, span): (u64, Duration),
    of: &(dyn Fn(u64) -> (&'a str, &'a Value) + Sync),
) -> Result<()> {
    let before = server.processor_seconds()?;
    let load = at_rate(server.address(), N_CONNECTIONS, rate, span, |client: &mut Client, n| {
        let (place, rules) = of(n);
        client.post("/v1/decide", &told.question(place, rules, n))
    })?;
    let micros = 1e6 * (server.processor_seconds()? - before) / load.n_done as f64;
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| load.percentile(share));
    println!("lists {name}: p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms; {micros:.0} µs of processor each");
    Ok(())
}
