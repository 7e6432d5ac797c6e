//! With which settings is best foretold what came?

use super::Fit;
use super::case::{Case, foretold};
use super::lesson::Lesson;
use crate::body::PolicyModel;
use crate::evaluation::mean;
use crate::rounds::RoundLog;
use crate::{LearningError, PolicySettings};
use models::bandit::ValuesSettings;
use std::collections::BTreeMap;

/// With what an action is held to its group, and with what all that the group has in common is held: from actions that may differ as
/// they will to those that hardly may. Of an action that is alone in its group the second number alone says how far customers differ.
const RIDGES: [(f64, f64); 6] =
    [(1.0, 0.0), (10.0, 0.0), (100.0, 1.0), (1_000.0, 1.0), (10_000.0, 1.0), (10_000.0, 100.0)];
/// The same where one regression serves all actions: it is the only one of its group.
const RIDGES_SHARED: [(f64, f64); 3] = [(1.0, 0.0), (10.0, 0.0), (100.0, 0.0)];
/// So strong that nothing is left but what each action brings in the mean.
const MEANS: (f64, f64) = (1_000_000.0, 0.0);
/// After how many days a choice may count half.
const HALF_LIVES: [f64; 3] = [90.0, 30.0, 10.0];
/// Into so many folds customers are parted, and of so many rounds at most, the newest before the judged ones: more would cost time and
/// tell little more.
const N_FOLDS: usize = 4;
const N_FOLDED_MAX: usize = 20_000;

/// Whether everybody is foretold the same of an action.
pub(super) fn is_of_means(values: &ValuesSettings) -> bool {
    values.ridge >= MEANS.0
}

