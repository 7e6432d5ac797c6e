//! Which of millions of vectors point where this one points, without looking at all of them?

mod codes;
mod lists;
#[cfg(test)]
mod tests;

use crate::ModelError;
use crate::linear::{dot, vectorised};
use crate::neural::Matrix;
use crate::settings::settings;
use codes::{Codes, Query};
use lists::Lists;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// Of how many vectors the nearest are looked for when the share that is searched is chosen.
const N_ASKED: usize = 64;

/// How many nearest these are asked for.
const N_NEAREST: usize = 100;

const OPERATION: &str = "index vectors";

settings! {
    /// An index of vectors by inner product.
    ///
    /// ```text
    /// lists    = vectors by their nearest of sqrt(n) / 2 directions, then by length    k-means on a sample
    /// searched = the lists whose means have the largest <q, mean>, until they hold the share of all vectors that is searched
    /// first    = the n_again * n of them with the largest <q, v> in 8 bits an entry
    /// answer   = the n of those with the largest <q, v> in single precision
    /// share    = the least with which the lists of the nearest hundred of some vectors hold recall of them,
    ///            within share_min and share_max
    /// ```
    /// *Guarantees*: the same answers for the same vectors and seed on any number of threads; what it answers is exact, only what it
    /// does not find is not. With a share of 1 and as many again as there are vectors it finds all. How large a share it takes depends
    /// on how much the vectors lie together, so it is measured when the index is built; the most bounds the time of a question.
    /// *Cost*: `n d` bytes beside the vectors themselves (`4 n d`): 1.3 GB for 4,000,000 of 64 entries. A question takes
    /// `share n d` multiplications of bytes, measuring the share `n d` of numbers for each vector that is asked about.
    /// *Source*: inverted lists as in Jégou, Douze and Schmid 2011, section IV, doi:10.1109/TPAMI.2010.57, with a scalar quantiser.
    NearestSettings {
        /// Which share of the nearest the lists that are searched should hold.
        recall: f64 = 0.98 in 0.5..=1.0, larger: "finds more and costs time";
        /// Which share of the vectors a question looks at, at least.
        share_min: f64 = 0.02 in 0.0001..=1.0, larger: "finds more and costs time";
        /// Which share of the vectors a question looks at, at most.
        share_max: f64 = 0.25 in 0.0001..=1.0, larger: "finds more where nothing lies together and costs time";
        /// How many times as many as are wanted are compared exactly.
        n_again: usize = 4 in 1..=1_000, larger: "makes good more of what 8 bits confuse and costs time";
        /// How many vectors of the sample the centres are learned from, for each centre.
        n_sample: usize = 32 in 1..=1_000, larger: "places centres better and costs time when built";
        /// How many times centres move.
        n_rounds: usize = 5 in 1..=100, larger: "places centres better and costs time when built";
    }
}

/// Vectors with their index. See [`NearestSettings`] for how it searches.
///
/// It never changes: while a new one is built from new vectors the old one answers, and then they are exchanged.
///
/// ```
/// use models::nearest::NearestSettings;
/// use models::neural::Matrix;
/// use primitives::Seed;
/// let vectors = Matrix::from_rows(3, &[[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]].concat());
/// let settings = NearestSettings { share_min: 1.0, ..NearestSettings::default() };
/// let index = settings.build(vectors, Seed::new(1))?;
/// assert_eq!(index.search(&[1.0, 0.5], 2, &|_| true), [(2, 3.0), (0, 1.0)]);
/// assert_eq!(index.search(&[1.0, 0.5], 1, &|place| place != 2), [(0, 1.0)]);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    settings: NearestSettings,
    /// Which share of the vectors a question looks at.
    share: f64,
    vectors: Matrix,
    lists: Lists,
    codes: Codes,
}

