//! What must hold for every [`DecisionLog`]?

use super::{Outcome, Start, samples};
use decisions::{DecisionLog, Declaration, LoggedDecision};
use primitives::{CustomerId, DecisionId, ErrorKind};
use std::sync::Arc;

/// Opens the log under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn DecisionLog>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    decisions_are_found_by_id(open)?;
    decisions_are_listed_by_time(open)?;
    a_decision_is_logged_once(open)?;
    records_are_replaced_once(open)?;
    declarations_stay(open)
}

/// A decision comes back as it was, also after a restart.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn decisions_are_found_by_id(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    assert_eq!((log.counts()?, log.recent(None, 9)?), ((0, 0), Vec::new()));
    for n in 0..10 {
        log.append(samples::decision(n))?;
    }
    drop(log);
    let log = open(Start::Again);
    for n in 0..10 {
        assert_eq!(log.get(&samples::decision(n).id)?, Some(samples::decision(n)));
    }
    assert_eq!(log.get(&DecisionId::from("unknown"))?, None);
    assert_eq!(log.counts()?, (10, 4), "every third one is a fallback");
    Ok(())
}

/// Lists go by the time of the decision, whatever the order of arrival.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn decisions_are_listed_by_time(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    for n in [3, 1, 4, 0, 9, 2, 6, 5, 8, 7] {
        log.append(samples::decision(n))?;
    }
    let expect = |numbers: &[u64]| numbers.iter().map(|n| samples::decision(*n)).collect::<Vec<LoggedDecision>>();
    assert_eq!(log.recent(None, 3)?, expect(&[9, 8, 7]));
    assert_eq!(log.recent(None, 100)?, expect(&[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]));
    assert_eq!(log.recent(Some(&CustomerId::from("customer-3")), 100)?, expect(&[8, 3]));
    assert_eq!(log.recent(Some(&CustomerId::from("customer-3")), 1)?, expect(&[8]));
    assert_eq!(log.recent(Some(&CustomerId::from("nobody")), 100)?, []);
    for (from, n_max, expected) in
        [(0, 100, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]), (7, 100, &[7, 8, 9]), (7, 2, &[7, 8]), (10, 100, &[])]
    {
        let mut seen = Vec::new();
        log.since(samples::decision(from).decided_at, &mut |decision| {
            seen.push(decision);
            seen.len() < n_max
        })?;
        assert_eq!(seen, expect(expected), "since {from}, {n_max} at most");
    }
    Ok(())
}

/// Customers are found one after the other; their records are replaced, each once, and nobody else's. One of which nothing
/// can be made keeps no other from it.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn records_are_replaced_once(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    for n in 0..20 {
        log.append(samples::decision(n))?;
    }
    let (mut found, mut last) = (Vec::new(), None);
    while let Some(id) = log.next_customer(last.as_ref())? {
        found.push(id.to_string());
        last = Some(id);
    }
    assert_eq!(found, ["customer-1", "customer-2", "customer-3", "customer-4"]);
    let customer = CustomerId::from("customer-3");
    let mut asked = Vec::new();
    let mut forget = |decision: LoggedDecision| {
        let is_readable = decision.id != samples::decision(8).id;
        asked.push(decision.record);
        is_readable.then(|| b"less".to_vec())
    };
    assert_eq!(log.forget(&customer, &mut forget)?, 3);
    assert_eq!(log.forget(&customer, &mut forget)?, 0, "each is replaced once");
    assert_eq!(asked, [3, 8, 13, 18, 8].map(|n| samples::decision(n).record));
    drop(log);
    let log = open(Start::Again);
    for n in 0..20 {
        let expected = if [3, 13, 18].contains(&n) { b"less".to_vec() } else { samples::decision(n).record };
        assert_eq!(log.get(&samples::decision(n).id)?.map(|one| one.record), Some(expected), "{n}");
    }
    Ok(())
}

/// What was kept comes back under its digest, also after a restart; what is kept there again takes the place of words that are
/// damaged.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn declarations_stay(open: Open<'_>) -> Outcome {
    let declaration = |digest: &str, words: &str| Declaration { digest: digest.to_owned(), words: words.to_owned() };
    let log = open(Start::Empty);
    assert_eq!(log.declaration("a")?, None);
    log.keep(&declaration("a", "one \u{0}"))?;
    log.keep(&declaration("b", ""))?;
    log.keep(&declaration("a", "other"))?;
    drop(log);
    let log = open(Start::Again);
    let found = ["a", "b", "c"].map(|digest| log.declaration(digest).ok().flatten());
    assert_eq!(found, [Some(declaration("a", "other")), Some(declaration("b", "")), None]);
    Ok(())
}

/// A second decision of the same id is a conflict and changes nothing.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn a_decision_is_logged_once(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    log.append(samples::decision(3))?;
    let changed = LoggedDecision { record: b"other".to_vec(), ..samples::decision(3) };
    assert_eq!(log.append(changed).map_err(|error| error.kind), Err(ErrorKind::Conflict));
    assert_eq!((log.get(&samples::decision(3).id)?, log.counts()?), (Some(samples::decision(3)), (1, 1)));
    Ok(())
}
