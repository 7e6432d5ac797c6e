//! How do the examples read purchases? CSV files of numbers, with a line of headings.

use anyhow::{Context, Result};
use models::recommend::{HistoryItem, Interaction, Interactions};
use primitives::ItemKey;
use std::collections::{BTreeMap, BTreeSet};

/// What is learned from: a file with the columns `customer,item,age`. The catalogue goes from 0 to the largest number of an item.
pub(crate) fn read(path: &str) -> Result<Interactions> {
    let mut rows = Vec::new();
    for line in lines(path)? {
        let [customer, item, age_days] = line[..] else { anyhow::bail!("{path}: a line has not three fields") };
        rows.push(Interaction { customer: place(customer), item: place(item), age_days, quantity: 1.0 });
    }
    let n_items = rows.iter().map(|row| row.item + 1).max().unwrap_or(0);
    Ok(Interactions { rows, items: (0..u64::from(n_items)).map(ItemKey).collect(), ..Interactions::default() })
}

/// What each customer had.
pub(crate) fn histories(purchases: &Interactions) -> BTreeMap<u32, Vec<HistoryItem>> {
    let mut history: BTreeMap<u32, Vec<HistoryItem>> = BTreeMap::new();
    for row in &purchases.rows {
        let bought = HistoryItem { item: purchases.items[row.item as usize], age_days: row.age_days, quantity: 1.0 };
        history.entry(row.customer).or_default().push(bought);
    }
    history
}

/// What each customer wanted then: a file with the columns `customer,item`.
pub(crate) fn wanted(path: &str) -> Result<BTreeMap<u32, BTreeSet<ItemKey>>> {
    let mut wanted: BTreeMap<u32, BTreeSet<ItemKey>> = BTreeMap::new();
    for line in lines(path)? {
        let [customer, item] = line[..] else { anyhow::bail!("{path}: a line has not two fields") };
        wanted.entry(place(customer)).or_default().insert(ItemKey(u64::from(place(item))));
    }
    Ok(wanted)
}

/// The lines of a file after its headings, each as its numbers.
pub(crate) fn lines(path: &str) -> Result<Vec<Vec<f64>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {path}"))?;
    let fields = |line: &str| line.split(',').map(|field| field.trim().parse().context(line.to_owned())).collect();
    text.lines().skip(1).map(fields).collect()
}

/// A whole number of a file.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the columns hold whole numbers")]
pub(crate) fn place(number: f64) -> u32 {
    number as u32
}
