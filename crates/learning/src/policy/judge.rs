//! What would the policy have earned where another one chose?

use super::case::{Case, foretold};
use super::choice::best_of;
use super::lesson::{Lesson, came_by, delay_by};
use super::{N_CUSTOMERS_JUDGED, contest, first_by_customers, first_judged, heard, quarter, split_of, untold};
use crate::LearningError;
use crate::body::PolicyModel;
use crate::evaluation::{CalibrationBin, Evaluation, Gain, Numbers, curve, mean, redrawn};
use crate::reigning::Reigning;
use crate::rounds::{Round, RoundLog, own_are_enough};
use crate::split::Split;
use crate::task::{Data, Judged, as_json};
use models::off_policy::{Estimator, Logged};
use primitives::Timestamp;
use std::collections::BTreeMap;

/// What the number that decides is called.
pub(crate) const DECIDES: &str = "policy_value";
/// Rounds of which less than this share of what comes can have come say too little of it.
const ARRIVED_LEAST: f64 = 0.2;
/// Beyond this weight it is foretold what a choice brings: a single one that was hardly ever drawn must not decide.
const WEIGHT_MAX: f64 = 20.0;

/// Chooses settings and says what the policy would have earned on the newest rounds.
pub(crate) fn judge(data: &Data<'_>, log: &RoundLog, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
    let n_all = log.rounds.len();
    let log = &*heard(log, data.now);
    let first = first_judged(&log.rounds);
    let begins = log.rounds.get(first).map_or(data.now, |round| round.at);
    // What was not known when the judging begins is not learned from: of rounds at one moment, as far as can be told.
    let lesson = Lesson::of(log, first, begins, &log.settings);
    let cases = cases(log, first, &lesson, data.now);
    let nothing = || LearningError::File { reason: "there are no settings to choose from".to_owned() };
    let settings = best_of(&lesson, log, &cases)?.ok_or_else(nothing)?;
    let model = lesson.fit(log, &settings)?;
    let split = split_of(log).ok_or_else(nothing)?;
    let mut evaluation = evaluation((data, log), (&split, first), &cases, &model)?;
    let n_silent = n_all - log.rounds.len();
    if n_silent > 0 {
        evaluation.warnings.push(format!(
            "the newest {n_silent} choices are left out: nothing came of any of them, as if nobody told what comes; send what comes of \
             choices, and ask elsewhere to try how fast it answers"
        ));
    }
    Ok(Judged { settings: as_json(&settings)?, evaluation, contest: contest(reigning) })
}

fn cases<'a>(log: &'a RoundLog, first: usize, lesson: &Lesson, now: Timestamp) -> Vec<Case<'a>> {
    // How late rewards come is known best by now.
    let delay = delay_by(&log.rounds, now, &log.settings);
    let case = |round: &'a Round| Case {
        view: lesson.view(round),
        came: came_by(round, now, &log.settings).map_or(0.0, |(amount, _)| amount),
        arrived: delay.share(super::days(round.at, now)),
        round,
    };
    judging(&log.rounds[first..], own_are_enough(&log.rounds)).map(case).collect()
}

/// By which rounds it is judged: where the company's own customers are enough, by theirs alone, since others may be as many as they like.
fn judging(rounds: &[Round], are_own_enough: bool) -> impl Iterator<Item = &Round> {
    rounds.iter().filter(move |round| round.is_own || !are_own_enough)
}

/// What a choice is worth: what it earns less what it costs, beside what counts where nothing is said.
fn worth(log: &RoundLog, action: u32, share: f64) -> f64 {
    log.settings.reward_default + log.actions.get(action as usize).map_or(0.0, |doable| doable.earns(share))
}

