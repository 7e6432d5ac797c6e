//! What is told of how well a tone was read?

use super::rows::Rows;
use super::told::Told;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use models::text::tone::{EMOTIONS, LABELS, Lesson, N_LABELS, ReadBy, Reading, SENTIMENTS};
use models::{ModelError, metrics};
use serde::Serialize;
use std::collections::BTreeMap;

/// The calibration error is told over so many parts of equal width.
const N_PARTS: usize = 10;
/// A rating of which the size is below this part of the largest is neither good nor bad.
const NEITHER: f64 = 0.05;
/// A score of sentiment below this is neither, when it is compared with ratings.
const SCORE_NEITHER: f64 = 0.1;

/// What is told.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) metrics: BTreeMap<String, f64>,
    pub(super) ms_per_message: f64,
    pub(super) n_test: usize,
    /// How many messages were read by their signs alone, since they are not in English.
    pub(super) n_read_by_signs: usize,
    /// Each head of which the file tells something.
    pub(super) heads: Vec<Head>,
    pub(super) warnings: Vec<String>,
}

/// How well one label, emotion or sentiment is told.
#[derive(Debug, Serialize)]
pub(super) struct Head {
    pub(super) head: &'static str,
    /// `label`, `emotion`, `sentiment` or `urgency`.
    pub(super) of: &'static str,
    pub(super) f1: f64,
    pub(super) precision: f64,
    pub(super) recall: f64,
    /// How likely a message with it looks more like it than one without. Missing where all are alike.
    pub(super) auc: Option<f64>,
    /// How far the probability lies from the share; missing where none is told.
    pub(super) ece: Option<f64>,
    pub(super) n_with: usize,
}

impl Judged {
    /// Compares what was said of messages with what is told of them.
    pub(super) fn of(rows: &Rows, said: &[Reading], ms_per_message: f64) -> Result<Self, ModelError> {
        let mut judged = Self {
            metrics: BTreeMap::new(),
            ms_per_message,
            n_test: said.len(),
            n_read_by_signs: said.iter().filter(|reading| reading.read_by == ReadBy::Signs).count(),
            heads: Vec::new(),
            warnings: Vec::new(),
        };
        match &rows.told {
            Told::Labels(labels) => judged.labels(said, labels)?,
            Told::Emotions(told) => judged.emotions(said, told)?,
            Told::Sentiments(told) => judged.sentiments(said, told)?,
            Told::Ratings(ratings) => judged.ratings(said, ratings)?,
        }
        for head in &judged.heads {
            // Labels have names that emotions have, too; their numbers stand in `heads`.
            if head.of == "label" {
                continue;
            }
            let name = |what: &str| format!("{}_{what}", head.head);
            judged.metrics.insert(name("f1"), head.f1);
            judged.metrics.extend(head.auc.map(|auc| (name("auc"), auc)));
            judged.metrics.extend(head.ece.map(|ece| (name("ece"), ece)));
        }
        if rows.n_without > 0 {
            judged.warnings.push(format!("{} rows have no message or no label, and were left out", rows.n_without));
        }
        let n_never = judged.heads.iter().filter(|head| head.n_with == 0).count();
        if n_never > 0 {
            judged.warnings.push(format!("{n_never} labels are told of no message, and count as 0 in means of F1"));
        }
        Ok(judged)
    }

    fn labels(&mut self, said: &[Reading], labels: &[u32]) -> Result<(), ModelError> {
        let lessons: Vec<Lesson> =
            labels.iter().map(|bits| Lesson { labels: Some(*bits), ..Lesson::default() }).collect();
        let is_so = |head: usize| lessons.iter().map(|lesson| lesson.is_so(head) == Some(true)).collect::<Vec<bool>>();
        for (at, name) in LABELS.iter().enumerate() {
            let scaled: Vec<f64> = said.iter().map(|reading| reading.labels[at]).collect();
            self.heads.push(Head::of(name, "label", &scaled, None, &is_so(at))?);
        }
        self.metrics.insert("macro_f1".to_owned(), self.mean_f1());
        let n_labels = self.heads.len();
        for (at, name) in EMOTIONS.iter().enumerate() {
            self.heads.push(emotion(said, at, name, &is_so(N_LABELS + at))?);
        }
        let sum: f64 = self.heads.iter().skip(n_labels).map(|head| head.f1).sum();
        self.metrics.insert("emotions_macro_f1".to_owned(), sum / EMOTIONS.len() as f64);
        let first = self.heads.len();
        for at in 0..SENTIMENTS.len() {
            self.heads.push(sentiment(said, at, &is_so(N_LABELS + EMOTIONS.len() + at))?);
        }
        let sum: f64 = self.heads.iter().skip(first).map(|head| head.f1).sum();
        self.metrics.insert("sentiment_macro_f1".to_owned(), sum / SENTIMENTS.len() as f64);
        Ok(())
    }

