//! What must hold for every [`DecisionLog`]?

use super::{Outcome, Start, samples};
use decisions::{DecisionCount, DecisionLog, DecisionQuery, Declaration, Exposed, LoggedDecision};
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
    decisions_are_logged_together(open)?;
    decisions_are_narrowed(open)?;
    decisions_are_counted_by_day(open)?;
    records_are_replaced_once(open)?;
    declarations_stay(open)?;
    who_met_an_experiment_first_met_it_then(open)
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

/// Several decisions are appended in one go: all are there after a restart, and of one that is known already the others are.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn decisions_are_logged_together(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    log.append_all(Vec::new(), Vec::new())?;
    assert_eq!(log.counts()?, (0, 0));
    log.append_all((0..5).map(samples::decision).collect(), Vec::new())?;
    drop(log);
    let log = open(Start::Again);
    assert_eq!(log.recent(None, 9)?.len(), 5);
    let other = LoggedDecision { record: b"another".to_vec(), ..samples::decision(2) };
    let refused = log.append_all(vec![samples::decision(5), other, samples::decision(6)], Vec::new());
    assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    for n in 0..7 {
        assert_eq!(log.get(&samples::decision(n).id)?, Some(samples::decision(n)), "{n}");
    }
    assert_eq!(log.counts()?.0, 7);
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

/// Of the decisions those are found that are meant, the newest first, also where they lie pages apart.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn decisions_are_narrowed(open: Open<'_>) -> Outcome {
    const N: u64 = 600;
    let log = open(Start::Empty);
    let all: Vec<LoggedDecision> = (0..N).map(samples::decision).collect();
    for decision in &all {
        log.append(decision.clone())?;
    }
    let (kind, customer) = (all[7].kind.clone(), all[7].customer.clone());
    let day = Some(all[7].decided_at.day());
    let none = DecisionQuery::default();
    for meant in [
        none.clone(),
        DecisionQuery { kind: Some(kind.clone()), ..none.clone() },
        DecisionQuery { kind: Some("nothing".to_owned()), ..none.clone() },
        DecisionQuery { customer: customer.clone(), ..none.clone() },
        DecisionQuery { is_fallback: Some(true), ..none.clone() },
        DecisionQuery { is_fallback: Some(false), ..none.clone() },
        DecisionQuery { day, ..none.clone() },
        DecisionQuery { day: day.map(|day| day + 1), ..none.clone() },
        DecisionQuery { day: day.map(|day| day - 1), ..none.clone() },
        DecisionQuery { kind: Some(kind), customer, is_fallback: Some(all[7].is_fallback), day },
    ] {
        let is_meant = |one: &&LoggedDecision| {
            meant.kind.as_ref().is_none_or(|kind| *kind == one.kind)
                && meant.customer.as_ref().is_none_or(|customer| Some(customer) == one.customer.as_ref())
                && meant.is_fallback.is_none_or(|is_fallback| is_fallback == one.is_fallback)
                && meant.day.is_none_or(|day| day == one.decided_at.day())
        };
        let expected: Vec<&LoggedDecision> = all.iter().rev().filter(is_meant).collect();
        let mut seen = Vec::new();
        log.newest(&meant, &mut |decision| {
            seen.push(decision);
            true
        })?;
        assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{meant:?}");
        let mut n_seen = 0;
        log.newest(&meant, &mut |_| {
            n_seen += 1;
            n_seen < 3
        })?;
        assert_eq!(n_seen, expected.len().min(3), "it ends where it is told to");
    }
    Ok(())
}

/// Each day's decisions are counted by kind and basis: the newest so many.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn decisions_are_counted_by_day(open: Open<'_>) -> Outcome {
    let log = open(Start::Empty);
    let all: Vec<LoggedDecision> = (0..40)
        .map(|n| {
            let one = samples::decision(n);
            LoggedDecision { decided_at: one.decided_at.plus_days(i64::try_from(n / 10).unwrap_or(0)), ..one }
        })
        .collect();
    for decision in &all {
        log.append(decision.clone())?;
    }
    for (from, n_max) in [(0, 100), (13, 100), (0, 7), (0, 0)] {
        let from = all[from].decided_at;
        let counted = all.iter().rev().filter(|one| one.decided_at >= from).take(n_max);
        let mut expected: std::collections::BTreeMap<(i64, String, bool), u64> = std::collections::BTreeMap::new();
        for one in counted {
            *expected.entry((one.decided_at.day(), one.kind.clone(), one.is_fallback)).or_default() += 1;
        }
        let expected: Vec<DecisionCount> = expected
            .into_iter()
            .map(|((day, kind, is_fallback), n)| DecisionCount { day, kind, is_fallback, n })
            .collect();
        assert_eq!(log.by_day(from, n_max as u64)?, expected, "since {from}, the newest {n_max}");
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

/// Whoever met an experiment is told once, with the arm and the moment of the first time, also after a restart; experiments are
/// counted by arm.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn who_met_an_experiment_first_met_it_then(open: Open<'_>) -> Outcome {
    let met = |experiment: &str, customer: u64, arm: &str, n: u64| Exposed {
        experiment: experiment.to_owned(),
        customer: CustomerId::from(format!("customer-{customer:05}")),
        arm: arm.to_owned(),
        first_at: samples::decision(n).decided_at,
    };
    let log = open(Start::Empty);
    log.append_all(vec![samples::decision(1)], vec![met("holdout", 7, "treated", 1), met("copy", 7, "bold", 1)])?;
    log.append_all(vec![samples::decision(2)], vec![met("holdout", 7, "holdout", 2), met("holdout", 3, "holdout", 2)])?;
    // More than are read at a time.
    log.append_all(vec![samples::decision(3)], (100..2_600).map(|one| met("long", one, "treated", 3)).collect())?;
    drop(log);
    let log = open(Start::Again);
    let all = |experiment: &str| -> Result<Vec<Exposed>, decisions::DecisionLogError> {
        let mut found = Vec::new();
        log.exposed(experiment, &mut |one| {
            found.push(one);
            true
        })?;
        Ok(found)
    };
    assert_eq!(all("holdout")?, [met("holdout", 3, "holdout", 2), met("holdout", 7, "treated", 1)]);
    assert_eq!((all("copy")?, all("unknown")?), (vec![met("copy", 7, "bold", 1)], Vec::new()));
    assert!(all("long")?.iter().map(|one| &one.customer).is_sorted_by(|a, b| a < b) && all("long")?.len() == 2_500);
    let mut n_visited = 0;
    log.exposed("long", &mut |_| {
        n_visited += 1;
        n_visited < 3
    })?;
    assert_eq!(n_visited, 3);
    let counted: Vec<(String, Vec<(String, u64)>)> =
        log.experiments()?.into_iter().map(|(name, arms)| (name, arms.into_iter().collect())).collect();
    let expected = [
        ("copy", vec![("bold", 1)]),
        ("holdout", vec![("holdout", 1), ("treated", 1)]),
        ("long", vec![("treated", 2_500)]),
    ];
    let expected = expected.map(|(name, arms)| {
        (name.to_owned(), arms.into_iter().map(|(arm, n)| (arm.to_owned(), n)).collect::<Vec<(String, u64)>>())
    });
    assert_eq!(counted, expected);
    Ok(())
}
