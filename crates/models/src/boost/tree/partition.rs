//! How do the rows of a leaf become those of its children? In place, each side keeping its order.

use rayon::prelude::*;

const CHUNK: usize = 16_384;

/// Puts the rows that go left before the others; answers how many they are. `spare` has room for as many.
pub(super) fn partition(rows: &mut [u32], spare: &mut [u32], goes_left: impl Fn(u32) -> bool + Sync) -> usize {
    let n_rows = rows.len();
    // Each chunk is parted by itself, the left in place and the right in the spare room; then they are moved together.
    let chunks = rows.par_chunks_mut(CHUNK).zip(spare[..n_rows].par_chunks_mut(CHUNK));
    let lefts: Vec<usize> = chunks.map(|(rows, spare)| part(rows, spare, &goes_left)).collect();
    let mut at = 0;
    for (chunk, n_left) in lefts.iter().enumerate() {
        rows.copy_within(chunk * CHUNK..chunk * CHUNK + n_left, at);
        at += n_left;
    }
    let n_left = at;
    for (spare, n_left) in spare[..n_rows].chunks(CHUNK).zip(lefts) {
        let rights = &spare[..spare.len() - n_left];
        rows[at..at + rights.len()].copy_from_slice(rights);
        at += rights.len();
    }
    n_left
}

/// Written without branches: which way a row goes is hard to foresee.
fn part(rows: &mut [u32], spare: &mut [u32], goes_left: &impl Fn(u32) -> bool) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        let is_left = usize::from(goes_left(row));
        rows[left] = row;
        spare[right] = row;
        left += is_left;
        right += 1 - is_left;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_their_order() {
        for n_rows in [0, 1, 5, CHUNK, CHUNK + 1, 3 * CHUNK + 77] {
            for divisor in [1, 2, 7, u32::MAX] {
                let goes_left = |row: u32| row.is_multiple_of(divisor);
                let all: Vec<u32> = (1..).take(n_rows).collect();
                let (mut rows, mut spare) = (all.clone(), vec![0; n_rows + 3]);
                let n_left = partition(&mut rows, &mut spare, goes_left);
                let (left, right): (Vec<u32>, Vec<u32>) = all.into_iter().partition(|row| goes_left(*row));
                assert_eq!((n_left, rows), (left.len(), [left, right].concat()), "{n_rows} {divisor}");
            }
        }
    }
}
