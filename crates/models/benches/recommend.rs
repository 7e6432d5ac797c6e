//! How long does one ranking of the whole catalogue take? Budget: 200 µs for a history of 60 purchases.
//!
//! The sum: 60 items * 20 neighbours = 1,200 additions of about 10 ns, and a heap of at most 1,200 entries.

use criterion::{Criterion, criterion_group, criterion_main};
use models::recommend::{HistoryItem, Interaction, Interactions, ItemToItem};
use primitives::{ItemKey, Seed};
use rand::RngExt as _;

fn purchases(n_customers: u32, n_items: u32) -> Interactions {
    let mut random = Seed::new(1).stream("bench", 0);
    let mut rows = Vec::new();
    for customer in 0..n_customers {
        for _ in 0..25 {
            // Squaring makes some items popular and most rare, as in a shop.
            let share = random.random::<f64>().powi(2) * f64::from(n_items - 1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n_items")]
            let item = share as u32;
            rows.push(Interaction {
                customer,
                item,
                age_days: f64::from(random.random_range(0..120_u32)),
                quantity: 1.0,
            });
        }
    }
    Interactions {
        rows,
        items: (0..u64::from(n_items)).map(|item| ItemKey(item * 7_919)).collect(),
        ..Interactions::default()
    }
}

fn recommend(criterion: &mut Criterion) {
    let data = purchases(10_000, 5_000);
    #[expect(clippy::expect_used, reason = "a benchmark without its model cannot run")]
    let model = ItemToItem::default().fit(&data, Seed::new(1)).expect("the purchases are valid");
    let history: Vec<HistoryItem> = data.rows[..60]
        .iter()
        .map(|row| HistoryItem { item: data.items[row.item as usize], age_days: row.age_days, quantity: 1.0 })
        .collect();
    criterion.bench_function("recommend/score, 60 purchases, n 10", |bencher| {
        bencher.iter(|| model.score(&history, 10, &|_| true));
    });
    criterion.bench_function("recommend/popular, n 10", |bencher| bencher.iter(|| model.popular(10, &|_| true)));
    let mut slow = criterion.benchmark_group("recommend/fit");
    slow.sample_size(10);
    slow.bench_function("250,000 rows, 5,000 items", |bencher| {
        bencher.iter(|| ItemToItem::default().fit(&data, Seed::new(1)));
    });
}

criterion_group!(benches, recommend);
criterion_main!(benches);
