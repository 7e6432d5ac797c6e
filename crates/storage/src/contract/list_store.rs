//! What must hold for every [`ListStore`]?

use super::{Outcome, Start};
use decisions::{Delivery, List, ListState, ListStore, Webhook};
use primitives::{CustomerId, HOUR_MS, Timestamp};
use std::sync::Arc;

/// Opens the store under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn ListStore>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    lists_stay_until_they_are_removed(open)?;
    who_comes_and_goes_is_numbered(open)?;
    another_filter_was_not_looked_at_yet(open)?;
    a_customer_is_forgotten_everywhere(open)?;
    counts_are_kept_by_the_hour_and_then_by_the_day(open)?;
    how_far_a_webhook_was_told_stays(open)?;
    what_is_too_much_is_lost_and_counted(open)
}

fn list(name: &str, has_webhook: bool) -> List {
    let webhook = Webhook { url: "https://example.org/".to_owned(), secret: "s".to_owned(), after: 3 };
    List {
        name: name.to_owned(),
        title: "A \"title\"".to_owned(),
        filter: "known".to_owned(),
        sort: "-last_seen".to_owned(),
        columns: String::new(),
        webhook: has_webhook.then_some(webhook),
    }
}

fn ids<const N: usize>(ids: [&str; N]) -> [CustomerId; N] {
    ids.map(CustomerId::from)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// A change without its moment: number, who, and whether they came.
fn told(
    store: &Arc<dyn ListStore>,
    name: &str,
    after: u64,
) -> Result<Vec<(u64, String, bool)>, decisions::ListStoreError> {
    let changes = store.changes(name, after, 100)?;
    Ok(changes.into_iter().map(|one| (one.number, one.customer.to_string(), one.has_entered)).collect())
}

/// A list is kept as it was saved, by name, and goes with all that is kept of it.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn lists_stay_until_they_are_removed(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert_eq!((store.lists()?, store.state("b")?), (Vec::new(), ListState::default()));
    store.save(&list("b", false))?;
    store.save(&list("a", true))?;
    store.save(&list("b", true))?;
    store.change("b", at(1), &ids(["x", "y"]), &[])?;
    store.change("a", at(1), &ids(["x"]), &[])?;
    store.count("b", at(1), 2)?;
    drop(store);
    let store = open(Start::Again);
    assert_eq!(store.lists()?, [list("a", true), list("b", true)]);
    assert_eq!(store.members("b")?, ids(["x", "y"]));
    store.remove("b")?;
    store.remove("nothing")?;
    assert_eq!(store.lists()?, [list("a", true)]);
    assert_eq!((store.members("b")?, store.changes("b", 0, 9)?, store.counts("b")?), (vec![], vec![], vec![]));
    assert_eq!((store.members("a")?, store.lists_of(&"x".into())?), (ids(["x"]).to_vec(), vec!["a".to_owned()]));

    // Another one of that name goes on with the numbers.
    store.change("b", at(2), &ids(["z"]), &[])?;
    assert_eq!(told(&store, "b", 0)?, [(3, "z".to_owned(), true)]);
    assert_eq!((store.state("b")?.n, store.state("b")?.delivery.upto), (1, 2));
    Ok(())
}

/// Who came is there once, who went is not, and each change has the next number.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn who_comes_and_goes_is_numbered(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.change("a", at(5), &ids(["x", "y"]), &ids(["z"]))?;
    store.change("a", at(6), &ids(["y", "z"]), &ids(["x"]))?;
    store.change("b", at(7), &ids(["y"]), &[])?;
    let all =
        [(1, "x", true), (2, "y", true), (3, "x", false), (4, "z", true)].map(|(n, id, is)| (n, id.to_owned(), is));
    assert_eq!(told(&store, "a", 0)?, all);
    assert_eq!(told(&store, "a", 2)?, all[2..]);
    assert_eq!(store.changes("a", 0, 1)?[0].at, at(5));
    assert_eq!(store.changes("a", 1, 1)?[0].number, 2);
    assert_eq!(store.members("a")?, ids(["y", "z"]));
    assert_eq!(store.lists_of(&"y".into())?, ["a", "b"]);
    assert_eq!((store.state("a")?.n, store.state("a")?.newest, store.state("b")?.newest), (2, 4, 1));

    store.note_looked_at("a", at(9), None)?;
    store.note_looked_at("a", at(10), Some("no such feature"))?;
    let state = store.state("a")?;
    assert_eq!((state.looked_at, state.failure.as_deref(), state.n), (Some(at(9)), Some("no such feature"), 2));
    store.note_looked_at("a", at(11), None)?;
    assert_eq!((store.state("a")?.looked_at, store.state("a")?.failure), (Some(at(11)), None));

    // More than one request to a writer takes.
    let many: Vec<CustomerId> = (0..2_500).map(|n| CustomerId::from(format!("c{n:04}"))).collect();
    store.change("many", at(1), &many, &[])?;
    store.change("many", at(2), &[], &many)?;
    assert_eq!((store.state("many")?.n, store.state("many")?.newest), (0, 5_000));
    Ok(())
}

