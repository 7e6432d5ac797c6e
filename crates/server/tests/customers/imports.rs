//! Can files come in beside everything else, and be taken out again without a trace in what is derived?

use crate::support::{self, ADMIN, Rows, SERVER, TestServer, WRITE, noon, rows, settings, storage};
use engine::Live;
use events::generator::{World, WorldSettings};
use events::{Event, ImportCounts, ImportId, NewImport, Origin};
use primitives::{Seed, SimulatedClock};
use serde_json::{Value, json};
use server::on_disk::ports;
use server::serve::Opened;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::{Access, DataDir, SealPolicy, Storage, StorageSettings};

/// The events of a shop, as an import brings them.
fn shop(seed: u64, n_customers: usize) -> Vec<Event> {
    let settings = WorldSettings { n_customers, n_items: 40, n_days: 60, ..WorldSettings::default() };
    let world = World::new(Seed::new(seed), settings);
    let as_imported = |event: Event| Event { origin: Origin::Import, received_at: event.occurred_at, ..event };
    world.events().map(as_imported).collect()
}

/// An order of a customer, for a price.
fn order(id: &str, customer: &str, total: f64) -> Event {
    let payload = json!({
        "type": "track", "event": "Order Completed", "userId": customer, "messageId": format!("order-{id}"),
        "timestamp": "2026-11-01T10:00:00Z",
        "properties": {"order_id": id, "total": total, "currency": "EUR", "products": [{"product_id": "tea", "price": total}]},
    });
    let envelope = events::Envelope::new(noon(), Origin::Import);
    events::parse_event(payload, None, &envelope).unwrap()
}

fn open(data: &Path) -> Opened {
    Opened::open_at(data, Access::Exclusive, settings(), Arc::new(SimulatedClock::new(noon()))).unwrap()
}

fn begin(opened: &Opened, file: &str) -> ImportId {
    let new = NewImport { file: file.to_owned(), mapping: None, mapping_sha256: None };
    opened.engine.begin_import(&new).unwrap()
}

/// Undoes an import, and lets everything follow. How many events count no longer, and how many again.
fn undo(opened: &Opened, import: ImportId) -> (u64, u64) {
    let corrected = opened.engine.undo_import(import).unwrap();
    follow(opened);
    (corrected.n_withdrawn, corrected.n_restored)
}

/// Puts events in the place of others, and lets everything follow. How many were replaced.
fn replace(opened: &Opened, import: ImportId, events: Vec<Event>) -> u64 {
    let replaced = opened.engine.replace_imported(import, events).unwrap();
    follow(opened);
    replaced.n_replaced
}

fn follow(opened: &Opened) {
    opened.engine.follow_corrections(&mut |_| Ok(())).unwrap();
    assert!(!opened.engine.is_outdated().unwrap());
}

/// What is stored now, and what a rebuild would store.
fn stored_and_rebuilt(data: &Path) -> (Rows, Rows) {
    let ports = ports(&storage(data));
    let before = rows(&ports);
    Live::rebuild(&ports, &governance::ConsentPolicy::default(), |_| {}).unwrap();
    (before, rows(&ports))
}

fn revenue(opened: &Opened, customer: &str) -> Option<String> {
    let view = opened.engine.customer(customer).ok()?;
    view.features.first().map(|_| format!("{:?}", view.customer.state.n_orders()))
}

#[test]
fn an_import_that_is_undone_leaves_what_a_rebuild_leaves() {
    for is_sealed in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let opened = open(data.path());
        let (kept, undone) = (shop(1, 30), shop(2, 30));
        let first = begin(&opened, "kept.ndjson");
        let second = begin(&opened, "undone.ndjson");
        // The two come in at the same time, and a client sends something in between.
        for (some, others) in kept.chunks(50).zip(undone.chunks(50)) {
            opened.engine.ingest_imported(first, some.to_vec()).unwrap();
            opened.engine.ingest_imported(second, others.to_vec()).unwrap();
            opened.engine.checkpoint(7).unwrap();
        }
        if is_sealed {
            opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
        }
        let n_undone = undone.len().min(kept.len().div_ceil(50) * 50) as u64;
        assert_eq!(undo(&opened, second), (n_undone, 0));
        // The live state follows at once, and goes on.
        let again = opened.engine.ingest_imported(begin(&opened, "again.ndjson"), undone[..20].to_vec()).unwrap();
        assert_eq!((again.n_accepted, again.n_duplicates), (20, 0), "the ids are free again");
        let known = opened.engine.ingest_imported(first, kept[..20].to_vec()).unwrap();
        assert_eq!((known.n_accepted, known.n_duplicates), (0, 20), "and only those");
        assert!(opened.engine.undo_import(second).unwrap_err().to_string().contains("already"));
        assert!(opened.engine.undo_import(ImportId(77)).unwrap_err().to_string().contains("no import 77"));
        opened.engine.checkpoint(1_000_000).unwrap();
        drop(opened);
        let (stored, rebuilt) = stored_and_rebuilt(data.path());
        assert!(stored.len() > 60, "{} rows", stored.len());
        assert!(stored == rebuilt, "what is live differs from what the history says");
    }
}

