//! What were decisions worth, and what did experiments find? Whoever was drawn, what they did since, counted in one replay.

mod claimed;

mod drafted;

mod drawn;
mod switched;

mod kept;

mod watched;

use crate::Engine;
use crate::error::EngineError;
use crate::measures::{Measures, Plan};
use claimed::{Both, Claimed};
use decisions::{Over, State};
use drawn::{Drawn, Draws, End, People, Who};
use features::{Trace, TraceReads};
use governance::{Consents, Permitted, Purpose, permit};
use learning::{Believed, Dataset};
use measurement::experiment::{self, Direction, ExperimentReport, Metric, Stage, Variation};
use measurement::exposed::{Span, Unit, arms, counts};
use measurement::flow::{Flow, Step, flow};
use measurement::interleave::Interleaved;
use measurement::kpi::Kpi;
use measurement::lift::{self, About, Against, Lift};
use measurement::statistics::{How, Measure, Moments};
use measurement::switchback::SwitchedMetric;
use primitives::{CustomerId, Timestamp};
use profiles::Customer;
use std::collections::{BTreeMap, BTreeSet};
use watched::Watched;

pub(crate) use kept::Kept;

/// So often something may be found where nothing is.
const ALPHA: f64 = 0.05;
/// The arms of a holdout, by their numbers.
const HELD: usize = 0;
const TREATED: usize = 1;
/// Parts of the customers by what they had bought when they were exposed.
const PARTS: [&str; 3] = ["had_not_bought", "had_bought_once", "had_bought_more_often"];
/// On the way from what was shown to what was earned: KPIs of these names.
const WAY: [&str; 3] = ["shown", "clicked", "orders"];
/// What experiments are judged by where nobody said.
const METRICS: [&str; 1] = ["conversion"];
const GUARDRAILS: [&str; 3] = ["refunds", "tickets", "cost_to_serve"];
/// The arm that others are compared with, where one is called so.
const CONTROL: [&str; 2] = ["control", "holdout"];

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// When.
    pub at: Timestamp,
    /// Of which period, where one was asked for.
    pub period: Option<(Timestamp, Timestamp)>,
    /// What all decisions together were worth.
    pub all: Worth,
    /// What those of each kind were worth, where customers are held out of it.
    pub kinds: BTreeMap<String, Worth>,
    /// What each experiment found.
    pub experiments: BTreeMap<String, Found>,
    /// Drawn, and not counted: they do not permit analytics.
    pub n_left_out: u64,
}

/// What decisions were worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// In money.
    pub lift: Lift,
    /// What it is told by, in words.
    pub measure: String,
    /// Whom with.
    pub against: Against,
    /// When the first of them was exposed.
    pub since: Option<Timestamp>,
    /// Everything else that is counted, and the same by part of the customers.
    pub kpis: ExperimentReport,
    /// On the way from what was shown to what was earned.
    pub flow: Flow,
}

impl Worth {
    /// Says that whoever was drawn by another setting is not counted, where that is so.
    fn tell_of_former(&mut self, has_ended: bool) {
        if has_ended {
            self.lift.says.push_str(" Who was drawn before [holdout] was changed is not counted: that draw has ended.");
        }
    }
}

/// An experiment and what it found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// When the first customer met it.
    pub began: Option<Timestamp>,
    /// Whether it draws, in a word; `None` where no plan of it is known.
    pub state: Option<&'static str>,
    /// What it found.
    pub report: ExperimentReport,
    /// What it found slice by slice, where it is switched.
    pub switched: Vec<SwitchedMetric>,
    /// Which side customers chose from, where lists are drafted from two.
    pub preferred: Option<Interleaved>,
}

