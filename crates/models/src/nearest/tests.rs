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
        let settings = NearestSettings { share_min: 1.0, n_again: 1_000, ..NearestSettings::default() };
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
    let refused = NearestSettings { share_max: 0.0, ..NearestSettings::default() };
    assert!(matches!(refused.build(Matrix::zeros(1, 1), Seed::new(1)), Err(ModelError::Setting { .. })));
}

/// Vectors that lie nowhere together.
fn scattered(n: usize, width: usize) -> Matrix {
    let mut random = Seed::new(3).stream("nearest-scattered", 0);
    let mut vectors = Matrix::zeros(n, width);
    vectors.values_mut().iter_mut().for_each(|value| *value = 2.0 * random.random::<f32>() - 1.0);
    vectors
}

#[test]
fn as_large_a_share_is_searched_as_the_vectors_need() {
    let built = |vectors: Matrix, recall| {
        NearestSettings { recall, share_max: 0.6, ..NearestSettings::default() }.build(vectors, Seed::new(1)).unwrap()
    };
    let together = built(clustered(5_000, 16, 5), 0.98);
    let less = built(scattered(5_000, 16), 0.7);
    let more = built(scattered(5_000, 16), 0.9);
    assert!(together.share < less.share && less.share < more.share, "{} {} {}", together.share, less.share, more.share);
    assert!(more.share < 0.6);
    let bounded = |share_min, share_max| {
        let settings = NearestSettings { recall: 1.0, share_min, share_max, ..NearestSettings::default() };
        settings.build(scattered(5_000, 16), Seed::new(1)).unwrap().share.to_bits()
    };
    assert_eq!(bounded(0.02, 0.1), 0.1_f64.to_bits());
    assert_eq!(bounded(0.99, 1.0), 0.99_f64.to_bits());
    assert_eq!(bounded(0.5, 0.1), 0.5_f64.to_bits(), "the least holds");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    /// What comes before a place's list decides whether the place is looked at.
    #[test]
    fn what_comes_before_a_list_tells_who_is_looked_at(n in 1_usize..600, share in 0.01_f64..1.0, salt: u16) {
        let vectors = clustered(n, 6, u64::from(salt));
        let settings = NearestSettings { share_min: share, share_max: share, ..NearestSettings::default() };
        let index = settings.build(vectors, Seed::new(1)).unwrap();
        let query = clustered(1, 6, u64::from(salt) + 7);
        let before = index.lists.n_before(query.row(0));
        let found: Vec<u32> = index.search(query.row(0), n, &|_| true).into_iter().map(|(place, _)| place).collect();
        for (place, n_before) in (0_u32..).zip(before) {
            prop_assert_eq!(found.contains(&place), (n_before as f64) < (share * n as f64).ceil());
        }
    }

    /// Every place is in one list, and no list holds a longer vector than a list before it in the same direction.
    #[test]
    fn directions_are_cut_by_length(nearest in proptest::collection::vec(0_u32..5, 0..200)) {
        let vectors = clustered(nearest.len(), 3, 1);
        let (start, places) = lists::cut(&vectors, &nearest, 5);
        let mut sorted = places.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..u32::try_from(nearest.len()).unwrap()).collect::<Vec<u32>>());
        prop_assert!(start.is_sorted_by(|a, b| a < b) && start.last() == Some(&places.len()));
        for direction in 0..5 {
            let of: Vec<&u32> = places.iter().filter(|place| nearest[**place as usize] == direction).collect();
            let length = |place: &u32| dot(vectors.row(*place as usize), vectors.row(*place as usize));
            prop_assert!(of.is_sorted_by(|a, b| length(a) >= length(b)));
            let n_lists = start.windows(2).filter(|list| nearest[places[list[0]] as usize] == direction).count();
            prop_assert!(n_lists <= 8 && (n_lists > 3 || of.len() < 10), "{n_lists} of {}", of.len());
        }
    }
}
