//! Are the boosted forest's scores and explanations right?

mod growing;

use super::forest::{Ask, Forest, Node, Split, Stored};
use super::{Binned, BoostModel, BoostSettings, Column, Lesson, Logistic, Rows};
use crate::{Frame, ModelError};
use primitives::Seed;
use proptest::prelude::*;

/// Rows with a pattern, noise and, in every column, missing values. The last column is missing where the answer is
/// mostly yes and else always the same.
fn data(n_rows: usize, n_features: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut random = Seed::new(seed).stream("boost-test", 0);
    let (mut data, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..n_rows {
        let row: Vec<f64> = (0..n_features).map(|_| (random.random::<f64>() * 40.0).round() / 4.0 - 5.0).collect();
        let yes = row[0] + row[1] * row[2] / 4.0 + 2.0 * random.random::<f64>() > 1.0;
        labels.push(if yes { 1.0 } else { 0.0 });
        let last = n_features - 1;
        data.extend(row.iter().enumerate().map(|(feature, value)| match feature {
            feature if feature == last => {
                if yes && random.random::<f64>() < 0.3 {
                    f64::NAN
                } else {
                    7.0
                }
            }
            _ if random.random::<f64>() < 0.1 => f64::NAN,
            _ => *value,
        }));
    }
    (data, labels)
}

fn small() -> BoostSettings {
    BoostSettings { n_trees: 12, learning_rate: 0.3, max_leaves: 12, max_depth: 5, ..BoostSettings::default() }
}

/// Numbers written as their bits.
fn from_bits(words: &str) -> Vec<f64> {
    words.split_whitespace().map(|word| f64::from_bits(u64::from_str_radix(word, 16).unwrap())).collect()
}

#[test]
fn models_of_earlier_programs_say_what_they_said() {
    // Written by the program of 2026-11-29, whose trees were grown by forust-ml 0.8.
    let text = include_str!("../../tests/fixtures/boosted-forest-v1.txt");
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    let (mut model, mut row, mut n_shares) = (None, Vec::new(), 0);
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap();
        match word {
            "model" => {
                let byte = |at: usize| u8::from_str_radix(&rest[at..at + 2], 16).unwrap();
                let bytes: Vec<u8> = (0..rest.len()).step_by(2).map(byte).collect();
                let read = BoostModel::from_bytes(&bytes).unwrap();
                assert_eq!(BoostModel::from_bytes(&read.to_bytes().unwrap()), Ok(read.clone()));
                model = Some(read);
            }
            "row" => row = from_bits(rest),
            "score" => assert_eq!(bits(&[model.as_ref().unwrap().score(&row)]), bits(&from_bits(rest))),
            _ => {
                let found = model.as_ref().unwrap().contributions(&row);
                assert_eq!(bits(&[vec![found.bias], found.values].concat()), bits(&from_bits(rest)));
                n_shares += 1;
            }
        }
    }
    assert_eq!(n_shares, 28);
}

#[test]
fn contributions_are_those_of_shap() {
    // By tests/golden/tree_shap.py; the first line names the versions.
    let text = include_str!("../../tests/golden/tree_shap.txt");
    let number = |word: &str| if word == "-" { f64::NAN } else { word.parse().unwrap() };
    let numbers = |rest: &str| rest.split(' ').map(number).collect::<Vec<f64>>();
    let mut forests = text.split("forest ").skip(1);
    let mut n_rows = 0;
    for block in &mut forests {
        let mut lines = block.lines();
        let mut builder = Forest::builder(lines.next().unwrap().parse().unwrap(), 0.0);
        let (mut row, mut forest) = (Vec::new(), None);
        for line in lines {
            let (word, rest) = line.split_once(' ').unwrap();
            match word {
                "tree" => {
                    let nodes: Vec<f64> = numbers(rest);
                    builder.tree(0, &|at| {
                        let node = &nodes[at * 6..][..6];
                        let [left, right] = [node[2], node[3]].map(|at| format!("{at}").parse().unwrap());
                        if node[0] < 0.0 {
                            return Split::Leaf { value: node[1], cover: node[5] };
                        }
                        let feature = format!("{}", node[0]).parse().unwrap();
                        let missing_left = node[4] > 0.5;
                        Split::Question { feature, ask: Ask::Below(node[1]), left, right, missing_left }
                    });
                }
                "row" => {
                    let built = || std::mem::replace(&mut builder, Forest::builder(1, 0.0)).build().unwrap();
                    forest.get_or_insert_with(built);
                    row = numbers(rest);
                }
                _ => {
                    let found = forest.as_ref().unwrap().contributions(&row);
                    for (our, their) in [vec![found.bias], found.values].concat().iter().zip(numbers(rest)) {
                        assert!((our - their).abs() < 1e-9, "{our} is not {their}");
                    }
                    n_rows += 1;
                }
            }
        }
    }
    assert_eq!(n_rows, 48);
}

