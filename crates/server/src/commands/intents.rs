//! How does a file of labelled messages go in? `rapport intents import`.

use super::evaluate::intent::texts;
use super::import::places;
use super::progress::stop_cleanly_on_signal;
use super::report;
use crate::args::{Elsewhere, IntentsCommand, Options};
use crate::error::ServerError;
use crate::labelled::{self, Example, N_EXAMPLES_MAX};
use crate::settings::Settings;
use console::format::counted;
use models::text::redacted;
use primitives::ErrorKind;
use serde::Serialize;
use std::collections::BTreeSet;

/// So many bytes of messages go in one request.
const BYTES_AT_ONCE: usize = 40 << 10;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Taught {
    messages: u64,
    labels: u64,
    new: u64,
    known: u64,
    /// Rows without a message or a label.
    without: u64,
}

/// Reads the file and tells what is in it: to the server that holds the data, or into the directory.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    command: &IntentsCommand,
    elsewhere: &Elsewhere,
) -> Result<(), ServerError> {
    let IntentsCommand::Import { file, text, label } = command;
    let found = texts::read(file, text, Some(label))?;
    found.can_be_told_apart(file, label)?;
    let n_found = found.messages.len();
    let examples = examples(found.messages, found.labels);
    if let Some((at, fault)) = (1..).zip(&examples).find_map(|(at, one)| Some((at, labelled::fault_of(one)?))) {
        let message = format!("{}: of the messages with a label, number {at}: {fault}", file.display());
        return Err(ServerError::new(ErrorKind::Invalid, message));
    }
    let labels: BTreeSet<&String> = examples.iter().map(|one| &one.label).collect();
    let mut taught = Taught {
        messages: examples.len() as u64,
        labels: labels.len() as u64,
        without: (found.n_without + n_found - examples.len()) as u64,
        ..Taught::default()
    };
    // Until here nothing was begun, and a pipe that never ends is left as any program is.
    stop_cleanly_on_signal();
    let target = places::open(options, settings, elsewhere)?;
    for part in parts(&examples) {
        let told = target.teach(part)?;
        taught.new += told.accepted;
        taught.known += told.duplicates;
    }
    target.settle()?;
    report(options, &taught, || in_words(&taught))
}

/// Messages of nobody, redacted already here: what names somebody is sent nowhere, and what is left of a long one fits. What holds nothing
/// that can be seen is left out.
fn examples(messages: Vec<String>, labels: Vec<String>) -> Vec<Example> {
    let all = messages.into_iter().zip(labels);
    let all = all.map(|(text, label)| Example { text: redacted(&text), label, user_id: None });
    all.filter(|one| !one.text.is_empty()).collect()
}

/// How much of a request an example takes.
fn n_bytes(example: &Example) -> usize {
    serde_json::to_string(example).map_or(BYTES_AT_ONCE, |json| json.len() + 1)
}

/// Parts that fit in a request.
fn parts(examples: &[Example]) -> Vec<&[Example]> {
    let (mut parts, mut rest) = (Vec::new(), examples);
    while !rest.is_empty() {
        let mut n_taken = 0;
        let fits = |one: &&Example| {
            n_taken += n_bytes(one);
            n_taken <= BYTES_AT_ONCE
        };
        let n = rest.iter().take(N_EXAMPLES_MAX).take_while(fits).count().max(1);
        let (part, others) = rest.split_at(n);
        parts.push(part);
        rest = others;
    }
    parts
}

fn in_words(taught: &Taught) -> String {
    let Taught { messages, labels, new, known, without } = taught;
    let left_out = if *without > 0 {
        format!(" {} had no message or no label.", counted(*without, "row", "rows"))
    } else {
        String::new()
    };
    format!(
        "{} of {}: {new} new, {known} known already.{left_out} `rapport train intent` learns from them; a server does by itself.",
        counted(*messages, "message", "messages"),
        counted(*labels, "label", "labels"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_everything_once_and_fit() {
        let example = |n: usize| Example { text: "\n".repeat(n), label: "a".to_owned(), user_id: None };
        let all: Vec<Example> =
            (0..1_300).map(|at| example(1 + at % 7 * 100)).chain([example(60_000), example(1)]).collect();
        let found = parts(&all);
        assert_eq!(found.concat(), all);
        assert!(found.iter().all(|part| part.len() <= N_EXAMPLES_MAX));
        assert!(
            found
                .iter()
                .filter(|part| part.len() > 1)
                .all(|part| part.iter().map(n_bytes).sum::<usize>() <= BYTES_AT_ONCE)
        );
        assert_eq!(parts(&[]).len(), 0);
    }

    #[test]
    fn what_is_sent_names_nobody_and_is_short() {
        let long = format!("Mail ann@shop.example {}", "please \"now\"\n".repeat(10_000));
        let messages = vec![long, "\u{200b}".to_owned(), "Where is it?".to_owned()];
        let found = examples(messages, vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(labels, ["a", "c"], "of what cannot be seen nothing is told");
        assert!(found[0].text.starts_with("Mail [email] please") && n_bytes(&found[0]) < BYTES_AT_ONCE);
    }
}
