//! How good is the whole recommender, on any purchases? `blend TRAIN TEST [SETTINGS]`
//!
//! `TRAIN` is a CSV file with the columns `customer,item,age` (whole numbers and days), `TEST` one with `customer,item`.
//! `SETTINGS` are those of the recommender as JSON. Prints how its order was chosen, NDCG@10 and recall@10 over the customers
//! of `TEST`, the same of what they had not had, and what an answer costs.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example measures and talks to whoever runs it"
)]

mod purchases;

use anyhow::{Context, Result};
use models::metrics::{ndcg_at_k, recall_at_k};
use models::recommend::{HistoryItem, Query, Recommender, RecommenderSettings};
use primitives::{ItemKey, Seed};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::time::Instant;

const N: usize = 10;

type Case = (Vec<HistoryItem>, BTreeSet<ItemKey>);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, rest @ ..] = arguments.as_slice() else { anyhow::bail!("blend TRAIN TEST [SETTINGS]") };
    let settings = match rest.first() {
        Some(text) => serde_json::from_str(text).context("the settings")?,
        None => RecommenderSettings::default(),
    };
    let purchases = purchases::read(train)?;
    let mut history = purchases::histories(&purchases);
    let wanted = purchases::wanted(test)?;
    let cases: Vec<Case> =
        wanted.into_iter().map(|(customer, wanted)| (history.remove(&customer).unwrap_or_default(), wanted)).collect();
    let before = Instant::now();
    let model = settings.fit(&purchases, Seed::new(1))?;
    println!("fitted in {:.1} s, {:.1} MB", before.elapsed().as_secs_f64(), model.to_bytes()?.len() as f64 / 1e6);
    println!("{:#?}", model.trial());
    judge("all", &model, &cases, false);
    judge("what is new", &model, &cases, true);
    Ok(())
}

fn judge(name: &str, model: &Recommender, cases: &[Case], new_only: bool) {
    let before = Instant::now();
    let told: Vec<(f64, f64)> = cases.par_iter().filter_map(|case| ask(model, case, new_only)).collect();
    let each = before.elapsed().as_secs_f64() * 1e6 / told.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| told.iter().map(of).sum::<f64>() / told.len() as f64;
    println!("{name}: ndcg {:.4} recall {:.4} of {}, {each:.0} us", mean(|it| it.0), mean(|it| it.1), told.len());
}

fn ask(model: &Recommender, (history, wanted): &Case, new_only: bool) -> Option<(f64, f64)> {
    let had: BTreeSet<ItemKey> = history.iter().filter(|_| new_only).map(|bought| bought.item).collect();
    let wanted: BTreeSet<ItemKey> = wanted.difference(&had).copied().collect();
    let list = model.rank(&Query::of(history), N, &|item| !had.contains(&item));
    let list: Vec<ItemKey> = list.into_iter().map(|scored| scored.item).collect();
    Some((ndcg_at_k(&list, &wanted, N)?, recall_at_k(&list, &wanted, N)?))
}
