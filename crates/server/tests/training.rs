//! When is a model trained again, and what is said where that breaks off?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use engine::{AuditLog, AuditTrail, By, Engine, EngineError, Ports, Trainer};
use governance::{AuditEntry, ConsentPolicy, Deed};
use learning::{Data, Fitted, Judged, LearningError, Need, Reigning, Split, Task, TaskAbout, TaskName, Tasks};
use primitives::{Seed, SimulatedClock, Timestamp};
use serde_json::Value;
use server::api::wire;
use server::on_disk::ports;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Access, DataDir, Storage, StorageSettings};

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

fn storage(data: &tempfile::TempDir) -> Arc<Storage> {
    let directory = DataDir::open(data.path(), Access::Exclusive).unwrap();
    Storage::open(directory, StorageSettings::default()).unwrap()
}

/// Counts what is written down of trainings.
#[derive(Default)]
struct Trainings(AtomicUsize);

impl AuditLog for Trainings {
    fn add(&self, entry: &AuditEntry) -> Result<(), EngineError> {
        self.0.fetch_add(usize::from(entry.deed == Deed::Training), Ordering::SeqCst);
        Ok(())
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let watch = engine::Stopwatch::start();
    while !is_so() {
        assert!(watch.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_champion_that_cannot_answer_is_trained_again_whatever_was_trained_before() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(&data);
    let (begun, clock) = (Arc::new(Trainings::default()), Arc::new(SimulatedClock::new(noon())));
    let ports = Ports { audit: begun.clone(), ..ports(&storage) };
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let policy = ConsentPolicy::default();
    let engine = Engine::open(ports, policy, capabilities, clock.clone(), Seed::new(1), wire::decision).unwrap();
    let engine = Arc::new(engine);
    let trainer = Arc::new(Trainer::new(Seed::new(1), AuditTrail::new(engine.clone())));
    let churn = TaskName::from("churn");
    let n_begun = || {
        until("the training is over", || !trainer.is_training(&churn));
        begun.0.load(Ordering::SeqCst)
    };
    let n_begun_when_due = || {
        trainer.train_when_due(&engine, 0);
        n_begun()
    };
    // A person has it trained, and there is too little: what is said of that says nothing of what comes later.
    trainer.begin(&engine, vec![churn.clone()], By::COMMAND).unwrap();
    assert_eq!(n_begun(), 1);
    assert!(trainer.status(&churn).is_some());
    assert_eq!(n_begun_when_due(), 1, "nothing is at fault");

    let champions = data.path().join("models").join("champions");
    std::fs::create_dir_all(&champions).unwrap();
    let damage = || {
        std::fs::write(champions.join("churn.json"), "{{").unwrap();
        engine.reload_champions().unwrap();
    };
    damage();
    assert_eq!(n_begun_when_due(), 2);
    assert_eq!(n_begun_when_due(), 2, "it did not help, so it waits");
    clock.advance(Duration::from_secs(3_600) - Duration::from_millis(1));
    assert_eq!(n_begun_when_due(), 2);
    clock.advance(Duration::from_millis(1));
    assert_eq!(n_begun_when_due(), 3, "whatever was in the way may have passed");

    std::fs::remove_file(champions.join("churn.json")).unwrap();
    engine.reload_champions().unwrap();
    assert_eq!(n_begun_when_due(), 3);
    damage();
    assert_eq!(n_begun_when_due(), 4, "this is another time");
}

/// A task that breaks off.
struct Breaks(TaskAbout);

impl Task for Breaks {
    fn about(&self) -> &TaskAbout {
        &self.0
    }

    fn needs(&self, _: &Data<'_>) -> Vec<Need> {
        panic!("a mistake of the program")
    }

    fn split(&self, _: &Data<'_>) -> Option<Split> {
        None
    }

    fn judge(&self, data: &Data<'_>, _: &Split, _: Option<&Reigning>) -> Result<Judged, LearningError> {
        panic!("asked before its needs, as of {}", data.now)
    }

    fn fit(&self, data: &Data<'_>, _: &Split, _: &Value) -> Result<Fitted, LearningError> {
        panic!("asked before its needs, as of {}", data.now)
    }
}

#[test]
fn a_training_that_breaks_off_is_over_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(&data);
    let built_in = engine::Capabilities::built_in();
    let about = built_in.tasks.get("churn").unwrap().about().clone();
    let churn = about.name.clone();
    let capabilities = engine::Capabilities { tasks: Tasks::new(vec![Box::new(Breaks(about))]), ..built_in };
    let clock = Arc::new(SimulatedClock::new(noon()));
    let policy = ConsentPolicy::default();
    let engine = Engine::open(ports(&storage), policy, Arc::new(capabilities), clock, Seed::new(1), wire::decision);
    let engine = Arc::new(engine.unwrap());
    let trainer = Arc::new(Trainer::new(Seed::new(1), AuditTrail::new(engine.clone())));
    trainer.begin(&engine, vec![churn.clone()], By::COMMAND).unwrap();
    until("the training is over", || !trainer.is_training(&churn));
    let said = trainer.status(&churn).unwrap();
    assert!(said.starts_with("Failed") && said.contains("log"), "{said}");
    until("another one can begin", || trainer.begin(&engine, vec![churn.clone()], By::COMMAND).is_ok());
}
