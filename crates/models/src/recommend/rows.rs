//! What does the re-ranker look at? One row of numbers a candidate.

use super::gather::{Candidate, Gathered, OF_OTHERS, liking};
use super::query::Own;
use crate::boost::Monotone;
use crate::linear::narrow;

/// How many numbers a row has before those of the members.
const N_FIXED: usize = 19;

/// Where the sum of what all say stands.
const SUM: usize = 17;

/// How many numbers each member adds.
const N_EACH: usize = 3;

/// How many numbers a row has.
pub(super) fn n_columns(n_members: usize) -> usize {
    N_FIXED + N_EACH * n_members
}

/// How the score may depend on each column: the more is said for an item, the earlier it stands. What the trees are not free
/// to learn they cannot learn from the season of their questions.
pub(super) fn monotone(n_members: usize) -> Vec<Monotone> {
    use Monotone::{Falling, Free, Rising};
    let mut columns = vec![
        Rising, Rising, Rising, Free, Free, Free, Rising, Rising, // the habit
        Rising, Rising, Rising, Rising, Free, // the item
        Free, Free, Free, Free, // the customer
        Rising, Free, // the sum, and whether they had it
    ];
    (0..n_members).for_each(|_| columns.extend([Rising, Rising, Falling]));
    columns
}

/// Makes a row that of a question to which one member says nothing: neither for itself nor in the sum.
pub(super) fn silence(row: &mut [f64], member: usize, n_candidates: usize) {
    let from = N_FIXED + N_EACH * member;
    let [score, share, rank] = std::array::from_fn(|at| from + at);
    row[SUM] -= OF_OTHERS * row[share];
    (row[score], row[share], row[rank]) = (0.0, 0.0, n_candidates as f64);
}

/// What all candidates of a question share.
struct Whole {
    n_occasions: f64,
    n_different: f64,
    per_occasion: f64,
    new_share: f64,
}

impl Whole {
    fn of(own: &Own) -> Self {
        let (n_occasions, n_different, n) = (own.occasions.len() as f64, own.items.len() as f64, own.ages.len() as f64);
        Self { n_occasions, n_different, per_occasion: n / n_occasions.max(1.0), new_share: n_different / n.max(1.0) }
    }
}

/// The rows of the near candidates, one after the other.
pub(super) fn rows(gathered: &Gathered, own: &Own) -> Vec<f32> {
    let whole = Whole::of(own);
    let n_columns = n_columns(gathered.n_members);
    let mut data = Vec::with_capacity(gathered.n_near * n_columns);
    for (c, candidate) in gathered.candidates[..gathered.n_near].iter().enumerate() {
        data.extend(fixed(candidate, &whole).map(narrow));
        let opinions = &gathered.opinions[c * gathered.n_members..(c + 1) * gathered.n_members];
        data.extend(opinions.iter().flat_map(|opinion| [opinion.score, opinion.share, opinion.rank].map(narrow)));
    }
    data
}

fn fixed(candidate: &Candidate, whole: &Whole) -> [f64; N_FIXED] {
    let sold = &candidate.sold;
    // What sells in three days is the season's: trees would learn it by heart.
    let [_, week, month, ever] = sold.popularity;
    let habit = |of: &dyn Fn(&super::repeat::Habit) -> f64| candidate.habit.as_ref().map_or(0.0, of);
    let n_times = habit(&|it| it.n_times);
    let or_missing = |of: &dyn Fn(&super::repeat::Habit) -> f64| candidate.habit.as_ref().map_or(f64::NAN, of);
    [
        n_times,
        habit(&|it| it.n_lately),
        habit(&|it| it.n_decayed),
        or_missing(&|it| it.occasions_ago),
        or_missing(&|it| it.days_before),
        or_missing(&|it| it.days_before.ln_1p() - sold.gap),
        habit(&|it| liking(it, sold)),
        n_times / whole.n_occasions.max(1.0),
        week,
        month,
        ever,
        sold.propensity,
        sold.gap,
        whole.n_occasions,
        whole.n_different,
        whole.per_occasion,
        whole.new_share,
        candidate.sum,
        candidate.own.map_or(0.0, |_| 1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::gather::{Opinion, said_of_each};

    #[test]
    fn who_is_silenced_says_nothing_in_any_column() {
        let said = |score, share, rank| Opinion { score, share, rank, source: Some(0) };
        let (first, second) = ([said(4.0, 1.0, 0.0), said(1.0, 0.25, 1.0)], [said(9.0, 1.0, 0.0), said(3.0, 0.5, 1.0)]);
        let nothing = Opinion { rank: 2.0, ..Opinion::default() };
        let of = |first: [Opinion; 2], second: [Opinion; 2]| {
            rows(&said_of_each(&[&[first[0], second[1]], &[first[1], second[0]]]), &Own::default())
        };
        for (member, expected) in [(0, of([nothing; 2], second)), (1, of(first, [nothing; 2]))] {
            let mut found: Vec<f64> = of(first, second).into_iter().map(f64::from).collect();
            found.chunks_mut(n_columns(2)).for_each(|row| silence(row, member, 2));
            // What nobody told is no number: it is compared as nothing.
            let told = |all: Vec<f64>| all.into_iter().map(|it| Some(it).filter(|it| !it.is_nan())).collect::<Vec<_>>();
            assert_eq!(told(found), told(expected.into_iter().map(f64::from).collect()), "{member}");
        }
    }
}
