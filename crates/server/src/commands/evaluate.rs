//! How good are the models? `rapport evaluate`.

mod answer;
pub(super) mod intent;
mod policy;
pub(super) mod table;
mod tone;

use super::report;
use super::train::{is_not_ready, read_history, tasks};
use crate::args::{Options, QuestionFiles, TextFiles};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use console::format;
use engine::Material;
use learning::{Comparison, Data, Evaluation, Numbers, TaskName};
use primitives::{ErrorKind, Seed, Timestamp};
use serde_json::{Map, Value, json};
use std::path::Path;
use storage::Access;

/// Evaluates what a file tells of: that of another policy.
pub(super) fn of_file(options: &Options, model: &str, file: &Path) -> Result<(), ServerError> {
    if model == policy::POLICY {
        return policy::run(options, file);
    }
    if is_of_messages(Some(model), &TextFiles::default()) {
        return of_messages(options, Some(model), &TextFiles::default());
    }
    let why =
        format!("{model} is judged on what came in, not on a file: leave the file out, or write `policy` for {model}");
    Err(ServerError::new(ErrorKind::Invalid, why))
}

/// Whether files of messages are to be judged.
pub(super) fn is_of_messages(model: Option<&str>, files: &TextFiles) -> bool {
    [Some(intent::INTENT), Some(tone::TONE)].contains(&model) || files.train.is_some() || files.test.is_some()
}

/// Evaluates how well messages are understood, by files of them.
pub(super) fn of_messages(options: &Options, model: Option<&str>, files: &TextFiles) -> Result<(), ServerError> {
    match model {
        Some(intent::INTENT) => return intent::run(options, files),
        Some(tone::TONE) => return tone::run(options, files),
        _ => {}
    }
    let why = "--train and --test are files of messages: write `rapport evaluate intent` or `rapport evaluate tone` before them";
    Err(ServerError::new(ErrorKind::Invalid, why))
}

/// Whether a file of questions is to be judged.
pub(super) fn is_of_questions(model: Option<&str>, files: &QuestionFiles) -> bool {
    model == Some(answer::ANSWER) || files.questions.is_some()
}

/// Evaluates how well questions are answered, by a file of them.
pub(super) fn of_questions(
    options: &Options,
    settings: Settings,
    model: Option<&str>,
    files: &QuestionFiles,
) -> Result<(), ServerError> {
    if model == Some(answer::ANSWER) {
        return answer::run(options, settings, files);
    }
    let why = "--questions is a file of questions: write `rapport evaluate answer` before it";
    Err(ServerError::new(ErrorKind::Invalid, why))
}

/// Evaluates the models named: fitted on the past, judged on what customers did later; `as_of` is taken for the present.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    model: Option<&str>,
    as_of: Option<Timestamp>,
) -> Result<(), ServerError> {
    let seed = Seed::new(settings.models.seed);
    let tasks = tasks(&settings, model).map_err(|error| match model {
        Some(policy::POLICY) => {
            let why = "`rapport evaluate policy` judges a file of what was chosen: name it, as in `rapport evaluate policy log.csv`";
            ServerError::new(ErrorKind::Invalid, why)
        }
        _ => error,
    })?;
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let as_of = as_of.map(|as_of| not_later(as_of, opened.engine.clock().now())).transpose()?;
    let material = read_history(&opened)?;
    let evaluate_one = |task: &TaskName| {
        let bar = super::progress::spinner(&format!("Evaluating {task}"));
        let evaluation = evaluate(&opened, &material, task, as_of, seed);
        bar.finish_and_clear();
        evaluation
    };
    let judged: Vec<_> = tasks.into_iter().map(|task| (evaluate_one(&task), task)).collect();
    let Judged { documents, texts, failure } = told(judged);
    let text = || texts.join("\n\n");
    match (model, failure) {
        (Some(_), Some(error)) => Err(error),
        // The document of one model stands alone.
        (Some(_), None) => report(options, &documents.values().next(), text),
        (None, Some(error)) if documents.values().all(is_unjudged) => Err(error),
        (None, failure) => {
            report(options, &documents, text)?;
            failure.map_or(Ok(()), Err)
        }
    }
}

/// What was found out of several models.
struct Judged {
    documents: Map<String, Value>,
    texts: Vec<String>,
    /// What makes the whole a failure: that one failed, or that all have too little to learn from.
    failure: Option<ServerError>,
}

/// Tells of each model. What can be judged is judged, also where another model cannot be.
fn told(judged: Vec<(Result<Evaluation, ServerError>, TaskName)>) -> Judged {
    let (mut documents, mut texts, mut failed, mut lacking) = (Map::new(), Vec::new(), None, None);
    for (evaluation, task) in judged {
        let (document, text) = match evaluation {
            Ok(evaluation) => (document(&evaluation), in_words(&task, &evaluation)),
            Err(error) => {
                let (why, is_lacking) = (error.story(), is_not_ready(&error));
                if is_lacking { &mut lacking } else { &mut failed }.get_or_insert(error);
                (json!({ if is_lacking { NOT_READY } else { FAILED }: why }), format!("{task}: not judged. {why}"))
            }
        };
        documents.insert(task.to_string(), document);
        texts.push(text);
    }
    let failure = failed.or_else(|| lacking.filter(|_| documents.values().all(is_unjudged)));
    Judged { documents, texts, failure }
}

