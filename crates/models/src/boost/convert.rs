//! How do the fitting library's columns and trees become ours?

use super::forest::{Forest, Split};
use crate::{Frame, ModelError};
use forust_ml::{GradientBooster, Matrix};

/// The columns that can tell rows apart, column by column, as the fitting library wants them.
pub(super) struct Columns {
    data: Vec<f64>,
    used: Vec<Column>,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    /// Which feature of the frame it is.
    feature: usize,
    /// All known values are the same, so only whether it is known can matter: the library sees 0 for missing, 1 for
    /// known: a question that any library can ask of two values.
    presence_only: bool,
}

impl Columns {
    /// Leaves out every column that is the same (or missing) in all `kept` rows.
    pub(super) fn informative(frame: Frame<'_>, kept: &[usize]) -> Self {
        let mut columns = Self { data: Vec::new(), used: Vec::new() };
        for feature in 0..frame.n_features() {
            let values = || kept.iter().map(|row| frame.row(*row)[feature]);
            let missing = values().any(f64::is_nan);
            let smallest = values().fold(f64::INFINITY, f64::min);
            let largest = values().fold(f64::NEG_INFINITY, f64::max);
            if smallest < largest {
                columns.data.extend(values());
                columns.used.push(Column { feature, presence_only: false });
            } else if missing && smallest <= largest {
                columns.data.extend(values().map(|value| if value.is_nan() { 0.0 } else { 1.0 }));
                columns.used.push(Column { feature, presence_only: true });
            }
        }
        columns
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    pub(super) fn matrix(&self, n_rows: usize) -> Matrix<'_, f64> {
        Matrix::new(&self.data, n_rows, self.used.len())
    }
}

/// A forest that gives everybody the base score.
pub(super) fn no_trees(n_features: usize, base_score: f64) -> Result<Forest, ModelError> {
    Forest::builder(n_features, base_score).build()
}

/// The library's trees in our format.
pub(super) fn forest(booster: &GradientBooster, columns: &Columns, n_features: usize) -> Result<Forest, ModelError> {
    let mut builder = Forest::builder(n_features, booster.base_score);
    for tree in &booster.trees {
        builder.tree(0, &|index| {
            let node = &tree.nodes[index];
            if node.is_leaf {
                return Split::Leaf { value: f64::from(node.weight_value), cover: f64::from(node.hessian_sum) };
            }
            let column = columns.used[node.split_feature];
            Split::Question {
                feature: column.feature,
                // The library asked "known or not"; every known value is above minus infinity.
                threshold: if column.presence_only { f64::NEG_INFINITY } else { node.split_value },
                left: node.left_child,
                right: node.right_child,
                missing_left: if column.presence_only { true } else { node.missing_node == node.left_child },
            }
        });
    }
    builder.build()
}
