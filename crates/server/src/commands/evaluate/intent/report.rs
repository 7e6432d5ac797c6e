//! What is told of a model of intents that was judged?

use super::texts::Texts;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use models::text::{IntentModel, Reading};
use models::{ModelError, metrics};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many labels, and pairs of labels, are told that did worst.
const N_WORST: usize = 10;
/// Labels with fewer messages are learned badly.
const N_MESSAGES_FEW: usize = 10;
/// The calibration error is told over so many parts of equal width.
const N_PARTS: usize = 10;

/// How long it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) fit_seconds: f64,
    pub(super) ms_per_message: f64,
}

/// What is told.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) metrics: Metrics,
    /// What the `oos_auroc` was found on: the file, labels left out of learning, or why on nothing.
    pub(super) oos_by: &'static str,
    pub(super) ms_per_message: f64,
    pub(super) fit_seconds: f64,
    pub(super) n_train: usize,
    pub(super) n_test: usize,
    pub(super) n_labels: usize,
    /// What counted beside words and letters.
    pub(super) encoders: Vec<String>,
    /// Of messages of `--out-of-scope`, which share was noticed.
    pub(super) oos_noticed: Option<f64>,
    /// Of messages of the test, which share was taken for something else.
    pub(super) handed_off: f64,
    /// Which share of the messages that were not handed off was told right.
    pub(super) accuracy_kept: Option<f64>,
    /// The labels that did worst.
    pub(super) labels: Vec<Label>,
    /// What was most often taken for what.
    pub(super) confusions: Vec<Confusion>,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Metrics {
    pub(super) accuracy: f64,
    pub(super) macro_f1: f64,
    pub(super) oos_auroc: Option<f64>,
    pub(super) ece: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Label {
    pub(super) label: String,
    pub(super) f1: f64,
    pub(super) precision: f64,
    pub(super) recall: f64,
    pub(super) n_test: usize,
    pub(super) n_train: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Confusion {
    pub(super) label: String,
    pub(super) told: String,
    pub(super) n: usize,
}

const BY_FILE: &str = "the messages of --out-of-scope";
const BY_LABELS: &str = "labels that were left out of learning";
const BY_NOTHING: &str =
    "nothing: fewer than four labels, so none can be left out; give messages about something else with --out-of-scope";

impl Judged {
    /// Compares what was said of messages with their labels.
    pub(super) fn of(
        model: &IntentModel,
        learned: &Texts,
        asked: &Texts,
        said: &[Reading],
        elsewhere: Option<&[Reading]>,
        times: Times,
    ) -> Result<Self, ModelError> {
        let told: Vec<&str> = said.iter().map(|said| model.classes()[said.class].as_str()).collect();
        let right: Vec<f64> =
            told.iter().zip(&asked.labels).map(|(told, label)| if *told == label { 1.0 } else { 0.0 }).collect();
        let confidence: Vec<f64> = said.iter().map(|said| said.confidence.min(1.0)).collect();
        let kept: Vec<f64> =
            said.iter().zip(&right).filter(|(said, _)| !said.is_out_of_scope).map(|(_, right)| *right).collect();
        let (oos_auroc, oos_by) = match (elsewhere, model.left_out().scope_auc) {
            (Some(others), _) => (Some(told_apart(said, others)?), BY_FILE),
            (None, Some(auc)) => (Some(auc), BY_LABELS),
            (None, None) => (None, BY_NOTHING),
        };
        let mut labels = labels(learned, asked, &told);
        let macro_f1 = mean(labels.iter().map(|label| label.f1));
        let warnings = warnings(learned, asked, &labels);
        labels.sort_by(|a, b| a.f1.total_cmp(&b.f1).then_with(|| a.label.cmp(&b.label)));
        labels.truncate(N_WORST);
        Ok(Self {
            metrics: Metrics {
                accuracy: mean(right.iter().copied()),
                macro_f1,
                oos_auroc,
                ece: metrics::expected_calibration_error(&confidence, &right, None, N_PARTS)?,
            },
            oos_by,
            ms_per_message: times.ms_per_message,
            fit_seconds: times.fit_seconds,
            n_train: learned.messages.len(),
            n_test: asked.messages.len(),
            n_labels: model.classes().len(),
            encoders: model.encoders().map(str::to_owned).collect(),
            oos_noticed: elsewhere.map(share_out_of_scope),
            handed_off: share_out_of_scope(said),
            accuracy_kept: (!kept.is_empty()).then(|| mean(kept.into_iter())),
            labels,
            confusions: confusions(asked, &told),
            warnings,
        })
    }

    /// What a person reads.
    pub(super) fn in_words(&self) -> String {
        let of = |share: f64| format!("{:.1} %", 100.0 * share);
        let Metrics { accuracy, macro_f1, oos_auroc, ece } = self.metrics;
        let mut numbers = table(["what", "", "what it is"]);
        let oos = oos_auroc.map_or_else(|| "–".to_owned(), |auroc| format!("{auroc:.4}"));
        let mut row = |name: &str, value: String, what: &str| {
            numbers.add_row([name.to_owned(), value, what.to_owned()]);
        };
        row("accuracy", format!("{accuracy:.4}"), "messages whose label was told right");
        row("macro F1", format!("{macro_f1:.4}"), "precision and recall together, each label counting alike");
        row("calibration error", format!("{ece:.4}"), "how far the confidence lies from the share that was right");
        row("out of scope", oos, &format!("how well others are told apart (AUROC), by {}", self.oos_by));
        row("handed off", of(self.handed_off), "messages of the test taken for something else");
        if let Some(accuracy) = self.accuracy_kept {
            row("accuracy of the rest", format!("{accuracy:.4}"), "right among those that were not handed off");
        }
        if let Some(noticed) = self.oos_noticed {
            row("noticed", of(noticed), "messages of --out-of-scope taken for something else");
        }
        let mut labels = table(["label", "F1", "precision", "recall", "messages", "learned from"]);
        for label in &self.labels {
            let numbers = [label.f1, label.precision, label.recall].map(|number| format!("{number:.3}"));
            let counts = [label.n_test, label.n_train].map(|n| n.to_string());
            labels.add_row([label.label.clone()].into_iter().chain(numbers).chain(counts).collect::<Vec<_>>());
        }
        labels.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        let mut lines = vec![
            format!(
                "Learned from {} messages of {} labels in {:.1} s, judged on {} others at {:.3} ms each.",
                self.n_train, self.n_labels, self.fit_seconds, self.n_test, self.ms_per_message
            ),
            numbers.to_string(),
            "The labels that did worst:".to_owned(),
            labels.to_string(),
        ];
        if !self.confusions.is_empty() {
            let mut pairs = table(["label", "taken for", "messages"]);
            for pair in &self.confusions {
                pairs.add_row([pair.label.clone(), pair.told.clone(), pair.n.to_string()]);
            }
            lines.push("What was most often taken for something else:".to_owned());
            lines.push(pairs.to_string());
        }
        if self.encoders.is_empty() {
            lines.push(
                "Counted by words and letters alone; `rapport models fetch` adds what English words mean.".to_owned(),
            );
        } else {
            lines.push(format!("Counted by words, letters and {}.", self.encoders.join(", ")));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("Look at this: {warning}.")));
        lines.join("\n")
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(header.to_vec());
    table
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = numbers.fold((0.0, 0_usize), |(sum, n), number| (sum + number, n + 1));
    sum / n.max(1) as f64
}

fn share_out_of_scope(said: &[Reading]) -> f64 {
    mean(said.iter().map(|said| if said.is_out_of_scope { 1.0 } else { 0.0 }))
}

/// How likely a message of the test looks more like those that were learned than one about something else.
fn told_apart(said: &[Reading], others: &[Reading]) -> Result<f64, ModelError> {
    let scores = |said: &[Reading]| said.iter().map(|said| said.scope).collect::<Vec<f64>>();
    metrics::auc_between(&scores(said), &scores(others))
}

/// Each label of the test or told in it.
fn labels(learned: &Texts, asked: &Texts, told: &[&str]) -> Vec<Label> {
    #[derive(Default)]
    struct Counts {
        test: usize,
        told: usize,
        both: usize,
    }
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for (label, told) in asked.labels.iter().zip(told) {
        counts.entry(label).or_default().test += 1;
        counts.entry(told).or_default().told += 1;
        if label == told {
            counts.entry(label).or_default().both += 1;
        }
    }
    let mut n_learned: BTreeMap<&str, usize> = BTreeMap::new();
    for label in &learned.labels {
        *n_learned.entry(label).or_default() += 1;
    }
    let share = |part: usize, all: usize| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let each = counts.into_iter().map(|(label, Counts { test, told, both })| Label {
        label: label.to_owned(),
        f1: share(2 * both, test + told),
        precision: share(both, told),
        recall: share(both, test),
        n_test: test,
        n_train: n_learned.get(label).copied().unwrap_or_default(),
    });
    each.collect()
}

fn confusions(asked: &Texts, told: &[&str]) -> Vec<Confusion> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (label, told) in asked.labels.iter().zip(told).filter(|(label, told)| label != *told) {
        *counts.entry((label.as_str(), *told)).or_default() += 1;
    }
    let mut pairs: Vec<((&str, &str), usize)> = counts.into_iter().collect();
    // Of equal ones the first by name.
    pairs.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let named =
        |((label, told), n): ((&str, &str), usize)| Confusion { label: label.to_owned(), told: told.to_owned(), n };
    pairs.into_iter().take(N_WORST).map(named).collect()
}

/// What whoever reads the numbers should know of them.
fn warnings(learned: &Texts, asked: &Texts, labels: &[Label]) -> Vec<String> {
    let mut warnings = Vec::new();
    let n_never: usize = labels.iter().filter(|label| label.n_train == 0).map(|label| label.n_test).sum();
    if n_never > 0 {
        warnings.push(format!(
            "{n_never} messages of the test have labels that nothing was learned of, and count as wrong; check how they are written"
        ));
    }
    let n_few = labels.iter().filter(|label| (1..N_MESSAGES_FEW).contains(&label.n_train)).count();
    if n_few > 0 {
        warnings
            .push(format!("{n_few} labels have fewer than {N_MESSAGES_FEW} messages to learn from; give more of them"));
    }
    let known: std::collections::BTreeSet<&str> = learned.messages.iter().map(|text| text.trim()).collect();
    let n_same = asked.messages.iter().filter(|text| known.contains(text.trim())).count();
    if n_same * 20 > asked.messages.len() {
        warnings.push(format!(
            "{n_same} of the {} messages of the test are also learned from, so the numbers are better than they will be",
            asked.messages.len()
        ));
    }
    for (texts, which) in [(learned, "--train"), (asked, "--test")] {
        if texts.n_without > 0 {
            warnings
                .push(format!("{} rows of {which} have no message or no label, and were left out", texts.n_without));
        }
    }
    warnings
}
