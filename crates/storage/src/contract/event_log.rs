//! What must hold for every [`EventLog`]?

use super::{Outcome, Start, samples};
use events::{Event, EventLog, EventLogError, Inspected, InspectedStatus, Offset, Origin, Place, Receipt};
use std::sync::Arc;

/// Opens the log under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn EventLog>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    offsets_rise_by_one(open)?;
    a_message_is_appended_once(open)?;
    events_come_back_as_they_were(open)?;
    appends_of_many_threads_have_one_order(open)?;
    the_inspector_shows_the_newest_first(open)?;
    what_is_older_is_found_by_its_place(open)?;
    rejections_are_counted_for_ever(open)
}

/// Offsets begin at 1 and have no gaps, also across restarts and duplicates.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn offsets_rise_by_one(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    assert_eq!(log.head(), Offset(0));
    assert_eq!(log.append(&[])?, []);
    log.check()?;
    assert_eq!(log.head(), Offset(0), "a check writes nothing");
    assert_eq!(log.append(&samples::events(0..3))?, appended(1..=3));
    let mixed = log.append(&samples::events([2, 3, 0, 4]))?;
    let expected = [Receipt::Duplicate, Receipt::Appended(Offset(4)), Receipt::Duplicate, Receipt::Appended(Offset(5))];
    assert_eq!(mixed, expected);
    assert_eq!(log.head(), Offset(5));
    assert_eq!(log.heads().first(), Some(&Place::first(Offset(5))));
    assert!(log.heads().is_sorted_by(|a, b| a.partition < b.partition), "each partition has one");
    drop(log);
    let log = open(Start::Again);
    assert_eq!(log.head(), Offset(5), "the head is known after a restart");
    assert_eq!(log.append(&samples::events(5..7))?, appended(6..=7));
    Ok(())
}

/// A message id is accepted once from each origin: within a call, in a later call, after a restart. What is sent again
/// may come another way; what says something else is a conflict.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_message_is_appended_once(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    let twice = log.append(&samples::imported([9, 9]))?;
    assert_eq!(twice, [Receipt::Appended(Offset(1)), Receipt::Duplicate]);
    let of = |origin| Event { origin, ..samples::event(9) };
    let others = log.append(&[of(Origin::Client), of(Origin::Server)])?;
    assert_eq!(others, appended(2..=3), "a stranger cannot take the place of the company");
    drop(log);
    let log = open(Start::Again);
    for origin in Origin::ALL {
        let mut retried = of(origin);
        retried.context.insert("changed".to_owned(), true.into());
        let other = Event { anonymous_id: Some("somebody else".into()), ..of(origin) };
        assert_eq!(log.append(&[retried, other])?, [Receipt::Duplicate, Receipt::Conflict], "{origin:?}");
    }
    assert_eq!(log.head(), Offset(3));
    let kept = log.read(Offset(0), 10)?;
    assert_eq!(kept.len(), 3);
    assert_eq!(kept.first().map(|one| &one.event), samples::imported([9]).first(), "the first one stays");
    Ok(())
}

/// What was appended is read in order, from any place and in any portion, before and after a restart.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn events_come_back_as_they_were(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    log.append(&samples::events(0..20))?;
    let check = |log: &dyn EventLog| -> Outcome {
        let mut place = Offset(0);
        let mut seen = Vec::new();
        loop {
            let portion = log.read(place, 7)?;
            assert!(portion.len() <= 7);
            let Some(last) = portion.last() else { break };
            place = last.offset;
            seen.extend(portion);
        }
        let offsets: Vec<u64> = seen.iter().map(|one| one.offset.0).collect();
        assert_eq!(offsets, (1..=20).collect::<Vec<_>>());
        assert!(seen.iter().map(|one| &one.event).eq(samples::events(0..20).iter()));
        assert_eq!(samples::numbers(&log.read(Offset(18), 100)?), [18, 19]);
        assert!(log.read(Offset(20), 100)?.is_empty() && log.read(Offset(900), 100)?.is_empty());
        assert!(log.read(Offset(0), 0)?.is_empty());
        Ok(())
    };
    check(&*log)?;
    drop(log);
    check(&*open(Start::Again))
}

/// Threads that append at once get neighbouring offsets for each call, and every event is there once.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn appends_of_many_threads_have_one_order(open: Open<'_>) -> Outcome {
    const N_THREADS: u64 = 4;
    const N_CALLS: u64 = 12;
    let log = open(Start::Empty);
    std::thread::scope(|scope| {
        for thread in 0..N_THREADS {
            let log = &log;
            scope.spawn(move || {
                for call in 0..N_CALLS {
                    let first = (thread * N_CALLS + call) * 3;
                    // The last event of each call is also sent by the neighbour: one of both is the duplicate.
                    let shared = 10_000 + call;
                    let sent = samples::events([first, first + 1, first + 2, shared]);
                    let receipts = log.append(&sent);
                    let offsets: Vec<u64> = receipts
                        .iter()
                        .flatten()
                        .filter_map(|receipt| match receipt {
                            Receipt::Appended(offset) => Some(offset.0),
                            Receipt::Duplicate | Receipt::Conflict | Receipt::Erased => None,
                        })
                        .collect();
                    assert!(offsets.len() >= 3, "{receipts:?}");
                    assert!(
                        offsets.is_sorted_by(|a, b| a + 1 == *b),
                        "the offsets of one call are neighbours: {offsets:?}"
                    );
                }
            });
        }
    });
    let n = N_THREADS * N_CALLS * 3 + N_CALLS;
    let all = log.read(Offset(0), usize::MAX)?;
    assert!(all.iter().map(|one| one.offset.0).eq(1..=n), "no offset is missing");
    let mut numbers = samples::numbers(&all);
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq((0..n - N_CALLS).chain(10_000..10_000 + N_CALLS)));
    Ok(())
}

