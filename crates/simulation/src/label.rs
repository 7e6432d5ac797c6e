//! How does what is simulated say that it is, and of which company?

use crate::calendar::civil;
use crate::settings::{Settings, SettingsError};
use primitives::{Seed, Timestamp};
use serde::{Deserialize, Serialize};

/// From what a company was made: every item of its catalogue carries it as the trait `simulated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The root of all its chance.
    pub seed: u64,
    /// How many people are customers at one time or another.
    pub customers: u32,
    /// How many days of history there are.
    pub days: u32,
    /// The day before which the history ends.
    pub end: String,
}

/// Why the company of a label cannot be made again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Its numbers are out of their bounds.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Its last day is none.
    #[error("\"{0}\" is no day such as 2026-11-22")]
    End(String),
}

impl Label {
    /// The label of a company.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            seed: settings.seed.value(),
            customers: settings.n_customers,
            days: settings.n_days,
            end: civil(settings.end_day).to_string(),
        }
    }

    /// From what the company is made again.
    ///
    /// # Errors
    /// [`LabelError`] where no company has such a label.
    pub fn settings(&self) -> Result<Settings, LabelError> {
        let end = Timestamp::parse(&self.end).ok().filter(|end| end.date() == self.end);
        let end = end.ok_or_else(|| LabelError::End(self.end.clone()))?;
        Ok(Settings::new(Seed::new(self.seed), self.customers, self.days)?.ending(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_makes_its_company_again() {
        let settings = Settings::new(Seed::new(u64::MAX), 3, 40).unwrap();
        for settings in [settings, settings.ending(Timestamp::parse("2024-02-29").unwrap())] {
            let label = Label::of(&settings);
            let text = serde_json::to_string(&label).unwrap();
            assert_eq!(serde_json::from_str::<Label>(&text).unwrap().settings().unwrap(), settings);
        }
        assert_eq!(Label::of(&settings).end, "2026-11-22");
    }

    #[test]
    fn a_label_of_nobody_is_refused() {
        let label = Label::of(&Settings::new(Seed::new(1), 3, 40).unwrap());
        for end in ["2026-02-30", "today", "2026-11-22T00:00:00Z", ""] {
            let wrong = Label { end: end.to_owned(), ..label.clone() }.settings().unwrap_err();
            assert_eq!(wrong, LabelError::End(end.to_owned()));
        }
        assert!(matches!(Label { customers: 0, ..label }.settings(), Err(LabelError::Settings(_))));
    }
}
