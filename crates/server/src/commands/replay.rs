//! Does a logged decision come out the same? `rapport replay`.

use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use primitives::{DecisionId, ErrorKind};
use serde_json::{Value, json};
use storage::Access;

/// Decides again from the log alone, and prints the bytes.
pub(super) fn run(options: &Options, settings: Settings, id: &str) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let record = opened.engine.decision(&DecisionId::from(id))?;
    let replayed = opened.engine.replay(&record)?;
    let is_same = replayed == record.response;
    let document = json!({
        "decisionId": id,
        "identical": is_same,
        "logged": serde_json::from_str::<Value>(&record.response).unwrap_or_default(),
        "replayed": serde_json::from_str::<Value>(&replayed).unwrap_or_default(),
    });
    report(options, &document, || replayed.clone())?;
    if is_same {
        return Ok(());
    }
    let message = format!("the replayed decision differs from the logged one, which was {}", record.response);
    Err(ServerError::new(ErrorKind::Corrupt, message))
}
