//! In which form do trees lie in memory and on disk, so that scoring is fast and stored bytes cannot mislead?

use crate::ModelError;
use serde::{Deserialize, Serialize};

pub(super) const NAME: &str = "boosted forest";
/// What marks a leaf in place of a feature.
const LEAF: u32 = u32::MAX;
/// More features than this are refused, so that a corrupt number cannot ask for all the memory there is.
const N_FEATURES_MAX: u64 = 1 << 20;
/// Trees deeper than this are refused: explaining a row goes down them by recursion.
pub(super) const DEPTH_MAX: usize = 32;
/// How many trees are walked side by side: while one waits for memory, the others go on.
const N_LANES: usize = 8;

/// Trees whose leaves add up to a score.
///
/// ```text
/// score(x)   = base_score + sum over trees of value(leaf that x reaches)
/// at a node  : x[feature] missing -> left where missing_left, else right
///              x[feature] < threshold -> left, else right
/// ```
/// *Shapes*: all trees lie in one run of nodes; `roots[t]` is the first node of tree `t`, and a node's children stand
/// next to each other behind it (`right = left + 1`), so every step goes forward and every walk ends.
/// *Units*: log-odds, or those of the numbers. *Cost*: one comparison a level; 16 bytes a node, so that a step touches one cache line (separate
/// arrays a field would touch three). The cover, which only explaining needs, lies apart.
/// *Source*: elementary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Forest {
    pub(super) n_features: usize,
    pub(super) base_score: f64,
    pub(super) roots: Vec<u32>,
    pub(super) nodes: Vec<Node>,
    /// The weight of the training rows that reached each node; an inner node's is the sum of its children's.
    pub(super) cover: Vec<f64>,
    /// How many questions lead to the deepest leaf of every [`N_LANES`] trees. Derived, not stored.
    depths: Vec<usize>,
    /// The mean score by cover. Derived, not stored.
    pub(super) bias: f64,
}

/// A question or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// The threshold of a question, the value of a leaf.
    number: f64,
    /// The feature times two, plus one where a missing value goes left; [`LEAF`] for a leaf.
    question: u32,
    /// The left child; the right one follows it. A leaf is its own left child.
    left: u32,
}

impl Node {
    pub(super) fn is_leaf(&self) -> bool {
        self.question == LEAF
    }

    pub(super) fn value(&self) -> f64 {
        self.number
    }

    pub(super) fn feature(&self) -> usize {
        (self.question >> 1) as usize
    }

    pub(super) fn children(&self) -> [usize; 2] {
        [self.left as usize, self.left as usize + 1]
    }

    /// Whether the row goes to the right child. Written without branches: which way a row goes is hard to foresee.
    ///
    /// What the row is too short for is missing. A leaf asks for a feature that no row has and sends what is missing
    /// left, to itself: so a walk may go on after it has arrived.
    pub(super) fn goes_right(&self, row: &[f64]) -> bool {
        let value = row.get(self.feature()).copied().unwrap_or(f64::NAN);
        let missing_left = self.question & 1 == 1;
        (value >= self.number) | (value.is_nan() & !missing_left)
    }
}