/// In place of an evaluation: what is missing, or what went wrong.
const NOT_READY: &str = "not_ready";
const FAILED: &str = "failed";

fn is_unjudged(document: &Value) -> bool {
    [NOT_READY, FAILED].iter().any(|key| document.get(key).is_some())
}

fn document(evaluation: &Evaluation) -> Value {
    let mut document = serde_json::to_value(evaluation).unwrap_or_default();
    if let Some(told) = document.as_object_mut() {
        let (answers, why) = evaluation.standing();
        told.insert("answers".to_owned(), answers.into());
        told.insert("answers_since".to_owned(), why.into());
    }
    document
}

/// What is to be known of it beside the numbers, first that it does not answer where it does not.
fn looked_at(evaluation: &Evaluation) -> String {
    let (answers, why) = evaluation.standing();
    let silent = (!answers).then(|| format!("what is learned so does not answer, since {why}"));
    let all = silent.iter().chain(&evaluation.warnings);
    all.map(|warning| format!("\nLook at this: {warning}")).collect()
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
    let titles = names.iter().map(|name| evaluation.baseline_title(name).to_owned());
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
        "{}: trained on {} to {}, judged on {} to {} ({} cases)\n{}{table}\n{}{}{}",
        task,
        split.train_from.date(),
        split.train_until.date(),
        split.test_from.date(),
        split.test_until.date(),
        evaluation.n_test,
        gaps.collect::<String>(),
        gains.join("\n"),
        ways(evaluation),
        looked_at(evaluation),
    )
}

/// What is said by each way of asking and for each part of the customers: the model beside the best simple answer.
fn ways(evaluation: &Evaluation) -> String {
    if evaluation.protocols.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["asked by", "of whom", "customers", "NDCG@10", "recall@10", "best simple answer", "NDCG@10"]);
    for (name, protocol) in &evaluation.protocols {
        let way = format!("{name}{}", if protocol.decides { " (decides)" } else { "" });
        let slices = protocol.slices.iter().map(|(slice, told)| (slice.as_str(), told));
        for (slice, told) in std::iter::once(("all", &protocol.all)).chain(slices).filter(|(_, told)| told.n_test > 0) {
            let number = |numbers: &Numbers, name: &str| numbers.get(name).copied().unwrap_or(f64::NAN);
            let simple = told.baselines.iter().map(|(name, numbers)| (name, number(numbers, "ndcg@10")));
            let best = simple.max_by(|a, b| a.1.total_cmp(&b.1));
            table.add_row([
                way.clone(),
                slice.to_owned(),
                told.n_test.to_string(),
                format!("{:.4}", number(&told.metrics, "ndcg@10")),
                format!("{:.4}", number(&told.metrics, "recall@10")),
                best.map(|(name, _)| evaluation.baseline_title(name).to_owned()).unwrap_or_default(),
                best.map(|(_, ndcg)| format!("{ndcg:.4}")).unwrap_or_default(),
            ]);
        }
    }
    format!("\n{table}\n")
}

