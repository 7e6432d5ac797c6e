//! Is every acknowledged event there once, whenever the server is killed?

use crate::support::process::{Server, get, moment, n_kills, post};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const N_WRITERS: u64 = 4;
const N_PER_BATCH: u64 = 20;

/// A batch of one writer: `number` names its events, a few customers take turns.
fn batch(round: u32, writer: u64, number: u64) -> (Vec<String>, Value) {
    let id = |i: u64| format!("r{round}-w{writer}-b{number}-e{i}");
    let events: Vec<Value> = (0..N_PER_BATCH)
        .map(|i| json!({"type": "track", "event": "Tick", "messageId": id(i), "userId": format!("user-{}", (number + i) % 7)}))
        .collect();
    ((0..N_PER_BATCH).map(id).collect(), json!({ "batch": events }))
}

#[derive(Default)]
struct Sent {
    all: BTreeMap<String, Value>,
    acknowledged: BTreeSet<String>,
}

/// Writers send batches until the server is gone; what they sent and what was acknowledged is remembered.
fn load_until_killed(server: Server, round: u32, sent: &Arc<Mutex<Sent>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..N_WRITERS)
        .map(|writer| {
            let (url, sent, stop) = (server.url.clone(), sent.clone(), stop.clone());
            std::thread::spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let (ids, body) = batch(round, writer, number);
                    let events = body["batch"].as_array().unwrap().clone();
                    sent.lock().unwrap().all.extend(ids.iter().cloned().zip(events));
                    if post(&url, "/v1/batch", &body).is_some_and(|answer| answer["success"] == true) {
                        sent.lock().unwrap().acknowledged.extend(ids);
                    }
                }
            })
        })
        .collect();
    let until = Instant::now() + moment(round);
    while Instant::now() < until || sent.lock().unwrap().acknowledged.is_empty() {
        std::thread::yield_now();
        assert!(Instant::now() < until + Duration::from_secs(30), "nothing is acknowledged");
    }
    server.kill();
    stop.store(true, Ordering::Release);
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

/// Sends events again and answers (new ones, known ones).
fn send_again(server: &Server, events: &[Value]) -> (u64, u64) {
    let mut counts = (0, 0);
    for part in events.chunks(1_000) {
        let answer = post(&server.url, "/v1/batch", &json!({ "batch": part })).expect("the server answers");
        assert_eq!(answer["success"], true, "{answer}");
        counts.0 += answer["accepted"].as_u64().unwrap();
        counts.1 += answer["duplicates"].as_u64().unwrap();
    }
    counts
}

#[test]
fn kill_nine_loses_nothing_and_doubles_nothing() {
    let data = tempfile::tempdir().unwrap();
    let sent = Arc::new(Mutex::new(Sent::default()));
    for round in 0..n_kills() {
        load_until_killed(Server::start(data.path()), round, &sent);
    }
    let server = Server::start(data.path());
    let sent = sent.lock().unwrap();
    assert!(sent.acknowledged.len() > 100, "too little was under way: {}", sent.acknowledged.len());

    // What was acknowledged is there already.
    let acknowledged: Vec<Value> = sent.acknowledged.iter().map(|id| sent.all[id].clone()).collect();
    assert_eq!(send_again(&server, &acknowledged), (0, acknowledged.len() as u64));

    // After everything was sent again, every event is in exactly one profile, once.
    let all: Vec<Value> = sent.all.values().cloned().collect();
    send_again(&server, &all);
    assert_eq!(send_again(&server, &all), (0, all.len() as u64));
    let mut n_by_user = BTreeMap::<String, u64>::new();
    for event in &all {
        *n_by_user.entry(event["userId"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for (user, n_events) in n_by_user {
        let customer = get(&server.url, &format!("/v1/customers/{user}"));
        assert_eq!(customer["eventCount"], n_events, "{user}");
    }
}
