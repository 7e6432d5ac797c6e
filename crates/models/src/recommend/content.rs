//! Which items are like those that a customer had, by what they are?

use super::accumulator::Accumulator;
use super::matrix::{Matrix, keep_largest};
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::taste::liked;
use super::terms::tf_idf;
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

settings! {
    /// Similarity by words, groups and price: it speaks for items that nobody bought yet.
    ///
    /// ```text
    /// sim(i,j) = sum over the terms t of weight[i,t] weight[j,t]          weight: TF-IDF of length 1
    /// score(j) = sum over i of the customer's items of 2^(-age[i] / half_life_days) sim(i,j)^sharpness
    ///                                                                    kept for the n_neighbours largest of every i
    /// ```
    /// An item of which nothing is known has no neighbours. Neighbours are looked for among the items that share one of the rarer
    /// terms (at most 2,000 items); of a more frequent one, those whose keys are near stand for all.
    /// *Guarantees*: the same bits in any order of rows and on any number of threads; the seed is not used.
    /// *Cost*: for every item the items of its rarer terms.
    /// *Source*: Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0 (TF-IDF); Lops et al. 2011, section 3.3,
    /// doi:10.1007/978-0-387-85820-3_3 (content-based recommendation).
    Content {
        /// How much more a group (a category, a brand, a tag) says than a word.
        group_weight: f64 = 1.0 in 0.0..=100.0, larger: "keeps more to the same category and brand";
        /// The power of a similarity.
        sharpness: f64 = 2.0 in 0.1..=10.0, larger: "hears only what is very similar";
        /// How many similar items are kept for each item.
        n_neighbours: usize = 100 in 1..=1_000, larger: "reaches more items and costs memory and time";
        /// After how many days a customer's purchase counts half when scoring.
        half_life_days: f64 = 200.0 in 0.01..=36_500.0, larger: "remembers longer";
    }
}

const NAME: &str = "content member";
/// So many items of a term are looked at for every item.
const N_OF_TERM_MAX: usize = 2_000;
/// So many times as many as are kept are compared exactly.
const N_COMPARED: usize = 4;

/// Similar items. See [`Content`] for the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ContentModel {
    settings: Content,
    /// By item: those most similar to it, and how much, sharpened.
    neighbours: Matrix,
}

impl Content {
    /// Finds similar items.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a setting outside its range.
    pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<ContentModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let terms = tf_idf(&prepared.traits, self.group_weight);
        let by_term = terms.by_item.transposed(terms.n_terms);
        let empty = || (vec![0.0_f32; prepared.traits.len()], Vec::new());
        let rows: Vec<Vec<(u32, f32)>> = (0..prepared.traits.len())
            .into_par_iter()
            .map_init(empty, |(sums, touched), item| self.similar(&terms.by_item, &by_term, item, sums, touched))
            .collect();
        let missing = prepared.n_items() - rows.len();
        let neighbours = Matrix::from_rows(rows.into_iter().chain(std::iter::repeat_n(Vec::new(), missing)));
        Ok(ContentModel { settings: self.clone(), neighbours })
    }

    /// One item's neighbours. `sums` is all zero and `touched` empty before and after.
    fn similar(
        &self,
        by_item: &Matrix,
        by_term: &Matrix,
        item: usize,
        sums: &mut [f32],
        touched: &mut Vec<u32>,
    ) -> Vec<(u32, f32)> {
        for (term, weight) in by_item.row(item) {
            let n_of_term = by_term.columns(term as usize).len();
            // A window around the item's own place: every item is near to some.
            let own = by_term.columns(term as usize).partition_point(|other| (*other as usize) < item);
            let from = own.saturating_sub(N_OF_TERM_MAX / 2).min(n_of_term.saturating_sub(N_OF_TERM_MAX));
            for (other, of_other) in by_term.row(term as usize).skip(from).take(N_OF_TERM_MAX) {
                let sum = &mut sums[other as usize];
                if *sum <= 0.0 {
                    touched.push(other);
                }
                *sum += weight * of_other;
            }
        }
        let mut found: Vec<(u32, f32)> =
            touched.drain(..).map(|other| (other, std::mem::take(&mut sums[other as usize]))).collect();
        found.retain(|(other, _)| *other as usize != item);
        keep_largest(&mut found, N_COMPARED * self.n_neighbours, |sum| sum);
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored")]
        let sharpness = self.sharpness as f32;
        for (other, similarity) in &mut found {
            *similarity = product(by_item, item, *other as usize).powf(sharpness);
        }
        keep_largest(&mut found, self.n_neighbours, |similarity| similarity);
        found
    }
}

/// The sum of the products of what both rows have: their columns ascend.
fn product(matrix: &Matrix, left: usize, right: usize) -> f32 {
    let mut others = matrix.row(right).peekable();
    let mut sum = 0.0;
    for (column, value) in matrix.row(left) {
        while others.next_if(|(other, _)| *other < column).is_some() {}
        if let Some((_, other)) = others.next_if(|(other, _)| *other == column) {
            sum += value * other;
        }
    }
    sum
}

impl Member for ContentModel {
    fn propose(&self, own: &Own, sums: &mut Accumulator) {
        for liked in liked(own, self.settings.half_life_days) {
            for (item, weight) in self.neighbours.row(liked.place as usize) {
                sums.add(item, liked.weight * f64::from(weight), liked.source);
            }
        }
    }

    fn check(&self, n_items: usize) -> Result<(), ModelError> {
        bytes::check_settings(NAME, self.settings.validate())?;
        self.neighbours.check(NAME, n_items, n_items)
    }
}

#[cfg(test)]
mod tests;
