//! How good are answers, for each threshold that they may have?

use console::format::{counted, percent};
use decisions::Answering;
use engine::KnowledgeBase;
use serde::Serialize;

/// So many thresholds are told of, evenly from 0 to 1.
const N_THRESHOLDS: u32 = 20;
/// So right are answers to be.
const PRECISION: f64 = 0.95;
/// So many wrong answers are told.
const N_WRONG: usize = 20;

/// What was found for one question.
pub(super) struct Told {
    pub(super) question: String,
    /// Whether any document answers it.
    pub(super) is_answerable: bool,
    /// The place of the document that answers it, from 0; `None` where it is not among the first three.
    pub(super) place: Option<usize>,
    pub(super) confidence: f64,
    /// What the first passage is called.
    pub(super) title: Option<String>,
}

/// How good answers are.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    metrics: Metrics,
    curve: Vec<Point>,
    ms_per_question: f64,
    n_documents: u64,
    n_passages: u64,
    /// How many questions that were made of the passages the confidence was learned from.
    n_self_made: u64,
    /// What would have been answered wrongly.
    wrong: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct Metrics {
    n_questions: u64,
    n_answerable: u64,
    /// Of the answerable: how often the document comes first, and among the first three.
    recall_at_1: f64,
    recall_at_3: f64,
    /// From which confidence on it is answered.
    min_confidence: f64,
    /// Which share is answered at that, of all and of the answerable.
    answered: f64,
    answered_of_answerable: f64,
    /// Which share of what is answered is answered rightly; null where nothing is.
    precision: Option<f64>,
    /// Which share of the questions without an answer is left unanswered; null where there are none.
    left_unanswered: Option<f64>,
    /// The largest share that could be answered with a precision of 0.95, and from which confidence on.
    answered_at_precision_95: f64,
    threshold_at_precision_95: Option<f64>,
    /// How far the confidence lies from the share that is right, over ten parts of equal width.
    ece: f64,
}

/// What a threshold would come to.
#[derive(Debug, Serialize)]
struct Point {
    threshold: f64,
    answered: f64,
    precision: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    question: String,
    answered_by: Option<String>,
    confidence: f64,
    is_answerable: bool,
}

impl Told {
    fn is_right(&self) -> bool {
        self.place == Some(0)
    }
}

impl Judged {
    pub(super) fn of(told: Vec<Told>, answering: &Answering, base: &KnowledgeBase, ms_per_question: f64) -> Self {
        let threshold = answering.min_confidence;
        let answerable: Vec<&Told> = told.iter().filter(|one| one.is_answerable).collect();
        let within = |places: usize| {
            share(answerable.iter().filter(|one| one.place.is_some_and(|at| at < places)).count(), answerable.len())
        };
        let at = point(&told, threshold);
        let unanswerable: Vec<&Told> = told.iter().filter(|one| !one.is_answerable).collect();
        let left = unanswerable.iter().filter(|one| one.confidence < threshold).count();
        let most = told
            .iter()
            .map(|one| point(&told, one.confidence))
            .filter(|point| point.precision.is_some_and(|precision| precision >= PRECISION))
            .max_by(|a, b| a.answered.total_cmp(&b.answered));
        let of_answerable = answerable.iter().filter(|one| one.confidence >= threshold).count();
        let metrics = Metrics {
            n_questions: told.len() as u64,
            n_answerable: answerable.len() as u64,
            recall_at_1: within(1),
            recall_at_3: within(3),
            min_confidence: threshold,
            answered: at.answered,
            answered_of_answerable: share(of_answerable, answerable.len()),
            precision: at.precision,
            left_unanswered: (!unanswerable.is_empty()).then(|| share(left, unanswerable.len())),
            answered_at_precision_95: most.as_ref().map_or(0.0, |point| point.answered),
            threshold_at_precision_95: most.map(|point| point.threshold),
            ece: ece(&told),
        };
        let curve = (0..=N_THRESHOLDS).map(|at| point(&told, f64::from(at) / f64::from(N_THRESHOLDS))).collect();
        let wrong = told.iter().filter(|one| one.confidence >= threshold && !one.is_right()).take(N_WRONG);
        let wrong = wrong.map(|one| Wrong {
            question: one.question.clone(),
            answered_by: one.title.clone(),
            confidence: one.confidence,
            is_answerable: one.is_answerable,
        });
        Self {
            metrics,
            curve,
            ms_per_question,
            n_documents: base.entries().len() as u64,
            n_passages: base.n_passages() as u64,
            n_self_made: base.n_self_made() as u64,
            wrong: wrong.collect(),
        }
    }

