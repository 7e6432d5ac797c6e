//! In which form do trees lie in memory and on disk, so that scoring is fast and stored bytes cannot mislead?

use super::binned::{MISSING, code};
use super::set::Set;
use crate::ModelError;
use serde::{Deserialize, Serialize};

pub(super) const NAME: &str = "boosted forest";
/// What marks a leaf in place of a feature.
const LEAF: u32 = u32::MAX;
/// What marks a question about a category; above every feature.
const CATEGORY: u32 = 1 << 31;
/// More codes than this cannot be.
const N_CODES_MAX: usize = 1 << 16;
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
///              or, of a category: x[feature] is one of a set -> left, else right; not known -> as missing
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
    /// Which bins of a category go left, for every question about one.
    sets: Vec<Set>,
    /// The bin of every code, by feature; empty for numbers, and altogether where no feature holds categories.
    codes: Vec<Vec<u8>>,
    /// How many questions lead to the deepest leaf of every [`N_LANES`] trees. Derived, not stored.
    depths: Vec<usize>,
    /// The mean score by cover. Derived, not stored.
    pub(super) bias: f64,
}

/// A question or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// The threshold of a question, the value of a leaf, the bits of a place among the sets of categories.
    number: f64,
    /// The feature times two, plus one where a missing value goes left; [`LEAF`] for a leaf. [`CATEGORY`] is added where
    /// a set of categories is asked for.
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
        ((self.question & !CATEGORY) >> 1) as usize
    }

    pub(super) fn children(&self) -> [usize; 2] {
        [self.left as usize, self.left as usize + 1]
    }

    pub(super) fn is_of_category(&self) -> bool {
        self.question & CATEGORY != 0 && !self.is_leaf()
    }

    /// Whether the row goes to the right child, where numbers are asked for. Written without branches: which way a row goes is hard to foresee.
    ///
    /// What the row is too short for is missing. A leaf asks for a feature that no row has and sends what is missing
    /// left, to itself: so a walk may go on after it has arrived.
    fn is_right(&self, row: &[f64]) -> bool {
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
        if self.sets.is_empty() {
            self.sum(row, Node::is_right)
        } else {
            self.sum(row, |node, row| self.goes_right(node, row))
        }
    }

    /// The base score and the leaves to which `is_right` leads.
    #[inline]
    fn sum(&self, row: &[f64], is_right: impl Fn(&Node, &[f64]) -> bool) -> f64 {
        let mut score = self.base_score;
        for (roots, &depth) in self.roots.chunks(N_LANES).zip(&self.depths) {
            let mut at = [0_u32; N_LANES];
            at[..roots.len()].copy_from_slice(roots);
            for _ in 0..depth {
                for place in &mut at {
                    let node = &self.nodes[*place as usize];
                    *place = node.left + u32::from(is_right(node, row));
                }
            }
            for place in &at[..roots.len()] {
                score += self.nodes[*place as usize].value();
            }
        }
        score
    }

    /// Whether the row goes to the right child of a node.
    pub(super) fn goes_right(&self, node: &Node, row: &[f64]) -> bool {
        if !node.is_of_category() {
            return node.is_right(row);
        }
        let feature = node.feature();
        let code = row.get(feature).copied().and_then(code);
        let bin = code.and_then(|code| self.codes[feature].get(usize::from(code)).copied()).unwrap_or(MISSING);
        !self.sets[set_place(node.number)].holds(bin)
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

/// One node of a tree that was grown elsewhere, with its own indices.
#[derive(Debug, Clone)]
pub(super) enum Split {
    Leaf { value: f64, cover: f64 },
    Question { feature: usize, ask: Ask, left: usize, right: usize, missing_left: bool },
}

/// What sends a known value left.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    Below(f64),
    OneOf(Set),
}

/// Puts trees one behind the other.
pub(super) struct Builder {
    stored: Stored,
}

impl Builder {
    /// Says which bin each code of a feature has, before the trees that ask for them.
    pub(super) fn categories(&mut self, feature: usize, bins: &[u8]) {
        self.stored.codes.push((place(feature), bins.to_vec()));
    }

