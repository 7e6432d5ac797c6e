//! How quickly is it decided what to do, of very many actions, by what is declared and by what was learned?

use crate::client::{Client, KEY, Load, at_rate, saturated};
use crate::world::Server;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// How many connections ask.
const N_CONNECTIONS: usize = 16;

/// Each action asks one of these of the customer.
const CONDITIONS: [&str; 5] = [
    "orders_365d >= 1",
    "revenue_365d >= 20",
    "views_7d >= 0 or orders_365d >= 2",
    "recency_days <= 400",
    "tenure_days >= 1",
];

const CHANNELS: [&str; 4] = ["web", "email", "call", "store"];

/// Settings that declare so many actions, a flag, and when customers are left alone.
pub(crate) fn declare(data: &Path, n_actions: usize) -> Result<()> {
    let mut text = String::from(
        "[contact]\ncaps = [{ per = \"customer\", n = 50, days = 1 }, { per = \"action\", n = 50, days = 14 }]\n\
         [act]\nrefit_minutes = 1\n[[flags]]\nname = \"checkout\"\ntype = \"text\"\ndefault = \"old\"\n\
         rules = [{ when = 'orders_365d >= 3', value = \"new\" }, { share = 0.25, value = \"new\" }]\n",
    );
    for (n, condition) in (0..n_actions).zip(CONDITIONS.iter().cycle()) {
        writeln!(
            text,
            "[[actions]]\nname = \"action_{n}\"\ngroup = \"group_{}\"\neligible = '{condition}'\nvalue = {}\ncost = 0.1\nprior = 0.05",
            n % 12,
            5 + n % 40
        )?;
    }
    std::fs::write(data.join("rapport.toml"), text).context("writing the settings")
}

/// Asks at a rate, channel by channel and all mixed, before and after it was learned what is taken up.
pub(crate) fn measure(server: &Server, users: &[String], span: Duration, rate: u64) -> Result<()> {
    let ask = |what: &str, rate: u64, channels: &[&str], kind: &str| -> Result<()> {
        let before = server.processor_seconds()?;
        let load = at_rate(server.address(), N_CONNECTIONS, rate, span, |client: &mut Client, n| {
            client.post("/v1/decide", &question(kind, users, channels, n))
        })?;
        show(what, &load, server.processor_seconds()? - before);
        Ok(())
    };
    ask(&format!("act by what is declared, all channels, {rate}/s"), rate, &CHANNELS, "act")?;
    teach(server, users)?;
    ask(&format!("act by what was learned, all channels, {rate}/s"), rate, &CHANNELS, "act")?;
    for channel in CHANNELS {
        ask(&format!("act by what was learned, {channel}, {}/s", rate / 4), rate / 4, &[channel], "act")?;
    }
    ask(&format!("flags, {rate}/s"), rate, &CHANNELS, "flags")?;
    let before = server.processor_seconds()?;
    let load = saturated(server.address(), N_CONNECTIONS, span, |client: &mut Client, n| {
        client.post("/v1/decide", &question("act", users, &CHANNELS, n))
    })?;
    show("act at saturation", &load, server.processor_seconds()? - before);
    Ok(())
}

/// Decisions of which every third is taken up, and then a model of them.
fn teach(server: &Server, users: &[String]) -> Result<()> {
    let mut client = Client::connect(server.address())?;
    let mut batch = Vec::new();
    for n in 0..3_000_u64 {
        let answer = client.answer(KEY, "POST", "/v1/decide", &question("act", users, &CHANNELS, n))?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if n % 3 == 0 {
            batch.push(json!({
                "type": "track", "event": "Decision Converted", "messageId": format!("taken-up-{n}"),
                "userId": crate::pick(users, n.wrapping_mul(7_919)), "properties": {"decision_id": answer["decisionId"]}
            }));
        }
    }
    for part in batch.chunks(100) {
        client.post("/v1/batch", &json!({"batch": part}).to_string())?;
    }
    for _ in 0..120 {
        let answer = client.answer(KEY, "POST", "/v1/decide", &question("act", users, &CHANNELS, 1))?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer["model"].is_string() || answer["model"].is_object() {
            println!("learned: answered by {}", answer["model"]);
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    anyhow::bail!("two minutes after 1,000 successes no model answers")
}

fn question(kind: &str, users: &[String], channels: &[&str], n: u64) -> String {
    let user = crate::pick(users, n.wrapping_mul(7_919));
    let channel = channels[usize::try_from(n % channels.len() as u64).unwrap_or(0)];
    match kind {
        "act" => json!({
            "decision": kind, "userId": user, "channel": channel,
            "context": {"placement": "checkout", "value": 39.5, "device": "phone"}
        }),
        _ => json!({"decision": kind, "userId": user}),
    }
    .to_string()
}

fn show(what: &str, load: &Load, seconds: f64) {
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| load.percentile(share));
    let (n, rate) = (load.n_done as f64, load.n_done as f64 / load.seconds);
    println!(
        "{what}: {rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms; {:.0} µs of processor each",
        1e6 * seconds / n
    );
}
