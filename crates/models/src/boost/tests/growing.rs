//! Do trees grow as they are told to?

use super::super::{
    Binned, BoostModel, BoostSettings, Column, Cox, Gamma, LambdaRank, Learned, Lesson, Logistic, Monotone, Objective,
    Poisson, Quantile, Rows, Softmax, Squared, Tweedie, XeNdcg,
};
use crate::boost::tree::{Grower, MEMORY_MAX, Quantised};
use crate::{Frame, ModelError, metrics};
use primitives::Seed;
use proptest::prelude::*;

/// Many quick steps: what can be learned is learned.
fn quick() -> BoostSettings {
    BoostSettings {
        n_trees: 60,
        learning_rate: 0.3,
        max_leaves: 8,
        max_depth: 5,
        min_leaf_weight: 0.1,
        ..BoostSettings::default()
    }
}

/// Exact: a step leads all the way, and nothing holds it back.
fn exact() -> BoostSettings {
    BoostSettings { n_trees: 1, learning_rate: 1.0, l2: 0.0, category_smoothing: 0.0, min_leaf_weight: 0.0, ..quick() }
}

fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut random = Seed::new(seed).stream("growing", 0);
    (0..n).map(|_| random.random::<f64>()).collect()
}

fn binned(data: &[f64], n_features: usize, columns: &[Column]) -> Binned {
    Binned::new(Frame::new(data, data.len() / n_features, n_features).unwrap(), columns, 255).unwrap()
}

fn learn(settings: &BoostSettings, rows: Rows<'_>, objective: &dyn Objective) -> BoostModel {
    settings.learn(&Lesson::new(rows), objective, Seed::new(1)).unwrap().into_one()
}

/// The leaves that a single column leads to, as pairs of a row's feature and its score.
fn scores(model: &BoostModel, asked: &[f64]) -> Vec<f64> {
    asked.iter().map(|x| model.score(&[*x])).collect()
}

fn near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(is_near, "{found:?} is not {expected:?}");
}

#[test]
fn one_tree_by_hand() {
    // Means of 2, 6 and 20 below 3, below 5 and from 5 on; the mean of all is 9.
    let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let numbers = [1.0, 3.0, 5.0, 7.0, 20.0, 20.0, 8.0, 8.0];
    let binned = binned(&data, 1, &[]);
    let rows = Rows::new(&binned, &numbers);
    let two = BoostSettings { max_leaves: 2, ..exact() };
    // The largest gain is between 4 and 5: 4 * 4 * (4 - 14)^2 / 8 = 200.
    near(&scores(&learn(&two, rows, &Squared), &[0.0, 4.4, 4.6, 9.0]), &[4.0, 4.0, 14.0, 14.0], 1e-6);
    let three = BoostSettings { max_leaves: 3, ..exact() };
    near(&scores(&learn(&three, rows, &Squared), &[4.0, 5.0, 6.0, 7.0]), &[4.0, 20.0, 20.0, 8.0], 1e-6);
    // With l2 of 4 and half of each step, a leaf of four rows is a quarter of the way.
    let slow = BoostSettings { l2: 4.0, learning_rate: 0.5, ..two };
    near(&scores(&learn(&slow, rows, &Squared), &[1.0, 8.0]), &[9.0 - 1.25, 9.0 + 1.25], 1e-6);
    // Of two leaves that gain the same, the older one comes first.
    let even = Rows::new(&binned, &[0.0, 0.0, 4.0, 4.0, 100.0, 100.0, 104.0, 104.0]);
    near(&scores(&learn(&three, even, &Squared), &[1.0, 4.0, 5.0, 8.0]), &[0.0, 4.0, 102.0, 102.0], 1e-5);
    // Every row has its own leaf where it may.
    let all = BoostSettings { max_depth: 32, max_leaves: 31, ..exact() };
    near(&scores(&learn(&all, rows, &Squared), &data), &numbers, 1e-6);
}

