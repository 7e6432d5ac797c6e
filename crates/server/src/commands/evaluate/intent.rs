//! How good would it be on my tickets? `rapport evaluate intent --train A.csv --test B.csv`.

mod report;
pub(in crate::commands) mod texts;

use crate::args::{Options, TextFiles};
use crate::commands::{progress, report as print};
use crate::encoders;
use crate::error::ServerError;
use engine::Stopwatch;
use models::ModelError;
use models::text::{Encoder, IntentModel, IntentSettings, Reading};
use primitives::{ErrorKind, Seed};
use report::{Judged, Times};
use std::path::Path;
use std::sync::Arc;
use texts::Texts;

/// What stands in the place of a task.
pub(super) const INTENT: &str = "intent";

/// What chance falls out of: which messages are left out to learn how sure the model is.
const SEED: u64 = 7;

/// Learns from one file and judges on another, with what `rapport models fetch` brought, where it did. Writes nothing.
pub(super) fn run(options: &Options, files: &TextFiles) -> Result<(), ServerError> {
    let (Some(train), Some(test)) = (&files.train, &files.test) else {
        let why = "`rapport evaluate intent` judges files of messages: name them, as in `rapport evaluate intent \
                   --train old.csv --test new.csv --text message --label reason`";
        return Err(ServerError::new(ErrorKind::Invalid, why));
    };
    let learned = texts::read(train, &files.text, Some(&files.label))?;
    learned.can_be_told_apart(train, &files.label)?;
    let asked = texts::read(test, &files.text, Some(&files.label))?;
    let others = files.out_of_scope.as_deref().map(|file| texts::read(file, &files.text, None)).transpose()?;
    let encoders = encoders::found(&options.data)?;
    let bar = progress::spinner(&format!("Learning from {} messages", learned.messages.len()));
    let judged = judge(train, &learned, &asked, others.as_ref(), &encoders);
    bar.finish_and_clear();
    let judged = judged?;
    print(options, &judged, || judged.in_words())
}

fn judge(
    file: &Path,
    learned: &Texts,
    asked: &Texts,
    others: Option<&Texts>,
    encoders: &[Arc<dyn Encoder>],
) -> Result<Judged, ServerError> {
    let watch = Stopwatch::start();
    let model = learn(learned, encoders).map_err(|error| {
        ServerError::new(ErrorKind::Invalid, format!("nothing can be learned from {}: {error}", file.display()))
    })?;
    let fit_seconds = watch.elapsed().as_secs_f64();
    let watch = Stopwatch::start();
    let read = |texts: &Texts| -> Vec<Reading> { texts.messages.iter().map(|text| model.read(text)).collect() };
    let said = read(asked);
    let ms_per_message = watch.elapsed().as_secs_f64() * 1e3 / asked.messages.len().max(1) as f64;
    let elsewhere = others.map(read);
    let times = Times { fit_seconds, ms_per_message };
    Judged::of(&model, learned, asked, &said, elsewhere.as_deref(), times)
        .map_err(|error| ServerError::new(ErrorKind::Internal, error.to_string()))
}

fn learn(learned: &Texts, encoders: &[Arc<dyn Encoder>]) -> Result<IntentModel, ModelError> {
    let messages: Vec<&str> = learned.messages.iter().map(String::as_str).collect();
    let labels: Vec<&str> = learned.labels.iter().map(String::as_str).collect();
    IntentSettings::default().fit(&messages, &labels, encoders, Seed::new(SEED))
}

#[cfg(test)]
mod tests;
