//! Which features are there? `rapport features`.

use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::settings::Settings;
use comfy_table::{Table, presets};
use features::Definition;
use primitives::ErrorKind;
use serde::Serialize;

/// One feature, for programs.
#[derive(Debug, Serialize)]
struct FeatureReport<'a> {
    name: &'a str,
    id: String,
    meaning: &'a str,
    unit: &'a str,
    group: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
}

/// Lists the built-in features and those that the settings declare.
pub(super) fn run(options: &Options, settings: &Settings) -> Result<(), ServerError> {
    let catalogue = learning::catalogue(&settings.features, &settings.outcomes);
    let catalogue = catalogue.map_err(|error| ServerError::new(ErrorKind::Invalid, error.to_string()))?;
    let features: Vec<_> = catalogue.definitions().iter().map(|feature| FeatureReport::of(feature)).collect();
    report(options, &features, || in_words(&features))
}

impl<'a> FeatureReport<'a> {
    fn of(feature: &'a Definition) -> Self {
        Self {
            name: &feature.name,
            id: feature.id.to_string(),
            meaning: &feature.meaning,
            unit: feature.unit,
            group: feature.group,
            limit: feature.limit.as_deref(),
        }
    }
}

fn in_words(features: &[FeatureReport<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["group", "name", "unit", "meaning"]);
    for feature in features {
        table.add_row([feature.group, feature.name, feature.unit, feature.meaning]);
    }
    table.to_string()
}
