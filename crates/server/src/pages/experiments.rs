//! What is tried out, what did it find, and what is to be done next?

mod besides;

use super::flags::saved_name;
use super::visit::Visit;
use super::words::{turned, unmarked};
use crate::app::App;
use crate::counting::COUNTING;
use crate::error::ServerError;
use axum::response::Response;
use console::format;
use console::view::{ArmLine, ExperimentCard, ExperimentState, ExperimentsPage, FindingLine, Frame, Span, Turns};
use decisions::{Experiment, FlagRule, Flags, State};
use engine::ExperimentFound;
use measurement::REWARD_WINDOW_DAYS;
use measurement::experiment::{Bearing, Direction, ExperimentReport, Finding, Stage, Verdict};
use primitives::{Timestamp, capital};
use std::collections::BTreeSet;

/// `/experiments`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame)?.render())).await
}

fn fill(app: &App, frame: Frame) -> Result<ExperimentsPage, ServerError> {
    let declared = app.engine.capabilities().flags.now();
    let measured = app.engine.measured_lately(None)?;
    let found = |name: &str| measured.as_ref().and_then(|measured| measured.experiments.get(name));
    let saved = |list| app.engine.declared_on(list).into_iter().filter_map(saved_name).collect();
    let told =
        Told { app, declared: &declared, now: frame.now, saved: saved("experiments"), saved_flags: saved("flags") };
    let mut cards: Vec<ExperimentCard> =
        declared.experiments().map(|one| told.card(&one.name, Some(one), found(&one.name))).collect();
    let gone = measured.iter().flat_map(|measured| &measured.experiments);
    let gone = gone.filter(|(name, _)| declared.experiment(name).is_none());
    cards.extend(gone.map(|(name, found)| told.card(name, None, Some(found))));
    // What is to be looked at comes first.
    cards.sort_by_key(|card| match card.state {
        ExperimentState::Running => 0,
        ExperimentState::Draft => 1,
        ExperimentState::Over => 2,
        ExperimentState::Gone => 3,
    });
    let when = measured.map(|measured| format!("Counted at {}.", format::date_time(measured.at)));
    let editor = frame.may_operate.then(|| "/new/experiments".to_owned());
    Ok(ExperimentsPage { frame, editor, when: when.unwrap_or_else(|| COUNTING.to_owned()), experiments: cards })
}

/// What is told by.
struct Told<'a> {
    app: &'a App,
    declared: &'a Flags,
    now: Timestamp,
    /// The experiments and the flags that are changed here, and not in the settings.
    saved: BTreeSet<String>,
    saved_flags: BTreeSet<String>,
}