#[test]
fn limits_are_kept_at_their_edge() {
    let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let numbers = [90.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let binned = binned(&data, 1, &[]);
    let rows = Rows::new(&binned, &numbers);
    let n_leaves = |settings: BoostSettings| learn(&settings, rows, &Squared).forest().n_nodes().div_ceil(2);
    let first = |settings: BoostSettings| scores(&learn(&settings, rows, &Squared), &[1.0, 2.0, 3.0]);
    for limited in [BoostSettings { min_leaf_rows: 2, ..exact() }, BoostSettings { min_leaf_weight: 2.0, ..exact() }] {
        near(&first(limited.clone()), &[45.0, 45.0, 0.0], 1e-5);
        let mirrored = learn(&limited, Rows::new(&binned, &[0.0, 0.0, 0.0, 0.0, 0.0, 90.0]), &Squared);
        near(&scores(&mirrored, &[4.0, 5.0, 6.0]), &[0.0, 45.0, 45.0], 1e-5);
    }
    let more = [BoostSettings { min_leaf_rows: 4, ..exact() }, BoostSettings { min_leaf_weight: 3.01, ..exact() }];
    more.into_iter().for_each(|limited| assert_eq!(n_leaves(limited), 0, "no six rows are two leaves of four"));
    // 90 in one row of six: 15 is the mean, and the gain 75^2 + 75^2 / 5 = 6,750.
    assert_eq!(n_leaves(BoostSettings { min_gain: 6_749.0, ..exact() }), 2);
    assert_eq!(n_leaves(BoostSettings { min_gain: 6_751.0, ..exact() }), 0);
    assert_eq!(n_leaves(BoostSettings { max_leaves: 2, ..exact() }), 2);
    let depth = BoostSettings { max_depth: 2, max_leaves: 31, ..exact() };
    let numbers = [1.0, 2.0, 4.0, 101.0, 102.0, 104.0];
    assert_eq!(learn(&depth, Rows::new(&binned, &numbers), &Squared).forest().n_nodes(), 7);
}

#[test]
fn missing_values_go_where_they_gain_most() {
    let data = [1.0, 2.0, 3.0, 4.0, f64::NAN, f64::NAN];
    let binned = binned(&data, 1, &[]);
    let two = BoostSettings { max_leaves: 2, ..exact() };
    let of = |numbers: [f64; 6]| scores(&learn(&two, Rows::new(&binned, &numbers), &Squared), &[1.0, 4.0, f64::NAN]);
    near(&of([0.0, 0.0, 9.0, 9.0, 0.0, 0.0]), &[0.0, 9.0, 0.0], 1e-6);
    near(&of([0.0, 0.0, 9.0, 9.0, 9.0, 9.0]), &[0.0, 9.0, 9.0], 1e-6);
    near(&of([4.0, 4.0, 4.0, 4.0, 8.0, 8.0]), &[4.0, 4.0, 8.0], 1e-6);
    // Where none was missing: with most of the rest.
    let of = |numbers: [f64; 4]| {
        let known = super::growing::binned(&data[..4], 1, &[]);
        scores(&learn(&two, Rows::new(&known, &numbers), &Squared), &[f64::NAN])
    };
    near(&of([5.0, 5.0, 5.0, 9.0]), &[5.0], 1e-6);
    near(&of([5.0, 9.0, 9.0, 9.0]), &[9.0], 1e-6);
    near(&of([5.0, 5.0, 9.0, 9.0]), &[5.0], 1e-6);
}

#[test]
fn categories_are_parted_as_sets() {
    // Categories 3 and 9 are worth 10, 1, 4 and 7 nothing: no threshold parts them. 7 is rare, and 5 was never seen.
    let codes = [3.0, 9.0, 1.0, 4.0, 7.0];
    let counts = [6, 5, 4, 4, 1];
    let data: Vec<f64> = codes.iter().zip(counts).flat_map(|(code, n)| vec![*code; n]).collect();
    let numbers: Vec<f64> = data.iter().map(|code| if [3.0, 9.0].contains(code) { 10.0 } else { 0.0 }).collect();
    let binned = binned(&data, 1, &[Column::Category]);
    let two = BoostSettings { max_leaves: 2, ..exact() };
    let model = learn(&two, Rows::new(&binned, &numbers), &Squared);
    near(&scores(&model, &codes), &[10.0, 10.0, 0.0, 0.0, 0.0], 1e-5);
    // What is not known goes with the larger part.
    near(&scores(&model, &[5.0, f64::NAN, -1.0, 2.5, 65_535.0, 1e9]), &[10.0; 6], 1e-5);
    let why = model.contributions(&[4.0]);
    near(&[why.bias, why.values[0]], &[5.5, -5.5], 1e-5);
    let read = BoostModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(read, model);
    near(&scores(&read, &codes), &scores(&model, &codes), 0.0);
}

#[test]
fn smoothing_doubts_categories_of_few_rows() {
    // Every row has a category of its own, which tells the noise too; the number tells only what is true.
    let rows: Vec<usize> = (0..20).collect();
    let data: Vec<f64> = rows.iter().flat_map(|row| [*row as f64, (row / 10) as f64]).collect();
    let numbers: Vec<f64> =
        rows.iter().map(|row| (row / 10 * 10) as f64 + if row % 3 == 0 { 8.0 } else { 0.0 }).collect();
    let binned = binned(&data, 2, &[Column::Category]);
    let asked = |smoothing| {
        let settings = BoostSettings { category_smoothing: smoothing, max_leaves: 2, ..exact() };
        let why = learn(&settings, Rows::new(&binned, &numbers), &Squared).contributions(&data[..2]);
        [why.values[0], why.values[1]].map(|share| share.abs() > 0.0)
    };
    assert_eq!(asked(0.0), [true, false]);
    assert_eq!(asked(10.0), [false, true]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_first_category_split_is_the_best_of_all_subsets(
        rows in prop::collection::vec((0_u8..6, -20_i32..20), 6..40),
    ) {
        let data: Vec<f64> = rows.iter().map(|(code, _)| f64::from(*code)).collect();
        let numbers: Vec<f64> = rows.iter().map(|(_, number)| f64::from(*number)).collect();
        let loss = |groups: &dyn Fn(u8) -> bool| {
            let of = |side: bool| {
                let numbers = || rows.iter().filter(move |(code, _)| groups(*code) == side).map(|(_, y)| f64::from(*y));
                let mean = numbers().sum::<f64>() / numbers().count().max(1) as f64;
                numbers().map(|y| (y - mean).powi(2)).sum::<f64>()
            };
            of(true) + of(false)
        };
        let best = (0..64_u8).map(|set| loss(&|code| set >> code & 1 == 1)).fold(f64::INFINITY, f64::min);
        let binned = binned(&data, 1, &[Column::Category]);
        let settings = BoostSettings { max_leaves: 2, ..exact() };
        let model = learn(&settings, Rows::new(&binned, &numbers), &Squared);
        let found: f64 = data.iter().zip(&numbers).map(|(x, y)| (model.score(&[*x]) - y).powi(2)).sum();
        prop_assert!((found - best).abs() < 1e-4 * (1.0 + best), "{found} is not {best}");
    }

    #[test]
    fn the_first_threshold_is_the_best_of_all(
        rows in prop::collection::vec((prop::option::weighted(0.8, 0_u8..12), -20_i32..20), 4..40),
    ) {
        let data: Vec<f64> = rows.iter().map(|(x, _)| x.map_or(f64::NAN, f64::from)).collect();
        let numbers: Vec<f64> = rows.iter().map(|(_, number)| f64::from(*number)).collect();
        let loss = |is_left: &dyn Fn(Option<u8>) -> bool| {
            let of = |side: bool| {
                let numbers = || rows.iter().filter(move |(x, _)| is_left(*x) == side).map(|(_, y)| f64::from(*y));
                let mean = numbers().sum::<f64>() / numbers().count().max(1) as f64;
                numbers().map(|y| (y - mean).powi(2)).sum::<f64>()
            };
            of(true) + of(false)
        };
        let asked = (0..=12_u8).flat_map(|threshold| [(threshold, false), (threshold, true)]);
        let losses = asked.map(|(threshold, missing)| loss(&|x| x.map_or(missing, |x| x < threshold)));
        let best = losses.fold(f64::INFINITY, f64::min);
        let binned = binned(&data, 1, &[]);
        let settings = BoostSettings { max_leaves: 2, ..exact() };
        let model = learn(&settings, Rows::new(&binned, &numbers), &Squared);
        let found: f64 = data.iter().zip(&numbers).map(|(x, y)| (model.score(&[*x]) - y).powi(2)).sum();
        prop_assert!((found - best).abs() < 1e-4 * (1.0 + best), "{found} is not {best}");
    }

    #[test]
    fn monotone_columns_stay_monotone(seed in 0_u64..1_000) {
        let n_rows = 300;
        let noise = uniform(n_rows * 3, seed);
        let of = |row: usize, feature: usize| match noise[row * 3 + feature] {
            x if x < 0.1 => f64::NAN,
            x => (x * 20.0).floor(),
        };
        let data: Vec<f64> = (0..n_rows).flat_map(|row| (0..3).map(move |feature| (row, feature))).map(|(r, f)| of(r, f)).collect();
        let wave = |x: f64| if x.is_nan() { 5.0 } else { (x / 2.0).sin() * 4.0 + x / 4.0 };
        let numbers: Vec<f64> = data.chunks(3).map(|row| wave(row[0]) - wave(row[1]) + wave(row[2])).collect();
        let binned = binned(&data, 3, &[]);
        let monotone = [Monotone::Rising, Monotone::Falling];
        let lesson = Lesson { monotone: &monotone, ..Lesson::new(Rows::new(&binned, &numbers)) };
        let model = quick().learn(&lesson, &Squared, Seed::new(1)).unwrap().into_one();
        let mut moved = 0.0_f64;
        for row in data.chunks(3).take(40) {
            for feature in 0..2 {
                let at = |x: f64| {
                    let mut row = row.to_vec();
                    row[feature] = x;
                    model.score(&row) * if feature == 0 { 1.0 } else { -1.0 }
                };
                for x in 0..20 {
                    let (low, high) = (at(f64::from(x)), at(f64::from(x + 1)));
                    prop_assert!(high >= low - 1e-9, "feature {feature} at {x}: {low} and then {high}");
                    moved = moved.max(high - low);
                }
            }
        }
        prop_assert!(moved > 0.1, "a score that never moves is monotone, and useless");
    }
}

#[test]
fn what_is_not_known_is_neither_larger_nor_smaller() {
    let data = [1.0, 2.0, 3.0, 4.0, f64::NAN, f64::NAN];
    let numbers = [0.0, 1.0, 2.0, 3.0, 90.0, 90.0];
    let binned = binned(&data, 1, &[]);
    for (monotone, known) in [(Monotone::Rising, [0.0, 3.0]), (Monotone::Falling, [1.5, 1.5])] {
        let lesson = Lesson { monotone: &[monotone], ..Lesson::new(Rows::new(&binned, &numbers)) };
        let model = exact().learn(&lesson, &Squared, Seed::new(1)).unwrap().into_one();
        near(&scores(&model, &[f64::NAN, 1.0, 4.0]), &[90.0, known[0], known[1]], 1e-5);
    }
}

#[test]
fn of_columns_that_say_the_same_the_first_is_asked() {
    // Ten columns: they lie in two blocks.
    let data: Vec<f64> = (0..8).flat_map(|row| [f64::from(row); 10]).collect();
    let numbers = [1.0, 3.0, 5.0, 7.0, 20.0, 20.0, 8.0, 8.0];
    let binned = binned(&data, 10, &[]);
    let why = learn(&exact(), Rows::new(&binned, &numbers), &Squared).contributions(&[0.0; 10]);
    assert!(why.values[0].abs() > 1.0);
    near(&why.values[1..], &[0.0; 9], 0.0);
}

#[test]
fn demands_on_categories_are_refused() {
    let data = [0.0, 1.0, 2.0, 3.0];
    let binned = binned(&data, 1, &[Column::Category]);
    let lesson = Lesson { monotone: &[Monotone::Rising], ..Lesson::new(Rows::new(&binned, &data)) };
    let error = quick().learn(&lesson, &Squared, Seed::new(1)).unwrap_err();
    assert!(error.to_string().contains("feature 0 holds categories"), "{error}");
    let lesson = Lesson { monotone: &[Monotone::Free; 2], ..lesson };
    assert!(matches!(quick().learn(&lesson, &Squared, Seed::new(1)), Err(ModelError::Shape { found: 2, .. })));
}

#[test]
fn training_stops_where_it_no_longer_helps() {
    let n_rows = 400;
    let data = uniform(n_rows * 2, 5);
    let noise = uniform(n_rows, 6);
    let labels: Vec<f64> =
        data.chunks(2).zip(&noise).map(|(row, noise)| if row[0] + 2.0 * noise > 1.5 { 1.0 } else { 0.0 }).collect();
    let half = binned(&data[..n_rows], 2, &[]);
    let other = half.alike(Frame::new(&data[n_rows..], n_rows / 2, 2).unwrap()).unwrap();
    let (rows, judged) = (Rows::new(&half, &labels[..n_rows / 2]), Rows::new(&other, &labels[n_rows / 2..]));
    let lesson = Lesson { validation: Some(judged), ..Lesson::new(rows) };
    let of = |patience| {
        let settings = BoostSettings { n_trees: 200, patience, ..quick() };
        settings.learn(&lesson, &Logistic, Seed::new(1)).unwrap()
    };
    let Learned { outputs, validation_losses } = of(10);
    let best = validation_losses.iter().copied().fold(f64::INFINITY, f64::min);
    let at = validation_losses.iter().position(|loss| *loss <= best).unwrap();
    assert_eq!(outputs[0].forest().n_trees(), at + 1, "the trees up to the best");
    assert_eq!(validation_losses.len(), at + 11, "and ten that were no better");
    let scores = outputs[0].score_all(Frame::new(&data[n_rows..], n_rows / 2, 2).unwrap()).unwrap();
    let loss =
        scores.iter().zip(judged.labels).map(|(s, y)| s.max(0.0) + (-s.abs()).exp().ln_1p() - y * s).sum::<f64>();
    assert!((loss / scores.len() as f64 - best).abs() < 1e-9, "the loss is that of the model");
    let all = of(0);
    assert_eq!((all.outputs[0].forest().n_trees(), all.validation_losses.len()), (200, 200));
    near(&all.validation_losses[..=at + 10], &validation_losses, 0.0);
    let apart = binned(&data[n_rows..], 2, &[]);
    let lesson = Lesson { validation: Some(Rows::new(&apart, judged.labels)), ..lesson };
    let error = quick().learn(&lesson, &Logistic, Seed::new(1)).unwrap_err();
    assert!(error.to_string().contains("Binned::alike"), "{error}");
}

#[test]
fn samples_are_drawn_by_the_seed() {
    let data = uniform(3_000, 8);
    let numbers: Vec<f64> = data.chunks(6).map(|row| 10.0 * row[0] + 5.0 * row[1] + row[2]).collect();
    let binned = binned(&data, 6, &[]);
    let fit = |settings: &BoostSettings, seed| {
        settings.learn(&Lesson::new(Rows::new(&binned, &numbers)), &Squared, Seed::new(seed)).unwrap().into_one()
    };
    let frame = Frame::new(&data, 500, 6).unwrap();
    let error = |model: &BoostModel| {
        let scores = model.score_all(frame).unwrap();
        scores.iter().zip(&numbers).map(|(score, number)| (score - number).powi(2)).sum::<f64>() / 500.0
    };
    let plain = fit(&quick(), 1);
    assert_eq!(plain, fit(&quick(), 2), "nothing is drawn");
    for settings in [BoostSettings { row_share: 0.5, ..quick() }, BoostSettings { column_share: 0.3, ..quick() }] {
        let one = fit(&settings, 1);
        assert_eq!(one, fit(&settings, 1));
        assert_ne!(one, fit(&settings, 2));
        assert!(error(&one) < 2.0, "{}", error(&one));
    }
    // One column of six for each tree: no tree asks about two.
    let alone = fit(&BoostSettings { column_share: 0.15, n_trees: 30, ..quick() }, 1);
    let asked = |forest: &super::Forest, tree: usize| {
        let end = forest.roots.get(tree + 1).map_or(forest.nodes.len(), |next| *next as usize);
        let nodes = forest.nodes[forest.roots[tree] as usize..end].iter().filter(|node| !node.is_leaf());
        nodes.map(|node| node.feature()).collect::<std::collections::BTreeSet<usize>>()
    };
    let forest = alone.forest();
    let all: Vec<_> = (0..forest.n_trees()).map(|tree| asked(forest, tree)).collect();
    assert!(all.iter().all(|asked| asked.len() == 1), "{all:?}");
    assert_eq!(all.into_iter().flatten().collect::<std::collections::BTreeSet<_>>().len(), 6, "each has its turn");
}

#[test]
fn covers_are_the_weights_of_the_rows() {
    let data = [1.0, 2.0, 3.0, 4.0];
    let binned = binned(&data, 1, &[]);
    let rows = Rows { weights: Some(&[1.0, 1.0, 2.0, 6.0]), ..Rows::new(&binned, &[0.0, 0.0, 1.0, 1.0]) };
    let model = learn(&BoostSettings { max_leaves: 2, ..exact() }, rows, &Squared);
    near(&[model.contributions(&[1.0]).bias], &[0.8], 1e-6);
    near(&model.forest().cover, &[10.0, 2.0, 8.0], 1e-12);
}

/// A feature that says all, in steps, and what each step means.
fn steps(n_rows: usize) -> (Vec<f64>, Vec<usize>) {
    let steps: Vec<usize> = (0..n_rows).map(|row| row % 4).collect();
    (steps.iter().map(|step| *step as f64).collect(), steps)
}

#[test]
fn means_are_learned_of_counts_and_amounts() {
    let (data, steps) = steps(400);
    let binned = binned(&data, 1, &[]);
    let rest = uniform(400, 3);
    // Means of 1, 2, 3 and 4; the noise averages out where each step has both halves.
    let labels: Vec<f64> = steps.iter().zip(&rest).map(|(step, noise)| (*step as f64 + 1.0) * (0.5 + noise)).collect();
    let mean = |step: usize| {
        let of: Vec<f64> = steps.iter().zip(&labels).filter(|(s, _)| **s == step).map(|(_, y)| *y).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    let objectives: [&dyn Objective; 4] = [&Poisson, &Gamma, &Tweedie { power: 1.5 }, &Squared];
    for objective in objectives {
        let model = learn(&BoostSettings { l2: 0.0, ..quick() }, Rows::new(&binned, &labels), objective);
        let found: Vec<f64> = (0..4).map(|step| objective.link(model.score(&[f64::from(step)]))).collect();
        near(&found, &[0, 1, 2, 3].map(mean), 0.01);
    }
}

#[test]
fn quantiles_hold_their_share() {
    let data = uniform(4_000, 4);
    let noise = uniform(4_000, 9);
    // Uniform from 0 to 10 x: the quantile of 0.8 is 8 x.
    let labels: Vec<f64> = data.iter().zip(&noise).map(|(x, noise)| 10.0 * x * noise).collect();
    let binned = binned(&data, 1, &[]);
    let settings = BoostSettings { n_trees: 40, min_leaf_rows: 200, ..quick() };
    for level in [0.2, 0.5, 0.8] {
        let model = learn(&settings, Rows::new(&binned, &labels), &Quantile { level });
        let scores = model.score_all(Frame::new(&data, 4_000, 1).unwrap()).unwrap();
        let below = scores.iter().zip(&labels).filter(|(score, label)| label <= score).count() as f64 / 4_000.0;
        assert!((below - level).abs() < 0.01, "{below} at {level}");
        let found = [0.25, 0.5, 0.75].map(|x| model.score(&[x]));
        near(&found, &[2.5, 5.0, 7.5].map(|top| top * level), 0.5);
    }
}

#[test]
fn classes_are_told_apart() {
    let (data, steps) = steps(400);
    // Three quarters of each step are its own class, the rest the next.
    let label = |(row, step): (usize, &usize)| if row / 4 % 4 == 3 { (step + 1) % 4 } else { *step } as f64;
    let labels: Vec<f64> = steps.iter().enumerate().map(label).collect();
    let binned = binned(&data, 1, &[]);
    let settings = BoostSettings { l2: 0.0, n_trees: 80, ..quick() };
    let learned = settings.learn(&Lesson::new(Rows::new(&binned, &labels)), &Softmax { n_classes: 4 }, Seed::new(1));
    let outputs = learned.unwrap().outputs;
    for step in 0..4 {
        let scores: Vec<f64> = outputs.iter().map(|model| model.score(&[step as f64])).collect();
        let total: f64 = scores.iter().map(|score| score.exp()).sum();
        let found: Vec<f64> = scores.iter().map(|score| score.exp() / total).collect();
        let mut expected = vec![0.0; 4];
        (expected[step], expected[(step + 1) % 4]) = (0.75, 0.25);
        near(&found, &expected, 0.02);
    }
}

#[test]
fn hazards_are_learned_from_who_is_left() {
    // Times are exponential with rates of 1 and 4; a third was lost sight of before.
    let noise = uniform(4_000, 12);
    let (mut data, mut labels) = (Vec::new(), Vec::new());
    for pair in noise.chunks(2) {
        let fast = data.len() % 2 == 1;
        let time = -(1.0 - pair[0]).ln() / if fast { 4.0 } else { 1.0 };
        let seen = 0.05 + 2.0 * pair[1];
        data.push(if fast { 1.0 } else { 0.0 });
        labels.push(if time < seen { time + 1e-9 } else { -seen });
    }
    let binned = binned(&data, 1, &[]);
    let model = learn(&quick(), Rows::new(&binned, &labels), &Cox);
    let ratio = Cox.link(model.score(&[1.0]) - model.score(&[0.0]));
    assert!((3.5..4.6).contains(&ratio), "{ratio}");
}

#[test]
fn orders_are_learned_within_groups() {
    // The grade depends on the feature relative to the others of its group; between groups the feature says nothing.
    let (n_groups, n_each) = (150, 8);
    let noise = uniform(n_groups * n_each * 3, 14);
    let mut data = Vec::new();
    let mut labels = Vec::new();
    for group in 0..n_groups {
        for row in 0..n_each {
            let noise = &noise[(group * n_each + row) * 3..][..3];
            let worth = noise[0] + 0.3 * noise[1];
            data.extend([noise[0], noise[2], group as f64]);
            labels.push(if worth > 1.0 {
                2.0
            } else if worth > 0.8 {
                1.0
            } else {
                0.0
            });
        }
    }
    let lengths = vec![n_each; n_groups];
    let binned = binned(&data, 3, &[]);
    let rows = Rows { groups: Some(&lengths), ..Rows::new(&binned, &labels) };
    let settings = BoostSettings { min_leaf_weight: 0.01, min_leaf_rows: 20, learning_rate: 0.1, ..quick() };
    let ndcg = |score: &dyn Fn(usize) -> f64| {
        let of = |group: usize| {
            let rows = group * n_each..(group + 1) * n_each;
            let mut order: Vec<usize> = rows.clone().collect();
            order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
            let gain = |order: &[usize]| {
                let gains = order.iter().take(3).enumerate();
                gains.map(|(at, row)| (labels[*row].exp2() - 1.0) / (at as f64 + 2.0).log2()).sum::<f64>()
            };
            let found = gain(&order);
            order.sort_by(|a, b| labels[*b].total_cmp(&labels[*a]));
            let best = gain(&order);
            if best > 0.0 { found / best } else { 1.0 }
        };
        (0..n_groups).map(of).sum::<f64>() / n_groups as f64
    };
    let by_noise = ndcg(&|row| data[row * 3 + 1]);
    let objectives: [&dyn Objective; 2] = [&XeNdcg, &LambdaRank::default()];
    for objective in objectives {
        let model = learn(&settings, rows, objective);
        let found = ndcg(&|row| model.score(&data[row * 3..][..3]));
        assert!(found > 0.93 && by_noise < 0.7, "{}: {found}, by noise {by_noise}", objective.name());
        let half = BoostSettings { row_share: 0.5, ..settings.clone() };
        assert_ne!(learn(&half, rows, objective), model);
        let alone = learn(&settings, Rows { weights: None, ..rows }, objective);
        assert_eq!(alone, model);
    }
    let error = settings.learn(&Lesson::new(Rows::new(&binned, &labels)), &XeNdcg, Seed::new(1)).unwrap_err();
    assert!(matches!(error, ModelError::Shape { what: "the rows of all groups", found: 0, .. }), "{error}");
    let short = Rows { groups: Some(&lengths[1..]), ..rows };
    assert!(settings.learn(&Lesson::new(short), &XeNdcg, Seed::new(1)).is_err());
}

#[test]
fn histograms_that_were_given_up_are_counted_anew() {
    let data = uniform(6_000, 17);
    let wave = |row: &[f64]| [(20.0 * row[0]).sin() * row[1] + row[2], 1.0];
    let pairs: Vec<[f64; 2]> = data.chunks(3).map(wave).collect();
    let (binned, quantised) = (binned(&data, 3, &[]), Quantised::new(&pairs));
    let settings = BoostSettings { max_leaves: 40, max_depth: 9, min_leaf_rows: 5, ..quick() };
    let grown = |memory_max: usize, rows: &[u32]| {
        let (columns, monotone) = (&[true; 3], &[]);
        let grower = Grower { settings: &settings, binned: &binned, pairs: &quantised, columns, monotone, memory_max };
        let tree = grower.grow(rows.to_vec(), rows.len() == 2_000);
        (tree.nodes, tree.rows)
    };
    let all: Vec<u32> = (0..2_000).collect();
    let some: Vec<u32> = (0..2_000).filter(|row| row % 3 > 0).collect();
    for rows in [&all, &some] {
        let plenty = grown(MEMORY_MAX, rows);
        assert_eq!(plenty.0.len(), 79);
        // Of three histograms there is room for one, or for none.
        for memory_max in [3 * 256 * 8, 0] {
            assert_eq!(grown(memory_max, rows), plenty);
        }
    }
}

#[test]
fn more_rows_than_one_thread_takes_are_learned_from_in_the_same_way() {
    let n_rows = 40_000;
    let data = uniform(n_rows * 9, 15);
    let noise = uniform(n_rows, 16);
    let yes = |(row, noise): (&[f64], &f64)| row[0] * row[8] + 0.3 * noise > 0.4;
    let labels: Vec<f64> = data.chunks(9).zip(&noise).map(|pair| if yes(pair) { 1.0 } else { 0.0 }).collect();
    let binned = binned(&data, 9, &[]);
    let fit = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| learn(&BoostSettings { n_trees: 12, ..quick() }, Rows::new(&binned, &labels), &Logistic))
    };
    let one = fit(1);
    assert_eq!(one, fit(3));
    let auc = metrics::auc(&one.score_all(Frame::new(&data, n_rows, 9).unwrap()).unwrap(), &labels, None).unwrap();
    assert!(auc > 0.95, "{auc}");
}
