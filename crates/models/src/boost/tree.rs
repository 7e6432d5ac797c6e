//! How does one tree grow? Leaf by leaf, always where most is gained.

mod histogram;
mod partition;
mod quantised;
mod scan;

pub(super) use quantised::Quantised;

use super::binned::{Binned, WIDTH};
use super::set::Set;
use super::settings::{BoostSettings, Monotone};
use histogram::{Cells, Histogram};
use rayon::prelude::*;
use scan::{Limits, Rule, Side, Split};
use std::ops::Range;

/// Histograms of leaves that wait for being split may take this much memory; leaves beyond it are counted anew.
pub(super) const MEMORY_MAX: usize = 1 << 29;

/// What a tree is grown from.
pub(super) struct Grower<'a> {
    pub(super) settings: &'a BoostSettings,
    pub(super) binned: &'a Binned,
    pub(super) pairs: &'a Quantised,
    /// Which used columns may be asked.
    pub(super) columns: &'a [bool],
    /// Of every used column; empty where nothing is demanded.
    pub(super) monotone: &'a [Monotone],
    /// [`MEMORY_MAX`], in bytes.
    pub(super) memory_max: usize,
}

/// A grown tree, whose leaves know the rows that they were grown from.
pub(super) struct Tree {
    /// The first is the root.
    pub(super) nodes: Vec<Node>,
    /// The rows, leaf by leaf.
    pub(super) rows: Vec<u32>,
}

/// A question or a leaf.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Leaf {
        /// `-G / (H + l2)`, within what monotone columns leave.
        step: f64,
        /// Its rows, a range of [`Tree::rows`].
        rows: Range<usize>,
    },
    Question {
        column: usize,
        /// The bins that go left.
        set: Set,
        /// The last bin that goes left, where the column holds numbers; none where only missing values do.
        last: Option<u8>,
        left: usize,
        right: usize,
    },
}

/// A leaf that may be split still.
struct Open {
    node: usize,
    depth: usize,
    rows: Range<usize>,
    side: Side,
    split: Split,
    histogram: Option<Histogram>,
}

impl Tree {
    /// The step of the leaf that a row of bins reaches.
    pub(super) fn step(&self, binned: &Binned, row: usize) -> f64 {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf { step, .. } => return *step,
                Node::Question { column, set, left, right, .. } => {
                    at = if set.holds(binned.bin(*column, row)) { *left } else { *right };
                }
            }
        }
    }

    /// All leaves with their steps and rows.
    pub(super) fn leaves_mut(&mut self) -> impl Iterator<Item = (&mut f64, &[u32])> {
        let rows = &self.rows;
        self.nodes.iter_mut().filter_map(|node| match node {
            Node::Leaf { step, rows: range } => Some((step, &rows[range.clone()])),
            Node::Question { .. } => None,
        })
    }
}

