//! Which items may be in a customer's list, and what does each member say of them?

use super::accumulator::Accumulator;
use super::member::Member;
use super::members::MemberModel;
use super::query::Own;
use super::repeat::{Habit, Sales, Sold};
use std::borrow::Borrow;

/// What selling, and the share of each member, counts in [`Candidate::sum`].
pub(super) const OF_OTHERS: f64 = 0.5;

/// An item that may be in the list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// Its place in the catalogue; from its end on the places of what the customer has and the model does not know.
    pub(super) place: u32,
    /// Where it stands in [`Own::items`], where the customer had it.
    pub(super) own: Option<usize>,
    /// How it sells.
    pub(super) sold: Sold,
    /// How well, lately and ever: [`Sold::selling`].
    pub(super) selling: f64,
    /// What the customer's purchases of it say.
    pub(super) habit: Option<Habit>,
    /// The sum of what all say, each from -1 to about 1.
    pub(super) sum: f64,
}

/// All candidates of a question and what the members say of them: by place, those that are near before the others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gathered {
    pub(super) candidates: Vec<Candidate>,
    /// How many of them are near: among the first [`Asked::n_each`] that somebody proposes. Trees look at no others, since they
    /// learned from no others, and what they look at of these is the same however many others there are.
    pub(super) n_near: usize,
    /// Candidate `c` has the opinions `c * n_members ..`, in the order of the members.
    pub(super) opinions: Vec<Opinion>,
    pub(super) n_members: usize,
}

/// What a member says of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Opinion {
    pub(super) score: f64,
    /// The same, divided by its largest among the near candidates, at least -1; 0 where none is above 0.
    pub(super) share: f64,
    /// How many near candidates it says more of; as many as there are where it says nothing, and of all that are not near.
    pub(super) rank: f64,
    /// Which item of the history it follows from.
    pub(super) source: Option<u32>,
}

/// What is asked, of whom and how widely.
pub(super) struct Asked<'a> {
    pub(super) own: &'a Own,
    pub(super) n_items: u32,
    /// How many near candidates each source proposes.
    pub(super) n_each: usize,
    /// How many candidates each source proposes, at least as many.
    pub(super) n_wide: usize,
    /// Whether what the customer had may be in the list.
    pub(super) repeats: bool,
    pub(super) allowed: &'a dyn Fn(u32) -> bool,
}

/// Asks everybody: the customer's own habits, what is popular, and each member.
pub(super) fn gather<M: Borrow<MemberModel>>(
    asked: &Asked<'_>,
    members: &[M],
    sales: &Sales,
    popular: &[u32],
) -> Gathered {
    gather_from(asked, members, sales, popular, |sums, said| {
        said.extend(sums.sums().iter().map(|sum| (sum.item, sum.score)));
    })
}

/// The same where nothing of the catalogue may be but these places, most popular first: nothing else that members say is looked at.
pub(super) fn gather_among<M: Borrow<MemberModel>>(
    asked: &Asked<'_>,
    members: &[M],
    sales: &Sales,
    few: &[u32],
) -> Gathered {
    gather_from(asked, members, sales, few, |sums, said| {
        said.extend(few.iter().filter_map(|place| Some((*place, sums.get(*place)?.score))));
    })
}

/// `says` tells what of all that a member says is looked at.
fn gather_from<M: Borrow<MemberModel>>(
    asked: &Asked<'_>,
    members: &[M],
    sales: &Sales,
    popular: &[u32],
    says: impl Fn(&Accumulator, &mut Vec<(u32, f64)>),
) -> Gathered {
    let own = asked.own;
    let proposals: Vec<Accumulator> = members.iter().map(|member| propose(member.borrow(), own)).collect();
    let had: Vec<(u32, usize)> = had(own, asked.n_items);
    let may_be = |place: u32| {
        let again = had.binary_search_by_key(&place, |(place, _)| *place).is_ok();
        (asked.repeats || !again) && (asked.allowed)(place)
    };
    let mut places: Vec<(bool, u32)> = Vec::with_capacity(asked.n_wide * (members.len() + 2));
    let mut add =
        |first: Vec<u32>| places.extend(first.into_iter().enumerate().map(|(at, it)| (at >= asked.n_each, it)));
    if asked.repeats {
        let mut habits: Vec<(u32, f64)> = had
            .iter()
            .map(|(place, at)| (*place, liking(&Habit::of(own, &own.items[*at]), &sales.of_item(*place))))
            .collect();
        add(best(&mut habits, asked.n_wide, &may_be));
    }
    let mut said: Vec<(u32, f64)> = Vec::new();
    for sums in &proposals {
        said.clear();
        says(sums, &mut said);
        add(best(&mut said, asked.n_wide, &may_be));
    }
    add(popular.iter().copied().filter(|place| may_be(*place)).take(asked.n_wide).collect());
    places.sort_unstable_by_key(|(is_far, place)| (*place, *is_far));
    places.dedup_by_key(|(_, place)| *place);
    places.sort_unstable();
    let n_near = places.partition_point(|(is_far, _)| !is_far);
    let places: Vec<u32> = places.into_iter().map(|(_, place)| place).collect();
    let opinions = opinions(members, &proposals, asked, &places, n_near);
    let candidates = candidates(own, &had, sales, &places, &opinions, members.len());
    Gathered { candidates, n_near, opinions, n_members: members.len() }
}

