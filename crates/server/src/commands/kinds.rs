//! What can be decided? `rapport kinds`.

use super::{looked_into, report};
use crate::args::Options;
use crate::error::ServerError;
use crate::settings::Settings;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use decisions::{Kind, KindAbout, Parameter, Takes};
use engine::{Capabilities, story};
use features::Catalogue;
use learning::{Registry, TaskName};
use serde::Serialize;
use serde_json::{Number, Value};
use std::sync::Arc;

/// So many columns fit into most windows.
const N_COLUMNS: u16 = 110;

/// So many of them are of parameters.
const N_COLUMNS_PARAMETERS: usize = 36;

/// One kind of decision, for programs.
#[derive(Debug, Serialize)]
struct KindReport<'a> {
    name: &'a str,
    title: &'a str,
    question: &'a str,
    parameters: Vec<ParameterReport>,
    /// What consent is asked for.
    purpose: &'static str,
    /// What an answer is, in words.
    answer: &'static str,
    /// What is learned for it.
    tasks: Vec<&'a str>,
    /// Whether models of all its tasks answer; null where there is no data directory to look into.
    has_model: Option<bool>,
    /// Why a model that is there cannot answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Debug, Serialize)]
struct ParameterReport {
    name: &'static str,
    meaning: &'static str,
    /// Which values it takes, in words.
    takes: String,
    /// The smallest and the largest, where it takes numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Number>,
    /// What holds where nobody says, where that is the same for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
}

/// Lists the kinds that are built in and those that the settings declare. Needs no data directory, and makes none.
pub(super) fn run(options: &Options, settings: &Settings) -> Result<(), ServerError> {
    let capabilities = settings.capabilities();
    let models = registry(options, settings);
    let kinds: Vec<_> = capabilities
        .kinds
        .iter()
        .map(Kind::about)
        .map(|about| KindReport::of(about, &capabilities, models.as_ref()))
        .collect();
    report(options, &kinds, || in_words(&kinds))
}

/// The models of the data directory, where there is one.
fn registry(options: &Options, settings: &Settings) -> Option<Registry> {
    let storage = looked_into(options, "Whether models answer cannot be told")?;
    let catalogue =
        learning::catalogue(&settings.features, &settings.outcomes).unwrap_or_else(|_| Catalogue::built_in());
    Some(Registry::new(storage.model_store(), Arc::new(catalogue)))
}

impl<'a> KindReport<'a> {
    fn of(about: &'a KindAbout, capabilities: &Capabilities, models: Option<&Registry>) -> Self {
        let tasks = || about.tasks.iter().filter_map(|task| capabilities.tasks.get(task.as_str()).ok());
        let champions = models.map(|models| tasks().map(|task| models.answering(task.about())).collect::<Vec<_>>());
        let fault = champions.iter().flatten().find_map(|champion| champion.as_ref().err()).map(|error| story(error));
        Self {
            name: about.name.as_str(),
            title: &about.title,
            question: &about.question,
            parameters: about.parameters.iter().map(ParameterReport::of).collect(),
            purpose: about.purpose.name(),
            answer: about.shape.in_words(),
            tasks: about.tasks.iter().map(TaskName::as_str).collect(),
            fault,
            has_model: champions.map(|champions| champions.iter().all(|found| matches!(found, Ok(Some(_))))),
        }
    }
}

impl ParameterReport {
    fn of(parameter: &Parameter) -> Self {
        let Parameter { name, meaning, takes } = parameter;
        let (min, max) = match takes {
            Takes::Whole { range: (min, max), .. } => (Some((*min).into()), Some((*max).into())),
            Takes::Number { range: (min, max) } => (Number::from_f64(*min), Number::from_f64(*max)),
            _ => (None, None),
        };
        Self { name, meaning, takes: takes.in_words(), min, max, default: takes.default() }
    }

    /// `n from 1 to 100 (10)`; of what is no whole number the name alone, so that a line stays one.
    fn in_words(&self) -> String {
        match (&self.min, &self.max, &self.default) {
            (Some(min), Some(max), Some(default)) => format!("{} from {min} to {max} ({default})", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// Parameters, as many in a line as fit; none is broken.
fn in_lines(parameters: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for parameter in parameters {
        match lines.last_mut() {
            Some(line) if line.len() + parameter.len() + 2 < N_COLUMNS_PARAMETERS => *line += &format!(", {parameter}"),
            _ => lines.push(parameter.clone()),
        }
    }
    lines.join(",\n")
}

fn in_words(kinds: &[KindReport<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(N_COLUMNS);
    table.set_header(["name", "question", "parameters", "purpose", "model"]);
    for kind in kinds {
        let parameters: Vec<_> = kind.parameters.iter().map(ParameterReport::in_words).collect();
        let model = match (kind.has_model, &kind.fault) {
            (_, Some(_)) => "cannot answer",
            (Some(true), None) => "answers",
            (Some(false), None) => "none yet",
            (None, None) => "",
        };
        table.add_row([kind.name, kind.question, &in_lines(&parameters), kind.purpose, model]);
    }
    // The question takes what is left: all else is short, or broken already.
    for (_, column) in table.column_iter_mut().enumerate().filter(|(at, _)| *at != 1) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    format!("{table}\n--json tells also what each is called, what an answer is, and what is learned for it.")
}
