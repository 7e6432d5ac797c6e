//! What do messages ask for? Learned from those that the company has labelled.
//!
//! The newest fifth of the labelled messages says how good it is. A model goes on from the one before it, which has learned from the same
//! messages, so that nothing is new to both. Labels are told with the event `Message Labelled`, by the company
//! alone: whoever has only the public write key could teach anything.

use crate::evaluation::{Evaluation, Numbers, paired_gain};
use crate::need::Need;
use crate::policy;
use crate::reigning::Reigning;
use crate::split::Split;
use crate::task::{Data, Fitted, Judged, Task, TaskAbout};
use crate::{Body, LearningError};
use events::{Filter, Pointer, Take};
use features::Watch;
use models::text::{IntentModel, IntentSettings, redacted};
use primitives::{DAY_MS, Timestamp, stable_hash};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// With which event a message and its label are told.
pub const LABELLED: &str = features::LABELLED;
/// What a label counts as that takes one away.
const NO_LABEL: &str = "";

/// So many labelled messages, of two labels with so many each, are needed.
const N_MESSAGES_MIN: usize = 20;
const N_EACH_MIN: usize = 5;
/// So many labelled messages are learned from, the newest of each.
const N_MESSAGES_MAX: usize = 200_000;
/// The part of the messages that it is judged on.
const JUDGED: usize = 5;
/// The longest label.
pub const LABEL_BYTES_MAX: usize = 100;
/// So many labels are told apart at most, those of the most messages: each costs as much as a question of its own, and nobody could act on
/// more.
pub const N_LABELS_MAX: usize = 1_000;
const DECIDES: &str = "accuracy";
const POPULARITY: &str = "popularity";
const MORE: &str =
    "label messages: `rapport intents import FILE.csv --text COLUMN --label COLUMN`, or POST /v1/intents/examples";

/// Learns what messages ask for.
#[derive(Debug, Clone)]
pub struct Intent {
    about: TaskAbout,
}

impl Default for Intent {
    fn default() -> Self {
        let about = TaskAbout {
            name: "intent".into(),
            title: "What messages ask for".to_owned(),
            question: "Which of the company's labels is this message of, if of any?".to_owned(),
            rows: "labelled messages".to_owned(),
            asks: String::new(),
            of_everybody: true,
        };
        Self { about }
    }
}

/// A message whose label is known. It is redacted where something is learned of it or it is read.
struct Labelled<'a> {
    at: Timestamp,
    received_at: Timestamp,
    customer: u64,
    text: &'a str,
    label: &'a str,
}

/// Every message once, with the label that was told of it last; in the order of time.
fn labelled<'a>(data: &Data<'a>) -> Vec<Labelled<'a>> {
    let [Some(text), Some(label)] = [text(), label()].map(|watch| data.dataset.place_of(&watch)) else {
        return Vec::new();
    };
    let mut newest: BTreeMap<u64, Labelled<'_>> = BTreeMap::new();
    for (customer, trace) in data.dataset.traces() {
        let labels: BTreeMap<_, _> = trace
            .matches(label)
            .filter(|found| found.origin.is_trusted() && found.received_at <= data.now)
            .filter_map(|found| Some(((found.occurred_at, found.key), found.text?)))
            .collect();
        for found in trace.matches(text) {
            let place = (found.occurred_at, found.key);
            let Some((text, label)) = found.text.zip(labels.get(&place).copied()) else { continue };
            let one = Labelled {
                at: found.occurred_at,
                received_at: found.received_at,
                customer: stable_hash(customer.as_str()),
                text,
                label,
            };
            // The same words are the same message: whoever labels them again has changed their mind.
            let key = stable_hash(&models::text::plain(text));
            let is_newer = |known: &Labelled<'_>| (known.at, known.received_at) <= (one.at, one.received_at);
            if one.label.len() <= LABEL_BYTES_MAX && newest.get(&key).is_none_or(is_newer) {
                newest.insert(key, one);
            }
        }
    }
    let mut all: Vec<Labelled<'_>> = newest.into_values().filter(|one| one.label != NO_LABEL).collect();
    // Of the same moment, as all of one file are, chance decides, and not the order of the file.
    all.sort_by_cached_key(|one| (one.at, stable_hash(one.text)));
    let n_over = all.len().saturating_sub(N_MESSAGES_MAX);
    all.drain(..n_over);
    of_few_labels(all, N_LABELS_MAX)
}

/// Those of the labels that the most messages are of.
fn of_few_labels(mut all: Vec<Labelled<'_>>, n_labels_max: usize) -> Vec<Labelled<'_>> {
    let mut often: Vec<(&str, usize)> = counts(&all).into_iter().collect();
    often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    if often.len() > n_labels_max {
        let kept: BTreeSet<&str> = often.iter().take(n_labels_max).map(|(label, _)| *label).collect();
        all.retain(|one| kept.contains(one.label));
    }
    all
}

fn watch(path: &str, is_message: bool) -> Watch {
    let take = path.parse::<Pointer>().ok().map(|pointer| Take { pointer });
    Watch { filter: Filter::named(LABELLED), take, is_message }
}

fn text() -> Watch {
    watch("properties.text", true)
}

fn label() -> Watch {
    watch("properties.label", false)
}

fn counts<'a>(all: &[Labelled<'a>]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    all.iter().for_each(|one| *counts.entry(one.label).or_default() += 1);
    counts
}

