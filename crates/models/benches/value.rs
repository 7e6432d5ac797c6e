//! How long do a million customers take to learn from, and one customer to be asked about? Budgets: 10 s and 2 ms.
//!
//! The sum: some 50 passes over a million customers with two logarithms each of about 10 ns. A question with an interval
//! needs some 20 sums over the likely numbers of purchases, of one incomplete beta function of about 0.5 µs each.

use criterion::{Criterion, criterion_group, criterion_main};
use models::value::{Horizon, Purchases, ValueSettings};
use primitives::{Probability, Seed};
use rand::{Rng, RngExt as _};

/// Customers who buy at rates and leave with chances of their own, in days or in moments, with their mean amounts.
fn customers(n: u32, whole_days: bool) -> (Vec<Purchases>, Vec<f64>) {
    let mut random = Seed::new(1).stream("bench", 0);
    let one = |_| {
        let (rate, leaves) = (-0.02 * uniform(&mut random).ln(), uniform(&mut random).powi(2));
        let age =
            30.0 + f64::from(random.random_range(0..700_u32)) + if whole_days { 0.0 } else { uniform(&mut random) };
        let (mut frequency, mut recency, mut time) = (0, 0.0, 0.0);
        loop {
            time -= uniform(&mut random).ln() / rate;
            let at = if whole_days { time.ceil() } else { time };
            if at > age {
                break;
            }
            if at > recency {
                (frequency, recency) = (frequency + 1, at);
            }
            if random.random::<f64>() < leaves {
                break;
            }
        }
        (Purchases { frequency, recency, age }, 5.0 - 40.0 * uniform(&mut random).ln())
    };
    (0..n).map(one).unzip()
}

/// Above 0, up to 1.
fn uniform(random: &mut impl Rng) -> f64 {
    1.0 - random.random::<f64>()
}

#[expect(clippy::expect_used, reason = "a benchmark without its model cannot run")]
fn value(criterion: &mut Criterion) {
    let level = Probability::new(0.8).expect("a probability");
    let (purchases, spend) = customers(1_000_000, true);
    let model = ValueSettings::default().fit(&purchases, &spend).expect("the customers are valid");
    let often = Purchases { frequency: 12, recency: 340.0, age: 365.0 };
    let year = Horizon { length: 365.0, discount: 0.0003 };
    criterion.bench_function("value/mean, a year", |bencher| bencher.iter(|| model.mean(&often, 30.0, 365.0)));
    criterion.bench_function("value/expected with interval, a year", |bencher| {
        bencher.iter(|| model.expected(&often, 30.0, 365.0, level));
    });
    criterion.bench_function("value/expected with interval, a discounted year", |bencher| {
        bencher.iter(|| model.expected(&often, 30.0, year, level));
    });
    let mut slow = criterion.benchmark_group("value/fit");
    slow.sample_size(10);
    slow.bench_function("1,000,000 customers in days", |bencher| {
        bencher.iter(|| ValueSettings::default().fit(&purchases, &spend));
    });
    let (purchases, spend) = customers(1_000_000, false);
    slow.bench_function("1,000,000 customers in moments", |bencher| {
        bencher.iter(|| ValueSettings::default().fit(&purchases, &spend));
    });
}

criterion_group!(benches, value);
criterion_main!(benches);
