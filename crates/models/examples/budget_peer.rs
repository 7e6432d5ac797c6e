//! Who gets which offer, on instances that a solver of whole programs is given too?
//!
//! `budget_peer FILE` reads a JSON list of `{"worth", "cost", "n_offers", "budget"}` and prints a line of JSON: for each what the offers are
//! worth that were given, what they cost, the bound and the shadow price, and how long it took. `cargo xtask peers budget` puts a solver beside it.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]
#![expect(clippy::disallowed_methods, reason = "it measures how long it takes")]

use anyhow::{Context as _, Result};
use models::budget::allocate;
use serde_json::{Value, json};
use std::time::Instant;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("usage: budget_peer FILE")?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {path}"))?;
    let instances: Vec<Value> = serde_json::from_str(&text)?;
    let answers: Vec<Value> = instances.iter().map(answer).collect::<Result<_>>()?;
    println!("{}", json!(answers));
    Ok(())
}

fn answer(instance: &Value) -> Result<Value> {
    let numbers = |key: &str| -> Result<Vec<f64>> {
        let list = instance[key].as_array().with_context(|| format!("no list `{key}`"))?;
        list.iter().map(|number| number.as_f64().context("not a number")).collect()
    };
    let (worth, cost) = (numbers("worth")?, numbers("cost")?);
    let n_offers = usize::try_from(instance["n_offers"].as_u64().context("no `n_offers`")?)?;
    let budget = instance["budget"].as_f64().context("no `budget`")?;
    let started = Instant::now();
    let found = allocate(&worth, &cost, n_offers, budget)?;
    let seconds = started.elapsed().as_secs_f64();
    let given =
        found.choice.iter().enumerate().filter_map(|(customer, offer)| Some(customer * n_offers + (*offer)? as usize));
    let spent: f64 = given.map(|at| cost[at]).sum();
    Ok(json!({
        "worth": found.worth, "spent": spent, "bound": found.bound, "shadow_price": found.shadow_price, "seconds": seconds,
    }))
}
