//! How much gradient lies in each bin? One pass over the rows of a leaf for eight columns at once.

use crate::boost::binned::WIDTH;
use rayon::prelude::*;

/// A word for every bin of a column, the last one for missing values.
pub(super) type Bins = [u64; 256];
/// The bins of the columns that share a word of a row.
type Block = [Bins; WIDTH];

const EMPTY: Block = [[0; 256]; WIDTH];
/// How many rows one thread counts at least before it shares the work.
const CHUNK: usize = 1 << 15;

/// The cells of all blocks.
pub(super) type Histogram = Vec<Cells>;

/// What lies in the bins of a block.
pub(super) struct Cells {
    /// The sums of gradients, in the words of [`super::Quantised`].
    pairs: Box<Block>,
    /// How many rows, where somebody wants to know.
    counts: Option<Box<Block>>,
}

impl Cells {
    pub(super) fn new(with_counts: bool) -> Self {
        Self { pairs: Box::new(EMPTY), counts: with_counts.then(|| Box::new(EMPTY)) }
    }

    /// Adds rows of a block; without rows, all there are.
    pub(super) fn fill(&mut self, words: &[u64], rows: Option<&[u32]>, pairs: &[u64]) {
        add(&mut self.pairs, words, rows, &|row| pairs[row]);
        if let Some(counts) = &mut self.counts {
            add(counts, words, rows, &|_| 1);
        }
    }

    /// Takes away what is in another one.
    pub(super) fn subtract(&mut self, other: &Self) {
        let less = |from: &mut Block, other: &Block| {
            for (from, other) in from.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
                *from = from.wrapping_sub(*other);
            }
        };
        less(&mut self.pairs, &other.pairs);
        if let (Some(counts), Some(other)) = (&mut self.counts, &other.counts) {
            less(counts, other);
        }
    }

    /// Column by column, the sums and the counts.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&Bins, Option<&Bins>)> {
        let counts = |at: usize| self.counts.as_ref().map(|counts| &counts[at]);
        self.pairs.iter().enumerate().map(move |(at, pairs)| (pairs, counts(at)))
    }
}

/// Adds `value` of each row to its bin of every column. Sums of whole numbers: who adds which part does not show.
fn add(into: &mut Block, words: &[u64], rows: Option<&[u32]>, value: &(impl Fn(usize) -> u64 + Sync)) {
    let n_rows = rows.map_or(words.len(), <[u32]>::len);
    if n_rows <= CHUNK {
        return add_some(into, words, rows, 0..n_rows, value);
    }
    let chunks = (0..n_rows.div_ceil(CHUNK)).into_par_iter();
    let part = |chunk: usize| {
        let mut part = Box::new(EMPTY);
        add_some(&mut part, words, rows, chunk * CHUNK..((chunk + 1) * CHUNK).min(n_rows), value);
        part
    };
    let merge = |mut one: Box<Block>, other: Box<Block>| {
        for (into, from) in one.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
            *into = into.wrapping_add(*from);
        }
        one
    };
    if let Some(all) = chunks.map(part).reduce_with(merge) {
        for (into, from) in into.as_flattened_mut().iter_mut().zip(all.as_flattened()) {
            *into = into.wrapping_add(*from);
        }
    }
}

fn add_some(
    into: &mut Block,
    words: &[u64],
    rows: Option<&[u32]>,
    range: std::ops::Range<usize>,
    value: &impl Fn(usize) -> u64,
) {
    match rows {
        Some(rows) => rows[range].iter().for_each(|row| add_one(into, words[*row as usize], value(*row as usize))),
        None => range.clone().zip(&words[range]).for_each(|(row, word)| add_one(into, *word, value(row))),
    }
}

#[inline(always)]
fn add_one(into: &mut Block, word: u64, value: u64) {
    for (bins, bin) in into.iter_mut().zip(word.to_le_bytes()) {
        let cell = &mut bins[usize::from(bin)];
        *cell = cell.wrapping_add(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rows_are_counted_as_few_are() {
        let n_rows = CHUNK * 2 + 5;
        let word =
            |row: usize| u64::from_le_bytes(std::array::from_fn(|k| u8::try_from((row * (k + 1)) % 251).unwrap()));
        let words: Vec<u64> = (0..n_rows).map(word).collect();
        let pairs: Vec<u64> = (0..n_rows as u64).map(|row| row * row + 1).collect();
        let rows: Vec<u32> = (0..).take(n_rows).collect();
        let mut expected = vec![[0_u64; 256]; WIDTH];
        for (word, pair) in words.iter().zip(&pairs) {
            for (column, bin) in word.to_le_bytes().into_iter().enumerate() {
                expected[column][usize::from(bin)] += pair;
            }
        }
        let sums = |cells: &Cells| cells.columns().map(|(pairs, _)| *pairs).collect::<Vec<Bins>>();
        let mut all = Cells::new(true);
        all.fill(&words, None, &pairs);
        assert_eq!(sums(&all), expected);
        let counted: Vec<u64> = all.columns().map(|(_, counts)| counts.unwrap().iter().sum()).collect();
        assert_eq!(counted, [n_rows as u64; WIDTH]);
        let (mut some, mut rest) = (Cells::new(true), Cells::new(true));
        some.fill(&words, Some(&rows[..CHUNK + 9]), &pairs);
        rest.fill(&words, Some(&rows[CHUNK + 9..]), &pairs);
        all.subtract(&some);
        assert_eq!(sums(&all), sums(&rest));
        let counts = |cells: &Cells| cells.columns().map(|(_, counts)| *counts.unwrap()).collect::<Vec<Bins>>();
        assert_eq!(counts(&all), counts(&rest));
    }
}
