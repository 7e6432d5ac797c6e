//! How wrong is an output, and which change of it would help most?

use super::matrix::Matrix;
use rayon::prelude::*;

/// Rows of scores that one thread turns into a loss at a time.
const BLOCK_ROWS: usize = 32;

/// Half the squared distance to the target, as the mean over the rows by their weights (1 each where none are given), and its slope.
///
/// ```text
/// loss = Σ w[i] Σ (output[i][j] - target[i][j])² / 2 / Σ w[i]
/// ```
#[must_use]
pub fn squared(output: &Matrix, target: &Matrix, weights: Option<&[f32]>) -> (f64, Matrix) {
    each(output, target, weights, |output, target| {
        let off = output - target;
        (0.5 * off * off, off)
    })
}

/// What a yes (1) or no (0) costs where the output is the log-odds, as the mean over the rows by their weights, and its slope.
///
/// ```text
/// loss = Σ w[i] Σ (ln(1 + e^output[i][j]) - target[i][j] output[i][j]) / Σ w[i]
/// ```
#[must_use]
pub fn logistic(output: &Matrix, target: &Matrix, weights: Option<&[f32]>) -> (f64, Matrix) {
    each(output, target, weights, |output, target| {
        // Of the two forms of ln(1 + e^x) the one that does not overflow.
        let soft = output.max(0.0) + (-output.abs()).exp().ln_1p();
        (soft - target * output, 1.0 / (1.0 + (-output).exp()) - target)
    })
}

fn each(
    output: &Matrix,
    target: &Matrix,
    weights: Option<&[f32]>,
    cost: impl Fn(f32, f32) -> (f32, f32),
) -> (f64, Matrix) {
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let total: f32 = (0..output.n_rows()).map(weight).sum::<f32>().max(f32::MIN_POSITIVE);
    let (mut loss, mut slope) = (0.0, output.clone());
    for row in 0..output.n_rows() {
        let share = weight(row) / total;
        for (value, target) in slope.row_mut(row).iter_mut().zip(target.row(row)) {
            let (cost, rise) = cost(*value, *target);
            loss += f64::from(share * cost);
            *value = share * rise;
        }
    }
    (loss, slope)
}

/// What the columns of scores are: items that were drawn to be told apart.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    /// The item of each column. One may stand in several.
    pub items: &'a [u32],
    /// The logarithm of how often the item of each column is expected among the columns: frequent ones are drawn too often as what
    /// was not chosen, and taking this off puts it right.
    pub log_q: &'a [f32],
    /// The column of what was chosen, by row.
    pub chosen: &'a [u32],
    /// The columns that do not count against what was chosen, by row; none where it is empty.
    pub passed_over: &'a [Vec<u32>],
}

/// Softmax over a sample of all items, corrected for how it was drawn, as the mean over the rows, and its slope.
///
/// ```text
/// s[i][j] = scores[i][j] - log_q[j]          other columns of the chosen item, and what is passed over, count as nothing
/// loss    = mean over i of ln Σ over j of e^s[i][j] - s[i][chosen[i]]
/// ```
/// *Shapes*: one row of `scores` a choice, one column a candidate.
/// *Source*: Bengio and Senécal 2008, section III, doi:10.1109/TNN.2007.912312; for items in batches Yi et al. 2019, equation 6,
/// doi:10.1145/3298689.3346996.
#[must_use]
pub fn sampled_softmax(scores: &Matrix, candidates: Candidates<'_>) -> (f64, Matrix) {
    let (n_rows, n_columns) = (scores.n_rows(), scores.n_columns());
    let mut slope = scores.clone();
    let mut losses = vec![0.0_f64; n_rows];
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most some thousand rows")]
    let share = 1.0 / n_rows.max(1) as f32;
    let blocks = slope.values_mut().par_chunks_mut(BLOCK_ROWS * n_columns.max(1));
    blocks.zip(losses.par_chunks_mut(BLOCK_ROWS)).enumerate().for_each(|(block, (rows, losses))| {
        for (at, (row, loss)) in rows.chunks_exact_mut(n_columns).zip(losses).enumerate() {
            *loss = softmax_row(row, block * BLOCK_ROWS + at, &candidates);
            row.iter_mut().for_each(|value| *value *= share);
        }
    });
    (losses.iter().sum::<f64>() * f64::from(share), slope)
}

/// Turns the scores of a row into their slopes; answers the row's loss.
fn softmax_row(row: &mut [f32], at: usize, candidates: &Candidates<'_>) -> f64 {
    let chosen = candidates.chosen[at] as usize;
    let item = candidates.items[chosen];
    for (column, score) in row.iter_mut().enumerate() {
        let again = column != chosen && candidates.items[column] == item;
        *score = if again { f32::NEG_INFINITY } else { *score - candidates.log_q[column] };
    }
    for column in candidates.passed_over.get(at).into_iter().flatten() {
        if *column as usize != chosen {
            row[*column as usize] = f32::NEG_INFINITY;
        }
    }
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let of_chosen = row[chosen];
    row.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let total: f32 = row.iter().sum();
    row.iter_mut().for_each(|score| *score /= total);
    row[chosen] -= 1.0;
    f64::from(total.ln() + largest - of_chosen)
}
