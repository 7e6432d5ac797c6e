//! What are messages about that nobody labelled?

mod matching;
mod names;
mod reduce;
mod sphere;

use super::grams::Grams;
use super::plain;
use super::redact::redacted;
use super::rows::Rows;
use super::terms::{TermLimits, Terms};
use crate::settings::settings;
use crate::{ModelError, bytes};
use primitives::Seed;
use rand::seq::index;
use rayon::prelude::*;
use reduce::Basis;
use serde::{Deserialize, Serialize};
use sphere::Points;
use std::collections::BTreeMap;

const NAME: &str = "topics of messages";
const VERSION: u8 = 1;
/// So many messages are learned from; all others are placed among them.
const N_LEARNED_MAX: usize = 20_000;
/// On so many the number of topics is chosen.
const N_JUDGED_MAX: usize = 1_000;
/// The numbers of topics that are tried.
const NUMBERS: [usize; 10] = [2, 3, 4, 6, 9, 13, 19, 28, 41, 60];
/// So many messages there must be for each topic, on average, where the number is chosen.
const N_EACH_MIN: usize = 8;
/// A topic goes on under its former id where the cosine of both, over words, is this large.
const SAME_MIN: f64 = 0.3;

settings! {
    /// Groups of messages that lie in the same direction, with names.
    ///
    /// ```text
    /// x(message)     = words and pairs of words, by 1 + ln(count) and rarity, of length 1
    /// z(message)     = B' x / |B' x|                                   B: see the directions in which messages differ most
    /// topic(message) = the c with the largest cos(z, middle[c]);       distance = 1 - that cosine
    /// ```
    /// *Guarantees*: each message has a nearest topic and a distance; the same for any order of the messages and on any number of threads.
    /// *Edge cases*: a message of which no word is known has the first topic, with the distance 1.
    /// *Cost*: what is learned from is a sample of 20,000 messages; to place one takes less than 0.1 ms.
    /// *Source*: Deerwester et al. 1990, Dhillon and Modha 2001, as the parts name them.
    TopicSettings {
        /// How many topics there are; 0: as many as part the messages best, by the silhouette.
        n_topics: usize = 0 in 0..=1_000, larger: "tells finer topics, of fewer messages each";
        /// In so many directions messages differ.
        n_dims: usize = 100 in 2..=500, larger: "keeps rarer differences, and takes longer";
        /// In so many messages a word must stand.
        word_messages_min: u32 = 2 in 1..=10_000, larger: "forgets rare words";
        /// How many words are kept at most.
        n_terms_max: usize = 20_000 in 10..=200_000, larger: "keeps rarer ones and takes more room";
        /// From how many beginnings the topics are sought.
        n_starts: u64 = 4 in 1..=100, larger: "finds better ones, and takes longer";
    }
}

/// A topic: what it is called and where it was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its number, which stays its own when topics are learned again.
    pub id: u32,
    /// What it is called, which stays, too.
    pub name: String,
    /// What is said in it more than elsewhere, the best first.
    pub terms: Vec<String>,
    /// The message in its middle, redacted.
    pub medoid: String,
    /// How many of the messages that were learned from are of it.
    pub n: usize,
}

/// Where a message lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Which of [`Topics::topics`], counted from 0.
    pub topic: usize,
    /// One minus the cosine to its middle, from 0 to 2.
    pub distance: f64,
}

/// Topics that were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topics {
    terms: Terms,
    basis: Basis,
    middles: Vec<f32>,
    topics: Vec<Topic>,
    /// Of the middle of each topic, how much each word says.
    words: Vec<BTreeMap<String, f32>>,
    /// Ids below were given.
    next_id: u32,
}

