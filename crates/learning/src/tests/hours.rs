//! Is it learned, judged and answered that the morning wants something else than the evening?

use super::world::{data, day, load, numbered, of_recommend, order, task};
use crate::{Body, Trained};
use events::Recorded;
use models::recommend::{HistoryItem, Query};
use primitives::{DAY_MS, HOUR_MS, ItemKey, Seed, Timestamp, stable_hash};
use rand::RngExt as _;
use std::sync::OnceLock;

const N_DAYS: i64 = 60;
const MORNING: i64 = 8;
const EVENING: i64 = 20;
/// How many items are bought in the morning, and as many in the evening.
const N_ITEMS: usize = 15;

fn name(is_evening: bool, item: usize) -> String {
    format!("{} {item}", if is_evening { "wine" } else { "coffee" })
}

/// A kiosk where nobody comes back for the same thing: what is wanted follows from the hour alone. Where nothing is told but the
/// day, all come at its first moment.
fn kiosk(has_hours: bool) -> Vec<Recorded> {
    let mut random = Seed::new(3).stream("kiosk", 0);
    let mut events = Vec::new();
    for customer in 0..250 {
        for date in (customer % 5..N_DAYS).step_by(5) {
            let is_evening = random.random_range(0..2) == 1;
            let (item, minute) = (random.random_range(0..N_ITEMS), random.random_range(1..90));
            let hour = if is_evening { EVENING } else { MORNING };
            let since = if has_hours { hour * HOUR_MS + minute * 60_000 } else { 0 };
            let at = Timestamp::from_millis(date * DAY_MS + since);
            events.push(order(&format!("c{customer}"), &name(is_evening, item), at, at));
        }
    }
    events.sort_by_key(|event| event.received_at);
    numbered(events)
}

fn trained(has_hours: bool) -> Trained {
    let dataset = load(&kiosk(has_hours));
    crate::train(task(&of_recommend()).as_ref(), &data(&dataset, day(N_DAYS))).unwrap()
}

fn with_hours() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| trained(true))
}

/// How many of ten answers to somebody who had one of each are drunk in the evening.
fn n_of_evening(trained: &Trained, hour_of_day: i64) -> usize {
    let Body::Ranker(model) = &trained.body else { panic!("a recommender was learned") };
    let hour_of_week = u16::try_from(48 + hour_of_day).ok();
    let had = |name: String| HistoryItem { item: ItemKey(stable_hash(&name)), age_days: 3.0, quantity: 1.0 };
    let history = [had(name(false, 3)), had(name(true, 7))];
    let list = model
        .rank(&Query { hour_of_week, ..Query::of(&history) }, 10, &|item| !history.iter().any(|had| had.item == item));
    let wine: Vec<u64> = (0..N_ITEMS).map(|item| stable_hash(&name(true, item))).collect();
    list.iter().filter(|scored| wine.contains(&scored.item.0)).count()
}

#[test]
fn what_is_wanted_in_the_evening_is_not_what_is_wanted_in_the_morning() {
    let found = with_hours();
    let Body::Ranker(model) = &found.body else { panic!("a recommender was learned") };
    assert!(model.member_names().contains(&"context"), "{:?}", model.member_names());
    assert_eq!((n_of_evening(found, MORNING), n_of_evening(found, EVENING)), (0, 10));
}

#[test]
fn hours_are_worth_what_the_hour_tells() {
    // Half of all items are out of the question at the hour at which somebody comes: what is twice as likely stands higher.
    let of = |trained: &Trained| trained.header.evaluation.metrics["ndcg@10"];
    let (with, without) = (of(with_hours()), of(&trained(false)));
    assert!(with > 1.3 * without, "{with} with hours, {without} without");
    let judged = &with_hours().header.evaluation.protocols["time"];
    assert!(judged.members_add["context"] > 0.02 && judged.members.iter().any(|name| name == "context"), "{judged:?}");
}