impl NearestSettings {
    /// Builds an index on as many threads as there are; `vectors` stay in it.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range; [`ModelError::Value`] for a vector with an entry that is not a finite number.
    pub fn build(&self, vectors: Matrix, seed: Seed) -> Result<Nearest, ModelError> {
        self.validate()?;
        for (row, vector) in vectors.rows().enumerate() {
            if let Some(value) = vector.iter().find(|value| !value.is_finite()) {
                let (what, value, allowed) = ("an entry of vector", f64::from(*value), "a finite number");
                return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed });
            }
        }
        let lists = Lists::of(&vectors, self.n_sample, self.n_rounds, seed);
        let codes = Codes::of(&vectors, lists.places());
        let share = self.share(&vectors, &lists, seed);
        Ok(Nearest { settings: self.clone(), share, vectors, lists, codes })
    }

    /// The least share with which the nearest of some of the vectors are in the lists that are searched.
    fn share(&self, vectors: &Matrix, lists: &Lists, seed: Seed) -> f64 {
        let n = vectors.n_rows();
        if n == 0 || self.share_min >= self.share_max {
            return self.share_min;
        }
        let mut random = seed.stream("nearest-share", 0);
        let asked: Vec<usize> = (0..N_ASKED).map(|_| random.random_range(0..n)).collect();
        let needed = |query: &[f32]| {
            let scored = (0_u32..).zip(vectors.rows()).map(|(place, row)| (place, dot(query, row)));
            let mut nearest = vectorised(|| scored.collect::<Vec<_>>());
            largest(&mut nearest, N_NEAREST);
            let before = lists.n_before(query);
            nearest.into_iter().map(|(place, _)| before[place as usize] + 1).collect::<Vec<usize>>()
        };
        let mut needed: Vec<usize> = asked.into_par_iter().flat_map_iter(|place| needed(vectors.row(place))).collect();
        needed.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let last = ((needed.len() as f64 * self.recall).ceil() as usize).clamp(1, needed.len()) - 1;
        (needed[last] as f64 / n as f64).min(self.share_max).max(self.share_min)
    }
}

impl Nearest {
    /// How many vectors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.n_rows()
    }

    /// The vectors, by place.
    #[must_use]
    pub fn vectors(&self) -> &Matrix {
        &self.vectors
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `n` of all `allowed` places with the largest inner product, as far as they are found, with it: largest first, ties by
    /// place.
    ///
    /// *Edge cases*: fewer than `n` where fewer are found; none for a query of another width or with an entry that is not a finite number.
    #[must_use]
    pub fn search(&self, query: &[f32], n: usize, allowed: &dyn Fn(u32) -> bool) -> Vec<(u32, f32)> {
        if n == 0 || query.len() != self.vectors.n_columns() || !query.iter().all(|value| value.is_finite()) {
            return Vec::new();
        }
        let first = self.first(query, n.saturating_mul(self.settings.n_again), allowed);
        let exactly = |place: u32| (place, dot(query, self.vectors.row(place as usize)));
        let mut found = vectorised(|| first.into_iter().map(exactly).collect::<Vec<_>>());
        largest(&mut found, n);
        found.sort_unstable_by(largest_first);
        found
    }

    /// The `n` best places by their codes, in the lists that are looked at.
    fn first(&self, query: &[f32], n: usize, allowed: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let n_max = (self.share * self.len() as f64).ceil();
        let query_codes = Query::of(query);
        let (mut found, mut least, mut n_searched) = (Vec::with_capacity(2 * n.min(self.len())), f32::NEG_INFINITY, 0);
        let mut scores = Vec::new();
        for list in self.lists.nearest(query) {
            if n_searched as f64 >= n_max {
                break;
            }
            let range = self.lists.range(list);
            n_searched += range.len();
            self.codes.scores(&query_codes, range.clone(), &mut scores);
            for (place, score) in self.lists.places()[range].iter().zip(&scores) {
                if *score > least && allowed(*place) {
                    found.push((*place, *score));
                    // Twice as many as are wanted: the worse half goes, and what is no better than it does not come in.
                    if found.len() >= 2 * n {
                        largest(&mut found, n);
                        least = found.iter().map(|(_, score)| *score).fold(f32::INFINITY, f32::min);
                    }
                }
            }
        }
        largest(&mut found, n);
        found.into_iter().map(|(place, _)| place).collect()
    }
}

fn largest_first(a: &(u32, f32), b: &(u32, f32)) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// Keeps the `n` largest, in no order; `n` is at least 1.
fn largest(found: &mut Vec<(u32, f32)>, n: usize) {
    if found.len() > n {
        found.select_nth_unstable_by(n - 1, largest_first);
        found.truncate(n);
    }
}
