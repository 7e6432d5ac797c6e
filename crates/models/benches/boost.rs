//! How long does a boosted score take, and how long its explanation? Budgets: 5 µs and 200 µs for 300 trees,
//! and 200 µs for 100 rows and 100 trees, as a list of candidates is ordered.
//!
//! The sum: 300 trees * 6 levels * about 2 ns = 3.6 µs; 300 trees * 61 nodes * about 10 ns = 180 µs.

use criterion::{Criterion, criterion_group, criterion_main};
use models::Frame;
use models::boost::{BoostModel, BoostSettings};
use primitives::Seed;
use rand::RngExt as _;

const N_FEATURES: usize = 30;

fn fitted(n_rows: usize, n_trees: usize) -> Result<(BoostModel, Vec<f64>), models::ModelError> {
    let mut random = Seed::new(1).stream("bench", 0);
    let data: Vec<f64> = (0..n_rows * N_FEATURES).map(|_| random.random::<f64>()).collect();
    let labels: Vec<f64> = data
        .chunks_exact(N_FEATURES)
        .map(|row| if row.iter().sum::<f64>() + 3.0 * random.random::<f64>() > 16.5 { 1.0 } else { 0.0 })
        .collect();
    let settings = BoostSettings { n_trees, max_depth: 6, max_leaves: 31, ..BoostSettings::default() };
    let model = settings.fit(Frame::new(&data, n_rows, N_FEATURES)?, &labels, None, Seed::new(1))?;
    Ok((model, data))
}

fn boost(criterion: &mut Criterion) {
    #[expect(clippy::expect_used, reason = "a benchmark without its model cannot run")]
    let (model, data) = fitted(10_000, 300).expect("the rows are valid");
    let rows: Vec<&[f64]> = data.chunks_exact(N_FEATURES).collect();
    let mut next = 0;
    let mut row = || {
        next = (next + 1) % rows.len();
        rows[next]
    };
    criterion.bench_function("boost/score, 300 trees", |bencher| bencher.iter(|| model.score(row())));
    #[expect(clippy::expect_used, reason = "a benchmark without its model cannot run")]
    let (smaller, data) = fitted(10_000, 100).expect("the rows are valid");
    let mut from = 0;
    criterion.bench_function("boost/score, 100 trees, 100 rows", |bencher| {
        bencher.iter(|| {
            from = (from + 100) % 9_000;
            Frame::new(&data[from * N_FEATURES..][..100 * N_FEATURES], 100, N_FEATURES)
                .and_then(|rows| smaller.score_all(rows))
        });
    });
    criterion.bench_function("boost/contributions, 300 trees", |bencher| bencher.iter(|| model.contributions(row())));
}

criterion_group!(benches, boost);
criterion_main!(benches);