#[test]
fn a_stop_between_a_correction_and_its_consequences_is_made_good_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let opened = open(data.path());
    let import = begin(&opened, "orders.csv");
    opened.engine.ingest_imported(import, vec![order("1", "ann", 5.0)]).unwrap();
    opened.engine.ingest_imported(begin(&opened, "more.csv"), vec![order("2", "bob", 5.0)]).unwrap();
    opened.engine.checkpoint(10).unwrap();
    // The correction is durable, and nothing else happened.
    opened.storage.import_log().undo_import(import, noon()).unwrap();
    drop(opened);
    let opened = open(data.path());
    assert!(opened.engine.customer("ann").is_err() && opened.engine.customer("bob").is_ok());
    drop(opened);
    let (stored, rebuilt) = stored_and_rebuilt(data.path());
    assert!(stored == rebuilt);
}

#[test]
fn new_content_comes_in_the_place_of_the_old_and_undoing_it_brings_the_old_back() {
    let data = tempfile::tempdir().unwrap();
    let opened = open(data.path());
    let first = begin(&opened, "orders.csv");
    opened.engine.ingest_imported(first, vec![order("1", "ann", 5.0), order("2", "bob", 5.0)]).unwrap();
    let second = begin(&opened, "corrected.csv");
    assert_eq!(replace(&opened, second, vec![order("1", "cid", 7.0), order("2", "bob", 5.0)]), 1);
    assert!(revenue(&opened, "ann").is_none() && revenue(&opened, "cid").is_some());
    // A third one comes in the place of the second.
    let third = begin(&opened, "corrected-again.csv");
    assert_eq!(replace(&opened, third, vec![order("1", "dan", 9.0)]), 1);
    assert_eq!(undo(&opened, second), (0, 0), "something else is in its place");
    assert!(revenue(&opened, "dan").is_some() && revenue(&opened, "cid").is_none());
    assert_eq!(undo(&opened, third), (1, 1));
    // The second was undone: the newest content that was not is that of the first.
    assert!(revenue(&opened, "ann").is_some());
    assert!(revenue(&opened, "cid").is_none() && revenue(&opened, "dan").is_none());
    let fourth = begin(&opened, "orders-again.csv");
    let taken = opened.engine.ingest_imported(fourth, vec![order("1", "ann", 5.0)]).unwrap();
    assert_eq!((taken.n_accepted, taken.n_duplicates), (0, 1), "its id is taken again");
    opened.engine.checkpoint(10).unwrap();
    drop(opened);
    let (stored, rebuilt) = stored_and_rebuilt(data.path());
    assert!(stored == rebuilt);
}

#[test]
fn a_database_that_is_made_from_the_history_knows_what_was_taken_out() {
    let data = tempfile::tempdir().unwrap();
    let opened = open(data.path());
    let first = begin(&opened, "orders.csv");
    opened.engine.ingest_imported(first, vec![order("1", "ann", 5.0), order("2", "bob", 5.0)]).unwrap();
    let second = begin(&opened, "corrected.csv");
    assert_eq!(replace(&opened, second, vec![order("1", "cid", 7.0), order("3", "dan", 7.0)]), 1);
    let third = begin(&opened, "wrong.csv");
    opened.engine.ingest_imported(third, vec![order("4", "eve", 7.0)]).unwrap();
    undo(&opened, third);
    opened.engine.checkpoint(10).unwrap();
    opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::everything()).unwrap();
    drop(opened);
    let (before, _) = stored_and_rebuilt(data.path());
    for name in ["rapport.db", "rapport.db-wal", "rapport.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(name));
    }
    let directory = DataDir::open(data.path(), Access::Exclusive).unwrap();
    let (storage, taken) = Storage::recover(directory, StorageSettings::default(), noon(), &mut |_| {}).unwrap();
    assert!(taken.is_new && taken.n_events == 7, "{taken:?}");
    drop(storage);
    let (_, after) = stored_and_rebuilt(data.path());
    assert!(before == after, "the corrections count again");
    let opened = open(data.path());
    let again = begin(&opened, "again.csv");
    let taken = opened.engine.ingest_imported(again, vec![order("4", "eve", 7.0), order("1", "cid", 7.0)]).unwrap();
    assert_eq!((taken.n_accepted, taken.n_duplicates), (1, 1), "only what was taken out is free");
    assert_eq!(replace(&opened, again, vec![order("1", "fay", 8.0)]), 1, "what they said is known, too");
    assert!(revenue(&opened, "fay").is_some() && revenue(&opened, "cid").is_none());
}