/// What was found by one filter says nothing about another; who is on the list stays until it was looked at.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn another_filter_was_not_looked_at_yet(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.save(&list("a", false))?;
    store.change("a", at(1), &ids(["x"]), &[])?;
    store.note_looked_at("a", at(2), None)?;
    store.save(&List { title: "Another title".to_owned(), columns: "id".to_owned(), ..list("a", true) })?;
    assert_eq!(store.state("a")?.looked_at, Some(at(2)));
    store.note_looked_at("a", at(3), Some("no such feature"))?;
    store.save(&List { filter: "not known".to_owned(), ..list("a", true) })?;
    let state = store.state("a")?;
    assert_eq!((state.looked_at, state.failure, state.n), (None, None, 1));
    Ok(())
}

/// Nothing says afterwards that a customer ever was on a list.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_customer_is_forgotten_everywhere(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.change("a", at(1), &ids(["x", "y"]), &[])?;
    store.change("b", at(1), &ids(["x"]), &[])?;
    store.change("b", at(2), &[], &ids(["x"]))?;
    assert_eq!(store.forget(&"x".into())?, 4, "one membership, and three changes");
    assert_eq!(store.forget(&"x".into())?, 0);
    assert_eq!((store.members("a")?, store.lists_of(&"x".into())?), (ids(["y"]).to_vec(), vec![]));
    assert_eq!((told(&store, "a", 0)?, told(&store, "b", 0)?), (vec![(2, "y".to_owned(), true)], vec![]));
    assert_eq!((store.state("a")?.n, store.state("b")?.n), (1, 0));
    Ok(())
}

/// A count of an hour is the last that was noted within it; of days long ago the first stays.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn counts_are_kept_by_the_hour_and_then_by_the_day(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    let day = Timestamp::parse("2026-01-01T00:00:00Z")?;
    let hour = |days: i64, hours: i64| Timestamp::from_millis(day.plus_days(days).as_millis() + hours * HOUR_MS);
    store.count("a", Timestamp::from_millis(hour(0, 3).as_millis() + HOUR_MS - 1), 4)?;
    store.count("a", hour(0, 3), 5)?;
    store.count("a", hour(0, 4), 6)?;
    store.count("a", hour(1, 0), 7)?;
    store.count("a", hour(1, 1), 8)?;
    store.count("b", hour(0, 0), 9)?;
    let all = vec![(hour(0, 3), 5), (hour(0, 4), 6), (hour(1, 0), 7), (hour(1, 1), 8)];
    assert_eq!(store.counts("a")?, all);
    store.prune(hour(14, 4))?;
    assert_eq!(store.counts("a")?, all);
    store.prune(hour(14, 5))?;
    assert_eq!(store.counts("a")?, [all[0], all[2], all[3]]);
    store.prune(hour(15, 2))?;
    assert_eq!(store.counts("a")?, [all[0], all[2]]);
    store.prune(hour(400, 3))?;
    assert_eq!(store.counts("a")?, [all[0], all[2]]);
    store.prune(hour(400, 4))?;
    assert_eq!(store.counts("a")?, [all[2]]);
    Ok(())
}

/// What was noted of a webhook outlives a stop.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn how_far_a_webhook_was_told_stays(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    let failed =
        Delivery { upto: 3, n_lost: 0, n_tries: 2, next_at: Some(at(77)), failure: Some("it answered 500".to_owned()) };
    store.note_delivery("a", &failed)?;
    drop(store);
    let store = open(Start::Again);
    assert_eq!(store.state("a")?.delivery, failed);
    let taken = Delivery { upto: 4, ..Delivery::default() };
    store.note_delivery("a", &taken)?;
    assert_eq!(store.state("a")?.delivery, taken);
    Ok(())
}

/// Of a list's changes a hundred thousand are kept; of the others it is known how many a webhook was never told.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_is_too_much_is_lost_and_counted(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.save(&list("told", true))?;
    let many: Vec<CustomerId> = (0..100_010).map(|n| CustomerId::from(format!("c{n:06}"))).collect();
    for name in ["told", "untold"] {
        store.change(name, at(1), &many, &[])?;
        store.note_delivery(name, &Delivery { upto: 4, ..Delivery::default() })?;
    }
    store.prune(at(2))?;
    for (name, lost, upto) in [("told", 6, 10), ("untold", 0, 4)] {
        assert_eq!(store.changes(name, 0, 1)?[0].number, 11);
        let delivery = store.state(name)?.delivery;
        assert_eq!((delivery.n_lost, delivery.upto), (lost, upto), "{name}");
    }
    store.prune(at(3))?;
    assert_eq!((store.state("told")?.delivery.n_lost, store.state("told")?.n), (6, 100_010));
    Ok(())
}