/// The settings with which what came is foretold best. How long it is remembered is chosen on the newest rounds, which is where that
/// matters. How far actions may differ is chosen on these and on folds of the customers before them, so that it hangs neither on
/// the last who were asked, where a list is gone through in the order of its customers, nor on those before them alone. Of settings
/// that do hardly worse than the best, those are taken that let actions differ least: what is within a standard error of the best cannot be
/// told from it, and a difference that is not there misleads every choice (the rule of one standard error of Breiman et al. 1984). What
/// foretells worse than the means of the actions gives way to them.
pub(super) fn best_of(lesson: &Lesson, log: &RoundLog, cases: &[Case<'_>]) -> Result<Option<Fit>, LearningError> {
    let Some(half_life) = memory(lesson, log, cases)? else { return Ok(None) };
    let with = |ridge: &(f64, f64)| fit_with(&log.settings, half_life, *ridge);
    let mut tried: Vec<(Fit, Vec<f64>)> = ridges(log).iter().map(|ridge| (with(ridge), Vec::new())).collect();
    let mut means = (with(&MEANS), Vec::new());
    let mut try_on = |lesson: &Lesson, cases: &[Case<'_>]| -> Result<(), LearningError> {
        for (settings, errors) in tried.iter_mut().chain([&mut means]) {
            errors.extend(squared_errors(log, cases, &lesson.fit(log, settings)?));
        }
        Ok(())
    };
    try_on(lesson, cases)?;
    let folds = folds(lesson, log);
    for fold in 0..N_FOLDS {
        let (mut held, kept) = parted(&folds, fold);
        held.retain(|row| lesson.judges(*row));
        let known = lesson.part(&kept);
        if !held.is_empty() && known.says_anything() {
            try_on(&known, &cases_of(lesson, log, &held))?;
        }
    }
    let Some(least) = tried.iter().min_by(|a, b| sum(&a.1).total_cmp(&sum(&b.1))).map(|(_, errors)| errors) else {
        return Ok(None);
    };
    let is_alike = |(_, errors): &&(Fit, Vec<f64>)| sum(errors) - sum(least) <= error_of_difference(errors, least);
    let chosen = tried.iter().rfind(is_alike);
    // One regression for all actions has no means of actions: what it says without inputs is the same of all.
    let is_better = |(_, errors): &&(Fit, Vec<f64>)| log.settings.is_shared || sum(errors) <= sum(&means.1);
    Ok(Some(chosen.filter(is_better).unwrap_or(&means).0.clone()))
}

/// After how many days a choice counts half, so that the newest ones are foretold best.
fn memory(lesson: &Lesson, log: &RoundLog, cases: &[Case<'_>]) -> Result<Option<f64>, LearningError> {
    let mut best: Option<(f64, f64)> = None;
    for half_life in half_lives(&log.settings) {
        for ridge in ridges(log) {
            let model = lesson.fit(log, &fit_with(&log.settings, half_life, *ridge))?;
            let error = sum(&squared_errors(log, cases, &model));
            if best.is_none_or(|(least, _)| error < least) {
                best = Some((error, half_life));
            }
        }
    }
    Ok(best.map(|(_, half_life)| half_life))
}

fn ridges(log: &RoundLog) -> &'static [(f64, f64)] {
    if log.settings.is_shared { &RIDGES_SHARED } else { &RIDGES }
}

/// In which fold each round is, and `None` of those before the newest: all of a customer in one, whatever they are called.
fn folds(lesson: &Lesson, log: &RoundLog) -> Vec<Option<usize>> {
    let n = lesson.n_rounds();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let fold_of = |row: usize| {
        let next = known.len();
        let number = *known.entry(log.rounds[row].customer.as_str()).or_insert(next);
        (row + N_FOLDED_MAX >= n).then_some(number % N_FOLDS)
    };
    (0..n).map(fold_of).collect()
}

/// The rounds of the customers of a fold, and those of all others.
fn parted(folds: &[Option<usize>], fold: usize) -> (Vec<usize>, Vec<usize>) {
    (0..folds.len()).filter(|row| folds[*row].is_some()).partition(|row| folds[*row] == Some(fold))
}

/// Rounds of a lesson to be foretold, as far as was known of them then.
fn cases_of<'a>(lesson: &Lesson, log: &'a RoundLog, rows: &[usize]) -> Vec<Case<'a>> {
    let case = |row: &usize| {
        let (view, came, arrived) = lesson.seen(*row);
        Case { round: &log.rounds[*row], view, came, arrived }
    };
    rows.iter().map(case).collect()
}

fn sum(all: &[f64]) -> f64 {
    all.iter().sum()
}

/// The standard error of the difference of two sums over the same cases.
fn error_of_difference(a: &[f64], b: &[f64]) -> f64 {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let center = mean(differences.iter().copied());
    differences.iter().map(|one| (one - center) * (one - center)).sum::<f64>().sqrt()
}

/// Each memory that is tried, in days until a choice counts half; the longest is the one that people have set.
fn half_lives(policy: &PolicySettings) -> Vec<f64> {
    let longest = policy.half_life_days;
    let shorter = HALF_LIVES.into_iter().filter(|days| longest <= 0.0 || *days < longest);
    std::iter::once(longest.max(0.0)).chain(shorter).collect()
}

fn fit_with(policy: &PolicySettings, half_life: f64, (ridge, common): (f64, f64)) -> Fit {
    Fit {
        values: ValuesSettings { ridge, common, half_life, ..ValuesSettings::default() },
        policy: PolicySettings { half_life_days: half_life, ..*policy },
    }
}

/// How far what came lies from what was foretold, case by case and but for what is the same for all settings. What has not come yet
/// is 0 in both sums: in expectation that is what is left when all has come.
fn squared_errors(log: &RoundLog, cases: &[Case<'_>], model: &PolicyModel) -> Vec<f64> {
    let error = |case: &Case<'_>| {
        let score = foretold(log, model, case, case.round.action);
        case.came.mul_add(case.came - 2.0 * score, case.arrived * score * score)
    };
    cases.iter().map(error).collect()
}
