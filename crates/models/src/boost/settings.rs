//! How are the boosted trees grown? What can be set.

use crate::settings::settings;

settings! {
    /// Gradient-boosted trees: each makes the loss of those before it smaller.
    ///
    /// ```text
    /// F_m(x) = F_{m-1}(x) + learning_rate * tree_m(x)          m = 1..n_trees
    /// leaf   = - G / (H + l2)             G, H = sums of the weighted derivatives of the loss by the score F_{m-1}
    /// gain   = G_l^2 / (H_l + l2) + G_r^2 / (H_r + l2) - G^2 / (H + l2)
    /// yes/no : F_0 = ln(sum of w over y = 1 / sum of w over y = 0),  p = 1 / (1 + exp(-F_{m-1}))
    ///          G   = sum of w (p - y),  H = sum of w p (1 - p)
    /// number : F_0 = sum of w y / sum of w,  G = sum of w (F_{m-1} - y),  H = sum of w
    /// ```
    /// A tree is split where most is gained, as long as that is more than `min_gain`. Missing values (NaN) go to the side
    /// on which they gain most, and with most of the rest where none was missing. The derivatives of other losses stand
    /// with their [`super::Objective`].
    /// *Guarantees*: equal to the bit for equal data, on any number of threads: sums are of whole numbers. A column without
    /// information changes nothing. A row of weight 0 is not there. *Cost*: for each tree one addition for every row and
    /// column, and about as many again for all levels below the root: a histogram is counted for the smaller child
    /// alone. *Source*: Friedman 2001, doi:10.1214/aos/1013203451; Chen and Guestrin 2016, equations 5 to 7,
    /// doi:10.1145/2939672.2939785; Ke et al. 2017, "LightGBM", NeurIPS 30 (leaf by leaf, subtraction).
    BoostSettings {
        /// How many trees are grown.
        n_trees: usize = 200 in 1..=5_000, larger: "fits closer and costs time, when scoring too";
        /// How much of each tree is used.
        learning_rate: f64 = 0.05 in 0.001..=1.0, larger: "needs fewer trees and fits more coarsely";
        /// How many leaves a tree may have.
        max_leaves: usize = 31 in 2..=4_096, larger: "lets more features act together and overfits earlier";
        /// How many questions lead to a leaf at most.
        max_depth: usize = 6 in 1..=32, larger: "lets more features act together and costs time";
        /// What is added to the divisor of every leaf.
        l2: f64 = 1.0 in 0.0..=10_000.0, larger: "makes leaves with little evidence more cautious";
        /// The least `H` in a leaf: for a yes or no about four rows at even odds for 1, for a number one row for 1.
        min_leaf_weight: f64 = 5.0 in 0.0..=1_000_000.0, larger: "keeps small groups together";
        /// The least number of rows in a leaf. More than 1 costs a second histogram.
        min_leaf_rows: usize = 1 in 1..=1_000_000, larger: "keeps small groups together";
        /// The least gain for which a node is split.
        min_gain: f64 = 0.0 in 0.0..=10_000.0, larger: "stops earlier";
        /// Into how many intervals a feature is cut, where a fit cuts them itself.
        n_bins: usize = 255 in 2..=255, larger: "finds finer thresholds";
        /// Which share of the rows each tree is grown from; of whole groups, where there are any.
        row_share: f64 = 1.0 in 0.01..=1.0, larger: "makes trees more alike";
        /// Which share of the columns each tree may ask.
        column_share: f64 = 1.0 in 0.01..=1.0, larger: "makes trees more alike";
        /// What is added to `H` of every category, and once more to `l2` where categories are told apart.
        category_smoothing: f64 = 10.0 in 0.0..=10_000.0, larger: "needs more rows of a category to set it apart";
        /// After how many trees without a better loss on the validation rows to stop, and keep the trees up to the best;
        /// 0 never stops.
        patience: usize = 0 in 0..=5_000, larger: "waits longer for a better one";
    }
}

/// How a score may depend on a feature, all others being equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Monotone {
    /// In any way.
    #[default]
    Free,
    /// It never falls where the feature rises.
    Rising,
    /// It never rises where the feature rises.
    Falling,
}
