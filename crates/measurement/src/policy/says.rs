//! What do the numbers mean, what is doubtful about them, and what should be done?

use super::{PolicyReport, PolicyVerdict, Rounds, Target};

/// The mean weight is 1 in expectation; so many standard errors from it are no chance.
const TOO_FAR: f64 = 4.0;

pub(super) fn says(report: &PolicyReport) -> String {
    let (ess, needed) = (report.ess.floor(), report.ess_needed.ceil());
    let n = report.n;
    let (Some(value), Some(low), Some(high)) = (report.dr, report.low, report.high) else {
        return format!(
            "Nothing can be said of B: its {n} rounds count like {ess} of equal weight, where {needed} are needed, and the \
             largest weighs {:.0}. Log more rounds, try more at random (a larger `floor` or share of exploration), or judge a \
             policy that does more of what was done.",
            report.max_weight
        );
    };
    let of_logged = |value: f64| {
        let by = (value / report.value_logged - 1.0) * 100.0;
        if by.is_finite() && report.value_logged > 0.0 {
            format!("{by:+.1} %")
        } else {
            signed(value - report.value_logged)
        }
    };
    let change = format!("{} ({} to {})", of_logged(value), of_logged(low), of_logged(high));
    let (value, logged) = (number(value), number(report.value_logged));
    match report.verdict {
        PolicyVerdict::Better => format!(
            "B would have earned more: {value} a round where {logged} came, {change}. Give it a share of the customers and \
             measure it there before all of them get it."
        ),
        PolicyVerdict::Worse => {
            format!("B would have earned less: {value} a round where {logged} came, {change}. Keep what you have.")
        }
        _ => format!(
            "B may earn more or less: {value} a round where {logged} came, {change}. About {} rounds like these would tell a \
             difference of that size.",
            rounds_needed(report)
        ),
    }
}

/// How many rounds would make the interval as narrow as the difference is large.
fn rounds_needed(report: &PolicyReport) -> String {
    let half = (report.high.unwrap_or(0.0) - report.low.unwrap_or(0.0)) / 2.0;
    let times = (half / report.difference).powi(2);
    let n = report.n as f64 * times;
    if n.is_finite() && n < 1e9 { round_up(n) } else { "more than a billion".to_owned() }
}

/// To two digits, upwards.
fn round_up(n: f64) -> String {
    let unit = 10_f64.powf((n.max(10.0).log10().floor() - 1.0).max(0.0));
    format!("{:.0}", (n / unit).ceil() * unit)
}

/// As many digits as a person looks at.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 100.0 {
        1
    } else if value.abs() >= 1.0 {
        3
    } else {
        5
    };
    format!("{value:.digits$}")
}

fn signed(value: f64) -> String {
    if value < 0.0 { number(value) } else { format!("+{}", number(value)) }
}

pub(super) fn doubts(report: &PolicyReport, rounds: &Rounds, target: &[f64]) -> Vec<String> {
    let mut doubts = Vec::new();
    let n = report.n as f64;
    let weights: Vec<f64> = target.iter().zip(&rounds.propensity).map(|(target, p)| target / p).collect();
    let mean = report.mean_weight;
    let squares: f64 = weights.iter().map(|w| (w - mean) * (w - mean)).sum();
    let se = (squares / (n * (n - 1.0))).sqrt();
    if (mean - 1.0).abs() > TOO_FAR * se + 1e-9 && report.verdict != PolicyVerdict::Refused {
        doubts.push(format!(
            "weights are {mean:.3} in the mean, where chances that are right give 1: a propensity must be that of what was really \
             drawn, after rules, and B must only do what could have been done"
        ));
    }
    let certain = rounds.propensity.iter().filter(|p| **p >= 1.0).count();
    if certain > 0 {
        doubts.push(format!(
            "in {certain} rounds the action was certain (a propensity of 1): they say nothing of what else could have been done"
        ));
    }
    if let Target::OfTaken(_) = rounds.target {
        let seen = rounds.action.iter().collect::<std::collections::BTreeSet<_>>().len();
        if seen < rounds.n_actions as usize {
            doubts.push(format!("{} actions were never taken", rounds.n_actions as usize - seen));
        }
    }
    if let Target::OfAll(chances) = &rounds.target {
        let n_actions = rounds.n_actions as usize;
        let mut seen = vec![false; n_actions];
        rounds.action.iter().for_each(|action| seen[*action as usize] = true);
        let mass: f64 = chances
            .chunks(n_actions.max(1))
            .flat_map(|row| row.iter().zip(&seen))
            .filter(|(_, seen)| !**seen)
            .map(|(p, _)| p)
            .sum();
        let share = mass / n;
        if share > 0.001 {
            doubts.push(format!("{:.1} % of what B does was never done: what that brings is a guess", 100.0 * share));
        }
    }
    doubts
}
