//! Which order is best? All are tried on the same questions; trees answer only those that they did not see.

use super::climb::{climb, without};
use super::goal::{Goal, each_of_sum, is_clearly_ahead, mean, of_each, of_sum};
use super::grow::grow;
use super::order::{Order, Weights, fuse};
use super::recipe::Blend;
use super::tried::Tried;
use crate::ModelError;
use crate::boost::BoostModel;
use primitives::Seed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Into how many parts questions are cut.
const N_PARTS: usize = 4;

/// Up to so many questions each part is answered by trees that learned from the others; of more, only the first part.
const N_CROSSED_MAX: usize = 2_000;

/// With fewer questions no trees are grown.
pub(super) const N_QUESTIONS_MIN: usize = 100;

/// What the orders are called that are no member's.
pub(super) const ORDERS: [&str; 4] = ["popularity", "sum", "trees", "together"];

/// How an order was chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// How many customers were asked about.
    pub n_questions: usize,
    /// The share of what was wanted that they had had before.
    pub repeated: f64,
    /// NDCG@10 of each order on the questions, by its name: `popularity`, `favourites`, each member alone,
    /// `sum`, `trees` and these two `together`; with ` of new` those of what a customer did not have.
    pub ndcg: BTreeMap<String, f64>,
    /// By how much NDCG@10 of both together falls where a member says nothing, by its name.
    pub adds: BTreeMap<String, f64>,
}

