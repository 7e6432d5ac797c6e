//! How is a tone learned from messages whose feelings are told?

mod columns;
mod desk;

use super::grams::Message;
use super::heads::{FIRST_EMOTION, N_HEADS, of_emotions, of_labels};
use super::scale::Scale;
use super::sheet::Sheet;
use super::{NAME, Stored, Tone, are_words_read};
use crate::ModelError;
use crate::text::Cleaned;
use crate::text::rows::Rows;
use crate::text::svm::Lines;
use columns::Columns;
use primitives::Seed;
use rayon::prelude::*;

const OPERATION: &str = "learn how messages sound";
/// Heads that many messages teach, and the one of urgency, which few do.
const LINES: Lines = Lines { cost: 0.1, tolerance: 0.01, n_passes_max: 300 };
const URGENT_LINES: Lines = Lines { cost: 0.3, tolerance: 0.001, n_passes_max: 1_000 };
/// A message of a desk counts as so many of others, which are more and about other things.
const DESK_TIMES: usize = 3;
/// Into so many parts messages of a desk are cut, to be asked of a line that did not learn from them.
const N_FOLDS: usize = 5;
/// In so many messages something must stand to be learned.
const N_MESSAGES_MIN: u32 = 3;
const N_URGENT_MESSAGES_MIN: u32 = 2;
/// So many grams are kept, of those that say most.
const N_GRAMS: usize = 45_000;
/// What an emotion or a sentiment says counts so many times what a label says, when grams are kept.
const FEELINGS_COUNT: f64 = 3.0;

/// A message and what is told of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lesson {
    /// The message.
    pub text: String,
    /// Which of [`super::LABELS`] it has, one bit for each, where that is told.
    pub labels: Option<u32>,
    /// Which of [`super::EMOTIONS`] it has, one bit for each, where that is told and not its labels.
    pub emotions: Option<u8>,
    /// Whether it cannot wait, where that is told.
    pub is_urgent: Option<bool>,
}

/// What a tone is learned from.
#[derive(Debug, Clone, Copy)]
pub struct Lessons<'a> {
    /// Many messages with labels.
    pub train: &'a [Lesson],
    /// Others of the same kind, on which probabilities and thresholds are found.
    pub dev: &'a [Lesson],
    /// Messages to a desk, with emotions and urgency.
    pub desk: &'a [Lesson],
}

/// A tone, and the lines that it was rounded and pruned from.
#[derive(Debug)]
pub struct Fitted {
    /// What is shipped.
    pub tone: Tone,
    /// What was learned before anything was left out.
    pub whole: Whole,
}

/// All that was learned, in single precision.
#[derive(Debug)]
pub struct Whole {
    columns: Columns,
    lines: Vec<Vec<f32>>,
    scales: Vec<Scale>,
}

impl Whole {
    /// The probability and the scaled number of each label, then of each emotion, then of each sentiment.
    #[must_use]
    pub fn heads(&self, text: &str) -> Vec<(f64, f64)> {
        let cells = self.columns.cells(&message(text));
        let each = self.lines.iter().zip(&self.scales).map(|(line, scale)| {
            let probability = scale.probability(margin(&cells, line));
            (probability, scale.scaled(probability))
        });
        each.collect()
    }
}

impl Lesson {
    /// Whether a head is so of the message, where that is told. Heads are counted through [`super::LABELS`], [`super::EMOTIONS`] and
    /// [`super::SENTIMENTS`].
    #[must_use]
    pub fn is_so(&self, head: usize) -> Option<bool> {
        match (self.labels, self.emotions) {
            (Some(labels), _) => Some(of_labels(head, labels)),
            (None, Some(emotions)) => of_emotions(head, emotions),
            (None, None) => None,
        }
    }
}

/// A message as it will be asked.
fn message(text: &str) -> Message {
    let text = Cleaned::of(text);
    Message::of(&text, are_words_read(crate::text::language(text.plain())))
}

fn messages(lessons: &[Lesson]) -> Vec<Message> {
    lessons.par_iter().map(|lesson| message(&lesson.text)).collect()
}

fn margin(cells: &[(u32, f32)], line: &[f32]) -> f64 {
    let ones = line.last().copied().unwrap_or_default();
    let each = cells.iter().map(|(column, value)| f64::from(line[*column as usize]) * f64::from(*value));
    f64::from(ones) + each.sum::<f64>()
}