impl Told<'_> {
    fn card(&self, name: &str, plan: Option<&Experiment>, found: Option<&ExperimentFound>) -> ExperimentCard {
        let report = found.map(|found| &found.report);
        let stage = report.map(|report| report.stage);
        let state = match plan.map(|plan| plan.state) {
            None => ExperimentState::Gone,
            Some(State::Draft) => ExperimentState::Draft,
            Some(State::Stopped) => ExperimentState::Over,
            Some(State::Running) if stage == Some(Stage::AtEnd) => ExperimentState::Over,
            Some(State::Running) => ExperimentState::Running,
        };
        let is_met = report.is_some_and(|report| report.n.values().sum::<u64>() > 0);
        let met = found.filter(|_| is_met);
        let report = report.filter(|_| is_met);
        let turns = plan.filter(|_| self.saved.contains(name)).map(|plan| self.turns(plan, report));
        ExperimentCard {
            title: plan.map_or_else(|| capital(&name.replace(['_', '-'], " ")), |plan| plan.title.clone()),
            who: plan.map(who).unwrap_or_default(),
            flags: self.flags_of(name),
            timeline: plan.zip(found.and_then(|found| found.began)).map(|(plan, began)| self.span(plan, began)),
            // Of what nobody plans any more there is nothing to decide.
            verdict: report.filter(|_| plan.is_some()).map(|report| verdict(report.verdict, report.stage)),
            says: report.filter(|_| plan.is_some()).map(|report| unmarked(&report.says)),
            next: match (&turns, report.map(|report| report.verdict)) {
                (Some(Turns { begins: true, .. }), _) => {
                    "Start it when everything is as it should be: what it compares and who takes part is frozen then."
                        .to_owned()
                }
                (Some(Turns { ships, .. }), Some(Verdict::Ship)) if !ships.is_empty() => {
                    "Give it to all: its value becomes the default of its flags, and it is stopped.".to_owned()
                }
                _ => {
                    let told = |report: &ExperimentReport| (report.verdict, self.until_told(report.stage, plan));
                    let stop = if turns.is_some() { STOP_HERE } else { STOP_IN_SETTINGS };
                    next((name, stop), (plan, &self.flags_of(name)), report.map(told))
                }
            },
            arms: arms(plan, found),
            srm: report.map_or((true, None), |report| {
                (report.srm.ok, Some(report.srm.p).filter(|p| p.is_finite() && report.n.len() > 1))
            }),
            metrics: met.map(|found| self.found(found, &found.report.metrics, plan, false)).unwrap_or_default(),
            guardrails: met.map(|found| self.found(found, &found.report.guardrails, plan, true)).unwrap_or_default(),
            segments: report.map(|report| self.segments(&report.by_segment, stage)).unwrap_or_default(),
            turns,
            n_mixed: report.map_or(0, |report| report.n_mixed),
            intervals: intervals(plan, stage.is_some_and(Stage::is_over)),
            name: name.to_owned(),
            state,
        }
    }

    /// What can be done with it here.
    fn turns(&self, plan: &Experiment, report: Option<&ExperimentReport>) -> Turns {
        let flags = self.flags_of(&plan.name);
        let is_here = !flags.is_empty() && flags.iter().all(|flag| self.saved_flags.contains(flag));
        let mut ships: Vec<String> = plan.variations.iter().map(|one| one.name.clone()).collect();
        // What was found to be better stands first.
        let is_better = |name: &String| {
            let of = |finding: &&Finding| finding.variation == *name && finding.bearing == Bearing::Better;
            report.is_some_and(|report| report.metrics.iter().any(|finding| of(&finding)))
        };
        ships.sort_by_key(|name| !is_better(name));
        Turns {
            begins: plan.state == State::Draft,
            stops: plan.state == State::Running,
            ships: if is_here && plan.state != State::Draft { ships } else { Vec::new() },
        }
    }

    /// The flags that it decides.
    fn flags_of(&self, name: &str) -> Vec<String> {
        let is_of = |rule: &FlagRule| matches!(rule, FlagRule::Experiment(experiment) if experiment == name);
        let flags = self.declared.flags().filter(|flag| flag.rules.iter().any(is_of));
        flags.map(|flag| flag.name.clone()).collect()
    }

    fn span(&self, plan: &Experiment, began: Timestamp) -> Span {
        let closes = began.plus_days(plan.days);
        Span { began, closes, ends: closes.plus_days(self.within_days(plan)), now: self.now }
    }

    /// For how many days it is counted what the last do who come in: as it is judged.
    fn within_days(&self, plan: &Experiment) -> i64 {
        match (&plan.interleave, &plan.switchback) {
            (Some(_), _) => REWARD_WINDOW_DAYS,
            (None, Some(_)) => 0,
            (None, None) => self.app.engine.capabilities().measures.within_days,
        }
    }

    /// The same with the days until it is told what came of it, and not until nobody comes in any more.
    fn until_told(&self, stage: Stage, plan: Option<&Experiment>) -> Stage {
        match stage {
            Stage::Running { days_left: Some(days) } => {
                let within = plan.map_or(0, |plan| self.within_days(plan));
                Stage::Running { days_left: Some(days.saturating_add(u32::try_from(within).unwrap_or_default())) }
            }
            stage => stage,
        }
    }

    /// What was found of metrics or of guardrails: customer by customer, slice by slice, and list by list.
    fn found(
        &self,
        found: &ExperimentFound,
        findings: &[Finding],
        plan: Option<&Experiment>,
        is_guardrail: bool,
    ) -> Vec<FindingLine> {
        let stage = found.report.stage;
        let mut lines: Vec<FindingLine> = findings.iter().map(|one| self.line(one, Some(stage))).collect();
        if let Some(plan) = plan {
            let slices = found.switched.iter().filter(|one| one.is_guardrail == is_guardrail);
            lines.extend(slices.filter_map(|one| besides::sliced(one, self.title_of(&one.metric), plan)));
            let preferred = found.preferred.iter().filter(|_| !is_guardrail);
            lines.extend(preferred.filter_map(|found| besides::preference(found, plan, stage)));
        }
        lines
    }

    /// What a metric is called.
    fn title_of(&self, metric: &str) -> String {
        let kpis = &self.app.engine.capabilities().measures.kpis;
        kpis.iter().find(|kpi| kpi.name == metric).map_or_else(|| metric.to_owned(), |kpi| kpi.title.clone())
    }

    fn line(&self, finding: &Finding, stage: Option<Stage>) -> FindingLine {
        let compared = &finding.compared;
        let interval = compared.lift.as_ref().zip(stage).map(|(lift, stage)| {
            let interval = Finding::interval(lift, stage);
            (lift.value, interval.low, interval.high)
        });
        FindingLine {
            title: self.title_of(&finding.metric),
            variation: finding.variation.clone(),
            numbers: (compared.control, compared.treated),
            lift: interval,
            is_less_better: finding.direction == Direction::Down,
            is_share: false,
            note: turned((compared.control, compared.treated), interval.map(|(lift, ..)| lift)),
            bearing: finding.bearing.name(),
            reason: compared.reason.as_deref().map(unmarked),
        }
    }

    fn segments(&self, all: &[Finding], stage: Option<Stage>) -> Vec<(String, Vec<FindingLine>)> {
        let mut segments: Vec<(String, Vec<FindingLine>)> = Vec::new();
        for finding in all {
            let name = capital(&finding.segment.as_deref().unwrap_or_default().replace('_', " "));
            let line = self.line(finding, stage);
            match segments.iter_mut().find(|(known, _)| *known == name) {
                Some((_, lines)) => lines.push(line),
                None => segments.push((name, vec![line])),
            }
        }
        segments
    }
}