impl Forest {
    /// The score of a row: the base score and one leaf of every tree.
    ///
    /// *Shapes*: `row` has [`Forest::n_features`] numbers; features that are missing at its end count as not known, and
    /// what is beyond is not looked at.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        let row = &row[..row.len().min(self.n_features)];
        let mut score = self.base_score;
        for (roots, &depth) in self.roots.chunks(N_LANES).zip(&self.depths) {
            let mut at = [0_u32; N_LANES];
            at[..roots.len()].copy_from_slice(roots);
            for _ in 0..depth {
                for place in &mut at {
                    let node = &self.nodes[*place as usize];
                    *place = node.left + u32::from(node.goes_right(row));
                }
            }
            for place in &at[..roots.len()] {
                score += self.nodes[*place as usize].value();
            }
        }
        score
    }

    /// How many features a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// How many trees there are.
    #[must_use]
    pub fn n_trees(&self) -> usize {
        self.roots.len()
    }

    /// How many nodes all trees have together.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The longest way to a leaf.
    pub(super) fn depth(&self) -> usize {
        self.depths.iter().copied().max().unwrap_or(0)
    }

    /// Computes what is not stored.
    fn derive(mut self) -> Self {
        let mut level = vec![0_usize; self.nodes.len()];
        let mut reach = vec![1.0; self.nodes.len()];
        self.bias = self.base_score;
        self.depths = vec![0; self.roots.len().div_ceil(N_LANES)];
        let mut tree = 0;
        for at in 0..self.nodes.len() {
            tree += usize::from(self.roots.get(tree + 1).is_some_and(|next| *next as usize == at));
            if self.nodes[at].is_leaf() {
                self.bias += reach[at] * self.nodes[at].value();
                continue;
            }
            let deepest = &mut self.depths[tree / N_LANES];
            *deepest = (*deepest).max(level[at] + 1);
            for child in self.nodes[at].children() {
                level[child] = level[at] + 1;
                reach[child] = reach[at] * self.cover[child] / self.cover[at];
            }
        }
        self
    }

    pub(super) fn builder(n_features: usize, base_score: f64) -> Builder {
        Builder { stored: Stored { n_features: n_features as u64, base_score, ..Stored::default() } }
    }
}

/// One node of somebody else's tree, with their own indices.
pub(super) enum Split {
    Leaf { value: f64, cover: f64 },
    Question { feature: usize, threshold: f64, left: usize, right: usize, missing_left: bool },
}

/// Puts trees one behind the other.
pub(super) struct Builder {
    stored: Stored,
}

impl Builder {
    /// Adds the tree below `root`, whose nodes `split` tells. Children get places next to each other, level by level.
    pub(super) fn tree(&mut self, root: usize, split: &dyn Fn(usize) -> Split) {
        let first = self.stored.feature.len();
        self.stored.roots.push(place(first));
        let mut theirs = vec![root];
        let mut at = 0;
        while at < theirs.len() {
            let (feature, number, left, missing_left, cover) = match split(theirs[at]) {
                Split::Leaf { value, cover } => (LEAF, value, 0, false, cover),
                Split::Question { feature, threshold, left, right, missing_left } => {
                    let ours = place(first + theirs.len());
                    theirs.extend([left, right]);
                    (place(feature), threshold, ours, missing_left, 0.0)
                }
            };
            self.stored.feature.push(feature);
            self.stored.number.push(number);
            self.stored.left.push(left);
            self.stored.missing_left.push(missing_left);
            self.stored.cover.push(cover);
            at += 1;
        }
        // Single-precision sums of the library do not add up exactly; exact explanations need covers that do.
        for at in (first..self.stored.feature.len()).rev() {
            if self.stored.feature[at] != LEAF {
                let left = self.stored.left[at] as usize;
                self.stored.cover[at] = self.stored.cover[left] + self.stored.cover[left + 1];
            }
        }
    }

    pub(super) fn build(self) -> Result<Forest, ModelError> {
        self.stored.try_into()
    }
}

/// What is written: an array for every field of the nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) n_features: u64,
    pub(super) base_score: f64,
    pub(super) roots: Vec<u32>,
    pub(super) feature: Vec<u32>,
    pub(super) number: Vec<f64>,
    pub(super) left: Vec<u32>,
    pub(super) missing_left: Vec<bool>,
    pub(super) cover: Vec<f64>,
}

impl TryFrom<Stored> for Forest {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let corrupt = |reason: String| ModelError::Corrupt { model: NAME, reason };
        stored.check().map_err(corrupt)?;
        let node = |at: usize| Node {
            number: stored.number[at],
            question: match stored.feature[at] {
                LEAF => LEAF,
                feature => feature * 2 + u32::from(stored.missing_left[at]),
            },
            left: if stored.feature[at] == LEAF { place(at) } else { stored.left[at] },
        };
        let forest = Self {
            n_features: usize::try_from(stored.n_features).map_err(|error| corrupt(error.to_string()))?,
            base_score: stored.base_score,
            nodes: (0..stored.feature.len()).map(node).collect(),
            roots: stored.roots,
            cover: stored.cover,
            depths: Vec::new(),
            bias: 0.0,
        };
        Ok(forest.derive())
    }
}