#[test]
fn a_stop_in_the_middle_of_what_replaces_loses_no_order() {
    let data = tempfile::tempdir().unwrap();
    let opened = open(data.path());
    let first = begin(&opened, "orders.csv");
    opened.engine.ingest_imported(first, vec![order("1", "ann", 5.0), order("2", "bob", 5.0)]).unwrap();
    opened.engine.end_import(first, ImportCounts::default()).unwrap();
    let second = begin(&opened, "corrected.csv");
    // Of two corrected orders one has come when the program stops.
    let replaced = opened.engine.replace_imported(second, vec![order("1", "cid", 7.0)]).unwrap();
    assert_eq!((replaced.n_accepted, replaced.n_replaced), (1, 1));
    drop(opened);
    let opened = open(data.path());
    assert!(revenue(&opened, "cid").is_some() && revenue(&opened, "bob").is_some());
    assert!(revenue(&opened, "ann").is_none(), "each order counts once");
    assert!(opened.engine.replace_imported(first, vec![order("2", "dan", 7.0)]).is_err(), "it has ended");
    assert!(revenue(&opened, "bob").is_some(), "and nothing was withdrawn");
}

#[test]
fn checkpoints_are_written_and_events_come_in_while_everything_is_made_anew() {
    let data = tempfile::tempdir().unwrap();
    let opened = open(data.path());
    let first = begin(&opened, "orders.csv");
    opened.engine.ingest_imported(first, vec![order("1", "ann", 5.0)]).unwrap();
    let second = begin(&opened, "more.csv");
    opened.engine.ingest_imported(second, vec![order("2", "bob", 5.0)]).unwrap();
    opened.engine.undo_import(first).unwrap();
    // What was broken off is made good, although a checkpoint knows the correction already.
    let broken_off = opened.engine.follow_corrections(&mut |_| {
        let message = "no longer";
        Err(engine::EngineError::new(primitives::ErrorKind::Unavailable, message))
    });
    assert!(broken_off.is_err() && opened.engine.is_outdated().unwrap());
    opened.engine.checkpoint(10).unwrap();
    drop(opened);
    let opened = open(data.path());
    assert!(revenue(&opened, "ann").is_none() && !opened.engine.is_outdated().unwrap());

    let third = begin(&opened, "still-more.csv");
    opened.engine.undo_import(second).unwrap();
    let mut n_calls = 0;
    let followed = opened.engine.follow_corrections(&mut |_| {
        n_calls += 1;
        opened.engine.ingest_imported(third, vec![order(&format!("3-{n_calls}"), "cid", 5.0)])?;
        opened.engine.checkpoint(10).map(drop)
    });
    followed.unwrap();
    assert!(n_calls > 0 && revenue(&opened, "cid").is_some() && revenue(&opened, "bob").is_none());
    opened.engine.checkpoint(10).unwrap();
    drop(opened);
    let (stored, rebuilt) = stored_and_rebuilt(data.path());
    assert!(stored == rebuilt);
}

fn payload(event: &Event) -> Value {
    let record: Value = serde_json::to_value(event).unwrap();
    json!({
        "type": record["type"], "event": record["event"], "userId": record["userId"], "messageId": record["messageId"],
        "timestamp": event.occurred_at.to_string(), "properties": record["properties"],
    })
}

