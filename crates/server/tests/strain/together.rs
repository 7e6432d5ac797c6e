//! Does everything that can be asked go on being answered while events come in?

use crate::support::{self, ADMIN, SERVER, TestServer, world};
use engine::Stopwatch;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// How long everything is asked at once, at least. A nested lock was found within a tenth of it.
const SPAN: Duration = Duration::from_secs(4);
const N_WRITERS: u64 = 4;
const N_READERS: usize = 2;

/// Every page and every reading path, for a customer and a decision that exist.
fn paths(customer: &str, decision: &str) -> Vec<(&'static str, String)> {
    let admin = [
        "/".to_owned(),
        "/events?live=1".to_owned(),
        "/events?status=rejected".to_owned(),
        "/customers".to_owned(),
        format!("/customers?q={customer}"),
        format!("/customers/{customer}"),
        "/models".to_owned(),
        "/features".to_owned(),
        "/decisions".to_owned(),
        format!("/decisions/{decision}"),
        "/api".to_owned(),
        "/docs/".to_owned(),
        "/keys".to_owned(),
        "/audit".to_owned(),
        "/v1/audit".to_owned(),
        "/no/such/page".to_owned(),
    ];
    let server = [
        format!("/v1/customers/{customer}"),
        "/v1/events".to_owned(),
        "/v1/models".to_owned(),
        "/v1/imports".to_owned(),
        format!("/v1/decisions/{decision}"),
        "/readyz".to_owned(),
        "/healthz".to_owned(),
        "/metrics".to_owned(),
        "/openapi.json".to_owned(),
    ];
    admin.map(|path| (ADMIN, path)).into_iter().chain(server.map(|path| (SERVER, path))).collect()
}

/// Events about few customers, the one who is looked at among them.
fn batch(customer: &str, writer: u64, number: u64) -> Value {
    let event = |i: u64| {
        let user = if i == 0 { customer.to_owned() } else { format!("user-{}", (writer + number + i) % 50) };
        let products = json!([{"product_id": format!("item-{}", i % 9), "price": 2.5, "quantity": 1}]);
        json!({
            "type": "track", "event": "Order Completed", "userId": user,
            "messageId": format!("w{writer}-b{number}-e{i}"),
            "properties": {"order_id": format!("w{writer}-b{number}-e{i}"), "currency": "EUR", "products": products},
        })
    };
    json!({ "batch": (0..10).map(event).collect::<Vec<_>>() })
}

/// Imports an order and has it taken out again, while everything else goes on.
fn import_and_undo(server: &TestServer, n: u64) {
    let begun = server.post_as(SERVER, "/v1/imports", &json!({"file": "orders.csv"})).ok();
    let path = format!("/v1/imports/{}", begun["id"]);
    let order = json!({
        "type": "track", "event": "Order Completed", "userId": format!("imported-{n}"), "messageId": format!("i{n}"),
        "timestamp": "2026-11-01T10:00:00Z", "properties": {"order_id": format!("i{n}"), "total": 5, "currency": "EUR"},
    });
    let taken = server.post_as(SERVER, &format!("{path}/events"), &json!({"batch": [order]})).ok();
    assert_eq!(taken["accepted"], 1, "{taken}");
    server.post_as(ADMIN, &format!("{path}/undo"), &json!({}));
    support::until("it is taken out", || (server.get(&path).ok()["undo"] == "done").then_some(()));
    assert_eq!(server.get(&format!("/v1/customers/imported-{n}")).status, 404);
}

/// Asks again and again until it is time to stop.
fn worker(stop: &Arc<AtomicBool>, mut ask: impl FnMut(u64) + Send + 'static) -> JoinHandle<u64> {
    let stop = stop.clone();
    spawn(move || {
        let mut n = 0;
        while !stop.load(Ordering::Acquire) {
            ask(n);
            n += 1;
        }
        n
    })
}