fn learned(all: &[Labelled<'_>], data: &Data<'_>) -> Result<IntentModel, LearningError> {
    let texts: Vec<String> = all.par_iter().map(|one| redacted(one.text)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let labels: Vec<&str> = all.iter().map(|one| one.label).collect();
    let fitted = IntentSettings::default().fit(&texts, &labels, &[], data.seed);
    fitted.map_err(LearningError::model("learn what messages ask for"))
}

/// Where those begin that it is judged on.
fn judged_from(all: &[Labelled<'_>]) -> usize {
    all.len() - all.len() / JUDGED
}

impl Task for Intent {
    fn about(&self) -> &TaskAbout {
        &self.about
    }

    fn watches(&self) -> Vec<Watch> {
        vec![text(), label()]
    }

    fn needs(&self, data: &Data<'_>) -> Vec<Need> {
        let all = labelled(data);
        let counts = counts(&all);
        let n_often = counts.values().filter(|n| **n >= N_EACH_MIN).count();
        vec![
            Need::new("labelled messages", N_MESSAGES_MIN as u64, all.len() as u64, MORE),
            Need::new(format!("labels of {N_EACH_MIN} messages or more"), 2, n_often as u64, MORE),
        ]
    }

    fn split(&self, data: &Data<'_>) -> Option<Split> {
        let all = labelled(data);
        let (first, last, test) = (all.first()?.at, all.last()?.at, all.get(judged_from(&all))?.at);
        Some(Split {
            train_from: first,
            train_until: test,
            test_from: test,
            test_until: last,
            window_days: (last.millis_since(test) + DAY_MS - 1) / DAY_MS,
            train_as_ofs: Vec::new(),
            gaps: Vec::new(),
        })
    }

    fn judge(&self, data: &Data<'_>, split: &Split, reigning: Option<&Reigning>) -> Result<Judged, LearningError> {
        let all = labelled(data);
        let (train, test) = all.split_at(judged_from(&all));
        let model = learned(train, data)?;
        let most = counts(train).into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)));
        let most = most.map_or("", |(label, _)| label);
        let is_right = |right: bool| f64::from(u8::from(right));
        let said: Vec<(&str, f64)> = test
            .iter()
            .map(|one| {
                let reading = model.read(&redacted(one.text));
                (model.classes().get(reading.class).map_or("", String::as_str), reading.confidence)
            })
            .collect();
        let ours: Vec<f64> = said.iter().zip(test).map(|((said, _), one)| is_right(*said == one.label)).collect();
        let theirs: Vec<f64> = test.iter().map(|one| is_right(most == one.label)).collect();
        let better: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
        let confidence: Vec<f64> = said.iter().map(|(_, confidence)| *confidence).collect();
        let number = |name: &str, value| Numbers::from([(name.to_owned(), value)]);
        let mut metrics = number(DECIDES, crate::evaluation::mean(ours.iter().copied()));
        metrics.insert("ece".to_owned(), model.left_out().calibration_error);
        let labels: BTreeSet<&str> = all.iter().map(|one| one.label).collect();
        let evaluation = Evaluation {
            split: split.clone(),
            n_train: train.len() as u64,
            n_test: test.len() as u64,
            counts: BTreeMap::from([("n_labels".to_owned(), labels.len() as u64)]),
            base_rate: None,
            decides: DECIDES.to_owned(),
            bounds: Numbers::new(),
            metrics,
            baselines: BTreeMap::from([(
                POPULARITY.to_owned(),
                number(DECIDES, crate::evaluation::mean(theirs.iter().copied())),
            )]),
            baseline_titles: BTreeMap::from([(POPULARITY.to_owned(), "the most frequent label".to_owned())]),
            gains: BTreeMap::from([(
                POPULARITY.to_owned(),
                paired_gain(&better, data.seed, "intent against the most frequent label"),
            )]),
            to_beat: None,
            protocols: BTreeMap::new(),
            calibration: crate::evaluation::curve(&confidence, &ours, 10),
            warnings: Vec::new(),
        };
        Ok(Judged { settings: Value::Object(serde_json::Map::new()), evaluation, contest: policy::contest(reigning) })
    }

    fn fit(&self, data: &Data<'_>, _: &Split, _: &Value) -> Result<Fitted, LearningError> {
        let all = labelled(data);
        let model = learned(&all, data)?;
        let customers: BTreeSet<u64> = all.iter().map(|one| one.customer).collect();
        let n_labels = model.classes().len();
        Ok(Fitted {
            body: Body::Texts(Box::new(model)),
            features: Vec::new(),
            n_rows: all.len() as u64,
            n_customers: customers.len() as u64,
            newest_row: all.last().map(|one| one.at),
            importances: Vec::new(),
            method: format!(
                "Words and runs of letters of {} messages, a line for each of {n_labels} labels",
                all.len()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn of_too_many_labels_those_of_the_most_messages_are_learned(labels in prop::collection::vec("[a-f]", 0..40), n in 1_usize..8) {
            let at = Timestamp::from_millis(0);
            let one = |label| Labelled { at, received_at: at, customer: 0, text: "", label };
            let all = || labels.iter().map(|label| one(label.as_str())).collect::<Vec<_>>();
            let before: BTreeMap<&str, usize> = counts(&all());
            let kept = of_few_labels(all(), n);
            let after = counts(&kept);
            prop_assert_eq!(after.len(), n.min(before.len()));
            let least = after.values().min().copied().unwrap_or_default();
            for (label, n) in &before {
                prop_assert!(after.get(label).is_none_or(|kept| kept == n), "of a label all or none: {}", label);
                prop_assert!(after.contains_key(label) || *n <= least, "{} of {}", label, n);
            }
        }
    }
}
