//! Which passage of a knowledge base answers a question, and how sure is that?

mod alike;
mod bm25;
mod self_made;
mod signs;
mod small;
mod words;

use super::{Encoder, language, plain, says_something};
use crate::ModelError;
use crate::linear::{dot, vectorised};
use bm25::Bm25;
use signs::Signs;
use small::is_small;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use words::{Words, each_word};

pub use signs::Trust;

/// What stands in a question of a pair, and in a heading, counts as if it stood there so often.
const QUESTION_COUNTS: f32 = 3.0;
const HEADING_COUNTS: f32 = 2.0;
/// What a word counts that says nothing of the matter.
const SMALL_COUNTS: f64 = 0.1;
/// How much of what can be said of a passage is what of its heading is asked for, and what encoders say of it.
const HEADING_SHARE: f64 = 0.35;
const MEANING_SHARE: f64 = 0.5;
/// What is left of a passage in another language than the question.
const OTHER_LANGUAGE: f64 = 0.5;
/// So many words of a question are looked at, each once.
const N_WORDS_MAX: usize = 64;
/// So many passages are looked at closely.
const N_NEAR: usize = 24;
/// A word whose like stands in a passage stands there as far as it is alike.
const NEVER: u32 = u32::MAX;

/// A passage as it is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched<'a> {
    /// Which document it is of: another passage of the same is no other answer.
    pub document: u32,
    /// The question that it answers, or the headings above it.
    pub heading: &'a str,
    /// Whether the heading is a question, and the text its answer.
    pub is_pair: bool,
    /// What it says.
    pub text: &'a str,
    /// The language that it is in, where that is known.
    pub language: Option<&'a str>,
}

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passage {
    /// The how manieth of those that are searched, from 0.
    pub passage: usize,
    /// How much speaks for it, from 0 to 1: comparable within one answer.
    pub score: f64,
}

/// What was found for a question.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPassages {
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// How likely the first one answers the question.
    pub confidence: f64,
}

/// Passages that questions are looked for in.
///
/// ```text
/// said[w]      = idf[w] (0.1 where w says nothing of the matter),          idf of a word that stands nowhere as of one passage
/// words[p, q]  = sum over words w of q of  said[w] bm25(p, the like of w) / (sum of said[w] (k1 + 1))
/// heading[p,q] = share of what the heading of p says that q says
/// score[p, q]  = 0.65 words + 0.35 heading,   and where there are encoders: half of it and half their cosine
/// confidence   = 1 / (1 + exp(-(a + sum over signs of weight[sign] sign)))
/// ```
/// A word that stands in a heading counts twice, in the question of a pair three times. Words are told from slips and endings by runs of
/// three letters. The signs and how their weights are learned: [`Trust`]. *Guarantees*: the same passages give the same numbers to the bit; ties are broken by
/// the order of the passages; a text that says nothing finds nothing. *Cost*: as many additions as the words of the question have
/// passages. *Source*: Robertson and Zaragoza 2009, doi:10.1561/1500000019, for BM25 over weighed fields; the rest elementary.
///
/// ```
/// use models::text::{PassageIndex, Searched};
/// let pair = |document, heading, text| Searched { document, heading, is_pair: true, text, language: None };
/// let index = PassageIndex::of(
///     &[
///         pair(0, "How long does delivery take?", "Two to three working days."),
///         pair(1, "How do I send something back?", "Print the label and take the parcel to any shop."),
///     ],
///     &[],
/// )?;
/// let found = index.find("when will the delivery come", 3, None);
/// assert_eq!(found.passages[0].passage, 0);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PassageIndex {
    words: Words,
    bm25: Bm25,
    passages: Vec<Known>,
    encoders: Vec<Arc<dyn Encoder>>,
    /// What encoders say of each passage, one after the other.
    encoded: Vec<f32>,
    trust: Trust,
}

/// What is known of a passage beside where its words stand.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    document: u32,
    language: Option<Box<str>>,
    /// The words of the heading, each once.
    heading: Vec<u32>,
    /// What the heading says in all.
    heading_says: f64,
}

/// What a question says.
struct Asked {
    /// For each word: what it says, and which words may be meant by it.
    words: Vec<(f64, Vec<(u32, f32)>)>,
    says: f64,
    encoded: Vec<f32>,
    language: Option<&'static str>,
}