impl TopicSettings {
    /// Finds topics in messages.
    ///
    /// # Errors
    /// [`ModelError`] for settings outside their range, and fewer than four messages that say something.
    pub fn fit(&self, messages: &[&str], seed: Seed) -> Result<Topics, ModelError> {
        self.validate()?;
        let mut read: Vec<(String, &str)> =
            messages.par_iter().map(|message| (plain(message).into(), *message)).collect();
        read.retain(|(plain, _)| super::says_something(plain));
        if read.len() < 4 {
            return Err(ModelError::TooFewRows { operation: "find topics", n_rows: read.len(), n_rows_min: 4 });
        }
        read.par_sort();
        if read.len() > N_LEARNED_MAX {
            let mut kept = index::sample(&mut seed.stream("topics-sample", 0), read.len(), N_LEARNED_MAX).into_vec();
            kept.sort_unstable();
            read = kept.into_iter().filter_map(|at| read.get(at).cloned()).collect();
        }
        let plains: Vec<&str> = read.iter().map(|(plain, _)| plain.as_str()).collect();
        let limits = TermLimits { n_messages_min: self.word_messages_min, n_terms_max: self.n_terms_max };
        let mut terms = Terms::learn(Grams::Words, &plains, limits);
        if terms.len() == 0 {
            terms = Terms::learn(Grams::Words, &plains, TermLimits { n_messages_min: 1, ..limits });
        }
        if terms.len() == 0 {
            return Err(ModelError::TooFewRows { operation: "find topics in words", n_rows: 0, n_rows_min: 1 });
        }
        let rows = weighed(&terms, &plains);
        let basis = Basis::learn(&rows, terms.len(), self.n_dims, seed);
        let values: Vec<f32> = (0..rows.len()).into_par_iter().flat_map_iter(|at| basis.place(rows.row(at))).collect();
        let points = Points { values: &values, n_dims: basis.n_dims() };
        let n = if self.n_topics > 0 { self.n_topics } else { chosen(points, seed) };
        let middles = sphere::middles(points, n, self.n_starts, seed);
        let nearest = Points { values: &middles, n_dims: basis.n_dims() }.all_nearest(points);
        let n_topics = middles.len() / basis.n_dims();
        let topics = named(&read, &plains, &nearest, n_topics);
        let words = words_of(&terms, &rows, &nearest, n_topics);
        let next_id = u32::try_from(topics.len()).unwrap_or(u32::MAX);
        Ok(Topics { terms, basis, middles, topics, words, next_id })
    }
}

impl Topics {
    /// The topics, in the order of [`Place::topic`].
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Where a message lies.
    #[must_use]
    pub fn place(&self, message: &str) -> Place {
        let mut rows = Rows::new(0);
        rows.push(self.terms.weigh(&plain(message), 0), &[]);
        let point = self.basis.place(rows.row(0));
        let (topic, cosine) = Points { values: &self.middles, n_dims: self.basis.n_dims() }.nearest(&point);
        Place { topic, distance: 1.0 - f64::from(cosine) }
    }

    /// Where each of many messages lies.
    #[must_use]
    pub fn place_all(&self, messages: &[&str]) -> Vec<Place> {
        messages.par_iter().map(|message| self.place(message)).collect()
    }

    /// The same topics, which go on under the ids and names of those that were found before wherever they are about the same.
    ///
    /// ```text
    /// maximise sum over pairs of cos(words[new], words[former]),   each in one pair at most; pairs below 0.3 are none
    /// ```
    /// An id that was ever given is given to no other topic.
    #[must_use]
    pub fn continuing(mut self, former: &Self) -> Self {
        let (n, m) = (self.topics.len(), former.topics.len());
        // As many columns beside the former ones, so that each may go without.
        let cost = |new: &BTreeMap<String, f32>, at: usize| {
            let cosine = former.words.get(at).map_or(0.0, |words| shared(new, words));
            if cosine >= SAME_MIN { -cosine } else { 0.0 }
        };
        let costs: Vec<Vec<f64>> = self.words.iter().map(|new| (0..m + n).map(|at| cost(new, at)).collect()).collect();
        let mut next_id = former.next_id;
        for ((topic, column), costs) in self.topics.iter_mut().zip(matching::cheapest(&costs)).zip(&costs) {
            let is_same = costs.get(column).is_some_and(|cost| *cost < 0.0);
            match former.topics.get(column).filter(|_| is_same) {
                Some(same) => (topic.id, topic.name) = (same.id, same.name.clone()),
                None => {
                    topic.id = next_id;
                    next_id = next_id.saturating_add(1);
                }
            }
        }
        self.next_id = next_id;
        self
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where memory ends.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, self)
    }

    /// Reads what [`Topics::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let read: Self = bytes::decode(NAME, VERSION, bytes)?;
        let n = read.topics.len();
        let is_whole = n > 0
            && read.basis.is_whole(read.terms.len())
            && n.checked_mul(read.basis.n_dims()) == Some(read.middles.len())
            && read.words.len() == n
            && read.topics.iter().all(|topic| topic.id < read.next_id)
            && read.middles.iter().chain(read.words.iter().flat_map(BTreeMap::values)).all(|value| value.is_finite());
        if is_whole {
            return Ok(read);
        }
        Err(ModelError::Corrupt { model: NAME, reason: "its topics do not fit to its words".to_owned() })
    }
}

