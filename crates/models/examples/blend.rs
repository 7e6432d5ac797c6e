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

use anyhow::{Context, Result};
use models::metrics::{ndcg_at_k, recall_at_k};
use models::recommend::{HistoryItem, Interaction, Interactions, Query, Recommender, RecommenderSettings};
use primitives::{ItemKey, Seed};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
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
    let purchases = read(train)?;
    let mut history: BTreeMap<u32, Vec<HistoryItem>> = BTreeMap::new();
    for row in &purchases.rows {
        let bought = HistoryItem { item: purchases.items[row.item as usize], age_days: row.age_days, quantity: 1.0 };
        history.entry(row.customer).or_default().push(bought);
    }
    let mut wanted: BTreeMap<u32, BTreeSet<ItemKey>> = BTreeMap::new();
    for line in lines(test)? {
        let [customer, item] = line[..] else { anyhow::bail!("{test}: a line has not two fields") };
        wanted.entry(place(customer)).or_default().insert(ItemKey(u64::from(place(item))));
    }
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

fn read(path: &str) -> Result<Interactions> {
    let mut items = BTreeMap::new();
    let mut rows = Vec::new();
    for line in lines(path)? {
        let [customer, item, age_days] = line[..] else { anyhow::bail!("{path}: a line has not three fields") };
        let next = u32::try_from(items.len())?;
        let item = *items.entry(place(item)).or_insert(next);
        rows.push(Interaction { customer: place(customer), item, age_days, quantity: 1.0 });
    }
    let mut keys: Vec<(u32, u32)> = items.into_iter().map(|(key, place)| (place, key)).collect();
    keys.sort_unstable();
    let items = keys.into_iter().map(|(_, key)| ItemKey(u64::from(key))).collect();
    Ok(Interactions { rows, items, ..Interactions::default() })
}

fn lines(path: &str) -> Result<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
    let numbers = |line: &str| line.split(',').map(|field| field.trim().parse::<f64>().context("a number")).collect();
    text.lines().skip(1).map(numbers).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the columns hold whole numbers")]
fn place(number: f64) -> u32 {
    number as u32
}
