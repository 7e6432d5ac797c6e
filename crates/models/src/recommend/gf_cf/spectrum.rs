//! Which right singular vectors of a sparse matrix have the largest singular values?

mod eigen;

use crate::linear::{add_scaled, narrow, vectorised};
use crate::neural::Matrix as Dense;
use crate::recommend::matrix::Matrix;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;

/// How many more vectors are followed than wanted: the last of those that are followed are found worst.
const N_MORE: usize = 10;

/// A row for every column of the matrix, with `n` entries, or as many as there are columns.
///
/// ```text
/// Q = orthonormal base of random vectors;  n_rounds times: Q = orthonormal base of R'(R Q);  E = eigenvectors of (RQ)'(RQ);  V = Q E
/// ```
/// *Guarantees*: the same bits on any number of threads; orthonormal to single precision.
pub(super) fn right_vectors(rows: &Matrix, n_columns: usize, n: usize, n_rounds: usize, seed: Seed) -> Dense {
    let columns = rows.transposed(n_columns);
    let mut random = seed.stream("gf-cf", 0);
    let mut base = Dense::zeros(n_columns, (n + N_MORE).min(n_columns));
    base.values_mut().iter_mut().for_each(|value| *value = 2.0 * random.random::<f32>() - 1.0);
    base = orthonormal(&base);
    for _ in 0..n_rounds {
        base = orthonormal(&times(&columns, &times(rows, &base)));
    }
    let image = times(rows, &base);
    let gram = image.transposed_times(&image);
    let (l, n) = (gram.n_rows(), n.min(gram.n_rows()));
    let (values, vectors) = eigen::symmetric(&gram);
    let mut order: Vec<usize> = (0..l).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    let turn: Vec<f32> =
        (0..l).flat_map(|i| order[..n].iter().map(move |j| (i, *j))).map(|(i, j)| narrow(vectors[j][i])).collect();
    base.times(&Dense::from_rows(l, &turn))
}

/// The product of a sparse and a dense matrix; each row is computed by one thread.
fn times(rows: &Matrix, dense: &Dense) -> Dense {
    let mut found = Dense::zeros(rows.n_rows(), dense.n_columns());
    found.values_mut().par_chunks_mut(dense.n_columns().max(1)).enumerate().for_each(|(row, sums)| {
        vectorised(
            #[inline(always)]
            || {
                for (column, value) in rows.row(row) {
                    add_scaled(sums, value, dense.row(column as usize));
                }
            },
        );
    });
    found
}

/// An orthonormal base of the same columns; a column that the others hold already becomes 0.
///
/// Cholesky of the products of all columns, twice: the second time makes good what single precision lost the first time.
fn orthonormal(dense: &Dense) -> Dense {
    let once = dense.times(&upright(&dense.transposed_times(dense)));
    once.times(&upright(&once.transposed_times(&once)))
}

/// `T` with `T' G T = I`: the inverse of the upper factor of `G = U'U`. What is left of a column beside the others and is this much
/// smaller than it was counts as nothing.
fn upright(gram: &Dense) -> Dense {
    const NOTHING: f64 = 1e-6;
    let n = gram.n_rows();
    let mut upper = vec![vec![0.0_f64; n]; n];
    let mut inverse = vec![vec![0.0_f64; n]; n];
    for j in 0..n {
        for i in 0..j {
            let shared: f64 = (0..i).map(|k| upper[k][i] * upper[k][j]).sum();
            upper[i][j] = if upper[i][i] > 0.0 { (f64::from(gram.row(i)[j]) - shared) / upper[i][i] } else { 0.0 };
        }
        let whole = f64::from(gram.row(j)[j]);
        let left = whole - (0..j).map(|k| upper[k][j] * upper[k][j]).sum::<f64>();
        if left > NOTHING * whole {
            upper[j][j] = left.sqrt();
            inverse[j][j] = 1.0 / upper[j][j];
            for i in (0..j).rev() {
                if upper[i][i] > 0.0 {
                    let sum: f64 = (i + 1..=j).map(|k| upper[i][k] * inverse[k][j]).sum();
                    inverse[i][j] = -sum / upper[i][i];
                }
            }
        }
    }
    Dense::from_rows(n, &inverse.concat().into_iter().map(narrow).collect::<Vec<f32>>())
}
