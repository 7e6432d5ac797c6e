//! What do models share that give every item a few numbers? Where the numbers begin, what follows from them, and because of what.

use super::accumulator::Accumulator;
use super::matrix::{Matrix, keep_largest};
use super::taste::Liked;
use crate::ModelError;
use crate::linear::{dot, narrow};
use crate::neural::Matrix as Dense;
use rand::RngExt;

/// Of how many items of the history it is told which one an item follows from.
const N_SOURCES_MAX: usize = 20;

/// Numbers by chance for items that somebody has, uniform with a standard deviation of `0.1 / sqrt(n_factors)`; 0 for others, which
/// stay there.
pub(super) fn first(by_item: &Matrix, n_factors: usize, random: &mut impl RngExt) -> Dense {
    let width = 0.1 * (3.0 / n_factors as f64).sqrt();
    let mut items = Dense::zeros(by_item.n_rows(), n_factors);
    for item in 0..by_item.n_rows() {
        let known = !by_item.columns(item).is_empty();
        for value in items.row_mut(item) {
            let drawn = narrow(width * (2.0 * random.random::<f64>() - 1.0));
            *value = if known { drawn } else { 0.0 };
        }
    }
    items
}

/// Adds the `n` items of which most is said, of those of which something is: each because of the liked item whose row of `told` is
/// nearest to its own in `wants`, of those that weigh most.
pub(super) fn propose(
    mut scores: Vec<(u32, f32)>,
    n: usize,
    mut liked: Vec<Liked>,
    [told, wants]: [&Dense; 2],
    sums: &mut Accumulator,
) {
    // What nobody had has no numbers: it is not what is liked least.
    scores.retain(|(_, score)| *score > 0.0);
    keep_largest(&mut scores, n, |score| score);
    liked.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.source.cmp(&b.source)));
    liked.truncate(N_SOURCES_MAX);
    for (place, score) in scores {
        let row = wants.row(place as usize);
        let near = |liked: &Liked| narrow(liked.weight) * dot(row, told.row(liked.place as usize));
        let nearest = liked.iter().max_by(|a, b| near(a).total_cmp(&near(b)).then(b.source.cmp(&a.source)));
        sums.add(place, f64::from(score), nearest.map_or(0, |liked| liked.source));
    }
}

/// Whether each side has so many rows of so many numbers, and all are finite.
pub(super) fn check(name: &'static str, sides: &[(&Dense, usize)], n_factors: usize) -> Result<(), ModelError> {
    let is_whole =
        |(side, n_rows): &(&Dense, usize)| side.is_sound() && (side.n_rows(), side.n_columns()) == (*n_rows, n_factors);
    if sides.iter().all(is_whole) {
        return Ok(());
    }
    Err(ModelError::Corrupt { model: name, reason: "its numbers are not finite ones for every item".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_follows_from_what_is_nearest_to_it_among_what_weighs_most() {
        let told = Dense::from_rows(24, &(0..24).map(|at| if at == 23 { 9.0 } else { 1.0 }).collect::<Vec<f32>>());
        let wants = Dense::from_rows(24, &[1.0; 24]);
        // The last one is nearest by far, but 20 others weigh more; of two alike the first is named.
        let liked = |at: u32| Liked { place: at, source: at, weight: if at == 5 || at == 7 { 1.0 } else { 0.5 } };
        let all: Vec<Liked> = (0..24).map(liked).collect();
        let mut sums = Accumulator::new(8);
        propose(vec![(0, 0.5), (1, -0.5), (2, 0.0), (3, 0.7), (4, 0.6)], 2, all, [&told, &wants], &mut sums);
        let of = |place| sums.get(place).map(|sum| (sum.score > 0.0, sum.source));
        assert_eq!([0, 1, 2, 3, 4].map(of), [None, None, None, Some((true, 5)), Some((true, 5))]);
        let mut sums = Accumulator::new(8);
        propose(vec![(1, -0.5), (2, 0.0), (6, 0.1)], 9, vec![liked(22), liked(23)], [&told, &wants], &mut sums);
        assert_eq!([1, 2, 6].map(|place| sums.get(place).map(|sum| sum.source)), [None, None, Some(23)]);
    }
}