    fn emotions(&mut self, said: &[Reading], told: &[(u8, bool)]) -> Result<(), ModelError> {
        for (at, name) in EMOTIONS.iter().enumerate() {
            let is_so: Vec<bool> = told.iter().map(|(bits, _)| bits & (1 << at) != 0).collect();
            self.heads.push(emotion(said, at, name, &is_so)?);
        }
        self.metrics.insert("emotions_macro_f1".to_owned(), self.mean_f1());
        let is_so: Vec<bool> = told.iter().map(|(_, is_urgent)| *is_urgent).collect();
        if is_so.contains(&true) {
            let scaled: Vec<f64> = said.iter().map(|reading| reading.urgency).collect();
            let chances: Vec<f64> = said.iter().map(|reading| reading.urgency_probability).collect();
            self.heads.push(Head::of("urgency", "urgency", &scaled, Some(&chances), &is_so)?);
        }
        Ok(())
    }

    fn sentiments(&mut self, said: &[Reading], told: &[usize]) -> Result<(), ModelError> {
        // A file of fewer sentiments is judged on those that it knows.
        for at in (0..SENTIMENTS.len()).filter(|at| told.contains(at)) {
            let is_so: Vec<bool> = told.iter().map(|sentiment| *sentiment == at).collect();
            self.heads.push(sentiment(said, at, &is_so)?);
        }
        self.metrics.insert("sentiment_macro_f1".to_owned(), self.mean_f1());
        let n_right =
            said.iter().zip(told).filter(|(reading, at)| reading.sentiment.label() == SENTIMENTS[**at]).count();
        self.metrics.insert("sentiment_accuracy".to_owned(), n_right as f64 / said.len().max(1) as f64);
        Ok(())
    }

    fn ratings(&mut self, said: &[Reading], ratings: &[f64]) -> Result<(), ModelError> {
        let scores: Vec<f64> = said.iter().map(|reading| reading.sentiment.score).collect();
        let largest = ratings.iter().map(|rating| rating.abs()).fold(0.0, f64::max);
        let leans = |number: f64, neither: f64| usize::from(number > neither) + 2 * usize::from(number < -neither);
        let told: Vec<usize> = ratings.iter().map(|rating| leans(*rating, NEITHER * largest)).collect();
        let said: Vec<usize> = scores.iter().map(|score| leans(*score, SCORE_NEITHER)).collect();
        let (mut sum, mut n) = (0.0, 0.0);
        for at in (0..3).filter(|at| told.contains(at)) {
            let [said, told] = [&said, &told].map(|all| all.iter().map(|of| *of == at).collect::<Vec<bool>>());
            (sum, n) = (sum + metrics::f1(&said, &told), n + 1.0);
        }
        self.metrics.insert("sentiment_macro_f1".to_owned(), sum / f64::max(n, 1.0));
        self.metrics.insert("correlation".to_owned(), correlation(&scores, ratings));
        // Ranks stay the same when all numbers are moved to where they are amounts. Where all are alike there are none.
        let moved = |all: &[f64], by: f64| all.iter().map(|number| number + by).collect::<Vec<f64>>();
        let ranks = metrics::spearman(&moved(&scores, 1.0), &moved(ratings, largest)).ok();
        self.metrics.extend(ranks.map(|ranks| ("rank_correlation".to_owned(), ranks)));
        let (is_good, scores): (Vec<f64>, Vec<f64>) = told
            .iter()
            .zip(&scores)
            .filter(|(leans, _)| **leans > 0)
            .map(|(leans, score)| (if *leans == 1 { 1.0 } else { 0.0 }, *score))
            .unzip();
        if is_good.contains(&1.0) && is_good.contains(&0.0) {
            self.metrics.insert("positive_or_negative_auc".to_owned(), metrics::auc(&scores, &is_good, None)?);
        }
        Ok(())
    }

    fn mean_f1(&self) -> f64 {
        self.heads.iter().map(|head| head.f1).sum::<f64>() / self.heads.len().max(1) as f64
    }

