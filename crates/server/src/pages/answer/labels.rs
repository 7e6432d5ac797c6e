//! What does a message say, on a page?

use console::{format, view};
use decisions::{Intent, Labels, Named};
use primitives::capital;

/// So much of an emotion is worth a line.
const FELT_MIN: f64 = 0.2;

/// All that was read of it.
pub(super) fn shown(labels: &Labels) -> view::Labels {
    let mut rows = Vec::new();
    rows.extend(labels.intent.as_ref().map(|intent| ("Asks for", asked(intent))));
    rows.extend(labels.sentiment.as_ref().map(|it| ("Mood", format!("{}, {}", it.label, format::number(it.score)))));
    rows.extend(labels.urgency.map(|urgency| ("Urgency", format::percent(urgency))));
    rows.extend(labels.language.as_ref().map(|language| ("Language", language.clone())));
    let named: Vec<String> =
        labels.slots.iter().map(|Named { kind, value, .. }| format!("{} {value}", words(kind))).collect();
    rows.extend((!named.is_empty()).then(|| ("Names", named.join(", "))));
    let mut emotions: Vec<(String, f64)> = labels
        .emotions
        .iter()
        .filter(|(_, felt)| **felt >= FELT_MIN)
        .map(|(name, felt)| (capital(name), *felt))
        .collect();
    emotions.sort_by(|a, b| b.1.total_cmp(&a.1));
    view::Labels { rows, emotions }
}

/// The same in a few words: what it asks for, and what is felt most.
pub(super) fn in_short(labels: &Labels) -> String {
    let felt = labels.emotions.iter().filter(|(_, felt)| **felt >= 0.5).max_by(|a, b| a.1.total_cmp(b.1));
    let parts = [
        labels.intent.as_ref().map(asked),
        felt.map(|(name, _)| name.clone()),
        labels.sentiment.as_ref().map(|sentiment| sentiment.label.clone()),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { "not read".to_owned() } else { said.join(", ") }
}

fn asked(intent: &Intent) -> String {
    if intent.is_out_of_scope {
        return "something else".to_owned();
    }
    format!("{} ({})", intent.label, format::percent(intent.confidence))
}

fn words(kind: &str) -> String {
    kind.replace('_', " ")
}