#[test]
fn imports_go_over_http_and_are_taken_out_while_events_come_in() {
    let server = TestServer::start();
    let post = |key: &str, path: &str, body: &Value| server.post_as(key, path, body);
    post(WRITE, "/v1/imports", &json!({"file": "x"})).error(403, "forbidden");
    post("nobody", "/v1/imports", &json!({"file": "x"})).error(401, "unknown_key");
    assert!(post(SERVER, "/v1/imports", &json!({"name": "x"})).error(400, "invalid").contains("unknown field"));
    let id = post(SERVER, "/v1/imports", &json!({"file": "orders.csv"})).ok()["id"].as_u64().unwrap();
    let batch = json!({"batch": [payload(&order("1", "ann", 5.0)), payload(&order("2", "bob", 5.0)), {"type": "track", "event": "Seen", "userId": "x"}]});
    let path = format!("/v1/imports/{id}/events");
    let taken = post(SERVER, &path, &batch).ok();
    assert_eq!((&taken["accepted"], &taken["duplicates"]), (&json!(2), &json!(0)));
    assert_eq!((&taken["rejected"][0]["index"], &taken["rejected"][0]["field"]), (&json!(2), &json!("/timestamp")));
    let again = post(SERVER, &path, &batch).ok();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(2)), "a part may be sent again");
    let ends = json!({"rows": 3, "rejected": 1, "accepted": 2, "duplicates": 0, "conflicts": 0, "replaced": 0});
    post(SERVER, &format!("/v1/imports/{id}/end"), &ends).ok();
    let listed = server.get("/v1/imports").ok();
    let one = &listed["imports"][0];
    assert_eq!((&one["file"], &one["accepted"], &one["undoneAt"]), (&json!("orders.csv"), &json!(2), &Value::Null));
    assert_eq!(server.get("/v1/customers/ann").status, 200);

    // More imports to take out while several clients send at once, so that events wait for their turn at each exchange.
    let others: Vec<u64> = (0..4)
        .map(|n| {
            let id = post(SERVER, "/v1/imports", &json!({"file": "more.csv"})).ok()["id"].as_u64().unwrap();
            let batch = json!({"batch": [payload(&order(&format!("more-{n}"), "cid", 5.0))]});
            post(SERVER, &format!("/v1/imports/{id}/events"), &batch).ok();
            id
        })
        .collect();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (server, is_done) = (&server, &is_done);
                scope.spawn(move || {
                    let mut n_sent = 0;
                    while !is_done.load(Ordering::Acquire) || n_sent == 0 {
                        let event = json!({"event": "Seen", "userId": format!("live-{}", n_sent % 7), "messageId": format!("m{sender}-{n_sent}")});
                        assert_eq!(server.post("/v1/track", &event).ok()["accepted"], 1);
                        n_sent += 1;
                    }
                    n_sent
                })
            })
            .collect();
        post(SERVER, &format!("/v1/imports/{id}/undo"), &json!({})).error(403, "forbidden");
        for (id, n) in std::iter::once((id, 2)).chain(others.iter().map(|id| (*id, 1))) {
            let undone = undone(&server, id);
            assert_eq!((&undone["withdrawn"], &undone["restored"]), (&json!(n), &json!(0)), "{undone}");
            let again = post(ADMIN, &format!("/v1/imports/{id}/undo"), &json!({})).ok();
            assert_eq!((&again["withdrawn"], &again["undo"]), (&json!(n), &json!("done")), "it says the same again");
        }
        is_done.store(true, Ordering::Release);
        let n_sent: u64 = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        let totals = server.engine().look(|live| live.profiles.totals());
        assert_eq!(totals.n_events, n_sent + 1 + others.len() as u64, "every event, and the corrections");
    });
    assert_eq!(server.get("/v1/customers/cid").status, 404);
    assert_eq!(server.get("/v1/customers/ann").status, 404);
    assert_eq!(server.get("/v1/customers/live-0").status, 200);
    let titles: Vec<Value> = server.events("accepted").iter().map(|event| event["type"].clone()).collect();
    assert!(titles.contains(&json!("correction")) && !titles.is_empty());
    let data = server.stop();
    let (stored, rebuilt) = stored_and_rebuilt(data.path());
    assert!(stored == rebuilt);
}

/// Has an import undone, and waits until nothing of it is left.
fn undone(server: &TestServer, id: u64) -> Value {
    let path = format!("/v1/imports/{id}");
    let begun = server.post_as(ADMIN, &format!("{path}/undo"), &json!({}));
    assert!([200, 202].contains(&begun.status), "{}", begun.text);
    assert_eq!(begun.header("location"), Some(&*path));
    support::until("the import is undone", || {
        let state = server.get(&path).ok();
        assert!(state["why"].is_null(), "{state}");
        (state["undo"] == "done").then_some(state)
    })
}