fn evaluation(
    (data, log): (&Data<'_>, &RoundLog),
    (split, first): (&Split, usize),
    cases: &[Case<'_>],
    model: &PolicyModel,
) -> Result<Evaluation, LearningError> {
    let told: Vec<&Case<'_>> =
        cases.iter().filter(|case| case.round.place == 0 && case.arrived >= ARRIVED_LEAST).collect();
    // Of a single one nothing can be estimated, and where nothing came of any all ways of choosing are alike.
    let is_any = told.iter().any(|case| case.came.abs() > 0.0);
    let told = if told.len() < 2 || !is_any { Vec::new() } else { told };
    let before = judging(&log.rounds[..first], own_are_enough(&log.rounds));
    let single = best_single(log, before, data.now);
    let model_takes = |case: &Case<'_>| {
        let worth_of = |action: &u32| worth(log, *action, foretold(log, model, case, *action));
        let best =
            case.round.candidates.iter().copied().max_by(|a, b| worth_of(a).total_cmp(&worth_of(b)).then(b.cmp(a)));
        best.unwrap_or(case.round.action)
    };
    let ours = earned(log, &told, model, |case, action| f64::from(u8::from(model_takes(case) == action)))?;
    let evenly = |case: &Case<'_>| 1.0 / case.round.candidates.len().max(1) as f64;
    let others = [
        ("logged", told.iter().map(|case| worth(log, case.round.action, case.came / case.arrived)).collect()),
        ("uniform", earned(log, &told, model, |case, _| evenly(case))?),
        (
            "best_single",
            earned(log, &told, model, |case, action| match case.round.candidates.contains(&single) {
                true => f64::from(u8::from(single == action)),
                false => evenly(case),
            })?,
        ),
    ];
    let (mut baselines, mut gains) = (BTreeMap::new(), BTreeMap::new());
    for (name, theirs) in &others {
        baselines.insert((*name).to_owned(), numbers(theirs));
        gains.insert((*name).to_owned(), gain(&told, &ours, theirs, data, name));
    }
    let n_taken = told.iter().filter(|case| model_takes(case) == case.round.action).count();
    let customers: std::collections::BTreeSet<&str> = told.iter().map(|case| case.round.customer.as_str()).collect();
    Ok(Evaluation {
        split: split.clone(),
        n_train: first as u64,
        n_test: customers.len() as u64,
        counts: BTreeMap::from([
            ("n_choices".to_owned(), told.len() as u64),
            ("n_choices_it_would_make".to_owned(), n_taken as u64),
        ]),
        base_rate: None,
        decides: DECIDES.to_owned(),
        bounds: Numbers::new(),
        metrics: numbers(&ours),
        baselines,
        baseline_titles: titles(log.settings.is_shared),
        gains,
        to_beat: None,
        protocols: BTreeMap::new(),
        calibration: calibration(log, &told, model),
        warnings: warnings(log, (first, told.is_empty()), customers.len()),
    })
}

/// What is to be said of it beside the numbers.
fn warnings(log: &RoundLog, (first, is_unjudged): (usize, bool), n_customers: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_unjudged {
        warnings.push(
            "so little came, or can have come by now, of the newest choices that the policy could not be judged on them"
                .to_owned(),
        );
    }
    if first < quarter(&log.rounds) {
        let (n, all) = (log.rounds.len() - first, log.rounds.len());
        let why = match first_by_customers(&log.rounds) < quarter(&log.rounds) {
            true => "too few customers are in the newest quarter of the choices",
            false => "too little came of the newest quarter of the choices",
        };
        warnings.push(format!("{why}, so that it was judged on the newest {n} of {all}"));
    }
    if !is_unjudged && n_customers < N_CUSTOMERS_JUDGED {
        warnings.push(format!(
            "it was judged on {n_customers} customers, fewer than {N_CUSTOMERS_JUDGED}: how sure the numbers are is not known well"
        ));
    }
    warnings.extend(untold(log));
    if log.n_unshown > 0 {
        let n = log.n_unshown;
        warnings.push(format!(
            "{n} choices are left out, since nobody told that they were shown, as is told of others over the same channel"
        ));
    }
    if log.n_unbelievable > 0 {
        let n = log.n_unbelievable;
        warnings.push(format!(
            "{n} choices are left out, since more than 100 times what was declared is said to have come of them"
        ));
    }
    warnings
}

/// For each case, what a way of choosing would have earned there: `chance` says how likely it takes an action.
fn earned(
    log: &RoundLog,
    cases: &[&Case<'_>],
    model: &PolicyModel,
    chance: impl Fn(&Case<'_>, u32) -> f64,
) -> Result<Vec<f64>, LearningError> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let of = |case: &Case<'_>, action: u32| worth(log, action, foretold(log, model, case, action));
    let column = |number: &dyn Fn(&Case<'_>) -> f64| cases.iter().map(|case| number(case)).collect::<Vec<f64>>();
    let reward = column(&|case| worth(log, case.round.action, case.came / case.arrived));
    let propensity = column(&|case| case.round.propensity);
    let target = column(&|case| chance(case, case.round.action));
    let taken = column(&|case| of(case, case.round.action));
    let all =
        column(&|case| case.round.candidates.iter().map(|action| chance(case, *action) * of(case, *action)).sum());
    let logged = Logged {
        reward: &reward,
        propensity: &propensity,
        target: &target,
        q_taken: Some(&taken),
        q_target: Some(&all),
    };
    let estimate = Estimator::SwitchDr { limit: WEIGHT_MAX }.estimate(&logged);
    Ok(estimate.map_err(LearningError::model("estimate what a policy would have earned"))?.contributions)
}

/// The one action that earned most in the mean, each choice counting by how unlikely it was.
fn best_single<'a>(log: &RoundLog, rounds: impl Iterator<Item = &'a Round>, now: Timestamp) -> u32 {
    let mut sums = vec![(0.0, 0.0); log.actions.len()];
    for round in rounds {
        let came = came_by(round, now, &log.settings).map_or(0.0, |(amount, _)| amount);
        let weight = (1.0 / round.propensity).min(WEIGHT_MAX);
        let sum = &mut sums[round.action as usize];
        *sum = (sum.0 + weight, sum.1 + weight * worth(log, round.action, came));
    }
    let mean = |sum: &(f64, f64)| if sum.0 > 0.0 { sum.1 / sum.0 } else { f64::NEG_INFINITY };
    let best = (0_u32..).zip(&sums).max_by(|a, b| mean(a.1).total_cmp(&mean(b.1)).then(b.0.cmp(&a.0)));
    best.map_or(0, |(action, _)| action)
}

fn numbers(earned: &[f64]) -> Numbers {
    Numbers::from([(DECIDES.to_owned(), mean(earned.iter().copied()))])
}

/// By how much more is earned a choice: customers are drawn anew, each with all of theirs; of choices for nobody each by itself.
fn gain(cases: &[&Case<'_>], ours: &[f64], theirs: &[f64], data: &Data<'_>, name: &str) -> Gain {
    let mut by_customer: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (case, (ours, theirs)) in cases.iter().zip(ours.iter().zip(theirs)) {
        let of = by_customer.entry(case.round.customer.as_str()).or_default();
        *of = (of.0 + 1.0, of.1 + ours - theirs);
    }
    let all: Vec<(f64, f64)> = by_customer.into_values().collect();
    let a_choice = |drawn: &mut dyn Iterator<Item = usize>| {
        let (n, sum) = drawn.fold((0.0, 0.0), |(n, sum), customer| (n + all[customer].0, sum + all[customer].1));
        sum / n
    };
    redrawn(all.len(), data.seed, &format!("evaluate policy against {name}"), a_choice)
}

fn calibration(log: &RoundLog, cases: &[&Case<'_>], model: &PolicyModel) -> Vec<CalibrationBin> {
    if cases.is_empty() {
        return Vec::new();
    }
    let told = |reward: f64| log.settings.reward_default + reward;
    let shares: Vec<f64> = cases.iter().map(|case| told(foretold(log, model, case, case.round.action))).collect();
    let came: Vec<f64> = cases.iter().map(|case| told(case.came / case.arrived)).collect();
    curve(&shares, &came, 10)
}

/// What the simple answers are called.
fn titles(is_shared: bool) -> BTreeMap<String, String> {
    let single = match is_shared {
        true => "the one place of the question's list that earned most before",
        false => "the one action that earned most before",
    };
    let titles = [("logged", "what was chosen"), ("uniform", "any action with equal chance"), ("best_single", single)];
    titles.into_iter().map(|(name, title)| (name.to_owned(), title.to_owned())).collect()
}
