//! Is everybody met by a look at all lists, however memory moves, and is a list judged once, however many ask about it?

use crate::support::{self, SERVER, TestServer, until};
use decisions::List;
use engine::{Capabilities, Engine, Page, Ports, RollCall};
use events::{Envelope, Offset, Origin, Place};
use governance::ConsentPolicy;
use primitives::{Seed, SimulatedClock, Timestamp};
use profiles::{Change, Collection, ProfileStore, StoreError};
use serde_json::json;
use server::api::wire;
use server::on_disk::ports;
use std::cell::Cell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use storage::{Access, DataDir, Storage, StorageSettings};

/// As many as an attacker asked about one list at a time.
const N_ASKED: usize = 60;

fn known(server: &TestServer, users: impl IntoIterator<Item = String>) {
    let users: Vec<String> = users.into_iter().collect();
    for users in users.chunks(500) {
        let events: Vec<_> = users.iter().map(|user| json!({"type": "identify", "userId": user})).collect();
        assert_eq!(server.post_as(SERVER, "/v1/batch", &json!({"batch": events})).status, 200);
    }
}

fn list(name: &str, filter: String) -> List {
    List { name: name.to_owned(), title: name.to_owned(), filter, ..List::default() }
}

/// Whoever is on the list before, asked again and again.
fn of_before(n: usize) -> String {
    vec![format!("list=\"d{}\"", n - 1); N_ASKED].join(" or ")
}

fn n_members(server: &TestServer, name: &str) -> usize {
    server.engine().ports().lists.members(name).unwrap().len()
}

fn save(server: &TestServer, name: &str, filter: &str) -> support::Reply {
    server.post_as(SERVER, "/v1/lists", &json!({"name": name, "filter": filter}))
}

#[test]
fn lists_within_lists_are_judged_once_for_each_customer_and_over_so_many_steps() {
    let server = TestServer::start();
    known(&server, (0..10).map(|n| format!("user-{n}")));
    save(&server, "d0", "known").ok();
    for n in 1..=8 {
        save(&server, &format!("d{n}"), &of_before(n)).ok();
    }
    let said = save(&server, "d9", &of_before(9)).error(400, "invalid");
    let way = (0..9).rev().map(|n| format!("\"d{n}\"")).collect::<Vec<_>>().join(", ");
    assert!(said.contains(&format!("over 9 steps ({way}), and 8 are the most")), "{said}");
    let asked = |filter: &str| {
        let selection = server.engine().selection(filter, "id", "known").unwrap();
        let found = server.engine().select(&selection, Page { n_max: 10, cursor: None }, Duration::MAX).unwrap();
        assert!(found.is_complete);
        (found.n, found.n_asked)
    };
    assert_eq!(asked("known"), (10, 10));
    // Each list of the chain once: of its conditions the first says yes.
    assert_eq!(asked("list=\"d8\""), (10, 10 * 10));
    // And all of them where they say no.
    server.engine().save_list(&list("d0", "not known".to_owned()), true).unwrap();
    assert_eq!(asked("not list=\"d8\""), (10, 10 * (1 + 8 * N_ASKED as u64 + 1)));
    // Who would be over more steps by a list in the middle is told which.
    save(&server, "deeper", "known").ok();
    let said = server.engine().save_list(&list("d0", "list=\"deeper\"".to_owned()), true).unwrap_err().to_string();
    assert!(said.contains("the list \"d8\" asks about this one") && said.contains("over 9 steps"), "{said}");
    assert_eq!(
        server.engine().follow_lists(Duration::MAX, &|| false).unwrap(),
        RollCall::Whole,
        "all lists in one look"
    );
}

