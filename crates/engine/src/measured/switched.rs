//! What did an experiment find that is switched, place by place and slice by slice?

use super::drawn::{Drawn, Draws};
use super::{ALPHA, Counting, Found, GUARDRAILS, METRICS, stage};
use crate::measures::Plan;
use decisions::{Flags, Switch, Switchback};
use measurement::experiment::{self, Direction, Stage, Variation, Verdict};
use measurement::exposed::Unit;
use measurement::kpi::Counted;
use measurement::switchback::{Slice, Switched, Switches, switched};
use primitives::Timestamp;

/// A slice with its arm and what everybody did who met it there, until it was over.
type Cut = (Switch, usize, Vec<Unit>);

impl Counting<'_> {
    /// What every experiment found that is switched and is declared still; `count` counts what customers did.
    pub(super) fn switched(
        &self,
        draws: &Draws,
        declared: &Flags,
        count: &dyn Fn(Vec<Drawn>) -> Vec<Unit>,
    ) -> Vec<(String, Found)> {
        let found = |name: String| {
            let plan = Plan::from(declared.experiment(&name)?);
            let how = plan.switchback.as_ref()?;
            let arms: Vec<String> = plan.variations.iter().map(|(name, _)| name.clone()).collect();
            let slices = draws.of_switched(&name, &arms, &|switch| how.begin(switch.slice + 1));
            let over = slices.into_iter().filter(|(switch, ..)| how.begin(switch.slice + 1) <= self.now);
            let cut = over.map(|(switch, arm, drawn)| (switch, arm, count(drawn))).collect();
            let found = self.found_switched(&plan, how, cut);
            Some((name, found))
        };
        draws.switched().into_iter().filter_map(found).collect()
    }

    /// What was found: each metric is the mean of those who met a slice, from when they did until it was over.
    fn found_switched(&self, plan: &Plan, how: &Switchback, slices: Vec<Cut>) -> Found {
        let began: Option<Timestamp> = slices.iter().map(|(switch, ..)| how.begin(switch.slice)).min();
        let stage = stage(Some(plan), began, (0, self.now));
        let end = began.map(|began| began.plus_days(plan.days));
        let slices: Vec<Cut> =
            slices.into_iter().filter(|(switch, ..)| end.is_none_or(|end| how.begin(switch.slice) < end)).collect();
        let usual: Vec<String> =
            std::iter::once(self.measures.earned.clone()).chain(METRICS.map(str::to_owned)).collect();
        let metrics = if plan.metrics.is_empty() { &usual } else { &plan.metrics };
        let guardrails =
            if plan.guardrails.is_empty() { GUARDRAILS.map(str::to_owned).to_vec() } else { plan.guardrails.clone() };
        let all = metrics.iter().map(|name| (name, false)).chain(guardrails.iter().map(|name| (name, true)));
        let found: Vec<(String, bool, Direction, Switched)> = all
            .filter_map(|(name, is_guardrail)| {
                let (at, kpi) = self.kpi(name)?;
                Some((kpi.name.clone(), is_guardrail, kpi.direction, compared(&slices, at)))
            })
            .collect();
        let n_of = |arm: usize| slices.iter().filter(|(_, of, _)| *of == arm).count() as u64;
        let variations = plan.variations.iter().enumerate().map(|(arm, (name, weight))| Variation {
            name: name.clone(),
            weight: *weight,
            n: n_of(arm),
        });
        let counted = experiment::Counted {
            variations: variations.collect(),
            metrics: Vec::new(),
            stage,
            drawn: Vec::new(),
            alpha: ALPHA,
            n_mixed: 0,
        };
        let mut report = experiment::report(&counted);
        if report.verdict != Verdict::Broken {
            (report.verdict, report.says) = verdict(&found, stage);
        }
        let switched = found.into_iter().map(|(name, is_guardrail, _, found)| (name, is_guardrail, found)).collect();
        Found { began, state: Some(plan.state), report, switched, preferred: None }
    }
}

/// A KPI in every slice, with the change and without it.
fn compared(slices: &[Cut], at: usize) -> Switched {
    let y = |units: &[Unit]| {
        let (mut sum, mut of) = (0.0, 0.0);
        for unit in units {
            let Some(Counted::Pair(y, x)) = unit.seen.get(at).map(|seen| &seen.after) else { continue };
            (sum, of) = (sum + y, of + x);
        }
        (of > 0.0).then(|| sum / of)
    };
    let slice = |(switch, arm, units): &Cut| {
        Some(Slice { by: switch.place.clone(), at: switch.slice, is_treated: *arm == 1, y: y(units)? })
    };
    let slices: Vec<Slice> = slices.iter().filter_map(slice).collect();
    switched(&slices, &Switches { carry: 0, lags: None, alpha: ALPHA })
}

/// While it runs nothing is concluded: the intervals hold for one look, at the end.
fn verdict(found: &[(String, bool, Direction, Switched)], stage: Stage) -> (Verdict, String) {
    if matches!(stage, Stage::Running { .. }) {
        return (
            Verdict::GoOn,
            "It is switched by slices of time, whose intervals hold for one look at the end: wait for it.".to_owned(),
        );
    }
    let moved = |is_better: bool| {
        let is_so = move |(_, _, direction, found): &&(String, bool, Direction, Switched)| {
            let is_up = (*direction == Direction::Up) == is_better;
            found.interval.is_some_and(|interval| if is_up { interval.low > 0.0 } else { interval.high < 0.0 })
        };
        found.iter().filter(is_so)
    };
    if let Some((name, ..)) = moved(false).next() {
        return (Verdict::Stop, format!("{name} became worse in the slices with the change."));
    }
    match moved(true).find(|(_, is_guardrail, ..)| !is_guardrail) {
        Some((name, ..)) => {
            (Verdict::Ship, format!("{name} became better in the slices with the change, and nothing became worse."))
        }
        None => {
            (Verdict::Stop, "Nothing became better in the slices with the change, as far as can be told.".to_owned())
        }
    }
}
