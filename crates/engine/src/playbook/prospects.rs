//! Whom would an action be for, and how many of the newest decisions could have done it? Looked at before it is saved.

use super::EligibleCount;
use crate::error::EngineError;
use crate::{Engine, Patience};
use decisions::{Action, Arm, Content, Factors, Record};
use primitives::{CustomerId, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// So many of the newest decisions are looked at.
const N_LOOKED_AT: usize = 500;

/// What an action would come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prospects {
    /// Who may have it and whom it suits, now.
    pub customers: EligibleCount,
    /// How many of the newest decisions were looked at.
    pub n_decisions: u64,
    /// When the oldest of them was made.
    pub since: Option<Timestamp>,
    /// In how many it could have been done: it is for the channel, and for the customer as they are now.
    pub n_could: u64,
    /// In how many of these it would have been worth more than what was chosen, by what is declared of it.
    pub n_would: u64,
}

/// A decision, as far as it counts here.
struct Chosen {
    customer: CustomerId,
    /// What the best of what was chosen besides it was worth.
    best: f64,
    /// What it would have been worth itself.
    own: f64,
}

impl Engine {
    /// Whom an action would be for, and how many of the newest decisions of a kind could have done it. Its schedule is not asked: what
    /// begins tomorrow is looked at as if it were tomorrow. Looks for at most three times `time_max`.
    ///
    /// # Errors
    /// [`EngineError`] where a condition cannot be read, or what is kept cannot.
    pub fn prospects(&self, kind: &str, action: &Action, time_max: Duration) -> Result<Prospects, EngineError> {
        let conditions = [&action.eligible, &action.suitable].into_iter().filter(|written| !written.trim().is_empty());
        let condition = conditions.map(|written| format!("({written})")).collect::<Vec<_>>().join(" and ");
        let customers = self.eligible(&condition, time_max)?;
        let mut prospects = Prospects { customers, ..Prospects::default() };
        let mut chosen = Vec::new();
        for logged in self.newest_of(kind, N_LOOKED_AT, &Patience::of(time_max))?.0 {
            // What a newer program wrote is left out.
            let Ok(record) = Record::open(&logged) else { continue };
            let Content::Actions(actions) = &record.decision.answer.content else { continue };
            let question = &record.question;
            if question.arm == Some(Arm::Holdout) {
                continue;
            }
            prospects.n_decisions += 1;
            prospects.since = Some(question.as_of);
            if question.channel().is_some_and(|channel| !action.is_for(channel)) {
                continue;
            }
            let others = actions.chosen.iter().filter(|one| one.id != action.name);
            // To do nothing is always left, and worth 0.
            let best = others.map(|one| one.priority).fold(0.0, f64::max);
            chosen.push(Chosen {
                customer: question.customer.clone(),
                best,
                own: declared(action, action.counts_in(&question.context)),
            });
        }
        let ids: BTreeSet<&CustomerId> = chosen.iter().map(|one| &one.customer).collect();
        let ids: Vec<CustomerId> = ids.into_iter().cloned().collect();
        let holds = match condition.is_empty() {
            true => None,
            false => Some(self.holds_of(&condition, &ids, time_max)?),
        };
        for one in chosen {
            let is_for = holds.as_ref().is_none_or(|holds| holds.get(&one.customer) == Some(&true));
            prospects.n_could += u64::from(is_for);
            prospects.n_would += u64::from(is_for && (action.mandatory || one.own > one.best));
        }
        Ok(prospects)
    }
}

/// What it is worth by what is declared of it, before anything is known.
fn declared(action: &Action, context: f64) -> f64 {
    let factors = Factors {
        propensity: action.prior,
        value: action.value,
        incremental: 1.0,
        cost: action.cost,
        context,
        weight: action.weight,
        fatigue: 1.0,
        accepted: 0.0,
        shadow_price: 0.0,
    };
    factors.priority()
}