#[test]
fn everything_is_answered_while_events_come_in() {
    // A server that hangs could not be stopped: only one that answers to the end is dropped.
    let server: &'static TestServer = Box::leak(Box::new(TestServer::start_with(|settings| {
        settings.profiles.checkpoint_seconds = 1;
    })));
    world::fill(server.engine());
    let customer = world::shop().user_ids[0].clone();
    let decided = server.decide(&json!({"decision": "recommend", "userId": customer})).ok();
    let decision = decided["decisionId"].as_str().unwrap().to_owned();

    let (stop, n_pages) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut workers = Vec::new();
    for writer in 0..N_WRITERS {
        let customer = customer.clone();
        workers.push(worker(&stop, move |n| {
            let reply = server.post_as(SERVER, "/v1/batch", &batch(&customer, writer, n));
            assert_eq!((reply.status, &reply.json()["accepted"]), (200, &Value::from(10)), "{}", reply.text);
        }));
    }
    for reader in 0..N_READERS {
        let (paths, n_pages) = (paths(&customer, &decision), n_pages.clone());
        workers.push(worker(&stop, move |n| {
            let place = usize::try_from(n).unwrap() + reader * paths.len() / N_READERS;
            let (key, path) = &paths[place % paths.len()];
            let reply = server.get_as(key, path);
            let expected = if path == "/no/such/page" { 404 } else { 200 };
            assert_eq!(reply.status, expected, "{path}: {}", reply.text);
            n_pages.fetch_add(1, Ordering::Relaxed);
        }));
    }
    workers.push(worker(&stop, move |n| import_and_undo(server, n)));
    let asked = customer.clone();
    workers.push(worker(&stop, move |n| {
        let kind = if n % 2 == 0 { "recommend" } else { "churn" };
        server.decide(&json!({"decision": kind, "userId": asked})).ok();
        let form =
            [("authorization", &*format!("Bearer {ADMIN}")), ("content-type", "application/x-www-form-urlencoded")];
        let page = server.send("POST", &format!("/customers/{asked}/decide"), &form, format!("decision={kind}"));
        assert_eq!(page.status, 200, "{}", page.text);
    }));

    let n_paths = paths("", "").len() as u64;
    // Beside a test that takes the processor, the pages take longer than that.
    let is_enough = |n_opened: u64, took| took >= SPAN && n_opened >= n_paths || took >= 3 * support::DEADLINE;
    let watch = Stopwatch::start();
    while !is_enough(n_pages.load(Ordering::Relaxed), watch.elapsed())
        && workers.iter().all(|worker| !worker.is_finished())
    {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    stop.store(true, Ordering::Release);
    // A request that hangs fails its worker at the test client's deadline.
    for worker in workers {
        assert!(worker.join().is_ok_and(|n| n > 0), "a worker failed: its line above says at what");
    }
    assert!(n_pages.load(Ordering::Relaxed) >= n_paths, "not every page was opened in time");
    server.get("/readyz").ok();
}

