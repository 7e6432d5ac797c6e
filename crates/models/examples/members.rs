//! How good is each member alone, on any purchases? `members TRAIN TEST [--new] [--cold] [--traits=FILE] SETTINGS…`
//!
//! `TRAIN` is a CSV file with the columns `customer,item,age` (whole numbers and days), `TEST` one with `customer,item`.
//! `SETTINGS` are members as JSON: `{"Ease":{"penalty":100}}`; without any, every member as it is by default. With `--new` what
//! a customer had is left out of lists and of what is wanted, with `--cold` whatever anybody had in `TRAIN`. `FILE` says what items
//! are, with the columns `item,kind,value`: kind 0 is a word, 1 a group, both by number, 2 the price. Prints NDCG@10 and recall@10 over the customers of `TEST`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example measures and talks to whoever runs it"
)]

mod purchases;

use anyhow::{Context, Result};
use models::recommend::{Alone, HistoryItem, Interactions, ItemTraits, MemberSettings, Query};
use primitives::{ItemKey, Seed};
use purchases::{lines, place};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::time::Instant;

const N: usize = 10;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let new_only = arguments.iter().any(|argument| argument == "--new");
    let mut plain = arguments.iter().filter(|argument| !argument.starts_with("--"));
    let (train, test) = (plain.next().context("TRAIN is missing")?, plain.next().context("TEST is missing")?);
    let mut settings: Vec<MemberSettings> =
        plain.map(|text| serde_json::from_str(text).with_context(|| text.clone())).collect::<Result<_>>()?;
    if settings.is_empty() {
        settings = MemberSettings::all();
    }
    let mut purchases = purchases::read(train)?;
    if let Some(path) = arguments.iter().find_map(|argument| argument.strip_prefix("--traits=")) {
        read_traits(path, &mut purchases)?;
    }
    let sold: BTreeSet<u32> = purchases.rows.iter().map(|row| row.item).collect();
    let cold = arguments.iter().any(|argument| argument == "--cold");
    let is_asked = |item: ItemKey| !(cold && u32::try_from(item.0).is_ok_and(|item| sold.contains(&item)));
    let history = purchases::histories(&purchases);
    let wanted = purchases::wanted(test)?;
    for settings in settings {
        let before = Instant::now();
        let model = Alone::fit(&settings, &purchases, Seed::new(1))?;
        let fit = before.elapsed();
        let before = Instant::now();
        let told: Vec<(f64, f64)> = wanted
            .par_iter()
            .filter_map(|(customer, wanted)| ask(&model, history.get(customer), wanted, &is_asked, new_only))
            .collect();
        let each = before.elapsed().as_secs_f64() * 1e6 / told.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| told.iter().map(of).sum::<f64>() / told.len() as f64;
        println!(
            "{:14} ndcg {:.4} recall {:.4} of {} fit {:.2} s, {:.1} MB, {each:.0} us/question  {}",
            settings.name(),
            mean(|told| told.0),
            mean(|told| told.1),
            told.len(),
            fit.as_secs_f64(),
            model.to_bytes()?.len() as f64 / 1e6,
            serde_json::to_string(&settings)?
        );
    }
    Ok(())
}

/// NDCG and recall of one list; `None` where nothing is wanted.
fn ask(
    model: &Alone,
    history: Option<&Vec<HistoryItem>>,
    wanted: &BTreeSet<ItemKey>,
    is_asked: &dyn Fn(ItemKey) -> bool,
    new_only: bool,
) -> Option<(f64, f64)> {
    let history = history.map_or(&[][..], Vec::as_slice);
    let had: BTreeSet<ItemKey> =
        if new_only { history.iter().map(|bought| bought.item).collect() } else { BTreeSet::new() };
    let allowed = |item: ItemKey| !had.contains(&item) && is_asked(item);
    let n_wanted = wanted.iter().filter(|item| allowed(**item)).count();
    if n_wanted == 0 {
        return None;
    }
    let gain = |at: usize| 1.0 / (at as f64 + 2.0).log2();
    let list = model.rank(&Query::of(history), N, &allowed);
    let hits: Vec<usize> = (0..list.len()).filter(|at| wanted.contains(&list[*at].0)).collect();
    let ideal: f64 = (0..n_wanted.min(N)).map(gain).sum();
    Some((hits.iter().map(|at| gain(*at)).sum::<f64>() / ideal, hits.len() as f64 / n_wanted as f64))
}

/// What items are. It may name items beyond those that were bought.
fn read_traits(path: &str, purchases: &mut Interactions) -> Result<()> {
    for line in lines(path)? {
        let [item, kind, value] = line[..] else { anyhow::bail!("{path}: a line has not three fields") };
        let item = place(item) as usize;
        while purchases.items.len() <= item {
            purchases.items.push(ItemKey(purchases.items.len() as u64));
        }
        purchases.traits.resize(purchases.items.len().max(purchases.traits.len()), ItemTraits::default());
        let traits = &mut purchases.traits[item];
        match place(kind) {
            0 => traits.words.push(u64::from(place(value))),
            1 => traits.groups.push(u64::from(place(value))),
            _ => traits.price = Some(value),
        }
    }
    Ok(())
}
