//! Which of two ways to make a list do customers choose from? Read from the log, with what they looked at and bought since.

use super::claimed::N_OWN_MIN;
use super::{ALPHA, Found, stage};
use crate::Engine;
use crate::error::EngineError;
use crate::measures::Plan;
use crate::worth::shown_by;
use decisions::{DecisionQuery, Experiment, Flags, Record, Side as Picked, State};
use governance::Purpose;
use measurement::experiment::{self, Stage, Variation, Verdict};
use measurement::interleave::{Drafted, Interleaved, Side, interleaved};
use measurement::{Bought, REWARD_WINDOW_DAYS, Shown, attribute};
use primitives::{CustomerId, DecisionId, ItemKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// So many lists are counted at the most, the newest of them.
const N_LISTS_MAX: usize = 50_000;
/// At how many customers the interval for every look is tightest.
const N_TUNED: u64 = 1_000;

/// What was read of the lists of an experiment.
#[derive(Default)]
struct Lists {
    shown: Vec<Shown>,
    picks: BTreeMap<DecisionId, Vec<(ItemKey, Side)>>,
}

impl Lists {
    fn take(&mut self, record: &Record, experiment: &str) {
        let by = record.drafted().filter(|drafted| drafted.by.experiment == experiment && !drafted.picks.is_empty());
        let Some((drafted, shown)) = by.zip(shown_by(record)) else { return };
        let side = |picked: &Picked| if *picked == Picked::Control { Side::A } else { Side::B };
        let picks = shown.items.iter().copied().zip(drafted.picks.iter().map(side)).collect();
        self.picks.insert(shown.decision.clone(), picks);
        self.shown.push(shown);
    }
}

impl Engine {
    /// What every experiment found that drafts lists and has begun.
    pub(super) fn drafted(&self, declared: &Flags, now: Timestamp) -> Result<Vec<(String, Found)>, EngineError> {
        let ran: BTreeMap<String, Timestamp> = self
            .declared_on("experiments")
            .iter()
            .filter_map(|known| Some((known.name().to_owned(), known.ran?.0)))
            .collect();
        let mut all = Vec::new();
        for plan in declared.experiments().filter(|plan| plan.interleave.is_some() && plan.state != State::Draft) {
            let Some(began) = ran.get(&plan.name).copied() else { continue };
            let lists = self.lists_drafted(plan, began, now)?;
            let found = self.preferred(lists, now)?;
            all.push((plan.name.clone(), told(plan, found, began, now)));
        }
        Ok(all)
    }

    fn lists_drafted(&self, plan: &Experiment, began: Timestamp, now: Timestamp) -> Result<Lists, EngineError> {
        let mut lists = Lists::default();
        let end = began.plus_days(plan.days).min(now);
        for day in (began.day()..=end.day()).rev() {
            let meant = DecisionQuery { kind: plan.interleave.clone(), day: Some(day), ..DecisionQuery::default() };
            self.ports.decisions.newest(&meant, &mut |logged| {
                if (began..=end).contains(&logged.decided_at) {
                    // What a newer program wrote is left out.
                    Record::open(&logged).iter().for_each(|record| lists.take(record, &plan.name));
                }
                lists.shown.len() < N_LISTS_MAX
            })?;
            if lists.shown.len() >= N_LISTS_MAX {
                break;
            }
        }
        Ok(lists)
    }

    /// What customers preferred who permit analytics. What they looked at or bought within a week is chosen from the newest list that had
    /// shown it.
    fn preferred(&self, lists: Lists, now: Timestamp) -> Result<Preferred, EngineError> {
        let customers: BTreeSet<&CustomerId> = lists.shown.iter().map(|shown| &shown.customer).collect();
        let (mut did, mut is_own) = (Vec::new(), BTreeMap::new());
        for id in customers {
            let known = self.with_customer(id, |customer| {
                let bought = customer.state.lines().iter().map(|line| (line.item, line.at));
                let looked = customer.state.views().iter().map(|view| (view.item, view.at));
                let of = |(item, at)| Bought { customer: id.clone(), item, at, paid: None };
                let granted = self.policy.answer(&customer.profile.consents, Purpose::Analytics).granted;
                granted.then(|| (bought.chain(looked).map(of).collect::<Vec<_>>(), customer.profile.is_vouched()))
            })?;
            if let Some((of_them, is_vouched)) = known.flatten() {
                did.extend(of_them);
                is_own.insert(id.clone(), is_vouched);
            }
        }
        let mut chosen: BTreeMap<DecisionId, BTreeSet<ItemKey>> = BTreeMap::new();
        for credit in attribute(&lists.shown, &did, now).credits {
            chosen.entry(credit.decision).or_default().insert(credit.item);
        }
        let counted = lists.shown.iter().filter(|shown| is_own.contains_key(&shown.customer)).map(|shown| Drafted {
            customer: shown.customer.clone(),
            picks: lists.picks.get(&shown.decision).cloned().unwrap_or_default(),
            chosen: chosen.remove(&shown.decision).unwrap_or_default().into_iter().collect(),
        });
        let mut counted: Vec<Drafted> = counted.collect();
        let all = interleaved(&counted, ALPHA, N_TUNED);
        counted.retain(|one| is_own.get(&one.customer) == Some(&true));
        Ok(Preferred::of(all, interleaved(&counted, ALPHA, N_TUNED)))
    }
}

/// What customers preferred, and how far to believe it: whoever has the write key can invent customers who look at what one side picked.
struct Preferred {
    found: Interleaved,
    says: String,
}

impl Preferred {
    /// Where enough customers chose of whom the company itself told, only these count.
    fn of(all: Interleaved, own: Interleaved) -> Self {
        let n_claimed = all.n_customers - own.n_customers;
        let customers = |n: u64| if n == 1 { "1 customer".to_owned() } else { format!("{n} customers") };
        match n_claimed {
            0 => Self { found: all, says: String::new() },
            n if own.n_customers >= N_OWN_MIN as u64 => {
                let says = format!(" {} more, known from write keys alone, do not count.", customers(n));
                Self { found: own, says }
            }
            n => {
                let says = format!(
                    " Known from write keys alone, so that somebody could have invented them: {}.",
                    customers(n)
                );
                Self { found: all, says }
            }
        }
    }
}

fn told(plan: &Experiment, preferred: Preferred, began: Timestamp, now: Timestamp) -> Found {
    let Preferred { found, says } = preferred;
    let plan = Plan::from(plan);
    let stage = stage(Some(&plan), Some(began), (REWARD_WINDOW_DAYS, now));
    // Every customer who chose anything says something of both.
    let variations =
        plan.variations.iter().map(|(name, _)| Variation { name: name.clone(), weight: 1.0, n: found.n_customers });
    let counted = experiment::Counted {
        variations: variations.collect(),
        metrics: Vec::new(),
        stage,
        drawn: Vec::new(),
        alpha: ALPHA,
        n_mixed: 0,
    };
    let mut report = experiment::report(&counted);
    let names: Vec<&str> = plan.variations.iter().map(|(name, _)| name.as_str()).collect();
    (report.verdict, report.says) = verdict(&found, stage, &names);
    report.says.push_str(&says);
    Found { began: Some(began), state: Some(plan.state), report, switched: Vec::new(), preferred: Some(found) }
}

/// What to do: as long as it runs by the interval that holds however often somebody looks.
fn verdict(found: &Interleaved, stage: Stage, names: &[&str]) -> (Verdict, String) {
    let (control, other) = (names.first().copied().unwrap_or("control"), names.get(1).copied().unwrap_or("other"));
    let Some(interval) = found.interval(stage) else {
        let why = found.reason.as_deref().unwrap_or("nothing can be told yet");
        return (Verdict::GoOn, format!("Of {} lists nothing can be told: {why}.", found.n_lists));
    };
    let of = format!(
        "{} customers chose {} items that {other} picked and {} that {control} did",
        found.n_customers, found.n_b, found.n_a
    );
    match () {
        () if interval.low > 0.0 => (Verdict::Ship, format!("{of}: they prefer {other}.")),
        () if interval.high < 0.0 => (Verdict::Stop, format!("{of}: they prefer {control}.")),
        () if stage.is_over() => (Verdict::Stop, format!("{of}: neither is preferred, as far as can be told.")),
        () => (Verdict::GoOn, format!("{of}: that may be chance.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use measurement::Interval;

    #[test]
    fn invented_customers_prefer_nothing_where_enough_of_the_companys_own_chose() {
        let of = |n: u64| Interleaved { n_customers: n, ..interleaved(&[], ALPHA, N_TUNED) };
        for (all, own, counted, said) in [
            (40, 40, 40, ""),
            (130, 30, 30, " 100 customers more, known from write keys alone, do not count."),
            (129, 29, 129, " Known from write keys alone, so that somebody could have invented them: 100 customers."),
            (30, 29, 30, " Known from write keys alone, so that somebody could have invented them: 1 customer."),
        ] {
            let found = Preferred::of(of(all), of(own));
            assert_eq!((found.found.n_customers, &*found.says), (counted, said));
        }
    }

    #[test]
    fn what_is_told_hangs_on_the_interval_of_the_stage() {
        let found = |low: f64, high: f64| Interleaved {
            n_lists: 9,
            n_customers: 4,
            n_a: 2,
            n_b: 5,
            preference: Some(0.2),
            fixed: Some(Interval { low, high }),
            sequential: Some(Interval { low: low - 1.0, high: high + 1.0 }),
            p: None,
            p_sequential: None,
            reason: None,
        };
        let names = ["usual", "diverse"];
        let running = Stage::Running { days_left: Some(3) };
        for (interval, stage, told, part) in [
            ((0.1, 0.3), Stage::AtEnd, Verdict::Ship, "prefer diverse"),
            ((0.1, 0.3), running, Verdict::GoOn, "may be chance"),
            ((1.1, 1.3), running, Verdict::Ship, "chose 5 items that diverse picked"),
            ((-0.3, -0.1), Stage::Stopped, Verdict::Stop, "prefer usual"),
            ((-0.3, 0.1), Stage::AtEnd, Verdict::Stop, "neither is preferred"),
        ] {
            let (verdict, says) = verdict(&found(interval.0, interval.1), stage, &names);
            assert!(verdict == told && says.contains(part), "{verdict:?}: {says}");
        }
        let unknown = interleaved(&[], ALPHA, N_TUNED);
        assert!(verdict(&unknown, running, &names).1.contains("nobody chose anything yet"));
    }
}
