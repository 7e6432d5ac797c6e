//! Does a logged decision come out the same? `rapport replay`.

use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::replayed::{Difference, Replay, differences, first_difference, shown};
use crate::serve::Opened;
use crate::settings::Settings;
use decisions::Record;
use primitives::{DecisionId, ErrorKind};
use serde_json::{Value, json};
use storage::Access;

/// Decides again from the log alone, and prints the bytes and whether they are the ones that were sent.
pub(super) fn run(options: &Options, settings: Settings, id: &str) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let record = opened.engine.decision(&DecisionId::from(id))?;
    let Replay { text: replayed, is_same } = Replay::of(&record, opened.engine.replay(&record)?);
    let document = json!({
        "decisionId": id,
        "identical": is_same,
        "logged": serde_json::from_str::<Value>(&record.response).unwrap_or_default(),
        "replayed": serde_json::from_str::<Value>(&replayed).unwrap_or_default(),
    });
    let verdict = if is_same { identical(&record) } else { differing(&record.response, &replayed) };
    report(options, &document, || format!("{replayed}\n{verdict}"))?;
    if is_same {
        return Ok(());
    }
    let message = format!("the replayed decision {id} differs from the logged one: {verdict}");
    Err(ServerError::new(ErrorKind::Corrupt, message))
}

/// "identical, 812 bytes, model recommend version …".
fn identical(record: &Record) -> String {
    let model = match &record.decision.answer.model {
        Some(model) => format!("model {} version {}", model.name, model.version),
        None => "no model".to_owned(),
    };
    format!("identical, {} bytes, {model}", record.response.len())
}

/// Where two answers part: the fields that differ, and the first byte that does.
fn differing(logged: &str, replayed: &str) -> String {
    let lines = differences(logged, replayed).into_iter().map(|Difference { field, was, is }| {
        format!("\n  {field}: {} was {}", shown(is.as_ref()), shown(was.as_ref()))
    });
    format!(
        "different from byte {} on ({} bytes, logged {}){}",
        first_difference(logged, replayed),
        replayed.len(),
        logged.len(),
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_with_both_values() {
        let said = differing(r#"{"a":1,"b":[2],"gone":3}"#, r#"{"a":1,"b":[5],"new":"x"}"#);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "different from byte 12 on (25 bytes, logged 24)");
        assert_eq!(lines[1..], ["  b: [5] was [2]", "  gone: nothing was 3", "  new: \"x\" was nothing"]);
    }
}