    /// What a person reads.
    pub(super) fn in_words(&self) -> String {
        let mut lines = vec![format!("Read {} messages at {:.3} ms each.", self.n_test, self.ms_per_message)];
        let mut means = table(&["what", ""]);
        for (name, title) in TITLES {
            if let Some(value) = self.metrics.get(name) {
                means.add_row([title.to_owned(), format!("{value:.4}")]);
            }
        }
        lines.push(means.to_string());
        if !self.heads.is_empty() {
            let mut heads =
                table(&["what is told", "kind", "F1", "precision", "recall", "AUC", "calibration error", "messages"]);
            let number = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), |number| format!("{number:.3}"));
            for head in &self.heads {
                let numbers = [Some(head.f1), Some(head.precision), Some(head.recall), head.auc, head.ece].map(number);
                let named = [head.head.to_owned(), head.of.to_owned()].into_iter();
                heads.add_row(named.chain(numbers).chain([head.n_with.to_string()]).collect::<Vec<_>>());
            }
            heads.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
            lines.push(heads.to_string());
        }
        if self.n_read_by_signs > 0 {
            lines.push(format!(
                "{} messages are not in English and were read by their emoji and signs alone.",
                self.n_read_by_signs
            ));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("Look at this: {warning}.")));
        lines.join("\n")
    }
}

/// What means are called.
const TITLES: [(&str, &str); 7] = [
    ("macro_f1", "F1 of 28 labels, mean"),
    ("emotions_macro_f1", "F1 of emotions, mean"),
    ("sentiment_macro_f1", "F1 of sentiments, mean"),
    ("sentiment_accuracy", "sentiments told right"),
    ("correlation", "correlation of the score with ratings"),
    ("rank_correlation", "of their ranks"),
    ("positive_or_negative_auc", "good and bad told apart (AUC)"),
];

fn emotion(said: &[Reading], at: usize, name: &'static str, is_so: &[bool]) -> Result<Head, ModelError> {
    let scaled: Vec<f64> = said.iter().map(|reading| reading.emotions[at]).collect();
    let chances: Vec<f64> = said.iter().map(|reading| reading.probabilities[at]).collect();
    Head::of(name, "emotion", &scaled, Some(&chances), is_so)
}

/// A sentiment is told where it is likelier than the others.
fn sentiment(said: &[Reading], at: usize, is_so: &[bool]) -> Result<Head, ModelError> {
    let name = SENTIMENTS[at];
    let told: Vec<f64> = said.iter().map(|reading| if reading.sentiment.label() == name { 1.0 } else { 0.0 }).collect();
    let chances: Vec<f64> = said.iter().map(|reading| reading.sentiment.probabilities[at]).collect();
    Head::of(name, "sentiment", &told, Some(&chances), is_so)
}

impl Head {
    fn of(
        head: &'static str,
        of: &'static str,
        scaled: &[f64],
        chances: Option<&[f64]>,
        is_so: &[bool],
    ) -> Result<Self, ModelError> {
        let told: Vec<bool> = scaled.iter().map(|scaled| *scaled >= 0.5).collect();
        let labels: Vec<f64> = is_so.iter().map(|is_so| if *is_so { 1.0 } else { 0.0 }).collect();
        let count = |all: &[bool]| all.iter().filter(|is_so| **is_so).count();
        let n_both = told.iter().zip(is_so).filter(|(told, is_so)| **told && **is_so).count();
        let share = |of: usize| if of == 0 { 0.0 } else { n_both as f64 / of as f64 };
        let is_mixed = is_so.contains(&true) && is_so.contains(&false);
        let auc = is_mixed.then(|| metrics::auc(chances.unwrap_or(scaled), &labels, None)).transpose()?;
        let ece =
            chances.map(|chances| metrics::expected_calibration_error(chances, &labels, None, N_PARTS)).transpose()?;
        let (precision, recall) = (share(count(&told)), share(count(is_so)));
        Ok(Self { head, of, f1: metrics::f1(&told, is_so), precision, recall, auc, ece, n_with: count(is_so) })
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(header.to_vec());
    table
}

/// Pearson's; 0 where one of both does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(1) as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let mut sums = [0.0_f64; 3];
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        sums = [sums[0] + a * b, sums[1] + a * a, sums[2] + b * b];
    }
    let spread = (sums[1] * sums[2]).sqrt();
    if spread > 0.0 { sums[0] / spread } else { 0.0 }
}
