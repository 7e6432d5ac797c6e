//! When is a model trained again, and what is said where that breaks off?

use crate::support::{noon, storage, until_so};
use engine::{AuditLog, AuditTrail, Background, By, Corrector, Engine, EngineError, Pauses, Ports, Trainer};
use governance::{AuditEntry, ConsentPolicy, Deed};
use learning::{
    Data, Fitted, Judged, LearningError, ModelStore, ModelStoreError, Need, Reigning, Split, Task, TaskAbout, TaskName,
    Tasks,
};
use primitives::{Seed, SimulatedClock};
use serde_json::Value;
use server::api::wire;
use server::on_disk::ports;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;
use storage::Storage;

/// What is written down.
#[derive(Default)]
struct Written(Mutex<Vec<AuditEntry>>);

impl AuditLog for Written {
    fn add(&self, entry: &AuditEntry) -> Result<(), EngineError> {
        self.0.lock().unwrap().push(entry.clone());
        Ok(())
    }
}

impl Written {
    fn n(&self, deed: Deed) -> usize {
        self.0.lock().unwrap().iter().filter(|entry| entry.deed == deed).count()
    }
}

#[test]
fn a_champion_that_cannot_answer_is_trained_again_whatever_was_trained_before() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let (begun, clock) = (Arc::new(Written::default()), Arc::new(SimulatedClock::new(noon())));
    let ports = Ports { audit: begun.clone(), ..ports(&storage) };
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let policy = ConsentPolicy::default();
    let engine = Engine::open(ports, policy, capabilities, clock.clone(), Seed::new(1), wire::decision).unwrap();
    let engine = Arc::new(engine);
    let trainer = Arc::new(Trainer::new(Seed::new(1), AuditTrail::new(engine.clone())));
    let churn = TaskName::from("churn");
    let n_begun = || {
        until_so("the training is over", || !trainer.is_training(&churn));
        begun.n(Deed::Training)
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
    let storage = storage(data.path());
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
    until_so("the training is over", || !trainer.is_training(&churn));
    let said = trainer.status(&churn).unwrap();
    assert!(said.starts_with("Failed") && said.contains("log"), "{said}");
    until_so("another one can begin", || trainer.begin(&engine, vec![churn.clone()], By::COMMAND).is_ok());
}

/// Models, where something happens after it was read who answers a task.
struct Interrupted {
    models: Arc<dyn ModelStore>,
    task: TaskName,
    then: OnceLock<Box<dyn Fn() + Send + Sync>>,
    is_armed: AtomicBool,
    n_read: AtomicUsize,
}

impl Interrupted {
    fn new(storage: &Arc<Storage>, task: TaskName) -> Self {
        let (then, n_read) = (OnceLock::new(), AtomicUsize::new(0));
        Self { models: storage.model_store(), task, then, is_armed: AtomicBool::new(false), n_read }
    }
}

impl ModelStore for Interrupted {
    fn put(&self, file: &[u8]) -> Result<String, ModelStoreError> {
        self.models.put(file)
    }

    fn get(&self, sha256: &str) -> Result<Vec<u8>, ModelStoreError> {
        self.models.get(sha256)
    }

    fn list(&self) -> Result<Vec<String>, ModelStoreError> {
        self.models.list()
    }

    fn champions(&self, model: &str) -> Result<Vec<String>, ModelStoreError> {
        self.n_read.fetch_add(1, Ordering::SeqCst);
        let champions = self.models.champions(model);
        if model == self.task.as_str() && self.is_armed.swap(false, Ordering::SeqCst) {
            self.then.get().iter().for_each(|then| then());
        }
        champions
    }

    fn set_champions(&self, model: &str, champions: &[String]) -> Result<(), ModelStoreError> {
        self.models.set_champions(model, champions)
    }
}

fn crown_one_that_is_not_there(models: &dyn ModelStore, task: &str) {
    models.set_champions(task, &["0123456789abcdef".to_owned()]).unwrap();
}

