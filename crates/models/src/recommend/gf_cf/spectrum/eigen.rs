//! Which are the eigenvalues and eigenvectors of a small symmetric matrix?

use crate::neural::Matrix as Dense;

/// All turns of a sweep; a handful is enough for the precision of the numbers.
const N_SWEEPS_MAX: usize = 30;
/// What is left beside the diagonal, beside the whole, when it counts as nothing.
const NOTHING: f64 = 1e-24;

/// Eigenvalues, and for each a row with its eigenvector of length 1, in no order.
///
/// *Source*: the cyclic Jacobi method, Golub and Van Loan 2013, algorithm 8.5.3, ISBN 978-1421407944.
pub(super) fn symmetric(matrix: &Dense) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = matrix.n_rows();
    let mut a: Vec<Vec<f64>> = matrix.rows().map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let whole: f64 = a.iter().flatten().map(|value| value * value).sum();
    for _ in 0..N_SWEEPS_MAX {
        let beside: f64 = (0..n).map(|i| (0..i).map(|j| a[i][j] * a[i][j]).sum::<f64>()).sum();
        if beside <= NOTHING * whole {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                turn(&mut a, &mut vectors, p, q);
            }
        }
    }
    ((0..n).map(|i| a[i][i]).collect(), vectors)
}

/// Turns the plane of `p` and `q` so that `a[p][q]` is 0.
fn turn(a: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let slope = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let tangent = slope.signum() / (slope.abs() + (slope * slope + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let mix = |x: &mut f64, y: &mut f64| (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    for row in a.iter_mut() {
        let (left, right) = row.split_at_mut(q);
        mix(&mut left[p], &mut right[0]);
    }
    for rows in [a, vectors] {
        let (upper, lower) = rows.split_at_mut(q);
        upper[p].iter_mut().zip(lower[0].iter_mut()).for_each(|(x, y)| mix(x, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eigenvectors_are_stretched_by_their_eigenvalues(n in 1_usize..=8, values in prop::collection::vec(-8_i8..8, 64)) {
            let entry = |i: usize, j: usize| f32::from(values[i.min(j) * 8 + i.max(j)]);
            let flat: Vec<f32> = (0..n * n).map(|at| entry(at / n, at % n)).collect();
            let matrix = Dense::from_rows(n, &flat);
            let (eigenvalues, vectors) = symmetric(&matrix);
            for (eigenvalue, vector) in eigenvalues.iter().zip(&vectors) {
                let length: f64 = vector.iter().map(|x| x * x).sum();
                prop_assert!((length - 1.0).abs() < 1e-9);
                for (row, x) in matrix.rows().zip(vector) {
                    let image: f64 = row.iter().zip(vector).map(|(a, x)| f64::from(*a) * x).sum();
                    prop_assert!((image - eigenvalue * x).abs() < 1e-8, "{image} {eigenvalue} {x}");
                }
            }
            for (i, a) in vectors.iter().enumerate() {
                for b in &vectors[..i] {
                    prop_assert!(a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>().abs() < 1e-9);
                }
            }
        }
    }
}
