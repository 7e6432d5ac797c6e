//! How much does each word or run of letters say of a message?

use super::grams::Grams;
use crate::ModelError;
use crate::linear::narrow;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What is known of the grams of one kind, and the weight of each.
///
/// ```text
/// idf[t]   = ln((1 + n) / (1 + n_with[t])) + 1
/// x[d, t]  = (1 + ln(count[d, t])) idf[t]
/// x[d]     = x[d] / |x[d]|
/// ```
/// *Source*: Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0, with scikit-learn's smoothing
/// (`sublinear_tf=True`, `smooth_idf=True`, `norm="l2"`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(crate) struct Terms {
    stored: Stored,
    /// The place of each gram in what is stored.
    places: HashMap<Box<str>, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    grams: Grams,
    /// Ascending, by letters.
    terms: Vec<Box<str>>,
    idf: Vec<f32>,
}

/// What may become a term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TermLimits {
    /// In so many messages it stands at least.
    pub(crate) n_messages_min: u32,
    /// So many are kept at most, of those in the most messages.
    pub(crate) n_terms_max: usize,
}

impl Terms {
    /// Learns which grams there are, of plain messages.
    pub(crate) fn learn(grams: Grams, messages: &[&str], limits: TermLimits) -> Self {
        // Chunks of fixed size, whose counts are whole numbers: the sum is the same in any order.
        let counted = messages.par_chunks(2_048).map(|chunk| n_messages_with(grams, chunk));
        let n_with = counted.reduce(BTreeMap::new, |mut all, part| {
            for (gram, n) in part {
                *all.entry(gram).or_default() += n;
            }
            all
        });
        let mut kept: Vec<(Box<str>, u32)> = n_with.into_iter().filter(|(_, n)| *n >= limits.n_messages_min).collect();
        if kept.len() > limits.n_terms_max {
            kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            kept.truncate(limits.n_terms_max);
            kept.sort();
        }
        let n = messages.len() as f64;
        let (terms, idf) = kept.into_iter().map(|(term, n_with)| (term, idf(n, f64::from(n_with)))).unzip();
        Self::of(Stored { grams, terms, idf })
    }

    fn of(stored: Stored) -> Self {
        let places = stored.terms.iter().cloned().zip(0..).collect();
        Self { stored, places }
    }

    pub(crate) fn len(&self) -> usize {
        self.stored.terms.len()
    }

    /// What the term of a place is.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        self.stored.terms.get(place).map(|term| &**term)
    }

    /// The weights of a plain message, of length 1 unless it has no gram that is known; columns begin at `first_column`.
    pub(crate) fn weigh(&self, plain: &str, first_column: u32) -> Vec<(u32, f32)> {
        let mut places = Vec::with_capacity(4 * plain.len());
        self.stored.grams.each(plain, |gram| places.extend(self.places.get(gram)));
        places.sort_unstable();
        let counted = places.chunk_by(|a, b| a == b);
        let mut weights: Vec<(u32, f32)> = counted.map(|same| (same[0], self.weight(same[0], same.len()))).collect();
        let length = weights.iter().map(|(_, weight)| f64::from(*weight).powi(2)).sum::<f64>().sqrt();
        for (place, weight) in &mut weights {
            *place += first_column;
            *weight = narrow(f64::from(*weight) / length);
        }
        weights
    }

    fn weight(&self, place: u32, count: usize) -> f32 {
        let idf = self.stored.idf.get(place as usize).copied().unwrap_or_default();
        if count == 1 { idf } else { narrow((1.0 + (count as f64).ln()) * f64::from(idf)) }
    }

    /// Which share of the single words of a plain message is known, weighed by how much each says. 0 where there are none.
    pub(crate) fn known_share(&self, plain: &str, n_messages: usize) -> f64 {
        let never = f64::from(idf(n_messages as f64, 0.0));
        let (mut known, mut all) = (0.0, 0.0);
        self.stored.grams.each(plain, |gram| {
            if gram.contains(' ') {
                return;
            }
            let found = self.places.get(gram).and_then(|place| self.stored.idf.get(*place as usize));
            known += found.map_or(0.0, |idf| f64::from(*idf));
            all += found.map_or(never, |idf| f64::from(*idf));
        });
        if all > 0.0 { known / all } else { 0.0 }
    }
}

/// How much a gram says that stands in some of the messages.
fn idf(n_messages: f64, n_with: f64) -> f32 {
    narrow(((1.0 + n_messages) / (1.0 + n_with)).ln() + 1.0)
}

/// In how many messages each gram stands.
fn n_messages_with(grams: Grams, messages: &[&str]) -> BTreeMap<Box<str>, u32> {
    // The last message in which a gram stood, so that one message counts it once.
    let mut found: HashMap<Box<str>, (usize, u32)> = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        grams.each(message, |gram| match found.get_mut(gram) {
            Some((last, n)) if *last != at => (*last, *n) = (at, *n + 1),
            Some(_) => {}
            None => {
                found.insert(gram.into(), (at, 1));
            }
        });
    }
    found.into_iter().map(|(gram, (_, n))| (gram, n)).collect()
}

impl TryFrom<Stored> for Terms {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let is_whole = stored.terms.len() == stored.idf.len()
            && stored.terms.is_sorted_by(|a, b| a < b)
            && stored.idf.iter().all(|idf| idf.is_finite() && *idf > 0.0);
        if is_whole && u32::try_from(stored.terms.len()).is_ok() {
            return Ok(Self::of(stored));
        }
        Err(ModelError::Corrupt { model: super::NAME, reason: "its words do not fit together".to_owned() })
    }
}