fn weighed(terms: &Terms, plains: &[&str]) -> Rows {
    let each: Vec<Vec<(u32, f32)>> = plains.par_iter().map(|plain| terms.weigh(plain, 0)).collect();
    let mut rows = Rows::new(0);
    each.into_iter().for_each(|cells| rows.push(cells, &[]));
    rows
}

/// How many topics part the messages best.
fn chosen(points: Points<'_>, seed: Seed) -> usize {
    let n_judged = points.len().min(N_JUDGED_MAX);
    let mut sample = index::sample(&mut seed.stream("topics-number", 0), points.len(), n_judged).into_vec();
    sample.sort_unstable();
    let values: Vec<f32> = sample.iter().flat_map(|at| points.get(*at).iter().copied()).collect();
    let judged = Points { values: &values, n_dims: points.n_dims };
    let mut best = (f64::NEG_INFINITY, 1);
    for n in NUMBERS.into_iter().filter(|n| n * N_EACH_MIN <= n_judged.max(2 * N_EACH_MIN)) {
        let middles = sphere::middles(judged, n, 2, seed);
        let nearest = Points { values: &middles, n_dims: points.n_dims }.all_nearest(judged);
        let groups: Vec<usize> = nearest.iter().map(|(group, _)| *group).collect();
        let told = sphere::silhouette(judged, &groups, n);
        if told > best.0 {
            best = (told, n);
        }
    }
    best.1
}

/// What each topic is called, and the message in its middle.
fn named(read: &[(String, &str)], plains: &[&str], nearest: &[(usize, f32)], n_topics: usize) -> Vec<Topic> {
    let groups: Vec<usize> = nearest.iter().map(|(group, _)| *group).collect();
    let mut medoids: Vec<Option<(f32, usize)>> = vec![None; n_topics];
    let mut counts = vec![0_usize; n_topics];
    for (at, (group, cosine)) in nearest.iter().enumerate() {
        counts[*group] += 1;
        if medoids[*group].is_none_or(|(best, _)| *cosine > best) {
            medoids[*group] = Some((*cosine, at));
        }
    }
    let told = names::terms(plains, &groups, n_topics).into_iter().zip(medoids).zip(counts);
    let topics = (0..).zip(told).map(|(id, ((terms, medoid), n))| {
        let name = terms.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let medoid = medoid.and_then(|(_, at)| read.get(at)).map(|(_, message)| redacted(message));
        let name = if name.is_empty() { format!("topic {id}") } else { name };
        Topic { id, name, terms, medoid: medoid.unwrap_or_default(), n }
    });
    topics.collect()
}

/// How much each word says in each topic, of length 1.
fn words_of(terms: &Terms, rows: &Rows, nearest: &[(usize, f32)], n_topics: usize) -> Vec<BTreeMap<String, f32>> {
    let mut sums: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); n_topics];
    for (row, (group, _)) in rows.iter().zip(nearest) {
        for (term, weight) in row.cells() {
            *sums[*group].entry(term).or_default() += f64::from(weight);
        }
    }
    let each = sums.into_iter().map(|sums| {
        let length = sums.values().map(|sum| sum * sum).sum::<f64>().sqrt();
        let words = sums
            .into_iter()
            .filter_map(|(term, sum)| Some((terms.name(term)?.to_owned(), crate::linear::narrow(sum / length))));
        words.collect()
    });
    each.collect()
}

fn shared(a: &BTreeMap<String, f32>, b: &BTreeMap<String, f32>) -> f64 {
    a.iter().filter_map(|(word, a)| Some(f64::from(*a) * f64::from(*b.get(word)?))).sum()
}

#[cfg(test)]
mod tests;
