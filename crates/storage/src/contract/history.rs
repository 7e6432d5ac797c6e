//! What must hold for every [`History`]?

use super::{Outcome, Start, samples};
use events::{Call, CallKind, Event, EventLog, EventLogError, Offset, Partition, Place, Recorded};
use features::History;
use primitives::MessageId;
use profiles::Identifier;
use std::sync::Arc;

/// A history with the log that fills it.
pub struct Kept {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The history under test.
    pub history: Arc<dyn History>,
    /// Moves events up to an offset from the log to where they stay; does nothing where there is no such place.
    pub seal: Box<dyn Fn(Offset) + Send + Sync>,
}

/// Opens the history under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Kept;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    every_event_is_replayed_once_in_order(open)?;
    a_replay_sees_what_was_there_when_it_began(open)?;
    a_replay_of_names_gives_every_event_that_mentions_one(open)?;
    a_replay_of_a_kind_gives_every_event_of_it(open)?;
    sealing_under_a_replay_changes_nothing(open)
}

/// Whatever was sealed, a replay gives all events after an offset, as they were appended, and stops when told.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn every_event_is_replayed_once_in_order(open: Open<'_>) -> Outcome {
    let place = open(Start::Empty);
    assert_eq!((place.history.n_events()?, replay(&place, 0, 9)?.len()), (0, 0));
    let partitions = place.history.partitions();
    assert!(partitions.first() == Some(&Partition::FIRST) && partitions.is_sorted_by(|a, b| a < b), "{partitions:?}");
    assert!(place.log.heads().iter().map(|head| head.partition).eq(partitions.iter().copied()), "the log has the same");
    let beyond = Partition(partitions.iter().map(|partition| partition.0).max().unwrap_or_default() + 1);
    let check = |place: &Kept, n: u64| -> Outcome {
        assert_eq!(place.history.n_events()?, n);
        let sent = [samples::events(0..30), samples::imported(30..40)].concat();
        for after in [0, 1, 5, 12, n, n + 3] {
            let seen = replay(place, after, usize::MAX)?;
            assert!(seen.iter().map(|one| one.offset.0).eq(after + 1..=n), "after {after}");
            assert!(
                seen.iter()
                    .map(|one| &one.event)
                    .eq(sent.iter().take(usize::try_from(n)?).skip(usize::try_from(after)?)),
                "after {after}"
            );
        }
        assert_eq!(samples::numbers(&replay(place, 2, 4)?), [2, 3, 4, 5], "it stops when told");
        let mut n_beyond = 0;
        place.history.replay(Place::before(beyond), &mut |_| {
            n_beyond += 1;
            true
        })?;
        assert_eq!(n_beyond, 0, "there is no such partition");
        Ok(())
    };
    place.log.append(&samples::events(0..30))?;
    check(&place, 30)?;
    for upto in [0, 7, 12, 30] {
        (place.seal)(Offset(upto));
        check(&place, 30)?;
    }
    place.log.append(&[samples::events(25..30), samples::imported(30..40)].concat())?;
    check(&place, 40)?;
    (place.seal)(Offset(35));
    drop(place);
    check(&open(Start::Again), 40)
}

/// Events that are appended while a replay runs are not part of it.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_replay_sees_what_was_there_when_it_began(open: Open<'_>) -> Outcome {
    let place = open(Start::Empty);
    place.log.append(&samples::events(0..10))?;
    let mut seen = Vec::new();
    let mut outcome = Ok(Vec::new());
    place.history.replay(Place::before(Partition::FIRST), &mut |recorded| {
        if seen.is_empty() {
            outcome = place.log.append(&samples::events(10..20));
        }
        seen.push(recorded);
        true
    })?;
    assert_eq!(outcome?.len(), 10);
    assert_eq!(samples::numbers(&seen), (0..10).collect::<Vec<_>>());
    assert_eq!(replay(&place, 0, usize::MAX)?.len(), 20);
    Ok(())
}