#[test]
fn thirty_one_lists_that_were_saved_before_fail_with_their_reason_and_stop_nothing() {
    let server = TestServer::start();
    known(&server, (0..5).map(|n| format!("user-{n}")));
    let store = server.engine().ports().lists.clone();
    store.save(&list("d0", "known".to_owned())).unwrap();
    for n in 1..=30 {
        store.save(&list(&format!("d{n}"), of_before(n))).unwrap();
    }
    // A circle, too.
    store.save(&list("left", "list=\"right\"".to_owned())).unwrap();
    store.save(&list("right", "list=\"left\"".to_owned())).unwrap();
    drop(store);
    let server = server.restart();
    assert_eq!(server.engine().follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
    for n in 0..=30 {
        let list = server.get(&format!("/v1/lists/d{n}")).ok();
        if n <= 8 {
            assert_eq!((&list["count"], list.get("failure")), (&json!(5), None), "d{n}");
        } else {
            assert!(list["failure"].as_str().unwrap().contains("over 9 steps"), "d{n}: {list}");
        }
    }
    for name in ["left", "right"] {
        let list = server.get(&format!("/v1/lists/{name}")).ok();
        assert!(list["failure"].as_str().unwrap().contains("break the circle"), "{list}");
    }
    for filter in ["not%20list%3D%22d29%22", "list%3D%22left%22"] {
        server.get(&format!("/v1/customers?limit=1&filter={filter}")).error(400, "invalid");
    }
    known(&server, ["still-there".to_owned()]);
    assert_eq!(server.get("/v1/customers?filter=list%3D%22d8%22").ok()["count"], 6);
}

#[test]
fn a_list_has_so_many_conditions_with_all_that_it_asks_about() {
    let server = TestServer::start();
    // Each value of `in (…)` is one: of these lists each has 1,000.
    let wide = format!("orders_30d in ({})", vec!["1"; 1_000].join(","));
    for n in 0..5 {
        save(&server, &format!("wide{n}"), &wide).ok();
    }
    let any = |n: usize| (0..n).map(|n| format!("list=\"wide{n}\"")).collect::<Vec<_>>().join(" or ");
    // 4 and 4,000, and 996 more.
    save(&server, "most", &format!("{} or id in ({})", any(4), vec!["\"a\""; 996].join(","))).ok();
    let more = format!("{} or id in ({})", any(4), vec!["\"a\""; 997].join(","));
    let said = save(&server, "more", &more).error(400, "invalid");
    assert!(
        said.contains("1001 conditions") && said.contains("the 4 lists") && said.contains("at least 5001"),
        "{said}"
    );
    assert!(said.contains("most of them, 1000, has \"wide3\""), "{said}");
    let said = server.engine().save_list(&list("wide0", format!("{wide} or known")), true).unwrap_err().to_string();
    assert!(said.contains("the list \"most\" asks about this one"), "{said}");
    // Whoever asks about a list that could be saved gets an answer.
    let found = server.get("/v1/customers?filter=list%3D%22most%22%20and%20not%20known").ok();
    assert_eq!(found["count"], 0);
    let all = any(5).replace(' ', "%20").replace('=', "%3D").replace('"', "%22");
    assert_eq!(server.get(&format!("/v1/customers?filter={all}")).ok()["count"], 0);
    server.get(&format!("/v1/customers?filter=list%3D%22most%22%20or%20{all}")).error(400, "invalid");
    // What asks about nothing that is too long is saved, as is what makes it shorter.
    server.engine().save_list(&list("wide4", format!("{wide} or known")), true).unwrap();
    server.engine().save_list(&list("wide0", "known".to_owned()), true).unwrap();
}

#[test]
fn a_list_that_takes_too_long_is_named_and_left_out_until_it_is_another_one_or_a_day_has_passed() {
    const N: usize = 50;
    let server = TestServer::start();
    let engine = server.engine();
    known(&server, (0..N).map(|n| format!("user-{n}")));
    let slow: Vec<String> = (0..120).map(|n| format!("id contains \"{n:03}-nobody\"")).collect();
    let slow = |n: usize| list("slow", format!("not ({}){}", slow.join(" or "), " ".repeat(n)));
    let failure = |name: &str| engine.list(name).unwrap().state.failure;
    let whole = || assert_eq!(engine.follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
    save(&server, "slow", "known").ok();
    // The first look at the clock may come too late already: then another one is left out, or it is no time at all.
    let mut n_tried = 0;
    until("a list is named", || {
        n_tried += 1;
        engine.save_list(&slow(n_tried), true).unwrap();
        let roll_call = engine.follow_lists(Duration::from_micros(200), &|| false).unwrap();
        matches!(roll_call, RollCall::TooLong { slowest: Some(name), took } if name == "slow" && !took.is_zero())
            .then_some(())
    });
    assert!(failure("slow").unwrap().contains("until its filter is simpler"), "{:?}", failure("slow"));
    // The others go on.
    save(&server, "quick", "known").ok();
    save(&server, "asking", "list=\"slow\"").ok();
    known(&server, ["new".to_owned()]);
    whole();
    assert_eq!(n_members(&server, "quick"), N + 1);
    let members = |name: &str| engine.ports().lists.members(name).unwrap().iter().any(|id| id.as_str() == "new");
    assert!(!members("slow") && !members("asking"), "they stay as they were found before");
    assert!(failure("slow").unwrap().contains("until its filter is simpler"), "{:?}", failure("slow"));
    assert_eq!(failure("asking").unwrap(), "it asks about the list \"slow\", which takes too long");
    // It is tried again a day later, and is another one then or before.
    server.advance(Duration::from_secs(24 * 60 * 60 - 1));
    whole();
    assert!(!members("slow") && failure("slow").is_some());
    server.advance(Duration::from_secs(1));
    whole();
    assert!(members("slow") && members("asking"));
    assert_eq!((failure("slow"), failure("asking")), (None, None));
}

#[test]
fn a_list_that_was_left_out_is_looked_at_as_soon_as_it_says_something_else() {
    let server = TestServer::start();
    let engine = server.engine();
    known(&server, (0..5).map(|n| format!("user-{n}")));
    save(&server, "only", "known").ok();
    // Whichever is named: each look leaves out one more, until none is left.
    until("all are left out", || {
        let roll_call = engine.follow_lists(Duration::ZERO, &|| false).unwrap();
        assert_ne!(roll_call, RollCall::Whole);
        matches!(roll_call, RollCall::TooLong { slowest: None, .. }).then_some(())
    });
    assert!(engine.list("only").unwrap().state.failure.is_some());
    engine.save_list(&list("only", "known or known".to_owned()), true).unwrap();
    assert_eq!(engine.follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
    assert_eq!((engine.list("only").unwrap().state.failure, n_members(&server, "only")), (None, 5));
}

#[test]
fn who_is_put_last_or_forgotten_in_the_middle_of_a_walk_is_met_all_the_same() {
    const N: usize = 1_100;
    let server = TestServer::start();
    save(&server, "all", "known").ok();
    known(&server, (0..N).map(|n| format!("user-{n}")));
    assert_eq!(server.engine().follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
    assert_eq!(n_members(&server, "all"), N);
    // Memory is full for the first time when the first slice was looked at.
    let n_asked = Cell::new(0);
    let roll_call = server.engine().follow_lists(Duration::MAX, &|| {
        if n_asked.replace(n_asked.get() + 1) == 1 {
            server.engine().checkpoint(50).unwrap();
        }
        false
    });
    assert!(n_asked.get() > 2 && server.engine().look(|live| live.profiles.n_in_memory()) <= 50);
    assert_eq!(roll_call.unwrap(), RollCall::Whole);
    assert_eq!((n_members(&server, "all"), server.engine().list("all").unwrap().state.newest), (N, N as u64));
}

#[test]
fn who_is_on_disk_is_met_however_many_were_merged_away() {
    let server = TestServer::start();
    save(&server, "all", "known").ok();
    known(&server, (0..30).map(|n| format!("user-{n}")));
    server.engine().checkpoint(1).unwrap();
    for n in 0..40 {
        let device = format!("device-{n}");
        let seen = json!({"anonymousId": device, "event": "Seen"});
        assert_eq!(server.post_as(SERVER, "/v1/track", &seen).status, 200);
        let signed_in = json!({"anonymousId": device, "userId": "user-0"});
        assert_eq!(server.post_as(SERVER, "/v1/identify", &signed_in).status, 200);
    }
    let (n_entries, n_customers) =
        server.engine().look(|live| (live.profiles.n_resident() as u64, live.profiles.totals().n_customers));
    assert!(n_entries >= n_customers && n_customers == 30, "{n_entries} {n_customers}");
    assert_eq!(server.engine().follow_lists(Duration::MAX, &|| false).unwrap(), RollCall::Whole);
    assert_eq!(n_members(&server, "all"), 30);
}

/// A store that says when a checkpoint is durable, and waits before it answers.
struct Waiting(Arc<dyn ProfileStore>, SyncSender<()>, Mutex<Receiver<()>>);

impl ProfileStore for Waiting {
    fn offset(&self) -> Result<Offset, StoreError> {
        self.0.offset()
    }
    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(collection, key)
    }
    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.0.scan(collection, prefix, visit)
    }
    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        self.0.count(collection)
    }
    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        self.0.checkpoint(upto, next)?;
        self.1.send(()).unwrap();
        self.2.lock().unwrap().recv().unwrap();
        Ok(())
    }
    fn clear(&self) -> Result<(), StoreError> {
        self.0.clear()
    }
}

