//! Are the names of one person known as one customer's, and only those?

use super::super::World;
use super::super::arithmetic::{interval, unmet, with_unmet};
use super::super::lived::{Lived, Told};
use super::super::row::{About, Estimated, Form, Row, Verdict, beyond, row, unanswered};
use super::super::then::Known;
use crate::error::ServerError;
use primitives::Seed;
use profiles::Identifier;
use std::collections::BTreeMap;

/// So much of what can be known to belong together must be joined.
const JOINED: f64 = 0.95;
/// So much of what is joined must belong together.
const RIGHT: f64 = 0.99;

/// How many of the pairs of names that somebody has are of a kind.
type Share = (u32, u32);

/// Of the names of a person, how many pairs are joined; of those of a customer, how many belong together.
pub(super) fn rows(world: &World<'_>) -> Result<Vec<Row>, ServerError> {
    let (lived, known) = (world.lived, world.known);
    let told: Vec<&Told> = lived.people.iter().filter(|told| told.names.len() > 1).collect();
    let joined: Vec<Share> = told.iter().map(|told| joined(told, known)).collect();
    let best: Vec<Share> = told.iter().map(|told| knowable(told)).collect();
    let right: Vec<Share> = known
        .customers
        .iter()
        .map(|customer| right(customer.profile.links.iter().map(|(name, _)| name), lived))
        .filter(|(_, n_pairs)| *n_pairs > 0)
        .collect();
    let seed = lived.company.settings().seed;
    Ok(vec![recall(&best, &joined, seed), precision(&right, seed)])
}

fn recall(best: &[Share], joined: &[Share], seed: Seed) -> Row {
    let about = about("joined", "pairs of one person's names that are one customer's", joined);
    // Whom nobody met may have nothing joined of what can be known, or all.
    let unmet = unmet(best.iter().map(|(n, _)| f64::from(*n)));
    let of = |shares: &[Share], drawn: &[usize]| share(drawn.iter().map(|place| &shares[*place]));
    let beyond =
        interval(joined.len(), seed, |drawn| Some(beyond(of(joined, drawn)?, (0.0, of(best, drawn)?), JOINED)));
    let best = share(best).filter(|best| *best > 0.0);
    let (Some(best), Some(estimated), Some(beyond)) = (best, estimated(joined, seed), beyond) else {
        return unanswered(
            about,
            None,
            "Nobody was met by two names of which it can be known that they are one person's",
        );
    };
    let beyond = with_unmet(beyond, (-JOINED * best, (1.0 - JOINED) * best), unmet);
    let says = format!(
        "{:.1} % of the pairs that can be known to belong together; {:.0} % are asked for",
        100.0 * estimated.estimate / best,
        100.0 * JOINED
    );
    judged(about, best, estimated, beyond, says)
}

fn precision(right: &[Share], seed: Seed) -> Row {
    let about = about("right", "pairs of one customer's names that are one person's", right);
    let Some(estimated) = estimated(right, seed) else {
        return unanswered(about, Some(1.0), "No customer has two names");
    };
    let n_wrong: u32 = right.iter().map(|(n, of)| of - n).sum();
    let wrong = console::format::counted(u64::from(n_wrong), "pair is", "pairs are");
    let says = format!("{wrong} of two people; {:.0} % must be of one", 100.0 * RIGHT);
    judged(about, 1.0, estimated, (estimated.low - RIGHT, estimated.high - RIGHT), says)
}

/// By how much a share is beyond what is asked for, at least and at most, says what it is.
fn judged(about: About, truth: f64, estimated: Estimated, beyond: (f64, f64), says: String) -> Row {
    let verdict = Verdict::of(beyond);
    let says = match verdict {
        Verdict::Unclear => format!("{says}; nobody can tell whether they are: look at a larger company"),
        _ => says,
    };
    row(about, Some(truth), Some(estimated), verdict, says)
}

fn about(name: &str, title: &str, shares: &[Share]) -> About {
    let n = shares.iter().map(|(_, n_pairs)| *n_pairs as usize).sum();
    About { name: format!("identity.{name}"), title: format!("Identity: {title}"), form: Form::Share, n }
}

