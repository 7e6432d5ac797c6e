//! Which passages have the words of a question, and how much do they say?

/// How soon a word that stands there again says nothing more.
const K1: f64 = 1.2;
/// How far a long passage is held against what stands in it.
const B: f64 = 0.75;

/// How often words stand in which passages.
///
/// ```text
/// idf[w]     = ln(1 + (n - n_with[w] + 0.5) / (n_with[w] + 0.5))
/// length[p]  = sum over words of tf[p, w],      mean = the mean length
/// norm[p]    = k1 (1 - b + b length[p] / mean),   k1 = 1.2, b = 0.75
/// bm25[p, q] = sum over words of q of  idf[w] tf[p, w] (k1 + 1) / (tf[p, w] + norm[p])
/// ```
/// `tf` may be weighed: what stands in a heading counts several times. *Guarantees*: never below 0, and not larger where a word is
/// taken from a passage of the same length. *Source*: Robertson and Zaragoza 2009, doi:10.1561/1500000019, equations 3.15 and 3.21, with the `1 +` of
/// Lucene so that no word speaks against a passage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bm25 {
    n: usize,
    starts: Vec<u32>,
    /// The passages of each word, ascending, with how often it stands there.
    passages: Vec<(u32, f32)>,
    norms: Vec<f32>,
}

impl Bm25 {
    /// Of each passage its words, each once and with its count, and how many words there are.
    pub(super) fn of(counted: &[Vec<(u32, f32)>], n_words: usize) -> Self {
        let mut n_with = vec![0_u32; n_words];
        counted.iter().flatten().for_each(|(word, _)| n_with[*word as usize] += 1);
        let mut starts = vec![0_u32];
        let mut so_far = 0;
        for n in &n_with {
            so_far += n;
            starts.push(so_far);
        }
        let (mut passages, mut places) = (vec![(0, 0.0); so_far as usize], starts.clone());
        for (passage, words) in (0_u32..).zip(counted) {
            for (word, count) in words {
                let place = &mut places[*word as usize];
                passages[*place as usize] = (passage, *count);
                *place += 1;
            }
        }
        let lengths: Vec<f64> =
            counted.iter().map(|words| words.iter().map(|(_, count)| f64::from(*count)).sum()).collect();
        let mean = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        let norm = |length: &f64| crate::linear::narrow(K1 * (1.0 - B + B * length / mean.max(f64::MIN_POSITIVE)));
        Self { n: counted.len(), starts, passages, norms: lengths.iter().map(norm).collect() }
    }

    /// Where a word stands, and how often.
    pub(super) fn with(&self, word: u32) -> &[(u32, f32)] {
        let word = word as usize;
        let bounds = self.starts.get(word).zip(self.starts.get(word + 1));
        bounds.and_then(|(from, until)| self.passages.get(*from as usize..*until as usize)).unwrap_or_default()
    }

    /// How much a word says that stands in so many passages.
    pub(super) fn idf(&self, n_with: usize) -> f64 {
        let (n, n_with) = (self.n as f64, n_with as f64);
        (1.0 + (n - n_with + 0.5) / (n_with + 0.5)).ln()
    }

    /// What it counts that a word stands so often in a passage, from 0 to `k1 + 1`.
    pub(super) fn counts(&self, passage: u32, tf: f32) -> f64 {
        let tf = f64::from(tf);
        tf * (K1 + 1.0) / (tf + f64::from(self.norms[passage as usize]))
    }

    /// The most that [`Self::counts`] can come to.
    pub(super) const COUNTS_MAX: f64 = K1 + 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Passages of the words 0, 1 and 2: "0 1", "1 1 2", "2".
    fn three() -> Bm25 {
        Bm25::of(&[vec![(0, 1.0), (1, 1.0)], vec![(1, 2.0), (2, 1.0)], vec![(2, 1.0)]], 3)
    }

    fn bm25(index: &Bm25, words: &[u32], passage: u32) -> f64 {
        let of = |word: &u32| {
            let with = index.with(*word);
            let found = with.iter().find(|(at, _)| *at == passage);
            found.map_or(0.0, |(at, tf)| index.idf(with.len()) * index.counts(*at, *tf))
        };
        words.iter().map(of).sum()
    }

    #[test]
    fn numbers_are_those_that_are_found_by_hand() {
        let index = three();
        // Of three passages one has 0: ln(1 + 2.5 / 1.5) = ln(8 / 3); two have 1: ln(1 + 1.5 / 2.5) = ln(1.6).
        assert!((index.idf(1) - (8.0_f64 / 3.0).ln()).abs() < 1e-12);
        assert!((index.idf(2) - 1.6_f64.ln()).abs() < 1e-12);
        // The mean length is (2 + 3 + 1) / 3 = 2, so the norms are 1.2 (0.25 + 0.75 length / 2): 1.2, 1.65 and 0.75.
        for (words, passage, expected) in [
            (vec![0], 0, (8.0_f64 / 3.0).ln() * 2.2 / 2.2),
            (vec![1], 0, 1.6_f64.ln() * 2.2 / 2.2),
            (vec![1], 1, 1.6_f64.ln() * 4.4 / 3.65),
            (vec![2], 2, 1.6_f64.ln() * 2.2 / 1.75),
            (vec![0, 1], 0, (8.0_f64 / 3.0).ln() + 1.6_f64.ln()),
            (vec![0, 2], 1, 1.6_f64.ln() * 2.2 / 2.65),
            (vec![0], 2, 0.0),
        ] {
            let found = bm25(&index, &words, passage);
            assert!((found - expected).abs() < 1e-6, "{words:?} in {passage}: {found}, not {expected}");
        }
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let none = Bm25::of(&[], 0);
        assert_eq!((none.with(0), none.with(7)), (&[][..], &[][..]));
        assert!(none.idf(0).is_finite());
        let empty = Bm25::of(&[vec![], vec![]], 1);
        assert!(empty.counts(0, 1.0).is_finite());
    }

    proptest! {
        #[test]
        fn a_word_more_says_more_and_never_more_than_it_can(
            counts in prop::collection::vec(prop::collection::vec(0_u8..4, 5), 1..12), word in 0_u32..5,
        ) {
            let counted = |row: &Vec<u8>| {
                (0_u32..).zip(row).filter(|(_, n)| **n > 0).map(|(word, n)| (word, f32::from(*n))).collect()
            };
            let rows: Vec<Vec<(u32, f32)>> = counts.iter().map(counted).collect();
            let index = Bm25::of(&rows, 5);
            for (passage, tf) in index.with(word) {
                let (once, again) = (index.counts(*passage, *tf), index.counts(*passage, tf + 1.0));
                prop_assert!(once > 0.0 && again > once && again <= Bm25::COUNTS_MAX);
            }
            prop_assert!(index.idf(index.with(word).len()) > 0.0);
            let n: usize = (0..5).map(|word| index.with(word).len()).sum();
            prop_assert_eq!(n, rows.iter().map(Vec::len).sum::<usize>());
        }
    }
}