impl Lessons<'_> {
    /// Learns a tone. No chance is involved but the order in which messages are looked at, which is always the same.
    ///
    /// # Errors
    /// [`ModelError::NothingToLearn`] where a label, an emotion or urgency is told of no message, or of all.
    pub fn fit(&self) -> Result<Fitted, ModelError> {
        let [train, dev, desk] = [self.train, self.dev, self.desk].map(messages);
        let columns = Columns::learn(&[&train, &desk], N_MESSAGES_MIN);
        let taught = Taught { lessons: *self, columns: &columns, train: &train, desk: &desk };
        let lines = taught.lines(None)?;
        let kept =
            columns.most_telling(&lines, N_GRAMS, |head| if head < FIRST_EMOTION { 1.0 } else { FEELINGS_COUNT });
        let pruned = taught.lines(Some(&kept))?;
        let left_out = taught.left_out(&kept)?;
        let numbers: Vec<u32> = columns.numbers(&kept);
        let feelings = Sheet::of(&numbers, &columns.weights(&kept, &pruned), &biases(&pruned));
        let asked = |message: &Message| {
            let mut margins = Vec::new();
            feelings.margins(&message.counted, &mut margins);
            margins.into_iter().map(f64::from).collect()
        };
        let scales = taught.scales(&dev.iter().map(asked).collect::<Vec<_>>(), &left_out)?;
        let asked = |message: &Message| {
            let cells = columns.cells(message);
            lines.iter().map(|line| margin(&cells, line)).collect()
        };
        let whole_scales = taught.scales(&dev.par_iter().map(asked).collect::<Vec<_>>(), &left_out)?;
        let (urgency, urgency_scale) = self.urgency(&desk)?;
        let tone = Tone { stored: Stored { feelings, scales, urgency, urgency_scale } };
        Ok(Fitted { tone, whole: Whole { columns, lines, scales: whole_scales } })
    }

    /// The line of urgency, learned from messages to a desk alone.
    fn urgency(&self, desk: &[Message]) -> Result<(Sheet, Scale), ModelError> {
        let told: Vec<(usize, bool)> =
            self.desk.iter().enumerate().filter_map(|(at, lesson)| Some((at, lesson.is_urgent?))).collect();
        let is_so: Vec<bool> = told.iter().map(|(_, is_urgent)| *is_urgent).collect();
        let columns = Columns::learn(&[desk], N_URGENT_MESSAGES_MIN);
        let cells: Vec<Vec<(u32, f32)>> = told.iter().map(|(at, _)| columns.cells(&desk[*at])).collect();
        let line = |places: &[usize]| {
            let mut rows = Rows::new(0);
            places.iter().for_each(|place| rows.push(cells[*place].iter().copied(), &[]));
            let is_so: Vec<bool> = places.iter().map(|place| is_so[*place]).collect();
            checked(&is_so, "urgency")?;
            Ok(URGENT_LINES.line(&rows, &is_so, columns.len(), Seed::new(0)))
        };
        let all: Vec<usize> = (0..cells.len()).collect();
        let mut left_out = vec![0.0; cells.len()];
        for fold in 0..N_FOLDS {
            let (asked, learned): (Vec<usize>, Vec<usize>) = all.iter().partition(|place| *place % N_FOLDS == fold);
            let line = line(&learned)?;
            for place in asked {
                left_out[place] = margin(&cells[place], &line);
            }
        }
        let lines = [line(&all)?];
        let kept: Vec<u32> = columns.all();
        let sheet = Sheet::of(&columns.numbers(&kept), &columns.weights(&kept, &lines), &biases(&lines));
        Ok((sheet, Scale::learn(&left_out, &is_so, &vec![0; is_so.len()])?))
    }
}

fn biases(lines: &[Vec<f32>]) -> Vec<f32> {
    lines.iter().map(|line| line.last().copied().unwrap_or_default()).collect()
}

fn checked(is_so: &[bool], what: &str) -> Result<(), ModelError> {
    let n = is_so.iter().filter(|is_so| **is_so).count();
    if n > 0 && n < is_so.len() {
        return Ok(());
    }
    let reason = format!("{what} is told of {n} of {} messages: give some with it and some without it", is_so.len());
    Err(ModelError::NothingToLearn { operation: OPERATION, reason })
}