impl From<Forest> for Stored {
    fn from(forest: Forest) -> Self {
        let nodes = &forest.nodes;
        let feature = |node: &Node| if node.is_leaf() { LEAF } else { node.question >> 1 };
        Self {
            n_features: forest.n_features as u64,
            base_score: forest.base_score,
            feature: nodes.iter().map(feature).collect(),
            number: nodes.iter().map(|node| node.number).collect(),
            left: nodes.iter().map(|node| if node.is_leaf() { 0 } else { node.left }).collect(),
            missing_left: nodes.iter().map(|node| !node.is_leaf() && node.question & 1 == 1).collect(),
            roots: forest.roots,
            cover: forest.cover,
        }
    }
}

impl Stored {
    /// Makes sure that no walk leaves its tree or comes back, and that all numbers can be computed with.
    fn check(&self) -> Result<(), String> {
        let n_nodes = self.feature.len();
        let lengths = [self.number.len(), self.left.len(), self.missing_left.len(), self.cover.len()];
        if lengths.iter().any(|length| *length != n_nodes) {
            return Err(format!("its arrays have {n_nodes}, {lengths:?} entries where all should be equal"));
        }
        if self.n_features == 0 || self.n_features > N_FEATURES_MAX {
            return Err(format!("{} features cannot be", self.n_features));
        }
        if !self.base_score.is_finite() {
            return Err(format!("the base score is {}", self.base_score));
        }
        if u32::try_from(n_nodes).is_err() || !self.roots.is_sorted_by(|a, b| a < b) {
            return Err("the trees do not follow one another".to_owned());
        }
        if self.roots.first().copied().unwrap_or(0) != 0 || (self.roots.is_empty() && n_nodes > 0) {
            return Err("there are nodes before the first tree".to_owned());
        }
        for (tree, &root) in self.roots.iter().enumerate() {
            let end = self.roots.get(tree + 1).map_or(n_nodes, |next| *next as usize);
            if root as usize >= end || end > n_nodes {
                return Err(format!("tree {tree} begins at node {root} of {n_nodes}"));
            }
            self.check_tree(root as usize, end).map_err(|reason| format!("tree {tree}: {reason}"))?;
        }
        Ok(())
    }

    fn check_tree(&self, root: usize, end: usize) -> Result<(), String> {
        let mut depth: Vec<Option<usize>> = vec![None; end - root];
        depth[0] = Some(0);
        for at in root..end {
            let Some(level) = depth[at - root] else { return Err(format!("nothing leads to node {at}")) };
            let (number, cover, left) = (self.number[at], self.cover[at], self.left[at] as usize);
            if !(cover.is_finite() && cover > 0.0) {
                return Err(format!("the cover of node {at} is {cover}"));
            }
            if self.feature[at] == LEAF {
                if !number.is_finite() {
                    return Err(format!("the value of leaf {at} is {number}"));
                }
                continue;
            }
            if u64::from(self.feature[at]) >= self.n_features || number.is_nan() {
                return Err(format!("node {at} asks whether feature {} is below {number}", self.feature[at]));
            }
            if left <= at || left + 1 >= end {
                return Err(format!("node {at} leads to node {left}"));
            }
            for child in [left - root, left + 1 - root] {
                if depth[child].is_some() || level + 1 > DEPTH_MAX {
                    return Err(format!("node {at} leads to node {} a second time or too deep", child + root));
                }
                depth[child] = Some(level + 1);
            }
            let together = self.cover[left] + self.cover[left + 1];
            if together.total_cmp(&cover).is_ne() {
                return Err(format!("the covers below node {at} do not add up"));
            }
        }
        Ok(())
    }
}

/// A place as it is stored. More than 2^32 nodes are refused when the forest is checked.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(LEAF - 1)
}