impl PassageIndex {
    /// Makes passages searchable, and learns from them how far what is found may be trusted.
    ///
    /// # Errors
    /// [`ModelError::Fit`] where the mathematics finds no lowest point.
    pub fn of(passages: &[Searched<'_>], encoders: &[Arc<dyn Encoder>]) -> Result<Self, ModelError> {
        let plains: Vec<(String, String)> = passages.iter().map(|one| (plain(one.heading), plain(one.text))).collect();
        let mut words = Words::default();
        let counted: Vec<Vec<(u32, f32)>> = passages
            .iter()
            .zip(&plains)
            .map(|(passage, (heading, text))| {
                let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
                let weight = if passage.is_pair { QUESTION_COUNTS } else { HEADING_COUNTS };
                each_word(heading, |word| *counts.entry(words.put(word)).or_default() += weight);
                each_word(text, |word| *counts.entry(words.put(word)).or_default() += 1.0);
                counts.into_iter().collect()
            })
            .collect();
        let bm25 = Bm25::of(&counted, words.len());
        let known = passages.iter().zip(&plains).map(|(passage, (heading, text))| {
            let mut all = BTreeSet::new();
            each_word(heading, |word| all.extend(words.get(word)));
            let language =
                passage.language.map(Box::from).or_else(|| language(&format!("{heading} {text}")).map(Box::from));
            Known { document: passage.document, language, heading: all.into_iter().collect(), heading_says: 0.0 }
        });
        let known: Vec<Known> = known.collect();
        let encoded = encoded(passages, &plains, encoders);
        let mut index =
            Self { words, bm25, passages: known, encoders: encoders.to_vec(), encoded, trust: Trust::default() };
        index.weigh_headings(&plains);
        index.trust = index.learned(passages, &plains)?;
        Ok(index)
    }

    fn weigh_headings(&mut self, plains: &[(String, String)]) {
        for (at, (heading, _)) in plains.iter().enumerate() {
            let mut says = 0.0;
            let mut seen = BTreeSet::new();
            each_word(heading, |word| {
                if seen.insert(word.to_owned()) {
                    says += self.says(word);
                }
            });
            self.passages[at].heading_says = says;
        }
    }

    /// How many passages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.passages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }

    /// How far what is found may be trusted, and from what that was learned.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The best passages for a question, at most `n_max`; of a language that is named, or as far as the question tells.
    #[must_use]
    pub fn find(&self, question: &str, n_max: usize, language: Option<&str>) -> FoundPassages {
        let plain = plain(question);
        let (passages, signs) = self.found(&plain, n_max, language, None);
        let confidence = signs.map_or(0.0, |signs| self.trust.confidence(&signs));
        FoundPassages { passages, confidence }
    }

    /// What a word says: much where few passages have it.
    fn says(&self, word: &str) -> f64 {
        let n_with = self.words.get(word).map_or(0, |place| self.bm25.with(place).len());
        self.bm25.idf(n_with.max(1)) * if is_small(word) { SMALL_COUNTS } else { 1.0 }
    }

    fn asked(&self, plain: &str) -> Asked {
        let mut seen = BTreeSet::new();
        let mut words = Vec::new();
        each_word(plain, |word| {
            if words.len() < N_WORDS_MAX && seen.insert(word.to_owned()) {
                let meant = if is_small(word) {
                    self.words.get(word).map(|place| (place, 1.0)).into_iter().collect()
                } else {
                    self.words.meant(word)
                };
                // A slip says what the word says that is meant.
                let first = meant.first().map_or(0, |(place, _)| self.bm25.with(*place).len());
                let says = self.bm25.idf(first.max(1)) * if is_small(word) { SMALL_COUNTS } else { 1.0 };
                words.push((says, meant));
            }
        });
        let says = words.iter().map(|(says, _)| says).sum();
        let encoded = self.encoders.iter().flat_map(|encoder| weighed(encoder.as_ref(), encoder.encode(plain)));
        Asked { words, says, encoded: encoded.collect(), language: language(plain) }
    }

    /// The best passages but those of a document, and what speaks for the first.
    fn found(
        &self,
        plain: &str,
        n_max: usize,
        language: Option<&str>,
        without: Option<u32>,
    ) -> (Vec<Passage>, Option<Signs>) {
        if self.is_empty() || !says_something(plain) {
            return (Vec::new(), None);
        }
        let asked = self.asked(plain);
        let language = language.or(asked.language);
        let sums = self.sums(&asked);
        let meanings = self.meanings(&asked);
        let is_there = |at: &usize| without != Some(self.passages[*at].document);
        let mut near: Vec<(f64, usize)> = (0..self.len())
            .filter(is_there)
            .map(|at| (self.rough(sums[at], meanings.get(at).copied()), at))
            .filter(|(score, _)| *score > 0.0)
            .collect();
        let better = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if near.len() > N_NEAR {
            near.select_nth_unstable_by(N_NEAR - 1, better);
            near.truncate(N_NEAR);
        }
        let mut close: Vec<(f64, usize, f64, f64)> = near
            .into_iter()
            .map(|(_, at)| {
                let (heading, covered) = (self.heading_asked(at, &asked), self.covered(at, &asked));
                (self.score(at, sums[at], heading, meanings.get(at).copied(), language), at, heading, covered)
            })
            .collect();
        close.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let passages: Vec<Passage> =
            close.iter().take(n_max).map(|(score, passage, ..)| Passage { passage: *passage, score: *score }).collect();
        let signs = close.first().map(|(score, at, heading, covered)| {
            let document = self.passages[*at].document;
            let other = close.iter().find(|one| self.passages[one.1].document != document).map_or(0.0, |one| one.0);
            [*covered, *heading, *score, score - other, meanings.get(*at).map_or(0.0, |cosine| f64::from(*cosine))]
        });
        (passages, signs)
    }

    /// For each passage, which share of what can be said for it by words is.
    fn sums(&self, asked: &Asked) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        // Of the words that may be meant by one the one counts that says most, so that endings do not count twice.
        let mut best: Vec<(u32, f64)> = vec![(NEVER, 0.0); self.len()];
        for (number, (says, meant)) in (0_u32..).zip(&asked.words) {
            let share = says / (asked.says * Bm25::COUNTS_MAX);
            for (word, alike) in meant {
                for (passage, tf) in self.bm25.with(*word) {
                    let counts = share * f64::from(*alike) * self.bm25.counts(*passage, *tf);
                    let (last, so_far) = &mut best[*passage as usize];
                    let before = if *last == number { *so_far } else { 0.0 };
                    if counts > before {
                        sums[*passage as usize] += counts - before;
                        (*last, *so_far) = (number, counts);
                    }
                }
            }
        }
        sums
    }