/// Waits a moment for what should not happen.
fn give_a_chance(is_so: impl Fn() -> bool) {
    let watch = engine::Stopwatch::start();
    while !is_so() && watch.elapsed() < Duration::from_millis(300) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn of_two_who_read_the_champions_the_one_who_saw_less_never_ends_last() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let names: Vec<TaskName> = engine::Capabilities::built_in().tasks.names().cloned().collect();
    let (first, last) = (names.first().unwrap().clone(), names.last().unwrap().clone());
    let models = Arc::new(Interrupted::new(&storage, last));
    let ports = Ports { models: models.clone(), ..ports(&storage) };
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let (policy, clock) = (ConsentPolicy::default(), Arc::new(SimulatedClock::new(noon())));
    let engine = Arc::new(Engine::open(ports, policy, capabilities, clock, Seed::new(1), wire::decision).unwrap());
    let has_ended = Arc::new(AtomicBool::new(false));
    let (seen, has_read, task): (Weak<Engine>, _, _) = (Arc::downgrade(&engine), has_ended.clone(), first.clone());
    let inner = storage.model_store();
    let then = move || {
        // The first task was read already, and none answered it.
        crown_one_that_is_not_there(&*inner, task.as_str());
        let (engine, has_ended) = (seen.upgrade().unwrap(), has_read.clone());
        std::thread::spawn(move || {
            engine.reload_champions().unwrap();
            has_ended.store(true, Ordering::SeqCst);
        });
        give_a_chance(|| has_read.load(Ordering::SeqCst));
    };
    assert!(models.then.set(Box::new(then)).is_ok());
    models.is_armed.store(true, Ordering::SeqCst);
    engine.reload_champions().unwrap();
    until_so("both have read", || has_ended.load(Ordering::SeqCst));
    let status = engine.champion_status();
    let found = status.iter().find(|status| status.task == first).unwrap();
    assert!(found.version.is_some() && found.fault.is_some(), "{found:?}");
}

#[test]
fn a_champion_is_noted_by_whoever_crowns_it_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let storage = storage(data.path());
    let models = Arc::new(Interrupted::new(&storage, TaskName::from("churn")));
    let written = Arc::new(Written::default());
    let ports = Ports { models: models.clone(), audit: written.clone(), ..ports(&storage) };
    let capabilities = Arc::new(engine::Capabilities::built_in());
    let (policy, clock) = (ConsentPolicy::default(), Arc::new(SimulatedClock::new(noon())));
    let engine = Arc::new(Engine::open(ports, policy, capabilities, clock, Seed::new(1), wire::decision).unwrap());
    let audit = AuditTrail::new(engine.clone());
    let trainer = Arc::new(Trainer::new(Seed::new(1), audit.clone()));
    let pauses = Pauses {
        checkpoint: Duration::from_millis(1),
        maintenance: Duration::from_secs(3_600),
        n_resident_max: 100_000,
        n_sealed_min: u64::MAX,
        seal: Duration::from_secs(1 << 40),
        train_hours: 0,
        refit: Duration::from_secs(3_600),
    };
    let _background = Background::start(trainer, Arc::new(Corrector::new(engine.clone(), audit)), pauses).unwrap();
    let n_tasks = engine.capabilities().tasks.iter().count();
    let n_rounds = || models.n_read.load(Ordering::SeqCst) / n_tasks;
    until_so("it is looked who answers", || n_rounds() > 2);
    engine
        .crown(|_| {
            crown_one_that_is_not_there(&*models.models, "churn");
            let before = n_rounds();
            give_a_chance(|| n_rounds() > before + 3);
            Ok(())
        })
        .unwrap();
    let before = n_rounds();
    until_so("it is looked again", || n_rounds() > before + 6);
    assert_eq!((written.n(Deed::Promotion), written.n(Deed::Training)), (0, 0), "whoever crowned it says so");
    // What another program does is noted.
    crown_one_that_is_not_there(&*models.models, "value");
    until_so("it is noted", || written.n(Deed::Promotion) == 1);
    assert_eq!(written.0.lock().unwrap().last().unwrap().actor, By::COMMAND.actor);
}