fn estimated(shares: &[Share], seed: Seed) -> Option<Estimated> {
    let drawn = interval(shares.len(), seed, |drawn| share(drawn.iter().map(|place| &shares[*place])))?;
    let (low, high) = with_unmet(drawn, (0.0, 1.0), unmet(shares.iter().map(|(_, n_pairs)| f64::from(*n_pairs))));
    Some(Estimated { estimate: share(shares)?, low, high })
}

fn share<'s>(shares: impl IntoIterator<Item = &'s Share>) -> Option<f64> {
    let (n, n_pairs) =
        shares.into_iter().fold((0.0, 0.0), |(n, of), (one, one_of)| (n + f64::from(*one), of + f64::from(*one_of)));
    (n_pairs > 0.0).then(|| n / n_pairs)
}

/// The pairs of a person's names that one customer goes by.
fn joined(told: &Told, known: &Known) -> Share {
    let places: Vec<Option<usize>> = told.names.iter().map(|name| known.find(name)).collect();
    pairs(&places, |one, other| one.is_some() && one == other)
}

/// The pairs of a person's names that were told together, or with others that were.
fn knowable(told: &Told) -> Share {
    let names: Vec<&Identifier> = told.names.iter().collect();
    let place: BTreeMap<&Identifier, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
    let mut group: Vec<usize> = (0..names.len()).collect();
    for [one, other] in &told.together {
        let (Some(one), Some(other)) = (place.get(one), place.get(other)) else { continue };
        let (kept, gone) = (group[*one], group[*other]);
        group.iter_mut().filter(|group| **group == gone).for_each(|group| *group = kept);
    }
    pairs(&group, |one, other| one == other)
}

/// The pairs of a customer's names that belong to one person. A name that none of the company's people owns is a crook's, or of
/// somebody who passes by: with a person's it is wrong, and two of such are left out, as nobody knows whose they are.
fn right<'n>(names: impl Iterator<Item = &'n Identifier>, lived: &Lived) -> Share {
    right_of(&names.map(|name| lived.owners(name)).collect::<Vec<_>>())
}

fn right_of(owners: &[&[u32]]) -> Share {
    let strangers: Vec<&[u32]> = owners.iter().copied().filter(|owners| owners.is_empty()).collect();
    let (_, n_unknown) = pairs(&strangers, |_, _| false);
    let (n, n_pairs) = pairs(owners, |one, other| one.iter().any(|owner| other.contains(owner)));
    (n, n_pairs - n_unknown)
}