/// What readiness promises it tries, and it says within seconds that it cannot; what only says that the program runs, says
/// so all the same, and so do the metrics, that they cannot be read.
#[test]
fn a_server_that_hangs_says_so_and_does_not_hang_whoever_asks() {
    let server: &'static TestServer = Box::leak(Box::new(TestServer::start()));
    server.get("/readyz").ok();
    let (begin, begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    // Somebody looks at the live state and does not stop.
    let hangs = spawn(move || {
        server.engine().look(|_| {
            begin.send(()).unwrap();
            let _ = ended.recv();
        });
    });
    begun.recv_timeout(support::DEADLINE).unwrap();
    // A writer waits behind them, as in life.
    let writer = spawn(|| server.post("/v1/track", &json!({"event": "A", "userId": "1"})));
    let watch = Stopwatch::start();
    for path in ["/readyz", "/readyz", "/metrics", "/readyz", "/metrics", "/readyz"] {
        let reply = server.get(path);
        assert_eq!(reply.status, 503, "{path}: {}", reply.text);
        assert!(reply.text.contains("no answer within 2 seconds"), "{path}: {}", reply.text);
    }
    assert!(watch.elapsed() < support::DEADLINE, "they answered after {:?}", watch.elapsed());
    server.get("/healthz").ok();
    drop(end);
    hangs.join().unwrap();
    assert_eq!(writer.join().unwrap().status, 200);
    support::until("it is ready again", || (server.get("/readyz").status == 200).then_some(()));
}

#[test]
fn a_full_server_says_so_at_once_and_can_still_say_how_it_is() {
    let server = TestServer::start_with(|settings| settings.server.n_requests_max = 16);
    // Every place is taken by work that does not end.
    let places: Vec<_> = (0..16).map(|_| server.app().places.clone().try_acquire_owned().unwrap()).collect();
    let refused = server.post("/v1/track", &json!({"event": "A", "userId": "1"}));
    assert!(refused.error(429, "too_many_requests").contains("16 requests"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    server.get("/readyz").ok();
    assert_eq!(server.get("/metrics").status, 200);
    drop(places);
    server.post("/v1/track", &json!({"event": "A", "userId": "1"})).ok();
}

/// Events may wait in their places, for memory or for the disk: there are places that they never take.
#[test]
fn full_batches_that_wait_leave_decisions_their_places() {
    let server: &'static TestServer =
        Box::leak(Box::new(TestServer::start_with(|settings| settings.server.n_requests_max = 16)));
    let visits = |first: usize| {
        let visit = |n: usize| json!({"type": "page", "name": "Home", "userId": format!("user-{n}")});
        json!({ "batch": (first..first + 2_500).map(visit).collect::<Vec<_>>() })
    };
    for n in 0..9 {
        server.post_as(SERVER, "/v1/batch", &visits(n * 2_500)).ok();
    }
    // More customers are in memory than may be from now on, so events wait for room.
    server.engine().pressure().bound(Some(0));
    let batches: Vec<_> =
        (0..32).map(|_| spawn(move || server.post_as(SERVER, "/v1/batch", &visits(0)).status)).collect();
    support::until("events have all the places that they may have", || {
        (server.app().public_places.available_permits() == 0).then_some(())
    });
    for n in 0..20 {
        let kind = if n % 2 == 0 { "recommend" } else { "churn" };
        server.decide(&json!({"decision": kind, "userId": format!("user-{n}")})).ok();
    }
    assert_eq!(server.app().public_places.available_permits(), 0, "they wait all the while");
    server.engine().pressure().bound(None);
    let statuses: Vec<u16> = batches.into_iter().map(|batch| batch.join().unwrap()).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
}

/// Whoever was given a place has a thread, too, however many there are: a queue for threads would be one that nobody sees.
#[test]
fn every_place_has_a_thread() {
    const N_PLACES: usize = 700;
    const N_HELD: usize = 600;
    let server: &'static TestServer =
        Box::leak(Box::new(TestServer::start_with(|settings| settings.server.n_requests_max = N_PLACES)));
    let (begin, begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let holder = spawn(move || {
        server.engine().look(|_| {
            begin.send(()).unwrap();
            let _ = ended.recv();
        });
    });
    begun.recv_timeout(support::DEADLINE).unwrap();
    let held: Vec<TcpStream> = (0..N_HELD).map(|n| send_event(server.address(), n)).collect();
    until_taken(server, N_PLACES - N_HELD);
    // This one needs nothing that is held, only a thread.
    server.get("/v1/models").ok();
    drop(end);
    holder.join().unwrap();
    for mut stream in held {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

/// Sends an event and does not wait for the answer.
fn send_event(address: SocketAddr, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect_timeout(&address, support::DEADLINE).unwrap();
    stream.set_read_timeout(Some(support::DEADLINE)).unwrap();
    let body = json!({"event": "A", "userId": format!("user-{n}"), "messageId": format!("held-{n}")}).to_string();
    let head = format!(
        "POST /v1/track HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {SERVER}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn until_taken(server: &TestServer, n_free: usize) {
    support::until("all of them are worked on", || (server.app().places.available_permits() == n_free).then_some(()));
}
