//! How is a model learned from messages whose class is told?

use super::super::confidence::{chances, sharpness, surest};
use super::super::learned::{Encoders, Learned, Learning, Message, Room, Signs, encoded};
use super::super::scope::{self, Scope};
use super::super::{plain, says_something};
use super::{IntentModel, IntentSettings, LeftOut};
use crate::{ModelError, folds, metrics};
use primitives::{Seed, stable_hash};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const OPERATION: &str = "learn what messages ask for";
/// Classes are left out in so many groups to learn what is about something else.
const N_GROUPS: u32 = 3;
/// So many classes are needed for that: two must be left to be told apart.
const N_CLASSES_MIN: usize = 4;
/// So many messages of left-out classes are enough, and as many of others.
const N_LEFT_OUT_MAX: usize = 20_000;

/// So much more often learned weights must be right than the usual ones.
const CLEARLY_BETTER: f64 = 0.01;
/// So many messages are shown to encoders at once.
const N_AT_ONCE: usize = 16;

/// What is learned from, in an order of its own.
struct Told<'a> {
    messages: Vec<&'a str>,
    /// What encoders say of each, asked once.
    encoded: Vec<Vec<f32>>,
    classes: Vec<u32>,
    n_classes: usize,
    /// The part of each message, when parts are left out one after the other.
    fold: Vec<u32>,
    /// The group of each class, when groups are left out.
    group: Vec<u32>,
}

/// What a model said of a message that it did not learn from.
struct Said {
    message: usize,
    margins: Vec<f32>,
    signs: Signs,
}

impl IntentSettings {
    /// Learns which words speak for which class.
    ///
    /// `classes[i]` is the name of the class of `messages[i]`. Encoders are asked beside words and letters; none is needed.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::TooFewRows`] with fewer than two
    /// messages that say something; [`ModelError::NothingToLearn`] where all are of one class.
    pub fn fit(
        &self,
        messages: &[&str],
        classes: &[&str],
        encoders: &[Arc<dyn super::super::Encoder>],
        seed: Seed,
    ) -> Result<IntentModel, ModelError> {
        self.validate()?;
        if messages.len() != classes.len() {
            let (expected, found) = (messages.len(), classes.len());
            return Err(ModelError::Shape { operation: OPERATION, what: "classes", expected, found });
        }
        let plains: Vec<String> = messages.par_iter().map(|message| plain(message)).collect();
        let names: BTreeSet<&str> =
            plains.iter().zip(classes).filter(|(plain, _)| says_something(plain)).map(|(_, class)| *class).collect();
        let number_of: BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let told = Told::of(self, &plains, classes, &number_of, encoders, seed);
        if told.messages.len() < 2 {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: told.messages.len(), n_rows_min: 2 });
        }
        if names.len() < 2 {
            let only = names.first().copied().unwrap_or_default();
            let reason = format!("all messages are of `{only}`: give messages of at least two classes");
            return Err(ModelError::NothingToLearn { operation: OPERATION, reason });
        }
        let how = self.learning(encoders);
        let learned = |rows: &[usize]| told.learned(how, rows, seed);
        let said: Vec<Said> =
            (0..self.n_folds).flat_map(|fold| told.asked(&learned, |message| told.fold[message] == fold)).collect();
        let right: Vec<u32> = said.iter().map(|said| told.classes[said.message]).collect();
        let held_out: Vec<Signs> = said.iter().map(|said| said.signs).collect();
        let margins: Vec<Vec<f32>> = said.into_iter().map(|said| said.margins).collect();
        let sharpness = sharpness(&margins, &right)?;
        let (inside, outside) = told.without_classes(&learned);
        let weights = scope_weights(&inside, &outside)?;
        let scope_auc = (!inside.is_empty()).then(|| told_apart(&weights, &inside, &outside)).transpose()?;
        let left_out = judged(&margins, &right, sharpness, scope_auc)?;
        let all: Vec<usize> = (0..told.messages.len()).collect();
        let model = learned(&all);
        let classes = names.into_iter().map(str::to_owned).collect();
        let scope = Scope::new(weights, &held_out, self.handed_off);
        let (part_confidence, encoders) = (self.part_confidence, encoders.to_vec());
        Ok(IntentModel { classes, learned: model, sharpness, scope, left_out, part_confidence, encoders })
    }
}

impl<'a> Told<'a> {
    fn of(
        settings: &IntentSettings,
        plains: &'a [String],
        classes: &[&str],
        number_of: &BTreeMap<&str, u32>,
        encoders: &Encoders,
        seed: Seed,
    ) -> Self {
        let known = plains.iter().zip(classes).filter(|(plain, _)| says_something(plain));
        let mut rows: Vec<(&str, u32)> =
            known.filter_map(|(plain, class)| Some((plain.as_str(), *number_of.get(class)?))).collect();
        // An order of their own: neither that of the file nor the names of classes say anything.
        rows.sort_unstable();
        let (messages, classes): (Vec<&str>, Vec<u32>) = rows.into_iter().unzip();
        let keys: Vec<u64> = messages.iter().map(|message| stable_hash(message)).collect();
        // The same message lies in one part, so that no model is asked what it was told.
        let fold = folds(&keys, settings.n_folds, seed);
        let n_classes = number_of.len();
        let mut group = vec![u32::MAX; n_classes];
        let mut n_seen = 0;
        for class in &classes {
            let group = &mut group[*class as usize];
            if *group == u32::MAX {
                *group = n_seen % N_GROUPS;
                n_seen += 1;
            }
        }
        let encoded = messages.par_chunks(N_AT_ONCE).flat_map(|messages| encoded(encoders, messages)).collect();
        Self { messages, encoded, classes, n_classes, fold, group }
    }

