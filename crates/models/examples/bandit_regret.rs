//! How much is lost while it is learned what actions are worth, where the truth is known? Also where it changes, and where rewards come late.
//!
//! Ten inputs, five actions, rewards of 0 and 1 whose chance is a straight line of the inputs; a model is fitted again when a tenth more
//! rounds are known, as where decisions are answered. It prints a line of JSON for every explorer: the mean regret over 20 worlds at half of
//! the rounds and at the end, with the half of the interval that holds it in 95 of 100 cases, and how steep the last decade is in
//! logarithms of both: 1 learns nothing, 0.5 is as good as can be promised.
#![expect(clippy::print_stdout, reason = "what an example prints is its answer")]

use anyhow::Result;
use models::Frame;
use models::bandit::{Arm, Beliefs, Delay, Explorer, Rounds, Values, ValuesSettings, draw};
use primitives::Seed;
use rand::{Rng, RngExt as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const N_WORLDS: u64 = 20;
const N_ROUNDS: usize = 20_000;
const N_INPUTS: usize = 10;
const N_ACTIONS: usize = 5;
const FIRST: usize = 50;
const GROWTH: f64 = 0.1;

/// What is tried.
struct Trial {
    name: &'static str,
    explorer: Explorer,
    floor: f64,
    /// At half of the rounds each action becomes worth what the next one was.
    changes: bool,
    /// After how many rounds a reward comes, in the mean; by chance without memory.
    delay: f64,
    /// After how many rounds one counts half.
    half_life: f64,
}

/// What was done so far.
#[derive(Default)]
struct Log {
    x: Vec<f64>,
    action: Vec<u32>,
    propensity: Vec<f64>,
    reward: Vec<f64>,
    delay: Vec<f64>,
}

fn main() -> Result<()> {
    let plain = |name, explorer| Trial { name, explorer, floor: 0.0, changes: false, delay: 0.0, half_life: 0.0 };
    let square_cb = Explorer::default;
    let lin_ucb = || Explorer::LinUcb { alpha: 1.0 };
    let trials = [
        plain("squarecb", square_cb()),
        Trial { floor: 0.01, ..plain("squarecb, floor 0.01", square_cb()) },
        plain("linucb", lin_ucb()),
        Trial { floor: 0.02, ..plain("squarecb, floor 0.02", square_cb()) },
        Trial { floor: 0.02, ..plain("linucb, floor 0.02", lin_ucb()) },
        Trial { floor: 0.02, ..plain("thompson, floor 0.02", Explorer::Thompson { v: 0.3, n_draws: 200 }) },
        plain("thompson", Explorer::Thompson { v: 0.3, n_draws: 200 }),
        plain("epsilon 0.05", Explorer::Epsilon { share: 0.05 }),
        plain("greedy", Explorer::Greedy),
        Trial { delay: 100.0, ..plain("squarecb, rewards after 100 rounds", square_cb()) },
        Trial { delay: 100.0, ..plain("linucb, rewards after 100 rounds", lin_ucb()) },
        Trial { delay: 1_000.0, floor: 0.02, ..plain("squarecb, floor 0.02, rewards after 1000 rounds", square_cb()) },
        Trial { delay: 1_000.0, floor: 0.02, ..plain("linucb, floor 0.02, rewards after 1000 rounds", lin_ucb()) },
        Trial {
            floor: 0.02,
            changes: true,
            half_life: 2_000.0,
            ..plain("linucb, floor 0.02, a change at half, half-life 2000", lin_ucb())
        },
        Trial { floor: 0.01, changes: true, ..plain("squarecb, a change at half", square_cb()) },
        Trial {
            floor: 0.01,
            changes: true,
            half_life: 2_000.0,
            ..plain("squarecb, a change at half, half-life 2000", square_cb())
        },
    ];
    for trial in trials {
        let curves: Vec<Vec<f64>> = (0..N_WORLDS).map(|world| live(&trial, world)).collect::<Result<_>>()?;
        let of = |round: usize| summary(&curves.iter().map(|curve| curve[round - 1]).collect::<Vec<f64>>());
        let steep = |curve: &Vec<f64>| (curve[N_ROUNDS - 1] / curve[N_ROUNDS / 10 - 1]).log10();
        let slope = summary(&curves.iter().map(steep).collect::<Vec<f64>>());
        println!(
            "{}",
            json!({ "explorer": trial.name, "half": of(N_ROUNDS / 2), "end": of(N_ROUNDS), "slope": slope })
        );
    }
    Ok(())
}

/// The regret after each round.
fn live(trial: &Trial, world: u64) -> Result<Vec<f64>> {
    let mut random = Seed::new(world).stream("bandit-regret", 0);
    let slopes: Vec<f64> = (0..N_ACTIONS * N_INPUTS).map(|_| 0.1 * normal(&mut random)).collect();
    let arms: [Arm; N_ACTIONS] = [0, 1, 2, 3, 4].map(Arm::Known);
    let (mut log, mut model, mut n_learned) = (Log::default(), None::<Values>, 0);
    let (mut regret, mut curve) = (0.0, Vec::with_capacity(N_ROUNDS));
    for round in 0..N_ROUNDS {
        let x: Vec<f64> = (0..N_INPUTS).map(|_| normal(&mut random)).collect();
        let moved = usize::from(trial.changes && round >= N_ROUNDS / 2);
        let chance = |action: usize| {
            let at = (action + moved) % N_ACTIONS * N_INPUTS;
            (0.5 + slopes[at..at + N_INPUTS].iter().zip(&x).map(|(slope, x)| slope * x).sum::<f64>()).clamp(0.0, 1.0)
        };
        let p = probabilities(trial, model.as_ref(), &x, &arms, round);
        let action = draw(&p, random.random());
        regret += (0..N_ACTIONS).map(chance).fold(0.0, f64::max) - chance(action);
        curve.push(regret);
        log.reward.push(f64::from(u8::from(random.random::<f64>() < chance(action))));
        log.delay.push(-trial.delay * (1.0 - random.random::<f64>()).ln());
        log.x.extend(x);
        log.action.push(u32::try_from(action)?);
        log.propensity.push(p[action]);
        let n = round + 1;
        if n >= FIRST && (n - n_learned) as f64 >= GROWTH * n_learned as f64 {
            n_learned = n;
            model = Some(log.fit(trial)?);
        }
    }
    Ok(curve)
}

fn probabilities(trial: &Trial, model: Option<&Values>, x: &[f64], arms: &[Arm], round: usize) -> Vec<f64> {
    let Some(model) = model else {
        return vec![1.0 / arms.len() as f64; arms.len()];
    };
    let values = model.scores(x, arms);
    let widths: Vec<f64> = arms.iter().filter_map(|arm| model.width(x, *arm)).collect();
    let beliefs =
        Beliefs { values: &values, widths: &widths, votes: &[], spread: model.spread(), n_rounds: model.n_rounds() };
    trial.explorer.pmf(&beliefs, trial.floor, Seed::new(round as u64))
}

impl Log {
    /// What is learned by now, of rewards that have come by now.
    fn fit(&self, trial: &Trial) -> Result<Values> {
        let n = self.action.len();
        let age: Vec<f64> = (0..n).map(|round| (n - 1 - round) as f64).collect();
        let has_come = |round: &usize| self.delay[*round] <= age[*round];
        let reward: Vec<f64> = (0..n).map(|round| if has_come(&round) { self.reward[round] } else { 0.0 }).collect();
        let horizon = (10.0 * trial.delay).max(1.0);
        let ripe = (0..n).filter(|round| age[*round] >= horizon && reward[*round] > 0.0);
        let delay = Delay::fit(&ripe.map(|round| self.delay[round]).collect::<Vec<f64>>(), None, horizon)?;
        let arrived: Vec<f64> = age.iter().map(|age| delay.share(*age)).collect();
        let rounds = Rounds::new(Frame::new(&self.x, n, N_INPUTS)?, &self.action, &self.propensity, &reward);
        let rounds = Rounds { arrived: (trial.delay > 0.0).then_some(&arrived[..]), age: Some(&age), ..rounds };
        let settings = ValuesSettings { half_life: trial.half_life, ..ValuesSettings::default() };
        Ok(settings.fit(&rounds, &[0; N_ACTIONS])?)
    }
}

/// By Box and Muller.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let uniform = |random: &mut dyn Rng| (random.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
    (-2.0 * (1.0 - uniform(random)).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
}

/// The mean, and half of its interval.
fn summary(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    [mean, 1.96 * (variance / n).sqrt()].map(|value| (value * 1e3).round() / 1e3)
}
