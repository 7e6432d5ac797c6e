//! Which trees put what was wanted first?

use super::recipe::Blend;
use super::rows::{monotone, n_columns};
use super::tried::Tried;
use crate::boost::{Binned, BoostModel, BoostSettings, Lesson, Rows, XeNdcg};
use crate::{Frame, ModelError};
use primitives::Seed;
use rand::RngExt;
use rayon::prelude::*;

/// Trees that put what was wanted before what was not; `None` where nothing that was wanted is among the candidates.
///
/// All that was wanted is learned from, and a sample of the rest: most of it is easily told apart.
pub(super) fn grow(tried: &[&Tried], blend: &Blend, seed: Seed) -> Result<Option<BoostModel>, ModelError> {
    let sample = |(number, tried): (usize, &&Tried)| {
        let n_wanted = tried.is_wanted.iter().filter(|wanted| **wanted).count();
        let n_others = tried.is_wanted.len() - n_wanted;
        let mut random = seed.stream("blend sample", number as u64);
        let mut keep = || n_others <= blend.n_others || random.random_range(0..n_others) < blend.n_others;
        let kept: Vec<usize> = (0..tried.is_wanted.len()).filter(|c| tried.is_wanted[*c] || keep()).collect();
        (n_wanted > 0).then_some((number, kept))
    };
    let kept: Vec<(usize, Vec<usize>)> = tried.par_iter().enumerate().filter_map(sample).collect();
    let Some(first) = kept.first() else { return Ok(None) };
    let n_features = n_columns(tried[first.0].n_members());
    let n_rows: usize = kept.iter().map(|(_, kept)| kept.len()).sum();
    let (mut data, mut labels) = (Vec::with_capacity(n_rows * n_features), Vec::with_capacity(n_rows));
    for (number, kept) in &kept {
        for candidate in kept {
            data.extend(tried[*number].row(*candidate));
            labels.push(if tried[*number].is_wanted[*candidate] { 1.0 } else { 0.0 });
        }
    }
    if !labels.contains(&0.0) {
        return Ok(None);
    }
    let settings = BoostSettings {
        n_trees: blend.n_trees,
        max_leaves: blend.n_leaves,
        learning_rate: blend.learning_rate,
        min_leaf_weight: 1.0,
        ..BoostSettings::default()
    };
    let binned = Binned::new(Frame::new(&data, n_rows, n_features)?, &[], settings.n_bins)?;
    drop(data);
    let groups: Vec<usize> = kept.iter().map(|(_, kept)| kept.len()).collect();
    let rows = Rows { groups: Some(&groups), ..Rows::new(&binned, &labels) };
    let monotone = monotone(tried[first.0].n_members());
    let lesson = Lesson { monotone: &monotone, ..Lesson::new(rows) };
    settings.learn(&lesson, &XeNdcg, seed).map(|learned| Some(learned.into_one()))
}