impl From<Terms> for Stored {
    fn from(terms: Terms) -> Self {
        terms.stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MESSAGES: [&str; 5] = [
        "my card has not arrived",
        "the card was lost, my card",
        "where is my refund",
        "a refund for the lost card?",
        "is it here",
    ];
    const TWICE: TermLimits = TermLimits { n_messages_min: 2, n_terms_max: 1_000 };

    fn weights(terms: &Terms, text: &str) -> Vec<(String, f32)> {
        let named = |(place, weight): (u32, f32)| (terms.stored.terms[place as usize].to_string(), weight);
        terms.weigh(text, 0).into_iter().map(named).collect()
    }

    fn assert_near(found: &[(String, f32)], expected: &[(&str, f32)]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((term, found), (name, expected)) in found.iter().zip(expected) {
            assert!(term == name && (found - expected).abs() < 2e-6, "{term} {found}, not {name} {expected}");
        }
    }

    #[test]
    fn words_are_weighed_as_scikit_learn_does() {
        // TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)) of scikit-learn 1.9.1.
        let terms = Terms::learn(Grams::Words, &MESSAGES, TWICE);
        let named: Vec<&str> = terms.stored.terms.iter().map(|term| &**term).collect();
        assert_eq!(named, ["card", "is", "lost", "my", "my card", "refund", "the"]);
        for (found, expected) in terms.stored.idf.iter().zip([1.405_465, 1.693_147, 1.693_147, 1.405_465]) {
            assert!((found - expected).abs() < 1e-6);
        }
        let golden =
            [("card", 0.590_532), ("lost", 0.420_169), ("my", 0.348_778), ("my card", 0.420_169), ("the", 0.420_169)];
        assert_near(&weights(&terms, MESSAGES[1]), &golden);
        let golden = [("card", 0.663_113), ("refund", 0.380_654), ("the", 0.644_503)];
        assert_near(&weights(&terms, "the the card, card card and refund"), &golden);
        assert_eq!(weights(&terms, "nothing that is_known"), []);
    }

    #[test]
    fn runs_of_letters_are_weighed_as_scikit_learn_does() {
        // TfidfVectorizer(sublinear_tf=True, min_df=2, analyzer="char_wb", ngram_range=(2, 5)) of scikit-learn 1.9.1.
        let terms = Terms::learn(Grams::Letters, &MESSAGES, TWICE);
        assert_eq!(terms.len(), 80);
        let found = weights(&terms, MESSAGES[3]);
        assert_eq!(found.len(), 54);
        let of = |name: &str| found.iter().find(|(term, _)| term == name).map_or(0.0, |(_, weight)| *weight);
        for (name, expected) in [
            (" a", 0.143_25),
            (" card", 0.118_911),
            ("d ", 0.100_031),
            ("efund", 0.143_25),
            ("he ", 0.143_25),
            ("und ", 0.143_25),
        ] {
            assert!((of(name) - expected).abs() < 1e-5, "{name}: {}, not {expected}", of(name));
        }
    }

    #[test]
    fn of_too_many_those_in_the_most_messages_are_kept() {
        let terms = Terms::learn(Grams::Words, &MESSAGES, TermLimits { n_messages_min: 1, n_terms_max: 3 });
        let named: Vec<&str> = terms.stored.terms.iter().map(|term| &**term).collect();
        assert_eq!(named, ["card", "is", "my"], "of those in two messages the first by name");
    }

    #[test]
    fn what_is_known_is_a_share_of_what_is_said() {
        let terms = Terms::learn(Grams::Words, &MESSAGES, TWICE);
        assert!((terms.known_share("my card", 5) - 1.0).abs() < 1e-9);
        assert!(terms.known_share("zebra", 5) <= 0.0 && terms.known_share("", 5) <= 0.0);
        // card says 1.4055, and what is unknown ln(6) + 1 = 2.7918.
        assert!((terms.known_share("card zebra", 5) - 1.405_465 / (1.405_465 + 2.791_759)).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn all_messages_twice_leave_the_order_of_weights(texts in prop::collection::vec("[a-d]{2}( [a-d]{2}){0,4}", 2..20)) {
            let once: Vec<&str> = texts.iter().map(String::as_str).collect();
            let twice = [once.clone(), once.clone()].concat();
            let limits = |n_messages_min| TermLimits { n_messages_min, n_terms_max: 1_000 };
            let (one, two) = (Terms::learn(Grams::Words, &once, limits(1)), Terms::learn(Grams::Words, &twice, limits(2)));
            prop_assert_eq!(&one.stored.terms, &two.stored.terms);
            for a in 0..one.len() {
                for b in 0..one.len() {
                    prop_assert_eq!(one.stored.idf[a] > one.stored.idf[b], two.stored.idf[a] > two.stored.idf[b]);
                }
            }
        }

        #[test]
        fn weights_have_the_length_one_and_ascend(text in "[a-z ,.]{0,60}") {
            for grams in [Grams::Words, Grams::Letters] {
                let terms = Terms::learn(grams, &MESSAGES, TWICE);
                let weights = terms.weigh(&text, 7);
                prop_assert!(weights.is_sorted_by(|a, b| a.0 < b.0) && weights.iter().all(|(place, _)| *place >= 7));
                let length: f64 = weights.iter().map(|(_, weight)| f64::from(*weight).powi(2)).sum();
                prop_assert!(weights.is_empty() || (length - 1.0).abs() < 1e-5);
            }
        }
    }
}
