//! What was spent of budgets by the log, and by what came of it since?

use super::{Account, Given, given, hour_of};
use crate::Engine;
use crate::error::EngineError;
use decisions::{Contacted, Content, DecisionQuery, Factors, Kind, Record};
use learning::counts_alone;
use primitives::{CustomerId, DAY_MS, Timestamp};
use std::collections::HashMap;
use std::sync::PoisonError;

/// Of so many decisions that gave something it is read what was spent. Where there are more, nothing with a budget is given.
const N_READ_MAX: usize = 1_000_000;

/// One customer, offer and period in the log.
struct Logged {
    /// As it was given first, with the most that it was expected to cost.
    first: Given,
    /// Each time with what it costs where it is accepted.
    decisions: Vec<(u64, f64)>,
    customer: CustomerId,
    /// What it costs where it is not.
    refused: f64,
}

/// What is told of something that was given to have been accepted.
#[derive(Debug, Clone, Copy)]
struct Accepted {
    costs: f64,
    is_vouched: bool,
}

impl Logged {
    fn of(first: &Given, customer: &CustomerId) -> Self {
        Self { first: first.clone(), decisions: Vec::new(), customer: customer.clone(), refused: 0.0 }
    }

    /// Notes that it was given earlier as well: the newest comes first, and the oldest counts, with the most that any cost.
    fn note(&mut self, earlier: Given, decision: u64, factors: Factors) {
        self.decisions.push((decision, factors.cost + factors.accepted));
        self.first = Given { expected: self.first.expected.max(earlier.expected), ..earlier };
        self.refused = factors.cost;
    }
}

impl Engine {
    /// Reads from the log what was given of what has a budget, and from the customers what came of it: after a start, and again and again.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn count_spent(&self) -> Result<(), EngineError> {
        let _one_at_a_time = self.spending.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut found: HashMap<u64, Logged> = HashMap::new();
        let (mut is_whole, mut names) = (true, Vec::new());
        for kind in self.capabilities.kinds.iter() {
            let in_force = self.capabilities.kinds.in_force(kind.about().name.as_str())?;
            let budgets = in_force.kind().budgets();
            let Some(days) = budgets.iter().map(|(_, budget)| budget.days).max() else { continue };
            self.spending.lock().forget_shorter(&budgets);
            is_whole &= self.each_given(in_force.kind(), (now, days), &mut found)?;
            names.extend(budgets.into_iter().map(|(name, budget)| (name, budget.days)));
        }
        if !is_whole {
            tracing::error!(
                "more than a million decisions gave offers within the days of their budgets: none with a budget is given"
            );
            return Ok(());
        }
        let corrected = self.corrected(found.values(), now)?;
        let mut spent = self.spending.lock();
        let mut new: Vec<&Given> = found.values().map(|one| &one.first).collect();
        new.retain(|one| !spent.read.contains_key(&one.offer));
        new.sort_by_key(|one| (one.at, one.key));
        for one in new {
            spent.start_with(one);
            if let Some(account) = spent.of.get_mut(&one.offer) {
                account.start_at(one.price);
            }
        }
        for (name, days) in names {
            let known = spent.read.entry(name).or_insert(days);
            *known = days.max(*known);
        }
        spent.of.values_mut().for_each(Account::forget_corrections);
        for (offer, hour, by) in corrected {
            spent.of.entry(offer).or_default().correct(hour, by);
        }
        spent.of.values_mut().for_each(|account| account.drop_before(hour_of(now) - 367 * 24));
        Ok(())
    }

    /// Visits what a kind gave within so many days, once for each customer, offer and period; answers whether it was all.
    fn each_given(
        &self,
        kind: &dyn Kind,
        (now, days): (Timestamp, i64),
        found: &mut HashMap<u64, Logged>,
    ) -> Result<bool, EngineError> {
        let budgets = kind.budgets();
        let since =
            Timestamp::from_millis(now.as_millis().saturating_sub(days.saturating_add(1).saturating_mul(DAY_MS)));
        let meant = DecisionQuery { kind: Some(kind.about().name.to_string()), ..DecisionQuery::default() };
        let mut n_left = N_READ_MAX;
        self.ports.decisions.newest(&meant, &mut |logged| {
            if logged.decided_at < since {
                return false;
            }
            let Ok(record) = Record::open(&logged) else { return n_left > 0 };
            let Content::Actions(actions) = &record.decision.answer.content else { return n_left > 0 };
            let (customer, at) = (&record.question.customer, record.question.as_of);
            let of_budgets = actions.chosen.iter().filter(|one| budgets.iter().any(|(name, _)| *name == one.id));
            // However often nothing was given, it takes no memory.
            n_left -= usize::from(of_budgets.clone().next().is_some());
            for one in of_budgets {
                let key = self.key_of(customer, &one.id, at);
                // What the customer had forgotten since does not say what it costs.
                let Some((first, factors)) = given(one, key, at).zip(one.factors) else { continue };
                let number = Contacted::number_of(record.decision.id.as_str());
                found.entry(key).or_insert_with(|| Logged::of(&first, customer)).note(first, number, factors);
            }
            n_left > 0
        })?;
        Ok(n_left > 0)
    }

    /// By how much more or less was spent than was expected, by offer and hour.
    fn corrected<'a>(
        &self,
        all: impl Iterator<Item = &'a Logged>,
        now: Timestamp,
    ) -> Result<Vec<(String, i64, f64)>, EngineError> {
        let each = all.map(|one| Ok((one, self.accepted(one)?))).collect::<Result<Vec<_>, EngineError>>()?;
        let told = || each.iter().filter_map(|(_, accepted)| *accepted);
        // Whoever has a write key could spend all of it by telling so.
        let is_vouched = counts_alone(told().filter(|it| it.is_vouched).count(), told().count());
        let of = |(one, accepted): &(&Logged, Option<Accepted>)| {
            let is_over = now >= one.first.at.plus_days(self.capabilities.learning.reward_days);
            let came = match accepted.filter(|it| it.is_vouched || !is_vouched) {
                Some(accepted) => accepted.costs,
                None if is_over => one.refused,
                None => one.first.expected,
            };
            (one.first.offer.clone(), hour_of(one.first.at), came - one.first.expected)
        };
        Ok(each.iter().map(of).collect())
    }

    /// Whether it is told that something was accepted: by the company where that told it, and what that decision said that it costs.
    fn accepted(&self, one: &Logged) -> Result<Option<Accepted>, EngineError> {
        let action = Contacted::number_of(&one.first.offer);
        let told = self.with_customer(&one.customer, |customer| {
            let contacts =
                customer.state.contacts().into_iter().filter(|contact| {
                    (contact.action == action || contact.action == 0) && contact.converted_at.is_some()
                });
            let told = contacts.filter_map(|contact| {
                let (_, costs) = one.decisions.iter().find(|(number, _)| *number == contact.decision)?;
                Some(Accepted { costs: *costs, is_vouched: contact.is_success_vouched })
            });
            told.max_by(|a, b| a.is_vouched.cmp(&b.is_vouched).then(a.costs.total_cmp(&b.costs)))
        })?;
        Ok(told.flatten())
    }
}