    fn message(&self, at: usize) -> Message<'_> {
        Message { plain: self.messages[at], encoded: &self.encoded[at] }
    }

    fn learned(&self, how: Learning, rows: &[usize], seed: Seed) -> Learned {
        let messages: Vec<Message<'_>> = rows.iter().map(|row| self.message(*row)).collect();
        let classes: Vec<u32> = rows.iter().map(|row| self.classes[*row]).collect();
        Learned::learn(&messages, &classes, self.n_classes, how, seed)
    }

    /// What is said of messages by a model that learned from all others.
    fn asked(&self, learned: &impl Fn(&[usize]) -> Learned, is_asked: impl Fn(usize) -> bool) -> Vec<Said> {
        let (asked, rest): (Vec<usize>, Vec<usize>) = (0..self.messages.len()).partition(|message| is_asked(*message));
        if rest.is_empty() || asked.is_empty() {
            return Vec::new();
        }
        self.told_by(&learned(&rest), &asked)
    }

    fn told_by(&self, learned: &Learned, asked: &[usize]) -> Vec<Said> {
        let each = asked.par_iter().map_init(Room::default, |room, message| {
            let signs = learned.ask(self.message(*message), room);
            Said { message: *message, margins: room.margins.clone(), signs }
        });
        each.collect()
    }

    /// The signs of messages whose class was learned, and of messages whose class was left out, by models that learned from
    /// neither of them.
    fn without_classes(&self, learned: &impl Fn(&[usize]) -> Learned) -> (Vec<Signs>, Vec<Signs>) {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        if self.n_classes < N_CLASSES_MIN {
            return (inside, outside);
        }
        let n_folds = self.fold.iter().max().map_or(1, |last| last + 1);
        for group in 0..N_GROUPS {
            let is_left_out = |message: &usize| self.group[self.classes[*message] as usize] == group;
            let is_asked = |message: &usize| self.fold[*message] == group % n_folds;
            let (gone, here): (Vec<usize>, Vec<usize>) = (0..self.messages.len()).partition(is_left_out);
            let (asked, rest): (Vec<usize>, Vec<usize>) = here.into_iter().partition(is_asked);
            if rest.is_empty() {
                continue;
            }
            let model = learned(&rest);
            let some = |messages: Vec<usize>| {
                let step = messages.len().div_ceil(N_LEFT_OUT_MAX).max(1);
                messages.into_iter().step_by(step).collect::<Vec<usize>>()
            };
            inside.extend(self.told_by(&model, &some(asked)).into_iter().map(|said| said.signs));
            outside.extend(self.told_by(&model, &some(gone)).into_iter().map(|said| said.signs));
        }
        (inside, outside)
    }
}

/// The weights of signs that were learned, where they tell clearly better than the usual ones what was left out: left-out classes are
/// nearer than most of what else is said, and a little better there may be worse elsewhere.
fn scope_weights(inside: &[Signs], outside: &[Signs]) -> Result<Signs, ModelError> {
    if inside.is_empty() || outside.is_empty() {
        return Ok(scope::USUAL);
    }
    let learned = scope::weights(inside, outside)?;
    let gain = told_apart(&learned, inside, outside)? - told_apart(&scope::USUAL, inside, outside)?;
    Ok(if gain >= CLEARLY_BETTER { learned } else { scope::USUAL })
}

/// How often the score of a message inside is above that of one outside.
fn told_apart(weights: &Signs, inside: &[Signs], outside: &[Signs]) -> Result<f64, ModelError> {
    let scores = |signs: &[Signs]| signs.iter().map(|signs| scope::score(weights, signs)).collect::<Vec<f64>>();
    metrics::auc_between(&scores(inside), &scores(outside))
}

fn judged(margins: &[Vec<f32>], right: &[u32], sharpness: f64, scope_auc: Option<f64>) -> Result<LeftOut, ModelError> {
    let best: Vec<(usize, f64)> = margins.iter().map(|margins| surest(&chances(margins, sharpness))).collect();
    let was_right = best.iter().zip(right).map(|((class, _), right)| if *class == *right as usize { 1.0 } else { 0.0 });
    let was_right: Vec<f64> = was_right.collect();
    let chances: Vec<f64> = best.iter().map(|(_, chance)| chance.min(1.0)).collect();
    let accuracy = was_right.iter().sum::<f64>() / was_right.len().max(1) as f64;
    let calibration_error = metrics::expected_calibration_error(&chances, &was_right, None, 10)?;
    Ok(LeftOut { accuracy, calibration_error, scope_auc })
}
