//! What would have come? The same lives, played on with other coins.
//!
//! Nobody has to guess what a model should have foretold: a life is played on many times, and the mean over the futures is the
//! truth, up to an error that shrinks with their number. The oracle knows the person, not the coin.

use crate::calendar::Today;
use crate::company::{Company, Lives};
use crate::host::Listener;
use crate::life::Life;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is in store for one person over some days, as a mean over futures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Foreseen {
    /// Orders.
    pub n_orders: f64,
    /// The share of futures without an order.
    pub without_order: f64,
    /// What is spent, in major units of the company's currency.
    pub revenue: f64,
    /// The standard error of `revenue`.
    pub revenue_error: f64,
    /// The share of futures in which each thing is bought.
    pub things: BTreeMap<String, f64>,
}

#[derive(Debug, Default)]
struct Future {
    n_orders: u32,
    revenue: f64,
    things: std::collections::BTreeSet<String>,
}

impl Company {
    /// Lives through the whole history, telling nobody.
    pub fn live_history(&mut self) -> Lives {
        let mut lives = self.lives();
        for day in self.settings().first_day()..self.settings().end_day {
            self.live(&mut lives, day);
        }
        lives
    }

    /// What is in store for these people over `n_days` from `day` on, over `n_futures` futures.
    #[must_use]
    pub fn foresee(&self, lives: &Lives, people: &[u32], day: i64, n_days: u32, n_futures: u32) -> Vec<Foreseen> {
        let days: Vec<Today> = (day..day + i64::from(n_days)).map(|day| self.calendar().today(day)).collect();
        let one = |no: &u32| {
            let futures: Vec<Future> =
                (0..n_futures).map(|n| self.play_on(&lives.0[*no as usize], *no, &days, n)).collect();
            summed(&futures)
        };
        people.par_iter().map(one).collect()
    }

    fn play_on(&self, life: &Life, no: u32, days: &[Today], n: u32) -> Future {
        let (person, mut life) = (&self.people()[no as usize], life.clone());
        let coin = format!("future {n}");
        let (mut future, mut listener) = (Future::default(), Listener::default());
        for today in days {
            self.live_one(today, person, &mut life, &coin, &mut listener);
        }
        for message in listener.heard {
            if message.json.contains("\"event\":\"Order Completed\"") {
                future.add(&message.payload()["properties"]);
            }
        }
        future
    }
}

impl Future {
    fn add(&mut self, properties: &Value) {
        self.n_orders += 1;
        self.revenue += properties["revenue"].as_f64().unwrap_or(0.0);
        let products = properties["products"].as_array().into_iter().flatten();
        self.things.extend(products.filter_map(|product| product["product_id"].as_str().map(str::to_owned)));
    }
}

fn summed(futures: &[Future]) -> Foreseen {
    #[expect(clippy::cast_precision_loss, reason = "futures are counted far below 2^53")]
    let n = futures.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Future) -> f64| futures.iter().map(of).sum::<f64>() / n;
    let revenue = mean(&|future| future.revenue);
    let spread = mean(&|future| (future.revenue - revenue).powi(2));
    let mut things: BTreeMap<String, f64> = BTreeMap::new();
    for thing in futures.iter().flat_map(|future| &future.things) {
        *things.entry(thing.clone()).or_default() += 1.0 / n;
    }
    Foreseen {
        n_orders: mean(&|future| f64::from(future.n_orders)),
        without_order: mean(&|future| if future.n_orders == 0 { 1.0 } else { 0.0 }),
        revenue,
        revenue_error: (spread / n).sqrt(),
        things,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::Seed;

    /// What is foreseen for many comes true on average.
    #[test]
    fn what_is_foreseen_comes_true() {
        let settings = Settings::new(Seed::new(11), 600, 90).unwrap();
        let mut company = Company::new(settings);
        let mut lives = company.live_history();
        let people: Vec<u32> = (0..600).collect();
        let foreseen = company.foresee(&lives, &people, settings.end_day, 28, 24);
        let before: Vec<u32> = lives.0.iter().map(|life| life.n_orders).collect();
        for day in settings.end_day..settings.end_day + 28 {
            company.live(&mut lives, day);
        }
        let came: Vec<u32> = lives.0.iter().zip(before).map(|(life, before)| life.n_orders - before).collect();
        let expected: f64 = foreseen.iter().map(|one| one.n_orders).sum();
        let real = f64::from(came.iter().sum::<u32>());
        assert!((expected - real).abs() < 0.08 * real, "{expected} foreseen, {real} came");
        let none: f64 = foreseen.iter().map(|one| one.without_order).sum();
        let n_none = f64::from(u32::try_from(came.iter().filter(|n| **n == 0).count()).unwrap());
        assert!((none - n_none).abs() < 30.0, "{none} foreseen without, {n_none} came without");
        // And who was foreseen to buy did so more often than who was not.
        let share = |is_likely: bool| {
            let of: Vec<&u32> = came
                .iter()
                .zip(&foreseen)
                .filter(|(_, one)| (one.without_order < 0.5) == is_likely)
                .map(|(n, _)| n)
                .collect();
            of.iter().filter(|n| ***n > 0).count() * 100 / of.len().max(1)
        };
        assert!(share(true) > share(false) + 40, "{} {}", share(true), share(false));
    }
}