#[test]
fn what_was_replaced_follows_once_when_the_import_ends_and_who_did_what_is_written_down() {
    let server = TestServer::start();
    let begin =
        |file: &str| server.post_as(SERVER, "/v1/imports", &json!({ "file": file })).ok()["id"].as_u64().unwrap();
    let batch = |orders: &[Event]| json!({"batch": orders.iter().map(payload).collect::<Vec<_>>()});
    let ends =
        |n: u64| json!({"rows": n, "rejected": 0, "accepted": n, "duplicates": 0, "conflicts": 0, "replaced": 0});
    let first = begin("orders.csv");
    let orders: Vec<Event> = (0..4).map(|n| order(&n.to_string(), "ann", 5.0)).collect();
    server.post_as(SERVER, &format!("/v1/imports/{first}/events"), &batch(&orders)).ok();
    server.post_as(SERVER, &format!("/v1/imports/{first}/end"), &ends(4)).ok();
    let second = begin("corrected.csv");
    let path = format!("/v1/imports/{second}");
    for n in 0..4 {
        let other = order(&n.to_string(), "bob", 6.0);
        let taken = server.post_as(SERVER, &format!("{path}/replace"), &batch(&[other])).ok();
        assert_eq!((&taken["accepted"], &taken["replaced"]), (&json!(1), &json!(1)));
        assert_eq!(server.get(&path).ok()["isFollowed"], json!(false), "not for each of them");
    }
    server.post_as(SERVER, &format!("{path}/end"), &ends(4)).ok();
    support::until("everything follows", || (server.get(&path).ok()["isFollowed"] == json!(true)).then_some(()));
    assert_eq!((server.get("/v1/customers/ann").status, server.get("/v1/customers/bob").status), (404, 200));
    assert_eq!(undone(&server, second)["restored"], json!(4));
    let deeds = |deed: &str| {
        let path = format!("/v1/audit?deed={deed}");
        let entries = support::until("it is written down", || {
            let entries = server.get_as(ADMIN, &path).ok()["entries"].as_array().cloned().unwrap();
            (!entries.is_empty()).then_some(entries)
        });
        entries.iter().map(|one| format!("{} {}", one["role"], one["subject"])).collect::<Vec<_>>()
    };
    assert_eq!(deeds("import"), ["\"server\" \"import 2 of corrected.csv\"", "\"server\" \"import 1 of orders.csv\""]);
    assert_eq!(deeds("import_replaced"), vec!["\"server\" \"import 2: 1 events\""; 4]);
    assert_eq!(deeds("import_undone"), ["\"admin\" \"import 2\""]);
}

#[test]
fn an_import_that_is_not_under_way_takes_nothing() {
    let server = TestServer::start();
    let begin = || server.post_as(SERVER, "/v1/imports", &json!({"file": "x.csv"})).ok()["id"].as_u64().unwrap();
    let ends =
        |rows: u64| json!({"rows": rows, "rejected": 0, "accepted": 0, "duplicates": 0, "conflicts": 0, "replaced": 0});
    let post = |id: u64, step: &str, body: &Value| server.post_as(SERVER, &format!("/v1/imports/{id}/{step}"), body);
    let (ended, gone) = (begin(), begin());
    post(ended, "end", &ends(1)).ok();
    post(ended, "end", &ends(1)).ok();
    assert!(post(ended, "end", &ends(2)).error(409, "conflict").contains("has ended"));
    undone(&server, gone);
    let batch = json!({"batch": [payload(&order("1", "ann", 5.0))]});
    for (id, status, code, said) in [
        (ended, 409, "conflict", "has ended"),
        (gone, 409, "conflict", "was undone"),
        (99, 404, "not_found", "no import 99"),
    ] {
        for step in ["events", "replace"] {
            assert!(post(id, step, &batch).error(status, code).contains(said), "{step} of {id}");
        }
        if id != ended {
            assert!(post(id, "end", &ends(1)).error(status, code).contains(said), "end of {id}");
        }
    }
    server.post_as(ADMIN, "/v1/imports/99/undo", &json!({})).error(404, "not_found");
    server.get("/v1/imports/99").error(404, "not_found");
    let many = json!({"batch": vec![json!({}); 2_501]});
    assert!(post(begin(), "replace", &many).error(413, "too_large").contains("at most 2500"));
    assert_eq!(server.get("/v1/customers/ann").status, 404);
    let page = |query: &str| {
        let found = server.get(&format!("/v1/imports?{query}")).ok();
        found["imports"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((page("limit=2"), page("limit=2&before=2"), page("")), (vec![3, 2], vec![1], vec![3, 2, 1]));
}

#[test]
fn nobody_can_send_a_correction() {
    let server = TestServer::start();
    let event = json!({"batch": [{"type": "correction", "withdrawn": [[1, 9]], "reason": "x", "userId": "u"}]});
    for key in [WRITE, SERVER, ADMIN] {
        let reply = server.post_as(key, "/v1/batch", &event);
        assert_eq!(reply.status, 400, "{}", reply.text);
    }
    assert_eq!(server.engine().ports().imports.corrected_upto().unwrap().0, 0);
}
