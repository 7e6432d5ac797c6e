//! How good is a tone on messages with labels?

use anyhow::Result;
use models::metrics;
use models::text::tone::{EMOTIONS, LABELS, Lesson, N_LABELS, Reading, SENTIMENTS};
use std::fmt::Write as _;

/// Calibration is told over so many parts of equal width.
const N_PARTS: usize = 10;

/// Probability and scaled number of all heads, in their order.
type Heads = Vec<(f64, f64)>;

/// What a reading says of all heads; of labels the probability is not told.
pub(crate) fn heads(reading: &Reading) -> Heads {
    let labels = reading.labels.iter().map(|scaled| (f64::NAN, *scaled));
    let emotions = reading.probabilities.iter().copied().zip(reading.emotions);
    let at = SENTIMENTS.iter().position(|name| *name == reading.sentiment.label());
    let sentiments =
        (0..).zip(reading.sentiment.probabilities).map(|(place, p)| (p, if Some(place) == at { 1.0 } else { 0.0 }));
    labels.chain(emotions).chain(sentiments).collect()
}

/// The numbers of all heads.
pub(crate) struct Judged {
    f1: Vec<f64>,
    auc: Vec<f64>,
    ece: Vec<f64>,
}

impl Judged {
    pub(crate) fn of(lessons: &[Lesson], ask: impl Fn(&str) -> Heads) -> Result<Self> {
        let said: Vec<Heads> = lessons.iter().map(|lesson| ask(&lesson.text)).collect();
        let n_heads = N_LABELS + EMOTIONS.len() + SENTIMENTS.len();
        let (mut f1, mut auc, mut ece) = (Vec::new(), Vec::new(), Vec::new());
        for head in 0..n_heads {
            let is_so: Vec<bool> = lessons.iter().map(|lesson| lesson.is_so(head) == Some(true)).collect();
            let told: Vec<bool> = said.iter().map(|heads| heads[head].1 >= 0.5).collect();
            let labels: Vec<f64> = is_so.iter().map(|is_so| if *is_so { 1.0 } else { 0.0 }).collect();
            let (probabilities, scaled): (Vec<f64>, Vec<f64>) = said.iter().map(|heads| heads[head]).unzip();
            let is_told = probabilities.iter().all(|p| p.is_finite());
            f1.push(metrics::f1(&told, &is_so));
            auc.push(metrics::auc(if is_told { &probabilities } else { &scaled }, &labels, None)?);
            let error = |_| metrics::expected_calibration_error(&probabilities, &labels, None, N_PARTS);
            ece.push(Some(()).filter(|()| is_told).map(error).transpose()?.unwrap_or(f64::NAN));
        }
        Ok(Self { f1, auc, ece })
    }

    pub(crate) fn table(name: &str, shipped: &Self, whole: &Self) -> String {
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        let (feelings, sentiments) = (N_LABELS..N_LABELS + EMOTIONS.len(), N_LABELS + EMOTIONS.len()..);
        let mut table = format!("{name:<24}  F1      AUC     ECE      F1 and AUC before pruning and rounding\n");
        let mut row = |name: &str, of: &dyn Fn(&Self) -> [f64; 3]| {
            let ([f1, auc, ece], [whole_f1, whole_auc, _]) = (of(shipped), of(whole));
            let _ = writeln!(table, "{name:<24}  {f1:.4}  {auc:.4}  {ece:.4}   {whole_f1:.4}  {whole_auc:.4}");
        };
        row("28 labels, mean", &|judged| [mean(&judged.f1[..N_LABELS]), mean(&judged.auc[..N_LABELS]), f64::NAN]);
        row("5 emotions, mean", &|judged| {
            [&judged.f1, &judged.auc, &judged.ece].map(|all| mean(&all[feelings.clone()]))
        });
        row("4 sentiments, mean", &|judged| {
            [&judged.f1, &judged.auc, &judged.ece].map(|all| mean(&all[sentiments.clone()]))
        });
        for (head, name) in LABELS.iter().chain(&EMOTIONS).chain(&SENTIMENTS).enumerate().skip(N_LABELS) {
            row(name, &|judged| [judged.f1[head], judged.auc[head], judged.ece[head]]);
        }
        for (head, name) in LABELS.iter().enumerate() {
            row(name, &|judged| [judged.f1[head], judged.auc[head], judged.ece[head]]);
        }
        table
    }
}
