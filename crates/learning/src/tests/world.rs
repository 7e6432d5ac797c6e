//! Which history do the tests learn from? A small generated world, and orders made by hand.

use crate::{Binary, Data, Dataset, Recommend, Task, TaskName, Trained, churn};
use events::generator::{World, WorldSettings};
use events::{Call, Event, EventLogError, Fields, Offset, Place, Recorded};
use features::{Catalogue, History};
use governance::ConsentPolicy;
use primitives::{Seed, Timestamp};
use serde_json::json;
use std::sync::{Arc, LazyLock, OnceLock};

pub(super) fn seed() -> Seed {
    Seed::new(11)
}

/// A history in memory.
pub(super) struct Told(pub(super) Vec<Recorded>);

impl History for Told {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let _ = self.0.iter().filter(|recorded| recorded.offset > after.offset).cloned().all(visit);
        Ok(())
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(self.0.len() as u64)
    }
}

/// The generated world's events.
pub(super) fn events() -> &'static [Recorded] {
    static EVENTS: OnceLock<Vec<Recorded>> = OnceLock::new();
    EVENTS.get_or_init(|| {
        let settings = WorldSettings { n_customers: 320, n_items: 120, ..WorldSettings::default() };
        numbered(World::new(seed(), settings).events())
    })
}

/// What can be learned from the generated world.
pub(super) fn dataset() -> &'static Dataset {
    static DATASET: OnceLock<Dataset> = OnceLock::new();
    DATASET.get_or_init(|| load(events()))
}

/// The features that the tests look at.
pub(crate) fn catalogue() -> &'static Arc<Catalogue> {
    static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::built_in()));
    &CATALOGUE
}

/// Everything of a dataset, as of a moment.
pub(super) fn data(dataset: &Dataset, now: Timestamp) -> Data<'_> {
    Data { dataset, catalogue: catalogue(), now, seed: seed() }
}

/// The two tasks that the tests look at.
pub(super) fn tasks() -> [Box<dyn Task>; 2] {
    [Box::new(Recommend::default()), Box::new(Binary::new(churn()))]
}

pub(super) fn task(name: &TaskName) -> Box<dyn Task> {
    tasks().into_iter().find(|task| task.about().name == *name).unwrap()
}

pub(super) fn of_churn() -> TaskName {
    "churn".into()
}

pub(super) fn of_recommend() -> TaskName {
    "recommend".into()
}

pub(super) fn train(task_name: &TaskName, dataset: &Dataset, now: Timestamp) -> Trained {
    crate::train(task(task_name).as_ref(), &data(dataset, now)).unwrap()
}

/// What the generated world teaches.
pub(super) fn trained(task: &TaskName) -> &'static Trained {
    static TRAINED: [OnceLock<Trained>; 2] = [const { OnceLock::new() }; 2];
    TRAINED[usize::from(*task == of_churn())].get_or_init(|| train(task, dataset(), now()))
}

/// The moment the generated world ends.
pub(super) fn now() -> Timestamp {
    WorldSettings::default().ends_at
}

pub(crate) fn load(events: &[Recorded]) -> Dataset {
    Dataset::load(&Told(events.to_vec()), &ConsentPolicy::default(), features::TraceReads::default(), &mut |_| {})
        .unwrap()
}

pub(crate) fn numbered(events: impl IntoIterator<Item = Event>) -> Vec<Recorded> {
    (1..).zip(events).map(|(offset, event)| Recorded { offset: Offset(offset), event }).collect()
}

pub(crate) fn day(n: i64) -> Timestamp {
    Timestamp::from_millis(0).plus_days(n)
}

/// An order of one item.
pub(crate) fn order(customer: &str, item: &str, occurred_at: Timestamp, received_at: Timestamp) -> Event {
    let properties = json!({"revenue": 5.0, "currency": "EUR", "products": [{"product_id": item, "price": 5.0}]});
    Event {
        message_id: format!("{customer} {item} {occurred_at} {received_at}").into(),
        user_id: Some(customer.into()),
        anonymous_id: None,
        occurred_at,
        received_at,
        stated_at: None,
        call: Call::Track {
            event: "Order Completed".into(),
            properties: properties.as_object().unwrap().clone().into(),
        },
        context: Fields::new(),
        origin: events::Origin::Server,
        reading: events::Reading::default(),
    }
}
