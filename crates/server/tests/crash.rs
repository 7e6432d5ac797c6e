//! Is every acknowledged event there once, whenever the program is killed?

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, and measures with the real clock"
)]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const N_KILLS: u32 = 4;
const N_WRITERS: u64 = 4;
const N_PER_BATCH: u64 = 20;
const KEY: &str = "crash-server-key";

/// The program as a process of its own, since it is to be killed.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rapport"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("RAPPORT__KEYS__SERVER", KEY)
            .env("RAPPORT__PROFILES__CHECKPOINT_SECONDS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.split(':').take(3).collect::<Vec<_>>().join(":")))
            .expect("the server says where it listens");
        // The rest is read, so that the server can go on writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    fn post(&self, batch: &Value) -> Option<Value> {
        post(&self.url, batch)
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer, or `None` where the server died before it answered.
fn post(url: &str, batch: &Value) -> Option<Value> {
    let mut answer = ureq::post(format!("{url}/v1/batch"))
        .header("Authorization", format!("Bearer {KEY}"))
        .config()
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .build()
        .send(batch.to_string())
        .ok()?;
    serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
}

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
                    if post(&url, &body).is_some_and(|answer| answer["success"] == true) {
                        sent.lock().unwrap().acknowledged.extend(ids);
                    }
                }
            })
        })
        .collect();
    // A moment that differs from round to round, and in each hits another step of appending and checkpointing.
    let until = Instant::now() + Duration::from_millis(u64::from(round % 5) * 337 + 150);
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
        let answer = server.post(&json!({ "batch": part })).expect("the server answers");
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
    for round in 0..N_KILLS {
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
        let mut answer = ureq::get(format!("{}/v1/customers/{user}", server.url))
            .header("Authorization", format!("Bearer {KEY}"))
            .call()
            .unwrap();
        let customer: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!(customer["eventCount"], n_events, "{user}");
    }
}