impl Engine {
    fn measure(&self, now: Timestamp, period: Option<(Timestamp, Timestamp)>) -> Result<Measured, EngineError> {
        let measures = &self.capabilities.measures;
        let counting = Counting::of(measures, now, period);
        let mut draws = Draws::read(self.ports.decisions.as_ref(), &self.capabilities, now)?;
        let dataset = match draws.is_empty() {
            // Nobody was drawn: nothing need be read to say so.
            true => None,
            false => {
                let reads = TraceReads::new(counting.watched.watches().to_vec());
                Some(Dataset::load(self.ports.history.as_ref(), &self.policy, reads, &mut |_| {})?)
            }
        };
        let believed = dataset
            .as_ref()
            .map(|dataset| Believed::of(dataset, measures.currency, counting.watched.watches().len(), now));
        let customers: &[Permitted<Customer<Trace>>] = dataset.as_ref().map_or(&[], Dataset::customers);
        let people = self.everybody_drawn(customers, draws.names())?;
        draws.resolve(&people);
        let nothing = Trace::default();
        let trace = |place: usize| customers.get(place).map_or(&nothing, |customer| &customer.get().state);
        let units_of = |drawn: &[Drawn], of_company: bool| -> Vec<Unit> {
            let Some(believed) = &believed else { return Vec::new() };
            drawn.iter().filter_map(|one| counting.unit(trace(one.place), believed, (one, of_company))).collect()
        };
        let counted = |drawn: Vec<Drawn>| -> (Vec<Unit>, Option<Timestamp>) {
            (units_of(&drawn, false), drawn.iter().map(|one| one.from).min())
        };
        // Of whom nothing ever came in nobody invented anything.
        let is_claimed = |one: &Drawn| customers.get(one.place).is_some_and(|known| !known.get().profile.is_vouched());
        let of_both = |drawn: &[Drawn]| -> Both {
            let (claimed, told): (Vec<Drawn>, Vec<Drawn>) = drawn.iter().copied().partition(is_claimed);
            Both { all: units_of(drawn, false), of_company: units_of(&told, true), n_claimed: claimed.len() }
        };
        let holdout = &self.capabilities.holdout;
        let (units, since) = counted(draws.of_all());
        let mut all = counting.worth("all decisions", Against::Everything, holdout.share, &units, since);
        all.tell_of_former(draws.has_ended(&Over::Everything));
        let mut kinds = BTreeMap::new();
        for kind in self.capabilities.kinds.iter().filter(|kind| kind.is_held_out()) {
            let name = &kind.about().name;
            let own = holdout.kinds.get(name).copied().filter(|share| *share > 0.0);
            if own.is_none() && holdout.except.contains(name) {
                continue;
            }
            let (share, against, drawn) = match own {
                Some(share) => (share, Against::OwnHoldout, draws.of_own(name)),
                None => (holdout.share, Against::EverythingForThose, draws.of_kind(name)),
            };
            let (units, since) = counted(drawn);
            let what = format!("decisions of `{name}`");
            let mut worth = counting.worth(&what, against, share, &units, since);
            let over = own.map_or(Over::Everything, |_| Over::Kind(name.clone()));
            worth.tell_of_former(draws.has_ended(&over));
            kinds.insert(name.to_string(), worth);
        }
        let (mut experiments, declared) = (BTreeMap::new(), self.capabilities.flags.now());
        for name in draws.experiments() {
            let plan = declared.experiment(&name).map(Plan::from);
            let plan = plan.as_ref();
            let (drawn, who) = draws.of_experiment(&name, plan);
            let (both, began) = (of_both(&drawn), drawn.iter().map(|one| one.from).min());
            experiments.insert(name, counting.believed(plan, who, &both, began));
        }
        experiments.extend(counting.switched(&draws, &declared, &of_both));
        experiments.extend(self.drafted(&declared, now)?);
        Ok(Measured { at: now, period, all, kinds, experiments, n_left_out: draws.n_left_out() })
    }
}

