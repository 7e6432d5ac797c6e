//! How much happens each day, over all customers? A fold over events, like the profiles.

use events::{Call, Commerce, CommerceStep, Offset, Recorded};
use primitives::{Currency, Money, Timestamp};
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many of the newest days are remembered.
const N_DAYS: usize = 400;

/// In how many currencies a day's revenue is summed.
const N_CURRENCIES_MAX: usize = 32;

const KEY: &str = "activity";

/// What happened on one day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Events of customers.
    pub n_events: u64,
    /// Orders among them.
    pub n_orders: u64,
    /// What the orders were worth, less refunds, in minor units.
    pub revenue: BTreeMap<Currency, i64>,
}

/// What happened on each of the newest days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    days: BTreeMap<i64, Day>,
    offset: Offset,
    row: TotalsRow,
}

impl Day {
    /// A currency for which there is no room any more on this day is not summed.
    fn add_revenue(&mut self, currency: Currency, minor: i64) {
        if self.revenue.len() < N_CURRENCIES_MAX || self.revenue.contains_key(&currency) {
            let sum = self.revenue.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
        }
    }
}

impl Activity {
    /// Opens the days of a store, as its last checkpoint left them.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        let days = TotalsRow::stored(store, KEY)?;
        Ok(Self { days, offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Folds in one event. An event at or before the offset reached changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        if matches!(event.call, Call::Item { .. } | Call::Correction { .. }) {
            return;
        }
        self.row.changed();
        let day = self.days.entry(event.occurred_at.day()).or_default();
        day.n_events += 1;
        // Accepted events were read once already.
        if let Ok(Some(commerce)) = Commerce::read(event) {
            let sign = match commerce.step {
                CommerceStep::Ordered => 1,
                CommerceStep::Refunded => -1,
                _ => 0,
            };
            day.n_orders += u64::from(sign > 0);
            if let Some(Money { minor, currency }) = commerce.value.filter(|_| sign != 0) {
                day.add_revenue(currency, minor.saturating_mul(sign));
            }
        }
        if self.days.len() > N_DAYS {
            self.days.pop_first();
        }
    }

    /// The last `n_days` days up to and including that of `as_of`, oldest first, quiet ones included.
    pub fn last_days(&self, as_of: Timestamp, n_days: i64) -> impl Iterator<Item = (Timestamp, Day)> {
        let today = as_of.day();
        (today - n_days + 1..=today)
            .map(|day| (Timestamp::from_millis(0).plus_days(day), self.days.get(&day).cloned().unwrap_or_default()))
    }

    /// The newest remembered day with an order, up to and including that of `as_of`.
    #[must_use]
    pub fn last_order_day(&self, as_of: Timestamp) -> Option<Timestamp> {
        let found = self.days.range(..=as_of.day()).rev().find(|(_, day)| day.n_orders > 0);
        found.map(|(day, _)| Timestamp::from_millis(0).plus_days(*day))
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Activity::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where the days cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.days)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }
}
