//! Who else has what this customer has, and what else do they have?

use super::accumulator::{Accumulator, Sum};
use super::matrix::Matrix;
use super::taste::Liked;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// For how many customers there is room at first, where so many share an item: what grows is filed anew.
const N_ROOM_MAX: usize = 4_096;

/// Customers, or sessions, with what they have, and for every item those who have it.
///
/// The newest come first: of an item only the newest ones are followed, so that a question costs the same whatever the number
/// of customers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Crowd {
    /// A row for each of them: what each of its items is worth.
    profiles: Matrix,
    /// For every item the rows that have it, newest first.
    having: Matrix,
}

impl Crowd {
    /// Of these profiles, newest first, at most `n_per_item` for every item. Those whom no item leads to are left out; with each
    /// of those who stay goes what `beside` holds of them.
    pub(super) fn of<T: Copy>(
        profiles: Vec<Vec<(u32, f32)>>,
        n_items: usize,
        n_per_item: usize,
        beside: &mut Vec<T>,
    ) -> Self {
        let mut n_having = vec![0_usize; n_items];
        let mut stay = Vec::with_capacity(profiles.len());
        let mut having = vec![Vec::new(); n_items];
        let mut n_staying = 0;
        for profile in &profiles {
            let found = profile.iter().any(|(item, _)| n_having[*item as usize] < n_per_item);
            stay.push(found);
            if found {
                for (item, value) in profile {
                    let n = &mut n_having[*item as usize];
                    if *n < n_per_item {
                        *n += 1;
                        having[*item as usize].push((n_staying, *value));
                    }
                }
                n_staying += 1;
            }
        }
        let mut kept = stay.iter();
        beside.retain(|_| kept.next() == Some(&true));
        let profiles = profiles.into_iter().zip(stay).filter_map(|(profile, stays)| stays.then_some(profile));
        Self { profiles: Matrix::from_rows(profiles), having: Matrix::from_rows(having) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.profiles.n_rows()
    }

    /// How many items one of them has.
    pub(super) fn n_items_of(&self, row: u32) -> usize {
        self.profiles.columns(row as usize).len()
    }

    /// Those who share an item: the sum over shared items of what `of(liked, value)` says, where `value` is theirs.
    pub(super) fn sharing(&self, liked: &[Liked], of: impl Fn(&Liked, f32) -> f64) -> Accumulator {
        let n_told: usize = liked.iter().map(|liked| self.having.columns(liked.place as usize).len()).sum();
        let mut sums = Accumulator::new(n_told.min(N_ROOM_MAX));
        for liked in liked {
            for (row, value) in self.having.row(liked.place as usize) {
                sums.add(row, of(liked, value), liked.source);
            }
        }
        sums
    }

    /// Adds what the `n` nearest have, each with its nearness, which is above 0; ties in favour of the newer.
    pub(super) fn add_nearest(
        &self,
        sharing: &Accumulator,
        n: usize,
        nearness: impl Fn(&Sum) -> f64,
        weight: impl Fn(f64) -> f64,
        sums: &mut Accumulator,
    ) {
        let rated = sharing.sums().iter().map(|sum| (nearness(sum), sum.item, sum.source));
        let mut nearest: Vec<(f64, u32, u32)> = rated.filter(|(nearness, ..)| *nearness > 0.0).collect();
        let nearest_first = |a: &(f64, u32, u32), b: &(f64, u32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if n > 0 && nearest.len() > n {
            nearest.select_nth_unstable_by(n - 1, nearest_first);
            nearest.truncate(n);
        }
        nearest.sort_unstable_by(nearest_first);
        for (nearness, row, source) in nearest {
            let weight = weight(nearness);
            for (item, value) in self.profiles.row(row as usize) {
                if value > 0.0 {
                    sums.add(item, weight * f64::from(value), source);
                }
            }
        }
    }

    /// Whether what was stored fits together.
    pub(super) fn check(&self, model: &'static str, n_items: usize) -> Result<(), ModelError> {
        self.profiles.check(model, self.profiles.n_rows(), n_items)?;
        self.having.check(model, n_items, self.profiles.n_rows())
    }
}
