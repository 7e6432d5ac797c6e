//! How quickly is an item found among a hundred thousand, and how soon after it changed?
//!
//! Run with `cargo run --release -p server --example find`. Everything happens in one process, as the server does it, without
//! HTTP: `try_out` is the time that finding and ordering take, `decide` the same with the record durable on the disk.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark measures with the real clock and prints"
)]

use anyhow::{Context, Result};
use clap::Parser;
use engine::{Asked, Background, Corrector, Engine, Pauses, Trainer};
use events::{Envelope, Fields, Origin, parse_batch};
use primitives::Seed;
use profiles::Identifier;
use rand::RngExt;
use serde_json::{Value, json};
use server::serve::Opened;
use server::settings::Settings;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::Access;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COLOURS: [&str; 12] =
    ["red", "blue", "green", "black", "white", "yellow", "brown", "grey", "pink", "orange", "purple", "beige"];
const KINDS: [&str; 25] = [
    "running shoes",
    "boots",
    "sandals",
    "t-shirt",
    "shirt",
    "jacket",
    "coat",
    "jeans",
    "trousers",
    "dress",
    "skirt",
    "socks",
    "hat",
    "scarf",
    "gloves",
    "belt",
    "backpack",
    "handbag",
    "watch",
    "sunglasses",
    "sweater",
    "hoodie",
    "shorts",
    "pyjamas",
    "swimsuit",
];

/// What is measured.
#[derive(Debug, Parser)]
struct Args {
    /// Items of the catalogue
    #[arg(long, default_value_t = 100_000)]
    items: usize,
    /// Questions of each sort
    #[arg(long, default_value_t = 2_000)]
    questions: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let data = tempfile::tempdir().context("making a data directory")?;
    let opened = Opened::open(data.path(), Access::Exclusive, Settings::default())?;
    let engine = opened.engine.clone();
    let started = Instant::now();
    fill(&engine, args.items)?;
    println!("{} items told: {:.1} s", args.items, started.elapsed().as_secs_f64());
    let started = Instant::now();
    engine.follow_items()?;
    println!("index made: {:.1} s; {:.0} MB of memory", started.elapsed().as_secs_f64(), megabytes()?);

