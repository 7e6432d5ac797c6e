//! How often is the wrong action drawn while it is being learned which is right? On labelled rows that other libraries get too.
//!
//! `bandit_peer DIRECTORY` reads what `xtask/src/peers/bandit.py` wrote: for each set, rows whose label is the one right action, and
//! orders to meet them in. Whoever chooses sees the row, and whether the action that was drawn is the right one, and no more. It
//! prints a line of JSON for each set: the share of wrong draws by explorer, and how many rounds a second were decided and learned.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]
#![expect(clippy::disallowed_methods, reason = "it measures how long it takes")]

use anyhow::{Context as _, Result, ensure};
use models::Frame;
use models::bandit::{Arm, Beliefs, Committee, Explorer, Online, Rounds, Values, ValuesSettings, draw};
use primitives::Seed;
use rand::RngExt as _;
use serde_json::{Map, json};
use std::path::Path;
use std::time::Instant;

/// The smallest share of exploration of what answers customers.
const FLOOR: f64 = 0.01;
/// A model is fitted again when so many more rounds are known.
const GROWTH: f64 = 0.1;
const FIRST: usize = 50;

struct Set {
    x: Vec<f64>,
    n_features: usize,
    labels: Vec<u32>,
    n_actions: usize,
    /// By seed.
    orders: Vec<Vec<u32>>,
}

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).context("usage: bandit_peer DIRECTORY")?;
    let directory = Path::new(&directory);
    let described = std::fs::read_to_string(directory.join("sets.json")).context("could not read sets.json")?;
    let described: Map<String, serde_json::Value> = serde_json::from_str(&described)?;
    for (name, shape) in described {
        let number = |key: &str| shape[key].as_u64().and_then(|n| usize::try_from(n).ok()).context("a number");
        let set = Set::read(directory, &name, number("features")?, number("actions")?, number("seeds")?)?;
        println!("{}", json!({ "set": name, "rounds": set.orders[0].len(), "ours": judge(&set)? }));
    }
    Ok(())
}

/// The mean loss of every explorer over all orders.
fn judge(set: &Set) -> Result<Map<String, serde_json::Value>> {
    let square_cb = Explorer::default();
    let online = [
        ("squarecb", square_cb.clone(), 0.0),
        ("epsilon_0.05", Explorer::Epsilon { share: 0.05 }, 0.0),
        ("linucb", Explorer::LinUcb { alpha: 1.0 }, 0.0),
        ("thompson", Explorer::Thompson { v: 0.3, n_draws: 200 }, 0.0),
        ("greedy", Explorer::Greedy, 0.0),
    ];
    let mut found = Map::new();
    for (name, explorer, floor) in online {
        let (mut losses, mut per_second) = (Vec::new(), 0.0_f64);
        for (order, rows) in set.orders.iter().enumerate() {
            let started = Instant::now();
            losses.push(each_round(set, order, &explorer, floor)?);
            // The quickest counts: others may have been at work beside the rest.
            per_second = per_second.max(rows.len() as f64 / started.elapsed().as_secs_f64());
        }
        found.insert(name.to_owned(), json!({ "loss": mean(&losses), "rounds_per_second": per_second.round() }));
    }
    let batches = [
        ("batches_squarecb", square_cb.clone(), 0.0),
        ("batches_squarecb_floor", square_cb, FLOOR),
        ("batches_linucb_floor", Explorer::LinUcb { alpha: 1.0 }, FLOOR),
        ("batches_thompson_floor", Explorer::Thompson { v: 0.3, n_draws: 200 }, FLOOR),
        ("batches_bag_5", Explorer::Bag { n: 5 }, FLOOR),
        ("batches_cover_5", Explorer::Cover { n: 5 }, FLOOR),
    ];
    for (name, explorer, floor) in batches {
        let losses: Vec<f64> =
            (0..set.orders.len()).map(|order| in_batches(set, order, &explorer, floor)).collect::<Result<_>>()?;
        found.insert(name.to_owned(), json!({ "loss": mean(&losses) }));
    }
    Ok(found)
}

/// Learns from every round at once.
fn each_round(set: &Set, order: usize, explorer: &Explorer, floor: f64) -> Result<f64> {
    let seed = Seed::new(order as u64);
    let settings = ValuesSettings::default();
    let mut online = Online::new(&settings, explorer.clone(), set.n_features, set.n_actions, floor, seed)?;
    let mut random = seed.stream("bandit-peer", 0);
    let mut wrong = 0;
    for &row in &set.orders[order] {
        let x = set.row(row);
        let (action, propensity) = online.choose(x, random.random())?;
        let is_right = set.labels[row as usize] as usize == action;
        wrong += u32::from(!is_right);
        online.learn(x, action, f64::from(u8::from(is_right)), propensity)?;
    }
    Ok(f64::from(wrong) / set.orders[order].len() as f64)
}

