//! Which of very many matches are the best, whoever asks?

use super::find::{Library, Match, N_CANDIDATES_MAX, Sought};
use super::hits::Candidate;
use super::seen::{Seen, impersonal};
use super::shelf::Doc;
use super::told::short_hash;
use super::understand::Understood;

/// More than anything has that speaks for it whoever asks.
const IMPERSONAL_MAX: f64 = 10.0;
/// So many counts of buyers have their logarithm looked up.
const N_LOGARITHMS: usize = 256;

impl Library<'_> {
    /// The best matches by what speaks for them whoever asks, or the newest.
    pub(super) fn candidates(
        &self,
        understood: &Understood,
        matches: &[Match],
        sought: &Sought<'_>,
        newest_first: bool,
    ) -> Vec<Candidate> {
        let shelf = self.shelf;
        // A number may have been given to another item meanwhile.
        let doc = |one: &Match| shelf.doc(one.number).filter(|doc| doc.key == one.key);
        let docs = || matches.iter().filter_map(|one| Some((one.number, one.score, doc(one)?)));
        let (mut best_text, mut most_lately, mut most_ever) = (0.0_f64, 0, 0);
        for (_, score, doc) in docs() {
            best_text = best_text.max(score);
            let sold = shelf.sold(doc);
            (most_lately, most_ever) = (sold.0.max(most_lately), sold.1.max(most_ever));
        }
        let (lately, ever) = (Popularity::of(most_lately), Popularity::of(most_ever));
        let words: Vec<u32> = understood.words.iter().map(|word| short_hash(word)).collect();
        let liked: Vec<&[u32]> = understood.liked.iter().map(|wish| wish.values.as_slice()).collect();
        // Of what came on the same day what speaks for each decides.
        let score_of = |seen: &Seen, doc: &Doc| match newest_first {
            true => f64::from(doc.since_day) + impersonal(seen) / IMPERSONAL_MAX,
            false => impersonal(seen),
        };
        let mut best = Best::default();
        for (number, score, doc) in docs() {
            let has = |values: &&&[u32]| values.iter().any(|value| doc.values.binary_search(value).is_ok());
            let sold = shelf.sold(doc);
            let n_liked = liked.iter().filter(has).count();
            let seen = Seen {
                text: share(score, best_text),
                liked: share(count(n_liked), count(liked.len())),
                lately: lately.share(sold.0),
                ever: ever.share(sold.1),
                chosen: (sought.chosen)(doc.key),
                ..Seen::default()
            };
            // Titles are read last: with the best of all titles most matches are none of the best.
            if best.may_take(score_of(&seen.titled_at_best(&words, doc.title.len()), doc)) {
                let seen = seen.titled(&words, &doc.title);
                best.take(score_of(&seen, doc), Candidate { number, key: doc.key, seen });
            }
        }
        best.in_order()
    }
}

/// The best so far, and some more that may be among them.
#[derive(Default)]
struct Best {
    some: Vec<(f64, Candidate)>,
    /// What the last of the best has; `None` while all are among them.
    least: Option<f64>,
}

impl Best {
    /// Whether one with so much may be among them.
    fn may_take(&self, most: f64) -> bool {
        self.least.is_none_or(|least| most >= least)
    }

    fn take(&mut self, score: f64, candidate: Candidate) {
        if !self.may_take(score) {
            return;
        }
        self.some.push((score, candidate));
        // Many at a time, so that each is compared with few.
        if self.some.len() >= 4 * N_CANDIDATES_MAX {
            self.some.select_nth_unstable_by(N_CANDIDATES_MAX - 1, best_first);
            self.some.truncate(N_CANDIDATES_MAX);
            self.least = self.some.last().map(|(score, _)| *score);
        }
    }

    fn in_order(mut self) -> Vec<Candidate> {
        self.some.sort_unstable_by(best_first);
        self.some.truncate(N_CANDIDATES_MAX);
        self.some.into_iter().map(|(_, one)| one).collect()
    }
}

fn best_first(a: &(f64, Candidate), b: &(f64, Candidate)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.key.cmp(&b.1.key))
}

/// How many bought something, in quarters, against how many bought what is bought most, by logarithms.
struct Popularity {
    most: f64,
    logarithms: Vec<f64>,
}

/// What is bought most counts as if twenty customers had bought it at least, in quarters: few are not all that may be, and may be invented by
/// whoever reads the write key.
const N_MOST_MIN: u32 = 80;

impl Popularity {
    fn of(most: u32) -> Self {
        let most = most.max(N_MOST_MIN);
        let logarithms = (0..=most).take(N_LOGARITHMS).map(logarithm).collect();
        Self { most: logarithm(most), logarithms }
    }

    fn share(&self, n: u32) -> f64 {
        let known = self.logarithms.get(n as usize).copied();
        share(known.unwrap_or_else(|| logarithm(n)), self.most)
    }
}

fn logarithm(n_quarters: u32) -> f64 {
    (f64::from(n_quarters) / 4.0).ln_1p()
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "counts of words and items are far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ItemKey;
    use proptest::prelude::*;

    #[test]
    fn a_logarithm_is_the_same_looked_up_or_not() {
        let of = Popularity::of(10_000);
        for n in [0_u32, 1, 7, 255, 256, 9_999, 10_000] {
            assert_eq!(of.share(n).to_bits(), ((f64::from(n) / 4.0).ln_1p() / 2_500_f64.ln_1p()).to_bits(), "{n}");
        }
        assert!(Popularity::of(0).share(0).abs() < f64::EPSILON);
        let (five, all) = (Popularity::of(5).share(5), Popularity::of(80).share(80));
        assert!(five < 0.3 && (all - 1.0).abs() < f64::EPSILON, "few buyers are not all that may be: {five}");
    }

    proptest! {
        /// What is kept is the beginning of all in order, whatever was left out on the way.
        #[test]
        fn the_best_are_the_first_of_all_in_order(scores in proptest::collection::vec(0_u8..40, 0..3_000)) {
            let candidate = |at: usize| {
                let number = u32::try_from(at).unwrap();
                Candidate { number, key: ItemKey(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15)), seen: Seen::default() }
            };
            let mut all: Vec<(f64, Candidate)> =
                scores.iter().enumerate().map(|(at, score)| (f64::from(*score), candidate(at))).collect();
            let mut best = Best::default();
            for (score, one) in all.clone() {
                if best.may_take(score + 0.5) {
                    best.take(score, one);
                }
            }
            all.sort_by(best_first);
            all.truncate(N_CANDIDATES_MAX);
            let expected: Vec<Candidate> = all.into_iter().map(|(_, one)| one).collect();
            prop_assert_eq!(best.in_order(), expected);
        }

        /// No title says more than the best of its length could.
        #[test]
        fn no_title_says_more_than_the_best(
            words in proptest::collection::vec(0_u32..4, 0..4),
            title in proptest::collection::vec(0_u32..4, 0..5),
        ) {
            let seen = Seen { text: 0.25, ever: 0.125, ..Seen::default() };
            let most = impersonal(&seen.titled_at_best(&words, title.len()));
            prop_assert!(impersonal(&seen.titled(&words, &title)) <= most);
        }
    }
}
