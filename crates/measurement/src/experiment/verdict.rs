//! What should be done with an experiment now?

use super::says::{effect_in_words, list};
use super::{Bearing, Counted, ExperimentReport, Finding, Stage};
use serde::{Deserialize, Serialize};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The variation that is named is better, and nothing is worse.
    Ship,
    /// Something is worse, or nothing was gained by the end.
    Stop,
    /// It is not clear yet.
    GoOn,
    /// The arms cannot be compared.
    Broken,
}

/// The verdict on what was found, with its sentence.
pub(super) fn verdict(report: &ExperimentReport, counted: &Counted) -> (Verdict, String) {
    let (verdict, mut says) = decided(report, counted);
    if report.n_mixed > 0 && verdict != Verdict::Broken {
        let who = if report.n_mixed == 1 { "1 customer" } else { &format!("{} customers", report.n_mixed) };
        says = format!("{says} {who} met more than one variation and count for the one that is theirs now.");
    }
    (verdict, says)
}

fn decided(report: &ExperimentReport, counted: &Counted) -> (Verdict, String) {
    if counted.variations.len() < 2 {
        return (Verdict::GoOn, "Go on: there is nothing to compare the control with.".to_owned());
    }
    if !report.srm.ok {
        return (Verdict::Broken, broken(counted));
    }
    let words = |finding: &Finding| effect_in_words(finding, counted.stage);
    let worse = |finding: &&Finding| finding.bearing == Bearing::Worse;
    if let Some(harm) = report.guardrails.iter().chain(&report.metrics).find(worse) {
        return (Verdict::Stop, format!("Stop `{}`: {}, which is worse.", harm.variation, words(harm)));
    }
    let smallest = |a: &&Finding, b: &&Finding| a.p_adjusted.unwrap_or(1.0).total_cmp(&b.p_adjusted.unwrap_or(1.0));
    let better = report.metrics.iter().filter(|finding| finding.bearing == Bearing::Better);
    if let Some(best) = better.min_by(smallest) {
        let unknown = |finding: &Finding| finding.bearing == Bearing::Unknown;
        let guardrails = match report.guardrails.iter().any(unknown) {
            true => "nothing can be told of a guardrail yet",
            false => "no guardrail is worse",
        };
        return (Verdict::Ship, format!("Ship `{}`: {}, and {guardrails}.", best.variation, words(best)));
    }
    not_clear(report, counted.stage)
}

fn not_clear(report: &ExperimentReport, stage: Stage) -> (Verdict, String) {
    let unknown = report.metrics.iter().find(|finding| finding.bearing == Bearing::Unknown);
    let known: Vec<String> =
        report.metrics.iter().filter(|finding| finding.bearing == Bearing::Unclear).map(ticked).collect();
    let why = match unknown.and_then(|finding| finding.compared.reason.as_ref().map(|reason| (finding, reason))) {
        Some((finding, reason)) => {
            let are = if known.len() == 1 { "is" } else { "are" };
            let first = match known.is_empty() {
                true => String::new(),
                false => format!("{} {are} not clearly better or worse, and ", list(known.into_iter())),
            };
            format!("{first}of `{}` nothing can be told, as {reason}", finding.metric)
        }
        None if report.metrics.is_empty() => "no metric is declared".to_owned(),
        None => "no metric is clearly better or worse".to_owned(),
    };
    match stage {
        Stage::AtEnd => (Verdict::Stop, format!("Stop: the planned end is reached, and {why}.")),
        Stage::Stopped => (Verdict::Stop, format!("Stop: it was ended, and {why}.")),
        Stage::Running { days_left: Some(0) } => {
            let says = format!("Go on: {why}; the planned end is reached, and what customers do is still counted.");
            (Verdict::GoOn, says)
        }
        Stage::Running { days_left: None } => (Verdict::GoOn, format!("Go on: {why}.")),
        Stage::Running { days_left: Some(1) } => {
            (Verdict::GoOn, format!("Go on: {why}; customers come in for 1 day more."))
        }
        Stage::Running { days_left: Some(n) } => {
            (Verdict::GoOn, format!("Go on: {why}; customers come in for {n} days more."))
        }
    }
}

fn ticked(finding: &Finding) -> String {
    format!("`{}`", finding.metric)
}

fn broken(counted: &Counted) -> String {
    let each = counted.variations.iter().zip(counted.drawn_into_each());
    let counts = list(each.map(|(variation, n)| format!("{n} of `{}`", variation.name)));
    let weights: Vec<String> = counted.variations.iter().map(|variation| variation.weight.to_string()).collect();
    format!(
        "Broken: {counts} is not what chance makes of {}. Something loses or adds customers in one arm, so nothing else is \
         told: look for what happens before the exposure is written, then begin again.",
        weights.join(" : ")
    )
}
