//! How fast is the whole path? Events in over HTTP, decisions out, on a generated world.
//!
//! Run with `cargo xtask bench`. The server is a process of its own, so its memory is its own; the client shares the
//! machine with it. Latencies are counted from when a request was due, not from when it was sent: a server that stalls
//! cannot hide behind a client that waits.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the real clock and prints"
)]

#[path = "load/actions.rs"]
mod actions;
#[path = "load/client.rs"]
mod client;
#[path = "load/lists.rs"]
mod lists;
#[path = "load/world.rs"]
mod world;

use anyhow::{Context, Result};
use clap::Parser;
use client::{Client, Load, at_rate, saturated};
use lists::Told;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use world::{Server, prepare};

/// The load.
#[derive(Debug, Parser)]
struct Args {
    /// Customers of the generated world
    #[arg(long, default_value_t = 20_000)]
    customers: usize,
    /// Items of the generated world
    #[arg(long, default_value_t = 5_000)]
    items: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Decisions a second, at which latencies are measured
    #[arg(long, default_value_t = 500)]
    rate: u64,
    /// A directory in which the world is kept and asked again later; it is made anew each time where none is named
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only how quickly lists of items are answered, at each place and with every rule
    #[arg(long)]
    lists: bool,
    /// Only how quickly one of so many actions is chosen
    #[arg(long, value_name = "N", conflicts_with = "lists")]
    actions: Option<usize>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let span = Duration::from_secs(args.seconds);
    let passing = tempfile::tempdir().context("making a data directory")?;
    let data = args.data.as_deref().unwrap_or_else(|| passing.path());
    let (users, items) = prepare(data, args.customers, args.items, &|task| match args.actions {
        Some(_) => false,
        None => !args.lists || task == "recommend",
    })?;
    if let Some(n_actions) = args.actions {
        actions::declare(data, n_actions)?;
    }

    let started = Instant::now();
    let server = Server::start(data)?;
    println!("start to listening with {} customers: {:.2} s", users.len(), started.elapsed().as_secs_f64());

    if args.actions.is_some() {
        actions::measure(&server, &users, span, args.rate)?;
    } else if args.lists {
        lists::measure(&server, &Told { users, items }, span, &[args.rate, args.rate * 4])?;
    } else {
        ingest(&server, &users, span)?;
        decide(&server, &users, span, args.rate)?;
    }
    println!("peak memory of the server: {:.0} MB", server.megabytes("VmHWM")?);
    Ok(())
}

/// Durable batches of 100 events of about 600 bytes, beside the ceiling of only parsing them on one core.
fn ingest(server: &Server, users: &[String], span: Duration) -> Result<()> {
    let body = |n: u64| batch(users, n);
    let bytes = body(0).len();
    let started = Instant::now();
    let (mut n_parsed, mut n) = (0_u64, 0_u64);
    let bodies: Vec<String> = (0..50).map(body).collect();
    while started.elapsed() < span / 4 {
        let parsed = events::parse_batch(
            pick(&bodies, n).as_bytes(),
            events::Envelope::new(primitives::Timestamp::from_millis(1_790_000_000_000), events::Origin::Client),
        );
        n_parsed += parsed.map(|batch| batch.accepted.len() as u64)?;
        n += 1;
    }
    let ceiling = n_parsed as f64 / started.elapsed().as_secs_f64();
    let before = server.processor_seconds()?;
    let load = saturated(server.address(), 8, span, |client: &mut Client, n| client.post("/v1/batch", &body(n)))?;
    let n_events = load.n_done as f64 * 100.0;
    let (rate, micros) = (n_events / load.seconds, 1e6 * (server.processor_seconds()? - before) / n_events);
    println!(
        "ingest, durable, batches of 100 events ({bytes} bytes), 8 connections: {rate:.0} events/s, \
         {:.0} % of parsing alone on one core ({ceiling:.0}/s); a batch p50 {:.2} ms, p99 {:.2} ms; \
         the server's processor {micros:.1} µs an event",
        100.0 * rate / ceiling,
        load.percentile(0.5),
        load.percentile(0.99)
    );
    Ok(())
}

fn decide(server: &Server, users: &[String], span: Duration, rate: u64) -> Result<()> {
    let question =
        |kind: &str, n: u64| json!({"decision": kind, "userId": pick(users, n.wrapping_mul(7_919))}).to_string();
    let show = |what: &str, load: &Load| {
        println!(
            "{what}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
            load.n_done as f64 / load.seconds,
            load.percentile(0.5),
            load.percentile(0.99),
            load.percentile(1.0)
        );
    };
    for kind in ["recommend", "churn"] {
        for rate in [rate, rate * 4] {
            let load = at_rate(server.address(), 16, rate, span, |client: &mut Client, n| {
                client.post("/v1/decide", &question(kind, n))
            })?;
            show(&format!("decide {kind}, logged durably, asked for at {rate}/s"), &load);
        }
    }
    let load = saturated(server.address(), 16, span, |client: &mut Client, n| {
        client.post("/v1/decide", &question("recommend", n))
    })?;
    show("decide recommend, logged durably, 16 connections at saturation", &load);
    Ok(())
}

/// A hundred product views of about 600 bytes.
fn batch(users: &[String], n: u64) -> String {
    let event = |i: u64| {
        let user = pick(users, (n * 100 + i).wrapping_mul(2_654_435_761));
        json!({
            "type": "track", "event": "Product Viewed", "messageId": format!("load-{n}-{i}"), "userId": user,
            "timestamp": "2026-09-21T10:00:00.000Z",
            "properties": {
                "product_id": format!("item-{}", (n + i) % 1_000), "name": "A product with a name", "category": "A category",
                "price": 19.99, "currency": "EUR", "url": "https://shop.example/products/a-product-with-a-name?ref=list",
                "position": i, "list": "search results"
            },
            "context": {
                "page": {"path": "/products/a-product-with-a-name", "title": "A product with a name", "url": "https://shop.example/"},
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "locale": "en-GB"
            }
        })
    };
    json!({ "batch": (0..100).map(event).collect::<Vec<_>>() }).to_string()
}

fn pick(texts: &[String], n: u64) -> &str {
    let place = usize::try_from(n % texts.len() as u64).unwrap_or(0);
    &texts[place]
}
