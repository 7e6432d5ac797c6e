//! Which order is best? All are tried on the same questions; trees answer only those that they did not see.

use super::members::MemberSettings;
use super::order::{Order, Weights, favourites, fuse};
use super::recipe::Blend;
use super::rows::{monotone, n_columns};
use super::tried::Tried;
use crate::boost::{Binned, BoostModel, BoostSettings, Lesson, Rows, XeNdcg};
use crate::{Frame, ModelError};
use primitives::Seed;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Into how many parts questions are cut.
const N_PARTS: usize = 4;

/// Up to so many questions each part is answered by trees that learned from the others; of more, only the first part.
const N_CROSSED_MAX: usize = 2_000;

/// An order is clearly better than a simpler one where it is ahead by more than this many standard errors: 95 %.
const CLEARLY_SE: f64 = 1.96;

/// With fewer questions no trees are grown.
const N_QUESTIONS_MIN: usize = 100;

/// What a weight is multiplied with while a better one is looked for.
const STEPS: [f64; 6] = [0.0, 0.25, 0.5, 2.0, 4.0, 0.1];

/// How an order was chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// How many customers were asked about.
    pub n_questions: usize,
    /// The share of what was wanted that they had had before.
    pub repeated: f64,
    /// NDCG@10 of each order on the questions, by its name: `popularity`, `favourites`, each member alone,
    /// `sum`, `trees` and these two `together`.
    pub ndcg: BTreeMap<String, f64>,
    /// By how much NDCG@10 of both together falls where a member says nothing, by its name.
    pub adds: BTreeMap<String, f64>,
}

/// The order that is best on the questions, and how each did. Without questions a sum in which all count alike.
pub(super) fn choose(
    tried: &[Tried],
    repeated: f64,
    members: &[MemberSettings],
    blend: &Blend,
    seed: Seed,
) -> Result<(Order, Trial), ModelError> {
    let n_members = members.len();
    let start = Weights { habit: 1.0, popularity: 0.5, members: vec![0.5; n_members] };
    let mut trial = Trial { n_questions: tried.len(), repeated, ..Trial::default() };
    if tried.is_empty() {
        return Ok((Order::Learned { weights: start, trees: None }, trial));
    }
    let is_crossed = tried.len() <= N_CROSSED_MAX;
    let (learned, judged) = if is_crossed { (tried, tried) } else { tried.split_at(tried.len() / N_PARTS) };
    let (judged, learned) = if is_crossed { (judged, learned) } else { (learned, judged) };
    let popular = Weights::popular(n_members);
    let mut found = |name: &str, ndcg: f64| trial.ndcg.insert(name.to_owned(), ndcg);
    found("popularity", of_sum(judged, &popular));
    let simple = each(judged, &|tried| favourites(&tried.gathered));
    found("favourites", mean(&simple));
    for (m, settings) in members.iter().enumerate() {
        let mut alone = Weights { popularity: 1e-6, ..popular.clone() };
        alone.members[m] = 1.0;
        found(settings.name(), of_sum(judged, &alone));
    }
    let weights = climb(start.clone(), learned);
    let sum = of_sum(judged, &weights);
    found("sum", sum);
    let unseen = if is_crossed { crossed_weights(tried, &start) } else { vec![weights.clone(); judged.len()] };
    let answers = cross(tried, is_crossed, blend, seed)?;
    if let Some(trees) = of_trees(&answers, &|tried, trees| tried.scored(trees, None)) {
        found("trees", mean(&trees));
    }
    let together = of_trees(&answers, &|tried, trees| fuse(&tried.sums(&weights), &tried.scored(trees, None)));
    let together = together.as_deref().map(mean);
    if let Some(together) = together {
        found("together", together);
        for (m, settings) in members.iter().enumerate() {
            let silent = Weights { members: without(&weights.members, m), ..weights.clone() };
            let of = |tried: &Tried, trees: &BoostModel| fuse(&tried.sums(&silent), &tried.scored(trees, Some(m)));
            let others = of_trees(&answers, &of).map_or(together, |others| mean(&others));
            trial.adds.insert(settings.name().to_owned(), together - others);
        }
    }
    let has_trees = together.is_some_and(|together| together >= sum);
    let learned: Vec<f64> = if has_trees {
        let asked = answers.iter().flat_map(|(tried, trees)| tried.iter().map(move |tried| (tried, trees)));
        let both =
            |(tried, trees): (&Tried, &BoostModel), weights| fuse(&tried.sums(weights), &tried.scored(trees, None));
        asked.zip(&unseen).map(|(asked, weights)| asked.0.ndcg(&both(asked, weights))).collect()
    } else {
        judged.iter().zip(&unseen).map(|(tried, weights)| tried.ndcg(&tried.sums(weights))).collect()
    };
    if !is_clearly_ahead(&learned, &simple) {
        return Ok((Order::Favourites, trial));
    }
    let all: Vec<&Tried> = tried.iter().collect();
    let trees = if has_trees { grow(&all, blend, seed)? } else { None };
    Ok((Order::Learned { weights, trees: trees.map(Box::new) }, trial))
}

/// For each question the weights that were climbed to on the others: those that were chosen on few questions look better on
/// them than they are.
fn crossed_weights(tried: &[Tried], start: &Weights) -> Vec<Weights> {
    let n_each = tried.len().div_ceil(N_PARTS);
    let of_part = |part: usize| {
        let (from, until) = (part * n_each, ((part + 1) * n_each).min(tried.len()));
        let others: Vec<&Tried> = tried[..from].iter().chain(&tried[until..]).collect();
        vec![climb(start.clone(), &others); until - from]
    };
    (0..tried.len().div_ceil(n_each)).flat_map(of_part).collect()
}

