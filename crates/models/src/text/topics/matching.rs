//! Which of one set belongs to which of another, so that all together belong best?

/// For each row its column, of which each is taken once at most, so that the sum of the costs is smallest. Rows are no more than columns.
///
/// *Cost*: rows squared times columns. *Source*: Kuhn 1955, doi:10.1002/nav.3800020109, with the potentials of Jonker and Volgenant 1987.
pub(super) fn cheapest(costs: &[Vec<f64>]) -> Vec<usize> {
    let (n, m) = (costs.len(), costs.first().map_or(0, Vec::len));
    // Rows and columns are counted from 1; 0 is where a search begins.
    let (mut of_row, mut of_column) = (vec![0.0; n + 1], vec![0.0; m + 1]);
    let mut taken_by = vec![0_usize; m + 1];
    for row in 1..=n {
        taken_by[0] = row;
        let (mut at, mut least, mut from) = (0, vec![f64::INFINITY; m + 1], vec![0; m + 1]);
        let mut is_seen = vec![false; m + 1];
        while taken_by[at] != 0 {
            is_seen[at] = true;
            let (mut step, mut next) = (f64::INFINITY, 0);
            for column in (1..=m).filter(|column| !is_seen[*column]) {
                let cost = costs[taken_by[at] - 1][column - 1] - of_row[taken_by[at]] - of_column[column];
                if cost < least[column] {
                    (least[column], from[column]) = (cost, at);
                }
                if least[column] < step {
                    (step, next) = (least[column], column);
                }
            }
            for column in 0..=m {
                if is_seen[column] {
                    of_row[taken_by[column]] += step;
                    of_column[column] -= step;
                } else {
                    least[column] -= step;
                }
            }
            at = next;
        }
        while at != 0 {
            taken_by[at] = taken_by[from[at]];
            at = from[at];
        }
    }
    let mut columns = vec![0; n];
    for (column, row) in taken_by.iter().enumerate().skip(1).filter(|(_, row)| **row > 0) {
        columns[row - 1] = column - 1;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn smallest(costs: &[Vec<f64>], row: usize, is_taken: &mut Vec<bool>) -> f64 {
        if row == costs.len() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for column in 0..is_taken.len() {
            if !is_taken[column] {
                is_taken[column] = true;
                best = best.min(costs[row][column] + smallest(costs, row + 1, is_taken));
                is_taken[column] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_other_matching_costs_less(n in 0_usize..5, more in 0_usize..3, flat in prop::collection::vec(-9_i32..9, 40)) {
            let m = n + more;
            let costs: Vec<Vec<f64>> = (0..n).map(|row| (0..m).map(|at| f64::from(flat[row * m + at])).collect()).collect();
            let columns = cheapest(&costs);
            let distinct: std::collections::BTreeSet<_> = columns.iter().collect();
            prop_assert_eq!(distinct.len(), n);
            let found: f64 = columns.iter().enumerate().map(|(row, column)| costs[row][*column]).sum();
            prop_assert!((found - smallest(&costs, 0, &mut vec![false; m])).abs() < 1e-9);
        }
    }
}