    /// What encoders say of each passage beside the question, from -1 to 1; nothing without them.
    fn meanings(&self, asked: &Asked) -> Vec<f32> {
        let n = asked.encoded.len();
        if n == 0 {
            return Vec::new();
        }
        let mut cosines = vec![0.0; self.len()];
        vectorised(|| {
            for (cosine, passage) in cosines.iter_mut().zip(self.encoded.chunks_exact(n)) {
                *cosine = dot(&asked.encoded, passage);
            }
        });
        cosines
    }

    fn rough(&self, words: f64, meaning: Option<f32>) -> f64 {
        meaning.map_or(words, |cosine| words + f64::from(cosine.max(0.0)))
    }

    fn score(&self, at: usize, words: f64, heading: f64, meaning: Option<f32>, language: Option<&str>) -> f64 {
        let said = (1.0 - HEADING_SHARE).mul_add(words, HEADING_SHARE * heading);
        let fused = meaning
            .map_or(said, |cosine| MEANING_SHARE.mul_add(f64::from(cosine.max(0.0)), (1.0 - MEANING_SHARE) * said));
        match (language, &self.passages[at].language) {
            (Some(asked), Some(own)) if asked != own.as_ref() => fused * OTHER_LANGUAGE,
            _ => fused,
        }
    }

    /// Which share of what the heading of a passage says the question says, too.
    fn heading_asked(&self, at: usize, asked: &Asked) -> f64 {
        let Known { heading, heading_says, .. } = &self.passages[at];
        if *heading_says <= 0.0 {
            return 0.0;
        }
        let of = |word: &u32| {
            let alike = asked.words.iter().flat_map(|(_, meant)| meant).filter(|(meant, _)| meant == word);
            let alike = alike.map(|(_, alike)| f64::from(*alike)).fold(0.0, f64::max);
            if alike > 0.0 { alike * self.says(self.words.at(*word)) } else { 0.0 }
        };
        heading.iter().map(of).sum::<f64>() / heading_says
    }

    /// Which share of what the question says the passage has, however often.
    fn covered(&self, at: usize, asked: &Asked) -> f64 {
        let place = u32::try_from(at).unwrap_or(NEVER);
        let has = |word: u32| self.bm25.with(word).binary_search_by_key(&place, |(passage, _)| *passage).is_ok();
        let of = |(says, meant): &(f64, Vec<(u32, f32)>)| {
            let alike = meant.iter().find(|(word, _)| has(*word)).map_or(0.0, |(_, alike)| f64::from(*alike));
            says * alike
        };
        if asked.says > 0.0 { asked.words.iter().map(of).sum::<f64>() / asked.says } else { 0.0 }
    }
}

/// What an encoder says, so that all together have the length 1.
fn weighed(encoder: &dyn Encoder, numbers: Vec<f32>) -> impl Iterator<Item = f32> {
    let n = encoder.n_dims();
    numbers.into_iter().chain(std::iter::repeat(0.0)).take(n)
}

/// What encoders say of each passage, one after the other: of the question of a pair, and of headings with what stands below.
fn encoded(passages: &[Searched<'_>], plains: &[(String, String)], encoders: &[Arc<dyn Encoder>]) -> Vec<f32> {
    if encoders.is_empty() {
        return Vec::new();
    }
    let of = |(passage, (heading, text)): (&Searched<'_>, &(String, String))| {
        if passage.is_pair { heading.clone() } else { format!("{heading} {text}") }
    };
    let texts: Vec<String> = passages.iter().zip(plains).map(of).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let said: Vec<Vec<Vec<f32>>> = encoders.iter().map(|encoder| encoder.encode_all(&texts)).collect();
    let row = |at: usize| {
        encoders.iter().zip(&said).flat_map(move |(encoder, said)| weighed(encoder.as_ref(), said[at].clone()))
    };
    (0..texts.len()).flat_map(row).collect()
}

#[cfg(test)]
mod tests;