/// What the customer likes of what they had: how often, lately, and how such items are bought again.
pub(super) fn liking(habit: &Habit, sold: &Sold) -> f64 {
    habit.n_lately * sold.propensity
}

fn propose(member: &MemberModel, own: &Own) -> Accumulator {
    let mut sums = Accumulator::new(64 + 16 * own.items.len());
    member.propose(own, &mut sums);
    sums
}

/// What the customer had, by place, and where each stands in their history.
fn had(own: &Own, n_items: u32) -> Vec<(u32, usize)> {
    let mut had: Vec<(u32, usize)> = Vec::with_capacity(own.items.len());
    let mut beyond = n_items;
    for (at, item) in own.items.iter().enumerate() {
        let place = item.place.unwrap_or_else(|| {
            beyond += 1;
            beyond - 1
        });
        had.push((place, at));
    }
    had.sort_unstable();
    had
}

/// The `n` best of what may be, best first.
fn best(said: &mut [(u32, f64)], n: usize, may_be: &dyn Fn(u32) -> bool) -> Vec<u32> {
    let mut places = Vec::with_capacity(n.min(said.len()));
    let best_first = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    let (mut rest, mut missing, mut n_next) = (said, n, n.saturating_mul(2));
    while missing > 0 && !rest.is_empty() {
        // Most of what is said is never looked at: only the next few are put in order. Where few may be, it is more each time, or all
        // that is said would be looked through again for every few.
        let some = rest.len().min(n_next);
        n_next = n_next.saturating_mul(4);
        if some < rest.len() {
            rest.select_nth_unstable_by(some, best_first);
        }
        let (next, others) = rest.split_at_mut(some);
        next.sort_unstable_by(best_first);
        let found = places.len();
        places.extend(next.iter().map(|(place, _)| *place).filter(|place| may_be(*place)).take(missing));
        missing -= places.len() - found;
        rest = others;
    }
    places
}

/// What each member says of each place: candidate by candidate. Of what came after training all are silent.
fn opinions<M: Borrow<MemberModel>>(
    members: &[M],
    proposals: &[Accumulator],
    asked: &Asked<'_>,
    places: &[u32],
    n_near: usize,
) -> Vec<Opinion> {
    let n = places.len();
    let known: Vec<u32> = places.iter().copied().filter(|place| *place < asked.n_items).collect();
    let mut all = vec![Opinion::default(); n * members.len()];
    let mut order: Vec<(f64, usize)> = Vec::with_capacity(n_near);
    for (m, (member, sums)) in members.iter().zip(proposals).enumerate() {
        let of_all = member.borrow().score(asked.own, &known);
        let mut told = of_all.iter().flatten();
        for (c, place) in places.iter().enumerate() {
            let said = sums.get(*place);
            let score = match &of_all {
                None => said.map_or(0.0, |sum| sum.score),
                Some(_) if *place < asked.n_items => told.next().map_or(0.0, |score| f64::from(*score)),
                Some(_) => 0.0,
            };
            let opinion = &mut all[c * members.len() + m];
            opinion.score = if score.is_finite() { score } else { 0.0 };
            opinion.source = said.map(|sum| sum.source);
        }
        order.clear();
        order.extend((0..n_near).map(|c| (all[c * members.len() + m].score, c)));
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let largest = order.first().map_or(0.0, |(score, _)| *score);
        for c in 0..n {
            let opinion = &mut all[c * members.len() + m];
            opinion.rank = n_near as f64;
            // Where little speaks for anything, no member speaks louder against it than it ever speaks for something.
            opinion.share = if largest > 0.0 { (opinion.score / largest).max(-1.0) } else { 0.0 };
        }
        for (rank, (_, c)) in order.iter().enumerate() {
            let opinion = &mut all[*c * members.len() + m];
            if opinion.source.is_some() || of_all.is_some() && places[*c] < asked.n_items {
                opinion.rank = rank as f64;
            }
        }
    }
    all
}

fn candidates(
    own: &Own,
    had: &[(u32, usize)],
    sales: &Sales,
    places: &[u32],
    opinions: &[Opinion],
    n_members: usize,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = places
        .iter()
        .map(|place| {
            let at = had.binary_search_by_key(place, |(place, _)| *place).ok().map(|found| had[found].1);
            let habit = at.map(|at| Habit::of(own, &own.items[at]));
            let sold = sales.of_item(*place);
            Candidate { place: *place, own: at, sold, selling: sold.selling(), habit, sum: 0.0 }
        })
        .collect();
    for (c, candidate) in candidates.iter_mut().enumerate() {
        candidate.sum = sum(candidate, &opinions[c * n_members..(c + 1) * n_members]);
    }
    candidates
}

