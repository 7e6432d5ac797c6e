//! Can a broken or hostile body make the parser panic, or an event vanish? A seeded fuzzer over valid bodies.
//!
//! It runs a third of a second; `RAPPORT_FUZZ_SECONDS` sets another time and `RAPPORT_FUZZ_SEED` another seed.

use events::generator::{World, WorldSettings};
use events::{Batch, CallKind, Envelope, Event, Origin, Refusal, parse_batch, parse_single};
use primitives::{Seed, Timestamp};
use rand::Rng;
use serde_json::json;
use std::time::{Duration, Instant};

const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);
const ORIGINS: [Origin; 3] = [Origin::Client, Origin::Server, Origin::Import];
/// Pieces that parsers have stumbled over.
const SPLICES: [&str; 22] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "-0.0",
    "1e999",
    "99999999999999999999",
    "\\u0000",
    "\\ud800",
    "\\udfff\\ud800",
    "\u{feff}",
    "\u{0}",
    "\"userId\":",
    "\"batch\":[",
    "NaN",
    "\"context\":{\"consent\":",
    "{\"products\":[",
];

fn corpus() -> Vec<Vec<u8>> {
    let settings = WorldSettings { n_customers: 30, n_items: 20, n_days: 30, ..WorldSettings::default() };
    let payloads: Vec<_> = World::new(Seed::new(1), settings).payloads().collect();
    let batches = payloads.chunks(7).map(|chunk| {
        json!({"batch": chunk, "writeKey": "k", "context": {"app": {"name": "Shop"}}, "sentAt": "2026-11-22T00:00:00Z"})
    });
    let singles = payloads.iter().step_by(5).cloned();
    batches.chain(singles).map(|body| body.to_string().into_bytes()).collect()
}

fn mutate(body: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut impl Rng) {
    fn below(random: &mut impl Rng, n: usize) -> usize {
        random.next_u32() as usize % n.max(1)
    }
    for _ in 0..=below(random, 3) {
        let at = below(random, body.len());
        match below(random, 8) {
            0 if !body.is_empty() => body[at] ^= 1 << below(random, 8),
            1 if !body.is_empty() => body[at] = random.next_u32().to_le_bytes()[0],
            2 => body.truncate(at),
            3 => drop(body.splice(at..at, SPLICES[below(random, SPLICES.len())].bytes())),
            4 => {
                let other = &corpus[below(random, corpus.len())];
                let (from, until) = (below(random, other.len()), below(random, 200));
                body.splice(at..at, other[from..].iter().copied().take(until));
            }
            5 => {
                let until = (at + below(random, 60)).min(body.len());
                body.drain(at..until);
            }
            6 => {
                let open = if random.next_u32() & 1 == 0 { "[" } else { "{\"a\":" };
                let deep = open.repeat(below(random, 3_000));
                body.splice(at..at, deep.bytes());
            }
            _ => {
                let until = (at + below(random, 400)).min(body.len());
                let twice: Vec<u8> = body[at..until].to_vec();
                body.splice(at..at, twice);
            }
        }
    }
}

fn check(outcome: Result<Batch, Refusal>, body: &[u8]) -> (usize, usize) {
    let shown = || String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
    match outcome {
        Err(refusal) => {
            let message = refusal.to_string();
            assert!(!message.is_empty() && message.len() < 600, "{message}\n{}", shown());
            (0, 0)
        }
        Ok(batch) => {
            for event in &batch.accepted {
                assert!(event.occurred_at <= event.received_at && event.received_at <= NOW, "{}", shown());
                let opened = Event::from_record(&event.to_record());
                assert_eq!(opened.as_ref().ok(), Some(event), "{}", shown());
            }
            for rejected in &batch.rejected {
                let (rejection, payload) = (&rejected.rejection, &rejected.payload);
                assert!(!rejection.code.name().is_empty() && !rejection.message.is_empty(), "{}", shown());
                let is_whole_event = matches!(rejection.code.name(), "malformed" | "too_large");
                assert_eq!(rejection.field.is_empty(), is_whole_event, "{rejection:?}\n{}", shown());
                assert!(payload.len() <= 2_048 && rejection.message.len() < 600, "{}", shown());
            }
            (batch.accepted.len(), batch.rejected.len())
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a fuzzer's budget is a time on the wall")]
fn mutated_bodies_are_read_or_refused_and_nothing_vanishes() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    let budget = Duration::from_secs_f64(number("RAPPORT_FUZZ_SECONDS").unwrap_or(0.3).clamp(0.1, 1e6));
    let seed = Seed::new(number("RAPPORT_FUZZ_SEED").map_or(1, f64::to_bits));
    let corpus = corpus();
    let began = Instant::now();
    let (mut n_bodies, mut n_accepted, mut n_rejected) = (0_u64, 0, 0);
    while began.elapsed() < budget {
        let mut random = seed.stream("fuzz", n_bodies);
        let mut body = corpus[random.next_u32() as usize % corpus.len()].clone();
        mutate(&mut body, &corpus, &mut random);
        let origin = ORIGINS[random.next_u32() as usize % ORIGINS.len()];
        let kind = CallKind::ALL[random.next_u32() as usize % CallKind::ALL.len()];
        for outcome in
            [parse_batch(&body, Envelope::new(NOW, origin)), parse_single(&body, kind, Envelope::new(NOW, origin))]
        {
            let (accepted, rejected) = check(outcome, &body);
            n_accepted += accepted;
            n_rejected += rejected;
        }
        n_bodies += 1;
    }
    assert!(n_accepted > 0 && n_rejected > 0, "{n_bodies} bodies: {n_accepted} accepted, {n_rejected} rejected");
}
