//! What becomes of a customer's events while it is only being looked up what is theirs?

use super::places::open;
use super::{ALICE, BOB, event, first_of_alice, first_of_bob, order, rejected};
use engine::{Engine, Ingested, Ports};
use events::{Batch, EventLogError, Place, Recorded};
use features::History;
use primitives::{ErrorKind, Seed};
use profiles::Identifier;
use serde_json::json;
use server::serve::Opened;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A history that is read slowly: from some reading on each waits until it is told to go on, or to fail.
struct Slow {
    history: Arc<dyn History>,
    n_before: Mutex<usize>,
    reached: Sender<()>,
    go_on: Mutex<Receiver<bool>>,
}

impl History for Slow {
    fn n_events(&self) -> Result<u64, EventLogError> {
        self.history.n_events()
    }

    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.history.replay(after, visit)
    }

    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Place,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let is_slow = {
            let mut n_before = self.n_before.lock().unwrap();
            *n_before = n_before.saturating_sub(1);
            *n_before == 0
        };
        if is_slow {
            self.reached.send(()).unwrap();
            if !self.go_on.lock().unwrap().recv().unwrap() {
                let source = serde_json::from_str::<u8>("read slowly").unwrap_err().into();
                return Err(EventLogError::Record { offset: 1, source });
            }
        }
        self.history.replay_of(names, upto, visit)
    }
}

/// An engine on a data directory whose history is slow from the `n`th reading of names on.
fn slow(opened: &Opened, n: usize) -> (Engine, Receiver<()>, Sender<bool>) {
    let ((reached, is_reached), (go, go_on)) = (channel(), channel());
    let ports = opened.engine.ports().clone();
    let history = Slow { history: ports.history.clone(), n_before: Mutex::new(n), reached, go_on: Mutex::new(go_on) };
    let ports = Ports { history: Arc::new(history), ..ports };
    let capabilities = Arc::new(opened.settings.capabilities());
    let clock = Arc::new(primitives::SimulatedClock::new(crate::support::noon()));
    let engine =
        Engine::open(ports, opened.settings.consent_policy(), capabilities, clock, Seed::new(1), |_| String::new());
    (engine.unwrap(), is_reached, go)
}

/// How many readings of names one look takes.
fn n_of_a_look(opened: &Opened) -> usize {
    let (engine, is_reached, go) = slow(opened, 1);
    (0..100).for_each(|_| go.send(true).unwrap());
    engine.circle_around(&ALICE.into()).unwrap().unwrap();
    is_reached.try_iter().count()
}

fn sent(engine: &Engine, message: &str) -> Result<Ingested, engine::EngineError> {
    let accepted =
        vec![order(BOB, &format!("bob-{message}"), &format!("of-bob-{message}")), order(ALICE, message, message)];
    engine.ingest(Batch { accepted, ..Batch::default() })
}

#[test]
fn none_is_refused_for_good_before_the_erasure_is_durable() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    let other = event(json!({"type": "page", "name": "Home", "userId": "carol-1"}));
    opened.engine.ingest(Batch { accepted: [first_of_alice(), first_of_bob()].concat(), ..Batch::default() }).unwrap();
    opened.engine.checkpoint(1_000).unwrap();
    let n = n_of_a_look(&opened);
    for is_erased in [false, true] {
        // The door is closed to her names between the first look and the second.
        let (engine, is_reached, go) = slow(&opened, n + 1);
        std::thread::scope(|scope| {
            let erasing = scope.spawn(|| engine.begin_erasure(ALICE));
            is_reached.recv().unwrap();
            let refused = sent(&engine, "while-looked-up").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
            let bad = rejected(&json!({"batch": [{"type": "track", "userId": ALICE}]}).to_string());
            let bad = engine.ingest(Batch { rejected: vec![bad], ..Batch::default() }).unwrap_err();
            assert_eq!(bad.kind(), ErrorKind::Unavailable, "{bad}");
            assert_eq!(
                engine.ingest(Batch { accepted: vec![other.clone()], ..Batch::default() }).unwrap().erased,
                [0; 0]
            );
            (0..100).for_each(|_| go.send(is_erased).unwrap_or(()));
            assert_eq!(erasing.join().unwrap().is_ok(), is_erased);
        });
        let told = sent(&engine, "afterwards").unwrap();
        assert_eq!((told.n_accepted, told.erased), if is_erased { (0, vec![1]) } else { (2, vec![]) });
        engine.checkpoint(1_000).unwrap();
    }
}