fn pairs<T>(all: &[T], is_of_a_kind: impl Fn(&T, &T) -> bool) -> Share {
    let (mut n, mut n_pairs) = (0, 0);
    for (no, one) in all.iter().enumerate() {
        for other in all.iter().skip(no + 1) {
            n_pairs += 1;
            n += u32::from(is_of_a_kind(one, other));
        }
    }
    (n, n_pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{AnonymousId, UserId};

    fn user(name: &str) -> Identifier {
        Identifier::User(UserId::from(name))
    }

    fn device(name: &str) -> Identifier {
        Identifier::Anonymous(AnonymousId::from(name))
    }

    #[test]
    fn what_was_told_together_can_be_known() {
        let names = [user("a"), user("b"), device("x"), device("y"), device("z")];
        let together = [[user("a"), device("x")], [user("b"), device("y")]];
        let told = |together: &[[Identifier; 2]]| Told {
            names: names.iter().cloned().collect(),
            together: together.iter().cloned().collect(),
        };
        assert_eq!(knowable(&told(&[])), (0, 10));
        assert_eq!(knowable(&told(&together)), (2, 10));
        let bridge = [together.clone().to_vec(), vec![[user("b"), device("x")]]].concat();
        assert_eq!(knowable(&told(&bridge)), (6, 10), "a, b, x and y, but not z");
    }

    #[test]
    fn a_strangers_name_is_nobody_elses() {
        assert_eq!(right_of(&[&[1], &[1, 2]]), (1, 1), "a person, and what two share");
        assert_eq!(right_of(&[&[1], &[1], &[]]), (1, 3), "two of a person's, and a stranger's");
        assert_eq!(right_of(&[&[], &[]]), (0, 0), "nobody knows whose");
        assert_eq!(right_of(&[&[1], &[2]]), (0, 1));
    }

    #[test]
    fn pairs_are_counted_once() {
        assert_eq!(pairs::<u8>(&[], |_, _| true), (0, 0));
        assert_eq!(pairs(&[1], |_, _| true), (0, 0));
        assert_eq!(pairs(&[1, 2, 1, 1], |one, other| one == other), (3, 6));
    }

    #[test]
    fn whoever_joins_all_that_can_be_known_is_right_and_whoever_joins_nobody_is_not() {
        let best: Vec<Share> = (0..100).map(|no| (1 + no % 3, 3)).collect();
        let none: Vec<Share> = best.iter().map(|(_, n_pairs)| (0, *n_pairs)).collect();
        let seed = Seed::new(1);
        let row = recall(&best, &best, seed);
        assert!(row.ok && row.says.starts_with("100.0 % of the pairs"), "{}", row.says);
        assert!(!recall(&best, &none, seed).ok);
        assert_eq!(recall(&best, &none, seed).estimate, Some(0.0));
        for nobody in [&[][..], &[(0, 3)]] {
            let row = recall(nobody, nobody, seed);
            assert_eq!((row.verdict, row.estimate), (Verdict::Unclear, None));
            assert!(row.says.starts_with("Nobody was met by two names"), "{}", row.says);
        }
        let nearly =
            |n: u32, n_wrong: u32| -> Vec<Share> { (0..n).map(|no| (1000 - u32::from(no < n_wrong), 1000)).collect() };
        assert!(recall(&nearly(500, 0), &nearly(500, 500), seed).ok && precision(&nearly(500, 500), seed).ok);
        let wrong: Vec<Share> = (0..100).map(|_| (98, 100)).collect();
        let row = precision(&wrong, seed);
        assert_eq!(row.verdict, Verdict::Wrong);
        assert!(row.says.starts_with("200 pairs are of two people"), "{}", row.says);
        assert_eq!((share(&[]), share(&[(0, 0)]), share(&[(1, 2)])), (None, None, Some(0.5)));
        let apart: Vec<Share> = (0..100).map(|_| (94, 100)).collect();
        assert_eq!(recall(&nearly(100, 0), &apart, seed).verdict, Verdict::Wrong);
        // Of few it cannot be told: one of three has nothing joined.
        let few = recall(&[(1, 1); 3], &[(1, 1), (1, 1), (0, 1)], seed);
        assert_eq!(few.verdict, Verdict::Unclear);
        assert!(few.says.ends_with("nobody can tell whether they are: look at a larger company"), "{}", few.says);
        assert_eq!(precision(&[(100, 100), (100, 100), (90, 100)], seed).verdict, Verdict::Unclear);
    }

    #[test]
    fn without_an_error_it_takes_many_to_be_sure() {
        let seed = Seed::new(1);
        // 0.975 of the times one of 367 would have shown a share of 1 in a hundred.
        let right = |n: usize| precision(&vec![(1, 1); n], seed);
        for n in [1, 3, 20, 367] {
            let row = right(n);
            assert_eq!((row.verdict, row.estimate, row.high), (Verdict::Unclear, Some(1.0), Some(1.0)), "{n}");
            assert!(row.says.ends_with("look at a larger company"), "{}", row.says);
        }
        assert_eq!(right(368).verdict, Verdict::Right);
        assert!(
            right(20).low.is_some_and(|low| (low - 0.8316).abs() < 0.0001),
            "as Clopper and Pearson: {:?}",
            right(20)
        );
        // Many pairs of one customer are no many customers.
        let one = [vec![(1, 1); 368], vec![(100, 100)]].concat();
        assert_eq!(precision(&one, seed).verdict, Verdict::Unclear);
        let joined = |n: usize| recall(&vec![(1, 2); n], &vec![(1, 2); n], seed).verdict;
        assert_eq!((joined(71), joined(72)), (Verdict::Unclear, Verdict::Right));
    }
}
