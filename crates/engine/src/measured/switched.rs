//! What did an experiment find that is switched, place by place and slice by slice?

use super::claimed::{Both, Claimed};
use super::drawn::{Drawn, Draws};
use super::{ALPHA, Counting, Found, GUARDRAILS, METRICS, direction_of, stage, why_uncounted};
use crate::measures::Plan;
use decisions::{Flags, Switch};
use measurement::experiment::{self, Variation, Verdict};
use measurement::exposed::Unit;
use measurement::kpi::Counted;
use measurement::switchback::{Slice, Switched, SwitchedMetric, Switches, conclude, switched};
use primitives::Timestamp;

/// A slice with its arm and what everybody did who met it there, until it was over.
pub(super) type Cut = (Switch, usize, Both);

/// Whose word is counted of a slice.
pub(super) type Whose = fn(&Both) -> &[Unit];

impl Counting<'_> {
    /// What every experiment found that is switched and is declared still; `count` counts what customers did.
    pub(super) fn switched(
        &self,
        draws: &Draws,
        declared: &Flags,
        count: &dyn Fn(&[Drawn]) -> Both,
    ) -> Vec<(String, Found)> {
        let found = |name: String| {
            let plan = Plan::from(declared.experiment(&name)?);
            let how = plan.switchback.as_ref()?;
            let arms: Vec<String> = plan.variations.iter().map(|(name, _)| name.clone()).collect();
            let slices = draws.of_switched(&name, &arms, &|switch| how.begin(switch.slice + 1));
            let over = slices.into_iter().filter(|(switch, ..)| how.begin(switch.slice + 1) <= self.now);
            let cut: Vec<Cut> = over.map(|(switch, arm, drawn)| (switch, arm, count(&drawn))).collect();
            let began: Option<Timestamp> = cut.iter().map(|(switch, ..)| how.begin(switch.slice)).min();
            let end = began.map(|began| began.plus_days(plan.days));
            let is_meant = |(switch, ..): &Cut| end.is_none_or(|end| how.begin(switch.slice) < end);
            let cut: Vec<Cut> = cut.into_iter().filter(is_meant).collect();
            let mut found = self.found_switched(&plan, &cut, (began, |both| &both.all));
            let without = || self.found_switched(&plan, &cut, (began, |both| &both.of_company)).report;
            let claimed = Claimed::of(self.success(Some(&plan)), cut.iter().map(|(.., both)| both));
            claimed.tell(&mut found.report, without);
            Some((name, found))
        };
        draws.switched().into_iter().filter_map(found).collect()
    }

    /// What was found: each metric is the mean of those who met a slice, from when they did until it was over.
    pub(super) fn found_switched(
        &self,
        plan: &Plan,
        slices: &[Cut],
        (began, whose): (Option<Timestamp>, Whose),
    ) -> Found {
        let stage = stage(Some(plan), began, (0, self.now));
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
        let (switched, verdict, says) = conclude(self.switched_metrics(plan, slices, whose), stage, ALPHA);
        if report.verdict != Verdict::Broken {
            (report.verdict, report.says) = (verdict, says);
        }
        Found { began, state: Some(plan.state), report, switched, preferred: None }
    }

    /// What its plan names, and what is usual where it names nothing. What is named is told though it is not counted.
    fn switched_metrics(&self, plan: &Plan, slices: &[Cut], whose: Whose) -> Vec<SwitchedMetric> {
        let usual: Vec<String> =
            std::iter::once(self.measures.earned.clone()).chain(METRICS.map(str::to_owned)).collect();
        let metrics = if plan.metrics.is_empty() { &usual } else { &plan.metrics };
        let usual = GUARDRAILS.map(str::to_owned).to_vec();
        let guardrails = if plan.guardrails.is_empty() { &usual } else { &plan.guardrails };
        let all = metrics.iter().map(|name| (name, false)).chain(guardrails.iter().map(|name| (name, true)));
        let made = all.filter_map(|(name, is_guardrail)| {
            let is_named = plan.metrics.iter().chain(&plan.guardrails).any(|own| own == name);
            let Some((at, kpi)) = self.kpi(name) else {
                let unknown = || Switched::unknown(why_uncounted(name));
                return is_named
                    .then(|| SwitchedMetric::new(name, direction_of(is_guardrail), is_guardrail, unknown()));
            };
            let made = SwitchedMetric::new(&kpi.name, kpi.direction, is_guardrail, compared(slices, whose, at));
            // Of what nobody asks for and nobody ever told of, nothing need be known.
            let is_never_told = made.found.control == Some(0.0) && made.found.treated == Some(0.0);
            let must_be_known = made.must_be_known && (is_named || !is_never_told);
            Some(SwitchedMetric { must_be_known, ..made })
        });
        made.collect()
    }
}

/// A KPI in every slice, with the change and without it.
fn compared(slices: &[Cut], whose: Whose, at: usize) -> Switched {
    let y = |units: &[Unit]| {
        let (mut sum, mut of) = (0.0, 0.0);
        for unit in units {
            let Some(Counted::Pair(y, x)) = unit.seen.get(at).map(|seen| &seen.after) else { continue };
            (sum, of) = (sum + y, of + x);
        }
        (of > 0.0).then(|| sum / of)
    };
    let slice = |(switch, arm, both): &Cut| {
        Some(Slice { by: switch.place.clone(), at: switch.slice, is_treated: *arm == 1, y: y(whose(both))? })
    };
    let slices: Vec<Slice> = slices.iter().filter_map(slice).collect();
    switched(&slices, &Switches { carry: 0, lags: None, alpha: ALPHA })
}
