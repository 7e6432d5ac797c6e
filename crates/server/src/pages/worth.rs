//! What came of decisions? Joins the log with the purchases that followed.

use crate::app::App;
use crate::error::ServerError;
use console::format;
use console::view::{Outcome, Worth};
use decisions::{DecisionKind, Record};
use features::FeatureState;
use learning::outcomes::churn;
use measurement::{Attribution, Bought, REWARD_WINDOW_DAYS, Shown, attribute};
use primitives::{CustomerId, ItemKey, Timestamp};
use profiles::Customer;
use std::collections::BTreeMap;

/// How many decisions are looked at: enough to be sure to a percentage point, few enough to be read at once.
const N_DECISIONS_MAX: usize = 5_000;

/// How often recommendations made between one and two weeks ago were followed; `None` where there were none.
pub(super) fn worth(app: &App, now: Timestamp) -> Result<Option<Worth>, ServerError> {
    let (from, until) = (now.plus_days(-2 * REWARD_WINDOW_DAYS), now.plus_days(-REWARD_WINDOW_DAYS));
    let mut shown: Vec<Shown> = Vec::new();
    app.engine.ports().decisions.since(from, &mut |logged| {
        if logged.decided_at > until {
            return false;
        }
        // What a newer program wrote is left out.
        if logged.kind == DecisionKind::Recommend.name() {
            shown.extend(Record::open(&logged).ok().as_ref().and_then(shown_by));
        }
        shown.len() < N_DECISIONS_MAX
    })?;
    let share = joined(app, &shown, now)?.accepted;
    Ok(share.interval.map(|interval| Worth {
        decisions: share.n,
        followed: share.n_successes,
        window_days: u32::try_from(REWARD_WINDOW_DAYS).unwrap_or(u32::MAX),
        low: interval.low,
        high: interval.high,
    }))
}

/// What came of one decision; `None` while its window is open and nothing has followed.
pub(super) fn outcome(app: &App, record: &Record, now: Timestamp) -> Result<Option<Outcome>, ServerError> {
    let text = match record.question.kind {
        DecisionKind::Recommend => followed(app, record, now)?,
        DecisionKind::Churn => came_back(app, record, now)?,
    };
    Ok(text.map(|text| Outcome { text, amount: None }))
}

fn followed(app: &App, record: &Record, now: Timestamp) -> Result<Option<String>, ServerError> {
    let Some(shown) = shown_by(record) else { return Ok(None) };
    let decided_at = shown.decided_at;
    let credits = joined(app, &[shown], now)?.credits;
    Ok(match credits.first() {
        Some(first) => {
            let title = app.engine.look(|live| live.items.get(first.item).map(|item| item.title().to_owned()));
            let title = title.unwrap_or_else(|| "An item".to_owned());
            let later = format::duration(first.at.millis_since(decided_at));
            let more = match credits.len() {
                1 => String::new(),
                n => format!(", and {}", format::counted(n as u64 - 1, "more purchase", "more purchases")),
            };
            Some(format!(
                "{title} was bought {later} later{more}. That it followed does not say that the decision made it."
            ))
        }
        None if decided_at.plus_days(REWARD_WINDOW_DAYS) <= now => {
            Some(format!("None of these items was bought within {REWARD_WINDOW_DAYS} days."))
        }
        None => None,
    })
}

fn came_back(app: &App, record: &Record, now: Timestamp) -> Result<Option<String>, ServerError> {
    let as_of = record.question.as_of;
    let until = as_of.plus_days(churn::WINDOW_DAYS);
    let next = with_customer(app, &record.question.customer, |customer| {
        let mut orders = customer.state.orders().iter().filter(|order| !order.is_refund);
        orders.find(|order| order.at > as_of && order.at <= until).map(|order| order.at)
    })?;
    Ok(match next.flatten() {
        Some(at) => Some(format!("The customer ordered again {} later.", format::duration(at.millis_since(as_of)))),
        None if until <= now => Some(format!("No purchase within {} days.", churn::WINDOW_DAYS)),
        None => None,
    })
}

fn shown_by(record: &Record) -> Option<Shown> {
    let decisions::Outcome::Items(items) = &record.decision.answer.outcome else { return None };
    Some(Shown {
        decision: record.decision.id.clone(),
        customer: record.question.customer.clone(),
        items: items.iter().map(|item| ItemKey::from(&item.id)).collect(),
        decided_at: record.question.as_of,
    })
}

/// The decisions joined with what their customers have bought since.
fn joined(app: &App, shown: &[Shown], now: Timestamp) -> Result<Attribution, ServerError> {
    let mut since: BTreeMap<&CustomerId, Timestamp> = BTreeMap::new();
    for one in shown {
        let first = since.entry(&one.customer).or_insert(one.decided_at);
        *first = (*first).min(one.decided_at);
    }
    let mut bought = Vec::new();
    for (id, since) in since {
        let purchases = with_customer(app, id, |customer| {
            let lines = customer.state.lines().iter().filter(|line| line.at > since);
            lines
                .map(|line| Bought { customer: id.clone(), item: line.item, at: line.at, paid: None })
                .collect::<Vec<_>>()
        })?;
        bought.extend(purchases.unwrap_or_default());
    }
    Ok(attribute(shown, &bought, now))
}

/// Looks at a customer, under the name they had at the decision. The live state is let go between two customers, so that
/// events do not wait for all of them.
fn with_customer<T>(
    app: &App,
    id: &CustomerId,
    look: impl FnOnce(&Customer<FeatureState>) -> T,
) -> Result<Option<T>, ServerError> {
    app.engine.look(|live| {
        let Some(now_known_as) = live.profiles.find_by_text(id.as_str())? else { return Ok(None) };
        Ok(live.profiles.customer(&now_known_as)?.map(|customer| look(&customer)))
    })
}