    /// Adds the tree below `root`, whose nodes `split` tells. Children get places next to each other, level by level.
    pub(super) fn tree(&mut self, root: usize, split: &dyn Fn(usize) -> Split) {
        let first = self.stored.feature.len();
        self.stored.roots.push(place(first));
        let mut theirs = vec![root];
        let mut at = 0;
        while at < theirs.len() {
            let (feature, number, left, missing_left, cover) = match split(theirs[at]) {
                Split::Leaf { value, cover } => (LEAF, value, 0, false, cover),
                Split::Question { feature, ask, left, right, missing_left } => {
                    let ours = place(first + theirs.len());
                    theirs.extend([left, right]);
                    let (mark, number) = match ask {
                        Ask::Below(threshold) => (0, threshold),
                        Ask::OneOf(set) => {
                            self.stored.sets.push(set);
                            (CATEGORY, f64::from_bits(self.stored.sets.len() as u64 - 1))
                        }
                    };
                    (place(feature) | mark, number, ours, missing_left, 0.0)
                }
            };
            self.stored.feature.push(feature);
            self.stored.number.push(number);
            self.stored.left.push(left);
            self.stored.missing_left.push(missing_left);
            self.stored.cover.push(cover);
            at += 1;
        }
        // Exact explanations need covers that add up exactly, whatever order they were summed in.
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
    /// By the question that asks for them, in the order of the nodes.
    pub(super) sets: Vec<Set>,
    /// The features that hold categories, with the bin of every code.
    pub(super) codes: Vec<(u32, Vec<u8>)>,
}

/// What was written before there were categories.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct StoredV1 {
    n_features: u64,
    base_score: f64,
    roots: Vec<u32>,
    feature: Vec<u32>,
    number: Vec<f64>,
    left: Vec<u32>,
    missing_left: Vec<bool>,
    cover: Vec<f64>,
}

impl From<StoredV1> for Stored {
    fn from(old: StoredV1) -> Self {
        let StoredV1 { n_features, base_score, roots, feature, number, left, missing_left, cover } = old;
        let (sets, codes) = (Vec::new(), Vec::new());
        Self { n_features, base_score, roots, feature, number, left, missing_left, cover, sets, codes }
    }
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
                feature => (feature & !CATEGORY) * 2 + (feature & CATEGORY) + u32::from(stored.missing_left[at]),
            },
            left: if stored.feature[at] == LEAF { place(at) } else { stored.left[at] },
        };
        let n_features = usize::try_from(stored.n_features).map_err(|error| corrupt(error.to_string()))?;
        let mut codes = vec![Vec::new(); if stored.codes.is_empty() { 0 } else { n_features }];
        for (feature, bins) in &stored.codes {
            codes[*feature as usize].clone_from(bins);
        }
        let forest = Self {
            n_features,
            base_score: stored.base_score,
            nodes: (0..stored.feature.len()).map(node).collect(),
            roots: stored.roots,
            cover: stored.cover,
            sets: stored.sets,
            codes,
            depths: Vec::new(),
            bias: 0.0,
        };
        Ok(forest.derive())
    }
}

impl From<Forest> for Stored {
    fn from(forest: Forest) -> Self {
        let nodes = &forest.nodes;
        let mark = |node: &Node| if node.is_of_category() { CATEGORY } else { 0 };
        let feature = |node: &Node| if node.is_leaf() { LEAF } else { place(node.feature()) | mark(node) };
        let codes = (0..).zip(forest.codes).filter(|(_, bins)| !bins.is_empty());
        Self {
            n_features: forest.n_features as u64,
            base_score: forest.base_score,
            feature: nodes.iter().map(feature).collect(),
            number: nodes.iter().map(|node| node.number).collect(),
            left: nodes.iter().map(|node| if node.is_leaf() { 0 } else { node.left }).collect(),
            missing_left: nodes.iter().map(|node| !node.is_leaf() && node.question & 1 == 1).collect(),
            roots: forest.roots,
            cover: forest.cover,
            sets: forest.sets,
            codes: codes.collect(),
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
        let is_wrong = |(feature, bins): &(u32, Vec<u8>)| {
            u64::from(*feature) >= self.n_features || bins.is_empty() || bins.len() > N_CODES_MAX
        };
        if self.codes.iter().any(is_wrong) || !self.codes.is_sorted_by(|a, b| a.0 < b.0) {
            return Err("the codes of its categories are out of place".to_owned());
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

    /// Makes sure that a question is about a feature that there is, and can be answered.
    fn check_question(&self, at: usize) -> Result<(), String> {
        let (feature, number) = (self.feature[at] & !CATEGORY, self.number[at]);
        let is_feature = u64::from(feature) < self.n_features;
        if self.feature[at] & CATEGORY == 0 {
            let is_answered = is_feature && !number.is_nan();
            return if is_answered {
                Ok(())
            } else {
                Err(format!("node {at} asks whether feature {feature} is below {number}"))
            };
        }
        let has_codes = self.codes.binary_search_by_key(&feature, |(feature, _)| *feature).is_ok();
        if is_feature && has_codes && set_place(number) < self.sets.len() {
            return Ok(());
        }
        Err(format!("node {at} asks for categories of feature {feature} that are not there"))
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
            self.check_question(at)?;
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

/// The place of a set that a question about a category names.
fn set_place(number: f64) -> usize {
    usize::try_from(number.to_bits()).unwrap_or(usize::MAX)
}

/// A place as it is stored. More than 2^32 nodes are refused when the forest is checked.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(LEAF - 1)
}
