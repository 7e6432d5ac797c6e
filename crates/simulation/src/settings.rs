//! How large is the company, and when does it live?

use primitives::{Currency, Seed, Timestamp};

/// More people than this are more than one machine's afternoon.
pub const N_CUSTOMERS_MAX: u32 = 1_000_000;
/// Five years.
pub const N_DAYS_MAX: u32 = 1_826;
/// The day before which a history ends where nothing else is said: 2026-11-22. A fixed one, so that the same command gives
/// the same bytes tomorrow.
const END_DAY: i64 = 20_779;

/// What a company is made of: the same settings make the same company, to the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The root of all chance.
    pub seed: Seed,
    /// How many people are customers at one time or another, from 1 to [`N_CUSTOMERS_MAX`].
    pub n_customers: u32,
    /// How many days of history there are, from 1 to [`N_DAYS_MAX`].
    pub n_days: u32,
    /// The day, counted from the epoch, before which the history ends.
    pub end_day: i64,
    /// The currency of all prices.
    pub currency: Currency,
}

/// Why a company cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Nobody, or too many.
    #[error("{0} customers cannot be simulated: take 1 to {N_CUSTOMERS_MAX}")]
    Customers(u32),
    /// No time, or too much.
    #[error("{0} days cannot be simulated: take 1 to {N_DAYS_MAX}")]
    Days(u32),
}

impl Settings {
    /// A company of so many people that lived for so many days, up to a fixed day of November 2026.
    ///
    /// # Errors
    /// [`SettingsError`] where a number is out of its bounds.
    pub fn new(seed: Seed, n_customers: u32, n_days: u32) -> Result<Self, SettingsError> {
        if !(1..=N_CUSTOMERS_MAX).contains(&n_customers) {
            return Err(SettingsError::Customers(n_customers));
        }
        if !(1..=N_DAYS_MAX).contains(&n_days) {
            return Err(SettingsError::Days(n_days));
        }
        Ok(Self { seed, n_customers, n_days, end_day: END_DAY, currency: Currency::EUR })
    }

    /// The same company, with a history that ends before the day of this moment (UTC).
    #[must_use]
    pub fn ending(self, at: Timestamp) -> Self {
        Self { end_day: at.day(), ..self }
    }

    /// The first day of the history, counted from the epoch.
    #[must_use]
    pub fn first_day(&self) -> i64 {
        self.end_day - i64::from(self.n_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_said() {
        let made = |n_customers, n_days| Settings::new(Seed::new(7), n_customers, n_days);
        assert_eq!(made(0, 10).unwrap_err().to_string(), "0 customers cannot be simulated: take 1 to 1000000");
        assert_eq!(made(10, 0).unwrap_err().to_string(), "0 days cannot be simulated: take 1 to 1826");
        assert!(made(N_CUSTOMERS_MAX + 1, 10).is_err() && made(10, N_DAYS_MAX + 1).is_err());
        assert!(made(N_CUSTOMERS_MAX, N_DAYS_MAX).is_ok() && made(1, 1).is_ok());
        assert_eq!(made(1, 30).unwrap().first_day(), END_DAY - 30);
        assert_eq!(made(1, 30).unwrap().ending(Timestamp::parse("2026-01-31T23:59:59Z").unwrap()).first_day(), 20_454);
    }
}
