//! Which values are classes of their own? The most frequent ones, of which there are enough; all others are one together.

use crate::body::OTHER;
use crate::outcome::nameable;

/// At most so many values are told apart.
pub(super) const N_CLASSES_MAX: usize = 20;

/// A value is a class where so many rows have it, of so many customers: with fewer there is nothing to learn.
pub(super) const N_ROWS_MIN: usize = 20;
const N_CUSTOMERS_MIN: usize = 10;

/// The values that are classes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Vocabulary {
    /// The most frequent first, ties by name.
    pub(super) names: Vec<String>,
    /// How many different values there are.
    pub(super) n_different: usize,
    /// How many rows have one that is no class.
    pub(super) n_other: usize,
}

impl Vocabulary {
    /// From the values of rows, each with the place of its customer. Sorting needs no more than a word for each row, however
    /// many different values there are.
    pub(super) fn of(mut rows: Vec<(&str, usize)>) -> Self {
        rows.iter_mut().for_each(|(value, _)| *value = value.trim());
        rows.sort_unstable();
        let (mut n_different, n_rows) = (0, rows.len());
        let mut frequent: Vec<(usize, &str)> = Vec::new();
        for run in rows.chunk_by(|a, b| a.0 == b.0) {
            n_different += 1;
            let n_customers = run.chunk_by(|a, b| a.1 == b.1).count();
            // What all others are called cannot be told from them.
            let is_named = nameable(run[0].0).is_some() && run[0].0 != OTHER;
            if is_named && run.len() >= N_ROWS_MIN && n_customers >= N_CUSTOMERS_MIN {
                frequent.push((run.len(), run[0].0));
            }
        }
        frequent.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        frequent.truncate(N_CLASSES_MAX);
        let n_named: usize = frequent.iter().map(|(n, _)| n).sum();
        let names = frequent.into_iter().map(|(_, name)| name.to_owned()).collect();
        Self { names, n_different, n_other: n_rows - n_named }
    }

    /// How many parts an answer has: the classes, all other values, nothing.
    pub(super) fn n_parts(&self) -> usize {
        self.names.len() + 2
    }

    /// What should be known before the probabilities are believed.
    pub(super) fn doubt(&self) -> Option<String> {
        (self.n_other > 0).then(|| {
            format!(
                "There are {} different values, of which {} are told apart: those that came most often, each at least \
                 {N_ROWS_MIN} times. All others are \"{OTHER}\" together",
                self.n_different,
                self.names.len()
            )
        })
    }
}

/// The place of what came among classes, all other values and nothing.
pub(super) fn place(names: &[String], value: Option<&str>) -> usize {
    match value.map(str::trim) {
        None => names.len() + 1,
        Some(value) => names.iter().position(|name| name == value).unwrap_or(names.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(value: &str, n: usize, n_customers: usize) -> Vec<(&str, usize)> {
        (0..n).map(|row| (value, row % n_customers)).collect()
    }

    #[test]
    fn frequent_values_of_enough_customers_are_classes() {
        let all = [
            rows("rare", 19, 19),
            rows("b", 20, 10),
            rows(" b", 1, 1),
            rows("few", 50, 9),
            rows("a", 21, 21),
            rows("c", 30, 12),
            rows(OTHER, 40, 40),
            rows(" ", 30, 30),
        ];
        let found = Vocabulary::of(all.concat());
        assert_eq!(found.names, ["c", "a", "b"], "by frequency, then by name");
        assert_eq!((found.n_different, found.n_other, found.n_parts()), (7, 19 + 50 + 40 + 30, 5));
        let places = [Some("c"), Some("b "), Some("rare"), Some("never seen"), None];
        assert_eq!(places.map(|value| place(&found.names, value)), [0, 2, 3, 3, 4]);
        assert!(found.doubt().unwrap().contains("7 different values, of which 3"));
        assert_eq!(Vocabulary::of(rows("a", 20, 10)).doubt(), None);
        assert_eq!(Vocabulary::of(Vec::new()), Vocabulary::default());
    }

    #[test]
    fn a_million_different_values_are_one_class_together() {
        let texts: Vec<String> = (0..1_000_000).map(|n| n.to_string()).collect();
        let mut all: Vec<(&str, usize)> = texts.iter().map(|text| (text.as_str(), 3)).collect();
        let names: Vec<String> = (0..30).map(|n| format!("class {n:02}")).collect();
        names.iter().for_each(|name| all.extend(rows(name, 25, 25)));
        let found = Vocabulary::of(all);
        assert_eq!((found.names.len(), found.names[0].as_str()), (N_CLASSES_MAX, "class 00"));
        assert_eq!((found.n_different, found.n_other), (1_000_030, 1_000_000 + 250));
        let long = "x".repeat(101);
        assert!(Vocabulary::of(rows(&long, 99, 99)).names.is_empty(), "a letter is no class");
    }
}
