//! Does everything go on while more comes in than memory holds?

use crate::support::{TestServer, WRITE, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// How many strangers come, in batches of how many.
const N_STRANGERS: usize = 40_000;
const N_BATCH: usize = 1_000;

fn strangers(first: usize) -> String {
    let event = |n: usize| json!({"type": "track", "event": "Looked", "anonymousId": format!("stranger-{n}"), "messageId": format!("m-{n}")});
    json!({ "batch": (first..first + N_BATCH).map(event).collect::<Vec<Value>>() }).to_string()
}

#[test]
fn a_flood_of_strangers_leaves_memory_bounded_refuses_nothing_and_loses_nobody() {
    // No checkpoint comes by the clock: only the flood itself asks for them.
    let server = TestServer::start_with(|settings| {
        settings.profiles.n_resident_max = 1_000;
        settings.profiles.checkpoint_seconds = 3_600;
    });
    let is_over = AtomicBool::new(false);
    let n_resident = || server.engine().look(|live| live.profiles.n_resident());
    std::thread::scope(|scope| {
        let decisions = scope.spawn(|| {
            let (mut n, question) = (0, json!({"decision": "recommend", "anonymousId": "stranger-7"}));
            while !is_over.load(Ordering::Acquire) {
                assert_eq!(server.decide(&question).status, 200);
                n += 1;
            }
            n
        });
        for first in (0..N_STRANGERS).step_by(N_BATCH) {
            let reply = server.send("POST", &format!("/v1/batch?writeKey={WRITE}"), &[], strangers(first));
            assert_eq!(reply.status, 200, "{}", reply.text);
            // The bound, what may come in while a checkpoint is written, and the batch itself.
            assert!(n_resident() <= 1_000 + 20_000 + N_BATCH, "{} customers are in memory", n_resident());
        }
        is_over.store(true, Ordering::Release);
        assert!(decisions.join().unwrap() > 0, "decisions went on");
    });
    until("everybody beyond the bound is forgotten", || (n_resident() <= 1_000).then_some(()));
    let found = |server: &TestServer| {
        let totals = server.engine().look(|live| live.profiles.totals());
        let names = ["stranger-0", "stranger-20000", "stranger-39999"];
        (totals.n_customers, names.map(|name| server.engine().customer(name).unwrap().customer.profile.n_events))
    };
    assert_eq!(found(&server), (N_STRANGERS as u64, [1; 3]));
    assert_eq!(found(&server.restart()), (N_STRANGERS as u64, [1; 3]));
}