/// Whether one order is ahead of a simpler one by more than chance makes of their differences, question by question.
///
/// *Source*: the standard-error rule of Breiman et al. 1984, section 3.4.3, with 1.96 standard errors.
fn is_clearly_ahead(one: &[f64], simple: &[f64]) -> bool {
    let ahead: Vec<f64> = one.iter().zip(simple).map(|(one, simple)| one - simple).collect();
    let centre = mean(&ahead);
    let squares: Vec<f64> = ahead.iter().map(|ahead| (ahead - centre).powi(2)).collect();
    centre > CLEARLY_SE * (mean(&squares) / ahead.len().max(1) as f64).sqrt()
}

/// The weights where one member counts nothing.
fn without(weights: &[f64], member: usize) -> Vec<f64> {
    weights.iter().enumerate().map(|(m, weight)| if m == member { 0.0 } else { *weight }).collect()
}

/// The NDCG@10 of each question by these scores.
fn each<T: Borrow<Tried> + Sync>(tried: &[T], scores: &(dyn Fn(&Tried) -> Vec<f64> + Sync)) -> Vec<f64> {
    tried.par_iter().map(|tried| tried.borrow().ndcg(&scores(tried.borrow()))).collect()
}

/// The mean NDCG@10 of a sum.
fn of_sum<T: Borrow<Tried> + Sync>(tried: &[T], weights: &Weights) -> f64 {
    mean(&each(tried, &|tried| tried.sums(weights)))
}

/// Moves one weight after the other to where the sum is best, twice.
fn climb<T: Borrow<Tried> + Sync>(start: Weights, tried: &[T]) -> Weights {
    let mut best = (of_sum(tried, &start), start);
    for _ in 0..2 {
        for at in 0..=best.1.members.len() {
            let from = best.1.clone();
            for step in STEPS {
                let mut other = from.clone();
                // Habits keep their weight: only proportions matter.
                let weight = if at == 0 { &mut other.popularity } else { &mut other.members[at - 1] };
                *weight *= step;
                let ndcg = of_sum(tried, &other);
                if ndcg > best.0 {
                    best = (ndcg, other);
                }
            }
        }
    }
    best.1
}

/// The questions that are judged, each with trees that did not see it; none where there is too little to grow any.
fn cross<'a>(
    tried: &'a [Tried],
    is_crossed: bool,
    blend: &Blend,
    seed: Seed,
) -> Result<Vec<(&'a [Tried], BoostModel)>, ModelError> {
    if tried.len() < N_QUESTIONS_MIN {
        return Ok(Vec::new());
    }
    let mut answers = Vec::new();
    let n_each = if is_crossed { tried.len().div_ceil(N_PARTS) } else { tried.len() / N_PARTS };
    for (part, judged) in tried.chunks(n_each).enumerate().take(if is_crossed { N_PARTS } else { 1 }) {
        let (from, until) = (part * n_each, part * n_each + judged.len());
        let others: Vec<&Tried> = tried[..from].iter().chain(&tried[until..]).collect();
        // All questions are answered or none, so that orders are compared on the same ones.
        let Some(trees) = grow(&others, blend, seed)? else { return Ok(Vec::new()) };
        answers.push((judged, trees));
    }
    Ok(answers)
}

/// The NDCG@10 of each question by scores in which trees that did not see it have a part; `None` where there are no trees.
fn of_trees(
    answers: &[(&[Tried], BoostModel)],
    scores: &(dyn Fn(&Tried, &BoostModel) -> Vec<f64> + Sync),
) -> Option<Vec<f64>> {
    let of = |(tried, trees): &(&[Tried], BoostModel)| each(tried, &|tried| scores(tried, trees));
    let all: Vec<f64> = answers.iter().flat_map(of).collect();
    (!all.is_empty()).then_some(all)
}

/// Trees that put what was wanted before what was not; `None` where nothing that was wanted is among the candidates.
///
/// All that was wanted is learned from, and a sample of the rest: most of it is easily told apart.
fn grow(tried: &[&Tried], blend: &Blend, seed: Seed) -> Result<Option<BoostModel>, ModelError> {
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
    let n_features = n_columns(tried[first.0].gathered.n_members);
    let n_rows: usize = kept.iter().map(|(_, kept)| kept.len()).sum();
    let (mut data, mut labels) = (Vec::with_capacity(n_rows * n_features), Vec::with_capacity(n_rows));
    for (number, kept) in &kept {
        for candidate in kept {
            data.extend_from_slice(tried[*number].row(*candidate));
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
    let monotone = monotone(tried[first.0].gathered.n_members);
    let lesson = Lesson { monotone: &monotone, ..Lesson::new(rows) };
    settings.learn(&lesson, &XeNdcg, seed).map(|learned| Some(learned.into_one()))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_must_be_ahead_by_more_than_chance() {
        // Ahead by 0.1 on average; the differences are 0.4 and -0.2, so their deviation is 0.3, and 1.96 errors are
        // 0.1 where n is 34.6.
        let of = |n: usize| (0..n).map(|i| if i % 2 == 0 { 0.4 } else { -0.2 }).collect::<Vec<f64>>();
        let simple = |n: usize| vec![0.0; n];
        assert!(!is_clearly_ahead(&of(34), &simple(34)));
        assert!(is_clearly_ahead(&of(36), &simple(36)));
        assert!(!is_clearly_ahead(&simple(10), &of(10)));
        assert!(!is_clearly_ahead(&simple(10), &simple(10)) && !is_clearly_ahead(&[], &[]));
    }
}
