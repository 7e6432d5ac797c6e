//! What came of the newest choices among actions, and which rule left most of them out?

use crate::error::EngineError;
use crate::{Engine, Patience};
use decisions::{Arm, Content, DecisionQuery, LoggedDecision, Record, Stage};
use features::Worth;
use primitives::{DecisionId, Timestamp};
use std::collections::BTreeMap;

/// So many of the newest decisions are looked at.
const N_LOOKED_AT: usize = 1_000;
/// So many of the newest decisions are named for an action.
const N_NAMED: usize = 10;

/// The newest choices among actions, and what came of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lately {
    /// How many decisions were counted.
    pub n: u64,
    /// Those in which nothing was done, since the customer is held out.
    pub n_held_out: u64,
    /// Those of which it is forgotten why, since the customer refuses.
    pub n_forgotten: u64,
    /// Those that cannot be read here.
    pub n_unread: u64,
    /// Actions that were chosen of whom it may not be counted what came of it.
    pub n_unknown: u64,
    /// When the oldest of them was made.
    pub since: Option<Timestamp>,
    /// Whether there are no older ones.
    pub is_all: bool,
    /// What came of each action, by its name.
    pub actions: BTreeMap<String, CameOfAction>,
}

/// What came of an action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CameOfAction {
    /// In how many decisions it was chosen.
    pub n_chosen: u64,
    /// Of how many of these anything is known at all: they met the customer.
    pub n_shown: u64,
    /// How many were clicked on.
    pub n_clicked: u64,
    /// How many were sent away.
    pub n_dismissed: u64,
    /// How often what it was for was done.
    pub n_converted: u64,
    /// What that was worth, as far as it was said in the company's currency or in none.
    pub worth: f64,
    /// How often each rule left it out.
    pub left_out: BTreeMap<String, u64>,
    /// How often it was chosen and what it was for done, by the day of UTC on which it was chosen.
    pub days: BTreeMap<i64, (u64, u64)>,
    /// The newest decisions in which it was chosen.
    pub newest: Vec<DecisionId>,
}

/// How many actions came through a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// The stage.
    pub stage: Stage,
    /// How many came to it.
    pub n_before: u64,
    /// How many came through.
    pub n: u64,
    /// The rule that left most of the others out, and how many.
    pub most: Option<(String, u64)>,
}

impl Lately {
    /// How many actions came through each stage, of all that were declared in all decisions.
    #[must_use]
    pub fn funnel(&self) -> Vec<Through> {
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for (rule, n) in self.actions.values().flat_map(|came| &came.left_out) {
            *rules.entry(rule).or_default() += n;
        }
        let mut n: u64 = self.total(|came| came.n_chosen) + rules.values().sum::<u64>();
        let through = |stage: Stage| {
            let here = || rules.iter().filter(|(rule, _)| Stage::of(rule) == stage);
            let most = here().max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
            let n_before = n;
            n -= here().map(|(_, n)| n).sum::<u64>();
            Through { stage, n_before, n, most: most.map(|(rule, n)| ((*rule).to_owned(), *n)) }
        };
        Stage::ALL.map(through).into()
    }

    /// A number of all actions together.
    pub fn total(&self, of: impl Fn(&CameOfAction) -> u64) -> u64 {
        self.actions.values().map(of).sum()
    }

    fn left(&mut self, rule: &str, name: &str) {
        let came = self.actions.entry(name.to_owned()).or_default();
        *came.left_out.entry(rule.to_owned()).or_default() += 1;
    }
}

