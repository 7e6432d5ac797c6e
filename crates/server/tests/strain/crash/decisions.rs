//! Is every answered decision in the log, and can it be made again, whenever the server is killed?

use crate::support::process::{Server, command, get, moment, n_kills, post};
use serde_json::json;
use std::process::Stdio;
use std::time::{Duration, Instant};

const N_ASKING: usize = 4;
/// How many of the answered decisions are made again: each is a start of the program.
const N_REPLAYED: usize = 3;

#[test]
fn an_answered_decision_survives_kill_nine() {
    let data = tempfile::tempdir().unwrap();
    let mut answered: Vec<String> = Vec::new();
    for round in 0..n_kills() {
        let server = Server::start(data.path());
        let asking: Vec<_> = (0..N_ASKING)
            .map(|i| {
                let url = server.url.clone();
                std::thread::spawn(move || {
                    let mut ids = Vec::new();
                    while let Some(answer) =
                        post(&url, "/v1/decide", &json!({"decision": "recommend", "userId": format!("user-{i}")}))
                    {
                        ids.push(answer["decisionId"].as_str().expect("an answer has an id").to_owned());
                    }
                    ids
                })
            })
            .collect();
        let until = Instant::now() + moment(round);
        while Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        server.kill();
        answered.extend(asking.into_iter().flat_map(|asked| asked.join().unwrap()));
    }
    assert!(answered.len() > 20, "too little was under way: {}", answered.len());
    let server = Server::start(data.path());
    for id in &answered {
        assert_eq!(get(&server.url, &format!("/v1/decisions/{id}"))["answer"]["decisionId"], id.as_str());
    }
    drop(server);
    for id in answered.iter().rev().take(N_REPLAYED) {
        let replayed = command(data.path(), &["replay", id]).stderr(Stdio::inherit()).status().unwrap();
        assert!(replayed.success(), "{id}");
    }
}