/// Shapley values by their definition: every subset of features, every way down.
fn by_definition(forest: &Forest, n: usize, row: &[f64]) -> Vec<f64> {
    fn value(forest: &Forest, at: usize, known: u32, row: &[f64]) -> f64 {
        let node = &forest.nodes[at];
        if node.is_leaf() {
            return node.value();
        }
        let [left, right] = node.children();
        if known & (1 << node.feature()) != 0 {
            return value(forest, if forest.goes_right(node, row) { right } else { left }, known, row);
        }
        let share = |child: usize| forest.cover[child] / forest.cover[at] * value(forest, child, known, row);
        share(left) + share(right)
    }
    let all = |known: u32| forest.roots.iter().map(|root| value(forest, *root as usize, known, row)).sum::<f64>();
    let factorial = |k: u32| (1..=k).map(f64::from).product::<f64>();
    let n_all = u32::try_from(n).unwrap();
    (0..n)
        .map(|feature| {
            let others = (0..1_u32 << n).filter(|known| known & (1 << feature) == 0);
            others
                .map(|known| {
                    let size = known.count_ones();
                    let weight = factorial(size) * factorial(n_all - size - 1) / factorial(n_all);
                    weight * (all(known | 1 << feature) - all(known))
                })
                .sum()
        })
        .collect()
}

#[test]
fn contributions_are_the_shapley_values() {
    let (n_rows, n_features) = (400, 5);
    let (data, labels) = data(n_rows, n_features, 9);
    let frame = Frame::new(&data, n_rows, n_features).unwrap();
    let settings = BoostSettings { min_leaf_weight: 0.5, max_depth: 8, max_leaves: 30, ..small() };
    let model = settings.fit(frame, &labels, None, Seed::new(1)).unwrap();
    for row in frame.rows().take(25).chain([&[f64::NAN; 5][..], &[f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0, 0.0]]) {
        let found = model.contributions(row);
        for (our, expected) in found.values.iter().zip(by_definition(model.forest(), n_features, row)) {
            assert!((our - expected).abs() < 1e-10, "{our} is not {expected}");
        }
        let sum = found.bias + found.values.iter().sum::<f64>();
        assert!((sum - model.score(row)).abs() < 1e-9);
    }
}

#[test]
fn one_split_by_hand() {
    // A quarter of the cover goes left to 4, the rest right to 0; missing goes left.
    let mut builder = Forest::builder(2, 10.0);
    builder.tree(0, &|at| match at {
        0 => Split::Question { feature: 1, ask: Ask::Below(2.0), left: 1, right: 2, missing_left: true },
        1 => Split::Leaf { value: 4.0, cover: 1.0 },
        _ => Split::Leaf { value: 0.0, cover: 3.0 },
    });
    let forest = builder.build().unwrap();
    for (value, score) in [(1.9, 14.0), (2.0, 10.0), (f64::NAN, 14.0), (f64::INFINITY, 10.0), (f64::NEG_INFINITY, 14.0)]
    {
        assert!((forest.score(&[0.0, value]) - score).abs() < 1e-12, "{value}");
        let found = forest.contributions(&[0.0, value]);
        assert!((found.bias - 11.0).abs() < 1e-12 && (found.values[1] - (score - 11.0)).abs() < 1e-12);
        assert!(found.values[0].abs() < 1e-12);
    }
    assert!((forest.score(&[0.0]) - 14.0).abs() < 1e-12, "a row that is too short lacks its end");
    assert!((forest.contributions(&[]).bias - 11.0).abs() < 1e-12);
}