impl Engine {
    /// The customers, and who was drawn and then did nothing that was ever told: left out, they would make an arm whose customers go away
    /// look better than it is.
    fn everybody_drawn(
        &self,
        customers: &[Permitted<Customer<Trace>>],
        meant: BTreeSet<CustomerId>,
    ) -> Result<People, EngineError> {
        let mut people = People::of(customers, &meant);
        if permit(&self.policy, &Consents::default(), Purpose::Analytics, ()).is_err() {
            return Ok(people);
        }
        for id in people.others(meant) {
            let is_known =
                self.look(|live| Ok::<_, EngineError>(live.profiles.find_by_text(id.as_str())?.is_some()))?;
            if !is_known {
                people.add(id);
            }
        }
        Ok(people)
    }
}

/// What is counted of everybody, and for how long.
struct Counting<'a> {
    measures: &'a Measures,
    now: Timestamp,
    period: Option<(Timestamp, Timestamp)>,
    /// The KPIs, and two more for the way.
    kpis: Vec<Kpi>,
    watched: Watched,
}

impl<'a> Counting<'a> {
    fn of(measures: &'a Measures, now: Timestamp, period: Option<(Timestamp, Timestamp)>) -> Self {
        let mut kpis = measures.kpis.clone();
        kpis.extend([("shown", "Decision Shown"), ("clicked", "Decision Clicked")].into_iter().filter_map(step));
        let watched = Watched::of(&kpis);
        Self { measures, now, period, kpis, watched }
    }

    /// What is counted of a customer from when they were drawn.
    fn unit(&self, trace: &Trace, believed: &Believed, (drawn, of_company): (&Drawn, bool)) -> Option<Unit> {
        let End(end) = drawn.end;
        let ends: Vec<Timestamp> = end.into_iter().chain([self.now]).collect();
        let span = match self.period {
            Some((from, until)) => Span::within(drawn.exposed_at, (from.max(drawn.from), until), &ends)?,
            None => Span::new(drawn.exposed_at, drawn.from, self.measures.within_days, &ends)?,
        };
        let occurred = self.watched.occurred(trace, believed, (self.now, of_company));
        let seen = self.kpis.iter().zip(self.watched.of_each(&occurred)).map(|(kpi, own)| span.seen(kpi, &own));
        let n_before =
            trace.orders_known(self.now).filter(|(_, order)| order.at < drawn.exposed_at).take(PARTS.len()).count();
        Some(Unit { arm: drawn.arm, parts: vec![n_before.min(PARTS.len() - 1)], seen: seen.collect() })
    }

    /// A KPI by its name; in place of margin that nobody told, what is told of earnings.
    fn kpi(&self, name: &str) -> Option<(usize, &Kpi)> {
        let name = if name == "margin" { self.measures.earned.as_str() } else { name };
        self.kpis.iter().enumerate().find(|(_, kpi)| kpi.name == name)
    }

    /// What decisions were worth to those in the arms of a holdout.
    fn worth(&self, what: &str, against: Against, share: f64, units: &[Unit], since: Option<Timestamp>) -> Worth {
        let earned = self.kpi(&self.measures.earned);
        let name = if self.measures.earned == "margin" { "margin" } else { "revenue" };
        let measure = match self.period {
            Some((from, until)) => format!("{name} from {} to {}", from.date(), until.plus_days(-1).date()),
            None => format!("{name} in up to {} days", self.measures.within_days),
        };
        let sums = |arm: usize| -> Moments {
            let made = earned.map(|earned| arms(units, 2, earned, None, true).0);
            match made.and_then(|mut made| (made.len() > arm).then(|| made.swap_remove(arm))) {
                Some(experiment::Arm::Sums(sums)) => sums,
                _ => Moments::default(),
            }
        };
        let currency = self.measures.currency.map(|currency| currency.to_string());
        let about = About {
            what,
            measure: &measure,
            currency: currency.as_deref(),
            against,
            share,
            how: How::new(Measure::Adjusted).lopsided().never_negative(),
        };
        let lift = lift::report(&sums(HELD), &sums(TREATED), &about);
        let n = counts(units, 2);
        let variations = vec![
            Variation { name: "holdout".to_owned(), weight: share, n: n[HELD] },
            Variation { name: "treated".to_owned(), weight: 1.0 - share, n: n[TREATED] },
        ];
        let metrics =
            self.measures.kpis.iter().map(|kpi| self.metric(&kpi.name, kpi.direction == Direction::Down, units, 2));
        let stage = Stage::AtEnd;
        let (metrics, drawn) = (metrics.flatten().collect(), Vec::new());
        let counted = experiment::Counted { variations, metrics, stage, alpha: ALPHA, n_mixed: 0, drawn };
        let kpis = experiment::report(&counted);
        let flow = if lift.reason.is_none() { self.flow(units) } else { flow(&[], &How::new(Measure::Mean)) };
        Worth { lift, measure, against, since, kpis, flow }
    }

