//! Does the program stay as it is over hours? Events, decisions and console pages at once, with its memory and its
//! descriptors looked at every few seconds.
//!
//! Run with `cargo xtask soak -- --minutes 30`. Any answer but 200 fails it at once. So does memory or a number of
//! descriptors that is higher in the last quarter of the time than in the second: in the first it may fill its caches.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the real clock and prints"
)]

#[path = "load/client.rs"]
#[expect(dead_code, reason = "the benchmark measures at saturation, too, with the same client")]
mod client;
#[path = "load/world.rs"]
mod world;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use client::{ADMIN_KEY, Client, Load, at_rate};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use world::{Server, prepare};

/// How many events a batch holds.
const N_PER_BATCH: u64 = 10;

/// How many moments are looked at.
const N_SAMPLES: u32 = 200;

/// The load.
#[derive(Debug, Parser)]
struct Args {
    /// How long
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// Customers of the generated world
    #[arg(long, default_value_t = 5_000)]
    customers: usize,
    /// Items of the generated world
    #[arg(long, default_value_t = 1_000)]
    items: usize,
    /// Events a second
    #[arg(long, default_value_t = 300)]
    events: u64,
    /// Decisions a second
    #[arg(long, default_value_t = 50)]
    decisions: u64,
    /// Pages of the console, and reading requests, a second
    #[arg(long, default_value_t = 40)]
    pages: u64,
    /// How much more memory it may hold at the end than after the first half of the time, in percent. Events stay in it:
    /// their ids, and what customers did
    #[arg(long, default_value_t = 15)]
    growth_percent: u32,
    /// How many descriptors more there may be
    #[arg(long, default_value_t = 16)]
    descriptors: usize,
}

/// One look at the process.
#[derive(Debug, Clone, Copy)]
struct Sample {
    megabytes: f64,
    n_descriptors: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let span = Duration::from_secs(60 * args.minutes.max(1));
    let data = tempfile::tempdir().context("making a data directory")?;
    let (users, _) = prepare(data.path(), args.customers, args.items, &|_| true)?;
    let server = Server::start(data.path())?;
    let samples = soak(&server, &users, &args, span)?;
    println!(
        "peak memory of the server: {:.0} MB; {:.0} s of the processor",
        server.megabytes("VmHWM")?,
        server.processor_seconds()?
    );
    judge(&samples, &args)
}

/// Puts the load on the server and looks at it meanwhile.
fn soak(server: &Server, users: &[String], args: &Args, span: Duration) -> Result<Vec<Sample>> {
    let (address, started) = (server.address(), Instant::now());
    let is_over = AtomicBool::new(false);
    // One failure ends it all: nobody waits half an hour for it.
    let guarded = |done: Result<()>| match done {
        Ok(()) if is_over.load(Ordering::Acquire) => bail!("another part of the load failed"),
        Ok(()) => Ok(()),
        Err(error) => {
            if !is_over.swap(true, Ordering::AcqRel) {
                println!("failed: {error:#}");
            }
            Err(error)
        }
    };
    let paths = paths(users);
    std::thread::scope(|scope| {
        let events = scope.spawn(|| {
            at_rate(address, 4, (args.events / N_PER_BATCH).max(1), span, |client: &mut Client, n| {
                guarded(client.post("/v1/batch", &batch(users, n)))
            })
        });
        let decisions = scope.spawn(|| {
            at_rate(address, 4, args.decisions.max(1), span, |client: &mut Client, n| {
                let kind = if n % 4 == 0 { "churn" } else { "recommend" };
                let question = json!({"decision": kind, "userId": pick(users, n.wrapping_mul(7_919))});
                guarded(client.post("/v1/decide", &question.to_string()))
            })
        });
        let pages = scope.spawn(|| {
            at_rate(address, 2, args.pages.max(1), span, |client: &mut Client, n| {
                guarded(client.ask(ADMIN_KEY, "GET", pick(&paths, n), ""))
            })
        });
        // Each opens a connection of its own: what was opened must be closed again.
        let visits = scope.spawn(|| {
            at_rate(address, 2, 20, span, |_: &mut Client, _| {
                guarded(Client::connect(address).and_then(|mut client| client.ask(ADMIN_KEY, "GET", "/readyz", "")))
            })
        });
        let samples = watch(server, span, started, &is_over)?;
        for (what, load) in [("batches", events), ("decisions", decisions), ("pages", pages), ("visits", visits)] {
            let load: Load = load.join().map_err(|_| anyhow::anyhow!("a thread of the load panicked"))??;
            println!(
                "{what}: {} in {:.0} s, p50 {:.1} ms, p99 {:.1} ms, max {:.0} ms",
                load.n_done,
                load.seconds,
                load.percentile(0.5),
                load.percentile(0.99),
                load.percentile(1.0)
            );
        }
        Ok(samples)
    })
}

