//! Are these labels and weights something a model can learn from?

use crate::ModelError;

/// Labels, each with the weight of its row, checked.
#[derive(Debug, Clone)]
pub(crate) struct Labelled {
    /// The label, true for 1.
    pub(crate) positive: Vec<bool>,
    /// The weight of the row; 1 where none was given.
    pub(crate) weight: Vec<f64>,
    /// The sum of the weights of label 1.
    pub(crate) weight_positive: f64,
    /// The sum of all weights.
    pub(crate) weight_total: f64,
}

/// Checks labels (0 or 1) and weights (finite, not negative) for `n_rows` rows, of which there must be one.
pub(crate) fn check(
    operation: &'static str,
    n_rows: usize,
    labels: &[f64],
    weights: Option<&[f64]>,
) -> Result<Labelled, ModelError> {
    check_length(operation, "labels", n_rows, labels.len())?;
    if let Some(weights) = weights {
        check_length(operation, "weights", n_rows, weights.len())?;
    }
    let mut found = Labelled {
        positive: Vec::with_capacity(n_rows),
        weight: Vec::with_capacity(n_rows),
        weight_positive: 0.0,
        weight_total: 0.0,
    };
    for (row, &label) in labels.iter().enumerate() {
        let positive = label.total_cmp(&1.0).is_eq();
        if !positive && label.abs().total_cmp(&0.0).is_ne() {
            return Err(ModelError::Value {
                operation,
                what: "the label of row",
                row,
                value: label,
                allowed: "0 or 1",
            });
        }
        let weight = weights.map_or(1.0, |weights| weights[row]);
        if !(weight.is_finite() && weight >= 0.0) {
            let allowed = "finite and not negative";
            return Err(ModelError::Value { operation, what: "the weight of row", row, value: weight, allowed });
        }
        found.positive.push(positive);
        found.weight.push(weight);
        found.weight_total += weight;
        if positive {
            found.weight_positive += weight;
        }
    }
    let n_counted = found.weight.iter().filter(|weight| **weight > 0.0).count();
    if n_counted == 0 {
        return Err(ModelError::TooFewRows { operation, n_rows: n_counted, n_rows_min: 1 });
    }
    Ok(found)
}

/// [`check`], and both labels must be there.
pub(crate) fn check_both(
    operation: &'static str,
    n_rows: usize,
    labels: &[f64],
    weights: Option<&[f64]>,
) -> Result<Labelled, ModelError> {
    let found = check(operation, n_rows, labels, weights)?;
    let counted = |wanted: bool| found.positive.iter().zip(&found.weight).any(|(is, w)| *is == wanted && *w > 0.0);
    match (counted(true), counted(false)) {
        (true, true) => Ok(found),
        (only_positive, _) => {
            Err(ModelError::OneClass { operation, n_rows, label: if only_positive { 1.0 } else { 0.0 } })
        }
    }
}

/// The largest number that is learned from: sums of squares of many of them keep their precision.
const NUMBER_MAX: f64 = 1e12;

/// Whether a number is one that can be learned from.
pub(crate) fn is_number(number: f64) -> bool {
    number.abs() <= NUMBER_MAX
}

/// Checks numbers (up to 1e12 either way) and weights (finite, not negative) for `n_rows` rows, of which one must count; answers the
/// weights, 1 where none were given.
pub(crate) fn check_numbers(
    operation: &'static str,
    n_rows: usize,
    numbers: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<f64>, ModelError> {
    check_length(operation, "numbers", n_rows, numbers.len())?;
    check_each(operation, "the number of row", numbers, "from -1e12 to 1e12", is_number)?;
    check_weights(operation, n_rows, weights)
}

/// Checks weights (finite, not negative) of `n_rows` rows, of which one must count; answers them, 1 where none were given.
pub(crate) fn check_weights(
    operation: &'static str,
    n_rows: usize,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>, ModelError> {
    let weights = weights.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec);
    check_length(operation, "weights", n_rows, weights.len())?;
    let is_weight = |weight: f64| weight.is_finite() && weight >= 0.0;
    check_each(operation, "the weight of row", &weights, "finite and not negative", is_weight)?;
    if weights.iter().all(|weight| *weight <= 0.0) {
        return Err(ModelError::TooFewRows { operation, n_rows: 0, n_rows_min: 1 });
    }
    Ok(weights)
}

pub(crate) fn check_length(
    operation: &'static str,
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), ModelError> {
    if expected == found { Ok(()) } else { Err(ModelError::Shape { operation, what, expected, found }) }
}

/// Checks that every number is finite.
pub(crate) fn check_finite(operation: &'static str, what: &'static str, values: &[f64]) -> Result<(), ModelError> {
    check_each(operation, what, values, "finite", f64::is_finite)
}

/// Checks that every number is one of those that are `allowed`, as that says in words.
pub(crate) fn check_each(
    operation: &'static str,
    what: &'static str,
    values: &[f64],
    allowed: &'static str,
    is_allowed: impl Fn(f64) -> bool,
) -> Result<(), ModelError> {
    match values.iter().position(|value| !is_allowed(*value)) {
        None => Ok(()),
        Some(row) => Err(ModelError::Value { operation, what, row, value: values[row], allowed }),
    }
}
