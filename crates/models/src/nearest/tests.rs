//! Does the index find what looking at all finds?

use super::*;
use proptest::prelude::*;

/// Vectors around some directions, of different lengths.
fn clustered(n: usize, width: usize, salt: u64) -> Matrix {
    let mut random = Seed::new(salt).stream("nearest-test", 0);
    let mut number = || 2.0 * random.random::<f32>() - 1.0;
    let middles: Vec<Vec<f32>> = (0..12).map(|_| (0..width).map(|_| number()).collect()).collect();
    let mut vectors = Matrix::zeros(n, width);
    for row in 0..n {
        let length = 1.0 + 0.5 * number();
        let middle = &middles[row % middles.len()];
        for (value, middle) in vectors.row_mut(row).iter_mut().zip(middle) {
            *value = length * (middle + 0.4 * number());
        }
    }
    vectors
}

fn exact(vectors: &Matrix, query: &[f32], n: usize, allowed: &dyn Fn(u32) -> bool) -> Vec<(u32, f32)> {
    let all = (0_u32..).zip(vectors.rows()).filter(|(place, _)| allowed(*place));
    let mut scored: Vec<(u32, f32)> = all.map(|(place, row)| (place, vectorised(|| dot(query, row)))).collect();
    scored.sort_unstable_by(largest_first);
    scored.truncate(n);
    scored
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn looking_at_all_is_exact(count in 0_usize..300, width in 1_usize..40, n in 0_usize..20, salt: u16, step in 1_u32..4) {
        let vectors = clustered(count, width, u64::from(salt));
        let settings = NearestSettings { search_share: 1.0, n_again: 1_000, ..NearestSettings::default() };
        let index = settings.build(vectors.clone(), Seed::new(1)).unwrap();
        let query = clustered(1, width, u64::from(salt) + 1);
        let allowed = |place: u32| place.is_multiple_of(step);
        prop_assert_eq!(index.search(query.row(0), n, &allowed), exact(&vectors, query.row(0), n, &allowed));
        prop_assert_eq!((index.len(), index.is_empty()), (count, count == 0));
    }
}

#[test]
fn a_part_of_the_vectors_holds_almost_all_of_the_nearest() {
    let vectors = clustered(20_000, 32, 5);
    let index = NearestSettings::default().build(vectors.clone(), Seed::new(1)).unwrap();
    let queries = clustered(50, 32, 5);
    let (mut n_found, mut n_exact) = (0, 0);
    for query in queries.rows() {
        let expected = exact(&vectors, query, 20, &|_| true);
        let found = index.search(query, 20, &|_| true);
        assert!(found.is_sorted_by(|a, b| a.1 >= b.1) && found.len() == 20);
        assert!(
            found
                .iter()
                .all(|(place, score)| vectorised(|| dot(query, vectors.row(*place as usize))).to_bits()
                    == score.to_bits())
        );
        n_found += expected.iter().filter(|hit| found.contains(hit)).count();
        n_exact += expected.len();
    }
    assert!(n_found * 100 >= n_exact * 95, "{n_found} of {n_exact}");
}

#[test]
fn threads_do_not_show() {
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| NearestSettings::default().build(clustered(3_000, 16, 9), Seed::new(1)).unwrap())
    };
    assert!(on(1) == on(3));
}

#[test]
fn what_cannot_be_compared_is_refused_or_finds_nothing() {
    let vectors = Matrix::from_rows(2, &[1.0, 2.0, f32::NAN, 4.0]);
    let error = NearestSettings::default().build(vectors, Seed::new(1)).unwrap_err();
    assert!(error.to_string().contains("an entry of vector 1 is NaN"), "{error}");
    let index = NearestSettings::default().build(Matrix::from_rows(2, &[0.0, 0.0, 3.0, 4.0]), Seed::new(1)).unwrap();
    assert!(index.search(&[f32::NAN, 1.0], 3, &|_| true).is_empty());
    assert!(index.search(&[1.0], 3, &|_| true).is_empty());
    let refused = NearestSettings { search_share: 0.0, ..NearestSettings::default() };
    assert!(matches!(refused.build(Matrix::zeros(1, 1), Seed::new(1)), Err(ModelError::Setting { .. })));
}
