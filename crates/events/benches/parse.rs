//! How many events a second can one core parse?
//!
//! Budget: 300,000 events/s on one core, for batches of 100 events of about 600 bytes. On the back of an envelope: that
//! is 180 MB/s of JSON; finding an event's bytes runs near 1 GB/s and building values near 250 MB/s.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use events::generator::{World, WorldSettings};
use events::{Envelope, Event, Origin, memory_of, parse_batch};
use primitives::{Seed, Timestamp};
use serde_json::json;
use std::hint::black_box;

const N_EVENTS: usize = 100;

fn event(i: usize) -> serde_json::Value {
    json!({
        "type": "track",
        "messageId": format!("node-next-1700000000000-5f0c1c2a-7f7b-4a52-9d3e-{i:012}"),
        "userId": format!("customer-{i}"),
        "anonymousId": "b1f3c1a0-55b6-4a0e-8f4f-6f9d6ac7c001",
        "timestamp": "2023-11-14T22:13:19.000Z",
        "event": if i.is_multiple_of(4) { "Product Viewed" } else { "Article Read" },
        "properties": {"product_id": format!("P{i:05}"), "name": "Oat drink 1 l", "category": "Milk", "price": 1.49,
            "currency": "EUR", "position": i, "url": "https://shop.example/milk/oat-drink"},
        "context": {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}, "locale": "de-DE",
            "page": {"path": "/milk", "title": "Milk", "referrer": "https://shop.example/"}},
        "integrations": {},
        "_metadata": {"nodeVersion": "22.1.0", "jsRuntime": "node"},
    })
}

fn parse(c: &mut Criterion) {
    let batch: Vec<_> = (0..N_EVENTS).map(event).collect();
    let body = json!({"batch": batch, "sentAt": "2023-11-14T22:13:20.000Z"}).to_string();
    let received_at = Timestamp::from_millis(1_700_000_000_000);
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Elements(N_EVENTS as u64));
    group.bench_function(format!("batch of {N_EVENTS} events of {} bytes", body.len() / N_EVENTS), |b| {
        b.iter(|| {
            parse_batch(black_box(body.as_bytes()), Envelope::new(received_at, Origin::Client))
                .map(|batch| batch.accepted.len())
        });
    });
    group.bench_function("counting beforehand what it takes to read", |b| {
        b.iter(|| memory_of(black_box(body.as_bytes())));
    });
    group.bench_function("the same as plain JSON values, the ceiling", |b| {
        b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(body.as_bytes())).is_ok());
    });
    group.finish();
}

fn records(c: &mut Criterion) {
    let events: Vec<Event> =
        World::new(Seed::new(1), WorldSettings::default()).events().skip(2_000).take(1_000).collect();
    let records: Vec<Vec<u8>> = events.iter().map(Event::to_record).collect();
    let mut group = c.benchmark_group("record");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("write", |b| b.iter(|| events.iter().map(|event| event.to_record().len()).sum::<usize>()));
    group.bench_function("read", |b| {
        b.iter(|| records.iter().filter(|record| Event::from_record(black_box(record)).is_ok()).count());
    });
    group.finish();
}

fn generate(c: &mut Criterion) {
    let world = World::new(Seed::new(1), WorldSettings::default());
    let n_payloads = world.payloads().count();
    let mut group = c.benchmark_group("generator");
    group.sample_size(10).throughput(Throughput::Elements(n_payloads as u64));
    group.bench_function("payloads", |b| b.iter_batched(|| (), |()| world.payloads().count(), BatchSize::PerIteration));
    group.bench_function("events", |b| b.iter_batched(|| (), |()| world.events().count(), BatchSize::PerIteration));
    group.finish();
}

criterion_group!(benches, parse, records, generate);
criterion_main!(benches);
