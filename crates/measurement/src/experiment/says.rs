//! How is an effect said in a sentence?

use super::{Finding, Stage};
use crate::Interval;

/// "`margin` is up by 4.0 % (1.2 to 6.9 %)": the lift where there is one, else the difference in its unit.
pub(super) fn effect_in_words(finding: &Finding, stage: Stage) -> String {
    let metric = &finding.metric;
    let name = match &finding.segment {
        None => format!("`{metric}`"),
        Some(segment) => format!("`{metric}` in `{segment}`"),
    };
    if let Some(lift) = &finding.compared.lift {
        let says = by(lift.value, Finding::interval(lift, stage), |share| format!("{:.1}", 100.0 * share), " %");
        return format!("{name} is {says}");
    }
    match &finding.compared.difference {
        Some(difference) => {
            let says = by(difference.value, Finding::interval(difference, stage), |value| format!("{value:.4}"), "");
            format!("{name} is {says}")
        }
        None => format!("nothing is known of {name}"),
    }
}

fn by(value: f64, Interval { low, high }: Interval, number: impl Fn(f64) -> String, unit: &str) -> String {
    let (word, size) = if value < 0.0 { ("down", -value) } else { ("up", value) };
    // The interval is told in the direction of the word.
    let (low, high) = if value < 0.0 { (-high, -low) } else { (low, high) };
    format!("{word} by {}{unit} ({} to {}{unit})", number(size), number(low), number(high))
}

/// "a, b and c".
pub(super) fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
