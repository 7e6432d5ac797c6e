//! What came of decisions? Joins the log with the purchases that followed.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Content, Record};
use features::FeatureState;
use measurement::{Attribution, Bought, REWARD_WINDOW_DAYS, Share, Shown, attribute};
use primitives::{CustomerId, ItemKey, Timestamp};
use profiles::Customer;
use std::collections::BTreeMap;

/// How many decisions are looked at: enough to be sure to a percentage point, few enough to be read at once.
const N_DECISIONS_MAX: usize = 5_000;

/// What came of one decision. That it followed does not say that the decision made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// Some of the items were bought.
    Bought {
        /// The first of them.
        item: ItemKey,
        /// When that was.
        at: Timestamp,
        /// How many purchases followed, that one included.
        n: u64,
    },
    /// None of the items was bought within so many days.
    NotBought {
        /// The window.
        window_days: i64,
    },
    /// The customer ordered again.
    OrderedAgain {
        /// When that was.
        at: Timestamp,
    },
    /// The customer did not order again within so many days.
    NotOrdered {
        /// The window.
        window_days: i64,
    },
    /// So much was bought since that nobody knows any more.
    Forgotten,
}

impl Engine {
    /// The share of recommendations made between one and two weeks ago that were followed.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn followed_share(&self, now: Timestamp) -> Result<Share, EngineError> {
        let (from, until) = (now.plus_days(-2 * REWARD_WINDOW_DAYS), now.plus_days(-REWARD_WINDOW_DAYS));
        let kinds = &self.capabilities.kinds;
        let is_shown = |name: &str| kinds.get(name).is_ok_and(|kind| kind.about().is_shown);
        let mut shown: Vec<Shown> = Vec::new();
        self.ports.decisions.since(from, &mut |logged| {
            if logged.decided_at > until {
                return false;
            }
            // What a newer program wrote is left out.
            if is_shown(&logged.kind) {
                shown.extend(Record::open(&logged).ok().as_ref().and_then(shown_by));
            }
            shown.len() < N_DECISIONS_MAX
        })?;
        Ok(self.joined(&shown, now)?.accepted)
    }

    /// What came of one decision; `None` while its window is open and nothing has followed.
    ///
    /// # Errors
    /// [`EngineError`] where the customer cannot be read.
    pub fn consequence(&self, record: &Record, now: Timestamp) -> Result<Option<Consequence>, EngineError> {
        let outcome =
            self.capabilities.outcomes.iter().find(|outcome| outcome.name.as_str() == record.question.kind.as_str());
        match (&record.decision.answer.content, outcome) {
            (Content::Items(_), _) => self.bought_after(record, now),
            (_, Some(outcome)) if outcome.is_about_purchases() => self.ordered_after(record, outcome.window_days, now),
            _ => Ok(None),
        }
    }

    fn bought_after(&self, record: &Record, now: Timestamp) -> Result<Option<Consequence>, EngineError> {
        let Some(shown) = shown_by(record) else { return Ok(None) };
        let (customer, decided_at) = (shown.customer.clone(), shown.decided_at);
        let is_over = decided_at.plus_days(REWARD_WINDOW_DAYS) <= now;
        let credits = self.joined(&[shown], now)?.credits;
        if let Some(first) = credits.first() {
            return Ok(Some(Consequence::Bought { item: first.item, at: first.at, n: credits.len() as u64 }));
        }
        if self.with_customer(&customer, |customer| customer.state.lines_known_after())?.flatten() > Some(decided_at) {
            return Ok(Some(Consequence::Forgotten));
        }
        Ok(is_over.then_some(Consequence::NotBought { window_days: REWARD_WINDOW_DAYS }))
    }

    fn ordered_after(
        &self,
        record: &Record,
        window_days: i64,
        now: Timestamp,
    ) -> Result<Option<Consequence>, EngineError> {
        let as_of = record.question.as_of;
        let until = as_of.plus_days(window_days);
        let found = self.with_customer(&record.question.customer, |customer| {
            let mut orders = customer.state.orders().iter().filter(|order| !order.is_refund);
            let next = orders.find(|order| order.at > as_of && order.at <= until).map(|order| order.at);
            (next, customer.state.orders_known_after())
        })?;
        let (next, known_after) = found.unwrap_or_default();
        Ok(match next {
            Some(at) => Some(Consequence::OrderedAgain { at }),
            None if known_after > Some(as_of) => Some(Consequence::Forgotten),
            None => (until <= now).then_some(Consequence::NotOrdered { window_days }),
        })
    }

    /// The decisions joined with what their customers have bought since.
    fn joined(&self, shown: &[Shown], now: Timestamp) -> Result<Attribution, EngineError> {
        let mut since: BTreeMap<&CustomerId, Timestamp> = BTreeMap::new();
        for one in shown {
            let first = since.entry(&one.customer).or_insert(one.decided_at);
            *first = (*first).min(one.decided_at);
        }
        let mut bought = Vec::new();
        for (id, since) in since {
            let purchases = self.with_customer(id, |customer| {
                let lines = customer.state.lines().iter().filter(|line| line.at > since);
                lines
                    .map(|line| Bought { customer: id.clone(), item: line.item, at: line.at, paid: None })
                    .collect::<Vec<_>>()
            })?;
            bought.extend(purchases.unwrap_or_default());
        }
        Ok(attribute(shown, &bought, now))
    }

    /// Looks at a customer, under the name they had at the decision. The live state is let go between two customers, so
    /// that events do not wait for all of them.
    fn with_customer<T>(
        &self,
        id: &CustomerId,
        look: impl FnOnce(&Customer<FeatureState>) -> T,
    ) -> Result<Option<T>, EngineError> {
        self.look(|live| {
            let Some(now_known_as) = live.profiles.find_by_text(id.as_str())? else { return Ok(None) };
            Ok(live.profiles.customer(&now_known_as)?.map(|customer| look(&customer)))
        })
    }
}

fn shown_by(record: &Record) -> Option<Shown> {
    let Content::Items(items) = &record.decision.answer.content else { return None };
    Some(Shown {
        decision: record.decision.id.clone(),
        customer: record.question.customer.clone(),
        items: items.iter().map(|item| ItemKey::from(&item.id)).collect(),
        decided_at: record.question.as_of,
    })
}