#[test]
fn threads_do_not_show() {
    let (n_rows, n_features) = (3_000, 12);
    let (data, labels) = data(n_rows, n_features, 5);
    let fit = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let frame = Frame::new(&data, n_rows, n_features).unwrap();
        pool.install(|| small().fit(frame, &labels, None, Seed::new(1)).unwrap().to_bytes().unwrap())
    };
    let one = fit(1);
    assert!(one == fit(2) && one == fit(5));
}

#[test]
fn no_information_gives_the_base_rate() {
    let data = [3.0, f64::NAN, 3.0, f64::NAN, 3.0, f64::NAN, 3.0, f64::NAN];
    let frame = Frame::new(&data, 4, 2).unwrap();
    let model = small().fit(frame, &[1.0, 0.0, 1.0, 1.0], None, Seed::new(1)).unwrap();
    assert_eq!(model.forest().n_trees(), 0);
    assert!((model.score(&[1.0, 2.0]) - 3_f64.ln()).abs() < 1e-12);
    assert_eq!(BoostModel::from_bytes(&model.to_bytes().unwrap()), Ok(model));
}

#[test]
fn settings_outside_their_range_are_named() {
    let frame = Frame::new(&[1.0, 2.0], 2, 1).unwrap();
    for settings in [
        BoostSettings { learning_rate: f64::NAN, ..small() },
        BoostSettings { max_depth: 99, ..small() },
        BoostSettings { l2: -1.0, ..small() },
    ] {
        let error = settings.fit(frame, &[0.0, 1.0], None, Seed::new(1)).unwrap_err();
        assert!(matches!(error, ModelError::Setting { settings: "BoostSettings", .. }), "{error}");
    }
    assert!(BoostSettings::RANGES.iter().all(|range| (range.min..=range.max).contains(&range.default)));
}

/// The bytes of a model that asks for categories in its first column.
fn stored() -> Vec<u8> {
    let (mut data, labels) = data(80, 3, 2);
    data.chunks_mut(3).for_each(|row| row[0] = (row[0] + 5.0).floor());
    let settings = BoostSettings { n_trees: 4, min_leaf_weight: 0.5, category_smoothing: 0.1, ..small() };
    let binned = Binned::new(Frame::new(&data, 80, 3).unwrap(), &[Column::Category], 255).unwrap();
    let learned = settings.learn(&Lesson::new(Rows::new(&binned, &labels)), &Logistic, Seed::new(1)).unwrap();
    let model = learned.into_one();
    let is_asked = |question: fn(&Node) -> bool| model.forest().nodes.iter().any(question);
    assert!(is_asked(|node| node.is_of_category()) && is_asked(|node| !node.is_of_category() && !node.is_leaf()));
    model.to_bytes().unwrap()
}

#[test]
fn questions_about_categories_that_are_not_there_are_corrupt() {
    let stored = || Stored::from(BoostModel::from_bytes(&BYTES.with(Clone::clone)).unwrap().forest().clone());
    assert!(Forest::try_from(stored()).is_ok());
    let changes: [fn(&mut Stored); 5] = [
        |stored| stored.sets.truncate(stored.sets.len() - 1),
        |stored| stored.codes.clear(),
        |stored| stored.codes[0].0 = 3,
        |stored| stored.codes[0].1.clear(),
        |stored| stored.codes.push(stored.codes[0].clone()),
    ];
    for change in changes {
        let mut changed = stored();
        change(&mut changed);
        assert!(matches!(Forest::try_from(changed), Err(ModelError::Corrupt { .. })));
    }
}

#[test]
fn bytes_of_another_version_or_length_are_corrupt() {
    let bytes = stored();
    assert!(BoostModel::from_bytes(&bytes).is_ok());
    let longer = [&bytes[..], &[0]].concat();
    let other = [&[9], &bytes[1..]].concat();
    for wrong in [&[][..], &bytes[..bytes.len() - 1], &longer, &other] {
        let error = BoostModel::from_bytes(wrong).unwrap_err();
        assert_eq!(error.kind(), primitives::ErrorKind::Corrupt, "{error}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_never_panic_nor_hang(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = BYTES.with(Clone::clone);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(model) = BoostModel::from_bytes(&bytes) {
            let _ = (model.score(&[0.5, f64::NAN]), model.contributions(&[0.5, f64::NAN]));
        }
    }
}
thread_local! {
    static BYTES: Vec<u8> = stored();
}