    let mut chance = Seed::new(7).stream("questions", 0);
    let mut sort = |name: &str, kind: &str, ask: &mut dyn FnMut(&mut rand_chacha::ChaCha8Rng) -> String| {
        let questions: Vec<String> = (0..args.questions).map(|_| ask(&mut chance)).collect();
        measure(&engine, name, kind, &questions)
    };
    let pick = |chance: &mut rand_chacha::ChaCha8Rng, from: &[&'static str]| from[chance.random_range(0..from.len())];
    sort("one word of a title", "search", &mut |chance| word(chance.random_range(0..5_000)))?;
    sort("two words", "search", &mut |chance| format!("{} {}", word(skewed(chance)), word(skewed(chance))))?;
    sort("a word that half of all have", "search", &mut |_| "classic".to_owned())?;
    sort("the same with a colour", "search", &mut |chance| format!("{} classic", pick(chance, &COLOURS)))?;
    sort("a colour and a category", "search", &mut |chance| {
        format!("{} {}", pick(chance, &COLOURS), pick(chance, &KINDS))
    })?;
    sort("cheap, colour, category, size", "search", &mut |chance| {
        format!("cheap {} {} size {}", pick(chance, &COLOURS), pick(chance, &KINDS), chance.random_range(36..46))
    })?;
    sort("a word written wrong", "search", &mut |chance| {
        let mut text = word(chance.random_range(0..5_000));
        let at = chance.random_range(1..text.len());
        text.remove(at);
        text
    })?;
    sort("no words", "search", &mut |_| String::new())?;
    sort("one letter", "suggest", &mut |chance| word(chance.random_range(0..5_000))[..1].to_owned())?;
    sort("three letters", "suggest", &mut |chance| word(chance.random_range(0..5_000))[..3].to_owned())?;
    sort("a word and a half", "suggest", &mut |chance| {
        format!("{} {}", pick(chance, &COLOURS), &pick(chance, &KINDS)[..3])
    })?;
    freshness(opened)
}

/// Words like those of a catalogue: a few are in many items, most in few.
fn word(n: usize) -> String {
    const PARTS: [&str; 20] = [
        "ba", "co", "de", "fi", "ga", "he", "jo", "ka", "lu", "me", "no", "pa", "ri", "so", "ta", "ve", "wi", "xo",
        "yu", "za",
    ];
    let part = |n: usize| PARTS[n % PARTS.len()];
    format!("{}{}{}{}", part(n), part(n / 20), part(n / 400 + n), ["n", "r", "s", "l"][n % 4])
}

fn skewed(chance: &mut impl RngExt) -> usize {
    let at: f64 = chance.random();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 5,000")]
    let n = (5_000.0 * at * at * at) as usize;
    n
}

fn item(n: usize, chance: &mut impl RngExt) -> Value {
    let (kind, colour) = (KINDS[n % KINDS.len()], COLOURS[chance.random_range(0..COLOURS.len())]);
    let words =
        |chance: &mut dyn FnMut() -> usize, n: usize| (0..n).map(|_| word(chance())).collect::<Vec<_>>().join(" ");
    let style = if n.is_multiple_of(2) { "classic" } else { "modern" };
    let mut draw = || skewed(chance);
    let (title, description) = (words(&mut draw, 2), words(&mut draw, 25));
    json!({"type": "item", "itemId": format!("i{n}"), "traits": {
        "name": format!("{title} {kind} {style}"), "category": kind, "brand": format!("Brand {}", word(n % 400)),
        "colour": colour, "size": 36 + n % 10, "price": 5 + n % 195, "currency": "EUR", "description": description,
    }})
}

fn fill(engine: &Engine, n_items: usize) -> Result<()> {
    let mut chance = Seed::new(3).stream("items", 0);
    let all: Vec<usize> = (0..n_items).collect();
    for part in all.chunks(1_000) {
        let items: Vec<Value> = part.iter().map(|n| item(*n, &mut chance)).collect();
        tell(engine, &items)?;
    }
    for part in (0..5_000_usize).collect::<Vec<_>>().chunks(500) {
        let order = |user: &usize| {
            let mut product =
                || json!({"product_id": format!("i{}", skewed(&mut chance) * 20 % n_items.max(1)), "price": 9});
            let products: Vec<Value> = (0..4).map(|_| product()).collect();
            json!({"type": "track", "userId": format!("u{user}"), "event": "Order Completed",
                "properties": {"order_id": format!("o{user}"), "currency": "EUR", "products": products}})
        };
        tell(engine, &part.iter().map(order).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn tell(engine: &Engine, events: &[Value]) -> Result<()> {
    let body = json!({ "batch": events }).to_string();
    let batch = parse_batch(body.as_bytes(), Envelope::new(engine.clock().now(), Origin::Server))?;
    engine.ingest(batch)?;
    Ok(())
}

fn asked(kind: &str, query: &str, user: usize) -> Asked {
    let mut parameters = decisions::Parameters::new();
    parameters.insert("query".to_owned(), query.into());
    let names = vec![Identifier::User(format!("u{user}").as_str().into())];
    Asked { kind: kind.into(), names, parameters, context: Fields::new() }
}

fn measure(engine: &Engine, name: &str, kind: &str, questions: &[String]) -> Result<()> {
    let mut tried: Vec<Duration> = Vec::with_capacity(questions.len());
    let (mut n_empty, before) = (0, on_processor()?);
    for (user, question) in questions.iter().enumerate() {
        let started = Instant::now();
        let answer = engine.try_out(asked(kind, question, user % 5_000))?;
        tried.push(started.elapsed());
        n_empty += usize::from(answer.content.items().is_some_and(<[_]>::is_empty));
    }
    let worked = on_processor()?.saturating_sub(before).as_secs_f64() * 1e3 / questions.len().max(1) as f64;
    let mut decided: Vec<Duration> = Vec::new();
    for (user, question) in questions.iter().enumerate().take(200) {
        let started = Instant::now();
        engine.decide(asked(kind, question, user % 5_000))?;
        decided.push(started.elapsed());
    }
    println!(
        "{kind:8} {name:32} try_out {}  on the processor {worked:6.2} ms  decide {}  empty {n_empty}",
        told(&mut tried),
        told(&mut decided)
    );
    Ok(())
}

/// How long this thread was on the processor, to some milliseconds: what a busy machine does not blur. Of many questions it tells the
/// mean.
fn on_processor() -> Result<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").context("asking how long this thread worked")?;
    let nanos = told.split(' ').next().context("the kernel tells nothing")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

/// What the kernel says that the process holds.
fn megabytes() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel does not count that")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1_024.0)
}

fn told(all: &mut [Duration]) -> String {
    all.sort_unstable();
    let at = |share: usize| all[(all.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("p50 {:6.2} p99 {:6.2} max {:6.2} ms", at(50), at(99), at(100))
}

/// How long it takes until an item is found after it was told, and is gone after it ran out of stock, while everything goes on in the
/// background.
fn freshness(opened: Opened) -> Result<()> {
    let engine = opened.engine.clone();
    let audit = engine::AuditTrail::new(engine.clone());
    let trainer = Arc::new(Trainer::new(Seed::new(1), audit.clone()));
    let corrector = Arc::new(Corrector::new(engine.clone(), audit));
    let pauses = Pauses {
        checkpoint: Duration::from_secs(5),
        maintenance: Duration::from_secs(60),
        n_resident_max: 100_000,
        n_sealed_min: 1_000_000,
        seal: Duration::from_secs(3_600),
        train_hours: 0,
        refit: Duration::from_secs(3_600),
    };
    let background = Background::start(trainer, corrector, pauses)?;
    let (mut to_found, mut to_gone): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
    for n in 0..200 {
        // A number would be read as a size.
        let name = format!("novelty{}{}", letter(n / 26), letter(n));
        let traits = json!({"name": name, "price": 7, "currency": "EUR"});
        let out_of_stock = json!({"stock": 0});
        for (traits, n_found, took) in [(traits, 1, &mut to_found), (out_of_stock, 0, &mut to_gone)] {
            tell(&engine, &[json!({"type": "item", "itemId": format!("i{n}"), "traits": traits})])?;
            let accepted_at = Instant::now();
            let is_so = || -> Result<bool> {
                let answer = engine.try_out(asked("search", &name, n))?;
                Ok(answer.content.items().is_some_and(|items| items.len() == n_found))
            };
            while !is_so()? {
                anyhow::ensure!(accepted_at.elapsed() < Duration::from_secs(9), "{name} is never as it was told");
            }
            took.push(accepted_at.elapsed());
        }
    }
    println!("from accepted to found: {}", told(&mut to_found));
    println!("from out of stock to gone: {}", told(&mut to_gone));
    drop(background);
    Ok(())
}