/// Looks at the process until the time is over or the load has failed.
fn watch(server: &Server, span: Duration, started: Instant, is_over: &AtomicBool) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for n in 1..=N_SAMPLES {
        let due = started + span * n / N_SAMPLES;
        while Instant::now() < due && !is_over.load(Ordering::Acquire) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()).min(Duration::from_millis(200)));
        }
        let n_descriptors = std::fs::read_dir(server.process().join("fd")).context("the server has ended")?.count();
        let sample = Sample { megabytes: server.megabytes("VmRSS")?, n_descriptors };
        if n % (N_SAMPLES / 20) == 0 {
            let minutes = started.elapsed().as_secs_f64() / 60.0;
            println!("{minutes:5.1} min: {:.0} MB, {} descriptors", sample.megabytes, sample.n_descriptors);
        }
        samples.push(sample);
    }
    Ok(samples)
}

/// Compares the last quarter with the second.
fn judge(samples: &[Sample], args: &Args) -> Result<()> {
    let quarter = samples.len() / 4;
    let (second, last) = (&samples[quarter..2 * quarter], &samples[3 * quarter..]);
    let memory = |samples: &[Sample]| {
        let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.megabytes).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let descriptors = |samples: &[Sample]| samples.iter().map(|sample| sample.n_descriptors).max().unwrap_or(0);
    let (before, after) = (memory(second), memory(last));
    let (n_before, n_after) = (descriptors(second), descriptors(last));
    println!("memory {before:.0} → {after:.0} MB (medians), descriptors {n_before} → {n_after} (most)");
    ensure!(
        after <= before * (1.0 + f64::from(args.growth_percent) / 100.0),
        "memory grew from {before:.0} to {after:.0} MB"
    );
    ensure!(n_after <= n_before + args.descriptors, "descriptors grew from {n_before} to {n_after}");
    println!("memory and descriptors stayed, and every answer was 200");
    Ok(())
}

/// The pages of the console, and what programs read.
fn paths(users: &[String]) -> Vec<String> {
    let fixed = ["/", "/events", "/customers", "/models", "/decisions", "/api", "/metrics", "/readyz", "/v1/events"];
    let own = (0..9).map(|n| {
        let user = pick(users, n * 131);
        if n % 3 == 0 { format!("/v1/customers/{user}") } else { format!("/customers/{user}") }
    });
    fixed.map(str::to_owned).into_iter().zip(own).flat_map(|(fixed, own)| [fixed, own]).collect()
}

/// What customers do: looking at products, and buying now and then.
fn batch(users: &[String], n: u64) -> String {
    let event = |i: u64| {
        let user = pick(users, (n * N_PER_BATCH + i).wrapping_mul(2_654_435_761));
        let name = if i == 0 { "Order Completed" } else { "Product Viewed" };
        json!({
            "type": "track", "event": name, "messageId": format!("soak-{n}-{i}"), "userId": user,
            "properties": {
                "order_id": format!("soak-{n}-{i}"), "product_id": format!("item-{}", (n + i) % 1_000), "price": 19.99,
                "currency": "EUR", "quantity": 1
            }
        })
    };
    json!({ "batch": (0..N_PER_BATCH).map(event).collect::<Vec<_>>() }).to_string()
}

fn pick(texts: &[String], n: u64) -> &str {
    let place = usize::try_from(n % texts.len() as u64).unwrap_or(0);
    &texts[place]
}