/// The inspector shows accepted and rejected events by when they came, newest first, and finds titles.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn the_inspector_shows_the_newest_first(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    assert_eq!(log.recent(InspectedStatus::All, None, 5)?, []);
    log.append(&samples::events(0..2))?;
    log.keep_rejected(vec![samples::rejected(100), samples::rejected(101)])?;
    log.append(&samples::imported(2..5))?;
    log.keep_rejected(vec![samples::rejected(102)])?;
    let shown = |status, title, n_max| -> Result<Vec<u64>, events::EventLogError> {
        let number = |one: &Inspected| match one {
            Inspected::Accepted(recorded) => samples::number(&recorded.event),
            Inspected::Rejected(found) => (100..103).find(|n| samples::rejected(*n) == *found).unwrap_or(u64::MAX),
        };
        Ok(log.recent(status, title, n_max)?.iter().map(number).collect())
    };
    for (status, title, n_max, expected) in [
        (InspectedStatus::All, None, 50, vec![102, 4, 3, 2, 101, 100, 1, 0]),
        (InspectedStatus::All, None, 5, vec![102, 4, 3, 2, 101]),
        (InspectedStatus::All, None, 0, vec![]),
        (InspectedStatus::Accepted, None, 2, vec![4, 3]),
        (InspectedStatus::Rejected, None, 2, vec![102, 101]),
        (InspectedStatus::Accepted, Some("Order Completed"), 50, vec![4, 0]),
        (InspectedStatus::Accepted, Some("Order Completed"), 1, vec![4]),
        (InspectedStatus::Accepted, Some("Home"), 50, vec![1]),
        (InspectedStatus::Accepted, Some("identify"), 50, vec![2]),
        (InspectedStatus::All, Some("order completed"), 50, vec![]),
        (InspectedStatus::All, Some("Sample 101"), 50, vec![101]),
    ] {
        assert_eq!(shown(status, title, n_max)?, expected, "{status:?} {title:?} {n_max}");
    }
    Ok(())
}

/// What was accepted is read from any place backwards, and by its places.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_is_older_is_found_by_its_place(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    log.append(&samples::events(0..10))?;
    log.keep_rejected(vec![samples::rejected(100)])?;
    let before =
        |before, title, n_max| Ok::<_, EventLogError>(samples::numbers(&log.before(Offset(before), title, n_max)?));
    assert_eq!(before(11, None, 3)?, [9, 8, 7]);
    assert_eq!(before(u64::MAX, None, 1)?, [9]);
    assert_eq!(before(4, None, 100)?, [2, 1, 0]);
    assert_eq!(before(4, None, 0)?, [0_u64; 0]);
    assert_eq!(before(1, None, 100)?, [0_u64; 0]);
    let titled: Vec<u64> = (0..7).rev().filter(|n| samples::event(*n).title() == "Order Completed").collect();
    assert_eq!(before(8, Some("Order Completed"), 100)?, titled);
    let at = |places: &[u64]| log.at(&places.iter().map(|place| Offset(*place)).collect());
    let found = at(&[9, 1, 4, 77, 0])?;
    assert_eq!(samples::numbers(&found), [0, 3, 8], "in the order of the log, and none where there is none");
    assert_eq!(found.iter().map(|one| one.offset.0).collect::<Vec<_>>(), [1, 4, 9]);
    assert_eq!(at(&[])?, []);
    Ok(())
}

/// The number of rejections is kept across restarts.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn rejections_are_counted_for_ever(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    assert_eq!((log.n_rejected()?, log.n_rejected_kept()?), (0, 0));
    log.keep_rejected(Vec::new())?;
    log.keep_rejected((0..3).map(samples::rejected).collect())?;
    log.keep_rejected(vec![samples::rejected(0)])?;
    assert_eq!((log.n_rejected()?, log.n_rejected_kept()?), (4, 4));
    drop(log);
    let log = open(Start::Again);
    assert_eq!(log.n_rejected()?, 4);
    assert_eq!(log.recent(InspectedStatus::Rejected, None, 1)?, [Inspected::Rejected(samples::rejected(0))]);
    Ok(())
}

fn appended(offsets: impl IntoIterator<Item = u64>) -> Vec<Receipt> {
    offsets.into_iter().map(|offset| Receipt::Appended(Offset(offset))).collect()
}