    /// From what was shown over what was clicked and ordered to what was earned; nothing where it was never told what was shown.
    fn flow(&self, units: &[Unit]) -> Flow {
        let how = How::new(Measure::Mean);
        let names = WAY.into_iter().chain([self.measures.earned.as_str()]);
        let steps: Vec<(usize, &Kpi)> = names.filter_map(|name| self.kpi(name)).collect();
        let y = |unit: &Unit, at: usize| match unit.seen.get(at).map(|seen| &seen.after) {
            Some(measurement::kpi::Counted::Pair(y, _)) => *y,
            _ => 0.0,
        };
        let made: Vec<Step> = steps
            .iter()
            .enumerate()
            .map(|(nth, (at, kpi))| {
                let before = nth.checked_sub(1).map(|nth| steps[nth].0);
                let sums = |arm: usize| {
                    let of_arm = units.iter().filter(|unit| unit.arm == arm);
                    Moments::of_pairs(of_arm.map(|unit| (y(unit, *at), before.map_or(1.0, |before| y(unit, before)))))
                };
                Step { name: kpi.name.clone(), control: sums(HELD), treated: sums(TREATED) }
            })
            .collect();
        let is_told = made.first().is_some_and(|shown| shown.control.sum + shown.treated.sum > 0.0);
        flow(if is_told { &made } else { &[] }, &how)
    }

    fn metric(&self, name: &str, is_guardrail: bool, units: &[Unit], n_arms: usize) -> Option<Metric> {
        let (at, kpi) = self.kpi(name)?;
        let (all, measure) = arms(units, n_arms, (at, kpi), None, true);
        let segments = PARTS
            .iter()
            .enumerate()
            .map(|(part, name)| ((*name).to_owned(), arms(units, n_arms, (at, kpi), Some(part), true).0));
        let is_lopsided = matches!(measure, Measure::Adjusted | Measure::Mean | Measure::Ratio);
        let how = if is_lopsided { How::new(measure).lopsided() } else { How::new(measure) };
        // Of a KPI of your own nobody knows here what it may be.
        let how = if Kpi::built_in_names().contains(&kpi.name.as_str()) { how.never_negative() } else { how };
        Some(Metric {
            name: kpi.name.clone(),
            direction: kpi.direction,
            is_guardrail,
            how,
            arms: all,
            segments: segments.collect(),
        })
    }

    /// By which KPI an experiment is told to succeed: its first metric.
    fn success(&self, plan: Option<&Plan>) -> Option<usize> {
        let own = plan.and_then(|plan| plan.metrics.first()).map_or(self.measures.earned.as_str(), String::as_str);
        Some(self.kpi(own)?.0)
    }

    /// What an experiment found, as far as it rests on more than what whoever has the write key can invent.
    fn believed(&self, plan: Option<&Plan>, who: Who, both: &Both, began: Option<Timestamp>) -> Found {
        let mut found = self.found(plan, who.clone(), &both.all, began);
        // Of those who are left each stands for one name.
        let of_company = Who { n_drawn: Vec::new(), ..who.clone() };
        let own = || self.found(plan, of_company, &both.of_company, began);
        if let Some(own) = claimed::without_invented(&found, both, own) {
            return own;
        }
        let without = || self.found(plan, who, &both.of_company, began).report;
        Claimed::of(self.success(plan), [both]).tell(&mut found.report, without);
        found
    }