impl Grower<'_> {
    /// Grows a tree over the rows given, in ascending order. `all` tells that no row of the table is missing.
    pub(super) fn grow(&self, rows: Vec<u32>, all: bool) -> Tree {
        let mut spare = vec![0; rows.len()];
        let mut tree = Tree { nodes: Vec::new(), rows };
        let side = Side { sum: self.pairs.sum(&tree.rows), limits: Limits::NONE };
        tree.nodes.push(Node::Leaf { step: self.rule().step(side), rows: 0..tree.rows.len() });
        let mut n_leaves = 1;
        let mut open: Vec<Open> = Vec::new();
        let mut histogram = self.empty();
        let split = self.root(&tree.rows, all, &mut histogram, side);
        open.extend(split.map(|split| Open {
            node: 0,
            depth: 0,
            rows: 0..tree.rows.len(),
            side,
            split,
            histogram: Some(histogram),
        }));
        let mut held = open.len();
        while n_leaves < self.settings.max_leaves {
            let Some(best) = best_of(&open) else { break };
            let leaf = open.swap_remove(best);
            held -= usize::from(leaf.histogram.is_some());
            n_leaves += 1;
            let may_grow = n_leaves < self.settings.max_leaves && leaf.depth + 1 < self.settings.max_depth;
            for mut child in self.split(leaf, &mut tree, &mut spare, may_grow) {
                if (held + 1) * self.binned.used().len() * size_of::<[u64; 256]>() > self.memory_max {
                    child.histogram = None;
                } else {
                    held += 1;
                }
                open.push(child);
            }
        }
        tree
    }

    fn rule(&self) -> Rule<'_> {
        Rule::new(self.settings, self.pairs, self.monotone)
    }

    fn empty(&self) -> Histogram {
        let with_counts = self.settings.min_leaf_rows > 1;
        self.binned.blocks().iter().map(|_| Cells::new(with_counts)).collect()
    }

    /// The best split of all rows.
    fn root(&self, rows: &[u32], all: bool, histogram: &mut Histogram, side: Side) -> Option<Split> {
        let rule = self.rule();
        let n_rows = rows.len();
        let blocks = histogram.par_iter_mut().zip(self.binned.blocks()).enumerate();
        let found: Vec<Option<Split>> = blocks
            .map(|(block, (cells, words))| {
                let rows = if all { None } else { Some(rows) };
                cells.fill(words, rows, &self.pairs.pairs);
                self.scan(&rule, block, cells, side, n_rows)
            })
            .collect();
        first_best(found)
    }

    /// Asks the question of a leaf, and finds those of its children; answers the children that can be split further.
    fn split(&self, leaf: Open, tree: &mut Tree, spare: &mut [u32], may_grow: bool) -> Vec<Open> {
        let Open { node, depth, rows, side, split, histogram } = leaf;
        let words = &self.binned.blocks()[split.column / WIDTH];
        let byte = split.column % WIDTH;
        let goes_left = |row: u32| split.set.holds(words[row as usize].to_le_bytes()[byte]);
        let n_left = partition::partition(&mut tree.rows[rows.clone()], spare, goes_left);
        let middle = rows.start + n_left;
        let sides = self.rule().children(side, &split);
        let ranges = [rows.start..middle, middle..rows.end];
        let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
        let last = split.last;
        tree.nodes[node] = Node::Question { column: split.column, set: split.set, last, left, right };
        for (side, rows) in sides.iter().zip(&ranges) {
            tree.nodes.push(Node::Leaf { step: self.rule().step(*side), rows: rows.clone() });
        }
        if !may_grow {
            return Vec::new();
        }
        let parts = ranges.clone().map(|range| &tree.rows[range]);
        let found = self.children(histogram, parts, sides);
        let children = found.into_iter().zip(ranges).zip(sides).enumerate();
        let open = children.filter_map(|(at, (((histogram, split), rows), side))| {
            let histogram = Some(histogram);
            split.map(|split| Open { node: left + at, depth: depth + 1, rows, side, split, histogram })
        });
        open.collect()
    }

    /// Counts the smaller child, gets the larger one by subtraction, and finds the best split of each.
    fn children(
        &self,
        parent: Option<Histogram>,
        rows: [&[u32]; 2],
        sides: [Side; 2],
    ) -> [(Histogram, Option<Split>); 2] {
        let rule = self.rule();
        let small = usize::from(rows[1].len() < rows[0].len());
        let large = 1 - small;
        let mut of_small = self.empty();
        let is_known = parent.is_some();
        let mut of_large = parent.unwrap_or_else(|| self.empty());
        let blocks = of_small.par_iter_mut().zip(&mut of_large).zip(self.binned.blocks()).enumerate();
        // Handing out parts of so little work would cost more than it saves.
        let at_once = if rows[small].len() < 1_024 { 4 } else { 1 };
        let found: Vec<[Option<Split>; 2]> = blocks
            .with_min_len(at_once)
            .map(|(block, ((small_cells, large_cells), words))| {
                small_cells.fill(words, Some(rows[small]), &self.pairs.pairs);
                if is_known {
                    large_cells.subtract(small_cells);
                } else {
                    large_cells.fill(words, Some(rows[large]), &self.pairs.pairs);
                }
                [(small, small_cells), (large, large_cells)]
                    .map(|(child, cells)| self.scan(&rule, block, cells, sides[child], rows[child].len()))
            })
            .collect();
        let [small_split, large_split] = [0, 1].map(|side| first_best(found.iter().map(|splits| splits[side].clone())));
        let (small_child, large_child) = ((of_small, small_split), (of_large, large_split));
        if small == 0 { [small_child, large_child] } else { [large_child, small_child] }
    }

    /// The best split by a column of a block.
    fn scan(&self, rule: &Rule<'_>, block: usize, cells: &Cells, side: Side, n_rows: usize) -> Option<Split> {
        let columns = self.binned.used().iter().enumerate().skip(block * WIDTH).take(WIDTH);
        let mut best = None;
        for ((column, cuts), (pairs, counts)) in columns.zip(cells.columns()) {
            if self.columns[column] {
                rule.scan(column, cuts, scan::Column { pairs, counts, n_rows }, side, &mut best);
            }
        }
        best
    }
}

/// The leaf with the largest gain, the oldest of equals.
fn best_of(open: &[Open]) -> Option<usize> {
    let by_gain = |a: &usize, b: &usize| {
        let (a, b) = (&open[*a], &open[*b]);
        a.split.gain.total_cmp(&b.split.gain).then(b.node.cmp(&a.node))
    };
    (0..open.len()).max_by(by_gain)
}

/// The split with the largest gain, the first of equals.
fn first_best(found: impl IntoIterator<Item = Option<Split>>) -> Option<Split> {
    let best = |best: Split, next: Split| if next.gain > best.gain { next } else { best };
    found.into_iter().flatten().reduce(best)
}