/// The order that is best on the questions, and how each did. Without questions a sum in which all count alike.
pub(super) fn choose(
    tried: &[Tried],
    trial: &mut Trial,
    members: &[&'static str],
    goal: &Goal,
    blend: &Blend,
    seed: Seed,
) -> Result<Order, ModelError> {
    let n_members = members.len();
    let start = Weights::alike(n_members);
    trial.n_questions = tried.len();
    if tried.is_empty() {
        return Ok(Order::Learned { weights: start, trees: None });
    }
    let is_crossed = tried.len() <= N_CROSSED_MAX;
    let (judged, learned) = if is_crossed { (tried, tried) } else { tried.split_at(tried.len() / N_PARTS) };
    let mut found = |name: &str, ndcg: f64| trial.ndcg.insert(name.to_owned(), ndcg);
    found("popularity", of_sum(judged, &Weights::popular(n_members)));
    let simple = of_each(judged, &Tried::favourites);
    found("favourites", mean(&simple));
    for (m, name) in members.iter().enumerate() {
        found(name, of_sum(judged, &Weights::alone(n_members, m)));
    }
    let weights = climb(start.clone(), learned, goal);
    let sum = each_of_sum(judged, &weights);
    found("sum", mean(&sum));
    let unseen = if is_crossed { crossed_weights(tried, &start, goal) } else { vec![weights.clone(); judged.len()] };
    let answers = cross(tried, is_crossed, blend, seed)?;
    if let Some(trees) = of_trees(&answers, &|tried, trees| tried.scored(trees, None)) {
        found("trees", mean(&trees));
    }
    let together = of_trees(&answers, &|tried, trees| fuse(&tried.sums(&weights), &tried.scored(trees, None)));
    if let Some(together) = &together {
        found("together", mean(together));
        for (m, name) in members.iter().enumerate() {
            let silent = Weights { members: without(&weights.members, m), ..weights.clone() };
            let of = |tried: &Tried, trees: &BoostModel| fuse(&tried.sums(&silent), &tried.scored(trees, Some(m)));
            let others = of_trees(&answers, &of).map_or(mean(together), |others| mean(&others));
            trial.adds.insert((*name).to_owned(), mean(together) - others);
        }
    }
    let has_trees = together.is_some_and(|both| goal.value(judged, &both) >= goal.value(judged, &sum));
    let learned: Vec<f64> = if has_trees {
        let asked = answers.iter().flat_map(|(tried, trees)| tried.iter().map(move |tried| (tried, trees)));
        let both =
            |(tried, trees): (&Tried, &BoostModel), weights| fuse(&tried.sums(weights), &tried.scored(trees, None));
        asked.zip(&unseen).map(|(asked, weights)| asked.0.ndcg(&both(asked, weights))).collect()
    } else {
        judged.iter().zip(&unseen).map(|(tried, weights)| tried.ndcg(&tried.sums(weights))).collect()
    };
    if !is_clearly_ahead(&learned, &simple) {
        return Ok(Order::Favourites);
    }
    let all: Vec<&Tried> = tried.iter().collect();
    let trees = if has_trees { grow(&all, blend, seed)? } else { None };
    Ok(Order::Learned { weights, trees: trees.map(Box::new) })
}

/// For each question the weights that were climbed to on the others: those that were chosen on few questions look better on
/// them than they are.
fn crossed_weights(tried: &[Tried], start: &Weights, goal: &Goal) -> Vec<Weights> {
    let n_each = tried.len().div_ceil(N_PARTS);
    let of_part = |part: usize| {
        let (from, until) = (part * n_each, ((part + 1) * n_each).min(tried.len()));
        let others: Vec<&Tried> = tried[..from].iter().chain(&tried[until..]).collect();
        vec![climb(start.clone(), &others, goal); until - from]
    };
    (0..tried.len().div_ceil(n_each)).flat_map(of_part).collect()
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
    let of = |(tried, trees): &(&[Tried], BoostModel)| of_each(tried, &|tried| scores(tried, trees));
    let all: Vec<f64> = answers.iter().flat_map(of).collect();
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::Question;
    use crate::recommend::gather::{Gathered, Opinion, said_of_each};
    use crate::recommend::query::Own;
    use primitives::ItemKey;

    #[test]
    fn a_member_that_alone_knows_the_answers_adds_all_of_it() {
        // The second one speaks for what is wanted, the last of twelve; nobody says anything else, so without it nothing is
        // found within ten.
        let keys: Vec<ItemKey> = (0..12).map(ItemKey).collect();
        let question = Question { customer: 0, history: Vec::new(), wanted: [ItemKey(11)].into(), hour_of_week: None };
        let silent = Opinion { rank: 12.0, ..Opinion::default() };
        let loud = Opinion { score: 3.0, share: 1.0, rank: 0.0, source: None };
        let opinions: Vec<[Opinion; 2]> = (0..12).map(|c| [silent, if c == 11 { loud } else { silent }]).collect();
        let gathered = said_of_each(&opinions.iter().map(|each| each.as_slice()).collect::<Vec<_>>());
        let tried = |_| Tried::of(&gathered, &question, &Own::default(), &keys, true, true).unwrap();
        let tried: Vec<Tried> = (0..N_QUESTIONS_MIN).map(tried).collect();
        let mut trial = Trial::default();
        let blend = Blend { n_trees: 5, ..Blend::default() };
        let order = choose(&tried, &mut trial, &["deaf", "knows"], &Goal::default(), &blend, Seed::new(1)).unwrap();
        let found = |name: &str| (trial.ndcg[name] - 1.0).abs() < 1e-12;
        assert!(found("knows") && found("sum") && found("trees") && found("together"), "{trial:?}");
        assert!((trial.adds["knows"] - 1.0).abs() < 1e-12 && trial.adds["deaf"].abs() < 1e-12, "{trial:?}");
        // Trees look at what is near alone: what is not comes after it, by the sum.
        assert!(order.has_trees());
        let scores = order.scores(&Gathered { n_near: 4, ..gathered }, &Own::default());
        let near = said_of_each(&opinions[..4].iter().map(|each| each.as_slice()).collect::<Vec<_>>());
        assert_eq!(scores[..4], order.scores(&near, &Own::default()));
        let largest = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
        let smallest = scores[..4].iter().copied().fold(1.0, f64::min);
        assert!(smallest > scores[11] && scores[11] > largest(&scores[4..11]) && scores[10] > 0.0, "{scores:?}");
    }
}