/// The checkpoint has stored all but the newest, who come before it forgets anybody; and it forgets in the middle of a walk.
/// Then they are put last, without ever having been on disk, and everybody else is on disk alone.
#[test]
fn who_is_put_last_and_was_never_stored_is_met_all_the_same() {
    const N: usize = 1_100;
    const N_NEWEST: usize = 60;
    let data = tempfile::tempdir().unwrap();
    let directory = DataDir::open(data.path(), Access::Exclusive).unwrap();
    let storage = Storage::open(directory, StorageSettings::default()).unwrap();
    let ports = ports(&storage);
    let (stored, is_stored) = sync_channel(0);
    let (go, may_go) = sync_channel(0);
    let waiting = Arc::new(Waiting(ports.profiles.clone(), stored, Mutex::new(may_go)));
    let noon = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
    let capabilities = Arc::new(Capabilities::new(&[], &[], &[]));
    let clock = Arc::new(SimulatedClock::new(noon));
    let ports = Ports { profiles: waiting, ..ports };
    let engine =
        Engine::open(ports, ConsentPolicy::default(), capabilities, clock, Seed::new(1), wire::decision).unwrap();
    let come = |names: std::ops::Range<usize>| {
        let events: Vec<_> = names.map(|n| json!({"type": "identify", "userId": format!("user-{n:04}")})).collect();
        let body = json!({ "batch": events }).to_string();
        engine.ingest(events::parse_batch(body.as_bytes(), Envelope::new(noon, Origin::Server)).unwrap()).unwrap();
    };
    engine.save_list(&list("all", "known".to_owned()), false).unwrap();
    come(0..N);
    thread::scope(|scope| {
        // Where this fails, nobody waits for it any more.
        let go = go;
        let checkpoint = scope.spawn(|| engine.checkpoint(N_NEWEST));
        is_stored.recv().unwrap();
        come(N..N + N_NEWEST);
        let (n_asked, checkpoint) = (Cell::new(0), Cell::new(Some(checkpoint)));
        let roll_call = engine.follow_lists(Duration::MAX, &|| {
            // After the first slice, in which none of the newest were.
            if n_asked.replace(n_asked.get() + 1) == 1 {
                let first = engine.look(|live| live.profiles.resident_places().start);
                go.send(()).unwrap();
                checkpoint.take().unwrap().join().unwrap().unwrap();
                let (places, n_dirty) = engine.look(|live| (live.profiles.resident_places(), live.profiles.n_dirty()));
                assert!(places.start >= first + (N + N_NEWEST) as u64, "all were put last or forgotten: {places:?}");
                assert_eq!((places.end - places.start, n_dirty), (N_NEWEST as u64, N_NEWEST), "only the newest stay");
            }
            false
        });
        assert_eq!(roll_call.unwrap(), RollCall::Whole);
        assert!(n_asked.get() > 2);
    });
    let on_disk = engine.ports().profiles.count(Collection::Customer).unwrap();
    assert_eq!((on_disk, engine.ports().lists.members("all").unwrap().len()), (N as u64, N + N_NEWEST));
}

#[test]
fn each_id_of_many_is_a_condition_so_that_no_list_of_them_holds_up_anybody() {
    let server = TestServer::start();
    known(&server, (0..10).map(|n| format!("user-{n}")));
    let asked = |ids: &[String]| {
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let selection = server.engine().selection(&format!("id in ({})", ids.join(", ")), "id", "known").unwrap();
        let found = server.engine().select(&selection, Page { n_max: 10, cursor: None }, Duration::MAX).unwrap();
        assert!(found.is_complete);
        (found.n, found.n_asked)
    };
    let nobody: Vec<String> = (0..100).map(|n| format!("nobody-{n}")).collect();
    assert_eq!(asked(&nobody), (0, 1_000));
    assert_eq!(asked(&[nobody, vec!["user-3".to_owned(), "user-30".to_owned()]].concat()), (1, 1_020));
}