    /// What an experiment found.
    fn found(&self, plan: Option<&Plan>, who: Who, units: &[Unit], began: Option<Timestamp>) -> Found {
        let Who { variations, n_drawn, n_mixed } = who;
        let n_arms = variations.len();
        let names = |own: Option<&Vec<String>>, usual: &[&str]| -> Vec<String> {
            let usual = usual.iter().map(|name| (*name).to_owned());
            own.filter(|own| !own.is_empty()).cloned().unwrap_or_else(|| usual.collect())
        };
        let usual: Vec<&str> = std::iter::once(self.measures.earned.as_str()).chain(METRICS).collect();
        let metrics = names(plan.map(|plan| &plan.metrics), &usual);
        let guardrails = names(plan.map(|plan| &plan.guardrails), &GUARDRAILS);
        let all = metrics.iter().map(|name| (name, false)).chain(guardrails.iter().map(|name| (name, true)));
        let is_named =
            |name: &str| plan.is_some_and(|plan| plan.metrics.iter().chain(&plan.guardrails).any(|own| own == name));
        let made = all.filter_map(|(name, is_guardrail)| {
            let made = self.metric(name, is_guardrail, units, n_arms);
            made.or_else(|| is_named(name).then(|| uncounted(name, is_guardrail, n_arms)))
        });
        let n = counts(units, n_arms);
        let stage = stage(plan, began, (self.measures.within_days, self.now));
        let counted = experiment::Counted {
            variations: variations
                .into_iter()
                .zip(n)
                .map(|((name, weight), n)| Variation { name, weight, n })
                .collect(),
            metrics: made.collect(),
            stage,
            alpha: ALPHA,
            n_mixed,
            drawn: n_drawn,
        };
        Found {
            began,
            state: plan.map(|plan| plan.state),
            report: experiment::report(&counted),
            switched: Vec::new(),
            preferred: None,
        }
    }
}

/// A metric that was asked for by name and is not counted: it is unknown, and not left out.
fn uncounted(name: &str, is_guardrail: bool, n_arms: usize) -> Metric {
    Metric {
        name: name.to_owned(),
        direction: direction_of(is_guardrail),
        is_guardrail,
        how: How::new(Measure::Mean),
        arms: vec![experiment::Arm::Quantile(Err(why_uncounted(name).to_owned())); n_arms],
        segments: BTreeMap::new(),
    }
}

/// Why something is not counted.
fn why_uncounted(name: &str) -> &'static str {
    match name {
        "cost_to_serve" => "nobody said what a contact costs; set `contact_cost` in `[money]`",
        _ => "there is no KPI of this name",
    }
}

/// In which direction is better what is not counted.
fn direction_of(is_guardrail: bool) -> Direction {
    if is_guardrail { Direction::Down } else { Direction::Up }
}

/// How far an experiment is: it is over where nobody can come anymore and everybody was counted for as long as is planned, or where it
/// was ended.
fn stage(plan: Option<&Plan>, began: Option<Timestamp>, (within_days, now): (i64, Timestamp)) -> Stage {
    let (Some(plan), Some(began)) = (plan, began) else { return Stage::Running { days_left: None } };
    let end = began.plus_days(plan.days);
    if now >= end.plus_days(within_days) {
        return Stage::AtEnd;
    }
    if plan.state == State::Stopped.name() {
        return Stage::Stopped;
    }
    let left = end.millis_since(now).max(0);
    Stage::Running { days_left: u32::try_from((left + primitives::DAY_MS - 1) / primitives::DAY_MS).ok() }
}

/// How often something of what is shown happened.
fn step((name, event): (&str, &str)) -> Option<Kpi> {
    let table = serde_json::json!({
        "name": name, "numerator": { "count": { "event": event } }, "denominator": "customers", "within_days": 28, "direction": "up",
    });
    Kpi::from_table(table.as_object()?).ok()
}

#[cfg(test)]
mod tests;
