//! How good are the models? `rapport evaluate`.

use super::report;
use super::train::{is_not_ready, read_history, tasks};
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use console::format;
use engine::Material;
use learning::{Comparison, Data, Evaluation, TaskName, baseline_title};
use primitives::{ErrorKind, Seed, Timestamp};
use serde_json::{Map, Value, json};
use storage::Access;

/// Evaluates the models named: fitted on the past, judged on what customers did later; `as_of` is taken for the present.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    model: Option<&str>,
    as_of: Option<Timestamp>,
) -> Result<(), ServerError> {
    let seed = Seed::new(settings.models.seed);
    let tasks = tasks(&settings, model)?;
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let as_of = as_of.map(|as_of| not_later(as_of, opened.engine.clock().now())).transpose()?;
    let material = read_history(&opened)?;
    let (mut documents, mut texts, mut first_lacking) = (Map::new(), Vec::new(), None);
    for task in tasks {
        let bar = super::progress::spinner(&format!("Evaluating {task}"));
        let evaluation = evaluate(&opened, &material, &task, as_of, seed);
        bar.finish_and_clear();
        let (document, text) = match evaluation {
            Ok(evaluation) => (document(&evaluation), in_words(&task, &evaluation)),
            // What can be judged is judged, also where another model has too little to learn from.
            Err(error) if is_not_ready(&error) => {
                let why = error.story();
                first_lacking.get_or_insert(error);
                (json!({ "not_ready": why }), format!("{task}: not judged. {why}"))
            }
            Err(error) => return Err(error),
        };
        documents.insert(task.to_string(), document);
        texts.push(text);
    }
    let text = || texts.join("\n\n");
    if let Some(error) = first_lacking.filter(|_| documents.values().all(|one| one.get("not_ready").is_some())) {
        return Err(error);
    }
    match model {
        // The document of one model stands alone.
        Some(_) => report(options, &documents.values().next(), text),
        None => report(options, &documents, text),
    }
}

fn document(evaluation: &Evaluation) -> Value {
    serde_json::to_value(evaluation).unwrap_or_default()
}

/// A day that has begun may be asked about, as far as it is over.
fn not_later(as_of: Timestamp, now: Timestamp) -> Result<Timestamp, ServerError> {
    if as_of.day() <= now.day() {
        return Ok(as_of.min(now));
    }
    let message = format!("--as-of {} lies in the future: name a day until {}", as_of.date(), now.date());
    Err(ServerError::new(ErrorKind::Invalid, message))
}

fn evaluate(
    opened: &Opened,
    material: &Material,
    task: &TaskName,
    as_of: Option<Timestamp>,
    seed: Seed,
) -> Result<Evaluation, ServerError> {
    let task = opened.engine.capabilities().tasks.get(task.as_str())?;
    let data = opened.engine.data(material, seed);
    Ok(learning::evaluate(task, &Data { now: as_of.unwrap_or(data.now), ..data })?)
}

/// A table: each metric of the model and of the simpler answers.
pub(super) fn in_words(task: &TaskName, evaluation: &Evaluation) -> String {
    let split = &evaluation.split;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    let comparisons = evaluation.comparisons();
    let names: Vec<&str> = evaluation.baselines.keys().map(String::as_str).collect();
    let titles = names.iter().map(|name| baseline_title(name).to_owned());
    table.set_header(["metric".to_owned(), "model".to_owned()].into_iter().chain(titles).collect::<Vec<_>>());
    for comparison in &comparisons {
        let name = format!("{} ({})", comparison.metric.title, comparison.metric.better);
        // A number that cannot be computed of a simple answer leaves its place empty.
        let of = |name: &&str| comparison.baselines.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let numbers = std::iter::once(Some(comparison.model)).chain(names.iter().map(of));
        let numbers = numbers.map(|value| match value.filter(|value| value.is_finite()) {
            Some(value) => format!("{value:.4}"),
            None => "–".to_owned(),
        });
        table.add_row(std::iter::once(name).chain(numbers).collect::<Vec<_>>());
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let gaps = split.gaps.iter().map(|gap| {
        format!("{}: these days were left out\n", format::gap(gap.from, gap.until, gap.n_orders, gap.n_usual))
    });
    let gains = comparisons.first().map_or_else(Vec::new, |decides| gains(evaluation, decides));
    format!(
        "{}: trained on {} to {}, judged on {} to {} ({} cases)\n{}{table}\n{}{}",
        task,
        split.train_from.date(),
        split.train_until.date(),
        split.test_from.date(),
        split.test_until.date(),
        evaluation.n_test,
        gaps.collect::<String>(),
        gains.join("\n"),
        evaluation.warnings.iter().map(|warning| format!("\nLook at this: {warning}")).collect::<String>(),
    )
}

/// By how much the model is better than each baseline, and how sure that is.
fn gains(evaluation: &Evaluation, decides: &Comparison) -> Vec<String> {
    let each = decides.baselines.iter().filter_map(|(name, _)| Some((name, evaluation.gains.get(*name)?)));
    each.map(|(name, gain)| {
        let (metric, name) = (decides.metric.title, baseline_title(name));
        let said = match gain {
            gain if gain.is_gain() => "the model is better",
            gain if gain.is_loss() => "the model is worse",
            _ => "no clear difference",
        };
        format!("{metric} against {name}: {said} (95 % interval: {})", gain.in_words())
    })
    .collect()
}
