//! What came of decisions? Joins the log with the purchases that followed.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Content, ContentShape, KindAbout, LoggedDecision, Record};
use features::FeatureState;
use measurement::{Attribution, Bought, REWARD_WINDOW_DAYS, Share, Shown, attribute};
use primitives::{CustomerId, ItemKey, Timestamp};
use profiles::Customer;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many decisions of one day are judged, and among how many they are looked for: of a week enough to be sure to a
/// percentage point, few enough to be read while somebody waits.
const N_A_DAY: usize = 700;
const N_LOOKED_AT_A_DAY: usize = 4_000;
/// Up to how many decisions looked at are always looked at anew, and how long the answer holds with more.
const N_AT_ONCE: usize = 1_000;
const KEPT: Duration = Duration::from_secs(600);

/// What came of decisions when there were many of them, and when that was.
pub(super) type KeptShare = Mutex<Option<(Timestamp, Followed)>>;

/// How often recommendations were followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// Those that were made for their customer.
    pub personal: Share,
    /// What everybody is shown, given where nothing of the customer could be looked at or was known.
    pub general: Share,
}

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
    /// The share of recommendations made between one and two weeks ago that were followed: of all of them, or where there are
    /// many of the first of each day. With many decisions it is looked anew every ten minutes.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn followed(&self, now: Timestamp) -> Result<Followed, EngineError> {
        let kept = self.kept_share.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, followed)) = kept.filter(|(at, _)| now >= *at && now < *at + KEPT) {
            return Ok(followed);
        }
        let kinds = &self.capabilities.kinds;
        // What was looked for is followed more often than what was recommended, and is none of its share.
        let is_recommended = |about: &KindAbout| about.is_shown && about.shape == ContentShape::Items;
        let is_shown = |name: &str| kinds.get(name).is_ok_and(|kind| is_recommended(kind.about()));
        // What a newer program wrote is left out.
        let take = |logged: &LoggedDecision| {
            let record = is_shown(&logged.kind).then(|| Record::open(logged).ok())?;
            record.as_ref().and_then(shown_by).map(|shown| (logged.is_fallback, shown))
        };
        let first_day = now.plus_days(-2 * REWARD_WINDOW_DAYS);
        let since = |from, visit: &mut dyn FnMut(LoggedDecision) -> bool| self.ports.decisions.since(from, visit);
        let (shown, n_looked_at) = some_of_each_day(first_day, since, take)?;
        let (general, personal): (Vec<_>, Vec<_>) = shown.into_iter().partition(|(is_general, _)| *is_general);
        let share = |shown: Vec<(bool, Shown)>| {
            let shown: Vec<Shown> = shown.into_iter().map(|(_, shown)| shown).collect();
            Ok::<_, EngineError>(self.joined(&shown, now)?.accepted)
        };
        let followed = Followed { personal: share(personal)?, general: share(general)? };
        let kept = (n_looked_at > N_AT_ONCE).then(|| (now, followed.clone()));
        *self.kept_share.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(followed)
    }

    /// What came of one decision; `None` while its window is open and nothing has followed.
    ///
    /// # Errors
    /// [`EngineError`] where the customer cannot be read.
    pub fn consequence(&self, record: &Record, now: Timestamp) -> Result<Option<Consequence>, EngineError> {
        let then = self.kind_then(record);
        let declared = then.as_ref().and_then(|kind| kind.declaration()?.outcome().ok()?);
        let today =
            || self.capabilities.outcomes.iter().find(|outcome| outcome.name.as_str() == record.question.kind.as_str());
        let outcome = if then.is_some() { declared.as_ref() } else { today() };
        match (&record.decision.answer.content, outcome) {
            (Content::Items(_) | Content::Search { .. }, _) => self.bought_after(record, now),
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
    pub(super) fn with_customer<T>(
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

/// Of each day of a window the first decisions that `take` wants, and how many were looked at for it. A day has no more of
/// them looked at than any other: those of a kind that is never shown may be many.
fn some_of_each_day<T, E>(
    first_day: Timestamp,
    since: impl Fn(Timestamp, &mut dyn FnMut(LoggedDecision) -> bool) -> Result<(), E>,
    take: impl Fn(&LoggedDecision) -> Option<T>,
) -> Result<(Vec<T>, usize), E> {
    let (mut taken, mut n_looked_at) = (Vec::new(), 0);
    for day in 0..REWARD_WINDOW_DAYS {
        let (from, until) = (first_day.plus_days(day), first_day.plus_days(day + 1));
        let (mut n_taken, mut n_looked) = (0, 0);
        since(from, &mut |logged| {
            if logged.decided_at >= until {
                return false;
            }
            n_looked += 1;
            if let Some(one) = take(&logged) {
                n_taken += 1;
                taken.push(one);
            }
            n_taken < N_A_DAY && n_looked < N_LOOKED_AT_A_DAY
        })?;
        n_looked_at += n_looked;
    }
    Ok((taken, n_looked_at))
}

pub(super) fn shown_by(record: &Record) -> Option<Shown> {
    let content = &record.decision.answer.content;
    content.items()?;
    Some(Shown {
        decision: record.decision.id.clone(),
        customer: record.question.customer.clone(),
        items: content.shown().collect(),
        decided_at: record.question.as_of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::DecisionId;
    use std::convert::Infallible;

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn made(at: Timestamp, kind: &str) -> LoggedDecision {
        let id = DecisionId::from(at.to_string());
        LoggedDecision {
            id,
            decided_at: at,
            kind: kind.to_owned(),
            customer: None,
            is_fallback: false,
            record: Vec::new(),
        }
    }

    /// How many of each day of the window were taken, and how many were looked at.
    fn taken(log: &[LoggedDecision]) -> (Vec<usize>, usize) {
        let since = |from: Timestamp, visit: &mut dyn FnMut(LoggedDecision) -> bool| {
            log.iter().filter(|one| one.decided_at >= from).find(|one| !visit((*one).clone()));
            Ok::<_, Infallible>(())
        };
        let take = |logged: &LoggedDecision| (logged.kind == "shown").then_some(logged.decided_at);
        let Ok((taken, n_looked_at)) = some_of_each_day(START, since, take);
        let of_day = |day: i64| {
            let (from, until) = (START.plus_days(day), START.plus_days(day + 1));
            taken.iter().filter(|at| **at >= from && **at < until).count()
        };
        let of_days: Vec<usize> = (0..REWARD_WINDOW_DAYS).map(of_day).collect();
        assert_eq!(of_days.iter().sum::<usize>(), taken.len(), "none twice, and none of another day");
        (of_days, n_looked_at)
    }

    fn later(day: i64, millis: i64) -> Timestamp {
        Timestamp::from_millis(START.plus_days(day).as_millis() + millis)
    }

    #[test]
    fn every_decision_of_a_quiet_week_is_judged() {
        let moments = [later(0, -1), later(0, 0), later(1, -1), later(1, 0), later(3, 5), later(7, -1), later(7, 0)];
        let log: Vec<_> = moments.into_iter().map(|at| made(at, "shown")).collect();
        assert_eq!(taken(&log), (vec![2, 1, 0, 1, 0, 0, 1], 5));
    }

    #[test]
    fn a_busy_week_is_judged_by_some_of_each_day_and_no_day_is_read_whole() {
        let day = |day: i64, n: i64, kind: &'static str| (0..n).map(move |n| made(later(day, n), kind));
        let mut log: Vec<_> = day(0, 9_000, "shown").chain(day(1, 9_000, "asked")).collect();
        log.extend(day(2, 3_999, "asked"));
        log.extend((0..9).map(|n| made(later(2, 5_000 + n), "shown")));
        log.extend(day(6, 700, "shown"));
        assert_eq!(taken(&log), (vec![700, 0, 1, 0, 0, 0, 700], 700 + 4_000 + 4_000 + 700));
    }
}