/// By how much the model is better than each baseline, and how sure that is.
fn gains(evaluation: &Evaluation, decides: &Comparison) -> Vec<String> {
    let each = decides.baselines.iter().filter_map(|(name, _)| Some((name, evaluation.gains.get(*name)?)));
    each.map(|(name, gain)| {
        let (metric, name) = (decides.metric.title, evaluation.baseline_title(name));
        let said = match gain {
            gain if gain.is_gain() => "the model is better",
            gain if gain.is_loss() => "the model is worse",
            _ => "no clear difference",
        };
        format!("{metric} against {name}: {said} (95 % interval: {})", gain.in_words())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::EngineError;
    use learning::LearningError;

    #[test]
    fn every_way_of_asking_is_told_with_the_best_simple_answer() {
        let slice = |ndcg| {
            let baselines = json!({ "popularity": { "ndcg@10": 0.2 }, "personal_frequency": { "ndcg@10": 0.25 } });
            json!({ "n_test": 7, "metrics": { "ndcg@10": ndcg, "recall@10": 0.4 }, "baselines": baselines })
        };
        let nobody = json!({ "n_test": 0, "metrics": {}, "baselines": {} });
        let protocol = |decides, ndcg| {
            let mut told = slice(ndcg);
            let more = json!({
                "decides": decides, "n_items": 3, "intervals": {}, "gains": {}, "orders": {}, "members_add": {},
                "slices": { "new_only": slice(0.125), "cold_items": nobody },
            });
            told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            told
        };
        let evaluation = json!({
            "split": {
                "train_from": "2026-01-01T00:00:00Z", "train_until": "2026-02-01T00:00:00Z", "window_days": 30,
                "test_from": "2026-02-01T00:00:00Z", "test_until": "2026-03-03T00:00:00Z", "train_as_ofs": [], "gaps": [],
            },
            "n_train": 9, "n_test": 7, "decides": "ndcg@10", "metrics": { "ndcg@10": 0.3 }, "baselines": {}, "gains": {},
            "protocols": { "time": protocol(true, 0.3), "last_order": protocol(false, 0.5) },
        });
        let told = in_words(&"recommend".into(), &serde_json::from_value(evaluation).unwrap());
        for expected in ["time (decides)", "last_order", "0.5000", "0.1250", "own favourites", "0.2500"] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        assert!(!told.contains("cold_items") && !told.contains("most popular"), "{told}");
    }

    /// Numbers alone do not say it: a policy is kept out by an interval, and every other model by what simple answers reach.
    #[test]
    fn what_is_too_weak_to_answer_is_said_not_to_answer() {
        let of = |decides: &str, numbers: (f64, f64), baseline: &str, gain: (f64, f64)| {
            let evaluation = json!({
                "split": {
                    "train_from": "2026-01-01T00:00:00Z", "train_until": "2026-02-01T00:00:00Z", "window_days": 30,
                    "test_from": "2026-02-01T00:00:00Z", "test_until": "2026-03-03T00:00:00Z", "train_as_ofs": [], "gaps": [],
                },
                "n_train": 9, "n_test": 5, "decides": decides, "metrics": { decides: numbers.0 },
                "baselines": { baseline: { decides: numbers.1 } },
                "gains": { baseline: { "mean": f64::midpoint(gain.0, gain.1), "low": gain.0, "high": gain.1 } },
            });
            told(vec![(Ok(serde_json::from_value(evaluation).unwrap()), "one".into())])
        };
        for (found, answers, why) in [
            (of("policy_value", (0.1, 0.2), "uniform", (-0.15, -0.05)), false, "less than the 0.2000 of any action"),
            (of("policy_value", (0.1, 0.2), "uniform", (-0.15, 0.05)), true, "not clearly other than"),
            (of("auc", (0.5, 0.75), "recency", (-0.3, -0.2)), false, "worse than the 0.7500"),
            (of("auc", (0.75, 0.5), "recency", (0.2, 0.3)), true, "better than the 0.5000"),
        ] {
            let (document, text) = (&found.documents["one"], &found.texts[0]);
            assert_eq!(document["answers"], answers, "{document}");
            assert!(document["answers_since"].as_str().unwrap().contains(why), "{document}");
            let said = "\nLook at this: what is learned so does not answer, since ";
            assert_eq!(text.contains(said), !answers, "{text}");
            assert_eq!(text.contains(why), !answers, "{text}");
        }
    }

    #[test]
    fn one_that_fails_keeps_no_other_from_being_judged_and_is_told_of() {
        let split = json!({
            "train_from": "2026-01-01T00:00:00Z", "train_until": "2026-02-01T00:00:00Z", "window_days": 30,
            "test_from": "2026-02-01T00:00:00Z", "test_until": "2026-03-03T00:00:00Z", "train_as_ofs": [], "gaps": [],
        });
        let good = || -> Result<Evaluation, ServerError> {
            let evaluation = json!({
                "split": split, "n_train": 9, "n_test": 5, "decides": "auc", "metrics": { "auc": 0.75 },
                "baselines": { "recency": { "auc": 0.5 } }, "gains": {}, "baseline_titles": { "recency": "what came last" },
            });
            Ok(serde_json::from_value(evaluation).unwrap())
        };
        let learning = |error| Err(ServerError::from(EngineError::from(error)));
        let lacking = || learning(LearningError::NotReady { task: "lacking".into(), missing: Vec::new() });
        let broken = || learning(LearningError::File { reason: "half of it".to_owned() });
        let all = told(vec![(broken(), "broken".into()), (lacking(), "lacking".into()), (good(), "good".into())]);
        assert_eq!(all.documents["good"]["n_test"], 5);
        assert!(all.documents["lacking"]["not_ready"].is_string() && all.documents["broken"]["failed"].is_string());
        assert!(all.texts[2].contains("what came last") && !all.texts[2].contains("recency"), "{:?}", all.texts);
        assert!(all.texts[0].starts_with("broken: not judged. ") && all.texts[2].contains("0.7500"), "{:?}", all.texts);
        assert!(!is_not_ready(&all.failure.unwrap()), "that one failed is the failure, however many lack");
        assert!(told(vec![(lacking(), "lacking".into()), (good(), "good".into())]).failure.is_none());
        assert!(is_not_ready(&told(vec![(lacking(), "lacking".into())]).failure.unwrap()));
    }
}
