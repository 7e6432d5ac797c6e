//! Do the lists name what is bought next?

use super::super::World;
use super::super::arithmetic::{at, interval, mean};
use super::super::cases::{Case, Future, N_FOLDS, NEXT_DAYS};
use super::super::row::{About, Estimated, Form, Row, Skill, beyond, told_apart, unanswered};
use super::{Answered, answers};
use crate::error::ServerError;
use decisions::{Content, ContentShape, Kind};
use primitives::{ItemKey, Seed};
use std::collections::BTreeMap;

/// So many things are shown.
const N_SHOWN: usize = 10;
/// What is popular is what most bought within so many days.
const POPULAR_DAYS: i64 = 30;
/// So much of the way from what is popular to the oracle is asked for.
const PART: f64 = 0.5;

/// A row for each kind that answers with items.
pub(super) fn rows(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let kinds = world.opened.engine.capabilities().kinds.iter();
    kinds.filter(|kind| kind.about().shape == ContentShape::Items).map(|kind| row(world, kind)).collect()
}

fn row(world: &World<'_>, kind: &dyn Kind) -> Result<Row, ServerError> {
    let n_shown = i64::try_from(N_SHOWN).unwrap_or(i64::MAX);
    let Answered { found, why } = answers(world, kind, &[("n", n_shown)])?;
    let popular = world.known.items.popular(world.as_of, POPULAR_DAYS, N_SHOWN);
    let popular: Vec<ItemKey> = popular.into_iter().map(|(item, _)| ItemKey::from(&item.id)).collect();
    let (mut ours, mut theirs, mut best) = (Vec::new(), Vec::new(), Vec::new());
    for (case, answer) in &found {
        let Content::Items(items) = &answer.content else { continue };
        let list: Vec<ItemKey> = items.iter().map(|item| ItemKey::from(&item.id)).collect();
        ours.push(hits(&list, &mut case.futures.iter()));
        theirs.push(hits(&popular, &mut case.futures.iter()));
        best.push(oracle(case));
    }
    let about = About {
        name: format!("{}.hits", kind.about().name),
        title: format!("{}: how many of ten things shown are bought within {NEXT_DAYS} days", kind.about().title),
        form: Form::Number,
        n: ours.len(),
    };
    let seed = world.lived.company.settings().seed;
    Ok(compared(about, &best, &theirs, &ours, seed, &why))
}

/// The row of what was hit of each customer, by the oracle's list, by a simple one and by ours.
fn compared(about: About, best: &[f64], simple: &[f64], ours: &[f64], seed: Seed, why: &str) -> Row {
    let of = |numbers: &[f64], drawn: &[usize]| mean(at(numbers, drawn).into_iter());
    let within = |number: &(dyn Fn(&[usize]) -> Option<f64> + Sync)| interval(ours.len(), seed, number);
    let means = mean(ours.iter().copied()).zip(mean(simple.iter().copied()));
    let (Some(oracle), Some((estimate, popular))) = (mean(best.iter().copied()), means) else {
        return unanswered(about, None, why);
    };
    let (Some((low, high)), Some((gain_low, _)), Some(beyond)) = (
        within(&|drawn| of(ours, drawn)),
        within(&|drawn| Some(of(ours, drawn)? - of(simple, drawn)?)),
        within(&|drawn| Some(beyond(of(ours, drawn)?, (of(simple, drawn)?, of(best, drawn)?), PART))),
    ) else {
        return unanswered(about, Some(oracle), why);
    };
    let skill = Skill {
        oracle,
        knowable: None,
        simple: popular,
        simple_is: "the most popular things",
        gain_low,
        part: PART,
        beyond,
    };
    told_apart(about, &skill, Estimated { estimate, low, high })
}

/// How many things of a list are bought, as a mean over futures.
fn hits(list: &[ItemKey], futures: &mut dyn Iterator<Item = &Future>) -> f64 {
    mean(futures.map(|future| {
        let hit = list.iter().filter(|item| future.items.contains(item)).count();
        f64::from(u32::try_from(hit).unwrap_or(u32::MAX))
    }))
    .unwrap_or(0.0)
}

/// How many things of the oracle's list are bought: it knows all futures but those that it is judged on.
fn oracle(case: &Case) -> f64 {
    let of_fold = |fold| {
        let mut bought: BTreeMap<ItemKey, u32> = BTreeMap::new();
        for item in case.fold(fold, false).flat_map(|future| &future.items) {
            *bought.entry(*item).or_default() += 1;
        }
        let mut likely: Vec<(ItemKey, u32)> = bought.into_iter().collect();
        likely.sort_by_key(|(item, n)| (std::cmp::Reverse(*n), *item));
        let list: Vec<ItemKey> = likely.into_iter().take(N_SHOWN).map(|(item, _)| item).collect();
        hits(&list, &mut case.fold(fold, true))
    };
    mean((0..N_FOLDS).map(of_fold)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::super::row::Verdict;
    use super::*;

    fn about() -> About {
        About { name: "a".to_owned(), title: "A".to_owned(), form: Form::Number, n: 1 }
    }

    fn future(items: &[u64]) -> Future {
        Future {
            items: items.iter().map(|item| ItemKey::from(&format!("i{item}").as_str().into())).collect(),
            ..Future::default()
        }
    }

    #[test]
    fn things_that_are_bought_are_hits() {
        let futures = [future(&[1, 2]), future(&[2]), future(&[3])];
        let of = |list: &[u64]| hits(&future(list).items, &mut futures.iter());
        for (list, expected) in [(&[2][..], 2.0 / 3.0), (&[1, 2, 3], 4.0 / 3.0), (&[9], 0.0), (&[], 0.0)] {
            assert!((of(list) - expected).abs() < 1e-12, "{list:?}");
        }
    }

    #[test]
    fn the_oracles_list_is_right_and_the_popular_one_is_not() {
        let (popular, oracle): (Vec<f64>, Vec<f64>) =
            (0..200).map(|no| (f64::from(no % 3) / 4.0, f64::from(no % 3) / 4.0 + 0.5)).unzip();
        let of = |ours: &[f64]| compared(about(), &oracle, &popular, ours, Seed::new(3), "no model");
        assert!(of(&oracle).ok, "{:?}", of(&oracle));
        assert!(!of(&popular).ok, "{:?}", of(&popular));
        let halfway: Vec<f64> = popular.iter().map(|hits| hits + 0.26).collect();
        let further: Vec<f64> = popular.iter().map(|hits| hits + 0.24).collect();
        assert!(of(&halfway).ok && !of(&further).ok);
        // Of some it is more than half the way and of some less: of few nobody can tell.
        let wavering: Vec<f64> = popular.iter().enumerate().map(|(no, hits)| hits + [0.0, 0.52][no % 2]).collect();
        assert_eq!(of(&wavering).verdict, Verdict::Unclear);
        let none = compared(about(), &[], &[], &[], Seed::new(3), "no model");
        assert_eq!((none.ok, none.estimate, none.says.as_str()), (false, None, "no model"));
    }
}