/// What the intervals of an experiment hold for, and what is taken off the changes.
fn intervals(plan: Option<&Experiment>, is_over: bool) -> &'static str {
    let is_drafted = plan.is_some_and(|plan| plan.interleave.is_some());
    let is_switched = plan.is_some_and(|plan| plan.switchback.is_some());
    match (is_drafted, is_switched, is_over) {
        (true, _, true) => {
            "Each customer counts once; half and half is no preference. Intervals are of 95 %, for one look at the end."
        }
        (true, _, false) => {
            "Each customer counts once; half and half is no preference. While it runs, intervals are those that hold however often one looks."
        }
        (_, true, _) => "It is compared slice by slice. Intervals are of 95 %, for one look at the end.",
        (_, _, true) => {
            "Numbers are told as they were counted; in the change, what customers had brought before is taken off. Intervals are of 95 %, \
             for one look at the end."
        }
        (_, _, false) => {
            "Numbers are told as they were counted; in the change, what customers had brought before is taken off. While it runs, intervals \
             are those that hold however often one looks."
        }
    }
}

/// Who takes part.
fn who(plan: &Experiment) -> String {
    if let Some(kind) = &plan.interleave {
        return format!(
            "It mixes lists of {kind}: each is drafted from both ways to make it, as captains choose teams, and what is chosen counts for \
             the way that picked it. Everybody who is known gets such lists."
        );
    }
    let layer = plan.layer.as_ref().map_or_else(String::new, |layer| format!(" It is in the layer {layer}."));
    let share = if plan.share < 1.0 { format!("{} of ", format::percent(plan.share)) } else { String::new() };
    let whom = match plan.who.as_str() {
        "" if plan.share < 1.0 => "the customers".to_owned(),
        "" => "everybody".to_owned(),
        who => format!("those of whom it holds that {who}"),
    };
    let takes = if whom == "everybody" { "takes" } else { "take" };
    format!("{} {takes} part.{layer}", capital(&format!("{share}{whom}")))
}

/// The variations, in the order of the plan; of an experiment that is planned no longer, as they were met.
fn arms(plan: Option<&Experiment>, found: Option<&ExperimentFound>) -> Vec<ArmLine> {
    let n = |name: &str| found.and_then(|found| found.report.n.get(name)).copied().unwrap_or_default();
    let Some(plan) = plan else {
        let met = found.into_iter().flat_map(|found| &found.report.n);
        return met.map(|(name, n)| ArmLine { name: name.clone(), value: None, share: None, n: *n }).collect();
    };
    let total: f64 = plan.variations.iter().map(|one| one.weight).sum();
    let arm = |one: &decisions::Variation| ArmLine {
        name: one.name.clone(),
        value: Some(one.value.to_string()),
        share: (total > 0.0).then(|| one.weight / total),
        n: n(&one.name),
    };
    plan.variations.iter().map(arm).collect()
}

fn verdict(verdict: Verdict, stage: Stage) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Broken => ("Broken", "bad"),
        Verdict::Ship => ("Ship it", "good"),
        Verdict::Stop => ("Stop it", "bad"),
        Verdict::GoOn if stage.is_over() => ("Not clear", ""),
        Verdict::GoOn => ("Go on", ""),
    }
}

/// How an experiment is stopped: by the button beside it, or where it is declared.
const STOP_HERE: &str = "stop it here";
const STOP_IN_SETTINGS: &str = "set state = \"stopped\"";