/// What is learned from, counted.
struct Taught<'a> {
    lessons: Lessons<'a>,
    columns: &'a Columns,
    train: &'a [Message],
    desk: &'a [Message],
}

impl Taught<'_> {
    /// The line of each head, from all columns or from those that are kept.
    fn lines(&self, kept: Option<&[u32]>) -> Result<Vec<Vec<f32>>, ModelError> {
        self.lines_of(0..N_HEADS, kept, |_| true)
    }

    /// The lines of some heads, learned from messages with labels and from some of those of a desk.
    fn lines_of(
        &self,
        heads: std::ops::Range<usize>,
        kept: Option<&[u32]>,
        is_learned: impl Fn(usize) -> bool,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let desk = || (0..self.desk.len()).filter(|at| is_learned(*at));
        let lines = |heads: std::ops::Range<usize>, with_desk: bool| {
            let train = self.train.iter().zip(self.lessons.train);
            let of_desk = desk().filter(|_| with_desk).map(|at| (&self.desk[at], &self.lessons.desk[at]));
            let of_desk = of_desk.flat_map(|pair| std::iter::repeat_n(pair, DESK_TIMES));
            let told: Vec<_> = train
                .chain(of_desk)
                .filter(|(_, lesson)| heads.clone().all(|head| lesson.is_so(head).is_some()))
                .collect();
            let mut rows = Rows::new(0);
            for (message, _) in &told {
                let cells = self.columns.cells(message);
                let is_kept = |column: &u32| kept.is_none_or(|kept| kept.binary_search(column).is_ok());
                rows.push(cells.into_iter().filter(|(column, _)| is_kept(column)), &[]);
            }
            let line = |head: usize| {
                let is_so: Vec<bool> = told.iter().map(|(_, lesson)| lesson.is_so(head) == Some(true)).collect();
                checked(&is_so, &format!("head {head} of the {NAME}"))?;
                Ok(LINES.line(&rows, &is_so, self.columns.len(), Seed::new(0)))
            };
            heads.into_par_iter().map(line).collect::<Result<Vec<_>, ModelError>>()
        };
        let (start, end) = (heads.start, heads.end);
        let mut all = lines(start..FIRST_EMOTION.max(start).min(end), false)?;
        all.extend(lines(FIRST_EMOTION.max(start)..end, true)?);
        Ok(all)
    }

    /// What lines that did not learn from a message of a desk say of it: for each head from the first emotion on, where it is told.
    fn left_out(&self, kept: &[u32]) -> Result<Vec<Vec<f64>>, ModelError> {
        let mut said = vec![Vec::new(); self.desk.len()];
        for fold in 0..N_FOLDS {
            let lines = self.lines_of(FIRST_EMOTION..N_HEADS, Some(kept), |at| at % N_FOLDS != fold)?;
            for (at, message) in self.desk.iter().enumerate().filter(|(at, _)| at % N_FOLDS == fold) {
                let mut cells = self.columns.cells(message);
                cells.retain(|(column, _)| kept.binary_search(column).is_ok());
                said[at] = lines.iter().map(|line| margin(&cells, line)).collect();
            }
        }
        Ok(said)
    }

    /// What the margins of each head mean: of labels by `dev`, of feelings by messages of a desk as well.
    fn scales(&self, dev: &[Vec<f64>], left_out: &[Vec<f64>]) -> Result<Vec<Scale>, ModelError> {
        let scale = |head: usize| {
            let (mut margins, mut is_so, mut group) = (Vec::new(), Vec::new(), Vec::new());
            let mut push = |margin: f64, so: Option<bool>, of: usize| {
                if let Some(so) = so {
                    margins.push(margin);
                    is_so.push(so);
                    group.push(of);
                }
            };
            for (said, lesson) in dev.iter().zip(self.lessons.dev) {
                push(said[head], lesson.is_so(head), 0);
            }
            if let Some(feeling) = head.checked_sub(FIRST_EMOTION) {
                for (said, lesson) in left_out.iter().zip(self.lessons.desk) {
                    push(said[feeling], lesson.is_so(head), 1);
                }
            }
            checked(&is_so, &format!("head {head} of the {NAME}"))?;
            Scale::learn(&margins, &is_so, &group)
        };
        (0..N_HEADS).into_par_iter().map(scale).collect()
    }
}
