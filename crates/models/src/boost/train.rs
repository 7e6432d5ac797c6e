//! How do trees, one after the other, become a model?

use super::binned::{Binned, By, MISSING};
use super::forest::{Ask, Forest, Split};
use super::lesson::{Lesson, Rows};
use super::objective::{Loss, Objective, Pair, Targets};
use super::settings::{BoostSettings, Monotone};
use super::tree::{Grower, MEMORY_MAX, Node, Quantised, Tree};
use super::{BoostModel, Learned};
use crate::ModelError;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// After so many rounds in a row in which no question was worth asking, none is expected to be.
const N_IDLE_MAX: usize = 10;
/// How many rows one thread scores at least.
const CHUNK: usize = 4_096;

/// Grows `n_trees` trees for every output, or fewer where those to be judged on do not get better.
pub(super) fn train(
    settings: &BoostSettings,
    lesson: &Lesson<'_>,
    objective: &dyn Objective,
    seed: Seed,
) -> Result<Learned, ModelError> {
    let targets = lesson.rows.targets()?;
    let monotone = lesson.monotone()?;
    let judged = lesson.validation.as_ref().map(|rows| judged(rows, lesson.rows.binned)).transpose()?;
    // Inside the pool, so that handing out a part of the work does not wait for another thread to wake up.
    rayon::scope(|_| {
        let loss = objective.prepare(&targets)?;
        let starts = loss.initial();
        let judge = judged.as_ref().map(|(rows, targets)| Judge::new(rows, targets, objective, &starts)).transpose()?;
        let start = |start: &f64| vec![*start; targets.labels.len()];
        let boosting = Boosting {
            settings,
            binned: lesson.rows.binned,
            targets: &targets,
            monotone: &monotone,
            loss: &*loss,
            seed,
            scores: starts.iter().map(start).collect(),
            grown: starts.iter().map(|_| Vec::new()).collect(),
            judge,
        };
        boosting.run(&starts)
    })
}

/// Checks that the rows to be judged on were cut as those that are learned from.
fn judged<'a>(rows: &'a Rows<'a>, binned: &Binned) -> Result<(&'a Rows<'a>, Targets<'a>), ModelError> {
    if rows.binned.is_alike(binned) {
        return Ok((rows, rows.targets()?));
    }
    let reason = "the rows to be judged on have other bins: cut them with `Binned::alike`".to_owned();
    Err(ModelError::Fit { operation: super::lesson::OPERATION, reason })
}

/// What has been grown so far.
struct Boosting<'a> {
    settings: &'a BoostSettings,
    binned: &'a Binned,
    targets: &'a Targets<'a>,
    monotone: &'a [Monotone],
    loss: &'a dyn Loss,
    seed: Seed,
    /// By output and row.
    scores: Vec<Vec<f64>>,
    /// By output, the trees with the round of each.
    grown: Vec<Vec<(usize, Vec<Split>)>>,
    judge: Option<Judge<'a>>,
}

