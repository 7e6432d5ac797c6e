//! How much of what could be kept is kept? Members who are about to leave are offered a month, a rest or nothing by chance, in many futures.
//! From what came of it with some of them `act` and `uplift` learn, and a budget is spent on the others. Beside an oracle, trees that know
//! the true response of everybody else with the same features, and as much spent by chance. `everything` knows each member.
//!
//! ```sh
//! cargo run --release -p server --example kept -- --seeds 4
//! ```

#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

#[path = "kept/desk.rs"]
mod desk;

use anyhow::{Context, Result};
use clap::Parser;
use decisions::Factors;
use desk::{Asked, NAMES, Played};
use events::Offset;
use features::Catalogue;
use learning::{
    Act, Body, Changed, Data, Dataset, Doable, EffectsModel, PolicyModel, PolicySettings, Rewarded, Round, RoundLog,
    Uplift, challenge,
};
use models::Frame;
use models::boost::BoostSettings;
use models::budget::allocate;
use primitives::{Seed, Timestamp, stable_hash};
use std::sync::Arc;

/// What a member is worth who is kept, in months.
const MONTHS: f64 = 12.0;
/// Into so many parts customers are dealt out: of each the oracle tells by what is true of all others.
const N_PARTS: u64 = 5;

/// The companies.
#[derive(Debug, Parser)]
struct Args {
    /// How many, each of the seed after the one before
    #[arg(long, default_value_t = 4)]
    seeds: u64,
    /// The customers of each
    #[arg(long, default_value_t = 6_000)]
    customers: u32,
    /// Days of history before anybody is asked about
    #[arg(long, default_value_t = 150)]
    days: u32,
    /// Futures of each member
    #[arg(long, default_value_t = 24)]
    futures: u32,
    /// Days of each
    #[arg(long, default_value_t = 60)]
    ahead: u32,
    /// Of which share of the members what came of it is learned from; the others are judged
    #[arg(long, default_value_t = 0.6)]
    learned: f64,
    /// What may be spent, in parts of a month of each who is about to leave
    #[arg(long, default_value_t = 0.25)]
    budget: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is known of those who are judged: of each the worth and the cost of each gift.
#[derive(Default)]
struct Guess {
    worth: Vec<f64>,
    cost: Vec<f64>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    println!("seed  learned  judged  learners            chance    ours  oracle  everything   spent  of oracle");
    let mut ratios = Vec::new();
    for seed in args.seed..args.seed + args.seeds {
        ratios.push(of_seed(&args, seed)?);
    }
    let n = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    let variance = ratios.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    println!("kept of what the oracle keeps: {mean:.3} ± {:.3} (two standard errors)", 2.0 * (variance / n).sqrt());
    Ok(())
}

fn of_seed(args: &Args, seed: u64) -> Result<f64> {
    let played = Played { days: args.days, futures: args.futures, n_days: args.ahead };
    let asked = desk::asked(seed, args.customers, played)?;
    // Nobody who is judged was learned from, in whichever future.
    let is_learned =
        |one: &&Asked| models::bandit::unit(stable_hash(&format!("{seed} {}", one.customer))) < args.learned;
    let (learned, judged): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(is_learned);
    let last = asked.last().context("nobody was asked about")?.at;
    let (policy, effects) = learn(&learned, last.plus_days(30), Seed::new(seed))?;
    let ours = guessed(&judged, &policy, &effects);
    let oracle = known(&judged, &asked, Seed::new(seed))?;
    let mut truth = Guess::default();
    for one in &judged {
        for gift in 1..NAMES.len() {
            truth.worth.push(one.worth(gift));
            truth.cost.push(one.cost(gift));
        }
    }
    let budget = args.budget * judged.iter().map(|one| one.price).sum::<f64>();
    let spend = |guess: &Guess| -> Result<(f64, f64)> {
        let found = allocate(&guess.worth, &guess.cost, NAMES.len() - 1, budget)?;
        let of = |all: &[f64]| -> f64 {
            let each = found.choice.iter().enumerate();
            each.filter_map(|(at, gift)| Some(all[at * (NAMES.len() - 1) + (*gift)? as usize])).sum()
        };
        Ok((of(&truth.worth), of(&truth.cost)))
    };
    let ((ours, spent), (oracle, of_oracle), (all, _)) = (spend(&ours)?, spend(&oracle)?, spend(&truth)?);
    // As much as the budget pays of the mean of everybody.
    let (worth, cost) = (truth.worth.iter().sum::<f64>(), truth.cost.iter().sum::<f64>());
    let said: Vec<String> =
        effects.says().map(|(_, said)| said.split(' ').next().unwrap_or_default().to_owned()).collect();
    println!(
        "{seed:>4} {:>8} {:>7}  {:<18} {:>7.0} {ours:>7.0} {oracle:>7.0} {all:>11.0}  {:>6.2} {:>10.3}",
        learned.len(),
        judged.len(),
        said.join(", "),
        worth * (budget / cost).min(1.0),
        spent / of_oracle,
        ours / oracle
    );
    Ok(ours / oracle)
}

/// What is learned of what came, as a server learns it.
#[expect(clippy::cast_possible_truncation, reason = "what a policy looks at is kept in half as many bytes")]
fn learn(asked: &[&Asked], now: Timestamp, seed: Seed) -> Result<(PolicyModel, EffectsModel)> {
    let doable = |name: &&str| Doable {
        name: (*name).to_owned(),
        group: (*name).to_owned(),
        value: 10.0 * MONTHS,
        cost: 0.0,
        costs: 10.0,
        is_nothing: *name == NAMES[0],
    };
    let third = 1.0 / NAMES.len() as f32;
    let round = |(at, one): (usize, &&Asked)| Round {
        customer: one.customer.clone(),
        at: one.at,
        decision: format!("d{at:07}"),
        channel: 0,
        place: 0,
        action: u32::try_from(one.offered).unwrap_or_default(),
        candidates: [0, 1, 2].into(),
        chances: [third; NAMES.len()].into(),
        propensity: f64::from(third),
        x: one.x.iter().map(|value| *value as f32).collect(),
        is_own: true,
        is_shown: true,
        reward: one.kept_at.map(|at| Rewarded { at, amount: 1.0 }),
        sides: None,
    };
    let log = RoundLog {
        inputs: desk::inputs(),
        actions: NAMES.iter().map(doable).collect(),
        settings: PolicySettings { half_life_days: 0.0, ..PolicySettings::default() },
        rounds: asked.iter().enumerate().map(round).collect(),
        is_vouched: true,
        ..RoundLog::default()
    };
    let (dataset, catalogue) = (Dataset::of_rounds(log, Offset(1)), Arc::new(Catalogue::built_in()));
    let data = Data { dataset: &dataset, catalogue: &catalogue, now, seed };
    let policy = challenge(&Act::default(), &data, None)?;
    let effects = challenge(&Uplift::default(), &data, None)?;
    match (policy.body, effects.body) {
        (Body::Policy(policy), Body::Effects(effects)) => Ok((*policy, *effects)),
        other => anyhow::bail!("other models than asked for: {other:?}"),
    }
}

/// What a decision would take each gift for.
fn guessed(judged: &[&Asked], policy: &PolicyModel, effects: &EffectsModel) -> Guess {
    let (inputs, mut guess) = (desk::inputs(), Guess::default());
    for one in judged {
        let number = |name: &str| inputs.iter().position(|known| known == name).map_or(f64::NAN, |at| one.x[at]);
        let (view, of_effects) = (policy.view(number), effects.view(number));
        for name in &NAMES[1..] {
            let propensity = policy.foretell(&view, name, name).map_or(0.5, |foretold| foretold.share);
            let incremental = match effects.change(&of_effects, name) {
                Some(Changed::By(effect)) => (effect / propensity.max(1e-9)).clamp(-1.0, 1.0),
                Some(Changed::Alike { share, .. }) => share.unwrap_or(1.0),
                None => 1.0,
            };
            let factors = Factors {
                propensity,
                value: MONTHS * one.price,
                incremental,
                cost: 0.0,
                context: 1.0,
                weight: 1.0,
                fatigue: 1.0,
                accepted: one.price,
                shadow_price: 0.0,
            };
            guess.worth.push(factors.priority());
            guess.cost.push(factors.expected());
        }
    }
    guess
}

/// What trees tell that know what is true of all other customers.
fn known(judged: &[&Asked], asked: &[Asked], seed: Seed) -> Result<Guess> {
    let part = |one: &Asked| stable_hash(one.customer.as_str()) % N_PARTS;
    let n_gifts = NAMES.len() - 1;
    let (mut worth, mut cost) = (vec![0.0; judged.len() * n_gifts], vec![0.0; judged.len() * n_gifts]);
    for held in 0..N_PARTS {
        let others: Vec<&Asked> = asked.iter().filter(|one| part(one) != held).collect();
        let rows: Vec<f64> = others.iter().flat_map(|one| one.x.iter().copied()).collect();
        let frame = Frame::new(&rows, others.len(), desk::inputs().len())?;
        for gift in 1..NAMES.len() {
            for (to, of) in [(&mut worth, Asked::worth as fn(&Asked, usize) -> f64), (&mut cost, Asked::cost)] {
                let truths: Vec<f64> = others.iter().map(|one| of(one, gift)).collect();
                let model = trees().fit_number(frame, &truths, None, seed)?;
                for (at, one) in judged.iter().enumerate().filter(|(_, one)| part(one) == held) {
                    to[at * n_gifts + gift - 1] = model.score(&one.x);
                }
            }
        }
    }
    cost.iter_mut().for_each(|cost| *cost = cost.max(0.0));
    Ok(Guess { worth, cost })
}

fn trees() -> BoostSettings {
    BoostSettings {
        n_trees: 150,
        learning_rate: 0.05,
        max_leaves: 8,
        max_depth: 4,
        min_leaf_weight: 15.0,
        ..BoostSettings::default()
    }
}