/// Everybody's voice, habits before all others.
fn sum(candidate: &Candidate, opinions: &[Opinion]) -> f64 {
    let liked = candidate.habit.map_or(0.0, |habit| liking(&habit, &candidate.sold));
    let said: f64 = opinions.iter().map(|opinion| opinion.share).sum();
    liked + OF_OTHERS * (candidate.selling + said)
}

/// Candidates of which only members say something: those of each, in the order of the places.
#[cfg(test)]
pub(super) fn said_of_each(opinions: &[&[Opinion]]) -> Gathered {
    let candidate = |(place, opinions): (u32, &&[Opinion])| {
        let sold = Sold { popularity: [0.0; 4], propensity: 1.0, gap: 0.0 };
        let silent = Candidate { place, own: None, sold, selling: sold.selling(), habit: None, sum: 0.0 };
        Candidate { sum: sum(&silent, opinions), ..silent }
    };
    let n_members = opinions.first().map_or(0, |opinions| opinions.len());
    let candidates = (0..).zip(opinions).map(candidate).collect();
    Gathered { candidates, n_near: opinions.len(), opinions: opinions.concat(), n_members }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::prepared::Prepared;
    use crate::recommend::{Als, Cooccurrence, HistoryItem, Interaction, Interactions, MemberSettings, Query};
    use primitives::{ItemKey, Seed};

    /// Two members that learned from a shop of sixty items, and how these sell.
    fn shop() -> (Prepared, [MemberModel; 2], Sales) {
        let row = |at: u32| {
            let item = (at / 6 * 11 + at % 6 * (1 + at / 6 % 4)) % 60;
            Interaction { customer: at / 6, item, age_days: f64::from(at % 6), quantity: 1.0 }
        };
        let items = (0..60).map(ItemKey).collect();
        let told = Interactions { rows: (0..600).map(row).collect(), items, ..Interactions::default() };
        let prepared = Prepared::of(&told).unwrap();
        let settings = [MemberSettings::Cooccurrence(Cooccurrence::default()), MemberSettings::Als(Als::default())];
        let members = settings.map(|member| member.fit(&prepared, Seed::new(1)).unwrap());
        let sales = Sales::of(&prepared);
        (prepared, members, sales)
    }

    /// Somebody who had five of them, and something that came after.
    fn somebody(prepared: &Prepared) -> Own {
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        let history =
            [bought(3, 1.0), bought(9, 1.0), bought(14, 2.0), bought(27, 5.0), bought(41, 5.0), bought(99, 1.0)];
        Own::of(&Query::of(&history), &prepared.keys)
    }

    #[test]
    fn what_trees_look_at_is_the_same_however_long_the_list_is() {
        let (prepared, members, sales) = shop();
        let own = somebody(&prepared);
        let of = |n_wide| {
            let allowed: &dyn Fn(u32) -> bool = &|place| place % 7 != 0;
            let asked = Asked { own: &own, n_items: 60, n_each: 3, n_wide, repeats: true, allowed };
            gather(&asked, &members, &sales, &sales.by_selling())
        };
        let (near, wide) = (of(3), of(20));
        let n = near.candidates.len();
        // Nobody knows what came after training, and nobody says anything of it.
        let unknown = near.candidates.iter().position(|candidate| candidate.place == 60).unwrap();
        let silent = Opinion { rank: n as f64, ..Opinion::default() };
        assert_eq!(near.opinions[2 * unknown..2 * unknown + 2], [silent; 2]);
        assert!(near.n_near == n && (3..=12).contains(&n) && wide.candidates.len() >= 20, "{n}");
        assert_eq!((wide.n_near, &wide.candidates[..n]), (n, near.candidates.as_slice()));
        assert_eq!(wide.opinions[..2 * n], near.opinions);
        assert!(wide.opinions[2 * n..].iter().all(|it| it.rank.total_cmp(&(n as f64)).is_eq() && it.share.is_finite()));
    }

    #[test]
    fn among_few_places_the_same_is_found_as_among_all_where_no_others_may_be() {
        let (prepared, members, sales) = shop();
        let own = somebody(&prepared);
        for (step, repeats) in [(1, true), (4, true), (4, false), (9, true), (60, false)] {
            let allowed = |place: u32| place.is_multiple_of(step);
            let asked = Asked { own: &own, n_items: 60, n_each: 3, n_wide: 7, repeats, allowed: &allowed };
            let by_selling = sales.by_selling();
            let few: Vec<u32> = by_selling.iter().copied().filter(|place| allowed(*place)).collect();
            let all = gather(&asked, &members, &sales, &by_selling);
            assert!(gather_among(&asked, &members, &sales, &few) == all && !all.candidates.is_empty(), "every {step}");
        }
    }
}