impl Boosting<'_> {
    fn run(mut self, starts: &[f64]) -> Result<Learned, ModelError> {
        let n_rows = self.binned.n_rows();
        let mut pairs: Vec<Vec<Pair>> = starts.iter().map(|_| vec![[0.0, 0.0]; n_rows]).collect();
        let mut idle = 0;
        for round in 0..self.settings.n_trees {
            self.loss.gradients(&self.scores, round as u64, self.seed, &mut pairs);
            let rows = self.sampled_rows(round as u64);
            let columns = self.sampled_columns(round as u64);
            let mut has_grown = false;
            for (output, pairs) in pairs.iter().enumerate() {
                has_grown |= self.grow(round, output, pairs, rows.clone(), &columns);
            }
            idle = if has_grown { 0 } else { idle + 1 };
            let patience = self.settings.patience;
            if idle == N_IDLE_MAX || self.judge.as_mut().is_some_and(|judge| judge.has_enough(patience)) {
                break;
            }
        }
        self.finish(starts)
    }

    /// Grows a tree for an output and adds its steps to the scores; answers whether any question was asked.
    fn grow(&mut self, round: usize, output: usize, pairs: &[Pair], rows: Vec<u32>, columns: &[bool]) -> bool {
        let quantised = Quantised::new(pairs);
        let grower = Grower {
            settings: self.settings,
            binned: self.binned,
            pairs: &quantised,
            columns,
            monotone: self.monotone,
            memory_max: MEMORY_MAX,
        };
        let all = rows.len() == self.binned.n_rows();
        let mut tree = grower.grow(rows, all);
        if tree.nodes.len() < 2 {
            return false;
        }
        let scores = &mut self.scores[output];
        for (step, rows) in tree.leaves_mut() {
            // A step of its own could break what monotone columns demand.
            if self.monotone.is_empty() {
                *step = self.loss.step(rows, scores).unwrap_or(*step);
            }
            *step *= self.settings.learning_rate;
            if all {
                rows.iter().for_each(|row| scores[*row as usize] += *step);
            }
        }
        if !all {
            add_steps(&tree, self.binned, scores);
        }
        if let Some(judge) = &mut self.judge {
            add_steps(&tree, judge.binned, &mut judge.scores[output]);
        }
        let splits = self.splits(&tree);
        self.grown[output].push((round, splits));
        true
    }

    /// The tree in the words of the forest.
    fn splits(&self, tree: &Tree) -> Vec<Split> {
        let of = |node: &Node| match node {
            Node::Leaf { step, rows } => {
                let rows = tree.rows[rows.clone()].iter();
                Split::Leaf { value: *step, cover: rows.map(|row| self.targets.weights[*row as usize]).sum() }
            }
            Node::Question { column, set, last, left, right } => {
                let cuts = &self.binned.used()[*column];
                let ask = match &cuts.by {
                    By::Codes(_) => Ask::OneOf(*set),
                    // Every known value is above minus infinity.
                    By::Thresholds(thresholds) => Ask::Below(last.map_or(f64::NEG_INFINITY, |last| {
                        thresholds.get(usize::from(last)).copied().unwrap_or(f64::INFINITY)
                    })),
                };
                let missing_left = set.holds(MISSING);
                Split::Question { feature: cuts.feature, ask, left: *left, right: *right, missing_left }
            }
        };
        tree.nodes.iter().map(of).collect()
    }

    /// The rows of a round, ascending. Groups come whole.
    fn sampled_rows(&self, round: u64) -> Vec<u32> {
        let n_rows = self.binned.n_rows();
        let share = self.settings.row_share;
        let all = || (0..).take(n_rows).collect();
        if share >= 1.0 {
            return all();
        }
        let mut random = self.seed.stream("boost/rows", round);
        let mut is_drawn = || random.random::<f64>() < share;
        let rows: Vec<u32> = if self.targets.groups.is_empty() {
            (0..).take(n_rows).filter(|_| is_drawn()).collect()
        } else {
            let drawn = self.targets.groups.iter().filter(|_| is_drawn());
            drawn.cloned().flatten().filter_map(|row| u32::try_from(row).ok()).collect()
        };
        if rows.is_empty() { all() } else { rows }
    }

    /// Which columns may be asked in a round.
    fn sampled_columns(&self, round: u64) -> Vec<bool> {
        let n_columns = self.binned.used().len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a number of columns")]
        let n_drawn = ((self.settings.column_share * n_columns as f64).ceil() as usize).clamp(0, n_columns);
        let mut random = self.seed.stream("boost/columns", round);
        let mut left = n_drawn;
        let mut draw = |column: usize| {
            // Of those that are left, each is as likely as any other.
            let is_drawn = left == n_columns - column || random.random_range(0..n_columns - column) < left;
            left -= usize::from(is_drawn);
            is_drawn
        };
        (0..n_columns).map(&mut draw).collect()
    }

    fn finish(self, starts: &[f64]) -> Result<Learned, ModelError> {
        let losses = self.judge.map(|judge| judge.losses).unwrap_or_default();
        let n_rounds = if self.settings.patience > 0 && !losses.is_empty() { best(&losses) + 1 } else { usize::MAX };
        let mut outputs = Vec::with_capacity(starts.len());
        for (start, trees) in starts.iter().zip(self.grown) {
            let mut builder = Forest::builder(self.binned.n_features(), *start);
            for cuts in self.binned.used() {
                if let By::Codes(bins) = &cuts.by {
                    builder.categories(cuts.feature, bins);
                }
            }
            for (_, splits) in trees.into_iter().filter(|(round, _)| *round < n_rounds) {
                builder.tree(0, &|node| splits[node].clone());
            }
            outputs.push(BoostModel::new(builder.build()?));
        }
        Ok(Learned { outputs, validation_losses: losses })
    }
}

/// The rows that say whether another tree helps.
struct Judge<'a> {
    binned: &'a Binned,
    loss: Box<dyn Loss + 'a>,
    /// By output and row.
    scores: Vec<Vec<f64>>,
    /// After each round.
    losses: Vec<f64>,
}

impl<'a> Judge<'a> {
    fn new(
        rows: &'a Rows<'a>,
        targets: &'a Targets<'a>,
        objective: &'a dyn Objective,
        starts: &[f64],
    ) -> Result<Self, ModelError> {
        let loss = objective.prepare(targets)?;
        let scores = starts.iter().map(|start| vec![*start; rows.binned.n_rows()]).collect();
        Ok(Self { binned: rows.binned, loss, scores, losses: Vec::new() })
    }

    /// Judges a round; answers whether the best one lies `patience` rounds back.
    fn has_enough(&mut self, patience: usize) -> bool {
        self.losses.push(self.loss.loss(&self.scores));
        patience > 0 && self.losses.len() - 1 - best(&self.losses) >= patience
    }
}

/// The place of the smallest loss, the first of equals.
fn best(losses: &[f64]) -> usize {
    (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])).unwrap_or(0)
}

fn add_steps(tree: &Tree, binned: &Binned, scores: &mut [f64]) {
    scores.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, scores)| {
        for (at, score) in scores.iter_mut().enumerate() {
            *score += tree.step(binned, chunk * CHUNK + at);
        }
    });
}