/// Whatever was sealed, a replay of some names gives what a whole replay gives of them, up to an offset, and stops when told.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_replay_of_names_gives_every_event_that_mentions_one(open: Open<'_>) -> Outcome {
    let place = open(Start::Empty);
    let alias = |n: u64, previous_id: &str| Event {
        message_id: MessageId::from(format!("alias-{n}")),
        call: Call::Alias { previous_id: previous_id.to_owned() },
        ..samples::event(0)
    };
    place.log.append(&samples::events(0..20))?;
    place.log.append(&[alias(1, "user-5"), alias(2, "browser-3"), alias(3, "nobody")])?;
    place.log.append(&samples::events(20..40))?;
    let names = ["user-5", "browser-3", "user-1", "nobody", "never seen"];
    let names = names.map(|name| match name.strip_prefix("user") {
        Some(_) => Identifier::User(name.into()),
        None => Identifier::Anonymous(name.into()),
    });
    for upto_sealed in [0, 7, 21, 43] {
        (place.seal)(Offset(upto_sealed));
        for (names, upto) in [(&names[..], 43), (&names[..2], 43), (&names[..2], 22), (&names[3..], 99), (&[][..], 43)]
        {
            let is_of = |one: &Recorded| Identifier::mentioned(&one.event).any(|name| names.contains(&name));
            let all = replay(&place, 0, usize::MAX)?;
            let expected: Vec<_> = all.into_iter().filter(|one| one.offset.0 <= upto && is_of(one)).collect();
            assert_eq!(expected.is_empty(), names.is_empty(), "the law says something");
            for n_max in [usize::MAX, 1, 2] {
                let mut seen = Vec::new();
                place.history.replay_of(names, Place::first(Offset(upto)), &mut |recorded| {
                    seen.push(recorded);
                    seen.len() < n_max
                })?;
                assert_eq!(seen, expected.iter().take(n_max).cloned().collect::<Vec<_>>(), "{names:?} up to {upto}");
            }
        }
    }
    Ok(())
}

/// Whatever was sealed, a replay of one kind gives the events of that kind, and what was said of names is known from them.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_replay_of_a_kind_gives_every_event_of_it(open: Open<'_>) -> Outcome {
    let place = open(Start::Empty);
    let apart = |n: u64| {
        let names = [format!("u:user-{n}"), format!("a:browser-{n}")];
        Event::separation(names, "not one person".to_owned(), samples::event(n).received_at, Offset(n))
    };
    place.log.append(&samples::events(0..10))?;
    place.log.append(&[apart(1), apart(2)])?;
    place.log.append(&samples::events(10..20))?;
    place.log.append(&[apart(3)])?;
    for upto_sealed in [0, 11, 12, 23] {
        (place.seal)(Offset(upto_sealed));
        for kind in [CallKind::Separate, CallKind::Track, CallKind::Alias] {
            let all = replay(&place, 0, usize::MAX)?;
            let expected: Vec<_> = all.into_iter().filter(|one| one.event.kind() == kind).collect();
            for n_max in [usize::MAX, 1, 2] {
                let mut seen = Vec::new();
                place.history.replay_kind(kind, &mut |recorded| {
                    seen.push(recorded);
                    seen.len() < n_max
                })?;
                assert_eq!(seen, expected.iter().take(n_max).cloned().collect::<Vec<_>>(), "{kind}");
            }
        }
        let separations = place.history.separations()?;
        assert!(separations.iter().map(|one| one.offset.0).eq([11, 12, 23]) && separations.to_do().next().is_none());
        let mut named = Vec::new();
        let name = Identifier::Anonymous("browser-2".into());
        place.history.replay_of(&[name], Place::first(Offset(99)), &mut |recorded| {
            named.push(recorded.offset.0);
            true
        })?;
        assert!(named.contains(&12), "a separation mentions its names: {named:?}");
    }
    Ok(())
}

/// Events that are sealed while a replay runs are seen once.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn sealing_under_a_replay_changes_nothing(open: Open<'_>) -> Outcome {
    for seal_at in [1, 5, 20] {
        let place = open(Start::Empty);
        place.log.append(&samples::events(0..20))?;
        (place.seal)(Offset(4));
        let mut seen = Vec::new();
        place.history.replay(Place::before(Partition::FIRST), &mut |recorded| {
            seen.push(recorded);
            if seen.len() == seal_at {
                (place.seal)(Offset(15));
            }
            true
        })?;
        assert_eq!(samples::numbers(&seen), (0..20).collect::<Vec<_>>(), "sealed at {seal_at}");
    }
    Ok(())
}

fn replay(place: &Kept, after: u64, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
    let mut seen = Vec::new();
    place.history.replay(Place::first(Offset(after)), &mut |recorded| {
        seen.push(recorded);
        seen.len() < n_max
    })?;
    Ok(seen)
}
