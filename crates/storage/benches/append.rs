//! How many events a second become durable, and how long does one wait?
//!
//! Budget: 100,000 events/s ingested over HTTP in batches of 100, so the log must take more than that by itself. On the
//! back of an envelope: SQLite inserts about 400,000 rows/s on one core, two rows an event (the event, its message id)
//! make 200,000/s; a commit adds an fsync of about 0.2 ms, shared by eight callers with 100 events each.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by failing")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use events::{Event, EventLog};
use primitives::MessageId;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::contract::samples;
use storage::{Access, DataDir, Storage, StorageSettings};

const N_CALLERS: u64 = 8;
const N_CALLS: u64 = 8;
const N_EVENTS: u64 = 100;

/// An event of about 600 bytes whose message id was never used.
fn event(n: u64) -> Event {
    let mut event = samples::event(n);
    event.message_id = MessageId::from(format!("message-{n:032}"));
    event.context.insert("userAgent".to_owned(), "Mozilla/5.0 ".repeat(20).into());
    event
}

fn append(criterion: &mut Criterion) {
    let temp = tempfile::tempdir().unwrap();
    let directory = DataDir::open(temp.path(), Access::Exclusive).unwrap();
    let storage = Storage::open(directory, StorageSettings::default()).unwrap();
    let next = AtomicU64::new(0);
    let batch = |n_events: u64| -> Vec<Event> {
        let first = next.fetch_add(n_events, Ordering::Relaxed);
        (first..first + n_events).map(event).collect()
    };
    let mut group = criterion.benchmark_group("append");
    group.sample_size(20).throughput(Throughput::Elements(N_CALLERS * N_CALLS * N_EVENTS));
    group.bench_function("batches of 100 from 8 callers", |bencher| {
        bencher.iter_batched(
            || {
                (0..N_CALLERS)
                    .map(|_| (0..N_CALLS).map(|_| batch(N_EVENTS)).collect())
                    .collect::<Vec<Vec<Vec<Event>>>>()
            },
            |callers| {
                std::thread::scope(|scope| {
                    for calls in callers {
                        let storage = &storage;
                        scope.spawn(move || {
                            for events in calls {
                                EventLog::append(&**storage, &events).unwrap();
                            }
                        });
                    }
                });
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("one event from one caller", |bencher| {
        bencher.iter_batched(
            || batch(1),
            |events| EventLog::append(&*storage, &events).unwrap(),
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