/// What to do next, and how.
fn next(
    (name, stop): (&str, &str),
    (plan, flags): (Option<&Experiment>, &[String]),
    found: Option<(Verdict, Stage)>,
) -> String {
    let flag = flags.first().map_or("the flag", String::as_str);
    let Some(plan) = plan else {
        return "It is not declared any more: what it found is told for as long as decisions are kept.".to_owned();
    };
    if let Some(kind) = &plan.interleave {
        return next_drafted((name, kind, stop), plan, found);
    }
    match (plan.state, found) {
        (State::Draft, _) => format!("To begin, set state = \"running\" for {name} in [[experiments]]."),
        (_, None) if flags.is_empty() => {
            format!("No flag is decided by it: write {{ experiment = \"{name}\" }} into the rules of one.")
        }
        (State::Stopped, None) => "It was stopped before anybody met it.".to_owned(),
        (State::Running, None) => format!("Nobody has met it yet: ask for the flag {flag} wherever it is used."),
        (_, Some((Verdict::Broken, _))) => format!(
            "{}, find where customers of one variation are lost, and begin anew under another name: {name} would draw the same \
             customers again.",
            capital(stop)
        ),
        (_, Some((Verdict::Ship, _))) => format!(
            "Give it to all: make the better value the default of {flag}, take {{ experiment = \"{name}\" }} out of its rules, and \
             {stop}."
        ),
        (_, Some((Verdict::Stop, _))) => {
            format!(
                "Take {{ experiment = \"{name}\" }} out of the rules of {flag}, so that everybody gets what they got before."
            )
        }
        (State::Stopped, Some((Verdict::GoOn, _))) => {
            "Nothing is clear, and nothing more will be known: try something bolder, or for longer.".to_owned()
        }
        (State::Running, Some((Verdict::GoOn, Stage::Running { days_left: Some(days) }))) => format!(
            "Leave it alone for {} more: then it is told what came of it. Looking before changes nothing.",
            format::counted(days.into(), "day", "days")
        ),
        (State::Running, Some((Verdict::GoOn, _))) => "Leave it alone: it goes on.".to_owned(),
    }
}

/// The same where lists are drafted from two ways to make them.
fn next_drafted((name, kind, stop): (&str, &str, &str), plan: &Experiment, found: Option<(Verdict, Stage)>) -> String {
    let other = plan.variations.get(1);
    let value = other.map_or_else(String::new, |one| one.value.to_string());
    let other = other.map_or("the other", |one| one.name.as_str());
    match (plan.state, found) {
        (State::Draft, _) => format!("To begin, set state = \"running\" for {name} in [[experiments]]."),
        (State::Running, None) => format!("Nobody has chosen anything yet: go on to ask for {kind}."),
        (State::Stopped, None) => "It was stopped before anybody chose anything.".to_owned(),
        (_, Some((Verdict::Ship, _))) => {
            format!("Ask for {kind} as {other} does ({value}), or set that for all in [decisions], and {stop}.")
        }
        (_, Some((Verdict::Stop | Verdict::Broken, _))) => {
            format!("{}: lists of {kind} are made as before then.", capital(stop))
        }
        (_, Some((Verdict::GoOn, _))) => {
            "Leave it alone: it goes on. Looking before its end changes nothing.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_says_how() {
        let plan = |state: &str| {
            let table = serde_json::json!({"name": "copy", "state": state,
                "variations": [{"name": "control", "value": 1}, {"name": "bold", "value": 2}]});
            Experiment::from_table(table.as_object().unwrap()).unwrap()
        };
        let flags = ["checkout".to_owned()];
        let told = |state: &str, found| next(("copy", STOP_IN_SETTINGS), (Some(&plan(state)), &flags), found);
        let running = Stage::Running { days_left: Some(3) };
        for (state, found, part) in [
            ("draft", None, "state = \"running\""),
            ("running", None, "ask for the flag checkout"),
            ("running", Some((Verdict::Broken, running)), "under another name"),
            ("running", Some((Verdict::Ship, Stage::AtEnd)), "the default of checkout"),
            ("running", Some((Verdict::Stop, running)), "out of the rules of checkout"),
            ("running", Some((Verdict::GoOn, running)), "for 3 days more"),
            ("stopped", Some((Verdict::GoOn, Stage::Stopped)), "nothing more will be known"),
        ] {
            let sentence = told(state, found);
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
        assert!(next(("copy", STOP_HERE), (Some(&plan("running")), &[]), None).contains("No flag is decided by it"));
        assert!(
            next(("copy", STOP_HERE), (None, &flags), Some((Verdict::Ship, Stage::AtEnd))).contains("not declared")
        );
        // Whoever has the button beside it is not sent to a file.
        let broken = Some((Verdict::Broken, running));
        let here = next(("copy", STOP_HERE), (Some(&plan("running")), &flags), broken);
        assert!(here.starts_with("Stop it here, find") && !here.contains("state ="), "{here}");
        assert_eq!(who(&plan("running")), "Everybody takes part.");
        let mixed = Experiment { interleave: Some("recommend".to_owned()), ..plan("running") };
        assert!(who(&mixed).starts_with("It mixes lists of recommend"), "{}", who(&mixed));
        assert!(intervals(Some(&mixed), false).contains("half and half") && intervals(None, true).contains("one look"));
        assert_eq!(verdict(Verdict::GoOn, Stage::AtEnd).0, "Not clear");
    }
}