    pub(super) fn in_words(&self) -> String {
        let Metrics { n_questions, n_answerable, recall_at_1, recall_at_3, answered, precision, .. } = &self.metrics;
        let mut lines = vec![
            format!(
                "{}, of which {n_answerable} can be answered out of {} ({}).",
                counted(*n_questions, "question", "questions"),
                counted(self.n_documents, "document", "documents"),
                counted(self.n_passages, "passage", "passages"),
            ),
            format!(
                "The right document comes first for {}, and among the first three for {}.",
                percent(*recall_at_1),
                percent(*recall_at_3)
            ),
            format!(
                "From a confidence of {} on {} are answered, {} of them rightly.",
                self.metrics.min_confidence,
                percent(*answered),
                precision.map_or_else(|| "none".to_owned(), percent),
            ),
        ];
        lines.push(match self.metrics.threshold_at_precision_95 {
            Some(threshold) => format!(
                "With 95 % rightly {} could be answered: min_confidence = {threshold:.2}.",
                percent(self.metrics.answered_at_precision_95)
            ),
            None => "No threshold answers 95 % rightly.".to_owned(),
        });
        lines.push(format!("{:.2} ms a question.", self.ms_per_question));
        lines.push("\nthreshold  answered  rightly".to_owned());
        let row = |point: &Point| {
            let precision = point.precision.map_or_else(|| "-".to_owned(), percent);
            format!("{:>9.2}  {:>8}  {:>7}", point.threshold, percent(point.answered), precision)
        };
        lines.extend(self.curve.iter().map(row));
        lines.extend(self.wrong.iter().map(|wrong| {
            let by = wrong.answered_by.as_deref().unwrap_or("nothing");
            format!("wrong ({:.2}): \"{}\" by {by}", wrong.confidence, wrong.question)
        }));
        lines.join("\n")
    }
}

fn point(told: &[Told], threshold: f64) -> Point {
    let answered = told.iter().filter(|one| one.confidence >= threshold && one.title.is_some());
    let (n, n_right) = answered.fold((0, 0), |(n, right), one| (n + 1, right + usize::from(one.is_right())));
    Point { threshold, answered: share(n, told.len()), precision: (n > 0).then(|| share(n_right, n)) }
}

fn ece(told: &[Told]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for one in told {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence lies from 0 to 1")]
        let (n, sum, right) = &mut bins[((one.confidence * 10.0) as usize).min(9)];
        *n += 1.0;
        *sum += one.confidence;
        *right += f64::from(u8::from(one.is_right()));
    }
    let n = told.len().max(1) as f64;
    bins.iter().map(|(_, sum, right)| (sum - right).abs() / n).sum()
}

fn share(n: usize, of: usize) -> f64 {
    n as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_are_counted_by_hand() {
        let told = |is_answerable, place, confidence| Told {
            question: "q".to_owned(),
            is_answerable,
            place,
            confidence,
            title: Some("t".to_owned()),
        };
        let all = vec![
            told(true, Some(0), 0.9),
            told(true, Some(0), 0.7),
            told(true, Some(2), 0.65),
            told(true, None, 0.2),
            told(false, None, 0.3),
        ];
        let base = KnowledgeBase::of(Vec::new(), &[]).unwrap();
        let judged = Judged::of(all, &Answering::default(), &base, 1.0);
        let found = &judged.metrics;
        assert_eq!((found.recall_at_1, found.recall_at_3), (0.5, 0.75));
        assert_eq!((found.answered, found.precision, found.left_unanswered), (0.6, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!((found.answered_at_precision_95, found.threshold_at_precision_95), (0.4, Some(0.7)));
        // |0.9 - 1| + |0.7 - 1| + |0.65 - 0| + |0.2 - 0| + |0.3 - 0| over five.
        assert!((found.ece - (0.1 + 0.3 + 0.65 + 0.2 + 0.3) / 5.0).abs() < 1e-9, "{}", found.ece);
        assert_eq!((judged.wrong.len(), judged.curve.len()), (1, 21));
        assert!(judged.in_words().contains("min_confidence = 0.70"));
    }
}
