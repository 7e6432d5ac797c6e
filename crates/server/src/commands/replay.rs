//! Does a logged decision come out the same? `rapport replay`.

use super::report;
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use decisions::Record;
use events::Object;
use primitives::{DecisionId, ErrorKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use storage::Access;

/// Decides again from the log alone, and prints the bytes and whether they are the ones that were sent.
pub(super) fn run(options: &Options, settings: Settings, id: &str) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let record = opened.engine.decision(&DecisionId::from(id))?;
    let replayed = opened.engine.replay(&record)?;
    let is_same = record.was_sent(&replayed);
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
    let open = |text: &str| serde_json::from_str::<Object>(text).unwrap_or_default();
    let (before, now) = (open(logged), open(replayed));
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let differences = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
    let lines = differences.map(|key| format!("\n  {key}: {} was {}", shown(now.get(key)), shown(before.get(key))));
    let at = logged.bytes().zip(replayed.bytes()).take_while(|(a, b)| a == b).count();
    format!(
        "different from byte {at} on ({} bytes, logged {}){}",
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
