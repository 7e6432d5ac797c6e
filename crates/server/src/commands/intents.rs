//! How does a file of labelled messages go in? `rapport intents import`.

use super::caller::Caller;
use super::evaluate::intent::texts;
use super::progress::stop_cleanly_on_signal;
use super::report;
use crate::api::intents::{ExamplesBody, ExamplesReply};
use crate::args::{Elsewhere, IntentsCommand, Options};
use crate::error::ServerError;
use crate::labelled::{self, Example, N_EXAMPLES_MAX};
use crate::local;
use crate::serve::Opened;
use crate::settings::Settings;
use console::format::counted;
use events::{Envelope, Origin};
use primitives::ErrorKind;
use serde::Serialize;
use std::collections::BTreeSet;
use storage::{Access, SealPolicy};

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
    stop_cleanly_on_signal();
    let found = texts::read(file, text, Some(label))?;
    let labels: BTreeSet<&String> = found.labels.iter().collect();
    let mut taught = Taught {
        messages: found.messages.len() as u64,
        labels: labels.len() as u64,
        without: found.n_without as u64,
        ..Taught::default()
    };
    let examples: Vec<Example> = found
        .messages
        .iter()
        .zip(&found.labels)
        .map(|(text, label)| Example { text: text.clone(), label: label.clone(), user_id: None })
        .collect();
    if let Some(fault) = examples.chunks(N_EXAMPLES_MAX).find_map(labelled::fault) {
        return Err(ServerError::new(ErrorKind::Invalid, format!("{}: {fault}", file.display())));
    }
    let tell = teller(options, settings, elsewhere)?;
    for part in parts(&examples) {
        let told = tell(part)?;
        taught.new += told.accepted;
        taught.known += told.duplicates;
    }
    drop(tell);
    report(options, &taught, || in_words(&taught))
}

/// Parts that fit in a request.
fn parts(examples: &[Example]) -> Vec<&[Example]> {
    let (mut parts, mut rest) = (Vec::new(), examples);
    while !rest.is_empty() {
        let mut n_bytes = 0;
        let fits = |one: &&Example| {
            n_bytes += one.text.len() + one.label.len() + 64;
            n_bytes <= BYTES_AT_ONCE
        };
        let n = rest.iter().take(N_EXAMPLES_MAX).take_while(fits).count().max(1);
        let (part, others) = rest.split_at(n);
        parts.push(part);
        rest = others;
    }
    parts
}

type Tell = Box<dyn Fn(&[Example]) -> Result<ExamplesReply, ServerError>>;

fn teller(options: &Options, settings: Settings, elsewhere: &Elsewhere) -> Result<Tell, ServerError> {
    let caller = match &elsewhere.to {
        Some(url) => Some(Caller::elsewhere(url, elsewhere.key()?)?),
        None => local::find(&options.data).map(|found| Caller::new(&found.url, found.key)),
    };
    if let Some(caller) = caller {
        return Ok(Box::new(move |part| over_http(&caller, part)));
    }
    let opened = Opened::open(&options.data, Access::Exclusive, settings)?;
    Ok(Box::new(move |part| {
        let envelope = Envelope::new(opened.engine.clock().now(), Origin::Server);
        let taken = opened.engine.ingest(labelled::batch(part, envelope).map_err(labelled::refused)?)?;
        opened.engine.checkpoint(opened.settings.profiles.n_resident_max)?;
        opened.storage.seal(opened.engine.checkpointed(), &SealPolicy::default())?;
        let (accepted, duplicates) = (taken.n_accepted as u64, taken.n_duplicates as u64);
        Ok(ExamplesReply { accepted, duplicates, erased: 0 })
    }))
}

fn over_http(caller: &Caller, part: &[Example]) -> Result<ExamplesReply, ServerError> {
    let body = serde_json::to_string(&ExamplesBody { examples: part.to_vec() })
        .map_err(|error| ServerError::new(ErrorKind::Internal, error.to_string()))?;
    let unreachable = |why: String| {
        let message = format!("the server at {} cannot be reached: {why}", caller.url());
        ServerError::new(ErrorKind::Unavailable, message)
    };
    let answer = caller.ask("POST", "/v1/intents/examples", &body).map_err(unreachable)?;
    if answer.status == 200 { caller.read(&answer) } else { Err(caller.refused(&answer)) }
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
        let example = |n: usize| Example { text: "x".repeat(n), label: "a".to_owned(), user_id: None };
        let all: Vec<Example> =
            (0..1_300).map(|at| example(1 + at % 7 * 100)).chain([example(60_000), example(1)]).collect();
        let found = parts(&all);
        assert_eq!(found.concat(), all);
        let n_bytes = |part: &&[Example]| part.iter().map(|one| one.text.len() + one.label.len() + 64).sum::<usize>();
        assert!(found.iter().all(|part| part.len() <= N_EXAMPLES_MAX));
        assert!(found.iter().filter(|part| part.len() > 1).all(|part| n_bytes(part) <= BYTES_AT_ONCE));
        assert_eq!(parts(&[]).len(), 0);
    }
}