impl Engine {
    /// What came of the newest choices of a kind among actions, of as many as there is patience for.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn acted_lately(&self, kind: &str, patience: &Patience) -> Result<Lately, EngineError> {
        let (logged, is_all) = self.newest_of(kind, N_LOOKED_AT, patience)?;
        let mut lately = Lately { is_all, ..Lately::default() };
        for logged in logged {
            if patience.is_over() {
                lately.is_all = false;
                break;
            }
            // What a newer program wrote is left out.
            match Record::open(&logged) {
                Ok(record) => self.count_acted(&record, &mut lately)?,
                Err(_) => lately.n_unread += 1,
            }
        }
        Ok(lately)
    }

    /// The newest decisions of a kind, as many as there is patience for, and whether these are all.
    pub(super) fn newest_of(
        &self,
        kind: &str,
        n_max: usize,
        patience: &Patience,
    ) -> Result<(Vec<LoggedDecision>, bool), EngineError> {
        let meant = DecisionQuery { kind: Some(kind.to_owned()), ..DecisionQuery::default() };
        let (mut found, mut is_all) = (Vec::new(), true);
        self.ports.decisions.newest(&meant, &mut |logged| {
            is_all = found.len() < n_max && !patience.is_over();
            if is_all {
                found.push(logged);
            }
            is_all
        })?;
        Ok((found, is_all))
    }

    fn count_acted(&self, record: &Record, lately: &mut Lately) -> Result<(), EngineError> {
        let Content::Actions(actions) = &record.decision.answer.content else { return Ok(()) };
        lately.since = Some(record.question.as_of);
        if record.question.arm == Some(Arm::Holdout) {
            lately.n_held_out += 1;
            return Ok(());
        }
        if record.is_forgotten() {
            lately.n_forgotten += 1;
            return Ok(());
        }
        lately.n += 1;
        for (rule, names) in &actions.left_out {
            names.iter().for_each(|name| lately.left(rule, name));
        }
        let came = self.came_of_each(record)?;
        let currency = self.capabilities.measures.currency;
        let day = record.question.as_of.day();
        for (at, action) in actions.chosen.iter().enumerate() {
            let one = lately.actions.entry(action.id.clone()).or_default();
            one.n_chosen += 1;
            let of_day = one.days.entry(day).or_default();
            of_day.0 += 1;
            if one.newest.len() < N_NAMED {
                one.newest.push(record.decision.id.clone());
            }
            let Some(came) = &came else {
                lately.n_unknown += 1;
                continue;
            };
            let Some(contact) = came.get(at).copied().flatten() else { continue };
            one.n_shown += 1;
            one.n_clicked += u64::from(contact.clicked_at.is_some());
            one.n_dismissed += u64::from(contact.dismissed_at.is_some());
            if contact.converted_at.is_some() {
                one.n_converted += 1;
                of_day.1 += 1;
                one.worth += match contact.worth {
                    Some(Worth::Bare(amount)) => amount,
                    Some(Worth::In(money)) if Some(money.currency) == currency => money.to_major(),
                    _ => 0.0,
                };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_funnel_loses_at_each_stage_what_its_rules_left_out_and_ends_with_what_was_chosen() {
        let came = |n_chosen, rules: &[(&str, u64)]| CameOfAction {
            n_chosen,
            left_out: rules.iter().map(|(rule, n)| ((*rule).to_owned(), *n)).collect(),
            ..CameOfAction::default()
        };
        let actions = [
            ("a", came(5, &[("channel", 2), ("outranked", 3)])),
            ("b", came(1, &[("eligible", 4), ("eligible: not known", 1), ("cap:email", 2), ("outranked", 2)])),
            ("c", came(0, &[("cap:customer", 2), ("stock", 1), ("weight", 2), ("value", 5)])),
        ];
        let actions = actions.into_iter().map(|(name, came)| (name.to_owned(), came)).collect();
        let lately = Lately { actions, ..Lately::default() };
        let told: Vec<_> = lately.funnel().into_iter().map(|step| (step.n_before, step.n, step.most)).collect();
        let most = |rule: &str, n| Some((rule.to_owned(), n));
        let expected = [
            // Of two that left out as many, the first by name.
            (30, 26, most("channel", 2)),
            (26, 21, most("eligible", 4)),
            (21, 20, most("stock", 1)),
            (20, 16, most("cap:customer", 2)),
            (16, 11, most("value", 5)),
            (11, 6, most("outranked", 5)),
        ];
        assert_eq!(told, expected);
        assert_eq!(lately.funnel().last().unwrap().n, lately.total(|came| came.n_chosen));
        assert!(Lately::default().funnel().iter().all(|step| step.n == 0 && step.most.is_none()));
    }
}