/// Learns from all rounds so far, when a tenth more of them is known.
fn in_batches(set: &Set, order: usize, explorer: &Explorer, floor: f64) -> Result<f64> {
    let seed = Seed::new(order as u64);
    let mut random = seed.stream("bandit-peer", 1);
    let group_of = vec![0; set.n_actions];
    let arms: Vec<Arm> = (0..).take(set.n_actions).map(Arm::Known).collect();
    let settings = ValuesSettings::default();
    let needs_widths = matches!(explorer, Explorer::LinUcb { .. } | Explorer::Thompson { .. });
    let (mut x, mut actions, mut chances, mut rewards) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut model: Option<(Values, Option<Committee>)> = None;
    let (mut wrong, mut n_learned) = (0, 0);
    for (round, &row) in set.orders[order].iter().enumerate() {
        let features = set.row(row);
        let (values, widths) = match &model {
            Some((values, _)) => {
                let widths: Vec<f64> = if needs_widths {
                    arms.iter().filter_map(|arm| values.width(features, *arm)).collect()
                } else {
                    Vec::new()
                };
                (values.scores(features, &arms), widths)
            }
            None => (vec![0.0; arms.len()], Vec::new()),
        };
        // The published formula of SquareCB has no spread, and is compared without it.
        let spread = model.as_ref().filter(|_| needs_widths).map_or(1.0, |(values, _)| values.spread());
        let votes = model.as_ref().and_then(|(_, committee)| Some(committee.as_ref()?.votes(features, &arms)));
        let votes = votes.as_deref().unwrap_or(&[]);
        let beliefs = Beliefs { widths: &widths, votes, spread, ..Beliefs::new(&values, round as f64 + 1.0) };
        let p = explorer.pmf(&beliefs, floor, seed);
        let action = draw(&p, random.random());
        let is_right = set.labels[row as usize] as usize == action;
        wrong += u32::from(!is_right);
        x.extend_from_slice(features);
        actions.push(u32::try_from(action)?);
        chances.push(p[action]);
        rewards.push(f64::from(u8::from(is_right)));
        let n = actions.len();
        if n >= FIRST && (n - n_learned) as f64 >= GROWTH * n_learned as f64 {
            n_learned = n;
            let rounds = Rounds::new(Frame::new(&x, n, set.n_features)?, &actions, &chances, &rewards);
            let committee = match *explorer {
                Explorer::Bag { n } => Some(Committee::bag(&settings, &rounds, &group_of, n, seed)?),
                Explorer::Cover { n } => Some(Committee::cover(&settings, &rounds, &group_of, n, 0.5)?),
                _ => None,
            };
            model = Some((settings.fit(&rounds, &group_of)?, committee));
        }
    }
    Ok(f64::from(wrong) / set.orders[order].len() as f64)
}

fn mean(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean * 1e5).round() / 1e5
}

impl Set {
    fn read(directory: &Path, name: &str, n_features: usize, n_actions: usize, n_seeds: usize) -> Result<Self> {
        let x: Vec<f64> = read(&directory.join(format!("{name}.x.f64")), f64::from_le_bytes)?;
        let labels: Vec<u32> = read(&directory.join(format!("{name}.y.u32")), u32::from_le_bytes)?;
        let orders: Vec<u32> = read(&directory.join(format!("{name}.orders.u32")), u32::from_le_bytes)?;
        ensure!(x.len() == labels.len() * n_features, "{name}: the files do not fit together");
        ensure!(
            n_seeds > 0 && !orders.is_empty() && orders.len().is_multiple_of(n_seeds),
            "{name}: orders of unequal length"
        );
        ensure!(
            orders.iter().all(|row| (*row as usize) < labels.len()),
            "{name}: an order names a row that is not there"
        );
        let orders = orders.chunks_exact(orders.len() / n_seeds).map(<[u32]>::to_vec).collect();
        Ok(Self { x, n_features, labels, n_actions, orders })
    }

    fn row(&self, row: u32) -> &[f64] {
        let at = row as usize * self.n_features;
        &self.x[at..at + self.n_features]
    }
}

fn read<T, const N: usize>(path: &Path, number: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
    let bytes = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    let (numbers, rest) = bytes.as_chunks::<N>();
    ensure!(rest.is_empty(), "{}: bytes are left over", path.display());
    Ok(numbers.iter().map(|bytes| number(*bytes)).collect())
}
